from __future__ import annotations

import json
from fractions import Fraction
from textwrap import dedent

import pytest

from logovote.voting.ballots import Approval, Ranking
from logovote.voting.count import count
from logovote.voting.formats import MalformedFileError, read_profile
from logovote.voting.profiles import Profile
from tests.voting.builders import approval, ranking

F = Fraction


def read(name: str, text: str, **more: object) -> Profile:
    return read_profile(dedent(text).lstrip("\n").encode(), name, **more)  # type: ignore[arg-type]  # shares or unranked


def ballots(profile: Profile) -> list[tuple[int, Approval | Ranking]]:
    return [(vote.count, vote.ballot) for vote in profile.votes]


NATIVE = """
{"candidates": ["a", "b", "c"],
 "unranked": "no_opinion",
 "seed": "any text",
 "families": {"a": "f1", "b": "f1"},
 "groups": {"jury": {"share": "1/2", "eligible": 40, "cap": 25},
            "public": {"share": 0.5}},
 "status_quo": "c",
 "exposure": {"jury": {"f1": "5/2"}, "public": {"f1": 0.5}},
 "ballots": [
   {"count": 3, "group": "jury", "weight": "0.1", "ranking": [["a"], ["b", "c"]]},
   {"group": "public", "approvals": ["f1", "c"], "seen": ["a", "c"]},
   {"group": "public", "ranking": ["c", [], "a"]},
   {"group": "public", "weight": 1.25, "approvals": []}]}
"""


def test_the_native_form_holds_all_that_a_count_knows() -> None:
    profile = read("round.json", NATIVE)
    assert profile.candidates == ("a", "b", "c")
    assert profile.families == {"a": "f1", "b": "f1"}
    assert (profile.unranked, profile.seed, profile.status_quo) == (
        "no_opinion",
        "any text",
        "c",
    )
    jury, public = profile.groups
    assert (jury.share, jury.eligible, jury.cap) == (F(1, 2), 40, F(25))
    assert (public.share, public.eligible, public.cap) == (F(1, 2), None, None)
    assert ballots(profile) == [
        (3, ranking("a > b=c")),
        (1, approval("f1 c")),
        (1, ranking("c > a")),
        (1, approval("")),
    ]
    assert [vote.weight for vote in profile.votes] == [F(1, 10), 1, 1, F(5, 4)]
    assert profile.votes[1].seen == frozenset("ac")
    assert profile.exposure == {"jury": {"f1": F(5, 2)}, "public": {"f1": F(1, 2)}}


def test_shares_and_unranked_may_come_from_outside() -> None:
    shares = {"jury": F(1, 5), "public": F(4, 5)}
    profile = read("round.json", NATIVE, shares=shares, unranked="last")
    assert [group.share for group in profile.groups] == [F(1, 5), F(4, 5)]
    assert profile.groups[0].eligible == 40
    assert profile.unranked == "last"


def test_any_text_may_name_a_candidate() -> None:
    names = ["", "a > b", "ロゴ", "\\ud800", "x" * 500, " a", "a"]
    listed = ", ".join(f'"{name}"' for name in names)
    ballot = ", ".join(f'["{name}"]' for name in reversed(names))
    text = f'{{"candidates": [{listed}], "ballots": [{{"ranking": [{ballot}]}}]}}'
    tiers = count(read("x.json", text)).ranking
    assert [tier[0] for tier in tiers][-1] == ""
    assert len(tiers) == len(names)


def test_groups_nobody_declared_have_equal_shares() -> None:
    profile = read(
        "x.json",
        """{"candidates": ["a"], "ballots": [{"group": "g", "ranking": ["a"]},
           {"group": "h", "ranking": ["a"]}, {"ranking": ["a"]}]}""",
    )
    assert [group.id for group in profile.groups] == ["g", "h", "all"]
    assert profile.weighting == "fixed_share"


def test_a_ballot_without_a_group_is_in_the_group_of_all() -> None:
    profile = read(
        "x.json",
        """{"candidates": ["a"], "groups": {"core": {"weight": 3}},
            "ballots": [{"group": "core", "ranking": ["a"]}, {"ranking": ["a"]}]}""",
    )
    assert [group.id for group in profile.groups] == ["core", "all"]
    assert profile.weighting == "per_voter"


