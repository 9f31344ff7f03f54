"""Mails: written once for both forms, text and HTML, and handed to a server or the log.

A mail's words are in templates/mail/. Each template is filled twice, with parts that
write plain text and with parts that write HTML, so that the two never differ.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from functools import cache
from urllib.parse import parse_qsl, unquote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from logovote.errors import LogovoteError
from logovote.paths import TEMPLATES
from logovote.settings import Settings, SettingsError, is_local

TIMEOUT_SECONDS = 20
LOG = "log:"

_WIDTH = 72
_LONGEST_REASON = 300
_PORTS = {"smtp": 587, "smtps": 465}
_EXAMPLE = "smtp://user:password@mail.example.org:587, smtps://…:465 or log:"


class MailError(LogovoteError):
    """A mail did not leave; `for_good` if another try would end alike."""

    def __init__(self, message: str, *, for_good: bool = False) -> None:
        super().__init__(message)
        self.for_good = for_good


@dataclass(frozen=True)
class Mail:
    """One mail as the one who sends it thinks of it.

    Attributes:
        to: the address.
        name: whose it is; "" if that is not known.
        template: which of templates/mail/ it is.
        values: what the template wants.
        stop_url: where no more of the kind can be asked for, if they can.
    """

    to: str
    name: str
    template: str
    values: Mapping[str, object]
    stop_url: str | None = None


@dataclass(frozen=True)
class Server:
    """Where mails are handed over."""

    host: str
    port: int
    tls: str  # "wrapped", "starttls" or "none"
    user: str = ""
    password: str = field(default="", repr=False)


def server_of(url: str) -> Server | None:
    """Read LOGOVOTE_MAIL_URL; None is the log. No message repeats it.

    Raises:
        SettingsError: it is no such address, or would send a password in the clear.
    """
    if url.rstrip("/") == LOG:
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:  # such as a port that is no number
        parts, host, port = urlsplit(""), "", None
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    starttls = options.pop("starttls", "yes" if _is_elsewhere(host) else "no")
    if parts.scheme not in _PORTS or not host or options or parts.path.strip("/"):
        raise SettingsError(
            f"LOGOVOTE_MAIL_URL is no address of a mail server, such as {_EXAMPLE}. "
            "Write @, : and / of a password as %40, %3A and %2F."
        )
    if starttls not in {"yes", "no"}:
        raise SettingsError(
            "LOGOVOTE_MAIL_URL: write starttls=yes, or starttls=no for a server on "
            "the same machine or network."
        )
    tls = {"yes": "starttls", "no": "none"}[starttls]
    server = Server(
        host,
        port or _PORTS[parts.scheme],
        "wrapped" if parts.scheme == "smtps" else tls,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )
    if server.password and server.tls == "none" and _is_elsewhere(host):
        raise SettingsError(
            "LOGOVOTE_MAIL_URL would send the password unencrypted. Leave starttls=no "
            "out, or use smtps://."
        )
    return server


def _is_elsewhere(host: str) -> bool:
    return not is_local(f"smtp://{f'[{host}]' if ':' in host else host}")


def sender_of(settings: Settings) -> str:
    """Return the address that mails come from.

    Raises:
        SettingsError: LOGOVOTE_MAIL_FROM is no address.
    """
    sender = settings.mail_from or f"logovote@{urlsplit(settings.base_url).hostname}"
    try:
        Address(addr_spec=sender)
    except (ValueError, MessageError) as error:
        raise SettingsError(
            f"LOGOVOTE_MAIL_FROM is {sender!r}; it must be an address such as "
            "logos@example.org."
        ) from error
    return sender


class Mailbox:
    """Takes mails: a server's, or the log for a site that has none."""

    def __init__(self, settings: Settings) -> None:
        self._server = server_of(settings.mail_url)
        self._sender = sender_of(settings)

    @property
    def is_log(self) -> bool:
        """Whether mails are only printed."""
        return self._server is None

    @contextlib.contextmanager
    def open(self) -> Iterator[Callable[[Mail], None]]:
        """Lend what sends mails; it connects for the first, and again after trouble.

        What is lent raises MailError.
        """
        connection: smtplib.SMTP | None = None

        def send(mail: Mail) -> None:
            nonlocal connection
            message = self.message_of(mail)
            if self._server is None:
                _print(message)
                return
            if connection is None:
                connection = _connected(self._server)
            try:
                _hand_over(connection, message)
            except MailError:
                _hang_up(connection)
                connection = None
                raise

        try:
            yield send
        finally:
            if connection is not None:
                _hang_up(connection)

    def greet(self) -> str:
        """Connect, greet and sign in, and send nothing; return where that was.

        Raises:
            MailError: mails could not leave now.
        """
        if self._server is None:
            return LOG
        connection = _connected(self._server)
        try:
            _say_hello(connection, self._server)
        finally:
            _hang_up(connection)
        secured = "unencrypted" if self._server.tls == "none" else "encrypted"
        signed_in = f", signed in as {self._server.user}" if self._server.user else ""
        return f"{self._server.host}:{self._server.port}, {secured}{signed_in}"

    def message_of(self, mail: Mail) -> EmailMessage:
        """Write a mail out.

        Raises:
            MailError: the address, or a name, cannot stand in a mail.
        """
        subject, text, html = _written(mail)
        message = EmailMessage()
        try:
            message["Subject"] = subject
            message["From"] = Address("logovote", addr_spec=self._sender)
            message["To"] = Address(mail.name, addr_spec=mail.to)
        except (ValueError, IndexError, MessageError) as error:
            raise MailError(
                "The address cannot be written in a mail.", for_good=True
            ) from error
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = make_msgid(domain=self._sender.rpartition("@")[2])
        # No answers from those who are on holiday.
        message["Auto-Submitted"] = "auto-generated"
        if mail.stop_url is not None:
            message["List-Unsubscribe"] = f"<{mail.stop_url}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(text, cte="quoted-printable")
        message.add_alternative(html, subtype="html", cte="quoted-printable")
        return message


