"""Pictures taken out for good, once a contest is over; numbers and fingerprints stay.

Designs that were not bought are their designers' property.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from logovote.contest import deciding, events, rights, withdrawing
from logovote.contest.contests import contest_by_slug
from logovote.errors import LogovoteError
from logovote.store import holding, queries
from logovote.store.models import (
    Contest,
    Derivative,
    Event,
    Phase,
    Picture,
    Submission,
    Version,
)
from logovote.store.store import Store

AFTER_COUNT = timedelta(days=7)
"""How long after a count pictures stay, for whoever goes on to another round."""


class PurgeError(LogovoteError):
    """The pictures cannot be removed now."""


@dataclass(frozen=True)
class Gone:
    """What was removed, and the files that can be forgotten once that is true."""

    entries: list[int]
    originals: list[str]
    derivatives: list[str]

    def forget(self, store: Store) -> None:
        """Delete the files. Call it after the commit: a file comes back no more."""
        for digest in self.originals:
            store.originals.forget(digest)
        for digest in self.derivatives:
            store.derivatives.forget(digest)


def due(session: Session, contest: Contest, now: datetime) -> list[int]:
    """List the designs whose pictures are removed by now, because their day has come.

    Those that a published decision names stay: they are what the contest was for.
    """
    leaving = leave_at(session, contest, now)
    if leaving is None or leaving > now:
        return []
    decided = {
        entry
        for round_ in queries.rounds(session, contest.id)
        if round_.result is not None
        and (verdict := deciding.current(session, round_, published=True)) is not None
        for entry in verdict.entries
    }
    return [e for e in with_pictures(session, contest) if e not in decided]


def leave_at(session: Session, contest: Contest, now: datetime) -> datetime | None:
    """Return when pictures whose day has come are removed; None if it has not come.

    None while a round is running, too. After a count they stay for some days, unless
    the decision is public: whoever goes on to another round needs them, and nothing
    brings them back.
    """
    if not rights.is_due(contest, now) or queries.has_round_in(
        session, contest.id, Phase.OPEN, Phase.CLOSED
    ):
        return None
    last = queries.latest_counted(session, contest.id)
    if last is None or deciding.current(session, last, published=True) is not None:
        return now
    counted_at = session.scalar(
        select(Event.at)
        .where(Event.contest_id == contest.id, Event.kind == "round.counted")
        .order_by(Event.seq.desc())
        .limit(1)
    )
    return (
        now if counted_at is None else datetime.fromisoformat(counted_at) + AFTER_COUNT
    )


def with_pictures(session: Session, contest: Contest) -> list[int]:
    """List the designs that still have pictures, withdrawn ones too."""
    submissions = queries.submissions(session, contest.id, withdrawn=True)
    kept = queries.with_derivatives(session, {each.digest for each in submissions})
    return [each.entry for each in submissions if each.digest in kept]


def purge_due(store: Store, now: datetime) -> int:
    """Remove the pictures whose day has come, in every contest; return how many.

    Commits once per contest: files that are gone come back no more.
    """
    with store.database.read() as session:
        slugs = [c.slug for c in queries.contests(session) if due(session, c, now)]
    removed = 0
    for slug in slugs:
        with store.database.write() as session:
            contest = contest_by_slug(session, slug)
            holding.hold_contest(session, contest.id)
            gone = purge(session, contest, due(session, contest, now), now=now)
            session.commit()
        gone.forget(store)
        removed += len(gone.originals)
    return removed


def take_down(
    session: Session,
    contest: Contest,
    entry: int,
    reason: str,
    *,
    who: str,
    actor: str = events.SYSTEM,
    now: datetime,
) -> Gone:
    """Withdraw a design and remove its pictures at once, in a running round, too.

    Raises:
        WithdrawalError: there is no such design, or no reason is given.
        RoundError: a round is closed and waits for its count.
    """
    design = queries.submission(session, contest.id, entry)
    if design is None or design.withdrawn_at is None or not design.withdrawn_reason:
        withdrawing.withdraw(
            session, contest, entry, reason, who=who, actor=actor, now=now
        )
    return purge(session, contest, {entry}, actor=actor, now=now)


def purge(
    session: Session,
    contest: Contest,
    entries: Collection[int],
    *,
    actor: str = events.SYSTEM,
    now: datetime,
) -> Gone:
    """Remove every version's picture of some designs.

    A picture that another design shows, in any contest, stays. Flushes, does not
    commit.

    Raises:
        PurgeError: there is no such design, or it stands while a round is running.
    """
    designs = {
        each.entry: each
        for each in queries.submissions(session, contest.id, withdrawn=True)
    }
    if strangers := sorted(set(entries) - designs.keys()):
        raise PurgeError(f"There is no design number {strangers[0]} in this contest.")
    chosen = [designs[entry] for entry in sorted(entries)]
    if any(design.withdrawn_at is None for design in chosen) and queries.has_round_in(
        session, contest.id, Phase.OPEN, Phase.CLOSED
    ):
        raise PurgeError(
            "A round is running, and people must see what they vote on. Withdraw a "
            "design, or wait for the count, before you remove pictures."
        )
    ids = [design.id for design in chosen]
    theirs = select(Version.digest).where(Version.submission_id.in_(ids))
    others = (
        select(Version.digest)
        .where(Version.submission_id.not_in(ids))
        .union(select(Submission.digest).where(Submission.id.not_in(ids)))
    )
    gone = set(session.scalars(theirs)) | {design.digest for design in chosen}
    gone -= set(session.scalars(others))
    gone &= queries.with_derivatives(session, gone)
    made = select(Derivative.digest)
    files = set(session.scalars(made.where(Derivative.picture_digest.in_(gone))))
    files -= set(session.scalars(made.where(Derivative.picture_digest.not_in(gone))))
    session.execute(delete(Derivative).where(Derivative.picture_digest.in_(gone)))
    session.execute(
        update(Picture).where(Picture.digest.in_(gone)).values(likeness=None)
    )
    removed = [design for design in chosen if design.digest in gone]
    for design in removed:
        events.record_design(session, design, "pictures-removed", actor=actor, now=now)
    return Gone([design.entry for design in removed], sorted(gone), sorted(files))
