"""Families: what the pictures suggest, and what the organiser decides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import get_args

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue

from logovote.contest import events, regrouping
from logovote.contest import families as families_
from logovote.contest.contests import contest_by_slug
from logovote.contest.families import FamilyError, Grouping
from logovote.store import queries
from logovote.store.models import Contest, Submission
from logovote.web import forms
from logovote.web.context import acting_name, actor, db, now
from logovote.web.guards import organiser_only
from logovote.web.organise import meanwhile
from logovote.web.organise.meanwhile import MeanwhileError
from logovote.web.organise.room import back_to, bp
from logovote.web.pictures import Picture, picture_of

# So many proposals fit on a page that a phone scrolls through; decided ones make room.
_PROPOSALS = 12
_MOST_CHANGES = 100
# Comparing takes a second for a few hundred, and a request must not take a minute.
_MOST_COMPARED = 1000
_SURE = ((0.9, "Almost certainly"), (0.75, "Very likely"), (0.5, "Likely"))


@dataclass(frozen=True)
class Tile:
    """A design as the page of families shows it."""

    entry: int
    designer: str
    picture: Picture


@dataclass(frozen=True)
class Group:
    """Designs that are one family, or may be.

    Attributes:
        id: the family's name.
        tiles: its designs.
        joined: of a proposal to join a family: the designs in there.
        sure: how sure the proposal is, in words.
        percent: the same as a number; None for families made by hand.
        reasons: why.
    """

    id: str
    tiles: list[Tile]
    joined: list[Tile]
    sure: str
    percent: int | None
    reasons: tuple[str, ...]

    @property
    def everybody(self) -> str:
        """Who would be one family, as a form names them."""
        return _numbers([*self.tiles, *self.joined])

    @property
    def entries(self) -> str:
        """Its own designs, as a form names them."""
        return _numbers(self.tiles)


@bp.get("/<slug>/families")
@organiser_only
def families(slug: str) -> str:
    """Show what is proposed, what is a family, and who stands alone."""
    contest = contest_by_slug(db(), slug)
    tiles = {
        submission.entry: _tile(submission)
        for submission in queries.submissions(db(), contest.id)
    }
    groupings = families_.groupings(db(), contest)
    by_id = {grouping.id: grouping for grouping in groupings}
    proposals = sorted(
        (grouping for grouping in groupings if grouping.proposed),
        key=lambda grouping: (-(grouping.confidence or 0), grouping.entries),
    )
    shown = proposals if request.args.get("all") else proposals[:_PROPOSALS]
    near = forms.parse_number(request.args.get("near", ""))
    find = request.args.get("find", "").strip()
    alone = [g.entries[0] for g in groupings if len(g.entries) == 1 and not g.proposed]
    return render_template(
        "organise/families.html",
        contest=contest,
        frozen=families_.is_frozen(db(), contest),
        proposals=[_group(grouping, tiles, by_id) for grouping in shown],
        number_of_proposals=len(proposals),
        near=near,
        neighbours=[
            tiles[entry] for entry in _neighbours(contest.id, near, len(tiles))
        ],
        families=[
            _group(grouping, tiles, by_id)
            for grouping in groupings
            if grouping.confirmed and len(grouping.entries) > 1
        ],
        alone=[tiles[entry] for entry in alone if _matches(tiles[entry], find)],
        number_alone=len(alone),
        find=find,
        last=regrouping.last_change(db(), contest),
        changes=regrouping.changes(db(), contest)[:_MOST_CHANGES],
        rounds=queries.rounds(db(), contest.id),
        shown=events.length(db(), contest.id),
    )


@bp.post("/<slug>/families")
@organiser_only
def regroup(slug: str) -> ResponseReturnValue:
    """Change families, by the button of a proposal or for the ticked designs."""
    contest = contest_by_slug(db(), slug)
    deed, colon, numbers = request.form.get("do", "").partition(":")
    texts = numbers.split(",") if colon else request.form.getlist("entry")
    entries = [n for text in texts if (n := forms.parse_number(text)) is not None]
    who = acting_name()
    _refuse_if_changed(contest, deed, entries)
    if deed == "undo":
        message = regrouping.undo(db(), contest, who=who, now=now(), actor=actor())
    elif deed in get_args(regrouping.Deed):
        message = regrouping.regroup(
            db(),
            contest,
            deed,  # type: ignore[arg-type] # checked a line above
            entries,
            who=who,
            now=now(),
            actor=actor(),
        )
    else:
        raise FamilyError("Press one of the buttons of the page.")
    db().commit()
    flash(message, "success")
    return back_to("organise.families", slug=slug, all=request.form.get("all") or None)


def _refuse_if_changed(contest: Contest, deed: str, entries: Iterable[int]) -> None:
    """Refuse what is about families that another organiser has changed meanwhile.

    Two may look through the proposals side by side, as long as it is not the same ones.
    """
    meanwhile.hold(contest)
    shown = forms.parse_number(request.form.get("shown", ""))
    if shown is None:
        return
    touched = regrouping.touched_since(db(), contest, shown, but_by=actor())
    all_of_them = deed in {"undo", "confirm"}
    if touched is None or (touched and (all_of_them or touched & {*entries})):
        raise MeanwhileError


def _neighbours(contest_id: int, near: int | None, designs: int) -> list[int]:
    """Return a design and those that look like it, if somebody asks."""
    if near is None or designs > _MOST_COMPARED:
        return []
    # Imported late: NumPy is needed for nothing else in a web process.
    from logovote.contest import likeness  # noqa: PLC0415 - see above

    found = likeness.neighbours(db(), contest_id, near)
    return [near, *found] if found else []


def _tile(submission: Submission) -> Tile:
    return Tile(
        submission.entry,
        submission.designer or "designer unknown",
        picture_of(submission),
    )


def _group(
    grouping: Grouping, tiles: dict[int, Tile], by_id: dict[str, Grouping]
) -> Group:
    joined = by_id[grouping.joins].entries if grouping.joins else ()
    confidence = grouping.confidence
    sure = next((w for least, w in _SURE if (confidence or 0) >= least), "Perhaps")
    return Group(
        grouping.id,
        [tiles[entry] for entry in grouping.entries],
        [tiles[entry] for entry in joined],
        sure,
        None if confidence is None else round(confidence * 100),
        grouping.reasons,
    )


def _matches(tile: Tile, find: str) -> bool:
    """Tell whether a design is what somebody looks for: a number, or a designer."""
    wanted = find.casefold().removeprefix("#")
    if wanted.isdecimal():
        return str(tile.entry).startswith(wanted)
    return wanted in tile.designer.casefold()


def _numbers(tiles: Iterable[Tile]) -> str:
    return ",".join(str(tile.entry) for tile in tiles)
