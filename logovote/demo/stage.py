"""The demo: a contest in the middle of its shortlist round, and one that is decided.

It walks the same way as an organiser would: designs are drawn into a folder and
imported, people come from a list, ballots go through the box.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import TypedDict

from sqlalchemy import select
from sqlalchemy.orm import Session

from logovote.contest import (
    casting,
    counting,
    dealing,
    deciding,
    families,
    feedback,
    intake,
    invitations,
    marks,
    people,
    rounds,
    signing_in,
)
from logovote.contest.contests import contest_by_slug, new_contest
from logovote.contest.feedback import REASONS, Given
from logovote.demo.export import Drawn, draw_contest
from logovote.errors import LogovoteError
from logovote.imaging.worker import Fence
from logovote.ingest.reading import read_entries
from logovote.settings import Settings
from logovote.store import queries
from logovote.store.models import Contest, Kind, Round, Submission, Voter
from logovote.store.store import Store

Sizes = Mapping[str, int]
# How much a voter likes each family; what they do with it is up to the round.
Taste = dict[str, float]

_GROUPS = {
    "core": (Fraction(2, 5), "They maintain the project and live with its logo."),
    "contributors": (Fraction(3, 10), "They gave code, docs or translations."),
    "community": (Fraction(3, 10), "They use it, and asked to have a say."),
}
# What some share with a designer, of what they like and of what they do not.
_NOTES = {
    True: (
        "I knew it again a week later, without trying.",
        "Please keep it as plain as it is.",
        "Works beautifully in a browser tab.",
    ),
    False: (
        "At 16 px I see a grey smudge.",
        "Two ideas in one mark; each alone would do.",
        "A tool that I used before had nearly the same one.",
    ),
}
# Whose link the demo prints: a voter with everything still ahead.
_GUEST = "robin@example.org"


@dataclass(frozen=True)
class _Plan:
    """One of the demo's contests: how it is drawn, who votes, how far it has come.

    `seed` draws the designs, `crowd` the tastes: each was chosen for its looks.
    """

    slug: str
    name: str
    title: str
    about: str
    designs: int
    concepts: int
    seats: int
    seed: int
    crowd: int
    people: Sizes
    voted: Sizes
    opened_days_ago: int


RUNNING = _Plan(
    slug="tavrel",
    name="Tavrel",
    title="A logo for Tavrel",
    about="Tavrel is a build tool that fits small pieces together. After seven years "
    "without a face, it gets one: designers sent in their ideas, and everybody who "
    "works with Tavrel has a say.",
    designs=211,
    concepts=60,
    seats=20,
    seed=2015,
    crowd=2015,
    people={"core": 5, "contributors": 14, "community": 31},
    voted={"core": 2, "contributors": 6, "community": 11},
    opened_days_ago=6,
)
DECIDED = _Plan(
    slug="marlow",
    name="Marlow",
    title="A logo for Marlow",
    about="Marlow, a small build tool, chose its logo last month.",
    designs=18,
    concepts=10,
    seats=6,
    seed=1969,
    crowd=7,
    people={"core": 6, "contributors": 11, "community": 20},
    voted={"core": 6, "contributors": 9, "community": 17},
    opened_days_ago=40,
)
PLANS = (RUNNING, DECIDED)


class DemoError(LogovoteError):
    """The demo cannot be made in this data folder."""


class ContestSummary(TypedDict):
    """A contest of the demo, for whoever looks for it."""

    slug: str
    published: bool


@dataclass(frozen=True)
class Staged:
    """The demo's contests and the tokens that open them."""

    contests: list[ContestSummary]
    organiser_token: str
    guest: Voter

    def organiser_link(self, settings: Settings) -> str:
        """Return the link that signs in as the organiser, as often as it is used."""
        return f"{settings.base_url}/o/{self.organiser_token}"

    def voter_link(self, settings: Settings) -> str:
        """Return the link of a voter who has not voted yet."""
        token = invitations.invitation_token(settings.secret_key, self.guest)
        return f"{settings.base_url}/i/{token}"


def stage(store: Store, now: datetime, progress: Callable[[int, int], None]) -> Staged:
    """Make the demo in an empty store, or find the one made there before.

    Raises:
        DemoError: the store holds other contests.
    """
    with store.database.read() as session:
        known = {
            contest.slug: bool(queries.rounds(session, contest.id))
            for contest in queries.contests(session)
        }
    if known and known.keys().isdisjoint(plan.slug for plan in PLANS):
        raise DemoError(
            "This data folder holds a contest already, and the demo would stand beside "
            "it. Choose an empty folder with --data, or run without --demo."
        )
    total = sum(plan.designs for plan in PLANS)
    done = 0
    progress(done, total)
    for plan in PLANS:
        # A contest without a round was interrupted on its way: importing again is
        # harmless, and all the rest happens in one transaction.
        if not known.get(plan.slug):
            before = done

            def show(done: int, _total: int, before: int = before) -> None:
                progress(before + done, total)

            _stage_contest(store, plan, now, show)
        done += plan.designs
        progress(done, total)
    return _keys(store, now)


