"""Many voters save on a real server: steadily, then as fast as it goes.

    python -m bench.load [--voters 200] [--rate 100] [--seconds 40] [--total 5000]
                         [--engine postgresql] [--workers 2]

Starts `logovote run` on a folder of its own; with `--engine postgresql` a PostgreSQL
of its own, as durable as it comes, and gunicorn. The voters are one thread (see
`tests/saving/callers.py`), so that the server is what is measured. To drive a site that
runs already, give where it is, where it keeps its ballots, and its secret; its contest
must be called acme, and a shortlist round of 30 designs be open:

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
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from logovote.store.store import Store
from tests.saving import history
from tests.saving.callers import Seen, Voting, paced, saturating
from tests.saving.server import (
    Gunicorn,
    Server,
    invitation_paths,
    open_store,
    site_on,
    stage,
)
from tests.saving.voters import signed_in


def main() -> None:
    """Drive a site, and say how it held."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--voters", type=int, default=200)
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--total", type=int, default=5000)
    parser.add_argument("--url")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--database")
    parser.add_argument("--stage", type=Path)
    arguments = parser.parse_args()
    if arguments.stage:
        stage(arguments.stage, arguments.voters, arguments.database)
        return
    with _site(arguments) as (url, store, cpu):
        voters = []
        for browser in signed_in(url, invitation_paths(store)[: arguments.voters]):
            browser.close()
            voters.append(Voting(browser))
        wrong = 0
        for what, play in {
            f"{arguments.rate:g}/s": partial(
                paced, rate=arguments.rate, seconds=arguments.seconds
            ),
            "as fast as it goes": partial(saturating, total=arguments.total),
        }.items():
            for voter in voters:
                voter.forget()
            at_first = cpu()
            seen = play(url, voters)
            wrong += _told(what, store, voters, seen, cpu() - at_first)
    sys.exit(1 if wrong else 0)


@contextlib.contextmanager
def _site(
    arguments: argparse.Namespace,
) -> Iterator[tuple[str, Store, Callable[[], float]]]:
    if arguments.url:
        yield arguments.url, open_store(arguments.data, arguments.database), _unknown
        return

    def gunicorn(folder: Path, settings: Mapping[str, str]) -> Server:
        return Gunicorn(folder, workers=arguments.workers, settings=settings)

    with site_on(arguments.engine, arguments.voters, postgresql=gunicorn) as (
        store,
        server,
    ):
        yield server.url, store, server.cpu_seconds


def _unknown() -> float:
    """Stand in for the work of a server that somebody else has started."""
    return math.nan


def _told(
    what: str, store: Store, voters: Sequence[Voting], seen: Seen, cpu: float
) -> int:
    """Print one line, and return how much was wrong."""
    saves = [save for voter in voters for save in voter.saves]
    kept_wrongly = history.kept_wrongly(store, saves)
    for line in (*seen.errors[:5], *kept_wrongly[:5]):
        print(line)
    print(
        f"{what}: {len(voters)} voters, {seen.taken} saves in {seen.seconds:.0f} s "
        f"({seen.taken / seen.seconds:.0f}/s), p50 {seen.latency_ms(50):.0f} ms, "
        f"p95 {seen.latency_ms(95):.0f} ms, p99 {seen.latency_ms(99):.0f} ms, "
        f"{1000 * cpu / seen.taken:.1f} ms CPU of the server each; "
        f"{len(seen.errors)} errors, {seen.troubles} asked for patience, "
        f"{len(kept_wrongly)} lost or doubled; load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    return len(seen.errors) + len(kept_wrongly) + seen.lost


if __name__ == "__main__":
    main()
