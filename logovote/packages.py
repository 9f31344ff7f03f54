"""Bring the project's packages into a virtual environment, with uv or with pip.

Standard library only. The lock files decide the versions and, by their hashes, the very
files; how the user has set up pip (mirror, proxy, certificates, a folder of wheels)
decides where they come from, for uv too.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from logovote.errors import LogovoteError

# uv does not read pip's settings; these say the same to it.
_UV_NAMES = {
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_INDEX",
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
    "PIP_NO_INDEX": "UV_NO_INDEX",
}

# What each extra is installed with, where it is not alone.
_WITH_OTHERS = {
    "": "",
    "oracles": "[test,oracles]",
    "services": "[test,oracles,services]",
}

_NO_PACKAGES = "The packages could not be installed."
_ADVICE = """\
What may help:
  - check the network, and HTTPS_PROXY if you are behind a proxy;
  - with a package mirror: PIP_INDEX_URL=https://mirror.example/simple
  - without a network: on another machine, collect the wheels in a folder by
    pip download -d WHEELS -r requirements.lock
    pip download -d WHEELS hatchling editables
    and here set PIP_NO_INDEX=1 PIP_FIND_LINKS=/path/to/WHEELS
Then give the same command again."""

_BY_HAND = """\
If you trust where they come from, make the environment yourself, without the locks:
    python3 -m venv --clear .venv && .venv/bin/pip install -e '.[test]'"""


class SetupError(LogovoteError):
    """The environment cannot be made here; the message says what would help."""


def install(root: Path, python: Path, extra: str) -> None:
    """Install the checkout `root` and what it needs into the environment of `python`.

    Tries the locked versions with uv and with pip, then with pip whatever else suits
    pyproject.toml: a mirror or a folder of wheels may hold other versions, and a newer
    Python need them. Files that differ from the locked ones are never taken.

    Raises:
        SetupError: none of it worked.
    """
    lock = f"requirements-{extra}.lock" if extra else "requirements.lock"
    # The locks are complete; those of oracles and services leave out what is not used.
    locked = (["--no-deps", "--require-hashes", "-r", lock], ["--no-deps", "-e", "."])

    why = ""
    if uv := shutil.which("uv"):
        tool = [uv, "pip", "install", "--quiet", "--python", str(python)]
        why = failure(root, *(tool + what for what in locked))
        if not why:
            return
    run = [str(python), "-I"]
    if failure(root, [*run, "-c", "import pip"]):
        without_pip = failure(root, [*run, "-m", "ensurepip", "--default-pip"])
        if without_pip:
            raise SetupError(f"{_NO_PACKAGES}\n{why or without_pip}\n{_ADVICE}")
    pip = [*run, "-m", "pip", "install", "--quiet"]
    why = failure(root, *(pip + what for what in locked))
    if "not match the hashes" in why.lower():
        raise SetupError(f"Other files than expected were offered.\n{why}\n{_BY_HAND}")
    if why and "connection broken" not in why:
        say("The locked versions cannot be had here; trying what else fits …")
        extras = _WITH_OTHERS.get(extra, f"[{extra}]")
        why = failure(root, [*pip, "-e", f".{extras}"])
    if why:
        raise SetupError(f"{_NO_PACKAGES}\n{why}\n{_ADVICE}")


def failure(root: Path, *commands: Sequence[str]) -> str:
    """Run commands in `root`; return how the first failing one ended, or "".

    Their output is kept back until then: on a good day it tells nobody anything.
    """
    for command in commands:
        try:
            done = subprocess.run(  # noqa: S603 - our own commands, no shell
                command,
                check=False,
                cwd=root,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
            )
        except OSError as error:
            return f"  {error}"
        if done.returncode:
            return _gist(done.stdout) or f"  {command[0]} failed without a word"
    return ""


def say(text: str) -> None:
    """Tell of progress, out of the way of what the command itself prints."""
    sys.stderr.write(f"logovote: {text}\n")
    sys.stderr.flush()


def _gist(output: str) -> str:
    """Pick the last lines that tell of an error, or the very last if none does."""
    lines = [line.strip()[:300] for line in output.splitlines() if line.strip()]
    telling = [x for x in lines if re.search("error|broken|hash|denied", x, re.I)]
    # pip repeats itself for every retry, with other numbers.
    different = {re.sub(r"0x\w+|\d+", "", x): x for x in telling or lines}
    return "\n".join(f"  {line}" for line in list(different.values())[-5:])


def _environment() -> dict[str, str]:
    """Return the user's environment, fit for pip and uv working in `.venv/`."""
    environ = dict(os.environ)
    environ["PIP_USER"] = "0"  # a user's own default, impossible in an environment
    environ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    environ["PIP_NO_INPUT"] = "1"
    for pip_name, uv_name in _UV_NAMES.items():
        if pip_name in environ:
            value = environ[pip_name]
            if uv_name == "UV_FIND_LINKS":  # parted by commas there
                value = ",".join(value.split())
            environ.setdefault(uv_name, value)
    return environ
