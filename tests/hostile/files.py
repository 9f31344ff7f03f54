"""Single files: bombs, lies, damage, and files that are two things at once."""

from __future__ import annotations

import gzip
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from PIL import Image

from tests.imaging.originals import (
    billion_laughs,
    chunk,
    data_url,
    encoded,
    jpeg_frame,
    mark,
    pdf,
    png_header,
    raw_png,
    svg,
    use_bomb,
)

REFUSED, READ, EITHER = "refused", "read", "either"


@dataclass(frozen=True)
class Case:
    """A hostile file, and what must become of it."""

    name: str
    data: bytes
    wanted: str = REFUSED


def noise(size: tuple[int, int] = (160, 120)) -> Image.Image:
    return Image.effect_noise(size, 80).convert("RGB")


def sound() -> dict[str, bytes]:
    """A good file of every format."""
    return {
        "png": encoded(noise()),
        "gif": encoded(noise(), "GIF"),
        "jpg": encoded(noise(), "JPEG"),
        "progressive.jpg": encoded(noise(), "JPEG", progressive=True),
        "webp": encoded(noise(), "WEBP"),
        "lossless.webp": encoded(noise(), "WEBP", lossless=True),
        "avif": encoded(noise(), "AVIF"),
        "svg": svg('<g fill="red"><circle cx="5" cy="5" r="4"/></g>' * 40),
        "svgz": gzip.compress(svg("<text>abc</text>" * 90), mtime=0),
        "pdf": pdf("0 0 1 rg 1 1 50 50 re f\n" * 50),
    }


def corpus(*, fast: bool = False) -> Iterator[Case]:
    """Every case: some 950 files; or those that are soon made and soon dealt with."""
    chance = random.Random(36)  # noqa: S311 - noise, no secret
    quick = [nothings, truncated, mutated, polyglots, other_formats, gifs, webps]
    quick += [reaching_out, running]
    long = [pngs, jpegs, endless_markup, endless_drawing, pdfs, large_but_legal]
    long += [mutated_more]
    for make in quick if fast else quick + long:
        yield from make(chance)


MAGICS = {
    "png": b"\x89PNG\r\n\x1a\n",
    "jpg": b"\xff\xd8\xff\xe0",
    "gif": b"GIF89a",
    "webp": b"RIFF\xff\xff\0\0WEBPVP8 ",
    "webp-x": b"RIFF\xff\xff\0\0WEBPVP8X\x0a\0\0\0",
    "avif": b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf",
    "pdf": b"%PDF-1.7\n",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg">',
    "xml": b'<?xml version="1.0"?>\n<!DOCTYPE svg [',
    "gz": b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
}


def nothings(chance: random.Random) -> Iterator[Case]:
    """Empty files, noise, and noise that begins like a picture."""
    yield Case("empty", b"")
    yield Case("one-byte", b"\0")
    yield Case("zeros", bytes(10_000))
    yield Case("ones", b"\xff" * 10_000)
    yield Case("noise", chance.randbytes(50_000))
    for kind, magic in MAGICS.items():
        yield Case(f"only-magic.{kind}", magic)
        yield Case(f"zeros-after-magic.{kind}", magic + bytes(4_000))
        for number in range(3):
            data = magic + chance.randbytes(3_000)
            yield Case(f"noise-after-magic-{number}.{kind}", data)


def truncated(_chance: random.Random) -> Iterator[Case]:
    """Every format, cut off at every sixteenth."""
    for kind, data in sound().items():
        # The last piece of some formats is dispensable, and pdfium mends what it can.
        for sixteenth in range(1, 16):
            cut = data[: len(data) * sixteenth // 16]
            wanted = EITHER if kind == "pdf" or sixteenth == 15 else REFUSED
            yield Case(f"cut-{sixteenth:02}.{kind}", cut, wanted)


def mutated(
    chance: random.Random, numbers: Iterable[int] = range(12)
) -> Iterator[Case]:
    """Every format with a few bytes changed, dropped or doubled."""
    for kind, data in sound().items():
        for number in numbers:
            yield Case(f"mutant-{number:02}.{kind}", mutant(data, chance), EITHER)


def mutated_more(chance: random.Random) -> Iterator[Case]:
    """As many again, twice and a half."""
    return mutated(chance, range(12, 42))


def mutant(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 2, 8, 40))):
        at = chance.randrange(len(changed))
        match chance.randrange(5):
            case 0:
                changed[at] = chance.randrange(256)
            case 1:
                changed[at : at + 4] = struct.pack(">I", chance.choice(EDGES))
            case 2:
                del changed[at : at + chance.randrange(1, 9)]
            case 3:
                changed[at:at] = changed[at : at + chance.randrange(1, 99)]
            case _:
                changed[at] ^= 1 << chance.randrange(8)
        if not changed:
            return b"\0"
    return bytes(changed)


EDGES = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF)


