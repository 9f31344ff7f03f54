from __future__ import annotations

import errno
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import pytest

from logovote.store.media import MediaStore, MediaWriteError, MissingMediaError
from tests.conftest import NOW


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_what_is_put_in_comes_out_under_its_sha256(tmp_path: Path) -> None:
    media = MediaStore(tmp_path)

    digest = media.put(b"a logo")

    assert digest == hashlib.sha256(b"a logo").hexdigest()
    assert media.get(digest) == b"a logo"


def test_the_same_bytes_are_kept_once_and_not_touched_again(tmp_path: Path) -> None:
    media = MediaStore(tmp_path)
    first = media.put(b"a logo")
    (path,) = files_in(tmp_path)
    before = path.stat()

    assert media.put(b"a logo") == first

    assert files_in(tmp_path) == [path]
    assert path.stat().st_ino == before.st_ino


def test_many_writers_of_one_file_leave_it_whole_and_alone(tmp_path: Path) -> None:
    media = MediaStore(tmp_path)
    data = b"x" * 200_000

    with ThreadPoolExecutor(8) as pool:
        digests = set(pool.map(lambda _: media.put(data), range(32)))

    assert len(digests) == 1
    assert len(files_in(tmp_path)) == 1
    assert media.get(digests.pop()) == data


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(MissingMediaError, match="Restore it from a backup"):
        MediaStore(tmp_path).get("ab" * 32)


def test_a_full_disk_is_said_in_words_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_file: int) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(MediaWriteError, match="No space left on device"):
        MediaStore(tmp_path).put(b"a logo")

    assert files_in(tmp_path) == []


def test_what_a_killed_process_left_unfinished_is_tidied_away(tmp_path: Path) -> None:
    media = MediaStore(tmp_path)
    digest = media.put(b"a logo")
    old, new = tmp_path / "unfinished-old", tmp_path / "unfinished-new"
    for path in (old, new):
        path.write_bytes(b"half a lo")
    os.utime(old, (NOW.timestamp() - 7200,) * 2)
    os.utime(new, (NOW.timestamp(),) * 2)

    media.tidy(NOW - timedelta(hours=1))

    assert not old.exists()
    assert new.exists()
    assert media.get(digest) == b"a logo"


def test_a_file_that_is_forgotten_is_gone_and_may_come_again(tmp_path: Path) -> None:
    media = MediaStore(tmp_path)
    digest = media.put(b"a logo")

    media.forget(digest)
    media.forget(digest)

    assert not media.has(digest)
    assert media.put(b"a logo") == digest
