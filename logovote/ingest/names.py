"""What a file's name tells of its entry: number, designer, title.

A wrong number puts one design in the place of another, a missing one only makes the
import give out the next free number. So a number is believed where its place in the
name says that it numbers an entry, and nowhere else: designers count their own drafts
(`logo v2`, `Concept 5`, `design (2)`), and cameras, screens and browsers count theirs.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote

MAX_NUMBER = 99_999

Natural = tuple[tuple[int, int, str], ...]

# What designers count of their own stays below this; an entry's number seldom does.
_FEW = 10
_LAST_DAY_OF_MONTH = 31
# Before a text, these are a year or a picture's width, unless entries go that far.
_WIDTHS = (1024, 1080, 1200, 1280, 1440, 1600, 1920, 2560, 3000, 3840, 4096)
_FOR_OTHER_USE = frozenset((*range(1980, 2051), *_WIDTHS))
_NEAR = 100
# File systems hold no longer names; an archive's header might, to keep us busy.
_MAX_CHARACTERS = 255

_EXTENSION = re.compile(
    r"\.(png|apng|jpe?g|jpe|jfif|gif|webp|avif|svgz?|pdf|ai|e?ps|psd|bmp|tiff?|hei[cf]"
    r"|ico|jxl|jp2|cdr|indd|sketch|fig|xcf|xd|afdesign|txt|html?|csv|json)$",
    re.IGNORECASE,
)
# `logo (2)`, `logo copy 2`, `Copy of logo`: what browsers and desktops add to a name.
_COPY_AFTER = re.compile(
    r"(?<=.)(@[1-4]x|\s*\(\d{1,3}\)|[\s_-]+(copy|kopie|copie|copia)(\s*\(?\d{1,3}\)?)?)$",
    re.IGNORECASE,
)
_COPY_BEFORE = re.compile(
    r"^(copy|kopie|copie|copia|cópia)( \(\d+\))? (?:of|von|de|di) (?=.)", re.IGNORECASE
)
_COUNTED_COPY = re.compile(r"(?P<base>.+?)[\s_-]+(?P<count>[1-9]\d?)")

# After an entry's number: no letter or digit, decimals, size, `of 3` or date.
_ENDS = (
    r"(?![^\W_号號番번]|番目|번째)(?![.,]\d)"
    r"(?![\s_-]*(?:[x\u00d7]|of)[\s_-]*\d)"
    r"(?![-_. ]\d{1,2}[-_. ]\d{1,4}(?!\d))"
)
_NUMBER = rf"(?P<number>\d+)(?:{_ENDS}|(?=v\d))"
_ENTRY = "entry|submission|eintrag|einreichung|beitrag|inzending|bidrag|作品|エントリー"
_MARKED = re.compile(
    rf"[\[(]?(?:(?:contest[\s_-]+)?(?:{_ENTRY})[\W_]*|#\s*"
    rf"|(?:no|nr|n)[.°º][\s._-]*|(?:no|nr)[\s_-]+"
    rf"|(?:nummer|número|numero|numéro|номер)[\s_-]*)+{_NUMBER}",
    re.IGNORECASE,
)
_DESIGN = re.compile(
    rf"design[\s_-]*(?P<hash>#?)\s*{_NUMBER}(?P<by>(?=[\s_-]+by[\s_-]))?", re.IGNORECASE
)
_LEADING = re.compile(
    rf"[\[(第]?{_NUMBER}[号號番번]?[\])]?(?P<gap>[\s_.,:)\u2013\u2014-]*)(?P<rest>.*)",
    re.DOTALL,
)
_WITHIN = re.compile(
    rf"(?<![^\W_])(?:(?P<word>entry|submission)[\s_-]*)?(?P<hash>#?)\s*{_NUMBER}",
    re.IGNORECASE,
)
_USER_ID = re.compile(r"\d{6,}(?=[\s_-]|$)")
_STARTS_WITH_NUMBER = re.compile(r"\d+(?![^\W\d_])(?P<spaced>\s+[^\W\d])?|\d+x\d")

# Where names count on, the first few are entries, too: `Design 9` before `Design 10`.
_SERIES = re.compile(rf"(?P<series>design[\s_-]*|.*#)\s*{_NUMBER}", re.IGNORECASE)
_MANY = 3

# `3 options`, `2-color`, `512 px`: a number that counts what follows it.
_COUNTED = re.compile(
    r"(?:px|pt|dpi|ppi|mm|cm|inch(?:es)?|bits?|kb|mb|percent|deg(?:rees)?|karat|stars?"
    r"|st|nd|rd|th|d|x|am|pm|of|in[\s_-]\d|tones?|colou?rs?|farben|options|concepts"
    r"|versions|variations|variants|alternatives|logos|designs|icons|ideas|drafts"
    r"|proposals|sketches|layouts|samples|pages|sizes|styles|fonts|letters|marks|entries"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]{0,6}(?=[\s_.,-]*\d))"
    r"(?![^\W_])",
    re.IGNORECASE,
)
# `Rev #12`, `Artboard #10`: words that make the `#` after them a draft's.
_DRAFT = re.compile(
    r"(?:v|ver|version|rev|revision|concept|option|opt|variant|variation|var|draft|idea"
    r"|idée|idee|proposal|alternative|alt|artboard|frame|page|slide|take|iteration|round"
    r"|sample|mock-?up|sketch|pantone|pms|colou?r|hex|attempt|part|set|sheet|board|try"
    r"|update|contest|file|image|img|layer|logo|icon|mark|style|screen(?:shot)?)"
    r"[\s._-]*$",
    re.IGNORECASE,
)
# What tells versions of one entry apart, the older first: a backup, `v2`, the last one.
_STAGES = re.compile(
    r"(?<![^\W\d_])(?:(?P<old>old|original|orig|previous|prev|backup|bak)(?![^\W\d_])"
    r"|(?P<version>(?:v|ver|vers|version|versión|versione|rev|revision|révision"
    r"|fassung)[\W_]{0,3}(?P<count>\d{1,9}))"
    r"|(?P<last>final|finale|finished|latest)(?![^\W\d_]))",
    re.IGNORECASE,
)
_STAGE_RANKS = {"old": -1, "version": 1, "last": 2}
# What files are called for their state, size or look, and hardly a designer.
_STATE = re.compile(
    r"(?:[\W\d_]|(?:alt|alternative|artboard|background|banner|bg|big|black|blue|bw"
    r"|cmyk|colou?rs?|concept|copia|copie|copy|cópia|dark|design|draft|edit|edited"
    r"|entry|entwurf|fassung|file|final|finale|finished|fixed|frame|full|gr[ae]y|green"
    r"|hd|horizontal|icon|image|img|kopie|landscape|large|last|latest|layer|light"
    r"|logos?|medium|mockup|mono|neu|new|old|opt|option|orange|orig|original|page|pink"
    r"|png|portrait|preview|previous|print|proposal|purple|r[eé]vision|red|rev|revised"
    r"|rgb|round|sample|sheet|sketch|slide|small|square|stacked|submission|svg|take"
    r"|thumb|thumbnail|transparent|updated?|v|var|variant|variation|vector|ver|vers"
    r"|versione?|versión|vertical|web|white|wip|wordmark|x|yellow)(?![^\W\d_]))+",
    re.IGNORECASE,
)
_BY = re.compile(r"(?:(?P<title>.*?)[\s_-]+)?by[\s_-]+(?P<designer>.+)", re.IGNORECASE)
_DASH = re.compile(r"\s+[-\u2013\u2014|]\s+")
_GAPS = " \t_-\u2013\u2014|.,:"
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


@dataclass(frozen=True)
class Guess:
    """What a name tells.

    `perhaps` is a number that is one only in the company of others; `rest` is what the
    name says besides, whoever may be meant.
    """

    number: int | None = None
    perhaps: int | None = None
    designer: str | None = None
    title: str | None = None
    rest: str = ""


def entry_number(name: str) -> int | None:
    """Return the entry number that a file's name bears, if it surely does."""
    return guess(name).number