def polyglots(_chance: random.Random) -> Iterator[Case]:
    """Two things in one file: what it begins as is what it is."""
    good = sound()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("evil.svg", svg("<script>alert(1)</script>"))
    page = b"<!DOCTYPE html><html><script>alert(1)</script><svg></svg></html>"
    yield Case("gifar.gif", good["gif"] + packed.getvalue(), READ)
    yield Case("png-then-page.png", good["png"] + page, READ)
    yield Case("jpeg-then-php.jpg", good["jpg"] + b"<?php system('id'); ?>", READ)
    yield Case("png-then-svg.svg", good["png"] + svg(), READ)
    yield Case(
        "script-in-comment.jpg", encoded(mark(), "JPEG", comment=page + b"*/"), READ
    )
    yield Case("pdf-then-zip.pdf", good["pdf"] + packed.getvalue(), READ)
    yield Case("zip-then-pdf.pdf", packed.getvalue() + good["pdf"])
    yield Case("page-then-pdf.pdf", page + good["pdf"])
    yield Case("page-then-png.png", page + good["png"])
    yield Case("page-with-svg.svg", page)
    yield Case("page-around-svg.svg", b"<html><body>" + svg() + b"</body></html>")
    yield Case("svg-then-page.svg", svg() + page)
    yield Case("zip-called.png", packed.getvalue())
    yield Case("script-called.png", b"#!/bin/sh\nid\n")
    yield Case("program-called.png", b"MZ" + bytes(500))
    yield Case("elf-called.jpg", b"\x7fELF\2\1\1" + bytes(500))
    yield Case("png-called.svg", good["png"], READ)
    yield Case("svg-called.png", good["svg"], READ)
    yield Case("gzipped-png.svgz", gzip.compress(good["png"], mtime=0))
    yield Case("gzipped-twice.svgz", gzip.compress(good["svgz"], mtime=0))


def other_formats(_chance: random.Random) -> Iterator[Case]:
    """What Pillow could open, and we do not ask it to."""
    for name in ("BMP", "TIFF", "ICO", "PPM", "TGA", "PCX", "SGI", "JPEG2000", "DDS"):
        yield Case(f"picture.{name.lower()}", encoded(mark(), name))
    yield Case("picture.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    yield Case("dos.eps", b"\xc5\xd0\xd3\xc6" + bytes(100))
    yield Case("picture.psd", b"8BPS\0\1" + bytes(100))
    yield Case("picture.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100))
    yield Case("film.mp4", b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + bytes(100))
    yield Case("picture.jxl", b"\xff\x0a" + bytes(100))
    yield Case("letter.txt", b"Dear organiser, here is my logo.")
    yield Case("table.csv", b"\xff\xfea\0,\0b\0")


def pngs(chance: random.Random) -> Iterator[Case]:
    """PNG: sizes, chunks that unfold, chunks without end."""
    for side in (8_000, 30_001, 65_535, 2**31 - 1, 0):
        yield Case(f"says-{side}.png", png_header(side, side))
    yield Case("long.png", png_header(60_000, 1))
    yield Case("says-4000-holds-nothing.png", png_header(4_000, 4_000))
    small = encoded(mark(size=(40, 30), box=(5, 5, 20, 20)))
    head, rest = small[:33], small[33:]
    zeros = zlib.compress(bytes(80_000_000), 9)
    for kind, body in {
        "zTXt": b"Comment\0\0" + zeros,
        "iTXt": b"Comment\0\1\0\0\0" + zeros,
        "iCCP": b"icc\0\0" + zeros,
        "tEXt": b"Comment\0" + b"x" * 9_000_000,
        "eXIf": b"MM\0*\0\0\0\x08\xff\xff" + chance.randbytes(60_000),
    }.items():
        yield Case(
            f"bomb-in-{kind}.png", head + chunk(kind.encode(), body) + rest, EITHER
        )
    yield Case(
        "100000-chunks.png", head + chunk(b"tEXt", b"a\0b") * 100_000 + rest, EITHER
    )
    yield Case("unknown-critical-chunk.png", head + chunk(b"ABCD", b"") + rest, EITHER)
    yield Case("chunk-of-4-gb.png", head + b"\xff\xff\xff\xfftEXt" + rest)
    yield Case("chunk-of-2-gb.png", head + b"\x7f\xff\xff\xfftEXt" + rest)
    yield Case("wrong-checksum.png", small[:30] + b"\0\0\0" + small[33:])
    yield Case(
        "no-end.png", raw_png((100, 100), 8, 2, b"\0" + bytes(300))[:-12], EITHER
    )
    yield Case(
        "pixels-unfold-further.png", raw_png((9, 9), 8, 0, bytes(90_000_000)), EITHER
    )
    yield Case("palette-missing.png", raw_png((9, 9), 8, 3, bytes(90)))
    yield Case(
        "palette-huge.png",
        raw_png((9, 9), 8, 3, bytes(90), chunk(b"PLTE", bytes(9_000))),
        EITHER,
    )
    for bits, colour in ((3, 0), (16, 3), (8, 1), (8, 7), (64, 2), (0, 0)):
        name = f"bits-{bits}-colour-{colour}.png"
        yield Case(name, raw_png((9, 9), bits, colour, bytes(900)))
    yield Case("filter-unknown.png", raw_png((9, 9), 8, 0, b"\x63" * 90), EITHER)
    yield Case("interlaced-4000.png", raw_png((4_000, 4_000), 8, 2, b"", interlaced=1))
    frames = chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0))
    yield Case("two-billion-frames.png", head + frames + rest, EITHER)
    control = struct.pack(">IIIIIHHBB", 0, 2**31 - 1, 2**31 - 1, 9, 9, 1, 1, 0, 0)
    yield Case(
        "frame-of-two-billion.png",
        head
        + frames.replace(b"\x7f\xff\xff\xff", b"\0\0\0\2")
        + chunk(b"fcTL", control)
        + rest,
        EITHER,
    )


