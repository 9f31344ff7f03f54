"""Which installer is asked for what, and what is said when none can."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from logovote import packages
from logovote.packages import SetupError

UV = "/somewhere/uv"
PYTHON = Path("/checkout/.venv/bin/python")
OFFLINE = "  WARNING: Retrying after connection broken by …\n  ERROR: No matching …"
OTHER_VERSIONS = "  ERROR: No matching distribution found for click==8.5.1"
TAMPERED = "  ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE."

Answer = Callable[[str], str]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Install with a pretended command line; returns what was asked, in words."""

    def with_answers(answer: Answer, *, uv: bool = False, extra: str = "") -> list[str]:
        asked: list[str] = []

        def failure(_root: Path, *commands: list[str]) -> str:
            line = " && ".join(" ".join(command) for command in commands)
            asked.append(line.replace(f"{PYTHON} -I -m ", "").replace(UV, "uv"))
            return answer(asked[-1])

        monkeypatch.setattr(packages, "failure", failure)
        monkeypatch.setattr(shutil, "which", lambda _name: UV if uv else None)
        packages.install(Path("/checkout"), PYTHON, extra)
        return asked

    return with_answers


def works(_command: str) -> str:
    return ""


def test_uv_installs_the_locked_versions(install: Callable[..., list[str]]) -> None:
    (asked,) = install(works, uv=True)
    assert asked.startswith("uv pip install --quiet --python")
    assert "--require-hashes -r requirements.lock" in asked


def test_pip_does_where_there_is_no_uv(install: Callable[..., list[str]]) -> None:
    asked = install(works, extra="test")
    assert asked[-1] == (
        "pip install --quiet --no-deps --require-hashes -r requirements-test.lock && "
        "pip install --quiet --no-deps -e ."
    )


def test_pip_does_where_uv_fails(install: Callable[..., list[str]]) -> None:
    asked = install(lambda command: "no" if command.startswith("uv") else "", uv=True)
    assert asked[-1].startswith("pip install --quiet --no-deps --require-hashes")


def test_an_environment_without_pip_is_given_one(
    install: Callable[..., list[str]],
) -> None:
    asked = install(lambda command: "no" if "import pip" in command else "")
    assert asked[1] == "ensurepip --default-pip"


def test_other_versions_do_where_the_locked_ones_cannot_be_had(
    install: Callable[..., list[str]],
) -> None:
    asked = install(
        lambda command: OTHER_VERSIONS if "lock" in command else "", extra="test"
    )
    assert asked[-1] == "pip install --quiet -e .[test]"


@pytest.mark.parametrize(
    ("extra", "all_of_them"),
    [("oracles", "test,oracles"), ("services", "test,oracles,services")],
)
def test_what_more_tests_need_comes_with_the_tools_of_tests(
    install: Callable[..., list[str]], extra: str, all_of_them: str
) -> None:
    asked = install(
        lambda command: OTHER_VERSIONS if "lock" in command else "", extra=extra
    )
    assert f"-r requirements-{extra}.lock" in asked[-2]
    assert asked[-1] == f"pip install --quiet -e .[{all_of_them}]"


def test_files_other_than_the_locked_ones_are_never_taken(
    install: Callable[..., list[str]],
) -> None:
    with pytest.raises(SetupError, match="Other files than expected were offered"):
        install(lambda command: TAMPERED if "lock" in command else "")


def test_without_a_network_it_says_so_at_once(
    install: Callable[..., list[str]],
) -> None:
    asked: list[str] = []

    def answer(command: str) -> str:
        asked.append(command)
        return OFFLINE if "install" in command else ""

    with pytest.raises(SetupError, match=r"connection broken(.|\n)*PIP_FIND_LINKS"):
        install(answer)
    assert sum("install" in command for command in asked) == 1


def test_a_command_that_fails_tells_its_errors_alone(tmp_path: Path) -> None:
    script = (
        "print('noise\\n' * 50, 'ERROR: disk full', '\\nnoise'); raise SystemExit(1)"
    )
    assert packages.failure(tmp_path, [sys.executable, "-c", script]) == (
        "  ERROR: disk full"
    )
    assert packages.failure(tmp_path, [sys.executable, "-c", "print('ERROR')"]) == ""


def test_a_command_that_is_not_there_is_a_failure(tmp_path: Path) -> None:
    assert "nothing-here" in packages.failure(tmp_path, ["/nothing-here"])


def test_uv_is_told_how_pip_was_set_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", "wheels more")
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://chosen.example/simple")
    script = (
        "import os; assert os.environ['UV_FIND_LINKS'] == 'wheels,more';"
        "assert os.environ['UV_DEFAULT_INDEX'] == 'https://chosen.example/simple'"
    )
    assert packages.failure(tmp_path, [sys.executable, "-c", script]) == ""
