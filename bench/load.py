"""Many voters save on a real server: steadily, then as fast as it goes.

    python -m bench.load [--voters 200] [--rate 100] [--seconds 40] [--total 5000]
                         [--engine postgresql] [--workers 2]

Starts `logovote run` on a folder of its own, or with `--engine postgresql` a PostgreSQL
of its own, as durable as it comes, and gunicorn. To drive a site that runs already,
another server or database among them, give where it is, where it keeps its ballots, and
its secret. Its contest must be called acme, with an open shortlist round of 30 designs:

    python -m bench.load --url https://… --data FOLDER --database postgresql+psycopg://…

(`python -m bench.load --stage FOLDER --database …` makes such a contest.) Exits 1 if a
save was lost, doubled or answered by an error.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from logovote.store import migrate
from logovote.store.session import Database
from logovote.store.store import Store
from tests import services
from tests.saving import history, scenarios
from tests.saving.scenarios import Seen
from tests.saving.server import (
    Gunicorn,
    Server,
    invitation_paths,
    open_store,
    running,
    stage,
)
from tests.saving.voters import signed_in


def main() -> None:
    """Drive a site, and say how it held."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--voters", type=int, default=200)
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--total", type=int, default=5000)
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--url")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--database")
    parser.add_argument("--stage", type=Path)
    arguments = parser.parse_args()
    if arguments.stage:
        stage(arguments.stage, arguments.voters, arguments.database)
        return
    with _site(arguments) as (url, store, cpu):
        browsers = signed_in(url, invitation_paths(store)[: arguments.voters])
        at_first = cpu()
        steady = scenarios.paced(browsers, arguments.rate, arguments.seconds)
        wrong = _told(f"{arguments.rate:g}/s steadily", store, steady, cpu() - at_first)
        at_first = cpu()
        fast = scenarios.saturated(browsers, arguments.total)
        wrong += _told("as fast as it goes", store, fast, cpu() - at_first)
        for browser in browsers:
            browser.close()
    sys.exit(1 if wrong else 0)


@contextlib.contextmanager
def _site(
    arguments: argparse.Namespace,
) -> Iterator[tuple[str, Store, Callable[[], float]]]:
    if arguments.url:
        yield arguments.url, open_store(arguments.data, arguments.database), _unknown
        return
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if arguments.engine == "sqlite":
            store = stage(folder, arguments.voters)
            server = Server(folder)
        else:
            cluster = stack.enter_context(services.cluster())
            url = cluster.url.render_as_string()
            with contextlib.closing(Database(url)) as database:
                migrate.upgrade(database)
            store = stage(folder, arguments.voters, url)
            settings = {"LOGOVOTE_DATABASE_URL": url}
            server = Gunicorn(folder, workers=arguments.workers, settings=settings)
        stack.callback(store.database.dispose)
        stack.enter_context(running(server))
        yield server.url, store, server.cpu_seconds


def _unknown() -> float:
    """Stand in for the work of a server that somebody else has started."""
    return math.nan


def _told(what: str, store: Store, seen: Seen, cpu: float) -> int:
    """Print one line, and return how much was wrong."""
    wrong = seen.errors + history.kept_wrongly(store, seen.saves)
    for line in wrong[:10]:
        print(line)
    saves = len(seen.acknowledged)
    print(
        f"{what}: {len(seen.voters)} voters, {saves} saves in {seen.seconds:.0f} s "
        f"({saves / seen.seconds:.0f}/s), p50 {seen.latency_ms(50):.0f} ms, "
        f"p95 {seen.latency_ms(95):.0f} ms, p99 {seen.latency_ms(99):.0f} ms, "
        f"{1000 * cpu / saves:.1f} ms CPU of the server each; "
        f"{len(seen.errors)} errors, {len(seen.troubles)} asked for patience, "
        f"{len(wrong) - len(seen.errors)} lost or doubled; "
        f"load {os.getloadavg()[0]:.1f}"
    )
    return len(wrong) + seen.lost_answers


if __name__ == "__main__":
    main()