def test_only_rankings_are_of_a_few_thousand_candidates() -> None:
    names = [str(n) for n in range(6000)]

    def said(*ballots: object, **more: object) -> bytes:
        return json.dumps({"candidates": names, "ballots": ballots, **more}).encode()

    families = dict.fromkeys(names, "f")
    for text in (said({"approvals": ["5999"]}), said(families=families)):
        assert len(read_profile(text, "big.json").candidates) == 6000
    for text in (said({"ranking": ["5999"]}), said()):
        with pytest.raises(MalformedFileError, match="too many to count"):
            read_profile(text, "big.json")


def of(ballot: str, more: str = "") -> str:
    good = '{"ranking": ["a"]}'
    return f'{{"candidates": ["a", "b"], {more} "ballots": [{good}, {ballot}]}}'


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "line 1, column 1"),
        ('{"candidates": [\n"a"', "line 2"),
        ("[]", "the file"),
        ('{"candidates": ["a"]}', "'ballots' is missing"),
        ('{"ballots": []}', "'candidates' is missing"),
        ('{"candidates": [], "ballots": []}', "candidates"),
        ('{"candidates": ["a", 2], "ballots": []}', "candidates"),
        ('{"candidates": ["a", "a"], "ballots": []}', "candidates: 'a'"),
        ('{"candidates": {"a": 1}, "ballots": []}', "candidates"),
        ('{"candidates": ["a"], "candidates": ["b"], "ballots": []}', "twice"),
        ('{"candidates": ["a"], "ballots": {}}', "ballots"),
        ("[" * 100_000, "nested"),
        ('{"candidates": ["a"], "ballots": [' + "9" * 5000 + "]}", "too long"),
        (of("7"), "ballot 2"),
        (of("{}"), "ballot 2"),
        (of('{"ranking": ["a"], "approvals": ["a"]}'), "ballot 2"),
        (of('{"ranking": "a"}'), "ballot 2, ranking"),
        (of('{"ranking": [["a"], [1]]}'), "ballot 2, ranking"),
        (of('{"ranking": ["a", "z"]}'), "ballot 2: 'z'"),
        (of('{"ranking": ["a", ["b", "a"]]}'), "ballot 2"),
        (of('{"approvals": ["z"]}'), "ballot 2: 'z'"),
        (of('{"approvals": ["a", "a"]}'), "ballot 2"),
        (of('{"ranking": ["a"], "count": "3"}'), "ballot 2, count"),
        (of('{"ranking": ["a"], "count": 1.5}'), "ballot 2, count"),
        (of('{"ranking": ["a"], "count": true}'), "ballot 2, count"),
        (of('{"ranking": ["a"], "count": -1}'), "ballot 2"),
        (of('{"ranking": ["a"], "weight": "x"}'), "ballot 2, weight"),
        (of('{"ranking": ["a"], "weight": "1/0"}'), "ballot 2, weight"),
        (of('{"ranking": ["a"], "weight": -1}'), "ballot 2"),
        (of('{"ranking": ["a"], "weight": NaN}'), "NaN"),
        (of('{"ranking": ["a"], "weight": "1e99999"}'), "ballot 2, weight"),
        (of('{"ranking": ["a"], "seen": ["z"]}'), "ballot 2, seen"),
        (of('{"ranking": ["a"], "group": 1}'), "ballot 2, group"),
        (
            of('{"ranking": ["a"], "group": "x"}', '"groups": {"g": {}},'),
            "ballot 2: there is no group 'x'",
        ),
        (of("{}", '"groups": {"g": {"share": "-1"}},'), "'g'"),
        (of("{}", '"groups": {"g": {"cap": "1/2"}},'), "'g'"),
        (of("{}", '"groups": {"g": 1},'), "group 'g'"),
        (of("{}", '"families": {"z": "f"},'), "families: 'z'"),
        (of("{}", '"exposure": 1,'), "exposure"),
        (of("{}", '"exposure": {"all": {"a": "x"}},'), "exposure, 'all', 'a'"),
        (of('{"approvals": ["a"]}', '"exposure": {"all": {"z": 1}},'), "'z'"),
        (of('{"approvals": ["a"]}', '"exposure": {"all": {"a": -1}},'), "below 0"),
        (of("{}", '"status_quo": "z",'), "status_quo"),
        (of("{}", '"unranked": "first",'), "unranked"),
        (of("{}", '"seed": 1,'), "seed"),
        (of("{}", '"mode": "x",'), "mode"),
        (of("{}", '"exposure": {"g": {}},'), "exposure, 'g': there is no such group"),
        (of("{}", '"exposure": {"all": {"z": 1}},'), "exposure, 'all': 'z'"),
        (
            of('{"ranking": ["a"]}', '"groups": {"g": {"share": 1}},'),
            "nothing for group 'all'",
        ),
    ],
)
def test_a_malformed_native_file_gets_one_line_naming_the_place(
    text: str, place: str
) -> None:
    with pytest.raises(MalformedFileError) as refusal:
        read("x.json", text)
    assert place in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_condorcet_election_format() -> None:
    profile = read(
        "poll.cvotes",
        """
        # A poll
        #/Candidates: Fox ; Owl; Red Elk
        #/Number of Seats: 2
        #/Weight allowed: true

        Fox > Owl > Red Elk * 42
        bob@example.org, late || Owl = Red Elk ^2 *3   # a comment
        Red Elk ^ 7*2
        Owl > Stranger > Fox
        /EMPTY_RANKING/
        Stranger
        """,
    )
    assert profile.candidates == ("Fox", "Owl", "Red Elk")
    assert ballots(profile) == [
        (42, Ranking((("Fox",), ("Owl",), ("Red Elk",)))),
        (3, Ranking((("Owl", "Red Elk"),))),
        (2, Ranking((("Red Elk",),))),
        (1, Ranking((("Owl",), ("Fox",)))),
        (1, Ranking((("Fox", "Owl", "Red Elk"),))),
        (1, Ranking()),
    ]
    assert [vote.weight for vote in profile.votes] == [1, 2, 7, 1, 1, 1]
    assert sum(profile.heads.values()) == 49
    assert profile.unranked == "last"


