"""Small rounds with everything that can happen in one, from a seed, for recounting."""

from __future__ import annotations

import contextlib
import json
import secrets
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from random import Random
from typing import Any
from unittest import mock

from sqlalchemy.orm import Session

from logovote.contest import (
    beacons,
    counting,
    events,
    families,
    organisers,
    paper,
    people,
    purging,
    quarantine,
    recusals,
    recusing,
    rounds,
    withdrawing,
)
from logovote.contest.bundle import bundle_of
from logovote.contest.contests import change_contest
from logovote.contest.quarantine import QuarantineError
from logovote.contest.rules import Rules
from logovote.store import queries
from logovote.store.models import Contest, Kind, Role, Round
from logovote.voting.profiles import Profile
from tests.builders import add_design, cast, make_contest, withdraw

_GROUPS = ("core", "friends", "Ünïted")
_WEIGHTS = ("1", "1", "1", "2", "1/3", "0")


def random_bundle(
    session: Session, seed: int, now: datetime, *, publish: str = "ballots"
) -> bytes:
    """Play a random round to its end and return its public bundle."""
    round_ = random_round(session, seed, now, publish=publish)
    rounds.publish_round(session, round_, now=now)
    return bundle_of(session, round_).data


def random_round(
    session: Session, seed: int, now: datetime, *, publish: str = "ballots"
) -> Round:
    """Play a random round up to its count."""
    rng = Random(seed)  # noqa: S311 - a made-up round, no secret
    kind = rng.choice(list(Kind))
    contest = _contest(session, rng, seed, now)
    rules = replace(
        Rules.default(kind),
        weights=rng.choice(["fixed_share", "fixed_share", "per_voter"]),
        unranked=rng.choice(["last", "last", "no_opinion"]),
        cap=rng.choice([1, 2, 25]),
    )
    beacon = f"drand quicknet {seed}" if rng.random() < 0.3 else None
    with mock.patch.object(Rules, "default", return_value=rules):
        round_ = rounds.open_round(
            session,
            contest,
            kind,
            now,
            seats=rng.randint(1, 6) if kind is Kind.SHORTLIST else None,
            publish=publish,
            auditors=["Ada", "Ben"] if publish == "auditors" else [],
            beacon=beacon,
        )
    _vote(session, rng, contest, round_, now)
    _happen(session, rng, contest, round_, now)
    # Who organises may change while people vote; the log then tells of it.
    organisers.name(session, contest, "olga@example.org", Role.OBSERVER, now=now)
    organisers.remove(session, contest, "olga@example.org", now=now)
    if rng.random() < 0.4:
        _recuse(session, rng, contest, round_, now)
    if seed % 3 == 0:
        rounds.pause_round(session, round_, now)
        change_contest(session, contest, zone="Europe/Paris", now=now)
        rounds.resume_round(session, round_, now)
    rounds.close_round(session, round_, now)
    if rng.random() < 0.2:
        _set_aside(session, rng, round_, now)
        rounds.reopen_round(session, round_, now=now)
        _vote(session, rng, contest, round_, now)
        rounds.close_round(session, round_, now)
    if rng.random() < 0.5:
        _set_aside(session, rng, round_, now)
    if beacon:
        for _ in range(rng.randint(1, 2)):
            drawn = f"{rng.getrandbits(256):064x}" * rng.randint(1, 2)
            beacons.enter(session, round_, drawn, now=now)
    read = counting.profile_of
    seen = kind is Kind.SHORTLIST and rng.random() < 0.5

    def profile_of(
        session: Session, round_: Round, *, set_aside: bool = False
    ) -> Profile:
        profile = read(session, round_, set_aside=set_aside)
        return _seen(rng, profile) if seen else profile

    with mock.patch.object(counting, "profile_of", profile_of):
        counting.count_round(session, round_, now=now)
    return round_


def _contest(session: Session, rng: Random, seed: int, now: datetime) -> Contest:
    """Make a contest with some designs, families, groups and weights."""
    designs = rng.sample(range(1, 40), rng.randint(1, 9))
    contest = make_contest(session, now, slug=f"random-{seed}", designs=designs)
    for _ in range(rng.randint(0, 2)):
        if len(designs) > 2:
            families.merge(session, contest, rng.sample(designs, 2))
    groups = _GROUPS[: rng.randint(1, 3)]
    lines = ["email,name,group,weight"]
    lines += [
        f"v{number}@example.org,V{number},{rng.choice(groups)},{rng.choice(_WEIGHTS)}"
        for number in range(rng.randint(2, 14))
    ]
    people.import_people(
        session, contest, people.read_people("\n".join(lines).encode()), now=now
    )
    known = [group.name for group in queries.groups(session, contest.id)]
    if rng.random() < 0.7:
        shares = {name: Fraction(rng.randint(1, 5), 7) for name in known}
        people.set_shares(session, contest, shares, dict.fromkeys(known, "as agreed"))
    return contest


def _vote(
    session: Session, rng: Random, contest: Contest, round_: Round, now: datetime
) -> None:
    """Let some vote, or vote again, each by a taste that several share."""
    for voter in queries.voters(session, contest.id):
        if rng.random() < 0.8:
            ballot = queries.ballot_of(session, round_.id, voter.id)
            items = _items(rng, session, round_)
            rev = ballot.rev if ballot else 0
            cast(session, round_, voter.person.name, items, now, base_rev=rev)


