"""Send malformed requests to every route, and count the errors that are ours.

    python -m bench.fuzz [-n 10000] [--seed 1]

Signed in and out; straight to the application, for no server in front of it would let
all of them through. Exits 1 on any answer of 500 or above, or a traceback.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from logovote.app import create_app
from logovote.contest import rounds, signing_in
from logovote.store.models import Kind, Person
from logovote.store.store import Store
from tests.builders import publish_shortlist
from tests.conftest import settings_on
from tests.web.malformed import Malformed, body_of, cookie_of, send

_VISITORS = ("", "Ann", "Organiser")


def main() -> None:
    """Send them, and say what came back."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_on(Path(folder))
        store = Store.open(settings.database_url, settings.files_folder)
        _stage(store)
        app = create_app(settings)
        app.config["WTF_CSRF_ENABLED"] = False
        statuses: Counter[int] = Counter()
        took, wrong = [], 0
        for count, environ in enumerate(
            Malformed(app, arguments.seed).requests(arguments.n)
        ):
            if count % 50 == 0:  # some of it signs out
                cookie = _cookie(app, store, _VISITORS[count // 50 % 3])
            began = time.perf_counter()
            status, text = send(app, environ, cookie)
            took.append(1000 * (time.perf_counter() - began))
            statuses[status] += 1
            if status >= 500 or "Traceback" in text:
                wrong += 1
                print(status, environ["REQUEST_METHOD"], environ["PATH_INFO"][:200])
                print("   ", environ["QUERY_STRING"][:200], body_of(environ)[:300])
        app.extensions["logovote"].jobs.stop()
        app.extensions["logovote"].store.database.dispose()
        store.database.dispose()
    percent = statistics.quantiles(took, n=100)
    print(
        f"{arguments.n} requests: {wrong} errors of ours; p50 {percent[49]:.1f} ms, "
        f"p99 {percent[98]:.1f} ms; {dict(sorted(statuses.items()))}"
    )
    sys.exit(1 if wrong else 0)


def _stage(store: Store) -> None:
    """Publish a shortlist and open a ranking, so that every page is there."""
    now = datetime.now(UTC)
    with store.database.write() as session:
        acme = publish_shortlist(session, now)
        rounds.open_round(session, acme, Kind.RANKING, now)
        signing_in.keeper(session)
        session.commit()


def _cookie(app: Flask, store: Store, name: str) -> str:
    """Sign somebody in, or nobody."""
    client = app.test_client()
    if name:
        with store.database.write() as session:
            person = session.scalars(select(Person).where(Person.name == name)).one()
            token = signing_in.begin_session(session, person, datetime.now(UTC))
            session.commit()
        with client.session_transaction() as cookie:
            cookie["_user_id"] = token
    return cookie_of(client)


if __name__ == "__main__":
    main()
