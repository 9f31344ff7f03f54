"""Saved web pages as lists of entries, in layouts that no site has."""

from __future__ import annotations

import base64
import contextlib
import quopri
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from logovote.ingest import markup, pages
from logovote.ingest.members import Status, UnreadableFileError, UnreadableSourceError
from logovote.ingest.reading import Entry, Reading, read_entries
from tests.growth import grows_as_its_length
from tests.ingest.builders import PIXEL, write_folder, write_tar, write_zip

Told = dict[str, tuple[int | None, str | None]]

# As Chrome saves a list of cards: addresses rewritten, all files in one folder.
CARDS = """<!DOCTYPE html><html><head><title>#9 Logo contest</title>
<link rel="icon" href="./Entries_files/favicon.png"><script>"#77 <img src=x>"</script>
</head><body><header><a href="/"><img src="./Entries_files/site.svg" alt="Site"></a>
<h1>Logo for Acme #48213</h1><p>3 entries</p></header><main><div class="grid">
<div class="entry-card" data-entry-id="9123411">
  <a href="https://x.example/contests/acme-48213/entries/36">
    <img class="entry-image" src="./Entries_files/attachment_12583422" alt=""></a>
  <div><span class="entry-number">#36</span><img class="avatar" src="./Entries_files/a1"
    width="24"><a href="https://x.example/profiles/foxy">Foxy &amp; Co</a>
    <img src="./Entries_files/star.png"><p class="state">Winner</p></div></div>
<div class="entry-card"><a href="https://x.example/contests/acme-48213/entries/7">
    <img class="entry-image" src="./Entries_files/attachment_12583423" alt=""></a>
  <div><span class="entry-number">#7</span><img class="avatar" src="./Entries_files/a2"
    width="24"><a href="https://x.example/profiles/owl">Olga Owl</a>
    <img src="./Entries_files/star.png"></div></div>
<div class="entry-card"><a href="https://x.example/contests/acme-48213/entries/101">
    <img class="entry-image" src="./Entries_files/attachment_12583424" alt=""></a>
  <div><span class="entry-number">#101</span><img class="avatar"
    src="./Entries_files/a1" width="24">
    <a href="https://x.example/profiles/foxy">Foxy &amp; Co</a></div></div>
</div></main><footer>#1 in logos <img src="Entries_files/app.png"></footer></body>"""
CARD_FILES = dict.fromkeys(
    (
        *(f"Entries_files/attachment_1258342{n}" for n in "234"),
        *(
            f"Entries_files/{n}"
            for n in ("a1", "a2", "star.png", "site.svg", "app.png")
        ),
        "Entries_files/favicon.png",
        "Entries_files/style.css",
        "Entries_files/saved_resource.html",
    ),
    PIXEL,
)
CARDS_TOLD: Told = {
    "Entries_files/attachment_12583422": (36, "Foxy & Co"),
    "Entries_files/attachment_12583423": (7, "Olga Owl"),
    "Entries_files/attachment_12583424": (101, "Foxy & Co"),
}

# As an old browser writes a table: shouting, nothing closed, no quotes.
TABLE = """<HTML><BODY BGCOLOR=white><IMG SRC=Liste-Dateien/kopf.gif><TABLE>
<TR><TD>Entry 12<TD><IMG SRC=Liste-Dateien/bild1.jpg><TD>von Jürgen M.
<TR><TD>Entry 13<TD><IMG SRC=Liste-Dateien/bild2.jpg><TD>von Zoë
<TR><TD>Entry 14<TD>withdrawn<TD>von Zoë
</TABLE>"""
TABLE_FILES = dict.fromkeys(
    ("Liste-Dateien/kopf.gif", "Liste-Dateien/bild1.jpg", "Liste-Dateien/bild2.jpg"),
    PIXEL,
)
TABLE_TOLD: Told = {
    "Liste-Dateien/bild1.jpg": (12, "Jürgen M."),
    "Liste-Dateien/bild2.jpg": (13, "Zoë"),
}

