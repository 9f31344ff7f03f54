"""What voters have seen of a round, were dealt, and noted besides voting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from logovote.store.models import (
    Ballot,
    Candidacy,
    Group,
    Look,
    Submission,
    Version,
    Voter,
)
from logovote.store.session import insert_into


@dataclass(frozen=True)
class Standing:
    """When a family of a round came in, and when it was last changed or joined."""

    arrived_at: datetime
    changed_at: datetime


def standing_families(session: Session, round_id: int) -> dict[str, Standing]:
    """Map each family that stands in a round to its dates. One statement."""
    rows = session.execute(
        select(
            Candidacy.family,
            func.min(Version.created_at),
            func.max(Version.created_at),
        )
        .join(Submission, Submission.id == Candidacy.submission_id)
        .join(Version, Version.submission_id == Submission.id)
        .where(Candidacy.round_id == round_id, Submission.withdrawn_at.is_(None))
        .group_by(Candidacy.family)
    )
    return {family: Standing(arrived, changed) for family, arrived, changed in rows}


def looks(session: Session, round_id: int, voter_id: int) -> Sequence[Look]:
    """List what a voter did with the designs of a round, besides voting."""
    return session.scalars(
        select(Look)
        .where(Look.round_id == round_id, Look.voter_id == voter_id)
        # `upsert_looks` goes past what the session remembers.
        .execution_options(populate_existing=True)
    ).all()


def upsert_looks(
    session: Session, rows: Sequence[Mapping[str, object]], *, update: Sequence[str]
) -> None:
    """Write rows of `Look`, changing only `update` where there is one. One statement.

    Args:
        session: a writing session.
        rows: the same columns each, those of the key among them.
        update: the columns to change where the row is there already.
    """
    if not rows:
        return
    # In one order for everybody, so that no two transactions wait for each other.
    ordered = sorted(rows, key=lambda row: str(row["family"]))
    statement = insert_into(session, Look).values(
        [{"not_for_me": False, "note": "", **row} for row in ordered]
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["round_id", "voter_id", "family"],
            set_={name: statement.excluded[name] for name in update},
        )
    )


def views(
    session: Session, round_id: int, dealt_since: datetime
) -> dict[tuple[str, int], int]:
    """Count who has seen each family as it is now, or is about to, by group id.

    One statement. Voters of weight 0 are left out: they are not counted either.

    Args:
        session: any session.
        round_id: the round.
        dealt_since: deals older than this no longer count, unless they were seen.
    """
    changed = (
        select(Candidacy.family, func.max(Version.created_at).label("at"))
        .join(Version, Version.submission_id == Candidacy.submission_id)
        .where(Candidacy.round_id == round_id)
        .group_by(Candidacy.family)
        .subquery()
    )
    rows = session.execute(
        select(Look.family, Voter.group_id, func.count())
        .join(Voter, Voter.id == Look.voter_id)
        .join(changed, changed.c.family == Look.family)
        .where(
            Look.round_id == round_id,
            Voter.weight != Fraction(0),
            or_(
                Look.seen_at >= changed.c.at,
                and_(Look.dealt_at >= changed.c.at, Look.dealt_at > dealt_since),
            ),
        )
        .group_by(Look.family, Voter.group_id)
    )
    return {(family, group_id): int(count) for family, group_id, count in rows}


def deals_after(
    session: Session, round_id: int, moment: datetime
) -> dict[tuple[str, int], int]:
    """Count whom each family was dealt to at `moment` or later, as `views` does."""
    rows = session.execute(
        select(Look.family, Voter.group_id, func.count())
        .join(Voter, Voter.id == Look.voter_id)
        .where(
            Look.round_id == round_id,
            Look.dealt_at >= moment,
            Voter.weight != Fraction(0),
        )
        .group_by(Look.family, Voter.group_id)
    )
    return {(family, group_id): int(count) for family, group_id, count in rows}


def coverage(session: Session, round_id: int) -> dict[str, int]:
    """Count who has seen each family of a round; nothing of what ballots say.

    One statement. Voters of weight 0 are left out.
    """
    rows = session.execute(
        select(Look.family, func.count())
        .join(Voter, Voter.id == Look.voter_id)
        .where(
            Look.round_id == round_id,
            Look.seen_at.is_not(None),
            Voter.weight != Fraction(0),
        )
        .group_by(Look.family)
    )
    return {family: int(count) for family, count in rows}


@dataclass(frozen=True)
class SeenBallot:
    """A ballot beside the families its voter saw; None where nothing was logged."""

    voter_id: int
    choice: str
    group: str
    weight: Fraction
    seen: frozenset[str] | None


def seen_ballots(
    session: Session, round_id: int, *, set_aside: bool = False
) -> Iterator[SeenBallot]:
    """Yield the counted ballots of voters with what each saw. One statement.

    Those that were set aside are among them if asked for.
    """
    rows = session.execute(
        select(
            Voter.id,
            Ballot.choice,
            Group.name,
            Voter.weight,
            func.aggregate_strings(Look.family, ","),
        )
        .join(Voter, Voter.id == Ballot.voter_id)
        .join(Group, Group.id == Voter.group_id)
        .outerjoin(
            Look,
            (Look.round_id == Ballot.round_id)
            & (Look.voter_id == Ballot.voter_id)
            & Look.seen_at.is_not(None),
        )
        .where(
            Ballot.round_id == round_id,
            Ballot.choice != "[]",
            Voter.weight != Fraction(0),
            *([] if set_aside else [Ballot.set_aside.is_(None)]),
        )
        .group_by(Ballot.id, Voter.id, Ballot.choice, Group.name, Voter.weight)
        .order_by(Ballot.id)
        # One by one: there may be a million.
        .execution_options(yield_per=1000)
    )
    for voter_id, choice, group, weight, seen in rows:
        saw = None if seen is None else frozenset(seen.split(","))
        yield SeenBallot(voter_id, choice, group, weight, saw)
