from __future__ import annotations

import os
from pathlib import Path

import pytest

from logovote.ingest.manifests import UnreadableManifestError
from logovote.ingest.members import Status, UnreadableFileError
from logovote.ingest.reading import Entry, read_entries
from tests.ingest.builders import PIXEL, write_folder, write_tar, write_zip

LIST = """entry,designer,title,file,submitted_at
3,Ola N.,design,design by S. Van Der Meer.png,2026-07-01
46,Ñandú,entry,entry-2.png,2026-07-02
13,TwoFoxes,,entry.png,2026-07-03
100,Bezier Boy,"=HYPERLINK(""x"")",Bezier Boy/Logo.svg,
240,Aurélie D.,<b>Logo</b>,Logo.svg,
"""
NAMES = [
    "design by S. Van Der Meer.png",
    "entry-2.png",
    "entry.png",
    "Bezier Boy/Logo.svg",
    "Logo.svg",
]
EXPECTED = {
    "design by S. Van Der Meer.png": (3, "Ola N.", "design"),
    "entry-2.png": (46, "Ñandú", "entry"),
    "entry.png": (13, "TwoFoxes", None),
    "Bezier Boy/Logo.svg": (100, "Bezier Boy", '=HYPERLINK("x")'),
    "Logo.svg": (240, "Aurélie D.", "<b>Logo</b>"),
}


def told(
    entries: tuple[Entry, ...],
) -> dict[str, tuple[int | None, str | None, str | None]]:
    return {
        entry.file: (entry.number, entry.designer, entry.title) for entry in entries
    }


def numbers(tmp_path: Path, names: list[str], manifest: str) -> dict[str, int | None]:
    """Read files of these names with a list among them."""
    files = {name: name.encode() for name in names}
    root = write_folder(tmp_path, files | {"list.csv": manifest.encode()})
    with read_entries(root) as reading:
        return {entry.file: entry.number for entry in reading.entries}


@pytest.mark.parametrize("prefix", ["", "export/"])
@pytest.mark.parametrize("kind", ["folder", "zip", "tar"])
def test_the_list_tells_what_the_names_do_not(
    kind: str, prefix: str, tmp_path: Path
) -> None:
    files = {f"{prefix}{name}": name.encode() for name in NAMES}
    files[f"{prefix}manifest.csv"] = LIST.encode()
    write = {"folder": write_folder, "zip": write_zip, "tar": write_tar}[kind]

    with read_entries(write(tmp_path / "source", files)) as reading:
        assert told(reading.entries) == {
            f"{prefix}{name}": value for name, value in EXPECTED.items()
        }
        assert [entry.file.removeprefix(prefix) for entry in reading.entries] == NAMES
        assert [entry.order for entry in reading.entries] == [0, 1, 2, 3, 4]
        assert all(
            reading.read(entry).decode() == entry.file.removeprefix(prefix)
            for entry in reading.entries
        )
        (row,) = reading.problems
        assert (row.file, row.status) == (f"{prefix}manifest.csv", Status.IGNORED)
        assert reading.remarks == ()


def test_without_a_list_the_names_tell_what_they_can(tmp_path: Path) -> None:
    names = ["10.png", "9 (1).png", "Logo.svg", "Entry 4 - Ola N. - Fox.png", "9.png"]
    with read_entries(write_folder(tmp_path, dict.fromkeys(names, PIXEL))) as reading:
        assert told(reading.entries) == {
            "9.png": (9, None, None),
            "9 (1).png": (9, None, None),
            "10.png": (10, None, None),
            "Entry 4 - Ola N. - Fox.png": (4, "Ola N.", "Fox"),
            "Logo.svg": (None, None, None),
        }
        assert not any(entry.listed for entry in reading.entries)


def test_the_list_wins_over_the_name(tmp_path: Path) -> None:
    assert numbers(tmp_path, ["36.png"], "entry,file\n7,36.png\n") == {"36.png": 7}


