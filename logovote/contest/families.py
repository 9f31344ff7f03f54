"""Families: variants of one concept, which share one slot and one vote."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete
from sqlalchemy.orm import Session

from logovote.errors import LogovoteError
from logovote.store import queries
from logovote.store.models import Contest, Family, Phase, Submission


class FamilyError(LogovoteError):
    """A grouping is impossible or comes at the wrong time."""


@dataclass(frozen=True)
class Grouping:
    """A family as it stands: its id, its entry numbers, whether it merges votes."""

    id: str
    entries: tuple[int, ...]
    confirmed: bool


def family_id(entries: Iterable[int]) -> str:
    """Name a family by its lowest entry number, as in f12."""
    return f"f{min(entries)}"


def groupings(session: Session, contest: Contest) -> list[Grouping]:
    """List every design in exactly one family; most families have one member."""
    members: dict[int, list[int]] = defaultdict(list)
    result = []
    for submission in queries.submissions(session, contest.id):
        if submission.family_id is None:
            entry = submission.entry
            result.append(Grouping(family_id([entry]), (entry,), confirmed=False))
        else:
            members[submission.family_id].append(submission.entry)
    confirmed = {
        family.id: family.confirmed for family in queries.families(session, contest.id)
    }
    result += [
        Grouping(family_id(entries), tuple(entries), confirmed[id_])
        for id_, entries in members.items()
    ]
    return sorted(result, key=lambda grouping: grouping.entries)


def designs_apart(groupings: Iterable[Grouping]) -> int:
    """Count designs with the variants of a confirmed family taken as one."""
    return sum(1 if g.confirmed else len(g.entries) for g in groupings)


def family_of_each(
    session: Session, contest: Contest, submissions: Sequence[Submission]
) -> dict[int, str]:
    """Map each submission's id to a family id; unconfirmed families merge nothing."""
    confirmed = {
        family.id
        for family in queries.families(session, contest.id)
        if family.confirmed
    }
    entries: dict[int, list[int]] = defaultdict(list)
    for submission in submissions:
        if submission.family_id in confirmed:
            entries[submission.family_id].append(submission.entry)
    return {
        submission.id: family_id(entries[submission.family_id])
        if submission.family_id in confirmed
        else family_id([submission.entry])
        for submission in submissions
    }


def merge(session: Session, contest: Contest, entries: Iterable[int]) -> Family:
    """Make one confirmed family of `entries`, taking them out of any other.

    Raises:
        FamilyError: fewer than two designs, an unknown entry, or a round is running.
    """
    chosen = _chosen(session, contest, entries)
    if len(chosen) < 2:
        raise FamilyError("Choose at least two designs that are one concept.")
    family = Family(contest_id=contest.id, confirmed=True)
    session.add(family)
    session.flush()
    for submission in chosen:
        submission.family_id = family.id
    _drop_small(session, contest)
    return family


def split(session: Session, contest: Contest, entries: Iterable[int]) -> None:
    """Let each of `entries` stand alone.

    Raises:
        FamilyError: nothing chosen, an unknown entry, or a round is running.
    """
    chosen = _chosen(session, contest, entries)
    if not chosen:
        raise FamilyError("Choose the designs that should stand alone.")
    for submission in chosen:
        submission.family_id = None
    _drop_small(session, contest)


def confirm_all(session: Session, contest: Contest) -> int:
    """Confirm every proposed family and return how many there were.

    Raises:
        FamilyError: a round is running.
    """
    _refuse_while_running(session, contest)
    proposed = [
        family
        for family in queries.families(session, contest.id)
        if not family.confirmed
    ]
    for family in proposed:
        family.confirmed = True
    session.flush()
    return len(proposed)


def _chosen(
    session: Session, contest: Contest, entries: Iterable[int]
) -> list[Submission]:
    """Find the submissions with these entry numbers."""
    _refuse_while_running(session, contest)
    known = {
        submission.entry: submission
        for submission in queries.submissions(session, contest.id)
    }
    wanted = sorted(set(entries))
    for entry in wanted:
        if entry not in known:
            raise FamilyError(f"There is no design number {entry} in this contest.")
    return [known[entry] for entry in wanted]


def _refuse_while_running(session: Session, contest: Contest) -> None:
    if queries.has_round_in(session, contest.id, Phase.OPEN, Phase.CLOSED):
        raise FamilyError(
            "Families are frozen while a round is running; change them when it is "
            "counted."
        )


def _drop_small(session: Session, contest: Contest) -> None:
    """Dissolve families left with one member."""
    session.flush()
    members: dict[int, list[Submission]] = defaultdict(list)
    for submission in queries.submissions(session, contest.id, withdrawn=True):
        if submission.family_id is not None:
            members[submission.family_id].append(submission)
    for family in queries.families(session, contest.id):
        left = members[family.id]
        if len(left) < 2:
            for submission in left:
                submission.family_id = None
            session.flush()
            session.execute(delete(Family).where(Family.id == family.id))
