"""The front page in a real browser, on both kinds of device."""

from __future__ import annotations

from playwright.sync_api import Page


def test_the_front_page_says_what_this_is(page: Page) -> None:
    page.goto("/")
    assert page.get_by_role("heading", level=1).is_visible()


def test_the_front_page_fits_a_phone(phone: Page) -> None:
    phone.goto("/")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    assert phone.evaluate("navigator.maxTouchPoints") > 0
