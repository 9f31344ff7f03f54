"""`logovote doctor` finds what is wrong, and says what to do."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from click.testing import CliRunner
from sqlalchemy import delete

from logovote.cli import cli, doctor
from logovote.cli.door import Door
from logovote.contest import events, purging
from logovote.jobs import Jobs
from logovote.store.models import ImportJob, JobState, Message, MessageState
from logovote.store.store import Store
from tests import services
from tests.builders import SECRET, add_design, make_contest

PROXIED: dict[str, Any] = {
    "BASE_URL": "https://vote.example.org",
    "TRUSTED_PROXIES": "1",
}


@pytest.fixture(autouse=True)
def disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let the disk take a given time for a save: 1 ms, whatever else runs here."""

    def takes(seconds: float) -> None:
        monkeypatch.setattr(doctor, "_commit_seconds", lambda _path: seconds)

    takes(0.001)
    return takes


def examined(data: Path, status: int = 0, **settings: str) -> dict[str, dict[str, str]]:
    environ = {f"LOGOVOTE_{name}": value for name, value in settings.items()}
    command = ["--data", str(data), "doctor", "--json"]
    result = CliRunner().invoke(cli, command, env=environ)
    assert result.exit_code == status, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    assert found["ok"] is (status == 0)
    return {each["name"]: each for each in found["checks"]}


def test_a_new_site_is_well(tmp_path: Path) -> None:
    found = examined(tmp_path, **PROXIED)

    assert {name: each["state"] for name, each in found.items()} == {
        "configuration": "ok",
        "settings": "ok",
        "mail": "warning",
        "database": "ok",
        "pictures": "ok",
        "clock": "ok",
        "queue": "ok",
    }


@pytest.mark.parametrize(
    ("url", "word"),
    [("http://127.0.0.1:8000", "this machine"), ("http://vote.example.org", "on the")],
)
def test_an_address_without_https_is_a_warning(
    tmp_path: Path, url: str, word: str
) -> None:
    found = examined(tmp_path, BASE_URL=url)["configuration"]

    assert found["state"] == "warning"
    assert word in found["text"]
    assert "LOGOVOTE_BASE_URL" in found["advice"]


def test_visitors_who_all_seem_to_be_one_are_a_warning(tmp_path: Path) -> None:
    found = examined(tmp_path, BASE_URL="https://vote.example.org")["configuration"]

    assert found["state"] == "warning"
    assert "LOGOVOTE_TRUSTED_PROXIES=1" in found["advice"]


def test_a_setting_that_is_mistyped_is_found(tmp_path: Path) -> None:
    found = examined(tmp_path, MAIL_URI="smtp://mx.example.org")["settings"]

    assert found["state"] == "warning"
    assert "LOGOVOTE_MAIL_URI" in found["text"]


def test_one_line_each_for_people(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["--data", str(tmp_path), "doctor"])

    assert "ok       clock: it is" in result.output
    assert "warning  configuration: the site is at" in result.output


def test_a_setting_that_cannot_be_used_is_found(tmp_path: Path) -> None:
    found = examined(tmp_path, 1, SECRET_KEY="short")

    assert found["configuration"]["state"] == "bad"
    assert "too short" in found["configuration"]["text"]


def test_a_slow_disk_is_found(tmp_path: Path, disk: Callable[[float], None]) -> None:
    disk(0.05)
    found = examined(tmp_path)["database"]

    assert found["state"] == "warning"
    assert "50 ms" in found["text"]
    assert "About 20 saves a second" in found["advice"]


def test_a_damaged_database_is_found(tmp_path: Path) -> None:
    (tmp_path / "logovote.sqlite").write_bytes(b"no database" * 1000)
    found = examined(tmp_path, 1)

    assert found["database"]["state"] == "bad"
    assert "clock" not in found


def test_a_database_that_is_not_there_is_found(tmp_path: Path) -> None:
    url = f"postgresql://me:hush@127.0.0.1:{services.free_port()}/none"
    found = examined(tmp_path, 1, DATABASE_URL=url, SECRET_KEY=SECRET)

    assert found["database"]["state"] == "bad"
    assert "hush" not in str(found)


class Post:
    """A mail server that takes one user, and keeps what it is told to send."""

    def __init__(self) -> None:
        self.letters: list[object] = []

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: object, _session: object, letter: object
    ) -> str:
        self.letters.append(letter)
        return "250 taken"


@pytest.fixture
def post() -> Iterator[tuple[Post, int]]:
    def knows(*given: Any) -> AuthResult:
        return AuthResult(success=given[-1].password == b"right", handled=False)

    letters, port = Post(), services.free_port()
    server = Controller(
        letters,
        hostname="127.0.0.1",
        port=port,
        authenticator=knows,
        auth_require_tls=False,
    )
    server.start()
    yield letters, port
    server.stop()


def test_a_mail_server_is_greeted_and_given_nothing(
    tmp_path: Path, post: tuple[Post, int]
) -> None:
    letters, port = post
    url = f"smtp://me:right@127.0.0.1:{port}"
    found = examined(tmp_path, **PROXIED, MAIL_URL=url)["mail"]

    assert found["state"] == "ok"
    assert f"127.0.0.1:{port}, unencrypted, signed in as me" in found["text"]
    assert letters.letters == []


