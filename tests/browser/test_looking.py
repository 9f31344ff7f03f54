"""Looking at logos: gallery, one by one, lab and comparison, by every kind of hand."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, Route, expect
from sqlalchemy import delete
from sqlalchemy.orm import Session

from logovote.contest import casting, families, intake, invitations, rounds
from logovote.contest.contests import contest_by_slug
from logovote.imaging.worker import Fence
from logovote.ingest.reading import read_entries
from logovote.settings import Settings
from logovote.store import queries
from logovote.store.models import Contest, Kind, Round, SignIn
from logovote.store.store import Store
from tests.builders import SECRET, folder_of, make_contest, png, voter_named
from tests.conftest import NOW, Site

GALLERY = "/c/wall/shortlist"
DESIGNS = 12  # of which 11 and 12 are variants of one
BATCH = 5
# A page tries again when it believes that the network is back, long before its time.
TRY_AGAIN = "dispatchEvent(new Event('online'))"


@dataclass(frozen=True)
class Hung:
    """A folder with a contest in its shortlist round, and Ann's way in."""

    folder: Path
    link: str


@pytest.fixture(scope="module")
def hung(tmp_path_factory: pytest.TempPathFactory, fence: Fence) -> Hung:
    folder = tmp_path_factory.mktemp("hung")
    files = {f"{n}.png": png(n) for n in range(1, DESIGNS + 1)}
    export = folder_of(folder / "export", files)
    store = Store.open(f"sqlite:///{folder / 'logovote.sqlite'}", folder / "files")
    with store.database.write() as session:
        contest_id = make_contest(
            session, NOW, slug="wall", voters={"core": ["Ann"]}
        ).id
        session.commit()
    with read_entries(export) as reading:
        intake.import_designs(store, contest_id, reading, fence, now=NOW)
    with store.database.write() as session:
        contest = session.get_one(Contest, contest_id)
        families.merge(session, contest, [11, 12])
        rounds.open_round(
            session, contest, Kind.SHORTLIST, NOW, batch=BATCH, approvals=3
        )
        ann = voter_named(session, contest, "Ann")
        link = f"/i/{invitations.invitation_token(SECRET, ann)}"
        session.commit()
    store.database.dispose()
    return Hung(folder, link)


@pytest.fixture
def settings(hung: Hung, settings: Settings) -> Settings:
    """Settings of a site with this contest, copied for each test."""
    shutil.copytree(hung.folder, settings.data, dirs_exist_ok=True)
    return settings


Entering = Callable[..., Page]


@pytest.fixture
def ann(hung: Hung, new_page: Callable[..., Page]) -> Entering:
    """Open a page of Ann's."""

    def enter(path: str = GALLERY, device: str = "laptop", **options: object) -> Page:
        page = new_page(device, **options)
        page.goto(hung.link)
        page.get_by_role("button", name="Continue").click()
        page.goto(path)
        if options.get("java_script_enabled", True):
            page.locator("form[data-ready]").wait_for()
        return page

    return enter


def ballot(site: Site) -> casting.Items:
    with site.store.database.read() as session:
        contest = contest_by_slug(session, "wall")
        round_ = rounds.latest(session, contest, Kind.SHORTLIST)
        voter = voter_named(session, contest, "Ann")
        return casting.items_of(queries.ballot_of(session, round_.id, voter.id))


def marks(page: Page) -> dict[str, dict[str, object]]:
    answer = page.request.get("/c/wall/marks").json()
    found: dict[str, dict[str, object]] = answer["marks"]
    return found


@contextmanager
def in_round(site: Site) -> Iterator[tuple[Session, Round]]:
    """Change the round behind the pages' back."""
    with site.store.database.write() as session:
        contest = contest_by_slug(session, "wall")
        yield session, rounds.latest(session, contest, Kind.SHORTLIST)
        session.commit()


def saved(page: Page) -> None:
    expect(page.locator("[data-save-status]")).to_have_attribute("data-state", "saved")


def star(page: Page, entry: int) -> Locator:
    return page.locator(f"#logo-{entry} > .card-line [data-tick]")


def cross(page: Page, entry: int) -> Locator:
    return page.locator(f"#logo-{entry} > .card-line [data-aside-tick]")


