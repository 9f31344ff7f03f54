from __future__ import annotations

from random import Random

import pytest

from logovote.demo import palettes
from logovote.demo.alphabet import FACES, write
from logovote.demo.designs import LOOKS, Look, conceive, sheet
from logovote.demo.drawing import Blend, Drawing
from logovote.demo.layouts import corner
from logovote.demo.marks import MARKS, Mark
from logovote.demo.palettes import PALETTES, Palette

NIGHT = Look("unsure", corner, palettes.dark)


def chance(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - chance that repeats, no secret


def paints(drawing: Drawing) -> set[str]:
    found: set[str] = set()
    for figure in drawing.figures:
        paint = figure.paint
        found.update(paint[:2] if isinstance(paint, Blend) else (paint,))
    return found


@pytest.mark.parametrize("mark", MARKS, ids=lambda mark: mark.name)
def test_a_mark_fills_its_square_and_paints_in_roles_only(mark: Mark) -> None:
    roles = set(palettes.light(PALETTES[0]))
    for seed in range(4):
        drawn = mark.draw(chance(seed), "Q")
        assert paints(drawn) <= roles
        assert 75 <= max(drawn.box.width, drawn.box.height) <= 140


@pytest.mark.parametrize("look", [*LOOKS, NIGHT], ids=lambda look: look.called)
def test_a_look_keeps_on_the_canvas_and_resolves_every_role(look: Look) -> None:
    for concept in conceive(chance(1), 6, "Quorle"):
        laid = sheet(concept, look, (800, 600))
        assert all(paint.startswith("#") for paint in paints(laid.drawing))
        left, top, right, _bottom = laid.drawing.box
        assert left > -2
        assert top > -2
        assert right < 802


@pytest.mark.parametrize("palette", PALETTES + palettes.LOUD)
def test_marks_stand_out_from_dark_and_coloured_grounds(palette: Palette) -> None:
    night, brand = palettes.dark(palette), palettes.branded(palette)
    assert palettes.contrast(night["main"], night["ground"]) >= 4
    assert palettes.contrast(night["ink"], night["ground"]) >= 7
    assert palettes.contrast(brand["main"], brand["ground"]) >= 3


@pytest.mark.parametrize("face", sorted(FACES))
def test_letters_stand_in_reading_order_without_touching_far(face: str) -> None:
    ends = [write("Tavrel"[: n + 1], FACES[face]).box.right for n in range(6)]
    assert ends == sorted(ends)
    assert ends[-1] > 150


def test_concepts_differ_before_any_idea_comes_again() -> None:
    names = [concept.name for concept in conceive(chance(3), 60, "Tavrel")]
    assert len(set(names)) == 60
    assert not [name for name in names if name.endswith(" 2")]
