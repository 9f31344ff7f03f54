from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

import pytest
from flask.testing import FlaskClient

from logovote.contest import counting, rounds
from logovote.store.models import Kind
from logovote.web.forms import ranked_with
from tests.builders import add_design, cast, withdraw
from tests.web.conftest import Scene, Visit
from tests.web.pages import post, put

PAGE = "/c/acme/ranking"
BALLOT = "/c/acme/ranking/ballot"
Tiers = list[list[str]]


def rows(client: FlaskClient) -> tuple[list[str], list[str]]:
    """What is ranked and what is not, in the order of the page."""
    page = client.get(PAGE).text
    ranked, rest = page.split('<ol class="rows" data-unranked')
    return tuple(re.findall(r'id="row-(\w+)"', part) for part in (ranked, rest))  # type: ignore[return-value]


def tiers(text: str) -> Tiers:
    """Read "a b=c" as a first and then b and c together."""
    return [sorted(tier.split("=")) for tier in text.split()]


@pytest.mark.parametrize(
    ("before", "pressed", "after"),
    [
        ("", "rank:a", "a"),
        ("a b", "rank:c", "a b c"),
        ("a b", "rank:a", "a b"),
        ("a b c", "up:c", "a c b"),
        ("a b c", "up:a", "a b c"),
        ("a b=c", "up:c", "a c b"),
        ("a b c", "down:a", "b a c"),
        ("a b c", "down:c", "a b c"),
        ("a=b c", "down:a", "b a c"),
        ("a b c", "top:c", "c a b"),
        ("a b=c", "top:c", "c a b"),
        ("a b c", "out:b", "a c"),
        ("a=b", "out:b", "a"),
        ("a", "out:a", ""),
        ("a b c", "tie:b", "a=b c"),
        ("a b c", "tie:a", "a b c"),
        ("a=b c", "tie:c", "a=b=c"),
        ("a=b c", "untie:b", "a b c"),
        ("a b", "untie:b", "a b"),
    ],
)
def test_each_button_moves_its_row(before: str, pressed: str, after: str) -> None:
    assert ranked_with(tiers(before), {"do": pressed}) == tiers(after)


def places(text: str) -> Iterator[tuple[str, str]]:
    for word in text.split():
        id_, _, place = word.partition("=")
        yield f"place-{id_}", place


@pytest.mark.parametrize(
    ("typed", "after"),
    [
        pytest.param("a=1 b=2 c=3 d=4 e=5", "a b c d e", id="as-shown"),
        pytest.param("a=1 b=2 c=3 d=4 e=2", "a e b c d", id="fifth-to-second"),
        pytest.param("a=5 b=2 c=3 d=4 e=5", "b c d e a", id="first-to-last"),
        pytest.param("a=3 b=2 c=3 d=4 e=5", "b c a d e", id="first-to-third"),
        pytest.param("a= b=2 c=3 d=4 e=5", "b c d e", id="blank-is-not-ranked"),
        pytest.param("a=9 b=9 c= d= e=", "a=b", id="equal-numbers-share"),
        pytest.param("a=1 b=2 c=3 d=4 e=5 x=1", "x a b c d e", id="a-new-one-first"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_typed_places_put_rows_where_they_say(typed: str, after: str) -> None:
    form = {"do": "places", **dict(places(typed))}

    assert ranked_with(tiers("a b c d e"), form) == tiers(after)


def test_a_ranking_is_made_by_buttons_alone(ranking: Scene, visit: Visit) -> None:
    ann = visit("Ann")
    assert rows(ann)[0] == []
    assert sorted(rows(ann)[1]) == ["1", "2", "3", "57", "none"]
    assert rows(ann)[1][-1] == "none"

    for pressed in ("rank:3", "rank:1", "rank:none", "rank:57", "up:57", "tie:1"):
        answer = post(ann, BALLOT, {"do": pressed})
        assert (answer.status_code, answer.location) == (
            303,
            f"{PAGE}#row-{pressed.partition(':')[2]}",
        )

    assert ranking.ballot("Ann", Kind.RANKING) == [["1", "3"], ["57"], ["none"]]
    assert rows(ann) == (["1", "3", "57", "none"], ["2"])


def test_places_are_typed_and_enter_sets_them(ranking: Scene, visit: Visit) -> None:
    ann = visit("Ann")
    page = ann.get(PAGE).text
    first_button = re.search(r"<form[^>]*data-ballot.*?(<button.*?>)", page, re.DOTALL)
    assert first_button
    assert 'value="places"' in first_button[1]

    answer = post(
        ann, BALLOT, {"do": "places", "place-1": "2", "place-2": "1", "place-3": "2"}
    )

    assert answer.location == f"{PAGE}#ranked-title"
    assert ranking.ballot("Ann", Kind.RANKING) == [["2"], ["1", "3"]]
    assert re.search(r'name="place-3" value="2"', ann.get(PAGE).text)


def test_places_typed_in_an_old_page_do_not_undo_what_came_since(
    ranking: Scene, visit: Visit
) -> None:
    ann = visit("Ann")
    post(ann, BALLOT, {"do": "rank:1"})
    typed = {"do": "places", "place-1": "2", "place-3": "1", "rev": shown_rev(ann)}
    post(ann, BALLOT, {"do": "rank:2"})

    late = post(ann, BALLOT, typed)

    assert late.status_code == 409
    assert "Nothing was saved" in late.text
    assert "Load the page again" in late.text
    assert ranking.ballot("Ann", Kind.RANKING) == [["1"], ["2"]]

    assert post(ann, BALLOT, {**typed, "rev": shown_rev(ann)}).status_code == 303
    assert ranking.ballot("Ann", Kind.RANKING) == [["3"], ["1"]]


def shown_rev(client: FlaskClient) -> str:
    """The revision in the form, as a browser without script sends it back."""
    found = re.search(r'name="rev" value="(\d+)"', client.get(PAGE).text)
    assert found
    return found[1]


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"do": "fly:1"},
        {"do": "up:999"},
        {"do": "up"},
        {"do": "rank:999"},
        {"do": "rank:"},
        {"do": "places", "place-1": "first"},
        {"do": "places", "place-1": "-1"},
        {"do": "places", "place-1": "99999"},
        {"do": "places", "place-999": "1"},
    ],
)
def test_a_press_that_makes_no_sense_is_refused_in_words(
    ranking: Scene, visit: Visit, form: dict[str, str]
) -> None:
    answer = post(visit("Ann"), BALLOT, form)

    assert answer.status_code == 400
    assert "That did not work" in answer.text
    assert ranking.ballot("Ann", Kind.RANKING) == []


