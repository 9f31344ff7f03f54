"""The recount bundle: all that anybody needs to count a round again, and to check it.

It is written once, by the count itself, and kept: whatever becomes of designs, people
or ballots later, what was counted stays what was counted. The log names its digest.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from logovote import __version__
from logovote.contest import events, ledger, opening, recusals, rounds
from logovote.contest.opening import NONE
from logovote.contest.results import RECOUNTED
from logovote.errors import LogovoteError
from logovote.store import queries
from logovote.store.models import (
    Ballot,
    Bundle,
    Contest,
    Group,
    Kind,
    Phase,
    Round,
    Voter,
)
from logovote.voting.ballots import Approval, Ranking
from logovote.voting.profiles import Profile
from logovote.voting.weights import quorum_of

FORMAT = "logovote-bundle/1"
PUBLIC, FULL = "public", "full"
_SOFTWARE = {"name": "logovote", "version": __version__}
_EPOCH = (1980, 1, 1, 0, 0, 0)


class BundleError(LogovoteError):
    """There is no bundle to hand out."""


def write(
    session: Session,
    round_: Round,
    profile: Profile,
    result: Mapping[str, Any],
    insight: str | None,
    *,
    whole: Profile | None,
    actor: str,
    now: datetime | None,
) -> None:
    """Log the count of a round and keep its bundles.

    Args:
        session: a writing session.
        round_: the round, counted just now.
        profile: what was counted.
        result: its public form.
        insight: what explains it, as JSON; estimates, which no recount reproduces.
            None where explaining failed.
        whole: what would have been counted, had no ballot been set aside, if that is
            shown beside it.
        actor: who counted.
        now: when.
    """
    contest = session.get_one(Contest, round_.contest_id)
    name = opening.name_of(round_)
    rules = opening.rules_of(contest, round_)
    files = _files(session, round_, rules, profile, whole)
    shown = (*RECOUNTED, "set_aside")
    recounted = {part: result[part] for part in shown if part in result}
    files["result.json"] = ledger.canon(recounted).encode()
    if insight is not None:
        marked = {"recounted": False, "insight": json.loads(insight)}
        text = json.dumps(marked, ensure_ascii=False, sort_keys=True)
        files["insight.json"] = text.encode()
    if rules["publish"] != "ballots":
        sums = _aggregate(profile)
        lines = rounds.ballot_lines(session, round_)
        sums["leaves"] = sorted(ledger.leaf(line).hex() for line in lines)
        if whole is not None:
            sums["with_all"] = _aggregate(whole)
        files["aggregate.json"] = ledger.canon(sums).encode()
    counted = {
        "round": name,
        "software": _SOFTWARE,
        "files": {member: _digest(data) for member, data in files.items()},
    }
    events.record(session, contest.id, "round.counted", counted, actor=actor, now=now)
    log = {"events.json": ledger.canon(events.chain(session, contest.id)).encode()}
    scopes = {"ballots": [PUBLIC], "aggregate": [PUBLIC], "auditors": [PUBLIC, FULL]}
    digests = {}
    for scope in scopes[rules["publish"]]:
        hidden = _hidden(rules["publish"], scope)
        members = log | {member: d for member, d in files.items() if member != hidden}
        data = _zip(_manifest(rules, scope, members) | members)
        digests[scope] = _digest(data)
        session.add(
            Bundle(round_id=round_.id, scope=scope, digest=digests[scope], data=data)
        )
    payload = {"round": name, "sha256": digests}
    events.record(session, contest.id, "bundle.exported", payload, actor=actor, now=now)


def _hidden(publish: str, scope: str) -> str:
    """Name the file that a bundle leaves out: the ballots, or the sums of them."""
    ballots = publish == "ballots" or scope == FULL
    return "aggregate.json" if ballots else "ballots.json"


def bundle_of(session: Session, round_: Round, scope: str = PUBLIC) -> Bundle:
    """Return a round's bundle.

    Raises:
        BundleError: the round is not counted, or was before there were bundles.
    """
    bundle = session.get(Bundle, (round_.id, scope))
    if bundle is None:
        raise BundleError(
            f"The {rounds.NAMES[round_.kind]} has no such recount bundle. There is one "
            "once it is counted."
        )
    return bundle


def bundles_of(session: Session, round_: Round | None) -> list[tuple[str, bytes]]:
    """Return all bundles of a round, by scope; none, if it was not counted."""
    if round_ is None:
        return []
    rows = session.execute(
        select(Bundle.scope, Bundle.data)
        .where(Bundle.round_id == round_.id)
        .order_by(Bundle.scope)
    )
    return [(scope, data) for scope, data in rows]


def published(session: Session, contest_id: int) -> list[tuple[Round, str]]:
    """List the published rounds with their bundle's digest. One statement."""
    rows = session.execute(
        select(Round, Bundle.digest)
        .join(Bundle, (Bundle.round_id == Round.id) & (Bundle.scope == PUBLIC))
        .where(Round.contest_id == contest_id, Round.phase == Phase.PUBLISHED)
        .order_by(Round.id)
    )
    return [(round_, digest) for round_, digest in rows]


