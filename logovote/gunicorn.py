"""How gunicorn serves the site: `gunicorn --config python:logovote.gunicorn …`.

The command line wins over what is here; `WEB_CONCURRENCY` is the number of processes.
"""

from __future__ import annotations

import contextlib
import logging
import mmap
import os
import shutil
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker

from logovote import logs
from logovote.settings import JSON_LOG

wsgi_app = "logovote.wsgi:app"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
threads = 4
timeout = 30
graceful_timeout = 30
# Longer than proxies keep a connection to us: else one is closed as they use it.
keepalive = 75
# Signals do all that is needed, and a service has no home to put a socket in.
control_socket_disable = True
# What a process has gathered in a day goes with it; all of them never at once, for who
# comes then waits until one has started.
max_requests = 20_000
max_requests_jitter = 10_000
# A sign of life that waits for a disk is none.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - no files

_SILENT_SECONDS = 60
_PAUSE_SECONDS = 3
# All processes share this byte: whether one of them has begun to serve.
_has_served = mmap.mmap(-1, 1)
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
if os.environ.get("LOGOVOTE_METRICS_TOKEN") and _FOLDER not in os.environ:
    os.environ[_FOLDER] = tempfile.mkdtemp(prefix="logovote-metrics-")


class Log(Logger):  # type: ignore[misc] # gunicorn is untyped
    """Writes gunicorn's own lines like ours, and nobody's address in them."""

    def setup(self, cfg: Any) -> None:
        """Set the log up, at the start and when gunicorn reads its settings again."""
        super().setup(cfg)
        is_json = os.environ.get("LOGOVOTE_LOG") == JSON_LOG
        for handler in self.error_log.handlers:
            handler.setFormatter(logs.ForPrograms() if is_json else logs.ForPeople())
        self.error_log.addFilter(_without_visitors)


logger_class = Log


class Worker(ThreadWorker):  # type: ignore[misc] # gunicorn is untyped
    """A process that, where the site was served already, is tried until it starts.

    gunicorn ends all others with one that does not start. That is right at first; but
    one that is renewed while the database is away shall only wait for it.
    """

    def load_wsgi(self) -> None:
        """Load the site."""
        try:
            super().load_wsgi()
        except SystemExit as stop:
            may_pass = getattr(stop.__cause__, "may_pass", False)
            if not (_has_served[0] and may_pass):
                raise
            time.sleep(_PAUSE_SECONDS)
            raise SystemExit(1) from stop  # not what wsgi.py ends with: once more
        _has_served[0] = True


worker_class = Worker


def _without_visitors(record: logging.LogRecord) -> bool:
    """Leave out who sent a request that cannot be read, and what was asked for."""
    for what in ("Invalid request", "Error handling request"):
        if str(record.msg).startswith(what):
            record.msg, record.args = what, ()
    return True


def when_ready(server: Any) -> None:
    """Let the kernel keep a connection that says nothing, as browsers open some.

    gunicorn gives a thread to each for five seconds (its pull request 3519).
    """
    defer = getattr(socket, "TCP_DEFER_ACCEPT", None)  # Linux alone has it
    for listener in server.LISTENERS:
        if defer is not None and listener.family != socket.AF_UNIX:
            listener.setsockopt(socket.IPPROTO_TCP, defer, _SILENT_SECONDS)


def pre_fork(server: Any, worker: Any) -> None:
    """Give a process a number that no living one has.

    Its share of the metrics lies under that number, so that they take no more room
    however many processes come and go.
    """
    taken = {other.number for other in server.WORKERS.values()}
    worker.number = min(set(range(len(taken) + 1)) - taken)


def post_fork(_server: Any, worker: Any) -> None:
    """Begin a process: with the release that is installed now, and its own metrics."""
    if _FOLDER in os.environ:
        _forget_gauges(worker.number)
        with contextlib.suppress(ImportError):  # said when the site starts
            from prometheus_client import values  # noqa: PLC0415 - an extra

            values.ValueClass = values.MultiProcessValue(lambda: worker.number)
    # What this file imported is of the release that gunicorn was started with.
    for name in [name for name in sys.modules if name.startswith("logovote")]:
        del sys.modules[name]


def child_exit(_server: Any, worker: Any) -> None:
    """Forget what a process had in hand; what it has counted stays."""
    if _FOLDER in os.environ:
        _forget_gauges(worker.number)


def _forget_gauges(number: int) -> None:
    for path in Path(os.environ[_FOLDER]).glob(f"gauge_live*_{number}.db"):
        path.unlink(missing_ok=True)


def on_exit(_server: Any) -> None:
    """Leave nothing behind."""
    if _FOLDER in os.environ:
        shutil.rmtree(os.environ[_FOLDER], ignore_errors=True)
