"""What the two kinds of ballot page have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from flask import Response, flash, jsonify, request

from logovote.contest import casting, dates, events, news, recusals, rounds
from logovote.contest.casting import (
    ConflictError,
    InvalidBallotError,
    Items,
    RoundClosedError,
    RoundPausedError,
)
from logovote.contest.recusals import Own
from logovote.contest.rules import Rules
from logovote.errors import LogovoteError
from logovote.store import queries
from logovote.store.models import Ballot, Kind, Phase, Round, Voter
from logovote.web.context import db, network, now, settle
from logovote.web.forms import new_save_id, parse_base_rev, parse_save
from logovote.web.guards import Seat

SOON = timedelta(hours=24)
"""How long before its end a round says so on top of its pages."""


@dataclass(frozen=True)
class RoundView:
    """A round as a ballot page shows it."""

    # "closed" also when its time is over and nobody has closed it yet; or "paused".
    phase: str
    # While it is paused: until when, in words.
    pause: str
    designs: int
    seats: int
    batch: int
    approvals: int | None
    # While it is open, if it has an end: when, how far off, and whether in a day.
    closes_at: datetime | None
    left: str
    ends_soon: bool


@dataclass(frozen=True)
class BallotView:
    """The visitor's ballot as a page shows it."""

    voter: str
    rev: int
    items: Items
    none: bool
    code: str | None
    saved_at: datetime | None


class NotOpenedError(LogovoteError):
    """The round has not been opened yet."""


def the_round(seat: Seat, kind: Kind) -> Round:
    """Return the newest round of a kind; closed, if its time is over.

    Raises:
        NotOpenedError: there is none yet.
    """
    round_ = _newest(seat, kind)
    settle(round_)
    return round_


def _newest(seat: Seat, kind: Kind, *, share: bool = False) -> Round:
    """Return the newest round of a kind, held like `holding.hold_round` if asked."""
    round_ = queries.latest_round(db(), seat.contest.id, kind, share=share)
    if round_ is None:
        raise NotOpenedError(
            f"The {kind.value} of “{seat.contest.title}” is not open yet. "
            "You will find it here when it is."
        )
    return round_


def round_view(round_: Round, designs: int, zone: str) -> RoundView:
    """Describe a round for a template."""
    rules = Rules.from_json(round_.rules)
    at = now()
    end = round_.closes_at if round_.is_voting(at) else None
    phase = Phase.CLOSED.value if round_.has_ended(at) else round_.phase.value
    paused = round_.is_paused(at)
    return RoundView(
        phase="paused" if paused else phase,
        pause=rounds.paused_words(round_, zone) if paused else "",
        designs=designs,
        seats=rules.seats,
        batch=rules.batch,
        approvals=rules.approvals,
        closes_at=end,
        left=dates.distance(end, at) if end else "",
        ends_soon=end is not None and end - at <= SOON,
    )


def ballot_view(seat: Seat, round_: Round, ballot: Ballot | None) -> BallotView:
    """Describe a ballot for a template."""
    receipt = None if ballot is None else casting.receipt_of(db(), ballot)
    items = casting.items_of(ballot)
    return BallotView(
        # Whose and which: browsers keep unsaved ballots under this name.
        voter=whose(seat, round_),
        rev=ballot.rev if ballot else 0,
        items=items,
        none=items == [casting.NONE],
        code=receipt.code if receipt else None,
        saved_at=receipt.saved_at if receipt else None,
    )


def ballot_of(seat: Seat, round_: Round) -> Ballot | None:
    """Return the visitor's ballot, if they have one."""
    if seat.voter is None:
        return None
    return queries.ballot_of(db(), round_.id, seat.voter.id)


def can_vote(seat: Seat, round_: Round) -> bool:
    """Tell whether the visitor's ballot can be changed now."""
    return seat.voter is not None and round_.is_voting(now())


