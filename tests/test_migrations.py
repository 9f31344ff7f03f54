"""Migrations: from nothing to this release, by whoever starts first."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from logovote.store import migrate
from logovote.store.base import Base
from logovote.store.session import Database
from tests.builders import processes

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


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'site.sqlite'}"


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
