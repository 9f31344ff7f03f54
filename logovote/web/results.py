"""The result of a round: for everybody once published, for organisers once counted."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from flask import Blueprint, Response, abort, render_template, request, url_for

from logovote.contest import ballot_files, deciding, handoff
from logovote.contest import results as results_
from logovote.contest.casting import NONE
from logovote.contest.contests import contest_by_slug
from logovote.contest.identity import fingerprint, short_id
from logovote.contest.results import Line, Result
from logovote.contest.rules import Rules
from logovote.store import queries
from logovote.store.models import Contest, Kind, Phase, Round
from logovote.web.context import current_standing, db
from logovote.web.pages import percent, rounded
from logovote.web.pictures import Picture

bp = Blueprint("results", __name__, url_prefix="/c/<slug>/results/<kind>")

HIDDEN = (
    "It is published. While people vote again it is hidden, so that all judge alone; "
    "it is back when that round is counted."
)
"""What is said of a result that `is_judging` takes from the pages for a while."""

_HOW = {
    "seqphragmen": "Sequential Phragmén over families, weighted by group shares. Each "
    "place goes to the design whose supporters have been served least so far.",
    "ranked_pairs": "Ranked pairs on margins, weighted by group shares. The clearest "
    "victories between two designs are locked in first.",
}


@dataclass(frozen=True)
class ResultLine:
    """One line of a result as people read it."""

    id: str
    place: int
    tied: bool
    entry: int | None
    title: str | None
    designer: str | None
    picture: Picture | None
    short_id: str
    fingerprint: str
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
    note: str = ""


@dataclass(frozen=True)
class Shown:
    """A round with a result that this visitor may see."""

    contest: Contest
    round: Round
    result: Result
    organiser: bool
    numbers: list[int]

    @property
    def number(self) -> int | None:
        """What names the round in addresses; nothing, if it is the newest."""
        return None if self.round.number == self.numbers[0] else self.round.number

    @property
    def kind(self) -> str:
        """The round's kind as addresses name it."""
        return self.round.kind.value

    @property
    def published(self) -> bool:
        """Whether everybody may see it."""
        return self.round.phase is Phase.PUBLISHED

    @property
    def open_ballots(self) -> bool:
        """Whether its ballots are public: promised to be, and published."""
        return self.published and self.rules.publish == "ballots"

    @property
    def rules(self) -> Rules:
        """What the round was counted by."""
        return Rules.from_json(self.round.rules)


@bp.get("")
def show(slug: str, kind: str) -> str:
    """Show a result, if there is one for this visitor."""
    contest = contest_by_slug(db(), slug)
    shown = visible(contest, kind)
    if shown is None:
        found = queries.counted(db(), contest.id, Kind(kind), published=True)
        return render_template(
            "results/waiting.html",
            contest=contest,
            kind=kind,
            # A published one is missing for one reason alone.
            hidden=HIDDEN if found else "",
        )
    result = shown.result
    return render_template(
        "results/show.html",
        contest=contest,
        kind=kind,
        round=shown.round,
        number=shown.number,
        numbers=shown.numbers,
        published=shown.published,
        order=[_line(contest, line, result, shown.rules) for line in result.order],
        none_percent=None if result.none_share is None else rounded(result.none_share),
        pairwise=_pairwise(result),
        turnout=_turnout(result),
        binding=result.binding,
        seed=result.seed,
        public_string=shown.round.public_string,
        closing_root=shown.round.closing_root,
        ties=result.ties,
        aside=_aside(result),
        beacon=shown.rules.beacon,
        drawn=shown.round.beacon,
        headline=_headline(result),
        how=_HOW[result.method],
        downloads=_downloads(shown),
        **_explained(shown),
    )


@bp.get("/why")
def why(slug: str, kind: str) -> str:
    """Answer only why one logo is above another, for the page's script."""
    return _part(slug, kind, "why")


@bp.get("/what-if")
def what_if(slug: str, kind: str) -> str:
    """Answer only what other shares would have said, for the page's script."""
    return _part(slug, kind, "outcome")


