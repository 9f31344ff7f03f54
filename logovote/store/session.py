"""The database: one engine, and sessions that read or write."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import DeclarativeBase, Session

from logovote.errors import LogovoteError

if sys.platform != "win32":
    import fcntl

# Measured with four processes: a deferred BEGIN that reads and then writes
# fails with "database is locked" in half of all cases, at once, and the driver's own
# default loses updates silently. BEGIN IMMEDIATE does neither.
_BEGIN = {False: "BEGIN", True: "BEGIN IMMEDIATE"}
_PRAGMAS = {
    "journal_mode": "WAL",
    # FULL, not NORMAL: an acknowledged ballot must survive a power cut.
    "synchronous": "FULL",
    "busy_timeout": "15000",
    "foreign_keys": "ON",
    "recursive_triggers": "ON",
    "journal_size_limit": "67108864",
}


# Threads of one process share these; a stalled lock must not stall a site.
_POOL: dict[str, Any] = {
    "pool_pre_ping": True,
    "pool_size": 8,
    "max_overflow": 8,
    "pool_timeout": 10,
    "connect_args": {
        "application_name": "logovote",
        "connect_timeout": 10,
        # The claims of a machine that is cut off become free in half a minute.
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 4,
    },
}
_DRIVERS = frozenset({"sqlite", "sqlite+pysqlite", "postgresql+psycopg"})
# What is acknowledged is on the disk, also where the server does not insist on it.
_POSTGRESQL = """
    SET TIME ZONE 'UTC';
    SET lock_timeout = '15s';
    SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') = 'off'
"""


_TRY_LOCK = text("SELECT pg_try_advisory_lock(:kind, :key)")
_UNLOCK = text("SELECT pg_advisory_unlock(:kind, :key)")
_IS_LOCKED = text(
    "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted "
    "AND classid = CAST(CAST(:kind AS bigint) AS oid) "
    "AND objid = CAST(CAST(:key AS bigint) AS oid) AND database = "
    "(SELECT oid FROM pg_database WHERE datname = current_database()) LIMIT 1"
)


class DatabaseUrlError(LogovoteError):
    """LOGOVOTE_DATABASE_URL cannot be used."""


class DatabaseBusyError(LogovoteError):
    """Others use the database in a way that this deed cannot stand."""


class Database:
    """Hands out sessions; knows what differs between SQLite and other engines."""

    def __init__(self, url: str) -> None:
        parsed = _parsed(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.engine = create_engine(
            parsed,
            # What an error message tells goes into logs; ballots must not.
            hide_parameters=True,
            **({} if self.is_sqlite else _POOL),
        )
        self.writing_engine = self.engine.execution_options(logovote_write=True)
        self._turn: Path | None = None
        if self.is_sqlite:
            self._turn = Path(f"{parsed.database}.turn")
            self._reading_engine = self.engine
            _teach_sqlite(self.engine)
        else:
            # As on SQLite: a page shows one state of the database, and changes none.
            self._reading_engine = self.engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            _teach_postgresql(self.engine)

    def read(self) -> Session:
        """Open a session for looking only."""
        return Session(self._reading_engine)

    @contextlib.contextmanager
    def write(self) -> Iterator[Session]:
        """Open a session for changes; the caller commits.

        On SQLite writers queue for the turn in the kernel instead of sleeping and
        retrying, which is fairer and keeps the slowest save fast.
        """
        with self.turn(), Session(self.writing_engine) as session:
            yield session

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for, and hold, the right to write (SQLite only)."""
        if self._turn is None:
            yield
            return
        with waiting_for(self._turn):
            yield

    @contextlib.contextmanager
    def claim(self, kind: int, key: int) -> Iterator[bool]:
        """Hold a name that one process at a time may hold; False if another does.

        Nobody waits, and the name of a process that dies is free at once. On PostgreSQL
        only: elsewhere one process does the work alone.

        Args:
            kind: what is claimed, of a sort.
            key: which one; 32 bits, with their sign.
        """
        if self.is_sqlite:
            yield True
            return
        with self.engine.connect().execution_options(
            isolation_level="AUTOCOMMIT"
        ) as connection:
            name = {"kind": kind, "key": key}
            mine = bool(connection.scalar(_TRY_LOCK, name))
            try:
                yield mine
            finally:
                if mine:
                    connection.execute(_UNLOCK, name)

    def is_claimed(self, kind: int, key: int) -> bool:
        """Tell whether any process holds a name now."""
        if self.is_sqlite:
            return False
        with self.engine.connect() as connection:
            # The list of locks shows it without its sign.
            name = {"kind": kind, "key": key % 2**32}
            return connection.scalar(_IS_LOCKED, name) is not None

    def rewrite(self) -> None:
        """Write the database anew, so that its files hold nothing that was deleted.

        Raises:
            DatabaseBusyError: somebody reads an older state, which must be kept.
        """
        if not self.is_sqlite:
            # Copies the tables: what a deleted row left behind goes with the old files.
            with self.engine.connect().execution_options(
                isolation_level="AUTOCOMMIT"
            ) as connection:
                connection.exec_driver_sql("VACUUM FULL")
            return
        with self.turn(), contextlib.closing(self.engine.raw_connection()) as raw:
            # Straight to the driver: neither may stand in a transaction.
            cursor = raw.cursor()
            cursor.execute("VACUUM")
            busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise DatabaseBusyError(
                "The database is being read, so its files could not be written anew: "
                "what was deleted is still in them. Stop the site and repeat the "
                "command."
            )

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    close = dispose


