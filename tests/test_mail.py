"""Mail: handed to a real server, tried again where it fails, never sent twice."""

from __future__ import annotations

import io
import json
import re
import ssl
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from logovote import mail as mail_
from logovote.cli import cli
from logovote.contest import (
    counting,
    events,
    ledger,
    notices,
    organisers,
    questions,
    recusing,
    roll,
    rounds,
    sealing,
)
from logovote.contest.bundle import bundle_of
from logovote.contest.contests import contest_by_slug
from logovote.contest.notices import (
    CLOSING,
    REMINDER,
    RESULTS,
    WAITING,
    NoticeError,
)
from logovote.mail import Mail, Mailbox, MailError, Server, server_of
from logovote.postman import Postman
from logovote.settings import Settings, SettingsError
from logovote.store.models import (
    Ballot,
    Contest,
    Kind,
    Message,
    MessageState,
    Phase,
    Role,
    Round,
)
from logovote.store.store import Store
from tests.builders import cast, make_contest, open_shortlist, voter_named
from tests.inbox import Inbox, free_port
from tests.letters import html_of, path_in, text_of

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
VOTERS = {"core": ["Ann", "Bob"], "crowd": ["Cleo"]}


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def server(inbox: Inbox) -> Iterator[Controller]:
    """A mail server on a free port, which knows one user."""
    with inbox.served() as controller:
        yield controller


@pytest.fixture
def settings(settings: Settings, server: Controller) -> Settings:
    return replace(
        settings,
        base_url="https://vote.example.org",
        mail_url=f"smtp://logo:p%40ss%3Aword%2F@127.0.0.1:{server.port}",
        mail_from="logos@example.org",
    )


@pytest.fixture
def postman(settings: Settings, store: Store) -> Postman:
    return Postman(settings, store)


@pytest.fixture
def contest(store: Store, now: datetime) -> Store:
    with store.database.write() as session:
        contest = make_contest(session, now, designs=[1, 2], voters=VOTERS)
        notices.switch(contest, [REMINDER, CLOSING, RESULTS])
        session.commit()
    return store


Change = Callable[[Session, Contest], object]


def change(store: Store, deed: Change) -> None:
    with store.database.write() as session:
        deed(session, contest_by_slug(session, "acme"))
        session.commit()


def invite(store: Store, now: datetime) -> None:
    change(store, lambda session, acme: notices.invite(session, acme, now))


def states(store: Store) -> dict[str, tuple[str, str]]:
    """How each person's newest message fared, and why."""
    with store.database.read() as session:
        acme = contest_by_slug(session, "acme")
        return {
            message.person.name: (message.state.value, message.reason)
            for message in reversed(notices.messages(session, acme.id))
        }


def queued(store: Store) -> list[tuple[str, str]]:
    """Whom something is queued for, and what, in the order it was queued."""
    with store.database.read() as session:
        acme = contest_by_slug(session, "acme")
        found = notices.messages(session, acme.id)
        return [
            (message.person.name, message.occasion.split(":", 2)[0])
            for message in sorted(found, key=lambda message: message.id)
            if message.state is MessageState.QUEUED
        ]


# ---------- on the way


def test_an_invitation_arrives_with_the_link_in_both_forms(
    contest: Store, postman: Postman, inbox: Inbox, now: datetime
) -> None:
    invite(contest, now)

    assert postman.deliver(now) == 3

    letter = inbox.letters[0]
    link = path_in(letter, "/i/")
    assert str(letter["To"]) == "Ann <ann@example.org>"
    assert str(letter["From"]) == "logovote <logos@example.org>"
    assert letter["Message-ID"].endswith("@example.org>")
    assert letter["Auto-Submitted"] == "auto-generated"
    assert "A logo for Acme" in text_of(letter)
    assert f'href="https://vote.example.org{link}"' in html_of(letter)
    assert states(contest)["Ann"] == ("sent", "")


def test_nobody_is_invited_twice(contest: Store, now: datetime) -> None:
    invite(contest, now)
    invite(contest, now)

    assert [name for name, _ in queued(contest)] == ["Ann", "Bob", "Cleo"]


def test_inviting_again_counts_what_failed_and_sends_what_was_not_wanted_then(
    contest: Store, postman: Postman, inbox: Inbox, now: datetime
) -> None:
    inbox.refuse["bob@example.org"] = "550 No such user here"
    invite(contest, now)

    def want(session: Session, acme: Contest, *, mail_: bool) -> None:
        voter_named(session, acme, "Ann").no_mail = not mail_

    change(contest, lambda session, acme: want(session, acme, mail_=False))
    postman.deliver(now)
    change(contest, lambda session, acme: want(session, acme, mail_=True))
    with contest.database.write() as session:
        invited = notices.invite(session, contest_by_slug(session, "acme"), now)
        session.commit()

    assert (invited.queued, invited.before, invited.failed) == (1, 1, 1)
    assert queued(contest) == [("Ann", "invitation")]


