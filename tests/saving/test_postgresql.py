"""What is acknowledged is kept, on PostgreSQL and gunicorn: whoever is killed.

Short forms; `bench/crash.py --engine postgresql` plays the same for longer.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from logovote.imaging.picture import SPECS_VERSION
from logovote.store import migrate
from logovote.store.session import Database
from logovote.store.store import Store
from tests import services
from tests.saving import history, scenarios
from tests.saving.server import Gunicorn, invitation_paths, running, stage
from tests.saving.voters import Browser, signed_in

VOTERS = 12
# Each page asks the database in its own way: for a person, a contest, a picture.
PAGES = (
    *("/", "/sign-in", "/c/acme/", "/c/acme/shortlist", "/readyz"),
    f"/media/{SPECS_VERSION}/0123456789abcdef/thumb.webp",
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows kills otherwise"),
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[services.Cluster]:
    with services.cluster() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def store(
    cluster: services.Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    url = cluster.url.render_as_string()
    database = Database(url)
    migrate.upgrade(database)
    database.dispose()
    store = stage(tmp_path_factory.mktemp("saving"), VOTERS, url)
    yield store
    store.database.dispose()


@pytest.fixture(scope="module")
def server(
    cluster: services.Cluster, store: Store, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gunicorn]:
    settings = {"LOGOVOTE_DATABASE_URL": cluster.url.render_as_string()}
    server = Gunicorn(tmp_path_factory.mktemp("gunicorn"), settings=settings)
    with running(server):
        yield server


@pytest.fixture(scope="module")
def browsers(server: Gunicorn, store: Store) -> Iterator[list[Browser]]:
    browsers = signed_in(server.url, invitation_paths(store))
    yield browsers
    for browser in browsers:
        browser.close()


def nothing_is_lost(store: Store, seen: scenarios.Seen) -> None:
    assert len(seen.acknowledged) > VOTERS
    assert seen.errors == []
    assert scenarios.stuck(seen) == []
    assert history.kept_wrongly(store, seen.saves) == []
    assert scenarios.repeated(seen) == []


def test_a_killed_worker_loses_no_acknowledged_save(
    store: Store, server: Gunicorn, browsers: list[Browser]
) -> None:
    workers = server.workers()

    seen = scenarios.crashing(browsers, 2, lambda: server.kill_worker(workers.pop()))

    assert seen.lost_answers > 0
    nothing_is_lost(store, seen)


def test_killed_workers_and_their_master_lose_no_acknowledged_save(
    store: Store, server: Gunicorn, browsers: list[Browser]
) -> None:
    def crash() -> None:
        server.kill(everything=True)
        server.start()

    seen = scenarios.crashing(browsers, 1, crash)

    assert seen.lost_answers > 0
    nothing_is_lost(store, seen)


@pytest.mark.parametrize("what", ["everything", "postmaster", "backend"])
def test_a_killed_database_is_503_and_loses_no_acknowledged_save(
    cluster: services.Cluster,
    store: Store,
    browsers: list[Browser],
    what: str,
) -> None:
    window = browsers[0].another()
    answers = {}

    def crash() -> None:
        if what == "backend":
            cluster.kill_backend()
            return
        if what == "everything":
            cluster.kill()
        else:
            cluster.kill_postmaster()
        for page in PAGES:
            answers[page] = window.ask("GET", page)
        cluster.start()

    seen = scenarios.crashing(browsers, 1, crash)

    for page, (status, headers, text) in answers.items():
        assert (page, status, headers.get("Retry-After")) == (page, 503, "1")
        assert "Busy for a moment" in text or page == "/readyz"
    if what != "backend":  # which starts over at once
        assert set(seen.troubles) == {503}
    assert seen.lost_answers == 0
    nothing_is_lost(store, seen)
    window = browsers[0].another()
    assert window.ask("GET", "/c/acme/shortlist")[0] == 200
