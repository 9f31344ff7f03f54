"""What a page loads of ours: little, compressed, and the same code as in the source."""

from __future__ import annotations

import gzip
import re
from datetime import datetime
from pathlib import Path
from posixpath import dirname, join, normpath

import pytest
from flask.testing import FlaskClient

from logovote.contest import rounds
from logovote.paths import STATIC
from logovote.store.models import Kind
from logovote.web.pages import lean
from tests.builders import add_design
from tests.web.conftest import Scene, Visit

OWN = [p for kind in ("css", "js") for p in sorted((STATIC / kind).glob(f"*.{kind}"))]


def loaded(client: FlaskClient, page: str) -> dict[str, int]:
    """The bytes of every script and style sheet of a page, as a browser gets them."""
    found = re.findall(
        r'(?:href|src)="(/static/[^"]+\.(?:css|js))"', client.get(page).text
    )
    sizes: dict[str, int] = {}
    while found:
        address = found.pop()
        if address in sizes:
            continue
        answer = client.get(address, headers={"Accept-Encoding": "gzip"})
        data = answer.data
        sizes[address] = len(data)
        if answer.headers.get("Content-Encoding") == "gzip":
            data = gzip.decompress(data)
        text = data.decode()
        for module in re.findall(r'^import [^"]*"([^"]+)"', text, re.MULTILINE):
            found.append(normpath(join(dirname(address), module)))
    return sizes


def test_scripts_and_styles_of_the_gallery_are_at_most_16_kb(
    shortlist: Scene, visit: Visit
) -> None:
    sizes = loaded(visit("Ann"), "/c/acme/shortlist")

    assert any(address.endswith("save.js") for address in sizes)
    assert sum(sizes.values()) <= 16_000, sizes


def test_a_gallery_of_211_designs_is_at_most_15_kb(
    scene: Scene, visit: Visit, now: datetime
) -> None:
    with scene.changing() as (session, acme):
        for entry in range(100, 306):  # beside the five that are there
            add_design(session, acme, entry, now)
        rounds.open_round(session, acme, Kind.SHORTLIST, now)

    for view in ("", "?show=all"):
        answer = visit("Ann").get(
            f"/c/acme/shortlist{view}", headers={"Accept-Encoding": "gzip"}
        )
        assert answer.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(answer.data).count(b'class="card"') == 210
        assert len(answer.data) <= 15_000


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_nothing_but_comments_is_left_out(path: Path) -> None:
    text = path.read_text("utf-8")
    kept = lean(text)

    # No text goes over several lines, and what is left is what was there.
    for line in kept.splitlines():
        assert line.count("`") % 2 == 0, line
    code = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    words = re.compile(r"\w+")
    left = [
        w
        for line in code.splitlines()
        if not line.strip().startswith("//")
        for w in words.findall(line)
    ]
    assert words.findall(kept) == left


def test_words_are_in_the_templates_and_in_one_folder_of_scripts() -> None:
    """But for recount.js: it speaks as recount.py does, which stands alone."""
    words = re.compile(r"[A-Za-z]{2,} [a-z]+ [a-z]+|[A-Z][a-z]+ [a-z]+")
    for path in (STATIC / "js").glob("*.js"):
        if path.name == "recount.js":
            continue
        for quoted in re.findall(r'"[^"\n]*"|`[^`]*`', lean(path.read_text("utf-8"))):
            text = re.sub(r"\$\{[^}]*\}", "0", quoted)
            assert not words.search(text), f"{path.name}: {text}"
