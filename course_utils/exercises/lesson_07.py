"""Exercises of lesson 7: steps back on paper, a step of Adam, a far word, an edge, a whole way back."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from course_utils.checks import Array
from course_utils.exercises import judge
from course_utils.exercises.judge import Exercise, Wrong

Weights = Mapping[str, Array]


def judge_steps_back(
    first_gradient: object, bias_gradient: object, row_gradient: object, cut_gradient: object
) -> None:
    """Ids 5, 2, 5, 2, 5; w = 1, u = ½, every slope 1, and 16 comes from the loss: da is 1, 2, 4, 8, 16."""
    judge.a_count(
        "first_gradient",
        first_gradient,
        1,
        {
            0.5: "it is four steps from the last word back to the first, and each halves the gradient once",
            16: "that is da_5; on the way to the first word it is multiplied by u at every step",
            256: "u is below 1: the gradient gets smaller on its way back, not larger",
            2: "that is da_2; one step is missing",
        },
        "begin with 16 at the last word, and multiply by u for each step back",
    )
    judge.a_count(
        "bias_gradient",
        bias_gradient,
        31,
        {
            16: "that is what the last step says; the bias is used at every step and collects them all",
            1: "that is what the first step says; the bias is used at every step and collects them all",
            80: "five times 16 would be right if nothing got smaller on the way",
            31 / 5: "a shared weight gets the sum of what all steps say, and not their mean",
            15: "the last step is missing in the sum",
        },
        "write down da at all five words and add them up",
    )
    judge.a_count(
        "row_gradient",
        row_gradient,
        21,
        {
            16: "that is the last place of id 5 alone: the id stands at three places, and += loses two of "
            "them",
            31: "that is the sum over all five words; row 5 hears from its own places only",
            10: "that is row 2 of the table",
            3: "that is how often the id comes; at each of its places dx is another number",
            48: "dx is 16 at one of the three places; at the others less has come through",
            7: "it is a sum and not a mean: three uses, three answers",
        },
        "dx is da · w, here da itself; add it up over the places where id 5 stands",
    )
    judge.a_count(
        "cut_gradient",
        cut_gradient,
        24,
        {
            31: "that is the full sum; no gradient crosses the cut",
            16: "that is the last word alone; its chunk has two",
            28: "that is a chunk of three words",
            3: "these are the first two words; the way back begins at the last one",
            7: "these are the three words in front of the cut",
        },
        "walk back inside the last chunk, two steps, and add up what these two say",
    )


def adam_by_formula(
    weight: Array,
    gradient: Array,
    m: Array,
    v: Array,
    t: int,
    learning_rate: float = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
) -> tuple[Array, Array, Array]:
    """Return weight, m and v after a step."""
    m = beta_1 * m + (1 - beta_1) * gradient
    v = beta_2 * v + (1 - beta_2) * gradient**2
    m_hat, v_hat = m / (1 - beta_1**t), v / (1 - beta_2**t)
    return weight - learning_rate * m_hat / (np.sqrt(v_hat) + 1e-7), m, v


def judge_adam(adam_step: Any) -> None:
    """Six steps in a row for arrays of four shapes, one with the usual rates; one column has no gradient.

    In another column, and in one step everywhere, it is zero once: the averages go on without it.
    """
    cases = (
        ((3, 4), 0.001, 0.9, 0.999),
        ((5,), 0.5, 0.6, 0.8),
        ((2, 3, 2), 0.1, 0.5, 0.9),
        ((1, 2), 0.2, 0.7, 0.6),
    )
    for seed, (shape, rate, beta_1, beta_2) in enumerate(cases):
        rng = np.random.default_rng(70 + seed)
        weight, m, v = rng.normal(size=shape), np.zeros(shape), np.zeros(shape)
        first = 1
        if seed == 0:  # in the middle of a training more slips can be told apart than at its beginning
            m[:, 1:], v[:, 1:], first = rng.normal(size=(3, 3)), rng.uniform(size=(3, 3)), 4
        for t in range(first, first + 6):
            gradient = rng.normal(size=shape)
            gradient[..., 0] = 0  # a word that never comes
            if t == 5:
                gradient[..., -1] = 0  # a word that does not come in this batch
            if t == 6:
                gradient[...] = 0
            state = {"weight": weight, "gradient": gradient, "m": m, "v": v, "t": t}
            with np.errstate(all="ignore"):
                options = {"learning_rate": rate, "beta_1": beta_1, "beta_2": beta_2}
                got = judge.call(adam_step, **state, **(options if seed else {}))  # else what is usual
            if not isinstance(got, tuple | list) or len(got) != 3:
                raise Wrong(
                    f"adam_step gives back {judge.describe(got)}, expected three arrays: the new weight, m "
                    "and v"
                )
            right = adam_by_formula(weight, gradient, m, v, t, rate, beta_1, beta_2)
            compare_averages(got, right, state, beta_1, beta_2)
            compare_weights(got[0], right[0], state, rate, beta_1, beta_2)
            weight, m, v = right
    zeros = np.zeros(2)
    got = judge.call(adam_step, weight=zeros, gradient=zeros + 1e-9, m=zeros, v=zeros, t=1)
    if not (np.asarray(got[0], dtype=float) < 0).all():
        raise Wrong(
            "where all gradients were as small as 1e-9 the weight goes the wrong way: the tiny number is "
            "added to the root, so that what is below the line stays positive"
        )


def compare_averages(got: Any, right: Any, state: dict[str, Any], beta_1: float, beta_2: float) -> None:
    """Raise Wrong unless m and v are right; the weight is made from them."""
    gradient, old_m, old_v, t = (state[name] for name in ("gradient", "m", "v", "t"))
    keep = "keep the plain average: the correction belongs to the step alone, else the next step repeats it"
    slips = {
        "this is v: give back the weight, m and v, in this order": right[2],
        "0.9 is written into m: use beta_1": 0.9 * old_m + 0.1 * gradient,
        "this is the corrected m; " + keep: right[1] / (1 - beta_1**t),
        "β1 has changed sides: the old average keeps the share β1, the new gradient gets 1 − β1": (
            (1 - beta_1) * old_m + beta_1 * gradient
        ),
        "the new gradient is added whole: it must get the share 1 − β1": beta_1 * old_m + gradient,
        "this is the old m, given back as it came": old_m,
    }
    if not gradient.any():
        slips = {"a gradient of 0 counts too: m shrinks to β1 · m, and still moves the weight": old_m}
    judge.same_numbers(f"m after step {t}", got[1], right[1], "the shape of the weight", slips)
    slips = {
        "this is the corrected v; " + keep: right[2] / (1 - beta_2**t),
        "v averages the gradient; it must average its square": beta_2 * old_v + (1 - beta_2) * gradient,
        "v averages the size of the gradient; it must average its square": (
            beta_2 * old_v + (1 - beta_2) * np.abs(gradient)
        ),
        "v is made with β1; its own share is β2": beta_1 * old_v + (1 - beta_1) * gradient**2,
        "this is the old v, given back as it came": old_v,
    }
    judge.same_numbers(f"v after step {t}", got[2], right[2], "the shape of the weight", slips)


def compare_weights(
    got: object, right: Array, state: dict[str, Any], rate: float, beta_1: float, beta_2: float
) -> None:
    """Raise Wrong unless the weight moved rightly; compared is the way it went, in learning rates."""
    weight, gradient, old_m, old_v, t = state.values()
    _, m, v = adam_by_formula(weight, gradient, old_m, old_v, t, rate, beta_1, beta_2)
    of_m, of_v, tiny = 1 - beta_1**t, 1 - beta_2**t, 1e-7
    try:
        moved = (weight - np.asarray(got, dtype=float)) / rate
    except (TypeError, ValueError):
        moved = np.zeros(())  # the shape alone is then wrong
    if moved.shape == right.shape and not np.isfinite(moved[..., 0]).all():
        raise Wrong(
            "the weight becomes nan where every gradient was 0: there 0 is divided by 0. Add a tiny number, "
            "such as 1e-7, to the root"
        )
    slips = {
        "uphill: the step is subtracted from the weight": -m / of_m / (np.sqrt(v / of_v) + tiny),
        "the bias correction is missing": m / (np.sqrt(v) + tiny),
        "the power t is missing in the bias correction: right at the first step, wrong at all others": (
            m / (1 - beta_1) / (np.sqrt(v / (1 - beta_2)) + tiny)
        ),
        "m is corrected, v is not": m / of_m / (np.sqrt(v) + tiny),
        "v is corrected, m is not": m / (np.sqrt(v / of_v) + tiny),
        "the root is taken of v alone: correct v first, then take the root": (
            m / of_m / (np.sqrt(v) / of_v + tiny)
        ),
        "where the gradient is 0 the weight stands still: its m is not 0, and moves it on": (
            np.where(gradient == 0, 0, m / of_m / (np.sqrt(v / of_v) + tiny))
        ),
        "the root of v is missing": m / of_m / (v / of_v + tiny),
        "the step is made from the gradient itself; it must be made from its average m": (
            gradient / (np.sqrt(v / of_v) + tiny)
        ),
        "the step is made from the old averages: bring m and v up to date first": (
            old_m / of_m / (np.sqrt(old_v / of_v) + tiny)
        ),
        "0.9 and 0.999 are written into the correction: use beta_1 and beta_2": (
            m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + tiny)
        ),
    }
    what = f"the step that the weight takes at t = {t}, in learning rates,"
    judge.same_numbers(what, moved, (weight - right) / rate, "the shape of the weight", slips, 1e-4)


def judge_edge(edge: object, loud_edge: object, whole_bias: object) -> None:
    """What the figure of the lesson shows with other numbers; measured with the lesson's own cells."""
    judge.a_count(
        "edge",
        edge,
        1.25,
        {
            1: "Q alone keeps every length, but the slopes of tanh do not: its curve falls",
            1.5: "this curve has left 1 far behind at the right end: it explodes",
            1.75: "this curve is far above 1 at the right end; was the signal still five times as large?",
            2: "this is the steepest of the five: it explodes",
        },
        "it is one of the five scales; read the curves at the right end, at distance 199",
    )
    judge.a_count(
        "loud_edge",
        loud_edge,
        1.75,
        {
            1.25: "that was the edge for the quiet inputs. Louder ones push the states into the flat part "
            "of tanh: now this curve falls",
            1: "with flatter slopes U must do more than before, not less",
            1.5: "nearer, but this curve still falls to less than a millionth",
            2: "this curve explodes with the loud inputs, too, only later",
        },
        "it is one of the five scales; draw the curves again after signal = 5 * signal",
    )
    judge.a_count(
        "whole_bias",
        whole_bias,
        6,
        {
            5: "that is the LSTM of the lesson: about a quarter is left after 199 steps",
            **dict.fromkeys(range(7, 21), "more than half is left, but a smaller whole number does it too"),
            1: "that is how Keras makes it: nearly nothing is left",
        },
        "the gate is sigmoid(bias); ask when its power of 199 is more than one half, then measure",
    )


