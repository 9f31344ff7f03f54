"""The interface for programs: who gets what, and that its description is true."""

from __future__ import annotations

import io
import json
import re
import shlex
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from logovote import jobs
from logovote.contest import counting, limits, organisers, rounds, signing_in, tokens
from logovote.contest.limits import Limit
from logovote.contest.people import person_named
from logovote.imaging.worker import Fence
from logovote.store import queries
from logovote.store.models import JobState, Kind, Person
from tests.builders import SharedFence, add_import, cast, png, zip_of
from tests.web.conftest import Scene, Visit
from tests.web.pages import post
from tests.web.test_access import staff

ROOT = Path(__file__).resolve().parents[2]
OPENAPI: dict[str, Any] = json.loads(
    (ROOT / "docs" / "openapi.json").read_text("utf-8")
)
VISITORS = ("none", "Ann", "Otto", "organiser", "Olga", "Rita", "Vera", "Nils")
Ask = Callable[..., Any]


@pytest.fixture
def staffed(shortlist: Scene, now: datetime) -> Scene:
    """A published shortlist and an open ranking, with everybody who runs them."""
    with shortlist.changing() as (session, acme):
        first = rounds.latest(session, acme, Kind.SHORTLIST)
        cast(session, first, "Ann", ["1"], now)
        rounds.close_round(session, first, now)
        counting.count_round(session, first, now=now)
        rounds.publish_round(session, first, now=now)
        rounds.open_round(session, acme, Kind.RANKING, now)
        staff(session, now)
    return shortlist


def new_token(scene: Scene, name: str, *, writes: bool = True, days: int = 9) -> str:
    """Make a token for a person by name, or for the keeper."""
    with scene.site.store.database.write() as session:
        person = (
            signing_in.keeper(session)
            if name == "organiser"
            else session.scalars(select(Person).where(Person.name == name)).one()
        )
        at = datetime.now(UTC)
        _, text = tokens.new_token(session, person, "t", at, writes=writes, days=days)
        session.commit()
    return text


@pytest.fixture
def ask(staffed: Scene) -> Ask:
    """Ask as somebody's program, below /api/v1; every answer fits the description."""
    client = staffed.site.app.test_client()
    known: dict[tuple[str, bool], str] = {}

    def ask_(
        who: str, path: str, method: str = "GET", *, writes: bool = True, **more: Any
    ) -> TestResponse:
        headers = dict(more.pop("headers", {}))
        if who != "none":
            if (who, writes) not in known:
                known[who, writes] = new_token(staffed, who, writes=writes)
            headers["Authorization"] = f"Bearer {known[who, writes]}"
        answer = client.open(f"/api/v1{path}", method=method, headers=headers, **more)
        check(method, path, answer)
        return answer

    return ask_


# --- The description and the routes ---


def described() -> set[tuple[str, str, str]]:
    """Every route as it is described: method, path and name."""
    return {
        (method.upper(), path, operation["operationId"])
        for path, item in OPENAPI["paths"].items()
        for method, operation in item.items()
        if method in {"get", "post", "put", "patch", "delete"}
    }


def check(method: str, path: str, answer: TestResponse) -> None:
    """Hold an answer against its description."""
    if answer.status_code == HTTPStatus.NOT_MODIFIED:
        return
    asked = path.partition("?")[0]
    patterns = {
        re.sub(r"\{\w+\}", r"[^/]+", each): item
        for each, item in OPENAPI["paths"].items()
    }
    item = next(i for p, i in patterns.items() if re.fullmatch(p, asked))
    responses = item[method.lower()]["responses"]
    status = str(answer.status_code)
    assert status in responses, f"{method} {path} answered {status}: {answer.text}"
    response = responses[status]
    if "$ref" in response:
        response = OPENAPI["components"]["responses"][response["$ref"].split("/")[-1]]
    if "content" not in response:
        assert answer.data == b""
        return
    assert answer.mimetype in response["content"]
    schema = response["content"][answer.mimetype]["schema"]
    whole = {**schema, "components": OPENAPI["components"]}
    jsonschema.Draft202012Validator(whole).validate(answer.json)


def test_every_route_is_described_and_every_description_a_route(
    staffed: Scene,
) -> None:
    routes = {
        (
            method,
            re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule).removeprefix("/api/v1"),
            rule.endpoint.removeprefix("api."),
        )
        for rule in staffed.site.app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }

    assert routes == described()


