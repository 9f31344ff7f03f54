from __future__ import annotations

import codecs
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logovote.ingest.manifests import Manifest, clean, recognise


def read(text: str) -> Manifest:
    manifest = recognise(text.encode())
    assert manifest is not None
    return manifest


TABLE = "entry,designer,title,file\n36,Ñandú,Zwölf € 12,36.png\n"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(TABLE.encode(), id="utf-8"),
        pytest.param(codecs.BOM_UTF8 + TABLE.encode(), id="byte-order-mark"),
        pytest.param(TABLE.encode("utf-16"), id="utf-16"),
        pytest.param(codecs.BOM_UTF16_BE + TABLE.encode("utf-16-be"), id="utf-16-be"),
        pytest.param(TABLE.encode("cp1252"), id="windows"),
        pytest.param(TABLE.replace("\n", "\r\n").encode(), id="crlf"),
        pytest.param(TABLE.replace("\n", "\r").encode(), id="cr"),
        pytest.param(TABLE.replace(",", ";").encode(), id="semicolons"),
        pytest.param(TABLE.replace(",", "\t").encode(), id="tabs"),
        pytest.param(b"sep=,\n\n" + TABLE.encode(), id="excel-preamble"),
        pytest.param(
            '[{"Entry": 36, "UserName": "Ñandú", "Title": "Zwölf € 12", '
            '"image": "36.png"}]'.encode(),
            id="json-list",
        ),
        pytest.param(
            '{"entries": [{"#": "36", "author": "Ñandú", "title": "Zwölf € 12", '
            '"filename": "36.png"}]}'.encode(),
            id="json-entries",
        ),
    ],
)
def test_a_list_reads_the_same_in_every_dialect(data: bytes) -> None:
    manifest = recognise(data)

    assert manifest is not None
    assert manifest.remarks == ()
    (row,) = manifest.rows
    assert (row.number, row.designer, row.title, row.file) == (
        36,
        "Ñandú",
        "Zwölf € 12",
        "36.png",
    )


@pytest.mark.parametrize(
    ("header", "cell", "field", "value"),
    [
        ("Entry", "36", "number", 36),
        ("#", "#36", "number", 36),
        ("Entry #", "36.0", "number", 36),
        ("Entry No.", "Entry 36", "number", 36),
        ("NUMBER", "036", "number", 36),
        ("UserName", "foo", "designer", "foo"),
        ("Designed by", "foo", "designer", "foo"),
        ("Submitted-by", "foo", "designer", "foo"),
        ("Дизайнер", "foo", "designer", "foo"),
        ("Numéro", "36", "number", 36),
        ("Номер", "36", "number", 36),
        ("编号", "36", "number", 36),
        ("Submission #", "36", "number", 36),
        ("Logo name", "Fox", "title", "Fox"),
        ("Author", "foo", "designer", "foo"),
        ("Image URL", "https://a/b", "url", "https://a/b"),
        ("DesignID", "12583422", "design_id", "12583422"),
        ("CreateTime", "2026-07-01", "submitted_at", "2026-07-01"),
        ("submitted_at", "2026-07-01", "submitted_at", "2026-07-01"),
        ("revision_of", "12", "revision_of", 12),
        ("Parent", "#12", "revision_of", 12),
        ("Note", "see below", "note", "see below"),
        ("Status", "Finalist", "status", "finalist"),
        ("status", "eliminated", "status", "declined"),
        ("Winner", "TRUE", "status", "winner"),
        ("Winner", "no", "status", None),
    ],
)
def test_headers_are_forgiven_their_spelling(
    header: str, cell: str, field: str, value: object
) -> None:
    (row,) = read(f"filename,{header}\nx.png,{cell}\n").rows

    assert getattr(row, field) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Dear organiser,\nhere are my files.\n",
        "email,name,group,weight\na@example.org,A,core,1\n",
        "designer,title\nfoo,bar\n",
        "entry\n36\n",
        "[]",
        "[1, 2]",
        '{"entries": 3}',
        '{"entry": 36',
        "[" * 5000,
        '{"a": ' + "9" * 5000 + "}",
        "\0",
    ],
)
def test_what_has_no_headers_we_know_is_no_list(text: str) -> None:
    assert recognise(text.encode()) is None


