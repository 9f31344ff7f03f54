from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from logovote.contest import (
    counting,
    deciding,
    events,
    handoff,
    intake,
    purging,
    rounds,
    withdrawing,
)
from logovote.contest.contests import change_contest
from logovote.contest.purging import PurgeError
from logovote.contest.results import result_of
from logovote.contest.rights import Rights, read_rights
from logovote.imaging.worker import Fence
from logovote.ingest.reading import read_entries
from logovote.store import queries
from logovote.store.media import MediaStore, digest_of
from logovote.store.models import Contest, Derivative, Kind, Round
from logovote.store.store import Store
from tests.builders import cast, folder_of, make_contest, open_shortlist, png
from tests.conftest import NOW


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return folder_of(tmp_path / "export", {f"{n}.png": png(n) for n in (1, 2, 3)})


@pytest.fixture
def contest_id(store: Store, fence: Fence, export: Path, now: datetime) -> int:
    """Three designs with pictures; another contest has the third, too."""
    for slug, entries in (("acme", (1, 2, 3)), ("other", (3,))):
        with store.database.write() as session:
            id_ = make_contest(session, now, slug=slug, voters={"core": ["Ann"]}).id
            session.commit()
        folder = folder_of(export.parent / slug, {f"{n}.png": png(n) for n in entries})
        with read_entries(folder) as reading:
            intake.import_designs(store, id_, reading, fence, now=now)
        if slug == "acme":
            acme = id_
    return acme


def counted(session: Session, contest: Contest, now: datetime) -> Round:
    round_ = open_shortlist(session, contest, now)
    cast(session, round_, "Ann", ["1", "2", "3"], now)
    rounds.close_round(session, round_, now)
    counting.count_round(session, round_, now=now)
    return round_


def files_of(store: Store) -> list[str]:
    assert isinstance(store.originals, MediaStore)
    folder = store.originals._folder.parent
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_pictures_go_and_numbers_stay(
    store: Store, contest_id: int, now: datetime
) -> None:
    before = len(files_of(store))
    with store.database.write() as session:
        contest = session.get_one(Contest, contest_id)
        round_ = counted(session, contest, now)
        result = round_.result
        gone = purging.purge(session, contest, {1, 3}, now=now)
        session.commit()
        gone.forget(store)

        assert gone.entries == [1]
        assert purging.with_pictures(session, contest) == [2, 3]
        assert round_.result == result
        assert len(files_of(store)) == before - 1 - len(gone.derivatives)
        digest = result_of(round_).designs[1].digest
        assert not store.originals.has(digest)
        assert queries.is_picture(session, digest[:16])
        # The other contest's picture of design 3 is the same one.
        assert store.originals.has(result_of(round_).designs[3].digest)
        last = events.chain(session, contest_id)[-1]
        assert last["kind"] == "design.pictures-removed"
        assert last["payload"] == {"entry": 1, "image_sha256": digest}


def test_files_are_handed_on_without_what_was_removed(
    store: Store, contest_id: int, now: datetime
) -> None:
    with store.database.write() as session:
        contest = session.get_one(Contest, contest_id)
        counted(session, contest, now)
        purging.purge(session, contest, {1}, now=now).forget(store)

        files = handoff.files(store, session, contest)
        made = {name: b"".join(make().pieces) for name, make in files.items()}

    assert b"entry-1-" not in made["designs.zip"]
    assert b"entry-2" in made["designs.zip"]
    assert b"picture not kept" in made["decision.html"]
    assert made["contact-sheet.pdf"].startswith(b"%PDF")


def test_an_import_brings_pictures_back(
    store: Store, contest_id: int, fence: Fence, export: Path, now: datetime
) -> None:
    with store.database.write() as session:
        contest = session.get_one(Contest, contest_id)
        gone = purging.purge(session, contest, {1}, now=now)
        session.commit()
        gone.forget(store)
    with read_entries(export) as reading:
        intake.import_designs(store, contest_id, reading, fence, now=now)

    with store.database.read() as session:
        contest = session.get_one(Contest, contest_id)
        assert purging.with_pictures(session, contest) == [1, 2, 3]
        first = queries.submission(session, contest_id, 1)
        assert first is not None
        assert store.originals.has(first.digest)


def take_down(store: Store, contest_id: int, now: datetime) -> str:
    """Take design 2 down for good; return the digest of its original."""
    with store.database.write() as session:
        contest = session.get_one(Contest, contest_id)
        gone = purging.take_down(session, contest, 2, "a copy", who="Amir", now=now)
        session.commit()
    gone.forget(store)
    (original,) = gone.originals
    return original


