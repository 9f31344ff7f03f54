"""The logos of a result, and how people speak of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from logovote.contest.casting import NONE
from logovote.contest.insights import Insight
from logovote.contest.results import Design, Result
from logovote.voting.insight import RankingInsight
from logovote.web.pictures import Picture


@dataclass(frozen=True)
class Logo:
    """A candidate as pages show it; without a picture it is "none of these".

    Attributes:
        id: as the insight names it.
        name: its name alone or at the start of a sentence.
        said: its name inside a sentence.
        short: a label for charts.
        picture: its pictures.
    """

    id: str
    name: str
    said: str
    short: str
    picture: Picture | None


class Logos:
    """The logos of a result, by the ids that its insight uses."""

    def __init__(self, result: Result, insight: Insight) -> None:
        self._logos: dict[str, Logo] = {}
        if isinstance(insight, RankingInsight):
            for entry, design in result.designs.items():
                self._logos[str(entry)] = _logo(str(entry), design)
            self._logos[NONE] = Logo(
                NONE, "None of these", "“none of these”", "None", None
            )
            return
        for family, chosen in insight.representatives.items():
            self._logos[family] = _logo(family, result.designs[int(chosen)])

    def __getitem__(self, id_: str) -> Logo:
        return self._logos[id_]

    def __contains__(self, id_: object) -> bool:
        return id_ in self._logos

    def all(self, ids: Sequence[str]) -> list[Logo]:
        """Return the logos of some ids."""
        return [self[id_] for id_ in ids]

    def names(self, ids: Sequence[str]) -> str:
        """Return their names as part of a sentence."""
        return listed([self[id_].said for id_ in ids])


def _logo(id_: str, design: Design) -> Logo:
    return Logo(
        id=id_,
        name=f"Logo {design.entry}",
        said=f"logo {design.entry}",
        short=str(design.entry),
        picture=Picture(design.digest, design.ground),
    )


def listed(words: Sequence[str]) -> str:
    """Join words as people do: a, b and c."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def capital(text: str) -> str:
    """Start a sentence."""
    return text[:1].upper() + text[1:]


def of_a_hundred(chance: float) -> str:
    """Say in how many of 100 crowds: never all or none unless it was so."""
    number = round(chance * 100)
    if number == 100 and chance < 1:
        return "over 99"
    if number == 0 and chance > 0:
        return "under 1"
    return str(number)
