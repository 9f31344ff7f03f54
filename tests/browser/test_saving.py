"""A vote is never lost: networks, tabs, devices and sessions may come and go."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, Route, expect
from sqlalchemy import delete
from sqlalchemy.orm import Session

from logovote.contest import casting, invitations, rounds
from logovote.contest.contests import contest_by_slug
from logovote.contest.rules import Rules
from logovote.settings import Settings
from logovote.store import impressions, queries
from logovote.store.models import Kind, Round, SignIn
from logovote.store.store import Store
from tests.builders import SECRET, make_contest, voter_named, withdraw
from tests.conftest import NOW, Site

GALLERY, RANKING = "/c/gallery/shortlist", "/c/ranks/ranking"


@dataclass(frozen=True)
class Staged:
    """A folder with both contests, and Ann's way into each."""

    folder: Path
    links: dict[str, str]


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Staged:
    """The contest `gallery` in its shortlist round, and `ranks` in its ranking."""
    folder = tmp_path_factory.mktemp("saving")
    store = Store.open(f"sqlite:///{folder / 'logovote.sqlite'}", folder / "files")
    links = {}
    with store.database.write() as session:
        for slug, kind in (("gallery", Kind.SHORTLIST), ("ranks", Kind.RANKING)):
            contest = make_contest(
                session, NOW, slug=slug, designs=range(1, 6), voters={"core": ["Ann"]}
            )
            rounds.open_round(session, contest, kind, NOW)
            ann = voter_named(session, contest, "Ann")
            links[slug] = f"/i/{invitations.invitation_token(SECRET, ann)}"
        session.commit()
    store.database.dispose()
    return Staged(folder, links)


@pytest.fixture
def settings(staged: Staged, settings: Settings) -> Settings:
    """Settings of a site with these contests, copied for each test."""
    shutil.copytree(staged.folder, settings.data, dirs_exist_ok=True)
    return settings


Entering = Callable[..., Page]


@pytest.fixture
def ann(staged: Staged, new_page: Callable[..., Page]) -> Entering:
    """Open a page of Ann's on a device of hers."""

    def enter(path: str = GALLERY, device: str = "laptop", **options: object) -> Page:
        page = new_page(device, **options)
        page.goto(staged.links["gallery" if path == GALLERY else "ranks"])
        page.get_by_role("button", name="Continue").click()
        page.goto(path)
        if options.get("java_script_enabled", True):
            ready(page)
        return page

    return enter


def ready(page: Page) -> Page:
    page.locator("form[data-ready]").wait_for()
    return page


def another_tab(page: Page) -> Page:
    tab = page.context.new_page()
    tab.goto(page.url)
    return ready(tab)


def star(page: Page, entry: int) -> Locator:
    return page.locator(f"#logo-{entry} > .card-line [data-tick]")


def status(page: Page) -> Locator:
    return page.locator("[data-save-status]")


def expect_saved(page: Page) -> None:
    expect(status(page)).to_have_attribute("data-state", "saved")


def ballot(site: Site, kind: Kind = Kind.SHORTLIST) -> casting.Items:
    with site.store.database.read() as session:
        slug = "gallery" if kind is Kind.SHORTLIST else "ranks"
        contest = contest_by_slug(session, slug)
        round_ = rounds.latest(session, contest, kind)
        voter = voter_named(session, contest, "Ann")
        return casting.items_of(queries.ballot_of(session, round_.id, voter.id))


def ranked(page: Page) -> list[str]:
    rows = page.locator("[data-ranked] > [data-id]").all()
    return [row.get_attribute("data-id") or "" for row in rows]


def test_a_tab_closed_offline_loses_nothing(site: Site, ann: Entering) -> None:
    page = ann(device="phone")
    context = page.context
    context.set_offline(True)
    star(page, 2).tap()
    expect(status(page)).to_contain_text("Offline: kept on this device")
    page.close(run_before_unload=False)
    assert ballot(site) == []

    context.set_offline(False)
    later = context.new_page()
    later.goto(GALLERY)

    expect_saved(ready(later))
    expect(star(later, 2)).to_have_attribute("aria-pressed", "true")
    assert ballot(site) == ["f2"]


