"""A site of its own for every test: a real SQLite file, a real folder of pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from logovote.app import create_app
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


@pytest.fixture
def now() -> datetime:
    """The time at which everything in a test happens."""
    return NOW


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a site that lives below the test's own folder."""
    data = tmp_path / "data"
    data.mkdir()
    return Settings(
        data=data,
        secret_key=SECRET,
        database_url=f"sqlite:///{data / 'logovote.sqlite'}",
        base_url="http://localhost",
    )


@pytest.fixture
def site(settings: Settings) -> Iterator[Site]:
    """A running site without any contest."""
    app = create_app(settings)
    app.testing = True
    wired: context.Site = app.extensions["logovote"]
    yield Site(app, settings, wired.store)
    wired.jobs.stop()
    wired.store.database.dispose()


@pytest.fixture
def store(site: Site) -> Store:
    """The store of `site`."""
    return site.store


@pytest.fixture
def client(site: Site) -> FlaskClient:
    """A browser without script that is not signed in."""
    return site.app.test_client()
