"""Joining a contest without an invitation: by an address, or by asking."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from fractions import Fraction

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import func, select

from logovote.cli import cli
from logovote.contest import events, invitations, joining, people, rounds
from logovote.contest.contests import contest_by_slug
from logovote.contest.joining import Terms
from logovote.contest.people import PeopleError
from logovote.store import queries
from logovote.store.models import Kind, Person
from tests.builders import SECRET, sign_in, token_in, voter_named
from tests.letters import Letters, answer_all, path_in
from tests.web.conftest import Scene, Visit
from tests.web.pages import post

JOIN = "/c/acme/join"
ZOE = "zoe@club.example"


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> Letters:
    letters = Letters()
    letters.catch(monkeypatch)
    return letters


def on_terms(scene: Scene, *domains: str, is_open: bool = False) -> None:
    with scene.changing() as (session, acme):
        joining.set_terms(session, acme, Terms(is_open, domains, "crowd"))


Enter = Callable[..., FlaskClient]


@pytest.fixture
def enter(scene: Scene, letters: Letters) -> Enter:
    """Come to the page of joining as a stranger, and prove an address by its mail."""

    def enter_(address: str = ZOE) -> FlaskClient:
        client = scene.site.app.test_client()
        page = client.get(JOIN).text
        form = {"csrf_token": token_in(page), "email": address, "join": "acme"}
        client.post("/sign-in", data=form)
        answer_all(scene.site.store, scene.site.jobs.postman)
        link = path_in(letters.to(address)[-1], "/m/")
        answer = client.post(link, data={"csrf_token": token_in(page)})
        assert answer.location == JOIN
        return client

    return enter_


def voters(scene: Scene) -> dict[str, str]:
    with scene.changing() as (session, acme):
        found = queries.voters(session, acme.id)
        return {voter.person.key: voter.group.name for voter in found}


def test_nobody_joins_where_the_list_is_closed(
    scene: Scene, client: FlaskClient, letters: Letters, visit: Visit
) -> None:
    assert client.get(JOIN).status_code == 404
    assert "Join" not in client.get("/c/acme/").text
    token = token_in(client.get("/sign-in").text)
    client.post("/sign-in", data={"csrf_token": token, "email": ZOE, "join": "acme"})
    answer_all(scene.site.store, scene.site.jobs.postman)

    assert letters == []
    assert post(visit("Otto"), JOIN).status_code == 404


def test_who_is_signed_in_without_a_vote_is_told_and_shown_the_way_in(
    shortlist: Scene, visit: Visit
) -> None:
    otto, by_link = visit("Otto"), visit("stranger")
    with shortlist.site.store.database.read() as session:
        other = contest_by_slug(session, "other")
        voter = voter_named(session, other, "Otto")
        sign_in(by_link, f"/i/{invitations.invitation_token(SECRET, voter)}")
    way_in = f'<a href="{JOIN}">Join</a>'

    said = otto.get("/c/acme/").text, by_link.get("/c/acme/").text

    assert not any("/c/acme/shortlist" in page for page in said)
    assert "/c/acme/shortlist" in visit("Ann").get("/c/acme/").text
    assert "You are signed in, but not invited to vote here" in said[0]
    assert "good for that one alone" in said[1]
    assert way_in not in said[0] + said[1]
    on_terms(shortlist, is_open=True)
    assert way_in in otto.get("/c/acme/").text
    assert way_in in by_link.get("/c/acme/").text
    for who in ("Ann", "organiser"):
        front = visit(who).get("/c/acme/").text
        assert way_in not in front
        assert "not invited" not in front


def test_an_address_at_the_domain_is_in_once_it_is_proven(
    scene: Scene, enter: Enter, letters: Letters
) -> None:
    on_terms(scene, "club.example")
    client = enter()
    assert ZOE not in voters(scene)

    answer = post(client, JOIN, {"name": "Zoe"})

    assert answer.location == "/c/acme/"
    assert voters(scene)[ZOE] == "crowd"
    assert "You vote in the group <strong>crowd</strong>" in client.get("/c/acme/").text
    with scene.changing() as (session, acme):
        last = events.chain(session, acme.id)[-1]
        assert last["kind"] == "roll.added"
        assert ZOE not in json.dumps(last)
    scene.site.jobs.postman.deliver()
    assert path_in(letters.to(ZOE)[-1], "/i/")


def test_who_finds_no_group_that_decides_waits_for_the_organiser(
    scene: Scene, enter: Enter, visit: Visit
) -> None:
    """The groups that are there have all shares, so nobody is let into a new one."""
    with scene.changing() as (session, acme):
        joining.set_terms(
            session, acme, Terms(domains=("club.example",), group="guests")
        )
        names = [group.name for group in queries.groups(session, acme.id)]
        share = Fraction(1, len(names))
        people.set_shares(session, acme, dict.fromkeys(names, share), {})

    assert post(enter(), JOIN, {"name": "Zoe"}).status_code == 303

    assert ZOE not in voters(scene)
    organiser = visit("organiser")
    assert ZOE in organiser.get("/organise/acme/people").text
    with scene.changing() as (session, acme):
        with pytest.raises(PeopleError, match="no group “guests”"):
            joining.admit(session, acme, ZOE, acme.created_at, actor="cli")
        joining.admit(session, acme, ZOE, acme.created_at, group="crowd", actor="cli")
    assert voters(scene)[ZOE] == "crowd"


@pytest.mark.parametrize(
    "address",
    ["zoe@evil-club.example", "zoe@sub.club.example", "zoe@club.example.evil.test"],
)
def test_an_address_elsewhere_gets_no_mail_and_makes_nobody(
    scene: Scene, client: FlaskClient, letters: Letters, address: str
) -> None:
    on_terms(scene, "club.example")
    token = token_in(client.get(JOIN).text)
    form = {"csrf_token": token, "email": address, "join": "acme"}
    answer = client.post("/sign-in", data=form)
    answer_all(scene.site.store, scene.site.jobs.postman)

    assert answer.location == "/sign-in/sent"
    assert letters == []
    with scene.changing() as (session, _):
        assert not session.scalars(select(Person).where(Person.email == address)).all()


def test_who_asks_waits_for_the_organiser(
    scene: Scene, enter: Enter, visit: Visit, letters: Letters
) -> None:
    on_terms(scene, is_open=True)
    zoe, organiser = enter(), visit("organiser")
    post(zoe, JOIN, {"name": "Zoe", "note": "I drew the <old> one"})
    assert ZOE not in voters(scene)
    assert "You asked on" in zoe.get(JOIN).text
    assert zoe.get("/c/acme/ballot").status_code == 403

    page = organiser.get("/organise/acme/people").text
    assert "I drew the &lt;old&gt; one" in page
    # Enter in the field of the group presses the form's first button: nobody is let in.
    form = page.partition('action="/organise/acme/people/requests"')[2]
    first = re.findall(r"<button[^>]*>", form)[0]
    assert 'name="do" value=""' in first
    answer = post(
        organiser,
        "/organise/acme/people/requests",
        {"do": f"admit:{ZOE}", "request-group": "core"},
    )

    assert answer.status_code == 303
    assert voters(scene)[ZOE] == "core"
    assert f"admit:{ZOE}" not in organiser.get("/organise/acme/people").text
    scene.site.jobs.postman.deliver()
    assert path_in(letters.to(ZOE)[-1], "/i/")


def test_who_has_no_address_is_told_to_look_again(scene: Scene, visit: Visit) -> None:
    on_terms(scene, is_open=True)
    otto = visit("Otto")
    with scene.changing() as (session, _):
        person = session.scalars(select(Person).where(Person.name == "Otto")).one()
        person.email, person.github = None, "otto"
    post(otto, JOIN)

    page = otto.get(JOIN).text

    assert "You asked on" in page
    assert "look here again" in page
    assert "None" not in page


def test_a_no_is_not_asked_again(scene: Scene, enter: Enter, visit: Visit) -> None:
    on_terms(scene, is_open=True)
    zoe = enter()
    post(zoe, JOIN, {"note": "please"})
    post(visit("organiser"), "/organise/acme/people/requests", {"do": f"decline:{ZOE}"})

    again = post(zoe, JOIN, {"note": "please!"})

    assert again.status_code == 400
    assert "has said no" in again.text
    with scene.changing() as (session, acme):
        assert joining.waiting(session, acme.id) == []


def test_nobody_has_two_ballots_by_joining_what_they_are_in(
    scene: Scene, visit: Visit
) -> None:
    on_terms(scene, "example.org", is_open=True)
    before = voters(scene)
    ann = visit("Ann")

    assert ann.get(JOIN).location == "/c/acme/"
    assert post(ann, JOIN).location == "/c/acme/"

    assert voters(scene) == before


def test_who_joins_in_mid_round_comes_into_a_group_that_is_there(
    shortlist: Scene, enter: Enter
) -> None:
    with shortlist.changing() as (session, acme):
        terms = Terms(domains=("club.example",), group="new")
        joining.set_terms(session, acme, terms)
    assert post(enter(), JOIN).location == JOIN  # to wait for the organiser

    on_terms(shortlist, "club.example")
    assert post(enter("yan@club.example"), JOIN).location == "/c/acme/"


def test_the_organiser_says_who_may_join(scene: Scene, visit: Visit) -> None:
    form = {"open": "on", "domains": "@Club.example, x.test", "joining-group": "crowd"}
    post(visit("organiser"), "/organise/acme/people/joining", form)

    with scene.changing() as (_, acme):
        terms = joining.terms_of(acme)
    wanted = Terms(open=True, domains=("club.example", "x.test"), group="crowd")
    assert terms == wanted
    stranger = visit("stranger")
    assert f'href="{JOIN}"' in stranger.get("/c/acme/").text
    told = "with an address at club.example or x.test or by asking the organiser"
    assert told in stranger.get("/c/acme/audit").text


@pytest.mark.parametrize(
    "terms",
    [
        Terms(domains=("club",)),
        Terms(domains=("a@b.example",)),
        Terms(domains=("",)),
        Terms(group="a=b"),
        Terms(group="x" * 61),
    ],
)
def test_terms_that_say_nothing_are_refused(scene: Scene, terms: Terms) -> None:
    with scene.changing() as (session, acme), pytest.raises(PeopleError):
        joining.set_terms(session, acme, terms)


@pytest.mark.parametrize("deed", ["", "admit:", "admit:otto@example.org", "x:y"])
def test_an_answer_to_nobody_is_refused_in_words(
    scene: Scene, visit: Visit, deed: str
) -> None:
    answer = post(visit("organiser"), "/organise/acme/people/requests", {"do": deed})

    assert answer.status_code == 400
    if not deed:  # Enter in the field of the group
        assert "Press “Let in” or “Decline”" in answer.text


def test_the_same_by_commands(scene: Scene, enter: Enter) -> None:
    def run(*arguments: str) -> str:
        data = str(scene.site.settings.data)
        result = CliRunner().invoke(cli, ["--data", data, "people", *arguments])
        assert result.exit_code == 0, result.output
        return result.stdout

    assert json.loads(
        run("joining", "acme", "--open", "--group", "crowd", "--json")
    ) == {
        "open": True,
        "domains": [],
        "group": "crowd",
    }
    for address in (ZOE, "yan@club.example"):
        post(enter(address), JOIN, {"name": "Z", "note": "a\nb"})
    asked = json.loads(run("requests", "acme", "--json"))["requests"]
    assert (asked[0]["who"], asked[0]["note"]) == (ZOE, "a\nb")
    run("let-in", "acme", ZOE)
    run("decline", "acme", "yan@club.example")
    assert run("requests", "acme") == ""
    assert voters(scene)[ZOE] == "crowd"
    with scene.changing() as (session, _):
        known = select(func.count(Person.id)).where(Person.key == "yan@club.example")
        assert session.scalar(known) == 1


def asking(scene: Scene) -> list[str]:
    with scene.changing() as (session, acme):
        return [each.person.key for each in joining.waiting(session, acme.id)]


def test_one_mailbox_is_not_let_in_as_many(scene: Scene, enter: Enter) -> None:
    on_terms(scene, "club.example")
    for number in (1, 2):
        post(enter(f"zoe+{number}@club.example"), JOIN, {"name": "Zoe"})

    assert not any("zoe" in key for key in voters(scene))
    assert asking(scene) == ["zoe+1@club.example", "zoe+2@club.example"]


def test_an_address_that_no_mail_has_shown_lets_nobody_in(
    scene: Scene, visit: Visit
) -> None:
    """Whoever organises another contest may have written it beside their own login."""
    on_terms(scene, "club.example")
    with scene.changing() as (session, _):
        other = contest_by_slug(session, "other")
        data = b"email,name,github\nboss@club.example,Eve,eve"
        people.import_people(session, other, people.read_people(data), trusted=False)

    post(visit("Eve"), JOIN)

    assert "boss@club.example" not in voters(scene)
    assert asking(scene) == ["boss@club.example"]


@pytest.mark.parametrize("group", ["guests", "crowd"])
def test_where_nobody_can_be_let_in_now_the_wish_is_kept(
    shortlist: Scene, enter: Enter, group: str, now: datetime
) -> None:
    """A new group while a round runs; anybody between its close and its count."""
    with shortlist.changing() as (session, acme):
        terms = Terms(domains=("club.example",), group=group)
        joining.set_terms(session, acme, terms)
        if group == "crowd":
            round_ = rounds.latest(session, acme, Kind.SHORTLIST)
            rounds.close_round(session, round_, now)

    answer = post(enter(), JOIN, {"name": "Zoe"})

    assert (answer.status_code, answer.location) == (303, JOIN)
    assert asking(shortlist) == [ZOE]
