from __future__ import annotations

import json
import re
from datetime import datetime
from html import unescape

import pytest
from flask.testing import FlaskClient

from logovote.contest import casting, counting, rounds
from logovote.store.models import Kind
from logovote.web.explaining.subject import explained
from tests.builders import cast, withdraw
from tests.web.conftest import Scene, Visit

URL = "/c/acme/results/shortlist"
WAITING = "There is no result yet"
EVERYBODY = ("stranger", "Ann", "Otto", "organiser")


@pytest.fixture
def voted(shortlist: Scene, now: datetime) -> Scene:
    with shortlist.changing() as (session, acme):
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        cast(session, round_, "Ann", ["1", "57"], now)
        cast(session, round_, "Bob", ["57"], now)
    return shortlist


def advance(scene: Scene, now: datetime, *deeds: str) -> None:
    with scene.changing() as (session, acme):
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        if "close" in deeds:
            rounds.close_round(session, round_, now)
        if "count" in deeds:
            counting.count_round(session, round_)
        if "publish" in deeds:
            rounds.publish_round(session, round_)


@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize("deeds", [(), ("close",)], ids=["open", "closed"])
def test_before_the_count_there_is_no_result_for_anybody(
    voted: Scene, visit: Visit, now: datetime, deeds: tuple[str, ...], who: str
) -> None:
    advance(voted, now, *deeds)

    answer = visit(who).get(URL)

    assert answer.status_code == 200
    assert WAITING in answer.text
    assert "Designer" not in answer.text


@pytest.mark.parametrize("who", EVERYBODY)
def test_between_the_count_and_its_publication_only_the_organiser_sees_it(
    voted: Scene, visit: Visit, now: datetime, who: str
) -> None:
    advance(voted, now, "close", "count")

    page = visit(who).get(URL).text

    assert (WAITING in page) is (who != "organiser")
    assert ("Designer 57" in page) is (who == "organiser")


@pytest.mark.parametrize("who", EVERYBODY)
def test_a_published_result_is_everybodys(
    voted: Scene, visit: Visit, now: datetime, who: str
) -> None:
    advance(voted, now, "close", "count", "publish")

    page = visit(who).get(URL).text

    assert page.index("Designer 57") < page.index("Designer 1<")
    assert "Designer 2<" not in page
    assert ("acme/handoff" in page) is (who == "organiser")


def test_the_organisers_pages_say_nothing_of_what_ballots_say_before_the_count(
    voted: Scene, visit: Visit, now: datetime
) -> None:
    """The same pages, whatever was approved: only the turnout may show."""
    organiser = visit("organiser")
    urls = ("/organise/acme/", "/organise/acme/rounds/shortlist", "/c/acme/")

    def pages() -> list[str]:
        return [without_tokens(organiser.get(url).text) for url in urls]

    before = pages()
    with voted.changing() as (session, acme):
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        cast(session, round_, "Ann", ["2", "3"], now, base_rev=1)

    assert pages() == before


def without_tokens(page: str) -> str:
    lines = page.splitlines()
    return "\n".join(line for line in lines if "csrf" not in line)


def test_a_kind_that_is_none_is_not_found(scene: Scene, visit: Visit) -> None:
    assert visit("Ann").get("/c/acme/results/winner").status_code == 404


def test_the_result_of_a_ranking_shows_every_meeting_of_two(
    ranking: Scene, visit: Visit, now: datetime
) -> None:
    with ranking.changing() as (session, acme):
        round_ = rounds.latest(session, acme, Kind.RANKING)
        cast(session, round_, "Ann", [["57"], ["none"], ["1"]], now)
        rounds.close_round(session, round_, now)
        counting.count_round(session, round_)
        rounds.publish_round(session, round_)

    page = visit("stranger").get("/c/acme/results/ranking").text

    assert page.index("Designer 57") < page.index("Keep the anvil")
    assert "100 % : 0 %" in page
    assert "Not above “none of these”" in page
    assert "Logo 57 comes first: voters prefer it to each of the others." in page


def test_a_published_contest_is_on_the_front_page(
    voted: Scene, visit: Visit, now: datetime
) -> None:
    assert "A logo for Acme" not in visit("stranger").get("/").text

    advance(voted, now, "close", "count", "publish")

    assert "A logo for Acme" in visit("stranger").get("/").text


@pytest.mark.parametrize("who", ["stranger", "Ann"])
def test_a_published_result_is_hidden_while_people_judge_again(
    voted: Scene, visit: Visit, now: datetime, who: str
) -> None:
    advance(voted, now, "close", "count", "publish")
    assert "Designer 57" in visit(who).get(URL).text

    with voted.changing() as (session, acme):
        rounds.open_round(session, acme, Kind.RANKING, now)

    page, front = visit(who).get(URL).text, visit(who).get("/c/acme/").text
    for said in (page, front):
        assert "It is published. While people vote again it is hidden" in said
        assert "Designer 57" not in said
    assert WAITING not in page
    assert "/results/" not in front
    # Of the round that is running nothing is published.
    assert WAITING in visit(who).get("/c/acme/results/ranking").text
    assert "sees what ballots say before the count" in front


