"""The wheel alone, installed into an empty environment, is the whole application."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urljoin
from urllib.request import urlopen

import pytest

from logovote import __version__

ROOT = Path(__file__).resolve().parent.parent
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    obeyed([*PIP, "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT], folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The console script of the wheel, where nothing else was installed."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    obeyed([*PIP, "--python", folder, "install", "--quiet", wheel], folder)
    return folder / ("Scripts" if os.name == "nt" else "bin") / "logovote"


@pytest.fixture(scope="module")
def data(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the demo in it, staged by the installed program."""
    folder = tmp_path_factory.mktemp("site") / "data"
    staged = json.loads(
        obeyed([program, "--data", folder, "demo", "--json"], folder.parent)
    )
    assert any(contest["published"] for contest in staged["contests"])
    return folder


@pytest.fixture
def address(program: Path, data: Path) -> Iterator[str]:
    """Where the installed program serves; it is stopped as a service would be."""
    server = subprocess.Popen(
        [program, "--data", data, "run", "--port", "0"],
        cwd=data.parent,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    with server:
        try:
            assert server.stdout is not None
            greeting = server.stdout.readline()
            found = re.search(r"http://\S+", greeting)
            assert found, greeting
            yield found.group()
        finally:
            server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=30) == 0


def environment() -> dict[str, str]:
    """The environment of somebody without this checkout and without a site."""
    own = ("LOGOVOTE_", "PYTHONPATH", "VIRTUAL_ENV")
    return {k: v for k, v in os.environ.items() if not k.startswith(own)}


def obeyed(command: list[str | Path], cwd: Path) -> str:
    """Run a command that must succeed; its standard output."""
    done = subprocess.run(
        command, check=False, cwd=cwd, env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def fetched(url: str) -> tuple[str, bytes]:
    """The content type and the body of an answer, which must be a success."""
    with urlopen(url, timeout=30) as answer:  # noqa: S310 - our own server
        return answer.headers["Content-Type"], answer.read()


def crawled(address: str, pages: int = 8) -> Iterator[str]:
    """The HTML of the first pages a visitor can reach by links from the front page."""
    waiting, seen = [f"{address}/"], set[str]()
    while waiting and len(seen) < pages:
        url = waiting.pop(0)
        if url in seen:
            continue
        seen.add(url)
        kind, body = fetched(url)
        if kind.startswith("text/html"):
            html = body.decode()
            yield html
            links = re.findall(r'<a [^>]*?href="(/[^"#?]*)', html)
            waiting += [urljoin(address, link) for link in links]


def test_the_wheel_has_what_lives_at_the_top_level(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for folder in ("templates", "static", "migrations"):
        files = [
            path
            for path in (ROOT / folder).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        ]
        assert files
        bundled = {f"logovote/_bundle/{p.relative_to(ROOT).as_posix()}" for p in files}
        assert bundled <= names
    # And nothing else: no tests, no benches, no history.
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"logovote", f"logovote-{__version__}.dist-info"}
    odd = re.compile(r"(^|/)(\.git|tests?|bench|docs)(/|$)")
    served = {"logovote/_bundle/docs/openapi.json"}
    assert {name for name in names if odd.search(name)} == served


def test_it_knows_its_version(program: Path, tmp_path: Path) -> None:
    assert __version__ in obeyed([program, "--version"], tmp_path)


def test_it_has_no_tests_and_says_so(program: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [program, "test"], check=False, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "not part of an installed logovote" in done.stderr


def test_it_brings_the_database_up_to_its_own_migrations(data: Path) -> None:
    ids: dict[str, set[str]] = {"revision": set(), "down_revision": set()}
    for path in (ROOT / "migrations" / "versions").glob("*.py"):
        for name, found in ids.items():
            line = rf'^{name}\b.*"(\w+)"$'
            found |= set(re.findall(line, path.read_text("utf-8"), re.MULTILINE))
    with closing(sqlite3.connect(data / "logovote.sqlite")) as database:
        ((current,),) = database.execute("SELECT version_num FROM alembic_version")
    assert {current} == ids["revision"] - ids["down_revision"]


def test_it_serves_pages_styles_and_pictures(address: str) -> None:
    html = "".join(crawled(address))
    for pattern, kind in (
        (r'<link [^>]*?href="(/[^"]+\.css[^"]*)"', "text/css"),
        (r'<script [^>]*?src="(/[^"]+\.js[^"]*)"', "text/javascript"),
        (r'<img [^>]*?src="(/[^"]+)"', "image/webp"),
    ):
        found = re.search(pattern, html)
        assert found, f"no {kind} in any page"
        content_type, body = fetched(urljoin(address, found.group(1)))
        assert content_type.startswith(kind)
        assert body
