"""What holds on every route there is, found by the app's own map of them."""

# ruff: noqa: F401, F811 - fixtures of test_access, which are asked for by their names

from __future__ import annotations

import contextlib
import csv
import dataclasses
import errno
import io
import re
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Response
from flask.testing import FlaskClient
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from werkzeug.test import TestResponse

from logovote.contest.casting import receipt_of
from logovote.contest.contests import contest_by_slug
from logovote.settings import Settings
from logovote.store import queries
from logovote.store import session as database
from logovote.store.models import Kind
from logovote.store.session import Database
from tests import services
from tests.builders import voter_named
from tests.conftest import Site
from tests.web.conftest import ORIGINAL, Scene, Visit
from tests.web.pages import csrf_token
from tests.web.test_access import Route, both, routes
from tests.web.test_pictures import THUMB_URL

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' "
        "blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "object-src 'none'; frame-ancestors 'none'"
    ),
}
# An organiser's download of what a stranger sent has a stricter one, and so has the
# decision record, which stands alone: its own style and the pictures in it.
STRICTER = re.compile(
    r"sandbox; default-src 'none'|"
    r"default-src 'none'; style-src 'sha256-[\w+/]{43}='; img-src data:; "
    r"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def unguarded(answer: TestResponse) -> list[str]:
    """Name the headers that an answer lacks or has otherwise."""
    wrong = [
        name
        for name, value in HEADERS.items()
        if answer.headers[name] != value
        and not (
            name.startswith("Content-S") and STRICTER.fullmatch(answer.headers[name])
        )
    ]
    if "Cache-Control" not in answer.headers:
        wrong.append("Cache-Control")
    kind = answer.headers.get("Content-Type", "")
    is_text = kind.startswith("text/") or "xml" in kind
    if answer.data and (not kind or (is_text and "; charset=utf-8" not in kind)):
        wrong.append(f"Content-Type: {kind}")
    return wrong


def ask(
    client: FlaskClient, route: Route, headers: dict[str, str] | None = None
) -> TestResponse:
    return client.open(route.url, method=route.method, headers=headers, buffered=True)


@pytest.mark.parametrize("who", ["stranger", "Ann", "organiser"])
def test_every_route_answers_with_the_headers(
    routes: list[Route], visit: Visit, shortlist: Scene, who: str
) -> None:
    shortlist.site.app.config["WTF_CSRF_ENABLED"] = False
    wrong = []
    for route in routes:
        for method in (route.method, "DELETE", "HEAD"):
            answer = visit(who).open(route.url, method=method, buffered=True)
            wrong += [(method, route.url, name) for name in unguarded(answer)]

    assert wrong == []


def test_what_a_stranger_sent_leaves_as_a_download_or_not_at_all(
    routes: list[Route], visit: Visit, shortlist: Scene
) -> None:
    """Whatever it is: of an SVG, too, no page and no picture holds a byte of it."""
    left: dict[str, set[str]] = {}
    wrong = []
    for who in ("Ann", "organiser"):
        client = visit(who)
        for route in routes:
            if route.method != "GET":
                continue
            answer = ask(client, route)
            is_download = (
                answer.headers.get("Content-Disposition", "").startswith("attachment")
                and answer.mimetype in {"application/octet-stream", "application/zip"}
                and answer.headers["Content-Security-Policy"].startswith("sandbox;")
            )
            if ORIGINAL in answer.data:
                left.setdefault(who, set()).add(route.name)
                wrong += [] if is_download else [(who, route.url)]
            if "svg" in (answer.mimetype or ""):
                wrong.append((who, route.url))

    assert wrong == []
    assert left.keys() == {"organiser"}
    assert "GET organise.original" in left["organiser"]


def test_a_picture_that_a_browser_has_keeps_its_headers(client: FlaskClient) -> None:
    picture = client.get(THUMB_URL, buffered=True)
    etag = picture.headers["ETag"]

    again = client.get(THUMB_URL, headers={"If-None-Match": etag}, buffered=True)

    assert again.status_code == HTTPStatus.NOT_MODIFIED
    assert unguarded(picture) == unguarded(again) == []


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "https://localhost.evil.example"},
    {"Origin": "http://localhost:81"},
    {"Origin": "null"},
    {"Origin": "http://[::1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
]


