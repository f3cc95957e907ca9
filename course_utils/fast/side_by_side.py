"""Whole trainings side by side: `side_by_side(jobs)` makes as many at a time as there are cores.

Saves: two trainings on two cores end in little more than the time of one.

Every process is a fresh Python, never a fork: a fork of a process in which TensorFlow has started its
threads can hang. So a job travels there as bytes, by value what a notebook or script has defined, by name
what can be imported (cloudpickle does that), and its result travels back.
"""

import io
import os
import pickle
import queue
import signal
import struct
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from typing import IO, Any, TypeVar, cast

import cloudpickle
from tqdm import tqdm

from course_utils.fast import cores

T = TypeVar("T")
START = "import sys; sys.path[:] = {!r}; from course_utils.fast import side_by_side; side_by_side.serve()"


def side_by_side(jobs: Sequence[Callable[[], T]], verbose: bool = True) -> list[T]:
    """Call every job, as many at a time as there are cores; return the results in the order of the jobs.

    >>> side_by_side([lambda: 1 + 1, lambda: 2 + 2], verbose=False)
    [2, 4]

    A job is a call without arguments: a function, `functools.partial(train, seed=1)`, a lambda. It may
    use whatever a notebook has defined, but works on a copy: what it changes stays in its process; only
    what it returns comes back. So it should return scores, or a model, and not print a bar (`fit` shows
    none there). What it prints is shown at the end, job by job. With `verbose` a bar counts the jobs.

    On one core, or where a job cannot travel (it holds an open file, a lock, a generator), the jobs run
    here, one after the other, with the same results. The first error ends all jobs and is raised, with a
    note that says which job it was; so does Ctrl-C. No process is left behind.
    """
    jobs = list(jobs)
    at_once = min(cores.cores(), len(jobs))
    with tqdm(total=len(jobs), unit="job", file=sys.stdout, ncols=100, disable=not verbose) as bar:
        parcels = packed(jobs) if at_once > 1 else None
        if parcels is None:
            results = {i: _here(i, job, bar) for i, job in enumerate(jobs)}
        else:
            results = _there(parcels, at_once, bar)
    print("".join(results[i][1] for i in range(len(jobs))), end="")
    return [results[i][0] for i in range(len(jobs))]


def packed(jobs: Sequence[Callable[[], Any]]) -> list[bytes] | None:
    """Return the jobs as bytes; None where one cannot travel."""
    try:
        return [cloudpickle.dumps(job) for job in jobs]
    except Exception:  # whatever an object's own way of being pickled raises
        return None


@contextmanager
def inside_a_job() -> Iterator[None]:
    """Say to `fit` and to jobs within jobs that the other cores are taken."""
    before, cores.in_a_job = cores.in_a_job, True
    try:
        yield
    finally:
        cores.in_a_job = before


def _here(i: int, job: Callable[[], T], bar: Any) -> tuple[T, str]:
    """Do a job in this process; return its result and what it printed."""
    printed = io.StringIO()
    try:
        with inside_a_job(), redirect_stdout(printed):
            result = job()
    except Exception as error:
        error.add_note(f"in job {i} of side_by_side (counted from 0)")
        raise
    bar.update()
    return result, printed.getvalue()


def _there(parcels: list[bytes], at_once: int, bar: Any) -> dict[int, tuple[Any, str]]:
    """Have processes do the jobs; return each job's result and what it printed."""
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[int, bytes | None]] = queue.SimpleQueue()
    for i in range(len(parcels)):
        waiting.put(i)
    processes: list[subprocess.Popen[bytes]] = []

    def look_after(process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        while True:
            try:
                i = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                send(process.stdin, parcels[i])
                done.put((i, receive(process.stdout)))
            except (OSError, EOFError):
                done.put((i, None))
                return

    results: dict[int, tuple[Any, str]] = {}
    try:
        for _ in range(at_once):
            processes.append(
                subprocess.Popen(
                    [sys.executable, "-c", START.format(sys.path)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env=os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),
                    start_new_session=True,  # Ctrl-C reaches this process only, which ends the others
                )
            )
            threading.Thread(target=look_after, args=processes[-1:], daemon=True).start()
        while len(results) < len(parcels):
            i, answer = done.get()
            results[i] = opened(i, answer)
            bar.update()
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):  # the rest of a job, for a process that has ended
                    cast(IO[bytes], pipe).close()
    return results


def opened(i: int, answer: bytes | None) -> tuple[Any, str]:
    """Return a job's result and what it printed; raise what it raised."""
    if answer is None:
        raise RuntimeError(
            f"job {i} of side_by_side (counted from 0) ended without a result: its process was killed, "
            "perhaps because memory ran out; make fewer or smaller jobs"
        )
    right, result, printed = pickle.loads(answer)
    if right:
        return result, printed
    error, text = result
    error.add_note(f"in job {i} of side_by_side (counted from 0):\n{text}")
    raise error


def send(pipe: IO[bytes], content: bytes) -> None:
    """Write a parcel: its length in 8 bytes, then the bytes."""
    pipe.write(struct.pack("<q", len(content)))
    pipe.write(content)
    pipe.flush()


def receive(pipe: IO[bytes]) -> bytes:
    """Read a parcel; raise EOFError where the other side has ended."""
    head = pipe.read(8)
    content = pipe.read(struct.unpack("<q", head)[0]) if len(head) == 8 else b""
    if len(head) < 8 or len(content) < struct.unpack("<q", head)[0]:
        raise EOFError
    return content


def serve() -> None:
    """Do jobs, in a process of its own, until the one that asks has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever libraries print must not come between the answers
    parcels: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    cores.in_a_job = True

    def read() -> None:
        try:
            while True:
                parcels.put(receive(sys.stdin.buffer))
        except (EOFError, OSError):
            os._exit(0)  # in the middle of a job too: nobody waits for it any more

    threading.Thread(target=read, daemon=True).start()
    while True:
        send(answers, do(parcels.get()))


def do(parcel: bytes) -> bytes:
    """Do one job; return whether it went well, its result or error, and what it printed, as bytes."""
    printed = io.StringIO()
    try:
        with redirect_stdout(printed):
            result = pickle.loads(parcel)()
        return bytes(cloudpickle.dumps((True, result, printed.getvalue())))
    except BaseException as error:
        text = traceback.format_exc()
        try:
            packed_error = bytes(cloudpickle.dumps((False, (error, text), "")))
            pickle.loads(packed_error)
            return packed_error
        except Exception:  # an error that does not travel: its text does
            plain = RuntimeError(f"{type(error).__name__}: {error}")
            return bytes(cloudpickle.dumps((False, (plain, text), "")))
