"""What was acknowledged is in the files, at that very moment, by a commit that syncs.

Runs wherever SQLite does. That the kernel was asked to sync before the answer left is
watched by strace, where there is one: tests/saving/test_scenarios.py.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path

from sqlalchemy import Connection, event

from logovote.settings import Settings
from tests.conftest import Site
from tests.web.conftest import Scene, Visit
from tests.web.pages import csrf_token

FULL = 2


def test_what_is_acknowledged_is_in_the_files_by_then(
    site: Site, settings: Settings, shortlist: Scene, visit: Visit, tmp_path: Path
) -> None:
    ann = visit("Ann")
    headers = {"X-CSRFToken": csrf_token(ann)}
    how: list[tuple[str, int]] = []

    def ask(connection: Connection) -> None:
        mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
        sync = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
        how.append((mode, sync))

    engine = site.store.database.writing_engine
    event.listen(engine, "commit", ask)
    for rev in range(5):
        save_id = f"save-number-{rev}"
        body = {"base_rev": rev, "save_id": save_id, "items": ["1"] * (rev % 2)}
        answer = ann.put("/c/acme/shortlist/ballot", json=body, headers=headers)

        assert answer.status_code == 200
        assert found_after_a_crash(settings, tmp_path / str(rev)) == (rev + 1, save_id)
    event.remove(engine, "commit", ask)

    assert how == [("wal", FULL)] * 5


def found_after_a_crash(settings: Settings, folder: Path) -> tuple[int, str]:
    """Return the last save in the files as they are now, without their server."""
    folder.mkdir()
    database = Path(settings.database_url.removeprefix("sqlite:///"))
    for name in (database.name, f"{database.name}-wal"):
        shutil.copy(database.with_name(name), folder)
    with contextlib.closing(sqlite3.connect(folder / database.name)) as copy:
        rev, save_id = copy.execute(
            "SELECT rev, save_id FROM save ORDER BY id DESC LIMIT 1"
        ).fetchone()
    return rev, save_id
