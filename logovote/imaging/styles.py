"""Styles in words that resvg knows: colours of other spaces, `:root` and variables.

What it does not know it draws black, or not at all, and nobody is told. Figma writes
such colours into every drawing of a document in Display P3.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final

_NUMBER: Final = r"[+-]?(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})%?"
_COLOUR: Final = re.compile(
    rf"(?<![\w-])color\(\s*(display-p3|srgb)\s+({_NUMBER})\s+({_NUMBER})\s+({_NUMBER})"
    rf"\s*(?:/\s*({_NUMBER})\s*)?\)",
    re.IGNORECASE,
)
# Without commas, as newer CSS has it.
_BARE: Final = re.compile(
    rf"(?<![\w-])(rgb|hsl)a?\(\s*({_NUMBER})(?:deg)?\s+({_NUMBER})\s+({_NUMBER})"
    rf"\s*(?:/\s*({_NUMBER})\s*)?\)",
    re.IGNORECASE,
)
# From Display P3 to sRGB, both linear.
_TO_SRGB: Final = (
    (1.22494, -0.22494, 0.0),
    (-0.04206, 1.04206, 0.0),
    (-0.01964, -0.07864, 1.09827),
)
_ROOT: Final = re.compile(r"(?<![\w:-]):root(?![\w(-])", re.IGNORECASE)

_NAME: Final = r"--[\w-]{1,60}"
# What a variable may stand for: no part of an address can be made up of these.
_VALUE: Final = (
    rf"#[0-9a-f]{{3,8}}|[a-z]{{1,30}}|{_NUMBER}(?:px)?|(?:rgb|hsl)a?\([\d.,%\s/+-]{{1,60}}\)"
    rf"|var\(\s?{_NAME}\s?\)"
)
_DEFINED: Final = re.compile(
    rf"(?<![\w-])({_NAME})\s{{0,9}}:\s{{0,9}}({_VALUE})\s{{0,9}}(?=[;}}]|\Z)",
    re.IGNORECASE,
)
_DEFINITION: Final = re.compile(r"(?<![\w-])--[\w-]+\s*:[^;{}]*(?:;|(?=[{}])|\Z)")
_USED: Final = re.compile(
    rf"(?<![\w-])var\(\s{{0,9}}({_NAME})\s{{0,9}}(?:,\s{{0,9}}({_VALUE})\s{{0,9}})?\)"
    r"(?![\w(-])",
    re.IGNORECASE,
)
# What holds on other screens only, such as dark ones; resvg leaves it out.
_ELSEWHERE: Final = re.compile(
    r"@media[^{}@]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", re.IGNORECASE
)
# How often a variable may stand for another.
_DEEPEST: Final = 4


def plain(css: str) -> tuple[str, dict[str, str]]:
    """Write colours as older CSS does, and `:root` as the element that it is.

    Returns:
        The styles without the variables that they define, and these.
    """
    css = _ROOT.sub("svg", _BARE.sub(_with_commas, _COLOUR.sub(_in_srgb, css)))
    if "--" not in css:
        return css, {}
    # Of one that is defined twice, the last definition counts.
    defined = dict(_DEFINED.findall(_ELSEWHERE.sub("", css)))
    return _DEFINITION.sub("", css), defined


def resolved(markup: str, values: Mapping[str, str]) -> str:
    """Put the value of each variable, or what is said to take its place, where it is.

    One that nobody defined stays.
    """
    for _ in range(_DEEPEST):
        markup = _USED.sub(lambda it: values.get(it[1]) or it[2] or it[0], markup)
    return markup


def _with_commas(found: re.Match[str]) -> str:
    *channels, alpha = found.groups()[1:]
    opacity = 1.0 if alpha is None else _number(alpha)
    return f"{found[1]}a({','.join(channels)},{opacity})"


def _in_srgb(found: re.Match[str]) -> str:
    channels = [min(1.0, max(0.0, _number(text))) for text in found.groups()[1:4]]
    if found[1].lower() == "display-p3":
        linear = [_linear(channel) for channel in channels]
        channels = [
            _encoded(sum(part * each for part, each in zip(row, linear, strict=True)))
            for row in _TO_SRGB
        ]
    levels = ",".join(str(round(255 * channel)) for channel in channels)
    return (
        f"rgb({levels})" if found[5] is None else f"rgba({levels},{_number(found[5])})"
    )


def _number(text: str) -> float:
    return float(text[:-1]) / 100 if text.endswith("%") else float(text)


def _linear(channel: float) -> float:
    if channel <= 0.04045:
        return channel / 12.92
    return math.pow((channel + 0.055) / 1.055, 2.4)


def _encoded(channel: float) -> float:
    channel = min(1.0, max(0.0, channel))
    if channel <= 0.0031308:
        return 12.92 * channel
    return 1.055 * math.pow(channel, 1 / 2.4) - 0.055
