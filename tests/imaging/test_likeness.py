from __future__ import annotations

import itertools
from collections.abc import Callable
from random import Random

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from logovote.imaging.likeness import (
    MAX_BYTES,
    Description,
    Design,
    Likeness,
    MalformedDescriptionError,
    Proposal,
    clusters,
    describe,
    parse,
)

Colour = tuple[int, int, int]
RED: Colour = (200, 30, 40)
BLUE: Colour = (20, 60, 180)
BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)
CREAM: Colour = (246, 244, 236)
NAVY: Colour = (18, 22, 60)


def mark(seed: int, ink: Colour = RED, side: int = 200) -> Image.Image:
    """A shape of its own for each seed, on transparency."""
    rng = Random(seed)  # noqa: S311 - made-up shapes
    image = Image.new("RGBA", (side, side))
    pen = ImageDraw.Draw(image)
    lattice = [side * (0.08 + 0.28 * n) for n in range(4)]
    path = [(rng.choice(lattice), rng.choice(lattice)) for _ in range(8)]
    pen.line(path, fill=ink, width=side // 10, joint="curve")
    for _ in range(2):
        x, y = rng.choice(lattice), rng.choice(lattice)
        pen.ellipse((x - 24, y - 24, x + 24, y + 24), fill=ink)
    # As wide and as high as the others.
    pen.rectangle((0, rng.choice(lattice), 16, side), fill=ink)
    pen.rectangle((rng.choice(lattice), 0, side, 16), fill=ink)
    return image


def word(text: str = "tavrel", ink: Colour = BLACK, high: int = 90) -> Image.Image:
    font = ImageFont.load_default(high)
    left, top, right, bottom = (int(edge) for edge in font.getbbox(text))
    image = Image.new("RGBA", (right - left, bottom - top))
    ImageDraw.Draw(image).text((-left, -top), text, font=font, fill=ink)
    return image


def sheet(
    *pieces: Image.Image,
    ground: Colour | None = WHITE,
    size: tuple[int, int] = (800, 500),
    below: bool = False,
) -> Image.Image:
    """Pieces in a row or a column, in the middle."""
    image = Image.new("RGBA", size, (0, 0, 0, 0) if ground is None else (*ground, 255))
    gap = 40
    long = sum(p.height if below else p.width for p in pieces) + gap * (len(pieces) - 1)
    at = ((size[1] if below else size[0]) - long) // 2
    for piece in pieces:
        if below:
            image.alpha_composite(piece, ((size[0] - piece.width) // 2, at))
            at += piece.height + gap
        else:
            image.alpha_composite(piece, (at, (size[1] - piece.height) // 2))
            at += piece.width + gap
    return image if ground is None else image.convert("RGB")


def likeness(*named: tuple[Image.Image, str | None]) -> Likeness:
    return Likeness(
        [
            Design(key, parse(describe(image)), designer)
            for key, (image, designer) in enumerate(named, start=1)
        ]
    )


def crowd(count: int = 14, start: int = 100) -> list[tuple[Image.Image, str | None]]:
    """Marks of other people, each beside the contest's name."""
    return [
        (sheet(mark(seed, BLUE), word()), f"other {seed}")
        for seed in range(start, start + count)
    ]


def entries(proposals: list[Proposal]) -> list[tuple[int, ...]]:
    return [proposal.entries for proposal in proposals]


VARIANTS: dict[str, Callable[[], Image.Image]] = {
    "in-another-colour": lambda: sheet(mark(1, BLUE), word()),
    "white-on-black": lambda: sheet(mark(1, WHITE), word(ink=WHITE), ground=BLACK),
    "white-on-transparency": lambda: sheet(
        mark(1, WHITE), word(ink=WHITE), ground=None
    ),
    "on-a-colour": lambda: sheet(mark(1, WHITE), word(ink=WHITE), ground=NAVY),
    "on-off-white": lambda: sheet(mark(1), word(), ground=CREAM),
    "name-below": lambda: sheet(mark(1), word(), below=True),
    "name-first": lambda: sheet(word(), mark(1)),
    "mark-alone": lambda: sheet(mark(1), size=(400, 400)),
    "small": lambda: sheet(mark(1), word()).resize((200, 125)),
    "blurred": lambda: sheet(mark(1), word()).filter(ImageFilter.GaussianBlur(1.5)),
    "another-margin": lambda: sheet(mark(1), word(), size=(640, 260)),
    "another-word": lambda: sheet(mark(1), word("TAVREL", NAVY, 60)),
    "in-a-tile": lambda: sheet(tile(mark(1, WHITE)), size=(500, 500)),
}


def tile(inner: Image.Image, fill: Colour = NAVY) -> Image.Image:
    image = Image.new("RGBA", (400, 400))
    ImageDraw.Draw(image).rounded_rectangle((0, 0, 399, 399), 80, fill=fill)
    image.alpha_composite(inner, (100, 100))
    return image


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("who", ["Ada", None])
def test_a_variant_is_proposed_and_nothing_else(variant: str, who: str | None) -> None:
    others = [(image, name if who else None) for image, name in crowd()]
    found = likeness(
        (sheet(mark(1), word()), who), (VARIANTS[variant](), who), *others
    ).proposals()

    assert entries(found) == [(1, 2)]


def test_a_board_belongs_to_what_it_shows() -> None:
    board = Image.new("RGB", (900, 700), WHITE)
    board.paste(sheet(mark(1), word(), size=(900, 400)))
    dark = sheet(mark(1, WHITE), ground=NAVY, size=(450, 300))
    board.paste(dark, (0, 400))
    board.paste(sheet(mark(1, BLUE), ground=CREAM, size=(450, 300)), (450, 400))

    found = likeness((board, "Ada"), (sheet(mark(1, BLUE)), "Ada"), *crowd())

    assert entries(found.proposals()) == [(1, 2)]


def test_one_designers_different_marks_with_one_wordmark_stay_apart() -> None:
    mine = [(sheet(mark(seed), word("Tavrel", RED)), "Ada") for seed in (1, 2, 3, 4)]

    assert likeness(*mine, *crowd()).proposals() == []


def test_a_mirrored_copy_by_somebody_else_is_found_and_said() -> None:
    flipped = ImageOps.mirror(mark(1, BLUE))
    found = likeness(
        (sheet(mark(1), word()), "Ada"), (sheet(flipped, word()), "Bob"), *crowd()
    ).proposals()

    assert entries(found) == [(1, 2)]
    assert "mirrored" in found[0].reasons
    assert "different designers" in found[0].reasons


def test_reasons_are_words_for_people() -> None:
    found = Likeness(
        [
            Design(7, parse(describe(sheet(mark(1)))), "Ada", "Logo"),
            Design(9, parse(describe(sheet(mark(1, BLUE)))), "Ada", "Rev 2"),
        ]
    ).proposals()

    assert [proposal.as_json() for proposal in found] == [
        {
            "entries": [7, 9],
            "confidence": found[0].confidence,
            "reasons": [
                "the same mark",
                "in other colours",
                "same designer",
                "a title says “Rev 2”",
            ],
        }
    ]
    assert 0.5 <= found[0].confidence <= 0.99


def test_the_order_of_designs_is_irrelevant() -> None:
    designs = [
        Design(key, parse(describe(image)), name)
        for key, (image, name) in enumerate(
            [
                *((sheet(mark(1, ink), word()), "Ada") for ink in (RED, BLUE, NAVY)),
                *((sheet(mark(2, ink), word()), "Bob") for ink in (RED, BLUE)),
                *crowd(6),
            ],
            start=1,
        )
    ]
    shuffled = designs[:]
    Random(5).shuffle(shuffled)  # noqa: S311 - repeatable

    found = Likeness(designs), Likeness(shuffled)

    assert entries(found[0].proposals()) == [(1, 2, 3), (4, 5)]
    assert found[0].proposals() == found[1].proposals()
    assert found[0].nearest(4) == found[1].nearest(4)


def test_nearest_lists_the_family_first() -> None:
    found = likeness(
        (sheet(mark(1), word()), None),
        *crowd(8),
        (sheet(mark(1, BLUE), word(), below=True), None),
    )

    assert found.nearest(1)[0][0] == 10
    assert found.nearest(1, count=0) == []


def test_no_design_one_design_and_two_unlike_ones_make_no_family() -> None:
    assert likeness().proposals() == []
    assert likeness((sheet(mark(1)), "Ada")).proposals() == []
    assert likeness((sheet(mark(1)), "Ada"), (sheet(mark(2)), "Ada")).proposals() == []
    assert likeness((sheet(mark(1)), None), (sheet(mark(2)), None)).proposals() == []


def test_the_same_picture_again_and_again_is_one_family_whoever_sends_it() -> None:
    found = likeness(*((sheet(mark(1), word()), f"d{n}") for n in range(40)))

    assert entries(found.proposals()) == [tuple(range(1, 41))]
    assert found.proposals()[0].reasons[0] == "the same picture twice"
    assert [confidence for _, confidence in found.nearest(3)] == [1.0] * 5


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(Image.new("RGB", (1, 1)), id="one-pixel"),
        pytest.param(Image.new("RGB", (640, 480), RED), id="one-colour"),
        pytest.param(Image.new("RGBA", (300, 300)), id="nothing"),
        pytest.param(Image.new("RGB", (1280, 1), RED), id="a-line"),
        pytest.param(Image.new("L", (3, 900), 9), id="another-mode"),
    ],
)
def test_a_picture_without_a_mark_is_like_no_other(image: Image.Image) -> None:
    assert len(parse(describe(image))) == 0
    assert likeness((image, "Ada"), (image, "Ada")).proposals() == []
    assert likeness((image, "Ada"), (sheet(mark(1)), "Ada")).nearest(1) == []


def test_a_faint_white_mark_is_seen() -> None:
    faint = sheet(mark(1, WHITE), ground=None)
    faint.putalpha(faint.getchannel("A").point(lambda level: level // 3))

    assert len(parse(describe(faint))) > 0


def test_a_photo_is_described_within_bounds() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (960, 1280, 3), dtype=np.uint8)
    blob = describe(Image.fromarray(noise))

    assert len(parse(blob)) > 0
    assert len(blob) <= MAX_BYTES <= 20_000


def test_the_same_pixels_give_the_same_bytes() -> None:
    assert describe(sheet(mark(1), word())) == describe(sheet(mark(1), word()))


def test_bytes_that_describe_does_not_write_are_refused() -> None:
    blob = describe(sheet(mark(1), word()))
    bad = [
        b"",
        blob[:5],
        blob[:-1],
        blob + b"\0",
        b"x" + blob[1:],
        blob[:4] + b"\xff" + blob[5:],
        blob[:5] + b"\xff" + blob[6:],
        # Depth and inner of the first part.
        blob[:7] + b"\x09" + blob[8:],
        blob[:8] + b"\x02" + blob[9:],
        # Its parent and way.
        blob[:12] + b"\x01" + blob[13:],
        blob[:13] + b"\x04" + blob[14:],
    ]
    for wrong in bad:
        with pytest.raises(MalformedDescriptionError):
            parse(wrong)


def test_any_bytes_of_the_right_shape_can_be_compared() -> None:
    sound = bytearray(describe(sheet(mark(1), word())))
    rng = Random(3)  # noqa: S311 - repeatable
    blobs = []
    for _ in range(20):
        for at in range(9, len(sound)):
            if rng.random() < 0.3:
                sound[at] = rng.choice([0, 255, rng.randrange(256)])
        with_facts = parse_or_none(bytes(sound))
        if with_facts is not None:
            blobs.append(with_facts)
    Likeness([Design(n, each) for n, each in enumerate(blobs)]).proposals()


def parse_or_none(blob: bytes) -> Description | None:
    try:
        return parse(blob)
    except MalformedDescriptionError:
        return None


def test_groups_are_joined_by_their_average_not_by_one_link() -> None:
    tight = {(0, 1): 0.9, (0, 2): 0.9, (1, 2): 0.9, (3, 4): 0.9}

    assert clusters.grouped(5, {**tight, (2, 3): 0.8}, 0.4) == [[0, 1, 2], [3, 4]]
    crossing = dict.fromkeys(itertools.product((0, 1, 2), (3, 4)), 0.5)
    assert clusters.grouped(5, {**tight, **crossing}, 0.4) == [[0, 1, 2, 3, 4]]
    assert clusters.grouped(2, {(0, 1): 0.39}, 0.4) == [[0], [1]]
    assert clusters.grouped(0, {}, 0.4) == []


def test_what_is_sure_is_grouped_first_however_unlike_it_is() -> None:
    chain = [(0, 1), (1, 2), (3, 2), (1, 0)]
    assert clusters.grouped(6, {}, 0.4, chain) == [[0, 1, 2, 3], [4], [5]]
    # The others join by the mean over all members, as ever.
    near = {(0, 4): 1.0, (1, 4): 0.9, (2, 4): 0.0, (4, 5): 0.3}
    assert clusters.grouped(6, near, 0.4, chain) == [[0, 1, 2, 3, 4], [5]]
    assert clusters.grouped(6, near, 0.5, chain) == [[0, 1, 2, 3], [4], [5]]


def test_a_revision_that_looks_like_nothing_else_is_proposed_where_it_is_said() -> None:
    images = [sheet(mark(seed), word()) for seed in (1, 2, 3, 4)]
    said = {2: 1, 3: 3, 4: 99}  # 3 names itself, 4 what is not there

    (proposal,) = Likeness(
        [
            Design(key, parse(describe(image)), replaces=said.get(key))
            for key, image in enumerate(images, start=1)
        ]
    ).proposals()

    assert proposal.entries == (1, 2)
    assert "a revision, says the list" in proposal.reasons
    assert proposal.confidence == 0.99


def test_a_list_of_thousands_of_revisions_of_one_design_is_no_trouble() -> None:
    described = [parse(describe(sheet(mark(seed)))) for seed in (1, 2, 3)]
    count = 3_000
    designs = [
        Design(key, described[key % 3], replaces=key - 1) for key in range(count)
    ]

    (proposal,) = Likeness(designs).proposals()

    assert len(proposal.entries) == count


def test_one_agency_that_sends_all_does_not_make_all_one_family() -> None:
    designs = [(image, "The agency") for image, _ in crowd(10)]
    designs.append((sheet(mark(100, RED), word(), below=True), "The agency"))

    assert entries(likeness(*designs).proposals()) == [(1, 11)]
