"""Backups and moves: everything arrives, and what does not is noticed."""

from __future__ import annotations

import contextlib
import json
import stat
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, select, text

from logovote import recount
from logovote.cli import cli
from logovote.contest import casting, counting, events, notices, purging, rounds
from logovote.contest.bundle import bundle_of
from logovote.contest.contests import contest_by_slug, new_contest
from logovote.store import copying, queries
from logovote.store.base import Base
from logovote.store.copying import Contents, CopyError
from logovote.store.models import Kind, Save, Version, Voter
from logovote.store.session import Database
from logovote.store.store import Store
from tests import services
from tests.builders import SECRET, add_design, cast, make_contest, voter_named

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


def remove_pictures(store: Store, now: datetime, *, running: bool) -> str:
    """Take a design down while people vote, or purge it after; return its original."""
    with store.database.write() as session:
        contest = contest_by_slug(session, "acme")
        if running:
            gone = purging.take_down(
                session, contest, 1, "A copy.", who="Amir", now=now
            )
        else:
            round_ = rounds.latest(session, contest, Kind.RANKING)
            rounds.close_round(session, round_, now)
            counting.count_round(session, round_, now=now)
            gone = purging.purge(session, contest, {1}, now=now)
        session.commit()
    gone.forget(store)
    (original,) = gone.originals
    assert not store.originals.has(original)
    return original


@pytest.mark.sqlite
@pytest.mark.parametrize("running", [True, False], ids=["taken-down", "purged"])
def test_a_site_without_a_picture_that_was_removed_is_whole(
    full: Store, now: datetime, tmp_path: Path, *, running: bool
) -> None:
    removed = remove_pictures(full, now, running=running)
    moved, restored = (
        Store.open(f"sqlite:///{tmp_path / name}.sqlite", tmp_path / name)
        for name in ("moved", "restored")
    )
    copying.copy(full, moved, nothing)
    copying.back_up(full, tmp_path / "backup.zip", now, nothing)
    copying.restore(tmp_path / "backup.zip", restored, nothing)

    originals = said(full).files["originals"]
    assert len(originals) == 2
    for there in (moved, restored):
        assert said(there) == said(full)
        assert not there.originals.missing(originals)
        assert not there.originals.has(removed)
        # What it was stays on record.
        with there.database.read() as session:
            assert removed in set(session.scalars(select(Version.digest)))
        there.database.dispose()


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


@dataclass
class Voting:
    """Somebody who saves on and on, and what they were told last."""

    revs: list[int]


@contextlib.contextmanager
def bob_votes(store: Store, now: datetime) -> Iterator[Voting]:
    """Let Bob save as fast as he can meanwhile; a backup must not make him wait."""
    stop, told = threading.Event(), Voting([1])

    def vote() -> None:
        while not stop.is_set():
            with store.database.write() as session:
                contest = contest_by_slug(session, "acme")
                round_ = rounds.latest(session, contest, Kind.RANKING)
                base_rev = told.revs[-1]
                # Who saves the same again and again would not be seen to lose one.
                items = [["1"]] if base_rev % 2 else [["none"], ["1"]]
                receipt = casting.save_ballot(
                    session,
                    round_,
                    voter_named(session, contest, "Bob"),
                    base_rev=base_rev,
                    save_id=f"save-bob-{base_rev:08}",
                    items=items,
                    now=now,
                )
                session.commit()
                told.revs.append(receipt.rev)

    voter = threading.Thread(target=vote)
    voter.start()
    try:
        yield told
    finally:
        stop.set()
        voter.join()


def codes(store: Store) -> dict[int, str]:
    """Return the receipt code of each of Bob's saves."""
    with store.database.read() as session:
        contest = contest_by_slug(session, "acme")
        round_ = rounds.latest(session, contest, Kind.RANKING)
        bob = voter_named(session, contest, "Bob")
        ballot = queries.ballot_of(session, round_.id, bob.id)
        assert ballot is not None
        kept = session.scalars(select(Save).where(Save.ballot_id == ballot.id)).all()
        # One state: every save that a ballot counts is there.
        assert sorted(save.rev for save in kept) == list(range(1, ballot.rev + 1))
        return {save.rev: save.code for save in kept}


def counted(store: Store, now: datetime, path: Path) -> list[bytes]:
    """Close and count the open round; return the bundles of both rounds, recounted."""
    with store.database.write() as session:
        contest = contest_by_slug(session, "acme")
        second = rounds.latest(session, contest, Kind.RANKING)
        rounds.close_round(session, second, now)
        counting.count_round(session, second, now=now)
        session.commit()
        first = rounds.latest(session, contest, Kind.SHORTLIST)
        bundles = [bundle_of(session, each).data for each in (first, second)]
    for bundle in bundles:
        path.write_bytes(bundle)
        assert recount.check(str(path), None)["exit"] == recount.REPRODUCED
    return bundles


def test_a_backup_under_load_holds_all_that_was_acknowledged_before(
    full: Store, target: Store, now: datetime, tmp_path: Path
) -> None:
    taken = []
    with bob_votes(full, now) as told:
        for number in range(3):
            path = tmp_path / f"{number}.zip"
            # Of the first: once he has saved at all.
            wait_for(lambda: len(told.revs) > 2)
            before = told.revs[-1]
            copying.back_up(full, path, now, nothing)
            taken.append((path, before, told.revs[-1]))
    path, before, after = taken.pop()
    copying.restore(path, target, nothing)

    here, there = codes(full), codes(target)
    assert before <= len(there) <= after + 1
    assert there.items() <= here.items()
    for path, before, after in taken:
        other = Store.open(f"sqlite:///{path}.sqlite", tmp_path / path.stem)
        copying.restore(path, other, nothing)
        assert before <= len(codes(other)) <= after + 1
        other.database.dispose()


def test_a_restored_site_counts_the_same(
    full: Store, target: Store, now: datetime, tmp_path: Path
) -> None:
    with bob_votes(full, now) as told:
        wait_for(lambda: len(told.revs) > 2)
    path = tmp_path / "backup.zip"
    copying.back_up(full, path, now, nothing)
    copying.restore(path, target, nothing)

    bundle = tmp_path / "bundle.zip"
    assert counted(full, now, bundle) == counted(target, now, bundle)


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not what():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.01)


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
    with full.database.write() as session:
        acme = contest_by_slug(session, "acme")
        notices.invite(session, acme, acme.created_at)
        session.commit()

    made = run(cli, ["--data", str(tmp_path / "data"), "backup", str(path)])
    assert made.exit_code == 0, made.output
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    restored = run(cli, ["--data", str(new), "restore", str(path)])
    assert restored.exit_code == 0, restored.output
    assert "Restored and compared" in restored.output
    # Whoever only tries it out does not want to write to real people.
    assert "3 mails waited in it, and leave once a site starts here" in restored.output
    assert stat.S_IMODE(new.stat().st_mode) == 0o700
    database = Database(f"sqlite:///{new / 'logovote.sqlite'}")
    with database.read() as session:
        assert copying.contents(session) == said(full)
    database.dispose()
