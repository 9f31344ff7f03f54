from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from logovote.contest import casting, counting, families, ledger, rounds
from logovote.contest.casting import (
    ConflictError,
    InvalidBallotError,
    Items,
    Receipt,
    RoundClosedError,
)
from logovote.store import queries
from logovote.store.models import Ballot, Contest, Kind, Round, Save
from tests.builders import cast, make_contest, open_shortlist, voter_named, withdraw

LATER = timedelta(minutes=5)


@pytest.fixture
def contest(session: Session, now: datetime) -> Contest:
    contest = make_contest(
        session, now, designs=[1, 2, 3, 12, 57], voters={"core": ["Ann", "Bob"]}
    )
    families.merge(session, contest, [12, 57])
    return contest


@pytest.fixture
def shortlist(session: Session, contest: Contest, now: datetime) -> Round:
    return open_shortlist(session, contest, now)


@pytest.fixture
def ranking(session: Session, contest: Contest, now: datetime) -> Round:
    return rounds.open_round(session, contest, Kind.RANKING, now)


def save(  # one voter, one window, whatever the test does not say
    session: Session,
    round_: Round,
    items: object,
    *,
    base_rev: int = 0,
    save_id: str = "first-save",
    nonce: str | None = None,
    now: datetime,
) -> Receipt:
    contest = session.get_one(Contest, round_.contest_id)
    return casting.save_ballot(
        session,
        round_,
        voter_named(session, contest, "Ann"),
        base_rev=base_rev,
        save_id=save_id,
        items=items,
        nonce=nonce,
        now=now,
    )


def kept(session: Session, round_: Round) -> Items:
    contest = session.get_one(Contest, round_.contest_id)
    ann = voter_named(session, contest, "Ann")
    return casting.items_of(queries.ballot_of(session, round_.id, ann.id))


def saves(session: Session) -> int:
    return session.scalar(select(func.count(Save.id))) or 0


def test_a_save_replaces_the_whole_ballot_and_counts_revisions(
    session: Session, shortlist: Round, now: datetime
) -> None:
    first = save(session, shortlist, ["1", "2"], now=now)
    second = save(
        session, shortlist, ["3"], base_rev=1, save_id="second-save", now=now + LATER
    )

    assert (first.rev, second.rev) == (1, 2)
    assert first.code != second.code
    assert second.saved_at == now + LATER
    assert kept(session, shortlist) == ["3"]


def test_a_repeated_save_gets_its_first_receipt_and_changes_nothing(
    session: Session, shortlist: Round, now: datetime
) -> None:
    first = save(session, shortlist, ["1"], now=now)

    again = save(session, shortlist, ["1"], now=now + LATER)

    assert again == first
    assert saves(session) == 1


def test_a_late_repetition_does_not_undo_a_newer_save(
    session: Session, shortlist: Round, now: datetime
) -> None:
    first = save(session, shortlist, ["1"], now=now)
    save(session, shortlist, ["2"], base_rev=1, save_id="second-save", now=now)

    again = save(session, shortlist, ["1"], now=now)

    assert again == first
    assert kept(session, shortlist) == ["2"]


def test_a_repetition_is_acknowledged_even_after_the_close(
    session: Session, shortlist: Round, now: datetime
) -> None:
    first = save(session, shortlist, ["1"], now=now)
    rounds.close_round(session, shortlist, now)

    assert save(session, shortlist, ["1"], now=now + LATER) == first


def test_two_windows_cannot_overwrite_each_other(
    session: Session, shortlist: Round, now: datetime
) -> None:
    save(session, shortlist, ["1"], now=now)

    with pytest.raises(ConflictError) as caught:
        save(session, shortlist, ["2"], save_id="other-window", now=now)

    assert caught.value.current.rev == 1
    assert casting.items_of(caught.value.current) == ["1"]
    assert kept(session, shortlist) == ["1"]


def test_a_first_save_on_a_ballot_that_never_was_is_a_conflict(
    session: Session, shortlist: Round, now: datetime
) -> None:
    with pytest.raises(ConflictError):
        save(session, shortlist, ["1"], base_rev=3, now=now)


def test_two_voters_may_use_the_same_save_id(
    session: Session, contest: Contest, shortlist: Round, now: datetime
) -> None:
    cast(session, shortlist, "Ann", ["1"], now)
    bob = voter_named(session, contest, "Bob")

    receipt = casting.save_ballot(
        session,
        shortlist,
        bob,
        base_rev=0,
        save_id="save-Ann-0",
        items=["2"],
        now=now,
    )

    assert receipt.rev == 1


