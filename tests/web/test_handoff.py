from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from logovote.cli import cli
from logovote.contest import counting, rounds
from logovote.contest.identity import fingerprint, short_id
from logovote.imaging.picture import SPECS_VERSION
from logovote.store import queries
from logovote.store.models import Kind
from tests.builders import cast
from tests.web.conftest import Scene, Visit
from tests.web.pages import post


@pytest.fixture
def counted(ranking: Scene, now: datetime) -> Scene:
    """Ranked: 2, 1, then "none of these"; 3 and 57 are below it."""
    with ranking.changing() as (session, acme):
        round_ = rounds.latest(session, acme, Kind.RANKING)
        for name in ("Ann", "Bob", "Cleo"):
            cast(session, round_, name, [["2"], ["1"], ["none"]], now)
        rounds.close_round(session, round_, now)
        counting.count_round(session, round_)
        for submission in queries.submissions(session, acme.id):
            ranking.site.store.originals.put(
                f"design {submission.entry} of acme".encode()
            )
    return ranking


@pytest.fixture
def published(counted: Scene) -> Scene:
    with counted.changing() as (session, acme):
        rounds.publish_round(session, rounds.latest(session, acme, Kind.RANKING))
    return counted


def digest_of(scene: Scene, entry: int) -> str:
    with scene.changing() as (session, acme):
        found = queries.submission(session, acme.id, entry)
        assert found is not None
        return found.digest


def test_the_sheets_stand_on_one_page(counted: Scene, visit: Visit) -> None:
    page = visit("organiser").get("/organise/acme/handoff").text

    assert 'value="#2, #1"' in page
    assert "Designer 2 (#2)\nDesigner 1 (#1)" in page
    assert "Designer 2: thank you for #2." in page
    assert "2 designs are left out" in page
    with counted.changing() as (_, acme):
        assert short_id(acme, 2) in page


def test_there_is_nothing_before_the_count(ranking: Scene, visit: Visit) -> None:
    organiser = visit("organiser")

    for address in ("handoff", "decision.html", "files/shortlist.csv"):
        answer = organiser.get(f"/organise/acme/{address}")
        assert answer.status_code == 400
        assert "close and count a round first" in answer.text
    answer = organiser.get("/organise/acme/handoff?kind=ranking")
    assert "is not counted" in answer.text


def test_a_decision_that_differs_asks_for_the_reason_and_keeps_what_was_typed(
    counted: Scene, visit: Visit
) -> None:
    organiser = visit("organiser")

    refused = post(organiser, "/organise/acme/handoff", {"entries": "#1", "reason": ""})
    nonsense = post(organiser, "/organise/acme/handoff", {"entries": "the fox"})

    assert refused.status_code == nonsense.status_code == 422
    assert "Give the reason" in refused.text
    assert 'value="#1"' in refused.text
    assert "Enter numbers of designs" in nonsense.text


def test_a_decision_is_previewed_before_it_is_published(
    published: Scene, visit: Visit
) -> None:
    organiser, stranger = visit("organiser"), visit("stranger")
    post(
        organiser,
        "/organise/acme/handoff",
        {"entries": "1", "reason": "A clash\nof marks <2>.", "do": "record"},
    )

    preview = organiser.get("/organise/acme/decision.html").text
    assert "Draft." in preview
    assert "A clash\nof marks &lt;2&gt;." in preview
    assert stranger.get("/c/acme/decision").status_code == 404
    assert "A clash" not in stranger.get("/c/acme/log.json").text

    post(organiser, "/organise/acme/handoff", {"do": "publish"})

    public = stranger.get("/c/acme/decision").text
    assert "Draft." not in public
    assert "The decision differs from the ranking." in public
    assert digest_of(published, 1) in public
    assert "differs from the vote" in stranger.get("/c/acme/audit").text
    for address in ("/c/acme/results/ranking", "/c/acme/"):
        assert 'href="/c/acme/decision"' in stranger.get(address).text


def test_a_decision_waits_for_the_result(counted: Scene, visit: Visit) -> None:
    organiser = visit("organiser")
    post(organiser, "/organise/acme/handoff", {"entries": "2", "do": "record"})

    answer = post(organiser, "/organise/acme/handoff", {"do": "publish"})

    assert answer.status_code == 400
    assert "Publish the result" in answer.text


