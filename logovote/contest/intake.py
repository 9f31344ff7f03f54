"""Entries in: a contest's export becomes submissions, versions and derivatives.

Importing is idempotent, so a job that was interrupted is simply run again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterable
from datetime import datetime
from functools import partial

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from logovote.contest import rounds
from logovote.contest.matching import (
    Claim,
    FileReport,
    Holding,
    ImportReport,
    decide,
    match,
)
from logovote.errors import LogovoteError
from logovote.imaging.picture import (
    SPECS_VERSION,
    Developed,
    UnreadableImageError,
)
from logovote.imaging.worker import Fence
from logovote.ingest.reading import Reading
from logovote.store.models import Derivative, Picture, Submission, Version
from logovote.store.store import Store

Progress = Callable[[int, int], None]


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
        rounds.refuse_in_review(session, contest_id)
        holdings = _holdings(session, contest_id)
        developed = _developed(session, store)
    matching = match(reading, holdings)
    claims, reports = matching.claims, matching.reports
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
                reports.append(report := decide(claim, holdings))
                if not dry_run:
                    rows: list[Picture | Derivative] = []
                    if isinstance(picture, Developed):
                        # Files first: nobody waits for the disk in a transaction.
                        rows = _keep_files(store, reading.read(claim.entry), picture)
                    with store.database.write() as session:
                        rounds.refuse_in_review(session, contest_id)
                        for row in rows:
                            session.merge(row)
                        _keep_submission(session, contest_id, claim, report, now)
                        session.commit()
            progress(done, len(claims))
    # An export without a single file is a mistake, not the end of the contest.
    if withdraw_missing and matching.present:
        reports += _withdraw_all_but(
            store, contest_id, matching.present, holdings, None if dry_run else now
        )
    return ImportReport(tuple(reports), reading.remarks)


def _holdings(session: Session, contest_id: int) -> dict[int, Holding]:
    """Read what the contest holds, by entry number. Two statements."""
    submissions = session.scalars(
        select(Submission).where(Submission.contest_id == contest_id)
    ).all()
    holdings = {
        submission.id: Holding(
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


def _developed(session: Session, store: Store) -> set[str]:
    """List the originals whose derivatives are up to date, and still there."""
    kept = session.execute(
        select(Picture.digest, Derivative.digest)
        .join(Derivative, Derivative.picture_digest == Picture.digest)
        .where(Picture.specs == SPECS_VERSION)
    )
    developed, incomplete = set(), set()
    for original, derivative in kept:
        developed.add(original)
        if not (store.originals.has(original) and store.derivatives.has(derivative)):
            incomplete.add(original)
    return developed - incomplete


def _develop(
    fence: Fence, reading: Reading, claims: Iterable[Claim], developed: set[str]
) -> Generator[Developed | UnreadableImageError, None, None]:
    """Decode each new picture once, in the order of `claims`."""
    fresh = {
        claim.digest: claim.entry for claim in claims if claim.digest not in developed
    }
    jobs = [(digest, partial(reading.read, entry)) for digest, entry in fresh.items()]
    for _digest, result in fence.develop_many(jobs):
        yield result


def _keep_files(
    store: Store, original: bytes, developed: Developed
) -> list[Picture | Derivative]:
    """Keep an original untouched, and its derivatives; returns the rows about them."""
    digest = store.originals.put(original)
    picture = Picture(
        digest=digest,
        format=developed.format,
        width_px=developed.width_px,
        height_px=developed.height_px,
        size_bytes=len(original),
        animated=developed.animated,
        ground=developed.ground,
        colour=developed.colour and "#{:02x}{:02x}{:02x}".format(*developed.colour),
        cutout=developed.cutout,
        specs=SPECS_VERSION,
    )
    return [
        picture,
        *(
            Derivative(
                picture_digest=digest,
                kind=derivative.kind,
                digest=store.derivatives.put(derivative.data),
                width_px=derivative.width_px,
                height_px=derivative.height_px,
                size_bytes=len(derivative.data),
            )
            for derivative in developed.derivatives
        ),
    ]


def _keep_submission(
    session: Session,
    contest_id: int,
    claim: Claim,
    report: FileReport,
    now: datetime,
) -> None:
    """Write what `_decide` decided."""
    submission = session.scalar(
        select(Submission).where(
            Submission.contest_id == contest_id, Submission.entry == claim.number
        )
    )
    _refuse_if_changed_meanwhile(submission, report)
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


def _refuse_if_changed_meanwhile(
    submission: Submission | None, report: FileReport
) -> None:
    """Stop where the entry is no longer as it was when this import was planned.

    Raises:
        LogovoteError: another import touched it.
    """
    stored = 0 if submission is None else submission.version
    planned = report.version or 0
    if stored not in ({0} if report.status == "new" else {planned - 1, planned} - {0}):
        raise LogovoteError(
            "Another import into this contest is running. Wait for it, then start "
            "this one again; what was imported so far is kept."
        )


def _withdraw_all_but(
    store: Store,
    contest_id: int,
    present: frozenset[int | None],
    holdings: dict[int, Holding],
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