# Lazy pictures with sizes to choose from, numbers in attributes, names URL-encoded.
LAZY = """<ul class="list">
<li data-entry-number="4" data-designer="kern&amp;co"><picture>
 <source srcset="Alle%20Entw%C3%BCrfe_files/4%20klein.webp 1x,
   Alle%20Entw%C3%BCrfe_files/4%20gro%C3%9F.webp 2x"><img class="lazy"
   src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" alt="An owl"></picture></li>
<li data-entry-number="5" data-designer="oktagon"><img class="lazy"
   src="Alle%20Entw%C3%BCrfe_files/blank.gif"
   data-src="Alle%20Entw%C3%BCrfe_files/5.jpg">
<li data-entry-number="6" data-designer="wren"><img class="lazy"
   src="Alle%20Entw%C3%BCrfe_files/blank.gif" data-src="https://cdn.example/6.jpg">
<li data-entry-number="8" data-designer="wren"><div class="pic"
   style="color:red;background-image:url(&quot;Alle%20Entw%C3%BCrfe_files/8.png&quot;)">
</div></ul>"""
LAZY_FILES = {
    "Alle Entwürfe_files/4 klein.webp": PIXEL,
    "Alle Entwürfe_files/4 groß.webp": PIXEL + b"larger",
    "Alle Entwürfe_files/5.jpg": PIXEL,
    "Alle Entwürfe_files/8.png": PIXEL,
    "Alle Entwürfe_files/blank.gif": PIXEL,
}
LAZY_TOLD: Told = {
    "Alle Entwürfe_files/4 groß.webp": (4, "kern&co"),
    "Alle Entwürfe_files/5.jpg": (5, "oktagon"),
    "Alle Entwürfe_files/8.png": (8, "wren"),
}

# Nothing but captions, comments that mention other entries, and a logo of its own.
CAPTIONS = """<nav><img src="Wall_files/our-logo.png"> Entries #1-#200</nav><section>
<figure id="entry-21"><img src="Wall_files/x1.png" alt="Entry #21 by Ann Ant">
 <figcaption><b>Owl</b> <q>I liked #22 better, said <a href="/u/bob">bob</a></q>
 </figcaption></figure>
<figure id="entry-22"><img src="Wall_files/x2.png" alt="Entry #22 by Bee"></figure>
<figure><img src="Wall_files/x3.png" alt="not numbered yet"></figure>
</section>"""
CAPTION_FILES = dict.fromkeys(
    ("Wall_files/our-logo.png", *(f"Wall_files/x{n}.png" for n in (1, 2, 3))), PIXEL
)
CAPTIONS_TOLD: Told = {
    "Wall_files/x1.png": (21, "Ann Ant"),
    "Wall_files/x2.png": (22, "Bee"),
    "Wall_files/x3.png": (None, None),
}

LAYOUTS = {
    "cards": ("Entries.html", CARDS, CARD_FILES, CARDS_TOLD),
    "table": ("Liste.htm", TABLE, TABLE_FILES, TABLE_TOLD),
    "lazy": ("Alle Entwürfe.html", LAZY, LAZY_FILES, LAZY_TOLD),
    "captions": ("Wall.html", CAPTIONS, CAPTION_FILES, CAPTIONS_TOLD),
}
WRITERS: dict[str, Callable[[Path, Mapping[str, bytes]], Path]] = {
    "folder": write_folder,
    "zip": write_zip,
    "tar": write_tar,
}


def told(entries: tuple[Entry, ...]) -> Told:
    return {entry.file: (entry.number, entry.designer) for entry in entries}


def ignored(reading: Reading) -> set[str]:
    assert {problem.status for problem in reading.problems} <= {Status.IGNORED}
    return {problem.file for problem in reading.problems}


def flat(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name.rpartition("/")[2]: data for name, data in files.items()}


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_saved_page_is_the_list_of_what_it_shows(
    layout: str, kind: str, tmp_path: Path
) -> None:
    name, page, files, wanted = LAYOUTS[layout]
    everything = {name: page.encode(), **files}

    with read_entries(WRITERS[kind](tmp_path / "export", everything)) as reading:
        assert told(reading.entries) == wanted
        assert ignored(reading) == everything.keys() - wanted.keys()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_files_dropped_without_their_folder_are_found(
    layout: str, tmp_path: Path
) -> None:
    name, page, files, wanted = LAYOUTS[layout]
    # What the page does not mention at all may be an entry now.
    everything = {n: d for n, d in flat(files).items() if n in page or "%" in page}
    everything |= {name: page.encode(), "37.png": PIXEL}

    with read_entries(write_folder(tmp_path, everything)) as reading:
        found = told(reading.entries)
        assert found.pop("37.png") == (37, None)
        assert found == {n.rpartition("/")[2]: who for n, who in wanted.items()}


