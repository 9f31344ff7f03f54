"""A site in a process of its own, with a contest, that can be killed and limited."""

from __future__ import annotations

import contextlib
import http.client
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

from logovote.contest import invitations, rounds
from logovote.contest.contests import contest_by_slug
from logovote.store import migrate, queries
from logovote.store.models import Kind
from logovote.store.session import Database
from logovote.store.store import Store
from tests import services
from tests.builders import SECRET, make_contest

DESIGNS = 30
_PATIENCE_SECONDS = 60
AnyServer = TypeVar("AnyServer", bound="Server")
# The second breaks one promise, to see that its test can tell.
AS_SHIPPED = "from logovote.__main__ import main; main()"
NOT_DURABLE = (
    "from logovote.store import session; session._PRAGMAS['synchronous'] = 'NORMAL'; "
    + AS_SHIPPED
)


def stage(data: Path, voters: int, database_url: str | None = None) -> Store:
    """Fill a folder with a contest whose shortlist round is open."""
    store = open_store(data, database_url)
    with store.database.write() as session:
        now = datetime.now(UTC)
        names = [f"V{number}" for number in range(voters)]
        acme = make_contest(
            session, now, designs=range(1, DESIGNS + 1), voters={"crowd": names}
        )
        rounds.open_round(session, acme, Kind.SHORTLIST, now)
        session.commit()
    return store


def open_store(data: Path, database_url: str | None = None) -> Store:
    """Open what the server in another process keeps."""
    data.mkdir(parents=True, exist_ok=True)
    url = database_url or f"sqlite:///{data / 'logovote.sqlite'}"
    return Store.open(url, data / "files")


def invitation_paths(store: Store, slug: str = "acme") -> list[str]:
    """Return the path of everybody's invitation."""
    with store.database.read() as session:
        contest = contest_by_slug(session, slug)
        return [
            "/i/" + invitations.invitation_token(SECRET, voter)
            for voter in queries.voters(session, contest.id)
        ]


class Server:
    """`logovote run` on a data folder; started again, it takes the same port."""

    def __init__(
        self,
        data: Path,
        *,
        program: str = AS_SHIPPED,
        before: Sequence[str] = (),
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.data = data
        self.port = services.free_port()
        self._program = program
        self._before = before
        self._settings = settings or {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What it wrote while it ran."""
        return self.data / f"server-{self.port}.log"

    @property
    def pid(self) -> int:
        """The process that was started."""
        assert self._process is not None
        return self._process.pid

    def command(self) -> list[str]:
        """How it is started."""
        return [sys.executable, "-c", self._program, "run", "--port", str(self.port)]

    def start(self) -> None:
        """Start it and wait until it answers."""
        environ = {k: v for k, v in os.environ.items() if not k.startswith("LOGOVOTE_")}
        environ |= {"LOGOVOTE_DATA": str(self.data), "LOGOVOTE_SECRET_KEY": SECRET}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._before, *self.command()],
                stdout=log,
                stderr=log,
                env=environ | dict(self._settings),
                start_new_session=True,
            )
        for _ in range(_PATIENCE_SECONDS * 20):
            if self._process.poll() is not None:
                break
            if self._answers():
                return
            time.sleep(0.05)
        raise RuntimeError(f"the server did not start:\n{self.log.read_text()}")

    def kill(self, *, everything: bool) -> None:
        """End it as a crash does: the server alone, or all it has started as well."""
        assert self._process is not None
        if everything:
            os.killpg(self._process.pid, signal.SIGKILL)
        else:
            os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """End it in good order, if it runs."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait()

    def end(self) -> int:
        """Ask it to end, as systemd does; return its status once it has."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(_PATIENCE_SECONDS)

    def cpu_seconds(self) -> float:
        """How much work it has done since it was started, in all its threads."""
        pids = (self.pid, *services.children(self.pid))
        return sum(services.cpu_seconds(pid) for pid in pids)

    @contextlib.contextmanager
    def full_disk(self) -> Iterator[None]:
        """Let no file of the running server grow beyond the database's write-ahead log.

        The kernel then refuses to write, as on a full disk, and takes it again later.
        """
        assert self._process is not None
        most = (self.data / "logovote.sqlite-wal").stat().st_size + 1
        earlier = resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (most, earlier[1]))
        try:
            yield
        finally:
            resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, earlier)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/sign-in")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


class Gunicorn(Server):
    """The same site as docs/deploy serves it: by processes that come and go."""

    def __init__(
        self, data: Path, *, workers: int = 2, settings: Mapping[str, str] | None = None
    ) -> None:
        if find_spec("gunicorn") is None:
            services.missing("There is no gunicorn here.")
        super().__init__(data, settings=settings)
        self._workers = workers

    def command(self) -> list[str]:
        """How it is started."""
        return [
            *(sys.executable, "-m", "gunicorn", "--config", "python:logovote.gunicorn"),
            *("--workers", str(self._workers), "--bind", f"127.0.0.1:{self.port}"),
        ]

    def workers(self) -> list[int]:
        """List the processes that answer requests."""
        return services.children(self.pid)

    def kill_worker(self, pid: int) -> None:
        """End one worker as a crash does; another takes its place by itself."""
        os.kill(pid, signal.SIGKILL)

    def reload(self) -> None:
        """Replace every worker by a new one, and wait until the old are gone."""
        old = set(self.workers())
        os.kill(self.pid, signal.SIGHUP)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while old & set(self.workers()):
            assert time.monotonic() < deadline, "the old workers do not end"
            time.sleep(0.05)


def _gunicorn(data: Path, settings: Mapping[str, str]) -> Server:
    return Gunicorn(data, settings=settings)


@contextlib.contextmanager
def serving(
    data: Path,
    *,
    program: str = AS_SHIPPED,
    before: Sequence[str] = (),
    settings: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Run a server for as long as it is needed."""
    with running(
        Server(data, program=program, before=before, settings=settings)
    ) as server:
        yield server


@contextlib.contextmanager
def running(server: AnyServer) -> Iterator[AnyServer]:
    """Run such a server."""
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def site_on(
    engine: str,
    voters: int,
    *,
    sqlite: Callable[[Path], Server] = Server,
    postgresql: Callable[[Path, Mapping[str, str]], Server] = _gunicorn,
) -> Iterator[tuple[Store, Server]]:
    """Lend a running site with an open round, on SQLite or on PostgreSQL.

    The one is `logovote run`; the other is started from a wheel, as durable as it
    comes, and served by gunicorn. Other servers may take their places.
    """
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        if engine == "sqlite":
            store, server = stage(folder, voters), sqlite(folder)
        else:
            url = stack.enter_context(services.cluster()).url.render_as_string()
            with contextlib.closing(Database(url)) as database:
                migrate.upgrade(database)
            store = stage(folder, voters, url)
            server = postgresql(folder, {"LOGOVOTE_DATABASE_URL": url})
        stack.callback(store.database.dispose)
        yield store, stack.enter_context(running(server))
