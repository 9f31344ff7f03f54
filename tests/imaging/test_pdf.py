"""Drawing PDF files, and refusing what cannot or should not be drawn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from logovote.imaging import pdf as drawn
from logovote.imaging.decode import decode
from logovote.imaging.picture import UnreadableImageError
from logovote.imaging.svg import DRAWN_PX
from logovote.imaging.worker import Fence
from tests.imaging.originals import pdf

LOCK = (
    "/Encrypt<</Filter/Standard/V 1/R 2/P -4"
    f"/O<{'ab' * 32}>/U<{'cd' * 32}>>>/ID[<{'00' * 16}><{'00' * 16}>]"
)
HOLLOW = (
    "BT /F 9 Tf 9 80 Td (This is an Adobe Illustrator File that was) Tj"
    " 0 -12 Td (saved without PDF Content.) Tj ET"
)
WITH_FONT = (
    "/MediaBox[0 0 200 100]"
    "/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>"
)


@pytest.fixture(scope="module")
def fence() -> Iterator[Fence]:
    with Fence(1) as shared:
        yield shared


def test_the_first_page_is_drawn_on_bare_paper() -> None:
    decoded = decode(pdf())

    assert (decoded.format, decoded.width_px, decoded.height_px) == ("PDF", 267, 133)
    assert decoded.image.size == (DRAWN_PX, DRAWN_PX // 2)
    assert decoded.image.getpixel((DRAWN_PX // 4, DRAWN_PX // 5)) == (199, 20, 41, 255)
    corner = decoded.image.getpixel((5, 5))
    assert isinstance(corner, tuple)
    assert corner[3] == 0


def test_inside_the_fence_it_is_the_same(fence: Fence) -> None:
    developed = fence.develop(pdf())

    assert (developed.format, developed.ground) == ("PDF", "light")
    assert fence.develop(pdf(HOLLOW.replace("saved", "Saved"), WITH_FONT))


def test_a_white_logo_gets_a_dark_ground(fence: Fence) -> None:
    assert fence.develop(pdf("1 1 1 rg 20 40 60 40 re f")).ground == "dark"


@pytest.mark.parametrize(
    ("page", "size"),
    [
        ("/MediaBox[0 0 200 100]/Rotate 90", (133, 267)),
        ("/MediaBox[0 0 900 900]/CropBox[0 0 200 100]", (267, 133)),
        ("/MediaBox[100 100 300 200]", (267, 133)),
        ("/MediaBox[0 0 14400 14400]", (10_000, 10_000)),
        ("/MediaBox[0 0 3000000000 3000000000]", (10_000, 10_000)),
        ("/MediaBox[0 0 .02 .01]", (1, 1)),
    ],
)
def test_a_page_of_any_size_is_drawn_at_one(page: str, size: tuple[int, int]) -> None:
    width_px, height_px, image = drawn.render(pdf(page=page))

    assert (width_px, height_px) == size
    assert max(image.size) in (DRAWN_PX, DRAWN_PX + 1)


@pytest.mark.parametrize(
    ("original", "says"),
    [
        pytest.param(pdf(trailer=LOCK), "asks for a password", id="locked"),
        pytest.param(pdf()[:60], "damaged or cut off", id="cut off"),
        pytest.param(b"%PDF-1.7", "damaged or cut off", id="nothing but a name"),
        pytest.param(
            pdf().replace(b"[3 0 R]/Count 1", b"[]/Count 0"), "damaged", id="no page"
        ),
        pytest.param(pdf(page="/MediaBox[0 0 9000 9]"), "50 times", id="a line"),
        pytest.param(pdf(HOLLOW, WITH_FONT), "Create PDF Compatible File", id="hollow"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_words(original: bytes, says: str) -> None:
    with pytest.raises(UnreadableImageError, match=says):
        decode(original)


def test_without_the_extra_the_refusal_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(drawn, "pypdfium2", None)
    with pytest.raises(UnreadableImageError, match=r"pip install 'logovote\[pdf\]'"):
        decode(pdf())


def test_comments_on_a_page_are_not_drawn() -> None:
    note = (
        "/MediaBox[0 0 200 100]/Annots[<</Type/Annot/Subtype/Square"
        "/Rect[0 0 200 100]/C[0 0 1]/IC[0 0 1]>>]"
    )
    assert decode(pdf(page=note)).image.tobytes() == decode(pdf()).image.tobytes()


def test_only_the_first_of_many_pages_counts() -> None:
    second = "5 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 90 90]>>endobj\n"
    two = pdf(extra=second).replace(b"[3 0 R]/Count 1", b"[3 0 R 5 0 R]/Count 2")

    assert decode(two).image.tobytes() == decode(pdf()).image.tobytes()