def test_no_import_brings_back_what_was_taken_down(
    store: Store, contest_id: int, fence: Fence, export: Path, now: datetime
) -> None:
    original = take_down(store, contest_id, now)
    files = files_of(store)
    folder_of(export, {"4.png": png(4), "renamed.png": png(2), "again/2.png": png(5)})

    with read_entries(export) as reading:
        take_in = partial(
            intake.import_designs, store, contest_id, reading, fence, now=now
        )
        fresh = intake.fresh_pictures(store, contest_id, reading)
        looked = take_in(dry_run=True, keep_pictures=True)
        taken = take_in()
        resumed = take_in(resume=True)

    assert list(fresh) == [digest_of(png(4))]
    for report in (looked, taken, resumed):
        told = {file.file: (file.status, file.reason) for file in report.files}
        out = ("ignored", "stays withdrawn (a copy), until you bring it back")
        assert told.pop("4.png") == ("new", None)
        assert told.pop("again/2.png") == told.pop("2.png") == out
        assert told.pop("renamed.png")[0] == "ignored"
        # The resumed one is told as if it had imported all of it, as all has its time.
        assert {status for status, _ in told.values()} <= {"same", "new"}
    assert not store.originals.has(original)
    with store.database.read() as session:
        contest = session.get_one(Contest, contest_id)
        assert purging.with_pictures(session, contest) == [1, 3, 4]
        fourth = queries.submission(session, contest_id, 4)
        assert fourth is not None
        theirs = session.scalars(
            select(Derivative.digest).where(Derivative.picture_digest == fourth.digest)
        )
        # A file is named by its digest without the two letters of its folder.
        made = {digest[2:] for digest in (fourth.digest, *theirs)}
        assert set(files_of(store)) - set(files) == made


@pytest.mark.parametrize("second", [png(2), png(5)], ids=["the same", "a revision"])
def test_what_is_taken_down_while_an_import_runs_stays_down(
    store: Store, contest_id: int, fence: Fence, export: Path, second: bytes
) -> None:
    folder_of(export, {"2.png": second, "4.png": png(4)})
    files: list[str] = []

    def meanwhile(done: int, _total: int) -> None:
        if done == 1:
            take_down(store, contest_id, NOW)
            files.extend(files_of(store))

    with read_entries(export) as reading:
        report = intake.import_designs(
            store, contest_id, reading, fence, now=NOW, progress=meanwhile
        )

    told = {file.file: (file.status, file.reason) for file in report.files}
    out = "stays withdrawn (a copy), until you bring it back"
    assert told["2.png"] == ("ignored", out)
    assert told["4.png"] == ("new", None)
    assert not store.originals.has(digest_of(png(2)))
    with store.database.read() as session:
        contest = session.get_one(Contest, contest_id)
        assert purging.with_pictures(session, contest) == [1, 3, 4]
        design = queries.submission(session, contest_id, 2)
        assert design is not None
        assert design.version == 1
        theirs = session.scalars(
            select(Derivative.digest).where(
                Derivative.picture_digest == digest_of(png(4))
            )
        )
        made = {digest[2:] for digest in (digest_of(png(4)), *theirs)}
    assert set(files_of(store)) - set(files) == made


def test_a_design_that_was_taken_down_and_brought_back_may_be_sent_again(
    store: Store, contest_id: int, fence: Fence, export: Path, now: datetime
) -> None:
    original = take_down(store, contest_id, now)
    with store.database.write() as session:
        contest = session.get_one(Contest, contest_id)
        withdrawing.bring_back(session, contest, 2, who="Amir", now=now)
        session.commit()
    with read_entries(export) as reading:
        report = intake.import_designs(store, contest_id, reading, fence, now=now)

    assert {file.status for file in report.files} == {"same"}
    assert store.originals.has(original)
    with store.database.read() as session:
        contest = session.get_one(Contest, contest_id)
        assert purging.with_pictures(session, contest) == [1, 2, 3]


def test_a_design_withdrawn_with_its_pictures_takes_new_ones(
    store: Store, contest_id: int, fence: Fence, export: Path, now: datetime
) -> None:
    with store.database.write() as session:
        contest = session.get_one(Contest, contest_id)
        withdrawing.withdraw(session, contest, 2, "late", who="Amir", now=now)
        session.commit()
    folder_of(export, {"2.png": png(5)})
    with read_entries(export) as reading:
        report = intake.import_designs(store, contest_id, reading, fence, now=now)

    told = {file.file: file for file in report.files}["2.png"]
    assert (told.status, told.version) == ("changed", 2)
    assert told.reason == "stays withdrawn (late), until you bring it back"


@pytest.mark.parametrize("review", [False, True])
def test_nothing_is_removed_while_people_vote(
    store: Store, contest_id: int, now: datetime, *, review: bool
) -> None:
    with store.database.write() as session:
        contest = session.get_one(Contest, contest_id)
        round_ = rounds.open_round(session, contest, Kind.SHORTLIST, now)
        if review:
            rounds.close_round(session, round_, now)

        with pytest.raises(PurgeError, match="A round is running"):
            purging.purge(session, contest, {1}, now=now)


def test_a_design_that_is_not_there_is_refused(
    store: Store, contest_id: int, now: datetime
) -> None:
    with store.database.write() as session:
        contest = session.get_one(Contest, contest_id)
        with pytest.raises(PurgeError, match="no design number 9"):
            purging.purge(session, contest, {9}, now=now)


DAY = read_rights([], "2026-12-24")
EVE = datetime(2026, 12, 23, 23, 59, tzinfo=UTC)


