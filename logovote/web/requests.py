"""Every request has a number, a line in the log, and its share in the metrics.

Which route was asked for is noted, never the address: that may hold an invitation.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from contextlib import ExitStack

from flask import Flask, Response, g, request

from logovote import logs
from logovote.settings import JSON_LOG
from logovote.web.context import site

logger = logging.getLogger(__name__)

# What strangers make up must not become a name in anybody's table.
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_REQUEST_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)


def request_id() -> str:
    """Return the number that this request goes by in the log."""
    if "request_id" not in g:
        header = site().settings.request_id_header
        given = request.headers.get(header, "") if header else ""
        g.request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
    return str(g.request_id)


def init_app(app: Flask) -> None:
    """Watch every request of the app, from before all else until after it."""

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()
        g.about = ExitStack()
        g.about.enter_context(logs.about(request=request_id()))

    @app.after_request
    def end(response: Response) -> Response:
        if not response.cache_control.public:  # else many would be told of one's
            response.headers["X-Request-ID"] = request_id()
        method = request.method if request.method in _METHODS else "other"
        route = request.url_rule.rule if request.url_rule else "none"
        seconds = time.perf_counter() - g.get("began", time.perf_counter())
        if (meter := site().meter) is not None:
            meter.note(request.endpoint, method, route, response.status_code, seconds)
        if site().settings.log == JSON_LOG:
            logger.info(
                "request",
                extra={
                    "facts": {
                        "method": method,
                        "route": route,
                        "status": response.status_code,
                        "ms": round(seconds * 1000, 1),
                    }
                },
            )
        return response

    @app.teardown_request
    def forget(_error: BaseException | None) -> None:
        if (about := g.pop("about", None)) is not None:
            about.close()
