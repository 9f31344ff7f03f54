"""Every request has a number that its visitor, its answer and the log agree on."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from logovote import logs
from logovote.contest import invitations, signing_in
from logovote.settings import Settings
from logovote.store import queries
from logovote.web import context
from tests.builders import SECRET, voter_named
from tests.conftest import Site
from tests.web.conftest import Scene, Visit


class Lines(logging.Handler):
    """Keeps what the log of a site would say."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logs.ForPrograms())
        self.text: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.text.append(self.format(record))

    @property
    def found(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text]


@pytest.fixture
def lines() -> Iterator[Lines]:
    handler = Lines()
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


def rewired(site: Site, settings: Settings) -> None:
    """Let the site run with other settings until the test ends."""
    site.app.extensions["logovote"] = context.Site(settings, site.store, site.jobs)


@pytest.fixture
def logged(site: Site) -> Site:
    """The site, logging for programs."""
    rewired(site, replace(site.settings, log="json"))
    return site


def test_a_request_has_one_line(
    logged: Site, lines: Lines, client: FlaskClient
) -> None:
    answer = client.get("/c/acme/?secret=hush", headers={"X-Request-ID": "made-up"})
    (line,) = lines.found

    assert re.fullmatch("[0-9a-f]{16}", answer.headers["X-Request-ID"])
    assert line.pop("ms") > 0
    assert line.pop("time")
    assert line == {
        "level": "info",
        "logger": "logovote.web.requests",
        "message": "request",
        "request": answer.headers["X-Request-ID"],
        "method": "GET",
        "route": "/c/<slug>/",
        "status": 200,
    }


def test_for_people_requests_are_not_logged(lines: Lines, client: FlaskClient) -> None:
    client.get("/c/acme/")

    assert lines.text == []


def test_no_two_requests_have_one_number(client: FlaskClient) -> None:
    numbers = {client.get("/").headers["X-Request-ID"] for _ in range(3)}

    assert len(numbers) == 3


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("7f3a-b.c_D", True),
        ("", False),
        ("x" * 65, False),
        ('a","level":"x', False),
        ("<b>", False),
    ],
)
def test_a_proxys_number_is_taken_where_one_is_expected(
    site: Site, client: FlaskClient, given: str, *, taken: bool
) -> None:
    rewired(site, replace(site.settings, request_id_header="X-Trace"))
    answer = client.get("/", headers={"X-Trace": given, "X-Request-ID": "other"})

    assert (answer.headers["X-Request-ID"] == given) is taken
    assert answer.headers["X-Request-ID"] not in {"", "other"}


def test_an_error_page_names_the_number(client: FlaskClient) -> None:
    answer = client.get("/nothing/here")

    assert answer.status_code == 404
    assert f"<code>{answer.headers['X-Request-ID']}</code>" in answer.text


def test_what_breaks_is_logged_under_the_number_that_the_page_names(
    logged: Site, lines: Lines, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setattr(queries, "rounds", broken)
    answer = client.get("/c/acme/")

    assert answer.status_code == 500
    number = answer.headers["X-Request-ID"]
    assert number in answer.text
    error = next(line for line in lines.found if "exception" in line)
    assert error["request"] == number
    assert "on purpose" in error["exception"]


def test_what_many_share_names_nobodys_request(client: FlaskClient) -> None:
    page = client.get("/").text
    style = re.search(r'href="([^"]+\.css)"', page)
    assert style is not None
    answer = client.get(style[1])

    assert answer.status_code == 200
    assert answer.cache_control.public
    assert "X-Request-ID" not in answer.headers


def test_no_secret_reaches_the_log(
    logged: Site, shortlist: Scene, lines: Lines, visit: Visit, now: datetime
) -> None:
    """Links of every kind are followed, used, mistyped and refused, and people vote."""
    with shortlist.changing() as (session, acme):
        invitation = invitations.invitation_token(
            SECRET, voter_named(session, acme, "Ann")
        )
        link = signing_in.new_organiser_link(session, now)
    secrets = {invitation, link, "m" * 43, "ann@example.org", "hush", SECRET}
    logged.app.config["WTF_CSRF_ENABLED"] = False  # else most of it gets nowhere
    client = visit("stranger")
    for path in (f"/i/{invitation}", f"/o/{link}", f"/m/{'m' * 43}"):
        client.get(path)
        client.get(f"{path}x?token={invitation}")
        client.get(f"{path}/{'x' * 20}")
        client.post(path)
        client.post(f"{path}x")
        client.open(path, method="DELETE")
    client.get("/oauth/github/back?code=hush&state=hush")
    client.get(f"/mail/stop/{invitation}")
    client.post("/sign-in", data={"email": "ann@example.org"})
    ann = visit("Ann")
    ann.post("/c/acme/shortlist/ballot", data={"approve": "57"})
    ann.put("/c/acme/shortlist/ballot", json={"items": ["57"], "save_id": "hush"})
    ann.get("/c/acme/nothing?q=hush", headers={"Referer": f"/i/{invitation}"})
    text = "\n".join(lines.text)

    assert len(lines.text) > 20
    assert {secret for secret in secrets if secret in text} == set()
    facts = {"time", "level", "logger", "message", "request"}
    about = {"method", "route", "status", "ms"}
    for line in lines.found:
        assert set(line) == facts | about
        assert line["message"] == "request"
    # Addresses of visitors, and what they chose, stand nowhere.
    assert "127.0.0.1" not in text
    assert '"57"' not in text
