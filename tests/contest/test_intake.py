"""Importing designs: real files, the real fence, a real store."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from logovote.contest import (
    counting,
    families,
    intake,
    likeness,
    people,
    rounds,
    withdrawing,
)
from logovote.contest.matching import STATUSES, FileReport, ImportReport
from logovote.contest.results import result_of
from logovote.contest.rounds import RoundError
from logovote.errors import LogovoteError
from logovote.imaging.picture import SPECS
from logovote.imaging.worker import Fence, UnreadableImageError
from logovote.ingest.reading import read_entries
from logovote.settings import Settings
from logovote.store import queries
from logovote.store.media import digest_of
from logovote.store.models import Contest, Derivative, Event, Kind, Picture, Version
from logovote.store.store import Store
from tests.builders import cast, folder_of, make_contest, png, zip_of
from tests.conftest import NOW

Importer = Callable[..., ImportReport]
KINDS = tuple(spec.kind for spec in SPECS)


@pytest.fixture
def contest_id(store: Store, now: datetime) -> int:
    with store.database.write() as session:
        contest = make_contest(session, now, voters={"core": ["Ann"]})
        session.commit()
        return contest.id


@pytest.fixture
def take_in(
    store: Store, contest_id: int, fence: Fence, now: datetime, tmp_path: Path
) -> Importer:
    """Import files given as a dict (in a folder of their own) or as a path."""
    folders = (tmp_path / f"export-{number}" for number in range(9))

    def take(files: dict[str, bytes] | Path, **options: Any) -> ImportReport:
        path = files if isinstance(files, Path) else folder_of(next(folders), files)
        with read_entries(path) as reading:
            return intake.import_designs(
                store, contest_id, reading, fence, **{"now": now} | options
            )

    return take


def statuses(report: ImportReport) -> dict[str, str]:
    return {file.file: file.status for file in report.files}


def reason(report: ImportReport, file: str) -> str:
    return next(each.reason or "" for each in report.files if each.file == file)


def held(store: Store) -> list[tuple[int, int, str, bool]]:
    """Entry, version, digest, whether it stands; for the one contest there is."""
    with store.database.read() as session:
        (contest,) = queries.contests(session)
        return [
            (s.entry, s.version, s.digest, s.withdrawn_at is None)
            for s in queries.submissions(session, contest.id, withdrawn=True)
        ]


def counts(store: Store) -> list[int | None]:
    with store.database.read() as session:
        return [
            session.scalar(select(func.count()).select_from(table))
            for table in (Picture, Derivative, Version)
        ]


def of(*designs: tuple[int, int, bytes]) -> list[tuple[int, int, str, bool]]:
    return [(entry, version, digest_of(data), True) for entry, version, data in designs]


def test_designs_come_in_with_number_designer_and_title(
    store: Store, contest_id: int, take_in: Importer
) -> None:
    manifest = "entry,file,designer,title\n36,a.png,Mia,A fox\n7,b.png,Leo,An owl\n"

    report = take_in(
        {"a.png": png(1), "b.png": png(2), "manifest.csv": manifest.encode()}
    )

    assert report.summary() == {
        "new": 2,
        "changed": 0,
        "same": 0,
        "withdrawn": 0,
        "refused": 0,
        "ignored": 1,
    }
    made = FileReport("a.png", "new", 36, "Mia", 1, digest=digest_of(png(1)))
    assert made in report.files
    with store.database.read() as session:
        titles = [(s.entry, s.title) for s in queries.submissions(session, contest_id)]
    assert titles == [(7, "An owl"), (36, "A fox")]


def test_originals_are_kept_untouched_beside_their_derivatives(
    store: Store, take_in: Importer
) -> None:
    take_in({"#36.png": png(36)})

    digest = digest_of(png(36))
    assert store.originals.get(digest) == png(36)
    with store.database.read() as session:
        made = [queries.derivative(session, digest, kind) for kind in KINDS]
        picture = session.get_one(Picture, digest)
    assert (picture.format, picture.width_px, picture.height_px) == ("PNG", 120, 90)
    for derivative in made:
        assert derivative is not None
        data = store.derivatives.get(derivative.digest)
        assert data[:4] + data[8:12] == b"RIFFWEBP"
        assert len(data) == derivative.size_bytes


def test_importing_the_same_again_changes_nothing(
    store: Store, take_in: Importer
) -> None:
    files = {"#1.png": png(1), "#2.png": png(2), "no number.png": png(3)}
    take_in(files)
    before = held(store), counts(store)

    report = take_in(files)

    assert set(statuses(report).values()) == {"same"}
    assert (held(store), counts(store)) == before


def test_a_changed_picture_is_a_new_version_and_the_old_one_is_kept(
    store: Store, take_in: Importer
) -> None:
    take_in({"#1.png": png(1), "#2.png": png(2)})

    report = take_in({"#1.png": png(11), "#2.png": png(2)})

    assert statuses(report) == {"#1.png": "changed", "#2.png": "same"}
    assert held(store) == of((1, 2, png(11)), (2, 1, png(2)))
    assert store.originals.get(digest_of(png(1))) == png(1)


def test_absent_designs_stay_unless_they_are_said_to_be_withdrawn(
    store: Store, take_in: Importer
) -> None:
    take_in({"#1.png": png(1), "#2.png": png(2)})

    assert take_in({"#1.png": png(1)}).summary()["withdrawn"] == 0
    report = take_in({"#1.png": png(1)}, withdraw_missing=True)

    assert statuses(report) == {"#1.png": "same", "#2.png": "withdrawn"}
    assert [(entry, stands) for entry, _, _, stands in held(store)] == [
        (1, True),
        (2, False),
    ]
    again = take_in({"#1.png": png(1)}, withdraw_missing=True)
    assert again.summary()["withdrawn"] == 0


def test_what_the_list_of_entries_says_is_withdrawn_is_kept_and_does_not_stand(
    store: Store, take_in: Importer
) -> None:
    pictures = {f"#{number}.png": png(number) for number in (1, 2, 3)}
    take_in({name: pictures[name] for name in ("#1.png", "#2.png")})
    listed = pictures | {
        "entries.csv": b"entry,status\n1,active\n2,withdrawn\n3,withdrawn\n"
    }

    told = take_in(listed, dry_run=True)
    assert [stands for *_, stands in held(store)] == [True, True]
    assert statuses(told) == {
        "#1.png": "same",
        "#2.png": "withdrawn",
        "#3.png": "withdrawn",
        "entries.csv": "ignored",
    }
    assert reason(told, "#3.png") == "the list of entries says so"
    assert take_in(listed) == told
    assert [stands for *_, stands in held(store)] == [True, False, False]

    assert take_in(listed).summary()["same"] == 3
    assert [stands for *_, stands in held(store)] == [True, False, False]
    # One that says nothing of the kind brings them back, as after any withdrawal.
    assert take_in(pictures).summary()["changed"] == 2
    assert [stands for *_, stands in held(store)] == [True, True, True]


@pytest.mark.parametrize("picture", [1, 2], ids=["the same", "another"])
def test_a_list_by_number_withdraws_an_entry_of_two_files(
    picture: int, store: Store, take_in: Importer
) -> None:
    manifest = b"entry,designer,status\n36,Ann,withdrawn\n"
    files = {"36.png": png(1), "36 (1).png": png(picture), "list.csv": manifest}

    report = take_in(files)

    assert report.summary()["withdrawn"] == 1
    assert {file.designer for file in report.files if file.version} == {"Ann"}
    assert [stands for *_, stands in held(store)] == [False]


@pytest.mark.parametrize("gone", [False, True])
def test_what_the_list_withdraws_in_an_open_round_is_out_of_its_ballots(
    store: Store,
    contest_id: int,
    take_in: Importer,
    now: datetime,
    gone: bool,  # noqa: FBT001 - a parameter
) -> None:
    pictures = {f"#{number}.png": png(number) for number in (1, 2)}
    take_in(pictures)
    with store.database.write() as session:
        contest = session.get_one(Contest, contest_id)
        people.import_people(
            session,
            contest,
            people.read_people(b"email,name\na@example.org,Ann\nb@example.org,Ben\n"),
        )
        round_ = rounds.open_round(session, contest, Kind.SHORTLIST, now)
        cast(session, round_, "Ann", ["1", "2"], now)
        cast(session, round_, "Ben", ["2"], now)
        session.commit()

    if gone:
        del pictures["#2.png"]
    take_in(pictures | {"entries.csv": b"entry,status\n1,active\n2,withdrawn\n"})

    with store.database.write() as session:
        contest = session.get_one(Contest, contest_id)
        round_ = rounds.latest(session, contest, Kind.SHORTLIST)
        rounds.close_round(session, round_, now)
        counting.count_round(session, round_)
        result = result_of(round_)
    assert 2 not in [line.entry for line in result.order]
    # Ben's ballot said nothing but what is gone.
    assert sum(group.voted for group in result.turnout.values()) == 1


WITHDRAWN = [b"withdrawn", b"Removed", b"Withdrawn by designer", b"deleted"]


@pytest.mark.parametrize("status", WITHDRAWN)
def test_what_the_list_withdraws_is_out_though_its_picture_is_gone(
    store: Store, take_in: Importer, status: bytes
) -> None:
    pictures = {f"{number}.png": png(number) for number in (1, 2, 3)}
    take_in(pictures, now=NOW - timedelta(days=1))
    listed = {
        "1.png": png(1),
        "list.csv": b"entry,file,status\n1,,active\n2,,%b\n7,,%b\n" % (status, status),
    }

    told = take_in(listed, dry_run=True)
    assert [stands for *_, stands in held(store)] == [True, True, True]
    report = take_in(listed, resume=True)

    # The seventh was never here: nothing happens to it.
    assert [remark.partition(": ")[2] for remark in report.remarks] == [
        "no file was found for “7”."
    ]
    assert report == told
    gone = FileReport("2.png", "withdrawn", 2, reason="the list of entries says so")
    assert replace(gone, digest=digest_of(png(2))) in report.files
    assert report.summary()["withdrawn"] == 1
    assert [stands for *_, stands in held(store)] == [True, False, True]
    assert take_in(listed, resume=True) == report
    assert designs_withdrawn(store) == 1

    again = take_in(listed, now=NOW + timedelta(days=1), withdraw_missing=True)
    assert {f.file: f.reason for f in again.files if f.status == "withdrawn"} == {
        "3.png": None
    }
    assert again.remarks == report.remarks
    # As after any withdrawal: sent again, without a word of it, it is back.
    take_in({"2.png": png(2)})
    assert [stands for *_, stands in held(store)] == [True, True, False]


def designs_withdrawn(store: Store) -> int | None:
    with store.database.read() as session:
        gone = select(func.count(Event.hash)).where(Event.kind == "design.withdrawn")
        return session.scalar(gone)


@pytest.mark.parametrize("bad", [b"", b"<html>This entry was withdrawn</html>"])
def test_what_the_list_withdraws_is_out_though_its_picture_is_none(
    store: Store, take_in: Importer, bad: bytes
) -> None:
    take_in({"1.png": png(1), "2.png": png(2)})

    report = take_in({"2.png": bad, "list.csv": b"entry,status\n2,withdrawn\n"})

    assert [
        (each.status, each.entry) for each in report.files if each.file == "2.png"
    ] == [
        ("refused", None),
        ("withdrawn", 2),
    ]
    assert [stands for *_, stands in held(store)] == [True, False]


def test_a_line_withdraws_what_it_means_and_nothing_else(
    store: Store, contest_id: int, take_in: Importer, now: datetime
) -> None:
    take_in({"1.png": png(1), "2.png": png(2), "fox.png": png(5), "owl.png": png(6)})
    with store.database.write() as session:
        contest = session.get_one(Contest, contest_id)
        withdrawing.withdraw(session, contest, 2, "A copy", who="Ann", now=now)
        session.commit()

    report = take_in(
        {
            # Another line and file show that entry; number 3 was given to the fox, and
            # one that was withdrawn by hand is left as it is.
            "1.png": png(1),
            "list.csv": b"entry,file,status\n1,1.png,active\n1,old.png,withdrawn\n"
            b"2,,withdrawn\n3,,withdrawn\n,owl.png,withdrawn\n",
        }
    )

    assert [each.file for each in report.files if each.status == "withdrawn"] == [
        "owl.png"
    ]
    assert [stands for *_, stands in held(store)] == [True, False, True, False]
    assert [remark.partition(": ")[2] for remark in report.remarks] == [
        "entry 1 is in the list more than once.",
        "entry 1 is in the list more than once.",
        "no file was found for “old.png”.",
        "no file was found for “3”.",
    ]


def test_a_withdrawn_design_that_is_sent_again_is_back(
    store: Store, take_in: Importer
) -> None:
    both = {"#1.png": png(1), "#2.png": png(2)}
    take_in(both)
    take_in({"#1.png": png(1)}, withdraw_missing=True)

    report = take_in(both)

    assert statuses(report) == {"#1.png": "same", "#2.png": "changed"}
    assert "back after" in reason(report, "#2.png")
    assert held(store) == of((1, 1, png(1)), (2, 1, png(2)))


def test_two_identical_files_for_one_entry_are_one(
    store: Store, take_in: Importer
) -> None:
    files = {"a/#1.png": png(1), "b/#1.png": png(1)}

    for first in ("new", "same"):
        report = take_in(files)
        assert statuses(report) == {"a/#1.png": first, "b/#1.png": "ignored"}
        assert "the same picture as a/#1.png" in reason(report, "b/#1.png")
        assert held(store) == of((1, 1, png(1)))


def test_of_two_different_files_for_one_entry_the_later_is_the_newer(
    store: Store, take_in: Importer
) -> None:
    files = {"2/#1.png": png(2), "10/#1.png": png(10)}

    report = take_in(files)

    assert statuses(report) == {"2/#1.png": "new", "10/#1.png": "changed"}
    assert held(store) == of((1, 2, png(10)))


@pytest.mark.parametrize(
    "name",
    ["36 (1).png", "36-v2.png", "36 v2.png", "36_v2.png", "36 copy.png", "a/36.png"],
)
def test_a_revision_beside_its_original_is_shown(
    name: str, store: Store, take_in: Importer
) -> None:
    take_in({"36.png": png(1)})

    report = take_in({"36.png": png(1), name: png(2)})

    assert statuses(report) == {"36.png": "same", name: "changed"}
    assert held(store) == of((36, 2, png(2)))


def test_a_guess_from_a_name_replaces_no_designer_and_no_title(
    store: Store, contest_id: int, take_in: Importer
) -> None:
    def told() -> list[tuple[str | None, str | None]]:
        with store.database.read() as session:
            return [
                (design.designer, design.title)
                for design in queries.submissions(session, contest_id)
            ]

    take_in({"36.png": png(1)})
    take_in({"36_Ann_Fox.png": png(1)})
    assert told() == [("Ann", "Fox")]

    report = take_in({"36_Owl_Blue tail.png": png(2)})
    assert [(file.designer, file.version) for file in report.files] == [("Ann", 2)]
    assert told() == [("Ann", "Fox")]

    take_in({"36_Owl_x.png": png(2), "a.csv": b"entry,designer,title\n36,Bob,Hen\n"})
    assert told() == [("Bob", "Hen")]


def test_a_picture_that_replaces_what_replaced_it_is_shown(
    store: Store, take_in: Importer
) -> None:
    for picture in (1, 2, 1):
        take_in({"#36.png": png(picture), "fox.png": png(picture + 10)})

    assert held(store) == of((36, 3, png(1)), (37, 3, png(11)))


@pytest.mark.parametrize(
    "lists",
    [{}, {"list.csv": b"entry,file\n36,36.png\n36,36-v2.png\n36,36-v3.png\n"}],
)
def test_a_file_that_goes_back_to_an_earlier_picture_is_the_newest(
    store: Store, take_in: Importer, lists: dict[str, bytes]
) -> None:
    files = {"36.png": png(1), "36-v2.png": png(2), "36-v3.png": png(1)}

    report = take_in(files | lists)

    assert reason(report, "36.png") == (
        "the same picture as 36-v3.png, for the same entry"
    )
    assert held(store) == of((36, 2, png(1)))
    assert take_in(files).summary()["same"] == 2
    assert held(store) == of((36, 2, png(1)))


def test_a_copy_without_a_number_does_not_bring_an_earlier_picture_back(
    store: Store, take_in: Importer
) -> None:
    take_in({"36.png": png(1), "36-v2.png": png(2), "fox.png": png(1)})

    assert held(store) == of((36, 2, png(2)))


def test_importing_two_files_for_one_entry_again_changes_nothing(
    store: Store, take_in: Importer
) -> None:
    files = {"a/#1.png": png(1), "b/#1.png": png(2), "c/#1.png": png(1)}
    take_in(files)
    before = held(store), counts(store)
    assert before[0] == of((1, 2, png(1)))

    report = take_in(files)

    assert report.summary() | {"same": 2, "ignored": 1} == report.summary()
    assert (held(store), counts(store)) == before


def test_a_file_without_a_number_is_known_by_its_bytes(
    store: Store, take_in: Importer
) -> None:
    take_in({"#36.png": png(1)})

    report = take_in({"renamed by somebody.png": png(1)})

    assert statuses(report) == {"renamed by somebody.png": "same"}
    assert held(store) == of((36, 1, png(1)))


def test_a_file_without_a_number_is_else_known_by_its_name(
    store: Store, take_in: Importer
) -> None:
    take_in({"#36.png": png(0), "my fox.png": png(1)})

    report = take_in({"my fox.png": png(2)})

    assert statuses(report) == {"my fox.png": "changed"}
    assert held(store) == of((36, 1, png(0)), (37, 2, png(2)))


def test_a_name_is_known_however_a_mac_spells_it(
    store: Store, take_in: Importer
) -> None:
    take_in({"fox \u00e9t\u00e9.png": png(1)})
    take_in({"fox e\u0301te\u0301.png": png(2)})

    assert held(store) == of((1, 2, png(2)))


def test_a_file_without_a_number_gets_one_and_the_report_says_so(
    store: Store, take_in: Importer
) -> None:
    report = take_in({"fox.png": png(1), "owl.png": png(2), "#5.png": png(3)})

    assert sorted(entry for entry, *_ in held(store)) == [5, 6, 7]
    assert "given number 6" in reason(report, "fox.png")
    assert "given number 7" in reason(report, "owl.png")


GROWING = {"1.png": png(1), "2.png": png(2), "fox.png": png(5)}


def test_no_number_is_given_that_the_list_has_for_another(
    store: Store, take_in: Importer
) -> None:
    lines = b"entry,file\n1,1.png\n2,2.png\n"
    take_in({"1.png": png(1), "fox.png": png(9), "list.csv": lines})
    take_in({"2.png": png(2)})

    assert held(store) == of((1, 1, png(1)), (2, 1, png(2)), (3, 1, png(9)))


@pytest.mark.parametrize("with_the_fox", [False, True])
def test_a_number_that_was_given_is_not_taken_for_the_real_entry(
    store: Store,
    take_in: Importer,
    with_the_fox: bool,  # noqa: FBT001 - a parameter
) -> None:
    take_in(GROWING)
    later = {"3.png": png(3)} | (GROWING if with_the_fox else {})

    told = take_in(later, dry_run=True)
    report = take_in(later)

    assert report == told
    assert statuses(report) == dict.fromkeys(
        GROWING if with_the_fox else (), "same"
    ) | {"3.png": "new"}
    assert reason(report, "3.png") == (
        "number 3 had been given to fox.png before, so this is number 4 here"
    )
    designs = of((1, 1, png(1)), (2, 1, png(2)), (3, 1, png(5)), (4, 1, png(3)))
    assert held(store) == designs
    again = take_in(GROWING | {"3.png": png(3)})
    assert set(statuses(again).values()) == {"same"}
    assert reason(again, "3.png") == reason(report, "3.png")
    assert held(store) == designs


def test_what_gave_way_is_known_by_its_own_number_from_then_on(
    store: Store, take_in: Importer
) -> None:
    take_in(GROWING)
    take_in({"3.png": png(3)})

    report = take_in(
        {
            "a/3.png": png(33),
            "b/3.png": png(34),
            "4.png": png(4),
            "fox.png": png(55),
            "5.png": b"no picture",
        },
    )

    assert {
        (each.file, each.entry, each.status) for each in report.files if each.entry
    } == {
        ("a/3.png", 4, "changed"),
        ("b/3.png", 4, "changed"),
        # Its number is taken, too: by the one that gave way.
        ("4.png", 6, "new"),
        ("fox.png", 3, "changed"),
    }
    assert "had been given to 3.png before" in reason(report, "4.png")
    assert held(store)[2:] == of((3, 2, png(55)), (4, 3, png(34)), (6, 1, png(4)))
    known = take_in(
        {
            "list.csv": b"entry,designer,file\n3,Ann,3.png\n4,Leo,4.png\n",
            "3.png": png(34),
            "4.png": png(4),
        }
    )
    assert [(each.entry, each.designer) for each in known.files if each.entry] == [
        (4, "Ann"),
        (6, "Leo"),
    ]


def test_what_gave_way_and_is_damaged_is_not_missing(
    store: Store, take_in: Importer
) -> None:
    take_in(GROWING)
    take_in({"3.png": png(3)})

    take_in({"3.png": b"", "1.png": png(1)}, withdraw_missing=True)

    assert [(entry, stands) for entry, _, _, stands in held(store)] == [
        (1, True),
        (2, False),
        (3, False),
        (4, True),
    ]


@pytest.mark.parametrize("number", [3, 7])
@pytest.mark.parametrize("picture", [5, 55])
def test_a_design_that_was_given_its_number_is_known_when_a_list_tells_its_own(
    store: Store, take_in: Importer, number: int, picture: int
) -> None:
    take_in(GROWING)
    files = {
        "list.csv": f"entry,file\n{number},fox.png\n".encode(),
        "fox.png": png(picture),
    }

    told = take_in(files, dry_run=True)
    report = take_in(files)

    assert report == told
    version = 1 if picture == 5 else 2
    assert held(store)[2:] == of((3, version, png(picture)))
    keeps = "it keeps number 3, which it was given before its own number 7 was known"
    assert reason(report, "fox.png") == ("" if number == 3 else keeps)
    # From now on that is its number, whatever the file is called.
    take_in({f"{number}.png": png(77)})
    assert held(store)[2:] == of((3, version + 1, png(77)))


def test_a_design_that_was_given_its_number_is_known_by_its_picture(
    store: Store, take_in: Importer
) -> None:
    take_in(GROWING)

    report = take_in({"7.png": png(5), "fox.png": png(5)})

    assert [(each.file, each.entry, each.status) for each in report.files] == [
        ("fox.png", 3, "ignored"),
        ("7.png", 3, "same"),
    ]
    # One design is one: the next with the same picture is another.
    assert [each.entry for each in take_in({"8.png": png(5)}).files] == [8]
    assert "given number 9" in reason(take_in({"owl.png": png(9)}), "owl.png")


def test_an_import_among_given_numbers_is_taken_up_to_the_same_end(
    store: Store, take_in: Importer, now: datetime
) -> None:
    take_in(GROWING | {"owl.png": png(6)}, now=now - timedelta(days=1))
    files = {
        "list.csv": b"entry,file\n9,owl.png\n",
        "owl.png": png(66),
        "3.png": png(5),
        "4.png": png(4),
        "cat.png": png(8),
    }
    first = take_in(files, resume=True)
    before = held(store), counts(store)

    assert take_in(files, resume=True) == first
    assert (held(store), counts(store)) == before
    assert [entry for entry, *_ in before[0]] == [1, 2, 3, 4, 10, 11]


def test_what_replaces_what_is_told_in_the_numbers_of_the_contest_site(
    store: Store, contest_id: int, take_in: Importer
) -> None:
    take_in(GROWING)
    take_in({"3.png": png(3)})
    take_in({"list.csv": b"entry,file,parent\n8,8.png,3\n", "8.png": png(8)})

    with store.database.read() as session:
        replaces = {it.key: it.replaces for it in likeness.designs(session, contest_id)}
    assert replaces == {1: None, 2: None, 3: None, 4: None, 8: 4}


def test_a_dry_run_tells_the_same_and_keeps_nothing(
    store: Store, settings: Any, take_in: Importer
) -> None:
    take_in({"#1.png": png(1), "#9.png": png(9)})
    before = held(store), counts(store)
    files = {"#1.png": png(11), "#2.png": png(2), "#3.png": b"no picture"}

    told = take_in(files, dry_run=True, withdraw_missing=True)

    assert (held(store), counts(store)) == before
    media = [path for path in settings.data.rglob("*") if path.is_file()]
    assert not [path for path in media if path.read_bytes() == png(2)]
    assert take_in(files, withdraw_missing=True) == told


HOSTILE = {
    "#2.png": b"",
    "#3.png": png(3)[:-200],
    "#4.png": b"this is a text, whatever its name says\n" * 9,
    "#5.svg": b"<svg xmlns='http://www.w3.org/2000/svg'",
    "#6.exe": b"MZ" + bytes(500),
    "#7.png": b"\x89PNG\r\n\x1a\n" + bytes(4000),
}


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_one_bad_file_never_costs_the_others(
    store: Store,
    take_in: Importer,
    tmp_path: Path,
    packed: bool,  # noqa: FBT001 - ids
) -> None:
    files = {"#1.png": png(1)} | HOSTILE | {"#8.png": png(8)}
    archive = tmp_path / "export.zip"
    if packed:
        archive.write_bytes(zip_of(files | {"../../#9.png": png(9)}))

    report = take_in(archive if packed else files)

    good = {name for name, status in statuses(report).items() if status == "new"}
    assert good == {"#1.png", "#8.png"}
    assert {statuses(report)[name] for name in HOSTILE} <= {"refused", "ignored"}
    assert all(file.reason for file in report.files if file.status != "new")
    assert [entry for entry, *_ in held(store)] == [1, 8]


def test_a_path_that_leads_out_of_a_zip_is_refused(
    store: Store, take_in: Importer, tmp_path: Path
) -> None:
    (tmp_path / "export.zip").write_bytes(zip_of({"../../#9.png": png(9)}))

    report = take_in(tmp_path / "export.zip")

    assert statuses(report) == {"../../#9.png": "refused"}
    assert not (tmp_path.parent / "#9.png").exists()
    assert held(store) == []


def test_a_truncated_picture_says_what_is_wrong_with_it(take_in: Importer) -> None:
    report = take_in({"#3.png": png(3)[:-200], "#2.png": b""})

    assert statuses(report) == {"#3.png": "refused", "#2.png": "refused"}
    for file in report.files:
        assert file.reason
        assert "Traceback" not in file.reason


def test_a_bad_file_leaves_the_entry_it_claims_as_it_was(
    store: Store, take_in: Importer
) -> None:
    take_in({"#1.png": png(1)})

    report = take_in({"#1.png": png(1)[:-200]}, withdraw_missing=True)

    assert statuses(report) == {"#1.png": "refused"}
    assert held(store) == of((1, 1, png(1)))


def test_a_file_that_is_empty_does_not_withdraw_its_entry(
    store: Store, take_in: Importer
) -> None:
    take_in({"#1.png": png(1), "#2.png": png(2), "#3.png": png(3)})

    report = take_in({"#1.png": b"", "#2.png": png(2)}, withdraw_missing=True)

    assert report.summary() | {"refused": 1, "same": 1, "withdrawn": 1} == (
        report.summary()
    )
    assert held(store)[0] == (1, 1, digest_of(png(1)), True)


def test_one_picture_under_two_entries_is_decoded_and_kept_once(
    store: Store, take_in: Importer
) -> None:
    report = take_in({"#1.png": png(1), "#2.png": png(1)})

    assert report.summary()["new"] == 2
    assert held(store) == of((1, 1, png(1)), (2, 1, png(1)))
    assert counts(store)[0] == 1


def test_a_late_design_joins_the_shortlist_round_that_is_open(
    store: Store, contest_id: int, take_in: Importer, now: datetime
) -> None:
    take_in({"#1.png": png(1)})
    with store.database.write() as session:
        contest = session.get_one(Contest, contest_id)
        rounds.open_round(session, contest, Kind.SHORTLIST, now)
        session.commit()

    take_in({"#1.png": png(11), "#2.png": png(2)})

    assert standing(store, contest_id) == [1, 2]


def test_what_is_missing_is_not_withdrawn_from_a_round_that_closed_meanwhile(
    store: Store, contest_id: int, take_in: Importer, now: datetime
) -> None:
    take_in({"#1.png": png(1), "#2.png": png(2)})
    with store.database.write() as session:
        contest = session.get_one(Contest, contest_id)
        rounds.open_round(session, contest, Kind.SHORTLIST, now)
        session.commit()

    def close_at_last(done: int, total: int) -> None:
        if done == total:
            with store.database.write() as session:
                contest = session.get_one(Contest, contest_id)
                round_ = rounds.latest(session, contest, Kind.SHORTLIST)
                rounds.close_round(session, round_, now)
                session.commit()

    with pytest.raises(RoundError, match="waits for its count"):
        take_in({"#1.png": png(1)}, withdraw_missing=True, progress=close_at_last)

    assert standing(store, contest_id) == [1, 2]


def test_a_design_that_is_back_joins_the_open_round_it_missed(
    store: Store, contest_id: int, take_in: Importer, now: datetime
) -> None:
    take_in({"#1.png": png(1), "#2.png": png(2)})
    take_in({"#1.png": png(1)}, withdraw_missing=True)
    with store.database.write() as session:
        contest = session.get_one(Contest, contest_id)
        rounds.open_round(session, contest, Kind.SHORTLIST, now)
        session.commit()

    take_in({"#2.png": png(2)})

    assert standing(store, contest_id) == [1, 2]


def standing(store: Store, contest_id: int) -> list[int]:
    with store.database.read() as session:
        round_ = queries.latest_round(session, contest_id, Kind.SHORTLIST)
        assert round_ is not None
        return [c.submission.entry for c in queries.candidacies(session, round_.id)]


def test_an_import_that_dies_leaves_nobody_decoding(
    store: Store, contest_id: int, now: datetime, tmp_path: Path
) -> None:
    busy: list[str] = []

    class Decoding(Fence):
        def develop_many(self, items: Iterable[Any]) -> Iterator[Any]:
            busy.append("decoding")
            try:
                for key, _read in items:
                    yield key, UnreadableImageError("no")
            finally:
                busy.remove("decoding")

    def die(done: int, _total: int) -> None:
        if done == 2:
            raise ZeroDivisionError

    folder = folder_of(tmp_path / "export", {f"#{n}.png": png(n) for n in range(1, 5)})
    with (
        read_entries(folder) as reading,
        pytest.raises(ZeroDivisionError) as caught,
    ):
        intake.import_designs(
            store, contest_id, reading, Decoding(), now=now, progress=die
        )

    assert caught.tb is not None  # and with it the frame of the import
    assert busy == []


def test_progress_runs_from_nothing_to_all(take_in: Importer) -> None:
    seen: list[tuple[int, int]] = []

    take_in(
        {"#1.png": png(1), "#2.png": b"?", "#3.png": png(3)},
        progress=lambda done, total: seen.append((done, total)),
    )

    assert seen[0][0] == 0
    assert seen[-1][0] == seen[-1][1]
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_the_public_report_has_the_documented_form(take_in: Importer) -> None:
    report = take_in({"#1.png": png(1), "#2.png": b""}).as_json()

    assert list(report) == ["summary", "files", "remarks"]
    assert tuple(report["summary"]) == STATUSES
    assert keys_of(report["files"]) == {
        (
            "file",
            "status",
            "entry",
            "designer",
            "version",
            "reason",
            "digest",
            "before",
        )
    }


def keys_of(rows: Iterable[dict[str, Any]]) -> set[tuple[str, ...]]:
    return {tuple(row) for row in rows}


def test_two_imports_that_cross_never_mix_two_designs(
    store: Store, contest_id: int, take_in: Importer
) -> None:
    def meanwhile(done: int, _total: int) -> None:
        if done == 0:
            take_in({"#1.png": png(2), "#2.png": png(3)})

    with pytest.raises(LogovoteError, match="Another import"):
        take_in({"#1.png": png(1)}, progress=meanwhile)

    assert held(store) == of((1, 1, png(2)), (2, 1, png(3)))


def test_a_damaged_file_is_no_withdrawal(store: Store, take_in: Importer) -> None:
    take_in({"#1.png": png(1), "2.png": png(2), "#3.png": png(3)})

    report = take_in({"#1.png": png(1), "2.png": b""}, withdraw_missing=True)

    assert statuses(report) == {
        "#1.png": "same",
        "2.png": "refused",
        "#3.png": "withdrawn",
    }


def test_pictures_missing_from_the_store_are_made_anew(
    store: Store, contest_id: int, take_in: Importer, settings: Settings
) -> None:
    take_in({"#1.png": png(1)})
    shutil.rmtree(settings.files_folder / "derivatives")

    assert statuses(take_in({"#1.png": png(1)})) == {"#1.png": "same"}

    with store.database.read() as session:
        kept = queries.derivative(session, digest_of(png(1)), "thumb")
    assert kept is not None
    assert store.derivatives.get(kept.digest)


def test_a_design_that_returns_joins_its_family_again(
    store: Store, contest_id: int, take_in: Importer, now: datetime
) -> None:
    both = {"#1.png": png(1), "#2.png": png(2)}
    take_in(both)
    with store.database.write() as session:
        contest = session.get_one(Contest, contest_id)
        families.merge(session, contest, [1, 2])
        session.commit()
    take_in({"#2.png": png(2)}, withdraw_missing=True)
    with store.database.write() as session:
        contest = session.get_one(Contest, contest_id)
        round_id = rounds.open_round(session, contest, Kind.SHORTLIST, now).id
        session.commit()

    take_in(both)

    with store.database.read() as session:
        standing = queries.candidacies(session, round_id)
    assert [(c.submission.entry, c.family) for c in standing] == [(1, "f2"), (2, "f2")]


def test_nothing_comes_in_between_the_close_and_the_count(
    store: Store, contest_id: int, take_in: Importer, now: datetime
) -> None:
    take_in({"#1.png": png(1)})
    with store.database.write() as session:
        contest = session.get_one(Contest, contest_id)
        round_ = rounds.open_round(session, contest, Kind.SHORTLIST, now)
        rounds.close_round(session, round_, now)
        session.commit()

    with pytest.raises(rounds.RoundError, match="waits for its count"):
        take_in({"#2.png": png(2)})


def test_what_the_list_names_without_a_file_is_remarked(take_in: Importer) -> None:
    manifest = b"entry,file,designer\n1,a.png,Mia\n2,gone.png,Leo\n"

    report = take_in({"a.png": png(1), "manifest.csv": manifest})

    assert any("gone.png" in remark for remark in report.remarks)


def test_a_picture_that_another_entry_shows_is_pointed_out(take_in: Importer) -> None:
    take_in({"#1.png": png(1)})

    report = take_in({"#2.png": png(1)})

    assert reason(report, "#2.png") == "the same picture as entry 1"


def test_a_file_that_changes_under_our_hands_is_refused(
    store: Store, contest_id: int, fence: Fence, now: datetime, tmp_path: Path
) -> None:
    folder = folder_of(tmp_path / "export", {"#1.png": png(1), "#2.png": png(2)})

    def meanwhile(done: int, _total: int) -> None:
        if done == 1:
            (folder / "#2.png").write_bytes(png(3))

    with read_entries(folder) as reading:
        report = intake.import_designs(
            store, contest_id, reading, fence, now=now, progress=meanwhile
        )

    assert statuses(report) == {"#1.png": "new", "#2.png": "refused"}
    assert "changed while" in reason(report, "#2.png")
    assert held(store) == of((1, 1, png(1)))


def test_an_import_that_is_taken_up_again_reports_as_if_it_had_never_stopped(
    store: Store, take_in: Importer, now: datetime
) -> None:
    take_in({"#1.png": png(1), "#9.png": png(9)}, now=now - timedelta(days=1))
    files = {"#1.png": png(11), "a/#2.png": png(2), "b/#2.png": png(22)} | {
        "fox.png": png(3),
        "owl.png": png(4),
    }
    first = take_in(files, resume=True, withdraw_missing=True)
    before = held(store), counts(store)

    again = take_in(files, resume=True, withdraw_missing=True)

    assert again == first
    assert (held(store), counts(store)) == before
    assert first.summary()["withdrawn"] == 1
