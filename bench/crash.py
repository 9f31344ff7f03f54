"""Kill the site while everybody saves, again and again, and count what is lost.

    python -m bench.crash [--engine sqlite] [--times 5] [--voters 40]

On SQLite first the server alone, then all it has started. With `--engine postgresql`,
which is started from a wheel and served by gunicorn: a worker, all workers and their
master, the whole of PostgreSQL, its first process alone, and one that serves a
connection. Exits 1 if an acknowledged save is lost or doubled, if its repetition gets
another receipt, if there was any error but 503, or if anybody could not go on.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from logovote.store import migrate
from logovote.store.session import Database
from logovote.store.store import Store
from tests import services
from tests.saving import history, scenarios
from tests.saving.server import (
    Gunicorn,
    Server,
    invitation_paths,
    running,
    serving,
    stage,
)
from tests.saving.voters import signed_in

_DOWN_SECONDS = 0.5


def main() -> None:
    """Play them all, and say what was seen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--voters", type=int, default=40)
    arguments = parser.parse_args()
    site = on_sqlite if arguments.engine == "sqlite" else on_postgresql
    wrong = 0
    with site(arguments.voters) as (store, server, crashes):
        for name, crash in crashes.items():
            wrong += _played(name, crash, store, server, arguments.times)
    sys.exit(1 if wrong else 0)


Crashes = dict[str, Callable[[], None]]


@contextlib.contextmanager
def on_sqlite(voters: int) -> Iterator[tuple[Store, Server, Crashes]]:
    """Lend a site on SQLite, served by itself, and what may happen to it."""
    with tempfile.TemporaryDirectory() as folder:
        store = stage(Path(folder), voters)
        with serving(Path(folder)) as server:

            def alone() -> None:
                server.kill(everything=False)
                server.start()

            def all_of_it() -> None:
                server.kill(everything=True)
                server.start()

            yield store, server, {"the server": alone, "all it started": all_of_it}
        store.database.dispose()


@contextlib.contextmanager
def on_postgresql(voters: int) -> Iterator[tuple[Store, Server, Crashes]]:
    """Lend a site on PostgreSQL, served by gunicorn, and what may happen to it."""
    with services.cluster() as cluster, tempfile.TemporaryDirectory() as folder:
        url = cluster.url.render_as_string()
        with contextlib.closing(Database(url)) as database:
            migrate.upgrade(database)
        store = stage(Path(folder), voters, url)
        server = Gunicorn(Path(folder), settings={"LOGOVOTE_DATABASE_URL": url})
        with running(server):

            def worker() -> None:
                server.kill_worker(random.choice(server.workers()))

            def workers() -> None:
                server.kill(everything=True)
                server.start()

            def database_of(kill: Callable[[], None]) -> Callable[[], None]:
                def crash() -> None:
                    kill()
                    time.sleep(_DOWN_SECONDS)
                    cluster.start()

                return crash

            yield (
                store,
                server,
                {
                    "a worker": worker,
                    "all workers and their master": workers,
                    "PostgreSQL": database_of(cluster.kill),
                    "its first process": database_of(cluster.kill_postmaster),
                    "one of its connections": cluster.kill_backend,
                },
            )
        store.database.dispose()


def _played(
    name: str, crash: Callable[[], None], store: Store, server: Server, times: int
) -> int:
    """Play one crash, print one line, and return how much was wrong."""
    browsers = signed_in(server.url, invitation_paths(store))
    before = history.kept(store)
    seen = scenarios.crashing(browsers, times, crash)
    unheard = history.kept(store) - before - len(seen.acknowledged)
    problems = seen.errors + history.kept_wrongly(store, seen.saves)
    problems += scenarios.repeated(seen)
    stuck = scenarios.stuck(seen)
    for browser in browsers:
        browser.close()
    print(*problems[:10], sep="\n", end="\n" if problems else "")
    print(
        f"{name} killed {times} times: {len(seen.acknowledged)} saves acknowledged, "
        f"{len(seen.troubles)} asked for patience, {seen.lost_answers} answers lost on "
        f"the way, {unheard} saves kept whose voters gave up before they heard, "
        f"{len(problems)} lost, doubled or wrong, {len(stuck)} voters stuck",
        flush=True,
    )
    return len(problems) + len(stuck)


if __name__ == "__main__":
    main()
