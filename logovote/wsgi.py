"""The site for a server that starts it itself, such as gunicorn.

    gunicorn --config python:logovote.gunicorn logovote.wsgi:app

Settings come from the environment. What cannot work is said in one line, and the server
stops; with `create_app` alone it would show a traceback, once per worker.
"""

from __future__ import annotations

import os
import sys

from flask import Flask

from logovote import logs
from logovote.app import create_app
from logovote.errors import LogovoteError
from logovote.settings import log_form
from logovote.web.context import Site

# By which gunicorn knows that starting it again would not help.
_CANNOT_START = 4


def _start() -> Flask:
    try:
        logs.write_to_stderr(log_form(os.environ))
        app = create_app()
        site: Site = app.extensions["logovote"]
        site.store.check()
        if not site.settings.jobs_url:
            site.jobs.start()
    except LogovoteError as error:
        sys.stderr.write(f"logovote: {error}\n")
        sys.stderr.flush()
        raise SystemExit(_CANNOT_START) from error
    return app


app = _start()