def _part(slug: str, kind: str, name: str) -> str:
    shown = visible(contest_by_slug(db(), slug), kind)
    parts = {} if shown is None else _explained(shown, name)
    if not parts:
        abort(404)
    return render_template(f"results/_{name}.html", **parts)


@bp.get("/ballots.json")
def ballots(slug: str, kind: str) -> Response:
    """Send the ballots of a published round, merged and without names."""
    shown = visible(contest_by_slug(db(), slug), kind)
    if shown is None or not shown.open_ballots or shown.round.profile is None:
        abort(404)
    return _file(f"ballots-{slug}-{kind}.json", shown.round.profile)


@bp.get("/ballots.zip")
def ballots_zip(slug: str, kind: str) -> Response:
    """Send the same ballots in every kind of file that can hold them."""
    shown = visible(contest_by_slug(db(), slug), kind)
    profile = None
    if shown is not None and shown.open_ballots:
        profile = ballot_files.profile_of(shown.round)
    if profile is None:
        abort(404)
    response = Response(ballot_files.as_zip(profile), mimetype="application/zip")
    name = f"ballots-{slug}-{kind}.zip"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


@bp.get("/insight.json")
def insight(slug: str, kind: str) -> Response:
    """Send what explains a result."""
    shown = visible(contest_by_slug(db(), slug), kind)
    if shown is None or shown.round.insight is None:
        abort(404)
    return _file(f"insight-{slug}-{kind}.json", handoff.insight_file(shown.round))


def _file(name: str, text: str) -> Response:
    response = Response(text, mimetype="application/json")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def visible(contest: Contest, kind: str) -> Shown | None:
    """Return the newest result this visitor may see, or the one of `round`'s number.

    Published ones for everybody, except while people vote again and should judge
    alone; counted ones for organisers.
    """
    if kind not in {known.value for known in Kind}:
        abort(404)
    organiser = current_standing().role_in(contest.slug) is not None
    found = queries.counted(db(), contest.id, Kind(kind), published=not organiser)
    if not found or (not organiser and is_judging(contest.id)):
        return None
    numbers = [each.number for each in found]
    # What was known before stays on record, under its number.
    asked = request.args.get("round", str(numbers[0]))
    round_ = {str(each.number): each for each in found}.get(asked)
    if round_ is None:
        abort(404)
    return Shown(contest, round_, results_.result_of(round_), organiser, numbers)


def is_judging(contest_id: int) -> bool:
    """Tell whether people are voting in this contest, who should judge alone."""
    return queries.has_round_in(db(), contest_id, Phase.OPEN, Phase.CLOSED)


def _explained(shown: Shown, only: str = "") -> dict[str, object]:
    """Return what explains a result; nothing for rounds counted before it was kept.

    Args:
        shown: the result.
        only: the part a script asks for: "why" or "outcome"; all of them by default.
    """
    # NumPy comes with it, which a site that only serves need not wait for.
    from logovote.web.explaining import page  # noqa: PLC0415 - see above

    found = page.explained(shown.round, shown.result, shown.rules.seats)
    if found is None:
        return {} if only else {"unexplained": True}
    if only == "why":
        return page.reasons(found, request.args)
    if only == "outcome":
        return page.other_shares(found, request.args)
    return page.everything(found, request.args)


