"""Families: variants of one concept, which share one slot and one vote."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from logovote.errors import LogovoteError
from logovote.store import holding, queries
from logovote.store.models import Apart, Contest, Family, Phase, Submission


class FamilyError(LogovoteError):
    """A grouping is impossible or comes at the wrong time."""


class Proposed(Protocol):
    """Designs that look like one concept, to whoever has looked at the pictures."""

    @property
    def entries(self) -> tuple[int, ...]:
        """Their entry numbers."""

    @property
    def confidence(self) -> float:
        """How sure, from 0 to 1."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, in words for people."""


@dataclass(frozen=True)
class Grouping:
    """A family as it stands.

    Attributes:
        id: named after its lowest entry number.
        entries: the designs that stand in it.
        confirmed: whether it merges votes.
        confidence: how sure its proposal was or is, from 0 to 1.
        reasons: why it was or is proposed.
        joins: of a proposal, the confirmed family that its designs would join.
    """

    id: str
    entries: tuple[int, ...]
    confirmed: bool
    confidence: float | None = None
    reasons: tuple[str, ...] = ()
    joins: str | None = None

    @property
    def proposed(self) -> bool:
        """Whether somebody has to say if this is a family."""
        return not self.confirmed and (len(self.entries) > 1 or self.joins is not None)


def family_id(entries: Iterable[int]) -> str:
    """Name a family by its lowest entry number, as in f12."""
    return f"f{min(entries)}"


def groupings(session: Session, contest: Contest) -> list[Grouping]:
    """List every design in exactly one family; most families have one member.

    Two statements.
    """
    members: dict[int, list[int]] = defaultdict(list)
    result = []
    for submission in queries.submissions(session, contest.id):
        if submission.family_id is None:
            entry = submission.entry
            result.append(Grouping(family_id([entry]), (entry,), confirmed=False))
        else:
            members[submission.family_id].append(submission.entry)
    known = {family.id: family for family in queries.families(session, contest.id)}
    home = {
        entry: family_id(entries)
        for id_, entries in members.items()
        if known[id_].confirmed
        for entry in entries
    }
    for id_, entries in members.items():
        family = known[id_]
        joins = None if family.joins is None else home.get(family.joins)
        is_single = len(entries) == 1 and joins is None and not family.confirmed
        result.append(
            Grouping(
                family_id(entries),
                tuple(entries),
                confirmed=family.confirmed,
                confidence=None if is_single else family.confidence,
                reasons=() if is_single else tuple(json.loads(family.reasons)),
                joins=joins,
            )
        )
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
    everybody = queries.submissions(session, contest.id, withdrawn=True)
    ids = {submission.id for submission in chosen}
    # A family that moves as a whole takes its withdrawn members along: they may return.
    staying = {
        submission.family_id
        for submission in everybody
        if submission.withdrawn_at is None and submission.id not in ids
    }
    moved = {s.family_id for s in chosen} - staying - {None}
    chosen += [s for s in everybody if s.family_id in moved and s.id not in ids]
    family = Family(contest_id=contest.id, confirmed=True)
    if source := _proposal_of(session, contest, chosen):
        family.confidence, family.reasons = source.confidence, source.reasons
    session.add(family)
    session.flush()
    for submission in chosen:
        submission.family_id = family.id
    ids = {submission.id for submission in chosen}
    session.execute(
        delete(Apart).where(Apart.first_id.in_(ids), Apart.second_id.in_(ids))
    )
    drop_small(session, contest)
    return family


def _proposal_of(
    session: Session, contest: Contest, chosen: Sequence[Submission]
) -> Family | None:
    """Return the proposal that a merge agrees to, if it is one and the same."""
    ids = {submission.family_id for submission in chosen}
    if len(ids) > 1 or None in ids:
        return None
    family = next(f for f in queries.families(session, contest.id) if f.id in ids)
    return None if family.confirmed else family


def split(session: Session, contest: Contest, entries: Iterable[int]) -> None:
    """Let each of `entries` stand alone, and remember not to propose them again.

    Raises:
        FamilyError: nothing chosen, an unknown entry, or a round is running.
    """
    chosen = _chosen(session, contest, entries)
    if not chosen:
        raise FamilyError("Choose the designs that should stand alone.")
    members = _members(session, contest)
    home = {s.entry: id_ for id_, all_ in members.items() for s in all_}
    families = {f.id: f for f in queries.families(session, contest.id)}
    pairs = set()
    for submission in chosen:
        if submission.family_id is None:
            continue
        family = families[submission.family_id]
        relatives = list(members[family.id])
        if family.joins in home:
            relatives += members[home[family.joins]]
        pairs |= {
            (min(submission.id, other.id), max(submission.id, other.id))
            for other in relatives
            if other.id != submission.id
        }
    for submission in chosen:
        submission.family_id = None
    for first, second in sorted(pairs):
        session.merge(Apart(first_id=first, second_id=second))
    drop_small(session, contest)


def confirm_all(session: Session, contest: Contest) -> int:
    """Confirm every proposed family and return how many there were.

    Raises:
        FamilyError: a round is running.
    """
    refuse_while_running(session, contest)
    proposals = [g for g in groupings(session, contest) if g.proposed]
    homes = {g.id: g.entries for g in groupings(session, contest)}
    # Those that found a family first: what joins one keeps its name valid.
    for proposal in sorted(proposals, key=lambda each: each.joins is not None):
        joined = homes[proposal.joins] if proposal.joins else ()
        merge(session, contest, (*proposal.entries, *joined))
        if proposal.joins:
            homes[proposal.joins] = (*proposal.entries, *joined)
    return len(proposals)


