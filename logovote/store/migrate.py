"""Brings a database up to the tables of this release, from a checkout or a wheel.

Alembic is imported only where there is something to migrate: that is once per release,
and importing it takes longer than all the rest of opening a store.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from logovote.paths import MIGRATIONS
from logovote.store.session import Database

if TYPE_CHECKING:
    from alembic.config import Config

_REVISION = re.compile(r'^(revision|down_revision) = "([^"]+)"$', re.MULTILINE)


def is_current(database: Database) -> bool:
    """Tell whether the database has every migration of this release."""
    with database.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        applied = connection.scalars(text("SELECT version_num FROM alembic_version"))
        return set(applied) == _newest()


def _newest() -> set[str]:
    """Return the revisions that no other one builds on, by the files' own words."""
    names: dict[str, set[str]] = {"revision": set(), "down_revision": set()}
    for path in (MIGRATIONS / "versions").glob("*.py"):
        for kind, revision in _REVISION.findall(path.read_text(encoding="utf-8")):
            names[kind].add(revision)
    return names["revision"] - names["down_revision"]


def _config() -> Config:
    """Configure Alembic in code: there is no ini file to lose in packaging."""
    from alembic.config import Config  # noqa: PLC0415 - slow to import, see above

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(database: Database) -> None:
    """Run the missing migrations; several processes may start this at once."""
    if is_current(database):
        return
    from alembic import command  # noqa: PLC0415 - slow to import, see above

    config = _config()
    with database.turn(), database.writing_engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def revise(database: Database, message: str, revision: str) -> None:
    """Write a new revision from the difference between models and `database`."""
    from alembic import command  # noqa: PLC0415 - slow to import, see above

    config = _config()
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.revision(config, message, autogenerate=True, rev_id=revision)
