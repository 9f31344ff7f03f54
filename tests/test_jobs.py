"""Import jobs: an interrupted one is taken up again, a step is not taken twice."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from werkzeug.datastructures import FileStorage

from logovote import jobs as jobs_
from logovote.contest import intake
from logovote.contest.contests import contest_by_slug
from logovote.imaging.worker import Fence
from logovote.jobs import Jobs
from logovote.settings import Settings
from logovote.store import queries
from logovote.store.media import digest_of
from logovote.store.models import ImportJob, JobState
from logovote.store.store import Store
from tests.builders import SharedFence, make_contest, png, zip_of

FILES = {f"#{entry}.png": png(entry) for entry in range(1, 6)} | {"#6.png": b"none"}


@pytest.fixture
def jobs(
    settings: Settings, store: Store, fence: Fence, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Jobs]:
    monkeypatch.setattr(jobs_, "Fence", SharedFence(fence))
    jobs = Jobs(settings, store)
    yield jobs
    jobs.stop()


@pytest.fixture(autouse=True)
def a_contest(store: Store, now: datetime) -> None:
    with store.database.write() as session:
        make_contest(session, now)
        session.commit()


def new_job(
    store: Store,
    now: datetime,
    state: JobState = JobState.LOOKING,
    data: bytes | None = None,
) -> int:
    packed = io.BytesIO(zip_of(FILES) if data is None else data)
    with store.database.write() as session:
        contest = contest_by_slug(session, "acme")
        job = ImportJob(
            contest_id=contest.id,
            source=store.uploads.keep([FileStorage(packed, "export.zip")]),
            name="export.zip",
            state=state,
            created_at=now,
        )
        session.add(job)
        session.commit()
        return job.id


def job(store: Store, job_id: int) -> ImportJob:
    with store.database.read() as session:
        return session.get_one(ImportJob, job_id)


def held(store: Store) -> list[tuple[int, int, str]]:
    with store.database.read() as session:
        contest = contest_by_slug(session, "acme")
        return [
            (s.entry, s.version, s.digest)
            for s in queries.submissions(session, contest.id)
        ]


def stop_after(
    monkeypatch: pytest.MonkeyPatch, files: int, error: BaseException
) -> Callable[[], None]:
    """Let the next import die after so many files; return what undoes that."""
    real = intake.import_designs

    def dying(*args: Any, **options: Any) -> Any:
        tell = options.pop("progress")

        def progress(done: int, total: int) -> None:
            tell(done, total)
            if done == files:
                raise error

        return real(*args, progress=progress, **options)

    monkeypatch.setattr(intake, "import_designs", dying)
    return lambda: monkeypatch.setattr(intake, "import_designs", real)


def test_an_import_is_looked_at_and_then_taken_in(
    jobs: Jobs, store: Store, now: datetime
) -> None:
    id_ = new_job(store, now)

    jobs.take_step(id_)
    assert job(store, id_).state is JobState.READY
    assert held(store) == []
    looked = json.loads(job(store, id_).report)
    assert looked["summary"]["new"] == 5

    with store.database.write() as session:
        session.get_one(ImportJob, id_).state = JobState.IMPORTING
        session.commit()
    jobs.take_step(id_)

    assert job(store, id_).state is JobState.DONE
    assert json.loads(job(store, id_).report) == looked
    assert [entry for entry, *_ in held(store)] == [1, 2, 3, 4, 5]
    assert (job(store, id_).done, job(store, id_).total) == (6, 6)


def test_an_upload_is_kept_until_it_is_taken_in(
    jobs: Jobs, store: Store, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = new_job(store, now, JobState.IMPORTING)
    upload = store.uploads.path(job(store, id_).source)
    with monkeypatch.context() as failing:
        stop_after(failing, 2, RuntimeError("broken"))
        jobs.take_step(id_)
    assert upload.exists()

    with store.database.write() as session:
        session.get_one(ImportJob, id_).state = JobState.IMPORTING
        session.commit()
    jobs.take_step(id_)

    assert not upload.parent.exists()
    assert json.loads(job(store, id_).report)["summary"]["same"] == 2


@pytest.mark.parametrize(
    "state", [JobState.READY, JobState.DONE, JobState.UNREADABLE, JobState.FAILED]
)
def test_a_step_that_was_taken_is_not_taken_again(
    jobs: Jobs, store: Store, now: datetime, state: JobState
) -> None:
    id_ = new_job(store, now, state)

    jobs.take_step(id_)

    assert job(store, id_).state is state
    assert job(store, id_).report == ""
    assert held(store) == []


def test_a_job_that_was_forgotten_is_no_trouble(jobs: Jobs, store: Store) -> None:
    jobs.take_step(999)


def test_an_import_that_died_half_way_comes_to_the_same_end(
    jobs: Jobs,
    settings: Settings,
    store: Store,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Killed after three files, then taken up by the next start of the site."""
    id_ = new_job(store, now, JobState.IMPORTING)
    revive = stop_after(monkeypatch, 3, SystemExit())
    with pytest.raises(SystemExit):
        jobs.take_step(id_)
    assert job(store, id_).state is JobState.IMPORTING
    assert len(held(store)) == 3
    revive()

    taken: list[int] = []
    second = Jobs(settings, store)
    monkeypatch.setattr(second, "enqueue", taken.append)
    second.start()
    second.stop()
    assert taken == [id_]
    second.take_step(id_)

    assert job(store, id_).state is JobState.DONE
    assert held(store) == [(entry, 1, digest_of(png(entry))) for entry in range(1, 6)]
    report = json.loads(job(store, id_).report)
    assert report["summary"] | {"same": 3, "new": 2, "refused": 1} == report["summary"]


def test_a_running_site_takes_what_is_queued(
    jobs: Jobs, store: Store, now: datetime
) -> None:
    jobs.start()
    id_ = new_job(store, now)
    jobs.enqueue(id_)

    jobs.stop()  # which finishes the step being taken

    if job(store, id_).state is JobState.LOOKING:  # stopped before it began
        jobs.take_step(id_)
    assert job(store, id_).state is JobState.READY


def test_an_upload_that_cannot_be_read_fails_in_words(
    jobs: Jobs, store: Store, now: datetime
) -> None:
    id_ = new_job(store, now, data=b"PK\x03\x04 but nothing more")

    jobs.take_step(id_)

    failed = job(store, id_)
    if failed.state is JobState.UNREADABLE:
        assert "Traceback" not in failed.report
        assert len(failed.report) > 20
    else:
        assert json.loads(failed.report)["summary"]["refused"] == 1


def test_an_upload_that_is_gone_fails_in_words(
    jobs: Jobs, store: Store, now: datetime
) -> None:
    id_ = new_job(store, now)
    store.uploads.forget(job(store, id_).source)

    jobs.take_step(id_)

    assert job(store, id_).state is JobState.UNREADABLE
    assert "Errno" not in job(store, id_).report


def test_an_unexpected_error_is_logged_here_and_said_plainly_there(
    jobs: Jobs,
    store: Store,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    id_ = new_job(store, now, JobState.IMPORTING)
    stop_after(monkeypatch, 2, RuntimeError("the secret of the house"))

    jobs.take_step(id_)

    assert job(store, id_).state is JobState.FAILED
    assert "secret" not in job(store, id_).report
    assert "what was imported so far is kept" in job(store, id_).report
    assert "the secret of the house" in caplog.text
    assert len(held(store)) == 2
