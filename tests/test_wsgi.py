"""The site under gunicorn, as larger sites are served, and what lets nothing start."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from logovote.cli import cli
from logovote.store import migrate
from logovote.store.session import Database
from tests import services
from tests.builders import SECRET

_START_SECONDS = 60
# By which gunicorn ends all, and systemd starts it again some seconds later.
CANNOT_START = 4


@dataclass
class Served:
    """A running gunicorn with two workers."""

    process: subprocess.Popen[str]
    address: str

    def ends(self) -> tuple[int, str]:
        """Wait until it has ended by itself; return its status and what it said."""
        _, said = self.process.communicate(timeout=_START_SECONDS)
        return self.process.returncode, said

    def wait(self, path: str = "/") -> None:
        """Wait until it answers."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if services.fetch(f"{self.address}{path}").status == 200:
                    return
            assert self.process.poll() is None
            time.sleep(0.1)
        pytest.fail("gunicorn does not answer")

    def tries_another(self, left: int) -> None:
        """Let it start one more process, and wait until that was tried again."""
        self.process.send_signal(signal.SIGTTIN)
        tried: set[int] = set()
        deadline = time.monotonic() + _START_SECONDS
        while len(tried) < 2:
            assert time.monotonic() < deadline
            assert self.process.poll() is None
            tried |= {*services.children(self.process.pid)} - {left}
            time.sleep(0.05)


@dataclass
class Outage:
    """How something goes away and comes back, and what is said meanwhile."""

    begin: Callable[[], None]
    end: Callable[[], None]
    said: str


