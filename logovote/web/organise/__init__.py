"""The organiser's room: designs, people and rounds of each contest."""

from __future__ import annotations

from flask import Flask, request

from logovote.contest import limits
from logovote.store.models import Role
from logovote.web.context import current_person, current_standing, now, reading, site
from logovote.web.organise import (
    contests,
    designs,
    families,
    feedback,
    handoff,
    imports,
    mail,
    organisers,
    people,
    questions,
    review,
    rounds,
    settings,
)
from logovote.web.organise.room import bp

__all__ = [
    "allow_large_upload",
    "bp",
    "contests",
    "designs",
    "families",
    "feedback",
    "handoff",
    "imports",
    "init_app",
    "mail",
    "organisers",
    "people",
    "questions",
    "review",
    "rounds",
    "settings",
]

# One part per file, and an export may have thousands.
_MOST_FORM_PARTS = 20_000


def init_app(app: Flask) -> None:
    """Let uploads of designs by organisers, and nothing else, be large."""

    @app.before_request
    def allow_large_uploads() -> None:
        if request.endpoint == "organise.upload":
            allow_large_upload((request.view_args or {}).get("slug", ""))


def allow_large_upload(slug: str) -> None:
    """Let this request bring many pictures, if its visitor may import them.

    Raises:
        TooManyError: they have imported too often.
    """
    with reading() as session:
        person = current_person()
        may = current_standing().reaches(slug, Role.ORGANISER)
        if person is not None and may:
            # Refused before it is read: it may be two gigabytes.
            secret = site().settings.secret_key
            limits.check(session, secret, "import", str(person.id), now())
    if may:
        request.max_content_length = site().settings.max_upload_bytes
        request.max_form_parts = _MOST_FORM_PARTS
