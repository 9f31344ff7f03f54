"""Invitation links: one per voter, shown again at will, replaced when leaked."""

from __future__ import annotations

import hashlib
import hmac

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload

from logovote.errors import LogovoteError
from logovote.store import queries
from logovote.store.models import Contest, SignIn, Voter


class InvitationError(LogovoteError):
    """There is no such invitation to renew."""


def invitation_token(secret: str, voter: Voter) -> str:
    """Return the voter's invitation token; it can be shown again at any time."""
    return f"{voter.id}-{_mac(secret, voter)}"


def _mac(secret: str, voter: Voter) -> str:
    """Sign the voter's id and generation; 160 bits, in hex."""
    text = f"logovote-invitation-v1\0{voter.id}\0{voter.generation}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()[:40]


def renew_link(session: Session, contest: Contest, who: str) -> Voter:
    """Give a voter a new link and switch their old one off; sign-ins end, too.

    Args:
        session: a writing session.
        contest: the contest.
        who: their e-mail address or GitHub login.

    Raises:
        InvitationError: nobody of that name may vote here.
    """
    voter = queries.voter_called(session, contest.id, who)
    if voter is None:
        raise InvitationError(f"“{who}” may not vote in this contest.")
    voter.generation += 1
    session.execute(delete(SignIn).where(SignIn.person_id == voter.person_id))
    return voter


def voter_numbered(session: Session, number: str) -> Voter | None:
    """Return the voter whose id a token begins with, with person and group, or None."""
    if not (number.isascii() and number.isdecimal()) or len(number) > 18:
        return None
    return session.scalar(
        select(Voter)
        .where(Voter.id == int(number))
        .options(joinedload(Voter.person), joinedload(Voter.group))
    )


def voter_by_invitation(session: Session, secret: str, token: str) -> Voter | None:
    """Return the voter a token belongs to, with person and group, or None."""
    number, _, mac = token.partition("-")
    voter = voter_numbered(session, number)
    if voter is None or not hmac.compare_digest(
        mac.encode(), _mac(secret, voter).encode()
    ):
        return None
    return voter
