"""The measurements that nobody runs for weeks: that they still do what they say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("evening --voters 3 --minutes 0.05", "0 errors, 0 acknowledged saves lost"),
        ("growth --designs 20", "/c/acme/results/shortlist/ballots.zip"),
    ],
)
def test_a_measurement_runs(command: str, said: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", *f"bench.{command}".split()],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert ran.returncode == 0, ran.stderr
    assert said in ran.stdout
    assert "*" not in ran.stdout, "an answer that is no page"
