"""Starting a contest, and its own settings."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from logovote.contest import dates, events, notices, plans
from logovote.contest.rights import Rights, RightsError, rights_of
from logovote.errors import LogovoteError
from logovote.store import queries
from logovote.store.models import (
    Contest,
    Group,
    Kind,
    Organiser,
    Person,
    Phase,
    Role,
    Voter,
)

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
    like: Contest | None = None,
    owner: Person | None = None,
    actor: str = events.SYSTEM,
) -> Contest:
    """Start a contest, with the settings of an earlier one if it is `like` that.

    Settings are its zone, groups with shares and reasons, who may join, what rounds
    open with, which mails go out, rights in pictures and "none of these"; not its
    people, designs, families and dates. Who starts it owns it, if that is known.

    Raises:
        ContestError: the slug is unusable or taken, the title is empty, or it or the
            status quo is too long.
    """
    usual = DEFAULT_STATUS_QUO if like is None else like.status_quo
    title, status_quo = title.strip(), status_quo.strip() or usual
    _check_names(title, status_quo)
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
        notices=json.dumps(notices.USUAL),
    )
    session.add(contest)
    session.flush()
    if owner is not None:
        session.add(
            Organiser(contest_id=contest.id, person_id=owner.id, role=Role.OWNER)
        )
    told = {"contest": slug, "title": title, "status_quo": status_quo}
    if like is not None:
        _copy_settings(session, like, contest)
        told["like"] = like.slug
    events.record(session, contest.id, "contest.created", told, actor=actor, now=now)
    return contest


def _copy_settings(session: Session, earlier: Contest, contest: Contest) -> None:
    for name in ("zone", "notices", "joining"):
        setattr(contest, name, getattr(earlier, name))
    # The day of the earlier contest's pictures is its own.
    rights = replace(rights_of(earlier), purge_on=None)
    contest.rights = json.dumps(rights.as_json())
    used = {kind.value: plans.used_by(session, earlier, kind) for kind in Kind}
    contest.plans = json.dumps({kind: plan.as_json() for kind, plan in used.items()})
    session.add_all(
        Group(
            contest_id=contest.id,
            name=group.name,
            share=group.share,
            reason=group.reason,
        )
        for group in queries.groups(session, earlier.id)
    )
    session.flush()


def change_contest(
    session: Session,
    contest: Contest,
    *,
    title: str | None = None,
    about: str | None = None,
    status_quo: str | None = None,
    zone: str | None = None,
    rights: Rights | None = None,
    actor: str = events.SYSTEM,
    now: datetime,
) -> None:
    """Change what is given of a contest's settings; it is in the public log.

    Raises:
        ContestError: a text is missing or too long, or ballots that say "none of these"
            are being cast.
        DateError: there is no such time zone.
        RightsError: pictures would be removed at once.
    """
    values: dict[str, str] = {
        "title": contest.title if title is None else title.strip(),
        "about": contest.about if about is None else about.strip(),
        "status_quo": (
            contest.status_quo
            if status_quo is None
            else status_quo.strip() or DEFAULT_STATUS_QUO
        ),
        "zone": (
            contest.zone if zone is None else zone.strip() and dates.named_zone(zone)
        ),
        "rights": contest.rights if rights is None else json.dumps(rights.as_json()),
    }
    changed = {name for name in values if values[name] != getattr(contest, name)}
    _check_names(values["title"], values["status_quo"])
    if "status_quo" in changed and queries.has_round_in(
        session, contest.id, Phase.OPEN, Phase.CLOSED
    ):
        raise ContestError(
            "What “none of these” means is frozen while a round runs: ballots say it.",
            "status_quo",
        )
    if not changed:
        return
    if rights is not None and rights.purge_on != rights_of(contest).purge_on:
        day = rights.purge_on
        if day is not None and day <= dates.day_in(now, values["zone"]):
            raise RightsError(
                f"On {day.isoformat()} all pictures would be gone within minutes, and "
                "nothing brings them back. Take a day from tomorrow on."
            )
    for name in changed:
        setattr(contest, name, values[name])
    told: dict[str, Any] = {name: values[name] for name in sorted(changed)}
    if rights is not None and "rights" in changed:
        told["rights"] = rights_of(contest).as_json()
    events.record(session, contest.id, "contest.changed", told, actor=actor, now=now)


def _check_names(title: str, status_quo: str) -> None:
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


def slug_of(title: str) -> str:
    """Propose a short name for a title: a-logo-for-acme.

    Raises:
        ContestError: the title has nothing to make one of.
    """
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain.lower())
    if title.strip() and not words:
        raise ContestError(
            "The title has no Latin letter or digit to make a short name of. Type a "
            "short name, such as “our-logo”."
        )
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
