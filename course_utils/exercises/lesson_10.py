"""Exercises of lesson 10: what each reader has met, dropout, a strange curve, stopping in time."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from course_utils.exercises import judge
from course_utils.exercises.judge import Exercise, Wrong
from course_utils.layers import Array, sigmoid

Places = tuple[int, ...]


def judge_reach(forward_places: object, backward_places: object, second_layer_count: object) -> None:
    """Six words; the one at place 2 is replaced."""
    places(
        "forward_places",
        forward_places,
        (2, 3, 4, 5),
        {
            (2,): "the state carries on what it has met: every later output is made from this one",
            (3, 4, 5): "the output at a place is made after the word of that place is read",
            (0, 1, 2): "there the forward reader has not met what comes later; this is the other reader",
            (0, 1, 2, 3, 4, 5): "at places 0 and 1 the forward reader has not met the word yet",
        },
        "the forward output at a place is made from the words up to that place, this one included",
    )
    places(
        "backward_places",
        backward_places,
        (0, 1, 2),
        {
            (2,): "the state carries on what it has met: this reader goes on to places 1 and 0",
            (0, 1): "the output at a place is made after the word of that place is read",
            (2, 3, 4, 5): "these places the backward reader passes before it meets the word",
            (3, 4, 5): "counted in its own steps, yes; the layer turns its outputs round, so that they stand "
            "at their words",
            (0, 1, 2, 3, 4, 5): "at places 5, 4 and 3 the backward reader has not met the word yet",
        },
        "the backward output at a place is made from the words from there to the end",
    )
    judge.a_count(
        "second_layer_count",
        second_layer_count,
        6,
        {
            4: "it reads both halves of the first layer's output: at place 0 one of them has changed",
            3: "that is what the first layer's backward half does; the second layer reads both halves",
            12: "that counts both halves; only the forward half is asked for",
            1: "a changed input changes the state, and the state goes on",
        },
        "see first at which places its input has changed, then where the forward reader goes from the first "
        "of these",
    )


def places(what: str, got: object, expected: Places, reasons: Mapping[Places, str], otherwise: str) -> None:
    """Raise Wrong unless `got` holds the expected places, in any order."""
    if hasattr(got, "numpy"):  # TensorFlow's
        got = np.asarray(got)
    if isinstance(got, int | np.integer) and not isinstance(got, bool):
        raise Wrong(f"{what} is one number; write the places as a tuple, also a single one: ({got},)")
    if not isinstance(got, tuple | list | set | range | np.ndarray):
        raise Wrong(f"{what} is {judge.describe(got)}, expected places in a tuple such as (4, 5)")
    if isinstance(got, np.ndarray):
        got = got.tolist() if got.ndim == 1 else [got]
    if not all(isinstance(place, int | np.integer) for place in got):
        raise Wrong(f"{what} holds something that is no place; write whole numbers, for example (4, 5)")
    found = tuple(sorted({int(place) for place in got}))
    if found == expected:
        return
    if found and not 0 <= found[0] <= found[-1] <= 5:
        raise Wrong(f"{what} holds a place that is not there: six words have the places 0 to 5")
    raise Wrong(f"{what} {found}: {reasons.get(found, otherwise)}")


def judge_dropout(spatial_dropout: Any) -> None:
    """Outside training, with rate 0, then what is dropped in training, and what remains."""
    rng = np.random.default_rng(10)
    x = rng.normal(size=(40, 5, 60))
    exact = []  # is the share of hidden features the rate, to the last one?
    for rate in (0.75, 0.2):
        kept = 1 - rate
        source = np.random.default_rng(1)
        quiet = judge.call(spatial_dropout, x=x, rate=rate, rng=source, training=False)
        never = "outside training nothing is dropped, so nothing is scaled: these are the numbers of x"
        judge.same_numbers(
            "the result outside training",
            without_zeros(quiet, x.shape),
            x,
            "(batch, timesteps, features)",
            {f"{never} divided by 1 - rate": x / kept, f"{never} times 1 - rate": x * kept},
        )
        draws = np.random.default_rng(2)
        first, second = (
            judge.call(spatial_dropout, x=x, rate=rate, rng=draws, training=True) for _ in range(2)
        )
        shown = what_is_kept(first, x.shape, rate)
        numbers = "the result in training"
        judge.same_numbers(
            numbers,
            first,
            np.where(shown, x / kept, 0),
            "(batch, timesteps, features)",
            {
                "what remains is not scaled up: outside training the sums would be larger": shown * x,
                "what remains is scaled down; the sum must stay the same on average, so divide by 1 - rate": (
                    shown * x * kept
                ),
                "what remains is divided by rate; it is the share 1 - rate that remains": shown * x / rate,
                "what remains is divided by the share that happened to remain; divide by 1 - rate, which is "
                "the same in every call": shown * x / shown.mean(),
            },
        )
        if np.array_equal(shown, np.asarray(second) != 0):
            raise Wrong(
                "two calls drop the same features: draw anew in each call, from the rng that is handed over"
            )
        exact += [np.sum(np.asarray(one) == 0) == round(rate * x.size) for one in (first, second)]
        again = judge.call(spatial_dropout, x=x, rate=rate, rng=np.random.default_rng(2), training=True)
        if not np.array_equal(first, again):
            raise Wrong(
                "with two generators from the same seed other features are dropped: draw from rng, not from "
                "NumPy's own generator, so that a run can be repeated"
            )
    if all(exact):
        raise Wrong(
            "in each call exactly the share rate of all features is hidden: every feature of a review has a "
            "draw of its own, with the probability rate, so the share moves a little from call to call"
        )
    small = rng.normal(size=(1, 3, 2)).astype("float32")
    nothing = judge.call(spatial_dropout, x=small, rate=0.0, rng=np.random.default_rng(3), training=True)
    judge.same_numbers("the result in training with rate 0", nothing, small, "(batch, timesteps, features)")


def numbers_of(result: Any) -> Array:
    """Return the result as an array of numbers; raise Wrong when it is none."""
    try:
        return np.asarray(result, dtype=float)
    except (TypeError, ValueError):
        raise Wrong(f"spatial_dropout gives back {judge.describe(result)}, expected one array") from None


def without_zeros(result: Any, shape: Places) -> Array:
    """Return the result outside training; raise Wrong when something is dropped."""
    array = numbers_of(result)
    if array.shape == shape and not array.all():
        raise Wrong("features are dropped outside training: there x goes through as it is")
    return array


def what_is_kept(result: Any, shape: Places, rate: float) -> Array:
    """Return where the result is not zero; raise Wrong unless whole features are dropped, a review each."""
    array = numbers_of(result)
    if array.shape != shape:
        raise Wrong(
            f"the result in training has shape {array.shape}, expected that of x: {shape}. What is "
            "dropped becomes 0, and stays in its place"
        )
    shown: Array = array != 0
    if shown.all() or not shown.any():
        every = "nothing" if shown.all() else "everything"
        raise Wrong(f"in training {every} is dropped; the share {rate} of the features should be")
    if (shown == shown[:, :1]).all() and (shown == shown[:1]).all():
        raise Wrong("all reviews lose the same features: each review has its own draw, (batch, 1, features)")
    if (shown == shown[:, :, :1]).all():
        raise Wrong(
            "whole words are dropped, or whole reviews; hide features: draw with (batch, 1, features)"
        )
    if not (shown == shown[:, :1]).all():
        raise Wrong(
            "a feature is hidden at some timesteps of a review and not at others, as plain Dropout does it: "
            "draw once a review and feature, (batch, 1, features)"
        )
    dropped = 1 - shown.mean()
    if abs(dropped - rate) > 0.05:
        turned = ": rate is the share that is dropped, not the share that is kept"
        raise Wrong(
            f"the share {dropped:.2f} of the features is dropped, expected about {rate}"
            + (turned if abs(1 - dropped - rate) < 0.05 else "")
        )
    hidden = np.sum(~shown[:, 0], axis=1)  # (batch,)
    if (hidden == hidden[0]).all():
        raise Wrong(
            f"every review loses exactly {hidden[0]} of {shape[2]} features: each feature is hidden with the "
            f"probability {rate}, whatever happens to the others, so the count differs from review to review"
        )
    return shown


STRANGE = {
    "b": "overfitting is the other way round: good on what the net has seen, worse on what it has not",
    "c": "then the net would know these reviews as well as the rest of its training reviews, not better",
    "d": "chance moves an accuracy of 0.71 on 2,500 reviews by 0.009; five points are five times that",
}


def descend(
    x: Array,
    y: Array,
    x_held_out: Array,
    y_held_out: Array,
    l2: float,
    learning_rate: float,
    epochs: int,
    *,
    pull: str = "2λw",
    on_bias: bool = False,
    slope: str = "mean",
    noted: str = "after",
) -> tuple[Array, Array, Array]:
    """Return kernels (epochs, features), biases and noted losses of all epochs; the options are slips."""
    w, b = np.zeros(x.shape[1]), 0.0
    kernels, biases, losses = [], [], []
    for _ in range(epochs):
        z = x @ w + b
        before = loss_of(x_held_out @ w + b, y_held_out)
        error = (z if slope == "logit" else sigmoid(z)) - y
        if slope == "square":
            error = error * sigmoid(z) * (1 - sigmoid(z))
        error = error * (-1 if slope == "uphill" else 1) / (1 if slope == "sum" else len(y))
        pulls = {"2λw": 2 * l2 * w, "λw": l2 * w, "none": 0 * w, "λ sign": l2 * np.sign(w)}
        w = w - learning_rate * (x.T @ error + pulls[pull])
        error = (sigmoid(x @ w + b) - y) / len(y) if slope == "new kernel" else error
        b = b - (0 if slope == "no bias" else learning_rate) * (error.sum() + 2 * l2 * b * on_bias)
        after, price = loss_of(x_held_out @ w + b, y_held_out), l2 * float((w**2).sum())
        kernels.append(w)
        biases.append(b)
        losses.append(
            {
                "after": after,
                "before": before,
                "priced": after + price,
                "training": loss_of(x @ w + b, y),
                "training, priced": loss_of(x @ w + b, y) + price,
            }[noted]
        )
    return np.array(kernels), np.array(biases), np.array(losses)


def loss_of(logits: Array, labels: Array) -> float:
    """Return the mean log loss."""
    return float(np.mean(np.logaddexp(0, logits) - labels * logits))


def stopping(losses: Array, patience: int, rule: str = "in a row") -> int:
    """Return how many epochs are trained; the other rules are slips."""
    lowest, waited = np.inf, 0
    for epoch, loss in enumerate(losses.tolist(), start=1):
        better = loss < lowest
        if rule == "than the last" and epoch > 1:
            better = loss < losses[epoch - 2]
        if better and rule != "in all":
            waited = 0
        waited += not better
        lowest = min(lowest, loss)
        if waited >= patience + (rule == "one more") - (rule == "one less"):
            return epoch
    return len(losses)


def judge_fit_head(fit_head: Any) -> None:
    """Data whose held-out loss goes up and down; the limit of epochs; a best epoch that is the first."""
    for seed, reviews, features, l2, learning_rate, patience, epochs in (
        (197, 12, 4, 0.1, 8.0, 2, 30),
        (16, 12, 4, 0.03, 8.0, 3, 30),
        (0, 30, 2, 0.01, 0.5, 2, 7),
        (6, 12, 4, 0.03, 8.0, 1, 9),
    ):
        rng = np.random.default_rng(seed)
        x, x_held_out, direction = (rng.normal(size=(n, features)) for n in (reviews, 9, 1))
        y, y_held_out = (
            (states @ direction[0] + rng.normal(size=len(states)) > 0).astype(float)
            for states in (x, x_held_out)
        )
        data: dict[str, Any] = {"x": x, "y": y, "x_held_out": x_held_out, "y_held_out": y_held_out}
        data |= {"l2": l2, "learning_rate": learning_rate}
        got = judge.call(fit_head, **data, patience=patience, epochs=epochs)
        if not isinstance(got, tuple | list) or len(got) != 3:
            raise Wrong(
                f"fit_head gives back {judge.describe(got)}, expected three things: kernel, bias and the "
                "list of held-out losses"
            )
        check_losses(got[2], data, patience, epochs)
        kernels, biases, losses = descend(**data, epochs=epochs)
        trained = stopping(losses, patience)
        check_weights(got[0], got[1], kernels[:trained], biases[:trained], int(np.argmin(losses[:trained])))


# Reasons, and what `descend` does then.
FIRST_STEP: dict[str, dict[str, Any]] = {
    "the first loss is noted before any step; note one after the step of each epoch": {"noted": "before"},
    "the loss is that of the training reviews; held-out reviews decide when to stop": {"noted": "training"},
    "the loss is that of the training reviews, with the price": {"noted": "training, priced"},
    "the price is in the held-out loss; it belongs to training alone": {"noted": "priced"},
    "the gradients are added up over the reviews; the loss is a mean, so divide by their number": {
        "slope": "sum"
    },
    "the weights go uphill: the gradient is subtracted, and it is p - y": {"slope": "uphill"},
    "the sigmoid is missing: the gradient for a logit is P(positive) - y": {"slope": "logit"},
    "this is the gradient of the squared error; that of the log loss is p - y": {"slope": "square"},
    "the bias stays at 0; it is trained as well": {"slope": "no bias"},
    "the bias's gradient is taken after the kernel's step; take both at the same weights": {
        "slope": "new kernel"
    },
}
LATER_STEPS: dict[str, dict[str, Any]] = {
    "from the second epoch on the price is missing: add 2 · l2 · kernel to the kernel's gradient": {
        "pull": "none"
    },
    "the pull is l2 · kernel; the price l2 · Σ w² has the gradient 2 · l2 · kernel": {"pull": "λw"},
    "this is the pull of L1": {"pull": "λ sign"},
    "the bias pays as well; it goes free": {"on_bias": True},
}


def check_losses(got: object, data: Mapping[str, Any], patience: int, epochs: int) -> None:
    """Raise Wrong unless the noted losses, and how many there are, are right."""
    try:
        noted = np.asarray(got, dtype=float)
    except (TypeError, ValueError):
        noted = np.zeros((0, 0))
    if noted.ndim != 1 or len(noted) == 0:
        shown = judge.describe(got) if noted.ndim else "one number"
        raise Wrong(f"the held-out losses are {shown}, expected a list with one number an epoch")
    n = min(len(noted), epochs)

    def losses(**slip: Any) -> Array:
        return descend(**data, epochs=n, **slip)[2]

    right = losses()
    for what, part, mistakes in (
        ("the held-out loss of the first epoch", 0, FIRST_STEP),
        ("the list of held-out losses", slice(n), LATER_STEPS),
    ):
        if not np.allclose(noted[part], right[part], 1e-5, 1e-5):
            slips = {reason: losses(**slip)[part] for reason, slip in mistakes.items()}
            judge.same_numbers(what, noted[part], right[part], "(epochs,)", slips)
    whole = descend(**data, epochs=epochs)[2]
    expected = stopping(whole, patience)
    if len(noted) == expected:
        return
    stops = {
        "an epoch with a new lowest loss ends the waiting: count from 0 again after it": stopping(
            whole, patience, "in all"
        ),
        "it compares with the epoch before; what counts is the lowest loss so far": stopping(
            whole, patience, "than the last"
        ),
        "it waits one epoch too many": stopping(whole, patience, "one more"),
        "it waits one epoch too few": stopping(whole, patience, "one less"),
        "it never stops": epochs,
    }
    rule = "stop as soon as patience epochs have passed since that of the lowest loss"
    reason = next((reason for reason, stop in stops.items() if stop == len(noted)), rule)
    if len(noted) > epochs:
        reason = "the limit of epochs holds as well"
    raise Wrong(
        f"trained for {len(noted)} epochs, expected {expected} with patience {patience} and at most {epochs} "
        f"epochs: {reason}. The losses: {', '.join(f'{loss:.3f}' for loss in whole[: expected + 1])}, …"
    )


def check_weights(kernel: object, bias: object, kernels: Array, biases: Array, best: int) -> None:
    """Raise Wrong unless kernel and bias are those of the best epoch."""
    late = (
        " is that of the last epoch; the lowest held-out loss came before. Give back what was there then, "
        "as a copy: an array that training changes in place is no copy"
    )
    axes = "(features,)"
    judge.same_numbers("the kernel", kernel, kernels[best], axes, {"the kernel" + late: kernels[-1]})
    number = np.squeeze(bias) if isinstance(bias, list | np.ndarray) else bias
    judge.same_numbers("the bias", number, biases[best], "", {"the bias" + late: biases[-1]})


EXERCISES = (
    Exercise(
        number="10.1",
        kind="Predict",
        answers=("forward_places", "backward_places", "second_layer_count"),
        judge=judge_reach,
        hints=(
            "Write the places 0 to 5 in a row. Which of them does each reader pass after it has met place 2?",
            "The backward reader goes 5, 4, 3, 2, 1, 0, and its outputs stand at the places of their words.",
            "The second layer's forward reader starts at place 0. Has anything changed in its input there?",
        ),
        solution="""