FAR_WORDS = {
    "a": "the length of dU is that of a sum: the last steps give their full share, however little of it "
    "comes "
    "from the far ones",
    "b": "clipping speaks of gradients that are too long; where nothing comes through, nothing is clipped",
    "c": "a vanished gradient passes this check: it is right, and tiny",
}


def read_all(weights: Weights, ids: Array) -> tuple[Array, Array, Array]:
    """Return inputs, states with the zero state in front, and logits; batch first."""
    E, W, U, b, V, c = weights.values()
    x, h = E[ids], np.zeros((len(ids), ids.shape[1] + 1, len(b)))
    for t in range(ids.shape[1]):
        h[:, t + 1] = np.tanh(x[:, t] @ W + h[:, t] @ U + b)
    return x, h, h[:, 1:].mean(axis=1) @ V + c


def loss_of(weights: Weights, ids: Array, labels: Array) -> float:
    """Return the mean loss, from logits."""
    z = read_all(weights, ids)[2]
    return float(np.mean(np.logaddexp(0, z) - labels * z))


def by_nudging(weights: Weights, ids: Array, labels: Array, step: float = 1e-5) -> dict[str, Array]:
    """Return the gradient of every weight by central differences."""
    nudged = {name: array.copy() for name, array in weights.items()}
    gradients = {name: np.zeros_like(array) for name, array in weights.items()}
    for name, array in nudged.items():
        for index in np.ndindex(array.shape):
            kept = array[index]
            array[index] = kept + step
            above = loss_of(nudged, ids, labels)
            array[index] = kept - step
            gradients[name][index] = (above - loss_of(nudged, ids, labels)) / (2 * step)
            array[index] = kept
    return gradients


