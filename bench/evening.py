"""An evening on which everybody votes: they come, look, mark, think, come back, rank.

    python -m bench.evening [--voters 100] [--minutes 0.6]
                            [--engine sqlite] [--workers 2] [--cache] [--brief]

`--engine sqlite` is `logovote run`; `postgresql` is started from a wheel, with its own
settings, and served by gunicorn with so many workers. Everybody signs in by their
invitation (a GET, a POST), opens a gallery of 60 logos with its scripts and the
pictures of the first batch, marks some, opens a few large, sets some aside; every fifth
leaves there. The rest come back and rank 12 logos with several saves, every tenth of
them on two devices at once, whose saves meet. A browser keeps what it may keep, so it
fetches each script and picture once; with `--cache` a cache in front of the site does
so for all. Everybody saves three to six times in each round, with `--brief` one to two.

People take hours for that and think for minutes. Here all of them come within 70 % of
`--minutes`, and what each thinks is shortened to fit into the rest: so it is as many
requests, each as dear, in a fraction of the time. Exits 1 on any error, or if a save
was acknowledged that the database does not hold as it was acknowledged.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gzip
import json
import os
import random
import re
import secrets
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin
from uuid import uuid4

from sqlalchemy import select, text, update

from logovote.contest import rounds
from logovote.contest.ledger import canon
from logovote.store import migrate, models
from logovote.store.models import Derivative, Kind
from logovote.store.session import Database
from logovote.store.store import Store
from tests import services
from tests.builders import make_contest
from tests.saving.server import (
    Gunicorn,
    Server,
    invitation_paths,
    open_store,
    running,
)

GALLERY, FINAL = 60, 12
_SLUGS = "acme", "beta"
# How large pictures are in the median of a real contest (docs/BENCHMARKS.md).
PICTURE_BYTES = {"thumb": 3300, "thumb2x": 6500, "preview": 9500, "mark": 9200}
_COMING, _LEAVING, _TWO_DEVICES = 0.7, 0.2, 0.1
_ABOUT_AS_OFTEN = 14  # how often somebody thinks
_AT_LENGTH, _BRIEFLY = (3, 6), (1, 2)
_TRIES = 60

_SIZE = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
    "postgresql": "SELECT pg_database_size(current_database())",
}
_TOKEN = re.compile(r'name="csrf[-_]token" (?:content|value)="([^"]+)"')
_PARTS = re.compile(
    r'<(?:link rel="(?:stylesheet|icon)" href|script[^>]* src)="([^"]+)"'
)
_IMPORTS = re.compile(r'(?:from|import) "(\.{1,2}/[^"]+)"')
_THUMBS = re.compile(r'/media/[^"\s]+/thumb2x\.webp')
_CARDS = re.compile(r'id="logo-(\d+)" data-family="([^"]+)"')
_PREVIEW = re.compile(r'/media/[^"\s]+/preview\.webp')


@dataclass
class Evening:
    """What everybody saw, by what they asked for."""

    url: str
    pause: float
    cached_for_all: bool
    # How often anybody marks in the gallery, and saves the ranking.
    often: tuple[int, int]
    took: defaultdict[str, list[float]] = field(
        default_factory=lambda: defaultdict(list)
    )
    statuses: Counter[int] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    saves: list[dict[str, Any]] = field(default_factory=list)
    received: int = 0
    reopened: int = 0
    in_front: set[str] = field(default_factory=set)


class Window:
    """One device of a voter: a cookie, what it keeps, one connection."""

    def __init__(self, evening: Evening, rng: random.Random) -> None:
        self._evening = evening
        self._rng = rng
        self._cookie = self._token = ""
        self._kept = evening.in_front if evening.cached_for_all else set[str]()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.revs: Counter[str] = Counter()

    async def think(self, times: float = 1) -> None:
        """Look at the screen."""
        await asyncio.sleep(self._rng.expovariate(1 / (self._evening.pause * times)))

    async def sign_in(self, slug: str, invitation: str) -> None:
        """Open the invitation, press its button, and land on the contest's page."""
        page = await self.page(invitation)
        form = urlencode({"csrf_token": _found(page)})
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        await self.ask("sign-in", "POST", invitation, form, kind)
        await self.page(f"/c/{slug}/")

    async def page(self, path: str, *, pictures: int = 0, large: int = 0) -> str:
        """Open a page with all its scripts, styles and some of its pictures."""
        shown = await self.ask("page", "GET", path)
        if token := _TOKEN.search(shown):
            self._token = token[1]
        todo = _PARTS.findall(shown)
        todo += list(dict.fromkeys(_THUMBS.findall(shown)))[:pictures]
        todo += list(dict.fromkeys(_PREVIEW.findall(shown)))[:large]
        while todo:
            part = todo.pop()
            if part not in self._kept:
                self._kept.add(part)
                content = await self.ask("file", "GET", part)
                if part.endswith(".js"):
                    todo += [urljoin(part, each) for each in _imports(content)]
        return shown

    async def send(self, method: str, path: str, body: object) -> dict[str, Any]:
        """Send what a script sends, until it is answered for good."""
        kind = {"Content-Type": "application/json", "X-CSRFToken": self._token}
        name = "save" if path.endswith("/ballot") else "mark"
        answer = await self.ask(name, method, path, json.dumps(body), kind)
        found: dict[str, Any] = json.loads(answer)
        return found

    async def save(self, round_: str, items: list[Any]) -> None:
        """Save a ballot; after a conflict, once more, on top of what was saved."""
        for _ in range(5):
            body = {
                "base_rev": self.revs[round_],
                "save_id": str(uuid4()),
                "items": items,
                "nonce": secrets.token_hex(16),
            }
            answer = await self.send("PUT", f"/c/{round_}/ballot", body)
            if "code" in answer:
                self.revs[round_] = answer["rev"]
                self._evening.saves.append(body | answer)
                return
            if "current" not in answer:
                return
            self.revs[round_] = answer["current"]["rev"]
            await self.think()

    async def ask(
        self,
        name: str,
        method: str,
        path: str,
        body: str = "",
        headers: dict[str, str] | None = None,
    ) -> str:
        """Send a request, again if the site asks for patience, and time it."""
        for _ in range(_TRIES):
            began = time.perf_counter()
            status, content = await self._answer(method, path, body, headers or {})
            self._evening.took[name].append(time.perf_counter() - began)
            self._evening.statuses[status] += 1
            if status != HTTPStatus.SERVICE_UNAVAILABLE:
                break
            await asyncio.sleep(1)
        if status >= HTTPStatus.BAD_REQUEST and status != HTTPStatus.CONFLICT:
            self._evening.errors.append(f"{status} {method} {path} {content[:200]}")
        return content

    async def _answer(
        self, method: str, path: str, body: str, headers: dict[str, str]
    ) -> tuple[int, str]:
        """Send a request, on a new connection if the site has closed the old one."""
        payload = body.encode()
        lines = [f"{method} {path} HTTP/1.1", "Host: " + self._evening.url]
        lines += ["Accept-Encoding: gzip", f"Content-Length: {len(payload)}"]
        lines += [f"Cookie: {self._cookie}"] if self._cookie else []
        lines += [f"{key}: {value}" for key, value in headers.items()]
        request = "\r\n".join(lines).encode() + b"\r\n\r\n" + payload
        for last in (False, True):
            fresh = self._streams is None
            try:
                reader, writer = self._streams or await self._connect()
                writer.write(request)
                await writer.drain()
                return await self._read(reader)
            except (OSError, EOFError) as error:
                self.close()
                if fresh and last:
                    self._evening.errors.append(f"no answer: {method} {path} {error!r}")
                    raise
                self._evening.reopened += 1
        raise AssertionError("not reached")

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, _, port = self._evening.url.partition(":")
        self._streams = await asyncio.open_connection(host, int(port))
        return self._streams

    async def _read(self, reader: asyncio.StreamReader) -> tuple[int, str]:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {}
        for line in head[1:-2]:
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        content = await reader.readexactly(int(headers.get("content-length", 0)))
        self._evening.received += len(content) + sum(map(len, head))
        if "set-cookie" in headers:
            self._cookie = headers["set-cookie"].partition(";")[0]
        if headers.get("connection", "").lower() == "close":
            self.close()
        if headers.get("content-encoding") == "gzip":
            content = gzip.decompress(content)
        text_ = headers.get("content-type", "").startswith(("text/", "application/j"))
        return int(head[0].split()[1]), content.decode() if text_ else ""

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def _found(page: str) -> str:
    found = _TOKEN.search(page)
    if found is None:
        raise ValueError(f"there is no form: {page[:200]}")
    return found[1]


