"""Every design is seen alike, whoever comes, in which order, and however long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from fractions import Fraction
from random import Random

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from logovote.contest import dealing, marks, rounds
from logovote.contest.dealing import Batch, least_seen
from logovote.store import impressions, queries
from logovote.store.models import Contest, Kind, Look, Round, Version
from tests.builders import add_design, make_contest, voter_named, withdraw

GROUPS = {1: 20, 2: 280}  # voters by group: a small core, a crowd


class Crowd:
    """Voters who come and look, as `deal` would serve them: many, and at once.

    Nothing is looked at before half of those who came earlier have been dealt theirs.
    """

    def __init__(self, families: int, seed: int, *, batch: int = 30) -> None:
        self.rng = Random(seed)  # noqa: S311 - a simulation
        self.families = [f"f{number}" for number in range(1, families + 1)]
        self.batch = batch
        self.seen: dict[int, set[str]] = {}
        self.group: dict[int, int] = {}
        self.had: set[tuple[str, int]] = set()
        self.dealt: Counter[tuple[str, int]] = Counter()

    def views(self) -> Counter[str]:
        """How many have seen each family."""
        counts = Counter(dict.fromkeys(self.families, 0))
        for seen in self.seen.values():
            counts.update(seen)
        return counts

    def come(
        self, voters: dict[int, int], *, batches: tuple[int, int], looks: float = 1
    ) -> None:
        """Let voters (how many, by group) take some batches, all of them interleaved.

        Args:
            voters: how many come, by group.
            batches: the fewest and the most that one takes.
            looks: the part of a batch that is really looked at, at least.
        """
        sittings = []
        for group, number in voters.items():
            for _ in range(number):
                voter = len(self.group) + 1
                self.group[voter], self.seen[voter] = group, set()
                sittings += [voter] * self.rng.randint(*batches)
        self.rng.shuffle(sittings)
        waiting: list[tuple[int, list[str]]] = []
        for voter in sittings:
            waiting.append((voter, self.deal(voter)))
            if len(waiting) > 20:
                self.look(*waiting.pop(self.rng.randrange(10)), looks)
        for late in waiting:
            self.look(*late, looks)

    def deal(self, voter: int) -> list[str]:
        group = self.group[voter]
        left = [f for f in self.families if (f, voter) not in self.had]
        chosen = least_seen(left, self.dealt, group, self.batch, f"round\0{voter}")
        self.had |= {(family, voter) for family in chosen}
        self.dealt.update((family, group) for family in chosen)
        return chosen

    def look(self, voter: int, chosen: list[str], least: float) -> None:
        """See the first so many, in the voter's own order; the rest is given up."""
        order = dealing.shuffled(chosen, f"look\0{voter}")
        number = self.rng.randint(round(len(order) * least), len(order))
        self.seen[voter] |= set(order[:number])
        for family in order[number:]:
            self.dealt[family, self.group[voter]] -= 1

    def spread(self) -> Fraction:
        """The most seen family's views over the least seen one's."""
        views = self.views().values()
        return Fraction(max(views), min(views))


@pytest.mark.parametrize("seed", range(3))
def test_four_hundred_designs_are_seen_alike_by_voters_who_see_some(seed: int) -> None:
    crowd = Crowd(400, seed)

    crowd.come(GROUPS, batches=(1, 3))

    # 600 batches of 30 over 400 designs: 45 views each, give or take two.
    views = crowd.views().values()
    assert max(views) - min(views) <= 4
    assert crowd.spread() <= Fraction(11, 10)


def test_each_group_has_seen_all_designs_alike() -> None:
    crowd = Crowd(100, seed=1)

    crowd.come(GROUPS, batches=(1, 2))

    for group in GROUPS:
        counts = Counter(dict.fromkeys(crowd.families, 0))
        for voter, seen in crowd.seen.items():
            if crowd.group[voter] == group:
                counts.update(seen)
        assert max(counts.values()) - min(counts.values()) <= 2


def test_voters_who_stop_in_the_middle_make_no_design_unseen() -> None:
    crowd = Crowd(400, seed=2)

    crowd.come(GROUPS, batches=(1, 3), looks=0)

    assert crowd.spread() <= Fraction(5, 4)