def test_a_page_below_the_top_finds_its_files(tmp_path: Path) -> None:
    files = {"saved/Wall.html": CAPTIONS.encode(), "other/x1.png": PIXEL}
    files |= {f"saved/{name}": data for name, data in CAPTION_FILES.items()}

    with read_entries(write_zip(tmp_path / "a.zip", files)) as reading:
        found = told(reading.entries)

    assert found.pop("other/x1.png") == (None, None)
    assert found == {f"saved/{name}": who for name, who in CAPTIONS_TOLD.items()}


def test_pictures_saved_one_by_one_are_found_by_the_pages_own_addresses(
    tmp_path: Path,
) -> None:
    page = CARDS.replace("./Entries_files", "https://cdn.example/crop/300x300")
    files = {"attachment_12583422.png": PIXEL, "attachment_12583423.jpg": PIXEL}
    files["Entries.html"] = page.encode()

    with read_entries(write_folder(tmp_path, files)) as reading:
        assert told(reading.entries) == {
            "attachment_12583422.png": (36, "Foxy & Co"),
            "attachment_12583423.jpg": (7, "Olga Owl"),
        }
        assert reading.remarks == (
            "Entries.html: no picture of entry 101 was saved with the page.",
        )


def test_a_long_list_is_saved_page_by_page(tmp_path: Path) -> None:
    def page(*numbers: int) -> bytes:
        return "".join(
            f"<article><img src='p{numbers[0]}_files/{n}x.png'><b>#{n}</b>"
            "<img src='face.png' class='avatar'></article>"
            for n in numbers
        ).encode()

    files = {"p1.html": page(1, 2, 3), "p4.html": page(4, 5), "face.png": PIXEL}
    files |= {f"p{1 if n < 4 else 4}_files/{n}x.png": PIXEL for n in range(1, 6)}

    with read_entries(write_folder(tmp_path, files)) as reading:
        assert [entry.number for entry in reading.entries] == [1, 2, 3, 4, 5]
        assert ignored(reading) == {"p1.html", "p4.html", "face.png"}


def test_a_list_wins_over_a_page_and_a_page_over_names(tmp_path: Path) -> None:
    page = (
        "<li><img src=36.png> Entry 40 by Ann</li><li><img src=37.png> Entry 41 by Bob"
        "</li><li><img src=38.png> Entry 42</li><li><img src=face.png width=20></li>"
    )
    table = "entry,file,designer\n50,36.png,\n,37.png,Carla\n44,face.png,Dan\n42,,Eve\n"
    files = dict.fromkeys(("36.png", "37.png", "38.png", "39.png", "face.png"), PIXEL)
    files |= {"p.html": page.encode(), "list.csv": table.encode()}

    with read_entries(write_folder(tmp_path, files)) as reading:
        assert told(reading.entries) == {
            "36.png": (50, "Ann"),
            "37.png": (41, "Carla"),
            "38.png": (42, "Eve"),
            "face.png": (44, "Dan"),
            "39.png": (39, None),
        }
        assert ignored(reading) == {"p.html", "list.csv"}


@pytest.mark.parametrize(
    "folder",
    ["E-old", "E_2", "E v2", "E.1", "E (1)_files", "E_files-old", "E_profiles"],
)
def test_a_folder_that_only_begins_like_the_page_is_none_of_its_parts(
    folder: str, tmp_path: Path
) -> None:
    page = b"<li>Entry 36 <img src=E_files/a width=200></li>"
    files = {"E.html": page, "E_files/a": PIXEL, f"{folder}/7.png": PIXEL}

    with read_entries(write_folder(tmp_path, files)) as reading:
        assert told(reading.entries) == {
            "E_files/a": (36, None),
            f"{folder}/7.png": (7, None),
        }


@pytest.mark.parametrize(
    "folder",
    [
        "E_files",
        "E.files",
        "E_Files",
        "E-Dateien",
        "E_fichiers",
        "E_súbory",
        "E%23_files",
    ],
)
def test_what_lies_in_the_folder_of_a_page_is_part_of_it(
    folder: str, tmp_path: Path
) -> None:
    page = b"<li>Entry 36 <img src=a width=200></li>"
    name = "E%23.html" if "%" in folder else "E.html"
    files = {name: page, f"{folder}/a": PIXEL, f"{folder}/7.png": PIXEL}
    files[f"{folder}/frame.html"] = b"<html>"

    with read_entries(write_folder(tmp_path, files)) as reading:
        assert told(reading.entries) == {f"{folder}/a": (36, None)}
        assert ignored(reading) >= {f"{folder}/7.png", f"{folder}/frame.html"}


def test_a_list_by_number_takes_no_further_picture_from_a_page(tmp_path: Path) -> None:
    page = "<li>Entry 36 <img src=E_files/a width=200></li><img src=E_files/36-s.png>"
    files = {"E.html": page.encode(), "E_files/a": PIXEL, "E_files/36-s.png": PIXEL}
    files["list.csv"] = b"entry,designer\n36,Ann\n"

    with read_entries(write_folder(tmp_path, files)) as reading:
        assert told(reading.entries) == {"E_files/a": (36, "Ann")}
        assert "E_files/36-s.png" in ignored(reading)


def test_a_page_without_numbers_tells_who_and_gives_the_order(tmp_path: Path) -> None:
    page = (
        "<header><img src=w_files/top.png></header>"
        "<div class=a><img src=w_files/z.png><p>by <a href=/who>Ann Ant</a></p></div>"
        "<div class=a><img src=w_files/b.png><p>by Bob</p></div>"
    )
    names = ("w_files/top.png", "w_files/z.png", "w_files/b.png", "own.png")
    files = {"w.html": page.encode(), **dict.fromkeys(names, PIXEL)}

    with read_entries(write_folder(tmp_path, files)) as reading:
        assert told(reading.entries) == {
            "w_files/z.png": (None, "Ann Ant"),
            "w_files/b.png": (None, "Bob"),
            "own.png": (None, None),
        }
        assert reading.entries[0].file == "w_files/z.png"


def test_an_attachments_id_on_a_page_is_no_entry_number(tmp_path: Path) -> None:
    page = (
        "<li data-design-id=12583422><a href=/designs/12583422><img src=x.png></a></li>"
        "<li data-entry-id=31><a href=/entries?page=2><img src=y.png></a></li>"
    )
    files = {"p.html": page.encode(), "x.png": PIXEL, "y.png": PIXEL}

    with read_entries(write_folder(tmp_path, files)) as reading:
        assert {entry.number for entry in reading.entries} == {None}


def test_where_few_entries_have_numbers_these_are_not_everybodys(
    tmp_path: Path,
) -> None:
    page = (
        "<div class=a><img src=x.png><p>by Ann</p></div>"
        "<div class=a><img src=y.png><p>#7 by Bob</p></div>"
        "<div class=a><img src=z.png><p>by Cy</p></div>"
    )
    names = ("x.png", "y.png", "z.png")
    files = {"p.html": page.encode(), **dict.fromkeys(names, PIXEL)}

    with read_entries(write_folder(tmp_path, files)) as reading:
        assert told(reading.entries) == {
            "x.png": (None, "Ann"),
            "y.png": (7, "Bob"),
            "z.png": (None, "Cy"),
        }


@pytest.mark.parametrize("face", ["<img src=f.jpg>", "<img src={}.jpg width=24>"])
def test_faces_without_a_name_are_told_by_size_or_by_standing_twice(
    face: str, tmp_path: Path
) -> None:
    page = "".join(
        f"<li>{face.format(f'f{n}')}<img src={n}x.png><b>Entry {n}</b></li>"
        for n in (5, 6)
    )
    names = ("5x.png", "6x.png", "f.jpg", "f5.jpg", "f6.jpg")
    files = {"p.html": page.encode()}
    files |= {name: PIXEL for name in names if name in page}

    with read_entries(write_folder(tmp_path, files)) as reading:
        assert told(reading.entries) == {"5x.png": (5, None), "6x.png": (6, None)}


def test_a_page_has_no_depth_without_end() -> None:
    element = markup.parse("<div>" * 5_000 + "<p>deep</p>" + "</div>" * 5_000 + "<i>")
    depth = 0
    while inner := [*element.children]:
        element, depth = inner[0], depth + 1

    assert depth < 250
    assert [it.tag for it in markup.parse("<b>" * 500 + "</b>" * 500 + "<i>").children]


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("<b>Winner</b>", "winner"),
        ("<b>Eliminated</b>", "declined"),
        ("<i class='is-withdrawn'></i>", "withdrawn"),
        ("<i data-status='Declined'></i>", "declined"),
        ("<button class='select-winner'>Choose as winner</button>", None),
    ],
)
def test_a_state_on_the_card_is_read(
    state: str, status: str | None, tmp_path: Path
) -> None:
    page = f"<li><img src=x.png>#1 {state}</li><li><img src=y.png>#2</li>"
    files = {"p.html": page.encode(), "x.png": PIXEL, "y.png": PIXEL}

    with read_entries(write_folder(tmp_path, files)) as reading:
        assert [entry.status for entry in reading.entries] == [status, None]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_page_is_read_in_its_own_encoding(encoding: str, tmp_path: Path) -> None:
    page = "<meta charset=windows-1252><li><img src=x.png>#1 by Zoë</li>"
    files = {"p.html": page.encode(encoding), "x.png": PIXEL}

    with read_entries(write_folder(tmp_path, files)) as reading:
        assert told(reading.entries) == {"x.png": (1, "Zoë")}


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ("<p>Hello", "Save it as “Web page, complete”"),
        ("<img src=elsewhere.png>", "Save it as “Web page, complete”"),
        ("<p>" * (markup.MAX_PARTS + 1), "larger than a list"),
        ("<p>" + " " * pages.MAX_PAGE_BYTES, "larger than a list"),
    ],
    ids=["text", "remote", "elements", "bytes"],
)
def test_a_page_that_is_no_list_says_what_to_do(
    page: str, says: str, tmp_path: Path
) -> None:
    files = {"p.html": page.encode(), "x.png": PIXEL}

    with read_entries(write_folder(tmp_path, files)) as reading:
        assert told(reading.entries) == {"x.png": (None, None)}
        (problem,) = reading.problems
        assert (problem.file, problem.status) == ("p.html", Status.REFUSED)
        assert says in problem.reason


HOSTILE = [
    "<!", "<!--", "<a ", '<a b="', "</", "<a/", "&", "&#1", "<a b=", "<script>",
    "<a b='c\"", "<div>", "<li>", "</div>", "<a>x</a>", "<div><li></li>", "<a b", "#1",
    "<img src=x.png>", "<img src=x.png alt=#1>", "<b>#1</b>", "<li>#1<img src=x.png>",
    "by ", "<div class=avatar>", "<tr><td>", "<i data-entry=1>", "entry entry ", "\0",
]  # fmt: skip


@pytest.mark.parametrize("pattern", HOSTILE)
def test_a_hostile_page_costs_time_only_by_its_length(
    pattern: str, tmp_path: Path
) -> None:
    """A parser that goes back and forth would need minutes for this."""

    def read(length: int) -> None:
        page = "<p>" + "<div>" * 150 + pattern * (length // len(pattern))
        files = {"p.html": page.encode(), "x.png": PIXEL}
        with read_entries(write_folder(tmp_path / "files", files)) as reading:
            assert len(reading.entries) == 1

    assert grows_as_its_length(read, 60_000)


def test_a_number_of_thousands_of_digits_is_text(tmp_path: Path) -> None:
    page = f"<li>&#{'9' * 9000}; <img src=x.png> #1</li>"
    files = {"p.html": page.encode(), "x.png": PIXEL}

    with read_entries(write_folder(tmp_path, files)) as reading:
        assert len(reading.entries) == 1


def web_archive(page: str, files: Mapping[str, bytes]) -> bytes:
    """As Chrome saves a page in one file."""
    cut = "----MultipartBoundary--x9"
    parts = [
        (
            "From: <Saved by Blink>\r\nSnapshot-Content-Location: https://x.example/e\r\n"
            "Subject: =?utf-8?Q?Entries?=\r\nMIME-Version: 1.0\r\n"
            'Content-Type: multipart/related;\r\n\ttype="text/html";\r\n\tboundary="'
            f'{cut}"\r\n\r\n'
        ),
        "Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n"
        "Content-Location: https://x.example/e\r\n\r\n"
        + quopri.encodestring(page.encode()).decode(),
        "Content-Type: text/css\r\nContent-Location: cid:css-1@mhtml\r\n\r\np {}",
        *(
            "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n"
            f"Content-Location: {name}\r\n\r\n{base64.encodebytes(data).decode()}"
            for name, data in files.items()
        ),
    ]
    return (f"\r\n--{cut}\r\n".join(parts) + f"\r\n--{cut}--\r\n").encode()


MHTML_FILES = {
    "https://cdn.x/a/attachment_12583422": PIXEL,
    "https://cdn.x/b/attachment_12583423?w=300": PIXEL + b"two",
    "https://x.example/face.png": PIXEL + b"face",
}
MHTML = (
    "<li><img src=https://cdn.x/a/attachment_12583422> #36 by Ann</li><li><img src='"
    "https://cdn.x/b/attachment_12583423?w=300'> #7 by Bob<img src=/face.png></li>"
)


@pytest.mark.parametrize("name", ["Entries.mhtml", "Entries.mht", "Entries"])
def test_a_page_saved_as_one_file_is_a_source(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(web_archive(MHTML, MHTML_FILES))

    with read_entries(tmp_path / name) as reading:
        assert told(reading.entries) == {
            "Entries_files/cdn.x/a/attachment_12583422": (36, "Ann"),
            "Entries_files/cdn.x/b/attachment_12583423": (7, "Bob"),
        }
        assert [reading.read(entry) for entry in reading.entries] == [
            PIXEL,
            PIXEL + b"two",
        ]
        assert ignored(reading) == {
            "Entries.html",
            "Entries_files/css-1@mhtml",
            "Entries_files/x.example/face.png",
        }


@pytest.mark.parametrize(
    ("page", "says"),
    [
        (web_archive(MHTML, MHTML_FILES), "Import it by itself"),
        (b"bplist00\xd1\x01\x02_\x10\x0fWebMainResource", "another browser"),
    ],
    ids=["mhtml", "safari"],
)
def test_a_page_saved_as_one_file_among_others_says_what_to_do(
    page: bytes, says: str, tmp_path: Path
) -> None:
    write_folder(tmp_path, {"7.png": PIXEL, "Entries": page})

    with read_entries(tmp_path) as reading:
        _, saved = reading.entries
        with pytest.raises(UnreadableFileError, match=says):
            reading.read(saved)


@pytest.mark.parametrize("part", [0.2, 0.4, 0.6, 0.9])
def test_half_a_page_saved_as_one_file_is_refused(part: float, tmp_path: Path) -> None:
    whole = web_archive(MHTML, MHTML_FILES)
    (tmp_path / "e.mhtml").write_bytes(whole[: int(len(whole) * part)])

    with (
        pytest.raises(UnreadableSourceError, match="damaged"),
        read_entries(tmp_path / "e.mhtml"),
    ):
        pass


def test_a_place_in_a_saved_page_holds_no_control_characters(tmp_path: Path) -> None:
    files = {"https://x.example/a%00b%0A.png": PIXEL}
    (tmp_path / "e.mhtml").write_bytes(web_archive("<p>Entries</p>", files))

    with read_entries(tmp_path / "e.mhtml") as reading:
        names = [entry.file for entry in reading.entries]
        assert "e_files/x.example/ab.png" in names + [p.file for p in reading.problems]


@pytest.mark.parametrize("place", ["../../x.png", "file:///etc/passwd", "//", "[", ""])
def test_a_place_in_a_saved_page_leads_nowhere(place: str, tmp_path: Path) -> None:
    (tmp_path / "e.mhtml").write_bytes(web_archive("<img src=x>", {place: PIXEL}))

    with (
        contextlib.suppress(UnreadableSourceError),
        read_entries(tmp_path / "e.mhtml") as reading,
    ):
        names = [problem.file for problem in reading.problems]
        names += [entry.file for entry in reading.entries]
        assert all(".." not in name and "//" not in name for name in names)
