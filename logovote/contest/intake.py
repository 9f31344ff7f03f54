"""Entries in: a contest's export becomes submissions, versions and derivatives.

Importing is idempotent, so a job that was interrupted is simply run again.
"""

from __future__ import annotations

import contextlib
import json
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from logovote.contest import events, rounds
from logovote.contest.matching import (
    LIST_SAYS_SO,
    Claim,
    FileReport,
    Holding,
    ImportReport,
    decide,
    left_out,
    match,
    without_taken_down,
)
from logovote.errors import LogovoteError
from logovote.imaging.picture import (
    SPECS,
    SPECS_VERSION,
    Developed,
    UnreadableImageError,
)
from logovote.imaging.worker import Fence
from logovote.ingest.members import UnreadableFileError
from logovote.ingest.reading import Reading
from logovote.store import holding, queries
from logovote.store.media import digest_of
from logovote.store.models import (
    Derivative,
    ImportJob,
    JobState,
    Picture,
    Submission,
    Version,
)
from logovote.store.store import Store

Progress = Callable[[int, int], None]


class ImportStoppedError(LogovoteError):
    """An import cannot go on; what it took in so far is kept."""


def import_designs(
    store: Store,
    contest_id: int,
    reading: Reading,
    fence: Fence,
    *,
    now: datetime,
    resume: bool = False,
    dry_run: bool = False,
    keep_pictures: bool = False,
    refused: Mapping[str, str] | None = None,
    actor: str = events.SYSTEM,
    withdraw_missing: bool = False,
    progress: Progress = lambda _done, _total: None,
) -> ImportReport:
    """Take an export in; one bad file never costs the others.

    Commits once per file, so that a long import is never lost as a whole.

    Args:
        store: where submissions and pictures go.
        contest_id: the contest.
        reading: the opened export.
        fence: where pictures are decoded.
        now: the time of the import, and of every version it makes.
        resume: this may be an import that was interrupted, with the `now` it had. It
            knows its own work by that time, does none of it twice and reports as if
            nothing had happened.
        dry_run: only tell what would happen; decodes every new picture too.
        keep_pictures: let a dry run keep the pictures it made, to be looked at and
            then used; `forget_pictures` deletes them.
        refused: why an earlier look refused pictures, by the digest of their bytes:
            what it showed is what happens.
        actor: who imports, for the log.
        withdraw_missing: mark submissions that are not in the export as withdrawn.
        progress: called with files done and files in all.

    Raises:
        RoundError: a round is closed and waits for its count.
        ImportStoppedError: the database takes no more.
        MediaWriteError: the disk takes no more.
    """
    try:
        report = _import(
            store,
            contest_id,
            reading,
            fence,
            now=now,
            resume=resume,
            dry_run=dry_run,
            keep_pictures=keep_pictures,
            refused=refused or {},
            withdraw_missing=withdraw_missing,
            progress=progress,
            actor=actor,
        )
    except DBAPIError as error:
        raise ImportStoppedError(
            f"The database could not be written ({error.orig}), so the import stopped. "
            "Free some space on the disk, then start it again; what was imported so "
            "far is kept."
        ) from error
    return report


