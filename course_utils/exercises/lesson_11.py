"""Exercises of lesson 11: widths, a loop that skips and carries on, a deceptive score, length buckets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from course_utils.exercises import judge
from course_utils.exercises.judge import Exercise, Wrong
from course_utils.layers import Array, sigmoid

States = list[Array]


def judge_widths(ids_one_width: object, ids_in_order: object, ids_in_buckets: object) -> None:
    """Reviews of 12, 3, 11, 4, 12 and 5 ids, in batches of two."""
    words = "that counts the ids of the reviews; the zeros beside them are read as well"
    zeros = "these are the zeros alone; the words are read as well"
    widths_alone = "that adds up the widths; each batch has two rows of its width"
    judge.a_count(
        "ids_one_width",
        ids_one_width,
        72,
        {
            47: words,
            25: zeros,
            12: "that is the width of one row; there are six",
            36: "that is three rows, one a batch; there are six",
        },
        "six rows, each as wide as the longest of all reviews",
    )
    judge.a_count(
        "ids_in_order",
        ids_in_order,
        70,
        {
            47: words,
            23: zeros,
            35: widths_alone,
            72: "that is one width for all; here each batch is as wide as its own longest review",
            54: "that is with the reviews sorted; here they are dealt out as they come",
        },
        "for each batch: two rows, as wide as the longer of its two reviews",
    )
    judge.a_count(
        "ids_in_buckets",
        ids_in_buckets,
        54,
        {
            47: "only a batch of equal lengths has no zeros; 5 and 11 share one here",
            7: zeros,
            27: widths_alone,
            70: "that is the order in which they came; sort them by length first",
        },
        "sort the six lengths, deal out two at a time, and multiply each longer one by two",
    )


@dataclass
class Cell:
    """A cell that is called like one of Keras: (x_t, states) -> the output and a list of new states."""

    kernel: Array  # (features, units), or four times the units for an LSTM
    recurrent_kernel: Array
    bias: Array
    lstm: bool = False

    def __call__(self, x_t: Array, states: Sequence[Array]) -> tuple[Array, States]:
        """Take one step."""
        if len(states) != 1 + self.lstm:
            few = "2 states" if self.lstm else "1 state"
            raise ValueError(f"this cell takes a list of {few}, and was given {judge.describe(states)}")
        total = np.asarray(x_t) @ self.kernel + states[0] @ self.recurrent_kernel + self.bias
        if not self.lstm:
            return np.tanh(total), [np.tanh(total)]
        i, f, c, o = np.split(total, 4, axis=-1)
        memory = sigmoid(f) * states[1] + sigmoid(i) * np.tanh(c)
        output = sigmoid(o) * np.tanh(memory)
        return output, [output, memory]


def draw_cell(rng: np.random.Generator, features: int, units: int, lstm: bool) -> Cell:
    """Return a cell with random weights."""
    width = 4 * units if lstm else units
    W, U, b = (rng.normal(size=shape) for shape in ((features, width), (units, width), (width,)))
    return Cell(W, U, b, lstm)


def choose(mask: Array, new: Array, old: Array) -> Array:
    """Return the new state at words, the old one at padding."""
    return np.where(mask[:, None], new, old)


def reading(
    x: Array,
    mask: Array,
    states: Sequence[Array],
    cell: Callable[[Array, Sequence[Array]], tuple[Array, States]],
    rules: Sequence[Callable[[Array, Array, Array], Array]] = (choose, choose),
) -> States:
    """Return the last states; a rule for each state says what padding does to it."""
    kept = list(states)
    for t in range(x.shape[1]):
        _, new = cell(x[:, t], kept)
        kept = [rule(mask[:, t], a, b) for rule, a, b in zip(rules, new, kept, strict=False)]
    return kept


def judge_read_on(read_on: Any) -> None:
    """Cells with one and with two states, words and padding in any order, one row of padding only."""
    for case, (batch, timesteps, features, units, lstm) in enumerate(
        ((4, 4, 4, 4, False), (4, 6, 2, 3, True), (1, 5, 3, 2, True))
    ):
        rng = np.random.default_rng(20 + case)
        x = rng.normal(size=(batch, timesteps, features))
        mask = rng.random((batch, timesteps)) < 0.6
        mask[1:3] = False
        mask[2:3, -2] = True  # row 1 has padding only, row 2 one word
        mask[0] = np.arange(timesteps) % 3 != 1  # zeros between words
        mask[:, 1] = False
        cell = draw_cell(rng, features, units, lstm)
        states = [rng.uniform(-1, 1, (batch, units)) for _ in range(2 if lstm else 1)]
        right = reading(x, mask, states, cell)
        got = judge.call(read_on, x=x, mask=mask, states=states, cell=cell)
        if isinstance(got, np.ndarray) and got.ndim == 3:
            got = list(got)  # all states in one array, (states, batch, units)
        if not isinstance(got, list | tuple) or len(got) != len(states):
            raise Wrong(
                f"with a cell that has {len(states)} state{'s' if lstm else ''}, read_on gives back "
                f"{judge.describe(got)}, expected a list of {len(states)}: the states after the last step"
            )
        wrong_runs = slips_of_reading(x, mask, states, cell)
        for i, (one, expected) in enumerate(zip(got, right, strict=True)):
            if np.ndim(one) > 2:
                raise Wrong(
                    f"state {i} at the end has shape {np.shape(one)}, expected {expected.shape}: the cell "
                    "gives two things, the output and the list of new states; take them apart before you "
                    "choose"
                )
            slips = {reason: run[i] for reason, run in wrong_runs.items()}
            judge.same_numbers(f"state {i} at the end", one, expected, "(batch, units)", slips)


def slips_of_reading(x: Array, mask: Array, states: States, cell: Cell) -> dict[str, States]:
    """Return for each mistake the last states that it leads to."""
    always = np.ones_like(mask)
    found = {
        "padding is read like a word: nothing asks the mask": reading(x, always, states, cell),
        "the mask is turned round: it is True at a word": reading(x, ~mask, states, cell),
        "the input is zero at padding, but the step is taken all the same: U and b still move the state": (
            reading(x * mask[..., None], always, states, cell)
        ),
        "at padding a state becomes zero; it must be handed on as it was": reading(
            x, mask, states, cell, [lambda m, new, old: m[:, None] * new] * 2
        ),
        "reading begins with zeros; begin with the states that were given: they hold the piece before": (
            reading(x, mask, [0 * state for state in states], cell)
        ),
        "reading stops at the first zero; words may stand behind it": reading(
            x, np.logical_and.accumulate(mask, axis=1), states, cell
        ),
    }
    if len(x) > 1:
        found["a timestep is left out for all reviews as soon as one of them has padding there"] = reading(
            x, always & mask.all(axis=0), states, cell
        )
        found["where one review has a word, all of them read on: each row needs its own choice"] = reading(
            x, always & mask.any(axis=0), states, cell
        )
    if cell.lstm:
        found["padding moves the second state: an LSTM's c must stand still as well as h"] = reading(
            x, mask, states, cell, [choose, lambda m, new, old: new]
        )
        found["padding moves state 0: h must stand still as well as c"] = reading(
            x, mask, states, cell, [lambda m, new, old: new, choose]
        )
        found["every state gets the output; the cell's list holds the new numbers of each state"] = reading(
            x, mask, states, lambda x_t, old: (x_t, [cell(x_t, old)[0]] * 2)
        )
    if len({*x.shape, states[0].shape[1]}) == 1:
        found["x[t] is review t; step t of all reviews is x[:, t]"] = reading(
            x.swapaxes(0, 1), mask, states, cell
        )
        found["mask[t] is the mask of review t; that of step t is mask[:, t]"] = reading(
            x, mask.T, states, cell
        )
        found["the loop runs over the reviews; step t of all reviews is x[:, t], with mask[:, t]"] = reading(
            x.swapaxes(0, 1), mask.T, states, cell
        )
        found["the mask chooses between units, not reviews: give it a second axis, mask[:, t, None]"] = (
            reading(x, mask, states, cell, [lambda m, new, old: np.where(m, new, old)] * 2)
        )
    return found


DECEPTIVE = {
    "a": "all 5,000 validation reviews are positive: a model that always says so scores 1.000 there, more "
    "than this one",
    "b": "the training part is mixed and holds both classes; the validation part is the last fifth of the "
    "files, with one class only",
    "c": "a constant is right in at most 12,500 of 20,000 training reviews, 0.625; 0.94 takes more",
}


def judge_buckets(batches_by_length: Any, answer_all: Any) -> None:
    """Look at the batches, then ask a model that writes down what it is given."""
    many = np.random.default_rng(3).integers(1, 13, 60)  # most lengths several times
    long = np.append(np.random.default_rng(4).integers(2, 30, 25), [70, 31])  # 70 goes alone
    for lengths, max_ids in ((many, 48), (long, 64), (np.array([5]), 20), (np.array([9, 5]), 4)):
        runs = [
            judge.call(batches_by_length, lengths=lengths, max_ids=max_ids, seed=seed) for seed in (0, 0, 1)
        ]
        batches, again, other = (rows_of(run, len(lengths)) for run in runs)
        every_row_once(batches, len(lengths))
        check_batches([lengths[list(rows)] for rows in batches], max_ids)
        if batches != again:
            raise Wrong(
                "two calls with the same seed give different batches: draw with np.random.default_rng(seed)"
            )
        if lengths is many and set(map(frozenset, batches)) == set(map(frozenset, other)):
            raise Wrong(
                "seeds 0 and 1 put the same reviews together, although many are equally long: shuffle the "
                "reviews before you sort them"
            )
        if lengths is many and by_length(batches, lengths) and by_length(other, lengths):
            raise Wrong(
                "the batches are ordered by length, so training would go from one end to the other: shuffle "
                "the batches, too"
            )
    check_draws(batches_by_length)
    judge_answers(answer_all)


def check_draws(batches_by_length: Any) -> None:
    """Raise Wrong unless both draws shuffle: a fixed order, or one that is only rolled, does not.

    Eight reviews that fit into no batch together show in which order batches come; twelve of one length,
    in two batches, show which reviews meet. Of 40,320 orders and 462 meetings a shuffle shows nearly thirty
    in thirty draws; rolling knows 8 orders, 16 with those turned round, and 6 meetings.
    """
    orders, meetings = set(), set()
    for seed in range(30):
        lengths = np.random.default_rng(7).permutation(np.arange(10, 18))
        run = judge.call(batches_by_length, lengths=lengths, max_ids=19, seed=seed)
        orders.add(tuple(int(lengths[rows[0]]) for rows in rows_of(run, 8)))
        run = judge.call(batches_by_length, lengths=np.full(12, 5), max_ids=30, seed=seed)
        meetings.add(frozenset(frozenset(rows) for rows in rows_of(run, 12)))
    if len(meetings) <= 12:
        raise Wrong(
            f"twelve reviews of one length, two batches of six: {len(meetings)} ways to put them together in "
            "30 seeds. Rolling the rows, or turning them round, is no shuffling: let a permutation deal "
            "them out before you sort"
        )
    if len(orders) <= 16:
        raise Wrong(
            f"eight batches, 30 seeds, and only {len(orders)} orders of the batches: draw a permutation of "
            "the batches for every seed; an order that is fixed, or only rolled or halved, is none"
        )


def by_length(batches: Sequence[tuple[int, ...]], lengths: Array) -> bool:
    """Return whether the batches come in the order of their widths."""
    widths = [int(lengths[list(rows)].max()) for rows in batches]
    return widths in (sorted(widths), sorted(widths)[::-1])


def rows_of(run: Any, reviews: int) -> list[tuple[int, ...]]:
    """Return the batches as tuples of row numbers."""
    if not isinstance(run, list | tuple):
        raise Wrong(
            f"batches_by_length gives back {judge.describe(run)}, expected a list of arrays of row numbers"
        )
    batches = []
    for batch in run:
        rows = np.asarray(batch) if isinstance(batch, list | tuple | np.ndarray) else np.zeros(())
        if rows.shape == (0,):
            raise Wrong("one of the batches is empty: begin a new one only when a row is left for it")
        if rows.ndim != 1 or not np.issubdtype(rows.dtype, np.integer):
            raise Wrong(
                f"one of the batches is {judge.describe(batch)}, expected whole row numbers in an array"
            )
        if rows.min() < 0 or rows.max() >= reviews:
            raise Wrong(
                f"a batch holds the number {rows[np.argmax(np.abs(rows))]}, and {reviews} reviews have the "
                f"rows 0 to {reviews - 1}: are these lengths, where rows are wanted?"
            )
        batches.append(tuple(rows.tolist()))
    return batches


def every_row_once(batches: Sequence[tuple[int, ...]], reviews: int) -> None:
    """Raise Wrong unless the batches hold each review once."""
    counts = np.bincount([row for rows in batches for row in rows], minlength=reviews)
    if (counts == 0).any() and (counts > 1).any():
        raise Wrong(
            f"row {np.argmin(counts)} is in no batch, row {np.argmax(counts)} stands in them {counts.max()} "
            "times: are these lengths, or places in a sorted list? Row numbers are wanted"
        )
    if (counts == 0).any():
        raise Wrong(
            f"{(counts == 0).sum()} of {reviews} reviews are in no batch, row {np.argmin(counts)} among "
            "them: is the last batch kept when it is not full?"
        )
    if (counts > 1).any():
        raise Wrong(f"row {np.argmax(counts)} stands in the batches {counts.max()} times, expected once")


def check_batches(lengths: Sequence[Array], max_ids: int) -> None:
    """Raise Wrong unless batches of these lengths are within the limit, alike, and full."""
    order = sorted(lengths, key=lambda batch: (int(batch.min()), int(batch.max())))
    for one, other in pairwise(order):
        if one.max() > other.min():
            raise Wrong(
                f"one batch has lengths from {one.min()} to {one.max()}, another from {other.min()} to "
                f"{other.max()}: they overlap, so the reviews are not sorted by length before they are dealt "
                "out"
            )
    for batch in order:
        size = len(batch) * int(batch.max())
        if len(batch) > 1 and size > max_ids:
            zeros = "" if batch.sum() > max_ids else ". The zeros beside the words count as well"
            raise Wrong(
                f"a batch has {len(batch)} rows, the longest with {batch.max()} ids: padded it holds {size}, "
                f"and the limit is {max_ids}{zeros}"
            )
    for one, other in pairwise(order):
        together = (len(one) + len(other)) * int(other.max())
        if together <= max_ids:
            raise Wrong(
                f"two neighbouring batches, {len(one)} and {len(other)} rows of up to {other.max()} ids, "
                f"would fit into one: {together} ids of {max_ids}. Fill each batch as far as the limit allows"
            )
    check_full(lengths, max_ids)


def check_full(lengths: Sequence[Array], max_ids: int) -> None:
    """Raise Wrong unless the batches are full when filled from the shortest review, or from the longest."""

    def ordered(last: int) -> list[Array]:
        """From short to long; of batches with the same lengths only the one filled last may have room."""
        return sorted(lengths, key=lambda batch: (int(batch.min()), int(batch.max()), last * len(batch)))

    upwards = [(one, int(other.min())) for one, other in pairwise(ordered(-1))]
    downwards = [(other, int(other.max())) for _, other in pairwise(ordered(1))]
    room = [[(b, w) for b, w in way if (len(b) + 1) * w <= max_ids] for way in (upwards, downwards)]
    if all(room):
        batch, width = room[0][0]
        size = (len(batch) + 1) * width
        exactly = ". Exactly the limit is not too many" if size == max_ids else ""
        raise Wrong(
            f"a batch of {len(batch)} rows has room for one more: with the next review, of {width} ids, it "
            f"holds {size}, and the limit is {max_ids}{exactly}"
        )


@dataclass
class Model:
    """A masked model: an answer for each row that depends on its words and their order, not on zeros.

    It keeps what it was given. A copy is the same model, and what it keeps is no part of its value, so
    that `judge.call` sees no change.
    """

    given: list[Array] = field(default_factory=list)

    def __deepcopy__(self, memo: object) -> "Model":
        return self

    def __getstate__(self) -> dict[str, object]:
        return {}

    def __call__(self, ids: Any) -> Array:
        """Padded ids (batch, timesteps) -> answers (batch,)."""
        if isinstance(ids, list | tuple) and len({np.size(row) for row in ids}) > 1:
            raise ValueError("the model reads a rectangle; these reviews differ in length, so pad them first")
        batch = np.asarray(ids)
        if batch.ndim != 2:
            raise ValueError(f"the model reads padded ids, (batch, timesteps), not shape {batch.shape}")
        self.given.append(batch)
        return np.array([answer_to(row) for row in batch])


def answer_to(ids: Array) -> float:
    """Return the answer for one review."""
    answer = 0.0
    for i in ids[ids != 0].tolist():
        answer = float(np.tanh(0.7 * answer + i / 20 - 0.5))
    return answer


def judge_answers(answer_all: Any) -> None:
    """Ask for reviews with known answers."""
    for seed, reviews, max_ids in ((5, 30, 60), (6, 1, 10)):
        rng = np.random.default_rng(seed)
        ids = [rng.integers(1, 20, n).astype(np.int32) for n in rng.integers(4, 25, reviews)]
        model = Model()
        got = judge.call(answer_all, model=model, ids=ids, max_ids=max_ids)
        if not model.given:
            raise Wrong("answer_all never calls the model: model(batch) gives the answers for a padded batch")
        row_of = {tuple(review.tolist()): row for row, review in enumerate(ids)}
        read = [tuple(row[row != 0].tolist()) for batch in model.given for row in batch]
        if unknown := [row for row in read if row not in row_of]:
            raise Wrong(
                f"the model was given {len(unknown[0])} ids that are no whole review: is one cut, or padded "
                "with something else than 0?"
            )
        order = np.array([row_of[row] for row in read])
        joined = np.concatenate([[answer_to(row) for row in batch] for batch in model.given])
        slips: dict[str, Array] = {}
        if len(order) == reviews > 1:
            slips["the answers stand in the order of the batches: put each back to its own review"] = joined
            slips["joined[order] moves them once more; the way back is answers[order] = joined"] = joined[
                order
            ]
        right = [answer_to(review) for review in ids]
        slips["all answers are whole numbers: does the array for them hold integers?"] = np.trunc(right)
        judge.same_numbers("what answer_all gives back", got, right, "(reviews,)", slips)
        if reviews > 1 and len(model.given) >= reviews:
            raise Wrong(
                f"the model is called {len(model.given)} times for {reviews} reviews: ask it batch by batch"
            )
        wide = [batch for batch in model.given if len(batch) > 1 and batch.size > max_ids]
        if wide:
            raise Wrong(
                f"the model was given {wide[0].shape[0]} rows of {wide[0].shape[1]} ids at once, and the "
                f"limit is {max_ids}: use batches_by_length, and pad each batch to its own longest review"
            )


EXERCISES = (
    Exercise(
        number="11.1",
        kind="Predict",
        answers=("ids_one_width", "ids_in_order", "ids_in_buckets"),
        judge=judge_widths,
        hints=(
            "A batch is a rectangle: rows times width. Its width is that of its longest review.",
            "In the order of arrival the batches are (12, 3), (11, 4) and (12, 5).",
            "Sorted they are (3, 4), (5, 11) and (12, 12).",
        ),
        solution="""
