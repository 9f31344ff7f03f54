"""Many at once: what those who save and those who close a round owe each other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TypeVar

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from logovote.contest import (
    beacons,
    casting,
    contests,
    counting,
    events,
    people,
    quarantine,
    rounds,
)
from logovote.contest.rounds import RoundError
from logovote.store import queries
from logovote.store.models import Ballot, Contest, Kind, Phase, Round, Save
from logovote.store.store import Store
from tests.builders import make_contest

T = TypeVar("T")
VOTERS = 6
CLOSES = 20


@pytest.fixture
def acme(store: Store, now: datetime) -> Store:
    """A store with an open round and a few voters."""
    with store.database.write() as session:
        names = [f"V{number}" for number in range(VOTERS)]
        contest = make_contest(session, now, designs=[1, 2], voters={"core": names})
        rounds.open_round(session, contest, Kind.SHORTLIST, now, beacon="draw 1")
        session.commit()
    return store


def save(store: Store, number: int, base_rev: int, save_id: str, now: datetime) -> int:
    """Save as a request does, in a session of its own, and return the revision."""
    with store.database.write() as session:
        round_ = session.scalars(select(Round).order_by(Round.id.desc())).first()
        assert round_ is not None
        voter = queries.voters(session, round_.contest_id)[number]
        receipt = casting.save_ballot(
            session,
            round_,
            voter,
            base_rev=base_rev,
            save_id=save_id,
            items=[str(1 + base_rev % 2)],
            now=now,
        )
        session.commit()
        return receipt.rev


def at_once(*deeds: Callable[[], T]) -> list[T | BaseException]:
    """Start deeds at the same moment and return what became of each."""
    ready = threading.Barrier(len(deeds))

    def do(deed: Callable[[], T]) -> T | BaseException:
        ready.wait()
        try:
            return deed()
        except Exception as error:  # noqa: BLE001 - looked at by the test
            return error

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(do, deeds))


def test_eight_equal_first_saves_make_one_ballot_and_one_receipt(
    acme: Store, now: datetime
) -> None:
    revs = at_once(*[lambda: save(acme, 0, 0, "same-save", now)] * 8)

    assert revs == [1] * 8
    with acme.database.read() as session:
        assert session.scalar(select(func.count(Ballot.id))) == 1
        assert session.scalar(select(func.count(Save.id))) == 1


def test_eight_equal_later_saves_get_one_receipt(acme: Store, now: datetime) -> None:
    """Who waits for the ballot has looked for the save before it was there."""
    save(acme, 0, 0, "first-save", now)

    assert at_once(*[lambda: save(acme, 0, 1, "same-save", now)] * 8) == [2] * 8


def test_of_two_windows_with_one_revision_one_hears_of_a_conflict(
    acme: Store, now: datetime
) -> None:
    save(acme, 0, 0, "first-save", now)

    ends = at_once(
        lambda: save(acme, 0, 1, "here-save", now),
        lambda: save(acme, 0, 1, "there-save", now),
    )

    assert sorted(map(str, (type(end).__name__ for end in ends))) == [
        "ConflictError",
        "int",
    ]


def test_nothing_is_saved_once_a_round_is_closed(acme: Store, now: datetime) -> None:
    """Twenty closes under load, each with all that was acknowledged before it."""
    for _ in range(CLOSES):
        stop = threading.Event()
        acknowledged = [_vote_on(acme, number, stop, now) for number in range(VOTERS)]
        with ThreadPoolExecutor(VOTERS) as pool:
            voters = [pool.submit(vote) for vote in acknowledged]
            time.sleep(0.05)
            with acme.database.write() as session:
                round_ = _round(session)
                rounds.close_round(session, round_, now)
                counted = _revisions(session)
                session.commit()
            stop.set()
            last = [voter.result() for voter in voters]

        with acme.database.write() as session:
            assert _revisions(session) == counted
            assert sorted(rev for rev in last if rev) == sorted(counted.values())
            rounds.reopen_round(session, _round(session), now=now)
            session.commit()


def _round(session: Session) -> Round:
    return session.scalars(select(Round)).one()


def _revisions(session: Session) -> dict[int, int]:
    session.expire_all()
    return {
        ballot.voter_id or 0: ballot.rev for ballot in session.scalars(select(Ballot))
    }


def _vote_on(
    store: Store, number: int, stop: threading.Event, now: datetime
) -> Callable[[], int]:
    """Return a voter who saves until told to stop, and knows the last receipt."""
    with store.database.read() as session:
        voter = queries.voters(session, _round(session).contest_id)[number]
        rev = _revisions(session).get(voter.id, 0)

    def vote() -> int:
        last = rev
        while not stop.is_set():
            try:
                last = save(store, number, last, f"save-{number}-{last}", now)
            except casting.RoundClosedError:
                return last
        return last

    return vote


def test_two_organisers_open_one_round(acme: Store, now: datetime) -> None:
    with acme.database.write() as session:
        contest = make_contest(
            session, now, slug="beta", designs=[1, 2], voters={"core": ["Ann"]}
        )
        session.commit()
        contest_id = contest.id

    def open_(kind: Kind) -> Phase:
        with acme.database.write() as session:
            contest = session.get_one(Contest, contest_id)
            round_ = rounds.open_round(session, contest, kind, now)
            session.commit()
            return round_.phase

    ends = at_once(lambda: open_(Kind.SHORTLIST), lambda: open_(Kind.RANKING))

    assert ends.count(Phase.OPEN) == 1
    assert any(isinstance(end, RoundError) for end in ends)


def test_deeds_of_several_organisers_make_one_chain(acme: Store, now: datetime) -> None:
    def log(number: int) -> None:
        with acme.database.write() as session:
            contest = contests.contest_by_slug(session, "acme")
            events.record(session, contest.id, "test.deed", {"n": number}, now=now)
            session.commit()

    ends = at_once(*[lambda n=n: log(n) for n in range(8)])

    assert ends == [None] * 8
    with acme.database.read() as session:
        contest = contests.contest_by_slug(session, "acme")
        chain = events.chain(session, contest.id)
    assert events.broken_at(chain) is None
    assert [event["kind"] for event in chain].count("test.deed") == 8


def test_people_do_not_change_between_the_close_and_the_count(
    acme: Store, now: datetime
) -> None:
    """Whoever is first, the other sees what the first has done."""

    def close() -> str:
        with acme.database.write() as session:
            rounds.close_round(session, _round(session), now)
            session.commit()
            return "closed"

    def add() -> str:
        with acme.database.write() as session:
            contest = contests.contest_by_slug(session, "acme")
            people.import_people(
                session,
                contest,
                people.read_people(b"email,name,group\nzoe@example.org,Zoe,core\n"),
            )
            time.sleep(0.2)
            session.commit()
            return "added"

    added, closed = at_once(add, close)

    with acme.database.read() as session:
        contest = contests.contest_by_slug(session, "acme")
        kinds = [event["kind"] for event in events.chain(session, contest.id)]
    assert closed == "closed"
    if added == "added":
        assert kinds.index("round.closed") == len(kinds) - 1
    else:
        assert isinstance(added, RoundError)


def test_a_page_shows_one_state_of_the_database(acme: Store, now: datetime) -> None:
    with acme.database.read() as reader:
        before = reader.scalar(select(func.count(Ballot.id)))
        save(acme, 0, 0, "first-save", now)

        assert reader.scalar(select(func.count(Ballot.id))) == before


def test_who_only_looks_cannot_write_on_postgresql(postgresql_store: Store) -> None:
    with (
        postgresql_store.database.read() as session,
        pytest.raises(DatabaseError, match="read-only"),
    ):
        session.execute(text("DELETE FROM ballot"))


def test_text_with_a_nul_is_kept_as_far_as_the_database_can(
    store: Store, now: datetime
) -> None:
    with store.database.write() as session:
        contest = make_contest(session, now)
        contest.title = "A logo\0for Acme"
        session.flush()
        session.refresh(contest)

        assert contest.title in {
            "A logo\0for Acme",
            "A logo\N{REPLACEMENT CHARACTER}for Acme",
        }


def test_who_changes_a_round_holds_its_contest_first(
    acme: Store, engine: str, now: datetime
) -> None:
    """Else two could wait for each other: every deed is logged in its contest."""
    save(acme, 0, 0, "first-save", now)
    waits = timedelta(days=1)
    deeds: list[Callable[[Session, Round], object]] = [
        lambda s, r: rounds.extend_round(s, r, now + waits, now),
        lambda s, r: rounds.close_ended(s, r, now + 2 * waits),
        lambda s, r: rounds.reopen_round(s, r, now=now + waits),
        lambda s, r: rounds.close_round(s, r, now),
        lambda s, r: beacons.enter(s, r, "4f" * 32),
        lambda s, r: quarantine.set_aside(s, r, [1], "twice"),
        lambda s, r: quarantine.take_back(s, r, [1]),
        counting.count_round,
        rounds.publish_round,
    ]
    for deed in deeds:
        with acme.database.write() as session, locks_of(acme) as locks:
            deed(session, _round(session))
            session.commit()
        first = ["contest", "round"] if engine == "postgresql" else []
        assert locks[:2] == first


@contextmanager
def locks_of(store: Store) -> Iterator[list[str]]:
    """Name the tables whose rows are held, in the order in which they are asked for."""
    seen: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "FOR UPDATE" in statement or "FOR NO KEY UPDATE" in statement:
            seen.append(statement.partition("FROM ")[2].split()[0])

    event.listen(store.database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(store.database.engine, "before_cursor_execute", note)
