"""What is fixed when a round opens, written down so that anybody can check it later."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from logovote.contest import ledger
from logovote.contest.rules import Rules
from logovote.store import queries
from logovote.store.models import Contest, Event, Round, Voter

Classes = Counter[tuple[str, Fraction]]
"""How many of each weight class, that is of each group and own weight."""

NONE = "none"
"""The id of "none of these" on ballots."""

FEW_VOTERS = 30
FEW_OF_A_CLASS = 5


def name_of(round_: Round) -> str:
    """Name a round in the log, such as shortlist/1."""
    return f"{round_.kind.value}/{round_.number}"


def opening_of(session: Session, contest: Contest, round_: Round) -> dict[str, Any]:
    """Describe everything that decides how a round is counted, as it opens.

    Three statements.
    """
    voters = queries.voters(session, contest.id)
    classes = Counter((voter.group.name, voter.weight) for voter in voters)
    return {
        "rules": rules_of(contest, round_),
        "classes": classes_as_json(classes),
        "designs": designs_of(session, round_),
        "roll": {
            "counts": {ledger.weight_class(*each): n for each, n in classes.items()},
            "root": roll_root(contest, voters),
        },
    }


def commitment_of(session: Session, round_: Round) -> str:
    """Return the hash of everything that was fixed when a round opened, as logged."""
    opened = session.scalars(
        select(Event.payload)
        .where(Event.contest_id == round_.contest_id, Event.kind == "round.opened")
        .order_by(Event.seq.desc())
    )
    name = name_of(round_)
    return next(
        (
            str(payload["commitment"])
            for payload in map(json.loads, opened)
            if payload["round"] == name
        ),
        "",
    )


def rules_of(contest: Contest, round_: Round) -> dict[str, Any]:
    """Write a round's rules with nothing left implicit: shares sum to 1."""
    rules = Rules.from_json(round_.rules)
    shares = {group: share for group, share, _ in rules.target_shares()}
    written: dict[str, Any] = json.loads(rules.as_json())
    return written | {
        "contest": contest.slug,
        "round": {
            "id": round_.id,
            "kind": round_.kind.value,
            "number": round_.number,
        },
        "groups": [
            # A ballot of own weight 1 weighs 1 where groups have no fixed share.
            {
                "id": group.id,
                "share": str(shares[group.id]),
                "weight": "1",
                "reason": group.reason,
            }
            for group in rules.groups
        ],
        "public_string": round_.public_string,
        "status_quo_id": NONE,
    }


def classes_as_json(classes: Classes) -> list[dict[str, Any]]:
    """List weight classes in order of their names."""
    return sorted(
        (
            {
                "id": ledger.weight_class(group, weight),
                "group": group,
                "weight": str(weight),
            }
            for group, weight in classes
        ),
        key=lambda class_: class_["id"],
    )


def designs_of(session: Session, round_: Round) -> list[dict[str, Any]]:
    """List what stands in a round, by entry number. One statement."""
    return [
        {
            "id": candidacy.submission.entry,
            "family": candidacy.family,
            "image_sha256": candidacy.submission.digest,
        }
        for candidacy in queries.candidacies(session, round_.id)
    ]


def roll_root(contest: Contest, voters: Iterable[Voter]) -> str:
    """Commit to who may vote without saying who."""
    ids = (ledger.roll_id(contest.roll_salt, voter.person.key) for voter in voters)
    return ledger.root_of(bytes.fromhex(id_) for id_ in ids)


def warnings(session: Session, contest: Contest) -> list[str]:
    """Say why publishing every ballot might show who cast it. One statement."""
    voters = [v for v in queries.voters(session, contest.id) if v.weight > 0]
    found = []
    if 0 < len(voters) < FEW_VOTERS:
        found.append(
            f"Only {len(voters)} people may vote, fewer than {FEW_VOTERS}: people who "
            "know each other's taste may recognise a published ballot."
        )
    classes = Counter((voter.group.name, voter.weight) for voter in voters)
    for (group, weight), heads in sorted(classes.items()):
        if heads < FEW_OF_A_CLASS:
            of = f"the group “{group}”"
            if weight != 1:
                of += f" with weight {weight}"
            noun = "person is" if heads == 1 else "people are"
            found.append(
                f"Only {heads} {noun} in {of}, fewer than {FEW_OF_A_CLASS}: a "
                "published ballot names its group and weight."
            )
    return found
