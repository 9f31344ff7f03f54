"""A public draw of after the close, which makes the tie order nobody's to aim at."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from logovote.contest import events, opening, rounds
from logovote.contest.rounds import RoundError
from logovote.contest.rules import Rules
from logovote.store import holding
from logovote.store.models import Phase, Round

# What the two beacons there are publish: drand 256 bits, NIST 512.
_VALUE = re.compile(r"[0-9a-f]{64}|[0-9a-f]{128}")


def enter(
    session: Session,
    round_: Round,
    value: str,
    *,
    actor: str = events.SYSTEM,
    now: datetime | None = None,
) -> None:
    """Take down what the public beacon drew that a closed round waits for.

    A slip can be mended until the count: the log keeps both, and the last one holds.

    Raises:
        RoundError: the round names no draw, or is not closed, or it is no such value.
    """
    now = holding.hold_round(session, round_, now or datetime.now(UTC))
    beacon = Rules.from_json(round_.rules).beacon
    if not beacon:
        raise RoundError(
            "This round was opened without a public draw, so there is none to enter."
        )
    if round_.phase is not Phase.CLOSED:
        raise RoundError(
            f"The {rounds.NAMES[round_.kind]} is {round_.phase.value}. What was drawn "
            "is entered after the close and before the count."
        )
    drawn = re.sub(r"\s", "", value).lower()
    if not _VALUE.fullmatch(drawn):
        raise RoundError(
            "What a beacon draws is published as 64 hex digits (drand: “randomness”) "
            "or 128 (NIST: “outputValue”). Copy all of them."
        )
    round_.beacon = drawn
    payload = {"round": opening.name_of(round_), "beacon": beacon, "value": drawn}
    events.record(
        session, round_.contest_id, "beacon.drawn", payload, actor=actor, now=now
    )
