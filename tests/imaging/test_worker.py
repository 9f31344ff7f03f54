from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from PIL import Image

from logovote.errors import LogovoteError
from logovote.imaging import wire
from logovote.imaging.derivatives import develop
from logovote.imaging.picture import SPECS
from logovote.imaging.worker import (
    _HOME,
    _INSIDE,
    Developed,
    Fence,
    FenceError,
    UnreadableImageError,
)
from tests.imaging.originals import (
    RED,
    billion_laughs,
    data_url,
    encoded,
    mark,
    png_header,
    svg,
    use_bomb,
)

SOUND = encoded(mark(size=(120, 90), box=(30, 30, 80, 60)))


@pytest.fixture(scope="module")
def fence() -> Iterator[Fence]:
    with Fence(1) as shared:
        yield shared


@pytest.fixture
def zygote(fence: Fence) -> int:
    """The id of the process inside the fence."""
    fence.develop(SOUND)
    process = fence._lanes[0]._process
    assert process is not None
    return process.pid


def nested_bomb() -> bytes:
    inner = svg("<g/>" * 100)
    for _ in range(5):
        inner = svg(f'<image href="{data_url(inner, "image/svg+xml")}"/>' * 3)
    return inner


HOSTILE = {
    "nothing": b"",
    "noise": random.Random(1).randbytes(5_000),  # noqa: S311 - noise, no secret
    "noise after a magic number": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9,
    "a bomb by its header": png_header(30_000, 30_000),
    "a header without pixels": png_header(4_000, 4_000),
    "cut off": encoded(Image.effect_noise((200, 200), 60))[:9_000],
    "SVG referring to the web": svg("<image href='https://example.org/a.png'/>"),
    "SVG referring to a file": svg("<image href='/etc/passwd'/>"),
    "billion laughs": billion_laughs(),
    "deep SVG": svg("<g>" * 100_000),
    "long SVG": svg(attributes='viewBox="0 0 1 1000000"'),
    "SVG in SVG in SVG": nested_bomb(),
    "a drawing within a drawing, a thousand million times": use_bomb(),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_and_the_fence_stands(
    fence: Fence, zygote: int, name: str
) -> None:
    with pytest.raises(UnreadableImageError) as refusal:
        fence.develop(HOSTILE[name])

    assert "\n" not in str(refusal.value)
    assert str(refusal.value).endswith(".")
    os.kill(zygote, 0)  # it is still there
    assert fence.develop(SOUND) == develop(SOUND)


def test_only_what_is_asked_for_is_made() -> None:
    everything = {made.kind: made for made in develop(SOUND).derivatives}
    asked = [spec for spec in SPECS if spec.kind in ("preview", "thumb")]
    with Fence(1, asked, describe=False) as fence:
        developed = fence.develop(SOUND)

    assert developed == develop(SOUND, asked, describe=False)
    assert developed.likeness == b""
    thumb, preview = developed.derivatives
    assert (thumb.kind, thumb.width_px, thumb.height_px) == ("thumb", 320, 240)
    assert preview == everything["preview"]


def test_a_script_does_not_cost_the_drawing(fence: Fence) -> None:
    assert fence.develop(svg("<script>x()</script>")) == develop(svg())


def test_a_large_answer_and_a_large_file_come_through(fence: Fence) -> None:
    noise = Image.effect_noise((1_600, 1_600), 100).convert("RGB")
    original = encoded(noise, compress_level=0)
    assert len(original) > 7_000_000
    assert fence.develop(original) == develop(original)


def test_a_file_over_the_limit_is_refused(fence: Fence) -> None:
    with pytest.raises(UnreadableImageError, match=r"has 40.0 MB; at most 25 MB"):
        fence.develop(bytes(40_000_000))


@pytest.mark.slow
def test_work_without_end_is_stopped(fence: Fence) -> None:
    dashes = '<path d="M0 0L200 99" stroke="red" stroke-dasharray="0.01"/>' * 9_000
    with pytest.raises(UnreadableImageError, match=r"(too much work|longer than)"):
        fence.develop(svg(dashes))
    assert fence.develop(SOUND)


LARGEST = {
    "WEBP": ("RGBA", {"lossless": True, "method": 0}),
    "PNG": ("LA", {"compress_level": 1}),
}
# Like the process inside, but with 5 % less memory and no clock: a busy machine is none
# of this test's business.
WITH_LESS_MEMORY = """
import sys
from pathlib import Path
from logovote.imaging import limits, wire, zygote
limits.DATA_BYTES = limits.DATA_BYTES * 95 // 100
limits.CPU_SECONDS = zygote.WALL_SECONDS = 999
zygote._warm()
original, in_use = Path(sys.argv[1]).read_bytes(), limits.data_gauge()
print(wire.parse(zygote._in_a_child(original, 2, in_use()), ()).width_px)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGEST)
def test_the_largest_picture_that_is_promised_fits_with_room_to_spare(
    name: str, tmp_path: Path
) -> None:
    """Of what is taken, these and AVIF, slow to make here, need most memory."""
    mode, how = LARGEST[name]
    path = tmp_path / "largest"
    pixels = Image.new("RGBA", (7_740, 7_740), (9, 9, 9, 90)).convert(mode)
    path.write_bytes(encoded(pixels, name, **how))
    done = subprocess.run(
        [sys.executable, "-c", WITH_LESS_MEMORY, path],
        cwd=_HOME,
        env=os.environ | _INSIDE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "7740\n", done.stderr


def test_memory_without_end_is_stopped(fence: Fence, zygote: int) -> None:
    boundless = svg('<rect width="40000" height="40000"/>', attributes="")
    with pytest.raises(UnreadableImageError, match="could not be read safely"):
        fence.develop(boundless)
    os.kill(zygote, 0)
    assert fence.develop(SOUND)


def test_a_process_that_hangs_is_ended(
    fence: Fence, zygote: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("logovote.imaging.worker._PATIENCE_SECONDS", 0.2)
    os.kill(zygote, signal.SIGSTOP)
    with pytest.raises(UnreadableImageError, match="decoder stopped"):
        fence.develop(SOUND)
    monkeypatch.undo()
    assert fence.develop(SOUND)


def test_a_process_outlives_the_thread_that_started_it() -> None:
    with Fence(1) as fence:
        assert len(list(fence.develop_many([("a", lambda: SOUND)]))) == 1
        process = fence._lanes[0]._process
        assert fence.develop(SOUND)
        assert fence._lanes[0]._process is process


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM])
def test_a_dead_process_is_replaced(fence: Fence, zygote: int, sign: int) -> None:
    os.kill(zygote, sign)
    process = fence._lanes[0]._process
    assert process is not None
    process.wait()

    assert fence.develop(SOUND) == develop(SOUND)
    assert fence._lanes[0]._process is not process


def test_a_process_that_answers_nonsense_costs_one_file(
    fence: Fence, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(fence._lanes[0], "ask", lambda _original: b"Dnonsense")
        with pytest.raises(UnreadableImageError, match="no sound answer"):
            fence.develop(SOUND)
    assert fence.develop(SOUND)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_secret_crosses_the_fence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGOVOTE_SECRET", "do-not-tell")
    with Fence(1) as fence:
        fence.develop(SOUND)
        process = fence._lanes[0]._process
        assert process is not None
        environment = Path(f"/proc/{process.pid}/environ").read_bytes()
    assert b"PATH=" in environment
    assert b"do-not-tell" not in environment


def test_closing_leaves_no_process_behind() -> None:
    with Fence(1) as fence:
        fence.develop(SOUND)
        process = fence._lanes[0]._process
        assert process is not None
    assert process.poll() is not None
    assert process.stdin is not None
    assert process.stdin.closed


def test_a_fence_that_cannot_be_built_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with Fence(1) as fence, pytest.raises(FenceError, match="does not start"):
        fence.develop(SOUND)


def reader(original: bytes, log: list[str]) -> Callable[[], bytes]:
    def read() -> bytes:
        log.append(threading.current_thread().name)
        return original

    return read


def test_many_files_come_back_in_order_with_their_refusals() -> None:
    def broken() -> bytes:
        raise PermissionError("not allowed to read it")

    def refused() -> bytes:
        raise LogovoteError("This member is encrypted.")

    slow = encoded(Image.effect_noise((900, 900), 50).convert("RGB"))
    items = [
        ("slow", reader(slow, [])),
        ("sound", reader(SOUND, [])),
        ("broken", broken),
        ("empty", reader(b"", [])),
        ("refused", refused),
        ("again", reader(SOUND, [])),
    ]
    with Fence(2) as fence:
        results = list(fence.develop_many(items))

    assert [key for key, _ in results] == [key for key, _ in items]
    kinds = [isinstance(result, Developed) for _, result in results]
    assert kinds == [True, True, False, False, False, True]
    assert "not allowed to read it" in str(results[2][1])
    assert "encrypted" in str(results[4][1])


def test_many_files_are_read_lazily_and_in_the_callers_thread() -> None:
    log: list[str] = []
    items = ((n, reader(SOUND, log)) for n in range(200))
    with Fence(1) as fence:
        results = fence.develop_many(items)
        assert not log
        next(results)
        assert len(log) < 40
        results.close()  # type: ignore[attr-defined] # it is a generator
    assert set(log) == {threading.current_thread().name}


def test_no_files_are_no_work() -> None:
    with Fence(1) as fence:
        assert list(fence.develop_many([])) == []
        assert fence._lanes[0]._process is None


def test_the_colour_of_a_file_read_inside_is_the_same_as_outside(fence: Fence) -> None:
    cmyk = encoded(mark("CMYK", ground=(0, 0, 0, 0), ink=(0, 255, 255, 0)), "JPEG")
    for original in (
        cmyk,
        encoded(mark("RGBA", ink=(*RED, 255))),
        svg("<text>a</text>"),
    ):
        assert fence.develop(original) == develop(original)


def test_the_process_inside_ends_quietly_when_whoever_asked_is_gone() -> None:
    inside = subprocess.Popen(
        [sys.executable, "-m", "logovote.imaging.zygote", "thumb"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert inside.stdin is not None
    assert inside.stdout is not None
    wire.receive(cast("BinaryIO", inside.stdout), wire.MAX_ANSWER_BYTES)

    inside.stdout.close()
    wire.send(cast("BinaryIO", inside.stdin), SOUND)

    _, said = inside.communicate(timeout=20)
    assert (inside.returncode, said) == (0, b"")
