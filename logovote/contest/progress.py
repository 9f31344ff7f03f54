"""What is done of a contest and what is not: told from what is there, kept nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from logovote.contest import (
    contests,
    counting,
    dates,
    deciding,
    families,
    joining,
    notices,
    people,
    plans,
    questions,
    rounds,
    sealing,
)
from logovote.contest.families import Grouping
from logovote.contest.results import result_of
from logovote.contest.rights import LOW_RESOLUTION, VOTERS_ONLY, rights_of
from logovote.contest.rules import Rules
from logovote.store import queries
from logovote.store.models import Contest, Kind, Phase, Round

State = Literal["not started", "in progress", "done"]
PREPARE, VOTE, AFTER = "Prepare", "Vote", "Afterwards"
"""The stages of a contest, in order."""

_PROTECTION = {
    VOTERS_ONLY: "for voters only",
    LOW_RESOLUTION: "in low resolution",
}


@dataclass(frozen=True)
class Task:
    """One task of a contest: what it is called, where it stands, in words too."""

    key: str
    stage: str
    title: str
    text: str
    state: State

    def as_json(self) -> dict[str, str]:
        """Return the task as programs read it."""
        return {"task": self.key, "title": self.title, "state": self.state} | {
            "text": self.text
        }


@dataclass(frozen=True)
class Default:
    """Something that nobody has set, and what then holds."""

    key: str
    name: str
    text: str


def tasks_of(session: Session, contest: Contest, now: datetime) -> list[Task]:
    """List the way from nothing to a published result. Some ten statements."""
    held = queries.rounds(session, contest.id)
    newest: dict[Kind, Round | None] = dict.fromkeys(Kind)
    newest |= {round_.kind: round_ for round_ in held}
    voters = queries.count_voters(session, contest.id)
    groupings = families.groupings(session, contest)
    return [
        _details(contest),
        _dates(contest, newest),
        _voters(session, contest, voters),
        _groups(session, contest),
        _counting(contest, newest),
        _designs(groupings),
        _families(groupings),
        _pictures(contest),
        *([_mail(session, contest, now)] if voters else []),
        *(_round(kind, round_, now) for kind, round_ in newest.items()),
        *_questions(session, contest),
        *_afterwards(session, contest, held),
    ]


def waits_for(session: Session, contest: Contest, now: datetime) -> str:
    """Say in a few words what a contest waits for."""
    running = [
        round_
        for round_ in queries.rounds(session, contest.id)
        if round_.phase in {Phase.OPEN, Phase.CLOSED}
    ]
    if running:
        name = rounds.NAMES[running[-1].kind]
        return f"{_sentence(name)}: {round_text(running[-1], now).lower()}"
    last = queries.latest_counted(session, contest.id)
    if last is None:
        missing = []
        if not queries.has_designs(session, contest.id):
            missing.append("designs")
        if not queries.count_voters(session, contest.id):
            missing.append("people")
        return (
            f"Waits for {' and '.join(missing)}"
            if missing
            else "Ready: open its first round"
        )
    if last.phase is Phase.COUNTED:
        return f"The {rounds.NAMES[last.kind]} is counted: publish it"
    verdict = deciding.current(session, last, published=True)
    if verdict is not None:
        return "Decided"
    if last.kind is Kind.SHORTLIST:
        return "The shortlist is published: rank it, or decide"
    return "The ranking is published: decide"


def defaults_left(
    session: Session, contest: Contest, kind: Kind, plan: plans.Plan | None = None
) -> list[Default]:
    """List what nobody has set before a round opens, with the default that holds.

    It will open by the contest's plan, or by `plan`.
    """
    return [
        Default(*each)
        for each in (
            *_unsaid(contest),
            *_unset(plan or plans.plan_of(contest, kind), kind),
            *_unshared(session, contest),
            *_ungrouped(session, contest),
        )
    ]


def _unsaid(contest: Contest) -> Iterator[tuple[str, str, str]]:
    if not contest.about:
        yield "details", "What the logo is for", "nothing is said"
    if contest.status_quo == contests.DEFAULT_STATUS_QUO:
        yield "details", "“None of these”", "it means just that"
    if not contest.zone:
        yield "dates", "Time zone", dates.DEFAULT_ZONE
    if not rights_of(contest).as_json():
        yield "pictures", "Pictures", "whoever has their address sees them"


def _unset(plan: plans.Plan, kind: Kind) -> Iterator[tuple[str, str, str]]:
    usual = Rules.default(kind)
    if plan.until is None:
        yield "dates", "End", "it is open until you close it"
    if plan.seats is None:
        what = "places" if kind is Kind.SHORTLIST else "designs at most"
        yield "counting", "Size", f"{usual.seats} {what}"
    if kind is Kind.SHORTLIST and plan.batch is None:
        yield "counting", "Dealing", f"{usual.batch} designs at a time"
    if kind is Kind.SHORTLIST and plan.approvals is None:
        yield "counting", "Approvals on a ballot", "any number"
    if plan.publish is None:
        yield "counting", "Recount", "from every ballot, without names"


def _unshared(session: Session, contest: Contest) -> Iterator[tuple[str, str, str]]:
    groups = people.target_shares(session, contest)
    equal = [f"{group.name} {share}" for group, share in groups if group.share is None]
    if equal:
        yield "groups", "Shares", f"equal parts of what is left: {', '.join(equal)}"
    silent = [group.name for group, _ in groups if not group.reason]
    if silent:
        yield "groups", "Reasons for shares", f"none is given for {', '.join(silent)}"


def _ungrouped(session: Session, contest: Contest) -> Iterator[tuple[str, str, str]]:
    groupings = families.groupings(session, contest)
    if proposed := sum(grouping.proposed for grouping in groupings):
        text = f"{proposed} proposed, and merge nothing until confirmed"
        yield "families", "Families", text
    elif not any(grouping.confirmed for grouping in groupings):
        yield "families", "Families", "each design stands alone"


@dataclass(frozen=True)
class Attendance:
    """How many of a group may vote, and how many have."""

    group: str
    voted: int
    eligible: int

    @property
    def unfinished(self) -> int:
        """How many have not voted."""
        return max(self.eligible - self.voted, 0)


def attendance(session: Session, round_: Round) -> list[Attendance]:
    """Count who has voted in each group of a round; never who, never what.

    Once it is counted that is as it was then, whatever group people are in today.
    """
    if round_.result is not None:
        return [
            Attendance(group, part.voted, part.eligible)
            for group, part in result_of(round_).turnout.items()
        ]
    voted = queries.turnout(session, round_.id)
    eligible = counting.electorate(session, round_)
    return [
        Attendance(group.name, voted.get(group.name, 0), eligible.get(group.name, 0))
        for group in queries.groups(session, round_.contest_id)
    ]


def unfinished(session: Session, round_: Round) -> int:
    """Count who may vote and has not."""
    return sum(each.unfinished for each in attendance(session, round_))


# ---------- one task each


def _details(contest: Contest) -> Task:
    text = contest.about or "Say in a sentence or two what the logo is for"
    state: State = "done" if contest.about else "in progress"
    return Task("details", PREPARE, "Details", _short(text), state)


def _dates(contest: Contest, newest: dict[Kind, Round | None]) -> Task:
    ends = []
    for kind, round_ in newest.items():
        if round_ is not None and round_.phase is Phase.OPEN:
            until = round_.closes_at
        else:
            until = None if round_ is not None else plans.plan_of(contest, kind).until
        if until is not None:
            ends.append(f"{rounds.NAMES[kind]} until {dates.told(until, contest.zone)}")
    zone = contest.zone or f"{dates.DEFAULT_ZONE} (the default)"
    state: State = "not started"
    if contest.zone or ends:
        begun = any(round_ is not None for round_ in newest.values())
        state = "done" if contest.zone and (ends or begun) else "in progress"
    text = "; ".join([f"Times are {zone}", *ends])
    return Task("dates", PREPARE, "Dates and zone", text, state)


def _voters(session: Session, contest: Contest, number: int) -> Task:
    waiting = len(joining.waiting(session, contest.id))
    parts = [f"{number} may vote"] if number else []
    if waiting:
        parts.append(f"{waiting} {'asks' if waiting == 1 else 'ask'} to join")
    elif not number and joining.terms_of(contest).is_any:
        parts.append("People may join; nobody has yet")
    text = "; ".join(parts) or "Say who may vote"
    state: State = "not started"
    if parts:
        state = "done" if number and not waiting else "in progress"
    return Task("voters", PREPARE, "Who may vote", text, state)


def _groups(session: Session, contest: Contest) -> Task:
    groups = people.target_shares(session, contest)
    unset = [group.name for group, _ in groups if group.share is None]
    silent = [group.name for group, _ in groups if not group.reason]
    nothing = [
        group.name for group, share in groups if group.name in unset and not share
    ]
    state: State
    if not groups:
        text, state = "They come with the people", "not started"
    elif nothing:
        text = f"The other shares leave nothing for {', '.join(nothing)}"
        state = "in progress"
    elif unset and len(unset) == len(silent) == len(groups):
        text, state = f"{', '.join(unset)}: equal parts (the default)", "not started"
    elif unset or silent:
        parts = []
        if unset:
            parts.append(f"{', '.join(unset)}: an equal part of what is left")
        if silent:
            parts.append(f"no reason yet for {', '.join(silent)}")
        text, state = "; ".join(parts), "in progress"
    else:
        text, state = "Every group has its share and the reason for it", "done"
    return Task("groups", PREPARE, "Groups and weights", text, state)


def _counting(contest: Contest, newest: dict[Kind, Round | None]) -> Task:
    decided = [
        kind
        for kind, round_ in newest.items()
        if round_ is not None or plans.plan_of(contest, kind).decides
    ]
    text = "See on an example what the rules do"
    if decided:
        sizes = [
            f"{rounds.NAMES[kind]}: {_size(kind, newest[kind], contest)}"
            for kind in decided
        ]
        text = _sentence("; ".join(sizes))
    state: State = "done" if decided else "not started"
    return Task("counting", PREPARE, "How it is counted", text, state)


def _size(kind: Kind, round_: Round | None, contest: Contest) -> str:
    rules = (
        plans.plan_of(contest, kind).rules(kind)
        if round_ is None
        else Rules.from_json(round_.rules)
    )
    noun = "places" if kind is Kind.SHORTLIST else "designs at most"
    return f"{rules.seats} {noun}"


def _designs(groupings: Sequence[Grouping]) -> Task:
    number = sum(len(grouping.entries) for grouping in groupings)
    text = f"{number} imported" if number else "Import what designers sent in"
    state: State = "done" if number else "not started"
    return Task("designs", PREPARE, "Designs", text, state)


def _families(groupings: Sequence[Grouping]) -> Task:
    """Describe what there is to decide about variants; deciding nothing is allowed."""
    waiting = sum(grouping.proposed for grouping in groupings)
    made = sum(grouping.confirmed for grouping in groupings)
    if waiting:
        noun = "proposal waits" if waiting == 1 else "proposals wait"
        text = f"{waiting} {noun} for your word; until then they merge nothing"
    else:
        noun = "family" if made == 1 else "families"
        text = f"{made} {noun} of variants" if made else "Variants that share one vote"
    state: State = "in progress" if waiting else "done" if made else "not started"
    return Task("families", PREPARE, "Families", text, state)


def _pictures(contest: Contest) -> Task:
    rights = rights_of(contest)
    if not rights.as_json():
        text = "Whoever has their address sees them (the default)"
        return Task("pictures", PREPARE, "Rights in pictures", text, "not started")
    parts = [_PROTECTION[mode] for mode in rights.modes]
    if rights.purge_on is not None:
        day = f"{rights.purge_on.day} {rights.purge_on:%B %Y}"
        parts.append(f"to be removed on {day}")
    text = f"Pictures are {', '.join(parts)}"
    return Task("pictures", PREPARE, "Rights in pictures", text, "done")


def _mail(session: Session, contest: Contest, now: datetime) -> Task:
    """Describe who was invited by mail, and what failed; other ways are as good."""
    invited = notices.invite(session, contest, now, dry_run=True)
    failed = notices.in_trouble(session, contest.id)
    wanted = invited.before + invited.queued + invited.failed
    text = f"{invited.before} of {wanted} invited by mail"
    if failed:
        text += f"; {failed} {'mail' if failed == 1 else 'mails'} did not leave"
    state: State = "in progress" if invited.queued or failed else "done"
    if not invited.before and not failed:
        state = "not started"
    return Task("invitations", VOTE, "Invitations", text, state)


def _round(kind: Kind, round_: Round | None, now: datetime) -> Task:
    state: State = "not started"
    if round_ is not None:
        state = "done" if round_.phase is Phase.PUBLISHED else "in progress"
    title = rounds.NAMES[kind].capitalize()
    return Task(kind.value, VOTE, title, round_text(round_, now), state)


def _questions(session: Session, contest: Contest) -> Iterator[Task]:
    waiting, answered = questions.numbers(session, contest.id)
    if not waiting and not answered:
        return
    text = f"{answered} answered"
    if waiting:
        text = f"{waiting} {'waits' if waiting == 1 else 'wait'} for an answer"
    state: State = "in progress" if waiting else "done"
    yield Task("questions", VOTE, "Questions", text, state)


def round_text(round_: Round | None, now: datetime) -> str:
    """Say in a few words where a round stands."""
    if round_ is None:
        return "Not opened yet"
    if round_.has_ended(now) or round_.closed_by_its_end:
        return "Ended, waiting for you to count"
    if round_.is_paused(now):
        return "Paused, nobody can vote now"
    if round_.phase is Phase.OPEN and round_.closes_at is not None:
        return f"Open, ends {dates.distance(round_.closes_at, now)}"
    return {
        Phase.OPEN: "Open, people are voting",
        Phase.CLOSED: "Closed, waiting for the count",
        Phase.COUNTED: "Counted, only organisers see the result",
        Phase.PUBLISHED: "Published",
    }[round_.phase]


def _afterwards(
    session: Session, contest: Contest, held: Sequence[Round]
) -> Iterator[Task]:
    counted = [round_ for round_ in held if round_.result is not None]
    if not counted:
        return
    verdict = deciding.current(session, counted[-1])
    public = verdict is not None and verdict.published_at is not None
    text = "Sheets and files for the contest site, and your decision"
    if verdict is not None:
        text = "Your decision is public" if public else "Your decision is a draft"
    state: State = "done" if public else "in progress" if verdict else "not started"
    yield Task("handoff", AFTER, "Hand on", text, state)
    if any(round_.phase is Phase.PUBLISHED for round_ in held):
        yield _sealing(session, contest)


def _sealing(session: Session, contest: Contest) -> Task:
    """Say when the link from voters to ballots can go; nothing lets it go by itself."""
    until = sealing.objections_until(session, contest)
    text = "Nobody can find out any more whose a ballot is"
    if until is not None:
        text = (
            f"From {dates.told(until, contest.zone)} on: then `logovote seal "
            f"{contest.slug}` on the server lets nobody find out whose a ballot is"
        )
    state: State = "done" if until is None else "not started"
    return Task("sealing", AFTER, "Sealing", text, state)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else f"{line[:79].rstrip()}…"
