"""Rounds keep the ballots as counted, and what explains the result.

Rounds counted before this have neither: their pages show the result without more.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_round_insight"
down_revision = "2026_11_25_impressions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("round", schema=None) as batch_op:
        batch_op.add_column(sa.Column("profile", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("insight", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("round", schema=None) as batch_op:
        batch_op.drop_column("insight")
        batch_op.drop_column("profile")
