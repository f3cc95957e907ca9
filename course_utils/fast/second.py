"""A second process for the other core, and memory that both share.

Saves: half of every batch is done there, see `step`. (In a thread it would not pay: NumPy hands the
interpreter's lock over at each call, and the loops over time are nothing but calls.)

The process is a fresh Python, started once when a training has gone on for a while, kept for later ones. It
knows nothing but what a `Plan` says and what lies in shared memory. It ends when this process does, however
that ends: then the socket between them closes. Ctrl-C does not reach it.
"""

import atexit
import mmap
import os
import pickle
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import weakref
from collections.abc import Sequence
from contextlib import suppress
from operator import is_
from typing import Any

import numpy as np

from course_utils import optimizers
from course_utils.checks import Array
from course_utils.fast.step import MESSAGE, SETTLE, STEP, Plan, Shapes, Step
from course_utils.fast.update import keep_freed_memory
from course_utils.model_files import make_layer

SPIN_S = 0.0005  # who waits looks again and again for so long, then sleeps
NAPS_S = (0.02, 1.0)  # and looks again after so long, longer each time, should a call to wake up be lost
COUNT, ASLEEP, FAILED, READY = 0, 8, 16, 24  # where in `sync` what stands; each side's 32 numbers further


class Memory:
    """A stretch of memory, shared with another process where the system can."""

    def __init__(self, shapes: Shapes, fd: int | None = None) -> None:
        self.size = sum(room(*one) for one in shapes) or room((), np.uint8)  # none would be no memory
        self.fd, self.map = fd, None
        with suppress(OSError, AttributeError, ValueError):
            if fd is None:
                self.fd = new_file()
                os.ftruncate(self.fd, self.size)
            assert self.fd is not None
            self.map = mmap.mmap(self.fd, self.size)
            weakref.finalize(self, os.close, self.fd)
        self.buffer: Any = np.zeros(self.size, np.uint8) if self.map is None else self.map

    def carve(self, shapes: Shapes) -> list[Array]:
        """Cut arrays out of it, one after the other."""
        arrays, start = [], 0
        for shape, dtype in shapes:
            count = int(np.prod(shape))
            arrays.append(np.frombuffer(self.buffer, dtype, count, start).reshape(shape))
            start += room(shape, dtype)
        return arrays


def room(shape: tuple[int, ...], dtype: Any) -> int:
    """Return the bytes of an array, up to the next cache line, at least one."""
    return int(np.prod(shape) * np.dtype(dtype).itemsize // 64 + 1) * 64


def new_file() -> int:
    """Return a file in memory that has no name, so that nothing is left of it."""
    if sys.platform == "linux":
        return os.memfd_create("course_utils")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


class GoneError(Exception):
    """The other process has ended."""


class RestError(Exception):
    """The training has ended: sleep until the next."""


class Meeting:
    """Where two processes wait for each other: each counts how often it was there."""

    def __init__(self, sync: Array, sock: socket.socket, me: int) -> None:
        numbers = memoryview(sync.data).cast("B").cast("q")
        self.mine, self.other = numbers[32 * me : 32 * me + 32], numbers[32 * (1 - me) : 32 * (1 - me) + 32]
        self.sock, self.count = sock, 0

    def meet(self) -> bool:
        """Wait until the other is here too; return whether both got through their piece of work."""
        self.count += 1
        self.nap = NAPS_S[0]
        n, mine, other = self.count, self.mine, self.other
        mine[COUNT] = n
        if other[ASLEEP]:
            with suppress(OSError):  # who has gone is noticed below
                self.sock.send(b"w")
        end = 0.0
        while other[COUNT] < n:
            for _ in range(50):
                if other[COUNT] >= n:
                    break
            else:
                os.sched_yield()  # whoever else needs this core goes first
                end = end or time.perf_counter() + SPIN_S
                if time.perf_counter() > end:
                    self.sleep(n)
        return n not in (mine[FAILED], other[FAILED])

    def fail(self) -> None:
        """Say, before the next meeting, that this side did not get through."""
        self.mine[FAILED] = self.count + 1

    def sleep(self, n: int) -> None:
        """Sleep until the other wakes us, or for a nap."""
        self.mine[ASLEEP] = 1
        try:
            if self.other[COUNT] < n and select.select([self.sock], [], [], self.nap)[0]:
                word = self.sock.recv(1)
                if not word:
                    raise GoneError
                if word == b"R":
                    raise RestError
        except ConnectionError:
            raise GoneError from None
        finally:
            self.mine[ASLEEP], self.nap = 0, min(2 * self.nap, NAPS_S[1])


class Second:
    """The other process, seen from this one."""

    def __init__(self) -> None:
        self.lock = threading.Lock()  # whoever trains with it holds this
        self.forget()

    def forget(self) -> None:
        """Know of no process."""
        self.process: subprocess.Popen[bytes] | None = None
        self.meeting: Meeting | None = None
        self.attached: Any = None
        self.serial = 0  # of the training that it was last told of
        self.scratch: Memory | None = None

    def start(self) -> None:
        """Start the process; it will be there in some tenths of a second."""
        ours, theirs = socket.socketpair()
        code = (
            f"import sys; sys.path[:] = {sys.path!r}; "
            f"from course_utils.fast import second; second.serve({theirs.fileno()})"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),
            start_new_session=True,  # Ctrl-C in a notebook or terminal goes to a whole group of processes
        )
        theirs.close()
        self.sock = ours

    def attach(self, plan: Plan, memories: Sequence[Memory], sync: Array) -> None:
        """Tell it what to train, unless it knows; `ready` says when it does."""
        if (
            self.attached is not None
            and self.attached[0] == plan
            and all(map(is_, self.attached[1], memories))
        ):
            return
        self.rest()
        sync[:] = 0
        self.meeting, self.attached = Meeting(sync, self.sock, 0), (plan, list(memories))
        content, fds = pickle.dumps(plan), [memory.fd for memory in memories if memory.fd is not None]
        socket.send_fds(self.sock, [b"A"], fds)
        self.serial += 1
        self.sock.sendall(struct.pack("<qq", self.serial, len(content)) + content)

    def ready(self) -> bool:
        """Return whether it waits for the first step."""
        return self.meeting is not None and self.meeting.other[READY] == self.serial

    def rest(self, weights: Memory | None = None) -> None:
        """Let it sleep, and let go of what it shares (only of these weights, if given) until it is needed."""
        if self.meeting is not None and (weights is None or self.attached[1][0] is weights):
            self.meeting = self.attached = None
            with suppress(OSError):
                self.sock.send(b"R")

    def end(self) -> int | None:
        """End the process; return how it had ended if it had, as `Popen.poll` says it."""
        process, code = self.process, None
        if process is not None:
            with suppress(subprocess.TimeoutExpired):
                code = process.wait(0.05)
            self.sock.close()
            process.kill()
            process.wait()
        self.forget()
        return code

    def leave(self) -> None:
        """In the child of a fork: the process belongs to the parent."""
        if self.process is not None:
            self.sock.close()
        self.__init__()  # type: ignore[misc]


