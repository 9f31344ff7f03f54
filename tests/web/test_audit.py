from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from logovote import recount
from logovote.contest import (
    casting,
    counting,
    events,
    regrouping,
    rounds,
    signing_in,
)
from logovote.contest.bundle import bundle_of
from logovote.contest.contests import contest_by_slug
from logovote.store.models import Kind
from tests.builders import cast, token_in, withdraw
from tests.conftest import NOW
from tests.web.conftest import Scene, Visit
from tests.web.pages import post, put

AUDIT = "/c/acme/audit"
BUNDLE = "/c/acme/bundles/shortlist-1.zip"


@pytest.fixture
def receipts(shortlist: Scene, now: datetime) -> dict[str, casting.Receipt]:
    """The receipts of a counted shortlist round, in which Ann and Cleo voted."""
    with shortlist.changing() as (session, acme):
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        made = {
            "Ann": cast(session, round_, "Ann", ["1", "f12"], now),
            "Cleo": cast(session, round_, "Cleo", ["none"], now),
        }
        rounds.close_round(session, round_, now, actor="u1")
        counting.count_round(session, round_, actor="u1", now=now)
    return made


def publish(scene: Scene, now: datetime) -> None:
    with scene.changing() as (session, acme):
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        rounds.publish_round(session, round_, now=now)


def test_anybody_reads_the_log_and_its_head(
    shortlist: Scene, visit: Visit, now: datetime
) -> None:
    with shortlist.changing() as (session, acme):
        withdraw(session, acme, 3, now)
        regrouping_head = events.head(session, acme.id)

    page = visit("stranger").get(AUDIT)

    assert page.status_code == 200
    assert regrouping_head in page.text
    for words in (
        "was opened with 5 designs",
        "Design 3 was withdrawn",
        "3 people may vote now",
        "the command line",
    ):
        assert words in page.text
    assert "example.org" not in page.text


def test_families_changed_are_told_in_words(
    scene: Scene, visit: Visit, now: datetime
) -> None:
    with scene.changing() as (session, acme):
        for deed in ("merge", "split"):
            regrouping.regroup(session, acme, deed, [1, 2], who="Ida", now=now)
        regrouping.undo(session, acme, who="Ida", now=now)

    text = visit("stranger").get(AUDIT).text

    assert "Designs 1, 2 count as one." in text
    assert "Each of 1, 2 stands alone." in text
    assert "A change of families was taken back: 1, 2." in text
    assert "Ida" not in text


def test_the_log_for_programs_is_the_chain(shortlist: Scene, visit: Visit) -> None:
    log = visit("stranger").get("/c/acme/log.json").get_json()

    assert events.broken_at(log["events"]) is None
    assert log["head"] == log["events"][-1]["hash"]
    assert log["contest"] == "acme"


def test_a_receipt_carries_the_head(shortlist: Scene, visit: Visit) -> None:
    ann = visit("Ann")
    head = ann.get("/c/acme/log.json").get_json()["head"]

    body = {"base_rev": 0, "save_id": "save-0001", "items": ["1"]}
    answer = put(ann, "/c/acme/shortlist/ballot", body).get_json()

    assert answer["event_head"] == head
    assert head in ann.get("/c/acme/shortlist").text


@pytest.mark.parametrize(
    ("publish_", "auditors", "words"),
    [
        ("ballots", [], "people who know your taste may recognise it"),
        ("aggregate", [], "never yours alone"),
        ("auditors", ["Ada", "Ben"], "go to Ada, Ben, who check"),
    ],
)
def test_voters_read_what_becomes_of_their_ballot(
    scene: Scene, visit: Visit, publish_: str, auditors: list[str], words: str
) -> None:
    for kind in Kind:
        with scene.changing() as (session, acme):
            rounds.open_round(
                session, acme, kind, NOW, publish=publish_, auditors=auditors
            )

        assert words in visit("Ann").get(f"/c/acme/{kind.value}").text

        with scene.changing() as (session, acme):
            round_ = rounds.latest(session, acme, kind)
            items = ["1"] if kind is Kind.SHORTLIST else [["1"]]
            cast(session, round_, "Ann", items, NOW)
            rounds.close_round(session, round_, NOW)
            counting.count_round(session, round_, now=NOW)


