from __future__ import annotations

import io
import os
import random
import socket
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import pytest

from logovote.ingest import archives, members
from logovote.ingest.archives import open_source
from logovote.ingest.members import (
    Source,
    Status,
    UnreadableFileError,
    UnreadableSourceError,
)
from tests.ingest.builders import (
    PIXEL,
    edit_directory,
    put,
    write_folder,
    write_tar,
    write_tar_of_infos,
    write_zip,
    write_zip_of_infos,
)

FILES = {"36.png": b"one", "sub/#7 Ñandú.png": b"two", "sub/deep/شعار": b"three"}
KINDS = ["folder", "zip", "tar", "gz", "bz2", "xz"]


def write(kind: str, path: Path, files: Mapping[str, bytes]) -> Path:
    if kind == "folder":
        return write_folder(path, files)
    if kind == "zip":
        return write_zip(path, files)
    return write_tar(path, files, kind.removeprefix("tar"))


def contents(source: Source) -> dict[str, bytes]:
    return {member.name: source.read(member) for member in source.members}


def refused(path: Path) -> dict[str, str]:
    """Name and reason of what is refused, where one good member must remain."""
    with open_source(path) as source:
        assert contents(source) == {"36.png": PIXEL}
        return {problem.file: problem.reason for problem in source.problems}


@pytest.mark.parametrize("kind", KINDS)
def test_a_source_gives_its_files_whatever_its_kind_and_name(
    kind: str, tmp_path: Path
) -> None:
    with open_source(write(kind, tmp_path / "export", FILES)) as source:
        assert contents(source) == FILES
        assert source.problems == ()
        assert [member.size for member in source.members] == [3, 3, 5]


def test_a_single_file_is_a_source(tmp_path: Path) -> None:
    (tmp_path / "36.png").write_bytes(PIXEL)

    with open_source(tmp_path / "36.png") as source:
        assert contents(source) == {"36.png": PIXEL}


def test_the_source_itself_may_be_reached_by_a_link(tmp_path: Path) -> None:
    root = write_folder(tmp_path / "root", {"36.png": PIXEL})
    (tmp_path / "folder").symlink_to(root)
    (tmp_path / "7.png").symlink_to(root / "36.png")

    with open_source(tmp_path / "folder") as source:
        assert contents(source) == {"36.png": PIXEL}
    with open_source(tmp_path / "7.png") as source:
        assert contents(source) == {"7.png": PIXEL}


def test_a_gzipped_svg_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "36.svgz").write_bytes(b"\x1f\x8b\x08")

    with open_source(tmp_path / "36.svgz") as source:
        assert len(source.members) == 1


def test_the_folders_of_an_archive_are_no_files(tmp_path: Path) -> None:
    folders = [tarfile.TarInfo(name) for name in (".", "./sub", "..")]
    for info in folders:
        info.type = tarfile.DIRTYPE

    assert refused(write_tar_of_infos(tmp_path / "a.tar", *folders)) == {}
    assert refused(write_zip(tmp_path / "a.zip", {"b/": b"", "36.png": PIXEL})) == {}


def test_a_name_says_the_same_with_and_without_a_dot(tmp_path: Path) -> None:
    files = {"./36.png": PIXEL, "./Icon\r": PIXEL}

    assert refused(write_zip(tmp_path / "a.zip", files)).keys() == {"Icon\r"}
    assert refused(write_tar(tmp_path / "a.tar", files)).keys() == {"Icon\r"}


def test_an_empty_zip_has_no_members(tmp_path: Path) -> None:
    with open_source(write_zip(tmp_path / "a.zip", {})) as source:
        assert source.members == ()


def test_two_members_of_one_name_are_both_kept(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("36.png", b"one")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("36.png", b"two")

    with open_source(tmp_path / "a.zip") as source:
        assert [source.read(member) for member in source.members] == [b"one", b"two"]


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"Entwurf \x84.png", "Entwurf ä.png"),
        ("Entwurf ä.png".encode(), "Entwurf ä.png"),
    ],
    ids=["dos", "macos"],
)
def test_zip_names_without_the_utf8_flag(raw: bytes, name: str, tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"x" * len(raw): PIXEL})
    path.write_bytes(path.read_bytes().replace(b"x" * len(raw), raw))

    with open_source(path) as source:
        assert contents(source) == {name: PIXEL}


