"""What an answer may do while it is checked: so much time, so many lines, and no setting changed for good.

A check runs code that is not finished yet. It may never end, print without end, or change a setting
that all code of the notebook shares; the check says so, and the next one begins as if nothing had been.
"""

import ctypes
import io
import os
import random
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Any, TextIO

import numpy as np

SECONDS = 20.0  # more than ten times what the slowest check takes
PYTHONS = "Python's random numbers (random)"
LINES = 20  # of what an answer prints


class TooSlow(BaseException):
    """The time is over; no Exception, so that an answer's own `except Exception` does not catch it."""


@contextmanager
def watched(seconds: float | None = None) -> Iterator[list[str]]:
    """Run a check within bounds; give back a list that afterwards holds what the student should know.

    Raises `TooSlow` inside the block when `seconds` (usual: `SECONDS`) are over.
    """
    notes: list[str] = []
    before = {name: get() for name, (get, _) in _settings().items()}
    out, err = _FewLines(sys.stdout), _FewLines(sys.stderr)
    try:
        with redirect_stdout(out), redirect_stderr(err), _at_most(SECONDS if seconds is None else seconds):
            yield notes
    finally:
        settings = _settings()
        for name, old in before.items():
            get, put_back = settings[name]
            with suppress(OSError):  # a working folder that is gone
                if not _equal(get(), old):
                    put_back(old)
                    if name == PYTHONS:
                        continue  # Keras draws its seeds there, so it need not be the answer
                    notes.append(f"Your answer changed {name} while it was checked; this is put back.")
        dropped = out.dropped + err.dropped
        if dropped:
            notes.append(f"Your answer printed {dropped:,} lines more than the {LINES} that are shown.")


class _FewLines(io.TextIOBase):
    """A stream that passes the first lines on and counts the others."""

    def __init__(self, stream: TextIO) -> None:
        self.stream, self.left, self.dropped = stream, LINES, 0

    def write(self, text: str) -> int:
        lines = text.splitlines(keepends=True)
        passed = lines[: self.left]
        if passed:
            self.stream.write("".join(passed)[: 100 * LINES])
        self.left -= sum(line.endswith("\n") for line in passed)
        self.dropped += sum(line.endswith("\n") for line in lines[len(passed) :])
        return len(text)

    def flush(self) -> None:
        self.stream.flush()


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Raise `TooSlow` in this thread when the time is over, then each second: a bare except may catch it.

    In the main thread, where the system has it, a signal does so, which also ends a sleep.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        with _by_another_thread(seconds):
            yield
        return

    def ring(*_: object) -> None:
        raise TooSlow

    old_handler = signal.signal(signal.SIGALRM, ring)
    left, every = signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old_handler)
        signal.setitimer(signal.ITIMER_REAL, left, every)  # of whoever had set it before


@contextmanager
def _by_another_thread(seconds: float) -> Iterator[None]:
    """Do the same without signals: between two steps of the program, and not in a sleep."""
    if sys.platform == "emscripten":  # Python in a browser has one thread
        yield
        return
    this, done, lock = ctypes.c_ulong(threading.get_ident()), threading.Event(), threading.Lock()

    def wait() -> None:
        pause = seconds
        while not done.wait(pause):
            with lock:
                if not done.is_set():
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(this, ctypes.py_object(TooSlow))
            pause = 1.0

    threading.Thread(target=wait, daemon=True).start()
    try:
        yield
    finally:
        with lock:
            done.set()
            ctypes.pythonapi.PyThreadState_SetAsyncExc(this, None)  # what is on its way comes no more


def _settings() -> dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]]:
    """Return what all code shares: for each its name, how it is read and how it is set."""
    found: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
        "NumPy's random numbers (np.random)": (np.random.get_state, np.random.set_state),
        PYTHONS: (random.getstate, random.setstate),
        "how NumPy treats errors (np.seterr)": (np.geterr, lambda old: np.seterr(**old)),
        "how NumPy prints": (np.get_printoptions, lambda old: np.set_printoptions(**old)),
        "the working folder": (os.getcwd, os.chdir),
    }
    if "keras" in sys.modules:
        config = sys.modules["keras"].config
        for name in ("floatx", "epsilon", "image_data_format", "dtype_policy"):
            put_back = getattr(config, f"set_{name}")
            found[f"Keras's setting {name}"] = (getattr(config, name), put_back)
    return found


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(_equal, a, b))
    return bool(np.array_equal(a, b)) if isinstance(a, np.ndarray) else bool(a == b)
