"""Families changed by hand: who did what, and taking the last of it back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.orm import Session

from logovote.contest import events, families
from logovote.contest.families import FamilyError
from logovote.store import queries
from logovote.store.models import Apart, Contest, DesignChange, Event, Family

Deed = Literal["merge", "split", "confirm"]


@dataclass(frozen=True)
class _Kept:
    """A family as undoing needs it, in terms that outlive its row."""

    entries: tuple[int, ...]
    confirmed: bool
    confidence: float | None
    reasons: str
    joins: int | None


@dataclass(frozen=True)
class _State:
    """All families of a contest, and who was said to be apart, by entry numbers."""

    families: frozenset[_Kept]
    apart: frozenset[tuple[int, int]]


def regroup(
    session: Session,
    contest: Contest,
    deed: Deed,
    entries: Iterable[int] = (),
    *,
    who: str,
    now: datetime,
    actor: str = events.SYSTEM,
) -> str:
    """Change families by hand, write down who did it, and say in words what was done.

    Args:
        session: a writing session.
        contest: the contest.
        deed: "merge" makes one family of `entries`, "split" lets each stand alone,
            "confirm" agrees to every proposal.
        entries: the designs, by their entry numbers.
        who: who does it.
        now: when.
        actor: who does it, as the public log says it.

    Raises:
        FamilyError: it makes no sense, or a round is running.
    """
    entries = sorted(set(entries))
    before = _state(session, contest)
    if deed == "merge":
        families.merge(session, contest, entries)
        what = f"{_listed(entries)} are one family."
    elif deed == "split":
        families.split(session, contest, entries)
        verb = "stands" if len(entries) == 1 else "each stand"
        what = f"{_listed(entries)} {verb} alone."
    else:
        number = families.confirm_all(session, contest)
        noun = "proposal" if number == 1 else "proposals"
        what = f"{number} {noun} confirmed."
    after = _state(session, contest)
    if before != after:
        session.add(
            DesignChange(
                contest_id=contest.id,
                at=now,
                who=who,
                what=what,
                undo=json.dumps(_way_back(before, after)),
            )
        )
        _record(session, contest, deed, entries, actor=actor, now=now)
    return what


def undo(
    session: Session,
    contest: Contest,
    *,
    who: str,
    now: datetime,
    actor: str = events.SYSTEM,
) -> str:
    """Take back the last change of families that was not taken back yet.

    Raises:
        FamilyError: there is none since the last round was opened, or one is running.
    """
    families.refuse_while_running(session, contest)
    change = last_change(session, contest)
    if change is None or change.undo is None:
        raise FamilyError("There is nothing to take back.")
    way = json.loads(change.undo)
    by_entry = {
        submission.entry: submission
        for submission in queries.submissions(session, contest.id, withdrawn=True)
    }
    for entry in way["touched"]:
        by_entry[entry].family_id = None
    for values in way["families"]:
        members = values.pop("entries")
        family = Family(contest_id=contest.id, **values)
        session.add(family)
        session.flush()
        for entry in members:
            by_entry[entry].family_id = family.id
    for first, second in way["apart"]:
        session.merge(Apart(first_id=by_entry[first].id, second_id=by_entry[second].id))
    together = [(by_entry[a].id, by_entry[b].id) for a, b in way["together"]]
    if together:
        session.execute(
            delete(Apart).where(
                or_(
                    *(
                        and_(Apart.first_id == first, Apart.second_id == second)
                        for first, second in together
                    )
                )
            )
        )
    families.drop_small(session, contest)
    change.undo = None
    what = f"Taken back: {change.what}"
    session.add(DesignChange(contest_id=contest.id, at=now, who=who, what=what))
    _record(session, contest, "undo", way["touched"], actor=actor, now=now)
    return what


def _record(
    session: Session,
    contest: Contest,
    deed: str,
    entries: Iterable[int],
    *,
    actor: str,
    now: datetime,
) -> None:
    """Log a change with the families as they are now."""
    standing = [
        list(grouping.entries)
        for grouping in families.groupings(session, contest)
        if grouping.confirmed
    ]
    payload = {"deed": deed, "entries": list(entries), "families": standing}
    events.record(
        session, contest.id, "families.changed", payload, actor=actor, now=now
    )


def touched_since(
    session: Session, contest: Contest, seq: int, *, but_by: str
) -> set[int] | None:
    """Return whose families others have changed since an event of the contest's log.

    Args:
        session: a session.
        contest: the contest.
        seq: the event's number.
        but_by: an actor whose own changes do not count.

    Returns:
        Entry numbers; None if it was all of them.
    """
    found: set[int] = set()
    for payload in session.scalars(
        select(Event.payload).where(
            Event.contest_id == contest.id,
            Event.seq > seq,
            Event.kind == "families.changed",
            Event.actor != but_by,
        )
    ):
        change = json.loads(payload)
        if change["deed"] == "confirm":
            return None
        found.update(change["entries"])
    return found


def last_change(session: Session, contest: Contest) -> DesignChange | None:
    """Return the change of families that `undo` would take back.

    What was decided before a round opened was in force in it, so it is not undone as
    a slip of the hand.
    """
    query = select(DesignChange).where(
        DesignChange.contest_id == contest.id, DesignChange.undo.is_not(None)
    )
    rounds = queries.rounds(session, contest.id)
    if rounds:
        query = query.where(DesignChange.at > rounds[-1].opened_at)
    return session.scalar(query.order_by(DesignChange.id.desc()).limit(1))


def changes(session: Session, contest: Contest) -> Sequence[DesignChange]:
    """List everything that was done to designs by hand, the newest first."""
    return session.scalars(
        select(DesignChange)
        .where(DesignChange.contest_id == contest.id)
        .order_by(DesignChange.id.desc())
    ).all()


def _state(session: Session, contest: Contest) -> _State:
    """Read all families, with their withdrawn members. Three statements."""
    session.flush()
    everybody = queries.submissions(session, contest.id, withdrawn=True)
    entry_of = {submission.id: submission.entry for submission in everybody}
    return _State(
        frozenset(
            _Kept(
                tuple(s.entry for s in everybody if s.family_id == family.id),
                family.confirmed,
                family.confidence,
                family.reasons,
                family.joins,
            )
            for family in queries.families(session, contest.id)
        ),
        frozenset(
            (entry_of[first], entry_of[second])
            for first, second in families.apart_pairs(session, contest)
        ),
    )


def _way_back(before: _State, after: _State) -> dict[str, Any]:
    """Describe how to get from `after` to `before`, naming only what differs."""
    differing = before.families ^ after.families
    return {
        "touched": sorted({entry for family in differing for entry in family.entries}),
        "families": [
            vars(family) for family in sorted(before.families - after.families, key=_by)
        ],
        "apart": sorted(before.apart - after.apart),
        "together": sorted(after.apart - before.apart),
    }


def _by(family: _Kept) -> tuple[int, ...]:
    return family.entries


def _listed(entries: Sequence[int]) -> str:
    """Write entry numbers as people say them: 3, 5 and 12."""
    *most, last = map(str, entries)
    return f"{', '.join(most)} and {last}" if most else last