def _keys(store: Store, now: datetime) -> Staged:
    """Make a link for the organiser and find the guest."""
    with store.database.write() as session:
        token = signing_in.new_organiser_link(session, now, once=False)
        running = contest_by_slug(session, RUNNING.slug)
        guest = next(
            voter
            for voter in queries.voters(session, running.id)
            if voter.person.email == _GUEST
        )
        session.commit()
        session.refresh(guest)
    return Staged(
        contests=[
            {"slug": RUNNING.slug, "published": False},
            {"slug": DECIDED.slug, "published": True},
        ],
        organiser_token=token,
        guest=guest,
    )


def _stage_contest(
    store: Store, plan: _Plan, now: datetime, progress: Callable[[int, int], None]
) -> None:
    """Set up one contest and bring it as far as its plan says."""
    opened = now - timedelta(days=plan.opened_days_ago)
    with store.database.write() as session:
        contest_id = _contest_id(session, plan, opened)
        session.commit()
    drawn = _import(store, plan, contest_id, opened, progress)
    with store.database.write() as session:
        contest = contest_by_slug(session, plan.slug)
        _group_variants(session, contest, drawn)
        _invite(session, contest, plan, opened)
        shortlist = rounds.open_round(
            session, contest, Kind.SHORTLIST, opened, seats=plan.seats
        )
        _vote(session, shortlist, plan, opened, now)
        if plan is DECIDED:
            _decide(session, contest, shortlist, plan, opened)
        session.commit()


def _contest_id(session: Session, plan: _Plan, now: datetime) -> int:
    """Start the contest, unless an interrupted staging has done so."""
    known = session.scalar(select(Contest).where(Contest.slug == plan.slug))
    contest = known or new_contest(
        session,
        plan.slug,
        title=plan.title,
        about=plan.about,
        status_quo="Go on without a logo, and ask for new designs",
        now=now,
    )
    return contest.id


def _import(
    store: Store,
    plan: _Plan,
    contest_id: int,
    now: datetime,
    progress: Callable[[int, int], None],
) -> Sequence[Drawn]:
    """Draw the designs into a folder, as a contest site would export them."""
    with tempfile.TemporaryDirectory(prefix="logovote-demo-") as name:
        drawn = draw_contest(
            Path(name),
            designs=plan.designs,
            concepts=plan.concepts,
            seed=plan.seed,
            name=plan.name,
        )
        with read_entries(Path(name)) as reading, Fence() as fence:
            intake.import_designs(
                store, contest_id, reading, fence, now=now, progress=progress
            )
    return drawn


def _group_variants(session: Session, contest: Contest, drawn: Sequence[Drawn]) -> None:
    """Make families of the variants, as the organiser would by eye."""
    concepts: dict[str, list[int]] = defaultdict(list)
    for design in drawn:
        concepts[str(design.concept)].append(design.entry)
    for entries in concepts.values():
        if len(entries) > 1:
            families.merge(session, contest, entries)


def _invite(session: Session, contest: Contest, plan: _Plan, now: datetime) -> None:
    """Import people in three groups, with the weights that were agreed."""
    lines = ["email,name,group"]
    lines += [
        f"{group}{number}@example.org,{group.capitalize()} {number},{group}"
        for group, size in plan.people.items()
        for number in range(1, size + 1)
    ]
    lines.append(f"{_GUEST},Robin,contributors")
    people.import_people(
        session, contest, people.read_people("\n".join(lines).encode()), now=now
    )
    people.set_shares(
        session,
        contest,
        {group: share for group, (share, _) in _GROUPS.items()},
        {group: reason for group, (_, reason) in _GROUPS.items()},
        now=now,
    )


def _decide(
    session: Session, contest: Contest, shortlist: Round, plan: _Plan, opened: datetime
) -> None:
    """Close, count and publish both rounds, with a ranking in between."""
    in_a_week = opened + timedelta(days=7)
    rounds.close_round(session, shortlist, in_a_week)
    counting.count_round(session, shortlist, now=in_a_week)
    rounds.publish_round(session, shortlist, now=in_a_week)
    ranking = rounds.open_round(session, contest, Kind.RANKING, in_a_week)
    _vote(session, ranking, plan, in_a_week, in_a_week + timedelta(days=7))
    in_two_weeks = in_a_week + timedelta(days=7)
    rounds.close_round(session, ranking, in_two_weeks)
    result = counting.count_round(session, ranking, now=in_two_weeks)
    rounds.publish_round(session, ranking, now=in_two_weeks)
    for said in feedback.gathered(session, ranking):
        for note in said.notes[:2]:
            feedback.moderate(session, contest, note.id, "approve", now=in_two_weeks)
    first = next(line.entry for line in result.order if line.entry is not None)
    deciding.decide(session, contest, ranking, [first], "", now=in_two_weeks)
    deciding.publish(session, contest, ranking, now=in_two_weeks)


