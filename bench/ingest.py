"""How fast an import is, beside other tools that make the same sizes of the same files.

    .venv/bin/python bench/ingest.py [FOLDER] [--rounds 3] [--lanes 2]
    .venv/bin/python bench/ingest.py [FOLDER] --grow 1000 5000

FOLDER is a contest's export (default: the demo's own, drawn now). Its rasters are
copied under plain names, since not every tool takes SVG, and every contender makes
three WebP sizes of them, 64, 320 and 1024 px; the import makes all it makes and keeps
it in a fresh site. Rounds take turns, so that a busy machine is busy for all, and the
best round counts. The clock starts when a contender says that it is ready, except for
commands that cannot. Memory is the largest sum of all its processes' own and shared
parts (PSS, Linux).

--grow imports the same pictures again and again, each copy made unique by a comment,
and shows that time grows with their number and the memory of this process does not.

Contenders that are not installed are named and left out. To have them all:

    apt-get install libvips-tools imagemagick nodejs npm
    (mkdir -p ~/sharp && cd ~/sharp && npm install sharp)    then  --sharp ~/sharp
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image, ImageOps

from logovote.contest import contests, intake
from logovote.demo.export import draw_contest
from logovote.imaging import probe
from logovote.imaging.picture import SPECS, Developed
from logovote.imaging.worker import Fence
from logovote.ingest.reading import read_entries
from logovote.store.store import Store

HERE = Path(__file__).resolve()
KINDS = ("icon64", "thumb", "preview")
THREE = [spec for spec in SPECS if spec.kind in KINDS]
BOXES = sorted((spec.width_px, spec.height_px) for spec in THREE)
TICK = os.sysconf("SC_CLK_TCK")


# What is measured: each runs in a process of its own, on a folder of files.


def fence(folder: Path, out: Path, lanes: int) -> None:
    """Our three sizes, through the fence; likeness is the import's."""
    files = sorted(folder.iterdir())
    with Fence(lanes, THREE, describe=False) as ours:
        list(ours.develop_many([(n, files[0].read_bytes) for n in range(lanes)]))
        ready()
        failed = 0
        for file, made in ours.develop_many((f, f.read_bytes) for f in files):
            failed += not isinstance(made, Developed)
            if isinstance(made, Developed):
                for picture in made.derivatives:
                    name = f"{picture.kind}-{file.name}.webp"
                    (out / name).write_bytes(picture.data)
    print("failed", failed)


def whole(folder: Path, out: Path, lanes: int) -> None:
    """Our whole import: all derivatives, the database, everything kept."""
    store = Store.open(f"sqlite:///{out / 'site.sqlite'}", out)
    now = datetime.now(UTC)
    with store.database.write() as session:
        contest = contests.new_contest(
            session, "bench", title="Bench", status_quo="None", now=now
        ).id
        session.commit()
    first = next(folder.iterdir()).read_bytes
    with Fence(lanes) as ours, read_entries(folder) as reading:
        list(ours.develop_many([(n, first) for n in range(lanes)]))
        ready()
        done = intake.import_designs(store, contest, reading, ours, now=now)
    print("failed", sum(file.status == "refused" for file in done.files))


def pillow(folder: Path, out: Path, lanes: int) -> None:
    """Pillow as one would write it first: every size opened and encoded anew."""
    del lanes
    ready()
    failed = 0
    for file in sorted(folder.iterdir()):
        try:
            for box in BOXES:
                with Image.open(file) as opened:
                    image = ImageOps.exif_transpose(opened)
                    clear = image.has_transparency_data
                    image = image.convert("RGBA" if clear else "RGB")
                image.thumbnail(box)
                image.save(out / f"{box[0]}-{file.name}.webp", quality=80)
        except OSError:
            failed += 1
    print("failed", failed)


def vipsthumbnail(folder: Path, out: Path, lanes: int) -> None:
    """Run vipsthumbnail once for each size."""
    del lanes
    files = [str(file) for file in sorted(folder.iterdir())]
    for width, height in BOXES:
        run(
            [
                *("vipsthumbnail", "--size", f"{width}x{height}>", "--eprofile=srgb"),
                *("-o", f"{out}/{width}-%s.webp[Q=80,strip]", *files),
            ]
        )
    print("failed", len(files) * len(BOXES) - sum(1 for _ in out.iterdir()))


