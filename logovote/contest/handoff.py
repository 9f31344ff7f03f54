"""What an organiser hands on: the ranked shortlist as files."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from logovote.contest import bundle, feedback, record, rounds, sheets, zips
from logovote.contest.listing import COLUMNS, Listing, Row, listing_of
from logovote.contest.results import Design, Result, result_of
from logovote.contest.rules import Rules
from logovote.store import queries
from logovote.store.models import Contest, Kind, Round, Submission
from logovote.store.store import Store

# What a spreadsheet would run as a formula, or strip as white space before one; some
# take the wide forms of East Asian keyboards for the signs.
_FORMULA = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "\uff1d",
    "\uff0b",
    "\uff0d",
    "\uff20",
)
_EXTENSIONS = {"JPEG": "jpg"}
_ESTIMATED = {Kind.RANKING: ["stability"], Kind.SHORTLIST: ["stability", "shares"]}
_UNSAFE = re.compile(r"[^\w.-]+")


def deciding_round(session: Session, contest: Contest) -> Round:
    """Return the round whose result is handed on: the one counted last.

    Raises:
        RoundError: none has been counted.
    """
    round_ = queries.latest_counted(session, contest.id)
    if round_ is None:
        raise rounds.RoundError(
            "There is nothing to export yet: close and count a round first."
        )
    return round_


def as_csv(rows: list[Row]) -> str:
    """Write the rows of a shortlist for a spreadsheet."""
    cells = [[row[column] for column in COLUMNS] for row in rows]
    return table([list(COLUMNS), *cells])


def table(rows: Iterable[Sequence[object]]) -> str:
    """Write rows as CSV; no cell can become a formula."""
    text = io.StringIO()
    csv.writer(text).writerows([_cell(cell) for cell in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    """Write a value so that a spreadsheet shows it and does nothing else."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(map(str, value))
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value


def as_json(contest: Contest, round_: Round, result: Result, rows: list[Row]) -> str:
    """Write the shortlist with how it came about."""
    summary = result.as_json()
    document = {
        "contest": contest.slug,
        "title": contest.title,
        "round": round_.kind.value,
        "method": result.method,
        "closed_at": _moment(round_.closed_at),
        "shortlist": rows,
        "turnout": summary["turnout"],
        "binding": result.binding,
        "seed": result.seed,
        "ties": summary["ties"],
    }
    if "set_aside" in summary:
        document["set_aside"] = summary["set_aside"]
    return _json(document)


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def designs(session: Session, store: Store, result: Result) -> list[zips.Member]:
    """List the original files, named by place and entry number; read when asked for.

    Designs whose pictures were removed are left out.

    Raises:
        MissingMediaError: one of them is not in the data folder.
    """
    digits = max(2, len(str(len(result.order))))
    found = []
    sizes = {
        picture.digest: picture.size_bytes
        for picture in queries.pictures(
            session, {design.digest for design in result.designs.values()}
        )
    }
    kept = queries.with_derivatives(session, set(sizes))
    for line in result.order:
        if line.entry is None or result.designs[line.entry].digest not in kept:
            continue
        design = result.designs[line.entry]
        if not store.originals.has(design.digest):
            # Now, while there is somebody to tell: later half a file is sent.
            store.originals.get(design.digest)
        name = _file_name(f"{line.place:0{digits}}", design)
        pieces = _original(store, design.digest)
        found.append(zips.Member(name, sizes.get(design.digest, 0), pieces))
    return found


def _original(store: Store, digest: str) -> Iterator[bytes]:
    yield store.originals.get(digest)


def _file_name(place: str, design: Design) -> str:
    """Name a file so that names sort by place, as in 01-entry-36.png."""
    designer = _UNSAFE.sub("-", design.designer or "").strip("-.")[:40]
    parts = [place, "entry", str(design.entry), designer]
    return "-".join(part for part in parts if part) + suffix(design.format)


def suffix(format_: str) -> str:
    """Return the ending that files of a format usually have."""
    return "." + _EXTENSIONS.get(format_, format_.lower())


def original_name(submission: Submission) -> str:
    """Name an original for a download, by its entry number and true format."""
    return f"entry-{submission.entry}{suffix(submission.picture.format)}"


