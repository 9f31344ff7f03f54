"""All that a count needs to know: candidates, groups and the ballots cast."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Literal

from logovote.errors import LogovoteError
from logovote.voting.ballots import Approval, Ballot, InvalidBallotError, Ranking

if TYPE_CHECKING:
    # NumPy comes with it, which a site that only serves need not wait for.
    from logovote.voting.rank_matrix import RankMatrix

ALL = "all"
"""The id of the one group everybody is in when nothing else is said."""

Mode = Literal["fixed_share", "per_voter"]
Unranked = Literal["last", "no_opinion"]


class InvalidProfileError(LogovoteError):
    """The candidates, groups or families of a round contradict each other."""


@dataclass(frozen=True, slots=True)
class Group:
    """A group of voters and what it may decide.

    Args:
        id: the group's name.
        share: its part of the result under `fixed_share`; any unit, normalised to
            sum 1 over all groups. Groups without one divide equally what is left.
        weight: what each of its ballots weighs under `per_voter`; default 1.
        eligible: how many people could vote; gives the quorum.
        cap: no ballot of the group may weigh more than this many average ballots.
        quorum: the quorum itself, where `eligible` is unknown.

    Raises:
        InvalidProfileError: a number is out of its range.
    """

    id: str
    share: Fraction | None = None
    weight: Fraction | None = None
    eligible: int | None = None
    cap: Fraction | None = None
    quorum: int | None = None

    def __post_init__(self) -> None:
        for name in ("share", "weight", "eligible", "quorum"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise InvalidProfileError(
                    f"Group {self.id!r}: {name} must not be below 0."
                )
        # The average ballot weighs 1/n, so a smaller cap could hold for nobody.
        if self.cap is not None and self.cap < 1:
            raise InvalidProfileError(f"Group {self.id!r}: cap must be 1 or more.")


@dataclass(frozen=True, slots=True)
class Vote:
    """One ballot, or `count` equal ones of the same weight and group.

    Args:
        ballot: what it says.
        count: how many voters cast it.
        group: the group they are in.
        weight: what each of them counts inside the group; 0 is not counted.
        seen: the candidates or families they were shown; None is all of them.

    Raises:
        InvalidBallotError: count or weight is below 0.
    """

    ballot: Ballot
    count: int = 1
    group: str = ALL
    weight: Fraction = Fraction(1)
    seen: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if self.count < 0:
            raise InvalidBallotError("A ballot cannot be cast fewer than 0 times.")
        if self.weight < 0:
            raise InvalidBallotError("A ballot cannot weigh less than 0.")

    @property
    def is_counted(self) -> bool:
        """Whether the ballot counts: it weighs something and somebody touched it."""
        says_something = isinstance(self.ballot, Approval) or bool(self.ballot.tiers)
        return says_something and self.count > 0 and self.weight > 0


@dataclass(frozen=True)
class Profile:
    """The candidates, groups and ballots of one round.

    Args:
        candidates: ids of all that stand, the status quo among them in a ranking round.
        votes: the ballots, in any order.
        groups: the groups; none means one group of all, with plain weights.
        families: the family of a candidate; one not named is a family of its own.
        unranked: whether candidates left out of a ranking are below all in it, or
            simply not compared.
        seed: the key of the tie order; text is taken as UTF-8.
        status_quo: the candidate that stands for "none of these".
        mode: how groups weigh; None means `per_voter` where groups have weights (or
            there are no groups) and `fixed_share` otherwise.
        recency: when a candidate came, in any unit, larger is newer; decides between
            variants of a family that voters ticked equally often.
        matrices: rankings beside those in `votes`, many of a group in one matrix whose
            rows are the candidates.
        exposure: per group, the own weight of its counted voters who saw each family,
            for those who have it added up already; None adds up what votes say was
            `seen`.

    Raises:
        InvalidProfileError: the parts contradict each other.
        InvalidBallotError: a ballot names a stranger; the message says which ballot.
    """

    candidates: tuple[str, ...]
    votes: tuple[Vote, ...] = ()
    groups: tuple[Group, ...] = ()
    families: Mapping[str, str] = field(default_factory=dict)
    unranked: Unranked = "last"
    seed: str | bytes = ""
    status_quo: str | None = None
    mode: Mode | None = None
    recency: Mapping[str, int] = field(default_factory=dict)
    matrices: Mapping[str, RankMatrix] = field(default_factory=dict)
    exposure: Mapping[str, Mapping[str, Fraction]] | None = None

    def __post_init__(self) -> None:
        self._check_candidates()
        self._check_groups()
        self._check_votes()
        self._check_matrices()
        self._check_exposure()

    @property
    def ranks(self) -> bool:
        """Whether any ballot is a ranking."""
        return bool(self.matrices) or any(
            isinstance(vote.ballot, Ranking) for vote in self.votes
        )

    @cached_property
    def counted(self) -> tuple[Vote, ...]:
        """The ballots that count."""
        return tuple(vote for vote in self.votes if vote.is_counted)

    @cached_property
    def heads(self) -> Counter[tuple[str, Fraction]]:
        """How many counted ballots there are of each group and own weight."""
        heads: Counter[tuple[str, Fraction]] = Counter()
        counted: dict[tuple[str, int], int] = {}
        weights: dict[int, Fraction] = {}
        for vote in self.counted:
            # By identity: nearly all ballots share one weight, and a Fraction is slow.
            key = vote.group, id(vote.weight)
            counted[key] = counted.get(key, 0) + vote.count
            weights[key[1]] = vote.weight
        for (id_, which), times in counted.items():
            heads[id_, weights[which]] += times
        for id_, matrix in self.matrices.items():
            for weight, times in matrix.counted.heads_by_weight.items():
                heads[id_, weight] += times
        return heads

    @cached_property
    def all_groups(self) -> tuple[Group, ...]:
        """The groups as given, or the one group of all."""
        return self.groups or (Group(ALL),)

    @property
    def weighting(self) -> Mode:
        """How the groups weigh: the mode given, or what their numbers imply."""
        if self.mode is not None:
            return self.mode
        if not self.groups or any(group.weight is not None for group in self.groups):
            return "per_voter"
        return "fixed_share"

    @property
    def key(self) -> bytes:
        """The key of the tie order."""
        if isinstance(self.seed, bytes):
            return self.seed
        return self.seed.encode(errors="surrogatepass")

    @cached_property
    def variants(self) -> dict[str, tuple[str, ...]]:
        """The candidates of every family, the status quo left out."""
        variants: dict[str, tuple[str, ...]] = {}
        for candidate in self.candidates:
            if candidate != self.status_quo:
                family = self.families.get(candidate, candidate)
                variants[family] = (*variants.get(family, ()), candidate)
        return variants

    def family_of(self, id_: str) -> str:
        """Return the family of a candidate; a family's id is its own answer."""
        return self.families.get(id_, id_)

    def _check_candidates(self) -> None:
        known = set(self.candidates)
        if len(known) < len(self.candidates):
            twice = next(c for c in self.candidates if self.candidates.count(c) > 1)
            raise InvalidProfileError(f"Candidate {twice!r} is listed more than once.")
        if self.status_quo is not None and self.status_quo not in known:
            raise InvalidProfileError(
                f"The status quo {self.status_quo!r} is not among the candidates."
            )
        for candidate, family in self.families.items():
            if candidate not in known:
                raise InvalidProfileError(
                    f"Family {family!r} names {candidate!r}, which is no candidate."
                )
            # An approval of this id could mean either; nobody could tell which.
            if family in known and self.families.get(family, family) != family:
                raise InvalidProfileError(
                    f"{family!r} is a family and also a candidate of another family."
                )
        if self.unranked not in ("last", "no_opinion"):
            raise InvalidProfileError('unranked must be "last" or "no_opinion".')
        if self.mode not in (None, "fixed_share", "per_voter"):
            raise InvalidProfileError('mode must be "fixed_share" or "per_voter".')

    def _check_groups(self) -> None:
        ids = [group.id for group in self.all_groups]
        if len(set(ids)) < len(ids):
            twice = next(id_ for id_ in ids if ids.count(id_) > 1)
            raise InvalidProfileError(f"Group {twice!r} is listed more than once.")
        shares = [group.share for group in self.all_groups]
        weights = [group.weight for group in self.all_groups]
        both = any(s is not None for s in shares) and any(
            w is not None for w in weights
        )
        if self.mode is None and both:
            raise InvalidProfileError(
                "Groups have either shares or weights; give all of them the same."
            )
        given = [share for share in shares if share is not None]
        if self.weighting == "fixed_share" and given:
            if len(given) < len(shares) and sum(given) >= 1:
                missing = next(g.id for g in self.all_groups if g.share is None)
                raise InvalidProfileError(
                    f"The other groups' shares leave nothing for group {missing!r}; "
                    "give every group a share."
                )
            if sum(given) == 0 and len(given) == len(shares):
                raise InvalidProfileError("The groups' shares add up to 0.")

    def _check_votes(self) -> None:
        groups = {group.id for group in self.all_groups}
        candidates = set(self.candidates)
        approvable = candidates.union(self.families.values())
        for number, vote in enumerate(self.votes, start=1):
            if vote.group not in groups:
                raise InvalidBallotError(
                    f"Ballot {number} is in group {vote.group!r}, which does not exist."
                )
            ballot = vote.ballot
            if isinstance(ballot, Approval):
                strangers = ballot.approved - approvable
            elif candidates.issuperset(chain.from_iterable(ballot.tiers)):
                strangers = frozenset()
            else:
                strangers = frozenset(chain.from_iterable(ballot.tiers)) - candidates
            if vote.seen is not None:
                strangers |= vote.seen - approvable
            if strangers:
                raise InvalidBallotError(
                    f"Ballot {number} names {min(strangers)!r}, which is no candidate."
                )

    def _check_exposure(self) -> None:
        groups = {group.id for group in self.all_groups}
        for id_, weights in (self.exposure or {}).items():
            if id_ not in groups:
                raise InvalidProfileError(
                    f"The exposure names the group {id_!r}, which does not exist."
                )
            if strangers := weights.keys() - self.variants.keys():
                raise InvalidProfileError(
                    f"The exposure of {id_!r} names {min(strangers)!r}, which is no "
                    "family."
                )
            if any(weight < 0 for weight in weights.values()):
                raise InvalidProfileError(
                    f"The exposure of {id_!r} must not be below 0."
                )

    def _check_matrices(self) -> None:
        groups = {group.id for group in self.all_groups}
        for id_, matrix in self.matrices.items():
            if id_ not in groups:
                raise InvalidBallotError(
                    f"Rankings are in group {id_!r}, which does not exist."
                )
            if matrix.shape[0] != len(self.candidates):
                raise InvalidBallotError(
                    f"The rankings of group {id_!r} have {matrix.shape[0]} rows for "
                    f"{len(self.candidates)} candidates."
                )
