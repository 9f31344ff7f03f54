"""Saying that a voter is a designer of the contest, and taking it back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from logovote.contest import events, ledger, rounds
from logovote.errors import LogovoteError
from logovote.store import queries
from logovote.store.models import Contest, Phase, Recusal, Submission, Voter


class RecusalError(LogovoteError):
    """A voter cannot be marked like that."""


def recuse(
    session: Session,
    contest: Contest,
    who: str,
    of: str,
    *,
    actor: str = events.SYSTEM,
    now: datetime | None = None,
) -> Voter:
    """Mark a voter as designer: of everything under a name, or of one entry's family.

    Later designs under that name are the voter's own as well.

    Args:
        session: a writing session.
        contest: the contest.
        who: an address or login.
        of: a designer's name as it stands with a design, or an entry number.
        actor: who marks.
        now: when.

    Raises:
        RecusalError: nobody of that address may vote, there is no such designer or
            entry, or it is marked already.
        RoundError: a round is closed and waits for its count.
    """
    rounds.refuse_in_review(session, contest.id)
    voter = _voter(session, contest, who)
    designer, entry = _designs(session, contest, of)
    known = select(Recusal.id).where(
        Recusal.voter_id == voter.id,
        Recusal.designer == designer if designer else Recusal.entry == entry,
    )
    if session.scalar(known) is not None:
        raise RecusalError(f"{voter.person.key} is marked with that already.")
    session.add(Recusal(voter_id=voter.id, designer=designer, entry=entry))
    _log(session, contest, voter, "recused", actor=actor, now=now)
    return voter


def take_back(
    session: Session,
    contest: Contest,
    who: str,
    *,
    actor: str = events.SYSTEM,
    now: datetime | None = None,
) -> Voter:
    """Take back every mark of a voter: their whole ballot counts.

    Raises:
        RecusalError: nobody of that address may vote, or the voter has no mark.
        RoundError: a round is closed and waits for its count.
    """
    rounds.refuse_in_review(session, contest.id)
    voter = _voter(session, contest, who)
    marks = session.scalars(
        select(Recusal.id).where(Recusal.voter_id == voter.id)
    ).all()
    if not marks:
        raise RecusalError(f"{voter.person.key} is not marked as a designer.")
    session.execute(delete(Recusal).where(Recusal.id.in_(marks)))
    _log(session, contest, voter, "admitted", actor=actor, now=now)
    return voter


def _voter(session: Session, contest: Contest, who: str) -> Voter:
    voter = queries.voter_called(session, contest.id, who)
    if voter is None:
        raise RecusalError(f"“{who[:60]}” may not vote in this contest.")
    return voter


def _designs(
    session: Session, contest: Contest, of: str
) -> tuple[str | None, int | None]:
    """Find a designer's name, whatever its case, or an entry."""
    of = " ".join(of.split())
    rows = session.scalars(
        select(Submission).where(Submission.contest_id == contest.id)
    ).all()
    for design in rows:
        if design.designer and design.designer.casefold() == of.casefold():
            return design.designer, None
    number = of.removeprefix("#")
    for design in rows:
        if str(design.entry) == number:
            return None, design.entry
    raise RecusalError(
        f"No design of this contest is by “{of[:60]}” or has that number. Write the "
        "designer's name as it stands with a design, or an entry number such as 36."
    )


def _log(
    session: Session,
    contest: Contest,
    voter: Voter,
    verb: str,
    *,
    actor: str,
    now: datetime | None,
) -> None:
    """Log it by an id that only we can resolve, and not whose design it is.

    Who looks at the designs must not learn from the log where one of them comes from.
    """
    session.flush()
    for round_ in queries.rounds(session, contest.id):
        if round_.phase is Phase.OPEN:
            rounds.renew_codes(session, round_, [voter.id])
    payload = {"voter": ledger.roll_id(contest.roll_salt, voter.person.key)}
    events.record(session, contest.id, f"voter.{verb}", payload, actor=actor, now=now)
