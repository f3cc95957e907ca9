"""Exercises of lesson 4: counting, a stack, `return_sequences`, reading both ways, who knows which word."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from course_utils.checks import Array
from course_utils.exercises import judge
from course_utils.exercises.judge import Exercise, Wrong

Weights = Sequence[Array]


def judge_counts(
    table_count: object, reader_count: object, both_ways_count: object, verdict_count: object
) -> None:
    """Embedding 5,000 × 8, SimpleRNN 16, Bidirectional SimpleRNN 10, Dense 1; 200 timesteps."""
    steps = "200 is the number of timesteps; no weight knows it"
    judge.a_count(
        "table_count",
        table_count,
        40_000,
        {1_600: steps, 45_000: "an embedding is a table without bias", 40_008: "an embedding has no bias"},
        "an embedding has one row for each of the 5,000 words, with 8 numbers in it",
    )
    judge.a_count(
        "reader_count",
        reader_count,
        400,
        {
            384: "kernel and recurrent kernel are in it; the bias is not",
            144: "kernel and bias are in it; the recurrent kernel, units by units, is not",
            208: "the recurrent kernel is 16 by 16: it multiplies the old state, not the input",
            80_000: steps,
        },
        "features · units + units · units + units, and the features are the 8 numbers of a word vector",
    )
    judge.a_count(
        "both_ways_count",
        both_ways_count,
        540,
        {
            270: "that is one direction; a bidirectional layer has two, each with weights of its own",
            380: "it reads the 16 units of the layer below, and not the 8 numbers of a word vector",
            520: "a bias is missing in each direction",
            860: "the 32 would be right above a bidirectional layer; the layer below reads one way",
        },
        "twice the formula of a simple recurrent layer; the features are the units of the layer below",
    )
    judge.a_count(
        "verdict_count",
        verdict_count,
        21,
        {
            11: "both directions are handed on, side by side: 20 features",
            20: "the kernel is in it; the bias is not",
            4_001: steps,
            17: "it stands on the bidirectional layer, not on the one below it",
        },
        "a dense layer has features · units + units",
    )


def draw_cell(rng: np.random.Generator, features: int, units: int) -> list[Array]:
    """Return W, U and b of one cell."""
    return [rng.normal(size=shape) for shape in ((features, units), (units, units), (units,))]


def read(x: Array, weights: Weights, first: Any = 0.0) -> Array:
    """Return all states of one cell, (batch, timesteps, units)."""
    W, U, b = weights
    h, states = np.zeros((len(x), len(b))) + first, []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W + h @ U + b)
        states.append(h)
    return np.stack(states, axis=1)


def read_stack(x: Array, stack: Sequence[Weights]) -> Array:
    """Return all states of the top cell."""
    for weights in stack:
        x = read(x, weights)
    return x


def judge_stack(run_stack: Any) -> None:
    """Stacks of different and of equal sizes, of one to five cells; one review, one timestep, one unit."""
    cases = (
        ((3, 3, 3, 3), 3, 3),
        ((4, 3, 2), 4, 5),
        ((4, 3, 2), 4, 5),
        ((5, 2), 2, 6),
        ((1, 1), 1, 1),
        ((2, 4, 3, 2, 5, 1), 1, 3),
    )
    for seed, (sizes, batch, timesteps) in enumerate(cases):
        rng = np.random.default_rng(10 + seed)
        stack = [draw_cell(rng, a, b) for a, b in pairwise(sizes)]
        x = rng.normal(size=(batch, timesteps, sizes[0]))
        right = read_stack(x, stack)
        slips: dict[str, Array] = {
            "these are the outputs of the lowest cell: the cells above it have not read them": read(
                x, stack[0]
            ),
            "these are the last outputs alone; collect the top cell's output of every step": right[:, -1],
            "the bias is missing": read_stack(x, [(W, U, 0 * b) for W, U, b in stack]),
            "time stands first, (timesteps, batch, units); np.stack needs axis=1": right.swapaxes(0, 1),
        }
        if seed == 0:
            slips["the cells are in the wrong order: the first of the list is the lowest"] = read_stack(
                x, stack[::-1]
            )
            slips["every cell reads x: the upper ones must read the output of the cell below"] = read(
                x, stack[-1]
            )
            slips["all levels use the weights of the first cell"] = read_stack(x, [stack[0]] * len(stack))
            slips["the cells share one state: each needs a state of its own"] = sharing(x, stack)
            swapped = x
            for weights in stack:
                swapped = read(swapped, weights).swapaxes(0, 1)
            slips["time stands first between two levels; np.stack needs axis=1"] = swapped
            level, last = x, np.zeros((len(x), sizes[0]))
            for weights in stack:
                level = read(level, weights, last)
                last = level[:, -1]
            slips["a state leaks from one cell into the next: begin every cell with zeros"] = level
        got = judge.call(run_stack, x=x, stack=stack)
        judge.same_numbers("the result", got, right, "(batch, timesteps, units of the top)", slips)


def sharing(x: Array, stack: Sequence[Weights]) -> Array:
    """Return the outputs of the slip `h = step(h, h)`: one state for all cells of equal size."""
    h, outputs = np.zeros((len(x), len(stack[0][2]))), []
    for t in range(x.shape[1]):
        below = x[:, t]
        for W, U, b in stack:
            h = below = np.tanh(below @ W + h @ U + b)
        outputs.append(h)
    return np.stack(outputs, axis=1)


SEQUENCES = {
    "a": "then the top layer hands on a sequence, and Dense answers at every word: 200 verdicts a review",
    "c": "then the second layer gets (batch, units) without a time axis, and Keras refuses: expected ndim=3",
    "d": "then the lowest layer already hands on its last state alone, and nothing is left to read above it",
}


def read_both_ways(x: Array, forward: Weights, backward: Weights) -> Array:
    """Return the outputs of a bidirectional layer, (batch, timesteps, 2 * units)."""
    return np.concatenate([read(x, forward), read(x[:, ::-1], backward)[:, ::-1]], axis=-1)


def judge_both_ways(run_both_ways: Any) -> None:
    """One level, three of one size and of three, five; the last states of the top stand at both ends."""
    cases = (
        ((2,), 3, 5, 4),
        ((2, 2, 2), 3, 5, 4),
        ((3, 2, 4), 2, 6, 5),
        ((3, 2, 4), 2, 6, 5),
        ((1,), 1, 1, 1),
        ((2, 1, 3, 1, 2), 1, 4, 3),
    )
    for seed, (sizes, batch, timesteps, first) in enumerate(cases):
        rng = np.random.default_rng(20 + seed)
        features = first
        stack = []
        for units in sizes:
            stack.append((draw_cell(rng, features, units), draw_cell(rng, features, units)))
            features = 2 * units
        x = rng.normal(size=(batch, timesteps, first))
        below = x
        for forward, backward in stack[:-1]:
            below = read_both_ways(below, forward, backward)
        forward, backward = stack[-1]
        ahead, turned = read(below, forward), read(below[:, ::-1], backward)[:, ::-1]
        right = np.concatenate([ahead[:, -1], turned[:, 0]], axis=-1)
        not_turned, halves = x, x
        for one, other in stack[:-1]:
            not_turned = np.concatenate([read(not_turned, one), read(not_turned[:, ::-1], other)], axis=-1)
            halves = np.concatenate([read(halves, one), read(halves, other)], axis=-1)
        slips = {
            "the backward half has read one word: its last state stands at place 0 after turning": (
                np.concatenate([ahead[:, -1], turned[:, -1]], axis=-1)
            ),
            "these are the outputs of all steps; the top level hands out the last state of each reader": (
                np.concatenate([ahead, turned], axis=-1)
            ),
            "the backward half stands first; it belongs behind the forward half": (
                np.concatenate([turned[:, 0], ahead[:, -1]], axis=-1)
            ),
            "this is the forward reader alone": ahead[:, -1],
            "the halves are added; put them side by side, as concat does": ahead[:, -1] + turned[:, 0],
            "both readers go forward: the backward one must read x[:, ::-1]": np.concatenate(
                [read(halves, forward)[:, -1], read(halves, backward)[:, -1]], axis=-1
            ),
            "the backward reader has the forward weights": np.concatenate(
                [ahead[:, -1], read(below[:, ::-1], forward)[:, -1]], axis=-1
            ),
            "the backward outputs are not turned round again between the levels": np.concatenate(
                [read(not_turned, forward)[:, -1], read(not_turned[:, ::-1], backward)[:, -1]], axis=-1
            ),
            "the backward reader reads forward: x[:, ::-1] turns time round, x[::-1] the batch": (
                np.concatenate([ahead[:, -1], read(below, backward)[:, 0]], axis=-1)
            ),
        }
        got = judge.call(run_both_ways, x=x, stack=stack)
        judge.same_numbers("the result", got, right, "(batch, 2 · units of the top level)", slips)


def judge_influence(
    forward_on_forward: object, forward_on_backward: object, known_at_first_place: object
) -> None:
    """What the lesson's matrices show for stacks of two layers on five words."""
    judge.a_count(
        "forward_on_forward",
        forward_on_forward,
        15,
        {
            25: "an upper layer adds no arrow from the right: no state can know a later word",
            10: "the diagonal counts, too: a state knows its own word",
            5: "the upper layer keeps what the lower one knew of the words before",
        },
        "count the ones of the first matrix; they form a triangle",
    )
    judge.a_count(
        "forward_on_backward",
        forward_on_backward,
        25,
        {
            15: "that is one triangle: was the backward layer turned round again, with [:, ::-1]?",
            20: "look again at the corners of the second matrix",
        },
        "at every place the lower state knows the words from there on; the upper one adds those before",
    )
    if not isinstance(known_at_first_place, str):
        raise Wrong(f"known_at_first_place is {judge.describe(known_at_first_place)}, expected a word")
    word = known_at_first_place.strip().lower()
    if word == "the":
        raise Wrong("known_at_first_place: 'the' would stand there if the backward layer had been turned")
    if word not in ("film", "was", "not", "bad"):
        raise Wrong(f"known_at_first_place is {known_at_first_place!r}, expected one of the five words")
    if word != "bad":
        raise Wrong(f"known_at_first_place: {word!r} has a 0 there; read the top row of the third matrix")


