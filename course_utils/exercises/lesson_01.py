"""Exercises of lesson 1: shapes, the loop over a batch, saturation, a memory set by hand."""

from typing import Any

import numpy as np

from course_utils.checks import Array
from course_utils.exercises import judge
from course_utils.exercises.judge import Exercise, Wrong


def judge_shapes(kernel_shape: object, recurrent_kernel_shape: object, weight_count: object) -> None:
    """7 timesteps, 5 features, 3 units."""
    per_word = "7 is the number of timesteps, and no weight knows it: every step uses the same weights"
    judge.a_shape(
        "kernel_shape",
        kernel_shape,
        (5, 3),
        {
            (3, 5): "that is W where books write W x; in x @ W the features are the rows",
            (7, 3): per_word,
            (7, 5): "that is the whole input; W multiplies one row of it",
            (5, 5): "the result must have 3 numbers, one a unit",
            (3, 3): "W multiplies the input, which has 5 features",
        },
    )
    judge.a_shape(
        "recurrent_kernel_shape",
        recurrent_kernel_shape,
        (3, 3),
        {
            (5, 3): "that is W; U multiplies the old state, which has 3 numbers",
            (3, 5): "the new state has 3 numbers, as the old one has",
            (5, 5): "U multiplies the old state, which has 3 numbers and not 5",
            (7, 3): per_word,
        },
    )
    judge.a_count(
        "weight_count",
        weight_count,
        27,
        {
            24: "W and U are in it; the bias is not",
            18: "W and the bias are in it; U is not",
            15: "that is W alone",
            189: per_word,
            108: "that is 3 units on 7 · 5 numbers laid end to end; the loop reads one word at a time",
        },
        "add up the sizes of W, U and b",
    )


def states_by_formula(
    x: Array, kernel: Array, recurrent_kernel: Array, bias: Array, activation: Any = np.tanh
) -> Array:
    """Return all states of a batch, (batch, timesteps, units)."""
    state, states = np.zeros((len(x), len(bias))), []
    for t in range(x.shape[1]):
        state = activation(x[:, t] @ kernel + state @ recurrent_kernel + bias)
        states.append(state)
    return np.stack(states, axis=1)


def judge_loop(run_batch: Any) -> None:
    """Compare with the formula: all sizes equal, all different (twice, with other numbers), some 1."""
    rng = np.random.default_rng(1)
    for batch, timesteps, features, units in (
        (3, 3, 3, 3),
        (2, 5, 4, 3),
        (2, 5, 4, 3),
        (1, 1, 2, 4),
        (4, 2, 1, 1),
    ):
        x = rng.normal(size=(batch, timesteps, features))
        W, U, b = (rng.normal(size=shape) for shape in ((features, units), (units, units), (units,)))
        right = states_by_formula(x, W, U, b)
        got = judge.call(run_batch, x=x, kernel=W, recurrent_kernel=U, bias=b)
        nothing = np.zeros_like(U)
        leaking = states_by_formula(x.reshape(1, -1, features), W, U, b).reshape(right.shape)
        slips = {
            "these are the last states alone, (batch, units); collect the state of every step": right[:, -1],
            "time stands first, (timesteps, batch, units); np.stack needs axis=1": right.swapaxes(0, 1),
            "every timestep holds the last state: the list holds one array many times, changed in place": (
                np.repeat(right[:, -1:], timesteps, axis=1)
            ),
            "the state is not carried on: these are the numbers of a network without U": (
                states_by_formula(x, W, nothing, b)
            ),
            "the state of one review leaks into the next: start each review from zeros": leaking,
            "tanh is missing: these are the numbers of the bare sums": (
                states_by_formula(x, W, U, b, activation=lambda total: total)
            ),
            "the bias is missing": states_by_formula(x, W, U, 0 * b),
            "these are the numbers of the transposed recurrent kernel": states_by_formula(x, W, U.T, b),
            "the state is the sum of all outputs: it must be replaced, not added to": (adding_up(x, W, U, b)),
        }
        if features == units:
            slips["these are the numbers of the transposed kernel"] = states_by_formula(x, W.T, U, b)
            slips["x[t] is review t; step t of all reviews is x[:, t]"] = states_by_formula(
                x.swapaxes(0, 1), W, U, b
            )
            slips["W and U have changed places"] = states_by_formula(x, U, W, b)
        judge.same_numbers("the result", got, right, "(batch, timesteps, units)", slips)


def adding_up(x: Array, kernel: Array, recurrent_kernel: Array, bias: Array) -> Array:
    """Return the states of the slip `state += tanh(...)`."""
    state, states = np.zeros((len(x), len(bias))), []
    for t in range(x.shape[1]):
        state = state + np.tanh(x[:, t] @ kernel + state @ recurrent_kernel + bias)
        states.append(state)
    return np.stack(states, axis=1)


