"""Feedback: what voters say to designers, and what the organiser decides.

Voters may give reasons for and against a design, and share a note with its designer.
The count gathers both without names; the organiser's decision stands beside the
result. Rounds counted before have no feedback.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_feedback"
down_revision = "2026_11_25_quarantine"
branch_labels = None
depends_on = None

STATE = sa.Enum(
    "waiting",
    "approved",
    "hidden",
    name="remarkstate",
    native_enum=False,
    length=20,
)


def _to(table: str, name: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [name], [f"{target}.id"], name=op.f(f"fk_{table}_{name}_{target}")
    )


def upgrade() -> None:
    op.create_table(
        "feedback",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("voter_id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        _to("feedback", "round_id", "round"),
        _to("feedback", "voter_id", "voter"),
        _to("feedback", "submission_id", "submission"),
        sa.PrimaryKeyConstraint(
            "round_id", "voter_id", "submission_id", name=op.f("pk_feedback")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reason_count",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("heads", sa.Integer(), nullable=False),
        _to("reason_count", "round_id", "round"),
        _to("reason_count", "submission_id", "submission"),
        sa.PrimaryKeyConstraint(
            "round_id", "submission_id", "reason", name=op.f("pk_reason_count")
        ),
    )
    op.create_table(
        "remark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("edited", sa.Text(), nullable=True),
        sa.Column("state", STATE, nullable=False),
        _to("remark", "round_id", "round"),
        _to("remark", "submission_id", "submission"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remark")),
    )
    op.create_index("ix_remark_round_id", "remark", ["round_id"])
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contest_id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("entries", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        _to("decision", "contest_id", "contest"),
        _to("decision", "round_id", "round"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index("ix_decision_contest_id", "decision", ["contest_id"])


def downgrade() -> None:
    raise NotImplementedError(
        "Going back would lose what voters said to designers, and decisions."
    )
