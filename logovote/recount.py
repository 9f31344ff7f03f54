#!/usr/bin/env python3
"""Counts a published round again from its bundle, and checks that nothing was bent.

This file needs nothing but Python 3.11 or newer: no other file, no network. It shares
no code with the site that counted first. Run it as

    python3 recount.py BUNDLE.zip [--head HEX] [--json] [--large]

Exit status: 0 reproduced; 2 mismatch, it says what; 3 the file is no bundle, or too
large; 4 the bundle holds sums instead of ballots, and the order cannot be counted from
them.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import hmac
import json
import re
import struct
import sys
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from itertools import groupby
from math import isqrt, lcm
from pathlib import Path
from typing import Any

FORMAT = "logovote-bundle/1"
NONE = "none"
REPRODUCED, MISMATCH, MALFORMED, NOT_RECOUNTABLE = 0, 2, 3, 4

ALWAYS = {
    "manifest.json",
    "rules.json",
    "groups.json",
    "classes.json",
    "designs.json",
    "events.json",
    "result.json",
}
SOMETIMES = {
    "ballots.json",
    "aggregate.json",
    "exposure.json",
    "exposure_all.json",
    "recusals.json",
    "insight.json",
}

# A full ranking of 30 takes 300 bytes, so this is enough for 200,000 of them. What is
# larger may be an attack, and is taken on demand only, up to as much more as is likely:
# each ballot holds a digest, so that honest ones never shrink to a twentieth.
LARGEST_FILE = 64 * 1024**2
LARGEST_ON_DEMAND = 1024 * 1024**2
MOST_SHRUNK = 20
DEEPEST = 12
LARGEST_INTEGER = 2**53 - 1  # what every JSON reader holds exactly
MOST_DIGITS = 2000
METHODS = {"shortlist": "seqphragmen", "ranking": "ranked_pairs"}
MOST_RANKED = 200  # every two of them are compared; of approvals nothing grows so
STATUS_AFTER = {
    "design.imported": "standing",
    "design.restored": "standing",
    "design.withdrawn": "withdrawn",
}

HEX = re.compile(r"[0-9a-f]{64}")
DRAWN = re.compile(r"[0-9a-f]{64}|[0-9a-f]{128}")
EXACT = re.compile(
    rf"(0|[1-9][0-9]{{0,{MOST_DIGITS}}})(/[1-9][0-9]{{0,{MOST_DIGITS}}})?"
)

Lines = list[dict[str, Any]]


@dataclass(frozen=True)
class Group:
    """A group of voters, as the rules have it."""

    share: Fraction
    weight: Fraction
    eligible: int
    quorum: int
    cap: Fraction


@dataclass(frozen=True)
class Class:
    """Equal voters: of one group, with one weight of their own."""

    group: str
    weight: Fraction
    eligible: int
    ballots: int


@dataclass(frozen=True)
class Design:
    """What stands in the round, or was withdrawn from it."""

    family: str
    image_sha256: str
    status: str
    recency: int


@dataclass(frozen=True)
class Weight:
    """How a group enters the count; a ballot of own weight 1 weighs its factor."""

    heads: int
    target: Fraction
    share: Fraction
    factor: Fraction
    at_quorum: bool


Weights = dict[str, Weight]


class Malformed(Exception):  # noqa: N818 - the word the exit status has
    """The file is no bundle."""


class TooLarge(Malformed):
    """The file may be a bundle, but is larger than this script takes unasked."""


class Mismatch(Exception):  # noqa: N818 - the word the exit status has
    """The bundle contradicts itself, or the head that was published."""


# ── reading: a stranger's file ────────────────────────────────────────────────────────


def read_bundle(path: str, *, large: bool = False) -> dict[str, bytes]:
    """Read a bundle's members into memory, whatever the file claims about itself."""
    try:
        most = LARGEST_FILE
        if large:
            likely = MOST_SHRUNK * Path(path).stat().st_size
            most = max(most, min(likely, LARGEST_ON_DEMAND))
        with zipfile.ZipFile(path) as archive:
            return read_members(archive, most, large=large)
    except (
        OSError,
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        ValueError,
        KeyError,
        IndexError,
        OverflowError,
        RuntimeError,  # encrypted members; NotImplementedError is one too
        UnicodeError,
    ) as error:
        raise Malformed(f"it cannot be read as a zip file ({error})") from error


def read_members(
    archive: zipfile.ZipFile, most: int, *, large: bool
) -> dict[str, bytes]:
    """Read the members by name, each of `most` bytes and all of twice as many."""
    infos = archive.infolist()
    names = [info.filename for info in infos]
    if len(set(names)) < len(names):
        raise Malformed("it holds two files of one name")
    if strangers := set(names) - ALWAYS - SOMETIMES:
        raise Malformed(
            f"it holds a file that is no part of a bundle: {min(strangers)!r}"
        )
    if missing := ALWAYS - set(names):
        raise Malformed(f"it does not hold {min(missing)}")
    if ("ballots.json" in names) == ("aggregate.json" in names):
        raise Malformed("it must hold either ballots.json or aggregate.json")
    files: dict[str, bytes] = {}
    room = 2 * most
    for info in infos:
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Malformed(f"{info.filename} is compressed in an unknown way")
        with archive.open(info) as member:
            # What the archive says of a size is a claim; this counts.
            data = member.read(min(most, room) + 1)
        room -= len(data)
        if len(data) > most or room < 0:
            told = f"{info.filename} is larger than this script takes"
            if large:
                raise TooLarge(f"{told}, or packed tighter than any honest bundle")
            raise TooLarge(
                f"{told} unasked. If more than 200,000 people voted, give --large, on "
                "a machine with 3 GB of memory for a million of them; if they did "
                "not, it is no honest bundle"
            )
        files[info.filename] = data
    return files


def canon(value: Any, depth: int = DEEPEST) -> str:
    """Write JSON in the one canonical form: sorted keys, no spaces, NFC, no floats."""
    return json.dumps(
        normal(value, depth),
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )


def normal(value: Any, depth: int) -> Any:
    """Normalise every string; refuse what has no exact form, and endless nesting."""
    if depth < 0:
        raise Malformed("its JSON is nested too deeply")
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, float):
        raise Malformed("its JSON holds a number that is no integer")
    if isinstance(value, dict):
        return {normal(k, 0): normal(item, depth - 1) for k, item in value.items()}
    if isinstance(value, list):
        return [normal(item, depth - 1) for item in value]
    return value


def parse(name: str, data: bytes) -> Any:
    """Read canonical JSON. One value has one text, so no byte can hide a second."""
    try:
        text = data.decode()
        value = json.loads(text, parse_int=integer, parse_constant=no_constant)
        same = canon(value) == text
    except (ValueError, RecursionError) as error:
        raise Malformed(f"{name} is no JSON that can be read") from error
    if not same:
        raise Malformed(f"{name} is not in canonical form")
    return value


