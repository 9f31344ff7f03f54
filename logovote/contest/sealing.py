"""Sealing: after a time to object, the link from voters to ballots is destroyed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from logovote.contest import events, ledger, notices, opening, questions, rounds
from logovote.errors import LogovoteError
from logovote.store import holding, queries
from logovote.store.base import Base
from logovote.store.models import (
    Ballot,
    Contest,
    Event,
    Phase,
    Round,
    Save,
    SealedBallot,
    TookPart,
)

WINDOW = timedelta(days=7)
"""How long after publication anybody may object with a receipt in hand."""

_TRACES = ("look", "feedback")
"""Other tables with a row per round and voter; what they tell is cleared, too."""


class SealError(LogovoteError):
    """There is nothing to seal now; the message says why."""


def seal_rounds(
    session: Session,
    contest: Contest,
    now: datetime,
    *,
    waive: bool = False,
    actor: str = events.SYSTEM,
) -> list[Round]:
    """Seal every published round of a contest whose time to object is over.

    Flushes, does not commit. What was deleted is still in the database's files until
    `Database.rewrite` has written them anew.

    Args:
        session: a writing session.
        contest: the contest.
        now: the time of the sealing.
        waive: do not wait for the time to object; the log says so.
        actor: who seals.

    Returns:
        The rounds sealed now; none, if all were sealed before.

    Raises:
        SealError: no round can be sealed yet.
    """
    holding.hold_contest(session, contest.id)
    published_rounds = [
        round_
        for round_ in queries.rounds(session, contest.id)
        if round_.phase is Phase.PUBLISHED
    ]
    if not published_rounds:
        raise SealError(
            "There is nothing to seal: no round of this contest is published."
        )
    waiting = [round_ for round_ in published_rounds if round_.sealed_at is None]
    published = _published_at(session, contest)
    due = [
        round_
        for round_ in waiting
        if waive or now - published[opening.name_of(round_)] >= WINDOW
    ]
    if waiting and not due:
        first = min(published[opening.name_of(round_)] for round_ in waiting)
        raise SealError(
            f"Voters may object until {first + WINDOW:%d %B %Y, %H:%M} UTC, "
            f"{WINDOW.days} days after publication, and that takes the link which "
            "sealing destroys. Seal later, or at once with --now."
        )
    for round_ in due:
        _seal(session, round_, now, waived=waive, actor=actor)
    return due


def objections_until(session: Session, contest: Contest) -> datetime | None:
    """Return until when anybody may object to what can be sealed; None if all is."""
    published = _published_at(session, contest)
    waiting = [
        published[opening.name_of(round_)] + WINDOW
        for round_ in queries.rounds(session, contest.id)
        if round_.phase is Phase.PUBLISHED and round_.sealed_at is None
    ]
    return min(waiting, default=None)


def _published_at(session: Session, contest: Contest) -> dict[str, datetime]:
    """Return when each round was published, by the log."""
    rows: Sequence[Event] = session.scalars(
        select(Event).where(
            Event.contest_id == contest.id, Event.kind == "result.published"
        )
    ).all()
    return {
        json.loads(event.payload)["round"]: datetime.fromisoformat(event.at)
        for event in rows
    }


def _seal(
    session: Session, round_: Round, now: datetime, *, waived: bool, actor: str
) -> None:
    """Keep the lines and who took part, apart from each other, and forget the rest."""
    # In the order of their tags, which is no order of voters or of time.
    lines = sorted(rounds.ballot_lines(session, round_), key=lambda line: line["t"])
    voters = session.scalars(
        select(Ballot.voter_id)
        .where(
            Ballot.round_id == round_.id,
            Ballot.voter_id.is_not(None),
            Ballot.choice != "[]",
        )
        .order_by(Ballot.voter_id)
    ).all()
    of_round = select(Ballot.id).where(Ballot.round_id == round_.id)
    session.execute(delete(Save).where(Save.ballot_id.in_(of_round)))
    session.execute(delete(Ballot).where(Ballot.round_id == round_.id))
    for name in _TRACES:
        if (table := Base.metadata.tables.get(name)) is not None:
            session.execute(delete(table).where(table.c.round_id == round_.id))
    notices.forget(session, round_)
    questions.forget_answered(session, round_.contest_id)
    for line in lines:
        session.add(
            SealedBallot(
                round_id=round_.id,
                tag=line["t"],
                weight_class=line["c"],
                choice=ledger.canon(line["b"]),
                count=line.get("n", 1),
            )
        )
        session.flush()
    session.add_all(TookPart(round_id=round_.id, voter_id=id_) for id_ in voters)
    round_.sealed_at = now
    payload = {
        "round": opening.name_of(round_),
        "ballots": sum(line.get("n", 1) for line in lines),
        "waived": waived,
    }
    events.record(
        session, round_.contest_id, "round.sealed", payload, actor=actor, now=now
    )
