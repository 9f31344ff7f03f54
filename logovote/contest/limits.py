"""How often something may be done: counted in rows, so that every process counts alike.

What is counted is named by a keyed digest. The table tells nobody which addresses, of
mail or network, were at the site.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from logovote.errors import LogovoteError
from logovote.store import holding
from logovote.store.models import Attempt

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Limit:
    """So many times within so long."""

    most: int
    within: timedelta


LIMITS = {
    # Mails to one address: enough for impatience, too few to be a nuisance.
    "link": (Limit(5, 15 * _MINUTE), Limit(20, _DAY)),
    # From one network: an office of sixty that all ask five times still gets in.
    "link-network": (Limit(300, _HOUR),),
    # Wrong codes. Each request ends after five; these two keep anybody from guessing
    # through many requests. Of a million codes, 20 a day is one hit in 137 years.
    "code": (Limit(20, _DAY),),
    "code-network": (Limit(200, _HOUR),),
    # Uploads of one organiser: each may fill the disk and every core for minutes.
    "import": (Limit(60, _HOUR),),
    # Requests of programs with a token that is none: a million guesses are no help, but
    # nobody shall make them.
    "bearer-network": (Limit(200, _HOUR),),
    # Tokens that a person makes, and changes that their programs make.
    "token": (Limit(50, _DAY),),
    "program": (Limit(600, _HOUR),),
    # Receipts that a voter has sent to themselves.
    "receipt": (Limit(10, _HOUR),),
    # Questions of a voter to the organisers of a contest.
    "question": (Limit(10, _DAY),),
}
_LONGEST = max(limit.within for limits in LIMITS.values() for limit in limits)
_TEXTS = {
    "link": "Too many links were asked for with this address.",
    "link-network": "Too many links were asked for from your network.",
    "code": "Too many wrong codes were typed for this address. The link works still.",
    "code-network": "Too many wrong codes were typed in your network.",
    "import": "Too many uploads in a short time.",
    "bearer-network": "Too many requests with a wrong token came from your network.",
    "token": "You made many tokens in a short time.",
    "program": "Your programs changed many things in a short time.",
    "receipt": "You had many receipts sent in a short time.",
    "question": "You asked 10 questions within a day. This one was not sent.",
}


class TooManyError(LogovoteError):
    """It was done too often; `again_at` is when it may be done next."""

    def __init__(self, kind: str, again_at: datetime) -> None:
        super().__init__(_TEXTS[kind])
        self.again_at = again_at


def check(
    session: Session, secret: str, kind: str, subject: str, now: datetime
) -> None:
    """Refuse what was done too often already; count nothing.

    Raises:
        TooManyError: it must wait.
    """
    key = _key(secret, kind, subject)
    waits = []
    for limit in LIMITS[kind]:
        # The one that has to leave the window before there is room again.
        oldest = session.scalar(
            select(Attempt.at)
            .where(
                Attempt.kind == kind,
                Attempt.key == key,
                Attempt.at > now - limit.within,
            )
            .order_by(Attempt.at.desc())
            .offset(limit.most - 1)
            .limit(1)
        )
        if oldest is not None:
            waits.append(oldest + limit.within)
    if waits:
        raise TooManyError(kind, max(waits))


def take(session: Session, secret: str, kind: str, subject: str, now: datetime) -> None:
    """Count that something is done now, or refuse it.

    Flushes, does not commit: what is rolled back was not done.

    Args:
        session: a writing session.
        secret: the site's.
        kind: a key of `LIMITS`.
        subject: whose limit it is: an address, a network, a person.
        now: the time.

    Raises:
        TooManyError: it was done too often; nothing is counted.
    """
    key = _key(secret, kind, subject)
    holding.hold_key(session, int(key[:15], 16))
    check(session, secret, kind, subject, now)
    session.execute(delete(Attempt).where(Attempt.at <= now - _LONGEST))
    session.add(Attempt(kind=kind, key=key, at=now))
    session.flush()


def _key(secret: str, kind: str, subject: str) -> str:
    text = f"logovote-attempt-v1\0{kind}\0{subject}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()[:32]
