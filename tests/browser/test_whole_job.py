"""The whole job in a real browser, from an export to a ranked shortlist."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from logovote.contest import signing_in
from tests.builders import png, zip_of
from tests.conftest import Site

DESIGNS = {
    "export/#1.png": png(1),
    "export/2.png": png(2),
    "export/Entry 3 - Kaya Demir - Knot.png": png(3),
    "export/attachment_12583422": png(4),
    "export/readme.txt": b"Exported on Monday",
}
PEOPLE = "email,name,group\nann@example.org,Ann,core\nbo@example.org,Bo,community\n"


def organiser_path(site: Site) -> str:
    with site.store.database.write() as session:
        token = signing_in.new_organiser_link(session, datetime.now(UTC))
        session.commit()
    return f"/o/{token}"


def enter(page: Page, path: str) -> None:
    page.goto(path)
    page.get_by_role("button", name="Continue").click()


def test_an_export_becomes_a_ranked_shortlist(
    site: Site, new_page: Callable[..., Page], tmp_path: Path
) -> None:
    site.jobs.start()
    amir = new_page()
    enter(amir, organiser_path(site))
    start_a_contest(amir)
    import_designs(amir, tmp_path)
    links = invite(amir)
    move_round(amir, "shortlist", "Open the shortlist round")

    ann, bo = new_page(), new_page("phone")
    enter(ann, links["Ann"])
    enter(bo, links["Bo"])
    approve_by_keyboard(ann, 1, 2)
    approve_by_touch(bo, 2, 3)
    # Core holds 3/5 and community 2/5, so Phragmén elects 2 at t = 1; then logo 1 costs
    # Ann (1 + 3/5)/(3/5) = 8/3 and logo 3 costs Bo (1 + 2/5)/(2/5) = 7/2.
    move_round(amir, "shortlist", "Close and count")
    assert exported_entries(amir) == ["2", "1", "3"]

    move_round(amir, "ranking", "Open the ranking round")
    rank_by_keyboard(ann, 1, 2)
    rank_by_touch(bo, 3, 2)
    # 3/5 put 1 over 2, 1 over 3 and 2 over 3; 2/5 say the opposite; and each of the
    # three is above "none of these" on some ballot and below it on none.
    move_round(amir, "ranking", "Close and count")
    assert exported_entries(amir) == ["1", "2", "3", ""]


def start_a_contest(page: Page) -> None:
    page.get_by_role("link", name="Start a contest").click()
    page.get_by_label("Title").fill("A logo for Acme")
    page.get_by_label("Short name").fill("acme")
    page.get_by_role("button", name="Start the contest").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A logo for Acme")


def import_designs(page: Page, folder: Path) -> None:
    export = folder / "export.zip"
    export.write_bytes(zip_of(DESIGNS))
    page.goto("/organise/acme/designs")
    page.get_by_label("Choose a zip").set_input_files(export)
    page.get_by_role("button", name="Upload and look at it").click()
    expect(
        page.get_by_role("heading", name="Ready to import export.zip")
    ).to_be_visible()
    expect(page.get_by_role("heading", name="4 new")).to_be_visible()
    expect(page.get_by_role("heading", name="1 refused")).to_be_visible()
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("heading", name="Imported export.zip")).to_be_visible()
    page.get_by_role("link", name="To the designs").click()
    expect(page.get_by_role("link", name="Design 4")).to_be_visible()


def invite(page: Page) -> dict[str, str]:
    page.goto("/organise/acme/people")
    page.get_by_label("Paste a list").fill(PEOPLE)
    page.get_by_role("button", name="Add them").click()
    page.get_by_label("Share of core", exact=True).fill("3/5")
    page.get_by_label("Share of community", exact=True).fill("2/5")
    page.get_by_role("button", name="Save shares and reasons").click()
    return {
        name: urlsplit(
            page.get_by_label(f"Invitation link of {name}").input_value()
        ).path
        for name in ("Ann", "Bo")
    }


def move_round(page: Page, kind: str, button: str) -> None:
    page.goto(f"/organise/acme/rounds/{kind}")
    page.get_by_role("button", name=button).click()
    if page.get_by_role("link", name="Leave it open").is_visible():
        page.get_by_role("button", name="Close and count all the same").click()
    expect(page.get_by_role("status").first).to_contain_text(f"The {kind} round is")


def exported_entries(page: Page) -> list[str]:
    page.get_by_role("link", name="Hand on").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="as one zip").click()
    with zipfile.ZipFile(download.value.path()) as export:
        rows = csv.DictReader(
            io.StringIO(export.read("shortlist.csv").decode("utf-8-sig"))
        )
        return [row["entry"] for row in rows]


def saved(page: Page) -> None:
    expect(page.locator("[data-save-status]")).to_contain_text("Saved")


def approve_by_keyboard(page: Page, *entries: int) -> None:
    page.goto("/c/acme/shortlist")
    page.locator("form[data-ready]").wait_for()
    for entry in entries:
        tab_to(page, f"Shortlist logo {entry}")
        page.keyboard.press("Space")
    saved(page)
    expect(page.locator("[data-count]").first).to_have_text(str(len(entries)))


def approve_by_touch(page: Page, *entries: int) -> None:
    page.goto("/c/acme/shortlist")
    page.locator("form[data-ready]").wait_for()
    for entry in entries:
        page.get_by_role("button", name=f"Shortlist logo {entry}").tap()
    saved(page)


def rank_by_keyboard(page: Page, *entries: int) -> None:
    page.goto("/c/acme/ranking")
    page.locator("form[data-ready]").wait_for()
    # In the wrong order first, to move them with the keys of the list.
    for entry in reversed(entries):
        tab_to(page, f"Rank logo {entry}")
        page.keyboard.press("Enter")
    tab_to(page, f"Move logo {entries[0]} up")
    page.keyboard.press("Alt+ArrowUp")
    saved(page)
    assert ranked(page) == [str(entry) for entry in entries]


def rank_by_touch(page: Page, *entries: int) -> None:
    page.goto("/c/acme/ranking")
    page.locator("form[data-ready]").wait_for()
    for entry in entries:
        page.get_by_role("button", name=f"Rank logo {entry}").tap()
    saved(page)
    assert ranked(page) == [str(entry) for entry in entries]


def ranked(page: Page) -> list[str]:
    rows = page.locator("[data-ranked] > [data-id]")
    return [row.get_attribute("data-id") or "" for row in rows.all()]


def tab_to(page: Page, name: str) -> None:
    """Press Tab until a button of this name has the focus, as a keyboard user does."""
    page.evaluate("document.activeElement?.blur(); window.getSelection()?.empty()")
    page.locator("main").focus()
    for _ in range(200):
        page.keyboard.press("Tab")
        text = page.evaluate(
            "document.activeElement.getAttribute('aria-label')"
            " || document.activeElement.textContent.trim().replace(/\\s+/g, ' ')"
        )
        if text == name:
            return
    raise AssertionError(f"Tab never reaches “{name}”")