def test_an_earlier_result_stays_when_a_new_round_is_counted(
    voted: Scene, visit: Visit, now: datetime
) -> None:
    advance(voted, now, "close", "count", "publish")
    with voted.changing() as (session, acme):
        again = rounds.open_round(session, acme, Kind.SHORTLIST, now)
        rounds.close_round(session, again, now)
        counting.count_round(session, again)

    assert "Designer 57" in visit("stranger").get(URL).text


# ---------- what explains a result ----------


@pytest.fixture
def decided(ranking: Scene, now: datetime) -> Scene:
    """Ann and Bob, the core, prefer 1 to 2 and Cleo, the crowd, 2 to 1; 57 is last."""
    ballots: dict[str, casting.Items] = {
        "Ann": [["1"], ["2"], ["3"], ["57"]],
        "Bob": [["1"], ["3"], ["2"], ["57"]],
        "Cleo": [["2"], ["1"], ["3"], ["57"]],
    }
    with ranking.changing() as (session, acme):
        round_ = rounds.latest(session, acme, Kind.RANKING)
        for name, items in ballots.items():
            cast(session, round_, name, items, now)
        rounds.close_round(session, round_, now)
        counting.count_round(session, round_)
        rounds.publish_round(session, round_)
    return ranking


RANKING = "/c/acme/results/ranking"


def text_of(client: FlaskClient, url: str) -> str:
    """Return a page's words, one space between them."""
    answer = client.get(url)
    assert answer.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


@pytest.mark.usefixtures("decided")
def test_a_pair_is_explained_to_anybody_who_asks(visit: Visit) -> None:
    """Both groups are below their quorum of 3: 2/3 and 1/3 of a half, so 2 to 1."""
    stranger = visit("stranger")

    page = text_of(stranger, f"{RANKING}?a=2&b=1")

    assert "Why logo 1 is above logo 2" in page
    assert "66.7 % of the vote prefer logo 1 to logo 2, and 33.3 % the reverse." in page
    assert "core 100 % logo 1 0 % no preference logo 2 0 %" in page
    assert "With every voter counted the same, this meeting would end the same" in page
    assert "Every ballot showed both" in page
    assert "The tie order had no part in this." in page


@pytest.mark.usefixtures("decided")
@pytest.mark.parametrize("query", ["a=1&b=1", "a=1", "a=99&b=1", "a=%00&b=<b>"])
def test_a_pair_that_is_none_is_refused_in_words(visit: Visit, query: str) -> None:
    stranger = visit("stranger")

    for url in (RANKING, f"{RANKING}/why"):
        page = text_of(stranger, f"{url}?{query}")
        assert "Choose two different logos of this list." in page


@pytest.mark.usefixtures("decided")
def test_other_shares_are_counted_again(visit: Visit) -> None:
    """core stands first among the groups; from 1/2 on it decides for logo 1."""
    stranger = visit("stranger")

    less = text_of(stranger, f"{RANKING}/what-if?share-0=40&share-1=60")
    more = text_of(stranger, f"{RANKING}/what-if?share-0=30&share-1=10")
    even = text_of(stranger, f"{RANKING}/what-if?share-0=50&share-1=50")

    assert "Logo 2 would come first. core 40 %, crowd 60 % 1 Logo 2 was 2" in less
    assert "Logo 1 would still come first. core 75 %, crowd 25 % 1 Logo 1 2" in more
    assert "would come first" in even
    assert "1= Logo 1" in even
    assert "1= Logo 2 was 2" in even
    whole = text_of(stranger, f"{RANKING}?share-0=40&share-1=60")
    assert "Logo 2 would come first." in whole
    assert "as long as core decides more than 50 % (1/2). It decided 66.7 %." in whole


@pytest.mark.usefixtures("decided")
@pytest.mark.parametrize(
    "value", ["-1", "101", "x", "1e3", "0x10", "1.2.3", "9" * 99, "٣", "<b>"]
)
def test_a_share_that_is_no_number_is_refused_and_kept(
    visit: Visit, value: str
) -> None:
    answer = visit("stranger").get(
        RANKING, query_string={"share-0": value, "share-1": "10"}
    )

    assert answer.status_code == 200
    assert "This is not a number from 0 to 100." in answer.text
    assert "Enter a share from 0 to 100 for every group." in answer.text
    assert "<b>" not in answer.text.split("share-0", 1)[1].split("share-1", 1)[0]


