"""The fence: hostile files are decoded behind it, in processes that may do little."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from types import TracebackType
from typing import IO, BinaryIO, Final, Self, TypeVar, cast

import logovote
from logovote.errors import LogovoteError
from logovote.imaging import wire
from logovote.imaging.picture import (
    SPECS,
    Derivative,
    Developed,
    Spec,
    UnreadableImageError,
    check_file_size,
)

__all__ = ["Derivative", "Developed", "Fence", "FenceError", "UnreadableImageError"]

K = TypeVar("K")

_HOME: Final = Path(logovote.__file__).resolve().parent.parent
# No secret of ours crosses: the environment inside is these, where they are set.
_ENVIRONMENT: Final = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT")
_INSIDE: Final = {
    # NumPy's threads would not outlive a fork, and with threads the kernel secludes
    # nobody.
    "OPENBLAS_NUM_THREADS": "1",
    # Pictures in huge pages: a child asks the kernel for memory less often, which is a
    # tenth of its time.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
# Inside, a child is stopped after 10 s; only a process gone wrong gets this far.
_PATIENCE_SECONDS: Final = 20
_READ_AHEAD: Final = 2
_RESULTS_AHEAD: Final = 16
_CAN_FORK: Final = hasattr(os, "fork")


class FenceError(LogovoteError):
    """The process that decodes pictures does not start on this machine."""


class Fence:
    """Decodes files in limited processes, `children` at once. Safe to share by threads.

    Makes the derivatives of `specs`, all of them unless told, and if `describe` says
    what the design looks like, for likeness.

    Each lane is a process that forks one child per file: the child may use 1.5 GB and
    8 seconds of one processor, opens no file but fonts and has no network. Whatever
    happens to it costs that one file. Where processes cannot fork (Windows), each file
    gets a fresh process with a time limit only: slower, and a weaker fence.
    """

    def __init__(
        self,
        children: int = 2,
        specs: Sequence[Spec] = SPECS,
        *,
        describe: bool = True,
    ) -> None:
        self._children = children
        self._specs = specs
        wanted = [spec.kind for spec in specs] + [wire.DESCRIBE] * describe
        self._lanes = [_Lane(wanted) for _ in range(children)]
        self._idle: queue.LifoQueue[_Lane] = queue.LifoQueue()
        for lane in self._lanes:
            self._idle.put(lane)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the processes; a later file would start them again."""
        for lane in self._lanes:
            lane.stop()

    def develop(self, original: bytes) -> Developed:
        """Decode one file, waiting for a free lane.

        Raises:
            UnreadableImageError: not a picture we take, damaged, or not safe to read.
            FenceError: no process can be started to read it in.
        """
        check_file_size(len(original))
        lane = self._idle.get()
        try:
            return wire.parse(lane.ask(original), self._specs)
        except wire.MalformedAnswerError as error:
            lane.stop()
            raise UnreadableImageError(
                "This file could not be read safely (its decoder gave no sound answer)."
            ) from error
        finally:
            self._idle.put(lane)

    def develop_many(
        self, items: Iterable[tuple[K, Callable[[], bytes]]]
    ) -> Iterator[tuple[K, Developed | UnreadableImageError]]:
        """Decode many files, several at once; results in the order given.

        Each item is a key and how to read its bytes. Files are read in the caller's
        thread, when a lane is about to be free: a few originals are in memory however
        many items there are. A file that cannot be read is refused like a damaged one.
        """
        waiting = iter(items)
        results: deque[tuple[K, Future[Developed]]] = deque()
        pool = ThreadPoolExecutor(self._children)
        try:
            while True:
                busy = [future for _, future in results if not future.done()]
                if (
                    len(busy) < _READ_AHEAD * self._children
                    and len(results) < _RESULTS_AHEAD * self._children
                    and (item := next(waiting, None)) is not None
                ):
                    key, read = item
                    results.append((key, self._submitted(pool, read)))
                elif results and results[0][1].done():
                    key, future = results.popleft()
                    yield key, _outcome(future)
                elif busy:
                    wait(busy, return_when=FIRST_COMPLETED)
                else:
                    return
        finally:
            pool.shutdown(cancel_futures=True)

    def _submitted(
        self, pool: ThreadPoolExecutor, read: Callable[[], bytes]
    ) -> Future[Developed]:
        try:
            return pool.submit(self.develop, read())
        except LogovoteError as error:
            return _failed(str(error))
        except OSError as error:
            return _failed(f"The file cannot be read: {error.strerror or error}.")


def _outcome(future: Future[Developed]) -> Developed | UnreadableImageError:
    try:
        return future.result()
    except UnreadableImageError as error:
        return error


def _failed(message: str) -> Future[Developed]:
    future: Future[Developed] = Future()
    future.set_exception(UnreadableImageError(message))
    return future


class _Lane:
    """One process behind the fence, started when first needed and after every death."""

    def __init__(self, wanted: list[str]) -> None:
        self._wanted = wanted
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, original: bytes) -> bytes:
        """Send a file and return the answer, unread."""
        process = self._running()
        watchdog = threading.Timer(_PATIENCE_SECONDS, process.kill)
        watchdog.start()
        try:
            wire.send(_stream(process.stdin), original)
            answer = wire.receive(_stream(process.stdout), wire.MAX_ANSWER_BYTES)
        except BrokenPipeError:
            answer = None
        finally:
            watchdog.cancel()
        if answer is None or not _CAN_FORK:
            self.stop()
        if answer is None:
            raise UnreadableImageError(
                "This file could not be read safely (its decoder stopped)."
            )
        return answer

    def stop(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            # Also closes the pipes.
            process.communicate()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self.stop()
        if self._process is None:
            self._process = _started(self._wanted)
        return self._process


def _started(wanted: list[str]) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(  # noqa: S603 - our own program, no shell
        [sys.executable, "-m", "logovote.imaging.zygote", *wanted],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # There is logovote, installed or not.
        cwd=_HOME,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        | _INSIDE,
        # Ctrl-C is for us: what is inside ends when its input does.
        start_new_session=True,
    )
    if wire.receive(_stream(process.stdout), wire.MAX_ANSWER_BYTES) != wire.READY:
        process.kill()
        process.communicate()
        raise FenceError(
            "The process that reads pictures does not start; its message is in the log."
            " Install logovote anew, or free some memory."
        )
    return process


def _stream(pipe: IO[bytes] | None) -> BinaryIO:
    if pipe is None:
        raise FenceError("The process that reads pictures has no pipe.")
    return cast("BinaryIO", pipe)
