from __future__ import annotations

import re
from datetime import datetime
from http import HTTPStatus

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from logovote.contest import organisers, rounds
from logovote.contest.contests import contest_by_slug
from logovote.store.models import Kind, Person, Role
from tests.builders import sign_in
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

    take_down = {"do": "withdraw", "reason": "It is not theirs", "pictures": "on"}
    for form in ({"do": "purge"}, take_down):
        refused = post(rita, page, form)

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


# --- Organisers of one contest do not get into another by what they may do in it ---


@pytest.fixture
def invited_nils(staffed: Scene, visit: Visit) -> str:
    """Rita lists Nils, who owns the other contest, as a voter of acme: his link."""
    rita = visit("Rita")
    people = (
        "email,name,group\nnils@example.org,Nils,core\notto@example.org,Otto,core\n"
    )
    answer = post(rita, "/organise/acme/people", {"pasted": people, "do": "import"})
    assert answer.status_code == HTTPStatus.SEE_OTHER
    links = rita.get("/organise/acme/people/links.csv").text
    found = re.search(r"nils@example.org,.*(/i/\S+)", links)
    assert found
    return found[1]


def test_a_link_of_one_contest_is_good_for_voting_there_alone(
    staffed: Scene, visit: Visit, invited_nils: str
) -> None:
    thief = visit("stranger")
    sign_in(thief, invited_nils)

    assert thief.get("/c/acme/shortlist").status_code == HTTPStatus.OK
    for path in ("/organise/", "/organise/other/", "/organise/new"):
        assert thief.get(path).status_code == HTTPStatus.FORBIDDEN, path
    assert "My contests" not in thief.get("/").text
    form = {"do": "new", "name": "mine", "scope": "write", "days": "9"}
    refused = post(thief, "/account/tokens", form)
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "for voting alone" in refused.text
    assert visit("Nils").get("/organise/other/").status_code == HTTPStatus.OK


def test_a_link_of_one_contest_gives_no_vote_in_another(
    staffed: Scene, visit: Visit, invited_nils: str, now: datetime
) -> None:
    with staffed.changing() as (session, _):
        other = contest_by_slug(session, "other")
        rounds.open_round(session, other, Kind.SHORTLIST, now)
    rita, thief = visit("Rita"), visit("stranger")
    links = rita.get("/organise/acme/people/links.csv").text
    found = re.search(r"otto@example.org,.*(/i/\S+)", links)
    assert found
    sign_in(thief, found[1])

    ballot = post(thief, "/c/other/shortlist/ballot", {"approve": "5"})

    assert ballot.status_code == HTTPStatus.FORBIDDEN
    assert thief.get("/c/other/shortlist").status_code == HTTPStatus.FORBIDDEN
    assert "/c/other/" not in thief.get("/").text
    assert visit("Otto").get("/c/other/shortlist").status_code == HTTPStatus.OK


def test_an_organiser_who_votes_by_their_own_link_stays_one(
    staffed: Scene, visit: Visit, invited_nils: str
) -> None:
    nils = visit("Nils")

    sign_in(nils, invited_nils)

    assert nils.get("/c/acme/shortlist").status_code == HTTPStatus.OK
    assert nils.get("/organise/other/").status_code == HTTPStatus.OK


@pytest.mark.parametrize(
    "line",
    [
        "nils@example.org,thief,core",
        "otto@example.org,thief,core",
    ],
)
def test_an_organiser_gives_nobody_of_another_contest_a_new_way_in(
    staffed: Scene, visit: Visit, line: str
) -> None:
    people = f"email,github,group\n{line}\n"
    form = {"pasted": people, "do": "import"}

    told = post(visit("Rita"), "/organise/acme/people", form)

    assert "only whoever keeps the site" in told.text
    with staffed.changing() as (session, _):
        assert session.scalar(select(Person.id).where(Person.github == "thief")) is None
    assert post(visit("organiser"), "/organise/acme/people", form).status_code == 303
    with staffed.changing() as (session, _):
        assert session.scalar(select(Person.id).where(Person.github == "thief"))
