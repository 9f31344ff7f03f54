"""The gallery, by a browser without script and by one with."""

from __future__ import annotations

import re
import threading
import time
from datetime import datetime
from fractions import Fraction
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from logovote.contest import counting, rounds
from logovote.store import queries
from logovote.store.models import Ballot, Kind
from tests.builders import voter_named, withdraw
from tests.conftest import Site
from tests.web.conftest import Scene, Visit
from tests.web.pages import csrf_token, post, put
from tests.web.test_statements import statements_of

PAGE = "/c/acme/shortlist"
BALLOT = "/c/acme/shortlist/ballot"


def order(client: FlaskClient) -> list[str]:
    return re.findall(r'<li class="card" id="logo-(\d+)"', client.get(PAGE).text)


def body(**changes: object) -> dict[str, object]:
    return {"base_rev": 0, "save_id": "a-first-save", "items": ["1"]} | changes


def test_every_family_is_shown_once_in_the_voters_own_stable_order(
    shortlist: Scene, visit: Visit
) -> None:
    ann = visit("Ann")

    assert sorted(order(ann), key=int) == ["1", "2", "3", "12"]
    assert order(ann) == order(ann) == order(visit("Ann"))


def test_two_voters_see_different_orders(shortlist: Scene, visit: Visit) -> None:
    orders = {tuple(order(visit(name))) for name in ("Ann", "Bob", "Cleo")}

    assert len(orders) > 1


def test_a_late_design_does_not_move_the_others(
    shortlist: Scene, visit: Visit, now: datetime
) -> None:
    before = order(visit("Ann"))
    with shortlist.changing() as (session, acme):
        withdraw(session, acme, 2, now)

    assert order(visit("Ann")) == [entry for entry in before if entry != "2"]


def test_approving_and_taking_back_needs_no_script(
    shortlist: Scene, visit: Visit
) -> None:
    ann = visit("Ann")

    answer = post(ann, BALLOT, {"approve": "f2", "show": "all"})
    assert (answer.status_code, answer.location) == (303, f"{PAGE}?show=all#logo-2")
    post(ann, BALLOT, {"approve": "f1"})
    assert shortlist.ballot("Ann") == ["f1", "f2"]
    assert "2</b> shortlisted" in ann.get(PAGE).text

    post(ann, BALLOT, {"withdraw": "f2"})
    assert shortlist.ballot("Ann") == ["f1"]


def test_a_variant_is_preferred_and_the_card_takes_all_of_it_back(
    shortlist: Scene, visit: Visit
) -> None:
    ann = visit("Ann")

    post(ann, BALLOT, {"approve": "57"})
    assert 'data-family="f12" data-approved' in ann.get(PAGE).text
    post(ann, BALLOT, {"approve": "f12"})
    post(ann, BALLOT, {"withdraw": "57"})
    assert shortlist.ballot("Ann") == ["f12"]

    post(ann, BALLOT, {"approve": "12"})
    post(ann, BALLOT, {"withdraw": "f12"})
    assert shortlist.ballot("Ann") == []


def test_none_of_these_and_a_logo_take_turns(shortlist: Scene, visit: Visit) -> None:
    ann = visit("Ann")
    post(ann, BALLOT, {"approve": "1"})

    answer = post(ann, BALLOT, {"none": "1"})
    assert answer.location == f"{PAGE}#none"
    assert shortlist.ballot("Ann") == ["none"]
    assert re.search(
        r'name="none" value="0"[^>]*aria-pressed="true"', ann.get(PAGE).text
    )

    post(ann, BALLOT, {"approve": "1"})
    assert shortlist.ballot("Ann") == ["1"]
    post(ann, BALLOT, {"none": "1"})
    post(ann, BALLOT, {"none": "0"})
    assert shortlist.ballot("Ann") == []


def test_a_press_on_a_logos_own_page_leads_back_there(
    shortlist: Scene, visit: Visit
) -> None:
    answer = post(visit("Ann"), BALLOT, {"approve": "57", "from": "57"})

    assert answer.location == "/c/acme/logo/57"


def test_one_voters_ballot_is_nobody_elses(shortlist: Scene, visit: Visit) -> None:
    post(visit("Ann"), BALLOT, {"approve": "1"})

    assert "data-approved" not in visit("Bob").get(PAGE).text
    assert shortlist.ballot("Bob") == []


def test_a_logos_own_page_leads_through_all_in_the_voters_order(
    shortlist: Scene, visit: Visit
) -> None:
    ann = visit("Ann")
    entries = order(ann)

    page = ann.get(f"/c/acme/logo/{entries[0]}").text

    assert f"/c/acme/logo/{entries[1]}" in page
    assert "1 of 4" in page
    assert "4 of 4" in ann.get(f"/c/acme/logo/{entries[-1]}").text


