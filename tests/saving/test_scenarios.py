"""What is acknowledged is kept: a real server, and all that may happen to it.

Short forms; `bench/load.py`, `crash.py`, `durability.py`, `diskfull.py` and `races.py`
play the same for longer.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

from logovote.store.store import Store
from tests.saving import history, scenarios
from tests.saving.server import (
    Server,
    invitation_paths,
    open_store,
    serving,
    stage,
)
from tests.saving.voters import Browser, signed_in

# Some save in every test; two tests want voters who have not saved before.
VOTERS = 26
MANY, DOUBLE, TABBED = slice(10), slice(10, 18), slice(18, 26)

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows neither kills nor limits like this"
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Path:
    data = tmp_path_factory.mktemp("saving")
    shutil.copy(empty_database, data)
    stage(data, VOTERS).database.dispose()
    return data


@pytest.fixture(scope="module")
def store(data: Path) -> Iterator[Store]:
    store = open_store(data)
    yield store
    store.database.dispose()


@pytest.fixture(scope="module")
def server(data: Path, store: Store) -> Iterator[Server]:
    """One server for all: to start it takes longer than most of what is done to it."""
    with serving(data) as server:
        yield server


@pytest.fixture(scope="module")
def everybody(server: Server, store: Store) -> Iterator[list[Browser]]:
    browsers = signed_in(server.url, invitation_paths(store))
    yield browsers
    for browser in browsers:
        browser.close()


@pytest.fixture
def browsers(everybody: list[Browser]) -> list[Browser]:
    return everybody[MANY]


def test_under_load_every_save_is_kept_without_an_error(
    store: Store, browsers: list[Browser]
) -> None:
    seen = scenarios.paced(browsers, rate=30, seconds=1.5)

    assert len(seen.acknowledged) > 30
    assert (seen.errors, seen.troubles, seen.lost_answers) == ([], [], 0)
    assert history.kept_wrongly(store, seen.saves) == []


def test_a_killed_server_loses_no_acknowledged_save(
    store: Store, server: Server, browsers: list[Browser]
) -> None:
    def crash() -> None:
        server.kill(everything=True)
        server.start()

    seen = scenarios.crashing(browsers, 1, crash)

    assert seen.lost_answers > 0
    assert seen.acknowledged
    assert seen.errors == []
    assert history.kept_wrongly(store, seen.saves) == []
    assert scenarios.repeated(seen) == []


def test_a_full_disk_asks_for_patience_and_nothing_is_lost(
    store: Store, server: Server, browsers: list[Browser]
) -> None:
    seen = scenarios.on_a_full_disk(server, browsers, 0.4)

    assert seen.errors == []
    assert set(seen.troubles) <= {503, 507}
    assert seen.troubles
    assert all(voter.saves[-1].kept for voter in seen.voters)
    assert history.kept_wrongly(store, seen.saves) == []


def test_nothing_is_taken_after_the_close(
    store: Store, browsers: list[Browser]
) -> None:
    for closed in scenarios.closing(store, browsers, 2):
        assert closed.seen.errors == []
        assert closed.seen.acknowledged
        assert all(voter.closed for voter in closed.seen.voters)
        assert closed.afterwards == closed.at_close


def test_a_save_sent_many_times_at_once_is_one_save_with_one_receipt(
    store: Store, everybody: list[Browser]
) -> None:
    before = history.kept(store)

    saves = scenarios.doubled(everybody[DOUBLE], 4)

    voters = len(everybody[DOUBLE])
    assert {save.status for save in saves} == {HTTPStatus.OK}
    assert len({(save.voter, save.receipt) for save in saves}) == voters
    assert history.kept(store) - before == voters
    assert history.kept_wrongly(store, saves) == []


def test_two_tabs_never_overwrite_each_other_unseen(
    store: Store, everybody: list[Browser]
) -> None:
    saves = scenarios.in_two_tabs(everybody[TABBED], 6)

    assert {save.status for save in saves} == {HTTPStatus.OK, HTTPStatus.CONFLICT}
    assert history.not_linear(saves) == []
    assert history.kept_wrongly(store, saves) == []


def test_connections_that_say_nothing_shut_out_nobody(
    everybody: list[Browser],
) -> None:
    """Browsers keep their connections, several each, for minutes."""
    idle = [everybody[0].another() for _ in range(150)]
    for window in idle:
        window.ask("GET", "/sign-in")

    assert everybody[1].another().ask("GET", "/sign-in")[0] == HTTPStatus.OK


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_nothing_is_acknowledged_before_it_is_on_the_disk(
    tmp_path: Path, empty_database: Path
) -> None:
    shutil.copy(empty_database, tmp_path)
    store = stage(tmp_path, 1)
    trace = tmp_path / "trace"
    with serving(tmp_path, before=(*scenarios.TRACED, str(trace))) as server:
        scenarios.one_after_the_other(server, store, 20)
    store.database.dispose()

    assert scenarios.acknowledged_too_early(trace) == (20, 0)


RECEIVED = '7 recvfrom(9<TCP>, "PUT /c/acme/shortlist/ba"..., 8192) = 900'
SYNCED = "8 fdatasync(5</x/logovote.sqlite-wal>) = 0"
SYNC_BEGAN = "8 fdatasync(5</x/logovote.sqlite-wal> <unfinished ...>"
SYNC_ENDED = "8 <... fdatasync resumed>) = 0"
OTHER_FILE = "8 fdatasync(5</x/jobs.sqlite>) = 0"
SENT = '7 sendto(9<TCP>, "HTTP/1.1 200 OK\\r\\nCac"..., 700, 0, NULL, 0) = 700'


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([RECEIVED, SYNCED, SENT], (1, 0)),
        ([RECEIVED, SYNC_BEGAN, SYNC_ENDED, SENT], (1, 0)),
        ([RECEIVED, SENT, SYNCED], (1, 1)),
        ([RECEIVED, SYNC_BEGAN, SENT, SYNC_ENDED], (1, 1)),
        ([SYNCED, RECEIVED, OTHER_FILE, SENT], (1, 1)),
        ([SENT, RECEIVED, SYNCED, SENT, RECEIVED, SENT], (2, 1)),
    ],
)
def test_a_trace_tells_who_speaks_too_early(
    tmp_path: Path, lines: list[str], found: tuple[int, int]
) -> None:
    trace = tmp_path / "trace"
    trace.write_text("\n".join(lines))

    assert scenarios.acknowledged_too_early(trace) == found
