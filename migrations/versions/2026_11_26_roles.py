"""Several organisers of a contest, each with a role.

Nothing to do for operators: whoever organised the site before keeps it, and may go on
doing everything in every contest.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_26_roles"
down_revision = "2026_11_26_revision_of"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "organiser",
        sa.Column("contest_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "owner",
                "organiser",
                "observer",
                name="role",
                native_enum=False,
                length=20,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["contest_id"], ["contest.id"], name=op.f("fk_organiser_contest_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_organiser_person_id")
        ),
        sa.PrimaryKeyConstraint("contest_id", "person_id", name=op.f("pk_organiser")),
    )
    with op.batch_alter_table("organiser") as batch_op:
        batch_op.create_index(
            batch_op.f("ix_organiser_person_id"), ["person_id"], unique=False
        )


def downgrade() -> None:
    roles = op.get_bind().scalar(sa.text("SELECT count(*) FROM organiser"))
    if roles:
        raise NotImplementedError("Going back would lose who organises which contest.")
    with op.batch_alter_table("organiser") as batch_op:
        batch_op.drop_index(batch_op.f("ix_organiser_person_id"))
    op.drop_table("organiser")
