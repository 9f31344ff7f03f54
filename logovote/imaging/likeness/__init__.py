"""How alike two logos are: describe each once, then propose families of variants.

`describe` and `parse` are for one picture, `Likeness` for all of a contest.
"""

from __future__ import annotations

from logovote.imaging.likeness.features import (
    MAX_BYTES,
    Description,
    MalformedDescriptionError,
    describe,
    parse,
)
from logovote.imaging.likeness.proposing import Design, Likeness, Proposal

__all__ = [
    "MAX_BYTES",
    "Description",
    "Design",
    "Likeness",
    "MalformedDescriptionError",
    "Proposal",
    "describe",
    "parse",
]