def refresh_proposals(
    session: Session, contest: Contest, proposals: Iterable[Proposed]
) -> int:
    """Replace what is proposed, and return how many proposals there are now.

    What organisers decided is never touched: designs in a confirmed family stay in it
    (another design may be proposed to join them), and designs that were split are not
    put together again. Merges no votes, so it may happen while a round is open.
    """
    standing = {s.entry: s for s in queries.submissions(session, contest.id)}
    everybody = queries.submissions(session, contest.id, withdrawn=True)
    families = {f.id: f for f in queries.families(session, contest.id)}
    confirmed: dict[int, list[Submission]] = defaultdict(list)
    for submission in everybody:
        if submission.family_id is None:
            continue
        if families[submission.family_id].confirmed:
            confirmed[submission.family_id].append(submission)
        else:
            submission.family_id = None
    session.flush()
    session.execute(
        delete(Family).where(Family.contest_id == contest.id, ~Family.confirmed)
    )
    apart = apart_pairs(session, contest)
    number = 0
    for proposal in sorted(proposals, key=lambda each: -each.confidence):
        designs = [standing[e] for e in sorted(set(proposal.entries)) if e in standing]
        homes = {s.family_id for s in designs if s.family_id in confirmed}
        free = [s for s in designs if s.family_id is None]
        # Between two families that somebody made, we have nothing to say.
        home = confirmed[homes.pop()] if len(homes) == 1 else []
        joining = [s for s in free if home and not _any_apart(s, home, apart)]
        others = [s for s in free if s not in joining]
        for group in (joining, *_never_apart(others, apart)):
            if not group or (len(group) == 1 and group is not joining):
                continue
            family = Family(
                contest_id=contest.id,
                confidence=min(1.0, max(0.0, float(proposal.confidence))),
                reasons=json.dumps(list(proposal.reasons), ensure_ascii=False),
                joins=home[0].entry if group is joining else None,
            )
            session.add(family)
            session.flush()
            number += 1
            for submission in group:
                submission.family_id = family.id
    session.flush()
    return number


def apart_pairs(session: Session, contest: Contest) -> set[tuple[int, int]]:
    """Return the ids of every two submissions that somebody said are no variants."""
    rows = session.execute(
        select(Apart.first_id, Apart.second_id)
        .join(Submission, Submission.id == Apart.first_id)
        .where(Submission.contest_id == contest.id)
    )
    return {(first, second) for first, second in rows}


def _any_apart(
    design: Submission, others: Iterable[Submission], apart: set[tuple[int, int]]
) -> bool:
    return any(
        (min(design.id, other.id), max(design.id, other.id)) in apart
        for other in others
    )


def _never_apart(
    designs: Iterable[Submission], apart: set[tuple[int, int]]
) -> list[list[Submission]]:
    """Deal designs into groups that hold no two which were said to be apart."""
    groups: list[list[Submission]] = []
    for design in designs:
        for group in groups:
            if not _any_apart(design, group, apart):
                group.append(design)
                break
        else:
            groups.append([design])
    return groups


def _chosen(
    session: Session, contest: Contest, entries: Iterable[int]
) -> list[Submission]:
    """Find the submissions with these entry numbers."""
    refuse_while_running(session, contest)
    known = {
        submission.entry: submission
        for submission in queries.submissions(session, contest.id)
    }
    wanted = sorted(set(entries))
    for entry in wanted:
        if entry not in known:
            raise FamilyError(f"There is no design number {entry} in this contest.")
    return [known[entry] for entry in wanted]


def is_frozen(session: Session, contest: Contest) -> bool:
    """Tell whether a round is running, so that families stay as they are."""
    return queries.has_round_in(session, contest.id, Phase.OPEN, Phase.CLOSED)


def refuse_while_running(session: Session, contest: Contest) -> None:
    """Refuse any change of families between the opening of a round and its count.

    Raises:
        FamilyError: a round is running.
    """
    # Nobody opens a round, and so freezes the families, before the change is done.
    holding.hold_contest(session, contest.id)
    if is_frozen(session, contest):
        raise FamilyError(
            "Families are frozen while a round is running; change them when it is "
            "counted."
        )


def _members(session: Session, contest: Contest) -> dict[int, list[Submission]]:
    """Return who is in each family, withdrawn ones too."""
    session.flush()
    members: dict[int, list[Submission]] = defaultdict(list)
    for submission in queries.submissions(session, contest.id, withdrawn=True):
        if submission.family_id is not None:
            members[submission.family_id].append(submission)
    return members


def drop_small(session: Session, contest: Contest) -> None:
    """Dissolve families left with one member, and proposals to join what is gone."""
    members = _members(session, contest)
    families = {f.id: f for f in queries.families(session, contest.id)}
    confirmed = {
        submission.entry
        for id_, all_ in members.items()
        if families[id_].confirmed and len(all_) > 1
        for submission in all_
    }
    for family in families.values():
        if not family.confirmed and family.joins not in confirmed:
            family.joins = None
        if len(members[family.id]) >= (1 if family.joins else 2):
            continue
        for submission in members[family.id]:
            submission.family_id = None
        session.flush()
        session.execute(delete(Family).where(Family.id == family.id))
    session.flush()
