from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from logovote.contest import rounds
from logovote.store.models import Kind
from tests.web.conftest import Scene, Visit
from tests.web.pages import post, put

PAGES = ("/c/acme/shortlist", "/c/acme/ballot", "/c/acme/")
ROUND = "/organise/acme/rounds/shortlist"


def text_of(visit: Visit, page: str, name: str = "Ann") -> str:
    # Whoever first sees that a round is over is shown it closed.
    answer = visit(name).get(page, follow_redirects=True)
    text = re.sub(r"<[^>]*>", "", answer.text)
    return re.sub(r"\s+", " ", text)


def ends(scene: Scene, left: timedelta) -> str:
    """Open a round that ends after `left` from now on, and return when, in words."""
    end = datetime.now(UTC).replace(microsecond=0) + left
    with scene.changing() as (session, acme):
        # It was opened long ago, so that its end may be over.
        began = end - timedelta(days=30)
        rounds.open_round(session, acme, Kind.SHORTLIST, began, until=end)
    return f"{end.day} {end:%B %Y, %H:%M} UTC"


def saved(visit: Visit) -> tuple[int, str]:
    body = {"base_rev": 0, "save_id": "save-number-1", "items": ["1"]}
    answer = put(visit("Ann"), "/c/acme/shortlist/ballot", body)
    return answer.status_code, answer.json.get("error", "") if answer.json else ""


def test_pages_say_until_when_in_days(scene: Scene, visit: Visit) -> None:
    end = ends(scene, timedelta(days=3, hours=1))

    assert f"until {end} (in 3 days)" in text_of(visit, PAGES[0])
    assert f"You can vote until {end} (in 3 days)" in text_of(visit, PAGES[1])
    assert f"closes {end}" in text_of(visit, PAGES[2])
    assert "ends soon" not in text_of(visit, PAGES[0])
    assert saved(visit) == (200, "")
    assert f"You can change it until {end} (in 3 days)" in text_of(visit, PAGES[1])


def test_the_last_day_says_so_on_top(scene: Scene, visit: Visit) -> None:
    end = ends(scene, timedelta(hours=5, minutes=1))

    assert f"ends soon: you can change your ballot until {end} (in 5 hours)" in (
        text_of(visit, PAGES[0])
    )


def test_after_the_end_voters_see_a_closed_round(scene: Scene, visit: Visit) -> None:
    ends(scene, -timedelta(seconds=1))

    assert "This round is closed" in text_of(visit, PAGES[0])
    assert "data-readonly" in visit("Ann").get(PAGES[0]).text
    assert "You did not vote in this round" in text_of(visit, PAGES[1])
    assert "This round is closed." in text_of(visit, PAGES[2])
    assert saved(visit) == (409, "closed")
    assert scene.ballot("Ann") == []


def test_a_round_without_an_end_says_what_it_said(
    shortlist: Scene, visit: Visit
) -> None:
    assert shortlist.ballot("Ann") == []
    assert "until the organiser closes the round" in text_of(visit, PAGES[1])


def test_organisers_see_that_a_round_waits_and_give_it_more_time(
    scene: Scene, visit: Visit
) -> None:
    end = ends(scene, -timedelta(seconds=1))
    assert f"Ended on {end}, waiting for you to count" in (
        text_of(visit, ROUND, "organiser")
    )
    assert "Ended, waiting for you" in text_of(visit, "/organise/acme/", "organiser")

    form = {"do": "extend", "until": "2199-12-06T23:59", "zone": "Europe/London"}
    answer = post(visit("organiser"), ROUND, form, follow_redirects=True)

    assert "has a new end" in answer.text
    assert "6 December 2199, 23:59 UTC" in answer.text
    assert saved(visit) == (200, "")
    log = text_of(visit, "/c/acme/audit")
    assert "now ends on 2199-12-06 at 23:59 UTC" in log


@pytest.mark.usefixtures("scene")
def test_a_round_may_be_opened_without_an_end(visit: Visit) -> None:
    page = visit("organiser").get("/organise/acme/rounds/shortlist").text

    [field] = re.findall(r'<input[^>]*name="until"[^>]*>', page)
    assert "required" not in field


def test_a_round_is_opened_with_an_end(scene: Scene, visit: Visit) -> None:
    form = {"do": "open", "until": "2199-07-06T23:59", "zone": "Europe/London"}

    answer = post(visit("organiser"), ROUND, form, follow_redirects=True)

    assert "It ends on" in answer.text
    assert "6 July 2199, 22:59 UTC" in answer.text
    assert scene.ballot("Ann") == []
    assert "to end on 2199-07-06 at 22:59 UTC" in text_of(visit, "/c/acme/audit")


@pytest.mark.parametrize(
    ("until", "zone", "said"),
    [
        ("2027-03-28T01:30", "Europe/London", "clocks are put forward"),
        ("2027-03-28T01:30", "Atlantis", "There is no time zone"),
        ("tomorrow", "UTC", "is no date and time"),
        ("2001-01-01T00:00", "UTC", "over already"),
    ],
)
def test_an_end_that_cannot_be_is_refused_in_a_sentence(
    scene: Scene, visit: Visit, until: str, zone: str, said: str
) -> None:
    form = {"do": "open", "until": until, "zone": zone}

    answer = post(visit("organiser"), ROUND, form, follow_redirects=True)

    assert said in answer.text
    with scene.changing() as (session, acme), pytest.raises(rounds.RoundError):
        rounds.latest(session, acme, Kind.SHORTLIST)


def test_an_end_that_comes_twice_is_the_earlier_one_and_said(
    scene: Scene, visit: Visit
) -> None:
    form = {"do": "open", "until": "2027-10-31T01:30", "zone": "Europe/London"}

    answer = post(visit("organiser"), ROUND, form, follow_redirects=True)

    assert "the earlier one is meant" in answer.text
    assert "31 October 2027, 00:30 UTC" in answer.text
    assert scene.ballot("Ann") == []
