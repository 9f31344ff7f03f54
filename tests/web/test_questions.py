"""A voter asks the organisers something: who reads it, who answers, what is refused."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from logovote.cli import cli
from logovote.contest import questions
from tests.builders import SECRET, voter_named
from tests.web.conftest import Scene, Visit
from tests.web.pages import post
from tests.web.test_access import staff

PAGE, ASK, DESK = "/c/acme/", "/c/acme/questions", "/organise/acme/questions"
HOSTILE = "<script>alert(1)</script> & <b>bold</b>"
SAFE = "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;b&gt;bold&lt;/b&gt;"


@pytest.fixture
def staffed(scene: Scene, now: datetime) -> Scene:
    with scene.changing() as (session, _):
        staff(session, now)
    return scene


@pytest.fixture
def ann(staffed: Scene, visit: Visit) -> FlaskClient:
    return visit("Ann")


def answers(scene: Scene) -> list[str | None]:
    """The answer to each question of acme, or None where it waits."""
    with scene.changing() as (session, acme):
        return [each.answer for each in questions.of_contest(session, acme.id)]


def test_words_in_any_script_run_their_own_way(
    staffed: Scene, ann: FlaskClient, visit: Visit
) -> None:
    title, about, asked, answer = "شعار جديد", "ما هو", "متى؟", "غدا"
    with staffed.changing() as (_, acme):
        acme.title, acme.about = title, about
    post(ann, ASK, {"question": asked})
    reply(visit("Rita"), answer)

    page = ann.get(PAGE).text

    for words in (title, about, asked, answer):
        assert re.search(rf'<(h1|p|blockquote)[^>]* dir="auto"[^>]*>{words}<', page)
    assert re.search(r'<textarea[^>]* id="question"[^>]* dir="auto"', page)


def reply(client: FlaskClient, words: str, id_: int = 1, **form: str) -> HTTPStatus:
    answer = post(client, DESK, {"question": str(id_), "answer": words, **form})
    return HTTPStatus(answer.status_code)


def test_question_and_answer_are_read_by_the_asker_and_the_organisers_alone(
    staffed: Scene, ann: FlaskClient, visit: Visit
) -> None:
    sent = post(ann, ASK, {"question": "Whose is number 3?"}, follow_redirects=True)
    assert "Your question is sent" in sent.text
    assert "Waits for an answer" in sent.text

    assert reply(visit("Rita"), "Nobody says before the count") == HTTPStatus.SEE_OTHER
    page = ann.get(PAGE).text

    for words in ("Whose is number 3?", "Nobody says before", ">Answered<"):
        assert words in page
        for others in ("Bob", "Cleo", "Otto", "Rita", "stranger"):
            assert words not in visit(others).get(PAGE).text
    desk = visit("Vera").get(DESK).text
    for words in ("Whose is number 3?", "Nobody says before", "<b>Ann</b>", "ann@exa"):
        assert words in desk
    assert visit("Nils").get(DESK).status_code == HTTPStatus.FORBIDDEN
    assert visit("Bob").get(DESK).status_code == HTTPStatus.FORBIDDEN


def test_whoever_has_no_vote_is_offered_no_question(
    staffed: Scene, visit: Visit
) -> None:
    for who in ("stranger", "Otto", "Rita", "organiser"):
        assert "Ask the organisers" not in visit(who).get(PAGE).text
    assert "Ask the organisers" in visit("Bob").get(PAGE).text


def test_what_people_write_is_shown_as_text(
    staffed: Scene, ann: FlaskClient, visit: Visit
) -> None:
    rita = visit("Rita")
    post(ann, ASK, {"question": HOSTILE})
    reply(rita, HOSTILE)

    for page in (ann.get(PAGE).text, rita.get(DESK).text):
        assert page.count(SAFE) >= 2
        assert "<script>alert" not in page


def test_an_observer_reads_and_answers_nothing(
    staffed: Scene, ann: FlaskClient, visit: Visit
) -> None:
    post(ann, ASK, {"question": "When?"})
    vera = visit("Vera")

    page = vera.get(DESK).text
    assert 'method="post"' not in page.partition("<main")[2].partition("disabled>")[0]
    assert reply(vera, "Now") == HTTPStatus.FORBIDDEN
    assert answers(staffed) == [None]


def test_the_second_of_two_who_answer_is_told_and_keeps_their_words(
    staffed: Scene, ann: FlaskClient, visit: Visit
) -> None:
    post(ann, ASK, {"question": "When?"})
    olga, rita = visit("Olga"), visit("Rita")
    shown = olga.get(DESK).text.partition('name="shown" value="')[2].partition('"')[0]
    assert reply(rita, "On Monday", shown=shown) == HTTPStatus.SEE_OTHER

    told = post(olga, DESK, {"question": "1", "answer": "On Friday", "shown": shown})

    assert told.status_code == HTTPStatus.CONFLICT
    for words in ("Somebody else changed this", "On Monday", ">On Friday</textarea>"):
        assert words in told.text
    assert answers(staffed) == ["On Monday"]
    shown = told.text.partition('name="shown" value="')[2].partition('"')[0]
    assert reply(olga, "On Friday", shown=shown) == HTTPStatus.SEE_OTHER
    assert answers(staffed) == ["On Friday"]


@pytest.mark.parametrize(
    ("draft", "words"),
    [(" ", "Write what you want"), ("y" * 1001, "1001 characters, and 1000")],
)
def test_a_question_that_cannot_be_sent_stays_in_its_field(
    staffed: Scene, ann: FlaskClient, draft: str, words: str
) -> None:
    refused = post(ann, ASK, {"question": draft})

    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert words in refused.text
    assert f">{draft}</textarea>" in refused.text
    assert '<details class="fold" open>' in refused.text
    assert answers(staffed) == []


def test_ten_questions_a_day_are_taken_and_what_was_refused_is_not_counted(
    staffed: Scene, ann: FlaskClient, visit: Visit
) -> None:
    post(ann, ASK, {"question": " "})
    for number in range(10):
        assert post(ann, ASK, {"question": f"Question {number}"}).status_code == 303

    refused = post(ann, ASK, {"question": "And one more"})

    assert refused.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert "You asked 10 questions within a day" in refused.text
    assert ">And one more</textarea>" in refused.text
    assert len(answers(staffed)) == 10
    assert post(visit("Bob"), ASK, {"question": "May I?"}).status_code == 303


def test_twenty_wait_at_most_and_the_draft_is_kept(
    staffed: Scene, ann: FlaskClient, now: datetime
) -> None:
    with staffed.changing() as (session, acme):
        for number in range(20):
            before = now - timedelta(days=3)
            voter = voter_named(session, acme, "Ann")
            questions.ask(session, voter, f"Question {number}", now=before)

    refused = post(ann, ASK, {"question": "And one more"})

    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "20 of your questions wait for an answer" in refused.text
    assert ">And one more</textarea>" in refused.text


def test_an_answer_that_says_nothing_is_refused_at_its_field(
    staffed: Scene, ann: FlaskClient, visit: Visit
) -> None:
    post(ann, ASK, {"question": "When?"})
    rita = visit("Rita")

    refused = post(rita, DESK, {"question": "1", "answer": " "})

    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert 'href="#answer-1"' in refused.text
    assert reply(rita, "Now", id_=2) == HTTPStatus.NOT_FOUND
    assert reply(rita, "Now", question="no number") == HTTPStatus.BAD_REQUEST


def test_a_long_list_shows_what_waits_and_says_how_much_more_there_is(
    staffed: Scene, visit: Visit, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("logovote.web.organise.questions._SHOWN", 2)
    with staffed.changing() as (session, acme):
        for number in range(4):
            voter = voter_named(session, acme, "Ann")
            questions.ask(session, voter, f"Question {number}", now=now)

    rita = visit("Rita")
    page = rita.get(DESK).text
    refused = post(rita, DESK, {"question": "4", "answer": " "}).text

    assert "4 wait for an answer" in page
    assert "And 2 more" in page
    assert "Question 3" not in page
    assert "Question 3" in refused


def test_the_task_list_leads_to_what_waits(
    staffed: Scene, ann: FlaskClient, visit: Visit
) -> None:
    rita = visit("Rita")
    assert DESK not in rita.get("/organise/acme/").text

    post(ann, ASK, {"question": "When?"})

    page = rita.get("/organise/acme/").text
    assert f'href="{DESK}"' in page
    assert "1 waits for an answer" in page


def test_the_same_in_a_terminal(staffed: Scene, ann: FlaskClient) -> None:
    post(ann, ASK, {"question": "When\ndoes it end?"})

    def run(*words: str) -> tuple[int, str]:
        data: Path = staffed.site.settings.data
        runner = CliRunner(env={"LOGOVOTE_SECRET_KEY": SECRET})
        result = runner.invoke(cli, ["--data", str(data), "questions", "acme", *words])
        return result.exit_code, result.output

    assert "When does it end?" in run()[1]
    assert "by mail, too" in run("--answer", "1", "On Monday")[1]
    code, output = run("--json")
    [found] = json.loads(output)["questions"]
    assert (code, found["who"]) == (0, "ann@example.org")
    assert (found["question"], found["answer"]) == ("When\ndoes it end?", "On Monday")
    assert "> On Monday" in run()[1]
    code, output = run("--answer", "7", "Hm")
    assert (code, "no question number 7" in output) == (1, True)
    assert "On Monday" in ann.get(PAGE).text