@contextlib.contextmanager
def gunicorn(
    data: Path, more: Mapping[str, str] | None = None, **settings: str
) -> Iterator[Served]:
    if find_spec("gunicorn") is None:
        services.missing("There is no gunicorn here.")
    port = services.free_port()
    environ = {k: v for k, v in os.environ.items() if not k.startswith("LOGOVOTE_")}
    environ |= {f"LOGOVOTE_{name}": value for name, value in settings.items()}
    environ |= {"LOGOVOTE_DATA": str(data), **(more or {})}
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}"]
    command += ["--config", "python:logovote.gunicorn"]
    process = subprocess.Popen(
        command, env=environ, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
    try:
        yield Served(process, f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_it_serves_and_ends_when_it_is_told_to(tmp_path: Path) -> None:
    with gunicorn(tmp_path) as served:
        served.wait()
        assert "logovote" in services.fetch(f"{served.address}/").body.decode()
        served.process.send_signal(signal.SIGTERM)
        assert served.ends()[0] == 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can keep them away")
def test_connections_that_say_nothing_keep_no_thread(tmp_path: Path) -> None:
    with gunicorn(tmp_path) as served, contextlib.ExitStack() as stack:
        served.wait()
        host, _, port = served.address.removeprefix("http://").partition(":")
        for _ in range(40):
            stack.enter_context(socket.create_connection((host, int(port))))
        began = time.monotonic()
        assert services.fetch(f"{served.address}/healthz").status == 200
        # Each of 8 threads would wait for five of them, for five seconds each.
        assert time.monotonic() - began < 15


@pytest.mark.slow
def test_its_processes_are_renewed_without_a_stop_and_count_as_one(
    tmp_path: Path,
) -> None:
    token = "Vx3q-7RkT_aZ9bL2mN8cP4dE6fG1hJ5s"
    numbers = tmp_path / "numbers"
    numbers.mkdir()
    with gunicorn(
        tmp_path / "data",
        METRICS_TOKEN=token,
        LOG="json",
        more={"TMPDIR": str(numbers)},
    ) as served:
        served.wait()
        statuses = []
        for number in range(150):
            if number == 50:
                served.process.send_signal(signal.SIGHUP)
            statuses.append(services.fetch(f"{served.address}/healthz").status)
            time.sleep(0.02)
        told = services.fetch(
            f"{served.address}/metrics", headers={"Authorization": f"Bearer {token}"}
        ).body.decode()
        served.process.send_signal(signal.SIGTERM)
        status, said = served.ends()

    assert statuses == [200] * 150
    counted = 'logovote_requests_total{method="GET",route="/healthz",status="200"}'
    assert f"{counted} 150.0" in told
    assert status == 0
    lines = [json.loads(line) for line in said.splitlines()]
    # Two at first, and two that took their places.
    assert sum("Booting worker" in line["message"] for line in lines) == 4
    assert sum(line["message"] == "request" for line in lines) > 150
    # The numbers of its processes went with them.
    assert list(numbers.glob("logovote-metrics-*")) == []


@contextlib.contextmanager
def database_away(data: Path) -> Iterator[tuple[dict[str, str], Outage]]:
    with services.cluster() as cluster:
        url = cluster.url.render_as_string()
        with contextlib.closing(Database(url)) as database:
            migrate.upgrade(database)
        yield (
            {"DATABASE_URL": url, "SECRET_KEY": SECRET},
            Outage(cluster.stop, cluster.start, "The database cannot be used now"),
        )


@contextlib.contextmanager
def pictures_away(data: Path) -> Iterator[tuple[dict[str, str], Outage]]:
    files, elsewhere = data / "files", data / "elsewhere"

    def stop() -> None:
        files.rename(elsewhere)
        files.write_text("in the way")

    def start() -> None:
        files.unlink()
        elsewhere.rename(files)

    yield {}, Outage(stop, start, "Pictures cannot be kept")


@pytest.mark.slow
@pytest.mark.parametrize("away", [database_away, pictures_away])
def test_a_process_renewed_during_an_outage_waits_and_the_others_go_on(
    tmp_path: Path, away: Callable[..., contextlib.AbstractContextManager[Any]]
) -> None:
    with (
        away(tmp_path) as (settings, outage),
        gunicorn(tmp_path, {"WEB_CONCURRENCY": "1"}, **settings) as served,
    ):
        served.wait()
        (left,) = services.children(served.process.pid)
        outage.begin()
        served.tries_another(left)
        assert services.fetch(f"{served.address}/healthz").status == 200
        assert left in services.children(served.process.pid)
        outage.end()
        # The new one serves, too: alone, once one of them, the older, has ended.
        served.process.send_signal(signal.SIGTTOU)
        deadline = time.monotonic() + _START_SECONDS
        while left in services.children(served.process.pid):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        served.wait("/readyz")
        served.process.send_signal(signal.SIGTERM)
        status, said = served.ends()

    assert status == 0
    assert outage.said in said
    # Of the one that did not start; another may tell how its connection was cut.
    assert "load_wsgi" not in said


@pytest.mark.slow
def test_a_process_renewed_with_settings_that_cannot_be_ends_all(
    tmp_path: Path,
) -> None:
    key = tmp_path / "key"
    key.write_text(SECRET)
    one = {"WEB_CONCURRENCY": "1"}
    with gunicorn(tmp_path / "data", one, SECRET_KEY_FILE=str(key)) as served:
        served.wait()
        key.unlink()
        served.process.send_signal(signal.SIGTTIN)
        status, said = served.ends()

    assert status == CANNOT_START
    assert "LOGOVOTE_SECRET_KEY_FILE" in said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        pytest.param(
            {"DATABASE_URL": "postgresql://me:hush@127.0.0.1/none"},
            "LOGOVOTE_SECRET_KEY is missing",
            id="a-key-for-each-worker",
        ),
        pytest.param(
            {
                "SECRET_KEY": SECRET,
                "STORAGE_URL": "s3://none?endpoint=http://127.0.0.1:9",
            },
            "Pictures cannot be kept",
            id="a-store-that-takes-nothing",
        ),
    ],
)
def test_what_cannot_work_ends_it_with_one_line(
    tmp_path: Path, settings: dict[str, str], reason: str
) -> None:
    with gunicorn(tmp_path, None, **settings) as served:
        status, said = served.ends()

    assert status == CANNOT_START
    assert reason in said
    assert "hush" not in said
    # gunicorn may show where it gave up itself.
    assert "logovote/app.py" not in said