def carved(plan: Plan, memories: Sequence[Memory]) -> list[list[Array]]:
    """Cut the three stretches: weights, what the optimiser keeps, scratch."""
    slots = getattr(optimizers, plan.optimizer[0]).slots
    shapes = [plan.of_weights(), slots * plan.of_weights(), plan.of_scratch()]
    return [memory.carve(one) for memory, one in zip(memories, shapes, strict=True)]


def serve(fd: int) -> None:
    """Be the second process: do what comes over this socket, until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_freed_memory()
    sock = socket.socket(fileno=fd)
    with suppress(ConnectionError, GoneError):
        while True:
            word, fds, *_ = socket.recv_fds(sock, 1, 3)  # a late "w" or "R" changes nothing here
            if not word:
                return
            if word == b"A":
                with suppress(RestError):
                    train(sock, fds)


def train(sock: socket.socket, fds: Sequence[int]) -> None:
    """Do the second half of every step, until RestError."""
    serial, size = struct.unpack("<qq", sock.recv(16, socket.MSG_WAITALL))
    plan: Plan = pickle.loads(sock.recv(size, socket.MSG_WAITALL))
    kind = getattr(optimizers, plan.optimizer[0])
    shapes = [plan.of_weights(), kind.slots * plan.of_weights(), plan.of_scratch()]
    memories = [Memory(*one) for one in zip(shapes, fds, strict=True)]
    assert all(memory.map is not None for memory in memories)
    layers = [make_layer(one) for one in plan.layers]
    step = Step(plan, layers, kind(**plan.optimizer[1]), carved(plan, memories))
    meeting = Meeting(step.sync, sock, 1)
    meeting.mine[COUNT] = meeting.mine[FAILED] = 0  # of the training before
    meeting.mine[READY] = serial  # an older one may have been given up meanwhile
    while True:
        meeting.meet()
        for k, piece in enumerate(SETTLE if step.orders[0] else STEP):
            try:
                if not k:
                    step.begin()
                step.do(piece, [1])
            except BaseException:
                text = traceback.format_exc().encode()[-MESSAGE + 1 :]
                step.message[: len(text)] = np.frombuffer(text, np.uint8)
                step.message[len(text)] = 0
                meeting.fail()
            if not meeting.meet() or (piece in ("run", "add_up") and step.refused()):
                break


second = Second()
atexit.register(second.end)
if hasattr(os, "register_at_fork"):  # a child of a fork has no second process
    os.register_at_fork(after_in_child=second.leave)