def jpegs(chance: random.Random) -> Iterator[Case]:
    """JPEG: sizes, scans without end, markers that lie."""
    small = encoded(mark(size=(64, 48), box=(5, 5, 40, 30)), "JPEG")
    at = small.index(b"\xff\xc0") + 5
    for width, height in (
        (65_535, 65_535),
        (9_000, 9_000),
        (65_535, 1),
        (0, 9),
        (9, 0),
    ):
        size = struct.pack(">HH", height, width)
        yield Case(f"says-{width}x{height}.jpg", small[:at] + size + small[at + 4 :])
    yield Case(
        "says-7000-holds-nothing.jpg",
        small[:at] + struct.pack(">HH", 7_000, 7_000) + small[at + 4 : -400],
    )
    for kind, bits in (
        (0xC0, 12),
        (0xC1, 12),
        (0xC3, 8),
        (0xC5, 8),
        (0xCB, 8),
        (0xCF, 8),
    ):
        yield Case(f"frame-{kind:x}-{bits}.jpg", jpeg_frame(small, kind, bits))
    yield Case("arithmetic.jpg", jpeg_frame(small, 0xC9), EITHER)
    yield scans_without_end(2_000)
    comment = b"\xff\xfe\xff\xff" + b"x" * 65_533
    yield Case("300-comments.jpg", small[:2] + comment * 300 + small[2:], READ)
    loop = b"Exif\0\0MM\0*\0\0\0\x08\0\1\x87\x69\0\4\0\0\0\1\0\0\0\x08\0\0\0\x08"
    yield Case("exif-in-a-circle.jpg", encoded(mark(), "JPEG", exif=loop), READ)
    many = b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + chance.randbytes(60_000)
    yield Case("exif-noise.jpg", encoded(mark(), "JPEG", exif=many), READ)
    orient = b"Exif\0\0MM\0*\0\0\0\x08\0\1\x01\x12\0\3\xff\xff\xff\xff\0\6\0\0\0\0\0\0"
    yield Case(
        "orientation-of-4-billion.jpg", encoded(mark(), "JPEG", exif=orient), READ
    )
    profile = (
        b"\0\xff\xff\xff" + b"lcms\2\0\0\0mntrRGB XYZ " + bytes(104) + b"\xff" * 9_000
    )
    yield Case(
        "profile-of-lies.jpg", encoded(mark(), "JPEG", icc_profile=profile), READ
    )
    piece = b"\xff\xe2\x00\x20ICC_PROFILE\0\xff\xff" + bytes(16)
    yield Case("profile-in-255-pieces.jpg", small[:2] + piece * 255 + small[2:], READ)
    table = b"\xff\xc4\x00\x13\x00" + b"\xff" * 16
    yield Case("huffman-overflow.jpg", small[:2] + table + small[2:], EITHER)
    yield Case("no-frame.jpg", small[:2] + small[small.index(b"\xff\xda") :])
    yield Case(
        "second-picture-nowhere.jpg",
        encoded(mark(), "MPO", save_all=True, append_images=[mark()])[:3_000],
        EITHER,
    )


def scans_without_end(times: int) -> Case:
    """A progressive JPEG of a few hundred kilobytes that repeats one cheap scan."""
    flat = encoded(
        Image.new("RGB", (7_000, 7_000), (200, 30, 60)), "JPEG", progressive=True
    )
    last = flat.rindex(b"\xff\xda")
    return Case(
        "scans-without-end.jpg", flat[:last] + flat[last:-2] * times + flat[-2:]
    )


