"""The life of a round: opened, closed, reopened, published."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from logovote.contest import (
    dates,
    events,
    families,
    ledger,
    notices,
    opening,
    recusals,
)
from logovote.contest.plans import Plan, plan_of, use_end
from logovote.contest.recusals import Own
from logovote.contest.rules import LONGEST_RANKING, GroupRule, Rules
from logovote.errors import LogovoteError
from logovote.store import holding, queries
from logovote.store.models import (
    Ballot,
    Candidacy,
    Contest,
    Family,
    Kind,
    Phase,
    Round,
    Save,
    Submission,
    Voter,
)
from logovote.voting.profiles import Group as Weighed
from logovote.voting.profiles import Profile

NAMES = {Kind.SHORTLIST: "shortlist round", Kind.RANKING: "ranking round"}


class RoundError(LogovoteError):
    """A round cannot do that now; the message says why."""


def latest(session: Session, contest: Contest, kind: Kind) -> Round:
    """Return the newest round of a kind.

    Raises:
        RoundError: there has been none.
    """
    round_ = queries.latest_round(session, contest.id, kind)
    if round_ is None:
        raise RoundError(f"The {NAMES[kind]} of this contest has not been opened yet.")
    return round_


def numbered(
    session: Session, contest: Contest, kind: Kind, number: int | None
) -> Round:
    """Return the round of a kind and number, or the newest if no number is given.

    Raises:
        RoundError: there has been none.
    """
    newest = latest(session, contest, kind)
    if number is None:
        return newest
    for round_ in queries.rounds(session, contest.id):
        if (round_.kind, round_.number) == (kind, number):
            return round_
    raise RoundError(
        f"There is no {NAMES[kind]} number {number}; the newest is {newest.number}."
    )


def open_round(
    session: Session,
    contest: Contest,
    kind: Kind,
    now: datetime,
    *,
    seats: int | None = None,
    batch: int | None = None,
    approvals: int | None = None,
    publish: str | None = None,
    auditors: Sequence[str] = (),
    until: datetime | None = None,
    beacon: str | None = None,
    only: Sequence[int] = (),
    plan: Plan | None = None,
    actor: str = events.SYSTEM,
) -> Round:
    """Open a new round, freezing its rules and its families.

    What is not given is as the contest's plan says, or as `plan` does. A planned end
    is this round's alone.

    A shortlist round takes every design. A ranking round takes the counted
    shortlist, or every family if there was none and they are few enough; or `only`
    these entries, each for itself, as when designers have worked on some of them. It
    takes ballots until `until`, or without one until somebody closes it. `beacon` names
    a public draw of after the close, which then decides ties as well.

    Raises:
        RoundError: another round is running, designs, voters or a counted shortlist
            are missing, or the end is over already.
        InvalidProfileError: the groups' shares leave nothing to one, or to any.
    """
    holding.hold_contest(session, contest.id)
    plan = plan_of(contest, kind) if plan is None else plan
    until = until or plan.until
    _refuse_past(until, now)
    _refuse_if_running(session, contest)
    if not queries.count_voters(session, contest.id):
        raise RoundError("Nobody may vote yet. Import people before opening a round.")
    rules = replace(
        plan.rules(kind)
        .with_seats(seats)
        .with_dealing(batch, approvals)
        .with_publication(publish, auditors)
        .with_beacon(beacon),
        groups=group_rules(session, contest),
        status_quo=contest.status_quo,
    )
    standing = _standing(session, contest, rules, kind, only)
    previous = queries.latest_round(session, contest.id, kind)
    number = previous.number + 1 if previous else 1
    round_ = Round(
        contest_id=contest.id,
        kind=kind,
        number=number,
        phase=Phase.OPEN,
        rules=rules.as_json(),
        opened_at=now,
        closes_at=until,
        public_string=f"{contest.slug}/{kind.value}/{number}/{now.isoformat()}",
    )
    session.add(round_)
    session.flush()
    session.add_all(
        Candidacy(round_id=round_.id, submission_id=id_, family=family)
        for id_, family in standing.items()
    )
    session.flush()
    opened = opening.opening_of(session, contest, round_)
    if until is not None:
        opened["until"] = events.written(until)
    events.record(
        session,
        contest.id,
        "round.opened",
        opened
        | {
            "round": opening.name_of(round_),
            "commitment": ledger.commitment(opened),
        },
        actor=actor,
        now=now,
    )
    use_end(contest, kind)
    notices.announce(session, round_, notices.REMINDER, now)
    return round_


def group_rules(session: Session, contest: Contest) -> tuple[GroupRule, ...]:
    """Return a contest's groups as a round opened now would weigh them.

    Raises:
        InvalidProfileError: their shares leave nothing to a group, or to any.
    """
    groups = queries.groups(session, contest.id)
    if groups:
        Profile((), groups=tuple(Weighed(each.name, each.share) for each in groups))
    return tuple(GroupRule(each.name, each.share, each.reason) for each in groups)


def _refuse_past(until: datetime | None, now: datetime) -> None:
    if until is not None and until <= now:
        raise RoundError("That end is over already. Take one that is to come.")


def extend_round(
    session: Session,
    round_: Round,
    until: datetime,
    now: datetime,
    *,
    actor: str = events.SYSTEM,
) -> None:
    """Move the end of an open round, or give it one; if it has passed, open it again.

    Raises:
        RoundError: it is not open, or the new end is over, or earlier than the one
            that voters were told.
    """
    if close_ended(session, round_, now) or round_.closed_by_its_end:
        reopen_round(session, round_, actor=actor, now=now)
    if round_.phase is not Phase.OPEN:
        raise RoundError(
            f"The {NAMES[round_.kind]} is {round_.phase.value}; only an open round has "
            "an end that can be moved."
        )
    _refuse_past(until, now)
    if round_.closes_at is not None and until <= round_.closes_at:
        raise RoundError(
            "Voters were told that they have longer than that. The end can only be "
            "moved to a later time; to end the round now, close it."
        )
    round_.closes_at = until
    events.record(
        session,
        round_.contest_id,
        "round.extended",
        {"round": opening.name_of(round_), "until": events.written(until)},
        actor=actor,
        now=now,
    )


def pause_round(
    session: Session,
    round_: Round,
    now: datetime,
    *,
    until: datetime | None = None,
    actor: str = events.SYSTEM,
) -> None:
    """Let an open round take no ballots for a while; those in the box are kept.

    It goes on at `until` by itself, or without one when somebody says so. Its end
    stays where voters were told that it is.

    Raises:
        RoundError: it is not open, or the pause would be over already, or outlive it.
    """
    holding.hold_contest(session, round_.contest_id)
    now = holding.hold_round(session, round_, now)
    if round_.phase is not Phase.OPEN or round_.has_ended(now):
        state = round_.phase.value if round_.phase is not Phase.OPEN else "over"
        raise RoundError(
            f"The {NAMES[round_.kind]} is {state}; only an open round can be paused."
        )
    if until is not None and until <= now:
        raise RoundError("That is over already. Take a time that is to come.")
    if until is not None and round_.closes_at is not None and until >= round_.closes_at:
        raise RoundError(
            "The round ends before that. Move its end to a later time first, so that "
            "people can vote after the pause."
        )
    round_.paused_at, round_.paused_until = now, until
    payload = {"round": opening.name_of(round_)}
    if until is not None:
        payload["until"] = events.written(until)
    events.record(
        session, round_.contest_id, "round.paused", payload, actor=actor, now=now
    )


def resume_round(
    session: Session, round_: Round, now: datetime, *, actor: str = events.SYSTEM
) -> None:
    """Let a paused round take ballots again.

    Raises:
        RoundError: it is not paused.
    """
    holding.hold_contest(session, round_.contest_id)
    now = holding.hold_round(session, round_, now)
    if not round_.is_paused(now):
        raise RoundError(f"The {NAMES[round_.kind]} is not paused.")
    round_.paused_at = round_.paused_until = None
    _record(session, round_, "round.resumed", actor, now)


def paused_words(round_: Round, zone: str) -> str:
    """Say of a paused round until when it is, for voters."""
    until = "the organiser opens it again"
    if round_.paused_until is not None:
        until = dates.told(round_.paused_until, zone)
    return (
        f"This round is paused until {until}. What you saved before is kept; nothing "
        "can be saved until then."
    )


def _refuse_if_running(session: Session, contest: Contest) -> None:
    for round_ in queries.rounds(session, contest.id):
        if round_.phase in {Phase.OPEN, Phase.CLOSED}:
            raise RoundError(
                f"The {NAMES[round_.kind]} is {round_.phase.value}. "
                "Close and count it before opening another."
            )


def refuse_in_review(
    session: Session, contest_id: int, *, only_look: bool = False
) -> None:
    """Refuse any change to a contest between the close of a round and its count.

    No round is closed before the change is done, unless this was `only_look`.

    Raises:
        RoundError: a round is closed and waits for its count.
    """
    if not only_look:
        holding.hold_contest(session, contest_id)
    if queries.has_round_in(session, contest_id, Phase.CLOSED):
        raise RoundError(
            "A round is closed and waits for its count, so people and designs stay as "
            "they are. Count it, or open it again, first."
        )


def _standing(
    session: Session, contest: Contest, rules: Rules, kind: Kind, only: Sequence[int]
) -> dict[int, str]:
    """Say which designs stand in a round that opens, and under which family each."""
    if only:
        return _chosen(session, contest, rules, kind, set(only))
    if kind is Kind.SHORTLIST:
        return _all_designs(session, contest)
    return _carried_forward(session, contest, rules.seats)


def _chosen(
    session: Session, contest: Contest, rules: Rules, kind: Kind, entries: set[int]
) -> dict[int, str]:
    """Let these designs stand, each for itself: variants may meet each other here."""
    if kind is not Kind.RANKING:
        raise RoundError(
            "A shortlist round takes every design. Choose designs for a ranking round."
        )
    submissions = {s.entry: s.id for s in queries.submissions(session, contest.id)}
    if strangers := sorted(entries - submissions.keys()):
        raise RoundError(
            f"There is no design number {strangers[0]} in this contest now. It may be "
            "withdrawn."
        )
    most = min(rules.seats, LONGEST_RANKING)
    if len(entries) > most:
        raise RoundError(
            f"You chose {len(entries)} designs; this ranking takes {most} at most."
        )
    return {
        submissions[entry]: families.family_id([entry]) for entry in sorted(entries)
    }


def _all_designs(session: Session, contest: Contest) -> dict[int, str]:
    """Let every design stand, under its family as it is now."""
    submissions = queries.submissions(session, contest.id)
    if not submissions:
        raise RoundError(
            "There are no designs yet. Import some before opening a round."
        )
    return families.family_of_each(session, contest, submissions)


def _carried_forward(session: Session, contest: Contest, most: int) -> dict[int, str]:
    """Let one design per family stand: those of the shortlist, or all if few."""
    most = min(most, LONGEST_RANKING)
    submissions = queries.submissions(session, contest.id)
    shortlist = queries.latest_round(session, contest.id, Kind.SHORTLIST)
    if shortlist is not None and shortlist.result is not None:
        return _shortlisted(session, contest, shortlist, most)
    family_of = families.family_of_each(session, contest, submissions)
    # Without a vote among variants the newest, by entry number, stands for its family.
    newest = {family_of[submission.id]: submission.id for submission in submissions}
    if not newest:
        raise RoundError(
            "There are no designs yet. Import some before opening a round."
        )
    if len(newest) > most:
        raise RoundError(
            f"There are {len(newest)} families of designs, too many to rank. Run a "
            f"shortlist round first; a ranking takes {most} at most."
        )
    return {id_: family for family, id_ in newest.items()}


def _shortlisted(
    session: Session, contest: Contest, shortlist: Round, most: int
) -> dict[int, str]:
    """Read the shortlist's designs, best first, each for its family as it is now.

    For a representative withdrawn since the newest variant stands that is left; what
    was merged since stands once. Families keep the names that they had.
    """
    everybody = queries.submissions(session, contest.id, withdrawn=True)
    family_of = families.family_of_each(session, contest, everybody)
    ids = {submission.entry: submission.id for submission in everybody}
    present = {each.id for each in everybody if each.withdrawn_at is None}
    newest = {family_of[each.id]: each.id for each in everybody if each.id in present}
    standing: dict[int, str] = {}
    seen: set[str] = set()
    for line in json.loads(shortlist.result or "{}")["order"]:
        id_ = ids[line["entry"]]
        family = family_of[id_]
        if family in newest and family not in seen:
            seen.add(family)
            standing[id_ if id_ in present else newest[family]] = line["family"]
    if not standing:
        raise RoundError(
            "The shortlist is empty: nobody approved a design. Run another shortlist "
            "round."
        )
    return dict(list(standing.items())[:most])


def add_late_design(
    session: Session, contest_id: int, submission: Submission
) -> dict[str, str]:
    """Let a design that arrived late, or is back, stand in an open shortlist round.

    Returns:
        What the log says of it: the round and the family; nothing, if none is open.
    """
    round_ = queries.latest_round(session, contest_id, Kind.SHORTLIST)
    if round_ is None or round_.phase is not Phase.OPEN:
        return {}
    candidacy = session.get(Candidacy, (round_.id, submission.id))
    if candidacy is None:
        candidacy = Candidacy(
            round_id=round_.id,
            submission_id=submission.id,
            family=_standing_family(session, round_, submission),
        )
        session.add(candidacy)
    return {"round": opening.name_of(round_), "family": candidacy.family}


def _standing_family(session: Session, round_: Round, submission: Submission) -> str:
    """Return the family under which others of the design's family stand already."""
    relative = session.scalar(
        select(Candidacy.family)
        .join(Candidacy.submission)
        .join(Family, Family.id == Submission.family_id)
        .where(
            Candidacy.round_id == round_.id,
            Submission.family_id == submission.family_id,
            Family.confirmed,
        )
        .limit(1)
    )
    return relative or families.family_id([submission.entry])


