"""Which designs of a contest look like one concept, from how they were described."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from logovote.contest import families
from logovote.imaging.likeness import (
    Design,
    Likeness,
    MalformedDescriptionError,
    Proposal,
    parse,
)
from logovote.store.models import Contest, Picture, Submission
from logovote.store.store import Store


def designs(session: Session, contest_id: int) -> list[Design]:
    """Read what is known of every standing design. One statement.

    Left out are designs whose description is missing or malformed: they stand alone.
    """
    rows = session.execute(
        select(
            Submission.entry,
            Submission.site_number,
            Submission.designer,
            Submission.title,
            Submission.file,
            Submission.revision_of,
            Picture.likeness,
        )
        .join(Picture, Picture.digest == Submission.digest)
        .where(Submission.contest_id == contest_id, Submission.withdrawn_at.is_(None))
        .order_by(Submission.entry)
    ).all()
    # What replaces what is told in the numbers of the contest site.
    home = {
        row.entry if row.site_number is None else row.site_number: row.entry
        for row in rows
    }
    found = []
    for entry, _, designer, title, file, replaces, likeness in rows:
        try:
            description = parse(likeness or b"")
        except MalformedDescriptionError:
            continue
        replaced = None if replaces is None else home.get(replaces)
        found.append(Design(entry, description, designer, title or file, replaced))
    return found


def propose_families(session: Session, contest: Contest) -> list[Proposal]:
    """Propose families of near-identical designs; nothing is merged or written."""
    return Likeness(designs(session, contest.id)).proposals()


def neighbours(
    session: Session, contest_id: int, entry: int, count: int = 11
) -> list[int]:
    """Return the designs likest to one, the likest first; none if it says nothing.

    Compares the whole contest: a second for a few hundred designs.
    """
    known = designs(session, contest_id)
    if entry not in {design.key for design in known}:
        return []
    return [other for other, _ in Likeness(known).nearest(entry, count)]


def refresh(store: Store, contest_id: int) -> int:
    """Propose families anew and return how many are proposed.

    What organisers decided stays. Compares outside any transaction: with thousands of
    designs that takes a while, and nobody waits for it.
    """
    with store.database.read() as session:
        known = designs(session, contest_id)
    proposals = Likeness(known).proposals()
    with store.database.write() as session:
        contest = session.get_one(Contest, contest_id)
        number = families.refresh_proposals(session, contest, proposals)
        session.commit()
    return number