def guess(name: str) -> Guess:
    """Read one name by itself."""
    text = _stem(name)
    number, gap, rest = _split(text)
    sure = Guess(number, rest=rest)
    user_id = bool(_USER_ID.match(rest))
    if number in _FOR_OTHER_USE and text.startswith(str(number)) and rest:
        sure = sure if user_id else Guess(perhaps=number, rest=rest)
    if by := _BY.fullmatch(rest):
        designer, *more = _DASH.split(by["designer"], maxsplit=1)
        title = by["title"] or (more[0] if more else None)
        return replace(sure, designer=designer, title=title)
    if number is None or user_id:
        return sure
    parts = [rest]
    if _DASH.match(gap):
        parts = _DASH.split(rest, maxsplit=1)
    elif gap == "_":
        parts = rest.split("_")
    if len(parts) == 2 and not _STATE.fullmatch(parts[0]):
        return replace(sure, designer=parts[0], title=parts[1])
    return sure


def guess_all(names: Iterable[str]) -> dict[str, Guess]:
    """Read many names, each in the light of the others.

    Beside `entry.png`, `entry-2.png` is a second file of that name and not entry 2;
    where there is a `2040.png`, `2015-fox.png` is no year; in the company of `Design
    10` to `Design 12`, `Design 9` is no draft; a file alone in a folder may have its
    number from there; and a designer whom one name tells for sure is found again in
    another (`119_sable_and_co_Modern minimal`).
    """
    guesses = {name: guess(name) for name in names}
    guesses |= _counted_on(guesses) | _in_folders(guesses)
    for name, original in _copies(guesses).items():
        guesses[name] = replace(guesses[name], number=guesses[original].number)
    borne = {found.number for found in guesses.values()}
    for name, found in guesses.items():
        if found.perhaps and not borne.isdisjoint(_around(found.perhaps)):
            guesses[name] = replace(found, number=found.perhaps)
    known = {_bare(g.designer): g.designer for g in guesses.values() if g.designer}
    return {
        name: found if found.designer else _attributed(found, known)
        for name, found in guesses.items()
    }


