"""Archives made by code, the hostile ones too."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

PACKERS: Mapping[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
}
PIXEL = b"\x89PNG\r\n\x1a\n and so on"


def write_folder(root: Path, files: Mapping[str, bytes]) -> Path:
    root.mkdir(exist_ok=True)
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def write_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return path


def write_tar(path: Path, files: Mapping[str, bytes], packed: str = "") -> Path:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    path.write_bytes(PACKERS[packed](plain.getvalue()))
    return path


def write_zip_of_infos(path: Path, *infos: zipfile.ZipInfo) -> Path:
    """Write members whose headers were made by hand, and a good one at the end."""
    with zipfile.ZipFile(path, "w") as archive:
        for info in infos:
            archive.writestr(info, PIXEL)
        archive.writestr("36.png", PIXEL)
    return path


def write_tar_of_infos(path: Path, *infos: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w") as archive:
        for info in infos:
            archive.addfile(info)
        good = tarfile.TarInfo("36.png")
        good.size = len(PIXEL)
        archive.addfile(good, io.BytesIO(PIXEL))
    return path


def edit_directory(
    path: Path, edit: Callable[[int, bytearray], None], *, local: bool = False
) -> Path:
    """Change a zip's headers behind its back: `edit` gets each place, and the bytes.

    The places are those of the records of the central directory, or of the headers
    before each member's bytes.
    """
    data = bytearray(path.read_bytes())
    mark = b"PK\x03\x04" if local else b"PK\x01\x02"
    at = data.find(mark)
    while at >= 0:
        edit(at, data)
        at = data.find(mark, at + 4)
    path.write_bytes(data)
    return path


def put(offset: int, form: str, value: int) -> Callable[[int, bytearray], None]:
    """Return an edit that writes one number at an offset in each record."""
    return lambda at, data: struct.pack_into(form, data, at + offset, value)
