from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, inspect, select, text

from logovote import recount
from logovote.contest import (
    casting,
    counting,
    events,
    ledger,
    people,
    roll,
    rounds,
    sealing,
)
from logovote.contest.bundle import bundle_of
from logovote.contest.contests import contest_by_slug
from logovote.contest.sealing import SealError
from logovote.store.base import Base
from logovote.store.models import Ballot, Kind, Save, SealedBallot, TookPart, Voter
from logovote.store.session import DatabaseBusyError
from logovote.store.store import Store
from tests.builders import make_contest, open_shortlist

VOTERS = [f"Voter{number}" for number in range(40)]


def nonce_of(name: str) -> str:
    return f"{int(name[5:]) + 1:02x}" + "c0ffee" * 5


def keep_deleted_bytes(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA secure_delete=OFF")


@pytest.fixture
def published(store: Store, now: datetime) -> Store:
    """A published round with forty ballots, voted in the order of the roll."""
    if store.database.is_sqlite:
        # Some builds blank deleted bytes by themselves; sealing must not need it.
        store.database.dispose()
        event.listen(store.database.engine, "connect", keep_deleted_bytes)
    with store.database.write() as session:
        contest = make_contest(session, now, designs=[1, 2, 3], voters={"core": VOTERS})
        round_ = open_shortlist(session, contest, now)
        for voter in session.scalars(select(Voter).order_by(Voter.id)).all():
            session.refresh(voter, ["person", "group"])
            casting.save_ballot(
                session,
                round_,
                voter,
                base_rev=0,
                save_id=f"save-{voter.id:08}",
                items=[str(1 + voter.id % 3)],
                nonce=nonce_of(voter.person.name),
                now=now,
            )
        rounds.close_round(session, round_, now)
        counting.count_round(session, round_, now=now)
        rounds.publish_round(session, round_, now=now)
        session.commit()
    return store


def seal(store: Store, now: datetime, *, waive: bool = False) -> None:
    with store.database.write() as session:
        contest = contest_by_slug(session, "acme")
        sealing.seal_rounds(session, contest, now, waive=waive)
        session.commit()
    store.database.rewrite()


def bytes_of(store: Store) -> bytes:
    """All bytes of the database's files, the write-ahead log among them."""
    path = Path(str(store.database.engine.url.database))
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


def holds(data: bytes, nonce: str) -> bool:
    return nonce.encode() in data or bytes.fromhex(nonce) in data


@pytest.mark.sqlite
def test_before_sealing_the_files_hold_the_nonces(published: Store) -> None:
    data = bytes_of(published)

    assert all(holds(data, nonce_of(name)) for name in VOTERS)


@pytest.mark.sqlite
def test_after_sealing_no_byte_of_a_nonce_is_left(
    published: Store, now: datetime
) -> None:
    with published.database.read() as session:
        codes = session.scalars(select(Save.code)).all()
        ids = session.scalars(select(Save.save_id)).all()

    seal(published, now + sealing.WINDOW)

    data = bytes_of(published)
    assert len(codes) == len(VOTERS)
    assert not [name for name in VOTERS if holds(data, nonce_of(name))]
    assert not [secret for secret in (*codes, *ids) if secret.encode() in data]


def test_after_sealing_no_columns_lead_from_a_voter_to_a_ballot(
    published: Store, now: datetime
) -> None:
    """No row that is left refers to a voter and says anything of a ballot."""
    seal(published, now + sealing.WINDOW)
    voters_tables = {
        table.name
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name in {"voter", "person"}
    }
    # Who may vote, who signs in, that somebody took part: nothing of what they said.
    harmless = {"voter", "sign_in", "identity", "link_request", "organiser_link"}
    harmless |= {"took_part", "join_request"}

    with published.database.read() as session:
        left = {
            name: session.scalar(text(f"SELECT count(*) FROM {name}"))  # noqa: S608 - our own tables
            for name in voters_tables - harmless
        }

    assert "ballot" in left
    assert set(left.values()) == {0}
    assert not any(
        key.column
        for key in SealedBallot.__table__.foreign_keys
        if key.column.table.name != "round"
    )
    assert {c.name for c in TookPart.__table__.columns} == {"round_id", "voter_id"}


def test_sealed_rows_stand_in_the_order_of_their_tags(
    published: Store, now: datetime
) -> None:
    seal(published, now + sealing.WINDOW)

    place = "rowid" if published.database.is_sqlite else "ctid"
    with published.database.read() as session:
        tags = session.scalars(
            text(f"SELECT tag FROM sealed_ballot ORDER BY {place}")  # noqa: S608 - ours
        ).all()
    assert tags == sorted(tags)
    assert len(tags) == len(VOTERS)


def test_rows_in_order_of_tags_are_not_in_order_of_voters() -> None:
    """A thousand voters: the rank correlation is below a tenth."""
    tags = {
        ledger.tag(f"{number:032x}", 1, f"v{number}@example.org"): number
        for number in range(1000)
    }

    assert abs(_correlation([tags[tag] for tag in sorted(tags)])) < 0.1


def _correlation(order: list[int]) -> float:
    """Spearman's rank correlation of a list with its own order."""
    rank = {value: place for place, value in enumerate(sorted(order))}
    n = len(order)
    squares = sum((place - rank[value]) ** 2 for place, value in enumerate(order))
    return 1 - 6 * squares / (n * (n * n - 1))


def test_after_sealing_the_bundle_is_the_same_and_still_reproduces(
    published: Store, now: datetime, tmp_path: Path
) -> None:
    def bundle() -> bytes:
        with published.database.read() as session:
            contest = contest_by_slug(session, "acme")
            return bundle_of(
                session, rounds.latest(session, contest, Kind.SHORTLIST)
            ).data

    before = bundle()
    seal(published, now + sealing.WINDOW)
    path = tmp_path / "bundle.zip"
    path.write_bytes(bundle())

    assert path.read_bytes() == before
    assert recount.check(str(path), None)["exit"] == recount.REPRODUCED


def test_sealing_keeps_the_lines_and_who_took_part(
    published: Store, now: datetime
) -> None:
    seal(published, now + sealing.WINDOW)

    with published.database.read() as session:
        contest = contest_by_slug(session, "acme")
        sealed = session.scalars(select(SealedBallot)).all()
        took_part = session.scalars(select(TookPart.voter_id)).all()
        last = events.chain(session, contest.id)[-1]
        assert session.scalars(select(Ballot)).first() is None

    assert {json.loads(each.choice)[0] for each in sealed} == {"1", "2", "3"}
    assert {each.weight_class for each in sealed} == {"core"}
    assert len(sealed) == len(took_part) == len(VOTERS)
    assert (last["kind"], last["payload"]["waived"]) == ("round.sealed", False)


def test_who_is_moved_after_the_count_takes_no_ballot_along(
    published: Store, now: datetime
) -> None:
    """People are regrouped for the ranking while the shortlist waits to be sealed."""
    with published.database.write() as session:
        contest = contest_by_slug(session, "acme")
        files = (
            b"email,group,weight\nvoter0@example.org,core,0\nvoter1@example.org,crowd,2",
            b"email,group\nvoter1@example.org,jury",
        )
        rows = [row for file in files for row in people.read_people(file)]
        people.import_people(session, contest, rows)
        roll.change(session, contest, "voter1@example.org", group="late", now=now)
        session.commit()

    seal(published, now + sealing.WINDOW)

    with published.database.read() as session:
        contest = contest_by_slug(session, "acme")
        round_ = rounds.latest(session, contest, Kind.SHORTLIST)
        root = ledger.merkle_root(
            ledger.ballot_line(each.tag, each.weight_class, json.loads(each.choice))
            for each in session.scalars(select(SealedBallot))
        )
        last = events.chain(session, contest.id)[-1]["payload"]
        assert root == round_.closing_root
        assert last["ballots"] == len(VOTERS)


def test_voters_have_a_week_to_object(published: Store, now: datetime) -> None:
    with pytest.raises(SealError, match="may object until 30 November 2026"):
        seal(published, now + sealing.WINDOW - timedelta(seconds=1))


def test_the_week_can_be_waived_and_the_log_says_so(
    published: Store, now: datetime
) -> None:
    seal(published, now, waive=True)

    with published.database.read() as session:
        contest = contest_by_slug(session, "acme")
        assert events.chain(session, contest.id)[-1]["payload"]["waived"] is True


def test_sealing_again_changes_nothing(published: Store, now: datetime) -> None:
    seal(published, now, waive=True)
    with published.database.read() as session:
        contest_id = contest_by_slug(session, "acme").id
        head = events.head(session, contest_id)

    seal(published, now)

    with published.database.read() as session:
        assert events.head(session, contest_id) == head


def test_what_is_not_published_cannot_be_sealed(store: Store, now: datetime) -> None:
    with store.database.write() as session:
        make_contest(session, now)
        session.commit()

    with pytest.raises(SealError, match="no round of this contest is published"):
        seal(store, now)


@pytest.mark.sqlite
def test_who_reads_meanwhile_keeps_the_files_from_being_written_anew(
    published: Store, now: datetime
) -> None:
    with published.database.read() as reader:
        reader.execute(text("SELECT count(*) FROM ballot")).all()
        with pytest.raises(DatabaseBusyError, match="repeat the command"):
            seal(published, now, waive=True)
        reader.rollback()
    published.database.rewrite()

    assert not holds(bytes_of(published), nonce_of(VOTERS[0]))


def test_other_traces_of_a_round_are_named_in_one_place(published: Store) -> None:
    """A table that joins voters to rounds is cleared by sealing, or harmless."""
    tables = {
        table.name
        for table in Base.metadata.tables.values()
        if {"round_id", "voter_id"} <= set(table.columns.keys())
    }

    assert tables <= {"ballot", "took_part", *sealing._TRACES}
    assert inspect(published.database.engine).has_table("ballot")