def newness(name: str) -> tuple[list[tuple[int, int]], Natural, Natural]:
    """Return a key by which, of two files of one entry, the newer comes later.

    A version counts most: none (`36.png`), then `v2` before `v10`, then `final`, in the
    name or in a folder's; `old` comes before all. Then the folder, then what the name
    says besides its number, nothing first: `36.png`, `36 (1).png`, `36 copy.png`.
    """
    folder = name.rpartition("/")[0]
    text = _text(name)
    copied = ""
    if found := _COPY_BEFORE.match(text):
        copied, text = f"{found[1]} {found[2] or ''}", text[found.end() :]
    rest = f"{_split(text)[2]} {copied}"
    stages = [
        (_STAGE_RANKS[found.lastgroup or ""], int(found["count"] or 0))
        for found in _STAGES.finditer(f"{folder} {rest}")
    ]
    # The end stands between what is older and what is newer than it.
    return [*stages, (0, 0)], _words(folder), _words(rest)


def natural(text: str) -> Natural:
    """Return a sort key by which 9 comes before 10, whatever the case."""
    folded = unicodedata.normalize("NFC", text).casefold()
    return tuple(
        (0, int(part), "") if part.isdecimal() else (1, 0, part)
        for part in re.split(r"(\d{1,18})", folded)
        if part
    )


def without_extension(name: str) -> str:
    """Return a name without the extensions of files that people send in.

    Others stay: `v2.1.final` and `S. Van Der Meer` have none.
    """
    while (shorter := _EXTENSION.sub("", name)) not in ("", name):
        name = shorter
    return name


def decoded(name: str) -> str:
    """Return a name as it was before it became an address: `Entry%20%2312` is `#12`.

    Only where all of it reads well then: a `%` may be meant, as in `100%`.
    """
    try:
        text = unquote(name, errors="strict")
    except UnicodeDecodeError:
        return name
    return text if text.isprintable() and "/" not in text else name


def _text(name: str) -> str:
    """Return the last part of a path, spelled plainly, without its extension."""
    text = name.rpartition("/")[2]
    if len(text) > _MAX_CHARACTERS:
        return ""
    text = unicodedata.normalize("NFC", decoded(text)).translate(_FULL_WIDTH)
    return without_extension(text.replace("№", "#").strip())


def _stem(name: str) -> str:
    """Return what a name says, without its extension and marks of copying."""
    text = _COPY_BEFORE.sub("", _text(name))
    while (shorter := _COPY_AFTER.sub("", text)) != text:
        text = shorter
    return text.strip()


def _split(text: str) -> tuple[int | None, str, str]:
    """Return the number in a name, what divides it from the rest, and the rest."""
    found = _MARKED.match(text) or _design(text)
    if not found and (lead := _LEADING.match(text)) and _leads(lead):
        found = lead
    if not found:
        return _within(text), "", text
    after = text[found.end("number") :].lstrip("])号號番번")
    rest = after.lstrip(_GAPS)
    return (
        _valid(found),
        after[: len(after) - len(rest)],
        rest.rstrip(" \t_-\u2013\u2014"),
    )


def _design(text: str) -> re.Match[str] | None:
    """Match `Design 36 by foo`, `Design #36`, `Design 36`, but not a `Design 2`."""
    found = _DESIGN.match(text)
    if found and (found["hash"] or found["by"] is not None or _tall(found["number"])):
        return found
    return None


