"""How fast the voter's pages are, as on a phone: the times of the interface's budget.

    python bench/gallery.py EXPORT [--data DIR] [--designs 400]

EXPORT is a folder or zip of designs, as `logovote import` takes it. It is imported into
DIR (default: a temporary folder), and its designs are hung again
and again until there are --designs of them, each a family of its own. Throttled by the
DevTools protocol: a processor four times slower, 1.6 Mbit/s, 150 ms.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright
from sqlalchemy import select
from sqlalchemy.orm import Session

from logovote import settings
from logovote.app import create_app
from logovote.checks import find_chromium
from logovote.contest import contests, intake, invitations, people, rounds
from logovote.imaging.worker import Fence
from logovote.ingest.reading import read_entries
from logovote.store.models import Contest, Kind, Submission, Version, Voter
from logovote.store.store import Store
from logovote.web.context import Site
from tests import serving

PHONE: dict[str, Any] = {
    "viewport": {"width": 412, "height": 839},
    "device_scale_factor": 2.625,
    "is_mobile": True,
    "has_touch": True,
}
NETWORK = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1.6e6 / 8,
    "uploadThroughput": 0.75e6 / 8,
}
SLOWER = 4
AS_SENT, MANY = "as-sent", "many"
PEOPLE = b"email,name,group\nann@example.org,Ann,core\n"

LARGEST_PAINT = """new Promise((done) => new PerformanceObserver((list) =>
  done(list.getEntries().at(-1).startTime)
).observe({ type: "largest-contentful-paint", buffered: true }))"""
JUMPS = """new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries())
      if (!entry.hadRecentInput) sum += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 200);
})"""
# From the tap as the browser saw it to the frame after the one that shows the star.
TO_PAINT = """new Promise((done) => {
  const star = Array.from(document.querySelectorAll(
    '.card:not([hidden]) .tick:not(.aside)[aria-pressed="false"]'))[%d];
  star.addEventListener("click", (event) => {
    requestAnimationFrame(() => setTimeout(() =>
      done(performance.now() - event.timeStamp)));
  }, { once: true });
  star.click();
})"""
TO_NEXT = """new Promise((done) => {
  const began = performance.now();
  const heading = document.querySelector("h1").textContent;
  document.querySelector('[data-go="next"]').click();
  const look = () => {
    const image = document.querySelector("[data-stage] img");
    if (document.querySelector("h1").textContent !== heading && image.complete)
      done(performance.now() - began);
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})"""
SCROLL = """new Promise((done) => {
  let longest = 0;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
  }).observe({ type: "longtask" });
  const step = () => {
    const before = scrollY;
    scrollBy(0, 120);
    if (scrollY > before) requestAnimationFrame(step);
    else setTimeout(() => done(longest), 500);
  };
  requestAnimationFrame(step);
})"""


def hang(store: Store, export: Path, designs: int, secret: str) -> dict[str, str]:
    """Make both contests; returns the path that signs Ann in to each."""
    now = datetime.now(UTC)
    with store.database.write() as session:
        contest_id = _contest(session, AS_SENT, now).id
        session.commit()
    with read_entries(export) as reading, Fence() as fence:
        intake.import_designs(store, contest_id, reading, fence, now=now)
    links = {}
    with store.database.write() as session:
        sent = session.get_one(Contest, contest_id)
        many = _contest(session, MANY, now)
        _repeat(session, sent, many, designs, now)
        for contest in (sent, many):
            rounds.open_round(session, contest, Kind.SHORTLIST, now)
            ann = session.scalars(
                select(Voter).where(Voter.contest_id == contest.id)
            ).one()
            links[contest.slug] = f"/i/{invitations.invitation_token(secret, ann)}"
        session.commit()
    return links


def _contest(session: Session, slug: str, now: datetime) -> Contest:
    contest = contests.new_contest(
        session, slug, title="A logo", status_quo="Keep the old one", now=now
    )
    people.import_people(session, contest, people.read_people(PEOPLE))
    session.flush()
    return contest


def _repeat(
    session: Session, sent: Contest, many: Contest, designs: int, now: datetime
) -> None:
    """Hang the designs of one contest in another, until there are enough."""
    digests = session.scalars(
        select(Submission.digest).where(Submission.contest_id == sent.id)
    ).all()
    for entry in range(1, designs + 1):
        digest = digests[entry % len(digests)]
        submission = Submission(
            contest_id=many.id,
            entry=entry,
            designer="",
            title="",
            digest=digest,
            file=f"{entry}.png",
        )
        session.add(submission)
        session.flush()
        session.add(
            Version(
                submission_id=submission.id,
                number=1,
                digest=digest,
                file=submission.file,
                created_at=now,
            )
        )


@contextmanager
def served(
    data: Path, export: Path, designs: int
) -> Iterator[tuple[str, dict[str, str]]]:
    """Serve both contests; yields the address and the paths that sign Ann in."""
    chosen = settings.load(data, {})
    app = create_app(chosen)
    site: Site = app.extensions["logovote"]
    links = hang(site.store, export, designs, chosen.secret_key)
    with serving.served(app) as address:
        yield address, links


def phone(browser: Browser, address: str, link: str) -> tuple[Page, CDPSession]:
    """Sign Ann in on a phone, which is then slowed down."""
    page = browser.new_context(base_url=address, **PHONE).new_page()
    page.goto(link)
    page.get_by_role("button", name="Continue").click()
    page.goto("about:blank")
    protocol = page.context.new_cdp_session(page)
    protocol.send("Network.enable")
    protocol.send("Network.clearBrowserCache")
    protocol.send("Network.emulateNetworkConditions", NETWORK)
    protocol.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    return page, protocol


def measure(browser: Browser, address: str, links: dict[str, str]) -> None:
    """Print every figure beside its budget."""
    page, protocol = phone(browser, address, links[AS_SENT])
    received = [0]
    protocol.on(
        "Network.loadingFinished",
        lambda event: received.append(event["encodedDataLength"]),
    )
    page.goto(f"/c/{AS_SENT}/shortlist")
    page.locator("form[data-ready]").wait_for()
    page.wait_for_timeout(1500)
    say("first view", sum(received) / 1000, "kB", 250)
    say("largest paint (LCP)", page.evaluate(LARGEST_PAINT) / 1000, "s", 1.8)
    say("jumps (CLS)", page.evaluate(JUMPS), "", 0.05)
    marks = [page.evaluate(TO_PAINT % 0) for _ in range(9)]
    say("mark to painted, median", statistics.median(marks), "ms", 50)

    page.get_by_role("link", name="One by one").click()
    page.locator("form[data-ready]").wait_for()
    steps = []
    for _ in range(6):
        page.wait_for_timeout(2500)  # somebody looks at it
        steps.append(page.evaluate(TO_NEXT))
    say("next logo, median", statistics.median(steps), "ms", 100)
    page.context.close()

    page, _ = phone(browser, address, links[MANY])
    page.goto(f"/c/{MANY}/shortlist?show=all")
    page.locator("form[data-ready]").wait_for()
    page.wait_for_timeout(1500)
    cards = page.locator(".card").count()
    marks = [page.evaluate(TO_PAINT % 0) for _ in range(9)]
    say(f"mark to painted, {cards} designs", statistics.median(marks), "ms", 50)
    longest = page.evaluate(SCROLL)
    say(f"longest task, scrolling {cards} designs", longest, "ms", 100)
    page.context.close()


def say(what: str, value: float, unit: str, budget: float) -> None:
    """Print one figure, and whether it keeps to its budget."""
    verdict = "within" if value <= budget else "OVER"
    print(f"{what:42} {value:9.2f} {unit:3} {verdict} {budget:g}", flush=True)


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("export", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--designs", type=int, default=400)
    arguments = parser.parse_args()
    chromium = find_chromium()  # asks Playwright, which is not asked twice at once
    with (
        tempfile.TemporaryDirectory() as temporary,
        served(
            arguments.data or Path(temporary), arguments.export, arguments.designs
        ) as (address, links),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox"]
        )
        measure(browser, address, links)
        browser.close()


if __name__ == "__main__":
    main()