def walk_back(weights: Weights, ids: Array, labels: Array, slip: str = "") -> dict[str, Array]:
    """Return the gradients that a slip leads to."""
    E, W, U, _, V, _ = weights.values()
    x, h, z = read_all(weights, ids)
    batch, timesteps = ids.shape
    dz = (0.5 + 0.5 * np.tanh(z / 2) - labels) / (1 if slip == "sum" else batch)
    own = dz @ V.T / (1 if "not divided" in slip else timesteps)  # what the verdict sends to every state
    da, later = np.zeros_like(h[:, 1:]), np.zeros_like(h[:, 0])
    for t in reversed(range(timesteps)):
        dh = later + own * (not slip.startswith("last,") or t == timesteps - 1)
        made = h[:, t] if slip == "slope of the old state" else h[:, t + 1]
        da[:, t] = dh * (1 if slip == "no slope" else 1 - made**2)
        later = da[:, t] @ (U if slip == "U" else U.T) * (slip != "not through time")
    if slip == "one step":
        da[:, 1:] = 0  # every step overwrites the one before; step 0 comes last
    dx, read = da @ W.T, h[:, 1:] if slip == "same step" else h[:, :-1]
    table = np.zeros_like(E)
    if slip == "lost words":
        table[ids] += dx
    elif slip == "overwritten":
        for t in reversed(range(timesteps)):
            table[ids[:, t]] = dx[:, t]
    elif slip == "lost in a step":
        for t in range(timesteps):
            table[ids[:, t]] += dx[:, t]
    else:
        np.add.at(table, ids, dx)
    gradients = {
        "embeddings": dx if slip == "not scattered" else table,
        "kernel": np.einsum("btf,btu->fu", x, da),
        "recurrent_kernel": np.einsum("btu,btv->uv", read, da),
        "bias": da.sum(axis=(0, 1)),
        "dense_kernel": (h[:, -1] if slip == "last state" else h[:, 1:].mean(axis=1)).T @ dz,
        "dense_bias": dz.sum(axis=0),
    }
    factor = {"uphill": -1, "nothing": 0, "averaged": 1 / batch}.get(slip, 1)
    return {name: gradient * factor for name, gradient in gradients.items()}


