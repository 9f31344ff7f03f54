from __future__ import annotations

import math
import tracemalloc
from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from random import Random

import pytest

from logovote.contest import signals
from logovote.contest.signals import Cast, Said, Sign
from tests.conftest import NOW

DAY = timedelta(days=1)
END = NOW + 14 * DAY


def casts(
    said: Sequence[Said],
    *,
    times: list[datetime] | None = None,
    network: str | None = None,
) -> list[Cast]:
    """Ballots spread evenly over the round, unless `times` says otherwise."""
    step = (END - NOW) / (len(said) + 1)
    return [
        Cast(n, times[n] if times else NOW + (n + 1) * step, None, network, ballot)
        for n, ballot in enumerate(said)
    ]


def honest(number: int, seed: int = 1, designs: int = 40) -> list[Said]:
    """Approvals of voters with a taste of their own each; some designs are loved."""
    rng = Random(seed)  # noqa: S311 - made-up ballots
    liked = [0.05 + 0.4 * rng.random() ** 3 for _ in range(designs)]
    return [
        frozenset(f"f{n}" for n, p in enumerate(liked) if rng.random() < p)
        or frozenset({"none"})
        for _ in range(number)
    ]


def kinds(found: list[Sign]) -> list[tuple[str, int]]:
    return [(sign.kind, len(sign.ballots)) for sign in found]


def found_in(ballots: list[Cast]) -> list[Sign]:
    return signals.signs(ballots, NOW, END)


@pytest.mark.parametrize("seed", range(20))
def test_honest_ballots_of_two_weeks_give_no_sign_of_likeness_or_haste(
    seed: int,
) -> None:
    found = found_in(casts(honest(150, seed)))

    assert [sign for sign in found if sign.kind != "single"] == []


def test_clones_among_honest_ballots_are_one_group_and_no_more() -> None:
    clone = frozenset({"f1", "f7", "f12", "f30"})

    found = found_in(casts([*honest(80), *[clone] * 7]))

    assert kinds(found) == [("alike", 7)]
    assert found[0].ballots == tuple(range(80, 87))
    assert "7 ballots with the same choices" in found[0].text
    assert "less than once in 1,000,000 such votes" in found[0].chance


def test_a_choice_more_less_or_another_is_nearly_the_same() -> None:
    clone = frozenset(f"f{n}" for n in (1, 5, 9, 13, 17, 21))
    bent: Sequence[Said] = [
        clone,
        clone - {"f1"},
        clone | {"f39"},
        (clone - {"f5"}) | {"f38"},
        clone - {"f9"},
    ]

    found = found_in(casts([*honest(80), *bent]))

    assert kinds(found) == [("alike", 5)]
    assert "differ in one choice at most" in found[0].text


def test_the_same_short_ballot_for_what_all_like_is_no_sign() -> None:
    both, one, two = frozenset({"f1", "f2"}), frozenset({"f1"}), frozenset({"f2"})
    said = [*[both] * 12, *[one] * 12, *[two] * 12, *[both | {"f3"}] * 8]

    assert [s for s in found_in(casts(said)) if s.kind == "alike"] == []


def test_equal_rankings_are_found_and_so_are_equal_beginnings() -> None:
    rng = Random(3)  # noqa: S311 - made-up ballots
    ids = [str(n) for n in range(1, 11)]
    said: Sequence[Said] = [tuple((i,) for i in rng.sample(ids, 7)) for _ in range(60)]
    first = tuple((i,) for i in ("4", "2", "9", "1", "7"))
    equal: Sequence[Said] = [(*first, ("3",))] * 5
    beginnings: Sequence[Said] = [(*first, (i,)) for i in ("3", "5", "6", "8", "10")]

    assert kinds(found_in(casts([*said, *equal]))) == [("alike", 5)]
    found = found_in(casts([*said, *beginnings]))
    assert kinds(found) == [("alike", 5)]
    assert "the same first 5 places" in found[0].text


def test_ballots_of_one_design_are_told_and_named_only_as_a_group() -> None:
    # One of the honest ones names but one design, too.
    one = [*[frozenset({"f39"})] * 9, frozenset({"f3"})]

    found = [s for s in found_in(casts([*honest(80), *one])) if s.kind == "single"]

    assert [len(sign.ballots) for sign in found] == [11, 9]
    assert not any("39" in sign.text + sign.chance for sign in found)
    assert not any(sign.named for sign in found)


def test_none_of_these_is_no_design_and_no_likeness() -> None:
    assert found_in(casts([frozenset({"none"})] * 30)) == []


def test_nothing_hangs_on_which_designs_ballots_name() -> None:
    """Designs renamed: the same signs, word for word, in the same order."""
    said = honest(60, 5, designs=20)
    said += [frozenset({"f1", "f2", "f3"})] * 6 + [frozenset({"f4"})] * 8
    said += [frozenset({"f5", "f6", "f7"})] * 6
    # A ring: each is near two of the others, so whose turn is first matters.
    base = frozenset({"f10", "f11", "f12"})
    for pair in (("f13", "f14"), ("f13", "f15"), ("f15", "f16"), ("f14", "f16")):
        said += [base | set(pair)] * 3
    rng = Random(9)  # noqa: S311 - any order
    names = [f"f{n}" for n in range(20)]
    renamed = dict(zip(names, rng.sample(names, 20), strict=True)) | {"none": "none"}
    other: list[Said] = [frozenset(renamed[str(i)] for i in each) for each in said]

    assert len(found_in(casts(said))) >= 4
    assert found_in(casts(said)) == found_in(casts(other))


