from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest
from PIL import Image

from logovote.imaging import drawing
from logovote.imaging.picture import UnreadableImageError
from logovote.imaging.svg import sanitise
from tests.growth import grows_as_its_length
from tests.imaging.originals import (
    billion_laughs,
    data_url,
    encoded,
    mark,
    png_header,
    svg,
)


@pytest.mark.parametrize(
    ("active", "trace"),
    [
        ("<script>alert(1)</script>", "script"),
        ("<script xmlns='http://www.w3.org/1999/xhtml'>x()</script>", "x()"),
        ("<rect onload='x()' width='1' height='1'/>", "onload"),
        ("<rect OnClick='x()' width='1' height='1'/>", "lick"),
        ("<foreignObject><p>hello</p></foreignObject>", "hello"),
        ("<animate attributeName='x' to='9'/>", "animate"),
        ("<set attributeName='x' to='9'/>", "<set"),
        ("<a href='javascript:x()'><path d='M0 0h9'/></a>", "javascript"),
        ("<iframe src='https://example.org'/>", "example"),
        ("<metadata><x>editor</x></metadata>", "editor"),
        ("<title>a name</title>", "name"),
        ("<!-- a note -->", "note"),
        ("<?xml-stylesheet href='a.css'?>", "a.css"),
    ],
)
def test_what_a_still_drawing_does_not_need_is_left_out(
    active: str, trace: str
) -> None:
    clean = sanitise(svg(active)).markup
    assert trace not in clean
    assert "<rect" in clean


@pytest.mark.parametrize(
    ("foreign", "says"),
    [
        ("<image href='https://example.org/a.png'/>", "another file or place"),
        ("<image xlink:href='file:///etc/passwd'/>", "file:///etc/passwd"),
        ("<image href='/etc/passwd'/>", "another file"),
        ("<image href='logo.png'/>", "logo.png"),
        ("<use href='other.svg#mark'/>", "another file"),
        ("<feImage href='https://example.org/a.png'/>", "another file"),
        ("<style>@import url(https://example.org/a.css);</style>", "from outside"),
        ("<style>@imp\\6frt 'a.css';</style>", "from outside"),
        ("<style>@im/* */port 'a.css';</style>", "from outside"),
        ("<style>rect { fill: url('//example.org/a.svg#b') }</style>", "from outside"),
        ("<rect style='fill: url(https://example.org#a)'/>", "from outside"),
        ("<rect fill='u\\72l( a.svg#b)'/>", "from outside"),
        (f"<image href='{data_url(svg(), 'image/svg+xml')}'/>", "no PNG"),
        (f"<image href='{data_url(b'nothing')}'/>", "no PNG"),
        (f"<image href='{data_url(png_header(9_000, 9_000))}'/>", "9000 x 9000"),
        (
            f"<image href='{data_url(png_header(6_000, 6_000))}'/>" * 2,
            "60 megapixels in all",
        ),
    ],
)
def test_what_leads_out_of_the_file_is_refused_by_name(foreign: str, says: str) -> None:
    with pytest.raises(UnreadableImageError, match=says):
        sanitise(svg(foreign))


@pytest.mark.parametrize(
    ("original", "says"),
    [
        pytest.param(billion_laughs(), "entity", id="billion-laughs"),
        pytest.param(
            svg(head='<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>'),
            "entity",
            id="external-entity",
        ),
        pytest.param(
            svg(head='<!DOCTYPE svg [<!ENTITY % a "b">]>'), "entity", id="parameter"
        ),
        pytest.param(
            svg(head=f'<!DOCTYPE svg [<!ENTITY a "{"x" * 300}">]>'),
            "entity",
            id="long-entity",
        ),
        pytest.param(svg("<g>" * 200 + "</g>" * 200), "128 inside", id="deep"),
        pytest.param(svg("<g/>" * 50_001), "50000 elements", id="many"),
        pytest.param(svg(attributes='viewBox="0 0 1 60"'), "50 times", id="tall"),
        pytest.param(svg(attributes='width="9e8" height="1"'), "50 times", id="wide"),
        pytest.param(svg("<feBlend/>" * 401), "400 filter", id="many-filters"),
        pytest.param(
            svg('<feTurbulence numOctaves="999"/>'), "out of bounds", id="octaves"
        ),
        pytest.param(svg("<g>"), "not well-formed", id="open-element"),
        pytest.param(b"<svg", "not well-formed", id="cut-off"),
        pytest.param(b"<html/>", "not an SVG", id="other-root"),
    ],
)
def test_what_is_out_of_proportion_is_refused(original: bytes, says: str) -> None:
    with pytest.raises(UnreadableImageError, match=says):
        sanitise(original)


