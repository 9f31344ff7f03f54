"""The same deeds for a terminal.

Data goes to standard output, progress and notes to standard error. Exit status: 0
done, 1 a refusal worded for people, 2 wrong usage or an unreadable file.
"""

from __future__ import annotations

from pathlib import Path

import click

from logovote import __version__, checks
from logovote.cli import contests, count, designs, people, rounds, serve
from logovote.cli.door import Commands, Door


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="LOGOVOTE_DATA",
    help="The folder that holds everything the site keeps (default: ./instance).",
)
@click.version_option(__version__, prog_name="logovote")
@click.pass_context
def cli(context: click.Context, data: Path | None) -> None:
    """Let a community shortlist and rank the logos of a contest."""
    context.obj = Door(data)


for _command in (
    serve.run,
    serve.demo,
    serve.organiser_link,
    serve.db,
    contests.contest,
    contests.families,
    contests.groups,
    designs.import_,
    designs.export,
    people.people,
    rounds.round_,
    rounds.ballots,
    rounds.results,
    count.count,
    checks.test,
):
    cli.add_command(_command)
