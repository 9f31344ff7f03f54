from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from logovote.contest import events, organisers, signing_in
from logovote.contest.contests import new_contest
from logovote.contest.organisers import OrganiserError
from logovote.contest.standing import RoleError, Standing, standing_of
from logovote.store.models import Contest, Role
from tests.builders import make_contest

OLGA, RITA = "olga@example.org", "rita@example.org"


@pytest.fixture
def acme(session: Session, now: datetime) -> Contest:
    return make_contest(session, now, designs=[1], voters={"core": ["Ann"]})


def roles(session: Session, contest: Contest) -> dict[str, str]:
    found = organisers.organisers(session, contest)
    return {each.person.key: each.role.value for each in found}


def test_whoever_starts_a_contest_owns_it(session: Session, now: datetime) -> None:
    keeper = signing_in.keeper(session)

    made = new_contest(session, "more", title="More", owner=keeper, now=now)

    assert roles(session, made) == {keeper.key: "owner"}


def test_somebody_is_named_by_address_and_signs_in_with_it(
    session: Session, acme: Contest, now: datetime
) -> None:
    named = organisers.name(session, acme, " Olga@Example.org", Role.OWNER, now=now)

    token = signing_in.begin_session(session, named.person, now)
    found = signing_in.signed_in(session, token, now)
    assert found == (named.person, Standing(roles={"acme": Role.OWNER}))
    assert named.person.email == OLGA
    assert standing_of(session, named.person) == found[1]


def test_a_voter_who_is_named_stays_one_person(
    session: Session, acme: Contest, now: datetime
) -> None:
    named = organisers.name(session, acme, "ann@example.org", Role.OBSERVER, now=now)

    assert named.person.name == "Ann"


def test_a_github_login_is_as_good(
    session: Session, acme: Contest, now: datetime
) -> None:
    named = organisers.name(session, acme, "@Octo-Cat", Role.ORGANISER, now=now)

    assert (named.person.key, named.person.github) == ("github:octo-cat", "octo-cat")


@pytest.mark.parametrize("who", ["", "a b", "a@b", "two@@example.org", "x" * 400])
def test_what_is_neither_is_refused_in_words(
    session: Session, acme: Contest, now: datetime, who: str
) -> None:
    with pytest.raises(OrganiserError, match="neither an e-mail address nor a GitHub"):
        organisers.name(session, acme, who, Role.OWNER, now=now)


def test_an_owner_hands_over_but_the_last_one_stays(
    session: Session, acme: Contest, now: datetime
) -> None:
    organisers.name(session, acme, OLGA, Role.OWNER, now=now)
    organisers.name(session, acme, RITA, Role.ORGANISER, now=now)
    for deed in (
        lambda: organisers.remove(session, acme, OLGA, now=now),
        lambda: organisers.name(session, acme, OLGA, Role.OBSERVER, now=now),
    ):
        with pytest.raises(OrganiserError, match="Name another owner first"):
            deed()

    organisers.name(session, acme, RITA, Role.OWNER, now=now)
    organisers.remove(session, acme, OLGA, now=now)

    assert roles(session, acme) == {RITA: "owner"}


def test_who_has_no_role_cannot_lose_it(
    session: Session, acme: Contest, now: datetime
) -> None:
    with pytest.raises(OrganiserError, match="Nobody here is known"):
        organisers.remove(session, acme, OLGA, now=now)
    with pytest.raises(OrganiserError, match="does not help to run"):
        organisers.remove(session, acme, "ann@example.org", now=now)


def test_the_log_says_what_was_changed_and_not_who(
    session: Session, acme: Contest, now: datetime
) -> None:
    before = len(events.chain(session, acme.id))
    organisers.name(session, acme, OLGA, Role.OWNER, now=now, actor="cli")
    organisers.name(session, acme, RITA, Role.OBSERVER, now=now)
    organisers.name(
        session, acme, RITA, Role.OBSERVER, now=now
    )  # which changes nothing
    organisers.remove(session, acme, RITA, now=now)

    told = events.chain(session, acme.id)[before:]

    assert [event["payload"] for event in told] == [
        {"deed": deed, "role": role, "owners": 1, "organisers": 0, "observers": left}
        for deed, role, left in [
            ("named", "owner", 0),
            ("named", "observer", 1),
            ("removed", "observer", 0),
        ]
    ]
    assert "example.org" not in json.dumps(told)


REACH: list[tuple[Standing, Any, Any, bool]] = [
    (Standing(), None, None, False),
    (Standing(keeper=True), Role.OWNER, Role.OWNER, True),
    (Standing(roles={"acme": Role.OWNER}), Role.OWNER, Role.OWNER, True),
    (Standing(roles={"acme": Role.ORGANISER}), Role.ORGANISER, Role.ORGANISER, False),
    (Standing(roles={"acme": Role.OBSERVER}), Role.OBSERVER, Role.OBSERVER, False),
    (Standing(roles={"other": Role.OWNER}), None, None, True),
]


@pytest.mark.parametrize(("standing", "role", "furthest", "may_start"), REACH)
def test_a_role_reaches_as_far_as_it_says_and_in_its_contest_only(
    standing: Standing, role: Role | None, furthest: Role | None, *, may_start: bool
) -> None:
    order = [Role.OBSERVER, Role.ORGANISER, Role.OWNER]
    reached = [each for each in order if standing.reaches("acme", each)]

    assert standing.role_in("acme") is role
    assert reached == (order[: order.index(furthest) + 1] if furthest else [])
    assert standing.may_start is may_start
    assert standing.organises is (standing != Standing())


def test_a_refusal_says_whom_to_ask() -> None:
    for role in (Role.ORGANISER, Role.OWNER):
        assert "sk " in str(RoleError(role))
