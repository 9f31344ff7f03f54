"""The ballots of a counted round as a file that `logovote count` reads.

Equal ballots are merged and all are sorted, so a file tells nothing of who cast what,
nor of the order in which they came.
"""

from __future__ import annotations

import json
from typing import Any

from logovote.store.models import Round
from logovote.voting.ballots import Ranking
from logovote.voting.formats import read_profile
from logovote.voting.profiles import Group, Profile, Vote


def profile_file(profile: Profile) -> str:
    """Write a profile in the form of docs/ballot-files.md, a ballot a line."""
    head: dict[str, Any] = {
        "candidates": list(profile.candidates),
        "unranked": profile.unranked,
        "seed": profile.seed if isinstance(profile.seed, str) else profile.seed.hex(),
        "mode": profile.weighting,
        "groups": {group.id: _group(group) for group in profile.groups},
    }
    if profile.families:
        head["families"] = dict(profile.families)
    if profile.recency:
        head["recency"] = dict(profile.recency)
    if profile.exposure is not None:
        head["exposure"] = {
            group: {family: str(parts[family]) for family in sorted(parts)}
            for group, parts in profile.exposure.items()
        }
    if profile.status_quo is not None:
        head["status_quo"] = profile.status_quo
    lines = [f"{_json(key)}: {_json(value)}" for key, value in head.items()]
    ballots = ",\n  ".join(map(_json, _merged(profile)))
    lines.append(f'"ballots": [\n  {ballots}\n]' if ballots else '"ballots": []')
    return "{" + ",\n".join(lines) + "}\n"


def profile_of(round_: Round) -> Profile | None:
    """Read back the ballots of a round as they were counted, if they were kept."""
    if round_.profile is None:
        return None
    return read_profile(round_.profile.encode(), "profile.json")


def _merged(profile: Profile) -> list[dict[str, Any]]:
    counts: dict[str, int] = {}
    for vote in profile.counted:
        line = _json(_ballot(vote))
        counts[line] = counts.get(line, 0) + vote.count
    return [
        {"count": count} | json.loads(line) for line, count in sorted(counts.items())
    ]


def _ballot(vote: Vote) -> dict[str, Any]:
    values: dict[str, Any] = {"group": vote.group}
    if vote.weight != 1:
        values["weight"] = str(vote.weight)
    if vote.seen is not None:
        values["seen"] = sorted(vote.seen)
    if isinstance(vote.ballot, Ranking):
        return values | {"ranking": [list(tier) for tier in vote.ballot.tiers]}
    return values | {"approvals": sorted(vote.ballot.approved)}


def _group(group: Group) -> dict[str, Any]:
    values = {
        "share": group.share,
        "weight": group.weight,
        "eligible": group.eligible,
        "quorum": group.quorum,
        "cap": group.cap,
    }
    return {
        name: value if isinstance(value, int) else str(value)
        for name, value in values.items()
        if value is not None
    }


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
