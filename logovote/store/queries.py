"""Questions to the database, each loading exactly what its caller shows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import TypeVar

from sqlalchemy import (
    String,
    and_,
    bindparam,
    cast,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session, aliased, joinedload

from logovote.store.models import (
    Ballot,
    Candidacy,
    Contest,
    Derivative,
    Event,
    Family,
    Group,
    ImportJob,
    Kind,
    Organiser,
    Phase,
    Picture,
    Recusal,
    Role,
    Round,
    Save,
    SignIn,
    Submission,
    Version,
    Voter,
)
from logovote.store.session import insert_into

_Value = TypeVar("_Value")
# Each value that a statement names is sent to the database, which takes only so many.
_MOST_NAMED = 500
# What every save asks is built once: SQLAlchemy takes as long to put such a statement
# together as SQLite to answer it.
_VISITOR = (
    select(SignIn, Contest.slug, Organiser.role)
    .outerjoin(Organiser, Organiser.person_id == SignIn.person_id)
    .outerjoin(Contest, Contest.id == Organiser.contest_id)
    .where(SignIn.token_digest == bindparam("digest"))
    .options(joinedload(SignIn.person, innerjoin=True))
)
_PLACE = (
    select(Contest, Voter)
    .outerjoin(
        Voter,
        and_(Voter.contest_id == Contest.id, Voter.person_id == bindparam("person")),
    )
    .where(Contest.slug == bindparam("slug"))
    .options(joinedload(Voter.person), joinedload(Voter.group))
)
_LATEST_ROUND = (
    select(Round)
    .where(Round.contest_id == bindparam("contest"), Round.kind == bindparam("kind"))
    .order_by(Round.number.desc())
    .limit(1)
)
_SHARED_ROUND = _LATEST_ROUND.with_for_update(read=True).execution_options(
    populate_existing=True
)
_BOX = (
    select(Ballot, Save, exists().where(Recusal.voter_id == Ballot.voter_id))
    .outerjoin(
        Save, and_(Save.ballot_id == Ballot.id, Save.save_id == bindparam("save"))
    )
    .where(Ballot.round_id == bindparam("round"), Ballot.voter_id == bindparam("voter"))
    .with_for_update(of=Ballot)
    .execution_options(populate_existing=True)
)
_SLATE = (
    select(
        Submission.entry,
        Candidacy.family,
        Submission.withdrawn_at.is_(None).label("standing"),
    )
    .join(Candidacy, Candidacy.submission_id == Submission.id)
    .where(Candidacy.round_id == bindparam("round"))
)
_NAMED = _SLATE.where(
    or_(
        cast(Submission.entry, String).in_(bindparam("named", expanding=True)),
        Candidacy.family.in_(bindparam("named", expanding=True)),
    )
)
# Without the unit of work, which takes as long as all that a save has to ask.
_NEW_CHOICE = (
    update(Ballot)
    .where(Ballot.id == bindparam("ballot"))
    .values(choice=bindparam("choice"), rev=bindparam("rev"), saved_at=bindparam("now"))
)
_NEW_SAVE = insert(Save)
_HEAD = (
    select(Event.hash)
    .where(Event.contest_id == bindparam("contest"))
    .order_by(Event.seq.desc())
    .limit(1)
)


def in_batches(values: Sequence[_Value]) -> Iterator[Sequence[_Value]]:
    """Divide values into as many as one statement may name."""
    for start in range(0, len(values), _MOST_NAMED):
        yield values[start : start + _MOST_NAMED]


def contests(session: Session) -> Sequence[Contest]:
    """List all contests, newest first."""
    return session.scalars(select(Contest).order_by(Contest.id.desc())).all()


def groups(session: Session, contest_id: int) -> Sequence[Group]:
    """List a contest's groups in the order they were made."""
    return session.scalars(
        select(Group).where(Group.contest_id == contest_id).order_by(Group.id)
    ).all()


