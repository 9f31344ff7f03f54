from __future__ import annotations

from typing import NoReturn

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from logovote.store import migrate
from logovote.web.health import DRAINING
from tests.conftest import Site


def test_a_process_that_answers_is_alive_and_ready(client: FlaskClient) -> None:
    for path in ("/healthz", "/readyz"):
        answer = client.get(path)
        assert (answer.status_code, answer.text) == (200, "ok\n")
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers


def test_without_its_database_it_lives_and_is_not_ready(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_database: object) -> NoReturn:
        raise OperationalError("SELECT 1", {}, Exception("host db.internal is down"))

    monkeypatch.setattr(migrate, "is_usable", gone)

    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "not ready\n")


def test_about_to_be_restarted_it_serves_and_is_not_ready(
    site: Site, client: FlaskClient
) -> None:
    (site.settings.data / DRAINING).touch()

    assert client.get("/readyz").status_code == 503
    assert client.get("/sign-in").status_code == 200

    (site.settings.data / DRAINING).unlink()
    assert client.get("/readyz").status_code == 200


def test_with_older_tables_it_is_not_ready(site: Site, client: FlaskClient) -> None:
    with site.store.database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": OLD})
        session.commit()

    assert client.get("/readyz").status_code == 503


OLD = "2026_11_23"
