"""Garbage on every way in: whatever is sent, the answer is never a server error."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from tests.web.conftest import Scene, Visit

TIMES = 12
SEED = 20261123
TEXTS = [
    "",
    " ",
    "0",
    "-1",
    "1",
    "3.5",
    "9" * 30,
    "9" * 5000,
    "٣",
    "²",
    "none",
    "f12",
    "57",
    "places",
    "rank:1",
    "up:none",
    "tie:",
    "\0",
    "é" * 300,
    "\ud800",
    "../../etc/passwd",
    "<script>",
    "=1+1",
    "%s%n{0}{{7*7}}",
    "'; DROP TABLE ballot; --",
    "1/0",
    "nan",
    "open",
    "merge",
    "acme",
    "email,name\nx@y.zz,X",
]
FIELDS = [
    "approve",
    "withdraw",
    "none",
    "show",
    "from",
    "do",
    "place-1",
    "place-none",
    "place-",
    "seats",
    "entry",
    "slug",
    "title",
    "about",
    "status_quo",
    "pasted",
    "share-1",
    "share-2",
    "reason-1",
    "withdraw_missing",
    "email",
    "code",
    "on",
    "List-Unsubscribe",
    "join",
    "domains",
    "joining-group",
    "request-group",
    "open",
    "note",
]
KEYS = ["base_rev", "save_id", "items", "nonce", "", "x"]


def garbage(rng: Random, depth: int = 3) -> Any:
    """Make some JSON value."""
    scalars = [None, True, 0, -1, 1, 10**30, 1.5, 1e308, *TEXTS]
    kind = rng.randrange(4) if depth else 0
    if kind == 1:
        return [garbage(rng, depth - 1) for _ in range(rng.randrange(4))]
    if kind == 2:
        return {rng.choice(KEYS): garbage(rng, depth - 1) for _ in range(3)}
    return rng.choice(scalars)


def save(rng: Random) -> Any:
    """Make a save that is almost right."""
    good = {"base_rev": 0, "save_id": f"save-{rng.random()}", "items": ["1"]}
    return good | {rng.choice(KEYS): garbage(rng) for _ in range(rng.randrange(3))}


def form(rng: Random) -> dict[str, str]:
    return {
        rng.choice(FIELDS): rng.choice(TEXTS).replace("\ud800", "?")
        for _ in range(rng.randrange(1, 6))
    }


def body(rng: Random) -> tuple[bytes, str]:
    """Make a JSON body, well formed or not."""
    text = json.dumps(save(rng) if rng.random() < 0.7 else garbage(rng)).encode()
    if rng.random() < 0.2:
        text = text[: rng.randrange(len(text) + 1)]
    if rng.random() < 0.1:
        text = rng.randbytes(rng.randrange(60))
    return text, rng.choice(["application/json"] * 4 + ["text/plain", ""])


UNSAFE = [
    "PUT /c/acme/shortlist/ballot",
    "PUT /c/acme/ranking/ballot",
    "POST /c/acme/shortlist/ballot",
    "POST /c/acme/ranking/ballot",
    "POST /organise/new",
    "POST /organise/acme/people",
    "POST /organise/acme/groups",
    "POST /organise/acme/families",
    "POST /organise/acme/rounds/shortlist",
    "POST /organise/acme/rounds/ranking",
    "POST /organise/acme/rounds/dance",
    "POST /organise/acme/designs/upload",
    "POST /organise/acme/designs/imports/1",
    "POST /organise/acme/designs/imports/1/drop",
    "POST /i/garbage",
    "POST /o/garbage",
    "POST /sign-out",
    "POST /sign-out/everywhere",
    "POST /sign-in",
    "POST /sign-in/code",
    "POST /m/garbage",
    "POST /mail/stop/garbage",
    "POST /organise/acme/mail",
    "POST /organise/acme/people/joining",
    "POST /organise/acme/people/requests",
    "POST /c/acme/join",
]


@pytest.mark.parametrize("route", UNSAFE)
@pytest.mark.parametrize("kind", ["shortlist", "ranking"])
def test_garbage_is_refused_and_never_an_error_of_ours(
    request: pytest.FixtureRequest, visit: Visit, route: str, kind: str
) -> None:
    scene: Scene = request.getfixturevalue(kind)
    scene.site.app.config["WTF_CSRF_ENABLED"] = False
    method, url = route.split()
    rng = Random(f"{SEED} {kind} {route}")  # noqa: S311 - repeatable garbage
    client = visit("organiser" if "organise" in url else "Ann")

    for _ in range(TIMES):
        if rng.random() < (0.8 if method == "PUT" else 0.1):
            data, type_ = body(rng)
            sent: dict[str, Any] = {"data": data, "content_type": type_}
        else:
            sent = {"data": form(rng)}
        answer = client.open(url, method=method, **sent)
        assert answer.status_code < 500, (sent, answer.text)
        assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=x",
    ],
)
def test_a_broken_form_is_never_an_error_of_ours(
    shortlist: Scene, visit: Visit, content_type: str
) -> None:
    answer = visit("organiser").post(
        "/organise/acme/designs/upload",
        data=b'--x\r\nContent-Disposition: form-data; name="files"; filename="a\xff',
        content_type=content_type,
    )

    assert answer.status_code == 400


@pytest.mark.parametrize("text", TEXTS)
def test_a_garbage_address_is_never_an_error_of_ours(
    shortlist: Scene, visit: Visit, text: str
) -> None:
    organiser = visit("organiser")
    part = text.encode(errors="replace").decode()
    for url in (
        f"/c/{part}/",
        f"/c/acme/shortlist?show={part}",
        f"/c/acme/results/{part}",
        f"/i/{part}",
        f"/m/{part}",
        f"/mail/stop/{part}",
        f"/media/1/{part}/thumb.webp",
        f"/static/{part}/{part}",
        f"/organise/acme/rounds/{part}",
    ):
        assert organiser.get(url).status_code < 500