def voters(session: Session, contest_id: int) -> Sequence[Voter]:
    """List a contest's voters with person and group, by group. One statement."""
    return session.scalars(
        select(Voter)
        .where(Voter.contest_id == contest_id)
        .options(joinedload(Voter.person), joinedload(Voter.group))
        .order_by(Voter.group_id, Voter.id)
    ).all()


def visitor(
    session: Session, token_digest: str
) -> tuple[SignIn, dict[str, Role]] | None:
    """Return the session of that token, ended or not, with its person and their roles.

    Roles are by the contest's slug. One statement.
    """
    rows = session.execute(_VISITOR, {"digest": token_digest}).all()
    if not rows:
        return None
    return rows[0][0], {slug: role for _, slug, role in rows if role is not None}


def place_of(
    session: Session, slug: str, person_id: int | None
) -> tuple[Contest, Voter | None] | None:
    """Return a contest and a person's entitlement in it, with person and group."""
    row = session.execute(_PLACE, {"slug": slug, "person": person_id}).first()
    return None if row is None else (row[0], row[1])


def voter_of(session: Session, contest_id: int, person_id: int) -> Voter | None:
    """Return a person's entitlement in a contest, with person and group."""
    return session.scalar(
        select(Voter)
        .where(Voter.contest_id == contest_id, Voter.person_id == person_id)
        .options(joinedload(Voter.person), joinedload(Voter.group))
    )


def voter_called(session: Session, contest_id: int, who: str) -> Voter | None:
    """Find a contest's voter by address or GitHub login, with person and group."""
    name = who.strip().lower()
    for voter in voters(session, contest_id):
        if name in {voter.person.email, voter.person.github, voter.person.key}:
            return voter
    return None


def count_voters(session: Session, contest_id: int) -> int:
    """Count who may vote, whatever their weight."""
    number = session.scalar(
        select(func.count(Voter.id)).where(Voter.contest_id == contest_id)
    )
    return int(number or 0)


def has_designs(session: Session, contest_id: int) -> bool:
    """Tell whether any design of a contest stands."""
    standing = select(Submission.id).where(
        Submission.contest_id == contest_id, Submission.withdrawn_at.is_(None)
    )
    return session.scalar(standing.limit(1)) is not None


def eligible_counts(session: Session, contest_id: int) -> dict[str, int]:
    """Count each group's voters whose weight is above 0, by group name."""
    rows = session.execute(
        select(Group.name, func.count(Voter.id))
        .join(Voter, (Voter.group_id == Group.id) & (Voter.weight != Fraction(0)))
        .where(Group.contest_id == contest_id)
        .group_by(Group.id, Group.name)
    )
    return {name: int(count) for name, count in rows}


def paper_counts(session: Session, round_id: int) -> dict[str, int]:
    """Count the ballots from files whose weight is above 0, by group name."""
    rows = session.execute(
        select(Group.name, func.sum(Ballot.count))
        .join(Ballot, Ballot.group_id == Group.id)
        .where(
            Ballot.round_id == round_id,
            Ballot.voter_id.is_(None),
            Ballot.weight != Fraction(0),
        )
        .group_by(Group.name)
    )
    return {name: int(count) for name, count in rows}


def submissions(
    session: Session, contest_id: int, *, withdrawn: bool = False
) -> Sequence[Submission]:
    """List a contest's submissions by entry number, with their picture's facts."""
    query = (
        select(Submission)
        .where(Submission.contest_id == contest_id)
        .options(joinedload(Submission.picture))
        .order_by(Submission.entry)
    )
    if not withdrawn:
        query = query.where(Submission.withdrawn_at.is_(None))
    return session.scalars(query).all()


def submission(session: Session, contest_id: int, entry: int) -> Submission | None:
    """Return the design under an entry number, with its picture's facts."""
    return session.scalar(
        select(Submission)
        .where(Submission.contest_id == contest_id, Submission.entry == entry)
        .options(joinedload(Submission.picture))
    )


def given_numbers(session: Session, contest_id: int) -> dict[int, int]:
    """Map designs whose number we gave to the contest site's, 0 if it is not known."""
    rows = session.execute(
        select(Submission.entry, Submission.site_number).where(
            Submission.contest_id == contest_id, Submission.site_number.is_not(None)
        )
    )
    return {entry: number or 0 for entry, number in rows}


