"""The result of a round: for everybody once published, for organisers once counted."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from flask import Blueprint, abort, render_template, url_for

from logovote.contest import results as results_
from logovote.contest.casting import NONE
from logovote.contest.contests import contest_by_slug
from logovote.contest.results import Line, Result
from logovote.contest.rules import Rules
from logovote.store import queries
from logovote.store.models import Kind, Phase
from logovote.web.context import current_person, db
from logovote.web.pages import percent, rounded
from logovote.web.pictures import Picture

bp = Blueprint("results", __name__, url_prefix="/c/<slug>")

_HOW = {
    "seqphragmen": "Sequential Phragmén over families, weighted by group shares. Each "
    "place goes to the design whose supporters have been served least so far.",
    "ranked_pairs": "Ranked pairs on margins, weighted by group shares. The clearest "
    "victories between two designs are locked in first.",
}


@dataclass(frozen=True)
class ResultLine:
    """One line of a result as people read it."""

    place: int
    tied: bool
    entry: int | None
    title: str | None
    designer: str | None
    picture: Picture | None
    none: bool
    support_percent: float | None
    support_fraction: str | None
    av_place: int | None
    acceptable: bool | None
    beats: int | None
    loses: int | None
    note: str


@dataclass(frozen=True)
class Cell:
    """One meeting of two candidates."""

    text: str
    win: bool


@dataclass(frozen=True)
class PairRow:
    """A candidate's meetings with all others; None on the diagonal."""

    label: str
    cells: list[Cell | None]


@dataclass(frozen=True)
class TurnoutLine:
    """A group's turnout and its part of the decision."""

    group: str
    voted: int
    eligible: int
    agreed_percent: float
    share_percent: float
    changed: bool


@dataclass(frozen=True)
class Download:
    """A file beside a result."""

    url: str
    text: str


@bp.get("/results/<kind>")
def show(slug: str, kind: str) -> str:
    """Show a result, if there is one for this visitor."""
    contest = contest_by_slug(db(), slug)
    if kind not in {known.value for known in Kind}:
        abort(404)
    person = current_person()
    organiser = person is not None and person.organiser
    round_ = queries.latest_counted(
        db(), contest.id, Kind(kind), published=not organiser
    )
    if round_ is None or (not organiser and is_judging(contest.id)):
        return render_template("results/waiting.html", contest=contest, kind=kind)
    result = results_.result_of(round_)
    chosen, taken = {line.entry for line in result.order}, set(result.by_approval)
    added = [line.entry for line in result.order if line.entry not in taken]
    dropped = [entry for entry in result.by_approval if entry not in chosen]
    downloads = []
    if organiser:
        url = url_for("organise.download", slug=slug)
        downloads.append(Download(url, "Everything to hand on, as a zip"))
    return render_template(
        "results/show.html",
        contest=contest,
        kind=kind,
        round=round_,
        published=round_.phase is Phase.PUBLISHED,
        order=[
            _line(line, result, Rules.from_json(round_.rules)) for line in result.order
        ],
        added=added,
        dropped=dropped,
        none_percent=None if result.none_share is None else rounded(result.none_share),
        pairwise=_pairwise(result),
        turnout=_turnout(result),
        binding=result.binding,
        seed=result.seed,
        public_string=round_.public_string,
        closing_root=round_.closing_root,
        ties=result.ties,
        how=_HOW[result.method],
        downloads=downloads,
    )


def is_judging(contest_id: int) -> bool:
    """Tell whether people are voting in this contest, who should judge alone."""
    return queries.has_round_in(db(), contest_id, Phase.OPEN, Phase.CLOSED)


def _line(line: Line, result: Result, rules: Rules) -> ResultLine:
    """Describe a line, and say in a sentence what is remarkable about it."""
    design = None if line.entry is None else result.designs[line.entry]
    note = ""
    if design is None:
        note = rules.status_quo
    elif line.acceptable is False:
        note = "Not above “none of these”."
    elif result.by_approval and line.entry not in result.by_approval:
        note = "Plain approval would not have taken it: it is here for voters who had "
        note += "fewer of their choices in the list."
    return ResultLine(
        place=line.place,
        tied=line.tied,
        entry=line.entry,
        title=design.title if design else None,
        designer=design.designer if design else None,
        picture=Picture(design.digest, design.ground) if design else None,
        none=line.status_quo,
        support_percent=None if line.support is None else rounded(line.support),
        support_fraction=None if line.support is None else str(line.support),
        av_place=line.approval_place,
        acceptable=line.acceptable,
        beats=line.beats,
        loses=line.loses,
        note=note,
    )


def _pairwise(result: Result) -> dict[str, object] | None:
    """Lay out every meeting of two, in the order of the result."""
    if result.pairs is None:
        return None
    ids = [NONE if line.entry is None else str(line.entry) for line in result.order]
    rows = [
        PairRow(_label(id_), [_cell(result.pairs, id_, other) for other in ids])
        for id_ in ids
    ]
    return {"labels": [_label(id_) for id_ in ids], "rows": rows}


def _cell(pairs: dict[str, dict[str, Fraction]], id_: str, other: str) -> Cell | None:
    if id_ == other:
        return None
    for_, against = pairs[id_][other], pairs[other][id_]
    return Cell(f"{percent(for_)} : {percent(against)}", for_ > against)


def _label(id_: str) -> str:
    return "None" if id_ == NONE else f"#{id_}"


def _turnout(result: Result) -> list[TurnoutLine]:
    return [
        TurnoutLine(
            group=group,
            voted=part.voted,
            eligible=part.eligible,
            agreed_percent=rounded(part.target),
            share_percent=rounded(part.share),
            changed=part.share != part.target,
        )
        for group, part in result.turnout.items()
    ]