def test_organisers_are_warned_of_small_groups_and_choose(
    scene: Scene, visit: Visit
) -> None:
    organiser = visit("organiser")
    page = organiser.get("/organise/acme/rounds/shortlist").text

    assert "Only 3 people may vote, fewer than 30" in page
    assert "Only 1 person is in the group “crowd”" in re.sub(r"&#\d+;", "", page)

    chosen = {"do": "open", "publish": "auditors", "auditors": "Ada\nBen\n"}
    post(organiser, "/organise/acme/rounds/shortlist", chosen)
    assert "Sums are published; the ballots go to Ada, Ben." in (
        visit("stranger").get(AUDIT).text
    )


def test_a_bundle_is_published_with_its_result(
    receipts: dict[str, casting.Receipt],
    shortlist: Scene,
    visit: Visit,
    now: datetime,
    tmp_path: Path,
) -> None:
    before = visit("stranger").get(BUNDLE)
    publish(shortlist, now)
    page = visit("stranger").get(AUDIT).text
    answer = visit("stranger").get(BUNDLE)
    path = tmp_path / "bundle.zip"
    path.write_bytes(answer.data)

    assert before.status_code == 409
    assert "not published now" in before.text
    assert answer.headers["Content-Disposition"].startswith("attachment")
    report = recount.check(str(path), None)
    assert report["exit"] == recount.REPRODUCED
    assert hashlib.sha256(answer.data).hexdigest() in page
    assert report["event_head"] in page
    assert recount.check(str(path), report["event_head"])["exit"] == 0


def test_organisers_have_the_bundle_from_the_count_on(
    receipts: dict[str, casting.Receipt], shortlist: Scene, visit: Visit
) -> None:
    assert visit("organiser").get(BUNDLE).status_code == 200
    assert visit("Ann").get(BUNDLE).status_code == 409


def test_a_bundle_waits_while_people_judge_in_the_next_round(
    receipts: dict[str, casting.Receipt],
    shortlist: Scene,
    visit: Visit,
    now: datetime,
) -> None:
    publish(shortlist, now)
    with shortlist.changing() as (session, acme):
        rounds.open_round(session, acme, Kind.RANKING, now)

    assert visit("Ann").get(BUNDLE).status_code == 409
    assert "should judge alone" in visit("Ann").get(AUDIT).text


@pytest.mark.parametrize("missing", ["shortlist-2", "ranking-1", "other-1"])
def test_a_bundle_that_is_not_there_is_not_found(
    receipts: dict[str, casting.Receipt], shortlist: Scene, visit: Visit, missing: str
) -> None:
    assert visit("Ann").get(f"/c/acme/bundles/{missing}.zip").status_code == 404


def test_a_voter_finds_their_ballot_by_its_code_without_script(
    receipts: dict[str, casting.Receipt],
    shortlist: Scene,
    visit: Visit,
    now: datetime,
) -> None:
    publish(shortlist, now)
    ann = visit("Ann")
    spaced = " ".join(re.findall("....", receipts["Ann"].code.lower()))

    def ask(code: str) -> str:
        return post(ann, AUDIT, {"code": code}).text

    assert "is in the counted set of the shortlist round" in ask(receipts["Ann"].code)
    assert "is in the counted set" in ask(spaced)
    assert "No counted ballot has this code" in ask("A" * 16)
    assert "16 letters and digits" in ask("nonsense")


