"""From a folder, archive or file to the entries in it: the door to this package."""

from __future__ import annotations

import posixpath
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from logovote.errors import LogovoteError
from logovote.ingest.archives import open_source
from logovote.ingest.folders import FileSource
from logovote.ingest.manifests import (
    MAX_DESIGNER_CHARACTERS,
    MAX_TITLE_CHARACTERS,
    Manifest,
    Row,
    UnreadableManifestError,
    clean,
    recognise,
)
from logovote.ingest.matching import match
from logovote.ingest.members import (
    Member,
    Problem,
    Source,
    Status,
    UnreadableFileError,
    WorkbookError,
    printable,
)
from logovote.ingest.names import Guess, guess_all, newness
from logovote.ingest.pages import read_pages

_MANIFEST_EXTENSIONS = (".csv", ".tsv", ".txt", ".json")
_UNLISTED = Row(line=0)


@dataclass(frozen=True)
class Entry:
    """A file that may be a logo, with all that is known before it is looked at.

    `file` is its name in the source and need not be unique. `order` follows the list of
    entries, then the natural order of names. Files with one number come together, the
    newer version later. `listed` tells whether the list of entries knows the file,
    `guessed` which of designer and title only its name tells.
    """

    file: str
    number: int | None
    designer: str | None
    title: str | None
    status: str | None
    submitted_at: str | None
    revision_of: int | None
    note: str | None
    listed: bool
    guessed: frozenset[str]
    order: int
    member: Member = field(repr=False)

    def credits(
        self, designer: str | None, title: str | None
    ) -> tuple[str | None, str | None]:
        """Return the designer and title of an entry that had these so far.

        What a name makes us guess replaces nothing: a revision is called as it likes.
        """
        if self.designer and not (designer and "designer" in self.guessed):
            designer = self.designer
        if self.title and not (title and "title" in self.guessed):
            title = self.title
        return designer, title


@dataclass(frozen=True)
class Withdrawal:
    """A line of the list that says of a design, without its file, that it is withdrawn.

    `remark` is the sentence for those who do not know that design.
    """

    number: int | None
    file: str | None
    remark: str


@dataclass(frozen=True)
class Reading:
    """What was found in a source; valid while `read_entries` holds it open.

    `numbers` are all that the list of entries tells, with a picture or without one.
    `remarks` are sentences about the list, line by line; those about `withdrawals` are
    not among them.
    """

    entries: tuple[Entry, ...]
    withdrawals: tuple[Withdrawal, ...]
    problems: tuple[Problem, ...]
    numbers: frozenset[int]
    remarks: tuple[str, ...]
    source: Source = field(repr=False)

    def read(self, entry: Entry) -> bytes:
        """Return an entry's bytes.

        Raises:
            UnreadableFileError: this file is damaged, too large, or itself an archive.
        """
        return self.source.read(entry.member)


@contextmanager
def read_entries(path: Path, manifest: Path | None = None) -> Iterator[Reading]:
    """Open a folder, zip, tar or single file and find the entries in it.

    Args:
        path: where the files are.
        manifest: the list of entries; without it, one among the files is used.

    Raises:
        UnreadableSourceError: nothing can be read from `path` at all.
        UnreadableManifestError: `manifest` is no list of entries.
    """
    with open_source(path) as source:
        lists = _lists(source)
        if manifest is not None:
            name, folder, chosen = manifest.name, "", _named_manifest(manifest)
        elif lists:
            member, chosen = lists[0]
            name, folder = member.name, posixpath.dirname(member.name)
        else:
            name, folder, chosen = "", "", Manifest((), frozenset(), ())
        listed = {member.index for member, _ in lists}
        pages = read_pages(
            source, [member for member in source.members if member.index not in listed]
        )
        members = pages.others
        guesses = guess_all(member.name for member in members)
        numbers = {
            name: pages.rows.get(name, _UNLISTED).number or guess.number
            for name, guess in guesses.items()
        }
        plain = {numbers[name] for name in numbers.keys() - pages.furniture.keys()}
        # Beside an entry's own picture, a page's other pictures are none of its files.
        numbers |= {
            name: None for name in pages.furniture if numbers.get(name) in plain
        }
        rows, unmatched = match(chosen.rows, members, numbers, folder)
        gone = {row: remark for row, remark in unmatched if row.status == "withdrawn"}
        missing = [remark for row, remark in unmatched if row not in gone]
        remarks = dict.fromkeys((*chosen.remarks, *missing, *_doubled(chosen.rows)))
        entries: list[Member] = []
        left_out: list[Member] = []
        for member in members:
            is_entry = member.index in rows or member.name not in pages.furniture
            (entries if is_entry else left_out).append(member)
        yield Reading(
            entries=_entries(entries, guesses, rows, pages.rows),
            withdrawals=tuple(
                Withdrawal(row.number, row.file, _said(name, remark))
                for row, remark in gone.items()
            ),
            problems=(
                *source.problems,
                *_list_problems(lists, name),
                *pages.problems,
                *(
                    Problem(member.name, pages.furniture[member.name], Status.IGNORED)
                    for member in left_out
                ),
            ),
            numbers=frozenset(row.number for row in chosen.rows if row.number),
            remarks=(
                *(_said(name, remark) for remark in remarks),
                *pages.remarks,
            ),
            source=source,
        )