def close_round(
    session: Session, round_: Round, now: datetime, *, actor: str = events.SYSTEM
) -> None:
    """Close an open round and commit to the set of its ballots.

    Raises:
        RoundError: it is not open.
    """
    now = holding.hold_round(session, round_, now)
    if round_.phase is not Phase.OPEN:
        raise RoundError(
            f"The {NAMES[round_.kind]} is not open; it is {round_.phase.value}."
        )
    round_.phase = Phase.CLOSED
    round_.paused_at = round_.paused_until = None
    round_.closed_at = now
    round_.recused = recusals.frozen(session, round_)
    renew_codes(session, round_, recusals.own_of_all(session, round_))
    # Of each line only what stands for it is kept: there may be a million.
    leaves, heads = [], 0
    for line in ballot_lines(session, round_):
        leaves.append(ledger.leaf(line))
        heads += line.get("n", 1)
    round_.closing_root = ledger.root_of(leaves)
    events.record(
        session,
        round_.contest_id,
        "round.closed",
        {
            "round": opening.name_of(round_),
            "ballots": heads,
            "closing_root": round_.closing_root,
        },
        actor=actor,
        now=now,
    )
    notices.announce(session, round_, notices.CLOSING, now)


def close_ended(session: Session, round_: Round, now: datetime) -> bool:
    """Close a round whose time is over, as of its end; tell whether that was done.

    Once that is written down no clock that is turned back opens the vote again.
    """
    holding.hold_round(session, round_, now)
    if round_.closes_at is None or not round_.has_ended(now):
        return False
    close_round(session, round_, round_.closes_at)
    contest = session.get_one(Contest, round_.contest_id)
    notices.tell_organisers(session, contest, now)
    return True