def file_name(contest: Contest, round_: Round, scope: str = PUBLIC) -> str:
    """Name a bundle for a download."""
    more = "" if scope == PUBLIC else f"-{scope}"
    return f"{contest.slug}-{round_.kind.value}-{round_.number}{more}-bundle.zip"


def _files(
    session: Session,
    round_: Round,
    rules: Mapping[str, Any],
    profile: Profile,
    whole: Profile | None,
) -> dict[str, bytes]:
    """Write what was counted, as file names and canonical contents."""
    eligible = _eligible(session, round_)
    cast: Counter[str] = Counter()
    # Of each line only its text is kept: there may be a million.
    lines: list[tuple[str, str]] = []
    for line in rounds.ballot_lines(session, round_, marked=True):
        cast[line["c"]] += line.get("n", 1)
        lines.append((line["t"], ledger.canon(line)))
    lines.sort()
    documents: dict[str, Any] = {
        "rules.json": rules,
        "groups.json": _groups(rules, profile),
        "classes.json": [
            class_
            | {
                "eligible": eligible[class_["group"], Fraction(class_["weight"])],
                "ballots": cast[class_["id"]],
            }
            for class_ in opening.classes_as_json(eligible)
        ],
        "designs.json": [
            {
                "id": candidacy.submission.entry,
                "family": candidacy.family,
                "image_sha256": candidacy.submission.digest,
                "status": "withdrawn"
                if candidacy.submission.withdrawn_at
                else "standing",
                "recency": candidacy.submission_id,
            }
            for candidacy in queries.candidacies(session, round_.id, withdrawn=True)
        ],
    }
    if round_.kind is Kind.SHORTLIST:
        documents["exposure.json"] = exposure_of(profile)
        if whole is not None:
            documents["exposure_all.json"] = exposure_of(whole)
    if recused := recusals.as_published(session, round_):
        documents["recusals.json"] = recused
    files = {name: ledger.canon(value).encode() for name, value in documents.items()}
    ballots = ",".join(text for _, text in lines)
    return files | {"ballots.json": f"[{ballots}]".encode()}


def _eligible(session: Session, round_: Round) -> opening.Classes:
    """Count who could vote by weight class; a ballot on paper brings its voter."""
    eligible: opening.Classes = Counter()
    invited = session.execute(
        select(Group.name, Voter.weight, func.count())
        .join(Voter, Voter.group_id == Group.id)
        .where(Voter.contest_id == round_.contest_id)
        .group_by(Group.name, Voter.weight)
    )
    on_paper = session.execute(
        select(Group.name, Ballot.weight, func.sum(Ballot.count))
        .join(Ballot, Ballot.group_id == Group.id)
        .where(Ballot.round_id == round_.id, Ballot.voter_id.is_(None))
        .group_by(Group.name, Ballot.weight)
    )
    for group, weight, count in (*invited, *on_paper):
        eligible[group, weight] += int(count)
    return eligible