def is_postgresql(session: Session) -> bool:
    """Tell whether a session speaks with PostgreSQL."""
    return session.get_bind().dialect.name == "postgresql"


def insert_into(
    session: Session, table: type[DeclarativeBase]
) -> postgresql.Insert | sqlite.Insert:
    """Begin an INSERT that knows what to do about a row that is there already."""
    insert = postgresql.insert if is_postgresql(session) else sqlite.insert
    return insert(table)


@contextlib.contextmanager
def waiting_for(path: Path) -> Iterator[None]:
    """Wait for a turn that one process has at a time; the kernel gives back a dead's.

    On Windows nobody waits: serve a data folder there by one process.
    """
    if sys.platform == "win32":
        yield
        return
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _parsed(url: str) -> URL:
    """Check where the database is; no message repeats it, for it may hold a password.

    Raises:
        DatabaseUrlError: it is no such address, or its driver is not installed.
    """
    try:
        parsed = make_url(url)
        # How most hosts of PostgreSQL write it; there is one driver that we know.
        if parsed.drivername in {"postgresql", "postgres"}:
            parsed = parsed.set(drivername="postgresql+psycopg")
        parsed.get_dialect().import_dbapi()
    except (ArgumentError, ValueError) as error:
        raise DatabaseUrlError(
            "LOGOVOTE_DATABASE_URL is no address of a database. It must look like "
            "sqlite:////srv/logovote.sqlite or postgresql://user:password@host/name"
        ) from error
    except ImportError as error:
        raise DatabaseUrlError(
            "LOGOVOTE_DATABASE_URL needs a driver that is not installed here "
            f"({error.name}). For PostgreSQL: pip install 'logovote[postgres]'"
        ) from error
    if parsed.drivername not in _DRIVERS:
        raise DatabaseUrlError(
            f"LOGOVOTE_DATABASE_URL names {parsed.drivername}, which logovote does not "
            "know. Use SQLite, or PostgreSQL by an address like "
            "postgresql://user:password@host/name"
        )
    return parsed


def _teach_sqlite(engine: Engine) -> None:
    """Make SQLite durable and its transactions explicit."""

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the "begin" event below begins
        for name, value in _PRAGMAS.items():
            connection.execute(f"PRAGMA {name}={value}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writing = bool(connection.get_execution_options().get("logovote_write"))
        connection.exec_driver_sql(_BEGIN[writing])


def _teach_postgresql(engine: Engine) -> None:
    """Make PostgreSQL take the text that SQLite takes, and give up on long waits."""
    from psycopg.types.string import StrDumperUnknown  # noqa: PLC0415 - an extra

    class WithoutNul(StrDumperUnknown):
        """Writes text with a mark where there was a NUL, which no column can hold."""

        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\0", "\N{REPLACEMENT CHARACTER}"))

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        connection.adapters.register_dumper(str, WithoutNul)
        connection.execute(_POSTGRESQL)
        connection.commit()
