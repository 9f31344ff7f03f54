"""A saved web page of a contest's entries, read as a list of them.

No contest site is known here by name. What is looked for is what such pages have in
common: pictures, each in a part of the page of its own with an entry's number in it,
and perhaps who made it. The rest of what a browser saves beside a page, such as faces
and icons, is told apart, so that it does not become an entry.
"""

from __future__ import annotations

import codecs
import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote

from logovote.ingest.cards import (
    MAX_TEXT_CHARACTERS,
    Known,
    is_around,
    is_decoration,
    read_attributes,
    read_number,
    read_text,
    shape,
)
from logovote.ingest.manifests import (
    MAX_DESIGNER_CHARACTERS,
    MAX_TITLE_CHARACTERS,
    STATUSES,
    Row,
    clean,
)
from logovote.ingest.markup import Element, EndlessPageError, parse
from logovote.ingest.matching import base_of, folded, stem_of
from logovote.ingest.members import (
    Member,
    Problem,
    Source,
    Status,
    UnreadableFileError,
    printable,
)
from logovote.ingest.names import decoded

MAX_PAGE_BYTES = 8 * 2**20
_EXTENSIONS = (".html", ".htm", ".xhtml")
# A page lists dozens of entries; who has more pages than this has a web site.
_MAX_PAGES = 200
_MAX_PICTURES = 10_000

_USED = "The saved page of entries, used as their list."
_FURNITURE = "Part of the saved page, which shows it as no entry."
_FURTHER = "The saved page shows another picture for entry {}, and that one was taken."
_TOO_LARGE = "This page is larger than a list of entries can be. Save a smaller part."
_SHOWS_NONE = (
    "None of this page's pictures is among the files. Save it as “Web page, complete” "
    "and import it together with the folder beside it."
)

# What browsers, and Windows, call the folder beside a page, in their languages.
_COMPANION = re.compile(
    r"(?P<page>.+)[_. -](?:files?|dateien|fichiers|archivos|arquivos|ficheiros|fitxers"
    r"|fitxategiak|bestanden|filer|tiedostot|pliki|soubory|súbory|elemei|datoteke"
    r"|fajlovi|failid|fails|bylos|dosyalar|fișiere|αρχεία|файлы|файли|файлове)"
)
_PADDING = b"\xef\xbb\xbf\xff\xfe\0\t\n\f\r "
_WITHIN_BYTES = 1024
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([\w-]{3,20})", re.IGNORECASE)
_MAX_VALUE_CHARACTERS = 20_000
# Which attributes show a picture; an `href` only leads to one.
_SHOWING = re.compile(
    r"src|(?:data-)?srcset|poster|background|style"
    r"|data-.*(?:src|im(?:g|age)|original|thumb|bg|url).*"
)
_ADDRESS_IN_STYLE = re.compile(r"url\(\s*[\"']?([^\"')]+)")

_UNSEEN = frozenset(("head", "link", "meta", "script", "style", "template"))


class _NoListError(UnreadableFileError):
    """A page that is no list of entries; the message says why."""


@dataclass(frozen=True)
class Pages:
    """What all saved pages of a source tell together; `others` are the other files."""

    others: list[Member]
    rows: dict[str, Row]
    furniture: dict[str, str]
    problems: list[Problem]
    remarks: list[str]