def _groups(rules: Mapping[str, Any], profile: Profile) -> list[dict[str, Any]]:
    eligible = {group.id: group.eligible or 0 for group in profile.all_groups}
    return [
        {
            "id": group["id"],
            "share": group["share"],
            "weight": group["weight"],
            "eligible": eligible[group["id"]],
            "quorum": quorum_of(eligible[group["id"]]),
            "cap": str(rules["cap"]),
        }
        for group in rules["groups"]
    ]


def exposure_of(profile: Profile) -> dict[str, dict[str, str]]:
    """Add up, by group and family, the own weight of the voters who saw the family."""
    if profile.exposure is not None:
        return {
            group.id: {
                family: str(profile.exposure.get(group.id, {}).get(family, Fraction(0)))
                for family in profile.variants
            }
            for group in profile.all_groups
        }
    mass = {group.id: Fraction(0) for group in profile.all_groups}
    missed: dict[tuple[str, str], Fraction] = {}
    for vote in profile.counted:
        weight = vote.count * vote.weight
        mass[vote.group] += weight
        if vote.seen is None or not isinstance(vote.ballot, Approval):
            continue
        saw = {profile.family_of(id_) for id_ in vote.seen | vote.ballot.approved}
        for family in profile.variants.keys() - saw:
            key = vote.group, family
            missed[key] = missed.get(key, Fraction(0)) + weight
    return {
        group: {
            family: str(whole - missed.get((group, family), 0))
            for family in profile.variants
        }
        for group, whole in mass.items()
    }


def _aggregate(profile: Profile) -> dict[str, Any]:
    """Add counted ballots up by weight class.

    Of rankings, how many put one candidate above another: all that ranked pairs asks
    for. Of approvals, how many approve each family, which is not all Phragmén asks for.
    """
    counted: Counter[str] = Counter()
    sums: dict[str, Counter[str]] = {}
    for vote in profile.counted:
        class_ = ledger.weight_class(vote.group, vote.weight)
        counted[class_] += vote.count
        said = sums.setdefault(class_, Counter())
        for key in _said(vote.ballot, profile):
            said[key] += vote.count
    return {
        "counted": dict(counted),
        "sums": {class_: dict(said) for class_, said in sums.items()},
    }


def _said(ballot: Approval | Ranking, profile: Profile) -> Iterable[str]:
    """Name each thing a ballot says that can be added up."""
    if isinstance(ballot, Approval):
        yield from ballot.approved & set(profile.candidates)
        families = {profile.family_of(id_) for id_ in ballot.approved}
        yield from (f"family {family}" for family in families)
        if not families:
            yield NONE
        return
    tiers = list(ballot.tiers)
    if profile.unranked == "last":
        named = {id_ for tier in tiers for id_ in tier}
        tiers.append(tuple(id_ for id_ in profile.candidates if id_ not in named))
    for place, tier in enumerate(tiers):
        for lower in tiers[place + 1 :]:
            yield from (f"{above} > {below}" for above in tier for below in lower)


def _manifest(
    rules: Mapping[str, Any], scope: str, files: Mapping[str, bytes]
) -> dict[str, bytes]:
    manifest = {
        "format": FORMAT,
        "contest": rules["contest"],
        "round": rules["round"],
        "publish": rules["publish"],
        "scope": scope,
        "software": _SOFTWARE,
        "files": {name: _digest(data) for name, data in files.items()},
        "event_head": json.loads(files["events.json"])[-1]["hash"],
    }
    return {"manifest.json": ledger.canon(manifest).encode()}


def _zip(files: Mapping[str, bytes]) -> bytes:
    """Pack files so that equal contents are equal bytes, whoever packs them.

    Stored, not compressed: compressors of two machines may differ.
    """
    with io.BytesIO() as whole:
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:
            for name in sorted(files):
                member = zipfile.ZipInfo(name, _EPOCH)
                member.create_system = 3
                member.external_attr = 0o644 << 16
                archive.writestr(member, files[name])
        return whole.getvalue()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
