from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from logovote.contest import counting, deciding, events, rounds
from logovote.contest.deciding import DecisionError
from logovote.contest.results import Line, Result
from logovote.contest.rounds import RoundError
from logovote.store.models import Contest, Kind, Round
from tests.builders import cast, make_contest


def result(*lines: tuple[int, int | None]) -> Result:
    return Result(
        method="ranked_pairs",
        order=tuple(
            Line(place, entry, f"f{entry}", tied=False) for place, entry in lines
        ),
        designs={},
        turnout={},
        binding=True,
        seed="",
        ties=(),
    )


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        pytest.param([7], False, id="the-first"),
        pytest.param([8], True, id="not-the-first"),
        pytest.param([7, 8], False, id="one-of-two-that-share-a-place"),
        pytest.param([7, 9], False, id="the-other"),
        pytest.param([8, 9], True, id="both-without-the-first"),
        pytest.param([7, 8, 9], False, id="the-first-three"),
        pytest.param([], True, id="none-though-it-is-fourth"),
        pytest.param([7, 8, 9, 5], True, id="past-none-of-these"),
        pytest.param([99], True, id="not-on-the-list"),
    ],
)
def test_a_choice_differs_if_something_above_it_was_left_out(
    entries: list[int], *, expected: bool
) -> None:
    order = result((1, 7), (2, 8), (2, 9), (4, None), (5, 5))

    assert deciding.differs(order, entries) is expected


def test_none_of_these_is_the_communitys_word_where_it_is_first() -> None:
    assert not deciding.differs(result((1, None), (2, 7)), [])
    assert deciding.differs(result((1, None), (2, 7)), [7])


def test_in_a_shortlist_no_choice_at_all_differs() -> None:
    assert deciding.differs(result((1, 7)), [])
    assert not deciding.differs(result((1, 7)), [7])


def test_of_an_empty_shortlist_no_choice_is_the_communitys() -> None:
    assert not deciding.differs(result(), [])
    assert deciding.differs(result(), [7])


@pytest.fixture
def contest(session: Session, now: datetime) -> Contest:
    return make_contest(
        session, now, designs=[1, 2, 3], voters={"core": ["Ann", "Bea", "Cat"]}
    )


@pytest.fixture
def counted(session: Session, contest: Contest, now: datetime) -> Round:
    """Ranked: 2, 1, none, 3."""
    round_ = rounds.open_round(session, contest, Kind.RANKING, now)
    for name in ("Ann", "Bea", "Cat"):
        cast(session, round_, name, [["2"], ["1"], ["none"], ["3"]], now)
    rounds.close_round(session, round_, now)
    counting.count_round(session, round_)
    return round_


def test_a_decision_that_agrees_needs_no_reason(
    session: Session, contest: Contest, counted: Round, now: datetime
) -> None:
    verdict = deciding.decide(session, contest, counted, [2], "", now=now)

    assert (verdict.entries, verdict.differs) == ((2,), False)
    assert deciding.current(session, counted) == verdict
    assert deciding.current(session, counted, published=True) is None


@pytest.mark.parametrize("entries", [[1], [3], []])
def test_a_decision_that_differs_needs_one(
    session: Session,
    contest: Contest,
    counted: Round,
    now: datetime,
    entries: list[int],
) -> None:
    with pytest.raises(DecisionError, match="Give the reason"):
        deciding.decide(session, contest, counted, entries, " \n", now=now)

    verdict = deciding.decide(
        session, contest, counted, entries, "A trade mark clash.", now=now
    )
    assert verdict.differs
    assert verdict.reason == "A trade mark clash."


def test_there_is_nothing_to_decide_before_the_count(
    session: Session, contest: Contest, now: datetime
) -> None:
    round_ = rounds.open_round(session, contest, Kind.RANKING, now)
    rounds.close_round(session, round_, now)

    with pytest.raises(RoundError, match="no result before"):
        deciding.decide(session, contest, round_, [1], "Why", now=now)


@pytest.mark.parametrize(
    ("entries", "reason", "told"),
    [([9], "Why", "did not stand"), ([1], "x" * 2001, "too long")],
)
def test_an_impossible_decision_is_refused(
    session: Session,
    contest: Contest,
    counted: Round,
    now: datetime,
    *,
    entries: list[int],
    reason: str,
    told: str,
) -> None:
    with pytest.raises(DecisionError, match=told):
        deciding.decide(session, contest, counted, entries, reason, now=now)


def test_it_is_published_beside_a_public_result_only_and_then_logged(
    session: Session, contest: Contest, counted: Round, now: datetime
) -> None:
    with pytest.raises(DecisionError, match="no decision to publish"):
        deciding.publish(session, contest, counted, now=now)
    deciding.decide(session, contest, counted, [1], "A clash.", now=now)
    with pytest.raises(DecisionError, match="Publish the result"):
        deciding.publish(session, contest, counted, now=now)
    rounds.publish_round(session, counted, now=now)

    deciding.publish(session, contest, counted, now=now)

    last = events.chain(session, contest.id)[-1]
    assert last["kind"] == "decision.published"
    assert last["payload"]["differs"] is True
    assert last["payload"]["reason"] == "A clash."
    assert [d["entry"] for d in last["payload"]["designs"]] == [1]
    assert len(last["payload"]["designs"][0]["image_sha256"]) == 64


def test_what_was_published_stays_on_record(
    session: Session, contest: Contest, counted: Round, now: datetime
) -> None:
    rounds.publish_round(session, counted, now=now)
    deciding.decide(session, contest, counted, [3], "A draft.", now=now)
    deciding.decide(session, contest, counted, [2], "", now=now)
    deciding.publish(session, contest, counted, now=now)
    later = now + timedelta(days=1)
    deciding.decide(session, contest, counted, [1], "A clash.", now=later)

    public = deciding.current(session, counted, published=True)
    assert public is not None
    assert public.entries == (2,)
    deciding.publish(session, contest, counted, now=later)

    assert [each.entries for each in deciding.earlier(session, counted)] == [(2,)]
    newest = deciding.current(session, counted, published=True)
    assert newest is not None
    assert newest.entries == (1,)
