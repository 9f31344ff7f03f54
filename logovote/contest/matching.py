"""Which file is which entry, and what an import does to it: no database, no pixels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from logovote.errors import LogovoteError
from logovote.ingest.names import entry_number
from logovote.ingest.reading import Entry, Reading
from logovote.store.media import digest_of

STATUSES = ("new", "changed", "same", "withdrawn", "refused", "ignored")


@dataclass(frozen=True)
class FileReport:
    """What became, or would become, of one file.

    `digest` is the SHA-256 of its bytes; `before` that of the picture which the entry
    showed until then, where this one takes its place.
    """

    file: str
    status: str
    entry: int | None = None
    designer: str | None = None
    version: int | None = None
    reason: str | None = None
    digest: str | None = None
    before: str | None = None


@dataclass(frozen=True)
class ImportReport:
    """What became of every file met, in the order they were looked at.

    `remarks` are about the list of entries, such as lines without a file.
    """

    files: tuple[FileReport, ...]
    remarks: tuple[str, ...] = ()

    def summary(self) -> dict[str, int]:
        """Count the files by status, zeros included."""
        counts = Counter(file.status for file in self.files)
        return {status: counts[status] for status in STATUSES}

    def as_json(self) -> dict[str, Any]:
        """Return the report in its public form."""
        return {
            "summary": self.summary(),
            "files": [asdict(file) for file in self.files],
            "remarks": list(self.remarks),
        }


@dataclass(frozen=True)
class Claim:
    """One file's claim to be the picture of an entry.

    `final` is False where a later file of the same source claims the entry too:
    this one is then only a step in the entry's history.
    """

    entry: Entry
    number: int
    digest: str
    size_bytes: int
    final: bool
    assigned: bool

    @property
    def withdrawn(self) -> bool:
        """Whether the list of entries says that its designer took it back."""
        return self.final and self.entry.status == "withdrawn"


@dataclass
class Holding:
    """A submission as matching sees it: what it shows now and has shown before."""

    digest: str
    version: int
    designer: str | None
    title: str | None
    file: str
    withdrawn: bool = False
    # Why an organiser withdrew it by hand: then no import brings it back.
    banned: str = ""
    history: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Matching:
    """What a source claims.

    `present` holds every entry that the source shows or tries to show: a damaged file
    is no withdrawal.
    """

    claims: list[Claim]
    reports: list[FileReport]
    present: frozenset[int | None]


def match(reading: Reading, holdings: dict[int, Holding]) -> Matching:
    """Give every readable file an entry number, and report the others.

    A file without a number belongs to the entry that has shown the same bytes, else
    to the entry that came from a file of the same name, else it gets a new number.
    """
    by_file = {holding.file: number for number, holding in holdings.items()}
    present: set[int | None] = set()
    reports = []
    for problem in reading.problems:
        reports.append(FileReport(problem.file, problem.status, reason=problem.reason))
        present.add(entry_number(problem.file) or by_file.get(problem.file))
    found: list[tuple[Entry, str]] = []
    sizes: dict[str, int] = {}
    for entry in reading.entries:
        try:
            data = reading.read(entry)
        except LogovoteError as error:
            reports.append(FileReport(entry.file, "refused", reason=str(error)))
            present.add(entry.number or by_file.get(entry.file))
        else:
            found.append((entry, digest_of(data)))
            sizes[found[-1][1]] = len(data)
    by_digest = {
        digest: number
        for number, holding in holdings.items()
        for digest in holding.history
    }
    taken = set(holdings)
    for entry, digest in found:
        if entry.number is not None:
            by_digest[digest] = entry.number
            taken.add(entry.number)
    wanted = []
    # Numbered files first: a file without a number may be the same picture.
    for entry, digest in sorted(found, key=lambda item: item[0].number is None):
        number = entry.number or by_digest.get(digest, by_file.get(entry.file))
        assigned = number is None
        if number is None:
            number = max(taken, default=0) + 1
            taken.add(number)
        by_digest[digest] = number
        wanted.append((number, entry, digest, assigned))
    first: dict[tuple[int, str], Entry] = {}
    unlike = []
    for number, entry, digest, assigned in wanted:
        twin = first.setdefault((number, digest), entry)
        if twin is entry:
            unlike.append((number, entry, digest, assigned))
            continue
        reason = f"the same picture as {twin.file}, for the same entry"
        reports.append(
            FileReport(entry.file, "ignored", number, reason=reason, digest=digest)
        )
    last = {number: digest for number, _, digest, _ in unlike}
    claims = [
        Claim(
            entry,
            number,
            digest,
            sizes[digest],
            final=last[number] == digest,
            assigned=assigned,
        )
        for number, entry, digest, assigned in unlike
    ]
    present |= {claim.number for claim in claims}
    return Matching(claims, reports, frozenset(present - {None}))


def decide(claim: Claim, holdings: dict[int, Holding]) -> FileReport:
    """Say what a claim does to its entry, and note it in `holdings`."""
    entry, held = claim.entry, holdings.get(claim.number)
    reason = before = None
    was_out = held is not None and held.withdrawn
    if held is None:
        status, reason = "new", _remark(claim, holdings)
        held = holdings[claim.number] = Holding(
            claim.digest, 1, entry.designer, entry.title, entry.file
        )
    elif claim.digest == held.digest or (
        not claim.final and claim.digest in held.history
    ):
        status = "same"
        if held.withdrawn and not (held.banned or claim.withdrawn):
            status, reason = "changed", "back after having been withdrawn"
    else:
        status, before = "changed", held.digest
        held.digest, held.version = claim.digest, held.version + 1
        if not claim.final:
            reason = "another file of this import is the newer version of this entry"
    if held.banned:
        reason = _stays_out(held.banned)
    else:
        held.withdrawn = claim.withdrawn
        if claim.withdrawn and not (was_out and status == "same"):
            status, reason = "withdrawn", "the list of entries says so"
    held.history.add(claim.digest)
    held.designer = entry.designer or held.designer
    held.title = entry.title or held.title
    return FileReport(
        entry.file,
        status,
        claim.number,
        held.designer,
        held.version,
        reason,
        claim.digest,
        before,
    )


def without_taken_down(matching: Matching, taken_down: Mapping[int, str]) -> Matching:
    """Leave out what claims an entry that was taken down; `taken_down` says why."""
    claims, reports = [], list(matching.reports)
    for claim in matching.claims:
        if (why := taken_down.get(claim.number)) is None:
            claims.append(claim)
            continue
        file, number = claim.entry.file, claim.number
        reports.append(FileReport(file, "ignored", number, reason=_stays_out(why)))
    return Matching(claims, reports, matching.present)


def _stays_out(why: str) -> str:
    return f"stays withdrawn ({why}), until you bring it back"


def _remark(claim: Claim, holdings: dict[int, Holding]) -> str | None:
    """Say what is worth knowing about a new entry."""
    if claim.assigned:
        return f"no entry number found; it was given number {claim.number}"
    twins = [n for n, held in sorted(holdings.items()) if held.digest == claim.digest]
    return f"the same picture as entry {twins[0]}" if twins else None
