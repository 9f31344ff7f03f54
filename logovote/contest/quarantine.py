"""Ballots set aside in the review between close and count, each with its reason.

Nothing does that by itself: somebody decides, before any total exists, and the log says
so. Afterwards both results are shown, so that everybody sees what it came to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from fractions import Fraction

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from logovote.contest import events, ledger, opening, recusals, rounds
from logovote.contest.opening import FEW_OF_A_CLASS
from logovote.contest.rules import Rules
from logovote.errors import LogovoteError
from logovote.store import holding, queries
from logovote.store.models import Ballot, Phase, Round, Voter

_LONGEST_REASON = 500


class QuarantineError(LogovoteError):
    """Ballots cannot be set aside, or taken back, like that."""


def set_aside(
    session: Session,
    round_: Round,
    ballot_ids: Collection[int],
    reason: str,
    *,
    actor: str = events.SYSTEM,
    now: datetime | None = None,
) -> int:
    """Set ballots aside before the count, and return how many.

    Raises:
        QuarantineError: the round is not in review, the reason is missing or too long,
            a ballot is not in the box, or so few of a group would be left that sums
            show single ballots.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise QuarantineError(
            "Say why these ballots are set aside: the log shows it, and so does the "
            "page of everybody whose ballot it is."
        )
    if len(reason) > _LONGEST_REASON:
        raise QuarantineError(
            f"The reason is too long ({len(reason)} characters): use at most "
            f"{_LONGEST_REASON}."
        )
    now = holding.hold_round(session, round_, now or datetime.now(UTC))
    ballots = _in_review(session, round_, ballot_ids)
    fresh = [ballot for ballot in ballots if ballot.set_aside is None]
    if not fresh:
        raise QuarantineError("These ballots are set aside already.")
    for ballot in fresh:
        ballot.set_aside = reason
    session.flush()
    _refuse_crumbs(session, round_)
    _log(session, round_, "set_aside", fresh, actor=actor, now=now, reason=reason)
    return len(fresh)


def take_back(
    session: Session,
    round_: Round,
    ballot_ids: Collection[int],
    *,
    actor: str = events.SYSTEM,
    now: datetime | None = None,
) -> int:
    """Put ballots that were set aside back among those that count.

    Raises:
        QuarantineError: the round is not in review, or none of them was set aside.
    """
    now = holding.hold_round(session, round_, now or datetime.now(UTC))
    ballots = [
        ballot
        for ballot in _in_review(session, round_, ballot_ids)
        if ballot.set_aside is not None
    ]
    if not ballots:
        raise QuarantineError("None of these ballots is set aside.")
    for ballot in ballots:
        ballot.set_aside = None
    session.flush()
    _refuse_crumbs(session, round_)
    _log(session, round_, "restored", ballots, actor=actor, now=now)
    return len(ballots)


def ballots_aside(session: Session, round_: Round) -> Sequence[Ballot]:
    """List what is set aside in a round, with voters and people. One statement."""
    return session.scalars(
        _ballots(round_).where(Ballot.set_aside.is_not(None)).order_by(Ballot.id)
    ).all()


def classes_aside(session: Session, round_: Round) -> Counter[tuple[str, Fraction]]:
    """Count what is set aside by group and own weight. Two statements or more."""
    own = recusals.own_of_all(session, round_)
    return Counter(
        (ballot.voter.group.name, ballot.voter.weight)
        for ballot in ballots_aside(session, round_)
        if ballot.voter is not None and rounds.is_in_the_box(ballot, own)
    )


def shows_both(round_: Round, aside: Counter[tuple[str, Fraction]]) -> bool:
    """Tell whether the result with all ballots may stand beside the official one.

    Where only sums are published, the difference of two sums is what was set aside: if
    that is one to four ballots of a class, the second result is kept back.
    """
    if Rules.from_json(round_.rules).publish == "ballots":
        return True
    return all(heads >= FEW_OF_A_CLASS for heads in aside.values())


def _refuse_crumbs(session: Session, round_: Round) -> None:
    """Refuse to leave one to four ballots of a class where sums are published.

    Raises:
        QuarantineError: a class that had enough would have that few.
    """
    if Rules.from_json(round_.rules).publish == "ballots":
        return
    cast: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for line in rounds.ballot_lines(session, round_, marked=True):
        cast[line["c"]] += line.get("n", 1)
        if "aside" not in line:
            left[line["c"]] += line.get("n", 1)
    for class_, heads in left.items():
        if 0 < heads < FEW_OF_A_CLASS <= cast[class_]:
            raise QuarantineError(
                f"Of “{class_}” only {heads} counted ballots would be left, and this "
                f"round publishes sums: fewer than {FEW_OF_A_CLASS} show what single "
                "people voted. Set fewer aside, or all of them."
            )


def _in_review(
    session: Session, round_: Round, ballot_ids: Collection[int]
) -> Sequence[Ballot]:
    """Return these ballots of a round that is in review, all of them in the box.

    Raises:
        QuarantineError: the round is in another phase, or a ballot is not there.
    """
    if round_.phase is Phase.OPEN:
        raise QuarantineError(
            f"The {rounds.NAMES[round_.kind]} is open. Ballots are set aside after it "
            "is closed, and before it is counted."
        )
    if round_.phase is not Phase.CLOSED:
        raise QuarantineError(
            f"The {rounds.NAMES[round_.kind]} is counted. What is set aside was to be "
            "decided before anybody knew a total."
        )
    own = recusals.own_of_all(session, round_)
    wanted = sorted(set(ballot_ids))
    ballots = [
        ballot
        for some in queries.in_batches(wanted)
        for ballot in session.scalars(
            _ballots(round_).where(Ballot.id.in_(some)).order_by(Ballot.id)
        )
        if rounds.is_in_the_box(ballot, own)
    ]
    if not ballots or len(ballots) < len(wanted):
        raise QuarantineError(
            "One of these ballots is not in the box. Load the page again."
        )
    return ballots


def _ballots(round_: Round) -> Select[Ballot]:
    return (
        select(Ballot)
        .where(Ballot.round_id == round_.id, Ballot.voter_id.is_not(None))
        .options(
            joinedload(Ballot.voter).joinedload(Voter.person),
            joinedload(Ballot.voter).joinedload(Voter.group),
        )
    )


def _log(
    session: Session,
    round_: Round,
    verb: str,
    ballots: Iterable[Ballot],
    *,
    actor: str,
    now: datetime | None,
    **more: str,
) -> None:
    ids = sorted(
        ledger.aside_id(
            ledger.tag(ballot.nonce or "", round_.id, ballot.voter.person.key)
        )
        for ballot in ballots
        if ballot.voter is not None
    )
    payload = {"round": opening.name_of(round_), "ballots": ids, **more}
    events.record(
        session, round_.contest_id, f"ballots.{verb}", payload, actor=actor, now=now
    )
