"""Exercises of lesson 6: mixing and counting, both GRU steps, a bound, a switch, a bias for a distance."""

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import numpy as np

from course_utils.exercises import judge
from course_utils.exercises.judge import Exercise, Wrong
from course_utils.layers import Array, sigmoid

Weights = Sequence[Array]


def judge_mixture(new_state: object, turned_state: object, bias_shape: object, weight_count: object) -> None:
    """Mix 0.8 between 0.5 and -0.5; 6 units on 3 features."""
    judge.a_count(
        "new_state",
        new_state,
        0.3,
        {
            -0.3: "that is the mixture of Chung et al.; in Keras z is the share of the old state that stays",
            0.4: "that is what stays of the old state; the candidate fills the rest",
            0.5: "that is the old state as it was; only z = 1 leaves it so",
            -0.1: "that is the candidate's share; a part of the old state stays as well",
            0: "that is the mixture for z = 0.5, half of each",
        },
        "keep 0.8 of the old state, and fill the rest with the candidate",
    )
    judge.a_count(
        "turned_state",
        turned_state,
        -0.3,
        {
            0.3: "that is Keras's mixture; Chung et al. give the share z to the candidate",
            -0.4: "that is the candidate's share; the rest of the old state comes to it",
        },
        "here 0.8 is the share of the candidate, and the old state fills the rest",
    )
    judge.a_shape(
        "bias_shape",
        bias_shape,
        (2, 18),
        {
            (
                18,
            ): "that is the bias of reset_after=False; Keras's default has a second one under the reset gate",
            (2, 12): "the candidate has columns too, beside the two gates",
            (2, 24): "a GRU has three blocks, not four",
            (2, 6): "each row serves three blocks: z, r and the candidate",
            (3, 6): "the three blocks lie side by side in one row; the rows have another meaning",
            (36,): "the numbers are as many as they should be; they stand in two rows",
            (18, 2): "the rows are the two biases, the columns those of the kernel",
            (2, 9): "3 is the number of features; a bias has one number for each unit and block",
        },
    )
    judge.a_count(
        "weight_count",
        weight_count,
        198,
        {
            180: "that is reset_after=False; the default has two biases",
            162: "kernel and recurrent kernel are in it; the biases are not",
            66: "that is one block; a GRU has three",
            240: "that is an LSTM of this size, with four blocks and one bias",
            264: "a GRU has three blocks, not four",
        },
        "add up 3 · 18, 6 · 18 and the two rows of the bias",
    )


def step_before(x_t: Array, h: Array, weights: Weights) -> Array:
    """Return the new state by the textbook formula."""
    z, r, x_h, U_h = parts(x_t, h, weights)
    return np.asarray(z * h + (1 - z) * np.tanh(x_h + (r * h) @ U_h))


def parts(x_t: Array, h: Array, weights: Weights) -> tuple[Array, Array, Array, Array]:
    """Return z, r, the input's part of the candidate with its bias, and U_h, for a bias in one row."""
    kernel, recurrent_kernel, bias = weights
    W_z, W_r, W_h = np.split(kernel, 3, axis=-1)
    U_z, U_r, U_h = np.split(recurrent_kernel, 3, axis=-1)
    b_z, b_r, b_h = np.split(bias, 3, axis=-1)
    return sigmoid(x_t @ W_z + h @ U_z + b_z), sigmoid(x_t @ W_r + h @ U_r + b_r), x_t @ W_h + b_h, U_h


def step_after(x_t: Array, h: Array, weights: Weights) -> Array:
    """Return the new state by Keras's default formula; bias has two rows."""
    kernel, recurrent_kernel, bias = weights
    x_z, x_r, x_h = np.split(x_t @ kernel + bias[0], 3, axis=-1)
    h_z, h_r, h_h = np.split(h @ recurrent_kernel + bias[1], 3, axis=-1)
    z, r = sigmoid(x_z + h_z), sigmoid(x_r + h_r)
    return np.asarray(z * h + (1 - z) * np.tanh(x_h + r * h_h))


