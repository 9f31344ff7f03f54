"""The gallery: looking at all designs and approving some."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
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

from logovote.contest import casting, dealing, marks
from logovote.contest.identity import fingerprint, short_id
from logovote.contest.marks import Fresh, Mark, Marks
from logovote.contest.rules import Rules
from logovote.store import queries
from logovote.store.models import Ballot, Kind, Round, Submission, Voter
from logovote.web import ballots, forms, lab
from logovote.web.context import db, now, site
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
    """A family in the gallery, its first design in front, and what I made of it.

    Attributes:
        dealt: in the visitor's current batch.
        fresh: "new" or "changed" since the visitor began, and not looked at since.
        note: the visitor's own words about it.
    """

    family: str
    entry: int
    picture: Picture
    approved: bool
    variants: list[Variant]
    dealt: bool
    seen: bool
    not_for_me: bool
    fresh: Fresh
    note: str


@dataclass(frozen=True)
class Gallery:
    """All cards in the visitor's own order, and their marks."""

    cards: list[Card]
    marks: Marks

    def card_of(self, entry: int) -> Card | None:
        """Return the card on which a design stands."""
        return next(
            (
                card
                for card in self.cards
                if any(variant.entry == entry for variant in card.variants)
            ),
            None,
        )

    def view(self, name: str) -> str:
        """Return a view of that name, or the one that the gallery opens on."""
        if name in VIEWS and (name != "batch" or self.marks.batch.number):
            return name
        return "batch" if self.marks.batch.number else "all"

    def counts(self) -> dict[str, int]:
        """Return how many cards each view shows."""
        return {
            name: sum(shows(card) for card in self.cards)
            for name, shows in VIEWS.items()
        }


VIEWS: dict[str, Callable[[Card], bool]] = {
    "batch": lambda card: card.dealt,
    "all": bool,
    "unseen": lambda card: not card.seen,
    "shortlisted": lambda card: card.approved,
    "aside": lambda card: card.not_for_me and not card.approved,
    "fresh": lambda card: bool(card.fresh),
}
"""The views of the gallery, by which cards they show."""

SIZES = ("s", "m", "l")
SIZE_COOKIE = "logovote-size"  # written by static/js/shortlist.js


@bp.get("/shortlist")
@signed_in
def show(slug: str) -> str:
    """Show the visitor's batch, or another view, in their own order."""
    visitor = seat(slug)
    round_ = ballots.the_round(visitor, Kind.SHORTLIST)
    ballot = ballots.ballot_of(visitor, round_)
    gallery = gallery_of(visitor, round_, ballot)
    view = gallery.view(request.args.get("show", ""))
    shown = [card for card in gallery.cards if VIEWS[view](card)]
    # Whoever looks one by one goes on where they stopped; as in static/js/onward.js.
    start = next((n for n, card in enumerate(shown) if not card.seen), 0)
    return render_template(
        "shortlist/show.html",
        cards=gallery.cards,
        lab=lab.asked_for(),
        choosing="choose" in request.args,
        most_compared=lab.MOST_COMPARED,
        size=size_kept(),
        marks=gallery.marks,
        view=view,
        views=gallery.counts(),
        in_view=[card.family for card in shown],
        start=start,
        start_entry=(shown or gallery.cards)[start].entry if gallery.cards else None,
        **ballots.shared(visitor, round_, ballot, len(gallery.cards)),
        save_url=url_for("shortlist.save", slug=slug),
    )


@bp.get("/logo/<int:entry>")
@signed_in
def logo(slug: str, entry: int) -> str | tuple[str, int]:
    """Show one design large, with the way to the next in the visitor's order."""
    visitor = seat(slug)
    round_ = ballots.the_round(visitor, Kind.SHORTLIST)
    ballot = ballots.ballot_of(visitor, round_)
    gallery = gallery_of(visitor, round_, ballot)
    submission = queries.submission(db(), visitor.contest.id, entry)
    if submission is None:
        abort(404)
    logo = gallery.card_of(entry)
    if logo is None:
        if submission.withdrawn_at is None:
            abort(404)
        return withdrawn_page(visitor, submission)
    view = gallery.view(request.args.get("show", "all"))
    # Whoever leaves the view by a press of a button keeps the place.
    cards = [c for c in gallery.cards if VIEWS[view](c) or c is logo]
    position = cards.index(logo)
    return render_template(
        "shortlist/logo.html",
        logo=logo,
        entry=entry,
        view=view,
        lab=lab.asked_for(),
        preview=preview_of(visitor.contest, submission),
        short_id=short_id(visitor.contest, entry),
        fingerprint=fingerprint(submission.digest),
        ground=submission.picture.ground,
        previous_entry=cards[position - 1].entry if position else None,
        next_entry=cards[position + 1].entry if position + 1 < len(cards) else None,
        position=position + 1,
        total=len(cards),
        marks=gallery.marks,
        **ballots.shared(visitor, round_, ballot, len(cards)),
        save_url=url_for("shortlist.save", slug=slug),
    )


@bp.put("/shortlist/ballot", endpoint="save")
@signed_in
def save(slug: str) -> Response:
    """Save the whole ballot from a script."""
    return ballots.save_from_script(seat(slug), Kind.SHORTLIST)


