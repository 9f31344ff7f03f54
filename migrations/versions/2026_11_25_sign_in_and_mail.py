"""Sign in by mail and by accounts elsewhere; mails as a queue; limits as rows.

Nothing to do for operators: links handed out before work on, and no mail is sent by
itself until an organiser switches it on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_sign_in_and_mail"
down_revision = "2026_11_25_feedback"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    with op.batch_alter_table("attempt") as batch_op:
        batch_op.create_index(batch_op.f("ix_attempt_at"), ["at"], unique=False)
        batch_op.create_index(
            "ix_attempt_kind_key_at", ["kind", "key", "at"], unique=False
        )

    op.create_table(
        "identity",
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("login", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_identity_person_id")
        ),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_identity")),
    )
    with op.batch_alter_table("identity") as batch_op:
        batch_op.create_index(
            batch_op.f("ix_identity_person_id"), ["person_id"], unique=False
        )

    op.create_table(
        "link_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("browser_digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=True),
        sa.Column("code_digest", sa.String(length=64), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("contest_id", sa.Integer(), nullable=True),
        sa.Column("wrong_codes", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["contest_id"], ["contest.id"], name=op.f("fk_link_request_contest_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_link_request_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_request")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_link_request_token_digest")),
    )
    with op.batch_alter_table("link_request") as batch_op:
        batch_op.create_index(
            batch_op.f("ix_link_request_browser_digest"),
            ["browser_digest"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_link_request_created_at"), ["created_at"], unique=False
        )

    op.create_table(
        "join_request",
        sa.Column("contest_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("declined", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contest_id"], ["contest.id"], name=op.f("fk_join_request_contest_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_join_request_person_id")
        ),
        sa.PrimaryKeyConstraint(
            "contest_id", "person_id", name=op.f("pk_join_request")
        ),
    )
    op.create_table(
        "message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("occasion", sa.String(length=80), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("contest_id", sa.Integer(), nullable=True),
        sa.Column("round_id", sa.Integer(), nullable=True),
        sa.Column("request_id", sa.Integer(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "sent",
                "failed",
                "given up",
                "not needed",
                name="messagestate",
                native_enum=False,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["contest_id"], ["contest.id"], name=op.f("fk_message_contest_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_message_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["link_request.id"],
            name=op.f("fk_message_request_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_message_round_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint(
            "person_id", "occasion", name=op.f("uq_message_person_id_occasion")
        ),
    )
    with op.batch_alter_table("message") as batch_op:
        batch_op.create_index(
            batch_op.f("ix_message_contest_id"), ["contest_id"], unique=False
        )
        batch_op.create_index(
            "ix_message_state_next_at", ["state", "next_at"], unique=False
        )

    with op.batch_alter_table("contest") as batch_op:
        batch_op.add_column(
            sa.Column("notices", sa.Text(), nullable=False, server_default="[]")
        )
        batch_op.add_column(
            sa.Column("joining", sa.Text(), nullable=False, server_default="{}")
        )

    with op.batch_alter_table("voter") as batch_op:
        batch_op.add_column(
            sa.Column(
                "no_mail", sa.Boolean(), nullable=False, server_default=sa.false()
            )
        )


def downgrade() -> None:
    with op.batch_alter_table("voter") as batch_op:
        batch_op.drop_column("no_mail")

    with op.batch_alter_table("contest") as batch_op:
        batch_op.drop_column("joining")
        batch_op.drop_column("notices")

    with op.batch_alter_table("message") as batch_op:
        batch_op.drop_index("ix_message_state_next_at")
        batch_op.drop_index(batch_op.f("ix_message_contest_id"))

    op.drop_table("message")
    op.drop_table("join_request")
    with op.batch_alter_table("link_request") as batch_op:
        batch_op.drop_index(batch_op.f("ix_link_request_created_at"))
        batch_op.drop_index(batch_op.f("ix_link_request_browser_digest"))

    op.drop_table("link_request")
    with op.batch_alter_table("identity") as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_person_id"))

    op.drop_table("identity")
    with op.batch_alter_table("attempt") as batch_op:
        batch_op.drop_index("ix_attempt_kind_key_at")
        batch_op.drop_index(batch_op.f("ix_attempt_at"))

    op.drop_table("attempt")
