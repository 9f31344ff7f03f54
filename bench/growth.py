"""How the site grows: what pages cost with many designs, and the end with many ballots.

    python -m bench.growth                          # 200, 2,000, 10,000 designs
    python -m bench.growth --designs 211
    python -m bench.growth --ballots 1000 10000 100000      # closing and counting
    python -m bench.growth --ballots 1000000                # takes minutes

Rows are made up, and no pictures: no page needs their bytes. Everything runs in this
process, on SQLite, without a socket. Of a page: work of the processor (the better of
two), statements, and the HTML before it is compressed. Of a round of 200 designs: time
and the most memory, each size in a process of its own. An answer that is no page, or
took over two seconds, is marked with a star.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from flask.testing import FlaskClient
from sqlalchemy import event, insert
from sqlalchemy.orm import Session

from logovote.app import create_app
from logovote.contest import counting, invitations, rounds, signing_in
from logovote.contest.contests import contest_by_slug
from logovote.contest.ledger import canon
from logovote.imaging.picture import SPECS
from logovote.settings import Settings
from logovote.store import queries
from logovote.store.models import (
    Ballot,
    Contest,
    Derivative,
    Kind,
    Person,
    Picture,
    Round,
    Submission,
    Version,
    Voter,
)
from logovote.store.store import Store
from tests.builders import SECRET, make_contest, sign_in, token_in

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
_APPROVED = 12
_VOTERS = 50
_SLOW_SECONDS = 2
_CHUNK = 5000
BY_VOTERS = (
    *("/c/acme/", "/c/acme/shortlist", "/c/acme/logo/3", "/c/acme/marks"),
    *("/c/acme/compare?ids=1&ids=2", "/c/acme/ballot", "/c/acme/audit"),
)
BY_ORGANISERS = (
    *("/organise/acme/", "/organise/acme/designs", "/organise/acme/designs/3"),
    *("/organise/acme/families", "/organise/acme/people", "/organise/acme/mail"),
    "/organise/acme/rounds/shortlist",
)
OF_RESULTS = (
    *("", "/why", "/what-if", "/ballots.json", "/insight.json", "/ballots.zip"),
)


def main() -> None:
    """Measure pages, or the end of rounds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--designs", type=int, nargs="+", default=[200, 2000, 10_000])
    parser.add_argument("--ballots", type=int, nargs="+")
    arguments = parser.parse_args()
    measure = ending if arguments.ballots else pages
    for size in arguments.ballots or arguments.designs:
        # Memory that one size has had must not be taken for the next one's.
        child = multiprocessing.get_context("spawn").Process(
            target=measure, args=(size,)
        )
        child.start()
        child.join()
    print(f"load {os.getloadavg()[0]:.1f}")


