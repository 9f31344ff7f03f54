"""What `logovote test` runs, and what it says where something is missing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from logovote import checks


class Tools:
    """Stands in for ruff, mypy and pytest."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.environ: dict[str, str] = {}
        self.broken = ""

    def run(
        self, command: Sequence[str], *, env: dict[str, str], **_: object
    ) -> subprocess.CompletedProcess[str]:
        assert list(command[:2]) == [sys.executable, "-m"]
        self.ran.append(" ".join(command[2:]))
        self.environ = env
        return subprocess.CompletedProcess(command, int(command[2] == self.broken))


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> Tools:
    tools = Tools()
    monkeypatch.setattr(subprocess, "run", tools.run)
    monkeypatch.setattr(checks, "find_chromium", lambda: Path("/browser"))
    return tools


@pytest.fixture
def no_browser(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "find_chromium", lambda: None)
    monkeypatch.setattr(checks, "_download_chromium", lambda: None)


def test_without_arguments_everything_runs(tools: Tools) -> None:
    assert CliRunner().invoke(checks.test, []).exit_code == 0
    assert tools.ran == ["ruff format --check .", "ruff check .", "mypy", "pytest"]


def test_arguments_go_to_pytest_alone(tools: Tools) -> None:
    arguments = ["--require-browser", "tests/voting", "-x", "-k", "tie", "--lf"]
    assert CliRunner().invoke(checks.test, arguments).exit_code == 0
    assert tools.ran == ["pytest tests/voting -x -k tie --lf"]
    assert tools.environ[checks.REQUIRE_BROWSER] == "1"


@pytest.mark.parametrize("broken", ["ruff", "mypy", "pytest"])
def test_one_failure_fails_the_whole_and_hides_no_other(
    tools: Tools, broken: str
) -> None:
    tools.broken = broken
    assert CliRunner().invoke(checks.test, []).exit_code == 1
    assert tools.ran[-1] == "pytest"


def test_without_a_browser_it_says_how_to_get_one(
    tools: Tools, no_browser: None
) -> None:
    result = CliRunner().invoke(checks.test, [])
    assert result.exit_code == 0
    assert "No Chromium" in result.output
    assert checks.CHROMIUM in result.output


def test_a_required_browser_that_is_missing_is_a_failure(
    tools: Tools, no_browser: None
) -> None:
    result = CliRunner().invoke(checks.test, ["--require-browser"])
    assert result.exit_code == 1
    assert "Failed: browser (required)" in result.output


def test_required_oracles_that_are_missing_are_a_failure(
    tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_spec(name: str) -> object:
        return None if name == "votelib" else object()

    monkeypatch.setattr(checks, "find_spec", find_spec)
    result = CliRunner().invoke(checks.test, ["--require-oracles"])
    assert result.exit_code == 1
    assert "votelib cannot be imported" in result.output
    assert "Failed: oracles (required)" in result.output
    assert tools.environ[checks.REQUIRE_ORACLES] == "1"
    assert CliRunner().invoke(checks.test, []).exit_code == 0
    assert checks.REQUIRE_ORACLES not in tools.environ


def test_required_services_that_are_missing_are_a_failure(
    tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_spec(name: str) -> object:
        return None if name == "moto" else object()

    monkeypatch.setattr(checks, "find_spec", find_spec)
    result = CliRunner().invoke(checks.test, ["--require-services"])
    assert result.exit_code == 1
    assert "moto cannot be imported" in result.output
    assert "Failed: services (required)" in result.output
    assert tools.environ[checks.REQUIRE_SERVICES] == "1"
    assert CliRunner().invoke(checks.test, []).exit_code == 0
    assert checks.REQUIRE_SERVICES not in tools.environ


def test_a_named_postgresql_is_used_by_the_tests(
    tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(checks.POSTGRES_URL, "postgresql+psycopg://host/name")
    CliRunner().invoke(checks.test, [])
    assert tools.environ[checks.POSTGRES_URL] == "postgresql+psycopg://host/name"


def test_the_settings_of_the_users_own_site_stay_outside(
    tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGOVOTE_DATA", "/precious")
    CliRunner().invoke(checks.test, [])
    ours = {name for name in tools.environ if name.startswith("LOGOVOTE_")}
    assert ours == {checks.CHROMIUM}
    assert tools.environ[checks.CHROMIUM] == "/browser"


def test_an_installed_logovote_has_no_tests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "CHECKOUT", tmp_path)
    with pytest.raises(checks.ChecksError, match="from a clone"):
        checks.run()


def test_the_named_browser_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(checks.CHROMIUM, sys.executable)
    assert checks.find_chromium() == Path(sys.executable)


def test_a_named_browser_that_is_not_there_is_a_refusal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(checks.CHROMIUM, "/no/such/browser")
    with pytest.raises(checks.ChecksError, match="/no/such/browser"):
        checks.find_chromium()


def test_playwrights_own_browser_comes_before_one_on_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(checks.CHROMIUM, raising=False)
    monkeypatch.setattr(checks, "_playwrights_own", lambda: tmp_path / "own")
    monkeypatch.setattr(
        shutil, "which", lambda name: f"/bin/{name}" if "google" in name else None
    )
    assert checks.find_chromium() == Path("/bin/google-chrome")
    (tmp_path / "own").touch()
    assert checks.find_chromium() == tmp_path / "own"


def test_a_download_that_takes_too_long_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def run(command: Sequence[str], *, timeout: float, **_: object) -> None:
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(subprocess, "run", run)
    assert checks._download_chromium() is None
