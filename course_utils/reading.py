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

import zipfile
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from course_utils.engine import Sequential
from course_utils.layers import Array, sigmoid
from course_utils.text import START, UNKNOWN, Ids, Vocabulary, tokenize

LEAST_KNOWN = 0.7  # lesson 12 measures what this line keeps out and what it lets pass
AT_ONCE = 100_000  # ids that a trace has in memory at a time
NEAREST = 500  # known texts that say how sure a verdict is


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
        """Return how many verdicts were right among the `nearest` in size of logit, and among how many."""
        order = np.argsort(np.abs(np.abs(self.logits) - abs(logit)), kind="stable")[:nearest]
        return int(np.sum((self.logits[order] > 0) == (self.labels[order] == 1))), len(order)


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

    def __str__(self) -> str:
        if not self.words:
            return "No verdict: there is no word in this text, so there is nothing to read."
        counts = f"words: {self.words:,}, read: {self.read:,}, known: {self.known:,}"
        if self.logit is None:
            return f"No verdict, too little is known (another language?). {counts}."
        record = f"such verdicts were right {self.right} times in {self.of}" if self.of else "not measured"
        side = "Positive" if self.logit > 0 else "Negative"
        return f"{side}, P(positive) = {self.probability:.2f}; how sure: {record}. {counts}."


@dataclass(frozen=True)
class Reader:
    """A trained model with all that a typed text needs.

    `maxlen` is the number of last ids that the model was trained to read (None: all). No verdict is
    given unless at least the share `least_known` of the words read is known. Of `records`, the first
    that speaks for a text of this length says how sure a verdict is.

    Raises ValueError where model and vocabulary do not fit, or the model would read padding as words.
    """

    model: Model
    vocabulary: Vocabulary
    maxlen: int | None = None
    records: tuple[TrackRecord, ...] = ()
    least_known: float = LEAST_KNOWN

    def __post_init__(self) -> None:
        if self.maxlen is not None and self.maxlen < 1:
            raise ValueError(f"maxlen={self.maxlen}: expected 1 or more ids")
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
            raise TypeError(f"text is {type(text).__name__}: expected one string, the review")
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
        ids = self.ids(text)
        of_words = ids[ids != START]
        known = int(np.sum(of_words != UNKNOWN))
        counts = len(tokenize(text)), len(of_words), known
        if not len(of_words) or known < self.least_known * len(of_words):
            return Answer(*counts, logit=None)
        logit = float(self.model.predict([ids])[0, 0])
        for record in self.records:
            if record.longest is None or len(ids) <= record.longest:
                return Answer(*counts, logit, *record.right_among_nearest(logit))
        return Answer(*counts, logit)

    def save(self, path: str | PathLike[str], dtype: DTypeLike | None = None) -> None:
        """Write everything into one file; the model must be a `Sequential` of the engine.

        `dtype="float16"` keeps three digits of every weight, in half the room.
        """
        if not isinstance(self.model, Sequential):
            raise TypeError(f"model is {type(self.model).__name__}: only a Sequential can be saved")
        self.model.save(path, dtype)
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
        arrays["words"] = np.frombuffer("\n".join(self.vocabulary.words).encode(), np.uint8)
        arrays["settings"] = np.array([self.maxlen or 0, self.least_known])
        for k, record in enumerate(self.records):
            arrays[f"record_{k}"] = np.stack([record.logits, record.labels]).astype("float32")
            arrays[f"longest_{k}"] = np.array(record.longest or 0)
        with open(path, "wb") as out:
            np.savez_compressed(out, **arrays)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "Reader":
        """Read what `save` wrote; nothing in the file is executed.

        Raises FileNotFoundError, or ValueError that says what is wrong with the file.
        """
        name = Path(path).name
        if not Path(path).exists():
            raise FileNotFoundError(f"{name} is not there: train a model and save it under this name")
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = dict(file) if hasattr(file, "files") else {}
        except (ValueError, OSError, EOFError, zipfile.BadZipFile):
            raise ValueError(
                f"{name} cannot be read, perhaps only a part of it came: copy it again"
            ) from None
        if "words" not in arrays:
            raise ValueError(f"{name} holds no reader: expected a file that Reader.save wrote")
        maxlen, least_known = arrays["settings"].tolist()
        records = tuple(
            TrackRecord(
                arrays[f"record_{k}"][0], arrays[f"record_{k}"][1], int(arrays[f"longest_{k}"]) or None
            )
            for k in range(sum(key.startswith("record_") for key in arrays))
        )
        vocabulary = Vocabulary(tuple(arrays["words"].tobytes().decode().split("\n")))
        return cls(Sequential.load(path), vocabulary, int(maxlen) or None, records, least_known)
