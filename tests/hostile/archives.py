"""Archives that lie, lead out, or unfold without end; each holds one good file."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import stat
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator

from tests.hostile.files import EITHER, READ, REFUSED, Case, mutant
from tests.imaging.originals import encoded, mark, svg

GOOD = "36.png"
GOOD_BYTES = encoded(mark(size=(40, 30), box=(5, 5, 20, 20)))


def corpus(*, fast: bool = False) -> Iterator[Case]:
    """Every archive: READ where its good file must be imported."""
    chance = random.Random(37)  # noqa: S311 - noise, no secret
    quick = (names, tars, wholes, mutants)
    long = (zips, zip_bombs, tar_bombs)
    for make in quick if fast else quick + long:
        yield from make(chance)


def zip_of(*members: tuple[str | zipfile.ZipInfo, bytes], method: int = 8) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in (*members, (GOOD, GOOD_BYTES)):
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name)
            archive.writestr(info, data, method)
    return file.getvalue()


def tar_of(*members: tarfile.TarInfo, form: int = tarfile.PAX_FORMAT) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as archive:
        for info in members:
            archive.addfile(info, io.BytesIO(bytes(info.size)))
        good = tarfile.TarInfo(GOOD)
        good.size = len(GOOD_BYTES)
        archive.addfile(good, io.BytesIO(GOOD_BYTES))
    return file.getvalue()


def patched(data: bytes, mark_: bytes, offset: int, form: str, value: int) -> bytes:
    """Write a number into every record that begins with a mark but the good file's."""
    changed = bytearray(data)
    at = changed.find(mark_)
    while at >= 0:
        name = 46 if mark_ == b"PK\1\2" else 30
        if changed[at + name : at + name + len(GOOD)] != GOOD.encode():
            struct.pack_into(form, changed, at + offset, value)
        at = changed.find(mark_, at + 4)
    return bytes(changed)


NAMES = (
    "../7.png", "../../../../tmp/7.png", "a/../../7.png", "/etc/cron.d/7.png", "//7.png",
    "C:/7.png", "c:7.png", "C:\\7.png", "..\\7.png", "\\\\host\\share\\7.png", "a\\b.png",
    "a/./b/../c.png", "./7.png", "a//7.png", "...", ".", "..", "/", "a/..", "-rf.png",
    "--help.png", "$(id).png", "`id`.png", "; rm -rf ~.png", "a\nb.png", "a\rb.png",
    "a\x1b[2J.png", "a\x07.png", "a\x7f.png", "a\x85.png", "\u202egnp.7.exe",
    "\u2066a\u2069.png", "a\u200b.png", "\ufeff7.png", "a\u2028b.png", "e\u0301.png",
    "\u00e9.png", "\U0001f98a.png", "\U000e0041.png", "CON.png", "nul", "aux.svg", "7.png.",
    "7.png ", " 7.png", "7.png::$DATA", "con/7.png", "~/7.png", "%2e%2e%2f7.png",
    "<script>alert(1)</script>.png", "=HYPERLINK(1).png", "'; drop table--.png", "x" * 255,
    "x" * 5_000, "/".join("d" * 500) + "/7.png", "\u0645\u0631.png", "#", "#.png",
    "36.PNG", "36.png/", "36.png/7.png",
)  # fmt: skip


def names(_chance: random.Random) -> Iterator[Case]:
    """Names that lead out, hide something or are two in one."""
    for number, name in enumerate(NAMES):
        data = b"" if name.endswith("/") else GOOD_BYTES + bytes([number])
        yield Case(f"name-{number:02}.zip", zip_of((name, data)), READ)
        info = tarfile.TarInfo(name)
        yield Case(f"name-{number:02}.tar", tar_of(info), READ)
    accents = [unicodedata.normalize(form, "é.png") for form in ("NFC", "NFD")]
    members = [(name, GOOD_BYTES) for name in (*accents, "É.png", "A.png", "a.png")]
    yield Case("names-alike.zip", zip_of(*members), READ)
    nul = zip_of(("a.pngx.exe", b"x")).replace(b"a.pngx.exe", b"a.png\0.exe")
    yield Case("name-with-nul.zip", nul, READ)
    yield Case("name-of-60000.zip", zip_of(("y" * 60_000, b"x")), READ)
    raw = zip_of(("zzzzzz.png", b"x")).replace(b"zzzzzz", b"\xff\xfe\x80\x81\x82\x83")
    yield Case("name-of-no-encoding.zip", raw, READ)