@pytest.mark.slow
def test_a_database_that_is_behind_ends_it_with_one_line(
    tmp_path: Path, postgresql: services.PostgreSQL
) -> None:
    url = postgresql.create()
    with gunicorn(tmp_path, DATABASE_URL=url, SECRET_KEY=SECRET) as served:
        status, said = served.ends()
    postgresql.drop(url)

    assert status != 0
    assert "logovote db upgrade" in said
    assert "logovote/app.py" not in said


DOORS = {
    "run": ["run", "--port", "0"],
    "worker": ["worker"],
    "a server": [],
}


def started(door: str, data: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """Start a process of a site that cannot; return its status and what it said."""
    if door == "worker":
        monkeypatch.setenv("LOGOVOTE_JOBS_URL", "postgresql://127.0.0.1:9/none")
    if command := DOORS[door]:
        result = CliRunner().invoke(cli, ["--data", str(data), *command])
        return result.exit_code, result.output
    monkeypatch.setenv("LOGOVOTE_DATA", str(data))
    monkeypatch.delitem(sys.modules, "logovote.wsgi", raising=False)
    said = io.StringIO()
    with contextlib.redirect_stderr(said), pytest.raises(SystemExit) as stopped:
        importlib.import_module("logovote.wsgi")
    return int(str(stopped.value.code)), said.getvalue()


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"SECRET_KEY": "short"}, "too short"),
        ({"SECRET_KEY": "change-me-change-me-change-me-please"}, "anybody can guess"),
        ({"SECRET_KEY": None, "SECRET_KEY_FILE": "/nowhere"}, "cannot be read"),
        ({"SECRET_KEY": None, "STORAGE_URL": "s3://logos"}, "SECRET_KEY is missing"),
        ({"METRICS_TOKEN": "short"}, "can be guessed"),
        ({"LOG": "xml"}, "must be text or json"),
        ({"REQUEST_ID_HEADER": "X-Request-ID"}, "LOGOVOTE_TRUSTED_PROXIES is 0"),
        ({"TRUSTED_PROXIES": "1", "REQUEST_ID_HEADER": "a b"}, "name of a header"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_settings_that_would_do_harm_start_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, str | None],
    reason: str,
    door: str,
) -> None:
    for name, value in ({"SECRET_KEY": SECRET} | settings).items():
        if value is not None:
            monkeypatch.setenv(f"LOGOVOTE_{name}", value)
    status, said = started(door, tmp_path, monkeypatch)

    assert status != 0
    assert reason in said
    assert len(said.splitlines()) == 1
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("door", "name", "reason"),
    [
        *((door, "DATABASE_URL", "The database cannot be used now") for door in DOORS),
        ("worker", "JOBS_URL", "The queue that LOGOVOTE_JOBS_URL names cannot be used"),
        ("a server", "JOBS_URL", "The queue that LOGOVOTE_JOBS_URL names cannot"),
    ],
)
def test_data_that_is_away_starts_nothing_and_is_named_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, door: str, name: str, reason: str
) -> None:
    if find_spec("psycopg") is None:
        services.missing("There is no driver for PostgreSQL here.")
    monkeypatch.setenv("LOGOVOTE_SECRET_KEY", SECRET)
    monkeypatch.setenv(f"LOGOVOTE_{name}", "postgresql://me:hush@127.0.0.1:9/none")
    status, said = started(door, tmp_path, monkeypatch)

    assert status == (1 if DOORS[door] else CANNOT_START)
    assert reason in said
    assert len(said.splitlines()) == 1
    assert "hush" not in said


@pytest.mark.parametrize("door", ["run", "a server"])
def test_pictures_that_cannot_be_written_start_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "originals").write_text("in the way")
    status, said = started(door, tmp_path, monkeypatch)

    assert status != 0
    assert "Pictures cannot be kept" in said


@pytest.mark.parametrize("door", DOORS)
def test_tables_of_an_older_release_start_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    postgresql: services.PostgreSQL,
    door: str,
) -> None:
    url = postgresql.create()
    monkeypatch.setenv("LOGOVOTE_DATABASE_URL", url)
    monkeypatch.setenv("LOGOVOTE_SECRET_KEY", SECRET)
    status, said = started(door, tmp_path, monkeypatch)
    postgresql.drop(url)

    assert status != 0
    assert "logovote db upgrade" in said
