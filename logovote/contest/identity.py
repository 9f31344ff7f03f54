"""What a design is called outside: an id that stays, and its picture's fingerprint.

The entry number is the contest site's; it is said again in other contests. The short id
is the design's own. The fingerprint belongs to one picture: a design that was changed
keeps its id and has another fingerprint, so that what ships can be held against what
was voted on.
"""

from __future__ import annotations

import hashlib

from logovote.store.models import Contest

# Without vowels, and without what is taken for something else when read aloud.
_LETTERS = "23456789bcdfghjkmnpqrstvwxz"
_LENGTH = 6
_SHOWN = 16


def short_id(contest: Contest, entry: int) -> str:
    """Return a design's id, such as kx7b2n: of contest and entry, the same for ever.

    A contest of 400 designs has two with the same id once in 4,800 contests; the entry
    number always stands beside it.
    """
    text = f"logovote-design-v1\0{contest.slug}\0{entry}"
    number = int.from_bytes(hashlib.sha256(text.encode()).digest())
    letters = []
    for _ in range(_LENGTH):
        number, letter = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[letter])
    return "".join(letters)


def fingerprint(digest: str) -> str:
    """Shorten the SHA-256 of an original so that people compare it, in fours."""
    return " ".join(digest[at : at + 4] for at in range(0, _SHOWN, 4))
