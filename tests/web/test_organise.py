"""The organiser's room, from nothing to a published result."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import NoReturn

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from logovote import jobs
from logovote.contest import events, families, regrouping, rounds
from logovote.contest.contests import contest_by_slug
from logovote.contest.rules import Rules
from logovote.errors import LogovoteError
from logovote.imaging.worker import Fence
from logovote.store import queries
from logovote.store.models import Group, ImportJob, JobState, Kind, Phase
from logovote.store.uploads import SentFile, Uploads
from tests.builders import png, zip_of
from tests.conftest import Site
from tests.web.conftest import Scene, Visit
from tests.web.pages import csrf_token, post

UPLOAD = "/organise/acme/designs/upload"


@dataclass(frozen=True)
class Proposal:
    """As whoever compares pictures makes them."""

    entries: tuple[int, ...]
    confidence: float = 0.8
    reasons: tuple[str, ...] = ("one designer",)


@pytest.fixture
def organiser(scene: Scene, visit: Visit) -> FlaskClient:
    return visit("organiser")


@pytest.fixture(autouse=True)
def one_fence(monkeypatch: pytest.MonkeyPatch, fence: Fence) -> None:
    """Let import jobs decode behind the fence that is up already."""

    class Shared:
        def __enter__(self) -> Fence:
            return fence

        def __exit__(self, *_error: object) -> None:
            """Leave it up."""

    monkeypatch.setattr(jobs, "Fence", Shared)


def upload(client: FlaskClient, files: Iterable[tuple[str, bytes]], **form: str) -> int:
    """Upload files and return the number of the job that looks at them."""
    sent = [(io.BytesIO(data), name) for name, data in files]
    answer = post(client, UPLOAD, {"files": sent, **form})
    assert answer.status_code == 303, answer.text
    found = re.fullmatch(r"/organise/acme/designs/imports/(\d+)", answer.location)
    assert found
    return int(found[1])


def take_step(site: Site, job_id: int) -> None:
    site.app.extensions["logovote"].jobs.take_step(job_id)


def job(site: Site, job_id: int) -> ImportJob:
    with site.store.database.read() as session:
        return session.get_one(ImportJob, job_id)


def entries(site: Site) -> list[int]:
    with site.store.database.read() as session:
        contest = contest_by_slug(session, "acme")
        return [s.entry for s in queries.submissions(session, contest.id)]


def test_an_upload_is_looked_at_shown_and_then_taken_in(
    organiser: FlaskClient, site: Site
) -> None:
    packed = zip_of({"#71.png": png(71), "#72.png": b"no picture", "#73.png": png(73)})

    id_ = upload(organiser, [("export.zip", packed)])
    page = f"/organise/acme/designs/imports/{id_}"
    assert "Looking at export.zip" in organiser.get(page).text
    take_step(site, id_)

    shown = organiser.get(page).text
    assert "Ready to import" in shown
    assert "#72.png" in shown
    assert entries(site) == [1, 2, 3, 12, 57]

    post(organiser, page)
    assert not organiser.get(f"{page}/progress").get_json()["finished"]
    take_step(site, id_)

    assert organiser.get(f"{page}/progress").get_json() == {
        "done": 3,
        "total": 3,
        "text": "3 of 3 files",
        "finished": True,
    }
    report = json.loads(job(site, id_).report)
    assert report["summary"]["new"] == 2
    assert report["summary"]["refused"] == 1
    assert entries(site) == [1, 2, 3, 12, 57, 71, 73]
    assert organiser.get(page).status_code == 200


def test_several_files_are_one_upload(organiser: FlaskClient, site: Site) -> None:
    id_ = upload(organiser, [("#71.png", png(71)), ("sub/#72.png", png(72))])

    take_step(site, id_)

    files = json.loads(job(site, id_).report)["files"]
    assert {file["file"] for file in files} == {"#71.png", "sub/#72.png"}


def test_an_upload_of_nothing_is_told(organiser: FlaskClient) -> None:
    answer = post(organiser, UPLOAD, {}, follow_redirects=True)

    assert "Choose a zip or some pictures first" in answer.text


def test_ballots_are_saved_while_an_upload_is_written(
    organiser: FlaskClient,
    shortlist: Scene,
    visit: Visit,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ann = visit("Ann")
    headers = {"X-CSRFToken": csrf_token(ann)}
    ballot = {"base_rev": 0, "save_id": "meanwhile", "items": ["1"]}
    keep = Uploads.keep
    meanwhile = []

    def save() -> int:
        return ann.put(
            "/c/acme/shortlist/ballot", json=ballot, headers=headers
        ).status_code

    def slow(uploads: Uploads, files: Sequence[SentFile]) -> str:
        meanwhile.append(elsewhere.submit(save).result(timeout=5))
        return keep(uploads, files)

    monkeypatch.setattr(Uploads, "keep", slow)

    with ThreadPoolExecutor(1) as elsewhere:
        upload(organiser, [("#71.png", png(71))])

    assert meanwhile == [200]
    assert shortlist.ballot("Ann") == ["1"]


HOSTILE_NAMES = [
    "../../../escaped.png",
    "/etc/escaped.png",
    "..\\..\\escaped.png",
    "C:\\escaped.png",
    "a/../../../escaped.png",
    "....//escaped.png",
    "..",
    ".",
    "/",
    "nul\0l.png",
    "ü" * 200 + ".png",
    "x" * 5000 + ".png",
    "d/" * 3000 + "deep.png",
    "a",
    "a/b.png",
    "a",
    "file-3",
    "again-2",
    "con.png",
    "\u202egnp.exe",
]


@pytest.mark.parametrize("name", dict.fromkeys(HOSTILE_NAMES), ids=ascii)
def test_the_name_of_an_upload_never_leads_out_of_its_folder(
    organiser: FlaskClient, site: Site, name: str
) -> None:
    outside = files_outside(site)

    take_step(site, upload(organiser, [(name, png(71))]))

    assert files_outside(site) == outside


def test_hostile_names_do_not_get_into_each_others_way(
    organiser: FlaskClient, site: Site
) -> None:
    outside = files_outside(site)

    files = [(name, png(70 + n)) for n, name in enumerate(HOSTILE_NAMES)]
    id_ = upload(organiser, files)

    assert files_outside(site) == outside
    kept = site.settings.files_folder / "uploads" / job(site, id_).source
    contents = {path.read_bytes() for path in kept.rglob("*") if path.is_file()}
    assert contents == {data for _, data in files}


def files_outside(site: Site) -> set[Path]:
    """Everything below the test's folder that is not in an upload or our own."""
    uploads = site.settings.files_folder / "uploads"
    derivatives = site.settings.files_folder / "derivatives"
    files = (path for path in site.settings.data.parent.rglob("*") if path.is_file())
    return {
        path
        for path in files
        if not {uploads, derivatives} & {*path.parents}
        and path.suffix != ".turn"
        and "sqlite" not in path.name
    }


