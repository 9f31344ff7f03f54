"""How far somebody may go in running contests; who that is, organisers.py changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from logovote.errors import LogovoteError
from logovote.store.models import Contest, Organiser, Person, Role

REACH = {Role.OBSERVER: 0, Role.ORGANISER: 1, Role.OWNER: 2}
"""The further, the more."""

_TOO_LITTLE = {
    Role.ORGANISER: (
        "You are an observer of this contest: you see what its organisers see, and "
        "change nothing. Ask an owner of the contest to do this, or for another role."
    ),
    Role.OWNER: (
        "Only an owner of this contest may do this. Ask one of them: they are on the "
        "page of organisers."
    ),
}


class RoleError(LogovoteError):
    """Somebody's role in the contest does not reach so far."""

    def __init__(self, needed: Role) -> None:
        super().__init__(_TOO_LITTLE[needed])


@dataclass(frozen=True)
class Standing:
    """How far somebody may go on this site: plain values, for whoever asks.

    Attributes:
        keeper: they keep the site, and are as good as an owner of every contest.
        roles: their role in each contest that they help to run, by its short name.
        only: the contest that their session is for, if an invitation began it.
    """

    keeper: bool = False
    roles: Mapping[str, Role] = field(default_factory=dict)
    only: str | None = None

    def role_in(self, slug: str) -> Role | None:
        """Return their role in a contest, if they have one."""
        return Role.OWNER if self.keeper else self.roles.get(slug)

    def reaches(self, slug: str, needed: Role) -> bool:
        """Tell whether their role in a contest is this one, or goes further."""
        role = self.role_in(slug)
        return role is not None and REACH[role] >= REACH[needed]

    def may_vote_in(self, slug: str) -> bool:
        """Tell whether their session is good for voting in a contest, if they may."""
        return self.only in {None, slug}

    @property
    def organises(self) -> bool:
        """Whether they have a part in running any contest."""
        return self.keeper or bool(self.roles)

    @property
    def may_start(self) -> bool:
        """Whether they may start a contest: who owns one may start the next."""
        return self.keeper or Role.OWNER in self.roles.values()


def standing_of(session: Session, person: Person) -> Standing:
    """Return a person's standing. One statement."""
    rows = session.execute(
        select(Contest.slug, Organiser.role)
        .join(Contest, Contest.id == Organiser.contest_id)
        .where(Organiser.person_id == person.id)
    )
    return Standing(person.keeper, {row.slug: row.role for row in rows})