def test_condorcet_election_format_without_parameters() -> None:
    profile = read("poll.cvotes", "#/Implicit Ranking: false\nb > a ^9\nc\n/EMPTY/ * 2")
    assert profile.candidates == ("b", "a", "c")
    assert profile.unranked == "no_opinion"
    assert [vote.weight for vote in profile.votes] == [1, 1, 1]
    assert profile.votes[2].ballot == ranking("a=b=c")


@pytest.mark.parametrize(
    "line",
    [
        "a < b",
        "a > > b",
        "a >",
        "= a",
        "a > b > a",
        "a * 2 * 3",
        "a * 2 ^3",
        "a * many",
        "a ^1.5",
        "a > /EMPTY_RANKING/",
        "#/Implicit Ranking: true",
        "  #/Implicit Ranking: true",
        "#/Implicit Ranking : true",
        "#/Implicit Ranking: true # as usual",
        "#/Candidates: a;b",
        "#/Implicit Ranking",
    ],
)
def test_a_malformed_line_of_a_poll_is_named(line: str) -> None:
    with pytest.raises(MalformedFileError, match="line 3"):
        read("poll.cvotes", f"#/Candidates: a;b\na > b\n{line}")


def test_a_poll_s_parameters_are_checked() -> None:
    with pytest.raises(MalformedFileError, match="Weight Allowed"):
        read("poll.cvotes", "#/Weight Allowed: maybe\na > b")


PREFLIB = """
# FILE NAME: 00001-00000001.toi
# NUMBER ALTERNATIVES: 4
# NUMBER VOTERS: 9
# ALTERNATIVE NAME 1: Fox
# ALTERNATIVE NAME 2: Owl
# ALTERNATIVE NAME 3: Red: Elk
5: 1,2,{3,4}
3: {3, 4},1
1: 2
"""


def test_preflib_orders() -> None:
    profile = read("00001-00000001.toi", PREFLIB)
    assert profile.candidates == ("Fox", "Owl", "Red: Elk", "4")
    assert ballots(profile) == [
        (5, Ranking((("Fox",), ("Owl",), ("Red: Elk", "4")))),
        (3, Ranking((("Red: Elk", "4"), ("Fox",)))),
        (1, Ranking((("Owl",),))),
    ]