@contextmanager
def filled(designs: int, ballots: int) -> Iterator[tuple[Store, Settings]]:
    """Lend a store whose shortlist round is open, with so many ballots in it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = Settings(
            data=folder,
            secret_key=SECRET,
            database_url=f"sqlite:///{folder / 'logovote.sqlite'}",
            base_url="http://localhost",
        )
        store = Store.open(settings.database_url, settings.files_folder)
        with store.database.write() as session:
            contest = make_contest(
                session, NOW, voters={"core": ["Ann"], "crowd": ["Bob"]}
            )
            add_designs(session, contest, designs)
            round_ = rounds.open_round(session, contest, Kind.SHORTLIST, NOW)
            add_ballots(session, contest, round_, designs, ballots)
            session.commit()
        yield store, settings
        store.database.dispose()


def add_designs(session: Session, contest: Contest, number: int) -> None:
    """Make up designs: rows alone."""
    digests = [hashlib.sha256(b"%d" % n).hexdigest() for n in range(1, number + 1)]
    facts = {"format": "PNG", "width_px": 800, "height_px": 600, "size_bytes": 9999}
    facts |= {"animated": False, "ground": "light", "colour": "#ffffff"}
    facts |= {"cutout": "simulated", "specs": "bench"}
    session.execute(insert(Picture), [{"digest": d, **facts} for d in digests])
    made = {"width_px": 320, "height_px": 240, "size_bytes": 999}
    session.execute(
        insert(Derivative),
        [
            {"picture_digest": d, "kind": spec.kind, "digest": d, **made}
            for d in digests
            for spec in SPECS
        ],
    )
    session.execute(
        insert(Submission),
        [
            {
                "contest_id": contest.id,
                "entry": n,
                "designer": f"Designer {n // 2}",
                "title": f"Design {n}",
                "digest": digest,
                "file": f"{n}.png",
            }
            for n, digest in enumerate(digests, 1)
        ],
    )
    session.execute(
        insert(Version),
        [
            {
                "submission_id": design.id,
                "number": 1,
                "digest": design.digest,
                "file": design.file,
                "created_at": NOW,
            }
            for design in queries.submissions(session, contest.id)
        ],
    )


def add_ballots(
    session: Session, contest: Contest, round_: Round, designs: int, number: int
) -> None:
    """Make up voters of a common taste, with a ballot each."""
    rng = Random(1)
    group = queries.groups(session, contest.id)[1].id
    first = 1_000
    for start in range(0, number, _CHUNK):
        ids = range(first + start, first + min(start + _CHUNK, number))
        session.execute(
            insert(Person),
            [{"id": n, "key": f"v{n}@example.org", "name": f"V{n}"} for n in ids],
        )
        session.execute(
            insert(Voter),
            [
                {"id": n, "contest_id": contest.id, "person_id": n, "group_id": group}
                for n in ids
            ],
        )
        session.execute(
            insert(Ballot),
            [
                {
                    "round_id": round_.id,
                    "voter_id": n,
                    "rev": 1,
                    "saved_at": NOW,
                    "nonce": f"{n:032x}",
                    "choice": canon(
                        sorted(
                            {
                                str(1 + int(designs * rng.random() ** 2))
                                for _ in range(_APPROVED)
                            }
                        )
                    ),
                }
                for n in ids
            ],
        )


def pages(designs: int) -> None:
    """Open every page of a contest of so many designs, during the vote and after it."""
    print(f"{designs:,} designs: CPU ms, statements, kB")
    with filled(designs, _VOTERS) as (store, settings):
        app = create_app(settings)
        with store.database.write() as session:
            contest = contest_by_slug(session, "acme")
            ann = next(
                voter
                for voter in queries.voters(session, contest.id)
                if voter.person.name == "Ann"
            )
            invitation = "/i/" + invitations.invitation_token(SECRET, ann)
            link = "/o/" + signing_in.new_organiser_link(session, datetime.now(UTC))
            session.commit()
        voter, organiser = app.test_client(), app.test_client()
        sign_in(voter, invitation)
        sign_in(organiser, link)
        engine = app.extensions["logovote"].store.database.engine
        for page in BY_VOTERS:
            tell(engine, voter, page)
        told(engine, "a save of five approvals", saving(voter))
        for page in BY_ORGANISERS:
            tell(engine, organiser, page)
        with store.database.write() as session:
            contest = contest_by_slug(session, "acme")
            round_ = rounds.latest(session, contest, Kind.SHORTLIST)
            timed("close", lambda: rounds.close_round(session, round_, NOW))
            timed("count", lambda: counting.count_round(session, round_, now=NOW))
            timed("publish", lambda: rounds.publish_round(session, round_, now=NOW))
            session.commit()
        for page in OF_RESULTS:
            tell(engine, voter, f"/c/acme/results/shortlist{page}")
        for page in ("handoff", "feedback", "rounds/shortlist"):
            tell(engine, organiser, f"/organise/acme/{page}")


def saving(client: FlaskClient) -> Callable[[], tuple[int, int]]:
    """Return a save that can be repeated, with its status and size."""
    headers = {"X-CSRFToken": token_in(client.get("/account").text)}
    rev = 0

    def save() -> tuple[int, int]:
        nonlocal rev
        body = {
            "base_rev": rev,
            "save_id": f"save-number-{rev}",
            "items": ["1", "2", "3", "4", str(5 + rev)],
        }
        answer = client.put("/c/acme/shortlist/ballot", json=body, headers=headers)
        rev += 1
        return answer.status_code, len(answer.data)

    return save


def tell(engine: object, client: FlaskClient, page: str) -> None:
    """Open a page, twice, and print what it takes."""

    def opened() -> tuple[int, int]:
        answer = client.get(page)
        return answer.status_code, len(answer.data)

    told(engine, page, opened)


def told(engine: object, name: str, deed: Callable[[], tuple[int, int]]) -> None:
    """Do something twice, and print one line."""
    statements = 0

    def note(*_arguments: object) -> None:
        nonlocal statements
        statements += 1

    took = []
    event.listen(engine, "before_cursor_execute", note)
    for _ in range(2):
        statements, began = 0, time.process_time()
        status, size = deed()
        took.append(time.process_time() - began)
    event.remove(engine, "before_cursor_execute", note)
    star = "" if status == 200 and min(took) < _SLOW_SECONDS else f"  * {status}"
    print(
        f"  {name:45} {1000 * min(took):8.0f} {statements:4} {size / 1024:9.0f}{star}",
        flush=True,
    )


def timed(name: str, deed: Callable[[], object]) -> None:
    """Do something once, and print how long it took."""
    began, work = time.monotonic(), time.process_time()
    deed()
    print(
        f"  {name:45} {1000 * (time.process_time() - work):8.0f}"
        f"   ({time.monotonic() - began:.1f} s by the clock, {peak_mb():.0f} MB)",
        flush=True,
    )


def ending(ballots: int) -> None:
    """Close and count a round of 200 designs with so many ballots."""
    print(f"{ballots:,} ballots on 200 designs: CPU ms; memory is the most there was")
    with filled(200, ballots) as (store, _settings), store.database.write() as session:
        contest = contest_by_slug(session, "acme")
        round_ = rounds.latest(session, contest, Kind.SHORTLIST)
        print(f"  (filled: {peak_mb():.0f} MB)")
        timed("close", lambda: rounds.close_round(session, round_, NOW))
        session.commit()
        timed("read", lambda: counting.profile_of(session, round_))
        timed("count", lambda: counting.count_round(session, round_, now=NOW))
        session.commit()


def peak_mb() -> float:
    """Return the most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