def _import(
    store: Store,
    contest_id: int,
    reading: Reading,
    fence: Fence,
    *,
    now: datetime,
    resume: bool,
    dry_run: bool,
    keep_pictures: bool,
    refused: Mapping[str, str],
    withdraw_missing: bool,
    progress: Progress,
    actor: str,
) -> ImportReport:
    with store.database.read() as session:
        rounds.refuse_in_review(session, contest_id, only_look=True)
        holdings = _holdings(session, contest_id, now if resume else None)
        taken_down = queries.taken_down(session, contest_id)
        developed = _developed(session, store)
    matching = without_taken_down(match(reading, holdings), taken_down)
    claims, reports = matching.claims, matching.reports
    refusals = dict(refused)
    pictures = _develop(fence, reading, claims, developed | refusals.keys())
    progress(0, len(claims))
    # Closed here and now, an import that fails leaves nobody decoding.
    with (
        contextlib.closing(pictures),
        ThreadPoolExecutor(len(SPECS)) as disk,
    ):
        for done, claim in enumerate(claims, start=1):
            picture = original = None
            if claim.digest not in developed and claim.digest not in refusals:
                result = next(pictures)
                if isinstance(result, UnreadableImageError):
                    refusals[claim.digest] = str(result)
                else:
                    picture = result
            if not (
                dry_run or claim.digest in refusals or store.originals.has(claim.digest)
            ):
                original = _original(reading, claim)
                if original is None:
                    refusals[claim.digest] = "It changed while it was being imported."
            if claim.digest in refusals:
                reason = refusals[claim.digest]
                reports.append(
                    FileReport(
                        claim.entry.file, "refused", reason=reason, digest=claim.digest
                    )
                )
            else:
                developed.add(claim.digest)
                report = decide(claim, holdings)
                found = _Found(claim, report, original, picture)
                if not dry_run:
                    report = _keep(store, contest_id, found, disk, now=now, actor=actor)
                elif keep_pictures and picture is not None:
                    keep_picture(store, claim, picture, disk)
                reports.append(report)
            progress(done, len(claims))
    leaving = list(matching.leaving)
    # A withdrawn design is one, whether or not its picture can be shown.
    leaving += [
        claim.number
        for claim in claims
        if claim.withdrawn and claim.digest in refusals and claim.number in holdings
    ]
    when = None if dry_run else now
    reports += _withdraw(
        store, contest_id, leaving, holdings, said_by_list=True, now=when, actor=actor
    )
    # An export without a single file is a mistake, not the end of the contest.
    if withdraw_missing and matching.present:
        missing = [number for number in holdings if number not in matching.present]
        reports += _withdraw(
            store, contest_id, missing, holdings, now=when, actor=actor
        )
    if not dry_run:
        # Imported late: NumPy and the decoders are needed for nothing else here.
        from logovote.contest import likeness  # noqa: PLC0415 - see above

        likeness.refresh(store, contest_id)
    return ImportReport(tuple(reports), (*reading.remarks, *matching.remarks))


def _original(reading: Reading, claim: Claim) -> bytes | None:
    """Read a file again; None if it is no longer what was looked at."""
    try:
        original = reading.read(claim.entry)
    except UnreadableFileError:
        return None
    return original if digest_of(original) == claim.digest else None


@dataclass(frozen=True)
class _Found:
    """One file with all that is to be kept of it.

    `original` and `picture` are None where the store has them already.
    """

    claim: Claim
    report: FileReport
    original: bytes | None
    picture: Developed | None


def _keep(
    store: Store,
    contest_id: int,
    found: _Found,
    disk: Executor,
    *,
    now: datetime,
    actor: str,
) -> FileReport:
    """Take one file in: all of it, or nothing, if its design was just taken down."""
    # Files first: nobody waits for the disk in a transaction, and no row names a file
    # that is not there.
    if found.original is not None:
        store.originals.put(found.original)
    if found.picture is not None:
        _keep_files(store, found.picture, disk)
    with store.database.write() as session:
        rounds.refuse_in_review(session, contest_id)
        entry = found.claim.number
        if why := queries.taken_down(session, contest_id, entry).get(entry):
            _take_back(session, store, found)
            return left_out(found.claim, why)
        if found.picture is not None:
            _keep_rows(session, store, found.claim, found.picture)
        _keep_submission(session, contest_id, found, now=now, actor=actor)
        session.commit()
    return found.report


def _take_back(session: Session, store: Store, found: _Found) -> None:
    """Delete the files of a design that was taken down, but what others show."""
    holding.hold_pictures(session)
    digest = found.claim.digest
    if not queries.with_derivatives(session, {digest}):
        store.originals.forget(digest)
    made = found.picture.derivatives if found.picture else ()
    files = {digest_of(derivative.data) for derivative in made}
    files -= set(
        session.scalars(select(Derivative.digest).where(Derivative.digest.in_(files)))
    )
    for file in files:
        store.derivatives.forget(file)


def keep_picture(
    store: Store, claim: Claim, picture: Developed, disk: Executor
) -> None:
    """Keep what was made of a file that is only looked at, so far. Commits."""
    _keep_files(store, picture, disk)
    with store.database.write() as session:
        _keep_rows(session, store, claim, picture)
        session.commit()


def fresh_pictures(store: Store, contest_id: int, reading: Reading) -> dict[str, Claim]:
    """List what an export shows that nobody has decoded yet, by digest, in its order.

    Reads every file of the export.
    """
    with store.database.read() as session:
        holdings = _holdings(session, contest_id, None)
        taken_down = queries.taken_down(session, contest_id)
        developed = _developed(session, store)
    claims = without_taken_down(match(reading, holdings), taken_down).claims
    return {claim.digest: claim for claim in claims if claim.digest not in developed}


