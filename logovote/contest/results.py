"""From the ballots of a closed round to its result, written down once."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy.orm import Session

from logovote.contest import ledger, rounds
from logovote.contest.casting import NONE
from logovote.contest.rules import Rules
from logovote.store import queries
from logovote.store.models import Kind, Phase, Round
from logovote.voting.ballots import Approval, Ranking
from logovote.voting.pairwise import Pairwise, count_pairs
from logovote.voting.profiles import Group, Profile, Vote
from logovote.voting.ranking import ranked_pairs
from logovote.voting.shortlist import Shortlist, approval_voting, sequential_phragmen
from logovote.voting.ties import TieUse, candidate_order
from logovote.voting.weights import GroupWeight, is_binding, weigh


@dataclass(frozen=True)
class Line:
    """One line of a result.

    Attributes:
        place: from 1; shared wherever nothing but the tie order separates.
        entry: the design's number; None for "none of these".
        family: the family it stands for; None for "none of these".
        tied: whether others share the place.
        support: shortlist: the part of all weight that approves the family.
        approval_place: shortlist: its place by plain weighted approval.
        beats: ranking: how many others a majority puts below it.
        loses: ranking: how many others a majority puts above it.
        acceptable: ranking: whether it is ranked above "none of these".
    """

    place: int
    entry: int | None
    family: str | None
    tied: bool
    support: Fraction | None = None
    approval_place: int | None = None
    beats: int | None = None
    loses: int | None = None
    acceptable: bool | None = None

    @property
    def status_quo(self) -> bool:
        """Whether this is the line of "none of these"."""
        return self.entry is None

    def as_json(self) -> dict[str, Any]:
        """Write the line with what its kind of round knows."""
        values = {
            "place": self.place,
            "entry": self.entry,
            "family": self.family,
            "tied": self.tied,
            "status_quo": self.status_quo,
            "support": None if self.support is None else str(self.support),
            "approval_place": self.approval_place,
            "beats": self.beats,
            "loses": self.loses,
            "acceptable": self.acceptable,
        }
        always = {"place", "entry", "family", "tied", "status_quo"}
        return {
            name: value
            for name, value in values.items()
            if name in always or value is not None
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Line:
        """Read what `as_json` wrote."""
        support = values.get("support")
        return cls(
            place=values["place"],
            entry=values["entry"],
            family=values["family"],
            tied=values["tied"],
            support=None if support is None else Fraction(support),
            approval_place=values.get("approval_place"),
            beats=values.get("beats"),
            loses=values.get("loses"),
            acceptable=values.get("acceptable"),
        )


@dataclass(frozen=True)
class Turnout:
    """A group's part in a count: people, and the part of the whole it decided."""

    voted: int
    eligible: int
    target: Fraction
    share: Fraction


