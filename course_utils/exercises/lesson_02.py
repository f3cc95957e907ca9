"""Exercises of lesson 2: ids on paper, the lookup, a word with the id 0, a vocabulary of your own."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from course_utils.checks import Array
from course_utils.exercises import judge
from course_utils.exercises.judge import Exercise, Wrong
from course_utils.text import tokenize


def some_ids(
    what: str, got: object, expected: Sequence[int], slips: Mapping[str, Sequence[int]], otherwise: str
) -> None:
    """Raise Wrong unless `got` is this list of ids; `otherwise` is for what is no slip."""
    if hasattr(got, "numpy"):  # TensorFlow's
        got = np.asarray(got)
    if not isinstance(got, list | tuple | np.ndarray):
        raise Wrong(f"{what} is {judge.describe(got)}, expected a list of ids such as [1, 8, 5]")
    shown: list[Any] = got.tolist() if isinstance(got, np.ndarray) else list(got)
    if isinstance(got, np.ndarray) and got.ndim != 1:
        if got.ndim != 2 or len(got) != 1:
            raise Wrong(f"{what} has shape {got.shape}, expected one row of ids such as [1, 8, 5]")
        shown = shown[0]  # what pad_sequences([ids]) gives: a batch of one review
    numbers = [judge.a_number(i) for i in shown]
    if not all(number is not None and number[0].is_integer() for number in numbers):
        raise Wrong(f"{what} holds something that is no id; ids are whole numbers: [1, 8, 5]")
    shown = [int(number[0]) for number in numbers if number is not None]
    try:
        judge.same_numbers(what, shown, expected, "", slips)
    except Wrong as reason:
        if str(reason) in slips:
            raise Wrong(f"{what} is {shown}: {reason}") from None
        raise Wrong(f"{what} is {shown}: {otherwise}") from None


def judge_ids(sentence_ids: object, padded_ids: object, cut_ids: object, table_rows: object) -> None:
    """The vocabulary the, film, was, good, bad; the sentence "The plot was good!"."""
    some_ids(
        "sentence_ids",
        sentence_ids,
        [1, 4, 2, 6, 7],
        {
            "the start id stands in front of every review": [4, 2, 6, 7],
            "these are ranks; id = rank + 3": [1, 1, 2, 3, 4],
            "0 is padding; a word that the vocabulary does not have is 2": [1, 4, 0, 6, 7],
            "3 is nobody's id; a word that the vocabulary does not have is 2": [1, 4, 3, 6, 7],
            "an unknown word keeps its place, as id 2; only its name is lost": [1, 4, 6, 7],
            "ranks are counted from 1, so the first word gets the id 4": [1, 3, 2, 5, 6],
        },
        "begin with the start id; then each word is rank + 3, or 2 if it is unknown",
    )
    some_ids(
        "padded_ids",
        padded_ids,
        [0, 0, 1, 4, 2, 6, 7],
        {
            "this is padding behind the text; Keras pads in front, unless you say post": [
                1,
                4,
                2,
                6,
                7,
                0,
                0,
            ],
            "the start id belongs to the review, so the padding stands before it": [1, 0, 0, 4, 2, 6, 7],
            "seven ids are asked for: the five of the sentence, and padding": [1, 4, 2, 6, 7],
        },
        "take the five ids and fill up to 7 with the id of padding, in front",
    )
    some_ids(
        "cut_ids",
        cut_ids,
        [2, 6, 7],
        {
            "this is cut at the end; Keras cuts in front, unless you say post": [1, 4, 2],
            "the start id is cut off with the beginning: nobody puts it back": [1, 6, 7],
            "cutting happens at one side only: in front": [4, 2, 6],
        },
        "three ids are left of the five; by default the beginning is cut off",
    )
    judge.a_count(
        "table_rows",
        table_rows,
        9,
        {
            5: "the special ids 0, 1, 2 and 3 need rows too",
            8: "8 is the largest id; with 0 there are nine",
            6: "padding is not the only special id: 0, 1, 2 and 3 stand before the words",
            7: "ids 0, 1, 2 and 3 stand before the words; the unused 3 has a row as well",
        },
        "the table has a row for every id, from 0 to that of the last word",
    )


def judge_lookup(look_up: Any) -> None:
    """Padding in front, behind and none; the table has more rows than the ids use."""
    rng = np.random.default_rng(12)
    front = np.array([[0, 0, 1, 4, 2], [1, 5, 4, 2, 6], [0, 0, 0, 0, 5]])
    behind = np.array([[1, 2, 3, 0], [1, 4, 0, 0], [5, 4, 2, 2]])
    sizes = (
        (front, 11, 3),
        (front, 11, 3),
        (behind, 9, 2),
        (np.array([[4, 1]]), 8, 5),
        (np.array([[2], [5]]), 7, 1),
    )
    for ids, rows, features in sizes:
        table = rng.normal(size=(rows, features))
        got = judge.call(look_up, ids=ids, table=table)
        if not isinstance(got, tuple | list) or len(got) != 3:
            raise Wrong(
                f"look_up gives back {judge.describe(got)}, expected three arrays: one-hot vectors, word "
                "vectors, averages"
            )
        one_hot, words, real = np.eye(rows)[ids], table[ids], ids[:, :, None] != 0
        several = list(zip(words, real.sum(axis=(1, 2)), strict=True))  # the vectors and how many are real
        judge.same_numbers(
            "the array of one-hot vectors",
            got[0],
            one_hot,
            "(batch, timesteps, rows of the table)",
            {
                "a one-hot vector is as long as the table has rows, also where the largest id is absent": (
                    np.eye(ids.max() + 1)[ids]
                ),
                "the 1 stands one place too early: id 0 has a place too": np.eye(rows)[ids - 1],
                "padding has a one-hot vector like any id, with its 1 at place 0": one_hot * real,
                "these are the ids of all reviews in one row; keep (batch, timesteps) in front": (
                    one_hot.reshape(-1, rows)
                ),
            },
        )
        judge.same_numbers(
            "the array of word vectors",
            got[1],
            words,
            "(batch, timesteps, features)",
            {
                "the rows are taken one place too early: id 0 has row 0": table[ids - 1],
                "3 was added to the ids; an id is rank + 3 already, and the row of id i is row i": (
                    table[np.minimum(ids + 3, rows - 1)]
                ),
                "the vectors of padding are set to zero: row 0 is a row like any other, and the mask travels "
                "beside the vectors": words * real,
                "these are the averages; the vector of every word goes back too": (
                    (words * real).sum(axis=1) / real.sum(axis=1)
                ),
            },
        )
        judge.same_numbers(
            "the array of averages",
            got[2],
            (words * real).sum(axis=1) / real.sum(axis=1),
            "(batch, features)",
            {
                "padding is averaged in: count only timesteps with an id that is not 0": words.mean(axis=1),
                "padding is left out of the sum and still counted below it: divide by the real timesteps": (
                    (words * real).mean(axis=1)
                ),
                "a review with one real id is divided by 2: its average is that one vector": (
                    (words * real).sum(axis=1) / np.maximum(real.sum(axis=1), 2)
                ),
                "this is the sum; divide it by the number of real timesteps": (words * real).sum(axis=1),
                "the start id is left out: the mask marks every id that is not 0, the start too": (
                    (words * (ids > 1)[:, :, None]).sum(axis=1) / (ids > 1).sum(axis=1)[:, None]
                ),
                "this averages the last timesteps of each review; padding may stand behind as well": (
                    np.stack([vectors[-n:].mean(axis=0) for vectors, n in several])
                ),
                "this averages the first timesteps of each review; padding may stand in front as well": (
                    np.stack([vectors[:n].mean(axis=0) for vectors, n in several])
                ),
                "start and unknown are left out: the mask marks every id that is not 0": (
                    (words * (ids > 3)[:, :, None]).sum(axis=1)
                    / np.maximum((ids > 3).sum(axis=1), 1)[:, None]
                ),
                "unknown words are left out: the mask marks every id that is not 0": (
                    (words * real * (ids != 2)[:, :, None]).sum(axis=1)
                    / np.maximum((real[:, :, 0] & (ids != 2)).sum(axis=1), 1)[:, None]
                ),
            },
        )


ID_ZERO = {
    "a": "row 0 of the table is a row like any other: its numbers are not zero, as this lesson showed",
    "c": "no layer knows what you meant by an id: 0 is a legal row, so no error comes",
    "d": "the mask asks of each id whether it is 0, and knows nothing of where padding usually stands",
}

TEXTS = [
    "The plot was good, the film was good.",  # film: first by the alphabet, not by its place
    "A bad film! So slow, so long.",
    "Was the plot bad?<br />The end: bad.",
]
OTHERS = ["Red, blue, red.", "Blue and green: RED"]
PROBE = "The plot was GOOD, a bad film so slow"
Cut = Callable[[str], Sequence[str]]


def index(
    texts: Sequence[str],
    kept: int | None,
    offset: int = 3,
    key: Callable[[Counter[str], str], Any] = lambda counts, word: (-counts[word], word),
    cut: Cut = tokenize,
) -> dict[str, int]:
    """Return the id of each of the first `kept` words; the options are slips."""
    counts = Counter(token for text in texts for token in cut(text))
    words = sorted(counts, key=lambda word: key(counts, word))[:kept]
    return {word: rank + offset for rank, word in enumerate(words, start=1)}


def encode(text: str, id_of: Mapping[str, int], unknown: int = 2, cut: Cut = tokenize) -> list[int]:
    """Return the ids of a text."""
    return [1] + [id_of.get(token, unknown) for token in cut(text)]


def backwards(counts: Counter[str], word: str) -> tuple[int, list[int]]:
    """Return the key of a sort by count, with the alphabet turned round."""
    return -counts[word], [*(-ord(letter) for letter in word), 1]


def cut_first(texts: Sequence[str], kept: int | None) -> dict[str, int]:
    """Return the ids of the words that most_common keeps, sorted afterwards."""
    counts = Counter(token for text in texts for token in tokenize(text))
    words = sorted(counts.most_common(kept), key=lambda pair: (-pair[1], pair[0]))
    return {word: rank + 3 for rank, (word, _) in enumerate(words, start=1)}


def judge_vocabulary(MyVocabulary: Any) -> None:
    """Two vocabularies at once: few words with ties, and all words of other texts."""
    if not isinstance(MyVocabulary, type):
        raise Wrong(
            f"MyVocabulary is {judge.describe(MyVocabulary)}, expected the class itself, without calling it"
        )
    few = judge.make(MyVocabulary, texts=TEXTS, num_words=8)
    every = judge.make(MyVocabulary, texts=OTHERS, num_words=100)
    for method in ("encode", "decode", "batch"):
        if not callable(getattr(few, method, None)):
            raise Wrong(f"MyVocabulary has no method {method}: keep the lines that begin with def")
    judge_encode(few.encode, PROBE, TEXTS, 4, OTHERS)
    judge_encode(every.encode, "Green, red or BLUE", OTHERS, None, TEXTS)
    judge_decode(few.decode, index(TEXTS, 4))
    judge_decode(every.decode, index(OTHERS, None))
    judge_batch(few.batch, [PROBE, "Film!", "the film was bad, bad"], 6, index(TEXTS, 4))
    judge_batch(every.batch, ["red", "green or blue"], 3, index(OTHERS, None))
    judge_batch(every.batch, ["or red or blue", "blue"], 3, index(OTHERS, None))
    judge_batch(every.batch, ["blue", "or red or blue"], 2, index(OTHERS, None))
    of_one = judge.make(MyVocabulary, texts=TEXTS[:1], num_words=6)
    judge_encode(of_one.encode, PROBE, TEXTS[:1], 2, OTHERS)
    judge_batch(of_one.batch, ["Was the plot good?"], 7, index(TEXTS[:1], 2))


def judge_encode(method: Any, text: str, texts: list[str], kept: int | None, others: list[str]) -> None:
    """Compare the ids of one text."""
    id_of = index(texts, kept)
    right = encode(text, id_of)
    got = judge.call(method, text=text)
    slips = {
        "these are ranks; id = rank + 3": encode(text, index(texts, kept, offset=0)),
        "ranks are counted from 1, so the most frequent word gets the id 4": (
            encode(text, index(texts, kept, offset=2))
        ),
        "the start id 1 is missing in front": right[1:],
        "unknown words are left out; each keeps its place, as id 2": [i for i in right if i != 2],
        "unknown words became 0, which is padding; they are 2": encode(text, id_of, unknown=0),
        "words of the same count do not stand in alphabetical order": (
            encode(text, index(texts, kept, key=lambda counts, word: -counts[word]))
        ),
        "words of the same count stand in reverse: reverse=True turns the alphabet too, -count does not": (
            encode(text, index(texts, kept, key=backwards))
        ),
        "most_common(n) cuts before the words are in alphabetical order: sort first, then cut": (
            encode(text, cut_first(texts, kept))
        ),
        "only the last of the texts was counted": encode(text, index(texts[-1:], kept)),
        "each word was counted once a text; count every token": (
            encode(text, index(texts, kept, cut=lambda text: sorted(set(tokenize(text)))))
        ),
        "the rarest words came first": (
            encode(text, index(texts, kept, key=lambda counts, word: (counts[word], word)))
        ),
        "the words stand in alphabetical order; the most frequent ones come first": (
            encode(text, index(texts, kept, key=lambda counts, word: word))
        ),
        "the text is cut at blanks: tokenize takes commas and capitals away": (
            encode(text, id_of, cut=str.split)
        ),
        "the texts are cut at blanks in __init__: tokenize takes commas and capitals away": (
            encode(text, index(texts, kept, cut=str.split))
        ),
        "all texts are cut at blanks, in encode and in __init__: tokenize takes commas and capitals away": (
            encode(text, index(texts, kept, cut=str.split), cut=str.split)
        ),
        "these are the ids of a vocabulary made later from other texts: keep the words in self": (
            encode(text, index(others, None if kept else 4))
        ),
    }
    if kept:
        slips["num_words counts ids, and four of them are no words: keep the first num_words - 4"] = encode(
            text, index(texts, kept + 4)
        )
        slips["all words are known; those beyond num_words ids must become 2"] = encode(
            text, index(texts, None)
        )
    made = f"MyVocabulary({texts}, {kept + 4 if kept else 100})"
    some_ids(f"encode({text!r})", got, right, slips, f"expected {right}. The vocabulary is {made}")


def judge_decode(method: Any, id_of: Mapping[str, int]) -> None:
    """Compare some texts: padded in front, cut without a start id, not padded; lists and arrays."""
    names = {i: word for word, i in id_of.items()} | {2: "[UNK]"}
    for ids in ([0, 0, 1, 4, 2, 5, 4], [4, 2, 5], [1, 5, 2, 4], [5]):
        words = [names[i] for i in ids if i > 1]
        right = " ".join(words)
        for given in (ids, np.array(ids)):
            text = judge.call(method, ids=given)
            if text == right:
                continue
            what = f"decode({ids})"
            if not isinstance(text, str):
                raise Wrong(f"{what} gives {judge.describe(text)}, expected one text: join the words")
            special = len(ids) - len(words)
            named = ["[PAD]"] * (special - 1) + ["[START]"] * (special > 0)
            reasons = {
                "".join(words): "put a space between the words",
                " ".join([*named, *words]): "padding and the start id are left out of the text",
                " ".join(["[UNK]"] * special + words): "padding and the start id are left out of the text, "
                "and not unknown",
                " ".join(word for word in words if word != "[UNK]"): "an unknown word is shown as [UNK]",
            }
            cure = reasons.get(text, reasons.get(text.strip(), f"expected {right!r}"))
            if text.strip() == right:
                cure = "there are blanks at an end"
            elif ids[0] > 1 and right.endswith(text.strip()):
                cure = (
                    "this review was cut and has no start id, so its first id is a word: leave out the id 1"
                )
            raise Wrong(f"{what} is {text!r}: {cure}")


def padded(rows: Sequence[Sequence[int]], maxlen: int, front: bool = True, cut_front: bool = True) -> Array:
    """Return the rows with exactly maxlen ids each."""
    kept = [list(row[-maxlen:] if cut_front else row[:maxlen]) for row in rows]
    fill = [[0] * (maxlen - len(row)) for row in kept]
    return np.array([f + row if front else row + f for f, row in zip(fill, kept, strict=True)])


def judge_batch(method: Any, texts: list[str], maxlen: int, id_of: Mapping[str, int]) -> None:
    """A text that is too long, one that is too short, one that just fits."""
    rows = [encode(text, id_of) for text in texts]
    got = judge.call(method, texts=texts, maxlen=maxlen)
    longest = max(len(row) for row in rows)
    slips = {
        "the padding stands behind the text; it belongs in front": padded(rows, maxlen, front=False),
        "long texts lose their end; they must lose their beginning": padded(rows, maxlen, cut_front=False),
        "padding and cutting happen at the back; both belong in front": padded(rows, maxlen, False, False),
        "the start id was put in front after cutting; it is cut off with the beginning": padded(
            [[1, *row[1:][-(maxlen - 1) :]] for row in rows], maxlen
        ),
        "nothing is cut: all texts were brought to the length of the longest": padded(rows, longest),
    }
    right = padded(rows, maxlen)
    if isinstance(got, list | tuple) and judge.the_same(got, right):
        raise Wrong("batch gives back a list of rows, expected one array (batch, maxlen): np.array(rows)")
    judge.same_numbers("the array of batch(texts, maxlen)", got, right, "(batch, maxlen)", slips)
    if np.asarray(got).dtype.kind not in "iu":
        raise Wrong(
            f"batch holds numbers of type {np.asarray(got).dtype}; ids choose rows of the table, so they are "
            "whole numbers: np.zeros(shape, dtype=int)"
        )


# What a training on shuffled labels prints: lowest and highest reading, and what another one is.
READINGS = {
    "accuracy_of_nonsense": (
        (0.45, 0.57),
        "no model can know shuffled labels of reviews that it has not seen, so it must lie near one half; "
        "the bar of the training shows the accuracy on the training reviews",
    ),
    "share_at_the_ends": (
        (0.4, 0.85),
        "expected what cosine_figure prints for shuffled labels and the word 'boring'",
    ),
    "agreement_of_nonsense": (
        (-0.2, 0.2),
        "the correlation is read from the model that was trained on shuffled labels; it is the last number",
    ),
}
NONSENSE = {
    "a": "the piles stand here too, and these labels say nothing",
    "c": "it was trained all the same: its accuracy on the training reviews rises above one half, because it "
    "learns single reviews by heart",
    "d": "with the true labels the score agreed with the counted share, and here it does not",
}


def judge_nonsense(
    accuracy_of_nonsense: object,
    share_at_the_ends: object,
    agreement_of_nonsense: object,
    choice: object,
    because: object,
) -> None:
    """What a training on shuffled labels printed, and what it means."""
    answers = (accuracy_of_nonsense, share_at_the_ends, agreement_of_nonsense)
    for (name, ((low, high), reason)), got in zip(READINGS.items(), answers, strict=True):
        value = judge.plain_number(name, got)
        if abs(value) > 1:
            raise Wrong(f"{name} {got}: write it as a share, so 64 % is 0.64")
        if not low <= value <= high:
            raise Wrong(f"{name} {got}: {reason}")
    judge.a_choice(choice, because, "b", NONSENSE)


EXERCISES = (
    Exercise(
        number="2.1",
        kind="Predict",
        answers=("sentence_ids", "padded_ids", "cut_ids", "table_rows"),
        judge=judge_ids,
        hints=(
            "The ids of the five words are 4, 5, 6, 7 and 8. Which ids stand for things that are no words?",
            "Start is 1, unknown is 2, padding is 0. 'plot' is not in the vocabulary.",
            "By default Keras works in front: zeros come in front, and the beginning is cut off.",
        ),
        solution="""