SATURATION = {
    "a": "the states are saturated from the first step on, so a shorter sequence ends in the same 1.0",
    "b": "the bias is one of 97 terms, ½ of a sum of about 40; the other 96 are still positive",
    "d": "every unit more adds a positive term to every sum: it moves further out to where tanh is flat",
}


def judge_switch(switch_weights: Any) -> None:
    """Read sequences with the weights; the sign of the last state is the memory."""
    answer = judge.call(switch_weights)
    if not isinstance(answer, tuple | list) or len(answer) != 3:
        raise Wrong(
            f"switch_weights gives back {judge.describe(answer)}, expected three arrays: "
            "kernel, recurrent_kernel, bias"
        )
    names, shapes = ("kernel", "recurrent_kernel", "bias"), ((1, 1), (1, 1), (1,))
    for name, weight, shape in zip(names, answer, shapes, strict=True):
        if np.shape(weight) != shape:
            raise Wrong(f"{name} has shape {np.shape(weight)}, expected {shape}: one feature, one unit")
    weights = [np.asarray(weight, dtype=float) for weight in answer]
    rng = np.random.default_rng(2)
    sequences = [[1, 0], [-1, 0], [1, *[0] * 20], [1, *[0] * 200], [-1, *[0] * 200]]
    sequences += [[1, -1, 0], [-1, 1, 0], [1] * 9 + [-1] + [0] * 50, [-1] * 9 + [1] + [0] * 50]
    sequences += [[1, *rng.choice([-1, 0, 1], 60, p=[0.1, 0.8, 0.1])] for _ in range(50)]
    for numbers in sequences:
        steps = np.array(numbers, dtype=float)
        states = states_by_formula(steps[None, :, None], *weights)[0, :, 0]
        t = int(np.flatnonzero(steps)[-1])
        if not states[-1] * steps[t] > 0.5:
            raise Wrong(switch_reason(steps, t, states))


def switch_reason(steps: Array, t: int, states: Array) -> str:
    """Say what a wrong switch did: whether it ever turned over decides between W and U."""
    last, after = states[-1], len(steps) - 1 - t
    seen = f"the last number that was not 0 is {steps[t]:+.0f}"
    if after:
        seen += f", {after} step{'s' if after > 1 else ''} before the end"
    seen += f"; the last state is {last:.2f}, expected "
    seen += "more than 0.5" if steps[t] > 0 else "less than -0.5"
    if not np.isfinite(states).all():
        return seen
    arrived, before = states[t] * steps[t], steps[:t][steps[:t] != 0]
    if arrived <= 0.5 and len(before) and before[-1] != steps[t]:
        return seen + (
            f". It was {states[t]:.2f} already at that number: W is too weak to turn over what U holds"
        )
    if abs(last) <= 0.5 < arrived:
        return seen + ". It was there and forgets: ask what U does to a state that meets zeros only"
    return seen + ". It prefers one side, or changes sides by itself: look at the signs of W, U and b"


EDGES = {  # where the curves cross, read from the figure, and how far a reading may be off
    "edge_of_small": (1.06, 0.09, "all inputs divided by ten"),
    "edge_of_large": (2.2, 0.2, "all inputs three times as large"),
}
EDGE_OF_LESSON = (1.45, 1.65)
MOVED = {
    "a": "the figure shows how long a change lives, not how much there is to keep; the change is the same",
    "c": "what is drawn is the share of the change that is left, so its size is not in it",
    "d": "the inputs meet W; U is what it was",
}


def judge_edge(edge_of_small: object, edge_of_large: object, choice: object, because: object) -> None:
    """Two readings of a figure, and why they differ."""
    for (name, (edge, slack, change)), got in zip(EDGES.items(), (edge_of_small, edge_of_large), strict=True):
        number = judge.plain_number(name, got)
        if abs(number - edge) <= slack:
            continue
        if EDGE_OF_LESSON[0] <= number <= EDGE_OF_LESSON[1]:
            raise Wrong(f"{name} {got}: that is the edge of the lesson's own inputs; run it with {change}")
        raise Wrong(
            f"{name} {got}: not near the place where the curves cross the black line with {change}; "
            "the black line is at 1, which is 10⁰ on this scale"
        )
    judge.a_choice(choice, because, "b", MOVED)


