"""Import jobs: an interrupted one is taken up again, a step is not taken twice."""

from __future__ import annotations

import io
import json
import os
import random
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from werkzeug.datastructures import FileStorage

from logovote import jobs as jobs_
from logovote import mail
from logovote.contest import intake, link_requests, notices, people
from logovote.contest.contests import contest_by_slug
from logovote.imaging.worker import Fence
from logovote.ingest.reading import read_entries
from logovote.jobs import Jobs
from logovote.settings import Settings
from logovote.store import queries
from logovote.store.media import digest_of
from logovote.store.models import Derivative, ImportJob, JobState, Picture, Version
from logovote.store.store import Store
from tests.builders import SharedFence, folder_of, make_contest, png, zip_of
from tests.conftest import settings_on
from tests.letters import Letters

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
    with store.uploads.opened(job(store, id_).source) as upload:
        pass
    with monkeypatch.context() as failing:
        stop_after(failing, 2, RuntimeError("broken"))
        jobs.take_step(id_)
    assert upload.exists()

    with store.database.write() as session:
        session.get_one(ImportJob, id_).state = JobState.IMPORTING
        session.commit()
    jobs.take_step(id_)

    assert not upload.parent.exists()
    assert json.loads(job(store, id_).report)["summary"]["new"] == 5


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
    assert report["summary"] | {"same": 0, "new": 5, "refused": 1} == report["summary"]
    assert job(store, id_).stops == 1


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


MANY = {f"#{entry}.png": png(entry) for entry in range(1, 31)} | {
    "no number.png": png(31),
    "other/#5.png": png(32),
    "#40.png": b"damaged",
}


@pytest.mark.parametrize("state", [JobState.LOOKING, JobState.IMPORTING])
def test_a_server_killed_in_mid_import_comes_to_the_same_end(
    settings: Settings, store: Store, now: datetime, fence: Fence, state: JobState
) -> None:
    """Killed twice, as a power cut does it, and started again; nobody helps it."""
    id_ = new_job(store, now, state, zip_of(MANY))
    for part in (4, 14):
        with serving(settings) as server:
            until(lambda part=part: job(store, id_).done > part)  # type: ignore[misc]
            server.kill()
            server.wait()
    assert job(store, id_).state is state

    with serving(settings):
        until(lambda: job(store, id_).state is not state)

    ended = job(store, id_)
    elsewhere = settings.data / "elsewhere"
    expected = undisturbed(elsewhere, now, fence, dry_run=state is JobState.LOOKING)
    assert ended.stops == 2
    assert json.loads(ended.report) == expected["report"]
    for name, there in kept(store, settings).items():
        assert there == expected[name], name


