"""The page of families: by drag, by buttons, by keyboard, by finger, without script."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from logovote.contest import families, intake, rounds, signing_in
from logovote.contest.contests import contest_by_slug
from logovote.imaging.worker import Fence
from logovote.ingest.reading import read_entries
from logovote.settings import Settings
from logovote.store.models import Kind
from logovote.store.store import Store
from tests.builders import add_design, folder_of, make_contest, png
from tests.conftest import NOW, Site

ADDRESS = "/organise/acme/families"
PROPOSED = {(3, 4): 0.95, (5, 6, 7): 0.8, (8, 9): 0.6}
MOST_PX = 12_000


@dataclass(frozen=True)
class Proposal:
    """As whoever compares pictures makes them."""

    entries: tuple[int, ...]
    confidence: float
    reasons: tuple[str, ...] = ("the same mark in another colour", "one designer")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, fence: Fence) -> Path:
    """A site with fourteen designs: 1 and 2 a family, some proposed, some alone."""
    folder = tmp_path_factory.mktemp("families")
    export = folder_of(folder / "export", {f"{n}.png": png(n) for n in range(1, 15)})
    store = Store.open(f"sqlite:///{folder / 'logovote.sqlite'}", folder / "files")
    with store.database.write() as session:
        contest_id = make_contest(session, NOW, voters={"core": ["Ann"]}).id
        session.commit()
    with read_entries(export) as reading:
        intake.import_designs(store, contest_id, reading, fence, now=NOW)
    with store.database.write() as session:
        contest = contest_by_slug(session, "acme")
        families.merge(session, contest, [1, 2])
        families.refresh_proposals(
            session, contest, [Proposal(*each) for each in PROPOSED.items()]
        )
        session.commit()
    store.database.dispose()
    return folder


@pytest.fixture
def settings(folder: Path, settings: Settings) -> Settings:
    """Settings of this site, copied for each test."""
    shutil.copytree(folder, settings.data, dirs_exist_ok=True)
    return settings


@pytest.fixture
def link(site: Site) -> str:
    with site.store.database.write() as session:
        token = signing_in.new_organiser_link(session, datetime.now(UTC), once=False)
        session.commit()
    return f"/o/{token}"


Opener = Callable[..., Page]


@pytest.fixture
def opened(new_page: Opener, link: str) -> Opener:
    """Open the page of families as the organiser."""

    def open_page(device: str = "laptop", **options: object) -> Page:
        page = new_page(device, **options)
        page.goto(link)
        page.get_by_role("button", name="Continue").click()
        page.goto(ADDRESS)
        if options.get("java_script_enabled", True):
            page.locator("form[data-ready]").wait_for()
        return page

    return open_page


def confirmed(site: Site) -> list[tuple[int, ...]]:
    with site.store.database.read() as session:
        contest = contest_by_slug(session, "acme")
        return [g.entries for g in families.groupings(session, contest) if g.confirmed]


def proposed(site: Site) -> list[tuple[int, ...]]:
    with site.store.database.read() as session:
        contest = contest_by_slug(session, "acme")
        return [g.entries for g in families.groupings(session, contest) if g.proposed]


def tile(page: Page, entry: int) -> Locator:
    return page.locator(f'[data-tile="{entry}"]')


def said(page: Page, text: str) -> None:
    expect(page.locator("[data-said]")).to_have_text(text)


def test_proposals_are_decided_by_their_buttons(opened: Opener, site: Site) -> None:
    page = opened()
    first = page.locator("[data-proposal]").first
    expect(first).to_contain_text("Almost certainly one concept")
    expect(first).to_contain_text("95 %")
    expect(first).to_contain_text("the same mark in another colour · one designer")

    first.get_by_role("button", name="One family").click()
    said(page, "3 and 4 are one family.")
    page.get_by_role("button", name="Take out design 6").click()
    said(page, "6 stands alone.")
    page.get_by_role("button", name="Not a family of 8, 9").click()
    said(page, "8 and 9 each stand alone.")

    assert confirmed(site) == [(1, 2), (3, 4)]
    assert proposed(site) == [(5, 7)]
    for text in ("8 and 9 each stand", "6 stands", "3 and 4 are"):
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("[data-said]")).to_contain_text(f"Taken back: {text}")
    assert confirmed(site) == [(1, 2)]
    assert sorted(proposed(site)) == sorted(PROPOSED)


def test_all_proposals_are_confirmed_at_once(opened: Opener, site: Site) -> None:
    page = opened()

    page.get_by_role("button", name="Confirm all 3").click()

    said(page, "3 proposals confirmed.")
    assert confirmed(site) == [(1, 2), (3, 4), (5, 6, 7), (8, 9)]
    expect(page.locator("[data-proposal]")).to_have_count(0)


def test_ticked_designs_are_merged_and_split(opened: Opener, site: Site) -> None:
    page = opened()
    merge = page.get_by_role("button", name="Make one family")
    expect(merge).to_have_attribute("aria-disabled", "true")

    for entry in (10, 12):
        page.get_by_role("checkbox", name=f"Design {entry}").check()
    expect(page.get_by_text("2 ticked")).to_be_visible()
    merge.click()
    said(page, "10 and 12 are one family.")
    page.get_by_role("checkbox", name="Design 10").check()
    page.get_by_role("button", name="Let each stand alone").click()
    said(page, "10 stands alone.")

    assert confirmed(site) == [(1, 2)]


def drag(page: Page, source: Locator, target: Locator) -> None:
    source.locator(".mark").hover()
    page.mouse.down()
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 12, steps=8)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 14)
    page.mouse.up()


def test_a_design_is_dragged_onto_another_onto_a_family_and_out(
    opened: Opener, site: Site
) -> None:
    page = opened()

    drag(page, tile(page, 13), tile(page, 14))
    said(page, "13 and 14 are one family.")
    drag(page, tile(page, 12), page.locator(".cluster").first)
    said(page, "1, 2 and 12 are one family.")
    assert confirmed(site) == [(1, 2, 12), (13, 14)]
    expect(tile(page, 12).locator("input")).not_to_be_checked()

    drag(page, tile(page, 2), page.locator("#alone summary"))
    said(page, "2 stands alone.")
    assert confirmed(site) == [(1, 12), (13, 14)]


def test_ticked_designs_are_dragged_together_and_escape_lets_go(
    opened: Opener, site: Site
) -> None:
    page = opened()
    for entry in (10, 11):
        page.get_by_role("checkbox", name=f"Design {entry}").check()

    tile(page, 10).locator(".mark").hover()
    page.mouse.down()
    page.mouse.move(400, 300, steps=4)
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(page.locator(".dragged")).to_have_count(0)
    assert confirmed(site) == [(1, 2)]
    drag(page, tile(page, 11), tile(page, 12))

    said(page, "10, 11 and 12 are one family.")
    assert confirmed(site) == [(1, 2), (10, 11, 12)]


def test_a_finger_that_rests_drags_and_one_that_moves_scrolls(
    opened: Opener, site: Site
) -> None:
    phone = opened("phone")
    phone.locator("#alone > summary").tap()
    tile(phone, 13).scroll_into_view_if_needed()
    touch = phone.context.new_cdp_session(phone)

    def send(kind: str, *points: tuple[float, float]) -> None:
        touch.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]},
        )

    def middle(entry: int) -> tuple[float, float]:
        box = tile(phone, entry).locator(".mark").bounding_box()
        assert box
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    start, end = middle(13), middle(14)
    send("touchStart", start)
    phone.locator(".dragged").wait_for(timeout=2000, state="attached")
    for step in range(1, 6):
        part = step / 5
        send(
            "touchMove",
            (
                start[0] + (end[0] - start[0]) * part,
                start[1] + (end[1] - start[1]) * part,
            ),
        )
    send("touchEnd")
    said(phone, "13 and 14 are one family.")

    height = phone.evaluate("scrollY")
    x, y = middle(12)
    send("touchStart", (x, y))
    for step in range(1, 12):
        send("touchMove", (x, y + 25 * step))
        phone.wait_for_timeout(16)
    send("touchEnd")
    phone.wait_for_timeout(400)
    assert phone.evaluate("scrollY") < height
    assert confirmed(site) == [(1, 2), (13, 14)]


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.value ?? ''"))


def test_everything_is_done_by_keyboard(opened: Opener, site: Site) -> None:
    page = opened()
    page.locator("main").focus()
    while focused(page) != "3":
        page.keyboard.press("Tab")

    page.keyboard.press("c")
    said(page, "3 and 4 are one family.")
    assert focused(page) == "5"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("s")
    said(page, "6 stands alone.")
    assert focused(page) == "5"
    page.keyboard.press("n")
    said(page, "5 and 7 each stand alone.")
    assert focused(page) == "8"
    page.keyboard.press("u")
    said(page, "Taken back: 5 and 7 each stand alone.")

    page.locator('[data-alone] input[type="checkbox"]').first.focus()
    ticked = []
    for _ in range(2):
        page.keyboard.press("Space")
        ticked.append(int(focused(page)))
        page.keyboard.press("ArrowRight")
    page.keyboard.press("m")
    first, second = ticked
    said(page, f"{first} and {second} are one family.")
    assert (first, second) in confirmed(site)

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys and dragging")).to_be_visible()
    page.get_by_label("Use these keys").uncheck()
    page.keyboard.press("Escape")
    before = confirmed(site)
    page.keyboard.press("u")
    page.wait_for_timeout(300)
    assert confirmed(site) == before


def test_arrows_move_up_and_down_by_what_one_sees(opened: Opener) -> None:
    page = opened()
    tile(page, 3).locator("input").focus()

    page.keyboard.press("ArrowDown")
    below = page.evaluate("document.activeElement.getBoundingClientRect().top")
    page.keyboard.press("ArrowUp")

    assert focused(page) in {"3", "4"}
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") < below


def test_letters_in_a_field_are_only_letters(opened: Opener, site: Site) -> None:
    with site.store.database.write() as session:
        contest = contest_by_slug(session, "acme")
        for entry in range(20, 40):
            add_design(session, contest, entry, NOW)
        session.commit()
    page = opened()
    field = page.get_by_label("Find a number or a designer")

    field.press_sequentially("designer 3")
    expect(tile(page, 31)).to_be_visible()
    expect(tile(page, 21)).to_be_hidden()
    field.fill("#2")
    expect(tile(page, 21)).to_be_visible()
    expect(tile(page, 31)).to_be_hidden()
    field.fill("mscnu")

    expect(page.get_by_text("Every design is in a family")).to_be_visible()
    assert confirmed(site) == [(1, 2)]


def test_without_script_every_button_works(opened: Opener, site: Site) -> None:
    page = opened(java_script_enabled=False)
    page.get_by_role("button", name="One family of 3, 4").click()
    expect(page.get_by_role("status").first).to_contain_text("3 and 4 are one family.")
    page.get_by_role("button", name="Not a family of 8, 9").click()
    page.locator("#alone > summary").click()
    for entry in (10, 12):
        page.get_by_role("checkbox", name=f"Design {entry}").check()
    page.get_by_role("button", name="Make one family").click()
    page.get_by_role("button", name="Undo").click()

    assert confirmed(site) == [(1, 2), (3, 4)]
    assert proposed(site) == [(5, 6, 7)]
    page.locator("#record > summary").click()
    expect(page.locator(".record")).to_contain_text("8 and 9 each stand alone.")


@pytest.mark.parametrize("options", [{}, {"java_script_enabled": False}], ids=str)
def test_enter_on_a_design_decides_nothing(
    opened: Opener, site: Site, options: dict[str, bool]
) -> None:
    page = opened(**options)

    page.get_by_role("checkbox", name="Design 5").press("Enter")

    page.wait_for_load_state("networkidle")
    assert confirmed(site) == [(1, 2)]
    page.goto(ADDRESS)
    expect(page.locator("[data-proposal]")).to_have_count(3)


def test_tab_reaches_a_design_of_those_that_are_shown(
    opened: Opener, site: Site
) -> None:
    with site.store.database.write() as session:
        contest = contest_by_slug(session, "acme")
        families.refresh_proposals(session, contest, [])
        add_design(session, contest, 15, NOW)
        session.commit()
    page = opened("phone")  # where folds are closed at first
    tabbable = page.locator("[data-tile] input:not([tabindex='-1'])")
    expect(tabbable).to_have_count(0)

    page.locator("#alone > summary").click()
    expect(tabbable).to_have_value("3")
    page.locator("[data-find]").fill("14")
    expect(tabbable).to_have_value("14")


def test_while_a_round_runs_one_looks_and_changes_nothing(
    opened: Opener, site: Site
) -> None:
    with site.store.database.write() as session:
        contest = contest_by_slug(session, "acme")
        rounds.open_round(session, contest, Kind.SHORTLIST, NOW)
        session.commit()

    page = opened()

    expect(page.get_by_text("Frozen while a round is running")).to_be_visible()
    expect(page.locator("[data-proposal]")).to_have_count(3)
    expect(page.get_by_role("checkbox")).to_have_count(0)
    expect(page.get_by_role("button", name="One family")).to_have_count(0)


def test_axe_finds_nothing(opened: Opener) -> None:
    for device, scheme in (("laptop", "dark"), ("phone", "light"), ("phone", "dark")):
        page = opened(device, color_scheme=scheme)
        page.get_by_role("button", name="One family of 3, 4").click()
        said(page, "3 and 4 are one family.")
        for fold in ("#confirmed", "#alone", "#record"):
            if (
                page.locator(f"{fold}[open]").count() == 0
                and page.locator(fold).count()
            ):
                page.locator(f"{fold} > summary").click()
        page.get_by_role("checkbox", name="Design 10").check()
        found = Axe().run(page)
        assert not found.violations_count, found.generate_report()
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("[data-said]")).to_contain_text("Taken back")


def test_four_hundred_designs_fit(opened: Opener, site: Site) -> None:
    with site.store.database.write() as session:
        contest = contest_by_slug(session, "acme")
        for entry in range(20, 406):
            add_design(session, contest, entry, NOW)
        for entry in range(20, 180, 4):
            families.merge(session, contest, range(entry, entry + 4))
        families.refresh_proposals(
            session,
            contest,
            [Proposal(tuple(range(n, n + 3)), 0.7) for n in range(180, 270, 3)],
        )
        session.commit()
    for device in ("laptop", "phone"):
        page = opened(device)
        height = page.evaluate("document.documentElement.scrollHeight")
        assert height < MOST_PX, f"{device}: {height} px"
        assert page.evaluate("document.documentElement.scrollWidth") <= 1440


def test_nothing_scrolls_sideways_at_320_px(opened: Opener) -> None:
    page = opened(viewport={"width": 320, "height": 640})
    for fold in ("#confirmed", "#alone"):
        page.locator(f"{fold} > summary").click()
    page.get_by_role("checkbox", name="Design 10").check()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