def test_a_page_opened_offline_says_so_and_gives_way(site: Site, ann: Entering) -> None:
    page = ann(device="phone")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.context.set_offline(True)
    star(page, 2).tap()
    expect(status(page)).to_contain_text("Offline: kept on this device")

    page.goto("/c/gallery/ballot")
    expect(page.get_by_role("heading")).to_have_text("You are offline")
    assert Axe().run(page).violations_count == 0
    page.get_by_role("link", name="Try again").click()
    expect(page.get_by_role("heading")).to_have_text("You are offline")

    page.context.set_offline(False)  # and nobody touches anything
    expect(page.get_by_role("heading", level=1)).not_to_have_text("You are offline")
    assert page.url.endswith("/c/gallery/ballot")
    page.goto(GALLERY)
    expect_saved(ready(page))
    assert ballot(site) == ["f2"]


def test_the_offline_page_names_nobody(ann: Entering) -> None:
    page = ann()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")

    kept = page.evaluate(
        """(async () => {
          const texts = [];
          for (const name of await caches.keys()) {
            const cache = await caches.open(name);
            for (const request of await cache.keys())
              texts.push(await (await cache.match(request)).text());
          }
          return texts;
        })()"""
    )

    assert len(kept) == 4
    assert not any("Ann" in text for text in kept)


def test_two_tabs_offline_build_on_each_other(site: Site, ann: Entering) -> None:
    first = ann()
    second = another_tab(first)
    context = first.context
    context.set_offline(True)
    star(first, 1).click()
    expect(star(second, 1)).to_have_attribute("aria-pressed", "true")
    star(second, 3).click()
    expect(star(first, 3)).to_have_attribute("aria-pressed", "true")
    for tab in (first, second):
        expect(status(tab)).to_contain_text("Offline", timeout=15000)
        tab.close(run_before_unload=False)

    context.set_offline(False)
    third = context.new_page()
    third.goto(GALLERY)

    expect_saved(ready(third))
    assert ballot(site) == ["f1", "f3"]


def test_two_tabs_online_never_ask_and_never_disagree(
    site: Site, ann: Entering
) -> None:
    first = ann()
    second = another_tab(first)
    # As fast as it goes: neither waits for the other's save.
    for entry, tab in ((1, first), (2, second), (3, first), (4, second), (5, first)):
        expect(star(tab, max(entry - 1, 1))).to_have_attribute(
            "aria-pressed", "true" if entry > 1 else "false"
        )
        star(tab, entry).click()

    for tab in (first, second):
        expect_saved(tab)
        expect(tab.locator("dialog#conflict")).to_be_hidden()
        expect(tab.locator("[data-count]").first).to_have_text("5")
    assert ballot(site) == ["f1", "f2", "f3", "f4", "f5"]


def test_a_tab_that_builds_on_what_another_saved_is_no_conflict(
    site: Site, ann: Entering
) -> None:
    first = ann()
    second = another_tab(first)
    held: list[Callable[[], None]] = []

    def hold(route: Route) -> None:
        answer = route.fetch()  # it is saved, and the tab hears of it late
        held.append(lambda: route.fulfill(response=answer))

    first.route("**/shortlist/ballot", hold)
    star(first, 1).click()
    expect(star(second, 1)).to_have_attribute("aria-pressed", "true")
    first.wait_for_timeout(1000)
    star(second, 2).click()
    expect_saved(second)
    expect(second.locator("dialog#conflict")).to_be_hidden()
    held[0]()

    expect_saved(first)
    expect(first.locator("[data-count]").first).to_have_text("2")
    assert ballot(site) == ["f1", "f2"]


