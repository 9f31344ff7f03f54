"""Mail: invitations, what goes out by itself, and how each message fared."""

from __future__ import annotations

from dataclasses import asdict

import click

from logovote.cli.door import (
    NUMBER,
    Door,
    as_json_option,
    now,
    pass_door,
    print_json,
)
from logovote.contest import link_requests, notices
from logovote.contest.events import written
from logovote.postman import Postman
from logovote.store.models import Message, MessageState

_TROUBLE = {MessageState.FAILED, MessageState.GIVEN_UP}


@click.group()
def mail() -> None:
    """Invite people by mail, and see what became of each message.

    A site that runs sends what is queued within a minute; `logovote mail send` sends
    it at once, also without one.
    """


@mail.command()
@click.argument("slug", metavar="CONTEST")
@click.option("--dry-run", is_flag=True, help="Only show what would happen.")
@as_json_option
@pass_door
def invite(door: Door, slug: str, *, dry_run: bool, as_json: bool) -> None:
    """Queue an invitation to everybody who was sent none yet."""
    with door.writing(slug) as (session, contest):
        invited = notices.invite(session, contest, now(), dry_run=dry_run)
    if as_json:
        print_json(asdict(invited))
        return
    verb = "Would be queued" if dry_run else "Queued"
    click.echo(
        f"{verb}: {invited.queued}. Sent one before: {invited.before}. Failed: "
        f"{invited.failed}. Without an address: {invited.without_address}. "
        f"Want no mail: {invited.unwanted}."
    )


@mail.command()
@click.argument("slug", metavar="CONTEST")
@click.option("--dry-run", is_flag=True, help="Only show what would happen.")
@as_json_option
@pass_door
def remind(door: Door, slug: str, *, dry_run: bool, as_json: bool) -> None:
    """Queue a reminder to all who have not voted in the round that runs.

    Not within twelve hours of another one.
    """
    with door.writing(slug) as (session, contest):
        number = notices.remind_now(session, contest, now(), dry_run=dry_run)
    if as_json:
        print_json({"queued": number})
        return
    click.echo(f"{'Would be queued' if dry_run else 'Queued'}: {number}.")


@mail.command("list")
@click.argument("slug", metavar="CONTEST")
@click.option("--failed", is_flag=True, help="Only those in trouble.")
@as_json_option
@pass_door
def list_(door: Door, slug: str, *, failed: bool, as_json: bool) -> None:
    """List the messages, those in trouble first."""
    with door.reading(slug) as (session, contest):
        found = notices.messages(session, contest.id)
    rows = [_row(message) for message in found if not failed or _is_trouble(message)]
    if as_json:
        print_json({"messages": rows})
        return
    for row in rows:
        line = f"{row['id']}\t{row['state']}\t{row['kind']}\t{row['email']}"
        click.echo(f"{line}\t{row['reason']}".rstrip())


def _is_trouble(message: Message) -> bool:
    return message.state in _TROUBLE


def _row(message: Message) -> dict[str, object]:
    return {
        "id": message.id,
        "email": message.person.email,
        "kind": message.kind,
        "state": message.state.value,
        "reason": message.reason,
        "tries": message.tries,
        "created_at": written(message.created_at),
        "sent_at": written(message.sent_at) if message.sent_at else None,
    }


@mail.command()
@click.argument("slug", metavar="CONTEST")
@click.argument("ids", metavar="[ID]…", nargs=-1, type=NUMBER)
@as_json_option
@pass_door
def retry(door: Door, slug: str, ids: tuple[int, ...], *, as_json: bool) -> None:
    """Queue messages once more: those with these IDs, or all that failed."""
    with door.writing(slug) as (session, contest):
        number = notices.send_again(session, contest, now(), ids or None)
    if as_json:
        print_json({"queued": number})
    else:
        click.echo(f"Queued once more: {number}.")


@mail.command()
@click.argument("slug", metavar="CONTEST")
@click.option("--on", multiple=True, type=click.Choice(notices.SWITCHES))
@click.option("--off", multiple=True, type=click.Choice(notices.SWITCHES))
@as_json_option
@pass_door
def switch(
    door: Door, slug: str, on: tuple[str, ...], off: tuple[str, ...], *, as_json: bool
) -> None:
    """Choose what goes out by itself; without options, show it."""
    with door.writing(slug) as (session, contest):
        kinds = ({*notices.switched_on(contest)} | {*on}) - {*off}
        notices.switch(contest, kinds)
        session.flush()
    states = {kind: kind in kinds for kind in notices.SWITCHES}
    if as_json:
        print_json(states)
        return
    for kind, is_on in states.items():
        click.echo(f"{kind}\t{'on' if is_on else 'off'}")


@mail.command()
@as_json_option
@pass_door
def send(door: Door, *, as_json: bool) -> None:
    """Send all that is due now, without waiting for the site."""
    postman = Postman(door.settings, door.store)
    postman.remind()
    number = postman.deliver()
    if as_json:
        print_json({"sent": number})
    else:
        click.echo(f"Sent: {number}.")


@mail.command()
@click.argument("address")
@pass_door
def trial(door: Door, address: str) -> None:
    """Send a trial mail to ADDRESS, or say why it does not leave."""
    postman = Postman(door.settings, door.store)
    postman.send_trial(link_requests.parse_address(address))
    click.echo(f"A trial mail to {address} left.")