def shown(page: Page) -> list[int]:
    cards = page.locator(".card:not([hidden])").all()
    ids = [card.get_attribute("id") or "" for card in cards]
    return [int(id_.removeprefix("logo-")) for id_ in ids]


def heading(page: Page) -> Locator:
    return page.locator("h1")


# ---------- the gallery ----------


def test_the_gallery_opens_on_the_batch_and_filters_say_how_many(
    ann: Entering,
) -> None:
    page = ann()
    assert len(shown(page)) == BATCH
    first = shown(page)[0]
    cross(page, first).click()
    expect(page.locator("[data-filter=aside] [data-in-view]")).to_have_text("1")
    page.locator("nav [data-filter=aside]").click()
    assert shown(page) == [first]
    page.locator("nav [data-filter=shortlisted]").click()
    assert shown(page) == []
    expect(page.get_by_text("Nothing shortlisted yet")).to_be_visible()
    page.locator("nav [data-filter=all]").click()
    assert len(shown(page)) == DESIGNS - 1


def test_the_three_numbers_follow_what_is_done(ann: Entering) -> None:
    page = ann()
    entry = shown(page)[0]
    star(page, entry).click()
    expect(page.locator(".keep [data-count]")).to_have_text("1")
    # All five of the batch fit on a laptop, and one second is enough.
    expect(page.locator("[data-seen-count]")).to_have_text(str(BATCH))
    expect(page.locator("[data-left-count]")).to_have_text(str(DESIGNS - 1 - BATCH))


def test_not_for_me_takes_the_star_away_and_undo_gives_both_back(
    site: Site, ann: Entering
) -> None:
    page = ann()
    entry = shown(page)[0]
    star(page, entry).click()
    cross(page, entry).click()
    expect(star(page, entry)).to_have_attribute("aria-pressed", "false")
    expect(page.locator("[data-toast]")).to_contain_text("not for me")
    page.locator("[data-toast-undo]").click()
    expect(star(page, entry)).to_have_attribute("aria-pressed", "true")
    expect(cross(page, entry)).to_have_attribute("aria-pressed", "false")
    saved(page)
    assert ballot(site) == [f"f{entry}"]
    page.wait_for_timeout(600)
    assert not marks(page)[f"f{entry}"]["not_for_me"]


def test_undo_goes_ten_steps_back(ann: Entering) -> None:
    page = ann()
    entry = shown(page)[0]
    for _ in range(6):
        cross(page, entry).click()
        cross(page, entry).click()
    undo = page.locator("[data-undo]")
    for _ in range(10):
        undo.click()
    expect(undo).to_be_hidden()


def test_the_cap_is_told_and_holds(ann: Entering) -> None:
    page = ann(f"{GALLERY}?show=all")
    entries = shown(page)
    for entry in entries[:4]:
        star(page, entry).click()
    expect(page.locator("[data-save-status]")).to_contain_text("3 logos, and you have")
    expect(star(page, entries[3])).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".keep-count")).to_contain_text("3 of 3 shortlisted")


def test_variants_open_in_place_and_have_stars_of_their_own(
    site: Site, ann: Entering
) -> None:
    page = ann(f"{GALLERY}?show=all")
    card = page.locator("#logo-11")
    expect(card.locator(".variants")).to_be_hidden()
    card.get_by_role("button", name="2 variants").click()
    card.get_by_role("button", name="Shortlist variant 12").click()
    expect(star(page, 11)).to_have_attribute("aria-pressed", "true")
    saved(page)
    assert ballot(site) == ["12"]


def test_the_size_is_remembered_without_a_jump(ann: Entering) -> None:
    page = ann()
    page.locator("[data-size=l]").last.click()
    page.reload()
    expect(page.locator("[data-wall]")).to_have_attribute("data-size", "l")
    assert page.evaluate(CLS) <= 0.05


def test_a_logo_larger_than_the_window_is_seen(ann: Entering) -> None:
    """A phone that lies down shows large tiles a part at a time."""
    page = ann(viewport={"width": 844, "height": 340})
    page.locator("[data-size=l]").last.click()
    first = page.locator(f"#logo-{shown(page)[0]}")
    height = first.evaluate("card => card.offsetHeight")
    assert height > 340 / 0.6

    first.evaluate("card => scrollTo(0, card.offsetTop + 40)")

    expect(first).to_have_attribute("data-seen", "")


