"""A site with two contests, and visitors who are signed in without walking the way."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from logovote.contest import casting, families, rounds, signing_in
from logovote.contest.contests import contest_by_slug
from logovote.settings import Settings
from logovote.store import queries
from logovote.store.models import Contest, Kind, Person
from logovote.store.store import Store
from tests import services
from tests.builders import add_design, make_contest, voter_named
from tests.conftest import NOW, Site, settings_on

ORIGINAL = b"the original of design 1"
THUMB = b"RIFF, as made from it, WEBP"
Visit = Callable[[str], FlaskClient]


class Scene:
    """The contest `acme` (voters Ann, Bob and Cleo) beside `other` (voter Otto)."""

    def __init__(self, site: Site) -> None:
        self.site = site

    @contextmanager
    def changing(self) -> Iterator[tuple[Session, Contest]]:
        """Change acme behind the pages' back."""
        with self.site.store.database.write() as session:
            yield session, contest_by_slug(session, "acme")
            session.commit()

    def ballot(self, name: str, kind: Kind = Kind.SHORTLIST) -> casting.Items:
        """Return what somebody's ballot says in the latest round."""
        with self.site.store.database.read() as session:
            contest = contest_by_slug(session, "acme")
            round_ = rounds.latest(session, contest, kind)
            voter = voter_named(session, contest, name)
            return casting.items_of(queries.ballot_of(session, round_.id, voter.id))


@pytest.fixture(scope="session")
def staged(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Path:
    """A data folder with both contests, made once and copied for every test.

    Acme has designs 1, 2, 3 and the family of 12 and 57; no round is open.
    """
    data = tmp_path_factory.mktemp("staged") / "data"
    data.mkdir()
    shutil.copy(empty_database, data)
    stage(settings_on(data))
    return data


@pytest.fixture(scope="session")
def staged_postgresql(
    postgresql: services.PostgreSQL,
    empty_postgresql: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """The same contests in a database to copy; their files are those of `staged`."""
    url = postgresql.create(services.name_of(empty_postgresql))
    stage(settings_on(tmp_path_factory.mktemp("staged-postgresql"), url))
    return url


def stage(settings: Settings) -> None:
    """Fill an empty site."""
    store = Store.open(settings.database_url, settings.files_folder)
    with store.database.write() as session:
        acme = make_contest(
            session,
            NOW,
            designs=[2, 3, 12, 57],
            voters={"core": ["Ann", "Bob"], "crowd": ["Cleo"]},
        )
        store.originals.put(ORIGINAL)
        first = add_design(session, acme, 1, NOW, original=ORIGINAL)
        thumb = queries.derivative(session, first.digest, "thumb")
        assert thumb is not None
        thumb.digest = store.derivatives.put(THUMB)
        families.merge(session, acme, [12, 57])
        make_contest(session, NOW, slug="other", designs=[5], voters={"core": ["Otto"]})
        session.commit()
    store.database.dispose()


@pytest.fixture
def settings(
    tmp_path: Path, staged: Path, engine: str, request: pytest.FixtureRequest
) -> Iterator[Settings]:
    """Settings of a site with both contests, in the test's own folder."""
    data = shutil.copytree(staged, tmp_path / "data")
    if engine == "sqlite":
        yield settings_on(data)
        return
    server: services.PostgreSQL = request.getfixturevalue("postgresql")
    template = request.getfixturevalue("staged_postgresql")
    with server.copy_of(template) as url:
        yield settings_on(data, url)


@pytest.fixture
def scene(site: Site) -> Scene:
    """Both contests, before any round."""
    return Scene(site)


@pytest.fixture
def shortlist(scene: Scene, now: datetime) -> Scene:
    """The same with an open shortlist round."""
    with scene.changing() as (session, acme):
        rounds.open_round(session, acme, Kind.SHORTLIST, now)
    return scene


@pytest.fixture
def ranking(scene: Scene, now: datetime) -> Scene:
    """The same with an open ranking round of 1, 2, 3 and 57."""
    with scene.changing() as (session, acme):
        rounds.open_round(session, acme, Kind.RANKING, now)
    return scene


@pytest.fixture
def visit(site: Site) -> Visit:
    """Return a browser of somebody: a voter's name, "organiser" or "stranger"."""

    def visit_(name: str) -> FlaskClient:
        client = site.app.test_client()
        if name == "stranger":
            return client
        with site.store.database.write() as session:
            person = (
                signing_in.keeper(session)
                if name == "organiser"
                else session.scalars(select(Person).where(Person.name == name)).one()
            )
            token = signing_in.begin_session(session, person, datetime.now(UTC))
            session.commit()
        with client.session_transaction() as cookie:
            cookie["_user_id"] = token
        return client

    return visit_