def test_a_bad_row_costs_only_itself() -> None:
    manifest = read(
        "entry,title,file\n"
        "1,one,1.png\n"
        "2,a title, with a comma,2.png\n"
        "x,three,3.png\n"
        '4,"never closed,4.png\n'
        "5,five,5.png\n"
        "\n"
        "100000,six,6.png\n"
        '7,"two\nlines",7.png\n'
        '8,"8" logo,8.png\n'
        "9\n"
    )

    assert [(row.line, row.number, row.title) for row in manifest.rows] == [
        (2, 1, "one"),
        (4, None, "three"),
        (6, 5, "five"),
        (8, None, "six"),
        (9, 7, "two lines"),
        (11, 8, "8 logo"),
        (12, 9, None),
    ]
    assert [remark.partition(":")[0] for remark in manifest.remarks] == [
        "line 3",
        "line 4",
        "line 5",
        "line 8",
    ]


def test_a_json_item_that_is_no_object_costs_only_itself() -> None:
    items = [{"entry": 1, "file": "1.png"}, 7, {"entry": [2], "file": "2.png"}]

    manifest = read(json.dumps(items))

    assert [row.number for row in manifest.rows] == [1, None]
    assert manifest.remarks == ("line 2: this is no object; it was left out",)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  kern&co ", "kern&co"),
        ("<b>bold</b>", "<b>bold</b>"),
        (
            '=HYPERLINK("http://example.invalid")',
            '=HYPERLINK("http://example.invalid")',
        ),
        ("A\u030angstro\u0308m", "Ångström"),
        ("a\x00\x1b[31mb\u202ec\ud800", "a[31mbc"),
        ("a\nb\tc", "a b c"),
        ("\u0646\u0645\u06cc\u200c\u062f", "\u0646\u0645\u06cc\u200c\u062f"),
        ("x" * 99, "x" * 20),
        (" \n", None),
    ],
)
def test_texts_keep_what_they_say_and_lose_what_disturbs(
    text: str, cleaned: str | None
) -> None:
    assert clean(text, 40 if "=" in text else 20) == cleaned


@given(st.text() | st.text('",;\n=#39entryfil'))
def test_any_text_can_be_read_as_a_list(text: str) -> None:
    manifest = recognise(f"entry,file,title\n{text}".encode("utf-8", "replace"))

    assert manifest is not None
    assert all(row.number is None or row.number > 0 for row in manifest.rows)


def test_what_json_says_in_objects_is_read() -> None:
    entry = {
        "number": 36,
        "user": {"id": 7, "profile": {}, "username": "Ann"},
        "image": {"width": 9, "url": "https://cdn.example/a.png"},
        "files": [{"filename": "a.png"}],
        "title": None,
    }
    both = {"no": 7, "path": ["b.png"], "author": {"name": "Bob", "url": "/u/bob"}}

    (first,) = read(json.dumps([entry])).rows
    (second,) = read(json.dumps([both])).rows

    assert (first.number, first.designer) == (36, "Ann")
    assert first.file == "https://cdn.example/a.png"
    assert (second.number, second.designer, second.file) == (7, "Bob", "b.png")


TWO = '[{"no": 36, "file": "a", "by": 1, "title": "A"}, {"no": 7, "file": "b"}]'


@pytest.mark.parametrize(
    "text",
    [
        '[{"Entry": "#36", "Filename": "a"}, {"number": 7, "file": "b"}]',
        '{"for": "Acme", "designs": [{"no": 36, "path": "a"}, {"#": 7, "file": "b"}]}',
        '{"36": {"file": "a"}, "7": {"image": "b"}}',
        '{"contest": {"id": 5, "entries": ' + TWO + "}}",
        '{"contest": {"title": "x", "number": 5, "data": {"entries": ' + TWO + "}}}",
        '{"users": [{"user": "x", "url": "y"}], "of": {"entries": ' + TWO + "}}",
        '{"contest": {"entries": {"36": {"file": "a"}, "#7": {"image": "b"}}}}',
        '{"fox": {"no": 36, "file": "a"}, "owl": {"no": 7, "file": "b"}}',
        '{"contest": {"no": 1, "file": "x"}, "pages": 2}',
        "[1, 2]",
        "{}",
        "[]",
    ],
    ids=[
        "keys-differ",
        "any-name",
        "by-number",
        "two-deep",
        "three-deep",
        "says-most",
        "by-number-deep",
        "by-any-key",
        "one-thing",
        "no-list",
        "nothing",
        "empty",
    ],
)
def test_json_is_read_in_many_shapes(text: str) -> None:
    found = recognise(text.encode())

    rows = [(row.number, row.file) for row in found.rows] if found else None
    assert rows == ([(36, "a"), (7, "b")] if "36" in text else None)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_a_table_is_read_however_a_spreadsheet_encodes_it(encoding: str) -> None:
    found = recognise("Nummer;Datei;Titel\n7;x.png;Füchse\n".encode(encoding))

    assert found
    assert [(row.number, row.file, row.title) for row in found.rows] == [
        (7, "x.png", "Füchse")
    ]