def each(name: str, data: bytes) -> Iterator[Any]:
    """Read a canonical list part by part: a million ballots are too many at once."""
    try:
        text = data.decode()
        at, before = 0, "["
        while text[at : at + 1] == before and text != "[]":
            value, end = DECODER.raw_decode(text, at + 1)
            if canon(value, DEEPEST - 1) != text[at + 1 : end]:
                raise Malformed(f"{name} is not in canonical form")
            yield value
            at, before = end, ","
    except (ValueError, RecursionError) as error:
        raise Malformed(f"{name} is no JSON that can be read") from error
    if text != "[]" and text[at:] != "]":
        raise Malformed(f"{name} is no list in canonical form")


def integer(text: str) -> int:
    """Read an integer that every JSON reader holds exactly."""
    if len(text) > len(str(LARGEST_INTEGER)) or abs(int(text)) > LARGEST_INTEGER:
        raise Malformed("its JSON holds a number that is too large")
    return int(text)


def no_constant(text: str) -> Any:
    """Refuse NaN and its like."""
    raise Malformed(f"its JSON holds {text}")


DECODER = json.JSONDecoder(parse_int=integer, parse_constant=no_constant)


def exact(text: Any) -> Fraction:
    """Read a number of 0 or more such as 3/2, in lowest terms."""
    if not isinstance(text, str) or not EXACT.fullmatch(text):
        raise Malformed(f"{str(text)[:40]!r} is no exact number such as 3/2")
    value = Fraction(text)
    if str(value) != text:
        raise Malformed(f"{text[:40]} is not in lowest terms")
    return value


def digest(data: bytes) -> str:
    """Return the SHA-256 of bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


# ── the parts of a bundle ─────────────────────────────────────────────────────────────


class Bundle:
    """A bundle taken apart: every part has the form that the counting relies on."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        values = {
            name: parse(name, data)
            for name, data in files.items()
            # Of estimates only the digest is read, and ballots are read one by one.
            if name not in ("insight.json", "ballots.json")
        }
        try:
            self.take_apart(values)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise Malformed(
                f"a part of it is missing or of another kind ({error})"
            ) from error

    def take_apart(self, values: dict[str, Any]) -> None:
        """Check the form of every part, and keep it."""
        self.manifest: dict[str, Any] = has(values["manifest.json"], dict)
        self.result: dict[str, Any] = has(values["result.json"], dict)
        self.take_rules(has(values["rules.json"], dict))
        self.groups = {
            has(group["id"], str): Group(
                share=exact(group["share"]),
                weight=exact(group["weight"]),
                eligible=at_least(0, group["eligible"]),
                quorum=at_least(0, group["quorum"]),
                cap=exact(group["cap"]),
            )
            for group in has(values["groups.json"], list)
        }
        self.classes = {
            has(class_["id"], str): Class(
                group=has(class_["group"], str),
                weight=exact(class_["weight"]),
                eligible=at_least(0, class_["eligible"]),
                ballots=at_least(0, class_["ballots"]),
            )
            for class_ in has(values["classes.json"], list)
        }
        for id_, class_ in self.classes.items():
            if class_.group not in self.groups:
                raise Malformed(f"the class {id_!r} is of no group")
        self.designs = {
            str(at_least(0, design["id"])): Design(
                family=has(design["family"], str),
                image_sha256=a_digest(design["image_sha256"]),
                status=has(design["status"], str),
                recency=at_least(0, design["recency"]),
            )
            for design in has(values["designs.json"], list)
        }
        if self.is_ranking and len(self.designs) > MOST_RANKED:
            raise Malformed("it has more designs than any final")
        self.standing = {
            id_: design
            for id_, design in self.designs.items()
            if design.status == "standing"
        }
        self.events: Lines = [has(e, dict) for e in has(values["events.json"], list)]
        for event in self.events:
            has(event["payload"], dict)
            has(event["kind"], str)
            a_digest(event["hash"])
        self.exposure = seen_by(values.get("exposure.json", {}))
        self.exposure_all = seen_by(values.get("exposure_all.json", {}))
        if self.is_ranking == ("exposure.json" in values):
            raise Malformed("a shortlist, and nothing else, has an exposure")
        self.recused = {
            a_digest(row["voter"]): {an_id(id_) for id_ in has(row["families"], list)}
            for row in has(values.get("recusals.json", []), list)
        }
        self.tiers: dict[tuple[str, ...], list[str]] = {}
        self.lines = [
            self.line(line)
            for line in each("ballots.json", self.files.get("ballots.json", b"[]"))
        ]
        self.aggregate: dict[str, Any] | None = values.get("aggregate.json")
        if self.aggregate is not None:
            self.check_sums(has(self.aggregate, dict))

    def take_rules(self, rules: dict[str, Any]) -> None:
        """Check that this script knows how to count by these rules."""
        self.rules = rules
        self.method: str = has(rules["method"], str)
        self.seats = at_least(1, rules["seats"])
        self.kind: str = has(rules["round"]["kind"], str)
        self.is_ranking = self.kind == "ranking"
        self.round = f"{self.kind}/{at_least(1, rules['round']['number'])}"
        if METHODS.get(self.kind) != self.method:
            raise Malformed(f"this script cannot count a {self.kind} by {self.method}")
        known = {
            "unranked": ("last", "no_opinion"),
            "weights": ("fixed_share", "per_voter"),
            "status_quo_id": (NONE,),
            "publish": ("ballots", "aggregate", "auditors"),
        }
        for name, values in known.items():
            if rules[name] not in values:
                raise Malformed(f"this script does not know its {name}")
        for name in ("public_string", "beacon", "contest"):
            has(rules[name], str)

    def check_sums(self, aggregate: dict[str, Any]) -> None:
        """Check the form of sums that stand instead of ballots."""
        for leaf in has(aggregate["leaves"], list):
            a_digest(leaf)
        for part_ in (aggregate, has(aggregate.get("with_all", aggregate), dict)):
            for class_, said in has(part_["sums"], dict).items():
                at_least(0, part_["counted"][class_])
                for number in has(said, dict).values():
                    at_least(0, number)
            if not part_["counted"].keys() <= self.classes.keys():
                raise Malformed("its sums are of a class that is not there")

    def line(self, line: Any) -> dict[str, Any]:
        """Check the form of a ballot line."""
        has(line, dict)
        if not {"t", "c", "b"} <= line.keys() <= {"t", "c", "b", "n", "aside"}:
            raise Malformed("a ballot line has other parts than t, c, b, n and aside")
        if line.get("aside", True) is not True:
            raise Malformed("a ballot line is set aside in an unknown way")
        has(line["t"], str)
        if line["c"] not in self.classes:
            raise Malformed(
                f"a ballot is of the class {str(line['c'])[:40]!r}, which is not there"
            )
        if "n" in line:
            at_least(0, line["n"])
        tiers = has(line["b"], list) if self.is_ranking else [has(line["b"], list)]
        for tier in tiers:
            if not has(tier, list) or sorted(set(map(an_id, tier))) != tier:
                raise Malformed("a ballot is not written in order")
        flat = [id_ for tier in tiers for id_ in tier]
        if len(set(flat)) < len(flat):
            raise Malformed("a ballot names a design twice")
        # What many ballots say is held once.
        said: list[Any]
        if self.is_ranking:
            said = [self.tiers.setdefault(tuple(tier), tier) for tier in tiers]
        else:
            said = [sys.intern(id_) for id_ in flat]
        parts: dict[str, Any] = {"t": line["t"], "c": sys.intern(line["c"]), "b": said}
        return parts | {name: line[name] for name in ("n", "aside") if name in line}


