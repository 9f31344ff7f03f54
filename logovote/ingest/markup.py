"""A web page as a tree: tolerant as a browser is, in time linear to its length.

The standard library's parser needs 31 seconds for 60 kB of unclosed tags. This one
looks at no character more than a few times: where something is never closed, reading
ends.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

# Elements and attributes together: five times what a page of 500 entries has.
MAX_PARTS = 300_000
_MAX_DEPTH = 200
_MAX_ATTRIBUTES = 64

_MARK = re.compile(r"<(?:(?P<end>/)?(?P<tag>[a-zA-Z][^\s/>]*)|!--|[!?/])")
_GAP = re.compile(r"[\s/]*")
_NAME = re.compile(r"=?[^\s/>=]*")
_EQUALS = re.compile(r"\s*=\s*")
_BARE = re.compile(r"[^\s>]*")
_VOID = re.compile(
    "area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr"
)
# Elements whose content is no markup, up to their own end.
_RAW = {
    tag: re.compile(f"</{tag}(?![^\\s/>])", re.IGNORECASE)
    for tag in ("script", "style", "textarea", "title", "iframe", "xmp", "noframes")
}
# What an element closes when it begins, and what keeps it from that.
_CLOSES = {
    "li": (frozenset({"li"}), frozenset({"ul", "ol", "menu"})),
    "tr": (frozenset({"tr", "td", "th"}), frozenset({"table"})),
    "td": (frozenset({"td", "th"}), frozenset({"table", "tr"})),
    "th": (frozenset({"td", "th"}), frozenset({"table", "tr"})),
    "dt": (frozenset({"dt", "dd"}), frozenset({"dl"})),
    "dd": (frozenset({"dt", "dd"}), frozenset({"dl"})),
}


class EndlessPageError(Exception):
    """The page has more in it than any that a person would save."""


@dataclass(eq=False, slots=True)
class Element:
    """An element of a page, with what is in it in order."""

    tag: str
    attributes: dict[str, str]
    line: int
    parent: Element | None = field(repr=False)
    content: list[Element | str] = field(default_factory=list, repr=False)

    @property
    def children(self) -> Iterator[Element]:
        """The elements right within this one."""
        return (part for part in self.content if isinstance(part, Element))

    def ancestry(self) -> Iterator[Element]:
        """This element, what it is in, and so on up to the page."""
        element: Element | None = self
        while element is not None:
            yield element
            element = element.parent


def parse(text: str) -> Element:
    """Return the page as one element of the tag "page".

    Raises:
        EndlessPageError: it has too many elements and attributes.
    """
    return _Builder(text).run()


class _Builder:
    def __init__(self, text: str) -> None:
        self._text = text
        self._page = Element("page", {}, 1, None)
        self._open = [self._page]
        self._counts: Counter[str] = Counter()
        self._too_deep = 0
        self._parts = 0
        self._line, self._counted = 1, 0

    def run(self) -> Element:
        text, at = self._text, 0
        while found := _MARK.search(text, at):
            self._say(text[at : found.start()])
            at = self._meet(found)
        self._say(text[at:])
        return self._page

    def _meet(self, found: re.Match[str]) -> int:
        """Take one mark in and return where the text after it begins."""
        text = self._text
        if found["tag"] is None:
            close = "-->" if found[0] == "<!--" else ">"
            end = text.find(close, found.end())
            return len(text) if end < 0 else end + len(close)
        tag = found["tag"].lower()
        attributes, at = _attributes(text, found.end())
        if found["end"]:
            self._end(tag)
            return at
        self._begin(tag, attributes, found.start())
        if tag in _RAW:
            raw = _RAW[tag].search(text, at)
            return raw.start() if raw else len(text)
        return at

    def _begin(self, tag: str, attributes: dict[str, str], at: int) -> None:
        self._parts += 1 + len(attributes)
        if self._parts > MAX_PARTS:
            raise EndlessPageError
        if tag in _CLOSES:
            self._close_implied(*_CLOSES[tag])
        self._line += self._text.count("\n", self._counted, at)
        self._counted = at
        element = Element(tag, attributes, self._line, self._open[-1])
        self._open[-1].content.append(element)
        if _VOID.fullmatch(tag):
            return
        if len(self._open) > _MAX_DEPTH:
            self._too_deep += 1
            return
        self._open.append(element)
        self._counts[tag] += 1

    def _end(self, tag: str) -> None:
        if self._too_deep and not _VOID.fullmatch(tag):
            self._too_deep -= 1
        elif self._counts[tag]:
            while self._pop() != tag:
                pass

    def _close_implied(self, closed: frozenset[str], kept: frozenset[str]) -> None:
        for depth in range(len(self._open) - 1, 0, -1):
            tag = self._open[depth].tag
            if tag in kept:
                return
            if tag in closed:
                while len(self._open) > depth:
                    self._pop()

    def _pop(self) -> str:
        tag = self._open.pop().tag
        self._counts[tag] -= 1
        return tag

    def _say(self, text: str) -> None:
        if text and not text.isspace():
            self._open[-1].content.append(_unescaped(text))


def _attributes(text: str, at: int) -> tuple[dict[str, str], int]:
    """Read a tag from behind its name; return also where the text behind it begins."""
    attributes: dict[str, str] = {}
    while True:
        at = _matched(_GAP, text, at)
        if at >= len(text):
            return attributes, at
        if text[at] == ">":
            return attributes, at + 1
        end = _matched(_NAME, text, at)
        name, value, at = text[at:end].lower(), "", end
        if equals := _EQUALS.match(text, at):
            at = equals.end()
            quote = text[at : at + 1]
            if quote in ('"', "'"):
                end = text.find(quote, at + 1)
                if end < 0:
                    return attributes, len(text)
                value, at = text[at + 1 : end], end + 1
            else:
                end = _matched(_BARE, text, at)
                value, at = text[at:end], end
        if len(attributes) < _MAX_ATTRIBUTES:
            attributes.setdefault(name, _unescaped(value))


def _matched(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return at if found is None else found.end()


def _unescaped(text: str) -> str:
    if "&" not in text:
        return text
    try:
        return html.unescape(text)
    except ValueError:  # a number of thousands of digits
        return text
