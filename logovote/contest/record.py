"""The decision record: all that was asked, said and decided, as one page in one file.

It needs no network and no script, and holds nothing of any person: no voters, and no
designers, whose designs are named by their entry numbers.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.orm import Session

from logovote import __version__
from logovote.contest import bundle, deciding, events, opening
from logovote.contest.casting import NONE
from logovote.contest.deciding import Verdict
from logovote.contest.identity import fingerprint, short_id
from logovote.contest.results import Line, Result, result_of
from logovote.contest.rights import rights_of
from logovote.contest.rules import Rules
from logovote.paths import TEMPLATES
from logovote.store import queries
from logovote.store.media import MissingMediaError
from logovote.store.models import Contest, Phase, Round
from logovote.store.store import Store

if TYPE_CHECKING:
    from logovote.voting.insight import RankingInsight
    from logovote.voting.insight.stability import Stability

_HOW = {
    "seqphragmen": "Sequential Phragmén over families, weighted by group shares: each "
    "place goes to the design whose supporters have been served least so far.",
    "ranked_pairs": "Ranked pairs on margins, weighted by group shares: the clearest "
    "victories between two designs are locked in first.",
}
_PUBLISHED_AS = {
    "ballots": "every ballot, without its voter's name",
    "aggregate": "sums only",
    "auditors": "sums only; auditors have the ballots",
}


@dataclass(frozen=True)
class RecordLine:
    """A line of a round's result; `entry` is None for "none of these".

    Attributes:
        band: whether the order among it and its neighbours is too close to call:
            "start", "middle", "end", or "".
        told: what else there is to say, in words.
    """

    place: int
    tied: bool
    entry: int | None
    id: str
    image: str
    ground: str
    fingerprint: str
    band: str
    told: Sequence[str]


@dataclass(frozen=True)
class RecordGroup:
    """A group's part: who could vote, who did, and what it decided."""

    name: str
    voted: int
    eligible: int
    agreed: str
    counted: str
    reason: str


@dataclass(frozen=True)
class RecordRound:
    """A counted round, as the record tells it."""

    title: str
    published: bool
    opened_at: datetime
    closed_at: datetime | None
    how: str
    published_as: str
    seats: int
    standing: int
    groups: Sequence[RecordGroup]
    binding: bool
    lines: Sequence[RecordLine]
    plain: Sequence[int]
    plain_only: Sequence[RecordLine]
    none_share: str
    aside: str
    ties: int
    dissent: Sequence[str]
    tastes: Sequence[Mapping[str, str]]
    commitment: str
    closing_root: str
    head: str
    bundle: str
    bundle_digest: str
    designs: Sequence[Mapping[str, Any]]


