from __future__ import annotations

import csv
import io
import json
import tracemalloc
import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
import pypdfium2
import pytest
from PIL import Image
from sqlalchemy.orm import Session

from logovote import recount
from logovote.contest import counting, families, feedback, handoff, rounds, zips
from logovote.contest.feedback import Given
from logovote.contest.identity import fingerprint, short_id
from logovote.contest.listing import COLUMNS, rows_of
from logovote.contest.results import Result
from logovote.contest.rounds import RoundError
from logovote.store import queries
from logovote.store.media import MissingMediaError
from logovote.store.models import Contest, Kind, Submission
from logovote.store.store import Store
from tests.builders import (
    add_design,
    cast,
    make_contest,
    open_shortlist,
    png,
    voter_named,
    withdraw,
)
from tests.conftest import NOW


@pytest.fixture
def contest(session: Session, store: Store, now: datetime) -> Contest:
    """Four designs with real originals, a family of 2 and 4, and three voters."""
    contest = make_contest(session, now, voters={"core": ["Ann", "Bea", "Cat"]})
    for entry in (1, 2, 3, 4):
        original = png(entry)
        store.originals.put(original)
        add_design(session, contest, entry, now, original=original)
    families.merge(session, contest, [2, 4])
    return contest


@pytest.fixture
def shortlisted(session: Session, contest: Contest, now: datetime) -> Contest:
    """Counted: f2 has all three voters, 3 two, 1 one; 4 speaks for f2."""
    shortlist(session, contest, now)
    return contest


def shortlist(session: Session, contest: Contest, now: datetime) -> Result:
    round_ = open_shortlist(session, contest, now)
    cast(session, round_, "Ann", ["4", "3", "1"], now)
    cast(session, round_, "Bea", ["f2", "3"], now)
    cast(session, round_, "Cat", ["f2"], now)
    rounds.close_round(session, round_, now)
    return counting.count_round(session, round_)


def design(session: Session, contest: Contest, entry: int) -> Submission:
    found = queries.submission(session, contest.id, entry)
    assert found is not None
    return found


def exported(
    session: Session, store: Store, contest: Contest, folder: Path
) -> dict[str, bytes]:
    paths = handoff.export_to(folder / "new" / "deep", store, session, contest)
    return {path.name: path.read_bytes() for path in paths}


def table(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def test_there_is_nothing_to_hand_on_before_the_count(
    session: Session, store: Store, contest: Contest, now: datetime, tmp_path: Path
) -> None:
    round_ = open_shortlist(session, contest, now)
    cast(session, round_, "Ann", ["1"], now)
    rounds.close_round(session, round_, now)

    with pytest.raises(RoundError, match="close and count a round first"):
        exported(session, store, contest, tmp_path)


def test_the_table_is_the_shortlist_in_order(
    session: Session, store: Store, shortlisted: Contest, tmp_path: Path
) -> None:
    rows = table(exported(session, store, shortlisted, tmp_path)["shortlist.csv"])

    assert tuple(rows[0]) == COLUMNS
    assert [(row["place"], row["entry"], row["family"]) for row in rows] == [
        ("1", "4", "f2"),
        ("2", "3", "f3"),
        ("3", "1", "f1"),
    ]
    assert rows[0]["variants"] == "2 4"
    assert rows[0]["tied"] == "no"
    assert rows[0]["support"] == "1"
    assert rows[0]["designer"] == "Designer 4"


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        '=HYPERLINK("http://x","y")',
        "\uff1d1+1",
    ],
)
def test_no_cell_of_the_table_can_become_a_formula(
    session: Session, contest: Contest, now: datetime, text: str
) -> None:
    fourth = design(session, contest, 4)
    fourth.designer = fourth.title = text
    result = shortlist(session, contest, now)

    data = handoff.as_csv(rows_of(contest, result)).encode("utf-8-sig")

    row = table(data)[0]
    assert row["designer"] == row["title"] == "'" + text


def test_the_document_says_how_the_shortlist_came_about(
    session: Session, store: Store, shortlisted: Contest, tmp_path: Path
) -> None:
    data = exported(session, store, shortlisted, tmp_path)["shortlist.json"]

    document = json.loads(data)

    assert list(document) == [
        "contest",
        "title",
        "round",
        "method",
        "closed_at",
        "shortlist",
        "turnout",
        "binding",
        "seed",
        "ties",
    ]
    assert (document["round"], document["method"]) == ("shortlist", "seqphragmen")
    assert [line["entry"] for line in document["shortlist"]] == [4, 3, 1]
    assert document["shortlist"][1]["support"] == "2/3"


