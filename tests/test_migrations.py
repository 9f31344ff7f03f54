"""Migrations: from nothing to this release, by whoever starts first."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import inspect, text

from logovote.store import migrate
from logovote.store.base import Base
from logovote.store.session import Database
from tests.builders import processes
from tests.random_rounds import random_bundle

PROCESSES = 4


def upgrade(url: str) -> bool:
    database = Database(url)
    migrate.upgrade(database)
    current = migrate.is_current(database)
    database.dispose()
    return current


def differences(url: str) -> list[object]:
    database = Database(url)
    with database.engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    database.dispose()
    return list(found)


# It cannot change most tables but by copying them, and then looks after what refers to
# them by itself; PostgreSQL does neither.
ONLY_SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database, of either kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'site.sqlite'}"
        return
    server = request.getfixturevalue("postgresql")
    url = server.create()
    yield url
    server.drop(url)


def test_migrations_make_exactly_the_tables_of_the_models(url: str) -> None:
    upgrade(url)

    assert differences(url) == []


def test_upgrading_again_changes_nothing(url: str) -> None:
    upgrade(url)

    assert upgrade(url)
    assert differences(url) == []


def test_a_database_is_not_current_before_its_migrations(url: str) -> None:
    database = Database(url)

    assert not migrate.is_current(database)
    database.dispose()


def test_processes_may_upgrade_one_new_database_at_once(url: str) -> None:
    with processes(PROCESSES) as pool:
        done = [pool.submit(upgrade, url) for _ in range(PROCESSES)]
        assert all(task.result() for task in done)

    assert differences(url) == []


def test_every_constraint_has_a_name_that_migrations_can_find(url: str) -> None:
    upgrade(url)
    database = Database(url)
    inspector = inspect(database.engine)
    unnamed = [
        (table, constraint)
        for table in Base.metadata.tables
        for constraint in (
            *inspector.get_foreign_keys(table),
            *inspector.get_unique_constraints(table),
        )
        if not constraint["name"]
    ]
    database.dispose()

    assert unnamed == []


def rows(database: Database) -> dict[tuple[str, str], list[Any]]:
    """Read every column of every table, in an order that belongs to its values."""
    inspector = inspect(database.engine)
    found = {}
    with database.engine.connect() as connection:
        for table in inspector.get_table_names():
            for column in (each["name"] for each in inspector.get_columns(table)):
                query = text(f'SELECT "{column}" FROM "{table}"')  # noqa: S608 - our own tables
                values = connection.scalars(query).all()
                found[table, column] = sorted(values, key=repr)
    del found["alembic_version", "version_num"]
    return found


def migrate_to(database: Database, revision: str, *, down: bool = False) -> None:
    config = migrate._config()
    with migrate.migrating(database) as connection:
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, revision)


def stepped_back(database: Database, script: Script) -> bool:
    """Undo a migration; tell whether it let itself be undone."""
    try:
        migrate_to(database, str(script.down_revision), down=True)
    except NotImplementedError as refused:
        if "would lose" in str(refused):
            return False
        raise
    return True


def test_a_step_back_and_forth_keeps_every_row_or_is_refused(
    url: str, now: datetime
) -> None:
    """With rounds played in it. What a step back drops is what its release knew not."""
    upgrade(url)
    database = Database(url)
    with database.write() as session:
        for seed in range(3):
            random_bundle(session, seed, now)
        session.commit()
    chain = list(ScriptDirectory.from_config(migrate._config()).walk_revisions())
    assert len(rows(database)["save", "id"]) > 10

    for script in chain[:-1]:
        before = rows(database)
        if not stepped_back(database, script):
            assert rows(database) == before
            break
        older = rows(database)
        changed = {key for key in older.keys() & before if older[key] != before[key]}
        assert changed == set(), script.revision
        migrate_to(database, script.revision)
        again = rows(database)
        assert {key: again[key] for key in older} == older
        assert stepped_back(database, script)
    migrate_to(database, "head")
    database.dispose()

    assert differences(url) == []


@ONLY_SQLITE
def test_rebuilding_a_table_deletes_no_row_that_refers_to_it(
    url: str, now: datetime
) -> None:
    upgrade(url)
    database = Database(url)
    with database.write() as session:
        random_bundle(session, 1, now)
        session.commit()
    before = rows(database)

    with migrate.migrating(database) as connection:
        operations = Operations(MigrationContext.configure(connection))
        for table in Base.metadata.tables:
            if table != "event":  # whose triggers go with a copy
                with operations.batch_alter_table(table, recreate="always"):
                    pass

    assert rows(database) == before
    with database.engine.connect() as connection:
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
    database.dispose()


@ONLY_SQLITE
def test_a_migration_that_loses_what_others_refer_to_is_undone(
    url: str, now: datetime
) -> None:
    upgrade(url)
    database = Database(url)
    with database.write() as session:
        random_bundle(session, 1, now)
        session.commit()
    before = rows(database)

    def lose() -> None:
        with migrate.migrating(database) as connection:
            connection.execute(text("DELETE FROM voter"))

    with pytest.raises(migrate.MigrationError, match="was not changed"):
        lose()
    assert rows(database) == before
    database.dispose()


# ---------- the release before goes on serving meanwhile

# By revision, what is in the way. Whoever adds a line says in the changelog that the
# site must be stopped for this upgrade, and for how long.
STOPS_THE_SITE: dict[str, list[str]] = {}


def tables(database: Database) -> dict[str, dict[str, Any]]:
    """Describe what a release that writes into this database has to know."""
    inspector = inspect(database.engine)
    found: dict[str, dict[str, Any]] = {}
    for name in inspector.get_table_names():
        indexes = inspector.get_indexes(name)
        unique = [*inspector.get_unique_constraints(name)]
        unique += [index for index in indexes if index["unique"]]  # type: ignore[misc]
        found[name] = {
            "columns": {each["name"]: each for each in inspector.get_columns(name)},
            "forbidden": {
                f"{', '.join(map(str, each['column_names']))} must be unique"
                for each in unique
            }
            | {
                f"{', '.join(each['constrained_columns'])} must refer to "
                f"{each['referred_table']}"
                for each in inspector.get_foreign_keys(name)
            }
            | {str(each["sqltext"]) for each in inspector.get_check_constraints(name)},
        }
    return found


def in_the_way(
    before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]
) -> Iterator[str]:
    """Say what a release that knows only `before` would stumble over in `after`."""
    for table, old in before.items():
        if table not in after:
            yield f"{table} is gone"
            continue
        new = after[table]
        for name, column in old["columns"].items():
            now_ = new["columns"].get(name)
            if now_ is None:
                yield f"{table}.{name} is gone"
            elif str(now_["type"]) != str(column["type"]):
                yield f"{table}.{name} has another type"
            elif column["nullable"] and not now_["nullable"]:
                yield f"{table}.{name} may not be empty any more"
            elif column["default"] is not None and now_["default"] is None:
                yield f"{table}.{name} has no default any more"
        for name, column in new["columns"].items():
            if name in old["columns"] or column["nullable"]:
                continue
            if column["default"] is None:
                yield f"{table}.{name} is new and must be given"
        for rule in new["forbidden"] - old["forbidden"]:
            names = set(new["columns"]) - set(old["columns"])
            if not names.intersection(re.findall(r"\w+", rule)):
                yield f"{table}: {rule} is new"


def test_every_migration_lets_the_release_before_it_go_on(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'site.sqlite'}")
    chain = list(ScriptDirectory.from_config(migrate._config()).walk_revisions())
    before: dict[str, dict[str, Any]] = {}
    found: dict[str, list[str]] = {}
    for script in reversed(chain):
        migrate_to(database, script.revision)
        after = tables(database)
        if troubles := sorted(in_the_way(before, after)):
            found[script.revision] = troubles
        before = after
    database.dispose()

    assert len(chain) > 10
    assert found == STOPS_THE_SITE


AGAIN = "DROP TABLE a; CREATE TABLE a (id INTEGER PRIMARY KEY, old"


@pytest.mark.parametrize(
    ("change", "trouble"),
    [
        ("DROP TABLE b", "b is gone"),
        ("ALTER TABLE a DROP COLUMN old", "a.old is gone"),
        ("ALTER TABLE a RENAME COLUMN old TO newer", "a.old is gone"),
        ("ALTER TABLE a ADD COLUMN new INTEGER", None),
        ("ALTER TABLE a ADD COLUMN new INTEGER NOT NULL DEFAULT 0", None),
        ("CREATE TABLE c (id INTEGER PRIMARY KEY, x INTEGER NOT NULL)", None),
        ("CREATE INDEX i ON a (old)", None),
        ("CREATE UNIQUE INDEX i ON a (old)", "a: old must be unique is new"),
        (
            f"{AGAIN} INTEGER NOT NULL)",
            "a.old may not be empty any more",
        ),
        (
            f"{AGAIN} TEXT)",
            "a.old has another type",
        ),
        (
            f"{AGAIN} INTEGER, new INTEGER NOT NULL)",
            "a.new is new and must be given",
        ),
        (
            f"{AGAIN} INTEGER REFERENCES b (id))",
            "a: old must refer to b is new",
        ),
        (
            f"{AGAIN} INTEGER CHECK (old > 0))",
            "a: old > 0 is new",
        ),
    ],
)
def test_what_an_older_release_would_stumble_over_is_seen(
    tmp_path: Path, change: str, trouble: str | None
) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "x.sqlite")) as raw:
        raw.executescript(
            "CREATE TABLE a (id INTEGER PRIMARY KEY, old INTEGER);"
            "CREATE TABLE b (id INTEGER PRIMARY KEY)"
        )
        with contextlib.closing(Database(f"sqlite:///{tmp_path / 'x.sqlite'}")) as then:
            before = tables(then)
        raw.executescript(change)
        with contextlib.closing(Database(f"sqlite:///{tmp_path / 'x.sqlite'}")) as now_:
            after = tables(now_)

    assert list(in_the_way(before, after)) == ([trouble] if trouble else [])
