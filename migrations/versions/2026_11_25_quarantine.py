"""Ballots set aside before the count, recused voters, public beacons, first signs.

Who was on the roll before is not known to have been added at any time, and ballots cast
before have no network: reviews say nothing of either.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_quarantine"
down_revision = "2026_11_25_round_end"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recusal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("voter_id", sa.Integer(), nullable=False),
        sa.Column("designer", sa.String(length=200), nullable=True),
        sa.Column("entry", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["voter_id"], ["voter.id"], name=op.f("fk_recusal_voter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recusal")),
    )
    op.create_index(op.f("ix_recusal_voter_id"), "recusal", ["voter_id"])
    op.add_column("voter", sa.Column("added_at", sa.DateTime(timezone=True)))
    op.add_column("round", sa.Column("beacon", sa.String(length=128)))
    op.add_column("round", sa.Column("recused", sa.Text()))
    op.add_column("ballot", sa.Column("set_aside", sa.Text()))
    op.add_column("ballot", sa.Column("network", sa.String(length=6)))


def downgrade() -> None:
    op.execute("ALTER TABLE ballot DROP COLUMN network")
    op.execute("ALTER TABLE ballot DROP COLUMN set_aside")
    op.execute("ALTER TABLE round DROP COLUMN recused")
    op.execute("ALTER TABLE round DROP COLUMN beacon")
    op.execute("ALTER TABLE voter DROP COLUMN added_at")
    op.drop_table("recusal")