CLS = """new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries())
      if (!entry.hadRecentInput) sum += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 1500);
})"""


@pytest.mark.parametrize("width", [320, 390, 768, 1440, 2560])
def test_nothing_jumps_and_nothing_scrolls_sideways(ann: Entering, width: int) -> None:
    page = ann(viewport={"width": width, "height": 844})
    for path in (GALLERY, "/c/wall/logo/11", f"{GALLERY}?lab=dark&show=all"):
        page.goto(path)
        assert page.evaluate(CLS) <= 0.05, path
        found = page.evaluate("document.documentElement.scrollWidth")
        assert found <= width, f"{path} is {found} px wide"


def test_a_mark_made_offline_is_kept_and_sent(ann: Entering) -> None:
    page = ann(device="phone")
    entry = shown(page)[0]
    page.context.set_offline(True)
    cross(page, entry).tap()
    page.wait_for_timeout(600)
    page.context.set_offline(False)
    page.wait_for_timeout(1500)
    page.reload()
    expect(cross(page, entry)).to_have_attribute("aria-pressed", "true")
    assert marks(page)[f"f{entry}"]["not_for_me"]


def test_without_script_all_of_it_works(site: Site, ann: Entering) -> None:
    page = ann(java_script_enabled=False)
    entry = shown(page)[0]
    cross(page, entry).click()
    expect(cross(page, entry)).to_have_attribute("aria-pressed", "true")
    star(page, entry).click()
    expect(star(page, entry)).to_have_attribute("aria-pressed", "true")
    assert ballot(site) == [f"f{entry}"]

    page.get_by_role("link", name="All 11", exact=True).click()
    variants = page.locator("#logo-11 .variants")
    expect(variants).to_be_visible()
    page.get_by_role("link", name="Logo lab").click()
    page.get_by_role("link", name="On dark").click()
    expect(page.locator(".card .lab-is-dark").first).to_be_visible()
    page.get_by_role("link", name="Compare").click()
    one, other = [number for number in (1, 2, 3) if number != entry][:2]
    for number in (one, other):
        page.locator(f"#logo-{number} [name=ids]").check()
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".compare-item")).to_have_count(2)
    page.get_by_role("button", name=f"Shortlist logo {other}").click()
    expect(star(page, other)).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".compare-item")).to_have_count(2)
    assert f"f{other}" in ballot(site)
    page.goto("/c/wall/logo/3")
    page.locator("[data-note]").fill("Like the curve.")
    page.get_by_role("button", name="Keep the note").click()
    expect(page.locator("[data-note]")).to_have_value("Like the curve.")


# ---------- one by one ----------


