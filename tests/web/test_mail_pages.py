"""The organiser's page of mails, the link that stops them, and receipts on demand."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from logovote.contest import limits, notices, rounds
from logovote.mail import Mail, Mailbox, MailError
from logovote.store.models import Kind, Message, MessageState, Voter
from tests.builders import SECRET, token_in, voter_named
from tests.letters import Letters, path_in, text_of
from tests.web.conftest import Scene, Visit
from tests.web.pages import post

PAGE = "/organise/acme/mail"


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> Letters:
    letters = Letters()
    letters.catch(monkeypatch)
    return letters


@pytest.fixture
def stop(scene: Scene) -> str:
    with scene.changing() as (session, acme):
        token = notices.stop_token(SECRET, voter_named(session, acme, "Ann"))
    return f"/mail/stop/{token}"


def wants_mail(scene: Scene, name: str = "Ann") -> bool:
    with scene.changing() as (session, acme):
        return not voter_named(session, acme, name).no_mail


# ---------- one click


def test_opening_the_link_stops_nothing(
    scene: Scene, client: FlaskClient, stop: str
) -> None:
    for method in ("GET", "GET", "HEAD"):
        assert client.open(stop, method=method).status_code == 200

    assert wants_mail(scene)


def test_a_mail_program_stops_the_mails_with_one_post(
    scene: Scene, client: FlaskClient, stop: str
) -> None:
    """As RFC 8058 has it: no cookie, no token, this body."""
    answer = client.post(stop, data={"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    assert not wants_mail(scene)
    assert wants_mail(scene, "Bob")


@pytest.mark.parametrize(
    "data", [{}, {"do": "stop"}, {"List-Unsubscribe": "Two-Clicks"}]
)
def test_any_other_post_needs_a_token(
    scene: Scene, client: FlaskClient, stop: str, data: dict[str, str]
) -> None:
    assert client.post(stop, data=data).status_code == 400

    assert wants_mail(scene)


def test_the_page_stops_the_mails_and_lets_them_come_again(
    scene: Scene, client: FlaskClient, stop: str
) -> None:
    page = client.get(stop).text
    assert "Send no more" in page

    done = client.post(stop, data={"csrf_token": token_in(page), "do": "stop"}).text
    assert not wants_mail(scene)
    assert "No more mails about this contest go to ann@example.org" in done

    client.post(stop, data={"csrf_token": token_in(done), "do": "start"})
    assert wants_mail(scene)


def test_one_click_cannot_start_them_again(
    scene: Scene, client: FlaskClient, stop: str
) -> None:
    client.post(stop, data={"List-Unsubscribe": "One-Click", "do": "start"})

    assert not wants_mail(scene)


@pytest.mark.parametrize("token", ["x", "1-0000", "1-" + "0" * 40, "9" * 4000, "²-1"])
def test_a_made_up_token_stops_nothing(
    scene: Scene, client: FlaskClient, token: str
) -> None:
    answer = client.post(f"/mail/stop/{token}", data={"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 404
    with scene.changing() as (session, _):
        assert not session.scalars(select(Voter.no_mail).where(Voter.no_mail)).all()


def test_an_invitation_is_no_token_to_stop_with(scene: Scene, stop: str) -> None:
    with scene.changing() as (session, _):
        link = stop.removeprefix("/mail/stop/")
        assert notices.voter_by_stop_token(session, SECRET, link) is not None
        assert notices.voter_by_stop_token(session, SECRET + "!", link) is None


# ---------- the organiser


def test_invitations_are_sent_from_the_page(
    scene: Scene, visit: Visit, letters: Letters
) -> None:
    organiser = visit("organiser")
    assert "Send 3 invitations" in organiser.get(PAGE).text

    answer = post(organiser, PAGE, {"do": "invite"})
    scene.site.jobs.postman.deliver()

    assert answer.location == PAGE
    assert len(letters) == 3
    page = organiser.get(PAGE).text
    assert "Send 3 invitations" not in page
    assert page.count("badge-done") == 3
    assert "invited by mail" in organiser.get("/organise/acme/").text


def test_failures_stand_first_with_their_reason_and_can_be_tried_again(
    scene: Scene, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    organiser = visit("organiser")
    post(organiser, PAGE, {"do": "invite"})

    def refuse(_box: Mailbox, mail: Mail) -> None:
        if mail.to.startswith("bob"):
            raise MailError("550 No such <user>", for_good=True)

    with monkeypatch.context() as patched:
        patched.setattr(Mailbox, "message_of", refuse)
        patched.setattr("logovote.mail._print", lambda _message: None)
        scene.site.jobs.postman.deliver()

    page = organiser.get(PAGE).text
    rows = page.partition("<tbody>")[2].split("<tr>")[1:]
    assert "given up" in rows[0]
    assert "550 No such &lt;user&gt;" in rows[0]
    assert "bob@example.org" in rows[0]
    assert "1 mail did not leave" in organiser.get("/organise/acme/").text

    post(organiser, PAGE, {"do": "retry"})

    with scene.changing() as (session, _):
        states = session.scalars(select(Message.state)).all()
    assert states.count(MessageState.QUEUED) == 1


def test_what_goes_out_by_itself_is_switched(scene: Scene, visit: Visit) -> None:
    organiser = visit("organiser")

    post(organiser, PAGE, {"do": "switch", "on": ["reminder", "results"]})

    with scene.changing() as (_, acme):
        assert notices.switched_on(acme) == ["reminder", "results"]
    assert organiser.get(PAGE).text.count(" checked") == 2
    assert post(organiser, PAGE, {"do": "switch", "on": ["sign-in"]}).status_code == 400


@pytest.mark.parametrize("deed", ["", "dance", "again-999", "again-x"])
def test_an_unknown_deed_is_refused_in_words(
    scene: Scene, visit: Visit, deed: str
) -> None:
    answer = post(visit("organiser"), PAGE, {"do": deed})

    assert answer.status_code == 400


def test_a_site_without_a_mail_server_says_so(scene: Scene, visit: Visit) -> None:
    assert "This site has no mail server" in visit("organiser").get(PAGE).text


# ---------- receipts


def vote(client: FlaskClient) -> None:
    post(client, "/c/acme/shortlist/ballot", {"approve": "1"})


def test_a_voter_has_the_receipt_sent(
    shortlist: Scene, visit: Visit, letters: Letters
) -> None:
    ann = visit("Ann")
    vote(ann)

    answer = post(ann, "/c/acme/ballot/receipt", {"kind": "shortlist"})
    post(ann, "/c/acme/ballot/receipt", {"kind": "shortlist"})
    shortlist.site.jobs.postman.deliver()

    assert answer.location == "/c/acme/ballot"
    [letter] = letters.to("ann@example.org")
    code = ann.get("/c/acme/ballot").text.partition("<dd><code>")[2][:16]
    assert code in text_of(letter)
    assert path_in(letter, "/c/acme/audit")
    assert letter["List-Unsubscribe"] is None


def test_without_a_ballot_there_is_no_receipt_to_send(
    shortlist: Scene, visit: Visit
) -> None:
    ann = visit("Ann")
    assert "Send me the receipt" not in ann.get("/c/acme/ballot").text

    assert post(ann, "/c/acme/ballot/receipt", {"kind": "shortlist"}).status_code == 400


def test_a_voter_without_an_address_is_offered_no_receipt(
    shortlist: Scene, visit: Visit
) -> None:
    ann = visit("Ann")
    vote(ann)
    with shortlist.changing() as (session, acme):
        voter_named(session, acme, "Ann").person.email = None

    assert "Send me the receipt" not in ann.get("/c/acme/ballot").text
    assert post(ann, "/c/acme/ballot/receipt", {"kind": "shortlist"}).status_code == 400


def test_receipts_come_ten_times_an_hour_at_most(
    shortlist: Scene, visit: Visit
) -> None:
    ann = visit("Ann")
    vote(ann)
    answers = [
        post(ann, "/c/acme/ballot/receipt", {"kind": "shortlist"}).status_code
        for _ in range(11)
    ]

    assert answers == [303] * 10 + [429]


# ---------- uploads


def test_uploads_have_a_limit_too(
    scene: Scene, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    twice = {"import": (limits.Limit(2, timedelta(hours=1)),)}
    monkeypatch.setattr(limits, "LIMITS", twice)
    organiser = visit("organiser")
    answers = [
        post(
            organiser,
            "/organise/acme/designs/upload",
            {"files": (io.BytesIO(b"x"), "export.zip")},
        )
        for _ in range(3)
    ]

    assert [answer.status_code for answer in answers] == [303, 303, 429]
    assert int(answers[-1].headers["Retry-After"]) > 3500
    assert "Try again at <time" in answers[-1].text


def test_reminders_are_sent_from_the_page_and_say_when_the_next_leaves(
    scene: Scene, visit: Visit, letters: Letters
) -> None:
    organiser = visit("organiser")
    assert "remind-title" not in organiser.get(PAGE).text
    began = datetime.now(UTC)
    with scene.changing() as (session, acme):
        until = began + timedelta(days=6)
        rounds.open_round(session, acme, Kind.SHORTLIST, began, until=until)
    page = organiser.get(PAGE).text
    assert "Remind 3 people now" in page
    assert "If reminders are switched on above, the next leaves by itself on" in page

    assert post(organiser, PAGE, {"do": "remind"}).status_code == 303
    scene.site.jobs.postman.deliver()

    assert len(letters) == 3
    page = organiser.get(PAGE).text
    assert "Reminders left on" in page
    assert "Remind 3" not in page
    again = post(organiser, PAGE, {"do": "remind"})
    assert again.status_code == 400
    assert "Reminders left on" in again.text


def test_somebodys_messages_are_found_however_many_there_are(
    scene: Scene, visit: Visit, letters: Letters, monkeypatch: pytest.MonkeyPatch
) -> None:
    organiser = visit("organiser")
    post(organiser, PAGE, {"do": "invite"})
    scene.site.jobs.postman.deliver()
    monkeypatch.setattr("logovote.web.organise.mail._SHOWN", 1)
    assert "ann@example.org" not in organiser.get(PAGE).text

    page = organiser.get(f"{PAGE}?find=ANN@").text

    assert "ann@example.org" in page
    assert "bob@example.org" not in page
    assert "older ones" not in page
    assert (
        "Nothing was sent to anybody like that"
        in organiser.get(f"{PAGE}?find=zoe").text
    )