ids_one_width = 72
ids_in_order = 70
ids_in_buckets = 54
""",
        why="6 · 12, then 2 · (12 + 11 + 12), then 2 · (4 + 11 + 12). The reviews have 47 ids: a width for "
        "each batch saves next to nothing as long as chance deals them out; sorting saves it.",
    ),
    Exercise(
        number="11.2",
        kind="Code",
        answers=("read_on",),
        judge=judge_read_on,
        hints=(
            "Start from masked_rnn in the lesson. What is new: the first states are given, and there may be "
            "several. All of them obey the same mask.",
            "In the loop: _, new = cell(x[:, t], states). Then build a new list: for each state, the new "
            "numbers in rows with a word, the old ones in all other rows.",
            "[np.where(mask[:, t, None], a, b) for a, b in zip(new, states)] is that list.",
        ),
        solution='''
def read_on(x, mask, states, cell):
    """The states after the last step: x (batch, timesteps, features), mask (batch, timesteps)."""
    for t in range(x.shape[1]):
        _, new = cell(x[:, t], states)
        word = mask[:, t, None]  # (batch, 1): one choice a review, for all its units
        states = [np.where(word, a, b) for a, b in zip(new, states)]
    return states
''',
        why="This is keras.layers.RNN with mask= and initial_state=, for any cell. The states that one piece "
        "leaves are the first states of the next: so a review longer than any memory is read in pieces.",
    ),
    Exercise(
        number="11.3",
        kind="Think",
        answers=("choice", "because"),
        judge=lambda choice, because: judge.a_choice(choice, because, "d", DECEPTIVE),
        hints=(
            "Write down how many reviews of each class the two parts hold.",
            "What would a model score, in either part, that always says positive?",
        ),
        solution="""
