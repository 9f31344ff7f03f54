"""Every state has a page: it says what is the matter, and everybody can use it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from logovote.imaging.worker import Fence
from logovote.settings import Settings
from logovote.store.store import Store
from tests import states


@dataclass(frozen=True)
class Staged:
    """A folder with all states, and Ann's way in."""

    folder: Path
    link: str


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory, fence: Fence) -> Staged:
    folder = tmp_path_factory.mktemp("states")
    store = Store.open(f"sqlite:///{folder / 'logovote.sqlite'}", folder / "files")
    now = datetime.now(UTC)
    states.stage(store, folder / "export", fence, now)
    link = states.entrance(store)
    store.database.dispose()
    return Staged(folder, link)


@pytest.fixture
def settings(staged: Staged, settings: Settings) -> Settings:
    """Settings of a site with these contests, copied for each test."""
    shutil.copytree(staged.folder, settings.data, dirs_exist_ok=True)
    return settings


@pytest.mark.parametrize(
    ("device", "scheme", "width"), [("phone", "dark", 320), ("laptop", "light", 1440)]
)
def test_every_state_says_so_and_axe_finds_nothing(
    staged: Staged, new_page: Callable[..., Page], device: str, scheme: str, width: int
) -> None:
    page = new_page(
        device, color_scheme=scheme, viewport={"width": width, "height": 800}
    )
    page.goto(staged.link)
    page.get_by_role("button", name="Continue").click()
    for state in states.STATES:
        page.goto(state.path)
        if page.locator("form[data-ballot]").count():
            page.locator("form[data-ready]").wait_for()
        assert state.says in page.locator("main").inner_text(), state.name
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{state.name} is {wide} px wide"
        found = Axe().run(page)
        assert not found.violations_count, f"{state.name}: {found.generate_report()}"


def test_at_the_cap_one_more_star_is_refused_in_words(
    staged: Staged, new_page: Callable[..., Page]
) -> None:
    page = new_page("phone")
    page.goto(staged.link)
    page.get_by_role("button", name="Continue").click()
    page.goto("/c/cap/shortlist")
    page.locator("form[data-ready]").wait_for()

    page.locator("#logo-5 [data-tick]").tap()

    expect(page.locator("[data-save-status]")).to_contain_text("3")
    expect(page.locator("#logo-5")).not_to_have_attribute("data-approved", "")
    assert not Axe().run(page).violations_count