def _vote(
    session: Session, round_: Round, plan: _Plan, start: datetime, end: datetime
) -> None:
    """Let some of every group vote, each by their own taste."""
    rng = Random(plan.crowd)  # noqa: S311 - a made-up crowd, not a secret
    standing = queries.candidacies(session, round_.id)
    likes = _tastes(rng, sorted({candidacy.family for candidacy in standing}))
    entry_of = {
        candidacy.family: str(candidacy.submission.entry) for candidacy in standing
    }
    designs = {str(each.submission.entry): each.submission for each in standing}
    left = dict(plan.voted)
    for voter in queries.voters(session, round_.contest_id):
        if voter.person.email == _GUEST or not left[voter.group.name]:
            continue
        left[voter.group.name] -= 1
        general, special = likes[""], likes[voter.group.name]
        taste = {
            family: general[family] + special[family] + rng.gauss(0, 1)
            for family in entry_of
        }
        at = start + (end - start) * rng.random()
        if round_.kind is Kind.SHORTLIST:
            seen = _look(session, round_, voter, rng.randint(1, 3), at)
            items = _approvals(rng, {family: taste[family] for family in seen})
        else:
            items = _ranking(rng, taste, entry_of)
        casting.save_ballot(
            session,
            round_,
            voter,
            base_rev=0,
            save_id=f"demo-{rng.getrandbits(64):016x}",
            items=items,
            nonce=f"{rng.getrandbits(128):032x}",
            now=at,
        )
        best = max(taste, key=taste.__getitem__)
        worst = min(taste, key=taste.__getitem__)
        _say(session, round_, voter, designs[entry_of[best]], at, praise=True)
        _say(session, round_, voter, designs[entry_of[worst]], at, praise=False)


def _say(
    session: Session,
    round_: Round,
    voter: Voter,
    design: Submission,
    at: datetime,
    *,
    praise: bool,
) -> None:
    """Let a voter tell a designer why; every fourth shares a note, too."""
    rng = Random(f"{round_.id} {voter.id} {praise}")  # noqa: S311 - as above
    reasons = [reason.id for reason in REASONS if reason.praise == praise]
    note = rng.choice(_NOTES[praise]) if rng.random() < 0.25 else ""
    said = Given(frozenset(rng.sample(reasons, rng.randint(1, 3))), note, bool(note))
    feedback.give(session, round_, voter, design, said, now=at)


def _look(
    session: Session, round_: Round, voter: Voter, batches: int, at: datetime
) -> list[str]:
    """Let a voter look at so many batches, all of them; returns what they saw."""
    seen: set[str] = set()
    for number in range(batches):
        seen |= dealing.deal(session, round_, voter, at, after=number).families
    marks.see(session, round_, voter, seen, at)
    return sorted(seen)


def _tastes(rng: Random, family_ids: Sequence[str]) -> dict[str, Taste]:
    """Invent what everybody likes (under "") and what each group likes besides."""
    spread = {"": 0.5} | dict.fromkeys(_GROUPS, 1.0)
    return {
        group: {family: rng.gauss(0, sigma) for family in family_ids}
        for group, sigma in spread.items()
    }


def _approvals(rng: Random, taste: Taste) -> casting.Items:
    """Approve the best few, up to fifteen; now and then, none of them."""
    if rng.random() < 0.04:
        return [casting.NONE]
    best = sorted(taste, key=taste.__getitem__, reverse=True)
    return best[: rng.randint(min(2, len(best)), min(15, max(4, len(best) // 3)))]


def _ranking(rng: Random, taste: Taste, entry_of: Mapping[str, str]) -> casting.Items:
    """Rank some of the best, now and then with a tie and a line for "none"."""
    best = sorted(taste, key=taste.__getitem__, reverse=True)
    tiers = [[entry_of[family]] for family in best[: rng.randint(3, len(best))]]
    if len(tiers) > 3 and rng.random() < 0.3:
        tiers[1:3] = [sorted(tiers[1] + tiers[2])]
    if rng.random() < 0.4:
        tiers.insert(rng.randint(len(tiers) // 2, len(tiers)), [casting.NONE])
    return tiers
