"""The logo lab: in which ways a design can be looked at, and which to compare."""

from __future__ import annotations

from collections.abc import Iterable

from flask import request

LABS = (
    *("16", "32", "48", "64"),
    *("dark", "photo", "grey", "mono"),
    *("protan", "deutan", "tritan"),
    *("tab", "icon", "header"),
)
"""The ways, as addresses name them; their words are in shortlist/_lab.html."""

MOST_COMPARED = 4


def asked_for() -> str:
    """Return the way that an address asks for; "" shows designs as they were sent."""
    lab = request.args.get("lab", "")
    return lab if lab in LABS else ""


def parse_entries(texts: Iterable[str]) -> list[int]:
    """Read entry numbers, each text holding one or several ("3,17"); each once.

    What is no number is passed over: these are addresses, which people cut and mend.
    """
    words = (word.strip() for text in texts for word in text.split(","))
    numbers = (
        int(word)
        for word in words
        if word.isascii() and word.isdecimal() and len(word) < 8
    )
    return list(dict.fromkeys(numbers))


def written(entries: Iterable[int]) -> str:
    """Write entry numbers as an address holds them."""
    return ",".join(map(str, entries))
