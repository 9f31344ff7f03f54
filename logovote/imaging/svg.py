"""SVG: read strictly, written anew without anything active, then drawn by resvg.

What a drawing does not need is left out: scripts, events, animations, foreign objects,
editor data, comments. What would make the picture depend on other files, or cost out of
proportion, is refused by name. Only the drawn picture is ever shown.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

import resvg_py

from logovote.imaging import probe
from logovote.imaging.picture import MAX_PIXELS, SPECS, UnreadableImageError

_MAX_ELEMENTS: Final = 50_000
_MAX_DEPTH: Final = 128
_MAX_ENTITIES: Final = 64
_MAX_ENTITY_CHARACTERS: Final = 256
_MAX_FILTER_STEPS: Final = 400
_MAX_ASPECT: Final = 50
_DRAWN_PX: Final = max(max(spec.width_px, spec.height_px) for spec in SPECS)
_FACTS_PX: Final = 10_000
_DPI: Final = 96

_SVG: Final = "http://www.w3.org/2000/svg"
_XLINK: Final = "http://www.w3.org/1999/xlink"
_XML: Final = "http://www.w3.org/XML/1998/namespace"

_DRAWING: Final = frozenset(
    [
        "svg",
        "g",
        "defs",
        "symbol",
        "use",
        "switch",
        "a",
        "style",
        "image",
        "path",
        "rect",
        "circle",
        "ellipse",
        "line",
        "polyline",
        "polygon",
        "text",
        "tspan",
        "textPath",
        "tref",
        "linearGradient",
        "radialGradient",
        "stop",
        "pattern",
        "clipPath",
        "mask",
        "marker",
        "filter",
    ]
)
_FILTER_STEPS: Final = frozenset(
    [
        "feBlend",
        "feColorMatrix",
        "feComponentTransfer",
        "feComposite",
        "feConvolveMatrix",
        "feDiffuseLighting",
        "feDisplacementMap",
        "feDistantLight",
        "feDropShadow",
        "feFlood",
        "feFuncA",
        "feFuncB",
        "feFuncG",
        "feFuncR",
        "feGaussianBlur",
        "feImage",
        "feMerge",
        "feMergeNode",
        "feMorphology",
        "feOffset",
        "fePointLight",
        "feSpecularLighting",
        "feSpotLight",
        "feTile",
        "feTurbulence",
    ]
)
# The steps whose cost grows with a number in an attribute.
_FILTER_BOUNDS: Final = {"numOctaves": 10, "radius": 100, "order": 10}
_PICTURES: Final = frozenset({"image", "feImage"})
_TEXTUAL: Final = frozenset({"text", "tspan", "textPath", "tref", "style"})
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


def render(markup: bytes) -> tuple[int, int, bytes]:
    """Draw an SVG; return its own width and height in pixels, and a PNG.

    The PNG's longer side is `_DRAWN_PX`. Without any declared size, the content's own
    size is drawn as it is.

    Raises:
        UnreadableImageError: refused by the sanitiser or not drawable.
    """
    drawing = sanitise(markup)
    try:
        png = resvg_py.svg_to_bytes(svg_string=drawing.markup, dpi=_DPI)
    except ValueError as error:
        raise UnreadableImageError(
            f"The SVG cannot be drawn ({error}). Export it as PNG."
        ) from error
    width_px, height_px = drawing.size_px or _png_size(png)
    return width_px, height_px, png


def sanitise(markup: bytes) -> Drawing:
    """Write an SVG anew with what a still drawing needs, and nothing else.

    Raises:
        UnreadableImageError: broken XML, a reference to another file, an entity that
            could explode, or a size, depth or count beyond every real drawing.
    """
    return _Sanitiser().run(markup)


class _Sanitiser:
    """One pass over the events of expat, writing the elements that stay."""

    def __init__(self) -> None:
        self._out: list[str] = []
        # For each open element: the tag to close it with, or None if it is left out.
        self._open: list[str | None] = []
        self._dropped = 0
        self._elements = 0
        self._filter_steps = 0
        self._entities = 0
        self._pixels = 0
        self._style: list[str] | None = None
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
        return Drawing("".join(self._out), self._size)

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
        kept = self._attributes(name, attributes)
        if root:
            self._fit(kept)
            kept |= {"xmlns": _SVG, "xmlns:xlink": _XLINK}
        written = "".join(f" {key}={quoteattr(kept[key])}" for key in kept)
        self._out.append(f"<{name}{written}>")
        self._open.append(name)
        if name == "style":
            self._style = []

    def _end(self, _tag: str) -> None:
        name = self._open.pop()
        if name is None:
            self._dropped -= 1
            return
        if self._style is not None and name == "style":
            self._out.append(escape(_checked_css("".join(self._style))))
            self._style = None
        self._out.append(f"</{name}>")

    def _text(self, text: str) -> None:
        if self._dropped or not self._open or self._open[-1] not in _TEXTUAL:
            return
        if self._style is not None:
            self._style.append(text)
        else:
            self._out.append(escape(text))

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
        if name in _FILTER_STEPS:
            self._filter_steps += 1
            if self._filter_steps > _MAX_FILTER_STEPS:
                raise UnreadableImageError(
                    f"The SVG has more than {_MAX_FILTER_STEPS} filter effects:"
                    " simplify it, or send a PNG."
                )
            return True
        return name in _DRAWING

    def _attributes(self, element: str, attributes: dict[str, str]) -> dict[str, str]:
        kept: dict[str, str] = {}
        for key, value in attributes.items():
            space, _, name = key.rpartition(" ")
            if name == "href" and space in ("", _XLINK):
                target = self._reference(element, value.strip())
                if target is not None:
                    kept["xlink:href"] = target
            elif space == _XML and name in ("space", "lang"):
                kept[f"xml:{name}"] = value
            elif not space and not name.lower().startswith("on"):
                _check_bound(name, value)
                kept[name] = _checked_css(value) if _is_styling(value) else value
        return kept

    def _reference(self, element: str, target: str) -> str | None:
        """Return what an element may refer to: a part of this file, or a picture."""
        if not target or element == "a":
            return None
        if target.startswith("#"):
            return target
        if element in _PICTURES and target[:5].lower() == "data:":
            return self._embedded(target)
        raise UnreadableImageError(
            f"The SVG refers to another file or place ({_short(target)}): embed it, or"
            " send a PNG."
        )

    def _embedded(self, target: str) -> str:
        """Check an embedded picture by its content and write its data URL anew."""
        picture = _data(target)
        try:
            name = probe.sniff(picture)
            # Were it an SVG, Pillow would not take it.
            with probe.opened(picture, name) as opened:
                self._pixels += opened.width * opened.height
        except UnreadableImageError as error:
            raise UnreadableImageError(
                f"The SVG embeds a picture that cannot be used. {error}"
            ) from error
        if self._pixels > MAX_PIXELS:
            raise UnreadableImageError(
                f"The SVG embeds pictures of more than {MAX_PIXELS // 10**6} megapixels"
                " in all: export it smaller."
            )
        encoded = base64.b64encode(picture).decode()
        return f"data:image/{name.lower()};base64,{encoded}"

    def _fit(self, root: dict[str, str]) -> None:
        """Note the size the drawing declares and set the one it is drawn at."""
        size = _declared_size(root)
        if size is None:
            return
        width, height = size
        if max(width, height) > _MAX_ASPECT * min(width, height):
            raise UnreadableImageError(
                f"The SVG is more than {_MAX_ASPECT} times as long as it is high or"
                " wide: crop its page to the drawing."
            )
        # A page of a hundred metres is still one design: its shape is what counts.
        stated = min(1.0, _FACTS_PX / max(width, height))
        self._size = (max(1, round(width * stated)), max(1, round(height * stated)))
        root.setdefault("viewBox", f"0 0 {width:.6g} {height:.6g}")
        scale = _DRAWN_PX / max(width, height)
        root["width"] = str(max(1, round(width * scale)))
        root["height"] = str(max(1, round(height * scale)))


def _declared_size(root: dict[str, str]) -> tuple[float, float] | None:
    """Return width and height in pixels, the missing one by the view box."""
    box = [float(part) for part in _numbers(root.get("viewBox", ""))]
    across, down = box[2:4] if len(box) == 4 else (0.0, 0.0)
    width, height = _length(root.get("width")), _length(root.get("height"))
    if across > 0 and down > 0:
        if width and not height:
            height = width * down / across
        elif height and not width:
            width = height * across / down
        return (width or across, height or down)
    return (width, height) if width and height else None


def _length(value: str | None) -> float | None:
    """Return a length in pixels; None if it is relative or nonsense."""
    match = re.fullmatch(
        r"\s*\+?([\d.]+(?:e[+-]?\d+)?)\s*([a-z]*)\s*", value or "", re.I
    )
    if match is None or match[2].lower() not in _UNITS:
        return None
    try:
        pixels = float(match[1]) * _UNITS[match[2].lower()]
    except ValueError:
        return None
    return pixels if 0 < pixels < 1e9 else None


def _numbers(value: str) -> list[str]:
    return re.findall(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", value, re.I)


def _data(url: str) -> bytes:
    head, _, body = url.partition(",")
    body = unquote_to_bytes(body).decode("latin-1")
    if not head.rstrip().lower().endswith(";base64"):
        return body.encode("latin-1")
    try:
        return base64.b64decode(body)
    except binascii.Error:
        return b""


def _is_styling(value: str) -> bool:
    return "(" in value or "\\" in value or "@" in value


def _checked_css(css: str) -> str:
    """Return CSS without web fonts.

    Raises:
        UnreadableImageError: it loads something from outside of this file.
    """
    # The same text as a CSS reader sees it: comments gone, escapes resolved.
    plain = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    plain = re.sub(r"\\([0-9a-f]{1,6})\s?", _unescaped, plain, flags=re.I)
    plain = plain.replace("\\", "")
    # A font face never draws here, so neither does its source count.
    plain = re.sub(r"@font-face\s*\{[^}]*\}", "", plain, flags=re.I)
    foreign = re.search(
        r"@import[^;]*|url\s*\(\s*['\"]?\s*(?!['\"#\s])[^)]*", plain, re.I
    )
    if foreign:
        raise UnreadableImageError(
            f"The SVG loads a style, font or picture from outside"
            f" ({_short(foreign[0])}): turn text into outlines and embed the rest, or"
            " send a PNG."
        )
    return plain


def _unescaped(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return chr(code) if 0 < code < 0xD800 else ""


def _check_bound(name: str, value: str) -> None:
    bound = _FILTER_BOUNDS.get(name)
    if bound and any(float(number) > bound for number in _numbers(value)):
        raise UnreadableImageError(
            f"The SVG has a filter out of bounds ({name} {_short(value)}): simplify it,"
            " or send a PNG."
        )


def _png_size(png: bytes) -> tuple[int, int]:
    with probe.opened(png, "PNG") as opened:
        return opened.size


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
