"""What an element of a saved page tells of an entry: its number, its maker, its state.

No contest site is known here by name, only what their pages have in common.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from logovote.ingest.manifests import STATUSES
from logovote.ingest.markup import Element
from logovote.ingest.matching import base_of
from logovote.ingest.names import MAX_NUMBER

# Where a page says an entry's number, by how sure that is.
_GUESSED, _SIGNED, _WORDED, _TOLD = range(4)
_NUMBER_NAME = re.compile(
    r"(?:data-)?(?:entry|submission|design)-?(?:number|num|no|nr)|data-(?:entry|submission)"
)
_ADDRESS = re.compile(
    r"(?:^|[/?&#])(?:entry|entries|submissions?)(?:[/=_-]|-?(?:no|number)=)#?"
    r"(?P<number>\d{1,5})(?![\w.-])",
    re.IGNORECASE,
)
_LABEL = re.compile(r"(?:entry|submission)[-_]?(?P<number>\d{1,5})", re.IGNORECASE)
_NUMBER = r"\s*(?:no\.?|nr\.?|number|n[°º]|nummer)?\s*[#:№]?\s*(?P<number>\d{1,5})"
_ENTRY = (
    r"(?:contest\s+)?(?:entry|submission|eintrag|einreichung|proposition|proposta"
    r"|propuesta|entrada|inzending)"
)
_BY = r"(?:by|von|par|por|door|di)"
_DASHES = "\u2013\u2014-"
_AFTER = rf"(?:\s*|\s*[:.|·{_DASHES}]\s.*|\s+{_BY}\b.*)"
_TEXTS = {
    _WORDED: re.compile(_ENTRY + _NUMBER + _AFTER, re.IGNORECASE | re.DOTALL),
    _SIGNED: re.compile(r"[#№]\s*(?P<number>\d{1,5})" + _AFTER, re.I | re.DOTALL),
    _GUESSED: re.compile(
        r"(?:logo|design|entwurf|vorschlag|diseño|ontwerp)" + _NUMBER + _AFTER,
        re.IGNORECASE | re.DOTALL,
    ),
}
# In what is said of a picture to those who do not see it, words may stand before.
_CAPTIONS = {
    _WORDED: re.compile(rf"\b{_ENTRY}{_NUMBER}(?![\w.])", re.IGNORECASE),
    _SIGNED: re.compile(r"(?<![\w&])#(?P<number>\d{1,5})(?![\w.])"),
    _GUESSED: re.compile(rf"\b(?:logo|design){_NUMBER}(?![\w.])", re.IGNORECASE),
}
_CAPTION_NAMES = ("alt", "title", "aria-label")

_BYLINE = re.compile(
    rf"(?:(?:[\w-]+\s+)?(?:{_ENTRY}|design|logo)?{_NUMBER}\W*|(?:design|submitt|upload"
    rf"|creat|post|made?)(?:ed)?\s+|(?:entry|design|logo)\s+)?{_BY}\s*:?\s+(?P<by>\S.*?)"
    rf"(?:\s+[·|{_DASHES}]\s.*)?",
    re.IGNORECASE | re.DOTALL,
)
_PROFILE = re.compile(
    r"(?:^|/)(?:profiles?|users?|designers?|members?|people|u)/[^/?#]+/?(?:[?#].*)?"
    r"|.*/@[^/?#]+/?",
    re.IGNORECASE,
)
_MAKER = re.compile(
    r"(?:entry|design|card)?[-_]*(?:designer|author|user|creator|artist|maker)"
    r"(?:[-_]*(?:name|link))?|byline",
    re.IGNORECASE,
)
_MAKER_DATA = re.compile(r"data-(?:designer|author|user|creator|artist)(?:-?name)?")
_TITLE = re.compile(r"(?:entry|design|submission|card)[-_]+title|title", re.IGNORECASE)
_STATES = frozenset(
    ("winner", "declined", "withdrawn", "finalist", *STATUSES, *STATUSES.values())
)
_STATE = re.compile(
    rf"(?:(?:is|entry|status|state)[-_]+)?({'|'.join(sorted(_STATES))})"
)

_MAX_ADDRESS_CHARACTERS = 2_000
_SMALL_PX = 48
_DECORATION = re.compile(
    r"(?<![^\W_])(?:avatars?|icons?|sprites?|badges?|flags?|stars?|ratings?|emojis?"
    r"|spinners?|placeholders?|buttons?|btn|userpics?|gravatars?|tracking|banners?|ads?"
    r"|arrows?|profile|loader|loading|blank|spacer|faces?)(?![^\W_])",
    re.IGNORECASE,
)
_AROUND = frozenset(("header", "nav", "footer", "aside"))
_CARDS = frozenset(("article", "li", "figure", "td"))
MAX_TEXT_CHARACTERS = 120


@dataclass(eq=False, slots=True)
class Known:
    """What is known of an element and all in it.

    `numbers` holds, by how sure it is, the one number that is told, or 0 for several;
    `makers` likewise the first name told; `file` the one picture shown, "" for several.
    """

    text: str = ""
    numbers: dict[int, int] = field(default_factory=dict)
    makers: dict[int, str] = field(default_factory=dict)
    title: str | None = None
    status: str | None = None
    file: str | None = None

    def add_number(self, sure: int, number: int) -> None:
        """Note that an entry's number is told here."""
        self.numbers[sure] = number if self.numbers.get(sure, number) == number else 0

    def add(self, below: Known) -> None:
        """Take in what is known of a child."""
        for sure, number in below.numbers.items():
            self.add_number(sure, number)
        for rank, maker in below.makers.items():
            self.makers.setdefault(rank, maker)
        self.title = self.title or below.title
        self.status = self.status or below.status
        self.add_file(below.file)

    def add_file(self, file: str | None) -> None:
        """Note that a picture is shown here."""
        if file is not None:
            self.file = file if self.file in (None, file) else ""