forward_places = (2, 3, 4, 5)
backward_places = (0, 1, 2)
second_layer_count = 6
""",
        why="At every place one half of the first layer's output or both have changed, from place 0 on. So "
        "in a stack of two bidirectional layers each output has heard of every word, whichever way it reads.",
    ),
    Exercise(
        number="10.2",
        kind="Code",
        answers=("spatial_dropout",),
        judge=judge_dropout,
        hints=(
            "Outside training give x back. In training, first count the draws: which of the three axes of x "
            "have a draw for each of their places, and which shares one draw?",
            "One draw a review and feature, shared by all timesteps: rng.random((batch, 1, features)) meets "
            "x by broadcasting, and a draw lies below rate with probability rate.",
            "What remains is divided by 1 - rate, so that the sum stays the same on average.",
        ),
        solution='''
def spatial_dropout(x, rate, rng, training):
    """Hide whole features of a review: (batch, timesteps, features) -> the same shape."""
    if not training:
        return x
    kept = rng.random((len(x), 1, x.shape[-1])) >= rate  # one draw a review and feature
    return x * kept / (1 - rate)
''',
        why="Scaling in training leaves nothing to do afterwards: the trained net is used as it is, without "
        "knowing that there was dropout.",
    ),
    Exercise(
        number="10.3",
        kind="Think",
        answers=("choice", "because"),
        judge=lambda choice, because: judge.a_choice(choice, because, "a", STRANGE),
        hints=(
            "The two accuracies come from different reviews. What else is different when they are counted?",
            "When is dropout at work, and when is it not? And at which moment is each accuracy counted?",
        ),
        solution="""