def read_pages(source: Source, members: list[Member]) -> Pages:
    """Read the saved pages among the files; a long list is saved page by page."""
    names = [member.name for member in members]
    likely = [name for name in names if name.casefold().endswith(_EXTENSIONS)]
    beside = _companions(likely, names)
    likely = [name for name in likely if name not in beside][:_MAX_PAGES]
    others = [member for member in members if member.name not in set(likely)]
    files = _Files(others)
    found = Pages(others, {}, {}, [], [])
    read: dict[str, _Page] = {}
    for member in members:
        if member.name not in likely:
            continue
        try:
            page = _read_page(source.read(member), member.name, files)
        except UnreadableFileError as error:
            found.problems.append(Problem(member.name, str(error)))
            continue
        if page is None:
            others.append(member)
        else:
            read[member.name] = page
    found.problems.extend(Problem(name, _USED, Status.IGNORED) for name in read)
    found.furniture.update(dict.fromkeys(_companions([*read], names), _FURNITURE))
    for page in read.values():
        found.furniture.update(page.furniture)
        for name, row in page.rows.items():
            found.rows.setdefault(name, replace(row, line=len(found.rows) + 1))
    for name in found.rows:
        found.furniture.pop(name, None)
    numbers = {row.number for row in found.rows.values()}
    found.remarks.extend(
        f"{printable(name)}: no picture of entry {number} was saved with the page."
        for name, page in read.items()
        for number in page.missing
        if number not in numbers
    )
    return found


@dataclass(frozen=True)
class _Page:
    """What a saved page tells of the files around it.

    `rows` has a row for every file that is an entry, by the file's name; `furniture`
    says of others why they are none. `missing` are entries whose picture is not there.
    """

    rows: Mapping[str, Row]
    furniture: Mapping[str, str]
    missing: tuple[int, ...]


def _read_page(data: bytes, name: str, files: _Files) -> _Page | None:
    """Read a saved page in the light of the files it may show.

    Returns:
        None if the file is no page, whatever it is called.

    Raises:
        UnreadableFileError: it is too large, or shows none of the files.
    """
    if not data[:_WITHIN_BYTES].lstrip(_PADDING).startswith(b"<"):
        return None
    if len(data) > MAX_PAGE_BYTES:
        raise _NoListError(_TOO_LARGE)
    try:
        tree = parse(_decoded(data))
    except EndlessPageError as error:
        raise _NoListError(_TOO_LARGE) from error
    first = next(tree.children, tree)
    if first.tag.rpartition(":")[2] == "svg":
        return None
    return _Reader(tree, posixpath.dirname(name), files).page()


def _decoded(data: bytes) -> str:
    """Decode as the page itself asks to, else as browsers do."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        said = _CHARSET.search(data[:4096])
    try:
        return data.decode(said[1].decode() if said else "cp1252", "replace")
    except (LookupError, UnicodeError):
        return data.decode("cp1252", "replace")


class _Files:
    """The files that pages may show, to be found by what a page calls them."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.sizes = {member.name: member.size for member in members}
        self._paths = {folded(name): name for name in self.sizes}
        self._bases: dict[str, set[str]] = defaultdict(set)
        self._stems: dict[str, set[str]] = defaultdict(set)
        for name in self.sizes:
            self._bases[base_of(name)].add(name)
            self._stems[stem_of(name)].add(name)

    def find(self, folder: str, address: str, *, shown: bool) -> str | None:
        """Return the file that an address on a page in `folder` leads to.

        What is `shown` was a picture to the browser that saved the page, so that a
        file may have got another extension; a link leads to all kinds of things.
        """
        path = re.split(r"[?#]", address.strip().replace("\\", "/"), maxsplit=1)[0]
        path = re.sub(r"^(?:[a-z][a-z+.-]*:)?/{0,3}", "", path, flags=re.IGNORECASE)
        for way in (unquote(path), path):
            whole = posixpath.normpath(posixpath.join(folder, way))
            for name in (whole, way):
                if found := self._paths.get(folded(name)):
                    return found
            base = base_of(way)
            if shown or "." in base:
                named = self._bases.get(base) or (
                    shown and self._stems.get(stem_of(way))
                )
                if named and len(named) == 1:
                    return next(iter(named))
        return None


