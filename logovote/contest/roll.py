"""The roll of a contest: a voter changed or removed by hand, and all as a table."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from logovote.contest import events, rounds
from logovote.contest.people import (
    PeopleError,
    Row,
    checked_group,
    import_people,
    on_the_roll,
    parse_weight,
)
from logovote.store import queries
from logovote.store.models import (
    Ballot,
    Contest,
    Feedback,
    Look,
    Message,
    Person,
    Phase,
    Question,
    Recusal,
    SignIn,
    TookPart,
    Voter,
)

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
        group = checked_group(group)
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


def remove(
    session: Session,
    contest: Contest,
    who: str,
    *,
    now: datetime,
    actor: str = events.SYSTEM,
) -> Person:
    """Take somebody off the roll who was added by mistake, as if they had never been.

    But for the public log, which says that somebody left. Who has voted stays: their
    ballot was counted, or will be. And while a round runs only those leave who came
    during it: of the others a group's quorum is made, and that was fixed.

    Args:
        session: a writing session.
        contest: the contest.
        who: their e-mail address or GitHub login.
        now: the time, for the log.
        actor: who does it, for the log.

    Raises:
        PeopleError: nobody of that name may vote here, they have voted, or they were
            there when the round opened that runs.
        RoundError: a round is closed and waits for its count.
    """
    rounds.refuse_in_review(session, contest.id)
    voter = queries.voter_called(session, contest.id, who)
    if voter is None:
        raise PeopleError(f"“{who}” may not vote in this contest.")
    person = voter.person
    name = person.name or person.key
    for kept in (Ballot.voter_id, TookPart.voter_id):
        if session.scalar(select(kept).where(kept == voter.id).limit(1)):
            raise PeopleError(
                f"{name} has voted, so they stay on the roll. Weight 0 takes their "
                "vote in rounds to come; a ballot of a round that runs can be set "
                "aside between its close and its count, with a reason."
            )
    for round_ in queries.rounds(session, contest.id):
        if round_.phase is Phase.OPEN and not (
            voter.added_at and voter.added_at > round_.opened_at
        ):
            raise PeopleError(
                f"{name} was on the roll when the round opened that runs, and how "
                "many of a group must vote was fixed with it. Remove them when it is "
                "counted."
            )
    left = on_the_roll(contest, person, voter.group, voter.weight)
    for of in (Recusal.voter_id, Look.voter_id, Feedback.voter_id, Question.voter_id):
        session.execute(delete(of.class_).where(of == voter.id))
    session.execute(
        delete(Message).where(
            Message.person_id == person.id, Message.contest_id == contest.id
        )
    )
    session.execute(
        delete(SignIn).where(SignIn.person_id == person.id, SignIn.only == contest.slug)
    )
    session.execute(delete(Voter).where(Voter.id == voter.id))
    events.record(
        session, contest.id, "roll.removed", {"voters": [left]}, actor=actor, now=now
    )
    return person


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
