"""Accounts elsewhere, against a local stand-in: GitHub's endpoints, and an OpenID's."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import OctKey, RSAKey
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from logovote.app import create_app
from logovote.contest import identities, people
from logovote.contest.contests import contest_by_slug
from logovote.contest.identities import Account
from logovote.settings import Settings, SettingsError
from logovote.store.models import Identity, Person, SignIn, Voter
from logovote.store.store import Store
from tests.provider import KEY, Provider


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider().served() as provider:
        yield provider


@pytest.fixture
def fresh(provider: Provider) -> Provider:
    """The provider as it was; Ann is known by her login alone."""
    provider.__dict__.update(replace(Provider(), url=provider.url).__dict__)
    return provider


@pytest.fixture
def app(settings: Settings, fresh: Provider) -> Iterator[Flask]:
    app = create_app(
        replace(
            settings,
            github_client_id="us",
            github_client_secret="ours",
            github_url=fresh.url,
            github_api_url=f"{fresh.url}/api/v3",
            openid_client_id="us",
            openid_client_secret="ours",
            openid_issuer=fresh.url,
            openid_name="Club",
        )
    )
    app.testing = True
    yield app
    app.extensions["logovote"].jobs.stop()
    app.extensions["logovote"].store.database.dispose()


@pytest.fixture
def store(app: Flask) -> Store:
    found = app.extensions["logovote"].store
    assert isinstance(found, Store)
    return found


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def listed(store: Store, rows: bytes) -> None:
    """Let the organiser add people."""
    with store.database.write() as session:
        acme = contest_by_slug(session, "acme")
        reports = people.import_people(session, acme, people.read_people(rows))
        assert {report.status for report in reports} <= {"new", "changed", "same"}
        session.commit()


def go(client: FlaskClient, provider: Provider, name: str = "github") -> TestResponse:
    """Leave for the provider and come back."""
    leaving = client.get(f"/sign-in/with/{name}")
    assert leaving.status_code == 302
    return client.get(provider.consent(leaving))


def who(client: FlaskClient) -> str:
    page = client.get("/account").text
    return page.partition("E-mail address</dt><dd>")[2].partition("<")[0]


def count(store: Store, table: type) -> int:
    with store.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


ANN_BY_LOGIN = b"email,name,group,github\nann@example.org,Ann,core,ann"


def test_the_sign_in_page_offers_what_is_configured(client: FlaskClient) -> None:
    page = client.get("/sign-in").text

    assert 'href="/sign-in/with/github">Continue with GitHub' in page
    assert 'href="/sign-in/with/openid">Continue with Club' in page


def test_a_listed_login_signs_in_and_is_known_by_its_number_from_then_on(
    client: FlaskClient, fresh: Provider, store: Store
) -> None:
    listed(store, ANN_BY_LOGIN)

    answer = go(client, fresh)

    assert (answer.status_code, answer.location) == (303, "/c/acme/")
    assert who(client) == "ann@example.org"
    with store.database.read() as session:
        identity = session.scalars(select(Identity)).one()
        assert (identity.issuer, identity.subject) == ("github", "583231")
    # She takes another login; somebody else takes hers.
    fresh.user = {"id": 583231, "login": "ann-renamed"}
    assert go(client, fresh).status_code == 303
    fresh.user = {"id": 999, "login": "Ann"}
    refused = go(client, fresh)
    assert refused.status_code == 403
    assert "Another account than this" in refused.text


def test_it_goes_on_where_one_was(
    client: FlaskClient, fresh: Provider, store: Store
) -> None:
    listed(store, ANN_BY_LOGIN)
    client.get("/c/acme/logo/2")

    assert go(client, fresh).location == "/c/acme/logo/2"


def test_an_address_that_github_checked_joins_the_same_person(
    client: FlaskClient, fresh: Provider, store: Store
) -> None:
    """A private address, which only /user/emails tells; one person, one ballot."""
    fresh.emails = [
        {"email": "other@example.org", "verified": True, "primary": True},
        {"email": "Ann@example.org", "verified": True, "primary": False},
    ]
    before = count(store, Voter)

    assert go(client, fresh).status_code == 303

    assert who(client) == "ann@example.org"
    assert count(store, Voter) == before


def test_an_address_that_nobody_checked_joins_nobody(
    client: FlaskClient, fresh: Provider, store: Store
) -> None:
    fresh.emails = [{"email": "ann@example.org", "verified": False, "primary": True}]

    refused = go(client, fresh)

    assert refused.status_code == 403
    assert "Nobody on the list of voters is known by the account “Ann”" in refused.text
    assert (count(store, SignIn), count(store, Identity)) == (0, 0)


def test_an_account_that_fits_two_people_is_refused(
    client: FlaskClient, fresh: Provider, store: Store
) -> None:
    listed(store, b"github,group\nann,core")
    fresh.emails = [{"email": "bob@example.org", "verified": True}]

    refused = go(client, fresh)

    assert refused.status_code == 403
    assert "fits two people" in refused.text
    assert count(store, SignIn) == 0


def test_the_members_of_an_organisation_vote_by_their_numbers(
    client: FlaskClient, fresh: Provider, store: Store
) -> None:
    members = [{"login": "old-name", "id": 583231}, {"login": "zed", "id": 7}]
    listed(store, json.dumps(members).encode())

    assert go(client, fresh).status_code == 303

    with store.database.read() as session:
        person = session.scalars(select(Person).join(SignIn)).one()
        assert person.github == "old-name"


# ---------- states


def test_a_state_of_another_browser_signs_nobody_in(
    client: FlaskClient, app: Flask, fresh: Provider, store: Store
) -> None:
    listed(store, ANN_BY_LOGIN)
    victim = app.test_client()
    back = fresh.consent(client.get("/sign-in/with/github"))

    for other in (victim, app.test_client()):
        refused = other.get(back)
        assert refused.status_code == 403
        assert "begun in another browser" in refused.text
    assert count(store, SignIn) == 0


def test_a_state_works_once(client: FlaskClient, fresh: Provider, store: Store) -> None:
    listed(store, ANN_BY_LOGIN)
    back = fresh.consent(client.get("/sign-in/with/github"))
    assert client.get(back).status_code == 303
    client.delete_cookie("logovote")

    again = client.get(back)

    assert again.status_code == 403
    assert "was used already" in again.text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "begun in another browser"),
        ("?code=x", "begun in another browser"),
        ("?code=x&state=y", "begun in another browser"),
        ("?error=access_denied&state=y", "declined there"),
        ("?state=" + "y" * 5000, "begun in another browser"),
    ],
)
@pytest.mark.parametrize("name", ["github", "openid"])
def test_coming_back_without_having_left_is_refused_in_words(
    client: FlaskClient, name: str, query: str, words: str
) -> None:
    refused = client.get(f"/sign-in/with/{name}/back{query}")

    assert refused.status_code == 403
    assert words in refused.text


def test_an_address_writes_no_line_of_its_own_into_the_log(
    client: FlaskClient, fresh: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    back = fresh.consent(client.get("/sign-in/with/github"))
    state = parse_qsl(urlsplit(back).query)[1][1]
    caplog.clear()

    client.get(f"/sign-in/with/github/back?state={state}&error=x%0AERROR%20made%20up")

    (record,) = caplog.records
    assert "made up" in record.getMessage()
    assert "\n" not in record.getMessage()


def test_a_provider_in_trouble_is_said_in_words(
    client: FlaskClient, fresh: Provider, store: Store
) -> None:
    listed(store, ANN_BY_LOGIN)
    back = fresh.consent(client.get("/sign-in/with/github"))
    fresh.broken = True

    refused = client.get(back)

    assert refused.status_code == 403
    assert "could not say who you are" in refused.text
    assert count(store, SignIn) == 0


# ---------- OpenID


def test_an_openid_with_a_checked_address_signs_in(
    client: FlaskClient, fresh: Provider, store: Store
) -> None:
    fresh.claims = {"email": "bob@example.org", "email_verified": True, "name": "Bob"}

    assert go(client, fresh, "openid").status_code == 303

    assert who(client) == "bob@example.org"
    with store.database.read() as session:
        identity = session.scalars(select(Identity)).one()
        assert (identity.issuer, identity.subject) == (fresh.url, "sub-1")
    # From then on by the number alone, whatever the address.
    fresh.claims = {"email": "cleo@example.org", "email_verified": True}
    assert go(client, fresh, "openid").status_code == 303
    assert who(client) == "bob@example.org"


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"email_verified": False}, id="unchecked"),
        pytest.param({}, id="nothing-said"),
        pytest.param({"email_verified": "true"}, id="only-words"),
        pytest.param({"email_verified": True, "nonce": "x"}, id="other-nonce"),
        pytest.param({"email_verified": True, "aud": "them"}, id="other-site"),
        pytest.param({"email_verified": True, "iss": "https://x"}, id="other-issuer"),
        pytest.param({"email_verified": True, "exp": 1}, id="too-old"),
    ],
)
def test_what_an_openid_cannot_vouch_for_is_refused(
    client: FlaskClient, fresh: Provider, store: Store, claims: dict[str, Any]
) -> None:
    fresh.claims = {"email": "bob@example.org"} | claims

    assert go(client, fresh, "openid").status_code == 403

    assert count(store, SignIn) == 0


def test_a_provider_that_calls_itself_another_is_not_gone_to(
    client: FlaskClient, fresh: Provider, store: Store
) -> None:
    fresh.calls_itself = "https://elsewhere.example"

    refused = client.get("/sign-in/with/openid")

    assert refused.status_code == 403
    assert "another name" in refused.text
    assert "Location" not in refused.headers


def test_a_token_that_somebody_else_signed_is_refused(
    client: FlaskClient, fresh: Provider, store: Store
) -> None:
    fresh.claims = {"email": "bob@example.org", "email_verified": True}
    fresh.key = RSAKey.generate_key(2048, {"kid": "one"})

    assert go(client, fresh, "openid").status_code == 403

    assert count(store, SignIn) == 0


@pytest.mark.filterwarnings("ignore:.*algorithm:UserWarning")
@pytest.mark.parametrize(
    ("algorithm", "key"),
    [("none", KEY), ("HS256", OctKey.import_key(b"x" * 32, {"kid": "one"}))],
)
def test_a_token_that_proves_nothing_is_refused_though_the_provider_offers_it(
    client: FlaskClient, fresh: Provider, store: Store, algorithm: str, key: Any
) -> None:
    fresh.claims = {"email": "bob@example.org", "email_verified": True}
    fresh.algorithms, fresh.key, fresh.keys = [algorithm, "RS256"], key, [key]

    assert go(client, fresh, "openid").status_code == 403

    assert count(store, SignIn) == 0


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_cannot_sign_anybody_in(
    client: FlaskClient, fresh: Provider, site: str
) -> None:
    """A provider that knows the visitor asks nothing: they would just be in."""
    answer = client.get("/sign-in/with/github", headers={"Sec-Fetch-Site": site})

    assert answer.location == "/sign-in"
    for ours in ({"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {}):
        left = client.get("/sign-in/with/github", headers=ours)
        assert left.headers["Location"].startswith(f"{fresh.url}/login/oauth/")


def test_the_number_of_one_provider_is_not_that_of_another(store: Store) -> None:
    with store.database.write() as session:
        ann = session.scalars(select(Person).where(Person.name == "Ann")).one()
        identities.join(session, ann, Account("github", "1", "ann"))
        with pytest.raises(identities.IdentityError):
            identities.person_of(session, Account("https://x.example", "1", "ann"))


def test_without_its_packages_the_site_says_what_to_install(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "authlib.integrations.flask_client", None)
    github = replace(settings, github_client_id="us", github_client_secret="ours")

    with pytest.raises(SettingsError, match=r"pip install 'logovote\[oauth\]'"):
        create_app(github)
