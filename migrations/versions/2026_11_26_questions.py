"""Questions: what voters ask the organisers of a contest in private, and the answers.

Nothing to do for operators: there are none before somebody asks.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_26_questions"
down_revision = "2026_11_26_tokens"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "question",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contest_id", sa.Integer(), nullable=False),
        sa.Column("voter_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["contest_id"], ["contest.id"], name=op.f("fk_question_contest_id")
        ),
        sa.ForeignKeyConstraint(
            ["voter_id"], ["voter.id"], name=op.f("fk_question_voter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question")),
    )
    with op.batch_alter_table("question") as batch_op:
        batch_op.create_index(
            batch_op.f("ix_question_contest_id"), ["contest_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_question_voter_id"), ["voter_id"], unique=False
        )


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM question")):
        raise NotImplementedError("Going back would lose what voters asked.")
    with op.batch_alter_table("question") as batch_op:
        batch_op.drop_index(batch_op.f("ix_question_voter_id"))
        batch_op.drop_index(batch_op.f("ix_question_contest_id"))
    op.drop_table("question")