def test_the_description_is_one_and_served_to_everybody(ask: Ask) -> None:
    answer = ask("none", "/openapi.json")

    assert answer.json == OPENAPI
    assert OPENAPI["openapi"].startswith("3.1")
    for schema in OPENAPI["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    again = ask(
        "none", "/openapi.json", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert again.status_code == HTTPStatus.NOT_MODIFIED


def test_every_parameter_and_reference_is_there() -> None:
    text = json.dumps(OPENAPI)
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', text):
        found: Any = OPENAPI
        for part in reference.split("/"):
            found = found[part]
    for path, item in OPENAPI["paths"].items():
        names = {each["name"] for each in item.get("parameters", [])}
        assert names == set(re.findall(r"\{(\w+)\}", path))


# --- Who gets what ---

# "y" gets an answer, "u" is asked for a token, "f" may not, "n" finds nothing.
READERS, DOERS = "uffyyyyf", "uffyyyff"
TABLE = {
    "GET /me": "uyyyyyyy",
    "GET /contests": "uyyyyyyy",
    "GET /contests/acme": "uyyyyyyy",
    "GET /contests/acme/designs": READERS,
    "GET /contests/acme/designs/1": READERS,
    "GET /contests/acme/rounds/ranking/turnout": READERS,
    # People vote again, and should judge alone.
    "GET /contests/acme/rounds/shortlist/result": "unnyyyyn",
    "GET /contests/acme/rounds/ranking/result": "unnnnnnn",
    "GET /contests/acme/imports": READERS,
    "POST /contests/acme/imports": DOERS,
    "GET /contests/acme/imports/1": READERS,
    "POST /contests/acme/imports/1/confirm": DOERS,
    "DELETE /contests/acme/imports/1": DOERS,
    "POST /contests/acme/people": DOERS,
}


def test_every_route_is_in_the_table() -> None:
    asked = {
        (
            entry.split()[0],
            re.sub("acme", "{slug}", entry.split()[1]),
        )
        for entry in TABLE
    }
    routes = {
        (method, re.sub(r"\{(?!slug)\w+\}", "[^/]+", path))
        for method, path, name in described()
        if name != "openapi"
    }
    missing = {
        route
        for route in routes
        if not any(
            m == route[0]
            and re.fullmatch(re.escape(route[1]).replace(r"\[\^/\]\+", "[^/]+"), p)
            for m, p in asked
        )
    }
    assert missing == set()


@pytest.mark.parametrize("who", VISITORS)
def test_everybody_gets_exactly_what_they_may(
    staffed: Scene, ask: Ask, now: datetime, who: str
) -> None:
    with staffed.changing() as (session, acme):
        add_import(session, acme, JobState.DONE, now)
    letters = {401: "u", 403: "f", 404: "n"}
    wrong = {}
    for entry, expected in TABLE.items():
        method, path = entry.split()
        more: dict[str, Any] = {}
        if path.endswith("people"):
            more = {"data": "email\nx@example.org\n", "content_type": "text/csv"}
        answer = ask(who, path, method, **more)
        got = letters.get(answer.status_code, "y")
        if got != expected[VISITORS.index(who)]:
            wrong[entry] = (got, answer.status_code)

    assert wrong == {}


def test_a_token_to_read_changes_nothing(staffed: Scene, ask: Ask) -> None:
    for entry in TABLE:
        method, path = entry.split()
        if method != "GET":
            answer = ask("Olga", path, method, writes=False)
            assert answer.status_code == HTTPStatus.FORBIDDEN
            assert "read only" in answer.json["detail"]


def test_no_cookie_counts(staffed: Scene, visit: Visit) -> None:
    """So that nothing can be forged: no browser sends a token by itself."""
    olga = visit("Olga")
    for entry in TABLE:
        method, path = entry.split()
        answer = olga.open(f"/api/v1{path}", method=method)
        assert answer.status_code == HTTPStatus.UNAUTHORIZED
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic b2xnYTp4", "Bearer logovote_x", "x" * 999],
)
def test_what_is_no_token_is_refused_in_words(ask: Ask, header: str) -> None:
    answer = ask("none", "/me", headers={"Authorization": header})

    assert answer.status_code == HTTPStatus.UNAUTHORIZED
    assert "My account" in answer.json["detail"]