def test_late_designs_catch_up() -> None:
    crowd = Crowd(200, seed=3)
    crowd.come({2: 200}, batches=(1, 1))
    before = crowd.views()
    crowd.families += [f"f{number}" for number in range(201, 211)]

    # 30 views each before. A late one is dealt to everybody until it has as many.
    crowd.come({2: 34}, batches=(1, 1))

    assert min(before.values()) == 30
    assert crowd.spread() <= Fraction(11, 10)


def test_dealing_without_looking_at_who_has_seen_what_would_not_do() -> None:
    """The bound above means something: plain chance misses it by far."""
    rng = Random(1)  # noqa: S311 - a simulation
    views = Counter(dict.fromkeys(range(400), 0))
    for _ in range(600):
        views.update(rng.sample(range(400), 30))

    assert Fraction(max(views.values()), min(views.values())) > Fraction(3, 2)


def test_of_designs_seen_alike_the_voters_own_seed_chooses() -> None:
    families = [f"f{number}" for number in range(1, 401)]
    first = least_seen(families, {}, 1, 30, "ann")

    assert first == least_seen(reversed(families), {}, 1, 30, "ann")
    assert len(set(first) & set(least_seen(families, {}, 1, 30, "bob"))) < 10
    # Early entries are not preferred: their numbers in many first batches average out.
    numbers = [
        int(family[1:])
        for voter in range(100)
        for family in least_seen(families, {}, 1, 30, f"voter {voter}")
    ]
    assert 190 < sum(numbers) / len(numbers) < 211


def test_what_the_own_group_has_seen_least_comes_first() -> None:
    views = {("a", 1): 1, ("b", 2): 9, ("c", 2): 3}

    assert least_seen("abc", views, 1, 3, "seed") == ["c", "b", "a"]
    assert least_seen("abc", views, 2, 3, "seed") == ["a", "c", "b"]


@pytest.fixture
def contest(session: Session, now: datetime) -> Contest:
    earlier = now - timedelta(days=1)
    return make_contest(
        session,
        earlier,
        designs=range(1, 11),
        voters={"core": ["Ann", "Bob"], "crowd": ["Cleo", "Dan"]},
    )


@pytest.fixture
def round_(session: Session, contest: Contest, now: datetime) -> Round:
    return rounds.open_round(session, contest, Kind.SHORTLIST, now, batch=4)


class Table:
    """Deals and looks in one round, by voters' names."""

    def __init__(self, session: Session, round_: Round, contest: Contest) -> None:
        self.session, self.round, self.contest = session, round_, contest

    def deal(self, name: str, now: datetime, after: int = 0) -> Batch:
        voter = voter_named(self.session, self.contest, name)
        return dealing.deal(self.session, self.round, voter, now, after=after)

    def see(self, name: str, families: set[str] | frozenset[str], at: datetime) -> None:
        voter = voter_named(self.session, self.contest, name)
        marks.see(self.session, self.round, voter, families, at)


@pytest.fixture
def table(session: Session, round_: Round, contest: Contest) -> Table:
    return Table(session, round_, contest)


def test_a_batch_stays_until_another_is_asked_for(table: Table, now: datetime) -> None:
    first = table.deal("Ann", now)

    assert (first.number, len(first.families)) == (1, 4)
    assert table.deal("Ann", now) == first
    second = table.deal("Ann", now, after=1)
    assert second.number == 2
    assert not second.families & first.families
    # A second tap on the same button is the same wish.
    assert table.deal("Ann", now, after=1) == second
    assert len(table.deal("Ann", now, after=2).families) == 2


def test_what_was_dealt_and_not_seen_comes_again_at_the_end(
    table: Table, now: datetime
) -> None:
    first = table.deal("Ann", now)
    table.deal("Ann", now, after=1)
    table.deal("Ann", now, after=2)
    every = frozenset(f"f{number}" for number in range(1, 11))
    table.see("Ann", every - first.families, now)

    assert table.deal("Ann", now, after=3).families == first.families
    table.see("Ann", every, now)
    assert table.deal("Ann", now, after=4).number == 4


def test_two_voters_at_once_are_dealt_different_designs(
    table: Table, now: datetime
) -> None:
    assert not table.deal("Ann", now).families & table.deal("Bob", now).families


def test_a_deal_that_nobody_looks_at_is_given_up_after_an_hour(
    table: Table, now: datetime
) -> None:
    anns = table.deal("Ann", now)
    looked_at = set(list(anns.families)[:1])
    table.see("Ann", looked_at, now)
    later = now + dealing.PATIENCE + timedelta(minutes=1)
    bobs = table.deal("Bob", later)

    assert not bobs.families & looked_at
    assert impressions.views(
        table.session, table.round.id, later - dealing.PATIENCE
    ) == {
        (family, voter_named(table.session, table.contest, "Bob").group_id): 1
        for family in bobs.families | looked_at
    }