def test_the_record_is_hidden_while_people_judge_again(
    published: Scene, visit: Visit, now: datetime
) -> None:
    organiser, stranger = visit("organiser"), visit("stranger")
    post(organiser, "/organise/acme/handoff", {"entries": "2", "do": "record"})
    post(organiser, "/organise/acme/handoff", {"do": "publish"})
    assert stranger.get("/c/acme/decision").status_code == 200

    with published.changing() as (session, acme):
        rounds.open_round(session, acme, Kind.SHORTLIST, now)

    assert stranger.get("/c/acme/decision").status_code == 404


def test_the_record_asks_for_nothing_and_names_nobody(
    published: Scene, visit: Visit
) -> None:
    organiser = visit("organiser")
    post(organiser, "/organise/acme/handoff", {"entries": "2", "do": "record"})
    post(organiser, "/organise/acme/handoff", {"do": "publish"})

    answer = visit("stranger").get("/c/acme/decision")

    html = answer.text
    assert "<script" not in html
    assert "http" not in html
    assert "<link" not in html
    assert re.findall(r'\b(?:src|href|action)="(?!data:image/)', html) == []
    for somebody in ("Ann", "Bob", "Cleo", "example.org", "Designer"):
        assert somebody not in html
    # The picture of design 1 itself; the others have none in this scene.
    data = base64.b64encode(b"RIFF, as made from it, WEBP").decode()
    assert f'src="data:image/webp;base64,{data}"' in html
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    allowed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = answer.headers["Content-Security-Policy"]
    assert f"style-src 'sha256-{allowed}'" in policy
    assert "script-src" not in policy
    assert policy.startswith("default-src 'none'")


def test_the_record_tells_the_whole_story(published: Scene, visit: Visit) -> None:
    organiser = visit("organiser")
    post(organiser, "/organise/acme/handoff", {"entries": "none", "reason": "Too few."})

    html = organiser.get("/organise/acme/decision.html").text

    assert "None of these: Keep the anvil." in html
    assert "The community put logo 2 first." in html
    assert "2 of 2" in html  # of the core
    assert "Ranked pairs on margins" in html
    assert fingerprint(digest_of(published, 2)) in html
    with published.changing() as (session, acme):
        log = session.get_one(type(acme), acme.id)
        assert log.slug in html
    for words in ("bundle.zip", "recount.py", "--head", "Root of all ballots"):
        assert words in html


def test_a_picture_that_changed_after_the_vote_is_told(
    published: Scene, visit: Visit
) -> None:
    organiser = visit("organiser")
    post(organiser, "/organise/acme/handoff", {"entries": "2", "do": "record"})
    voted, other = digest_of(published, 2), digest_of(published, 3)
    with published.changing() as (session, acme):
        found = queries.submission(session, acme.id, 2)
        assert found is not None
        found.digest = other

    html = organiser.get("/organise/acme/decision.html").text

    assert f'Picture voted on, SHA-256: <code class="hash">{voted}' in html
    assert f'changed after the vote; it is now <code class="hash">{other}' in html


def test_each_file_and_all_of_them_can_be_had(counted: Scene, visit: Visit) -> None:
    organiser = visit("organiser")

    table = organiser.get("/organise/acme/files/shortlist.csv")
    whole = organiser.get("/organise/acme/export.zip", buffered=True)

    assert table.data.startswith(b"\xef\xbb\xbfplace,tied,entry,id")
    assert "acme-shortlist.csv" in table.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(whole.data)) as archive:
        assert archive.read("shortlist.csv") == table.data
        assert archive.testzip() is None
        with zipfile.ZipFile(io.BytesIO(archive.read("designs.zip"))) as designs:
            assert designs.namelist()[0] == "01-entry-2-Designer-2.png"
    assert organiser.get("/organise/acme/files/secret_key").status_code == 404


def run(scene: Scene, *words: str) -> tuple[int, str, str]:
    scene.site.store.database.dispose()
    result = CliRunner().invoke(cli, ["--data", str(scene.site.settings.data), *words])
    return result.exit_code, result.stdout, result.stderr


