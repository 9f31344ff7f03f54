"""Moments as people say them: a local date and time, and where that is."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

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


@functools.cache
def zones() -> tuple[str, ...]:
    """List the time zones to choose from, those of places first."""
    known = {DEFAULT_ZONE} | available_timezones() - {"localtime", "Factory"}
    return tuple(sorted(known, key=lambda name: ("/" not in name, name)))


def named_zone(text: str) -> str:
    """Return the name of a time zone as it is written, however somebody typed it.

    Raises:
        DateError: there is no such zone.
    """
    name = "_".join(text.split()).lower()
    known = _by_lower_case().get(name)
    if known is None:
        near = [z for low, z in _by_lower_case().items() if name and name in low]
        like = " or ".join(near[:2] or ["Europe/London", DEFAULT_ZONE])
        raise DateError(
            f"There is no time zone “{text.strip()[:40]}”. Write one like {like}."
        )
    return known


@functools.cache
def _by_lower_case() -> dict[str, str]:
    return {zone.lower(): zone for zone in zones()}


def told(moment: datetime, zone: str = "") -> str:
    """Write a moment as it is in a zone: 6 December 2026, 23:59 CET."""
    local = _local(moment, zone)
    return f"{local.day} {local:%B %Y, %H:%M} {_abbreviation(local)}"


def told_with_day(moment: datetime, zone: str = "") -> str:
    """The same for mails, which no script rewrites: with the weekday, and as UTC."""
    local = _local(moment, zone)
    text = f"{local:%A} {told(moment, zone)}"
    if not local.utcoffset():
        return text
    utc = moment.astimezone(UTC)
    day = "" if utc.date() == local.date() else f"{utc:%A} "
    return f"{text} ({day}{utc:%H:%M} UTC)"


def day_in(moment: datetime, zone: str = "") -> date:
    """Return which day it is in a zone."""
    return _local(moment, zone).date()


def field(moment: datetime | None, zone: str = "") -> str:
    """Write a moment as a field for a local date and time holds it."""
    return "" if moment is None else f"{_local(moment, zone):%Y-%m-%dT%H:%M}"


def _local(moment: datetime, zone: str) -> datetime:
    try:
        return moment.astimezone(_zone(zone or DEFAULT_ZONE))
    except DateError:  # the system's list of zones has lost one
        return moment.astimezone(UTC)


def _abbreviation(local: datetime) -> str:
    name = local.tzname() or ""
    # Places without a name for their time have an offset instead: -03.
    return f"UTC{name}" if name[:1] in {"+", "-"} else name


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
    name = named_zone(name)
    # UTC is known even where the system has no list of zones.
    return UTC if name == DEFAULT_ZONE else ZoneInfo(name)
