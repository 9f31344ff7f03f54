from __future__ import annotations

import html
import re
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select

from logovote.contest import invitations, signing_in, tokens
from logovote.contest.tokens import BearerError
from logovote.store.models import SignIn
from tests.builders import SECRET, sign_in, token_in, voter_named
from tests.web.conftest import Scene, Visit
from tests.web.pages import csrf_token, post


@pytest.fixture
def invitation(scene: Scene) -> str:
    with scene.changing() as (session, acme):
        ann = voter_named(session, acme, "Ann")
        return f"/i/{invitations.invitation_token(SECRET, ann)}"


@pytest.fixture
def organiser_link(scene: Scene) -> str:
    with scene.changing() as (session, _):
        return f"/o/{signing_in.new_organiser_link(session, datetime.now(UTC))}"


def sessions(scene: Scene) -> int:
    with scene.site.store.database.read() as session:
        return session.scalar(select(func.count(SignIn.id))) or 0


def who(client: FlaskClient) -> str:
    page = client.get("/").text
    return (
        page.partition("<span>")[2].partition("</span>")[0]
        if "Sign out" in page
        else ""
    )


def test_opening_an_invitation_changes_nothing(
    scene: Scene, client: FlaskClient, invitation: str
) -> None:
    for method in ("GET", "HEAD", "GET", "OPTIONS"):
        assert client.open(invitation, method=method).status_code == 200

    assert sessions(scene) == 0
    assert who(client) == ""


def test_pressing_the_button_signs_in_and_leads_to_the_contest(
    scene: Scene, client: FlaskClient, invitation: str
) -> None:
    page = client.get(invitation).text
    assert "Ann" in page
    assert "A logo for Acme" in page

    answer = client.post(invitation, data={"csrf_token": token_in(page)})

    assert (answer.status_code, answer.location) == (303, "/c/acme/")
    assert who(client) == "Ann"


@pytest.mark.parametrize(
    ("asked", "back"),
    [
        ("/c/acme/logo/2", "/c/acme/logo/2"),
        ("/c/acme/shortlist?show=all", "/c/acme/shortlist?show=all"),
        # Elsewhere, or nowhere: the contest itself.
        ("/c/other/shortlist", "/c/acme/"),
        ("/organise/", "/c/acme/"),
        ("//evil.example/c/acme/", "/c/acme/"),
        ("/c/acme/shortlist?" + "x" * 2000, "/c/acme/"),
    ],
)
def test_who_was_signed_out_in_the_middle_goes_on_where_they_were(
    scene: Scene, client: FlaskClient, invitation: str, asked: str, back: str
) -> None:
    client.get(asked)

    answer = client.post(
        invitation, data={"csrf_token": token_in(client.get(invitation).text)}
    )

    assert answer.location == back


@pytest.mark.parametrize(
    ("referrer", "back"),
    [
        ("http://localhost/c/acme/logo/2?show=all", "/c/acme/logo/2?show=all"),
        # Elsewhere, or nowhere: the contest itself.
        ("http://evil.example/c/acme/logo/2", "/c/acme/"),
        ("http://localhost", "/c/acme/"),
        ("http://[", "/c/acme/"),
        ("", "/c/acme/"),
    ],
)
def test_who_was_signed_out_while_typing_goes_back_to_the_form(
    shortlist: Scene, visit: Visit, invitation: str, referrer: str, back: str
) -> None:
    ann = visit("Ann")
    form = {"csrf_token": csrf_token(ann), "annotate": "f2", "note": ""}
    with shortlist.changing() as (session, _):
        session.execute(delete(SignIn))

    refused = ann.post("/c/acme/marks", data=form, headers={"Referer": referrer})
    assert (refused.status_code, refused.location) == (302, "/sign-in")
    assert "what you sent was not taken" in ann.get("/sign-in").text

    token = token_in(ann.get(invitation).text)
    assert ann.post(invitation, data={"csrf_token": token}).location == back