def slips_of_both(h: Array, z: Array, candidate: Array, blind: Array, turned: Array) -> dict[str, Array]:
    """Return the slips that both formulas share; the candidate is `blind` with r = 1, `turned` with 1 − r."""
    return {
        "z and 1 − z have changed places: in Keras z is the share of the old state that stays": (
            (1 - z) * h + z * candidate
        ),
        "the old state is missing in the mixture: z · h stays": (1 - z) * candidate,
        "the whole candidate is added; it only fills the rest, 1 − z": z * h + candidate,
        "this is the candidate: the update gate has not mixed it with the old state": candidate,
        "the reset gate is missing: these are the numbers with r = 1": z * h + (1 - z) * blind,
        "r and 1 − r have changed places: with r = 1 the candidate sees all of the past": (
            z * h + (1 - z) * turned
        ),
        "the candidate has no tanh": z * h + (1 - z) * np.arctanh(candidate),
        "the candidate went through a sigmoid; it needs tanh": (
            z * h + (1 - z) * sigmoid(np.arctanh(candidate))
        ),
        "this is the old state: the step must make a new one": h,
    }


def judge_step(my_gru_step: Any) -> None:
    """Both formulas at three sizes; a batch of two first, because the bias has two rows as well.

    Last, states near 1 that z keeps: whoever cuts them off, so that they stay small, is found there.
    """
    rng = np.random.default_rng(8)
    for batch, features, units in ((2, 4, 3), (3, 2, 5), (3, 2, 5), (1, 3, 2), (1, 1, 1), (4, 2, 2)):
        for reset_after in (False, True):
            x_t, h = rng.normal(size=(batch, features)), rng.uniform(-1, 1, (batch, units))
            W, U = rng.normal(size=(features, 3 * units)), rng.normal(size=(units, 3 * units))
            b = rng.normal(size=(2, 3 * units) if reset_after else 3 * units)
            if batch == 4:
                h = np.sign(h) * 0.9999
                b[..., :units] += 10
            got = judge.call(my_gru_step, x_t=x_t, h=h, weights=[W, U, b], reset_after=reset_after)
            step = step_after if reset_after else step_before
            right = step(x_t, h, [W, U, b])
            for order in permutations(range(3)):
                columns = np.concatenate([np.arange(units) + units * block for block in order])
                moved = step(x_t, h, [W[:, columns], U[:, columns], b[..., columns]])
                if batch != 4 and order != (0, 1, 2) and judge.the_same(got, moved):
                    names = ", ".join("zrh"[order.index(k)] for k in range(3))
                    raise Wrong(f"the blocks are taken for {names}; in Keras's weights they are z, r, h")
            if reset_after and batch == 2:
                for formula, rows in ((step_before, b), (step_after, b[:, None] * [[1], [0]])):
                    one_each = [formula(x_t[k : k + 1], h[k : k + 1], [W, U, rows[k]]) for k in (0, 1)]
                    if judge.the_same(got, np.concatenate(one_each)):
                        raise Wrong(
                            "row 0 of the bias went to review 0 and row 1 to review 1; "
                            "every review needs both"
                        )
            slips = slips_after(x_t, h, W, U, b) if reset_after else slips_before(x_t, h, W, U, b)
            what = f"the new state with reset_after={reset_after}"
            judge.same_numbers(what, got, right, "(batch, units)", slips)


def slips_before(x_t: Array, h: Array, W: Array, U: Array, b: Array) -> dict[str, Array]:
    """Return the slips of the textbook formula."""
    z, r, x_h, U_h = parts(x_t, h, [W, U, b])
    candidate = np.tanh(x_h + (r * h) @ U_h)
    units = len(U)
    two_numbers = b[0] + b[1] * (np.arange(3 * units) < 2 * units)
    blind, turned = np.tanh(x_h + h @ U_h), np.tanh(x_h + ((1 - r) * h) @ U_h)
    return slips_of_both(h, z, candidate, blind, turned) | {
        "with reset_after=False the reset gate acts on h before the product with U; here it acts after": (
            z * h + (1 - z) * np.tanh(x_h + r * (h @ U_h))
        ),
        "the reset gate also multiplies the input's part; it stands at the old state alone": (
            z * h + (1 - z) * np.tanh(r * (x_h + h @ U_h))
        ),
        "the reset gate has changed the state in the mixture too; it rules what the candidate sees": (
            z * r * h + (1 - z) * candidate
        ),
        "with reset_after=False the bias has one row: bias[0] and bias[1] are two single numbers of it": (
            step_before(x_t, h, [W, U, two_numbers])
        ),
        "with reset_after=False the bias is missing": step_before(x_t, h, [W, U, 0 * b]),
        "the old state enters no gate and no candidate: these are the numbers without U": (
            step_before(x_t, h, [W, 0 * U, b])
        ),
    }


