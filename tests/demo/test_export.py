from __future__ import annotations

import csv
import hashlib
from collections import Counter
from datetime import datetime
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from PIL import Image, ImageSequence

from logovote.demo.export import Drawn, draw_contest

Contest = tuple[Path, tuple[Drawn, ...]]


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Contest:
    folder = tmp_path_factory.mktemp("contest")
    return folder, draw_contest(folder)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Contest:
    folder = tmp_path_factory.mktemp("small")
    drawn = draw_contest(folder, designs=16, concepts=6, seed=7, name="Quorle")
    return folder, drawn


def manifest(folder: Path) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def is_svg(data: bytes) -> bool:
    return data.startswith(b"<?xml")


def pictures(contest: Contest) -> list[Image.Image]:
    folder, drawn = contest
    found = [(folder / design.file).read_bytes() for design in drawn]
    return [Image.open(BytesIO(data)) for data in found if not is_svg(data)]


def test_the_contest_has_as_many_designs_as_asked_for(whole: Contest) -> None:
    _, drawn = whole
    assert len(drawn) == 211
    assert len({design.concept for design in drawn}) == 60


def test_entry_numbers_are_unique_rise_and_have_gaps(whole: Contest) -> None:
    numbers = [design.entry for design in whole[1]]
    assert numbers == sorted(set(numbers))
    assert min(numbers) >= 1
    assert 211 < max(numbers) <= 241


def test_a_concept_has_one_to_eight_variants_and_few_have_many(whole: Contest) -> None:
    sizes = sorted(Counter(design.concept for design in whole[1]).values())
    assert sizes[0] == 1
    assert 6 <= sizes[-1] <= 8
    assert sizes[len(sizes) // 2] <= 4


def test_a_concept_comes_from_one_designer_but_for_a_few_copies(whole: Contest) -> None:
    senders: dict[str, Counter[str]] = {}
    for design in whole[1]:
        senders.setdefault(design.concept, Counter())[design.designer] += 1
    copies = sum(who.total() - max(who.values()) for who in senders.values())
    assert 0 < copies < 12
    concepts = Counter(who.most_common(1)[0][0] for who in senders.values())
    assert len(concepts) >= 15
    assert concepts.most_common(1)[0][1] >= 3


def test_the_manifest_lists_every_file_and_nothing_else(whole: Contest) -> None:
    folder, drawn = whole
    rows = manifest(folder)
    assert [
        (int(row["entry"]), row["file"], row["designer"], row["title"]) for row in rows
    ] == [(d.entry, d.file, d.designer, d.title) for d in drawn]
    assert set(digests(folder)) == {d.file for d in drawn} | {"manifest.csv"}


def test_designs_arrive_in_order_over_several_weeks(whole: Contest) -> None:
    times = [datetime.fromisoformat(row["submitted_at"]) for row in manifest(whole[0])]
    assert times == sorted(times)
    assert 21 <= (times[-1] - times[0]).days <= 60


def test_every_raster_opens_by_its_content_whatever_its_name(whole: Contest) -> None:
    for image in pictures(whole):
        image.load()
        assert min(image.size) >= 300
        assert max(image.size) <= 1600


def test_every_svg_is_well_formed_and_refers_to_nothing_outside(whole: Contest) -> None:
    folder, drawn = whole
    found = [(folder / design.file).read_bytes() for design in drawn]
    vectors = [data for data in found if is_svg(data)]
    assert 10 <= len(vectors) <= 24
    for data in vectors:
        root = ET.fromstring(data)  # noqa: S314 - made a moment ago, by ourselves
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert b"href" not in data


def test_formats_are_as_mixed_as_in_a_real_export(whole: Contest) -> None:
    images = pictures(whole)
    kinds = Counter(image.format for image in images)
    modes = {(image.format, image.mode) for image in images}
    assert kinds["JPEG"] > kinds["PNG"] > kinds["WEBP"] >= 4
    assert kinds["GIF"] >= 2
    assert modes >= {
        ("PNG", "RGB"),
        ("PNG", "RGBA"),
        ("PNG", "P"),
        ("PNG", "I;16"),
        ("JPEG", "RGB"),
        ("JPEG", "L"),
        ("JPEG", "CMYK"),
    }
    assert any(image.getexif().get(0x0112) == 6 for image in images)
    assert any(len(list(ImageSequence.Iterator(image))) > 1 for image in images)


def test_names_are_messy(whole: Contest) -> None:
    folder, drawn = whole
    files = [design.file for design in drawn]
    assert any(file.startswith("#") for file in files)
    assert any("/" in file for file in files)
    assert any("." not in file for file in files)
    assert any(not file.isascii() for file in files)
    assert any(
        file.endswith(".png") and (folder / file).read_bytes()[:2] == b"\xff\xd8"
        for file in files
    )
    assert len({file.lower() for file in files}) == len(files)


def test_the_same_seed_draws_the_same_bytes(small: Contest, tmp_path: Path) -> None:
    again = draw_contest(tmp_path, designs=16, concepts=6, seed=7, name="Quorle")
    assert again == small[1]
    assert digests(tmp_path) == digests(small[0])


def test_another_seed_draws_another_contest(tmp_path: Path) -> None:
    one = draw_contest(tmp_path / "one", designs=4, concepts=4, seed=1)
    two = draw_contest(tmp_path / "two", designs=4, concepts=4, seed=2)
    assert {d.concept for d in one} != {d.concept for d in two}


def test_a_small_contest_has_the_awkward_formats_too(small: Contest) -> None:
    modes = {image.mode for image in pictures(small)}
    assert modes >= {"RGB", "RGBA", "P", "CMYK", "I;16"}
    assert any(design.file.lower().endswith(".svg") for design in small[1])


def test_too_few_concepts_for_so_many_designs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="17 designs cannot be had of 2 concepts"):
        draw_contest(tmp_path, designs=17, concepts=2)


def test_a_name_the_alphabet_lacks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="letters A to Z"):
        draw_contest(tmp_path, name="Löwe 2")