def test_two_postmen_send_every_mail_once(
    contest: Store, settings: Settings, inbox: Inbox, now: datetime
) -> None:
    invite(contest, now)
    with contest.database.write() as session:
        taken = notices.claim(session, now)
        assert taken is not None
        session.commit()

    assert Postman(settings, contest).deliver(now) == 2
    # Whoever took the third died over it: after a while it is another's.
    assert Postman(settings, contest).deliver(now + 4 * MINUTE) == 0
    assert Postman(settings, contest).deliver(now + 6 * MINUTE) == 1
    assert len({str(letter["To"]) for letter in inbox.letters}) == 3


def test_an_address_that_is_refused_for_good_is_given_up_with_the_reason(
    contest: Store, postman: Postman, inbox: Inbox, now: datetime
) -> None:
    inbox.refuse["bob@example.org"] = "550 No such user here"
    invite(contest, now)

    assert postman.deliver(now) == 2
    assert postman.deliver(now + DAY) == 0

    state, reason = states(contest)["Bob"]
    assert state == "given up"
    assert "refused the address: 550 No such user here" in reason
    assert states(contest)["Cleo"][0] == "sent"


def test_what_fails_for_now_is_tried_again_later_and_later(
    contest: Store, postman: Postman, inbox: Inbox, now: datetime
) -> None:
    inbox.refuse["bob@example.org"] = "451 Come back later"
    invite(contest, now)
    postman.deliver(now)
    assert states(contest)["Bob"][0] == "failed"

    with contest.database.read() as session:
        id_ = session.scalars(
            select(Message.id).where(Message.state == MessageState.FAILED)
        ).one()
    waits = []
    moment = now
    for _ in range(6):
        with contest.database.read() as session:
            due = session.get_one(Message, id_).next_at
        waits.append((due - moment) / MINUTE)
        postman.deliver(due - timedelta(seconds=1))  # nobody is in a hurry
        moment = due
        postman.deliver(moment)

    assert waits == [1, 5, 30, 120, 480, 1440]
    state, reason = states(contest)["Bob"]
    assert state == "given up"
    assert "451 Come back later" in reason


def test_a_mail_that_failed_leaves_once_the_server_takes_it(
    contest: Store, postman: Postman, inbox: Inbox, now: datetime
) -> None:
    inbox.refuse_data = "452 Disk full"
    invite(contest, now)
    assert postman.deliver(now) == 0
    inbox.refuse_data = ""

    assert postman.deliver(now + 30 * timedelta(seconds=1)) == 0
    assert postman.deliver(now + 2 * MINUTE) == 3


def test_a_server_that_cannot_be_reached_is_a_reason_in_words(
    contest: Store, settings: Settings, now: datetime
) -> None:
    gone = replace(settings, mail_url=f"smtp://127.0.0.1:{free_port()}")
    invite(contest, now)

    Postman(gone, contest).deliver(now)

    state, reason = states(contest)["Ann"]
    assert state == "failed"
    assert "The mail server 127.0.0.1 cannot be reached" in reason


def test_a_wrong_password_is_a_reason_that_does_not_tell_it(
    contest: Store, settings: Settings, now: datetime
) -> None:
    wrong = replace(settings, mail_url=settings.mail_url.replace("p%40ss", "guess"))
    invite(contest, now)

    Postman(wrong, contest).deliver(now)

    state, reason = states(contest)["Ann"]
    assert state == "failed"
    assert "refused the user name or password" in reason
    assert "guess" not in reason


def test_a_server_without_encryption_is_given_nothing(
    settings: Settings, inbox: Inbox
) -> None:
    box = Mailbox(replace(settings, mail_url=settings.mail_url + "?starttls=yes"))

    with box.open() as send, pytest.raises(MailError, match="cannot be used"):
        send(Mail("ann@example.org", "", "trial", {"host": "x"}))

    assert inbox.letters == []


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a certificate for this machine that nobody has vouched for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - DAY)
        .not_valid_after(today + DAY)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    path = tmp_path / "certificate.pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + made.public_bytes(Encoding.PEM)
    )
    return path


