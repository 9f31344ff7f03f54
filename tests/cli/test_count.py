from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from logovote.cli.count import convert, count

JURY_AND_PUBLIC = {
    "candidates": ["a", "b"],
    "seed": "s",
    "groups": {"jury": {"share": "1/2"}, "public": {"share": "1/2"}},
    "ballots": [
        {"count": 3, "group": "jury", "ranking": [["a"], ["b"]]},
        {"count": 5, "group": "public", "ranking": [["b"], ["a"]]},
        {"count": 1, "group": "public", "ranking": [["a"]]},
    ],
}


@pytest.fixture
def run(tmp_path: Path) -> Any:
    def run(document: object, *options: str, name: str = "round.json") -> Result:
        path = tmp_path / name
        text = document if isinstance(document, str) else json.dumps(document)
        path.write_text(text, "utf-8")
        return CliRunner().invoke(count, [str(path), *options])

    return run


def test_json_is_the_whole_public_form(run: Any) -> None:
    result = run(JURY_AND_PUBLIC, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "method": "ranked_pairs",
        "ranking": [["a"], ["b"]],
        "winners": ["a"],
        "committee": ["a", "b"],
        "scores": {},
        "ties": [],
    }


def test_scores_are_integers_or_exact_fractions(run: Any) -> None:
    result = run(JURY_AND_PUBLIC, "--json", "--method", "borda", "--seats", "1")
    document = json.loads(result.stdout)
    assert document["scores"] == {"a": "7/12", "b": "5/12"}
    assert document["committee"] == ["a"]


def test_shares_can_be_given(run: Any) -> None:
    result = run(
        JURY_AND_PUBLIC, "--share", "jury=1/5", "--share", "public=0.8", "--json"
    )
    assert json.loads(result.stdout)["winners"] == ["b"]


def test_without_json_people_can_read_it(run: Any) -> None:
    tied = {"candidates": ["a", "b"], "ballots": [], "seed": "s"}
    result = run(tied, "--method", "copeland", "--seats", "1")
    assert result.exit_code == 0
    assert "   1  a = b" in result.stdout
    assert "elected: " in result.stdout
    assert "tie order, seat 1" in result.stdout


def test_unranked_and_strength_can_be_chosen(run: Any) -> None:
    document = {
        "candidates": ["a", "b"],
        "ballots": [{"count": 2, "ranking": ["a"]}, {"ranking": ["b", "a"]}],
    }
    assert json.loads(run(document, "--json").stdout)["winners"] == ["a"]
    silent = run(document, "--json", "--unranked", "no_opinion", "--strength", "wv")
    assert json.loads(silent.stdout)["winners"] == ["b"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "fox,owl\n1,2\n"),
        ("a.cvotes", "fox > owl"),
        ("a.soc", "# ALTERNATIVE NAME 1: fox\n# ALTERNATIVE NAME 2: owl\n1: 1,2"),
        ("a.cat", "# ALTERNATIVE NAME 1: fox\n# ALTERNATIVE NAME 2: owl\n1: 1,2"),
        ("a.blt", '2 1\n1 1 2 0\n0\n"fox"\n"owl"'),
    ],
)
def test_other_kinds_of_files_are_read(run: Any, name: str, text: str) -> None:
    result = run(text, "--json", name=name)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["ranking"] == [["fox"], ["owl"]]