def test_on_two_devices_the_voter_chooses(site: Site, ann: Entering) -> None:
    first, second = ann(RANKING), ann(RANKING, device="phone")
    first.get_by_role("button", name="Rank logo 1").click()
    expect_saved(first)
    second.get_by_role("button", name="Rank logo 2").tap()
    dialog = second.locator("dialog#conflict")
    expect(dialog).to_contain_text("Logo 1")
    expect(dialog).to_contain_text("Yours here: Logo 2")
    # Esc is no answer.
    second.keyboard.press("Escape")
    expect(dialog).to_be_visible()

    second.get_by_role("button", name="Use the other version").tap()

    expect_saved(second)
    code = first.locator("[data-receipt-code]").inner_text()
    expect(second.locator("[data-receipt-code]")).to_have_text(code)
    assert ranked(second) == ["1"]
    assert ballot(site, Kind.RANKING) == [["1"]]


def test_a_server_in_trouble_is_said_and_tried_again(site: Site, ann: Entering) -> None:
    page = ann()
    answers = iter(["abort", "busy"])

    def trouble(route: Route) -> None:
        answer = next(answers, "")
        if answer == "abort":
            route.abort()
        elif answer == "busy":
            route.fulfill(status=503, json={"error": "busy", "message": "Busy."})
        else:
            route.continue_()

    page.route("**/shortlist/ballot", trouble)
    star(page, 1).click()
    expect(status(page)).to_contain_text("Not saved")
    page.get_by_role("button", name="Retry now").press("Enter")

    expect_saved(page)
    expect(status(page)).to_be_focused()
    assert ballot(site) == ["f1"]


def test_an_answer_that_was_lost_is_asked_for_again(site: Site, ann: Entering) -> None:
    page = ann()
    lost = iter([True])

    def lose(route: Route) -> None:
        if next(lost, False):
            route.fetch()  # it is saved, and nobody hears of it
            route.abort()
        else:
            route.continue_()

    page.route("**/shortlist/ballot", lose)
    star(page, 1).click()

    expect_saved(page)
    star(page, 2).click()
    expect_saved(page)
    expect(page.locator("dialog#conflict")).to_be_hidden()
    assert ballot(site) == ["f1", "f2"]


def test_a_browser_that_stores_nothing_saves_and_takes_back(
    site: Site, ann: Entering
) -> None:
    page = ann()
    page.add_init_script(
        "for (const name of ['localStorage', 'sessionStorage'])"
        "  Object.defineProperty(window, name, { value: null });"
    )
    page.reload()
    ready(page)
    star(page, 1).click()
    star(page, 2).click()
    expect_saved(page)

    page.locator("[data-undo]").click()

    expect(star(page, 2)).to_have_attribute("aria-pressed", "false")
    expect_saved(page)
    assert ballot(site) == ["f1"]


def test_an_old_token_is_renewed_without_a_word(site: Site, ann: Entering) -> None:
    page = ann()
    page.evaluate("document.querySelector('meta[name=csrf-token]').content = 'old'")

    star(page, 1).click()

    expect_saved(page)
    assert ballot(site) == ["f1"]


def test_signed_out_in_the_middle_and_back_again(
    site: Site, staged: Staged, ann: Entering
) -> None:
    page = ann()
    page.goto("/c/gallery/logo/3")
    ready(page)
    with site.store.database.write() as session:
        session.execute(delete(SignIn))
        session.commit()
    page.locator(".act [data-tick]").click()
    expect(status(page)).to_contain_text("nothing is lost")
    page.get_by_role("link", name="Sign in again").click()
    expect(page).to_have_url("/sign-in")

    page.goto(staged.links["gallery"])
    page.get_by_role("button", name="Continue").click()

    expect(page).to_have_url("/c/gallery/logo/3")
    expect_saved(ready(page))
    assert ballot(site) == ["f3"]


