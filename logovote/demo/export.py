"""A whole contest as files: messy like a real export, and all of it valid."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from random import Random

from logovote.demo import cast
from logovote.demo.designs import Concept, Look, conceive, looks, sheet
from logovote.demo.formats import dealt

_OPENED = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
_DURATION = timedelta(weeks=5)
_COPYCATS = 0.04
_MOST_VARIANTS = 8

_SIZES = {
    (800, 600): 10,
    (1000, 750): 6,
    (640, 480): 6,
    (900, 900): 5,
    (600, 600): 6,
    (1024, 512): 5,
    (500, 500): 4,
    (760, 420): 4,
    (400, 300): 3,
    (1200, 900): 3,
    (720, 960): 2,
    (1600, 1200): 1,
}


@dataclass(frozen=True)
class Drawn:
    """One file of a drawn contest. `concept` names the idea it is a variant of."""

    entry: int
    file: str
    designer: str
    title: str
    concept: str


@dataclass(frozen=True, eq=False)
class _Upload:
    concept: Concept
    look: Look
    designer: str
    at: datetime


def draw_contest(
    folder: Path,
    *,
    designs: int = 211,
    concepts: int = 60,
    seed: int = 2015,
    name: str = "Tavrel",
) -> tuple[Drawn, ...]:
    """Draw a contest into a folder, with a manifest.csv, and say what was drawn.

    The same arguments give the same bytes, on the same versions of the libraries.

    Args:
        folder: where to; it is made if need be, files of the same name are replaced.
        designs: how many files.
        concepts: how many ideas, of one to eight variants each.
        seed: another seed gives another contest.
        name: the project that looks for a logo.

    Raises:
        ValueError: so many designs cannot be had of so many concepts, or the name
            has letters that the alphabet lacks.
    """
    if not (name.isascii() and name.isalpha()):
        raise ValueError(f"The name {name!r} has more than the letters A to Z.")
    if not concepts <= designs <= concepts * _MOST_VARIANTS:
        raise ValueError(f"{designs} designs cannot be had of {concepts} concepts.")
    rng = Random(f"{seed} {name}")  # noqa: S311 - chance that repeats, no secret
    uploads = _uploads(rng, conceive(rng, concepts, name), designs)
    kinds = dealt(rng, [upload.look for upload in uploads])
    numbers = sorted(rng.sample(range(1, round(designs * 1.14) + 1), designs))
    taken = {"manifest.csv"}
    drawn: list[Drawn] = []
    for entry, upload, kind in zip(numbers, uploads, kinds, strict=True):
        title = cast.title(rng, upload.concept.name, upload.look.called, name)
        path = cast.file_name(rng, entry, upload.designer, title, kind.suffix)
        path = _free(path, taken)
        size = rng.choices(tuple(_SIZES), tuple(_SIZES.values()))[0]
        look = upload.look
        if kind.colouring:
            look = replace(look, colouring=kind.colouring)
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        laid = sheet(upload.concept, look, size)
        target.write_bytes(kind.encode(laid, f"{name}: {title}"))
        drawn.append(Drawn(entry, path, upload.designer, title, upload.concept.name))
    _write_manifest(folder / "manifest.csv", drawn, uploads)
    return tuple(drawn)


def _uploads(rng: Random, ideas: list[Concept], count: int) -> list[_Upload]:
    """Return who sends what when, the earliest first."""
    crew = rng.sample(cast.DESIGNERS, min(30, max(4, len(ideas) * 3 // 5)))
    eager = [1 / (place + 2) for place in range(len(crew))]
    found: list[_Upload] = []
    for concept, variants in zip(ideas, _tail(rng, len(ideas), count), strict=True):
        designer = rng.choices(crew, eager)[0]
        at = _OPENED + _DURATION * rng.betavariate(1.1, 1.5)
        for position, look in enumerate(looks(rng, concept, variants)):
            copied = position > 1 and rng.random() < _COPYCATS
            sender = rng.choice(crew) if copied else designer
            found.append(_Upload(concept, look, sender, at.replace(microsecond=0)))
            # A night's sleep and a comment later, the next variant.
            at += timedelta(hours=rng.uniform(0.2, 60), seconds=rng.uniform(1, 60))
    return sorted(found, key=lambda upload: upload.at)


def _tail(rng: Random, count: int, total: int) -> list[int]:
    """Return how many variants each concept has: few have many, most have few."""
    sizes = [1] * count
    pull = [1 / (place + 3) ** 0.8 for place in range(count)]
    for _ in range(total - count):
        open_ = [i for i in range(count) if sizes[i] < _MOST_VARIANTS]
        sizes[rng.choices(open_, [pull[i] for i in open_])[0]] += 1
    rng.shuffle(sizes)
    return sizes


def _free(path: str, taken: set[str]) -> str:
    """Return the path, numbered if another file has it; disks may ignore case."""
    whole = PurePosixPath(path)
    number = 1
    while path.lower() in taken:
        number += 1
        path = str(whole.with_name(f"{whole.stem} ({number}){whole.suffix}"))
    taken.add(path.lower())
    return path


def _write_manifest(
    path: Path, drawn: Sequence[Drawn], uploads: Sequence[_Upload]
) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("entry", "designer", "title", "file", "submitted_at"))
        for design, upload in zip(drawn, uploads, strict=True):
            at = f"{upload.at:%Y-%m-%dT%H:%M:%SZ}"
            writer.writerow(
                (design.entry, design.designer, design.title, design.file, at)
            )