def test_the_short_entities_of_illustrator_are_read() -> None:
    head = (
        '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN"'
        ' "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"'
        ' [<!ENTITY ns_svg "http://www.w3.org/2000/svg">]>'
    )
    body = "<switch><foreignObject/><g xmlns='&ns_svg;'><circle r='5'/></g></switch>"
    assert "<circle" in sanitise(svg(body, head=head)).markup


def test_editor_data_is_left_out_and_its_drawing_stays() -> None:
    body = (
        '<g xmlns:i="http://example.org/editor" i:label="Layer 1">'
        '<i:grid href="anywhere.svg"/><path d="M0 0h9"/></g>'
    )
    clean = sanitise(svg(body)).markup
    assert "Layer" not in clean
    assert "grid" not in clean
    assert '<path d="M0 0h9">' in clean


def test_web_fonts_are_left_out_and_other_styles_stay() -> None:
    style = "<style>@font-face{src:url(a.woff)} .a&gt;.b{fill:url(#c)}</style>"
    clean = sanitise(svg(style)).markup
    assert "woff" not in clean
    assert ".a&gt;.b{fill:url(#c)}" in clean


def pixels(original: bytes) -> Image.Image:
    _, _, png = drawing.render(original)
    with Image.open(io.BytesIO(png)) as image:
        return image.copy()


def test_an_embedded_raster_is_drawn() -> None:
    picture = data_url(encoded(mark(size=(40, 30), box=(0, 0, 40, 30)), "JPEG"), "x/y")
    image = pixels(
        svg(f'<image x="100" y="10" width="40" height="30" href="{picture}"/>')
    )
    red = image.getpixel((614, 128))
    assert isinstance(red, tuple)
    assert red[0] > 150
    assert red[3] == 255


def test_text_is_drawn_whatever_font_it_names() -> None:
    if not any(Path("/usr/share/fonts").rglob("*.[to]tf")):
        pytest.skip("this machine has no fonts where we look")
    letters = '<text x="100" y="80" font-size="60" font-family="Nonesuch">HI</text>'
    assert pixels(svg(letters)).crop((512, 0, 1024, 512)).getbbox()


@pytest.mark.parametrize(
    ("attributes", "size", "drawn"),
    [
        ('viewBox="0 0 200 100"', (200, 100), (1024, 512)),
        ('width="10mm" height="20mm"', (38, 76), (512, 1024)),
        ('width="100%" height="100%" viewBox="0 0 30 30"', (30, 30), (1024, 1024)),
        ('width="50" viewBox="0 0 200 100"', (50, 25), (1024, 512)),
        ('width="4e5" height="2e5"', (10_000, 5_000), (1024, 512)),
        ('width="nonsense" height="-3"', (80, 60), (80, 60)),
        ("", (80, 60), (80, 60)),
    ],
)
def test_a_drawing_has_the_size_it_declares(
    attributes: str, size: tuple[int, int], drawn: tuple[int, int]
) -> None:
    width_px, height_px, _ = drawing.render(svg(attributes=attributes))
    assert (width_px, height_px) == size
    assert pixels(svg(attributes=attributes)).size == drawn