def zips(_chance: random.Random) -> Iterator[Case]:
    """Zip files whose records lie."""
    for kind in ("LNK", "IFO", "CHR", "BLK", "SOCK"):
        info = zipfile.ZipInfo("7.png")
        info.external_attr = (getattr(stat, f"S_IF{kind}") | 0o777) << 16
        yield Case(f"special-{kind}.zip", zip_of((info, b"/etc/passwd")), READ)
    plain = zip_of(("7.png", GOOD_BYTES * 3))
    for record, offset, form, value, name in (
        (b"PK\1\2", 8, "<H", 1, "encrypted"), (b"PK\1\2", 8, "<H", 0x41, "strong"),
        (b"PK\1\2", 8, "<H", 0x20, "patched"), (b"PK\1\2", 10, "<H", 9, "deflate64"),
        (b"PK\1\2", 10, "<H", 12, "bzip2"), (b"PK\1\2", 10, "<H", 14, "lzma"),
        (b"PK\1\2", 10, "<H", 93, "zstd"), (b"PK\1\2", 10, "<H", 0, "not-stored"),
        (b"PK\1\2", 16, "<L", 0, "checksum"), (b"PK\1\2", 20, "<L", 0, "packed-0"),
        (b"PK\1\2", 20, "<L", 0xFFFF_FFFE, "packed-4-gb"),
        (b"PK\1\2", 24, "<L", 0, "size-0"), (b"PK\1\2", 24, "<L", 0xFFFF_FFFE, "size-4-gb"),
        (b"PK\1\2", 42, "<L", 0xFFFF_FFF0, "offset-beyond"), (b"PK\1\2", 42, "<L", 3, "offset"),
        (b"PK\3\4", 0, "<L", 0, "no-local"), (b"PK\3\4", 8, "<H", 0, "local-method"),
        (b"PK\3\4", 26, "<H", 60_000, "local-name"), (b"PK\3\4", 6, "<H", 1, "local-locked"),
        (b"PK\3\4", 28, "<H", 60_000, "local-extra"),
    ):  # fmt: skip
        data = patched(plain, record, offset, form, value)
        yield Case(f"record-{name}.zip", data, READ)
    other = plain.replace(b"7.png", b"8.svg", 1)
    yield Case("record-other-name.zip", other, READ)
    for name in ("CD count", "CD size", "CD place"):
        at = (
            plain.rindex(b"PK\5\6")
            + {"CD count": 8, "CD size": 12, "CD place": 16}[name]
        )
        lie = bytearray(plain)
        struct.pack_into("<L", lie, at, 0x7FFF_FFFF)
        yield Case(f"end-{name}.zip", bytes(lie), EITHER)
    yield Case("garbage-before.zip", b"#!/bin/sh\nexit\n" + plain, READ)
    yield Case("garbage-after.zip", plain + bytes(60_000), EITHER)
    yield Case("two-ends.zip", plain + plain[plain.rindex(b"PK\5\6") :], EITHER)
    yield Case("two-zips.zip", plain + zip_of(("8.png", GOOD_BYTES)), READ)
    yield Case(
        "comment.zip", plain[:-2] + b"\xff\xff" + b"PK\5\6" * 16_383 + b"abc", EITHER
    )
    extra = zipfile.ZipInfo("7.png")
    extra.extra = struct.pack("<HH", 1, 60_000) + bytes(60_000)
    yield Case("extra-of-60000.zip", zip_of((extra, GOOD_BYTES)), READ)
    inner = plain
    for _ in range(5):
        inner = zip_of(("more.zip", inner))
    yield Case("zips-in-zips.zip", inner, READ)
    yield Case("zip-called-png.zip", zip_of(("7.png", plain)), READ)
    yield Case("20001-members.zip", _many_members(20_001), REFUSED)
    yield Case("100000-members.zip", _many_members(100_000), REFUSED)
    yield Case(
        "20000-folders.zip", zip_of(*((f"{n}/", b"") for n in range(20_001))), REFUSED
    )


def _many_members(count: int) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for number in range(count):
            archive.writestr(zipfile.ZipInfo(f"{number}"), b"")
    return body.getvalue()


def zip_bombs(_chance: random.Random) -> Iterator[Case]:
    """Small archives of very large files."""
    bomb = zip_of(("7.png", bytes(100_000_000)))
    yield Case("ratio.zip", bomb, READ)
    yield Case("ratio-denied.zip", patched(bomb, b"PK\1\2", 24, "<L", 1_000), READ)
    both = patched(patched(bomb, b"PK\1\2", 24, "<L", 900), b"PK\3\4", 22, "<L", 900)
    yield Case("ratio-denied-twice.zip", both, READ)
    white = GOOD_BYTES + bytes(24_000_000)
    yield Case(
        "many-just-under.zip",
        zip_of(*((f"{n}.png", white) for n in range(1, 30))),
        READ,
    )
    yield Case("overlap.zip", overlapping(2_000), READ)
    yield Case("overlap-quoted.zip", overlapping(2_000, step=1), READ)


