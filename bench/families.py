"""How well families are proposed: on a contest whose families are known.

    .venv/bin/python bench/families.py EXPORT FAMILIES.csv [EXPORT FAMILIES.csv …]
        [--mistakes]

FAMILIES.csv has the columns `entry` and `family`. Prints precision, recall and F1 over
all pairs of designs, the adjusted Rand index of the grouping, and how many of a
design's family (of five at most) are among its five likest: once from pictures and
designers, once from the pictures alone. bench/contests.py makes such contests.
"""

from __future__ import annotations

import argparse
import csv
import resource
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from logovote.errors import LogovoteError
from logovote.imaging.decode import decode
from logovote.imaging.likeness import Design, Likeness, describe, parse
from logovote.ingest.reading import read_entries


@dataclass(frozen=True)
class Score:
    """How a grouping of designs compares with the true one."""

    precision: float
    recall: float
    f1: float
    rand: float


def load(export: Path) -> tuple[list[Design], list[float], list[int]]:
    """Describe every design; also CPU milliseconds and bytes of each."""
    designs, spent, sizes = [], [], []
    with read_entries(export) as reading:
        for entry in reading.entries:
            if entry.number is None:
                continue
            try:
                image = decode(reading.read(entry)).image
            except LogovoteError as error:
                print(f"{entry.file}: {error}")
                continue
            began = time.process_time()
            blob = describe(image)
            spent.append(1000 * (time.process_time() - began))
            sizes.append(len(blob))
            designs.append(
                Design(entry.number, parse(blob), entry.designer, entry.title)
            )
    return designs, spent, sizes


def score(found: dict[int, int], true: dict[int, str]) -> Score:
    """Compare two groupings of the same designs, pair by pair."""
    joint = Counter((found[entry], true[entry]) for entry in true)
    both = sum(_pairs(count) for count in joint.values())
    ours = sum(_pairs(count) for count in Counter(found.values()).values())
    theirs = sum(_pairs(count) for count in Counter(true.values()).values())
    by_chance = ours * theirs / max(1, _pairs(len(true)))
    return Score(
        both / max(1, ours),
        both / max(1, theirs),
        2 * both / max(1, ours + theirs),
        (both - by_chance) / max(1e-9, (ours + theirs) / 2 - by_chance),
    )


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


def recall(likeness: Likeness, true: dict[int, str], count: int = 5) -> float:
    """Return the mean share of a design's family found among its likest."""
    mates = defaultdict(set)
    for entry, family in true.items():
        mates[family].add(entry)
    shares = []
    for entry, family in true.items():
        wanted = mates[family] - {entry}
        if wanted:
            near = {key for key, _ in likeness.nearest(entry, count)}
            shares.append(len(wanted & near) / min(count, len(wanted)))
    return sum(shares) / max(1, len(shares))


def measure(designs: list[Design], true: dict[int, str], *, mistakes: bool) -> None:
    """Print one line of figures."""
    began = time.process_time()
    likeness = Likeness(designs)
    found = {design.key: design.key for design in designs}
    proposals = likeness.proposals()
    spent = time.process_time() - began
    for proposal in proposals:
        for entry in proposal.entries:
            found[entry] = proposal.entries[0]
    result = score(found, true)
    named = any(design.designer for design in designs)
    print(
        f"  {'with designers' if named else 'image only':15}"
        f" precision {result.precision:.3f}  recall {result.recall:.3f}"
        f"  F1 {result.f1:.3f}  ARI {result.rand:.3f}"
        f"  recall@5 {recall(likeness, true):.3f}"
        f"  {len(proposals)} families in {spent:.1f} s CPU"
    )
    if mistakes:
        for proposal in proposals:
            names = {true[entry] for entry in proposal.entries}
            if len(names) > 1:
                print("    mixed", proposal, sorted(names))
        groups = defaultdict(set)
        for entry, family in true.items():
            groups[family].add(entry)
        for family, members in sorted(groups.items()):
            parts = Counter(found[entry] for entry in members)
            if len(parts) > 1:
                print("    split", family, {e: found[e] for e in sorted(members)})


def main() -> None:
    """Measure every contest given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--mistakes", action="store_true")
    options = parser.parse_args()
    for export, families in zip(options.paths[::2], options.paths[1::2], strict=True):
        designs, spent, sizes = load(export)
        with families.open(newline="", encoding="utf-8-sig") as listing:
            true = {int(row["entry"]): row["family"] for row in csv.DictReader(listing)}
        designs = [design for design in designs if design.key in true]
        true = {design.key: true[design.key] for design in designs}
        print(
            f"{export}: {len(designs)} designs in {len(set(true.values()))} families;"
            f" describing takes {sum(spent) / len(spent):.1f} ms CPU (the most:"
            f" {max(spent):.0f}) and {sum(sizes) / len(sizes) / 1000:.1f} kB"
            f" (the most: {max(sizes) / 1000:.1f})"
        )
        measure(designs, true, mistakes=options.mistakes)
        unnamed = [Design(design.key, design.description) for design in designs]
        measure(unnamed, true, mistakes=options.mistakes)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:.0f} MB")


if __name__ == "__main__":
    main()
