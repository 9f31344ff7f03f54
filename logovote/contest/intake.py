"""Entries in: a contest's export becomes submissions, versions and derivatives.

Importing is idempotent, so a job that was interrupted is simply run again.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from logovote.contest import rounds
from logovote.errors import LogovoteError
from logovote.imaging.picture import (
    SPECS_VERSION,
    Developed,
    UnreadableImageError,
)
from logovote.imaging.worker import Fence
from logovote.ingest.reading import Entry, Reading
from logovote.store.media import digest_of
from logovote.store.models import Derivative, Picture, Submission, Version
from logovote.store.store import Store

STATUSES = ("new", "changed", "same", "withdrawn", "refused", "ignored")

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class FileReport:
    """What became, or would become, of one file."""

    file: str
    status: str
    entry: int | None = None
    designer: str | None = None
    version: int | None = None
    reason: str | None = None


@dataclass(frozen=True)
class ImportReport:
    """What became of every file met, in the order they were looked at."""

    files: tuple[FileReport, ...]

    def summary(self) -> dict[str, int]:
        """Count the files by status, zeros included."""
        counts = Counter(file.status for file in self.files)
        return {status: counts[status] for status in STATUSES}

    def as_json(self) -> dict[str, Any]:
        """Return the report in its public form."""
        return {
            "summary": self.summary(),
            "files": [asdict(file) for file in self.files],
        }


@dataclass(frozen=True)
class _Claim:
    """One file's claim to be the picture of an entry.

    `final` is False where a later file of the same source claims the entry too:
    this one is then only a step in the entry's history.
    """

    entry: Entry
    number: int
    digest: str
    final: bool
    assigned: bool


@dataclass
class _Holding:
    """A submission as matching sees it: what it shows now and has shown before."""

    digest: str
    version: int
    designer: str | None
    title: str | None
    file: str
    withdrawn: bool = False
    history: set[str] = field(default_factory=set)


def import_designs(
    store: Store,
    contest_id: int,
    reading: Reading,
    fence: Fence,
    *,
    now: datetime,
    dry_run: bool = False,
    withdraw_missing: bool = False,
    progress: Progress = lambda _done, _total: None,
) -> ImportReport:
    """Take an export in; one bad file never costs the others.

    Commits once per file, so that a long import is never lost as a whole. A dry run
    decodes every new picture too, and keeps nothing.

    Args:
        store: where submissions and pictures go.
        contest_id: the contest.
        reading: the opened export.
        fence: where pictures are decoded.
        now: the time of the import.
        dry_run: only tell what would happen.
        withdraw_missing: mark submissions that are not in the export as withdrawn.
        progress: called with files done and files in all.
    """
    with store.database.read() as session:
        holdings = _holdings(session, contest_id)
        developed = _developed(session)
    claims, reports = _claims(reading, holdings)
    pictures = _develop(fence, reading, claims, developed)
    refusals: dict[str, str] = {}
    progress(0, len(claims))
    # Closed here and now, an import that fails leaves nobody decoding.
    with contextlib.closing(pictures):
        for done, claim in enumerate(claims, start=1):
            picture = None
            if claim.digest not in developed and claim.digest not in refusals:
                picture = next(pictures)
            if isinstance(picture, UnreadableImageError):
                refusals[claim.digest] = str(picture)
            if claim.digest in refusals:
                reason = refusals[claim.digest]
                reports.append(FileReport(claim.entry.file, "refused", reason=reason))
            else:
                developed.add(claim.digest)
                reports.append(report := _decide(claim, holdings))
                if not dry_run:
                    original = reading.read(claim.entry) if picture else b""
                    with store.database.write() as session, _one_import_at_a_time():
                        if isinstance(picture, Developed):
                            _keep_picture(session, store, original, picture)
                        _keep_submission(session, contest_id, claim, report, now)
                        session.commit()
            progress(done, len(claims))
    if withdraw_missing:
        present = {claim.number for claim in claims}
        reports += _withdraw_all_but(
            store, contest_id, present, holdings, None if dry_run else now
        )
    return ImportReport(tuple(reports))


def _holdings(session: Session, contest_id: int) -> dict[int, _Holding]:
    """Read what the contest holds, by entry number. Two statements."""
    submissions = session.scalars(
        select(Submission).where(Submission.contest_id == contest_id)
    ).all()
    holdings = {
        submission.id: _Holding(
            digest=submission.digest,
            version=submission.version,
            designer=submission.designer,
            title=submission.title,
            file=submission.file,
            withdrawn=submission.withdrawn_at is not None,
        )
        for submission in submissions
    }
    history = session.execute(
        select(Version.submission_id, Version.digest)
        .join(Submission, Submission.id == Version.submission_id)
        .where(Submission.contest_id == contest_id)
    )
    for id_, digest in history:
        holdings[id_].history.add(digest)
    return {submission.entry: holdings[submission.id] for submission in submissions}


def _developed(session: Session) -> set[str]:
    """List the originals whose derivatives are up to date."""
    return set(
        session.scalars(select(Picture.digest).where(Picture.specs == SPECS_VERSION))
    )


def _claims(
    reading: Reading, holdings: dict[int, _Holding]
) -> tuple[list[_Claim], list[FileReport]]:
    """Give every readable file an entry number, and report the others.

    A file without a number belongs to the entry that has shown the same bytes, else
    to the entry that came from a file of the same name, else it gets a new number.
    """
    reports = [
        FileReport(problem.file, problem.status, reason=problem.reason)
        for problem in reading.problems
    ]
    found: list[tuple[Entry, str]] = []
    for entry in reading.entries:
        try:
            found.append((entry, digest_of(reading.read(entry))))
        except LogovoteError as error:
            reports.append(FileReport(entry.file, "refused", reason=str(error)))
    by_file = {holding.file: number for number, holding in holdings.items()}
    by_digest = {
        digest: number
        for number, holding in holdings.items()
        for digest in holding.history
    }
    taken = set(holdings)
    for entry, digest in found:
        if entry.number is not None:
            by_digest[digest] = entry.number
            taken.add(entry.number)
    wanted = []
    # Numbered files first: a file without a number may be the same picture.
    for entry, digest in sorted(found, key=lambda item: item[0].number is None):
        number = entry.number or by_digest.get(digest, by_file.get(entry.file))
        assigned = number is None
        if number is None:
            number = max(taken, default=0) + 1
            taken.add(number)
        by_digest[digest] = number
        wanted.append((number, entry, digest, assigned))
    first: dict[tuple[int, str], Entry] = {}
    unlike = []
    for number, entry, digest, assigned in wanted:
        twin = first.setdefault((number, digest), entry)
        if twin is entry:
            unlike.append((number, entry, digest, assigned))
            continue
        reason = f"the same picture as {twin.file}, for the same entry"
        reports.append(FileReport(entry.file, "ignored", number, reason=reason))
    last = {number: digest for number, _, digest, _ in unlike}
    claims = [
        _Claim(entry, number, digest, final=last[number] == digest, assigned=assigned)
        for number, entry, digest, assigned in unlike
    ]
    return claims, reports


def _develop(
    fence: Fence, reading: Reading, claims: Iterable[_Claim], developed: set[str]
) -> Generator[Developed | UnreadableImageError, None, None]:
    """Decode each new picture once, in the order of `claims`."""
    fresh = {
        claim.digest: claim.entry for claim in claims if claim.digest not in developed
    }
    jobs = [(digest, partial(reading.read, entry)) for digest, entry in fresh.items()]
    for _digest, result in fence.develop_many(jobs):
        yield result


def _decide(claim: _Claim, holdings: dict[int, _Holding]) -> FileReport:
    """Say what a claim does to its entry, and note it in `holdings`."""
    entry, held = claim.entry, holdings.get(claim.number)
    reason = None
    if held is None:
        status = "new"
        if claim.assigned:
            reason = f"no entry number found; it was given number {claim.number}"
        held = holdings[claim.number] = _Holding(
            claim.digest, 1, entry.designer, entry.title, entry.file
        )
    elif claim.digest == held.digest or (
        not claim.final and claim.digest in held.history
    ):
        status = "same"
        if held.withdrawn:
            status, reason = "changed", "back after having been withdrawn"
    else:
        status = "changed"
        held.digest, held.version = claim.digest, held.version + 1
        if not claim.final:
            reason = "another file of this import is the newer version of this entry"
    held.history.add(claim.digest)
    held.withdrawn = False
    held.designer = entry.designer or held.designer
    held.title = entry.title or held.title
    return FileReport(
        entry.file, status, claim.number, held.designer, held.version, reason
    )


def _keep_picture(
    session: Session, store: Store, original: bytes, developed: Developed
) -> None:
    """Store an original untouched, and its derivatives, replacing outdated ones."""
    digest = store.originals.put(original)
    session.execute(delete(Derivative).where(Derivative.picture_digest == digest))
    session.merge(
        Picture(
            digest=digest,
            format=developed.format,
            width_px=developed.width_px,
            height_px=developed.height_px,
            size_bytes=len(original),
            animated=developed.animated,
            ground=developed.ground,
            specs=SPECS_VERSION,
        )
    )
    session.flush()
    session.add_all(
        Derivative(
            picture_digest=digest,
            kind=derivative.kind,
            digest=store.derivatives.put(derivative.data),
            width_px=derivative.width_px,
            height_px=derivative.height_px,
            size_bytes=len(derivative.data),
        )
        for derivative in developed.derivatives
    )
    session.flush()


def _keep_submission(
    session: Session,
    contest_id: int,
    claim: _Claim,
    report: FileReport,
    now: datetime,
) -> None:
    """Write what `_decide` decided."""
    submission = session.scalar(
        select(Submission).where(
            Submission.contest_id == contest_id, Submission.entry == claim.number
        )
    )
    is_late = submission is None or submission.withdrawn_at is not None
    if submission is None:
        submission = Submission(contest_id=contest_id, entry=claim.number, version=0)
        session.add(submission)
    entry = claim.entry
    submission.designer = entry.designer or submission.designer
    submission.title = entry.title or submission.title
    submission.withdrawn_at = None
    if report.version is not None and report.version != submission.version:
        submission.version = report.version
        submission.digest = claim.digest
        submission.file = entry.file
        session.flush()
        session.add(
            Version(
                submission_id=submission.id,
                number=report.version,
                digest=claim.digest,
                file=entry.file,
                created_at=now,
            )
        )
    session.flush()
    if is_late:
        rounds.add_late_design(session, contest_id, submission)


def _withdraw_all_but(
    store: Store,
    contest_id: int,
    present: set[int],
    holdings: dict[int, _Holding],
    now: datetime | None,
) -> list[FileReport]:
    """Mark the rest as withdrawn, unless `now` is None; nothing is ever deleted."""
    missing = {
        number: holding
        for number, holding in holdings.items()
        if number not in present and not holding.withdrawn
    }
    if now is not None:
        with store.database.write() as session:
            session.execute(
                update(Submission)
                .where(
                    Submission.contest_id == contest_id,
                    Submission.entry.in_(missing),
                )
                .values(withdrawn_at=now)
            )
            session.commit()
    return [
        FileReport(holding.file, "withdrawn", number, holding.designer)
        for number, holding in missing.items()
    ]


@contextlib.contextmanager
def _one_import_at_a_time() -> Iterator[None]:
    """Turn the clash of two imports into words."""
    try:
        yield
    except IntegrityError as error:
        raise LogovoteError(
            "Another import into this contest is running. Wait for it, then start "
            "this one again; what was imported so far is kept."
        ) from error
