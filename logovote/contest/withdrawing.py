"""One design taken out of the contest by hand, and brought back; nothing is deleted."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from logovote.contest import events, rounds
from logovote.errors import LogovoteError
from logovote.store import queries
from logovote.store.models import Contest, DesignChange, Submission

_LONGEST_REASON = 500


class WithdrawalError(LogovoteError):
    """The design cannot be withdrawn, or brought back, like that."""


def withdraw(
    session: Session,
    contest: Contest,
    entry: int,
    reason: str,
    *,
    who: str,
    now: datetime,
    actor: str = events.SYSTEM,
) -> None:
    """Take a design out of the contest and out of every ballot of an open round.

    It stays out, whatever is imported later, until it is brought back.

    Raises:
        WithdrawalError: there is no such design, it is withdrawn already, or the
            reason is missing or too long.
        RoundError: a round is closed and waits for its count.
    """
    design = _design(session, contest, entry)
    reason = " ".join(reason.split())
    if not reason:
        raise WithdrawalError(
            f"Say why design {entry} is withdrawn: voters who chose it are told."
        )
    if len(reason) > _LONGEST_REASON:
        raise WithdrawalError(
            f"The reason is too long ({len(reason)} characters): use at most "
            f"{_LONGEST_REASON}."
        )
    if design.withdrawn_at is not None and design.withdrawn_reason:
        raise WithdrawalError(f"Design {entry} is withdrawn already.")
    # One that was only missing from an import gets its reason now.
    design.withdrawn_at = design.withdrawn_at or now
    design.withdrawn_reason = reason
    _note(session, design, f"Design {entry} withdrawn: {reason}", who, now)
    events.record_design(
        session, design, "withdrawn", actor=actor, now=now, reason=reason
    )


def bring_back(
    session: Session,
    contest: Contest,
    entry: int,
    *,
    who: str,
    now: datetime,
    actor: str = events.SYSTEM,
) -> None:
    """Let a withdrawn design stand again, in an open shortlist round too.

    Raises:
        WithdrawalError: there is no such design, or it is not withdrawn.
        RoundError: a round is closed and waits for its count.
    """
    design = _design(session, contest, entry)
    if design.withdrawn_at is None:
        raise WithdrawalError(f"Design {entry} is not withdrawn.")
    design.withdrawn_at, design.withdrawn_reason = None, ""
    stands = rounds.add_late_design(session, contest.id, design)
    _note(session, design, f"Design {entry} brought back", who, now)
    events.record_design(session, design, "restored", actor=actor, now=now, **stands)


def _design(session: Session, contest: Contest, entry: int) -> Submission:
    rounds.refuse_in_review(session, contest.id)
    design = queries.submission(session, contest.id, entry)
    if design is None:
        raise WithdrawalError(f"There is no design number {entry} in this contest.")
    return design


def _note(
    session: Session, design: Submission, what: str, who: str, now: datetime
) -> None:
    session.add(
        DesignChange(
            contest_id=design.contest_id, entry=design.entry, at=now, who=who, what=what
        )
    )
    session.flush()
