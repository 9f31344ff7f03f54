"""Files broken in every way a dice can think of: one line of refusal, or a count."""

from __future__ import annotations

import contextlib
import random

import pytest

from logovote.errors import LogovoteError
from logovote.voting.count import METHODS, count
from logovote.voting.formats import MalformedFileError, read_profile
from tests.growth import grows_as_its_length

MUTANTS = 150
"""Of each file; some ten thousand of each were tried once."""

FILES = {
    "a.json": """{"candidates": ["a", "b", "c"], "unranked": "last", "seed": "any",
 "families": {"a": "f", "b": "f"}, "status_quo": "c", "mode": "fixed_share",
 "recency": {"a": 3},
 "groups": {"jury": {"share": "1/2", "eligible": 40, "cap": 25, "quorum": 2},
            "public": {"share": 0.5}},
 "ballots": [
  {"count": 3, "group": "jury", "weight": "0.1", "ranking": [["a"], ["b", "c"]]},
  {"group": "public", "weight": 1.25, "ranking": ["c", [], "a"]}]}""",
    "b.json": """{"candidates": ["a", "b", "c"], "groups": {"g": {"weight": 2}},
 "ballots": [{"group": "g", "approvals": ["a", "b"], "seen": ["a"]},
  {"count": 2, "approvals": []}]}""",
    "a.csv": "count,group,ranking\n3,jury,a > b = c\n2,public,c; b\n,public,\n",
    "b.csv": "weight;approvals\n1/2;b|a\n2;c\n",
    "c.csv": "count,36,12,7\n2,1,2,\n1,2,1,2\n",
    "d.csv": "rank1,rank2,rank3\na,b,skipped\nb,a=c,\n",
    "e.csv": "2,a>b\n1,b>a=c\n",
    "a.tsv": "fox\towl\nx\t\n\tx\nyes\tno\n",
    "a.cvotes": """# A poll
#/Candidates: a ; b;c
#/Weight Allowed: true

x, y || a > b = c ^2 * 3 # why
/EMPTY_RANKING/ * 2
c > stranger
""",
    "a.toi": """# FILE NAME: a.toi
# NUMBER ALTERNATIVES: 4
# ALTERNATIVE NAME 1: Fox
# ALTERNATIVE NAME 2: Owl
5: 1,2,{3,4}
3: {3, 4},1
1: 2
""",
    "old.toi": "3\n1,Fox\n2,Owl\n3,Elk\n8,8,2\n5,1,{2,3}\n3,2\n",
    "a.cat": """# NUMBER ALTERNATIVES: 3
# NUMBER CATEGORIES: 2
4: 1,{2,3}
1: {},{1,2}
""",
    "a.blt": """4 2 # four
-2
3 4 1 3 2 0
(7) 1 3=1 - 2 0
1.5 2 (1 3) 0 /* so */
0
"Adam"
"Bas\\"il"
"Char # lotte"
Donald
"A title"
""",
}
PIECES = [
    *'{}[]()",:;=>#*^|/\\-0123456789.e+ \n\r\t\0',
    *("null", "true", "NaN", "Infinity", "1e999", "9" * 400, "-1", "1/0", "٣", "\x85"),
    *("\u2028", "\ud800", "é", "count", "ranking", "share", "0 0", "#/", "/*", "*/"),
]


def mutant(dice: random.Random, text: str) -> bytes:
    """Break a text in one to four places."""
    for _ in range(dice.choice([1, 1, 1, 2, 3, 4])):
        at = dice.randrange(len(text) + 1)
        to = min(len(text), at + dice.choice([0, 1, 1, 2, 5, 20]))
        other = dice.randrange(len(text) + 1)
        piece = dice.choice(PIECES)
        text = dice.choices(
            [
                text[:at] + text[to:],
                text[:at] + piece + text[at:],
                text[:at] + piece + text[to:],
                text[:other] + text[at:to] + text[other:],
                text[:at],
            ],
            [3, 4, 4, 3, 1],
        )[0]
    data = text.encode("utf-8", "surrogatepass")
    if dice.random() < 0.05:
        at = dice.randrange(len(data) + 1)
        data = data[:at] + dice.randbytes(1) + data[at:]
    return data


@pytest.mark.parametrize("name", FILES)
def test_a_broken_file_is_refused_in_one_line_or_counted(name: str) -> None:
    refused = 0
    for seed in range(MUTANTS):
        dice = random.Random(f"{name} {seed}")  # noqa: S311 - repeatable on purpose
        data = mutant(dice, FILES[name])
        try:
            profile = read_profile(data, name)
            for method in dice.sample(METHODS, 3):
                count(profile, method, seats=dice.choice([None, 1, 9])).as_json()
        except LogovoteError as refusal:
            message = str(refusal)
            assert message, data
            assert len(message.splitlines()) == 1, data
            assert len(message) < 300, data
            refused += 1
    assert refused > MUTANTS / 10


@pytest.mark.parametrize("name", FILES)
def test_the_whole_file_is_read(name: str) -> None:
    assert read_profile(FILES[name].encode(), name).candidates


@pytest.mark.parametrize(
    ("name", "head", "part", "tail"),
    [
        ("a.blt", "2 1\n", "/* ", "\n0"),
        ("a.blt", "2 1\n1 (1 ", " ", "x = 2) 0\n0"),
        ("a.cvotes", "a", " ", "> b"),
        ("a.cvotes", "#/", " ", "\na > b"),
        ("a.cvotes", "#/Candidates: ", "{n};", "\n"),
        ("a.csv", "", "{n},", "z\n"),
    ],
)
def test_a_hostile_file_costs_time_only_by_its_length(
    name: str, head: str, part: str, tail: str
) -> None:
    def read(length: int) -> None:
        parts = "".join(part.format(n=n) for n in range(length))
        with contextlib.suppress(MalformedFileError):
            read_profile(f"{head}{parts}{tail}".encode(), name)

    assert grows_as_its_length(read, 20_000)