SLIPS = {
    "uphill": "right but for the sign: the slope of the loss is p − y, what was said minus what is right",
    "nothing": "these are zeros: nothing was collected for this weight",
    "averaged": "p − y is divided by the batch already; what the reviews say is added up, not averaged again",
    "sum": "these are sums over the reviews: the loss is their mean, so p − y is divided by the batch",
    "last state": "made from the last state alone: the verdict was made from the mean of all states",
    "last, not divided": "dh begins as in the lesson, at the last state alone: here the mean reads every "
    "state, so at each step dz @ V.T / timesteps is added",
    "last, divided": "the verdict enters at the last state alone: it reads every state, so every dh gets "
    "its share of it",
    "not divided": "each state has the share 1 / timesteps in the mean, so that much of dz @ V.T goes back "
    "to it",
    "not through time": "the steps do not hear from each other: to its share, dh must add what came back "
    "from "
    "the step after it, da @ U.T",
    "U": "U stands in place of U.T on the way back",
    "no slope": "the slope of tanh is missing: da = dh · (1 − h²)",
    "slope of the old state": "the slope 1 − h² belongs to the state that the step made, not to the one it "
    "read",
    "one step": "these are the numbers of one step alone: a shared weight collects from all steps",
    "same step": "U is paired with the state that the step made; it multiplied the one before",
    "lost words": "repeated words are lost, one place of each word counts: np.add.at adds them all",
    "lost in a step": "where two reviews have the same word in one step, += counts one of them: np.add.at "
    "adds both",
    "overwritten": "= puts each place over the one before; a row of the table adds up all its places",
    "not scattered": "that is dx, one row for each place in the reviews; add up the rows of the same word",
}


