"""The script that stands alone: it must agree with the site, and nothing fools it."""

from __future__ import annotations

import hashlib
import json
import struct
import subprocess
import sys
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select
from sqlalchemy.orm import Session

from logovote import recount
from logovote.cli import cli
from logovote.contest import (
    beacons,
    counting,
    ledger,
    purging,
    quarantine,
    recusing,
    rounds,
    withdrawing,
)
from logovote.contest.bundle import FULL, bundle_of
from logovote.store.models import Ballot, Kind
from tests.builders import cast, make_contest
from tests.random_rounds import random_bundle

SCRIPT = Path(recount.__file__)
VOTES = {
    "Ann": [["1"], ["2"], ["none"]],
    "Bob": [["2"], ["3"], ["1"]],
    "Cleo": [["3"], ["1", "2"]],
    "Dan": [["1"], ["none"]],
    "Eve": [["none"], ["2"]],
}


def unpacked(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(files: dict[str, bytes]) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


class Forger:
    """Somebody who changes a bundle and mends what they can."""

    def __init__(self, bundle: bytes, path: Path) -> None:
        self.bundle = bundle
        self.path = path
        files = unpacked(bundle)
        # Estimates: whatever is in there, only its digest is checked.
        self.insight = files.pop("insight.json")
        self.documents = {name: json.loads(data) for name, data in files.items()}

    def files(self, *without: str) -> dict[str, bytes]:
        """Write the documents as they are now."""
        return {"insight.json": self.insight} | {
            name: ledger.canon(value).encode()
            for name, value in self.documents.items()
            if name not in without
        }

    def check(self, *, head: str | None = None) -> dict[str, Any]:
        """Write the bundle with a manifest that fits it, and check it."""
        files = self.files("manifest.json")
        manifest = self.documents["manifest.json"]
        manifest["files"] = {
            name: hashlib.sha256(data).hexdigest() for name, data in files.items()
        }
        manifest["event_head"] = self.documents["events.json"][-1]["hash"]
        files["manifest.json"] = ledger.canon(manifest).encode()
        self.path.write_bytes(packed(files))
        return recount.check(str(self.path), head)

    def event(self, kind: str) -> dict[str, Any]:
        found = [e for e in self.documents["events.json"] if e["kind"] == kind]
        payload: dict[str, Any] = found[-1]["payload"]
        return payload

    def chain_again(self) -> None:
        """Compute all hashes of the log anew, as only whoever runs the site can."""
        self.event("round.counted")["files"] = {
            name: hashlib.sha256(data).hexdigest()
            for name, data in self.files("manifest.json", "events.json").items()
        }
        prev = "0" * 64
        for seq, event in enumerate(self.documents["events.json"], start=1):
            event |= {"seq": seq, "prev": prev}
            del event["hash"]
            event["hash"] = prev = ledger.event_hash(event)


@pytest.fixture
def forger(session: Session, now: datetime, tmp_path: Path) -> Forger:
    contest = make_contest(
        session,
        now,
        designs=[1, 2, 3],
        voters={"core": ["Ann", "Bob"], "crowd": ["Cleo", "Dan", "Eve"]},
        shares={"core": "2/5", "crowd": "3/5"},
    )
    round_ = rounds.open_round(session, contest, Kind.RANKING, now)
    for name, items in VOTES.items():
        cast(session, round_, name, items, now)
    rounds.close_round(session, round_, now)
    counting.count_round(session, round_, now=now)
    return Forger(bundle_of(session, round_).data, tmp_path / "bundle.zip")


def test_the_script_gives_the_sites_result_for_every_round(
    session: Session, now: datetime, tmp_path: Path
) -> None:
    """A short form of bench/recount.py, which plays a thousand."""
    path = tmp_path / "bundle.zip"
    for seed in range(40):
        path.write_bytes(random_bundle(session, seed, now))

        report = recount.check(str(path), None)

        assert report["exit"] == recount.REPRODUCED, (seed, report["steps"][-1])


def drop(documents: Any) -> None:
    del documents["ballots.json"][0]


def add(documents: Any) -> None:
    more = documents["ballots.json"][0] | {"t": "f" * 64}
    documents["ballots.json"].append(more)


def duplicate(documents: Any) -> None:
    documents["ballots.json"].insert(0, documents["ballots.json"][0])


def reorder(documents: Any) -> None:
    documents["ballots.json"].reverse()


def change_a_choice(documents: Any) -> None:
    documents["ballots.json"][0]["b"] = [["3"]]


def give_a_ballot_to_another(documents: Any) -> None:
    # It says the same, so the count is the same: only the root tells.
    documents["ballots.json"][0]["t"] = "0" * 64


def change_a_class(documents: Any) -> None:
    line = documents["ballots.json"][0]
    line["c"] = "crowd" if line["c"] == "core" else "core"


def change_a_weight(documents: Any) -> None:
    documents["classes.json"][0]["weight"] = "3"


def change_a_share(documents: Any) -> None:
    for group, share in zip(documents["groups.json"], ("4/5", "1/5"), strict=True):
        group["share"] = share


def exclude_silently(documents: Any) -> None:
    documents["designs.json"][1]["status"] = "withdrawn"


def swap_an_image(documents: Any) -> None:
    documents["designs.json"][1]["image_sha256"] = "e" * 64


def change_a_rule(documents: Any) -> None:
    documents["rules.json"]["unranked"] = "no_opinion"


def edit_an_event(documents: Any) -> None:
    documents["events.json"][0]["at"] = "2026-11-22T12:00:00.000Z"


def drop_an_event(documents: Any) -> None:
    del documents["events.json"][1]


def reorder_the_result(documents: Any) -> None:
    order = documents["result.json"]["order"]
    order[0], order[1] = order[1], order[0]


TAMPERINGS = [
    pytest.param(drop, id="a-ballot-dropped"),
    pytest.param(add, id="a-ballot-added"),
    pytest.param(duplicate, id="a-ballot-doubled"),
    pytest.param(reorder, id="ballots-reordered"),
    pytest.param(change_a_choice, id="a-choice-changed"),
    pytest.param(give_a_ballot_to_another, id="a-ballot-given-to-another"),
    pytest.param(change_a_class, id="a-class-changed"),
    pytest.param(change_a_weight, id="a-weight-changed"),
    pytest.param(change_a_share, id="a-share-changed"),
    pytest.param(exclude_silently, id="a-design-excluded"),
    pytest.param(swap_an_image, id="an-image-swapped"),
    pytest.param(change_a_rule, id="a-rule-changed"),
    pytest.param(edit_an_event, id="an-event-edited"),
    pytest.param(drop_an_event, id="an-event-dropped"),
    pytest.param(reorder_the_result, id="the-result-reordered"),
]


@pytest.mark.parametrize("tamper", TAMPERINGS)
def test_a_tampering_is_found_though_the_manifest_fits(
    forger: Forger, tamper: Callable[[Any], None]
) -> None:
    tamper(forger.documents)

    report = forger.check()

    assert report["exit"] == recount.MISMATCH, report


@pytest.mark.parametrize(
    "tamper",
    [
        each
        for each in TAMPERINGS
        # Whoever rewrites the log may leave out what is not needed, or backdate it.
        if each.id not in ("an-event-edited", "an-event-dropped")
    ],
)
def test_a_tampering_is_found_though_the_log_is_chained_again(
    forger: Forger, tamper: Callable[[Any], None]
) -> None:
    tamper(forger.documents)
    forger.chain_again()

    report = forger.check()

    assert report["exit"] in (recount.MISMATCH, recount.MALFORMED), report


def reviewed_bundle(session: Session, now: datetime) -> bytes:
    """A round with ballots set aside, a designer who votes, and a public draw."""
    voters = [*VOTES, "Fay", "Gus", "Hal"]
    contest = make_contest(session, now, designs=[1, 2, 3], voters={"core": voters})
    recusing.recuse(session, contest, "ann@example.org", "1", now=now)
    recusing.recuse(session, contest, "hal@example.org", "2", now=now)
    round_ = rounds.open_round(
        session, contest, Kind.SHORTLIST, now, seats=2, beacon="drand 7"
    )
    for number, name in enumerate(voters):
        cast(session, round_, name, [str(1 + number % 3), "3"], now)
    rounds.close_round(session, round_, now)
    ids = list(session.scalars(select(Ballot.id).order_by(Ballot.id)))
    quarantine.set_aside(session, round_, ids[4:7], "One burst.", now=now)
    quarantine.take_back(session, round_, ids[4:5], now=now)
    beacons.enter(session, round_, "a1" * 32, now=now)
    counting.count_round(session, round_, now=now)
    return bundle_of(session, round_).data


@pytest.fixture
def reviewed(session: Session, now: datetime, tmp_path: Path) -> Forger:
    return Forger(reviewed_bundle(session, now), tmp_path / "bundle.zip")


def events_of(documents: Any, kind: str) -> list[Any]:
    return [event for event in documents["events.json"] if event["kind"] == kind]


def drop_a_mark(documents: Any) -> None:
    line = next(line for line in documents["ballots.json"] if "aside" in line)
    del line["aside"]


def mark_another(documents: Any) -> None:
    line = next(line for line in documents["ballots.json"] if "aside" not in line)
    line["aside"] = True


def move_a_mark(documents: Any) -> None:
    """Let an equal ballot be set aside instead: only the log tells them apart."""
    lines = documents["ballots.json"]
    one, other = next(
        (one, other)
        for one in lines
        for other in lines
        if "aside" in one and one | {"t": ""} == other | {"t": "", "aside": True}
        if "aside" not in other
    )
    other["aside"] = one.pop("aside")


def drop_the_setting_aside(documents: Any) -> None:
    documents["events.json"].remove(events_of(documents, "ballots.set_aside")[0])


def drop_the_taking_back(documents: Any) -> None:
    documents["events.json"].remove(events_of(documents, "ballots.restored")[0])


def set_another_aside(documents: Any) -> None:
    events_of(documents, "ballots.set_aside")[0]["payload"]["ballots"][0] = "c" * 64


def forget_the_reason(documents: Any) -> None:
    events_of(documents, "ballots.set_aside")[0]["payload"]["reason"] = ""


def set_aside_before_the_close(documents: Any) -> None:
    event = events_of(documents, "ballots.set_aside")[0]
    documents["events.json"].remove(event)
    documents["events.json"].insert(3, event)


def hide_the_other_result(documents: Any) -> None:
    documents["result.json"]["set_aside"]["with_all"] = None


def hide_that_any_are_aside(documents: Any) -> None:
    del documents["result.json"]["set_aside"]


def bend_the_other_result(documents: Any) -> None:
    order = documents["result.json"]["set_aside"]["with_all"]["order"]
    order[0], order[1] = order[1], order[0]


def change_the_draw(documents: Any) -> None:
    events_of(documents, "beacon.drawn")[0]["payload"]["value"] = "b2" * 32


def change_whose_draw(documents: Any) -> None:
    events_of(documents, "beacon.drawn")[0]["payload"]["beacon"] = "drand 8"


def drop_the_draw(documents: Any) -> None:
    documents["events.json"].remove(events_of(documents, "beacon.drawn")[0])


def name_no_draw(documents: Any) -> None:
    documents["rules.json"]["beacon"] = ""


def drop_a_recusal(documents: Any) -> None:
    del documents["recusals.json"][0]


def drop_the_marking(documents: Any) -> None:
    documents["events.json"].remove(events_of(documents, "voter.recused")[0])


def add_a_recusal(documents: Any) -> None:
    row = {"voter": "f" * 64, "families": ["f1"]}
    documents["recusals.json"].append(row)


def count_a_designer_after_all(documents: Any) -> None:
    """Put an own design back on a ballot, so that everybody on the roll has it."""
    for line in documents["ballots.json"]:
        line["b"] = sorted({*line["b"], "1"})


REVIEW_TAMPERINGS: dict[str, Callable[[Any], None]] = {
    "a-mark-dropped": drop_a_mark,
    "a-mark-added": mark_another,
    "a-mark-moved": move_a_mark,
    "a-setting-aside-dropped": drop_the_setting_aside,
    "a-taking-back-dropped": drop_the_taking_back,
    "another-set-aside": set_another_aside,
    "a-reason-forgotten": forget_the_reason,
    "set-aside-before-the-close": set_aside_before_the_close,
    "the-other-result-hidden": hide_the_other_result,
    "setting-aside-hidden": hide_that_any_are_aside,
    "the-other-result-bent": bend_the_other_result,
    "a-draw-changed": change_the_draw,
    "another-draw": change_whose_draw,
    "a-draw-dropped": drop_the_draw,
    "no-draw-named": name_no_draw,
    "a-recusal-dropped": drop_a_recusal,
    "a-marking-dropped": drop_the_marking,
    "a-recusal-added": add_a_recusal,
    "own-votes-put-back": count_a_designer_after_all,
}


@pytest.mark.parametrize(
    "tamper", REVIEW_TAMPERINGS.values(), ids=REVIEW_TAMPERINGS.keys()
)
@pytest.mark.parametrize("again", [False, True], ids=["manifest", "log"])
def test_a_tampering_with_the_review_is_found_though_the_rest_fits(
    reviewed: Forger, tamper: Callable[[Any], None], *, again: bool
) -> None:
    """With a manifest that fits, and even with the log chained again."""
    tamper(reviewed.documents)
    if again:
        reviewed.chain_again()

    report = reviewed.check()

    assert report["exit"] in (recount.MISMATCH, recount.MALFORMED), report
    if not again:
        assert report["exit"] == recount.MISMATCH


def test_who_gives_a_designer_the_own_vote_back_needs_more_voters_than_there_are(
    reviewed: Forger,
) -> None:
    """Even with a root that fits: all eight on the roll name what two may not."""
    count_a_designer_after_all(reviewed.documents)
    plain = [
        {name: value for name, value in line.items() if name != "aside"}
        for line in reviewed.documents["ballots.json"]
    ]
    reviewed.event("round.closed")["closing_root"] = ledger.merkle_root(plain)
    reviewed.chain_again()

    report = reviewed.check()

    assert report["exit"] == recount.MISMATCH
    assert "more people voted" in report["steps"][-1]["detail"]


def test_an_honest_review_is_told_step_by_step(reviewed: Forger) -> None:
    told = recount.told(reviewed.check())

    assert "2 of them are set aside, as the log says" in told
    assert "2 voters are recused from own designs" in told
    assert f"drand 7, which is said to have drawn {'a1' * 32}: compare it" in told
    assert "reproduced" in told


def rewrite_everything(forger: Forger) -> None:
    """Replace a ballot and make all else agree: root, seed, result, log."""
    forger.documents["ballots.json"][0]["b"] = [["3"]]
    closed = forger.event("round.closed")
    closed["closing_root"] = ledger.merkle_root(forger.documents["ballots.json"])
    forger.chain_again()
    forger.check()
    result, _ = recount.recount(recount.Bundle(recount.read_bundle(str(forger.path))))
    forger.documents["result.json"] = result
    forger.chain_again()


def test_who_rewrites_everything_is_found_by_the_published_head_alone(
    forger: Forger,
) -> None:
    head = forger.documents["manifest.json"]["event_head"]
    closed_head = forger.documents["events.json"][-2]["hash"]
    rewrite_everything(forger)

    unchecked = forger.check()
    checked = forger.check(head=head)

    assert unchecked["exit"] == recount.REPRODUCED
    assert "not checked against a published head" in recount.told(unchecked)
    assert checked["exit"] == recount.MISMATCH
    assert forger.check(head=closed_head)["exit"] == recount.MISMATCH


def test_an_honest_bundle_has_every_head_of_its_log(forger: Forger) -> None:
    for event in forger.documents["events.json"]:
        report = forger.check(head=event["hash"])

        assert report["exit"] == recount.REPRODUCED
        assert "not checked" not in recount.told(report)
        is_old = event["kind"] not in ("round.closed", "round.counted")
        assert ("says nothing about ballots" in recount.told(report)) == is_old


def test_no_mutated_bundle_is_taken_for_another(forger: Forger) -> None:
    """500 bundles with a few bytes changed: refused, or the same in all they say."""
    rng = Random(7)  # noqa: S311 - repeatable damage
    good = unpacked(forger.bundle)
    accepted = 0
    for _ in range(500):
        data = bytearray(forger.bundle)
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        forger.path.write_bytes(data)

        report = recount.check(str(forger.path), None)

        assert report["exit"] in (0, 2, 3)
        if report["exit"] == recount.REPRODUCED:
            accepted += 1
            assert recount.read_bundle(str(forger.path)) == good
    assert accepted < 250


def bomb(size: int) -> bytes:
    """A member that claims to be small and is not."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(recount.ALWAYS):
            archive.writestr(name, b"{}")
        archive.writestr("ballots.json", b" " * size)
    return file.getvalue()


def with_file(name: str, data: bytes) -> Callable[[dict[str, bytes]], bytes]:
    return lambda files: packed(files | {name: data})


def twice(files: dict[str, bytes]) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("ballots.json", b"[]")
    return file.getvalue()


def lying_size(files: dict[str, bytes]) -> bytes:
    """The directory says that the first file has 3 bytes."""
    data = bytearray(packed(files))
    at = data.index(b"PK\x01\x02")
    data[at + 20 : at + 28] = struct.pack("<II", 3, 3)
    return bytes(data)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda _: b"", id="empty"),
        pytest.param(lambda _: b"PK\x05\x06" + bytes(18), id="empty-zip"),
        pytest.param(lambda files: packed(files)[:-30], id="cut-off"),
        pytest.param(lambda _: bomb(recount.LARGEST_FILE + 1), id="bomb"),
        pytest.param(twice, id="a-name-twice"),
        pytest.param(lying_size, id="a-size-that-lies"),
        pytest.param(with_file("../x.json", b"[]"), id="a-path"),
        pytest.param(with_file("other.json", b"[]"), id="a-stranger"),
        pytest.param(with_file("aggregate.json", b"{}"), id="ballots-and-sums"),
        pytest.param(with_file("ballots.json", b"[" * 100_000), id="deep"),
        pytest.param(
            with_file("ballots.json", b"[" * 50 + b"]" * 50), id="deep-but-json"
        ),
        pytest.param(with_file("ballots.json", b"[1.5]"), id="a-float"),
        pytest.param(with_file("ballots.json", b"[1e999]"), id="infinite"),
        pytest.param(with_file("ballots.json", b"[NaN]"), id="nan"),
        pytest.param(with_file("ballots.json", b"9" * 5000), id="a-huge-number"),
        pytest.param(with_file("ballots.json", b'{"a":1,"a":1}'), id="a-key-twice"),
        pytest.param(with_file("ballots.json", b"[ ]"), id="not-canonical"),
        pytest.param(with_file("ballots.json", b'["e\xcc\x81"]'), id="not-nfc"),
        pytest.param(with_file("ballots.json", b"\xff"), id="not-utf-8"),
        pytest.param(with_file("ballots.json", b'["\\ud800"]'), id="half-a-letter"),
        pytest.param(with_file("ballots.json", b"{}"), id="ballots-of-another-kind"),
        pytest.param(with_file("ballots.json", b"[{}]"), id="a-line-without-parts"),
        pytest.param(with_file("rules.json", b"{}"), id="no-rules"),
        pytest.param(with_file("designs.json", b'[{"id":-1}]'), id="a-bad-design"),
    ],
)
def test_what_is_no_bundle_is_refused_in_words(
    forger: Forger, make: Callable[[dict[str, bytes]], bytes]
) -> None:
    forger.path.write_bytes(make(unpacked(forger.bundle)))

    report = recount.check(str(forger.path), None)

    assert report["exit"] == recount.MALFORMED, report
    assert "Error" not in recount.told(report)


@pytest.mark.parametrize(
    "part", ["manifest", "rules", "groups", "classes", "designs", "events", "result"]
)
@pytest.mark.parametrize("value", [None, 1, "x", [], {}, [[]], [None]])
def test_no_part_of_another_kind_makes_it_fall_over(
    forger: Forger, part: str, value: Any
) -> None:
    files = unpacked(forger.bundle)
    files[f"{part}.json"] = ledger.canon(value).encode()
    forger.path.write_bytes(packed(files))

    assert recount.check(str(forger.path), None)["exit"] in (2, 3)


@pytest.mark.parametrize("seed", range(12))
def test_no_value_of_another_kind_makes_it_fall_over(forger: Forger, seed: int) -> None:
    """Values deep inside replaced, all digests mended: never taken, no traceback."""
    rng = Random(seed)  # noqa: S311 - repeatable damage
    good = ledger.canon(forger.documents)
    for _ in range(25):
        forger.documents = json.loads(good)
        name = rng.choice(sorted(forger.documents.keys() - {"manifest.json"}))
        replace_somewhere(rng, forger.documents[name])
        if ledger.canon(forger.documents) == good:
            continue
        try:
            forger.chain_again()
        except (KeyError, TypeError, IndexError, ValueError, AttributeError):
            continue
        report = forger.check()

        # What the log says of things that are not in the round may be anything.
        if name != "events.json":
            assert report["exit"] in (2, 3), (name, report)


def replace_somewhere(rng: Random, value: Any) -> None:
    """Replace one value inside another by something of any kind."""
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = rng.choice(keys)
        inner = value[key]
        if isinstance(inner, dict | list) and inner and rng.random() < 0.8:
            value = inner
            continue
        value[key] = rng.choice([None, -1, 10**12, "", "x", "1/0", [], {}, [[1]], True])
        return


def test_it_runs_alone_with_nothing_but_python(forger: Forger, tmp_path: Path) -> None:
    alone = tmp_path / "elsewhere" / "recount.py"
    alone.parent.mkdir()
    alone.write_bytes(SCRIPT.read_bytes())
    forger.check()

    # -S: without site-packages, so that nothing of ours could be imported.
    run = subprocess.run(
        [sys.executable, "-I", "-S", str(alone), str(forger.path), "--json"],
        capture_output=True,
        check=False,
        text=True,
        cwd=alone.parent,
    )

    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["status"] == "reproduced"


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("back", [False, True], ids=["gone", "back"])
def test_a_round_in_which_a_design_was_taken_down_is_reproduced(
    session: Session, now: datetime, tmp_path: Path, kind: Kind, *, back: bool
) -> None:
    voters = {"core": ["Ann", "Bob"]}
    contest = make_contest(session, now, designs=[1, 2, 3], voters=voters)
    round_ = rounds.open_round(session, contest, kind, now)
    for name in voters["core"]:
        items: Any = ["1", "2"] if kind is Kind.SHORTLIST else [["2"], ["1"]]
        cast(session, round_, name, items, now)
    purging.take_down(session, contest, 2, "A copy.", who="Olga", now=now)
    if back:
        withdrawing.bring_back(session, contest, 2, who="Olga", now=now)
    rounds.close_round(session, round_, now)
    counting.count_round(session, round_, now=now)
    forger = Forger(bundle_of(session, round_).data, tmp_path / "bundle.zip")

    report = forger.check()

    assert report["exit"] == recount.REPRODUCED, report["steps"][-1]
    assert events_of(forger.documents, "design.pictures-removed")
    # Who hides the withdrawal, and leaves what came with it, is found.
    forger.documents["events.json"].remove(
        events_of(forger.documents, "design.withdrawn")[0]
    )
    forger.chain_again()
    assert forger.check()["exit"] == (recount.REPRODUCED if back else recount.MISMATCH)


@pytest.mark.parametrize("publish", ["aggregate", "auditors"])
def test_sums_of_rankings_give_the_order_and_sums_of_approvals_do_not(
    session: Session, now: datetime, tmp_path: Path, publish: str
) -> None:
    path = tmp_path / "bundle.zip"
    exits = set()
    for seed in range(100, 116):
        path.write_bytes(random_bundle(session, seed, now, publish=publish))

        report = recount.check(str(path), None)

        is_ranking = "ranking" in report["round"]
        exits.add(report["exit"])
        assert report["exit"] == (0 if is_ranking else 4), report
        assert "ballots.json" not in unpacked(path.read_bytes())
        if not is_ranking:
            told = recount.told(report)
            assert "order not recountable from this bundle" in told
    assert exits == {0, 4}


def with_designs(forger: Forger, most: int) -> recount.Bundle:
    designs = forger.documents["designs.json"]
    more = range(1000 + len(designs), 1000 + most)
    designs += [designs[0] | {"id": number} for number in more]
    return recount.Bundle(forger.files())


def test_a_shortlist_may_have_any_number_of_designs(reviewed: Forger) -> None:
    """The site counts approvals on all there are, so whoever doubts it must, too."""
    assert len(with_designs(reviewed, 10_000).designs) == 10_000


def test_a_final_may_not(forger: Forger) -> None:
    """Every two of them are compared."""
    assert len(with_designs(forger, recount.MOST_RANKED).designs) == recount.MOST_RANKED
    with pytest.raises(recount.Malformed, match="more designs than any final"):
        with_designs(forger, recount.MOST_RANKED + 1)


def test_auditors_get_the_ballots_that_the_public_does_not(
    session: Session, now: datetime, tmp_path: Path
) -> None:
    contest = make_contest(session, now, designs=[1, 2], voters={"core": ["Ann"]})
    round_ = rounds.open_round(
        session,
        contest,
        Kind.SHORTLIST,
        now,
        publish="auditors",
        auditors=["Ada", "Ben"],
    )
    cast(session, round_, "Ann", ["1"], now)
    rounds.close_round(session, round_, now)
    counting.count_round(session, round_, now=now)
    path = tmp_path / "full.zip"
    path.write_bytes(bundle_of(session, round_, FULL).data)

    assert recount.check(str(path), None)["exit"] == recount.REPRODUCED


def test_a_false_sum_is_found(forger: Forger) -> None:
    """Sums of a ranking decide its order: changed ones give another result."""
    documents = forger.documents
    lines = documents.pop("ballots.json")
    documents["aggregate.json"] = {
        "leaves": sorted(ledger.leaf(line).hex() for line in lines),
        "counted": {"core": 2, "crowd": 3},
        "sums": {"core": {"1 > 2": 2}, "crowd": {"2 > 1": 3}},
    }
    for rules in (documents["rules.json"], forger.event("round.opened")["rules"]):
        rules["publish"] = "aggregate"
    documents["manifest.json"]["publish"] = "aggregate"
    opened = forger.event("round.opened")
    opened["commitment"] = ledger.commitment(
        {n: v for n, v in opened.items() if n not in ("round", "commitment")}
    )
    forger.chain_again()

    report = forger.check()

    assert report["exit"] == recount.MISMATCH
    assert "gives another result" in report["steps"][-1]["detail"]


def test_exact_numbers_are_read_in_lowest_terms_only() -> None:
    assert recount.exact("3/2") == Fraction(3, 2)
    for text in ("2/4", "-1", "1.5", "01", "1/0", "", "1 ", "٣", 1, None):
        with pytest.raises((recount.Malformed, ZeroDivisionError)):
            recount.exact(text)


def test_a_bundle_larger_than_most_is_taken_on_demand_only(
    forger: Forger, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(recount, "LARGEST_FILE", 700)
    forger.path.write_bytes(forger.bundle)
    largest = max(map(len, unpacked(forger.bundle).values()))
    assert 700 < largest < recount.MOST_SHRUNK * len(forger.bundle)

    assert recount.main([str(forger.path)]) == recount.MALFORMED
    told = capsys.readouterr().out
    assert "is larger than this script takes unasked" in told
    assert "give --large" in told
    assert "too large" in told.splitlines()[-1]
    assert recount.main([str(forger.path), "--large"]) == recount.REPRODUCED
    command = ["recount", str(forger.path)]
    assert CliRunner().invoke(cli, command).exit_code == recount.MALFORMED
    command.append("--large")
    assert CliRunner().invoke(cli, command).exit_code == recount.REPRODUCED

    monkeypatch.setattr(recount, "LARGEST_ON_DEMAND", 800)
    assert recount.main([str(forger.path), "--large"]) == recount.MALFORMED


def test_no_bomb_is_taken_on_demand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand times what it was packed to is no bundle, however it is asked for."""
    monkeypatch.setattr(recount, "LARGEST_FILE", 100_000)
    path = tmp_path / "bomb.zip"
    path.write_bytes(bomb(10_000_000))
    assert recount.LARGEST_ON_DEMAND > 10_000_000

    report = recount.check(str(path), None, large=True)

    assert report["status"] == "too large"
    assert "packed tighter than any honest bundle" in recount.told(report)


def test_a_million_ballots_fit_into_memory(forger: Forger) -> None:
    """What many ballots say alike is held once: less than 1.5 kB each, of 300 bytes."""
    rng, number = Random(3), 3000  # noqa: S311 - made-up ballots
    designs = [str(n) for n in range(1, 31)]
    forger.documents["ballots.json"] = [
        {
            "t": hashlib.sha256(bytes([n % 256, n // 256])).hexdigest(),
            "c": "core",
            "b": [[id_] for id_ in rng.sample(designs, 30)],
        }
        for n in range(number)
    ]
    files = forger.files()
    tracemalloc.start()
    bundle = recount.Bundle(files)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(bundle.lines) == number
    assert bundle.lines == forger.documents["ballots.json"]
    assert most < 1500 * number


def test_what_a_bundle_says_of_itself_forges_no_line_of_the_report(
    forger: Forger,
) -> None:
    """Who calls a contest like that would hide what failed, and write what did not."""
    name = "acme\nok   result    byte for byte\x1b[8m\x9b2K"
    forger.documents["rules.json"]["contest"] = name
    forger.documents["manifest.json"]["\x1b[1A"] = "x"

    report = forger.check()
    told = recount.told(report)

    assert report["exit"] == recount.MISMATCH
    assert all(line.isprintable() for line in told.split("\n"))
    assert len(told.split("\n")) == len(report["steps"]) + 1


@pytest.mark.parametrize("text", ["[]", "[1]", '[1,"a",[2,3],{"b":[]}]'])
def test_a_list_is_read_part_by_part_as_it_is(text: str) -> None:
    assert list(recount.each("ballots.json", text.encode())) == json.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "{}", "1", "[", "[1", "[1,", "[1,]", "[,1]", "[1,,2]", "[1]]", "[]]"),
        *("[]1", "[1]1", "[ 1]", "[1 ,2]", "[1, 2]", "[1] ", " [1]", "[1]\n", "[1 2]"),
        *("[01]", "[-0]", "[1.5]", '[{"b":1,"a":1}]'),
    ],
)
def test_what_is_no_canonical_list_is_not_read(text: str) -> None:
    with pytest.raises(recount.Malformed):
        list(recount.each("ballots.json", text.encode()))


def test_the_script_is_compressed_well_enough_for_a_page() -> None:
    assert len(zlib.compress(SCRIPT.read_bytes())) < 20_000


KEPT = {
    "bundle-0.1.0-shortlist.zip": (
        "5df57078f85b7c287289a4917dd98802914cf067e4cc6f7d8fe53395c152a0c7"
    ),
    "bundle-0.1.0-ranking.zip": (
        "6955c6eb2c62d4165237ffe69a5f77ac1cd8f52434d0f1d84779f4ab61f1c467"
    ),
}


@pytest.mark.parametrize("name", KEPT)
def test_a_bundle_of_an_earlier_release_is_still_reproduced(name: str) -> None:
    """Each release keeps its own here, for good: results are checked years later."""
    path = Path(__file__).parent / "fixtures" / name

    assert recount.check(str(path), KEPT[name])["exit"] == recount.REPRODUCED


def test_every_kept_bundle_is_one_of_these() -> None:
    fixtures = Path(__file__).parent / "fixtures"
    assert {path.name for path in fixtures.glob("bundle-*.zip")} == KEPT.keys()
