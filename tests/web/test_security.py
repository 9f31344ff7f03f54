"""Headers on every kind of answer, and error pages that tell nothing to strangers."""

from __future__ import annotations

import dataclasses
import gzip
import io
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus

import pytest
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from logovote.app import create_app
from logovote.contest import signing_in
from logovote.settings import Settings
from logovote.store import queries
from logovote.web import context
from tests.conftest import Site
from tests.web.conftest import Scene, Visit
from tests.web.pages import csrf_token, post, put
from tests.web.test_pictures import THUMB_URL

Ask = Callable[[FlaskClient], TestResponse]


def break_pages(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let the front page fail where it asks for its contests."""

    def fail(*_args: object) -> None:
        raise error

    monkeypatch.setattr(queries, "contests", fail)


LOCKED = OperationalError("SELECT secrets", {}, Exception("database is locked"))

ANSWERS: dict[str, tuple[int, Ask]] = {
    "a page": (200, lambda c: c.get("/")),
    "a personal page": (200, lambda c: c.get("/c/acme/shortlist")),
    "a redirect": (303, lambda c: post(c, "/c/acme/shortlist/ballot", {"none": "1"})),
    "a slash redirect": (308, lambda c: c.get("/c/acme")),
    "json": (422, lambda c: put(c, "/c/acme/shortlist/ballot", {})),
    "a static file": (200, lambda c: c.get("/static/0/js/time.js", buffered=True)),
    "no file": (404, lambda c: c.get("/static/0/js/../../app.py")),
    "no page": (404, lambda c: c.get("/nothing/here")),
    "no picture": (404, lambda c: c.get(f"/media/1/{'0' * 16}/thumb.webp")),
    "not allowed": (403, lambda c: c.get("/organise/")),
    "wrong method": (405, lambda c: c.delete("/")),
    "trace": (405, lambda c: c.open("/", method="TRACE")),
    "forged": (400, lambda c: c.post("/sign-out")),
    "too large": (413, lambda c: c.post("/sign-out", data={"x": "x" * 3_000_000})),
    "options": (200, lambda c: c.options("/")),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_carries_the_headers(
    shortlist: Scene, visit: Visit, name: str
) -> None:
    status, ask = ANSWERS[name]

    answer = ask(visit("Ann"))

    assert answer.status_code == status
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Cache-Control" in answer.headers
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "url",
    ["/", "/c/acme/", "/c/acme/shortlist", "/c/acme/logo/1", "/sign-in", "/nothing"],
)
def test_no_page_of_a_signed_in_visitor_is_stored(
    shortlist: Scene, visit: Visit, url: str
) -> None:
    assert visit("Ann").get(url).headers["Cache-Control"] == "private, no-store"


def test_a_page_that_names_the_invited_is_not_stored(
    shortlist: Scene, visit: Visit, client: FlaskClient
) -> None:
    with shortlist.changing() as (session, _):
        token = signing_in.new_organiser_link(session, datetime.now(UTC))

    answer = client.get(f"/o/{token}")

    assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_public_page_is_asked_for_again(
    shortlist: Scene, client: FlaskClient
) -> None:
    assert client.get("/c/acme/").headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "url", [THUMB_URL, THUMB_URL.replace("thumb", "none"), "/static/0/js/time.js"]
)
def test_what_anybody_may_keep_carries_nobodys_cookie(
    shortlist: Scene, visit: Visit, url: str
) -> None:
    ann = visit("Ann")
    with ann.session_transaction() as cookie:
        cookie.permanent = True  # as signing in makes it: every answer renews it
    page = ann.get("/c/acme/shortlist")

    answer = ann.get(url, buffered=True)

    assert "Set-Cookie" in page.headers
    assert "Cookie" in page.headers["Vary"]
    is_public = "public" in answer.headers["Cache-Control"]
    assert is_public is (answer.status_code == HTTPStatus.OK)
    assert is_public is not ("Set-Cookie" in answer.headers)
    assert is_public is not ("Cookie" in answer.headers.get("Vary", ""))


def test_over_https_browsers_are_told_to_stay_there(settings: Settings) -> None:
    secure = dataclasses.replace(settings, base_url="https://vote.example.org")
    app = create_app(secure)
    client = app.test_client()

    answer = client.get("/sign-in", base_url=secure.base_url)
    redirected = client.get("/organise/", base_url=secure.base_url)

    for said in (answer, redirected, client.get("/nothing", base_url=secure.base_url)):
        assert said.headers["Strict-Transport-Security"] == "max-age=31536000"
    name, *flags = redirected.headers["Set-Cookie"].split("; ")
    assert name.startswith("__Host-logovote=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(flags)
    assert not [flag for flag in flags if flag.startswith("Domain")]
    app.extensions["logovote"].jobs.stop()
    app.extensions["logovote"].store.database.dispose()


@pytest.mark.parametrize(("hops", "seen"), [(0, "127.0.0.1"), (1, "203.0.113.7")])
def test_what_a_proxy_says_is_heard_only_from_the_proxies_that_there_are(
    settings: Settings, hops: int, seen: str
) -> None:
    """A visitor may send the same headers; ours stands behind theirs."""
    app = create_app(dataclasses.replace(settings, trusted_proxies=hops))
    forwarded = {"X-Forwarded-For": "198.51.100.9, 203.0.113.7"}

    with app.test_client() as client:
        client.get("/sign-in", headers=forwarded)
        assert context.household() == seen

    app.extensions["logovote"].jobs.stop()
    app.extensions["logovote"].store.database.dispose()


def test_over_plain_http_no_such_thing_is_said(client: FlaskClient) -> None:
    assert "Strict-Transport-Security" not in client.get("/").headers


def test_text_is_compressed_for_who_can_read_it(shortlist: Scene, visit: Visit) -> None:
    client = visit("Ann")
    plain = client.get("/c/acme/")

    packed = client.get("/c/acme/", headers={"Accept-Encoding": "gzip"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert len(packed.data) < len(plain.data)
    assert b"A logo for Acme" in gzip.decompress(packed.data)


def test_an_unexpected_error_is_logged_here_and_not_shown_there(
    shortlist: Scene,
    visit: Visit,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = visit("Ann")
    break_pages(monkeypatch, RuntimeError("the secret of the house"))

    answer = client.get("/")

    assert answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert "Something went wrong on our side" in answer.text
    assert "secret" not in answer.text
    assert "the secret of the house" in caplog.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_busy_database_asks_for_patience(
    shortlist: Scene, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = visit("Ann")
    break_pages(monkeypatch, LOCKED)

    answer = client.get("/")

    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.headers["Retry-After"] == "1"
    assert "secrets" not in answer.text


def test_a_database_that_fails_while_finding_the_visitor_asks_for_patience_too(
    shortlist: Scene, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = visit("Ann")

    def fail(*_args: object) -> None:
        raise LOCKED

    monkeypatch.setattr(signing_in, "signed_in", fail)

    for answer in (client.get("/"), client.get("/c/acme/shortlist")):
        assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
        assert answer.headers["Retry-After"] == "1"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_busy_database_tells_scripts_in_json(
    shortlist: Scene, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = visit("Ann")
    token = csrf_token(client)

    def fail(*_args: object, **_named: object) -> None:
        raise LOCKED

    monkeypatch.setattr(queries, "latest_round", fail)

    answer = client.put(
        "/c/acme/shortlist/ballot", json={}, headers={"X-CSRFToken": token}
    )

    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.headers["Retry-After"] == "1"
    assert answer.get_json()["error"] == "busy"


def test_a_forged_save_is_told_in_json(shortlist: Scene, visit: Visit) -> None:
    answer = visit("Ann").put("/c/acme/shortlist/ballot", json={})

    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert answer.get_json()["error"] == "csrf"


@pytest.mark.parametrize("url", ["/nothing", "/organise/", "/c/acme/logo/999"])
def test_errors_are_json_for_who_asks_for_json(
    shortlist: Scene, visit: Visit, url: str
) -> None:
    answer = visit("Ann").get(url, headers={"Accept": "application/json"})

    assert answer.is_json
    assert set(answer.get_json()) == {"error", "message"}


def test_only_uploads_of_designs_may_be_large(shortlist: Scene, visit: Visit) -> None:
    organiser = visit("organiser")
    shortlist.site.app.config["MAX_CONTENT_LENGTH"] = 1000
    upload = {"files": (io.BytesIO(bytes(2000)), "export.zip")}
    people = {"file": (io.BytesIO(bytes(2000)), "people.csv")}

    large = post(organiser, "/organise/acme/designs/upload", upload)
    too_large = post(organiser, "/organise/acme/people", people)

    assert large.status_code == HTTPStatus.SEE_OTHER
    assert too_large.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


@pytest.mark.parametrize("name", ["stranger", "Ann"])
def test_only_organisers_may_upload_much(
    shortlist: Scene, visit: Visit, name: str
) -> None:
    shortlist.site.app.config["MAX_CONTENT_LENGTH"] = 1000

    answer = visit(name).post(
        "/organise/acme/designs/upload",
        data={"files": (io.BytesIO(bytes(2000)), "export.zip")},
    )

    assert answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def test_an_upload_has_a_limit_too(
    site: Site, settings: Settings, visit: Visit, scene: Scene
) -> None:
    small = dataclasses.replace(settings, max_upload_bytes=1000)
    wired = site.app.extensions["logovote"]
    site.app.extensions["logovote"] = dataclasses.replace(wired, settings=small)

    answer = post(
        visit("organiser"),
        "/organise/acme/designs/upload",
        {"files": (io.BytesIO(bytes(2000)), "export.zip")},
    )

    assert answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert "logovote import" in answer.text
