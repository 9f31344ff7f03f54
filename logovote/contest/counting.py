"""The count: from the ballots of a closed round to its result, written down once."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from logovote.contest import (
    ballot_files,
    bundle,
    events,
    feedback,
    ledger,
    quarantine,
    recusals,
    rounds,
)
from logovote.contest.casting import NONE
from logovote.contest.recusals import Own
from logovote.contest.results import (
    Design,
    Line,
    Result,
    SetAside,
    Turnout,
    result_of,
)
from logovote.contest.rules import GroupRule, Rules
from logovote.store import holding, impressions, queries
from logovote.store.models import Kind, Phase, Round
from logovote.voting.ballots import Approval, Ranking
from logovote.voting.profiles import Group, Profile, Vote
from logovote.voting.shortlist import Shortlist, approval_voting, sequential_phragmen
from logovote.voting.ties import TieUse, candidate_order
from logovote.voting.weights import GroupWeight, is_binding, weigh

if TYPE_CHECKING:
    from logovote.voting.pairwise import Pairwise
    from logovote.voting.ranking import Place

logger = logging.getLogger(__name__)


def count_round(
    session: Session,
    round_: Round,
    *,
    actor: str = events.SYSTEM,
    now: datetime | None = None,
) -> Result:
    """Count a closed round and write its result down; nothing can change it later.

    Where ballots were set aside, the result without them is the official one; the one
    with all of them stands beside it, unless the two together would show what single
    ballots say.

    Raises:
        RoundError: the round is open, or counted already, or waits for a public draw.
    """
    now = holding.hold_round(session, round_, now or datetime.now(UTC))
    if round_.phase is Phase.OPEN:
        raise rounds.RoundError(
            f"The {rounds.NAMES[round_.kind]} is open. Close it before counting."
        )
    if round_.phase is not Phase.CLOSED:
        raise rounds.RoundError(f"The {rounds.NAMES[round_.kind]} is counted already.")
    if missing := rounds.waits_for(round_):
        raise rounds.RoundError(missing)
    profile = profile_of(session, round_)
    result, explain = _count(session, round_, profile)
    whole = None
    if aside := quarantine.classes_aside(session, round_):
        if quarantine.shows_both(round_, aside):
            whole = profile_of(session, round_, set_aside=True)
        result = replace(
            result,
            set_aside=SetAside(
                ballots=aside.total(),
                with_all=None if whole is None else _count(session, round_, whole)[0],
            ),
        )
    insight = _explained(round_, explain)
    public = result.as_json()
    round_.result = json.dumps(public, ensure_ascii=False)
    round_.profile = ballot_files.profile_file(profile)
    round_.insight = insight
    round_.phase = Phase.COUNTED
    feedback.gather(session, round_)
    bundle.write(
        session, round_, profile, public, insight, whole=whole, actor=actor, now=now
    )
    return result


def _explained(round_: Round, explain: Callable[[], str]) -> str | None:
    """Return what explains a result; None where that fails, which stops no count."""
    try:
        return explain()
    except Exception:
        # Whatever it was, the result is right without it, and nobody could help it:
        # what is counted was frozen when the round opened and closed.
        logger.exception(
            "Round %s is counted, but what explains its result is missing", round_.id
        )
        return None


def electorate(session: Session, round_: Round) -> dict[str, int]:
    """Count who could vote, by group: those invited, and whoever voted on paper."""
    invited = queries.eligible_counts(session, round_.contest_id)
    on_paper = queries.paper_counts(session, round_.id)
    groups = {*invited, *on_paper}
    return {group: invited.get(group, 0) + on_paper.get(group, 0) for group in groups}


def profile_of(session: Session, round_: Round, *, set_aside: bool = False) -> Profile:
    """Read a closed round as `voting` counts it: here ballots become votes.

    What was set aside is in it only if asked for. A fixed number of statements,
    whatever its size.
    """
    rules = Rules.from_json(round_.rules)
    candidacies = queries.candidacies(session, round_.id)
    standing = {str(candidacy.submission.entry) for candidacy in candidacies}
    families = {
        str(candidacy.submission.entry): candidacy.family for candidacy in candidacies
    }
    eligible = electorate(session, round_)
    seed = ledger.tie_seed(
        round_.public_string, round_.closing_root or "", round_.beacon or ""
    )
    own = recusals.own_of_all(session, round_)
    is_ranking = round_.kind is Kind.RANKING
    read = _ranking if is_ranking else _approval
    allowed = standing | ({NONE} if is_ranking else set(families.values()))
    votes = []
    for pile in _piles(session, round_, own, set_aside=set_aside):
        ballot = read(json.loads(pile.choice), allowed)
        if ballot is not None:
            votes.append(Vote(ballot, pile.count, pile.group, pile.weight))
    return Profile(
        candidates=(*sorted(standing, key=int), *((NONE,) if is_ranking else ())),
        votes=tuple(votes),
        groups=weighed_groups(rules, rules.groups, eligible),
        families={} if is_ranking else families,
        seed=seed,
        status_quo=NONE if is_ranking else None,
        mode=rules.weights,
        unranked=rules.unranked,
        recency={
            str(candidacy.submission.entry): candidacy.submission_id
            for candidacy in candidacies
        },
        exposure=None
        if is_ranking
        else _exposure(session, round_, votes, families, own, set_aside=set_aside),
    )


def weighed_groups(
    rules: Rules, groups: Iterable[GroupRule], eligible: Mapping[str, int]
) -> tuple[Group, ...]:
    """Return groups as the rules weigh them: with their sizes, and the cap."""
    return tuple(
        Group(
            group.id,
            share=group.share,
            eligible=eligible.get(group.id, 0),
            cap=Fraction(rules.cap),
        )
        for group in groups
    )


def _piles(
    session: Session, round_: Round, own: Mapping[int, Own], *, set_aside: bool
) -> list[queries.BallotPile]:
    """Read the ballots of a round, designers' without votes for their own designs."""
    piles = queries.ballot_piles(
        session, round_.id, without=own.keys(), set_aside=set_aside
    )
    for ballot in queries.voter_ballots(session, round_.id, own.keys()) if own else []:
        if ballot.voter is None or (ballot.set_aside is not None and not set_aside):
            continue
        items = own[ballot.voter.id].without(json.loads(ballot.choice))
        if items and ballot.voter.weight > 0:
            voter = ballot.voter
            pile = queries.BallotPile(
                ledger.canon(items), voter.group.name, voter.weight, 1
            )
            piles.append(pile)
    return piles