def test_a_script_saves_tiers(ranking: Scene, visit: Visit) -> None:
    sent = {"base_rev": 0, "save_id": "a-first-save", "items": [["57"], ["1", "none"]]}

    assert put(visit("Ann"), BALLOT, sent).status_code == 200
    assert ranking.ballot("Ann", Kind.RANKING) == [["57"], ["1", "none"]]


def test_voters_find_the_unranked_in_different_orders(
    ranking: Scene, visit: Visit
) -> None:
    orders = {tuple(rows(visit(name))[1]) for name in ("Ann", "Bob", "Cleo")}

    assert len(orders) > 1
    assert rows(visit("Ann"))[1] == rows(visit("Ann"))[1]


def test_what_was_withdrawn_disappears_from_a_ranking(
    ranking: Scene, visit: Visit, now: datetime
) -> None:
    ann = visit("Ann")
    post(ann, BALLOT, {"do": "rank:2"})
    post(ann, BALLOT, {"do": "rank:1"})
    with ranking.changing() as (session, acme):
        withdraw(session, acme, 2, now)

    assert rows(ann) == (["1"], rows(ann)[1])
    assert "2" not in rows(ann)[1]
    post(ann, BALLOT, {"do": "rank:3"})
    assert ranking.ballot("Ann", Kind.RANKING) == [["1"], ["3"]]


def test_a_page_of_an_earlier_round_is_told_from_one_of_another_voter(
    ranking: Scene, visit: Visit, now: datetime
) -> None:
    ann = visit("Ann")
    (voter,) = re.findall(r'data-voter="([^"]+)"', ann.get("/c/acme/ranking").text)
    with ranking.changing() as (session, acme):
        first = rounds.latest(session, acme, Kind.RANKING)
        cast(session, first, "Bob", [["2"]], now)
        rounds.close_round(session, first, now)
        counting.count_round(session, first)
        rounds.open_round(session, acme, Kind.RANKING, now)

    sent = {"base_rev": 0, "save_id": "a-late-save", "items": [["1"]], "voter": voter}
    by_script = put(ann, BALLOT, sent)
    by_form = post(ann, BALLOT, {"do": "rank:1", "voter": voter})

    assert (by_script.status_code, by_form.status_code) == (409, 409)
    assert by_script.get_json()["error"] == "closed"
    for said in (by_script.get_json()["message"], by_form.text):
        assert "of an earlier round" in said
    assert ranking.ballot("Ann", Kind.RANKING) == []


def test_a_closed_ranking_says_so(ranking: Scene, visit: Visit, now: datetime) -> None:
    ann = visit("Ann")
    with ranking.changing() as (session, acme):
        rounds.close_round(session, rounds.latest(session, acme, Kind.RANKING), now)

    answer = post(ann, BALLOT, {"do": "rank:1"})

    assert answer.status_code == 409
    assert "not open for voting" in answer.text
    assert "This round is closed" in ann.get(PAGE).text


def test_without_a_shortlist_round_a_picture_leads_to_itself_in_large(
    ranking: Scene, visit: Visit
) -> None:
    page = visit("Ann").get(PAGE).text

    links = re.findall(r'<a class="mark[^>]*href="([^"]+)"', page)

    assert len(links) == 4
    assert all(re.fullmatch(r"/media/.*/preview\.webp", link) for link in links)


def test_a_design_that_came_after_the_shortlist_leads_to_no_missing_page(
    shortlist: Scene, visit: Visit, now: datetime
) -> None:
    with shortlist.changing() as (session, acme):
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        cast(session, round_, "Ann", ["1"], now)
        rounds.close_round(session, round_, now)
        counting.count_round(session, round_)
        add_design(session, acme, 99, now)
        rounds.open_round(session, acme, Kind.RANKING, now, only=[1, 99])
    ann = visit("Ann")
    page = ann.get(PAGE).text

    links = re.findall(r'<a class="mark[^>]*href="([^"]+)"', page)

    assert "/c/acme/logo/1" in links
    assert [link.rpartition("/")[2] for link in links if "/media/" in link] == [
        "preview.webp"
    ]
    assert all(ann.get(link).status_code == 200 for link in links if "/c/" in link)
    assert "Shortlisted, not ranked" not in page
    assert ", you shortlisted it" in page
