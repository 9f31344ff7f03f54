"""Backups and moves: everything arrives, and what does not is noticed."""

from __future__ import annotations

import json
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, select, text

from logovote.cli import cli
from logovote.contest import casting, counting, events, rounds
from logovote.contest.contests import contest_by_slug, new_contest
from logovote.store import copying, queries
from logovote.store.base import Base
from logovote.store.copying import Contents, CopyError
from logovote.store.models import Ballot, Kind, Save, Voter
from logovote.store.session import Database
from logovote.store.store import Store
from tests import services
from tests.builders import SECRET, add_design, cast, make_contest

ORIGINAL, DERIVATIVE = b"an original", b"a derivative"


def nothing(_done: int, _total: int) -> None:
    """Show no progress."""


@pytest.fixture
def full(store: Store, now: datetime) -> Store:
    """A site with something in many tables: a counted round and an open one."""
    with store.database.write() as session:
        contest = make_contest(
            session,
            now,
            designs=[2, 3],
            voters={"core": ["Ann", "Bob"], "crowd": ["Cleo"]},
            shares={"core": "1/3", "crowd": "2/3"},
        )
        add_design(session, contest, 1, now, original=ORIGINAL)
        first = rounds.open_round(session, contest, Kind.SHORTLIST, now)
        cast(session, first, "Ann", ["1"], now)
        rounds.close_round(session, first, now)
        counting.count_round(session, first, now=now)
        second = rounds.open_round(session, contest, Kind.RANKING, now)
        cast(session, second, "Bob", [["1"]], now)
        # Every file that rows speak of, to be copied.
        made = store.derivatives.put(DERIVATIVE)
        session.execute(text("UPDATE derivative SET digest = :d"), {"d": made})
        for name in (b"design 2 of acme", b"design 3 of acme"):
            store.originals.put(name)
        session.commit()
    store.originals.put(ORIGINAL)
    return store


def said(store: Store) -> Contents:
    with store.database.read() as session:
        return copying.contents(session)


@dataclass(frozen=True)
class Place:
    """Where a site may be copied to."""

    database: str
    storage: str
    folder: Path

    def opened(self) -> Store:
        return Store.open(self.database, self.folder, self.storage)


