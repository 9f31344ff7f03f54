from __future__ import annotations

import hashlib
from itertools import permutations
from typing import Any

import pytest

from logovote.contest import ledger

NONCE = "0f" * 16
LINES = [
    ledger.ballot_line(ledger.tag(NONCE, 1, f"{name}@example.org"), "core", [[choice]])
    for name, choice in (("ann", "1"), ("bob", "2"), ("cleo", "1"))
]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param({"b": 1, "a": 2}, '{"a":2,"b":1}', id="keys-sorted-no-spaces"),
        pytest.param(["e\u0301"], '["\u00e9"]', id="strings-in-nfc"),
        pytest.param({"e\u0301": 1}, '{"\u00e9":1}', id="keys-in-nfc-too"),
        pytest.param((1, (2,)), "[1,[2]]", id="tuples-are-lists"),
        pytest.param(["é", "“"], '["é","“"]', id="not-escaped"),
        pytest.param(None, "null", id="null"),
    ],
)
def test_one_value_has_one_text(value: Any, text: str) -> None:
    assert ledger.canon(value) == text


@pytest.mark.parametrize("value", [0.5, [1.0], {"share": float("nan")}])
def test_floats_have_no_canonical_form(value: Any) -> None:
    with pytest.raises(TypeError, match="floats"):
        ledger.canon(value)


def test_a_receipt_code_is_the_published_formula() -> None:
    """Recomputed from its definition: base32 of 10 bytes of a SHA-256."""
    line = {"t": "00", "c": "core", "b": ["36"]}
    text = b"logovote-receipt-v1\0" + b'{"b":["36"],"c":"core","t":"00"}'
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    number = int.from_bytes(hashlib.sha256(text).digest()[:10])

    code = "".join(alphabet[number >> shift & 31] for shift in range(75, -5, -5))

    assert ledger.receipt_code(line) == code


def test_a_receipt_changes_with_every_part_of_the_line() -> None:
    line: dict[str, Any] = {"t": "00", "c": "core", "b": ["36"]}
    changed = [line | {"t": "01"}, line | {"c": "fans"}, line | {"b": ["37"]}]

    assert len({ledger.receipt_code(each) for each in [line, *changed]}) == 4


def test_a_tag_is_the_voters_alone_and_the_rounds_alone() -> None:
    tags = {
        ledger.tag(nonce, round_id, key)
        for nonce in (NONCE, "a0" * 16)
        for round_id in (1, 2)
        for key in ("ann@example.org", "bob@example.org")
    }

    assert len(tags) == 8


def test_the_root_does_not_depend_on_the_order_of_ballots() -> None:
    assert len({ledger.merkle_root(order) for order in permutations(LINES)}) == 1


def test_the_root_is_the_tree_of_the_sorted_leaves() -> None:
    """Of three leaves, by hand: ((a, b), c)."""
    a, b, c = sorted(
        hashlib.sha256(b"\0" + ledger.canon(line).encode()).digest() for line in LINES
    )
    left = hashlib.sha256(b"\1" + a + b).digest()

    expected = hashlib.sha256(b"\1" + left + c).hexdigest()

    assert ledger.merkle_root(LINES) == expected


@pytest.mark.parametrize(
    "others",
    [
        pytest.param(LINES[:2], id="a-ballot-dropped"),
        pytest.param([*LINES, LINES[0]], id="a-ballot-doubled"),
        pytest.param([LINES[0] | {"b": [["2"]]}, *LINES[1:]], id="a-choice-changed"),
        pytest.param([LINES[0] | {"c": "core=2"}, *LINES[1:]], id="a-weight-changed"),
        pytest.param([], id="all-dropped"),
    ],
)
def test_one_changed_ballot_changes_the_root(others: list[dict[str, Any]]) -> None:
    assert ledger.merkle_root(others) != ledger.merkle_root(LINES)


def test_the_root_of_no_ballots_is_the_digest_of_nothing() -> None:
    assert ledger.merkle_root([]) == hashlib.sha256(b"").hexdigest()


def test_the_tie_seed_depends_on_the_ballots_of_the_close() -> None:
    first = ledger.tie_seed("acme/shortlist/1", ledger.merkle_root(LINES))
    second = ledger.tie_seed("acme/shortlist/1", ledger.merkle_root(LINES[:2]))

    assert first != second
