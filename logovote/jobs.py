"""The long deeds, run beside the web process."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

from huey import Huey, SqliteHuey, crontab
from huey.consumer import Consumer
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from logovote import logs
from logovote.contest import developing, intake, purging, rounds
from logovote.contest.matching import ImportReport
from logovote.errors import LogovoteError
from logovote.imaging.worker import Fence
from logovote.ingest.reading import Reading, read_entries
from logovote.postman import Postman
from logovote.settings import Settings
from logovote.store.models import ImportJob, JobState
from logovote.store.session import waiting_for
from logovote.store.store import Store

logger = logging.getLogger(__name__)

# What each step leads to, if it ends well and if it does not.
_STEPS = {
    JobState.LOOKING: (JobState.READY, JobState.UNREADABLE),
    JobState.IMPORTING: (JobState.DONE, JobState.FAILED),
}
# The bar moves smoothly enough, and an import is not slowed by writing its progress.
_FILES_PER_STEP = 5
_PATIENCE_SECONDS = 5
_WATCH_SECONDS = 5
# How many other workers are asked to join an import; who finds nothing to do goes on.
_HELPERS = 7
# Mails leave for so long at a time: meanwhile somebody may ask for a link.
_MAIL_SECONDS = 5.0
# The names of locks; any numbers that nobody else uses.
_CLAIM = 562616
_SCHEMA = 562617
_LONGEST_WRITE = timedelta(hours=1)
_UNEXPECTED = (
    "The import stopped unexpectedly. Start it again; what was imported so far is kept."
)


class _EmbeddedConsumer(Consumer):  # type: ignore[misc] # Huey is untyped
    """A consumer that leaves the signals to the web server it lives in."""

    def _set_signal_handlers(self) -> None:
        """Install none."""


def _queue(settings: Settings, name: str = "logovote") -> Huey:
    """Open a queue: in the data folder, or in a database that workers share."""
    if not settings.jobs_url:
        return SqliteHuey(name, filename=str(settings.jobs_file))
    try:
        import psycopg  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise JobsError(
            "LOGOVOTE_JOBS_URL needs a package that is not installed here: "
            "pip install 'logovote[postgres]'"
        ) from error
    from huey import PostgresHuey  # noqa: PLC0415 - which needs it

    huey = PostgresHuey(name, dsn=settings.jobs_url, create_tables=False)
    try:
        with psycopg.connect(settings.jobs_url, connect_timeout=10) as connection:
            # Processes that make the same table at once get in each other's way.
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_SCHEMA,))
            huey.storage.initialize_schema()
    except psycopg.Error as error:
        raise QueueError(
            "The queue that LOGOVOTE_JOBS_URL names cannot be used "
            f"({' '.join(str(error).split())[:200]}). Check the address, and that "
            "PostgreSQL runs there."
        ) from error
    return huey


class JobsError(LogovoteError):
    """The queue of long deeds cannot be used."""


class QueueError(JobsError):
    """The queue does not answer."""

    may_pass = True


class _LeftToOthersError(Exception):
    """This process stops; another worker takes the step within seconds."""


class Jobs:
    """The queue and what it runs; tasks carry ids, never objects.

    Where a job stands is in the database, the queue only wakes the worker: so a job
    survives whatever happens to the process that works on it.
    """

    def __init__(self, settings: Settings, store: Store) -> None:
        self._store = store
        self._huey = _queue(settings)
        self._take_step = self._huey.task(name="take_import_step")(self.take_step)
        self._huey.periodic_task(crontab(), name="close_ended")(self.close_ended)
        self._huey.periodic_task(crontab(minute="*/10"), name="purge_due")(
            self.purge_due
        )
        self._help = self._huey.task(name="help_import")(self.help)
        # With a queue that others read, too, an import is everybody's.
        self._shared = bool(settings.jobs_url) and not store.database.is_sqlite
        # Mails have a queue and a thread of their own: whoever waits for a link to sign
        # in with must not wait for an import.
        self._mail = _queue(settings, "mail")
        self.postman = Postman(settings, store)
        self._answer = self._mail.task(name="answer_request")(self._answer_one)
        self._deliver = self._mail.task(name="deliver_mail")(self._deliver_some)
        self._mail.periodic_task(crontab(), name="mail_by_the_clock")(self._by_clock)
        self._consumers: list[_EmbeddedConsumer] = []
        self._turn = settings.jobs_file.with_suffix(".turn")
        self._stopping = threading.Event()

    def enqueue(self, job_id: int) -> None:
        """Queue the next step of an import: look at it, or take it in."""
        self._take_step(job_id)

    def answer(self, request_id: int) -> None:
        """Queue the answer to a request for a link to sign in with."""
        self._answer(request_id)

    def deliver(self) -> None:
        """Wake who brings the mails out; without it they leave within a minute."""
        self._deliver()

    def _by_clock(self) -> None:
        """Every minute: what is due, was put off, or queued by a command."""
        self.postman.remind()
        self._deliver_some()

    def _answer_one(self, request_id: int) -> None:
        self._for_a_while(partial(self.postman.answer, request_id))

    def _deliver_some(self) -> None:
        self._for_a_while(self.postman.deliver)

    def _for_a_while(self, deed: Callable[..., object]) -> None:
        """Let mails leave for some seconds; the rest is another task's, after others.

        Whoever asks for a link waits no longer than that, and neither does who stops
        the site.
        """
        until = time.monotonic() + _MAIL_SECONDS
        deed(go_on=lambda: time.monotonic() < until and not self._stopping.is_set())
        if time.monotonic() >= until and not self._mail.pending_count():
            self._deliver()

    def start(self) -> None:
        """Work through the queue in a thread, taking up what was interrupted."""
        # One import at a time: each uses every core already.
        self._consumers = [
            _EmbeddedConsumer(huey, workers=1, max_delay=1)
            for huey in (self._huey, self._mail)
        ]
        for consumer in self._consumers:
            consumer.start()
        self._store.tidy(datetime.now(UTC) - _LONGEST_WRITE)
        self._take_up()
        if self._shared:
            self._watcher = threading.Thread(target=self._watch, daemon=True)
            self._watcher.start()

    def _take_up(self) -> None:
        """Queue every step that is due and that nobody works on."""
        with self._store.database.read() as session:
            due = session.scalars(
                select(ImportJob.id).where(ImportJob.state.in_(_STEPS))
            ).all()
        for job_id in due:
            if not self._store.database.is_claimed(_CLAIM, job_id):
                self.enqueue(job_id)

    def _watch(self) -> None:
        """Take up what a worker that died has left, wherever that was."""
        while not self._stopping.wait(_WATCH_SECONDS):
            try:
                # Something that waits may be just that step.
                if self._huey.pending_count() == 0:
                    self._take_up()
            except Exception:
                logger.exception("cannot look for imports that were left")

    def waiting(self) -> dict[str, float]:
        """Count what waits in each queue."""
        return {
            "imports": self._huey.pending_count(),
            "mails": self._mail.pending_count(),
        }

    def stop(self) -> None:
        """Finish the step being taken, then stop."""
        self._stopping.set()
        for consumer in self._consumers:
            consumer.stop(graceful=True)
        for huey in (self._huey, self._mail):
            huey.storage.close()

    close = stop

    def take_step(self, job_id: int) -> None:
        """Run what the job's state asks for; a step that was taken is not repeated."""
        with logs.about(job=job_id), self._alone(job_id) as alone:
            job = self._begin(job_id) if alone else None
            if job is None:
                return
            done, failed = _STEPS[job.state]
            logger.info("import: %s begins", job.state.value)
            try:
                report = self._import(job)
            except _LeftToOthersError:
                self._note(job_id, begun=False)
            except LogovoteError as error:
                self._note_at_last(job_id, state=failed, report=str(error))
            except Exception:
                logger.exception("import: it failed")
                self._note_at_last(job_id, state=failed, report=_UNEXPECTED)
            else:
                logger.info("import: %s", done.value)
                text = json.dumps(report.as_json())
                self._note_at_last(job_id, state=done, report=text)
                if done is JobState.DONE:
                    self._store.uploads.forget(job.source)

    def close_ended(self) -> None:
        """Close every round whose time is over; once a minute while the site runs."""
        with self._store.database.write() as session:
            for round_ in rounds.close_all_ended(session, datetime.now(UTC)):
                logger.info("round %d is over and closed", round_.id)
            session.commit()

    def purge_due(self) -> None:
        """Remove the pictures whose day has come; every ten minutes."""
        removed = purging.purge_due(self._store, datetime.now(UTC))
        if removed:
            logger.info("%d pictures are removed: their day has come", removed)

    def help(self, job_id: int) -> None:
        """Decode pictures of an import that somebody else leads."""
        with self._store.database.read() as session:
            job = session.get(ImportJob, job_id)
        if job is None or job.state not in _STEPS:
            return
        with logs.about(job=job_id):
            try:
                with self._opened(job) as (reading, fence):
                    self._develop(job, reading, fence, until_done=False)
            except LogovoteError as error:
                # Who leads meets the same, and says it to whoever waits.
                logger.warning("import: cannot help: %s", error)

    @contextmanager
    def _alone(self, job_id: int) -> Iterator[bool]:
        """Hold the right to take a job's step; False if somebody else has it."""
        if self._store.database.is_sqlite:
            # Several servers may share one data folder; both take up what one left.
            with waiting_for(self._turn):
                yield True
        else:
            with self._store.database.claim(_CLAIM, job_id) as mine:
                yield mine

    @contextmanager
    def _opened(self, job: ImportJob) -> Iterator[tuple[Reading, Fence]]:
        with (
            self._store.uploads.opened(job.source) as source,
            read_entries(source) as reading,
            Fence() as fence,
        ):
            yield reading, fence

    def _develop(
        self,
        job: ImportJob,
        reading: Reading,
        fence: Fence,
        *,
        until_done: bool,
        progress: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> int:
        return developing.develop(
            self._store,
            job.id,
            job.contest_id,
            reading,
            fence,
            until_done=until_done,
            progress=progress,
            stopping=self._stopping,
        )

    def _begin(self, job_id: int) -> ImportJob | None:
        """Write down that a step begins, or begins again; None if there is none."""
        with self._store.database.write() as session:
            job = session.get(ImportJob, job_id)
            if job is None or job.state not in _STEPS:
                return None
            if job.begun:
                job.stops += 1
            job.begun = True
            if job.state is JobState.IMPORTING:
                job.started_at = job.started_at or datetime.now(UTC)
            session.commit()
            session.refresh(job)
            return job

    def _import(self, job: ImportJob) -> ImportReport:
        """Read the uploaded export; only looking, unless told to take it in."""
        furthest = 0

        def progress(done: int, total: int) -> None:
            nonlocal furthest
            # Files that were decoded together are looked at once more, in no time.
            if done >= furthest and (done % _FILES_PER_STEP == 0 or done == total):
                self._note(job.id, done=done, total=total)
            furthest = max(furthest, done)

        with self._opened(job) as (reading, fence):
            refused = _refused(job)
            if self._shared:
                for _ in range(_HELPERS):
                    self._help(job.id)
                self._develop(job, reading, fence, until_done=True, progress=progress)
                if self._stopping.is_set():
                    raise _LeftToOthersError
                with self._store.database.read() as session:
                    refused |= developing.refusals(session, job.id)
            return intake.import_designs(
                self._store,
                job.contest_id,
                reading,
                fence,
                now=job.started_at or datetime.now(UTC),
                resume=job.started_at is not None,
                dry_run=job.state is JobState.LOOKING,
                keep_pictures=True,
                refused=refused,
                withdraw_missing=job.withdraw_missing,
                progress=progress,
            )

    def _note_at_last(self, job_id: int, **values: object) -> None:
        """Write down how a step ended, as soon as the disk takes it.

        Where the site stops before that, the step is taken again at its next start.
        """
        while True:
            try:
                self._note(job_id, begun=False, **values)
            except DBAPIError:
                logger.exception("how import %d ended cannot be written", job_id)
                if self._stopping.wait(_PATIENCE_SECONDS):
                    return
            else:
                return

    def _note(self, job_id: int, **values: object) -> None:
        """Write down where a job stands, for whoever watches it."""
        with self._store.database.write() as session:
            job = session.get_one(ImportJob, job_id)
            for name, value in values.items():
                setattr(job, name, value)
            session.commit()


def _refused(job: ImportJob) -> dict[str, str]:
    """Return what the look before an import refused, by digest, and why."""
    # After a failure it is the sentence that said so.
    if job.state is not JobState.IMPORTING or not job.report.startswith("{"):
        return {}
    files = json.loads(job.report)["files"]
    return {
        file["digest"]: file["reason"]
        for file in files
        if file["status"] == "refused" and file.get("digest")
    }
