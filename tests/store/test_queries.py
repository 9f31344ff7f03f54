"""What the heaviest reads cost a large site."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import event, text

from logovote.contest import counting, rounds
from logovote.store import queries
from logovote.store.models import Kind
from logovote.store.store import Store
from tests.builders import cast, make_contest, open_shortlist

ROUNDS, BALLOTS = 20, 500


@contextmanager
def statements(store: Store) -> Iterator[list[tuple[str, object]]]:
    """Note every reading statement with its values."""
    seen: list[tuple[str, object]] = []

    def note(
        _conn: object, _cursor: object, statement: str, values: object, *_rest: object
    ) -> None:
        if statement.startswith("SELECT"):
            seen.append((statement, values))

    event.listen(store.database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(store.database.engine, "before_cursor_execute", note)


def large(store: Store, now: datetime) -> int:
    """Fill many rounds with ballots, and return one of them."""
    with store.database.write() as session:
        contest = make_contest(
            session, now, designs=[1, 2, 3], voters={"core": ["Ann", "Bob"]}
        )
        group = queries.groups(session, contest.id)[0]
        for number in range(1, ROUNDS + 1):
            round_ = rounds.open_round(session, contest, Kind.SHORTLIST, now)
            cast(session, round_, "Ann", ["1"], now)
            session.execute(
                text(
                    "INSERT INTO ballot (round_id, choice, rev, saved_at, group_id, "
                    "weight, count) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
                    "SELECT i + 1 FROM n WHERE i < :many) SELECT :round, "
                    "CASE i % 2 WHEN 0 THEN '[\"1\"]' ELSE '[\"2\"]' END, 0, :now, "
                    ":group, '1', 1 FROM n"
                ).bindparams(many=BALLOTS, round=round_.id, now=now, group=group.id)
            )
            if number < ROUNDS:
                rounds.close_round(session, round_, now)
                counting.count_round(session, round_, now=now)
        session.commit()
        id_ = round_.id
    with store.database.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()
    return id_


def test_a_round_is_read_by_its_index_and_merged_by_the_database(
    store: Store, now: datetime
) -> None:
    id_ = large(store, now)
    with statements(store) as seen, store.database.read() as session:
        piles = queries.ballot_piles(session, id_)
        queries.turnout(session, id_)

    assert len(seen) == 2
    assert sorted(pile.count for pile in piles) == [BALLOTS // 2, BALLOTS // 2 + 1]
    explain = "EXPLAIN QUERY PLAN" if store.database.is_sqlite else "EXPLAIN"
    with store.database.engine.connect() as connection:
        for statement, values in seen:
            plan = str(
                connection.exec_driver_sql(f"{explain} {statement}", values).all()  # type: ignore[arg-type]
            )
            by_index = ("ballot USING INDEX", "ballot_round_id")
            assert any(sign in plan for sign in by_index), plan
            assert "Seq Scan on ballot" not in plan


def test_piles_are_in_one_order_on_every_engine(store: Store, now: datetime) -> None:
    with store.database.write() as session:
        contest = make_contest(
            session,
            now,
            designs=[1, 2, 10],
            voters={"b": ["Ann", "Bob", "Cleo"], "C": ["Dan"], "é": ["Eve"]},
        )
        round_ = open_shortlist(session, contest, now)
        for name, items in (
            ("Ann", ["10"]),
            ("Bob", ["2"]),
            ("Cleo", ["1", "2"]),
            ("Dan", ["2"]),
            ("Eve", ["none"]),
        ):
            cast(session, round_, name, items, now)
        piles = queries.ballot_piles(session, round_.id)

    assert [(pile.group, pile.choice) for pile in piles] == [
        ("C", '["2"]'),
        ("b", '["1","2"]'),
        ("b", '["10"]'),
        ("b", '["2"]'),
        ("é", '["none"]'),
    ]
