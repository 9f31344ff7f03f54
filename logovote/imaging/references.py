"""What an SVG may refer to: parts of itself and pictures it carries, nothing else."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final
from urllib.parse import unquote_to_bytes

from logovote.imaging import probe
from logovote.imaging.picture import UnreadableImageError

# The elements that may show a picture kept in a data URL.
_PICTURES: Final = frozenset({"image", "feImage"})
# At-rules that never draw here, so neither do their addresses count: a web font is
# not loaded, a namespace is a name.
#
# What is never closed ends with the text, as CSS has it: a pattern that looked for an
# end in vain, again and again, would take a day for a hostile megabyte.
_COMMENT: Final = re.compile(r"/\*.*?(?:\*/|\Z)", re.S)
_IDLE_RULES: Final = re.compile(
    r"@font-face\s*\{[^}]*(?:\}|\Z)|@namespace[^;]*(?:;|\Z)", re.I
)
_FOREIGN: Final = re.compile(
    r"@import[^;]*|url\s*\(\s*(?:['\"]\s*)?(?!['\"#\s])[^)]*", re.I
)


def checked(element: str, target: str) -> tuple[str | None, int]:
    """Return what an element's href becomes, and the pixels of a picture within it.

    Raises:
        UnreadableImageError: it leads out of the file, or to a picture not taken.
    """
    if not target or element == "a":
        return None, 0
    if target.startswith("#"):
        return target, 0
    if element in _PICTURES and target[:5].lower() == "data:":
        return _embedded(target)
    raise UnreadableImageError(
        f"The SVG refers to another file or place ({short(target)}): embed it, or"
        " send a PNG."
    )


def checked_css(css: str) -> str:
    """Return CSS as its reader sees it, without web fonts.

    Raises:
        UnreadableImageError: it loads something from outside of this file.
    """
    plain = _COMMENT.sub("", css)
    plain = re.sub(r"\\([0-9a-f]{1,6})\s?", _unescaped, plain, flags=re.I)
    plain = _IDLE_RULES.sub("", plain.replace("\\", ""))
    foreign = _FOREIGN.search(plain)
    if foreign:
        raise UnreadableImageError(
            f"The SVG loads a style, font or picture from outside"
            f" ({short(foreign[0])}): turn text into outlines and embed the rest, or"
            " send a PNG."
        )
    return plain


def short(text: str) -> str:
    """Cut a value to what fits into a message."""
    return text if len(text) <= 60 else text[:57] + "..."


def _embedded(url: str) -> tuple[str, int]:
    """Check an embedded picture by its content and write its data URL anew."""
    picture = _data(url)
    name = probe.raster_format(picture)
    if name is None:
        raise UnreadableImageError(
            "The SVG embeds something that is no PNG, JPEG, GIF or WebP picture:"
            " send a PNG of the whole."
        )
    with probe.opened(picture, name) as opened:
        pixels = opened.width * opened.height
    encoded = base64.b64encode(picture).decode()
    return f"data:image/{name.lower()};base64,{encoded}", pixels


def _data(url: str) -> bytes:
    head, _, body = url.partition(",")
    data = unquote_to_bytes(body)
    if not head.rstrip().lower().endswith(";base64"):
        return data
    try:
        return base64.b64decode(data)
    except binascii.Error:
        return b""


def _unescaped(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return chr(code) if 0 < code < 0xD800 else ""