def test_preflib_orders_of_before_2022() -> None:
    profile = read("old.toi", "3\n1,Fox\n2,Owl\n3,Elk\n8,8,2\n5,1,{2,3}\n3,2")
    assert profile.candidates == ("Fox", "Owl", "Elk")
    assert ballots(profile) == [
        (5, Ranking((("Fox",), ("Owl", "Elk")))),
        (3, Ranking((("Owl",),))),
    ]


def test_more_candidates_than_can_be_counted_are_refused() -> None:
    with pytest.raises(MalformedFileError, match="too many"):
        read("a.soc", "# NUMBER ALTERNATIVES: 5001\n1: 1,2")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("x", "x", "y"), ("1", "2", "y")),
        (("3", "x", ""), ("1", "x", "3")),
        (("3", "1", "2"), ("3", "1", "2")),
        (("2", "3", ""), ("1", "2", "3")),
    ],
)
def test_preflib_names_that_do_not_tell_apart_become_numbers(
    names: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    header = [f"# ALTERNATIVE NAME {n}: {name}" for n, name in enumerate(names, 1)]
    text = "\n".join([*header, "1: 2,1,3"])
    assert read("a.soc", text).candidates == expected


def test_preflib_numbers_may_be_written_in_any_way() -> None:
    text = "# NUMBER ALTERNATIVES: 2\r\n 4 :  02 , 1\r\n"
    assert ballots(read("a.soc", text)) == [(4, ranking("2 > 1"))]


def test_preflib_categories_approve_the_first() -> None:
    header = "# NUMBER ALTERNATIVES: 3\n# NUMBER CATEGORIES: 2\n"
    profile = read("a.cat", header + "4: 1,{2,3}\n2: {1,3},2\n1: {},{1,2,3}")
    assert ballots(profile) == [
        (4, approval("1")),
        (2, approval("1 3")),
        (1, approval("")),
    ]


@pytest.mark.parametrize(
    "line",
    ["5 1,2", "x: 1,2", "5: 1,9", "5: 1,,2", "5: {1,2", "5: 1,1", "-5: 1", "5: 1,"],
)
def test_a_malformed_preflib_line_is_named(line: str) -> None:
    with pytest.raises(MalformedFileError, match="line 3"):
        read("a.toc", f"# NUMBER ALTERNATIVES: 3\n1: 1,2\n{line}")


def test_a_preflib_file_has_a_header() -> None:
    twice = "# ALTERNATIVE NAME 1: a\n# ALTERNATIVE NAME 1: b\n1: 1"
    old = ("2\n1,Fox\n1,Owl\n3,3,1\n3,1", "2\n1,Fox\n2,Owl\n5\n5,1,2")
    for text in ("", "1: 1,2", "3\n1,Fox", twice, *old):
        with pytest.raises(MalformedFileError):
            read("a.soc", text)


BLT = """
4 2          # four candidates, two seats
-2           # Basil has withdrawn
3 4 1 3 2 0
(7) 1 3=1 - 2 0
1.5 2 0
2 0
0
"Adam"
"Basil"
"Char # lotte"
Donald
"A title"
"""


def test_blt() -> None:
    profile = read("a.blt", BLT)
    assert profile.candidates == ("Adam", "Char # lotte", "Donald")
    assert [(v.count, v.weight, v.ballot) for v in profile.votes] == [
        (3, 1, Ranking((("Donald",), ("Adam",), ("Char # lotte",)))),
        (1, 1, Ranking((("Adam", "Char # lotte"),))),
        (1, F(3, 2), Ranking()),
        (2, 1, Ranking()),
    ]
    assert sum(profile.heads.values()) == 4


@pytest.mark.parametrize("names", ["", "\n\n", '"A title alone"'])
def test_blt_without_names_has_numbers(names: str) -> None:
    assert read("a.blt", f"2 1\n1 2 1 0\n0\n{names}").candidates == ("1", "2")


def test_blt_may_be_one_line_or_spread_over_many() -> None:
    flat = '3 1 -2 2 3 1 0 1 1 0 0 "Adam" "Basil" "Charlotte" "Title"'
    expected = [(2, ranking("Charlotte > Adam")), (1, ranking("Adam"))]
    for text in (flat, flat.replace(" ", "\n"), flat.replace(" ", "\r\n")):
        profile = read("a.blt", text)
        assert profile.candidates == ("Adam", "Charlotte")
        assert ballots(profile) == expected


def test_blt_with_what_other_programs_write() -> None:
    profile = read(
        "a.blt",
        """
        4 1 /* Droop's
        remarks */ [nick a b c d]
        -2 -4
        2 (1 3) 2 0     # Hill's ties
        1 1 = 3 0
        0
        "Ann \\"A\\" B"
        ""
        "Cy # 3"
        Dot of 4
        """,
    )
    assert profile.candidates == ('Ann "A" B', "Cy # 3")
    assert ballots(profile) == [
        (2, Ranking((('Ann "A" B', "Cy # 3"),))),
        (1, Ranking((('Ann "A" B', "Cy # 3"),))),
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "ends too early"),
        ("two 1\n0", "line 1"),
        ("0 1\n0", "line 1"),
        ('2 1\n1 2 1 0\n0\n"Adam"\n"Basil\n', "line 5"),
        ('3 1\n1 2 1 0\n0\n"Adam"\n"Basil"\n', "2 of its 3"),
        ("2 1\n1 1= 0\n0", "line 2"),
        ("2 1\n1 (1 2 0\n0", "line 2"),
        ("2 1\n1 1 2 0\n", "closes"),
        ("2 1\n1 1 2\n", "ends too early"),
        ("2 1\n1 3 0\n0", "line 2"),
        ("2 1\n1 1 0\nx 1 0\n0", "line 3"),
        ("2 1\n1 1 2 1 0\n0", "line 2"),
        ("2 1\n-9\n0", "line 2"),
    ],
)
def test_a_malformed_blt_file_is_named(text: str, place: str) -> None:
    with pytest.raises(MalformedFileError) as refusal:
        read("a.blt", text)
    assert place in str(refusal.value).replace("ends the ballots is missing", "closes")