def _exposure(
    session: Session,
    round_: Round,
    votes: Iterable[Vote],
    families: Mapping[str, str],
    own: Mapping[int, Own],
    *,
    set_aside: bool,
) -> dict[str, dict[str, Fraction]]:
    """Add up, by group, the own weight of counted voters who saw each family.

    Approving is seeing. A designer cannot approve the own design, so it is not measured
    by them: they count as not having seen it. Who has a ballot but not one logged
    impression, on paper or because a browser kept them back, says nothing of what they
    saw: that is all of it.
    """
    mass: dict[str, Fraction] = {}
    for vote in votes:
        weight = vote.count * vote.weight
        mass[vote.group] = mass.get(vote.group, Fraction(0)) + weight
    standing = frozenset(families.values())
    allowed = standing | families.keys()
    missed: dict[tuple[str, Fraction], Counter[str]] = {}
    for ballot in impressions.seen_ballots(session, round_.id, set_aside=set_aside):
        items = json.loads(ballot.choice)
        made = frozenset[str]()
        if ballot.voter_id in own:
            items = own[ballot.voter_id].without(items)
            made = own[ballot.voter_id].families
        # Like `_approval`: a ballot that only names what was withdrawn is empty.
        if items != [NONE] and not allowed & set(items):
            continue
        if ballot.seen is None and not made:
            continue
        saw = standing if ballot.seen is None else ballot.seen
        saw = (saw | {families.get(id_, id_) for id_ in items}) - made
        of = missed.setdefault((ballot.group, ballot.weight), Counter())
        of.update(standing - saw)
    exposure = {group: dict.fromkeys(standing, whole) for group, whole in mass.items()}
    for (group, weight), heads in missed.items():
        for family, count in heads.items():
            exposure[group][family] -= count * weight
    return exposure


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


