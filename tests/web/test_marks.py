"""Dealing, impressions and marks, by a browser without script and by one with."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from logovote.contest import rounds
from logovote.store import impressions
from logovote.store.models import Kind
from tests.builders import voter_named
from tests.web.conftest import Scene, Visit
from tests.web.pages import csrf_token, post, put

PAGE = "/c/acme/shortlist"
FAMILIES = {"f1", "f2", "f3", "f12"}


@pytest.fixture
def dealt(scene: Scene, now: datetime) -> Scene:
    """An open shortlist round that deals two designs at a time."""
    with scene.changing() as (session, acme):
        rounds.open_round(session, acme, Kind.SHORTLIST, now, batch=2)
    return scene


def cards(client: FlaskClient, query: str = "") -> set[str]:
    """The families that the gallery shows, and does not hide."""
    page = client.get(PAGE + query).text
    found = re.findall(r'<li class="card"[^>]*data-family="(f\d+)"([^>]*)>', page)
    assert {family for family, _ in found} == FAMILIES
    return {family for family, rest in found if " hidden" not in rest}


def state(client: FlaskClient) -> dict[str, Any]:
    answer: dict[str, Any] = client.get("/c/acme/marks").get_json()
    return answer


def numbers(client: FlaskClient) -> tuple[int, int, int]:
    answer = state(client)
    return answer["seen"], answer["shortlisted"], answer["left"]


def see(client: FlaskClient, *families: str, **more: object) -> TestResponse:
    return client.post(
        "/c/acme/seen",
        json={"families": list(families), **more},
        headers={"X-CSRFToken": csrf_token(client)},
    )


def coverage(scene: Scene) -> dict[str, int]:
    with scene.changing() as (session, acme):
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        return impressions.coverage(session, round_.id)


def test_the_gallery_opens_on_a_batch_that_stays(dealt: Scene, visit: Visit) -> None:
    ann = visit("Ann")
    first = cards(ann)

    assert len(first) == 2
    assert cards(ann) == cards(visit("Ann")) == first == cards(ann, "?show=batch")
    assert cards(ann, "?show=all") == FAMILIES
    assert set(state(ann)["batch"]["families"]) == first
    # Somebody who comes at the same time is dealt the others.
    assert cards(visit("Bob")) == FAMILIES - first


def test_another_batch_is_dealt_without_script(dealt: Scene, visit: Visit) -> None:
    ann = visit("Ann")
    first = cards(ann)

    answer = post(ann, "/c/acme/deal", {"after": "1", "shown": ",".join(first)})

    assert answer.status_code == 303
    assert answer.location == f"{PAGE}?show=batch"
    assert cards(ann) == FAMILIES - first
    # The page without script logged what it had shown.
    assert numbers(ann) == (2, 0, 2)
    post(ann, "/c/acme/deal", {"after": "2", "shown": ",".join(FAMILIES - first)})
    assert "You have seen every logo." in ann.get(f"{PAGE}?show=all").text


def test_a_deal_from_nowhere_is_refused(dealt: Scene, visit: Visit) -> None:
    answer = post(visit("Ann"), "/c/acme/deal", {"after": "x"})

    assert answer.status_code == 400
    assert "Press “Another batch”" in answer.text


def test_few_designs_are_shown_at_once(shortlist: Scene, visit: Visit) -> None:
    assert cards(visit("Ann")) == FAMILIES
    assert "Another batch" not in visit("Ann").get(PAGE).text


def test_an_organiser_without_a_vote_is_dealt_nothing(
    dealt: Scene, visit: Visit
) -> None:
    organiser = visit("organiser")

    assert cards(organiser) == FAMILIES
    assert see(organiser, "f1").status_code == 422
    assert state(organiser)["seen"] == 0


def test_what_was_in_view_is_logged_once(dealt: Scene, visit: Visit) -> None:
    ann = visit("Ann")
    for _ in range(2):
        answer = see(ann, "f1", "f2", "f77")

    assert answer.get_json() == {"total": 4, "seen": 2, "shortlisted": 0, "left": 2}
    assert coverage(dealt) == {"f1": 1, "f2": 1}


def test_marks_are_set_from_a_script(dealt: Scene, visit: Visit) -> None:
    ann = visit("Ann")

    answer = put(ann, "/c/acme/marks/f2", {"not_for_me": True, "note": "Too thin"})

    assert answer.get_json() == {
        "family": "f2",
        "not_for_me": True,
        "note": "Too thin",
        "total": 4,
        "seen": 1,
        "shortlisted": 0,
        "left": 3,
    }
    assert cards(ann, "?show=aside") == {"f2"}
    assert state(ann)["marks"]["f2"] == {
        "seen": True,
        "shortlisted": False,
        "not_for_me": True,
        "note": "Too thin",
        "fresh": "",
    }
    assert dealt.ballot("Ann") == []
    assert "Too thin" not in visit("Bob").get(PAGE).text
    assert state(visit("Bob"))["marks"]["f2"]["note"] == ""


def test_a_star_takes_back_not_for_me_without_script(
    dealt: Scene, visit: Visit
) -> None:
    ann = visit("Ann")
    post(ann, "/c/acme/marks", {"aside": "f12"})

    post(ann, "/c/acme/shortlist/ballot", {"approve": "57"})  # a variant of it
    post(ann, "/c/acme/shortlist/ballot", {"withdraw": "f12"})

    assert dealt.ballot("Ann") == []
    assert cards(ann, "?show=aside") == set()


def test_marks_are_set_without_script(dealt: Scene, visit: Visit) -> None:
    ann = visit("Ann")
    post(ann, "/c/acme/shortlist/ballot", {"approve": "f12"})
    post(ann, "/c/acme/shortlist/ballot", {"approve": "57"})

    # Setting a design aside takes its star away, its variants' too.
    answer = post(ann, "/c/acme/marks", {"aside": "f12", "show": "all"})

    assert answer.location == f"{PAGE}?show=all#logo-12"
    assert dealt.ballot("Ann") == []
    assert cards(ann, "?show=aside") == {"f12"}
    post(ann, "/c/acme/marks", {"keep": "f12"})
    assert cards(ann, "?show=aside") == set()
    back = post(ann, "/c/acme/marks", {"annotate": "f1", "note": "Hm", "from": "1"})
    assert back.location == "/c/acme/logo/1"
    assert state(ann)["marks"]["f1"]["note"] == "Hm"


def test_any_button_without_script_keeps_the_note_beside_it(
    dealt: Scene, visit: Visit
) -> None:
    ann = visit("Ann")
    ballot, marks = "/c/acme/shortlist/ballot", "/c/acme/marks"
    for url, pressed in (
        (ballot, "approve"),
        (ballot, "withdraw"),
        (marks, "aside"),
        (marks, "keep"),
    ):
        note = f"typed before {pressed}"
        post(ann, url, {pressed: "f12", "note": note, "from": "12"})
        assert state(ann)["marks"]["f12"]["note"] == note
    # A star of a card, beside which there is no field, leaves the note alone.
    post(ann, ballot, {"approve": "f12"})
    assert state(ann)["marks"]["f12"]["note"] == note
    post(ann, ballot, {"approve": "57", "note": "", "from": "12"})
    assert state(ann)["marks"]["f12"]["note"] == ""


def test_views_follow_what_the_voter_does(dealt: Scene, visit: Visit) -> None:
    ann = visit("Ann")
    see(ann, "f1")
    post(ann, "/c/acme/shortlist/ballot", {"approve": "3"})

    assert cards(ann, "?show=shortlisted") == {"f3"}
    assert cards(ann, "?show=unseen") == {"f2", "f12"}
    assert cards(ann, "?show=fresh") == set()
    assert cards(ann, "?show=nonsense") == cards(ann)
    assert numbers(ann) == (2, 1, 2)


def one_by_one(client: FlaskClient, query: str) -> tuple[str, bool, str]:
    page = client.get(PAGE + query).text
    found = re.search(r'<a href="([^"]+)" data-one-by-one( hidden)?>([^<]+)</a>', page)
    assert found, "it is on the page, whatever the view holds"
    return found[1], bool(found[2]), found[3]


def test_one_by_one_goes_on_at_the_first_that_was_not_seen(
    dealt: Scene, visit: Visit
) -> None:
    ann = visit("Ann")
    page = ann.get(f"{PAGE}?show=all").text
    order = re.findall(r'id="logo-(\d+)" data-family', page)

    def at(number: str, view: str = "all") -> str:
        return f"/c/acme/logo/{number}?show={view}"

    assert one_by_one(ann, "?show=all") == (at(order[0]), False, "One by one")
    see(ann, f"f{order[0]}", f"f{order[1]}", f"f{order[3]}")
    words = "Continue at logo 3 of 4"
    assert one_by_one(ann, "?show=all") == (at(order[2]), False, words)
    # In a view of what was not seen there is nothing to go on with.
    unseen = one_by_one(ann, "?show=unseen")
    assert unseen == (at(order[2], "unseen"), False, "One by one")
    # An empty view hides the link, for the script to show when another is chosen.
    assert one_by_one(ann, "?show=aside")[1]
    see(ann, f"f{order[2]}")
    assert one_by_one(ann, "?show=all") == (at(order[0]), False, "One by one")


def test_a_star_without_script_logs_the_page_it_was_on(
    dealt: Scene, visit: Visit
) -> None:
    ann = visit("Ann")
    page = ann.get(f"{PAGE}?show=all").text
    shown = re.findall(r'<noscript><input[^>]* name="shown" value="([^"]*)"', page)
    assert shown[0] == "all"

    post(ann, "/c/acme/shortlist/ballot", {"approve": "f1", "shown": shown[0]})

    assert numbers(ann) == (4, 1, 0)


def test_a_batch_without_script_is_seen_by_name(dealt: Scene, visit: Visit) -> None:
    ann = visit("Ann")
    page = ann.get(PAGE).text
    shown = re.findall(r'<noscript><input[^>]* name="shown" value="([^"]*)"', page)
    batch = cards(ann)
    assert set(shown[0].split(",")) == batch

    post(ann, "/c/acme/shortlist/ballot", {"approve": min(batch), "shown": shown[0]})

    assert numbers(ann)[0] == len(batch)


def test_coverage_does_not_depend_on_what_ballots_say(
    dealt: Scene, visit: Visit
) -> None:
    for name, items in (("Ann", ["f1"]), ("Bob", ["f2", "f3"])):
        body = {"base_rev": 0, "save_id": "a-first-save", "items": items}
        assert put(visit(name), "/c/acme/shortlist/ballot", body).status_code == 200

    assert coverage(dealt) == {}


def test_a_voter_of_weight_0_is_dealt_and_heard_but_not_counted(
    dealt: Scene, visit: Visit
) -> None:
    with dealt.changing() as (session, acme):
        voter_named(session, acme, "Ann").weight *= 0

    assert see(visit("Ann"), *cards(visit("Ann"))).get_json()["seen"] == 2
    assert coverage(dealt) == {}


@pytest.mark.parametrize(
    "body",
    [[], {}, {"families": "f1"}, {"families": [1]}, {"families": [], "voter": 1}],
)
def test_impressions_that_make_no_sense_are_refused(
    dealt: Scene, visit: Visit, body: object
) -> None:
    ann = visit("Ann")
    answer = ann.post(
        "/c/acme/seen", json=body, headers={"X-CSRFToken": csrf_token(ann)}
    )

    assert answer.status_code == 422
    assert answer.get_json()["error"] == "invalid"


@pytest.mark.parametrize(
    "body", [[], {"not_for_me": 1}, {"note": 1}, {"note": "x" * 2001}, {"voter": 1}]
)
def test_marks_that_make_no_sense_are_refused(
    dealt: Scene, visit: Visit, body: object
) -> None:
    assert put(visit("Ann"), "/c/acme/marks/f1", body).status_code == 422
    assert put(visit("Ann"), "/c/acme/marks/f77", {"note": "x"}).status_code == 422


@pytest.fixture
def closed(dealt: Scene, visit: Visit, now: datetime) -> FlaskClient:
    ann = visit("Ann")
    see(ann, "f1")
    with dealt.changing() as (session, acme):
        rounds.close_round(session, rounds.latest(session, acme, Kind.SHORTLIST), now)
    return ann


def test_after_the_close_marks_are_shown_and_not_taken(closed: FlaskClient) -> None:
    assert see(closed, "f2").get_json()["error"] == "closed"
    assert put(closed, "/c/acme/marks/f2", {"note": "x"}).status_code == 409
    assert post(closed, "/c/acme/marks", {"aside": "f2"}).status_code == 409
    assert post(closed, "/c/acme/deal", {"after": "1"}).status_code == 409
    assert numbers(closed) == (1, 0, 3)
    assert "Another batch" not in closed.get(PAGE).text


def test_a_page_of_another_voter_marks_nothing(dealt: Scene, visit: Visit) -> None:
    anns = state(visit("Ann"))["voter"]
    bob = visit("Bob")

    assert see(bob, "f1", voter=anns).status_code == 401
    answer = put(bob, "/c/acme/marks/f1", {"not_for_me": True, "voter": anns})
    assert answer.get_json()["error"] == "other-voter"
    assert post(bob, "/c/acme/marks", {"aside": "f1", "voter": anns}).status_code == 409
    assert state(bob)["seen"] == 0


def test_half_a_letter_in_a_note_is_no_trouble(shortlist: Scene, visit: Visit) -> None:
    ann = visit("Ann")

    answer = put(ann, "/c/acme/marks/f2", {"note": "a \ud800 fish"})

    assert answer.status_code == 200
    assert "a ? fish" in ann.get("/c/acme/logo/2").text
