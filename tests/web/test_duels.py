"""Duels by links alone: every question is an address, every answer another."""

from __future__ import annotations

import html
import re

import pytest
from flask.testing import FlaskClient

from logovote.contest import counting, rounds
from logovote.store.models import Kind
from tests.builders import withdraw
from tests.conftest import NOW
from tests.web.conftest import Scene, Visit
from tests.web.pages import post

PAGE = "/c/acme/ranking/duels"
BALLOT = "/c/acme/ranking/ballot"


def links(page: str, hook: str) -> list[str]:
    """The addresses of the links that carry a hook."""
    found = re.findall(rf'<a[^>]*href="([^"]*)"[^>]*{hook}', page)
    return [html.unescape(address) for address in found]


def starts(client: FlaskClient) -> dict[str, str]:
    page = client.get(PAGE).text
    found = re.findall(r'<li><a class="button[^"]*" href="([^"]*)">([^<]*)</a>', page)
    return {name: html.unescape(address) for address, name in found}


def pair(page: str) -> list[str]:
    return re.findall(r"<b>(\d+)</b> is better", page)


def play(client: FlaskClient, address: str) -> str:
    """Always prefer the smaller number; returns the last page."""
    while names := pair(page := client.get(address).text):
        side = "left" if int(names[0]) < int(names[1]) else "right"
        (address,) = links(page, f'data-side="{side}"')
    return page


def proposed(page: str) -> str:
    found = re.search(r'name="order" value="([^"]*)"', page)
    assert found
    return found[1]


def test_duels_propose_an_order_and_save_nothing(ranking: Scene, visit: Visit) -> None:
    ann = visit("Ann")
    begin = starts(ann)
    assert list(begin) == ["All of them"]
    assert "4 logos, 5 questions at most" in ann.get(PAGE).text

    page = play(ann, begin["All of them"])

    assert proposed(page) == "1~2~3~57"
    assert ranking.ballot("Ann", Kind.RANKING) == []


def test_a_proposed_order_becomes_the_ranking_when_it_is_used(
    ranking: Scene, visit: Visit
) -> None:
    ann = visit("Ann")
    post(ann, BALLOT, {"do": "rank:none"})
    page = play(ann, starts(ann)["All of them"])
    rev = re.search(r'name="rev" value="(\d+)"', page)
    assert rev

    answer = post(ann, BALLOT, {"do": "order", "order": proposed(page), "rev": rev[1]})

    assert answer.status_code == 303
    # What was ranked besides stays below.
    ballot = [["1"], ["2"], ["3"], ["57"], ["none"]]
    assert ranking.ballot("Ann", Kind.RANKING) == ballot
    assert "This is your ranking now." in ann.get("/c/acme/ranking").text
    # The page is old now: what it would replace is no longer what it showed.
    stale = post(ann, BALLOT, {"do": "order", "order": "57", "rev": rev[1]})
    assert stale.status_code == 409


def test_cannot_decide_means_equal_and_one_back_takes_it_back(
    ranking: Scene, visit: Visit
) -> None:
    ann = visit("Ann")
    first = ann.get(starts(ann)["All of them"]).text
    assert "About 5 questions left" in first
    assert not links(first, "data-back")
    (equal,) = links(first, "data-equal")

    second = ann.get(equal).text

    (back,) = links(second, "data-back")
    assert pair(ann.get(back).text) == pair(first)
    (stop,) = [a for a in links(second, "") if "stop=1" in a]
    stopped = ann.get(stop).text
    assert set(proposed(stopped).split(".")) == set(pair(first))
    assert "2 logos are not in it yet" in stopped
    assert "Go on with the duels" in stopped


def test_the_others_are_fitted_into_a_ranking_that_is_there(
    ranking: Scene, visit: Visit
) -> None:
    ann = visit("Ann")
    for id_ in ("57", "1"):
        post(ann, BALLOT, {"do": f"rank:{id_}"})

    page = play(ann, starts(ann)["Fit the others into my ranking"])

    order = proposed(page).split("~")
    assert order.index("57") < order.index("1")
    assert set(order) == {"1", "2", "3", "57"}


def test_those_i_shortlisted_are_offered_alone(shortlist: Scene, visit: Visit) -> None:
    ann, bob = visit("Ann"), visit("Bob")
    for family in ("f1", "f2"):
        post(ann, "/c/acme/shortlist/ballot", {"approve": family})
    post(bob, "/c/acme/shortlist/ballot", {"approve": "f3"})
    with shortlist.changing() as (session, acme):
        first = rounds.latest(session, acme, Kind.SHORTLIST)
        rounds.close_round(session, first, NOW)
        counting.count_round(session, first)
        rounds.open_round(session, acme, Kind.RANKING, NOW)

    assert proposed(play(ann, starts(ann)["Those I shortlisted"])) == "1~2"
    assert list(starts(bob)) == ["All of them"]
    page = ann.get("/c/acme/ranking").text
    assert page.count("you shortlisted it") == 2
    assert "Shortlisted, not ranked" in page


def test_a_logo_withdrawn_on_the_way_drops_out(ranking: Scene, visit: Visit) -> None:
    ann = visit("Ann")
    begin = starts(ann)["All of them"]
    with ranking.changing() as (session, acme):
        withdraw(session, acme, 2, NOW)

    assert proposed(play(ann, begin)) == "1~3~57"


@pytest.mark.parametrize("rest", ["", "?queue=1", "?base=1~2", "?queue=9.9.x&said=zz"])
def test_every_address_leads_somewhere(ranking: Scene, visit: Visit, rest: str) -> None:
    assert visit("Ann").get(PAGE + rest).status_code == 200


def test_after_the_close_nothing_can_be_saved(ranking: Scene, visit: Visit) -> None:
    ann = visit("Ann")
    begin = starts(ann)["All of them"]
    with ranking.changing() as (session, acme):
        rounds.close_round(session, rounds.latest(session, acme, Kind.RANKING), NOW)

    page = play(ann, begin)

    assert "This round is closed." in page
    assert "Use this order" not in page
    order = post(ann, BALLOT, {"do": "order", "order": "1~2", "rev": "0"})
    assert order.status_code == 409


def test_an_order_with_strangers_is_refused(ranking: Scene, visit: Visit) -> None:
    answer = post(visit("Ann"), BALLOT, {"do": "order", "order": "1~77.2", "rev": "0"})

    assert answer.status_code == 400
    assert "no logo “77”" in answer.text