def _connected(server: Server) -> smtplib.SMTP:
    """Connect and sign in.

    Raises:
        MailError: it cannot be had now; what is wrong may be mended.
    """
    where = f"The mail server {server.host}"
    context = ssl.create_default_context()
    try:
        if server.tls == "wrapped":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=TIMEOUT_SECONDS, context=context
            )
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
    except (OSError, smtplib.SMTPException, UnicodeError) as error:
        raise MailError(f"{where} cannot be reached ({_short(error)}).") from error
    try:
        if server.tls == "starttls":
            smtp.starttls(context=context)
        if server.user:
            smtp.login(server.user, server.password)
    except smtplib.SMTPAuthenticationError as error:
        smtp.close()
        raise MailError(f"{where} refused the user name or password.") from error
    except UnicodeError:
        # Its words would quote the password, and so would a traceback.
        smtp.close()
        raise MailError(
            f"{where} cannot be told a user name or password with letters beyond "
            "ASCII. Choose another password."
        ) from None
    except (OSError, smtplib.SMTPException) as error:
        smtp.close()
        raise MailError(f"{where} cannot be used ({_short(error)}).") from error
    return smtp


def _say_hello(smtp: smtplib.SMTP, server: Server) -> None:
    """See that the server would take a mail.

    Raises:
        MailError: it would not.
    """
    try:
        smtp.ehlo_or_helo_if_needed()
        code, answer = smtp.noop()
    except (OSError, smtplib.SMTPException) as error:
        raise MailError(
            f"The mail server {server.host} cannot be used ({_short(error)})."
        ) from error
    if code >= 400:
        raise MailError(
            f"The mail server {server.host} takes no mails: {_answer(code, answer)}"
        )


