"""SVG: read strictly and written anew, with what a still drawing needs.

What a drawing does not need is left out: scripts, events, animations, foreign objects,
editor data, comments. What would make the picture depend on other files, or cost out of
proportion, is refused by name. Only the drawn picture is ever shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from logovote.imaging import references, styles
from logovote.imaging.picture import MAX_PIXELS, SPECS, UnreadableImageError
from logovote.imaging.probe import MAX_SVG_BYTES
from logovote.imaging.references import checked_css, short

_MAX_ELEMENTS: Final = 50_000
_MAX_DEPTH: Final = 128
_MAX_ENTITIES: Final = 64
_MAX_ENTITY_CHARACTERS: Final = 256
_MAX_FILTER_STEPS: Final = 400
# Of 22,000 real files, those with most have 29 attributes an element, 112 characters
# of text and 77 of styles.
_MAX_ATTRIBUTES: Final = 300
_MAX_TEXT_CHARACTERS: Final = 20_000
_MAX_STYLE_CHARACTERS: Final = 500_000
# Every rule is tried on every element.
_MAX_RULES_TIMES_ELEMENTS: Final = 20_000_000
_MAX_WRITTEN_CHARACTERS: Final = 2 * MAX_SVG_BYTES
MAX_ASPECT: Final = 50
DRAWN_PX: Final = max(max(spec.width_px, spec.height_px) for spec in SPECS)
FACTS_PX: Final = 10_000

_SVG: Final = "http://www.w3.org/2000/svg"
_XLINK: Final = "http://www.w3.org/1999/xlink"
_XML: Final = "http://www.w3.org/XML/1998/namespace"

_DRAWING: Final = re.compile(
    "svg|g|defs|symbol|use|switch|a|style|image|path|rect|circle|ellipse|line|polyline"
    "|polygon|text|tspan|textPath|tref|linearGradient|radialGradient|stop|pattern"
    "|clipPath|mask|marker|filter"
)
# feBlend, feGaussianBlur, ...: no other element starts so.
_FILTER_STEP: Final = "fe"
# The steps whose cost grows with a number in an attribute.
_FILTER_BOUNDS: Final = {"numOctaves": 10, "radius": 100, "order": 10}
_TEXTUAL: Final = frozenset({"text", "tspan", "textPath", "tref", "a", "style"})
_ENDLESS: Final = 1e9
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.I)
_UNITS: Final = {
    "": 1.0,
    "px": 1.0,
    "pt": 96 / 72,
    "pc": 16.0,
    "in": 96.0,
    "cm": 96 / 2.54,
    "mm": 96 / 25.4,
    "em": 16.0,
    "ex": 8.0,
}


@dataclass(frozen=True)
class Drawing:
    """Markup safe to draw, and the size it declares; None if it declares none."""

    markup: str
    size_px: tuple[int, int] | None


def sanitise(markup: bytes, longer_px: int = DRAWN_PX) -> Drawing:
    """Write an SVG anew with what a still drawing needs, and nothing else.

    One that declares its size gets another: its longer side is then `longer_px`.

    Raises:
        UnreadableImageError: broken XML, a reference to another file, an entity that
            could explode, or a size, depth or count beyond every real drawing.
    """
    return _Sanitiser(longer_px).run(markup)


class _Sanitiser:
    """One pass over the events of expat, writing the elements that stay."""

    def __init__(self, longer_px: int) -> None:
        self._longer_px = longer_px
        self._out: list[str] = []
        # For each open element: the tag to close it with, or None if it is left out.
        self._open: list[str | None] = []
        self._dropped = 0
        self._elements = 0
        self._filter_steps = 0
        self._entities = 0
        self._pixels = 0
        self._text_characters = 0
        self._written = 0
        self._rules = 0
        self._style: list[str] | None = None
        self._variables: dict[str, str] = {}
        self._size: tuple[int, int] | None = None

    def run(self, markup: bytes) -> Drawing:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.EntityDeclHandler = self._entity
        try:
            parser.Parse(markup, True)  # noqa: FBT003 - expat takes no keyword
        except (expat.ExpatError, ValueError, LookupError) as error:
            raise UnreadableImageError(
                f"The SVG is not well-formed ({error}): export it again."
            ) from error
        if self._rules * self._elements > _MAX_RULES_TIMES_ELEMENTS:
            raise UnreadableImageError(
                "The SVG has more style rules than can be applied: export it with"
                " plain attributes, or send a PNG."
            )
        return Drawing(self._markup(), self._size)

    def _markup(self) -> str:
        markup = "".join(self._out)
        if "var(" not in markup:
            return markup
        resolved = styles.resolved(markup, self._variables)
        self._weigh(len(resolved) - len(markup))
        return resolved

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > _MAX_ELEMENTS or len(self._open) >= _MAX_DEPTH:
            raise UnreadableImageError(
                f"The SVG has more than {_MAX_ELEMENTS} elements, or more than"
                f" {_MAX_DEPTH} inside each other: simplify it, or send a PNG."
            )
        space, _, name = tag.rpartition(" ")
        root = not self._open
        if root and name != "svg":
            raise UnreadableImageError("This XML file is not an SVG.")
        if self._dropped or space not in ("", _SVG) or not self._is_drawing(name):
            self._open.append(None)
            self._dropped += 1
            return
        if len(attributes) > _MAX_ATTRIBUTES:
            raise UnreadableImageError(
                f"An element of the SVG has more than {_MAX_ATTRIBUTES} attributes:"
                " export it again, or send a PNG."
            )
        kept = self._attributes(name, attributes)
        if root:
            self._fit(kept)
            kept |= {"xmlns": _SVG, "xmlns:xlink": _XLINK}
        written = "".join(f" {key}={quoteattr(kept[key])}" for key in kept)
        self._write(f"<{name}{written}>")
        self._open.append(name)
        if name == "style":
            self._style = []

    def _end(self, _tag: str) -> None:
        name = self._open.pop()
        if name is None:
            self._dropped -= 1
            return
        if self._style is not None and name == "style":
            css = self._plain("".join(self._style))
            self._rules += css.count("{")
            if len(css) > _MAX_STYLE_CHARACTERS:
                raise UnreadableImageError(
                    "The SVG has more styles than any drawing needs: export it with"
                    " plain attributes, or send a PNG."
                )
            self._write(escape(css))
            self._style = None
        self._out.append(f"</{name}>")

    def _text(self, text: str) -> None:
        if self._dropped or not self._open or self._open[-1] not in _TEXTUAL:
            return
        if self._style is not None:
            self._style.append(text)
            self._weigh(len(text))
            return
        self._text_characters += len(text)
        if self._text_characters > _MAX_TEXT_CHARACTERS:
            raise UnreadableImageError(
                f"The SVG has more than {_MAX_TEXT_CHARACTERS} characters of text: turn"
                " it into outlines, or send a PNG."
            )
        self._write(escape(text))

    def _write(self, markup: str) -> None:
        self._weigh(len(markup))
        self._out.append(markup)

    def _weigh(self, characters: int) -> None:
        """Stop where entities make of a small file a large one."""
        self._written += characters
        if self._written > _MAX_WRITTEN_CHARACTERS:
            raise UnreadableImageError(
                "The SVG declares an entity that grows without bound: export it as"
                " plain SVG."
            )

    def _entity(
        self,
        _name: str,
        is_parameter: bool,  # noqa: FBT001 - the signature is expat's
        value: str | None,
        _base: str | None,
        _system: str | None,
        _public: str | None,
        _notation: str | None,
    ) -> None:
        self._entities += 1
        if (
            is_parameter
            or value is None
            or "&" in value
            or len(value) > _MAX_ENTITY_CHARACTERS
            or self._entities > _MAX_ENTITIES
        ):
            raise UnreadableImageError(
                "The SVG declares an entity that loads another file or grows without"
                " bound: export it as plain SVG."
            )

    def _is_drawing(self, name: str) -> bool:
        if name.startswith(_FILTER_STEP):
            self._filter_steps += 1
            if self._filter_steps > _MAX_FILTER_STEPS:
                raise UnreadableImageError(
                    f"The SVG has more than {_MAX_FILTER_STEPS} filter effects:"
                    " simplify it, or send a PNG."
                )
            return True
        return _DRAWING.fullmatch(name) is not None

    def _attributes(self, element: str, attributes: dict[str, str]) -> dict[str, str]:
        kept: dict[str, str] = {}
        for key, value in attributes.items():
            space, _, name = key.rpartition(" ")
            if name == "href" and space in ("", _XLINK):
                target, pixels = references.checked(element, value.strip())
                self._count_pixels(pixels)
                if target is not None:
                    kept["xlink:href"] = target
            elif space == _XML and name in ("space", "lang"):
                kept[f"xml:{name}"] = value
            elif not space and not name.lower().startswith("on"):
                if element.startswith(_FILTER_STEP):
                    _check_bound(name, value)
                kept[name] = self._plain(value) if _is_styling(value) else value
        return kept

    def _plain(self, css: str) -> str:
        css, defined = styles.plain(checked_css(css))
        self._variables |= defined
        return css

    def _count_pixels(self, pixels: int) -> None:
        self._pixels += pixels
        if self._pixels > MAX_PIXELS:
            raise UnreadableImageError(
                f"The SVG embeds pictures of more than {MAX_PIXELS // 10**6} megapixels"
                " in all: export it smaller."
            )

    def _fit(self, root: dict[str, str]) -> None:
        """Note the size the drawing declares and set the one it is drawn at."""
        size = _declared_size(root)
        if size is None:
            # Then resvg takes the size of the content, unless half a size misleads it.
            root.pop("width", None)
            root.pop("height", None)
            return
        width, height = size
        if max(width, height) > MAX_ASPECT * min(width, height):
            raise UnreadableImageError(
                f"The SVG is more than {MAX_ASPECT} times as long as it is high or"
                " wide: crop its page to the drawing."
            )
        # A page of a hundred metres is still one design: its shape is what counts.
        stated = min(1.0, FACTS_PX / max(width, height))
        self._size = (max(1, round(width * stated)), max(1, round(height * stated)))
        root.setdefault("viewBox", f"0 0 {width:.6g} {height:.6g}")
        scale = self._longer_px / max(width, height)
        root["width"] = str(max(1, round(width * scale)))
        root["height"] = str(max(1, round(height * scale)))


def _declared_size(root: dict[str, str]) -> tuple[float, float] | None:
    """Return width and height in pixels, a missing one by the view box."""
    match _numbers(root.get("viewBox", "")):
        case [_, _, across, down] if 0 < across < _ENDLESS and 0 < down < _ENDLESS:
            pass
        case _:
            across = down = 0.0
    width, height = _length(root.get("width")), _length(root.get("height"))
    if across and width and not height:
        height = width * down / across
    elif across and height and not width:
        width = height * across / down
    width, height = width or across, height or down
    return (width, height) if width and height else None


def _length(value: str | None) -> float | None:
    """Return a length in pixels; None if it is relative or nonsense."""
    match = re.fullmatch(r"\s*(\S*?)\s*([a-z]*)\s*", value or "", re.I)
    if match is None or not _NUMBER.fullmatch(match[1]):
        return None
    pixels = float(match[1]) * _UNITS.get(match[2].lower(), 0.0)
    return pixels if 0 < pixels < _ENDLESS else None


def _numbers(value: str) -> list[float]:
    return [float(number) for number in _NUMBER.findall(value)]


def _is_styling(value: str) -> bool:
    return any(sign in value for sign in ("(", "\\", "@", "--"))


def _check_bound(name: str, value: str) -> None:
    bound = _FILTER_BOUNDS.get(name)
    if bound and ("var(" in value or any(n > bound for n in _numbers(value))):
        raise UnreadableImageError(
            f"The SVG has a filter out of bounds ({name} {short(value)}): simplify it,"
            " or send a PNG."
        )
