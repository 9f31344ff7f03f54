"""Ballots from a file: counted like any other, or refused as a whole."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from logovote.contest import counting, families, ledger, paper, rounds
from logovote.contest.bundle import bundle_of
from logovote.contest.casting import RoundClosedError
from logovote.errors import LogovoteError
from logovote.store.media import digest_of
from logovote.store.models import Ballot, Contest, Kind, Round
from tests.builders import cast, make_contest, open_shortlist

APPROVALS = b"group,count,approvals\ncore,2,1; 2\ncrowd,3,2\ncrowd,1,\n"


@pytest.fixture
def contest(session: Session, now: datetime) -> Contest:
    contest = make_contest(
        session,
        now,
        designs=[1, 2, 3, 4],
        voters={"core": ["Ann"], "crowd": ["Bob"]},
        shares={"core": "2/5", "crowd": "3/5"},
    )
    families.merge(session, contest, [3, 4])
    return contest


@pytest.fixture
def shortlist(session: Session, contest: Contest, now: datetime) -> Round:
    return open_shortlist(session, contest, now)


def take_in(
    session: Session, round_: Round, data: bytes, now: datetime, name: str = "b.csv"
) -> int:
    contest = session.get_one(Contest, round_.contest_id)
    return paper.import_ballots(session, contest, round_, name=name, data=data, now=now)


def native(**changes: Any) -> bytes:
    document = {
        "candidates": ["1", "2", "3", "4", "none"],
        "ballots": [{"approvals": ["1"], "group": "core"}],
    }
    return json.dumps(document | changes).encode()


def weighing(weight: str) -> bytes:
    """A file with one ballot of this weight."""
    return native(ballots=[{"approvals": ["1"], "group": "core", "weight": weight}])


def on_paper(session: Session) -> int:
    total = session.scalar(
        select(func.sum(Ballot.count)).where(Ballot.voter_id.is_(None))
    )
    return total or 0


def test_ballots_on_paper_count_beside_those_of_voters(
    session: Session, shortlist: Round, now: datetime
) -> None:
    """The core's 3 ballots weigh 2/15 each, the crowd's 4 weigh 3/20 each."""
    cast(session, shortlist, "Ann", ["1"], now)

    assert (
        take_in(
            session, shortlist, b"group,count,approvals\ncore,2,2\ncrowd,4,2\n", now
        )
        == 6
    )

    rounds.close_round(session, shortlist, now)
    result = counting.count_round(session, shortlist)
    assert [(line.entry, str(line.support)) for line in result.order] == [
        (2, "13/15"),
        (1, "2/15"),
    ]
    turnout = {group: part.voted for group, part in result.turnout.items()}
    assert turnout == {"core": 3, "crowd": 4}


def test_paper_that_weighs_nothing_is_neither_entitled_nor_voted(
    session: Session, shortlist: Round, now: datetime
) -> None:
    take_in(session, shortlist, weighing("0"), now)

    rounds.close_round(session, shortlist, now)
    result = counting.count_round(session, shortlist)

    assert result.turnout["core"].voted == 0
    assert counting.electorate(session, shortlist) == {"core": 1, "crowd": 1}


def test_an_approval_of_nothing_on_paper_says_none_of_these(
    session: Session, shortlist: Round, now: datetime
) -> None:
    assert (
        take_in(
            session,
            shortlist,
            native(ballots=[{"approvals": [], "group": "core"}]),
            now,
            "b.json",
        )
        == 1
    )

    assert session.scalars(select(Ballot.choice)).all() == ['["none"]']


def test_the_pile_is_part_of_what_the_close_commits_to(
    session: Session, shortlist: Round, now: datetime
) -> None:
    take_in(session, shortlist, APPROVALS, now)

    lines = list(rounds.ballot_lines(session, shortlist))

    assert sorted(line["n"] for line in lines) == [1, 2, 3]
    assert {line["c"] for line in lines} == {"core", "crowd"}


def test_the_same_file_counts_once(
    session: Session, shortlist: Round, now: datetime
) -> None:
    take_in(session, shortlist, APPROVALS, now)

    with pytest.raises(LogovoteError, match="the same file counts once"):
        take_in(session, shortlist, APPROVALS, now, "renamed.csv")

    assert on_paper(session) == 6


@pytest.mark.parametrize("phase", ["closed", "counted"])
def test_a_round_that_is_not_open_takes_no_paper(
    session: Session, shortlist: Round, now: datetime, phase: str
) -> None:
    rounds.close_round(session, shortlist, now)
    if phase == "counted":
        counting.count_round(session, shortlist)

    with pytest.raises(RoundClosedError):
        take_in(session, shortlist, APPROVALS, now)


def test_a_round_whose_time_is_over_takes_no_paper_though_nobody_closed_it(
    session: Session, contest: Contest, now: datetime
) -> None:
    hour = timedelta(hours=1)
    round_ = rounds.open_round(session, contest, Kind.SHORTLIST, now, until=now + hour)
    take_in(session, round_, APPROVALS, now + hour)

    with pytest.raises(RoundClosedError, match="Move its end to a later time"):
        take_in(session, round_, native(), now + 2 * hour, "late.json")

    assert on_paper(session) == 6


def test_nobody_who_knows_the_file_can_try_what_its_ballots_say(
    session: Session, contest: Contest, now: datetime
) -> None:
    """Where sums are published, the hashes of the lines are, too."""
    round_ = rounds.open_round(
        session, contest, Kind.SHORTLIST, now, publish="aggregate"
    )
    take_in(session, round_, APPROVALS, now)
    rounds.close_round(session, round_, now)
    counting.count_round(session, round_)

    data = bundle_of(session, round_).data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        leaves = set(json.loads(archive.read("aggregate.json"))["leaves"])
    guesses = {
        ledger.leaf(line | {"t": f"{digest_of(APPROVALS)}:{id_}"}).hex()
        for line in rounds.ballot_lines(session, round_)
        for id_ in range(9)
    }
    tags = {line["t"] for line in rounds.ballot_lines(session, round_)}
    assert len(leaves) == len(tags) == 3
    assert not leaves & guesses


def test_paper_of_before_there_were_nonces_keeps_its_lines(
    session: Session, shortlist: Round, now: datetime
) -> None:
    """Rounds that are closed already are committed to them."""
    take_in(session, shortlist, native(), now, "b.json")
    ballot = session.scalars(select(Ballot)).one()
    ballot.nonce = None
    session.flush()

    (line,) = rounds.ballot_lines(session, shortlist)

    assert line["t"] == f"{digest_of(native())}:{ballot.id}"


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        pytest.param(
            "b.csv",
            b"group,approvals\ncore,1\njury,2\n",
            "Ballot 2 is of the group “jury”",
            id="unknown-group",
        ),
        pytest.param(
            "b.csv", b"group,approvals\ncore,1; 99\n", "no logo “99”", id="stranger"
        ),
        pytest.param(
            "b.csv", b"approvals\n1\n", "the group “all”", id="no-group-named"
        ),
        pytest.param(
            "b.csv",
            b"group,ranking\ncore,1 > 2\n",
            "takes approvals, not rankings",
            id="a-ranking",
        ),
        pytest.param(
            "b.json", native(exposure={}), "Take `exposure` and", id="own-exposure"
        ),
        pytest.param("b.json", native(seed="abc"), "seed of its own", id="own-seed"),
        pytest.param(
            "b.json",
            native(groups={"core": {"share": "1/2"}, "crowd": {"share": "1/2"}}),
            "the share 1/2; the contest says 2/5",
            id="other-shares",
        ),
        pytest.param(
            "b.json",
            native(families={"1": "f1", "2": "f1"}),
            "as a variant in the family “f1”",
            id="other-families",
        ),
        pytest.param(
            "b.json",
            native(families={"3": "a", "4": "b"}),
            "“4” as a variant in the family “b”; the contest does not",
            id="families-apart",
        ),
        pytest.param(
            "b.json",
            native(ballots=[{"approvals": ["1"], "group": "core", "seen": []}]),
            "`exposure` and `seen`",
            id="own-looks",
        ),
        pytest.param(
            "b.csv",
            b"group,approvals\ncore,#1\n",
            "no logo “#1” in this round. Name logos by their entry numbers",
            id="a-number-with-a-sign",
        ),
        pytest.param(
            "b.json",
            native(ballots=[{"approvals": ["1"], "group": "core", "count": 10**30}]),
            "more than 10000000 times",
            id="absurd-count",
        ),
        pytest.param(
            "b.json",
            weighing(f"{10**40 + 1}/{10**40}"),
            "Ballot 1: the weight is too fine",
            id="absurdly-fine-weight",
        ),
        pytest.param(
            "b.json",
            weighing(str(10**70)),
            "Ballot 1: the weight is above 1000000",
            id="absurdly-large-weight",
        ),
        pytest.param("b.json", b"{", "not JSON", id="malformed"),
    ],
)
def test_a_file_that_does_not_fit_the_round_is_refused_whole(
    session: Session, shortlist: Round, name: str, data: bytes, message: str
) -> None:
    session.commit()
    now = shortlist.opened_at

    with pytest.raises(LogovoteError, match=message):
        take_in(session, shortlist, data, now, name)

    session.rollback()
    assert on_paper(session) == 0


def test_the_contests_own_settings_in_the_file_are_welcome(
    session: Session, shortlist: Round, now: datetime
) -> None:
    data = native(
        groups={"core": {"share": "2/5"}, "crowd": {"share": "3/5"}},
        families={"3": "variants", "4": "variants"},
        ballots=[{"approvals": ["3"], "group": "crowd"}],
    )

    assert take_in(session, shortlist, data, now, "b.json") == 1


def test_an_approval_ballot_in_a_ranking_is_one_tier_above_the_rest(
    session: Session, contest: Contest, now: datetime
) -> None:
    ranking = rounds.open_round(session, contest, Kind.RANKING, now)

    take_in(session, ranking, b"group,approvals\ncore,2; 1\n", now)

    assert session.scalars(select(Ballot.choice)).all() == ['[["1","2"]]']


def test_rankings_on_paper_may_rank_none_of_these(
    session: Session, contest: Contest, now: datetime
) -> None:
    ranking = rounds.open_round(session, contest, Kind.RANKING, now)

    take_in(session, ranking, b"group,ranking\ncore,2 > none = 1\n", now)

    assert session.scalars(select(Ballot.choice)).all() == ['[["2"],["1","none"]]']


def test_a_ranking_takes_no_file_in_which_a_short_ballot_means_something_else(
    session: Session, contest: Contest, now: datetime
) -> None:
    ranking = rounds.open_round(session, contest, Kind.RANKING, now)
    file = b"#/Implicit Ranking: false\n1 > 2\n"

    with pytest.raises(LogovoteError, match="below all that the ballot ranks"):
        take_in(session, ranking, file, now, "b.cvotes")


def test_in_a_contest_of_one_group_the_file_need_not_name_it(
    session: Session, now: datetime
) -> None:
    small = make_contest(
        session, now, slug="s", designs=[1], voters={"all of us": ["Ann"]}
    )
    round_ = open_shortlist(session, small, now)

    assert take_in(session, round_, b"approvals\n1\n", now) == 1
