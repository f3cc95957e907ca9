"""How many cores this process may use, and NumPy's matrix products kept on one of them.

Saves: the products of a recurrent net are small, and cores that share one wait longer than they work.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController

in_a_job = False  # True inside a job of `side_by_side`: the other cores are taken
_lock = threading.Lock()
_inside = 0  # blocks of `one_blas_thread` that are open, in all threads
_limit: object = None


def cores() -> int:
    """Return how many cores this process may use: 1 inside a job of `side_by_side`."""
    if in_a_job:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()  # looking for them takes a while: once is enough


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep matrix products on one core inside a `with` block; afterwards all is as before.

    The limit is one for the whole process: the first of several threads sets it, the last lifts it.
    """
    global _inside, _limit
    with _lock:
        if not _inside:
            _limit = _libraries().limit(limits=1, user_api="blas")
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                _limit.restore_original_limits()  # type: ignore[attr-defined]