def test_no_unsafe_route_takes_what_another_site_sent_even_with_a_token(
    routes: list[Route], visit: Visit
) -> None:
    organiser = visit("organiser")
    token = {"X-CSRFToken": csrf_token(organiser)}
    unsafe = [route for route in routes if route.method != "GET"]

    taken = [
        (route.name, headers, answer.status_code)
        for route in unsafe
        for headers in FOREIGN
        for answer in [ask(organiser, route, headers=headers | token)]
        if answer.status_code != HTTPStatus.FORBIDDEN
    ]

    assert len(unsafe) > 10
    assert taken == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {},
    ],
    ids=str,
)
def test_our_own_pages_are_not_foreign(
    ranking: Scene, visit: Visit, headers: dict[str, str]
) -> None:
    ann = visit("Ann")
    token = {"X-CSRFToken": csrf_token(ann)}

    answer = ann.put("/c/acme/ranking/ballot", json={}, headers=headers | token)

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


def test_a_site_knows_its_public_address_behind_a_proxy_that_does_not_tell(
    ranking: Scene, visit: Visit
) -> None:
    ann = visit("Ann")
    token = csrf_token(ann)

    answer = ann.put(
        "/c/acme/ranking/ballot",
        json={},
        headers={"Origin": "http://localhost", "X-CSRFToken": token},
        base_url="http://10.0.0.7:8000",
    )

    assert answer.status_code != HTTPStatus.FORBIDDEN


def test_nothing_of_one_voter_is_on_any_page_of_another(
    routes: list[Route], visit: Visit, both: Scene
) -> None:
    with both.site.store.database.read() as session:
        acme = contest_by_slug(session, "acme")
        round_ = queries.latest_round(session, acme.id, Kind.SHORTLIST)
        assert round_ is not None
        ann = voter_named(session, acme, "Ann")
        ballot = queries.ballot_of(session, round_.id, ann.id)
        assert ballot is not None
        receipt = receipt_of(session, ballot)
        assert receipt is not None
        hers = [receipt.code, str(ballot.nonce), str(ann.person.email)]
    bob, own = visit("Bob"), visit("Ann")
    reading = [route for route in routes if route.method == "GET"]

    shown = [
        (r.url, what) for r in reading for what in hers if what in ask(bob, r).text
    ]
    own_pages = " ".join(ask(own, route).text for route in reading)

    assert shown == []
    assert receipt.code in own_pages


# --- A database in trouble ---


