"""Shared imports: several workers on one, who tell each other what they refused."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_shared_imports"
down_revision = "2026_11_25_sign_in_and_mail"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "refused_picture",
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["import_job.id"],
            name=op.f("fk_refused_picture_job_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("job_id", "digest", name=op.f("pk_refused_picture")),
    )


def downgrade() -> None:
    # It holds nothing that the next look at an export would not find out again.
    op.drop_table("refused_picture")