choice = "d"
because = "Validation holds positive reviews only, so its score cannot tell reading from a habit."
""",
        why="Compare your reason with this one: 0.94 is out of reach for a constant, so something was "
        "learned, perhaps by heart; the validation part holds one class, so its 0.97 measures how often the "
        "model says positive. check_classes refuses these parts before training.",
    ),
    Exercise(
        number="11.4",
        kind="Code",
        answers=("batches_by_length", "answer_all"),
        judge=judge_buckets,
        hints=(
            "Sorting shuffled rows: order = rng.permutation(len(lengths)), then order[np.argsort("
            'lengths[order], kind="stable")]. Equal lengths stay in their random order.',
            "Walk through the sorted rows from short to long, with a batch that grows. The next row is the "
            "longest so far, so the batch with it would hold (rows + 1) · its length. Too many? Then close "
            "the batch, and begin a new one with this row. Do not forget the last batch.",
            "Shuffle batches as a list: [batches[i] for i in rng.permutation(len(batches))].",
            "answer_all: an empty array for the answers; for each batch of rows, answers[rows] = "
            "model(pad_sequences([ids[i] for i in rows])).",
        ),
        solution='''
def batches_by_length(lengths, max_ids, seed):
    """Batches of similar length: lengths (reviews,) -> a list of arrays of row numbers."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(lengths))  # equal lengths mix anew
    order = order[np.argsort(lengths[order], kind="stable")]
    batches = [[]]
    for row in order:
        if batches[-1] and (len(batches[-1]) + 1) * lengths[row] > max_ids:
            batches.append([])
        batches[-1].append(row)
    return [np.array(batches[i]) for i in rng.permutation(len(batches))]


def answer_all(model, ids, max_ids):
    """One answer a review, in their order: a list of arrays of ids -> (reviews,)."""
    answers = np.zeros(len(ids))
    for rows in batches_by_length(np.array([len(review) for review in ids]), max_ids, seed=0):
        answers[rows] = model(pad_sequences([ids[row] for row in rows]))
    return answers
''',
        why="Many short rows or few long ones: every batch asks for about the same memory, and the longest "
        "review decides about its own batch alone. Real training programs batch in this way, by tokens.",
    ),
)