def test_originals_are_handed_on_byte_for_byte_in_the_order_of_places(
    session: Session, store: Store, shortlisted: Contest, tmp_path: Path
) -> None:
    data = exported(session, store, shortlisted, tmp_path)["designs.zip"]

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        originals = [archive.read(name) for name in names]

    assert names == sorted(names)
    assert names == [
        "01-entry-4-Designer-4.png",
        "02-entry-3-Designer-3.png",
        "03-entry-1-Designer-1.png",
    ]
    assert originals == [png(4), png(3), png(1)]


@pytest.mark.parametrize("designer", ["../../etc/passwd", "C:\\x", "a\0b", "..", "/"])
def test_a_designers_name_cannot_lead_out_of_the_zip(
    session: Session, store: Store, shortlisted: Contest, tmp_path: Path, designer: str
) -> None:
    design(session, shortlisted, 4).designer = designer

    data = exported(session, store, shortlisted, tmp_path)["designs.zip"]

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        first = archive.namelist()[0]
    assert first.startswith("01-entry-4")
    assert not set("/\\:\0") & set(first)
    assert ".." not in first


def test_the_ranking_is_handed_on_once_it_is_counted(
    session: Session, store: Store, shortlisted: Contest, now: datetime, tmp_path: Path
) -> None:
    ranking = rounds.open_round(session, shortlisted, Kind.RANKING, now)
    for name in ("Ann", "Bea", "Cat"):
        cast(session, ranking, name, [["1"], ["none"], ["4"], ["3"]], now)
    rounds.close_round(session, ranking, now)
    counting.count_round(session, ranking)

    files = exported(session, store, shortlisted, tmp_path)

    rows = table(files["shortlist.csv"])
    assert [(row["entry"], row["acceptable"]) for row in rows] == [
        ("1", "yes"),
        ("", ""),
        ("4", "no"),
        ("3", "no"),
    ]
    assert rows[1]["title"] == "None of these"
    assert rows[2]["variants"] == "2 4"
    with zipfile.ZipFile(io.BytesIO(files["designs.zip"])) as archive:
        assert [name[:10] for name in archive.namelist()] == [
            "01-entry-1",
            "03-entry-4",
            "04-entry-3",
        ]


def test_a_design_withdrawn_after_the_count_is_still_in_the_result(
    session: Session, store: Store, shortlisted: Contest, now: datetime, tmp_path: Path
) -> None:
    withdraw(session, shortlisted, 4, now)

    rows = table(exported(session, store, shortlisted, tmp_path)["shortlist.csv"])

    assert [row["entry"] for row in rows] == ["4", "3", "1"]


def test_the_button_gives_the_same_files_as_the_terminal(
    session: Session, store: Store, shortlisted: Contest, tmp_path: Path
) -> None:
    members = [make() for make in handoff.files(store, session, shortlisted).values()]
    with zipfile.ZipFile(io.BytesIO(b"".join(zips.written(members)))) as whole:
        zipped = {name: whole.read(name) for name in whole.namelist()}
    written = exported(session, store, shortlisted, tmp_path)

    assert zipped.keys() == written.keys()
    assert set(zipped) >= {
        "shortlist.csv",
        "shortlist.json",
        "shortlist.xlsx",
        "contact-sheet.pdf",
        "designs.zip",
        "decision.html",
        "handoff.json",
        "feedback.csv",
        "bundle-shortlist.zip",
    }
    assert zipped == written
    assert zipped["shortlist.json"] == written["shortlist.json"]
    assert zipped["shortlist.csv"] == written["shortlist.csv"]


def test_what_is_handed_on_is_what_was_voted_on(
    session: Session, store: Store, shortlisted: Contest, tmp_path: Path
) -> None:
    voted = design(session, shortlisted, 3)
    digest, voted.digest = voted.digest, design(session, shortlisted, 1).digest
    voted.designer = "Somebody else"
    session.flush()

    rows = table(exported(session, store, shortlisted, tmp_path)["shortlist.csv"])

    third = next(row for row in rows if row["entry"] == "3")
    assert (third["digest"], third["designer"]) == (digest, "Designer 3")