def test_the_terminal_hands_on_and_decides(published: Scene, tmp_path: Path) -> None:
    code, text, _ = run(published, "handoff", "acme", "--json")
    document = json.loads(text)
    assert code == 0
    assert document["poll_text"] == "#2, #1"
    assert [line["designer"] for line in document["designers"]] == [
        "Designer 2",
        "Designer 1",
    ]
    assert "#2, #1" in run(published, "handoff", "acme")[1]

    assert json.loads(run(published, "decide", "acme", "--json")[1])["decision"] is None
    code, _, told = run(published, "decide", "acme", "--design", "1")
    assert (code, "Give the reason" in told) == (1, True)
    code, text, _ = run(
        published,
        "decide",
        "acme",
        "--design",
        "1",
        "--reason",
        "A clash.",
        "--publish",
    )
    assert (code, text) == (0, "Decided: #1 (differs from the vote)\n")
    found = json.loads(run(published, "decide", "acme", "--json")[1])["decision"]
    assert (found["entries"], found["differs"]) == ([1], True)
    assert found["published"]
    assert run(published, "decide", "acme", "--design", "1", "--none")[0] == 2

    run(published, "export", "acme", "--to", str(tmp_path / "out"))
    record = (tmp_path / "out" / "decision.html").read_text("utf-8")
    assert "A clash." in record
    assert "Draft." not in record


def test_earlier_results_stay_on_record(
    published: Scene, visit: Visit, now: datetime
) -> None:
    organiser = visit("organiser")
    post(
        organiser,
        "/organise/acme/rounds/ranking",
        {"do": "open", "only": "#1, 57", "publish": "ballots"},
    )
    with published.changing() as (session, acme):
        again = rounds.latest(session, acme, Kind.RANKING)
        assert again.number == 2
        cast(session, again, "Ann", [["57"], ["1"]], now)
        rounds.close_round(session, again, now)
        counting.count_round(session, again)
        rounds.publish_round(session, again)
    stranger = visit("stranger")
    address = "/c/acme/results/ranking"

    newest, first = stranger.get(address).text, stranger.get(f"{address}?round=1").text

    assert "?round=1" in newest
    assert 'id="logo-2"' not in newest
    assert 'id="logo-2"' in first
    assert 'name="round" value="1"' in first
    assert "insight.json?round=1" in first
    one = stranger.get(f"{address}/ballots.json?round=1").json
    two = stranger.get(f"{address}/ballots.json").json
    assert one != two
    assert stranger.get(f"{address}?round=3").status_code == 404
    record = organiser.get("/organise/acme/decision.html").text
    assert "Ranking 2</h2>" in record
    assert "Ranking</h2>" in record
    assert (
        json.loads(run(published, "results", "acme", "ranking", "--json")[1])["order"]
        != json.loads(
            run(published, "results", "acme", "ranking", "--number", "1", "--json")[1]
        )["order"]
    )


def test_a_choice_of_designs_that_is_no_list_is_refused(
    published: Scene, visit: Visit
) -> None:
    answer = post(
        visit("organiser"),
        "/organise/acme/rounds/ranking",
        {"do": "open", "only": "1 and 57"},
    )

    assert answer.status_code == 400
    assert "with commas between" in answer.text


def test_pictures_are_removed_by_command_and_pages_say_so(
    published: Scene, visit: Visit
) -> None:
    digest = digest_of(published, 1)
    address = f"/media/{SPECS_VERSION}/{digest[:16]}/thumb.webp"
    organiser = visit("organiser")
    assert organiser.get(address).mimetype == "image/webp"

    early = run(published, "purge", "acme", "--all", "--after", "2999-12-31")
    planned = run(published, "purge", "acme", "--all", "--dry-run", "--json")
    assert early[0] == 0
    assert "Not before 2999-12-31" in early[2]
    assert json.loads(planned[1])["designs"] == [1, 2, 3, 12, 57]
    assert organiser.get(address).mimetype == "image/webp"

    code, text, _ = run(published, "purge", "acme", "--all", "--keep", "2", "--json")

    assert (code, json.loads(text)["designs"]) == (0, [1, 3, 12, 57])
    assert organiser.get(address).mimetype == "image/svg+xml"
    assert "Logo 2" in organiser.get("/c/acme/results/ranking").text
    assert "had its pictures removed" in organiser.get("/c/acme/audit").text
    assert run(published, "purge", "acme")[0] == 2
    post(organiser, "/organise/acme/designs/2", {"do": "purge"})
    assert json.loads(run(published, "purge", "acme", "--all", "--json")[1]) == {
        "designs": [],
        "pictures": 0,
    }


def test_pages_of_a_logo_name_its_id_and_picture(
    shortlist: Scene, visit: Visit
) -> None:
    with shortlist.changing() as (_, acme):
        id_ = short_id(acme, 1)
    picture = fingerprint(digest_of(shortlist, 1))

    page = visit("Ann").get("/c/acme/logo/1").text
    design = visit("organiser").get("/organise/acme/designs/1").text

    assert id_ in page
    assert picture in page
    assert id_ in design
    assert picture in design
