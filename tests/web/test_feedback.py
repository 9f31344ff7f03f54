from __future__ import annotations

import json
from datetime import datetime

import pytest
from click.testing import CliRunner

from logovote.cli import cli
from logovote.contest import counting, feedback, rounds
from logovote.contest.feedback import REASONS
from logovote.store.models import Kind
from tests.builders import cast, withdraw
from tests.web.conftest import Scene, Visit
from tests.web.pages import post

PAGE = "/c/acme/feedback/1"


@pytest.fixture
def said(shortlist: Scene, visit: Visit, now: datetime) -> Scene:
    """Ann and Bob said something of design 1; the round is counted."""
    with shortlist.changing() as (session, acme):
        cast(session, rounds.latest(session, acme, Kind.SHORTLIST), "Ann", ["1"], now)
    ann = {"reason": ["memorable"], "note": "Bold & fine", "shared": "on"}
    post(visit("Ann"), "/c/acme/feedback/1", ann)
    post(visit("Bob"), "/c/acme/feedback/1", {"reason": ["memorable", "too-complex"]})
    with shortlist.changing() as (session, acme):
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        rounds.close_round(session, round_, now)
        counting.count_round(session, round_)
    return shortlist


def test_what_was_ticked_is_there_again(shortlist: Scene, visit: Visit) -> None:
    ann = visit("Ann")

    answer = post(
        ann,
        "/c/acme/feedback/1",
        {"reason": ["memorable", "too-alike"], "note": "Hm", "shared": "on"},
    )
    page = ann.get("/c/acme/feedback/1").text

    assert answer.status_code == 303
    assert page.count(" checked") == 3
    assert ">Hm</textarea>" in page
    assert all(reason.text in page for reason in REASONS)
    assert "Hm" not in visit("Bob").get("/c/acme/feedback/1").text


def test_the_pages_of_a_logo_and_of_the_ballot_lead_there(
    shortlist: Scene, visit: Visit, now: datetime
) -> None:
    with shortlist.changing() as (session, acme):
        cast(session, rounds.latest(session, acme, Kind.SHORTLIST), "Ann", ["2"], now)
    ann = visit("Ann")

    assert 'href="/c/acme/feedback/1"' in ann.get("/c/acme/logo/1").text
    assert 'href="/c/acme/feedback/2"' in ann.get("/c/acme/ballot").text


def test_what_cannot_be_kept_is_said_and_not_lost(
    shortlist: Scene, visit: Visit
) -> None:
    ann = visit("Ann")

    long = "x" * 2001
    answer = post(ann, "/c/acme/feedback/1", {"reason": ["simple"], "note": long})

    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    assert "2001 characters" in answer.text
    assert long in answer.text
    assert 'value="simple" checked' in answer.text


def test_the_private_note_is_offered_but_not_shared(
    shortlist: Scene, visit: Visit
) -> None:
    ann = visit("Ann")
    post(ann, "/c/acme/marks", {"annotate": "f1", "note": "Only mine"})

    page = ann.get("/c/acme/feedback/1").text

    assert ">Only mine</textarea>" in page
    assert " checked" not in page


def test_after_the_close_it_can_be_read_and_not_changed(
    said: Scene, visit: Visit
) -> None:
    ann = visit("Ann")

    page = ann.get("/c/acme/feedback/1").text

    assert "Bold &amp; fine" in page
    assert "Keep it" not in page
    assert post(ann, "/c/acme/feedback/1", {"reason": ["simple"]}).status_code == 409


def test_words_that_meet_a_pause_are_given_back(
    shortlist: Scene, visit: Visit, now: datetime
) -> None:
    ann = visit("Ann")
    with shortlist.changing() as (session, acme):
        rounds.pause_round(session, rounds.latest(session, acme, Kind.SHORTLIST), now)

    form = {"note": "Bolder, please", "shared": "on"}
    answer = post(ann, "/c/acme/feedback/1", form)
    forged = ann.post("/c/acme/feedback/1", data=form)

    assert (answer.status_code, forged.status_code) == (409, 400)
    for page in (answer.text, forged.text):
        assert page.count("<textarea") == 1
        assert "Bolder, please</textarea>" in page
    foreign = {"Origin": "http://evil.example"}
    answer = ann.post("/c/acme/feedback/1", data=form, headers=foreign)
    assert "Bolder" not in answer.text