EXERCISES = (
    Exercise(
        number="4.1",
        kind="Predict",
        answers=("table_count", "reader_count", "both_ways_count", "verdict_count"),
        judge=judge_counts,
        hints=(
            "Write beside each layer what it reads (features) and what it hands on (units).",
            "8 numbers a word go into the reader; its 16 units go into the bidirectional layer.",
            "The bidirectional layer is two layers of 10 units, and hands on 20 numbers.",
        ),
        solution="""
table_count = 40_000
reader_count = 400
both_ways_count = 540
verdict_count = 21
""",
        why="40,000 + (8·16 + 16·16 + 16) + 2·(16·10 + 10·10 + 10) + (20 + 1) = 40,961.",
    ),
    Exercise(
        number="4.2",
        kind="Code",
        answers=("run_stack",),
        judge=judge_stack,
        hints=(
            "Choose an order of work: the layers inside the time loop, or the time loop inside each layer.",
            "Layer by layer: a loop over the stack, in it fresh zeros and a time loop; the array of all "
            "states is the x of the next cell.",
            "zeros: np.zeros((len(x), len(bias))); all states: np.stack(states, axis=1).",
        ),
        solution='''
def run_stack(x, stack):
    """All outputs of the top cell: (batch, timesteps, features) -> (batch, timesteps, units)."""
    for kernel, recurrent_kernel, bias in stack:
        h = np.zeros((len(x), len(bias)))  # (batch, units)
        states = []
        for t in range(x.shape[1]):
            h = np.tanh(x[:, t] @ kernel + h @ recurrent_kernel + bias)
            states.append(h)
        x = np.stack(states, axis=1)  # what the next cell reads
    return x
''',
        why="One cell, three or thirty: the height of the stack is only the length of a list.",
    ),
    Exercise(
        number="4.3",
        kind="Think",
        answers=("choice", "because"),
        judge=lambda choice, because: judge.a_choice(choice, because, "b", SEQUENCES),
        hints=(
            "Write the output shape of every layer beside it, from the lowest up. Who needs a time axis?",
            "A recurrent layer needs one. A Dense layer that answers once for each review must get none.",
        ),
        solution="""
choice = "b"
because = "A recurrent layer above needs the whole sequence, and the verdict needs one vector."
""",
        why="Compare your reason with this one: each recurrent layer that has another above it hands on its "
        "sequence, and the top one its last state, because Dense is to answer once a review.",
    ),
    Exercise(
        number="4.4",
        kind="Code",
        answers=("run_both_ways",),
        judge=judge_both_ways,
        hints=(
            "Write a function for one reader first: all states of one cell, (batch, timesteps, units).",
            "A level: read x with the forward weights and x[:, ::-1] with the backward weights. Turn the "
            "second result round again, then join the two along the last axis: the x of the next level.",
            "At the top: the forward reader's last state is at place -1. The backward reader, once turned, "
            "ends at place 0.",
        ),
        solution='''
def run_both_ways(x, stack):
    """Last states of the top level: (batch, timesteps, features) -> (batch, 2 * units)."""

    def read(x, kernel, recurrent_kernel, bias):
        h, states = np.zeros((len(x), len(bias))), []
        for t in range(x.shape[1]):
            h = np.tanh(x[:, t] @ kernel + h @ recurrent_kernel + bias)
            states.append(h)
        return np.stack(states, axis=1)

    for forward, backward in stack:
        ahead = read(x, *forward)
        turned = read(x[:, ::-1], *backward)[:, ::-1]  # in the order of the words again
        x = np.concatenate([ahead, turned], axis=-1)  # what the next level reads
    return np.concatenate([ahead[:, -1], turned[:, 0]], axis=-1)
''',
        why="This is a stack of Bidirectional(SimpleRNN) layers, the net of this lesson's end, in one loop.",
    ),
    Exercise(
        number="4.5",
        kind="Code",
        answers=("forward_on_forward", "forward_on_backward", "known_at_first_place"),
        judge=judge_influence,
        hints=(
            "Before the dict: top = new_weights(3, 3, seed=8), and def back(x): return run_layer(x[:, ::-1], "
            "backward).",
            'The first reader is "forward on forward": lambda x: run_layer(run_layer(x, forward), top). The '
            "figure takes the names from the dict.",
            "A row is an output, a column the word that was changed. In the third matrix read the top row.",
        ),
        solution="""
forward_on_forward = 15
forward_on_backward = 25
known_at_first_place = "bad"
""",
        why="Two forward layers know no more words than one. Forward on backward knows all, at every place: "
        "one layer of each direction is enough, if the lower one is turned round. Without the turning the "
        "first place holds the state of the last word, and no error says so.",
    ),
)