def test_a_table_of_rankings_in_words() -> None:
    profile = read(
        "a.csv", 'Count,Group,Ranking\n3,jury,a > b = c\n2,public,"c; b"\n,public,\n'
    )
    assert profile.candidates == ("a", "b", "c")
    assert ballots(profile) == [
        (3, ranking("a > b=c")),
        (2, ranking("c > b")),
        (1, Ranking()),
    ]
    assert [vote.group for vote in profile.votes] == ["jury", "public", "public"]


def test_a_table_of_approvals_in_words() -> None:
    profile = read("a.csv", "weight;approvals\n0,5;b|a\n".replace("0,5", "1/2"))
    assert [(v.weight, v.ballot) for v in profile.votes] == [(F(1, 2), approval("a b"))]


@pytest.mark.parametrize("blanks", [",", ",,,", " , "])
def test_a_table_may_have_blanks_behind_and_above_it(blanks: str) -> None:
    table = f"\n  \ncount;fox;owl\n3;1;2{blanks}\n;;{blanks}\n2;2;1\n"
    profile = read_profile(table.replace(",", ";").encode(), "a.csv")
    assert ballots(profile) == [(3, ranking("fox > owl")), (2, ranking("owl > fox"))]


def test_a_table_of_choices() -> None:
    profile = read(
        "a.tsv", "voter\t2nd choice\t1st choice\nbob\towl\tfox\neve\t\telk\n"
    )
    assert ballots(profile) == [(1, ranking("fox > owl")), (1, ranking("elk"))]


def test_a_table_of_places() -> None:
    profile = read("a.csv", "count,36,12,7\n2,1,2,\n1,2,1,2\n")
    assert profile.candidates == ("36", "12", "7")
    assert ballots(profile) == [(2, ranking("36 > 12")), (1, ranking("12 > 36=7"))]


@pytest.mark.parametrize(
    "header",
    ["1,2,3", "first,second,third", "Rank1,Rank2,Rank3", "First choice,2nd,3rd"],
)
def test_a_table_of_choices_may_be_headed_in_many_ways(header: str) -> None:
    profile = read("a.csv", f"{header}\nfox,skipped,owl\n,elk=owl,overvote\n")
    assert ballots(profile) == [(1, ranking("fox > owl")), (1, ranking("elk=owl"))]


def test_a_table_of_numbers_below_numbers_holds_places() -> None:
    profile = read("a.csv", "1,2,3,#\n2,1,,5\n1,1,-,2\n")
    assert ballots(profile) == [(5, ranking("2 > 1")), (2, ranking("1=2"))]


