"""The whole job of a contest through the terminal, on three small designs."""

from __future__ import annotations

import csv
import io
import json
import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from logovote import settings
from logovote.cli import cli
from logovote.cli import designs as designs_
from logovote.contest import people, signing_in
from logovote.imaging.worker import Fence
from logovote.store.media import digest_of
from logovote.store.store import Store
from tests.builders import SharedFence, folder_of, png, zip_of

PEOPLE = (
    "email,name,group\nann@x.org,Ann,core\nbob@x.org,Bob,core\ncleo@x.org,Cleo,fans\n"
)


class Terminal:
    """Runs commands on a data folder, in the folder above it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments: str, status: int = 0) -> Result:
        """Run a command and expect an exit status, and never a traceback."""
        given = ["--data", str(self.folder / "data"), *arguments]
        result = CliRunner().invoke(cli, given)
        assert result.exit_code == status, result.output
        assert "Traceback" not in result.output
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result


@pytest.fixture(scope="session")
def staged(tmp_path_factory: pytest.TempPathFactory, fence: Fence) -> Path:
    """A contest with designs 1, 2, 3 and three voters, and the files it came from."""
    folder = tmp_path_factory.mktemp("terminal") / "work"
    run = Terminal(folder_of(folder, {"people.csv": PEOPLE.encode()}))
    folder_of(folder / "export", {f"#{n}.png": png(n) for n in (1, 2, 3)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(designs_, "Fence", SharedFence(fence))
        patch.chdir(folder)
        run("contest", "new", "acme", "--title", "A logo for Acme")
        run("import", "acme", "export")
        run("people", "import", "acme", "people.csv")
    return folder


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fence: Fence) -> Terminal:
    """A terminal in a folder of the test's own, without any contest."""
    monkeypatch.setattr(designs_, "Fence", SharedFence(fence))
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return Terminal(folder)


@pytest.fixture
def acme(run: Terminal, staged: Path) -> Path:
    """Fill the terminal's folder with the contest."""
    return shutil.copytree(staged, Path.cwd(), dirs_exist_ok=True)


def document(result: Result) -> Any:
    """Standard output is one JSON document and nothing else."""
    return json.loads(result.stdout)


