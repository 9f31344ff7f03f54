from __future__ import annotations

import io
import math

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageStat

from logovote.imaging.decode import decode
from logovote.imaging.derivatives import develop
from logovote.imaging.picture import SPECS, Derivative, Developed
from tests.imaging.originals import NAVY, RED, WHITE, encoded, mark, pdf, svg


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


def on_a_screen(edge: tuple[int, int, int], radius: int = 0) -> Image.Image:
    """A mark on white, with an edge around or rounded corners."""
    screen = Image.new("RGB", (800, 600), edge)
    ImageDraw.Draw(screen).rounded_rectangle((3, 3, 796, 596), radius, fill=WHITE)
    screen.paste(mark(size=(400, 300)), (200, 150))
    return screen


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(on_a_screen((236, 238, 240)), id="off-white-edge"),
        pytest.param(on_a_screen((205, 205, 205)), id="grey-edge"),
        pytest.param(on_a_screen((210, 210, 210), 60), id="rounded-edge"),
        pytest.param(
            on_a_screen((0, 0, 0), 70).crop((3, 3, 797, 597)), id="rounded-black"
        ),
        pytest.param(
            on_a_screen((120, 170, 220), 70).crop((3, 3, 797, 597)), id="rounded-blue"
        ),
    ],
)
@pytest.mark.parametrize("name", ["PNG", "JPEG"])
def test_the_edge_of_a_screenshot_is_not_part_of_the_mark(
    image: Image.Image, name: str
) -> None:
    developed = develop(encoded(image, name))

    left, top, right, bottom = ink_box(shown(developed, "thumb"))
    assert (right - left) / (bottom - top) == pytest.approx(2, rel=0.1)
    assert right - left > 170
    assert developed.cutout == "simulated"
    assert developed.colour == WHITE


def test_what_reaches_out_of_a_corner_is_no_rounded_corner() -> None:
    image = mark(size=(800, 600), box=(300, 200, 499, 399))
    for box in ((0, 0, 180, 8), (0, 0, 8, 180), (620, 592, 799, 599)):
        ImageDraw.Draw(image).rectangle(box, fill=(0, 0, 0))

    left, top, right, bottom = ink_box(shown(develop(encoded(image)), "thumb"))

    assert (right - left) / (bottom - top) == pytest.approx(4 / 3, rel=0.03)


def test_a_preview_shows_the_whole_design_in_its_shape() -> None:
    preview = shown(develop(encoded(mark(size=(3_000, 1_500)))), "preview")
    assert preview.size == (1024, 512)