RUSSIAN = "36 Лого.png".encode("cp866")


@pytest.mark.parametrize(("of", "count"), [(RUSSIAN, 1), (b"36 Logo.png", 0)])
def test_a_zip_may_have_a_name_in_utf8_beside_it(
    of: bytes, count: int, tmp_path: Path
) -> None:
    """As programs on Windows do; it counts as long as its checksum is the name's."""
    name = "36 Лого.png".encode()
    info = zipfile.ZipInfo("x" * len(RUSSIAN))
    head = struct.pack("<HHBL", 0x7075, 5 + len(name), 1, zlib.crc32(of))
    info.extra = b"\1\0\2\0??" + head + name
    path = write_zip_of_infos(tmp_path / "a.zip", info)
    path.write_bytes(path.read_bytes().replace(b"x" * len(RUSSIAN), RUSSIAN))

    with open_source(path) as source:
        names = [member.name for member in source.members]
    assert names.count("36 Лого.png") == count


def test_an_operating_systems_files_are_ignored_with_a_row_each(tmp_path: Path) -> None:
    junk = ["__MACOSX/._36.png", ".DS_Store", "sub/Thumbs.db", "desktop.ini", ".git/x"]
    files = dict.fromkeys(["36.png", *junk], PIXEL)

    with open_source(write_zip(tmp_path / "a.zip", files)) as source:
        assert [problem.file for problem in source.problems] == junk
        assert {problem.status for problem in source.problems} == {Status.IGNORED}
    with open_source(write_folder(tmp_path / "a", files)) as source:
        assert [member.name for member in source.members] == ["36.png"]
        assert {problem.file for problem in source.problems} == {*junk[:-1], ".git"}


HOSTILE_NAMES = [
    "../36.png",
    "a/../../36.png",
    "/etc/36.png",
    "C:/36.png",
    "c:36.png",
    "..\\36.png",
    "a\\..\\..\\36.png",
    "\\36.png",
    "C:\\36.png",
    "\\\\host\\36.png",
    "a\x1b[31m.png",
    "a\nb.png",
    "a\x85.png",
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_name_that_points_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    in_zip = refused(write_zip_of_infos(tmp_path / "a.zip", zipfile.ZipInfo(name)))
    in_tar = refused(write_tar_of_infos(tmp_path / "a.tar", tarfile.TarInfo(name)))

    assert list(in_zip) == [name.replace("\\", "/")]
    assert list(in_tar) == [name]


def test_a_backslash_in_a_zip_is_what_windows_puts_between_folders(
    tmp_path: Path,
) -> None:
    names = "Entries\\", "Entries\\36.png", ".\\Entries\\Ann\\Año 7.png"
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), b"" if name[-1] == "\\" else PIXEL)

    with open_source(path) as source:
        found = contents(source)
        assert source.problems == ()

    assert found == {"Entries/36.png": PIXEL, "Entries/Ann/Año 7.png": PIXEL}


def test_a_nul_does_not_hide_the_end_of_a_name(tmp_path: Path) -> None:
    path = write_zip_of_infos(tmp_path / "a.zip", zipfile.ZipInfo("a.pngx.exe"))
    path.write_bytes(path.read_bytes().replace(b"a.pngx.exe", b"a.png\0.exe"))

    assert "control characters" in refused(path)["a.png\0.exe"]


@pytest.mark.parametrize(
    "kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK]
)
def test_a_link_or_device_in_a_zip_is_refused(kind: int, tmp_path: Path) -> None:
    info = zipfile.ZipInfo("7.png")
    info.external_attr = (kind | 0o777) << 16

    assert "link" in refused(write_zip_of_infos(tmp_path / "a.zip", info))["7.png"]


