"""Exercises of lesson 5: shapes, one LSTM step, a counter nobody can read, a layer with a mask, an edge."""

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import numpy as np

from course_utils.exercises import judge
from course_utils.exercises.judge import Exercise, Wrong
from course_utils.layers import Array, sigmoid

Weights = Sequence[Array]


def judge_sizes(
    kernel_shape: object, recurrent_kernel_shape: object, forget_starts: object, weight_count: object
) -> None:
    """7 units, 5 features, 30 timesteps."""
    judge.a_shape(
        "kernel_shape",
        kernel_shape,
        (5, 28),
        {
            (5, 7): "that is the block of one gate; four of them lie side by side",
            (20, 7): "the blocks lie side by side, as columns, and not one below the other",
            (28, 5): "the features are the rows: x @ kernel",
            (5, 21): "the candidate has a block too, beside the three gates",
            (30, 28): "30 is the number of timesteps; every step uses the same weights",
            (7, 28): "that is the recurrent kernel; the kernel multiplies the 5 features",
        },
    )
    judge.a_shape(
        "recurrent_kernel_shape",
        recurrent_kernel_shape,
        (7, 28),
        {
            (7, 7): "that is the block of one gate; four of them lie side by side",
            (5, 28): "that is the kernel; the recurrent kernel multiplies the old h, which has 7 numbers",
            (14, 28): "the gates read the old h alone; the old c goes to no matrix",
        },
    )
    judge.a_count(
        "forget_starts",
        forget_starts,
        7,
        {
            0: "there the input gate begins: the order is i, f, c, o",
            1: "one block is 7 columns wide, one for each unit",
            8: "Python counts columns from 0",
            14: "there the candidate begins",
            5: "5 is the number of features; a block has one column for each unit",
        },
        "the order is i, f, c, o, and each block has one column for each unit",
    )
    judge.a_count(
        "weight_count",
        weight_count,
        364,
        {
            91: "that is one gate; an LSTM has four such layers",
            273: "the candidate counts too: four layers, not three",
            336: "kernel and recurrent kernel are in it; the bias is not",
            168: "kernel and bias are in it; the recurrent kernel is not",
            371: "each unit has four biases, and no fifth for the memory c: c has no weights",
            10_920: "30 is the number of timesteps; every step uses the same weights",
        },
        "add up 5 · 28, 7 · 28 and one bias for each of the 28 columns",
    )


def gates(x_t: Array, h: Array, weights: Weights, order: Sequence[int] = (0, 1, 2, 3)) -> list[Array]:
    """Return the sums of i, f, c and o, taken from the blocks in `order`."""
    kernel, recurrent_kernel, bias = weights
    blocks = np.split(x_t @ kernel + h @ recurrent_kernel + bias, 4, axis=-1)
    return [blocks[k] for k in order]