def end_round(
    session: Session, round_: Round, now: datetime, *, actor: str = events.SYSTEM
) -> None:
    """Close a round by hand; one that its end has closed meanwhile is closed already.

    Raises:
        RoundError: it is not open, nor just over.
    """
    if not close_ended(session, round_, now) and not round_.closed_by_its_end:
        close_round(session, round_, now, actor=actor)


def close_all_ended(session: Session, now: datetime) -> list[Round]:
    """Close every round whose time is over, of any contest."""
    ended = session.scalars(
        select(Round).where(Round.phase == Phase.OPEN, Round.closes_at < now)
    ).all()
    return [round_ for round_ in ended if close_ended(session, round_, now)]


def reopen_round(
    session: Session,
    round_: Round,
    *,
    actor: str = events.SYSTEM,
    now: datetime | None = None,
) -> None:
    """Open a closed round again, as long as nothing was counted.

    An end that has passed meanwhile is dropped: it would keep the round shut. So is
    what the review set aside: the ballots may change.

    Raises:
        RoundError: it is not closed, or was counted already, or its draw is known.
    """
    now = holding.hold_round(session, round_, now or datetime.now(UTC))
    if round_.phase is not Phase.CLOSED:
        raise RoundError(
            f"The {NAMES[round_.kind]} is {round_.phase.value}; only a round that is "
            "closed and not yet counted can be reopened."
        )
    if round_.beacon is not None:
        raise RoundError(
            "The public draw that decides ties is entered, so ballots must not change "
            "any more. Count the round, and open a new one if it has to be repeated."
        )
    session.execute(
        update(Ballot).where(Ballot.round_id == round_.id).values(set_aside=None)
    )
    round_.phase = Phase.OPEN
    round_.closed_at = round_.closing_root = round_.recused = None
    if round_.has_ended(now):
        round_.closes_at = None
    _record(session, round_, "round.reopened", actor, now)


