"""From a fresh clone to an environment that can run it: `.venv/` beside the package.

Standard library only. What is already complete is never touched: an installed wheel, a
contributor's own environment, or a `.venv/` somebody else made. A `.venv/` made here
carries a stamp, written last, so that one left half made is recognised and made anew.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TextIO

from logovote import packages
from logovote.packages import SetupError, say

CHECKOUT = Path(__file__).resolve().parent.parent

# What `logovote test` needs beyond the application, by its name in pyproject.toml; each
# extra includes those before it.
_TEST, _ORACLES, _SERVICES = "test", "oracles", "services"
_MEGABYTES = {"": 200, _TEST: 460, _ORACLES: 490, _SERVICES: 750}
_EXTRAS = tuple(_MEGABYTES)

# Where a distribution is imported by another name than its own.
_IMPORT_NAMES = {"fpdf2": "fpdf", "pillow": "PIL", "pyyaml": "yaml"}


def ensure(arguments: Sequence[str], root: Path = CHECKOUT) -> None:
    """Return with every package importable, or go on in `.venv/` and never return.

    Costs a few milliseconds when nothing is to be done.
    """
    if not (root / "pyproject.toml").is_file():
        return  # an installed wheel: its installer has seen to the packages
    extra = _extra(arguments)
    environment = Environment(root)
    try:
        if not environment.is_current and not _missing(root, extra, sys.path):
            return
        changed = environment.bring_up_to_date(extra)
    except SetupError as error:
        sys.exit(f"logovote: {error}")
    except KeyboardInterrupt:
        sys.exit("\nlogovote: Stopped. The next start begins the set-up again.")
    if changed or not environment.is_current:
        _go_on_with(environment.python, arguments)


def _extra(arguments: Sequence[str]) -> str:
    """Return what a command needs beyond the application."""
    if _command(arguments) != _TEST:
        return ""
    if "--require-services" in arguments:
        return _SERVICES
    return _ORACLES if "--require-oracles" in arguments else _TEST


def _command(arguments: Sequence[str]) -> str | None:
    """Return the subcommand: the first word that belongs to no option."""
    words = iter(arguments)
    for word in words:
        if word == "--data":
            next(words, None)
        elif not word.startswith("-"):
            return word
    return None


def _project(root: Path) -> dict[str, Any]:
    """Read the project's table of pyproject.toml."""
    with (root / "pyproject.toml").open("rb") as file:
        project: dict[str, Any] = tomllib.load(file)["project"]
    return project


def _missing(root: Path, extra: str, path: Sequence[str]) -> list[str]:
    """Name the requirements that cannot be imported from `path`; imports nothing."""
    project = _project(root)
    lines = list(project["dependencies"])
    for name in _EXTRAS[1 : _EXTRAS.index(extra) + 1]:
        lines += project["optional-dependencies"][name]
    missing = []
    for line in lines:
        name = re.split(r"[^\w.-]", line, maxsplit=1)[0].lower()
        module = _IMPORT_NAMES.get(name, name.replace("-", "_"))
        spec = PathFinder.find_spec(module, path)
        # A folder without __init__.py has no origin: it is what an uninstall left.
        if spec is None or spec.origin is None:
            missing.append(name)
    return missing


def _larger(*extras: str) -> str:
    """Return the extra that includes the others."""
    return max(extras, key=_EXTRAS.index)


class _State(Enum):
    READY = "nothing to do"
    INCOMPLETE = "sound, but something is to be installed or upgraded"
    TORN = "to be made anew"


