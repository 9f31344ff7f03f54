"""Import several hundred hostile files and archives, and count what became of them.

    python -m bench.hostile [--mutants 2000] [--mutants-only]

It takes some minutes, most of them spent on the files that are stopped only by their
time. Then so many zips, each damaged in another way. Prints a line for everything that
went wrong, and exits 1 if anything did.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from logovote.imaging.picture import UnreadableImageError
from logovote.imaging.worker import Fence
from logovote.ingest.members import UnreadableFileError, UnreadableSourceError
from logovote.ingest.reading import read_entries
from tests.hostile import archives, files
from tests.hostile.files import EITHER, READ, REFUSED, Case

_KILLED = "could not be read safely"


def main() -> None:
    """Take the corpus in, and say what became of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mutants", type=int, default=2000)
    parser.add_argument("--mutants-only", action="store_true")
    arguments = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        if not arguments.mutants_only:
            _write(Path(folder))
            wrong = _files(Path(folder, "files")) + _archives(Path(folder, "archives"))
        wrong += _mutants(Path(folder), arguments.mutants)
    sys.exit(1 if wrong else 0)


def _write(root: Path) -> None:
    """Write the corpus in a process whose memory is neither ours nor our child's."""
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        os.close(writer)
        os.read(reader, 1)
        return
    if os.fork() == 0:
        for name, corpus in (
            ("files", files.corpus()),
            ("archives", archives.corpus()),
        ):
            (root / name).mkdir()
            for case in corpus:
                (root / name / f"{case.wanted}~{case.name}").write_bytes(case.data)
    os._exit(0)


def _cases(folder: Path) -> list[Case]:
    parts = [path.name.partition("~") for path in sorted(folder.iterdir())]
    return [Case(name, b"", wanted) for wanted, _, name in parts]


def _files(folder: Path) -> int:
    """Develop each file behind the fence, one after the other."""
    counts: Counter[str] = Counter()
    wrong = 0
    slowest, slowest_name = 0.0, ""
    with Fence(1) as fence:
        for case in _cases(folder):
            data = (folder / f"{case.wanted}~{case.name}").read_bytes()
            began = time.monotonic()
            try:
                fence.develop(data)
                result, why = READ, ""
            except UnreadableImageError as error:
                result, why = REFUSED, str(error)
                counts["killed children"] += _KILLED in str(error)
            took = time.monotonic() - began
            counts[result] += 1
            if took > slowest:
                slowest, slowest_name = took, case.name
            if case.wanted not in (EITHER, result):
                wrong += 1
                print(f"WRONG: {case.name} was {result}. {why}")
    counts["files"] = counts[READ] + counts[REFUSED]
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(", ".join(f"{count} {what}" for what, count in sorted(counts.items())))
    print(f"slowest: {slowest:.1f} s ({slowest_name})")
    print(f"largest child: {children / 1024:.0f} MB resident; this process: {_own()}")
    return wrong


def _archives(folder: Path) -> int:
    """Open each archive and read all that is in it."""
    counts: Counter[str] = Counter()
    wrong = 0
    slowest, slowest_name = 0.0, ""
    for case in _cases(folder):
        began = time.monotonic()
        result = _imported(folder / f"{case.wanted}~{case.name}")
        took = time.monotonic() - began
        counts[result] += 1
        if took > slowest:
            slowest, slowest_name = took, case.name
        if case.wanted not in (EITHER, result):
            wrong += 1
            print(f"WRONG: {case.name} was {result}")
    print(f"{counts.total()} archives, {counts[READ]} gave their good file,")
    print(f"{counts[REFUSED]} were refused; slowest: {slowest:.1f} s ({slowest_name})")
    print(f"this process: {_own()}")
    return wrong


def _mutants(folder: Path, number: int) -> int:
    """Read zips that were damaged at random; what is no refusal is an error of ours."""
    sound = [
        case
        for case in archives.corpus(fast=True)
        if case.name.endswith(".zip") and case.wanted == READ
    ]
    chance = random.Random(number)
    counts: Counter[str] = Counter()
    wrong = 0
    began = time.monotonic()
    for _ in range(number):
        case = chance.choice(sound)
        path = folder / "mutant.zip"
        path.write_bytes(files.mutant(case.data, chance))
        try:
            counts[_imported(path)] += 1
        except Exception as error:  # noqa: BLE001 - this is what is looked for
            wrong += 1
            print(f"WRONG: a mutant of {case.name} raised {error!r}")
        path.unlink()
    odd = [path.name for path in folder.iterdir() if path.is_file()]
    print(f"{number} damaged zips in {time.monotonic() - began:.1f} s: ", end="")
    print(
        f"{counts[READ]} gave their good file, {counts[REFUSED]} were refused; ", end=""
    )
    print(
        f"{wrong} errors of ours, {len(odd)} files left behind; this process: {_own()}"
    )
    return wrong + len(odd)


def _imported(path: Path) -> str:
    found = False
    try:
        with read_entries(path) as reading:
            for entry in reading.entries:
                try:
                    reading.read(entry)
                    found |= entry.file.endswith((archives.GOOD, "svg.zip"))
                except UnreadableFileError:
                    continue
    except UnreadableSourceError:
        return REFUSED
    return READ if found else REFUSED


def _own() -> str:
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"


if __name__ == "__main__":
    main()
