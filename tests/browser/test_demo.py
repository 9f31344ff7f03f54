"""The budgets of a first visit, on the 211 designs of the demo."""

from __future__ import annotations

import gzip
import shutil
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from logovote.demo import stage
from logovote.settings import Settings
from logovote.store.models import Derivative
from logovote.store.store import Store
from tests.conftest import Site, settings_on

pytestmark = pytest.mark.slow

RUNNING = stage.PLANS[0].slug
DESIGNS = stage.PLANS[0].designs
JUMPS = """new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries())
      if (!entry.hadRecentInput) sum += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 300);
})"""


@dataclass(frozen=True)
class Demo:
    """A folder with the demo, and how its voter comes in."""

    folder: Path
    voter: str


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("demo")
    store = Store.open(f"sqlite:///{folder / 'logovote.sqlite'}", folder / "files")
    staged = stage.stage(store, datetime.now(UTC), lambda _done, _total: None)
    store.database.dispose()
    settings = settings_on(folder)
    link = staged.voter_link(settings).removeprefix(settings.base_url)
    return Demo(folder, link)


@pytest.fixture
def settings(demo: Demo, settings: Settings) -> Settings:
    """Settings of a site with the demo, copied for each test."""
    shutil.copytree(demo.folder, settings.data, dirs_exist_ok=True)
    return settings


def test_a_first_visit_by_phone_is_small_and_nothing_jumps(
    demo: Demo, new_page: Callable[..., Page]
) -> None:
    page = new_page("phone")
    page.goto(demo.voter)
    page.get_by_role("button", name="Continue").click()
    page.goto("about:blank")
    protocol = page.context.new_cdp_session(page)
    protocol.send("Network.enable")
    protocol.send("Network.clearBrowserCache")
    received = [0.0]
    protocol.on(
        "Network.loadingFinished",
        lambda event: received.append(event["encodedDataLength"]),
    )

    page.goto(f"/c/{RUNNING}/shortlist")

    page.locator("form[data-ready]").wait_for()
    page.wait_for_load_state("networkidle")
    assert page.locator(".card").count() > 50  # variants are one card
    assert 50_000 < sum(received) <= 250_000
    assert page.evaluate(JUMPS) <= 0.05


def test_the_page_with_all_designs_is_small(
    demo: Demo, site: Site, new_page: Callable[..., Page]
) -> None:
    page = new_page()
    page.goto(demo.voter)
    page.get_by_role("button", name="Continue").click()

    answer = page.request.get(f"/c/{RUNNING}/shortlist?show=all")

    assert len(gzip.compress(answer.body(), mtime=0)) <= 15_000


def test_thumbnails_are_small(site: Site) -> None:
    with site.store.database.read() as session:
        sizes = session.scalars(
            select(Derivative.size_bytes).where(Derivative.kind == "thumb")
        ).all()

    assert len(sizes) >= DESIGNS
    assert statistics.median(sizes) <= 12_000
    assert sum(sizes) <= 2_000_000
