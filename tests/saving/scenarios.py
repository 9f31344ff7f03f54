"""What may happen to a site while people vote. Each says what was seen, to be judged.

The suite plays them small (`test_scenarios.py`), `bench/` plays them large.
"""

from __future__ import annotations

import contextlib
import random
import re
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from logovote.contest import ledger, rounds
from logovote.contest.contests import contest_by_slug
from logovote.store import models
from logovote.store.models import Kind, Round
from logovote.store.store import Store
from tests.saving.server import Server, invitation_paths
from tests.saving.voters import (
    Browser,
    Save,
    Voter,
    some_items,
    together,
)


@dataclass
class Seen:
    """What voters saw while something happened."""

    voters: list[Voter]
    seconds: float = 0.0

    @property
    def saves(self) -> list[Save]:
        """Every save that was answered."""
        return [save for voter in self.voters for save in voter.saves]

    @property
    def acknowledged(self) -> list[Save]:
        """Every save that the server said it has kept."""
        return [save for save in self.saves if save.kept]

    @property
    def errors(self) -> list[str]:
        """Answers that must never be."""
        return [error for voter in self.voters for error in voter.errors]

    @property
    def troubles(self) -> list[int]:
        """Answers that asked for patience."""
        return [trouble for voter in self.voters for trouble in voter.troubles]

    @property
    def lost_answers(self) -> int:
        """How many requests were never answered."""
        return sum(voter.lost for voter in self.voters)

    def latency_ms(self, percent: int) -> float:
        """How long so many percent of the saves took at most."""
        took = sorted(save.ended - save.began for save in self.acknowledged)
        return 1000 * statistics.quantiles(took, n=100)[percent - 1]


@contextlib.contextmanager
def voting(browsers: Sequence[Browser]) -> Iterator[Seen]:
    """Let everybody save as fast as they can, until the block ends."""
    seen = Seen([Voter(browser) for browser in browsers])
    stop = threading.Event()

    def go_on(voter: Voter) -> None:
        while not stop.is_set() and not voter.closed:
            voter.save_once(stop)

    began = time.monotonic()
    with ThreadPoolExecutor(len(browsers)) as pool:
        tasks = [pool.submit(go_on, voter) for voter in seen.voters]
        try:
            yield seen
        finally:
            stop.set()
    seen.seconds = time.monotonic() - began
    for task in tasks:
        task.result()


def paced(browsers: Sequence[Browser], rate: float, seconds: float) -> Seen:
    """Let everybody save now and then: `rate` saves a second in all.

    How long a save takes is counted from when it was due, not from when it was sent.
    """
    seen = Seen([Voter(browser) for browser in browsers])
    stop = threading.Event()
    pause = len(browsers) / rate
    began = time.monotonic() + 0.5

    def now_and_then(voter: Voter) -> None:
        due = began + random.Random(voter.browser.voter).uniform(0, pause)  # noqa: S311 - repeatable
        while due < began + seconds:
            time.sleep(max(0.0, due - time.monotonic()))
            voter.save_once(stop, due)
            due += pause

    together([partial(now_and_then, voter) for voter in seen.voters])
    seen.seconds = time.monotonic() - began
    return seen


def crashing(
    browsers: Sequence[Browser], times: int, crash: Callable[[], None]
) -> Seen:
    """Let something crash again and again while everybody saves.

    It ends when everybody has saved once more since the last time, or never will.
    """
    with voting(browsers) as seen:
        for _ in range(times):
            time.sleep(0.7)
            crash()
        _wait_until(partial(_have_saved_since, seen, time.monotonic()))
    return seen


def stuck(seen: Seen) -> list[int]:
    """Name whoever could not save any more."""
    return [v.browser.voter for v in seen.voters if not v.saves or not v.saves[-1].kept]


def repeated(seen: Seen) -> list[str]:
    """Send every voter's last save once more, and name what gets another receipt."""
    wrong = []
    for voter in seen.voters:
        first = next((s for s in reversed(voter.saves) if s.kept), None)
        if first is None:
            continue
        # A connection that was idle for long may be closed by now.
        again = voter.browser.another().save(
            Save(first.voter, first.save_id, first.base_rev, first.items, 0.0)
        )
        if not again.kept or again.receipt != first.receipt:
            wrong.append(f"{first} got {again.status} {again.body}")
    return wrong


def on_a_full_disk(server: Server, browsers: Sequence[Browser], seconds: float) -> Seen:
    """Fill the disk while everybody saves, free it, and go on."""
    with voting(browsers) as seen:
        time.sleep(seconds)
        with server.full_disk():
            time.sleep(seconds)
            _wait_until(partial(_have_met_trouble, seen))
        time.sleep(seconds)
    return seen


def _have_met_trouble(seen: Seen) -> bool:
    return bool(seen.troubles)


@dataclass
class Closed:
    """One close under load: what was in the box then, and after all was quiet."""

    seen: Seen
    at_close: tuple[int, str | None]
    afterwards: tuple[int, str | None]