def test_a_mail_server_that_knows_us_not_is_found(
    tmp_path: Path, post: tuple[Post, int]
) -> None:
    url = f"smtp://me:wrong@127.0.0.1:{post[1]}"
    found = examined(tmp_path, 1, MAIL_URL=url)["mail"]

    assert found["state"] == "bad"
    assert "refused the user name or password" in found["text"]
    assert "wrong" not in str(found)


@pytest.mark.parametrize("is_there", [True, False], ids=["busy", "gone"])
def test_a_mail_server_that_takes_nothing_is_found(
    tmp_path: Path, *, is_there: bool
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        if is_there:
            thread = threading.Thread(target=turned_away, args=(server,))
            thread.start()
        else:
            server.close()
        found = examined(tmp_path, 1, MAIL_URL=f"smtp://127.0.0.1:{port}")

    assert found["mail"]["state"] == "bad"
    assert "LOGOVOTE_MAIL_URL" in found["mail"]["advice"]
    # The rest is examined all the same.
    assert found["database"]["state"] == "ok"


def turned_away(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.sendall(b"421 come back later\r\n")


def test_mails_that_wait_or_came_back_are_found(
    store: Store, tmp_path: Path, now: datetime
) -> None:
    with store.database.write() as session:
        contest = make_contest(session, now, voters={"core": ["Ann", "Bob"]})
        for number, state in enumerate((MessageState.FAILED, MessageState.GIVEN_UP)):
            message = Message(
                kind="invitation",
                occasion="invitation",
                person_id=number + 1,
                contest_id=contest.id,
                state=state,
                created_at=now,
                next_at=now,
            )
            session.add(message)
        session.commit()
    found = examined(tmp_path / "data")["queue"]

    assert found["state"] == "warning"
    assert "a mail since 2026-11-23 12:00 UTC" in found["text"]

    with store.database.write() as session:
        session.execute(delete(Message).where(Message.state == MessageState.FAILED))
        session.commit()
    found = examined(tmp_path / "data")["queue"]
    assert "1 mails could not be delivered" in found["text"]
    assert "logovote mail list" in found["advice"]


def test_missing_pictures_are_counted(
    store: Store, tmp_path: Path, now: datetime
) -> None:
    with store.database.write() as session:
        contest = make_contest(session, now)
        add_design(session, contest, 1, now, original=b"one")
        session.commit()
    found = examined(tmp_path / "data", 1)

    assert found["pictures"]["state"] == "bad"
    assert "1 of 1 files are missing" in found["pictures"]["text"]


def test_pictures_that_were_removed_are_not_missing(
    store: Store, tmp_path: Path, now: datetime
) -> None:
    with store.database.write() as session:
        contest = make_contest(session, now)
        for entry, original in ((1, b"one"), (2, b"two")):
            # In a test each stands for its derivatives, too.
            store.originals.put(original)
            store.derivatives.put(original)
            add_design(session, contest, entry, now, original=original)
        gone = purging.take_down(session, contest, 1, "A copy.", who="Amir", now=now)
        session.commit()
    gone.forget(store)

    found = examined(tmp_path / "data")

    assert found["pictures"]["state"] == "ok"
    assert "1 originals are there" in found["pictures"]["text"]


def test_a_clock_that_was_set_back_is_found(
    store: Store, tmp_path: Path, now: datetime
) -> None:
    with store.database.write() as session:
        contest = make_contest(session, now)
        later = datetime.now(now.tzinfo) + timedelta(days=1)
        events.record(session, contest.id, "test.deed", {}, now=later)
        session.commit()
    found = examined(tmp_path / "data", 1)

    assert "set back" in found["clock"]["advice"]


def test_a_queue_that_nobody_works_on_is_found(
    store: Store, tmp_path: Path, now: datetime
) -> None:
    with store.database.write() as session:
        contest = make_contest(session, now)
        job = ImportJob(
            contest_id=contest.id,
            source="none",
            name="none",
            state=JobState.LOOKING,
            created_at=now,
        )
        session.add(job)
        session.commit()
        job_id = job.id
    settings = Door(tmp_path / "data").settings
    with closing(Jobs(settings, store)) as jobs:
        jobs.enqueue(job_id)
    found = examined(tmp_path / "data")

    assert found["queue"]["state"] == "warning"
    assert "Is the site running?" in found["queue"]["advice"]


def test_a_site_of_several_machines_is_well(
    postgresql_url: str, s3: services.S3, post: tuple[Post, int], tmp_path: Path
) -> None:
    found = examined(
        tmp_path,
        DATABASE_URL=postgresql_url,
        STORAGE_URL=s3.bucket(),
        JOBS_URL=postgresql_url.replace("+psycopg", ""),
        SECRET_KEY=SECRET,
        MAIL_URL=f"smtp://127.0.0.1:{post[1]}",
        **PROXIED,
    )

    assert {each["state"] for each in found.values()} == {"ok"}
    assert "PostgreSQL" in found["database"]["text"]
    assert found["pictures"]["text"].startswith("s3://logovote-")
