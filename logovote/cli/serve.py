"""Serving the site, filling it with a demo, and keeping its database current."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import FrameType
from typing import TYPE_CHECKING, Any

import click
import waitress
from sqlalchemy import select

from logovote import logs
from logovote.app import create_app
from logovote.cli.door import (
    Door,
    as_json_option,
    note,
    now,
    pass_door,
    print_json,
    progress,
)
from logovote.contest import organisers, signing_in
from logovote.contest.contests import contest_by_slug
from logovote.errors import LogovoteError
from logovote.jobs import Jobs
from logovote.settings import DEFAULT_PORT, JSON_LOG, Settings
from logovote.store import migrate
from logovote.store.models import SignIn
from logovote.store.session import Database
from logovote.web.context import Site

if TYPE_CHECKING:
    from logovote.demo.stage import Staged

_PORTS_TO_TRY = 20
_HIGHEST_PORT = 65_535
_MOST_CONNECTIONS = 5_000
_SENT_AT_ONCE_BYTES = 9_000
# How soon a signal is noticed; how long a stopping server waits for what is on its way,
# and for what it has begun to answer.
_LONGEST_WAIT_SECONDS = 0.5
_LINGER_SECONDS = 0.5
_GRACE_SECONDS = 10.0


class ListenError(LogovoteError):
    """There is no address or port that we could listen on."""


@click.command()
@click.option("--demo", "with_demo", is_flag=True, help="Fill an empty site first.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option(
    "--port",
    default=DEFAULT_PORT,
    show_default=True,
    type=click.IntRange(0, _HIGHEST_PORT),
)
@pass_door
def run(door: Door, *, with_demo: bool, host: str, port: int) -> None:
    """Serve the site until Ctrl-C."""
    logs.write_to_stderr(door.settings.log)
    staged = _stage(door) if with_demo else None
    settings = door.settings
    door.store.check()
    server, taken = _listen(settings, host, port, others=with_demo)
    if "LOGOVOTE_BASE_URL" not in os.environ:
        shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared
        settings = replace(settings, base_url=f"http://{shown}:{server.effective_port}")
    app = create_app(settings)
    site: Site = app.extensions["logovote"]
    server.application = app
    if taken:
        note(f"Port {port} is taken by another program, so this is the next free one.")
    click.echo(f"logovote is at {settings.base_url}")
    if staged is not None:
        click.echo(f"  as the organiser: {staged.organiser_link(settings)}")
        click.echo(f"  as a voter:       {staged.voter_link(settings)}")
    else:
        _print_organiser_link(door, settings)
    click.echo("Stop it with Ctrl-C.")
    if not settings.jobs_url:  # else `logovote worker` does the long deeds
        site.jobs.start()
    with contextlib.suppress(KeyboardInterrupt):
        _serve(server)
    server.task_dispatcher.shutdown()
    site.jobs.stop()


@click.command()
@pass_door
def worker(door: Door) -> None:
    """Do long deeds for sites that share a queue, until Ctrl-C.

    Start as many as there is work for, on any machine; each takes a part of an import.
    """
    if not door.settings.jobs_url:
        raise LogovoteError(
            "LOGOVOTE_JOBS_URL is not set, so there is no queue to share, and the site "
            "does the long deeds itself. Set it where the site and its workers start."
        )
    logs.write_to_stderr(door.settings.log)
    door.store.check()
    jobs = Jobs(door.settings, door.store)
    jobs.start()
    click.echo("Working. Stop it with Ctrl-C.")
    with contextlib.suppress(KeyboardInterrupt), _stopping_on_sigterm():
        threading.Event().wait()
    jobs.stop()


def _listen(
    settings: Settings, host: str, port: int, *, others: bool
) -> tuple[Any, bool]:
    """Bind the port, or with `others` the next free one.

    Returns:
        The server, without its application yet, and whether `port` was taken.

    Raises:
        ListenError: no port could be had.
    """
    last = min(port + _PORTS_TO_TRY - 1, _HIGHEST_PORT) if others else port
    for candidate in range(port, last + 1):
        try:
            server = waitress.create_server(
                _not_ready,
                host=host,
                port=candidate,
                threads=8,
                # Each browser keeps some connections for minutes, and those over the
                # limit (waitress: 100) get no answer; poll, as select ends at 1024.
                connection_limit=_MOST_CONNECTIONS,
                asyncore_use_poll=True,
                ident="",
                max_request_body_size=settings.max_upload_bytes,
            )
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise ListenError(
                    f"Cannot listen on {host} port {candidate}: {error.strerror}."
                ) from error
        except ValueError as error:  # how waitress says that it knows no such host
            raise ListenError(
                f"Cannot listen on {host}: there is no such address. Leave --host out, "
                "or name an address of this computer."
            ) from error
        else:
            # From the first byte on, waitress would have its main thread turn in
            # circles while another sends; with many connections that costs more than
            # the answer itself. A small answer is sent once it is complete.
            server.adj.send_bytes = _SENT_AT_ONCE_BYTES
            return server, candidate > port
    raise ListenError(
        f"Port {port} is taken by another program. Stop that, or choose another port "
        "with --port."
    )


def _serve(server: Any) -> None:
    """Serve until SIGTERM or Ctrl-C; then answer what was asked, and take no more.

    waitress itself would drop whatever waits for a thread.

    Raises:
        KeyboardInterrupt: told so a second time, by somebody who does not wait.
    """
    told: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        if told:
            raise KeyboardInterrupt
        told.append(number)

    with _on_signals(stop, signal.SIGINT, signal.SIGTERM):
        while not told:
            _let_pass(server, _LONGEST_WAIT_SECONDS)
        began = time.monotonic()
        # What came in while the port was open may not have been looked at yet.
        while time.monotonic() < began + _LINGER_SECONDS:
            _let_pass(server, _LINGER_SECONDS / 10)
        server.del_channel()
        server.socket.close()
        while server.active_channels and time.monotonic() < began + _GRACE_SECONDS:
            for channel in list(server.active_channels.values()):
                if not (channel.request or channel.requests or channel.writable()):
                    channel.handle_close()
            _let_pass(server, _LINGER_SECONDS / 10)


def _let_pass(server: Any, seconds: float) -> None:
    """Read, write and accept whatever can be within so many seconds, at least once."""
    server.asyncore.loop(timeout=seconds, use_poll=True, map=server._map, count=1)


def _not_ready(_environ: object, _start_response: object) -> list[bytes]:
    """Stand in until the app is built; no request is taken before that."""
    raise RuntimeError("the server runs before its application is set")


@contextlib.contextmanager
def _stopping_on_sigterm() -> Iterator[None]:
    """Let SIGTERM end a worker like Ctrl-C."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with _on_signals(stop, signal.SIGTERM):
        yield


