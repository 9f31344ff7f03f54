"""Alembic's entry: runs revisions on the connection that store.migrate hands in."""

from __future__ import annotations

from typing import Literal

from alembic import context

from logovote.store import models
from logovote.store.base import Exact, Moment


def render_item(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write our column types as what they are in the database: no model imports."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Exact):
        return "sa.String(length=60)"
    return False


connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    # One migrating process at a time; the rest wait and then find nothing to do.
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(562612)")
context.configure(
    connection=connection,
    target_metadata=models.Person.metadata,
    render_as_batch=True,
    render_item=render_item,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
