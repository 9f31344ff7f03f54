"""The result as a workbook with pictures, for people who sort and annotate it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC
from fractions import Fraction
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from logovote.contest.listing import COLUMNS, Listing, Row
from logovote.contest.sheets import Sheets

_THUMB_HEIGHT = 240
_SCALE = 0.3
_ROW_PX = 80
_NO_CODE = {
    # What people wrote is text, whatever it looks like.
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_PARTS = {"support", "agreed_share", "counted_share"}
_WIDTHS = {"designer": 22, "title": 26, "digest": 20, "support": 14, "variants": 14}


def workbook(listing: Listing, sheets: Sheets) -> bytes:
    """Write the result, the designers to go on with, and the turnout."""
    file = io.BytesIO()
    # Excel's times have no zone.
    made = listing.made_at.astimezone(UTC).replace(tzinfo=None)
    with xlsxwriter.Workbook(file, {"in_memory": True, **_NO_CODE}) as book:
        book.set_properties({"title": listing.title, "created": made})
        writer = _Writer(book)
        # A ranking has no approvals, a shortlist no duels.
        columns = [
            column
            for column in COLUMNS
            if any(row[column] not in (None, []) for row in listing.rows)
        ]
        page = writer.page("Result", ["picture", *columns])
        page.freeze_panes(1, 1)
        page.set_column(0, 0, 14)
        for number, row in enumerate(listing.rows, start=1):
            page.set_row_pixels(number, _ROW_PX)
            _put_picture(page, number, row, listing)
            writer.row(page, number, [_value(row, name) for name in columns], start=1)
        page = writer.page("Designers", ["designer", "designs", "backed", "alone"])
        page.set_column(0, 1, 26)
        for number, line in enumerate(sheets.designers, start=1):
            labels = [each.label for each in line.designs]
            values = [line.title, labels, float(line.backed), float(line.alone)]
            writer.row(page, number, values, start=0)
        page = writer.page(
            "Turnout", list(listing.turnout[0]) if listing.turnout else []
        )
        page.set_column(0, 0, 22)
        for number, row in enumerate(listing.turnout, start=1):
            writer.row(page, number, [_value(row, name) for name in row], start=0)
    return file.getvalue()


def _value(row: Row, column: str) -> Any:
    """Return what a cell holds: of parts of the vote a number, which can be sorted."""
    value = row[column]
    return float(Fraction(value)) if column in _PARTS and value is not None else value


def _put_picture(page: Worksheet, number: int, row: Row, listing: Listing) -> None:
    png = None if row["digest"] is None else listing.picture(row["digest"])
    if png is None:
        return
    page.insert_image(
        number,
        0,
        f"{row['entry']}.png",
        {
            "image_data": io.BytesIO(png),
            "x_scale": _SCALE,
            "y_scale": _SCALE,
            "x_offset": 2,
            "y_offset": (_ROW_PX - _THUMB_HEIGHT * _SCALE) / 2,
            # It moves with its row, when rows are sorted or filtered.
            "object_position": 1,
            "description": f"Logo {row['entry']}",
        },
    )


class _Writer:
    """Writes cells by what they are; text can never become a formula."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        # Numbers and words alike to the left: side by side they would run together.
        middle = {"valign": "vcenter", "align": "left", "text_wrap": True}
        self._head = book.add_format({**middle, "bold": True, "bottom": 1})
        self._text = book.add_format({**middle, "quote_prefix": True})
        self._number = book.add_format({**middle})
        self._percent = book.add_format({**middle, "num_format": "0.0%"})

    def page(self, name: str, columns: Sequence[str]) -> Worksheet:
        page = self._book.add_worksheet(name)
        page.set_landscape()
        page.set_paper(9)  # A4
        page.fit_to_pages(1, 0)
        page.repeat_rows(0)
        for number, column in enumerate(columns):
            page.write_string(0, number, column.replace("_", " "), self._head)
            page.set_column(number, number, _WIDTHS.get(column, 11))
        return page

    def row(
        self, page: Worksheet, number: int, values: Sequence[Any], *, start: int
    ) -> None:
        for column, value in enumerate(values, start=start):
            at = number, column
            if value is None or value == []:
                page.write_blank(*at, None, self._number)
            elif isinstance(value, bool):
                page.write_string(*at, "yes" if value else "no", self._number)
            elif isinstance(value, float):
                page.write_number(*at, value, self._percent)
            elif isinstance(value, int):
                page.write_number(*at, value, self._number)
            elif isinstance(value, list):
                page.write_string(*at, " ".join(map(str, value)), self._text)
            else:
                page.write_string(*at, str(value), self._text)
