"""Picture likeness: a description of each design, by which families are proposed.

Pictures taken in before have none; the next import of their contest makes it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_picture_likeness"
down_revision = "2026_11_25_event_log"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("picture") as picture:
        picture.add_column(sa.Column("likeness", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("picture") as picture:
        picture.drop_column("likeness")