def overlapping(count: int, step: int = 0) -> bytes:
    """Many records of the directory that share one large body."""
    plain = zip_of(*((f"{n:04}.bin", b"") for n in range(count)))
    body = zlib_body(60_000_000)
    end = plain.rindex(b"PK\5\6")
    start = int.from_bytes(plain[end + 16 : end + 20], "little")
    directory = bytearray(plain[start:end])
    at = number = 0
    while at >= 0:
        name = directory[at + 46 : at + 54]
        if not name.startswith(GOOD.encode()):
            struct.pack_into("<LL", directory, at + 20, len(body), 60_000_000)
            struct.pack_into("<L", directory, at + 42, number * step)
            number += 1
        at = directory.find(b"PK\1\2", at + 4)
    head = plain[:start]
    good = head.rindex(b"PK\3\4")
    moved = head[:30] + head[30:38] + body + head[good:]
    at = directory.rindex(b"PK\1\2")
    struct.pack_into("<L", directory, at + 42, 38 + len(body))
    tail = bytearray(plain[end:])
    struct.pack_into("<LL", tail, 12, len(directory), len(moved))
    return moved + bytes(directory) + bytes(tail)


def zlib_body(size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=-15)
    return packer.compress(bytes(size)) + packer.flush()


def tars(_chance: random.Random) -> Iterator[Case]:
    """Tar files with all that a file system has, and headers that lie."""
    for kind in (
        "SYMTYPE",
        "LNKTYPE",
        "FIFOTYPE",
        "CHRTYPE",
        "BLKTYPE",
        "CONTTYPE",
        "GNUTYPE_SPARSE",
    ):
        for target in ("/etc/passwd", "../../secret", GOOD, ""):
            info = tarfile.TarInfo("7.png")
            info.type, info.linkname = getattr(tarfile, kind), target
            name = target.replace("/", "_") or "nothing"
            yield Case(f"special-{kind}-{name}.tar", tar_of(info), READ)
    for key, value in {
        "path": "../../7.png", "size": "99999999999", "linkpath": "/etc/passwd",
        "mtime": "nan", "uid": "x", "GNU.sparse.map": "0,99999999999", "hdrcharset": "x",
        "GNU.sparse.major": "1", "GNU.sparse.realsize": "99999999999", "comment": "x" * 9_000,
    }.items():  # fmt: skip
        info = tarfile.TarInfo("7.png")
        info.pax_headers = {key: value}
        yield Case(f"pax-{key}.tar", tar_of(info), EITHER)
    plain = tar_of(tarfile.TarInfo("7.png"), form=tarfile.GNU_FORMAT)
    for what, at, bits in (
        ("size-negative", 124, b"\xff" * 12), ("size-2-to-the-88", 124, b"\x80" + b"\x7f" * 11),
        ("size-of-8-gb", 124, b"77777777777\0"), ("size-no-number", 124, b"zzzzzzzzzzz\0"),
        ("checksum", 148, b"0000000\0"), ("type-unknown", 156, b"Z"), ("type-L", 156, b"L"),
        ("type-x", 156, b"x"), ("type-g", 156, b"g"), ("no-name", 0, bytes(100)),
    ):  # fmt: skip
        yield Case(f"header-{what}.tar", _with_header(plain, at, bits), EITHER)
    yield Case("garbage-after.tar", plain + b"x" * 10_000, EITHER)
    yield Case("one-zero-block.tar", plain.rstrip(b"\0") + bytes(512), EITHER)
    old = tar_of(tarfile.TarInfo("7.png"), form=tarfile.USTAR_FORMAT)
    yield Case("tar-in-tar.tar", tar_of(_sized("7.tar", 900)), READ)
    yield Case("old.tar", old, READ)
    many = [tarfile.TarInfo(str(n)) for n in range(20_001)]
    yield Case("20001-members.tar", tar_of(*many, form=tarfile.USTAR_FORMAT), REFUSED)