@pytest.mark.parametrize("phase", ["closed", "counted", "published"])
def test_a_round_that_is_not_open_takes_no_ballot(
    session: Session, shortlist: Round, now: datetime, phase: str
) -> None:
    save(session, shortlist, ["1"], now=now)
    rounds.close_round(session, shortlist, now)
    if phase != "closed":
        counting.count_round(session, shortlist)
    if phase == "published":
        rounds.publish_round(session, shortlist)

    with pytest.raises(RoundClosedError, match="not open"):
        save(session, shortlist, ["2"], base_rev=1, save_id="too-late-now", now=now)

    assert kept(session, shortlist) == ["1"]


def test_many_approvals_are_read_like_few(
    session: Session, contest: Contest, shortlist: Round, now: datetime
) -> None:
    withdraw(session, contest, 12, now=now)

    save(session, shortlist, ["57", "12", "f12", "3"], now=now)
    few = kept(session, shortlist)
    many = ["57", "12", "f12", "3"] * 100
    save(session, shortlist, many, base_rev=1, save_id="second-save", now=now)

    assert few == kept(session, shortlist) == ["3", "57", "f12"]


@pytest.mark.parametrize(
    ("items", "written"),
    [
        pytest.param(["3", "1", "1"], ["1", "3"], id="a-sorted-set"),
        pytest.param(["f12"], ["f12"], id="a-card"),
        pytest.param(["f12", "57"], ["57", "f12"], id="a-card-and-its-variant"),
        pytest.param(["none"], ["none"], id="none-of-these"),
        pytest.param([], [], id="nothing-yet"),
    ],
)
def test_an_approval_ballot_has_one_written_form(
    session: Session, shortlist: Round, now: datetime, items: Items, written: Items
) -> None:
    save(session, shortlist, items, now=now)

    assert kept(session, shortlist) == written


@pytest.mark.parametrize(
    ("items", "message"),
    [
        pytest.param(["1", "none"], "exclude each other", id="none-and-a-logo"),
        pytest.param(["999"], "no logo “999”", id="stranger"),
        pytest.param(["f57"], "no logo “f57”", id="not-the-familys-name"),
        pytest.param(["1", "\ud800"], "no logo “\ud800”", id="no-text"),
        pytest.param(["1\0"], "no logo “1\0”", id="with-a-nul"),
        pytest.param(["01"], "no logo “01”", id="a-number-written-otherwise"),
        pytest.param(["9" * 40], "no logo “99999999999999999999”", id="a-long-number"),
        pytest.param(["1"] * 100 + ["x"], "no logo “x”", id="a-stranger-among-many"),
        pytest.param([1], "by their ids", id="a-number"),
        pytest.param([["1"]], "by their ids", id="a-ranking"),
        pytest.param([None], "by their ids", id="null"),
        pytest.param("1", "must be a list", id="text"),
        pytest.param({"1": 1}, "must be a list", id="an-object"),
        pytest.param(None, "must be a list", id="absent"),
    ],
)
def test_an_approval_ballot_that_makes_no_sense_is_refused_whole(
    session: Session, shortlist: Round, now: datetime, items: object, message: str
) -> None:
    with pytest.raises(InvalidBallotError, match=message):
        save(session, shortlist, items, now=now)

    assert kept(session, shortlist) == []


@pytest.mark.parametrize(
    ("items", "written"),
    [
        pytest.param([["3"], ["2", "1"]], [["3"], ["1", "2"]], id="tiers-sorted"),
        pytest.param([["3"], [], ["1"]], [["3"], ["1"]], id="no-empty-tier"),
        pytest.param([["1", "none"]], [["1", "none"]], id="none-may-be-tied"),
        pytest.param([], [], id="nothing-yet"),
    ],
)
def test_a_ranking_has_one_written_form(
    session: Session, ranking: Round, now: datetime, items: Items, written: Items
) -> None:
    save(session, ranking, items, now=now)

    assert kept(session, ranking) == written


@pytest.mark.parametrize(
    ("items", "message"),
    [
        pytest.param([["1"], ["1"]], "twice", id="in-two-tiers"),
        pytest.param([["1", "1"]], "twice", id="in-one-tier"),
        pytest.param(["1", "2"], "by their ids", id="not-in-tiers"),
        pytest.param([["f12"]], "no logo “f12”", id="a-family"),
        pytest.param([["12"]], "no logo “12”", id="a-variant-that-does-not-stand"),
    ],
)
def test_a_ranking_that_makes_no_sense_is_refused(
    session: Session, ranking: Round, now: datetime, items: Items, message: str
) -> None:
    with pytest.raises(InvalidBallotError, match=message):
        save(session, ranking, items, now=now)


