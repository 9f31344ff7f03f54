"""`logovote doctor`: everything a site stands on, tried for real."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from logovote import checks, jobs
from logovote.cli.door import Door, as_json_option, now, print_json
from logovote.errors import LogovoteError
from logovote.mail import Mailbox, MailError
from logovote.settings import Settings, is_local, unknown
from logovote.store import backlog, migrate, queries
from logovote.store.models import Derivative, Event, MessageState, Submission
from logovote.store.session import Database
from logovote.store.store import Store

GOOD, WARNING, BAD = "ok", "warning", "bad"
_SLOW_COMMIT_SECONDS = 0.01
_LARGEST_SKEW = timedelta(seconds=2)
_LONGEST_WAIT = timedelta(minutes=2)


@dataclass(frozen=True)
class Finding:
    """What was found about one thing, and what to do about it, if anything."""

    name: str
    state: str
    text: str
    advice: str = ""


@click.command()
@as_json_option
@click.pass_context
def doctor(context: click.Context, *, as_json: bool) -> None:
    """Try configuration, database, pictures, mail, clock and queue, one line each.

    Exits 1 if anything is bad; a warning is none.
    """
    findings = list(_examined(Door(context.find_root().params.get("data"))))
    is_well = not any(finding.state == BAD for finding in findings)
    if as_json:
        print_json({"ok": is_well, "checks": [asdict(each) for each in findings]})
    else:
        for each in findings:
            click.echo(f"{each.state:8} {each.name}: {each.text}")
            if each.advice:
                click.echo(f"{'':9}{each.advice}")
    context.exit(0 if is_well else 1)


def _examined(door: Door) -> Iterator[Finding]:
    """Yield what is found, from the ground up; what stands on nothing is left out."""
    try:
        settings = door.settings
    except LogovoteError as error:
        yield Finding("configuration", BAD, str(error))
        return
    yield _configuration(settings)
    yield _names()
    yield _tried("mail", lambda: _mail(settings))
    ground = _tried("database", lambda: _database(settings))
    yield ground
    if ground.state == BAD:
        return
    try:
        store = door.store
    except LogovoteError as error:
        yield Finding("pictures", BAD, str(error))
        return
    with closing(store.database):
        yield _tried("pictures", lambda: _pictures(settings, store))
        yield _tried("clock", lambda: _clock(store))
        yield _tried("queue", lambda: _queue(settings, store))


def _tried(name: str, check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except SQLAlchemyError as error:
        reason = " ".join(str(getattr(error, "orig", error)).split())[:200]
        return Finding(
            name,
            BAD,
            f"the database does not answer ({reason})",
            "See that it runs, and that LOGOVOTE_DATABASE_URL names it.",
        )
    except LogovoteError as error:
        return Finding(name, BAD, str(error))


def _configuration(settings: Settings) -> Finding:
    name = "configuration"
    if is_local(settings.base_url):
        return Finding(
            name,
            WARNING,
            f"the site is at {settings.base_url}, which is this machine alone",
            "For voters elsewhere set LOGOVOTE_BASE_URL to how they reach it.",
        )
    if not settings.is_https:
        return Finding(
            name,
            WARNING,
            f"the site is at {settings.base_url}, so links and cookies can be read "
            "on the way",
            "Put it behind a proxy with HTTPS, and say so in LOGOVOTE_BASE_URL.",
        )
    if not settings.trusted_proxies:
        return Finding(
            name,
            WARNING,
            f"the site is at {settings.base_url}, and no proxy is trusted to say who "
            "comes: all visitors seem to be one, and share every limit",
            "The proxy that speaks HTTPS sets X-Forwarded-For: set "
            "LOGOVOTE_TRUSTED_PROXIES=1.",
        )
    return Finding(name, GOOD, f"the site is at {settings.base_url}")


def _names() -> Finding:
    """Look for settings that are mistyped, which else nobody would notice."""
    if names := [name for name in unknown() if name not in checks.OWN]:
        return Finding(
            "settings",
            WARNING,
            f"nothing reads {' or '.join(names)}: there is no such setting",
            "docs/settings.md has them all.",
        )
    return Finding("settings", GOOD, "each LOGOVOTE_ name is one")


def _mail(settings: Settings) -> Finding:
    """Connect, greet and sign in; nothing is sent."""
    mailbox = Mailbox(settings)
    if mailbox.is_log:
        return Finding(
            "mail",
            GOOD if is_local(settings.base_url) else WARNING,
            "no mail leaves: each is shown where the site runs, with its links",
            ""
            if is_local(settings.base_url)
            else "Name a mail server in LOGOVOTE_MAIL_URL, or hand out the links "
            "yourself.",
        )
    try:
        where = mailbox.greet()
    except MailError as error:
        return Finding(
            "mail",
            BAD,
            str(error),
            "See that LOGOVOTE_MAIL_URL names the server, its port and its user. "
            "Mails wait meanwhile, and are tried again.",
        )
    return Finding("mail", GOOD, f"{where}; to see one arrive: logovote mail trial")


def _database(settings: Settings) -> Finding:
    with closing(Database(settings.database_url)) as database:
        if database.is_sqlite:
            return _sqlite(database)
        with database.engine.connect() as connection:
            version = connection.scalar(text("SHOW server_version"))
        migrate.require(database)
    return Finding(
        "database", GOOD, f"PostgreSQL {version}, with this release's tables"
    )


def _sqlite(database: Database) -> Finding:
    """Look whether the file is sound, and how long the disk takes to be sure."""
    migrate.require(database)
    with database.engine.connect() as connection:
        verdict = connection.scalar(text("PRAGMA quick_check"))
    if verdict != "ok":
        return Finding(
            "database",
            BAD,
            f"the file {database.engine.url.database} is damaged ({verdict})",
            "Restore it from a backup: logovote restore",
        )
    seconds = _commit_seconds(str(database.engine.url.database))
    if seconds > _SLOW_COMMIT_SECONDS:
        return Finding(
            "database",
            WARNING,
            f"the disk takes {seconds * 1000:.0f} ms to be sure of a save",
            f"About {1 / seconds:.0f} saves a second are possible; a disk in the "
            "machine takes more than one on the network.",
        )
    return Finding(
        "database",
        GOOD,
        f"SQLite, sound; a save is on the disk in {seconds * 1e3:.1f} ms",
    )


def _commit_seconds(path: str) -> float:
    """Measure the middle one of a few writes that wait for the disk."""
    times = []
    with tempfile.NamedTemporaryFile(dir=Path(path).parent) as file:
        for _ in range(9):
            began = time.perf_counter()
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began)
    return sorted(times)[len(times) // 2]


def _pictures(settings: Settings, store: Store) -> Finding:
    """Write one, and look whether those that are shown are there."""
    store.check()
    where = settings.storage_url.split("?")[0] or str(settings.files_folder)
    with store.database.read() as session:
        originals = queries.kept_originals(session)
        derivatives = set(
            session.scalars(
                select(Derivative.digest).join(
                    Submission, Submission.digest == Derivative.picture_digest
                )
            )
        )
    gone = store.originals.missing(originals) | store.derivatives.missing(derivatives)
    if gone:
        return Finding(
            "pictures",
            BAD,
            f"{len(gone)} of {len(originals | derivatives)} files are missing in "
            f"{where}",
            "Restore them from a backup, or import the designs again.",
        )
    return Finding(
        "pictures",
        GOOD,
        f"{where} can be written; {len(originals)} originals are there",
    )


def _clock(store: Store) -> Finding:
    with store.database.read() as session:
        if not store.database.is_sqlite:
            theirs = session.scalar(select(func.clock_timestamp()))
            skew = abs(now() - theirs) if theirs else timedelta()
            if skew > _LARGEST_SKEW:
                return Finding(
                    "clock",
                    BAD,
                    f"this machine and the database are {skew.total_seconds():.0f} s "
                    "apart",
                    "Let both keep time (NTP): rounds end by it.",
                )
        last = session.scalar(select(func.max(Event.at)))
    if last is not None and datetime.fromisoformat(last) > now():
        return Finding(
            "clock",
            BAD,
            f"the log has a deed of {last}, and here it is {now():%Y-%m-%dT%H:%M:%SZ}",
            "The clock was set back; let the machine keep time (NTP).",
        )
    return Finding("clock", GOOD, f"it is {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")


def _queue(settings: Settings, store: Store) -> Finding:
    with closing(jobs.Jobs(settings, store)) as queue:
        waiting = int(sum(queue.waiting().values()))
    with store.database.read() as session:
        found = {
            "an import": backlog.oldest_waiting_import(session),
            "a mail": backlog.oldest_due_mail(session),
        }
        given_up = int(backlog.backlog(session).mails[MessageState.GIVEN_UP.value])
    late = [
        f"{what} since {since:%Y-%m-%d %H:%M} UTC"
        for what, since in found.items()
        if since is not None and now() - since > _LONGEST_WAIT
    ]
    if late:
        return Finding(
            "queue",
            WARNING,
            f"{waiting} tasks wait, and {' and '.join(late)}",
            "Is a worker running? logovote worker"
            if settings.jobs_url
            else "Is the site running? It does the long deeds itself.",
        )
    if given_up:
        return Finding(
            "queue",
            WARNING,
            f"it can be reached; {given_up} mails could not be delivered",
            "See why, and try again: logovote mail list CONTEST --failed",
        )
    return Finding("queue", GOOD, f"it can be reached; {waiting} tasks wait")
