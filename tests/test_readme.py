"""The terminal's way through the README, as a newcomer types it."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import folder_of, png

README = Path(__file__).resolve().parent.parent / "README.md"
PEOPLE = b"email,name,group\nann@x.org,Ann,core\nbob@x.org,Bob,community\n"
APPROVED = b"group,count,approvals\ncore,4,1; 2\ncommunity,3,2\n"
RANKED = b"group,count,ranking\ncore,3,1 > 2\ncommunity,3,1 > 2\n"


def commands() -> list[list[str]]:
    """What the README gives to `logovote`, from a new contest to its hand-off."""
    lines = re.findall(r"^    (logovote .+)$", README.read_text("utf-8"), re.MULTILINE)
    found = [shlex.split(line)[1:] for line in lines]
    assert found[0][:2] == ["contest", "new"]
    assert found[-1][0] == "export"
    return found


@pytest.mark.slow
def test_the_commands_of_the_readme_lead_from_a_folder_to_a_hand_off(
    tmp_path: Path,
) -> None:
    """Each in a process of its own: what loads first differs from one to the next."""
    folder_of(tmp_path / "export", {f"#{number}.png": png(number) for number in (1, 2)})
    folder_of(
        tmp_path, {"people.csv": PEOPLE, "shortlist.csv": APPROVED, "rank.csv": RANKED}
    )
    told = {}
    for words in commands():
        if words[:3] == ["round", "close", "acme"]:
            pile = "shortlist.csv" if words[3] == "shortlist" else "rank.csv"
            run(tmp_path, "ballots", "import", "acme", words[3], pile)
        # The README's date passes.
        told[" ".join(words[:2])] = run(
            tmp_path, *(word.replace("2026-12-06", "2999-12-06") for word in words)
        )

    assert "/i/" in told["people links"]
    lines = (tmp_path / "hand-off" / "shortlist.csv").read_text("utf-8").splitlines()
    assert [line.split(",")[0] for line in lines] == ["\ufeffplace", "1", "2", "3"]


def run(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "logovote", "--data", "data", *words],
        check=False,
        cwd=folder,
        env={"PYTHONPATH": str(README.parent)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout
