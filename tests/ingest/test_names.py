from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logovote.ingest.names import entry_number, guess, guess_all, newness

NUMBERED = {
    "36": 36,
    "36.png": 36,
    "0036.PNG": 36,
    "99999.png": 99_999,
    "36.png.png": 36,
    "36.final.png": 36,
    "36_.png": 36,
    "a/b/36.svg": 36,
    "36 (1).png": 36,
    "36(1).png": 36,
    "36 copy.png": 36,
    "36 - Copy (2).png": 36,
    "Copy of 36.png": 36,
    "Kopie von 36.png": 36,
    "Copie de #36.png": 36,
    "36@2x.png": 36,
    "36-v2.png": 36,
    "Entry_36_v3.ai": 36,
    "#36.png": 36,
    "# 36.png": 36,
    "sub/#36.png": 36,
    "#2015.png": 2015,
    "#36-2.png": 36,
    "#36 (dark).png": 36,
    "#130 HexaHelga Final logo.jpg": 130,
    "\uff0336.png": 36,  # as East Asian keyboards write it
    "\uff13\uff16.png": 36,
    "\u0663\u0666.png": 36,  # Arabic-Indic
    "№36.png": 36,
    "№ 36 foo.png": 36,
    "No. 36.png": 36,
    "No 36 - foo.png": 36,
    "nr-36.png": 36,
    "n°36.png": 36,
    "entry-36": 36,
    "entry-2.png": 2,
    "entry36.png": 36,
    "ENTRY_036.JPG": 36,
    "entry-36-2.png": 36,
    "Entry #36.png": 36,
    "Eintrag 36 - Ann - Fuchs.png": 36,
    "Beitrag_36.png": 36,
    "Inzending 36.png": 36,
    "Nummer 36.png": 36,
    "Номер 36.png": 36,
    "36号.png": 36,
    "第36号 作品.png": 36,
    "36番_小林.png": 36,
    "36번.png": 36,
    "作品36.png": 36,
    "エントリー36.png": 36,
    "Entry no. 36.png": 36,
    "Contest entry 36.png": 36,
    "submission 36.png": 36,
    "entry-004-logofactory99.png": 4,
    "Entry 36 - Designer - Title.png": 36,
    "Entry 36 - 99designs guy - v3.png": 36,
    "036-name.jpg": 36,
    "36-name.jpg": 36,
    "36_name.jpg": 36,
    "36 name.jpg": 36,
    "36. name.jpg": 36,
    "36 by foo.png": 36,
    "(36) foo.png": 36,
    "[36] foo.png": 36,
    "36) foo.png": 36,
    "36 \u2013 foo.png": 36,
    "36-3d-logo.png": 36,
    "36-4ever.png": 36,
    "36 - 27 ztudio - Logo.png": 36,
    "36-wordmark in 2 colours.png": 36,
    "36_v2.png": 36,
    "36v2.png": 36,
    "36-v2.1-final.png": 36,
    "036-options.png": 36,
    "107_ztudio 27_Rev 4.png": 107,
    "107_27 ztudio_Rev 4.png": 107,
    "36_1234567_entry.png": 36,
    "2015_1234567_entry.png": 2015,
    "Design 36 by foo.png": 36,
    "Design 2 by foo.png": 2,
    "design-36-by-foo.png": 36,
    "Design #3 by foo.png": 3,
    "Design 112.png": 112,
    "logo-contest-entry-36.png": 36,
    "unikern_entry_36.png": 36,
    "PixelPanda entry #3.png": 3,
    "PixelPanda #36.png": 36,
    "PixelPanda (#7).png": 7,
    "PixelPanda - #7 - Logo.png": 7,
    "Entry%20%2312.png": 12,  # as curl -O and wget leave an address
    "Entry%20%2336.png": 36,
    "a/entry%2036.png": 36,
    "entry%2d36.png": 36,
    "%2336.png": 36,
    "%23130%20HexaHelga%20Final%20logo.jpg": 130,
    "Entry_%2312.png": 12,
    "36%20%281%29.png": 36,
    "36%20copy.png": 36,
    "Kopie%20von%2036.png": 36,
    "%EF%BC%8336.png": 36,
    "#36 100%.png": 36,
    "36 %E9t%E9.png": 36,  # no UTF-8, so taken as it is
}