def publish_round(
    session: Session,
    round_: Round,
    *,
    actor: str = events.SYSTEM,
    now: datetime | None = None,
) -> None:
    """Show the counted result to everybody.

    Raises:
        RoundError: it has not been counted.
    """
    now = holding.hold_round(session, round_, now or datetime.now(UTC))
    if round_.phase is Phase.PUBLISHED:
        raise RoundError(f"The {NAMES[round_.kind]} is published already.")
    if round_.phase is not Phase.COUNTED:
        raise RoundError(
            f"The {NAMES[round_.kind]} is {round_.phase.value}; close and count it "
            "before publishing."
        )
    round_.phase = Phase.PUBLISHED
    _record(session, round_, "result.published", actor, now)
    notices.announce(session, round_, notices.RESULTS, now or datetime.now(UTC))


def _record(
    session: Session, round_: Round, kind: str, actor: str, now: datetime | None
) -> None:
    payload = {"round": opening.name_of(round_)}
    events.record(session, round_.contest_id, kind, payload, actor=actor, now=now)


def waits_for(round_: Round) -> str | None:
    """Say what a closed round misses before it can be counted; None if nothing."""
    beacon = Rules.from_json(round_.rules).beacon
    if not beacon or round_.beacon is not None:
        return None
    return (
        f"This round decides ties by a public draw, {beacon}, which is not entered "
        "yet. When it is drawn, enter its value; then count."
    )