@cache
def _imports(script: str) -> list[str]:
    return _IMPORTS.findall(script)


async def vote(
    evening: Evening, invitations: tuple[str, str], number: int, coming: float
) -> None:
    """Spend the evening of one voter, who is invited to both contests."""
    rng = random.Random(number)
    await asyncio.sleep(rng.uniform(0, coming))
    phone = Window(evening, rng)
    shortlisting, ranking = invitations
    await phone.sign_in("acme", shortlisting)
    cards = _CARDS.findall(await phone.page("/c/acme/shortlist", pictures=24))
    approved: set[str] = set()
    for marked in range(rng.randint(*evening.often)):
        await phone.think()
        (entry, family), *others = rng.sample(cards, 6)
        seen = {"families": [family, *(other for _, other in others)]}
        await phone.send("POST", "/c/acme/seen", seen)
        approved.add(family)
        await phone.save("acme/shortlist", sorted(approved))
        if marked % 3 == 1:
            await phone.think()
            await phone.page(f"/c/acme/logo/{entry}", large=1)
            aside = f"/c/acme/marks/{others[0][1]}"
            await phone.send("PUT", aside, {"not_for_me": True})
    if rng.random() >= _LEAVING:
        await phone.think(3)
        await phone.page("/c/acme/shortlist", pictures=24)
        windows = [phone]
        if rng.random() < _TWO_DEVICES:
            windows.append(Window(evening, rng))
        for window in windows:
            await window.sign_in("beta", ranking)
        await asyncio.gather(*(rank(window, rng, evening.often) for window in windows))
        for window in windows:
            window.close()