def ballots(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    return name


def shortlisted(run: Terminal, acme: Path) -> None:
    run("round", "open", "acme", "shortlist")
    pile = "group,count,approvals\ncore,4,1; 2\nfans,3,2\n"
    run("ballots", "import", "acme", "shortlist", ballots(acme, "s.csv", pile))
    run("round", "close", "acme", "shortlist")


def test_a_round_is_shown_before_it_opens(run: Terminal, acme: Path) -> None:
    would = run("round", "open", "acme", "shortlist", "--seats", "2", "--dry-run")

    assert "The shortlist round would open with 3 designs." in would.stderr
    assert "Left at its default: Dealing" in would.stderr
    assert "Size" not in would.stderr
    assert (
        "not been opened"
        in run("round", "status", "acme", "shortlist", status=1).output
    )


def test_the_whole_job(run: Terminal, acme: Path) -> None:
    """Design 2 has everybody, 1 the core; then all rank 1 first.

    Those on paper are entitled too, so the core are 6, with a quorum of 4.
    """
    run("groups", "acme", "--share", "core=2/5", "--share", "fans=3/5")
    shortlisted(run, acme)
    found = document(run("results", "acme", "shortlist", "--json"))
    assert [(line["place"], line["entry"]) for line in found["order"]] == [
        (1, 2),
        (2, 1),
    ]
    assert [line["support"] for line in found["order"]] == ["1", "2/5"]

    run("round", "publish", "acme", "shortlist")
    run("round", "open", "acme", "ranking")
    pile = "group,count,ranking\ncore,3,1 > none > 2\nfans,3,1\n"
    run("ballots", "import", "acme", "ranking", ballots(acme, "r.csv", pile))
    run("round", "close", "acme", "ranking", "--review")
    run("results", "acme", "ranking", status=1)
    run("round", "count", "acme", "ranking")
    run("round", "publish", "acme", "ranking")
    run("export", "acme", "--to", "handed-on")

    found = document(run("results", "acme", "ranking", "--json"))
    order = [(line["place"], line["entry"]) for line in found["order"]]
    assert order == [(1, 1), (2, None), (3, 2)]
    assert found["order"][1]["status_quo"]
    with (acme / "handed-on" / "shortlist.csv").open(
        encoding="utf-8-sig", newline=""
    ) as file:
        assert [row["entry"] for row in csv.DictReader(file)] == ["1", "", "2"]
    data = (acme / "handed-on" / "designs.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert [archive.read(name) for name in archive.namelist()] == [png(1), png(2)]


def test_everything_is_below_the_data_folder(run: Terminal, acme: Path) -> None:
    made = {path.name for path in acme.iterdir()}

    assert made == {"data", "export", "people.csv"}


def test_the_data_folder_may_come_from_the_environment(
    acme: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGOVOTE_DATA", str(acme / "data"))

    result = CliRunner().invoke(cli, ["families", "acme", "--json"])

    [proposed] = json.loads(result.stdout)["families"]
    assert proposed["entries"] == [1, 2, 3]


def test_import_reports_every_file_in_the_documented_form(
    run: Terminal, acme: Path
) -> None:
    packed = {"a/#1.png": png(1), "#4.png": png(4), "#5.png": b"", "../#6.png": png(6)}
    (acme / "more.zip").write_bytes(zip_of(packed))

    report = document(run("import", "acme", "more.zip", "--json"))

    assert report["summary"] == {
        "new": 1,
        "changed": 0,
        "same": 1,
        "withdrawn": 0,
        "refused": 2,
        "ignored": 0,
    }
    rows = {row["file"]: row for row in report["files"]}
    assert rows.keys() == packed.keys()
    assert rows["#4.png"] == {
        "file": "#4.png",
        "status": "new",
        "entry": 4,
        "designer": None,
        "version": 1,
        "reason": None,
        "digest": digest_of(png(4)),
        "before": None,
    }
    assert rows["../#6.png"]["status"] == "refused"
    assert rows["../#6.png"]["reason"]


def test_a_dry_run_changes_nothing(run: Terminal, acme: Path) -> None:
    (acme / "more.zip").write_bytes(zip_of({"#1.png": png(11), "#4.png": png(4)}))
    before = run("families", "acme", "--json").stdout

    for _ in range(2):
        result = run(
            "import", "acme", "more.zip", "--dry-run", "--withdraw-missing", "--json"
        )
        told = document(result)["summary"]
        assert (told["new"], told["changed"], told["withdrawn"]) == (1, 1, 2)

    assert run("families", "acme", "--json").stdout == before


def test_a_manifest_may_be_given_apart(run: Terminal, acme: Path) -> None:
    folder_of(acme / "more", {"fox.png": png(9)})
    (acme / "list.csv").write_text("entry,file,designer\n36,fox.png,Mia\n")

    report = document(run("import", "acme", "more", "--manifest", "list.csv", "--json"))

    row = next(row for row in report["files"] if row["file"] == "fox.png")
    assert (row["entry"], row["designer"]) == (36, "Mia")


def test_what_a_list_withdraws_without_a_picture_is_told(
    run: Terminal, acme: Path
) -> None:
    (acme / "list.csv").write_text("entry,status\n2,withdrawn\n99,withdrawn\n")

    told = run("import", "acme", "list.csv")

    assert "withdrawn #2" in told.stdout
    assert "“99”" in told.stderr
    assert "“2”" not in told.stderr
    assert entries_of(run) == [1, 3]


def test_families_are_listed_in_the_documented_form(run: Terminal, acme: Path) -> None:
    run("families", "acme", "--split", "2")

    [proposed, alone] = document(run("families", "acme", "--json"))["families"]

    assert alone == {"id": "f2", "entries": [2], "confirmed": False}
    assert (proposed["id"], proposed["entries"]) == ("f1", [1, 3])
    assert proposed["confirmed"] is False
    assert 0 < proposed["confidence"] <= 1
    assert proposed["reasons"]
    run("families", "acme", "--confirm")
    [confirmed, _] = document(run("families", "acme", "--json"))["families"]
    assert confirmed["confirmed"] is True


def test_families_are_merged_split_and_taken_back(run: Terminal, acme: Path) -> None:
    merged = run("families", "acme", "--merge", "3,#1")
    assert merged.stderr.strip().endswith("1 and 3 are one family.")
    run("families", "acme", "--split", "3")
    run("families", "acme", "--undo")

    found = document(run("families", "acme", "--json"))["families"]
    assert (found[0]["entries"], found[0]["confirmed"]) == ([1, 3], True)
    run("families", "acme", "--undo")
    assert "nothing to take back" in run("families", "acme", "--undo", status=1).stderr
    [proposed] = document(run("families", "acme", "--json"))["families"]
    assert (proposed["entries"], proposed["confirmed"]) == ([1, 2, 3], False)


def test_a_design_is_withdrawn_with_a_reason_and_reinstated(
    run: Terminal, acme: Path
) -> None:
    told = run("withdraw", "acme", "2", "--reason", "a copy of another")
    assert "logovote reinstate acme 2" in told.stderr
    assert entries_of(run) == [1, 3]
    again = document(run("import", "acme", "export", "--json"))
    row = next(row for row in again["files"] if row["entry"] == 2)
    assert (row["status"], again["summary"]["same"]) == ("same", 3)
    assert "stays withdrawn (a copy of another)" in row["reason"]

    run("reinstate", "acme", "2")

    assert entries_of(run) == [1, 2, 3]


def entries_of(run: Terminal) -> list[int]:
    found = document(run("families", "acme", "--json"))["families"]
    return sorted(entry for family in found for entry in family["entries"])


def test_people_have_links_that_are_theirs_and_stay(run: Terminal, acme: Path) -> None:
    found = document(run("people", "links", "acme", "--json"))["people"]

    assert [person["email"] for person in found] == [
        "ann@x.org",
        "bob@x.org",
        "cleo@x.org",
    ]
    assert len({person["link"] for person in found}) == 3
    assert all("/i/" in person["link"] for person in found)
    assert document(run("people", "links", "acme", "--json"))["people"] == found


def test_somebody_is_signed_out_wherever_they_are(run: Terminal, acme: Path) -> None:
    site = settings.load(acme / "data", {})
    store = Store.open(site.database_url, site.files_folder)
    now = datetime.now(UTC)
    with store.database.write() as session:
        tokens = {
            key: signing_in.begin_session(
                session, people.person_named(session, key), now
            )
            for key in ("ann@x.org", "bob@x.org")
        }
        session.commit()

    said = run("people", "sign-out", "Ann@x.org").stdout

    with store.database.read() as session:
        left = {
            key
            for key, token in tokens.items()
            if signing_in.signed_in(session, token, now) is not None
        }
    store.database.dispose()
    assert said == "ann@x.org is signed out in 1 place.\n"
    assert left == {"bob@x.org"}


def test_people_are_reported_by_line_and_a_dry_run_adds_nobody(
    run: Terminal, acme: Path
) -> None:
    (acme / "more.csv").write_text(
        "email,group,weight\nzoe@x.org,core,1\nmax@x.org,core,much\nann@x.org,core,1\n"
    )

    dry = run("people", "import", "acme", "more.csv", "--dry-run", "--json")
    report = document(dry)

    assert report["summary"] == {"new": 1, "changed": 0, "same": 1, "refused": 1}
    assert "Line 3 (max@x.org)" in dry.stderr
    assert len(document(run("people", "links", "acme", "--json"))["people"]) == 3
    run("people", "import", "acme", "more.csv")
    assert len(document(run("people", "links", "acme", "--json"))["people"]) == 4


def test_groups_have_shares_and_reasons(run: Terminal, acme: Path) -> None:
    assert document(run("groups", "acme", "--json")) == {
        "groups": [
            {"name": "core", "share": "1/2", "reason": ""},
            {"name": "fans", "share": "1/2", "reason": ""},
        ]
    }

    run("groups", "acme", "--share", "core=40%", "--reason", "core=They do = the work")

    assert document(run("groups", "acme", "--json"))["groups"][0] == {
        "name": "core",
        "share": "2/5",
        "reason": "They do = the work",
    }


def test_a_counted_round_has_the_turnout_of_its_count(
    run: Terminal, acme: Path
) -> None:
    shortlisted(run, acme)
    before = document(run("round", "status", "acme", "shortlist", "--json"))

    run("people", "change", "acme", "ann@x.org", "--group", "fans")
    run("people", "change", "acme", "bob@x.org", "--weight", "0")

    after = document(run("round", "status", "acme", "shortlist", "--json"))
    assert after["turnout"] == before["turnout"]
    assert before["turnout"][0] == {
        "group": "core",
        "voted": 4,
        "eligible": 6,
        "unfinished": 2,
    }


def test_results_have_the_documented_keys(run: Terminal, acme: Path) -> None:
    shortlisted(run, acme)

    found = document(run("results", "acme", "shortlist", "--json"))

    assert {"method", "order", "turnout", "seed"} <= found.keys()
    assert {"place", "entry", "family", "tied"} <= found["order"][0].keys()
    assert found["turnout"].keys() == {"core", "fans"}
    assert len(found["seed"]) == 64
    assert "#2" in run("results", "acme", "shortlist").stdout


@pytest.mark.parametrize(
    ("pile", "told"),
    [
        ([], "No ballot was counted."),
        ([{"group": "core", "approvals": []}], "100.0% of the vote answered"),
    ],
)
def test_an_empty_shortlist_says_why(
    run: Terminal, acme: Path, pile: list[object], told: str
) -> None:
    run("round", "open", "acme", "shortlist")
    file = json.dumps({"candidates": ["1"], "ballots": pile})
    run("ballots", "import", "acme", "shortlist", ballots(acme, "n.json", file))
    run("round", "close", "acme", "shortlist")

    shown = run("results", "acme", "shortlist")

    assert shown.stdout == ""
    assert told in shown.stderr


@pytest.mark.parametrize("kind", ["shortlist", "ranking"])
def test_there_is_no_result_and_no_export_before_the_count(
    run: Terminal, acme: Path, kind: str
) -> None:
    run("round", "open", "acme", kind)
    run("results", "acme", kind, status=1)
    run("round", "close", "acme", kind, "--review")

    refused = run("results", "acme", kind, "--json", status=1)
    assert refused.stdout == ""
    assert "There is no result before it is closed and counted" in refused.stderr
    run("export", "acme", "--to", "out", status=1)
    assert not list((acme / "out").glob("*"))


def test_an_organisers_link_is_printed_alone(run: Terminal, acme: Path) -> None:
    link = run("organiser-link").stdout

    assert link.strip().startswith("http://127.0.0.1:8000/o/")
    assert link.count("\n") == 1


def test_organisers_are_named_listed_and_removed(run: Terminal, acme: Path) -> None:
    run("organisers", "acme", "--add", "ada@x.org=owner", "--add", "bob@x.org=observer")
    run("organisers", "acme", "--add", "bob@x.org=organiser")

    told = json.loads(run("organisers", "acme", "--json").stdout)

    assert told == {
        "organisers": [
            {"who": "ada@x.org", "name": "", "role": "owner"},
            {"who": "bob@x.org", "name": "Bob", "role": "organiser"},
        ]
    }
    assert "organiser  bob@x.org" in run("organisers", "acme").stdout
    link = run("organiser-link", "--contest", "acme", "--person", "bob@x.org").stdout
    assert link.strip().startswith("http://127.0.0.1:8000/o/")
    run("organisers", "acme", "--remove", "bob@x.org")
    assert "bob" not in run("organisers", "acme").stdout


def test_a_token_is_printed_once_listed_and_revoked(run: Terminal, acme: Path) -> None:
    made = run("token", "new", "--person", "ann@x.org", "--name", "nightly", "--write")
    run("token", "new", "--days", "1")

    told = json.loads(run("token", "list", "--person", "ann@x.org", "--json").stdout)

    assert made.stdout.startswith("logovote_")
    assert made.stdout.count("\n") == 1
    (row,) = told["tokens"]
    assert (row["name"], row["scope"], row["used_at"]) == ("nightly", "write", None)
    assert made.stdout.strip() not in run("token", "list").stdout
    assert run("token", "list").stdout.count("\n") == 2
    run("token", "revoke", str(row["id"]))
    assert "nightly" not in run("token", "list").stdout


REFUSED = [
    ("organisers nowhere", "no contest named"),
    ("organisers acme --add a@b=owner", "neither an e-mail"),
    ("organisers acme --remove ann@x.org", "does not help to run"),
    ("organiser-link --contest acme --person ann@x.org", "does not help to run"),
    ("token new --days 0", "1 to 366 days"),
    ("token new --person zoe@x.org", "Nobody here is known"),
    ("token revoke 7", "no such token"),
    ("contest new acme --title Again", "already"),
    ("contest new No_Good --title X", "small letters"),
    ("import nowhere export", "no contest named “nowhere”"),
    ("families nowhere", "no contest named"),
    ("families acme --undo", "nothing to take back"),
    ("withdraw acme 9 --reason gone", "no design number 9"),
    ("withdraw nowhere 1 --reason gone", "no contest named"),
    ("reinstate acme 1", "is not withdrawn"),
    ("groups acme --share jury=1/2", "no group “jury”"),
    ("groups acme --share core=most", "is no share"),
    ("people import nowhere people.csv", "no contest named"),
    ("people links nowhere", "no contest named"),
    ("round open nowhere shortlist", "no contest named"),
    ("round open acme shortlist --seats 0", "at least one place"),
    ("round open acme shortlist --batch 0", "at least one design"),
    ("round open acme shortlist --approvals 0", "at least one design"),
    ("round open acme shortlist --until tomorrow", "is no date and time"),
    ("round open acme shortlist --until 2001-01-01T00:00", "over already"),
    ("round extend acme shortlist --until 2199-01-01T00:00", "not been opened yet"),
    ("round close acme shortlist", "has not been opened yet"),
    ("round publish acme ranking", "has not been opened yet"),
    ("ballots import acme shortlist people.csv", "has not been opened yet"),
    ("results acme ranking", "has not been opened yet"),
    ("export acme --to out", "nothing to export yet"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_a_refusal_is_a_sentence_and_status_1(
    run: Terminal, acme: Path, arguments: str, message: str
) -> None:
    result = run(*arguments.split(), status=1)

    assert message in result.stderr
    assert result.stdout == ""


WRONG = [
    "",
    "dance",
    "results acme winner",
    "results acme",
    "import acme missing.zip",
    "import acme notes.txt/x",
    "people import acme missing.csv",
    "people import acme picture.png",
    "people import acme notes.txt",
    "import acme export --manifest notes.txt",
    "round open acme shortlist --seats many",
    "groups acme --share core",
    "export acme",
    "export acme --to notes.txt",
    "families acme --data elsewhere",
    "families acme --merge many",
    "withdraw acme 1",
    "withdraw acme one --reason gone",
    "contest new fresh",
    "organisers acme --add ada@x.org=king",
    "organiser-link --contest acme",
    *(
        command.replace("N", str(2**63))
        for command in (
            "withdraw acme N --reason gone",
            "reinstate acme N",
            "purge acme --design N",
            "token revoke N",
            "feedback hide acme N",
            "feedback edit acme N --words fine",
            "mail retry acme N",
            "questions acme --answer N yes",
            "decide acme --design N",
            "results acme shortlist --number N",
            "round open acme ranking --only N",
            "round open acme shortlist --seats N",
            "contest plan acme shortlist --batch N",
        )
    ),
]


@pytest.mark.parametrize("arguments", WRONG)
def test_wrong_usage_and_unreadable_files_are_status_2(
    run: Terminal, acme: Path, arguments: str
) -> None:
    (acme / "notes.txt").write_text("nothing of use\n")
    (acme / "picture.png").write_bytes(png(1))

    result = run(*arguments.split(), status=2)

    assert result.output


def test_a_ballot_file_that_cannot_be_read_is_status_2(
    run: Terminal, acme: Path
) -> None:
    run("round", "open", "acme", "shortlist")

    run("ballots", "import", "acme", "shortlist", "export/#1.png", status=2)


def test_ballots_of_strangers_are_refused_whole(run: Terminal, acme: Path) -> None:
    run("round", "open", "acme", "shortlist")
    name = ballots(acme, "b.csv", "group,approvals\ncore,1\ncore,99\n")

    refused = run("ballots", "import", "acme", "shortlist", name, status=1)

    assert "99" in refused.stderr
    run("round", "close", "acme", "shortlist")
    found = document(run("results", "acme", "shortlist", "--json"))
    assert found["turnout"]["core"]["voted"] == 0


def test_a_database_that_is_none_is_said_in_a_sentence(run: Terminal) -> None:
    folder_of(run.folder / "data", {"logovote.sqlite": b"not a database " * 100})

    for arguments in (
        "contest new acme --title X",
        "families acme",
        "organiser-link",
        "people links acme",
    ):
        result = run(*arguments.split(), status=1)
        assert "database" in result.stderr


@pytest.mark.parametrize("folder", ["notes.txt/below", "/proc/nothing"])
def test_a_folder_nobody_can_write_into_is_said_in_a_sentence(
    run: Terminal, acme: Path, folder: str
) -> None:
    (acme / "notes.txt").write_text("in the way")
    shortlisted(run, acme)

    result = run("export", "acme", "--to", folder, status=1)

    assert f"Cannot write into {folder}" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("--host", "no such host"), 1, "no such address"),
        (("--port", "70000"), 2, "0<=x<=65535"),
        (("--port", "-1"), 2, "0<=x<=65535"),
    ],
)
def test_an_address_nobody_can_listen_on_is_said_in_a_sentence(
    run: Terminal, arguments: tuple[str, ...], status: int, message: str
) -> None:
    assert message in run("run", *arguments, status=status).stderr


def test_a_data_folder_that_cannot_be_is_status_2_or_1(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    for folder, status in ((tmp_path / "file", 2), (tmp_path / "file" / "x", 1)):
        result = CliRunner().invoke(cli, ["--data", str(folder), "families", "acme"])
        assert result.exit_code == status
        assert isinstance(result.exception, SystemExit)


def test_every_command_explains_itself() -> None:
    for name in cli.list_commands(None):  # type: ignore[arg-type]
        result = CliRunner().invoke(cli, [name, "--help"])
        assert result.exit_code == 0
        assert "Usage:" in result.output


def test_what_is_no_text_is_refused_in_a_sentence(run: Terminal, acme: Path) -> None:
    said = run("contest", "set", "acme", "--title", "Caf\udce9", status=1)

    assert "no text in UTF-8" in said.stderr
