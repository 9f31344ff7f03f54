"""Sign-in by mail: what a stranger, a scanner, a thief and a voter get."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text, update
from werkzeug.test import TestResponse

from logovote.contest import link_requests
from logovote.contest.link_requests import LIFETIME, WRONG_CODES
from logovote.store.models import LinkRequest, Message, SignIn
from tests.builders import token_in
from tests.letters import Letters, answer_all, code_in, path_in, text_of
from tests.web.conftest import Scene
from tests.web.pages import post

ANN = "ann@example.org"
Browser = Callable[[], FlaskClient]


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> Letters:
    letters = Letters()
    letters.catch(monkeypatch)
    return letters


@pytest.fixture
def browser(scene: Scene) -> Browser:
    return scene.site.app.test_client


def ask(client: FlaskClient, address: str = ANN) -> TestResponse:
    token = token_in(client.get("/sign-in").text)
    return client.post("/sign-in", data={"csrf_token": token, "email": address})


@pytest.fixture
def mailed(scene: Scene, letters: Letters) -> Callable[..., EmailMessage]:
    """Ask for a link in a browser and return the mail that comes."""

    def mailed_(client: FlaskClient, address: str = ANN) -> EmailMessage:
        assert ask(client, address).location == "/sign-in/sent"
        answer_all(scene.site.store, scene.site.jobs.postman)
        return letters.to(address)[-1]

    return mailed_


def press(client: FlaskClient, url: str) -> TestResponse:
    token = token_in(client.get("/sign-in").text)
    return client.post(url, data={"csrf_token": token})


def type_code(client: FlaskClient, code: str) -> TestResponse:
    token = token_in(client.get("/sign-in").text)
    return client.post("/sign-in/code", data={"csrf_token": token, "code": code})


def sessions(scene: Scene) -> int:
    with scene.site.store.database.read() as session:
        return session.scalar(select(func.count(SignIn.id))) or 0


def is_in(client: FlaskClient) -> bool:
    return "Sign out" in client.get("/").text


def age(scene: Scene, by: timedelta) -> None:
    """Let time pass over everything that was asked for."""
    with scene.changing() as (session, _):
        for request in session.scalars(select(LinkRequest)):
            request.created_at -= by


def test_the_link_signs_in_where_it_was_asked_for(
    scene: Scene, browser: Browser, mailed: Callable[..., EmailMessage]
) -> None:
    client = browser()
    link = path_in(mailed(client), "/m/")

    page = client.get(link)
    assert "Continue as Ann" in page.text
    answer = press(client, link)

    assert (answer.status_code, answer.location) == (303, "/c/acme/")
    assert is_in(client)


def test_who_was_signed_out_in_the_middle_goes_on_there(
    scene: Scene, browser: Browser, mailed: Callable[..., EmailMessage]
) -> None:
    client = browser()
    client.get("/c/acme/logo/2")

    assert press(client, path_in(mailed(client), "/m/")).location == "/c/acme/logo/2"


def test_the_code_signs_in_where_it_was_asked_for(
    scene: Scene, browser: Browser, mailed: Callable[..., EmailMessage]
) -> None:
    client = browser()
    code = code_in(mailed(client))

    answer = type_code(client, code.replace(" ", "-"))

    assert (answer.status_code, answer.location) == (303, "/c/acme/")
    assert is_in(client)


def test_a_scanner_gets_nothing_and_takes_nothing(
    scene: Scene, browser: Browser, mailed: Callable[..., EmailMessage]
) -> None:
    """It opens the link three times, asks for its head, and presses every button."""
    client, scanner = browser(), browser()
    link = path_in(mailed(client), "/m/")

    for method in ("GET", "GET", "GET", "HEAD", "OPTIONS"):
        assert scanner.open(link, method=method).status_code == 200
    assert press(scanner, link).status_code == 403

    assert sessions(scene) == 0
    assert not is_in(scanner)
    assert press(client, link).status_code == 303
    assert is_in(client)


def test_opened_elsewhere_the_link_only_shows_the_code(
    scene: Scene, browser: Browser, mailed: Callable[..., EmailMessage]
) -> None:
    client, phone = browser(), browser()
    letter = mailed(client)
    ask(phone, "bob@example.org")  # it asked, too, but not for this

    page = phone.get(path_in(letter, "/m/")).text

    assert code_in(letter) in page
    assert "Continue as" not in page
    assert "Give the code to nobody" in page


def test_a_code_is_worth_nothing_in_another_window_than_the_asking_one(
    scene: Scene, browser: Browser, mailed: Callable[..., EmailMessage]
) -> None:
    client, thief = browser(), browser()
    code = code_in(mailed(client))
    ask(thief)

    assert type_code(thief, code).status_code == 422
    assert type_code(browser(), code).location == "/sign-in"
    assert sessions(scene) == 0


@pytest.mark.parametrize("way", ["link", "code"])
def test_it_works_once(
    scene: Scene,
    browser: Browser,
    mailed: Callable[..., EmailMessage],
    way: str,
) -> None:
    client = browser()
    letter = mailed(client)
    link, code = path_in(letter, "/m/"), code_in(letter)
    assert (press(client, link) if way == "link" else type_code(client, code)).location

    again = client.get(link)

    assert again.status_code == 404
    assert "used up or too old" in again.text
    assert press(client, link).status_code == 404
    assert type_code(client, code).location == "/sign-in"
    assert sessions(scene) == 1


@pytest.mark.parametrize(
    ("passed", "works"),
    [(LIFETIME - timedelta(seconds=20), True), (LIFETIME, False)],
    ids=["in-time", "too-late"],
)
def test_it_works_ten_minutes(
    scene: Scene,
    browser: Browser,
    mailed: Callable[..., EmailMessage],
    passed: timedelta,
    works: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    client = browser()
    letter = mailed(client)
    age(scene, passed)

    if not works:
        assert type_code(client, code_in(letter)).status_code == 422
    assert press(client, path_in(letter, "/m/")).status_code == (303 if works else 404)
    assert is_in(client) is works


def test_five_wrong_codes_end_it(
    scene: Scene, browser: Browser, mailed: Callable[..., EmailMessage]
) -> None:
    client = browser()
    letter = mailed(client)
    right = code_in(letter).replace(" ", "")
    wrong = f"{(int(right) + 1) % 10**6:06}"

    for _ in range(WRONG_CODES):
        assert type_code(client, wrong).status_code == 422
    answer = type_code(client, right)

    assert answer.status_code == 422
    assert "Ask for a new mail" in answer.text
    assert press(client, path_in(letter, "/m/")).status_code == 404
    assert sessions(scene) == 0


def test_four_wrong_codes_leave_the_fifth_try(
    scene: Scene, browser: Browser, mailed: Callable[..., EmailMessage]
) -> None:
    client = browser()
    right = code_in(mailed(client))

    for wrong in ("", "12345", "x" * 5000, "1234567"):
        answer = type_code(client, wrong)
        assert "That is not the code" in answer.text

    assert type_code(client, right).status_code == 303


def test_wrong_codes_of_a_day_add_up_whoever_asks(
    scene: Scene, browser: Browser, mailed: Callable[..., EmailMessage]
) -> None:
    """Guessing through many requests, from many browsers, ends at twenty."""
    guesses = 0
    for _ in range(4):
        client = browser()
        ask(client)
        while type_code(client, "x").status_code == 422:
            guesses += 1
            if guesses % WRONG_CODES == 0:
                break
    client = browser()
    letter = mailed(client)

    refused = type_code(client, code_in(letter))

    assert guesses == 20
    assert refused.status_code == 429
    assert "The link works still" in refused.text
    assert int(refused.headers["Retry-After"]) > 80_000
    assert press(client, path_in(letter, "/m/")).status_code == 303


def test_asking_twice_leaves_the_first_mail_good(
    scene: Scene, browser: Browser, mailed: Callable[..., EmailMessage]
) -> None:
    client = browser()
    first, _second = mailed(client), mailed(client)

    assert press(client, path_in(first, "/m/")).status_code == 303


def test_whoever_gets_in_starts_a_session_of_their_own(
    scene: Scene, browser: Browser, mailed: Callable[..., EmailMessage]
) -> None:
    client = browser()
    letter = mailed(client)
    with client.session_transaction() as cookie:
        cookie["planted"] = "by an attacker"

    press(client, path_in(letter, "/m/"))

    with client.session_transaction() as cookie:
        assert not {"planted", "asked", "address", "back"} & set(cookie)


def test_nothing_that_signs_in_is_kept(
    scene: Scene, browser: Browser, mailed: Callable[..., EmailMessage]
) -> None:
    client = browser()
    letter = mailed(client)
    link, code = path_in(letter, "/m/"), code_in(letter)
    with client.session_transaction() as cookie:
        asked = cookie["asked"]

    with scene.site.store.database.read() as session:
        kept = [
            str(row)
            for table in ("link_request", "message", "attempt", "sign_in")
            for row in session.execute(text(f"SELECT * FROM {table}"))  # noqa: S608 - ours
        ]

    assert len(kept) >= 4
    for secret in (link.removeprefix("/m/"), code, code.replace(" ", ""), asked):
        assert not [row for row in kept if secret in row]


def test_the_token_has_256_bits(
    browser: Browser, mailed: Callable[..., EmailMessage]
) -> None:
    token = path_in(mailed(browser()), "/m/").removeprefix("/m/")

    assert len(token) == 43  # 32 bytes in base64


# ---------- nobody learns who is known here

STRANGER = "zoe@example.org"


def test_an_unknown_address_gets_no_mail(
    scene: Scene, browser: Browser, letters: Letters
) -> None:
    ask(browser(), STRANGER)
    answer_all(scene.site.store, scene.site.jobs.postman)

    assert letters == []


def test_known_and_unknown_addresses_get_the_same_answers(
    scene: Scene, browser: Browser
) -> None:
    """Everything that comes back: status, headers, page, wrong codes, too many."""

    def walk(address: str) -> list[tuple[int, list[str], str]]:
        client = browser()
        seen = []
        for _ in range(6):
            answer = ask(client, address)
            page = client.get("/sign-in/sent")
            wrong = type_code(client, "1")
            for each in (answer, page, wrong):
                headers = sorted(name for name, _ in each.headers)
                body = each.text.replace(address, "ADDRESS")
                token = token_in(body) if 'name="csrf_token"' in body else "none"
                body = re.sub("<time.*?</time>", "TIME", body.replace(token, "TOKEN"))
                body = body.replace(each.headers["X-Request-ID"], "NUMBER")
                seen.append((each.status_code, headers, body))
        return seen

    known, unknown = walk(ANN), walk(STRANGER)

    assert 429 in {status for status, _, _ in known}
    assert known == unknown


@pytest.mark.slow  # two hundred requests, for a median
def test_known_and_unknown_addresses_take_the_same_time(
    scene: Scene, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("logovote.contest.limits.LIMITS", dict.fromkeys(LIMITED, ()))
    client = browser()
    token = token_in(client.get("/sign-in").text)
    took: dict[str, list[float]] = {ANN: [], STRANGER: []}
    for number in range(200):
        address = (ANN, STRANGER)[number % 2]
        began = time.thread_time()
        client.post("/sign-in", data={"csrf_token": token, "email": address})
        took[address].append(time.thread_time() - began)

    known, unknown = (statistics.median(took[a]) for a in (ANN, STRANGER))

    # To look somebody up, or to write a letter, would be half as much again.
    assert max(known, unknown) < 1.5 * min(known, unknown)


LIMITED = ("link", "link-network", "code", "code-network")


def test_asking_looks_nobody_up(
    scene: Scene, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> None:
        raise AssertionError

    monkeypatch.setattr(link_requests, "addressee", fail)

    assert ask(browser()).status_code == 303


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ann",
        "ann@example",
        "a b@example.org",
        "ann@example.org\nBcc: all@example.org",
        "ann@example.org\r\nBcc: all@example.org",
        "ann\0@example.org",
        "Ann <ann@example.org>",
        "x" * 400 + "@example.org",
    ],
)
def test_what_is_no_address_is_refused_at_the_field(
    scene: Scene, browser: Browser, address: str
) -> None:
    answer = ask(browser(), address)

    assert answer.status_code == 422
    assert 'id="email-error"' in answer.text
    with scene.site.store.database.read() as session:
        assert session.scalar(select(func.count(LinkRequest.id))) == 0


def test_an_address_is_found_however_it_is_typed(
    browser: Browser, mailed: Callable[..., EmailMessage], letters: Letters
) -> None:
    ask(browser(), "  Ann@Example.ORG ")
    mailed(browser())

    assert len(letters.to(ANN)) == 2


# ---------- not too often


def test_the_sixth_mail_within_a_quarter_of_an_hour_must_wait(
    scene: Scene, browser: Browser
) -> None:
    client = browser()
    for _ in range(5):
        assert ask(client).status_code == 303

    refused = ask(client)

    assert refused.status_code == 429
    assert 800 < int(refused.headers["Retry-After"]) <= 900
    assert "Try again at <time" in refused.text
    assert ask(client, "bob@example.org").status_code == 303


def test_an_office_of_sixty_behind_one_address_gets_in(
    scene: Scene, browser: Browser
) -> None:
    client = browser()
    token = token_in(client.get("/sign-in").text)
    answers = [
        client.post(
            "/sign-in", data={"csrf_token": token, "email": f"p{n}@example.org"}
        ).status_code
        for n in range(60)
        for _ in range(2)
    ]

    assert set(answers) == {303}


# ---------- where one comes from

EVIL = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "/%09/evil.example",
    "/%2f%2fevil.example",
    "/%5cevil.example",
    "https://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "http:///evil.example",
    "HTTPS://evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "ftp://evil.example",
    "evil.example",
    "@evil.example",
    "/@evil.example",
    "//localhost@evil.example",
    "https://localhost@evil.example",
    "https://localhost.evil.example",
    "//evil.example/c/acme/",
    "//evil.example\\@localhost",
    "/.evil.example",
    "/..//evil.example",
    "/c/acme/..//evil.example",
    "/c/acme/../../evil.example",
    "/c/acme\\..\\evil",
    " //evil.example",
    "\t//evil.example",
    "\0//evil.example",
    "/\0/evil.example",
    "/ /evil.example",
    "//%0d%0aevil.example",
    "/%0d%0aLocation:%20//evil.example",
    "/\r\nLocation: //evil.example",
    "/\r\nSet-Cookie: a=b",
    "//evil%E3%80%82example",
    "//evil\u3002example",
    "/\uff0fevil.example",
    "\uff0f\uff0fevil.example",
    "//[::1]/",
    "//2130706433/",
    "//0x7f000001/",
    "/;//evil.example",
    "/?next=//evil.example",
    "/#//evil.example",
    "?//evil.example",
    "#//evil.example",
    ";//evil.example",
    "/\x7f/evil.example",
    "/\x1f/evil.example",
    "//\u2028evil.example",
    "//\ufeffevil.example",
    "https://evil.example/c/acme/logo/2",
]


@pytest.mark.parametrize("way", ["cookie", "query", "visited"])
def test_signing_in_leads_nowhere_but_to_this_site(
    scene: Scene, browser: Browser, mailed: Callable[..., EmailMessage], way: str
) -> None:
    assert len(EVIL) == 60
    for payload in EVIL:
        client = browser()
        with scene.changing() as (session, _):
            session.execute(text("DELETE FROM attempt"))
        if way == "cookie":
            with client.session_transaction() as cookie:
                cookie["back"] = payload
        elif way == "query":
            client.get("/sign-in", query_string={"next": payload})
        elif payload.startswith("/"):
            client.get("/c/acme/shortlist", query_string={"show": payload})
            path = payload.encode().decode("latin1")
            client.get("/", environ_overrides={"PATH_INFO": path})
        location = press(client, path_in(mailed(client), "/m/")).headers["Location"]
        assert location.startswith("/"), payload
        assert not location.startswith(("//", "/\\", "/\t")), payload
        assert "\r" not in location
        assert "\n" not in location


# ---------- signing out


def test_signing_out_everywhere_kills_every_cookie(
    scene: Scene, browser: Browser, mailed: Callable[..., EmailMessage]
) -> None:
    laptop, phone = browser(), browser()
    for client in (laptop, phone):
        press(client, path_in(mailed(client), "/m/"))
    page = laptop.get("/account").text
    assert page.count("Since <time") == 2

    answer = post(laptop, "/sign-out/everywhere")

    assert answer.location == "/"
    assert not is_in(laptop)
    assert not is_in(phone)


def test_old_requests_and_their_messages_are_forgotten(
    scene: Scene, browser: Browser, mailed: Callable[..., EmailMessage]
) -> None:
    mailed(browser())
    week = datetime.now(UTC) - timedelta(days=8)
    with scene.changing() as (session, _):
        session.execute(update(LinkRequest).values(created_at=week))
        session.execute(update(Message).values(created_at=week))

    ask(browser(), "bob@example.org")

    with scene.site.store.database.read() as session:
        assert session.scalars(select(LinkRequest.email)).all() == ["bob@example.org"]
        assert session.scalars(select(Message.id)).all() == []


def test_the_mail_says_until_when_and_names_no_contest(
    browser: Browser, mailed: Callable[..., EmailMessage]
) -> None:
    letter = mailed(browser())

    assert "UTC" in text_of(letter)
    assert "Acme" not in text_of(letter)
    assert letter["List-Unsubscribe"] is None
    assert "/m/" not in str(letter["Subject"])