def ballot_lines(
    session: Session, round_: Round, *, marked: bool = False
) -> Iterator[dict[str, Any]]:
    """Yield the line of every ballot that says something and weighs something.

    With `marked` those that were set aside say so, for readers: what the closing root
    and the receipts are made of is the line without the mark.
    """
    own = recusals.own_of_all(session, round_)
    ballots = session.scalars(
        select(Ballot)
        .where(Ballot.round_id == round_.id, Ballot.choice != "[]")
        .options(
            joinedload(Ballot.voter).joinedload(Voter.person),
            joinedload(Ballot.voter).joinedload(Voter.group),
            joinedload(Ballot.group),
        )
        .execution_options(yield_per=1000)
    )
    for ballot in ballots:
        line = _line(ballot, own)
        if line is not None:
            aside = marked and ballot.set_aside is not None
            yield line | ({"aside": True} if aside else {})


def is_in_the_box(ballot: Ballot, own: Mapping[int, Own]) -> bool:
    """Tell whether a ballot has a line among those that the close commits to."""
    return ballot.choice != "[]" and _line(ballot, own) is not None


def _line(ballot: Ballot, own: Mapping[int, Own]) -> dict[str, Any] | None:
    """Return a ballot's line; None if it says or weighs nothing."""
    if ballot.voter is None:
        pile = ledger.ballot_line(
            ledger.tag(ballot.nonce, ballot.round_id, ballot.source or "")
            if ballot.nonce
            # Taken in before they got nonces, and maybe committed to.
            else f"{ballot.source}:{ballot.id}",
            ledger.weight_class(*_class_of(ballot, None)),
            json.loads(ballot.choice),
        )
        return pile | {"n": ballot.count}
    mine = own.get(ballot.voter.id)
    _, weight = _class_of(ballot, ballot.voter)
    if weight == 0 or (mine is not None and not mine.counts):
        return None
    line = voter_line(ballot, ballot.voter, mine)
    return line if line["b"] else None