def gifs(_chance: random.Random) -> Iterator[Case]:
    """GIF: a large screen for a small picture, thousands of frames."""
    small = encoded(mark(size=(64, 48), box=(5, 5, 40, 30)).quantize(8), "GIF")
    for side in (9_000, 65_535):
        screen = struct.pack("<HH", side, side)
        yield Case(f"screen-of-{side}.gif", small[:6] + screen + small[10:])
    start = small.index(b"\x2c", 13)
    frame = small[start:-1]
    yield Case("10000-frames.gif", small[:start] + frame * 10_000 + b";", READ)
    yield Case(
        "cut-in-the-second-frame.gif", small[:start] + frame + frame[:20], EITHER
    )
    far = frame[:1] + struct.pack("<HHHH", 65_535, 65_535, 65_535, 65_535) + frame[9:]
    yield Case("frame-outside.gif", small[:start] + far + b";")
    wide = frame[:1] + struct.pack("<HHHH", 0, 0, 65_535, 65_535) + frame[9:]
    yield Case("frame-larger-than-screen.gif", small[:start] + wide + b";")
    yield Case("no-frame.gif", small[:start] + b";")
    comment = b"\x21\xfe" + (b"\xff" + b"x" * 255) * 20_000 + b"\0"
    yield Case("comment-of-5-mb.gif", small[:start] + comment + small[start:], EITHER)
    yield Case(
        "empty-blocks.gif",
        small[:start] + b"\x21\xf9\0" * 300_000 + small[start:],
        EITHER,
    )
    data = frame.index(b"\x2c") + 10
    yield Case(
        "code-of-255-bits.gif",
        small[:start] + frame[:data] + b"\xff" + frame[data + 1 :] + b";",
        EITHER,
    )


def webps(_chance: random.Random) -> Iterator[Case]:
    """WebP: large canvases, lying lengths."""

    def riff(*chunks: tuple[bytes, bytes]) -> bytes:
        body = b"".join(
            kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
            for kind, data in chunks
        )
        return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body

    def canvas(side: int, flags: int) -> tuple[bytes, bytes]:
        edge = (side - 1).to_bytes(3, "little")
        return b"VP8X", bytes([flags, 0, 0, 0]) + edge + edge

    inner = encoded(mark(), "WEBP")[12:]
    picture = (inner[:4], inner[8:])
    yield Case("canvas-of-16-million.webp", riff(canvas(2**24, 0), picture))
    yield Case("canvas-of-16383.webp", riff(canvas(16_383, 2), picture))
    yield Case("canvas-of-9000.webp", riff(canvas(9_000, 0), picture))
    frame = bytes(6) + b"\x8f\1\0\x2b\1\0" + b"\x64\0\0\0"
    body = picture[0] + struct.pack("<I", len(picture[1])) + picture[1]
    body += b"\0" * (len(picture[1]) % 2)
    anim = (b"ANIM", bytes(6))
    many = [(b"ANMF", frame + body)] * 4_000
    yield Case("4000-frames.webp", riff(canvas(400, 2), anim, *many), EITHER)
    yield Case("animation-of-nothing.webp", riff(canvas(400, 2), anim))
    profile = (b"ICCP", b"\xff" * 5_000_000)
    yield Case(
        "profile-of-5-mb.webp", riff(canvas(400, 0x20), profile, picture), EITHER
    )
    yield Case("says-4-gb.webp", b"RIFF\xff\xff\xff\xffWEBP" + inner, EITHER)
    vp8l = b"\x2f" + (16_382 | 16_382 << 14).to_bytes(4, "little") + bytes(40)
    yield Case("lossless-16383.webp", riff((b"VP8L", vp8l)))
    yield Case(
        "chunk-of-4-gb.webp", riff(canvas(40, 0))[:-10] + b"ALPH\xff\xff\xff\xff"
    )