def _downloads(shown: Shown) -> list[Download]:
    """List the files beside a result."""
    slug, kind = shown.contest.slug, shown.kind
    ranking = shown.round.kind is Kind.RANKING
    downloads = []
    if shown.organiser and shown.number is None:
        url = url_for("organise.handoff_", slug=slug, kind=kind)
        downloads.append(Download(url, "Hand on: sheets, decision and all files"))
    if deciding.current(db(), shown.round, published=True) is not None:
        url = url_for("records.show", slug=slug)
        about = "question, rules, result and decision, one page in one file"
        downloads.append(Download(url, "The decision record", about))
    # The ballots are kept with the insight, which the page has read already; only where
    # explaining failed they stand alone.
    explained = shown.round.insight is not None
    # Where nothing stands there are none; on every ranking stands "none of these".
    stands = ranking or bool(shown.result.designs)
    kept = explained or shown.round.profile is not None
    if shown.open_ballots and stands and kept:
        downloads.append(
            Download(
                url_for("results.ballots", slug=slug, kind=kind, round=shown.number),
                "All ballots (JSON)",
                "merged and sorted, without names; logovote count reads it",
            )
        )
        kinds = "CSV, CEF, PrefLib and BLT" if ranking else "CSV and PrefLib"
        downloads.append(
            Download(
                url_for(
                    "results.ballots_zip", slug=slug, kind=kind, round=shown.number
                ),
                f"The same for other programs ({kinds})",
                "one zip, with a note of what each kind leaves out",
            )
        )
    if explained:
        downloads.append(
            Download(
                url_for("results.insight", slug=slug, kind=kind, round=shown.number),
                "The numbers of this page (JSON)",
                "exact fractions, and estimates named as such",
            )
        )
    return downloads


def _headline(result: Result) -> str:
    """Say in a sentence what came out."""
    first = [line for line in result.order if line.place == 1]
    if result.pairs is None:
        number = len(result.order)
        verb = "logo is" if number < 2 else "logos are"
        return f"{number or 'No'} {verb} on the list."
    if not result.voted:
        return f"No ballot was counted, so all {len(first)} share the first place."
    if len(first) != 1:
        return f"{len(first)} share the first place." if first else ""
    (line,) = first
    if line.entry is None:
        return "“None of these” comes first: no logo is preferred to it."
    if line.loses or line.beats != len(result.order) - 1:
        return f"Logo {line.entry} comes first."
    return f"Logo {line.entry} comes first: voters prefer it to each of the others."


def _line(contest: Contest, line: Line, result: Result, rules: Rules) -> ResultLine:
    """Describe a line, and say in a sentence what is remarkable about it."""
    design = None if line.entry is None else result.designs[line.entry]
    note = ""
    if design is None:
        note = rules.status_quo
    elif line.acceptable is False:
        note = "Not above “none of these”."
    id_ = NONE if line.entry is None else str(line.entry)
    return ResultLine(
        id=id_ if result.pairs is not None else str(line.family),
        place=line.place,
        tied=line.tied,
        entry=line.entry,
        title=design.title if design else None,
        designer=design.designer if design else None,
        picture=Picture(design.digest, design.ground) if design else None,
        short_id=short_id(contest, design.entry) if design else "",
        fingerprint=fingerprint(design.digest) if design else "",
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


@dataclass(frozen=True)
class Moved:
    """A line that the ballots set aside would move; a place of None is none."""

    label: str
    official: str
    with_all: str


@dataclass(frozen=True)
class AsideView:
    """What a result leaves out, and every place that would be another with it."""

    ballots: int
    shown: bool
    moved: list[Moved]


def _aside(result: Result) -> AsideView | None:
    """Compare the official result with the one of all ballots, place by place."""
    if result.set_aside is None:
        return None
    whole = result.set_aside.with_all
    if whole is None:
        return AsideView(result.set_aside.ballots, shown=False, moved=[])
    official, other = _places(result), _places(whole)
    moved = [
        Moved(name, official.get(key, "not on it"), other.get(key, "not on it"))
        for key, name in (_names(whole) | _names(result)).items()
        if official.get(key) != other.get(key)
    ]
    return AsideView(result.set_aside.ballots, shown=True, moved=moved)


def _places(result: Result) -> dict[str, str]:
    """Return the place of each family, "none of these" among them."""
    return {
        line.family or NONE: f"{line.place}{'=' if line.tied else ''}"
        for line in result.order
    }


def _names(result: Result) -> dict[str, str]:
    return {
        line.family or NONE: f"Logo {line.entry}" if line.entry else "None of these"
        for line in result.order
    }


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
