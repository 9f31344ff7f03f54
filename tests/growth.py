"""How the work that something takes grows with the length of what it is given."""

from __future__ import annotations

import time
from collections.abc import Callable

_TIMES, _TRIES = 4, 3


def grows_as_its_length(work: Callable[[int], object], length: int) -> bool:
    """Tell whether `work(length)` takes about four times `work(length / 4)`.

    Not sixteen times, as what goes over everything again for each part of it does. A
    ratio of two measurements on one machine, each the best of three, so that neither
    a slow machine nor a busy one changes it.
    """
    short = min(_cpu(work, length // _TIMES) for _ in range(_TRIES))
    return any(_cpu(work, length) < 2 * _TIMES * short for _ in range(_TRIES))


def _cpu(work: Callable[[int], object], length: int) -> float:
    began = time.thread_time()
    work(length)
    return time.thread_time() - began