sentence_ids = [1, 4, 2, 6, 7]
padded_ids = [0, 0, 1, 4, 2, 6, 7]
cut_ids = [2, 6, 7]
table_rows = 9
""",
        why="Five words and four special ids make nine rows. In the cut text the start id is gone, and of "
        "'plot' only its place is left.",
    ),
    Exercise(
        number="2.2",
        kind="Code",
        answers=("look_up",),
        judge=judge_lookup,
        hints=(
            "np.eye(n) is a table whose row i is the one-hot vector of i. How many rows do you need?",
            "np.eye(len(table))[ids] is (batch, timesteps, rows). Its product with the table is "
            "(batch, timesteps, features), and so is table[ids].",
            "real = (ids != 0)[:, :, None] is 1 where there is an id, and fits beside the vectors. Multiply, "
            "add up over axis=1, and divide by real.sum(axis=1).",
        ),
        solution='''
def look_up(ids, table):
    """One-hot vectors, word vectors, averages over real timesteps; ids are (batch, timesteps)."""
    one_hot = np.eye(len(table))[ids]  # (batch, timesteps, rows)
    vectors = one_hot @ table  # (batch, timesteps, features)
    real = (ids != 0)[:, :, None]  # (batch, timesteps, 1)
    averages = (vectors * real).sum(axis=1) / real.sum(axis=1)  # (batch, features)
    return one_hot, vectors, averages
''',
        why="This is Embedding(mask_zero=True) with GlobalAveragePooling1D on it: all that this lesson's "
        "model does before its last unit.",
    ),
    Exercise(
        number="2.3",
        kind="Think",
        answers=("choice", "because"),
        judge=lambda choice, because: judge.a_choice(choice, because, "b", ID_ZERO),
        hints=(
            "How does the layer find out which timesteps are padding? Look at the section about the mask.",
            "The mask is ids != 0. Write it down for a review with 'the' in the middle.",
        ),
        solution="""
