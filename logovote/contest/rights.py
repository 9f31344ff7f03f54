"""What designers' rights ask: who sees their pictures, how large, and how long."""

from __future__ import annotations

import enum
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self

from logovote.contest import dates
from logovote.errors import LogovoteError
from logovote.store.models import Contest

VOTERS_ONLY, LOW_RESOLUTION = "voters-only", "low-resolution"
MODES = (VOTERS_ONLY, LOW_RESOLUTION)
LARGEST_PX = 640
"""The longer side of the largest picture that voters get in low resolution."""


class RightsError(LogovoteError):
    """There is no such mode, or no such day."""


@dataclass(frozen=True)
class Rights:
    """What a contest allows of its pictures.

    Attributes:
        voters_only: strangers see none, and search engines are told to list nothing.
        low_resolution: only organisers get more than `LARGEST_PX`.
        purge_on: the day from which on no pictures are kept, in the contest's zone.
    """

    voters_only: bool = False
    low_resolution: bool = False
    purge_on: date | None = None

    @property
    def restricts(self) -> bool:
        """Whether not everybody may see every picture."""
        return self.voters_only or self.low_resolution

    @property
    def modes(self) -> list[str]:
        """The names of what is switched on."""
        return [
            mode
            for mode, on in zip(
                MODES, (self.voters_only, self.low_resolution), strict=True
            )
            if on
        ]

    def as_json(self) -> dict[str, Any]:
        """Write what is not the default."""
        values: dict[str, Any] = {}
        if self.modes:
            values["modes"] = self.modes
        if self.purge_on is not None:
            values["purge_on"] = self.purge_on.isoformat()
        return values

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Read what `as_json` wrote."""
        day = values.get("purge_on")
        modes = values.get("modes", ())
        return cls(
            VOTERS_ONLY in modes,
            LOW_RESOLUTION in modes,
            date.fromisoformat(day) if day else None,
        )


def rights_of(contest: Contest) -> Rights:
    """Return what a contest allows of its pictures."""
    return Rights.from_json(json.loads(contest.rights))


def read_rights(modes: Iterable[str], purge_on: str = "") -> Rights:
    """Read what somebody chose.

    Raises:
        RightsError: there is no such mode, or the day is none.
    """
    chosen = set(modes)
    if strange := sorted(chosen - set(MODES)):
        raise RightsError(
            f"“{strange[0][:40]}” is none of the ways to protect pictures: "
            f"{', '.join(MODES)}."
        )
    day = None
    if purge_on.strip():
        try:
            day = date.fromisoformat(purge_on.strip())
        except ValueError:
            raise RightsError(
                f"“{purge_on.strip()[:40]}” is no day. Write it like 2027-01-31."
            ) from None
    return Rights(VOTERS_ONLY in chosen, LOW_RESOLUTION in chosen, day)


class Sight(enum.IntEnum):
    """How much of a picture somebody may see; of two the better one holds."""

    NOTHING = 0
    SMALL = 1
    ALL = 2


def sight(rights: Rights, *, votes: bool, organises: bool) -> Sight:
    """Tell how much of a contest's pictures somebody may see."""
    if organises:
        return Sight.ALL
    if rights.voters_only and not votes:
        return Sight.NOTHING
    return Sight.SMALL if rights.low_resolution else Sight.ALL


def is_due(contest: Contest, now: datetime) -> bool:
    """Tell whether the day has come from which on no pictures are kept."""
    day = rights_of(contest).purge_on
    return day is not None and dates.day_in(now, contest.zone) >= day
