"""The front page and each contest's own page: what, who decides, how, and when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flask import Blueprint, Response, abort, render_template, url_for

from logovote.contest import families, joining, people, questions, record
from logovote.contest.contests import contest_by_slug
from logovote.contest.rounds import paused_words
from logovote.contest.rules import Rules
from logovote.store import queries
from logovote.store.models import Contest, Kind, Phase, Round, Voter
from logovote.web.context import current_standing, db, now, settle, site
from logovote.web.guards import voter_here
from logovote.web.pages import percent
from logovote.web.results import HIDDEN, is_judging

bp = Blueprint("home", __name__)
contests_bp = Blueprint("contests", __name__)

_TITLES = {Kind.SHORTLIST: "Shortlist", Kind.RANKING: "Ranking"}
_TEXTS = {
    Kind.SHORTLIST: "Look at the logos and mark those that could be the one.",
    Kind.RANKING: "Put the logos of the shortlist in your order.",
}
_ENDPOINTS = {Kind.SHORTLIST: "shortlist.show", Kind.RANKING: "ranking.show"}
_CONTACT_IS_GOOD_FOR = timedelta(days=180)


@dataclass(frozen=True)
class Teaser:
    """A contest as the front page shows it."""

    slug: str
    title: str
    about: str
    phase_text: str
    action_url: str
    action_text: str


@dataclass(frozen=True)
class Step:
    """One stage of a contest: done, now or next."""

    kind: str
    state: str
    title: str
    text: str
    url: str | None = None
    action: str | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    paused: bool = False


@dataclass(frozen=True)
class Term:
    """A line of "how it is counted"."""

    term: str
    text: str


@dataclass(frozen=True)
class GroupShare:
    """A group's part in the decision, for people."""

    name: str
    share: str
    percent: str
    reason: str


@dataclass(frozen=True)
class Part:
    """The visitor's own part in a contest."""

    group: str
    weight_zero: bool


@bp.get("/")
def index() -> str:
    """List the contests that the visitor has to do with."""
    standing = current_standing()
    teasers = [
        _teaser(contest)
        for contest in queries.contests(db())
        if standing.role_in(contest.slug) is not None or concerns(contest)
    ]
    return render_template("home/index.html", contests=teasers)


def concerns(contest: Contest) -> bool:
    """Tell whether a contest is public by its results, or the visitor votes in it."""
    published = queries.has_round_in(db(), contest.id, Phase.PUBLISHED)
    return published or voter_here(contest) is not None


def _teaser(contest: Contest) -> Teaser:
    """Say where a contest stands, and what to do next."""
    url = url_for("contests.show", slug=contest.slug)
    steps = _steps(contest, rounds_by_kind(contest))
    current = next((step for step in steps if step.state == "now"), None)
    text = "No round is open"
    if current:
        text = f"{current.title} is {'paused' if current.paused else 'open'}"
    results = [step for step in steps if step.kind == "results" and step.url]
    if results and not current:
        return Teaser(
            contest.slug, contest.title, contest.about, "Decided", url, "See the result"
        )
    action = "Vote" if current else "Look"
    return Teaser(contest.slug, contest.title, contest.about, text, url, action)


@bp.get("/.well-known/security.txt")
def security_txt() -> Response:
    """Say where to tell of a weakness of this site (RFC 9116), if it was set."""
    settings = site().settings
    if not settings.security_contact:
        abort(404)
    expires = (now() + _CONTACT_IS_GOOD_FOR).strftime("%Y-%m-%dT00:00:00Z")
    lines = [
        f"Contact: {settings.security_contact}",
        f"Expires: {expires}",
        "Preferred-Languages: en",
        f"Canonical: {settings.base_url}{url_for('home.security_txt')}",
    ]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


@contests_bp.get("/c/<slug>/")
def show(slug: str) -> str:
    """Show a contest: its stages, its groups, how ballots are counted."""
    return contest_page(slug)


def contest_page(slug: str, draft: str = "", problem: str = "") -> str:
    """Render a contest's page, with a question that could not be sent, and why."""
    contest = contest_by_slug(db(), slug)
    voter = voter_here(contest)
    rounds = rounds_by_kind(contest)
    for round_ in rounds.values():
        settle(round_)
    groupings = families.groupings(db(), contest)
    return render_template(
        "contests/show.html",
        contest=contest,
        designs=sum(len(grouping.entries) for grouping in groupings),
        families=families.designs_apart(groupings),
        steps=_steps(contest, rounds, voter),
        how=_how(contest, rounds),
        groups=_group_shares(contest, rounds),
        voter=_part(voter),
        may_join=joining.terms_of(contest).is_any,
        asked=questions.of_voter(db(), voter) if voter else [],
        draft=draft,
        problem=problem,
    )


def _part(voter: Voter | None) -> Part | None:
    return None if voter is None else Part(voter.group.name, voter.weight == 0)


def rounds_by_kind(contest: Contest) -> dict[Kind, Round]:
    """Return the newest round of each kind."""
    return {round_.kind: round_ for round_ in queries.rounds(db(), contest.id)}


