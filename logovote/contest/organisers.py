"""Who runs a contest: naming them, and taking their role away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from logovote.contest import events, people
from logovote.contest.people import PeopleError
from logovote.contest.standing import REACH
from logovote.errors import LogovoteError
from logovote.store import holding
from logovote.store.models import Contest, Organiser, Person, Role


class OrganiserError(LogovoteError):
    """Somebody cannot be named, or removed."""


def organisers(session: Session, contest: Contest) -> Sequence[Organiser]:
    """List who runs a contest, owners first."""
    found = session.scalars(
        select(Organiser)
        .where(Organiser.contest_id == contest.id)
        .options(joinedload(Organiser.person))
    )
    return sorted(found, key=lambda each: (-REACH[each.role], each.person.key))


def name(
    session: Session,
    contest: Contest,
    who: str,
    role: Role,
    *,
    now: datetime,
    actor: str = events.SYSTEM,
) -> Organiser:
    """Give somebody, by address or GitHub login, a role; they may have had another.

    Raises:
        OrganiserError: it is neither, or the contest would be without an owner.
    """
    holding.hold_contest(session, contest.id)
    try:
        person = people.make_known(session, who)
    except PeopleError as error:
        raise OrganiserError(
            f"“{who.strip()[:80]}” is neither an e-mail address nor a GitHub login."
        ) from error
    organiser = _organiser(session, contest, person)
    if organiser is None:
        organiser = Organiser(contest_id=contest.id, person=person, role=role)
        session.add(organiser)
    elif organiser.role is role:
        return organiser
    else:
        _refuse_ownerless(session, contest, organiser)
        organiser.role = role
    _record(session, contest, "named", role, now=now, actor=actor)
    return organiser


def remove(
    session: Session,
    contest: Contest,
    who: str,
    *,
    now: datetime,
    actor: str = events.SYSTEM,
) -> Person:
    """Take somebody's role away; it is gone with their next request.

    Raises:
        OrganiserError: they have none, or the contest would be without an owner.
    """
    holding.hold_contest(session, contest.id)
    organiser = find(session, contest, who)
    _refuse_ownerless(session, contest, organiser)
    session.delete(organiser)
    _record(session, contest, "removed", organiser.role, now=now, actor=actor)
    return organiser.person


def find(session: Session, contest: Contest, who: str) -> Organiser:
    """Return who runs a contest and has an address or GitHub login.

    Raises:
        OrganiserError: nobody does.
    """
    try:
        person = people.person_named(session, who)
    except PeopleError as error:
        raise OrganiserError(str(error)) from error
    organiser = _organiser(session, contest, person)
    if organiser is None:
        raise OrganiserError(
            f"{person.key} does not help to run this contest. Name them first."
        )
    return organiser


def _organiser(session: Session, contest: Contest, person: Person) -> Organiser | None:
    return session.get(
        Organiser, (contest.id, person.id), options=[joinedload(Organiser.person)]
    )


def _refuse_ownerless(session: Session, contest: Contest, going: Organiser) -> None:
    """Refuse to take the last owner's role.

    Raises:
        OrganiserError: nobody else owns the contest.
    """
    roles = [each.role for each in organisers(session, contest)]
    if going.role is Role.OWNER and roles.count(Role.OWNER) == 1:
        raise OrganiserError(
            f"{going.person.key} is the only owner of this contest. Name another owner "
            "first."
        )


def _record(
    session: Session,
    contest: Contest,
    deed: str,
    role: Role,
    *,
    now: datetime,
    actor: str,
) -> None:
    """Log a change by roles and counts: who organises is for the organisers to say."""
    session.flush()
    counts = Counter(each.role for each in organisers(session, contest))
    numbers = {f"{each.value}s": counts[each] for each in Role}
    events.record(
        session,
        contest.id,
        "organisers.changed",
        {"deed": deed, "role": role.value, **numbers},
        actor=actor,
        now=now,
    )
