"""Transactions: nothing acknowledged is lost, and nobody hears "database is locked"."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from logovote.store.session import Database, DatabaseUrlError
from logovote.store.store import Store
from tests import services
from tests.builders import processes


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'counter.sqlite'}")
    with database.write() as session:
        session.execute(text("CREATE TABLE counter (value INTEGER)"))
        session.execute(text("INSERT INTO counter VALUES (0)"))
        session.commit()
    yield database
    database.dispose()


def value_of(database: Database) -> int:
    with database.read() as session:
        return int(session.scalars(text("SELECT value FROM counter")).one())


def count_up(database: Database, times: int) -> None:
    """Read, then write what was read plus one: the way of a ballot's revision."""
    for _ in range(times):
        with database.write() as session:
            value = session.scalars(text("SELECT value FROM counter")).one()
            session.execute(text("UPDATE counter SET value = :v"), {"v": value + 1})
            session.commit()


def count_up_elsewhere(url: str, times: int) -> None:
    database = Database(url)
    count_up(database, times)
    database.dispose()


@pytest.mark.parametrize(
    ("pragma", "expected"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),  # FULL
        ("busy_timeout", 15000),
        ("foreign_keys", 1),
        ("recursive_triggers", 1),
        ("journal_size_limit", 67108864),
    ],
)
def test_every_connection_is_durable_and_strict(
    counter: Database, pragma: str, expected: object
) -> None:
    for engine in (counter.engine, counter.writing_engine):
        with engine.connect() as connection:
            assert connection.scalar(text(f"PRAGMA {pragma}")) == expected


def test_postgresql_waits_for_the_disk_though_its_server_does_not(
    postgresql: services.PostgreSQL, postgresql_store: Store
) -> None:
    with create_engine(postgresql.admin, poolclass=NullPool).connect() as connection:
        assert connection.scalar(text("SHOW synchronous_commit")) == "off"
    with postgresql_store.database.engine.connect() as connection:
        assert connection.scalar(text("SHOW synchronous_commit")) == "on"


def test_threads_that_read_and_then_write_lose_nothing(counter: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: count_up(counter, 10), range(8)))

    assert value_of(counter) == 80


def test_processes_that_read_and_then_write_lose_nothing(counter: Database) -> None:
    url = str(counter.engine.url)
    with processes(3) as pool:
        for done in [pool.submit(count_up_elsewhere, url, 25) for _ in range(3)]:
            done.result()

    assert value_of(counter) == 75


def test_a_writing_session_holds_the_lock_from_its_first_read(
    counter: Database, tmp_path: Path
) -> None:
    with counter.write() as session:
        session.scalars(text("SELECT value FROM counter")).one()
        other = sqlite3.connect(tmp_path / "counter.sqlite", timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("UPDATE counter SET value = 99")
        other.close()


def test_writers_queue_for_the_turn_instead_of_retrying(counter: Database) -> None:
    writer = threading.Thread(target=count_up, args=(counter, 1))
    with counter.turn():
        writer.start()
        writer.join(timeout=0.1)
        assert writer.is_alive()
        assert value_of(counter) == 0
    writer.join()

    assert value_of(counter) == 1


def test_readers_do_not_wait_for_a_writer(counter: Database) -> None:
    with counter.write() as session:
        session.execute(text("UPDATE counter SET value = 7"))
        assert value_of(counter) == 0
        session.commit()

    assert value_of(counter) == 7


def test_what_is_not_committed_is_gone(counter: Database) -> None:
    with counter.write() as session:
        session.execute(text("UPDATE counter SET value = 7"))

    assert value_of(counter) == 0


def test_an_error_does_not_tell_what_was_to_be_written(counter: Database) -> None:
    with pytest.raises(OperationalError) as failed, counter.write() as session:
        session.execute(text("UPDATE nothing SET value = :v"), {"v": "a ballot"})

    assert "a ballot" not in str(failed.value)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "must look like sqlite:"),
        ("garbage", "must look like sqlite:"),
        ("nosql://me:secret@host/name", "must look like sqlite:"),
        ("postgresql://me:secret@host:port/name", "must look like sqlite:"),
        ("mysql+pymysql://me:secret@host/name", "not installed here"),
    ],
)
def test_an_address_of_no_database_is_refused_without_telling_it(
    url: str, message: str
) -> None:
    with pytest.raises(DatabaseUrlError, match=message) as refused:
        Database(url)

    assert "secret" not in str(refused.value)


def test_a_writer_that_fails_gives_its_turn_back(counter: Database) -> None:
    with pytest.raises(OperationalError), counter.write() as session:
        session.execute(text("UPDATE nothing SET value = 1"))

    count_up(counter, 1)

    assert value_of(counter) == 1
