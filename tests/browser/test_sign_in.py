"""Signing in by mail in a real browser, in the middle of voting, on two devices."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from sqlalchemy import delete

from logovote.contest import invitations, joining, notices, rounds, signing_in
from logovote.settings import Settings
from logovote.store.models import Contest, Kind, Person, SignIn
from logovote.store.store import Store
from tests.builders import SECRET, make_contest, voter_named
from tests.conftest import NOW, Site
from tests.letters import Letters, answer_all, code_in, path_in

ANN = "ann@example.org"


@pytest.fixture
def contest(settings: Settings) -> str:
    """An open shortlist round, and Ann's invitation to it."""
    store = Store.open(settings.database_url, settings.files_folder)
    with store.database.write() as session:
        acme = make_contest(
            session, NOW, designs=[1, 2, 3], voters={"core": ["Ann", "Bob"]}
        )
        rounds.open_round(session, acme, Kind.SHORTLIST, NOW)
        token = invitations.invitation_token(SECRET, voter_named(session, acme, "Ann"))
        session.commit()
    store.database.dispose()
    return f"/i/{token}"


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> Letters:
    letters = Letters()
    letters.catch(monkeypatch)
    return letters


def look(page: Page, name: str) -> None:
    """Nothing for axe, nothing beyond the edge; kept as a picture where asked for."""
    found = Axe().run(page)
    assert not found.violations_count, f"{name}: {found.generate_report()}"
    width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert width <= 0, f"{name} is {width} px too wide"
    if folder := os.environ.get("LOGOVOTE_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_signed_out_in_mid_vote_and_back_by_a_code_read_elsewhere(
    contest: str, site: Site, letters: Letters, new_page: Callable[..., Page]
) -> None:
    laptop = new_page()
    laptop.goto(contest)
    laptop.get_by_role("button", name="Continue").click()
    laptop.goto("/c/acme/shortlist?show=all")
    laptop.locator("form[data-ready]").wait_for()
    with site.store.database.write() as session:
        session.execute(delete(SignIn))
        session.commit()
    laptop.get_by_role("button", name="Shortlist logo 2", exact=True).click()
    expect(laptop.locator("[data-save-status]")).to_contain_text("nothing is lost")

    laptop.goto("/c/acme/shortlist?show=all")
    look(laptop, "sign-in")
    laptop.get_by_label("Your e-mail address").fill("Ann@Example.org")
    laptop.get_by_role("button", name="Send me a link").click()
    look(laptop, "sent")
    answer_all(site.store, site.jobs.postman)
    [letter] = letters.to(ANN)
    # On the phone, at 320 px and in the dark, the link only shows the code.
    phone = new_page(
        "phone", color_scheme="dark", viewport={"width": 320, "height": 640}
    )
    phone.goto(path_in(letter, "/m/"))
    expect(phone.get_by_text(code_in(letter))).to_be_visible()
    look(phone, "code-320-dark")

    laptop.get_by_label("The six digits").fill("000 000")
    laptop.get_by_label("The six digits").press("Enter")
    expect(laptop.get_by_role("alert")).to_be_focused()
    look(laptop, "wrong-code")
    laptop.get_by_label("The six digits").fill(code_in(letter))
    laptop.get_by_label("The six digits").press("Enter")

    expect(laptop).to_have_url("/c/acme/shortlist?show=all")
    expect(laptop.locator("[data-save-status]")).to_have_attribute(
        "data-state", "saved"
    )
    laptop.reload()
    expect(
        laptop.get_by_role("button", name="Shortlist logo 2", exact=True)
    ).to_have_attribute("aria-pressed", "true")


def test_without_script_by_the_link_and_out_everywhere(
    contest: str, site: Site, letters: Letters, new_page: Callable[..., Page]
) -> None:
    phone = new_page("phone", java_script_enabled=False)
    for _ in range(2):
        phone.goto("/sign-in")
        phone.get_by_label("Your e-mail address").fill(ANN)
        phone.get_by_role("button", name="Send me a link").click()
    answer_all(site.store, site.jobs.postman)
    phone.goto(path_in(letters.to(ANN)[0], "/m/"))
    phone.get_by_role("button", name="Continue as Ann").click()
    expect(phone).to_have_url("/c/acme/")

    phone.get_by_role("link", name="Ann").click()
    phone.get_by_role("button", name="Sign out on every device").click()

    expect(phone.get_by_text("You are signed out on every device.")).to_be_visible()


def test_the_pages_around_mail_are_reachable_for_everybody(
    contest: str, site: Site, letters: Letters, new_page: Callable[..., Page]
) -> None:
    with site.store.database.write() as session:
        acme = session.get_one(Contest, 1)
        notices.invite(session, acme, NOW)
        ann = voter_named(session, acme, "Ann")
        bob = voter_named(session, acme, "Bob")
        bob.person.email = "not an address"
        terms = joining.Terms(open=True, domains=("club.example",))
        joining.set_terms(session, acme, terms)
        zoe = Person(key="zoe@x.example", email="zoe@x.example", name="Zoe")
        session.add(zoe)
        session.flush()
        joining.ask(session, acme, zoe, NOW, note="I drew the old one", actor="system")
        key = signing_in.new_organiser_link(session, datetime.now(UTC))
        stop = f"/mail/stop/{notices.stop_token(SECRET, ann)}"
        session.commit()
    site.jobs.postman.deliver()
    phone = new_page("phone", viewport={"width": 320, "height": 640})
    phone.goto(stop)
    look(phone, "stop-320")
    phone.get_by_role("button", name="Send no more").click()
    look(phone, "stopped-320")
    for _ in range(6):
        phone.goto("/sign-in")
        phone.get_by_label("Your e-mail address").fill(ANN)
        phone.get_by_role("button", name="Send me a link").click()
    expect(phone.get_by_text("Try again at")).to_be_visible()
    look(phone, "too-many-320")
    phone.goto("/c/acme/join")
    look(phone, "join-320")

    organiser = new_page(color_scheme="dark")
    organiser.goto(f"/o/{key}")
    organiser.get_by_role("button", name="Continue").click()
    for device, width in (("laptop", 1200), ("phone", 320)):
        organiser.set_viewport_size({"width": width, "height": 800})
        organiser.goto("/organise/acme/mail")
        expect(organiser.get_by_text("cannot be written in a mail")).to_be_visible()
        look(organiser, f"mail-{device}")
        organiser.goto("/organise/acme/people")
        expect(organiser.get_by_text("I drew the old one")).to_be_visible()
        look(organiser, f"people-{device}")
