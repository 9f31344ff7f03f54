"""Which file is which entry, and what an import does to it: no database, no pixels."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from logovote.errors import LogovoteError
from logovote.ingest.names import entry_number
from logovote.ingest.reading import Entry, Reading
from logovote.store.media import digest_of

STATUSES = ("new", "changed", "same", "withdrawn", "refused", "ignored")
LIST_SAYS_SO = "the list of entries says so"


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

    @property
    def site_number(self) -> int | None:
        """The site's number of a design whose number is ours; see `Submission`."""
        own = self.entry.number or 0
        return None if own == self.number else own

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
    # As in `Submission`: None where the site gave the number, else the site's, or 0.
    site_number: int | None = None
    withdrawn: bool = False
    # Why an organiser withdrew it by hand: then no import brings it back.
    banned: str = ""
    history: set[str] = field(default_factory=set)

    @property
    def given(self) -> bool:
        """Whether its number is ours, and says nothing of the contest site's."""
        return self.site_number is not None


@dataclass(frozen=True)
class Matching:
    """What a source claims.

    `present` holds every entry that the source shows or tries to show: a damaged file
    is no withdrawal. `leaving` are those that the list says are withdrawn, without a
    picture of them that can be read; `remarks` are about lines of it that say so of
    others.
    """

    claims: list[Claim]
    reports: list[FileReport]
    present: frozenset[int | None]
    leaving: tuple[int, ...]
    remarks: tuple[str, ...]


def match(reading: Reading, holdings: dict[int, Holding]) -> Matching:
    """Give every readable file an entry number, and report the others.

    A number that a file bears is the contest site's; one that we gave to another design
    is not meant by it (see `_Homes`). A file without a number belongs to the entry that
    has shown the same bytes, else to the entry that came from a file of the same name,
    else it gets a new number.
    """
    reports = []
    present: set[int | None] = set()
    damaged: list[tuple[int | None, str]] = []
    gone: list[tuple[int | None, str]] = []
    for problem in reading.problems:
        reports.append(FileReport(problem.file, problem.status, reason=problem.reason))
        damaged.append((entry_number(problem.file), problem.file))
    found: list[tuple[Entry, str]] = []
    sizes: dict[str, int] = {}
    for entry in reading.entries:
        try:
            data = reading.read(entry)
        except LogovoteError as error:
            reports.append(FileReport(entry.file, "refused", reason=str(error)))
            damaged.append((entry.number, entry.file))
            if entry.status == "withdrawn":
                gone.append(damaged[-1])
        else:
            found.append((entry, digest_of(data)))
            sizes[found[-1][1]] = len(data)
    homes = _Homes(holdings, found, reading.numbers)
    present |= {homes.known(own, file) for own, file in damaged}
    by_digest = {
        digest: number
        for number, holding in holdings.items()
        for digest in holding.history
    }
    wanted = []
    # Numbered files first: a file without a number may be the same picture.
    for entry, digest in sorted(found, key=lambda item: item[0].number is None):
        if entry.number is not None:
            number = homes.of(entry.number)
        else:
            known = by_digest.get(digest) or homes.known(None, entry.file)
            number = known or homes.free()
        by_digest[digest] = number
        wanted.append((number, entry, digest))
    unlike: dict[tuple[int, str], Entry] = {}
    last: dict[int, str] = {}
    for number, entry, digest in wanted:
        kept, spare = entry, unlike.get((number, digest))
        if spare and (last[number] == digest or entry.number is None):
            kept, spare = spare, entry
        if kept is entry:
            # What had been replaced and is back is the newest once more.
            unlike.pop((number, digest), None)
            unlike[number, digest], last[number] = entry, digest
        if spare:
            reason = f"the same picture as {kept.file}, for the same entry"
            reports.append(
                FileReport(spare.file, "ignored", number, reason=reason, digest=digest)
            )
    claims = [
        Claim(entry, number, digest, sizes[digest], final=last[number] == digest)
        for (number, digest), entry in unlike.items()
    ]
    claimed = {claim.number for claim in claims}
    present |= claimed
    leaving, remarks = _leaving(reading, homes, present)
    leaving |= {homes.known(own, file) for own, file in gone} - claimed
    return Matching(
        claims,
        reports,
        frozenset(present - {None}),
        leaving=tuple(number for number in holdings if number in leaving),
        remarks=tuple(remarks),
    )


def _leaving(
    reading: Reading, homes: _Homes, present: set[int | None]
) -> tuple[set[int | None], list[str]]:
    """Return what the list withdraws without a file, and remarks on other lines."""
    leaving: set[int | None] = set()
    remarks = []
    for each in reading.withdrawals:
        number = homes.known(each.number, each.file)
        if number is None or number in present:
            remarks.append(each.remark)
        else:
            leaving.add(number)
    return leaving, remarks