@pytest.mark.usefixtures("decided")
def test_no_share_for_anybody_decides_nothing(visit: Visit) -> None:
    page = text_of(visit("stranger"), f"{RANKING}?share-0=0&share-1=")
    assert "At least one group must decide something." in page


@pytest.mark.usefixtures("decided")
def test_a_ranking_is_explained_from_all_sides(visit: Visit) -> None:
    """The bottom third of five is one place, and everybody has "none of these" there.

    Of ten pairs, the groups see 1 and 2 the other way round, and the core ties 2 and 3.
    """
    page = text_of(visit("stranger"), RANKING)

    assert "Fewer than 10 ballots were counted." in page
    assert "All 7 rules put logo 1 first." in page
    assert "crowd alone · another winner" in page
    assert "Logo 1 is no compromise" in page
    assert "core and crowd: +0.70" in page
    assert "Logo 57 0 % 0 % 0 %" in page  # not first, not in the top three, not last


def test_a_family_off_the_list_is_shown_by_the_variant_that_stands_for_it(
    scene: Scene, now: datetime
) -> None:
    with scene.changing() as (session, acme):
        round_ = rounds.open_round(session, acme, Kind.SHORTLIST, now, seats=1)
        cast(session, round_, "Ann", ["1", "57"], now)
        cast(session, round_, "Bob", ["1"], now)
        rounds.close_round(session, round_, now)
        result = counting.count_round(session, round_)
        found = explained(round_, result, 1)

    assert [line.entry for line in result.order] == [1]
    assert found is not None
    assert found.logos["f12"].name == "Logo 57"


def test_a_shortlist_says_whom_each_design_represents(
    voted: Scene, visit: Visit, now: datetime
) -> None:
    """Ann approves both families, Bob only f12."""
    advance(voted, now, "close", "count", "publish")

    page = text_of(visit("stranger"), f"{URL}?a=f12&b=f1")

    assert "Backed by 100 % of the vote. For 50 % of its backers it is the only" in page
    assert "Backed by 50 % of the vote. All of its backers have a choice higher" in page
    assert "2 logos are on the list." in page
    assert "would have given the same list" in page
    assert "The 2 variants of logo 57 count as one design. Alone, the best" in page


PARTS = ("", "/why", "/what-if", "/ballots.json", "/ballots.zip", "/insight.json")


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("deeds", [(), ("close",), ("close", "count")])
def test_no_part_is_seen_before_it_is_published(
    voted: Scene, visit: Visit, now: datetime, part: str, deeds: tuple[str, ...]
) -> None:
    advance(voted, now, *deeds)

    for who in ("stranger", "Ann"):
        answer = visit(who).get(URL + part)
        assert answer.status_code == (404 if part else 200)
        for told in ("Logo 57", "Designer 57", '"57"'):
            assert told not in answer.text


@pytest.mark.parametrize("part", PARTS[1:])
def test_parts_are_hidden_again_while_people_judge_again(
    voted: Scene, visit: Visit, now: datetime, part: str
) -> None:
    advance(voted, now, "close", "count", "publish")
    stranger = visit("stranger")
    seen = stranger.get(URL + part)
    # One group alone voted, so there are no shares to move.
    assert seen.status_code == 200

    with voted.changing() as (session, acme):
        rounds.open_round(session, acme, Kind.RANKING, now)

    assert stranger.get(URL + part).status_code == 404


def test_ballots_are_sent_to_nobody_before_they_are_published(
    voted: Scene, visit: Visit, now: datetime
) -> None:
    advance(voted, now, "close", "count")
    organiser = visit("organiser")

    assert organiser.get(f"{URL}/ballots.json").status_code == 404
    assert organiser.get(f"{URL}/ballots.zip").status_code == 404
    assert "ballots.json" not in organiser.get(URL).text
    assert organiser.get(f"{URL}/insight.json").status_code == 200


def test_where_sums_only_were_promised_no_ballot_is_sent(
    scene: Scene, visit: Visit, now: datetime
) -> None:
    with scene.changing() as (session, acme):
        round_ = rounds.open_round(
            session, acme, Kind.SHORTLIST, now, publish="aggregate"
        )
        cast(session, round_, "Ann", ["1", "57"], now)
    advance(scene, now, "close", "count", "publish")
    stranger = visit("stranger")

    page = stranger.get(URL).text

    assert "Designer 57" in page
    for name in ("ballots.json", "ballots.zip"):
        assert stranger.get(f"{URL}/{name}").status_code == 404
        assert name not in page


