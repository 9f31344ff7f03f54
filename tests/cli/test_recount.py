from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from logovote.cli import cli
from logovote.contest import counting, rounds
from logovote.contest.bundle import bundle_of
from logovote.contest.contests import contest_by_slug
from logovote.store.models import Ballot, Kind
from logovote.store.store import Store
from tests.builders import cast, make_contest, open_shortlist
from tests.conftest import NOW

A_MONTH_AGO = NOW - timedelta(days=30)


def run(*arguments: str, status: int) -> str:
    result = CliRunner().invoke(cli, list(arguments))
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    return result.output


@pytest.fixture
def bundle(store: Store, tmp_path: Path) -> Path:
    """The bundle of a published round in the store."""
    with store.database.write() as session:
        contest = make_contest(
            session, A_MONTH_AGO, designs=[1, 2], voters={"core": ["Ann", "Bob"]}
        )
        round_ = open_shortlist(session, contest, A_MONTH_AGO)
        cast(session, round_, "Ann", ["1"], A_MONTH_AGO)
        rounds.close_round(session, round_, A_MONTH_AGO)
        counting.count_round(session, round_, now=A_MONTH_AGO)
        rounds.publish_round(session, round_, now=A_MONTH_AGO)
        path = tmp_path / "bundle.zip"
        path.write_bytes(bundle_of(session, round_).data)
        session.commit()
    return path


def test_a_bundle_is_recounted_without_a_data_folder(bundle: Path) -> None:
    told = run("recount", str(bundle), status=0)
    report = json.loads(run("recount", str(bundle), "--json", status=0))

    assert "reproduced" in told
    assert "not checked against a published head" in told
    assert (report["status"], report["head_checked"]) == ("reproduced", False)


def test_a_published_head_is_checked_in_any_case(bundle: Path) -> None:
    head = json.loads(run("recount", str(bundle), "--json", status=0))["event_head"]

    told = run("recount", str(bundle), "--head", f" {head.upper()} ", status=0)
    other = run("recount", str(bundle), "--head", "0" * 64, status=2)

    assert "not checked" not in told
    assert "the published head is not in the event log" in other


def test_what_is_no_bundle_has_an_exit_status_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(b"no zip")

    assert "malformed" in run("recount", str(path), status=3)
    # As the script says, and not what a mismatch is.
    assert "No such file" in run("recount", str(tmp_path / "none.zip"), status=3)
    assert "malformed" in run("recount", str(tmp_path), status=3)


def test_sealing_waits_a_week_or_for_a_waiver(bundle: Path, store: Store) -> None:
    data = str(bundle.parent / "data")
    with store.database.write() as session:
        contest = contest_by_slug(session, "acme")
        second = rounds.open_round(session, contest, Kind.RANKING, NOW)
        cast(session, second, "Ann", [["1"]], NOW)
        session.commit()

    refused = run("--data", data, "seal", "acme", status=0)
    with store.database.read() as session:
        left = session.query(Ballot).all()

    # The first round was published a month ago; the second is still open.
    assert "Sealed: shortlist/1" in refused
    assert "delete the backups" in refused
    assert {ballot.round_id for ballot in left} == {2}


def test_sealing_what_was_just_published_is_refused(bundle: Path, store: Store) -> None:
    data = str(bundle.parent / "data")
    with store.database.write() as session:
        contest = contest_by_slug(session, "acme")
        second = rounds.open_round(session, contest, Kind.RANKING, NOW)
        cast(session, second, "Ann", [["1"]], NOW)
        rounds.close_round(session, second, NOW)
        counting.count_round(session, second)
        rounds.publish_round(session, second)
        session.commit()
    run("--data", data, "seal", "acme", status=0)

    refused = run("--data", data, "seal", "acme", status=1)
    waived = run("--data", data, "seal", "acme", "--now", status=0)

    assert "may object until" in refused
    assert "Sealed: ranking/1" in waived
