"""Proposed families say why; withdrawals have reasons; imports know their own work.

Nothing to do for operators: families and imports made before stay as they are.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_family_proposals"
down_revision = "2026_11_25_picture_facts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "apart",
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("second_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["first_id"], ["submission.id"], name=op.f("fk_apart_first_id")
        ),
        sa.ForeignKeyConstraint(
            ["second_id"], ["submission.id"], name=op.f("fk_apart_second_id")
        ),
        sa.PrimaryKeyConstraint("first_id", "second_id", name=op.f("pk_apart")),
    )
    op.create_table(
        "design_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contest_id", sa.Integer(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("undo", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contest_id"],
            ["contest.id"],
            name=op.f("fk_design_change_contest_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_design_change")),
    )
    op.create_index(
        op.f("ix_design_change_contest_id"), "design_change", ["contest_id"]
    )
    with op.batch_alter_table("family") as family:
        family.add_column(sa.Column("confidence", sa.Double(), nullable=True))
        family.add_column(
            sa.Column("reasons", sa.Text(), nullable=False, server_default="[]")
        )
        family.add_column(sa.Column("joins", sa.Integer(), nullable=True))
    with op.batch_alter_table("submission") as submission:
        submission.add_column(
            sa.Column("withdrawn_reason", sa.Text(), nullable=False, server_default="")
        )
    with op.batch_alter_table("import_job") as job:
        job.add_column(
            sa.Column("started_at", sa.DateTime(timezone=True), nullable=True)
        )
        job.add_column(
            sa.Column("begun", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        job.add_column(
            sa.Column("stops", sa.Integer(), nullable=False, server_default="0")
        )