@pytest.mark.parametrize("way", ["smtp", "smtps", "smtp unknown", "smtps unknown"])
def test_an_encrypted_server_is_used_if_its_certificate_is_known(
    settings: Settings,
    inbox: Inbox,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    scheme = way.split(maxsplit=1)[0]
    is_known = "unknown" not in way
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    where: dict[str, Any] = {"hostname": "localhost", "port": free_port()}
    server = (
        Controller(inbox, **where, tls_context=context, require_starttls=True)
        if scheme == "smtp"
        else Controller(inbox, **where, ssl_context=context)
    )
    if is_known:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    url = f"{scheme}://localhost:{where['port']}" + "?starttls=yes" * (scheme == "smtp")
    server.start()
    try:
        with Mailbox(replace(settings, mail_url=url)).open() as send:
            mail_ = Mail("ann@example.org", "", "trial", {"host": "x"})
            if is_known:
                send(mail_)
            else:
                with pytest.raises(MailError, match="certificate verify failed"):
                    send(mail_)
    finally:
        server.stop()

    assert len(inbox.letters) == is_known


def test_what_was_sent_or_given_up_can_be_sent_again(
    contest: Store, postman: Postman, inbox: Inbox, now: datetime
) -> None:
    inbox.refuse["bob@example.org"] = "550 No such user here"
    invite(contest, now)
    postman.deliver(now)
    inbox.refuse.clear()

    change(contest, lambda session, acme: notices.send_again(session, acme, now))

    assert queued(contest) == [("Bob", "invitation")]
    assert postman.deliver(now) == 1
    change(contest, lambda session, acme: notices.send_again(session, acme, now, [1]))
    assert postman.deliver(now) == 1


def test_what_is_another_contests_cannot_be_sent_again_from_here(
    contest: Store, now: datetime
) -> None:
    invite(contest, now)
    with contest.database.write() as session:
        other = make_contest(session, now, slug="other")
        with pytest.raises(NoticeError, match="no such message"):
            notices.send_again(session, other, now, [1])


# ---------- headers


@pytest.mark.parametrize(
    "address",
    [
        "ann@example.org\nBcc: all@example.org",
        "ann@example.org\r\nBcc: all@example.org",
        "ann@example.org>, <bob@example.org",
        "not an address",
        "",
    ],
)
def test_an_address_that_would_write_headers_is_sent_nothing(
    settings: Settings, inbox: Inbox, address: str
) -> None:
    with Mailbox(settings).open() as send, pytest.raises(MailError) as error:
        send(Mail(address, "", "trial", {"host": "x"}))

    assert error.value.for_good
    assert inbox.letters == []


def test_a_title_over_two_lines_writes_no_header(
    contest: Store, postman: Postman, inbox: Inbox, now: datetime
) -> None:
    def rename(session: Session, acme: Contest) -> None:
        acme.title = "Acme\r\nBcc: all@example.org\n\nHello <b>"
        voter_named(session, acme, "Ann").person.name = "Ann\nCc: x@example.org"

    change(contest, rename)
    invite(contest, now)
    postman.deliver(now)

    letter = inbox.letters[0]
    assert letter["Subject"] == "You may vote: Acme Bcc: all@example.org Hello <b>"
    assert letter["Bcc"] is None
    assert letter["Cc"] is None
    assert "Hello &lt;b&gt;" in html_of(letter)


# ---------- the log


def test_without_a_server_mails_are_shown_and_count_as_sent(
    contest: Store,
    settings: Settings,
    now: datetime,
    capsys: pytest.CaptureFixture[str],
) -> None:
    invite(contest, now)

    assert Postman(replace(settings, mail_url="log:"), contest).deliver(now) == 3

    shown = capsys.readouterr()
    assert "https://vote.example.org/i/" in shown.err
    assert shown.out == ""


# ---------- settings


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("log:", None),
        ("smtp://localhost", Server("localhost", 587, "none")),
        ("smtp://mx.example.org", Server("mx.example.org", 587, "starttls")),
        ("smtp://mx.example.org:25?starttls=no", Server("mx.example.org", 25, "none")),
        (
            "smtps://ann%40x.org:a%2Fb@mx.example.org",
            Server("mx.example.org", 465, "wrapped", "ann@x.org", "a/b"),
        ),
    ],
)
def test_a_mail_server_is_named_by_an_address(url: str, server: Server | None) -> None:
    assert server_of(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mx.example.org",
        "http://mx.example.org",
        "smtp://",
        "smtp://mx.example.org:port",
        "smtp://mx.example.org:99999",
        "smtp://mx.example.org?tls=1",
        "smtp://mx.example.org?starttls=perhaps",
        "smtp://mx.example.org/path",
        "smtp://ann:tell-nobody@mx.example.org?starttls=no",
        "smtp://ann:tell-nobody/@mx.example.org",
    ],
)
def test_what_is_no_such_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(SettingsError, match="LOGOVOTE_MAIL_URL") as error:
        server_of(url)

    assert "tell-nobody" not in str(error.value)