@contextlib.contextmanager
def _on_signals(
    deed: Callable[[int, FrameType | None], None], *signals: int
) -> Iterator[None]:
    """Do something when a signal comes, for a while."""
    earlier = {number: signal.signal(number, deed) for number in signals}
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def _print_organiser_link(door: Door, settings: Settings) -> None:
    """Print a one-time link, unless somebody has signed in here before."""
    with door.store.database.read() as session:
        in_use = session.scalar(select(SignIn.id).limit(1)) is not None
    if in_use or settings.log == JSON_LOG:  # a log is kept, and read by others
        click.echo("  to sign in as the organiser: logovote organiser-link")
    else:
        click.echo(f"  as the organiser, once: {_new_link(door, settings)}")


def _new_link(door: Door, settings: Settings, slug: str = "", who: str = "") -> str:
    with door.store.database.write() as session:
        person = None
        if who:
            contest = contest_by_slug(session, slug)
            person = organisers.find(session, contest, who).person
        token = signing_in.new_organiser_link(session, now(), person=person)
        session.commit()
    return f"{settings.base_url}/o/{token}"


@click.command()
@as_json_option
@pass_door
def demo(door: Door, *, as_json: bool) -> None:
    """Fill an empty data folder with two contests, without serving them."""
    staged = _stage(door)
    if as_json:
        print_json(
            {
                "contests": staged.contests,
                "organiser_link": staged.organiser_link(door.settings),
                "voter_link": staged.voter_link(door.settings),
            }
        )
        return
    for contest in staged.contests:
        click.echo(f"{contest['slug']}{' (published)' if contest['published'] else ''}")
    click.echo(f"as the organiser: {staged.organiser_link(door.settings)}")
    click.echo(f"as a voter:       {staged.voter_link(door.settings)}")


def _stage(door: Door) -> Staged:
    """Make the demo, or find the one made before."""
    from logovote.demo import stage  # noqa: PLC0415 - only the demo waits for it

    with progress("Making the demo") as show:
        return stage.stage(door.store, now(), show)


@click.command("organiser-link")
@click.option("--contest", "slug", default="", help="Whose organiser it is for.")
@click.option("--person", "who", default="", help="Their address or GitHub login.")
@pass_door
def organiser_link(door: Door, *, slug: str, who: str) -> None:
    """Print a link that signs an organiser in, once, within a week.

    By default it is for you, who keep the site and may do everything in every contest.
    """
    if bool(slug) != bool(who):
        raise click.UsageError("--contest and --person go together.")
    click.echo(_new_link(door, door.settings, slug, who))


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
@pass_door
def upgrade(door: Door) -> None:
    """Bring the tables up to this release; `run` does this by itself."""
    with contextlib.closing(Database(door.settings.database_url)) as database:
        migrate.upgrade(database)
    note("The database is up to date.")


@db.command()
@click.argument("message")
@click.argument("revision")
@pass_door
def revise(door: Door, message: str, revision: str) -> None:
    """Write a migration REVISION from the difference to the models (developers)."""
    migrate.revise(Database(door.settings.database_url), message, revision)