def test_a_token_ends_with_its_time_its_taking_back_and_its_role(
    staffed: Scene, ask: Ask
) -> None:
    path = "/contests/acme/designs"
    assert ask("Rita", path).status_code == HTTPStatus.OK
    with staffed.changing() as (session, acme):
        organisers.remove(session, acme, "rita@example.org", now=datetime.now(UTC))
    assert ask("Rita", path).status_code == HTTPStatus.FORBIDDEN

    with staffed.changing() as (session, _):
        for each in tokens.tokens_of(session, None):
            each.expires_at = datetime.now(UTC) - timedelta(seconds=1)
    late = ask("Rita", path)
    assert late.status_code == HTTPStatus.UNAUTHORIZED
    assert "time of this token is over" in late.json["detail"]

    with staffed.changing() as (session, _):
        for each in tokens.tokens_of(session, None):
            tokens.take_back(session, None, each.id)
    assert ask("Rita", path).status_code == HTTPStatus.UNAUTHORIZED


def test_wrong_tokens_are_counted(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    few = (Limit(3, timedelta(hours=1)),)
    monkeypatch.setitem(limits.LIMITS, "bearer-network", few)
    wrong = {"Authorization": "Bearer nonsense"}
    answers = [
        ask("none", "/contests/acme/people", "POST", headers=wrong) for _ in range(4)
    ]

    assert [a.status_code for a in answers] == [401, 401, 401, 429]
    assert int(answers[3].headers["Retry-After"]) > 0


def test_changes_are_counted(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(limits.LIMITS, "program", (Limit(1, timedelta(hours=1)),))
    body = {"data": "email\nx@example.org\n", "content_type": "text/csv"}
    url = "/contests/acme/people?dry_run=true"

    assert ask("Olga", url, "POST", **body).status_code == HTTPStatus.OK
    assert ask("Olga", url, "POST", **body).status_code == HTTPStatus.TOO_MANY_REQUESTS


# --- Reading ---


def test_a_program_finds_its_contests_with_their_rounds(ask: Ask) -> None:
    seen = {each["slug"]: each for each in ask("Vera", "/contests").json["contests"]}

    assert seen["acme"]["role"] == "observer"
    phases = {each["kind"]: each["phase"] for each in seen["acme"]["rounds"]}
    assert phases == {"shortlist": "published", "ranking": "open"}
    assert "other" not in seen
    assert ask("Vera", "/me").json["roles"] == {"acme": "observer"}


def test_designs_come_in_pages_with_pictures_and_fingerprints(
    staffed: Scene, ask: Ask
) -> None:
    found: list[dict[str, Any]] = []
    path: str | None = "/contests/acme/designs?limit=2"
    while path:
        page = ask("Vera", path).json
        assert len(page["designs"]) <= 2
        found += page["designs"]
        path = page["next"] and page["next"].partition("/api/v1")[2]

    assert [each["entry"] for each in found] == [1, 2, 3, 12, 57]
    assert page["total"] == 5
    picture = found[0]["pictures"]["thumb"].removeprefix("http://localhost")
    assert found[0]["sha256"][:16] in picture
    client = staffed.site.app.test_client()
    assert client.get(picture).status_code == HTTPStatus.OK
    assert ask("Vera", "/contests/acme/designs/57").json == found[-1]
    assert ask("Vera", "/contests/acme/designs/58").status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=x", "after=-1"])
def test_a_page_that_cannot_be_is_refused_in_words(ask: Ask, query: str) -> None:
    answer = ask("Vera", f"/contests/acme/designs?{query}")

    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert "from 1 to 500" in answer.json["detail"]


def test_an_answer_that_a_program_has_is_not_sent_again(ask: Ask) -> None:
    first = ask("Vera", "/contests/acme/designs")
    headers = {"If-None-Match": first.headers["ETag"]}

    again = ask("Vera", "/contests/acme/designs", headers=headers)

    assert again.status_code == HTTPStatus.NOT_MODIFIED
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert "Authorization" in first.headers["Vary"]


def test_turnout_is_told_and_results_when_they_are_public(
    staffed: Scene, ask: Ask, now: datetime
) -> None:
    asked = ask("Vera", "/contests/acme/rounds/ranking/turnout").json
    assert asked["groups"] == [
        {"name": "core", "voted": 0, "eligible": 2},
        {"name": "crowd", "voted": 0, "eligible": 1},
    ]
    with staffed.changing() as (session, acme):
        ranking = rounds.latest(session, acme, Kind.RANKING)
        cast(session, ranking, "Ann", [["1"]], now)
        rounds.close_round(session, ranking, now)
        counting.count_round(session, ranking, now=now)
    path = "/contests/acme/rounds/ranking/result"
    assert ask("Ann", path).status_code == HTTPStatus.NOT_FOUND
    assert ask("Vera", path).json["published"] is False
    with staffed.changing() as (session, acme):
        rounds.publish_round(session, rounds.latest(session, acme, Kind.RANKING))

    found = ask("Otto", path).json

    assert found["published"]
    assert found["result"]["order"][0]["entry"] == 1
    assert ask("Vera", "/contests/acme/rounds/beauty/turnout").status_code == 404


# --- Importing ---


@pytest.fixture(autouse=True)
def _shared_fence(fence: Fence, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "Fence", SharedFence(fence))


def work(scene: Scene) -> None:
    """Do what the worker would."""
    with scene.changing() as (session, acme):
        waiting = [
            job.id
            for job in queries.import_jobs(session, acme.id)
            if job.state in {JobState.LOOKING, JobState.IMPORTING}
        ]
    for id_ in waiting:
        scene.site.jobs.take_step(id_)


def test_designs_are_sent_looked_at_and_confirmed(
    scene: Scene, staffed: Scene, ask: Ask
) -> None:
    with staffed.changing() as (session, acme):
        ranking = rounds.latest(session, acme, Kind.RANKING)
        rounds.close_round(session, ranking, datetime.now(UTC))
        counting.count_round(session, ranking)
    zipped = zip_of({"#70.png": png(7)})
    form = {"files": (io.BytesIO(zipped), "export.zip")}
    sent = ask("Rita", "/contests/acme/imports", "POST", data=form)
    assert sent.status_code == HTTPStatus.ACCEPTED
    path = sent.headers["Location"].removeprefix("/api/v1")
    early = ask("Rita", f"{path}/confirm", "POST")
    assert early.status_code == HTTPStatus.CONFLICT
    assert "is looking" in early.json["detail"]

    work(staffed)

    ready = ask("Rita", path).json
    assert (ready["state"], ready["report"]["summary"]["new"]) == ("ready", 1)
    assert ask("Rita", f"{path}/confirm", "POST").json["state"] == "importing"
    work(staffed)
    assert ask("Rita", path).json["state"] == "done"
    assert ask("Rita", "/contests/acme/designs/70").json["designer"] is None
    assert ask("Rita", path, "DELETE").status_code == HTTPStatus.CONFLICT
    listed = ask("Vera", "/contests/acme/imports").json["imports"]
    assert [each["state"] for each in listed] == ["done"]


def test_an_upload_is_dropped(staffed: Scene, ask: Ask, now: datetime) -> None:
    with staffed.changing() as (session, acme):
        add_import(session, acme, JobState.READY, now)

    assert ask("Rita", "/contests/acme/imports/1", "DELETE").status_code == 204
    assert ask("Rita", "/contests/acme/imports").json == {"imports": []}


def test_what_is_no_upload_is_refused_in_words(ask: Ask) -> None:
    raw = ask("Rita", "/contests/acme/imports", "POST", data=b"PK")
    empty = ask(
        "Rita",
        "/contests/acme/imports",
        "POST",
        data={"other": "x"},
        content_type="multipart/form-data",
    )

    assert raw.status_code == HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    assert empty.status_code == HTTPStatus.BAD_REQUEST
    assert "“files”" in raw.json["detail"] + empty.json["detail"]


def test_people_are_tried_and_then_added(staffed: Scene, ask: Ask) -> None:
    body = {
        "data": "email,name,group\ndora@example.org,Dora,core\nnonsense,,\n",
        "content_type": "text/csv",
    }
    tried = ask("Rita", "/contests/acme/people?dry_run=1", "POST", **body).json
    with staffed.changing() as (session, acme):
        assert len(queries.voters(session, acme.id)) == 3

    added = ask("Rita", "/contests/acme/people", "POST", **body).json

    assert tried["summary"] == added["summary"]
    assert added["summary"] == {"new": 1, "changed": 0, "same": 0, "refused": 1}
    assert (tried["dry_run"], added["dry_run"]) == (True, False)
    with staffed.changing() as (session, acme):
        assert len(queries.voters(session, acme.id)) == 4
        assert person_named(session, "dora@example.org").name == "Dora"


def test_a_list_of_another_kind_is_refused_in_words(ask: Ask) -> None:
    form = ask("Rita", "/contests/acme/people", "POST", data={"email": "x"})
    broken = ask(
        "Rita",
        "/contests/acme/people",
        "POST",
        data="{}",
        content_type="application/json",
    )

    assert form.status_code == HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    assert "text/csv" in form.json["detail"]
    assert broken.status_code == HTTPStatus.BAD_REQUEST


def test_a_path_that_is_none_answers_as_programs_read_it(client: FlaskClient) -> None:
    answer = client.get("/api/v2/contests")

    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert answer.mimetype == "application/problem+json"


# --- The page where tokens are made ---


def test_a_token_is_shown_once_and_taken_back(staffed: Scene, visit: Visit) -> None:
    olga = visit("Olga")
    form = {"do": "new", "name": "nightly", "scope": "write", "days": "30"}

    made = post(olga, "/account/tokens", form)

    found = re.search(r"logovote_[\w-]{43}", made.text)
    assert found
    assert made.headers["Cache-Control"] == "private, no-store"
    client = staffed.site.app.test_client()
    headers = {"Authorization": f"Bearer {found[0]}"}
    told: Any = client.get("/api/v1/me", headers=headers).json
    assert told["token"]["name"] == "nightly"
    assert told["token"]["scope"] == "write"
    page = olga.get("/account").text
    assert found[0] not in page
    assert "reads and changes" in page
    assert "used within the hour" in page
    number = re.search(r"take-back:(\d+)", page)
    assert number

    # Somebody else's number is nothing to them.
    assert post(visit("Ann"), "/account/tokens", {"do": number[0]}).status_code == 400
    post(olga, "/account/tokens", {"do": number[0]})

    assert client.get("/api/v1/me", headers=headers).status_code == 401
    with staffed.site.store.database.read() as session:
        assert tokens.tokens_of(session, None) == []


@pytest.mark.parametrize(
    "form",
    [{"name": ""}, {"name": "x" * 81}, {"days": "0"}, {"days": "367"}, {"days": "x"}],
)
def test_a_token_that_cannot_be_is_refused_at_the_form(
    staffed: Scene, visit: Visit, form: dict[str, str]
) -> None:
    whole = {"do": "new", "name": "x", "days": "30", **form}

    answer = post(visit("Olga"), "/account/tokens", whole)

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "error-summary" in answer.text
    assert "logovote_" not in answer.text


# --- The examples of docs/api.md ---


def examples() -> Iterator[list[str]]:
    """Every curl of docs/api.md, as the words of a command line."""
    text = (ROOT / "docs" / "api.md").read_text("utf-8").replace("\\\n", " ")
    for line in re.findall(r"^    curl .*$", text, re.MULTILINE):
        yield shlex.split(line)[1:]


def test_the_examples_of_the_page_work(staffed: Scene, ask: Ask) -> None:
    """Each is read as curl reads it, and asked for."""
    with staffed.changing() as (session, acme):
        ranking = rounds.latest(session, acme, Kind.RANKING)
        rounds.close_round(session, ranking, datetime.now(UTC))
        counting.count_round(session, ranking)
        rounds.publish_round(session, ranking)
    asked = []
    for words in examples():
        method, path = "GET", ""
        more: dict[str, Any] = {}
        headers: dict[str, str] = {}
        while words:
            word = words.pop(0)
            if word == "-X":
                method = words.pop(0)
            elif word == "-H":
                name, _, value = words.pop(0).partition(": ")
                headers[name] = value
            elif word == "-F":
                field, _, _ = words.pop(0).partition("=@")
                method = "POST"
                more["data"] = {
                    field: (io.BytesIO(zip_of({"#9.png": png(9)})), "e.zip")
                }
            elif word == "--data-binary":
                words.pop(0)
                method = "POST"
                more["data"] = "email,name,group\nada@example.org,Ada,core\n"
            elif not word.startswith("-"):
                path = word
        assert headers.pop("Authorization", "") in {"Bearer $TOKEN", ""}
        path = path.removeprefix("$SITE/api/v1").replace("CONTEST", "acme")
        answer = ask("Olga", path, method, headers=headers, **more)
        asked.append((method, path))
        assert answer.status_code < 300, (method, path, answer.text)
        work(staffed)

    assert len(asked) >= 8
