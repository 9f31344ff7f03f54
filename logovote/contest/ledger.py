"""Receipts and roots: what lets a voter and a sceptic check the count later.

Every hash is over canonical JSON and starts with a name of its own, so that a digest
made for one purpose can never pass for another.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import unicodedata
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

_CODE_BYTES = 10


def canon(value: Any) -> str:
    """Write JSON in the one canonical form: sorted keys, no spaces, NFC, no floats."""
    return json.dumps(
        _normal(value),
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )


def _normal(value: Any) -> Any:
    """Normalise every string; refuse what has no exact form."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, float):
        raise TypeError("floats have no canonical form; write rationals as '3/2'")
    if isinstance(value, dict):
        return {_normal(key): _normal(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_normal(item) for item in value]
    return value


def tag(nonce: str, round_id: int, voter_key: str) -> str:
    """Name a ballot without naming its voter: 64 hex digits.

    Args:
        nonce: 32 hex digits made by the voter's browser; never published.
        round_id: the round, so that tags of two rounds cannot be matched.
        voter_key: the person's key; with the nonce it makes the tag theirs alone.
    """
    text = f"logovote-tag-v1\0{round_id}\0{voter_key}"
    return hmac.new(bytes.fromhex(nonce), text.encode(), hashlib.sha256).hexdigest()


def ballot_line(tag_: str, weight_class: str, items: list[Any]) -> dict[str, Any]:
    """Return the published form of a ballot: its tag, its class, what it says."""
    return {"t": tag_, "c": weight_class, "b": items}


def weight_class(group: str, weight: Fraction) -> str:
    """Name a class of equal ballots: the group, and the weight unless it is 1.

    No group's name holds "=", so no two classes share a name.
    """
    return group if weight == 1 else f"{group}={weight}"


def receipt_code(line: dict[str, Any]) -> str:
    """Return the 16 characters with which a voter finds a line again."""
    data = b"logovote-receipt-v1\0" + canon(line).encode()
    return base64.b32encode(hashlib.sha256(data).digest()[:_CODE_BYTES]).decode()


def merkle_root(lines: Iterable[dict[str, Any]]) -> str:
    """Commit to a set of ballot lines; their order is irrelevant.

    Returns:
        The root as 64 hex digits; of no lines, the digest of nothing.

    Source: the tree shape of RFC 6962, over leaves sorted by their hash.
    """
    return root_of(leaf(line) for line in lines)


def leaf(line: dict[str, Any]) -> bytes:
    """Return the 32 bytes that stand for a ballot line in the tree."""
    return hashlib.sha256(b"\x00" + canon(line).encode()).digest()


def root_of(leaves: Iterable[bytes]) -> str:
    """Return the root over hashes, sorted first; of none, the digest of nothing."""
    level = sorted(leaves)
    return _subtree(level).hex() if level else hashlib.sha256(b"").hexdigest()


def aside_id(tag_: str) -> str:
    """Name a ballot that is set aside, in the log.

    Not its tag: where only hashes of lines are published, who knows a tag could try
    what the ballot says.
    """
    return hashlib.sha256(b"logovote-aside-v1\0" + tag_.encode()).hexdigest()


def commitment(opening: dict[str, Any]) -> str:
    """Commit to everything that is fixed when a round opens, as 64 hex digits."""
    return hashlib.sha256(canon(opening).encode()).hexdigest()


def roll_id(salt: str, voter_key: str) -> str:
    """Name somebody on the roll without naming them; the salt is never published."""
    return hashlib.sha256(bytes.fromhex(salt) + voter_key.encode()).hexdigest()


def event_hash(event: dict[str, Any]) -> str:
    """Return what chains an event to the next one; `event` is without its hash."""
    data = b"logovote-event-v1\0" + canon(event).encode()
    return hashlib.sha256(data).hexdigest()


def _subtree(leaves: list[bytes]) -> bytes:
    """Hash the leaves pairwise, splitting at the largest power of two below n."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    left, right = _subtree(leaves[:split]), _subtree(leaves[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


def tie_seed(public_string: str, closing_root: str, beacon: str = "") -> str:
    """Return the seed of the tie order, as 64 hex digits.

    Nobody knows it before the close: the root depends on every voter's nonce. Nobody
    can aim at it where a public draw of after the close is part of it.
    """
    text = f"logovote-tie-v1\0{public_string}{closing_root}{beacon}"
    return hashlib.sha256(text.encode()).hexdigest()