@pytest.mark.parametrize(
    "kind",
    [
        tarfile.SYMTYPE,
        tarfile.LNKTYPE,
        tarfile.FIFOTYPE,
        tarfile.CHRTYPE,
        tarfile.BLKTYPE,
    ],
)
def test_a_link_or_device_in_a_tar_is_refused(kind: bytes, tmp_path: Path) -> None:
    info = tarfile.TarInfo("7.png")
    info.type, info.linkname = kind, "/etc/passwd"

    assert "link" in refused(write_tar_of_infos(tmp_path / "a.tar", info))["7.png"]


def test_a_file_with_holes_in_a_tar_is_refused(tmp_path: Path) -> None:
    info = tarfile.TarInfo("7.png")
    info.type = tarfile.GNUTYPE_SPARSE

    assert "holes" in refused(write_tar_of_infos(tmp_path / "a.tar", info))["7.png"]


@pytest.mark.parametrize(
    ("offset", "form", "value", "reason"),
    [
        (8, "<H", 1, "encrypted"),
        (10, "<H", 12, "unusual way"),
        (10, "<H", 97, "unusual way"),
        (24, "<L", 26 * 2**20, "far more than it should"),
    ],
    ids=["encrypted", "bzip2", "unknown-method", "claims-26-mb"],
)
def test_a_member_that_cannot_be_trusted_is_refused(
    offset: int, form: str, value: int, reason: str, tmp_path: Path
) -> None:
    path = write_zip(tmp_path / "a.zip", {"7.png": PIXEL})
    edit_directory(path, put(offset, form, value))

    with open_source(path) as source:
        assert source.members == ()
        assert reason in source.problems[0].reason


def test_a_bomb_that_lies_about_its_size_is_stopped_while_reading(
    tmp_path: Path,
) -> None:
    path = write_zip(tmp_path / "a.zip", {"7.png": bytes(8 * 2**20), "8.png": PIXEL})
    edit_directory(path, put(24, "<L", 1000))

    with open_source(path) as source:
        bomb, good = source.members
        with pytest.raises(UnreadableFileError):
            source.read(bomb)
        assert good.name == "8.png"