def test_a_sender_that_is_no_address_is_refused(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="LOGOVOTE_MAIL_FROM"):
        Mailbox(replace(settings, mail_from="me"))


def test_no_password_stands_where_settings_are_shown(settings: Settings) -> None:
    assert "p%40ss" not in repr(settings)
    assert "p@ss" not in repr(server_of(settings.mail_url))


# ---------- reminders


def opened(store: Store, now: datetime, days: float | None) -> None:
    until = None if days is None else now + days * DAY
    change(
        store,
        lambda session, acme: rounds.open_round(
            session, acme, Kind.SHORTLIST, now, until=until
        ),
    )


def test_a_reminder_goes_to_those_who_have_not_voted(
    contest: Store, postman: Postman, inbox: Inbox, now: datetime
) -> None:
    opened(contest, now, 6)

    def vote(session: Session, acme: Contest) -> None:
        cast(session, rounds.latest(session, acme, Kind.SHORTLIST), "Ann", ["1"], now)

    postman.deliver(now)
    assert len(inbox.letters) == 3
    change(contest, vote)
    postman.remind(now + 3 * DAY)

    assert queued(contest) == [("Bob", "reminder"), ("Cleo", "reminder")]
    postman.deliver(now + 3 * DAY)
    letter = inbox.letters[-1]
    assert "until Sunday 29 November 2026, 12:00 UTC" in text_of(letter)
    assert path_in(letter, "/i/")


@pytest.mark.parametrize(
    ("days", "hours", "due"),
    [
        (None, 1000, None),
        (1.9, 45, None),
        (3, 36, None),
        (3, 47, None),
        (3, 48, "last"),
        (6, 71, None),
        (6, 72, "middle"),
        (6, 120, "last"),
        (6, 143, "last"),
        (6, 145, None),
    ],
)
def test_reminders_are_due_in_the_middle_and_on_the_last_day(
    now: datetime, days: float | None, hours: int, due: str | None
) -> None:
    round_ = Round(
        phase=Phase.OPEN,
        opened_at=now,
        closes_at=None if days is None else now + days * DAY,
    )

    moment = notices.due_reminder(round_, now + timedelta(hours=hours))

    assert (moment or "").partition(":")[0] == (due or "")


def test_a_reminder_comes_once_however_often_the_clock_strikes(
    contest: Store, postman: Postman, inbox: Inbox, now: datetime
) -> None:
    opened(contest, now, 6)
    for hour in range(0, 6 * 24, 3):
        postman.remind(now + timedelta(hours=hour))
        postman.deliver(now + timedelta(hours=hour))

    subjects = [str(letter["Subject"]) for letter in inbox.letters]

    assert len(subjects) == 3 * 3
    assert sum(subject.startswith("Last day") for subject in subjects) == 3


def test_who_votes_before_the_reminder_leaves_gets_none(
    contest: Store, postman: Postman, inbox: Inbox, now: datetime
) -> None:
    opened(contest, now, 6)

    def vote(session: Session, acme: Contest) -> None:
        cast(session, rounds.latest(session, acme, Kind.SHORTLIST), "Ann", ["1"], now)

    change(contest, vote)
    assert postman.deliver(now) == 2

    assert states(contest)["Ann"] == ("not needed", "They have voted.")


def test_a_weight_of_0_is_not_asked_to_vote(contest: Store, now: datetime) -> None:
    def weigh(session: Session, acme: Contest) -> None:
        voter_named(session, acme, "Bob").weight = Fraction(0)

    change(contest, weigh)
    opened(contest, now, 6)

    assert [name for name, _ in queued(contest)] == ["Ann", "Cleo"]


@pytest.mark.parametrize("kinds", [[], [REMINDER], [CLOSING], [RESULTS]])
def test_only_what_is_switched_on_goes_out(
    contest: Store, now: datetime, kinds: list[str]
) -> None:
    change(contest, lambda _, acme: notices.switch(acme, kinds))
    opened(contest, now, None)

    def finish(session: Session, acme: Contest) -> None:
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        cast(session, round_, "Ann", ["1"], now)
        rounds.close_round(session, round_, now)
        counting.count_round(session, round_, now=now)
        rounds.publish_round(session, round_, now=now)

    change(contest, finish)

    expected = {
        REMINDER: ["Ann", "Bob", "Cleo"],
        CLOSING: ["Ann"],
        RESULTS: ["Ann", "Bob", "Cleo"],
    }
    assert queued(contest) == [
        (name, kind) for kind in kinds for name in expected[kind]
    ]


