from __future__ import annotations

import lzma
import struct
import tarfile
import zipfile
import zlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logovote.ingest.members import (
    UnreadableFileError,
    junk,
    natural_key,
    printable,
    readable,
)


def test_names_sort_as_people_count() -> None:
    names = ["9.png", "10.png", "A.png", "a 9.png", "a 10.png", "b.jpg", "b (1).jpg"]
    names += ["b-2.png", "sub/9.png", "sub/10.png"]

    assert all(natural_key(a) < natural_key(b) for a, b in pairwise(names))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("36.png", "36.png"),
        ("شعار 小林 🚀.png", "شعار 小林 🚀.png"),
        ("-rf.png", "-rf.png"),
        ("a\nb.png", "a\\nb.png"),
        ("\x1b[31mred.png", "\\x1b[31mred.png"),
        ("logo\u202egnp.exe", "logo\\u202egnp.exe"),
        ("a\u2028b", "a\\u2028b"),
        ("caf\udce9.png", "caf\\udce9.png"),
    ],
)
def test_names_are_shown_on_one_line_and_left_to_right(name: str, shown: str) -> None:
    assert printable(name) == shown


@given(st.text(st.characters(exclude_categories=())))
def test_every_name_can_be_printed_and_sorted(name: str) -> None:
    printable(name).encode("utf-8")

    assert "\n" not in printable(name)
    assert sorted([name, "a"], key=natural_key)


@pytest.mark.parametrize(
    "name",
    [
        "Thumbs.db",
        "a/desktop.ini",
        ".DS_Store",
        "a/._36.png",
        "__MACOSX/36.png",
        ".git/x",
        "Icon\r",
    ],
)
def test_an_operating_systems_files_are_known(name: str) -> None:
    assert junk(name)


def test_a_name_with_dots_is_no_junk() -> None:
    assert junk("quokka.ink/v2.1.final..png") is None


@pytest.mark.parametrize(
    "failure",
    [
        zipfile.BadZipFile("no zip"),
        zipfile.LargeZipFile("too large"),
        tarfile.ReadError("no tar"),
        zlib.error("invalid block"),
        lzma.LZMAError("corrupt"),
        struct.error("unpack requires 4 bytes"),
        EOFError("ends early"),
        ValueError("negative seek value"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"),
        NotImplementedError("compression type 97"),
        RecursionError("too many headers"),
        KeyError("no such member"),
        IndexError("out of range"),
        TypeError("no size"),
        AttributeError("no stream"),
        OverflowError("too large"),
        AssertionError("header"),
        MemoryError(),
        PermissionError("closed"),
    ],
    ids=repr,
)
def test_every_failure_of_a_library_becomes_one_refusal(failure: Exception) -> None:
    with (
        pytest.raises(UnreadableFileError, match="damaged") as caught,
        readable(UnreadableFileError, "It is damaged."),
    ):
        raise failure

    assert caught.value.__cause__ is failure
