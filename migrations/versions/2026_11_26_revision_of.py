"""Revisions: which entry a design replaces, where the list of entries says so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_26_revision_of"
down_revision = "2026_11_25_shared_imports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("submission", sa.Column("revision_of", sa.Integer(), nullable=True))


def downgrade() -> None:
    # Importing the list again brings it back.
    op.drop_column("submission", "revision_of")
