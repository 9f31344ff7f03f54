"""`logovote doctor` finds what is wrong, and says what to do."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from logovote.cli import cli
from logovote.cli.door import Door
from logovote.contest import events
from logovote.jobs import Jobs
from logovote.store.models import ImportJob, JobState
from logovote.store.store import Store
from tests import services
from tests.builders import SECRET, add_design, make_contest


def examined(data: Path, status: int = 0, **settings: str) -> dict[str, dict[str, str]]:
    environ = {f"LOGOVOTE_{name}": value for name, value in settings.items()}
    command = ["--data", str(data), "doctor", "--json"]
    result = CliRunner().invoke(cli, command, env=environ)
    assert result.exit_code == status, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    assert found["ok"] is (status == 0)
    return {each["name"]: each for each in found["checks"]}


def test_a_new_site_is_well(tmp_path: Path) -> None:
    found = examined(tmp_path, BASE_URL="https://vote.example.org")

    assert {name: each["state"] for name, each in found.items()} == {
        "configuration": "ok",
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


def test_one_line_each_for_people(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["--data", str(tmp_path), "doctor"])

    assert "ok       clock: it is" in result.output
    assert "warning  configuration: the site is at" in result.output


def test_a_setting_that_cannot_be_used_is_found(tmp_path: Path) -> None:
    found = examined(tmp_path, 1, SECRET_KEY="short")

    assert found["configuration"]["state"] == "bad"
    assert "too short" in found["configuration"]["text"]


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
    postgresql_url: str, s3: services.S3, tmp_path: Path
) -> None:
    found = examined(
        tmp_path,
        DATABASE_URL=postgresql_url,
        STORAGE_URL=s3.bucket(),
        JOBS_URL=postgresql_url.replace("+psycopg", ""),
        SECRET_KEY=SECRET,
        BASE_URL="https://vote.example.org",
    )

    assert {each["state"] for each in found.values()} == {"ok"}
    assert "PostgreSQL" in found["database"]["text"]
    assert found["pictures"]["text"].startswith("s3://logovote-")