@dataclass(frozen=True)
class Environment:
    """The virtual environment `.venv/` of one checkout."""

    root: Path

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        """Its interpreter."""
        if os.name == "nt":
            return self.folder / "Scripts" / "python.exe"
        return self.folder / "bin" / "python"

    @property
    def is_current(self) -> bool:
        """Whether this process already runs in it."""
        return Path(sys.prefix).resolve() == self.folder.resolve()

    @property
    def _stamp_file(self) -> Path:
        return self.folder / "logovote-setup.json"

    def bring_up_to_date(self, extra: str) -> bool:
        """Make or complete the environment unless it is ready; say whether it was not.

        Raises:
            SetupError: the folder, Python or the packages do not allow it.
        """
        if self._state(extra) is _State.READY:
            return False
        with _one_at_a_time(self.root):
            state = self._state(extra)  # again: another start may just have seen to it
            if state is not _State.READY:
                self._set_up(extra, anew=state is _State.TORN)
        return True

    def _state(self, extra: str) -> _State:
        """Compare what is installed with what pyproject.toml and the locks ask for."""
        if not os.access(self.python, os.X_OK):
            return _State.TORN
        complete = not _missing(self.root, extra, self._packages())
        stamp = self._stamp()
        if stamp is None:  # somebody else's: add to it, but never remove it
            return _State.READY if complete else _State.INCOMPLETE
        if stamp.get("python") != str(self.python.resolve()):
            return _State.TORN  # its set-up never ended, or its Python was replaced
        if stamp["fingerprint"] != self._fingerprint():
            return _State.INCOMPLETE
        if _larger(extra, stamp["extra"]) != stamp["extra"]:
            return _State.INCOMPLETE
        return _State.READY if complete else _State.TORN

    def _stamp(self) -> Mapping[str, str] | None:
        """Read the stamp: None where there is none, empty while a set-up is at work."""
        try:
            stamp: dict[str, str] = json.loads(self._stamp_file.read_text("utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            return {}
        return stamp

    def _fingerprint(self) -> str:
        """Digest of all that decides what is installed."""
        parts = [json.dumps(_project(self.root), sort_keys=True).encode()]
        parts += [p.read_bytes() for p in sorted(self.root.glob("requirements*.lock"))]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    def _packages(self) -> list[str]:
        """Its site-packages; globbed, since its Python may not be this one."""
        posix = self.folder.glob("lib/python3*/site-packages")
        return [str(p) for p in (*posix, self.folder / "Lib" / "site-packages")]

    def _set_up(self, extra: str, *, anew: bool) -> None:
        """Make the environment if need be, install, and stamp it."""
        began = time.monotonic()
        if anew:
            size = _MEGABYTES[extra]
            say(f"Setting up in {self.folder.name}/, once (about {size} MB) …")
            self._make()
        else:
            say(f"Bringing {self.folder.name}/ up to date …")
        stamp = self._stamp()
        if stamp is not None:
            # Installing only adds: what an earlier command asked for stays.
            extra = _larger(extra, stamp.get("extra", ""))
            self._stamp_file.write_text("{}", "utf-8")
        packages.install(self.root, self.python, extra)
        importlib.invalidate_caches()
        if missing := _missing(self.root, extra, self._packages()):
            raise SetupError(
                f"{self.folder} still lacks {', '.join(missing)} after its set-up. "
                "Remove that folder and give the same command again."
            )
        if stamp is not None:
            self._write_stamp(extra)
        say(f"Ready after {time.monotonic() - began:.0f} s.")

    def _write_stamp(self, extra: str) -> None:
        """Certify what was installed, by which Python, from which requirements."""
        stamp = {
            "python": str(self.python.resolve()),
            "extra": extra,
            "fingerprint": self._fingerprint(),
        }
        self._stamp_file.write_text(json.dumps(stamp, indent=2) + "\n", "utf-8")

    def _make(self) -> None:
        """Make the bare environment, without pip, under an unfinished stamp."""
        has_installer = find_spec("ensurepip") or shutil.which("uv")
        if not (find_spec("venv") and has_installer):
            raise _without_venv()
        try:
            if self.folder.exists():
                shutil.rmtree(self.folder)
            self.folder.mkdir()
            self._stamp_file.write_text("{}", "utf-8")
        except OSError as error:
            raise SetupError(f"{self.folder} cannot be made: {error}.") from error
        # Not sys.executable: inside the folder just removed, that is gone as well.
        python = getattr(sys, "_base_executable", sys.executable)
        command = [python, "-I", "-m", "venv", "--without-pip", str(self.folder)]
        if failure := packages.failure(self.root, command):
            raise SetupError(f"Python could not make {self.folder}:\n{failure}")


def _without_venv() -> SetupError:
    """Word the commonest obstacle on Debian and its kin, which split Python up."""
    major, minor = sys.version_info[:2]
    return SetupError(
        f"This Python ({sys.executable}) has no venv and ensurepip, which make the "
        "environment to run in.\n"
        f"On Debian or Ubuntu: sudo apt install python{major}.{minor}-venv\n"
        "Then give the same command again."
    )


@contextmanager
def _one_at_a_time(root: Path) -> Iterator[None]:
    """Let one start at a time set up; the others wait for it."""
    try:
        file = (root / ".venv.lock").open("a", encoding="utf-8")
    except OSError as error:
        raise SetupError(
            f"{root} cannot be written ({error.strerror}), so .venv/ cannot be made "
            "there.\nCopy it to a folder of yours, or use an environment of your own: "
            "python3 -m venv ENV && ENV/bin/pip install FOLDER"
        ) from error
    with file:
        if not _locked(file):
            say("Another start is setting up; waiting for it …")
            while not _locked(file):
                time.sleep(0.2)
        yield


def _locked(file: TextIO) -> bool:
    """Try to lock a file until it is closed; False while another process has it."""
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - only there

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - not on Windows

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True  # a file system without locks: better unlocked than not at all
    return True


def _go_on_with(python: Path, arguments: Sequence[str]) -> None:
    """Replace this process by the same command in another Python."""
    command = [str(python), "-m", "logovote", *arguments]
    if os.name == "nt":  # there, exec returns to the shell before the program ends
        sys.exit(subprocess.call(command))  # noqa: S603 - the command being obeyed
    sys.stderr.flush()
    os.execv(python, command)  # noqa: S606 - the command being obeyed, no shell
