"""Picture facts: the colour of a flat ground, and whether the mark is a cut-out.

Pictures taken in before say "none"; the next import of their contest remakes them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_picture_facts"
down_revision = "2026_11_23"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("picture") as picture:
        picture.add_column(sa.Column("colour", sa.String(length=7), nullable=True))
        picture.add_column(
            sa.Column(
                "cutout", sa.String(length=10), nullable=False, server_default="none"
            )
        )


def downgrade() -> None:
    with op.batch_alter_table("picture") as picture:
        picture.drop_column("cutout")
        picture.drop_column("colour")
