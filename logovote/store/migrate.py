"""Brings a database up to the tables of this release, from a checkout or a wheel.

Alembic is imported only where there is something to migrate: that is once per release,
and importing it takes longer than all the rest of opening a store.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, inspect, text

from logovote.errors import LogovoteError
from logovote.paths import MIGRATIONS
from logovote.store.session import Database

if TYPE_CHECKING:
    from alembic.config import Config

_REVISION = re.compile(r'^(revision|down_revision) = "([^"]+)"$', re.MULTILINE)


class MigrationError(LogovoteError):
    """The tables cannot be brought up to this release."""


def is_current(database: Database) -> bool:
    """Tell whether the database has every migration of this release."""
    with database.engine.connect() as connection:
        return _applied(connection) == _newest()


class BehindError(LogovoteError):
    """The database does not have the tables of this release yet."""


def require(database: Database) -> None:
    """Make sure that the database can be used by this release.

    SQLite is brought up to date on the way. Where several machines share a database,
    one of them does that once, by command, while the others go on serving; so a
    database that is ahead of this release is fine.

    Raises:
        BehindError: it is behind.
    """
    if database.is_sqlite:
        upgrade(database)
        return
    if not is_usable(database):
        raise BehindError(
            "The database does not have the tables of this release yet. Run this once, "
            "on one machine: logovote db upgrade"
        )


def is_usable(database: Database) -> bool:
    """Tell whether the database has the tables of this release, or of a later one."""
    with database.engine.connect() as connection:
        applied = _applied(connection)
    return applied == _newest() or bool(applied - _names()["revision"])


def _applied(connection: Connection) -> set[str]:
    if not inspect(connection).has_table("alembic_version"):
        return set()
    return set(connection.scalars(text("SELECT version_num FROM alembic_version")))


def newest() -> str:
    """Name the tables of this release."""
    return ",".join(sorted(_newest()))


def _newest() -> set[str]:
    """Return the revisions that no other one builds on."""
    names = _names()
    return names["revision"] - names["down_revision"]


def _names() -> dict[str, set[str]]:
    """Return what the files of revisions say of themselves."""
    names: dict[str, set[str]] = {"revision": set(), "down_revision": set()}
    for path in (MIGRATIONS / "versions").glob("*.py"):
        for kind, revision in _REVISION.findall(path.read_text(encoding="utf-8")):
            names[kind].add(revision)
    return names


def _config() -> Config:
    """Configure Alembic in code: there is no ini file to lose in packaging."""
    from alembic.config import Config  # noqa: PLC0415 - slow to import, see above

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(database: Database) -> None:
    """Run the missing migrations; several processes may start this at once."""
    if is_current(database):
        return
    from alembic import command  # noqa: PLC0415 - slow to import, see above

    config = _config()
    with migrating(database) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextlib.contextmanager
def migrating(database: Database) -> Iterator[Connection]:
    """Open a transaction in which tables may be rebuilt.

    SQLite alters most tables by a copy that takes the old one's place. To drop the old
    one would delete its rows, and with them, or not at all, all that refer to them: so
    it does not watch references meanwhile, and they are checked at the end.

    Raises:
        MigrationError: a row refers to one that is not there; nothing was changed.
    """
    with database.turn(), database.writing_engine.connect() as connection:
        _watch_references(connection, database, "OFF")
        try:
            with connection.begin():
                yield connection
                if database.is_sqlite:
                    _check_references(connection)
        finally:
            _watch_references(connection, database, "ON")


def _watch_references(connection: Connection, database: Database, state: str) -> None:
    """Switch it straight at the driver: within a transaction it would do nothing."""
    if database.is_sqlite:
        driver: Any = connection.connection.driver_connection
        driver.execute(f"PRAGMA foreign_keys={state}")


def _check_references(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise MigrationError(
            f"The database was not changed: a row of its table {broken[0]} refers to "
            f"one of {broken[2]} that is not there. Restore a backup, or ask for help."
        )


def revise(database: Database, message: str, revision: str) -> None:
    """Write a new revision from the difference between models and `database`."""
    from alembic import command  # noqa: PLC0415 - slow to import, see above

    config = _config()
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.revision(config, message, autogenerate=True, rev_id=revision)