def test_a_withdrawn_design_is_gone(
    shortlist: Scene, visit: Visit, now: datetime
) -> None:
    with shortlist.changing() as (session, acme):
        withdraw(session, acme, 1, now)

    ann = visit("Ann")
    for answer in (ann.get(PAGE), post(ann, PAGE, {"reason": ["simple"]})):
        assert answer.status_code == 410
        assert "was withdrawn" in answer.text


def test_the_organiser_reads_nothing_before_the_count(
    shortlist: Scene, visit: Visit
) -> None:
    post(
        visit("Ann"),
        "/c/acme/feedback/1",
        {"reason": ["memorable"], "note": "Secret words", "shared": "on"},
    )
    organiser = visit("organiser")

    for address in ("", "?kind=shortlist", "?kind=ranking"):
        answer = organiser.get(f"/organise/acme/feedback{address}")
        assert answer.status_code == 400
        assert "Secret words" not in answer.text


def test_the_organiser_moderates_what_was_shared(said: Scene, visit: Visit) -> None:
    organiser = visit("organiser")

    before = organiser.get("/organise/acme/feedback").text
    answer = post(
        organiser,
        "/organise/acme/feedback",
        {"note": "1", "do": "edit", "words": "Bold", "kind": "shortlist"},
    )
    after = organiser.get("/organise/acme/feedback?kind=shortlist").text

    assert "Bold &amp; fine" in before
    assert "2 voters: memorable" in before
    assert "1 voter: too complex" in before
    assert "Ann" not in before
    assert answer.location == "/organise/acme/feedback?kind=shortlist#note-1"
    assert "handed on" in after
    assert "As the voter wrote it" in after
    with said.changing() as (session, acme):
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        (first, *_) = feedback.gathered(session, round_)
        assert first.released == ["Bold [edited by the organiser]"]


def test_all_that_wait_are_approved_at_once(said: Scene, visit: Visit) -> None:
    organiser = visit("organiser")
    assert "Approve all that wait" in organiser.get("/organise/acme/feedback").text

    post(organiser, "/organise/acme/feedback", {"note": "1", "do": "approve"})

    page = organiser.get("/organise/acme/feedback").text
    assert "Approve all that wait" not in page


def test_voters_never_see_what_others_said(said: Scene, visit: Visit) -> None:
    with said.changing() as (session, acme):
        rounds.publish_round(session, rounds.latest(session, acme, Kind.SHORTLIST))

    for name in ("Bob", "stranger"):
        for address in ("logo/1", "feedback/1", "ballot", "results/shortlist", "marks"):
            page = visit(name).get(f"/c/acme/{address}").text
            assert "Bold &amp; fine" not in page, address


def run(scene: Scene, *words: str) -> tuple[int, str]:
    scene.site.store.database.dispose()
    result = CliRunner().invoke(cli, ["--data", str(scene.site.settings.data), *words])
    return result.exit_code, result.output


def test_the_terminal_does_the_same(said: Scene) -> None:
    assert run(said, "feedback", "edit", "acme", "1", "--words", "Bold")[0] == 0
    assert run(said, "feedback", "hide", "acme", "1")[0] == 0
    assert run(said, "feedback", "restore", "acme", "1")[0] == 0
    assert run(said, "feedback", "approve", "acme", "1")[0] == 0
    code, text = run(said, "feedback", "list", "acme", "--json")

    document = json.loads(text)
    assert code == 0
    assert document["round"] == "shortlist"
    assert document["designs"][0] == {
        "entry": 1,
        "designer": "Designer 1",
        "reasons": {"memorable": 2, "too-complex": 1},
        "notes": [
            {
                "id": 1,
                "entry": 1,
                "state": "approved",
                "text": "Bold & fine",
                "original": "Bold & fine",
            }
        ],
    }
    plain = run(said, "feedback", "list", "acme")[1]
    assert "  note 1 (approved): Bold & fine" in plain
    code, text = run(said, "feedback", "approve", "acme", "7")
    assert code == 1
    assert "no note number 7" in text
