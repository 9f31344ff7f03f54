"""Voters who are designers: a vote for one's own design does not count.

This is where that is read; `contest.recusing` is where it is said.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from logovote.contest import ledger
from logovote.store import queries
from logovote.store.models import (
    Contest,
    Family,
    Kind,
    Recusal,
    Round,
    Submission,
    Voter,
)


@dataclass(frozen=True)
class Own:
    """What a voter has a hand in, of what stands in a round.

    Attributes:
        families: their families.
        ids: what a ballot may name of these: families and variants.
        counts: whether the voter's ballot counts at all. In a shortlist round it does,
            without the own families; a ranking says of every design how it stands to
            the own ones, so it does not.
    """

    families: frozenset[str]
    ids: frozenset[str]
    counts: bool

    def without(self, items: list[Any]) -> list[Any]:
        """Return what a ballot says that counts."""
        return [id_ for id_ in items if id_ not in self.ids] if self.counts else []


def own_of_all(session: Session, round_: Round) -> dict[int, Own]:
    """Map voters to what they have a hand in, of a round; others are left out.

    As of its close, or as of now while it is open. Six statements at most.
    """
    if round_.recused is not None:
        families = json.loads(round_.recused)
        return _own_of_families(
            session, round_, {int(v): families[v] for v in families}
        )
    marks = session.scalars(
        select(Recusal)
        .join(Voter, Voter.id == Recusal.voter_id)
        .where(Voter.contest_id == round_.contest_id)
        .order_by(Recusal.id)
    )
    return _own(session, round_, marks.all())


def own_of(session: Session, round_: Round, voter: Voter | None) -> Own | None:
    """Return what a voter has a hand in, of a round; None is nothing."""
    if voter is None:
        return None
    if round_.recused is not None:
        return own_of_all(session, round_).get(voter.id)
    marks = session.scalars(select(Recusal).where(Recusal.voter_id == voter.id)).all()
    return _own(session, round_, marks).get(voter.id)


def frozen(session: Session, round_: Round) -> str:
    """Write down whose own families are which, for good: see `Round.recused`."""
    own = own_of_all(session, round_)
    return json.dumps({voter: sorted(each.families) for voter, each in own.items()})


def marked(session: Session, contest: Contest) -> list[Recusal]:
    """List a contest's marks with their voters and people. One statement."""
    rows = session.scalars(
        select(Recusal)
        .join(Recusal.voter)
        .where(Voter.contest_id == contest.id)
        .options(joinedload(Recusal.voter).joinedload(Voter.person))
        .order_by(Recusal.id)
    )
    return list(rows)


def as_published(session: Session, round_: Round) -> list[dict[str, Any]]:
    """Say who is recused from what in a round, by ids that only we can resolve."""
    contest = session.get_one(Contest, round_.contest_id)
    marks = marked(session, contest)
    own = own_of_all(session, round_)
    rows = {
        ledger.roll_id(contest.roll_salt, mark.voter.person.key): mark.voter_id
        for mark in marks
    }
    return [
        {"voter": id_, "families": sorted(own[voter].families) if voter in own else []}
        for id_, voter in sorted(rows.items())
    ]


def _own(session: Session, round_: Round, marks: Iterable[Recusal]) -> dict[int, Own]:
    """Find the families of marks among those of a round."""
    if not (marks := list(marks)):
        return {}
    designs = _designs(session, round_)
    families: dict[int, set[str]] = {}
    for mark in marks:
        families.setdefault(mark.voter_id, set()).update(
            family
            for design in designs
            if design.entry == mark.entry
            or (mark.designer and design.designer == mark.designer)
            for family in design.families
        )
    return _own_of_families(session, round_, families)


@dataclass(frozen=True)
class _Made:
    """A design of the contest, whether it stands in a round or a variant does."""

    entry: int
    designer: str | None
    families: Collection[str]


def _designs(session: Session, round_: Round) -> list[_Made]:
    """Say of every design under which families it has a part in a round.

    In a shortlist all variants stand; those withdrawn may come back. In a ranking one
    stands for its family: for what it was a variant of in the shortlist, and for what
    is one family now. Where it is withdrawn, nobody has a part in it any more.
    """
    is_ranking = round_.kind is Kind.RANKING
    standing = {
        candidacy.submission.entry: candidacy.family
        for candidacy in queries.candidacies(
            session, round_.id, withdrawn=not is_ranking
        )
    }
    rows = session.execute(
        select(Submission.entry, Submission.designer, Family.id)
        .outerjoin(Family, (Family.id == Submission.family_id) & Family.confirmed)
        .where(Submission.contest_id == round_.contest_id)
    ).all()
    families = {entry: {family} for entry, family in standing.items()}
    if is_ranking:
        shortlist = queries.latest_counted(session, round_.contest_id, Kind.SHORTLIST)
        earlier = [] if shortlist is None else queries.slate(session, shortlist.id)
        for family_of in (
            {entry: family for entry, family, _ in earlier},
            {entry: family for entry, _, family in rows if family is not None},
        ):
            stand: dict[str | int, set[str]] = {}
            for entry in standing.keys() & family_of.keys():
                stand.setdefault(family_of[entry], set()).add(standing[entry])
            for entry, family in family_of.items():
                families.setdefault(entry, set()).update(stand.get(family, ()))
    return [
        _Made(entry, designer, families.get(entry, ())) for entry, designer, _ in rows
    ]


def _own_of_families(
    session: Session, round_: Round, families: Mapping[int, Collection[str]]
) -> dict[int, Own]:
    if not any(families.values()):
        return {}
    candidacies = queries.candidacies(session, round_.id, withdrawn=True)
    return {
        voter_id: Own(
            families=frozenset(own),
            ids=frozenset(own)
            | {
                str(candidacy.submission.entry)
                for candidacy in candidacies
                if candidacy.family in own
            },
            counts=round_.kind is Kind.SHORTLIST,
        )
        for voter_id, own in families.items()
        if own
    }
