"""Files as designers and enemies send them, made by code."""

from __future__ import annotations

import base64
import io
import struct
import zlib

from PIL import Image, ImageDraw

RED = (200, 20, 40)
NAVY = (16, 24, 64)
WHITE = (255, 255, 255)


def mark(
    mode: str = "RGB",
    size: tuple[int, int] = (400, 300),
    ground: tuple[int, ...] | int = WHITE,
    ink: tuple[int, ...] | int = RED,
    box: tuple[int, int, int, int] = (40, 60, 139, 109),
) -> Image.Image:
    """A filled box of 100 x 50 pixels, off centre."""
    image = Image.new(mode, size, ground)
    ImageDraw.Draw(image).rectangle(box, fill=ink)
    return image


def encoded(image: Image.Image, name: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, name, **options)
    return file.getvalue()


def svg(
    body: str = "", attributes: str = 'viewBox="0 0 200 100"', head: str = ""
) -> bytes:
    return (
        f'{head}<svg xmlns="http://www.w3.org/2000/svg"'
        f' xmlns:xlink="http://www.w3.org/1999/xlink" {attributes}>'
        f'<rect x="20" y="20" width="60" height="40" fill="#c81428"/>{body}</svg>'
    ).encode()


def data_url(picture: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(picture).decode()}"


def pdf(
    drawing: str = "0.78 0.08 0.16 rg 20 40 60 40 re f",
    page: str = "/MediaBox[0 0 200 100]",
    trailer: str = "",
    extra: str = "",
) -> bytes:
    """A PDF of one page, drawn by these operators, without a table of its objects."""
    return (
        "%PDF-1.4\n"
        "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        f"3 0 obj<</Type/Page/Parent 2 0 R {page}/Contents 4 0 R>>endobj\n"
        f"4 0 obj<</Length {len(drawing)}>>stream\n{drawing}\nendstream endobj\n"
        f"{extra}trailer<</Root 1 0 R {trailer}>>\n%%EOF\n"
    ).encode()


def chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a PNG."""
    check = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + check


def raw_png(
    size: tuple[int, int],
    bits: int,
    colour: int,
    pixels: bytes,
    extra: bytes = b"",
    *,
    interlaced: int = 0,
) -> bytes:
    """A PNG of any kind: `pixels` are its lines, each with a filter byte before."""
    facts = struct.pack(">IIBBBBB", *size, bits, colour, 0, 0, interlaced)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", facts)
        + extra
        + chunk(b"IDAT", zlib.compress(pixels))
        + chunk(b"IEND", b"")
    )


def png_header(width: int, height: int) -> bytes:
    """A PNG that says it is this large and holds next to nothing."""
    return raw_png((width, height), 8, 2, b"\0" * 100)


def jpeg_frame(original: bytes, kind: int = 0xC0, bits: int = 8) -> bytes:
    """Say of a JPEG that its frame is of another kind, or has more bits."""
    at = original.index(b"\xff\xc0")
    data = bytearray(original)
    data[at + 1], data[at + 4] = kind, bits
    return bytes(data)


def use_bomb(levels: int = 9) -> bytes:
    """An SVG in which every group shows the one before ten times."""
    groups = "".join(
        f'<g id="g{level}">' + f'<use href="#g{level - 1}"/>' * 10 + "</g>"
        for level in range(1, levels + 1)
    )
    return svg(f'<g id="g0"><rect width="1" height="1"/></g>{groups}')


def billion_laughs() -> bytes:
    lol = "".join(
        f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">' for level in range(1, 10)
    )
    return svg("<text>&l9;</text>", head=f'<!DOCTYPE svg [<!ENTITY l0 "lol">{lol}]>')
