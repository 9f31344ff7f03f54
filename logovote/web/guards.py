"""Who may see what: asked at the top of every view that is not public."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar

import flask_login
from flask import abort

from logovote.contest.contests import place_in
from logovote.store.models import Contest, Voter
from logovote.web.context import current_person, db

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Seat:
    """A visitor's place in a contest: a voter's, an organiser's, or both."""

    contest: Contest
    voter: Voter | None
    organiser: bool


def signed_in(view: Callable[P, R]) -> Callable[P, R]:
    """Send strangers to the sign-in page."""
    guarded: Callable[P, R] = flask_login.login_required(view)
    return guarded


def organiser_only(view: Callable[P, R]) -> Callable[P, R]:
    """Let organisers in; tell everybody else that they may not."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        person = current_person()
        if person is None or not person.organiser:
            abort(403)
        return view(*args, **kwargs)

    return signed_in(guarded)


def seat(slug: str) -> Seat:
    """Return the visitor's place in a contest; strangers to it are refused."""
    person = current_person()
    contest, voter = place_in(db(), slug, person.id if person else None)
    organiser = person is not None and person.organiser
    if voter is None and not organiser:
        abort(403)
    return Seat(contest, voter, organiser)
