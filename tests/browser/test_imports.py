"""An import in the browser: looked at, taken in while one watches or leaves."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from sqlalchemy import delete

from logovote import jobs
from logovote.contest import intake, signing_in
from logovote.contest.contests import contest_by_slug
from logovote.contest.matching import FileReport
from logovote.imaging.worker import Fence
from logovote.ingest.reading import read_entries
from logovote.store import queries
from logovote.store.models import SignIn
from tests.builders import SharedFence, folder_of, make_contest, png, zip_of
from tests.conftest import NOW, Site

Opener = Callable[..., Page]
# Entry 1 is the same, 2 is changed, 3 is gone; 20 is claimed twice, by twins and by
# different pictures; 30 and 31 show one picture.
SECOND = (
    {"#1.png": png(1), "#2.png": png(102), "a/#20.png": png(20), "b/#20.png": png(20)}
    | {"c/#20.png": png(120), "#30.png": png(30), "#31.png": png(30)}
    | {"#40.png": b"no picture", "notes.txt": b"Exported on Monday"}
    | {f"#{n}.png": png(n) for n in range(50, 60)}
)


@pytest.fixture
def site(
    site: Site, fence: Fence, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Site:
    """A running site whose contest has the designs 1, 2 and 3; imports take a while."""
    monkeypatch.setattr(jobs, "Fence", SharedFence(fence))
    with site.store.database.write() as session:
        contest_id = make_contest(session, NOW).id
        session.commit()
    first = folder_of(tmp_path / "first", {f"#{n}.png": png(n) for n in (1, 2, 3)})
    with read_entries(first) as reading:
        intake.import_designs(site.store, contest_id, reading, fence, now=NOW)
    keep = intake._keep

    def slowly(*args: Any, **options: Any) -> FileReport:
        time.sleep(0.15)
        return keep(*args, **options)

    monkeypatch.setattr(intake, "_keep", slowly)
    site.jobs.start()
    return site


@pytest.fixture
def opened(new_page: Opener, site: Site) -> Opener:
    with site.store.database.write() as session:
        token = signing_in.new_organiser_link(session, datetime.now(UTC), once=False)
        session.commit()

    def open_page(device: str = "laptop", **options: object) -> Page:
        page = new_page(device, **options)
        page.goto(f"/o/{token}")
        page.get_by_role("button", name="Continue").click()
        return page

    return open_page


def upload(page: Page, folder: Path) -> None:
    export = folder / "export.zip"
    export.write_bytes(zip_of(SECOND))
    page.goto("/organise/acme/designs")
    page.get_by_label("Choose a zip").set_input_files(export)
    page.get_by_label("Mark entries that are not in this upload").check()
    page.get_by_role("button", name="Upload and look at it").click()
    expect(
        page.get_by_role("heading", name="Ready to import export.zip")
    ).to_be_visible(timeout=20_000)


def entries(site: Site) -> list[int]:
    with site.store.database.read() as session:
        contest = contest_by_slug(session, "acme")
        return [design.entry for design in queries.submissions(session, contest.id)]


def pictures_are_there(page: Page) -> None:
    for image in page.locator("main img").all():
        image.scroll_into_view_if_needed()
        expect(image).to_have_js_property("complete", value=True)
        assert image.evaluate("image => image.naturalWidth") > 0


@pytest.mark.parametrize("device", ["laptop", "phone"])
def test_the_dry_run_shows_old_and_new_side_by_side(
    opened: Opener, site: Site, tmp_path: Path, device: str
) -> None:
    page = opened(device, color_scheme="dark" if device == "phone" else "light")
    upload(page, tmp_path)

    assert entries(site) == [1, 2, 3]
    changed = page.get_by_role("region", name="2 changed")
    for name in ("Entry 2 before", "Entry 2 now"):
        expect(changed.get_by_role("img", name=name, exact=True)).to_be_visible()
    twice = page.get_by_role("region", name="2 claimed twice")
    expect(twice).to_contain_text("3 files for entry 20")
    expect(twice).to_contain_text("ignored: the same picture as a/#20.png")
    expect(twice).to_contain_text("One picture under entries 30, 31")
    expect(page.get_by_role("region", name="1 withdrawn")).to_contain_text("3")
    expect(page.get_by_role("region", name="2 refused")).to_contain_text("#40.png")
    expect(page.get_by_role("region", name="13 new")).to_contain_text("#50.png")
    pictures_are_there(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440
    found = Axe().run(page)
    assert not found.violations_count, found.generate_report()


def test_a_dropped_folder_is_sent_with_what_is_in_it(
    opened: Opener, tmp_path: Path
) -> None:
    page = opened()
    page.goto("/organise/acme/designs")
    # A browser tells what is in a folder a hundred at a time.
    inside = {f"a/{n}.txt": b"Monday" for n in range(1, 111)} | {"a/#200.png": png(7)}
    folder = folder_of(tmp_path / "export", inside)
    box = page.locator(".drop").bounding_box()
    assert box
    where = {"x": box["x"] + 9, "y": box["y"] + 9}
    drag = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
    browser = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        event = {"type": kind, "data": drag, **where}
        browser.send("Input.dispatchDragEvent", event)
    expect(page.locator("[data-file-names]")).to_contain_text("111 files")
    page.get_by_role("button", name="Upload and look at it").click()

    new = page.get_by_role("region", name="1 new")
    expect(new).to_contain_text("export/a/#200.png", timeout=20_000)
    expect(page.get_by_role("region", name="110 refused")).to_be_visible()


def test_an_import_is_watched_left_and_found_again(
    opened: Opener, site: Site, tmp_path: Path
) -> None:
    page = opened()
    upload(page, tmp_path)
    page.get_by_role("button", name="Import", exact=True).click()

    line = page.locator("[data-progress-text]")
    expect(line).to_have_text("5 of 18 files", timeout=20_000)
    address = page.url
    other = page.context.new_page()
    other.goto(address)
    expect(other.get_by_role("heading", name="Importing export.zip")).to_be_visible()
    page.goto("/organise/")
    page.goto(address)

    for tab in (page, other):
        expect(tab.get_by_role("heading", name="Imported export.zip")).to_be_visible(
            timeout=20_000
        )
    expect(page.get_by_text("became a new version of its entry")).to_be_visible()
    assert entries(site) == [1, 2, 20, 30, 31, *range(50, 60)]
    found = Axe().run(page)
    assert not found.violations_count, found.generate_report()
    page.get_by_role("link", name="Look at the families").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Families")


def test_who_is_signed_out_while_watching_comes_back_to_the_import(
    opened: Opener, site: Site, tmp_path: Path
) -> None:
    page = opened()
    upload(page, tmp_path)
    state = {"done": 5, "total": 18, "text": "5 of 18 files", "finished": False}
    page.route("**/progress", lambda route: route.fulfill(json=state))
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.locator("[data-progress-text]")).to_have_text("5 of 18 files")
    address = page.url
    with site.store.database.write() as session:
        session.execute(delete(SignIn))
        token = signing_in.new_organiser_link(session, datetime.now(UTC))
        session.commit()

    page.unroute("**/progress")
    expect(page.get_by_text("Sign in to see this page")).to_be_visible(timeout=20_000)
    page.goto(f"/o/{token}")
    page.get_by_role("button", name="Continue").click()

    expect(page).to_have_url(address)


def test_without_script_the_page_follows_by_itself(
    opened: Opener, site: Site, tmp_path: Path
) -> None:
    page = opened(java_script_enabled=False)
    upload(page, tmp_path)
    page.get_by_role("button", name="Import", exact=True).click()

    expect(page.get_by_role("heading", name="Importing")).to_be_visible()
    expect(page.get_by_role("heading", name="Imported export.zip")).to_be_visible(
        timeout=30_000
    )
    assert len(entries(site)) == 15


def test_a_design_is_withdrawn_and_brought_back_on_its_page(
    opened: Opener, site: Site
) -> None:
    phone = opened("phone", color_scheme="dark")
    phone.goto("/organise/acme/designs")
    phone.get_by_role("link", name="Design 2", exact=False).tap()
    phone.get_by_label("Why").fill("Not the designer's own work")
    phone.get_by_role("button", name="Withdraw design 2").tap()
    expect(phone.get_by_text("No import brings it back; you can.")).to_be_visible()
    assert entries(site) == [1, 3]
    found = Axe().run(phone)
    assert not found.violations_count, found.generate_report()

    phone.get_by_role("button", name="Bring it back").tap()

    expect(phone.get_by_role("button", name="Withdraw design 2")).to_be_visible()
    assert entries(site) == [1, 2, 3]
    expect(phone.get_by_text("Design 2 withdrawn: Not the designer")).to_be_visible()