@pytest.mark.parametrize(
    ("document", "options", "says"),
    [
        ("{", (), "line 1"),
        ({"candidates": ["a"], "ballots": [{"ranking": ["z"]}]}, (), "ballot 1"),
        (JURY_AND_PUBLIC, ("--method", "av"), "Ballot 1"),
        (JURY_AND_PUBLIC, ("--share", "nobody=1/2"), "nobody"),
        (
            {"candidates": ["a"], "ballots": [{"ranking": ["a"], "count": 10**1001}]},
            (),
            "ballot 1, count: the number is too long",
        ),
    ],
)
def test_a_file_that_is_no_use_gets_one_line_and_status_2(
    run: Any, document: object, options: tuple[str, ...], says: str
) -> None:
    result = run(document, *options)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert says in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "options",
    [
        ("--method", "dictator"),
        ("--seats", "0"),
        ("--share", "jury"),
        ("--share", "jury=half"),
        ("--share", "jury=1/0"),
        ("--share", "jury=-1"),
        ("--share", "jury=1e999999999"),
        ("--share", "jury=nan"),
        ("--strength", "brute"),
    ],
)
def test_wrong_usage_has_status_2(run: Any, options: tuple[str, ...]) -> None:
    assert run(JURY_AND_PUBLIC, *options).exit_code == 2


def test_no_file_gets_one_line_and_status_2(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.json", tmp_path):
        result = CliRunner().invoke(count, [str(path)])
        assert result.exit_code == 2
        assert str(path) in result.stderr
        assert result.stderr.count("\n") == 1


def test_the_same_file_counts_to_the_same_bytes(run: Any) -> None:
    turned = {
        **JURY_AND_PUBLIC,
        "candidates": ["b", "a"],
        "ballots": JURY_AND_PUBLIC["ballots"][::-1],  # type: ignore[index]  # a list
    }
    assert run(turned, "--json").stdout == run(JURY_AND_PUBLIC, "--json").stdout


def test_numbers_of_any_length_are_printed(run: Any) -> None:
    huge = 10**900
    weights = [f"1/{huge // 7**n + n}" for n in range(6)]
    ballots = [{"approvals": ["a"], "weight": text} for text in weights]
    approved = {"candidates": ["a", "b"], "ballots": ballots}
    result = run(approved, "--json", "--method", "av")
    assert result.exit_code == 0
    scores = json.loads(result.stdout)["scores"]
    assert len(scores["a"]) > 4300
    assert scores["b"] == 0


def test_a_great_many_ballots_are_numbered(run: Any) -> None:
    most = {"count": 10**999, "ranking": ["a"]}
    result = run({"candidates": ["a"], "ballots": [most, most]})
    assert result.exit_code == 0
    assert f"{2 * 10**999} ballots counted" in result.stdout


def test_a_name_no_terminal_can_show_is_printed_all_the_same(run: Any) -> None:
    result = run('{"candidates": ["\\ud800"], "ballots": []}')
    assert result.exit_code == 0
    assert "1  ?" in result.stdout


def test_a_file_becomes_one_of_another_kind(tmp_path: Path) -> None:
    source, table, poll = (tmp_path / n for n in ("a.json", "b.csv", "c.cvotes"))
    source.write_text(json.dumps(JURY_AND_PUBLIC), "utf-8")
    result = CliRunner().invoke(convert, [str(source), str(table)])
    assert result.exit_code == 0
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "Not in b.csv: the seed of the tie order.",
        "Not in b.csv: the groups' shares (--share jury=1/2 --share public=1/2).",
    ]
    assert table.read_bytes() == (
        b"count,group,a,b\n3,jury,1,2\n5,public,2,1\n1,public,1,\n"
    )
    result = CliRunner().invoke(convert, [str(table), str(poll)])
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: A .cvotes file has no place for groups of voters; write .json or "
        ".csv.\n"
    )
    assert not poll.exists()


def test_what_cannot_be_written_or_read_has_status_2(tmp_path: Path) -> None:
    broken, fine = tmp_path / "a.json", tmp_path / "b.csv"
    broken.write_text("{", "utf-8")
    fine.write_text("a,b\n1,2\n", "utf-8")
    nowhere = tmp_path / "missing" / "c.json"
    for source, target in ((broken, fine), (fine, nowhere)):
        result = CliRunner().invoke(convert, [str(source), str(target)])
        assert result.exit_code == 2
        assert result.stderr.count("\n") == 1
    assert fine.read_text("utf-8") == "a,b\n1,2\n"
