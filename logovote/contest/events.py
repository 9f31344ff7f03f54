"""The event log: every administrative deed, in a chain that shows when it was bent.

There is one chain per contest. A contest's log is published whole, and must neither
show what another contest does nor move its head; and whoever checks it needs nothing
else. Saving a ballot is no administrative deed: who saved when is nobody's business.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from logovote.contest import ledger
from logovote.store import holding, queries
from logovote.store.models import Event, Submission

SYSTEM = "system"
"""The actor where nobody at a door is known; doors say "cli" or "u7", a person."""

NO_HEAD = "0" * 64
"""What the first event of a chain follows."""


def record(
    session: Session,
    contest_id: int,
    kind: str,
    payload: dict[str, Any],
    *,
    actor: str = SYSTEM,
    now: datetime | None = None,
) -> str:
    """Append a deed to a contest's log and return the new head.

    Flushes, does not commit: the deed and its event become true together.

    Args:
        session: a writing session.
        contest_id: the contest.
        kind: what was done, such as "round.opened".
        payload: the rest, in what has a canonical form.
        actor: who did it: "u7", "cli" or "system".
        now: when; None asks the clock.
    """
    session.flush()
    holding.hold_contest(session, contest_id)
    last = _last(session, contest_id)
    event: dict[str, Any] = {
        "seq": last.seq + 1 if last else 1,
        "at": written(now or datetime.now(UTC)),
        "kind": kind,
        "actor": actor,
        "payload": payload,
        "prev": last.hash if last else NO_HEAD,
    }
    hash_ = ledger.event_hash(event)
    row = event | {"payload": ledger.canon(payload), "hash": hash_}
    session.add(Event(contest_id=contest_id, **row))
    session.flush()
    return hash_


def record_design(
    session: Session,
    design: Submission,
    what: str,
    *,
    actor: str,
    now: datetime,
    **more: str,
) -> None:
    """Log that a design was "imported", "changed", "withdrawn" or "restored"."""
    record(
        session,
        design.contest_id,
        f"design.{what}",
        {"entry": design.entry, "image_sha256": design.digest, **more},
        actor=actor,
        now=now,
    )


def head(session: Session, contest_id: int) -> str:
    """Return the hash of a contest's last event. One statement."""
    return queries.event_head(session, contest_id) or NO_HEAD


def length(session: Session, contest_id: int) -> int:
    """Return the number of a contest's last event. One statement."""
    last = _last(session, contest_id)
    return last.seq if last else 0


def chain(session: Session, contest_id: int) -> list[dict[str, Any]]:
    """Return a contest's whole log as it is published. One statement."""
    return [
        as_json(event)
        for event in session.scalars(
            select(Event).where(Event.contest_id == contest_id).order_by(Event.seq)
        )
    ]


def as_json(event: Event) -> dict[str, Any]:
    """Return the published form of an event."""
    return {
        "seq": event.seq,
        "at": event.at,
        "kind": event.kind,
        "actor": event.actor,
        "payload": json.loads(event.payload),
        "prev": event.prev,
        "hash": event.hash,
    }


def broken_at(chain_: Iterable[dict[str, Any]]) -> int | None:
    """Return the place of the first event that does not follow its predecessor."""
    prev = NO_HEAD
    for seq, event in enumerate(chain_, start=1):
        rest = {name: value for name, value in event.items() if name != "hash"}
        if (
            event["seq"] != seq
            or event["prev"] != prev
            or event["hash"] != ledger.event_hash(rest)
        ):
            return seq
        prev = event["hash"]
    return None


def written(moment: datetime) -> str:
    """Write a time as the log holds it: UTC, to the millisecond."""
    return (
        moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )


def _last(session: Session, contest_id: int) -> Event | None:
    return session.scalar(
        select(Event)
        .where(Event.contest_id == contest_id)
        .order_by(Event.seq.desc())
        .limit(1)
    )
