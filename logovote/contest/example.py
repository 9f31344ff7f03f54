"""How a contest counts, shown on made-up ballots by the rules that count real ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy.orm import Session

from logovote.contest import counting, plans
from logovote.contest.rules import GroupRule, Rules
from logovote.store import queries
from logovote.store.models import Contest, Kind
from logovote.voting.ballots import Approval, Ranking
from logovote.voting.count import count, rank
from logovote.voting.insight.crowds import crowds
from logovote.voting.insight.taste import character, tastes
from logovote.voting.pairwise import count_pairs
from logovote.voting.profiles import Profile, Vote
from logovote.voting.weights import GroupWeight, weigh

MADE_UP = {"core": 5, "community": 40}
"""Groups, by how many they are, for contests that have none yet."""

# Six have one taste, three another: they like D, and nothing else.
_APPROVALS = ((4, "ABC"), (1, "AB"), (1, "A"), (3, "D"))
_PLACES = 3
# A has most first places, B is the one that all can live with.
_RANKINGS = ((5, "ABC"), (4, "CBA"), (2, "BCA"))


@dataclass(frozen=True)
class Votes:
    """So many made-up voters who say the same."""

    number: int
    logos: tuple[str, ...]


@dataclass(frozen=True)
class Shortlisted:
    """A made-up shortlist round.

    Attributes:
        places: how many logos go on.
        votes: who approves what.
        elected: by the deciding rule, in order.
        by_approval: by counting approvals alone.
    """

    places: int
    votes: tuple[Votes, ...]
    elected: tuple[str, ...]
    by_approval: tuple[str, ...]


@dataclass(frozen=True)
class Ranked:
    """A made-up ranking round.

    Attributes:
        votes: who ranks how, best first.
        order: by the deciding rule.
        by_first_places: by counting first places alone.
        bold: the other design that most put first.
        compromise: whether the result would call its winner a compromise.
    """

    votes: tuple[Votes, ...]
    order: tuple[str, ...]
    by_first_places: tuple[str, ...]
    bold: str | None
    compromise: bool


@dataclass(frozen=True)
class Weighed:
    """What a group decides, if all of it vote and if only two do.

    Attributes:
        group: its name.
        size: how many may vote.
        quorum: how many have to vote for its whole share.
        share: its part if everybody votes; a cap may have cut it.
        ballot: what one ballot then weighs, of 1.
        share_of_two: its part if two of it vote and everybody else does.
        capped: whether the cap holds it below its target share.
    """

    group: str
    size: int
    quorum: int
    share: Fraction
    ballot: Fraction
    share_of_two: Fraction
    capped: bool


@dataclass(frozen=True)
class Example:
    """What the rules of a contest do."""

    shortlist: Shortlisted
    ranking: Ranked
    weights: tuple[Weighed, ...]
    made_up: bool
    cap: int

    def as_json(self) -> dict[str, Any]:
        """Return the example as programs read it."""
        return {
            "shortlist": {
                "places": self.shortlist.places,
                "votes": _votes_json(self.shortlist.votes),
                "elected": list(self.shortlist.elected),
                "by_approval": list(self.shortlist.by_approval),
            },
            "ranking": {
                "votes": _votes_json(self.ranking.votes),
                "order": list(self.ranking.order),
                "by_first_places": list(self.ranking.by_first_places),
                "bold": self.ranking.bold,
                "compromise": self.ranking.compromise,
            },
            "weights": [
                {
                    "group": each.group,
                    "size": each.size,
                    "quorum": each.quorum,
                    "share": str(each.share),
                    "ballot": str(each.ballot),
                    "share_if_two_vote": str(each.share_of_two),
                    "capped": each.capped,
                }
                for each in self.weights
            ],
            "made_up_groups": self.made_up,
            "cap": self.cap,
        }


def example_of(session: Session, contest: Contest) -> Example:
    """Show what the rules that a contest's next rounds open with do."""
    rules = {kind: plans.plan_of(contest, kind).rules(kind) for kind in Kind}
    groups = [
        GroupRule(group.name, group.share, group.reason)
        for group in queries.groups(session, contest.id)
    ]
    sizes = queries.eligible_counts(session, contest.id)
    made_up = not any(sizes.values())
    if made_up:
        groups = groups or [GroupRule(name, None) for name in MADE_UP]
        sizes = {
            group.id: MADE_UP.get(group.id, list(MADE_UP.values())[place % 2])
            for place, group in enumerate(groups)
        }
    return Example(
        _shortlisted(rules[Kind.SHORTLIST]),
        _ranked(rules[Kind.RANKING]),
        tuple(_weighed(rules[Kind.SHORTLIST], groups, sizes)),
        made_up,
        rules[Kind.SHORTLIST].cap,
    )


def _shortlisted(rules: Rules) -> Shortlisted:
    profile = Profile(
        candidates=tuple("ABCD"),
        votes=tuple(
            Vote(Approval(frozenset(logos)), number) for number, logos in _APPROVALS
        ),
        seed="example",
    )
    return Shortlisted(
        _PLACES,
        tuple(Votes(number, tuple(logos)) for number, logos in _APPROVALS),
        count(profile, rules.method, _PLACES).committee,
        count(profile, "av", _PLACES).committee,
    )


def _ranked(rules: Rules) -> Ranked:
    profile = Profile(
        candidates=tuple("ABC"),
        votes=tuple(
            Vote(Ranking(tuple((logo,) for logo in logos)), number)
            for number, logos in _RANKINGS
        ),
        seed="example",
        unranked=rules.unranked,
    )
    standings = rank(profile, rules.method)
    liked = tastes(profile, crowds(profile), standings.order)
    pairs = count_pairs(profile)
    over = {
        a: {b: pairs.preferring(a, b) / pairs.total for b in "ABC" if b != a}
        for a in "ABC"
    }
    winner = character(liked, standings.winners, over, None)
    by_first = sorted(liked, key=lambda taste: taste.first, reverse=True)
    return Ranked(
        tuple(Votes(number, tuple(logos)) for number, logos in _RANKINGS),
        standings.order,
        tuple(taste.candidate for taste in by_first),
        winner.boldest,
        winner.compromise,
    )


def _weighed(
    rules: Rules, groups: Sequence[GroupRule], sizes: dict[str, int]
) -> Iterable[Weighed]:
    """Weigh a full turnout, and one in which only two of a group vote."""
    everybody = _turnout(rules, groups, sizes, sizes)
    for group in groups:
        size = sizes.get(group.id, 0)
        two = _turnout(rules, groups, sizes, sizes | {group.id: min(2, size)})
        full = everybody[group.id]
        yield Weighed(
            group.id,
            size,
            full.quorum or 0,
            full.share,
            full.factor,
            two[group.id].share,
            full.at_quorum and full.target is not None and full.share < full.target,
        )


def _turnout(
    rules: Rules,
    groups: Sequence[GroupRule],
    sizes: dict[str, int],
    voted: dict[str, int],
) -> dict[str, GroupWeight]:
    votes = [
        Vote(Approval(frozenset("A")), voted.get(group.id, 0), group.id)
        for group in groups
    ]
    return weigh(
        Profile(
            candidates=("A",),
            votes=tuple(votes),
            groups=counting.weighed_groups(rules, groups, sizes),
            mode=rules.weights,
        )
    )


def _votes_json(votes: Iterable[Votes]) -> list[dict[str, Any]]:
    return [{"voters": each.number, "logos": list(each.logos)} for each in votes]
