"""The same deeds for programs: JSON, with a personal token instead of a cookie.

A token acts for its person as far as their roles go, so that every guard of the pages
holds here as it is. docs/openapi.json describes each route; a test compares the two.
"""

from __future__ import annotations

from flask import Flask

from logovote.web.api import importing, reading
from logovote.web.api.door import bp, init_door

__all__ = ["bp", "importing", "init_app", "reading"]


def init_app(app: Flask) -> None:
    """Look at the token of every request below /api/ before anything else is asked."""
    init_door(app)
