from __future__ import annotations

import gzip

import pytest
from PIL import Image, ImageFile

from logovote.imaging import probe
from logovote.imaging.picture import UnreadableImageError
from tests.imaging.originals import encoded, mark, pdf, png_header, svg


@pytest.mark.parametrize("name", ["PNG", "JPEG", "GIF", "WEBP", "AVIF"])
def test_a_raster_is_known_by_its_content(name: str) -> None:
    assert probe.sniff(encoded(mark(), name)) == name


@pytest.mark.parametrize(
    "original",
    [
        pytest.param(svg(), id="plain"),
        pytest.param(gzip.compress(svg()), id="svgz"),
        pytest.param(b"\xef\xbb\xbf \n" + svg(), id="byte-order-mark"),
        pytest.param(svg().decode().encode("utf-16"), id="utf-16"),
        pytest.param(svg(head="<!-- <svgs --><!DOCTYPE svg>"), id="doctype"),
        pytest.param(
            b'<?xml version="1.0"?><s:svg xmlns:s="http://www.w3.org/2000/svg"/>',
            id="prefix",
        ),
    ],
)
def test_an_svg_is_known_by_its_content(original: bytes) -> None:
    assert probe.sniff(original) == "SVG"


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\0" * 128, b"\r\n"])
def test_a_pdf_is_known_by_its_content(before: bytes) -> None:
    assert probe.sniff(before + pdf()) == "PDF"


@pytest.mark.parametrize(
    ("brands", "name"), [(b"mif1\0\0\0\0mif1avif", "AVIF"), (b"avis\0\0\0\0", "AVIF")]
)
def test_avif_is_known_by_any_of_its_brands(brands: bytes, name: str) -> None:
    assert probe.sniff(bytes([0, 0, 0, 8 + len(brands)]) + b"ftyp" + brands) == name


def test_a_pillow_without_avif_refuses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(probe._OPTIONAL, "AVIF", False)  # noqa: FBT003 - setitem's own
    with pytest.raises(UnreadableImageError, match=r"an AVIF picture\. PNG, JPEG"):
        probe.sniff(encoded(mark(), "AVIF"))


@pytest.mark.parametrize(
    ("original", "says"),
    [
        pytest.param(b"", "empty", id="empty"),
        pytest.param(encoded(mark(), "BMP"), "a BMP", id="bmp"),
        pytest.param(encoded(mark(), "TIFF"), "a TIFF", id="tiff"),
        pytest.param(b"8BPS\0\1", "Photoshop", id="psd"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF", "EPS", id="eps"),
        pytest.param(b"\0\0\0\x18ftypheic", "HEIC", id="heic"),
        pytest.param(b"<!DOCTYPE html><svg>", "a web page", id="html-with-svg"),
        pytest.param(b"PK\3\4", "zip", id="zip"),
        pytest.param(gzip.compress(b"nothing"), "gzip", id="gzip"),
        pytest.param(b"a logo, I promise", "a text file", id="text"),
        pytest.param(b"\0\1\2\3" * 9, "another kind", id="noise"),
    ],
)
def test_other_files_are_refused_by_name(original: bytes, says: str) -> None:
    with pytest.raises(UnreadableImageError, match=says):
        probe.sniff(original)


def test_a_file_of_more_than_25_megabytes_is_refused() -> None:
    with pytest.raises(UnreadableImageError, match="at most 25 MB"):
        probe.sniff(bytes(25_000_001))


def test_a_small_gzip_of_a_large_svg_is_refused() -> None:
    packed = gzip.compress(svg("<!--" + " " * 5_000_000 + "-->"))
    assert len(packed) < 10_000
    with pytest.raises(UnreadableImageError, match="larger than 5 MB"):
        probe.unpacked_svg(packed)


@pytest.mark.parametrize(
    ("size", "taken"),
    [((7_700, 7_700), True), ((7_800, 7_800), False), ((30_001, 1), False)],
)
def test_the_header_decides_whether_a_picture_is_too_large(
    size: tuple[int, int], *, taken: bool
) -> None:
    if taken:
        with probe.opened(png_header(*size), "PNG") as image:
            assert image.size == size
    else:
        with (
            pytest.raises(UnreadableImageError, match=f"{size[0]} x {size[1]}"),
            probe.opened(png_header(*size), "PNG"),
        ):
            pass


def test_only_the_format_asked_for_is_opened() -> None:
    with (
        pytest.raises(UnreadableImageError, match="damaged"),
        probe.opened(encoded(mark(), "TIFF"), "PNG"),
    ):
        pass


def test_pillow_keeps_refusing_truncated_files() -> None:
    assert not ImageFile.LOAD_TRUNCATED_IMAGES
    assert Image.MAX_IMAGE_PIXELS is not None