def notice(
    seat: Seat, round_: Round, own: Own | None, ballot: Ballot | None
) -> str | None:
    """Say what a visitor must know of their ballot: that it does not count, or why."""
    if round_.sealed_at is not None:
        return (
            "This round is sealed: the site does not know any more which ballot is "
            "yours. Your receipt code still finds it among those counted."
        )
    if seat.voter is None:
        return "You see this page as the organiser; you have no vote in this contest."
    if seat.voter.weight == 0:
        return (
            "You may look and save, but your ballot is not counted: your weight in "
            "this contest is 0."
        )
    if ballot is not None and ballot.set_aside is not None:
        return (
            "The organiser has set your ballot aside in the review after the close: "
            f"“{ballot.set_aside}”. The official result is counted without it, and the "
            "log says so without your name. If that is wrong, tell the organiser now."
        )
    return None if own is None else _own_notice(own)


def _counts(seat: Seat, own: Own | None, ballot: Ballot | None) -> bool:
    """Tell whether what the visitor saves is among the ballots that are counted."""
    if seat.voter is None or (own is not None and not own.counts):
        return False
    if ballot is not None and ballot.group_id is not None:  # moved since the count
        return ballot.weight > 0
    return seat.voter.weight > 0


def _own_notice(own: Own) -> str:
    if not own.counts:
        return (
            "A design of yours stands in this round, so your ballot is not counted: a "
            "ranking always says how others stand to your own."
        )
    return (
        "You are known here as a designer. Your own design is marked “yours”: your "
        "vote for it does not count, your votes for others do."
    )


def own_of(seat: Seat, round_: Round) -> Own | None:
    """Return what the visitor has a hand in, of a round."""
    return recusals.own_of(db(), round_, seat.voter)


def shared(
    seat: Seat, round_: Round, ballot: Ballot | None, designs: int
) -> dict[str, object]:
    """Return what the template of every ballot page is given."""
    rules = Rules.from_json(round_.rules)
    own = own_of(seat, round_)
    return {
        "contest": seat.contest,
        "own": own.ids if own else frozenset[str](),
        "round": round_view(round_, designs, seat.contest.zone),
        "ballot": ballot_view(seat, round_, ballot),
        "can_vote": can_vote(seat, round_),
        "news": news.since_last_save(db(), round_, ballot),
        "notice": notice(seat, round_, own, ballot),
        "counts": _counts(seat, own, ballot),
        "publication": rules.publish,
        "auditors": rules.auditors,
        "event_head": events.head(db(), seat.contest.id),
    }


class EarlierRoundError(RoundClosedError):
    """The page is of a round that was over before the one that is open now."""


class OtherVoterError(LogovoteError):
    """The page belongs to somebody else than who is signed in now."""


def refuse_other_voter(seat: Seat, round_: Round, claimed: str | None) -> None:
    """Refuse a save from a page that was loaded by another voter in this browser.

    Raises:
        OtherVoterError: it was.
        EarlierRoundError: it is the same voter's, of an earlier round.
    """
    own = whose(seat, round_)
    if claimed is None or claimed == own:
        return
    if claimed.partition("-")[2] == own.partition("-")[2]:
        raise EarlierRoundError(
            "This page is of an earlier round, so nothing was saved. Load it again to "
            "see the one that is open now."
        )
    raise OtherVoterError(
        "Somebody else has signed in with this browser since the page was loaded, "
        "so nothing was saved. Open your own link again."
    )


def whose(seat: Seat, round_: Round) -> str:
    """Name the visitor's ballot in a round, for their browser."""
    return f"{round_.id}-{seat.voter.id if seat.voter else 0}"


def voter_of(seat: Seat) -> Voter:
    """Return the voter, for saving.

    Raises:
        InvalidBallotError: the visitor has no vote in this contest.
    """
    if seat.voter is None:
        raise InvalidBallotError("You have no vote in this contest.")
    return seat.voter


