"""Compare every locked package with the weaknesses that are known, leaving none out.

    pip install pip-audit
    python -m bench.audit [LOCK ...]

By itself `pip-audit` says "no known vulnerabilities" also of packages that it could not
look up. This asks the same and counts: exits 1 if a weakness is known, or if a package
that the lock pins was not looked up. Where it pins two versions, each for its Pythons,
the one for this Python is. Takes `requirements.lock` if nothing is named.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_PINNED = re.compile(r"^([\w.-]+)==", re.MULTILINE)
_COMMAND = "pip-audit --disable-pip --require-hashes --progress-spinner=off -f json -r"


def pinned(lock: str) -> set[str]:
    """Return the packages that a lock pins, by names as indexes compare them."""
    return {re.sub(r"[-_.]+", "-", name).lower() for name in _PINNED.findall(lock)}


def problems(lock: str, report: dict[str, Any]) -> list[str]:
    """Say what is wrong with a lock: known weaknesses, and what nobody looked up.

    Args:
        lock: the text of a requirements file with hashes.
        report: what `pip-audit -f json` says of it.
    """
    found, looked_up = [], set()
    for package in report["dependencies"]:
        if "skip_reason" in package:
            continue
        looked_up.add(re.sub(r"[-_.]+", "-", package["name"]).lower())
        for weakness in package["vulns"]:
            fixed = ", ".join(weakness["fix_versions"]) or "no release yet"
            found.append(
                f"{package['name']} {package['version']}: {weakness['id']} "
                f"(fixed in: {fixed})"
            )
    missing = sorted(pinned(lock) - looked_up)
    return found + [f"{name}: could not be looked up" for name in missing]


def main() -> None:
    """Audit the locks that are named, and say how many packages were looked up."""
    if shutil.which("pip-audit") is None:
        sys.exit("There is no pip-audit here: pip install pip-audit")
    wrong = 0
    for path in [Path(name) for name in sys.argv[1:]] or [ROOT / "requirements.lock"]:
        done = subprocess.run(  # noqa: S603 - our own command, no shell
            [*_COMMAND.split(), str(path)], check=False, capture_output=True, text=True
        )
        if not done.stdout:
            sys.exit(f"pip-audit failed: {done.stderr.strip()[-500:]}")
        lock = path.read_text("utf-8")
        lines = problems(lock, json.loads(done.stdout))
        print(*lines, f"{path.name}: {len(pinned(lock))} pinned", sep="\n")
        wrong += len(lines)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
