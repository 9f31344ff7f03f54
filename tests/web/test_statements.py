"""What a page costs: as many statements for 60 designs and 7 voters as for 10 and 2."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from logovote.contest import counting, families, questions, results, rounds
from logovote.contest.contests import contest_by_slug
from logovote.store.models import Kind
from logovote.store.store import Store
from tests.builders import cast, make_contest, open_shortlist, voter_named
from tests.conftest import NOW, Site, settings_on
from tests.web.conftest import Visit
from tests.web.pages import csrf_token


@contextmanager
def statements_of(site: Site) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    engine = site.store.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Path:
    """Contests `c10` and `c60`, both with a published shortlist and an open ranking."""
    data = tmp_path_factory.mktemp("sizes") / "data"
    data.mkdir()
    shutil.copy(empty_database, data)
    settings = settings_on(data)
    store = Store.open(settings.database_url, settings.files_folder)
    with store.database.write() as session:
        for size in (10, 60):
            stage(session, size)
        session.commit()
    store.database.dispose()
    return data


def stage(session: Session, size: int) -> None:
    """Lead a contest of so many designs, and some voters, into its ranking."""
    names = [f"Ann{size}", *(f"V{size}x{n}" for n in range(size // 10))]
    contest = make_contest(
        session,
        NOW,
        slug=f"c{size}",
        designs=range(1, size + 1),
        voters={"core": names},
    )
    for entry in range(1, size, 5):
        families.merge(session, contest, [entry, entry + 1])
    round_ = open_shortlist(session, contest, NOW)
    entries = [str(entry) for entry in range(1, size + 1)]
    for name in names:
        cast(session, round_, name, entries, NOW)
    rounds.close_round(session, round_, NOW)
    counting.count_round(session, round_)
    rounds.publish_round(session, round_)
    ranking = rounds.open_round(session, contest, Kind.RANKING, NOW)
    standing = [str(line.entry) for line in results.result_of(round_).order]
    for name in names:
        voter = voter_named(session, contest, name)
        asked = questions.ask(session, voter, f"Am I {name}?", now=NOW)
        if voter.id % 2:
            questions.answer(session, asked, "You are", now=NOW)
        cast(session, ranking, name, [[entry] for entry in standing], NOW)


@pytest.mark.parametrize(
    ("page", "most"),
    [
        ("/c/{}/", 16),
        ("/c/{}/shortlist", 9),
        ("/c/{}/logo/3", 11),
        ("/c/{}/marks", 7),
        ("/c/{}/compare?ids=1&ids=2", 9),
        ("/c/{}/ranking", 12),
        ("/c/{}/ranking/duels", 12),
        ("/c/{}/ballot", 11),
        ("/c/{}/results/shortlist", 5),
        ("/c/{}/audit", 8),
        ("/c/{}/log.json", 3),
        ("/account", 4),
        ("/organise/{}/", 22),
        ("/organise/", 4),
        ("/organise/{}/designs", 6),
        ("/organise/{}/designs/3", 8),
        ("/organise/{}/families", 11),
        ("/organise/{}/people", 8),
        ("/organise/{}/people/links.csv", 3),
        ("/organise/{}/organisers", 3),
        ("/organise/{}/mail", 10),
        ("/organise/{}/feedback", 9),
        ("/organise/{}/questions", 3),
        ("/organise/{}/handoff", 17),
        ("/organise/{}/rounds/shortlist", 18),
        ("/organise/{}/rounds/ranking", 20),
    ],
)
def test_a_page_asks_the_database_no_more_for_more_designs(
    site: Site, visit: Visit, page: str, most: int
) -> None:
    asked = []
    for size in ("c10", "c60"):
        client = visit("organiser" if "organise" in page else f"Ann{size[1:]}")
        with statements_of(site) as statements:
            assert client.get(page.format(size)).status_code == 200
        asked.append([s for s in statements if not s.startswith("BEGIN")])

    assert len(asked[0]) == len(asked[1])
    assert len(asked[0]) <= most, "\n\n".join(asked[0])


@pytest.mark.parametrize(
    ("page", "most"),
    [
        ("", 5),
        ("/why", 4),
        ("/what-if", 4),
        ("/ballots.json", 4),
        ("/insight.json", 4),
        ("/ballots.zip", 4),
    ],
)
def test_a_result_asks_the_database_no_more_for_more_designs(
    site: Site, visit: Visit, page: str, most: int
) -> None:
    """As organisers see it: voters are judging the next round."""
    asked = []
    client = visit("organiser")
    for size in ("c10", "c60"):
        with statements_of(site) as statements:
            answer = client.get(f"/c/{size}/results/shortlist{page}")
        assert answer.status_code == 200
        asked.append([s for s in statements if not s.startswith("BEGIN")])

    assert len(asked[0]) == len(asked[1])
    assert len(asked[0]) <= most, "\n\n".join(asked[0])


def test_a_save_asks_the_database_for_each_thing_once(site: Site, visit: Visit) -> None:
    """Session, place, round, ballot, designs, head; then ballot and save."""
    for size in ("c10", "c60"):
        client = visit(f"Ann{size[1:]}")
        body = {"base_rev": 1, "save_id": "a-save-of-a-script", "items": []}
        headers = {"X-CSRFToken": csrf_token(client)}
        asked = []
        for _once_and_again in range(2):
            with statements_of(site) as statements:
                answer = client.put(
                    f"/c/{size}/ranking/ballot", json=body, headers=headers
                )
            assert answer.status_code == 200
            assert "Set-Cookie" not in answer.headers  # nothing in it is new
            asked.append([s for s in statements if not s.startswith("BEGIN")])

        assert len(asked[0]) <= 8, "\n\n".join(asked[0])
        assert len(asked[1]) <= 5, "\n\n".join(asked[1])


def test_a_count_asks_the_database_no_more_for_more_designs(
    site: Site, now: datetime
) -> None:
    asked = []
    for size in ("c10", "c60"):
        with site.store.database.write() as session:
            contest = contest_by_slug(session, size)
            ranking = rounds.latest(session, contest, Kind.RANKING)
            rounds.close_round(session, ranking, now)
            session.flush()
            with statements_of(site) as statements:
                counting.count_round(session, ranking)
        asked.append(len(statements))

    assert asked[0] == asked[1]
    assert asked[0] <= 30