def test_keys_lead_through_all_and_mark(site: Site, ann: Entering) -> None:
    page = ann()
    page.get_by_role("link", name="One by one").click()
    page.locator("form[data-ready]").wait_for()
    order = [heading(page).inner_text()]
    page.keyboard.press("p")
    expect(page.locator(".act [data-tick]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("ArrowRight")
    expect(heading(page)).not_to_have_text(order[0])
    order.append(heading(page).inner_text())
    page.keyboard.press("x")
    cross_ = page.locator(".act [data-aside-tick]")
    expect(cross_).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Control+z")
    expect(cross_).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("ArrowLeft")
    expect(heading(page)).to_have_text(order[0])
    expect(page.locator(".act [data-tick]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("u")
    expect(page.locator(".act [data-tick]")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("z")
    saved(page)
    page.keyboard.press("Escape")
    expect(page).to_have_url(f"{GALLERY}?show=batch#logo-{order[0].split()[1]}")
    assert ballot(site) == [f"f{order[0].split()[1]}"]


def test_keys_are_silent_in_a_field_and_when_switched_off(ann: Entering) -> None:
    page = ann("/c/wall/logo/1")
    tick = page.locator(".act [data-tick]")
    page.keyboard.press("i")
    expect(page.locator("[data-note]")).to_be_focused()
    page.keyboard.type("spx")
    expect(tick).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.get_by_label("Use these keys").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("p")
    expect(tick).to_have_attribute("aria-pressed", "false")
    page.reload()
    page.locator("form[data-ready]").wait_for()
    page.keyboard.press("p")
    expect(tick).to_have_attribute("aria-pressed", "false")


def test_a_note_is_kept_said_and_private(ann: Entering) -> None:
    page = ann("/c/wall/logo/1")
    page.locator("[data-note]").fill("A fish?")
    expect(page.locator("[data-note-status]")).to_have_text("Saved.")
    page.locator("[data-go=next]").click()
    expect(heading(page)).not_to_have_text("Logo 1")
    expect(page.locator("[data-note]")).to_have_value("")
    page.go_back()
    expect(heading(page)).to_have_text("Logo 1")
    expect(page.locator("[data-note]")).to_have_value("A fish?")
    assert marks(page)["f1"]["note"] == "A fish?"


def test_a_note_waits_for_the_end_of_a_pause_and_no_refused_one_is_called_saved(
    site: Site, ann: Entering
) -> None:
    page = ann("/c/wall/logo/1")
    note, told = page.locator("[data-note]"), page.locator("[data-note-status]")
    with in_round(site) as (session, round_):
        rounds.pause_round(session, round_, NOW)
    note.fill("A fish?")
    expect(told).to_contain_text("This round is paused")
    expect(told).to_contain_text("kept on this device")

    with in_round(site) as (session, round_):
        rounds.resume_round(session, round_, NOW)
    page.evaluate(TRY_AGAIN)
    expect(told).to_have_text("Saved.")
    assert marks(page)["f1"]["note"] == "A fish?"

    with in_round(site) as (session, round_):
        rounds.close_round(session, round_, NOW)
    note.fill("A bird?")
    expect(told).to_contain_text("Not kept. This round is not open")
    assert marks(page)["f1"]["note"] == "A fish?"


def test_a_note_of_who_was_signed_out_waits_until_they_are_back(
    site: Site, hung: Hung, ann: Entering
) -> None:
    page = ann("/c/wall/logo/1")
    note, told = page.locator("[data-note]"), page.locator("[data-note-status]")
    with in_round(site) as (session, _):
        session.execute(delete(SignIn))
    note.fill("A fish?")
    expect(told).to_contain_text("Signed out")
    expect(told).to_contain_text("to sign in")

    page.reload()
    expect(page).to_have_url("/sign-in")
    page.goto(hung.link)
    page.get_by_role("button", name="Continue").click()

    expect(page).to_have_url("/c/wall/logo/1")
    expect(note).to_have_value("A fish?")
    expect(told).to_have_text("Saved.")
    assert marks(page)["f1"]["note"] == "A fish?"


def test_what_one_tab_keeps_offline_no_other_tab_wipes(ann: Entering) -> None:
    page = ann("/c/wall/logo/1")
    other = page.context.new_page()
    other.goto("/c/wall/logo/2")
    other.locator("form[data-ready]").wait_for()
    page.context.set_offline(True)
    # One after the other: a browser brings what one tab keeps to the next in a moment.
    for tab, note in ((page, "A fish?"), (other, "A bird?")):
        tab.locator("[data-note]").fill(note)
        expect(tab.locator("[data-note-status]")).to_contain_text("Offline")
    page.close()
    other.context.set_offline(False)
    expect(other.locator("[data-note-status]")).to_have_text("Saved.")

    with other.expect_response("**/marks/f1"):
        other.reload()
    found = marks(other)
    assert (found["f1"]["note"], found["f2"]["note"]) == ("A fish?", "A bird?")


def test_the_bar_stays_where_it_is_and_holds_the_focus(ann: Entering) -> None:
    page = ann("/c/wall/logo/1?show=all", device="phone")

    def places() -> list[object]:
        parts = page.locator(".act [data-part]").all()
        return [
            part.evaluate("e => e.firstElementChild.getBoundingClientRect().x")
            for part in parts
        ]

    page.goto("/c/wall/logo/11?show=all")
    page.locator("form[data-ready]").wait_for()
    before = places()
    button = page.locator("[data-go=next], [data-go=previous]").first
    button.focus()
    page.keyboard.press("Enter")
    expect(heading(page)).not_to_have_text("Logo 11")
    assert places() == before
    inside = page.evaluate("!!document.activeElement.closest('.act')")
    assert inside
    expect(page.locator("[data-where]")).to_contain_text(" of 11")


def test_one_by_one_goes_on_where_one_stopped(ann: Entering) -> None:
    page = ann("/c/wall/shortlist?show=aside")
    link = page.locator("[data-one-by-one]")
    expect(link).to_be_hidden()
    page.evaluate("""() => {
        document.querySelectorAll(".card").forEach(
            (card, n) => card.toggleAttribute("data-seen", n < 2));
        document.querySelector("[data-filter=all]").click();
    }""")
    expect(link).to_have_text("Continue at logo 3 of 11")
    third = page.locator(".card").nth(2).get_attribute("id") or ""
    href = link.get_attribute("href") or ""
    assert href.endswith(f"{third.replace('-', '/')}?show=all")


def test_the_next_logo_needs_no_network_and_opened_is_seen(ann: Entering) -> None:
    page = ann()
    page.get_by_role("link", name="One by one").click()
    page.locator("form[data-ready]").wait_for()
    page.wait_for_load_state("networkidle")
    first = heading(page).inner_text()
    page.context.set_offline(True)
    page.keyboard.press("ArrowRight")
    expect(heading(page)).not_to_have_text(first)
    second = heading(page).inner_text()
    assert page.evaluate("document.querySelector('[data-stage] img').complete")
    page.context.set_offline(False)
    page.wait_for_timeout(5500)
    found = marks(page)
    assert all(found[f"f{name.split()[1]}"]["seen"] for name in (first, second))


def test_a_jump_to_the_content_is_no_way_to_another_logo(ann: Entering) -> None:
    page = ann("/c/wall/logo/1")
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    page.locator("[data-zoom=in]").click()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)

    assert page.url.endswith("#main")
    assert not [url for url in asked if "/logo/" in url]
    expect(page.locator("[data-zoom-level]")).to_have_text("150 %")


def test_going_on_by_itself_is_a_switch(ann: Entering) -> None:
    page = ann()
    page.get_by_role("link", name="One by one").click()
    page.locator("form[data-ready]").wait_for()
    first = heading(page).inner_text()
    page.keyboard.press("p")
    page.wait_for_timeout(700)
    expect(heading(page)).to_have_text(first)
    page.locator("[data-help]").click()
    page.get_by_label("Go on to the next logo").check()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("x")
    expect(heading(page)).not_to_have_text(first)


def test_a_slow_network_is_seen_while_the_next_logo_comes(ann: Entering) -> None:
    page = ann("/c/wall/logo/1")
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.is_navigation_request():
            route.continue_()
        else:
            held.append(route)

    page.route("**/logo/*", hold)
    page.reload()
    page.locator("form[data-ready]").wait_for()
    page.locator("[data-go=next]").click()
    stage = page.locator("[data-stage]")
    expect(stage).to_have_attribute("aria-busy", "true")

    for route in held[:]:
        route.continue_()

    expect(heading(page)).not_to_have_text("Logo 1")
    expect(stage).not_to_have_attribute("aria-busy", "true")


def test_zoom_by_buttons_keys_and_a_double_tap(ann: Entering) -> None:
    page = ann("/c/wall/logo/1", device="phone")
    level = page.locator("[data-zoom-level]")
    page.get_by_role("button", name="Larger").tap()
    expect(level).to_have_text("150 %")
    page.keyboard.press("+")
    expect(level).to_have_text("225 %")
    page.keyboard.press("0")
    expect(level).to_have_text("100 %")
    box = page.locator("[data-stage]").bounding_box()
    assert box
    for _ in range(2):
        page.touchscreen.tap(box["x"] + 60, box["y"] + 60)
    expect(level).to_have_text("250 %")


def test_what_is_zoomed_is_moved_by_keys_alone(ann: Entering) -> None:
    page = ann("/c/wall/logo/1")
    first = heading(page).text_content() or ""
    for _ in range(2):
        page.get_by_role("button", name="Larger").press("Enter")
    stage = page.locator("[data-stage]")
    stage.focus()
    expect(stage).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    way = page.locator("[data-stage] img").evaluate("image => image.style.transform")
    assert way == "translate(-60px, -60px) scale(2.25)"
    expect(heading(page)).to_have_text(first)

    page.keyboard.press("0")
    expect(stage).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(heading(page)).not_to_have_text(first)


def touched(page: Page, *ways: tuple[tuple[float, float], tuple[float, float]]) -> None:
    """Move one finger or more over the picture, from and to parts of it."""
    box = page.locator("[data-stage]").bounding_box()
    assert box
    touch = page.context.new_cdp_session(page)

    def at(part: float) -> list[dict[str, float]]:
        return [
            {
                "x": box["x"] + box["width"] * (x0 + (x1 - x0) * part),
                "y": box["y"] + box["height"] * (y0 + (y1 - y0) * part),
                "id": number,
            }
            for number, ((x0, y0), (x1, y1)) in enumerate(ways)
        ]

    def send(kind: str, points: list[dict[str, float]]) -> None:
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    send("touchStart", at(0))
    for step in range(1, 11):
        send("touchMove", at(step / 10))
    send("touchEnd", [])


def test_two_fingers_zoom_and_the_page_does_not(ann: Entering) -> None:
    page = ann("/c/wall/logo/1", device="phone")

    touched(page, ((0.45, 0.5), (0.15, 0.5)), ((0.55, 0.5), (0.85, 0.5)))

    level = page.locator("[data-zoom-level]")
    expect(level).not_to_have_text("100 %")
    assert int((level.text_content() or "").split()[0]) > 300
    assert page.evaluate("visualViewport.scale") == 1
    touched(page, ((0.15, 0.5), (0.45, 0.5)), ((0.85, 0.5), (0.55, 0.5)))
    expect(level).to_have_text("100 %")


def test_a_swipe_leads_on_and_back_and_never_votes(site: Site, ann: Entering) -> None:
    page = ann("/c/wall/logo/1", device="phone")
    first = heading(page).text_content() or ""

    touched(page, ((0.8, 0.5), (0.2, 0.5)))
    expect(heading(page)).not_to_have_text(first)
    touched(page, ((0.2, 0.5), (0.8, 0.5)))
    expect(heading(page)).to_have_text(first)
    touched(page, ((0.5, 0.9), (0.5, 0.1)))
    expect(heading(page)).to_have_text(first)

    assert ballot(site) == []
    assert not any(mark["not_for_me"] for mark in marks(page).values())


# ---------- lab and comparison ----------


def test_the_lab_changes_the_wall_in_place_and_says_what_is_simulated(
    ann: Entering,
) -> None:
    page = ann(f"{GALLERY}?show=all&lab=32")
    page.get_by_role("link", name="Red-blind").click()
    expect(page.locator(".card .lab-is-protan")).to_have_count(DESIGNS - 1)
    expect(page.locator("[data-lab-says]")).to_contain_text("simulation")
    expect(page.locator(".card .lab-note").first).to_have_text("simulated")
    used = page.locator(".lab-is-protan img").first.evaluate(
        "e => getComputedStyle(e).filter"
    )
    assert "#protan" in used
    entry = shown(page)[0]
    star(page, entry).click()
    expect(star(page, entry)).to_have_attribute("aria-pressed", "true")
    page.context.set_offline(True)
    page.get_by_role("link", name="On dark").click()
    expect(page.locator("[data-lab-says]")).to_contain_text("network")


def test_every_way_of_the_lab_shows_pictures(ann: Entering) -> None:
    page = ann("/c/wall/logo/1")
    page.get_by_text("Logo lab:").click()
    images = page.locator(".lab-panel img")
    expect(images).to_have_count(14)
    for image in images.all():
        image.scroll_into_view_if_needed()
        expect(image).to_have_js_property("complete", value=True)
        assert image.evaluate("e => e.naturalWidth") > 0


def test_two_to_four_are_compared_with_one_zoom(site: Site, ann: Entering) -> None:
    page = ann(f"{GALLERY}?show=all&choose=1")
    for number in (1, 2, 3):
        page.locator(f"#logo-{number} [name=ids]").check()
    expect(page.locator("[data-chosen]")).to_contain_text("3 of at most 4")
    page.get_by_role("button", name="Compare").click()
    page.locator("form[data-ready]").wait_for()
    page.get_by_role("button", name="Larger").click()
    scales = page.locator("[data-stage] img").evaluate_all(
        "all => all.map((e) => e.style.transform)"
    )
    assert len(scales) == 3
    assert len(set(scales)) == 1
    assert "scale(1.5)" in scales[0]
    page.get_by_role("link", name="On dark").click()
    expect(page.locator(".lab-is-dark")).to_have_count(3)
    page.get_by_role("button", name="Shortlist logo 2").click()
    saved(page)
    assert ballot(site) == ["f2"]


def test_two_variants_side_by_side_are_marked_as_one(site: Site, ann: Entering) -> None:
    page = ann("/c/wall/compare?ids=11,12")
    for button in (star, cross):
        for pressed, on in ((11, "true"), (12, "false")):
            button(page, pressed).click()
            for entry in (11, 12):
                expect(button(page, entry)).to_have_attribute("aria-pressed", on)
    saved(page)
    assert ballot(site) == []


# ---------- for everybody ----------


STATES = [
    GALLERY,
    f"{GALLERY}?show=all",
    f"{GALLERY}?show=shortlisted",
    f"{GALLERY}?show=all&lab=photo",
    f"{GALLERY}?show=all&lab=tab",
    f"{GALLERY}?show=all&choose=1",
    "/c/wall/logo/11?lab=dark",
    "/c/wall/compare?ids=1,2,3",
    "/c/wall/compare?ids=1,2&lab=mono",
    "/c/wall/compare",
]


@pytest.mark.parametrize(("device", "scheme"), [("laptop", "dark"), ("phone", "light")])
def test_axe_finds_nothing_in_any_state(
    ann: Entering, device: str, scheme: str
) -> None:
    page = ann(device=device, color_scheme=scheme)
    cross(page, shown(page)[0]).click()
    star(page, shown(page)[1]).click()
    saved(page)
    for address in STATES:
        page.goto(address)
        if opener := page.locator(".variants-open:visible").all():
            opener[0].click()
        found = Axe().run(page)
        assert not found.violations_count, f"{address}: {found.generate_report()}"


@pytest.mark.parametrize(
    "address", [GALLERY, "/c/wall/logo/11", "/c/wall/compare?ids=1,2"]
)
def test_the_focus_is_never_under_the_bar(ann: Entering, address: str) -> None:
    page = ann(address, viewport={"width": 390, "height": 600})
    for _ in range(45):
        page.keyboard.press("Tab")
        hidden = page.evaluate(
            """async () => {
              await new Promise(requestAnimationFrame);
              await new Promise(requestAnimationFrame);
              const at = document.activeElement, bar = document.querySelector(".keep");
              if (!at || at === document.body || bar.contains(at)) return false;
              const edge = bar.getBoundingClientRect().top;
              return at.getBoundingClientRect().bottom > edge + 1;
            }"""
        )
        if hidden:
            where = page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
            pytest.fail(f"under the bar: {where}")


def test_a_page_zoomed_to_400_percent_is_not_all_bar(ann: Entering) -> None:
    for address in (GALLERY, "/c/wall/logo/11", "/c/wall/compare?ids=1,2"):
        page = ann(address, viewport={"width": 320, "height": 180})

        bar = page.locator(".keep").evaluate("bar => bar.getBoundingClientRect().top")

        assert bar >= 180, address


def test_the_words_of_the_bar_keep_apart_on_the_smallest_phone(ann: Entering) -> None:
    page = ann("/c/wall/logo/11", viewport={"width": 320, "height": 640})
    page.locator("[data-go]").first.wait_for()
    boxes = page.locator(".act :is(.tick-word, .act-button > span)").evaluate_all(
        """words => words.map((word) => {
          const range = document.createRange();
          range.selectNodeContents(word);
          const { left, right } = range.getBoundingClientRect();
          return [left, right];
        })"""
    )
    assert len(boxes) == 5
    for (_, end), (start, _) in itertools.pairwise(boxes):
        assert end < start, boxes


def test_targets_are_44_px(ann: Entering) -> None:
    page = ann(device="phone")
    for address in (GALLERY, "/c/wall/logo/11", "/c/wall/compare?ids=1,2"):
        page.goto(address)
        small = page.evaluate(
            """() => [...document.querySelectorAll("main :is(button, .segments a)")]
              .map((element) => [element, element.getBoundingClientRect()])
              .filter(([element, { width }]) => element.checkVisibility() && width)
              .filter(([, { width, height }]) => Math.min(width, height) < 43.5)
              .map(([element]) => element.outerHTML.slice(0, 150))"""
        )
        assert not small, f"{address}: {small}"
