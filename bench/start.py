"""How long a later start takes, from the command line to the first word.

    .venv/bin/python bench/start.py [PYTHON]

PYTHON is the interpreter the command is given to (default: python3 on PATH), which
hands over to `.venv/`. The set-up of the first start is not measured.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNS = 10


def seconds(command: list[str]) -> float:
    """Time one run of a command."""
    began = time.perf_counter()
    subprocess.run(  # noqa: S603 - our own command, no shell
        command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - began


def main() -> None:
    """Print the median of ten starts, after one that warms the caches."""
    python = sys.argv[1] if len(sys.argv) > 1 else "python3"
    for arguments in (["--version"], ["test", "--help"], ["results", "--help"]):
        command = [python, "-m", "logovote", *arguments]
        seconds(command)
        median = statistics.median(seconds(command) for _ in range(RUNS))
        print(f"{median * 1000:6.0f} ms  logovote {' '.join(arguments)}")


if __name__ == "__main__":
    main()
