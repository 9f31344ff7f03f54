"""Several workers on one queue: an import shared, and taken up from one that died."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import ClassVar

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage

from logovote import jobs as jobs_
from logovote.cli import cli
from logovote.contest.contests import contest_by_slug
from logovote.imaging.picture import Developed
from logovote.imaging.worker import Fence
from logovote.jobs import Jobs, JobsError
from logovote.settings import Settings
from logovote.store import migrate, queries
from logovote.store.media import digest_of
from logovote.store.models import ImportJob, JobState, Picture, RefusedPicture
from logovote.store.session import Database
from logovote.store.store import Store
from tests import services
from tests.builders import SECRET, make_contest, png, zip_of
from tests.conftest import settings_on

DESIGNS = 16
FILES = {f"#{entry}.png": png(entry) for entry in range(1, DESIGNS + 1)}
BROKEN = {"#90.png": b"none", "#91.png": b"\x89PNG\r\n\x1a\nbroken"}
_PATIENCE_SECONDS = 120


@pytest.fixture
def settings(tmp_path: Path, postgresql_url: str, s3: services.S3) -> Settings:
    """A site of several machines: nothing is in a folder."""
    return replace(
        settings_on(tmp_path / "data", postgresql_url),
        storage_url=s3.bucket(),
        jobs_url=postgresql_url.replace("+psycopg", ""),
    )


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    store = Store.open(
        settings.database_url, settings.files_folder, settings.storage_url
    )
    yield store
    store.database.dispose()


class CountingFence(Fence):
    """Notes how often each file was decoded, by all fences together, and by whom."""

    decoded: ClassVar[Counter[str]] = Counter()
    by: ClassVar[Counter[int]] = Counter()
    slowly_seconds = 0.0

    def __init__(self) -> None:
        super().__init__(children=1)

    def develop(self, original: bytes) -> Developed:
        self.decoded[digest_of(original)] += 1
        self.by[id(self)] += 1
        time.sleep(self.slowly_seconds)
        return super().develop(original)


@pytest.fixture
def fences(monkeypatch: pytest.MonkeyPatch) -> type[CountingFence]:
    CountingFence.decoded, CountingFence.by = Counter(), Counter()
    monkeypatch.setattr(jobs_, "Fence", CountingFence)
    monkeypatch.setattr(CountingFence, "slowly_seconds", 0.05)
    monkeypatch.setattr(jobs_, "_WATCH_SECONDS", 0.2)
    return CountingFence


def new_job(store: Store, now: datetime) -> int:
    packed = io.BytesIO(zip_of(FILES | BROKEN))
    with store.database.write() as session:
        contest = make_contest(session, now)
        job = ImportJob(
            contest_id=contest.id,
            source=store.uploads.keep([FileStorage(packed, "export.zip")]),
            name="export.zip",
            state=JobState.LOOKING,
            created_at=now,
        )
        session.add(job)
        session.commit()
        return job.id


def job(store: Store, job_id: int) -> ImportJob:
    with store.database.read() as session:
        return session.get_one(ImportJob, job_id)


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.05)


def finish(store: Store, job_id: int, state: JobState) -> None:
    wait_for(lambda: job(store, job_id).state not in jobs_._STEPS)
    assert job(store, job_id).state is state, job(store, job_id).report


@contextlib.contextmanager
def workers(settings: Settings, number: int) -> Iterator[list[Jobs]]:
    """Run workers in this process, each with connections of its own."""
    stores = [
        Store.open(settings.database_url, settings.files_folder, settings.storage_url)
        for _ in range(number)
    ]
    running = [Jobs(settings, store) for store in stores]
    for worker in running:
        worker.start()
    try:
        yield running
    finally:
        for worker in running:
            worker.stop()
        for store in stores:
            store.database.dispose()


def take_in(store: Store, job_id: int) -> None:
    with store.database.write() as session:
        session.get_one(ImportJob, job_id).state = JobState.IMPORTING
        session.commit()


def designs(store: Store) -> int:
    with store.database.read() as session:
        contest = contest_by_slug(session, "acme")
        return len(queries.submissions(session, contest.id))


def test_an_import_is_shared_and_each_design_is_decoded_once(
    settings: Settings, store: Store, now: datetime, fences: type[CountingFence]
) -> None:
    id_ = new_job(store, now)
    with workers(settings, 3) as (first, *_):
        first.enqueue(id_)
        finish(store, id_, JobState.READY)
        take_in(store, id_)
        first.enqueue(id_)
        finish(store, id_, JobState.DONE)

    assert set(fences.decoded.values()) == {1}
    assert len(fences.decoded) == len(FILES) + len(BROKEN)
    assert len([n for n in fences.by.values() if n > 2]) >= 2  # more than one shared it
    assert designs(store) == DESIGNS
    assert (job(store, id_).done, job(store, id_).total) == (18, 18)


def test_what_one_refuses_all_report(
    settings: Settings, store: Store, now: datetime, fences: type[CountingFence]
) -> None:
    id_ = new_job(store, now)
    with workers(settings, 2) as (first, *_):
        first.enqueue(id_)
        finish(store, id_, JobState.READY)

    report = job(store, id_).report
    assert '"refused": 2' in report
    with store.database.write() as session:
        assert session.scalar(select(func.count()).select_from(RefusedPicture)) == 2
        # The list goes with the import.
        session.delete(session.get_one(ImportJob, id_))
        session.commit()
        assert session.scalar(select(func.count()).select_from(RefusedPicture)) == 0


def test_a_worker_that_stops_leaves_its_import_to_others(
    settings: Settings,
    store: Store,
    now: datetime,
    fences: type[CountingFence],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jobs_, "_HELPERS", 0)
    id_ = new_job(store, now)
    with workers(settings, 1) as (first,):
        first.enqueue(id_)
        wait_for(lambda: len(fences.decoded) > 3)

    assert job(store, id_).state is JobState.LOOKING
    assert len(fences.decoded) < len(FILES)
    with workers(settings, 1):
        finish(store, id_, JobState.READY)
    assert set(fences.decoded.values()) == {1}
    assert job(store, id_).stops == 0


@pytest.mark.slow
def test_what_a_killed_worker_worked_on_is_taken_up(
    settings: Settings, store: Store, now: datetime
) -> None:
    id_ = new_job(store, now)
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("LOGOVOTE_")
    } | {
        "LOGOVOTE_DATABASE_URL": settings.database_url,
        "LOGOVOTE_STORAGE_URL": settings.storage_url,
        "LOGOVOTE_JOBS_URL": settings.jobs_url,
        "LOGOVOTE_SECRET_KEY": SECRET,
    }
    command = [sys.executable, "-m", "logovote", "--data", str(settings.data), "worker"]

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL)

    first = start()
    try:
        Jobs(settings, store).enqueue(id_)
        wait_for(lambda: pictures(store) > 2)
        first.kill()
        first.wait()
        before = pictures(store)
        assert job(store, id_).state is JobState.LOOKING
        second = start()
        finish(store, id_, JobState.READY)
        assert pictures(store) == DESIGNS > before
        second.send_signal(signal.SIGTERM)
        assert second.wait(_PATIENCE_SECONDS) == 0
    finally:
        first.kill()


def pictures(store: Store) -> int:
    with store.database.read() as session:
        return session.scalar(select(func.count()).select_from(Picture)) or 0


def test_workers_that_start_at_once_make_one_queue(settings: Settings) -> None:
    made: list[object] = []

    def make() -> None:
        try:
            made.append(jobs_._queue(settings))
        except Exception as error:  # noqa: BLE001 - looked at below
            made.append(error)

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [each for each in made if isinstance(each, Exception)] == []


def test_a_queue_that_cannot_be_reached_is_said_in_words(
    settings: Settings, store: Store
) -> None:
    nowhere = f"postgresql://me:secret@127.0.0.1:{services.free_port()}/name"

    with pytest.raises(JobsError, match="LOGOVOTE_JOBS_URL names") as refused:
        Jobs(replace(settings, jobs_url=nowhere), store)

    assert "secret" not in str(refused.value)


def test_a_worker_without_a_queue_says_who_does_the_work(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["--data", str(tmp_path), "worker"])

    assert result.exit_code == 1
    assert "LOGOVOTE_JOBS_URL is not set" in result.output


def test_a_shared_database_is_upgraded_by_command_only(
    postgresql: services.PostgreSQL, tmp_path: Path
) -> None:
    url = postgresql.create()
    with pytest.raises(migrate.BehindError, match="logovote db upgrade"):
        Store.open(url, tmp_path)

    environ = {"LOGOVOTE_DATABASE_URL": url, "LOGOVOTE_SECRET_KEY": SECRET}
    command = ["--data", str(tmp_path), "db", "upgrade"]
    assert CliRunner().invoke(cli, command, env=environ).exit_code == 0
    Store.open(url, tmp_path).database.dispose()

    # A release that is rolled out meanwhile may be ahead of this one.
    database = Database(url)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'later'")
    database.dispose()
    Store.open(url, tmp_path).database.dispose()
    postgresql.drop(url)
