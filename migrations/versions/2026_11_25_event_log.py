"""The event log, recount bundles, and what is left of a sealed round.

The log refuses everything but the next event of a chain. On SQLite, REPLACE INTO walks
past a delete trigger unless recursive_triggers is on, so a trigger refuses the insert.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_event_log"
down_revision = "2026_11_25_round_insight"
branch_labels = None
depends_on = None

SQLITE = (
    """CREATE TRIGGER event_no_update BEFORE UPDATE ON event
    BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END""",
    """CREATE TRIGGER event_no_delete BEFORE DELETE ON event
    BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END""",
    """CREATE TRIGGER event_in_chain BEFORE INSERT ON event
    WHEN NEW.seq IS NOT 1 + coalesce(
        (SELECT max(seq) FROM event WHERE contest_id = NEW.contest_id), 0)
    OR NEW.prev IS NOT coalesce(
        (SELECT hash FROM event WHERE contest_id = NEW.contest_id
         ORDER BY seq DESC LIMIT 1),
        '0000000000000000000000000000000000000000000000000000000000000000')
    BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END""",
)
POSTGRESQL = (
    """CREATE FUNCTION event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the event log is append-only'; END $$""",
    """CREATE FUNCTION event_check_chain() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE last record;
    BEGIN
        SELECT seq, hash INTO last FROM event WHERE contest_id = NEW.contest_id
            ORDER BY seq DESC LIMIT 1;
        IF NEW.seq IS DISTINCT FROM 1 + coalesce(last.seq, 0)
            OR NEW.prev IS DISTINCT FROM coalesce(last.hash,
            '0000000000000000000000000000000000000000000000000000000000000000') THEN
            RAISE EXCEPTION 'the event log is append-only';
        END IF;
        RETURN NEW;
    END $$""",
    """CREATE TRIGGER event_no_change BEFORE UPDATE OR DELETE ON event
    FOR EACH ROW EXECUTE FUNCTION event_refuse()""",
    """CREATE TRIGGER event_no_truncate BEFORE TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION event_refuse()""",
    """CREATE TRIGGER event_in_chain BEFORE INSERT ON event
    FOR EACH ROW EXECUTE FUNCTION event_check_chain()""",
)


def upgrade() -> None:
    op.create_table(
        "event",
        sa.Column("contest_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("actor", sa.String(length=20), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["contest_id"], ["contest.id"], name=op.f("fk_event_contest_id")
        ),
        sa.PrimaryKeyConstraint("contest_id", "seq", name=op.f("pk_event")),
    )
    op.create_table(
        "bundle",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(length=10), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_bundle_round_id")
        ),
        sa.PrimaryKeyConstraint("round_id", "scope", name=op.f("pk_bundle")),
    )
    op.create_table(
        "sealed_ballot",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(length=90), nullable=False),
        sa.Column("weight_class", sa.String(length=130), nullable=False),
        sa.Column("choice", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_sealed_ballot_round_id")
        ),
        sa.PrimaryKeyConstraint("round_id", "tag", name=op.f("pk_sealed_ballot")),
    )
    op.create_table(
        "took_part",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("voter_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_took_part_round_id")
        ),
        sa.ForeignKeyConstraint(
            ["voter_id"], ["voter.id"], name=op.f("fk_took_part_voter_id")
        ),
        sa.PrimaryKeyConstraint("round_id", "voter_id", name=op.f("pk_took_part")),
    )
    # Never by making the tables anew: others refer to their rows.
    op.add_column("round", sa.Column("sealed_at", sa.DateTime(timezone=True)))
    op.add_column(
        "contest",
        sa.Column("roll_salt", sa.String(length=32), nullable=False, server_default=""),
    )
    contest = sa.table(
        "contest", sa.column("id", sa.Integer), sa.column("roll_salt", sa.String)
    )
    connection = op.get_bind()
    for (id_,) in connection.execute(sa.select(contest.c.id)).all():
        connection.execute(
            contest.update()
            .where(contest.c.id == id_)
            .values(roll_salt=secrets.token_hex(16))
        )
    is_postgresql = connection.dialect.name == "postgresql"
    for statement in POSTGRESQL if is_postgresql else SQLITE:
        op.execute(statement)


def downgrade() -> None:
    # Whoever goes back keeps no log: the release they go back to writes none.
    op.drop_table("event")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION event_refuse()")
        op.execute("DROP FUNCTION event_check_chain()")
    for table in ("bundle", "sealed_ballot", "took_part"):
        op.drop_table(table)
    op.execute("ALTER TABLE contest DROP COLUMN roll_salt")
    op.execute("ALTER TABLE round DROP COLUMN sealed_at")