def test_reading_counts_for_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file grew after it was listed."""
    root = write_folder(tmp_path, {"7.png": PIXEL, "8.png": PIXEL})
    monkeypatch.setattr(members, "MAX_MEMBER_BYTES", 100)

    with open_source(root) as source:
        (root / "7.png").write_bytes(bytes(101))
        grown, good = source.members
        with pytest.raises(UnreadableFileError, match="larger than"):
            source.read(grown)
        assert source.read(good) == PIXEL


def test_all_files_together_have_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "MAX_TOTAL_BYTES", 100)
    root = write_folder(tmp_path, {"7": bytes(60), "8": bytes(60), "9": bytes(30)})

    with open_source(root) as source:
        assert [member.name for member in source.members] == ["7", "9"]
        assert [problem.file for problem in source.problems] == ["8"]
        first, second = source.members
        (root / "9").write_bytes(bytes(60))
        source.read(first)
        source.read(first)
        with pytest.raises(UnreadableFileError, match="Import the rest"):
            source.read(second)


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "7.png").open("wb") as file:
        file.truncate(members.MAX_MEMBER_BYTES + 1)

    with open_source(tmp_path) as source:
        assert source.members == ()
        assert "25 MB" in source.problems[0].reason


def test_folders_of_an_archive_count_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "MAX_MEMBERS", 2)

    with pytest.raises(UnreadableSourceError, match="more than 2 files"):
        open_source(write_zip(tmp_path / "a.zip", {"a/": b"", "b/": b"", "c/": b""}))


@pytest.mark.parametrize("kind", KINDS)
def test_too_many_files_are_refused_as_a_whole(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "MAX_MEMBERS", 2)

    with pytest.raises(UnreadableSourceError, match="more than 2 files"):
        open_source(write(kind, tmp_path / "export", FILES))


def test_members_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    """The way of the overlap bomb: many records in the directory, one body."""
    files = {f"{n}.png": PIXEL * 20 for n in range(10, 20)} | {"36.png": PIXEL}
    path = write_zip(tmp_path / "a.zip", files)
    with zipfile.ZipFile(path) as archive:
        honest = archive.getinfo("36.png").header_offset

    def share(at: int, data: bytearray) -> None:
        if int.from_bytes(data[at + 42 : at + 46], "little") != honest:
            put(42, "<L", 0)(at, data)

    assert len(refused(edit_directory(path, share))) == 10


@pytest.mark.parametrize("packed", ["gz", "bz2", "xz"])
def test_a_compressed_tar_that_unfolds_without_end_is_refused(
    packed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "_UNSUSPICIOUS_STREAM_BYTES", 2**16)
    path = write_tar(tmp_path / "a", {"7.png": bytes(2**22)}, packed)

    with pytest.raises(UnreadableSourceError, match="far more than it should"):
        open_source(path)


def test_a_header_that_wants_much_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "_MAX_TAR_GULP_BYTES", 2**16)
    info = tarfile.TarInfo("7.png")
    info.pax_headers = {"comment": "x" * 2**17}
    with tarfile.open(tmp_path / "a.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info)

    with pytest.raises(UnreadableSourceError):
        open_source(tmp_path / "a.tar")


@pytest.mark.parametrize("kind", ["zip", "tar", "bz2", "xz"])
def test_an_archive_inside_is_refused_by_its_content(kind: str, tmp_path: Path) -> None:
    inner = write(kind, tmp_path / "inner", FILES).read_bytes()
    path = write_zip(tmp_path / "a.zip", {"36.png": inner})

    with (
        open_source(path) as source,
        pytest.raises(UnreadableFileError, match="Unpack it"),
    ):
        source.read(source.members[0])


def test_a_picture_is_none_the_less_for_being_called_an_archive(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"36.zip": PIXEL, "7.tar.gz": PIXEL})
    (tmp_path / "8.zip").write_bytes(PIXEL)

    with open_source(path) as source:
        assert set(contents(source).values()) == {PIXEL}
    with open_source(tmp_path / "8.zip") as source:
        assert contents(source) == {"8.zip": PIXEL}


def test_a_large_archive_inside_is_refused_as_one(tmp_path: Path) -> None:
    with (tmp_path / "7.RAR").open("wb") as file:
        file.truncate(members.MAX_MEMBER_BYTES + 1)

    with open_source(tmp_path) as source:
        assert "Unpack it" in source.problems[0].reason


@pytest.mark.parametrize("name", ["a.zip", "a.rar", "a.7z"])
def test_what_is_called_an_archive_and_is_none_is_refused(
    name: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(b"404 not found")

    with pytest.raises(UnreadableSourceError, match="no zip or tar"):
        open_source(tmp_path / name)


def test_a_zip_behind_something_else_is_read(tmp_path: Path) -> None:
    """As those are that unpack themselves."""
    path = write_zip(tmp_path / "a.zip", {"36.png": PIXEL})
    path.write_bytes(b"#!/bin/sh\n" * 9 + path.read_bytes())

    with open_source(path) as source:
        assert contents(source) == {"36.png": PIXEL}


def test_a_member_that_claims_the_bytes_of_others_costs_only_itself(
    tmp_path: Path,
) -> None:
    path = write_zip(tmp_path / "a.zip", {"7.png": PIXEL * 9, "36.png": PIXEL})

    def claim(at: int, data: bytearray) -> None:
        if data[at + 46 : at + 51] == b"7.png":
            put(20, "<L", 2**30)(at, data)

    assert "place in the archive" in refused(edit_directory(path, claim))["7.png"]


@pytest.mark.parametrize("kind", ["zip", "tar", "gz", "bz2", "xz"])
@pytest.mark.parametrize("kept", [0.3, 0.7])
def test_half_an_archive_is_refused_as_a_whole(
    kind: str, kept: float, tmp_path: Path
) -> None:
    """Half of the entries must not look like all of them."""
    noise = random.Random(36).randbytes(4000)  # noqa: S311 - a test's noise, no secret
    path = write(kind, tmp_path / "a", {"7.png": noise, "8.png": noise[::-1]})
    data = path.read_bytes().rstrip(b"\0")
    path.write_bytes(data[: int(len(data) * kept)])

    with pytest.raises(UnreadableSourceError, match="damaged or incomplete"):
        open_source(path)


@pytest.mark.parametrize("kind", ["zip", "tar", "gz", "xz"])
def test_a_damaged_archive_fails_in_words_or_not_at_all(
    kind: str, tmp_path: Path
) -> None:
    chance = random.Random(kind)  # noqa: S311 - a test's noise, no secret
    path = write(kind, tmp_path / "a", FILES)
    original = path.read_bytes().rstrip(b"\0") + bytes(1024 if kind == "tar" else 0)
    outcomes = set()
    for _ in range(150):
        data = bytearray(original)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.2:
            del data[chance.randrange(len(data)) :]
        path.write_bytes(data)
        try:
            with open_source(path) as source:
                for member in source.members:
                    try:
                        source.read(member)
                        outcomes.add("read")
                    except UnreadableFileError:
                        outcomes.add("file")
        except UnreadableSourceError:
            outcomes.add("source")

    assert {"read", "source"} <= outcomes


def test_one_damaged_member_does_not_cost_the_others(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"7.png": b"broken!" * 9, "8.png": b"good"})
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("7.png").header_offset + 30 + len("7.png")
    data = bytearray(path.read_bytes())
    data[start : start + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(data)

    with open_source(path) as source:
        broken, good = source.members
        with pytest.raises(UnreadableFileError, match="damaged"):
            source.read(broken)
        assert source.read(good) == b"good"


def test_a_damaged_header_is_not_taken_for_the_end_of_a_tar(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.tar", {"7.png": PIXEL, "8.png": PIXEL})
    data = bytearray(path.read_bytes())
    data[1024:1030] = b"\xff" * 6
    path.write_bytes(data)

    with pytest.raises(UnreadableSourceError, match="damaged"):
        open_source(path)


def test_a_folders_links_pipes_and_sockets_are_reported_not_followed(
    tmp_path: Path,
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    root = write_folder(tmp_path / "root", {"36.png": PIXEL})
    (root / "link.png").symlink_to(secret)
    (root / "around").symlink_to(root)
    os.mkfifo(root / "pipe.png")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(os.fspath(root / "socket.png"))

    assert refused(root).keys() == {"around", "link.png", "pipe.png", "socket.png"}


def test_a_file_swapped_for_a_link_or_pipe_is_not_opened(tmp_path: Path) -> None:
    root = write_folder(tmp_path / "root", {"7": PIXEL, "8": PIXEL})

    with open_source(root) as source:
        (root / "7").unlink()
        (tmp_path / "secret").write_bytes(b"secret")
        (root / "7").symlink_to(tmp_path / "secret")
        (root / "8").unlink()
        os.mkfifo(root / "8")
        for member in source.members:
            with pytest.raises(UnreadableFileError):
                source.read(member)


def test_a_file_that_may_not_be_read_costs_only_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may read all, so the refusal is the system's only in name."""
    root = write_folder(tmp_path, {"7.png": PIXEL, "36.png": PIXEL, "sub/8": PIXEL})
    really_open, really_list = os.open, Path.iterdir

    def no_seven(path: Path, flags: int) -> int:
        if path.name == "7.png":
            raise PermissionError
        return really_open(path, flags)

    def no_sub(path: Path) -> object:
        if path.name == "sub":
            raise PermissionError
        return really_list(path)

    monkeypatch.setattr(os, "open", no_seven)
    monkeypatch.setattr(Path, "iterdir", no_sub)

    with open_source(root) as source:
        closed, good = source.members
        with pytest.raises(UnreadableFileError):
            source.read(closed)
        assert source.read(good) == PIXEL
        assert [problem.file for problem in source.problems] == ["sub"]


