"""Concepts and the variants a designer uploads of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TypeVar

from logovote.demo import layouts, mockups, palettes
from logovote.demo.alphabet import FACES, Face, write
from logovote.demo.cast import TAGLINES
from logovote.demo.drawing import Drawing, Figure
from logovote.demo.layouts import Arrange, Parts, Sheet
from logovote.demo.marks import MARKS, Mark
from logovote.demo.palettes import Colouring, Palette
from logovote.demo.wordmarks import WORDMARKS, Wordmark


@dataclass(frozen=True, eq=False)
class Concept:
    """One idea: a mark and its dress, from which every variant is drawn.

    `icon` stands alone where there is no room for the name; it is the mark, unless the
    concept is type only and has none.
    """

    name: str
    mark: Drawing
    icon: Drawing
    lettering: Drawing
    tagline: Drawing
    palette: Palette
    spare: Palette
    turns: bool
    mirrors: bool
    unsure: bool


@dataclass(frozen=True)
class Look:
    """One way to show a concept, and what its designer calls it."""

    called: str
    arrange: Arrange
    colouring: Colouring
    change: Callable[[Concept], Concept] | None = None
    weight: int = 2


def conceive(rng: Random, count: int, name: str) -> list[Concept]:
    """Return concepts that differ in mark, colours and type, as far as there are."""
    words = max(1, count // 10)
    ideas: list[Mark | Wordmark] = [
        *_cycled(rng, MARKS, count - words),
        *_cycled(rng, WORDMARKS, words),
    ]
    rng.shuffle(ideas)
    colours = _cycled(rng, palettes.PALETTES, count)
    faces = _cycled(rng, sorted(FACES), count)
    found: list[Concept] = []
    for place, (idea, palette, face) in enumerate(
        zip(ideas, colours, faces, strict=True)
    ):
        again = sum(1 for earlier in ideas[:place] if earlier is idea)
        mark, icon, lettering = _drawn(rng, idea, FACES[face], name)
        unsure = FACES[face].wobble > 0 or rng.random() < 0.07
        loud = unsure and rng.random() < 0.5
        found.append(
            Concept(
                name=idea.name.replace("_", " ") + (f" {again + 1}" if again else ""),
                mark=mark,
                icon=icon,
                lettering=lettering,
                tagline=write(rng.choice(TAGLINES), _quiet(FACES[face])),
                palette=rng.choice(palettes.LOUD) if loud else palette,
                spare=rng.choice([p for p in palettes.PALETTES if p != palette]),
                turns=isinstance(idea, Mark) and idea.turns,
                mirrors=isinstance(idea, Mark) and not idea.reads,
                unsure=unsure,
            )
        )
    return found


def _drawn(
    rng: Random, idea: Mark | Wordmark, face: Face, name: str
) -> tuple[Drawing, Drawing, Drawing]:
    """Return an idea's mark, icon and lettering."""
    if isinstance(idea, Wordmark):
        return Drawing(), *idea.draw(name)
    mark = idea.draw(rng, name[0].upper())
    return mark, mark, write(name, face, "main" if rng.random() < 0.25 else "ink")


def _quiet(face: Face) -> Face:
    """Return the face of a tagline that goes with a name in `face`."""
    if face.case == "upper":
        return Face(8, "square", "upper", tracking=24)
    return Face(9, tracking=7)


def sheet(concept: Concept, look: Look, size: tuple[int, int]) -> Sheet:
    """Lay a concept out on a canvas."""
    shown = look.change(concept) if look.change else concept
    scheme = look.colouring(shown.palette)
    parts = Parts(
        shown.mark,
        shown.icon,
        shown.lettering,
        shown.tagline,
        shown.palette,
        scheme,
    )
    return Sheet(look.arrange(parts, size), size, scheme["ground"])


def looks(rng: Random, concept: Concept, count: int) -> list[Look]:
    """Return the looks of a concept's variants: the plain one first, none twice."""
    opening = [layouts.beside, layouts.below, layouts.beside_with_tagline]
    ground = rng.choice([palettes.light, palettes.light, palettes.tinted])
    first = Look("", rng.choice(opening), ground)
    if concept.unsure:
        first = Look("", layouts.corner, rng.choice([palettes.tinted, palettes.light]))
    pool = [look for look in LOOKS if _suits(look, concept)]
    chosen, seen = [first], {_shows(first, concept)}
    while len(chosen) < count:
        look = rng.choices(pool, [look.weight for look in pool])[0]
        pool.remove(look)
        if _shows(look, concept) not in seen:
            seen.add(_shows(look, concept))
            chosen.append(look)
    return chosen


