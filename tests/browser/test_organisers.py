"""Every page of an organiser, in every state it has: for everybody, on any screen."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from logovote.contest import (
    counting,
    deciding,
    families,
    feedback,
    intake,
    joining,
    notices,
    organisers,
    people,
    quarantine,
    recusing,
    rounds,
    signing_in,
    withdrawing,
)
from logovote.contest.contests import contest_by_slug
from logovote.contest.feedback import Given
from logovote.imaging.worker import Fence
from logovote.ingest.reading import read_entries
from logovote.settings import Settings
from logovote.store import queries
from logovote.store.models import (
    Contest,
    JobState,
    Kind,
    Person,
    Role,
    Round,
)
from logovote.store.store import Store
from tests.builders import add_import, cast, folder_of, make_contest, png, voter_named
from tests.conftest import Site

CORE = ["Ann", "Bo", "Cleo"]
CROWD = [f"Guest{n}" for n in range(8)]

PAGES = {
    "index": "/organise/",
    "new": "/organise/new",
    "account": "/account",
    "empty": "/organise/empty/",
    "empty-details": "/organise/empty/details",
    "empty-dates": "/organise/empty/dates",
    "empty-counting": "/organise/empty/counting",
    "empty-pictures": "/organise/empty/pictures",
    "empty-designs": "/organise/empty/designs",
    "empty-families": "/organise/empty/families",
    "empty-people": "/organise/empty/people",
    "empty-mail": "/organise/empty/mail",
    "empty-organisers": "/organise/empty/organisers",
    "empty-round": "/organise/empty/rounds/shortlist",
    "ready": "/organise/ready/",
    "ready-designs": "/organise/ready/designs",
    "ready-import": "/organise/ready/designs/imports/1",
    "ready-families": "/organise/ready/families",
    "ready-near": "/organise/ready/families?near=3",
    "ready-people": "/organise/ready/people",
    "ready-mail": "/organise/ready/mail",
    "ready-counting": "/organise/ready/counting",
    "ready-shortlist": "/organise/ready/rounds/shortlist",
    "ready-ranking": "/organise/ready/rounds/ranking",
    "open": "/organise/open/",
    "open-round": "/organise/open/rounds/shortlist",
    "open-design": "/organise/open/designs/1",
    "open-withdrawn": "/organise/open/designs/6",
    "open-families": "/organise/open/families",
    "open-people": "/organise/open/people",
    "open-mail": "/organise/open/mail",
    "paused-round": "/organise/paused/rounds/shortlist",
    "closed": "/organise/closed/",
    "closed-round": "/organise/closed/rounds/shortlist",
    "closed-review": "/organise/closed/rounds/shortlist/review",
    "counted": "/organise/counted/",
    "counted-round": "/organise/counted/rounds/shortlist",
    "counted-feedback": "/organise/counted/feedback",
    "counted-handoff": "/organise/counted/handoff",
    "published": "/organise/published/",
    "published-round": "/organise/published/rounds/ranking",
    "published-handoff": "/organise/published/handoff",
    "published-record": "/organise/published/decision.html",
}
OBSERVED = {
    "observed": "/organise/open/",
    "observed-index": "/organise/",
    "observed-round": "/organise/open/rounds/shortlist",
    "observed-people": "/organise/open/people",
    "observed-families": "/organise/open/families",
    "observed-organisers": "/organise/open/organisers",
}


@dataclass(frozen=True)
class Staged:
    """A folder with a contest for each state, and the ways in."""

    folder: Path
    keeper: str
    observer: str


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory, fence: Fence) -> Staged:
    folder = tmp_path_factory.mktemp("organised")
    store = Store.open(f"sqlite:///{folder / 'logovote.sqlite'}", folder / "files")
    now = datetime.now(UTC) - timedelta(days=6)
    export = folder_of(folder / "export", {f"#{n}.png": png(n) for n in range(1, 9)})
    report = ""
    for slug, play in PLAYS.items():
        with store.database.write() as session:
            voters = {"core": CORE, "crowd": CROWD} if play else {}
            contest_id = make_contest(session, now, slug=slug, voters=voters).id
            session.commit()
        if play is None:
            continue
        with read_entries(export) as reading:
            told = intake.import_designs(store, contest_id, reading, fence, now=now)
            report = report or json.dumps(told.as_json())
        with store.database.write() as session:
            play(session, session.get_one(Contest, contest_id), now)
            session.commit()
    with store.database.write() as session:
        bo = voter_named(session, contest_by_slug(session, "open"), "Bo")
        bo.person.email = "not an address"
        ready, running = (contest_by_slug(session, slug) for slug in ("ready", "open"))
        add_import(session, ready, JobState.DONE, now, report)
        vera = organisers.name(
            session, running, "vera@x.example", Role.OBSERVER, now=now
        )
        organisers.name(session, running, "olga@x.example", Role.OWNER, now=now)
        links = [
            signing_in.new_organiser_link(
                session, datetime.now(UTC), once=False, person=person
            )
            for person in (None, vera.person)
        ]
        session.commit()
    store.database.dispose()
    return Staged(folder, *(f"/o/{link}" for link in links))


@pytest.fixture
def settings(staged: Staged, settings: Settings) -> Settings:
    """Settings of a site with these contests, copied for each test."""
    shutil.copytree(staged.folder, settings.data, dirs_exist_ok=True)
    return settings


def _ready(session: Session, contest: Contest, now: datetime) -> None:
    families.merge(session, contest, [1, 2])
    people.set_shares(
        session, contest, {"core": Fraction(3, 5)}, {"core": "They built it"}
    )
    joining.set_terms(
        session, contest, joining.Terms(open=True, domains=("a.example",))
    )
    zoe = Person(key="zoe@x.example", email="zoe@x.example", name="Zoe")
    session.add(zoe)
    session.flush()
    joining.ask(session, contest, zoe, now, note="I drew the old one", actor="system")


def _open(session: Session, contest: Contest, now: datetime) -> None:
    families.merge(session, contest, [1, 2])
    recusing.recuse(session, contest, "cleo@example.org", "6", now=now)
    end = now + timedelta(days=9)
    round_ = rounds.open_round(session, contest, Kind.SHORTLIST, now, until=end)
    notices.invite(session, contest, now)
    cast(session, round_, "Ann", ["f1", "f3"], now)
    withdrawing.withdraw(
        session, contest, 6, "a trade mark stands against it", who="Olga", now=now
    )


def _paused(session: Session, contest: Contest, now: datetime) -> None:
    _open(session, contest, now)
    rounds.pause_round(session, rounds.latest(session, contest, Kind.SHORTLIST), now)


def _voted(session: Session, contest: Contest, now: datetime) -> Round:
    """Let the core vote over days, and the crowd alike within minutes."""
    round_ = rounds.open_round(session, contest, Kind.SHORTLIST, now, seats=4)
    for n, name in enumerate(CORE):
        at = now + timedelta(hours=9 * n)
        cast(session, round_, name, [f"f{1 + n}", f"f{2 + n}"], at)
    for n, name in enumerate(CROWD):
        at = now + timedelta(days=4, seconds=20 * n)
        cast(session, round_, name, ["f2", "f5", "f7"], at)
    bo = voter_named(session, contest, "Bo")
    for entry, note in ((2, "Bolder, please"), (5, "Looks like that of the club")):
        design = queries.submission(session, contest.id, entry)
        assert design is not None
        said = Given(frozenset({"simple", "too-alike"}), note, shared=True)
        feedback.give(session, round_, bo, design, said, now=now)
    return round_


def _closed(session: Session, contest: Contest, now: datetime) -> None:
    round_ = _voted(session, contest, now)
    rounds.close_round(session, round_, now + timedelta(days=5))
    ballots = queries.voter_ballots(session, round_.id, range(1000))
    quarantine.set_aside(
        session, round_, [ballots[0].id], "One person under two addresses."
    )


def _counted(session: Session, contest: Contest, now: datetime) -> None:
    round_ = _voted(session, contest, now)
    rounds.close_round(session, round_, now + timedelta(days=5))
    counting.count_round(session, round_)
    deciding.decide(session, contest, round_, [2], "", now=now)


def _published(session: Session, contest: Contest, now: datetime) -> None:
    _counted(session, contest, now)
    rounds.publish_round(session, rounds.latest(session, contest, Kind.SHORTLIST))
    ranking = rounds.open_round(session, contest, Kind.RANKING, now)
    for name in (*CORE, *CROWD[:3]):
        cast(session, ranking, name, [["2"], ["5", "7"], ["none"]], now)
    rounds.close_round(session, ranking, now)
    counting.count_round(session, ranking)
    rounds.publish_round(session, ranking)
    deciding.decide(session, contest, ranking, [5], "The club says no to 2.", now=now)
    deciding.publish(session, contest, ranking, now=now)


PLAYS: dict[str, Callable[[Session, Contest, datetime], object] | None] = {
    "empty": None,
    "ready": _ready,
    "open": _open,
    "paused": _paused,
    "closed": _closed,
    "counted": _counted,
    "published": _published,
}


def enter(page: Page, link: str) -> None:
    page.goto(link)
    page.get_by_role("button", name="Continue").click()


def faults(page: Page, name: str) -> list[str]:
    """What axe finds, with all folds open, and what lies beyond the edge."""
    page.evaluate("document.querySelectorAll('details').forEach(it => it.open = true)")
    size = page.viewport_size
    assert size
    if folder := os.environ.get("LOGOVOTE_PICTURES"):
        path = Path(folder) / f"{name}-{size['width']}.png"
        page.screenshot(path=path, full_page=True)
    found = Axe().run(page)
    told = [f"{name}: {found.generate_report()}"] if found.violations_count else []
    page.set_viewport_size({"width": min(size["width"], 320), "height": 900})
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if wide > 0:
        told.append(f"{name} is {wide} px too wide")
    page.set_viewport_size(size)
    return told


@pytest.mark.parametrize(("device", "scheme"), [("phone", "dark"), ("laptop", "light")])
def test_every_page_of_an_organiser_is_for_everybody(
    staged: Staged, new_page: Callable[..., Page], site: Site, device: str, scheme: str
) -> None:
    site.jobs.postman.deliver()  # so that mails went out, and one did not
    keeper = new_page(device, color_scheme=scheme)
    enter(keeper, staged.keeper)
    told = []
    for name, path in PAGES.items():
        answer = keeper.goto(path)
        assert answer is not None
        assert answer.ok, f"{name}: {answer.status}"
        told += faults(keeper, name)
    keeper.goto("/organise/open/rounds/shortlist")
    keeper.get_by_role("button", name="Close and count").click()
    expect(keeper.get_by_role("link", name="Leave it open")).to_be_visible()
    told += faults(keeper, "close")
    keeper.goto("/account")
    keeper.get_by_text("Make a token").click()
    keeper.get_by_label("What it is for").fill("The club's own page")
    keeper.get_by_role("button", name="Make it").click()
    expect(keeper.get_by_label("New token")).to_be_visible()
    told += faults(keeper, "account-new-token")
    keeper.goto("/organise/ready/people")
    keeper.get_by_label("Paste a list").fill(
        "email,name\nno address,Eve\nx@x.example,X"
    )
    keeper.get_by_role("button", name="Only show what would happen").click()
    told += faults(keeper, "people-dry-run")

    observer = new_page(device, color_scheme=scheme)
    enter(observer, staged.observer)
    for name, path in OBSERVED.items():
        observer.goto(path)
        told += faults(observer, name)
    assert not told, "\n".join(told)


def test_of_two_organisers_at_once_the_second_is_told(
    staged: Staged, new_page: Callable[..., Page]
) -> None:
    olga, amir = new_page(), new_page("phone")
    told = "Somebody else changed this while you had the page open"
    for page in (olga, amir):
        enter(page, staged.keeper)
        page.goto("/organise/open/rounds/shortlist")
    olga.get_by_role("button", name="Close and count").click()
    amir.get_by_role("button", name="Close and count").tap()
    olga.get_by_role("button", name="Close and count all the same").click()
    expect(olga.get_by_role("status")).to_contain_text("is closed and counted")
    amir.get_by_role("button", name="Close and count all the same").tap()
    expect(amir.locator("main")).to_contain_text(told)
    assert not faults(amir, "told")
    amir.get_by_role("link", name="Back to the page").tap()
    expect(amir.locator(".lead")).to_contain_text("Only organisers see the result")

    for page in (olga, amir):
        page.goto("/organise/counted/feedback")
    olga.get_by_role("button", name="Approve note 1").click()
    expect(olga.get_by_role("status")).to_contain_text("The note will be handed on.")
    amir.get_by_role("button", name="Hide note 1").tap()
    expect(amir.get_by_role("alert")).to_contain_text(told)
    expect(amir.locator("#note-1")).to_contain_text("handed on")
    assert not faults(amir, "told-of-a-note")
