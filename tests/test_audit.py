"""What is said of known weaknesses holds for every package, or it is no answer."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

audit = import_module("bench.audit")
ROOT = Path(__file__).resolve().parent.parent
LOCK = """
flask==3.1.3 \\
    --hash=sha256:00
Flask_Login==0.6.3 \\
    --hash=sha256:00
    # via -r requirements.in
"""
SOUND = [
    {"name": "flask", "version": "3.1.3", "vulns": []},
    {"name": "flask-login", "version": "0.6.3", "vulns": []},
]
WEAK = {"id": "CVE-2026-1", "fix_versions": ["3.1.4"]}


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (SOUND, []),
        (
            [SOUND[0] | {"vulns": [WEAK]}, SOUND[1]],
            ["3.1.3: CVE-2026-1 (fixed in: 3.1.4"],
        ),
        (SOUND[:1], ["flask-login: could not be looked up"]),
        (
            [{"name": "flask", "skip_reason": "not found on PyPI"}, SOUND[1]],
            ["flask: could not be looked up"],
        ),
        ([], ["flask: could not", "flask-login: could not"]),
    ],
    ids=["sound", "weak", "left-out", "skipped", "nothing"],
)
def test_an_audit_is_sound_only_if_every_package_was_looked_up(
    report: list[dict[str, Any]], said: list[str]
) -> None:
    found = audit.problems(LOCK, {"dependencies": report})

    assert len(found) == len(said)
    assert all(words in line for words, line in zip(said, found, strict=True))


def test_every_package_of_our_lock_is_counted() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")

    lines = [line for line in lock.splitlines() if "==" in line and line[0] != " "]
    assert len(lines) > 20
    assert audit.pinned(lock) == {line.partition("==")[0].lower() for line in lines}