def seen_by(value: Any) -> dict[str, dict[str, Fraction]]:
    """Read by whom every family was seen: the weight of it, by group."""
    return {
        group: {family: exact(weight) for family, weight in seen.items()}
        for group, seen in has(value, dict).items()
    }


def has(value: Any, type_: type) -> Any:
    """Return a value that is of a type, exactly."""
    if type(value) is not type_:
        raise Malformed(f"a part of it is no {type_.__name__}")
    return value


def at_least(least: int, value: Any) -> int:
    """Return an integer that is large enough."""
    if has(value, int) < least:
        raise Malformed(f"a number in it is below {least}")
    return int(value)


def a_digest(value: Any) -> str:
    """Return a SHA-256 in hex."""
    if not HEX.fullmatch(has(value, str)):
        raise Malformed("a digest in it is none")
    return str(value)


def an_id(value: Any) -> str:
    """Return what a ballot may name."""
    return str(has(value, str))


# ── checking: does everything agree with everything else? ─────────────────────────────


def check_manifest(bundle: Bundle) -> str:
    """Check that the manifest names the files that are there."""
    manifest, rules = bundle.manifest, bundle.rules
    if manifest.get("format") != FORMAT:
        raise Malformed(f"its format is not {FORMAT}")
    digests = {
        name: digest(data)
        for name, data in bundle.files.items()
        if name != "manifest.json"
    }
    if wrong := differing(digests, manifest.get("files")):
        raise Mismatch(f"{wrong} is not the file that the manifest names")
    counted = last_event(bundle)["payload"].get("files")
    # The log is not in its own event; of ballots and their sums one may be hidden.
    ours = {name: d for name, d in digests.items() if name != "events.json"}
    if isinstance(counted, dict) and rules["publish"] != "ballots":
        hidden = "ballots.json" if bundle.aggregate is not None else "aggregate.json"
        counted = {name: d for name, d in counted.items() if name != hidden}
    if wrong := differing(ours, counted):
        raise Mismatch(f"{wrong} is not the file that the log says was counted")
    is_full = bundle.aggregate is None and rules["publish"] != "ballots"
    expected = {
        "format": FORMAT,
        "contest": rules["contest"],
        "round": rules["round"],
        "publish": rules["publish"],
        "scope": "full" if is_full else "public",
        "software": last_event(bundle)["payload"].get("software"),
        "files": digests,
        "event_head": last_event(bundle)["hash"],
    }
    for name in expected.keys() | manifest.keys():
        if manifest.get(name) != expected.get(name):
            raise Mismatch(f"the manifest's {name} is not that of the other files")
    return f"{len(digests)} files are those that the manifest names"


def differing(digests: dict[str, str], named: Any) -> str | None:
    """Return the first file whose digest is not the one that is named."""
    listed = named if isinstance(named, dict) else {}
    names = sorted(digests.keys() | listed.keys())
    return next((n for n in names if digests.get(n) != listed.get(n)), None)


def last_event(bundle: Bundle) -> dict[str, Any]:
    """Return the last event of the log, which must be this round's count."""
    last = bundle.events[-1] if bundle.events else {}
    if (
        last.get("kind") != "round.counted"
        or last["payload"].get("round") != bundle.round
    ):
        raise Mismatch("the event log does not end with the count of this round")
    return last


def check_chain(bundle: Bundle) -> str:
    """Check that every event follows its predecessor."""
    prev = "0" * 64
    names = {"seq", "at", "kind", "actor", "payload", "prev", "hash"}
    for seq, event in enumerate(bundle.events, start=1):
        rest = {name: value for name, value in event.items() if name != "hash"}
        data = b"logovote-event-v1\0" + canon(rest).encode()
        if (
            event.keys() != names
            or event["seq"] != seq
            or event["prev"] != prev
            or event["hash"] != digest(data)
        ):
            raise Mismatch(
                f"event {seq} of the log was changed, or one before it is missing"
            )
        prev = event["hash"]
    return f"{len(bundle.events)} events form one chain"


def check_head(bundle: Bundle, head: str) -> str:
    """Check that the log is the one whose head somebody wrote down."""
    places = [event["seq"] for event in bundle.events if event["hash"] == head]
    if not places:
        raise Mismatch(
            "the published head is not in the event log: this is another log than the "
            "one that was published (or the head is newer than this bundle)"
        )
    closed = last_of(bundle, "round.closed")
    after = bundle.events[places[0] - 1]["kind"]
    if places[0] < closed["seq"]:
        return (
            f"the published head is event {places[0]} ({after}): everything up to it "
            "is as published. It is older than the close, so it says nothing about "
            "ballots"
        )
    return f"the published head is event {places[0]} ({after}), after the close"


def last_of(bundle: Bundle, kind: str) -> dict[str, Any]:
    """Return the last event of a kind about this round."""
    for event in reversed(bundle.events):
        if event["kind"] == kind and event["payload"].get("round") == bundle.round:
            return event
    raise Mismatch(f"the event log holds no {kind} of this round")


def check_opening(bundle: Bundle) -> str:
    """Check the commitment, and that the rules are those it was opened with."""
    payload = last_of(bundle, "round.opened")["payload"]
    committed = {n: v for n, v in payload.items() if n not in ("round", "commitment")}
    if payload.get("commitment") != digest(canon(committed).encode()):
        raise Mismatch(
            "the opening commitment is not that of what is said to be opened"
        )
    if canon(committed.get("rules")) != canon(bundle.rules):
        raise Mismatch("the rules are not those that the round was opened with")
    groups = [
        {
            "id": group["id"],
            "share": group["share"],
            "weight": group["weight"],
            "cap": str(bundle.rules["cap"]),
        }
        for group in bundle.rules["groups"]
    ]
    ours = [
        {
            "id": id_,
            "share": str(group.share),
            "weight": str(group.weight),
            "cap": str(group.cap),
        }
        for id_, group in bundle.groups.items()
    ]
    if groups != ours:
        raise Mismatch("the groups are not those that the round was opened with")
    return f"rules and groups are those of the opening, {payload['commitment'][:16]}…"


