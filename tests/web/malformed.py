"""Requests that no browser sends, over every route of the app's own map.

`test_fuzz.py` sends some, `bench/fuzz.py` ten thousand.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from random import Random
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder, run_wsgi_app

from logovote.imaging.picture import SPECS_VERSION

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
    "..\\..\\boot.ini",
    "%00%ff%c0%af",
    "<script>",
    "=1+1",
    "%s%n{0}{{7*7}}",
    "'; DROP TABLE ballot; --",
    "1/0",
    "nan",
    "inf",
    "1e999999",
    "2026-02-30 25:61",
    "open",
    "merge",
    "acme",
    "a\r\nX-Injected: 1",
    "email,name\nx@y.zz,X",
    'email,"name\nx@y.zz,',
]
# Beside the fields that the pages' own forms have, which `_fields` finds.
KEYS = ["base_rev", "save_id", "items", "nonce", "voter", "families", "not_for_me", ""]
_METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"]
_TYPES = [
    "application/json",
    "application/json; charset=utf-16",
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=nonsense",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=x",
    "text/plain",
    "application/octet-stream",
    "\xff/\0",
    "",
]
_HEADERS = {
    "HTTP_ACCEPT": ["*/*", "application/json", "text/html;q=nan", ";;;", "q=" * 500],
    "HTTP_ACCEPT_ENCODING": ["gzip", "gzip;q=-1", "br, \xff", "*;q=1e400"],
    "HTTP_COOKIE": ["", "logovote=", "logovote=.eJw.x.y", "=;=;\xff", "a=b; " * 900],
    "HTTP_HOST": ["localhost", "", "[::1", "a b", "x:99999999", "\xff", "evil.example"],
    "HTTP_REFERER": ["http://localhost/c/acme/", "http://[", "\xff", "javascript:1"],
    "HTTP_ORIGIN": ["http://localhost", "null", "http://[", "\xff"],
    "HTTP_IF_NONE_MATCH": ["*", '"', 'W/"x', "\xff", '"a"' * 900],
    "HTTP_IF_MODIFIED_SINCE": ["yesterday", "Thu, 99 Foo 9999 99:99:99 GMT", "\xff"],
    "HTTP_RANGE": ["bytes=0-", "bytes=-", "bytes=9-1", "bytes=0-1," * 400, "x=\xff"],
    "HTTP_X_FORWARDED_FOR": ["1.2.3.4", "\xff, ,", "," * 900],
    "HTTP_X_CSRFTOKEN": ["", "x.y.z", "\xff"],
    "HTTP_CONTENT_ENCODING": ["gzip", "\xff"],
    "HTTP_TRANSFER_ENCODING": ["chunked", "identity, \xff"],
    "HTTP_EXPECT": ["100-continue", "\xff"],
    "HTTP_SEC_FETCH_SITE": ["same-origin", "cross-site", "\xff"],
    "CONTENT_LENGTH": ["", "-1", "nine", "9" * 30, "0", "²"],
}
_ARGUMENT = re.compile(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>")
_CHOICE = re.compile(r'name="([\w-]+)"[^>]*? value="([\w:]+)"')
_GOOD = {
    "slug": ["acme", "other"],
    "entry": ["1", "12", "57"],
    "number": ["1"],
    "version": ["1"],
    "job_id": ["1"],
    "family": ["f1", "f12"],
    "kind": ["shortlist", "ranking", "thumb"],
    "specs": [SPECS_VERSION],
    "release": ["0"],
    "path": ["js/time.js", "css/logovote.css"],
}


def garbage(rng: Random, depth: int = 3) -> Any:
    """Make some JSON value."""
    scalars = [None, True, 0, -1, 1, 10**30, 1.5, 1e308, float("nan"), *TEXTS]
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


class Malformed:
    """An endless source of requests to an app, by a seed."""

    def __init__(self, app: Flask, seed: object) -> None:
        self._rng = Random(f"{seed}")  # noqa: S311 - repeatable garbage
        # Whoever changes something reads most of what is sent.
        self._rules = [
            (rule.rule, sorted(methods))
            for rule in app.url_map.iter_rules()
            for methods in [(rule.methods or set()) - {"OPTIONS"}]
            for _ in range(1 if "GET" in methods else 4)
        ]
        self._fields, self._hints = _fields(app)

    def requests(self, number: int) -> Iterator[dict[str, Any]]:
        """Yield so many requests, as WSGI has them."""
        for _ in range(number):
            yield self._request()

    def _request(self) -> dict[str, Any]:
        rng = self._rng
        rule, methods = rng.choice(self._rules)
        method = rng.choice(methods if rng.random() < 0.85 else _METHODS)
        data, content_type = self._body(method) if rng.random() < 0.9 else (b"", "")
        environ = EnvironBuilder(
            method=method, data=data, content_type=content_type or None
        ).get_environ()
        path = _ARGUMENT.sub(lambda found: self._argument(found[1]), rule)
        query = "&".join(
            f"{rng.choice(self._fields)}={rng.choice(TEXTS)}"
            for _ in range(rng.choice([0, 0, 1, 4]))
        )
        # A line break ends the line that a query stands on, so that none can hold one.
        query = query.replace("\r", "%0D").replace("\n", "%0A")
        environ |= {"PATH_INFO": _raw(path), "QUERY_STRING": _raw(query)}
        for name in rng.sample(sorted(_HEADERS), rng.choice([0, 0, 0, 1, 2])):
            environ[name] = rng.choice(_HEADERS[name])
        return environ

    def _argument(self, name: str) -> str:
        if self._rng.random() < 0.75 and name in _GOOD:
            return self._rng.choice(_GOOD[name])
        return self._rng.choice(TEXTS)

    def _body(self, method: str) -> tuple[bytes, str]:
        """Make a body, and say of what type it is, rightly or not."""
        rng = self._rng
        kind = rng.choice([0, 0, 0, 5] if method == "PUT" else [0, 2, 2, 2, 4, 5])
        if kind <= 1:
            value = save(rng) if rng.random() < 0.7 else garbage(rng)
            data, right = json.dumps(value).encode(), _TYPES[0]
        elif kind <= 3:
            data, right = self._form().encode(errors="replace"), _TYPES[2]
        elif kind == 4:
            data, right = self._parts().encode(errors="replace"), _TYPES[6]
        else:
            nested = b"[" * 20_000 + b"]" * 20_000
            data = rng.choice([nested, rng.randbytes(60), b"\xef\xbb\xbf{}", b"\0"])
            right = _TYPES[0]
        if rng.random() < 0.2:
            data = data[: rng.randrange(len(data) + 1)]
        return data, right if rng.random() < 0.8 else rng.choice(_TYPES)

    def _form(self) -> str:
        rng = self._rng
        # Most forms are right but for one text, which then stands in several fields.
        wrong = rng.choice(TEXTS)
        pairs = [
            (name, rng.choice([*self._hints.get(name, []), wrong]))
            for name in rng.sample(self._fields, rng.choice([1, 3, 25, 25]))
        ]
        return "&".join(f"{name}={text}" for name, text in pairs)

    def _parts(self) -> str:
        rng = self._rng
        parts = [
            f'--x\r\nContent-Disposition: form-data; name="{rng.choice(self._fields)}"'
            + rng.choice(["", f'; filename="{rng.choice(TEXTS)}"'])
            + f"\r\n\r\n{rng.choice(TEXTS)}\r\n"
            for _ in range(rng.randrange(1, 4))
        ]
        return "".join(parts) + rng.choice(["--x--\r\n", "--x", ""])


def _fields(app: Flask) -> tuple[list[str], dict[str, list[str]]]:
    """Find the names in our forms, and values that go with them, in the templates."""
    loader = app.jinja_loader
    assert loader is not None
    names, hints = set(KEYS), dict[str, list[str]]()
    for template in loader.list_templates():
        source = loader.get_source(app.jinja_env, template)[0]
        names |= set(re.findall(r'name="([\w-]+)"', source))
        names |= set(re.findall(r'field\("([\w-]+)"', source))
        for name, value in _CHOICE.findall(source):
            hints.setdefault(name, []).append(value)
    names |= {"place-1", "place-", "share-1", "reason-1", "show", "choose"}
    return sorted(names), hints


def _raw(text: str) -> str:
    """Write text as WSGI has bytes: one character for each."""
    return text.encode(errors="replace").decode("latin-1")


def send(app: Flask, environ: dict[str, Any], cookie: str) -> tuple[int, str]:
    """Send a request as it is, which no client would do; return status and text."""
    environ.setdefault("HTTP_COOKIE", cookie)
    body, status, _ = run_wsgi_app(app, environ, buffered=True)
    return int(status.split()[0]), b"".join(body).decode(errors="replace")


def cookie_of(client: FlaskClient) -> str:
    """Return the cookie of somebody who is signed in, or not."""
    cookie = client.get_cookie("logovote")
    return "" if cookie is None else f"logovote={cookie.value}"


def body_of(environ: dict[str, Any]) -> bytes:
    """Return what a request sends, to show it when it did harm."""
    stream: io.BytesIO = environ["wsgi.input"]
    return stream.getvalue()
