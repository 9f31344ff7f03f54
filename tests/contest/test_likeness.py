"""From pictures that come in to families that are proposed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from logovote.contest import families, intake, likeness
from logovote.imaging.worker import Fence
from logovote.ingest.reading import read_entries
from logovote.store.models import Contest, Picture, Submission
from logovote.store.store import Store
from tests.builders import folder_of, make_contest
from tests.imaging.originals import encoded
from tests.imaging.test_likeness import BLUE, NAVY, RED, WHITE, crowd, mark, sheet, word

FILES = {
    "1.png": encoded(sheet(mark(1, RED), word())),
    "2.png": encoded(sheet(mark(1, BLUE), word())),
    "3.png": encoded(sheet(mark(1, WHITE), word(ink=WHITE), ground=NAVY, below=True)),
    **{
        f"{number}.png": encoded(image)
        for number, (image, _) in enumerate(crowd(5), start=4)
    },
    "manifest.csv": b"file,designer\n1.png,Ada\n2.png,Ada\n3.png,Ada\n4.png,Bob\n"
    b"5.png,Cy\n6.png,Di\n7.png,Ed\n8.png,Flo\n",
}


@pytest.fixture
def contest_id(store: Store, now: datetime) -> int:
    with store.database.write() as session:
        contest = make_contest(session, now)
        session.commit()
        return contest.id


@pytest.fixture
def take_in(
    store: Store, contest_id: int, fence: Fence, now: datetime, tmp_path: Path
) -> Callable[..., None]:
    def take(files: dict[str, bytes], *, dry_run: bool = False) -> None:
        path = folder_of(tmp_path / f"export {len(files)}", files)
        with read_entries(path) as reading:
            intake.import_designs(
                store, contest_id, reading, fence, now=now, dry_run=dry_run
            )

    return take


def proposed(store: Store, contest_id: int) -> list[families.Grouping]:
    with store.database.read() as session:
        contest = session.get_one(Contest, contest_id)
        return [g for g in families.groupings(session, contest) if g.proposed]


def decide(
    store: Store,
    contest_id: int,
    deed: Callable[[Session, Contest, list[int]], object],
    entries: list[int],
) -> None:
    with store.database.write() as session:
        deed(session, session.get_one(Contest, contest_id), entries)
        session.commit()


def test_an_import_ends_by_proposing_families(
    store: Store, contest_id: int, take_in: Callable[..., None]
) -> None:
    take_in(FILES, dry_run=True)
    assert proposed(store, contest_id) == []

    take_in(FILES)

    (family,) = proposed(store, contest_id)
    assert family.entries == (1, 2, 3)
    assert not family.confirmed
    assert family.confidence is not None
    assert 0.5 < family.confidence < 1
    assert "the same mark" in family.reasons
    assert "same designer" in family.reasons


def test_a_revision_that_the_list_names_is_proposed_and_stays_known(
    store: Store, contest_id: int, take_in: Callable[..., None]
) -> None:
    listed = b"file,number,replaces\n4.png,4,\n5.png,5,4\n6.png,6,five\n"
    take_in(FILES | {"manifest.csv": listed})
    without_list = {name: data for name, data in FILES.items() if "csv" not in name}
    take_in(without_list)

    revision = next(g for g in proposed(store, contest_id) if g.entries == (4, 5))
    assert "a revision, says the list" in revision.reasons


def test_a_later_import_respects_what_was_decided(
    store: Store, contest_id: int, take_in: Callable[..., None]
) -> None:
    take_in(FILES)
    decide(store, contest_id, families.split, [3])
    decide(store, contest_id, families.merge, [1, 2])

    take_in(FILES | {"9.png": encoded(sheet(mark(1, NAVY), word(), below=True))})

    assert [(g.entries, g.joins) for g in proposed(store, contest_id)] == [((9,), "f1")]


def test_a_description_that_is_missing_or_malformed_leaves_its_design_alone(
    store: Store, contest_id: int, take_in: Callable[..., None]
) -> None:
    take_in(FILES)
    with store.database.write() as session:
        for entry, blob in ((1, None), (4, b"like\x01\xff")):
            design = session.query(Submission).filter_by(entry=entry).one()
            session.execute(
                update(Picture)
                .where(Picture.digest == design.digest)
                .values(likeness=blob)
            )
        session.commit()

    assert likeness.refresh(store, contest_id) == 1

    assert [g.entries for g in proposed(store, contest_id)] == [(2, 3)]
    with store.database.read() as session:
        contest = session.get_one(Contest, contest_id)
        found = likeness.propose_families(session, contest)
    assert [each.entries for each in found] == [(2, 3)]
