"""What became of the designs on a voter's ballot since they saved it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from logovote.contest import casting
from logovote.store.models import Ballot, Candidacy, Phase, Round, Submission, Version


@dataclass(frozen=True)
class Withdrawn:
    """A design that left, and what the organiser said about it ("" for nothing)."""

    entry: int
    reason: str


@dataclass(frozen=True)
class News:
    """What a voter has to be told; empty once they have saved their ballot again.

    Attributes:
        changed: entries on the ballot whose picture is a newer version now. The vote
            stays with the entry.
        withdrawn: designs on the ballot that were taken out of the contest, and so
            out of the ballot.
    """

    changed: tuple[int, ...] = ()
    withdrawn: tuple[Withdrawn, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changed or self.withdrawn)


def since_last_save(session: Session, round_: Round, ballot: Ballot | None) -> News:
    """Tell what happened to the designs on a ballot after it was saved.

    A family on the ballot stands for all its variants. Once the round is counted there
    is no more news: the result holds the designs as they stood. One statement, or none.
    """
    if ballot is None or round_.phase not in {Phase.OPEN, Phase.CLOSED}:
        return News()
    chosen = casting.ids_of(casting.items_of(ballot))
    if not chosen:
        return News()
    newest = func.max(Version.created_at)
    rows = session.execute(
        select(
            Submission.entry,
            Candidacy.family,
            Submission.withdrawn_at,
            Submission.withdrawn_reason,
        )
        .join(Candidacy, Candidacy.submission_id == Submission.id)
        .join(
            Version,
            and_(Version.submission_id == Submission.id, Version.number > 1),
            isouter=True,
        )
        .where(Candidacy.round_id == round_.id)
        .group_by(
            Submission.id,
            Submission.entry,
            Candidacy.family,
            Submission.withdrawn_at,
            Submission.withdrawn_reason,
        )
        .having(
            or_(newest > ballot.saved_at, Submission.withdrawn_at > ballot.saved_at)
        )
        .order_by(Submission.entry)
    )
    changed, withdrawn = [], []
    for entry, family, withdrawn_at, reason in rows:
        if not chosen & {str(entry), family}:
            continue
        if withdrawn_at is None:
            changed.append(entry)
        elif withdrawn_at > ballot.saved_at:
            withdrawn.append(Withdrawn(entry, reason))
    return News(tuple(changed), tuple(withdrawn))
