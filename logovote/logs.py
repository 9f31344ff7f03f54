"""The log: lines for people, or one JSON object a line for programs.

Each line says what it is about: the request, import or mail that is in hand. None holds
addresses or what ballots say: nobody hands them in. Links by which people sign in are
taken out here, for a library may quote what was asked for.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime

from logovote.settings import JSON_LOG

_LINK = re.compile(r"(/(?:i|o|m|mail/stop)/)[\w.~%-]+")

_about: ContextVar[dict[str, object]] = ContextVar("about")


@contextlib.contextmanager
def about(**what: object) -> Iterator[None]:
    """Let every line of the block say what it is about, such as `job=12`."""
    token = _about.set(_about.get({}) | what)
    try:
        yield
    finally:
        _about.reset(token)


class ForPeople(logging.Formatter):
    """When, how bad and what; then what it is about, for whoever was told a number."""

    default_time_format = "%Y-%m-%d %H:%M:%S%z"
    default_msec_format = ""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's
        """Write the line above a traceback, if there is one."""
        text = super().formatMessage(record)
        tags = " ".join(f"{name} {value}" for name, value in _about.get({}).items())
        return f"{text} ({tags})" if tags else text

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        return _without_links(super().format(record))


class ForPrograms(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record: the time, what happened, and the facts that belong to it."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(
                timespec="milliseconds"
            ),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_about.get({}),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return _without_links(json.dumps(line, ensure_ascii=False, default=str))


def _without_links(text: str) -> str:
    return _LINK.sub(r"\1…", text)


def write_to_stderr(form: str) -> None:
    """Send every line of this process, a library's too, to standard error.

    For people that is what went wrong; for programs also what was done.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(ForPrograms() if form == JSON_LOG else ForPeople())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)
    if form == JSON_LOG:
        logging.getLogger("logovote").setLevel(logging.INFO)
