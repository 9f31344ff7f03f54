"""The log: what each line says, and what none may say."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from datetime import datetime

import pytest

from logovote import logs

TOKEN = "kq3-Xy_abcdefghijklmnopqrstuv"


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """Leave the log of the tests alone."""
    root, ours = logging.getLogger(), logging.getLogger("logovote")
    earlier = (root.handlers[:], root.level, ours.level)
    yield
    root.handlers, root.level, ours.level = earlier
    logging.captureWarnings(capture=False)


def written(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_programs_read_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.write_to_stderr("json")
    with logs.about(request="abc"), logs.about(job=12):
        logging.getLogger("logovote.x").info(
            "two\nlines of %s", "Zoë", extra={"facts": {"ms": 1.5}}
        )
    logging.getLogger("huey").info("nobody asked")
    (line,) = written(capsys)

    found = json.loads(line)
    assert found.pop("time").endswith("+00:00")
    assert found == {
        "level": "info",
        "logger": "logovote.x",
        "message": "two\nlines of Zoë",
        "request": "abc",
        "job": 12,
        "ms": 1.5,
    }


def test_people_read_what_went_wrong_and_by_which_number(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.write_to_stderr("text")
    with logs.about(request="abc"):
        logging.getLogger("logovote.x").info("all is well")
        logging.getLogger("logovote.x").error("it broke")
    logging.getLogger("huey").error("elsewhere")
    first, second = written(capsys)

    moment, _, said = first.partition(" ERROR ")
    assert datetime.strptime(moment, "%Y-%m-%d %H:%M:%S%z").tzinfo is not None
    assert said == "logovote.x: it broke (request abc)"
    assert second.endswith("ERROR huey: elsewhere")


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize("page", ["i", "o", "m", "mail/stop"])
def test_no_line_holds_a_link_to_sign_in_with(
    capsys: pytest.CaptureFixture[str], form: str, page: str
) -> None:
    logs.write_to_stderr(form)
    url = f"https://vote.example.org/{page}/{TOKEN}"
    error = ValueError(url)
    logging.getLogger("waitress").error("while serving %s", url, exc_info=error)
    text = capsys.readouterr().err

    assert TOKEN not in text
    assert f"/{page}/…" in text
    assert "ValueError" in text


def test_gunicorns_own_lines_name_no_visitor() -> None:
    from logovote import gunicorn  # noqa: PLC0415 - an extra

    record = logging.LogRecord(
        "gunicorn.error",
        logging.WARNING,
        __file__,
        1,
        "Invalid request from ip=192.0.2.7: GET /secret",
        None,
        None,
    )
    assert gunicorn._without_visitors(record)
    assert record.getMessage() == "Invalid request"
    record.msg, record.args = "Error handling request %s %s", ("GET", "/c/acme")
    gunicorn._without_visitors(record)
    assert record.getMessage() == "Error handling request"
    record.msg, record.args = "Booting worker with pid: %s", (7,)
    gunicorn._without_visitors(record)
    assert record.getMessage() == "Booting worker with pid: 7"
    assert "logovote.gunicorn" in sys.modules