def test_published_ballots_are_a_file_without_names(
    voted: Scene, visit: Visit, now: datetime
) -> None:
    advance(voted, now, "close", "count", "publish")

    answer = visit("stranger").get(f"{URL}/ballots.json")

    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert json.loads(answer.text)["ballots"] == [
        {"group": "core", "approvals": ["1", "57"]},
        {"group": "core", "approvals": ["57"]},
    ]
    assert "Ann" not in answer.text
    assert f"{URL}/ballots.json" in visit("stranger").get(URL).text


def test_a_round_counted_before_there_were_explanations_shows_its_result(
    voted: Scene, visit: Visit, now: datetime
) -> None:
    advance(voted, now, "close", "count", "publish")
    with voted.changing() as (session, acme):
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        round_.insight = round_.profile = None

    page = visit("stranger").get(URL).text

    assert "Designer 57" in page
    assert "How sure is this?" not in page
    assert "What explains this result, such as how sure it is, is not there" in page
    for part in PARTS[1:]:
        assert visit("stranger").get(URL + part).status_code == 404


def test_a_result_whose_explanation_failed_shows_its_ballots(
    voted: Scene, visit: Visit, now: datetime
) -> None:
    advance(voted, now, "close", "count", "publish")
    with voted.changing() as (session, acme):
        rounds.latest(session, acme, Kind.SHORTLIST).insight = None

    stranger = visit("stranger")

    assert "ballots.json" in stranger.get(URL).text
    assert "insight.json" not in stranger.get(URL).text
    assert stranger.get(f"{URL}/ballots.json").status_code == 200
    assert stranger.get(f"{URL}/insight.json").status_code == 404
    for part in ("/why", "/what-if"):
        assert stranger.get(URL + part).status_code == 404


def test_a_result_without_any_ballot_says_so(
    shortlist: Scene, visit: Visit, now: datetime
) -> None:
    advance(shortlist, now, "close", "count", "publish")

    page = visit("stranger").get(URL).text

    assert "No ballot was counted in this round" in page
    assert "How sure is this?" not in page


def test_a_ranking_without_any_ballot_shares_the_first_place(
    ranking: Scene, visit: Visit, now: datetime
) -> None:
    with ranking.changing() as (session, acme):
        round_ = rounds.latest(session, acme, Kind.RANKING)
        rounds.close_round(session, round_, now)
        counting.count_round(session, round_)
        rounds.publish_round(session, round_)

    assert "No ballot was counted, so all 5 share the first place." in text_of(
        visit("stranger"), RANKING
    )


def test_a_shortlist_without_a_logo_is_told_from_one_without_ballots(
    shortlist: Scene, visit: Visit, now: datetime
) -> None:
    with shortlist.changing() as (session, acme):
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        for name in ("Ann", "Cleo"):
            cast(session, round_, name, ["none"], now)
    advance(shortlist, now, "close", "count", "publish")

    page = text_of(visit("stranger"), URL)
    record = text_of(visit("organiser"), "/organise/acme/decision.html?kind=shortlist")

    assert "No logo is on the list." in page
    assert "No ballot that was counted approves a logo, so there is no order." in page
    assert "100 % of the vote answered “None of these”." in page
    assert "No ballot that was counted approves a design." in record
    assert "No ballot was counted" not in page + record


def test_the_shares_as_counted_are_those_of_the_round_that_is_shown(
    decided: Scene, visit: Visit, now: datetime
) -> None:
    with decided.changing() as (session, acme):
        again = rounds.open_round(session, acme, Kind.RANKING, now)
        rounds.close_round(session, again, now)
        counting.count_round(session, again)
        rounds.publish_round(session, again)

    page = visit("stranger").get(f"{RANKING}?round=1").text

    assert f'href="{RANKING}?round=1#what-if"' in page


def test_a_shortlist_of_which_nothing_stands_offers_no_ballots(
    voted: Scene, visit: Visit, now: datetime
) -> None:
    with voted.changing() as (session, acme):
        for entry in (1, 2, 3, 12, 57):
            withdraw(session, acme, entry, now)
    advance(voted, now, "close", "count", "publish")

    page = visit("stranger").get(URL).text

    for url in re.findall(r'href="([^"]*/results/[^"#]*)"', page):
        assert visit("stranger").get(unescape(url)).status_code == 200, url


def test_none_of_these_may_come_first(
    ranking: Scene, visit: Visit, now: datetime
) -> None:
    with ranking.changing() as (session, acme):
        round_ = rounds.latest(session, acme, Kind.RANKING)
        for name in ("Ann", "Bob", "Cleo"):
            cast(session, round_, name, [["none"], ["1"]], now)
        rounds.close_round(session, round_, now)
        counting.count_round(session, round_)
        rounds.publish_round(session, round_)

    page = text_of(visit("stranger"), f"{RANKING}?a=none&b=1")

    assert "“None of these” comes first: no logo is preferred to it." in page
    assert "Why “none of these” is above logo 1" in page
