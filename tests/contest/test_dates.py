from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from logovote.contest.dates import (
    DateError,
    distance,
    field,
    named_zone,
    parse_moment,
    told,
    told_with_day,
    zones,
)


@pytest.mark.parametrize(
    ("text", "zone", "at"),
    [
        ("2026-12-06 23:59", "UTC", datetime(2026, 12, 6, 23, 59, tzinfo=UTC)),
        ("2026-12-06T23:59", "Europe/Paris", datetime(2026, 12, 6, 22, 59, tzinfo=UTC)),
        (" 2026-07-01 08:00 ", "", datetime(2026, 7, 1, 8, tzinfo=UTC)),
        ("2026-07-01 08:00", "America/New_York", datetime(2026, 7, 1, 12, tzinfo=UTC)),
    ],
)
def test_a_local_time_is_a_moment(text: str, zone: str, at: datetime) -> None:
    moment = parse_moment(text, zone)

    assert (moment.at, moment.note) == (at, "")


@pytest.mark.parametrize("text", ["2026-03-29 01:00", "2026-03-29 01:30"])
def test_a_time_that_clocks_skip_is_refused(text: str) -> None:
    with pytest.raises(DateError, match="clocks are put forward"):
        parse_moment(text, "Europe/London")


def test_the_minutes_around_the_skipped_hour_follow_each_other() -> None:
    before = parse_moment("2026-03-29 00:59", "Europe/London").at
    after = parse_moment("2026-03-29 02:00", "Europe/London").at

    assert after - before == timedelta(minutes=1)


def test_of_a_time_that_comes_twice_the_earlier_is_meant_and_it_is_said() -> None:
    moment = parse_moment("2026-10-25 01:30", "Europe/London")

    assert moment.at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert "comes twice" in moment.note
    assert "00:30 UTC" in moment.note


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("", "UTC"),
        ("soon", "UTC"),
        ("2026-12-06", "UTC"),
        ("2026-12-06 25:00", "UTC"),
        ("2026-12-06 23:59+01:00", "UTC"),
        ("0001-01-01 00:00", "Europe/Paris"),
        ("9999-12-31 23:59", "America/New_York"),
        ("2026-12-06 23:59", "Atlantis/Main"),
        ("2026-12-06 23:59", "../../etc/passwd"),
        ("2026-12-06 23:59", "/etc/passwd"),
        ("2026-12-06 23:59", "Europe"),
        ("2026-12-06 23:59", "a\0b"),
        ("2026-12-06 23:59", "x" * 5000),
    ],
)
def test_what_is_no_moment_is_refused_in_a_sentence(text: str, zone: str) -> None:
    with pytest.raises(DateError, match=r"\.$"):
        parse_moment(text, zone)


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(days=3, hours=5), "in 3 days"),
        (timedelta(hours=47), "in 47 hours"),
        (timedelta(minutes=119), "in 119 minutes"),
        (timedelta(seconds=61), "in 1 minute"),
        (timedelta(seconds=59), "in less than a minute"),
    ],
)
def test_a_distance_is_said_in_whole_units(
    now: datetime, left: timedelta, said: str
) -> None:
    assert distance(now + left, now) == said


AT = datetime(2026, 12, 6, 22, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("", "6 December 2026, 22:59 UTC"),
        ("Europe/Paris", "6 December 2026, 23:59 CET"),
        ("Asia/Kathmandu", "7 December 2026, 04:44 UTC+0545"),
        ("Gone/Away", "6 December 2026, 22:59 UTC"),
    ],
)
def test_a_moment_is_told_as_it_is_in_a_zone(zone: str, text: str) -> None:
    assert told(AT, zone) == text


def test_a_mail_tells_the_zone_and_utc() -> None:
    assert told_with_day(AT) == "Sunday 6 December 2026, 22:59 UTC"
    paris = told_with_day(AT, "Europe/Paris")
    assert paris == "Sunday 6 December 2026, 23:59 CET (22:59 UTC)"
    auckland = told_with_day(AT, "Pacific/Auckland")
    assert auckland == "Monday 7 December 2026, 11:59 NZDT (Sunday 22:59 UTC)"


def test_what_a_field_holds_is_read_as_the_same_moment() -> None:
    for zone in ("", "Europe/Paris", "America/St_Johns"):
        assert parse_moment(field(AT, zone), zone).at == AT
    assert field(None) == ""


def test_a_zone_is_found_however_it_is_typed() -> None:
    assert named_zone(" europe/london ") == "Europe/London"
    assert named_zone("america/new york") == "America/New_York"
    assert named_zone("utc") == "UTC"
    with pytest.raises(DateError, match=r"Write one like Europe/Berlin"):
        named_zone("Berlin")


def test_zones_of_places_come_first() -> None:
    assert "Europe/London" in zones()
    assert zones().index("Africa/Abidjan") < zones().index("UTC")
    assert "Factory" not in zones()
