"""From probabilities of pairs to groups, by average linkage."""

from __future__ import annotations

import heapq
from collections.abc import Iterable


def grouped(
    count: int,
    pairs: dict[tuple[int, int], float],
    least: float,
    sure: Iterable[tuple[int, int]] = (),
) -> list[list[int]]:
    """Merge the two groups whose members are most akin on average, while they are.

    Never by a single link: one look-alike does not join two families.

    Args:
        count: things to group, numbered from 0.
        pairs: how probable it is that two belong together, the lower number first;
            0 for pairs that are not in it.
        least: the lowest mean probability at which groups are merged.
        sure: pairs that belong together whatever they look like.

    Returns:
        Every thing in one group; groups and members in order.
    """
    members = {thing: [thing] for thing in range(count)}
    links: dict[int, dict[int, float]] = {thing: {} for thing in range(count)}
    heap = []
    for (a, b), probability in pairs.items():
        links[a][b] = links[b][a] = probability
        heap.append((-probability, a, b))

    def merge(a: int, b: int) -> None:
        members[a] = sorted(members[a] + members.pop(b))
        theirs = links.pop(b)
        links[a].pop(b, None)
        theirs.pop(a, None)
        for other, total in theirs.items():
            del links[other][b]
            links[a][other] = links[a].get(other, 0.0) + total
        for other, total in links[a].items():
            links[other][a] = total
            size = len(members[a]) * len(members[other])
            heapq.heappush(heap, (-total / size, min(a, other), max(a, other)))

    home = list(range(count))
    for pair in sure:
        a, b = (_found(home, thing) for thing in pair)
        if a != b:
            home[b] = a
            merge(a, b)
    heapq.heapify(heap)
    while heap:
        score, a, b = heapq.heappop(heap)
        if -score < least:
            break
        if a not in members or b not in members:
            continue
        size = len(members[a]) * len(members[b])
        if links[a].get(b, 0.0) / size != -score:
            continue
        merge(a, b)
    return sorted(members.values())


def _found(home: list[int], thing: int) -> int:
    """Return the group that a thing is in now."""
    while home[thing] != thing:
        home[thing] = home[home[thing]]
        thing = home[thing]
    return thing
