"""Two organisers at once: nothing is lost in silence, and the second is told."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from http import HTTPStatus
from threading import Barrier
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from logovote.contest import (
    counting,
    deciding,
    events,
    families,
    feedback,
    organisers,
    rounds,
)
from logovote.contest.feedback import Given
from logovote.contest.rules import Rules
from logovote.store import queries
from logovote.store.models import Kind, Role
from tests.builders import cast, voter_named
from tests.web.conftest import Scene, Visit
from tests.web.pages import csrf_token, post
from tests.web.test_access import staff

ROUND = "/organise/acme/rounds/shortlist"
PEOPLE, GROUPS = "/organise/acme/people", "/organise/acme/groups"
FAMILIES, NOTES = "/organise/acme/families", "/organise/acme/feedback"
HANDOFF = "/organise/acme/handoff"
TOLD = "Somebody else changed this while you had the page open"


class Desk:
    """An organiser with a page open, pressing the buttons of what they see."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.page = ""

    def look(self, url: str) -> Desk:
        """Open a page and leave it open."""
        answer = self.client.get(url)
        assert answer.status_code == HTTPStatus.OK
        self.page = answer.text
        return self

    def press(self, url: str, **form: str) -> TestResponse:
        """Send a form of the open page, the one that `form` belongs to."""
        near = form.pop("near", "")
        after = self.page.partition(near)[2] if near else self.page
        shown = re.search(r'name="shown" value="([^"]*)"', after)
        assert shown, "the page has no such form"
        answer = post(self.client, url, {"shown": shown[1], **form})
        if answer.status_code != HTTPStatus.SEE_OTHER:
            self.page = answer.text
        return answer


@pytest.fixture
def staffed(scene: Scene, now: datetime) -> Scene:
    with scene.changing() as (session, _):
        staff(session, now)
    return scene


@pytest.fixture
def olga(staffed: Scene, visit: Visit) -> Desk:
    return Desk(visit("Olga"))


@pytest.fixture
def rita(staffed: Scene, visit: Visit) -> Desk:
    return Desk(visit("Rita"))


def kinds(scene: Scene) -> list[str]:
    """What the log of acme tells, but for how the scene was made."""
    with scene.changing() as (session, acme):
        return [each["kind"] for each in events.chain(session, acme.id)]


def taken(answer: TestResponse) -> bool:
    return answer.status_code == HTTPStatus.SEE_OTHER


def refused(answer: TestResponse) -> bool:
    return answer.status_code == HTTPStatus.CONFLICT and TOLD in html.unescape(
        answer.text
    )


def test_shares_that_two_set_are_not_overwritten_in_silence(
    staffed: Scene, olga: Desk, rita: Desk
) -> None:
    with staffed.changing() as (session, acme):
        core = queries.groups(session, acme.id)[0].id
    share, reason = f"share-{core}", f"reason-{core}"
    olga.look(PEOPLE)
    rita.look(PEOPLE)
    form = {"near": 'id="groups"', share: "2/5"}
    assert taken(olga.press(GROUPS, **form, **{reason: "They built it"}))

    mine: dict[str, str] = {**form, share: "3/5", reason: "They know it"}
    told = rita.press(GROUPS, **mine)

    assert refused(told)
    assert 'value="3/5"' in told.text
    assert "They know it" in told.text
    assert "They built it" in told.text
    with staffed.changing() as (session, acme):
        assert str(queries.groups(session, acme.id)[0].share) == "2/5"
    # She has seen both now, and insists.
    assert taken(rita.press(GROUPS, **mine))
    with staffed.changing() as (session, acme):
        assert str(queries.groups(session, acme.id)[0].share) == "3/5"


@pytest.fixture
def owners(staffed: Scene) -> None:
    """Both own acme: nobody else sets the day on which pictures leave."""
    with staffed.changing() as (session, acme):
        for each in organisers.organisers(session, acme):
            each.role = Role.OWNER