# ---------- receipts


def closed(store: Store, now: datetime) -> None:
    def finish(session: Session, acme: Contest) -> None:
        notices.switch(acme, [CLOSING])
        round_ = open_shortlist(session, acme, now)
        cast(session, round_, "Ann", ["1"], now)
        rounds.close_round(session, round_, now)

    change(store, finish)


def test_the_closing_brings_the_receipt_the_number_and_the_head(
    contest: Store, postman: Postman, inbox: Inbox, now: datetime
) -> None:
    closed(contest, now)

    assert postman.deliver(now) == 1

    said = text_of(inbox.letters[0])
    with contest.database.read() as session:
        acme = contest_by_slug(session, "acme")
        ballot = session.scalars(select(Ballot)).one()
        line = next(
            rounds.ballot_lines(session, rounds.latest(session, acme, Kind.SHORTLIST))
        )
        assert ledger.receipt_code(line) in said
        assert str(ballot.nonce) in said
        assert events.head(session, acme.id) in said
        # Enough to find the ballot, as the page and the script do.
        tag = ledger.tag(str(ballot.nonce), ballot.round_id, "ann@example.org")
        assert line["t"] == tag
        kept = session.execute(text("SELECT * FROM message")).all()
    assert not [row for row in kept if str(ballot.nonce) in str(row)]


@pytest.mark.parametrize("publish", ["ballots", "aggregate"])
def test_a_receipt_leads_to_the_ballot_only_where_ballots_are_published(
    contest: Store, postman: Postman, inbox: Inbox, now: datetime, publish: str
) -> None:
    def finish(session: Session, acme: Contest) -> None:
        notices.switch(acme, [CLOSING])
        round_ = rounds.open_round(session, acme, Kind.SHORTLIST, now, publish=publish)
        cast(session, round_, "Ann", ["1"], now)
        rounds.close_round(session, round_, now)

    change(contest, finish)
    postman.deliver(now)

    said = text_of(inbox.letters[0])
    assert "Receipt" in said
    for promise in ("you can check that it was counted", "find your ballot here"):
        assert (promise in " ".join(said.split())) == (publish == "ballots")


def test_a_receipt_is_of_the_line_that_counted_whoever_is_moved_since(
    contest: Store, postman: Postman, inbox: Inbox, now: datetime
) -> None:
    closed(contest, now)

    def move_and_ask(session: Session, acme: Contest) -> None:
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        counting.count_round(session, round_, now=now)
        ann = "ann@example.org"
        roll.change(session, acme, ann, group="jury", weight="1/3", now=now)
        roll.change(session, acme, ann, weight="0", now=now)
        notices.queue_receipt(
            session, round_, voter_named(session, acme, "Ann"), 1, now
        )

    change(contest, move_and_ask)
    with contest.database.read() as session:
        acme = contest_by_slug(session, "acme")
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        with zipfile.ZipFile(io.BytesIO(bundle_of(session, round_).data)) as archive:
            (line,) = json.loads(archive.read("ballots.json"))

    assert postman.deliver(now) == 2

    assert line["c"] == "core"
    for letter in inbox.letters:
        assert ledger.receipt_code(line) in text_of(letter)


def test_a_round_that_is_opened_again_says_so_to_nobody_and_closes_anew(
    contest: Store, postman: Postman, inbox: Inbox, now: datetime
) -> None:
    closed(contest, now)

    def again(session: Session, acme: Contest) -> None:
        rounds.reopen_round(
            session, rounds.latest(session, acme, Kind.SHORTLIST), now=now
        )

    change(contest, again)
    assert postman.deliver(now) == 0
    assert states(contest)["Ann"] == ("not needed", "The round is open again.")

    def close(session: Session, acme: Contest) -> None:
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        rounds.close_round(session, round_, now + DAY)

    change(contest, close)
    assert postman.deliver(now + DAY) == 1


def test_sealing_clears_the_messages(
    contest: Store, postman: Postman, now: datetime
) -> None:
    closed(contest, now)
    postman.deliver(now)

    def seal(session: Session, acme: Contest) -> None:
        round_ = rounds.latest(session, acme, Kind.SHORTLIST)
        counting.count_round(session, round_, now=now)
        rounds.publish_round(session, round_, now=now)
        sealing.seal_rounds(session, acme, now, waive=True)

    change(contest, seal)

    assert states(contest) == {}