NOT_NUMBERED = """
attachment_12583422
attachment_36.png
12583422.png
1446544800_logo.png
0.png
000.png
100000.png
-36.png
logo v2
v2.1.final.png
v36.png
Version 36.png
Rev 2
Rev #12.png
IMG_20151103.jpg
IMG_1234.jpg
DSC01234.JPG
image001.png
image (12).png
unnamed (1).png
download (36).png
WhatsApp Image 2020-01-02 at 10.11.12.jpeg
screenshot 12.png
Screen Shot 2015-11-03 at 10.12.36.png
10.12.36.png
2015-11-03 logo.png
2015-11-03.png
2015_11_03.png
20151103.png
03-11-2015.png
3.11.2015 logo.png
15-11-03 logo.png
3 nov 2015.png
9-11.png
24-7 logo.png
2015 logo.png
2015-logo.png
entry 2015-11-03.png
Design 2020.png
Artboard 5.png
Artboard #10.png
Frame 12.jpg
Untitled-1.jpg
Untitled design (10).png
Logo concept-2.jpg
logo (3).png
logo (36).png
logo #2.png
Option #12.png
idée n°12.png
concept 36.png
slide12.png
page 2 of 4.png
1 of 3.png
entry 1 of 3.png
1200x630.png
1200 x 630.png
1200\u00d7630.png
12 x 12.png
logo_36x36.png
logo-1024.png
1024-logo.png
entry-1200x630.png
icon@2x.png
512px.png
512 px.png
300 dpi.png
16-9 banner.png
36-2.png
1.0.png
2.1 final.png
3d logo.png
3-d logo.png
2-in-1 logo.png
2 color.png
2-colours.png
3 options.png
3 logos.png
1st draft.png
24h.png
99designs logo.png
99 designs.png
design.png
design (2).png
design-2.png
Design 2.png
logo design 3.png
design by X.png
my entry 2.png
entry.png
entry (2).png
entry_1234567.png
36a.png
36番目の案.png
Entry 36a.png
3f2a9c0d.png
12345678-1b2c-4d3e-8f00-aabbccddeeff.png
#1a2b3c.png
#336699.png
logo #333.png
C#36.png
NO2.png
no-name.png
foo 36.png
logo36.png
2x.png
36-1200x800.png
foo-36.png
foo_36.png
100%.png
20%25 off.png
logo%20v2.png
logo%20%282%29.png
image%20%2812%29.png
attachment_36%2Fx.png
Logo-36-final.png
""".strip().splitlines()


@pytest.mark.parametrize(("name", "number"), NUMBERED.items())
def test_a_number_in_the_place_of_an_entry_number_is_one(
    name: str, number: int
) -> None:
    assert entry_number(name) == number


@pytest.mark.parametrize("name", NOT_NUMBERED)
def test_any_other_number_is_none(name: str) -> None:
    assert entry_number(name) is None


@given(st.text(max_size=30))
def test_any_name_can_be_read(name: str) -> None:
    number = guess_all([name])[name].number

    assert number is None or 1 <= number <= 99_999


def test_a_name_that_no_file_can_bear_tells_nothing() -> None:
    assert guess("36" + " " * 60_000 + "by foo").number is None


@pytest.mark.parametrize(
    ("name", "designer", "title"),
    [
        ("Entry 36 - Ola N. - Logo - dark.png", "Ola N.", "Logo - dark"),
        ("107_ztudio 27_Rev 4.png", "ztudio 27", "Rev 4"),
        ("Design 36 by foo.png", "foo", None),
        ("Entry 36 by foo - Red Fox.png", "foo", "Red Fox"),
        ("36 Red Fox by foo \u2013 v2.png", "foo", "Red Fox"),
        ("Entry%2036%20-%20%C3%91and%C3%BA%20-%20Logo.png", "Ñandú", "Logo"),
        ("design-36-by-foo.png", "foo", None),
        ("Final logo by emdash.PNG", "emdash", "Final logo"),
        ("logo v2 by Дизайн Лаб (2).webp", "Дизайн Лаб", "logo v2"),
        ("Modern minimal by sanjaya.dsgn.jpg", "sanjaya.dsgn", "Modern minimal"),
        ("36_1234567_entry.png", None, None),
        ("119_sable_and_co_Modern minimal.png", None, None),
        ("036-name.jpg", None, None),
        ("Modern minimal.png", None, None),
        ("36.png", None, None),
        ("36_Ann_Fox.png", "Ann", "Fox"),
        ("36_Ann_v2.png", "Ann", "v2"),
        ("36_Mark_Fox.png", "Mark", "Fox"),
        ("36_V2 Studio_Fox.png", "V2 Studio", "Fox"),
        ("Entry 36 - Red Panda - final.png", "Red Panda", "final"),
    ],
)
def test_designer_and_title_are_read_where_they_are_plain(
    name: str, designer: str | None, title: str | None
) -> None:
    assert (guess(name).designer, guess(name).title) == (designer, title)


