"""Shoot every page of the demo and every state, at three widths, in light and dark.

    python bench/screenshots.py OUT [--data DIR] [--pictures]

The demo, and the contests of tests/states.py, are staged in DIR (default: a temporary
folder) if they are not there yet. OUT gets one PNG per page, width and scheme.
--pictures also renews those in docs/pictures/.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from logovote import settings
from logovote.app import create_app
from logovote.checks import find_chromium
from logovote.demo import stage
from logovote.imaging.worker import Fence
from logovote.web.context import Site
from tests import serving, states

# Not until the network is idle: what was seen is sent every few seconds.
SETTLED_MS = 400
PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
WIDTHS = {390: 844, 768: 1024, 1440: 900}
RUNNING, DECIDED = (plan.slug for plan in stage.PLANS)
PAGES = {
    "stranger": {
        "home": "/",
        "sign-in": "/sign-in",
        "decided": f"/c/{DECIDED}/",
        "bad-link": "/i/wrong",
        "missing": "/missing",
    },
    "voter": {
        "contest": f"/c/{RUNNING}/",
        "gallery": f"/c/{RUNNING}/shortlist",
        "logo": f"/c/{RUNNING}/logo/2",
        "all": f"/c/{RUNNING}/shortlist?show=all",
        "nothing-shortlisted": f"/c/{RUNNING}/shortlist?show=shortlisted",
        "lab-small": f"/c/{RUNNING}/shortlist?show=all&lab=32",
        "lab-photo": f"/c/{RUNNING}/shortlist?show=all&lab=photo",
        "lab-tab": f"/c/{RUNNING}/shortlist?show=all&lab=tab",
        "choosing": f"/c/{RUNNING}/shortlist?show=all&choose=1",
        "compare": f"/c/{RUNNING}/compare?ids=2,4,10",
        "compare-dark": f"/c/{RUNNING}/compare?ids=2,4,10&lab=dark",
        "compare-none": f"/c/{RUNNING}/compare",
        "ballot": f"/c/{RUNNING}/ballot",
        "duels": f"/c/{DECIDED}/ranking/duels",
        "closed-ballot": f"/c/{DECIDED}/ballot",
        "not-open": f"/c/{RUNNING}/ranking",
        "no-result": f"/c/{RUNNING}/results/shortlist",
        "closed-gallery": f"/c/{DECIDED}/shortlist",
        "closed-ranking": f"/c/{DECIDED}/ranking",
        "result-shortlist": f"/c/{DECIDED}/results/shortlist",
        "result-ranking": f"/c/{DECIDED}/results/ranking",
    },
    "ann": {state.name: state.path for state in states.STATES},
    "organiser": {
        "organise": "/organise/",
        "new": "/organise/new",
        "tasks": f"/organise/{RUNNING}/",
        "designs": f"/organise/{RUNNING}/designs",
        "people": f"/organise/{RUNNING}/people",
        "round-open": f"/organise/{RUNNING}/rounds/shortlist",
        "round-next": f"/organise/{RUNNING}/rounds/ranking",
        "round-published": f"/organise/{DECIDED}/rounds/ranking",
    },
}


@contextmanager
def served(data: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Serve the demo; yields its address and the paths that sign people in."""
    chosen = settings.load(data, {})
    app = create_app(chosen)
    site: Site = app.extensions["logovote"]
    staged_before = (data / "states").exists()
    staged = stage.stage(site.store, datetime.now(UTC), lambda _done, _total: None)
    links = {
        "voter": staged.voter_link(chosen).removeprefix(chosen.base_url),
        "organiser": staged.organiser_link(chosen).removeprefix(chosen.base_url),
    }
    if not staged_before:
        with Fence() as fence:
            states.stage(site.store, data / "states", fence, datetime.now(UTC))
    links["ann"] = states.entrance(site.store)
    with serving.served(app) as address:
        yield address, links


def entered(
    browser: Browser, address: str, link: str | None, width: int, scheme: str
) -> Page:
    """Open a page of one width and scheme, signed in if there is a link for it."""
    context = browser.new_context(
        base_url=address,
        viewport={"width": width, "height": WIDTHS[width]},
        color_scheme="dark" if scheme == "dark" else "light",
        is_mobile=width < 500,
        has_touch=width < 500,
        locale="en-GB",
        timezone_id="Europe/London",
        # Only so that nothing is asked beside the page.
        service_workers="block",
    )
    page = context.new_page()
    if link:
        page.goto(link)
        page.get_by_role("button", name="Continue").click()
    return page


def shoot_all(browser: Browser, address: str, links: dict[str, str], out: Path) -> None:
    """Shoot every page in every form."""
    for who, pages in PAGES.items():
        for width in WIDTHS:
            for scheme in ("light", "dark"):
                page = entered(browser, address, links.get(who), width, scheme)
                for name, path in pages.items():
                    page.goto(path)
                    page.wait_for_timeout(SETTLED_MS)
                    page.screenshot(path=out / f"{name}-{width}-{scheme}.png")
                page.context.close()


def shoot_pictures(browser: Browser, address: str, links: dict[str, str]) -> None:
    """Renew the pictures of the documentation."""
    PICTURES.mkdir(exist_ok=True)
    page = entered(browser, address, links["voter"], 1440, "light")
    page.goto(PAGES["voter"]["gallery"], wait_until="load")
    page.screenshot(path=PICTURES / "gallery.png")
    page.goto(PAGES["voter"]["result-ranking"], wait_until="load")
    page.screenshot(path=PICTURES / "result.png")


def main() -> None:
    """Parse the arguments and shoot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--pictures", action="store_true")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    chromium = find_chromium()
    with (
        tempfile.TemporaryDirectory() as temporary,
        served(arguments.data or Path(temporary)) as (address, links),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox"]
        )
        if arguments.pictures:
            shoot_pictures(browser, address, links)
        shoot_all(browser, address, links, arguments.out)
        browser.close()


if __name__ == "__main__":
    main()
