"""A very large round, counted from PostgreSQL: how long, and in how much memory?

    python -m bench.million [--ballots N] [--designs N] [--approved N]

Fills a shortlist round with that many voters' ballots (default 1,000,000; 30 designs, 3
approved), then reads it as the count does and counts it. The server is the one that the
tests use. What is printed as memory is this process's alone, above what it had before.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from logovote.contest import counting, rounds
from logovote.store import migrate, queries
from logovote.store.models import Kind, Round
from logovote.store.session import Database
from logovote.store.store import Store
from logovote.voting.shortlist import sequential_phragmen
from tests import services
from tests.builders import make_contest

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FILL = (
    """
    INSERT INTO person (key, name, organiser)
    SELECT 'v' || n || '@example.org', 'V', false FROM generate_series(1, :n) n
    """,
    """
    INSERT INTO voter (contest_id, person_id, group_id, weight, generation)
    SELECT :contest, id, :group + id % 2, '1', 1 FROM person
    WHERE key ~ '^v[0-9]+@'
    """,
    # Sorted, as casting writes them; which ones is drawn by a hash of voter and design.
    """
    INSERT INTO ballot (round_id, voter_id, choice, rev, saved_at, nonce, weight, count)
    SELECT :round, voter.id, (
        SELECT '["' || string_agg(d, '","' ORDER BY d) || '"]' FROM (
            SELECT d::text FROM generate_series(1, :designs) d
            ORDER BY hashint4(voter.id * 1009 + d) LIMIT :approved
        ) chosen(d)
    ), 1, now(), md5(voter.id::text), '1', 1
    FROM voter WHERE contest_id = :contest
    """,
    "ANALYZE",
)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ballots", type=int, default=1_000_000)
    parser.add_argument("--designs", type=int, default=30)
    parser.add_argument("--approved", type=int, default=3)
    asked = parser.parse_args()
    with services.postgresql() as server, tempfile.TemporaryDirectory() as folder:
        url = server.create()
        database = Database(url)
        migrate.upgrade(database)
        database.dispose()
        store = Store.open(url, Path(folder))
        round_id = fill(store, asked.ballots, asked.designs, asked.approved)
        measure(store, round_id, asked.ballots)
        store.database.dispose()
        server.drop(url)


def fill(store: Store, ballots: int, designs: int, approved: int) -> int:
    """Make the round, by the database alone."""
    with store.database.write() as session:
        contest = make_contest(
            session,
            NOW,
            designs=range(1, designs + 1),
            voters={"core": ["A"], "crowd": ["B"]},
        )
        round_ = rounds.open_round(session, contest, Kind.SHORTLIST, NOW)
        values = {
            "n": ballots - 2,
            "contest": contest.id,
            "group": queries.groups(session, contest.id)[0].id,
            "round": round_.id,
            "designs": designs,
            "approved": approved,
        }
        for statement in FILL:
            session.execute(text(statement), values)
        session.commit()
        return round_.id


def measure(store: Store, round_id: int, ballots: int) -> None:
    """Read and count, and print what that took."""
    before = peak_mb()
    began = time.monotonic()
    with store.database.read() as session:
        round_ = session.get_one(Round, round_id)
        profile = counting.profile_of(session, round_)
    read = time.monotonic()
    print(f"{ballots:,} ballots, {len(profile.votes):,} different ones")
    print(f"read:    {read - began:.1f} s, {peak_mb() - before:.0f} MB")
    sequential_phragmen(profile, 8)
    print(f"counted: {time.monotonic() - read:.1f} s, {peak_mb() - before:.0f} MB")


def peak_mb() -> float:
    """Return the most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
