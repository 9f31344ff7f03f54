"""What passes between the fence and the process inside it: frames of checked bytes.

A frame is its length and its payload. An answer has one fixed layout, so that reading
one from a decoder that a hostile file has taken over can only succeed or be refused.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import BinaryIO, Final

from logovote.imaging.picture import (
    CUTOUTS,
    FORMATS,
    GROUNDS,
    MAX_LIKENESS_BYTES,
    MAX_SIDE_PX,
    SPECS,
    Derivative,
    Developed,
    Spec,
    UnreadableImageError,
)

READY: Final = b"ready"
# Beside kinds of derivatives, what the process inside may be asked for.
DESCRIBE: Final = "describe"
MAX_ANSWER_BYTES: Final = 8_000_000

_LENGTH: Final = struct.Struct(">I")
_FACTS: Final = struct.Struct(">BIIBBBB3B")
_PICTURE: Final = struct.Struct(">III")
_REFUSED: Final = b"R"
_DEVELOPED: Final = b"D"
_MAX_MESSAGE_CHARACTERS: Final = 400


class MalformedAnswerError(Exception):
    """An answer that no sound decoder gives."""


def send(stream: BinaryIO, payload: bytes) -> None:
    """Write one frame."""
    stream.write(_LENGTH.pack(len(payload)))
    stream.write(payload)
    stream.flush()


def receive(stream: BinaryIO, limit_bytes: int) -> bytes | None:
    """Read one frame; None where the stream ends before or within it.

    Raises:
        MalformedAnswerError: the frame says that it is longer than the limit.
    """
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > limit_bytes:
        raise MalformedAnswerError("the frame is too long")
    payload = stream.read(length)
    return payload if len(payload) == length else None


def refusal(message: str) -> bytes:
    """Write a refusal."""
    return _REFUSED + message.encode()


def answer(developed: Developed) -> bytes:
    """Write facts and derivatives."""
    parts = [
        _DEVELOPED,
        _FACTS.pack(
            FORMATS.index(developed.format),
            developed.width_px,
            developed.height_px,
            developed.animated,
            GROUNDS.index(developed.ground),
            CUTOUTS.index(developed.cutout),
            developed.colour is not None,
            *(developed.colour or (0, 0, 0)),
        ),
        _LENGTH.pack(len(developed.likeness)),
        developed.likeness,
    ]
    for picture in developed.derivatives:
        size = (picture.width_px, picture.height_px, len(picture.data))
        parts += [_PICTURE.pack(*size), picture.data]
    return b"".join(parts)


def parse(payload: bytes, specs: Sequence[Spec] = SPECS) -> Developed:
    """Read an answer about the derivatives of `specs`, believing nothing.

    Raises:
        UnreadableImageError: the answer is a refusal.
        MalformedAnswerError: it has not exactly the layout that `answer` writes.
    """
    if payload.startswith(_REFUSED):
        message = payload[1:].decode(errors="replace")[:_MAX_MESSAGE_CHARACTERS]
        raise UnreadableImageError("".join(c for c in message if c.isprintable()))
    if not payload.startswith(_DEVELOPED):
        raise MalformedAnswerError("neither facts nor a refusal")
    try:
        return _parse_developed(payload, specs)
    except (struct.error, IndexError) as error:
        raise MalformedAnswerError("the answer is cut off or out of range") from error


def _parse_developed(payload: bytes, specs: Sequence[Spec]) -> Developed:
    facts = _FACTS.unpack_from(payload, 1)
    format_, width_px, height_px, animated, ground, cutout, flat, *colour = facts
    if max(animated, flat) > 1 or not (
        0 < width_px <= MAX_SIDE_PX and 0 < height_px <= MAX_SIDE_PX
    ):
        raise MalformedAnswerError("impossible facts")
    at = 1 + _FACTS.size
    (length,) = _LENGTH.unpack_from(payload, at)
    at += _LENGTH.size
    likeness = payload[at : at + length]
    at += length
    if length > MAX_LIKENESS_BYTES:
        raise MalformedAnswerError("the description is too long")
    derivatives = []
    for spec in specs:
        width, height, length = _PICTURE.unpack_from(payload, at)
        at += _PICTURE.size
        derivatives.append(_checked(spec, payload[at : at + length], width, height))
        at += length
    if at != len(payload):
        raise MalformedAnswerError("bytes missing or left over")
    return Developed(
        FORMATS[format_],
        width_px,
        height_px,
        bool(animated),
        GROUNDS[ground],
        (colour[0], colour[1], colour[2]) if flat else None,
        CUTOUTS[cutout],
        likeness,
        tuple(derivatives),
    )


def _checked(spec: Spec, data: bytes, width_px: int, height_px: int) -> Derivative:
    if not (0 < width_px <= spec.width_px and 0 < height_px <= spec.height_px):
        raise MalformedAnswerError(f"impossible size of the {spec.kind}")
    whole = 8 + int.from_bytes(data[4:8], "little")
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or len(data) != whole:
        raise MalformedAnswerError(f"the {spec.kind} is not WebP")
    return Derivative(spec.kind, data, width_px, height_px)