choice = "b"
because = "The mask is ids != 0, so it is False at every 'the', and the average skips these places."
""",
        why="Compare your reason with this one: the mask is ids != 0 and nothing more. The most frequent "
        "word is lost without an error; therefore no word may have the id 0.",
    ),
    Exercise(
        number="2.4",
        kind="Code",
        answers=("MyVocabulary",),
        judge=judge_vocabulary,
        hints=(
            "In __init__: count all tokens with a Counter, sort the words, keep the first num_words - 4, and "
            "store in self a dictionary from word to id and one from id to word.",
            "sorted(counts, key=lambda word: (-counts[word], word)) puts the most frequent word first, and "
            "words of the same count in alphabetical order. enumerate(words, start=1) gives the ranks.",
            "encode: [1] + [self.id_of.get(token, 2) for token in tokenize(text)]. decode: leave out the ids "
            '0 and 1, show 2 as "[UNK]", and join with " ".',
            "batch: for each text, ids = self.encode(text)[-maxlen:], and [0] * (maxlen - len(ids)) in front "
            "of them.",
        ),
        solution='''
class MyVocabulary:
    """The most frequent words of some texts, with the ids of this course."""

    def __init__(self, texts, num_words):
        counts = Counter(token for text in texts for token in tokenize(text))
        words = sorted(counts, key=lambda word: (-counts[word], word))
        words = words[: num_words - 4]  # num_words counts ids
        self.id_of = {word: rank + 3 for rank, word in enumerate(words, start=1)}
        self.word_of = {i: word for word, i in self.id_of.items()} | {2: "[UNK]"}

    def encode(self, text):
        """A list of ids: the start id, then one id for each token."""
        return [1] + [self.id_of.get(token, 2) for token in tokenize(text)]

    def decode(self, ids):
        """A text, without padding and start; an unknown word is shown as [UNK]."""
        return " ".join(self.word_of[i] for i in ids if i > 1)

    def batch(self, texts, maxlen):
        """An array of ids, (batch, maxlen): padded in front, cut in front."""
        rows = [self.encode(text)[-maxlen:] for text in texts]
        return np.array([[0] * (maxlen - len(row)) + row for row in rows])
''',
        why="With the reviews of this course it gives the very ids that all later lessons read: it is the "
        "package's Vocabulary and pad_sequences in one.",
    ),
    Exercise(
        number="2.5",
        kind="Code",
        answers=(
            "accuracy_of_nonsense",
            "share_at_the_ends",
            "agreement_of_nonsense",
            "choice",
            "because",
        ),
        judge=judge_nonsense,
        hints=(
            "Run the cells of the lesson first, then the cell of this exercise. It trains for a few seconds.",
            "The gradient of every row is a multiple of w, whatever the labels say. Which part of the result "
            "follows from that?",
            "With the true labels: piles at both ends, and a correlation of about 0.8. What is left of each?",
        ),
        solution="""
accuracy_of_nonsense = 0.516
share_at_the_ends = 0.64
agreement_of_nonsense = 0.04
choice = "b"
because = "Rows move along w whatever the labels say; how far and to which side comes from them."
""",
        why="A control must be able to fail, and this one does: the piles alone would have proved nothing "
        "about sentiment. What proves it is who stands where, which only true labels bring about.",
    ),
)