async def rank(window: Window, rng: random.Random, often: tuple[int, int]) -> None:
    """Put the final logos into an order, step by step."""
    await window.page("/c/beta/ranking", pictures=FINAL)
    order = [[str(entry)] for entry in range(1, FINAL + 1)]
    rng.shuffle(order)
    for places in sorted(rng.sample(range(2, FINAL + 1), rng.randint(*often))):
        await window.think()
        await window.save("beta/ranking", order[:places])


def stage_evening(data: Path, voters: int, database_url: str | None) -> Store:
    """Make a contest whose gallery is open and one that is at its ranking."""
    store = open_store(data, database_url)
    now = datetime.now(UTC)
    names = {"crowd": [f"V{number}" for number in range(voters)]}
    with store.database.write() as session:
        for slug, designs, kind in zip(
            _SLUGS, (GALLERY, FINAL), (Kind.SHORTLIST, Kind.RANKING), strict=True
        ):
            contest = make_contest(
                session, now, slug=slug, designs=range(1, designs + 1), voters=names
            )
            rounds.open_round(session, contest, kind, now)
        for kind_, size in PICTURE_BYTES.items():
            digest = store.derivatives.put(secrets.token_bytes(size))
            session.execute(
                update(Derivative).where(Derivative.kind == kind_).values(digest=digest)
            )
        session.commit()
    return store


def lost(store: Store, saves: Iterable[dict[str, Any]]) -> list[str]:
    """Name every acknowledged save that is not kept as it was acknowledged."""
    wrong = []
    with store.database.read() as session:
        kept = {row.save_id: row for row in session.scalars(select(models.Save))}
        ballots = {row.id: row for row in session.scalars(select(models.Ballot))}
    for save in saves:
        row = kept.get(save["save_id"])
        if row is None or (row.rev, row.code) != (save["rev"], save["code"]):
            wrong.append(f"lost or otherwise: {save}")
        elif ballots[row.ballot_id].rev == save["rev"] and ballots[
            row.ballot_id
        ].choice != canon(save["items"]):
            wrong.append(f"says something else: {save}")
    revs = defaultdict(list)
    for row in kept.values():
        revs[row.ballot_id].append(row.rev)
    for id_, ballot in ballots.items():
        if sorted(revs[id_]) != list(range(1, ballot.rev + 1)):
            wrong.append(f"ballot {id_} is at {ballot.rev}, kept {sorted(revs[id_])}")
    return wrong


@dataclass
class Site:
    """A site that runs, and how much work it has done."""

    store: Store
    server: Server
    database_cpu: Callable[[], float]
    size: Callable[[], int]