def slips_after(x_t: Array, h: Array, W: Array, U: Array, b: Array) -> dict[str, Array]:
    """Return the slips of Keras's default formula."""
    both = b.sum(axis=0)
    z, r, x_h, U_h = parts(x_t, h, [W, U, both])
    b_1 = b[1, 2 * len(U) :]  # of the candidate
    x_h = x_h - b_1
    candidate = np.tanh(x_h + r * (h @ U_h + b_1))
    blind, turned = np.tanh(x_h + h @ U_h + b_1), np.tanh(x_h + (1 - r) * (h @ U_h + b_1))
    return slips_of_both(h, z, candidate, blind, turned) | {
        "with reset_after=True the product with U comes first, then the reset gate; here it acts before": (
            step_before(x_t, h, [W, U, both])
        ),
        "the reset gate acts on h before the product with U, and the second bias stands under it": (
            z * h + (1 - z) * np.tanh(x_h + (r * h) @ U_h + r * b_1)
        ),
        "the reset gate also multiplies the input's part; it stands at the recurrent part alone": (
            z * h + (1 - z) * np.tanh(r * (x_h + h @ U_h + b_1))
        ),
        "the second bias of the candidate stands outside the bracket; the reset gate multiplies it too": (
            z * h + (1 - z) * np.tanh(x_h + r * (h @ U_h) + b_1)
        ),
        "row 1 of the bias is not used": step_after(x_t, h, [W, U, b * [[1], [0]]]),
        "row 0 of the bias is not used": step_after(x_t, h, [W, U, b * [[0], [1]]]),
        "the rows of the bias have changed places: row 0 belongs to the kernel, row 1 to the recurrent one": (
            step_after(x_t, h, [W, U, b[::-1]])
        ),
        "with reset_after=True both rows of the bias are missing": step_after(x_t, h, [W, U, 0 * b]),
    }


BOUND = {
    "a": "an output gate only hides: without one, the next layer sees the state itself, large or small",
    "c": "what the reset gate does depends on the weights; where r is 1, nothing is reset, and still the "
    "unit cannot count",
    "d": "one unit of an LSTM counts with four biases alone; a GRU may have many units, and still there is a "
    "bound for each of them",
}

PRESS, CLEAR, WAIT = (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)


def judge_switch(toggle_weights: Any) -> None:
    """Run the textbook GRU with the weights; the sign of the last state says whether the light is on."""
    answer = judge.call(toggle_weights)
    if not isinstance(answer, tuple | list) or len(answer) != 3:
        raise Wrong(
            f"toggle_weights gives back {judge.describe(answer)}, expected three arrays: "
            "kernel, recurrent_kernel, bias"
        )
    names, shapes = ("kernel", "recurrent_kernel", "bias"), ((2, 3), (1, 3), (3,))
    weights = []
    for name, weight, shape in zip(names, answer, shapes, strict=True):
        try:
            weights.append(np.asarray(weight, dtype=float))
        except (TypeError, ValueError):
            raise Wrong(f"{name} is {judge.describe(weight)}, expected numbers of shape {shape}") from None
        if weights[-1].shape != shape:
            raise Wrong(
                f"{name} has shape {weights[-1].shape}, expected {shape}: 2 features, 1 unit, 3 blocks"
            )
        if not np.isfinite(weights[-1]).all():
            raise Wrong(f"{name} holds numbers that are not finite (nan or inf)")
    rng = np.random.default_rng(9)
    long = [WAIT] * 200
    runs = [[PRESS], [PRESS, PRESS], [PRESS, PRESS, PRESS], [CLEAR], [CLEAR, PRESS], [PRESS, CLEAR]]
    runs += [[PRESS, PRESS, CLEAR], [PRESS, *long], [PRESS, PRESS, *long], [PRESS, CLEAR, *long]]
    runs += [[WAIT, *long, PRESS], [CLEAR, CLEAR, PRESS, WAIT, CLEAR, PRESS, *long, PRESS]]
    runs += [
        [PRESS, *[(WAIT, PRESS, CLEAR)[k] for k in rng.choice(3, 100, p=p)]] for p in MIXES for _ in range(3)
    ]
    for run in runs:
        follow(np.array(run), weights)


MIXES = ((0.8, 0.1, 0.1), (0.5, 0.5, 0.0), (0.1, 0.8, 0.1))


