"""Every page in a real browser: reachable for everybody, and working without script."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Request, expect
from sqlalchemy.orm import Session

from logovote.contest import (
    counting,
    families,
    feedback,
    intake,
    invitations,
    questions,
    rounds,
    signing_in,
)
from logovote.contest.contests import contest_by_slug
from logovote.contest.feedback import Given
from logovote.imaging.worker import Fence
from logovote.ingest.reading import read_entries
from logovote.settings import Settings
from logovote.store import queries
from logovote.store.models import Contest, Kind, Round
from logovote.store.store import Store
from tests.builders import SECRET, cast, folder_of, make_contest, png, voter_named
from tests.conftest import NOW, Site

RUNNING, FINAL, DECIDED = "running", "final", "decided"
VOTERS = {"core": ["Ann"], "community": ["Bo", "Cleo"]}


@dataclass(frozen=True)
class Played:
    """Contests as a folder to copy, and where two voters and the organiser come in."""

    folder: Path
    ann: str
    bo: str
    organiser: str


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, fence: Fence) -> Played:
    """A contest in its shortlist round, one in its ranking, and one that is decided.

    Ann votes in all three and has voted in the ranking of the last.
    """
    folder = tmp_path_factory.mktemp("played")
    export = folder_of(folder / "export", {f"{n}.png": png(n) for n in range(1, 7)})
    store = Store.open(f"sqlite:///{folder / 'logovote.sqlite'}", folder / "files")
    for slug in (RUNNING, FINAL, DECIDED):
        with store.database.write() as session:
            contest_id = make_contest(session, NOW, slug=slug, voters=VOTERS).id
            session.commit()
        with read_entries(export) as reading:
            intake.import_designs(store, contest_id, reading, fence, now=NOW)
        with store.database.write() as session:
            contest = session.get_one(Contest, contest_id)
            families.merge(session, contest, [5, 6])
            play(session, contest)
            session.commit()
    with store.database.write() as session:
        contest = session.get_one(Contest, contest_id)
        # An invitation would let them into its own contest alone.
        ann, bo, organiser = (
            signing_in.new_organiser_link(
                session, datetime.now(UTC), once=False, person=person
            )
            for person in (
                voter_named(session, contest, "Ann").person,
                voter_named(session, contest, "Bo").person,
                None,
            )
        )
        session.commit()
    store.database.dispose()
    return Played(folder, ann=f"/o/{ann}", bo=f"/o/{bo}", organiser=f"/o/{organiser}")


@pytest.fixture
def settings(played: Played, settings: Settings) -> Settings:
    """Settings of a site with these contests, copied for each test."""
    shutil.copytree(played.folder, settings.data, dirs_exist_ok=True)
    return settings


def play(session: Session, contest: Contest) -> None:
    """Bring a contest as far as its name says."""
    shortlist = rounds.open_round(session, contest, Kind.SHORTLIST, NOW)
    cast(session, shortlist, "Bo", ["f1", "f2"], NOW)
    cast(session, shortlist, "Cleo", ["f3"], NOW)
    first = queries.submission(session, contest.id, 1)
    assert first is not None
    said = Given(frozenset({"simple", "too-alike"}), "Bolder, please", shared=True)
    bo = voter_named(session, contest, "Bo")
    feedback.give(session, shortlist, bo, first, said, now=NOW)
    asked = questions.ask(session, bo, "Whose is number 3?", now=NOW)
    questions.answer(session, asked, "Nobody says before the count.", now=NOW)
    ann = voter_named(session, contest, "Ann")
    questions.ask(session, ann, "May I vote on two devices?", now=NOW)
    if contest.slug == RUNNING:
        return
    finish(session, shortlist)
    ranking = rounds.open_round(session, contest, Kind.RANKING, NOW)
    if contest.slug == DECIDED:
        cast(session, ranking, "Bo", [["2"], ["1"], ["none"]], NOW)
        cast(session, ranking, "Ann", [["1", "3"]], NOW)
        finish(session, ranking)


def finish(session: Session, round_: Round) -> None:
    rounds.close_round(session, round_, NOW)
    counting.count_round(session, round_)
    rounds.publish_round(session, round_)


def enter(page: Page, link: str) -> None:
    page.goto(link)
    page.get_by_role("button", name="Continue").click()


STRANGERS_PAGES = [
    "/",
    "/sign-in",
    f"/c/{DECIDED}/",
    "/i/wrong",
    "/m/wrong",
    "/nothing-here",
]
VOTERS_PAGES = [
    f"/c/{RUNNING}/shortlist",
    f"/c/{RUNNING}/logo/5",
    f"/c/{RUNNING}/results/shortlist",
    f"/c/{FINAL}/ranking",
    f"/c/{FINAL}/ranking/duels",
    f"/c/{FINAL}/ranking/duels?queue=1.2.3",
    f"/c/{FINAL}/ranking/duels?queue=1.2.3&said=be&stop=1",
    "/account",
    f"/c/{RUNNING}/",
    f"/c/{RUNNING}/ballot",
    f"/c/{RUNNING}/feedback/5",
    f"/c/{DECIDED}/ballot",
    f"/c/{DECIDED}/shortlist",
    f"/c/{DECIDED}/ranking",
    f"/c/{DECIDED}/results/shortlist",
    f"/c/{DECIDED}/results/ranking",
]
ORGANISERS_PAGES = [
    "/organise/",
    "/organise/new",
    f"/organise/{RUNNING}/",
    f"/organise/{RUNNING}/details",
    f"/organise/{RUNNING}/dates",
    f"/organise/{RUNNING}/counting",
    f"/organise/{RUNNING}/pictures",
    f"/organise/{RUNNING}/designs",
    f"/organise/{RUNNING}/designs/1",
    f"/organise/{RUNNING}/families",
    f"/organise/{RUNNING}/people",
    f"/organise/{RUNNING}/mail",
    f"/organise/{RUNNING}/rounds/shortlist",
    f"/organise/{DECIDED}/rounds/ranking",
    f"/organise/{DECIDED}/handoff",
    f"/organise/{DECIDED}/feedback?kind=shortlist",
    f"/organise/{RUNNING}/questions",
]
TOUR = [("", STRANGERS_PAGES), ("ann", VOTERS_PAGES), ("organiser", ORGANISERS_PAGES)]


@pytest.mark.parametrize(("who", "addresses"), TOUR, ids=["stranger", "voter", "org"])
def test_axe_finds_nothing_on_any_page(
    played: Played, new_page: Callable[..., Page], who: str, addresses: list[str]
) -> None:
    for device, scheme in (("laptop", "light"), ("phone", "dark")):
        page = new_page(device, color_scheme=scheme)
        if who:
            enter(page, getattr(played, who))
        for address in addresses:
            answer = page.goto(address)
            assert answer is not None
            assert answer.status != HTTPStatus.FORBIDDEN, address
            found = Axe().run(page)
            assert not found.violations_count, f"{address}: {found.generate_report()}"


def test_no_page_scrolls_sideways_at_320_px(
    played: Played, new_page: Callable[..., Page]
) -> None:
    for who, addresses in TOUR:
        page = new_page(viewport={"width": 320, "height": 640})
        if who:
            enter(page, getattr(played, who))
        for address in addresses:
            page.goto(address)
            width = page.evaluate("""() => {
                // Whatever somebody is called.
                const name = document.querySelector(".top-links a > span");
                if (name) name.textContent = "n".repeat(60);
                return document.documentElement.scrollWidth;
            }""")
            assert width <= 320, f"{address} is {width} px wide"


def test_letters_twice_as_large_stay_on_a_phones_page(
    played: Played, new_page: Callable[..., Page]
) -> None:
    """All is measured in letters, so half the width is the same."""
    page = new_page(viewport={"width": 195, "height": 422})
    enter(page, played.ann)
    page.goto(f"/c/{FINAL}/ranking")
    page.locator("form[data-ready]").wait_for()
    page.get_by_role("button", name="Rank logo 1").click()
    wide = {}
    for address in VOTERS_PAGES:
        page.goto(address)
        wide[address] = page.evaluate("document.documentElement.scrollWidth")
    assert [(a, width) for a, width in wide.items() if width > 195] == []


def test_words_of_any_length_stay_on_the_page(
    played: Played, site: Site, new_page: Callable[..., Page]
) -> None:
    """German titles, groups called by a path, voters known by an address alone."""
    word = "Vereinsabzeichenwettbewerbsausschuss" * 2
    with site.store.database.write() as session:
        for slug in (RUNNING, FINAL, DECIDED):
            contest = contest_by_slug(session, slug)
            contest.title = contest.about = contest.status_quo = word
            ann = voter_named(session, contest, "Ann")
            ann.group.name = ann.group.reason = word
        ann.person.name, ann.person.email = "", f"ann@{word}.example.org"
        invitation = f"/i/{invitations.invitation_token(SECRET, ann)}"
        session.commit()
    page = new_page(viewport={"width": 320, "height": 640})
    page.goto(invitation)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, invitation
    enter(page, played.ann)
    page.goto(f"/c/{DECIDED}/ballot")
    page.get_by_role("button", name="Send me the receipt").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, "receipt"
    for address in ("/", *VOTERS_PAGES, f"/c/{FINAL}/audit"):
        page.goto(address)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 320, f"{address} is {wide} px wide"


def test_the_decision_record_is_read_from_disk_without_a_network(
    played: Played, new_page: Callable[..., Page], tmp_path: Path
) -> None:
    page = new_page(java_script_enabled=False)
    enter(page, played.organiser)
    page.goto(f"/organise/{DECIDED}/handoff")
    page.get_by_label("The reason").fill("The first is a trade mark of others.")
    page.get_by_label("Designs that you decide for").fill("3")
    page.get_by_role("button", name="Record the decision").click()
    page.get_by_role("button", name="Publish the decision").click()
    page.get_by_role("link", name="The public decision record").click()
    file = tmp_path / "decision.html"
    file.write_text(page.content(), "utf-8")

    for scheme, width in (("light", 1100), ("dark", 320)):
        alone = new_page(
            offline=True,
            color_scheme=scheme,
            viewport={"width": width, "height": 800},
        )
        asked: list[str] = []

        def note(request: Request, asked: list[str] = asked) -> None:
            asked.append(request.url)

        alone.on("request", note)
        alone.goto(file.as_uri())
        expect(alone.get_by_text("trade mark of others")).to_be_visible()
        picture = alone.get_by_role("img", name="Logo 3").first
        assert picture.evaluate("image => image.naturalWidth") == 320
        assert {u for u in asked if not u.startswith("data:")} == {file.as_uri()}
        wide = alone.evaluate("document.documentElement.scrollWidth")
        assert wide <= width
        found = Axe().run(alone)
        assert not found.violations_count, found.generate_report()


def test_without_script_a_voter_shortlists_and_takes_back(
    played: Played, new_page: Callable[..., Page]
) -> None:
    page = new_page(java_script_enabled=False)
    enter(page, played.ann)
    page.goto(f"/c/{RUNNING}/shortlist")
    page.get_by_role("button", name="Shortlist logo 3").click()
    page.get_by_role("button", name="Shortlist logo 1").click()
    expect(page.locator(".keep-count")).to_contain_text("2 shortlisted")
    page.get_by_role("button", name="Shortlist logo 3").click()
    expect(page.locator(".keep-count")).to_contain_text("1 shortlisted")
    expect(page.get_by_role("heading", name="Your receipt")).to_be_visible()


def test_without_script_a_voter_ranks_by_buttons_and_by_place(
    played: Played, new_page: Callable[..., Page]
) -> None:
    page = new_page(java_script_enabled=False)
    enter(page, played.ann)
    page.goto(f"/c/{FINAL}/ranking")
    for entry in (3, 1, 2):
        page.get_by_role("button", name=f"Rank logo {entry}").click()
    page.get_by_role("button", name="Move logo 2 up").click()
    assert ranked(page) == ["3", "2", "1"]
    row = page.locator("#row-1")
    row.get_by_label("Place").fill("1")
    row.get_by_label("Place").press("Enter")
    assert ranked(page) == ["1", "3", "2"]
    page.locator("#row-2").get_by_label("Place").fill("1")
    page.get_by_role("button", name="Set the places I typed").click()
    assert ranked(page) == ["2", "1", "3"]


def test_a_star_given_offline_is_saved_when_the_network_is_back(
    played: Played, new_page: Callable[..., Page]
) -> None:
    page = new_page("phone")
    enter(page, played.ann)
    page.goto(f"/c/{RUNNING}/shortlist")
    page.locator("form[data-ready]").wait_for()
    page.context.set_offline(True)
    page.get_by_role("button", name="Shortlist logo 4").tap()
    status = page.locator("[data-save-status]")
    expect(status).to_contain_text("Offline")
    page.context.set_offline(False)
    expect(status).to_contain_text("Saved")
    page.reload()
    expect(page.get_by_role("button", name="Shortlist logo 4")).to_have_attribute(
        "aria-pressed", "true"
    )


def test_two_devices_never_overwrite_each_other_silently(
    played: Played, new_page: Callable[..., Page]
) -> None:
    first, second = new_page(), new_page("phone")
    for page in (first, second):
        enter(page, played.ann)
        page.goto(f"/c/{RUNNING}/shortlist")
        page.locator("form[data-ready]").wait_for()
    first.get_by_role("button", name="Shortlist logo 1").click()
    expect(first.locator("[data-save-status]")).to_contain_text("Saved")
    second.get_by_role("button", name="Shortlist logo 2").click()
    second.get_by_role("button", name="Keep mine").click()
    expect(second.locator("[data-save-status]")).to_contain_text("Saved")
    first.reload()
    expect(first.get_by_role("button", name="Shortlist logo 2")).to_have_attribute(
        "aria-pressed", "true"
    )


def test_the_next_voter_on_a_shared_device_cannot_undo_what_was_not_theirs(
    played: Played, page: Page
) -> None:
    """Bo's ballot is what Ann's became: her steps would fit his."""
    undo = page.get_by_role("button", name="Undo")
    enter(page, played.ann)
    page.goto(f"/c/{RUNNING}/shortlist")
    page.locator("form[data-ready]").wait_for()
    for entry in (1, 2):
        page.get_by_role("button", name=f"Shortlist logo {entry}").click()
    expect(page.locator("[data-save-status]")).to_contain_text("Saved")
    expect(undo).to_be_visible()
    page.get_by_role("button", name="Sign out").click()

    enter(page, played.bo)
    page.goto(f"/c/{RUNNING}/shortlist")
    page.locator("form[data-ready]").wait_for()

    expect(page.locator("[data-count]").first).to_have_text("2")
    expect(undo).to_be_hidden()


def test_a_row_is_dragged_by_its_handle(
    played: Played, new_page: Callable[..., Page]
) -> None:
    page = new_page()
    enter(page, played.ann)
    page.goto(f"/c/{FINAL}/ranking")
    page.locator("form[data-ready]").wait_for()
    for entry in (1, 2, 3):
        page.get_by_role("button", name=f"Rank logo {entry}").click()
    page.locator("#row-3 [data-handle]").hover()
    page.mouse.down()
    target = page.locator("#row-1").bounding_box()
    assert target
    page.mouse.move(target["x"] + 20, target["y"] + 10, steps=20)
    page.mouse.up()
    assert ranked(page) == ["3", "1", "2"]

    # Whoever picks a row up and puts it back has changed nothing: a tie stays one.
    page.locator("#row-2 [data-verb=tie]").click()
    expect(page.locator("[data-save-status]")).to_contain_text("Saved")
    page.locator("#row-2 [data-handle]").hover()
    page.mouse.down()
    row = page.locator("#row-2").bounding_box()
    assert row
    for way in (10, 4):
        page.mouse.move(row["x"] + 20 + way, row["y"] + row["height"] / 2, steps=4)
    expect(page.locator(".sortable-fallback")).to_be_visible()
    page.mouse.up()
    expect(page.locator(".sortable-fallback")).to_have_count(0)
    assert ranked(page) == ["3", "1", "2"]
    expect(page.locator("#row-2")).to_have_attribute("data-tied", "")


def ranked(page: Page) -> list[str]:
    rows = page.locator("[data-ranked] > [data-id]")
    return [row.get_attribute("data-id") or "" for row in rows.all()]
