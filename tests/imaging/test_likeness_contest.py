"""Families of a whole contest, and pictures that nobody thought of."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from logovote.demo.export import draw_contest
from logovote.imaging.decode import decode
from logovote.imaging.likeness import MAX_BYTES, Design, Likeness, describe, parse


@pytest.mark.slow
@pytest.mark.parametrize(
    ("named", "precision", "recall"), [(True, 0.85, 0.7), (False, 0.8, 0.7)]
)
def test_most_families_of_a_drawn_contest_are_proposed(
    tmp_path: Path, *, named: bool, precision: float, recall: float
) -> None:
    drawn = draw_contest(tmp_path, designs=90, concepts=40, seed=8)
    concepts = {each.entry: each.concept for each in drawn}
    found = Likeness(
        [
            Design(
                each.entry,
                parse(describe(decode((tmp_path / each.file).read_bytes()).image)),
                each.designer if named else None,
            )
            for each in drawn
        ]
    ).proposals()

    ours = sum(pairs(len(each.entries)) for each in found)
    theirs = sum(map(pairs, Counter(concepts.values()).values()))
    right = sum(
        sum(map(pairs, Counter(concepts[entry] for entry in each.entries).values()))
        for each in found
    )
    assert right / ours >= precision
    assert right / theirs >= recall


def pairs(count: int) -> int:
    return count * (count - 1) // 2


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.tuples(st.integers(1, 420), st.integers(1, 420)),
    mode=st.sampled_from(["RGB", "RGBA"]),
    grain=st.integers(1, 90),
    colours=st.integers(1, 6),
)
def test_any_picture_is_described(
    seed: int, size: tuple[int, int], mode: str, grain: int, colours: int
) -> None:
    """Random blocks of a few colours look like boards, tiles and marks."""
    rng = np.random.default_rng(seed)
    width, height = size
    palette = rng.integers(0, 256, (colours, len(mode)), dtype=np.uint8)
    blocks = rng.integers(0, colours, (height // grain + 1, width // grain + 1))
    whole = palette[blocks].repeat(grain, axis=0).repeat(grain, axis=1)
    image = Image.fromarray(np.ascontiguousarray(whole[:height, :width]))

    blob = describe(image)

    assert len(blob) <= MAX_BYTES
    description = parse(blob)
    Likeness([Design(key, description) for key in range(3)]).proposals()