def magick(folder: Path, out: Path, lanes: int) -> None:
    """Run ImageMagick once for each file, decoding it once."""
    del lanes
    command = shutil.which("magick") or "convert"
    files = sorted(folder.iterdir())
    for file in files:
        steps: list[str] = []
        for width, height in reversed(BOXES):
            target = f"{out}/{width}-{file.name}.webp"
            steps += ["-resize", f"{width}x{height}>", "-write", target]
        run(
            [
                *(command, f"{file}[0]", "-auto-orient", "-strip"),
                *("-quality", "80", *steps, "null:"),
            ]
        )
    print("failed", len(files) * len(BOXES) - sum(1 for _ in out.iterdir()))


OURS: dict[str, Callable[[Path, Path, int], None]] = {
    "fence": fence,
    "import": whole,
    "pillow": pillow,
    "vipsthumbnail": vipsthumbnail,
    "magick": magick,
}
TITLES = {
    "fence": "logovote, three sizes, fenced",
    "import": "logovote, whole import",
    "sharp": "sharp, one decode, effort 2",
    "vipsthumbnail": "vipsthumbnail, three passes",
    "magick": "ImageMagick, one decode",
    "pillow": "Pillow, naive",
}


def run(command: list[str]) -> None:
    """Run another tool; what it says about single files is not ours to show."""
    subprocess.run(  # noqa: S603 - our own command, no shell
        command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def ready() -> None:
    """Tell the measuring process that the work begins."""
    print("ready", flush=True)


# How it is measured.


@dataclass(frozen=True)
class Measure:
    """What one run took."""

    wall_seconds: float
    cpu_seconds: float
    peak_mb: float
    failed: int


def measure(command: list[str], cwd: Path) -> Measure:
    """Run a contender, from "ready" to its end."""
    process = subprocess.Popen(  # noqa: S603 - our own programs, no shell
        command, stdout=subprocess.PIPE, cwd=cwd, text=True, start_new_session=True
    )
    began, used_before, failed = time.perf_counter(), 0.0, 0
    peak: list[float] = [0.0]
    stop = threading.Event()
    watch = threading.Thread(target=_watch, args=(process.pid, peak, stop))
    watch.start()
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    for line in process.stdout:
        if line == "ready\n":
            began, used_before = time.perf_counter(), _cpu_of_tree(process.pid)
        elif line.startswith("failed "):
            failed = int(line.split()[1])
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    stop.set()
    watch.join()
    if process.returncode:
        sys.exit(f"{command[1]} ended with {process.returncode}")
    used = usage.ru_utime + usage.ru_stime - used_before
    return Measure(wall, used, peak[0], failed)


def _watch(root: int, peak: list[float], stop: threading.Event) -> None:
    while not stop.wait(0.5):
        peak[0] = max(peak[0], sum(map(_pss_mb, _tree(root))))


def _tree(root: int) -> list[int]:
    """List a process and all that descend from it."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rsplit(")", 1)[1].split()
            parents[int(stat.parent.name)] = int(fields[1])
    found = [root]
    for process in found:
        found += [child for child, parent in parents.items() if parent == process]
    return found


def _pss_mb(process: int) -> float:
    with suppress(OSError, IndexError):
        rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
        return int(rollup.split("\nPss:")[1].split()[0]) / 1024
    return 0.0


def _cpu_of_tree(root: int) -> float:
    """Return the processor time of a process and its children, ended ones too."""
    ticks = 0
    for process in _tree(root):
        with suppress(OSError):
            stat = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1]
            ticks += sum(map(int, stat.split()[11:15]))
    return ticks / TICK


def contenders(sharp: Path | None, lanes: int) -> dict[str, list[str]]:
    """Return the command of each contender that is installed; name the others."""
    missing = []
    commands = {}
    for name in TITLES:
        if name == "sharp":
            if sharp is None or not shutil.which("node"):
                missing.append("sharp")
                continue
            sizes = [f"{width}x{height}" for width, height in BOXES]
            script = sharp / "logovote-bench.mjs"
            shutil.copy(HERE.with_name("sharp.mjs"), script)
            commands[name] = ["node", str(script), "{in}", "{out}", str(lanes), *sizes]
            continue
        needs = {"vipsthumbnail": ["vipsthumbnail"], "magick": ["magick", "convert"]}
        if name in needs and not any(map(shutil.which, needs[name])):
            missing.append(name)
            continue
        alone = [sys.executable, str(HERE), "{in}", "--lanes", str(lanes)]
        commands[name] = [*alone, "--contender", name, "{out}"]
    if missing:
        print(f"Not installed, not measured: {', '.join(missing)}")
    return commands


def compare(folder: Path, rounds: int, lanes: int, sharp: Path | None) -> None:
    """Measure all contenders in turn, and print the best round of each."""
    commands = contenders(sharp, lanes)
    best: dict[str, Measure] = {}
    cpu: dict[str, float] = {}
    files = len(list(folder.iterdir()))
    cwd = sharp or folder
    for _ in range(rounds):
        for name, command in commands.items():
            with tempfile.TemporaryDirectory() as out:
                places = {"{in}": str(folder), "{out}": out}
                got = measure([places.get(part, part) for part in command], cwd)
            if name not in best or got.wall_seconds < best[name].wall_seconds:
                best[name] = got
            cpu[name] = min(got.cpu_seconds, cpu.get(name, got.cpu_seconds))
    print(f"{files} rasters, {lanes} lanes, best of {rounds} rounds")
    print("| contender | images/s | CPU ms/image | peak MB | refused | wall x sharp |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    yard = best.get("sharp", best["fence"])
    for name, got in best.items():
        print(
            f"| {TITLES[name]} | {files / got.wall_seconds:.1f}"
            f" | {cpu[name] / files * 1000:.0f} | {got.peak_mb:.0f} | {got.failed}"
            f" | {yard.wall_seconds / got.wall_seconds:.2f} |"
        )
    for name, got in best.items():
        if name not in ("fence", "import"):
            wall = got.wall_seconds / best["fence"].wall_seconds
            work = cpu[name] / cpu["fence"]
            print(f"fence / {name}: {wall:.2f} by the clock, {work:.2f} by CPU")
    wall = best["fence"].wall_seconds / best["import"].wall_seconds
    print(f"import / fence: {wall:.2f}, {cpu['fence'] / cpu['import']:.2f} by CPU")


# Growth.


def grow(folder: Path, numbers: Iterable[int], lanes: int) -> None:
    """Import ever more files and print time, and memory of the importing process."""
    print("| files | seconds | ms/file | CPU ms/file | peak MB of the importer |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for number in numbers:
        with (
            tempfile.TemporaryDirectory() as room,
            tempfile.TemporaryDirectory() as out,
        ):
            copies(folder, Path(room), number)
            command = [sys.executable, str(HERE), room, "--contender", "import", out]
            got = measure([*command, "--lanes", str(lanes), "--own-memory"], Path(room))
            peak = int((Path(out) / "peak").read_text()) / 1024
        print(
            f"| {number} | {got.wall_seconds:.1f}"
            f" | {got.wall_seconds / number * 1000:.1f}"
            f" | {got.cpu_seconds / number * 1000:.1f} | {peak:.0f} |",
            flush=True,
        )


def copies(folder: Path, room: Path, number: int) -> None:
    """Fill `room` with so many pictures, no two of the same bytes."""
    files = [
        (file.suffix, file.read_bytes())
        for file in sorted(folder.iterdir())
        if file.suffix in (".png", ".jpeg")
    ]
    for n in range(number):
        suffix, data = files[n % len(files)]
        note = b"copy %d" % n
        if suffix == ".png":
            body = b"tEXtComment\0" + note
            chunk = struct.pack(">I", len(body) - 4) + body
            data = data[:33] + chunk + struct.pack(">I", zlib.crc32(body)) + data[33:]
        else:
            comment = b"\xff\xfe" + struct.pack(">H", len(note) + 2) + note
            data = data[:2] + comment + data[2:]
        (room / f"{n + 1}{suffix}").write_bytes(data)


def rasters(export: Path, room: Path) -> None:
    """Copy the rasters of an export under plain names."""
    number = 0
    for file in sorted(export.rglob("*")):
        if not file.is_file():
            continue
        data = file.read_bytes()
        name = probe.raster_format(data)
        with suppress(Exception):
            with Image.open(io.BytesIO(data), formats=(name or "",)) as image:
                image.load()
            number += 1
            suffix = (name or "").lower()
            (room / f"{number}.{suffix}").write_bytes(data)


def main() -> None:
    """Compare, or grow."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lanes", type=int, default=os.cpu_count())
    parser.add_argument("--sharp", type=Path, help="a folder with node_modules/sharp")
    parser.add_argument("--grow", type=int, nargs="+", metavar="FILES")
    parser.add_argument("--contender", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--own-memory", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.contender:
        name, out = given.contender
        OURS[name](given.folder, Path(out), given.lanes)
        if given.own_memory:
            status = Path("/proc/self/status").read_text()
            (Path(out) / "peak").write_text(status.split("VmHWM:")[1].split()[0])
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory() as drawn, tempfile.TemporaryDirectory() as room:
        export = given.folder
        if export is None:
            export = Path(drawn)
            draw_contest(export)
        rasters(export, Path(room))
        if given.grow:
            first = len(list(Path(room).iterdir()))
            grow(Path(room), [first, *given.grow], given.lanes)
        else:
            compare(Path(room), given.rounds, given.lanes, given.sharp)


if __name__ == "__main__":
    main()
