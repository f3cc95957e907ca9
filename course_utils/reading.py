"""Read a typed review: the verdict, how sure it is, how much was known, and what each word did.

Lesson 12 builds these pieces in view. A `Reader` holds a trained model with all that a typed text
needs, and goes into one file and back:

    reader = Reader(model, reviews.vocabulary, maxlen=200, records=(TrackRecord(logits, labels),))
    print(reader.answer("A fine film."))
    words, probabilities = reader.words_and_trace("A fine film.")

A network answers everything, and cannot say "I do not know". So `answer` says beside the verdict
how many words were read and known, declines where too few are known, and looks up how often such
verdicts were right on texts whose label is known: the `TrackRecord`.
"""

import json
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from course_utils.engine import Sequential
from course_utils.files import Damaged, read_npz, write_whole
from course_utils.layers import Array, sigmoid
from course_utils.model_files import LARGEST, MOST_TEXT, check_room, model_arrays, model_in
from course_utils.text import INDEX_FROM, START, UNKNOWN, Ids, Vocabulary, tokenize

LEAST_KNOWN = 0.7  # lesson 12 measures what this line keeps out and what it lets pass
AT_ONCE = 100_000  # ids that a trace has in memory at a time
NEAREST = 500  # known texts, at most, that say how sure a verdict is
NEAR = 0.5  # how far their logits may lie: from P = 0.50 this is to 0.62, from 0.80 it is to 0.71 and 0.87
FEWEST = 50  # a surer verdict than all known ones is compared with so many of the surest
PROBE = "I don\u2019t like It's na\u00efve 3.5-star END&#39;s <b>cut</b> won\u00adder, 10/10!"
MOST_WORDS = 2**22  # bytes of all words in a file: half a million words
SURE = 1.96  # standard errors on each side that hold 95 % of a normal distribution


class Model(Protocol):
    """What is needed of a model: ids of several texts in, one logit a text out, (texts, 1)."""

    def predict(self, x: list[Ids], /) -> Array:
        """Return the logit of every text; padding must not change it (`mask_zero=True`)."""
        ...


@dataclass(frozen=True)
class TrackRecord:
    """How a model did on texts with known labels, none of them from its training.

    `logits` and `labels` have the shape (texts,). With `longest` the record speaks only for texts
    of up to so many ids, for instance 50 for a record of single sentences.
    """

    logits: NDArray[Any]
    labels: NDArray[Any]
    longest: int | None = None

    def __post_init__(self) -> None:
        logits, labels = np.asarray(self.logits), np.asarray(self.labels)
        if logits.shape != labels.shape or logits.ndim != 1 or not len(logits):
            raise ValueError(
                f"logits {logits.shape} and labels {labels.shape}: expected one of each a text, (texts,)"
            )
        if np.any((labels != 0) & (labels != 1)):
            raise ValueError("labels hold something else than 0 and 1")
        object.__setattr__(self, "logits", logits)
        object.__setattr__(self, "labels", labels)

    def right_among_nearest(self, logit: float, nearest: int = NEAREST) -> tuple[int, int]:
        """Return how many verdicts like this one were right, and among how many.

        Like this one are verdicts of the same side, for a model may be kinder than it should, with
        a logit at most `NEAR` away; of these the `nearest`. There may be few, or none.
        """
        same_side = (self.logits > 0) == (logit > 0)
        sizes, labels = np.abs(self.logits[same_side]), self.labels[same_side]
        if not len(sizes):
            return 0, 0
        distance = np.abs(sizes - min(abs(logit), np.sort(sizes)[-FEWEST:][0]))
        order = np.argsort(distance, kind="stable")[:nearest]
        order = order[distance[order] <= NEAR]
        return int(np.sum(labels[order] == (logit > 0))), len(order)


@dataclass(frozen=True)
class Answer:
    """What a model makes of one text. `str` says it in a sentence."""

    words: int  # in the whole text
    read: int  # of these, the last ones, that the model was given
    known: int  # of the words read, those in the vocabulary
    logit: float | None  # above 0 for a positive verdict; None where no verdict is given
    right: int = 0  # so many of `of` known texts with such a verdict were judged rightly
    of: int = 0  # 0 where nothing was measured

    @property
    def probability(self) -> float | None:
        """P(positive), or None where no verdict is given."""
        return None if self.logit is None else float(sigmoid(self.logit))

    @property
    def interval(self) -> tuple[float, float]:
        """The share of right verdicts, as far as `of` texts can tell: from and to, with 95 % confidence.

        Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference"
        (1927). It holds for few texts and for shares near 1, too. (0, 1) where nothing was measured.
        """
        if not self.of:
            return 0.0, 1.0
        share, z2 = self.right / self.of, SURE**2
        middle = (share + z2 / (2 * self.of)) / (1 + z2 / self.of)
        spread = math.sqrt(share * (1 - share) / self.of + z2 / (4 * self.of**2)) * SURE / (1 + z2 / self.of)
        return max(0.0, middle - spread), min(1.0, middle + spread)

    def __str__(self) -> str:
        if not self.words:
            return "No verdict: there is no word in this text, so there is nothing to read."
        counts = f"words: {self.words:,}, read: {self.read:,}, known: {self.known:,}"
        if self.logit is None:
            return f"No verdict, too little is known (another language?). {counts}."
        low, high = self.interval
        record = (
            f"such verdicts were right {self.right} times in {self.of} ({low:.0%} to {high:.0%})"
            if self.of
            else "not measured"
        )
        side = "Positive" if self.logit > 0 else "Negative"
        return f"{side}, P(positive) = {self.probability:.2f}; how sure: {record}. {counts}."


