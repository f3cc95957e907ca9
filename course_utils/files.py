"""Files: the one way to write one, and where those are that come with the package.

write_whole("model.npz", lambda file: np.savez(file, *weights))
rows = json.loads(course_file("benchmark.json").read_text(encoding="utf-8"))
"""

import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path
from typing import BinaryIO

DRAFT = ".unrolled-draft-"  # how the name of every half-written file begins, and of no other
LEFT_OVER_S = 3600  # a draft that nobody has written to for so long belongs to a killed process
LOCK = ".unrolled-lock"
LOCK_WAIT_S = 10.0  # a change takes milliseconds: whoever waits longer waits for a frozen process
SHIPPED = Path(str(files("course_utils").joinpath("shipped")))  # data/README.md describes what is in it


def course_file(name: str) -> Path:
    """Return where a file is that comes with the package, installed or in a clone.

    They are scoreboard.json, benchmark.json, timing.json, minimal_pairs.csv and best_model.npz.
    Raises FileNotFoundError for another name, and where the file is missing.
    """
    if not (SHIPPED / name).is_file():
        there = ", ".join(sorted(path.name for path in SHIPPED.glob("[!.]*"))) or "nothing"
        raise FileNotFoundError(
            f"{name} is not among the files of the course (there: {there}); if it is one of them, "
            f"bring it back to {SHIPPED}: git checkout in a clone, or install the course again"
        )
    return SHIPPED / name


def write_whole(path: str | os.PathLike[str], content: str | bytes | Callable[[BinaryIO], object]) -> None:
    """Write a file whole or not at all: whoever opens it, at any moment, finds the older one or the new one.

    `content` is text (written as UTF-8), bytes, or a function that writes to the open binary file
    that it is given. It goes to a draft beside the file, which is renamed when all of it is on
    the disk. A kill, a full disk or an error leaves the older file as it was; after an error the
    draft is gone, and what a kill leaves is removed by a later call. Two writers have a draft each:
    the last one wins. The mode is that of any new file, by the umask. A symbolic link is replaced by
    the file, and what it points to stays as it is: in a folder that many can write to, a link might
    point anywhere. The folder must be there.

    Raises OSError, with the name of the file, where it cannot be written or is no ordinary file.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        raise OSError(f"{path} cannot be written: it is there and is no ordinary file")
    _remove_left_over_drafts(path.parent)
    draft = path.parent / f"{DRAFT}{secrets.token_hex(8)}"
    try:
        with open(draft, "xb") as out:  # not tempfile: its files can be read by nobody else
            if callable(content):
                content(out)
            else:
                out.write(content.encode() if isinstance(content, str) else content)
            out.flush()
            os.fsync(out.fileno())
        os.replace(draft, path)
    except BaseException as error:
        with suppress(OSError):
            draft.unlink()
        if isinstance(error, OSError) and error.filename == str(draft):
            error.filename, error.filename2 = str(path), None
        raise
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    """Have the new name written to the disk too, where the system can (Windows and some networks cannot)."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _remove_left_over_drafts(folder: Path) -> None:
    """Delete what killed writers left behind; a file whose name we did not give is never touched."""
    for path in folder.glob(f"{DRAFT}*"):
        if re.fullmatch("[0-9a-f]{16}", path.name.removeprefix(DRAFT)):
            with suppress(OSError):
                if time.time() - path.lstat().st_mtime > LEFT_OVER_S:
                    path.unlink()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes out of the same block for the same folder: for read, change, write.

    The lock is the system's, so it ends with its process, however that ends. Where the system has
    none (Windows, some network folders), the block runs without. Raises OSError where the folder
    cannot be written to, and TimeoutError (an OSError too) when another process has kept the lock
    for ten seconds.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        end = time.monotonic() + LOCK_WAIT_S
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise TimeoutError(f"another process keeps {folder / LOCK} locked") from None
                time.sleep(0.005)
            except OSError:  # a network folder that knows no locks
                break
        yield
    finally:
        os.close(handle)
