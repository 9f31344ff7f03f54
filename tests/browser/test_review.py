"""A closed round looked over in a browser without script, and for everybody to read."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from logovote.contest import quarantine, recusing, rounds, signing_in
from logovote.store import queries
from logovote.store.models import Kind
from tests.builders import cast, make_contest
from tests.conftest import Site

FAKES = [f"Fake{n}" for n in range(8)]
HONEST = [f"Real{n}" for n in range(12)]
ROUND = "/organise/acme/rounds/shortlist"


def stage(site: Site) -> str:
    """Close a round with a wave of equal ballots; return the organiser's link."""
    began = datetime.now(UTC) - timedelta(days=12)
    with site.store.database.write() as session:
        contest = make_contest(
            session,
            began,
            designs=range(1, 13),
            voters={"core": HONEST, "community": FAKES},
        )
        recusing.recuse(session, contest, "real0@example.org", "Designer 4", now=began)
        round_ = rounds.open_round(
            session, contest, Kind.SHORTLIST, began, beacon="drand quicknet 31536000"
        )
        for number, name in enumerate(HONEST):
            at = began + timedelta(hours=9 * number)
            items = [str(1 + number % 12), str(1 + (number * 5 + 3) % 12)]
            cast(session, round_, name, items, at)
        for number, name in enumerate(FAKES):
            at = began + timedelta(days=9, seconds=20 * number)
            cast(session, round_, name, ["2", "5", "7", "11"], at)
        rounds.close_round(session, round_, began + timedelta(days=10))
        ballots = queries.voter_ballots(session, round_.id, range(100))
        quarantine.set_aside(
            session, round_, [ballots[0].id], "One person under two addresses."
        )
        token = signing_in.new_organiser_link(session, datetime.now(UTC), once=False)
        session.commit()
    return f"/o/{token}"


def check(page: Page, url: str) -> None:
    """Look at a page in every way that people do."""
    for scheme, width in (("light", 1280), ("dark", 320)):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.goto(url)
        for fold in page.locator("details").all():
            fold.evaluate("fold => { fold.open = true; }")
        if folder := os.environ.get("LOGOVOTE_PICTURES"):
            name = url.strip("/").replace("/", "-")
            page.screenshot(path=Path(folder) / f"{name}-{scheme}.png", full_page=True)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{url} scrolls sideways at {width}"


def test_a_wave_is_set_aside_and_both_results_are_read(
    site: Site, new_page: Callable[..., Page]
) -> None:
    link = stage(site)
    page = new_page()
    page.goto(link)
    page.get_by_role("button", name="Continue").click()
    check(page, f"{ROUND}/review")

    plain = new_page(java_script_enabled=False)
    plain.goto(link)
    plain.get_by_role("button", name="Continue").click()
    plain.goto(f"{ROUND}/review")
    plain.get_by_text("Set these 8 aside").click()
    alike = plain.locator("details", has_text="Set these 8 aside")
    alike.get_by_label("Reason").fill("One script.")
    alike.get_by_role("button", name="Set aside").click()
    expect(plain.get_by_text("8 ballots are set aside.")).to_be_visible()
    plain.goto(ROUND)
    plain.get_by_label("What drand quicknet 31536000 drew").fill("c0" * 32)
    plain.get_by_role("button", name="Enter it").click()
    plain.get_by_role("button", name="Count", exact=True).click()
    plain.get_by_role("button", name="Publish the result").click()

    check(page, "/c/acme/results/shortlist")
    expect(page.get_by_text("9 ballots were set aside before")).to_be_visible()
    expect(page.get_by_role("heading", name="Ballots set aside")).to_be_visible()
    page.goto("/c/acme/audit")
    page.get_by_role("button", name="Count it again here").click()
    expect(page.get_by_text("Reproduced: your browser counted")).to_be_visible()
    expect(page.get_by_text("9 of them are set aside, as the log says")).to_be_visible()
    expect(page.get_by_text("The public draw: ties hang on")).to_be_visible()