@pytest.mark.parametrize(
    "name",
    """
36_v2_final.png
36_V2_FINAL.png
36%20_v2_final.png
entry_12_v3_final.png
36_final_v3.png
36_FINAL_final.png
12_new_logo.png
12_new logo_dark.png
36_thumb_large.png
36_dark_version.png
36_black_white.png
36_rev 2_final.png
36_version-3_Fox.png
entry-36_512x512_final.png
#36_2_final.png
36_copy_2.png
36_old_logo.png
Entry 36 - v2 - final.png
Entry 36 - Final version 3 - dark.png
""".strip().splitlines(),
)
def test_a_draft_a_version_and_a_size_are_no_designers(name: str) -> None:
    found = guess(name)

    assert found.number in {12, 36}
    assert (found.designer, found.title) == (None, None)


@pytest.mark.parametrize(
    ("name", "designer", "title"),
    [
        ("119_sable_and_co_Modern minimal.png", "sable_and_co", "Modern minimal"),
        ("#65 Bezier Boy entry.png", "Bezier Boy", "entry"),
        ("entry-022-bezier-boy.png", "Bezier Boy", None),
        ("entry-023-bezier-boyer.png", None, None),
    ],
)
def test_a_designer_named_plainly_is_found_again(
    name: str, designer: str | None, title: str | None
) -> None:
    plain = ["Logo by Bezier Boy.png", "Entry 4 - sable_and_co - logo.png"]

    found = guess_all([*plain, name])[name]

    assert (found.designer, found.title) == (designer, title)


def test_a_counter_beside_the_same_name_marks_a_second_file() -> None:
    names = ["entry.png", "entry-2.png", "entry-3.jpg", "sub/entry-4.png"]
    names += ["36.png", "36-2.png"]

    numbers = {name: found.number for name, found in guess_all(names).items()}

    assert numbers == {
        "entry.png": None,
        "entry-2.png": None,
        "entry-3.jpg": None,
        "sub/entry-4.png": 4,
        "36.png": 36,
        "36-2.png": 36,
    }


def test_a_stray_file_does_not_take_the_numbers_of_a_whole_contest() -> None:
    found = guess_all(["entry.png", *(f"entry-{n}.png" for n in range(1, 13))])

    assert found["entry-2.png"].number == 2


def test_a_year_is_an_entry_where_entries_go_that_far() -> None:
    assert guess_all(["2015-fox.png", "2014-owl.png"])["2015-fox.png"].number is None
    assert guess_all(["2015-fox.png", "1979-owl.png"])["2015-fox.png"].number == 2015