def test_a_hair_keeps_a_pixel() -> None:
    for name in ("PNG", "JPEG"):
        developed = develop(encoded(Image.new("RGB", (20_000, 1), RED), name))
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
        pytest.param(
            mark("RGBA", ground=(0, 0, 0, 0), ink=(255, 255, 255, 90)),
            "dark",
            id="faint",
        ),
        pytest.param(
            mark(
                "RGBA", (3_000, 3_000), (0,) * 4, (255,) * 4, (99, 1_499, 2_900, 1_501)
            ),
            "dark",
            id="hairline",
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


def psnr(one: Image.Image, other: Image.Image) -> float:
    """How near two pictures are, in decibels; 40 is hard to see."""
    histogram = ImageChops.difference(one.convert("RGB"), other.convert("RGB"))
    error = sum(
        count * (level % 256) ** 2 for level, count in enumerate(histogram.histogram())
    )
    pixels = 3 * one.width * one.height
    return 10 * math.log10(255**2 * pixels / max(error, 1))


def drawing(size: tuple[int, int]) -> Image.Image:
    """Letters, thin lines and a gradient, on white."""
    image = Image.new("RGB", size, WHITE)
    draw = ImageDraw.Draw(image)
    unit = size[0] // 40
    for n in range(12):
        x = size[0] // 5 + n * 2 * unit
        draw.line((x, size[1] // 4, x + 3 * unit, size[1] * 3 // 4), RED, 1 + n // 2)
        draw.ellipse((x, size[1] // 3, x + unit, size[1] // 3 + unit), fill=NAVY)
    draw.text((size[0] // 4, size[1] // 2), "Tavrel", (0, 120, 90), font_size=3 * unit)
    fade = Image.linear_gradient("L").resize((8 * unit, 8 * unit))
    image.paste(fade.convert("RGB"), (size[0] // 4, size[1] * 3 // 5))
    return image


@pytest.mark.parametrize("name", ["PNG", "JPEG"])
@pytest.mark.parametrize("width", [800, 1_500, 2_000, 2_400, 3_200])
def test_what_is_done_for_speed_cannot_be_seen(width: int, name: str) -> None:
    original = encoded(drawing((width, width * 3 // 4)), name)
    preview = shown(develop(original), "preview").convert("RGB")
    with Image.open(io.BytesIO(original)) as opened:
        slow = opened.convert("RGB").resize(preview.size, Image.Resampling.LANCZOS)
    file = io.BytesIO()
    slow.save(file, "WEBP", quality=80, method=2)

    with Image.open(file) as kept:
        assert psnr(preview, kept) >= 40
        # It costs little beside what WebP does.
        assert psnr(preview, slow) >= psnr(kept.convert("RGB"), slow) - 2


def test_a_small_mark_on_a_huge_ground_is_looked_at_again() -> None:
    image = Image.new("RGB", (4_400, 3_300), WHITE)
    detail = drawing((600, 450))
    image.paste(detail, (1_800, 1_300))

    original = encoded(image, "JPEG", quality=95)
    assert decode(original).image.width == 1_100

    def sharpness(picture: Image.Image) -> float:
        thumb = shown(develop(encoded(picture)), "thumb2x").convert("L")
        return ImageStat.Stat(thumb.filter(ImageFilter.FIND_EDGES)).mean[0]

    thumb = shown(develop(original), "thumb2x").convert("L")
    found = ImageStat.Stat(thumb.filter(ImageFilter.FIND_EDGES)).mean[0]
    assert found >= 0.7 * sharpness(image)
    assert found >= 1.3 * sharpness(image.reduce(4))


SHEET = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{}mm" height="{}mm" viewBox="{}">'
)
COMB = "".join(f"<path d='M{x} 20h1v18h-1z'/>" for x in range(20, 56, 2))
PDF_COMB = "".join(f"{x} 90 2 30 re " for x in range(90, 150, 4)) + "f"


@pytest.mark.parametrize(
    ("page", "close"),
    [
        (
            f"{SHEET.format(210, 297, '0 0 210 297')}{COMB}</svg>".encode(),
            f"{SHEET.format(44, 26, '16 16 44 26')}{COMB}</svg>".encode(),
        ),
        (
            pdf(PDF_COMB, "/MediaBox[0 0 595 842]"),
            pdf(PDF_COMB, "/MediaBox[80 80 160 130]"),
        ),
    ],
    ids=["svg", "pdf"],
)
def test_a_small_drawing_on_a_large_page_is_sharp(page: bytes, close: bytes) -> None:
    def sharpness(original: bytes) -> float:
        thumb = shown(develop(original), "thumb2x").getchannel("A")
        return ImageStat.Stat(thumb.filter(ImageFilter.FIND_EDGES)).mean[0]

    assert sharpness(page) >= 0.85 * sharpness(close)


def test_a_part_of_the_kinds_is_as_in_all_of_them() -> None:
    original = encoded(drawing((1_500, 1_100)))
    some = [spec for spec in SPECS if spec.kind in ("thumb", "icon32", "mono")]

    everything = develop(original).derivatives

    assert develop(original, some).derivatives == tuple(
        made for made in everything if made.kind in ("thumb", "icon32", "mono")
    )


def test_sizes_stay_within_their_budgets() -> None:
    original = encoded(drawing((2_000, 1_500)))

    sizes = {made.kind: len(made.data) for made in develop(original).derivatives}

    limits = {"thumb": 12, "thumb2x": 24, "preview": 60, "mark": 24, "mono": 10}
    for kind, limit in limits.items():
        assert sizes[kind] <= limit * 1_000
    assert sizes["icon16"] <= 1_200
