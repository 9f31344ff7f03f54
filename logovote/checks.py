"""`logovote test`: format, lint, types and all tests, in a checkout.

The tools run as a contributor would run them by hand. This adds the order, the time
each takes, a Chromium for the browser tests, and an environment without the user's own
LOGOVOTE_* settings.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import click

from logovote.bootstrap import CHECKOUT
from logovote.errors import LogovoteError

# What the tests themselves read; all else named LOGOVOTE_* is the user's own site.
CHROMIUM = "LOGOVOTE_CHROMIUM"
REQUIRE_BROWSER = "LOGOVOTE_REQUIRE_BROWSER"
REQUIRE_ORACLES = "LOGOVOTE_REQUIRE_ORACLES"
REQUIRE_SERVICES = "LOGOVOTE_REQUIRE_SERVICES"
# A server to make databases on, instead of one that is started for the tests.
POSTGRES_URL = "LOGOVOTE_TEST_POSTGRES"
OWN = {CHROMIUM, REQUIRE_BROWSER, REQUIRE_ORACLES, REQUIRE_SERVICES, POSTGRES_URL}

# Not the wheel with PostgreSQL: the system's may be used as well.
_SERVICES = ("flask_cors", "gunicorn", "moto", "obstore", "psycopg")
_ORACLES = ("abcvoting", "networkx", "pref_voting", "votelib")
_DOWNLOAD_SECONDS = 300
_ON_PATH = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)
_HOW_TO_GET_ONE = (
    "Install Chromium or Chrome (Debian, Ubuntu: sudo apt install chromium), or set "
    f"{CHROMIUM}=/path/to/chromium, and give the same command again."
)


class ChecksError(LogovoteError):
    """The checks cannot run here."""


@click.command(
    name="test",
    context_settings={"ignore_unknown_options": True},
    add_help_option=False,
)
@click.option(
    "--require-browser",
    is_flag=True,
    help="Fail when there is no Chromium for the browser tests.",
)
@click.option(
    "--require-oracles",
    is_flag=True,
    help="Install other counting libraries to compare with, and fail without them.",
)
@click.option(
    "--require-services",
    is_flag=True,
    help="Install PostgreSQL and an S3 store to run on, too, and fail without them.",
)
@click.argument("pytest_arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def test(
    context: click.Context,
    *,
    require_browser: bool,
    require_oracles: bool,
    require_services: bool,
    pytest_arguments: tuple[str, ...],
) -> None:
    """Check format, lint and types and run all tests.

    With PYTEST_ARGUMENTS (a file, -k WORD, …), run pytest alone, with them.
    """
    if pytest_arguments in {("--help",), ("-h",)}:
        click.echo(context.get_help())
        return
    context.exit(
        run(
            pytest_arguments,
            require_browser=require_browser,
            require_oracles=require_oracles,
            require_services=require_services,
        )
    )


def run(
    pytest_arguments: Sequence[str] = (),
    *,
    require_browser: bool = False,
    require_oracles: bool = False,
    require_services: bool = False,
) -> int:
    """Run the checks and return the exit status of the whole: 0 or 1.

    Raises:
        ChecksError: this is an installed logovote, which carries no tests.
    """
    if not (CHECKOUT / "tests").is_dir() or find_spec("pytest") is None:
        raise ChecksError(
            "The tests are not part of an installed logovote. Run them from a clone of "
            "its repository: python3 -m logovote test"
        )
    environ = _environment()
    browser = find_chromium() or _download_chromium()
    if browser is not None:
        environ[CHROMIUM] = str(browser)
    if require_browser:
        environ[REQUIRE_BROWSER] = "1"
    if require_oracles:
        environ[REQUIRE_ORACLES] = "1"
    if require_services:
        environ[REQUIRE_SERVICES] = "1"

    failed = []
    if not pytest_arguments:
        failed = [name for name in _STATIC if not _passes(name, _STATIC[name], environ)]
    if browser is None:
        click.echo(f"\nNo Chromium, so no browser tests. {_HOW_TO_GET_ONE}")
        if require_browser:
            failed.append("browser (required)")
    missing = [name for name in _ORACLES if find_spec(name) is None]
    if missing and require_oracles:
        click.echo(
            f"\nNothing to compare counts with: {', '.join(missing)} cannot be "
            "imported. Install them: "
            "pip install --no-deps --require-hashes -r requirements-oracles.lock"
        )
        failed.append("oracles (required)")
    missing = [name for name in _SERVICES if find_spec(name) is None]
    if missing and require_services:
        click.echo(
            f"\nNo servers to run on: {', '.join(missing)} cannot be imported. "
            "Install them: "
            "pip install --no-deps --require-hashes -r requirements-services.lock"
        )
        failed.append("services (required)")
    if not _passes("pytest", ["pytest", *pytest_arguments], environ):
        failed.append("pytest")
    if failed:
        click.echo(f"Failed: {', '.join(failed)}", err=True)
    return 1 if failed else 0


_STATIC = {
    "format": ["ruff", "format", "--check", "."],
    "lint": ["ruff", "check", "."],
    "types": ["mypy"],
}


def _passes(name: str, command: Sequence[str], environ: dict[str, str]) -> bool:
    """Run one tool on the checkout under a heading and say how long it took."""
    click.echo(f"\n== {name}: {' '.join(command)}")
    began = time.monotonic()
    done = subprocess.run(  # noqa: S603 - our own tools, no shell
        [sys.executable, "-m", *command], check=False, cwd=CHECKOUT, env=environ
    )
    if name != "pytest":  # whose closing line has the time, and stays the last
        click.echo(f"   {time.monotonic() - began:.1f} s")
    return done.returncode == 0


def _environment() -> dict[str, str]:
    """Return the environment without the settings of the user's own site."""
    return {
        name: value
        for name, value in os.environ.items()
        if name == POSTGRES_URL or not name.startswith("LOGOVOTE_")
    }


def find_chromium() -> Path | None:
    """Find a Chromium: LOGOVOTE_CHROMIUM, else Playwright's own, else one on PATH.

    Raises:
        ChecksError: LOGOVOTE_CHROMIUM names no program.
    """
    if named := os.environ.get(CHROMIUM):
        if program := shutil.which(named):
            return Path(program)
        raise ChecksError(f"{CHROMIUM} is {named!r}, which is no program to run.")
    if (own := _playwrights_own()).is_file():
        return own
    found = next(filter(None, map(shutil.which, _ON_PATH)), None)
    return Path(found) if found else None


def _playwrights_own() -> Path:
    """Return where Playwright keeps its Chromium, once installed."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - extra of tests

    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path)


def _download_chromium() -> Path | None:
    """Let Playwright fetch its Chromium; None where it cannot, or takes too long."""
    click.echo("No Chromium found; fetching Playwright's own (about 180 MB) …")
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    try:
        subprocess.run(  # noqa: S603 - our own tool, no shell
            command, check=True, capture_output=True, timeout=_DOWNLOAD_SECONDS
        )
    except subprocess.SubprocessError:
        click.echo("It could not be fetched.")
        return None
    own = _playwrights_own()
    return own if own.is_file() else None