def closing(store: Store, browsers: Sequence[Browser], times: int) -> Iterator[Closed]:
    """Close the round while everybody saves, and open it again; so many times."""
    for _ in range(times):
        with voting(browsers) as seen:
            _wait_until(partial(_have_saved, seen))
            with store.database.write() as session:
                round_ = _round(session)
                rounds.close_round(session, round_, datetime.now(UTC))
                at_close = (_number_of_saves(session), round_.closing_root)
                session.commit()
            # Everybody hears that it is closed before they stop.
            _wait_until(partial(_have_heard, seen))
        with store.database.write() as session:
            round_ = _round(session)
            root = ledger.merkle_root(list(rounds.ballot_lines(session, round_)))
            yield Closed(seen, at_close, (_number_of_saves(session), root))
            rounds.reopen_round(session, round_)
            session.commit()


def _have_saved(seen: Seen) -> bool:
    return len(seen.acknowledged) >= len(seen.voters)


def _have_saved_since(seen: Seen, began: float) -> bool:
    return all(v.saves and v.saves[-1].ended > began for v in seen.voters)


def _have_heard(seen: Seen) -> bool:
    return all(voter.closed for voter in seen.voters)


def _wait_until(reached: Callable[[], bool]) -> None:
    """Wait, but not for good: what is judged later tells that it never came."""
    patience = time.monotonic() + 20
    while not reached() and time.monotonic() < patience:
        time.sleep(0.02)


def _round(session: Session) -> Round:
    return rounds.latest(session, contest_by_slug(session, "acme"), Kind.SHORTLIST)


def _number_of_saves(session: Session) -> int:
    return len(session.scalars(select(models.Save.id)).all())


def doubled(browsers: Sequence[Browser], times: int) -> list[Save]:
    """Let everybody send their first save so many times at once, on as many lines."""
    saves = [
        (window, Save(window.voter, f"first-of-{window.voter}", 0, ["1"], 0.0))
        for browser in browsers
        for window in [browser.another() for _ in range(times)]
    ]
    together([partial(window.save, save) for window, save in saves])
    return [save for _, save in saves]


def in_two_tabs(browsers: Sequence[Browser], saves: int) -> list[Save]:
    """Let everybody save in two windows at once, each taking over what it missed."""
    tabs = [browser.another() for browser in browsers for _ in range(2)]
    made: list[list[Save]] = [[] for _ in tabs]

    def edit(number: int) -> None:
        rng = random.Random(number)  # noqa: S311 - repeatable
        rev = 0
        for count in range(saves):
            save = Save(
                tabs[number].voter,
                f"of-tab-{number}-{count}",
                rev,
                some_items(rng),
                time.monotonic(),
            )
            tabs[number].save(save)
            made[number].append(save)
            assert save.kept or "current" in save.body, save
            rev = save.body["rev"] if save.kept else save.body["current"]["rev"]

    together([partial(edit, number) for number in range(len(tabs))])
    return [save for history in made for save in history]


def one_after_the_other(server: Server, store: Store, saves: int) -> None:
    """Let one voter save, waiting for each answer."""
    browser = Browser(server.url, invitation_paths(store)[0], 0)
    browser.sign_in()
    for rev in range(saves):
        items = ["1", str(2 + rev % 20)]
        save = Save(0, f"save-number-{rev}", rev, items, 0.0)
        assert browser.save(save).kept, save
    browser.close()


TRACED = (
    "strace",
    "--seccomp-bpf",
    *("-f", "-yy", "-s", "24", "-e", "signal=none"),
    *("-e", "trace=fdatasync,fsync,recvfrom,sendto"),
    "-o",
)
_SYNCED = re.compile(r"(?:fdatasync|fsync)\(\d+<[^>]*-wal>\) += 0")
_SYNC_BEGAN = re.compile(r"^(\d+) .*(?:fdatasync|fsync)\(\d+<[^>]*-wal> <unfinished")
_SYNC_ENDED = re.compile(r"^(\d+) .*<\.\.\. (?:fdatasync|fsync) resumed>.* = 0")


def acknowledged_too_early(trace: Path) -> tuple[int, int]:
    """Read what the kernel was asked for: who says "saved" before the disk has it?

    For the trace of a server that one voter talks to.

    Returns:
        How many saves were acknowledged, and how many of them without waiting for
        the write-ahead log to be on the disk since the save arrived.
    """
    acknowledged = early = 0
    synced = asked = False
    waiting: set[str] = set()
    for line in trace.read_text(errors="replace").splitlines():
        if '"PUT ' in line:
            asked, synced = True, False
        elif _SYNCED.search(line):
            synced = True
        elif began := _SYNC_BEGAN.match(line):
            waiting.add(began[1])
        elif (ended := _SYNC_ENDED.match(line)) and ended[1] in waiting:
            waiting.remove(ended[1])
            synced = True
        elif asked and "sendto(" in line and '"HTTP/1.1 200' in line:
            acknowledged += 1
            early += not synced
            asked = False
    return acknowledged, early
