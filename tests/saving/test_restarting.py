"""A site is restarted while people vote: who asked is answered, nothing fails."""

from __future__ import annotations

import itertools
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from logovote.store.store import Store
from logovote.web.health import DRAINING
from tests import services
from tests.conftest import sqlite_in
from tests.saving import history, scenarios
from tests.saving.server import (
    Gunicorn,
    Server,
    invitation_paths,
    open_store,
    running,
    stage,
)
from tests.saving.voters import Browser, LostError, Save, signed_in, together

# More than there are threads: some requests wait for one.
VOTERS = 24

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows ends otherwise"),
]


@pytest.fixture
def store(tmp_path: Path, empty_database: Path) -> Iterator[Store]:
    shutil.copy(empty_database, tmp_path)
    stage(tmp_path, VOTERS).database.dispose()
    store = open_store(tmp_path)
    yield store
    store.database.dispose()


def one_worker(data: Path, settings: dict[str, str] | None = None) -> Gunicorn:
    """A second one would take as long again to start."""
    return Gunicorn(data, workers=1, settings=settings)


@pytest.fixture(params=[Server, one_worker], ids=["run", "gunicorn"])
def server(
    request: pytest.FixtureRequest, tmp_path: Path, store: Store
) -> Iterator[Server]:
    with running(request.param(tmp_path)) as server:
        yield server


def test_told_to_end_a_server_answers_what_it_was_asked(
    store: Store, server: Server
) -> None:
    browsers = signed_in(server.url, invitation_paths(store))
    saves = [Save(b.voter, f"save-of-{b.voter}", 0, ["1"], 0.0) for b in browsers]
    asked = threading.Barrier(VOTERS + 1)

    def ask(browser: Browser, save: Save) -> None:
        asked.wait()
        browser.save(save)

    status = []

    def end() -> None:
        asked.wait()
        time.sleep(0.05)
        status.append(server.end())

    together([*map(partial, itertools.repeat(ask), browsers, saves), end])

    assert status == [0]
    assert [save.status for save in saves] == [200] * VOTERS
    assert history.kept_wrongly(store, saves) == []
    for browser in browsers:
        browser.close()


def test_workers_are_replaced_without_a_failed_request(
    tmp_path: Path, store: Store
) -> None:
    with running(one_worker(tmp_path)) as server:
        browsers = signed_in(server.url, invitation_paths(store)[:3])
        before = server.workers()
        with scenarios.voting(browsers) as seen:
            time.sleep(0.5)
            server.reload()
            time.sleep(0.5)
        assert not set(before) & set(server.workers())
        for browser in browsers:
            browser.close()

    nothing_failed(store, seen)


def nothing_failed(store: Store, seen: scenarios.Seen) -> None:
    assert len(seen.acknowledged) > len(seen.voters)
    assert (seen.errors, seen.troubles, seen.lost_answers) == ([], [], 0)
    assert history.kept_wrongly(store, seen.saves) == []


class Proxy:
    """Sends each request to the next server that says it is ready."""

    def __init__(self, urls: list[str]) -> None:
        self._ready = list(urls)
        self._next = itertools.count()
        self._urls = urls

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Ask all of them again and again."""
        stop = threading.Event()
        thread = threading.Thread(target=self._watch, args=[stop])
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _watch(self, stop: threading.Event) -> None:
        while not stop.wait(0.1):
            self._ready = [url for url in self._urls if _is_ready(url)]

    def until(self, ready: int) -> None:
        """Wait until so many are."""
        while len(self._ready) != ready:
            time.sleep(0.02)

    def pick(self) -> str:
        """Return the next one's address."""
        ready = self._ready
        return ready[next(self._next) % len(ready)]


def _is_ready(url: str) -> bool:
    try:
        return services.fetch(f"{url}/readyz").status == 200
    except OSError:
        return False


class ThroughProxy(Browser):
    """Whose every request is passed on, on a connection of its own."""

    def __init__(self, proxy: Proxy, invitation: str, voter: int) -> None:
        super().__init__("", invitation, voter)
        self._proxy = proxy

    def ask(
        self,
        method: str,
        path: str,
        body: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, dict[str, str], str]:
        self.close()
        self._url = self._proxy.pick()
        try:
            return super().ask(method, path, body, headers)
        except LostError as error:
            if not isinstance(error.__cause__, ConnectionRefusedError):
                raise
            return self.ask(method, path, body, headers)


def test_one_of_two_is_restarted_without_a_failed_request(
    tmp_path: Path, store: Store
) -> None:
    settings = {"LOGOVOTE_DATABASE_URL": sqlite_in(tmp_path)}
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    first, second = (one_worker(folder, settings) for folder in folders)
    with running(first), running(second):
        proxy = Proxy([first.url, second.url])
        browsers = [
            ThroughProxy(proxy, path, number)
            for number, path in enumerate(invitation_paths(store)[:3])
        ]
        together([browser.sign_in for browser in browsers])
        with proxy.watching(), scenarios.voting(browsers) as seen:
            (first.data / DRAINING).touch()
            proxy.until(ready=1)
            assert first.end() == 0
            (first.data / DRAINING).unlink()
            first.start()
            proxy.until(ready=2)
            time.sleep(0.3)
        for browser in browsers:
            browser.close()

    nothing_failed(store, seen)
