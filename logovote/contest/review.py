"""The review of a closed round: signs of abuse, before any total exists.

It tells ballots that are alike, and never what they say: no design, no number and no
order of designs. Whose they are it tells only of signs that have nothing to do with
what they say.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from logovote.contest import quarantine, recusals, rounds, signals
from logovote.contest.quarantine import QuarantineError
from logovote.contest.signals import Cast, Said, Sign
from logovote.store import queries
from logovote.store.models import Ballot, Contest, Kind, Phase, Round, Save

KINDS = {
    "burst": "Many at once",
    "network": "From one network",
    "late": "Added during the vote",
    "alike": "The same choices",
    "single": "One design only",
}


@dataclass(frozen=True)
class Whose:
    """Whose ballot it is that has a sign."""

    ballot: int
    who: str
    name: str
    group: str
    first_saved: datetime


@dataclass(frozen=True)
class Group:
    """Ballots with a sign in common.

    Attributes:
        key: a name for it, from which nobody can tell its ballots.
        sign: what they have in common, and how likely that is.
        people: whose they are, where that may be shown.
        overlaps: how many of them have each other sign, by kind; of signs that tell of
            what ballots say.
        aside: how many of them are set aside.
    """

    key: str
    sign: Sign
    people: tuple[Whose, ...]
    overlaps: Mapping[str, int]
    aside: int


@dataclass(frozen=True)
class Aside:
    """Ballots set aside for one reason."""

    key: str
    ballots: tuple[int, ...]
    reason: str


@dataclass(frozen=True)
class Review:
    """What an organiser sees of a closed round."""

    ballots: int
    groups: tuple[Group, ...]
    aside: tuple[Aside, ...]


def review(session: Session, round_: Round) -> Review:
    """Look a closed round over. A fixed number of statements.

    Raises:
        RoundError: the round is not between close and count.
    """
    if round_.phase is not Phase.CLOSED or round_.closed_at is None:
        raise rounds.RoundError(
            f"The {rounds.NAMES[round_.kind]} is {round_.phase.value}. It can be "
            "looked over after it is closed and before it is counted."
        )
    contest = session.get_one(Contest, round_.contest_id)
    box = _box(session, round_)
    casts = _casts(session, round_, box)
    found = signals.signs(casts, round_.opened_at, round_.closed_at)
    first = {cast.id: cast.saved_at for cast in casts}
    aside = {ballot.id for ballot in box if ballot.set_aside is not None}
    by_id = {ballot.id: ballot for ballot in box}
    named = _named(found)
    groups = [
        Group(
            key=_key(contest, round_, f"{sign.kind} {sign.ballots}"),
            sign=sign,
            people=tuple(_whose(by_id[id_], first[id_]) for id_ in sign.ballots)
            if sign.named
            else (),
            overlaps={} if sign.named else _overlaps(sign, named),
            aside=len(aside.intersection(sign.ballots)),
        )
        for sign in found
    ]
    return Review(len(box), tuple(groups), _aside(contest, round_, box))


def chosen(
    session: Session,
    round_: Round,
    keys: Collection[str],
    *,
    who: Collection[str] = (),
    among: Collection[int] | None = None,
) -> set[int]:
    """Return the ballots of groups, and of people by their address or login.

    Args:
        session: any session.
        round_: the round in review.
        keys: of groups of the review.
        who: addresses or logins.
        among: of groups that show people, only these; None takes all.

    Raises:
        QuarantineError: there is no such group, or somebody has no ballot in the box.
    """
    ids: set[int] = set()
    groups = (
        {group.key: group for group in review(session, round_).groups} if keys else {}
    )
    for key in keys:
        if key not in groups:
            raise QuarantineError(
                f"There is no group “{key[:20]}” in this review. Load it again."
            )
        group = groups[key]
        ids |= {
            id_
            for id_ in group.sign.ballots
            if among is None or not group.sign.named or id_ in among
        }
    for name in who:
        voter = queries.voter_called(session, round_.contest_id, name)
        ballot = voter and queries.ballot_of(session, round_.id, voter.id)
        if ballot is None:
            raise QuarantineError(f"“{name[:60]}” has no ballot in this round.")
        ids.add(ballot.id)
    if not ids:
        raise QuarantineError("Choose at least one ballot.")
    return ids


def aside_for(session: Session, round_: Round, key: str) -> tuple[int, ...]:
    """Return the ballots set aside for the reason of this key.

    Raises:
        QuarantineError: none is.
    """
    contest = session.get_one(Contest, round_.contest_id)
    ballots = quarantine.ballots_aside(session, round_)
    for aside in _aside(contest, round_, ballots):
        if key in (aside.key, aside.reason):
            return aside.ballots
    raise QuarantineError("Nothing is set aside for that reason now.")


def _box(session: Session, round_: Round) -> list[Ballot]:
    """Read the voters' ballots that the close committed to."""
    own = recusals.own_of_all(session, round_)
    return [
        ballot
        for ballot in queries.voter_ballots(session, round_.id)
        if rounds.is_in_the_box(ballot, own)
    ]