def test_what_was_typed_by_who_was_signed_out_is_given_back(
    shortlist: Scene, visit: Visit, invitation: str
) -> None:
    """Of a form with words in it nothing is lost, in whatever script they are."""
    ann = visit("Ann")
    token = csrf_token(ann)
    with shortlist.changing() as (session, _):
        session.execute(delete(SignIn))
    page = "http://localhost/c/acme/feedback/2"
    for words in ("A <fish>, or\r\na bird?", "魚"):
        form = {"csrf_token": token, "reason": ["hard-to-read"], "note": words}

        answer = ann.post("/c/acme/feedback/2", data=form, headers={"Referer": page})

        assert answer.status_code == 401
        assert "what you sent was not taken" in answer.text
        (given_back,) = re.findall(
            r"<textarea[^>]* readonly[^>]*>\n(.*?)</textarea>", answer.text, re.DOTALL
        )
        assert html.unescape(given_back) == words

    token = token_in(ann.get(invitation).text)
    back = ann.post(invitation, data={"csrf_token": token})
    assert back.location == "/c/acme/feedback/2"


def test_an_organiser_who_was_signed_out_goes_on_there_too(
    client: FlaskClient, organiser_link: str
) -> None:
    client.get("/organise/acme/people")

    form = {"csrf_token": token_in(client.get(organiser_link).text)}

    assert client.post(organiser_link, data=form).location == "/organise/acme/people"


def test_what_a_script_asks_for_is_no_page_to_come_back_to(
    scene: Scene, client: FlaskClient, invitation: str
) -> None:
    client.get("/c/acme/shortlist?show=all")
    asked = client.get("/c/acme/marks", headers={"Accept": "application/json"})
    assert (asked.status_code, asked.get_json()["error"]) == (401, "signed-out")

    token = token_in(client.get(invitation).text)
    back = client.post(invitation, data={"csrf_token": token}).location
    assert back == "/c/acme/shortlist?show=all"


@pytest.mark.parametrize(
    ("who", "called", "warned"),
    [
        ("Ann", "", ""),  # her own link, and nobody told the site her name
        ("Bob", "Bob", "You are signed in as Bob. Continuing signs you out and Ann in"),
        (
            "Bob",
            "Ann",
            "You are signed in as Ann. Continuing signs you out and anoth",
        ),
        ("Bob", "", "You are signed in as bob@example.org. Continuing signs you out"),
    ],
)
def test_a_link_of_somebody_else_warns_by_who_it_is_not_by_name(
    scene: Scene, visit: Visit, who: str, called: str, warned: str
) -> None:
    client, link = visit(who), f"/i/{invitation_of(scene)}"
    with scene.changing() as (session, acme):
        voter_named(session, acme, who).person.name = called

    page = client.get(link).text

    assert ("You are signed in as" in page) is bool(warned)
    assert warned in page


def test_an_invitation_works_again_on_another_device(
    scene: Scene, invitation: str
) -> None:
    for _ in range(2):
        client = scene.site.app.test_client()
        sign_in(client, invitation)
        assert who(client) == "Ann"

    assert sessions(scene) == 2


@pytest.mark.parametrize(
    "link",
    ["/i/1-0000", "/i/x", "/i/999999-" + "0" * 40, "/o/x", "/i/" + "9" * 5000],
)
def test_a_link_that_does_not_work_says_no_more_than_that(
    scene: Scene, client: FlaskClient, link: str
) -> None:
    token = token_in(client.get("/i/" + invitation_of(scene)).text)

    for answer in (client.get(link), client.post(link, data={"csrf_token": token})):
        assert answer.status_code == 404
        assert "This link does not work" in answer.text

    assert sessions(scene) == 0


def invitation_of(scene: Scene) -> str:
    with scene.changing() as (session, acme):
        return invitations.invitation_token(SECRET, voter_named(session, acme, "Ann"))


def test_an_organisers_link_is_used_up_by_the_button_alone(
    scene: Scene, client: FlaskClient, organiser_link: str
) -> None:
    for _ in range(3):
        assert client.get(organiser_link).status_code == 200

    sign_in(client, organiser_link)

    assert client.get("/organise/").status_code == 200
    assert client.get(organiser_link).status_code == 404


def test_signing_out_kills_a_copy_of_the_cookie(scene: Scene, visit: Visit) -> None:
    client = visit("Ann")
    cookie = client.get_cookie("logovote")
    assert cookie is not None
    thief = scene.site.app.test_client()
    thief.set_cookie("logovote", cookie.value)
    assert who(thief) == "Ann"

    answer = post(client, "/sign-out")

    assert (answer.status_code, answer.location) == (303, "/")
    assert who(client) == ""
    assert who(thief) == ""