def follow(steps: Array, weights: Weights) -> None:
    """Raise Wrong where the state first says something else than the light does."""
    state, light = np.zeros((1, 1)), None
    before, since = 0.0, 0
    event = ""
    for step in steps:
        pressed, cleared = step == 1
        if pressed or cleared:
            before, since = state.item(), 0
            event = "clear" if cleared else "press" if light is not None else "first press"
            light = bool(pressed and not light)
        else:
            since += 1
        old = state
        with np.errstate(all="ignore"):
            z, r, x_h, U_h = parts(step[None], old, weights)
            candidate = np.tanh(x_h + (r * old) @ U_h)
            state = z * old + (1 - z) * candidate
        now = state.item()
        if light is None or (now > 0.5 if light else now < -0.5):
            continue
        wanted = "on, more than 0.5" if light else "off, less than -0.5"
        seen = f"z is {z.item():.2f}, r {r.item():.2f}, the candidate {candidate.item():.2f}"
        if since:
            raise Wrong(
                f"{since} step{'s' if since > 1 else ''} without an event after the last {event} the state "
                f"is {now:.2f}, expected {wanted}; {seen}. It was right before: which z keeps a state "
                "over 200 steps?"
            )
        if z.item() > 0.5:
            cure = "In Keras z = 1 keeps the old state; here the candidate must replace it."
        else:
            cure = CURES[event]
        raise Wrong(
            f"at a {event} the state goes from {before:.2f} to {now:.2f}, expected {wanted}; {seen}. {cure}"
        )


CURES = {
    "first press": "What should the candidate be where the old state is still 0?",
    "clear": "Here the candidate must be near -1, whatever the old state is.",
    "press": "Here the candidate must have the sign that the old state has not.",
}


SMALLER = "that leaves more than a tenth, but a smaller whole bias does so already"
TOO_SMALL = "look where the curve of each bias is at that step: is it above 0.1 or below?"

LARGEST_BIAS = 20  # nobody needs to go so far


def larger_than(bias: int) -> dict[float, str]:
    """Return what to say of each larger whole bias."""
    return dict.fromkeys(range(bias + 1, LARGEST_BIAS + 1), SMALLER)


ONE_MORE = {
    "a": "at bias 3 half is left after 14 steps, at bias 4 after 38: that is more than one step longer",
    "c": "how the axis is drawn changes no number: compare the steps after which a tenth is left",
    "d": "0.993 and 0.998 look alike, and after 200 steps they leave 0.26 and 0.61",
}


def judge_bias(
    bias_for_30: object, bias_for_100: object, bias_for_200: object, choice: object, because: object
) -> None:
    """Smallest whole z biases of a fresh GRU that leave a tenth after so many steps."""
    judge.a_count("bias_for_30", bias_for_30, 3, larger_than(3), TOO_SMALL)
    judge.a_count("bias_for_100", bias_for_100, 4, larger_than(4), TOO_SMALL)
    judge.a_count("bias_for_200", bias_for_200, 5, larger_than(5), TOO_SMALL)
    judge.a_choice(choice, because, "b", ONE_MORE)


