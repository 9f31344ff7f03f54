from __future__ import annotations

import hmac

import pytest

from logovote.voting.ties import candidate_order, family_order, finest_tiers
from tests.voting.builders import profile


def digest(key: bytes, id_: str) -> str:
    return hmac.new(key, id_.encode(), "sha256").hexdigest()


def test_candidates_stand_by_the_hmac_of_their_ids() -> None:
    order = candidate_order(profile("abcdefgh", seed="a seed"))
    assert list(order.ids) == sorted("abcdefgh", key=lambda id_: digest(b"a seed", id_))


def test_the_order_is_the_same_for_text_and_its_bytes() -> None:
    text = candidate_order(profile("abcdefgh", seed="sel née"))
    raw = candidate_order(profile("abcdefgh", seed="sel née".encode()))
    assert text == raw


def test_families_stay_together_and_stand_by_their_own_hmac() -> None:
    families = {c: "even" if ord(c) % 2 else "odd" for c in "abcdefgh"}
    order = candidate_order(profile("abcdefgh", families=families, seed="s"))
    first, second = sorted(("even", "odd"), key=lambda id_: digest(b"s", id_))
    assert [families[c] for c in order.ids] == [first] * 4 + [second] * 4
    assert family_order(profile("abcdefgh", families=families, seed="s")).ids == (
        first,
        second,
    )


def test_the_order_of_candidates_in_the_profile_is_irrelevant() -> None:
    assert candidate_order(profile("abcdef")) == candidate_order(profile("fedcba"))


@pytest.mark.parametrize(
    ("first", "second", "together", "tiers"),
    [
        pytest.param("abc", "abc", [], ["a", "b", "c"], id="agree"),
        pytest.param("abc", "cba", [], ["abc"], id="opposite"),
        pytest.param("abcd", "bacd", [], ["ab", "c", "d"], id="neighbours"),
        pytest.param("abcd", "cbad", [], ["abc", "d"], id="across-a-third"),
        pytest.param("abcd", "abcd", ["bd"], ["a", "bcd"], id="kept-together"),
        pytest.param("", "", [], [], id="nobody"),
    ],
)
def test_finest_tiers(
    first: str, second: str, together: list[str], tiers: list[str]
) -> None:
    assert finest_tiers(first, second, together) == tuple(map(tuple, tiers))
