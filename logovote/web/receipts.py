"""A last look before leaving: the visitor's ballots, as they will be counted."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from flask import (
    Blueprint,
    abort,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from logovote.contest import casting, limits, notices
from logovote.contest.notices import NoticeError
from logovote.contest.rules import Rules
from logovote.store import queries
from logovote.store.models import Kind, Round, Submission
from logovote.web import ballots
from logovote.web.ballots import BallotView, NotOpenedError, RoundView
from logovote.web.context import db, now, settle, site
from logovote.web.guards import Seat, seat, signed_in
from logovote.web.pictures import Picture, picture_of

bp = Blueprint("receipts", __name__, url_prefix="/c/<slug>")


@dataclass(frozen=True)
class Choice:
    """A line of a ballot: a logo, or "none of these" without a picture."""

    entry: int | None
    picture: Picture | None
    variants: tuple[int, ...] = ()


@dataclass(frozen=True)
class Tier:
    """What shares a place; a shortlist is one tier without an order."""

    place: int
    choices: list[Choice]


@dataclass(frozen=True)
class Sheet:
    """One ballot, as it counts now.

    Attributes:
        notice: what its voter must know of it: that it does not count, or why.
        withdrawn: the entries it names that do not stand any more.
        left_out: how many logos it does not name.
    """

    kind: str
    round: RoundView
    ballot: BallotView
    can_vote: bool
    notice: str | None
    own: frozenset[str]
    tiers: list[Tier]
    withdrawn: list[str]
    left_out: int
    status_quo: str
    url: str
    mailable: bool


@bp.get("/ballot")
@signed_in
def show(slug: str) -> str:
    """Show the visitor's ballot of every kind of round there is, the newest first."""
    visitor = seat(slug)
    found = [
        queries.latest_round(db(), visitor.contest.id, kind)
        for kind in (Kind.RANKING, Kind.SHORTLIST)
    ]
    sheets = [_sheet(slug, visitor, round_) for round_ in found if round_]
    if not sheets:
        raise NotOpenedError(
            f"No round of “{visitor.contest.title}” is open yet. Your ballot will be "
            "here once you have voted."
        )
    return render_template(
        "ballots/show.html",
        contest=visitor.contest,
        sheets=sheets,
        group=visitor.voter.group.name if visitor.voter else None,
    )


def _sheet(slug: str, visitor: Seat, round_: Round) -> Sheet:
    """Describe one ballot."""
    settle(round_)
    ballot = ballots.ballot_of(visitor, round_)
    own = ballots.own_of(visitor, round_)
    items = casting.items_of(ballot)
    designs = {}
    family_of = {}
    for candidacy in queries.candidacies(db(), round_.id):
        designs[str(candidacy.submission.entry)] = candidacy.submission
        family_of[str(candidacy.submission.entry)] = candidacy.family
    kinds = {Kind.RANKING: _ranked, Kind.SHORTLIST: _shortlisted}
    tiers = kinds[round_.kind](items, designs, family_of)
    named = {id_ for tier in items for id_ in tier} if _nested(round_) else set(items)
    shown = len({family_of.get(id_, id_) for id_ in named} & set(family_of.values()))
    total = len(set(family_of.values()))
    # A card and a variant on it may both be ticked: of one design it is said once.
    gone = named - designs.keys() - set(family_of.values()) - {casting.NONE}
    return Sheet(
        kind=round_.kind.value,
        round=ballots.round_view(round_, total, visitor.contest.zone),
        ballot=ballots.ballot_view(visitor, round_, ballot),
        can_vote=ballots.can_vote(visitor, round_),
        notice=ballots.notice(visitor, round_, own, ballot),
        own=own.ids if own else frozenset(),
        tiers=tiers,
        withdrawn=sorted({id_.removeprefix("f") for id_ in gone}, key=int),
        left_out=total - shown,
        status_quo=Rules.from_json(round_.rules).status_quo,
        url=url_for(f"{round_.kind.value}.show", slug=slug),
        mailable=bool(
            visitor.voter
            and visitor.voter.person.email
            and ballot is not None
            and ballot.nonce
            and items
        ),
    )


@bp.post("/ballot/receipt")
@signed_in
def send(slug: str) -> ResponseReturnValue:
    """Send the visitor the receipt of a ballot, with what proves that it is theirs."""
    visitor = seat(slug)
    kind = request.form.get("kind", "")
    round_ = (
        queries.latest_round(db(), visitor.contest.id, Kind(kind))
        if kind in {each.value for each in Kind}
        else None
    )
    if round_ is None or visitor.voter is None:
        abort(404)
    ballot = ballots.ballot_of(visitor, round_)
    if not casting.items_of(ballot) or ballot is None:
        raise NoticeError("There is no ballot of yours to send. Vote first.")
    person = visitor.voter.person
    secret = site().settings.secret_key
    limits.take(db(), secret, "receipt", str(person.id), now())
    notices.queue_receipt(db(), round_, visitor.voter, ballot.rev, now())
    db().commit()
    site().jobs.deliver()
    flash(f"The receipt is on its way to {person.email}.", "success")
    return redirect(url_for("receipts.show", slug=slug), code=HTTPStatus.SEE_OTHER)


def _nested(round_: Round) -> bool:
    return round_.kind is Kind.RANKING


def _ranked(
    items: casting.Items, designs: dict[str, Submission], _family_of: dict[str, str]
) -> list[Tier]:
    """Read a ranking, without what was withdrawn: the places close up."""
    tiers: list[Tier] = []
    place = 1
    for ids in items:
        choices = [_choice(id_, designs) for id_ in ids if _stands(id_, designs)]
        if choices:
            tiers.append(Tier(place, choices))
            place += len(choices)
    return tiers


def _stands(id_: str, designs: dict[str, Submission]) -> bool:
    return id_ in designs or id_ == casting.NONE


def _choice(id_: str, designs: dict[str, Submission]) -> Choice:
    if id_ == casting.NONE:
        return Choice(None, None)
    return Choice(designs[id_].entry, picture_of(designs[id_]))


def _shortlisted(
    items: casting.Items, designs: dict[str, Submission], family_of: dict[str, str]
) -> list[Tier]:
    """Read approvals as families, with the variants that were ticked."""
    if items == [casting.NONE]:
        return [Tier(1, [Choice(None, None)])]
    variants: dict[str, list[str]] = {}
    for id_, family in family_of.items():
        variants.setdefault(family, []).append(id_)
    approved = {family_of.get(id_, id_) for id_ in items}
    choices = []
    for family, ids in variants.items():
        if family in approved:
            ticked = [id_ for id_ in ids if id_ in items]
            first = designs[(ticked or ids)[0]]
            preferred = tuple(int(id_) for id_ in ticked) if len(ids) > 1 else ()
            choices.append(Choice(designs[ids[0]].entry, picture_of(first), preferred))
    return [Tier(1, choices)] if choices else []
