from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from logovote.contest import (
    counting,
    events,
    ledger,
    people,
    regrouping,
    rounds,
    withdrawing,
)
from logovote.contest.rules import Rules, RulesError
from logovote.store.models import Contest, Kind
from logovote.store.store import Store
from tests.builders import cast, make_contest, withdraw

_FIRST = "WHERE seq = 1"
_EDITED = "SELECT contest_id, seq, at, 'x', actor, payload, prev, hash"
_SKIPPING = "SELECT contest_id, seq + 50, at, kind, actor, payload, hash, hash"
_ELSEWHERE = (
    "SELECT contest_id, 1 + (SELECT max(seq) FROM event), at, kind, actor, payload, "
    "prev, hash"
)


@pytest.fixture
def acme(session: Session, now: datetime) -> Contest:
    return make_contest(
        session,
        now,
        designs=[1, 2, 3],
        voters={"core": ["Ann", "Bob"], "crowd": ["Cleo"]},
    )


def kinds(session: Session, contest: Contest) -> list[str]:
    return [event["kind"] for event in events.chain(session, contest.id)]


def payload(session: Session, contest: Contest, kind: str) -> dict[str, Any]:
    found = [e for e in events.chain(session, contest.id) if e["kind"] == kind]
    last: dict[str, Any] = found[-1]["payload"]
    return last


def test_an_event_hash_is_the_published_formula() -> None:
    """Recomputed from its definition, with nothing of ours."""
    event = {
        "seq": 1,
        "at": "2026-11-20T18:00:00.000Z",
        "kind": "round.opened",
        "actor": "cli",
        "payload": {"b": [1, "3/2"], "a": None},
        "prev": "0" * 64,
    }
    text_ = (
        '{"actor":"cli","at":"2026-11-20T18:00:00.000Z","kind":"round.opened",'
        '"payload":{"a":null,"b":[1,"3/2"]},"prev":"' + "0" * 64 + '","seq":1}'
    )

    expected = hashlib.sha256(b"logovote-event-v1\0" + text_.encode()).hexdigest()

    assert ledger.event_hash(event) == expected


def test_deeds_form_a_chain_of_their_contest(
    session: Session, acme: Contest, now: datetime
) -> None:
    other = make_contest(session, now, slug="other", designs=[7])
    before = events.head(session, other.id)
    head = events.record(session, acme.id, "x", {"n": 1}, actor="u7", now=now)

    chain = events.chain(session, acme.id)

    assert events.broken_at(chain) is None
    assert chain[0]["prev"] == events.NO_HEAD
    assert [event["seq"] for event in chain] == list(range(1, len(chain) + 1))
    assert chain[-1]["hash"] == head == events.head(session, acme.id)
    assert (chain[-1]["at"], chain[-1]["actor"]) == ("2026-11-23T12:00:00.000Z", "u7")
    assert events.head(session, other.id) == before


@pytest.mark.parametrize("name", ["seq", "at", "kind", "actor", "payload", "prev"])
def test_every_part_of_an_event_is_in_its_hash(
    session: Session, acme: Contest, name: str
) -> None:
    chain = events.chain(session, acme.id)
    chain[1][name] = 99 if name == "seq" else {} if name == "payload" else "other"

    assert events.broken_at(chain) == 2


def test_a_dropped_event_breaks_the_chain(session: Session, acme: Contest) -> None:
    chain = events.chain(session, acme.id)

    assert len(chain) > 1
    assert events.broken_at(chain[1:]) == 1


@pytest.mark.sqlite
@pytest.mark.parametrize("recursive", ["ON", "OFF"])
@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(("UPDATE event SET kind = 'x'",), id="update"),
        pytest.param(("DELETE FROM event",), id="delete"),
        pytest.param(("REPLACE INTO event", _EDITED), id="replace"),
        pytest.param(("INSERT OR REPLACE INTO event", _EDITED), id="insert-or-replace"),
        pytest.param(("INSERT INTO event", _SKIPPING), id="skipping-some"),
        pytest.param(("INSERT INTO event", _ELSEWHERE), id="following-another"),
    ],
)
def test_the_table_takes_nothing_but_the_next_event(
    session: Session, acme: Contest, statement: tuple[str, ...], recursive: str
) -> None:
    session.commit()
    before = events.chain(session, acme.id)
    session.rollback()
    path = str(session.get_bind().engine.url.database)
    sql = " ".join((*statement, "FROM event" if len(statement) > 1 else "", _FIRST))

    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA recursive_triggers={recursive}")
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(sql)

    assert events.chain(session, acme.id) == before


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(("UPDATE event SET kind = 'x'",), id="update"),
        pytest.param(("DELETE FROM event",), id="delete"),
        pytest.param(("TRUNCATE event",), id="truncate"),
        pytest.param(("INSERT INTO event", _SKIPPING), id="skipping-some"),
        pytest.param(("INSERT INTO event", _ELSEWHERE), id="following-another"),
    ],
)
def test_a_table_on_postgresql_takes_nothing_but_the_next_event(
    postgresql_store: Store, now: datetime, statement: tuple[str, ...]
) -> None:
    with postgresql_store.database.write() as session:
        acme = make_contest(session, now, designs=[1], voters={"core": ["Ann"]})
        session.commit()
        before = events.chain(session, acme.id)
        sql = " ".join(
            (*statement, f"FROM event {_FIRST}" if len(statement) > 1 else "")
        )

        with pytest.raises(DatabaseError, match="append-only"):
            session.execute(text(sql))
        session.rollback()

        assert events.chain(session, acme.id) == before


