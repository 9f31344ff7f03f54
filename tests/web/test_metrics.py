"""What a watcher may read, and who that is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import NoReturn

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import OperationalError

from logovote import settings as settings_
from logovote.settings import Settings, SettingsError
from logovote.store import backlog
from logovote.store.models import ImportJob, JobState
from logovote.store.session import Database
from logovote.web import context, metrics
from logovote.web.metrics import Meter
from tests.conftest import Site
from tests.web.conftest import Scene, Visit
from tests.web.pages import post, put

TOKEN = "Vx3q-7RkT_aZ9bL2mN8cP4dE6fG1hJ5s"
ASKING = {"Authorization": f"Bearer {TOKEN}"}
OF_THE_MACHINE = re.compile("_(bucket|sum|created)$")
Samples = dict[tuple[str, ...], float]


@pytest.fixture
def watched(site: Site) -> Iterator[Site]:
    """The site, with metrics switched on."""
    settings = replace(site.settings, metrics_token=TOKEN)
    meter = metrics.meter_of(settings, site.store.database)
    wired = site.app.extensions["logovote"]
    site.app.extensions["logovote"] = context.Site(
        settings, site.store, site.jobs, meter
    )
    yield site
    site.app.extensions["logovote"] = wired


def read(text: str) -> Samples:
    """Read an answer as Prometheus does: by name and the values of the labels."""
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): (
            sample.value
        )
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def asked(client: FlaskClient) -> Samples:
    answer = client.get("/metrics", headers=ASKING)
    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    assert answer.headers["Cache-Control"] == "no-store"
    return read(answer.text)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": "Bearer \xfc"},
    ],
)
def test_without_the_token_there_is_nothing(
    watched: Site, client: FlaskClient, headers: dict[str, str]
) -> None:
    assert client.get("/metrics", headers=headers).status_code == 404


def test_without_a_token_of_its_own_a_site_tells_nobody(client: FlaskClient) -> None:
    for shown in ("", TOKEN):
        headers = {"Authorization": f"Bearer {shown}"}
        assert client.get("/metrics", headers=headers).status_code == 404


def test_even_the_organiser_reads_no_metrics(watched: Site, visit: Visit) -> None:
    assert visit("organiser").get("/metrics").status_code == 404


def test_requests_are_counted_by_route_and_status(
    watched: Site, client: FlaskClient
) -> None:
    client.get("/c/acme/")
    client.get("/c/other/")
    client.get("/nothing/here")
    client.open("/", method="BREW")
    found = asked(client)

    route = "/c/<slug>/"
    assert found["logovote_requests_total", "GET", route, "200"] == 2
    assert found["logovote_requests_total", "GET", "none", "404"] == 1
    assert found["logovote_requests_total", "other", "none", "405"] == 1
    assert found["logovote_request_seconds_count", "GET", route] == 2
    assert found["logovote_request_seconds_bucket", "+Inf", "GET", route] == 2
    assert not any("acme" in part for key in found for part in key)


def test_saves_are_counted_by_what_became_of_them(
    watched: Site, shortlist: Scene, visit: Visit, client: FlaskClient
) -> None:
    ann, url = visit("Ann"), "/c/acme/shortlist/ballot"
    assert post(ann, url, {"approve": "1"}).status_code == 303
    late = {"base_rev": 0, "save_id": "a-later-save", "items": ["2"]}
    assert put(ann, url, late).status_code == 409
    assert put(ann, url, late | {"items": "all"}).status_code == 422
    watched.app.config["WTF_CSRF_ENABLED"] = False
    assert client.post(url, data={"approve": "1"}).status_code == 302
    found = asked(client)

    outcomes = {
        key[1]: value
        for key, value in found.items()
        if key[0] == "logovote_saves_total"
    }
    assert outcomes == {"accepted": 1, "conflict": 1, "busy": 0, "refused": 2}


def test_no_number_depends_on_what_is_saved(
    watched: Site, ranking: Scene, visit: Visit, client: FlaskClient
) -> None:
    told = []
    for rev, items in enumerate(([["1"], ["2"]], [["57", "3"]], [["none"]])):
        meter = Meter()
        wired: context.Site = watched.app.extensions["logovote"]
        watched.app.extensions["logovote"] = replace(wired, meter=meter)
        save = {"base_rev": rev, "save_id": f"a-save-of-{rev}", "items": items}
        assert put(visit("Ann"), "/c/acme/ranking/ballot", save).status_code == 200
        found = asked(client)
        assert found["logovote_saves_total", "accepted"] == 1
        told.append({k: v for k, v in found.items() if not OF_THE_MACHINE.search(k[0])})

    assert told[0] == told[1] == told[2]


def test_what_waits_is_shown(
    watched: Site, scene: Scene, client: FlaskClient, now: datetime
) -> None:
    with scene.changing() as (session, acme):
        job = ImportJob(
            contest_id=acme.id,
            source="none",
            name="none",
            state=JobState.IMPORTING,
            created_at=now,
            done=3,
            total=10,
        )
        session.add(job)
        session.flush()
        job_id = job.id
    watched.jobs.enqueue(job_id)
    found = asked(client)

    assert found["logovote_queue_tasks", "imports"] == 1
    assert found["logovote_queue_tasks", "mails"] == 0
    assert found["logovote_imports", "importing"] == 1
    assert found["logovote_imports", "failed"] == 0
    assert found["logovote_import_files", "done"] == 3
    assert found["logovote_import_files", "all"] == 10
    assert found["logovote_mails", "queued"] == 0


def test_what_was_counted_is_told_while_the_database_is_down(
    watched: Site, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get("/c/acme/")
    assert asked(client)["logovote_up", "database"] == 1

    def gone(_session: object) -> NoReturn:
        raise OperationalError("SELECT 1", {}, Exception("host db.internal is down"))

    monkeypatch.setattr(backlog, "backlog", gone)
    found = asked(client)

    assert found["logovote_up", "database"] == 0
    assert found["logovote_requests_total", "GET", "/c/<slug>/", "200"] == 1
    assert not any(name == "logovote_mails" for name, *_ in found)


def test_connections_are_followed_wherever_they_go(database_url: str) -> None:
    database = Database(database_url)
    meter = Meter()
    meter.watch(database)

    def connections() -> tuple[float, float]:
        found = read_counted(meter)
        name = "logovote_database_connections"
        return found[name, "idle"], found[name, "in use"]

    with database.engine.connect(), database.engine.connect() as second:
        assert connections() == (0, 2)
        second.invalidate()
        assert connections() == (0, 1)
    assert connections() == (1, 0)
    database.engine.dispose()
    assert connections() == (0, 0)


def read_counted(meter: Meter) -> Samples:
    from prometheus_client import generate_latest  # noqa: PLC0415 - by this one alone

    return read(generate_latest(meter._registry).decode())


def test_processes_put_their_numbers_together_and_leave_none_in_hand(
    tmp_path: Path,
) -> None:
    """As gunicorn's hooks do it: one of two dies, and another takes its place."""
    script = """
import sys
from types import SimpleNamespace
from logovote import gunicorn

gunicorn.post_fork(None, SimpleNamespace(number=int(sys.argv[1])))
from logovote.web.metrics import Meter
meter = Meter()
meter.note("shortlist.save", "PUT", "/ballot", 200, 0.01)
meter._connections.labels("in use").inc(3)
"""
    show = """
from prometheus_client import CollectorRegistry, generate_latest, multiprocess
registry = CollectorRegistry()
multiprocess.MultiProcessCollector(registry)
print(generate_latest(registry).decode())
"""
    environ = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}

    def run(code: str, *arguments: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env=environ,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    for number in ("0", "1", "1"):
        run(script, number)
    found = read(run(show))

    assert found["logovote_saves_total", "accepted"] == 3
    assert found["logovote_database_connections", "in use"] == 6
    files = sorted(path.name for path in tmp_path.iterdir())
    assert {re.sub(r"\D", "", name) for name in files} == {"0", "1"}


@pytest.mark.parametrize("token", ["short", "a" * 40, "change-me-" * 5])
def test_a_token_that_can_be_guessed_is_refused(tmp_path: Path, token: str) -> None:
    with pytest.raises(SettingsError, match="LOGOVOTE_METRICS_TOKEN") as error:
        settings_.load(tmp_path, {"LOGOVOTE_METRICS_TOKEN": token})

    assert token not in str(error.value)


def test_without_the_package_it_says_what_to_install(
    settings: Settings, watched: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    asking = replace(settings, metrics_token=TOKEN)

    with pytest.raises(metrics.MetricsError, match=r"pip install 'logovote\[metrics\]"):
        metrics.meter_of(asking, watched.store.database)
    assert metrics.meter_of(settings, watched.store.database) is None