def _steps(
    contest: Contest, rounds: dict[Kind, Round], voter: Voter | None = None
) -> list[Step]:
    """Describe shortlist, ranking and result as done, now or next."""
    steps = []
    for kind, title in _TITLES.items():
        round_ = rounds.get(kind)
        url = url_for(_ENDPOINTS[kind], slug=contest.slug)
        if round_ is None:
            steps.append(Step(kind.value, "next", title, _TEXTS[kind]))
        elif round_.is_voting(now()) or round_.is_paused(now()):
            paused = round_.is_paused(now())
            steps.append(
                Step(
                    kind.value,
                    "now",
                    title,
                    paused_words(round_, contest.zone) if paused else _TEXTS[kind],
                    url=url,
                    action="Look" if paused else _action(round_, voter),
                    opens_at=round_.opened_at,
                    closes_at=round_.closes_at,
                    paused=paused,
                )
            )
        else:
            steps.append(
                Step(
                    kind.value,
                    "done",
                    title,
                    "This round is closed.",
                    url=url,
                    action="See my ballot" if voter else "Look",
                    opens_at=round_.opened_at,
                    closes_at=round_.closed_at or round_.closes_at,
                )
            )
    return [*steps, *_result_steps(contest, rounds)]


def _action(round_: Round, voter: Voter | None) -> str:
    """Say what the visitor can do in an open round."""
    if voter is None:
        return "To the vote"
    ballot = queries.ballot_of(db(), round_.id, voter.id)
    return "Start voting" if ballot is None else "Change my ballot"


def _result_steps(contest: Contest, rounds: dict[Kind, Round]) -> list[Step]:
    """Link what is published, or say when results come."""
    published = [
        Step(
            "results",
            "done",
            f"Result of the {_TITLES[kind].lower()}",
            "Counted by the published rules.",
            url=url_for("results.show", slug=contest.slug, kind=kind.value),
            action="See the result",
        )
        for kind in rounds
        if queries.latest_counted(db(), contest.id, kind, published=True)
    ]
    if record.public_round(db(), contest) is not None:
        published.append(
            Step(
                "results",
                "done",
                "The decision",
                "What the organisers decided, beside what the community said.",
                url=url_for("records.show", slug=contest.slug),
                action="Read it",
            )
        )
    words = "Nobody, the organiser included, sees what ballots say before the count."
    waiting = Step("results", "next", "Results", words)
    if is_judging(contest.id):
        hidden = [replace(step, text=HIDDEN, url=None) for step in published]
        return [*hidden, waiting]
    return published or [waiting]


def _how(contest: Contest, rounds: dict[Kind, Round]) -> list[Term]:
    """Say how ballots are counted, by the rules of the rounds opened so far."""
    rules = {
        kind: Rules.from_json(rounds[kind].rules)
        if kind in rounds
        else Rules.default(kind)
        for kind in Kind
    }
    seats, most = rules[Kind.SHORTLIST].seats, rules[Kind.SHORTLIST].approvals
    many = "as many logos as you like"
    if most is not None:
        many = "one logo" if most == 1 else f"up to {most} logos"
    return [
        Term(
            "Shortlist",
            f"You approve {many}. Up to {seats} go on, chosen by sequential Phragmén: "
            "each place goes to the logo whose supporters have "
            "been served least so far, so that a group with a taste of its own gets "
            "its part of the list. Plain approval counts are shown beside it.",
        ),
        Term(
            "Ranking",
            "You order as many of them as you like. Every pair of logos is compared "
            "over all ballots, and the clearest victories are locked in first (ranked "
            "pairs). Logos you leave out count below all you ranked.",
        ),
        Term(
            "Shares",
            "A group decides its share however many of it vote, once enough do: one "
            "and a half times the square root of its size, and at least three. With "
            "fewer, its share shrinks in proportion. No ballot weighs more than "
            f"{rules[Kind.SHORTLIST].cap} average ones.",
        ),
        Term(
            "Variants",
            "Designs of one concept are one family: they never split its votes and "
            "never take more than one place.",
        ),
        Term(
            "None of these",
            f"Always on the ballot. It means: {contest.status_quo}.",
        ),
        Term(
            "A run-off",
            "Nothing overrules the count. But if the winner is liked by many and loved "
            "by few (half as many first places as the best loved logo, or another logo "
            "is among people's first three ten points more often), the result says so, "
            "and the organisers may hold a run-off between it and the boldest other.",
        ),
        Term("Ties", _ties(rules.values())),
        Term(
            "Designers who vote",
            "A voter who made one of the designs is marked by the organisers: a "
            "shortlist vote for the own design does not count, and where an own design "
            "stands in the ranking, nor does that ballot. Whose it is nobody is told.",
        ),
        Term(
            "Ballots set aside",
            "Between the close and the count organisers look for ballots that may not "
            "be of as many people, and may set some aside, with a reason and in the "
            "public log, before anybody knows a total. The result without them is the "
            "official one; the result with all of them is published beside it, unless "
            "sums of so few ballots would show what single people voted.",
        ),
    ]


def _ties(rules: Iterable[Rules]) -> str:
    """Say how ties are decided, by which public draw if one is named."""
    said = (
        "They are shown as ties. Where one had to be decided, it is by an order that "
        "nobody can know before the round is closed."
    )
    draws = dict.fromkeys(each.beacon for each in rules if each.beacon)
    if draws:
        said += f" A public draw of after the close is part of it: {', '.join(draws)}."
    return said


def _group_shares(contest: Contest, rounds: dict[Kind, Round]) -> list[GroupShare]:
    """Say which part of the decision each group has: by frozen rules, if there are."""
    shares = [
        (group.name, share, group.reason)
        for group, share in people.target_shares(db(), contest)
    ]
    if rounds:
        newest = max(rounds.values(), key=lambda round_: round_.id)
        shares = Rules.from_json(newest.rules).target_shares()
    return [
        GroupShare(name, str(share), percent(share), reason)
        for name, share, reason in shares
    ]
