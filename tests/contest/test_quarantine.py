"""Ballots set aside between close and count, and what is shown of it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from logovote import recount
from logovote.contest import (
    counting,
    events,
    handoff,
    ledger,
    quarantine,
    review,
    rounds,
)
from logovote.contest.bundle import FULL, bundle_of
from logovote.contest.quarantine import QuarantineError
from logovote.contest.results import result_of
from logovote.contest.rounds import RoundError
from logovote.store import queries
from logovote.store.models import Contest, Kind, Round
from tests.builders import cast, make_contest, voter_named

HONEST = [f"Honest{n}" for n in range(7)]
FAKES = [f"Fake{n}" for n in range(6)]
Close = Callable[..., Round]


@pytest.fixture
def close(session: Session, now: datetime) -> Close:
    """Close a shortlist that seven want to begin with 1, and six fakes with 3."""

    def close_(publish: str = "ballots", fakes: int = 6) -> Round:
        contest = make_contest(
            session, now, designs=[1, 2, 3], voters={"core": [*HONEST, *FAKES[:fakes]]}
        )
        round_ = rounds.open_round(
            session,
            contest,
            Kind.SHORTLIST,
            now,
            seats=1,
            publish=publish,
            auditors=["Ada", "Ben"] if publish == "auditors" else [],
        )
        for number, name in enumerate(HONEST):
            cast(session, round_, name, ["1"] if number < 5 else ["2"], now)
        for name in FAKES[:fakes]:
            cast(session, round_, name, ["3"], now)
        rounds.close_round(session, round_, now)
        return round_

    return close_


def ids(session: Session, round_: Round, names: list[str]) -> list[int]:
    contest = session.get_one(Contest, round_.contest_id)
    found = []
    for name in names:
        voter = voter_named(session, contest, name)
        ballot = queries.ballot_of(session, round_.id, voter.id)
        assert ballot is not None
        found.append(ballot.id)
    return found


def unpacked(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def checked(data: bytes, tmp_path: Path) -> int:
    path = tmp_path / "bundle.zip"
    path.write_bytes(data)
    return int(recount.check(str(path), None)["exit"])


def test_the_official_result_is_without_and_the_other_stands_beside_it(
    session: Session, close: Close, tmp_path: Path
) -> None:
    round_ = close()

    quarantine.set_aside(session, round_, ids(session, round_, FAKES), "One burst.")
    result = counting.count_round(session, round_)

    assert [line.entry for line in result.order] == [1]
    assert result.turnout["core"].voted == 7
    assert result.set_aside is not None
    assert result.set_aside.with_all is not None
    assert [line.entry for line in result.set_aside.with_all.order] == [3]
    assert result.set_aside.with_all.turnout["core"].voted == 13
    assert result_of(round_) == result
    contest = session.get_one(Contest, round_.contest_id)
    handed = json.loads(handoff.as_json(contest, round_, result, []))
    assert handed["set_aside"]["with_all"]["order"][0]["entry"] == 3
    assert checked(bundle_of(session, round_).data, tmp_path) == recount.REPRODUCED


def test_the_bundle_marks_the_lines_and_the_root_covers_them_all(
    session: Session, close: Close
) -> None:
    round_ = close()
    quarantine.set_aside(session, round_, ids(session, round_, FAKES[:2]), "Twins.")
    counting.count_round(session, round_)

    lines = json.loads(unpacked(bundle_of(session, round_).data)["ballots.json"])
    aside = [line for line in lines if "aside" in line]
    plain = [{k: v for k, v in line.items() if k != "aside"} for line in lines]

    assert (len(lines), len(aside)) == (13, 2)
    assert {tuple(line["b"]) for line in aside} == {("3",)}
    assert ledger.merkle_root(plain) == round_.closing_root


def test_without_any_nothing_is_said_of_it(session: Session, close: Close) -> None:
    round_ = close()

    result = counting.count_round(session, round_)

    assert result.set_aside is None
    assert "set_aside" not in json.loads(round_.result or "{}")
    assert "exposure_all.json" not in unpacked(bundle_of(session, round_).data)


def test_the_log_names_the_reason_and_nobody(session: Session, close: Close) -> None:
    round_ = close()

    quarantine.set_aside(
        session, round_, ids(session, round_, FAKES[:2]), "  One  burst. ", actor="cli"
    )

    last = events.chain(session, round_.contest_id)[-1]
    assert (last["kind"], last["actor"]) == ("ballots.set_aside", "cli")
    assert last["payload"]["reason"] == "One burst."
    assert len(last["payload"]["ballots"]) == 2
    tags = [line["t"] for line in rounds.ballot_lines(session, round_)]
    assert set(last["payload"]["ballots"]) <= set(map(ledger.aside_id, tags))
    assert not set(last["payload"]["ballots"]) & set(tags)
    assert "fake" not in json.dumps(last).lower()


def test_it_is_taken_back_before_the_count_and_never_after(
    session: Session, close: Close
) -> None:
    round_ = close()
    some = ids(session, round_, FAKES)
    quarantine.set_aside(session, round_, some, "One burst.")

    quarantine.take_back(session, round_, some[2:])
    result = counting.count_round(session, round_)

    assert [line.entry for line in result.order] == [1]
    assert result.turnout["core"].voted == 11
    with pytest.raises(QuarantineError, match="before anybody knew a total"):
        quarantine.take_back(session, round_, some[:1])
    with pytest.raises(QuarantineError, match="before anybody knew a total"):
        quarantine.set_aside(session, round_, some[1:], "Too late.")


def test_only_a_closed_round_is_looked_over(
    session: Session, now: datetime, close: Close
) -> None:
    round_ = close()
    some = ids(session, round_, FAKES)
    quarantine.set_aside(session, round_, some, "One burst.")
    rounds.reopen_round(session, round_, now=now)

    with pytest.raises(QuarantineError, match="is open"):
        quarantine.set_aside(session, round_, some, "Early.")
    with pytest.raises(RoundError, match="after it is closed"):
        review.review(session, round_)


def test_opening_again_takes_everything_back(
    session: Session, now: datetime, close: Close, tmp_path: Path
) -> None:
    round_ = close()
    quarantine.set_aside(session, round_, ids(session, round_, FAKES), "One burst.")
    rounds.reopen_round(session, round_, now=now)
    rounds.close_round(session, round_, now)

    result = counting.count_round(session, round_)

    assert result.set_aside is None
    assert result.turnout["core"].voted == 13
    assert checked(bundle_of(session, round_).data, tmp_path) == recount.REPRODUCED


@pytest.mark.parametrize(
    ("reason", "said"), [("  ", "Say why"), ("x" * 501, "too long (501")]
)
def test_a_reason_is_needed_and_short(
    session: Session, close: Close, reason: str, said: str
) -> None:
    round_ = close()

    with pytest.raises(QuarantineError) as error:
        quarantine.set_aside(session, round_, ids(session, round_, FAKES), reason)

    assert said in str(error.value)


def test_what_is_not_in_the_box_is_refused(session: Session, close: Close) -> None:
    round_ = close()
    with pytest.raises(QuarantineError, match="not in the box"):
        quarantine.set_aside(session, round_, [10_000], "Who?")
    some = ids(session, round_, FAKES)
    quarantine.set_aside(session, round_, some, "One burst.")
    with pytest.raises(QuarantineError, match="already"):
        quarantine.set_aside(session, round_, some, "Again.")


@pytest.mark.parametrize("publish", ["aggregate", "auditors"])
def test_sums_keep_the_second_result_back_if_it_would_show_single_ballots(
    session: Session, close: Close, tmp_path: Path, publish: str
) -> None:
    round_ = close(publish)
    quarantine.set_aside(session, round_, ids(session, round_, FAKES[:1]), "A twin.")

    result = counting.count_round(session, round_)

    public = unpacked(bundle_of(session, round_).data)
    sums = json.loads(public["aggregate.json"])
    assert result.set_aside is not None
    assert result.set_aside.ballots == 1
    assert result.set_aside.with_all is None
    assert json.loads(public["result.json"])["set_aside"]["with_all"] is None
    assert "with_all" not in sums
    assert "exposure_all.json" not in public
    assert (sums["counted"], sums["sums"]["core"]["3"]) == ({"core": 12}, 5)
    assert "ballots.json" not in public
    assert checked(bundle_of(session, round_).data, tmp_path) == 4
    if publish == "auditors":
        full = bundle_of(session, round_, FULL).data
        assert checked(full, tmp_path) == recount.REPRODUCED


def test_sums_of_enough_ballots_are_shown_twice(
    session: Session, close: Close, tmp_path: Path
) -> None:
    round_ = close("aggregate")
    quarantine.set_aside(session, round_, ids(session, round_, FAKES[:5]), "A burst.")

    result = counting.count_round(session, round_)

    sums = json.loads(unpacked(bundle_of(session, round_).data)["aggregate.json"])
    assert result.set_aside is not None
    assert result.set_aside.with_all is not None
    assert sums["with_all"]["counted"] == {"core": 13}
    assert checked(bundle_of(session, round_).data, tmp_path) == 4


def test_sums_of_a_few_left_are_refused(session: Session, close: Close) -> None:
    round_ = close("aggregate")
    most = ids(session, round_, [*FAKES, *HONEST[:3]])

    with pytest.raises(QuarantineError, match="only 4 counted ballots would be left"):
        quarantine.set_aside(session, round_, most, "A burst.")


def test_a_review_names_people_only_where_it_says_nothing_of_their_ballots(
    session: Session, now: datetime, close: Close
) -> None:
    round_ = close()
    found = review.review(session, round_)

    assert found.ballots == 13
    assert {group.sign.kind for group in found.groups} >= {"single"}
    for group in found.groups:
        assert bool(group.people) == group.sign.named
        assert set(group.overlaps) <= {"burst", "network", "late"}


def test_groups_and_people_are_chosen_by_keys_that_tell_nothing(
    session: Session, close: Close
) -> None:
    round_ = close()
    groups = review.review(session, round_).groups
    same = next(group for group in groups if group.sign.kind == "single")

    assert review.chosen(session, round_, [same.key]) == set(same.sign.ballots)
    assert review.chosen(session, round_, [], who=["fake0@example.org"]) == set(
        ids(session, round_, ["Fake0"])
    )
    for keys, who, said in (
        (["0" * 12], [], "no group"),
        ([], ["nobody@example.org"], "no ballot"),
        ([], [], "at least one"),
    ):
        with pytest.raises(QuarantineError, match=said):
            review.chosen(session, round_, keys, who=who)


def test_a_reason_leads_back_to_its_ballots(session: Session, close: Close) -> None:
    round_ = close()
    some = ids(session, round_, FAKES[:2])
    quarantine.set_aside(session, round_, some, "Twins.")

    [aside] = review.review(session, round_).aside

    assert (aside.reason, set(aside.ballots)) == ("Twins.", set(some))
    assert review.aside_for(session, round_, aside.key) == aside.ballots
    with pytest.raises(QuarantineError, match="Nothing is set aside"):
        review.aside_for(session, round_, "Others.")
