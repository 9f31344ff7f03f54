"""Pictures held to what a contest allows: who sees them, how large, and how long."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from logovote.contest import (
    counting,
    deciding,
    invitations,
    organisers,
    people,
    purging,
    rounds,
)
from logovote.contest.contests import change_contest, contest_by_slug
from logovote.contest.rights import read_rights
from logovote.imaging.picture import SPECS_VERSION
from logovote.store import queries
from logovote.store.media import digest_of
from logovote.store.models import Contest, Derivative, Kind, Role, Version
from tests.builders import SECRET, cast, sign_in, voter_named
from tests.web.conftest import THUMB, Scene, Visit
from tests.web.pages import post
from tests.web.test_pictures import THUMB_URL, in_a_bucket

__all__ = ["in_a_bucket"]

PREVIEW_URL = THUMB_URL.replace("thumb", "preview")
LARGE, MIDDLE = b"RIFF, a large picture, WEBP", b"RIFF, 640 by 480, WEBP"


def protect(scene: Scene, *modes: str, slug: str = "acme") -> None:
    with scene.site.store.database.write() as session:
        contest = session.scalars(select(Contest).where(Contest.slug == slug)).one()
        change_contest(
            session, contest, rights=read_rights(modes), now=datetime.now().astimezone()
        )
        session.commit()


@pytest.fixture
def sized(scene: Scene) -> Scene:
    """Design 1 has pictures of three sizes."""
    derivatives = scene.site.store.derivatives
    with scene.changing() as (session, acme):
        design = queries.submission(session, acme.id, 1)
        assert design is not None
        for kind, data, width in (("preview", LARGE, 1024), ("thumb2x", MIDDLE, 640)):
            row = update(Derivative).where(
                Derivative.picture_digest == design.digest, Derivative.kind == kind
            )
            session.execute(
                row.values(digest=derivatives.put(data), width_px=width, height_px=480)
            )
    return scene


@pytest.fixture(autouse=True)
def vera(scene: Scene, now: datetime) -> None:
    """She observes acme."""
    with scene.changing() as (session, acme):
        named = organisers.name(
            session, acme, "vera@example.org", Role.OBSERVER, now=now
        )
        named.person.name = "Vera"


WHO = ("stranger", "Otto", "Ann", "Vera", "organiser")


def answers(visit: Visit, url: str) -> dict[str, int]:
    return {who: visit(who).get(url).status_code for who in WHO}


def test_for_voters_only_means_the_contests_own(scene: Scene, visit: Visit) -> None:
    assert set(answers(visit, THUMB_URL).values()) == {200}

    protect(scene, "voters-only")

    assert answers(visit, THUMB_URL) == {
        # Otto votes in another contest; Vera observes this one.
        "stranger": 403,
        "Otto": 403,
        "Ann": 200,
        "Vera": 200,
        "organiser": 200,
    }
    refused = visit("stranger").get(THUMB_URL)
    assert refused.mimetype == "image/svg+xml"
    assert refused.headers["Cache-Control"] == "private, no-store"
    seen = visit("Ann").get(THUMB_URL)
    assert seen.data == THUMB
    assert seen.headers["Cache-Control"] == "private, max-age=3600"
    assert "Cookie" in seen.headers["Vary"]
    etag = {"If-None-Match": seen.headers["ETag"]}
    assert visit("Ann").get(THUMB_URL, headers=etag).status_code == 304
    assert visit("stranger").get(THUMB_URL, headers=etag).status_code == 403

    protect(scene)
    assert "immutable" in visit("stranger").get(THUMB_URL).headers["Cache-Control"]


def test_a_picture_that_another_contest_shows_to_all_is_shown_to_all(
    scene: Scene, visit: Visit
) -> None:
    protect(scene, "voters-only")
    with scene.changing() as (session, acme):
        mine = queries.submission(session, acme.id, 1)
        other = session.scalars(select(Contest).where(Contest.slug == "other")).one()
        theirs = queries.submission(session, other.id, 5)
        assert mine is not None
        assert theirs is not None
        session.execute(
            update(Version)
            .where(Version.submission_id == theirs.id)
            .values(digest=mine.digest)
        )

    anybodys = visit("stranger").get(THUMB_URL)
    assert anybodys.status_code == 200
    assert "immutable" in anybodys.headers["Cache-Control"]
    protect(scene, "voters-only", slug="other")
    # Now Otto, who votes there, is one of those it is for.
    assert answers(visit, THUMB_URL) == {
        "stranger": 403,
        **dict.fromkeys(("Otto", "Ann", "Vera", "organiser"), 200),
    }


def test_what_an_earlier_version_showed_is_protected_too(
    scene: Scene, visit: Visit
) -> None:
    protect(scene, "voters-only")
    with scene.changing() as (session, acme):
        first = queries.submission(session, acme.id, 1)
        second = queries.submission(session, acme.id, 2)
        assert first is not None
        assert second is not None
        first.digest = second.digest  # a newer version

    assert visit("stranger").get(THUMB_URL).status_code == 403


def test_low_resolution_is_for_everybody_but_organisers(
    sized: Scene, visit: Visit
) -> None:
    assert visit("stranger").get(PREVIEW_URL).data == LARGE

    protect(sized, "low-resolution")

    seen = {who: visit(who).get(PREVIEW_URL).data for who in WHO}
    assert seen == {
        "stranger": MIDDLE,
        "Otto": MIDDLE,
        "Ann": MIDDLE,
        "Vera": LARGE,
        "organiser": LARGE,
    }
    assert visit("Ann").get(THUMB_URL).data == THUMB


def test_the_page_of_a_logo_says_the_size_that_it_shows(
    sized: Scene, visit: Visit, now: datetime
) -> None:
    protect(sized, "low-resolution")
    with sized.changing() as (session, acme):
        rounds.open_round(session, acme, Kind.SHORTLIST, now)

    voters, organisers = (
        visit(who).get("/c/acme/logo/1").text for who in ("Ann", "organiser")
    )

    assert 'width="640" height="480" alt="Logo 1"' in voters
    assert "preview.webp" not in voters
    assert 'width="1024" height="480" alt="Logo 1"' in organisers


PAGES = ("/c/acme/", "/c/acme/results/shortlist", "/c/acme/decision")


@pytest.fixture
def decided(scene: Scene, now: datetime) -> Scene:
    with scene.changing() as (session, acme):
        round_ = rounds.open_round(session, acme, Kind.SHORTLIST, now)
        cast(session, round_, "Ann", ["1"], now)
        rounds.close_round(session, round_, now)
        counting.count_round(session, round_, now=now)
        rounds.publish_round(session, round_, now=now)
        deciding.decide(session, acme, round_, [1], "", now=now)
        deciding.publish(session, acme, round_, now=now)
    return scene


@pytest.mark.parametrize("url", PAGES)
def test_no_page_of_a_protected_contest_is_to_be_listed(
    decided: Scene, visit: Visit, url: str
) -> None:
    stranger = visit("stranger")
    before = stranger.get(url)
    assert "X-Robots-Tag" not in before.headers
    assert 'content="noindex"' not in before.text

    protect(decided, "voters-only")

    after = stranger.get(url)
    assert after.status_code == 200
    assert after.headers["X-Robots-Tag"] == "noindex"
    assert 'name="robots" content="noindex"' in after.text


def test_what_nobody_said_is_for_search_engines_is_not(visit: Visit) -> None:
    for url in ("/sign-in", "/c/acme/audit", "/c/acme/log.json", THUMB_URL, "/none"):
        assert visit("stranger").get(url).headers["X-Robots-Tag"] == "noindex"
    assert "X-Robots-Tag" not in visit("stranger").get("/").headers


def test_a_decision_that_goes_anywhere_holds_no_picture_for_voters_only(
    decided: Scene, visit: Visit
) -> None:
    assert "data:image/webp" in visit("stranger").get("/c/acme/decision").text

    protect(decided, "voters-only")

    for who in ("stranger", "organiser"):
        page = visit(who).get("/c/acme/decision").text
        assert "data:image" not in page
        assert "Logo 1" in page


@pytest.mark.parametrize("pictures", ["signed", "https://pictures.example.org/d"])
def test_the_address_in_a_bucket_is_told_to_nobody(
    scene: Scene, in_a_bucket: Callable[[str], FlaskClient], pictures: str
) -> None:
    assert in_a_bucket(pictures).get(THUMB_URL).status_code == HTTPStatus.FOUND

    protect(scene, "voters-only")
    assert in_a_bucket(pictures).get(THUMB_URL).status_code == HTTPStatus.FORBIDDEN

    protect(scene, "low-resolution")
    answer = in_a_bucket(pictures).get(THUMB_URL)
    assert (answer.status_code, answer.data) == (200, THUMB)
    assert answer.headers["Cache-Control"] == "private, max-age=3600"


def test_a_design_is_taken_down_in_a_running_round_in_one_step(
    shortlist: Scene, visit: Visit
) -> None:
    organiser = visit("organiser")
    page = "/organise/acme/designs/1"
    refused = post(organiser, page, {"do": "purge"})
    assert refused.status_code == 400
    assert "Withdraw a design" in refused.text

    form = {"do": "withdraw", "reason": "It is somebody else's", "pictures": "on"}
    assert post(organiser, page, form).status_code == 303

    placeholder = visit("Ann").get(THUMB_URL)
    assert placeholder.mimetype == "image/svg+xml"
    store = shortlist.site.store
    assert not store.derivatives.has(digest_of(THUMB))
    with shortlist.changing() as (session, acme):
        design = queries.submission(session, acme.id, 1)
        assert design is not None
        assert design.withdrawn_reason == "It is somebody else's"
    log = visit("stranger").get("/c/acme/log.json").get_json()["events"]
    assert [event["kind"] for event in log[-2:]] == [
        "design.withdrawn",
        "design.pictures-removed",
    ]


def test_pages_of_a_logo_stay_when_its_pictures_are_removed(
    shortlist: Scene, visit: Visit, now: datetime
) -> None:
    with shortlist.changing() as (session, acme):
        rounds.close_round(session, rounds.latest(session, acme, Kind.SHORTLIST), now)
        counting.count_round(session, rounds.latest(session, acme, Kind.SHORTLIST))
        purging.purge(session, acme, {1}, now=now)
    ann = visit("Ann")

    for page in ("/c/acme/logo/1", "/c/acme/feedback/1"):
        answer = ann.get(page)
        assert answer.status_code == 200
        frame = re.search(
            r'<img src="([^"]+preview.webp)" width="320" height="240"', answer.text
        )
        assert frame
        assert ann.get(frame[1]).mimetype == "image/svg+xml"


def test_rights_are_set_on_a_page(scene: Scene, visit: Visit) -> None:
    organiser = visit("organiser")
    url = "/organise/acme/pictures"

    form = {"mode": ["voters-only", "low-resolution"], "purge_on": "2030-01-31"}
    assert post(organiser, url, form).status_code == 303

    page = organiser.get(url).text
    assert page.count(" checked") == 2
    assert 'value="2030-01-31"' in page
    with scene.changing() as (_, acme):
        assert json.loads(acme.rights) == {
            "modes": ["voters-only", "low-resolution"],
            "purge_on": "2030-01-31",
        }
    told = visit("stranger").get("/c/acme/audit").text
    assert "pictures are voters only, low resolution" in told
    wrong = post(organiser, url, {"purge_on": "soon"})
    assert wrong.status_code == 422
    assert 'href="#purge_on">“soon” is no day' in wrong.text


def test_organisers_read_when_pictures_leave_and_how_to_keep_them(
    scene: Scene, visit: Visit
) -> None:
    organiser = visit("organiser")
    pages = ("/organise/acme/designs", "/organise/acme/rounds/ranking")
    said = "Pictures are removed for good on"
    assert not any(said in organiser.get(page).text for page in pages)

    with scene.changing() as (_, acme):
        acme.rights = json.dumps({"purge_on": "2020-01-31"})

    for page in pages:
        shown = organiser.get(page).text
        assert said in shown
        assert 'href="/organise/acme/pictures">take a later day' in shown


@pytest.mark.parametrize("day", ["2016-01-31", datetime.now(UTC).date().isoformat()])
def test_no_slip_of_a_date_removes_all_pictures_at_once(
    scene: Scene, visit: Visit, day: str
) -> None:
    answer = post(visit("organiser"), "/organise/acme/pictures", {"purge_on": day})

    assert answer.status_code == 422
    assert "all pictures would be gone within minutes" in answer.text
    assert f'value="{day}"' in answer.text
    with scene.changing() as (_, acme):
        assert acme.rights == "{}"
        acme.rights = json.dumps({"purge_on": day})
    # What was set before stays as it is when something else is saved.
    form = {"purge_on": day, "mode": "voters-only"}
    assert post(visit("organiser"), "/organise/acme/pictures", form).status_code == 303


def test_only_an_owner_lets_pictures_be_removed_from_a_day_on(
    scene: Scene, visit: Visit, now: datetime
) -> None:
    with scene.changing() as (session, acme):
        for name, role in (("ann", Role.ORGANISER), ("bob", Role.OWNER)):
            organisers.name(session, acme, f"{name}@example.org", role, now=now)
    ann, url = visit("Ann"), "/organise/acme/pictures"
    assert "Only an owner of the contest sets it" in ann.get(url).text

    refused = post(ann, url, {"purge_on": "2199-01-31"})

    assert refused.status_code == 403
    assert post(ann, url, {"mode": "voters-only"}).status_code == 303
    both = {"mode": "voters-only", "purge_on": "2199-01-31"}
    assert post(visit("Bob"), url, both).status_code == 303
    assert post(ann, url, {"purge_on": "2199-01-31"}).status_code == 303


def test_a_link_of_one_contest_shows_no_protected_picture_of_another(
    scene: Scene, visit: Visit
) -> None:
    """Whoever organises the one has the link, too."""
    protect(scene, "voters-only", slug="other")
    by_link = visit("stranger")
    with scene.changing() as (session, acme):
        other = contest_by_slug(session, "other")
        ann = people.read_people(b"email,group\nann@example.org,core")
        people.import_people(session, other, ann)
        token = invitations.invitation_token(SECRET, voter_named(session, acme, "Ann"))
    sign_in(by_link, f"/i/{token}")
    name = digest_of(b"design 5 of other")[:16]
    url = f"/media/{SPECS_VERSION}/{name}/thumb.webp"

    assert by_link.get(url).status_code == HTTPStatus.FORBIDDEN
    assert visit("Ann").get(url).status_code != HTTPStatus.FORBIDDEN