def derivative(session: Session, digest: str, kind: str) -> Derivative | None:
    """Return a derivative by its original's digest, or by how that begins."""
    return session.scalar(
        select(Derivative)
        # A range, which the primary key serves on every database; "g" is above any hex.
        .where(Derivative.picture_digest.between(digest, digest + "g"))
        .where(Derivative.kind == kind)
        .limit(1)
    )


def pictures(session: Session, digests: Collection[str]) -> Sequence[Picture]:
    """Return what is known of these originals."""
    return session.scalars(select(Picture).where(Picture.digest.in_(digests))).all()


def with_derivatives(session: Session, digests: Collection[str]) -> set[str]:
    """Return which of these originals have derivatives; those removed have none."""
    return set(
        session.scalars(
            select(Derivative.picture_digest)
            .where(Derivative.picture_digest.in_(digests))
            .distinct()
        )
    )


def kept_originals(session: Session) -> set[str]:
    """List the originals that must be there: of every version, save those removed."""
    kept = select(Derivative.picture_digest)
    return set(session.scalars(select(Version.digest).where(Version.digest.in_(kept))))


def taken_down(
    session: Session, contest_id: int, entry: int | None = None
) -> dict[int, str]:
    """List the designs withdrawn by hand whose pictures were removed: why, by entry.

    Of the one that `entry` names, if it is given.
    """
    kept = select(Derivative.picture_digest)
    query = (
        select(Submission.entry, Submission.withdrawn_reason)
        .join(Version, Version.submission_id == Submission.id)
        .where(
            Submission.contest_id == contest_id,
            Submission.withdrawn_reason != "",
            Version.digest.not_in(kept),
        )
    )
    if entry is not None:
        query = query.where(Submission.entry == entry)
    return dict(session.execute(query).all())


def is_picture(session: Session, start: str) -> bool:
    """Tell whether an original is known whose digest begins like that."""
    query = select(Picture.digest).where(Picture.digest.between(start, start + "g"))
    return session.scalar(query.limit(1)) is not None


def shown_in(session: Session, start: str) -> Sequence[tuple[int, str, str]]:
    """List the contests that show a picture, or did, by the start of its digest.

    With id, short name and rights; none at all where no contest of the site restricts
    anything. One statement.
    """
    protected = aliased(Contest)
    rows = session.execute(
        select(Contest.id, Contest.slug, Contest.rights)
        .join(Submission, Submission.contest_id == Contest.id)
        .join(Version, Version.submission_id == Submission.id)
        .where(
            exists().where(protected.rights != "{}"),
            Version.digest.between(start, f"{start}g"),
        )
        .distinct()
    )
    return [(id_, slug, rights) for id_, slug, rights in rows]


def versions(session: Session, submission_id: int) -> Sequence[Version]:
    """List the versions of a design, the newest first."""
    return session.scalars(
        select(Version)
        .where(Version.submission_id == submission_id)
        .order_by(Version.number.desc())
    ).all()


def families(session: Session, contest_id: int) -> Sequence[Family]:
    """List the families somebody proposed or made; single designs have none."""
    return session.scalars(
        select(Family).where(Family.contest_id == contest_id).order_by(Family.id)
    ).all()


def rounds(session: Session, contest_id: int) -> Sequence[Round]:
    """List a contest's rounds in the order they were made."""
    return session.scalars(
        select(Round).where(Round.contest_id == contest_id).order_by(Round.id)
    ).all()


def latest_round(
    session: Session, contest_id: int, kind: Kind, *, share: bool = False
) -> Round | None:
    """Return the newest round of a kind; with `share`, held as `hold_round` does."""
    statement = _SHARED_ROUND if share else _LATEST_ROUND
    return session.scalar(statement, {"contest": contest_id, "kind": kind})


