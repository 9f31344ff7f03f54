"""Settings of a contest: its time zone, rights in pictures, plans; pauses of rounds.

Contests that were there keep on as before: times in UTC, pictures for everybody.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_26_contest_settings"
down_revision = "2026_11_26_roles"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("contest") as table:
        table.add_column(
            sa.Column("zone", sa.String(length=64), nullable=False, server_default="")
        )
        for name in ("rights", "plans"):
            table.add_column(
                sa.Column(name, sa.Text(), nullable=False, server_default="{}")
            )
    with op.batch_alter_table("round") as table:
        for name in ("paused_at", "paused_until"):
            table.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    # Who may see a picture is asked of each one, by its fingerprint.
    op.create_index(op.f("ix_version_digest"), "version", ["digest"])


def downgrade() -> None:
    for what, used in (
        ("who may see pictures", "SELECT 1 FROM contest WHERE rights != '{}'"),
        ("that a round is paused", "SELECT 1 FROM round WHERE paused_at IS NOT NULL"),
    ):
        if op.get_bind().scalar(sa.text(f"{used} LIMIT 1")):
            raise NotImplementedError(f"Going back would lose {what}.")
    op.drop_index(op.f("ix_version_digest"), "version")
    for table, columns in (
        ("round", ("paused_until", "paused_at")),
        ("contest", ("plans", "rights", "zone")),
    ):
        for column in columns:
            op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