def step(
    x_t: Array, h: Array, c: Array, weights: Weights, order: Sequence[int] = (0, 1, 2, 3)
) -> tuple[Array, Array]:
    """Return the new h and c, each (batch, units)."""
    i, f, g, o = gates(x_t, h, weights, order)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def judge_step(my_lstm_step: Any) -> None:
    """One step of a running sequence, three sizes of everything; the memory is looked at first."""
    rng = np.random.default_rng(5)
    for batch, features, units in ((3, 4, 2), (3, 4, 2), (4, 3, 3), (1, 2, 5), (2, 1, 1)):
        x_t, h, c = (rng.normal(size=(batch, size)) for size in (features, units, units))
        weights = [rng.normal(size=shape) for shape in ((features, 4 * units), (units, 4 * units))]
        W, U = weights
        b = rng.normal(size=4 * units)
        weights.append(b)
        got = judge.call(my_lstm_step, x_t=x_t, states=[h, c], weights=weights)
        if not isinstance(got, tuple | list) or len(got) != 2:
            raise Wrong(
                f"the step gives back {judge.describe(got)}, expected the list of the new states, [h, c]"
            )
        right_h, right_c = step(x_t, h, c, weights)
        i, f, g, o = gates(x_t, h, weights)
        if judge.the_same(got[0], right_c) and judge.the_same(got[1], right_h):
            raise Wrong("both new states are right, in the wrong order: Keras's is [h, c], h first")
        for order in permutations(range(4)):
            if order != (0, 1, 2, 3) and judge.the_same(got[1], step(x_t, h, c, weights, order)[1]):
                names = ", ".join("ifco"[order.index(k)] for k in range(4))
                raise Wrong(
                    f"the blocks of columns are taken for {names}; in Keras's weights they are i, f, c, o"
                )
        slips = {
            "the old states have changed places: states is [h, c], h first": step(x_t, c, h, weights)[1],
            "the old memory is missing: keep the part of it that the forget gate lets stay": (
                sigmoid(i) * np.tanh(g)
            ),
            "the forget gate is missing: these are the numbers of the cell of 1997, c + i · g": (
                c + sigmoid(i) * np.tanh(g)
            ),
            "the input gate is missing: all of the candidate is let in": sigmoid(f) * c + np.tanh(g),
            "1 − f stands in place of the input gate: an LSTM sets the two apart from each other": (
                sigmoid(f) * c + (1 - sigmoid(f)) * np.tanh(g)
            ),
            "the candidate went through a sigmoid; it needs tanh, or nothing could ever be subtracted": (
                sigmoid(f) * c + sigmoid(i) * sigmoid(g)
            ),
            "the gates went through tanh; they need the sigmoid, or a gate could be negative": (
                np.tanh(f) * c + np.tanh(i) * np.tanh(g)
            ),
            "tanh of the new memory was stored: only h shows c through tanh, c itself stays a plain sum": (
                np.tanh(right_c)
            ),
            "states are taken and given back as [c, h]; Keras's order is [h, c], h first": (
                step(x_t, c, h, weights)[0]
            ),
            "the forget gate keeps a part of the old h; it belongs to the old memory c": (
                sigmoid(f) * h + sigmoid(i) * np.tanh(g)
            ),
            "the candidate has no tanh": sigmoid(f) * c + sigmoid(i) * g,
            "the sigmoid is turned round: it is 1 / (1 + np.exp(-z)), with a minus": (
                sigmoid(-f) * c + sigmoid(-i) * np.tanh(g)
            ),
            "this is the old memory: the step must make a new one": c,
            "the bias is missing": step(x_t, h, c, [W, U, 0 * b])[1],
            "the old h is missing: these are the numbers without U": step(x_t, h, c, [W, 0 * U, b])[1],
            "every review gets the input of the first one: did you index the batch?": (
                step(x_t[:1], h, c, weights)[1]
            ),
            "only the first review was read: did you index the batch?": right_c[0],
        }
        judge.same_numbers("the new memory c", got[1], right_c, "(batch, units)", slips)
        judge.same_numbers(
            "the new h",
            got[0],
            right_h,
            "(batch, units)",
            {
                "h is o · c: the memory goes through tanh before the output gate shows it": (
                    sigmoid(o) * right_c
                ),
                "the output gate is missing: this is tanh(c)": np.tanh(right_c),
                "h shows the old memory: first make the new c, then h from it": sigmoid(o) * np.tanh(c),
                "h is still the old one": h,
                "the output gate has no sigmoid": o * np.tanh(right_c),
            },
        )


COUNTER = {
    "a": "o is nearly 1 already, and it multiplies tanh(c), which is 1.00 for 30 and for 50",
    "b": "the memory loses nothing: c itself is near 29 or near 48. What cannot tell them apart is tanh(c)",
    "d": "five units with equal weights say the same thing five times: each of them shows 1.00",
}


def read(
    x: Array, weights: Weights, mask: Array, states: tuple[Array, Array], padded: str = "wait"
) -> tuple[Array, Array, Array]:
    """Return all outputs, the last h and the last c; `padded` says what a padded step does."""
    h, c = states
    outputs: list[Array] = []
    for t in range(x.shape[1]):
        word: Array = mask[:, t, None]
        if padded == "stop":
            word = np.asarray(mask[:, : t + 1].all(axis=1))[:, None]
        if padded == "first review":
            word = mask[:1, t, None]
        if padded == "any review":
            word = np.asarray(mask[:, t].any())[None, None]
        if padded == "all reviews":
            word = np.asarray(mask[:, t].all())[None, None]
        new_h, new_c = step(x[:, t], h, c, weights)
        keep_h, keep_c = h, c
        if padded == "empty":
            keep_h, keep_c = 0 * h, 0 * c
        if padded in ("only h", "go on", "shown"):
            keep_c = new_c
        if padded in ("only c", "go on", "shown"):
            keep_h = new_h
        if padded == "h anew":
            keep_h = sigmoid(gates(x[:, t], h, weights)[3]) * np.tanh(c)
        h, c = np.where(word, new_h, keep_h), np.where(word, new_c, keep_c)
        shown = np.where(word, h, outputs[-1] if outputs else 0 * h) if padded == "shown" else h
        outputs.append(new_h if padded == "thrown away" else shown)
    return np.stack(outputs, axis=1), h, c