def reaching_out(_chance: random.Random) -> Iterator[Case]:
    """SVG that refers to other files and places."""
    for number, target in enumerate((
        "https://example.org/a.png", "//example.org/a.png", "http://127.0.0.1:9/x",
        "/etc/passwd", "../../secret.png", "file:///etc/passwd", "ftp://example.org/a",
        "\\\\host\\share\\a.png", "c:/windows/a.png", "a.svg#b", "javascript:alert(1)",
        " \thttps://example.org/a.png", "data:image/svg+xml,<svg/>", "data:text/html,x",
        "data:image/png;base64,AAAA", "blob:x", "about:blank", "//", "?", "data:,",
    )):  # fmt: skip
        quoted = target.replace("&", "&amp;").replace("<", "&lt;")
        for element in ("image", "use", "feImage", "linearGradient"):
            body = f'<{element} width="9" height="9" xlink:href="{quoted}"/>'
            if element == "feImage":
                body = f'<filter id="f">{body}</filter><g filter="url(#f)"/>'
            yield Case(f"href-{number:02}-{element}.svg", svg(body))
    for number, css in enumerate((
        "@import 'https://example.org/a.css';", "@import url(//example.org/a.css);",
        "@\\69mport 'a.css';", "@im/**/port 'a.css'; a{fill:url(http://example.org/x)}",
        "rect{fill:url(https://example.org/a.svg#b)}", "rect{fill:url( 'a.svg#b' )}",
        "rect{fill:\\75rl(a.svg#b)}", "rect{mask:u\\72l(//example.org/a)}",
    )):  # fmt: skip
        yield Case(f"css-{number:02}.svg", svg(f"<style>{css}</style>"))
    yield Case(
        "style-attribute.svg", svg('<g style="fill:url(https://example.org/a)"/>')
    )
    yield Case("fill-attribute.svg", svg('<g fill="url(//example.org/a#b)"/>'))
    yield Case("filter-attribute.svg", svg('<g filter="url(/etc/passwd#b)"/>'))
    for number, head in enumerate((
        '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE svg [<!ENTITY x SYSTEM "https://example.org/">]>',
        '<!DOCTYPE svg [<!ENTITY % x SYSTEM "https://example.org/a.dtd"> %x;]>',
        '<!DOCTYPE svg [<!ENTITY % a "<!ENTITY x \'y\'>"> %a;]>',
        '<!DOCTYPE svg PUBLIC "-//x" "file:///dev/zero" [<!ENTITY x PUBLIC "a" "b">]>',
        '<!DOCTYPE svg [<!ENTITY x "&#60;script>alert(1)&#60;/script>"> <!ENTITY y "&x;">]>',
    )):  # fmt: skip
        yield Case(f"entity-{number}.svg", svg("<text>&x;</text>", head=head))
    yield Case(
        "xinclude.svg",
        svg(
            '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd"/>'
        ),
        READ,
    )
    sheet = '<?xml-stylesheet href="https://example.org/a.css"?>'
    yield Case("stylesheet-instruction.svg", svg(head=sheet), READ)
    far = '<!DOCTYPE svg SYSTEM "https://example.org/a.dtd">'
    yield Case("foreign-doctype.svg", svg(head=far), READ)


def running(_chance: random.Random) -> Iterator[Case]:
    """SVG that would run something."""
    for number, body in enumerate((
        "<script>alert(1)</script>", "<script href='https://example.org/a.js'/>",
        "<g onload='alert(1)' onclick='x()'/>", "<a href='javascript:alert(1)'><g/></a>",
        "<foreignObject><iframe src='https://example.org'/></foreignObject>",
        "<set attributeName='href' to='javascript:alert(1)'/>",
        "<animate attributeName='href' values='javascript:alert(1)'/>",
        "<handler type='text/javascript'>x()</handler>", "<iframe src='/'/>",
        "<h:script xmlns:h='http://www.w3.org/1999/xhtml'>alert(1)</h:script>",
    )):  # fmt: skip
        yield Case(f"active-{number}.svg", svg(body), READ)


def endless_markup(_chance: random.Random) -> Iterator[Case]:
    """SVG of which there is too much to read."""
    yield Case("billion-laughs.svg", billion_laughs())
    long = f'<!DOCTYPE svg [<!ENTITY x "{"x" * 60_000}">]>'
    yield Case("quadratic.svg", svg("<text>" + "&x;" * 60_000 + "</text>", head=long))
    short = f'<!DOCTYPE svg [<!ENTITY x "{"x" * 250}">]>'
    yield Case(
        "many-short-entities.svg",
        svg("<text>" + "&x;" * 900_000 + "</text>", head=short),
    )
    many = "".join(f'<!ENTITY e{n} "x">' for n in range(10_000))
    yield Case("10000-entities.svg", svg(head=f"<!DOCTYPE svg [{many}]>"))
    yield Case("deep.svg", svg("<g>" * 200_000))
    yield Case("deep-and-closed.svg", svg("<g>" * 5_000 + "</g>" * 5_000))
    yield Case("million-elements.svg", svg("<g/>" * 1_000_000))
    yield Case("50001-elements.svg", svg("<rect/>" * 50_001))
    attributes = " ".join(f'a{n}="{n}"' for n in range(200_000))
    yield Case("200000-attributes.svg", svg(f"<g {attributes}/>"), REFUSED)
    names = " ".join(f'xmlns:a{n}="b{n}"' for n in range(50_000))
    yield Case("namespaces.svg", svg(f"<g {names}/>"), EITHER)
    yield Case("comment-of-4-mb.svg", svg(f"<!--{'x' * 4_000_000}-->"), READ)
    yield Case("6-mb.svg", svg(f"<!--{'x' * 6_000_000}-->"))
    yield Case("unfolds-to-1-gb.svgz", gzip.compress(svg(" " * 90_000_000), mtime=0))
    yield Case("text-of-3-mb.svg", svg(f"<text>{'w' * 3_000_000}</text>"), REFUSED)
    yield Case(
        "style-of-4-mb.svg", svg(f"<style>{'a{fill:red}' * 350_000}</style>"), REFUSED
    )
    rules = "".join(f"g > .c{n} ~ rect:first-child{{fill:red}}" for n in range(9_000))
    yield Case(
        "rules-times-elements.svg",
        svg(f"<style>{rules}</style>" + "<rect class='c1'/>" * 40_000),
        REFUSED,
    )
    yield Case(
        "comments-never-closed.svg", svg(f"<style>{'/* ' * 900_000}</style>"), EITHER
    )
    yield Case(
        "namespaces-in-style.svg",
        svg(f"<style>{'@namespace ' * 300_000}</style>"),
        EITHER,
    )
    yield Case(
        "spaces-in-style.svg",
        svg(f"<style>{('url(' + ' ' * 900_000) * 4}#a)</style>"),
        EITHER,
    )
    yield Case("comments-in-style.svg", svg(f"<style>{'/*' * 900_000}</style>"), EITHER)
    yield Case(
        "escapes-in-style.svg", svg(f"<style>{chr(92) * 1_000_000}</style>"), EITHER
    )
    yield Case("urls-in-style.svg", svg(f"<style>{'url(' * 500_000}</style>"))
    yield Case(
        "font-faces.svg", svg(f"<style>{'@font-face{' * 300_000}</style>"), EITHER
    )
    yield Case("encoding-lies.svg", b'<?xml version="1.0" encoding="utf-7"?>' + svg())
    yield Case("encoding-unknown.svg", b'<?xml version="1.0" encoding="x"?>' + svg())
    yield Case("nul.svg", svg("<text>\0</text>"))
    yield Case("two-roots.svg", svg() + svg())
    yield Case("not-closed.svg", svg()[:-6])
    yield Case("other-root.svg", b"<x><svg/></x>")


