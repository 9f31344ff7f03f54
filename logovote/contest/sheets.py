"""Sheets for the contest site: eight designs for its poll, six designers to go on with.

Contest sites take designs by their entry numbers, and go on with designers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import takewhile
from typing import Any

from sqlalchemy.orm import Session

from logovote.contest import ballot_files, feedback
from logovote.contest.feedback import Gathered
from logovote.contest.identity import short_id
from logovote.contest.results import Design, Line, Result, result_of
from logovote.store import queries
from logovote.store.models import Contest, Kind, Round
from logovote.voting.ballots import Approval, Ballot
from logovote.voting.profiles import Profile
from logovote.voting.weights import weigh

MOST_DESIGNS = 8
MOST_DESIGNERS = 6

RULE = (
    "The designers are those whose designs together reach the largest part of the "
    "vote: no other {number} leave fewer voters without a design they {chose}; between "
    "sets that reach as many, the one that reaches more voters twice is better, and so "
    "on."
)
"""The rule of the designers' sheet, for people."""

_CHOSE = {
    Kind.SHORTLIST: "approved",
    Kind.RANKING: "ranked above “none of these”",
}


@dataclass(frozen=True)
class PollDesign:
    """A design for the site's poll.

    Attributes:
        label: its number, as the contest site has and writes it.
    """

    place: int
    tied: bool
    design: Design
    id: str
    label: str

    def as_json(self) -> dict[str, Any]:
        """Return it as commands print it."""
        return {
            "place": self.place,
            "tied": self.tied,
            "entry": self.design.entry,
            "label": self.label,
            "id": self.id,
            "designer": self.design.designer,
            "digest": self.design.digest,
        }


@dataclass(frozen=True)
class DesignerLine:
    """A designer to go on with.

    Attributes:
        name: "" where it is not known; then there is one design.
        designs: those of the list, best first, each with its place.
        backed: the part of the vote that chose one of them.
        alone: the part that chose a design of no other designer of the sheet.
        said: what voters said of them, the notes that are handed on among it, each
            with the label of its design.
    """

    name: str
    designs: Sequence[PollDesign]
    backed: Fraction
    alone: Fraction
    said: Sequence[tuple[str, Gathered]]

    @property
    def title(self) -> str:
        """The designer, or the design of a designer who is not known."""
        return self.name or f"the designer of {self.designs[0].label}"

    @property
    def text(self) -> str:
        """A message to the designer, to paste."""
        labels = _listed([each.label for each in self.designs])
        lines = [f"{self.title}: thank you for {labels}. What voters said:"]
        for label, each in self.said:
            told = [*each.told, *(f"“{note}”" for note in each.released)]
            lines += [label, *(f"- {line}" for line in told)]
        if len(lines) == 1:
            return f"{self.title}: thank you for {labels}."
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """Return it as commands print it; of notes, those that are handed on."""
        return {
            "designer": self.name or None,
            "designs": [each.as_json() for each in self.designs],
            "backed": str(self.backed),
            "alone": str(self.alone),
            "feedback": [
                {
                    "entry": each.entry,
                    "reasons": dict(each.heads),
                    "notes": each.released,
                }
                for _, each in self.said
            ],
            "text": self.text,
        }


@dataclass(frozen=True)
class Sheets:
    """Both sheets of a counted round.

    Attributes:
        reached: the part of the vote that chose a design of at least one of the
            designers, of at least two, ….
        choice: whether there were more designers than the sheet takes.
        equal: how many other sets of designers do exactly as well.
        others: the first of them.
        remarks: what whoever uses the sheets must know: ties at a cut, what is missing.
    """

    round: Round
    designs: Sequence[PollDesign]
    designers: Sequence[DesignerLine]
    reached: Sequence[Fraction]
    choice: bool
    equal: int
    others: Sequence[Sequence[str]]
    remarks: Sequence[str]

    @property
    def rule(self) -> str:
        """Why it is these designers, in a sentence."""
        if not self.choice:
            return "All designers of the list fit on the sheet."
        return RULE.format(number=len(self.designers), chose=_CHOSE[self.round.kind])

    @property
    def poll_text(self) -> str:
        """The designs for the site's poll, to paste."""
        return ", ".join(each.label for each in self.designs)

    @property
    def designers_text(self) -> str:
        """The designers to go on with, to paste."""
        return "\n".join(
            f"{line.title} ({', '.join(each.label for each in line.designs)})"
            if line.name
            else line.title
            for line in self.designers
        )

    def as_json(self) -> dict[str, Any]:
        """Return them as commands print them."""
        return {
            "round": self.round.kind.value,
            "designs": [each.as_json() for each in self.designs],
            "poll_text": self.poll_text,
            "designers": [line.as_json() for line in self.designers],
            "designers_text": self.designers_text,
            "rule": self.rule,
            "reached": [str(part) for part in self.reached],
            "equally_good": self.equal,
            "alternatives": [list(names) for names in self.others],
            "remarks": list(self.remarks),
        }