def _companions(pages: Sequence[str], names: Sequence[str]) -> set[str]:
    """Name what lies in the folders that browsers made beside pages.

    They have the page's name and a word for files: `Entries_files`, `Entries-Dateien`.
    """
    known = {(folded(posixpath.dirname(page)), stem_of(page)) for page in pages}
    found = set()
    for name in names:
        parts = folded(name).split("/")
        for depth, part in enumerate(parts[:-1]):
            beside = _COMPANION.fullmatch(decoded(part))
            if beside and ("/".join(parts[:depth]), beside["page"]) in known:
                found.add(name)
    return found


@dataclass(frozen=True, eq=False)
class _Shown:
    """A file that an element of the page shows, and the part of the page about it."""

    name: str
    element: Element
    number: int | None
    # How far down in the page the number was found.
    depth: int
    card: Element
    decoration: bool


class _Reader:
    def __init__(self, tree: Element, folder: str, files: _Files) -> None:
        self._folder = folder
        self._files = files
        self._elements, self._unseen = _seen(tree)
        self._showing = {id(it): self._shows(it) for it in self._elements}
        self._known: dict[int, Known] = {}
        pictures = sum(
            it.tag == "img" or any(self._showing[id(it)]) for it in self._elements
        )
        if pictures > _MAX_PICTURES:
            raise _NoListError(_TOO_LARGE)
        for element in reversed(self._elements):
            self._known[id(element)] = self._know(element)

    def page(self) -> _Page:
        shown = [
            self._shown(name, element)
            for element in self._elements
            for name in self._showing[id(element)]
        ]
        if not shown:
            raise _NoListError(_SHOWS_NONE)
        entries, furniture = self._told_apart(shown)
        rows: dict[str, Row] = {}
        for place, entry in enumerate(entries, start=1):
            rows.setdefault(entry.name, self._row(place, entry))
        found = {row.number for row in rows.values()}
        return _Page(
            rows,
            {name: why for name, why in furniture.items() if name not in rows},
            tuple(sorted(self._expected() - found)),
        )

    def _shows(self, element: Element) -> list[str]:
        """Name the files that an element shows or leads to."""
        names: dict[str, None] = {}
        for attribute, value in element.attributes.items():
            shown = _SHOWING.fullmatch(attribute) is not None
            if not (shown or attribute == "href"):
                continue
            if len(value) > _MAX_VALUE_CHARACTERS or value.startswith("data:"):
                continue
            for address in _addresses(attribute, value):
                if name := self._files.find(self._folder, address, shown=shown):
                    names[name] = None
        return list(names)

    def _know(self, element: Element) -> Known:
        known = Known()
        texts = []
        for part in element.content:
            if isinstance(part, str):
                texts.append(part[: MAX_TEXT_CHARACTERS + 1])
                read_number(texts[-1], known)
            elif id(part) in self._known:
                below = self._known[id(part)]
                texts.append(below.text)
                known.add(below)
        known.text = " ".join(" ".join(texts).split())[: MAX_TEXT_CHARACTERS + 1]
        for name in self._showing[id(element)]:
            if not is_decoration(element, name):
                known.add_file(name)
        read_attributes(element, known)
        if len(known.text) <= MAX_TEXT_CHARACTERS:
            read_text(element, known)
        return known

    def _shown(self, name: str, element: Element) -> _Shown:
        number, depth, card = self._place(element)
        return _Shown(name, element, number, depth, card, is_decoration(element, name))

    def _place(self, element: Element) -> tuple[int | None, int, Element]:
        """Return an element's entry number and the part of the page about that entry.

        Upwards from the element, that part ends where several entries begin. Between
        the two, how far down the number was found.
        """
        if is_around(element):
            return None, 0, element
        sure, number, depth, card = -1, None, 0, element
        line = list(element.ancestry())
        for height, above in enumerate(line):
            numbers = self._known[id(above)].numbers
            top = max(numbers, default=-1)
            if top >= 0 and not (numbers[top] and numbers.get(sure, 1)):
                break
            card = above
            if top >= 0:
                depth = depth or len(line) - height
                sure, number = top, numbers[top]
        return number, depth, card

    def _alone(self, name: str, element: Element) -> Element:
        """Return the largest part of the page that shows no other picture."""
        card = element
        for above in element.ancestry():
            if self._known[id(above)].file != name:
                break
            card = above
        return card

    def _told_apart(self, shown: list[_Shown]) -> tuple[list[_Shown], dict[str, str]]:
        """Return which files are entries, in order, and why the others are none."""
        shown = self._nearest(shown)
        numbers: dict[str, set[int]] = defaultdict(set)
        for each in shown:
            if each.number:
                numbers[each.name].add(each.number)
        # A picture beside several entries is a face, or a row of stars.
        own = [each for each in shown if len(numbers[each.name]) < 2]
        plain = [each for each in own if not each.decoration]
        # Where all are called icons, that is what this page calls its entries.
        candidates = plain if any(each.number for each in plain) else own
        numbered = [each for each in candidates if each.number]
        if not numbered:
            return [each for each in plain if not is_around(each.element)], {}
        furniture = {each.name: _FURNITURE for each in shown}
        for element in self._unseen:
            furniture |= dict.fromkeys(self._shows(element), _FURNITURE)
        chosen: dict[int | None, _Shown] = {}
        for each in numbered:
            best = chosen.setdefault(each.number, each)
            # Of the sizes of one picture, the largest.
            sizes = self._files.sizes
            if each.element is best.element and sizes[each.name] > sizes[best.name]:
                chosen[each.number] = each
        taken = {each.name for each in chosen.values()}
        for each in numbered:
            if each.name not in taken:
                furniture[each.name] = _FURTHER.format(each.number)
        shapes = {shape(each.element) for each in chosen.values()}
        kept = set(map(id, chosen.values()))
        entries = [
            each
            for each in candidates
            if id(each) in kept
            or (each.number is None and shape(each.element) in shapes)
        ]
        return entries, furniture

    def _nearest(self, shown: list[_Shown]) -> list[_Shown]:
        """Take a number from what is farther from it than another picture.

        Where few entries are numbered, their numbers would be everybody's.
        """
        nearest: dict[int | None, int] = defaultdict(int)
        for each in shown:
            if not each.decoration:
                nearest[each.number] = max(nearest[each.number], each.depth)
        return [
            each
            if each.number and each.depth >= nearest[each.number]
            else replace(each, number=None, card=self._alone(each.name, each.element))
            for each in shown
        ]

    def _row(self, place: int, entry: _Shown) -> Row:
        maker = title = status = None
        for above in entry.element.ancestry():
            known = self._known[id(above)]
            maker = maker or known.makers.get(max(known.makers, default=0))
            title = title or known.title
            status = status or known.status
            if above is entry.card:
                break
        return Row(
            line=place,
            number=entry.number,
            file=entry.name,
            designer=clean(maker or "", MAX_DESIGNER_CHARACTERS),
            title=clean(title or "", MAX_TITLE_CHARACTERS),
            status=STATUSES.get(status or "", status),
        )

    def _expected(self) -> set[int]:
        """Return the numbers beside pictures, whether or not these were saved."""
        return {
            number
            for element in self._elements
            if element.tag == "img"
            for number in self._place(element)[:1]
            if number is not None
        }


def _seen(tree: Element) -> tuple[list[Element], list[Element]]:
    """Return all elements that a reader may see, parents first, and the others."""
    seen: list[Element] = []
    unseen: list[Element] = []
    waiting = [(tree, True)]
    while waiting:
        element, visible = waiting.pop()
        visible = visible and element.tag not in _UNSEEN
        (seen if visible else unseen).append(element)
        waiting += [(child, visible) for child in reversed(list(element.children))]
    return seen, unseen


def _addresses(attribute: str, value: str) -> Iterator[str]:
    if attribute == "style":
        yield from _ADDRESS_IN_STYLE.findall(value)
        return
    if attribute.endswith("srcset"):
        yield from (part.split()[0] for part in value.split(",") if part.strip())
    yield value
