"""Files: the one way to write one, to read arrays or JSON from one, and where those of the package are.

>>> write_whole("model.npz", lambda file: np.savez(file, *weights))
>>> arrays = read_npz("model.npz")  # whatever the file may be: its arrays, or one ValueError
>>> rows = read_json(course_file("benchmark.json"))  # the same for JSON
"""

import json
import math
import os
import re
import secrets
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

DRAFT = ".unrolled-draft-"  # how the name of every half-written file begins, and of no other
LEFT_OVER_S = 3600  # a draft that nobody has written to for so long belongs to a killed process
LOCK = ".unrolled-lock"
LOCK_WAIT_S = 10.0  # a change takes milliseconds: whoever waits longer waits for a frozen process
MAX_NPZ_BYTES = 128 << 20  # of all arrays together: the models of the course take 1 to 12 million bytes
MAX_JSON_BYTES = (
    4 << 20
)  # the longest of the course's own has 170,000; in memory it can take fifty times as much
PLAIN = "biufcSU"  # kinds of arrays that hold numbers or text and nothing else
MAX_LIST_BYTES = 1 << 18  # of a zip's table of contents: three thousand arrays
AT_ONCE = 1 << 20  # bytes that are unpacked in one step
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
            raise OSError(error.errno, error.strerror, str(path)) from None  # the draft's name says nothing
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


def read_npz(
    path: str | os.PathLike[str],
    max_bytes: int = MAX_NPZ_BYTES,
    objects: Callable[[IO[bytes], tuple[int, ...]], Any] | None = None,
) -> dict[str, NDArray[Any]]:
    """Read all arrays of a file that `np.savez` wrote, or refuse the file; nothing in it is executed.

    The file may come from anywhere. Whatever it claims, no more than `max_bytes` bytes of arrays are
    unpacked, and `np.load`'s dozen kinds of errors for damaged files become one. `objects` reads a
    member that holds Python objects, from the open file behind its header and its shape; without it
    such a file is refused.

    Raises FileNotFoundError, or ValueError that names the file and says what is wrong with it. A
    ValueError that `objects` raises comes through as it is.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path.name} is not there")
    if not path.is_file():
        raise ValueError(f"{path.name} is no ordinary file: expected one that np.savez wrote")
    try:
        with open(path, "rb") as file:
            _check_ends(file, max_bytes)
            with zipfile.ZipFile(file) as archive:
                return _read_members(archive, max_bytes, objects)
    except Refused as error:
        raise ValueError(f"{path.name} {error}") from None
    except PermissionError as error:
        raise ValueError(f"{path.name} cannot be read: {error.strerror}") from None
    except Exception as error:  # zipfile, zlib and NumPy raise a dozen kinds for damaged bytes
        kind = f"{type(error).__name__}: {error}"
        raise Damaged(f"{path.name} is damaged, cut short or not an .npz file ({kind:.120})") from None


def read_json(path: str | os.PathLike[str], max_bytes: int = MAX_JSON_BYTES) -> Any:
    """Read a JSON file, or refuse it.

    Raises FileNotFoundError, or ValueError (`Damaged` where the bytes are no JSON) that names the
    file and says what is wrong with it.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there")
    if not path.is_file():
        raise ValueError(f"{path} is no ordinary file: expected one with JSON")
    try:
        with open(path, "rb") as file:
            content = file.read(max_bytes + 1)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    if len(content) > max_bytes:
        raise ValueError(f"{path} is more than {max_bytes:,} bytes long: it is another file than is expected")
    try:
        return json.loads(content.decode("utf-8-sig"))  # -sig: a mark that Windows puts in front
    except (ValueError, RecursionError) as error:
        kind = f"{type(error).__name__}: {error}"
        raise Damaged(f"{path} is damaged, cut short or no JSON ({kind:.120})") from None


class Refused(Exception):
    """A file is whole, and not what is expected; the message goes on after the file's name."""


class Damaged(ValueError):
    """The bytes of a file are not as they were written: only another copy helps."""


def _check_ends(file: BinaryIO, max_bytes: int) -> None:
    """Refuse what would cost time or memory before the first array is read."""
    if file.read(2) == b"\x1f\x8b":
        raise Refused("is packed with gzip: unpack it first, with gunzip")
    length = file.seek(0, os.SEEK_END)
    if length > max_bytes:
        raise Refused(f"is {length:,} bytes long: expected at most {max_bytes:,}")
    file.seek(max(0, length - (1 << 16) - 22))  # a zip ends in 22 bytes and a comment of at most 64 KiB
    tail = file.read()
    end = tail.rfind(b"PK\5\6")
    listed = int.from_bytes(tail[end + 12 : end + 16], "little") if end >= 0 else 0
    if listed > MAX_LIST_BYTES or b"PK\6\7" in tail[max(0, end - 20) : max(0, end)]:
        raise Refused("lists more arrays than a model or data set has")


def _read_members(
    archive: zipfile.ZipFile, max_bytes: int, objects: Callable[[IO[bytes], tuple[int, ...]], Any] | None
) -> dict[str, NDArray[Any]]:
    members = archive.infolist()
    size = sum(info.file_size for info in members)
    if size > max_bytes:
        raise Refused(f"claims to hold {size:,} bytes: expected at most {max_bytes:,}")
    arrays = {}
    for info in members:
        # Other kinds of compression unpack without a limit, and np.savez never writes them.
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
            raise Refused("is packed in another way than np.savez does: save it again with np.savez")
        with archive.open(info) as member:
            arrays[info.filename.removesuffix(".npy")] = _read_member(member, info.file_size, objects)
    return arrays


def _read_member(
    member: IO[bytes], size: int, objects: Callable[[IO[bytes], tuple[int, ...]], Any] | None
) -> Any:
    if (version := np.lib.format.read_magic(member)) != (1, 0):
        raise Refused(f"holds an array of format {version}: expected (1, 0), as np.savez writes it")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(member)
    if dtype.hasobject:
        if objects is None:
            raise Refused("holds Python objects: expected arrays of numbers or text alone")
        return objects(member, shape)
    if dtype.kind not in PLAIN or dtype.shape or not dtype.itemsize:
        raise Refused(f"holds an array of {dtype}: expected numbers or text")
    nbytes = math.prod(shape) * dtype.itemsize
    if nbytes != size - member.tell() or min(shape, default=0) < 0:
        raise Refused(f"holds an array of shape {shape} in {size:,} bytes, which cannot be")
    content = np.empty(nbytes, np.uint8)
    at = 0
    while at < nbytes:  # reading past the last byte compares the checksum
        piece = member.read(min(AT_ONCE, nbytes - at))
        if not piece:
            raise EOFError("the file ends inside an array")
        content[at : at + len(piece)] = np.frombuffer(piece, np.uint8)
        at += len(piece)
    if not nbytes:
        return np.zeros(shape, dtype)
    return content.view(dtype).reshape(shape, order="F" if fortran else "C")


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