def test_files_of_one_entry_stand_together_the_newer_later(tmp_path: Path) -> None:
    names = ["36-v10.png", "36-v2.png", "36.png", "Entry 36 - Ann - Fox.png"]
    names += ["40.png", "fox.png"]

    assert list(numbers(tmp_path, names, "entry,file\n")) == [
        "36.png",
        "Entry 36 - Ann - Fox.png",
        "36-v2.png",
        "36-v10.png",
        "40.png",
        "fox.png",
    ]


def test_versions_stand_in_the_order_of_a_list_that_names_them_all(
    tmp_path: Path,
) -> None:
    names = ["36.png", "36-v2.png", "36-v3.png"]
    manifest = "entry,file\n36,36-v3.png\n36,36.png\n36,36-v2.png\n"

    assert list(numbers(tmp_path, names, manifest)) == [
        "36-v3.png",
        "36.png",
        "36-v2.png",
    ]


def test_a_file_that_the_list_passes_over_may_be_the_older(tmp_path: Path) -> None:
    names = ["36.png", "36-v2.png", "36-v3.png"]

    found = numbers(tmp_path, names, "entry,file\n36,36-v2.png\n")

    assert list(found) == names


def test_a_row_without_a_number_leaves_the_names(tmp_path: Path) -> None:
    found = numbers(tmp_path, ["36.png"], "entry,file\nsix,36.png\n")

    assert found == {"36.png": 36}


@pytest.mark.parametrize(
    ("name", "header", "cell"),
    [
        ("sub/a.png", "file", "sub/a.png"),
        ("sub/a.png", "file", "sub\\a.png"),
        ("sub/a.png", "file", "./sub/a.png"),
        ("sub/a.png", "file", "SUB/A.PNG"),
        ("sub/a.png", "file", "a.png"),
        ("sub/a.png", "file", "a"),
        ("sub/a.png", "file", "a.jpeg"),
        ("sub/a.png", "file", "export/2026/a.png"),
        ("e\u0301.png", "file", "\u00e9.png"),
        ("a b.png", "image", "https://cdn.example/x/a%20b.png?w=3#f"),
        ("a%20b%23.png", "file", "a b#.png"),
        ("a b#.png", "file", "a%20b%23.png"),
        ("a%20b%23.png", "url", "https://cdn.example/x/a%20b%23.png"),
        ("attachment_12583422.png", "url", "https://x.example/y/attachment_12583422"),
        ("attachment_12583422", "Image URL", "//x.example/attachment_12583422"),
        ("12583422.jpg", "DesignID", "12583422"),
        ("Entry 7 - foo - bar.png", "title", "whatever"),
    ],
)
def test_a_row_finds_its_file(
    name: str, header: str, cell: str, tmp_path: Path
) -> None:
    root = write_folder(tmp_path / "root", {name: PIXEL, "other/9.png": PIXEL})
    table = tmp_path / "list.csv"
    table.write_text(f"entry,note,{header}\n7,yes,{cell}\n", "utf-8")

    with read_entries(root, table) as reading:
        assert {entry.file: entry.note for entry in reading.entries} == {
            name: "yes",
            "other/9.png": None,
        }
        assert reading.entries[0].number == 7
        assert reading.remarks == ()


def test_the_surer_sign_wins(tmp_path: Path) -> None:
    names = ["a/logo.png", "logo.png", "Logo.png", "logo.svg"]
    manifest = "entry,file\n1,logo.svg\n2,Logo.png\n3,logo.png\n4,a/logo.png\n"

    assert numbers(tmp_path, names, manifest) == {
        "a/logo.png": 4,
        "logo.png": 3,
        "Logo.png": 2,
        "logo.svg": 1,
    }


@pytest.mark.parametrize(
    ("place", "others"),
    [("export/list.csv", ["9.png"]), ("list.csv", [])],
    ids=["beside-the-files", "above-the-one-folder"],
)
def test_paths_begin_where_the_list_or_the_files_lie(
    place: str, others: list[str], tmp_path: Path
) -> None:
    paths = ["export/logo.png", "export/sub/logo.png", *others]
    files: dict[str, bytes] = dict.fromkeys(paths, PIXEL)
    files[place] = b"entry,file\n1,logo.png\n2,sub/logo.png\n"

    with read_entries(write_folder(tmp_path, files)) as reading:
        found = {entry.file: entry.number for entry in reading.entries if entry.listed}

    assert found == {"export/logo.png": 1, "export/sub/logo.png": 2}


