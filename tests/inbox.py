"""A mail server for tests, as real as a site needs: it speaks SMTP and keeps mails."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope


class Inbox:
    """A mail server's own side: keeps what it takes, refuses what it is told to."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.refuse: dict[str, str] = {}
        self.refuse_data = ""

    async def handle_RCPT(  # noqa: N802 - the server's name for it
        self, _server: SMTP, _session: Any, envelope: Envelope, address: str, _o: Any
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the server's name for it
        self, _server: SMTP, _session: Any, envelope: Envelope
    ) -> str:
        if self.refuse_data:
            return self.refuse_data
        assert isinstance(envelope.content, bytes)
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        return "250 OK"

    @contextlib.contextmanager
    def served(self) -> Iterator[Controller]:
        """Take mails on a free port; the server knows one user, and asks nobody."""

        def knows(
            _s: SMTP, _session: Any, _e: Envelope, _m: str, data: Any
        ) -> AuthResult:
            right = (data.login, data.password) == (b"logo", b"p@ss:word/")
            return AuthResult(success=right, handled=False)

        controller = Controller(
            self,
            hostname="127.0.0.1",
            port=free_port(),
            authenticator=knows,
            auth_require_tls=False,
        )
        controller.start()
        yield controller
        controller.stop()

    def to(self, address: str) -> list[EmailMessage]:
        """Those to one address, the oldest first."""
        return [
            each for each in self.letters if address in re.split("[<>]", each["To"])
        ]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