def _sized(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size = size
    return info


def _with_header(data: bytes, at: int, value: bytes) -> bytes:
    """Change the first header of a tar, its checksum put right."""
    header = bytearray(data[:512])
    header[at : at + len(value)] = value
    if at != 148:
        total = sum(header[:148]) + 8 * 32 + sum(header[156:])
        header[148:156] = f"{total:06o}\0 ".encode()
    return bytes(header) + data[512:]


def tar_bombs(_chance: random.Random) -> Iterator[Case]:
    """Compressed tars that unfold without end, and headers that are never done."""
    plain = tar_of(tarfile.TarInfo("7.png"))
    packers: dict[str, Callable[[bytes], bytes]] = {
        "gz": lambda data: gzip.compress(data, mtime=0),
        "bz2": bz2.compress,
        "xz": lambda data: lzma.compress(data, preset=0),
    }
    for kind, pack in packers.items():
        packed = pack(plain)
        yield Case(f"sound.tar.{kind}", packed, READ)
        yield Case(f"twice-packed.tar.{kind}", pack(packed), REFUSED)
        yield Case(f"cut.tar.{kind}", packed[:-20], REFUSED)
        yield Case(f"garbage-after.tar.{kind}", packed + b"garbage" * 99, EITHER)
        yield Case(f"no-tar.tar.{kind}", pack(GOOD_BYTES), REFUSED)
        yield Case(f"zeros.tar.{kind}", pack(bytes(100_000_000)), REFUSED)
        large = tar_of(_sized("7.png", 100_000_000))
        yield Case(f"large-member.tar.{kind}", pack(large), REFUSED)
    hungry = lzma.compress(plain, lzma.FORMAT_XZ, preset=9 | lzma.PRESET_EXTREME)
    yield Case("hungry.tar.xz", hungry, EITHER)
    link = tarfile.TarInfo("././@LongLink")
    link.type, link.size = tarfile.GNUTYPE_LONGNAME, 7_000_000
    chain = (link.tobuf(tarfile.GNU_FORMAT) + bytes(7_000_064)) * 300
    yield Case(
        "long-names-without-end.tar.gz",
        gzip.compress(chain, 9, mtime=0) + bytes(0),
        REFUSED,
    )
    link.size = 512
    chain = (link.tobuf(tarfile.GNU_FORMAT) + b"x" * 512) * 5_000
    yield Case("5000-long-names.tar", chain + plain, EITHER)
    infos = []
    for number in range(400):
        info = tarfile.TarInfo(str(number))
        info.pax_headers = {"comment": "x" * 200_000}
        infos.append(info)
    yield Case(
        "80-mb-of-headers.tar.gz", gzip.compress(tar_of(*infos), mtime=0), EITHER
    )


def wholes(chance: random.Random) -> Iterator[Case]:
    """What is no archive at all, whatever its name says."""
    plain = zip_of(("7.png", GOOD_BYTES * 30))
    for name, data in {
        "empty.zip": b"", "text.zip": b"This is not a zip.", "noise.zip": chance.randbytes(9_999),
        "only-pk.zip": b"PK\3\4", "only-end.zip": b"PK\5\6", "zeros.zip": bytes(9_999),
        "empty.tar": b"", "text.tar": b"This is not a tar.", "zeros.tar": bytes(10_240),
        "noise.tar.gz": b"\x1f\x8b\x08" + chance.randbytes(999), "empty.tar.gz": b"",
        "only-gz.tar.gz": b"\x1f\x8b\x08", "noise.tar.xz": b"\xfd7zXZ\0" + chance.randbytes(99),
        "noise.tar.bz2": b"BZh9" + chance.randbytes(999), "rar.zip": b"Rar!\x1a\x07\1\0" + bytes(99),
        "7z.zip": b"7z\xbc\xaf\x27\x1c" + bytes(99), "noise.mhtml": b"From: x\nContent-Type: multipart/related; boundary=b\n\n" + chance.randbytes(999),
        "page.zip": b"<html>404 not found</html>", "svg.zip": svg(),
    }.items():  # fmt: skip
        yield Case(name, data, READ if name == "svg.zip" else REFUSED)
    empty = io.BytesIO()
    with zipfile.ZipFile(empty, "w"):
        pass
    yield Case("nothing-in-it.zip", empty.getvalue(), EITHER)
    for sixteenth in range(1, 16):
        cut = plain[: len(plain) * sixteenth // 16]
        yield Case(f"cut-{sixteenth:02}.zip", cut, REFUSED)
        cut = tar_of(_sized("7.png", 9_000))[: 11_000 * sixteenth // 16]
        yield Case(f"cut-{sixteenth:02}.tar", cut, REFUSED)


def mutants(chance: random.Random) -> Iterator[Case]:
    """Archives with a few bytes changed."""
    sound = {
        "zip": zip_of(("7.png", GOOD_BYTES), ("sub/8.svg", svg())),
        "tar": tar_of(_sized("7.png", 300)),
        "tar.gz": gzip.compress(tar_of(_sized("7.png", 300)), mtime=0),
        "tar.xz": lzma.compress(tar_of(_sized("7.png", 300))),
        "tar.bz2": bz2.compress(tar_of(_sized("7.png", 300))),
    }
    for kind, data in sound.items():
        for number in range(60):
            yield Case(f"mutant-{number:02}.{kind}", mutant(data, chance), EITHER)
