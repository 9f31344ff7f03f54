"""A result as rows: what every table, sheet and file of a hand-off is made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from logovote.contest import rounds
from logovote.contest.identity import short_id
from logovote.contest.results import Design, Line, Result, result_of
from logovote.imaging.picture import UnreadableImageError
from logovote.store import queries
from logovote.store.media import MissingMediaError
from logovote.store.models import Contest, Round
from logovote.store.store import Store

Row = dict[str, Any]

COLUMNS = (
    "place",
    "tied",
    "entry",
    "id",
    "designer",
    "title",
    "family",
    "variants",
    "support",
    "approval_place",
    "beats",
    "loses",
    "acceptable",
    "digest",
)


@dataclass(frozen=True)
class Listing:
    """A counted round, ready to be written down.

    Attributes:
        title: of the contest.
        subtitle: which round, and when it was closed.
        rows: the lines of the result, best first, by `COLUMNS`.
        turnout: by group.
        picture: gives the PNG of a design by the digest of its original, if it is kept.
        made_at: the time that files name, so that they are the same every time.
    """

    title: str
    subtitle: str
    rows: list[Row]
    turnout: list[Row]
    picture: Callable[[str], bytes | None]
    made_at: datetime


def listing_of(
    session: Session, store: Store, contest: Contest, round_: Round
) -> Listing:
    """Read the listing of a counted round.

    Raises:
        RoundError: it is not counted.
    """
    # Pillow is for who asks for pictures.
    from logovote.imaging.prints import as_png  # noqa: PLC0415 - see above

    result = result_of(round_)
    made_at = round_.closed_at or round_.opened_at

    def picture(digest: str) -> bytes | None:
        kept = queries.derivative(session, digest, "thumb")
        if kept is None:
            return None
        try:
            return as_png(store.derivatives.get(kept.digest))
        except (MissingMediaError, UnreadableImageError):
            # A result without one picture is better than none.
            return None

    return Listing(
        title=contest.title,
        subtitle=f"{rounds.NAMES[round_.kind].capitalize()}, closed on "
        f"{made_at.day} {made_at:%B %Y}",
        rows=rows_of(contest, result),
        turnout=[
            {
                "group": group,
                "voted": part.voted,
                "eligible": part.eligible,
                "agreed_share": str(part.target),
                "counted_share": str(part.share),
            }
            for group, part in result.turnout.items()
        ],
        picture=picture,
        made_at=made_at,
    )


def rows_of(contest: Contest, result: Result) -> list[Row]:
    """Describe every line of a result, best first, with exact numbers as text."""
    return [
        _row(contest, line, None if line.entry is None else result.designs[line.entry])
        for line in result.order
    ]


def _row(contest: Contest, line: Line, design: Design | None) -> Row:
    return {
        "place": line.place,
        "tied": line.tied,
        "entry": line.entry,
        "id": short_id(contest, design.entry) if design else None,
        "designer": design.designer if design else None,
        "title": design.title if design else "None of these",
        "family": line.family,
        "variants": list(design.variants) if design else [],
        "support": None if line.support is None else str(line.support),
        "approval_place": line.approval_place,
        "beats": line.beats,
        "loses": line.loses,
        "acceptable": line.acceptable,
        "digest": design.digest if design else None,
    }
