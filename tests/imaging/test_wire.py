from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logovote.imaging import wire
from logovote.imaging.derivatives import develop
from logovote.imaging.picture import UnreadableImageError
from tests.imaging.originals import encoded, mark

DEVELOPED = develop(encoded(mark()))
ANSWER = wire.answer(DEVELOPED)


def test_an_answer_survives_the_journey() -> None:
    assert wire.parse(ANSWER) == DEVELOPED


def test_a_refusal_survives_the_journey_without_control_characters() -> None:
    with pytest.raises(UnreadableImageError, match=r"^It is «broken»\[31m\.$"):
        wire.parse(wire.refusal("It is «broken»\x1b[31m\n."))


@given(st.binary(max_size=300))
def test_noise_is_no_answer(noise: bytes) -> None:
    with pytest.raises((wire.MalformedAnswerError, UnreadableImageError)):
        wire.parse(noise)


@given(st.integers(1, len(ANSWER) - 1))
def test_a_part_is_no_answer(length: int) -> None:
    with pytest.raises(wire.MalformedAnswerError):
        wire.parse(ANSWER[:length])


def test_bytes_left_over_are_no_answer() -> None:
    with pytest.raises(wire.MalformedAnswerError):
        wire.parse(ANSWER + b"\0")


@pytest.mark.parametrize(
    "lie",
    [
        {"width_px": 0},
        {"height_px": 2**31},
        {"likeness": bytes(20_001)},
        {
            "derivatives": (
                replace(DEVELOPED.derivatives[0], data=b"<html>"),
                *DEVELOPED.derivatives[1:],
            )
        },
        {
            "derivatives": (
                replace(DEVELOPED.derivatives[0], width_px=321),
                *DEVELOPED.derivatives[1:],
            )
        },
        {"derivatives": DEVELOPED.derivatives[1:]},
        {"derivatives": DEVELOPED.derivatives[::-1]},
    ],
)
def test_a_lie_is_no_answer(lie: dict[str, object]) -> None:
    lying = wire.answer(replace(DEVELOPED, **lie))  # type: ignore[arg-type] # as meant
    with pytest.raises(wire.MalformedAnswerError):
        wire.parse(lying)


def test_a_stream_is_read_frame_by_frame() -> None:
    stream = io.BytesIO()
    wire.send(stream, b"one")
    wire.send(stream, b"")
    stream.seek(0)

    assert wire.receive(stream, 3) == b"one"
    assert wire.receive(stream, 3) == b""
    assert wire.receive(stream, 3) is None


def test_a_frame_may_not_be_longer_than_agreed() -> None:
    with pytest.raises(wire.MalformedAnswerError):
        wire.receive(io.BytesIO(b"\xff\xff\xff\xff"), 3)
