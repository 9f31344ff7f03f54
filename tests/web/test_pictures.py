from __future__ import annotations

import pytest

from logovote.imaging.picture import SPECS_VERSION
from logovote.store.media import digest_of
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
