"""Nothing that depends on what ballots say exists before the count, for anybody.

Two sites hold the same contest with different ballots. Every route, every command,
every line of the log and every number of the metrics must be alike for both organisers.
"""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from flask import Flask

from logovote.cli import cli
from logovote.contest import feedback, rounds, signing_in
from logovote.contest import tokens as tokens_
from logovote.contest.contests import contest_by_slug
from logovote.contest.feedback import Given
from logovote.imaging.picture import SPECS
from logovote.jobs import Jobs
from logovote.store import queries
from logovote.store.models import Kind
from logovote.store.store import Store
from logovote.web import context, metrics
from tests.builders import SECRET, cast, voter_named
from tests.conftest import settings_on
from tests.web.pages import post

BALLOTS: dict[Kind, tuple[dict[str, list[Any]], dict[str, list[Any]]]] = {
    Kind.SHORTLIST: (
        {"Ann": ["1", "f12"], "Bob": ["1"], "Cleo": ["none"]},
        {"Ann": ["2", "3", "57"], "Bob": ["12"], "Cleo": ["2"]},
    ),
    Kind.RANKING: (
        {"Ann": [["1"], ["2"]], "Bob": [["1"]], "Cleo": [["none"]]},
        {"Ann": [["3"]], "Bob": [["2", "3"], ["1"]], "Cleo": [["2"]]},
    ),
}
# The same at both sites, because the account's page shows it.
SIGNED_IN = datetime.now(UTC)
# Every command is asked, but for those that only begin or change something: they say
# what they were told, and what they refuse is in `contest`, where the routes meet it.
COMMANDS = [
    ["results", "acme", "shortlist", "--json"],
    ["results", "acme", "ranking", "--json"],
    ["results", "acme", "shortlist"],
    ["results", "acme", "ranking"],
    ["contest", "list", "--json"],
    ["contest", "show", "acme", "--json"],
    ["contest", "example", "acme", "--json"],
    ["round", "status", "acme", "shortlist", "--json"],
    ["round", "status", "acme", "ranking"],
    ["families", "acme", "--json"],
    ["groups", "acme", "--json"],
    ["organisers", "acme", "--json"],
    ["people", "links", "acme", "--json"],
    ["people", "requests", "acme", "--json"],
    ["people", "export", "acme"],
    ["mail", "list", "acme", "--json"],
    ["questions", "acme"],
    ["questions", "acme", "--json"],
    ["token", "list", "--json"],
    ["seal", "acme"],
    ["handoff", "acme", "--json"],
    ["handoff", "acme", "--round", "ranking"],
    ["decide", "acme", "--design", "1", "--json"],
    ["decide", "acme", "--none", "--publish"],
    ["round", "review", "acme", "shortlist", "--json"],
    ["round", "review", "acme", "ranking", "--json"],
    ["feedback", "list", "acme", "--json"],
    ["feedback", "list", "acme", "--round", "shortlist"],
    ["feedback", "list", "acme", "--round", "ranking"],
]
CHANGING = {
    "run",
    "worker",
    "backup",
    "restore",
    "move",
    "demo",
    "organiser-link",
    "db upgrade",
    "db revise",
    "contest new",
    "contest set",
    "contest plan",
    "import",
    "withdraw",
    "reinstate",
    "people import",
    "people renew",
    "people change",
    "people remove",
    "people sign-out",
    "people joining",
    "people let-in",
    "people decline",
    "token new",
    "token revoke",
    "mail invite",
    "mail remind",
    "mail retry",
    "mail switch",
    "mail send",
    "mail trial",
    "people recuse",
    "people admit",
    "round open",
    "round extend",
    "round pause",
    "round resume",
    "round close",
    "round reopen",
    "round count",
    "round publish",
    "round set-aside",
    "round take-back",
    "round beacon",
    "ballots import",
    "feedback approve",
    "feedback hide",
    "feedback restore",
    "feedback edit",
    "purge",
}
# These read a file that they are given, or examine the machine.
OFFLINE = {"doctor", "count", "convert", "recount", "test"}
SAID: tuple[dict[str, Given], dict[str, Given]] = (
    {"Ann": Given(frozenset({"memorable"}), "I love it", shared=True)},
    {
        "Bob": Given(frozenset({"too-alike", "simple"}), "Seen before", shared=True),
        "Cleo": Given(frozenset({"simple"})),
    },
)
HEX = re.compile(r"[0-9a-f]{64}|[0-9a-f]{16}(?=…)")
TOKEN = "Vx3q-7RkT_aZ9bL2mN8cP4dE6fG1hJ5s"
# Numbers of requests, and how long each took: these are of the machine.
OWN = re.compile(
    r"(?<=<code>)[0-9a-f]{16}(?=</code>)"
    r"|^logovote_request_seconds_(?:bucket|sum).*|^logovote_\w+_created.*",
    re.MULTILINE,
)