@contextmanager
def serving(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server on the data folder; it is stopped at the end, if it still lives."""
    command = [sys.executable, "-m", "logovote", "--data", str(settings.data)]
    with subprocess.Popen(
        [*command, "run", "--port", "0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ | {"LOGOVOTE_SECRET_KEY": settings.secret_key},
    ) as server:
        try:
            yield server
        finally:
            was_killed = server.poll() is not None
            server.terminate()
            _, said = server.communicate(timeout=60)
    assert was_killed or b"Traceback" not in said, said.decode()


def until(condition: Callable[[], bool]) -> None:
    for _ in range(3000):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("waited for a minute in vain")


def undisturbed(
    folder: Path, now: datetime, fence: Fence, *, dry_run: bool
) -> dict[str, Any]:
    """Import the same files in one go, elsewhere, and tell what came of it."""
    settings = settings_on(folder / "undisturbed")
    settings.data.mkdir(parents=True)
    store = Store.open(settings.database_url, settings.files_folder)
    with store.database.write() as session:
        contest_id = make_contest(session, now).id
        session.commit()
    (folder / "export.zip").write_bytes(zip_of(MANY))
    with read_entries(folder / "export.zip") as reading:
        report = intake.import_designs(
            store,
            contest_id,
            reading,
            fence,
            now=now,
            dry_run=dry_run,
            keep_pictures=True,
        )
    found = kept(store, settings)
    store.database.dispose()
    return found | {"report": report.as_json()}


def kept(store: Store, settings: Settings) -> dict[str, Any]:
    """Everything an import leaves behind, but for times."""
    with store.database.read() as session:
        versions = session.scalars(select(Version).order_by(Version.id)).all()
        pictures = session.scalars(select(Picture).order_by(Picture.digest)).all()
        derivatives = session.scalars(
            select(Derivative).order_by(Derivative.picture_digest, Derivative.kind)
        ).all()
        times = {version.created_at for version in versions}
    assert len(times) <= 1
    folder = settings.files_folder
    return {
        "designs": held(store),
        "versions": [(v.submission_id, v.number, v.digest, v.file) for v in versions],
        "pictures": [(p.digest, p.format, p.size_bytes, p.ground) for p in pictures],
        "derivatives": [(d.picture_digest, d.kind, d.digest) for d in derivatives],
        "files": {
            path.relative_to(folder)
            for part in ("originals", "derivatives")
            for path in (folder / part).rglob("*")
            if path.is_file() and not path.name.startswith("unfinished-")
        },
    }


def noise(seed: int, side: int) -> bytes:
    """A picture that no encoder makes small."""
    file = io.BytesIO()
    pixels = random.Random(seed).randbytes(side * side * 3)  # noqa: S311 - no secret
    Image.frombytes("RGB", (side, side), pixels).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("most_bytes", "what"),
    [(350_000, "The database"), (450_000, "A picture")],
    ids=["database", "picture"],
)
def test_a_full_disk_stops_an_import_in_words_and_leaves_no_half_design(
    settings: Settings, store: Store, tmp_path: Path, most_bytes: int, what: str
) -> None:
    """No file may grow beyond so much: a picture is too large, or the database is."""
    files = {f"#{n}.png": png(n) for n in range(1, 20)}
    files["#2.png"] = noise(1, 400 if what == "A picture" else 100)
    folder = folder_of(tmp_path / "export", files)
    command = [sys.executable, "-m", "logovote", "--data", str(settings.data)]
    environment = os.environ | {"LOGOVOTE_SECRET_KEY": settings.secret_key}

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    stopped = subprocess.run(
        [*command, "import", "acme", str(folder)],
        preexec_fn=limit,
        check=False,
        capture_output=True,
        text=True,
        env=environment,
    )

    assert stopped.returncode == 1, stopped.stdout
    assert "Traceback" not in stopped.stderr
    assert f"{what} could not be written" in stopped.stderr
    assert "Free some space on the disk" in stopped.stderr
    assert not list(settings.files_folder.rglob("unfinished-*"))
    with store.database.read() as session:
        digests = session.scalars(select(Version.digest)).all()
        made = session.scalars(select(Derivative.digest)).all()
    assert all(digest_of(store.originals.get(digest)) == digest for digest in digests)
    assert all(digest_of(store.derivatives.get(digest)) == digest for digest in made)

    again = subprocess.run(
        [*command, "import", "acme", str(folder)],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
    )
    assert again.returncode == 0, again.stderr
    assert [entry for entry, *_ in held(store)] == list(range(1, 20))
    assert {version for _, version, _ in held(store)} == {1}


def test_how_a_job_ended_is_written_as_soon_as_the_disk_takes_it(
    jobs: Jobs, store: Store, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = new_job(store, now, JobState.IMPORTING)
    monkeypatch.setattr(jobs_, "_PATIENCE_SECONDS", 0)
    note, refusals = jobs._note, [1, 2, 3]

    def full(job_id: int, **values: Any) -> None:
        if "state" in values and refusals:
            refusals.pop()
            raise OperationalError("UPDATE", {}, Exception("disk is full"))
        note(job_id, **values)

    monkeypatch.setattr(jobs, "_note", full)

    jobs.take_step(id_)

    assert job(store, id_).state is JobState.DONE
    assert not refusals


def test_two_servers_on_one_folder_take_a_job_up_once(
    jobs: Jobs, settings: Settings, store: Store, now: datetime
) -> None:
    id_ = new_job(store, now, JobState.IMPORTING)
    other = Jobs(settings, store)

    jobs.start()
    other.start()
    until(lambda: job(store, id_).state is JobState.DONE)
    other.stop()

    assert job(store, id_).stops == 0
    assert [entry for entry, *_ in held(store)] == [1, 2, 3, 4, 5]


def test_the_pictures_of_a_dry_run_are_used_by_the_import(
    jobs: Jobs,
    store: Store,
    now: datetime,
    fence: Fence,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    id_ = new_job(store, now)
    jobs.take_step(id_)
    asked: list[bytes] = []
    develop = fence.develop

    def counted(original: bytes) -> Any:
        asked.append(original)
        return develop(original)

    monkeypatch.setattr(fence, "develop", counted)
    with store.database.write() as session:
        session.get_one(ImportJob, id_).state = JobState.IMPORTING
        session.commit()

    jobs.take_step(id_)

    assert asked == []
    assert [entry for entry, *_ in held(store)] == [1, 2, 3, 4, 5]


def test_who_waits_for_a_link_does_not_wait_for_an_import(
    store: Store, jobs: Jobs, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mails have a thread of their own: an import may hold the other for minutes."""
    letters = Letters()
    letters.catch(monkeypatch)
    done = threading.Event()
    busy = jobs._huey.task(name="busy")(lambda: done.wait(30))
    with store.database.write() as session:
        acme = contest_by_slug(session, "acme")
        people.import_people(
            session, acme, people.read_people(b"email,name\nann@example.org,Ann")
        )
        asked = link_requests.ask(
            session, "ann@example.org", "browser", datetime.now(UTC)
        )
        session.commit()
        asked_id = asked.id
    busy()
    jobs.start()

    jobs.answer(asked_id)

    deadline = time.monotonic() + 20
    while not letters and time.monotonic() < deadline:
        time.sleep(0.02)
    was_waiting = not done.is_set()
    done.set()
    assert was_waiting
    assert [str(letter["To"]) for letter in letters] == ["Ann <ann@example.org>"]


@pytest.fixture
def slow_letters(
    store: Store, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> Letters:
    """Thirty invitations wait for a server that takes its time."""
    letters = Letters()

    def take(letter: EmailMessage) -> None:
        time.sleep(0.05)
        letters.append(letter)

    monkeypatch.setattr(mail, "_print", take)
    monkeypatch.setattr(jobs_, "_MAIL_SECONDS", 0.1)
    lines = "".join(f"v{number}@example.org\n" for number in range(30))
    with store.database.write() as session:
        acme = contest_by_slug(session, "acme")
        people.import_people(
            session, acme, people.read_people(f"email\n{lines}".encode())
        )
        notices.invite(session, acme, now)
        session.commit()
    return letters


def test_who_waits_for_a_link_does_not_wait_for_all_invitations(
    store: Store, jobs: Jobs, slow_letters: Letters
) -> None:
    jobs.start()
    jobs.deliver()
    until(lambda: len(slow_letters) > 1)
    with store.database.write() as session:
        asked = link_requests.ask(session, "v7@example.org", "here", datetime.now(UTC))
        session.commit()
        asked_id = asked.id

    jobs.answer(asked_id)

    until(lambda: len(slow_letters) == 31)
    subjects = [str(letter["Subject"])[:9] for letter in slow_letters]
    assert subjects.index("Your link") < 15


def test_a_site_that_stops_waits_for_one_mail_and_sends_the_rest_later(
    store: Store, jobs: Jobs, slow_letters: Letters, now: datetime
) -> None:
    jobs.start()
    jobs.deliver()
    until(lambda: len(slow_letters) > 1)

    jobs.stop()

    left = len(slow_letters)
    assert left < 15
    jobs.postman.deliver(now)
    assert (
        len({str(letter["To"]) for letter in slow_letters}) == len(slow_letters) == 30
    )