HOLES = np.array(
    [
        [1, 1, 1, 1, 1, 0, 0],
        [0, 0, 1, 1, 1, 1, 0],
        [1, 1, 1, 0, 0, 0, 0],
        [1, 0, 1, 1, 0, 1, 0],
        [0, 0, 0, 0, 0, 0, 0],
    ],
    dtype=bool,
)
PADDED_RIGHT = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 0], [1, 0, 1]], dtype=bool)


def judge_layer(my_lstm: Any) -> None:
    """Without a mask, with one, and going on from given states, with a mask and without."""
    rng = np.random.default_rng(6)
    for batch, timesteps, features, units, options in (
        (2, 4, 3, 2, {}),
        (2, 4, 3, 2, {}),
        (5, 7, 2, 3, {"mask": HOLES}),
        (4, 3, 3, 4, {"mask": PADDED_RIGHT, "initial_state": rng.normal(size=(2, 4, 4))}),
        (3, 2, 2, 5, {"mask": None, "initial_state": rng.normal(size=(2, 3, 5))}),
        (1, 1, 1, 1, {"mask": np.ones((1, 1), bool), "initial_state": rng.normal(size=(2, 1, 1))}),
    ):
        x = rng.normal(size=(batch, timesteps, features))
        W, U = rng.normal(size=(features, 4 * units)), rng.normal(size=(units, 4 * units))
        b = rng.normal(size=4 * units)
        given: dict[str, Any] = dict(options)
        mask: Array = np.ones((batch, timesteps), bool)
        if given.get("mask") is not None:
            mask = given["mask"]
        nothing = np.zeros((batch, units)), np.zeros((batch, units))
        first = nothing
        if "initial_state" in given:
            first = h, c = tuple(given["initial_state"])
            given["initial_state"] = [h, c]
        got = judge.call(my_lstm, x=x, weights=[W, U, b], **given)
        if not isinstance(got, tuple | list) or len(got) != 3:
            raise Wrong(
                f"my_lstm gives back {judge.describe(got)}, expected three arrays: all outputs, the last h, "
                "the last c"
            )
        outputs, h, c = read(x, [W, U, b], mask, first)

        def slip(padded: str, x: Array = x, mask: Array = mask, first: Any = first, b: Array = b) -> Array:
            return read(x, [W, U, b], mask, first, padded)[0]  # noqa: B023

        slips = {
            "padded steps are read like words: where the mask is False, both memories must wait": (
                slip("go on")
            ),
            "the mask is used the wrong way round: True marks a word, False marks padding": (
                slip("wait", mask=~mask)
            ),
            "a padded step sets the memories to zero: they must wait, and not be emptied": slip("empty"),
            "padded steps are read as zeros: a step with x = 0 still moves both memories, through U and b": (
                slip("go on", x=x * mask[:, :, None])
            ),
            "a padded step leaves h alone and still changes c: both memories must wait": slip("only h"),
            "a padded step leaves c alone and still changes h: both memories must wait": slip("only c"),
            "c waits at a padded step, but h is made anew from it: the output gate has read the padding": (
                slip("h anew")
            ),
            "a review ends at its first padded step; words that stand behind padding must still be read": (
                slip("stop")
            ),
            "the mask of the first review decides for all: each review has a row of its own in the mask": (
                slip("first review")
            ),
            "a step is skipped only where all reviews are padded: each review has a row of its own": (
                slip("any review")
            ),
            "a step is skipped as soon as one review is padded; the other reviews must go on meanwhile": (
                slip("all reviews")
            ),
            "the output waits at a padded step, but h and c behind it go on: both memories must wait": (
                slip("shown")
            ),
            "a padded step shows the h that was not kept: choose between old and new first, then append h": (
                slip("thrown away")
            ),
            "a padded step shows zeros; it must show again what the step before it showed": (
                outputs * mask[:, :, None]
            ),
            "the initial states are not used: begin with them, and with zeros only where there are none": (
                slip("wait", first=nothing)
            ),
            "initial_state is [h, c], h first; here the two have changed places": (
                slip("wait", first=first[::-1])
            ),
            "the bias is missing": slip("wait", b=0 * b),
            "time stands first, (timesteps, batch, units); np.stack needs axis=1": outputs.swapaxes(0, 1),
            "these are the outputs of the last step alone; collect the h of every step": h,
        }
        judge.same_numbers("the array of outputs", got[0], outputs, "(batch, timesteps, units)", slips)
        last = {"the second array is the last c; the order is all outputs, the last h, the last c": c}
        judge.same_numbers("the last h", got[1], h, "(batch, units)", last)
        last = {
            "the third array is the last h; the memory c is not in the outputs, and goes back with them": h
        }
        judge.same_numbers("the last c", got[2], c, "(batch, units)", last)


