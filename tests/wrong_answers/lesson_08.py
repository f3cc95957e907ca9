"""Wrong answers to the exercises of lesson 8."""

from tests.wrong_answers.choices import think

FIT_IN_TWO = """
def fit_by_hand(train_step, test_step, train, validation, batch_size, epochs, seed):
    rng, history = np.random.default_rng(seed), {"loss": [], "val_loss": []}
    x, y = train
    for _ in range(epochs):
        ORDER
        total = 0.0
        for start in range(0, len(x), batch_size):
            rows = order[start : start + batch_size]
            total += train_step(x[rows], y[rows]) * len(rows)
        history["loss"].append(total / len(x))
        total = 0.0
        for start in range(0, len(validation[0]), batch_size):
            batch = [array[start : start + batch_size] for array in validation]
            total += test_step(*batch) * len(batch[0])
        history["val_loss"].append(total / len(validation[0]))
    return history
"""


def fit(order="order = rng.permutation(len(x))", old="", new=""):
    """A right loop with explicit totals, in which one thing is changed."""
    right = FIT_IN_TWO.replace("ORDER", order)
    assert old in right, old
    return right.replace(old, new, 1)


WRONG = {
    "8.1": [
        ("16", "15", "40 reviews are left"),
        ("16", "15.625", "a part of a batch is a batch, too"),
        ("16", "19", "no training step is made on them"),
        ("16", "64", "the number of reviews in a batch"),
        ("16", "1000", "one step for each review"),
        ("16", "17", "how many batches of 64"),
        ("80", "5", "after every batch, and not once an epoch"),
        ("80", "16", "that is one epoch; there are five"),
        ("80", "75", "the last, smaller batch of each epoch"),
        ("80", "79", "no single long row"),
        ("80", "5_000", "one update for each review"),
        ("80", "85", "one update a step"),
        ("192", "200", "that is all of them"),
        ("192", "3", "the number of full batches"),
        ("192", "256", "no batch is filled up"),
        ("192", "8", "how many are dropped"),
        ("192", "128", "count the reviews in the full batches"),
        ("90", "110", "the majority is that of the training part"),
        ("90", "100", "if a coin answered"),
        ("90", "45", "the per cent of them"),
        ("90", "620", "these are training reviews"),
        ("90", "380", "these are training reviews"),
        ("90", "0", "which label does it always give"),
        ("90", "...", "Not tried yet: right_by_majority"),
    ],
    "8.2": [
        ("p = probabilities[:, 0]", "p = probabilities", "a table of every probability with every label"),
        (
            "    p = np.clip(p, 1e-7",
            "    p = np.clip(probabilities, 1e-7",
            "makes here, too, a table",
        ),
        ("return accuracy, log_loss, np", "return accuracy, np", "expected three numbers"),
        ("return accuracy, log_loss, np", "return log_loss, accuracy, np", "the accuracy comes first"),
        ("p > 0.5", "p >= 0.5", "0.5 is not above 0.5"),
        ("/ len(labels)", "/ (len(labels) - 1)", "and not by n − 1"),
        ("log_loss, np.sqrt(", "log_loss, 2 * np.sqrt(", "these are two standard errors"),
        (
            "labels * np.log(p) + (1 - labels) * np.log(1 - p)",
            "labels * np.log10(p) + (1 - labels) * np.log10(1 - p)",
            "the logarithm to base 10",
        ),
        (
            "labels * np.log(p) + (1 - labels) * np.log(1 - p)",
            "labels * np.log2(p) + (1 - labels) * np.log2(1 - p)",
            "the logarithm to base 2",
        ),
        ("np.mean((p > 0.5) == (", "np.mean((p > 0.5) != (", "the share of wrong verdicts"),
        ("np.mean((p > 0.5) == (", "np.sum((p > 0.5) == (", "the number of right verdicts"),
        ("np.mean((p > 0.5) == (labels == 1))", "np.mean(p > 0.5)", "the share of positive verdicts"),
        ("p > 0.5", "p > 0", "every review counts as positive"),
        ("np.mean((p > 0.5) == (", "((p > 0.5) == (", "the accuracy has shape (7,)"),
        ("    p = np.clip(p, 1e-7, 1 - 1e-7)\n", "", "0 has no logarithm"),
        ("= -np.mean(", "= np.mean(", "the mean logarithm itself"),
        ("= -np.mean(", "= -np.sum(", "the sum over the reviews"),
        (" + (1 - labels) * np.log(1 - p)", "", "the negative reviews cost nothing here"),
        (
            "-np.mean(labels * np.log(p) + (1 - labels) * np.log(1 - p))",
            "-np.mean(np.log(p))",
            "for every review",
        ),
        ("labels * np.log(p) + (1 - labels)", "(1 - labels) * np.log(p) + labels", "the wrong way round"),
        ("np.log(p)", "np.log2(p)", "the log loss is"),
        (
            "    p = np.clip(p, 1e-7, 1 - 1e-7)\n",
            "    labels = labels[(p > 0) & (p < 1)]\n    p = p[(p > 0) & (p < 1)]\n",
            "the log loss is",
        ),
        (
            None,
            """
def score(probabilities, labels):
    p = probabilities[:, 0]
    accuracy = np.mean((p > 0.5) == (labels == 1))
    said = np.where(labels == 1, p, 1 - p)
    sure = (p == 0) | (p == 1)
    losses = -np.log(np.where(sure, 1, said))
    return accuracy, np.mean(losses), np.sqrt(accuracy * (1 - accuracy) / len(p))
""",
            "masking makes the worst answers the best",
        ),
        (" / len(labels))", ")", "the spread of a single verdict"),
        (
            "np.sqrt(accuracy * (1 - accuracy) / len(labels))",
            "accuracy * (1 - accuracy) / len(labels)",
            "the root is",
        ),
        (
            "np.sqrt(accuracy * (1 - accuracy) / len(labels))",
            "np.std(probabilities) / np.sqrt(len(labels))",
            "this is made from the probabilities",
        ),
        (
            "np.sqrt(accuracy * (1 - accuracy) / len(labels))",
            "np.std(labels) / np.sqrt(len(labels))",
            "this is made from the labels",
        ),
        ("[:, 0]", "[0]", "review 0 judges all reviews"),
    ],
    "8.3": think(
        "b",
        [("a", "recognising films"), ("c", "reported as skill"), ("d", "the test part has chosen between")],
    ),
    "8.4": [
        ("    return history", "", "does it end with return"),
        ("    return history", '    return history["loss"]', "expected a dictionary with the lists"),
        (
            "    return history",
            '    return {"loss": history["loss"], "validation": history["val_loss"]}',
            "with the keys ['loss', 'validation'], expected a dictionary with the lists 'loss' and",
        ),
        (
            "    return history",
            '    return {"loss": [0.5], "val_loss": [0.5]}',
            "has shape (1,), expected (3,)",
        ),
        (None, fit("order = np.arange(len(x))"), "in the order of the file, which is sorted by label"),
        (
            None,
            fit("order = np.random.default_rng(seed).permutation(len(x))"),
            "every epoch deals the reviews in the same order",
        ),
        (
            None,
            fit(
                """starts = rng.permutation(range(0, len(x), batch_size))
        starts = sorted(starts, key=lambda start: start + batch_size > len(x))
        order = np.concatenate([np.arange(len(x))[i : i + batch_size] for i in starts])"""
            ),
            "shuffle the reviews, not the batches",
        ),
        (
            None,
            fit(
                """first = dealt if history["loss"] else rng.permutation(len(x))
        dealt = first
        order = np.roll(dealt, 7 * len(history["loss"]))"""
            ),
            "round the same circle of reviews",
        ),
        (
            None,
            fit(
                """half = len(x) // 2
        order = np.concatenate([rng.permutation(half), half + rng.permutation(len(x) - half)])"""
            ),
            "6 of 12 reviews never came in the first batch of 4",
        ),
        (
            None,
            fit(
                """half = len(x) // 2
        halves = [rng.permutation(half), half + rng.permutation(len(x) - half)]
        order = np.concatenate(halves[:: rng.choice([-1, 1])])"""
            ),
            "the halves of the file are shuffled apart",
        ),
        (
            None,
            fit(
                """buffer, coming, order = [], list(range(len(x))), []
        while buffer or coming:
            while coming and len(buffer) < 6:
                buffer.append(coming.pop(0))
            order.append(buffer.pop(rng.integers(len(buffer))))"""
            ),
            "stays nearly sorted in a small buffer",
        ),
        (
            None,
            fit("rng = np.random.default_rng()\n        order = rng.permutation(len(x))"),
            "in two orders",
        ),
        (
            None,
            fit(old="default_rng(seed)", new="default_rng(0)"),
            "another seed deals the reviews in the same order",
        ),
        (
            None,
            fit("rng.shuffle(x)\n        order = np.arange(len(x))"),
            "changes its argument train in place",
        ),
        (
            None,
            fit("order = rng.permutation(len(x))\n        x = x[order]"),
            "the labels no longer belong to their reviews",
        ),
        (None, fit("order = rng.integers(0, len(x), len(x))"), "some came twice"),
        (
            None,
            fit("order = np.tile(rng.permutation(len(x)), 2)", "range(0, len(x)", "range(0, 2 * len(x)"),
            "more than once",
        ),
        (
            None,
            fit(old="range(0, len(x), batch_size)", new="range(0, len(x) - batch_size + 1, batch_size)"),
            "the last, smaller batch counts, too",
        ),
        (
            None,
            fit(
                old="range(0, len(validation[0]), batch_size)",
                new="range(0, len(validation[0]) - batch_size + 1, batch_size)",
            ),
            "in epoch 1, test_step saw 10 of 11 reviews, in batches of 5: the last, smaller",
        ),
        (
            None,
            fit(old="range(0, len(x), batch_size)", new="range(batch_size, len(x), batch_size)"),
            "each must come once",
        ),
        (
            None,
            fit(old="range(0, len(x), batch_size)", new="range(0, len(x) + batch_size, batch_size)"),
            "an empty batch",
        ),
        (
            "for start in range(0, len(order), batch_size):\n"
            "            rows = order[start : start + batch_size]",
            "for rows in np.array_split(order, -(-len(order) // batch_size)):",
            "train_step was given batches of 5, 5, 5, 4, 4 reviews, expected 5, 5, 5, 5, 3",
        ),
        (
            "mean_loss(test_step, *validation, in_order)",
            "test_step(*validation)",
            "test_step was given batches of 11",
        ),
        (
            "mean_loss(test_step, *validation",
            "mean_loss(train_step, *validation",
            "the weights may learn nothing",
        ),
        (
            "mean_loss(train_step, *train, shuffled))",
            "mean_loss(train_step, *train, shuffled))\n        mean_loss(test_step, *train, shuffled)",
            "the loss of the epoch is what train_step answered",
        ),
        (
            None,
            """
def fit_by_hand(train_step, test_step, train, validation, batch_size, epochs, seed):
    return {"loss": [0.5] * epochs, "val_loss": [0.5] * epochs}
""",
            "train_step was never called",
        ),
        (
            '        history["val_loss"].append(mean_loss(test_step, *validation, in_order))',
            "        pass",
            "test_step was never called",
        ),
        (
            "    for _ in range(epochs):\n",
            "    mean_loss(test_step, *validation, np.arange(len(validation[0])))\n"
            "    for _ in range(epochs):\n",
            "first an epoch of training",
        ),
        (
            None,
            """
def fit_by_hand(train_step, test_step, train, validation, batch_size, epochs, seed):
    rng, history = np.random.default_rng(seed), {"loss": [], "val_loss": []}
    for step, (x, y), name in ((train_step, train, "loss"), (test_step, validation, "val_loss")):
        for _ in range(epochs):
            order, total = rng.permutation(len(x)), 0.0
            for start in range(0, len(x), batch_size):
                rows = order[start : start + batch_size]
                total += step(x[rows], y[rows]) * len(rows)
            history[name].append(total / len(x))
    return history
""",
            "a look at validation followed 1 ×; after each epoch there should be one",
        ),
        (
            "        in_order = np.arange",
            "        if _ == epochs - 1:\n            break\n        in_order = np.arange",
            "nobody looked at the validation part after the last epoch",
        ),
        (
            "step(x[rows], y[rows]) * len(rows)",
            "step(rows, y[rows]) * len(rows)",
            "train_step was given x of shape (5,)",
        ),
        (
            "step(x[rows], y[rows]) * len(rows)",
            "step(x[rows], y) * len(rows)",
            "and y of shape (23,), expected",
        ),
        (
            "            total += step(x[rows], y[rows]) * len(rows)\n        return total / len(order)",
            "            total += step(x[rows], y[rows])\n"
            "        return total / -(-len(order) // batch_size)",
            "each batch counts alike here",
        ),
        (
            "            total += step(x[rows], y[rows]) * len(rows)\n        return total / len(order)",
            "            total += step(x[rows], y[rows])\n"
            "        return total / max(len(order) // batch_size, 1)",
            "divided by the number of full batches",
        ),
        ("* len(rows)", "* batch_size", "every batch is weighed as if it were full"),
        ("            total +=", "            total =", "the right shape and other numbers"),
        (
            "            total += step(x[rows], y[rows]) * len(rows)\n        return total / len(order)",
            "            total = step(x[rows], y[rows])\n        return total",
            "the losses of the last batch alone",
        ),
        ("return total / len(order)", "return total", "these are sums over the batches"),
        (
            None,
            fit(
                old="        total = 0.0\n        for start in range(0, len(x), batch_size)",
                new='        total = total if history["loss"] else 0.0\n'
                "        for start in range(0, len(x), batch_size)",
            )
            .replace(
                "        total = 0.0\n        for start in range(0, len(val",
                "        held = 0.0\n        for start in range(0, len(val",
            )
            .replace("total += test_step", "held += test_step")
            .replace("total / len(validation[0])", "held / len(validation[0])"),
            "the sums of earlier epochs are still in it",
        ),
        (
            None,
            fit(
                old="            total += train_step(x[rows], y[rows]) * len(rows)\n"
                '        history["loss"].append(total / len(x))',
                new='            history["loss"].append(train_step(x[rows], y[rows]))',
            ),
            "these are the losses of all batches",
        ),
        (
            "    return history",
            "    return {name: losses[-1] for name, losses in history.items()}",
            "this is the last epoch alone",
        ),
        ("step(x[rows], y[rows])", "step(x[rows])", "raised TypeError"),
    ],
}
