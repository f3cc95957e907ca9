"""Exercises of lesson 8: counting steps, scoring, an honest procedure, the training loop around two steps."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from course_utils.checks import Array
from course_utils.exercises import judge
from course_utils.exercises.judge import Exercise, Wrong


def judge_steps(
    steps_an_epoch: object, update_count: object, reviews_scored: object, right_by_majority: object
) -> None:
    """1,000 training reviews, 380 positive; 200 validation reviews, 110 positive; batches of 64, 5 epochs."""
    judge.a_count(
        "steps_an_epoch",
        steps_an_epoch,
        16,
        {
            1000 / 64: "a part of a batch is a batch, too, and every batch is a step",
            15: "40 reviews are left after the full batches, and a smaller batch is a step, too",
            19: "the validation reviews are in it; no training step is made on them",
            64: "that is the number of reviews in a batch",
            1000: "that would be one step for each review",
        },
        "how many batches of 64 do 1,000 reviews fill, the last one included?",
    )
    judge.a_count(
        "update_count",
        update_count,
        80,
        {
            5: "the weights are updated after every batch, and not once an epoch",
            16: "that is one epoch; there are five",
            75: "the last, smaller batch of each epoch updates the weights, too",
            79: "the epochs are no single long row of reviews: each ends with a smaller batch of its own",
            5000: "that would be one update for each review",
        },
        "one update a step: steps an epoch, times epochs",
    )
    judge.a_count(
        "reviews_scored",
        reviews_scored,
        192,
        {
            200: "that is all of them; drop_remainder drops the batch that is not full",
            3: "that is the number of full batches; asked are the reviews in them",
            256: "no batch is filled up; the one that is not full is dropped",
            8: "that is how many are dropped",
        },
        "count the reviews in the full batches of 64",
    )
    judge.a_count(
        "right_by_majority",
        right_by_majority,
        90,
        {
            110: "the majority is that of the training part; there most reviews are negative",
            100: "half would be right if a coin answered; this model always answers the same",
            45: "that is the per cent of them; asked is the number of reviews",
            620: "these are training reviews; it is scored on the validation part",
            380: "these are training reviews; it is scored on the validation part",
        },
        "which label does it always give, and how many of the 200 validation reviews have that label?",
    )


def judge_score(score: Any) -> None:
    """Ordinary probabilities of several sizes, then some that are exactly 0 or 1, then one of 0.5."""
    rng = np.random.default_rng(80)
    first = np.array(
        [[0.3], [0.4], [0.8], [0.1], [0.2], [0.45], [0.35]]
    )  # every slip has a number of its own
    cases = [(first, np.arange(7) < 2)]
    for reviews, positive in ((12, 9), (1, 1), (30, 5)):
        probabilities = rng.uniform(0.02, 0.98, (reviews, 1))
        cases.append((probabilities, np.arange(reviews) < positive))
    certain = np.array([[0.0], [1.0], [0.9], [1.0], [0.0], [0.2]])
    cases.append((certain, np.array([0, 1, 1, 0, 1, 0])))
    undecided = np.array([[0.7], [0.5], [0.2]])
    cases.append((undecided, np.array([1, 0, 1])))
    for probabilities, labels in cases:
        with np.errstate(all="ignore"):
            got = judge.call(score, probabilities=probabilities, labels=labels.astype(float))
        if isinstance(got, np.ndarray) and got.ndim == 1:
            got = list(got)
        if not isinstance(got, tuple | list) or len(got) != 3:
            raise Wrong(
                f"score gives back {judge.describe(got)}, expected three numbers: accuracy, log loss, "
                "standard error"
            )
        compare_scores(got, probabilities[:, 0], labels.astype(float))


PAIRS = "(reviews, 1) beside (reviews,) makes a table of every probability with every label: take "
PAIRS += "probabilities[:, 0] first"


def compare_scores(got: Sequence[Any], p: Array, y: Array) -> None:
    """Raise Wrong unless accuracy, log loss and standard error are right."""
    n, right = len(p), np.mean((p > 0.5) == (y == 1))
    near = np.clip(p, 1e-7, 1 - 1e-7)
    of_positive, of_negative = -np.log(near), -np.log(1 - near)
    losses = np.where(y == 1, of_positive, of_negative)
    slips = {
        "this is the log loss; the accuracy comes first": losses.mean(),
        "a probability of exactly 0.5 is not above 0.5": np.mean((p >= 0.5) == (y == 1)),
        PAIRS: np.mean((p[:, None] > 0.5) == (y == 1)),
        "review 0 judges all reviews: probabilities[0] is a row, the column is probabilities[:, 0]": (
            np.mean((p[0] > 0.5) == (y == 1))
        ),
        "this is the share of wrong verdicts; accuracy is the share of right ones": 1 - right,
        "this is the number of right verdicts; accuracy is their share": n * right,
        "this is the share of positive verdicts; accuracy compares them with the labels": np.mean(p > 0.5),
        "every review counts as positive: a verdict is positive where the probability is above 0.5": (
            np.mean(y)
        ),
    }
    judge.same_numbers("the accuracy", got[0], right, "one number", slips)
    if np.asarray(got[1]).shape == () and not np.isfinite(got[1]):
        raise Wrong(
            f"the log loss is {got[1]}: a probability is exactly 0 or 1, and 0 has no logarithm. Keep it "
            "1e-7 away, as Keras does: np.clip"
        )
    table = y * of_positive[:, None] + (1 - y) * of_negative[:, None]
    slips = {
        PAIRS.replace("makes", "makes here, too,"): table.mean(),
        "this is the mean logarithm itself; a loss is minus that": -losses.mean(),
        "this is the sum over the reviews; the loss is their mean": losses.sum(),
        "this is made with the logarithm to base 10: np.log is the natural one": losses.mean() / np.log(10),
        "this is made with the logarithm to base 2: np.log is the natural one": losses.mean() / np.log(2),
        "the negative reviews cost nothing here: theirs is −log(1 − p)": np.mean(y * of_positive),
        "this is −log p for every review; for a negative one it is −log(1 − p)": of_positive.mean(),
        "the labels are the wrong way round: a positive review costs −log p": np.mean(
            (1 - y) * of_positive + y * of_negative
        ),
        "a certain mistake costs nothing here: masking makes the worst answers the best": np.mean(
            np.where((p == 0) | (p == 1), 0, losses)
        ),
    }
    # In float32 the nearest number to 1 − 1e-7 is a little off, and its logarithm visibly so.
    tolerance = 1e-5 if np.array_equal(near, p) else 0.02
    judge.same_numbers("the log loss", got[1], losses.mean(), "one number", slips, tolerance)
    slips = {
        "this is the spread of a single verdict; that of a mean is smaller by the root of n": np.sqrt(
            right * (1 - right)
        ),
        "the root is missing": right * (1 - right) / n,
        "these are two standard errors; asked is one": 2 * np.sqrt(right * (1 - right) / n),
        "divide by n, as in the lesson's formula, and not by n − 1": (
            np.sqrt(right * (1 - right) / max(n - 1, 1))
        ),
        "this is made from the probabilities; each verdict is a coin that falls right or wrong": (
            p.std() / np.sqrt(n)
        ),
        "this is made from the labels; the coin falls right with the accuracy": y.std() / np.sqrt(n),
    }
    judge.same_numbers("the standard error", got[2], np.sqrt(right * (1 - right) / n), "one number", slips)


HONEST = {
    "a": "reviews of one film land on both sides, so the score is partly that of recognising films; new "
    "films "
    "will not be in the training part",
    "c": "the best of twenty is chosen with the help of its luck on the validation part, and here that luck "
    "is "
    "reported as skill",
    "d": "now the test part has chosen between three models: the best of them is also the luckiest there",
}


class Recorder:
    """Stands for a model's step: writes down what it is given, and answers with a loss drawn by lot."""

    def __init__(self, kind: str, log: list[Any]) -> None:
        self.kind, self.log = kind, log
        self.__name__ = f"{kind}_step"

    def __call__(self, x: object, y: object) -> float:
        """Write a batch down; return a loss."""
        x, y = np.array(x), np.array(y)
        loss = float(np.random.default_rng(len(self.log)).uniform(0.1, 1))
        self.log.append((self.kind, x, y, loss))
        return loss

    def __deepcopy__(self, memo: object) -> "Recorder":
        return self  # the student's copy must write into the same log

    def __reduce__(self) -> tuple[Any, ...]:
        return Recorder, (self.kind, [])  # writing things down does not count as a change of the argument


