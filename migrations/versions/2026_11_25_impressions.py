"""Remember which designs a voter was dealt, saw, set aside or wrote a note about.

Rounds that are running deal from now on; ballots saved before count as having seen all.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_impressions"
down_revision = "2026_11_25_family_proposals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "look",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("voter_id", sa.Integer(), nullable=False),
        sa.Column("family", sa.String(length=20), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=True),
        sa.Column("dealt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("not_for_me", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_look_round_id_round")
        ),
        sa.ForeignKeyConstraint(
            ["voter_id"], ["voter.id"], name=op.f("fk_look_voter_id_voter")
        ),
        sa.PrimaryKeyConstraint("round_id", "voter_id", "family", name=op.f("pk_look")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_look_round_id_dealt_at", "look", ["round_id", "dealt_at"])


def downgrade() -> None:
    raise NotImplementedError("Going back would lose what voters have seen and noted.")
