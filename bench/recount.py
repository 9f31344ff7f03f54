"""Recounts, measured: do script, browser code and site agree, and how fast?

    python -m bench.recount [ROUNDS] [--ballots N]

Plays ROUNDS random rounds (default 1,000) through the site and recounts each bundle
with logovote/recount.py and, where Node.js is found, with static/js/recount.js. Then it
times one large round.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from logovote import recount
from logovote.contest import counting, events, rounds
from logovote.contest.bundle import bundle_of
from logovote.store.models import Ballot, Kind
from logovote.store.store import Store
from tests.builders import make_contest
from tests.random_rounds import random_bundle

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MODES = ("ballots", "ballots", "ballots", "aggregate", "auditors")


def played(folder: Path, number: int) -> list[Path]:
    """Play so many random rounds and write their bundles."""
    store = Store.open(f"sqlite:///{folder / 'site.sqlite'}", folder / "files")
    paths = []
    for seed in range(number):
        path = folder / f"{seed}.zip"
        with store.database.write() as session:
            publish = MODES[seed % len(MODES)]
            path.write_bytes(random_bundle(session, seed, NOW, publish=publish))
        paths.append(path)
    store.database.dispose()
    return paths


def large(folder: Path, kind: Kind, ballots: int) -> Path:
    """Count one round of many ballots: 211 designs to approve, or 30 to rank."""
    store = Store.open(f"sqlite:///{folder / f'{kind.value}.sqlite'}", folder / "files")
    designs = 211 if kind is Kind.SHORTLIST else 30
    rng = random.Random(kind.value)
    with store.database.write() as session:
        names = {"core": ["A"], "crowd": ["B"]}
        contest = make_contest(
            session, NOW, designs=range(1, designs + 1), voters=names
        )
        round_ = rounds.open_round(session, contest, kind, NOW)
        for number in range(ballots):
            chosen = [str(n) for n in rng.sample(range(1, designs + 1), 20)]
            items = sorted(chosen) if kind is Kind.SHORTLIST else [[c] for c in chosen]
            # As the box holds them; casting them one by one is not what is measured.
            session.add(
                Ballot(
                    round_id=round_.id,
                    choice=json.dumps(items, separators=(",", ":")),
                    saved_at=NOW,
                    group_id=1 + number % 2,
                    source=f"{number:064x}",
                )
            )
        halves = [
            {"group": group, "weight": "1", "ballots": (ballots + first) // 2}
            for first, group in ((1, "core"), (0, "crowd"))
        ]
        events.record(
            session,
            contest.id,
            "ballots.imported",
            {"round": f"{kind.value}/1", "sha256": "0" * 64, "classes": halves},
            now=NOW,
        )
        rounds.close_round(session, round_, NOW)
        counting.count_round(session, round_, now=NOW)
        path = folder / f"{kind.value}-large.zip"
        path.write_bytes(bundle_of(session, round_).data)
    store.database.dispose()
    return path


def by_browser_code(paths: list[Path]) -> list[dict[str, object]] | None:
    """Recount with the browser's code in Node.js; None without it."""
    node = shutil.which("node")
    if node is None:
        return None
    run = subprocess.run(  # noqa: S603 - our own script
        [node, str(Path(__file__).with_name("recount.mjs"))],
        input="\n".join(map(str, paths)),
        capture_output=True,
        check=True,
        text=True,
    )
    return [json.loads(line) for line in run.stdout.splitlines()]


def cpu_of_children() -> float:
    """Return the CPU seconds of all finished children."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Run it all and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rounds", nargs="?", type=int, default=1000)
    parser.add_argument("--ballots", type=int, default=2000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        paths = played(Path(name), options.rounds)
        ours = [recount.check(str(path), None) for path in paths]
        statuses = Counter(str(report["status"]) for report in ours)
        print(f"site against recount.py: {dict(statuses)}")
        texts = [recount.told(report) for report in ours]
        for what in ("set aside", "recused", "said to have drawn"):
            print(f"rounds with ballots {what}: {sum(what in text for text in texts)}")
        theirs = by_browser_code(paths)
        if theirs is None:
            print("recount.js: not run, for there is no Node.js here")
        else:
            differ = sum(
                (a["exit"], a.get("event_head")) != (b["exit"], b.get("event_head"))
                for a, b in zip(ours, theirs, strict=True)
            )
            print(f"recount.py against recount.js: {differ} of {len(ours)} disagree")
        print(f"| round of {options.ballots} ballots | bundle | recount.py | in Node |")
        print("|---|---|---|---|")
        for kind in Kind:
            path = large(Path(name), kind, options.ballots)
            start = time.process_time()
            report = recount.check(str(path), None)
            mine = time.process_time() - start
            before = cpu_of_children()
            other = by_browser_code([path])
            node = cpu_of_children() - before
            agree = other is None or other[0]["exit"] == report["exit"]
            told = str(report["status"]) + ("" if agree else ", not in Node")
            print(
                f"| {kind.value}: {told}"
                f" | {path.stat().st_size // 1024} KiB | {mine:.2f} s CPU"
                f" | {node:.2f} s CPU |"
            )


if __name__ == "__main__":
    main()
