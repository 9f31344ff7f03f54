"""A mark without its ground: no halo on dark, and one ink whatever the colours."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from logovote.imaging import cutout
from logovote.imaging.derivatives import develop
from logovote.imaging.picture import SPECS, Colour, Developed
from tests.imaging.originals import NAVY, RED, WHITE, encoded, mark

NIGHT = (17, 17, 17)
ICONS = (16, 32, 48, 64, 96, 128)


def shown(developed: Developed, kind: str) -> Image.Image:
    made = next(d for d in developed.derivatives if d.kind == kind)
    with Image.open(io.BytesIO(made.data)) as image:
        return image.convert("RGBA")


def laid_on(image: Image.Image, ground: Colour) -> Any:
    """Lay a picture on a ground; returns its pixels, as numbers one can subtract."""
    paper = Image.new("RGBA", image.size, (*ground, 255))
    return np.asarray(
        Image.alpha_composite(paper, image).convert("RGB"), dtype=np.int16
    )


def disc(ink: Colour, ground: Colour, side: int = 400) -> Image.Image:
    """A disc with a soft edge, drawn large and made smaller."""
    large = Image.new("RGB", (4 * side, 4 * side), ground)
    ImageDraw.Draw(large).ellipse((side, side, 3 * side, 3 * side), fill=ink)
    return large.resize((side, side), Image.Resampling.BOX)


@pytest.mark.parametrize("kind", ["mark", *(f"icon{side}" for side in ICONS)])
@pytest.mark.parametrize("name", ["PNG", "JPEG"])
def test_a_black_disc_on_white_has_no_light_ring_on_dark(kind: str, name: str) -> None:
    developed = develop(encoded(disc((0, 0, 0), WHITE), name))

    on_night = laid_on(shown(developed, kind), NIGHT)

    if name == "PNG":
        assert on_night.max() <= 17 + 12
    else:  # JPEG blurs within the ink, and may leave a speck beside it.
        assert np.percentile(on_night, 99.9) <= 17 + 40
    assert on_night.min() <= 4


@pytest.mark.parametrize(
    ("ink", "ground"), [(RED, WHITE), (WHITE, NAVY), ((240, 200, 0), (0, 90, 60))]
)
def test_a_mark_on_its_own_ground_again_looks_as_before(
    ink: Colour, ground: Colour
) -> None:
    picture = disc(ink, ground)

    cut = cutout.knock_out(picture, ground)

    apart = np.abs(laid_on(cut, ground) - np.asarray(picture, dtype=np.int16))
    # What is as near to the ground as paper and noise is ground afterwards.
    assert apart.max() <= 12
    assert cut.getpixel((200, 200)) == (*ink, 255)
    assert cut.getchannel("A").getpixel((0, 0)) == 0


def test_soft_edges_are_the_colour_of_the_ink() -> None:
    cut = np.asarray(cutout.knock_out(disc(RED, WHITE), WHITE), dtype=np.int16)

    edge = cut[(cut[..., 3] > 60) & (cut[..., 3] < 250)]
    assert len(edge) > 100
    assert np.abs(edge[:, :3] - RED).max() <= 25


def test_the_inside_of_a_letter_is_ground() -> None:
    ring = disc(RED, WHITE)
    ImageDraw.Draw(ring).ellipse((160, 160, 240, 240), fill=WHITE)

    developed = develop(encoded(ring))

    for kind in ("mark", "mono", "icon64"):
        image = shown(developed, kind)
        middle = image.getpixel((image.width // 2, image.height // 2))
        assert isinstance(middle, tuple)
        assert middle[3] == 0


def test_pale_skin_is_a_fill_and_a_pale_grey_a_shadow() -> None:
    for colour, alpha in (((255, 232, 214), 255), ((225, 225, 225), None)):
        cut = cutout.knock_out(disc(colour, WHITE), WHITE)
        pixel = cut.getpixel((200, 200))
        assert isinstance(pixel, tuple)
        assert pixel[3] == alpha if alpha else 0 < pixel[3] < 160


def test_a_shadow_stays_a_shadow_on_dark() -> None:
    picture = Image.new("RGB", (400, 300), WHITE)
    ImageDraw.Draw(picture).rectangle((110, 90, 290, 210), fill=(215, 215, 215))
    picture = picture.filter(ImageFilter.GaussianBlur(12))
    ImageDraw.Draw(picture).rectangle((100, 80, 280, 200), fill=RED)

    mark = laid_on(shown(develop(encoded(picture)), "mark"), NIGHT)

    # Green and blue of the red are low: what is light there would be fog.
    assert np.percentile(mark[..., 1], 99.5) <= 110


@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        pytest.param(RED, WHITE, id="coloured"),
        pytest.param((250, 220, 60), WHITE, id="yellow"),
        pytest.param(WHITE, NAVY, id="inverted"),
        pytest.param((0, 0, 0), (0, 160, 90), id="black-on-green"),
    ],
)
def test_any_mark_is_black_in_one_ink(ink: Colour, ground: Colour) -> None:
    mono = shown(develop(encoded(disc(ink, ground))), "mono")

    assert mono.getpixel((240, 180)) == (0, 0, 0, 255)
    corner = mono.getpixel((0, 0))
    assert isinstance(corner, tuple)
    assert corner[3] == 0
    opaque = np.asarray(mono)
    assert not opaque[opaque[..., 3] > 0][:, :3].any()


def test_one_ink_of_a_badge_leaves_its_letters_out() -> None:
    badge = Image.new("RGBA", (300, 300), (0, 0, 0, 0))
    draw = ImageDraw.Draw(badge)
    draw.ellipse((30, 30, 270, 270), fill=(*NAVY, 255))
    draw.rectangle((130, 90, 170, 210), fill=(255, 255, 255, 255))

    mono = shown(develop(encoded(badge)), "mono").getchannel("A")

    assert mono.getpixel((240, 180)) == 0
    assert mono.getpixel((240 - 90, 180)) == 255


def test_the_parts_of_a_mark_in_two_colours_are_both_inked() -> None:
    two = disc((0, 60, 160), WHITE)
    ImageDraw.Draw(two).rectangle((170, 170, 230, 230), fill=(120, 200, 250))
    alpha = cutout.ink(two, WHITE).getchannel("A")
    assert alpha.getpixel((120, 200)) == 255
    assert alpha.getpixel((200, 200)) == 255


def test_nothing_at_all_is_no_ink() -> None:
    for image in (Image.new("RGB", (9, 9), WHITE), Image.new("RGBA", (9, 9))):
        assert cutout.ink(image, WHITE).getchannel("A").getextrema() == (0, 0)


@pytest.mark.parametrize(
    ("image", "how", "colour"),
    [
        pytest.param(mark(), "simulated", WHITE, id="flat-white"),
        pytest.param(mark(ground=NAVY, ink=WHITE), "simulated", NAVY, id="flat-navy"),
        pytest.param(
            mark("RGBA", ground=(0, 0, 0, 0), ink=(*RED, 255)), "own", None, id="clear"
        ),
        pytest.param(
            Image.radial_gradient("L").resize((400, 300)).convert("RGB"),
            "none",
            None,
            id="photograph",
        ),
        pytest.param(
            Image.effect_noise((300, 200), 90).convert("RGB"), "none", None, id="noise"
        ),
    ],
)
def test_it_is_told_how_the_ground_went(
    image: Image.Image, how: str, colour: Colour | None
) -> None:
    developed = develop(encoded(image))

    assert developed.cutout == how
    assert developed.colour == colour


def test_a_photograph_keeps_all_of_itself() -> None:
    photograph = Image.linear_gradient("L").resize((400, 300)).convert("RGB")
    developed = develop(encoded(photograph))

    for kind in ("mark", "icon64"):
        alpha = shown(developed, kind).getchannel("A")
        left, top, right, bottom = alpha.getbbox() or (0, 0, 0, 0)
        assert (right - left) / (bottom - top) == pytest.approx(4 / 3, rel=0.05)
        assert alpha.crop((left, top, right, bottom)).getextrema() == (255, 255)


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(Image.new("RGB", (1, 1), RED), id="one-pixel"),
        pytest.param(Image.new("RGBA", (1, 1), (*RED, 255)), id="one-opaque-pixel"),
        pytest.param(Image.new("RGBA", (1, 1)), id="one-clear-pixel"),
        pytest.param(Image.new("RGBA", (700, 500)), id="all-clear"),
        pytest.param(Image.new("RGB", (700, 500), NAVY), id="all-one-colour"),
        pytest.param(Image.new("RGB", (2, 30_000), RED), id="a-hair"),
        pytest.param(mark(size=(7_000, 5_000)), id="huge"),
        pytest.param(mark(size=(3, 3), box=(1, 1, 1, 1)), id="a-dot"),
        pytest.param(mark(size=(3_001, 2_003), box=(2_990, 1, 3_000, 9)), id="corner"),
    ],
)
def test_every_kind_is_made_of_any_picture(image: Image.Image) -> None:
    developed = develop(encoded(image))

    for made, spec in zip(developed.derivatives, SPECS, strict=True):
        assert shown(developed, spec.kind).size == (made.width_px, made.height_px)
        if spec.shows != "design":
            assert (made.width_px, made.height_px) == (spec.width_px, spec.height_px)


def test_icons_are_sharp_at_each_size() -> None:
    stripes = Image.new("RGB", (720, 720), WHITE)
    for x in range(40, 680, 160):
        ImageDraw.Draw(stripes).rectangle((x, 40, x + 79, 679), fill=(0, 0, 0))
    developed = develop(encoded(stripes))

    for side in ICONS:
        alpha = np.asarray(shown(developed, f"icon{side}").getchannel("A"))
        row = alpha[side // 2].astype(int)
        assert row.max() >= 240
        assert np.sort(row)[side // 4] <= 60


def test_the_lab_lies_exactly_on_the_thumbnail() -> None:
    developed = develop(encoded(disc(RED, WHITE)))

    mark = shown(developed, "mark").getchannel("A").getbbox() or (0, 0, 0, 0)
    mono = shown(developed, "mono").getchannel("A").getbbox() or (0, 0, 0, 0)
    thumb = shown(developed, "thumb2x").convert("L").point(lambda v: 255 * (v < 200))
    box = thumb.getbbox() or (0, 0, 0, 0)

    assert all(abs(a - b) <= 1 for a, b in zip(mark, mono, strict=True))
    assert all(abs(a * 4 / 3 - b) <= 3 for a, b in zip(mark, box, strict=True))