def endless_drawing(_chance: random.Random) -> Iterator[Case]:
    """SVG of which there is too much to draw."""
    for number, size in enumerate((
        'width="1e9" height="1e9"', 'width="99999999" height="1"', 'viewBox="0 0 1 99999"',
        'width="1" height="1e8" viewBox="0 0 1 1e8"', 'viewBox="0 0 nan nan"',
        'viewBox="0 0 -5 -5"', 'width="-5" height="-5"', 'viewBox="0 0 1e-30 1e-30"',
        'viewBox="1e30 1e30 1 1"', 'width="1e308" height="1e308"', 'width="0" height="0"',
    )):  # fmt: skip
        yield Case(f"size-{number:02}.svg", svg(attributes=size), EITHER)
    far = '<rect x="1e30" y="-1e30" width="1e30" height="1e30"/>'
    yield Case("content-far-away.svg", svg(far, attributes=""), EITHER)
    yield Case("use-bomb.svg", use_bomb())
    yield Case("use-itself.svg", svg('<g id="a"><use href="#a"/></g>'), EITHER)
    circle = '<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>'
    yield Case("use-in-a-circle.svg", svg(circle), EITHER)
    dashed = '<path d="M0 0L200 99" stroke="red" stroke-dasharray="0.01"/>'
    yield Case("30000-strokes.svg", svg(dashed * 30_000))
    steps = "L9 9L1 90L180 2" * 100_000
    yield Case(
        "path-of-400000-points.svg",
        svg(f'<path d="M0 0{steps}" stroke="red"/>'),
        EITHER,
    )
    for number, step in enumerate((
        '<feTurbulence numOctaves="100000" baseFrequency="9"/>',
        '<feGaussianBlur stdDeviation="100000"/>', '<feMorphology radius="90"/>',
        '<feConvolveMatrix order="9" kernelMatrix="' + "1 " * 81 + '"/>',
        '<feMorphology operator="dilate" radius="100000"/>',
    )):  # fmt: skip
        filtered = (
            f'<filter id="f" x="-9" y="-9" width="99" height="99">{step * 30}</filter>'
        )
        drawn = '<rect width="200" height="100" filter="url(#f)"/>' * 30
        yield Case(f"filter-{number}.svg", svg(filtered + drawn), EITHER)
    many = "<feGaussianBlur stdDeviation='5'/>" * 500
    yield Case("500-filter-steps.svg", svg(f'<filter id="f">{many}</filter>'))
    for kind in ("pattern", "mask", "clipPath", "marker"):
        nested = "".join(
            f'<{kind} id="a{n}" width="0.01" height="0.01" patternUnits="userSpaceOnUse">'
            f'<rect width="200" height="100" fill="url(#a{n - 1})" mask="url(#a{n - 1})"'
            f' clip-path="url(#a{n - 1})"/></{kind}>'
            for n in range(1, 20)
        )
        drawn = f'<path d="M0 0{"L9 9L1 1" * 2_000}" fill="url(#a19)" mask="url(#a19)" clip-path="url(#a19)" marker-mid="url(#a19)"/>'
        yield Case(f"nested-{kind}.svg", svg(nested + drawn), EITHER)
    marker = (
        '<marker id="m" markerWidth="99" markerHeight="99"><circle r="90"/></marker>'
    )
    yield Case(
        "marker-storm.svg",
        svg(f'{marker}<path d="M0 0{"L9 9L1 90" * 60_000}" marker-mid="url(#m)"/>'),
        EITHER,
    )
    for size in ("1e9", "99999", "1e-9", "-5", "nan"):
        yield Case(
            f"text-of-{size}.svg",
            svg(f'<text y="50" font-size="{size}">WWWW</text>'),
            EITHER,
        )
    spaced = '<text y="50" letter-spacing="1e30" font-size="20">abc</text>'
    yield Case("text-far-apart.svg", svg(spaced), EITHER)
    along = f'<path id="p" d="M0 0{"Q9 9 1 90" * 30_000}"/><text><textPath href="#p">{"w" * 30_000}</textPath></text>'
    yield Case("text-along-a-path.svg", svg(along), REFUSED)
    stops = "<stop offset='0.5' stop-color='red'/>" * 40_000
    yield Case(
        "40000-stops.svg",
        svg(
            f'<linearGradient id="g">{stops}</linearGradient><rect width="99" height="99" fill="url(#g)"/>'
        ),
        EITHER,
    )
    bomb = data_url(png_header(20_000, 20_000))
    yield Case("embedded-bomb.svg", svg(f'<image href="{bomb}" width="9" height="9"/>'))
    large = data_url(raw_png((5_000, 5_000), 1, 0, bytes(626 * 5_000)))
    yield Case(
        "embedded-many.svg", svg(f'<image href="{large}" width="9" height="9"/>' * 40)
    )
    inner = svg("<g/>" * 100)
    for _ in range(4):
        inner = svg(f'<image href="{data_url(inner, "image/svg+xml")}"/>' * 3)
    yield Case("svg-in-svg-in-svg.svg", inner)
    clipped = "".join(
        f'<g opacity="0.99" transform="scale(1.0{n % 10})">' for n in range(120)
    )
    yield Case(
        "layers.svg",
        svg(clipped + "<rect width='99' height='99'/>" + "</g>" * 120),
        EITHER,
    )
    groups = '<g opacity="0.9"><rect width="200" height="100"/></g>' * 20_000
    yield Case("20000-layers.svg", svg(groups), EITHER)
    yield Case(
        "text-in-20000-fonts.svg",
        svg("".join(f'<text font-family="f{n}">a</text>' for n in range(20_000))),
        EITHER,
    )