# ---------- answers


def test_an_answer_brings_question_answer_and_the_way_in_to_the_asker_alone(
    contest: Store, postman: Postman, inbox: Inbox, now: datetime
) -> None:
    def ask(session: Session, acme: Contest) -> None:
        ann = voter_named(session, acme, "Ann")
        asked = questions.ask(session, ann, "Is 2 < 3?", now=now)
        questions.answer(session, asked, "First guess", now=now)
        reply = "It is.\n\n<b>Ask</b> again."
        questions.answer(session, asked, reply, now=now + MINUTE)

    change(contest, ask)

    assert postman.deliver(now + MINUTE) == 1
    [letter] = inbox.letters
    assert str(letter["To"]) == "Ann <ann@example.org>"
    assert str(letter["Subject"]) == "An answer for you: A logo for Acme"
    assert "Is 2 < 3?\n\nThey answer:\n\nIt is.\n\n<b>Ask</b>" in text_of(letter)
    assert "<p>Is 2 &lt; 3?</p>" in html_of(letter)
    assert "&lt;b&gt;Ask&lt;/b&gt; again." in html_of(letter)
    assert "First guess" not in text_of(letter)
    assert path_in(letter, "/i/")
    assert "/mail/stop/" in str(letter["List-Unsubscribe"])


# ---------- no more mail


def test_who_wants_no_mail_gets_none(
    contest: Store, postman: Postman, inbox: Inbox, now: datetime
) -> None:
    invite(contest, now)

    def stop(session: Session, acme: Contest) -> None:
        voter_named(session, acme, "Ann").no_mail = True

    change(contest, stop)

    assert postman.deliver(now) == 2
    assert states(contest)["Ann"] == ("not needed", "They asked for no more mail.")
    opened(contest, now, None)
    assert [name for name, _ in queued(contest)] == ["Bob", "Cleo"]


def test_every_mail_that_comes_unasked_can_be_stopped_with_one_click(
    contest: Store, postman: Postman, inbox: Inbox, now: datetime
) -> None:
    invite(contest, now)
    opened(contest, now, None)
    postman.deliver(now)

    for letter in inbox.letters:
        header = str(letter["List-Unsubscribe"])
        assert re.fullmatch(r"<https://vote\.example\.org/mail/stop/\S+>", header)
        assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert header.strip("<>") in text_of(letter)


# ---------- commands


@pytest.fixture
def run(
    contest: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    monkeypatch.setenv("LOGOVOTE_MAIL_URL", settings.mail_url)
    monkeypatch.setenv("LOGOVOTE_MAIL_FROM", "logos@example.org")

    def run_(*arguments: str) -> Any:
        result = CliRunner().invoke(cli, ["--data", str(settings.data), *arguments])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout) if "--json" in arguments else result.stdout

    return run_


def test_every_deed_is_a_command(run: Callable[..., Any], inbox: Inbox) -> None:
    inbox.refuse["bob@example.org"] = "550 No such user here"

    assert run("mail", "invite", "acme", "--dry-run", "--json")["queued"] == 3
    assert run("mail", "invite", "acme", "--json") == {
        "queued": 3,
        "before": 0,
        "failed": 0,
        "without_address": 0,
        "unwanted": 0,
    }
    assert run("mail", "send", "--json") == {"sent": 2}
    [row] = run("mail", "list", "acme", "--failed", "--json")["messages"]
    assert (row["email"], row["state"]) == ("bob@example.org", "given up")
    inbox.refuse.clear()
    assert run("mail", "retry", "acme", "--json") == {"queued": 1}
    assert run("mail", "send") == "Sent: 1.\n"
    assert run("mail", "switch", "acme", "--off", "results", "--json") == {
        "reminder": True,
        "closing": True,
        "results": False,
        "waiting": False,
    }
    assert "left" in run("mail", "trial", "ann@example.org")
    assert inbox.letters[-1]["Subject"] == "Mail works"


def test_a_trial_that_fails_says_why(
    run: Callable[..., Any], inbox: Inbox, settings: Settings
) -> None:
    inbox.refuse["ann@example.org"] = "550 No such user here"

    result = CliRunner().invoke(
        cli, ["--data", str(settings.data), "mail", "trial", "ann@example.org"]
    )

    assert result.exit_code == 1
    assert "550 No such user here" in result.output


