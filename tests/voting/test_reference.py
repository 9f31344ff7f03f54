"""Every rule against its definition, on many small profile files full of ties."""

from __future__ import annotations

import json
import random
from fractions import Fraction
from typing import Any

import pytest

from logovote.voting.count import PAIRWISE_RULES, SHORTLIST_RULES, Outcome, count
from logovote.voting.formats import read_profile
from tests.voting.reference import Approvals, Reference, Tiers, by_score

F = Fraction
PROFILES = 120
"""A kind; a few thousand of each were run once."""


def drawn(seed: int, kind: str) -> dict[str, Any]:
    """Draw a small profile file in its native form."""
    dice = random.Random(f"{kind} {seed}")  # noqa: S311 - repeatable on purpose
    candidates = list("abcde"[: dice.randint(1, 5)])
    dice.shuffle(candidates)
    document: dict[str, Any] = {"candidates": candidates, "seed": f"seed {seed}"}
    groups = drawn_groups(dice)
    if groups:
        document["groups"] = groups
    if kind == "approvals":
        if dice.random() < 0.4 and len(candidates) > 2:
            document["families"] = {c: "xy"[c > "b"] for c in candidates[:3]}
        if dice.random() < 0.2:
            document["status_quo"] = dice.choice(candidates)
    document["ballots"] = [
        drawn_ballot(dice, document, kind) for _ in range(dice.randint(0, 7))
    ]
    return document


def drawn_groups(dice: random.Random) -> dict[str, dict[str, Any]]:
    names = ["core", "public", "all"][: dice.choice([0, 0, 2, 2, 3])]
    if dice.random() < 0.3:
        return {name: {"weight": dice.choice([1, 2, "1/2", 0])} for name in names}
    groups: dict[str, dict[str, Any]] = {}
    for name in names:
        groups[name] = {"share": dice.choice(["1/2", "0.2", 1, 3])}
        if dice.random() < 0.3:
            groups[name]["eligible"] = dice.choice([0, 4, 7, 40])
        if dice.random() < 0.3:
            groups[name]["cap"] = dice.choice([1, "3/2", 2])
    return groups


def drawn_ballot(
    dice: random.Random, document: dict[str, Any], kind: str
) -> dict[str, Any]:
    candidates: list[str] = document["candidates"]
    ballot: dict[str, Any] = {"count": dice.choice([0, 1, 1, 1, 2, 3])}
    if "groups" in document:
        ballot["group"] = dice.choice(list(document["groups"]))
    if dice.random() < 0.2:
        ballot["weight"] = dice.choice([0, 2, "1/3", "0.5"])
    chosen = dice.sample(candidates, dice.randint(0, len(candidates)))
    if kind == "approvals" or dice.random() < 0.1:
        ballot["approvals"] = chosen
        if "families" in document and dice.random() < 0.3:
            ballot["approvals"] = sorted({*chosen, *document["families"].values()})
        if dice.random() < 0.2:
            ballot["seen"] = dice.sample(candidates, dice.randint(0, len(candidates)))
        return ballot
    tiers: Tiers = []
    for candidate in chosen:
        if tiers and dice.random() < 0.4:
            tiers[-1].append(candidate)
        else:
            tiers.append([candidate])
    return {**ballot, "ranking": tiers}


def counted(document: dict[str, Any], method: str, **options: Any) -> Outcome:
    reading = {k: options.pop(k) for k in ("unranked",) if k in options}
    profile = read_profile(json.dumps(document).encode(), "x.json", **reading)
    return count(profile, method, **options)


def as_lists(outcome: Outcome) -> Tiers:
    return [list(tier) for tier in outcome.ranking]


@pytest.mark.parametrize("unranked", ["last", "no_opinion"])
@pytest.mark.parametrize("strength", ["margin", "wv"])
@pytest.mark.parametrize("method", [*PAIRWISE_RULES, "irv"])
def test_a_ranking_rule_is_its_definition(
    method: str, strength: str, unranked: str
) -> None:
    for seed in range(PROFILES):
        document = drawn(seed, "rankings")
        outcome = counted(document, method, unranked=unranked, strength=strength)
        reference = Reference(document, unranked, strength)
        scores: dict[str, Fraction] = {}
        if method == "ranked_pairs":
            tiers, order = reference.ranked_pairs()
            assert list(outcome.committee) == order, document
        elif method in ("schulze", "split_cycle", "irv"):
            tiers = getattr(reference, method)()
        else:
            scores = getattr(reference, method)()
            tiers = by_score(scores, smallest_first=method == "minimax")
        assert as_lists(outcome) == tiers, document
        assert list(outcome.winners) == tiers[0], document
        assert outcome.scores == scores, document


@pytest.mark.parametrize("method", SHORTLIST_RULES)
def test_a_shortlist_rule_is_its_definition(method: str) -> None:
    for seed in range(2 * PROFILES):
        document = drawn(seed, "approvals")
        seats = 1 + seed % 4
        outcome = counted(document, method, seats=seats)
        reference = Approvals(document)
        families = max(1, len(reference.order))
        asked = min(seats, families) if method == "equal_shares" else families
        tiers, winners, committee, scores = reference.outcome(method, asked)
        of = {c: document.get("families", {}).get(c, c) for c in document["candidates"]}
        assert [of[c] for c in outcome.committee] == committee[:seats], document
        assert sorted(of[c] for c in outcome.winners) == winners, document
        got = [sorted(of[c] for c in tier) for tier in outcome.ranking]
        assert got == tiers, document
        assert {of[c]: s for c, s in outcome.scores.items()} == scores, document