HIGHER = "there more than a tenth is left, but a smaller scale leaves a tenth already: take the first one"
AS_IT_IS = (
    "that is the edge of the lesson's inputs; multiply x_long by the size before you change its first step"
)
FIRST_ABOVE = (
    "look for the smallest scale whose share at index 50 of influence is 0.1 or more; try 1.0, 1.1, …"
)

EDGE = {
    "b": "it is, and so is the distance after the first step, by which influence divides",
    "c": "U is the same matrix for all inputs; the inputs go through W",
    "d": "what is left is a share of the change, and the length of the state is not in it. Which slope has "
    "tanh where the state is long?",
}


def judge_edge(
    edge_of_half: object, edge_as_it_is: object, edge_of_double: object, choice: object, because: object
) -> None:
    """Scales of U that leave a tenth of a change after 50 steps, for three sizes of the inputs."""
    judge.a_count("edge_of_half", edge_of_half, 1.3, {1.6: AS_IT_IS, 1.5: HIGHER}, FIRST_ABOVE)
    lesson_1 = "there 0.02 is left, less than a tenth; lesson 1 has other inputs"
    judge.a_count("edge_as_it_is", edge_as_it_is, 1.6, {1.5: lesson_1, 1.8: HIGHER}, FIRST_ABOVE)
    judge.a_count("edge_of_double", edge_of_double, 2.1, {1.6: AS_IT_IS, 2.3: HIGHER}, FIRST_ABOVE)
    judge.a_choice(choice, because, "a", EDGE)


