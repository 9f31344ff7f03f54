"""The tables. Relationships never load by accident: a forgotten load raises."""

from __future__ import annotations

import enum
import secrets
from datetime import UTC, datetime
from fractions import Fraction

from sqlalchemy import (
    Enum,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from logovote.store.base import Base, Exact, Moment


class Phase(enum.Enum):
    """The life of a round; it only moves forward once counted."""

    OPEN = "open"
    CLOSED = "closed"
    COUNTED = "counted"
    PUBLISHED = "published"


class Kind(enum.Enum):
    """What a round asks of its voters."""

    SHORTLIST = "shortlist"
    RANKING = "ranking"


class JobState(enum.Enum):
    """Where an import stands."""

    LOOKING = "looking"
    READY = "ready"
    IMPORTING = "importing"
    DONE = "done"
    # It stopped: while it was looked at, or while it was imported.
    UNREADABLE = "unreadable"
    FAILED = "failed"


class Role(enum.Enum):
    """How far somebody may go in running a contest."""

    OWNER = "owner"
    ORGANISER = "organiser"
    # Reads what organisers read, and changes nothing.
    OBSERVER = "observer"


class MessageState(enum.Enum):
    """Where a mail stands."""

    QUEUED = "queued"
    SENT = "sent"
    # The last try failed; there will be another.
    FAILED = "failed"
    GIVEN_UP = "given up"
    # What it was about came to an end before it was sent.
    DROPPED = "not needed"


def _by_value(kind: type[enum.Enum]) -> Enum:
    """Store an enum by its value, as text that other programs can read."""
    return Enum(
        kind,
        values_callable=lambda members: [member.value for member in members],
        native_enum=False,
        length=20,
    )


class Person(Base):
    """Somebody who can sign in, whatever contests they have a part in."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    # NFC lower-case e-mail, or "github:<login>": one person, one row.
    key: Mapped[str] = mapped_column(String(320), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    email: Mapped[str | None] = mapped_column(String(320))
    github: Mapped[str | None] = mapped_column(String(100))
    # Keeps the site: may do everything in every contest. The column's name is older
    # than the organisers of single contests.
    keeper: Mapped[bool] = mapped_column("organiser", default=False)


class SignIn(Base):
    """One browser that is signed in; ending the row ends the session everywhere."""

    __tablename__ = "sign_in"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    # Of one that an invitation began, the short name of its contest: it is good for
    # voting there alone, for whoever organises the contest has the link, too.
    only: Mapped[str | None] = mapped_column("for_contest", String(60))

    person: Mapped[Person] = relationship(lazy="raise_on_sql")


class ApiToken(Base):
    """A program that acts for a person; the token itself is kept nowhere."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    # What it is for, in their words.
    name: Mapped[str] = mapped_column(String(80))
    writes: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    # To the hour.
    used_at: Mapped[datetime | None] = mapped_column(Moment)

    person: Mapped[Person] = relationship(lazy="raise_on_sql")


class Identity(Base):
    """An account elsewhere that signs a person in, by the number that never changes.

    A login can be given up and taken by somebody else; it is kept to be shown.
    """

    __tablename__ = "identity"

    # Such as "github", or the address of an OpenID provider; and who it is there.
    issuer: Mapped[str] = mapped_column(String(200), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    login: Mapped[str] = mapped_column(String(200), default="")

    person: Mapped[Person] = relationship(lazy="raise_on_sql")


class LinkRequest(Base):
    """Somebody asked for a link by mail; whether the address is known is not asked.

    The link and its code are made when the mail is sent, and are never kept.
    """

    __tablename__ = "link_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(320))
    # Of the browser that asked: only there the link signs in.
    browser_digest: Mapped[str] = mapped_column(String(64), index=True)
    created_at: Mapped[datetime] = mapped_column(Moment, index=True)
    token_digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    # Keyed: of a million codes a plain digest would hide nothing.
    code_digest: Mapped[str | None] = mapped_column(String(64))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    # Who asks in order to join this contest may be a stranger so far.
    contest_id: Mapped[int | None] = mapped_column(ForeignKey("contest.id"))
    wrong_codes: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)

    person: Mapped[Person | None] = relationship(lazy="raise_on_sql")


class JoinRequest(Base):
    """Somebody, whose address is proven, wants to vote; the organiser says whether."""

    __tablename__ = "join_request"

    contest_id: Mapped[int] = mapped_column(ForeignKey("contest.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    note: Mapped[str] = mapped_column(Text, default="")
    # They may ask once: a no is not asked again.
    declined: Mapped[bool] = mapped_column(default=False)

    person: Mapped[Person] = relationship(lazy="raise_on_sql")


class Attempt(Base):
    """Something that may be done only so often, once done; old rows are deleted."""

    __tablename__ = "attempt"
    __table_args__ = (Index("ix_attempt_kind_key_at", "kind", "key", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    # A keyed digest: no address, of mail or network, can be read here.
    key: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(Moment, index=True)


class OrganiserLink(Base):
    """A link that signs an organiser in, once unless it belongs to the demo."""

    __tablename__ = "organiser_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    expires_at: Mapped[datetime] = mapped_column(Moment)
    once: Mapped[bool] = mapped_column(default=True)
    used_at: Mapped[datetime | None] = mapped_column(Moment)

    person: Mapped[Person] = relationship(lazy="raise_on_sql")


class Contest(Base):
    """One competition: its designs, its people, its rounds."""

    __tablename__ = "contest"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    about: Mapped[str] = mapped_column(Text, default="")
    status_quo: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(Moment)
    # With it and an address one could tell who is on the public roll: never published.
    roll_salt: Mapped[str] = mapped_column(
        String(32), default=lambda: secrets.token_hex(16)
    )
    # A JSON list: the mails that go out by themselves, see contest.notices.
    notices: Mapped[str] = mapped_column(Text, default="[]")
    # The JSON of contest.joining.Terms: whether and how strangers may join.
    joining: Mapped[str] = mapped_column(Text, default="{}")
    # Where its dates are meant, such as Europe/London; "" is UTC, as nobody has chosen.
    zone: Mapped[str] = mapped_column(String(64), default="")
    # The JSON of contest.rights.Rights: who sees pictures, how large, until when.
    rights: Mapped[str] = mapped_column(Text, default="{}")
    # JSON: for each kind of round the contest.plans.Plan that it will open with.
    plans: Mapped[str] = mapped_column(Text, default="{}")


class Organiser(Base):
    """Somebody's part in running a contest."""

    __tablename__ = "organiser"

    contest_id: Mapped[int] = mapped_column(ForeignKey("contest.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id"), primary_key=True, index=True
    )
    role: Mapped[Role] = mapped_column(_by_value(Role))

    person: Mapped[Person] = relationship(lazy="raise_on_sql")


class Group(Base):
    """Voters whose ballots count alike; `share` is its part of the whole, if set."""

    __tablename__ = "voter_group"
    __table_args__ = (UniqueConstraint("contest_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    contest_id: Mapped[int] = mapped_column(ForeignKey("contest.id"))
    name: Mapped[str] = mapped_column(String(60))
    share: Mapped[Fraction | None] = mapped_column(Exact)
    reason: Mapped[str] = mapped_column(Text, default="")


FIRST_GENERATION = 2**20
"""Where links of voters begin since voters can be removed; earlier ones began at 1."""


class Voter(Base):
    """A person's entitlement to vote in one contest."""

    __tablename__ = "voter"
    __table_args__ = (UniqueConstraint("contest_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    contest_id: Mapped[int] = mapped_column(ForeignKey("contest.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("voter_group.id"), index=True)
    # Within the group only; the group's power is its share.
    weight: Mapped[Fraction] = mapped_column(Exact, default=Fraction(1))
    # Raising it disables every invitation link made before. It begins anywhere: the
    # number of a voter who was removed may be given again, and their link must not.
    generation: Mapped[int] = mapped_column(
        default=lambda: FIRST_GENERATION + secrets.randbelow(2**30)
    )
    # They asked for no more mail about this contest.
    no_mail: Mapped[bool] = mapped_column(default=False)
    # When they were put on the roll; unknown for those of before it was written down.
    added_at: Mapped[datetime | None] = mapped_column(
        Moment, default=lambda: datetime.now(UTC)
    )

    person: Mapped[Person] = relationship(lazy="raise_on_sql")
    group: Mapped[Group] = relationship(lazy="raise_on_sql")


class Recusal(Base):
    """A voter had a hand in designs: all of a designer's name, or one entry's."""

    __tablename__ = "recusal"

    id: Mapped[int] = mapped_column(primary_key=True)
    voter_id: Mapped[int] = mapped_column(ForeignKey("voter.id"), index=True)
    designer: Mapped[str | None] = mapped_column(String(200))
    entry: Mapped[int | None]

    voter: Mapped[Voter] = relationship(lazy="raise_on_sql")


class Picture(Base):
    """Facts about an original, keyed by the SHA-256 of its bytes."""

    __tablename__ = "picture"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    format: Mapped[str] = mapped_column(String(10))
    width_px: Mapped[int]
    height_px: Mapped[int]
    size_bytes: Mapped[int]
    animated: Mapped[bool]
    # "light" or "dark": the ground on which the mark shows.
    ground: Mapped[str] = mapped_column(String(5))
    # Its own flat ground as #rrggbb; None for transparency, photographs and boards.
    colour: Mapped[str | None] = mapped_column(String(7))
    # "own", "simulated" or "none": how the mark came to be without a ground.
    cutout: Mapped[str] = mapped_column(String(10))
    # Which table of derivative specs made its derivatives.
    specs: Mapped[str] = mapped_column(String(20))
    # What it looks like, for imaging.likeness; only proposing families reads it.
    likeness: Mapped[bytes | None] = mapped_column(
        LargeBinary, deferred=True, deferred_raiseload=True
    )


class Derivative(Base):
    """A picture we made from an original."""

    __tablename__ = "derivative"

    picture_digest: Mapped[str] = mapped_column(
        ForeignKey("picture.digest"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), index=True)
    width_px: Mapped[int]
    height_px: Mapped[int]
    size_bytes: Mapped[int]


class Family(Base):
    """Variants of one concept, which share one slot and one vote once confirmed."""

    __tablename__ = "family"

    id: Mapped[int] = mapped_column(primary_key=True)
    contest_id: Mapped[int] = mapped_column(ForeignKey("contest.id"), index=True)
    confirmed: Mapped[bool] = mapped_column(default=False)
    # How sure the proposal was, from 0 to 1, and why, as a JSON list of words; of a
    # family that somebody made by hand, nothing.
    confidence: Mapped[float | None]
    reasons: Mapped[str] = mapped_column(Text, default="[]")
    # Of a proposal to join a confirmed family: the entry number of one in there.
    joins: Mapped[int | None]


class Apart(Base):
    """Two designs that are no variants of each other: an organiser said so."""

    __tablename__ = "apart"

    # The lower id first, so that a pair has one row.
    first_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), primary_key=True)
    second_id: Mapped[int] = mapped_column(
        ForeignKey("submission.id"), primary_key=True
    )


class DesignChange(Base):
    """What somebody did to designs by hand: families, withdrawals.

    `undo` is the JSON that contest.families needs to take it back, where it can be.
    """

    __tablename__ = "design_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    contest_id: Mapped[int] = mapped_column(ForeignKey("contest.id"), index=True)
    # The one design it is about, if it is about one.
    entry: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(Moment)
    who: Mapped[str] = mapped_column(String(200))
    what: Mapped[str] = mapped_column(Text)
    undo: Mapped[str | None] = mapped_column(Text)


class Submission(Base):
    """A design sent in under an entry number, as it stands now."""

    __tablename__ = "submission"
    __table_args__ = (UniqueConstraint("contest_id", "entry"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    contest_id: Mapped[int] = mapped_column(ForeignKey("contest.id"))
    entry: Mapped[int]
    # Where we gave `entry` ourselves: the number that the contest site has for it, 0 if
    # that told none. NULL where `entry` is the site's own number.
    site_number: Mapped[int | None]
    designer: Mapped[str | None] = mapped_column(String(200))
    title: Mapped[str | None] = mapped_column(String(300))
    family_id: Mapped[int | None] = mapped_column(ForeignKey("family.id"), index=True)
    digest: Mapped[str] = mapped_column(ForeignKey("picture.digest"))
    version: Mapped[int] = mapped_column(default=1)
    file: Mapped[str] = mapped_column(Text)
    # The entry it replaces, as the list of entries says.
    revision_of: Mapped[int | None]
    withdrawn_at: Mapped[datetime | None] = mapped_column(Moment)
    # Why an organiser withdrew it; "" where it was only missing from an import.
    withdrawn_reason: Mapped[str] = mapped_column(Text, default="")

    picture: Mapped[Picture] = relationship(lazy="raise_on_sql")


class Version(Base):
    """One state of a submission's picture; nothing that was sent in is forgotten."""

    __tablename__ = "version"
    __table_args__ = (UniqueConstraint("submission_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(ForeignKey("picture.digest"), index=True)
    file: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)


class Round(Base):
    """One vote within a contest.

    `rules` is the JSON of contest.rules.Rules, frozen when the round opens; `result`
    the JSON of contest.results.Result, written once by the count. Beside it the count
    keeps the ballots as counted (`profile`, see contest.ballot_files) and what explains
    the result (`insight`, see contest.insights).
    """

    __tablename__ = "round"
    __table_args__ = (UniqueConstraint("contest_id", "kind", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    contest_id: Mapped[int] = mapped_column(ForeignKey("contest.id"))
    kind: Mapped[Kind] = mapped_column(_by_value(Kind))
    number: Mapped[int] = mapped_column(default=1)
    phase: Mapped[Phase] = mapped_column(_by_value(Phase))
    rules: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(Moment)
    # Until when it takes ballots, if that was said.
    closes_at: Mapped[datetime | None] = mapped_column(Moment)
    # Since when it takes no ballots for a while, and until when, if that was said.
    paused_at: Mapped[datetime | None] = mapped_column(Moment)
    paused_until: Mapped[datetime | None] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    # Fixed at opening and published: with the closing root it makes the tie order.
    public_string: Mapped[str] = mapped_column(Text)
    closing_root: Mapped[str | None] = mapped_column(String(64))
    # What the public beacon drew that the rules name, if they do.
    beacon: Mapped[str | None] = mapped_column(String(128))
    # From the close on, whose own families are which: JSON of contest.recusals.
    recused: Mapped[str | None] = mapped_column(Text)
    result: Mapped[str | None] = mapped_column(Text)
    # Large, and needed by few pages: loaded when asked for.
    profile: Mapped[str | None] = mapped_column(Text, deferred=True)
    insight: Mapped[str | None] = mapped_column(Text, deferred=True)
    sealed_at: Mapped[datetime | None] = mapped_column(Moment)

    def has_ended(self, now: datetime) -> bool:
        """Tell whether its time is over, though nobody has closed it."""
        return (
            self.phase is Phase.OPEN
            and self.closes_at is not None
            and now > self.closes_at
        )

    @property
    def closed_by_its_end(self) -> bool:
        """Tell whether it was closed because its time was over, by nobody."""
        return self.phase is Phase.CLOSED and self.closed_at == self.closes_at

    def is_paused(self, now: datetime) -> bool:
        """Tell whether it is open and takes no ballots for a while."""
        return (
            self.phase is Phase.OPEN
            and not self.has_ended(now)
            and self.paused_at is not None
            and (self.paused_until is None or now < self.paused_until)
        )

    def is_voting(self, now: datetime) -> bool:
        """Tell whether it takes ballots."""
        return (
            self.phase is Phase.OPEN
            and not self.has_ended(now)
            and not self.is_paused(now)
        )


class Candidacy(Base):
    """A submission standing in a round, with the family it stood in at the opening."""

    __tablename__ = "candidacy"

    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), primary_key=True)
    submission_id: Mapped[int] = mapped_column(
        ForeignKey("submission.id"), primary_key=True
    )
    family: Mapped[str] = mapped_column(String(20))

    submission: Mapped[Submission] = relationship(lazy="raise_on_sql")


class Ballot(Base):
    """One voter's current say in one round, or a pile of identical paper ballots.

    `choice` is canonical JSON, so that identical ballots are identical text and the
    database itself can merge them.
    """

    __tablename__ = "ballot"
    __table_args__ = (
        UniqueConstraint("round_id", "voter_id"),
        Index("ix_ballot_round_id_source", "round_id", "source"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"))
    voter_id: Mapped[int | None] = mapped_column(ForeignKey("voter.id"))
    choice: Mapped[str] = mapped_column(Text, default="[]")
    rev: Mapped[int] = mapped_column(default=0)
    saved_at: Mapped[datetime] = mapped_column(Moment)
    # Made by the voter's browser; ties the receipt to the voter without naming them. Of
    # ballots from a file made by us: who has the file cannot try what they say.
    nonce: Mapped[str | None] = mapped_column(String(32))
    # Why it was set aside in the review between close and count; None if it was not.
    set_aside: Mapped[str | None] = mapped_column(Text)
    # Of the network that it was first saved from: 24 bits of a keyed hash, or nothing.
    network: Mapped[str | None] = mapped_column(String(6))
    # What it counted as, where it cannot be asked of its voter: it is from a file, or
    # its voter was moved after the count.
    group_id: Mapped[int | None] = mapped_column(ForeignKey("voter_group.id"))
    weight: Mapped[Fraction] = mapped_column(Exact, default=Fraction(1))
    # Of ballots from a file: how many, and which file.
    count: Mapped[int] = mapped_column(default=1)
    source: Mapped[str | None] = mapped_column(String(64))

    voter: Mapped[Voter | None] = relationship(lazy="raise_on_sql")
    group: Mapped[Group | None] = relationship(lazy="raise_on_sql")


class Save(Base):
    """One acknowledged save; a repeated save_id gets the same receipt.

    What the ballot said then is not kept: a history of changed minds is nobody's.
    """

    __tablename__ = "save"
    __table_args__ = (
        UniqueConstraint("ballot_id", "rev"),
        UniqueConstraint("ballot_id", "save_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ballot_id: Mapped[int] = mapped_column(ForeignKey("ballot.id"))
    rev: Mapped[int]
    save_id: Mapped[str] = mapped_column(String(64))
    code: Mapped[str] = mapped_column(String(16))
    saved_at: Mapped[datetime] = mapped_column(Moment)


class Look(Base):
    """What a voter did with a design of a round besides voting: theirs alone.

    Dealt, seen, set aside, written a note about: none of it is a vote. That it was seen
    counts for its exposure, and for nothing else.
    """

    __tablename__ = "look"
    __table_args__ = (
        Index("ix_look_round_id_dealt_at", "round_id", "dealt_at"),
        # The key is the table: some voters look at every design of a round.
        {"sqlite_with_rowid": False},
    )

    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), primary_key=True)
    voter_id: Mapped[int] = mapped_column(ForeignKey("voter.id"), primary_key=True)
    # As in `Candidacy`.
    family: Mapped[str] = mapped_column(String(20), primary_key=True)
    # The number of the voter's batch that it was dealt in.
    batch: Mapped[int | None]
    dealt_at: Mapped[datetime | None] = mapped_column(Moment)
    seen_at: Mapped[datetime | None] = mapped_column(Moment)
    not_for_me: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(Text, default="")


class Feedback(Base):
    """What a voter says of a design, for its designer if they wish: never a vote.

    Nobody but the voter reads it before the count, which makes `ReasonCount` and
    `Remark` of it; sealing clears it.
    """

    __tablename__ = "feedback"
    # The key is the table: no order of rows tells who came when.
    __table_args__ = ({"sqlite_with_rowid": False},)

    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), primary_key=True)
    voter_id: Mapped[int] = mapped_column(ForeignKey("voter.id"), primary_key=True)
    submission_id: Mapped[int] = mapped_column(
        ForeignKey("submission.id"), primary_key=True
    )
    # Ids of contest.feedback.REASONS, with spaces between.
    reasons: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[str] = mapped_column(Text, default="")
    # Whether the designer may read the note, without the voter's name.
    shared: Mapped[bool] = mapped_column(default=False)


class ReasonCount(Base):
    """How many voters of a counted round gave a reason for or against a design."""

    __tablename__ = "reason_count"

    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), primary_key=True)
    submission_id: Mapped[int] = mapped_column(
        ForeignKey("submission.id"), primary_key=True
    )
    reason: Mapped[str] = mapped_column(String(20), primary_key=True)
    heads: Mapped[int]


class RemarkState(enum.Enum):
    """What the organiser said to a shared note."""

    WAITING = "waiting"
    APPROVED = "approved"
    HIDDEN = "hidden"


class Remark(Base):
    """A note that some voter shared, as the count found it; nothing says whose."""

    __tablename__ = "remark"

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    words: Mapped[str] = mapped_column(Text)
    # What the designer reads instead, if an organiser changed it.
    edited: Mapped[str | None] = mapped_column(Text)
    state: Mapped[RemarkState] = mapped_column(_by_value(RemarkState))


class Question(Base):
    """What a voter asks the organisers, for nobody else; never a vote.

    Sealing deletes those that are answered: a question may say what its asker voted.
    """

    __tablename__ = "question"

    id: Mapped[int] = mapped_column(primary_key=True)
    contest_id: Mapped[int] = mapped_column(ForeignKey("contest.id"), index=True)
    voter_id: Mapped[int] = mapped_column(ForeignKey("voter.id"), index=True)
    words: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(Moment)
    answer: Mapped[str | None] = mapped_column(Text)
    # Of the answer as it stands: answering again replaces it.
    answered_at: Mapped[datetime | None] = mapped_column(Moment)

    voter: Mapped[Voter] = relationship(lazy="raise_on_sql")


class Decision(Base):
    """What the organiser decided, beside what the community said in a round.

    One that was published stays; a new one comes after it.
    """

    __tablename__ = "decision"

    id: Mapped[int] = mapped_column(primary_key=True)
    contest_id: Mapped[int] = mapped_column(ForeignKey("contest.id"), index=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"))
    # Entry numbers as a JSON list; an empty one means "none of these".
    entries: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, default="")
    made_at: Mapped[datetime] = mapped_column(Moment)
    published_at: Mapped[datetime | None] = mapped_column(Moment)


class Event(Base):
    """One administrative deed; the table takes new rows only, and only in a chain.

    Triggers refuse the rest. They stop accidents, not whoever has the file: that is
    what a head is for that left the house.
    """

    __tablename__ = "event"

    contest_id: Mapped[int] = mapped_column(ForeignKey("contest.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    # As text, for it is hashed as it stands.
    at: Mapped[str] = mapped_column(String(24))
    kind: Mapped[str] = mapped_column(String(40))
    actor: Mapped[str] = mapped_column(String(20))
    payload: Mapped[str] = mapped_column(Text)
    prev: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class Bundle(Base):
    """What anybody recounts a round from, written once by the count.

    `scope` is "public" or, where the public one holds no ballots, also "full".
    """

    __tablename__ = "bundle"

    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), primary_key=True)
    scope: Mapped[str] = mapped_column(String(10), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    data: Mapped[bytes] = mapped_column(LargeBinary)


class SealedBallot(Base):
    """A ballot line of a sealed round, with nothing that leads to its voter."""

    __tablename__ = "sealed_ballot"

    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(90), primary_key=True)
    weight_class: Mapped[str] = mapped_column(String(130))
    choice: Mapped[str] = mapped_column(Text)
    count: Mapped[int] = mapped_column(default=1)


class TookPart(Base):
    """That somebody voted in a sealed round; not what."""

    __tablename__ = "took_part"

    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), primary_key=True)
    voter_id: Mapped[int] = mapped_column(ForeignKey("voter.id"), primary_key=True)


class Message(Base):
    """One mail to one person. What it says is not kept: it is written when it is sent.

    So no receipt, link or code is ever read here, and a mail that waited tells what is
    true when it leaves.
    """

    __tablename__ = "message"
    __table_args__ = (
        # No mail of the same occasion goes to anybody twice, whoever asks for it.
        UniqueConstraint("person_id", "occasion"),
        Index("ix_message_state_next_at", "state", "next_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    occasion: Mapped[str] = mapped_column(String(80))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    contest_id: Mapped[int | None] = mapped_column(ForeignKey("contest.id"), index=True)
    round_id: Mapped[int | None] = mapped_column(ForeignKey("round.id"))
    request_id: Mapped[int | None] = mapped_column(
        ForeignKey("link_request.id", ondelete="SET NULL")
    )
    state: Mapped[MessageState] = mapped_column(_by_value(MessageState))
    # How often it was tried, and why the last time failed.
    tries: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(Moment)
    # When it is due; while somebody sends it, when somebody else may try.
    next_at: Mapped[datetime] = mapped_column(Moment)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)

    person: Mapped[Person] = relationship(lazy="raise_on_sql")
    contest: Mapped[Contest | None] = relationship(lazy="raise_on_sql")
    round_: Mapped[Round | None] = relationship(lazy="raise_on_sql")
    request: Mapped[LinkRequest | None] = relationship(lazy="raise_on_sql")


class ImportJob(Base):
    """An uploaded export on its way in: looked at first, imported when told to."""

    __tablename__ = "import_job"

    id: Mapped[int] = mapped_column(primary_key=True)
    contest_id: Mapped[int] = mapped_column(ForeignKey("contest.id"), index=True)
    # Relative to the uploads folder.
    source: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    state: Mapped[JobState] = mapped_column(_by_value(JobState))
    withdraw_missing: Mapped[bool] = mapped_column(default=False)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    # The dry run's or the import's report as JSON, or what went wrong as a sentence.
    report: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(Moment)
    # When it was first told to take the designs in: the time of all its versions, by
    # which an import that is taken up again knows its own work.
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    # Whether somebody works on it, or did when the site was stopped; how often it was.
    begun: Mapped[bool] = mapped_column(default=False)
    stops: Mapped[int] = mapped_column(default=0)


class RefusedPicture(Base):
    """Why a picture of an import was refused, by one worker for all the others."""

    __tablename__ = "refused_picture"

    job_id: Mapped[int] = mapped_column(
        ForeignKey("import_job.id", ondelete="CASCADE"), primary_key=True
    )
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
