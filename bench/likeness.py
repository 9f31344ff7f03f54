"""Learn what the likeness engine knows: its metric and its weights.

    .venv/bin/python bench/likeness.py metric --marks SET [--count N] … --fonts FOLDER
    .venv/bin/python bench/likeness.py weights EXPORT FAMILIES.csv …

The first draws marks and words in many dresses and writes the linear map that tells
them apart best (LDA) to logovote/imaging/likeness/metric.npz; SET and FOLDER are those
of bench/contests.py. The shipped one was learnt from 800 marks of simple-icons, 500 of
@iconify-json/logos (both CC0) and 250 words in 33 fonts.

The second fits the weights of logovote/imaging/likeness/judging.py, a logistic
regression, on contests whose families are known, each also cut down to small ones, and
prints them. The shipped ones are from four contests of bench/contests.py, one of the
demo's and one real export; how they do elsewhere is for bench/families.py to say.
"""

from __future__ import annotations

import argparse
import csv
import io
from pathlib import Path
from random import Random

import contests
import families
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from logovote.imaging.likeness import Design, Likeness, describe, judging, metric, parse

Numbers = NDArray[np.float64]

DRESSES = 6
DIMENSIONS = 128
# How much of the mean variance is added to every direction, lest noise be believed.
EASE = 0.3
WORDS = (
    *("unikern", "kestrel", "mirelo", "opal", "node", "opal root", "vaultia", "quanta"),
    *("bright", "lumen", "zephyr", "forge", "arcadia", "pivot", "helix", "northwind"),
)
SMALL_ONES = 4
PENALTY = 3.0
COVERED, MARK = map(judging.FEATURES.index, ("covered", "mark"))


def dressed(maker: contests.Maker, mark: Image.Image) -> Image.Image:
    """Show a mark as one of its variants would."""
    rng = maker.rng
    brand, colour = contests.main_colour(mark), maker.colour()
    ground: contests.Colour | None = rng.choice([contests.WHITE, (244, 243, 238)])
    deed = rng.choices(range(11), [16, 10, 12, 14, 8, 8, 8, 8, 8, 4, 4])[0]
    if deed == 1:
        mark = contests.turned_hue(mark, rng.randrange(30, 226))
    elif deed == 2:
        mark = rng.choice([contests.grey(mark), contests.tinted(mark, (0, 0, 0))])
    elif deed == 3:
        mark = contests.tinted(mark, contests.WHITE)
        ground = rng.choice([(0, 0, 0), colour, contests.shade(brand, 0.3)])
    elif deed == 4:
        ground = rng.choice([(20, 22, 40), (40, 40, 40)])
        dark = contests.lightness(brand) < 70
        mark = contests.tinted(mark, contests.WHITE) if dark else mark
    elif deed == 5:
        mark = contests.tinted(mark, colour)
    elif deed == 6:
        ramp = Image.linear_gradient("L").resize(mark.size)
        ends = (Image.new("RGBA", mark.size, c) for c in (colour, brand))
        mixed = Image.composite(next(ends), next(ends), ramp)
        mixed.putalpha(mark.getchannel("A"))
        mark = mixed
    elif deed == 7:
        wide = ImageFilter.MaxFilter(rng.choice([5, 7, 9]))
        thin = ImageFilter.MinFilter(5)
        alpha = mark.getchannel("A").filter(wide if rng.random() < 0.6 else thin)
        mark = contests.tinted(mark, brand)
        mark.putalpha(alpha)
    elif deed == 8:
        mark = bent(rng, mark)
    elif deed == 9:
        pen = ImageDraw.Draw(mark := mark.copy())
        x, y = rng.randrange(mark.width), rng.randrange(mark.height)
        pen.ellipse((x - 35, y - 35, x + 35, y + 35), fill=(0, 0, 0, 0))
    else:
        ground = None
    size = rng.choice([(400, 300), (500, 500), (640, 480), (200, 160), (900, 700)])
    shown = contests.on_ground(mark, size, ground, rng.uniform(0.3, 0.9))
    return shown if ground is None else sent(rng, shown.convert("RGB"))


def bent(rng: Random, mark: Image.Image) -> Image.Image:
    """Turn a mark a little, or squeeze it."""
    if rng.random() < 0.5:
        turn = rng.choice([-6, -3, 3, 6])
        return mark.rotate(turn, expand=True, resample=Image.Resampling.BICUBIC)
    sides = (max(20, int(side * rng.uniform(0.85, 1))) for side in mark.size)
    return mark.resize((next(sides), next(sides)))


def sent(rng: Random, image: Image.Image) -> Image.Image:
    """Pack some pictures as JPEG."""
    if rng.random() < 0.7:
        return image
    packed = io.BytesIO()
    image.save(packed, "JPEG", quality=rng.randrange(40, 90))
    return Image.open(packed)


