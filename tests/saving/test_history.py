"""The judge of histories is able to find each way of being wrong."""

from __future__ import annotations

import pytest

from tests.saving.history import not_linear
from tests.saving.voters import Save


def kept(rev: int, began: float, ended: float, base: int | None = None) -> Save:
    base = rev - 1 if base is None else base
    return Save(1, f"s{rev}", base, [str(rev)], began, ended, 200, {"rev": rev})


def conflict(
    base: int, began: float, ended: float, shown: int, items: list[str] | None = None
) -> Save:
    current = {"rev": shown, "items": [str(shown)] if items is None else items}
    body = {"error": "conflict", "current": current}
    return Save(1, "c", base, ["9"], began, ended, 409, body)


@pytest.mark.parametrize(
    "saves",
    [
        [],
        [kept(1, 0, 1), kept(2, 1, 2)],
        [kept(2, 0, 3), kept(1, 1, 2)],  # at the same time: either may come first
        [kept(1, 0, 1), conflict(0, 0, 2, shown=1), kept(2, 2, 3)],
    ],
)
def test_what_one_register_could_have_answered_is_right(saves: list[Save]) -> None:
    assert not_linear(saves) == []


@pytest.mark.parametrize(
    ("saves", "problem"),
    [
        ([kept(1, 0, 1), kept(1, 1, 2)], "made twice"),
        ([kept(1, 0, 1), kept(2, 1, 2, base=0)], "built on 0"),
        ([kept(1, 0, 1), kept(3, 1, 2)], "revisions [1, 3]"),
        ([kept(2, 0, 1), kept(1, 2, 3)], "before its forerunner"),
        ([kept(1, 0, 1), conflict(0, 2, 3, shown=1, items=["8"])], "shows"),
        ([kept(1, 0, 1), conflict(0, 2, 3, shown=2)], "shows"),
        ([kept(1, 0, 1), conflict(1, 2, 3, shown=1)], "it was built on"),
        ([conflict(0, 0, 1, shown=1), kept(1, 2, 3)], "yet to come"),
        (
            [kept(1, 0, 1), kept(2, 1, 2), conflict(0, 3, 4, shown=1)],
            "which was over",
        ),
    ],
)
def test_what_no_register_could_have_answered_is_named(
    saves: list[Save], problem: str
) -> None:
    found = not_linear(saves)

    assert len(found) >= 1
    assert problem in " ".join(found)
