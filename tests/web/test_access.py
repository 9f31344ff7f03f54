"""Who gets where: every route has a row, and a route without one fails."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from logovote.contest import (
    counting,
    invitations,
    notices,
    organisers,
    rounds,
    signing_in,
)
from logovote.contest.contests import contest_by_slug
from logovote.imaging.picture import SPECS_VERSION
from logovote.store.media import digest_of
from logovote.store.models import JobState, Kind, Role
from tests.builders import SECRET, add_import, cast, voter_named
from tests.web.conftest import ORIGINAL, Scene, Visit

VISITORS = {
    "stranger": "nobody is signed in",
    "Ann": "a voter of acme",
    "Otto": "a voter of other",
    "organiser": "the site's keeper",
    "Olga": "an owner of acme",
    "Rita": "an organiser of acme",
    "Vera": "an observer of acme",
    "Nils": "an owner of other",
}
# For each visitor: "y" gets in (whatever the answer then is), "s" is sent to sign in,
# "f" is told that the page is not theirs, "n" that there is nothing: what a result says
# is there for organisers once it is counted, and for others once it is published.
PUBLIC, VOTERS = "yyyyyyyy", "syfyyyyf"
# Observers read what organisers read, and change nothing; who organises another contest
# is as much a stranger as who votes in it.
ORGANISERS, DEEDS, OWNERS = "sffyyyyf", "sffyyyff", "sffyyfff"
ANY_ORGANISER, ANY_OWNER = "sffyyyyy", "sffyyffy"
SIGNED_IN = "syyyyyyy"
COUNTED, UNSAID = "nnnyyyyn", "nnnnnnnn"
# Without having asked for a mail, its code is typed nowhere.
NOT_ASKED = "ssssssss"
TABLE = {
    "GET home.index": PUBLIC,
    "GET home.security_txt": UNSAID,  # this site has set no contact
    "GET offline.show": PUBLIC,
    "GET offline.worker": PUBLIC,
    "GET contests.show": PUBLIC,
    "GET results.show": PUBLIC,
    "GET results.why": UNSAID,
    "GET results.what_if": COUNTED,
    "GET results.insight": COUNTED,
    "GET records.show": UNSAID,
    "GET results.ballots": UNSAID,
    "GET results.ballots_zip": UNSAID,
    "GET audit.show": PUBLIC,
    "POST audit.find": PUBLIC,
    "GET audit.log": PUBLIC,
    "GET audit.download": PUBLIC,
    "GET audit.script": PUBLIC,
    "GET accounts.sign_in": PUBLIC,
    "POST accounts.sign_out": PUBLIC,
    "POST accounts.ask": PUBLIC,
    "GET accounts.sent": NOT_ASKED,
    "POST accounts.code": NOT_ASKED,
    "GET accounts.link": UNSAID,
    "POST accounts.use_link": UNSAID,
    "GET accounts.account": SIGNED_IN,
    "POST accounts.sign_out_everywhere": SIGNED_IN,
    # Nobody can sign in with an account elsewhere unless a provider is configured.
    "GET oauth.leave": UNSAID,
    "GET oauth.come_back": UNSAID,
    # Nobody may join unless the organiser has said so.
    "GET joining.show": UNSAID,
    "POST joining.ask": "snnnnnnn",
    "GET mail.stop": PUBLIC,
    "POST mail.change": PUBLIC,
    "GET accounts.invitation": PUBLIC,
    "POST accounts.accept": PUBLIC,
    "GET accounts.organiser_link": PUBLIC,
    "POST accounts.enter": PUBLIC,
    "GET pictures.derivative": PUBLIC,
    "GET health.alive": PUBLIC,
    "GET health.ready": PUBLIC,
    "GET metrics.show": UNSAID,  # without its token
    "GET static": PUBLIC,
    "GET shortlist.show": VOTERS,
    "GET shortlist.logo": VOTERS,
    "GET looking.compare": VOTERS,
    "PUT shortlist.save": VOTERS,
    "POST shortlist.press": VOTERS,
    "GET marks.show": VOTERS,
    "POST marks.see": VOTERS,
    "PUT marks.put": VOTERS,
    "POST marks.press": VOTERS,
    "POST marks.deal": VOTERS,
    "GET ranking.show": VOTERS,
    "PUT ranking.save": VOTERS,
    "POST ranking.press": VOTERS,
    "GET duels.show": VOTERS,
    "GET receipts.show": VOTERS,
    "POST receipts.send": "snfnnnnf",
    "GET feedback.show": VOTERS,
    "POST feedback.give": VOTERS,
    # Who organises and has no vote here answers questions, and asks none.
    "POST questions.ask": "syfnnnnf",
    "POST accounts.move_token": SIGNED_IN,
    "GET api.openapi": PUBLIC,
    # No cookie is worth anything there: tests/web/test_api.py brings tokens.
    **dict.fromkeys(
        (
            "GET api.me",
            "GET api.contests",
            "GET api.contest",
            "GET api.designs",
            "GET api.design",
            "GET api.turnout",
            "GET api.result",
            "GET api.list_imports",
            "POST api.import_designs",
            "GET api.show_import",
            "POST api.confirm",
            "DELETE api.drop",
            "POST api.import_people",
        ),
        "ssssssss",
    ),
    "GET organise.index": ANY_ORGANISER,
    "GET organise.new": ANY_OWNER,
    "POST organise.create": ANY_OWNER,
    "GET organise.contest": ORGANISERS,
    "GET organise.organisers": ORGANISERS,
    "POST organise.move_organiser": OWNERS,
    "GET organise.details": ORGANISERS,
    "POST organise.set_details": DEEDS,
    "GET organise.dates": ORGANISERS,
    "POST organise.set_dates": DEEDS,
    "GET organise.counting": ORGANISERS,
    "POST organise.set_counting": DEEDS,
    "GET organise.pictures": ORGANISERS,
    "POST organise.set_pictures": DEEDS,
    "GET organise.designs": ORGANISERS,
    "GET organise.design": ORGANISERS,
    "POST organise.move_design": DEEDS,
    "GET organise.families": ORGANISERS,
    "POST organise.upload": DEEDS,
    "GET organise.import_job": ORGANISERS,
    "GET organise.import_progress": ORGANISERS,
    "POST organise.confirm_import": DEEDS,
    "POST organise.drop_import": DEEDS,
    "POST organise.regroup": DEEDS,
    "GET organise.original": ORGANISERS,
    "GET organise.download": ORGANISERS,
    "GET organise.handoff_": ORGANISERS,
    "POST organise.record_decision": DEEDS,
    "POST organise.act_in_review": DEEDS,
    "GET organise.preview_record": ORGANISERS,
    "GET organise.one_file": ORGANISERS,
    "GET organise.feedback_": ORGANISERS,
    "POST organise.moderate": DEEDS,
    "GET organise.questions_": ORGANISERS,
    "POST organise.answer_question": DEEDS,
    "GET organise.people": ORGANISERS,
    "POST organise.import_people": DEEDS,
    "POST organise.set_groups": DEEDS,
    # Whoever has a link can vote with it: no reading.
    "GET organise.links": DEEDS,
    "POST organise.renew_link": DEEDS,
    "GET organise.people_csv": ORGANISERS,
    "POST organise.change_voter": DEEDS,
    "POST organise.set_joining": DEEDS,
    "POST organise.answer_request": DEEDS,
    "GET organise.mail": ORGANISERS,
    "POST organise.move_mail": DEEDS,
    "POST organise.recuse": DEEDS,
    "GET organise.review": ORGANISERS,
    "GET organise.round_": ORGANISERS,
    "POST organise.move_round": DEEDS,
}


class Route(NamedTuple):
    """One way into the site."""

    name: str
    method: str
    url: str


@pytest.fixture
def both(shortlist: Scene, now: datetime) -> Scene:
    """A published shortlist and an open ranking, so that every page is there."""
    with shortlist.changing() as (session, acme):
        first = rounds.latest(session, acme, Kind.SHORTLIST)
        cast(session, first, "Ann", ["1"], now)
        rounds.close_round(session, first, now)
        counting.count_round(session, first)
        rounds.open_round(session, acme, Kind.RANKING, now)
        staff(session, now)
    return shortlist


def staff(session: Session, now: datetime) -> None:
    """Let Olga, Rita and Vera run acme, as far as their roles go, and Nils other."""
    for slug, name, role in (
        ("acme", "Olga", Role.OWNER),
        ("acme", "Rita", Role.ORGANISER),
        ("acme", "Vera", Role.OBSERVER),
        ("other", "Nils", Role.OWNER),
    ):
        contest = contest_by_slug(session, slug)
        who = f"{name.lower()}@example.org"
        organisers.name(session, contest, who, role, now=now).person.name = name


@pytest.fixture
def routes(both: Scene, now: datetime) -> list[Route]:
    """Every route of the app, with arguments that lead to something."""
    app = both.site.app
    with both.changing() as (session, acme):
        job_id = add_import(session, acme, JobState.DONE, now).id
        voter = voter_named(session, acme, "Bob")
        invitation = invitations.invitation_token(SECRET, voter)
        stop = notices.stop_token(SECRET, voter)
        picture_token = digest_of(ORIGINAL)[:16]
        key = signing_in.new_organiser_link(
            session, datetime.now(now.tzinfo), once=False
        )
    arguments = {
        "slug": "acme",
        "entry": 1,
        "family": "f1",
        "version": 1,
        "number": 1,
        "job_id": job_id,
        "specs": SPECS_VERSION,
        "release": "0",
        "path": "js/time.js",
        "provider": "github",
        "name": "shortlist.csv",
    }
    tokens = {"/o/": key, "/me": picture_token, "/ma": stop}
    found = []
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            token = tokens.get(rule.rule[:3], invitation)
            kind = "thumb" if rule.endpoint == "pictures.derivative" else "shortlist"
            values = arguments | {"token": token, "kind": kind}
            used: Any = {name: values[name] for name in rule.arguments}
            url = app.url_for(rule.endpoint, **used)
            methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
            found += [Route(f"{m} {rule.endpoint}", m, url) for m in methods]
    return found


def outcome(response: TestResponse) -> str:
    if response.status_code in {301, 302, 303, 307, 308}:
        return "s" if response.location == "/sign-in" else "y"
    return {401: "s", 403: "f", 404: "n"}.get(response.status_code, "y")


def test_every_route_has_a_row_and_every_row_a_route(routes: list[Route]) -> None:
    assert {route.name for route in routes} == TABLE.keys()


@pytest.mark.parametrize("who", VISITORS)
def test_everybody_gets_exactly_where_they_may(
    routes: list[Route], visit: Visit, shortlist: Scene, who: str
) -> None:
    shortlist.site.app.config["WTF_CSRF_ENABLED"] = False
    wrong = []
    for route in routes:
        answer = outcome(visit(who).open(route.url, method=route.method, buffered=True))
        if answer != TABLE[route.name][list(VISITORS).index(who)]:
            wrong.append(f"{route.name}: {answer}")

    assert wrong == []


@pytest.mark.parametrize("who", VISITORS)
def test_no_unsafe_route_takes_a_request_without_a_token(
    routes: list[Route], visit: Visit, who: str
) -> None:
    unsafe = [
        route
        for route in routes
        # A program's token is no cookie, and so nothing that a browser sends by itself.
        if route.method != "GET" and not route.url.startswith("/api/")
    ]

    taken = [
        (route.name, response.status_code)
        for route in unsafe
        for response in [visit(who).open(route.url, method=route.method, buffered=True)]
        if response.status_code != 400
        # Nobody's browser comes without any cookie.
        or ("no cookie" if who == "stranger" else "open for too long")
        not in response.text
    ]

    assert len(unsafe) > 10
    assert taken == []


def test_the_token_of_one_visitor_is_worth_nothing_to_another(
    shortlist: Scene, visit: Visit
) -> None:
    ann, bob = visit("Ann"), visit("Bob")
    stolen = token_of(ann)
    token_of(bob)

    answer = bob.put(
        "/c/acme/shortlist/ballot", json={}, headers={"X-CSRFToken": stolen}
    )

    assert answer.status_code == 400


def token_of(client: FlaskClient) -> str:
    page = client.get("/").text
    return page.partition('name="csrf-token" content="')[2].partition('"')[0]


def test_a_contest_that_is_not_there_is_not_found(
    routes: list[Route], visit: Visit, shortlist: Scene
) -> None:
    shortlist.site.app.config["WTF_CSRF_ENABLED"] = False
    organiser = visit("organiser")
    elsewhere = [
        (
            route,
            organiser.open(route.url.replace("acme", "nowhere"), method=route.method),
        )
        for route in routes
        if "acme" in route.url and not route.url.startswith("/api/")
    ]

    assert len(elsewhere) > 15
    assert {response.status_code for _, response in elsewhere} == {404}


def test_an_import_is_reached_through_its_own_contest_only(
    routes: list[Route], visit: Visit, shortlist: Scene
) -> None:
    shortlist.site.app.config["WTF_CSRF_ENABLED"] = False
    organiser = visit("organiser")
    answers = [
        organiser.open(route.url.replace("acme", "other"), method=route.method)
        for route in routes
        if route.name.startswith(("GET organise.import_", "POST organise.drop"))
    ]

    assert len(answers) >= 2
    assert {answer.status_code for answer in answers} == {404}


@pytest.mark.parametrize("entry", ["4", "999", str(2**70)])
def test_a_design_that_is_not_there_is_not_found(
    shortlist: Scene, visit: Visit, entry: str
) -> None:
    organiser = visit("organiser")

    assert organiser.get(f"/c/acme/logo/{entry}").status_code == 404
    assert organiser.get(f"/organise/acme/original/{entry}").status_code == 404
    assert organiser.get(f"/organise/acme/designs/imports/{entry}").status_code == 404