def test_what_was_withdrawn_is_dropped_and_the_receipt_says_so(
    session: Session, contest: Contest, shortlist: Round, now: datetime
) -> None:
    for entry in (2, 57):
        withdraw(session, contest, entry, now)

    receipt = save(session, shortlist, ["1", "2", "57", "f12", "f2"], now=now)

    assert kept(session, shortlist) == ["1", "f12"]
    assert receipt.withdrawn == ("2", "f2", "57")
    other = save(session, shortlist, ["1"], base_rev=1, save_id="second-save", now=now)
    assert other.withdrawn == ()


@pytest.mark.parametrize(
    ("most", "said"), [(1, "shortlist one logo here"), (2, "shortlist 2 logos here")]
)
def test_more_approvals_than_a_ballot_holds_are_refused_in_words(
    session: Session, contest: Contest, now: datetime, most: int, said: str
) -> None:
    round_ = rounds.open_round(session, contest, Kind.SHORTLIST, now, approvals=most)

    with pytest.raises(InvalidBallotError, match=said):
        save(session, round_, ["1", "2", "3"], now=now)


def test_a_family_stands_as_long_as_one_of_its_variants(
    session: Session, contest: Contest, shortlist: Round, now: datetime
) -> None:
    withdraw(session, contest, 12, now)
    save(session, shortlist, ["f12"], now=now)
    assert kept(session, shortlist) == ["f12"]

    withdraw(session, contest, 57, now)
    save(session, shortlist, ["f12", "1"], base_rev=1, save_id="second-save", now=now)
    assert kept(session, shortlist) == ["1"]


@pytest.mark.parametrize("save_id", ["", "short", "a" * 65, "has space", "umlaut-äöü"])
def test_a_save_needs_a_usable_id(
    session: Session, shortlist: Round, now: datetime, save_id: str
) -> None:
    with pytest.raises(InvalidBallotError, match="8 to 64"):
        save(session, shortlist, ["1"], save_id=save_id, now=now)


@pytest.mark.parametrize("nonce", ["", "0f", "G" * 32, "0F" * 16, "0f" * 16 + "\n"])
def test_a_nonce_is_32_hex_digits(
    session: Session, shortlist: Round, now: datetime, nonce: str
) -> None:
    with pytest.raises(InvalidBallotError, match="32 hex"):
        save(session, shortlist, ["1"], nonce=nonce, now=now)


def test_the_first_nonce_is_kept_for_good(
    session: Session, contest: Contest, shortlist: Round, now: datetime
) -> None:
    save(session, shortlist, ["1"], nonce="0a" * 16, now=now)
    second = {"base_rev": 1, "save_id": "second-save", "nonce": "0b" * 16}
    save(session, shortlist, ["2"], now=now, **second)  # type: ignore[arg-type]

    ann = voter_named(session, contest, "Ann")
    ballot = queries.ballot_of(session, shortlist.id, ann.id)

    assert ballot is not None
    assert ballot.nonce == "0a" * 16


def test_a_browser_without_script_gets_a_nonce_of_its_own(
    session: Session, shortlist: Round, now: datetime
) -> None:
    save(session, shortlist, ["1"], now=now)

    nonce = session.scalar(select(Ballot.nonce))

    assert nonce is not None
    assert len(bytes.fromhex(nonce)) == 16


def test_the_receipt_is_that_of_the_published_line(
    session: Session, contest: Contest, shortlist: Round, now: datetime
) -> None:
    receipt = cast(session, shortlist, "Ann", ["2", "1"], now)

    (line,) = rounds.ballot_lines(session, shortlist)

    assert line["b"] == ["1", "2"]
    assert line["c"] == "core"
    assert "ann" not in json.dumps(line).lower()
    assert ledger.receipt_code(line) == receipt.code


def test_a_voter_of_weight_0_may_save_but_is_not_counted(
    session: Session, contest: Contest, shortlist: Round, now: datetime
) -> None:
    voter_named(session, contest, "Ann").weight *= 0
    session.flush()

    receipt = cast(session, shortlist, "Ann", ["1"], now)
    cast(session, shortlist, "Bob", ["2"], now)

    assert receipt.rev == 1
    assert [line["b"] for line in rounds.ballot_lines(session, shortlist)] == [["2"]]
    assert queries.turnout(session, shortlist.id) == {"core": 1}
    assert queries.eligible_counts(session, contest.id) == {"core": 1}
    rounds.close_round(session, shortlist, now)
    result = counting.count_round(session, shortlist)
    assert [line.entry for line in result.order] == [2]
    assert result.turnout["core"].voted == 1
