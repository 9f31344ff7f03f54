from __future__ import annotations

import pytest
from PIL import Image, ImageCms

from logovote.imaging.decode import Decoded, decode
from logovote.imaging.picture import UnreadableImageError
from tests.imaging.originals import (
    NAVY,
    RED,
    chunk,
    encoded,
    jpeg_frame,
    mark,
    raw_png,
    svg,
)

INK = (90, 85)  # within the mark
GROUND = (5, 5)


def colour(decoded: Decoded, at: tuple[int, int]) -> tuple[int, ...]:
    pixel = decoded.image.getpixel(at)
    assert isinstance(pixel, tuple)
    return pixel


def assert_near(found: tuple[int, ...], wanted: tuple[int, ...], by: int = 6) -> None:
    assert len(found) == len(wanted)
    assert all(abs(f - w) <= by for f, w in zip(found, wanted, strict=True)), found


@pytest.mark.parametrize(
    ("image", "name", "options", "ink", "ground"),
    [
        pytest.param(mark(), "PNG", {}, RED, (255, 255, 255), id="rgb"),
        pytest.param(
            mark("RGBA", ground=(0, 0, 0, 0), ink=(*RED, 255)),
            "PNG",
            {},
            (*RED, 255),
            (0, 0, 0, 0),
            id="rgba",
        ),
        pytest.param(
            mark("RGBA", ground=(9, 9, 9, 254), ink=(*RED, 255)),
            "PNG",
            {},
            RED,
            (9, 9, 9),
            id="alpha-that-hides-nothing",
        ),
        pytest.param(
            mark("LA", ground=(0, 0), ink=(80, 255)),
            "PNG",
            {},
            (80, 80, 80, 255),
            (0, 0, 0, 0),
            id="grey-and-alpha",
        ),
        pytest.param(
            mark("1", ground=1, ink=0), "PNG", {}, (0, 0, 0), (255,) * 3, id="one-bit"
        ),
        pytest.param(
            mark("I;16", ground=0xC000, ink=0x2000),
            "PNG",
            {},
            (32, 32, 32),
            (192, 192, 192),
            id="sixteen-bits",
        ),
        pytest.param(mark().quantize(8), "PNG", {}, RED, (255, 255, 255), id="palette"),
        pytest.param(
            mark("L", ground=7, ink=90),
            "PNG",
            {"transparency": 7},
            (90, 90, 90, 255),
            (7, 7, 7, 0),
            id="transparent-level",
        ),
        pytest.param(
            mark("CMYK", ground=(0, 0, 0, 0), ink=(0, 255, 255, 0)),
            "JPEG",
            {"quality": 95},
            (255, 0, 0),
            (255, 255, 255),
            id="cmyk-as-adobe-writes-it",
        ),
        pytest.param(mark(), "WEBP", {"lossless": True}, RED, (255,) * 3, id="webp"),
        pytest.param(mark(), "AVIF", {}, RED, (255,) * 3, id="avif"),
        pytest.param(
            mark("RGBA", ground=(0, 0, 0, 0), ink=(*RED, 255)),
            "AVIF",
            {},
            (*RED, 255),
            (0, 0, 0, 0),
            id="avif-alpha",
        ),
        pytest.param(
            mark("L", ground=255, ink=90),
            "JPEG",
            {"progressive": True, "quality": 95},
            (90,) * 3,
            (255,) * 3,
            id="progressive-grey",
        ),
    ],
)
def test_colours_come_out_as_they_were_meant(
    image: Image.Image,
    name: str,
    options: dict[str, object],
    ink: tuple[int, ...],
    ground: tuple[int, ...],
) -> None:
    decoded = decode(encoded(image, name, **options))

    assert (decoded.format, decoded.width_px, decoded.height_px) == (name, 400, 300)
    assert_near(colour(decoded, INK), ink)
    assert_near(colour(decoded, GROUND), ground)


@pytest.mark.parametrize(
    ("bits", "colour", "pixel", "extra", "seen"),
    [
        pytest.param(16, 2, "c800 1400 2800", b"", RED, id="rgb"),
        pytest.param(16, 6, "c800 1400 2800 4000", b"", (*RED, 64), id="rgba"),
        pytest.param(16, 4, "c800 4000", b"", (200, 200, 200, 64), id="grey-alpha"),
        pytest.param(
            16, 0, "c800", chunk(b"tRNS", b"\xc8\0"), (200,) * 3 + (0,), id="grey-trns"
        ),
        pytest.param(
            8,
            3,
            "00",
            chunk(b"PLTE", bytes(RED)) + chunk(b"tRNS", b"\x40"),
            (*RED, 64),
            id="palette-alpha",
        ),
    ],
)
def test_rare_kinds_of_png_keep_their_colours(
    bits: int, colour: int, pixel: str, extra: bytes, seen: tuple[int, ...]
) -> None:
    line = b"\0" + bytes.fromhex(pixel) * 10

    decoded = decode(raw_png((10, 10), bits, colour, line * 10, extra))

    assert decoded.image.getpixel((5, 5)) == seen


def test_an_interlaced_png_is_read() -> None:
    # Ten by one: the passes hold two, one, two and five pixels of the only line.
    passes = b"".join(b"\0" + bytes([200]) * count for count in (2, 1, 2, 5))

    decoded = decode(raw_png((10, 1), 8, 0, passes, interlaced=1))

    assert {decoded.image.getpixel((x, 0)) for x in range(10)} == {(200, 200, 200)}