def judge_way_back(mean_gradients: Any) -> None:
    """Compare with central differences, from the loss back to the words, then with enormous logits."""
    sizes = ((2, 3, 4, 3, 3), (4, 5, 6, 2, 4), (3, 4, 1, 1, 2), (1, 1, 3, 2, 1))
    for seed, (batch, timesteps, words, features, units) in enumerate(sizes):
        rng = np.random.default_rng(75 + seed)
        weights = {
            "embeddings": rng.normal(size=(words, features)),
            "kernel": rng.normal(size=(features, units)),
            "recurrent_kernel": rng.normal(size=(units, units)),
            "bias": rng.normal(size=units),
            "dense_kernel": rng.normal(size=(units, 1)),
            "dense_bias": rng.normal(size=1),
        }
        ids, labels = rng.integers(0, words, (batch, timesteps)), np.arange(batch)[:, None] % 2.0
        loss, gradients = loss_and_dict(mean_gradients, weights, ids, labels)
        compare_losses(loss, weights, ids, labels)
        right = by_nudging(weights, ids, labels)
        slipped = {slip: walk_back(weights, ids, labels, slip) for slip in SLIPS}
        for name in reversed(weights):  # from the loss back to the words: the first mistake is named
            slips = {SLIPS[slip]: wrong[name] for slip, wrong in slipped.items()}
            compare_gradients(f"the gradient of {name}", gradients[name], right[name], slips)
    for factor, label in ((1e4, 0.0), (1e4, 1.0), (-1e4, 0.0), (-1e4, 1.0)):  # two are wrong by thousands
        weights, labels = {**weights, "dense_kernel": np.full((1, 1), factor)}, np.full((1, 1), label)
        loss, gradients = loss_and_dict(mean_gradients, weights, ids, labels)
        check_sure_loss(np.asarray(loss).item(), loss_of(weights, ids, labels))
        for name, gradient in walk_back(weights, ids, labels).items():
            compare_gradients(
                f"the gradient of {name} for a logit of thousands", gradients[name], gradient, {}
            )


def compare_gradients(what: str, got: object, right: Array, slips: Mapping[str, Array]) -> None:
    """Raise Wrong, with the name in front of every reason, unless the gradient is right."""
    try:
        judge.same_numbers("it", got, right, "the shape of the weight", slips, 1e-4)
    except Wrong as reason:
        raise Wrong(f"{what}: {reason}") from None


def check_sure_loss(loss: float, right: float) -> None:
    """Raise Wrong unless the loss of a verdict that is very sure, and perhaps very wrong, is right."""
    if not np.isfinite(loss):
        raise Wrong(
            f"the loss is {loss} where a logit is in the thousands: the probability was rounded to 0 or 1. "
            "np.logaddexp(0, z) - y · z needs no probability"
        )
    if abs(loss - right) > 1e-4 * (1 + right):
        raise Wrong(
            f"the loss is {loss:.1f} where a logit is wrong by thousands, expected {right:.1f}: a "
            "probability "
            "that is clipped or masked lets the worst mistakes cost little"
        )


