"""The gallery: looking at all designs and approving some."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from http import HTTPStatus

from flask import (
    Blueprint,
    Response,
    abort,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as BaseResponse

from logovote.contest import casting
from logovote.store import queries
from logovote.store.models import Kind, Round, Submission
from logovote.web import ballots, forms
from logovote.web.context import db
from logovote.web.guards import Seat, seat, signed_in
from logovote.web.pictures import Picture, picture_of, preview_of

bp = Blueprint("shortlist", __name__, url_prefix="/c/<slug>")


@dataclass(frozen=True)
class Variant:
    """One design of a family."""

    entry: int
    picture: Picture
    approved: bool


@dataclass(frozen=True)
class Card:
    """A family in the gallery, its first design in front."""

    family: str
    entry: int
    picture: Picture
    approved: bool
    variants: list[Variant]


@bp.get("/shortlist")
@signed_in
def show(slug: str) -> str:
    """Show every design once, in the visitor's own order."""
    visitor = seat(slug)
    round_ = ballots.the_round(visitor, Kind.SHORTLIST)
    ballot = ballots.ballot_of(visitor, round_)
    cards = _cards(visitor, round_, frozenset(casting.items_of(ballot)))
    return render_template(
        "shortlist/show.html",
        cards=cards,
        **ballots.shared(visitor, round_, ballot, len(cards)),
        save_url=url_for("shortlist.save", slug=slug),
        show=request.args.get("show", "all"),
    )


@bp.get("/logo/<int:entry>")
@signed_in
def logo(slug: str, entry: int) -> str:
    """Show one design large, with the way to the next in the visitor's order."""
    visitor = seat(slug)
    round_ = ballots.the_round(visitor, Kind.SHORTLIST)
    ballot = ballots.ballot_of(visitor, round_)
    cards = _cards(visitor, round_, frozenset(casting.items_of(ballot)))
    position = next(
        (
            number
            for number, card in enumerate(cards)
            if entry in {variant.entry for variant in card.variants}
        ),
        None,
    )
    if position is None:
        abort(404)
    submission = queries.submission(db(), visitor.contest.id, entry)
    if submission is None:
        abort(404)
    return render_template(
        "shortlist/logo.html",
        logo=cards[position],
        entry=entry,
        preview=preview_of(submission),
        ground=submission.picture.ground,
        previous_entry=cards[position - 1].entry if position else None,
        next_entry=cards[position + 1].entry if position + 1 < len(cards) else None,
        preload=[card.picture.preview for card in cards[position + 1 : position + 3]],
        position=position + 1,
        total=len(cards),
        **ballots.shared(visitor, round_, ballot, len(cards)),
        save_url=url_for("shortlist.save", slug=slug),
    )


@bp.put("/shortlist/ballot", endpoint="save")
@signed_in
def save(slug: str) -> Response:
    """Save the whole ballot from a script."""
    visitor = seat(slug)
    round_ = ballots.the_round(visitor, Kind.SHORTLIST)
    return ballots.save_from_script(visitor, round_)


@bp.post("/shortlist/ballot")
@signed_in
def press(slug: str) -> BaseResponse:
    """Save what one pressed button means, and go back to where it was pressed."""
    visitor = seat(slug)
    round_ = ballots.the_round(visitor, Kind.SHORTLIST)
    ballot = ballots.ballot_of(visitor, round_)
    pressed = request.form.get("approve") or request.form.get("withdraw") or ""
    family = next(
        (ids for ids in _families(round_).values() if pressed in ids), frozenset[str]()
    )
    items = forms.approved_with(casting.items_of(ballot), request.form, family)
    ballots.save_from_form(visitor, round_, ballot, items)
    return redirect(_way_back(slug, pressed, family), code=HTTPStatus.SEE_OTHER)


def _way_back(slug: str, pressed: str, family: frozenset[str]) -> str:
    """Return the page and place where a button was pressed."""
    if (entry := forms.parse_number(request.form.get("from", ""))) is not None:
        return url_for("shortlist.logo", slug=slug, entry=entry)
    entries = sorted(int(id_) for id_ in family if id_.isdecimal())
    anchor = f"logo-{entries[0]}" if pressed and entries else "none"
    show_ = request.form.get("show") or None
    return url_for("shortlist.show", slug=slug, show=show_, _anchor=anchor)


def _families(round_: Round) -> dict[str, frozenset[str]]:
    """Map each family to its own id and those of its variants."""
    ids: dict[str, set[str]] = defaultdict(set)
    for candidacy in queries.candidacies(db(), round_.id):
        ids[candidacy.family] |= {candidacy.family, str(candidacy.submission.entry)}
    return {family: frozenset(members) for family, members in ids.items()}


def _cards(visitor: Seat, round_: Round, approved: frozenset[str]) -> list[Card]:
    """Build the gallery in the visitor's own order."""
    families: dict[str, list[Submission]] = defaultdict(list)
    for candidacy in queries.candidacies(db(), round_.id):
        families[candidacy.family].append(candidacy.submission)
    viewer = visitor.voter.id if visitor.voter else 0
    return [
        _card(family, families[family], approved)
        for family in shuffled(list(families), f"{round_.public_string}\0{viewer}")
    ]


def _card(family: str, designs: list[Submission], approved: frozenset[str]) -> Card:
    variants = [
        Variant(design.entry, picture_of(design), str(design.entry) in approved)
        for design in designs
    ]
    return Card(
        family=family,
        entry=variants[0].entry,
        picture=variants[0].picture,
        approved=family in approved or any(variant.approved for variant in variants),
        variants=variants,
    )


def shuffled(ids: list[str], seed: str) -> list[str]:
    """Return ids in an order that is random, but always the same for one seed.

    Each id's place depends on itself and the seed alone, so a late arrival slips in
    somewhere without moving the others, and the order of import means nothing.
    """
    return sorted(
        ids, key=lambda id_: hashlib.sha256(f"{seed}\0{id_}".encode()).digest()
    )
