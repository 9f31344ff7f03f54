"""What voters ask the organisers."""

from __future__ import annotations

import click

from logovote.cli.door import (
    NUMBER,
    Door,
    as_json_option,
    note,
    now,
    pass_door,
    print_json,
)
from logovote.contest import questions as questions_


@click.command()
@click.argument("slug", metavar="CONTEST")
@click.option(
    "--answer",
    type=(NUMBER, str),
    metavar="ID TEXT",
    help="Answer a question, in place of an earlier answer.",
)
@as_json_option
@pass_door
def questions(
    door: Door, slug: str, answer: tuple[int, str] | None, *, as_json: bool
) -> None:
    """List what voters asked, what waits first; or answer one."""
    if answer is not None:
        with door.writing(slug) as (session, contest):
            id_, words = answer
            question = questions_.one(session, contest, id_)
            mailed = questions_.answer(session, question, words, now=now())
            row = questions_.as_json(question)
        note(f"Question {id_} is answered{', by mail, too' if mailed else ''}.")
        if as_json:
            print_json(row)
        return
    with door.reading(slug) as (session, contest):
        found = questions_.of_contest(session, contest.id)
        rows = [questions_.as_json(question) for question in found]
    if as_json:
        print_json({"questions": rows})
        return
    for row in rows:
        state = "waits" if row["answer"] is None else "answered"
        click.echo(f"{row['id']:>4}  {state:8}  {row['asked_at']}  {row['who']}")
        click.echo(f"      {' '.join(row['question'].split())}")
        if row["answer"] is not None:
            click.echo(f"      > {' '.join(row['answer'].split())}")
