"""Ask the interface for programs all that its description allows, and more.

    pip install schemathesis
    python -m bench.api [-n 100] [--seed 1]

Serves a made-up contest, and lets Schemathesis read docs/openapi.json and send requests
that fit it and that do not, with a token that may change things. Exits 1 on any error
of ours. `bench.fuzz` does the same to every page, without a description.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path

import waitress

from logovote.app import create_app
from logovote.contest import signing_in, tokens
from logovote.contest.limits import LIMITS, Limit
from logovote.paths import OPENAPI
from logovote.store.store import Store
from tests.builders import publish_shortlist
from tests.conftest import settings_on

_CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance"


def main() -> None:
    """Serve, and let the requests come."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--schemathesis", default="schemathesis")
    arguments = parser.parse_args()
    # Far more than a program may do; what is asked is whether we break.
    for kind in ("program", "import", "bearer-network"):
        LIMITS[kind] = (Limit(1_000_000, LIMITS[kind][0].within),)
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_on(Path(folder))
        token = _stage(Store.open(settings.database_url, settings.files_folder))
        server = waitress.create_server(create_app(settings), port=0, threads=4)
        threading.Thread(target=server.run, daemon=True).start()
        done = subprocess.run(  # noqa: S603 - what the caller names
            [
                arguments.schemathesis,
                "run",
                str(OPENAPI),
                f"--url=http://127.0.0.1:{server.effective_port}/api/v1",
                f"--header=Authorization: Bearer {token}",
                f"--checks={_CHECKS}",
                f"--max-examples={arguments.n}",
                f"--seed={arguments.seed}",
            ],
            check=False,
        )
        server.close()
    sys.exit(1 if done.returncode else 0)


def _stage(store: Store) -> str:
    """Publish a shortlist, so that everything is there; return a token."""
    now = datetime.now(UTC)
    with store.database.write() as session:
        publish_shortlist(session, now)
        keeper = signing_in.keeper(session)
        _, text = tokens.new_token(session, keeper, "bench", now, writes=True)
        session.commit()
    store.database.dispose()
    return text


if __name__ == "__main__":
    main()