def files(
    store: Store, session: Session, contest: Contest, round_: Round | None = None
) -> dict[str, Callable[[], zips.Member]]:
    """Name everything an organiser hands on; a file is made when it is asked for.

    What it gives reads originals later still, and needs no session for that.

    Args:
        store: where the pictures are.
        session: any session.
        contest: the contest.
        round_: the round whose result it is; by default the one counted last.

    Raises:
        RoundError: no round has been counted.
    """
    round_ = round_ or deciding_round(session, contest)
    result = result_of(round_)
    listing = listing_of(session, store, contest, round_)
    texts: dict[str, Callable[[], str | bytes]] = {
        "shortlist.csv": lambda: as_csv(listing.rows).encode("utf-8-sig"),
        "shortlist.json": lambda: as_json(contest, round_, result, listing.rows),
        "shortlist.xlsx": lambda: _workbook(session, contest, round_, listing),
        "contact-sheet.pdf": lambda: _contact_sheet(listing),
        "handoff.json": lambda: _json(
            sheets.sheets_of(session, contest, round_).as_json()
        ),
        "feedback.csv": lambda: _feedback_table(session, round_).encode("utf-8-sig"),
        "decision.html": lambda: record.decision_record(
            session, store, contest, round_, draft=True
        ),
    }
    if round_.insight is not None:
        texts["insight.json"] = lambda: insight_file(round_)
    for kind in Kind:
        counted = queries.latest_counted(session, contest.id, kind)
        for scope, data in bundle.bundles_of(session, counted):
            more = "" if scope == bundle.PUBLIC else f"-{scope}"
            texts[f"bundle-{kind.value}{more}.zip"] = partial(bytes, data)
        published = queries.latest_counted(session, contest.id, kind, published=True)
        if published is None or published.profile is None:
            continue
        # Where voters were promised sums only, there is no such file.
        if Rules.from_json(published.rules).publish == "ballots":
            texts[f"ballots-{kind.value}.json"] = partial(str, published.profile)
    made: dict[str, Callable[[], zips.Member]] = {
        name: partial(_member, name, make) for name, make in texts.items()
    }
    return made | {"designs.zip": lambda: _originals(session, store, result)}


def _member(name: str, make: Callable[[], str | bytes]) -> zips.Member:
    data = make()
    return zips.Member.of(name, data.encode() if isinstance(data, str) else data)


def _originals(session: Session, store: Store, result: Result) -> zips.Member:
    originals = designs(session, store, result)
    size = zips.size_of(originals)
    return zips.Member("designs.zip", size, zips.written(originals))


# What writes workbooks and paper takes long to load, and few ask for it.


def _workbook(
    session: Session, contest: Contest, round_: Round, listing: Listing
) -> bytes:
    from logovote.contest.workbook import workbook  # noqa: PLC0415 - see above

    return workbook(listing, sheets.sheets_of(session, contest, round_))


def _contact_sheet(listing: Listing) -> bytes:
    from logovote.contest.contact_sheet import contact_sheet  # noqa: PLC0415 - see above

    return contact_sheet(listing)


def _feedback_table(session: Session, round_: Round) -> str:
    """Write what voters said of each design, with the notes that are handed on."""
    head = ["entry", "designer", *(reason.id for reason in feedback.REASONS), "notes"]
    rows: list[list[object]] = [
        [
            said.entry,
            said.designer,
            *(said.heads.get(reason.id, 0) for reason in feedback.REASONS),
            "\n\n".join(said.released),
        ]
        for said in feedback.gathered(session, round_)
    ]
    return table([head, *rows])


def insight_file(round_: Round) -> str:
    """Write what explains a counted round, and which of it are estimates."""
    document: dict[str, Any] = {
        "round": round_.kind.value,
        "about": "Computed from the ballots of this round. Fractions are exact; what "
        "is named as estimated is not, and no recount reproduces it.",
        "estimated": _ESTIMATED[round_.kind],
    }
    document |= json.loads(round_.insight or "{}")
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def export_to(
    folder: Path, store: Store, session: Session, contest: Contest
) -> list[Path]:
    """Write `files` into a folder, made if needed, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, make in files(store, session, contest).items():
        member, path = make(), folder / name
        with path.open("wb") as file:
            file.writelines(member.pieces)
        paths.append(path)
    return paths