@pytest.mark.parametrize(("kind", "bits"), [(0xC0, 12), (0xC1, 12), (0xC3, 8)])
def test_a_rare_kind_of_jpeg_is_refused_in_words(kind: int, bits: int) -> None:
    with pytest.raises(UnreadableImageError, match=r"rare kind.*ordinary JPEG"):
        decode(jpeg_frame(encoded(mark(), "JPEG"), kind, bits))


def test_a_palette_that_is_missing_is_refused() -> None:
    with pytest.raises(UnreadableImageError, match="damaged"):
        decode(raw_png((10, 10), 8, 3, bytes(110)))


def test_a_palette_with_transparency_keeps_it() -> None:
    image = mark().quantize(8)
    decoded = decode(encoded(image, "GIF", transparency=image.getpixel(GROUND)))

    assert_near(colour(decoded, INK), (*RED, 255))
    assert colour(decoded, GROUND)[3] == 0


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_a_rotated_file_is_turned_upright(name: str, orientation: int) -> None:
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = mark()
    stored = image.transpose(turns[orientation]) if orientation in turns else image
    exif = Image.Exif()
    exif[0x0112] = orientation

    decoded = decode(encoded(stored, name, exif=exif.tobytes(), quality=95))

    assert (decoded.width_px, decoded.height_px) == (400, 300)
    assert decoded.image.size == (400, 300)
    assert_near(colour(decoded, INK), RED, by=16)
    assert_near(colour(decoded, GROUND), (255, 255, 255))


def test_broken_exif_is_no_broken_picture() -> None:
    assert decode(encoded(mark(), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff"))


def test_a_colour_profile_is_applied() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # sRGB with its red and blue primaries exchanged, so that the effect is plain.
    swapped = bytearray(srgb)
    for entry in range(132, 132 + 12 * int.from_bytes(srgb[128:132]), 12):
        tag = bytes(swapped[entry : entry + 4])
        if tag in (b"rXYZ", b"bXYZ"):
            swapped[entry] = ord("b") if tag == b"rXYZ" else ord("r")
    # Its description must not say sRGB either, or the profile would be skipped.
    profile = bytes(swapped).replace(
        "sRGB".encode("utf-16-be"), "mine".encode("utf-16-be")
    )

    turned = decode(encoded(mark(), icc_profile=profile))
    plain = decode(encoded(mark(), icc_profile=srgb))

    assert_near(colour(turned, INK), (RED[2], RED[1], RED[0]))
    assert_near(colour(plain, INK), RED)
    assert_near(colour(decode(encoded(mark(), icc_profile=lab)), INK), RED)


@pytest.mark.parametrize("profile", [b"broken", b"\0" * 200])
def test_a_broken_profile_is_ignored(profile: bytes) -> None:
    assert_near(colour(decode(encoded(mark(), icc_profile=profile)), INK), RED)


def test_metadata_goes_no_further_than_the_decoder() -> None:
    exif = Image.Exif()
    exif[0x010F] = "somebody's camera"
    original = encoded(mark(), "JPEG", exif=exif.tobytes(), comment=b"secret")

    assert not decode(original).image.info


@pytest.mark.parametrize("name", ["GIF", "PNG", "WEBP", "AVIF"])
def test_of_an_animation_the_first_frame_is_shown(name: str) -> None:
    moving = encoded(mark(), name, save_all=True, append_images=[mark(ink=NAVY)])

    decoded = decode(moving)

    assert decoded.animated
    assert not decode(encoded(mark(), name)).animated
    assert_near(colour(decoded, INK), RED, by=16)


def test_a_second_picture_in_a_jpeg_is_no_animation() -> None:
    stereo = encoded(mark(), "MPO", save_all=True, append_images=[mark()])

    decoded = decode(stereo)

    assert (decoded.format, decoded.animated) == ("JPEG", False)


def test_a_large_jpeg_is_decoded_small_and_its_facts_stay() -> None:
    decoded = decode(encoded(mark(size=(6_000, 100)), "JPEG"))

    assert (decoded.width_px, decoded.height_px) == (6_000, 100)
    assert 1_024 <= decoded.image.width <= 1_500
    assert decode(encoded(mark(size=(6_000, 100)), "JPEG"), 2_048).image.width == 3_000


def test_a_side_never_gets_lost() -> None:
    decoded = decode(encoded(Image.new("RGB", (20_000, 1))))

    assert (decoded.width_px, decoded.height_px) == (20_000, 1)
    assert decoded.image.height == 1


@pytest.mark.parametrize("name", ["PNG", "JPEG", "GIF", "WEBP"])
@pytest.mark.parametrize("part", [0.3, 0.9])
def test_a_file_that_is_cut_off_is_refused(name: str, part: float) -> None:
    noise = Image.effect_noise((300, 300), 80).convert("RGB")
    original = encoded(noise, name)

    with pytest.raises(UnreadableImageError, match=f"The {name} file is damaged"):
        decode(original[: int(len(original) * part)])


def test_an_svg_is_drawn_at_full_size() -> None:
    decoded = decode(svg())

    assert (decoded.format, decoded.width_px, decoded.height_px) == ("SVG", 200, 100)
    assert decoded.image.size == (1024, 512)
    assert decoded.image.getpixel((200, 200)) == (*RED, 255)
    assert colour(decoded, (5, 5))[3] == 0
