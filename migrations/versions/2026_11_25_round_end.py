"""Round end: until when a round takes ballots, if that was said.

Rounds of before have no end: they stay open until somebody closes them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_round_end"
down_revision = "2026_11_25_picture_likeness"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("round") as round_:
        round_.add_column(
            sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True)
        )


def downgrade() -> None:
    with op.batch_alter_table("round") as round_:
        round_.drop_column("closes_at")