def _count(
    session: Session, round_: Round, profile: Profile
) -> tuple[Result, Callable[[], str]]:
    """Count by the round's frozen rules; return the result, and what explains it.

    Explaining takes longer than counting, so it is done when called.
    """
    # Counting pairs and explaining take NumPy, which a site that only serves need not
    # wait for.
    from logovote.contest import insights  # noqa: PLC0415 - see above
    from logovote.voting import insight  # noqa: PLC0415 - see above
    from logovote.voting.pairwise import count_pairs  # noqa: PLC0415 - see above
    from logovote.voting.ranking import ranked_pairs  # noqa: PLC0415 - see above

    rules = Rules.from_json(round_.rules)
    eligible = electorate(session, round_)
    weights = weigh(profile)
    turnout = {
        group: _turnout(weight, eligible.get(group, 0))
        for group, weight in weights.items()
    }
    designs = _designs(session, round_)
    if round_.kind is Kind.SHORTLIST:
        shortlist = sequential_phragmen(profile, rules.seats)
        plain = approval_voting(profile, rules.seats)
        result = Result(
            method=rules.method,
            order=_shortlist_lines(shortlist),
            designs=designs,
            turnout=turnout,
            binding=is_binding(weights),
            seed=str(profile.seed),
            ties=_written(shortlist.ties),
            none_share=_none_share(profile, weights),
            by_approval=tuple(int(slot.representative) for slot in plain.slots),
        )
        return result, lambda: insights.written(
            insight.explain_shortlist(profile, shortlist, plain, rules.seats)
        )
    pairs = count_pairs(profile)
    standings = ranked_pairs(pairs, candidate_order(profile))
    result = Result(
        method=rules.method,
        order=tuple(_ranking_line(place, pairs, designs) for place in standings.places),
        designs=designs,
        turnout=turnout,
        binding=is_binding(weights),
        seed=str(profile.seed),
        ties=_written(standings.ties),
        pairs=_pairs(pairs),
    )
    return result, lambda: insights.written(
        insight.explain_ranking(profile, pairs, standings)
    )


def _designs(session: Session, round_: Round) -> dict[int, Design]:
    """Take down what stands in a round, as it is now."""
    variants: dict[str, list[int]] = {}
    candidacies = queries.candidacies(session, round_.id)
    for candidacy in candidacies:
        variants.setdefault(candidacy.family, []).append(candidacy.submission.entry)
    if round_.kind is Kind.RANKING:
        # One design stands for its family here; the others stood in the shortlist.
        shortlist = queries.latest_counted(session, round_.contest_id, Kind.SHORTLIST)
        if shortlist is not None:
            earlier = result_of(shortlist).designs.values()
            for design in earlier:
                # One may have joined its family after that.
                joined = {*design.variants, *variants.get(design.family, ())}
                variants[design.family] = sorted(joined)
    return {
        candidacy.submission.entry: Design(
            entry=candidacy.submission.entry,
            family=candidacy.family,
            digest=candidacy.submission.digest,
            format=candidacy.submission.picture.format,
            ground=candidacy.submission.picture.ground,
            designer=candidacy.submission.designer,
            title=candidacy.submission.title,
            variants=tuple(variants[candidacy.family]),
        )
        for candidacy in candidacies
    }


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
    none = total = Fraction(0)
    for vote in profile.counted:
        part = vote.count * vote.weight * weights[vote.group].factor
        total += part
        if isinstance(vote.ballot, Approval) and not vote.ballot.approved:
            none += part
    return none / total if total else Fraction(0)


def _ranking_line(place: Place, pairs: Pairwise, designs: dict[int, Design]) -> Line:
    """Describe one line of a ranking by its meetings with all others."""
    candidate = place.candidate
    margins = {
        other: pairs.margin(candidate, other)
        for other in pairs.candidates
        if other != candidate
    }
    design = None if candidate == NONE else designs[int(candidate)]
    return Line(
        place=place.place,
        entry=design.entry if design else None,
        family=design.family if design else None,
        tied=place.tied,
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