def _casts(session: Session, round_: Round, box: Sequence[Ballot]) -> list[Cast]:
    rows = session.execute(
        select(Save.ballot_id, Save.saved_at)
        .join(Ballot, Ballot.id == Save.ballot_id)
        .where(Ballot.round_id == round_.id, Save.rev == 1)
    )
    first = {row.ballot_id: row.saved_at for row in rows}
    own = recusals.own_of_all(session, round_)
    families = {
        str(candidacy.submission.entry): candidacy.family
        for candidacy in queries.candidacies(session, round_.id, withdrawn=True)
    }
    casts = []
    for ballot in box:
        voter = ballot.voter
        if voter is None:
            continue
        items = json.loads(ballot.choice)
        if voter.id in own:
            items = own[voter.id].without(items)
        casts.append(
            Cast(
                id=ballot.id,
                saved_at=first.get(ballot.id, ballot.saved_at),
                added_at=voter.added_at,
                network=ballot.network,
                said=_said(round_.kind, items, families),
            )
        )
    return casts


def _said(kind: Kind, items: list[object], families: Mapping[str, str]) -> Said:
    """Write what a ballot says so that equal ones are equal; variants are one."""
    if kind is Kind.SHORTLIST:
        return frozenset(families.get(str(id_), str(id_)) for id_ in items)
    return tuple(tuple(map(str, tier)) for tier in items if isinstance(tier, list))


def _whose(ballot: Ballot, first_saved: datetime) -> Whose:
    assert ballot.voter is not None  # noqa: S101 - _box reads voters' ballots alone
    person = ballot.voter.person
    return Whose(
        ballot.id, person.key, person.name, ballot.voter.group.name, first_saved
    )


def _named(found: Sequence[Sign]) -> dict[str, set[int]]:
    """Gather the ballots of each kind of sign that may show whose they are."""
    ballots: dict[str, set[int]] = {}
    for sign in found:
        if sign.named:
            ballots.setdefault(sign.kind, set()).update(sign.ballots)
    return ballots


def _overlaps(sign: Sign, named: Mapping[str, set[int]]) -> dict[str, int]:
    """Count how many of these ballots have each other kind of sign."""
    counts = {kind: len(ids.intersection(sign.ballots)) for kind, ids in named.items()}
    return {kind: number for kind, number in counts.items() if number}


def _aside(
    contest: Contest, round_: Round, ballots: Sequence[Ballot]
) -> tuple[Aside, ...]:
    by_reason: dict[str, list[int]] = {}
    for ballot in ballots:
        if ballot.set_aside is not None:
            by_reason.setdefault(ballot.set_aside, []).append(ballot.id)
    return tuple(
        Aside(_key(contest, round_, f"aside {reason}"), tuple(ids), reason)
        for reason, ids in by_reason.items()
    )


def _key(contest: Contest, round_: Round, text: str) -> str:
    """Name something so that who sees the name cannot try which ballots it is of."""
    secret = bytes.fromhex(contest.roll_salt)
    data = f"review {round_.id} {text}".encode()
    return hmac.new(secret, data, hashlib.sha256).hexdigest()[:12]