@pytest.mark.usefixtures("owners")
@pytest.mark.parametrize(
    ("page", "first", "second"),
    [
        ("details", {"title": "Acme", "about": "Ours"}, {"about": "Theirs"}),
        ("dates", {"zone": "Europe/London"}, {"zone": "Asia/Tokyo"}),
        ("counting", {"shortlist-seats": "12"}, {"shortlist-seats": "15"}),
        ("pictures", {"purge_on": "2030-01-01"}, {"purge_on": "2031-01-01"}),
    ],
)
def test_settings_that_two_change_are_not_overwritten_in_silence(
    olga: Desk, rita: Desk, page: str, first: dict[str, str], second: dict[str, str]
) -> None:
    url = f"/organise/acme/{page}"
    olga.look(url)
    rita.look(url)
    assert taken(olga.press(url, **first))

    told = rita.press(url, **{**first, **second})

    assert refused(told)
    (typed,) = second.values()
    assert typed in told.text
    # She has been told, and insists.
    assert taken(rita.press(url, **{**first, **second}))
    assert typed in rita.look(url).page


def test_who_may_join_is_not_overwritten_in_silence(
    staffed: Scene, olga: Desk, rita: Desk
) -> None:
    olga.look(PEOPLE)
    rita.look(PEOPLE)
    url, near = f"{PEOPLE}/joining", 'id="joining"'

    assert taken(olga.press(url, near=near, domains="acme.example"))
    assert refused(rita.press(url, near=near, domains="other.example"))


def test_mails_that_go_out_by_themselves_are_not_switched_twice(
    staffed: Scene, olga: Desk, rita: Desk
) -> None:
    olga.look("/organise/acme/mail")
    rita.look("/organise/acme/mail")

    assert taken(olga.press("/organise/acme/mail", do="switch", on="reminder"))
    assert refused(rita.press("/organise/acme/mail", do="switch", on="closing"))


def test_a_round_is_opened_once(staffed: Scene, olga: Desk, rita: Desk) -> None:
    olga.look(ROUND)
    rita.look(ROUND)

    assert taken(olga.press(ROUND, do="open"))
    assert refused(rita.press(ROUND, do="open", seats="5"))
    assert kinds(staffed).count("round.opened") == 1


def test_a_round_does_not_open_with_other_shares_than_the_page_said(
    staffed: Scene, olga: Desk, rita: Desk
) -> None:
    with staffed.changing() as (session, acme):
        core = queries.groups(session, acme.id)[0].id
    olga.look(ROUND)
    rita.look(PEOPLE)
    form = {f"share-{core}": "1/5"}
    assert taken(rita.press(GROUPS, near='id="groups"', **form))

    assert refused(olga.press(ROUND, do="open"))
    assert "round.opened" not in kinds(staffed)


def test_a_round_is_closed_once_and_not_counted_over_a_review(
    staffed: Scene, olga: Desk, rita: Desk, now: datetime
) -> None:
    with staffed.changing() as (session, acme):
        rounds.open_round(session, acme, Kind.SHORTLIST, now)
    olga.look(ROUND)
    rita.look(ROUND)

    assert taken(olga.press(ROUND, do="review"))
    assert refused(rita.press(ROUND, do="close"))
    assert kinds(staffed).count("round.closed") == 1
    assert "round.counted" not in kinds(staffed)


def test_an_end_is_not_moved_from_one_that_was_moved(
    staffed: Scene, olga: Desk, rita: Desk, now: datetime
) -> None:
    with staffed.changing() as (session, acme):
        rounds.open_round(session, acme, Kind.SHORTLIST, now)
    olga.look(ROUND)
    rita.look(ROUND)
    end = {"do": "extend", "zone": "UTC"}

    assert taken(olga.press(ROUND, until="2099-01-01T12:00", **end))
    assert refused(rita.press(ROUND, until="2099-02-01T12:00", **end))


def test_families_are_looked_through_side_by_side(
    staffed: Scene, olga: Desk, rita: Desk
) -> None:
    olga.look(FAMILIES)
    rita.look(FAMILIES)

    assert taken(olga.press(FAMILIES, do="merge:1,2"))
    # Her own next change is no surprise to her, nor are other designs to Rita.
    assert taken(olga.press(FAMILIES, do="split:2"))
    assert taken(rita.press(FAMILIES, do="split:57"))
    assert refused(rita.press(FAMILIES, do="merge:2,3"))
    rita.look(FAMILIES)
    assert taken(rita.press(FAMILIES, do="merge:2,3"))
    # What would be taken back is not what she saw.
    assert refused(olga.press(FAMILIES, do="undo"))
    with staffed.changing() as (session, acme):
        standing = [g.entries for g in families.groupings(session, acme)]
    assert (2, 3) in standing