EXERCISES = (
    Exercise(
        number="1.1",
        kind="Predict",
        answers=("kernel_shape", "recurrent_kernel_shape", "weight_count"),
        judge=judge_shapes,
        hints=(
            "In x_t @ W the inner sizes must be equal, and they vanish. What goes in, what must come out?",
            "x_t has 5 numbers and the state has 3: (5,) @ W -> (3,), and (3,) @ U -> (3,).",
            "The weights are all numbers in W, U and b; b has one number a unit.",
        ),
        solution="""
kernel_shape = (5, 3)
recurrent_kernel_shape = (3, 3)
weight_count = 27
""",
        why="5 · 3 + 3 · 3 + 3 = 27, and the 7 timesteps are not in it: all steps share the weights.",
    ),
    Exercise(
        number="1.2",
        kind="Code",
        answers=("run_batch",),
        judge=judge_loop,
        hints=(
            "You need three things: a first state of zeros, a loop over timesteps, a stack of the states.",
            "x[:, t] is step t of all reviews, (batch, features). The state is (batch, units).",
            "In the loop: state = np.tanh(x[:, t] @ kernel + state @ recurrent_kernel + bias), and append it "
            "to a list. At the end: np.stack(outputs, axis=1).",
        ),
        solution='''
def run_batch(x, kernel, recurrent_kernel, bias):
    """All states: (batch, timesteps, features) -> (batch, timesteps, units)."""
    state = np.zeros((len(x), len(bias)))  # (batch, units)
    outputs = []
    for t in range(x.shape[1]):
        state = np.tanh(x[:, t] @ kernel + state @ recurrent_kernel + bias)
        outputs.append(state)
    return np.stack(outputs, axis=1)
''',
        why="This loop is a SimpleRNN layer: whole, and with nothing in it that you have not written.",
    ),
    Exercise(
        number="1.3",
        kind="Think",
        answers=("choice", "because"),
        judge=lambda choice, because: judge.a_choice(choice, because, "c", SATURATION),
        hints=(
            "Look at the sum that goes into tanh: 97 terms. Which change makes terms cancel each other?",
            "tanh is steep only near zero. Which change puts the sums near zero, and keeps them there?",
        ),
        solution="""
choice = "c"
because = "Around zero the terms of the sum cancel, and small weights keep it where tanh is steep."
""",
        why="Compare your reason with this one: weights around zero let terms cancel, and Glorot's scale "
        "keeps the spread of the sum where tanh is steep. The other changes leave 96 or more positive terms.",
    ),
    Exercise(
        number="1.4",
        kind="Code",
        answers=("switch_weights",),
        judge=judge_switch,
        hints=(
            "First the zeros: with input 0 the state becomes tanh(u · h). Draw tanh(u · h) and h over h, "
            "for u = 0.8 and for u = 3. Where do they cross?",
            "For u larger than 1 they cross at a state far from 0, and the loop stays there for ever: "
            "the flat end of tanh, which was the enemy in this lesson, holds a memory.",
            "Now w: at the input −1 the sum w · (−1) + u · h must be clearly negative, "
            "also where h is at its upper crossing. So w must be clearly larger than u.",
        ),
        solution='''
def switch_weights():
    """Kernel (1, 1), recurrent kernel (1, 1) and bias (1,) of a switch."""
    kernel = np.array([[8.0]])  # stronger than what U holds: an input turns the state over
    recurrent_kernel = np.array([[3.0]])  # more than 1: tanh(3 h) = h holds near -1 and near +1
    bias = np.array([0.0])  # no side is preferred
    return kernel, recurrent_kernel, bias
''',
        why="With u above 1 the loop has two states in which it stays, one below 0 and one above: the "
        "bend of tanh holds it there. The stronger it holds, the flatter tanh is at these states; lesson 7 "
        "shows what flat places cost in training.",
    ),
    Exercise(
        number="1.5",
        kind="Code",
        answers=("edge_of_small", "edge_of_large", "choice", "because"),
        judge=judge_edge,
        hints=(
            'The function sweep stands in the section "The state is a memory". Run the cells up to it, then '
            "sweep(inputs / 10) in a cell of your own.",
            "Under the black line the change has faded, over it the change has grown. Read the scale below "
            "the place where the three curves cross it.",
            "The sums that go into tanh are x W + h U + b. What happens to them, and to the slope of tanh, "
            "when x becomes small?",
        ),
        solution="""
edge_of_small = 1.05
edge_of_large = 2.2
choice = "b"
because = "Small inputs leave tanh near zero, where its slope is nearly 1, so U shortens nothing."
""",
        why="tanh takes away what its slope is short of 1, and U must give it back. With small inputs the "
        "slopes are near 1 and the edge is just above 1; with large ones tanh is flat more often, and the "
        "edge moves out. So no scale of U is right for all inputs.",
    ),
)
