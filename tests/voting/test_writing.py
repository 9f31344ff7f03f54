from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from logovote.voting.ballots import Approval, Ranking
from logovote.voting.count import METHODS, SHORTLIST_RULES, count
from logovote.voting.formats import (
    CannotHoldError,
    left_out,
    read_profile,
    write_profile,
)
from logovote.voting.profiles import Group, Profile
from logovote.voting.rank_matrix import RankMatrix
from tests.voting.builders import approved, profile, ranked
from tests.voting.test_reference import drawn

F = Fraction
KINDS = ["json", "csv", "tsv", "cvotes", "soc", "soi", "toc", "toi", "cat", "blt"]
RANKED = profile("a b c", ranked(3, "a>b=c"), ranked(2, "b"), ranked(1, "c>a>b"))
APPROVED = profile("a b c", approved(3, "a b"), approved(2, ""), approved(1, "c"))


def read(text: str, kind: str, like: Profile, **more: Any) -> Profile:
    again = read_profile(text.encode(), f"a.{kind}", unranked=like.unranked, **more)
    settings = {key: getattr(like, key) for key in ("seed", "families", "status_quo")}
    return replace(again, **settings)


CVOTES = """\
#/Candidates: a ; b ; c
#/Implicit Ranking: true
#/Weight Allowed: false

a > b = c * 3
b * 2
c > a > b
"""
TOI = """\
# DATA TYPE: toi
# NUMBER ALTERNATIVES: 3
# NUMBER VOTERS: 6
# NUMBER UNIQUE ORDERS: 3
# ALTERNATIVE NAME 1: a
# ALTERNATIVE NAME 2: b
# ALTERNATIVE NAME 3: c
3: 1,{2,3}
2: 2
1: 3,1,2
"""


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_counts_the_same_when_read(kind: str) -> None:
    written = 0
    for seed in range(120):
        document = drawn(seed, "rankings" if seed % 2 else "approvals")
        original = read_profile(json.dumps(document).encode(), "a.json")
        if seed % 3 == 0:
            original = replace(original, groups=(), votes=in_one_group(original))
        if seed % 5 == 0:
            original = replace(original, unranked="no_opinion")
        try:
            text = write_profile(original, f"x.{kind}")
        except CannotHoldError:
            assert kind != "json"
            continue
        written += 1
        if kind == "json":
            again = read_profile(text.encode(), "a.json")
            assert again == original
            assert write_profile(again, "x.json") == text
            continue
        shares = {g.id: g.share for g in original.groups if g.share is not None}
        again = read(text, kind, original, shares=shares if "csv" in kind else {})
        for method in METHODS:
            rankings = all(isinstance(v.ballot, Ranking) for v in original.counted)
            if rankings == (method in SHORTLIST_RULES):
                continue
            ours, theirs = (count(p, method).as_json() for p in (original, again))
            if again.weighting != original.weighting:
                # One group with a share of 1 has become plain votes: another unit.
                ours["scores"] = theirs["scores"] = {}
            assert theirs == ours, document
    assert written > (2 if kind in ("soc", "toc") else 12)


def in_one_group(original: Profile) -> Any:
    return tuple(replace(vote, group="all") for vote in original.votes)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("csv", "count,a,b,c\n3,1,2,2\n2,,1,\n1,2,3,1\n"),
        ("cvotes", CVOTES),
        ("toi", TOI),
        (
            "blt",
            '3 1\n3 1 2=3 0\n2 2 0\n1 3 1 2 0\n0\n"a"\n"b"\n"c"\n"Ballots"\n',
        ),
    ],
)
def test_rankings_as_files_of_other_kinds(kind: str, text: str) -> None:
    assert write_profile(RANKED, f"round.{kind}") == text


def test_approvals_as_marks_and_as_categories() -> None:
    assert write_profile(APPROVED, "a.csv") == "count,a,b,c\n3,x,x,\n2,,,\n1,,,x\n"
    lines = write_profile(APPROVED, "a.cat").splitlines()
    assert lines[-3:] == ["3: {1,2},3", "2: {},{1,2,3}", "1: 3,{1,2}"]


def test_a_table_of_single_choices_is_no_table_of_marks() -> None:
    single = profile("a b", ranked(2, "a"), ranked(1, "b"))
    assert write_profile(single, "a.csv") == "count,a,b\n2,2,\n1,,2\n"


def test_rankings_of_a_matrix_are_written_like_others() -> None:
    matrix = RankMatrix([[0, -1, 1], [1, 0, 2], [1, -1, 0]], [3, 2, 1])
    compact = profile("a b c", matrices={"all": matrix})
    for kind in ("json", "csv", "toi"):
        text = write_profile(compact, f"a.{kind}")
        assert text == write_profile(RANKED, f"a.{kind}")