def counted(
    session: Session, contest_id: int, kind: Kind, *, published: bool = False
) -> Sequence[Round]:
    """List the rounds of a kind with a result, newest first; or the published ones."""
    query = select(Round).where(
        Round.contest_id == contest_id, Round.kind == kind, Round.result.is_not(None)
    )
    if published:
        query = query.where(Round.phase == Phase.PUBLISHED)
    return session.scalars(query.order_by(Round.number.desc())).all()


def latest_counted(
    session: Session,
    contest_id: int,
    kind: Kind | None = None,
    *,
    published: bool = False,
) -> Round | None:
    """Return the newest round with a result: of one kind, or published, if asked."""
    query = select(Round).where(
        Round.contest_id == contest_id, Round.result.is_not(None)
    )
    if kind is not None:
        query = query.where(Round.kind == kind)
    if published:
        query = query.where(Round.phase == Phase.PUBLISHED)
    return session.scalar(query.order_by(Round.id.desc()).limit(1))


def has_round_in(session: Session, contest_id: int, *phases: Phase) -> bool:
    """Tell whether any round of the contest is in one of `phases`."""
    query = select(Round.id).where(
        Round.contest_id == contest_id, Round.phase.in_(phases)
    )
    return session.scalar(query.limit(1)) is not None


def candidacies(
    session: Session, round_id: int, *, withdrawn: bool = False
) -> Sequence[Candidacy]:
    """List who stands in a round, by entry number; with those withdrawn, if asked."""
    query = (
        select(Candidacy)
        .join(Candidacy.submission)
        .where(Candidacy.round_id == round_id)
        .options(joinedload(Candidacy.submission).joinedload(Submission.picture))
        .order_by(Submission.entry)
    )
    if not withdrawn:
        query = query.where(Submission.withdrawn_at.is_(None))
    return session.scalars(query).all()


def ballot_of(session: Session, round_id: int, voter_id: int) -> Ballot | None:
    """Return a voter's ballot in a round, with the group it stays in, if it does."""
    return session.scalar(
        select(Ballot)
        .where(Ballot.round_id == round_id, Ballot.voter_id == voter_id)
        .options(joinedload(Ballot.group))
    )


def add_ballot(
    session: Session,
    round_id: int,
    voter_id: int,
    *,
    nonce: str,
    network: str | None,
    now: datetime,
) -> None:
    """Put an empty ballot of a voter into a round, unless there is one."""
    session.execute(
        insert_into(session, Ballot)
        .values(
            round_id=round_id,
            voter_id=voter_id,
            choice="[]",
            rev=0,
            saved_at=now,
            nonce=nonce,
            network=network,
        )
        .on_conflict_do_nothing(index_elements=["round_id", "voter_id"])
    )


@dataclass(frozen=True)
class Box:
    """What a save finds: the voter's ballot, and the same save if it was here before.

    Attributes:
        ballot: the ballot; others wait to change it.
        save: the acknowledged save of that id, if there is one.
        recused: whether the voter has a hand in designs of the contest.
    """

    ballot: Ballot
    save: Save | None
    recused: bool


def box_of(session: Session, round_id: int, voter_id: int, save_id: str) -> Box | None:
    """Hold a voter's ballot in a round, and look for a save of it. One statement.

    If the ballot had to be waited for, it is as it is now, the rest as it was before.
    """
    values = {"round": round_id, "voter": voter_id, "save": save_id}
    row = session.execute(_BOX, values).one_or_none()
    return None if row is None else Box(row[0], row[1], row[2])


def save_of(session: Session, ballot_id: int, save_id: str) -> Save | None:
    """Return the acknowledged save of that id."""
    return session.scalar(
        select(Save).where(Save.ballot_id == ballot_id, Save.save_id == save_id)
    )


def write_save(
    session: Session,
    ballot: Ballot,
    *,
    choice: str,
    rev: int,
    save_id: str,
    code: str,
    now: datetime,
) -> None:
    """Let a ballot that is held say something else, and keep the save that did it."""
    values = {"ballot": ballot.id, "choice": choice, "rev": rev, "now": now}
    connection = session.connection()
    connection.execute(_NEW_CHOICE, values)
    connection.execute(
        _NEW_SAVE,
        {
            "ballot_id": ballot.id,
            "rev": rev,
            "save_id": save_id,
            "code": code,
            "saved_at": now,
        },
    )
    session.expire(ballot)