def decision_record(
    session: Session,
    store: Store,
    contest: Contest,
    round_: Round,
    *,
    draft: bool,
) -> str:
    """Write the record of a contest as a page that stands alone.

    Args:
        session: any session.
        store: where the pictures are.
        contest: the contest.
        round_: the counted round that the decision stands beside.
        draft: whether organisers read it: what is not public yet is in it, and it says
            so. Otherwise it holds what is published.
    """
    chain = events.chain(session, contest.id)
    counted = [
        each
        for each in queries.rounds(session, contest.id)
        if each.result is not None and (draft or each.phase is Phase.PUBLISHED)
    ]
    verdict = deciding.current(session, round_, published=not draft)
    result = result_of(round_)
    private = rights_of(contest).voters_only
    pictures = _Pictures(session, store, hidden=private)
    return (
        _environment()
        .get_template("record/decision.html")
        .render(
            contest=contest,
            private=private,
            draft=draft and (verdict is None or verdict.published_at is None),
            verdict=verdict,
            decided=_decided(session, contest, result, verdict, pictures),
            kind=_title(round_),
            first=_first(result),
            earlier=[
                each for each in deciding.earlier(session, round_) if each != verdict
            ],
            rounds=[_round(contest, each, chain, pictures) for each in counted],
            head=chain[-1]["hash"] if chain else events.NO_HEAD,
            events=len(chain),
            version=__version__,
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["utc"] = _utc
    return environment


def _utc(moment: datetime) -> str:
    utc = moment.astimezone(UTC)
    return f"{utc.day} {utc:%B %Y, %H:%M} UTC"


def _percent(value: Fraction | float) -> str:
    return f"{round(float(value) * 100, 1):g} %"


class _Pictures:
    """The thumbnails of designs as data that a page holds itself.

    A page that goes anywhere holds none that are for voters only: they are `hidden`.
    """

    def __init__(self, session: Session, store: Store, *, hidden: bool) -> None:
        self._session = session
        self._store = store
        self._hidden = hidden

    def of(self, digest: str) -> str:
        """Return an address that is the picture; "" if there is none to show."""
        if self._hidden:
            return ""
        kept = queries.derivative(self._session, digest, "thumb")
        if kept is None:
            return ""
        try:
            data = self._store.derivatives.get(kept.digest)
        except MissingMediaError:
            return ""
        return f"data:image/webp;base64,{base64.b64encode(data).decode()}"


def _title(round_: Round) -> str:
    number = f" {round_.number}" if round_.number > 1 else ""
    return f"{round_.kind.value}{number}"


def _first(result: Result) -> str:
    """Say in words what the community put first."""
    first = [line.entry for line in result.order if line.place == 1]
    if not result.voted:
        return "No ballot was counted."
    if not first:
        return "No ballot that was counted approves a design."
    names = ["“none of these”" if entry is None else f"logo {entry}" for entry in first]
    if len(names) == 1:
        return f"The community put {names[0]} first."
    return f"The community put {' and '.join(names)} first, at the same place."


def _decided(
    session: Session,
    contest: Contest,
    result: Result,
    verdict: Verdict | None,
    pictures: _Pictures,
) -> list[dict[str, Any]]:
    """Describe the chosen designs as they were voted on, and whether they changed."""
    found = []
    for entry in verdict.entries if verdict else ():
        design = result.designs[entry]
        now = queries.submission(session, contest.id, entry)
        found.append(
            {
                "entry": entry,
                "id": short_id(contest, entry),
                "image": pictures.of(design.digest),
                "ground": design.ground,
                "digest": design.digest,
                "changed": now.digest
                if now is not None and now.digest != design.digest
                else "",
            }
        )
    return found


def _round(
    contest: Contest,
    round_: Round,
    chain: Sequence[Mapping[str, Any]],
    pictures: _Pictures,
) -> RecordRound:
    # NumPy comes with it, which a site that only serves need not wait for.
    from logovote.contest import insights  # noqa: PLC0415 - see above
    from logovote.voting.insight import RankingInsight  # noqa: PLC0415 - see above

    result, rules = result_of(round_), Rules.from_json(round_.rules)
    insight = insights.insight_of(round_)
    stability = insight.stability if insight else None
    name = opening.name_of(round_)
    payloads = {
        event["kind"]: event for event in chain if event["payload"].get("round") == name
    }
    opened = payloads.get("round.opened", {}).get("payload", {})
    exported = payloads.get("bundle.exported", {}).get("payload", {})
    reasons = {group.id: group.reason for group in rules.groups}
    ranking = insight if isinstance(insight, RankingInsight) else None
    return RecordRound(
        title=_title(round_).capitalize(),
        published=round_.phase is Phase.PUBLISHED,
        opened_at=round_.opened_at,
        closed_at=round_.closed_at,
        how=_HOW[result.method],
        published_as=_PUBLISHED_AS[rules.publish],
        seats=rules.seats,
        standing=len(result.designs),
        groups=[
            RecordGroup(
                group,
                part.voted,
                part.eligible,
                _percent(part.target),
                _percent(part.share),
                reasons.get(group, ""),
            )
            for group, part in result.turnout.items()
        ],
        binding=result.binding,
        lines=_lines(contest, result, stability, pictures),
        plain=result.by_approval,
        plain_only=[
            _line(contest, result, Line(0, entry, None, tied=False), pictures)
            for entry in result.by_approval
            if entry not in {line.entry for line in result.order}
        ],
        none_share="" if result.none_share is None else _percent(result.none_share),
        aside=_aside(result),
        ties=len(result.ties),
        dissent=_dissent(ranking),
        tastes=_tastes(ranking),
        commitment=opened.get("commitment", ""),
        closing_root=round_.closing_root or "",
        head=payloads.get("round.counted", {}).get("hash", ""),
        bundle=bundle.file_name(contest, round_),
        bundle_digest=exported.get("sha256", {}).get(bundle.PUBLIC, ""),
        designs=[
            {
                "entry": design.entry,
                "id": short_id(contest, design.entry),
                "digest": design.digest,
            }
            for design in result.designs.values()
        ],
    )


def _aside(result: Result) -> str:
    """Say what was set aside before the count, and what the order is with it."""
    if result.set_aside is None:
        return ""
    number = result.set_aside.ballots
    told = (
        f"{number} {'ballot was' if number == 1 else 'ballots were'} set aside before "
        "the count; the log says why."
    )
    whole = result.set_aside.with_all
    if whole is None:
        return told
    order = ", ".join(
        "none of these" if line.entry is None else str(line.entry)
        for line in whole.order
    )
    return f"{told} With all ballots the order would be: {order}."


def _lines(
    contest: Contest,
    result: Result,
    stability: Stability | None,
    pictures: _Pictures,
) -> list[RecordLine]:
    """Describe a result's lines; neighbours too close to call are marked."""
    bands: dict[str, str] = {}
    for band in stability.bands if stability and result.pairs is not None else ():
        if len(band) > 1:
            bands |= dict.fromkeys(band, "middle")
            bands[band[0]], bands[band[-1]] = "start", "end"
    ranges = {
        chance.candidate: (chance.low, chance.high)
        for chance in (stability.chances if stability else ())
    }
    return [
        _line(contest, result, line, pictures, bands=bands, ranges=ranges)
        for line in result.order
    ]


def _line(
    contest: Contest,
    result: Result,
    line: Line,
    pictures: _Pictures,
    *,
    bands: Mapping[str, str] | None = None,
    ranges: Mapping[str, tuple[int, int]] | None = None,
) -> RecordLine:
    ranked = result.pairs is not None
    entry = line.entry
    id_ = (NONE if entry is None else str(entry)) if ranked else str(line.family)
    told = []
    if line.support is not None:
        told.append(f"{_percent(line.support)} of the vote approve it")
    if line.approval_place is not None:
        told.append(f"place {line.approval_place} by plain approval")
    if line.beats is not None:
        told.append(f"beats {line.beats}, loses to {line.loses}")
    if ranked and ranges and id_ in ranges:
        low, high = ranges[id_]
        told.append(
            f"place {low} in 9 of 10 similar votes"
            if low == high
            else f"places {low} to {high} in 9 of 10 similar votes"
        )
    if line.acceptable is False:
        told.append("not above “none of these”")
    design = None if entry is None else result.designs[entry]
    return RecordLine(
        place=line.place,
        tied=line.tied,
        entry=entry,
        id="" if entry is None else short_id(contest, entry),
        image=pictures.of(design.digest) if design else "",
        ground=design.ground if design else "light",
        fingerprint=fingerprint(design.digest) if design else "",
        band=(bands or {}).get(id_, ""),
        told=told,
    )


def _name(id_: str) -> str:
    return "“none of these”" if id_ == NONE else f"logo {id_}"


def _dissent(insight: RankingInsight | None) -> list[str]:
    """Say where voters differ: bold or bland, and how much they agree."""
    if insight is None:
        return []
    told = []
    character = insight.character
    if character.winner is not None and character.boldest is not None:
        winner, bold = _name(character.winner), _name(character.boldest)
        told.append(
            f"{winner.capitalize()} is a compromise: liked by many, loved by few."
            if character.compromise
            else f"{winner.capitalize()} is no compromise: it is also among the best "
            "loved."
        )
        told.append(
            f"Between it and {bold}, which of all others most voters put first, "
            f"{_percent(character.winner_over_boldest)} prefer {winner} and "
            f"{_percent(character.boldest_over_winner)} prefer {bold}."
        )
    agreement = _percent(insight.polarisation.agreement)
    told.append(f"Over all pairs of logos, voters agree by {agreement}.")
    bold_ones = [_name(taste.candidate) for taste in insight.tastes if taste.bold]
    if bold_ones:
        told.append(f"Loved by many and disliked by many: {', '.join(bold_ones)}.")
    return told


def _tastes(insight: RankingInsight | None) -> list[dict[str, str]]:
    return [
        {
            "name": _name(taste.candidate).capitalize(),
            "first": _percent(taste.first),
            "top": _percent(taste.top),
            "bottom": _percent(taste.bottom),
        }
        for taste in (insight.tastes if insight else ())
    ]


def public_round(session: Session, contest: Contest) -> Round | None:
    """Return the newest round beside which a decision is public, if there is one."""
    return next(
        (
            round_
            for round_ in reversed(queries.rounds(session, contest.id))
            if round_.phase is Phase.PUBLISHED
            and deciding.current(session, round_, published=True) is not None
        ),
        None,
    )