@pytest.fixture(params=["sqlite", "postgresql"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """An empty place, of either kind."""
    if request.param == "sqlite":
        folder = tmp_path / "elsewhere"
        folder.mkdir()
        yield Place(f"sqlite:///{folder / 'logovote.sqlite'}", "", folder / "files")
        return
    server: services.PostgreSQL = request.getfixturevalue("postgresql")
    bucket = request.getfixturevalue("s3").bucket()
    template = request.getfixturevalue("empty_postgresql")
    with server.copy_of(template) as url:
        yield Place(url, bucket, tmp_path)


@pytest.fixture
def target(elsewhere: Place) -> Iterator[Store]:
    store = elsewhere.opened()
    yield store
    store.database.dispose()


def works_on(store: Store, now: datetime) -> None:
    """Go on with a copied site: new rows get new ids, the log takes its next event."""
    with store.database.write() as session:
        contest = contest_by_slug(session, "acme")
        round_ = rounds.latest(session, contest, Kind.RANKING)
        cast(session, round_, "Ann", [["1"]], now)
        new_contest(session, "beta", title="Beta", now=now)
        rounds.close_round(session, round_, now)
        counting.count_round(session, round_, now=now)
        session.commit()
        assert events.broken_at(events.chain(session, contest.id)) is None


def test_a_site_moves_to_any_engine_and_works_on(
    full: Store, target: Store, now: datetime
) -> None:
    copying.copy(full, target, nothing)

    assert said(target) == said(full)
    assert target.originals.get(next(iter(said(full).files["originals"])))
    works_on(target, now)


def test_a_backup_is_restored_on_any_engine_and_works_on(
    full: Store, target: Store, now: datetime, tmp_path: Path
) -> None:
    path = tmp_path / "backup.zip"
    before = said(full)
    copying.back_up(full, path, now, nothing)
    copying.restore(path, target, nothing)

    assert said(target) == before
    assert target.derivatives.get(*before.files["derivatives"]) == DERIVATIVE
    works_on(target, now)


def test_every_table_is_described(full: Store) -> None:
    described = said(full).tables

    assert described.keys() == Base.metadata.tables.keys() - {"refused_picture"}
    # So that the other tests copy what a site cannot do without.
    filled = {name for name, (count, _) in described.items() if count}
    assert filled > {
        "ballot",
        "candidacy",
        "event",
        "round",
        "save",
        "version",
        "voter",
    }


def test_a_backup_under_load_holds_all_that_was_acknowledged_before(
    full: Store, now: datetime, tmp_path: Path
) -> None:
    stop, acknowledged = threading.Event(), [0]

    def vote() -> None:
        while not stop.is_set():
            with full.database.write() as session:
                contest = contest_by_slug(session, "acme")
                round_ = rounds.latest(session, contest, Kind.RANKING)
                voter = queries.voters(session, contest.id)[1]
                rev = acknowledged[0]
                receipt = casting.save_ballot(
                    session,
                    round_,
                    voter,
                    base_rev=1 + rev,
                    save_id=f"save-bob-{rev:08}",
                    items=[["1"]],
                    now=now,
                )
                session.commit()
                acknowledged[0] = receipt.rev - 1

    voter = threading.Thread(target=vote)
    voter.start()
    taken = []
    for number in range(4):
        before = acknowledged[0]
        path = tmp_path / f"{number}.zip"
        copying.back_up(full, path, now, nothing)
        taken.append((path, before, acknowledged[0]))
    stop.set()
    voter.join()

    for path, before, after in taken:
        other = Store.open(f"sqlite:///{path}.sqlite", tmp_path / path.stem)
        copying.restore(path, other, nothing)
        with other.database.read() as session:
            ballot = session.scalars(
                select(Ballot).order_by(Ballot.round_id.desc())
            ).first()
            assert ballot is not None
            saves = session.scalars(
                select(Save.rev).where(Save.ballot_id == ballot.id)
            ).all()
        other.database.dispose()
        # One state: every save that a ballot counts is there.
        assert sorted(saves) == list(range(1, ballot.rev + 1))
        assert before <= ballot.rev - 1 <= after + 1


def test_nothing_is_copied_over_a_site(
    full: Store, tmp_path: Path, now: datetime
) -> None:
    path = tmp_path / "backup.zip"
    copying.back_up(full, path, now, nothing)

    with pytest.raises(CopyError, match="There is a site already"):
        copying.restore(path, full, nothing)
    with pytest.raises(CopyError, match="There is a site already"):
        copying.copy(full, full, nothing)
    with pytest.raises(CopyError, match="is there already"):
        copying.back_up(full, path, now, nothing)


def test_a_picture_that_is_missing_is_no_backup(
    full: Store, tmp_path: Path, now: datetime
) -> None:
    full.originals.forget(next(iter(said(full).files["originals"])))

    with pytest.raises(CopyError, match="The site is not whole"):
        copying.back_up(full, tmp_path / "backup.zip", now, nothing)
    assert not (tmp_path / "backup.zip").exists()


def test_who_changes_a_site_while_it_moves_is_noticed(
    full: Store, target: Store
) -> None:
    def change(done: int, _total: int) -> None:
        if done == 1:
            with full.database.write() as session:
                session.execute(delete(Save))
                session.commit()

    with pytest.raises(CopyError, match="save has 2 rows instead of 0"):
        copying.copy(full, target, change)


@pytest.mark.parametrize(
    "what", ["nothing", "a-row", "a-picture", "the-end", "release"]
)
def test_a_damaged_backup_is_refused_and_leaves_no_rows(
    full: Store, tmp_path: Path, now: datetime, what: str
) -> None:
    whole, damaged = tmp_path / "whole.zip", tmp_path / "damaged.zip"
    copying.back_up(full, whole, now, nothing)
    if what == "nothing":
        damaged.write_bytes(b"no zip")
    else:
        with zipfile.ZipFile(whole) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        if what == "a-row":
            files["tables/save.jsonl"] = files["tables/save.jsonl"].splitlines()[0]
        elif what == "a-picture":
            name = next(name for name in files if name.startswith("originals/"))
            files[name] = b"another picture"
        elif what == "release":
            facts = json.loads(files["backup.json"])
            files["backup.json"] = json.dumps(facts | {"revision": "old"}).encode()
        else:
            del files["backup.json"]
        with zipfile.ZipFile(damaged, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
    target = Store.open(f"sqlite:///{tmp_path / 'new.sqlite'}", tmp_path / "new")
    message = "another release" if what == "release" else "damaged"

    with pytest.raises(CopyError, match=message):
        copying.restore(damaged, target, nothing)
    with target.database.read() as session:
        assert session.scalar(select(Voter)) is None
    target.database.dispose()


@pytest.mark.sqlite
def test_a_move_there_and_back_by_command(
    full: Store, postgresql_url: str, s3: services.S3, tmp_path: Path
) -> None:
    """From SQLite and a folder to PostgreSQL and a bucket, and back to a new folder."""
    before = said(full)
    bucket, back = s3.bucket(), tmp_path / "back"
    back.mkdir()
    run = CliRunner().invoke
    here = ["--data", str(tmp_path / "data"), "move"]
    target = ["--database", postgresql_url, "--storage", bucket]

    there = run(cli, here + target)
    assert there.exit_code == 0, there.output
    file = f"sqlite:///{back / 'logovote.sqlite'}"
    here = ["--data", str(tmp_path / "other"), "move"]
    target = ["--database", file, "--folder", str(back / "files")]
    again = run(
        cli,
        here + target,
        env={
            "LOGOVOTE_DATABASE_URL": postgresql_url,
            "LOGOVOTE_STORAGE_URL": bucket,
            "LOGOVOTE_SECRET_KEY": SECRET,
        },
    )
    assert again.exit_code == 0, again.output
    assert "Copied and compared" in again.output
    store = Store.open(f"sqlite:///{back / 'logovote.sqlite'}", back / "files")
    assert said(store) == before
    store.database.dispose()


@pytest.mark.sqlite
def test_a_backup_by_command_comes_back(full: Store, tmp_path: Path) -> None:
    path, new = tmp_path / "backup.zip", tmp_path / "new"
    run = CliRunner().invoke

    made = run(cli, ["--data", str(tmp_path / "data"), "backup", str(path)])
    assert made.exit_code == 0, made.output
    restored = run(cli, ["--data", str(new), "restore", str(path)])
    assert restored.exit_code == 0, restored.output
    assert "Restored and compared" in restored.output
    database = Database(f"sqlite:///{new / 'logovote.sqlite'}")
    with database.read() as session:
        assert copying.contents(session) == said(full)
    database.dispose()
