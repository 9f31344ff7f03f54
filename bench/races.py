"""Close a round under load, send saves many times at once, save in two tabs.

    python -m bench.races [--closes 20] [--voters 50] [--doubled 100]

Exits 1 if a save was taken after the close, a repeated one made a second ballot or got
a second receipt, or two tabs saw what no single ballot can have been.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from logovote.store.store import Store
from tests.saving import history, scenarios
from tests.saving.server import invitation_paths, serving, stage
from tests.saving.voters import Browser, signed_in

_TIMES = 8


def main() -> None:
    """Play all three, and say what was seen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--closes", type=int, default=20)
    parser.add_argument("--voters", type=int, default=50)
    parser.add_argument("--doubled", type=int, default=100)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = stage(Path(folder), arguments.doubled + arguments.voters)
        with serving(Path(folder)) as server:
            browsers = signed_in(server.url, invitation_paths(store))
            first, rest = (
                browsers[: arguments.doubled],
                browsers[arguments.doubled :],
            )
            wrong = _double(store, first) + _tabs(store, rest)
            wrong += _close(store, rest, arguments.closes)
            for browser in browsers:
                browser.close()
        store.database.dispose()
    sys.exit(1 if wrong else 0)


def _double(store: Store, browsers: list[Browser]) -> int:
    saves = scenarios.doubled(browsers, _TIMES)
    kept = history.kept(store)
    receipts = {(save.voter, save.receipt) for save in saves if save.kept}
    print(
        f"{len(browsers)} first saves, each {_TIMES} times at once: "
        f"{dict(Counter(save.status for save in saves))}, {kept} kept, "
        f"{len(receipts)} receipts"
    )
    return sum(not save.kept for save in saves) + abs(kept - len(browsers))


def _tabs(store: Store, browsers: list[Browser]) -> int:
    saves = scenarios.in_two_tabs(browsers, 20)
    problems = history.not_linear(saves) + history.kept_wrongly(store, saves)
    print(*problems[:10], sep="\n", end="\n" if problems else "")
    print(
        f"{len(browsers)} voters in two tabs: "
        f"{dict(Counter(save.status for save in saves))}, "
        f"{len(problems)} contradictions"
    )
    return len(problems)


def _close(store: Store, browsers: list[Browser], times: int) -> int:
    late = saves = 0
    for closed in scenarios.closing(store, browsers, times):
        late += closed.afterwards[0] - closed.at_close[0]
        late += closed.afterwards[1] != closed.at_close[1]
        late += len(closed.seen.errors)
        saves += len(closed.seen.acknowledged)
    print(f"closed {times} times under {saves} saves: {late} taken after the close")
    return late


if __name__ == "__main__":
    main()