def _shows(look: Look, concept: Concept) -> tuple[object, ...]:
    """Return what tells two looks apart: type alone has nothing to stand beside."""
    beside_or_below = look.arrange in (layouts.beside, layouts.below)
    type_only = beside_or_below and not concept.mark.figures
    arrange = layouts.name_alone if type_only else look.arrange
    return arrange, look.colouring, look.change


def _suits(look: Look, concept: Concept) -> bool:
    """Tell whether a look shows something: type alone has no mark to turn."""
    if look.change is _turned:
        return concept.turns
    if look.change is _mirrored:
        return concept.mirrors
    recolours = look.change in (None, _recoloured, _swapped)
    return recolours or bool(concept.mark.figures)


def _recoloured(concept: Concept) -> Concept:
    return replace(concept, palette=concept.spare)


def _swapped(concept: Concept) -> Concept:
    old = concept.palette
    new = old._replace(main=old.second, second=old.main)
    return replace(concept, palette=new)


def _remarked(change: Callable[[Drawing], Drawing]) -> Callable[[Concept], Concept]:
    """Return what changes a concept's mark and icon alike."""

    def changed(concept: Concept) -> Concept:
        mark, icon = change(concept.mark), change(concept.icon)
        return replace(concept, mark=mark, icon=icon)

    return changed


def _outline(figure: Figure) -> Figure:
    pieces = tuple(
        piece if piece.width else replace(piece, width=2.6, cut=False)
        for piece in figure.pieces
    )
    paint = figure.paint if isinstance(figure.paint, str) else figure.paint.end
    return replace(figure, pieces=pieces, paint=paint, opacity=1)


def _soften(figure: Figure) -> Figure:
    if figure.cuts or figure.opacity < 1:
        return figure
    rims = (replace(piece, width=5) for piece in figure.pieces if piece.width == 0)
    return figure.plus(*rims)


_outlined = _remarked(lambda mark: mark.mapped(_outline))
_softened = _remarked(lambda mark: mark.mapped(_soften))
_turned = _remarked(lambda mark: mark.turned(90))
_mirrored = _remarked(lambda mark: mark.scaled(-1, 1))


LOOKS = (
    Look("stacked", layouts.below, palettes.light, weight=3),
    Look("horizontal", layouts.beside, palettes.light, weight=3),
    Look("with tagline", layouts.beside_with_tagline, palettes.light),
    Look("stacked with tagline", layouts.below_with_tagline, palettes.tinted),
    Look("mark only", layouts.mark_alone, palettes.light, weight=3),
    Look("mark on colour", layouts.mark_alone, palettes.branded),
    Look("type only", layouts.name_alone, palettes.light, weight=1),
    Look("on dark", layouts.beside, palettes.dark, weight=4),
    Look("on dark, stacked", layouts.below, palettes.dark),
    Look("on colour", layouts.beside, palettes.branded, weight=3),
    Look("on colour, stacked", layouts.below, palettes.branded),
    Look("one colour", layouts.below, palettes.one_colour),
    Look("black and white", layouts.beside, palettes.black_and_white),
    Look("reversed", layouts.below, palettes.reversed_out, weight=1),
    Look("app icon", mockups.app_icon, palettes.tinted, weight=3),
    Look("avatar", mockups.avatar, palettes.light),
    Look("presentation", layouts.board, palettes.light, weight=4),
    Look("light and dark", layouts.halves, palettes.light, weight=3),
    Look("sizes", layouts.sizes, palettes.light),
    Look("cards", mockups.business_card, palettes.tinted, weight=2),
    Look("in use", mockups.browser, palettes.tinted),
    Look("sticker", mockups.sticker, palettes.tinted),
    Look("other colours", layouts.beside, palettes.light, _recoloured, weight=4),
    Look("other colours, dark", layouts.below, palettes.dark, _recoloured),
    Look("colours swapped", layouts.below, palettes.light, _swapped),
    Look("outline", layouts.beside, palettes.light, _outlined, weight=1),
    Look("softer corners", layouts.below, palettes.tinted, _softened),
    Look("turned", layouts.beside, palettes.light, _turned),
    Look("mirrored", layouts.beside, palettes.tinted, _mirrored, weight=1),
)


_T = TypeVar("_T")


def _cycled(rng: Random, items: Sequence[_T], count: int) -> list[_T]:
    """Return `count` items in a random order, none again before all had a turn."""
    dealt: list[_T] = []
    while len(dealt) < count:
        dealt += rng.sample(items, len(items))
    return dealt[:count]
