"""Putting logos in order by asking which of two is better, as seldom as possible.

Binary insertion: each newcomer is compared with the middle of what is in order so far.
"Can't decide" gives it that one's place. Ten logos take 25 questions at most, twenty
take 69.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

BETTER, WORSE, EQUAL = "b", "w", "e"

Tiers = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Duels:
    """A conversation as far as it has come; it can be written into an address.

    Attributes:
        base: what was in order at first, best first.
        queue: what is to be put in, in this order.
        said: an answer for each question so far: is the newcomer better or worse than
            the other, or equal?
    """

    base: Tiers
    queue: tuple[str, ...]
    said: str = ""

    def asking(self) -> Standing:
        """Follow the answers to where they lead; senseless ones end the following."""
        tiers, queue, said = list(self.base), list(self.queue), ""
        if not tiers and queue:
            tiers.append((queue.pop(0),))
        answers = iter(self.said)
        while queue:
            low, high = 0, len(tiers)
            while low < high:
                middle = (low + high) // 2
                answer = next(answers, "")
                if answer not in {BETTER, WORSE, EQUAL} or not answer:
                    pair = queue[0], tiers[middle][0]
                    left = _most(high - low) + _most_for_all(len(tiers), len(queue) - 1)
                    return Standing(tuple(tiers), tuple(queue), pair, left, said)
                said += answer
                if answer == EQUAL:
                    tiers[middle] = (*tiers[middle], queue.pop(0))
                    break
                if answer == BETTER:
                    high = middle
                else:
                    low = middle + 1
            else:
                tiers.insert(low, (queue.pop(0),))
        return Standing(tuple(tiers), (), None, 0, said)

    def without(self, gone: Collection[str]) -> Duels:
        """Go on without some logos, keeping what the others' order is by now."""
        named = {*self.queue, *(id_ for tier in self.base for id_ in tier)}
        if not named & set(gone):
            return self
        now = self.asking()
        tiers = (tuple(id_ for id_ in tier if id_ not in gone) for tier in now.tiers)
        return Duels(
            tuple(tier for tier in tiers if tier),
            tuple(id_ for id_ in now.queue if id_ not in gone),
        )

    @property
    def order(self) -> str:
        """What is in order by now, as text: best first, "." between equal ones."""
        return _order(self.asking().tiers)

    def written(self) -> dict[str, str]:
        """Write the conversation down as the fields of an address."""
        return {
            "base": _order(self.base),
            "queue": ".".join(self.queue),
            "said": self.said,
        }

    @classmethod
    def read(cls, fields: Mapping[str, str], standing: Iterable[str]) -> Duels:
        """Read what `written` wrote; what stands not, or twice, drops out."""
        base = read_order(fields.get("base", ""))
        queue = tuple(id_ for id_ in fields.get("queue", "").split(".") if id_)
        left = set(standing)
        seen: set[str] = set()
        twice: set[str] = set()
        for id_ in (*(id_ for tier in base for id_ in tier), *queue):
            (twice if id_ in seen else seen).add(id_)
        # An id that stands twice makes no sense of the answers either.
        gone = (seen - left) | twice
        return cls(base, queue, fields.get("said", "")).without(gone)


@dataclass(frozen=True)
class Standing:
    """Where a conversation stands.

    Attributes:
        tiers: what is in order by now.
        queue: what is not; its first is being put in.
        pair: the newcomer and whom it is compared with; None when all are in.
        left: how many questions remain, at most.
        said: the answers that made sense.
    """

    tiers: Tiers
    queue: tuple[str, ...]
    pair: tuple[str, str] | None
    left: int
    said: str


def _order(tiers: Tiers) -> str:
    return "~".join(".".join(tier) for tier in tiers)


def read_order(text: str) -> Tiers:
    """Read an order of logos, as `Duels.order` gives it."""
    tiers = (tuple(id_ for id_ in tier.split(".") if id_) for tier in text.split("~"))
    return tuple(tier for tier in tiers if tier)


def _most(tiers: int) -> int:
    """Return how many questions place one newcomer among so many tiers, at most."""
    return tiers.bit_length()


def _most_for_all(tiers: int, newcomers: int) -> int:
    """Return how many questions place so many more, at most, after the current one."""
    return sum(_most(tiers + number) for number in range(1, newcomers + 1))