def pdfs(_chance: random.Random) -> Iterator[Case]:
    """PDF: pages without measure, forms within forms, locked and looping files."""

    for number, page in enumerate((
        "/MediaBox[0 0 99999999 99999999]", "/MediaBox[0 0 1e30 1e30]", "/MediaBox[0 0 0 0]",
        "/MediaBox[0 0 14400 1]", "/MediaBox[9 9 1 1]", "/MediaBox[a b c d]", "/MediaBox 5",
        "/MediaBox[0 0 9 9]/UserUnit 1e30", "/MediaBox[0 0 9 9]/Rotate 77", "/CropBox[1 1 1 1]",
        "/MediaBox[-99999 -99999 99999 99999]", "/MediaBox[0 0 .0001 .0001]",
    )):  # fmt: skip
        yield Case(f"page-{number:02}.pdf", pdf(page=page), EITHER)
    forms = (
        "".join(
            f"{n} 0 obj<</Type/XObject/Subtype/Form/BBox[0 0 99 99]/Resources<</XObject"
            f"<</F {n + 1} 0 R>>>>/Length {len('/F Do ' * 12)}>>stream\n{'/F Do ' * 12}\nendstream endobj\n"
            for n in range(5, 20)
        )
        + "20 0 obj<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Length 12>>stream\n0 0 5 5 re f\nendstream endobj\n"
    )
    page = "/MediaBox[0 0 99 99]/Resources<</XObject<</F 5 0 R>>>>"
    yield Case("forms-in-forms.pdf", pdf("/F Do", page, extra=forms), EITHER)
    circle = forms.replace("6 0 R", "5 0 R")
    yield Case("form-in-itself.pdf", pdf("/F Do", page, extra=circle), EITHER)
    image = (
        "5 0 obj<</Type/XObject/Subtype/Image/Width 60000/Height 60000/BitsPerComponent 8"
        "/ColorSpace/DeviceRGB/Length 4>>stream\nabcd\nendstream endobj\n"
    )
    page = "/MediaBox[0 0 99 99]/Resources<</XObject<</I 5 0 R>>>>"
    yield Case(
        "image-of-60000.pdf", pdf("99 0 0 99 0 0 cm /I Do", page, extra=image), EITHER
    )
    yield Case(
        "image-many-times.pdf",
        pdf(
            "99 0 0 99 0 0 cm " + "/I Do " * 50_000,
            page,
            extra=image.replace("60000", "3000"),
        ),
        EITHER,
    )
    packed = zlib.compress(bytes(200_000_000), 9)
    hexed = packed.hex()
    bomb = (
        f"5 0 obj<</Type/XObject/Subtype/Image/Width 9000/Height 9000/BitsPerComponent 8/ColorSpace/DeviceRGB"
        f"/Filter[/ASCIIHexDecode/FlateDecode]/Length {len(hexed)}>>stream\n{hexed}\nendstream endobj\n"
    )
    yield Case(
        "image-unfolds.pdf", pdf("99 0 0 99 0 0 cm /I Do", page, extra=bomb), EITHER
    )
    twice = zlib.compress(zlib.compress(bytes(2**28), 9), 9).hex()
    content = (
        f"6 0 obj<</Filter[/ASCIIHexDecode/FlateDecode/FlateDecode]/Length {len(twice)}>>"
        f"stream\n{twice}\nendstream endobj\n"
    )
    yield Case(
        "content-unfolds.pdf",
        pdf(extra=content).replace(b"/Contents 4 0 R", b"/Contents 6 0 R"),
        EITHER,
    )
    yield Case(
        "pages-in-a-circle.pdf", pdf().replace(b"/Kids[3 0 R]", b"/Kids[2 0 R]"), EITHER
    )
    yield Case(
        "two-billion-pages.pdf",
        pdf().replace(b"/Count 1", b"/Count 2147483647"),
        EITHER,
    )
    yield Case("no-pages.pdf", pdf().replace(b"[3 0 R]/Count 1", b"[]/Count 0"))
    yield Case(
        "script.pdf",
        pdf(trailer="").replace(
            b"/Type/Catalog",
            b"/Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>",
        ),
        READ,
    )
    yield Case(
        "launch.pdf",
        pdf().replace(
            b"/Type/Catalog", b"/Type/Catalog/OpenAction<</S/Launch/F(/bin/sh)>>"
        ),
        READ,
    )
    yield Case(
        "deep-arrays.pdf",
        pdf().replace(b"/Type/Catalog", b"/Type/Catalog/X " + b"[" * 100_000),
        EITHER,
    )
    yield Case("million-rectangles.pdf", pdf("1 1 98 98 re f\n" * 1_000_000), EITHER)
    yield Case("million-saves.pdf", pdf("q\n" * 1_000_000), EITHER)
    curve = "0 0 m " + "9 90 180 2 50 50 c " * 200_000 + "S"
    yield Case("endless-curve.pdf", pdf(curve), EITHER)
    yield Case("dashes.pdf", pdf("[.0001 .0001] 0 d 0 0 m 200 100 l S\n" * 500), EITHER)
    tile = (
        "5 0 obj<</Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 9 9]/XStep .001/YStep .001"
        "/Resources<<>>/Length 9>>stream\n0 0 9 9 re\nendstream endobj\n"
    )
    page = "/MediaBox[0 0 99 99]/Resources<</Pattern<</P 5 0 R>>>>"
    yield Case(
        "tiles.pdf", pdf("/Pattern cs /P scn 0 0 99 99 re f", page, extra=tile), EITHER
    )
    lock = f"/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<{'ab' * 32}>/U<{'cd' * 32}>>>/ID[<00><00>]"
    yield Case("locked.pdf", pdf(trailer=lock))
    yield Case(
        "locked-in-an-unknown-way.pdf",
        pdf(trailer="/Encrypt<</Filter/Evil/V 9/R 9>>/ID[<00><00>]"),
    )
    yield Case("no-objects.pdf", b"%PDF-1.7\n%%EOF")
    yield Case("endless-number.pdf", pdf("9" * 1_000_000 + " 0 m S"), EITHER)