def test_a_round_that_closes_in_the_middle_says_which_ballot_counts(
    site: Site, ann: Entering
) -> None:
    page, other = ann(), ann(device="phone")
    star(page, 1).click()
    expect_saved(page)
    other.reload()
    star(ready(other), 3).tap()
    expect_saved(other)
    move_round(site, rounds.close_round)

    star(page, 2).click()

    expect(status(page)).to_have_attribute("data-state", "closed")
    for entry, pressed in ((1, "true"), (2, "false"), (3, "true")):
        expect(star(page, entry)).to_have_attribute("aria-pressed", pressed)
    code = other.locator("[data-receipt-code]").inner_text()
    expect(page.locator("[data-receipt-code]")).to_have_text(code)
    assert ballot(site) == ["f1", "f3"]


def test_a_change_made_in_a_pause_is_kept_here_and_sent_when_the_round_goes_on(
    site: Site, ann: Entering
) -> None:
    page = ann()
    star(page, 1).click()
    expect_saved(page)
    move_round(site, rounds.pause_round)

    star(page, 2).click()

    expect(status(page)).to_have_attribute("data-state", "paused")
    expect(status(page)).to_contain_text("kept on this device")
    expect(star(page, 2)).to_have_attribute("aria-pressed", "true")
    assert ballot(site) == ["f1"]
    # Loaded anew in the pause, the page shows what counts, and the change waits on.
    page.reload()
    ready(page)
    expect(status(page)).to_have_attribute("data-state", "paused")

    move_round(site, rounds.resume_round)
    page.get_by_role("button", name="Retry now").click()

    expect_saved(ready(page))
    assert ballot(site) == ["f1", "f2"]


def move_round(site: Site, deed: Callable[[Session, Round, datetime], None]) -> None:
    with site.store.database.write() as session:
        contest = contest_by_slug(session, "gallery")
        deed(session, rounds.latest(session, contest, Kind.SHORTLIST), NOW)
        session.commit()


def test_before_its_scripts_arrive_a_page_votes_by_its_form(
    site: Site, ann: Entering
) -> None:
    page = ann()
    page.context.route("**/*.js", lambda route: route.abort())
    page.reload()

    star(page, 4).click()

    expect(star(page, 4)).to_have_attribute("aria-pressed", "true")
    assert ballot(site) == ["f4"]


def test_a_ranking_is_made_by_keyboard_alone(site: Site, ann: Entering) -> None:
    page = ann(RANKING)
    page.get_by_role("button", name="Rank logo 1").focus()
    page.keyboard.press("Enter")
    for entry in (2, 3):
        page.get_by_role("button", name=f"Rank logo {entry}").focus()
        page.keyboard.press("Space")
    page.get_by_role("button", name="Move logo 3 up").focus()

    page.keyboard.press("Alt+Home")
    assert ranked(page) == ["3", "1", "2"]
    expect(status(page)).to_contain_text("Logo 3 is now 1 of 3.")
    page.keyboard.press("Alt+ArrowDown")
    assert ranked(page) == ["1", "3", "2"]
    page.keyboard.press("Alt+End")

    assert ranked(page) == ["1", "2", "3"]
    expect(page.get_by_role("button", name="Move logo 3 up")).to_be_focused()
    expect_saved(page)
    assert ballot(site, Kind.RANKING) == [["1"], ["2"], ["3"]]


def test_a_browser_of_some_years_ago_ranks_and_saves(site: Site, ann: Entering) -> None:
    page = ann(RANKING)
    page.add_init_script("delete AbortSignal.timeout; delete Array.prototype.toSpliced")
    page.reload()
    ready(page)
    for entry in (1, 2):
        page.get_by_role("button", name=f"Rank logo {entry}").click()

    page.get_by_role("button", name="Move logo 2 up").click()

    expect_saved(page)
    assert ballot(site, Kind.RANKING) == [["2"], ["1"]]


