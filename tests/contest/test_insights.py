"""What explains a result: kept at the count, read back whole, handed on as files."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from unittest import mock

import pytest
from click.testing import CliRunner
from sqlalchemy.orm import Session

from logovote import recount
from logovote.cli.count import count as count_command
from logovote.contest import ballot_files, counting, families, handoff, insights, rounds
from logovote.contest.bundle import bundle_of
from logovote.contest.records import dump, load
from logovote.contest.results import result_of
from logovote.store.models import Contest, Kind, Round
from logovote.store.store import Store
from logovote.voting.formats import read_profile
from logovote.voting.insight import RankingInsight, ShortlistInsight
from logovote.voting.profiles import Profile
from tests.builders import cast, make_contest, open_shortlist, voter_named, withdraw

CORE = ["Ann", "Bea", "Cat"]
CROWD = ["Dan", "Eve", "Fay", "Gus", "Hal", "Ida", "Jon", "Kay"]


@pytest.fixture
def contest(session: Session, now: datetime) -> Contest:
    contest = make_contest(
        session,
        now,
        designs=[1, 2, 3, 6],
        voters={"core": CORE, "crowd": CROWD},
        shares={"core": "2/5", "crowd": "3/5"},
    )
    families.merge(session, contest, [1, 6])
    voter_named(session, contest, "Ann").weight = Fraction(3, 2)
    return contest


def finish(session: Session, round_: Round, now: datetime) -> Round:
    rounds.close_round(session, round_, now)
    counting.count_round(session, round_)
    return round_


@pytest.fixture
def shortlist(session: Session, contest: Contest, now: datetime) -> Round:
    round_ = open_shortlist(session, contest, now)
    for name in CORE:
        cast(session, round_, name, ["f1", "3"], now)
    for name in CROWD[:5]:
        cast(session, round_, name, ["6", "2"], now)
    cast(session, round_, "Jon", ["1"], now)
    cast(session, round_, "Kay", ["none"], now)
    return finish(session, round_, now)


@pytest.fixture
def ranking(
    session: Session, contest: Contest, shortlist: Round, now: datetime
) -> Round:
    round_ = rounds.open_round(session, contest, Kind.RANKING, now)
    for name in CORE:
        cast(session, round_, name, [["3"], ["6", "2"]], now)
    for name in CROWD:
        cast(session, round_, name, [["6"], ["2"], ["none"]], now)
    return finish(session, round_, now)


def count(file: Path, *options: str) -> dict[str, object]:
    answer = CliRunner().invoke(count_command, [str(file), "--json", *options])
    assert answer.exit_code == 0, answer.output
    return dict(json.loads(answer.stdout))


def test_nothing_is_kept_before_the_count(
    session: Session, contest: Contest, now: datetime
) -> None:
    round_ = open_shortlist(session, contest, now)
    cast(session, round_, "Ann", ["1"], now)
    rounds.close_round(session, round_, now)

    assert round_.profile is None
    assert round_.insight is None
    assert insights.insight_of(round_) is None
    assert ballot_files.profile_of(round_) is None


def test_an_explanation_that_fails_stops_no_count(
    session: Session,
    contest: Contest,
    now: datetime,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    """The result and the ballots are kept, and the bundle reproduces; the log tells."""
    broken = mock.patch(
        "logovote.voting.insight.explain_shortlist",
        side_effect=OverflowError("too many decimals"),
    )
    round_ = open_shortlist(session, contest, now)
    cast(session, round_, "Ann", ["1"], now)

    with broken:
        finish(session, round_, now)

    assert [line.entry for line in result_of(round_).order] == [1]
    assert round_.insight is None
    assert round_.profile is not None
    assert "too many decimals" in caplog.text
    file = tmp_path / "bundle.zip"
    file.write_bytes(bundle_of(session, round_).data)
    assert "insight.json" not in zipfile.ZipFile(file).namelist()
    assert recount.main([str(file)]) == 0


def test_a_ranking_with_weights_of_many_denominators_is_counted_and_explained(
    session: Session, now: datetime
) -> None:
    names = [f"V{number}" for number in range(50)]
    contest = make_contest(session, now, designs=[1, 2, 3], voters={"core": names})
    for number, name in enumerate(names, start=1):
        voter_named(session, contest, name).weight = Fraction(1, number)
    round_ = rounds.open_round(session, contest, Kind.RANKING, now)
    for number, name in enumerate(names):
        cast(session, round_, name, [[str(number % 3 + 1)], ["none"]], now)

    finish(session, round_, now)

    assert [line.entry for line in result_of(round_).order] == [None, 1, 2, 3]
    assert isinstance(insights.insight_of(round_), RankingInsight)


def test_an_insight_is_read_back_as_it_was_written(
    shortlist: Round, ranking: Round
) -> None:
    for round_, kind in ((shortlist, ShortlistInsight), (ranking, RankingInsight)):
        found = insights.insight_of(round_)
        assert isinstance(found, kind)
        assert found.stability is not None
        assert insights.written(found) == round_.insight


def test_the_ballots_kept_are_those_that_were_counted(
    session: Session, shortlist: Round, ranking: Round
) -> None:
    for round_ in (shortlist, ranking):
        kept, counted = (
            ballot_files.profile_of(round_),
            counting.profile_of(session, round_),
        )
        assert kept is not None
        assert kept.candidates == counted.candidates
        assert kept.groups == counted.groups
        assert kept.heads == counted.heads
        assert (kept.key, kept.status_quo) == (counted.key, counted.status_quo)
        assert (kept.families, kept.recency) == (counted.families, counted.recency)
        assert ballot_files.profile_file(kept) == round_.profile


def test_counting_the_file_of_a_shortlist_gives_the_same_shortlist(
    shortlist: Round, tmp_path: Path
) -> None:
    file = tmp_path / "ballots.json"
    file.write_text(shortlist.profile or "", "utf-8")

    order = [str(line.entry) for line in result_of(shortlist).order]

    assert count(file, "--seats", str(len(order)))["committee"] == order
    assert order == ["6", "2", "3"]


def test_counting_the_file_of_a_ranking_gives_the_same_ranking(
    ranking: Round, tmp_path: Path
) -> None:
    file = tmp_path / "ballots.json"
    file.write_text(ranking.profile or "", "utf-8")
    tiers: dict[int, list[str]] = {}
    for line in result_of(ranking).order:
        tiers.setdefault(line.place, []).append(str(line.entry or "none"))

    assert count(file)["ranking"] == [sorted(tier) for tier in tiers.values()]


def test_a_ballot_file_is_merged_and_sorted_and_names_nobody(ranking: Round) -> None:
    assert ranking.profile is not None
    ballots = json.loads(ranking.profile)["ballots"]

    assert [(b.get("count", 1), b["group"], b.get("weight")) for b in ballots] == [
        (2, "core", None),
        (1, "core", "3/2"),
        (8, "crowd", None),
    ]
    assert not any(name in ranking.profile for name in (*CORE, *CROWD, "example.org"))


def test_what_happens_later_does_not_change_what_was_kept(
    session: Session, contest: Contest, shortlist: Round, now: datetime
) -> None:
    before = shortlist.profile, shortlist.insight
    withdraw(session, contest, 3, now)

    assert (shortlist.profile, shortlist.insight) == before
    kept = ballot_files.profile_of(shortlist)
    assert kept is not None
    assert "3" in kept.candidates


def test_the_same_code_ranks_under_other_shares(ranking: Round) -> None:
    """The core prefers 3, the crowd 6: whoever decides more wins."""
    found = insights.insight_of(ranking)
    assert isinstance(found, RankingInsight)
    seed = result_of(ranking).seed
    for core, first in ((Fraction(2, 5), "6"), (Fraction(3, 5), "3")):
        shares = {"core": core, "crowd": 1 - core}
        assert insights.rank_at(found, seed, shares).winners == (first,)
    assert found.shares[0].stays.end == Fraction(1, 2)
    assert insights.duel_of(found, seed, "3", "6").above == "6"


def test_the_same_code_elects_under_other_shares(shortlist: Round) -> None:
    kept = ballot_files.profile_of(shortlist)
    assert kept is not None
    for core, second in ((Fraction(2, 5), "f2"), (Fraction(4, 5), "f3")):
        shares = {"core": core, "crowd": 1 - core}
        slots = insights.shortlist_at(kept, shares, 2).slots
        assert [slot.family for slot in slots] == ["f1", second]


def test_the_export_holds_the_insight_and_the_ballots_of_what_is_published(
    session: Session, store: Store, contest: Contest, ranking: Round, shortlist: Round
) -> None:
    def names() -> set[str]:
        files = handoff.files(store, session, contest)
        return {name for name in files if name.endswith(".json")}

    # The originals of these designs were never stored; they are not asked for here.
    result = result_of(ranking)
    for design in result.designs.values():
        original = f"design {design.entry} of acme".encode()
        store.originals.put(original)
    always = {"shortlist.json", "handoff.json", "insight.json"}
    assert names() == always

    rounds.publish_round(session, shortlist)
    assert names() == always | {"ballots-shortlist.json"}

    rounds.publish_round(session, ranking)
    files = handoff.files(store, session, contest)
    ballots, insight = (
        b"".join(files[name]().pieces).decode()
        for name in ("ballots-ranking.json", "insight.json")
    )
    assert ballots == ranking.profile
    insight = json.loads(insight)
    assert (insight["round"], insight["estimated"]) == ("ranking", ["stability"])
    assert insight["stability"]["crowds"] == 1000


def test_a_ballot_file_keeps_what_was_seen_and_every_setting() -> None:
    text = """{"candidates":["a","b"],"unranked":"no_opinion","seed":"s",
        "groups":{"x":{"weight":"3/2","quorum":4},"y":{"weight":1}},
        "ballots":[{"count":2,"group":"x","approvals":["b","a"],"seen":["b","a"]},
                   {"count":1,"group":"y","approvals":[]},
                   {"count":1,"group":"x","seen":["a","b"],"approvals":["a","b"]}]}"""
    profile = read_profile(text.encode(), "x.json")
    profile = replace(profile, exposure={"x": {"a": Fraction(7, 2), "b": Fraction(1)}})

    again = read_profile((ballot_files.profile_file(profile) or "").encode(), "x.json")

    assert replace(again, votes=profile.votes) == profile
    assert [(v.count, v.group, v.seen) for v in again.votes] == [
        (3, "x", frozenset("ab")),
        (1, "y", None),
    ]


def unpacked(round_: Round, folder: Path) -> dict[str, Path]:
    kept = ballot_files.profile_of(round_)
    assert kept is not None
    with zipfile.ZipFile(io.BytesIO(ballot_files.as_zip(kept))) as archive:
        archive.extractall(folder)
        return {name: folder / name for name in archive.namelist()}


def test_other_kinds_of_files_count_to_the_same_ranking(
    ranking: Round, tmp_path: Path
) -> None:
    """The groups' counted shares go beside a table; the others hold a group each.

    Ann's weight of 3/2 fits into tables and decimals only.
    """
    files = unpacked(ranking, tmp_path)
    assert set(files) == {
        "README.txt",
        "ballots.json",
        "ballots.csv",
        "group-1-core.blt",
        *(f"group-2-crowd{kind}" for kind in (".cvotes", ".toi", ".blt")),
    }
    note = files["README.txt"].read_text("utf-8")
    assert "group-1-core.toi: not written." in note
    assert "--share core=2/5 --share crowd=3/5" in note

    whole = count(files["ballots.json"])["ranking"]
    shares = ("--share", "core=2/5", "--share", "crowd=3/5")
    assert count(files["ballots.csv"], *shares)["ranking"] == whole
    for kind in (".cvotes", ".toi", ".blt"):
        assert count(files[f"group-2-crowd{kind}"])["winners"] == ["6"]


def test_other_kinds_of_files_count_to_the_same_shortlist(
    shortlist: Round, tmp_path: Path
) -> None:
    files = unpacked(shortlist, tmp_path)
    order = [str(line.entry) for line in result_of(shortlist).order]
    shares = ("--share", "core=2/5", "--share", "crowd=3/5", "--seats", "3")
    assert count(files["ballots.csv"], *shares)["committee"] == order
    assert "group-2-crowd.cat" in files


def test_a_round_without_designs_has_no_ballot_file() -> None:
    assert ballot_files.profile_file(Profile(())) is None


@dataclass(frozen=True)
class Sample:
    tiers: tuple[tuple[str, ...], ...]
    parts: dict[str, Fraction]
    maybe: float | None
    table: list[list[int]]
    inner: tuple[Inner, ...]


@dataclass(frozen=True)
class Inner:
    flag: bool


def test_records_come_back_by_their_types_alone() -> None:
    sample = Sample(
        tiers=(("a", "b"), ()),
        parts={"x": Fraction(1, 3)},
        maybe=None,
        table=[[1, 10**30]],
        inner=(Inner(flag=True),),
    )
    text = json.dumps(dump(sample))
    assert '"1/3"' in text
    assert load(Sample, json.loads(text)) == sample
