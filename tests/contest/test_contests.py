from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from logovote.contest.contests import ContestError, contest_by_slug, new_contest


def test_a_contest_is_found_by_its_short_name(session: Session, now: datetime) -> None:
    made = new_contest(session, "acme-2026", title="  Acme ", now=now)

    assert contest_by_slug(session, "acme-2026") is made
    assert made.title == "Acme"
    assert made.status_quo == "None of these"


@pytest.mark.parametrize(
    "slug",
    ["", "Acme", "a b", "-acme", "acme-", "a--b", "../acme", "acmé", "a" * 61, "a\n"],
)
def test_a_short_name_that_makes_no_address_is_refused(
    session: Session, now: datetime, slug: str
) -> None:
    with pytest.raises(ContestError, match="small letters, digits"):
        new_contest(session, slug, title="Acme", now=now)


def test_a_short_name_is_taken_once(session: Session, now: datetime) -> None:
    new_contest(session, "acme", title="Acme", now=now)

    with pytest.raises(ContestError, match="already"):
        new_contest(session, "acme", title="Another", now=now)


def test_a_contest_needs_a_title(session: Session, now: datetime) -> None:
    with pytest.raises(ContestError, match="needs a title"):
        new_contest(session, "acme", title=" ", now=now)


@pytest.mark.parametrize("field", ["title", "status_quo"])
def test_a_text_that_is_too_long_is_refused_at_its_field(
    session: Session, now: datetime, field: str
) -> None:
    longest: dict[str, Any] = {"title": "Acme", field: "é" * 200}
    new_contest(session, "acme", now=now, **longest)

    with pytest.raises(ContestError, match="too long") as refused:
        new_contest(session, "more", now=now, **{**longest, field: "é" * 201})

    assert refused.value.field == field


def test_an_unknown_contest_is_named_in_the_refusal(session: Session) -> None:
    with pytest.raises(ContestError, match="nowhere"):
        contest_by_slug(session, "nowhere")