def test_ctrl_z_takes_back_and_leaves_fields_alone(site: Site, ann: Entering) -> None:
    page = ann(RANKING)
    for entry in (1, 2):
        page.get_by_role("button", name=f"Rank logo {entry}").click()
    page.get_by_role("button", name="Move logo 2 up").press("Enter")
    expect_saved(page)
    assert ranked(page) == ["2", "1"]
    page.get_by_label("Place of logo 1").press("Control+z")
    assert ranked(page) == ["2", "1"]

    up = page.get_by_role("button", name="Move logo 2 up")
    up.press("Control+z")
    expect(status(page)).to_contain_text("Taken back.")
    assert ranked(page) == ["1", "2"]
    expect(up).to_be_focused()
    page.keyboard.press("Control+z")

    # Its row is in the other list now, and the button gone.
    expect(page.locator("#main")).to_be_focused()
    expect_saved(page)
    assert ballot(site, Kind.RANKING) == [["1"]]
    gallery = ann()
    star(gallery, 3).press("Enter")
    star(gallery, 3).press("Control+z")
    expect(star(gallery, 3)).to_have_attribute("aria-pressed", "false")
    expect(star(gallery, 3)).to_be_focused()


def test_a_row_is_dragged_by_a_finger(site: Site, ann: Entering) -> None:
    page = ann(RANKING, device="phone")
    for entry in (1, 2, 3):
        page.get_by_role("button", name=f"Rank logo {entry}").tap()
    expect_saved(page)
    page.locator("#row-1").scroll_into_view_if_needed()
    start = page.locator("#row-3 [data-handle]").bounding_box()
    end = page.locator("#row-1").bounding_box()
    assert start
    assert end
    touch = page.context.new_cdp_session(page)
    x, y, top = start["x"] + 20, start["y"] + 20, end["y"] + 5

    def move(kind: str, *points: float) -> None:
        at = [{"x": x, "y": point} for point in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    before = page.evaluate("scrollY")
    move("touchStart", y)
    for step in range(1, 21):
        move("touchMove", y + (top - y) * step / 20)
    move("touchEnd")

    expect_saved(page)
    assert ranked(page) == ["3", "1", "2"]
    assert page.evaluate("scrollY") == before
    assert ballot(site, Kind.RANKING) == [["3"], ["1"], ["2"]]


def test_a_ranking_with_a_withdrawn_logo_closes_up_and_goes_on(
    site: Site, ann: Entering
) -> None:
    page = ann(RANKING)
    for entry in (1, 2, 3):
        page.get_by_role("button", name=f"Rank logo {entry}").click()
    expect_saved(page)
    with site.store.database.write() as session:
        withdraw(session, contest_by_slug(session, "ranks"), 1, NOW)
        session.commit()
    page.reload()
    ready(page)
    assert ranked(page) == ["2", "3"]

    page.get_by_role("button", name="Move logo 3 up").click()

    expect_saved(page)
    assert ballot(site, Kind.RANKING) == [["3"], ["2"]]


def test_a_logo_withdrawn_behind_an_open_page_leaves_it_and_the_voter_is_told(
    site: Site, ann: Entering
) -> None:
    page = ann()
    star(page, 1).click()
    star(page, 2).click()
    expect_saved(page)
    other = another_tab(page)
    with site.store.database.write() as session:
        withdraw(session, contest_by_slug(session, "gallery"), 1, NOW)
        session.commit()

    star(page, 3).click()

    expect(status(page)).to_contain_text("out of your ballot: logo 1. Saved")
    for tab in (page, other):
        expect(star(tab, 1)).to_have_attribute("aria-pressed", "false")
        expect(tab.locator("[data-count]").first).to_have_text("2")
    star(page, 4).click()
    expect(status(page)).not_to_contain_text("Withdrawn")
    expect_saved(page)
    assert ballot(site) == ["f2", "f3", "f4"]


def test_a_row_withdrawn_behind_an_open_page_closes_up(
    site: Site, ann: Entering
) -> None:
    page = ann(RANKING)
    for entry in (1, 2, 3):
        page.get_by_role("button", name=f"Rank logo {entry}").click()
    expect_saved(page)
    with site.store.database.write() as session:
        withdraw(session, contest_by_slug(session, "ranks"), 2, NOW)
        session.commit()

    page.get_by_role("button", name="Move logo 3 up").click()

    expect(status(page)).to_contain_text("out of your ballot: logo 2. Saved")
    assert ranked(page) == ["1", "3"]
    assert ballot(site, Kind.RANKING) == [["1"], ["3"]]


def test_duels_by_keyboard_end_in_a_ranking(site: Site, ann: Entering) -> None:
    page = ann(RANKING)
    page.get_by_role("link", name="Sort by duels").click()
    page.get_by_role("link", name="All of them").click()
    first = page.locator(".duel-name b").all_inner_texts()
    page.keyboard.press("Space")
    page.get_by_role("link", name="One back").click()
    expect(page.locator(".duel-name b")).to_have_text(first)
    asked, address = 0, page.url
    page.keyboard.press("ArrowDown")  # scrolls, and says nothing
    while page.get_by_role("heading", name="Which is better?").is_visible():
        left, right = page.locator(".duel-name b").all_inner_texts()
        assert page.url == address
        page.keyboard.press("ArrowLeft" if int(left) < int(right) else "ArrowRight")
        page.wait_for_function("before => location.href !== before", arg=address)
        asked, address = asked + 1, page.url
    assert asked <= 8

    page.get_by_role("button", name="Use this order").click()

    ready(page)
    assert ranked(page) == ["1", "2", "3", "4", "5"]
    assert ballot(site, Kind.RANKING) == [["1"], ["2"], ["3"], ["4"], ["5"]]


def test_duels_need_no_script(site: Site, ann: Entering) -> None:
    page = ann(RANKING, java_script_enabled=False)
    page.get_by_role("link", name="Sort by duels").click()
    page.get_by_role("link", name="All of them").click()
    page.locator("[data-side=left]").click()
    page.get_by_role("link", name="Stop here").click()
    page.get_by_role("button", name="Use this order").click()

    assert len(ranked(page)) == 2
    assert len(ballot(site, Kind.RANKING)) == 2


def seen(page: Page) -> int:
    number: int = page.evaluate("fetch('/c/gallery/marks').then(r => r.json())")["seen"]
    return number


def test_what_was_in_view_for_a_second_is_logged(ann: Entering) -> None:
    page = ann()
    assert seen(page) == 0
    expect(page.locator(".card[data-seen]")).to_have_count(5)

    page.goto("/c/gallery/")  # leaving sends what is left

    page.wait_for_function(
        "fetch('/c/gallery/marks').then(r => r.json()).then(({seen}) => seen === 5)"
    )


def test_what_was_seen_offline_is_logged_later(site: Site, ann: Entering) -> None:
    page = ann()
    context = page.context
    context.set_offline(True)
    expect(page.locator(".card[data-seen]")).to_have_count(5)
    page.close()
    context.set_offline(False)

    later = context.new_page()
    with later.expect_response("**/c/gallery/seen") as answer:
        later.goto("/c/gallery/logo/1")

    assert answer.value.ok
    assert seen_by_ann(site) == 5


def seen_by_ann(site: Site) -> int:
    with site.store.database.read() as session:
        contest = contest_by_slug(session, "gallery")
        round_ = rounds.latest(session, contest, Kind.SHORTLIST)
        voter = voter_named(session, contest, "Ann")
        looks = impressions.looks(session, round_.id, voter.id)
        return sum(look.seen_at is not None for look in looks)


def test_a_full_shortlist_says_so_and_takes_no_more(site: Site, ann: Entering) -> None:
    with site.store.database.write() as session:
        contest = contest_by_slug(session, "gallery")
        round_ = rounds.latest(session, contest, Kind.SHORTLIST)
        rules = Rules.from_json(round_.rules).with_dealing(batch=None, approvals=2)
        round_.rules = rules.as_json()
        session.commit()
    page = ann()
    expect(page.get_by_text("You may shortlist up to 2.")).to_be_visible()
    for entry in (1, 2, 3):
        star(page, entry).click()

    expect(status(page)).to_contain_text("You may shortlist 2 logos, and you have.")
    expect(star(page, 3)).to_have_attribute("aria-pressed", "false")
    star(page, 1).click()
    star(page, 3).click()
    expect_saved(page)
    assert ballot(site) == ["f2", "f3"]