def _label(entry: int, given: Mapping[int, int]) -> str:
    """Write an entry number as contest sites do, and as this one has it.

    Args:
        entry: our number.
        given: the site's of those to which we gave another; 0 where it is not known.
    """
    return f"#{given.get(entry) or entry}"


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def sheets_of(session: Session, contest: Contest, round_: Round) -> Sheets:
    """Draw up the sheets of a counted round.

    Raises:
        RoundError: it is not counted.
    """
    # NumPy comes with it, which a site that only serves need not wait for.
    from logovote.voting.cover import MOST, best_cover  # noqa: PLC0415 - see above

    result = result_of(round_)
    given = queries.given_numbers(session, contest.id)
    # In a ranking, what is not above "none of these" is not handed on.
    listed = [
        PollDesign(
            line.place,
            line.tied,
            result.designs[line.entry],
            short_id(contest, line.entry),
            _label(line.entry, given),
        )
        for line in result.order
        if line.entry is not None and line.acceptable is not False
    ]
    by_designer: dict[str, list[PollDesign]] = {}
    for each in listed:
        by_designer.setdefault(_designer_of(each.design), []).append(each)
    profile = ballot_files.profile_of(round_)
    cover = best_cover(
        () if profile is None else _supports(profile, by_designer),
        list(by_designer),
        MOST_DESIGNERS,
    )
    said = {each.entry: each for each in feedback.gathered(session, round_)}
    lines = [
        DesignerLine(
            by_designer[member.candidate][0].design.designer or "",
            by_designer[member.candidate],
            member.backed,
            member.alone,
            [
                (_label(entry, given), said[entry])
                for each in by_designer[member.candidate]
                for entry in sorted({each.design.entry, *each.design.variants})
                if entry in said
                and _said_something(said[entry])
                and _is_theirs(result, entry, member.candidate)
            ],
        )
        for member in cover.members
    ]
    remarks = list(_remarks(listed, result, profile, given))
    if len(by_designer) > MOST:
        remarks.append(
            f"Only the first {MOST} of {len(by_designer)} designers, in the order of "
            "the list, were considered."
        )
    return Sheets(
        round_,
        listed[:MOST_DESIGNS],
        lines,
        cover.reached,
        len(by_designer) > MOST_DESIGNERS,
        cover.equal,
        cover.others,
        remarks,
    )


def _designer_of(design: Design) -> str:
    """Return the designer, or stand in for one who is not known: nobody else's."""
    return design.designer or f"#{design.entry}"


def _said_something(said: Gathered) -> bool:
    return bool(said.heads or said.released)


def _is_theirs(result: Result, entry: int, designer: str) -> bool:
    """Tell whether a variant is the designer's: a family may have several."""
    design = result.designs.get(entry)
    return design is not None and _designer_of(design) == designer


def _supports(
    profile: Profile, by_designer: Mapping[str, Sequence[PollDesign]]
) -> Iterator[tuple[frozenset[str], Fraction]]:
    """Yield whose designers each counted ballot stands behind, and what it weighs."""
    designer_of = {
        id_: designer
        for designer, designs in by_designer.items()
        for each in designs
        for id_ in (str(each.design.entry), each.design.family)
    }
    weights = weigh(profile)
    for vote in profile.counted:
        behind = frozenset(
            designer_of[id_]
            for id_ in _chosen(profile, vote.ballot)
            if id_ in designer_of
        )
        yield behind, vote.count * vote.weight * weights[vote.group].factor


def _chosen(profile: Profile, ballot: Ballot) -> set[str]:
    """Return the families that a ballot approves, or what it ranks above "none"."""
    if isinstance(ballot, Approval):
        return {profile.family_of(id_) for id_ in ballot.approved}
    above = takewhile(lambda tier: profile.status_quo not in tier, ballot.tiers)
    return {id_ for tier in above for id_ in tier}


def _remarks(
    listed: Sequence[PollDesign],
    result: Result,
    profile: Profile | None,
    given: Mapping[int, int],
) -> Iterator[str]:
    for each in listed:
        entry = each.design.entry
        if given.get(entry):
            yield f"{each.label} is the contest site's number of logo {entry} here."
        elif entry in given:
            yield (
                f"{each.label} is our number: the site's is not known. Look it up by "
                "the picture."
            )
    if len(listed) > MOST_DESIGNS:
        last, next_ = listed[MOST_DESIGNS - 1], listed[MOST_DESIGNS]
        if last.place == next_.place:
            tied = [each.label for each in listed if each.place == last.place]
            yield (
                f"Place {last.place} is shared by {_listed(tied)}, and not all of them "
                "fit: the order for ties decided who is in."
            )
    if refused := [line for line in result.order if _is_refused(line)]:
        yield (
            f"{len(refused)} {'design is' if len(refused) == 1 else 'designs are'} "
            "left out: not above “none of these”."
        )
    if unknown := [each.label for each in listed if not each.design.designer]:
        yield (
            f"The designer of {_listed(unknown)} is not known; each counts as a "
            "designer of its own."
        )
    if profile is None and listed:
        yield (
            "The ballots of this round were not kept, so the designers are simply "
            "those of the first designs."
        )


def _is_refused(line: Line) -> bool:
    return line.entry is not None and line.acceptable is False
