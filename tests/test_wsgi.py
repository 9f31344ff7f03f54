"""The site under gunicorn, as larger sites are served."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests import services
from tests.builders import SECRET

_START_SECONDS = 60


@dataclass
class Served:
    """A running gunicorn with two workers."""

    process: subprocess.Popen[str]
    address: str

    def ends(self) -> tuple[int, str]:
        """Wait until it has ended by itself; return its status and what it said."""
        _, said = self.process.communicate(timeout=_START_SECONDS)
        return self.process.returncode, said

    def wait(self) -> None:
        """Wait until it answers."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if services.fetch(f"{self.address}/").status == 200:
                    return
            assert self.process.poll() is None
            time.sleep(0.1)
        pytest.fail("gunicorn does not answer")


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
    with gunicorn(tmp_path, **settings) as served:
        status, said = served.ends()

    assert status != 0
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
