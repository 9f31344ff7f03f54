"""Voters as a server sees them: a cookie, a token, one connection, and many saves."""

from __future__ import annotations

import http.client
import json
import random
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from tests.saving.server import DESIGNS

_FIELD = re.compile(r'name="csrf_token" value="([^"]+)"')
_META = re.compile(r'name="csrf-token" content="([^"]+)"')
_BALLOT = "/c/acme/shortlist/ballot"
_TIMEOUT_SECONDS = 60


class LostError(Exception):
    """No answer came; whether the save was kept is not known."""


@dataclass
class Save:
    """One save, and what became of it."""

    voter: int
    save_id: str
    base_rev: int
    items: list[str]
    began: float
    ended: float = 0.0
    status: int = 0
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def kept(self) -> bool:
        """Whether the server has said that it was saved."""
        return self.status == HTTPStatus.OK

    @property
    def receipt(self) -> tuple[int, str, str]:
        """What the voter was told."""
        return self.body["rev"], self.body["code"], self.body["saved_at"]


class Browser:
    """One voter's window. It signs in as people do, by their invitation."""

    def __init__(self, url: str, invitation: str, voter: int) -> None:
        self.voter = voter
        self._url, self._invitation = url, invitation
        self._headers: dict[str, str] = {}
        self._connection: http.client.HTTPConnection | None = None
        self._windows: list[Browser] = []

    @property
    def headers(self) -> dict[str, str]:
        """What each request of a signed-in voter carries."""
        return self._headers

    def sign_in(self) -> None:
        """Open the link, press its button, and read the token for scripts."""
        _, headers, page = self.ask("GET", self._invitation)
        self._remember(headers)
        form = urlencode({"csrf_token": _found(_FIELD, page)})
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        status, headers, page = self.ask("POST", self._invitation, form, kind)
        assert status == HTTPStatus.SEE_OTHER, page
        self._remember(headers)
        _, headers, page = self.ask("GET", "/")
        self._remember(headers)
        self._headers["X-CSRFToken"] = _found(_META, page)

    def another(self) -> Browser:
        """Open a second window, with a connection of its own."""
        window = Browser(self._url, self._invitation, self.voter)
        window._headers = dict(self._headers)
        self._windows.append(window)
        return window

    def save(self, save: Save) -> Save:
        """Send a save; its answer is written into it.

        Raises:
            LostError: none came.
        """
        body = json.dumps(
            {
                "base_rev": save.base_rev,
                "save_id": save.save_id,
                "items": save.items,
                "nonce": f"{self.voter:032x}",
            }
        )
        status, headers, text = self.ask(
            "PUT", _BALLOT, body, {"Content-Type": "application/json"}
        )
        save.ended, save.status = time.monotonic(), status
        save.headers = headers
        try:
            save.body = json.loads(text)
        except ValueError:  # which no script of ours could read
            save.body = {"error": "no JSON", "text": text}
        return save

    def ask(
        self,
        method: str,
        path: str,
        body: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, dict[str, str], str]:
        """Send a request on the one connection, which is kept open."""
        if self._connection is None:
            parts = urlsplit(self._url)
            kind = (
                http.client.HTTPSConnection
                if parts.scheme == "https"
                else http.client.HTTPConnection
            )
            assert parts.hostname is not None
            self._connection = kind(
                parts.hostname, parts.port, timeout=_TIMEOUT_SECONDS
            )
        try:
            self._connection.request(
                method, path, body, self._headers | (headers or {})
            )
            answer = self._connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            self._connection = None
            raise LostError(method) from error
        return answer.status, dict(answer.headers), text

    def close(self) -> None:
        """Hang up, in every window."""
        while self._windows:
            self._windows.pop().close()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _remember(self, headers: dict[str, str]) -> None:
        if "Set-Cookie" in headers:
            self._headers["Cookie"] = headers["Set-Cookie"].partition(";")[0]


def _found(pattern: re.Pattern[str], page: str) -> str:
    found = pattern.search(page)
    assert found, page
    return found[1]


def signed_in(url: str, invitations: Sequence[str]) -> list[Browser]:
    """Let everybody in."""
    browsers = [Browser(url, path, n) for n, path in enumerate(invitations)]
    together([browser.sign_in for browser in browsers])
    return browsers


def together(deeds: Sequence[Callable[[], object]]) -> None:
    """Do things at the same time, a thread each; the first error is raised."""
    failed: list[BaseException] = []
    start = threading.Barrier(len(deeds))

    def do(deed: Callable[[], object]) -> None:
        try:
            start.wait()
            deed()
        except BaseException as error:  # noqa: BLE001 - raised below, in the main thread
            failed.append(error)

    threads = [threading.Thread(target=do, args=[deed]) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def some_items(rng: random.Random) -> list[str]:
    """Approve a few designs."""
    return sorted(str(n) for n in rng.sample(range(1, DESIGNS + 1), 5))


class Voter:
    """Somebody who saves again and again, and whom no error makes give up.

    Attributes:
        saves: every save that was answered, or given up when told to stop.
        troubles: answers 503 or 507, by text.
        errors: answers that must never be.
        lost: how many answers did not arrive.
    """

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.saves: list[Save] = []
        self.troubles: list[int] = []
        self.errors: list[str] = []
        self.lost = 0
        self.rev = 0
        self.closed = False
        self._rng = random.Random(browser.voter)  # noqa: S311 - repeatable

    def save_once(self, stop: threading.Event, began: float | None = None) -> None:
        """Make one save, with the same id until it is answered for good."""
        save = Save(
            self.browser.voter,
            str(uuid4()),
            self.rev,
            some_items(self._rng),
            began or time.monotonic(),
        )
        while not self._try(save) and not stop.is_set():
            time.sleep(0.1)
        if save.status:
            self.saves.append(save)

    def _try(self, save: Save) -> bool:
        """Send it; tell whether that is the end of it."""
        try:
            self.browser.save(save)
        except LostError:
            self.lost += 1
            return False
        if save.kept:
            self.rev = save.body["rev"]
        elif save.status == HTTPStatus.CONFLICT and save.body["error"] == "closed":
            self.closed = True
        elif save.status == HTTPStatus.CONFLICT:
            self.rev = save.body["current"]["rev"]
        elif save.status in {503, 507} and "Retry-After" in save.headers:
            self.troubles.append(save.status)
            return False
        else:
            self.errors.append(f"{save.status} {save.body}")
        return True