def test_who_looks_for_a_code_keeps_nobody_from_saving(
    receipts: dict[str, casting.Receipt],
    shortlist: Scene,
    visit: Visit,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only one may write at a time, and a bundle may take long to search."""
    publish(shortlist, now)
    clients = [visit("stranger"), visit("Ann")]
    tokens = [token_in(client.get(AUDIT).text) for client in clients]
    monkeypatch.setattr(
        shortlist.site.store.database, "write", lambda: pytest.fail("it wants to write")
    )

    for client, token in zip(clients, tokens, strict=True):
        form = {"csrf_token": token, "code": receipts["Ann"].code}
        assert "is in the counted set" in client.post(AUDIT, data=form).text


def test_sums_are_published_where_that_was_chosen_and_no_ballot(
    scene: Scene, visit: Visit, now: datetime
) -> None:
    with scene.changing() as (session, acme):
        round_ = rounds.open_round(
            session, acme, Kind.SHORTLIST, now, publish="aggregate"
        )
        receipt = cast(session, round_, "Ann", ["1"], now)
        rounds.close_round(session, round_, now)
        counting.count_round(session, round_, now=now)
        rounds.publish_round(session, round_, now=now)
    stranger = visit("stranger")

    with zipfile.ZipFile(io.BytesIO(stranger.get(BUNDLE).data)) as archive:
        assert "ballots.json" not in archive.namelist()
        text = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert '"t":' not in text
    assert receipt.code not in text
    page = stranger.get(AUDIT).text
    assert "Find your own ballot" not in page


def test_the_script_is_handed_out_as_it_is(scene: Scene, visit: Visit) -> None:
    answer = visit("stranger").get("/recount.py")

    assert answer.data == Path(recount.__file__).read_bytes()
    assert answer.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.sqlite  # whose triggers can be taken off one by one
def test_a_broken_log_is_said_so(scene: Scene, visit: Visit) -> None:
    """Triggers stop accidents; whoever has the file can drop them."""
    with scene.site.store.database.write() as session:
        connection = session.connection()
        connection.exec_driver_sql("DROP TRIGGER event_no_update")
        connection.exec_driver_sql("UPDATE event SET actor = 'u9' WHERE seq = 1")
        session.commit()

    assert "The log is broken at event 1" in visit("stranger").get(AUDIT).text


def test_a_bundle_is_kept_as_it_was_counted(
    receipts: dict[str, casting.Receipt], shortlist: Scene, now: datetime
) -> None:
    """Withdrawn designs and new people change the contest, not what was counted."""

    def data() -> bytes:
        with shortlist.site.store.database.read() as session:
            acme = contest_by_slug(session, "acme")
            round_ = rounds.latest(session, acme, Kind.SHORTLIST)
            return bundle_of(session, round_).data

    before = data()
    with shortlist.changing() as (session, acme):
        withdraw(session, acme, 1, now)

    assert data() == before
    with zipfile.ZipFile(io.BytesIO(before)) as archive:
        times = {info.date_time for info in archive.infolist()}
        assert times == {(1980, 1, 1, 0, 0, 0)}
        insight = json.loads(archive.read("insight.json"))
    assert insight["recounted"] is False


def test_the_log_says_which_organiser_did_what_on_a_page(
    scene: Scene, visit: Visit
) -> None:
    organiser = visit("organiser")
    deeds: list[tuple[str, dict[str, Any]]] = [
        ("families", {"do": "merge", "entry": ["1", "2"]}),
        ("families", {"do": "undo"}),
        ("designs/3", {"do": "withdraw", "reason": "Not theirs"}),
        ("designs/3", {"do": "bring-back"}),
        ("people", {"do": "import", "pasted": "email,group\nnew@example.org,core"}),
        ("rounds/shortlist", {"do": "open"}),
        ("rounds/shortlist", {"do": "review"}),
        ("rounds/shortlist", {"do": "reopen"}),
        ("rounds/shortlist", {"do": "close", "sure": "1"}),
        ("rounds/shortlist", {"do": "publish"}),
    ]
    before = len(organiser.get("/c/acme/log.json").get_json()["events"])

    for page, form in deeds:
        assert post(organiser, f"/organise/acme/{page}", form).status_code == 303

    log = organiser.get("/c/acme/log.json").get_json()["events"][before:]
    with scene.site.store.database.read() as session:
        me = f"u{signing_in.keeper(session).id}"
    assert [event["kind"] for event in log] == [
        "families.changed",
        "families.changed",
        "design.withdrawn",
        "design.restored",
        "roll.added",
        "round.opened",
        "round.closed",
        "round.reopened",
        "round.closed",
        "round.counted",
        "bundle.exported",
        "result.published",
    ]
    assert {event["actor"] for event in log} == {me}
    assert log[2]["payload"]["reason"] == "Not theirs"
