from __future__ import annotations

import re
from datetime import datetime
from http import HTTPStatus

import pytest
from flask.testing import FlaskClient

from logovote.contest import organisers
from logovote.contest.contests import contest_by_slug
from logovote.store.models import Role
from tests.web.conftest import Scene, Visit
from tests.web.pages import post
from tests.web.test_access import staff

PAGE = "/organise/acme/organisers"


@pytest.fixture
def staffed(shortlist: Scene, now: datetime) -> Scene:
    """An open round, with Olga, Rita and Vera to run it, and Nils elsewhere."""
    with shortlist.changing() as (session, _):
        staff(session, now)
    return shortlist


@pytest.fixture
def olga(staffed: Scene, visit: Visit) -> FlaskClient:
    return visit("Olga")


def roles(scene: Scene, slug: str = "acme") -> dict[str, str]:
    with scene.site.store.database.read() as session:
        found = organisers.organisers(session, contest_by_slug(session, slug))
        return {each.person.key: each.role.value for each in found}


def test_who_starts_a_contest_owns_it_and_sees_their_own_only(
    staffed: Scene, olga: FlaskClient
) -> None:
    post(olga, "/organise/new", {"title": "Next", "slug": "next"})

    index = olga.get("/organise/").text
    assert roles(staffed, "next") == {"olga@example.org": "owner"}
    assert ("/organise/next/" in index, "/organise/acme/" in index) == (True, True)
    assert "/organise/other/" not in index
    assert olga.get("/organise/other/").status_code == HTTPStatus.FORBIDDEN


def test_an_owner_names_promotes_and_removes(staffed: Scene, olga: FlaskClient) -> None:
    post(olga, PAGE, {"do": "name", "who": "Ivo@example.org", "role": "organiser"})
    post(olga, PAGE, {"do": "owner:rita@example.org"})
    post(olga, PAGE, {"do": "remove:vera@example.org"})

    assert roles(staffed) == {
        "ivo@example.org": "organiser",
        "olga@example.org": "owner",
        "rita@example.org": "owner",
    }
    olga.get(PAGE)  # which says once what was done
    page = olga.get(PAGE).text
    assert "ivo@example.org" in page
    assert "vera@example.org" not in page
    told = olga.get("/c/acme/audit").text
    assert "An observer was removed: there are now 2 owners, 1 organiser" in told
    assert "rita@" not in told


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"do": "name", "who": "nobody", "role": "king"}, "Choose one of the three"),
        ({"do": "name", "who": "a b", "role": "owner"}, "neither an e-mail address"),
        ({"do": "remove:olga@example.org"}, "Name another owner first"),
        ({"do": "observer:olga@example.org"}, "Name another owner first"),
    ],
)
def test_what_cannot_be_is_refused_at_the_form(
    staffed: Scene, olga: FlaskClient, form: dict[str, str], words: str
) -> None:
    before = roles(staffed)

    answer = post(olga, PAGE, form)

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert words in answer.text
    assert roles(staffed) == before


def test_who_is_removed_is_out_with_the_next_request(
    staffed: Scene, olga: FlaskClient, visit: Visit
) -> None:
    rita = visit("Rita")
    assert rita.get("/organise/acme/people").status_code == HTTPStatus.OK

    post(olga, PAGE, {"do": "remove:rita@example.org"})

    assert rita.get("/organise/acme/people").status_code == HTTPStatus.FORBIDDEN
    assert "My contests" not in rita.get("/").text


def test_an_owner_who_leaves_is_led_where_they_may_be(
    staffed: Scene, olga: FlaskClient
) -> None:
    post(olga, PAGE, {"do": "owner:rita@example.org"})

    left = post(olga, PAGE, {"do": "remove:olga@example.org"}, follow_redirects=True)

    assert left.status_code == HTTPStatus.OK
    assert "does not help to run" in left.text


def test_an_observer_sees_every_form_disabled_and_why(
    staffed: Scene, visit: Visit
) -> None:
    vera = visit("Vera")
    for path in ["", "designs", "designs/1", "families", "people", "organisers"]:
        page = vera.get(f"/organise/acme/{path}").text
        body = page.partition("<main")[2]

        assert "You can look, and change nothing" in body
        words = "Only an owner" if path == "organisers" else "You are an observer"
        assert words in body
        before, _, after = body.partition('<fieldset class="section-small" disabled>')
        assert 'method="post"' not in before
        assert after


def test_an_observer_is_told_why_a_deed_is_refused_and_gets_no_links(
    staffed: Scene, visit: Visit
) -> None:
    vera = visit("Vera")

    refused = post(vera, "/organise/acme/rounds/shortlist", {"do": "close"})

    assert refused.status_code == HTTPStatus.FORBIDDEN
    assert "You are an observer of this contest" in refused.text
    assert vera.get("/organise/acme/people/links.csv").status_code == 403
    assert re.search(r"/i/[\w-]{10}", visit("Rita").get("/organise/acme/people").text)
    assert not re.search(r"/i/[\w-]{10}", vera.get("/organise/acme/people").text)


def test_only_an_owner_removes_pictures_for_good(
    scene: Scene, now: datetime, visit: Visit
) -> None:
    with scene.changing() as (session, _):
        staff(session, now)
    rita, olga = visit("Rita"), visit("Olga")
    page = "/organise/acme/designs/3"

    refused = post(rita, page, {"do": "purge"})

    assert refused.status_code == HTTPStatus.FORBIDDEN
    assert "Only an owner" in refused.text
    assert "Remove its pictures" not in rita.get(page).text
    assert "Remove its pictures" in olga.get(page).text
    assert post(olga, page, {"do": "purge"}).status_code == HTTPStatus.SEE_OTHER


def test_an_organiser_signs_in_and_lands_among_their_contests(
    staffed: Scene, visit: Visit
) -> None:
    with staffed.changing() as (session, acme):
        role = organisers.find(session, acme, "rita@example.org").role

    front = visit("Rita").get("/")

    assert role is Role.ORGANISER
    assert 'href="/organise/">My contests' in front.text
    assert "A logo for Acme" in front.text