@dataclass(frozen=True)
class Result:
    """A counted round.

    Attributes:
        method: the deciding rule's name.
        order: the result, best first.
        turnout: by group.
        binding: whether the groups at quorum hold half of the decision.
        seed: the seed of the tie order.
        ties: every use of the tie order.
        none_share: shortlist: the part of all weight that chose "none of these".
        by_approval: shortlist: the entries that plain approval would have taken.
        pairs: ranking: for each pair of entries, the part of all weight that puts the
            first above the second; "none" stands for the status quo.
    """

    method: str
    order: tuple[Line, ...]
    turnout: dict[str, Turnout]
    binding: bool
    seed: str
    ties: tuple[dict[str, Any], ...]
    none_share: Fraction | None = None
    by_approval: tuple[int, ...] = ()
    pairs: dict[str, dict[str, Fraction]] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the public form; exact numbers are text such as 3/2."""
        return {
            "method": self.method,
            "order": [line.as_json() for line in self.order],
            "turnout": {
                group: {
                    "voted": part.voted,
                    "eligible": part.eligible,
                    "target": str(part.target),
                    "share": str(part.share),
                }
                for group, part in self.turnout.items()
            },
            "binding": self.binding,
            "seed": self.seed,
            "ties": list(self.ties),
            "none_share": None if self.none_share is None else str(self.none_share),
            "by_approval": list(self.by_approval),
            "pairs": self.pairs
            and {
                winner: {loser: str(part) for loser, part in row.items()}
                for winner, row in self.pairs.items()
            },
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Result:
        """Read what `as_json` wrote."""
        none_share, pairs = values["none_share"], values["pairs"]
        return cls(
            method=values["method"],
            order=tuple(Line.from_json(line) for line in values["order"]),
            turnout={
                group: Turnout(
                    part["voted"],
                    part["eligible"],
                    Fraction(part["target"]),
                    Fraction(part["share"]),
                )
                for group, part in values["turnout"].items()
            },
            binding=values["binding"],
            seed=values["seed"],
            ties=tuple(values["ties"]),
            none_share=None if none_share is None else Fraction(none_share),
            by_approval=tuple(values["by_approval"]),
            pairs=pairs
            and {
                winner: {loser: Fraction(part) for loser, part in row.items()}
                for winner, row in pairs.items()
            },
        )


def count_round(session: Session, round_: Round) -> Result:
    """Count a closed round and write its result down; nothing can change it later.

    Raises:
        RoundError: the round is open, or counted already.
    """
    if round_.phase is Phase.OPEN:
        raise rounds.RoundError(
            f"The {rounds.NAMES[round_.kind]} is open. Close it before counting."
        )
    if round_.phase is not Phase.CLOSED:
        raise rounds.RoundError(f"The {rounds.NAMES[round_.kind]} is counted already.")
    result = _count(session, round_)
    round_.result = json.dumps(result.as_json(), ensure_ascii=False)
    round_.phase = Phase.COUNTED
    session.flush()
    return result


def result_of(round_: Round) -> Result:
    """Return a counted round's result.

    Raises:
        RoundError: there is none yet; nobody can see what ballots say before.
    """
    if round_.result is None:
        raise rounds.RoundError(
            f"The {rounds.NAMES[round_.kind]} is {round_.phase.value}. There is no "
            "result before it is closed and counted, for nobody."
        )
    return Result.from_json(json.loads(round_.result))


def electorate(session: Session, round_: Round) -> dict[str, int]:
    """Count who could vote, by group: those invited, and whoever voted on paper."""
    invited = queries.eligible_counts(session, round_.contest_id)
    on_paper = queries.paper_counts(session, round_.id)
    groups = {*invited, *on_paper}
    return {group: invited.get(group, 0) + on_paper.get(group, 0) for group in groups}


def profile_of(session: Session, round_: Round) -> Profile:
    """Read a closed round as `voting` counts it. Four statements, whatever its size."""
    rules = Rules.from_json(round_.rules)
    candidacies = queries.candidacies(session, round_.id)
    standing = {str(candidacy.submission.entry) for candidacy in candidacies}
    families = {
        str(candidacy.submission.entry): candidacy.family for candidacy in candidacies
    }
    eligible = electorate(session, round_)
    seed = ledger.tie_seed(round_.public_string, round_.closing_root or "")
    is_ranking = round_.kind is Kind.RANKING
    read = _ranking if is_ranking else _approval
    allowed = standing | ({NONE} if is_ranking else set(families.values()))
    votes = []
    for pile in queries.ballot_piles(session, round_.id):
        ballot = read(json.loads(pile.choice), allowed)
        if ballot is not None:
            votes.append(Vote(ballot, pile.count, pile.group, pile.weight))
    return Profile(
        candidates=(*sorted(standing, key=int), *((NONE,) if is_ranking else ())),
        votes=tuple(votes),
        groups=tuple(
            Group(
                group.id,
                share=group.share,
                eligible=eligible.get(group.id, 0),
                cap=Fraction(rules.cap),
            )
            for group in rules.groups
        ),
        families={} if is_ranking else families,
        seed=seed,
        status_quo=NONE if is_ranking else None,
        mode="fixed_share",
        recency={
            str(candidacy.submission.entry): candidacy.submission_id
            for candidacy in candidacies
        },
    )


def _approval(items: list[str], standing: set[str]) -> Approval | None:
    """Read an approval ballot; one that only names what was withdrawn is empty."""
    if items == [NONE]:
        return Approval()
    approved = frozenset(items) & standing
    return Approval(approved) if approved else None


def _ranking(items: list[list[str]], standing: set[str]) -> Ranking | None:
    """Read a ranking without what was withdrawn."""
    tiers = [tuple(id_ for id_ in tier if id_ in standing) for tier in items]
    tiers = [tier for tier in tiers if tier]
    return Ranking(tuple(tiers)) if tiers else None


def _count(session: Session, round_: Round) -> Result:
    """Count by the round's frozen rules."""
    rules = Rules.from_json(round_.rules)
    profile = profile_of(session, round_)
    eligible = electorate(session, round_)
    weights = weigh(profile)
    turnout = {
        group: _turnout(weight, eligible.get(group, 0))
        for group, weight in weights.items()
    }
    if round_.kind is Kind.SHORTLIST:
        shortlist = sequential_phragmen(profile, rules.seats)
        return Result(
            method=rules.method,
            order=_shortlist_lines(shortlist),
            turnout=turnout,
            binding=is_binding(weights),
            seed=str(profile.seed),
            ties=_written(shortlist.ties),
            none_share=_none_share(profile, weights),
            by_approval=tuple(
                int(slot.representative)
                for slot in approval_voting(profile, rules.seats).slots
            ),
        )
    pairs = count_pairs(profile)
    standings = ranked_pairs(pairs, candidate_order(profile))
    families = {
        str(candidacy.submission.entry): candidacy.family
        for candidacy in queries.candidacies(session, round_.id)
    }
    return Result(
        method=rules.method,
        order=tuple(
            _ranking_line(place.place, place.candidate, place.tied, pairs, families)
            for place in standings.places
        ),
        turnout=turnout,
        binding=is_binding(weights),
        seed=str(profile.seed),
        ties=_written(standings.ties),
        pairs=_pairs(pairs),
    )


