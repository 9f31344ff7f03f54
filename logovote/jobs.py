"""The long deeds, run beside the web process."""

from __future__ import annotations

import json
import logging
import threading
from datetime import UTC, datetime, timedelta

from huey import SqliteHuey, crontab
from huey.consumer import Consumer
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from logovote.contest import intake, rounds
from logovote.contest.matching import ImportReport
from logovote.errors import LogovoteError
from logovote.imaging.worker import Fence
from logovote.ingest.reading import read_entries
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
_LONGEST_WRITE = timedelta(hours=1)
_UNEXPECTED = (
    "The import stopped unexpectedly. Start it again; what was imported so far is kept."
)


class _EmbeddedConsumer(Consumer):  # type: ignore[misc] # Huey is untyped
    """A consumer that leaves the signals to the web server it lives in."""

    def _set_signal_handlers(self) -> None:
        """Install none."""


class Jobs:
    """The queue and what it runs; tasks carry ids, never objects.

    Where a job stands is in the database, the queue only wakes the worker: so a job
    survives whatever happens to the process that works on it.
    """

    def __init__(self, settings: Settings, store: Store) -> None:
        self._store = store
        self._huey = SqliteHuey("logovote", filename=str(settings.jobs_file))
        self._take_step = self._huey.task(name="take_import_step")(self.take_step)
        self._huey.periodic_task(crontab(), name="close_ended")(self.close_ended)
        self._consumer: _EmbeddedConsumer | None = None
        self._turn = settings.jobs_file.with_suffix(".turn")
        self._stopping = threading.Event()

    def enqueue(self, job_id: int) -> None:
        """Queue the next step of an import: look at it, or take it in."""
        self._take_step(job_id)

    def start(self) -> None:
        """Work through the queue in a thread, taking up what was interrupted."""
        # One import at a time: each uses every core already.
        self._consumer = _EmbeddedConsumer(self._huey, workers=1, max_delay=1)
        self._consumer.start()
        self._store.tidy(datetime.now(UTC) - _LONGEST_WRITE)
        with self._store.database.read() as session:
            interrupted = session.scalars(
                select(ImportJob.id).where(ImportJob.state.in_(_STEPS))
            ).all()
        for job_id in interrupted:
            self.enqueue(job_id)

    def stop(self) -> None:
        """Finish the step being taken, then stop."""
        self._stopping.set()
        if self._consumer is not None:
            self._consumer.stop(graceful=True)
        self._huey.storage.close()

    def take_step(self, job_id: int) -> None:
        """Run what the job's state asks for; a step that was taken is not repeated."""
        # Several servers may share one data folder, and both take up what one left.
        with waiting_for(self._turn):
            job = self._begin(job_id)
            if job is None:
                return
            done, failed = _STEPS[job.state]
            try:
                report = self._import(job)
            except LogovoteError as error:
                self._note_at_last(job_id, state=failed, report=str(error))
            except Exception:
                logger.exception("import %d failed", job_id)
                self._note_at_last(job_id, state=failed, report=_UNEXPECTED)
            else:
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

        def progress(done: int, total: int) -> None:
            if done % _FILES_PER_STEP == 0 or done == total:
                self._note(job.id, done=done, total=total)

        with (
            self._store.uploads.opened(job.source) as source,
            read_entries(source) as reading,
            Fence() as fence,
        ):
            return intake.import_designs(
                self._store,
                job.contest_id,
                reading,
                fence,
                now=job.started_at or datetime.now(UTC),
                resume=job.started_at is not None,
                dry_run=job.state is JobState.LOOKING,
                keep_pictures=True,
                refused=_refused(job),
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