def _holdings(
    session: Session, contest_id: int, ours: datetime | None
) -> dict[int, Holding]:
    """Read what the contest holds, by entry number. Two statements.

    What this import did itself, at the time `ours`, is left out: it is planned again,
    to the same end.
    """
    history: dict[int, list[Version]] = defaultdict(list)
    for version in session.scalars(
        select(Version)
        .join(Submission, Submission.id == Version.submission_id)
        .where(Submission.contest_id == contest_id)
        .order_by(Version.number)
    ):
        if version.created_at != ours:
            history[version.submission_id].append(version)
    submissions = session.scalars(
        select(Submission).where(Submission.contest_id == contest_id)
    )
    return {
        submission.entry: Holding(
            digest=versions[-1].digest,
            version=versions[-1].number,
            designer=submission.designer,
            title=submission.title,
            file=versions[-1].file,
            site_number=submission.site_number,
            withdrawn=submission.withdrawn_at not in {None, ours},
            banned=submission.withdrawn_reason,
            history={version.digest for version in versions},
        )
        for submission in submissions
        if (versions := history[submission.id])
    }


def _developed(session: Session, store: Store) -> set[str]:
    """List the originals whose derivatives are up to date, and still there."""
    kept = session.execute(
        select(Picture.digest, Derivative.digest)
        .join(Derivative, Derivative.picture_digest == Picture.digest)
        .where(Picture.specs == SPECS_VERSION)
    )
    made: dict[str, set[str]] = defaultdict(set)
    for original, derivative in kept:
        made[original].add(derivative)
    gone = store.derivatives.missing(set().union(*made.values()))
    return {original for original, digests in made.items() if not digests & gone}


def _develop(
    fence: Fence, reading: Reading, claims: Iterable[Claim], known: set[str]
) -> Generator[Developed | UnreadableImageError, None, None]:
    """Decode each new picture once, in the order of `claims`."""
    fresh = {claim.digest: claim.entry for claim in claims if claim.digest not in known}
    jobs = [(digest, partial(reading.read, entry)) for digest, entry in fresh.items()]
    for _digest, result in fence.develop_many(jobs):
        yield result


def _keep_files(store: Store, picture: Developed, disk: Executor) -> None:
    """Put a design's derivatives on the disk.

    All at once: the disk takes as long to be sure of one as of a dozen.
    """
    made = [derivative.data for derivative in picture.derivatives]
    list(disk.map(store.derivatives.put, made))


def _keep_rows(
    session: Session, store: Store, claim: Claim, developed: Developed
) -> None:
    """Write down the facts of a picture, and which derivatives it has."""
    holding.hold_picture(session, claim.digest)
    session.merge(
        Picture(
            digest=claim.digest,
            format=developed.format,
            width_px=developed.width_px,
            height_px=developed.height_px,
            size_bytes=claim.size_bytes,
            animated=developed.animated,
            ground=developed.ground,
            colour=developed.colour and "#{:02x}{:02x}{:02x}".format(*developed.colour),
            cutout=developed.cutout,
            specs=SPECS_VERSION,
            likeness=developed.likeness,
        )
    )
    session.flush()
    # All rows in one statement: to merge them one by one takes ten times as long.
    session.execute(delete(Derivative).where(Derivative.picture_digest == claim.digest))
    session.execute(
        insert(Derivative),
        [
            {
                "picture_digest": claim.digest,
                "kind": derivative.kind,
                # Put again, which costs nothing: `forget_pictures` may have deleted it
                # a moment ago, and cannot while we write.
                "digest": store.derivatives.put(derivative.data),
                "width_px": derivative.width_px,
                "height_px": derivative.height_px,
                "size_bytes": len(derivative.data),
            }
            for derivative in developed.derivatives
        ],
    )


