"""The organiser's decision beside the community's, with a reason if it differs.

A vote advises. Whoever decides otherwise says so, and why, where everybody reads it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from logovote.contest import events, opening, rounds
from logovote.contest.results import Result, result_of
from logovote.errors import LogovoteError
from logovote.store.models import Contest, Decision, Phase, Round

_LONGEST_REASON = 2000


class DecisionError(LogovoteError):
    """The decision cannot be recorded, or published, like that."""


@dataclass(frozen=True)
class Verdict:
    """What was decided.

    Attributes:
        entries: the designs, in the order of the result; none means "none of these".
        differs: whether the community's order puts others first.
        reason: why; never empty where it differs.
    """

    entries: tuple[int, ...]
    differs: bool
    reason: str
    made_at: datetime
    published_at: datetime | None

    def as_json(self) -> dict[str, Any]:
        """Return it as commands print it."""
        published = self.published_at
        return {
            "entries": list(self.entries),
            "differs": self.differs,
            "reason": self.reason,
            "published": None if published is None else events.written(published),
        }


def current(
    session: Session, round_: Round, *, published: bool = False
) -> Verdict | None:
    """Return the newest decision beside a round's result, if there is one.

    Args:
        session: any session.
        round_: a counted round.
        published: only what everybody may read.
    """
    rows = [
        row
        for row in _rows(session, round_)
        if row.published_at is not None or not published
    ]
    return _verdict(rows[-1], result_of(round_)) if rows else None


def earlier(session: Session, round_: Round) -> list[Verdict]:
    """Return the published decisions that a newer published one took the place of."""
    rows = [row for row in _rows(session, round_) if row.published_at is not None]
    result = result_of(round_)
    return [_verdict(row, result) for row in rows[:-1]]


def _rows(session: Session, round_: Round) -> Sequence[Decision]:
    return session.scalars(
        select(Decision).where(Decision.round_id == round_.id).order_by(Decision.id)
    ).all()


def _verdict(row: Decision, result: Result) -> Verdict:
    entries = tuple(json.loads(row.entries))
    return Verdict(
        entries, differs(result, entries), row.reason, row.made_at, row.published_at
    )


def differs(result: Result, entries: Sequence[int]) -> bool:
    """Tell whether a choice is another one than the community's.

    It is the community's if nothing that was left out stands above anything chosen.
    Places that are shared may be broken either way. "None of these" is a line of a
    ranking like the others; no choice at all is that line, or an empty shortlist.
    """
    chosen: set[int | None] = set(entries) or {None}
    places = {line.entry: line.place for line in result.order}
    if not places:
        return bool(entries)
    if not chosen <= places.keys():
        return True
    left_out = [place for entry, place in places.items() if entry not in chosen]
    return max(places[entry] for entry in chosen) > min(left_out, default=len(places))


def decide(
    session: Session,
    contest: Contest,
    round_: Round,
    entries: Sequence[int],
    reason: str,
    *,
    now: datetime,
) -> Verdict:
    """Record a decision, in place of one that was not published yet.

    Args:
        session: a writing session.
        contest: the contest.
        round_: the counted round whose result it stands beside.
        entries: the designs; none means "none of these".
        reason: why.
        now: when.

    Raises:
        RoundError: the round is not counted.
        DecisionError: a design did not stand in it, or the reason is missing or too
            long.
    """
    result = result_of(round_)
    chosen = set(entries)
    if strangers := sorted(chosen - result.designs.keys()):
        raise DecisionError(
            f"Design {strangers[0]} did not stand in this round. Choose designs that "
            "people could vote on, or run another round with it."
        )
    order = [line.entry for line in result.order if line.entry in chosen]
    listed = [entry for entry in order if entry is not None]
    ordered = [*listed, *sorted(chosen.difference(listed))]
    # No database but SQLite takes a NUL.
    reason = reason.replace("\r\n", "\n").replace("\0", "").strip()
    if not reason and differs(result, ordered):
        raise DecisionError(
            "That is not what the community's order says. Give the reason: it is "
            "published beside the decision."
        )
    if len(reason) > _LONGEST_REASON:
        raise DecisionError(
            f"The reason is too long ({len(reason)} characters): use at most "
            f"{_LONGEST_REASON}."
        )
    rows = _rows(session, round_)
    if rows and rows[-1].published_at is None:
        row = rows[-1]
    else:
        row = Decision(contest_id=contest.id, round_id=round_.id)
        session.add(row)
    row.entries, row.reason, row.made_at = json.dumps(ordered), reason, now
    session.flush()
    return _verdict(row, result)


def publish(
    session: Session,
    contest: Contest,
    round_: Round,
    *,
    actor: str = events.SYSTEM,
    now: datetime,
) -> Verdict:
    """Show a recorded decision to everybody; from then on it stays on record.

    Raises:
        DecisionError: there is none to publish, or the result is not public.
    """
    rows = _rows(session, round_)
    if not rows or rows[-1].published_at is not None:
        raise DecisionError("There is no decision to publish. Record one first.")
    if round_.phase is not Phase.PUBLISHED:
        raise DecisionError(
            f"Publish the result of the {rounds.NAMES[round_.kind]} first: a decision "
            "is read beside it."
        )
    row, result = rows[-1], result_of(round_)
    row.published_at = now
    session.flush()
    verdict = _verdict(row, result)
    payload = {
        "round": opening.name_of(round_),
        "designs": [
            {"entry": entry, "image_sha256": result.designs[entry].digest}
            for entry in verdict.entries
        ],
        "differs": verdict.differs,
        "reason": verdict.reason,
    }
    events.record(
        session, contest.id, "decision.published", payload, actor=actor, now=now
    )
    return verdict
