"""A result in a real browser: believed at a glance, checked in depth, by everybody."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from logovote.contest import counting, intake, rounds
from logovote.contest.casting import Items
from logovote.imaging.worker import Fence
from logovote.ingest.reading import read_entries
from logovote.settings import Settings
from logovote.store.models import Contest, Kind
from logovote.store.store import Store
from tests.builders import cast, folder_of, make_contest, png
from tests.conftest import NOW

RANKING, SHORTLIST = "/c/acme/results/ranking", "/c/acme/results/shortlist"
CORE = ["Ann", "Bea", "Cat", "Dan"]
CROWD = ["Eve", "Fay", "Gus", "Hal", "Ida", "Jon", "Kay", "Lou"]
UNFOLD = "for (const fold of document.querySelectorAll('details')) fold.open = true"
ONE_FIRST: Items = [["1"], ["2"], ["3"]]
TWO_FIRST: Items = [["2"], ["1"], ["3"]]


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory, fence: Fence) -> Path:
    """3 of the core's 4 and 3 of the crowd's 8 put 1 before 2, the others 2 before 1.

    With half the decision each, 1 is ahead by (1/2 - 1/4) / 2 = 1/8, and as long as
    the core decides more than 1/3.
    """
    folder = tmp_path_factory.mktemp("counted")
    export = folder_of(folder / "export", {f"{n}.png": png(n) for n in (1, 2, 3)})
    store = Store.open(f"sqlite:///{folder / 'logovote.sqlite'}", folder / "files")
    with store.database.write() as session:
        voters = {"core": CORE, "crowd": CROWD}
        contest_id = make_contest(session, NOW, voters=voters).id
        session.commit()
    with read_entries(export) as reading:
        intake.import_designs(store, contest_id, reading, fence, now=NOW)
    with store.database.write() as session:
        contest = session.get_one(Contest, contest_id)
        for kind in Kind:
            round_ = rounds.open_round(session, contest, kind, NOW)
            for number, name in enumerate((*CORE, *CROWD)):
                ahead = number < 3 or number > 8
                items = ONE_FIRST if ahead else TWO_FIRST
                if kind is Kind.SHORTLIST:
                    items = ["f3", "f1"] if ahead else ["f3", "f2"]
                cast(session, round_, name, items, NOW)
            rounds.close_round(session, round_, NOW)
            counting.count_round(session, round_)
            rounds.publish_round(session, round_)
        session.commit()
    store.database.dispose()
    return folder


@pytest.fixture
def settings(counted: Path, settings: Settings) -> Settings:
    """Settings of a site with this contest, copied for each test."""
    shutil.copytree(counted, settings.data, dirs_exist_ok=True)
    return settings


def test_the_order_comes_first_with_what_is_too_close_to_call(page: Page) -> None:
    page.goto(RANKING)
    lines = page.locator(".standing")
    expect(lines).to_have_count(4)
    expect(lines.nth(0)).to_contain_text("Logo 1")
    expect(lines.nth(0)).to_contain_text("neighbours among these 2 might change places")
    expect(lines.nth(1)).to_contain_text("Logo 2")
    expect(lines.nth(1)).to_contain_text("place 1–2")  # noqa: RUF001 - a range
    expect(lines.nth(2)).to_contain_text("place 3")
    expect(lines.nth(3)).to_contain_text("None of these")
    assert [
        "standing-close" in (line.get_attribute("class") or "") for line in lines.all()
    ] == [True, True, False, False]
    expect(page.locator("#sure")).to_contain_text("That is too close to call.")
    expect(page.locator("#sure")).to_contain_text("the vote is nearly even")


@pytest.mark.parametrize("script", ["script", "no script"])
def test_any_pair_is_explained_by_keyboard_alone(
    new_page: Callable[..., Page], script: str
) -> None:
    page = new_page(java_script_enabled=script == "script")
    page.goto(RANKING)
    if script == "script":
        page.locator(".pair-form[data-ready]").wait_for()
    other = page.get_by_label("Other logo")
    other.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Explain")).to_be_focused()
    page.keyboard.press("Enter")
    reasons = page.locator("#reasons")
    expect(reasons).to_contain_text("Why logo 1 is above logo 3")
    expect(reasons).to_contain_text("100 % of the vote prefer logo 1 to logo 3")
    assert "a=1&b=3" in page.url
    page.reload()
    expect(reasons).to_contain_text("Why logo 1 is above logo 3")


def test_the_order_follows_a_slider(page: Page) -> None:
    page.goto(RANKING)
    page.locator(".shares[data-ready]").wait_for()
    outcome = page.locator("#outcome")
    expect(outcome).to_contain_text("These are the shares as they were counted.")
    slider = page.get_by_label("Share of core")
    slider.focus()
    for _ in range(27):
        page.keyboard.press("ArrowLeft")
    expect(page.get_by_label("core", exact=True)).to_have_value("23")
    # 23 of 73 is below 1/3.
    expect(outcome).to_contain_text("Logo 2 would come first.")
    expect(outcome.locator("li").first).to_contain_text("Logo 2 was 2")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(outcome).to_contain_text("Logo 1 would still come first.")
    page.get_by_label("core", exact=True).fill("nonsense")
    expect(outcome).to_contain_text("Enter a share from 0 to 100 for every group.")


def test_without_script_the_shares_are_a_form(new_page: Callable[..., Page]) -> None:
    page = new_page("phone", java_script_enabled=False)
    page.goto(RANKING)
    expect(page.get_by_label("Share of core")).to_be_hidden()
    page.get_by_label("core", exact=True).fill("30")
    page.get_by_label("crowd", exact=True).fill("70")
    page.get_by_role("button", name="Count again").click()
    expect(page.locator("#outcome")).to_contain_text("Logo 2 would come first.")
    expect(page.get_by_label("core", exact=True)).to_have_value("30")
    expect(page.locator("#what-if")).to_contain_text("more than 33.3 % (1/3)")


@pytest.mark.parametrize("address", [RANKING, SHORTLIST])
@pytest.mark.parametrize(("device", "scheme"), [("laptop", "light"), ("phone", "dark")])
def test_axe_finds_nothing_with_everything_unfolded(
    new_page: Callable[..., Page], address: str, device: str, scheme: str
) -> None:
    page = new_page(device, color_scheme=scheme)
    page.goto(address)
    page.evaluate(UNFOLD)
    found = Axe().run(page)
    assert not found.violations_count, found.generate_report()


@pytest.mark.parametrize("width", [320, 390])
@pytest.mark.parametrize("address", [RANKING, SHORTLIST])
def test_nothing_scrolls_sideways_with_everything_unfolded(
    new_page: Callable[..., Page], address: str, width: int
) -> None:
    page = new_page(viewport={"width": width, "height": 800})
    page.goto(address)
    page.evaluate(UNFOLD)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_can_be_touched_is_large_enough(phone: Page) -> None:
    phone.goto(RANKING)
    for control in phone.locator("main :is(a, button, select, summary, input)").all():
        box = control.bounding_box()
        assert box
        assert box["height"] >= 44, control.inner_text()


def test_paper_shows_the_result_and_no_controls(page: Page) -> None:
    page.goto(RANKING)
    page.emulate_media(media="print")
    expect(page.locator(".standing").first).to_be_visible()
    expect(page.locator("#reasons")).to_be_visible()
    for control in (".shares", ".pair-form", ".top"):
        expect(page.locator(control)).to_be_hidden()


def test_a_shortlist_stands_beside_plain_approval_s(page: Page) -> None:
    page.goto(SHORTLIST)
    expect(page.locator("#against")).to_contain_text("100 % of the vote has a choice")
    expect(page.locator(".standing").first).to_contain_text(
        "Backed by 100 % of the vote"
    )
    page.get_by_label("Other logo").select_option(label="Logo 2")
    expect(page.locator("#reasons")).to_contain_text("Why logo 3 is above logo 2")
