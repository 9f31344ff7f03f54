"""Two to four designs side by side."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for

from logovote.store.models import Kind
from logovote.web import ballots, lab
from logovote.web.guards import seat, signed_in
from logovote.web.shortlist import Card, Gallery, gallery_of

bp = Blueprint("looking", __name__, url_prefix="/c/<slug>")


@bp.get("/compare")
@signed_in
def compare(slug: str) -> str:
    """Show some designs side by side, all in the same way."""
    visitor = seat(slug)
    round_ = ballots.the_round(visitor, Kind.SHORTLIST)
    ballot = ballots.ballot_of(visitor, round_)
    gallery = gallery_of(visitor, round_, ballot)
    # Two variants of a family may stand side by side; the star is the family's.
    cards = {v.entry: card for card in gallery.cards for v in card.variants}
    compared: list[tuple[int, Card]] = [
        (entry, cards[entry])
        for entry in lab.parse_entries(request.args.getlist("ids"))
        if entry in cards
    ]
    shown = compared[: lab.MOST_COMPARED]
    following = _after(gallery, shown)
    return render_template(
        "shortlist/compare.html",
        compared=shown,
        ids=lab.written(entry for entry, _ in shown),
        keep_left=lab.written([shown[0][0], following.entry]) if following else "",
        too_many=len(compared) > lab.MOST_COMPARED,
        most_compared=lab.MOST_COMPARED,
        lab=lab.asked_for(),
        shortlisted=[str(card.entry) for card in gallery.cards if card.approved],
        marks=gallery.marks,
        **ballots.shared(visitor, round_, ballot, len(gallery.cards)),
        save_url=url_for("shortlist.save", slug=slug),
    )


def _after(gallery: Gallery, shown: list[tuple[int, Card]]) -> Card | None:
    """Return what comes to stand beside the left one when the others go.

    The next in the visitor's order: of their shortlist, if the left one is on it.
    """
    if len(shown) < 2:
        return None
    (_, left), (_, last) = shown[0], shown[-1]
    after = gallery.cards[gallery.cards.index(last) + 1 :]
    return next(
        (
            card
            for card in after
            if card.family != left.family and (card.approved or not left.approved)
        ),
        None,
    )