def due_in(store: Store, contest_id: int, rights: Rights, now: datetime) -> None:
    with store.database.write() as session:
        contest = session.get_one(Contest, contest_id)
        change_contest(session, contest, rights=rights, now=now)
        session.commit()


def test_pictures_leave_by_the_clock_and_numbers_stay(
    store: Store, contest_id: int, now: datetime
) -> None:
    with store.database.write() as session:
        counted(session, session.get_one(Contest, contest_id), now)
        session.commit()
    due_in(store, contest_id, DAY, now)

    assert purging.purge_due(store, EVE) == 0
    # The other contest shows the third.
    assert purging.purge_due(store, EVE + timedelta(minutes=1)) == 2
    assert purging.purge_due(store, EVE + timedelta(days=9)) == 0

    with store.database.read() as session:
        contest = session.get_one(Contest, contest_id)
        assert purging.with_pictures(session, contest) == [3]
        round_ = rounds.latest(session, contest, Kind.SHORTLIST)
        assert len(result_of(round_).order) == 3
        log = events.chain(session, contest.id)
        removed = [e for e in log if e["kind"] == "design.pictures-removed"]
        assert [event["actor"] for event in removed] == ["system", "system"]


def test_the_day_waits_for_the_count_and_spares_what_was_decided(
    store: Store, contest_id: int, now: datetime
) -> None:
    due_in(store, contest_id, DAY, now)
    later = EVE + timedelta(days=1)
    with store.database.write() as session:
        contest = session.get_one(Contest, contest_id)
        round_ = open_shortlist(session, contest, now)
        assert purging.due(session, contest, later) == []
        cast(session, round_, "Ann", ["1", "2"], now)
        rounds.close_round(session, round_, now)
        assert purging.due(session, contest, later) == []
        counting.count_round(session, round_, now=now)
        rounds.publish_round(session, round_, now=now)
        deciding.decide(session, contest, round_, [1], "It is ours", now=now)
        assert purging.due(session, contest, later) == [1, 2, 3]
        deciding.publish(session, contest, round_, now=now)

        assert purging.due(session, contest, later) == [2, 3]


def test_a_contest_without_a_day_keeps_its_pictures(
    store: Store, contest_id: int, now: datetime
) -> None:
    due_in(store, contest_id, read_rights(["voters-only"]), now)

    assert purging.purge_due(store, now + timedelta(days=9999)) == 0


def test_a_design_is_taken_down_while_people_vote(
    store: Store, contest_id: int, now: datetime
) -> None:
    with store.database.write() as session:
        contest = session.get_one(Contest, contest_id)
        open_shortlist(session, contest, now)

        gone = purging.take_down(session, contest, 1, "a copy", who="Amir", now=now)

        assert (gone.entries, len(gone.originals)) == ([1], 1)
        assert purging.with_pictures(session, contest) == [2, 3]
        with pytest.raises(PurgeError, match="A round is running"):
            purging.purge(session, contest, {1, 2}, now=now)
        # It is withdrawn with a reason already, so none is asked for again.
        assert (
            purging.take_down(session, contest, 1, "", who="Amir", now=now).entries
            == []
        )


def test_pictures_stay_between_two_rounds_that_go_past_the_day(
    store: Store, contest_id: int, now: datetime
) -> None:
    due_in(store, contest_id, DAY, now)
    late = EVE + timedelta(days=3)
    with store.database.write() as session:
        contest = session.get_one(Contest, contest_id)
        shortlist = open_shortlist(session, contest, now)
        cast(session, shortlist, "Ann", ["1", "2"], now)
        rounds.close_round(session, shortlist, late)
        assert purging.leave_at(session, contest, late) is None
        counting.count_round(session, shortlist, now=late)
        session.commit()
    week = timedelta(days=7)

    assert purging.purge_due(store, late + week - timedelta(minutes=1)) == 0

    with store.database.write() as session:
        contest = session.get_one(Contest, contest_id)
        assert purging.leave_at(session, contest, late) == late + week
        ranking = rounds.open_round(session, contest, Kind.RANKING, late)
        assert purging.due(session, contest, late + 2 * week) == []
        rounds.close_round(session, ranking, late + week)
        counting.count_round(session, ranking, now=late + week)
        session.commit()
    # The other contest shows the third.
    assert purging.purge_due(store, late + 2 * week) == 2


def test_what_was_decided_stays_whatever_is_counted_after_it(
    store: Store, contest_id: int, now: datetime
) -> None:
    due_in(store, contest_id, DAY, now)
    with store.database.write() as session:
        contest = session.get_one(Contest, contest_id)
        shortlist = counted(session, contest, now)
        rounds.publish_round(session, shortlist, now=now)
        deciding.decide(session, contest, shortlist, [1], "It is ours", now=now)
        deciding.publish(session, contest, shortlist, now=now)
        ranking = rounds.open_round(session, contest, Kind.RANKING, now)
        rounds.close_round(session, ranking, now)
        counting.count_round(session, ranking, now=now)

        assert purging.due(session, contest, EVE + timedelta(days=1)) == [2, 3]
