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
from logovote.store.models import Contest, Kind, Recusal, Round, Voter


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

    As of its close, or as of now while it is open. Two statements at most.
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
    """Find the families of marks, with those withdrawn: they may come back."""
    if not (marks := list(marks)):
        return {}
    candidacies = queries.candidacies(session, round_.id, withdrawn=True)
    families: dict[int, set[str]] = {}
    for mark in marks:
        families.setdefault(mark.voter_id, set()).update(
            candidacy.family
            for candidacy in candidacies
            if candidacy.submission.entry == mark.entry
            or (mark.designer and candidacy.submission.designer == mark.designer)
        )
    return _own_of_families(session, round_, families)


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
