"""Fill the disk while everybody saves, free it again, and count what is lost.

    python -m bench.diskfull [--seconds 3] [--voters 40]

The kernel refuses to let any file of the server grow. (An import that meets a full disk
is played by tests/test_jobs.py.) Exits 1 on any answer but 503 and 507, or if an
acknowledged save is lost, or if the site does not go on by itself.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.saving import history, scenarios
from tests.saving.server import invitation_paths, serving, stage
from tests.saving.voters import signed_in


def main() -> None:
    """Play it, and say what was seen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--voters", type=int, default=40)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = stage(Path(folder), arguments.voters)
        with serving(Path(folder)) as server:
            browsers = signed_in(server.url, invitation_paths(store))
            seen = scenarios.on_a_full_disk(server, browsers, arguments.seconds)
            problems = seen.errors + history.kept_wrongly(store, seen.saves)
            stuck = [v for v in seen.voters if not v.saves or not v.saves[-1].kept]
            for browser in browsers:
                browser.close()
        store.database.dispose()
    print(*problems[:10], sep="\n", end="\n" if problems else "")
    print(
        f"{len(seen.acknowledged)} saves acknowledged; while the disk was full "
        f"{dict(Counter(seen.troubles))}; {len(seen.errors)} other errors, "
        f"{len(problems) - len(seen.errors)} lost or doubled, {len(stuck)} voters stuck"
    )
    sys.exit(1 if problems or stuck or not seen.troubles else 0)


if __name__ == "__main__":
    main()
