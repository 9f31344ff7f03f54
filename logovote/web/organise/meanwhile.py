"""Two organisers at once: a form knows what it showed, and the second is told.

What is shown is summed up in a hidden field, `shown`. A form without it, as a program
may send one, is taken as it is.
"""

from __future__ import annotations

import hashlib

from flask import request

from logovote.errors import LogovoteError
from logovote.store import holding
from logovote.store.models import Contest
from logovote.web.context import db

_WORDS = (
    "Somebody else changed this while you had the page open, so nothing of yours was "
    "done. "
)


class MeanwhileError(LogovoteError):
    """What a form showed is not how it stands any more."""

    def __init__(self, what_to_do: str = "") -> None:
        super().__init__(
            _WORDS
            + (
                what_to_do
                or "Go back, load the page again and look at how it stands now."
            )
        )


def hold(contest: Contest) -> None:
    """Let nobody else change the contest before this request ends; read it anew."""
    holding.hold_contest(db(), contest.id)
    db().refresh(contest)


def sum_up(*values: object) -> str:
    """Return what stands for values that a form shows."""
    return hashlib.sha256(repr(values).encode()).hexdigest()[:16]


def refuse_if_changed(shown: str, what_to_do: str = "") -> None:
    """Refuse a form that showed something else than this.

    Ask after `hold`, so that it stays as it is.

    Raises:
        MeanwhileError: it did.
    """
    if request.form.get("shown", shown) != shown:
        raise MeanwhileError(what_to_do)