EXERCISES = (
    Exercise(
        number="6.1",
        kind="Predict",
        answers=("new_state", "turned_state", "bias_shape", "weight_count"),
        judge=judge_mixture,
        hints=(
            "The two shares add up to 1: 0.8 and 0.2. Which of the two numbers gets 0.8?",
            "In Keras the old state gets z. 0.8 · 0.5 + 0.2 · (−0.5) is the first answer.",
            "Three blocks of 6 columns; two rows of bias, because the product with U has one of its own. "
            "The count is 3 · (3 · 6 + 6 · 6 + 2 · 6).",
        ),
        solution="""
new_state = 0.3
turned_state = -0.3
bias_shape = (2, 18)
weight_count = 198
""",
        why="0.8 · 0.5 − 0.2 · 0.5 = 0.3, and turned round −0.3; 3 · (3 · 6 + 6 · 6 + 2 · 6) = 198. The same "
        "z, and opposite states: look which of the two a text means.",
    ),
    Exercise(
        number="6.2",
        kind="Code",
        answers=("my_gru_step",),
        judge=judge_step,
        hints=(
            "Both formulas share z, r and the mixture z · h + (1 − z) · candidate. Only the candidate "
            "differs, and where the bias comes from.",
            "Cut the products, not the weights: np.split(x_t @ kernel, 3, axis=-1) gives the input's parts "
            "of z, r and the candidate. With reset_after=True add bias[0] to this product, and bias[1] to "
            "h @ recurrent_kernel.",
            "With reset_after=True: np.tanh(x_h + r * h_h), where h_h is the third part of the second "
            "product. With reset_after=False: np.tanh(x_h + (r * h) @ U_h), where U_h is the last third of "
            "the columns of the recurrent kernel.",
        ),
        solution='''
def my_gru_step(x_t, h, weights, reset_after):
    """One step: (batch, features), (batch, units), [kernel, recurrent_kernel, bias] -> new h."""

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    kernel, recurrent_kernel, bias = weights
    x_bias, h_bias = bias if reset_after else (bias, 0)
    x_z, x_r, x_h = np.split(x_t @ kernel + x_bias, 3, axis=-1)  # each (batch, units)
    h_z, h_r, h_h = np.split(h @ recurrent_kernel + h_bias, 3, axis=-1)
    z, r = sigmoid(x_z + h_z), sigmoid(x_r + h_r)
    if reset_after:
        past = r * h_h
    else:
        past = (r * h) @ np.split(recurrent_kernel, 3, axis=-1)[2]
    return z * h + (1 - z) * np.tanh(x_h + past)
''',
        why="These are both GRUCells of Keras in one function. You see how little differs, and no shape "
        "tells it: that is why weights must travel together with reset_after.",
    ),
    Exercise(
        number="6.3",
        kind="Think",
        answers=("choice", "because"),
        judge=lambda choice, because: judge.a_choice(choice, because, "b", BOUND),
        hints=(
            "Write down the formula of the new state. From which range does each of its two parts come?",
            "A mixture with shares z and 1 − z lies between the two numbers that are mixed.",
        ),
        solution="""
choice = "b"
because = "The new state lies between the old one and a candidate, and that is never larger than 1."
""",
        why="Compare your reason with this one: the two shares add up to 1, so the state cannot leave the "
        "range of its candidates. The LSTM sets its two gates apart from each other, and its sum can grow.",
    ),
    Exercise(
        number="6.4",
        kind="Code",
        answers=("toggle_weights",),
        judge=judge_switch,
        hints=(
            "Three moments: nothing happens, press, clear. Write down for each what z should be (0 or 1), "
            "and what the candidate should be, for an old state near +1, near −1 and, at the first press, 0.",
            "z: a large positive bias keeps. A negative number of twice its size in the kernel, for press "
            "and for clear, shuts the gate. The reset gate may stay open: a large positive bias, and zeros.",
            "The candidate at a press: tanh(u · h + b) must be negative for h near 1, and positive for h "
            "near −1 and for h = 0. So u is negative, and b is positive and smaller than the size of u.",
            "At clear, a large negative number in the kernel outweighs u · h + b. For the gates, 15 and −30 "
            "are large enough; for u, −8 is.",
        ),
        solution='''
def toggle_weights():
    """Kernel (2, 3), recurrent kernel (1, 3) and bias (3,); columns z, r, candidate."""
    kernel = np.array([[-30.0, 0.0, 0.0], [-30.0, 0.0, -20.0]])  # rows: press, clear
    recurrent_kernel = np.array([[0.0, 0.0, -8.0]])  # the candidate is the opposite of the state
    bias = np.array([15.0, 15.0, 3.0])  # keep; see the past; from 0 the light goes on
    return kernel, recurrent_kernel, bias
''',
        why="A single unit of a SimpleRNN cannot do this: to keep, its one number U must be positive, and to "
        "turn over at a press it must be negative. A gate multiplies, so what the past does depends on the "
        "input.",
    ),
    Exercise(
        number="6.5",
        kind="Code",
        answers=("bias_for_30", "bias_for_100", "bias_for_200", "choice", "because"),
        judge=judge_bias,
        hints=(
            "gru_layer(seed, z_bias) makes a fresh GRU, and share_left(layer) measures it: (201,) numbers.",
            "For one bias: shares = [share_left(gru_layer(seed, bias)) for seed in range(5)]; draw "
            "np.mean(shares, axis=0) with axis.semilogy, and a line at 0.1.",
            "For the last question, compare the steps at which the curves of 4, 5 and 6 cross one height, "
            "or work out 1 - sigmoid(bias) for them.",
        ),
        solution="""
# for bias in range(8):
#     shares = [share_left(gru_layer(seed, bias)) for seed in range(5)]
#     plt.semilogy(np.mean(shares, axis=0), label=bias)
# plt.axhline(0.1)
# plt.legend()
bias_for_30 = 3
bias_for_100 = 4
bias_for_200 = 5
choice = "b"
because = "Each step takes away 1 - z, and one more in the bias divides that by about e."
""",
        why="So a bias of about the logarithm of the distance is right, as Tallec and Ollivier say. With the "
        "LSTM it is the same, with two biases in place of one.",
    ),
)
