"""The review of a closed round, in pages and commands: never what ballots say."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner

from logovote.cli import cli
from logovote.contest import casting, counting, people, recusing, rounds
from logovote.store import queries
from logovote.store.models import Ballot, Kind, Phase
from tests.builders import add_design, cast, voter_named
from tests.web.conftest import Scene, Visit
from tests.web.pages import post, put

ROUND = "/organise/acme/rounds/shortlist"
REVIEW = f"{ROUND}/review"
FAKES = [f"Fake{n}" for n in range(8)]
HONEST = [f"Real{n}" for n in range(24)]
DRAWN = "5e" * 32
OWN = re.compile("[Yy]ours: (your vote for it|this) does not count")


def run(data: Path, *arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(cli, ["--data", str(data), *arguments])
    assert result.exit_code == status, result.output
    return result.output


def stuffed(scene: Scene, now: datetime) -> None:
    """Close a round of 24 different ballots and 8 clones cast in two minutes."""
    rng = Random(4)  # noqa: S311 - made-up ballots
    with scene.changing() as (session, acme):
        lines = [f"{n.lower()}@example.org,{n},core" for n in [*HONEST, *FAKES]]
        text = "\n".join(["email,name,group", *lines])
        people.import_people(session, acme, people.read_people(text.encode()), now=now)
        for entry in range(20, 28):
            add_design(session, acme, entry, now)
        round_ = rounds.open_round(session, acme, Kind.SHORTLIST, now)
        ids = ["1", "2", "3", "12", *map(str, range(20, 28))]
        for number, name in enumerate(HONEST):
            at = now + timedelta(hours=7 * number)
            cast(session, round_, name, rng.sample(ids, rng.randint(3, 6)), at)
        for number, name in enumerate(FAKES):
            at = now + timedelta(days=9, seconds=15 * number)
            cast(session, round_, name, ["2", "3", "12", "20", "21"], at)
        rounds.close_round(session, round_, now + timedelta(days=10))


def renamed(items: list[str], rename: dict[str, str]) -> list[str]:
    return sorted(rename.get(id_, id_) for id_ in items)


def page(visit: Visit) -> str:
    return visit("organiser").get(REVIEW).text


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", html))


def key_of(html: str, title: str) -> str:
    part = html[html.index(f">{title}<") :]
    return str(re.findall(r'name="key" value="([0-9a-f]+)"', part)[0])


def test_the_review_names_signs_with_how_likely_chance_is(
    scene: Scene, visit: Visit, now: datetime
) -> None:
    stuffed(scene, now)

    told = plain(page(visit))

    assert "32 ballots are in the box" in told
    assert "8 people first saved within 10 minutes" in told
    assert "8 ballots with the same choices" in told
    assert "such votes" in told
    assert "8 of them are also under “Many at once”" in told
    assert "Fake0" in told
    # Names stand by the burst alone, not by who voted alike.
    assert told.count("fake0@example.org") == 1


def test_the_review_is_the_same_whatever_designs_are_named(
    scene: Scene, visit: Visit, now: datetime, tmp_path: Path
) -> None:
    """The same ballots with designs renamed: no byte of page or command differs."""
    stuffed(scene, now)
    tokens = re.compile(r'(csrf[_-]token"\s*(?:value|content)=")[^"]+')
    data = scene.site.settings.data
    first = tokens.sub(r"\1", page(visit))
    said = run(data, "round", "review", "acme", "shortlist", "--json")
    swap = {"1": "12", "12": "1", "2": "27", "27": "2", "20": "3", "3": "20"}
    with scene.changing() as (session, acme):
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        voters = [voter.id for voter in queries.voters(session, acme.id)]
        for ballot in queries.voter_ballots(session, round_.id, voters):
            items = renamed(json.loads(ballot.choice), swap)
            ballot.choice = json.dumps(items, separators=(",", ":"))

    assert tokens.sub(r"\1", page(visit)) == first
    assert run(data, "round", "review", "acme", "shortlist", "--json") == said
    assert len(json.loads(said)["groups"]) >= 2


def test_no_design_is_named_in_a_review(
    scene: Scene, visit: Visit, now: datetime
) -> None:
    stuffed(scene, now)

    assert not re.search(r"[Ll]ogo \d|[Dd]esign \d|\bf\d+\b", plain(page(visit)))


def test_a_group_is_set_aside_with_a_reason_and_taken_back(
    scene: Scene, visit: Visit, now: datetime
) -> None:
    stuffed(scene, now)
    organiser = visit("organiser")
    key = key_of(page(visit), "The same choices")
    form = {"do": "aside", "key": key, "reason": "Cast by one script."}

    told = post(organiser, REVIEW, form, follow_redirects=True).text
    assert "set aside." in told
    assert "Cast by one script." in told
    assert "are set aside." in plain(organiser.get(ROUND).text)
    back = {"do": "back", "key": key_of(told, "Set aside")}
    told = post(organiser, REVIEW, back, follow_redirects=True).text

    assert "back among those that count" in told
    log = plain(visit("stranger").get("/c/acme/audit").text)
    assert "ballots set aside: Cast by one script." in log
    assert "back that were set aside" in log


def test_of_a_group_with_names_only_the_ticked_are_set_aside(
    scene: Scene, visit: Visit, now: datetime
) -> None:
    stuffed(scene, now)
    html = page(visit)
    key = key_of(html, "Many at once")
    [two, three] = re.findall(r'name="ballot" value="(\d+)"', html)[1:3]
    organiser = visit("organiser")

    none = post(organiser, REVIEW, {"do": "aside", "key": key, "reason": "x"})
    some = {"do": "aside", "key": key, "ballot": [two, three], "reason": "One person."}
    told = post(organiser, REVIEW, some, follow_redirects=True).text

    assert "Choose at least one ballot" in none.text
    assert "2 ballots are set aside." in plain(told)


def test_somebodys_ballot_is_set_aside_by_address_and_they_are_told(
    scene: Scene, visit: Visit, now: datetime
) -> None:
    stuffed(scene, now)
    form = {"do": "aside", "who": "FAKE0@example.org", "reason": "A second address."}
    post(visit("organiser"), REVIEW, form)

    mine = plain(visit("Fake0").get("/c/acme/ballot").text)
    other = plain(visit("Fake1").get("/c/acme/ballot").text)

    assert "set your ballot aside" in mine
    assert "“A second address.”" in mine
    assert "“A second address.”" in plain(visit("Fake0").get("/c/acme/shortlist").text)
    assert "aside" not in other


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"do": "aside", "who": "fake0@example.org", "reason": " "}, "Say why"),
        ({"do": "aside", "who": "x@example.org", "reason": "x"}, "has no ballot"),
        ({"do": "aside", "key": "0" * 12, "reason": "x"}, "no group"),
        ({"do": "back", "key": "0" * 12}, "Nothing is set aside"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    scene: Scene, visit: Visit, now: datetime, form: dict[str, Any], said: str
) -> None:
    stuffed(scene, now)

    answer = post(visit("organiser"), REVIEW, form)

    assert answer.status_code == 400
    assert said in answer.text


def test_there_is_a_review_between_close_and_count_only(
    shortlist: Scene, visit: Visit, now: datetime
) -> None:
    organiser = visit("organiser")
    assert "It can be looked over after it is closed" in organiser.get(REVIEW).text
    with shortlist.changing() as (session, acme):
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        rounds.close_round(session, round_, now)
    assert organiser.get(REVIEW).status_code == 200
    with shortlist.changing() as (session, acme):
        counting.count_round(session, rounds.latest(session, acme, Kind.SHORTLIST))

    assert organiser.get(REVIEW).status_code == 400


def test_both_results_are_on_the_page_with_every_place_that_differs(
    scene: Scene, visit: Visit, now: datetime
) -> None:
    stuffed(scene, now)
    data = scene.site.settings.data
    said = json.loads(run(data, "round", "review", "acme", "shortlist", "--json"))
    burst = next(group for group in said["groups"] if group["kind"] == "burst")
    run(
        data,
        *("round", "set-aside", "acme", "shortlist"),
        *("--group", burst["key"], "--reason", "One wave."),
    )
    run(data, "round", "count", "acme", "shortlist")
    run(data, "round", "publish", "acme", "shortlist")

    with scene.changing() as (session, acme):
        fake = voter_named(session, acme, "Fake0")
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        ballot = queries.ballot_of(session, round_.id, fake.id)
        assert ballot is not None
        receipt = casting.receipt_of(session, ballot)
    assert receipt is not None
    form = {"code": receipt.code}
    found = post(visit("Fake0"), "/c/acme/audit", form).text
    assert "was in the box of the shortlist round. It was set aside" in found

    html = visit("stranger").get("/c/acme/results/shortlist").text
    result = json.loads(run(data, "results", "acme", "shortlist", "--json"))

    assert "8 ballots were set aside before the count" in plain(html)
    assert "With all ballots" in plain(html)
    whole = result["set_aside"]["with_all"]
    assert result["set_aside"]["ballots"] == 8
    assert whole["turnout"]["core"]["voted"] == 32
    assert result["turnout"]["core"]["voted"] == 24
    places = {line["family"]: line["place"] for line in result["order"]}
    moved = [
        line["family"]
        for line in whole["order"]
        if places.get(line["family"]) != line["place"]
    ]
    table = html[html.index("Places that would differ") :].split("</table>")[0]
    assert moved
    assert table.count('<th scope="row">') >= len(moved)


def test_commands_take_back_by_the_reason(scene: Scene, now: datetime) -> None:
    stuffed(scene, now)
    data = scene.site.settings.data
    where = ("acme", "shortlist")
    who = ("--who", "fake0@example.org")
    run(data, "round", "set-aside", *where, *who, "--reason", "Twice here.")

    listed = run(data, "round", "review", *where)
    run(data, "round", "take-back", *where, "--reason", "Others.", status=1)
    run(data, "round", "take-back", *where, "--reason", "Twice here.")

    assert "Set aside: 1 (Twice here.)" in listed
    assert "Set aside" not in run(data, "round", "review", *where)


def test_a_designer_is_marked_told_and_nobody_else_is(
    scene: Scene, visit: Visit, now: datetime
) -> None:
    organiser = visit("organiser")
    form = {"who": "ann@example.org", "designer": "Designer 12", "do": "recuse"}
    people_page = post(
        organiser, "/organise/acme/people/designers", form, follow_redirects=True
    ).text
    with scene.changing() as (session, acme):
        rounds.open_round(session, acme, Kind.SHORTLIST, now)
        cast(session, rounds.latest(session, acme, Kind.SHORTLIST), "Ann", ["12"], now)

    assert "designs by Designer 12" in people_page
    for url in ("/c/acme/shortlist?show=all", "/c/acme/logo/12", "/c/acme/ballot"):
        assert OWN.search(plain(visit("Ann").get(url).text)), url
        for other in ("Bob", "organiser"):
            assert not OWN.search(plain(visit(other).get(url).text)), url
    assert "Yours:" not in plain(visit("Ann").get("/c/acme/logo/1").text)
    log = plain(visit("stranger").get("/c/acme/audit").text)
    assert "A voter was marked as a designer." in log
    assert "nor does that ballot" in plain(visit("stranger").get("/c/acme/").text)

    form = {"who": "ann@example.org", "do": "admit"}
    post(organiser, "/organise/acme/people/designers", form)
    assert not OWN.search(plain(visit("Ann").get("/c/acme/shortlist").text))


def test_a_designer_in_the_ranking_reads_that_the_ballot_does_not_count(
    scene: Scene, visit: Visit, now: datetime
) -> None:
    with scene.changing() as (session, acme):
        recusing.recuse(session, acme, "ann@example.org", "2", now=now)
        rounds.open_round(session, acme, Kind.RANKING, now)

    told = plain(visit("Ann").get("/c/acme/ranking").text)

    assert "your ballot is not counted" in told
    assert "yours" in told
    assert "not counted" not in plain(visit("Bob").get("/c/acme/ranking").text)


def test_commands_mark_a_designer_and_take_it_back(scene: Scene) -> None:
    data = scene.site.settings.data

    assert "is marked" in run(data, "people", "recuse", "acme", "ann@example.org", "1")
    assert "not marked any more" in run(
        data, "people", "admit", "acme", "ann@example.org"
    )
    run(data, "people", "admit", "acme", "ann@example.org", status=1)


def test_a_draw_is_named_asked_for_entered_and_shown(
    scene: Scene, visit: Visit
) -> None:
    organiser = visit("organiser")
    form = {"do": "open", "beacon": "drand quicknet 77"}
    post(organiser, ROUND, form)
    assert "drand quicknet 77" in plain(visit("stranger").get("/c/acme/").text)

    told = post(
        organiser, ROUND, {"do": "close", "sure": "1"}, follow_redirects=True
    ).text
    assert "which is not entered yet" in plain(told)
    assert 'value="count"' not in told
    post(organiser, ROUND, {"do": "beacon", "drawn": DRAWN})
    told = post(organiser, ROUND, {"do": "count"}, follow_redirects=True).text

    assert "is counted" in told
    assert DRAWN in organiser.get("/c/acme/results/shortlist").text
    assert DRAWN in visit("stranger").get("/c/acme/audit").text


def test_commands_name_a_draw_wait_for_it_and_enter_it(
    scene: Scene,
) -> None:
    data = scene.site.settings.data
    where = ("acme", "shortlist")
    run(data, "round", "open", *where, "--beacon", "drand quicknet 77")

    assert "which is not entered yet" in run(data, "round", "close", *where)
    assert "which is not entered yet" in run(data, "round", "count", *where, status=1)
    assert "64 hex digits" in run(data, "round", "beacon", *where, "42", status=1)
    run(data, "round", "beacon", *where, DRAWN)
    run(data, "round", "count", *where)


def test_the_first_request_after_the_end_closes_for_good(
    scene: Scene, visit: Visit
) -> None:
    end = datetime.now(UTC) - timedelta(seconds=1)
    with scene.changing() as (session, acme):
        began = end - timedelta(days=30)
        rounds.open_round(session, acme, Kind.SHORTLIST, began, until=end)

    body = {"base_rev": 0, "save_id": "save-number-1", "items": ["1"]}
    answer = put(visit("Ann"), "/c/acme/shortlist/ballot", body)

    assert answer.status_code == 409
    with scene.changing() as (session, acme):
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        assert (round_.phase, round_.closed_at) == (Phase.CLOSED, end)
    assert "closed" in plain(visit("stranger").get("/c/acme/").text)


def test_the_command_counts_a_round_that_its_end_has_closed(
    scene: Scene, visit: Visit
) -> None:
    end = datetime.now(UTC) - timedelta(seconds=1)
    with scene.changing() as (session, acme):
        began = end - timedelta(days=30)
        rounds.open_round(session, acme, Kind.SHORTLIST, began, until=end)
    visit("organiser").get(ROUND)

    told = run(scene.site.settings.data, "round", "close", "acme", "shortlist")

    assert "closed and counted" in told


def test_the_site_closes_what_is_over_by_itself(scene: Scene) -> None:
    end = datetime.now(UTC) - timedelta(seconds=1)
    with scene.changing() as (session, acme):
        began = end - timedelta(days=30)
        rounds.open_round(session, acme, Kind.SHORTLIST, began, until=end)

    scene.site.jobs.close_ended()

    with scene.changing() as (session, acme):
        assert rounds.latest(session, acme, Kind.SHORTLIST).phase is Phase.CLOSED


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("203.0.113.7", "203.0.113.200", True),
        ("203.0.113.7", "203.0.114.7", False),
        ("2001:db8:1:2::1", "2001:db8:1:ffff::9", True),
        ("2001:db8:1::1", "2001:db8:2::1", False),
    ],
)
def test_of_a_network_a_few_keyed_bits_are_kept_and_no_address(
    shortlist: Scene, visit: Visit, first: str, second: str, *, same: bool
) -> None:
    for name, address in (("Ann", first), ("Bob", second), ("Cleo", "127.0.0.1")):
        client = visit(name)
        client.environ_base["REMOTE_ADDR"] = address
        body = {"base_rev": 0, "save_id": f"save-of-{name}", "items": ["1"]}
        assert put(client, "/c/acme/shortlist/ballot", body).status_code == 200

    with shortlist.changing() as (session, acme):
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        kept = {}
        for name in ("Ann", "Bob", "Cleo"):
            voter = voter_named(session, acme, name)
            ballot = queries.ballot_of(session, round_.id, voter.id)
            assert isinstance(ballot, Ballot)
            kept[name] = ballot.network
    assert re.fullmatch("[0-9a-f]{6}", kept["Ann"] or "")
    assert (kept["Ann"] == kept["Bob"]) is same
    assert kept["Cleo"] is None
    files = shortlist.site.settings.data.glob("logovote.sqlite*")
    assert not any(first.encode() in file.read_bytes() for file in files)