def fail_step(site: Site, job_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next step of a job stop with a sentence."""

    def fail(_source: Path) -> NoReturn:
        raise LogovoteError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "read_entries", fail)
        take_step(site, job_id)


def test_looking_that_failed_is_looking_again(
    organiser: FlaskClient, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = upload(organiser, [("#71.png", png(71))])
    page = f"/organise/acme/designs/imports/{id_}"
    fail_step(site, id_, monkeypatch)
    assert "The disk is full." in organiser.get(page).text
    assert "stopped" in organiser.get("/organise/acme/designs").text

    post(organiser, page)
    assert "Looking at" in organiser.get(page).text
    take_step(site, id_)

    assert "Ready to import" in organiser.get(page).text
    assert 71 not in entries(site)


def test_an_import_that_failed_is_taken_up_where_it_stopped(
    organiser: FlaskClient, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = upload(organiser, [("#71.png", png(71))])
    page = f"/organise/acme/designs/imports/{id_}"
    take_step(site, id_)
    post(organiser, page)
    fail_step(site, id_, monkeypatch)
    assert "The disk is full." in organiser.get(page).text

    post(organiser, page)
    assert organiser.get(page).status_code == 200
    take_step(site, id_)

    assert job(site, id_).state is JobState.DONE
    assert 71 in entries(site)


def test_a_file_that_is_no_archive_is_reported(
    organiser: FlaskClient, site: Site
) -> None:
    id_ = upload(organiser, [("export.zip", b"PK\x03\x04 but broken")])
    page = f"/organise/acme/designs/imports/{id_}"

    take_step(site, id_)

    assert organiser.get(page).status_code == 200
    assert "Traceback" not in organiser.get(page).text


def test_an_upload_that_is_forgotten_leaves_nothing(
    organiser: FlaskClient, site: Site
) -> None:
    id_ = upload(organiser, [("#71.png", png(71))])
    take_step(site, id_)

    post(organiser, f"/organise/acme/designs/imports/{id_}/drop")

    with site.store.database.read() as session:
        assert session.scalars(select(ImportJob)).all() == []
    uploads = site.settings.files_folder / "uploads"
    assert [path for path in uploads.rglob("*") if path.is_file()] == []


def test_what_was_taken_in_cannot_be_forgotten_or_repeated(
    organiser: FlaskClient, site: Site
) -> None:
    id_ = upload(organiser, [("#71.png", png(71))])
    page = f"/organise/acme/designs/imports/{id_}"
    take_step(site, id_)
    post(organiser, page)
    take_step(site, id_)

    post(organiser, f"{page}/drop")
    post(organiser, page)

    assert job(site, id_).state is JobState.DONE


def test_a_contest_is_started_or_the_form_says_what_is_wrong(
    organiser: FlaskClient,
) -> None:
    good = post(organiser, "/organise/new", {"slug": "fresh", "title": "Fresh"})
    taken = post(organiser, "/organise/new", {"slug": "acme", "title": "<b>Again</b>"})
    bad = post(organiser, "/organise/new", {"slug": "No Good", "title": "x"})

    assert (good.status_code, good.location) == (303, "/organise/fresh/")
    assert (taken.status_code, bad.status_code) == (422, 422)
    assert "already" in taken.text
    assert "&lt;b&gt;Again" in taken.text
    assert "<b>Again" not in taken.text


def test_people_are_added_and_refused_by_line(
    organiser: FlaskClient, scene: Scene
) -> None:
    pasted = "email,name,group\nzoe@x.org,Zoe,jury\nnobody,No,jury\n"
    url = "/organise/acme/people"

    dry = post(organiser, url, {"pasted": pasted, "do": "dry-run"})
    assert "What would happen" in dry.text
    assert "zoe@x.org" not in organiser.get(url).text
    answer = post(organiser, url, {"pasted": pasted, "do": "import"})

    assert "is not an e-mail address" in answer.text
    page = organiser.get(url).text
    assert "zoe@x.org" in page
    assert re.search(r"http://localhost/i/\d+-[0-9a-f]{40}", page)


@pytest.mark.parametrize("title", ["Логотип", "شعار", "🦊"])
def test_a_title_that_makes_no_short_name_asks_for_one(
    organiser: FlaskClient, title: str
) -> None:
    refused = post(organiser, "/organise/new", {"title": title, "slug": ""})
    good = post(organiser, "/organise/new", {"title": title, "slug": "our-logo"})

    assert refused.status_code == 422
    assert "has no Latin letter or digit to make a short name of" in refused.text
    assert (good.status_code, good.location) == (303, "/organise/our-logo/")


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_people_of_a_file_are_added_as_its_dry_run_showed_them(
    organiser: FlaskClient, encoding: str
) -> None:
    url = "/organise/acme/people"
    data = "email,name\nj@x.org,Jörg Müller\n".encode(encoding)

    dry = post(
        organiser, url, {"file": (io.BytesIO(data), "people.csv"), "do": "dry-run"}
    )
    typed = re.search(r'<textarea[^>]*name="pasted"[^>]*>([^<]*)<', dry.text)
    assert typed
    post(organiser, url, {"pasted": typed[1], "do": "import"})

    assert "Jörg Müller" in organiser.get(url).text


@pytest.mark.parametrize(
    "data", [b"", b"no header\nat all", b"\x89PNG\0\0", b'email\n"']
)
def test_a_people_file_that_is_none_is_refused_on_the_page(
    organiser: FlaskClient, data: bytes
) -> None:
    answer = post(
        organiser,
        "/organise/acme/people",
        {"file": (io.BytesIO(data), "people.csv"), "do": "import"},
    )

    assert answer.status_code in {422, 303}
    assert "Traceback" not in answer.text


def test_shares_are_set_with_their_reasons(
    organiser: FlaskClient, scene: Scene
) -> None:
    with scene.changing() as (session, acme):
        core, crowd = (group.id for group in queries.groups(session, acme.id))

    post(
        organiser,
        "/organise/acme/groups",
        {f"share-{core}": "40%", f"share-{crowd}": "3/5", f"reason-{core}": "They do."},
    )

    page = organiser.get("/c/acme/").text
    assert "2/5" in page
    assert "They do." in page
    refused = post(organiser, "/organise/acme/groups", {f"share-{core}": "most"})
    assert refused.status_code == 400
    assert "is no share" in refused.text


def test_a_contest_whose_shares_leave_nothing_shows_its_pages_and_is_mended(
    organiser: FlaskClient, scene: Scene, visit: Visit
) -> None:
    with scene.changing() as (session, acme):
        groups = queries.groups(session, acme.id)
        ids = [group.id for group in groups]
        for group in groups[:-1]:
            group.share = Fraction(1)
        name = groups[-1].name

    for url in ("", "people", "rounds/shortlist"):
        assert organiser.get(f"/organise/acme/{url}").status_code == 200, url
    assert visit("Ann").get("/c/acme/").status_code == 200
    assert f"leave nothing for {name}" in organiser.get("/organise/acme/").text
    answer = post(organiser, "/organise/acme/rounds/shortlist", {"do": "open"})
    assert answer.status_code == 400
    assert "leave nothing for group" in answer.text

    shares = {f"share-{id_}": "1/2" for id_ in ids}
    assert post(organiser, "/organise/acme/groups", shares).status_code == 303
    opened = post(organiser, "/organise/acme/rounds/shortlist", {"do": "open"})
    assert opened.status_code == 303


def test_an_emptied_share_is_a_part_of_what_is_left_again(
    organiser: FlaskClient, scene: Scene
) -> None:
    with scene.changing() as (session, acme):
        core, crowd = (group.id for group in queries.groups(session, acme.id))
    url = "/organise/acme/groups"
    post(organiser, url, {f"share-{core}": "2/5", f"share-{crowd}": "1/5"})

    post(organiser, url, {f"share-{core}": " "})

    with scene.changing() as (session, acme):
        shares = [group.share for group in queries.groups(session, acme.id)]
    assert shares == [None, Fraction(1, 5)]


def test_families_are_merged_and_split(organiser: FlaskClient, scene: Scene) -> None:
    url = "/organise/acme/families"

    post(organiser, url, {"entry": ["1", "2"], "do": "merge"})
    assert organiser.get(url).text.count("Family of 2 variants") == 2
    post(organiser, url, {"entry": ["1", "2", "12", "57"], "do": "split"})
    assert "Family of" not in organiser.get(url).text
    post(organiser, url, {"do": "undo"})
    assert organiser.get(url).text.count("Family of 2 variants") == 2

    refused = post(organiser, url, {"entry": "1", "do": "merge"})
    assert refused.status_code == 400
    assert "at least two" in refused.text


def test_a_round_says_what_it_needs_before_it_can_open(organiser: FlaskClient) -> None:
    post(organiser, "/organise/new", {"title": "Bare", "slug": "bare"})

    bare, acme = (
        organiser.get(f"/organise/{slug}/rounds/shortlist").text
        for slug in ("bare", "acme")
    )

    assert "It cannot open yet" in bare
    assert "It cannot open yet" not in acme


def test_a_round_is_led_from_its_opening_to_its_publication(
    organiser: FlaskClient, scene: Scene, visit: Visit
) -> None:
    url = "/organise/acme/rounds/shortlist"
    phases = []
    for deed in ("open", "review", "reopen", "review", "count", "publish"):
        answer = post(organiser, url, {"do": deed, "seats": "3"})
        assert (answer.status_code, answer.location) == (303, url)
        if deed == "open":
            post(visit("Ann"), "/c/acme/shortlist/ballot", {"approve": "1"})
        with scene.site.store.database.read() as session:
            contest = contest_by_slug(session, "acme")
            phases.append(rounds.latest(session, contest, Kind.SHORTLIST).phase)
        assert organiser.get(url).status_code == 200
        assert organiser.get("/organise/acme/").status_code == 200

    assert phases == [
        Phase.OPEN,
        Phase.CLOSED,
        Phase.OPEN,
        Phase.CLOSED,
        Phase.COUNTED,
        Phase.PUBLISHED,
    ]


@pytest.mark.parametrize(
    "form",
    [
        {"do": "count"},
        {"do": "publish"},
        {"do": "reopen"},
        {"do": "close"},
        {"do": "dance"},
        {},
        {"do": "open", "seats": "0"},
        {"do": "open", "seats": "-3"},
        {"do": "open", "seats": "many"},
        {"do": "open", "batch": "0"},
        {"do": "open", "approvals": "x"},
    ],
)
def test_a_deed_that_is_impossible_now_is_refused_in_words(
    organiser: FlaskClient, scene: Scene, form: dict[str, str]
) -> None:
    answer = post(organiser, "/organise/acme/rounds/shortlist", form)

    assert answer.status_code == 400
    assert "That did not work" in answer.text
    with scene.site.store.database.read() as session:
        contest = contest_by_slug(session, "acme")
        assert queries.rounds(session, contest.id) == []


def test_the_organiser_sees_what_was_looked_at_and_is_warned_before_closing(
    organiser: FlaskClient, scene: Scene, visit: Visit
) -> None:
    url = "/organise/acme/rounds/shortlist"
    assert "Seen so far" not in organiser.get(url).text
    post(organiser, url, {"do": "open", "batch": "2", "approvals": "3"})
    assert "Nobody has looked at the designs yet." in organiser.get(url).text
    assert "Before you close" not in organiser.get(url).text

    shown = {"approve": "f1", "shown": "f1,f2,f12"}
    post(visit("Ann"), "/c/acme/shortlist/ballot", shown)

    page = organiser.get(url).text
    assert "seen by at least 0 voters, the most seen one by 1" in page
    assert page.count("Not seen enough") == 1
    assert "Before you close" in page
    assert "1 design has not been seen enough" in page
    with scene.site.store.database.read() as session:
        contest = contest_by_slug(session, "acme")
        rules = Rules.from_json(rounds.latest(session, contest, Kind.SHORTLIST).rules)
    assert (rules.batch, rules.approvals) == (2, 3)


def test_the_export_is_one_download_with_originals_as_they_came(
    organiser: FlaskClient, scene: Scene, visit: Visit, now: datetime
) -> None:
    url = "/organise/acme/rounds/shortlist"
    assert organiser.get("/organise/acme/export.zip").status_code == 400
    post(organiser, url, {"do": "open"})
    post(visit("Ann"), "/c/acme/shortlist/ballot", {"approve": "1"})
    post(organiser, url, {"do": "close", "sure": "1"})

    answer = organiser.get("/organise/acme/export.zip")

    assert "acme-shortlist.zip" in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert {"shortlist.csv", "shortlist.json", "designs.zip"} <= set(
            archive.namelist()
        )
        with zipfile.ZipFile(io.BytesIO(archive.read("designs.zip"))) as designs:
            (name,) = designs.namelist()
            assert designs.read(name) == b"the original of design 1"


def test_what_people_wrote_is_text_on_every_page(
    organiser: FlaskClient, scene: Scene, visit: Visit, now: datetime
) -> None:
    script = "<script>alert(1)</script>"
    with scene.changing() as (session, acme):
        acme.title = acme.about = acme.status_quo = script
        for design in queries.submissions(session, acme.id):
            design.title = design.designer = script
        for voter in queries.voters(session, acme.id):
            voter.person.name = script
        rounds.open_round(session, acme, Kind.SHORTLIST, now)
    urls = (
        "/c/acme/ /c/acme/shortlist /c/acme/logo/1 /organise/ /organise/acme/ "
        "/organise/acme/designs /organise/acme/people /organise/acme/rounds/shortlist"
    )

    pages = [organiser.get(url) for url in urls.split()]

    assert {page.status_code for page in pages} == {200}
    assert not [page.request.path for page in pages if script in page.text]
    assert csrf_token(organiser)


def test_a_dry_run_keeps_its_pictures_until_the_upload_is_forgotten(
    organiser: FlaskClient, site: Site
) -> None:
    before = derivatives(site)
    first = upload(organiser, [("#71.png", png(71)), ("#72.png", png(72))])
    second = upload(organiser, [("#72.png", png(72)), ("#73.png", png(73))])
    take_step(site, first)
    take_step(site, second)
    page = organiser.get(f"/organise/acme/designs/imports/{first}").text
    shown = re.findall(r'src="(/media/[^"]+/thumb\.webp)"', page)
    assert len(shown) == 2
    assert [organiser.get(url).status_code for url in shown] == [200, 200]

    post(organiser, f"/organise/acme/designs/imports/{first}/drop")

    assert [organiser.get(url).status_code for url in shown] == [404, 200]
    post(organiser, f"/organise/acme/designs/imports/{second}/drop")
    assert derivatives(site) == before


def derivatives(site: Site) -> set[Path]:
    folder = site.settings.files_folder / "derivatives"
    return {path for path in folder.rglob("*") if path.is_file()}


def test_forgetting_an_upload_leaves_what_was_imported(
    organiser: FlaskClient, site: Site
) -> None:
    first = upload(organiser, [("#71.png", png(71))])
    take_step(site, first)
    post(organiser, f"/organise/acme/designs/imports/{first}")
    take_step(site, first)
    kept = derivatives(site)
    second = upload(organiser, [("#71.png", png(71)), ("#72.png", png(72))])
    take_step(site, second)

    post(organiser, f"/organise/acme/designs/imports/{second}/drop")

    assert derivatives(site) == kept


def test_a_job_that_was_stopped_says_so(organiser: FlaskClient, site: Site) -> None:
    id_ = upload(organiser, [("#71.png", png(71))])
    with site.store.database.write() as session:
        session.get_one(ImportJob, id_).begun = True  # and then the site was killed
        session.commit()

    take_step(site, id_)

    page = organiser.get(f"/organise/acme/designs/imports/{id_}").text
    assert "took it up again by itself" in page


def test_a_report_of_two_thousand_files_stays_light(
    organiser: FlaskClient, site: Site, now: datetime
) -> None:
    files = [
        {
            "file": f"sub/#{n}.png",
            "status": ("new", "changed", "same", "refused")[n % 4],
            "entry": n,
            "designer": f"Designer {n}",
            "version": 1,
            "reason": "no picture" if n % 4 == 3 else None,
            "digest": f"{n:064x}",
            "before": None,
        }
        for n in range(2000)
    ]
    summary = dict.fromkeys(("new", "changed", "same", "refused"), 500)
    with site.store.database.write() as session:
        contest = contest_by_slug(session, "acme")
        job_ = ImportJob(
            contest_id=contest.id,
            source="export/export.zip",
            name="export.zip",
            state=JobState.READY,
            report=json.dumps(
                {
                    "summary": summary | {"withdrawn": 0, "ignored": 0},
                    "files": files,
                    "remarks": [],
                }
            ),
            created_at=now,
        )
        session.add(job_)
        session.commit()
        page = f"/organise/acme/designs/imports/{job_.id}"

    whole = organiser.get(page).text
    assert len(whole) < 100_000
    assert "500 new" in whole
    assert "Show all 500" in whole
    last = organiser.get(f"{page}?show=new&page=3").text
    assert last.count("sub/#") == 100
    assert "#1996.png" in last
    assert len(last) < 100_000
    for odd in ("?show=new&page=99", "?show=new&page=0", "?show=x", "?show=same"):
        assert organiser.get(page + odd).status_code == 200


def test_every_version_of_a_design_is_shown_and_can_be_downloaded(
    organiser: FlaskClient, site: Site
) -> None:
    for number in (71, 171):
        id_ = upload(organiser, [("#71.png", png(number))])
        take_step(site, id_)
        post(organiser, f"/organise/acme/designs/imports/{id_}")
        take_step(site, id_)

    page = organiser.get("/organise/acme/designs/71").text
    assert "2 versions" in page
    assert "stays with the entry" in page
    first = organiser.get("/organise/acme/original/71/1")
    second = organiser.get("/organise/acme/original/71/2")
    assert (first.data, second.data) == (png(71), png(171))
    assert "entry-71-version-1.png" in first.headers["Content-Disposition"]
    assert organiser.get("/organise/acme/original/71").data == png(171)
    assert organiser.get("/organise/acme/original/71/3").status_code == 404
    assert organiser.get("/organise/acme/designs/999").status_code == 404


def test_a_design_says_which_number_the_contest_site_has_for_it(
    organiser: FlaskClient, site: Site
) -> None:
    def take_in(file: str, number: int) -> str:
        id_ = upload(organiser, [(file, png(number))])
        take_step(site, id_)
        report = organiser.get(f"/organise/acme/designs/imports/{id_}").text
        post(organiser, f"/organise/acme/designs/imports/{id_}")
        take_step(site, id_)
        return report

    take_in("#71.png", 71)
    take_in("fox.png", 5)
    report = take_in("72.png", 72)

    assert "number 72 had been given to fox.png before" in report
    said = "number 72 on the contest site"
    assert said in organiser.get("/organise/acme/designs/73").text
    assert said not in organiser.get("/organise/acme/designs/72").text


def test_a_design_withdrawn_by_hand_stays_out_until_it_is_brought_back(
    organiser: FlaskClient, site: Site
) -> None:
    page = "/organise/acme/designs/71"

    def take_in(number: int) -> str:
        id_ = upload(organiser, [("#71.png", png(number))])
        take_step(site, id_)
        post(organiser, f"/organise/acme/designs/imports/{id_}")
        take_step(site, id_)
        return organiser.get(f"/organise/acme/designs/imports/{id_}").text

    take_in(71)
    refused = post(organiser, page, {"do": "withdraw", "reason": " "})
    assert refused.status_code == 400
    assert "Say why design 71" in refused.text
    post(organiser, page, {"do": "withdraw", "reason": "a <b>copy</b>"})

    assert "stays withdrawn (a &lt;b&gt;copy&lt;/b&gt;)" in take_in(171)
    assert 71 not in entries(site)
    shown = organiser.get(page).text
    assert "2 versions" in shown
    assert "Design 71 withdrawn: a &lt;b&gt;copy" in shown
    post(organiser, page, {"do": "bring-back"})
    assert 71 in entries(site)


def test_families_are_decided_for_exactly_what_was_shown(
    organiser: FlaskClient, scene: Scene
) -> None:
    url = "/organise/acme/families"
    with scene.changing() as (session, acme):
        families.refresh_proposals(session, acme, [Proposal((1, 2, 3))])
    shown = organiser.get(url).text
    assert "80 %" in shown
    assert 'value="merge:1,2,3"' in shown
    with scene.changing() as (session, acme):
        families.refresh_proposals(session, acme, [Proposal((1, 2))])

    post(organiser, url, {"do": "split:1,2"})
    post(organiser, url, {"do": "merge:1,3"})

    page = organiser.get(url).text
    assert "1 and 3 are one family." in page
    assert "Organiser" in page
    with scene.changing() as (session, acme):
        groups = [g.entries for g in families.groupings(session, acme)]
        who = {change.who for change in regrouping.changes(session, acme)}
        logged = {event["actor"] for event in events.chain(session, acme.id)[-2:]}
    assert groups == [(1, 3), (2,), (12, 57)]
    assert "" not in who
    assert len(logged) == 1
    assert logged.pop().startswith("u")


@pytest.mark.parametrize(
    "form",
    [
        {"do": "dance"},
        {},
        {"do": "merge:"},
        {"do": "merge:1,x,²"},
        {"do": "split:"},
        {"do": "split:999"},
        {"do": "undo"},
    ],
)
def test_a_change_of_families_that_makes_no_sense_is_refused_in_words(
    organiser: FlaskClient, form: dict[str, str]
) -> None:
    answer = post(organiser, "/organise/acme/families", form)

    assert answer.status_code == 400
    assert "That did not work" in answer.text


@pytest.mark.parametrize(
    ("find", "found"), [("2", [2]), ("#3", [3]), ("designer 1", [1]), ("zoe", [])]
)
def test_without_script_the_server_finds_who_stands_alone(
    organiser: FlaskClient, find: str, found: list[int]
) -> None:
    page = organiser.get("/organise/acme/families", query_string={"find": find}).text

    alone = page.partition('id="alone"')[2]
    assert [int(n) for n in re.findall(r'data-tile="(\d+)"', alone)] == found


def test_voters_are_told_what_became_of_their_choice(
    organiser: FlaskClient, shortlist: Scene, visit: Visit, site: Site
) -> None:
    ann = visit("Ann")
    post(ann, "/c/acme/shortlist/ballot", {"approve": "1"})
    post(ann, "/c/acme/shortlist/ballot", {"approve": "2"})
    assert "after you shortlisted" not in ann.get("/c/acme/shortlist").text

    id_ = upload(organiser, [("#1.png", png(101))])
    take_step(site, id_)
    post(organiser, f"/organise/acme/designs/imports/{id_}")
    take_step(site, id_)
    post(organiser, "/organise/acme/designs/2", {"reason": "a copy"})

    for page in ("/c/acme/shortlist", "/c/acme/logo/1"):
        text = " ".join(ann.get(page).text.split())
        assert "logo 1 was changed by the designer after you shortlisted it" in text
        assert "Your vote stays with it" in text
        assert "Logo <s>2</s> was withdrawn" in text
        assert "(a copy)" in text
    assert ann.get("/c/acme/shortlist").text.count("<b>changed</b>") == 1
    assert "after you shortlisted" not in visit("Bob").get("/c/acme/shortlist").text

    post(ann, "/c/acme/shortlist/ballot", {"approve": "3"})
    assert "after you shortlisted" not in ann.get("/c/acme/shortlist").text
    assert shortlist.ballot("Ann") == ["1", "3"]


def test_voters_are_told_what_became_of_their_ranking(
    organiser: FlaskClient, ranking: Scene, visit: Visit
) -> None:
    ann = visit("Ann")
    for entry in (1, 2, 3):
        post(ann, "/c/acme/ranking/ballot", {"do": f"rank:{entry}"})

    post(organiser, "/organise/acme/designs/2", {"reason": "a copy"})

    text = " ".join(ann.get("/c/acme/ranking").text.split())
    assert "Logo <s>2</s> was withdrawn after you ranked it (a copy)" in text
    assert 'id="row-2"' not in text
    assert re.search(r'id="row-3".*?data-place>2<', text)
    post(ann, "/c/acme/ranking/ballot", {"do": "up:3"})
    assert ranking.ballot("Ann", Kind.RANKING) == [["3"], ["1"]]


def test_what_looks_like_a_design_is_found_for_its_organiser(
    organiser: FlaskClient, site: Site
) -> None:
    id_ = upload(organiser, [(f"#{n}.png", png(n)) for n in (71, 72, 73)])
    take_step(site, id_)
    post(organiser, f"/organise/acme/designs/imports/{id_}")
    take_step(site, id_)
    assert "?near=71#near" in organiser.get("/organise/acme/designs/71").text

    page = organiser.get("/organise/acme/families?near=71").text

    near = page.partition('id="near"')[2].partition("</section>")[0]
    found = [int(n) for n in re.findall(r'data-tile="(\d+)"', near)]
    assert found[0] == 71
    assert {*found} <= {71, 72, 73}
    assert len(found) > 1
    for odd in ("2", "999", "x", "-1"):
        answer = organiser.get(f"/organise/acme/families?near={odd}")
        assert answer.status_code == 200


def test_one_voter_is_changed_and_all_are_handed_out_without_links(
    organiser: FlaskClient,
) -> None:
    form = {"changed": "ann@example.org", "changed-group": "", "changed-weight": "1/2"}

    assert post(organiser, "/organise/acme/people/change", form).status_code == 303

    answer = organiser.get("/organise/acme/people/people.csv")
    assert answer.mimetype == "text/csv"
    assert "ann@example.org,Ann,core,1/2," in answer.text
    assert "/i/" not in answer.text

    form["changed"] = "nobody@example.org"
    refused = post(organiser, "/organise/acme/people/change", form)
    assert refused.status_code == 422
    assert "may not vote in this contest" in refused.text
    assert 'value="nobody@example.org"' in refused.text


def test_a_group_that_nobody_is_in_can_be_removed(scene: Scene, visit: Visit) -> None:
    organiser = visit("organiser")
    page = "/organise/acme/people"
    assert "Remove the group" not in organiser.get(page).text
    with scene.changing() as (session, acme):
        session.add(Group(contest_id=acme.id, name="comunity"))
    assert "Remove the group comunity" in organiser.get(page).text

    answer = post(organiser, "/organise/acme/groups", {"remove": "comunity"})

    assert answer.status_code == 303
    assert "There is no group “comunity” any more" in organiser.get(page).text
    assert "Remove the group" not in organiser.get(page).text


def test_somebody_added_by_mistake_is_removed(organiser: FlaskClient) -> None:
    page = "/organise/acme/people"
    form = {"changed": "bob@example.org", "do": "remove"}

    answer = post(organiser, f"{page}/change", form)

    assert answer.status_code == 303
    shown = organiser.get(page).text
    assert "Bob is off the list" in shown
    assert "bob@example.org" not in shown.replace("off the list", "")
    assert "1 person may not vote any more." in organiser.get("/c/acme/audit").text
    refused = post(organiser, f"{page}/change", form)
    assert refused.status_code == 422
    assert "may not vote in this contest" in refused.text