def check_replay(bundle: Bundle) -> str:
    """Replay the log from the opening on: does it lead to what was counted?"""
    opened = last_of(bundle, "round.opened")
    named = {class_["id"]: class_ for class_ in opened["payload"]["classes"]}
    roll: Counter[tuple[str, str]] = Counter()
    for id_, number in opened["payload"]["roll"]["counts"].items():
        roll[named[id_]["group"], named[id_]["weight"]] += number
    designs = {
        str(design["id"]): {
            "family": design["family"],
            "image_sha256": design["image_sha256"],
            "status": "standing",
        }
        for design in opened["payload"]["designs"]
    }
    for event in bundle.events[opened["seq"] :]:
        replay(event, bundle.round, designs, roll)
    ours = {
        id_: {name: v for name, v in asdict(design).items() if name != "recency"}
        for id_, design in bundle.designs.items()
    }
    for id_ in sorted(ours.keys() | designs.keys()):
        if ours.get(id_) != designs.get(id_):
            raise Mismatch(
                f"design {id_} is not as the opening and the log since have it"
            )
    eligible = Counter(
        {
            (class_.group, str(class_.weight)): class_.eligible
            for class_ in bundle.classes.values()
        }
    )
    if +eligible != +roll:
        group = min((eligible - roll) + (roll - eligible))[0]
        raise Mismatch(
            f"the number of people in the group {group!r} is not as the opening and "
            "the log since have it"
        )
    standing = len(bundle.standing)
    told = f"{standing} designs and {roll.total()} people are as the log has them"
    return told + check_recusals(bundle, roll.total())


def check_recusals(bundle: Bundle, people: int) -> str:
    """Check that the designers among the voters are those that the log marks.

    Which ballots are theirs is their secret. But no more people can have voted for a
    family, or in a ranking at all, than those who are free to.
    """
    marked: set[str] = set()
    for event in bundle.events:
        kind, payload = event["kind"], event["payload"]
        if kind == "voter.recused":
            marked.add(payload["voter"])
        elif kind == "voter.admitted":
            marked.discard(payload["voter"])
        elif kind == "roll.removed":
            marked.difference_update(voter["id"] for voter in payload["voters"])
    if marked != bundle.recused.keys():
        raise Mismatch("the recused voters are not those that the log has")
    voted: Counter[str] = Counter()
    for line in bundle.lines:
        names = {id_ for id_ in line["b"] if not bundle.is_ranking}
        families = {
            bundle.designs[i].family if i in bundle.designs else i for i in names
        }
        # A ranking says something of every family.
        for family in families or {design.family for design in bundle.designs.values()}:
            if bundle.is_ranking or family in families:
                voted[family] += line.get("n", 1)
    for family, number in voted.items():
        own = sum(family in families for families in bundle.recused.values())
        if own and number > people - own:
            raise Mismatch(f"more people voted for the family {family!r} than may")
    return f"; {len(marked)} voters are recused from own designs" if marked else ""


def replay(
    event: dict[str, Any],
    round_: str,
    designs: dict[str, dict[str, Any]],
    roll: Counter[tuple[str, str]],
) -> None:
    """Apply one event to the designs and the roll of a round."""
    kind, payload = event["kind"], event["payload"]
    if kind.startswith("design."):
        id_ = str(payload["entry"])
        if payload.get("round") == round_ and id_ not in designs:
            designs[id_] = {"family": payload["family"]}
        if id_ in designs:
            designs[id_]["image_sha256"] = payload["image_sha256"]
            # Nothing else that becomes of a design brings it back or takes it out: no
            # newer version, and not that its pictures are removed.
            if kind in STATUS_AFTER:
                designs[id_]["status"] = STATUS_AFTER[kind]
    elif kind in ("roll.added", "roll.moved", "roll.removed"):
        for voter in payload["voters"]:
            if kind != "roll.removed":
                roll[voter["group"], voter["weight"]] += 1
            else:
                roll[voter["group"], voter["weight"]] -= 1
            if kind == "roll.moved":
                roll[voter["from_group"], voter["from_weight"]] -= 1
    elif kind == "ballots.imported" and payload["round"] == round_:
        for class_ in payload["classes"]:
            roll[class_["group"], class_["weight"]] += class_["ballots"]


def check_ballots(bundle: Bundle) -> str:
    """Check that the ballots are those that the close committed to."""
    closed = last_of(bundle, "round.closed")["payload"]
    if bundle.aggregate is None:
        tags = [line["t"] for line in bundle.lines]
        if sorted(set(tags)) != tags:
            raise Mismatch("the ballots are not in order of their tags, each once")
        leaves = [
            digest(
                b"\0" + canon({k: v for k, v in line.items() if k != "aside"}).encode()
            )
            for line in bundle.lines
        ]
        cast: Counter[str] = Counter()
        for line in bundle.lines:
            cast[line["c"]] += line.get("n", 1)
        for id_, class_ in bundle.classes.items():
            if cast[id_] != class_.ballots:
                raise Mismatch(
                    f"the class {id_!r} has another number of ballots than it says"
                )
            if class_.ballots > class_.eligible:
                raise Mismatch(f"the class {id_!r} has more ballots than people")
    else:
        leaves = bundle.aggregate["leaves"]
        if sorted(leaves) != leaves:
            raise Mismatch("the leaves are not in order")
    total = sum(class_.ballots for class_ in bundle.classes.values())
    if closed["closing_root"] != root(leaves) or closed["ballots"] != total:
        raise Mismatch("the ballots are not those that were in the box at the close")
    short = closed["closing_root"][:16]
    told = f"{total} ballots are those in the box at the close, {short}…"
    return told + check_aside(bundle, total)


def aside_ids(bundle: Bundle) -> set[str]:
    """Replay the review after the close: return the ids of what was set aside."""
    ids: set[str] = set()
    for event in bundle.events[last_of(bundle, "round.closed")["seq"] :]:
        kind, payload = event["kind"], event["payload"]
        if kind not in ("ballots.set_aside", "ballots.restored"):
            continue
        if payload["round"] != bundle.round:
            continue
        these = {a_digest(id_) for id_ in has(payload["ballots"], list)}
        fresh = kind == "ballots.set_aside"
        if len(these) < len(payload["ballots"]) or not these:
            raise Mismatch("the log sets a ballot aside twice, or none")
        if fresh and not has(payload["reason"], str).strip():
            raise Mismatch("the log sets ballots aside without a reason")
        if ids & these if fresh else these - ids:
            raise Mismatch("the log sets aside, or takes back, what it cannot")
        ids = ids | these if fresh else ids - these
    return ids


def check_aside(bundle: Bundle, total: int) -> str:
    """Check that the ballots set aside are those that the log set aside."""
    ids = aside_ids(bundle)
    if bundle.aggregate is None:
        marked = {
            digest(b"logovote-aside-v1\0" + line["t"].encode())
            for line in bundle.lines
            if "aside" in line
        }
        if marked != ids:
            raise Mismatch("the ballots set aside are not those that the log set aside")
    elif sum(bundle.aggregate["counted"].values()) + len(ids) > total:
        raise Mismatch("the sums count more ballots than are left when some are aside")
    return f"; {len(ids)} of them are set aside, as the log says" if ids else ""


def root(leaves: list[str]) -> str:
    """Return the root of the tree over leaves, as RFC 6962 shapes it."""
    level = sorted(map(bytes.fromhex, leaves))
    return subtree(level).hex() if level else digest(b"")


