"""Many voters on one thread, so that a server on the same machine has the rest of it.

A thread for each, as `tests/saving` plays them, takes as much work as the server does.
"""

from __future__ import annotations

import heapq
import json
import random
import selectors
import socket
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from tests.saving.voters import Browser, Save, some_items

_PATIENCE_SECONDS = 60
_PAUSE_SECONDS = 0.1
_HEAD_END = b"\r\n\r\n"


class Caller:
    """Somebody who sends one request after the other, and waits for each answer.

    Attributes:
        due: when the next request is to be sent.
        took: how long each answer that pleased took since it was due, in seconds.
        errors: answers that must never be.
        troubles: how many asked for patience.
        lost: how many answers did not arrive.
    """

    def __init__(self) -> None:
        self.due = 0.0
        self.took: list[float] = []
        self.errors: list[str] = []
        self.troubles = 0
        self.lost = 0

    def forget(self) -> None:
        """Begin anew to count."""
        self.took, self.errors, self.troubles, self.lost = [], [], 0, 0

    def request(self) -> bytes:
        """Return what is sent next, or again."""
        raise NotImplementedError

    def answered(self, status: int, body: bytes) -> bool:
        """Take the answer; tell whether that was the end of this request."""
        raise NotImplementedError


class Voting(Caller):
    """A voter of the site who saves a whole ballot, again and again.

    Attributes:
        browser: who is signed in.
        saves: every save that was answered for good.
    """

    def __init__(self, browser: Browser) -> None:
        super().__init__()
        self.browser = browser
        self.saves: list[Save] = []
        self._rev = 0
        self._rng = random.Random(browser.voter)  # noqa: S311 - repeatable
        self._save: Save | None = None
        self._sent = b""

    def request(self) -> bytes:
        """Make up another ballot, unless the last was not answered for good."""
        if self._save is None:
            save_id = f"{self.browser.voter:08d}-{self._rng.getrandbits(64):016x}"
            items = some_items(self._rng)
            self._save = Save(self.browser.voter, save_id, self._rev, items, self.due)
            self._sent = put(
                "/c/acme/shortlist/ballot",
                self.browser.headers,
                {
                    "base_rev": self._rev,
                    "save_id": save_id,
                    "items": items,
                    "nonce": f"{self.browser.voter:032x}",
                },
            )
        return self._sent

    def answered(self, status: int, body: bytes) -> bool:
        """Note what became of the save."""
        assert self._save is not None
        if status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.INSUFFICIENT_STORAGE}:
            return False
        save, self._save = self._save, None
        save.status, save.ended, save.body = status, time.monotonic(), json.loads(body)
        self.saves.append(save)
        if save.kept:
            self._rev = save.body["rev"]
            self.took.append(save.ended - save.began)
        else:
            self.errors.append(f"{status} {save.body}")
        return True


