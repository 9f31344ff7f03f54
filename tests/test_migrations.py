"""Migrations: from nothing to this release, by whoever starts first."""

from __future__ import annotations

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
