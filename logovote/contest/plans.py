"""What rounds will open with: set beforehand, and frozen only when they open."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from sqlalchemy.orm import Session

from logovote.contest import events
from logovote.contest.rules import Rules, RulesError
from logovote.store import queries
from logovote.store.models import Contest, Kind


@dataclass(frozen=True)
class Plan:
    """What an organiser has set for the next round of a kind; None is the default.

    Attributes:
        seats: how many designs it takes.
        batch: how many are dealt to a voter at a time.
        approvals: how many a ballot may approve.
        publish: what anybody may recount from.
        until: when it ends.
    """

    seats: int | None = None
    batch: int | None = None
    approvals: int | None = None
    publish: str | None = None
    until: datetime | None = None

    def rules(self, kind: Kind) -> Rules:
        """Return the rules that a round of a kind would open with.

        Raises:
            RulesError: the plan is impossible.
        """
        return (
            Rules.default(kind)
            .with_seats(self.seats)
            .with_dealing(self.batch, self.approvals)
            .with_publication(self.publish, ())
        )

    @property
    def decides(self) -> bool:
        """Whether it says anything besides an end."""
        return any(
            value is not None
            for value in (self.seats, self.batch, self.approvals, self.publish)
        )

    def as_json(self) -> dict[str, Any]:
        """Write what is set, and nothing else."""
        values = {name: value for name, value in asdict(self).items() if value}
        if self.until is not None:
            values["until"] = events.written(self.until)
        return values

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Read what `as_json` wrote."""
        until = values.get("until")
        return cls(**values | {"until": until and datetime.fromisoformat(until)})


def plan_of(contest: Contest, kind: Kind) -> Plan:
    """Return what the next round of a kind will open with."""
    return Plan.from_json(json.loads(contest.plans).get(kind.value, {}))


def set_plan(
    session: Session,
    contest: Contest,
    kind: Kind,
    plan: Plan,
    *,
    now: datetime,
    actor: str = events.SYSTEM,
) -> None:
    """Set what the next round of a kind will open with; it is in the public log.

    Raises:
        RulesError: the plan is impossible, or its end is over.
    """
    plan.rules(kind)
    before = plan_of(contest, kind)
    if plan == before:
        return
    if plan.until is not None and plan.until != before.until and plan.until <= now:
        raise RulesError("That end is over already. Take one that is to come.")
    plans = json.loads(contest.plans)
    contest.plans = json.dumps(plans | {kind.value: plan.as_json()})
    events.record(
        session,
        contest.id,
        "plan.changed",
        {"kind": kind.value, **plan.as_json()},
        actor=actor,
        now=now,
    )


def use_end(contest: Contest, kind: Kind) -> None:
    """Forget the planned end when a round opens: the next one's is another."""
    plans = json.loads(contest.plans)
    plans.get(kind.value, {}).pop("until", None)
    contest.plans = json.dumps(plans)


def used_by(session: Session, contest: Contest, kind: Kind) -> Plan:
    """Return what a contest's last round of a kind went by, or was planned to.

    Without its end, and without auditors: both belong to that round alone.
    """
    round_ = queries.latest_round(session, contest.id, kind)
    if round_ is None:
        plan = plan_of(contest, kind)
        return Plan(plan.seats, plan.batch, plan.approvals, plan.publish)
    rules, usual = Rules.from_json(round_.rules), Rules.default(kind)
    publish = usual.publish if rules.publish == "auditors" else rules.publish
    return Plan(
        rules.seats if rules.seats != usual.seats else None,
        rules.batch if rules.batch != usual.batch else None,
        rules.approvals,
        publish if publish != usual.publish else None,
    )