def compare_losses(loss: object, weights: Weights, ids: Array, labels: Array) -> None:
    """Raise Wrong unless the loss is right."""
    _, h, z = read_all(weights, ids)

    def mean_loss(z: Array, labels: Array = labels) -> float:
        return float(np.mean(np.logaddexp(0, z) - labels * z))

    def verdict(read: Array) -> Array:
        return read @ weights["dense_kernel"] + weights["dense_bias"]

    slips = {
        "this is the sum over the reviews; the loss is their mean": mean_loss(z) * len(ids),
        "the verdict is made from the last state; here it reads the mean of all states": (
            mean_loss(verdict(h[:, -1]))
        ),
        "the zero state is in the mean: it stands before the first word and belongs to none": (
            mean_loss(verdict(h.mean(axis=1)))
        ),
        "the labels are the wrong way round: a positive review costs −log p": mean_loss(z, 1 - labels),
        "the labels took no part: without y · z this is the loss of negative reviews": (
            mean_loss(z, 0 * labels)
        ),
    }
    U, b = weights["recurrent_kernel"], weights["bias"]
    others = {
        "on the way forward U stands as U.T": {"recurrent_kernel": U.T},
        "on the way forward no state is carried on: h_t needs h_{t−1} U": {"recurrent_kernel": 0 * U},
        "on the way forward the bias is missing": {"bias": 0 * b},
        "the bias of the dense layer, c, is missing in the logit": {"dense_bias": np.zeros(1)},
    }
    slips |= {reason: loss_of({**weights, **other}, ids, labels) for reason, other in others.items()}
    judge.same_numbers("the loss", loss, mean_loss(z), "one number", slips)


def loss_and_dict(mean_gradients: Any, weights: Weights, ids: Array, labels: Array) -> Any:
    """Return what the student's function gives, if it is a loss and a gradient for every weight."""
    with np.errstate(all="ignore"):
        got = judge.call(mean_gradients, weights=weights, ids=ids, labels=labels)
    if not isinstance(got, tuple | list) or len(got) != 2 or not isinstance(got[1], Mapping):
        raise Wrong(
            f"mean_gradients gives back {judge.describe(got)}, expected two things: the loss, and a "
            "dictionary "
            "of gradients"
        )
    missing = [name for name in weights if name not in got[1]]
    if missing:
        raise Wrong(
            f"no gradient of {', '.join(missing)}: the dictionary of gradients has the keys of weights"
        )
    return got