def learn_metric(
    maker: contests.Maker, sets: list[Path], marks_of_each: list[int], file: Path
) -> None:
    """Learn the map and write it into a file."""
    rng, fonts = maker.rng, maker.fonts
    subjects: list[Image.Image] = []
    for path, count in zip(sets, marks_of_each, strict=True):
        found = contests.load_marks([path])
        for name in rng.sample(sorted(found), min(count, len(found))):
            mark = contests.drawn(found[name][0])
            if mark is not None and mark.width < 7 * mark.height:
                subjects.append(mark)
    for _ in range(250):
        case = rng.choice([str.upper, str.lower, str.title])
        text = case(rng.choice(WORDS))
        subjects.append(contests.typeset(text, rng.choice(fonts), 160, maker.colour()))
    shapes, owners = [], []
    for owner, subject in enumerate(subjects):
        for _ in range(DRESSES):
            description = parse(describe(dressed(maker, subject)))
            if len(description):
                shapes.append(description.shapes[0])
                owners.append(owner)
        if rng.random() < 0.5 and subject.width < 2 * subject.height:
            colour = contests.main_colour(subject)
            concept = contests.Concept(
                subject, "", fonts[0], colour, colour, stacked=False
            )
            description = parse(describe(maker.tile(concept)))
            within = description.shapes[description.facts[:, 2] == 1]
            shapes += list(within[:1])
            owners += [owner] * len(within[:1])
    values = metric.balanced(np.array(shapes)).astype(np.float64)
    mean, map_ = discriminants(values, np.array(owners))
    np.savez_compressed(file, mean=mean.astype(np.float16), map=map_.astype(np.float16))
    print(f"{len(values)} pictures of {len(subjects)} marks and words -> {file}")


def discriminants(values: Numbers, owners: NDArray[np.intp]) -> tuple[Numbers, Numbers]:
    """Return the mean and the directions that tell owners apart, best first."""
    counts = np.bincount(owners)
    means = np.zeros((len(counts), values.shape[1]))
    np.add.at(means, owners, values)
    means /= np.maximum(1, counts)[:, None]
    rest = values - means[owners]
    within = rest.T @ rest / len(values)
    within += EASE * np.trace(within) / len(within) * np.eye(len(within))
    sizes, axes = np.linalg.eigh(within)
    white = axes / np.sqrt(sizes)
    between = np.cov(means[counts > 1].T)
    _, best = np.linalg.eigh(white.T @ between @ white)
    map_ = white @ best[:, ::-1][:, :DIMENSIONS]
    return values.mean(axis=0), map_ / np.abs(map_).max()


def examples(
    designs: list[Design], true: dict[int, str], *, named: bool
) -> tuple[Numbers, Numbers]:
    """Measure all pairs the engine would look at; 1 for those of one family."""
    likeness = Likeness(
        [Design(d.key, d.description, d.designer if named else None) for d in designs]
    )
    pairs = likeness.measured()
    same = np.array([true[a] == true[b] for a, b, _ in pairs])
    rows = np.array([row for _, _, row in pairs])
    if not len(rows):
        return rows, same
    # A word alone and its mark alone are one family for reasons that do not show:
    # whoever learnt from them would take any two designs of one person for one.
    seen = (rows[:, COVERED] >= 0.3) | (rows[:, MARK] >= 0.15) | ~same
    return rows[seen], same[seen].astype(np.float64)


def fitted(measured: Numbers, same: Numbers) -> list[float]:
    """Fit a logistic regression by Newton's method; the constant comes last."""
    mean, spread = measured.mean(axis=0), measured.std(axis=0) + 1e-6
    rows = np.hstack([(measured - mean) / spread, np.ones((len(same), 1))])
    weights = np.zeros(rows.shape[1])
    penalty = PENALTY * np.eye(len(weights))
    penalty[-1, -1] = 1e-6
    for _ in range(60):
        chance = 1 / (1 + np.exp(-np.clip(rows @ weights, -30, 30)))
        slope = rows.T @ (chance - same) + penalty @ weights
        bend = (rows * (chance * (1 - chance))[:, None]).T @ rows + penalty
        weights -= np.linalg.solve(bend, slope)
    plain = weights[:-1] / spread
    constant = weights[-1] - float(plain @ mean)
    return [round(float(weight), 2) for weight in (*plain, constant)]


def learn_weights(paths: list[Path]) -> None:
    """Print the weights that fit contests best."""
    rng = Random(5)
    known: list[tuple[list[Design], dict[int, str]]] = []
    for export, listing in zip(paths[::2], paths[1::2], strict=True):
        designs, _, _ = families.load(export)
        with listing.open(newline="", encoding="utf-8-sig") as file:
            true = {int(row["entry"]): row["family"] for row in csv.DictReader(file)}
        designs = [design for design in designs if design.key in true]
        known.append((designs, true))
        names = sorted(set(true.values()))
        for _ in range(SMALL_ONES):
            kept = set(rng.sample(names, min(len(names), rng.randrange(4, 30))))
            known.append(([d for d in designs if true[d.key] in kept], true))
    for named in (True, False):
        found = [examples(designs, true, named=named) for designs, true in known]
        found = [(rows, same) for rows, same in found if len(rows)]
        weights = fitted(
            np.concatenate([rows for rows, _ in found]),
            np.concatenate([same for _, same in found]),
        )
        print(named, dict(zip((*judging.FEATURES, "constant"), weights, strict=True)))


def main() -> None:
    """Learn one of the two."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="what", required=True)
    shapes = commands.add_parser("metric")
    shapes.add_argument("--marks", type=Path, action="append", required=True)
    shapes.add_argument("--count", type=int, action="append")
    shapes.add_argument("--fonts", type=Path, required=True)
    shapes.add_argument("--match", default="*latin-[47]00-normal.woff")
    beside = Path(metric.__file__).with_name("metric.npz")
    shapes.add_argument("--to", type=Path, default=beside)
    weights = commands.add_parser("weights")
    weights.add_argument("paths", nargs="+", type=Path)
    options = parser.parse_args()
    if options.what == "weights":
        learn_weights(options.paths)
        return
    fonts = sorted(options.fonts.rglob(options.match))
    counts = options.count or [800] * len(options.marks)
    maker = contests.Maker(Random(77), fonts)
    learn_metric(maker, options.marks, counts, options.to)


if __name__ == "__main__":
    main()
