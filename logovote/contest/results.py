"""The result of a round: what places are, and the picture of what was voted on."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from logovote.contest import rounds
from logovote.store.models import Round


@dataclass(frozen=True)
class Design:
    """A design as it stood when it was voted on, whatever becomes of it later.

    Attributes:
        entry: its number.
        family: the family it stood for.
        digest: the SHA-256 of its original.
        format: of the original, such as PNG.
        ground: "light" or "dark", the ground on which it shows.
        designer: who sent it, if known.
        title: what they called it, if known.
        variants: the entries of its family, itself among them.
    """

    entry: int
    family: str
    digest: str
    format: str
    ground: str
    designer: str | None
    title: str | None
    variants: tuple[int, ...]

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Design:
        """Read a design back."""
        return cls(**(values | {"variants": tuple(values["variants"])}))


@dataclass(frozen=True)
class Line:
    """One line of a result.

    Attributes:
        place: from 1; shared wherever nothing but the tie order separates.
        entry: the design's number; None for "none of these".
        family: the family it stands for; None for "none of these".
        tied: whether others share the place.
        support: shortlist: the part of all weight that approves the family.
        approval_place: shortlist: its place by plain weighted approval.
        beats: ranking: how many others a majority puts below it.
        loses: ranking: how many others a majority puts above it.
        acceptable: ranking: whether it is ranked above "none of these".
    """

    place: int
    entry: int | None
    family: str | None
    tied: bool
    support: Fraction | None = None
    approval_place: int | None = None
    beats: int | None = None
    loses: int | None = None
    acceptable: bool | None = None

    @property
    def status_quo(self) -> bool:
        """Whether this is the line of "none of these"."""
        return self.entry is None

    def as_json(self) -> dict[str, Any]:
        """Write the line with what its kind of round knows."""
        values = {
            "place": self.place,
            "entry": self.entry,
            "family": self.family,
            "tied": self.tied,
            "status_quo": self.status_quo,
            "support": None if self.support is None else str(self.support),
            "approval_place": self.approval_place,
            "beats": self.beats,
            "loses": self.loses,
            "acceptable": self.acceptable,
        }
        always = {"place", "entry", "family", "tied", "status_quo"}
        return {
            name: value
            for name, value in values.items()
            if name in always or value is not None
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Line:
        """Read what `as_json` wrote."""
        support = values.get("support")
        return cls(
            place=values["place"],
            entry=values["entry"],
            family=values["family"],
            tied=values["tied"],
            support=None if support is None else Fraction(support),
            approval_place=values.get("approval_place"),
            beats=values.get("beats"),
            loses=values.get("loses"),
            acceptable=values.get("acceptable"),
        )


@dataclass(frozen=True)
class Turnout:
    """A group's part in a count: people, and the part of the whole it decided."""

    voted: int
    eligible: int
    target: Fraction
    share: Fraction


RECOUNTED = (
    "method",
    "order",
    "turnout",
    "binding",
    "seed",
    "ties",
    "none_share",
    "by_approval",
    "pairs",
)
"""The parts of a result that follow from the ballots by the deciding rule, exactly."""


@dataclass(frozen=True)
class SetAside:
    """What a result leaves out, and what it would be with it.

    Attributes:
        ballots: how many were set aside in the review before the count.
        with_all: the result with all ballots; None where the two results together
            would show what single ballots say.
    """

    ballots: int
    with_all: Result | None


@dataclass(frozen=True)
class Result:
    """A counted round.

    Attributes:
        method: the deciding rule's name.
        order: the result, best first.
        designs: all that stood, by entry number.
        turnout: by group.
        binding: whether the groups at quorum hold half of the decision.
        seed: the seed of the tie order.
        ties: every use of the tie order.
        none_share: shortlist: the part of all weight that chose "none of these".
        by_approval: shortlist: the entries that plain approval would have taken.
        pairs: ranking: for each pair of entries, the part of all weight that puts the
            first above the second; "none" stands for the status quo.
        set_aside: what it leaves out, if anything: this result is the official one.
    """

    method: str
    order: tuple[Line, ...]
    designs: dict[int, Design]
    turnout: dict[str, Turnout]
    binding: bool
    seed: str
    ties: tuple[dict[str, Any], ...]
    none_share: Fraction | None = None
    by_approval: tuple[int, ...] = ()
    pairs: dict[str, dict[str, Fraction]] | None = None
    set_aside: SetAside | None = None

    @property
    def voted(self) -> int:
        """How many ballots were counted."""
        return sum(part.voted for part in self.turnout.values())

    def recounted(self) -> dict[str, Any]:
        """Return the part of the public form that anybody can recount."""
        values = self.as_json()
        return {part: values[part] for part in RECOUNTED}

    def as_json(self) -> dict[str, Any]:
        """Return the public form; exact numbers are text such as 3/2."""
        aside: dict[str, Any] = {}
        if self.set_aside is not None:
            whole = self.set_aside.with_all
            aside["set_aside"] = {
                "ballots": self.set_aside.ballots,
                "with_all": None if whole is None else whole.recounted(),
            }
        return aside | {
            "method": self.method,
            "order": [line.as_json() for line in self.order],
            "designs": [asdict(design) for design in self.designs.values()],
            "turnout": {
                group: {
                    "voted": part.voted,
                    "eligible": part.eligible,
                    "target": str(part.target),
                    "share": str(part.share),
                }
                for group, part in self.turnout.items()
            },
            "binding": self.binding,
            "seed": self.seed,
            "ties": list(self.ties),
            "none_share": None if self.none_share is None else str(self.none_share),
            "by_approval": list(self.by_approval),
            "pairs": None
            if self.pairs is None
            else {
                winner: {loser: str(part) for loser, part in row.items()}
                for winner, row in self.pairs.items()
            },
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Result:
        """Read what `as_json` wrote."""
        none_share, pairs = values["none_share"], values["pairs"]
        aside = values.get("set_aside")
        if aside is not None:
            whole = aside["with_all"]
            if whole is not None:
                whole = cls.from_json(whole | {"designs": values["designs"]})
            aside = SetAside(aside["ballots"], whole)
        return cls(
            set_aside=aside,
            method=values["method"],
            order=tuple(Line.from_json(line) for line in values["order"]),
            designs={
                design["entry"]: Design.from_json(design)
                for design in values["designs"]
            },
            turnout={
                group: Turnout(
                    part["voted"],
                    part["eligible"],
                    Fraction(part["target"]),
                    Fraction(part["share"]),
                )
                for group, part in values["turnout"].items()
            },
            binding=values["binding"],
            seed=values["seed"],
            ties=tuple(values["ties"]),
            none_share=None if none_share is None else Fraction(none_share),
            by_approval=tuple(values["by_approval"]),
            pairs=pairs
            and {
                winner: {loser: Fraction(part) for loser, part in row.items()}
                for winner, row in pairs.items()
            },
        )


def result_of(round_: Round) -> Result:
    """Return a counted round's result.

    Raises:
        RoundError: there is none yet; nobody can see what ballots say before.
    """
    if round_.result is None:
        raise rounds.RoundError(
            f"The {rounds.NAMES[round_.kind]} is {round_.phase.value}. There is no "
            "result before it is closed and counted, for nobody."
        )
    return Result.from_json(json.loads(round_.result))
