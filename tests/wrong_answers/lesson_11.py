"""Wrong answers to the exercises of lesson 11."""

from tests.wrong_answers.choices import think

RANDOM = "[np.array(batches[i]) for i in rng.permutation(len(batches))]"
ANSWERED = "answers[rows] = model(pad_sequences([ids[row] for row in rows]))"
LIMIT = "(len(batches[-1]) + 1) * lengths[row] > max_ids"
# A right first function, for wrong answers to the second.
IN_A_ROW = """
def batches_by_length(lengths, max_ids, seed):
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(lengths))
    rows = rows[np.argsort(-lengths[rows], kind="stable")].tolist()  # from the longest
    batches = []
    while rows:
        n = max(1, max_ids // lengths[rows[0]])
        batches.append(rows[:n])
        rows = rows[n:]
    rng.shuffle(batches)
    return batches
"""

WRONG = {
    "11.1": [
        ("72", "47", "the zeros beside them are read as well"),
        ("72", "12", "the width of one row; there are six"),
        ("72", "25", "the zeros alone; the words are read as well"),
        ("72", "36", "that is three rows, one a batch"),
        ("72", "75", "the longest of all reviews"),
        ("72", '"72"', "expected a number"),
        ("70", "72", "one width for all"),
        ("70", "23", "these are the zeros alone"),
        ("70", "35", "that adds up the widths"),
        ("70", "54", "with the reviews sorted"),
        ("70", "71", "as wide as the longer of its two"),
        ("54", "47", "only a batch of equal lengths"),
        ("54", "7", "these are the zeros alone"),
        ("54", "27", "each batch has two rows of its width"),
        ("54", "70", "sort them by length first"),
        ("54", "60", "deal out two at a time"),
        ("72", "...", "Not tried yet: ids_one_width"),
    ],
    "11.2": [
        ("states = [np.where(word, a, b) for a, b in zip(new, states)]", "states = new", "padding is read"),
        ("(word, a, b)", "(word, b, a)", "the mask is turned round"),
        ("(word, a, b)", "(word, a, 0)", "it must be handed on as it was"),
        ("[np.where(word, a, b) for a, b in zip(new, states)]", "[word * a for a in new]", "becomes zero"),
        (
            None,
            """
def read_on(x, mask, states, cell):
    for t in range(x.shape[1]):
        _, states = cell(x[:, t] * mask[:, t, None], states)
    return states
""",
            "the step is taken all the same",
        ),
        ("    for t in", "    states = [0 * state for state in states]\n    for t in", "begins with zeros"),
        (
            "        _, new",
            "        if not mask[:, t].all():\n            continue\n        _, new",
            "for all reviews",
        ),
        (
            None,
            """
def read_on(x, mask, states, cell):
    for t in range(x.shape[1]):
        if mask[:, t].any():
            _, states = cell(x[:, t], states)
    return states
""",
            "each row needs its own choice",
        ),
        (
            "    for t in",
            "    mask = np.logical_and.accumulate(mask, axis=1)\n    for t in",
            "reading stops at the first zero",
        ),
        (
            "[np.where(word, a, b) for a, b in zip(new, states)]",
            "[np.where(word, new[0], states[0]), *new[1:]]",
            "the second state: an LSTM's c must stand still",
        ),
        (
            "[np.where(word, a, b) for a, b in zip(new, states)]",
            "[*new[:-1], np.where(word, new[-1], states[-1])]",
            "padding moves state 0",
        ),
        (
            "        _, new = cell(x[:, t], states)\n        word = mask[:, t, None]",
            "        _, new = cell(x[t], states)\n        word = mask[t, :, None]",
            "the loop runs over the reviews",
        ),
        ("states)\n        word", "states[:1])\n        word", "this cell takes a list of 2 states"),
        ("states)\n        word", "states[0])\n        word", "this cell takes a list of 1 state"),
        ("cell(x[:, t]", "cell(x[t]", "x[t] is review t"),
        ("mask[:, t, None]", "mask[t, :, None]", "that of step t is mask[:, t]"),
        ("mask[:, t, None]", "mask[:, t]", "give it a second axis"),
        (
            "_, new = cell(x[:, t], states)",
            "output, _ = cell(x[:, t], states)\n        new = [output] * len(states)",
            "the cell's list holds the new numbers of each state",
        ),
        ("return states", "return states[0]", "expected a list of 1"),
        ("return states", "return cell(x[:, -1], states)", "gives back a tuple of 2"),
        ("return states", "return states[:1]", "with a cell that has 2 states"),
        ("return states", "return states[::-1]", "and other numbers"),
        ("return states", "states", "does it end with return?"),
        ("_, new = cell", "new = cell", "take them apart before you choose"),
        (
            "states = [np.where(word, a, b) for a, b in zip(new, states)]",
            "states[0] = np.where(word, new[0], states[0])",
            "changes its argument states in place",
        ),
    ],
    "11.3": think(
        "d",
        [
            ("a", "all 5,000 validation reviews are positive"),
            ("b", "the validation part is the last fifth"),
            ("c", "0.625; 0.94 takes more"),
        ],
    ),
    "11.4": [
        (RANDOM, "np.concatenate(batches)", "gives back an array of shape (60,)"),
        (RANDOM, "[[int(lengths[row]) for row in batch] for batch in batches]", "Row numbers are wanted"),
        (RANDOM, "[[lengths[row] + 60 for row in batch] for batch in batches]", "are these lengths"),
        (RANDOM, "[sorted(lengths * 9)]", "where rows are wanted"),
        (RANDOM, "batches[:-1]", "is the last batch kept"),
        (RANDOM, "[*batches, batches[-1]]", "2 times, expected once"),
        (RANDOM, "[*batches, []]", "one of the batches is empty"),
        (RANDOM, "[np.array(batch) for batch in batches]", "the batches are ordered by length"),
        (RANDOM, "[np.array(batch) for batch in batches[::-1]]", "shuffle the batches, too"),
        (RANDOM, "[lengths[batch] * 1.0 for batch in batches]", "expected whole row numbers"),
        ("rng.permutation(len(lengths))", "np.arange(len(lengths))", "shuffle the reviews before you sort"),
        (
            RANDOM,
            "[np.array(batches[i]) for i in np.random.default_rng(0).permutation(len(batches))]",
            "only 1 orders of the batches",
        ),
        (
            RANDOM,
            "[np.array(batch) for batch in batches[len(batches) // 2 :] + batches[: len(batches) // 2]]",
            "only rolled or halved",
        ),
        (
            RANDOM,
            "[np.array(batches[i]) for i in np.roll(np.arange(len(batches)), rng.integers(99))]",
            "an order that is fixed",
        ),
        (
            "rng.permutation(len(lengths))",
            "np.roll(np.arange(len(lengths)), rng.integers(len(lengths)))",
            "Rolling the rows",
        ),
        ("default_rng(seed)", "default_rng()", "two calls with the same seed"),
        ('    order = order[np.argsort(lengths[order], kind="stable")]\n', "", "they overlap"),
        (
            LIMIT,
            "sum(lengths[i] for i in batches[-1]) + lengths[row] > max_ids",
            "The zeros beside the words count",
        ),
        (LIMIT, "len(batches[-1]) == 16", "and the limit is 48"),
        (LIMIT, "len(batches[-1]) == 2", "Fill each batch as far as the limit allows"),
        (LIMIT, "(len(batches[-1]) + 1) * lengths[row] >= max_ids // 2", "would fit into one"),
        (LIMIT, "(len(batches[-1]) + 1) * lengths[row] >= max_ids", "Exactly the limit is not too many"),
        (LIMIT, "(len(batches[-1]) + 2) * lengths[row] > max_ids", "has room for one more"),
        ("if batches[-1] and (", "if (", "one of the batches is empty"),
        (
            None,
            IN_A_ROW
            + """
def answer_all(model, ids, max_ids):
    batches = batches_by_length(np.array([len(review) for review in ids]), max_ids, 0)
    return np.concatenate([model(pad_sequences([ids[row] for row in rows])) for rows in batches])
""",
            "stand in the order of the batches",
        ),
        (
            None,
            IN_A_ROW
            + """
def answer_all(model, ids, max_ids):
    batches = batches_by_length(np.array([len(review) for review in ids]), max_ids, 0)
    joined = np.concatenate([model(pad_sequences([ids[row] for row in rows])) for rows in batches])
    return joined[np.concatenate(batches)]
""",
            "moves them once more",
        ),
        (
            ANSWERED,
            "answers[rows] = model([ids[row] for row in rows])",
            "pad them first",
        ),
        (ANSWERED, "answers[rows] = [model(ids[row]) for row in rows]", "reads padded ids"),
        (ANSWERED, "answers[rows] = [model(ids[row][None])[0] for row in rows]", "ask it batch by batch"),
        (ANSWERED, "answers[rows] = model(pad_sequences([ids[row] for row in rows], 10))", "is one cut"),
        (
            ANSWERED,
            "answers[rows] = model(pad_sequences([ids[row] for row in rows], 40))",
            "to its own longest",
        ),
        ("np.zeros(len(ids))", "np.zeros(len(ids), int)", "does the array for them hold integers?"),
        (ANSWERED, "answers[rows] = 0.5", "never calls the model"),
        (ANSWERED, "answers[rows[0]] = model(pad_sequences([ids[row] for row in rows]))[0]", "other numbers"),
        (
            None,
            IN_A_ROW
            + """
def answer_all(model, ids, max_ids):
    return model(pad_sequences(ids))
""",
            "use batches_by_length",
        ),
        (
            None,
            IN_A_ROW
            + """
def answer_all(model, ids, max_ids):
    ...
""",
            "Not tried yet: answer_all",
        ),
    ],
}
