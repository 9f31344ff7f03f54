"""Sign-in by mail: a link that signs in only where it was asked for, and a code.

Mail scanners open links, press buttons and keep what they get. So opening a link
changes nothing, and in any other browser than the one that asked it shows a code, to be
typed where it was asked for.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session, joinedload

from logovote.errors import LogovoteError
from logovote.store.models import LinkRequest, Message, Person

LIFETIME = timedelta(minutes=10)
WRONG_CODES = 5
"""How many wrong codes end a request."""

_KEPT = timedelta(days=7)
_DIGITS = 6
_LONGEST_ADDRESS = 320
# What can stand in a header without ending it, and no more than that: whether there is
# such an address, only a mail can tell.
_ADDRESS = re.compile(r"[^@\s,;<>\x00-\x1f\x7f]+@[^@\s,;<>\x00-\x1f\x7f]+\.[^@\s,;<>]+")


class AddressError(LogovoteError):
    """That is no e-mail address."""


@dataclass(frozen=True)
class Proof:
    """What a mail holds to sign in with; kept nowhere."""

    token: str
    code: str


def plain(text: str) -> str:
    """Return a name to sign in with as somebody would type it.

    Without what nobody sees: programs put marks of direction, soft hyphens and spaces
    of no width into what is copied from them.
    """
    seen = (char for char in text if unicodedata.category(char) != "Cf")
    return unicodedata.normalize("NFC", "".join(seen).strip())


def parse_address(text: str) -> str:
    """Return an address as people are known by it.

    Raises:
        AddressError: it is none.
    """
    address = plain(text).lower()
    if len(address) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(address):
        raise AddressError("Enter an e-mail address such as ada@example.org.")
    return address


def ask(
    session: Session,
    address: str,
    browser: str,
    now: datetime,
    *,
    contest_id: int | None = None,
) -> LinkRequest:
    """Write down that a browser asked for a link; nobody looks who has the address.

    Args:
        session: a writing session.
        address: from `parse_address`.
        browser: a secret that only the asking browser has.
        now: the time.
        contest_id: a contest that strangers may join, if that is what it is for.
    """
    session.execute(delete(LinkRequest).where(LinkRequest.created_at < now - _KEPT))
    session.execute(
        delete(Message).where(
            Message.kind == "sign-in", Message.created_at < now - _KEPT
        )
    )
    request = LinkRequest(
        email=address,
        browser_digest=_digest(browser),
        created_at=now,
        contest_id=contest_id,
    )
    session.add(request)
    session.flush()
    return request


def addressee(session: Session, request: LinkRequest) -> Person | None:
    """Return who signs in with the address that was given, if anybody does.

    Who wants to join a contest need not be known: they are from now on, and may do
    nothing but ask.
    """
    person = session.scalar(
        select(Person)
        .where(Person.email == request.email)
        # Should two share an address, it belongs to whom it names.
        .order_by((Person.key == request.email).desc(), Person.id)
        .limit(1)
    )
    if person is None and request.contest_id is not None:
        person = Person(key=request.email, email=request.email)
        session.add(person)
        session.flush()
    return person


def arm(session: Session, secret: str, request: LinkRequest, person: Person) -> Proof:
    """Make the link and the code that a mail to `person` brings.

    One made before for the same request works no more.
    """
    token = secrets.token_urlsafe(32)
    code = code_of(token)
    request.token_digest = _digest(token)
    request.code_digest = _keyed(secret, request, code)
    request.person_id = person.id
    session.flush()
    return Proof(token, code)


def code_of(token: str) -> str:
    """Return the code that belongs to a link: six digits, for another device."""
    mac = hmac.new(token.encode(), b"logovote-code-v1", hashlib.sha256).digest()
    return f"{int.from_bytes(mac[:8]) % 10**_DIGITS:0{_DIGITS}}"


def is_live(request: LinkRequest, now: datetime) -> bool:
    """Tell whether a request can still sign anybody in."""
    return request.ended_at is None and now < request.created_at + LIFETIME


def by_token(
    session: Session, token: str, now: datetime, *, hold: bool
) -> LinkRequest | None:
    """Return the request that a link answers, with its person, while it is good.

    With `hold` nobody else uses it meanwhile; that needs a writing session.
    """
    requests = _held_requests() if hold else _requests()
    request = session.scalar(requests.where(LinkRequest.token_digest == _digest(token)))
    return request if request is not None and is_live(request, now) else None


def is_from(request: LinkRequest, browser: str | None) -> bool:
    """Tell whether it was this browser that asked."""
    return browser is not None and hmac.compare_digest(
        request.browser_digest, _digest(browser)
    )


def of_browser(
    session: Session, browser: str | None, now: datetime
) -> Sequence[LinkRequest]:
    """List what a browser asked for and can still use, the newest first.

    Nobody else uses them meanwhile.
    """
    if browser is None:
        return []
    return session.scalars(
        _held_requests()
        .where(
            LinkRequest.browser_digest == _digest(browser),
            LinkRequest.ended_at.is_(None),
            LinkRequest.created_at > now - LIFETIME,
        )
        .order_by(LinkRequest.id.desc())
    ).all()


def by_code(
    session: Session,
    secret: str,
    requests: Sequence[LinkRequest],
    code: str,
    now: datetime,
) -> LinkRequest | None:
    """Return which of a browser's requests a code answers; the fifth wrong one ends.

    The answer is the same whether a code is wrong or there is none, because nobody is
    known by the address.
    """
    digits = "".join(code.split()).replace("-", "")
    for request in requests:
        known = request.code_digest or ""
        if hmac.compare_digest(known, _keyed(secret, request, digits)):
            return request
    for request in requests:
        request.wrong_codes += 1
        if request.wrong_codes >= WRONG_CODES:
            request.ended_at = now
    session.flush()
    return None


def use(session: Session, request: LinkRequest, now: datetime) -> Person:
    """Use a request up, and whatever else its browser asked for, for its person.

    That the mail arrived shows that the address is theirs.
    """
    person_id = request.person_id
    for each in session.scalars(
        select(LinkRequest).where(
            LinkRequest.browser_digest == request.browser_digest,
            LinkRequest.ended_at.is_(None),
        )
    ):
        each.ended_at = now
    session.flush()
    return session.get_one(Person, person_id)


def _requests() -> Select[LinkRequest]:
    return select(LinkRequest).options(joinedload(LinkRequest.person))


def _held_requests() -> Select[LinkRequest]:
    return _requests().with_for_update(of=LinkRequest)


def _keyed(secret: str, request: LinkRequest, code: str) -> str:
    text = f"logovote-code-v1\0{request.id}\0{code}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