EXERCISES = (
    Exercise(
        number="7.1",
        kind="Predict",
        answers=("first_gradient", "bias_gradient", "row_gradient", "cut_gradient"),
        judge=judge_steps_back,
        hints=(
            "Draw the five words in a row, and write 16 above the last. What stands above the one before it?",
            "One step back is da · u, so 8 stands above the word before the last. Go on so to the first "
            "word. The bias is used at every word.",
            "From the first word to the last: 1, 2, 4, 8, 16. Id 5 is the first, third and last word. "
            "Of the chunk behind the cut only the last two words are walked.",
        ),
        solution="""
first_gradient = 1
bias_gradient = 31
row_gradient = 21
cut_gradient = 24
""",
        why="16 + 8 + 4 + 2 + 1 = 31; row 5 hears 16 + 4 + 1 = 21; the last chunk gives 16 + 8 = 24, "
        "already three quarters of the sum. Where u is small, a short way back is nearly the whole.",
    ),
    Exercise(
        number="7.2",
        kind="Code",
        answers=("adam_step",),
        judge=judge_adam,
        hints=(
            "Three lines: the new m, the new v, the new weight. The first two are running averages.",
            "m = beta_1 * m + (1 - beta_1) * gradient, and v in the same way from gradient**2. Make new "
            "arrays: "
            "m *= … would change the caller's.",
            "The corrected averages are m / (1 - beta_1**t) and v / (1 - beta_2**t). Use them in the step, "
            "give "
            "back the plain m and v, and add 1e-7 to the root: a row may never have had a gradient.",
        ),
        solution='''
def adam_step(weight, gradient, m, v, t, learning_rate=0.001, beta_1=0.9, beta_2=0.999):
    """The new weight, m and v, all new arrays; t is 1 at the first step."""
    m = beta_1 * m + (1 - beta_1) * gradient
    v = beta_2 * v + (1 - beta_2) * gradient**2
    corrected_m, corrected_v = m / (1 - beta_1**t), v / (1 - beta_2**t)
    weight = weight - learning_rate * corrected_m / (np.sqrt(corrected_v) + 1e-7)
    return weight, m, v
''',
        why="Six steps in a row agree with the formula, for weights of any shape, and where no gradient ever "
        "came, nothing moved. The memory that Adam needs is two numbers for each weight.",
    ),
    Exercise(
        number="7.3",
        kind="Think",
        answers=("choice", "because"),
        judge=lambda choice, because: judge.a_choice(choice, because, "d", FAR_WORDS),
        hints=(
            "dU is a sum over 200 steps. What does its length tell about one far term?",
            "You need a number for each place in the review. Which of the four has one?",
        ),
        solution="""
choice = "d"
because = "Only dx has one gradient for each place; dU is a sum that the near steps fill alone."
""",
        why="Compare your reason with this one: far terms vanish inside the sum, and a sum keeps its length "
        "without them. dx at the first words is what they can teach.",
    ),
    Exercise(
        number="7.4",
        kind="Code",
        answers=("edge", "loud_edge", "whole_bias"),
        judge=judge_edge,
        hints=(
            "Run the four lines in a new cell of their own. Which curve ends nearest to 1, at distance 199?",
            "Then run signal = 5 * signal, and the four lines again. Put it right afterwards: "
            "signal = signal / 5.",
            "For the LSTM: by_distance(lstm_back(bias, -5))[199] for bias 4, 5, 6, 7.",
        ),
        solution="""
edge = 1.25
loud_edge = 1.75
whole_bias = 6
""",
        why="The edge between vanishing and exploding moves with the inputs, for the slopes of tanh do. So "
        "no scale of U is right for all of them. The forget gate of the LSTM hardly asks the inputs: a "
        "bias of 6 is 0.9975, and 0.9975 to the power of 199 is 0.61; measured is a little less.",
    ),
    Exercise(
        number="7.5",
        kind="Code",
        answers=("mean_gradients",),
        judge=judge_way_back,
        hints=(
            "Forward first, and keep every state: h of shape (batch, timesteps + 1, units) with zeros in "
            "front. "
            "The logits are h[:, 1:].mean(axis=1) @ V + c.",
            "Back to the states: dz = (sigmoid(z) - labels) / batch. In the mean each state has the share "
            "1 / timesteps, so dz @ V.T / timesteps goes to every one of them.",
            "A state has two readers. In the loop from the last step to the first: dh = share + later, "
            "da = dh * (1 - h[:, t + 1] ** 2), and at its end later = da @ U.T for the step before.",
            "Collect in the loop: dW += x[:, t].T @ da, dU += h[:, t].T @ da, db += da.sum(axis=0), and "
            "np.add.at(dE, ids[:, t], da @ W.T).",
        ),
        solution='''
def mean_gradients(weights, ids, labels):
    """The loss, and a dictionary with the gradient of every weight under its name."""
    E, W, U, b, V, c = weights.values()
    batch, timesteps = ids.shape
    x = E[ids]  # (batch, timesteps, features)
    h = np.zeros((batch, timesteps + 1, len(b)))  # h[:, 0] is the zero state
    for t in range(timesteps):
        h[:, t + 1] = np.tanh(x[:, t] @ W + h[:, t] @ U + b)
    mean = h[:, 1:].mean(axis=1)  # (batch, units)
    z = mean @ V + c  # (batch, 1)
    loss = np.mean(np.logaddexp(0, z) - labels * z)

    dz = (0.5 + 0.5 * np.tanh(z / 2) - labels) / batch
    share = dz @ V.T / timesteps  # from the verdict to every state
    gradients = {name: np.zeros_like(array) for name, array in weights.items()}
    gradients["dense_kernel"], gradients["dense_bias"] = mean.T @ dz, dz.sum(axis=0)
    later = np.zeros_like(share)  # from the step after, to the state before it
    for t in reversed(range(timesteps)):
        da = (share + later) * (1 - h[:, t + 1] ** 2)
        gradients["kernel"] += x[:, t].T @ da
        gradients["recurrent_kernel"] += h[:, t].T @ da
        gradients["bias"] += da.sum(axis=0)
        np.add.at(gradients["embeddings"], ids[:, t], da @ W.T)
        later = da @ U.T
    return loss, gradients
''',
        why="Every number agrees with central differences. With two readers of each state the gradients are "
        "added, and the first words hear from the verdict directly: what vanishes over 40 steps has a short "
        "way here. A mean whose shares the network chooses for itself is called attention.",
    ),
)
