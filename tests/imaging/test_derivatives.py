from __future__ import annotations

import io

import pytest
from PIL import Image, ImageChops

from logovote.imaging.derivatives import develop
from logovote.imaging.picture import SPECS, Derivative, Developed
from tests.imaging.originals import NAVY, RED, WHITE, encoded, mark, svg


def derivative(developed: Developed, kind: str) -> Derivative:
    return next(d for d in developed.derivatives if d.kind == kind)


def shown(developed: Developed, kind: str) -> Image.Image:
    with Image.open(io.BytesIO(derivative(developed, kind).data)) as image:
        assert image.format == "WEBP"
        assert not {"exif", "icc_profile", "xmp"} & image.info.keys()
        return image.copy()


def ink_box(image: Image.Image) -> tuple[int, int, int, int]:
    """The box of what differs clearly from the top left pixel."""
    corner = image.getpixel((0, 0))
    flat = Image.new(image.mode, image.size, corner)
    alpha_only = image.mode == "RGBA"
    difference = ImageChops.difference(image, flat)
    grey = difference.getchannel("A") if alpha_only else difference.convert("L")
    box = grey.point([0] * 40 + [255] * 216).getbbox()
    assert box is not None
    return box


def test_every_kind_of_the_table_is_made_and_fits() -> None:
    developed = develop(encoded(mark()))

    assert [d.kind for d in developed.derivatives] == [spec.kind for spec in SPECS]
    for made, spec in zip(developed.derivatives, SPECS, strict=True):
        assert shown(developed, spec.kind).size == (made.width_px, made.height_px)
        if spec.shows != "design":
            assert (made.width_px, made.height_px) == (spec.width_px, spec.height_px)


@pytest.mark.parametrize("ground", [WHITE, NAVY, (0, 150, 90)])
def test_an_opaque_mark_is_centred_on_its_own_ground(
    ground: tuple[int, int, int],
) -> None:
    thumb = shown(develop(encoded(mark(ground=ground))), "thumb")

    left, top, right, bottom = ink_box(thumb)
    assert abs(left - (320 - right)) <= 2
    assert abs(top - (240 - bottom)) <= 2
    assert thumb.mode == "RGB"
    for corner in ((0, 0), (319, 0), (0, 239), (319, 239)):
        pixel = thumb.getpixel(corner)
        assert isinstance(pixel, tuple)
        assert max(abs(a - b) for a, b in zip(pixel, ground, strict=True)) <= 3


def test_a_transparent_mark_stays_transparent() -> None:
    original = encoded(mark("RGBA", ground=(0, 0, 0, 0), ink=(*RED, 255)))
    developed = develop(original)

    for spec in SPECS:
        image = shown(developed, spec.kind)
        assert image.mode == "RGBA"
        assert image.getpixel((0, 0)) == (0, 0, 0, 0)


def test_marks_of_any_shape_look_equally_large() -> None:
    def area(width: int, height: int) -> float:
        image = mark(size=(900, 900), box=(50, 60, 49 + width, 59 + height))
        left, top, right, bottom = ink_box(shown(develop(encoded(image)), "thumb2x"))
        return (right - left) * (bottom - top)

    square = area(400, 400)
    assert area(600, 300) == pytest.approx(square, rel=0.1)
    assert area(300, 440) == pytest.approx(square, rel=0.1)
    assert area(120, 120) == pytest.approx(square, rel=0.1)


@pytest.mark.parametrize("box", [(5, 5, 894, 30), (5, 5, 30, 894), (0, 90, 899, 700)])
def test_no_mark_touches_the_edge_of_its_thumbnail(
    box: tuple[int, int, int, int],
) -> None:
    image = mark(size=(900, 900), ground=WHITE, box=box)
    transparent = mark("RGBA", (900, 900), (0, 0, 0, 0), (*RED, 255), box)

    for original in (encoded(image), encoded(transparent)):
        left, top, right, bottom = ink_box(shown(develop(original), "thumb"))
        assert left >= 12
        assert top >= 12
        assert right <= 308
        assert bottom <= 228


def test_a_tiny_raster_is_not_blown_up() -> None:
    tiny = encoded(mark(size=(40, 40), box=(10, 10, 29, 29)))
    developed = develop(tiny)

    left, _, right, _ = ink_box(shown(developed, "thumb"))
    assert right - left <= 20 * 2.5 + 2
    assert shown(developed, "preview").size == (40, 40)


def test_both_thumbnails_show_the_same_layout() -> None:
    developed = develop(encoded(mark(size=(60, 60), box=(20, 20, 39, 39))))
    one, two = ink_box(shown(developed, "thumb")), ink_box(shown(developed, "thumb2x"))
    assert all(abs(2 * a - b) <= 3 for a, b in zip(one, two, strict=True))


def test_a_board_is_shown_whole() -> None:
    board = Image.new("RGB", (800, 400), WHITE)
    board.paste(NAVY, (400, 0, 800, 400))

    thumb = shown(develop(encoded(board)), "thumb")

    assert thumb.mode == "RGBA"
    assert thumb.getchannel("A").getbbox() == (0, 40, 320, 200)


def test_a_thin_frame_is_part_of_the_design_and_not_its_ground() -> None:
    framed = Image.new("RGB", (800, 600), "black")
    framed.paste(mark(size=(790, 590)), (5, 5))

    thumb = shown(develop(encoded(framed)), "thumb").convert("L")

    left, top, right, bottom = ink_box(thumb)
    assert max(left, top, 320 - right, 240 - bottom) <= 3


def test_a_preview_shows_the_whole_design_in_its_shape() -> None:
    preview = shown(develop(encoded(mark(size=(3_000, 1_500)))), "preview")
    assert preview.size == (1024, 512)


def test_a_hair_keeps_a_pixel() -> None:
    developed = develop(encoded(Image.new("RGB", (20_000, 1), RED)))
    assert shown(developed, "preview").size == (1024, 1)


@pytest.mark.parametrize(
    ("image", "ground"),
    [
        pytest.param(mark(), "light", id="opaque-on-white"),
        pytest.param(mark(ground=NAVY, ink=WHITE), "dark", id="opaque-on-navy"),
        pytest.param(
            mark("RGBA", ground=(0, 0, 0, 0), ink=(0, 0, 0, 255)), "light", id="black"
        ),
        pytest.param(
            mark("RGBA", ground=(0, 0, 0, 0), ink=(255,) * 4), "dark", id="white"
        ),
        pytest.param(
            mark("RGBA", ground=(0, 0, 0, 0), ink=(*RED, 255)), "light", id="red"
        ),
        pytest.param(Image.new("RGBA", (9, 9), (0, 0, 0, 0)), "light", id="nothing"),
    ],
)
def test_the_ground_lets_the_mark_show(image: Image.Image, ground: str) -> None:
    assert develop(encoded(image)).ground == ground


def test_white_letters_within_a_badge_need_no_dark_ground() -> None:
    badge = mark("RGBA", ground=(0, 0, 0, 0), ink=(*RED, 255))
    badge.paste((255,) * 4, (60, 70, 120, 100))
    assert develop(encoded(badge)).ground == "light"


def test_an_svg_gets_all_derivatives_with_transparency() -> None:
    developed = develop(svg())
    assert shown(developed, "preview").size == (1024, 512)
    assert shown(developed, "thumb").mode == "RGBA"
