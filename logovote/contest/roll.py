"""The roll of a contest: one voter changed by hand, and all of them as a table."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from logovote.contest import events
from logovote.contest.people import (
    PeopleError,
    Row,
    check_group,
    import_people,
    parse_weight,
)
from logovote.store import queries
from logovote.store.models import Contest, Voter

COLUMNS = ("email", "name", "group", "weight", "github")


def change(
    session: Session,
    contest: Contest,
    who: str,
    *,
    group: str = "",
    weight: str = "",
    now: datetime,
    actor: str = events.SYSTEM,
) -> Voter:
    """Move a voter into another group, or give them another weight; "" leaves as is.

    Weight 0 takes the vote away and leaves the place: they may look, and the log says
    so. As ever, nothing of it changes while a round runs.

    Args:
        session: a writing session.
        contest: the contest.
        who: their e-mail address or GitHub login.
        group: where they are to be; a new one is made.
        weight: such as 1, 0.5 or 2/3.
        now: the time, for the log.
        actor: who does it, for the log.

    Raises:
        PeopleError: nobody of that name may vote here, the weight is none, or a round
            is running.
        RoundError: a round is closed and waits for its count.
    """
    voter = queries.voter_called(session, contest.id, who)
    if voter is None:
        raise PeopleError(f"“{who}” may not vote in this contest.")
    person = voter.person
    if group := " ".join(group.split()):
        check_group(group)
    row = Row(
        line=1,
        key=person.key,
        email=person.email,
        github=person.github,
        name=person.name,
        group=group or voter.group.name,
        weight=parse_weight(weight.strip()) if weight.strip() else voter.weight,
    )
    (report,) = import_people(session, contest, [row], actor=actor, now=now)
    if report.status == "refused":
        raise PeopleError(f"That cannot be done: {report.reason}.")
    session.refresh(voter)
    return voter


def rows(session: Session, contest: Contest) -> list[tuple[str, ...]]:
    """List everybody by `COLUMNS`, as an import takes them. One statement."""
    return [
        (
            voter.person.email or "",
            voter.person.name,
            voter.group.name,
            str(voter.weight),
            voter.person.github or "",
        )
        for voter in queries.voters(session, contest.id)
    ]
