"""Watch, by strace, whether a save is on the disk before it is acknowledged.

    python -m bench.durability [--saves 50]

Then the same with `synchronous=NORMAL`, to show that this is able to see it. Exits 1 if
a save was acknowledged too early, or the second case was not seen. Needs strace.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.saving import scenarios
from tests.saving.server import AS_SHIPPED, NOT_DURABLE, serving, stage


def main() -> None:
    """Watch both, and say what was seen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--saves", type=int, default=50)
    saves = parser.parse_args().saves
    wrong = False
    for name, program, expected in (
        ("as shipped", AS_SHIPPED, 0),
        ("with synchronous=NORMAL", NOT_DURABLE, saves),
    ):
        with tempfile.TemporaryDirectory() as folder:
            data, trace = Path(folder, "data"), Path(folder, "trace")
            store = stage(data, 1)
            before = (*scenarios.TRACED, str(trace))
            with serving(data, program=program, before=before) as server:
                scenarios.one_after_the_other(server, store, saves)
            store.database.dispose()
            seen, early = scenarios.acknowledged_too_early(trace)
        print(f"{name}: of {seen} saves {early} acknowledged before they were on disk")
        wrong |= (seen, early) != (saves, expected)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