def test_a_name_that_fits_two_files_fits_none(tmp_path: Path) -> None:
    found = numbers(tmp_path, ["a/logo.png", "b/logo.png"], "entry,file\n1,logo.png\n")

    assert set(found.values()) == {None}


@pytest.mark.parametrize("cell", ["", "36.png", "36-v2.png", "gone.png"])
def test_what_the_list_says_of_an_entry_it_says_of_all_its_files(
    cell: str, tmp_path: Path
) -> None:
    names = ["36.png", "36 (1).png", "36-v2.png", "3.png", "fox.png"]
    write_folder(tmp_path, dict.fromkeys(names, PIXEL))
    (tmp_path / "list.csv").write_text(
        f"entry,file,designer,status\n36,{cell},Ann,withdrawn\n"
    )

    with read_entries(tmp_path) as reading:
        told = [(e.file, e.number, e.designer, e.status) for e in reading.entries]
        assert reading.remarks == ()
    assert told == [
        ("36.png", 36, "Ann", "withdrawn"),
        ("36 (1).png", 36, "Ann", "withdrawn"),
        ("36-v2.png", 36, "Ann", "withdrawn"),
        ("3.png", 3, None, None),
        ("fox.png", None, None, None),
    ]


def test_a_row_without_a_number_speaks_of_the_entry_of_its_file(tmp_path: Path) -> None:
    write_folder(
        tmp_path, dict.fromkeys(["36.png", "36-v2.png", "fox.png", "owl.png"], PIXEL)
    )
    (tmp_path / "list.csv").write_text("file,designer\n36.png,Ann\nowl.png,Bob\n")

    with read_entries(tmp_path) as reading:
        assert [(e.file, e.designer) for e in reading.entries] == [
            ("36.png", "Ann"),
            ("36-v2.png", "Ann"),
            ("owl.png", "Bob"),
            ("fox.png", None),
        ]


def test_a_file_that_has_a_line_of_its_own_is_not_told_anothers(tmp_path: Path) -> None:
    found = numbers(tmp_path, ["7.png", "8.png"], "entry,file\n7,8.png\n8,7.png\n")

    assert found == {"8.png": 7, "7.png": 8}


def test_rows_that_lead_nowhere_are_told_by_line(tmp_path: Path) -> None:
    write_folder(tmp_path, {"1.png": PIXEL, "2.png": PIXEL})
    (tmp_path / "list.csv").write_text(
        "entry,file\n1,1.png\n2,2.png\n9,gone.png\n8,1.png\nx,2.png\n2,also-gone.png\n"
    )

    with read_entries(tmp_path) as reading:
        assert set(reading.remarks) == {
            "list.csv, line 4: no file was found for “gone.png”.",
            "list.csv, line 5: line 2 already speaks of its file.",
            "list.csv, line 6: “x” is no entry number.",
            "list.csv, line 6: line 3 already speaks of its file.",
            "list.csv, line 7: no file was found for “also-gone.png”.",
            "list.csv, line 3: entry 2 is in the list more than once.",
            "list.csv, line 7: entry 2 is in the list more than once.",
        }


def test_a_file_that_the_list_does_not_know_comes_after_it(tmp_path: Path) -> None:
    write_folder(tmp_path, {"1.png": PIXEL, "2.png": PIXEL, "new.png": PIXEL})
    (tmp_path / "list.csv").write_text("entry,file\n5,2.png\n6,1.png\n")

    with read_entries(tmp_path) as reading:
        assert [(entry.file, entry.number) for entry in reading.entries] == [
            ("2.png", 5),
            ("1.png", 6),
            ("new.png", None),
        ]
        assert [entry.listed for entry in reading.entries] == [True, True, False]


