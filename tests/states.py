"""Every state in which a voter may find a page, on a site made for it.

Tests visit them all, and bench/screenshots.py takes their pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from logovote.contest import (
    counting,
    families,
    intake,
    questions,
    rounds,
    signing_in,
    withdrawing,
)
from logovote.contest.contests import contest_by_slug
from logovote.imaging.worker import Fence
from logovote.ingest.reading import read_entries
from logovote.store.models import Contest, Kind, Round
from logovote.store.store import Store
from tests.builders import cast, folder_of, make_contest, png, voter_named

ANN = {"core": ["Ann"], "community": ["Bo", "Cleo"]}


@dataclass(frozen=True)
class State:
    """A page in one state: its path, and words that only this state shows."""

    name: str
    path: str
    says: str


STATES = [
    State("before", "/c/early/shortlist", "not open yet"),
    State("before-ranking", "/c/open/ranking", "not open yet"),
    State("before-result", "/c/open/results/shortlist", "There is no result yet"),
    State("open", "/c/open/shortlist", "Nothing to save yet"),
    State("nothing-shortlisted", "/c/open/shortlist?show=shortlisted", "Nothing short"),
    State("nothing-set-aside", "/c/open/shortlist?show=aside", "Nothing set aside"),
    State("no-ballot", "/c/open/ballot", "You have not"),
    State("cap", "/c/cap/shortlist", "3 of 3 shortlisted"),
    State("last-day", "/c/last-day/shortlist", "This round ends soon"),
    State("last-day-contest", "/c/last-day/", "closes"),
    State("last-day-ballot", "/c/last-day/ballot", "You can change it until"),
    State("ended", "/c/ended/shortlist", "This round is closed"),
    State("paused", "/c/paused/shortlist", "This round is paused until"),
    State("paused-logo", "/c/paused/logo/3", "This round is paused"),
    State("paused-ballot", "/c/paused/ballot", "This round is paused until"),
    State("paused-contest", "/c/paused/", "This round is paused until"),
    State("closed", "/c/closed/shortlist", "This round is closed"),
    State("closed-logo", "/c/closed/logo/3", "This round is closed"),
    State("closed-compare", "/c/closed/compare?ids=1,2", "This round is closed"),
    State("closed-ballot", "/c/closed/ballot", "closed"),
    State("no-result-yet", "/c/closed/results/shortlist", "There is no result yet"),
    State("hidden-result", "/c/ranking/results/shortlist", "It is published. While"),
    State("hidden-contest", "/c/ranking/", "It is published. While"),
    State("ranking", "/c/ranking/ranking", "Your ranking"),
    State("ranking-last-day", "/c/ranking/ranking", "This round ends soon"),
    State("published", "/c/published/results/shortlist", "Result of the"),
    State("published-contest", "/c/published/", "Result"),
    State("weight-0", "/c/weight-0/shortlist", "your weight in this contest is 0"),
    State("not-entitled", "/c/others/shortlist", "not"),
    State("news", "/c/news/shortlist", "was changed by the designer"),
    State("news-withdrawn", "/c/news/logo/1", "was withdrawn"),
    State("news-fresh", "/c/news/shortlist?show=fresh", "New or changed"),
    State("question-waits", "/c/news/", "Waits for an answer"),
    State("question-answered", "/c/news/", "what stands stays yours"),
    State("used-link", "/o/used-up", "link"),
    State("unknown-link", "/i/wrong", "link"),
    State("missing", "/nothing-here", "not"),
]


def stage(store: Store, folder: Path, fence: Fence, now: datetime) -> None:
    """Make a contest for each state; `folder` holds the pictures meanwhile."""
    export = folder_of(folder, {f"{n}.png": png(n) for n in range(1, 9)})
    for slug, play in _PLAYS.items():
        with store.database.write() as session:
            voters = {"community": ["Bo", "Cleo"]} if slug == "others" else ANN
            contest_id = make_contest(session, now, slug=slug, voters=voters).id
            session.commit()
        with read_entries(export) as reading:
            intake.import_designs(store, contest_id, reading, fence, now=now)
        with store.database.write() as session:
            contest = session.get_one(Contest, contest_id)
            families.merge(session, contest, [7, 8])
            play(session, contest, now)
            session.commit()
    revised = folder_of(folder, {"2.png": png(20), "9.png": png(9)})
    with store.database.read() as session:
        news_id = contest_by_slug(session, "news").id
    with read_entries(revised) as reading:
        intake.import_designs(
            store, news_id, reading, fence, now=now + timedelta(minutes=1)
        )


def entrance(store: Store) -> str:
    """Return the path by which Ann comes in, wherever she votes.

    An invitation would let her into its own contest alone.
    """
    with store.database.write() as session:
        ann = voter_named(session, contest_by_slug(session, "news"), "Ann")
        token = signing_in.new_organiser_link(
            session, datetime.now(UTC), once=False, person=ann.person
        )
        session.commit()
        return f"/o/{token}"


def _early(_session: Session, _contest: Contest, _now: datetime) -> None:
    """Nothing is open yet."""


def _open(session: Session, contest: Contest, now: datetime) -> None:
    rounds.open_round(session, contest, Kind.SHORTLIST, now, batch=5)


def _cap(session: Session, contest: Contest, now: datetime) -> None:
    round_ = rounds.open_round(session, contest, Kind.SHORTLIST, now, approvals=3)
    cast(session, round_, "Ann", ["f1", "f2", "f3"], now)


def _last_day(session: Session, contest: Contest, now: datetime) -> None:
    end = now + timedelta(hours=5)
    round_ = rounds.open_round(session, contest, Kind.SHORTLIST, now, until=end)
    cast(session, round_, "Ann", ["f1", "f2"], now)


def _ended(session: Session, contest: Contest, now: datetime) -> None:
    before = now - timedelta(hours=2)
    end = now - timedelta(hours=1)
    round_ = rounds.open_round(session, contest, Kind.SHORTLIST, before, until=end)
    cast(session, round_, "Ann", ["f1", "f2"], before)


def _paused(session: Session, contest: Contest, now: datetime) -> None:
    end = now + timedelta(days=4)
    round_ = rounds.open_round(session, contest, Kind.SHORTLIST, now, until=end)
    cast(session, round_, "Ann", ["f1", "f2"], now)
    rounds.pause_round(session, round_, now, until=now + timedelta(days=1))


def _closed(session: Session, contest: Contest, now: datetime) -> Round:
    round_ = rounds.open_round(session, contest, Kind.SHORTLIST, now)
    cast(session, round_, "Ann", ["f1", "f2"], now)
    cast(session, round_, "Bo", ["f2", "f3"], now)
    rounds.close_round(session, round_, now)
    return round_


def _published(session: Session, contest: Contest, now: datetime) -> None:
    round_ = _closed(session, contest, now)
    counting.count_round(session, round_)
    rounds.publish_round(session, round_)


def _ranking(session: Session, contest: Contest, now: datetime) -> None:
    _published(session, contest, now)
    end = now + timedelta(hours=5)
    round_ = rounds.open_round(session, contest, Kind.RANKING, now, until=end)
    cast(session, round_, "Ann", [["2"], ["1", "none"]], now)


def _weight_0(session: Session, contest: Contest, now: datetime) -> None:
    voter_named(session, contest, "Ann").weight *= 0
    rounds.open_round(session, contest, Kind.SHORTLIST, now)


def _news(session: Session, contest: Contest, now: datetime) -> None:
    round_ = rounds.open_round(session, contest, Kind.SHORTLIST, now)
    cast(session, round_, "Ann", ["f1", "f2", "f3"], now)
    later = now + timedelta(seconds=30)
    reason = "a trade mark stands against it"
    withdrawing.withdraw(session, contest, 1, reason, who="the organiser", now=later)
    ann = voter_named(session, contest, "Ann")
    asked = questions.ask(session, ann, "Do I lose my other two?", now=now)
    questions.answer(session, asked, "No: what stands stays yours.", now=later)
    questions.ask(session, ann, "May a designer send in another one?", now=later)


_PLAYS: dict[str, Callable[[Session, Contest, datetime], object]] = {
    "early": _early,
    "open": _open,
    "cap": _cap,
    "last-day": _last_day,
    "ended": _ended,
    "paused": _paused,
    "closed": _closed,
    "published": _published,
    "ranking": _ranking,
    "weight-0": _weight_0,
    "others": _open,
    "news": _news,
}