def crawled(app: Flask, data: Path, now: datetime, codes: list[str]) -> dict[str, str]:
    """Ask for every page and file as the organiser, and run every reading command.

    `codes` are the receipts of one of the two sites, to be looked for in both.
    """
    settings = replace(settings_on(data), log="json", metrics_token=TOKEN)
    store = Store.open(settings.database_url, settings.files_folder)
    jobs = Jobs(settings, store)
    meter = metrics.meter_of(settings, store.database)
    app.extensions["logovote"] = context.Site(settings, store, jobs, meter)
    client = app.test_client()
    with store.database.write() as session:
        keeper = signing_in.keeper(session)
        token = signing_in.begin_session(session, keeper, SIGNED_IN)
        kept, text = tokens_.new_token(session, keeper, "crawler", SIGNED_IN)
        kept.used_at = SIGNED_IN
        session.commit()
    bearer = {"Authorization": f"Bearer {text}"}
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
    answers = {}
    for url in urls(app):
        headers = bearer if url.startswith("/api/") else None
        response = client.get(url, headers=headers, buffered=True)
        answers[url] = f"{response.status_code} {response.get_data(as_text=True)}"
    for code in codes:
        answers[f"find {code}"] = post(client, "/c/acme/audit", {"code": code}).text
    watcher = {"Authorization": f"Bearer {TOKEN}"}
    answers["metrics"] = client.get("/metrics", headers=watcher).text
    assert "logovote_saves_total" in answers["metrics"]
    jobs.stop()
    store.database.dispose()
    for command in (*COMMANDS, ["export", "acme", "--to", str(data / "out")]):
        result = CliRunner(env={"LOGOVOTE_SECRET_KEY": SECRET}).invoke(
            cli, ["--data", str(data), *command]
        )
        asked = " ".join(command).replace(str(data), "DATA")
        answers[asked] = f"{result.exit_code} {result.output}"
    answers["files"] = str(sorted(path.name for path in (data / "out").rglob("*")))
    tokens = re.compile(r'(csrf[_-]token"\s*(?:value|content)=")[^"]+')
    return {
        url: OWN.sub("", tokens.sub(r"\1", text.replace(str(data), "DATA")))
        for url, text in answers.items()
    }


def urls(app: Flask) -> Iterator[str]:
    """Every address that can be asked for, with arguments that lead to something."""
    values: dict[str, Any] = {
        "slug": "acme",
        "entry": 1,
        "number": 1,
        "job_id": 1,
        "family": "f1",
        "specs": SPECS,
        "release": "0",
        "path": "js/time.js",
        "token": "0" * 16,
        "name": "handoff.json",
    }
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if "GET" in (rule.methods or ()):
                for kind in ("shortlist", "ranking"):
                    used = {**values, "kind": kind}
                    yield app.url_for(
                        rule.endpoint,
                        **{name: used.get(name, 1) for name in rule.arguments},
                    )


@pytest.fixture
def sites(tmp_path: Path, staged: Path) -> list[Path]:
    """Two folders with the same contest."""
    return [shutil.copytree(staged, tmp_path / name / "data") for name in ("a", "b")]


def vote(
    data: Path, kind: Kind, which: int, now: datetime, *, close: bool
) -> list[str]:
    """Cast the ballots of one site; return their receipt codes."""
    settings = settings_on(data)
    store = Store.open(settings.database_url, settings.files_folder)
    with store.database.write() as session:
        acme = contest_by_slug(session, "acme")
        round_ = rounds.open_round(session, acme, kind, now)
        codes = [
            cast(session, round_, name, items, now).code
            for name, items in BALLOTS[kind][which].items()
        ]
        first = queries.submission(session, acme.id, 1)
        assert first is not None
        for name, said in SAID[which].items():
            voter = voter_named(session, acme, name)
            feedback.give(session, round_, voter, first, said, now=now)
        if close:
            rounds.close_round(session, round_, now)
        session.commit()
    store.database.dispose()
    return codes


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("close", [False, True], ids=["open", "in-review"])
def test_no_answer_depends_on_what_ballots_say(
    app: Flask,
    sites: list[Path],
    now: datetime,
    caplog: pytest.LogCaptureFixture,
    kind: Kind,
    *,
    close: bool,
) -> None:
    wired = app.extensions["logovote"]
    answers: list[dict[str, str]] = []
    codes: list[str] = []
    caplog.set_level(logging.INFO)
    try:
        for which, data in enumerate(sites):
            codes += vote(data, kind, which, now, close=close)
            caplog.clear()
            answers.append(crawled(app, data, now, codes[:3]))
            answers[-1]["log"] = "\n".join(
                f"{record.name} {record.getMessage()} {facts(record)}"
                for record in caplog.records
            ).replace(str(data), "DATA")
    finally:
        app.extensions["logovote"] = wired
    first, second = answers
    if close:
        # The root commits to the ballots, and the head to the root: hashes, which show
        # nothing, are all that may differ.
        first, second = (
            {url: HEX.sub("HASH", text) for url, text in site.items()}
            for site in answers
        )

    assert len(first) > 30
    for start in ("/c/", "/organise/", "/api/v1/contests/acme/rounds/"):
        assert any(
            url.startswith(start) and text.startswith("200")
            for url, text in first.items()
        )
    assert [url for url in first if first[url] != second[url]] == []


def facts(record: logging.LogRecord) -> dict[str, object]:
    """What a line says besides its message, without how long a request took."""
    return {**getattr(record, "facts", {}), "ms": 0, "trace": record.exc_text}


def test_every_command_was_asked_or_tells_nothing_of_ballots() -> None:
    lines = [f"{' '.join(command)} " for command in (*COMMANDS, ["export"])]
    known = set(commands(cli))
    asked = {
        name for name in known if any(line.startswith(f"{name} ") for line in lines)
    }

    assert known - asked == CHANGING | OFFLINE


def commands(group: click.Group, path: str = "") -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{path}{name} ")
        else:
            yield f"{path}{name}"
