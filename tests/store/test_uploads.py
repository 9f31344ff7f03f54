"""Uploads: kept whole or not at all, and never kept for ever by accident."""

from __future__ import annotations

import errno
import os
from datetime import timedelta
from pathlib import Path

import pytest

from logovote.ingest.members import natural_key
from logovote.store.uploads import UploadError, Uploads
from tests.conftest import NOW


class Sent:
    """A file as a browser sends it, onto a disk that may be full."""

    def __init__(self, name: str, *, fits: bool = True) -> None:
        self.filename: str | None = name
        self._fits = fits

    def save(self, dst: Path) -> None:
        dst.write_bytes(b"a logo")
        if not self._fits:
            raise OSError(errno.ENOSPC, "No space left on device")


def test_an_upload_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path)
    kept = uploads.keep([Sent("a.png"), Sent("b.png")])

    with pytest.raises(UploadError, match="No space left on device"):
        uploads.keep([Sent("a.png"), Sent("b.png", fits=False)])

    assert [path.name for path in tmp_path.iterdir()] == [kept]


def test_files_of_one_name_stay_in_the_order_they_were_sent(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path)
    root = uploads.path(uploads.keep([Sent("36.png") for _ in range(12)]))

    names = [path.relative_to(root).as_posix() for path in root.rglob("*.png")]

    again = [f"again-{number}/36.png" for number in range(1, 12)]
    assert sorted(names, key=natural_key) == ["36.png", *again]


def test_only_uploads_that_somebody_knows_are_kept_for_long(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path)
    known, lost, fresh = (uploads.keep([Sent("export.zip")]) for _ in range(3))
    for key, age in ((known, 7200), (lost, 7200), (fresh, 0)):
        folder = uploads.path(key).parent
        os.utime(folder, (NOW.timestamp() - age,) * 2)

    uploads.tidy([known], NOW - timedelta(hours=1))

    assert uploads.path(known).exists()
    assert not uploads.path(lost).parent.exists()
    assert uploads.path(fresh).exists()
