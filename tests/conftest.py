"""A site of its own for every test: a real SQLite file, a real folder of pictures."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from logovote.app import create_app
from logovote.imaging.worker import Fence
from logovote.jobs import Jobs
from logovote.settings import Settings
from logovote.store.store import Store
from logovote.web import context
from tests.builders import SECRET

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Site:
    """An app and what it was wired from."""

    app: Flask
    settings: Settings
    store: Store
    jobs: Jobs


@pytest.fixture
def now() -> datetime:
    """The time at which everything in a test happens."""
    return NOW


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file without rows: to copy it is faster than to migrate each time."""
    folder = tmp_path_factory.mktemp("empty")
    path = folder / "logovote.sqlite"
    Store.open(f"sqlite:///{path}", folder / "media").database.dispose()
    return path


def settings_on(data: Path) -> Settings:
    """Settings of a site that lives in a folder."""
    return Settings(
        data=data,
        secret_key=SECRET,
        database_url=f"sqlite:///{data / 'logovote.sqlite'}",
        base_url="http://localhost",
    )


@pytest.fixture
def settings(tmp_path: Path, empty_database: Path) -> Settings:
    """Settings of a site that lives below the test's own folder."""
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(empty_database, data)
    return settings_on(data)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """The store alone, for tests that need no web pages."""
    store = Store.open(settings.database_url, settings.files_folder)
    yield store
    store.database.dispose()


@pytest.fixture
def session(store: Store) -> Iterator[Session]:
    """A session that writes, in one transaction that nobody else has to see."""
    with store.database.write() as session:
        yield session


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Flask:
    """The app, built once: to read its routes and templates again takes the longest."""
    data = tmp_path_factory.mktemp("app")
    shutil.copy(empty_database, data)
    app = create_app(settings_on(data))
    app.testing = True
    wired: context.Site = app.extensions["logovote"]
    wired.jobs.stop()
    wired.store.database.dispose()
    return app


@pytest.fixture
def site(app: Flask, settings: Settings, store: Store) -> Iterator[Site]:
    """A running site without any contest."""
    jobs = Jobs(settings, store)
    config = dict(app.config)
    app.extensions["logovote"] = context.Site(settings, store, jobs)
    yield Site(app, settings, store, jobs)
    app.config.update(config)
    jobs.stop()


@pytest.fixture
def client(site: Site) -> FlaskClient:
    """A browser without script that is not signed in."""
    return site.app.test_client()


@pytest.fixture(scope="session")
def fence() -> Iterator[Fence]:
    """The one fence of all tests: starting it takes longer than most of them."""
    with Fence(children=1) as fence:
        yield fence