def test_of_two_lists_the_one_at_the_top_is_used(tmp_path: Path) -> None:
    deep, top = b"entry,file,title\n1,a.png,x\n", b"entry,file\n2,a.png\n"
    files = {"a.png": PIXEL, "deep/list.csv": deep, "list.csv": top}

    with read_entries(write_folder(tmp_path, files)) as reading:
        assert [entry.number for entry in reading.entries] == [2]
        assert {problem.file for problem in reading.problems} == {
            "deep/list.csv",
            "list.csv",
        }


def test_a_workbook_named_as_the_list_is_to_be_saved_as_csv(tmp_path: Path) -> None:
    sheet = {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<x/>"}
    path = write_zip(tmp_path / "entries.xlsx", sheet)
    write_folder(tmp_path / "root", {"1.png": PIXEL})

    with (
        pytest.raises(UnreadableManifestError, match=r"entries.xlsx”.* as CSV"),
        read_entries(tmp_path / "root", path),
    ):
        pass


def test_a_named_list_is_used_instead_of_one_inside(tmp_path: Path) -> None:
    files = {"a.png": PIXEL, "list.csv": b"entry,file\n1,a.png\n"}
    root = write_folder(tmp_path / "root", files)
    (tmp_path / "other.json").write_text('[{"entry": 2, "file": "a.png"}]')

    with read_entries(root, tmp_path / "other.json") as reading:
        assert [entry.number for entry in reading.entries] == [2]
        assert "other.json" in reading.problems[0].reason
    with read_entries(root, root / "list.csv") as reading:
        assert [entry.number for entry in reading.entries] == [1]
        assert "used as such" in reading.problems[0].reason


@pytest.mark.parametrize("kind", ["nothing", "letter", "folder", "pipe", "archive"])
def test_a_named_list_that_is_none_is_refused(kind: str, tmp_path: Path) -> None:
    table = tmp_path / "list.csv"
    if kind == "letter":
        table.write_text("Dear organiser")
    elif kind == "folder":
        table.mkdir()
    elif kind == "pipe":
        os.mkfifo(table)
    elif kind == "archive":
        write_zip(table, {"list.csv": b"entry,file\n"})

    with (
        pytest.raises(UnreadableManifestError, match=r"list\.csv"),
        read_entries(write_folder(tmp_path / "root", {}), table),
    ):
        pass


def test_what_is_no_list_is_left_to_those_who_look_at_pictures(tmp_path: Path) -> None:
    files = {"README.txt": b"Dear organiser", "36.html": PIXEL, "36.svg": b"<svg>"}
    files["37.html"] = b"<?xml version='1.0'?><!-- not a page --><svg/>"

    with read_entries(write_folder(tmp_path, files)) as reading:
        assert {entry.file for entry in reading.entries} == files.keys()


def test_one_bad_file_does_not_cost_the_others(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"7.png": b"broken" * 9, "8.png": PIXEL})
    data = archive.read_bytes()
    at = data.index(b"7.png") + len("7.png")
    archive.write_bytes(data[:at] + b"\xff\xff\xff" + data[at + 3 :])

    with read_entries(archive) as reading:
        broken, good = reading.entries
        with pytest.raises(UnreadableFileError):
            reading.read(broken)
        assert reading.read(good) == PIXEL


def test_long_texts_are_cut(tmp_path: Path) -> None:
    name = f"Entry 1 - {'d' * 130} - t.png"
    (tmp_path / "list.csv").write_text(f"entry,title,file\n1,{'t' * 300},{name}\n")
    write_folder(tmp_path, {name: PIXEL})

    with read_entries(tmp_path) as reading:
        (entry,) = reading.entries
        assert (entry.designer, entry.title) == ("d" * 120, "t" * 200)


def test_an_attachments_id_in_a_list_finds_its_file(tmp_path: Path) -> None:
    table = b"design id,entry,designer\n12583422,99,Ann\n"
    write_folder(tmp_path, {"list.csv": table, "attachment_12583422.png": PIXEL})

    with read_entries(tmp_path) as reading:
        (entry,) = reading.entries
        assert (entry.number, entry.designer) == (99, "Ann")