def test_a_late_design_is_dealt_next(
    session: Session, table: Table, contest: Contest, now: datetime
) -> None:
    for name in ("Ann", "Cleo"):
        table.see(name, {f"f{number}" for number in range(1, 11)}, now)
    late = add_design(session, contest, 99, now + timedelta(minutes=5))
    rounds.add_late_design(session, contest.id, late)
    session.flush()

    for name in ("Bob", "Dan"):
        assert "f99" in table.deal(name, now + timedelta(minutes=10)).families


def test_a_changed_design_is_dealt_again_to_who_saw_it_before(
    session: Session, table: Table, contest: Contest, now: datetime
) -> None:
    every = {f"f{number}" for number in range(1, 11)}
    for name in ("Ann", "Bob"):
        table.see(name, every, now)
    change(session, contest, 3, now + timedelta(minutes=5))

    batch = table.deal("Ann", now + timedelta(minutes=10))

    assert batch.families == {"f3"}


def change(session: Session, contest: Contest, entry: int, at: datetime) -> None:
    """Give a design a second version, as an import does."""
    submission = queries.submission(session, contest.id, entry)
    assert submission is not None
    session.add(
        Version(
            submission_id=submission.id,
            number=2,
            digest=submission.digest,
            file=submission.file,
            created_at=at,
        )
    )
    session.flush()


def test_a_withdrawn_design_is_not_dealt(
    session: Session, table: Table, contest: Contest, now: datetime
) -> None:
    for entry in range(1, 8):
        withdraw(session, contest, entry, now)

    assert table.deal("Ann", now).families == {"f8", "f9", "f10"}


def test_voters_of_weight_0_are_dealt_alike_but_count_for_no_exposure(
    session: Session, table: Table, contest: Contest, now: datetime
) -> None:
    voter_named(session, contest, "Ann").weight = Fraction(0)
    session.flush()

    batch = table.deal("Ann", now)
    table.see("Ann", batch.families, now)

    assert len(batch.families) == 4
    assert impressions.coverage(session, table.round.id) == {}
    assert impressions.views(session, table.round.id, now - dealing.PATIENCE) == {}


def test_a_closed_round_deals_nothing(
    session: Session, table: Table, round_: Round, now: datetime
) -> None:
    rounds.close_round(session, round_, now)

    assert table.deal("Ann", now).number == 0


@pytest.mark.parametrize("more", [0, 60])
def test_a_deal_takes_five_statements_for_any_number_of_designs(
    session: Session, table: Table, contest: Contest, now: datetime, more: int
) -> None:
    for entry in range(100, 100 + more):
        late = add_design(session, contest, entry, now)
        rounds.add_late_design(session, contest.id, late)
    voter = voter_named(session, contest, "Ann")

    with statements_of(session) as first:
        dealing.deal(session, table.round, voter, now)
    with statements_of(session) as second:
        dealing.deal(session, table.round, voter, now, after=1)

    assert [len(first), len(second)] == [5, 5]


@contextmanager
def statements_of(session: Session) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_looks_are_one_row_for_each_voter_and_design(
    session: Session, table: Table, now: datetime
) -> None:
    batch = table.deal("Ann", now)
    table.see("Ann", batch.families, now)
    table.see("Ann", batch.families, now)

    assert session.query(Look).count() == 4


def test_coverage_names_what_was_not_seen_enough(
    session: Session, table: Table, contest: Contest, now: datetime
) -> None:
    assert dealing.coverage_of(session, table.round).warning is None
    every = {f"f{number}" for number in range(1, 11)}
    for name in ("Ann", "Bob", "Cleo", "Dan"):
        table.see(name, every - {"f10"} - ({"f9"} if name != "Dan" else set()), now)
    table.see("Cleo", {"f9"}, now)

    coverage = dealing.coverage_of(session, table.round)

    # Two of four is a third and more, none of four is not.
    assert list(coverage.heads.items())[:3] == [("f10", 0), ("f9", 2), ("f1", 4)]
    assert (coverage.least, coverage.most, coverage.too_few) == (0, 4, ["f10"])
    assert coverage.warning == (
        "1 design has not been seen enough: by fewer than a third of the 4 who saw "
        "the most seen one."
    )
