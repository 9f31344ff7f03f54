"""The audit page in a real browser: it counts again, and finds a voter's ballot."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from logovote import recount
from logovote.contest import counting, invitations, rounds
from logovote.contest.contests import contest_by_slug
from logovote.store.models import Kind
from logovote.store.store import Store
from tests.builders import (
    SECRET,
    cast,
    make_contest,
    open_shortlist,
    voter_named,
    zip_of,
)
from tests.conftest import NOW, Site
from tests.random_rounds import random_bundle
from tests.test_recount import REVIEW_TAMPERINGS, Forger, bomb, reviewed_bundle

AUDIT = "/c/acme/audit"
# Runs the page's own module over bundles, as Python does over files.
RUN = """async ([address, bundles]) => {
  const { check } = await import(address);
  const reports = [];
  for (const text of bundles) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    reports.push((await check(bytes)).report);
  }
  return reports;
}"""


@pytest.fixture
def contest(site: Site) -> str:
    """A contest with an open shortlist round; returns Ann's way in."""
    with site.store.database.write() as session:
        acme = make_contest(
            session,
            NOW,
            designs=[1, 2, 3],
            voters={"core": ["Ann", "Bob"], "crowd": ["Cleo"]},
        )
        round_ = open_shortlist(session, acme, NOW)
        cast(session, round_, "Bob", ["2"], NOW)
        link = invitations.invitation_token(SECRET, voter_named(session, acme, "Ann"))
        session.commit()
    return f"/i/{link}"


def bent(bundle: bytes) -> bytes:
    """A design less, and nothing else mended."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    standing, gone = b'"status":"standing"', b'"status":"withdrawn"'
    files["designs.json"] = files["designs.json"].replace(standing, gone, 1)
    return zip_of(files)


def decide(site: Site) -> None:
    with site.store.database.write() as session:
        acme = contest_by_slug(session, "acme")
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        rounds.close_round(session, round_, datetime.now(UTC))
        counting.count_round(session, round_)
        rounds.publish_round(session, round_)
        session.commit()


def test_a_voter_finds_their_own_ballot_and_counts_again(
    site: Site, contest: str, new_page: Callable[..., Page]
) -> None:
    ann = new_page()
    ann.goto(contest)
    ann.get_by_role("button", name="Continue").click()
    ann.goto("/c/acme/shortlist?show=all")
    ann.locator("form[data-ready]").wait_for()
    ann.locator("#logo-3 [data-tick]").first.click()
    expect(ann.locator("[data-save-status]")).to_have_attribute("data-state", "saved")
    code = ann.locator("[data-receipt-code]").inner_text()
    head = ann.locator("[data-receipt-head]").inner_text()
    decide(site)

    ann.goto(AUDIT)
    again = ann.get_by_role("button", name="Count it again here")
    again.click()
    expect(ann.get_by_text("Reproduced: your browser counted")).to_be_visible()
    expect(again).to_be_enabled()
    expect(again).to_be_focused()
    ann.get_by_label("Receipt code").fill(code)
    ann.get_by_role("button", name="Look for it").click()
    expect(ann.locator("[data-found]")).to_contain_text("in the counted set")
    expect(ann.locator("[data-found]")).to_contain_text("f3")
    ann.get_by_text("Prove that a ballot is yours alone").click()
    ann.get_by_role("button", name="Compute the tag and look").click()
    expect(ann.locator("[data-proved]")).to_contain_text("yours alone")

    expect(ann.locator(f'[id^="event-"] >> text="{head[:16]}"')).to_have_count(0)
    ann.get_by_label("Receipt code").fill("A" * 16)
    ann.get_by_role("button", name="Look for it").click()
    expect(ann.locator("[data-found]")).to_contain_text("No counted ballot")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_the_audit_page_is_for_everybody(
    site: Site,
    contest: str,
    new_page: Callable[..., Page],
    scheme: str,
    width: int,
) -> None:
    decide(site)
    page = new_page(color_scheme=scheme, viewport={"width": width, "height": 800})
    page.goto(AUDIT)
    page.get_by_role("button", name="Count it again here").click()
    expect(page.get_by_text("Reproduced: your browser counted")).to_be_visible()
    for summary in page.locator("summary").all():
        if summary.locator("..").get_attribute("open") is None:
            summary.click()

    found = Axe().run(page)

    assert found.violations_count == 0, found.generate_report()
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not page.evaluate(wide)


def test_a_bundle_that_was_bent_is_said_so(
    site: Site, contest: str, page: Page
) -> None:
    decide(site)

    def bend(route: object) -> None:
        response = route.fetch()  # type: ignore[attr-defined]
        body = response.body().replace(b'"b":["2"]', b'"b":["1"]')
        route.fulfill(response=response, body=body)  # type: ignore[attr-defined]

    page.route("**/bundles/*.zip", bend)
    page.goto(AUDIT)
    page.get_by_role("button", name="Count it again here").click()

    expect(page.get_by_text("Not reproduced: something does not fit")).to_be_visible()
    expect(page.get_by_text("ballots.json is damaged")).to_be_visible()


def test_a_bundle_too_large_for_a_browser_is_said_so(
    site: Site, contest: str, page: Page
) -> None:
    decide(site)
    large = bomb(recount.LARGEST_FILE + 1)
    page.route("**/bundles/*.zip", lambda route: route.fulfill(body=large))
    page.goto(AUDIT)
    page.get_by_role("button", name="Count it again here").click()

    expect(page.get_by_text("Not counted: the bundle is too large")).to_be_visible()
    expect(page.get_by_text("count it with recount.py")).to_be_visible()
    page.get_by_label("Receipt code").fill("A" * 16)
    page.get_by_role("button", name="Look for it").click()
    expect(page.locator("[data-found]")).to_contain_text("too large for a browser")


def test_the_browser_and_the_script_agree_on_every_round(
    site: Site, store: Store, page: Page, tmp_path: Path
) -> None:
    """A short form of bench/recount.py: whole rounds, and rounds that were bent."""
    bundles = []
    for seed in range(12):
        with store.database.write() as session:
            publish = ("ballots", "ballots", "aggregate")[seed % 3]
            bundles.append(random_bundle(session, 500 + seed, NOW, publish=publish))
    bundles += [*map(bent, bundles[:3]), *(bundle[:-40] for bundle in bundles[:2])]
    with store.database.write() as session:
        honest = reviewed_bundle(session, NOW)
    for tamper in REVIEW_TAMPERINGS.values():
        forger = Forger(honest, tmp_path / "forged.zip")
        tamper(forger.documents)
        forger.chain_again()
        forger.check()
        bundles.append(forger.path.read_bytes())
    page.goto("/")
    address = page.locator("script[type=module]").first.get_attribute("src") or ""

    theirs = page.evaluate(
        RUN,
        [
            address.rpartition("/")[0] + "/recount.js",
            [base64.b64encode(bundle).decode() for bundle in bundles],
        ],
    )

    for bundle, report in zip(bundles, theirs, strict=True):
        path = tmp_path / "bundle.zip"
        path.write_bytes(bundle)
        ours = recount.check(str(path), None)
        assert report["exit"] == ours["exit"], json.dumps([report, ours], indent=1)
        assert report.get("event_head") == ours.get("event_head")
    assert {report["exit"] for report in theirs} >= {0, 2, 3, 4}
