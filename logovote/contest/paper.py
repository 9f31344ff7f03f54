"""Ballots that were cast elsewhere, on paper or in another tool, from a file."""

from __future__ import annotations

import secrets
from collections import Counter
from datetime import datetime
from fractions import Fraction
from itertools import chain

from sqlalchemy import select
from sqlalchemy.orm import Session

from logovote.contest import casting, events, ledger, opening, people
from logovote.contest.casting import InvalidBallotError, Items, RoundClosedError
from logovote.contest.people import PeopleError
from logovote.contest.rules import Rules
from logovote.store import holding, queries
from logovote.store.media import digest_of
from logovote.store.models import Ballot, Contest, Kind, Phase, Round
from logovote.voting.ballots import Approval
from logovote.voting.formats import read_profile
from logovote.voting.profiles import ALL, Profile, Vote

_LARGEST_PILE = 10_000_000


def import_ballots(
    session: Session,
    contest: Contest,
    round_: Round,
    *,
    name: str,
    data: bytes,
    now: datetime,
    actor: str = events.SYSTEM,
) -> int:
    """Add a file's ballots to an open round, anonymously, and return how many.

    Candidates are entry numbers as text; "none" is the status quo. Groups must exist.

    Raises:
        RoundClosedError: the round is not open.
        InvalidBallotError: the file was taken in before, contradicts the contest's
            own settings, or a ballot does not fit the round.
    """
    holding.hold_contest(session, contest.id)
    now = holding.hold_round(session, round_, now, share=True)
    if round_.phase is not Phase.OPEN:
        raise RoundClosedError("This round is not open for voting.")
    if round_.has_ended(now):
        raise RoundClosedError(
            "The time of this round is over. Move its end to a later time first, if "
            "these ballots were cast before it."
        )
    source = digest_of(data)
    known = select(Ballot.id).where(
        Ballot.round_id == round_.id, Ballot.source == source
    )
    if session.scalar(known.limit(1)) is not None:
        raise InvalidBallotError(
            "These ballots were taken in before; the same file counts once."
        )
    profile = read_profile(data, name)
    _check_settings(session, round_, profile)
    groups = {group.name: group for group in queries.groups(session, contest.id)}
    slate = casting.slate(session, round_)
    total = 0
    classes: opening.Classes = Counter()
    for number, vote in enumerate(profile.votes, start=1):
        group = groups.get(_group_name(vote, list(groups)))
        if group is None:
            raise InvalidBallotError(
                f"Ballot {number} is of the group “{vote.group}”, which this contest "
                f"does not have (groups: {', '.join(groups) or 'none'})."
            )
        try:
            people.check_weight(vote.weight)
        except PeopleError as error:
            raise InvalidBallotError(f"Ballot {number}: {error}.") from error
        if vote.count > _LARGEST_PILE:
            raise InvalidBallotError(
                f"Ballot {number}: it cannot have been cast more than {_LARGEST_PILE} "
                "times."
            )
        if strangers := _named(vote) - slate.known:
            raise InvalidBallotError(
                f"Ballot {number}: there is no logo “{min(strangers)[:20]}” in this "
                "round. Name logos by their entry numbers, such as 36, and “none of "
                "these” none."
            )
        try:
            items = casting.checked_items(round_.kind, _items(vote, round_.kind), slate)
        except InvalidBallotError as error:
            raise InvalidBallotError(f"Ballot {number}: {error}") from error
        session.add(
            Ballot(
                round_id=round_.id,
                choice=ledger.canon(items),
                saved_at=now,
                nonce=secrets.token_hex(16),
                group_id=group.id,
                weight=vote.weight,
                count=vote.count,
                source=source,
            )
        )
        total += vote.count
        classes[group.name, vote.weight] += vote.count
    session.flush()
    cast = [
        class_ | {"ballots": classes[class_["group"], Fraction(class_["weight"])]}
        for class_ in opening.classes_as_json(classes)
    ]
    payload = {"round": opening.name_of(round_), "sha256": source, "classes": cast}
    events.record(
        session, contest.id, "ballots.imported", payload, actor=actor, now=now
    )
    return total


def _group_name(vote: Vote, groups: list[str]) -> str:
    """Return the ballot's group; in a contest of one group it need not be named."""
    return groups[0] if vote.group == ALL and len(groups) == 1 else vote.group


def _named(vote: Vote) -> frozenset[str]:
    """Return all that a ballot names."""
    ballot = vote.ballot
    if isinstance(ballot, Approval):
        return ballot.approved
    return frozenset(chain.from_iterable(ballot.tiers))


def _items(vote: Vote, kind: Kind) -> Items:
    """Write a ballot as this round's ballots are written.

    Raises:
        InvalidBallotError: a ranking where approvals are asked for.
    """
    ballot = vote.ballot
    if isinstance(ballot, Approval):
        approved = sorted(ballot.approved)
        if kind is Kind.RANKING:
            return [approved] if approved else []
        return list(approved) or [casting.NONE]
    if kind is Kind.SHORTLIST:
        raise InvalidBallotError("this round takes approvals, not rankings.")
    return [list(tier) for tier in ballot.tiers]


def _check_settings(session: Session, round_: Round, profile: Profile) -> None:
    """Refuse a file whose own settings differ from the round's.

    Raises:
        InvalidBallotError: naming what differs.
    """
    if profile.exposure is not None or any(
        vote.seen is not None for vote in profile.votes
    ):
        raise InvalidBallotError(
            "The file says how many have seen each design, which the round keeps "
            "itself. Take `exposure` and `seen` out of the file."
        )
    if profile.seed:
        raise InvalidBallotError(
            "The file names a seed of its own; the round's is made when it closes. "
            "Take it out of the file."
        )
    rules = Rules.from_json(round_.rules)
    short = profile.unranked  # "last" also where a file says nothing of it
    if round_.kind is Kind.RANKING and short not in ("last", rules.unranked):
        raise InvalidBallotError(
            "In the file what a ballot leaves out is not compared; in this round it is "
            "below all that the ballot ranks. If that is what its voters meant, take "
            "the setting out of the file."
        )
    shares = {group.id: group.share for group in rules.groups}
    for group in profile.groups:
        if group.share is not None and group.share != shares.get(group.id):
            raise InvalidBallotError(
                f"The file gives the group “{group.id}” the share {group.share}; the "
                f"contest says {shares.get(group.id) or 'an equal part'}."
            )
    families = {
        str(candidacy.submission.entry): candidacy.family
        for candidacy in queries.candidacies(session, round_.id)
    }
    together: dict[str, str] = {}
    apart: dict[str, str] = {}
    for candidate in profile.candidates if profile.families else ():
        family, ours = profile.family_of(candidate), families.get(candidate, candidate)
        alike = together.setdefault(family, ours), apart.setdefault(ours, family)
        if alike != (ours, family):
            raise InvalidBallotError(
                f"The file counts “{candidate}” as a variant in the family “{family}”; "
                "the contest does not."
            )
