"""What tests do with a page: read its parts, press its buttons."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

_TOKEN = re.compile(r'<meta name="csrf-token" content="([^"]+)">')


def csrf_token(client: FlaskClient) -> str:
    """Return a token for this signed-in visitor, as scripts read it from a page."""
    found = _TOKEN.search(client.get("/").text)
    assert found, "the visitor is not signed in"
    return found[1]


def post(
    client: FlaskClient, url: str, data: Mapping[str, Any] | None = None, **options: Any
) -> TestResponse:
    """Send a form with its token."""
    form = {"csrf_token": csrf_token(client), **(data or {})}
    return client.post(url, data=form, **options)


def put(client: FlaskClient, url: str, body: Any) -> TestResponse:
    """Save as a script does."""
    return client.put(url, json=body, headers={"X-CSRFToken": csrf_token(client)})