def test_the_export_holds_the_bundle_that_anybody_recounts(
    session: Session, store: Store, shortlisted: Contest, tmp_path: Path
) -> None:
    files = exported(session, store, shortlisted, tmp_path)
    path = tmp_path / "bundle.zip"
    path.write_bytes(files["bundle-shortlist.zip"])

    assert recount.check(str(path), None)["exit"] == recount.REPRODUCED
    assert "bundle-shortlist-full.zip" not in files


@pytest.mark.parametrize("publish", ["ballots", "aggregate", "auditors"])
def test_the_export_holds_ballots_only_where_voters_were_told(
    session: Session,
    store: Store,
    contest: Contest,
    tmp_path: Path,
    publish: str,
) -> None:
    auditors = ["Ada", "Ben"] if publish == "auditors" else []
    round_ = rounds.open_round(
        session, contest, Kind.SHORTLIST, NOW, publish=publish, auditors=auditors
    )
    cast(session, round_, "Ann", ["1"], NOW)
    rounds.close_round(session, round_, NOW)
    counting.count_round(session, round_)
    rounds.publish_round(session, round_)

    names = set(exported(session, store, contest, tmp_path))

    assert ("ballots-shortlist.json" in names) == (publish == "ballots")
    assert ("bundle-shortlist-full.zip" in names) == (publish == "auditors")
    assert "bundle-shortlist.zip" in names


NASTY = "=1+1 \u202e日本 🙂 Łódź &<b>\x07"


@pytest.fixture
def nasty(session: Session, contest: Contest, now: datetime) -> Contest:
    """The same with a designer and a note that a careless program would run."""
    for entry in (2, 4):
        design(session, contest, entry).designer = NASTY
    design(session, contest, 3).title = "-2+3"
    round_ = open_shortlist(session, contest, now)
    said = Given(frozenset({"simple"}), "@SUM(A1)", shared=True)
    cat = voter_named(session, contest, "Cat")
    feedback.give(session, round_, cat, design(session, contest, 3), said, now=now)
    cast(session, round_, "Ann", ["4", "3", "1"], now)
    cast(session, round_, "Bea", ["f2", "3"], now)
    rounds.close_round(session, round_, now)
    counting.count_round(session, round_)
    note = feedback.gathered(session, round_, {3})[0].notes[0]
    feedback.moderate(session, contest, note.id, "approve", now=now)
    return contest


def thumbs(session: Session, store: Store, contest: Contest) -> None:
    """Give every design a real thumbnail."""
    for submission in queries.submissions(session, contest.id):
        kept = queries.derivative(session, submission.digest, "thumb")
        assert kept is not None
        with Image.open(io.BytesIO(png(submission.entry, (320, 240)))) as image:
            file = io.BytesIO()
            image.save(file, "WEBP")
        kept.digest = store.derivatives.put(file.getvalue())
    session.flush()


def one(session: Session, store: Store, contest: Contest, name: str) -> bytes:
    return b"".join(handoff.files(store, session, contest)[name]().pieces)


def test_the_workbook_holds_pictures_numbers_and_no_formula(
    session: Session, store: Store, nasty: Contest
) -> None:
    thumbs(session, store, nasty)

    data = one(session, store, nasty, "shortlist.xlsx")

    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["Result", "Designers", "Turnout"]
    page = book["Result"]
    head, *rows = [[cell.value for cell in row] for row in page.iter_rows()]
    # Columns that say nothing of this kind of round are left out, the others stay in
    # their order.
    named = [name.replace("_", " ") for name in COLUMNS]
    assert head == ["picture", *(name for name in named if name in head)]
    assert {"entry", "designer", "support", "digest"} <= {*head}
    assert not {"beats", "loses"} & {*head}
    assert [row[head.index("entry")] for row in rows] == [4, 3, 1]
    assert rows[0][head.index("designer")].startswith("=1+1 \u202e日本 🙂 Łódź &<b>")
    kinds = {
        cell.data_type for each in book for row in each.iter_rows() for cell in row
    }
    assert "f" not in kinds
    pictures = page._images
    assert [picture.anchor._from.row for picture in pictures] == [1, 2, 3]
    with Image.open(io.BytesIO(pictures[0]._data())) as image:
        assert (image.format, image.size) == ("PNG", (320, 240))
    names = [row[0].value for row in book["Designers"].iter_rows(min_row=2)]
    assert names[1:] == ["Designer 3", "Designer 1"]
    assert book["Turnout"]["B2"].value == 2
    # Parts of the vote are numbers, so that sorting by them is no sorting of words.
    support = [row[head.index("support")] for row in rows]
    assert support == sorted(support, reverse=True)
    shares = [*support, book["Turnout"]["E2"].value]
    assert all(isinstance(part, int | float) for part in shares)