def test_a_wave_of_first_saves_is_a_burst_once() -> None:
    times = [NOW + n * timedelta(hours=5) for n in range(50)]
    wave = [END - DAY + n * timedelta(seconds=40) for n in range(8)]

    found = found_in(casts(honest(58), times=[*times, *wave]))

    assert ("burst", 8) in kinds(found)
    assert [kind for kind, _ in kinds(found)].count("burst") == 1
    burst = next(sign for sign in found if sign.kind == "burst")
    assert set(burst.ballots) >= set(range(50, 58))
    assert "within 10 minutes" in burst.text


def test_a_busy_hour_is_a_burst_of_an_hour() -> None:
    times = [NOW + n * timedelta(hours=6) for n in range(50)]
    busy = [END - DAY + n * timedelta(minutes=6) for n in range(10)]

    bursts = signals.bursts(casts(honest(60), times=[*times, *busy]), NOW, END)

    assert [("within an hour" in s.text, len(s.ballots) >= 10) for s in bursts] == [
        (True, True)
    ]


def test_everybody_at_once_in_a_round_of_an_hour_is_no_burst() -> None:
    times = [NOW + n * timedelta(minutes=1) for n in range(60)]
    end = NOW + timedelta(hours=1)

    assert signals.bursts(casts(honest(60), times=times), NOW, end) == []


def test_three_from_one_network_are_told_and_unknown_networks_are_not() -> None:
    said = honest(4)
    same = [Cast(n, NOW + n * DAY, None, "0a1b2c", said[n]) for n in range(3)]
    unknown = [Cast(n, NOW + n * DAY, None, None, said[3]) for n in range(3, 9)]

    assert kinds(signals.networks([*same, *unknown])) == [("network", 3)]
    assert signals.networks(same[:2]) == []


def test_who_was_added_during_the_vote_and_voted_at_once_is_told() -> None:
    added = NOW + 3 * DAY
    said = honest(4)
    young = [
        Cast(n, added + timedelta(minutes=n), added, None, said[n]) for n in range(3)
    ]
    slow = Cast(3, added + 2 * DAY, added, None, said[3])
    old = Cast(4, added, NOW - DAY, None, said[3])

    found = signals.late([*young, slow, old], NOW)

    assert [sign.ballots for sign in found] == [(0, 1, 2)]
    assert "4 are of people who were added after the opening" in found[0].chance


@pytest.mark.parametrize("expected", [0.01, 0.5, 3.0, 40.0])
@pytest.mark.parametrize("least", [0, 1, 2, 5, 20, 60])
def test_the_tail_of_chance_is_poissons(least: int, expected: float) -> None:
    """Against the sum from its definition, in exact terms but for e."""
    rate = Fraction(expected)
    below = sum(rate**n / math.factorial(n) for n in range(least))
    tail = 1 - float(below * Fraction(math.exp(-expected)))

    assert signals.poisson_tail(least, expected) == pytest.approx(tail, abs=1e-12)


def test_chances_are_told_in_round_numbers() -> None:
    assert "1,000 such" in signals.odds(0.0009)
    assert "10,000 such" in signals.odds(0.00005)
    assert "1,000,000 such" in signals.odds(0.0)
    assert "often enough" in signals.odds(0.5)


def test_thousands_of_ballots_take_no_time_to_speak_of() -> None:
    """Linear in ballots: with every pair compared it would take minutes."""
    found = found_in(casts(honest(4_000)))

    assert all(sign.kind == "single" for sign in found)


def test_ballots_with_one_beginning_are_held_once_and_not_once_for_each() -> None:
    """With a set for each of them, these would hold nine million numbers."""
    first = tuple((str(n),) for n in range(signals.LONG))
    said: Sequence[Said] = [(*first, (f"other {n}",)) for n in range(3_000)]
    ballots = casts(said)

    tracemalloc.start()
    (found,) = signals.alike([*ballots, *odd_ones(3_000)])
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert found.ballots == tuple(range(3_000))
    assert peak_bytes < 20_000_000


def odd_ones(start: int, number: int = 3_000) -> list[Cast]:
    """Rankings that nobody else begins like."""
    return [
        Cast(n, NOW, None, None, tuple((f"{n} {place}",) for place in range(6)))
        for n in range(start, start + number)
    ]


def test_of_ballots_that_are_near_only_the_equal_ones_may_be_rare() -> None:
    """All begin alike, as half of everybody does; seven of them end alike as well."""
    first = tuple((str(n),) for n in range(signals.LONG))
    ends = [(f"{n} a", f"{n} b", f"{n} c") for n in range(40)]
    said: list[Said] = [(*first, *((id_,) for id_ in end)) for end in ends]
    equal: list[Said] = [(*first, ("7",), ("8",), ("9",))] * 7

    found = signals.alike([*casts([*said, *equal]), *odd_ones(100, 3)])

    assert [sign.ballots for sign in found] == [tuple(range(40, 47))]
    assert "with the same choices" in found[0].text
