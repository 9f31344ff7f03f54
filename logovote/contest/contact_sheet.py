"""The result on paper: pictures in the order of places, twelve to a page, as a PDF."""

from __future__ import annotations

import io
import unicodedata
from datetime import UTC
from typing import TYPE_CHECKING

from logovote.contest.identity import fingerprint
from logovote.contest.listing import Listing, Row
from logovote.paths import STATIC

if TYPE_CHECKING:
    from fpdf import FPDF

FONT = STATIC / "vendor" / "dejavu-2.37" / "DejaVuSans.ttf"
_MISSING = "\u25a1"  # a box, where the font has no sign
_COLUMNS, _ROWS = 3, 4
_MARGIN_MM, _GAP_MM = 12, 6
_TOP_MM = 26
_LINE_MM = 4.4
_GREYS = {"ink": 20, "soft": 90, "rim": 200}


def contact_sheet(listing: Listing) -> bytes:
    """Write the sheet, A4 upright; "none of these" is left out."""
    # Its fonts and pictures take half a second, which nothing else need wait for.
    from fpdf import FPDF  # noqa: PLC0415 - see above

    rows = [row for row in listing.rows if row["entry"] is not None]
    pdf = FPDF(format="A4")
    pdf.set_creation_date(listing.made_at.astimezone(UTC))
    pdf.set_auto_page_break(auto=False)
    pdf.set_margin(_MARGIN_MM)
    pdf.add_font("DejaVu", fname=FONT)
    pdf.set_title(listing.title)
    pdf.set_lang("en")
    pages = max(1, -(-len(rows) // (_COLUMNS * _ROWS)))
    width = (pdf.w - 2 * _MARGIN_MM - (_COLUMNS - 1) * _GAP_MM) / _COLUMNS
    height = (pdf.h - _TOP_MM - _MARGIN_MM) / _ROWS
    for page in range(pages):
        pdf.add_page()
        _head(pdf, listing.title, f"{listing.subtitle} · page {page + 1} of {pages}")
        on_page = rows[page * _COLUMNS * _ROWS :][: _COLUMNS * _ROWS]
        for number, row in enumerate(on_page):
            down, across = divmod(number, _COLUMNS)
            x = _MARGIN_MM + across * (width + _GAP_MM)
            y = _TOP_MM + down * height
            high = width * 3 / 4
            png = listing.picture(row["digest"])
            if png is not None:
                alt = f"Logo {row['entry']}"
                pdf.image(io.BytesIO(png), x, y, width, high, alt_text=alt)
            pdf.set_draw_color(_GREYS["rim"])
            pdf.rect(x, y, width, high)
            _caption(pdf, row, x, y + high + 1.5, width)
    return bytes(pdf.output())


def _head(pdf: FPDF, title: str, subtitle: str) -> None:
    pdf.set_xy(_MARGIN_MM, _MARGIN_MM - 3)
    _write(pdf, title, 13, "ink", pdf.epw)
    pdf.set_xy(_MARGIN_MM, _MARGIN_MM + 3.5)
    _write(pdf, subtitle, 8, "soft", pdf.epw)


def _caption(pdf: FPDF, row: Row, x: float, y: float, width: float) -> None:
    """Say below a picture what it is."""
    place = f"{row['place']}{'=' if row['tied'] else ''}"
    lines = [
        (f"{place} · #{row['entry']} · {row['id']}", 10, "ink"),
        (row["designer"] or "", 8, "ink"),
        (row["title"] or "", 8, "soft"),
        (fingerprint(row["digest"]), 6.5, "soft"),
    ]
    for text, size, grey in lines:
        if text:
            pdf.set_xy(x, y)
            _write(pdf, text, size, grey, width)
            y += _LINE_MM


def _write(pdf: FPDF, text: str, size: float, grey: str, width: float) -> None:
    pdf.set_font("DejaVu", size=size)
    pdf.set_text_color(_GREYS[grey])
    pdf.cell(width, _LINE_MM, _fitted(pdf, _drawable(pdf, text), width))


def _drawable(pdf: FPDF, text: str) -> str:
    """Keep what the font can draw: a box stands for the rest, nothing for controls."""
    signs = pdf.current_font.cmap  # type: ignore[union-attr] # set just above
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(
        sign if ord(sign) in signs else _MISSING
        for sign in plain
        if unicodedata.category(sign) not in {"Cc", "Cf", "Cs", "Mn"}
        or ord(sign) in signs
    )


def _fitted(pdf: FPDF, text: str, width: float) -> str:
    """Cut what is too long for its line."""
    room = width - 2 * pdf.c_margin
    if pdf.get_string_width(text) <= room:
        return text
    while text and pdf.get_string_width(text + "…") > room:
        text = text[:-1]
    return text + "…"
