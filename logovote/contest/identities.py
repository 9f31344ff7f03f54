"""Accounts elsewhere: one person, one ballot, whatever the ways they sign in.

An account is known by a number that its provider never gives to anybody else. Its login
may be given up and taken over, and an address that nobody checked may be anybody's.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from logovote.errors import LogovoteError
from logovote.store.models import Identity, Person

GITHUB = "github"


class IdentityError(LogovoteError):
    """The account signs nobody in here; the message says what to do."""


@dataclass(frozen=True)
class Account:
    """An account as its provider vouches for it.

    Attributes:
        issuer: the provider: "github", or an OpenID issuer's address.
        subject: who it is there, for good.
        login: how it is called there now; only shown, and for GitHub looked up once.
        emails: addresses that the provider has checked.
    """

    issuer: str
    subject: str
    login: str
    emails: Collection[str] = ()


def person_of(session: Session, account: Account) -> Person:
    """Return who signs in with an account, joining it to them at its first use.

    It is theirs by its number; else by the GitHub login that the organiser listed, if
    no other account was joined to that; else by an address that the provider checked.

    Raises:
        IdentityError: nobody here is known by it, or it is more than one person.
    """
    known = session.scalar(
        select(Identity)
        .where(Identity.issuer == account.issuer, Identity.subject == account.subject)
        .options(joinedload(Identity.person))
    )
    if known is not None:
        known.login = account.login
        return known.person
    people = _by_login(session, account) | _by_email(session, account)
    if len(people) > 1:
        raise IdentityError(
            "Your account fits two people on the list of voters: one by its login, one "
            "by an address. Ask the organiser to make them one; until then sign in "
            "with your invitation link."
        )
    if not people:
        raise IdentityError(
            f"Nobody on the list of voters is known by the account “{account.login}”. "
            "Ask the organiser to add it, or sign in with the address they know."
        )
    person = people.pop()
    taken = session.scalar(
        select(Identity).where(
            Identity.issuer == account.issuer, Identity.person_id == person.id
        )
    )
    if taken is not None:
        # Such as a login that was given up and taken by somebody else.
        raise IdentityError(
            f"Another account than this “{account.login}” signs in here already. Use "
            "that one, or ask the organiser."
        )
    join(session, person, account)
    return person


def join(session: Session, person: Person, account: Account) -> None:
    """Let an account sign a person in."""
    session.add(
        Identity(
            issuer=account.issuer,
            subject=account.subject,
            person_id=person.id,
            login=account.login,
        )
    )
    session.flush()


def has_github(session: Session, person: Person) -> bool:
    """Tell whether a GitHub account signs a person in."""
    return any(each.issuer == GITHUB for each in of_person(session, person))


def _by_login(session: Session, account: Account) -> set[Person]:
    if account.issuer != GITHUB:
        return set()
    login = account.login.lower()
    return set(session.scalars(select(Person).where(Person.github == login)))


def _by_email(session: Session, account: Account) -> set[Person]:
    emails = [email.strip().lower() for email in account.emails]
    return set(session.scalars(select(Person).where(Person.email.in_(emails))))


def of_person(session: Session, person: Person) -> list[Identity]:
    """List the accounts that sign a person in."""
    return list(
        session.scalars(
            select(Identity)
            .where(Identity.person_id == person.id)
            .order_by(Identity.issuer)
        )
    )
