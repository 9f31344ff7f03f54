"""Duels ask little, take ties, can be stopped, and lose nothing on the way."""

from __future__ import annotations

from itertools import permutations, product
from random import Random

import pytest

from logovote.contest.duels import BETTER, EQUAL, WORSE, Duels, Standing, Tiers


def answered(duels: Duels, answer: str) -> Duels:
    return Duels(duels.base, duels.queue, duels.said + answer)


def played(duels: Duels, worth: dict[str, int]) -> tuple[Standing, int]:
    """Answer by a hidden order to the end; returns it and how many were asked."""
    asked = 0
    while (now := duels.asking()).pair:
        newcomer, other = now.pair
        difference = worth[newcomer] - worth[other]
        answer = EQUAL if not difference else BETTER if difference > 0 else WORSE
        duels = answered(duels, answer)
        asked += 1
    return now, asked


def most(number: int) -> int:
    """The most questions for so many logos, over every way to answer."""
    # What is asked depends only on how many tiers there are and which interval is left,
    # so the worst case is found tier by tier.
    worst = {1: 0}
    for _ in range(number - 1):
        after: dict[int, int] = {}
        for tiers, asked in worst.items():
            for end, more in ways(tiers):
                after[end] = max(after.get(end, 0), asked + more)
        worst = after
    return max(worst.values())


def ways(tiers: int) -> set[tuple[int, int]]:
    """Every way a newcomer can go: how many tiers there are then, and the questions."""
    base = tuple((f"t{number}",) for number in range(tiers))
    found = set()
    waiting = [""]
    while waiting:
        said = waiting.pop()
        now = Duels(base, ("new",), said).asking()
        if now.pair:
            waiting += [said + answer for answer in (BETTER, WORSE, EQUAL)]
        else:
            found.add((len(now.tiers), len(said)))
    return found


@pytest.mark.parametrize(
    ("logos", "questions"),
    [(2, 1), (3, 3), (4, 5), (10, 25), (12, 33), (15, 45), (20, 69)],
)
def test_so_many_questions_at_most_whatever_is_answered(
    logos: int, questions: int
) -> None:
    assert most(logos) == questions
    ids = tuple(str(number) for number in range(logos))
    assert Duels((), ids).asking().left == questions


def test_every_order_of_six_is_found_within_its_bound() -> None:
    ids = tuple("abcdef")
    for order in permutations(range(6)):
        worth = dict(zip(ids, order, strict=True))
        end, asked = played(Duels((), ids), worth)
        assert [worth[id_] for (id_,) in end.tiers] == [5, 4, 3, 2, 1, 0]
        assert asked <= most(6) == 11


def test_every_order_with_ties_of_five_is_found() -> None:
    ids = tuple("abcde")
    for values in product(range(3), repeat=5):
        worth = dict(zip(ids, values, strict=True))
        end, asked = played(Duels((), ids), worth)
        assert [{worth[id_] for id_ in tier} for tier in end.tiers] == [
            {value} for value in sorted(set(values), reverse=True)
        ]
        assert asked <= most(5)


def test_the_number_left_is_kept_to() -> None:
    ids = tuple(str(number) for number in range(12))
    for seed in range(50):
        chance = Random(seed)  # noqa: S311 - chance that repeats, no secret
        duels = Duels((), ids)
        left = [duels.asking().left]
        while duels.asking().pair:
            duels = answered(duels, chance.choice([BETTER, WORSE, EQUAL]))
            left.append(duels.asking().left)
        assert left == sorted(left, reverse=True)
        assert len(set(left)) == len(left)
        assert left[-1] == 0


def test_what_is_in_order_already_stays_so() -> None:
    base = (("a",), ("b", "c"))
    end, asked = played(Duels(base, ("d",)), {"a": 9, "b": 5, "c": 5, "d": 7})

    assert end.tiers == (("a",), ("d",), ("b", "c"))
    assert asked == 2


def test_stopping_leaves_the_rest_out() -> None:
    now = Duels((), ("a", "b", "c"), BETTER).asking()

    assert (now.tiers, now.queue) == ((("b",), ("a",)), ("c",))


@pytest.mark.parametrize("number", [0, 1])
def test_there_is_nothing_to_ask_about_one(number: int) -> None:
    now = Duels((), ("a",)[:number]).asking()

    assert now.pair is None
    assert now.left == 0
    assert now.tiers == (("a",),)[:number]


STATE = Duels((("1",), ("2", "3")), ("4", "5", "6"), "bw")


def test_a_conversation_is_written_into_an_address_and_read_back() -> None:
    assert Duels.read(STATE.written(), "123456") == STATE
    assert Duels.read(Duels((), ("1", "2")).written(), "12") == Duels((), ("1", "2"))


@pytest.mark.parametrize(
    ("gone", "tiers", "queue"),
    [
        ("1", (("4",), ("2", "3")), ("5", "6")),
        ("3", (("1",), ("4",), ("2",)), ("5", "6")),
        ("6", (("1",), ("4",), ("2", "3")), ("5",)),
    ],
)
def test_a_logo_withdrawn_on_the_way_drops_out_and_the_rest_is_kept(
    gone: str, tiers: Tiers, queue: tuple[str, ...]
) -> None:
    # 4 is between 1 and the others by now.
    standing = set("123456") - {gone}

    assert Duels.read(STATE.written(), standing) == Duels(tiers, queue)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"base": "~~.", "queue": "..", "said": "bbb"},
        {"base": "1.1~2", "queue": "2.3", "said": "w"},
        {"base": "1", "queue": "x.2", "said": "zzzz"},
        {"base": "1", "queue": "2", "said": "b" * 999},
    ],
)
def test_an_address_that_makes_no_sense_still_leads_somewhere(
    fields: dict[str, str],
) -> None:
    now = Duels.read(fields, "123").asking()
    named = [id_ for tier in now.tiers for id_ in tier] + list(now.queue)

    assert set(named) <= set("123")
    assert len(set(named)) == len(named)