EXERCISES = (
    Exercise(
        number="5.1",
        kind="Predict",
        answers=("kernel_shape", "recurrent_kernel_shape", "forget_starts", "weight_count"),
        judge=judge_sizes,
        hints=(
            "One of the four layers inside an LSTM is as large as a SimpleRNN: 5 features, 7 units.",
            "Four such blocks stand side by side, in the order i, f, c, o: 4 · 7 columns.",
            "One block has 5 · 7 + 7 · 7 + 7 numbers. The first block has the columns 0 to 6.",
        ),
        solution="""
kernel_shape = (5, 28)
recurrent_kernel_shape = (7, 28)
forget_starts = 7
weight_count = 364
""",
        why="4 · (5 · 7 + 7 · 7 + 7) = 364. The columns 7 to 13 belong to the forget gate; with the bias "
        "there you set how long a fresh LSTM remembers.",
    ),
    Exercise(
        number="5.2",
        kind="Code",
        answers=("my_lstm_step",),
        judge=judge_step,
        hints=(
            "Three moves: the sums of all four blocks at once; the new memory c; the new h from the new c.",
            "z = x_t @ kernel + h @ recurrent_kernel + bias is (batch, 4 · units). np.split(z, 4, axis=1) "
            "cuts it into i, f, c, o.",
            "i, f and o go through the sigmoid 1 / (1 + np.exp(-z)), the candidate through np.tanh. "
            "The new c is f times the old c plus i times the candidate; the new h is o times tanh "
            "of the new c.",
        ),
        solution='''
def my_lstm_step(x_t, states, weights):
    """One step: (batch, features), [h, c], [kernel, recurrent_kernel, bias] -> the new [h, c]."""

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    h, c = states
    kernel, recurrent_kernel, bias = weights
    z = x_t @ kernel + h @ recurrent_kernel + bias  # (batch, 4 * units)
    i, f, g, o = np.split(z, 4, axis=1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    return [h, c]
''',
        why="This is an LSTMCell: give it the weights of a Keras cell, and it gives Keras's numbers. "
        "One line more than a SimpleRNN makes the memory, and one line more shows it.",
    ),
    Exercise(
        number="5.3",
        kind="Think",
        answers=("choice", "because"),
        judge=lambda choice, because: judge.a_choice(choice, because, "c", COUNTER),
        hints=(
            "Work out c after 30 and after 50 times the word. Then work out h for both.",
            "tanh tells two numbers apart only where it is not flat. How could both counts lie there?",
        ),
        solution="""
choice = "c"
because = "Then 50 of them add up to about 1, where tanh is steep, and each count shows another h."
""",
        why="Compare your reason with this one: with steps of about 0.02, the counts 30 and 50 leave 0.6 and "
        "1.0 in c, and h is about 0.54 and 0.76. A memory can hold what its output cannot show.",
    ),
    Exercise(
        number="5.4",
        kind="Code",
        answers=("my_lstm",),
        judge=judge_layer,
        hints=(
            "Begin without mask: the step of exercise 5.2 in a loop over x.shape[1], from zeros of shape "
            "(batch, units), and a list of all h. units is recurrent_kernel.shape[0].",
            "With a mask, compute every step for all reviews, then choose: np.where(word, new, old), where "
            "word is True for the reviews that have a word at step t. Do so for h and for c.",
            "word = mask[:, t, None] is (batch, 1) and fits beside (batch, units). Append the chosen h: then "
            "a padded step shows again what the step before it showed, and zeros before the first word.",
            "Where mask is None, let every step be a word: np.ones(x.shape[:2], dtype=bool). Where "
            "initial_state is None, begin with zeros; else h, c = initial_state.",
        ),
        solution='''
def my_lstm(x, weights, mask=None, initial_state=None):
    """All outputs (batch, timesteps, units), the last h and the last c, each (batch, units)."""

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    kernel, recurrent_kernel, bias = weights
    units = recurrent_kernel.shape[0]
    if mask is None:
        mask = np.ones(x.shape[:2], dtype=bool)  # every step is a word
    if initial_state is None:
        initial_state = [np.zeros((len(x), units)), np.zeros((len(x), units))]
    h, c = initial_state
    outputs = []
    for t in range(x.shape[1]):
        z = x[:, t] @ kernel + h @ recurrent_kernel + bias
        i, f, g, o = np.split(z, 4, axis=1)
        new_c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        new_h = sigmoid(o) * np.tanh(new_c)
        word = mask[:, t, None]  # (batch, 1)
        h, c = np.where(word, new_h, h), np.where(word, new_c, c)
        outputs.append(h)
    return np.stack(outputs, axis=1), h, c
''',
        why="This is LSTM(units, return_sequences=True, return_state=True), called with mask= and "
        "initial_state=. With it you can read reviews of any length in one batch, and go on reading later. "
        "With initial_state, Keras shows zeros at padding before the first word; the given h is fine too.",
    ),
    Exercise(
        number="5.5",
        kind="Code",
        answers=("edge_of_half", "edge_as_it_is", "edge_of_double", "choice", "because"),
        judge=judge_edge,
        hints=(
            "Copy the cell with influence and give it an argument more: size. Both sequences then begin with "
            "size * x_long, and the change is added to the first step of one of them.",
            "scales = np.arange(10, 31) / 10. For one size: shares = "
            "[influence(scale * orthogonal, size)[50] for scale in scales]; draw them with "
            "axis.semilogy(scales, shares), and a line at 0.1.",
            "For the reason, print the mean slope, np.mean(1 - states**2), at one scale for all three sizes.",
        ),
        solution="""
# def influence(recurrent_kernel, size, change=1e-5):
#     first = size * x_long
#     changed = first.copy()
#     changed[0] += change
#     states, others = (simple_rnn(x, rnn_kernel, recurrent_kernel) for x in (first, changed))
#     distance = np.linalg.norm(states - others, axis=1)
#     return distance / distance[0]
#
# scales = np.arange(10, 31) / 10
# for size in (0.5, 1, 2):
#     shares = [influence(scale * orthogonal, size)[50] for scale in scales]
#     plots.plt.semilogy(scales, shares, label=size)
# plots.plt.axhline(0.1)
edge_of_half = 1.3
edge_as_it_is = 1.6
edge_of_double = 2.1
choice = "a"
because = "Larger inputs drive tanh to where it is flat, so each step takes away more."
""",
        why="No scale of U is right for all inputs: the edge moves with the slopes of tanh. Above the edge "
        "the curves jump about: there a tiny change decides all.",
    ),
)