def put(path: str, headers: dict[str, str], values: dict[str, object]) -> bytes:
    """Write a request as a browser sends it."""
    body = json.dumps(values, separators=(",", ":")).encode()
    lines = [
        f"PUT {path} HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + _HEAD_END + body


@dataclass
class Seen:
    """What callers saw.

    Attributes:
        callers: who they were.
        seconds: how long it took.
    """

    callers: Sequence[Caller]
    seconds: float

    @property
    def taken(self) -> int:
        """How many requests were answered as they should be."""
        return sum(len(caller.took) for caller in self.callers)

    @property
    def errors(self) -> list[str]:
        """Answers that must never be."""
        return [error for caller in self.callers for error in caller.errors]

    @property
    def troubles(self) -> int:
        """How many answers asked for patience."""
        return sum(caller.troubles for caller in self.callers)

    @property
    def lost(self) -> int:
        """How many answers did not arrive."""
        return sum(caller.lost for caller in self.callers)

    def latency_ms(self, percent: int) -> float:
        """How long so many percent of the answers took at most."""
        took = [seconds for caller in self.callers for seconds in caller.took]
        return 1000 * statistics.quantiles(took, n=100)[percent - 1]


def saturating(url: str, callers: Sequence[Caller], total: int) -> Seen:
    """Let everybody call as fast as they can, until there are so many answers."""
    began = time.monotonic()
    for caller in callers:
        caller.due = began
    return _play(url, callers, began, lambda taken, _now: taken < total, lambda _due: 0)


def paced(url: str, callers: Sequence[Caller], rate: float, seconds: float) -> Seen:
    """Let everybody call now and then: `rate` calls a second in all.

    How long an answer takes is counted from when the call was due.
    """
    began, pause = time.monotonic(), len(callers) / rate
    for number, caller in enumerate(callers):
        caller.due = began + pause * random.Random(number).random()  # noqa: S311 - no secret
    return _play(
        url,
        callers,
        began,
        lambda _taken, now: now < began + seconds,
        lambda due: due + pause,
    )


def _play(
    url: str,
    callers: Sequence[Caller],
    began: float,
    goes_on: Callable[[int, float], bool],
    next_due: Callable[[float], float],
) -> Seen:
    """Send what is due and take what comes, until it ends and all is answered."""
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or 80)
    lines = [_Line(caller, address) for caller in callers]
    waiting = [(line.caller.due, number) for number, line in enumerate(lines)]
    heapq.heapify(waiting)
    taken = asked = 0
    with selectors.DefaultSelector() as selector:
        while asked or waiting:
            now = time.monotonic()
            if not goes_on(taken + asked, now):
                # Only what has been begun is brought to its end.
                waiting = [each for each in waiting if lines[each[1]].begun]
                heapq.heapify(waiting)
            while waiting and waiting[0][0] <= now:
                _, number = heapq.heappop(waiting)
                lines[number].send()
                selector.register(lines[number].socket, selectors.EVENT_READ, number)
                asked += 1
                if not goes_on(taken + asked, now):
                    break
            pause = max(0.0, waiting[0][0] - now) if waiting else _PATIENCE_SECONDS
            for key, _ in selector.select(pause if asked else min(pause, 0.05)):
                line = lines[key.data]
                if (done := line.receive()) is None:
                    continue
                selector.unregister(key.fileobj)
                asked -= 1
                taken += done
                caller = line.caller
                if done:
                    caller.due = next_due(caller.due) or time.monotonic()
                again = caller.due if done else time.monotonic() + _PAUSE_SECONDS
                heapq.heappush(waiting, (again, key.data))
    for line in lines:
        line.socket.close()
    return Seen(callers, time.monotonic() - began)


class _Line:
    """A caller's connection, which is kept open."""

    def __init__(self, caller: Caller, address: tuple[str, int]) -> None:
        self.caller = caller
        self.begun = False
        self._address = address
        self._connect()

    def _connect(self) -> None:
        self.socket = socket.create_connection(self._address, _PATIENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer, self._hung_up = b"", False

    def send(self) -> None:
        """Send the next request."""
        if self._hung_up:
            self.socket.close()
            self._connect()
        self.begun = True
        self.socket.sendall(self.caller.request())

    def receive(self) -> bool | None:
        """Read on; None if the answer goes on, else whether it ended the request."""
        try:
            read = self.socket.recv(65536)
        except OSError:
            read = b""
        if not read:
            self.caller.lost += 1
            self._hung_up = True
            return False
        self._buffer += read
        head, found, body = self._buffer.partition(_HEAD_END)
        if not found:
            return None
        length = int(head.lower().partition(b"\r\ncontent-length:")[2].split()[0])
        if len(body) < length:
            return None
        self._buffer = b""
        done = self.caller.answered(int(head[9:12]), body[:length])
        if done:
            self.begun = False
        else:
            self.caller.troubles += 1
        self._hung_up = b"\r\nconnection: close" in head.lower()
        return done
