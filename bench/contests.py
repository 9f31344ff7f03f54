"""Make contests with known families, to measure the likeness engine on.

    .venv/bin/python bench/contests.py OUT --marks SET [--marks SET …] --fonts FOLDER
        [--seed N] [--concepts N] [--name NAME]

A SET is a folder of SVG files or an `icons.json` of the Iconify kind, such as the
packages simple-icons, devicon, @iconify-json/logos and @web3icons/core ship; FOLDER
holds TTF, OTF or WOFF fonts. Files whose names differ only in a word such as "icon",
"plain" or "wordmark" are taken for drawings of one logo by its own designers and used
as they are; every other mark gets the contest's name beside it, and variants of that.

Writes OUT/files/ with a manifest, and OUT/families.csv. Nothing downloaded is kept in
the project: marks may be trademarks of their owners.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import resvg_py
from PIL import (
    Image,
    ImageChops,
    ImageColor,
    ImageDraw,
    ImageEnhance,
    ImageFilter,
    ImageFont,
)

from logovote.imaging import svg
from logovote.imaging.picture import UnreadableImageError

Colour = tuple[int, int, int]
WHITE: Colour = (255, 255, 255)
MARK_PX = 480
MOST_FILLED = 0.74
_WORDS = re.compile(
    r"[-_ ](original|plain|line|wordmark|icon|mono|color|colour|branded|black|white)"
    r"(?=[-_ .]|$)"
)
_TITLES = (
    *("Logo", "entry", "design", "Logo concept", "Untitled-1", "Modern minimal"),
    *("logo v1", "logo v2", "Rev 2", "Final logo", "Artboard 3", "Concept 2", "icon"),
)


@dataclass(frozen=True)
class Concept:
    """One idea: a mark, how the name is set beside it, and its colours."""

    mark: Image.Image
    name: str
    font: Path
    ink: Colour
    brand: Colour
    stacked: bool
    tagline: str = ""
    word_first: bool = False
    # The height of the name against the mark's.
    word_share: float = 0.45
    gap: float = 0.22
    # How wide the letters are drawn.
    stretch: float = 1.0


def load_marks(sets: Iterable[Path]) -> dict[str, list[str]]:
    """Read SVG markup, by the name of the logo; a name may have several drawings."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sets:
        if path.is_dir():
            for file in sorted(path.rglob("*.svg")):
                found[_WORDS.sub("", file.stem)].append(file.read_text())
            continue
        icons = json.loads(path.read_text())
        for name, icon in sorted(icons["icons"].items()):
            width = icon.get("width", icons.get("width", 16))
            height = icon.get("height", icons.get("height", 16))
            found[_WORDS.sub("", name)].append(
                f'<svg xmlns="http://www.w3.org/2000/svg" '
                f'xmlns:xlink="http://www.w3.org/1999/xlink" width="{width}" '
                f'height="{height}" viewBox="0 0 {width} {height}">{icon["body"]}</svg>'
            )
    return found


def drawn(markup: str) -> Image.Image | None:
    """Draw a mark, trimmed; None for one that cannot be drawn or is a mere block."""
    try:
        clean = svg.sanitise(markup.encode()).markup
        png = resvg_py.svg_to_bytes(svg_string=clean, width=MARK_PX, dpi=96)
    except (UnreadableImageError, ValueError):
        return None
    with Image.open(io.BytesIO(png)) as opened:
        image = opened.convert("RGBA")
    box = image.getchannel("A").point([0] * 16 + [255] * 240).getbbox()
    if box is None or min(box[2] - box[0], box[3] - box[1]) < 30:
        return None
    image = image.crop(box)
    # A plain block, however it is coloured inside, has no silhouette to vary.
    filled = image.getchannel("A").histogram()[255] / (image.width * image.height)
    if filled > MOST_FILLED:
        return None
    image.thumbnail((MARK_PX, MARK_PX))
    return image


def tinted(image: Image.Image, colour: Colour) -> Image.Image:
    """Show a shape in one flat colour."""
    flat = Image.new("RGBA", image.size, colour)
    flat.putalpha(image.getchannel("A"))
    return flat


def grey(image: Image.Image) -> Image.Image:
    """Take the hues away, not the shades."""
    result = image.convert("L").convert("RGBA")
    result.putalpha(image.getchannel("A"))
    return result