def subtree(leaves: list[bytes]) -> bytes:
    """Hash the leaves pairwise, splitting at the largest power of two below n."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    left, right = subtree(leaves[:split]), subtree(leaves[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


def seed_of(bundle: Bundle) -> str:
    """Return the seed of the tie order, which nobody knew before the close."""
    closing_root = last_of(bundle, "round.closed")["payload"]["closing_root"]
    text = f"logovote-tie-v1\0{bundle.rules['public_string']}{closing_root}"
    return digest((text + beacon_of(bundle)).encode())


def beacon_of(bundle: Bundle) -> str:
    """Return what the public beacon drew that the rules name; "" if they name none."""
    drawn = ""
    for event in bundle.events[last_of(bundle, "round.closed")["seq"] :]:
        payload = event["payload"]
        if event["kind"] == "beacon.drawn" and payload["round"] == bundle.round:
            if payload["beacon"] != bundle.rules["beacon"]:
                raise Mismatch("the public draw is not the one that the rules name")
            drawn = has(payload["value"], str)
            if not DRAWN.fullmatch(drawn):
                raise Mismatch("the public draw has no value that a beacon draws")
    if bool(drawn) != bool(bundle.rules["beacon"]):
        raise Mismatch(
            "the rules name a public draw and the log has none, or the reverse"
        )
    return drawn


def check_beacon(bundle: Bundle) -> str:
    """Print what only the beacon itself can confirm."""
    drawn = beacon_of(bundle)
    closed = last_of(bundle, "round.closed")["at"]
    return (
        f"ties hang on {bundle.rules['beacon']}, which is said to have drawn {drawn}: "
        f"compare it with what the beacon published, and that it came after {closed}"
    )


# ── counting: what a ballot weighs ────────────────────────────────────────────────────


def said_by(bundle: Bundle, line: dict[str, Any]) -> list[list[str]] | None:
    """Return what a ballot says of the designs that stand; None says nothing.

    Of an approval ballot that is one list, empty for "none of these".
    """
    if bundle.is_ranking:
        allowed = bundle.standing.keys() | {NONE}
        tiers = [[id_ for id_ in tier if id_ in allowed] for tier in line["b"]]
        return [tier for tier in tiers if tier] or None
    if line["b"] == [NONE]:
        return [[]]
    families = {design.family for design in bundle.standing.values()}
    approved = [id_ for id_ in line["b"] if id_ in bundle.standing or id_ in families]
    return [approved] if approved else None


def weigh(bundle: Bundle, counted: Counter[str]) -> Weights:
    """Return how every group enters the count, from its counted ballots by class.

    With fixed shares a group's ballots divide its share, whatever its turnout; a group
    below its quorum loses in proportion; no ballot weighs more than `cap` average ones.
    """
    heads = dict.fromkeys(bundle.groups, 0)
    mass = dict.fromkeys(bundle.groups, Fraction(0))
    for id_, number in counted.items():
        class_ = bundle.classes[id_]
        if class_.weight:
            heads[class_.group] += number
            mass[class_.group] += number * class_.weight
    if bundle.rules["weights"] == "per_voter":
        factors = {id_: group.weight for id_, group in bundle.groups.items()}
        whole = sum((factors[id_] * mass[id_] for id_ in mass), Fraction(0))
        return {
            id_: Weight(
                heads=heads[id_],
                target=Fraction(0),
                share=part(factor * mass[id_], whole),
                factor=factor,
                at_quorum=heads[id_] >= 1,
            )
            for id_, factor in factors.items()
        }
    shares = {}
    for id_, group in bundle.groups.items():
        reached = Fraction(1 if heads[id_] else 0)
        if heads[id_] < group.quorum:
            reached = Fraction(heads[id_], group.quorum)
        shares[id_] = group.share * reached
    whole = sum(shares.values(), Fraction(0))
    shares = {id_: part(share, whole) for id_, share in shares.items()}
    shares = capped(bundle, shares, heads)
    return {
        id_: Weight(
            heads=heads[id_],
            target=group.share,
            share=shares[id_],
            factor=part(shares[id_], mass[id_]),
            at_quorum=heads[id_] >= group.quorum,
        )
        for id_, group in bundle.groups.items()
    }


def capped(
    bundle: Bundle, shares: dict[str, Fraction], heads: dict[str, int]
) -> dict[str, Fraction]:
    """Hold every group to its cap; what is cut off goes to the uncapped."""
    everyone = sum(heads.values())
    if not everyone:
        return shares
    limits = {
        id_: group.cap * heads[id_] / everyone for id_, group in bundle.groups.items()
    }
    held: set[str] = set()
    while over := {id_ for id_ in limits if shares[id_] > limits[id_]}:
        held |= over
        free = sum(
            (share for id_, share in shares.items() if id_ not in held), Fraction(0)
        )
        if not free:
            break
        rest = 1 - sum((limits[id_] for id_ in held), Fraction(0))
        shares = {
            id_: limits[id_] if id_ in held else share * rest / free
            for id_, share in shares.items()
        }
    return shares


def part(of: Fraction, whole: Fraction) -> Fraction:
    """Return a part of a whole; of nothing, nothing."""
    return of / whole if whole else Fraction(0)


def quorum_of(eligible: int) -> int:
    """Return the quorum: 3, or one and a half square roots of a group's size."""
    return max(3, (isqrt(9 * eligible - 1) + 2) // 2 if eligible else 0)


# ── counting: ties ────────────────────────────────────────────────────────────────────


def tie_ranks(bundle: Bundle, seed: str) -> dict[str, int]:
    """Return the place of every id in the tie order: families together, then by HMAC.

    In it are the ids of families too, each at the place of its first candidate.
    """
    family_of = families_of(bundle)

    def draw(id_: str) -> tuple[bytes, str]:
        return hmac.digest(seed.encode(), id_.encode(), "sha256"), id_

    def place_of(id_: str) -> tuple[tuple[bytes, str], tuple[bytes, str]]:
        return draw(family_of.get(id_, id_)), draw(id_)

    candidates: list[str] = [*family_of, *([NONE] if bundle.is_ranking else [])]
    ranks: dict[str, int] = {}
    for place, id_ in enumerate(sorted(candidates, key=place_of)):
        ranks.setdefault(family_of.get(id_, id_), place)
        ranks[id_] = place
    return ranks


def families_of(bundle: Bundle) -> dict[str, str]:
    """Return the family of every design that counts as one; rankings know none."""
    if bundle.is_ranking:
        return {id_: id_ for id_ in bundle.standing}
    return {id_: design.family for id_, design in bundle.standing.items()}


def finest_tiers(
    first: list[str], second: list[str], together: list[list[str]]
) -> list[list[str]]:
    """Return the finest tiers that separate only what two orders agree on."""
    position = {id_: place for place, id_ in enumerate(first)}
    reach = [0] * len(first)
    for mine, id_ in enumerate(second):
        low, high = sorted((position[id_], mine))
        reach[low] = max(reach[low], high)
    for ids in together:
        places = [position[id_] for id_ in ids if id_ in position]
        reach[min(places)] = max(reach[min(places)], *places)
    tiers, start, end = [], 0, 0
    for place, far in enumerate(reach):
        end = max(end, far)
        if place == end:
            tiers.append(sorted(first[start : place + 1]))
            start = end = place + 1
    return tiers


# ── counting: a shortlist, by sequential Phragmén ─────────────────────────────────────


class Approvals:
    """The approvals of a round, as integer weights of blocs of equal ballots."""

    def __init__(self, bundle: Bundle, weights: Weights) -> None:
        self.family_of = families_of(bundle)
        blocs: dict[tuple[str, ...], Fraction] = {}
        ticks: dict[str, Fraction] = {}
        for approved, weight in weighed(bundle, weights):
            key = tuple(sorted({self.family_of.get(id_, id_) for id_ in approved[0]}))
            blocs[key] = blocs.get(key, Fraction(0)) + weight
            for id_ in approved[0]:
                ticks[id_] = ticks.get(id_, Fraction(0)) + weight
        self.ticks = ticks
        self.total = sum(blocs.values(), Fraction(0))
        self.none = blocs.get((), Fraction(0))
        self.unit = lcm(*(weight.denominator for weight in blocs.values()))
        self.blocs = [(f, int(w * self.unit)) for f, w in blocs.items() if w]
        self.supports = dict.fromkeys(self.family_of.values(), 0)
        for approved_by, units in self.blocs:
            for family in approved_by:
                self.supports[family] += units

    def support(self, family: str) -> Fraction:
        """Return the part of all weight that approves a family."""
        return Fraction(self.supports[family], self.unit) / self.total


def weighed(
    bundle: Bundle, weights: Weights
) -> Iterator[tuple[list[list[str]], Fraction]]:
    """Yield every counted ballot with its weight in the whole."""
    for line in bundle.lines:
        class_ = bundle.classes[line["c"]]
        said = said_by(bundle, line)
        if said is not None and class_.weight:
            factor = weights[class_.group].factor
            yield said, line.get("n", 1) * class_.weight * factor


def prices(bundle: Bundle, weights: Weights, families: set[str]) -> dict[str, Fraction]:
    """Return what a place costs each family: seen by half the voters, half of it."""
    seen = {
        family: sum(
            (
                bundle.exposure[group][family] * weights[group].factor
                for group in bundle.groups
            ),
            Fraction(0),
        )
        for family in families
    }
    most = max(seen.values(), default=Fraction(0))
    if not most:
        return dict.fromkeys(seen, Fraction(1))
    return {
        family: max(weight / most, Fraction(1, 3)) for family, weight in seen.items()
    }


def elect(
    voters: Approvals, price: dict[str, Fraction], order: list[str], seats: int
) -> list[tuple[str, list[str]]]:
    """Elect one family after another; return each with all that were equal to it.

    The next place goes to the family whose supporters would then carry the least load
    t = (price + the weight of its supporters times the load they carry) / their weight.
    Loads are integers in units of 1/`scale`.
    """
    scale = lcm(*(p.denominator for p in price.values()))
    cost = {family: int(price[family] * scale) * voters.unit for family in order}
    load = [0] * len(voters.blocs)
    supporters: dict[str, list[int]] = {family: [] for family in order}
    for number, (families, _) in enumerate(voters.blocs):
        for family in families:
            supporters[family].append(number)
    burden = dict(cost)
    open_ = [family for family in order if voters.supports[family]]
    elected: list[tuple[str, list[str]]] = []
    while open_ and len(elected) < seats:
        tied = least(open_, burden, voters.supports, cost)
        best = tied[0]
        open_.remove(best)
        elected.append((best, tied))
        t = Fraction(burden[best], scale * voters.supports[best])
        wider = lcm(scale, t.denominator) // scale
        if wider > 1:
            scale *= wider
            burden = {family: value * wider for family, value in burden.items()}
            load = [value * wider for value in load]
        level = int(t * scale)
        for number in supporters[best]:
            families, weight = voters.blocs[number]
            more = (level - load[number]) * weight
            load[number] = level
            for family in families:
                burden[family] += more
    return elected


def least(
    open_: list[str],
    burden: dict[str, int],
    supports: dict[str, int],
    cost: dict[str, int],
) -> list[str]:
    """Return those of least burden per support; of these, the most supported.

    Support is compared by what it costs: seen by thrice as many, thrice the support.
    """
    best: list[str] = []
    for family in open_:
        if best:
            a, b = best[0], family
            here = burden[b] * supports[a], -supports[b] * cost[a]
            there = burden[a] * supports[b], -supports[a] * cost[b]
            if here > there:
                continue
            if here < there:
                best = []
        best.append(family)
    return best


def representatives(
    bundle: Bundle, voters: Approvals, ranks: dict[str, int]
) -> dict[str, str]:
    """Return the variant that stands for each family: most ticks, newest, tie order."""
    best: dict[str, tuple[Fraction, int, int, str]] = {}
    for id_, family in voters.family_of.items():
        ticks = voters.ticks.get(id_, Fraction(0))
        key = (-ticks, -bundle.standing[id_].recency, ranks[id_], id_)
        best[family] = min(best.get(family, key), key)
    return {family: key[3] for family, key in best.items()}


def count_shortlist(bundle: Bundle, weights: Weights, seed: str) -> dict[str, Any]:
    """Count approvals; return the parts of the result that only shortlists have."""
    ranks = tie_ranks(bundle, seed)
    voters = Approvals(bundle, weights)
    price = prices(bundle, weights, set(voters.supports))
    order = sorted(voters.supports, key=ranks.__getitem__)
    first = elect(voters, price, order, bundle.seats)
    second = first
    if any(len(tied) > 1 for _, tied in first):
        second = elect(voters, price, order[::-1], bundle.seats)
    together = [tied for run in (first, second) for _, tied in run]
    named = [[family for family, _ in run] for run in (first, second)]
    reached = list(
        dict.fromkeys(
            [*named[0], *named[0], *named[1]]
            + [family for tied in together for family in tied]
        )
    )
    turned = list(dict.fromkeys([*named[1], *reached]))
    tiers = finest_tiers(reached, turned, together)
    places, above = {}, 0
    for tier in tiers:
        places.update(dict.fromkeys(tier, (above + 1, len(tier) > 1)))
        above += len(tier)
    stands_for = representatives(bundle, voters, ranks)
    by_support = sorted(order, key=lambda family: -voters.supports[family])
    return {
        "order": [
            {
                "place": places[family][0],
                "entry": int(stands_for[family]),
                "family": family,
                "tied": places[family][1],
                "status_quo": False,
                "support": str(voters.support(family)),
                "approval_place": approval_place(voters, family),
            }
            for family, _ in first
        ],
        "ties": [
            {"step": f"slot {place}", "tied": tied, "chosen": [family]}
            for place, (family, tied) in enumerate(first, start=1)
            if len(tied) > 1
        ],
        "none_share": str(part(voters.none, voters.total)),
        "by_approval": [
            int(stands_for[family])
            for family in by_support[: bundle.seats]
            if voters.supports[family]
        ],
        "pairs": None,
    }


def approval_place(voters: Approvals, family: str) -> int:
    """Return a family's place by plain weighted approval; equal ones share it."""
    mine = voters.supports[family]
    return 1 + sum(support > mine for support in voters.supports.values())


# ── counting: a ranking, by ranked pairs ──────────────────────────────────────────────


def candidates_of(bundle: Bundle) -> list[str]:
    """Return the candidates in order of their numbers, "none of these" last."""
    return [*sorted(bundle.standing, key=int), NONE]


def compare(bundle: Bundle, weights: Weights) -> dict[str, dict[str, Fraction]]:
    """Return for every two candidates the weight that puts one above the other."""
    candidates = candidates_of(bundle)
    above = {a: dict.fromkeys(candidates, Fraction(0)) for a in candidates}
    merged: dict[tuple[tuple[str, ...], ...], Fraction] = {}
    same: dict[tuple[str, ...], tuple[str, ...]] = {}
    for tiers, weight in weighed(bundle, weights):
        key = tuple(same.setdefault(tier, tier) for tier in map(tuple, tiers))
        merged[key] = merged.get(key, Fraction(0)) + weight
    unit = lcm(*(weight.denominator for weight in merged.values()))
    counts = {a: dict.fromkeys(candidates, 0) for a in candidates}
    for ranking, weight in merged.items():
        times = int(weight * unit)
        named = {id_ for tier in ranking for id_ in tier}
        lower = [id_ for id_ in candidates if id_ not in named]
        if bundle.rules["unranked"] == "no_opinion":
            lower = []
        for tier in reversed(ranking):
            for a in tier:
                row = counts[a]
                for b in lower:
                    row[b] += times
            lower.extend(tier)
    for a in candidates:
        for b in candidates:
            above[a][b] = Fraction(counts[a][b], unit)
    return above


def ranked_pairs(
    candidates: list[str], margin: dict[str, dict[str, Fraction]], ranks: dict[str, int]
) -> tuple[list[str], list[dict[str, Any]]]:
    """Lock the clearest majorities first, leaving out what closes a cycle."""
    majorities = [(a, b) for a in candidates for b in candidates if margin[a][b] > 0]
    majorities.sort(key=lambda pair: (ranks[pair[0]], -ranks[pair[1]]))
    majorities.sort(key=lambda pair: -margin[pair[0]][pair[1]])
    below: dict[str, set[str]] = {a: set() for a in candidates}
    ties: list[dict[str, Any]] = []
    for _, group in groupby(majorities, key=lambda pair: margin[pair[0]][pair[1]]):
        equal = list(group)
        before = {a: set(lower) for a, lower in below.items()}
        locked, left_out = [], []
        for a, b in equal:
            if a in below[b]:
                left_out.append((a, b))
                continue
            locked.append((a, b))
            gained = below[b] | {b}
            for c in candidates:
                if c == a or a in below[c]:
                    below[c] |= gained
        if not all(a in before[b] for a, b in left_out):
            written = [[f"{a} > {b}" for a, b in pairs] for pairs in (equal, locked)]
            ties.append({"step": "lock", "tied": written[0], "chosen": written[1]})
    listed: list[str] = []
    remaining = set(candidates)
    while remaining:
        beaten = set().union(*(below[a] for a in remaining))
        unbeaten = sorted(remaining - beaten, key=ranks.__getitem__)
        if len(unbeaten) > 1:
            step = f"place {len(listed) + 1}"
            ties.append(
                {"step": step, "tied": sorted(unbeaten), "chosen": unbeaten[:1]}
            )
        listed.append(unbeaten[0])
        remaining.remove(unbeaten[0])
    return listed, ties


def count_ranking(
    bundle: Bundle, above: dict[str, dict[str, Fraction]], total: Fraction, seed: str
) -> dict[str, Any]:
    """Count rankings; return the parts of the result that only rankings have."""
    ranks = tie_ranks(bundle, seed)
    candidates = candidates_of(bundle)
    margin = {a: {b: above[a][b] - above[b][a] for b in candidates} for a in candidates}
    first, ties = ranked_pairs(candidates, margin, ranks)
    turned = {id_: -rank for id_, rank in ranks.items()}
    second, _ = ranked_pairs(candidates, margin, turned)
    places, passed = {}, 0
    for tier in finest_tiers(first, second, []):
        places.update(dict.fromkeys(tier, (passed + 1, len(tier) > 1)))
        passed += len(tier)
    order = []
    for id_ in first:
        line: dict[str, Any] = {
            "place": places[id_][0],
            "entry": None if id_ == NONE else int(id_),
            "family": None if id_ == NONE else bundle.standing[id_].family,
            "tied": places[id_][1],
            "status_quo": id_ == NONE,
            "beats": sum(m > 0 for m in margin[id_].values()),
            "loses": sum(m < 0 for m in margin[id_].values()),
        }
        if id_ != NONE:
            line["acceptable"] = margin[id_][NONE] > 0
        order.append(line)
    whole = total or Fraction(1)
    return {
        "order": order,
        "ties": ties,
        "none_share": None,
        "by_approval": [],
        "pairs": {
            a: {b: str(above[a][b] / whole) for b in candidates if b != a}
            for a in candidates
        },
    }


# ── the whole ─────────────────────────────────────────────────────────────────────────


def counted(bundle: Bundle, *, with_all: bool) -> Bundle:
    """Return the bundle as it is counted: without what was set aside, or with it."""
    view = copy.copy(bundle)
    if with_all:
        view.exposure = bundle.exposure_all
        if bundle.aggregate is not None:
            view.aggregate = bundle.aggregate["with_all"]
    else:
        view.lines = [line for line in bundle.lines if "aside" not in line]
    return view


def recount(bundle: Bundle) -> tuple[dict[str, Any], bool]:
    """Count the round as it was counted, and once more with what was set aside.

    Returns:
        The result, and whether it is all of it.
    """
    result, complete = recount_once(counted(bundle, with_all=False))
    if not (ids := aside_ids(bundle)):
        return result, complete
    whole = None
    # Where sums are published, the second result may be kept back: it would show what
    # single ballots say.
    shown = (bundle.result.get("set_aside") or {}).get("with_all") is not None
    if shown or bundle.rules["publish"] == "ballots":
        whole, _ = recount_once(counted(bundle, with_all=True))
    return result | {"set_aside": {"ballots": len(ids), "with_all": whole}}, complete


def recount_once(bundle: Bundle) -> tuple[dict[str, Any], bool]:
    """Count the ballots that a bundle holds; return the result, and if that is all."""
    heads: Counter[str] = Counter()
    if bundle.aggregate is None:
        for line in bundle.lines:
            if said_by(bundle, line) is not None:
                heads[line["c"]] += line.get("n", 1)
    else:
        heads.update(bundle.aggregate["counted"])
    weights = weigh(bundle, heads)
    seed = seed_of(bundle)
    result: dict[str, Any] = {
        "method": bundle.method,
        "turnout": {
            id_: {
                "voted": weight.heads,
                "eligible": bundle.groups[id_].eligible,
                "target": str(weight.target),
                "share": str(weight.share),
            }
            for id_, weight in weights.items()
        },
        "binding": sum(w.target for w in weights.values() if w.at_quorum)
        >= Fraction(1, 2),
        "seed": seed,
    }
    if bundle.aggregate is not None and not bundle.is_ranking:
        return result, False
    if not bundle.is_ranking:
        return result | count_shortlist(bundle, weights, seed), True
    if bundle.aggregate is None:
        above = compare(bundle, weights)
    else:
        above = from_sums(bundle, bundle.aggregate["sums"], weights)
    total = sum(
        (
            number * bundle.classes[c].weight * factor_of(bundle, weights, c)
            for c, number in heads.items()
        ),
        Fraction(0),
    )
    return result | count_ranking(bundle, above, total, seed), True


def factor_of(bundle: Bundle, weights: Weights, id_: str) -> Fraction:
    """Return what a ballot of own weight 1 in a class weighs."""
    return weights[bundle.classes[id_].group].factor


def from_sums(
    bundle: Bundle, sums: dict[str, dict[str, int]], weights: Weights
) -> dict[str, dict[str, Fraction]]:
    """Return the comparisons of a bundle that holds sums instead of ballots."""
    candidates = candidates_of(bundle)
    above = {a: dict.fromkeys(candidates, Fraction(0)) for a in candidates}
    for id_, said in sums.items():
        weight = bundle.classes[id_].weight * factor_of(bundle, weights, id_)
        for name, number in said.items():
            a, _, b = name.partition(" > ")
            if a not in above or b not in above:
                raise Malformed("its sums compare what does not stand")
            above[a][b] += number * weight
    return above


def check_result(bundle: Bundle) -> tuple[str, bool]:
    """Count again, and compare byte by byte with what was published."""
    for id_, group in bundle.groups.items():
        people = sum(
            class_.eligible
            for class_ in bundle.classes.values()
            if class_.group == id_ and class_.weight
        )
        if group.eligible != people or group.quorum != quorum_of(people):
            raise Mismatch(f"the size or the quorum of the group {id_!r} is not right")
    published = bundle.files["result.json"]
    try:
        result, complete = recount(bundle)
    except (KeyError, IndexError, TypeError, ValueError, ZeroDivisionError) as error:
        raise Malformed(f"its parts do not fit together ({error!r})") from error
    if complete:
        if canon(result).encode() != published:
            wrong = [n for n in result if result[n] != bundle.result.get(n)]
            raise Mismatch(
                "counting the ballots gives another result"
                + (f": its {wrong[0]} differs" if wrong else "")
            )
        return (
            "counting the ballots again gives the published result, byte for byte",
            True,
        )
    told = has(bundle.result.get("set_aside", {}), dict)
    again = result.pop("set_aside", {})
    if told.get("ballots") != again.get("ballots"):
        raise Mismatch("the result sets other ballots aside than the log")
    for name, value in (again.get("with_all") or {}).items():
        if told["with_all"].get(name) != value:
            raise Mismatch(f"counting all the sums gives another {name}")
    for name, value in result.items():
        if bundle.result.get(name) != value:
            raise Mismatch(f"counting the sums gives another {name}")
    return "order not recountable from this bundle: it holds sums, not ballots", False


def check(path: str, head: str | None, *, large: bool = False) -> dict[str, Any]:
    """Check a bundle step by step; stops at the first step that fails."""
    report: dict[str, Any] = {"status": "reproduced", "exit": REPRODUCED, "steps": []}

    def passed(step: str, detail: str) -> None:
        report["steps"].append({"step": step, "ok": True, "detail": detail})

    step = "read"
    try:
        bundle = Bundle(read_bundle(path, large=large))
        report["round"] = f"{bundle.rules['contest']} {bundle.round}"
        passed(step, "it is a bundle, in canonical form")
        for step, test in (
            ("log", check_chain),
            ("manifest", check_manifest),
            ("opening", check_opening),
            ("replay", check_replay),
            ("ballots", check_ballots),
            ("beacon", check_beacon),
        ):
            if step == "beacon" and not bundle.rules["beacon"]:
                continue
            try:
                passed(step, test(bundle))
            except (
                KeyError,
                IndexError,
                TypeError,
                ValueError,
                AttributeError,
            ) as error:
                raise Malformed(f"its parts do not fit together ({error!r})") from error
        step = "result"
        detail, complete = check_result(bundle)
        passed(step, detail)
        if not complete:
            report.update(status="not recountable", exit=NOT_RECOUNTABLE)
        step = "head"
        report["event_head"] = last_event(bundle)["hash"]
        report["head_checked"] = head is not None
        if head is not None:
            passed(step, check_head(bundle, head))
    except (Mismatch, Malformed, RecursionError, MemoryError) as error:
        status, exit_ = "malformed", MALFORMED
        if isinstance(error, Mismatch):
            status, exit_ = "mismatch", MISMATCH
        elif isinstance(error, TooLarge | MemoryError):
            status = "too large"
        report.update(status=status, exit=exit_)
        detail = str(error) or type(error).__name__
        if isinstance(error, MemoryError):
            detail = "this machine has too little memory for it: take a larger one"
        report["steps"].append({"step": step, "ok": False, "detail": detail})
    return report


def plain(text: str) -> str:
    """Return a stranger's words as one line that moves no cursor and hides nothing."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def told(report: dict[str, Any]) -> str:
    """Write a report for people."""
    lines = [
        f"{'ok  ' if step['ok'] else 'FAIL'} {step['step']:9} {plain(step['detail'])}"
        for step in report["steps"]
    ]
    lines.append(f"{plain(report.get('round', 'This file'))}: {report['status']}")
    if report["exit"] in (REPRODUCED, NOT_RECOUNTABLE) and not report["head_checked"]:
        lines.append(
            "not checked against a published head: whoever made this bundle could have "
            f"made all of it up.\nIts head is {report['event_head']}: compare it with "
            "the one on the audit page, and with what others wrote down."
        )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Run from a command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="recount", description="Count a published round again from its bundle."
    )
    parser.add_argument("bundle", metavar="BUNDLE.zip")
    parser.add_argument("--head", help="the head of the log, as it was published")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument(
        "--large", action="store_true", help="take a bundle of a million ballots"
    )
    options = parser.parse_args(arguments)
    head = options.head and options.head.strip().lower()
    report = check(options.bundle, head, large=options.large)
    text = (
        json.dumps(report, ensure_ascii=False, indent=2)
        if options.json
        else told(report)
    )
    sys.stdout.write(text.encode(errors="backslashreplace").decode() + "\n")
    return int(report["exit"])


if __name__ == "__main__":
    sys.exit(main())
