"""What tests do with mails: let them go out, catch them, read them."""

from __future__ import annotations

import re
from datetime import datetime
from email.message import EmailMessage

import pytest
from sqlalchemy import select

from logovote import mail
from logovote.postman import Postman
from logovote.store.models import LinkRequest
from logovote.store.store import Store


class Letters(list[EmailMessage]):
    """Mails that a site without a server would have shown."""

    def catch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Take them instead of the terminal."""
        monkeypatch.setattr(mail, "_print", self.append)

    def to(self, address: str) -> list[EmailMessage]:
        """Those to one address, the oldest first."""
        return [letter for letter in self if address in re.split("[<>]", letter["To"])]


def answer_all(store: Store, postman: Postman, now: datetime | None = None) -> None:
    """Do what the jobs do: answer every request for a link, bring the mails out."""
    with store.database.read() as session:
        ids = session.scalars(
            select(LinkRequest.id).where(LinkRequest.token_digest.is_(None))
        ).all()
    for id_ in ids:
        postman.answer(id_, now)
    postman.deliver(now)


def text_of(letter: EmailMessage) -> str:
    """The plain text of a mail."""
    part = letter.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")  # as servers take them


def html_of(letter: EmailMessage) -> str:
    """The HTML of a mail."""
    part = letter.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def path_in(letter: EmailMessage, prefix: str) -> str:
    """The address of ours in a mail that begins so, without the host."""
    found = re.search(rf"https?://[^/\s]+({re.escape(prefix)}\S*)", text_of(letter))
    assert found, text_of(letter)
    return found[1]


def code_in(letter: EmailMessage) -> str:
    """The six digits of a mail."""
    found = re.search(r"^ +(\d{3} \d{3})$", text_of(letter), re.MULTILINE)
    assert found, text_of(letter)
    return found[1]