def lock(_scene: Scene, data: Path) -> Iterator[None]:
    """Another program writes, and does not end."""
    other = sqlite3.connect(data / "logovote.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.close()


def lose(scene: Scene, data: Path) -> Iterator[None]:
    """The files are gone."""
    scene.site.store.database.dispose()
    shutil.rmtree(data)
    yield


def forbid(scene: Scene, data: Path) -> Iterator[None]:
    """The disk was mounted anew, and for reading only."""
    engine = scene.site.store.database.engine

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA query_only = ON")

    event.listen(engine, "begin", begin)
    yield
    event.remove(engine, "begin", begin)
    scene.site.store.database.dispose()


def corrupt(scene: Scene, data: Path) -> Iterator[None]:
    """Something else is in the file."""
    scene.site.store.database.dispose()
    for path in data.glob("logovote.sqlite-*"):
        path.unlink()
    (data / "logovote.sqlite").write_bytes(b"no database at all " * 1000)
    yield


def fill(scene: Scene, data: Path) -> Iterator[None]:
    """Nothing more fits onto the disk (really full: `tests/saving`)."""
    engine = scene.site.store.database.engine

    def execute(_c: object, _cursor: object, statement: str, *_more: object) -> None:
        if not statement.startswith(("SELECT", "BEGIN")):
            full = sqlite3.OperationalError("database or disk is full")
            raise OperationalError(statement, None, full)

    event.listen(engine, "before_cursor_execute", execute)
    yield
    event.remove(engine, "before_cursor_execute", execute)


TROUBLES: dict[str, Callable[[Scene, Path], Iterator[None]]] = {
    "locked": lock,
    "missing": lose,
    "read-only": forbid,
    "corrupt": corrupt,
    "full": fill,
}
# What needs no database, or refuses before it is asked.
UNTOUCHED = {
    "GET static",
    "GET health.alive",
    "GET metrics.show",
    "GET audit.script",
    "GET home.security_txt",
    "GET offline.worker",
    "GET accounts.sent",
    "POST accounts.code",
    "GET oauth.leave",
    "GET oauth.come_back",
    "POST mail.change",
}


@pytest.fixture
def impatient(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait for a lock, in connections made from now on."""
    monkeypatch.setitem(database._PRAGMAS, "busy_timeout", "1")
    site.store.database.dispose()


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_database_in_trouble_is_503_on_every_route(
    routes: list[Route], both: Scene, visit: Visit, impatient: None, trouble: str
) -> None:
    both.site.app.config["WTF_CSRF_ENABLED"] = False
    clients = {who: visit(who) for who in ("stranger", "Ann", "organiser")}
    routes.sort(key=lambda route: "sign_out" in route.name)  # which comes last
    happening = TROUBLES[trouble](both, both.site.settings.data)
    next(happening)
    try:
        answers = {
            (who, route.name): ask(client, route)
            for who, client in clients.items()
            for route in routes
        }
    finally:
        next(happening, None)

    busy = {
        asked
        for asked, answer in answers.items()
        if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    }
    errors = {(*a, r.status_code) for a, r in answers.items() if r.status_code >= 500}
    assert {error for error in errors if error[:2] not in busy} == set()
    assert [asked for asked, answer in answers.items() if unguarded(answer)] == []
    assert {answers[asked].headers["Retry-After"] for asked in busy} == {"1"}
    if trouble in {"missing", "corrupt"}:
        served = {name for who, name in answers.keys() - busy if who != "stranger"}
        assert {name for name in served if " api." not in name} <= UNTOUCHED
    else:
        assert ("stranger", "POST accounts.accept") in busy


@contextlib.contextmanager
def shut(database: Database) -> Iterator[None]:
    """PostgreSQL ends every connection to a database and lets nobody in."""
    name = services.name_of(database.engine.url.render_as_string())
    elsewhere = database.engine.url.set(database="postgres")
    engine = create_engine(elsewhere, isolation_level="AUTOCOMMIT")
    with engine.connect() as outside:
        outside.exec_driver_sql(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        outside.exec_driver_sql(ENDING, {"name": name})
        yield
        outside.exec_driver_sql(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    engine.dispose()


ENDING = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname=%(name)s"
on_postgresql = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)


@on_postgresql
@pytest.mark.parametrize("who", ["Ann", "organiser"])
def test_looking_holds_nothing_which_postgresql_would_refuse(
    routes: list[Route], visit: Visit, who: str
) -> None:
    client = visit(who)
    asked = [route for route in routes if route.method in {"GET", "HEAD"}]

    answers = {route.name: ask(client, route).status_code for route in asked}

    assert [name for name, status in answers.items() if status >= 500] == []
    assert HTTPStatus.OK in answers.values()


@on_postgresql
def test_without_postgresql_every_route_is_503_and_comes_back_by_itself(
    routes: list[Route], both: Scene, visit: Visit
) -> None:
    both.site.app.config["WTF_CSRF_ENABLED"] = False
    ann = visit("Ann")
    asked = [route for route in routes if route.method == "GET"]
    before = {route.name: ask(ann, route).status_code for route in asked}

    with shut(both.site.store.database):
        answers = {route.name: ask(ann, route) for route in routes}
    after = {route.name: ask(ann, route).status_code for route in asked}

    served = {name for name, answer in answers.items() if answer.status_code != 503}
    # Without a token, which Ann has none of, programs are refused before it is asked.
    assert {name for name in served if " api." not in name} <= UNTOUCHED
    assert {
        answer.headers["Retry-After"]
        for name, answer in answers.items()
        if name not in served
    } == {"1"}
    assert [name for name, answer in answers.items() if unguarded(answer)] == []
    assert before == after


@on_postgresql
def test_an_answer_stays_when_its_connection_is_lost_afterwards(
    both: Scene, visit: Visit
) -> None:
    database = both.site.store.database
    after = both.site.app.after_request_funcs.setdefault(None, [])
    ann = visit("Ann")

    def lose(response: Response) -> Response:
        with shut(database):
            pass
        return response

    after.append(lose)
    try:
        answer = ann.get("/c/acme/shortlist")
    finally:
        after.remove(lose)

    assert answer.status_code == HTTPStatus.OK
    assert ann.get("/c/acme/shortlist").status_code == HTTPStatus.OK


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NoConnectionError("the pool is empty"), HTTPStatus.SERVICE_UNAVAILABLE),
        (OSError(errno.EIO, "the disk is broken"), HTTPStatus.SERVICE_UNAVAILABLE),
        (OSError(errno.ENOSPC, "no space left"), HTTPStatus.INSUFFICIENT_STORAGE),
        (OSError(errno.EFBIG, "file too large"), HTTPStatus.INSUFFICIENT_STORAGE),
        (
            ProgrammingError("SELECT nonsense", {}, Exception("no such thing")),
            HTTPStatus.INTERNAL_SERVER_ERROR,
        ),
    ],
    ids=str,
)
def test_trouble_is_told_from_mistakes_of_ours(
    scene: Scene,
    visit: Visit,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: HTTPStatus,
) -> None:
    def fail(*_arguments: object) -> None:
        raise error

    monkeypatch.setattr(queries, "contests", fail)

    answer = visit("Ann").get("/")

    assert answer.status_code == status
    assert ("Retry-After" in answer.headers) is (
        status != HTTPStatus.INTERNAL_SERVER_ERROR
    )
    assert str(error) not in answer.text
    assert unguarded(answer) == []


# --- No way out ---

ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "////evil.example/..",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/%09/evil.example",
    "/%0d%0aLocation:%20https://evil.example",
    "/\r\nLocation: https://evil.example",
    "/%2f%2fevil.example",
    "/%5cevil.example",
    "https://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "http:///evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/@evil.example",
    "//localhost@evil.example",
    "//evil.example:80",
    "//evil%E3%80%82example",
    "//[::1]",
    "//[::1",
    "/.evil.example",
    "/..//evil.example",
    "/./\\evil.example",
    "?next=//evil.example",
]
# Ways to say where to go on: as the address itself, or as what comes with it.
WAYS: dict[str, Callable[[FlaskClient, str], TestResponse]] = {
    "address": lambda c, where: c.open("/", environ_overrides={"PATH_INFO": where}),
    "below": lambda c, where: c.open(
        "/", environ_overrides={"PATH_INFO": where + "/organise"}
    ),
    "before a slash redirect": lambda c, where: c.open(
        "/", environ_overrides={"PATH_INFO": where + "/c/acme"}
    ),
    "next": lambda c, where: c.get("/organise/", query_string={"next": where}),
    "referrer of ours": lambda c, where: c.post(
        "/sign-out", headers={"Referer": "http://localhost/" + ascii(where)[1:-1]}
    ),
    "referrer": lambda c, where: c.post("/sign-out", headers={"Referer": ascii(where)}),
    "host": lambda c, where: c.get("/c/acme", headers={"Host": ascii(where)}),
}


@pytest.mark.parametrize("way", WAYS)
def test_nothing_leads_to_another_site(scene: Scene, way: str) -> None:
    wrong = []
    redirected = 0
    for where in ELSEWHERE:
        answer = WAYS[way](scene.site.app.test_client(), where)
        leads_to = answer.headers.get("Location", "/")
        redirected += "Location" in answer.headers
        if (
            answer.status_code >= 500
            or not leads_to.startswith("/")
            or leads_to.startswith(("//", "/\\"))
            or urlsplit(leads_to).netloc
            or 'href="//' in answer.text
        ):
            wrong.append((where, answer.status_code, leads_to))

    assert wrong == []
    assert redirected or way not in {"next", "host"}


def test_who_signs_in_goes_on_at_a_page_of_ours(
    routes: list[Route], both: Scene
) -> None:
    both.site.app.config["WTF_CSRF_ENABLED"] = False
    invitation = next(r.url for r in routes if r.name == "POST accounts.accept")
    for where in [*ELSEWHERE, "/c/acme", "/organise/"]:
        client = both.site.app.test_client()
        with client.session_transaction() as cookie:
            cookie["back"] = where

        assert client.post(invitation).location == "/c/acme/"


def test_who_finds_a_weakness_reads_whom_to_tell(
    site: Site, settings: Settings, client: FlaskClient
) -> None:
    wired = site.app.extensions["logovote"]
    told = dataclasses.replace(settings, security_contact="mailto:safety@example.org")
    site.app.extensions["logovote"] = dataclasses.replace(wired, settings=told)

    answer = client.get("/.well-known/security.txt")

    fields = dict(line.split(": ", 1) for line in answer.text.splitlines())
    left = datetime.fromisoformat(fields["Expires"]) - datetime.now(UTC)
    assert answer.content_type == "text/plain; charset=utf-8"
    assert fields["Contact"] == "mailto:safety@example.org"
    assert timedelta(days=150) < left < timedelta(days=365)
    assert fields["Canonical"] == "http://localhost/.well-known/security.txt"


FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def test_no_table_that_leaves_the_site_holds_a_formula(
    routes: list[Route], both: Scene, visit: Visit
) -> None:
    organiser = visit("organiser")
    with both.changing() as (session, acme):
        voter_named(session, acme, "Bob").person.name = '=HYPERLINK("http://x","y")'
    tables: dict[str, str] = {}
    for route in routes:
        answer = organiser.get(route.url, buffered=True)
        if route.method == "GET" and answer.mimetype == "text/csv":
            tables[route.name] = answer.data.decode("utf-8-sig")
        elif route.method == "GET" and answer.mimetype == "application/zip":
            with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
                for name in archive.namelist():
                    if name.endswith(".csv"):
                        table = archive.read(name).decode("utf-8-sig")
                        tables[f"{route.name} {name}"] = table
    cells = [
        (name, cell)
        for name, table in tables.items()
        for row in csv.reader(io.StringIO(table))
        for cell in row
    ]

    assert "HYPERLINK" in tables["GET organise.links"]
    assert any("shortlist.csv" in name for name in tables)
    assert [found for found in cells if found[1].startswith(FORMULAS)] == []