def _hand_over(smtp: smtplib.SMTP, message: EmailMessage) -> None:
    """Send one mail.

    Raises:
        MailError: the server refused it, for now or for good.
    """
    try:
        smtp.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code, answer = next(iter(error.recipients.values()))
        raise MailError(
            f"The mail server refused the address: {_answer(code, answer)}",
            for_good=_is_final(code),
        ) from error
    except smtplib.SMTPDataError as error:
        raise MailError(
            f"The mail server refused the mail: "
            f"{_answer(error.smtp_code, error.smtp_error)}",
            for_good=_is_final(error.smtp_code),
        ) from error
    except smtplib.SMTPNotSupportedError as error:
        raise MailError(
            "The mail server cannot take an address with such letters.", for_good=True
        ) from error
    except (OSError, smtplib.SMTPException) as error:
        raise MailError(f"The mail server gave up ({_short(error)}).") from error


def _is_final(code: int) -> bool:
    return 500 <= code < 600


def _answer(code: int, text: bytes | str) -> str:
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(said.split())}"[:_LONGEST_REASON]


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:_LONGEST_REASON] or type(error).__name__


def _hang_up(smtp: smtplib.SMTP) -> None:
    with contextlib.suppress(OSError, smtplib.SMTPException):
        smtp.quit()
    smtp.close()


def _print(message: EmailMessage) -> None:
    """Show a mail where the site runs, for sites without a mail server."""
    text = message.get_body(("plain",))
    content = text.get_content() if text is not None else ""
    lines = [f"To: {message['To']}", f"Subject: {message['Subject']}", "", content]
    shown = textwrap.indent("\n".join(lines).strip(), "  | ", lambda _line: True)
    sys.stderr.write(f"Mail (LOGOVOTE_MAIL_URL is not set, so it is shown):\n{shown}\n")
    sys.stderr.flush()


# ---------- words


class _Text:
    """Parts of a mail as plain text."""

    @staticmethod
    def p(text: str) -> str:
        """A paragraph."""
        lines = textwrap.fill(
            " ".join(text.split()),
            _WIDTH,
            break_long_words=False,
            break_on_hyphens=False,
        )
        return f"{lines}\n\n"

    @staticmethod
    def link(url: str, label: str) -> str:
        """What there is to do, on a line of its own that every reader can click."""
        return f"{label}:\n{url}\n\n"

    @staticmethod
    def code(text: str) -> str:
        """Something to type or to keep."""
        return f"    {text}\n\n"

    @staticmethod
    def fact(term: str, text: str) -> str:
        """A line of a list."""
        return f"{term}:\n    {text}\n\n"


class _Html:
    """The same parts as HTML."""

    p = staticmethod(Markup("<p>{}</p>\n").format)
    code = staticmethod(Markup("<p><strong>{}</strong></p>\n").format)

    @staticmethod
    def link(url: str, label: str) -> Markup:
        """A link that shows where it leads."""
        return Markup('<p><a href="{0}"><strong>{1}</strong></a><br>{0}</p>\n').format(
            url, label
        )

    @staticmethod
    def fact(term: str, text: str) -> Markup:
        """A line of a list."""
        return Markup("<p>{}:<br><code>{}</code></p>\n").format(term, text)


@cache
def _environment(parts: type[_Text | _Html]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES / "mail"),
        autoescape=parts is _Html,  # noqa: S701 - the other is no HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    names = ("p", "link", "code", "fact")
    environment.globals.update({name: getattr(parts, name) for name in names})
    return environment


def _written(mail: Mail) -> tuple[str, str, str]:
    """Fill a template twice; return its subject, the text and the HTML."""
    values = dict(mail.values) | {"stop_url": mail.stop_url}
    made = [
        _environment(parts).get_template(f"{mail.template}.txt").make_module(values)
        for parts in (_Text, _Html)
    ]
    subject = " ".join(str(vars(made[0])["subject"]).split())
    text, body = (
        re.sub(r"\n\n+", "\n\n", str(module).strip()) + "\n" for module in made
    )
    html = (
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        f"<title>{Markup.escape(subject)}</title></head>\n<body>\n{body}</body>\n</html>\n"
    )
    return subject, text, html
