"""Who may see what: asked at the top of every view that is not public."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar

import flask_login
from flask import abort, g, request

from logovote.contest.contests import place_in
from logovote.contest.standing import RoleError
from logovote.store import queries
from logovote.store.models import Contest, Role, Voter
from logovote.web.context import current_person, current_standing, db
from logovote.web.security import SAFE_METHODS

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Seat:
    """A visitor's place in a contest; who organises it may have no vote."""

    contest: Contest
    voter: Voter | None


def signed_in(view: Callable[P, R]) -> Callable[P, R]:
    """Send strangers to the sign-in page."""
    guarded: Callable[P, R] = flask_login.login_required(view)
    return guarded


def organiser_only(view: Callable[P, R]) -> Callable[P, R]:
    """Let those in who run the contest of the address; observers may look."""
    return _guarded(view, Role.ORGANISER)


def owner_only(view: Callable[P, R]) -> Callable[P, R]:
    """Let those in who own the contest of the address; who helps to run it may look."""
    return _guarded(view, Role.OWNER)


def _guarded(view: Callable[P, R], needed: Role) -> Callable[P, R]:
    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        slug = str(kwargs["slug"])
        if current_standing().role_in(slug) is None:
            abort(403)
        try:
            require(slug, needed)
        except RoleError as error:
            if request.method not in SAFE_METHODS:
                raise
            # The page is shown with its forms disabled, and says why.
            g.read_only = str(error)
        return view(*args, **kwargs)

    return signed_in(guarded)


def require(slug: str, needed: Role) -> None:
    """Refuse whose role in a contest does not reach so far.

    Raises:
        RoleError: it does not.
    """
    if not current_standing().reaches(slug, needed):
        raise RoleError(needed)


def voter_here(contest: Contest) -> Voter | None:
    """Return the visitor as a voter of a contest, if their session is good for it."""
    person = current_person()
    if person is None or not current_standing().may_vote_in(contest.slug):
        return None
    return queries.voter_of(db(), contest.id, person.id)


def seat(slug: str) -> Seat:
    """Return the visitor's place in a contest; strangers to it are refused."""
    person = current_person()
    may_vote = person is not None and current_standing().may_vote_in(slug)
    contest, voter = place_in(db(), slug, person.id if person and may_vote else None)
    if voter is None and current_standing().role_in(slug) is None:
        abort(403)
    return Seat(contest, voter)
