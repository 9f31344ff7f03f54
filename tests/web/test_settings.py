"""The task list, a contest's own settings, and a round that is watched and paused."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from logovote.cli import cli
from logovote.contest import counting, opening, plans, rounds
from logovote.contest.plans import Plan
from logovote.store.models import Kind
from tests.builders import SECRET, cast
from tests.web.conftest import Scene, Visit
from tests.web.pages import post, put

ROOM = "/organise/acme/"
ROUND = "/organise/acme/rounds/shortlist"


@pytest.fixture
def organiser(scene: Scene, visit: Visit) -> FlaskClient:
    return visit("organiser")


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


def run(scene: Scene, *arguments: str, status: int = 0) -> str:
    result = CliRunner(env={"LOGOVOTE_SECRET_KEY": SECRET}).invoke(
        cli, ["--data", str(scene.site.settings.data), *arguments]
    )
    assert result.exit_code == status, result.output
    return result.stdout if status == 0 else result.output


def test_every_task_leads_to_where_it_is_done(organiser: FlaskClient) -> None:
    page = organiser.get(ROOM).text

    links = re.findall(r'class="task-name"><a href="([^"#]+)', page)
    assert len(links) == 11
    assert {organiser.get(link).status_code for link in links} == {200}
    assert page.count(">Not started<") + page.count(">In progress<") + page.count(
        ">Done<"
    ) == len(links)


def test_every_page_of_the_room_leads_back_to_the_list(
    organiser: FlaskClient, shortlist: Scene
) -> None:
    rooms = "details dates counting pictures people designs mail rounds/shortlist"
    for page in ("", *rooms.split()):
        assert ">My contests<" in organiser.get(ROOM + page).text, page
    assert "with 5 designs" in organiser.get(ROUND).text


def test_a_running_round_says_what_it_has_frozen_to_organisers_and_voters(
    organiser: FlaskClient, scene: Scene, visit: Visit, now: datetime
) -> None:
    assert "Frozen while" not in organiser.get(ROOM).text
    with scene.changing() as (session, acme):
        round_ = rounds.open_round(session, acme, Kind.SHORTLIST, now, seats=4)
        commitment = opening.commitment_of(session, round_)
    assert re.fullmatch(r"[0-9a-f]{64}", commitment)

    page = organiser.get(ROOM).text

    assert "Frozen while the shortlist round runs" in page
    assert "no taste out (sequential Phragmén), for 4 places" in page
    assert "core 1/2, crowd 1/2" in page
    assert commitment in page
    assert commitment in visit("stranger").get("/c/acme/audit").text
    voters = visit("Ann").get("/c/acme/").text
    assert "1/2" in voters
    assert "Up to 4 go on" in voters
    assert 'href="/c/acme/audit"' in voters


def test_details_are_changed_and_what_is_wrong_is_said_at_its_field(
    organiser: FlaskClient, scene: Scene
) -> None:
    wanted = {"title": "A sign for Acme", "about": "For doors", "status_quo": ""}
    answer = post(organiser, ROOM + "details", wanted)
    assert (answer.status_code, answer.location) == (303, ROOM)
    assert "A sign for Acme" in organiser.get("/c/acme/").text

    refused = post(organiser, ROOM + "details", {**wanted, "title": " "})
    assert refused.status_code == 422
    assert 'href="#title">The contest needs a title.' in refused.text


def test_dates_are_meant_in_the_contests_zone(
    organiser: FlaskClient, scene: Scene, visit: Visit
) -> None:
    until = (datetime.now(UTC) + timedelta(days=9)).replace(month=1, day=15, hour=21)
    until = until.replace(year=until.year + 1, minute=30, second=0, microsecond=0)
    form = {"zone": "europe/paris", "shortlist-until": f"{until:%Y-%m-%dT}22:30"}
    assert post(organiser, ROOM + "dates", form).status_code == 303
    assert 'value="Europe/Paris"' in organiser.get(ROOM + "dates").text
    assert f'value="{until:%Y-%m-%dT}22:30"' in organiser.get(ROOM + "dates").text
    assert f'value="{until:%Y-%m-%dT}22:30"' in organiser.get(ROUND).text

    form = {"do": "open", "until": f"{until:%Y-%m-%dT}22:30", "zone": ""}
    post(organiser, ROUND, form)

    with scene.changing() as (session, acme):
        assert rounds.latest(session, acme, Kind.SHORTLIST).closes_at == until
    told = f"15 January {until.year}, 22:30 CET"
    for page in ("/c/acme/", "/c/acme/shortlist", "/c/acme/ballot"):
        assert told in visit("Ann").get(page).text
    # What a script makes the reader's own time of.
    assert f'datetime="{until:%Y-%m-%dT%H:%M:%SZ}"' in visit("Ann").get("/c/acme/").text


@pytest.mark.parametrize(
    ("form", "field", "says"),
    [
        ({"zone": "Mars/Olympus"}, "zone", "There is no time zone"),
        (
            {"zone": "Europe/London", "shortlist-until": "2027-03-28T01:30"},
            "shortlist-until",
            "clocks are put forward",
        ),
        ({"ranking-until": "2020-01-01T12:00"}, "ranking-until", "over already"),
        ({"shortlist-until": "soon"}, "shortlist-until", "is no date and time"),
    ],
)
def test_a_date_that_cannot_be_changes_nothing_and_keeps_what_was_typed(
    organiser: FlaskClient, scene: Scene, form: dict[str, str], field: str, says: str
) -> None:
    answer = post(organiser, ROOM + "dates", form)

    assert answer.status_code == 422
    assert re.search(rf'href="#{field}">[^<]*{says}', answer.text)
    assert f'value="{form[field]}"' in answer.text
    with scene.changing() as (_, acme):
        assert (acme.zone, acme.plans) == ("", "{}")


def test_what_rounds_open_with_is_set_beside_an_example(
    organiser: FlaskClient, scene: Scene
) -> None:
    page = words(organiser.get(ROOM + "counting").text)
    assert "A, D, B" in page
    assert "A, B, C: the larger taste takes every place" in page

    form = {"shortlist-seats": "7", "shortlist-publish": "aggregate"}
    assert post(organiser, ROOM + "counting", form).status_code == 303
    with scene.changing() as (_, acme):
        plan = plans.plan_of(acme, Kind.SHORTLIST)
    assert plan == Plan(seats=7, publish="aggregate")
    page = organiser.get(ROUND).text
    assert re.search(r'id="seats"[^>]*value="7"', page)
    assert re.search(r'value="aggregate" checked', page)

    refused = post(organiser, ROOM + "counting", {"shortlist-batch": "many"})
    assert refused.status_code == 422
    assert 'href="#shortlist-batch">“many” is no number' in refused.text


def test_the_opening_names_what_was_left_and_its_default(
    organiser: FlaskClient, scene: Scene
) -> None:
    page = words(organiser.get(ROUND).text)
    assert "Left at its default" in page
    assert "Time zone UTC" in page
    assert "Shares equal parts of what is left: core 1/2, crowd 1/2" in page

    post(organiser, ROOM + "dates", {"zone": "Europe/Paris"})
    assert "Time zone UTC" not in words(organiser.get(ROUND).text)


def test_an_empty_field_of_the_opening_is_not_what_was_planned(
    organiser: FlaskClient, scene: Scene
) -> None:
    post(organiser, ROOM + "counting", {"shortlist-approvals": "3"})
    post(organiser, ROUND, {"do": "open", "approvals": "", "seats": "5"})

    with scene.changing() as (session, acme):
        rules = json.loads(rounds.latest(session, acme, Kind.SHORTLIST).rules)
    assert (rules["approvals"], rules["seats"]) == (None, 5)


def test_closing_with_people_unfinished_is_asked_once(
    organiser: FlaskClient, shortlist: Scene, now: datetime
) -> None:
    with shortlist.changing() as (session, acme):
        cast(session, rounds.latest(session, acme, Kind.SHORTLIST), "Ann", ["1"], now)

    asked = post(organiser, ROUND, {"do": "close"})

    assert asked.status_code == 200
    assert "2 of 3 people who may vote have not voted" in words(asked.text)
    assert "core: 1 of 2 has not voted" in words(asked.text)
    with shortlist.changing() as (session, acme):
        assert rounds.latest(session, acme, Kind.SHORTLIST).phase.value == "open"
    done = post(organiser, ROUND, {"do": "close", "sure": "1"}, follow_redirects=True)
    assert "is closed and counted" in done.text


def test_a_round_that_everybody_voted_in_closes_unasked(
    organiser: FlaskClient, shortlist: Scene, now: datetime
) -> None:
    with shortlist.changing() as (session, acme):
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        for name in ("Ann", "Bob", "Cleo"):
            cast(session, round_, name, ["1"], now)

    assert post(organiser, ROUND, {"do": "close"}).status_code == 303


def test_a_pause_is_said_to_everybody_until_it_ends(
    organiser: FlaskClient, shortlist: Scene, visit: Visit
) -> None:
    body = {"base_rev": 0, "save_id": "save-number-1", "items": ["1"]}
    assert put(visit("Ann"), "/c/acme/shortlist/ballot", body).status_code == 200
    until = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(days=2)
    form = {"do": "pause", "until": f"{until:%Y-%m-%dT%H:%M}", "zone": "UTC"}

    paused = post(organiser, ROUND, form, follow_redirects=True)

    assert "is paused" in paused.text
    told = f"This round is paused until {until.day} {until:%B %Y, %H:%M} UTC"
    ann = visit("Ann")
    for page in ("/c/acme/", "/c/acme/shortlist", "/c/acme/ballot"):
        assert told in ann.get(page).text
    answer = put(ann, "/c/acme/shortlist/ballot", body | {"save_id": "save-number-2"})
    assert answer.status_code == 409
    refused = answer.get_json()
    assert refused["error"] == "paused"
    assert told in refused["message"]
    form_answer = post(ann, "/c/acme/shortlist/ballot", {"approve": "2"})
    assert form_answer.status_code == 409
    assert "This round is paused" in form_answer.text
    assert shortlist.ballot("Ann") == ["1"]
    assert "was paused until" in visit("stranger").get("/c/acme/audit").text
    assert "Paused, nobody can vote now" in organiser.get(ROOM).text

    post(organiser, ROUND, {"do": "resume"})
    again = {**body, "base_rev": 1, "save_id": "save-number-3", "items": ["2"]}
    assert put(ann, "/c/acme/shortlist/ballot", again).status_code == 200


def test_a_contest_starts_like_an_earlier_one(
    organiser: FlaskClient, scene: Scene
) -> None:
    post(organiser, ROOM + "dates", {"zone": "Asia/Tokyo"})
    assert 'value="acme"' in organiser.get("/organise/new").text

    form = {"title": "Second", "slug": "second", "like": "acme", "status_quo": ""}
    assert post(organiser, "/organise/new", form).status_code == 303

    assert 'value="Asia/Tokyo"' in organiser.get("/organise/second/dates").text
    page = organiser.get("/organise/second/people").text
    assert "crowd" in page
    listed = words(organiser.get("/organise/").text)
    assert "Waits for designs and people" in listed
    assert "Ready: open its first round" in listed


def test_the_terminal_does_what_the_pages_do(scene: Scene, now: datetime) -> None:
    told = json.loads(
        run(
            scene,
            *("contest", "set", "acme", "--zone", "Europe/Berlin", "--json"),
            *("--rights", "voters-only", "--purge-on", "2030-01-31"),
        )
    )
    assert (told["zone"], told["rights"]) == ("Europe/Berlin", ["voters-only"])
    assert told["purge_on"] == "2030-01-31"
    told = json.loads(
        run(scene, "contest", "set", "acme", "--rights", "open", "--json")
    )
    assert (told["rights"], told["purge_on"]) == ([], "2030-01-31")
    run(scene, "contest", "set", "acme", "--purge-on", "never")
    planned = ("contest", "plan", "acme", "shortlist", "--seats", "6")
    run(scene, *planned, "--until", "2040-07-01 22:00")
    shown = json.loads(run(scene, "contest", "show", "acme", "--json"))
    assert shown["plans"]["shortlist"] == {
        "seats": 6,
        "until": "2040-07-01T20:00:00.000Z",
    }
    assert {task["task"] for task in shown["tasks"]} >= {"details", "dates", "groups"}
    run(scene, "contest", "new", "next", "--title", "Next", "--like", "acme")
    run(scene, "contest", "new", "odd", "--title", "Odd", "--like", "nope", status=1)
    listed = json.loads(run(scene, "contest", "list", "--json"))["contests"]
    assert {each["contest"] for each in listed} == {"acme", "other", "next"}

    run(scene, "round", "open", "acme", "shortlist")
    run(scene, "round", "pause", "acme", "shortlist", "--until", "2040-06-30 12:00")
    status = json.loads(run(scene, "round", "status", "acme", "shortlist", "--json"))
    assert (status["paused"], status["phase"]) == (True, "open")
    assert status["paused_until"] == "2040-06-30T10:00:00.000Z"
    assert [group["unfinished"] for group in status["turnout"]] == [2, 1]
    run(scene, "round", "resume", "acme", "shortlist")
    assert "not paused" in run(scene, "round", "resume", "acme", "shortlist", status=1)
    run(scene, "round", "close", "acme", "shortlist")


def test_what_the_terminal_cannot_do_is_said_in_a_sentence(scene: Scene) -> None:
    for wrong in (("--zone", "Berlin"), ("--purge-on", "soon"), ("--title", " ")):
        told = run(scene, "contest", "set", "acme", *wrong, status=1)
        assert re.fullmatch(r"Error: .*\.\n", told)
    told = run(scene, "round", "pause", "acme", "ranking", status=1)
    assert "has not been opened yet" in told


def test_a_published_contest_is_told_as_decided_only_once_it_is(
    scene: Scene, now: datetime
) -> None:
    with scene.changing() as (session, acme):
        round_ = rounds.open_round(session, acme, Kind.SHORTLIST, now)
        rounds.close_round(session, round_, now)
        counting.count_round(session, round_, now=now)
        rounds.publish_round(session, round_, now=now)
    listed = json.loads(run(scene, "contest", "list", "--json"))["contests"]
    waits = {each["contest"]: each["waits_for"] for each in listed}
    assert waits["acme"] == "The shortlist is published: rank it, or decide"
