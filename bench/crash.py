"""Kill the server while everybody saves, again and again, and count what is lost.

    python -m bench.crash [--times 5] [--voters 40]

First the server alone, then all it has started. Exits 1 if an acknowledged save is lost
or doubled, or if its repetition gets another receipt.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.saving import history, scenarios
from tests.saving.server import invitation_paths, serving, stage
from tests.saving.voters import signed_in


def main() -> None:
    """Play both, and say what was seen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--voters", type=int, default=40)
    arguments = parser.parse_args()
    wrong = 0
    for everything in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            store = stage(Path(folder), arguments.voters)
            with serving(Path(folder)) as server:
                browsers = signed_in(server.url, invitation_paths(store))
                seen = scenarios.crashing(
                    server, browsers, arguments.times, everything=everything
                )
                problems = seen.errors + history.kept_wrongly(store, seen.saves)
                problems += scenarios.repeated(seen)
                unheard = history.kept(store) - len(seen.acknowledged)
                for browser in browsers:
                    browser.close()
            store.database.dispose()
        print(*problems[:10], sep="\n", end="\n" if problems else "")
        print(
            f"{'everything' if everything else 'the server'} killed "
            f"{arguments.times} times: {len(seen.acknowledged)} saves acknowledged, "
            f"{seen.lost_answers} answers lost on the way, {unheard} saves kept whose "
            f"voters gave up before they heard, {len(problems)} lost, doubled or wrong"
        )
        wrong += len(problems)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
