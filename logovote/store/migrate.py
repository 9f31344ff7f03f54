"""Brings a database up to the tables of this release, from a checkout or a wheel."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from logovote.paths import MIGRATIONS
from logovote.store.session import Database


def _config() -> Config:
    """Configure Alembic in code: there is no ini file to lose in packaging."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def is_current(database: Database) -> bool:
    """Tell whether the database has every migration of this release."""
    with database.engine.connect() as connection:
        heads = MigrationContext.configure(connection).get_current_heads()
    return set(heads) == set(ScriptDirectory.from_config(_config()).get_heads())


def upgrade(database: Database) -> None:
    """Run the missing migrations; several processes may start this at once."""
    if is_current(database):
        return
    config = _config()
    with database.turn(), database.writing_engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def revise(database: Database, message: str, revision: str) -> None:
    """Write a new revision from the difference between models and `database`."""
    config = _config()
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.revision(config, message, autogenerate=True, rev_id=revision)