@pytest.mark.parametrize("text", ["3,a>b=c\n1,b\n", "a>b=c,3\nb,1\n"])
def test_a_table_of_orders_may_do_without_a_header(text: str) -> None:
    assert ballots(read("a.csv", text)) == [(3, ranking("a > b=c")), (1, ranking("b"))]


def test_a_name_may_hold_what_only_looks_like_the_end_of_a_line() -> None:
    odd = "a\u2028b\x85c"
    assert odd in read("a.csv", f"{odd},d\n1,2\n").candidates
    assert odd in read("a.cvotes", f"d > {odd}\n").candidates
    assert odd in read("a.soc", f"# ALTERNATIVE NAME 1: {odd}\n1: 1").candidates
    assert odd in read("a.blt", f'2 1\n1 1 0\n0\n"{odd}"\n"d"').candidates


@pytest.mark.parametrize(("yes", "no"), [("1", "0"), ("x", ""), ("Yes", "No")])
def test_a_table_of_marks(yes: str, no: str) -> None:
    profile = read("a.csv", f"fox,owl\n{yes},{no}\n{yes},{yes}\n{no},{no}\n,\n")
    assert ballots(profile)[:2] == [(1, approval("fox")), (1, approval("fox owl"))]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "empty"),
        ("count,group\n1,a\n", "line 1"),
        ("a,a\n1,2\n", "line 1"),
        ("count,votes,a\n1,1,2\n", "line 1"),
        ("1st,first\na,b\n", "line 1"),
        ("rank1\na=\n", "line 2"),
        ("a,b\n1,2\n1,2,3\n", "line 3"),
        ("a,b\n1,2\n1,best\n", "line 3, b"),
        ("a,b\n1,2\n0,2\n", "line 3"),
        ("count,ranking\n1,a\nmany,a\n", "line 3, count"),
        ("weight,ranking\n1,a\n-1,a\n", "line 3, weight"),
        ("ranking\na\na > a\n", "line 3"),
        ("ranking,approvals\na,\na,b\n", "line 3"),
        ("1st choice,2nd choice\na,b\na,a\n", "line 3"),
        ('ranking\n"' + "a" * 200_000 + '"\n', "line"),
        ('ranking\na\n"a > b\n', "line 3"),
    ],
)
def test_a_malformed_table_is_named(text: str, place: str) -> None:
    with pytest.raises(MalformedFileError) as refusal:
        read("a.csv", text)
    assert place in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (NATIVE, "a"),
        (PREFLIB, "Fox"),
        (BLT, "Adam"),
        ("#/Candidates: q;r\nr > q", "q"),
    ],
)
def test_a_file_without_a_telling_name_is_known_by_its_content(
    text: str, first: str
) -> None:
    assert read("ballots.txt", text).candidates[0] == first


def test_an_unknown_kind_of_file_is_refused() -> None:
    with pytest.raises(MalformedFileError, match=r"\.json"):
        read("ballots.txt", "hello\n")


def test_old_files_may_be_in_older_alphabets_but_json_may_not() -> None:
    line = "# ALTERNATIVE NAME 1: Käse\n1: 1".encode("latin-1")
    assert read_profile(line, "a.soc").candidates == ("Käse",)
    line = "# ALTERNATIVE NAME 1: Wait…\n1: 1".encode("cp1252")
    assert read_profile(line, "a.soc").candidates == ("Wait…",)
    with pytest.raises(MalformedFileError, match="line 2"):
        read_profile(b'{"candidates":\n["K\xe4se"]}', "a.json")


def test_a_number_as_written_is_not_taken_for_the_name_it_looks_like() -> None:
    text = """{"candidates": ["0.5"], "ballots": [
        {"ranking": [["0.5"]]}, {"ranking": [[0.5]]}]}"""
    with pytest.raises(MalformedFileError, match="ballot 2, ranking"):
        read("a.json", text)


def test_groups_with_complete_shares_may_have_no_ballots_yet() -> None:
    text = '{"candidates": ["a"], "groups": {"g": {"share": 1}}, "ballots": []}'
    assert [group.id for group in read("a.json", text).groups] == ["g"]


def test_a_byte_order_mark_is_no_part_of_a_name() -> None:
    assert read_profile("﻿fox,owl\n1,2\n".encode(), "a.csv").candidates[0] == "fox"
