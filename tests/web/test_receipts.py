"""The last look: every state of a ballot has its words."""

from __future__ import annotations

import re
from datetime import datetime
from fractions import Fraction

import pytest
from flask.testing import FlaskClient

from logovote.contest import rounds
from logovote.store.models import Kind
from tests.builders import voter_named, withdraw
from tests.web.conftest import Scene, Visit
from tests.web.pages import post, put

PAGE = "/c/acme/ballot"


def text(client: FlaskClient) -> str:
    """What the page says, without its markup."""
    page = client.get(PAGE).text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def star(client: FlaskClient, *ids: str) -> None:
    for id_ in ids:
        post(client, "/c/acme/shortlist/ballot", {"approve": id_})


def rank(client: FlaskClient, *tiers: str) -> None:
    body = {
        "base_rev": 0,
        "save_id": "a-first-save",
        "items": [tier.split("=") for tier in tiers],
    }
    assert put(client, "/c/acme/ranking/ballot", body).status_code == 200


def test_before_any_round_there_is_nothing_to_show(scene: Scene, visit: Visit) -> None:
    answer = visit("Ann").get(PAGE)

    assert answer.status_code == 404
    assert "Not open yet" in answer.text


def test_who_has_not_voted_is_told(shortlist: Scene, visit: Visit) -> None:
    page = text(visit("Ann"))

    assert "You have not voted in this round yet" in page
    assert "You can vote until the organiser closes the round." in page
    assert "Receipt" not in page


def test_a_shortlist_is_shown_as_it_counts(shortlist: Scene, visit: Visit) -> None:
    ann = visit("Ann")
    star(ann, "f1", "57")

    page = text(ann)

    assert "Logo 1 " in page
    assert "Logo 12 (variant 57)" in page
    assert "2 of 4 designs. They count alike" in page
    assert "counted in the group core" in page
    assert "You can change it until" in page
    assert re.search(r"Receipt L7OV-?\w+|Receipt \w", page)


@pytest.mark.parametrize(
    ("publish", "said"),
    [
        ("ballots", "find your ballot among those counted</a>"),
        ("auditors", "By it, Eve, Finn can find your ballot"),
        ("aggregate", "Only sums are published, so nobody can look it up."),
    ],
)
def test_a_receipt_promises_what_it_is_good_for(
    scene: Scene, visit: Visit, now: datetime, publish: str, said: str
) -> None:
    auditors = ["Eve", "Finn"] if publish == "auditors" else []
    with scene.changing() as (session, acme):
        rounds.open_round(
            session, acme, Kind.SHORTLIST, now, publish=publish, auditors=auditors
        )
    ann = visit("Ann")
    post(ann, "/c/acme/shortlist/ballot", {"approve": "1"})

    assert said in ann.get("/c/acme/shortlist").text

    with scene.changing() as (session, acme):
        voter_named(session, acme, "Ann").weight = Fraction(0)
    assert "Your ballot is not counted, so" in ann.get("/c/acme/shortlist").text


def test_none_of_these_is_a_ballot(shortlist: Scene, visit: Visit) -> None:
    ann = visit("Ann")
    post(ann, "/c/acme/shortlist/ballot", {"none": "1"})

    assert "None of these Keep the anvil" in text(ann)


def test_an_emptied_ballot_is_none(shortlist: Scene, visit: Visit) -> None:
    ann = visit("Ann")
    star(ann, "f1")
    post(ann, "/c/acme/shortlist/ballot", {"withdraw": "f1"})

    assert "You took back everything" in text(ann)


def test_a_ranking_is_shown_with_its_ties_and_what_is_left_out(
    ranking: Scene, visit: Visit
) -> None:
    ann = visit("Ann")
    rank(ann, "2", "1=57", "none")
    page = ann.get(PAGE).text

    assert re.findall(r'<li value="(\d)">', page) == ["1", "2", "4"]
    assert "1 logo that you left out counts below" in text(ann)


def test_what_was_withdrawn_is_struck_out_and_the_rest_closes_up(
    ranking: Scene, visit: Visit, now: datetime
) -> None:
    ann = visit("Ann")
    rank(ann, "2", "1", "3")
    with ranking.changing() as (session, acme):
        withdraw(session, acme, 1, now)

    page = ann.get(PAGE).text

    assert "<s>Logo 1</s> was withdrawn after you voted and counts no more" in page
    assert re.findall(r'<li value="(\d)">', page) == ["1", "2"]
    with ranking.changing() as (session, acme):
        withdraw(session, acme, 2, now)
        withdraw(session, acme, 3, now)
    assert "Nothing else is on your ballot, so it is not counted." in text(ann)


def test_a_withdrawn_family_is_struck_out_too(
    shortlist: Scene, visit: Visit, now: datetime
) -> None:
    ann = visit("Ann")
    star(ann, "f1", "f2")
    with shortlist.changing() as (session, acme):
        withdraw(session, acme, 2, now)

    assert "<s>Logo 2</s> was withdrawn" in ann.get(PAGE).text


def test_of_a_withdrawn_card_and_its_variant_it_is_said_once(
    shortlist: Scene, visit: Visit, now: datetime
) -> None:
    ann = visit("Ann")
    star(ann, "f12", "12", "1")
    with shortlist.changing() as (session, acme):
        withdraw(session, acme, 12, now)
        withdraw(session, acme, 57, now)

    assert "<s>Logo 12</s> was withdrawn after you voted" in ann.get(PAGE).text


def test_after_the_close_the_ballot_stays(
    shortlist: Scene, visit: Visit, now: datetime
) -> None:
    ann = visit("Ann")
    star(ann, "f1")
    with shortlist.changing() as (session, acme):
        rounds.close_round(session, rounds.latest(session, acme, Kind.SHORTLIST), now)

    assert "The round is closed, so it stays as it is." in text(ann)
    assert "You did not vote in this round." in text(visit("Bob"))
    assert "Change it" not in text(ann)


def test_a_weight_of_0_and_no_vote_at_all_are_said(
    shortlist: Scene, visit: Visit
) -> None:
    with shortlist.changing() as (session, acme):
        voter_named(session, acme, "Ann").weight *= 0

    assert "your ballot is not counted: your weight in this contest is 0" in text(
        visit("Ann")
    )
    assert "you have no vote in this contest" in text(visit("organiser"))