def test_exposure_that_was_added_up_travels_in_json_alone() -> None:
    seen = {"all": {"a": F(3), "b": F(1, 2)}}
    held = profile("a b", approved(1, "a b"), exposure=seen)
    text = write_profile(held, "a.json")
    assert read_profile(text.encode(), "a.json") == held
    with pytest.raises(CannotHoldError, match="were shown"):
        write_profile(held, "a.csv")


def test_what_a_file_leaves_out_is_named() -> None:
    groups = Group("core", F(2, 5)), Group("public", F(3, 5))
    votes = ranked(1, "a", "core"), ranked(1, "b", "public")
    whole = profile(
        "a b", *votes, groups=groups, seed="s", unranked="no_opinion", status_quo="b"
    )
    assert left_out(whole, "a.json") == []
    assert left_out(whole, "a.csv") == [
        "what is left out is not compared (--unranked no_opinion)",
        "the seed of the tie order",
        "that 'b' is the status quo",
        "the groups' shares (--share core=2/5 --share public=3/5)",
    ]
    assert len(left_out(whole, "a.cvotes")) == 3
    assert left_out(RANKED, "a.blt") == []


TWO = (Group("core"), Group("public"))


@pytest.mark.parametrize(
    ("kind", "held", "says"),
    [
        ("xlsx", RANKED, ".json, .csv"),
        ("toi", APPROVED, "holds rankings"),
        ("blt", APPROVED, "holds rankings"),
        ("cat", RANKED, "holds approvals"),
        ("csv", profile("ab", ranked(1, "a"), approved(1, "b")), "not both"),
        ("soi", RANKED, "no ties"),
        ("soc", profile("ab", ranked(1, "a")), "all candidates"),
        ("toc", RANKED, "all candidates"),
        ("toi", profile("ab", ranked(1, "a", weight="2")), "every voter alike"),
        ("cvotes", profile("ab", ranked(1, "a", weight="1/2")), "fractions"),
        ("blt", profile("ab", ranked(1, "a", weight="1/3")), "decimals"),
        ("cvotes", Profile(("a > b", "c")), "a > b"),
        (
            "toi",
            profile("ab", ranked(1, "a", "core"), ranked(1, "b", "public"), groups=TWO),
            "no place for groups",
        ),
        ("csv", profile("ab", ranked(1, "a", "core"), groups=TWO), "nobody voted in"),
        (
            "csv",
            profile("ab", ranked(1, "a"), groups=(Group("all", eligible=9),)),
            "how groups weigh",
        ),
        ("csv", profile("ab", approved(1, "f"), families={"a": "f"}), "variants"),
        (
            "csv",
            profile("ab", replace(approved(1, "a"), seen=frozenset("a"))),
            "were shown",
        ),
        ("csv", Profile(("count", "b"), (ranked(1, "b"),)), "cannot stand"),
        ("toi", Profile(("a\nb", "c"), (ranked(1, "c"),)), "cannot stand"),
        ("json", profile("ab", seed=b"\xff"), "seed of text"),
    ],
)
def test_what_a_kind_of_file_cannot_hold_is_refused_in_words(
    kind: str, held: Profile, says: str
) -> None:
    with pytest.raises(CannotHoldError) as refusal:
        write_profile(held, f"a.{kind}")
    assert says in str(refusal.value)


@pytest.mark.parametrize("kind", KINDS)
def test_odd_names_survive_or_are_refused(kind: str) -> None:
    odd = [
        "",
        " a",
        "1",
        "2",
        "a;b",
        'say "x"',
        "\\",
        "c # d",
        "(e)",
        "=",
        "{f}",
        "g,h",
    ]
    odd += [
        "count",
        "rank1",
        "é\u2028",
        "-",
        "x\ty",
        "/*z*/",
        "[n]",
        "0",
        "no",
        "\ud800",
    ]
    held = 0
    for name in odd:
        ballots = (
            (Approval(frozenset([name])), Approval())
            if kind == "cat"
            else (Ranking(((name,), ("other",))), Ranking((("other",), (name,))))
        )
        one = Profile(
            (name, "other"),
            tuple(replace(ranked(1, "x"), ballot=ballot) for ballot in ballots),
        )
        try:
            text = write_profile(one, f"a.{kind}")
        except CannotHoldError:
            continue
        assert read(text, kind, one).candidates == one.candidates
        held += 1
    assert held == len(odd) if kind == "json" else held > 8
