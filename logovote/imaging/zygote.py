"""The process inside the fence: reads files from its input, forks a child for each.

It loads the decoders once, warms every one of them, gives up what it does not need and
then holds no file, no network and no secret. Where processes cannot fork it reads one
file itself and ends.
"""

from __future__ import annotations

import contextlib
import gc
import io
import os
import select
import signal
import sys
import time
from typing import BinaryIO, Final, NoReturn

from PIL import Image

from logovote.imaging import limits, probe, wire
from logovote.imaging.derivatives import develop
from logovote.imaging.picture import MAX_FILE_BYTES, SPECS, UnreadableImageError

# Ten, with what it takes to notice and to clear away.
WALL_SECONDS: Final = 9.5
# What to make is our arguments: kinds of derivatives, and the description.
_SPECS: Final = tuple(spec for spec in SPECS if spec.kind in sys.argv[1:])
_DESCRIBE: Final = wire.DESCRIBE in sys.argv[1:]
_CAN_FORK: Final = hasattr(os, "fork")
_OUT_OF_MEMORY: Final = 3
_WARM_SVG: Final = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
    b'<text y="9">a</text></svg>'
)
# The font is one that no machine has: looking for it reads the list of those it has.
_WARM_PDF: Final = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources
<</Font<</F<</Type/Font/Subtype/TrueType/BaseFont/Unheard>>>>>>>>endobj
4 0 obj<</Length 29>>stream
BT /F 9 Tf 9 9 Td (a) Tj ET
endstream endobj
trailer<</Root 1 0 R>>
"""


def main() -> None:
    """Serve the fence until it closes our input."""
    requests = sys.stdin.buffer
    # What a library prints must not end up among the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, sys.stdout.fileno())
    _warm()
    try:
        serve(requests, answers, silence)
    except BrokenPipeError:
        # Whoever asked was killed; nothing is left to be flushed or told.
        os._exit(0)


def serve(requests: BinaryIO, answers: BinaryIO, silence: int) -> None:
    """Give up all that is not needed, then answer each file until there are no more."""
    in_use = limits.data_gauge()
    limits.seclude()
    # No child needs to collect, and none shall copy what all of them share.
    gc.collect()
    limits.trim()
    gc.freeze()
    gc.disable()
    wire.send(answers, wire.READY)
    while (original := wire.receive(requests, MAX_FILE_BYTES)) is not None:
        if not _CAN_FORK:
            wire.send(answers, _answer(original))
            return
        wire.send(answers, _in_a_child(original, silence, in_use()))
        del original
        limits.trim()


def _answer(original: bytes) -> bytes:
    try:
        return wire.answer(develop(original, _SPECS, describe=_DESCRIBE))
    except UnreadableImageError as error:
        return wire.refusal(str(error))


def _in_a_child(original: bytes, silence: int, in_use: int = 0) -> bytes:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(silence, 2)
        _decode_and_exit(original, writer, in_use)
    os.close(writer)
    answer, late = _collect(reader)
    os.close(reader)
    if late:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if status == 0 and not late:
        return answer
    return wire.refusal(
        f"This file could not be read safely ({_reason(status, late=late)})."
        " Ask for it in another format, PNG for example."
    )


def _decode_and_exit(original: bytes, writer: int, in_use: int) -> NoReturn:
    """Decode in this child and leave it, whatever happens."""
    code = 1
    try:
        limits.die_with_parent()
        files = 0 if probe.raster_format(original) else limits.FONT_FILES
        limits.ration(files, in_use)
        answer = memoryview(_answer(original))
        while answer:
            answer = answer[os.write(writer, answer) :]
        code = 0
    except MemoryError:
        code = _OUT_OF_MEMORY
    finally:
        os._exit(code)


def _collect(reader: int) -> tuple[bytes, bool]:
    """Read all that the child writes; True if it took or wrote too much."""
    deadline = time.monotonic() + WALL_SECONDS
    parts: list[bytes] = []
    size = 0
    while size <= wire.MAX_ANSWER_BYTES:
        left = max(0.0, deadline - time.monotonic())
        if not select.select([reader], [], [], left)[0]:
            break
        part = os.read(reader, 1 << 20)
        if not part:
            return b"".join(parts), False
        parts.append(part)
        size += len(part)
    return b"", True


def _reason(status: int, *, late: bool) -> str:
    if late:
        return f"it takes longer than {WALL_SECONDS:.0f} seconds"
    code = os.waitstatus_to_exitcode(status)
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return "decoding it takes too much work"
    if code == _OUT_OF_MEMORY:
        return "decoding it takes too much memory"
    return "its decoder gave up"


def _warm() -> None:
    """Decode and encode every format once: nothing can be loaded after `seclude`."""
    tiny = Image.new("RGB", (16, 16), "white")
    tiny.putpixel((8, 8), (200, 0, 0))
    originals = [_WARM_SVG, _WARM_PDF]
    for name in ("PNG", "JPEG", "GIF", "WEBP", "MPO", "AVIF"):
        encoded = io.BytesIO()
        second = {"save_all": True, "append_images": [tiny.rotate(90)]}
        with contextlib.suppress(OSError, KeyError):  # a Pillow without AVIF
            tiny.save(encoded, name, **({} if name == "JPEG" else second))
        originals.append(encoded.getvalue())
    for original in originals:
        _answer(original)
        _answer(original[: len(original) // 2])


if __name__ == "__main__":
    main()