def forget_pictures(store: Store, session: Session) -> None:
    """Delete the pictures that were made to be looked at and are needed no more.

    That are those which no version of any design shows and no upload waits with. While
    an import runs, nothing is deleted; the next one that is forgotten sees to it.
    """
    holding.hold_pictures(session)
    waiting: set[str] = set()
    for job in session.scalars(select(ImportJob)):
        if job.state in {JobState.LOOKING, JobState.IMPORTING}:
            return
        if job.state is JobState.READY:
            files = json.loads(job.report)["files"]
            waiting |= {file["digest"] for file in files if file.get("digest")}
    shown = select(Version.digest)
    unused = {
        digest
        for digest in session.scalars(
            select(Picture.digest).where(Picture.digest.not_in(shown))
        )
        if digest not in waiting
    }
    rows = session.execute(select(Derivative.picture_digest, Derivative.digest)).all()
    needed = {digest for picture, digest in rows if picture not in unused}
    for picture in unused:
        session.execute(delete(Derivative).where(Derivative.picture_digest == picture))
        session.execute(delete(Picture).where(Picture.digest == picture))
    for picture, digest in rows:
        if picture in unused and digest not in needed:
            store.derivatives.forget(digest)


def _keep_submission(
    session: Session, contest_id: int, found: _Found, *, now: datetime, actor: str
) -> None:
    """Write what `decide` decided, and log it, unless it is written already."""
    claim, report = found.claim, found.report
    submission = session.scalar(
        select(Submission).where(
            Submission.contest_id == contest_id, Submission.entry == claim.number
        )
    )
    planned = report.version or 1
    is_written = _is_written(session, submission, found, now)
    is_new = submission is None
    is_late = not claim.withdrawn and (
        submission is None
        or (submission.withdrawn_at is not None and not submission.withdrawn_reason)
    )
    if submission is None:
        submission = Submission(contest_id=contest_id, entry=claim.number, version=0)
        session.add(submission)
    entry = claim.entry
    if is_new or entry.number is not None:
        submission.site_number = claim.site_number
    submission.designer, submission.title = entry.credits(
        submission.designer, submission.title
    )
    submission.revision_of = entry.revision_of or submission.revision_of
    if is_late:
        submission.withdrawn_at = None
    if not is_written:
        submission.version = planned
        submission.digest = claim.digest
        submission.file = entry.file
        session.flush()
        session.add(
            Version(
                submission_id=submission.id,
                number=planned,
                digest=claim.digest,
                file=entry.file,
                created_at=now,
            )
        )
    session.flush()
    stands = {}
    if is_late:
        stands = rounds.add_late_design(session, contest_id, submission)
    if is_late or not is_written:
        what = "imported" if is_new else "restored" if is_late else "changed"
        events.record_design(session, submission, what, actor=actor, now=now, **stands)
    if claim.withdrawn and submission.withdrawn_at is None:
        submission.withdrawn_at = now
        events.record_design(session, submission, "withdrawn", actor=actor, now=now)


def _is_written(
    session: Session,
    submission: Submission | None,
    found: _Found,
    now: datetime,
) -> bool:
    """Tell whether a version that was planned is there already, by our own hand.

    Raises:
        ImportStoppedError: the entry is no longer as it was when this was planned:
            another import touched it.
    """
    versions = (
        {}
        if submission is None
        else {
            version.number: version
            for version in session.scalars(
                select(Version).where(Version.submission_id == submission.id)
            )
        }
    )
    claim, report = found.claim, found.report
    planned = report.version or 1
    if planned == len(versions) + 1:
        return False
    # What came after it must be ours too, from before an interruption.
    ours = all(v.created_at == now for v in versions.values() if v.number > planned)
    as_planned = planned in versions and (
        report.status == "same" or versions[planned].digest == claim.digest
    )
    if ours and as_planned:
        return True
    raise ImportStoppedError(
        "Another import into this contest is running. Wait for it, then start "
        "this one again; what was imported so far is kept."
    )


def _withdraw(
    store: Store,
    contest_id: int,
    entries: Iterable[int],
    holdings: dict[int, Holding],
    *,
    said_by_list: bool = False,
    now: datetime | None,
    actor: str,
) -> list[FileReport]:
    """Withdraw what stands of `entries`, unless `now` is None; nothing is deleted."""
    gone = {n: holdings[n] for n in entries if not holdings[n].withdrawn}
    if gone and now is not None:
        with store.database.write() as session:
            rounds.refuse_in_review(session, contest_id)
            for submission in queries.submissions(session, contest_id):
                if submission.entry in gone:
                    submission.withdrawn_at = now
                    events.record_design(
                        session, submission, "withdrawn", actor=actor, now=now
                    )
            session.commit()
    for held in gone.values():
        held.withdrawn = True
    return [
        FileReport(
            held.file,
            "withdrawn",
            number,
            held.designer,
            reason=LIST_SAYS_SO if said_by_list else None,
            digest=held.digest,
        )
        for number, held in gone.items()
    ]