@bp.post("/shortlist/ballot")
@signed_in
def press(slug: str) -> BaseResponse:
    """Save what one pressed button means, and go back to where it was pressed."""
    visitor = seat(slug)
    round_ = ballots.the_round(visitor, Kind.SHORTLIST)
    ballot = ballots.ballot_of(visitor, round_)
    pressed = request.form.get("approve") or request.form.get("withdraw") or ""
    name, family = next(
        (item for item in families_of(round_).items() if pressed in item[1]),
        ("", frozenset[str]()),
    )
    items = forms.approved_with(casting.items_of(ballot), request.form, family)
    # Before the save, which commits: a page without script logs what it showed, and
    # keeps what was typed into it.
    if visitor.voter is not None and round_.is_voting(now()):
        marks.see(db(), round_, visitor.voter, shown_on_page(round_), now())
        if family and (note := request.form.get("note")) is not None:
            marks.set_mark(db(), round_, visitor.voter, name, now(), note=note)
        if "approve" in request.form and family:  # as the script does
            marks.set_mark(db(), round_, visitor.voter, name, now(), not_for_me=False)
    told = ballots.save_from_form(visitor, round_, ballot, items)
    page = way_back(slug, pressed, family)
    return redirect(page.partition("#")[0] if told else page, code=HTTPStatus.SEE_OTHER)


def withdrawn_page(visitor: Seat, submission: Submission) -> tuple[str, int]:
    """Say that a design is gone, to whoever kept its address."""
    page = render_template(
        "shortlist/withdrawn.html",
        contest=visitor.contest,
        entry=submission.entry,
        reason=submission.withdrawn_reason,
    )
    return page, HTTPStatus.GONE


def size_kept() -> str:
    """Return how large this browser wants its pictures: a page that knows jumps not."""
    size = request.cookies.get(SIZE_COOKIE, "")
    return size if size in SIZES else "m"


def way_back(slug: str, pressed: str, family: frozenset[str]) -> str:
    """Return the page and place where a button was pressed."""
    show_ = request.form.get("show") or None
    lab_ = request.form.get("lab") or None
    if compared := lab.parse_entries(request.form.getlist("compared")):
        ids = lab.written(compared)
        return url_for("looking.compare", slug=slug, ids=ids, lab=lab_)
    if (entry := forms.parse_number(request.form.get("from", ""))) is not None:
        return url_for("shortlist.logo", slug=slug, entry=entry, show=show_)
    entries = sorted(int(id_) for id_ in family if id_.isdecimal())
    anchor = f"logo-{entries[0]}" if pressed and entries else "none"
    return url_for("shortlist.show", slug=slug, show=show_, lab=lab_, _anchor=anchor)


def shown_on_page(round_: Round) -> list[str]:
    """Return the families that a page without script showed before it was left."""
    shown = forms.parse_shown(request.form)
    # Written out, all of them would be a tenth of the page.
    return list(families_of(round_)) if shown == ["all"] else shown


def families_of(round_: Round) -> dict[str, frozenset[str]]:
    """Map each family to its own id and those of its variants."""
    ids: dict[str, set[str]] = defaultdict(set)
    for candidacy in queries.candidacies(db(), round_.id):
        ids[candidacy.family] |= {candidacy.family, str(candidacy.submission.entry)}
    return {family: frozenset(members) for family, members in ids.items()}


def gallery_of(visitor: Seat, round_: Round, ballot: Ballot | None) -> Gallery:
    """Build the gallery in the visitor's own order, dealing a first batch if needed."""
    families: dict[str, list[Submission]] = defaultdict(list)
    for candidacy in queries.candidacies(db(), round_.id):
        families[candidacy.family].append(candidacy.submission)
    approved = frozenset(casting.items_of(ballot))
    marks_ = marks.marks_of(
        db(),
        round_,
        visitor.voter,
        (
            family
            for family, designs in families.items()
            if family in approved
            or any(str(design.entry) in approved for design in designs)
        ),
    )
    if visitor.voter is not None and _wants_a_deal(round_, marks_):
        marks_ = replace(marks_, batch=_first_batch(round_, visitor.voter))
    order = dealing.shuffled(families, dealing.seed_of(round_, visitor.voter))
    return Gallery(
        cards=[
            _card(
                marks_.of[family],
                families[family],
                approved,
                dealt=family in marks_.batch.families,
            )
            for family in order
        ],
        marks=marks_,
    )


def _wants_a_deal(round_: Round, marks_: Marks) -> bool:
    """Tell whether the visitor has none yet, and more to see than one holds."""
    return (
        round_.is_voting(now())
        and not marks_.batch.number
        and marks_.total > Rules.from_json(round_.rules).batch
    )


def _first_batch(round_: Round, voter: Voter) -> dealing.Batch:
    """Deal the visitor's first batch: the one thing that looking at a page writes.

    It must be the same on every later visit, with or without script; and it is nobody's
    decision, so that a page opened by a machine decides nothing.
    """
    with site().store.database.write() as session:
        batch = dealing.deal(
            session,
            session.get_one(Round, round_.id),
            session.get_one(Voter, voter.id),
            now(),
        )
        session.commit()
    return batch


def _card(
    mark: Mark, designs: list[Submission], approved: frozenset[str], *, dealt: bool
) -> Card:
    variants = [
        Variant(design.entry, picture_of(design), str(design.entry) in approved)
        for design in designs
    ]
    return Card(
        family=mark.family,
        entry=variants[0].entry,
        picture=variants[0].picture,
        approved=mark.approved,
        variants=variants,
        dealt=dealt,
        seen=mark.seen,
        not_for_me=mark.not_for_me,
        fresh=mark.fresh,
        note=mark.note,
    )