choice = "a"
because = "In training the net answers with most features hidden; on validation it sees all."
""",
        why="Compare your reason with this one: the training accuracy is a mean over the epoch, counted with "
        "dropout at work; the validation accuracy is counted after the epoch, without. Ask the same net "
        "about its training reviews again with evaluate, without dropout: it gets more of them right than "
        "of the validation reviews.",
    ),
    Exercise(
        number="10.4",
        kind="Code",
        answers=("fit_head",),
        judge=judge_fit_head,
        hints=(
            "One epoch without price and patience first: logits z = x @ kernel + bias; their gradient is "
            "(sigmoid(z) - y) / len(y), lesson 7; the kernel's is x.T @ that, the bias's is its sum.",
            "The price adds 2 * l2 * kernel to the kernel's gradient. The noted loss is the mean of "
            "np.logaddexp(0, z) - y * z on the held-out part, after the step.",
            "If the new loss is below the lowest so far, keep it, its epoch and both weights. Write kernel = "
            "kernel - ..., which makes a new array, or keep kernel.copy().",
            "Stop when the number of this epoch minus that of the best one has reached patience. Give back "
            "the weights that you kept.",
        ),
        solution='''
def fit_head(x, y, x_held_out, y_held_out, l2, learning_rate, patience, epochs):
    """Train until the held-out loss turns: kernel (features,), bias, list of held-out losses."""
    kernel, bias = np.zeros(x.shape[1]), 0.0
    losses, best = [], (np.inf, 0, kernel, bias)  # lowest loss, its epoch, the weights there
    for epoch in range(epochs):
        dz = (1 / (1 + np.exp(-(x @ kernel + bias))) - y) / len(y)  # gradient for the logits
        kernel = kernel - learning_rate * (x.T @ dz + 2 * l2 * kernel)
        bias = bias - learning_rate * dz.sum()
        z = x_held_out @ kernel + bias
        losses.append(np.mean(np.logaddexp(0, z) - y_held_out * z))
        if losses[-1] < best[0]:
            best = (losses[-1], epoch, kernel, bias)
        if epoch - best[1] >= patience:
            break
    return best[2], best[3], losses
''',
        why="That is fit with EarlyStopping(patience=…, restore_best_weights=True) and an L2 regularizer, "
        "but for one thing: Keras's val_loss contains the price, so let it watch a metric there. A loss that "
        "goes up and down, as here, shows what patience is for.",
    ),
)