def _turnout(weight: GroupWeight, eligible: int) -> Turnout:
    return Turnout(weight.heads, eligible, weight.target or Fraction(0), weight.share)


def _written(ties: Iterable[TieUse]) -> tuple[dict[str, Any], ...]:
    return tuple(use.as_json() for use in ties)


def _shortlist_lines(shortlist: Shortlist) -> tuple[Line, ...]:
    """Give each slot its place; slots that only the tie order separates share one."""
    first: dict[str, int] = {}
    above = 0
    for tier in shortlist.tiers:
        first.update(dict.fromkeys(tier, above + 1))
        above += len(tier)
    return tuple(
        Line(
            place=first[slot.family],
            entry=int(slot.representative),
            family=slot.family,
            tied=slot.tied,
            support=slot.support,
            approval_place=slot.approval_rank,
        )
        for slot in shortlist.slots
    )


def _none_share(profile: Profile, weights: dict[str, GroupWeight]) -> Fraction:
    """Return the part of all weight whose ballot says "none of these"."""
    none = sum(
        (
            vote.count * vote.weight * weights[vote.group].factor
            for vote in profile.counted
            if isinstance(vote.ballot, Approval) and not vote.ballot.approved
        ),
        Fraction(0),
    )
    total = sum(
        (
            vote.count * vote.weight * weights[vote.group].factor
            for vote in profile.counted
        ),
        Fraction(0),
    )
    return none / total if total else Fraction(0)


def _ranking_line(
    place: int,
    candidate: str,
    tied: bool,  # noqa: FBT001 - one private caller
    pairs: Pairwise,
    families: dict[str, str],
) -> Line:
    others = [other for other in pairs.candidates if other != candidate]
    margins = {other: pairs.margin(candidate, other) for other in others}
    return Line(
        place=place,
        entry=None if candidate == NONE else int(candidate),
        family=families.get(candidate),
        tied=tied,
        beats=sum(margin > 0 for margin in margins.values()),
        loses=sum(margin < 0 for margin in margins.values()),
        acceptable=None if candidate == NONE else margins[NONE] > 0,
    )


def _pairs(pairs: Pairwise) -> dict[str, dict[str, Fraction]]:
    """Return each pair's preference as parts of all the weight."""
    total = Fraction(pairs.total, pairs.unit) or Fraction(1)
    return {
        winner: {
            loser: pairs.preferring(winner, loser) / total
            for loser in pairs.candidates
            if loser != winner
        }
        for winner in pairs.candidates
    }
