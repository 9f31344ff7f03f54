"""What a round is counted by, frozen when it opens and shown to everybody."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import Any, Literal, Self, cast, get_args

from logovote.errors import LogovoteError
from logovote.store.models import Kind
from logovote.voting import weights
from logovote.voting.profiles import Group, Mode, Unranked

Publish = Literal["ballots", "aggregate", "auditors"]

DEFAULT_SEATS = 20
DEFAULT_BATCH = 30
FEWEST_AUDITORS = 2
_LONGEST_BEACON = 100
LONGEST_RANKING = 30
METHODS = {Kind.SHORTLIST: "seqphragmen", Kind.RANKING: "ranked_pairs"}


class RulesError(LogovoteError):
    """A setting of a round is impossible."""


@dataclass(frozen=True)
class GroupRule:
    """A group's part in a round: its target share and why."""

    id: str
    share: Fraction | None
    reason: str = ""


@dataclass(frozen=True)
class Rules:
    """Everything that decides how a round is counted.

    Attributes:
        method: the deciding rule, by its name in `logovote count`.
        seats: how many designs a shortlist takes, or a ranking ballot holds at most.
        groups: who decides with which share; a share of None is an equal part.
        status_quo: what "none of these" means here.
        batch: how many designs a voter of a shortlist round is dealt at a time.
        approvals: how many designs a shortlist ballot may approve; None is any number.
        publish: what anybody may recount from: every ballot without its voter's name,
            or sums only; with "auditors", these get the ballots.
        auditors: their names.
        beacon: the public draw to come that also decides ties, such as "drand quicknet
            31536000"; "" is none.
    """

    method: str
    seats: int
    groups: tuple[GroupRule, ...] = ()
    status_quo: str = ""
    unranked: Unranked = "last"
    weights: Mode = "fixed_share"
    cap: int = 25
    batch: int = DEFAULT_BATCH
    approvals: int | None = None
    publish: Publish = "ballots"
    auditors: tuple[str, ...] = ()
    beacon: str = ""

    @classmethod
    def default(cls, kind: Kind) -> Self:
        """Return the stated defaults for a kind of round."""
        seats = DEFAULT_SEATS if kind is Kind.SHORTLIST else LONGEST_RANKING
        return cls(method=METHODS[kind], seats=seats)

    def with_seats(self, seats: int | None) -> Self:
        """Return these rules with another size, if one is given.

        Raises:
            RulesError: the size is below 1.
        """
        if seats is None:
            return self
        if seats < 1:
            raise RulesError("A shortlist needs at least one place.")
        return replace(self, seats=seats)

    def with_dealing(self, batch: int | None, approvals: int | None) -> Self:
        """Return these rules with another batch or limit, where one is given.

        Raises:
            RulesError: one of them is below 1.
        """
        if batch is not None and batch < 1:
            raise RulesError("A batch needs at least one design.")
        if approvals is not None and approvals < 1:
            raise RulesError("A ballot must be able to hold at least one design.")
        return replace(
            self,
            batch=batch or self.batch,
            approvals=approvals or self.approvals,
        )

    def with_publication(self, publish: str | None, auditors: Sequence[str]) -> Self:
        """Return these rules with another form of publication, if one is given.

        Raises:
            RulesError: there is no such form, or it misses its auditors.
        """
        if publish is None:
            return self
        if publish not in get_args(Publish):
            raise RulesError(
                f"“{publish}” is no form of publication; choose one of "
                f"{', '.join(get_args(Publish))}."
            )
        named = tuple(name.strip() for name in auditors if name.strip())
        if publish == "auditors" and len(named) < FEWEST_AUDITORS:
            raise RulesError(
                f"Name at least {FEWEST_AUDITORS} auditors: one alone could keep quiet."
            )
        if publish != "auditors" and named:
            raise RulesError("Auditors are named only where they alone get ballots.")
        return replace(self, publish=cast("Publish", publish), auditors=named)

    def with_beacon(self, beacon: str | None) -> Self:
        """Return these rules with a public draw that decides ties too, if one is named.

        Raises:
            RulesError: it has no number, or more than a line.
        """
        name = " ".join((beacon or "").split())
        if not name:
            return self
        if len(name) > _LONGEST_BEACON or not any(map(str.isdecimal, name)):
            raise RulesError(
                "Name one public draw with its number, such as “drand quicknet "
                "31536000”, that is drawn after the round is closed."
            )
        return replace(self, beacon=name)

    def target_shares(self) -> list[tuple[str, Fraction, str]]:
        """Return each group's name, its part of the whole, and the reason for it."""
        weighed = tuple(Group(group.id, group.share) for group in self.groups)
        shares = weights.target_shares(weighed)
        return [(group.id, shares[group.id], group.reason) for group in self.groups]

    def as_json(self) -> str:
        """Write the rules with nothing left implicit."""
        return json.dumps(asdict(self), default=str, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `as_json` wrote."""
        values: dict[str, Any] = json.loads(text)
        values["auditors"] = tuple(values.get("auditors", ()))
        values["groups"] = tuple(
            GroupRule(
                id=group["id"],
                share=None if group["share"] is None else Fraction(group["share"]),
                reason=group["reason"],
            )
            for group in values["groups"]
        )
        return cls(**values)
