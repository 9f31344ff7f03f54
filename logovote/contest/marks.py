"""What a voter notes while looking: seen, not for me, a few words. None is a vote."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from logovote.contest import dealing
from logovote.contest.casting import (
    InvalidBallotError,
    RoundClosedError,
    refuse_unless_voting,
)
from logovote.contest.dealing import Batch
from logovote.store import impressions
from logovote.store.models import Kind, Look, Round, Voter

LONGEST_NOTE = 2000

Fresh = Literal["", "new", "changed"]


@dataclass(frozen=True)
class Mark:
    """What a voter has made of a family.

    Attributes:
        family: the family.
        seen: looked at as it stands now, or approved: approving is seeing.
        approved: on the voter's shortlist.
        not_for_me: set aside by the voter.
        note: the voter's own words.
        fresh: "new" or "changed" since the voter began, and not looked at since.
        batch: the number of the deal it came with; 0 if it was not dealt.
    """

    family: str
    seen: bool = False
    approved: bool = False
    not_for_me: bool = False
    note: str = ""
    fresh: Fresh = ""
    batch: int = 0


@dataclass(frozen=True)
class Marks:
    """All of a voter's marks in a round, by family, and what was dealt last."""

    of: dict[str, Mark]
    batch: Batch

    @property
    def total(self) -> int:
        """How many families stand."""
        return len(self.of)

    @property
    def seen(self) -> int:
        """How many of them the voter has seen."""
        return sum(mark.seen for mark in self.of.values())

    @property
    def shortlisted(self) -> int:
        """How many of them are on the voter's shortlist."""
        return sum(mark.approved for mark in self.of.values())

    @property
    def left(self) -> int:
        """How many are left to see."""
        return self.total - self.seen


def marks_of(
    session: Session, round_: Round, voter: Voter | None, approved: Iterable[str]
) -> Marks:
    """Read a visitor's marks in a shortlist round. Two statements.

    Args:
        session: any session.
        round_: the round.
        voter: whose marks; an organiser without a vote has none.
        approved: the families on their ballot.
    """
    standing = impressions.standing_families(session, round_.id)
    looks = () if voter is None else impressions.looks(session, round_.id, voter.id)
    look_of = {look.family: look for look in looks}
    began = min(
        (at for look in looks for at in (look.dealt_at, look.seen_at) if at),
        default=None,
    )
    on_ballot = frozenset(approved)
    marks = {
        family: _mark(family, dates, look_of.get(family), began, family in on_ballot)
        for family, dates in standing.items()
    }
    return Marks(marks, dealing.current_batch(looks))


def _mark(
    family: str,
    dates: impressions.Standing,
    look: Look | None,
    began: datetime | None,
    approved: bool,  # noqa: FBT001 - passed once, just above
) -> Mark:
    seen_at = look.seen_at if look else None
    looked = seen_at is not None and seen_at >= dates.changed_at
    fresh: Fresh = ""
    if began is not None and dates.changed_at > began and not looked:
        fresh = "new" if dates.arrived_at > began else "changed"
    return Mark(
        family=family,
        seen=looked or approved,
        approved=approved,
        not_for_me=look is not None and look.not_for_me,
        note=look.note if look else "",
        fresh=fresh,
        batch=(look.batch or 0) if look else 0,
    )


def see(
    session: Session,
    round_: Round,
    voter: Voter,
    families: Iterable[str],
    now: datetime,
) -> None:
    """Log that a voter saw some families; what does not stand is passed over.

    Two statements, whatever their number; logging again changes nothing but the time.

    Raises:
        RoundClosedError: the round is not open.
    """
    _refuse_unless_open(session, round_, now)
    known = impressions.standing_families(session, round_.id).keys() & set(families)
    impressions.upsert_looks(
        session,
        [_row(round_, voter, family, seen_at=now) for family in known],
        update=("seen_at",),
    )


def set_mark(
    session: Session,
    round_: Round,
    voter: Voter,
    family: str,
    now: datetime,
    *,
    not_for_me: bool | None = None,
    note: str | None = None,
) -> None:
    """Set a family aside, or write a note about it; None leaves it as it is.

    Whoever does so has seen it. Two statements.

    Raises:
        RoundClosedError: the round is not open.
        InvalidBallotError: the family does not stand, or the note is too long.
    """
    _refuse_unless_open(session, round_, now)
    if family not in impressions.standing_families(session, round_.id):
        raise InvalidBallotError(
            f"Logo {family[:20].removeprefix('f')} does not stand in this round, so "
            "nothing was kept."
        )
    changes: dict[str, object] = {"seen_at": now}
    if not_for_me is not None:
        changes["not_for_me"] = not_for_me
    if note is not None:
        # No database but SQLite takes a NUL.
        note = note.replace("\r\n", "\n").replace("\0", "").strip()
        if len(note) > LONGEST_NOTE:
            raise InvalidBallotError(
                f"The note is too long: {len(note)} characters, and {LONGEST_NOTE} is "
                "the most. Shorten it."
            )
        changes["note"] = note
    row = _row(round_, voter, family, **changes)
    impressions.upsert_looks(session, [row], update=tuple(changes))


def _refuse_unless_open(session: Session, round_: Round, now: datetime) -> None:
    message = "This round is not open, so nothing was changed."
    if round_.kind is not Kind.SHORTLIST:
        raise RoundClosedError(message)
    refuse_unless_voting(session, round_, now, message)


def _row(
    round_: Round, voter: Voter, family: str, **columns: object
) -> dict[str, object]:
    key: dict[str, object] = {
        "round_id": round_.id,
        "voter_id": voter.id,
        "family": family,
    }
    return key | columns