@pytest.fixture
def counted(staffed: Scene, now: datetime) -> Scene:
    """A counted shortlist, of which Ann said something to a designer."""
    with staffed.changing() as (session, acme):
        round_ = rounds.open_round(session, acme, Kind.SHORTLIST, now)
        cast(session, round_, "Ann", ["1"], now)
        first = queries.submission(session, acme.id, 1)
        assert first is not None
        ann = voter_named(session, acme, "Ann")
        said = Given(frozenset({"memorable"}), "I love it", shared=True)
        feedback.give(session, round_, ann, first, said, now=now)
        rounds.close_round(session, round_, now)
        counting.count_round(session, round_, now=now)
    return staffed


def test_a_decision_is_not_replaced_in_silence(
    counted: Scene, olga: Desk, rita: Desk
) -> None:
    olga.look(HANDOFF)
    rita.look(HANDOFF)
    assert taken(olga.press(HANDOFF, do="record", entries="2", reason="It prints well"))

    mine = {"do": "record", "entries": "3", "reason": "It is bolder"}
    told = rita.press(HANDOFF, **mine)

    assert refused(told)
    assert "It is bolder" in told.text
    with counted.changing() as (session, acme):
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        verdict = deciding.current(session, round_)
        assert verdict is not None
        assert verdict.reason == "It prints well"
    assert taken(rita.press(HANDOFF, **mine))


def test_a_note_that_one_hides_is_not_handed_on_by_the_other(
    counted: Scene, olga: Desk, rita: Desk
) -> None:
    olga.look(NOTES)
    rita.look(NOTES)
    id_ = re.findall(r'name="note" value="(\d+)"', rita.page)[0]
    one = {"near": f'id="note-{id_}"', "note": id_}

    assert taken(olga.press(NOTES, do="hide", **one))
    assert refused(rita.press(NOTES, do="approve", note=id_))  # all that wait
    rita.look(NOTES)
    olga.look(NOTES)
    assert taken(olga.press(NOTES, do="edit", words="I like it", **one))
    told = rita.press(NOTES, do="edit", words="We love it", **one)

    assert refused(told)
    assert "We love it</textarea>" in told.text
    with counted.changing() as (session, acme):
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        notes = [n.text for s in feedback.gathered(session, round_) for n in s.notes]
    assert notes == ["I like it"]


# --- At the same moment, and without what forms bring along ---

AT_ONCE: dict[str, tuple[str, str, dict[str, str]]] = {
    "open": ("", ROUND, {"do": "open"}),
    "close": ("open", ROUND, {"do": "close", "sure": "1"}),
    "count": ("closed", ROUND, {"do": "count"}),
}


@pytest.mark.parametrize("deed", AT_ONCE)
def test_a_deed_that_two_do_at_once_is_done_once(
    staffed: Scene, visit: Visit, now: datetime, deed: str
) -> None:
    phase, url, form = AT_ONCE[deed]
    with staffed.changing() as (session, acme):
        if phase:
            round_ = rounds.open_round(session, acme, Kind.SHORTLIST, now)
            cast(session, round_, "Ann", ["1"], now)
        if phase == "closed":
            rounds.close_round(session, round_, now)
    start = Barrier(2, timeout=20)

    def press(client: FlaskClient, token: str) -> TestResponse:
        start.wait()
        return client.post(url, data={"csrf_token": token, **form})

    clients = [visit("Olga"), visit("Rita")]
    tokens = [csrf_token(client) for client in clients]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(press, clients, tokens))

    assert sorted(answer.status_code for answer in answers) == [303, 400]
    names = {"open": "round.opened", "close": "round.closed", "count": "round.counted"}
    assert kinds(staffed).count(names[deed]) == 1


def test_shares_are_not_changed_while_a_round_opens(
    staffed: Scene, visit: Visit
) -> None:
    """Whichever comes first: the rules that were frozen are the shares that stand."""
    with staffed.changing() as (session, acme):
        core = queries.groups(session, acme.id)[0].id
    start = Barrier(2, timeout=20)

    def press(client: FlaskClient, url: str, form: dict[str, Any]) -> None:
        token = csrf_token(client)
        start.wait()
        client.post(url, data={"csrf_token": token, **form})

    deeds: list[Callable[[], None]] = [
        lambda: press(visit("Olga"), ROUND, {"do": "open"}),
        lambda: press(visit("Rita"), GROUPS, {f"share-{core}": "1/5"}),
    ]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda deed: deed(), deeds))

    with staffed.changing() as (session, acme):
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        share = queries.groups(session, acme.id)[0].share
        frozen = Rules.from_json(round_.rules).groups[0].share
    assert frozen == share
