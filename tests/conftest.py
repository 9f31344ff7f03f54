"""A site of its own for every test: a real SQLite file, a real folder of pictures."""

from __future__ import annotations

import re
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
from logovote.store import migrate
from logovote.store.session import Database
from logovote.store.store import Store
from logovote.web import context
from tests import services
from tests.builders import SECRET

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)

ON_BOTH_ENGINES = re.compile(
    r"contest/test_(casting|dealing|events|paper|pausing|quarantine|questions|round_end|rounds|sealing)\.py"
    r"|store/test_(base|copying|queries|turns)\.py"
    r"|web/test_(accounts|health|shortlist|two_organisers)\.py"
)
"""Where tests run twice, on SQLite and on PostgreSQL: where engines may differ."""


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


@pytest.fixture(scope="session")
def postgresql() -> Iterator[services.PostgreSQL]:
    """The one PostgreSQL server of all tests."""
    with services.postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def empty_postgresql(postgresql: services.PostgreSQL) -> str:
    """A migrated database without rows, on PostgreSQL."""
    url = postgresql.create()
    database = Database(url)
    migrate.upgrade(database)
    database.dispose()
    return url


@pytest.fixture(scope="session")
def s3() -> Iterator[services.S3]:
    """The one S3 store of all tests, whose keys are in the environment."""
    with services.s3() as store, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield store


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of what is remembered on either engine."""
    test = metafunc.definition
    path = test.path.relative_to(Path(__file__).parent).as_posix()
    if (
        "engine" in metafunc.fixturenames
        and ON_BOTH_ENGINES.fullmatch(path)
        and test.get_closest_marker("sqlite") is None
    ):
        metafunc.parametrize("engine", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    """Which database a test runs on."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def database_url(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[str]:
    """A migrated database of the test's own."""
    if engine == "sqlite":
        data = tmp_path / "data"
        data.mkdir(exist_ok=True)
        shutil.copy(request.getfixturevalue("empty_database"), data)
        yield sqlite_in(data)
    else:
        yield str(request.getfixturevalue("postgresql_url"))


def sqlite_in(folder: Path) -> str:
    """Return the address of the database that lies in a folder."""
    return f"sqlite:///{folder / 'logovote.sqlite'}"


def settings_on(data: Path, database_url: str = "") -> Settings:
    """Settings of a site that lives in a folder."""
    return Settings(
        data=data,
        secret_key=SECRET,
        database_url=database_url or sqlite_in(data),
        base_url="http://localhost",
    )


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Settings of a site that lives below the test's own folder."""
    data = tmp_path / "data"
    data.mkdir(exist_ok=True)
    return settings_on(data, database_url)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """The store alone, for tests that need no web pages."""
    store = Store.open(settings.database_url, settings.files_folder)
    yield store
    store.database.dispose()


@pytest.fixture
def postgresql_url(
    postgresql: services.PostgreSQL, empty_postgresql: str
) -> Iterator[str]:
    """A migrated database of the test's own, on PostgreSQL whatever `engine` is."""
    with postgresql.copy_of(empty_postgresql) as url:
        yield url


@pytest.fixture
def postgresql_store(postgresql_url: str, tmp_path: Path) -> Iterator[Store]:
    """A store on PostgreSQL."""
    store = Store.open(postgresql_url, tmp_path / "files")
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