def test_a_password_that_no_server_can_be_told_is_said_in_words(
    contest: Store, settings: Settings, server: Controller, now: datetime
) -> None:
    url = f"smtp://logo:p%C3%A4ss@127.0.0.1:{server.port}"
    postman = Postman(replace(settings, mail_url=url), contest)
    invite(contest, now)

    assert postman.deliver(now) == 0

    for state, reason in states(contest).values():
        assert state == "failed"
        assert "letters beyond ASCII" in reason
        assert "ss" not in reason.split("password", 1)[0]
    with pytest.raises(MailError, match="letters beyond ASCII"):
        postman.send_trial("ann@example.org")


def test_one_mail_that_cannot_be_written_keeps_no_other_from_leaving(
    contest: Store,
    postman: Postman,
    inbox: Inbox,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hand_over = mail_._hand_over

    def stumble(smtp: Any, message: Any) -> None:
        if "bob" in message["To"]:
            raise RuntimeError("a library met what it does not know")
        hand_over(smtp, message)

    monkeypatch.setattr(mail_, "_hand_over", stumble)
    invite(contest, now)

    assert postman.deliver(now) == 2

    assert states(contest)["Bob"] == (
        "failed",
        "It could not be sent; the site's log says why.",
    )


# ---------- what organisers are told


@pytest.fixture
def staffed(contest: Store, now: datetime) -> Store:
    """Olga owns the contest, Rita organises it, Vera observes."""

    def staff(session: Session, acme: Contest) -> None:
        for name, role in (
            ("olga", Role.OWNER),
            ("rita", Role.ORGANISER),
            ("vera", Role.OBSERVER),
        ):
            organisers.name(session, acme, f"{name}@example.org", role, now=now)
        notices.switch(acme, [WAITING])

    change(contest, staff)
    return contest


def ask(store: Store, name: str, words: str, now: datetime) -> None:
    change(
        store,
        lambda session, acme: questions.ask(
            session, voter_named(session, acme, name), words, now=now
        ),
    )


def test_organisers_are_told_once_an_hour_what_waits_and_not_in_whose_words(
    staffed: Store, postman: Postman, inbox: Inbox, now: datetime
) -> None:
    ask(staffed, "Ann", "Is it secret?", now)
    ask(staffed, "Bob", "How long?", now + 20 * MINUTE)
    assert postman.deliver(now + 59 * MINUTE) == 0

    assert postman.deliver(now + 60 * MINUTE) == 2

    assert not inbox.to("vera@example.org")
    (letter,) = inbox.to("olga@example.org")
    assert letter["Subject"] == "Something waits for you: A logo for Acme"
    assert "2 questions of voters" in text_of(letter)
    assert path_in(letter, "/organise/") == "/organise/acme/"
    for part in (text_of(letter), html_of(letter)):
        assert not any(
            word in part for word in ("secret", "long?", "Ann", "Bob", "/i/")
        )
    ask(staffed, "Ann", "And now?", now + 61 * MINUTE)
    assert postman.deliver(now + 119 * MINUTE) == 0
    assert postman.deliver(now + 120 * MINUTE) == 2


def test_who_answers_within_the_hour_gets_no_mail_of_it(
    staffed: Store, postman: Postman, inbox: Inbox, now: datetime
) -> None:
    ask(staffed, "Ann", "Is it secret?", now)

    def answer(session: Session, acme: Contest) -> None:
        (question,) = questions.of_contest(session, acme.id)
        questions.answer(session, question, "It is.", now=now)

    change(staffed, answer)

    assert postman.deliver(now + 60 * MINUTE) == 1  # the answer
    assert not inbox.to("olga@example.org")


def test_who_was_removed_is_told_nothing_and_the_switch_holds(
    staffed: Store, postman: Postman, inbox: Inbox, now: datetime
) -> None:
    ask(staffed, "Ann", "Is it secret?", now)
    change(
        staffed,
        lambda session, acme: organisers.remove(
            session, acme, "rita@example.org", now=now
        ),
    )
    assert postman.deliver(now + 60 * MINUTE) == 1
    change(staffed, lambda _session, acme: notices.switch(acme, []))
    ask(staffed, "Bob", "How long?", now + 61 * MINUTE)

    assert postman.deliver(now + DAY) == 0
    assert len(inbox.letters) == 1


def test_a_round_that_the_clock_has_closed_is_told(
    staffed: Store, postman: Postman, inbox: Inbox, now: datetime
) -> None:
    opened(staffed, now, 1)
    with staffed.database.write() as session:
        assert len(rounds.close_all_ended(session, now + DAY + MINUTE)) == 1
        session.commit()

    postman.deliver(now + DAY + 60 * MINUTE)

    (letter,) = inbox.to("olga@example.org")
    assert "1 round that is closed and not counted" in text_of(letter)


# ---------- reminders that are asked for


def remind_now(store: Store, now: datetime) -> int:
    with store.database.write() as session:
        number = notices.remind_now(session, contest_by_slug(session, "acme"), now)
        session.commit()
    return number


def test_a_round_without_an_end_is_reminded_of_by_hand(
    contest: Store, postman: Postman, inbox: Inbox, now: datetime
) -> None:
    with pytest.raises(NoticeError, match="No round takes ballots"):
        remind_now(contest, now)
    opened(contest, now, None)
    postman.deliver(now)
    with pytest.raises(NoticeError, match="Reminders left on 23 November 2026, 12:00"):
        remind_now(contest, now + timedelta(hours=11))

    def vote(session: Session, acme: Contest) -> None:
        cast(session, rounds.latest(session, acme, Kind.SHORTLIST), "Ann", ["1"], now)

    change(contest, vote)

    assert remind_now(contest, now + DAY) == 2
    with pytest.raises(NoticeError, match="Reminders left on"):
        remind_now(contest, now + DAY + MINUTE)
    assert postman.deliver(now + DAY) == 2
    assert not inbox.to("ann@example.org")[1:]


def test_the_clock_reminds_nobody_who_has_just_been_reminded(
    contest: Store, postman: Postman, now: datetime
) -> None:
    opened(contest, now, 6)
    postman.deliver(now)
    soon = now + 3 * DAY - timedelta(hours=1)
    assert remind_now(contest, soon) == 3
    postman.deliver(soon)

    postman.remind(now + 3 * DAY)
    assert queued(contest) == []
    postman.remind(soon + timedelta(hours=12))

    assert len(queued(contest)) == 3


@pytest.mark.parametrize(
    ("days", "hours", "due"),
    [(None, 1, None), (1.9, 1, None), (3, 1, 48), (6, 1, 72), (6, 73, 120)],
)
def test_when_the_clock_reminds_next(
    now: datetime, days: float | None, hours: int, due: int | None
) -> None:
    end = None if days is None else now + days * DAY
    round_ = Round(phase=Phase.OPEN, opened_at=now, closes_at=end)

    found = notices.next_reminder(round_, now + timedelta(hours=hours))

    assert found == (None if due is None else now + timedelta(hours=due))


def test_a_weight_of_0_is_not_told_that_it_may_vote(
    contest: Store, postman: Postman, inbox: Inbox, now: datetime
) -> None:
    def weigh(session: Session, acme: Contest) -> None:
        roll.change(session, acme, "bob@example.org", weight="0", now=now)

    change(contest, weigh)
    invite(contest, now)
    postman.deliver(now)

    (letter,), (anns,) = inbox.to("bob@example.org"), inbox.to("ann@example.org")
    assert letter["Subject"] == "You may look: A logo for Acme"
    assert "you may vote" not in text_of(letter).lower()
    assert "not counted: your weight there is 0" in text_of(letter).replace("\n", " ")
    assert anns["Subject"] == "You may vote: A logo for Acme"


def test_whose_ballot_does_not_count_is_neither_reminded_nor_told_that_it_does(
    contest: Store, postman: Postman, inbox: Inbox, now: datetime
) -> None:
    """Bob made a design that stands in the ranking; Cleo's weight is 0."""

    def begin(session: Session, acme: Contest) -> None:
        recusing.recuse(session, acme, "bob@example.org", "1", now=now)
        roll.change(session, acme, "cleo@example.org", weight="0", now=now)
        rounds.open_round(session, acme, Kind.RANKING, now)

    def vote_and_close(session: Session, acme: Contest) -> None:
        round_ = rounds.latest(session, acme, Kind.RANKING)
        for name in ("Ann", "Bob", "Cleo"):
            cast(session, round_, name, [["2"]], now)
        rounds.close_round(session, round_, now)

    change(contest, begin)
    assert [name for name, _ in queued(contest)] == ["Ann"]
    change(contest, vote_and_close)
    postman.deliver(now)

    for name, counts in {"ann": True, "bob": False, "cleo": False}.items():
        letter = inbox.to(f"{name}@example.org")[-1]
        text = " ".join(text_of(letter).split())
        assert ("check that it was counted" in text) is counts
        assert ("and is not counted: its page says why" in text) is not counts
        assert ("Receipt:" in text) is counts