def _items(rng: Random, session: Session, round_: Round) -> list[Any]:
    standing = queries.candidacies(session, round_.id)
    ids = [str(candidacy.submission.entry) for candidacy in standing]
    if round_.kind is Kind.SHORTLIST:
        if rng.random() < 0.1:
            return ["none"]
        ids += sorted({candidacy.family for candidacy in standing})
        return rng.sample(ids, rng.randint(0, min(4, len(ids))))
    ids = rng.sample([*ids, "none"], rng.randint(0, min(5, len(ids) + 1)))
    tiers: list[list[str]] = []
    for id_ in ids:
        if tiers and rng.random() < 0.2:
            tiers[-1].append(id_)
        else:
            tiers.append([id_])
    return tiers


def _happen(
    session: Session, rng: Random, contest: Contest, round_: Round, now: datetime
) -> None:
    """Let designs and people come and go while the round is open."""
    if rng.random() < 0.3:
        late = b"email,name,group\nlate@example.org,Late,core"
        people.import_people(session, contest, people.read_people(late), now=now)
    if rng.random() < 0.3:
        _add_late(session, contest, 41, now)
    standing = [c.submission.entry for c in queries.candidacies(session, round_.id)]
    if len(standing) > 1 and rng.random() < 0.5:
        _lose_a_design(session, rng, contest, rng.choice(standing), now)
    if rng.random() < 0.3:
        _import_paper(session, rng, contest, round_, now)


def _lose_a_design(
    session: Session, rng: Random, contest: Contest, entry: int, now: datetime
) -> None:
    """Withdraw a design, or take it down with its pictures; one may come back."""
    if rng.random() < 0.4:
        withdraw(session, contest, entry, now)
        return
    purging.take_down(session, contest, entry, "A copy.", who="Olga", now=now)
    if rng.random() < 0.3:
        withdrawing.bring_back(session, contest, entry, who="Olga", now=now)


def _recuse(
    session: Session, rng: Random, contest: Contest, round_: Round, now: datetime
) -> None:
    """Mark some voters as designers, and admit one again."""
    made = queries.submissions(session, contest.id, withdrawn=True)
    voters = queries.voters(session, contest.id)
    for voter in rng.sample(voters, min(len(voters), rng.randint(1, 3))):
        design = rng.choice(made)
        of = rng.choice([design.designer or "", str(design.entry)])
        recusing.recuse(session, contest, voter.person.key, of, now=now)
    if rng.random() < 0.3:
        who = recusals.marked(session, contest)[0].voter.person.key
        recusing.take_back(session, contest, who, now=now)


def _set_aside(session: Session, rng: Random, round_: Round, now: datetime) -> None:
    """Set some ballots aside, where that leaves sums enough, and take one back."""
    own = recusals.own_of_all(session, round_)
    voters = [voter.id for voter in queries.voters(session, round_.contest_id)]
    box = [
        ballot.id
        for ballot in queries.voter_ballots(session, round_.id, voters)
        if rounds.is_in_the_box(ballot, own)
    ]
    for _ in range(rng.randint(1, 2)):
        if box:
            some = rng.sample(box, rng.randint(1, min(6, len(box))))
            with contextlib.suppress(QuarantineError), session.begin_nested():
                quarantine.set_aside(session, round_, some, "A burst.", now=now)
    if box and rng.random() < 0.3:
        with contextlib.suppress(QuarantineError), session.begin_nested():
            quarantine.take_back(session, round_, [rng.choice(box)], now=now)


def _add_late(session: Session, contest: Contest, entry: int, now: datetime) -> None:
    """Let a design arrive as an import does it."""
    design = add_design(session, contest, entry, now)
    stands = rounds.add_late_design(session, contest.id, design)
    events.record_design(session, design, "imported", actor="cli", now=now, **stands)


def _import_paper(
    session: Session, rng: Random, contest: Contest, round_: Round, now: datetime
) -> None:
    """Take in a pile of paper ballots."""
    standing = [
        str(c.submission.entry) for c in queries.candidacies(session, round_.id)
    ]
    group = rng.choice([group.name for group in queries.groups(session, contest.id)])
    some = rng.sample(standing, rng.randint(1, len(standing)))
    said: dict[str, Any] = (
        {"approvals": some}
        if round_.kind is Kind.SHORTLIST
        else {"ranking": [[id_] for id_ in some]}
    )
    document = {
        "candidates": [*standing, "none"],
        "groups": {group: {}},
        "ballots": [
            {"group": group, "count": rng.randint(1, 4), "weight": "1", **said}
        ],
    }
    nonce = f"{rng.getrandbits(128):032x}"
    with mock.patch.object(secrets, "token_hex", return_value=nonce):
        paper.import_ballots(
            session,
            contest,
            round_,
            name="evening.json",
            data=json.dumps(document).encode(),
            now=now,
        )


def _seen(rng: Random, profile: Profile) -> Profile:
    """Let voters have seen only some of the designs."""
    families_ = sorted(profile.variants)
    votes = tuple(
        replace(
            vote,
            seen=frozenset(rng.sample(families_, rng.randint(0, len(families_)))),
        )
        for vote in profile.votes
    )
    return replace(profile, votes=votes, exposure=None)
