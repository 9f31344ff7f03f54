"""Starting a contest."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from logovote.contest import events
from logovote.errors import LogovoteError
from logovote.store import queries
from logovote.store.models import Contest, Organiser, Person, Role, Voter

DEFAULT_STATUS_QUO = "None of these"
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST_SLUG = 60
_LONGEST_NAME = 200


class ContestError(LogovoteError):
    """A contest cannot be made, or there is none of that name.

    `field` is what has to be mended: "slug", "title" or "status_quo".
    """

    def __init__(self, message: str, field: str = "slug") -> None:
        super().__init__(message)
        self.field = field


def new_contest(
    session: Session,
    slug: str,
    *,
    title: str,
    now: datetime,
    about: str = "",
    status_quo: str = "",
    owner: Person | None = None,
    actor: str = events.SYSTEM,
) -> Contest:
    """Start a contest, and make its owner of who starts it, if that is known.

    Raises:
        ContestError: the slug is unusable or taken, the title is empty, or it or the
            status quo is too long.
    """
    title, status_quo = title.strip(), status_quo.strip() or DEFAULT_STATUS_QUO
    if not title:
        raise ContestError("The contest needs a title.", "title")
    for field, name, text in (
        ("title", "title", title),
        ("status_quo", "text for “none of these”", status_quo),
    ):
        if len(text) > _LONGEST_NAME:
            raise ContestError(
                f"The {name} is too long ({len(text)} characters): use at most "
                f"{_LONGEST_NAME}.",
                field,
            )
    if not _SLUG.fullmatch(slug) or len(slug) > _LONGEST_SLUG:
        raise ContestError(
            f"“{slug}” cannot be a contest's short name: use small letters, digits and "
            f"single hyphens, {_LONGEST_SLUG} characters at most."
        )
    if session.scalar(select(Contest.id).where(Contest.slug == slug)):
        raise ContestError(f"There is a contest named “{slug}” already.")
    contest = Contest(
        slug=slug,
        title=title,
        about=about.strip(),
        status_quo=status_quo,
        created_at=now,
    )
    session.add(contest)
    session.flush()
    if owner is not None:
        session.add(
            Organiser(contest_id=contest.id, person_id=owner.id, role=Role.OWNER)
        )
    events.record(
        session,
        contest.id,
        "contest.created",
        {"contest": slug, "title": title, "status_quo": status_quo},
        actor=actor,
        now=now,
    )
    return contest


def slug_of(title: str) -> str:
    """Propose a short name for a title: a-logo-for-acme."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain.lower())
    return "-".join(words)[:_LONGEST_SLUG].rstrip("-")


def contest_by_slug(session: Session, slug: str) -> Contest:
    """Return the contest named `slug`.

    Raises:
        ContestError: there is none.
    """
    contest = session.scalar(select(Contest).where(Contest.slug == slug))
    if contest is None:
        raise _unknown(slug)
    return contest


def place_in(
    session: Session, slug: str, person_id: int | None
) -> tuple[Contest, Voter | None]:
    """Return the contest named `slug` and a person's entitlement in it. One statement.

    Raises:
        ContestError: there is no such contest.
    """
    place = queries.place_of(session, slug, person_id)
    if place is None:
        raise _unknown(slug)
    return place


def _unknown(slug: str) -> ContestError:
    return ContestError(f"There is no contest named “{slug}”.")
