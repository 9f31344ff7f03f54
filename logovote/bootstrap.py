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
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TextIO

from logovote.errors import LogovoteError

CHECKOUT = Path(__file__).resolve().parent.parent

# What `logovote test` needs beyond the application, by the name in pyproject.toml.
_TEST = "test"
_MEGABYTES = {"": 130, _TEST: 320}

# Where a distribution is imported by another name than its own.
_IMPORT_NAMES = {"pillow": "PIL"}

# uv does not read pip's settings; these say the same to it.
_UV_NAMES = {
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_INDEX",
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
    "PIP_NO_INDEX": "UV_NO_INDEX",
}

_ADVICE = """\
What may help:
  - check the network, and HTTPS_PROXY if you are behind a proxy;
  - with a package mirror: PIP_INDEX_URL=https://mirror.example/simple
  - without a network: collect the wheels in a folder elsewhere (pip download), then
    PIP_NO_INDEX=1 PIP_FIND_LINKS=/path/to/that/folder
Then give the same command again."""


class SetupError(LogovoteError):
    """The environment cannot be made here; the message says what would help."""


def ensure(arguments: Sequence[str], root: Path = CHECKOUT) -> None:
    """Return with every package importable, or go on in `.venv/` and never return.

    Costs a few milliseconds when nothing is to be done.
    """
    if not (root / "pyproject.toml").is_file():
        return  # an installed wheel: its installer has seen to the packages
    extra = _TEST if _command(arguments) == _TEST else ""
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
    if extra:
        lines += project["optional-dependencies"][extra]
    missing = []
    for line in lines:
        name = re.split(r"[^\w.-]", line, maxsplit=1)[0].lower()
        module = _IMPORT_NAMES.get(name, name.replace("-", "_"))
        spec = PathFinder.find_spec(module, path)
        # A folder without __init__.py has no origin: it is what an uninstall left.
        if spec is None or spec.origin is None:
            missing.append(name)
    return missing


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
        if self._is_ready(extra):
            return False
        with _one_at_a_time(self.root):
            if not self._is_ready(extra):
                self._set_up(extra)
        return True

    def _is_ready(self, extra: str) -> bool:
        """Whether all is installed, and still as pyproject.toml and the locks ask."""
        stamp = self._stamp()
        if self._is_torn(stamp):
            return False
        if stamp is not None and (
            stamp.get("fingerprint") != self._fingerprint()
            or extra not in {"", stamp.get("extra")}
        ):
            return False
        return not _missing(self.root, extra, self._packages())

    def _stamp(self) -> Mapping[str, str] | None:
        """Read the stamp: None where there is none, empty while a set-up is at work."""
        try:
            stamp: dict[str, str] = json.loads(self._stamp_file.read_text("utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            return {}
        return stamp

    def _is_torn(self, stamp: Mapping[str, str] | None) -> bool:
        """Whether it has no Python, or our set-up never ended or used another one."""
        if not self.python.exists():
            return True
        return stamp is not None and stamp.get("python") != str(self.python.resolve())

    def _fingerprint(self) -> str:
        """Digest of all that decides what is installed."""
        parts = [json.dumps(_project(self.root), sort_keys=True).encode()]
        parts += [p.read_bytes() for p in sorted(self.root.glob("requirements*.lock"))]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    def _packages(self) -> list[str]:
        """Its site-packages; globbed, since its Python may not be this one."""
        posix = self.folder.glob("lib/python3*/site-packages")
        return [str(p) for p in (*posix, self.folder / "Lib" / "site-packages")]

    def _set_up(self, extra: str) -> None:
        """Make the environment if need be, install, and stamp it."""
        began = time.monotonic()
        stamp = self._stamp()
        if self._is_torn(stamp):
            size = _MEGABYTES[extra]
            _say(f"Setting up in {self.folder.name}/, once (about {size} MB) …")
            stamp = self._make()
        else:
            _say(f"Bringing {self.folder.name}/ up to date …")
        if stamp:  # installing only adds: what an earlier command asked for stays
            extra = max(extra, stamp.get("extra", ""))
        if stamp is not None:
            self._stamp_file.write_text("{}", "utf-8")
        self._install(extra)
        importlib.invalidate_caches()
        if missing := _missing(self.root, extra, self._packages()):
            raise SetupError(
                f"{self.folder} still lacks {', '.join(missing)} after its set-up. "
                "Remove that folder and give the same command again."
            )
        if stamp is not None:
            self._write_stamp(extra)
        _say(f"Ready after {time.monotonic() - began:.0f} s.")

    def _write_stamp(self, extra: str) -> None:
        """Certify what was installed, by which Python, from which requirements."""
        stamp = {
            "python": str(self.python.resolve()),
            "extra": extra,
            "fingerprint": self._fingerprint(),
        }
        self._stamp_file.write_text(json.dumps(stamp, indent=2) + "\n", "utf-8")

    def _make(self) -> dict[str, str]:
        """Make the bare environment, without pip, and return its unfinished stamp."""
        if find_spec("venv") is None:
            raise _without_venv()
        if find_spec("ensurepip") is None and shutil.which("uv") is None:
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
        if failure := self._failure([command]):
            raise SetupError(f"Python could not make {self.folder}:\n{failure}")
        return {}

    def _install(self, extra: str) -> None:
        """Install the locked packages; where those cannot be had, what fits."""
        lock = f"requirements-{extra}.lock" if extra else "requirements.lock"
        locked = [["--require-hashes", "-r", lock], ["--no-deps", "-e", "."]]
        fitting = [["-e", f".[{extra}]" if extra else "."]]

        failure = ""
        if uv := shutil.which("uv"):
            tool = [uv, "pip", "install", "--quiet", "--python", str(self.python)]
            failure = self._failure([tool + rest for rest in locked])
            if not failure:
                return
        self._add_pip(failure)
        tool = [str(self.python), "-I", "-m", "pip", "install", "--quiet"]
        failure = self._failure([tool + rest for rest in locked])
        if not failure:
            return
        # A mirror or a folder of wheels may hold other builds or versions.
        _say("The locked packages cannot be had here; trying what else fits …")
        failure = self._failure([tool + rest for rest in fitting])
        if failure:
            raise SetupError(
                f"The packages could not be installed.\n{failure}\n{_ADVICE}"
            )

    def _add_pip(self, failure_of_uv: str) -> None:
        """See to it that the environment has pip."""
        if PathFinder.find_spec("pip", self._packages()) is not None:
            return
        if find_spec("ensurepip") is None and failure_of_uv:
            raise SetupError(
                f"uv could not install the packages.\n{failure_of_uv}\n{_ADVICE}"
            )
        command = [str(self.python), "-I", "-m", "ensurepip", "--default-pip"]
        if failure := self._failure([command]):
            raise SetupError(f"pip could not be put into {self.folder}:\n{failure}")

    def _failure(self, commands: Sequence[Sequence[str]]) -> str:
        """Run commands in the checkout; return how the first failing one ended, or ''.

        Their output is kept back until then: on a good day it tells nobody anything.
        """
        for command in commands:
            done = subprocess.run(  # noqa: S603 - our own commands, no shell
                command,
                check=False,
                cwd=self.root,
                env=_tool_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
            )
            if done.returncode:
                lines = done.stdout.strip().splitlines()[-12:]
                return "\n".join(f"  {line}" for line in lines) or "  (no output)"
        return ""


def _tool_environment() -> dict[str, str]:
    """Return the user's environment, fit for pip and uv working in `.venv/`."""
    environ = dict(os.environ)
    environ["PIP_USER"] = "0"  # a user's own default, impossible in an environment
    environ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    environ["PIP_NO_INPUT"] = "1"
    for pip_name, uv_name in _UV_NAMES.items():
        if pip_name in environ:
            value = environ[pip_name]
            if uv_name == "UV_FIND_LINKS":
                value = ",".join(value.split())
            environ.setdefault(uv_name, value)
    return environ


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
            _say("Another start is setting up; waiting for it …")
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


def _say(text: str) -> None:
    """Tell of progress, out of the way of what the command itself prints."""
    sys.stderr.write(f"logovote: {text}\n")
    sys.stderr.flush()
