"""What an organiser hands on: the ranked shortlist as files."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy.orm import Session

from logovote.contest import bundle, rounds
from logovote.contest.results import Design, Line, Result, result_of
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
COLUMNS = (
    "place",
    "tied",
    "entry",
    "designer",
    "title",
    "family",
    "variants",
    "support",
    "approval_place",
    "acceptable",
    "digest",
)


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


def shortlist_rows(result: Result) -> list[dict[str, Any]]:
    """Describe every line of a result, best first, with exact numbers as text."""
    return [
        _row(line, None if line.entry is None else result.designs[line.entry])
        for line in result.order
    ]


def _row(line: Line, design: Design | None) -> dict[str, Any]:
    return {
        "place": line.place,
        "tied": line.tied,
        "entry": line.entry,
        "designer": design.designer if design else None,
        "title": design.title if design else "None of these",
        "family": line.family,
        "variants": list(design.variants) if design else [],
        "support": None if line.support is None else str(line.support),
        "approval_place": line.approval_place,
        "acceptable": line.acceptable,
        "digest": design.digest if design else None,
    }


def as_csv(rows: list[dict[str, Any]]) -> str:
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


def as_json(
    contest: Contest, round_: Round, result: Result, rows: list[dict[str, Any]]
) -> str:
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
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def write_designs(file: BinaryIO, store: Store, result: Result) -> None:
    """Write a zip of the original files, named by place and entry number."""
    digits = max(2, len(str(len(result.order))))
    # Pictures are compressed already.
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for line in result.order:
            if line.entry is not None:
                design = result.designs[line.entry]
                name = _file_name(f"{line.place:0{digits}}", design)
                archive.writestr(name, store.originals.get(design.digest))


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


def as_zip(store: Store, session: Session, contest: Contest) -> bytes:
    """Return `files` as one zip.

    Raises:
        RoundError: no round has been counted.
    """
    with io.BytesIO() as whole:
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:
            for name, data in files(store, session, contest):
                archive.writestr(name, data)
        return whole.getvalue()


def files(
    store: Store, session: Session, contest: Contest
) -> Iterator[tuple[str, bytes]]:
    """Yield everything an organiser hands on, as file names and contents.

    Raises:
        RoundError: no round has been counted.
    """
    round_ = deciding_round(session, contest)
    result = result_of(round_)
    rows = shortlist_rows(result)
    yield "shortlist.csv", as_csv(rows).encode("utf-8-sig")
    yield "shortlist.json", as_json(contest, round_, result, rows).encode()
    with io.BytesIO() as file:
        write_designs(file, store, result)
        yield "designs.zip", file.getvalue()
    if round_.insight is not None:
        yield "insight.json", insight_file(round_).encode()
    for kind in Kind:
        counted = queries.latest_counted(session, contest.id, kind)
        for scope, data in bundle.bundles_of(session, counted):
            more = "" if scope == bundle.PUBLIC else f"-{scope}"
            yield f"bundle-{kind.value}{more}.zip", data
        published = queries.latest_counted(session, contest.id, kind, published=True)
        if published is None or published.profile is None:
            continue
        # Where voters were promised sums only, there is no such file.
        if Rules.from_json(published.rules).publish == "ballots":
            yield f"ballots-{kind.value}.json", published.profile.encode()


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
    for name, data in files(store, session, contest):
        path = folder / name
        path.write_bytes(data)
        paths.append(path)
    return paths
