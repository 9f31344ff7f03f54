"""Crowds like the one that voted: ballots drawn anew, inside every group.

What is estimated from them says how stable a result is "if a similar crowd voted
again". It is no claim of confidence about a population, for voters are not a sample.

The randomness is published: NumPy's PCG64 seeded with SHA-256 of the round's own seed,
so whoever has the ballots can draw the same crowds.

Source: Efron, Bootstrap methods: another look at the jackknife, Ann. Stat. 7 (1979).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from logovote.voting.profiles import Profile

REPLICATES = 1000
"""How many crowds are drawn, unless there are very many ballots."""

FEWEST_BALLOTS = 10
"""With fewer, redrawing the same few says nothing, and nothing is estimated."""

GENERATOR = "numpy PCG64, seeded with SHA-256 of 'logovote-bootstrap-v1', 0, seed"
_MOST_DRAWS = 20_000_000
_FEWEST_REPLICATES = 100

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


def replicates_for(ballots: int) -> int:
    """Return how many crowds to draw: fewer of huge ones, whose order hardly moves."""
    return min(REPLICATES, max(_FEWEST_REPLICATES, _MOST_DRAWS // max(1, ballots)))


def generator(profile: Profile) -> np.random.Generator:
    """Return the generator that a round's seed fixes."""
    digest = hashlib.sha256(b"logovote-bootstrap-v1\0" + profile.key).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest)))


def redraw(
    rng: np.random.Generator, heads: Sequence[int] | Counts, replicates: int
) -> Counts:
    """Draw as many ballots as were cast, with replacement, again and again.

    Args:
        rng: the source of randomness.
        heads: shape (piles,); how often each different ballot of one group was cast.
        replicates: how many crowds to draw.

    Returns:
        Shape (replicates, piles): how often each ballot stands in each crowd.
    """
    cast = np.asarray(heads, np.int64)
    voters = int(cast.sum())
    if not voters:
        return np.zeros((replicates, len(cast)), np.int64)
    if voters > 4 * len(cast):
        # Many equal ballots: one draw per pile is less work than one per voter.
        return rng.multinomial(voters, cast / voters, size=replicates)
    pile = np.repeat(np.arange(len(cast)), cast)
    drawn = np.empty((replicates, len(cast)), np.int64)
    for crowd in drawn:
        who = rng.integers(0, voters, size=voters)
        crowd[:] = np.bincount(pile[who], minlength=len(cast))
    return drawn