@pytest.mark.parametrize("phase", ["open", "closed", "counted"])
def test_no_voters_page_names_a_designer_before_the_results_are_published(
    shortlist: Scene, visit: Visit, now: datetime, phase: str
) -> None:
    post(visit("Bob"), BALLOT, {"approve": "1"})
    with shortlist.changing() as (session, acme):
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        if phase != "open":
            rounds.close_round(session, round_, now)
        if phase == "counted":
            counting.count_round(session, round_)
            rounds.open_round(session, acme, Kind.RANKING, now)
    ann = visit("Ann")
    urls = ["/", "/c/acme/", PAGE, "/c/acme/logo/1", "/c/acme/results/shortlist"]
    urls += ["/c/acme/ranking"] if phase == "counted" else []

    pages = {url: ann.get(url) for url in urls}

    assert {page.status_code for page in pages.values()} == {200}
    assert [url for url, page in pages.items() if "Designer " in page.text] == []


def test_a_script_saves_the_whole_ballot(shortlist: Scene, visit: Visit) -> None:
    answer = put(visit("Ann"), BALLOT, body(items=["f12", "1"], nonce="0a" * 16))

    receipt = answer.get_json()
    assert answer.status_code == 200
    assert set(receipt) == {"rev", "code", "saved_at", "event_head"}
    assert receipt["rev"] == 1
    assert re.fullmatch(r"[A-Z2-7]{16}", receipt["code"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", receipt["saved_at"])
    assert shortlist.ballot("Ann") == ["1", "f12"]


def test_the_receipt_is_on_the_page_after_the_save(
    shortlist: Scene, visit: Visit
) -> None:
    ann = visit("Ann")
    code = put(ann, BALLOT, body()).get_json()["code"]

    assert code in ann.get(PAGE).text
    assert 'data-rev="1"' in ann.get(PAGE).text


def test_a_repeated_save_is_acknowledged_again(shortlist: Scene, visit: Visit) -> None:
    ann = visit("Ann")
    first = put(ann, BALLOT, body()).get_json()

    assert put(ann, BALLOT, body()).get_json() == first


def test_a_conflict_shows_what_stands(shortlist: Scene, visit: Visit) -> None:
    ann = visit("Ann")
    first = put(ann, BALLOT, body()).get_json()

    answer = put(ann, BALLOT, body(save_id="another-save", items=["2"]))

    assert answer.status_code == 409
    assert answer.get_json()["error"] == "conflict"
    assert answer.get_json()["current"] == {
        "rev": 1,
        "items": ["1"],
        "code": first["code"],
        "saved_at": first["saved_at"],
    }


@pytest.mark.parametrize(
    "sent",
    [
        {},
        [],
        None,
        "text",
        body(items="1"),
        body(items=["999"]),
        body(items=["1", "none"]),
        body(items=[["1"]]),
        body(items=None),
        body(base_rev="0"),
        body(base_rev=True),
        body(base_rev=None),
        body(base_rev=0.0),
        body(save_id=7),
        body(save_id="short"),
        body(nonce=7),
        body(nonce="no hex"),
    ],
)
def test_a_save_that_makes_no_sense_is_refused_in_words(
    shortlist: Scene, visit: Visit, sent: object
) -> None:
    answer = put(visit("Ann"), BALLOT, sent)

    assert answer.status_code == 422
    assert answer.get_json()["error"] == "invalid"
    assert answer.get_json()["message"]
    assert shortlist.ballot("Ann") == []


def test_a_body_nested_without_end_is_refused(shortlist: Scene, visit: Visit) -> None:
    ann = visit("Ann")

    answer = ann.put(
        BALLOT,
        data="[" * 100_000,
        content_type="application/json",
        headers={"X-CSRFToken": csrf_token(ann)},
    )

    assert answer.status_code in {400, 422}


def test_a_closed_round_says_so_and_keeps_what_was_saved(
    shortlist: Scene, visit: Visit, now: datetime
) -> None:
    ann = visit("Ann")
    post(ann, BALLOT, {"approve": "1"})
    with shortlist.changing() as (session, acme):
        rounds.close_round(session, rounds.latest(session, acme, Kind.SHORTLIST), now)

    form = post(ann, BALLOT, {"approve": "2"})
    script = put(ann, BALLOT, body(base_rev=1, items=["2"]))

    assert form.status_code == script.status_code == 409
    assert "not open for voting" in form.text
    assert script.get_json()["error"] == "closed"
    assert shortlist.ballot("Ann") == ["1"]
    page = ann.get(PAGE).text
    assert "This round is closed" in page
    assert "data-readonly" in page
    assert not re.search(r'<button class="tick"(?![^>]*type="button")', page)


def test_before_the_round_a_voter_is_told_to_wait(scene: Scene, visit: Visit) -> None:
    for url in (PAGE, "/c/acme/ranking"):
        answer = visit("Ann").get(url)
        assert "not open yet" in answer.text
        assert answer.status_code < 500


def test_the_organiser_may_look_but_has_no_vote(shortlist: Scene, visit: Visit) -> None:
    organiser = visit("organiser")

    assert "you have no vote in this contest" in organiser.get(PAGE).text
    assert post(organiser, BALLOT, {"approve": "1"}).status_code == 400
    answer = put(organiser, BALLOT, body())
    assert answer.status_code == 422
    assert "no vote" in answer.get_json()["message"]


def test_a_voter_of_weight_0_is_told_that_the_ballot_is_not_counted(
    shortlist: Scene, visit: Visit
) -> None:
    with shortlist.changing() as (session, acme):
        voter_named(session, acme, "Ann").weight = Fraction(0)

    assert "your ballot is not counted" in visit("Ann").get(PAGE).text
    assert "your weight is 0" in visit("Ann").get("/c/acme/").text


@pytest.mark.parametrize(
    ("most", "said"),
    [
        (None, "You approve as many logos as you like."),
        (1, "You approve one logo."),
        (3, "You approve up to 3 logos."),
    ],
)
def test_the_contests_page_says_how_many_may_be_approved(
    scene: Scene, visit: Visit, now: datetime, most: int | None, said: str
) -> None:
    with scene.changing() as (session, acme):
        rounds.open_round(session, acme, Kind.SHORTLIST, now, approvals=most)

    stranger = visit("stranger")
    assert said in stranger.get("/c/acme/").text
    with scene.changing() as (session, acme):
        rounds.close_round(session, rounds.latest(session, acme, Kind.SHORTLIST), now)
    assert "my ballot" not in stranger.get("/c/acme/").text
    assert "See my ballot" in visit("Ann").get("/c/acme/").text


def test_a_withdrawn_design_is_gone_from_the_gallery(
    shortlist: Scene, visit: Visit, now: datetime
) -> None:
    with shortlist.changing() as (session, acme):
        withdraw(session, acme, 3, now)

    assert "3" not in order(visit("Ann"))
    page = visit("Ann").get("/c/acme/logo/3")
    assert page.status_code == 410
    assert "was withdrawn" in page.text
    assert visit("Ann").get("/c/acme/logo/999").status_code == 404


def test_who_saves_what_was_withdrawn_meanwhile_is_told_once(
    shortlist: Scene, visit: Visit, now: datetime
) -> None:
    ann, bob = visit("Ann"), visit("Bob")
    with shortlist.changing() as (session, acme):
        withdraw(session, acme, 3, now)

    by_script = put(ann, BALLOT, body(items=["f1", "f3", "3"]))
    by_form = post(bob, BALLOT, {"approve": "f3", "show": "all"})

    assert by_form.location == f"{PAGE}?show=all"  # where it is said, on top
    assert by_script.get_json()["withdrawn"] == ["3", "f3"]
    assert shortlist.ballot("Ann") == ["f1"]
    told = "Withdrawn, and so out of your ballot: logo 3."
    assert told in bob.get(PAGE).text
    assert told not in bob.get(PAGE).text


def test_a_page_of_another_voter_saves_nothing(shortlist: Scene, visit: Visit) -> None:
    bobs_page = visit("Bob").get(PAGE).text
    bob = re.findall(r'data-voter="([^"]+)"', bobs_page)[0]
    ann = visit("Ann")

    by_script = put(ann, BALLOT, body(voter=bob))
    by_form = post(ann, BALLOT, {"approve": "1", "voter": bob})

    assert by_script.status_code == 401
    assert by_script.get_json()["error"] == "other-voter"
    assert by_form.status_code == 409
    assert "Somebody else has signed in" in by_form.text
    assert shortlist.ballot("Ann") == shortlist.ballot("Bob") == []


def test_a_view_is_walked_one_by_one(shortlist: Scene, visit: Visit) -> None:
    ann = visit("Ann")
    for id_ in ("f1", "f3"):
        post(ann, BALLOT, {"approve": id_})

    page = ann.get("/c/acme/logo/1?show=shortlisted").text

    assert "of 2</span> in your order" in page
    assert "/c/acme/logo/3?show=shortlisted" in page
    assert "/c/acme/logo/2" not in page


@pytest.mark.parametrize(
    ("lab", "kind"),
    [("32", "icon32"), ("dark", "mark"), ("mono", "mono"), ("grey", "thumb")],
)
def test_the_lab_shows_all_in_one_way_and_says_so(
    shortlist: Scene, visit: Visit, lab: str, kind: str
) -> None:
    page = visit("Ann").get(f"{PAGE}?lab={lab}").text

    assert page.count(f"lab-is-{lab} ") == 4
    assert f"/{kind}.webp" in page
    said = "" if lab == "grey" else "simulated cut-out"
    assert set(re.findall(r'<p class="lab-note">([^<]*)</p>', page)) == {said}


def test_what_cannot_be_cut_out_is_shown_whole_and_says_so(
    shortlist: Scene, visit: Visit
) -> None:
    with shortlist.changing() as (session, acme):
        design = queries.submission(session, acme.id, 2)
        assert design is not None
        design.picture.cutout = "none"

    assert "no cut-out: shown whole" in visit("Ann").get(f"{PAGE}?lab=dark").text
    assert "No cut-out possible: shown whole" in visit("Ann").get("/c/acme/logo/2").text


@pytest.mark.parametrize("lab", ["", "nothing", "<script>"])
def test_another_way_to_look_is_as_sent(
    shortlist: Scene, visit: Visit, lab: str
) -> None:
    page = visit("Ann").get(PAGE, query_string={"lab": lab}).text

    assert "data-lab-bench" not in page


@pytest.mark.parametrize(
    ("ids", "shown"),
    [
        ("ids=3&ids=1", ["3", "1"]),
        ("ids=3,1,3", ["3", "1"]),
        ("ids=57,12", ["57", "12"]),
        ("ids=1,2,3,12,57", ["1", "2", "3", "12"]),
        ("ids=1,999", []),
        ("ids=x,-1,99999999999999", []),
        ("", []),
    ],
)
def test_two_to_four_stand_side_by_side(
    shortlist: Scene, visit: Visit, ids: str, shown: list[str]
) -> None:
    page = visit("Ann").get(f"/c/acme/compare?{ids}").text

    assert re.findall(r'class="compare-item" id="logo-(\d+)"', page) == shown
    assert ("Choose two to 4" in page) == (not shown)
    assert ("Only the first 4" in page) == (len(shown) == 4)


def keep_left(client: FlaskClient, ids: str) -> str | None:
    page = client.get(f"/c/acme/compare?ids={ids}").text
    found = re.search(r'href="/c/acme/compare\?ids=([^"]+)">Keep left<', page)
    return found and unquote(found[1])


def test_the_left_one_is_kept_beside_the_next_in_the_voters_order(
    shortlist: Scene, visit: Visit
) -> None:
    ann = visit("Ann")
    a, b, c, d = order(ann)

    assert keep_left(ann, f"{a},{b}") == f"{a},{c}"
    assert keep_left(ann, f"{d},{a},{b}") == f"{d},{c}"
    assert keep_left(ann, f"{d},{c}") is None  # there is none after it
    # Whoever narrows a shortlist sees no other logos.
    for id_ in (a, d):
        post(ann, BALLOT, {"approve": f"f{id_}"})
    assert keep_left(ann, f"{a},{b}") == f"{a},{d}"
    assert keep_left(ann, f"{a},{d}") is None


def test_the_size_of_pictures_is_the_browsers(shortlist: Scene, visit: Visit) -> None:
    ann = visit("Ann")
    assert 'data-size="m"' in ann.get(PAGE).text

    ann.set_cookie("logovote-size", "l")
    assert 'data-wall data-size="l"' in ann.get(PAGE).text
    ann.set_cookie("logovote-size", '"><script>')
    assert 'data-wall data-size="m"' in ann.get(PAGE).text


def test_a_save_that_met_another_deed_head_on_is_done_again(
    shortlist: Scene, visit: Visit
) -> None:
    """On PostgreSQL one of two has to give way, which costs the voter nothing."""
    ann = visit("Ann")
    put(ann, BALLOT, body())
    answers: list[TestResponse] = []

    def save() -> None:
        asked = body(base_rev=1, save_id="a-second-save", items=["2"])
        answers.append(put(ann, BALLOT, asked))

    saving = threading.Thread(target=save)
    with shortlist.changing() as (session, acme):
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        ballot = session.scalars(select(Ballot).with_for_update()).one()
        saving.start()
        time.sleep(0.4)  # until it has its share of the round, and waits for the ballot
        session.refresh(round_, with_for_update=True)
        assert ballot.rev == 1
    saving.join()

    assert answers[0].status_code == 200, answers[0].text
    assert answers[0].json is not None
    assert answers[0].json["rev"] == 2
    assert shortlist.ballot("Ann") == ["2"]


def test_a_script_saves_in_a_round_that_nobody_closes_meanwhile(
    site: Site, shortlist: Scene, visit: Visit, engine: str
) -> None:
    """The first look at the round shares it: on PostgreSQL closing has to wait."""
    ann = visit("Ann")
    headers = {"X-CSRFToken": csrf_token(ann)}
    with statements_of(site) as statements:
        assert ann.put(BALLOT, json=body(), headers=headers).status_code == 200

    looks = [statement for statement in statements if "FROM round" in statement]
    shared = ["FOR SHARE" in look for look in looks]
    assert shared == [engine == "postgresql"]