def voter_line(
    ballot: Ballot, voter: Voter, own: Own | None, items: list[Any] | None = None
) -> dict[str, Any]:
    """Return the published form of a voter's ballot, as it stands or with new `items`.

    Without approvals of the own designs. A ballot that does not count at all has no
    such form; its receipt is of what was saved.
    """
    items = json.loads(ballot.choice) if items is None else items
    return ledger.ballot_line(
        ledger.tag(ballot.nonce or "", ballot.round_id, voter.person.key),
        ledger.weight_class(*_class_of(ballot, voter)),
        own.without(items) if own is not None and own.counts else items,
    )


def renew_codes(session: Session, round_: Round, voters: Iterable[int]) -> None:
    """Let the receipts of these voters be of their ballots as they count now.

    What a designer may not approve can change while a round is open: by a mark, or by a
    design that arrives late.
    """
    if not (ids := list(voters)):
        return
    own = recusals.own_of_all(session, round_)
    for ballot in queries.voter_ballots(session, round_.id, ids):
        if ballot.voter is not None:
            line = voter_line(ballot, ballot.voter, own.get(ballot.voter.id))
            session.execute(
                update(Save)
                .where(Save.ballot_id == ballot.id, Save.rev == ballot.rev)
                .values(code=ledger.receipt_code(line))
            )


def keep_classes(
    session: Session,
    contest_id: int,
    left: Mapping[int, tuple[int, Fraction]],
) -> None:
    """Let the ballots of voters who are moved stay what they counted as.

    Nobody is moved while a round runs, so all of them were counted. Some hundred voters
    a statement.

    Args:
        session: a writing session.
        contest_id: the contest.
        left: the group's id and the weight that they had, by their own ids.
    """
    moved: dict[tuple[int, Fraction], list[int]] = defaultdict(list)
    for voter_id, class_ in left.items():
        moved[class_].append(voter_id)
    of_contest = select(Round.id).where(Round.contest_id == contest_id)
    for (group_id, weight), voters in moved.items():
        for some in queries.in_batches(voters):
            session.execute(
                update(Ballot)
                .where(
                    Ballot.round_id.in_(of_contest),
                    Ballot.voter_id.in_(some),
                    Ballot.group_id.is_(None),
                )
                .values(group_id=group_id, weight=weight)
            )


def _class_of(ballot: Ballot, voter: Voter | None) -> tuple[str, Fraction]:
    """Return the group and the weight that a ballot counts with.

    The ballot's own where it came from a file, or its voter was moved after the count;
    else the voter's.
    """
    if voter is None or ballot.group_id is not None:
        return ballot.group.name if ballot.group else "", ballot.weight
    return voter.group.name, voter.weight