def test_the_opening_commits_to_rules_designs_classes_and_roll(
    session: Session, acme: Contest, now: datetime
) -> None:
    """Recomputed from the log alone, as a stranger would."""
    rounds.open_round(session, acme, Kind.SHORTLIST, now, seats=2, actor="u1")
    opened = payload(session, acme, "round.opened")
    fixed = {name: opened[name] for name in ("rules", "classes", "designs", "roll")}

    assert opened["round"] == "shortlist/1"
    assert (
        opened["commitment"] == hashlib.sha256(ledger.canon(fixed).encode()).hexdigest()
    )
    assert [design["id"] for design in fixed["designs"]] == [1, 2, 3]
    assert fixed["roll"]["counts"] == {"core": 2, "crowd": 1}
    assert [g["share"] for g in fixed["rules"]["groups"]] == ["1/2", "1/2"]
    assert fixed["rules"]["seats"] == 2


def test_the_roll_is_public_by_ids_that_name_nobody(
    session: Session, acme: Contest
) -> None:
    added = payload(session, acme, "roll.added")["voters"]
    log = json.dumps(events.chain(session, acme.id))

    salt = bytes.fromhex(acme.roll_salt)
    expected = hashlib.sha256(salt + b"ann@example.org").hexdigest()
    assert added[0] == {"id": expected, "group": "core", "weight": "1"}
    assert "example.org" not in log
    assert acme.roll_salt not in log


def test_every_deed_of_a_round_is_logged(
    session: Session, acme: Contest, now: datetime
) -> None:
    start = len(kinds(session, acme))
    round_ = rounds.open_round(session, acme, Kind.SHORTLIST, now)
    receipt = cast(session, round_, "Ann", ["1"], now)
    withdraw(session, acme, 3, now)
    more = b"email,name,group\ndan@example.org,Dan,core"
    people.import_people(session, acme, people.read_people(more), now=now)
    rounds.close_round(session, round_, now)
    rounds.reopen_round(session, round_, now=now)
    rounds.close_round(session, round_, now)
    counting.count_round(session, round_, now=now)
    rounds.publish_round(session, round_, now=now)
    moved = b"email,name,group,weight\ndan@example.org,Dan,crowd,2"
    people.import_people(session, acme, people.read_people(moved), now=now)
    people.set_shares(session, acme, {"core": Fraction(1, 3)}, {}, now=now)
    later = now + timedelta(hours=1)
    regrouping.regroup(session, acme, "merge", [1, 2], who="Ida", now=later)
    regrouping.regroup(session, acme, "split", [1, 2], who="Ida", now=later)
    regrouping.undo(session, acme, who="Ida", now=later)
    withdrawing.withdraw(session, acme, 2, "Not theirs", who="Ida", now=now)
    withdrawing.bring_back(session, acme, 2, who="Ida", now=now)

    assert kinds(session, acme)[start:] == [
        "round.opened",
        "design.withdrawn",
        "roll.added",
        "round.closed",
        "round.reopened",
        "round.closed",
        "round.counted",
        "bundle.exported",
        "result.published",
        "roll.moved",
        "groups.changed",
        "families.changed",
        "families.changed",
        "families.changed",
        "design.withdrawn",
        "design.restored",
    ]
    moved_to = payload(session, acme, "roll.moved")["voters"][0]
    assert (moved_to["from_group"], moved_to["group"]) == ("core", "crowd")
    assert (moved_to["from_weight"], moved_to["weight"]) == ("1", "2")
    assert receipt.code not in json.dumps(events.chain(session, acme.id))


def test_what_changes_nothing_is_not_logged(
    session: Session, acme: Contest, now: datetime
) -> None:
    again = b"email,name,group\nann@example.org,Ann,core"
    before = kinds(session, acme)

    people.import_people(session, acme, people.read_people(again), now=now)
    people.set_shares(session, acme, {"core": None}, {}, now=now)
    regrouping.regroup(session, acme, "confirm", who="Ida", now=now)

    assert kinds(session, acme) == before


@pytest.mark.parametrize(
    ("publish", "auditors", "word"),
    [
        pytest.param("everything", [], "no form", id="unknown"),
        pytest.param("auditors", ["Ada"], "at least 2", id="one-auditor"),
        pytest.param("auditors", ["Ada", " "], "at least 2", id="a-blank-auditor"),
        pytest.param("aggregate", ["Ada", "Ben"], "only where", id="auditors-of-sums"),
    ],
)
def test_an_impossible_publication_is_refused(
    publish: str, auditors: list[str], word: str
) -> None:
    with pytest.raises(RulesError, match=word):
        Rules.default(Kind.SHORTLIST).with_publication(publish, auditors)
