"""The end of a round as people say it: a local date and time, and where that is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from logovote.errors import LogovoteError

DEFAULT_ZONE = "UTC"


class DateError(LogovoteError):
    """No moment is meant by that; the message says what to write."""


@dataclass(frozen=True)
class Moment:
    """A moment in UTC, and what its writer must know of how it was understood."""

    at: datetime
    note: str = ""


def parse_moment(text: str, zone: str) -> Moment:
    """Read a local time such as "2026-12-06 23:59" in a zone such as Europe/London.

    A time that comes twice, when clocks are set back, is the earlier one, and the note
    says so.

    Raises:
        DateError: there is no such time, or no such zone.
    """
    place = _zone(zone.strip() or DEFAULT_ZONE)
    try:
        local = datetime.fromisoformat(text.strip())
    except ValueError:
        local = None
    # A date alone is read as midnight, which is rarely what an end is meant to be.
    if local is None or local.tzinfo is not None or ":" not in text:
        raise DateError(
            f"“{text.strip()[:40]}” is no date and time. Write it like "
            "2026-12-06 23:59, and the time zone beside it."
        )
    try:
        first, second = (
            local.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1)
        )
        exists = first.astimezone(place).replace(tzinfo=None) == local
    except OverflowError:
        raise DateError("That date is out of reach. Take a nearer one.") from None
    # ZoneInfo makes a time of anything; one that does not come back was skipped.
    if not exists:
        raise DateError(
            f"There is no {local:%H:%M} on {local:%Y-%m-%d} in {place}: clocks are "
            "put forward over it. Take an earlier or a later time."
        )
    if first == second:
        return Moment(first)
    return Moment(
        first,
        f"{local:%H:%M} comes twice on {local:%Y-%m-%d} in {place}, because clocks "
        f"are put back: the earlier one is meant, {first:%H:%M} UTC.",
    )


def distance(moment: datetime, now: datetime) -> str:
    """Say how far off a coming moment is: "in 3 days", in whole units, never more."""
    left = moment - now
    for unit, length in (
        ("day", timedelta(days=1)),
        ("hour", timedelta(hours=1)),
        ("minute", timedelta(minutes=1)),
    ):
        # 47 hours say more than one day.
        number = left // length
        if number >= (2 if unit != "minute" else 1):
            return f"in {number} {unit}{'' if number == 1 else 's'}"
    return "in less than a minute"


def _zone(name: str) -> ZoneInfo | timezone:
    if name == DEFAULT_ZONE:
        # Known even where the system has no list of zones.
        return UTC
    try:
        return ZoneInfo(name)
    # Besides what is not found: what is no name, a folder, or not readable as a zone.
    except (KeyError, ValueError, OSError):
        raise DateError(
            f"There is no time zone “{name[:40]}”. Write one like Europe/London or UTC."
        ) from None
