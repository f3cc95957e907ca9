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

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

PADDING, START, UNKNOWN = 0, 1, 2
INDEX_FROM = 3  # added to a word's rank; Keras uses the same name and value
UNKNOWN_WORD = "[UNK]"
TOKENIZER = 2  # raise it when `tokenize` cuts any text in another way: saved tables depend on it

Ids = NDArray[np.int32]
Side = Literal["pre", "post"]

_NAMED_TWICE = re.compile(r"&(?:amp;)+")  # "&amp;#39;" was escaped twice
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# Tags by name, so that <sigh> and "a < b > c" stay what a person wrote.
_TAG = re.compile(
    r"</?(?:a|b|big|blockquote|br|center|cite|code|dd|del|div|dl|dt|em|font|h[1-6]|hr|i|img|ins|li|mark|ol|p"
    r"|pre|q|s|small|span|strike|strong|sub|sup|table|tbody|td|th|thead|tr|tt|u|ul)"
    r"(?:\s+[\w:-]+\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'<>]+))*\s*/?>",
    re.IGNORECASE,
)
_APOSTROPHES = "’‘´ʼ＇′"  # typed, pasted or typeset for the apostrophe; ` is among ASCII's
# Soft hyphens, joiners and other marks without width stand inside words and are no part of them.
_WITHOUT_WIDTH = [0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)]
_WITHOUT_WIDTH += [*range(0xFE00, 0xFE10), 0xFEFF]
_SPELLINGS = dict.fromkeys(map(ord, _APOSTROPHES), "'") | dict.fromkeys(_WITHOUT_WIDTH, "")
# Signs that a letter carries, such as vowels of Arabic and Hindi: `re` counts none as a letter.
_MARKS = "".join(chr(c) for c in range(0x300, 0x20000) if unicodedata.category(chr(c)) in ("Mn", "Mc"))
_LETTERS = rf"[^\W_]+(?:[{_MARKS}]+[^\W_]*)*"
# Letters and digits, with apostrophes inside: "don't" is one word, as in Keras's list.
_WORD = re.compile(rf"{_LETTERS}(?:'{_LETTERS})*")
_ASCII_WORD = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)*")  # the same words where all is ASCII, sooner


def plain(text: str) -> str:
    """Return a text as it was meant, whatever it was pasted from, in lower-case letters.

    HTML entities become their characters and tags a space, every sign typed for the apostrophe
    becomes "'", signs without width go, and accents join their letters (Unicode's form NFC).

    >>> plain("It&#39;s <b>GREAT</b>, isn´t it?")
    "it's  great , isn't it?"
    """
    if "&" in text:
        text = _ENTITY.sub(lambda found: html.unescape(found[0]), _NAMED_TWICE.sub("&", text))
    if "<" in text:
        text = _TAG.sub(" ", text)
    text = text.replace("`", "'").lower()
    return text if text.isascii() else unicodedata.normalize("NFC", text.translate(_SPELLINGS))


def tokenize(text: str) -> list[str]:
    """Cut a text into lower-case words; punctuation and HTML are left out, see `plain`.

    >>> tokenize("It's GREAT!<br />Really.")
    ["it's", 'great', 'really']

    Raises TypeError for what is no text.
    """
    if not isinstance(text, str):
        raise TypeError(_no_text("text", text))
    text = plain(text)
    return (_ASCII_WORD if text.isascii() else _WORD).findall(text)


def _no_text(name: str, value: object) -> str:
    """What to say of a value that should be a text, such as the NaN of an empty cell in a table."""
    shown = f"{name} is {type(value).__name__} ({value!r:.40}): expected a string"
    if isinstance(value, bytes):
        return f'{shown}; turn bytes into text first, with decode("utf-8")'
    return f"{shown}; leave rows without a text out"


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

        Raises TypeError, with the row, for what is no text.
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

        Raises ValueError for a text without a single word, TypeError for what is no text.
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
    (tokens,)), and the count of tokens in each text (shape (texts,)). Raises TypeError, with
    the row, for what is no text.
    """
    number_of: dict[str, int] = {}
    numbers: list[NDArray[np.int32]] = []
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise TypeError(_no_text(f"text {row}", text))
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
    ``maxlen=None`` takes the longest sequence. Raises ValueError, also for what is no id and
    would silently become one: a fraction, or a number too large for 32 bits.
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
        _check_ids(i, row)
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


def _check_ids(i: int, row: NDArray[Any]) -> None:
    if row.dtype == np.int32 or not len(row):
        return
    if not np.issubdtype(row.dtype, np.integer):
        raise ValueError(f"sequence {i} holds {row.dtype}: expected ids, which are whole numbers")
    limits = np.iinfo(np.int32)
    if row.min() < limits.min or row.max() > limits.max:
        raise ValueError(
            f"sequence {i} holds ids from {row.min()} to {row.max()}: expected numbers of 32 bits, "
            f"at most {limits.max:,}"
        )


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