# Every list is one entry's files, the oldest first.
HISTORIES = {
    "the usual": "36.png | 36 (1).png | 36 copy.png | 36-v2.png | 36_v10.png"
    " | 36 final.png",
    "hyphen": "36.png | 36-v2.png | 36-v3.png | 36-v10.png",
    "space": "36.png | 36 v2.png | 36 v3.png | 36 v10.png",
    "underscore": "36.png | 36_v2.png | 36_v3.png | 36_v10.png",
    "no gap": "36.png | 36v2.png | 36v3.png | 36v10.png",
    "brackets": "36.png | 36 (v2).png | 36 [v3].png | 36 (v10).png",
    "shouted": "36.PNG | 36-V2.PNG | 36-v3.png | 36-V10.png",
    "in words": "36.png | 36 version 2.png | 36 Rev 3.png | 36 ver.10.png",
    "mixed": "36.png | 36_v2.png | 36-v3.png | 36 v4.png | 36v5.png | 36.v6.png",
    "decimal": "36-v2.png | 36-v2.1.png | 36-v2.10.png | 36-v3.png",
    "extensions": "36.svg | 36-v2.jpg | 36-v3.ai | 36-v10.png",
    "an address": "36.png | 36%20%281%29.png | 36%20v2.png | 36%20v10.png",
    "marked": "#36.png | #36 (1).png | #36-2.png | #36 v2.png | #36 v10.png",
    "entry": "entry-36.png | entry-36 copy.png | entry-36-v2.png | entry-36-v10.png",
    "entry, named": "Entry 36 - Ann - Fox.png | Entry 36 - Ann - Fox v2.png",
    "other names": "36.png | 36_Ann_Fox.png | Entry 36 v2.png | 36_Ann_Fox_v3.png"
    " | 36-v4.png",
    "bare, then named": "entry-36.png | 036-fox.png",
    "downloads": "36.png | 36 (1).png | 36 (2).png | 36 (10).png",
    "counted": "36.png | 36-2.png | 36-3.png | 36-10.png",
    "copies": "36.png | 36 - Copy.png | 36 - Copy (2).png | 36-v2.png",
    "copies before": "Entry 36.png | Copy of Entry 36.png | Entry 36 v2.png",
    "Kopien": "36.png | Kopie von 36.png | 36-v2.png | Kopie von 36-v2.png | 36-v3.png",
    "a version's copy": "36-v2.png | 36-v2 (1).png | 36-v3.png",
    "final": "36-v3.png | 36_v3_final.png | 36-v4.png | 36 final.png | 36 FINAL 2.png"
    " | 36_final_v3.png",
    "old": "36_old.png | 36.png | 36-v2 (old).png | 36-v2.png",
    "larger": "36.png | 36@2x.png",
    "ids": "36_1234567_entry.png | 36_12345678_entry.png",
    "folders": "old/36-v2.png | 36.png | round 2/36.png | round 10/36.png",
    "version folders": "v1/36.png | v2/36.png | v10/36.png | final/36.png",
    "no versions": "36.png | 36 Elder Vale.png | 36 Finality.png | 36 Oldenburg.png",
}


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
def test_of_one_entrys_files_the_newer_comes_later(history: str) -> None:
    names = history.split(" | ")

    assert all(newness(a) < newness(b) for a, b in pairwise(names))


@given(st.text(max_size=30))
def test_any_name_has_its_place_among_versions(name: str) -> None:
    assert newness("36_old.png") < newness("36.png") < newness("36-v2.png")
    assert sorted([name, "36.png"], key=newness)


@pytest.mark.parametrize(
    "name", ["Design {}.png", "Acme #{} final.png", "a/Acme #{}.jpg"]
)
def test_where_names_count_on_the_first_ones_are_entries_too(name: str) -> None:
    names = {name.format(number): number for number in range(1, 13)}

    found = guess_all(names)

    assert {each: found[each].number for each in names} == names


def test_a_draft_beside_few_numbered_ones_stays_one() -> None:
    found = guess_all(["Design 2.png", "Design 36 by foo.png", "logo #2.png"])

    assert found["Design 2.png"].number is found["logo #2.png"].number is None


def test_a_file_alone_in_a_numbered_folder_is_that_entry() -> None:
    names = ["in/Entry 36 - Ann - Fox/logo.png", "in/#7/attachment_12583422"]
    names += ["in/12/12.png", "in/brief.txt"]

    found = guess_all(names)

    assert [found[name].number for name in names] == [36, 7, 12, None]
    assert (found[names[0]].designer, found[names[0]].title) == ("Ann", "Fox")


@pytest.mark.parametrize(
    "names",
    [
        ["1/fox.png", "1/owl.png", "2/elk.png", "2/cat.png", "3/dog.png"],
        ["27 ztudio/logo.png", "Ann/logo.png", "Bob/logo.png"],
        ["2015/logo.png"],
        ["Round 2/logo.png"],
    ],
)
def test_pages_designers_and_years_number_nothing(names: list[str]) -> None:
    assert {found.number for found in guess_all(names).values()} == {None}