def large_but_legal(_chance: random.Random) -> Iterator[Case]:
    """The most that we promise to take."""
    side = 7_740
    flat = Image.new("RGB", (side, side), (200, 30, 60))
    yield Case(
        "60-megapixels-1-bit.png",
        raw_png((side, side), 1, 0, bytes((side // 8 + 2) * side)),
        READ,
    )
    yield Case(
        "60-megapixels-64-bit.png",
        raw_png((side, side), 16, 6, bytes((side * 8 + 1) * side)),
        READ,
    )
    yield Case("60-megapixels.jpg", encoded(flat, "JPEG"), READ)
    yield Case(
        "60-megapixels-progressive.jpg", encoded(flat, "JPEG", progressive=True), READ
    )
    yield Case(
        "60-megapixels-cmyk.jpg",
        encoded(flat.convert("CMYK"), "JPEG", progressive=True),
        READ,
    )
    yield Case("60-megapixels.gif", encoded(flat.quantize(4), "GIF"), READ)
    yield Case("60-megapixels.webp", encoded(flat, "WEBP", method=0), READ)
    clear = encoded(Image.new("RGBA", (side, side), (9, 9, 9, 90)), "WEBP", method=0)
    yield Case("60-megapixels-transparent.webp", clear, READ)
    yield Case("30000-pixels-high.png", encoded(Image.new("L", (1, 30_000))), READ)
