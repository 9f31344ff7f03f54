"""The table in docs/ASVS.md is whole, and what it points to is there."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TABLE = (ROOT / "docs" / "ASVS.md").read_text("utf-8")
ROW = re.compile(r"^\| V([\d.]+) \| ([12]) \| (.*) \| (.*) \|$", re.MULTILINE)
CHAPTER = re.compile(r"^\| V(\d+) [^|]+ \| (\d+) \| (.*) \|$", re.MULTILINE)
ROWS = ROW.findall(TABLE)
# How many requirements of levels 1 and 2 each section of ASVS 5.0.0 has; they are its
# first ones. Sections that are missing here have requirements of level 3 alone.
SECTIONS = """
    1.1:2 1.2:9 1.3:11 1.4:3 1.5:2
    2.1:3 2.2:3 2.3:4 2.4:1
    3.2:2 3.3:4 3.4:6 3.5:5 3.7:2
    4.1:3 4.2:1 4.3:2 4.4:4
    5.1:1 5.2:3 5.3:2 5.4:3
    6.1:3 6.2:12 6.3:4 6.4:4 6.5:5 6.6:3 6.8:4
    7.1:3 7.2:4 7.3:2 7.4:5 7.5:2 7.6:2
    8.1:2 8.2:3 8.3:1 8.4:1
    9.1:3 9.2:4
    10.1:2 10.2:2 10.3:4 10.4:11 10.5:5 10.6:2 10.7:3
    11.1:2 11.2:3 11.3:3 11.4:4 11.5:1 11.6:1
    12.1:3 12.2:2 12.3:4
    13.1:1 13.2:5 13.3:2 13.4:5
    14.1:2 14.2:4 14.3:3
    15.1:3 15.2:3 15.3:7
    16.1:1 16.2:5 16.3:4 16.4:3 16.5:3
"""
# Those of level 1, of all these.
FIRST = """
    1.2.1 1.2.2 1.2.3 1.2.4 1.2.5 1.3.1 1.3.2 1.5.1
    2.1.1 2.2.1 2.2.2 2.3.1
    3.2.1 3.2.2 3.3.1 3.4.1 3.4.2 3.5.1 3.5.2 3.5.3
    4.1.1 4.4.1
    5.2.1 5.2.2 5.3.1 5.3.2
    6.1.1 6.2.1 6.2.2 6.2.3 6.2.4 6.2.5 6.2.6 6.2.7 6.2.8 6.3.1 6.3.2 6.4.1 6.4.2
    7.2.1 7.2.2 7.2.3 7.2.4 7.4.1 7.4.2
    8.1.1 8.2.1 8.2.2 8.3.1
    9.1.1 9.1.2 9.1.3 9.2.1
    10.4.1 10.4.2 10.4.3 10.4.4 10.4.5
    11.3.1 11.3.2 11.4.1
    12.1.1 12.2.1 12.2.2
    13.4.1
    14.2.1 14.3.1
    15.1.1 15.2.1 15.3.1
"""
APART = {"17": 7}
ALL = 253


def test_every_requirement_has_one_row() -> None:
    wanted = [
        f"{section}.{number}"
        for section, _, most in (part.partition(":") for part in SECTIONS.split())
        for number in range(1, int(most) + 1)
    ]

    assert [id_ for id_, *_ in ROWS] == wanted
    assert {c: int(rows) for c, rows, _ in CHAPTER.findall(TABLE)} == APART
    assert len(wanted) + sum(APART.values()) == ALL
    assert [id_ for id_, level, *_ in ROWS if level == "1"] == FIRST.split()


@pytest.mark.parametrize(
    ("id_", "asked", "shown"), [(id_, asked, shown) for id_, _, asked, shown in ROWS]
)
def test_no_row_is_blank(id_: str, asked: str, shown: str) -> None:
    verdict, _, why = shown.partition(": ")

    assert asked.strip()
    assert verdict in {"yes", "exception", "n/a"}
    assert len(why) > 10


def test_what_is_pointed_to_is_there() -> None:
    files = {
        name
        for name in re.findall(r"`([\w./-]+)`", TABLE)
        if "/" in name or "." in name
    }
    assert len(files) > 50
    assert {name for name in files if not (ROOT / name).exists()} == set()


def test_most_rows_that_are_met_are_shown_by_a_test() -> None:
    met = Counter("`tests/" in shown for *_, shown in ROWS if shown.startswith("yes: "))

    assert met[True] > met[False]
