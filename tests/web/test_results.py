from __future__ import annotations

from datetime import datetime

import pytest

from logovote.contest import counting, rounds
from logovote.store.models import Kind
from tests.builders import cast
from tests.web.conftest import Scene, Visit

URL = "/c/acme/results/shortlist"
WAITING = "There is no result yet"
EVERYBODY = ("stranger", "Ann", "Otto", "organiser")


@pytest.fixture
def voted(shortlist: Scene, now: datetime) -> Scene:
    with shortlist.changing() as (session, acme):
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        cast(session, round_, "Ann", ["1", "57"], now)
        cast(session, round_, "Bob", ["57"], now)
    return shortlist


def advance(scene: Scene, now: datetime, *deeds: str) -> None:
    with scene.changing() as (session, acme):
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        if "close" in deeds:
            rounds.close_round(session, round_, now)
        if "count" in deeds:
            counting.count_round(session, round_)
        if "publish" in deeds:
            rounds.publish_round(session, round_)


@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize("deeds", [(), ("close",)], ids=["open", "closed"])
def test_before_the_count_there_is_no_result_for_anybody(
    voted: Scene, visit: Visit, now: datetime, deeds: tuple[str, ...], who: str
) -> None:
    advance(voted, now, *deeds)

    answer = visit(who).get(URL)

    assert answer.status_code == 200
    assert WAITING in answer.text
    assert "Designer" not in answer.text


@pytest.mark.parametrize("who", EVERYBODY)
def test_between_the_count_and_its_publication_only_the_organiser_sees_it(
    voted: Scene, visit: Visit, now: datetime, who: str
) -> None:
    advance(voted, now, "close", "count")

    page = visit(who).get(URL).text

    assert (WAITING in page) is (who != "organiser")
    assert ("Designer 57" in page) is (who == "organiser")


@pytest.mark.parametrize("who", EVERYBODY)
def test_a_published_result_is_everybodys(
    voted: Scene, visit: Visit, now: datetime, who: str
) -> None:
    advance(voted, now, "close", "count", "publish")

    page = visit(who).get(URL).text

    assert page.index("Designer 57") < page.index("Designer 1<")
    assert "Designer 2<" not in page
    assert ("export.zip" in page) is (who == "organiser")


def test_the_organisers_pages_say_nothing_of_what_ballots_say_before_the_count(
    voted: Scene, visit: Visit, now: datetime
) -> None:
    """The same pages, whatever was approved: only the turnout may show."""
    organiser = visit("organiser")
    urls = ("/organise/acme/", "/organise/acme/rounds/shortlist", "/c/acme/")

    def pages() -> list[str]:
        return [without_tokens(organiser.get(url).text) for url in urls]

    before = pages()
    with voted.changing() as (session, acme):
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        cast(session, round_, "Ann", ["2", "3"], now, base_rev=1)

    assert pages() == before


def without_tokens(page: str) -> str:
    lines = page.splitlines()
    return "\n".join(line for line in lines if "csrf" not in line)


def test_a_kind_that_is_none_is_not_found(scene: Scene, visit: Visit) -> None:
    assert visit("Ann").get("/c/acme/results/winner").status_code == 404


def test_the_result_of_a_ranking_shows_every_meeting_of_two(
    ranking: Scene, visit: Visit, now: datetime
) -> None:
    with ranking.changing() as (session, acme):
        round_ = rounds.latest(session, acme, Kind.RANKING)
        cast(session, round_, "Ann", [["57"], ["none"], ["1"]], now)
        rounds.close_round(session, round_, now)
        counting.count_round(session, round_)
        rounds.publish_round(session, round_)

    page = visit("stranger").get("/c/acme/results/ranking").text

    assert page.index("Designer 57") < page.index("Keep the anvil")
    assert "100 % : 0 %" in page
    assert "Not above “none of these”" in page


def test_a_published_contest_is_on_the_front_page(
    voted: Scene, visit: Visit, now: datetime
) -> None:
    assert "A logo for Acme" not in visit("stranger").get("/").text

    advance(voted, now, "close", "count", "publish")

    assert "A logo for Acme" in visit("stranger").get("/").text


@pytest.mark.parametrize("who", ["stranger", "Ann"])
def test_a_published_result_is_hidden_while_people_judge_again(
    voted: Scene, visit: Visit, now: datetime, who: str
) -> None:
    advance(voted, now, "close", "count", "publish")
    assert "Designer 57" in visit(who).get(URL).text

    with voted.changing() as (session, acme):
        rounds.open_round(session, acme, Kind.RANKING, now)

    assert WAITING in visit(who).get(URL).text
    assert "/results/" not in visit(who).get("/c/acme/").text


def test_an_earlier_result_stays_when_a_new_round_is_counted(
    voted: Scene, visit: Visit, now: datetime
) -> None:
    advance(voted, now, "close", "count", "publish")
    with voted.changing() as (session, acme):
        again = rounds.open_round(session, acme, Kind.SHORTLIST, now)
        rounds.close_round(session, again, now)
        counting.count_round(session, again)

    assert "Designer 57" in visit("stranger").get(URL).text