@pytest.mark.parametrize(
    "css",
    [
        *("@font-face{", "@namespace ", "/* ", "url(", "url( ", "@import ", "\\", "@"),
        *("@media", "@media{", "@media{a{}", "color(", "color(srgb 1", ":root", "--a:"),
        *("var(", "var(--a,", "--a--a", "--a:var(--a);", "rgb(1 ", "rgb(1 1 1 / "),
    ],
)
def test_styles_are_read_in_time_linear_to_their_length(css: str) -> None:
    def clean(length: int) -> None:
        with contextlib.suppress(UnreadableImageError):
            sanitise(svg(f"<style>{css * (length // 6)}#</style>"))
        with contextlib.suppress(UnreadableImageError):
            sanitise(svg(f"<style>{css}{' ' * length}#</style>"))

    assert grows_as_its_length(clean, 300_000)


DARK = "@media (prefers-color-scheme: dark) { :root { --c: #ff0; fill: #ff0 } }"


@pytest.mark.parametrize(
    ("body", "colour"),
    [
        # As Figma writes documents in Display P3, and without what it writes before.
        (
            "<path style='fill:#f0f;fill:color(display-p3 .4584 .9853 .2983)'/>",
            (0, 255, 0),
        ),
        ("<path fill='color(display-p3 0.9175 0.2003 0.1386)'/>", (255, 0, 0)),
        ("<path style='fill:color(display-p3 .5 50% .5 / 1)'/>", (128, 128, 128)),
        ("<path fill='color(srgb 0.2 0.4 1)'/>", (51, 102, 255)),
        (
            "<path stroke='color(srgb 0 1 0)' fill='none' stroke-width='90'/>",
            (0, 255, 0),
        ),
        (f"<style>:root {{ fill: #0a0 }} {DARK}</style><path/>", (0, 170, 0)),
        (
            "<style>:root{--c:#0a0} .a{fill:var(--c)}</style><path class='a'/>",
            (0, 170, 0),
        ),
        (f"<path fill='var(--c)'/><style>:root{{--c:#0a0}}{DARK}</style>", (0, 170, 0)),
        ("<path style='--c: rgb(0, 170, 0);fill:var( --c )'/>", (0, 170, 0)),
        (
            "<style>svg{--a:var(--b);--b:#0a0}</style><path fill='var(--a)'/>",
            (0, 170, 0),
        ),
        ("<path fill='var(--unknown, #0a0)'/>", (0, 170, 0)),
        ("<path fill='rgb(0 170 0 / 100%)'/>", (0, 170, 0)),
        ("<path style='fill:hsl(120deg 100% 50% / 1)'/>", (0, 255, 0)),
    ],
)
def test_styles_that_the_renderer_does_not_know_are_drawn_as_meant(
    body: str, colour: tuple[int, int, int]
) -> None:
    drawn = pixels(svg(body.replace("<path", "<path d='M110 10h80v80h-80z'")))

    found = drawn.getpixel((768, 256))
    assert isinstance(found, tuple)
    assert found[3] == 255
    assert max(abs(a - b) for a, b in zip(found, colour, strict=False)) <= 3


@pytest.mark.parametrize(
    "body",
    [
        "<style>svg{--a:ur}</style><path style='fill:var(--a)l(//x.example/a.svg#b)'/>",
        "<style>svg{--a:url}</style><path style='fill:var(--a)(//x.example/a.svg)'/>",
        "<style>svg{--a:x.svg}</style><path style='fill:url(var(--a))'/>",
    ],
)
def test_variables_make_no_address(body: str) -> None:
    with contextlib.suppress(UnreadableImageError):
        assert "url(" not in sanitise(svg(body)).markup


def test_a_variable_does_not_lead_around_the_bounds_of_filters() -> None:
    body = "<style>svg{--n:9999}</style><feTurbulence numOctaves='var(--n)'/>"
    with pytest.raises(UnreadableImageError, match="out of bounds"):
        sanitise(svg(body))


def test_variables_that_grow_without_bound_are_refused() -> None:
    long = f"rgb({' ' * 50}1,2,3)"
    uses = "var(--a) " * 300_000
    with pytest.raises(UnreadableImageError, match="without bound"):
        sanitise(svg(f"<style>svg{{--a:{long}}}</style><path d='{uses}'/>"))
