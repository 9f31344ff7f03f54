"""From a fresh clone to a running command, with a pretended installer."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from logovote import bootstrap, packages
from logovote.bootstrap import Environment
from logovote.packages import SetupError

ROOT = Path(__file__).resolve().parent.parent

PYPROJECT = """
[project]
name = "logovote"
dependencies = ["Pillow>=1", "some-web>=2,<3"]
optional-dependencies.test = ["checker[all]; python_version > '3'"]
optional-dependencies.oracles = ["other-count>=1"]
optional-dependencies.services = ["a-store>=1"]
"""
STANDARD_LIBRARY = [p for p in sys.path if "site-packages" not in p and p != str(ROOT)]
MODULES = {"": ["PIL", "some_web"]}
MODULES["test"] = [*MODULES[""], "checker"]
MODULES["oracles"] = [*MODULES["test"], "other_count"]
MODULES["services"] = [*MODULES["oracles"], "a_store"]


class Installer:
    """Stands in for uv and pip: notes what is asked for, and lets it appear."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        self.fails = False
        self.forgets: set[str] = set()
        monkeypatch.setattr(packages, "install", self.install)

    def install(self, root: Path, python: Path, extra: str) -> None:
        assert python.exists()
        self.asked.append(extra)
        if self.fails:
            raise SetupError("no network")
        site = next((root / ".venv").glob("lib/python3*/site-packages"))
        for module in set(MODULES[extra]) - self.forgets:
            (site / module).mkdir(exist_ok=True)
            (site / module / "__init__.py").touch()


@pytest.fixture
def installer(monkeypatch: pytest.MonkeyPatch) -> Installer:
    return Installer(monkeypatch)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT, "utf-8")
    return tmp_path


@pytest.fixture
def start(
    checkout: Path, installer: Installer, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., list[str]]:
    """Give a command in the checkout; returns what it is continued as."""
    continued: list[str] = []

    def execv(python: Path, command: list[str]) -> None:
        assert python == checkout / ".venv" / "bin" / "python"
        continued[:] = command[3:]

    monkeypatch.setattr(os, "execv", execv)
    monkeypatch.setattr(sys, "path", STANDARD_LIBRARY)

    def give(*arguments: str) -> list[str]:
        continued.clear()
        bootstrap.ensure(arguments, checkout)
        return list(continued)

    return give


def test_the_first_start_installs_and_goes_on_with_the_same_command(
    start: Callable[..., list[str]], installer: Installer
) -> None:
    assert start("run", "--port", "0") == ["run", "--port", "0"]
    assert installer.asked == [""]


def test_run_after_test_after_run_installs_twice(
    start: Callable[..., list[str]], installer: Installer
) -> None:
    for command in ("run", "run", "test", "test", "run"):
        assert start(command) == [command]
    assert installer.asked == ["", "test"]


def test_a_new_requirement_is_installed_with_all_that_was_there(
    start: Callable[..., list[str]], installer: Installer, checkout: Path
) -> None:
    start("test")
    changed = PYPROJECT.replace("some-web>=2", "some-web>=2.1")
    (checkout / "pyproject.toml").write_text(changed, "utf-8")
    start("run")
    assert installer.asked == ["test", "test"]


def test_a_new_lock_is_installed(
    start: Callable[..., list[str]], installer: Installer, checkout: Path
) -> None:
    start("run")
    (checkout / "requirements.lock").write_text("some-web==2.1", "utf-8")
    start("run")
    assert installer.asked == ["", ""]


def test_a_setting_of_a_tool_changes_nothing(
    start: Callable[..., list[str]], installer: Installer, checkout: Path
) -> None:
    start("run")
    (checkout / "pyproject.toml").write_text(PYPROJECT + "\n[tool.x]\n", "utf-8")
    start("run")
    assert installer.asked == [""]


def test_a_set_up_that_failed_is_begun_anew(
    start: Callable[..., list[str]], installer: Installer, checkout: Path
) -> None:
    installer.fails = True
    with pytest.raises(SystemExit, match="no network"):
        start("run")
    (checkout / ".venv" / "half").touch()
    installer.fails = False
    assert start("run") == ["run"]
    assert not (checkout / ".venv" / "half").exists()


def test_a_package_that_was_lost_is_brought_back(
    start: Callable[..., list[str]], installer: Installer, checkout: Path
) -> None:
    start("run")
    (lost,) = checkout.glob(".venv/lib/*/site-packages/PIL/__init__.py")
    lost.unlink()
    start("run")
    assert lost.exists()