def slate(
    session: Session, round_id: int, named: Sequence[str] | None = None
) -> Sequence[tuple[int, str, bool]]:
    """List a round's designs: entry number, family, and whether it still stands.

    With `named` only those whose entry number or family is among them.
    """
    if named is None:
        rows = session.execute(_SLATE, {"round": round_id})
    else:
        rows = session.execute(_NAMED, {"round": round_id, "named": named})
    return [(entry, family, standing) for entry, family, standing in rows]


def event_head(session: Session, contest_id: int) -> str | None:
    """Return the hash of a contest's last event. One statement."""
    return session.scalar(_HEAD, {"contest": contest_id})


@dataclass(frozen=True)
class BallotPile:
    """Identical ballots of one group and weight, merged by the database."""

    choice: str
    group: str
    weight: Fraction
    count: int


def ballot_piles(
    session: Session,
    round_id: int,
    *,
    without: Collection[int] = (),
    set_aside: bool = False,
) -> list[BallotPile]:
    """Read all ballots of a round as piles of identical ones, in a stable order.

    One statement, whatever the number of ballots. Empty choices and voters of
    weight 0 are left out: they are not counted.

    Args:
        session: any session.
        round_id: the round.
        without: the ids of voters whose ballots are left out as well.
        set_aside: whether those that were set aside are among them.
    """
    weight = func.coalesce(Voter.weight, Ballot.weight)
    group_id = func.coalesce(Voter.group_id, Ballot.group_id)
    rows = session.execute(
        select(Ballot.choice, Group.name, weight, func.sum(Ballot.count))
        .outerjoin(Voter, Voter.id == Ballot.voter_id)
        .join(Group, Group.id == group_id)
        .where(
            Ballot.round_id == round_id,
            Ballot.choice != "[]",
            or_(Ballot.voter_id.is_(None), Ballot.voter_id.not_in(without)),
            *([] if set_aside else [Ballot.set_aside.is_(None)]),
        )
        .group_by(Ballot.choice, Group.name, weight)
    )
    piles = [
        BallotPile(choice, group, Fraction(weight_text), int(count))
        for choice, group, weight_text, count in rows
        if Fraction(weight_text) > 0
    ]
    # Not by the database: every one has its own order of text.
    piles.sort(key=lambda pile: (pile.group, pile.choice, str(pile.weight)))
    return piles


def voter_ballots(
    session: Session, round_id: int, voter_ids: Collection[int] | None = None
) -> Sequence[Ballot]:
    """Read the ballots of these few voters, or all, with voter, person and group."""
    of = Ballot.voter_id
    return session.scalars(
        select(Ballot)
        .where(
            Ballot.round_id == round_id,
            of.is_not(None) if voter_ids is None else of.in_(voter_ids),
        )
        .options(
            joinedload(Ballot.voter).joinedload(Voter.person),
            joinedload(Ballot.voter).joinedload(Voter.group),
        )
        .order_by(Ballot.id)
    ).all()


def turnout(session: Session, round_id: int) -> dict[str, int]:
    """Count each group's ballots that will count; nothing of what they say."""
    weight = func.coalesce(Voter.weight, Ballot.weight)
    group_id = func.coalesce(Voter.group_id, Ballot.group_id)
    rows = session.execute(
        select(Group.name, func.sum(Ballot.count))
        .select_from(Ballot)
        .outerjoin(Voter, Voter.id == Ballot.voter_id)
        .join(Group, Group.id == group_id)
        .where(
            Ballot.round_id == round_id,
            Ballot.choice != "[]",
            weight != Fraction(0),
        )
        .group_by(Group.name)
    )
    return {name: int(count) for name, count in rows}


def import_jobs(session: Session, contest_id: int) -> Sequence[ImportJob]:
    """List a contest's imports, newest first."""
    return session.scalars(
        select(ImportJob)
        .where(ImportJob.contest_id == contest_id)
        .order_by(ImportJob.id.desc())
    ).all()