def save_from_script(seat: Seat, kind: Kind) -> Response:
    """Save the ballot in the request's JSON body; every answer is JSON."""
    round_ = _newest(seat, kind, share=True)

    def stands() -> Ballot | None:
        return ballot_of(seat, round_)

    def save() -> dict[str, object]:
        asked = parse_save(body())
        refuse_other_voter(seat, round_, asked.voter)
        with closing_for_good(round_):
            receipt = casting.save_ballot(
                db(),
                round_,
                voter_of(seat),
                base_rev=asked.base_rev,
                save_id=asked.save_id,
                items=asked.items,
                nonce=asked.nonce,
                network=network(),
                now=now(),
                held=True,
            )
        head = events.head(db(), seat.contest.id)
        db().commit()
        answer: dict[str, object] = {
            "rev": receipt.rev,
            "code": receipt.code,
            "saved_at": _written(receipt.saved_at),
            "event_head": head,
        }
        if receipt.withdrawn:
            answer |= {"withdrawn": receipt.withdrawn, "message": _gone(receipt)}
        return answer

    return answered(save, stands)


@contextmanager
def closing_for_good(round_: Round) -> Iterator[None]:
    """Write down that a round is over where a save has met its end."""
    try:
        yield
    except RoundClosedError:
        db().rollback()
        settle(round_)
        raise


def answered(
    deed: Callable[[], Mapping[str, object]],
    stands: Callable[[], Ballot | None] = lambda: None,
) -> Response:
    """Do what a script asked for, and answer in JSON whatever comes of it.

    Args:
        deed: what was asked for.
        stands: finds the ballot that counts, for whoever comes too late to change it.
    """
    try:
        values = deed()
    except ConflictError as error:
        return _answer(
            HTTPStatus.CONFLICT,
            error="conflict",
            message=str(error),
            current=_current(error.current),
        )
    except RoundPausedError as error:
        return _answer(HTTPStatus.CONFLICT, error="paused", message=str(error))
    except RoundClosedError as error:
        # A page of an earlier round shows what that round took.
        ballot = None if isinstance(error, EarlierRoundError) else stands()
        return _answer(
            HTTPStatus.CONFLICT,
            error="closed",
            message=str(error),
            current=_current(ballot),
        )
    except OtherVoterError as error:
        return _answer(HTTPStatus.UNAUTHORIZED, error="other-voter", message=str(error))
    except InvalidBallotError as error:
        return _answer(
            HTTPStatus.UNPROCESSABLE_ENTITY, error="invalid", message=str(error)
        )
    return _answer(HTTPStatus.OK, **values)


def _current(ballot: Ballot | None) -> dict[str, object] | None:
    """Describe the ballot that stands for a page that shows another."""
    receipt = None if ballot is None else casting.receipt_of(db(), ballot)
    if receipt is None:
        return None
    return {
        "rev": receipt.rev,
        "items": casting.items_of(ballot),
        "code": receipt.code,
        "saved_at": _written(receipt.saved_at),
    }


def body() -> object:
    """Return what a script sent; None if it is no JSON, or nested without end."""
    try:
        return request.get_json(silent=True)
    except RecursionError:
        return None


def save_from_form(
    seat: Seat, round_: Round, ballot: Ballot | None, items: Items
) -> bool:
    """Save the ballot that a form without script leads to.

    Returns:
        whether there is something to read on top of the next page.
    """
    refuse_other_voter(seat, round_, request.form.get("voter"))
    with closing_for_good(round_):
        receipt = casting.save_ballot(
            db(),
            round_,
            voter_of(seat),
            base_rev=parse_base_rev(request.form, ballot.rev if ballot else 0),
            save_id=new_save_id(),
            items=items,
            network=network(),
            now=now(),
        )
    db().commit()
    if receipt.withdrawn:
        flash(_gone(receipt), "info")
    return bool(receipt.withdrawn)


def _gone(receipt: casting.Receipt) -> str:
    """Say what is out of a ballot because it was withdrawn before the save."""
    logos = dict.fromkeys(f"logo {id_.lstrip('f')}" for id_ in receipt.withdrawn)
    return f"Withdrawn, and so out of your ballot: {', '.join(logos)}."


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _answer(status: HTTPStatus, **values: object) -> Response:
    response = jsonify(values)
    response.status_code = status
    return response