def test_the_contact_sheet_shows_every_design_and_any_name(
    session: Session, store: Store, nasty: Contest
) -> None:
    thumbs(session, store, nasty)

    data = one(session, store, nasty, "contact-sheet.pdf")

    pdf = pypdfium2.PdfDocument(data)
    assert len(pdf) == 1
    text = pdf[0].get_textpage().get_text_range()
    for entry in (4, 3, 1):
        assert f"#{entry} · {short_id(nasty, entry)}" in text
    assert "□□ □ Łódź &<b>" in text
    digest = design(session, nasty, 4).digest
    assert fingerprint(digest) in text
    kinds = [part.type for part in pdf[0].get_objects()]
    assert kinds.count(pypdfium2.raw.FPDF_PAGEOBJ_IMAGE) == 3


def test_a_contact_sheet_has_twelve_designs_to_a_page(
    session: Session, store: Store, now: datetime
) -> None:
    contest = make_contest(
        session, now, slug="many", designs=range(1, 14), voters={"core": ["Zoe"]}
    )
    round_ = open_shortlist(session, contest, now)
    cast(session, round_, "Zoe", [str(n) for n in range(1, 14)], now)
    rounds.close_round(session, round_, now)
    counting.count_round(session, round_)

    pdf = pypdfium2.PdfDocument(one(session, store, contest, "contact-sheet.pdf"))

    texts = [page.get_textpage().get_text_range() for page in pdf]
    assert [text.count("#") for text in texts] == [12, 1]
    assert "page 2 of 2" in texts[1]


def test_feedback_is_handed_on_as_approved_and_runs_nothing(
    session: Session, store: Store, nasty: Contest
) -> None:
    rows = table(one(session, store, nasty, "feedback.csv"))

    third = next(row for row in rows if row["entry"] == "3")
    assert (third["simple"], third["memorable"]) == ("1", "0")
    assert third["notes"] == "'@SUM(A1)"
    assert all(row["designer"][:1] != "=" for row in rows)


def test_every_file_names_designs_by_id_and_fingerprint(
    session: Session, store: Store, shortlisted: Contest, tmp_path: Path
) -> None:
    files = exported(session, store, shortlisted, tmp_path)
    digest = design(session, shortlisted, 4).digest

    row = table(files["shortlist.csv"])[0]
    assert (row["id"], row["digest"]) == (short_id(shortlisted, 4), digest)
    for name in ("shortlist.json", "handoff.json", "decision.html"):
        assert short_id(shortlisted, 4) in files[name].decode()
        assert digest in files[name].decode()


def test_originals_are_sent_without_being_held(
    session: Session, store: Store, now: datetime
) -> None:
    """Twenty originals of a megabyte each: a few are in memory at a time."""
    contest = make_contest(session, now, slug="large", voters={"core": ["Zoe"]})
    size = 1024**2
    for entry in range(1, 21):
        original = bytes([entry]) * size
        store.originals.put(original)
        added = add_design(session, contest, entry, now, original=original)
        queries.pictures(session, {added.digest})[0].size_bytes = size
    round_ = open_shortlist(session, contest, now)
    cast(session, round_, "Zoe", [str(n) for n in range(1, 21)], now)
    rounds.close_round(session, round_, now)
    counting.count_round(session, round_)
    member = handoff.files(store, session, contest)["designs.zip"]()

    tracemalloc.start()
    sent = sum(len(piece) for piece in member.pieces)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert 20 * size < sent <= member.size
    assert peak < 8 * size


def test_a_missing_original_is_told_before_anything_is_sent(
    session: Session, store: Store, shortlisted: Contest
) -> None:
    store.originals.forget(design(session, shortlisted, 3).digest)

    with pytest.raises(MissingMediaError, match="Restore it from a backup"):
        handoff.files(store, session, shortlisted)["designs.zip"]()


def test_a_zip_may_be_too_large_for_the_small_form() -> None:
    """What is announced as large has the form that holds it."""
    (data,) = [b"".join(zips.written([zips.Member("x.bin", 2**32, [b"abc"])]))]

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.read("x.bin") == b"abc"
