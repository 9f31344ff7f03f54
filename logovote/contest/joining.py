"""Joining a contest without an invitation: by one's address, or by asking."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from logovote.contest import events, notices, people
from logovote.contest.people import DEFAULT_GROUP, PeopleError, Row
from logovote.store import queries
from logovote.store.models import Contest, JoinRequest, Person

_DOMAIN = re.compile(r"[^@\s.,;]+(\.[^@\s.,;]+)+")
_LONGEST_NOTE = 500


@dataclass(frozen=True)
class Terms:
    """Who may join.

    Attributes:
        open: whether strangers may ask; the organiser then says yes or no.
        domains: whoever has an address at one of them is in without asking.
        group: where they come in.
    """

    open: bool = False
    domains: tuple[str, ...] = ()
    group: str = DEFAULT_GROUP

    @property
    def is_any(self) -> bool:
        """Whether anybody may join at all."""
        return self.open or bool(self.domains)

    def is_at_domain(self, address: str) -> bool:
        """Whether an address alone suffices; one at a part of a domain does not."""
        return address.rpartition("@")[2].lower() in self.domains

    def may_ask(self, address: str) -> bool:
        """Whether somebody with an address has anything to ask for."""
        return self.open or self.is_at_domain(address)


def terms_of(contest: Contest) -> Terms:
    """Return on which terms a contest may be joined."""
    values = json.loads(contest.joining)
    return Terms(**values | {"domains": tuple(values.get("domains", ()))})


def set_terms(
    session: Session,
    contest: Contest,
    terms: Terms,
    *,
    actor: str = events.SYSTEM,
    now: datetime | None = None,
) -> None:
    """Say who may join from now on; it is in the public log.

    Raises:
        PeopleError: a domain is none, or the group cannot be called that.
    """
    domains = []
    for domain in terms.domains:
        plain = domain.strip().lower().removeprefix("@")
        if not _DOMAIN.fullmatch(plain):
            raise PeopleError(f"“{domain}” is no domain such as example.org.")
        domains.append(plain)
    group = people.checked_group(terms.group.strip() or DEFAULT_GROUP)
    new = Terms(terms.open, tuple(dict.fromkeys(domains)), group)
    if new == terms_of(contest):
        return
    contest.joining = json.dumps(asdict(new))
    events.record(
        session, contest.id, "joining.changed", asdict(new), actor=actor, now=now
    )


def ask(
    session: Session,
    contest: Contest,
    person: Person,
    now: datetime,
    *,
    note: str = "",
    actor: str,
) -> bool:
    """Let a person in whose address suffices, or put their wish to the organiser.

    The wish is all that is left where the address proves less than one person, and
    where nobody can be put into the group now.

    Returns:
        Whether they may vote now.

    Raises:
        PeopleError: nobody may join, or the person was declined.
        RoundError: a round is closed and waits for its count.
    """
    terms = terms_of(contest)
    if queries.voter_of(session, contest.id, person.id) is not None:
        return True
    at_domain = terms.is_at_domain(person.email or "")
    # Where there is no place for them now, the organiser has to find one.
    if (
        at_domain
        and _is_one_persons(person)
        and people.takes_group(session, contest, terms.group)
    ):
        _let_in(session, contest, person, terms.group, now, actor=actor)
        return True
    if not terms.open and not at_domain:
        raise PeopleError(
            "Only people with an address at "
            f"{' or '.join(terms.domains) or 'a place the organiser names'} may join."
        )
    known = session.get(JoinRequest, (contest.id, person.id))
    if known is not None and known.declined:
        raise PeopleError("The organiser has said no. Write to them if that is wrong.")
    if known is None:
        known = JoinRequest(contest_id=contest.id, person_id=person.id, at=now)
        session.add(known)
        notices.tell_organisers(session, contest, now)
    known.note = note.strip()[:_LONGEST_NOTE]
    session.flush()
    return False


def _is_one_persons(person: Person) -> bool:
    """Tell whether an address proves who somebody is, and that it is for once.

    A list that has a login beside the address signs people in by that account, and
    they got no mail. And a mailbox takes any number of addresses with a "+".
    """
    return person.github is None and "+" not in (person.email or "")


def waiting(session: Session, contest_id: int) -> Sequence[JoinRequest]:
    """List who waits for the organiser's word, the longest first."""
    return session.scalars(
        select(JoinRequest)
        .where(JoinRequest.contest_id == contest_id, JoinRequest.declined.is_(False))
        .options(joinedload(JoinRequest.person))
        .order_by(JoinRequest.at, JoinRequest.person_id)
    ).all()


def admit(
    session: Session,
    contest: Contest,
    who: str,
    now: datetime,
    *,
    group: str = "",
    actor: str,
) -> None:
    """Let somebody in who asked, and send them their link.

    Raises:
        PeopleError: they did not ask, or the group is new while a round runs.
        RoundError: a round is closed and waits for its count.
    """
    request = _request_of(session, contest, who)
    group = group.strip() or terms_of(contest).group
    _let_in(session, contest, request.person, group, now, actor=actor)
    session.delete(request)
    session.flush()


def decline(session: Session, contest: Contest, who: str) -> None:
    """Say no to somebody who asked.

    Raises:
        PeopleError: they did not ask.
    """
    _request_of(session, contest, who).declined = True


def _request_of(session: Session, contest: Contest, who: str) -> JoinRequest:
    name = who.strip().lower()
    for request in waiting(session, contest.id):
        if name in {request.person.key, request.person.email, request.person.github}:
            return request
    raise PeopleError(f"“{who}” has not asked to join, or was answered.")


def _let_in(
    session: Session,
    contest: Contest,
    person: Person,
    group: str,
    now: datetime,
    *,
    actor: str,
) -> None:
    row = Row(
        line=1,
        key=person.key,
        email=person.email,
        github=person.github,
        name=person.name,
        group=people.checked_group(group),
        weight=Fraction(1),
    )
    [report] = people.import_people(session, contest, [row], actor=actor, now=now)
    if report.status == "refused":
        raise PeopleError(f"That cannot be done: {report.reason}.")
    voter = queries.voter_of(session, contest.id, person.id)
    if voter is not None:
        notices.invite_one(session, voter, now)
