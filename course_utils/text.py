"""From text to ids and back: tokens, vocabulary, padding, groups of equal length.

Ids follow the convention of ``keras.datasets.imdb``, so that models and papers
that use it compare with ours:

====  ===========================================================
id    meaning
====  ===========================================================
0     padding: fills short reviews up to the batch's length
1     start: stands in front of every review
2     unknown: a word outside the vocabulary
3     never used: ranks count from 1, and id = rank + 3
4 …   words, the most frequent first
====  ===========================================================
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

PADDING, START, UNKNOWN = 0, 1, 2
INDEX_FROM = 3  # added to a word's rank; Keras uses the same name and value
UNKNOWN_WORD = "[UNK]"

Ids = NDArray[np.int32]
Side = Literal["pre", "post"]

_LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
# Letters and digits, with apostrophes inside: "don't" is one word, as in Keras's list.
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def tokenize(text: str) -> list[str]:
    """Cut a text into lower-case words; punctuation and ``<br />`` are left out.

    >>> tokenize("It's GREAT!<br />Really.")
    ["it's", 'great', 'really']
    """
    return _WORD.findall(_LINE_BREAK.sub(" ", text).replace("’", "'").lower())


@dataclass(frozen=True)
class Vocabulary:
    """The words that a model knows, the most frequent first.

    ``num_words`` counts ids, as in Keras: with 10,000 the ids run from 0 to 9,999,
    which is 9,996 words; rarer words become the id 2, "unknown". ``None`` keeps all.
    """

    words: tuple[str, ...]
    num_words: int | None = None
    _id_of: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_num_words(self.num_words)
        kept = self.words if self.num_words is None else self.words[: self.num_words - INDEX_FROM - 1]
        if len(set(kept)) != len(kept):
            raise ValueError("a vocabulary lists every word once, but some words stand in it twice")
        object.__setattr__(self, "words", tuple(kept))
        object.__setattr__(
            self, "_id_of", {word: rank + INDEX_FROM for rank, word in enumerate(self.words, start=1)}
        )

    @classmethod
    def from_texts(cls, texts: Iterable[str], num_words: int | None = None) -> "Vocabulary":
        """Rank the words of some texts; words equally frequent stand in alphabetical order.

        >>> Vocabulary.from_texts(["good film", "good plot"]).words
        ('good', 'film', 'plot')
        """
        if isinstance(texts, str):
            raise TypeError("texts is one string: give a list of texts, such as [text]")
        check_num_words(num_words)
        words, ids, _ = index_words(texts)
        order = rank_words(words, np.bincount(ids, minlength=len(words)))
        return cls(tuple(words[i] for i in order), num_words)

    def __len__(self) -> int:
        """Number of ids, the four special ones included: the ``input_dim`` of an Embedding."""
        return len(self.words) + INDEX_FROM + 1

    def __contains__(self, word: object) -> bool:
        return word in self._id_of

    def id_of(self, word: str) -> int:
        """Id of one word, or 2 ("unknown")."""
        return self._id_of.get(word, UNKNOWN)

    def encode(self, text: str) -> Ids:
        """Turn a text into ids: shape (words + 1,), the start id first.

        Raises ValueError for a text without a single word.
        """
        tokens = tokenize(text)
        if not tokens:
            raise ValueError(f"no word found in {text[:60]!r}: expected some text with letters or digits")
        return np.fromiter(chain([START], (self._id_of.get(t, UNKNOWN) for t in tokens)), dtype=np.int32)

    def decode(self, ids: ArrayLike, *, show_special: bool = False) -> str:
        """Turn ids, shape (timesteps,), back into words with spaces between them.

        Padding and the start id are left out unless ``show_special`` is true.
        Raises ValueError for ids that the vocabulary does not have.
        """
        array = np.asarray(ids)
        if array.ndim != 1:
            raise ValueError(
                f"decode takes the ids of one review, shape (timesteps,), not shape {array.shape}"
            )
        if array.size and not np.issubdtype(array.dtype, np.integer):
            raise ValueError(f"ids are whole numbers, not {array.dtype}")
        wrong = array[(array < 0) | (array >= len(self)) | (array == INDEX_FROM)]
        if wrong.size:
            raise ValueError(
                f"id {wrong[0]} is not in the vocabulary: expected 0, 1, 2 or "
                f"{INDEX_FROM + 1} to {len(self) - 1}; was the text encoded with another vocabulary?"
            )
        special = {UNKNOWN: UNKNOWN_WORD}
        if show_special:
            special |= {PADDING: "[PAD]", START: "[START]"}
        return " ".join(
            special.get(i, "") if i <= UNKNOWN else self.words[i - INDEX_FROM - 1]
            for i in array.tolist()
            if i > UNKNOWN or i in special
        )


def check_num_words(num_words: int | None) -> None:
    """Raise ValueError unless ``num_words`` is None or leaves room for at least one id."""
    if num_words is not None and num_words <= INDEX_FROM:
        raise ValueError(
            f"num_words={num_words} leaves no id for a word: ids 0 to {INDEX_FROM} are special, "
            f"so expected {INDEX_FROM + 1} or more (5 keeps one word)"
        )


def index_words(texts: Iterable[str]) -> tuple[list[str], NDArray[np.int32], NDArray[np.int32]]:
    """Number the words of many texts in order of first appearance.

    Returns the distinct words, the number of every token (all texts in a row, shape
    (tokens,)), and the count of tokens in each text (shape (texts,)).
    """
    number_of: dict[str, int] = {}
    numbers: list[NDArray[np.int32]] = []
    for text in texts:
        tokens = tokenize(text)
        for token in tokens:
            if token not in number_of:
                number_of[token] = len(number_of)
        numbers.append(np.fromiter(map(number_of.__getitem__, tokens), np.int32, len(tokens)))
    lengths = np.array([len(row) for row in numbers], dtype=np.int32)
    flat = np.concatenate(numbers) if numbers else np.zeros(0, np.int32)
    return list(number_of), flat, lengths


def rank_words(words: Sequence[str], counts: ArrayLike) -> list[int]:
    """Positions of the words that occur at all, the most frequent first, ties by alphabet."""
    counted = np.asarray(counts).tolist()
    seen = [i for i, count in enumerate(counted) if count]
    return sorted(seen, key=lambda i: (-counted[i], words[i]))


def pad_sequences(
    sequences: Sequence[ArrayLike],
    maxlen: int | None = None,
    *,
    padding: Side = "pre",
    truncating: Side = "pre",
    value: int = PADDING,
) -> Ids:
    """Lay id sequences of different length into one array of shape (batch, maxlen).

    Arguments, defaults and result are those of ``keras.utils.pad_sequences``, which
    this function spares you to import: padding and truncation at the *front*.
    ``maxlen=None`` takes the longest sequence.
    """
    for name, side in (("padding", padding), ("truncating", truncating)):
        if side not in ("pre", "post"):
            raise ValueError(f'{name}={side!r}: expected "pre" (front) or "post" (back)')
    if maxlen is not None and maxlen < 1:
        raise ValueError(f"maxlen={maxlen}: expected 1 or more timesteps")
    rows = [np.asarray(row) for row in sequences]
    for i, row in enumerate(rows):
        if row.ndim != 1:
            raise ValueError(f"sequence {i} has shape {row.shape}: expected a flat list of ids, (timesteps,)")
    width = max((len(row) for row in rows), default=0) if maxlen is None else maxlen
    padded = np.full((len(rows), width), value, dtype=np.int32)
    for target, row in zip(padded, rows, strict=True):
        kept = row if len(row) <= width else (row[-width:] if truncating == "pre" else row[:width])
        if len(kept):
            if padding == "pre":
                target[-len(kept) :] = kept
            else:
                target[: len(kept)] = kept
    return padded


def length_batches(
    lengths: ArrayLike, batch_size: int, *, seed: int | None = None
) -> list[NDArray[np.int64]]:
    """Group reviews of similar length into batches, so that little padding is needed.

    ``lengths`` has shape (reviews,). Returns index arrays that together hold every review
    once, each with ``batch_size`` entries (the last may have fewer). With a ``seed`` the
    reviews are shuffled before sorting, so that equal lengths mix anew, and the batches come
    in random order; without one they come shortest first.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size={batch_size}: expected 1 or more")
    measured = np.asarray(lengths)
    if measured.ndim != 1:
        raise ValueError(f"lengths has shape {measured.shape}: expected one length a review, (reviews,)")
    rng = None if seed is None else np.random.default_rng(seed)
    order = np.arange(len(measured)) if rng is None else rng.permutation(len(measured))
    order = order[np.argsort(measured[order], kind="stable")]
    batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    return batches if rng is None else [batches[i] for i in rng.permutation(len(batches))]
