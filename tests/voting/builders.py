"""Short ways to write profiles down."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from logovote.voting.ballots import Approval, Ranking
from logovote.voting.profiles import ALL, Profile, Vote


def ranking(text: str) -> Ranking:
    """Read "A > B=C": tiers, best first; nothing is the empty ranking."""
    tiers = [tier.split("=") for tier in text.replace(" ", "").split(">")]
    return Ranking(tuple(tuple(tier) for tier in tiers if tier != [""]))


def approval(text: str) -> Approval:
    """Read "a b c"; nothing is the explicit "none of these"."""
    return Approval(frozenset(text.split()))


def ranked(count: int, text: str, group: str = ALL, weight: str = "1") -> Vote:
    return Vote(ranking(text), count, group, Fraction(weight))


def approved(count: int, text: str, group: str = ALL, weight: str = "1") -> Vote:
    return Vote(approval(text), count, group, Fraction(weight))


def profile(candidates: str, *votes: Vote, **more: Any) -> Profile:
    """Candidates are words, or letters if there is only one word."""
    words = candidates.split()
    return Profile(tuple(words if len(words) > 1 else candidates), votes, **more)
