"""Brings the mails out: takes what is due, writes it, hands it over, notes how it went.

Nothing is written to the database while a mail server answers: a slow one must not keep
anybody from voting.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from logovote import logs
from logovote.contest import (
    dates,
    events,
    invitations,
    ledger,
    link_requests,
    notices,
    recusals,
    rounds,
)
from logovote.contest.rules import Rules
from logovote.mail import Mail, Mailbox, MailError
from logovote.settings import Settings
from logovote.store import queries
from logovote.store.models import LinkRequest, Message, Phase, Round, Voter
from logovote.store.store import Store

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Postman:
    """Knows where mails go and what stands in them."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._database = store.database
        self.mailbox = Mailbox(settings)

    def answer(
        self,
        request_id: int,
        now: datetime | None = None,
        *,
        go_on: Callable[[], bool] = lambda: True,
    ) -> None:
        """Answer a request for a link, if the address is somebody's."""
        with self._database.write() as session:
            request = session.get(LinkRequest, request_id)
            if request is not None:
                notices.queue_sign_in(session, request, now or datetime.now(UTC))
                session.commit()
        self.deliver(now, go_on=go_on)

    def remind(self, now: datetime | None = None) -> None:
        """Queue the reminders that are due by the clock."""
        with self._database.write() as session:
            notices.remind(session, now or datetime.now(UTC))
            session.commit()

    def deliver(
        self, now: datetime | None = None, *, go_on: Callable[[], bool] = lambda: True
    ) -> int:
        """Send what is due, while `go_on` says so; return how many left."""
        sent = 0
        with self.mailbox.open() as send:
            while go_on() and (left := self._deliver_one(send, now)) is not None:
                sent += left
        return sent

    def _deliver_one(
        self, send: Callable[[Mail], None], now: datetime | None
    ) -> bool | None:
        """Send the next message; None if none is due."""
        with self._database.write() as session:
            moment = now or datetime.now(UTC)
            message = notices.claim(session, moment)
            if message is None:
                return None
            id_ = message.id
            if notices.put_off(message, moment):
                session.commit()
                return False
            if reason := notices.why_not(session, message, moment):
                notices.note_dropped(message, reason)
                session.commit()
                return False
            # Here the proofs of a sign-in are made, and so it is committed.
            mail = self._mail(session, message)
            session.commit()
        trouble = None
        try:
            send(mail)
        except MailError as error:
            trouble = error
        except Exception:
            # Whatever it was, the others must leave, and somebody be told.
            logger.exception("mail: one cannot be written or handed over")
            trouble = MailError("It could not be sent; the site's log says why.")
        with self._database.write() as session:
            message = session.get(Message, id_)
            if message is None:  # forgotten meanwhile, with its round or its voter
                return trouble is None
            moment = now or datetime.now(UTC)
            if trouble is None:
                notices.note_sent(message, moment)
            else:
                notices.note_failed(
                    message, str(trouble), moment, for_good=trouble.for_good
                )
            session.commit()
            with logs.about(mail=id_):
                # Why is for the organiser alone: a server quotes addresses.
                logger.info(
                    "mail: %s %s",
                    message.kind,
                    "sent" if trouble is None else "did not leave",
                )
        return trouble is None

    def send_trial(self, address: str) -> None:
        """Send a mail that only shows that mails arrive.

        Raises:
            MailError: it did not leave.
        """
        with self.mailbox.open() as send:
            send(Mail(address, "", "trial", {"host": self._host}))

    # ---------- words

    @property
    def _host(self) -> str:
        return urlsplit(self._settings.base_url).netloc

    def _mail(self, session: Session, message: Message) -> Mail:
        """Write a message from what is true now."""
        person = message.person
        if message.kind == notices.SIGN_IN:
            return self._sign_in(session, _there(message.request), message)
        if message.kind == notices.WAITING:
            return self._waiting(session, message)
        voter = _there(notices.voter_of(session, message))
        contest = message.contest
        zone = contest.zone if contest else ""
        values: dict[str, object] = {
            "name": person.name,
            "title": contest.title if contest else "",
        }
        if message.kind == notices.INVITATION:
            values |= self._invitation(session, voter, zone)
            values["about"] = contest.about if contest else ""
        elif message.kind == notices.ANSWER:
            question = _there(notices.answered(session, message))
            values |= {
                "words": question.words,
                "answer": question.answer,
                "url": self._voters_url(voter),
            }
        elif message.round_ is not None:
            values["round_name"] = rounds.NAMES[message.round_.kind]
            values |= self._of_round(session, message, message.round_, voter)
        template = "receipt" if message.kind == notices.CLOSING else message.kind
        stop = notices.stop_token(self._settings.secret_key, voter)
        url = f"{self._settings.base_url}/mail/stop/{stop}"
        return Mail(
            to=person.email or "",
            name=" ".join(person.name.split()),
            template=template,
            values=values,
            stop_url=None if message.kind == notices.RECEIPT else url,
        )

    def _sign_in(
        self, session: Session, request: LinkRequest, message: Message
    ) -> Mail:
        proof = link_requests.arm(
            session, self._settings.secret_key, request, message.person
        )
        values = {
            "host": self._host,
            "url": f"{self._settings.base_url}/m/{proof.token}",
            "code_text": f"{proof.code[:3]} {proof.code[3:]}",
            "until": dates.told_with_day(request.created_at + link_requests.LIFETIME),
        }
        # To what was typed: it reaches whom it names, and nobody else.
        name = " ".join(message.person.name.split())
        return Mail(request.email, name, "sign-in", values)

    def _waiting(self, session: Session, message: Message) -> Mail:
        """Tell somebody who runs a contest what waits there."""
        contest, person = _there(message.contest), message.person
        values = {
            "name": person.name,
            "title": contest.title,
            "lines": notices.waiting(session, contest.id).told,
            "url": f"{self._settings.base_url}/organise/{contest.slug}/",
        }
        name = " ".join(person.name.split())
        return Mail(person.email or "", name, "waiting", values)

    def _invitation(
        self, session: Session, voter: Voter, zone: str
    ) -> dict[str, object]:
        open_until = [
            round_.closes_at
            for round_ in queries.rounds(session, voter.contest_id)
            if round_.phase is Phase.OPEN
        ]
        return {
            "group": voter.group.name,
            "counts": voter.weight > 0,
            "url": self._voters_url(voter),
            "until": _told(open_until[0] if open_until else None, zone),
        }

    def _of_round(
        self, session: Session, message: Message, round_: Round, voter: Voter
    ) -> dict[str, object]:
        slug = message.contest.slug if message.contest else ""
        zone = message.contest.zone if message.contest else ""
        audit = f"{self._settings.base_url}/c/{slug}/audit"
        if message.kind == notices.REMINDER:
            return {
                "url": self._voters_url(voter),
                "until": _told(round_.closes_at, zone),
                "last": ":last:" in message.occasion,
            }
        if message.kind == notices.RESULTS:
            url = f"{self._settings.base_url}/c/{slug}/results/{round_.kind.value}"
            return {"url": url, "audit_url": audit}
        ballot = _there(queries.ballot_of(session, round_.id, voter.id))
        own = recusals.own_of(session, round_, voter)
        counts = rounds.is_in_the_box(ballot, {} if own is None else {voter.id: own})
        return {
            "counts": counts,
            "receipt": ledger.receipt_code(rounds.voter_line(ballot, voter, own)),
            "nonce": ballot.nonce,
            "head": events.head(session, round_.contest_id),
            "saved_at": _told(ballot.saved_at, zone),
            "closed": message.kind == notices.CLOSING,
            "is_found": counts and Rules.from_json(round_.rules).publish == "ballots",
            "url": audit if counts else f"{self._settings.base_url}/c/{slug}/ballot",
        }

    def _voters_url(self, voter: Voter) -> str:
        token = invitations.invitation_token(self._settings.secret_key, voter)
        return f"{self._settings.base_url}/i/{token}"


def _told(moment: datetime | None, zone: str) -> str | None:
    return None if moment is None else dates.told_with_day(moment, zone)


def _there(found: T | None) -> T:
    """Return what `notices.why_not` has just seen to be there."""
    if found is None:
        raise LookupError("a message is about something that is not there")
    return found
