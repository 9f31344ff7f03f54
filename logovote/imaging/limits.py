"""What the process that decodes may use and reach; the kernel holds it to that.

Every limit is put on where the platform has it. All but the resource limits are
Linux's own and a second wall: an older kernel or a strict container may lack them.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

if sys.platform != "win32":
    import resource

ADDRESS_SPACE_BYTES: Final = 1_500_000_000
# What may be written to memory besides what every child inherits, some 80 MB: so less
# than 1 GB is resident. Of 60 megapixels, what is taken needs up to 800 MB (an AVIF
# with transparency; a WebP 730, a PNG 740).
DATA_BYTES: Final = 900_000_000
CPU_SECONDS: Final = 8
# An SVG with text opens fonts, one at a time; no raster opens anything.
FONT_FILES: Final = 16

_FONTS: Final = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/usr/share/texmf/fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
)

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38
_SIGKILL: Final = 9
_CLONE_NEWUSER: Final = 0x1000_0000
_CLONE_NEWNET: Final = 0x4000_0000

# Landlock: the same system call numbers on every architecture.
_LANDLOCK_CREATE: Final = 444
_LANDLOCK_ADD_RULE: Final = 445
_LANDLOCK_RESTRICT: Final = 446
_LANDLOCK_VERSION_FLAG: Final = 1
_LANDLOCK_PATH_BENEATH: Final = 1
_READ_FILE_AND_FOLDER: Final = 0b1100
_NETWORK_TCP: Final = 0b11
# How many rights to files each version of the interface knows.
_FILE_RIGHTS: Final = {1: 13, 2: 14, 3: 15, 4: 15}
_FILE_RIGHTS_SINCE_5: Final = 16


def seclude() -> None:
    """Give up, for good and for all children: new privileges, the network, files.

    Fonts stay readable. Nothing here fails where the kernel does not know it.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    # A user who may not make a network namespace may within an own user namespace.
    if libc.unshare(_CLONE_NEWNET) != 0:
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
    _landlock(libc)


def die_with_parent() -> None:
    """Let the kernel kill this process when the one that forked it is gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)


def data_gauge() -> Callable[[], int]:
    """Return what tells how many bytes of memory this process may write to just now.

    Much of that is set aside by libraries and never touched. To be made before
    `seclude`, after which no file can be opened.
    """
    if sys.platform != "linux":
        return lambda: 0
    try:
        statm = os.open("/proc/self/statm", os.O_RDONLY)
    except OSError:
        return lambda: 0

    def in_use() -> int:
        fields = os.pread(statm, 200, 0).split()
        return int(fields[5]) * os.sysconf("SC_PAGE_SIZE")

    return in_use


def trim() -> None:
    """Give freed memory back: what a process holds, each of its children inherits."""
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError):  # another C library than glibc
            ctypes.CDLL(None).malloc_trim(0)


def ration(open_files: int, in_use: int = 0) -> None:
    """Limit this process: memory, work, no writing, no children, `open_files` files.

    `in_use` is what the gauge said of the process that this one was forked from.
    """
    if sys.platform == "win32":
        return
    for limit, value in (
        (resource.RLIMIT_AS, ADDRESS_SPACE_BYTES),
        (resource.RLIMIT_DATA, in_use + DATA_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, open_files),
    ):
        # macOS refuses some; a container may have set a lower one already.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(limit, (value, value))


def _landlock(libc: ctypes.CDLL) -> None:
    version = libc.syscall(_LANDLOCK_CREATE, None, 0, _LANDLOCK_VERSION_FLAG)
    if version < 1:
        return
    rights = (1 << _FILE_RIGHTS.get(version, _FILE_RIGHTS_SINCE_5)) - 1
    attributes = struct.pack("=Q", rights)
    if version >= 4:
        attributes += struct.pack("=Q", _NETWORK_TCP)
    rules = libc.syscall(_LANDLOCK_CREATE, attributes, len(attributes), 0)
    if rules < 0:
        return
    for folder in filter(Path.is_dir, map(Path, _FONTS)):
        descriptor = os.open(folder, os.O_RDONLY)
        allowed = struct.pack("=Qi", _READ_FILE_AND_FOLDER, descriptor)
        libc.syscall(_LANDLOCK_ADD_RULE, rules, _LANDLOCK_PATH_BENEATH, allowed, 0)
        os.close(descriptor)
    libc.syscall(_LANDLOCK_RESTRICT, rules, 0)
    os.close(rules)
