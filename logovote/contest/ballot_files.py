"""The ballots of a counted round as files that `logovote count` and others read.

Equal ballots are merged and all are sorted, so a file tells nothing of who cast what,
nor of the order in which they came.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from logovote.store.models import Round
from logovote.voting.ballots import Approval, Ballot
from logovote.voting.electorate import representatives
from logovote.voting.formats import (
    CannotHoldError,
    left_out,
    read_profile,
    write_profile,
)
from logovote.voting.profiles import ALL, Group, Profile, Vote
from logovote.voting.weights import weigh

_UNSAFE = re.compile(r"[^\w-]+")
_KINDS_OF_RANKINGS = (".cvotes", ".toi", ".blt")
_KINDS_OF_APPROVALS = (".cat",)


def profile_file(profile: Profile) -> str | None:
    """Write a profile in the form of docs/ballot-files.md; None if nothing stands."""
    if not profile.candidates:
        return None
    return write_profile(_merged(profile), "ballots.json")


def profile_of(round_: Round) -> Profile | None:
    """Read back the ballots of a round as they were counted, if they were kept."""
    if round_.profile is None:
        return None
    return read_profile(round_.profile.encode(), "profile.json")


def as_zip(profile: Profile) -> bytes:
    """Return the ballots in every kind of file that can hold them, as one zip.

    JSON holds everything. The others know no quorum, so a group has the share there
    that it had in the count; a family is the design that stands for it; and kinds that
    know no groups get a file for each. A note says what every file leaves out.
    """
    with io.BytesIO() as whole:
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
            notes = ["What each file holds, and what whoever counts it must add:", ""]
            for name, held in _files(_merged(profile)):
                try:
                    archive.writestr(name, write_profile(held, name))
                except CannotHoldError as error:
                    notes.append(f"{name}: not written. {error}")
                    continue
                missing = left_out(held, name)
                notes.append(f"{name}: {'; '.join(missing) or 'everything'}")
            archive.writestr("README.txt", "\n".join([*notes, ""]))
        return whole.getvalue()


def _files(profile: Profile) -> Iterator[tuple[str, Profile]]:
    """Yield the names of files, and what each is to hold."""
    yield "ballots.json", profile
    plain = _plain(profile)
    yield "ballots.csv", plain
    kinds = _KINDS_OF_RANKINGS if profile.ranks else _KINDS_OF_APPROVALS
    for number, group in enumerate(plain.groups, start=1):
        votes = tuple(
            replace(vote, group=ALL) for vote in plain.votes if vote.group == group.id
        )
        alone = replace(plain, groups=(), votes=votes)
        for kind in kinds:
            yield f"group-{number}-{_UNSAFE.sub('-', group.id)[:40]}{kind}", alone


def _plain(profile: Profile) -> Profile:
    """Return the same ballots without what other kinds of files do not know."""
    weights = weigh(profile)
    votes = profile.counted
    families = {}
    if profile.families:
        families = representatives(profile)
        votes = tuple(
            replace(vote, ballot=_of_families(profile, vote.ballot, families))
            for vote in votes
        )
    return _merged(
        Profile(
            candidates=tuple(c for c in profile.candidates if c in families.values())
            if families
            else profile.candidates,
            votes=tuple(replace(vote, seen=None) for vote in votes),
            groups=tuple(
                Group(group.id, share=weights[group.id].share)
                for group in profile.all_groups
                if weights[group.id].heads
            ),
            unranked=profile.unranked,
            seed=profile.seed,
            status_quo=profile.status_quo,
        )
    )


def _of_families(
    profile: Profile, ballot: Ballot, stands_for: dict[str, str]
) -> Ballot:
    """Return an approval of the designs that stand for the families it names."""
    if not isinstance(ballot, Approval):
        return ballot
    named = {profile.family_of(id_) for id_ in ballot.approved}
    return Approval(frozenset(stands_for[family] for family in named))


def _merged(profile: Profile) -> Profile:
    """Return the counted ballots with equal ones added up, in an order of their own."""
    counts: dict[tuple[str, Ballot, Fraction, frozenset[str] | None], int] = {}
    for vote in profile.counted:
        key = vote.group, vote.ballot, vote.weight, vote.seen
        counts[key] = counts.get(key, 0) + vote.count
    votes = [
        Vote(ballot, count, group, weight, seen)
        for (group, ballot, weight, seen), count in counts.items()
    ]
    return replace(profile, votes=tuple(sorted(votes, key=_order)))


def _order(vote: Vote) -> tuple[object, ...]:
    ballot = vote.ballot
    says = (
        (0, *sorted(ballot.approved))
        if isinstance(ballot, Approval)
        else (1, *ballot.tiers)
    )
    return vote.group, says, vote.weight, sorted(vote.seen or ())