def make_part(first: int, reviews: int) -> tuple[Array, Array]:
    """Return ids (reviews, 4) and labels (reviews,), sorted by label; column 0 tells which review it is."""
    x = np.tile(first + np.arange(reviews)[:, None], (1, 4))
    return x, (np.arange(reviews) >= reviews // 2).astype(float)


def judge_fit(fit_by_hand: Any) -> None:
    """Look at every batch that reaches the two steps, then at the history; three sizes, then two seeds."""
    for reviews, held_out, batch_size, epochs in ((23, 11, 5, 3), (12, 6, 4, 2), (4, 3, 10, 1)):
        judge_one_fit(fit_by_hand, reviews, held_out, batch_size, epochs)
    first, again, other = (order_of_reviews(fit_by_hand, seed) for seed in (0, 0, 1))
    if first != again:
        raise Wrong(
            "called twice with the same seed, it deals the reviews in two orders: draw them from "
            "np.random.default_rng(seed)"
        )
    if first == other:
        raise Wrong("another seed deals the reviews in the same order: make the generator from seed")
    check_mixing([order_of_reviews(fit_by_hand, seed, reviews=12, batch_size=4) for seed in range(40)])


def run_fit(
    fit_by_hand: Any, reviews: int, held_out: int, batch_size: int, epochs: int, seed: int
) -> tuple[Any, list[Any]]:
    """Return the history and the log of a training of the student's loop."""
    log: list[Any] = []
    history = judge.call(
        fit_by_hand,
        train_step=Recorder("train", log),
        test_step=Recorder("test", log),
        train=make_part(100, reviews),
        validation=make_part(500, held_out),
        batch_size=batch_size,
        epochs=epochs,
        seed=seed,
    )
    return history, log


def order_of_reviews(fit_by_hand: Any, seed: int, reviews: int = 23, batch_size: int = 5) -> list[int]:
    """Return the training reviews of one epoch in the order in which they came."""
    _, log = run_fit(fit_by_hand, reviews, 11, batch_size, 1, seed)
    return [int(row) for kind, x, _, _ in log if kind == "train" for row in x[:, 0]]


def check_mixing(orders: Sequence[list[int]]) -> None:
    """Raise Wrong unless any of 12 reviews can come in the first batch of 4, and both labels meet there.

    A shuffle of all reviews fails with 40 seeds in one of a million cases.
    """
    in_first_batch = {row for order in orders for row in order[:4]}
    never = sorted(set(orders[0]) - in_first_batch)
    if never:
        raise Wrong(
            f"with {len(orders)} seeds, {len(never)} of 12 reviews never came in the first batch of 4. A "
            "file that is sorted by label stays nearly sorted in a small buffer, or half by half: shuffle "
            "all reviews together"
        )
    if not any(min(order[:4]) < 106 <= max(order[:4]) for order in orders):
        raise Wrong(
            f"with {len(orders)} seeds, both labels never met in the first batch: the halves of the file are "
            "shuffled apart; shuffle all reviews together"
        )


def judge_one_fit(fit_by_hand: Any, reviews: int, held_out: int, batch_size: int, epochs: int) -> None:
    """Judge one training."""
    history, log = run_fit(fit_by_hand, reviews, held_out, batch_size, epochs, seed=0)
    for kind, x, y, _ in log:
        check_batch(kind, x, y, make_part(500, held_out) if kind == "test" else make_part(100, reviews))
    for kind in ("train", "test"):
        if not any(event[0] == kind for event in log):
            raise Wrong(f"{kind}_step was never called")
    if log[0][0] == "test":
        raise Wrong(
            "the first call is one of test_step: first an epoch of training, then a look at validation"
        )
    pieces = [list(piece) for _, piece in groupby(log, key=lambda event: event[0])]
    if log[-1][0] == "train":
        raise Wrong("nobody looked at the validation part after the last epoch")
    if len(pieces) != 2 * epochs:
        trained = sum(len(x) for kind, x, _, _ in log if kind == "train") // reviews
        raise Wrong(
            f"epochs is {epochs}: training went {trained} × through its part, and a look at "
            f"validation followed {len(pieces) // 2} ×; after each epoch there should be one"
        )
    orders = [np.concatenate([x[:, 0] for _, x, _, _ in piece]) for piece in pieces]
    for i, (piece, order) in enumerate(zip(pieces, orders, strict=True)):
        check_piece(piece, order, i // 2 + 1, held_out if i % 2 else reviews, batch_size)
    if reviews > batch_size:
        check_shuffling(orders[::2], batch_size)
    check_history(history, pieces)


def check_batch(kind: str, x: Array, y: Array, part: tuple[Array, Array]) -> None:
    """Raise Wrong unless a batch holds reviews of the right part with their own labels."""
    if x.ndim != 2 or x.shape[1] != 4 or y.shape != (len(x),):
        raise Wrong(
            f"{kind}_step was given x of shape {x.shape} and y of shape {y.shape}, expected (reviews, 4) and "
            "(reviews,): rows of the arrays"
        )
    if len(x) == 0:
        raise Wrong(f"{kind}_step was given an empty batch: the loop goes one batch too far")
    first, places = part[0][0, 0], x[:, 0] - part[0][0, 0]
    if np.any(places < 0) or np.any(places >= len(part[0])):
        raise Wrong(
            "validation reviews were given to train_step: the weights may learn nothing from them"
            if first == 100
            else "training reviews were given to test_step: the loss of the epoch is what train_step answered"
        )
    if not np.array_equal(y, part[1][places]):
        raise Wrong("the labels no longer belong to their reviews: take both by the same row numbers")


def check_piece(piece: list[Any], order: Array, epoch: int, reviews: int, batch_size: int) -> None:
    """Raise Wrong unless all reviews of a part came once, in batches of the right size."""
    kind, seen = piece[0][0], len(np.unique(order))
    if seen < reviews:
        if len(order) > seen:
            cause = "some came twice"
        elif reviews - seen == reviews % batch_size:
            cause = "the last, smaller batch counts, too"
        else:
            cause = "each must come once"
        raise Wrong(
            f"in epoch {epoch}, {kind}_step saw {seen} of {reviews} reviews, in batches of {batch_size}: "
            f"{cause}"
        )
    if len(order) > reviews:
        raise Wrong(f"in epoch {epoch}, {kind}_step saw {len(order) - reviews} reviews more than once")
    sizes = [len(x) for _, x, _, _ in piece]
    expected = [batch_size] * (reviews // batch_size) + [reviews % batch_size] * (reviews % batch_size > 0)
    if sizes != expected:
        raise Wrong(
            f"{kind}_step was given batches of {', '.join(map(str, sizes))} reviews, expected "
            f"{', '.join(map(str, expected))}: only the last may be smaller"
        )


def check_shuffling(orders: Sequence[Array], batch_size: int) -> None:
    """Raise Wrong unless the reviews of each epoch were shuffled anew, all of them together."""
    if np.array_equal(orders[0], np.sort(orders[0])):
        raise Wrong("the reviews come in the order of the file, which is sorted by label: shuffle them")
    if any(np.array_equal(orders[0], order) for order in orders[1:]):
        raise Wrong("every epoch deals the reviews in the same order: shuffle anew in each")
    for order in orders[1:]:
        for row in (order, order[::-1]):
            if np.array_equal(np.roll(row, -int(np.argmax(row == orders[0][0]))), orders[0]):
                raise Wrong(
                    "every epoch goes round the same circle of reviews, from another place or backwards: "
                    "shuffle anew in each"
                )
    starts = range(0, len(orders[0]), batch_size)
    dealt = [{frozenset(order[i : i + batch_size].tolist()) for i in starts} for order in orders]
    if any(dealt[0] == other for other in dealt[1:]):
        raise Wrong("every batch holds the same reviews in all epochs: shuffle the reviews, not the batches")


def check_history(history: object, pieces: list[list[Any]]) -> None:
    """Raise Wrong unless the history holds the mean losses over the reviews of each epoch."""
    if not isinstance(history, Mapping) or not {"loss", "val_loss"} <= set(history):
        keys = f" with the keys {list(history)}" if isinstance(history, Mapping) else ""
        raise Wrong(
            f"fit_by_hand gives back {judge.describe(history)}{keys}, expected a dictionary with the lists "
            "'loss' and 'val_loss'"
        )
    for name, own in (("loss", pieces[::2]), ("val_loss", pieces[1::2])):
        losses = [np.array([loss for _, _, _, loss in piece]) for piece in own]
        sizes = [np.array([len(x) for _, x, _, _ in piece]) for piece in own]
        sums = np.array([np.sum(loss * size) for loss, size in zip(losses, sizes, strict=True)])
        right = sums / sizes[0].sum()
        slips = {
            "each batch counts alike here; the last one is smaller, so weigh every loss with its reviews": (
                np.array([loss.mean() for loss in losses])
            ),
            "the losses are divided by the number of full batches, as if there were no smaller one: weigh "
            "every loss with its reviews, and divide by their number": (
                np.array(
                    [
                        loss.sum() / max(np.sum(size == size[0]), 1)
                        for loss, size in zip(losses, sizes, strict=True)
                    ]
                )
                if any(size[-1] < size[0] for size in sizes)
                else right
            ),
            "every batch is weighed as if it were full: the last one has fewer reviews": (
                np.array([loss.sum() for loss in losses]) * sizes[0][0] / sizes[0].sum()
            ),
            "these are the losses of the last batch alone": np.array([loss[-1] for loss in losses]),
            "these are the losses of all batches; the history holds one number an epoch": (
                np.concatenate(losses)
            ),
            "these are sums over the batches; divide by the number of reviews": sums,
            "the sums of earlier epochs are still in it: begin every epoch with zero": (
                np.cumsum(sums) / sizes[0].sum()
            ),
            "this is the last epoch alone; the history holds one number for each": right[-1],
        }
        judge.same_numbers(f"history[{name!r}]", history[name], right, "one number an epoch", slips)


EXERCISES = (
    Exercise(
        number="8.1",
        kind="Predict",
        answers=("steps_an_epoch", "update_count", "reviews_scored", "right_by_majority"),
        judge=judge_steps,
        hints=(
            "15 · 64 = 960. What happens to the other 40 reviews?",
            "drop_remainder=True keeps full batches only. How often does 64 go into 200?",
            "The model always gives the label that most training reviews have. Of these, 620 of 1,000 are "
            "negative.",
        ),
        solution="""
steps_an_epoch = 16
update_count = 80
reviews_scored = 192
right_by_majority = 90
""",
        why="15 full batches and one of 40 make 16 steps; 5 · 16 = 80 updates; 3 · 64 = 192 scored. And a "
        "majority class can lose: here the training part misjudges what validation holds.",
    ),
    Exercise(
        number="8.2",
        kind="Code",
        answers=("score",),
        judge=judge_score,
        hints=(
            "Print the shape of probabilities == labels for (3, 1) and (3,). What should it be?",
            "p = probabilities[:, 0]; then (p > 0.5) == (labels == 1) says for each review whether it is "
            "right.",
            "The loss of a review is −log p if it is positive, else −log(1 − p), with p from np.clip(p, "
            "1e-7, "
            "1 - 1e-7). The standard error is the root of accuracy · (1 − accuracy) / n.",
        ),
        solution='''
def score(probabilities, labels):
    """Accuracy, log loss and standard error of the accuracy: three numbers."""
    p = probabilities[:, 0]  # (reviews,), like the labels
    accuracy = np.mean((p > 0.5) == (labels == 1))
    p = np.clip(p, 1e-7, 1 - 1e-7)
    log_loss = -np.mean(labels * np.log(p) + (1 - labels) * np.log(1 - p))
    return accuracy, log_loss, np.sqrt(accuracy * (1 - accuracy) / len(labels))
''',
        why="Three numbers say more than one: how often it is right, how sure it was when it was wrong, and "
        "how well 0.87 is known at all.",
    ),
    Exercise(
        number="8.3",
        kind="Think",
        answers=("choice", "because"),
        judge=lambda choice, because: judge.a_choice(choice, because, "b", HONEST),
        hints=(
            "What will the model meet at work that it has not met before? The test part must be like that.",
            "Ask of each procedure: did the number that is reported help to choose anything?",
        ),
        solution="""
choice = "b"
because = "Whole films are kept apart, and the number that is reported has chosen nothing."
""",
        why="Compare your reason with this one: the test part must be as new to the model as its work will "
        "be, "
        "and a number that took part in a choice flatters what it chose.",
    ),
    Exercise(
        number="8.4",
        kind="Code",
        answers=("fit_by_hand",),
        judge=judge_fit,
        hints=(
            "Three loops: epochs; in each the training batches; after them the validation batches. Make one "
            "generator before the first loop, np.random.default_rng(seed).",
            "Shuffle row numbers and leave the arrays alone: order = rng.permutation(len(x)), anew in each "
            "epoch.",
            "Batches: for start in range(0, len(order), batch_size): rows = order[start : start + "
            "batch_size]. "
            "A slice that reaches over the end is just shorter.",
            "The loss of an epoch is a mean over reviews: add up step(x[rows], y[rows]) * len(rows), and "
            "divide "
            "by len(order).",
        ),
        solution='''
def fit_by_hand(train_step, test_step, train, validation, batch_size, epochs, seed):
    """A dictionary with the lists "loss" and "val_loss": one number an epoch in each."""

    def mean_loss(step, x, y, order):
        total = 0.0
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]  # the last batch may be smaller
            total += step(x[rows], y[rows]) * len(rows)
        return total / len(order)

    rng = np.random.default_rng(seed)
    history = {"loss": [], "val_loss": []}
    for _ in range(epochs):
        shuffled = rng.permutation(len(train[0]))
        history["loss"].append(mean_loss(train_step, *train, shuffled))
        in_order = np.arange(len(validation[0]))
        history["val_loss"].append(mean_loss(test_step, *validation, in_order))
    return history
''',
        why="Every review once an epoch, in a new order, with its label, and none from the other side: this "
        "is "
        "what a call of fit stands for. With a step of lesson 7 in place of ours it trains a network.",
    ),
)
