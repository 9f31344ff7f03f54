from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from logovote.app import create_app
from logovote.imaging.picture import SPECS_VERSION
from logovote.store.media import MediaUnavailableError, digest_of
from logovote.store.store import Store
from tests import services
from tests.web.conftest import ORIGINAL, THUMB, Scene, Visit

TOKEN = digest_of(ORIGINAL)[:16]
THUMB_URL = f"/media/{SPECS_VERSION}/{TOKEN}/thumb.webp"


def test_a_derivative_is_anybodys_and_kept_for_good(scene: Scene, visit: Visit) -> None:
    answer = visit("stranger").get(THUMB_URL)

    assert answer.status_code == 200
    assert answer.data == THUMB
    assert answer.mimetype == "image/webp"
    assert "immutable" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers


def test_a_derivative_that_is_known_is_not_sent_again(
    scene: Scene, visit: Visit
) -> None:
    client = visit("stranger")
    etag = client.get(THUMB_URL).headers["ETag"]

    answer = client.get(THUMB_URL, headers={"If-None-Match": etag})

    assert answer.status_code == 304
    assert answer.data == b""


@pytest.mark.parametrize(
    "path",
    [
        f"{SPECS_VERSION}/{'0' * 16}/thumb.webp",
        f"{SPECS_VERSION}/{TOKEN}/original.webp",
        f"{SPECS_VERSION}/{TOKEN[:8]}/thumb.webp",
        f"{SPECS_VERSION}/{digest_of(ORIGINAL)}/thumb.webp",
        f"{SPECS_VERSION}/{TOKEN.upper()}/thumb.webp",
        f"{SPECS_VERSION}/{TOKEN}/thumb.png",
        f"other/{TOKEN}/thumb.webp",
        f"{SPECS_VERSION}/{TOKEN}/..%2f..%2foriginals.webp",
    ],
)
def test_an_unknown_derivative_is_not_found_and_not_kept_as_such(
    scene: Scene, visit: Visit, path: str
) -> None:
    answer = visit("stranger").get(f"/media/{path}")

    assert answer.status_code == 404
    assert "immutable" not in answer.headers["Cache-Control"]


def test_a_derivative_whose_file_is_gone_is_not_found(
    scene: Scene, visit: Visit
) -> None:
    answer = visit("stranger").get(THUMB_URL.replace("thumb", "preview"))

    assert answer.status_code == 404
    assert "immutable" not in answer.headers["Cache-Control"]


def test_an_original_is_a_download_that_no_browser_runs(
    scene: Scene, visit: Visit
) -> None:
    answer = visit("organiser").get("/organise/acme/original/1")

    assert answer.data == ORIGINAL
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == "attachment; filename=entry-1.png"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_no_page_points_at_an_original_but_the_organisers(
    shortlist: Scene, visit: Visit
) -> None:
    pages = [
        visit("Ann").get(f"/c/acme/{page}").text for page in ("shortlist", "logo/1")
    ]

    assert not [page for page in pages if "/original" in page]


@pytest.fixture
def in_a_bucket(
    scene: Scene, s3: services.S3
) -> Iterator[Callable[[str], FlaskClient]]:
    """Return a browser of a site that keeps its files in a bucket."""
    settings = replace(scene.site.settings, storage_url=s3.bucket())
    store = Store.open(
        settings.database_url, settings.files_folder, settings.storage_url
    )
    store.derivatives.put(THUMB)
    store.originals.put(ORIGINAL)

    def visit(pictures: str) -> FlaskClient:
        app = create_app(replace(settings, pictures=pictures))
        app.testing = True
        return app.test_client()

    yield visit
    store.database.dispose()


def test_pictures_in_a_bucket_come_through_the_app_unless_told_otherwise(
    in_a_bucket: Callable[[str], FlaskClient],
) -> None:
    answer = in_a_bucket("app").get(THUMB_URL)

    assert (answer.status_code, answer.data) == (200, THUMB)
    assert answer.mimetype == "image/webp"
    assert "immutable" in answer.headers["Cache-Control"]
    assert "img-src 'self' blob:" in answer.headers["Content-Security-Policy"]


def test_a_signed_address_leads_to_the_picture_and_the_policy_allows_it(
    in_a_bucket: Callable[[str], FlaskClient], s3: services.S3
) -> None:
    answer = in_a_bucket("signed").get(THUMB_URL)

    assert answer.status_code == 302
    # Shorter than the address works.
    assert answer.headers["Cache-Control"] == "public, max-age=1800"
    assert "Expires=3600" in answer.location
    assert services.fetch(answer.location).body == THUMB
    policy = answer.headers["Content-Security-Policy"]
    assert f"img-src 'self' {s3.endpoint} blob:" in policy
    assert policy.count(s3.endpoint) == 1


def test_a_public_address_is_that_of_the_derivative_for_good(
    in_a_bucket: Callable[[str], FlaskClient],
) -> None:
    answer = in_a_bucket("https://pictures.example.org/d").get(THUMB_URL)

    digest = digest_of(THUMB)
    assert answer.status_code == 302
    assert (
        answer.location == f"https://pictures.example.org/d/{digest[:2]}/{digest[2:]}"
    )
    assert "immutable" in answer.headers["Cache-Control"]
    policy = answer.headers["Content-Security-Policy"]
    assert "img-src 'self' https://pictures.example.org blob:" in policy


def test_no_setting_leads_to_an_original(
    in_a_bucket: Callable[[str], FlaskClient],
) -> None:
    for pictures in ("app", "signed", "https://pictures.example.org/d"):
        for kind in ("original", "../originals"):
            path = THUMB_URL.replace("thumb", kind)
            assert in_a_bucket(pictures).get(path).status_code == 404


def test_a_store_that_is_gone_is_a_busy_moment(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_digest: str) -> bytes:
        raise MediaUnavailableError("The file store does not answer as it should.")

    monkeypatch.setattr(scene.site.store.derivatives, "get", gone)
    answer = scene.site.app.test_client().get(THUMB_URL)

    assert answer.status_code == 503
    assert "immutable" not in answer.headers["Cache-Control"]
