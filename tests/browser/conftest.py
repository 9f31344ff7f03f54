"""A real Chromium on a real server: `page` is a laptop, `phone` a phone.

The site under test comes from the fixture `site` of `tests/conftest.py`, of which only
`site.app` is used here: the Flask application on a data folder of its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, Protocol

import pytest
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from logovote import checks
from tests import serving

_DEVICES: dict[str, dict[str, Any]] = {
    "laptop": {"viewport": {"width": 1440, "height": 900}},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "has_touch": True,
        "is_mobile": True,
    },
}
_FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


class Site(Protocol):
    """What these fixtures ask of a site."""

    @property
    def app(self) -> Flask: ...


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for all tests; without any, they are skipped or, on demand, fail."""
    try:
        program = checks.find_chromium()
    except checks.ChecksError as error:
        pytest.fail(str(error))
    if program is None:
        _do_without("no Chromium found")
    flags = list(_FLAGS)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        flags.append("--no-sandbox")  # Chromium refuses its sandbox to root
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=program, args=flags)
        except PlaywrightError as error:
            _do_without(f"{program} does not start: {error.message.splitlines()[0]}")
        with browser:
            yield browser


def _do_without(reason: str) -> NoReturn:
    """Skip the test, or fail it where a browser is required."""
    reason += "; `logovote test` says how to get one"
    if os.environ.get(checks.REQUIRE_BROWSER):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def live_server(site: Site) -> Iterator[str]:
    """Serve the site on a free port; yields its address, without a final slash."""
    with serving.served(site.app) as address:
        yield address


@pytest.fixture
def new_page(chromium: Browser, live_server: str) -> Iterator[Callable[..., Page]]:
    """Open pages as different people: each call has its own cookies.

    `new_page()` is a laptop, `new_page("phone")` a phone; keywords such as
    `java_script_enabled` go to the browser's context. Addresses are relative to the
    site: `page.goto("/")`. At the end no page may have raised an error or run into the
    content security policy.
    """
    faults: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            faults.append(message.text)

    def open_page(device: str = "laptop", **options: Any) -> Page:
        options = _DEVICES[device] | options
        context = chromium.new_context(base_url=live_server, **options)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", note)
        return page

    yield open_page
    for context in chromium.contexts:
        context.close()
    assert not faults


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """A laptop, 1440 by 900."""
    return new_page()


@pytest.fixture
def phone(new_page: Callable[..., Page]) -> Page:
    """A phone, 390 by 844, touched by a finger."""
    return new_page("phone")
