"""Ranking by duels: two logos at a time, and an order proposed from the answers.

The whole conversation is in the address, so nothing is kept, the browser knows the way
back, and no script is needed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from flask import Blueprint, render_template, request, url_for

from logovote.contest import casting, dealing
from logovote.contest.duels import BETTER, EQUAL, WORSE, Duels, Tiers
from logovote.store.models import Kind, Round
from logovote.web import ballots
from logovote.web.guards import Seat, seat, signed_in
from logovote.web.ranking import Row, rows_of

bp = Blueprint("duels", __name__, url_prefix="/c/<slug>/ranking/duels")


@dataclass(frozen=True)
class Start:
    """One way to begin: with which logos, and how long it may take."""

    name: str
    logos: int
    most: int
    url: str


@dataclass(frozen=True)
class Side:
    """A logo to choose, and where choosing it leads."""

    row: Row
    url: str


@dataclass(frozen=True)
class Question:
    """Which of two is better?"""

    left: Side
    right: Side
    equal_url: str
    back_url: str | None
    stop_url: str
    remaining: int


@dataclass(frozen=True)
class Proposal:
    """What the answers come to: places, best first, and what has none yet."""

    tiers: list[tuple[int, list[Row]]]
    rest: list[Row]
    order: str
    replaces: int
    on_url: str | None


@bp.get("")
@signed_in
def show(slug: str) -> str:
    """Offer ways to begin, ask the next question, or propose an order."""
    visitor = seat(slug)
    round_ = ballots.the_round(visitor, Kind.RANKING)
    ballot = ballots.ballot_of(visitor, round_)
    items = casting.items_of(ballot)
    rows = rows_of(slug, visitor, round_, items)
    del rows[casting.NONE]
    duels = Duels.read(request.args, rows)
    pair = duels.asking().pair
    starts: list[Start] = []
    question = proposal = None
    if not (duels.base or duels.queue):
        starts = _starts(slug, visitor, round_, items, rows)
    elif pair is None or "stop" in request.args:
        proposal = _proposal(slug, duels, items, rows)
    else:
        seed = dealing.seed_of(round_, visitor.voter)
        question = _question(slug, duels, pair, rows, seed)
    return render_template(
        "ranking/duels.html",
        starts=starts,
        question=question,
        proposal=proposal,
        **ballots.shared(visitor, round_, ballot, len(rows)),
        save_url=url_for("ranking.press", slug=slug),
    )


def _starts(
    slug: str, visitor: Seat, round_: Round, items: casting.Items, rows: dict[str, Row]
) -> list[Start]:
    """List what the visitor may put in order, the most useful way first."""
    ranked: Tiers = tuple(
        tier for tier in (tuple(id_ for id_ in t if id_ in rows) for t in items) if tier
    )
    named = {id_ for tier in ranked for id_ in tier}
    starred = {id_ for id_, row in rows.items() if row.starred}
    ways: list[tuple[str, Tiers, Collection[str]]] = []
    if ranked and len(named) < len(rows):
        ways.append(("Fit the others into my ranking", ranked, rows.keys() - named))
    if 2 <= len(starred) < len(rows):
        ways.append(("Those I shortlisted", (), starred))
    if len(rows) >= 2:
        ways.append(("All of them", (), rows.keys()))
    seed = f"{dealing.seed_of(round_, visitor.voter)}\0duels"
    starts = []
    for name, base, queue in ways:
        duels = Duels(base, tuple(dealing.shuffled(queue, seed)))
        most = duels.asking().left
        starts.append(Start(name, len(queue), most, _address(slug, duels)))
    return starts


def _question(
    slug: str, duels: Duels, pair: tuple[str, str], rows: dict[str, Row], seed: str
) -> Question:
    """Ask about a pair; the newcomer is not always on the same side."""
    now = duels.asking()
    answers = dict(zip(pair, (BETTER, WORSE), strict=True))
    left, right = (
        Side(rows[id_], _address(slug, duels, now.said + answers[id_]))
        for id_ in dealing.shuffled(pair, f"{seed}\0{'-'.join(sorted(pair))}")
    )
    return Question(
        left,
        right,
        equal_url=_address(slug, duels, now.said + EQUAL),
        back_url=_address(slug, duels, now.said[:-1]) if now.said else None,
        stop_url=_address(slug, duels, now.said, stop="1"),
        remaining=now.left,
    )


def _proposal(
    slug: str, duels: Duels, items: casting.Items, rows: dict[str, Row]
) -> Proposal:
    """Show what the answers come to, and what is left to answer."""
    now = duels.asking()
    sizes = [len(tier) for tier in now.tiers]
    return Proposal(
        tiers=[
            (1 + sum(sizes[:number]), [rows[id_] for id_ in tier])
            for number, tier in enumerate(now.tiers)
        ],
        rest=[rows[id_] for id_ in now.queue],
        order=duels.order,
        replaces=sum(len(tier) for tier in items),
        on_url=_address(slug, duels, now.said) if now.pair else None,
    )


def _address(slug: str, duels: Duels, said: str | None = None, **more: str) -> str:
    """Return the address at which the conversation goes on."""
    fields = duels.written() | ({} if said is None else {"said": said}) | more
    kept = {name: value for name, value in fields.items() if value}
    return url_for("duels.show", slug=slug, **kept)  # type: ignore[arg-type]
