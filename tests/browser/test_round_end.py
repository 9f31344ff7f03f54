"""The end of a round in the reader's own time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from logovote.contest import invitations, rounds
from logovote.store.models import Kind
from tests.builders import SECRET, make_contest, voter_named
from tests.conftest import NOW, Site

END = datetime(2199, 12, 6, 22, 59, tzinfo=UTC)


def test_the_end_is_said_in_the_readers_zone_and_in_utc_without_script(
    site: Site, new_page: Callable[..., Page]
) -> None:
    with site.store.database.write() as session:
        contest = make_contest(
            session, NOW, designs=[1, 2, 3], voters={"core": ["Ann"]}
        )
        rounds.open_round(session, contest, Kind.SHORTLIST, NOW, until=END)
        ann = voter_named(session, contest, "Ann")
        link = f"/i/{invitations.invitation_token(SECRET, ann)}"
        session.commit()

    for zone, script, said in (
        ("Asia/Kolkata", True, "Sat, Dec 7, 2199, 04:29 AM GMT+5:30"),
        ("America/New_York", True, "Fri, Dec 6, 2199, 05:59 PM EST"),
        ("Asia/Kolkata", False, "6 December 2199, 22:59 UTC"),
    ):
        page = new_page(timezone_id=zone, locale="en-US", java_script_enabled=script)
        page.goto(link)
        page.get_by_role("button", name="Continue").click()
        for path in ("/c/acme/shortlist", "/c/acme/ballot"):
            page.goto(path)
            end = page.locator("time[datetime='2199-12-06T22:59:00Z']").first
            expect(end).to_have_text(said)
            if script:
                expect(end).to_have_attribute("title", "6 December 2199, 22:59 UTC")
