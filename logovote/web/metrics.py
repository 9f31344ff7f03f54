"""What a watcher may know of a site: how much is asked, how fast, and what waits.

No number depends on what ballots say: requests and saves are counted by route and
outcome, whoever sends them and whatever is in them.
"""

from __future__ import annotations

import hmac
import logging
import os
from collections.abc import Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, request
from sqlalchemy import event

from logovote import __version__
from logovote.errors import LogovoteError
from logovote.settings import Settings
from logovote.store import backlog
from logovote.store.session import Database
from logovote.web.context import db, site

if TYPE_CHECKING:
    from prometheus_client.core import GaugeMetricFamily

logger = logging.getLogger(__name__)

bp = Blueprint("metrics", __name__)

# Where the processes of one machine put their numbers together (logovote/gunicorn.py).
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_SAVING = frozenset(
    {"shortlist.save", "shortlist.press", "ranking.save", "ranking.press"}
)
# By the status of the answer; all others are "refused".
_OUTCOMES: dict[int, str] = {
    HTTPStatus.OK: "accepted",
    HTTPStatus.SEE_OTHER: "accepted",  # to a form without script
    HTTPStatus.CONFLICT: "conflict",
    HTTPStatus.SERVICE_UNAVAILABLE: "busy",
}


class MetricsError(LogovoteError):
    """Metrics are asked for, and cannot be had."""


class Meter:
    """Counts what the requests of this process do."""

    def __init__(self) -> None:
        try:
            import prometheus_client as client  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise MetricsError(
                "LOGOVOTE_METRICS_TOKEN needs a package that is not installed here: "
                "pip install 'logovote[metrics]'"
            ) from error
        self._registry = client.CollectorRegistry()
        self._requests = client.Counter(
            "logovote_requests",
            "Requests that were answered.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = client.Histogram(
            "logovote_request_seconds",
            "Time until the answer began to leave.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._saves = client.Counter(
            "logovote_saves",
            "Ballots that came to be saved, by what became of that.",
            ("outcome",),
            registry=self._registry,
        )
        self._connections = client.Gauge(
            "logovote_database_connections",
            "Connections to the database, by whether they are in use.",
            ("state",),
            multiprocess_mode="livesum",
            registry=self._registry,
        )
        for outcome in (*_OUTCOMES.values(), "refused"):
            self._saves.labels(outcome)  # shown as 0 from the start

    def watch(self, database: Database) -> None:
        """Follow the connections of a pool."""
        idle, used = map(self._connections.labels, ("idle", "in use"))
        pool = database.engine.pool

        def change(name: str, idle_by: int, used_by: int) -> None:
            def note(*_: object) -> None:
                idle.inc(idle_by)
                used.inc(used_by)

            event.listen(pool, name, note)

        # One that is made is handed out next; one is handed in before it is closed.
        change("connect", 1, 0)
        change("checkout", -1, 1)
        change("checkin", 1, -1)
        change("close", -1, 0)

    def note(
        self, endpoint: str | None, method: str, route: str, status: int, seconds: float
    ) -> None:
        """Count one request."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)
        if endpoint in _SAVING:
            self._saves.labels(_OUTCOMES.get(status, "refused")).inc()

    def text(self) -> str:
        """Write out what was counted, here and by all processes of this machine."""
        from prometheus_client import (  # noqa: PLC0415 - an extra
            CollectorRegistry,
            generate_latest,
            multiprocess,
        )

        counted = self._registry
        if _FOLDER in os.environ:
            counted = CollectorRegistry()
            multiprocess.MultiProcessCollector(counted)
        waiting = CollectorRegistry()
        waiting.register(_Waiting())
        return (generate_latest(counted) + generate_latest(waiting)).decode()


class _Waiting:
    """What the database and the queues hold, the same whichever process looks."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Look now."""
        from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415 - an extra

        def gauge(
            name: str, text: str, label: str, values: dict[str, float]
        ) -> GaugeMetricFamily:
            family = GaugeMetricFamily(f"logovote_{name}", text, labels=[label])
            for value, number in values.items():
                family.add_metric([value], number)
            return family

        yield gauge("release", "Always 1.", "version", {__version__: 1})
        up = "Whether what waits is known."
        try:
            waiting, tasks = backlog.backlog(db()), site().jobs.waiting()
        except Exception:  # the database's or the queue's; what was counted is wanted
            logger.exception("metrics: what waits cannot be looked up")
            yield gauge("up", up, "part", {"database": 0})
            return
        yield gauge("up", up, "part", {"database": 1})
        yield gauge("queue_tasks", "Tasks that wait.", "queue", tasks)
        yield gauge("mails", "Mails by where they stand.", "state", waiting.mails)
        yield gauge("imports", "Imports by where they stand.", "state", waiting.imports)
        yield gauge(
            "import_files",
            "Files of the imports in hand.",
            "state",
            {"done": waiting.files_done, "all": waiting.files},
        )


def meter_of(settings: Settings, database: Database) -> Meter | None:
    """Make a meter, if anybody may read it.

    Raises:
        MetricsError: what it needs is not installed.
    """
    if not settings.metrics_token:
        return None
    meter = Meter()
    meter.watch(database)
    return meter


@bp.get("/metrics")
def show() -> Response:
    """Tell a watcher that shows the token; to all others there is nothing here."""
    settings, meter = site().settings, site().meter
    shown = request.headers.get("Authorization", "")
    expected = f"Bearer {settings.metrics_token}"
    if meter is None or not hmac.compare_digest(shown.encode(), expected.encode()):
        abort(HTTPStatus.NOT_FOUND)
    response = Response(meter.text(), mimetype="text/plain; version=0.0.4")
    response.headers["Cache-Control"] = "no-store"
    return response