def _leads(found: re.Match[str]) -> bool:
    """Whether a number at the very start of a name is an entry's."""
    digits, gap, rest = found["number"], found["gap"], found["rest"]
    if not rest:
        return True
    if not gap:
        return rest.startswith(("v", "V", "("))
    if _USER_ID.match(rest):
        return True
    dashed = bool(_DASH.match(gap))
    if follower := _STARTS_WITH_NUMBER.match(rest):
        ordinary = dashed or int(digits) > _LAST_DAY_OF_MONTH
        return ordinary and follower["spaced"] is not None
    return dashed or digits.startswith("0") or not _COUNTED.match(rest)


def _around(number: int) -> range:
    return range(number - _NEAR, number + _NEAR + 1)


def _within(text: str) -> int | None:
    """Find a number that is marked as an entry's farther on in the name."""
    numbers = set()
    for found in _WITHIN.finditer(text):
        before = text[: found.start()]
        if found["word"] and (found["hash"] or _tall(found["number"])):
            numbers.add(_valid(found))
        elif found["hash"] and not _DRAFT.search(before):
            alone = before.rstrip(" ").endswith(tuple("-\u2013\u2014_([|"))
            if alone or _tall(found["number"]):
                numbers.add(_valid(found))
    return numbers.pop() if len(numbers) == 1 else None


def _tall(digits: str) -> bool:
    """Whether a number is too large, or too carefully written, for someone's drafts."""
    return digits.startswith("0") or (
        int(digits) >= _FEW and int(digits) not in _FOR_OTHER_USE
    )


def _valid(found: re.Match[str]) -> int | None:
    number = int(found["number"][:18])
    return number if 1 <= number <= MAX_NUMBER else None


def _counted_on(guesses: Mapping[str, Guess]) -> dict[str, Guess]:
    """Number what goes before names that surely count: `Acme #9`, `Acme #10`."""
    told: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for name, found in guesses.items():
        if series := _SERIES.match(_stem(name)):
            if found.number is None and (number := _valid(series)):
                told[series["series"].casefold()].append((name, number))
            elif found.number:
                told[series["series"].casefold()].append(("", found.number))
    return {
        name: replace(guesses[name], number=number)
        for numbers in told.values()
        if sum(not name for name, _ in numbers) >= _MANY
        for name, number in numbers
        if name and number < _FEW
    }


def _in_folders(guesses: Mapping[str, Guess]) -> dict[str, Guess]:
    """Number what is alone in folders that are numbered: `Entry 36 - Ann/logo.png`.

    If most are: among others `27 ztudio` is a designer, and page 2 holds many.
    """
    held: dict[str, list[str]] = defaultdict(list)
    for name, found in guesses.items():
        if found.number is None:
            held[name.rpartition("/")[0]].append(name)
    numbered = {
        names[0]: told
        for folder, names in held.items()
        if len(names) == 1
        and (told := guess(folder)).number
        and told.number not in _FOR_OTHER_USE
    }
    if 2 * len(numbered) <= len(held):
        return {}
    return {
        name: replace(
            guesses[name],
            number=told.number,
            designer=told.designer or guesses[name].designer,
            title=told.title or guesses[name].title,
        )
        for name, told in numbered.items()
    }


def _copies(names: Iterable[str]) -> dict[str, str]:
    """Return the names that are another's in the same folder with a counter added."""
    stems = {(name.rpartition("/")[0], _stem(name).casefold()): name for name in names}
    families: dict[str, dict[str, int]] = defaultdict(dict)
    for (folder, stem), name in stems.items():
        if found := _COUNTED_COPY.fullmatch(stem):
            original = stems.get((folder, found["base"]))
            if original is not None:
                families[original][name] = int(found["count"])
    return {
        name: original
        for original, copies in families.items()
        if max(copies.values()) < _FEW
        for name in copies
    }


def _attributed(found: Guess, known: Mapping[str, str]) -> Guess:
    """Find a known designer in the part of a numbered name that nobody could place."""
    if found.number is None:
        return found
    if designer := known.get(_bare(found.rest)):
        return replace(found, designer=designer)
    for gap in reversed(list(re.finditer(r"[\s_-]+", found.rest))):
        before, after = found.rest[: gap.start()], found.rest[gap.end() :]
        if before and known.get(_bare(before)) == before:
            return replace(found, designer=before, title=after)
    return found


def _words(text: str) -> Natural:
    """Return a sort key of words and numbers, whatever divides them."""
    return natural(re.sub(r"[\W_]+", " ", text).strip())


def _bare(text: str) -> str:
    """Return a name's letters and digits only, as slugs keep them."""
    return re.sub(r"[\W_]+", "", text.casefold())