def _lists(source: Source) -> list[tuple[Member, Manifest]]:
    """Find the lists of entries among the files, the one to use first.

    That is the one nearest to the top, then the one that says most.
    """
    lists = []
    for member in source.members:
        if member.name.casefold().endswith(_MANIFEST_EXTENSIONS):
            try:
                found = recognise(source.read(member))
            except UnreadableFileError:
                continue  # whoever reads it as an entry reports it
            if found:
                lists.append((member, found))
    return sorted(lists, key=lambda it: (it[0].name.count("/"), -len(it[1].fields)))


def _named_manifest(path: Path) -> Manifest:
    try:
        with FileSource(path) as source:
            data = source.read(source.members[0])
    except WorkbookError as error:
        raise UnreadableManifestError(f"“{path.name}”: {error}") from error
    except (LogovoteError, OSError, LookupError) as error:
        message = f"The list of entries “{path.name}” cannot be read."
        raise UnreadableManifestError(message) from error
    manifest = recognise(data)
    if manifest is None:
        raise UnreadableManifestError(
            f"“{path.name}” is no list of entries. It should be CSV, TSV or JSON, with "
            "columns such as entry, file, designer and title."
        )
    return manifest


def _list_problems(
    lists: list[tuple[Member, Manifest]], used: str
) -> Iterator[Problem]:
    for member, _ in lists:
        reason = (
            "The list of entries, used as such."
            if member.name == used
            else f"A list of entries, too; “{printable(used)}” was used."
        )
        yield Problem(member.name, reason, Status.IGNORED)


def _said(name: str, remark: str) -> str:
    """Say a remark about the list of that name."""
    return f"{printable(name)}, {remark}."


def _doubled(rows: tuple[Row, ...]) -> Iterator[str]:
    counts = Counter(row.number for row in rows)
    for row in rows:
        if row.number and counts[row.number] > 1:
            yield f"line {row.line}: entry {row.number} is in the list more than once"


def _entries(
    members: list[Member],
    guesses: dict[str, Guess],
    rows: dict[int, Row],
    pages: dict[str, Row],
) -> tuple[Entry, ...]:
    """Join what the list, the saved pages and the names tell, in this order."""

    def place(member: Member) -> tuple[int, int]:
        if member.index in rows:
            return 0, rows[member.index].line
        if member.name in pages:
            return 1, pages[member.name].line
        return 2, 0

    found = [
        _entry(
            member,
            guesses[member.name],
            [
                row
                for row in (rows.get(member.index), pages.get(member.name))
                if row is not None
            ],
        )
        for member in sorted(members, key=place)
    ]
    in_order = enumerate(_versions_together(found, rows))
    return tuple(replace(entry, order=order) for order, entry in in_order)


def _versions_together(entries: list[Entry], rows: dict[int, Row]) -> Iterator[Entry]:
    """Yield the files of one entry after each other, the newer later."""
    versions: dict[int | Member, list[Entry]] = defaultdict(list)
    for entry in entries:
        versions[entry.number or entry.member].append(entry)
    for files in versions.values():
        indices = {file.member.index for file in files} & rows.keys()
        # The list's own order stands where it has a line for each.
        if len({rows[index].line for index in indices}) < len(files):
            files.sort(key=lambda file: newness(file.file))
        yield from files


def _entry(member: Member, guess: Guess, rows: list[Row]) -> Entry:
    row = _UNLISTED
    for each in reversed(rows):
        told = {name: value for name, value in vars(each).items() if value is not None}
        row = replace(row, **told)
    return Entry(
        file=member.name,
        number=row.number or guess.number,
        designer=row.designer or clean(guess.designer or "", MAX_DESIGNER_CHARACTERS),
        title=row.title or clean(guess.title or "", MAX_TITLE_CHARACTERS),
        status=row.status,
        submitted_at=row.submitted_at,
        revision_of=row.revision_of,
        note=row.note,
        listed=bool(rows),
        guessed=frozenset(
            name for name in ("designer", "title") if getattr(row, name) is None
        ),
        order=0,
        member=member,
    )
