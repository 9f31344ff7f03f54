"""What voters say to designers: reasons and shared notes, never a vote, never a score.

Nobody but its voter reads any of it before the count. The count gathers it without
names; from then on the organiser reads it, and says which notes a designer gets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from logovote.contest import events, opening, recusals, rounds
from logovote.contest.casting import (
    InvalidBallotError,
    RoundClosedError,
    refuse_unless_voting,
)
from logovote.contest.marks import LONGEST_NOTE
from logovote.errors import LogovoteError
from logovote.store import queries
from logovote.store.models import (
    Ballot,
    Candidacy,
    Contest,
    Feedback,
    Look,
    ReasonCount,
    Remark,
    RemarkState,
    Round,
    Submission,
    Voter,
)

Deed = Literal["approve", "hide", "edit", "restore"]


class FeedbackError(LogovoteError):
    """There is no such note, or it cannot be changed like that."""


@dataclass(frozen=True)
class Reason:
    """A reason for or against a design.

    Attributes:
        id: as it is stored, in files and in addresses; never changed.
        text: what a voter ticks.
        told: how its designer reads it, after the number of voters.
        praise: whether it speaks for the design.
    """

    id: str
    text: str
    told: str
    praise: bool


REASONS = (
    Reason("legible", "Legible even small", "legible even small", praise=True),
    Reason("memorable", "Memorable", "memorable", praise=True),
    Reason("fitting", "Fits the project", "fits the project", praise=True),
    Reason("distinct", "Like nothing else", "like nothing else", praise=True),
    Reason("simple", "Pleasantly simple", "pleasantly simple", praise=True),
    Reason("colours", "Good colours", "good colours", praise=True),
    Reason("hard-to-read", "Hard to read", "hard to read", praise=False),
    Reason("forgettable", "Easily forgotten", "easily forgotten", praise=False),
    Reason(
        "unfitting",
        "Does not fit the project",
        "does not fit the project",
        praise=False,
    ),
    Reason(
        "too-alike", "Too like something else", "too like something else", praise=False
    ),
    Reason("too-complex", "Too complex", "too complex", praise=False),
    Reason("wrong-colours", "The wrong colours", "the wrong colours", praise=False),
)
"""Everything that can be ticked, praise first. Add; never change an id."""

_BY_ID = {reason.id: reason for reason in REASONS}


@dataclass(frozen=True)
class Given:
    """What a voter has said of a design so far."""

    reasons: frozenset[str] = frozenset()
    note: str = ""
    shared: bool = False

    def __bool__(self) -> bool:
        """Tell whether they said anything."""
        return bool(self.reasons or self.note)


@dataclass(frozen=True)
class SharedNote:
    """A note that some voter shared, for the organiser.

    Attributes:
        text: what the designer gets to read.
        original: as the voter wrote it.
    """

    id: int
    entry: int
    original: str
    text: str
    state: RemarkState

    @property
    def edited(self) -> bool:
        """Whether an organiser changed it."""
        return self.text != self.original

    def as_json(self) -> dict[str, Any]:
        """Return it as commands print it."""
        return {
            "id": self.id,
            "entry": self.entry,
            "state": self.state.value,
            "text": self.text,
            "original": self.original,
        }


@dataclass(frozen=True)
class Gathered:
    """All that voters of a counted round said of one design.

    Attributes:
        heads: how many gave each reason, in the order of `REASONS`.
        notes: those they shared, whatever became of them.
    """

    entry: int
    designer: str | None
    heads: Mapping[str, int]
    notes: Sequence[SharedNote]

    @property
    def told(self) -> list[str]:
        """The reasons in words, as a designer reads them."""
        return [
            f"{heads} {'voter' if heads == 1 else 'voters'}: {_BY_ID[id_].told}"
            for id_, heads in self.heads.items()
        ]

    @property
    def released(self) -> list[str]:
        """The notes that their designer gets; who reads them sees what was edited."""
        return [
            f"{note.text} [edited by the organiser]" if note.edited else note.text
            for note in self.notes
            if note.state is RemarkState.APPROVED
        ]

    def as_json(self) -> dict[str, Any]:
        """Return it as commands print it."""
        return {
            "entry": self.entry,
            "designer": self.designer,
            "reasons": dict(self.heads),
            "notes": [note.as_json() for note in self.notes],
        }


def round_for(session: Session, contest: Contest, submission: Submission) -> Round:
    """Return the newest round in which a design stands or stood.

    Raises:
        RoundClosedError: it never did.
    """
    round_ = session.scalar(
        select(Round)
        .join(Candidacy, Candidacy.round_id == Round.id)
        .where(Round.contest_id == contest.id, Candidacy.submission_id == submission.id)
        .order_by(Round.id.desc())
        .limit(1)
    )
    if round_ is None:
        raise RoundClosedError(
            f"Logo {submission.entry} stands in no round yet. You can say something "
            "about it once it does."
        )
    return round_


def given(
    session: Session, round_: Round, voter: Voter, submission: Submission
) -> Given:
    """Return what a voter said of a design. One statement."""
    row = session.get(Feedback, (round_.id, voter.id, submission.id))
    if row is None:
        return Given()
    return Given(frozenset(row.reasons.split()), row.note, row.shared)


def private_note(
    session: Session, round_: Round, voter: Voter, submission: Submission
) -> str:
    """Return the note that a voter wrote about a design for themselves, if any."""
    note = session.scalar(
        select(Look.note)
        .join(
            Candidacy,
            (Candidacy.round_id == Look.round_id) & (Candidacy.family == Look.family),
        )
        .where(
            Look.round_id == round_.id,
            Look.voter_id == voter.id,
            Candidacy.submission_id == submission.id,
        )
    )
    return note or ""


def give(
    session: Session,
    round_: Round,
    voter: Voter,
    submission: Submission,
    said: Given,
    *,
    now: datetime,
) -> None:
    """Keep what a voter says of a design, in place of what they said before.

    Raises:
        RoundClosedError: the round is not open, or the design does not stand.
        InvalidBallotError: there is no such reason, or the note is too long, or there
            is none to share.
    """
    refuse_unless_voting(
        session,
        round_,
        now,
        "This round is not open, so nothing was changed. What you said before is kept.",
    )
    if submission.withdrawn_at is not None:
        raise RoundClosedError(f"Logo {submission.entry} was withdrawn.")
    if unknown := sorted(said.reasons - _BY_ID.keys()):
        raise InvalidBallotError(
            f"There is no reason “{unknown[0][:20]}”. Load the page again."
        )
    # No database but SQLite takes a NUL.
    note = said.note.replace("\r\n", "\n").replace("\0", "").strip()
    if len(note) > LONGEST_NOTE:
        raise InvalidBallotError(
            f"The note is too long: {len(note)} characters, and {LONGEST_NOTE} is the "
            "most. Shorten it."
        )
    if said.shared and not note:
        raise InvalidBallotError("Write the note that you want to share.")
    key = round_.id, voter.id, submission.id
    row = session.get(Feedback, key)
    if row is None:
        row = Feedback(round_id=key[0], voter_id=key[1], submission_id=key[2])
        session.add(row)
    row.reasons = " ".join(r.id for r in REASONS if r.id in said.reasons)
    row.note, row.shared = note, said.shared
    session.flush()


def gather(session: Session, round_: Round) -> None:
    """Take down without names what voters of a round said; the count does so, once.

    Notes are kept in the order of their texts, which is nobody's order.
    """
    # Neither whoever was set aside, nor what designers say of their own.
    aside = set(
        session.scalars(
            select(Ballot.voter_id).where(
                Ballot.round_id == round_.id, Ballot.set_aside.is_not(None)
            )
        )
    )
    own = recusals.own_of_all(session, round_)
    family_of = {
        each.submission_id: each.family
        for each in queries.candidacies(session, round_.id, withdrawn=True)
    }
    heads: Counter[tuple[int, str]] = Counter()
    notes = []
    for row in session.scalars(select(Feedback).where(Feedback.round_id == round_.id)):
        mine = own.get(row.voter_id)
        if row.voter_id in aside or (
            mine is not None and family_of[row.submission_id] in mine.families
        ):
            continue
        heads.update((row.submission_id, reason) for reason in row.reasons.split())
        if row.shared:
            notes.append((row.submission_id, row.note))
    session.add_all(
        ReasonCount(round_id=round_.id, submission_id=id_, reason=reason, heads=number)
        for (id_, reason), number in heads.items()
    )
    for id_, words in sorted(notes):
        session.add(
            Remark(
                round_id=round_.id,
                submission_id=id_,
                words=words,
                state=RemarkState.WAITING,
            )
        )
        # In this order, whatever the session would make of it.
        session.flush()


def gathered(
    session: Session, round_: Round, entries: Collection[int] | None = None
) -> list[Gathered]:
    """List what voters said, by entry number; designs of which nothing was said, too.

    Three statements.

    Args:
        session: any session.
        round_: a counted round.
        entries: only of these designs.

    Raises:
        RoundError: it is not counted yet; nobody reads feedback before.
    """
    if round_.result is None:
        raise rounds.RoundError(
            f"The {rounds.NAMES[round_.kind]} is {round_.phase.value}. What voters say "
            "of designs is there once it is closed and counted, for nobody before."
        )
    heads: dict[int, Counter[str]] = {}
    for count in session.scalars(
        select(ReasonCount).where(ReasonCount.round_id == round_.id)
    ):
        heads.setdefault(count.submission_id, Counter())[count.reason] = count.heads
    notes: dict[int, list[Remark]] = {}
    for remark in session.scalars(
        select(Remark).where(Remark.round_id == round_.id).order_by(Remark.id)
    ):
        notes.setdefault(remark.submission_id, []).append(remark)
    return [
        Gathered(
            design.entry,
            design.designer,
            _ordered(heads.get(design.id, {})),
            [_shared_note(design, remark) for remark in notes.get(design.id, ())],
        )
        for candidacy in queries.candidacies(session, round_.id, withdrawn=True)
        if entries is None or candidacy.submission.entry in entries
        for design in (candidacy.submission,)
    ]


def _ordered(heads: Mapping[str, int]) -> dict[str, int]:
    return {reason.id: heads[reason.id] for reason in REASONS if reason.id in heads}


def _shared_note(design: Submission, remark: Remark) -> SharedNote:
    text = remark.words if remark.edited is None else remark.edited
    return SharedNote(remark.id, design.entry, remark.words, text, remark.state)


def summed(designs: Iterable[Gathered]) -> dict[str, int]:
    """Add up the reasons of several designs."""
    total: Counter[str] = Counter()
    for design in designs:
        total.update(design.heads)
    return _ordered(total)


def moderate(
    session: Session,
    contest: Contest,
    note_id: int,
    deed: str,
    words: str = "",
    *,
    actor: str = events.SYSTEM,
    now: datetime,
) -> SharedNote:
    """Approve or hide a shared note, change what its designer reads, or take that back.

    An edited note is approved with it; the voter's own words are kept.

    Raises:
        FeedbackError: there is no such note, no such deed, or no words.
    """
    found = session.execute(
        select(Remark, Submission, Round)
        .join(Submission, Submission.id == Remark.submission_id)
        .join(Round, Round.id == Remark.round_id)
        .where(Remark.id == note_id, Round.contest_id == contest.id)
    ).first()
    if found is None:
        raise FeedbackError(f"There is no note number {note_id} in this contest.")
    if deed not in get_args(Deed):
        raise FeedbackError(f"Choose one of {', '.join(get_args(Deed))}.")
    remark, design, round_ = found
    if deed == "edit":
        words = words.replace("\r\n", "\n").replace("\0", "").strip()
        if not words:
            raise FeedbackError(
                "Write what the designer shall read, or hide the note altogether."
            )
        if len(words) > LONGEST_NOTE:
            raise FeedbackError(
                f"That is too long: {len(words)} characters, and {LONGEST_NOTE} is the "
                "most. Shorten it."
            )
        remark.edited = None if words == remark.words else words
    elif deed == "restore":
        remark.edited = None
    remark.state = {
        "approve": RemarkState.APPROVED,
        "edit": RemarkState.APPROVED,
        "hide": RemarkState.HIDDEN,
        "restore": RemarkState.WAITING,
    }[deed]
    payload = {
        "round": opening.name_of(round_),
        "entry": design.entry,
        "note": remark.id,
        "deed": deed,
    }
    events.record(
        session, contest.id, "feedback.moderated", payload, actor=actor, now=now
    )
    return _shared_note(design, remark)