def read_attributes(element: Element, known: Known) -> None:
    """Learn from an element's attributes."""
    for name, value in element.attributes.items():
        if _NUMBER_NAME.fullmatch(name):
            _add(known, _TOLD, re.fullmatch(r"\s*#?(?P<number>\d{1,5})\s*", value))
        elif name == "href":
            _add(known, _TOLD, _ADDRESS.search(value[:_MAX_ADDRESS_CHARACTERS]))
        elif name in ("id", "class"):
            for token in value.split():
                _add(known, _WORDED, _LABEL.fullmatch(token))
                if state := _STATE.fullmatch(token.casefold()):
                    known.status = known.status or state[1]
        elif name in _CAPTION_NAMES and len(value) <= MAX_TEXT_CHARACTERS:
            _read_caption(value, known)
        elif _MAKER_DATA.fullmatch(name) and not value.isdigit():
            known.makers.setdefault(3, value)
        elif name == "data-title":
            known.title = known.title or value
        elif name == "data-status" and value.casefold() in _STATES:
            known.status = known.status or value.casefold()


def _read_caption(value: str, known: Known) -> None:
    for sure, pattern in _CAPTIONS.items():
        found = list(pattern.finditer(value))
        if len(found) == 1:
            _add(known, sure, found[0])
            break
    if by := _BYLINE.fullmatch(value):
        known.makers.setdefault(0, by["by"])


def read_number(text: str, known: Known) -> None:
    """Learn from a piece of text whether it is an entry's number."""
    for sure, pattern in _TEXTS.items():
        _add(known, sure, pattern.fullmatch(text.strip()))


def read_text(element: Element, known: Known) -> None:
    """Learn from all the text in an element, if that is short."""
    text = known.text
    read_number(text, known)
    names = [*element.attributes.get("class", "").split()]
    names += [element.attributes.get("itemprop", ""), element.attributes.get("rel", "")]
    if any(map(_NUMBER_NAME.fullmatch, names)):
        _add(known, _WORDED, re.fullmatch(r"#?\s*(?P<number>\d{1,5})", text))
    if text.casefold() in _STATES:
        known.status = known.status or text.casefold()
    by = _BYLINE.fullmatch(text)
    name = by["by"] if by else text
    if not name:
        return
    if any(map(_MAKER.fullmatch, names)):
        known.makers.setdefault(2, name)
    elif element.tag == "a" and _PROFILE.search(element.attributes.get("href", "")):
        known.makers.setdefault(1, name)
    elif by:
        known.makers.setdefault(0, name)
    elif any(map(_TITLE.fullmatch, names)):
        known.title = known.title or text


def _add(known: Known, sure: int, found: re.Match[str] | None) -> None:
    if found and 1 <= int(found["number"]) <= MAX_NUMBER:
        known.add_number(sure, int(found["number"]))


def is_decoration(element: Element, file: str) -> bool:
    """Whether a picture looks like part of the page's dress."""
    attributes = element.attributes
    sizes = [attributes.get(name, "") for name in ("width", "height")]
    if any(size.isdecimal() and int(size[:9]) <= _SMALL_PX for size in sizes):
        return True
    words = [
        base_of(file),
        *(attributes.get(name, "") for name in ("id", "class", "alt")),
    ]
    if element.parent is not None:
        words.append(element.parent.attributes.get("class", ""))
    return any(_DECORATION.search(word[:MAX_TEXT_CHARACTERS]) for word in words)


def is_around(element: Element) -> bool:
    """Whether an element belongs to the page rather than to one of its cards."""
    around = False
    for above in element.ancestry():
        if above.tag in _AROUND:
            around = True
        elif around and above.tag in _CARDS:
            return False
    return around


def shape(element: Element) -> tuple[str, ...]:
    """Return what elements that show the same kind of thing have in common."""
    above = element.parent or element
    return (
        element.tag,
        element.attributes.get("class", ""),
        above.tag,
        above.attributes.get("class", ""),
    )
