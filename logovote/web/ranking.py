"""The ranking ballot: some or all of the shortlist, in the voter's order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from flask import (
    Blueprint,
    Response,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as BaseResponse

from logovote.contest import casting, dealing
from logovote.contest.rules import Rules
from logovote.store import queries
from logovote.store.models import Kind, Round
from logovote.web import ballots, forms
from logovote.web.context import db
from logovote.web.guards import Seat, seat, signed_in
from logovote.web.pictures import Picture, picture_of

bp = Blueprint("ranking", __name__, url_prefix="/c/<slug>")


@dataclass(frozen=True)
class Row:
    """A line of the ballot: a design, or "none of these".

    `url` is where the design is seen large: its page in the gallery, if it stood in a
    shortlist round. `starred` tells whether the visitor approved it there.
    """

    id: str
    place: int
    tied: bool
    entry: int | None
    title: str | None
    picture: Picture | None
    url: str | None
    in_gallery: bool = False
    starred: bool = False

    @property
    def none(self) -> bool:
        """Whether this is the line for the status quo."""
        return self.entry is None


@bp.get("/ranking")
@signed_in
def show(slug: str) -> str:
    """Show the visitor's ranking, and what they have not ranked yet."""
    visitor = seat(slug)
    round_ = ballots.the_round(visitor, Kind.RANKING)
    ballot = ballots.ballot_of(visitor, round_)
    items = casting.items_of(ballot)
    rows = rows_of(slug, visitor, round_, items)
    ranked = [id_ for tier in items for id_ in tier if id_ in rows]
    rest = dealing.shuffled(
        [id_ for id_ in rows if id_ not in ranked and id_ != casting.NONE],
        dealing.seed_of(round_, visitor.voter),
    )
    if casting.NONE not in ranked:
        rest.append(casting.NONE)
    return render_template(
        "ranking/show.html",
        ranked=[rows[id_] for id_ in ranked],
        unranked=[rows[id_] for id_ in rest],
        **ballots.shared(visitor, round_, ballot, len(rows) - 1),
        save_url=url_for("ranking.save", slug=slug),
        stars=sum(row.starred for row in rows.values()),
        after_shortlist=all(row.in_gallery for row in rows.values() if not row.none),
    )


@bp.put("/ranking/ballot", endpoint="save")
@signed_in
def save(slug: str) -> Response:
    """Save the whole ranking from a script."""
    return ballots.save_from_script(seat(slug), Kind.RANKING)


@bp.post("/ranking/ballot")
@signed_in
def press(slug: str) -> BaseResponse:
    """Save what one pressed button means, and go back to its row."""
    visitor = seat(slug)
    round_ = ballots.the_round(visitor, Kind.RANKING)
    ballot = ballots.ballot_of(visitor, round_)
    standing = casting.standing_items(db(), round_, ballot)
    items = forms.ranked_with(standing, request.form)
    told = ballots.save_from_form(visitor, round_, ballot, items)
    if request.form.get("do") == "order":
        flash("This is your ranking now. You can still change it.", "success")
    id_ = request.form.get("do", "").partition(":")[2]
    anchor = None if told else f"row-{id_}" if id_ else "ranked-title"
    return redirect(
        url_for("ranking.show", slug=slug, _anchor=anchor), code=HTTPStatus.SEE_OTHER
    )


def rows_of(
    slug: str, visitor: Seat, round_: Round, items: casting.Items
) -> dict[str, Row]:
    """Describe every line of the ballot, by its id."""
    gallery = queries.latest_round(db(), round_.contest_id, Kind.SHORTLIST)
    # A design has a page there only if it stood in that round.
    families = {} if gallery is None else casting.slate(db(), gallery).families
    stars = _stars(visitor, gallery, families)
    candidacies = queries.candidacies(db(), round_.id)
    standing = {casting.NONE, *(str(each.submission.entry) for each in candidacies)}
    places: dict[str, tuple[int, bool]] = {}
    for tier in items:
        place = len(places) + 1
        # What was withdrawn takes no place: the others close up.
        left = [id_ for id_ in tier if id_ in standing]
        places.update({id_: (place, number > 0) for number, id_ in enumerate(left)})
    rows = {}
    for candidacy in candidacies:
        design = candidacy.submission
        id_ = str(design.entry)
        place, tied = places.get(id_, (0, False))
        picture = picture_of(design)
        url = picture.preview
        if id_ in families:
            url = url_for("shortlist.logo", slug=slug, entry=design.entry)
        rows[id_] = Row(
            id_,
            place,
            tied,
            design.entry,
            None,
            picture,
            url,
            in_gallery=id_ in families,
            starred=candidacy.family in stars,
        )
    place, tied = places.get(casting.NONE, (0, False))
    status_quo = Rules.from_json(round_.rules).status_quo
    rows[casting.NONE] = Row(casting.NONE, place, tied, None, status_quo, None, None)
    return rows


def _stars(
    visitor: Seat, gallery: Round | None, families: Mapping[str, str]
) -> set[str]:
    """Return the families that the visitor approved in the shortlist round."""
    if gallery is None or (ballot := ballots.ballot_of(visitor, gallery)) is None:
        return set()
    return {families.get(id_, id_) for id_ in casting.items_of(ballot)}
