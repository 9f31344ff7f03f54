"""A ballot into the box: checked, saved once, acknowledged with a receipt."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from logovote.contest import ledger, opening, recusals, rounds
from logovote.contest.rules import Rules
from logovote.errors import LogovoteError
from logovote.store import holding, queries
from logovote.store.models import (
    Ballot,
    Contest,
    Kind,
    Round,
    Save,
    Voter,
)

NONE = opening.NONE
_NONCE = re.compile(r"[0-9a-f]{32}")
_SAVE_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
# Of a design or a family.
_ID = re.compile(r"[a-z0-9]{1,16}")
# To read what so many approvals name is faster than to read a round of 200 designs.
_FEW = 100

# What a ballot says: ids, or tiers of ids, best first; [] says nothing yet.
Items = list[Any]


class RoundClosedError(LogovoteError):
    """The round takes no ballots now."""


class RoundPausedError(RoundClosedError):
    """The round takes no ballots for a while; it will again."""


class InvalidBallotError(LogovoteError):
    """The ballot says something that this round cannot take."""


class ConflictError(LogovoteError):
    """The ballot was changed elsewhere since this copy of it was read."""

    def __init__(self, message: str, current: Ballot) -> None:
        super().__init__(message)
        self.current = current


@dataclass(frozen=True)
class Receipt:
    """What the voter is told about an acknowledged save.

    Attributes:
        rev: the ballot's revision now.
        code: the fingerprint of the ballot as it is saved.
        saved_at: when.
        withdrawn: the ids that were sent, and left out because they stand no more.
    """

    rev: int
    code: str
    saved_at: datetime
    withdrawn: tuple[str, ...] = ()


@dataclass(frozen=True)
class Slate:
    """The ids that a ballot of a round may hold.

    Attributes:
        standing: candidates and, for approvals, families.
        known: those and the ones withdrawn since the opening.
        families: the family of every candidate.
        most: how many families may be approved; None is any number.
    """

    standing: frozenset[str]
    known: frozenset[str]
    families: Mapping[str, str]
    most: int | None = None


def slate(session: Session, round_: Round, items: object = None) -> Slate:
    """Read which ids stand in a round; with `items`, as far as those name them.

    One statement.
    """
    standing, known = {NONE}, {NONE}
    families: dict[str, str] = {}
    for entry, family, stands in queries.slate(session, round_.id, _named(items)):
        ids = {str(entry)} | ({family} if round_.kind is Kind.SHORTLIST else set())
        known |= ids
        families[str(entry)] = family
        if stands:
            standing |= ids
    return Slate(
        frozenset(standing),
        frozenset(known),
        families,
        Rules.from_json(round_.rules).approvals,
    )


def _named(items: object) -> list[str] | None:
    """Return the ids that a few approvals name, if they are any; None if it is more."""
    if not isinstance(items, list) or len(items) > _FEW:
        return None
    return [id_ for id_ in items if isinstance(id_, str) and _ID.fullmatch(id_)]


def checked_items(kind: Kind, items: object, slate_: Slate) -> Items:
    """Return the canonical form of `items`: withdrawn ids dropped, sets sorted.

    Raises:
        InvalidBallotError: the ballot is malformed or names what does not stand.
    """
    if not isinstance(items, list):
        raise InvalidBallotError("The ballot must be a list.")
    if kind is Kind.RANKING:
        tiers = [_ids(tier, slate_) for tier in items]
        flat = [id_ for tier in tiers for id_ in tier]
        if len(flat) != len(set(flat)):
            raise InvalidBallotError("The ballot ranks a logo twice.")
        return [tier for tier in tiers if tier]
    ids = sorted(set(_ids(items, slate_)))
    if NONE in ids and len(ids) > 1:
        raise InvalidBallotError(
            "“None of these” and a logo exclude each other; take one of them back."
        )
    approved = len({slate_.families.get(id_, id_) for id_ in ids} - {NONE})
    if slate_.most is not None and approved > slate_.most:
        logos = "one logo" if slate_.most == 1 else f"{slate_.most} logos"
        raise InvalidBallotError(
            f"You may shortlist {logos} here, and you have. Take one back before you "
            "add another."
        )
    return ids


def _ids(values: object, slate_: Slate) -> list[str]:
    """Check a set of ids and return those that stand, sorted."""
    if not isinstance(values, list) or not all(isinstance(id_, str) for id_ in values):
        raise InvalidBallotError("The ballot must list logos by their ids.")
    for id_ in values:
        if id_ not in slate_.known:
            raise InvalidBallotError(
                f"There is no logo “{id_[:20]}” in this round. Load the page again."
            )
    return sorted(id_ for id_ in values if id_ in slate_.standing)


def save_ballot(
    session: Session,
    round_: Round,
    voter: Voter,
    *,
    base_rev: int,
    save_id: str,
    items: object,
    now: datetime,
    nonce: str | None = None,
    network: str | None = None,
    held: bool = False,
) -> Receipt:
    """Put a voter's whole ballot in the box, replacing their earlier one.

    Writes, does not commit: only the caller's commit makes the receipt true. A
    repeated `save_id` returns the first receipt and changes nothing.

    Args:
        session: a writing session.
        round_: the round.
        voter: whose ballot; with person and group loaded.
        base_rev: the revision that the voter saw; 0 for a first save.
        save_id: made anew by the browser for every change, kept over retries.
        items: see `Items`.
        now: the time of the save as it came to the door.
        nonce: 32 hex digits from the browser; the first one is kept for good.
        network: a few bits of a keyed hash of the network it comes from, or nothing;
            of the first save alone, and until sealing.
        held: whether the round was read with a share of it, before the clock.

    Raises:
        RoundClosedError: the round is not open, or is paused.
        InvalidBallotError: the ballot cannot be counted as it is.
        ConflictError: `base_rev` is not the current revision.
    """
    if not held:
        now = holding.hold_round(session, round_, now, share=True)
    if not _SAVE_ID.fullmatch(save_id):
        raise InvalidBallotError("The save needs an id of 8 to 64 letters and digits.")
    box = queries.box_of(session, round_.id, voter.id, save_id)
    if box is None and round_.is_voting(now):
        # Two windows that save for the first time at once lead to one ballot.
        nonce = _checked_nonce(nonce)
        queries.add_ballot(
            session, round_.id, voter.id, nonce=nonce, network=network, now=now
        )
        box = queries.box_of(session, round_.id, voter.id, save_id)
    if box is not None and box.save is not None:
        return _receipt(box.save)
    closed = "This round is not open for voting. What you saved before is kept."
    refuse_unless_voting(session, round_, now, closed)
    if box is None:
        raise RoundClosedError(closed)
    few = items if round_.kind is Kind.SHORTLIST else None
    choice = checked_items(round_.kind, items, slate(session, round_, few))
    ballot = box.ballot
    if base_rev != ballot.rev:
        # What was asked for the box may be older than what was waited for.
        if earlier := queries.save_of(session, ballot.id, save_id):
            return _receipt(earlier)
        raise ConflictError(
            "Your ballot was changed in another window or on another device. Load the "
            "page again, and repeat what you did last.",
            ballot,
        )
    may_own = box.recused or round_.recused is not None
    own = recusals.own_of(session, round_, voter) if may_own else None
    code = ledger.receipt_code(rounds.voter_line(ballot, voter, own, choice))
    gone = sorted(ids_of(cast("Items", items)) - ids_of(choice), key=_number)
    receipt = Receipt(ballot.rev + 1, code, now, tuple(gone))
    queries.write_save(
        session,
        ballot,
        choice=ledger.canon(choice),
        rev=receipt.rev,
        save_id=save_id,
        code=code,
        now=now,
    )
    return receipt


def refuse_unless_voting(
    session: Session, round_: Round, now: datetime, message: str
) -> None:
    """Refuse what voters do where a round takes nothing now.

    Raises:
        RoundPausedError: it will again; in words of until when.
        RoundClosedError: it will not; with the message.
    """
    if round_.is_paused(now):
        zone = session.get_one(Contest, round_.contest_id).zone
        raise RoundPausedError(rounds.paused_words(round_, zone))
    if not round_.is_voting(now):
        raise RoundClosedError(message)


def receipt_of(session: Session, ballot: Ballot) -> Receipt | None:
    """Return the receipt of the ballot as it stands."""
    save = session.scalar(
        select(Save).where(Save.ballot_id == ballot.id, Save.rev == ballot.rev)
    )
    return None if save is None else _receipt(save)


def _receipt(save: Save) -> Receipt:
    return Receipt(save.rev, save.code, save.saved_at)


def items_of(ballot: Ballot | None) -> Items:
    """Return what a ballot says; nothing, if there is none."""
    return [] if ballot is None else list(json.loads(ballot.choice))


def ids_of(items: Items) -> set[str]:
    """Return every id on a ballot, whichever kind it is."""
    return {
        id_ for item in items for id_ in ([item] if isinstance(item, str) else item)
    } - {NONE}


def _number(id_: str) -> tuple[int, str]:
    """Order ids by their designs' numbers."""
    return int(id_.removeprefix("f")), id_


def standing_items(session: Session, round_: Round, ballot: Ballot | None) -> Items:
    """Return what a ballot says without what was withdrawn since; it closes up.

    One statement, or none where the ballot says nothing.
    """
    items = items_of(ballot)
    return checked_items(round_.kind, items, slate(session, round_)) if items else []


def _checked_nonce(nonce: str | None) -> str:
    """Take the browser's nonce, or make one for browsers without JavaScript."""
    if nonce is None:
        return secrets.token_hex(16)
    if not _NONCE.fullmatch(nonce):
        raise InvalidBallotError("The nonce must be 32 hex digits.")
    return nonce
