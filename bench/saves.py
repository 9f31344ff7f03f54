"""What a save costs beside the least it could: a bare endpoint on the same server.

    python -m bench.saves [--engine sqlite|postgresql] [--saves 2000] [--voters 16]

SQLite is served by `logovote run` (waitress); PostgreSQL, which is started from a
wheel, by gunicorn with two workers. Both endpoints (the other is in
`tests/saving/bare.py`) live in the same processes, on the same engine, and take turns,
so that what else the machine does meets both. Prints saves a second and the work of the
server for each, and ours in parts of the bare one's: 1.00 would be as fast. Exits 1 if
a save was lost or answered by an error. Takes about half a minute.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.saving import bare, history
from tests.saving.callers import Caller, Seen, Voting, put, saturating
from tests.saving.server import Gunicorn, Server, invitation_paths, site_on
from tests.saving.voters import Browser, signed_in

_TURNS = 10
_WARM = 100


class Bare(Caller):
    """A user of the bare endpoint who saves a whole ballot, again and again."""

    def __init__(self, url: str, number: int) -> None:
        super().__init__()
        browser = Browser(url, "", number)
        _, headers, _ = browser.ask("POST", f"/bare/sign-in/{1 + number}")
        browser.close()
        self._headers = {"Cookie": headers["Set-Cookie"].partition(";")[0]}
        self._count = 0

    def request(self) -> bytes:
        """Approve five logos."""
        items = [str(1 + (self._count + n) % 30) for n in range(0, 25, 5)]
        values: dict[str, object] = {"round": 1, "items": items}
        return put("/bare/ballot", self._headers, values)

    def answered(self, status: int, body: bytes) -> bool:
        """Count it."""
        self._count += 1
        if status == 200:
            self.took.append(0)
        else:
            self.errors.append(f"bare: {status} {body!r}")
        return True


class Both(Gunicorn):
    """Gunicorn with the bare endpoint beside the site."""

    def command(self) -> list[str]:
        """How it is started."""
        return [*super().command(), "tests.saving.bare:both()"]


def beside_waitress(folder: Path) -> Server:
    """Be `logovote run` with both."""
    program = "from tests.saving.bare import run_both; run_both()"
    return Server(folder, program=program)


def beside_gunicorn(folder: Path, settings: Mapping[str, str]) -> Server:
    """Be gunicorn with both."""
    return Both(folder, settings=settings)


def main() -> None:
    """Run both by turns."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--saves", type=int, default=2000)
    parser.add_argument("--voters", type=int, default=16)
    arguments = parser.parse_args()
    with site_on(
        arguments.engine,
        arguments.voters,
        sqlite=beside_waitress,
        postgresql=beside_gunicorn,
    ) as (store, server):
        bare.stage(store.database, arguments.voters)
        browsers = signed_in(server.url, invitation_paths(store))
        for browser in browsers:
            browser.close()
        ours = [Voting(browser) for browser in browsers]
        theirs = [Bare(server.url, number) for number in range(arguments.voters)]
        kinds: dict[str, Sequence[Caller]] = {"ours": ours, "bare": theirs}
        for callers in kinds.values():
            saturating(server.url, callers, _WARM)
        spent = {name: Spent() for name in kinds}
        for _ in range(_TURNS):
            for name, callers in kinds.items():
                spent[name].add(saturating, server, callers, arguments.saves // _TURNS)
        saves = [save for voter in ours for save in voter.saves]
        wrong = history.kept_wrongly(store, saves)
        wrong += [error for caller in (*ours, *theirs) for error in caller.errors]
    print(*wrong[:10], sep="\n", end="\n" if wrong else "")
    for name, each in spent.items():
        print(
            f"{name}: {each.taken} saves, {each.taken / each.seconds:.0f}/s, "
            f"{1000 * each.cpu / each.taken:.2f} ms of CPU of the server each"
        )
    mine, least = spent["ours"], spent["bare"]
    by_clock = mine.taken / mine.seconds / (least.taken / least.seconds)
    by_cpu = mine.taken / mine.cpu / (least.taken / least.cpu)
    print(
        f"{arguments.engine}: ours reaches {by_clock:.2f} of the bare one by the "
        f"clock, {by_cpu:.2f} by CPU; {len(wrong)} lost or wrong; "
        f"load {os.getloadavg()[0]:.1f}"
    )
    sys.exit(1 if wrong else 0)


class Spent:
    """What the turns of one kind took together."""

    def __init__(self) -> None:
        self.taken = 0
        self.seconds = self.cpu = 0.0

    def add(
        self,
        play: Callable[[str, Sequence[Caller], int], Seen],
        server: Server,
        callers: Sequence[Caller],
        saves: int,
    ) -> None:
        """Play a turn."""
        before, cpu = sum(len(caller.took) for caller in callers), server.cpu_seconds()
        seen = play(server.url, callers, saves)
        self.taken += seen.taken - before
        self.seconds += seen.seconds
        self.cpu += server.cpu_seconds() - cpu


if __name__ == "__main__":
    main()