@dataclass(frozen=True)
class Reader:
    """A trained model with all that a typed text needs.

    `maxlen` is the number of last ids that the model was trained to read (None: all). No verdict is
    given unless at least the share `least_known` of the words read is known. Of `records`, the first
    that speaks for a text of this length says how sure a verdict is.

    Raises ValueError where model and vocabulary do not fit, or the model would read padding as words,
    and TypeError for a model of Keras, whose `predict` takes one padded array.
    """

    model: Model
    vocabulary: Vocabulary
    maxlen: int | None = None
    records: tuple[TrackRecord, ...] = ()
    least_known: float = LEAST_KNOWN

    def __post_init__(self) -> None:
        if self.maxlen is not None and self.maxlen < 1:
            raise ValueError(f"maxlen={self.maxlen}: expected 1 or more ids")
        if any(kind.__module__.split(".")[0] == "keras" for kind in type(self.model).__mro__):
            raise TypeError(
                "model is a model of Keras: Reader hands a list of texts' ids to predict and expects logits. "
                "Give an object whose predict(ids) pads them behind, "
                'pad_sequences(ids, padding="post"), asks the model and returns logits, shape (texts, 1)'
            )
        table = next(iter(getattr(self.model, "layers", [])), None)
        rows = getattr(table, "input_dim", len(self.vocabulary))
        if rows != len(self.vocabulary):
            raise ValueError(f"the model has a table of {rows} ids, the vocabulary {len(self.vocabulary)}")
        if not getattr(table, "mask_zero", True):
            raise ValueError("texts of several lengths are padded together: expected mask_zero=True")

    def ids(self, text: str) -> Ids:
        """Return the ids that are read, the last `maxlen` of a text; none where it has no word.

        Raises TypeError for what is no text.
        """
        if not isinstance(text, str):
            raise TypeError(f"text is {type(text).__name__} ({text!r:.40}): expected one string, the review")
        if not tokenize(text):
            return np.zeros(0, np.int32)
        return self.vocabulary.encode(text)[-(self.maxlen or 0) :]

    def words_and_trace(self, text: str) -> tuple[list[str], Array]:
        """Return the words that are read and P(positive) after each of them, shape (words read,).

        The value at a word is what the model says about the ids up to that word: so the last one is
        the verdict. This holds for every kind of network, also for one that reads backwards or looks
        at all its states. The work grows with the square of the words read. A text with nothing to
        read gives no words and an empty array.
        """
        ids = self.ids(text)
        first = int(len(ids) > 0 and ids[0] == START)  # the start id is no word
        pieces = [ids[:end] for end in range(first + 1, len(ids) + 1)]
        if not pieces:
            return [], np.zeros(0)
        size = max(1, AT_ONCE // len(ids))
        logits = [self.model.predict(pieces[k : k + size])[:, 0] for k in range(0, len(pieces), size)]
        return tokenize(text)[-len(pieces) :], sigmoid(np.concatenate(logits))

    def answer(self, text: str) -> Answer:
        """Say what the model makes of any text, how sure that is, and how much of the text it knew."""
        return self._answers([self.ids(text)], [text])[0]

    def answers(self, texts: Sequence[str]) -> list[Answer]:
        """Answer many texts as `answer` does one by one, in a fraction of the time.

        Raises TypeError, with the row, for what is no text.
        """
        if isinstance(texts, str):
            raise TypeError("texts is one string: give a list of texts, such as [text], or use answer")
        ids = []
        for row, text in enumerate(texts):
            try:
                ids.append(self.ids(text))
            except TypeError as error:
                raise TypeError(f"row {row}: {error}") from None
        return self._answers(ids, texts)

    def _answers(self, ids: list[Ids], texts: Sequence[str]) -> list[Answer]:
        read = [int(np.sum(row != START)) for row in ids]
        known = [int(np.sum((row != START) & (row != UNKNOWN))) for row in ids]
        counts = [(len(tokenize(text)), r, k) for text, r, k in zip(texts, read, known, strict=True)]
        asked = [i for i in range(len(ids)) if read[i] and known[i] >= self.least_known * read[i]]
        found: dict[int, float] = {}
        if asked:
            logits = self.model.predict([ids[i] for i in asked])[:, 0]
            found = dict(zip(asked, logits.tolist(), strict=True))
        return [
            Answer(*counts[i], found[i], *self._record(found[i], len(ids[i])))
            if i in found
            else Answer(*counts[i], logit=None)
            for i in range(len(ids))
        ]

    def _record(self, logit: float, length: int) -> tuple[int, int]:
        for record in self.records:
            if record.longest is None or length <= record.longest:
                return record.right_among_nearest(logit)
        return 0, 0

    def save(self, path: str | PathLike[str], dtype: DTypeLike | None = None) -> None:
        """Write everything into one file; the model must be a `Sequential` of the engine.

        How the tokenizer cuts a probing sentence is kept too: `load` warns where it is cut otherwise.

        `dtype="float16"` keeps three digits of every weight, in half the room.
        """
        if not isinstance(self.model, Sequential):
            raise TypeError(f"model is {type(self.model).__name__}: only a Sequential can be saved")
        arrays = model_arrays(self.model.layers, dtype)
        arrays["words"] = np.frombuffer("\n".join(self.vocabulary.words).encode(), np.uint8)
        arrays["probe"] = np.array(" ".join(tokenize(PROBE)))
        arrays["settings"] = np.array([self.maxlen or 0, self.least_known])
        for k, record in enumerate(self.records):
            arrays[f"record_{k}"] = np.stack([record.logits, record.labels]).astype("float32")
            arrays[f"longest_{k}"] = np.array(record.longest or 0)
        check_room(sum(array.nbytes for array in arrays.values()))
        check_words(arrays["words"])
        parts: dict[str, Any] = arrays
        write_whole(path, lambda out: np.savez_compressed(out, **parts))

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "Reader":
        """Read what `save` wrote; nothing in the file is executed.

        Raises FileNotFoundError, or ValueError that says what is wrong with the file.
        """
        name = Path(path).name
        try:
            arrays = read_npz(path, LARGEST)
        except FileNotFoundError:
            raise FileNotFoundError(
                f"{name} is not there: train a model and save it under this name"
            ) from None
        except Damaged as error:
            raise ValueError(f"{error}. Copy it again: perhaps only a part of it came") from None
        if problem := _lacks(arrays):
            raise ValueError(f"{name} {problem}")
        if "probe" in arrays and str(arrays["probe"]) != " ".join(tokenize(PROBE)):
            warnings.warn(
                f"{name} was saved by a course that cuts texts into other words: verdicts may differ. "
                "Train and save it anew",
                stacklevel=2,
            )
        try:
            maxlen, least_known = arrays["settings"].tolist()
            records = tuple(
                TrackRecord(
                    arrays[f"record_{k}"][0], arrays[f"record_{k}"][1], int(arrays[f"longest_{k}"]) or None
                )
                for k in range(sum(key.startswith("record_") for key in arrays))
            )
            check_words(arrays["words"])
            vocabulary = Vocabulary(tuple(arrays["words"].tobytes().decode().split("\n")))
            return cls(Sequential(model_in(arrays)), vocabulary, int(maxlen) or None, records, least_known)
        except Exception as error:  # whole arrays, and nonsense in them
            raise ValueError(
                f"{name} is not as Reader.save wrote it ({type(error).__name__}: {error!s:.120}). "
                "Save it again"
            ) from None


def _lacks(arrays: Mapping[str, NDArray[Any]]) -> str:
    """Say what a whole file lacks to be a parcel of `Reader.save`; an empty text where it lacks nothing."""
    expected = "expected a file that Reader.save wrote"
    present = set(arrays)
    if "config" not in present:
        shown = ", ".join(sorted(present)[:4]) or "nothing"
        return f"holds no reader and no model of the course, but {shown}: {expected}"
    if not present & {"words", "settings"}:
        return (
            "holds no reader but a model alone, as Sequential.save writes it, without its words: "
            f"{expected}. Load it with Sequential.load, and give it its vocabulary: Reader(model, vocabulary)"
        )
    records = sum(key.startswith("record_") for key in present)
    wanted = {"words", "settings"} | {f"{part}_{k}" for k in range(records) for part in ("record", "longest")}
    weights = {int(key[7:]) for key in present if key.startswith("weight_") and key[7:].isdecimal()}
    wanted |= {f"weight_{k}" for k in range(max(weights, default=0) + 1)}
    if missing := sorted(wanted - present):
        return f"is a reader without {', '.join(missing)}: {expected}. Copy it again, or save it again"
    rows = _rows_of_table(arrays)
    count = np.count_nonzero(arrays["words"] == ord("\n")) + 1 + INDEX_FROM + 1
    if rows is not None and rows != count:
        return (
            f"holds the words of another model: {count:,} ids with the special ones, and the model's table "
            f"has {rows:,} rows. Save model and vocabulary together again, with Reader.save"
        )
    return ""


def _rows_of_table(arrays: Mapping[str, NDArray[Any]]) -> int | None:
    """Return how many ids the model's first layer knows; None where the description does not say it."""
    if arrays["config"].nbytes > MOST_TEXT:
        return None
    try:
        return int(json.loads(str(arrays["config"]))[0]["input_dim"])
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        return None


def check_words(words: Array) -> None:
    """Raise ValueError for too many words in a file: in memory they take ten times the room."""
    if words.nbytes > MOST_WORDS:
        raise ValueError(f"{words.nbytes:,} bytes of words: a reader in a file has at most {MOST_WORDS:,}")
