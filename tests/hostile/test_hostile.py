"""No file and no archive of an enemy does more than be refused, in words.

The part of the corpus that is soon dealt with; `bench/hostile.py` takes all of it.
"""

from __future__ import annotations

import os
import random
import resource
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logovote.imaging.derivatives import develop
from logovote.imaging.picture import UnreadableImageError
from logovote.imaging.worker import Fence
from logovote.ingest.members import UnreadableFileError, UnreadableSourceError
from logovote.ingest.reading import read_entries
from tests.hostile import archives, files
from tests.hostile.files import EITHER, READ, REFUSED, Case, endless_markup, sound

FILES = list(files.corpus(fast=True))
ARCHIVES = list(archives.corpus(fast=True))
SOUND = sound()
# Fuzzing is fair to all: the same examples every time.
FUZZ = settings(
    derandomize=True,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def fence() -> Iterator[Fence]:
    with Fence(2) as shared:
        yield shared


def outcome(fence: Fence, data: bytes) -> tuple[str, str]:
    try:
        return READ, fence.develop(data).format
    except UnreadableImageError as error:
        return REFUSED, str(error)


def test_every_hostile_file_is_refused_in_words_or_read_safely(fence: Fence) -> None:
    cases = [(case, lambda case=case: case.data) for case in FILES]

    wrong = []
    for case, result in fence.develop_many(cases):
        refused = isinstance(result, UnreadableImageError)
        if case.wanted not in (EITHER, REFUSED if refused else READ):
            wrong.append((case.name, str(result)[:80]))
        if refused and not (str(result).endswith(".") and str(result).isprintable()):
            wrong.append((case.name, "says it badly"))

    assert len(cases) > 450
    assert not wrong
    assert outcome(fence, SOUND["png"]) == (READ, "PNG")


def test_markup_without_end_is_refused_before_it_is_drawn() -> None:
    """Here, in this very process: what drawing would cost is never asked."""
    for case in endless_markup(random.Random(1)):  # noqa: S311 - unused
        if case.wanted == REFUSED:
            with pytest.raises(UnreadableImageError):
                develop(case.data)


def imported(path: Path) -> tuple[str, str]:
    """What became of the good file of an archive, and why."""
    try:
        with read_entries(path) as reading:
            found = set()
            for entry in reading.entries:
                try:
                    found.add((entry.file, bool(reading.read(entry))))
                except UnreadableFileError:
                    continue
            good = found and {(archives.GOOD, True), ("svg.zip", True)} & found
            return READ if good else REFUSED, ""
    except UnreadableSourceError as error:
        return REFUSED, str(error)


def test_every_hostile_archive_gives_its_good_file_or_is_refused_in_words(
    tmp_path: Path,
) -> None:
    wrong = []
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for case in ARCHIVES:
        path = tmp_path / case.name
        path.write_bytes(case.data)
        result, why = imported(path)
        if case.wanted not in (EITHER, result) or (why and not why.endswith(".")):
            wrong.append((case.name, result, why))
        path.unlink()
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before

    assert len(ARCHIVES) > 400
    assert not wrong
    assert not list(tmp_path.iterdir())
    assert grown_kb < 150_000


def test_headers_of_a_tar_without_end_do_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    infos = []
    for number in range(10):
        info = tarfile.TarInfo(str(number))
        info.pax_headers = {"comment": "x" * 200_000}
        infos.append(info)
    (tmp_path / "a.tar").write_bytes(archives.tar_of(*infos))

    assert imported(tmp_path / "a.tar")[0] == READ
    monkeypatch.setattr("logovote.ingest.archives._MAX_HEADERS_BYTES", 2**20)
    assert imported(tmp_path / "a.tar")[0] == REFUSED


@FUZZ
@given(kind=st.sampled_from(sorted(SOUND)), seed=st.integers(0, 2**32))
def test_no_mutant_gets_past_the_fence(fence: Fence, kind: str, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - noise, no secret
    assert outcome(fence, files.mutant(SOUND[kind], chance))[0] in (READ, REFUSED)


@settings(FUZZ, max_examples=200)
@given(kind=st.sampled_from([case.name for case in ARCHIVES]), seed=st.integers(0, 99))
def test_no_mutant_of_an_archive_escapes(kind: str, seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)  # noqa: S311 - noise, no secret
    case: Case = next(case for case in ARCHIVES if case.name == kind)
    path = tmp_path / kind
    path.write_bytes(files.mutant(case.data, chance) if case.data else b"")

    assert imported(path)[0] in (READ, REFUSED)


@pytest.mark.skipif(os.name == "nt", reason="has no such files")
def test_a_folder_of_odd_files_gives_its_good_ones(tmp_path: Path) -> None:
    (tmp_path / "36.png").write_bytes(archives.GOOD_BYTES)
    os.mkfifo(tmp_path / "7.png")
    (tmp_path / "8.png").symlink_to("/dev/zero")
    (tmp_path / "9.png").symlink_to(tmp_path)
    (tmp_path / "10.png").mkdir()
    (tmp_path / "a\nb.png").write_bytes(b"")

    with read_entries(tmp_path) as reading:
        assert {entry.file for entry in reading.entries} == {"36.png", "a\nb.png"}
        assert {problem.file for problem in reading.problems} == {
            "7.png",
            "8.png",
            "9.png",
        }