def test_signing_out_here_leaves_other_devices_signed_in(
    scene: Scene, visit: Visit
) -> None:
    phone, laptop = visit("Ann"), visit("Ann")

    post(phone, "/sign-out")

    assert who(laptop) == "Ann"


def test_signing_in_starts_a_session_of_its_own(
    scene: Scene, visit: Visit, invitation: str
) -> None:
    """What somebody planted into the cookie before does not live on."""
    client = visit("Bob")
    with client.session_transaction() as cookie:
        cookie["planted"] = "by an attacker"
        before = cookie["_user_id"]

    sign_in(client, invitation)

    with client.session_transaction() as cookie:
        assert "planted" not in cookie
        assert cookie["_user_id"] != before
    assert who(client) == "Ann"


@pytest.mark.parametrize("link", ["invitation", "organiser_link"])
def test_signing_in_ends_the_session_that_this_browser_had(
    scene: Scene, visit: Visit, request: pytest.FixtureRequest, link: str
) -> None:
    url = request.getfixturevalue(link)
    client = visit("Bob")
    cookie = client.get_cookie("logovote")
    assert cookie is not None
    thief = scene.site.app.test_client()
    thief.set_cookie("logovote", cookie.value)
    elsewhere = visit("Bob")

    sign_in(client, url)

    assert who(thief) == ""
    assert who(elsewhere) == "Bob"


def test_a_made_up_session_is_nobody(scene: Scene) -> None:
    client = scene.site.app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = "1"

    assert who(client) == ""


def test_a_stranger_is_sent_to_a_page_that_says_how_to_get_in(
    scene: Scene, client: FlaskClient
) -> None:
    answer = client.get("/c/acme/shortlist", follow_redirects=True)

    assert answer.status_code == 200
    assert "Open the link in your invitation" in answer.text


def test_a_script_that_is_signed_out_gets_json_and_no_page(
    shortlist: Scene, visit: Visit
) -> None:
    client = visit("Ann")
    with client.session_transaction() as cookie:
        cookie["_user_id"] = "ended"
    token = token_in(client.get("/i/" + invitation_of(shortlist)).text)

    answer = client.put(
        "/c/acme/shortlist/ballot", json={}, headers={"X-CSRFToken": token}
    )

    assert answer.status_code == 401
    assert answer.get_json()["error"] == "signed-out"
    assert "Sign in" in answer.get_json()["message"]


def test_the_cookie_is_for_this_site_alone(
    scene: Scene, client: FlaskClient, invitation: str
) -> None:
    page = client.get(invitation)
    answer = client.post(invitation, data={"csrf_token": token_in(page.text)})

    cookie = answer.headers["Set-Cookie"]

    assert cookie.startswith("logovote=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def new_token(scene: Scene, name: str) -> str:
    with scene.changing() as (session, acme):
        person = voter_named(session, acme, name).person
        return tokens.new_token(session, person, "nightly", datetime.now(UTC))[1]


def works(scene: Scene, text: str) -> bool:
    with scene.site.store.database.read() as session:
        try:
            tokens.bearer(session, text, datetime.now(UTC))
        except BearerError:
            return False
    return True


def test_signing_out_everywhere_takes_tokens_back(scene: Scene, visit: Visit) -> None:
    """Whoever was in a session may have made one, good for a year."""
    mine, bobs = new_token(scene, "Ann"), new_token(scene, "Bob")
    ann = visit("Ann")
    assert "tokens for programs then work no more" in ann.get("/account").text

    post(ann, "/sign-out/everywhere")

    assert "1 token works no more" in ann.get("/").text
    assert (works(scene, mine), works(scene, bobs)) == (False, True)


def test_an_invitation_opens_the_account_no_further_than_for_voting(
    scene: Scene, client: FlaskClient, invitation: str, visit: Visit
) -> None:
    """Organisers of the contest have the link, too."""
    text, own = new_token(scene, "Ann"), visit("Ann")
    by_link, again = client, scene.site.app.test_client()
    sign_in(by_link, invitation)
    sign_in(again, invitation)

    page = by_link.get("/account").text
    assert "nightly" not in page
    assert "is for voting alone" in page
    assert page.count("Since <time") == 2
    refused = post(by_link, "/account/tokens", {"do": "take-back:1"})
    assert refused.status_code == 422
    post(by_link, "/sign-out/everywhere")

    assert (who(by_link), who(again), who(own)) == ("", "", "Ann")
    assert works(scene, text)