class _Homes:
    """Which of our entries each number of the contest site stands for.

    Mostly the entry of that number. Where that is a design to which we gave the number
    ourselves, the site means another, and that one gets a number of its own here.
    """

    def __init__(
        self,
        holdings: dict[int, Holding],
        found: list[tuple[Entry, str]],
        listed: frozenset[int],
    ) -> None:
        self._holdings = holdings
        self._by_file = {
            _composed(held.file): number for number, held in holdings.items()
        }
        self._known = {
            held.site_number: number
            for number, held in holdings.items()
            if held.site_number
        }
        told = {entry.number for entry, _ in found if entry.number is not None}
        self._taken = {*holdings, *self._known, *told, *listed}
        self._find_nameless(found)

    def _find_nameless(self, found: list[tuple[Entry, str]]) -> None:
        """Learn the numbers of designs that came without one, and now have it told."""
        nameless = {n: it for n, it in self._holdings.items() if it.site_number == 0}
        by_file = {_composed(held.file): n for n, held in nameless.items()}
        by_digest = {
            digest: n for n, held in nameless.items() for digest in held.history
        }
        for entry, digest in found:
            if entry.number is None or self.holder(entry.number):
                continue
            number = by_file.get(_composed(entry.file)) or by_digest.get(digest)
            if number in nameless:
                del nameless[number]
                self._known[entry.number] = number

    def holder(self, own: int) -> int | None:
        """Return the entry that is known to be the site's number `own`, if one is."""
        held = self._holdings.get(own)
        return own if held and not held.given else self._known.get(own)

    def known(self, own: int | None, file: str | None) -> int | None:
        """Return the entry that is meant by the site's number, or else by a file."""
        return self.holder(own) if own else self._by_file.get(_composed(file or ""))

    def of(self, own: int) -> int:
        """Return the entry that the site's number `own` stands for, now or from now."""
        number = self.holder(own)
        if number is None:
            number = self.free() if own in self._holdings else own
            self._known[own] = number
        return number

    def free(self) -> int:
        """Give a number that is nobody's, here or at the site as far as it is known."""
        number = max(self._taken, default=0) + 1
        self._taken.add(number)
        return number


def _composed(file: str) -> str:
    """Return a path as it is compared: a Mac's zip spells é as two characters."""
    return unicodedata.normalize("NFC", file)


def decide(claim: Claim, holdings: dict[int, Holding]) -> FileReport:
    """Say what a claim does to its entry, and note it in `holdings`."""
    entry, held = claim.entry, holdings.get(claim.number)
    reason = before = None
    was_out = held is not None and held.withdrawn
    if held is None:
        status, reason = "new", _remark(claim, holdings)
        held = holdings[claim.number] = Holding(
            claim.digest,
            1,
            entry.designer,
            entry.title,
            entry.file,
            claim.site_number,
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
            status, reason = "withdrawn", LIST_SAYS_SO
    if entry.number is not None:
        held.site_number = claim.site_number
        reason = reason or _numbering(claim, holdings)
    held.history.add(claim.digest)
    held.designer, held.title = entry.credits(held.designer, held.title)
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
        else:
            reports.append(left_out(claim, why))
    return replace(matching, claims=claims, reports=reports)


def left_out(claim: Claim, why: str) -> FileReport:
    """Report a file that claims an entry which was taken down."""
    file, number = claim.entry.file, claim.number
    return FileReport(file, "ignored", number, reason=_stays_out(why))


def _stays_out(why: str) -> str:
    return f"stays withdrawn ({why}), until you bring it back"


def _remark(claim: Claim, holdings: dict[int, Holding]) -> str | None:
    """Say what is worth knowing about a new entry."""
    if claim.site_number == 0:
        return f"no entry number found; it was given number {claim.number}"
    twins = [n for n, held in sorted(holdings.items()) if held.digest == claim.digest]
    twin = f"the same picture as entry {twins[0]}" if twins else None
    return _numbering(claim, holdings) or twin


def _numbering(claim: Claim, holdings: dict[int, Holding]) -> str | None:
    """Say why an entry has another number here than at the contest site, if it has."""
    if not claim.site_number:
        return None
    holder = holdings.get(claim.site_number)
    if holder is None or not holder.given:
        return (
            f"it keeps number {claim.number}, which it was given before its own number "
            f"{claim.site_number} was known"
        )
    return (
        f"number {claim.site_number} had been given to {holder.file} before, so this "
        f"is number {claim.number} here"
    )