def test_an_environment_whose_python_was_replaced_is_made_anew(
    start: Callable[..., list[str]], installer: Installer, checkout: Path
) -> None:
    start("run")
    python = checkout / ".venv" / "bin" / "python"
    real = python.resolve()
    python.unlink()
    python.symlink_to("/nonexistent/python3.9")
    start("run")
    assert installer.asked == ["", ""]
    assert python.resolve() == real


def test_what_cannot_be_completed_is_said_instead_of_tried_for_ever(
    start: Callable[..., list[str]], installer: Installer
) -> None:
    installer.forgets = {"some_web"}
    with pytest.raises(SystemExit, match="still lacks some-web"):
        start("run")


def test_somebody_elses_environment_is_completed_but_never_removed(
    start: Callable[..., list[str]], installer: Installer, checkout: Path
) -> None:
    own = checkout / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", own], check=True)
    (own / "mine").touch()
    start("run")
    start("run")
    assert installer.asked == [""]
    assert {path.name for path in own.iterdir()} >= {"mine", "bin"}
    assert not (own / "logovote-setup.json").exists()


def test_a_python_that_has_everything_is_left_alone(
    start: Callable[..., list[str]],
    installer: Installer,
    checkout: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = tmp_path / "site"
    for module in MODULES[""]:
        (site / module).mkdir(parents=True)
        (site / module / "__init__.py").touch()
    monkeypatch.setattr(sys, "path", [*STANDARD_LIBRARY, str(site)])
    assert start("run") == []  # nothing re-executed: this process goes on
    assert not (checkout / ".venv").exists()
    assert start("test") == ["test"]


def test_an_installed_wheel_is_left_alone(
    start: Callable[..., list[str]], checkout: Path
) -> None:
    (checkout / "pyproject.toml").unlink()
    assert start("run") == []
    assert not (checkout / ".venv").exists()


def test_only_the_test_command_asks_for_the_tools_of_tests(
    start: Callable[..., list[str]], installer: Installer
) -> None:
    start("--data", "test", "import", "test", "designs.zip")
    start("--data", "elsewhere", "test", "-k", "word")
    assert installer.asked == ["", "test"]


def test_only_who_requires_the_oracles_has_them_installed(
    start: Callable[..., list[str]], installer: Installer
) -> None:
    start("test", "--require-browser")
    start("test", "--require-oracles", "-x")
    start("test")
    start("run", "--require-oracles")
    assert installer.asked == ["test", "oracles"]


def test_the_services_come_with_all_else(
    start: Callable[..., list[str]], installer: Installer
) -> None:
    start("test", "--require-oracles", "--require-services")
    start("test", "--require-oracles")
    start("run", "--require-services")
    assert installer.asked == ["services"]


def test_the_oracles_stay_when_something_else_is_installed(
    start: Callable[..., list[str]], installer: Installer, checkout: Path
) -> None:
    start("test", "--require-oracles")
    (checkout / "requirements.lock").write_text("some-web==2.1", "utf-8")
    start("test")
    assert installer.asked == ["oracles", "oracles"]


def test_a_folder_that_cannot_be_written_is_named(
    start: Callable[..., list[str]], checkout: Path
) -> None:
    (checkout / ".venv.lock").mkdir()  # as unwritable as it gets, for root too
    with pytest.raises(SystemExit, match=f"{checkout} cannot be written"):
        start("run")


def test_a_python_without_venv_says_what_to_install(
    start: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")  # no uv, which would do as well
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    with pytest.raises(SystemExit, match=f"sudo apt install python{version}-venv"):
        start("run")


def test_a_second_start_waits_for_the_first(
    checkout: Path, installer: Installer, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[bool] = []

    def install(root: Path, python: Path, extra: str) -> None:
        with (root / ".venv.lock").open("a") as second:
            waited.append(not bootstrap._locked(second))
        installer.install(root, python, extra)

    monkeypatch.setattr(packages, "install", install)
    Environment(checkout).bring_up_to_date("")
    assert waited == [True]


def test_a_python_that_is_too_old_is_told_so() -> None:
    script = (
        "import runpy, sys; sys.version_info = (3, 8, 18);"
        "runpy.run_module('logovote', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr
    assert "is Python 3.8" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["__init__", "__main__"])
def test_an_old_python_can_read_far_enough_to_be_told(name: str) -> None:
    source = (ROOT / "logovote" / f"{name}.py").read_text("utf-8")
    tree = ast.parse(source, feature_version=(3, 7))
    # Python 3.6 stops at this very line.
    assert "__future__" not in {
        node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
    }


def test_the_real_requirements_are_recognised_here() -> None:
    assert bootstrap._missing(ROOT, "test", sys.path) == []