@contextlib.contextmanager
def site_on(engine: str, voters: int, workers: int) -> Iterator[Site]:
    """Start a site with its contests."""
    with contextlib.ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if engine == "sqlite":
            store = stage_evening(data, voters, None)
            server = Server(data)
            cpu: Callable[[], float] = float
        else:
            cluster = stack.enter_context(services.cluster())
            url = cluster.url.render_as_string()
            with contextlib.closing(Database(url)) as database:
                migrate.upgrade(database)
            store = stage_evening(data, voters, url)
            settings = {"LOGOVOTE_DATABASE_URL": url}
            server = Gunicorn(data, workers=workers, settings=settings)
            cpu = cluster.cpu_seconds
        stack.callback(store.database.dispose)
        stack.enter_context(running(server))

        def size() -> int:
            with store.database.read() as session:
                found: int = session.scalar(text(_SIZE[engine]))
            return found

        yield Site(store, server, cpu, size)


def main() -> None:
    """Spend the evening, and say how it was."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--voters", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=0.6)
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cache", action="store_true")
    parser.add_argument("--brief", action="store_true")
    arguments = parser.parse_args()
    seconds = 60 * arguments.minutes
    with site_on(arguments.engine, arguments.voters, arguments.workers) as site:
        paths = list(
            zip(*(invitation_paths(site.store, slug) for slug in _SLUGS), strict=True)
        )
        before = site.server.cpu_seconds(), site.database_cpu(), site.size()
        evening = Evening(
            f"127.0.0.1:{site.server.port}",
            pause=(1 - _COMING) * seconds / _ABOUT_AS_OFTEN,
            cached_for_all=arguments.cache,
            often=_BRIEFLY if arguments.brief else _AT_LENGTH,
        )
        began, own = time.monotonic(), time.process_time()

        async def everybody() -> None:
            coming = _COMING * seconds
            await asyncio.gather(
                *(vote(evening, pair, n, coming) for n, pair in enumerate(paths))
            )

        asyncio.run(everybody())
        took, own = time.monotonic() - began, time.process_time() - own
        cpu = site.server.cpu_seconds() - before[0]
        database_cpu = site.database_cpu() - before[1]
        growth = site.size() - before[2]
        memory = most_memory(site.server.pid)
        wrong = lost(site.store, evening.saves)
    tell(arguments, evening, took, cpu, database_cpu)
    print(
        f"  {growth / arguments.voters / 1000:.1f} kB of database and "
        f"{evening.received / arguments.voters / 1000:.0f} kB sent a voter; at most "
        f"{memory} MB a process; the voters themselves took {own:.0f} s of a processor"
    )
    for line in [*evening.errors[:5], *wrong[:5]]:
        print(line)
    print(f"  {len(evening.errors)} errors, {len(wrong)} acknowledged saves lost")
    sys.exit(1 if evening.errors or wrong else 0)


def tell(
    arguments: argparse.Namespace,
    evening: Evening,
    took: float,
    cpu: float,
    database_cpu: float,
) -> None:
    """Print what everybody saw."""
    where = (
        "logovote run"
        if arguments.engine == "sqlite"
        else f"gunicorn, {arguments.workers} workers"
    )
    requests = sum(evening.statuses.values())
    print(
        f"{arguments.voters} voters on {arguments.engine} ({where}) in {took:.0f} s: "
        f"{requests} requests ({requests / took:.0f}/s), {len(evening.saves)} saves "
        f"({len(evening.saves) / took:.0f}/s); load {os.getloadavg()[0]:.1f}"
    )
    for name, times in sorted(evening.took.items()):
        middle, slow = (1000 * value for value in _percentiles(times))
        print(f"  {name}: {len(times)}, p50 {middle:.0f} ms, p99 {slow:.0f} ms")
    print(
        f"  {1000 * cpu / requests:.1f} ms of a processor a request, and "
        f"{1000 * database_cpu / requests:.1f} ms of PostgreSQL; "
        f"{evening.statuses[503]} asked for patience, "
        f"{evening.statuses[409]} conflicts, "
        f"{evening.reopened} connections opened again"
    )


def _percentiles(times: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles([*times, times[-1]], n=100)
    return cuts[49], cuts[98]


def most_memory(pid: int) -> int:
    """Return how many MB the largest process of a server had at most."""
    most = 0
    for each in (pid, *services.children(pid)):
        status = Path(f"/proc/{each}/status").read_text("ascii")
        most = max(most, int(status.partition("VmHWM:")[2].split()[0]) // 1024)
    return most


if __name__ == "__main__":
    main()