@pytest.mark.parametrize("name", ["a\nb.png", "-rf.png", "a\\b.png", "\u202egnp.a"])
def test_a_folder_may_hold_any_name(name: str, tmp_path: Path) -> None:
    with open_source(write_folder(tmp_path, {name: PIXEL})) as source:
        assert contents(source) == {name: PIXEL}


def test_a_name_that_is_no_utf8_becomes_text(tmp_path: Path) -> None:
    try:
        (tmp_path / os.fsdecode(b"caf\xe9.png")).write_bytes(PIXEL)
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.GNU_FORMAT) as archive:
        archive.add(tmp_path / os.fsdecode(b"caf\xe9.png"), os.fsdecode(b"caf\xe9.png"))

    with open_source(tmp_path) as source:
        assert contents(source) == {"caf\\xe9.png": PIXEL}
    (tmp_path / "a.tar").write_bytes(tar.getvalue())
    with open_source(tmp_path / "a.tar") as source:
        assert source.problems or contents(source) == {"caf\\xe9.png": PIXEL}


@pytest.mark.parametrize("kind", ["nothing", "pipe", "device"])
def test_what_is_no_file_is_no_source(kind: str, tmp_path: Path) -> None:
    path = Path("/dev/zero") if kind == "device" else tmp_path / "36.png"
    if kind == "pipe":
        os.mkfifo(path)

    with pytest.raises(UnreadableSourceError):
        open_source(path)


