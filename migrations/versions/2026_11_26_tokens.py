"""Personal tokens, with which programs act for somebody; sessions of one contest.

Nothing to do for operators: there are no tokens before somebody makes one, and sessions
that an invitation began before are good for what they were.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_26_tokens"
down_revision = "2026_11_26_contest_settings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("writes", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_api_token_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_api_token_token_digest")),
    )
    with op.batch_alter_table("api_token") as batch_op:
        batch_op.create_index(
            batch_op.f("ix_api_token_person_id"), ["person_id"], unique=False
        )
    with op.batch_alter_table("sign_in") as batch_op:
        batch_op.add_column(
            sa.Column("for_contest", sa.String(length=60), nullable=True)
        )


def downgrade() -> None:
    # Else such a session would be good for more than it was begun for.
    op.execute("DELETE FROM sign_in WHERE for_contest IS NOT NULL")
    with op.batch_alter_table("sign_in") as batch_op:
        batch_op.drop_column("for_contest")
    # Whoever needs one makes a new one.
    with op.batch_alter_table("api_token") as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_token_person_id"))
    op.drop_table("api_token")
