"""Given numbers: which designs have their entry number from us, not from the site.

Nothing to do for operators. Of designs that are in already it is not known, so that
their numbers count as the site's own, as before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_26_given_numbers"
down_revision = "2026_11_26_questions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("submission", sa.Column("site_number", sa.Integer(), nullable=True))


def downgrade() -> None:
    # The earlier release takes every number for the site's own.
    op.drop_column("submission", "site_number")