KIND = "application/vnd.oasis.opendocument.spreadsheet"
WORKBOOKS: Mapping[str, Mapping[str, bytes]] = {
    "entries.xlsx": {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<x/>"},
    # As some programs write it: in another order, or with a binary part.
    "entries.xlsb": {"xl/workbook.bin": b"\0", "[Content_Types].xml": b"<Types/>"},
    "entries.ods": {"mimetype": KIND.encode(), "content.xml": b"<x/>"},
}


def workbook(path: Path, name: str) -> Path:
    with zipfile.ZipFile(path / name, "w") as archive:
        for part, data in WORKBOOKS[name].items():
            archive.writestr(part, data)
    return path / name


@pytest.mark.parametrize("name", WORKBOOKS)
def test_a_workbook_is_to_be_saved_as_a_list(name: str, tmp_path: Path) -> None:
    data = workbook(tmp_path, name).read_bytes()

    with pytest.raises(UnreadableSourceError, match=f"{name}”: .* as CSV"):
        open_source(tmp_path / name)
    with open_source(write_zip(tmp_path / "a.zip", {"list": data})) as source:
        (member,) = source.members
        with pytest.raises(UnreadableFileError, match=r"workbook.* as CSV"):
            source.read(member)


def test_a_zip_of_documents_is_no_workbook(tmp_path: Path) -> None:
    parts = {"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<x/>"}
    document = write_zip(tmp_path / "a.zip", parts)

    with open_source(document) as source:
        assert contents(source) == parts
    with (
        open_source(write_zip(tmp_path / "b.zip", {"a": document.read_bytes()})) as it,
        pytest.raises(UnreadableFileError, match="Unpack it"),
    ):
        it.read(it.members[0])


@pytest.mark.parametrize("name", WORKBOOKS)
def test_a_workbook_among_the_files_does_not_make_a_workbook_of_them(
    name: str, tmp_path: Path
) -> None:
    data = workbook(tmp_path, name).read_bytes()
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(name, data)
        archive.writestr("36.png", PIXEL)

    with open_source(path) as source:
        assert [member.name for member in source.members] == ["36.png", name]
    with (
        open_source(write_zip(tmp_path / "b.zip", {"a": path.read_bytes()})) as it,
        pytest.raises(UnreadableFileError, match="Unpack it"),
    ):
        it.read(it.members[0])


def test_a_damaged_workbook_is_refused_all_the_same(tmp_path: Path) -> None:
    data = workbook(tmp_path, "entries.xlsx").read_bytes()

    with (
        open_source(write_zip(tmp_path / "a.zip", {"a": data[:-9]})) as source,
        pytest.raises(UnreadableFileError, match="Unpack it"),
    ):
        source.read(source.members[0])