def turned_hue(image: Image.Image, turn: int) -> Image.Image:
    """Move every hue round the circle."""
    hue, saturation, value = image.convert("RGB").convert("HSV").split()
    moved = hue.point([(level + turn) % 256 for level in range(256)])
    result = Image.merge("HSV", (moved, saturation, value)).convert("RGBA")
    result.putalpha(image.getchannel("A"))
    return result


def typeset(text: str, font: Path, height_px: int, ink: Colour) -> Image.Image:
    """Write a line, trimmed."""
    face = ImageFont.truetype(str(font), max(8, height_px))
    left, top, right, bottom = face.getbbox(text)
    size = (max(1, int(right - left) + 2), max(1, int(bottom - top) + 2))
    line = Image.new("RGBA", size, (*ink, 0))
    ImageDraw.Draw(line).text((1 - left, 1 - top), text, font=face, fill=ink)
    return line


def lockup(concept: Concept, ink: Colour | None = None) -> Image.Image:
    """Put name and tagline beside or below the mark."""
    mark = concept.mark
    # A wide mark would dwarf a name beside it.
    unit = min(mark.height, int(mark.width * 1.1))
    colour = concept.ink if ink is None else ink
    word = typeset(concept.name, concept.font, int(unit * concept.word_share), colour)
    word = word.resize((max(1, round(word.width * concept.stretch)), word.height))
    if concept.tagline:
        line = typeset(concept.tagline, concept.font, int(unit * 0.13), colour)
        word = joined([word, line], unit // 12, across=False)
    parts = [word, mark] if concept.word_first else [mark, word]
    return joined(parts, int(unit * concept.gap), across=not concept.stacked)


def joined(parts: list[Image.Image], gap: int, *, across: bool) -> Image.Image:
    """Lay pictures in a row or a column, centred."""
    spaces = gap * (len(parts) - 1)
    if across:
        size = (sum(p.width for p in parts) + spaces, max(p.height for p in parts))
    else:
        size = (max(p.width for p in parts), sum(p.height for p in parts) + spaces)
    sheet = Image.new("RGBA", size)
    at = 0
    for part in parts:
        if across:
            sheet.alpha_composite(part, (at, (size[1] - part.height) // 2))
            at += part.width + gap
        else:
            sheet.alpha_composite(part, ((size[0] - part.width) // 2, at))
            at += part.height + gap
    return sheet


def on_ground(
    image: Image.Image, size: tuple[int, int], ground: Colour | None, share: float
) -> Image.Image:
    """Centre a picture on a canvas; None leaves the ground transparent."""
    scale = min(size[0] * share / image.width, size[1] * share / image.height)
    fitted = image.resize(
        (max(1, round(image.width * scale)), max(1, round(image.height * scale))),
        Image.Resampling.LANCZOS,
    )
    fill = (0, 0, 0, 0) if ground is None else (*ground, 255)
    canvas = Image.new("RGBA", size, fill)
    at = ((size[0] - fitted.width) // 2, (size[1] - fitted.height) // 2)
    canvas.alpha_composite(fitted, at)
    return canvas


class Maker:
    """Draws the variants of concepts, by chance."""

    def __init__(self, rng: Random, fonts: list[Path]) -> None:
        self.rng = rng
        self.fonts = fonts

    def size(self) -> tuple[int, int]:
        """Choose a canvas."""
        return self.rng.choice(
            [(800, 600), (500, 500), (1000, 750), (640, 480), (900, 450), (1200, 900)]
        )

    def share(self) -> float:
        """Choose how much of the canvas the design fills."""
        return self.rng.uniform(0.45, 0.85)

    def plain(self, image: Image.Image, ground: Colour | None = WHITE) -> Image.Image:
        """Show a design on a flat ground."""
        return on_ground(image, self.size(), ground, self.share())

    def base(self, concept: Concept) -> Image.Image:
        """Show it as conceived."""
        ground = self.rng.choice([WHITE, WHITE, WHITE, (244, 243, 238), None])
        return self.plain(lockup(concept), ground)

    def hue(self, concept: Concept) -> Image.Image:
        """Change its colours."""
        turn = self.rng.randrange(40, 216)
        mark = turned_hue(concept.mark, turn)
        if self.rng.random() < 0.3:
            mark = tinted(mark, self.colour())
        return self.plain(lockup(replace(concept, mark=mark)))

    def mono_black(self, concept: Concept) -> Image.Image:
        """Show it in black or greys."""
        shades = self.rng.random() < 0.6
        mark = grey(concept.mark) if shades else tinted(concept.mark, (0, 0, 0))
        return self.plain(lockup(replace(concept, mark=mark), (0, 0, 0)))

    def mono_white(self, concept: Concept) -> Image.Image:
        """Show it in white or light greys, on black or through transparency."""
        mark = tinted(concept.mark, WHITE)
        if self.rng.random() < 0.5 and lightness(concept.brand) > 70:
            mark = ImageEnhance.Brightness(grey(concept.mark)).enhance(1.8)
        ground = self.rng.choice([(0, 0, 0), (0, 0, 0), None])
        return self.plain(lockup(replace(concept, mark=mark), WHITE), ground)

    def dark(self, concept: Concept) -> Image.Image:
        """Show it on a dark ground, the name in white."""
        ground = self.rng.choice([(20, 22, 40), (40, 40, 40), (5, 5, 5)])
        mark = concept.mark
        if lightness(concept.brand) < 70:
            mark = tinted(mark, WHITE)
        return self.plain(lockup(replace(concept, mark=mark), WHITE), ground)

    def brand(self, concept: Concept) -> Image.Image:
        """Show it in white on its own colour."""
        white = replace(concept, mark=tinted(concept.mark, WHITE))
        return self.plain(lockup(white, WHITE), concept.brand)

    def margin(self, concept: Concept) -> Image.Image:
        """Crop it close, or leave it lost on a wide canvas."""
        image = lockup(concept)
        if self.rng.random() < 0.5:
            size = (int(image.width * 1.06) + 4, int(image.height * 1.08) + 4)
            return on_ground(image, size, WHITE, 0.94)
        return on_ground(image, self.size(), WHITE, 0.28)

    def layout(self, concept: Concept) -> Image.Image:
        """Change from beside to below, or the other way."""
        changed = replace(concept, stacked=not concept.stacked, word_first=False)
        return self.plain(lockup(changed))

    def right(self, concept: Concept) -> Image.Image:
        """Put the name first."""
        return self.plain(lockup(replace(concept, stacked=False, word_first=True)))

    def tagline(self, concept: Concept) -> Image.Image:
        """Add a line below the name."""
        return self.plain(lockup(replace(concept, tagline="THE SMALL AND FAST KERNEL")))

    def font(self, concept: Concept) -> Image.Image:
        """Set the name in another font."""
        return self.plain(lockup(replace(concept, font=self.rng.choice(self.fonts))))

    def icon(self, concept: Concept) -> Image.Image:
        """Show the mark alone."""
        return self.plain(concept.mark, self.rng.choice([WHITE, WHITE, None]))

    def tile(self, concept: Concept) -> Image.Image:
        """Knock the mark out of a rounded square or a disc."""
        side = 500
        tile = Image.new("RGBA", (side, side))
        pen = ImageDraw.Draw(tile)
        if self.rng.random() < 0.6:
            pen.rounded_rectangle((0, 0, side - 1, side - 1), 90, fill=concept.brand)
        else:
            pen.ellipse((0, 0, side - 1, side - 1), fill=concept.brand)
        inner = tinted(concept.mark, WHITE)
        tile.alpha_composite(on_ground(inner, (side, side), None, 0.56))
        return self.plain(tile, self.rng.choice([WHITE, (30, 30, 30), None]))

    def board(self, concept: Concept) -> Image.Image:
        """Show three versions on one sheet."""
        width, height = self.rng.choice([(1000, 780), (1200, 900), (800, 600)])
        sheet = Image.new("RGBA", (width, height), (255, 255, 255, 255))
        dark, light = shade(concept.brand, 0.2), shade(concept.brand, 0.2, WHITE)
        white = replace(concept, mark=tinted(concept.mark, WHITE))
        half, upper = width // 2, int(height * self.rng.uniform(0.5, 0.66))
        lower = height - upper
        panels = [
            (lockup(concept), (width, upper), WHITE, (0, 0)),
            (lockup(white, WHITE), (half, lower), dark, (0, upper)),
            (concept.mark, (width - half, lower), light, (half, upper)),
        ]
        for image, size, ground, at in panels:
            sheet.paste(on_ground(image, size, ground, 0.6), at)
        return sheet

    def card(self, concept: Concept) -> Image.Image:
        """Show it on a card lying on a coloured table."""
        size = self.size()
        table = on_ground(Image.new("RGBA", (1, 1)), size, self.colour(), 0.1)
        inner = (int(size[0] * 0.7), int(size[1] * 0.62))
        card = on_ground(lockup(concept), inner, WHITE, 0.7)
        shadow = Image.new("RGBA", (inner[0] + 8, inner[1] + 8), (0, 0, 0, 255))
        at = ((size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2)
        table.paste(Image.blend(card.resize(shadow.size), shadow, 0.8), at)
        table.paste(card, at)
        return table

    def resubmit(self, concept: Concept) -> Image.Image:
        """Send it again, smaller."""
        image = self.plain(lockup(concept))
        return image.resize((image.width // 2, image.height // 2))

    def revised(self, concept: Concept) -> Image.Image:
        """Change the mark a little: turn, stretch, thicken, cut."""
        mark, rng = concept.mark, self.rng
        deed = rng.randrange(4)
        if deed == 0:
            mark = mark.rotate(
                rng.choice([-9, -6, 6, 9]),
                expand=True,
                resample=Image.Resampling.BICUBIC,
            )
        elif deed == 1:
            mark = mark.resize((int(mark.width * rng.uniform(0.8, 0.92)), mark.height))
        elif deed == 2:
            alpha = mark.getchannel("A").filter(ImageFilter.MaxFilter(9))
            mark = tinted(mark, concept.brand)
            mark.putalpha(alpha)
        else:
            pen = ImageDraw.Draw(mark := mark.copy())
            x, y = rng.randrange(mark.width), rng.randrange(mark.height)
            pen.ellipse((x - 45, y - 45, x + 45, y + 45), fill=(0, 0, 0, 0))
        share = concept.word_share * rng.uniform(0.9, 1.15)
        return self.plain(lockup(replace(concept, mark=mark, word_share=share)))

    def outlined(self, concept: Concept) -> Image.Image:
        """Draw the mark's outline only."""
        alpha = concept.mark.getchannel("A")
        rim = ImageChops.subtract(alpha, alpha.filter(ImageFilter.MinFilter(7)))
        mark = tinted(concept.mark, concept.brand)
        mark.putalpha(rim)
        return self.plain(lockup(replace(concept, mark=mark)))

    def gradient(self, concept: Concept) -> Image.Image:
        """Lay a gradient over mark or ground."""
        ramp = Image.linear_gradient("L")
        if self.rng.random() < 0.5:
            size = self.size()
            light = Image.new("RGBA", size, (250, 250, 252))
            dark = Image.new("RGBA", size, (214, 220, 230))
            ground = Image.composite(light, dark, ramp.resize(size))
            ground.alpha_composite(on_ground(lockup(concept), size, None, 0.6))
            return ground
        size = concept.mark.size
        one = Image.new("RGBA", size, self.colour())
        mark = Image.composite(
            one, Image.new("RGBA", size, concept.brand), ramp.resize(size)
        )
        mark.putalpha(concept.mark.getchannel("A"))
        return self.plain(lockup(replace(concept, mark=mark)))

    def mirrored(self, concept: Concept) -> Image.Image:
        """Flip the mark, in another colour."""
        mark = concept.mark.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return self.plain(lockup(replace(concept, mark=turned_hue(mark, 90))))

    def colour(self) -> Colour:
        """Choose a colour that shows on white."""
        hue, value = self.rng.randrange(360), self.rng.randrange(35, 85)
        red, green, blue = ImageColor.getrgb(f"hsv({hue},75%,{value}%)")[:3]
        return red, green, blue


def shade(colour: Colour, part: float, other: Colour = (0, 0, 0)) -> Colour:
    """Mix a part of a colour into another."""
    red, green, blue = (
        round(a * part + b * (1 - part)) for a, b in zip(colour, other, strict=True)
    )
    return red, green, blue


def lightness(colour: Colour) -> float:
    """Return the luma of a colour."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def main_colour(mark: Image.Image) -> Colour:
    """Return the colour most of a mark has; a dark one where that is pale."""
    small = mark.resize((24, 24)).convert("RGBA").tobytes()
    seen: dict[Colour, int] = defaultdict(int)
    for at in range(0, len(small), 4):
        if small[at + 3] > 128:
            seen[small[at] & 0xF0, small[at + 1] & 0xF0, small[at + 2] & 0xF0] += 1
    best = max(seen, key=lambda colour: seen[colour], default=(30, 30, 60))
    return best if lightness(best) < 200 else (30, 30, 60)


VARIANTS: tuple[tuple[Callable[[Maker, Concept], Image.Image], int], ...] = (
    (Maker.hue, 4),
    (Maker.mono_black, 3),
    (Maker.mono_white, 3),
    (Maker.dark, 3),
    (Maker.brand, 2),
    (Maker.margin, 3),
    (Maker.layout, 3),
    (Maker.right, 2),
    (Maker.tagline, 2),
    (Maker.font, 3),
    (Maker.icon, 4),
    (Maker.tile, 2),
    (Maker.board, 4),
    (Maker.card, 1),
    (Maker.resubmit, 2),
    (Maker.revised, 3),
    (Maker.outlined, 1),
    (Maker.gradient, 1),
    (Maker.mirrored, 1),
)


@dataclass
class Item:
    """One file of a contest."""

    family: int
    variant: str
    designer: str
    image: Image.Image


def conceive(
    rng: Random, maker: Maker, mark: Image.Image, name: str, fonts: list[Path]
) -> Concept:
    """Give a mark a name beside it."""
    if rng.random() < 0.35:
        mark = tinted(mark, maker.colour())
    brand = main_colour(mark)
    case = rng.choice([str.upper, str.lower, str.title])
    ink = rng.choice([brand, brand, (20, 20, 30), (60, 60, 70)])
    return Concept(
        mark,
        case(name),
        rng.choice(fonts),
        ink,
        brand,
        stacked=rng.random() < 0.5,
        word_share=rng.uniform(0.32, 0.8),
        gap=rng.uniform(0.12, 0.35),
    )


def counts(rng: Random) -> int:
    """Choose how many designs a family has, as in real contests."""
    return rng.choices([1, 2, 3, 4, 5, 6, 9], [34, 30, 18, 7, 4, 4, 2])[0]


def make(
    maker: Maker,
    marks: dict[str, list[str]],
    concepts: int,
    name: str,
    *,
    own: float,
    habit: float,
) -> list[Item]:
    """Draw a contest.

    `own` is the share of families drawn by their own designers, `habit` that of the
    others set in type that only its designer uses.
    """
    rng, fonts = maker.rng, maker.fonts
    designers = [f"designer {n}" for n in range(1, max(2, round(concepts * 0.4)) + 1)]
    # Some people send in ten ideas, most send one or two.
    zeal = [(rank + 2) ** -0.8 for rank in range(len(designers))]
    # Some people set every idea of theirs in the same type.
    habits = {
        who: (
            rng.sample(fonts, min(2, len(fonts))),
            rng.uniform(0.75, 1.35),
            maker.colour(),
        )
        for who in designers
    }
    single = [markup[0] for markup in marks.values() if len(markup) == 1]
    several = [markup for markup in marks.values() if len(markup) > 1]
    rng.shuffle(single)
    rng.shuffle(several)
    items: list[Item] = []
    family = 0
    while family < concepts and (single or several):
        who = rng.choices(designers, zeal)[0]
        made: list[Item] = []
        if several and (rng.random() < own or not single):
            for n, markup in enumerate(several.pop()[: max(2, counts(rng))]):
                image = drawn(markup)
                if image is not None:
                    dark = lightness(main_colour(image)) > 180
                    ground = (0, 0, 0) if dark else rng.choice([WHITE, WHITE, None])
                    shown = maker.plain(image, ground)
                    made.append(Item(family, f"own {n}", who, shown))
        elif single:
            image = drawn(single.pop())
            if image is not None:
                type_, stretch, ink = habits[who]
                concept = conceive(rng, maker, image, name, fonts)
                if rng.random() < habit:
                    concept = replace(
                        concept, font=rng.choice(type_), stretch=stretch, ink=ink
                    )
                made = _variants(maker, concept, family, who, designers)
        if made:
            items += made
            family += 1
    items += _hexagons(rng, maker, designers, family, concepts // 12)
    rng.shuffle(items)
    return items


def _variants(
    maker: Maker, concept: Concept, family: int, who: str, designers: list[str]
) -> list[Item]:
    rng = maker.rng
    made = [Item(family, "base", who, maker.base(concept))]
    deeds = [deed for deed, _ in VARIANTS]
    weights = [weight for _, weight in VARIANTS]
    for _ in range(counts(rng) - 1):
        deed = rng.choices(deeds, weights)[0]
        made.append(Item(family, deed.__name__, who, deed(maker, concept)))
    if rng.random() < 0.03:
        copied = rng.choice([Maker.hue, Maker.mirrored])
        thief = rng.choice(designers)
        made.append(Item(family, "copycat", thief, copied(maker, concept)))
    return made


def _hexagons(
    rng: Random, maker: Maker, designers: list[str], family: int, count: int
) -> list[Item]:
    """Draw what many people think of: two letters in a simple shape."""
    items = []
    for n in range(count):
        side = 500
        tile = Image.new("RGBA", (side, side))
        pen = ImageDraw.Draw(tile)
        fill = maker.colour()
        sides = rng.choice([6, 6, 6, 4, 5, 8])
        turn = rng.choice([0, 30])
        outline = rng.random() < 0.4
        pen.regular_polygon(
            (side / 2, side / 2, side * 0.49),
            sides,
            turn,
            fill=None if outline else fill,
            outline=fill,
            width=rng.randrange(12, 30),
        )
        letters = typeset(
            rng.choice(["U", "UK", "u", "Uk", "IO"]),
            rng.choice(maker.fonts),
            rng.randrange(150, 300),
            fill if outline else WHITE,
        )
        tile.alpha_composite(
            letters, ((side - letters.width) // 2, (side - letters.height) // 2)
        )
        who = rng.choice(designers)
        items.append(Item(family + n, "hexagon", who, maker.plain(tile)))
        for _ in range(rng.choice([0, 1, 2])):
            other = turned_hue(tile, rng.randrange(40, 200))
            ground = rng.choice([WHITE, (0, 0, 0), (200, 210, 220)])
            items.append(
                Item(family + n, "hexagon hue", who, maker.plain(other, ground))
            )
    return items


def write(folder: Path, items: list[Item], rng: Random) -> None:
    """Save pictures, their list, and who belongs together."""
    (folder / "files").mkdir(parents=True, exist_ok=True)
    with (
        (folder / "files" / "manifest.csv").open("w", newline="") as listing,
        (folder / "families.csv").open("w", newline="") as truth,
    ):
        listed, known = csv.writer(listing), csv.writer(truth)
        listed.writerow(["entry", "designer", "title", "file"])
        known.writerow(["entry", "file", "family", "variant"])
        for entry, item in enumerate(items, start=1):
            image = item.image
            if rng.random() < 0.4 and image.getchannel("A").getextrema()[0] == 255:
                file = f"{entry}.jpg"
                quality = rng.randrange(45, 92)
                image.convert("RGB").save(folder / "files" / file, quality=quality)
            else:
                file = f"{entry}.png"
                image.save(folder / "files" / file, compress_level=1)
            listed.writerow([entry, item.designer, rng.choice(_TITLES), file])
            known.writerow([entry, file, f"F{item.family:04}", item.variant])


def main() -> None:
    """Make one contest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--marks", type=Path, action="append", required=True)
    parser.add_argument("--fonts", type=Path, required=True)
    parser.add_argument("--match", default="*latin-[47]00-normal.woff")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--concepts", type=int, default=110)
    parser.add_argument("--name", default="kestrel")
    parser.add_argument("--own", type=float, default=0.35)
    parser.add_argument("--habit", type=float, default=0.5)
    options = parser.parse_args()
    rng = Random(options.seed)
    fonts = sorted(options.fonts.rglob(options.match))
    marks = load_marks(options.marks)
    # A chance order that does not depend on the other sets.
    names = sorted(marks)
    rng.shuffle(names)
    shuffled = {each: marks[each] for each in names}
    maker = Maker(rng, fonts)
    items = make(
        maker,
        shuffled,
        options.concepts,
        options.name,
        own=options.own,
        habit=options.habit,
    )
    write(options.out, items, rng)
    print(f"{len(items)} designs in {len({i.family for i in items})} families")


if __name__ == "__main__":
    main()
