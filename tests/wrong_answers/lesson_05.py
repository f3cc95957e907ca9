"""Wrong answers to the exercises of lesson 5."""

from tests.wrong_answers.choices import think

KERNEL, RECURRENT, FORGET = "kernel_shape = (5, 28)", "recurrent_kernel_shape = (7, 28)", "forget_starts = 7"
SPLIT = "i, f, g, o = np.split(z, 4, axis=1)"
MEMORY = "sigmoid(f) * c + sigmoid(i) * np.tanh(g)"
WORD = "word = mask[:, t, None]  # (batch, 1)"
ZEROS = "    if mask is None:\n        mask = np.ones(x.shape[:2], dtype=bool)  # every step is a word\n"
CHOOSE = "h, c = np.where(word, new_h, h), np.where(word, new_c, c)"

WRONG = {
    "5.1": [
        (KERNEL, "kernel_shape = (5, 7)", "the block of one gate"),
        (KERNEL, "kernel_shape = (20, 7)", "side by side, as columns"),
        (KERNEL, "kernel_shape = (28, 5)", "the features are the rows"),
        (KERNEL, "kernel_shape = (5, 21)", "the candidate has a block too"),
        (KERNEL, "kernel_shape = (30, 28)", "number of timesteps"),
        (KERNEL, "kernel_shape = (7, 28)", "the kernel multiplies the 5 features"),
        (KERNEL, "kernel_shape = (4, 5, 7)", "another number of sizes"),
        (RECURRENT, "recurrent_kernel_shape = (7, 7)", "four of them lie side by side"),
        (RECURRENT, "recurrent_kernel_shape = (5, 28)", "the old h, which has 7 numbers"),
        (RECURRENT, "recurrent_kernel_shape = (14, 28)", "the old c goes to no matrix"),
        (RECURRENT, "recurrent_kernel_shape = (28, 28)", "check what each of them counts"),
        (FORGET, "forget_starts = 0", "there the input gate begins"),
        (FORGET, "forget_starts = 1", "one block is 7 columns wide"),
        (FORGET, "forget_starts = 8", "counts columns from 0"),
        (FORGET, "forget_starts = 14", "there the candidate begins"),
        (FORGET, "forget_starts = 5", "5 is the number of features"),
        (FORGET, "forget_starts = 21", "one column for each unit"),
        ("364", "91", "that is one gate"),
        ("364", "273", "four layers, not three"),
        ("364", "336", "the bias is not"),
        ("364", "168", "the recurrent kernel is not"),
        ("364", "371", "no fifth for the memory"),
        ("364", "10920", "number of timesteps"),
        ("364", "360", "add up 5 · 28, 7 · 28 and"),
        ("364", "...", "Not tried yet: weight_count"),
    ],
    "5.2": [
        ("    return [h, c]\n", "", "gives back None"),
        ("return [h, c]", "return h", "expected the list of the new states, [h, c]"),
        ("return [h, c]", "return h, [h, c]", "the new memory c has shape (2, 3, 2), expected (3, 2)"),
        ("return [h, c]", "return [c, h]", "in the wrong order: Keras's is [h, c]"),
        ("h, c = states", "c, h = states", "the old states have changed places"),
        (SPLIT, "f, i, g, o = np.split(z, 4, axis=1)", "are taken for f, i, c, o"),
        (SPLIT, "i, f, o, g = np.split(z, 4, axis=1)", "are taken for i, f, o, c"),
        (SPLIT, "f, i, o, g = np.split(z, 4, axis=1)", "are taken for f, i, o, c"),
        (SPLIT, "o, i, f, g = np.split(z, 4, axis=1)", "are taken for o, i, f, c"),
        ("4, axis=1", "4", "raised ValueError"),
        (MEMORY, "sigmoid(i) * np.tanh(g)", "the old memory is missing"),
        (MEMORY, "c + sigmoid(i) * np.tanh(g)", "the cell of 1997"),
        (MEMORY, "sigmoid(f) * c + np.tanh(g)", "the input gate is missing"),
        (MEMORY, "sigmoid(f) * c + (1 - sigmoid(f)) * np.tanh(g)", "1 − f stands in place"),
        (MEMORY, "sigmoid(f) * c + sigmoid(i) * sigmoid(g)", "the candidate went through a sigmoid"),
        (MEMORY, "sigmoid(f) * c + sigmoid(i) * g", "the candidate has no tanh"),
        (MEMORY, "sigmoid(f) * h + sigmoid(i) * np.tanh(g)", "a part of the old h"),
        (MEMORY, "sigmoid(f) * c - sigmoid(i) * np.tanh(g)", "the right shape and other numbers"),
        ("np.exp(-z)", "np.exp(z)", "the sigmoid is turned round"),
        (
            None,
            """
def my_lstm_step(x_t, states, weights):
    (c, h), (W, U, b) = states, weights
    i, f, g, o = np.split(x_t @ W + h @ U + b, 4, axis=1)
    c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
    return [c, np.tanh(c) / (1 + np.exp(-o))]
""",
            "taken and given back as [c, h]",
        ),
        ("return 1 / (1 + np.exp(-z))", "return np.tanh(z)", "the gates went through tanh"),
        ("return [h, c]", "return [h, np.tanh(c)]", "tanh of the new memory was stored"),
        ("return [h, c]", "return [h, states[1]]", "this is the old memory"),
        (" + bias", "", "the bias is missing"),
        (" + h @ recurrent_kernel", "", "the numbers without U"),
        ("x_t @ kernel", "x_t[0] @ kernel", "the input of the first one: did you index the batch?"),
        (
            None,
            """
def my_lstm_step(x_t, states, weights):
    (h, c), (W, U, b) = states, weights
    i, f, g, o = np.split(x_t[0] @ W + h[0] @ U + b, 4)
    c = c[0] / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
    return [np.tanh(c) / (1 + np.exp(-o)), c]
""",
            "only the first review was read",
        ),
        ("sigmoid(o) * np.tanh(c)", "sigmoid(o) * c", "h is o · c"),
        ("sigmoid(o) * np.tanh(c)", "np.tanh(c)", "the output gate is missing"),
        ("sigmoid(o) * np.tanh(c)", "sigmoid(o) * np.tanh(states[1])", "h shows the old memory"),
        ("return [h, c]", "return [states[0], c]", "h is still the old one"),
        ("sigmoid(o) * np.tanh(c)", "o * np.tanh(c)", "the output gate has no sigmoid"),
        ("c = sigmoid(f) * c + ", "c *= sigmoid(f)\n    c += ", "changes its argument states in place"),
    ],
    "5.3": think(
        "c", [("a", "o is nearly 1 already"), ("b", "the memory loses nothing"), ("d", "the same thing five")]
    ),
    "5.4": [
        ("return np.stack(outputs, axis=1), h, c", "return h, c", "expected three arrays"),
        ("return np.stack(outputs, axis=1), h, c", "return np.stack(outputs, axis=1)", "expected three"),
        ("axis=1), h, c", "axis=1), c, h", "the last c; the order"),
        ("axis=1), h, c", "axis=1), h, h", "the memory c is not in the outputs"),
        ("axis=1), h, c", "axis=0), h, c", "time stands first"),
        ("np.stack(outputs, axis=1), h, c", "h, h, c", "the outputs of the last step alone"),
        (CHOOSE, "h, c = new_h, new_c", "padded steps are read like words"),
        (CHOOSE, "h, c = np.where(word, h, new_h), np.where(word, c, new_c)", "the wrong way round"),
        (CHOOSE, "h, c = new_h * word, new_c * word", "they must wait, and not be emptied"),
        (CHOOSE, "h, c = np.where(word, new_h, h), new_c", "leaves h alone and still changes c"),
        (CHOOSE, "h, c = new_h, np.where(word, new_c, c)", "leaves c alone and still changes h"),
        (
            CHOOSE,
            "c = np.where(word, new_c, c)\n        h = sigmoid(o) * np.tanh(c)",
            "h is made anew from it",
        ),
        (WORD, "word = mask[:, : t + 1].all(axis=1)[:, None]", "words that stand behind padding"),
        (WORD, "word = mask[0, t]", "the mask of the first review decides for all"),
        (WORD, "word = mask[:, t].any()", "only where all reviews are padded"),
        (WORD, "word = mask[:, t].all()", "as soon as one review is padded"),
        (
            f"{CHOOSE}\n        outputs.append(h)",
            "h, c = new_h, new_c\n        outputs.append(np.where(word, h, outputs[-1] if outputs else 0))",
            "h and c behind it go on",
        ),
        ("outputs.append(h)", "outputs.append(h * word)", "a padded step shows zeros"),
        ("h, c = initial_state", "h = c = np.zeros((len(x), units))", "the initial states are not used"),
        ("h, c = initial_state", "c, h = initial_state", "here the two have changed places"),
        (" + bias", "", "the bias is missing"),
        (
            ZEROS,
            "",
            "my_lstm(x, weights) raised TypeError",
        ),
        ("outputs.append(h)", "outputs.append(new_h)", "then append h"),
        (WORD, "word = mask[:, t]", "raised ValueError"),
        (
            None,
            """
def my_lstm(x, weights, mask=None, initial_state=None):
    W, U, b = weights
    mask = np.ones(x.shape[:2], dtype=bool) if mask is None else mask
    h, c = initial_state or [np.zeros((len(x), len(U)))] * 2
    x, outputs = x * mask[:, :, None], []
    for t in range(x.shape[1]):
        i, f, g, o = np.split(x[:, t] @ W + h @ U + b, 4, axis=1)
        c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
        h = np.tanh(c) / (1 + np.exp(-o))
        outputs.append(h)
    return np.stack(outputs, axis=1), h, c
""",
            "padded steps are read as zeros",
        ),
        (
            ZEROS,
            ZEROS.replace("mask = np.ones", "initial_state, mask = None, np.ones"),
            "the initial states are not used",
        ),
        (
            ZEROS,
            "    if mask is None and initial_state is not None:\n        raise NotImplementedError\n" + ZEROS,
            "raised NotImplementedError",
        ),
        (
            "    if mask is None:",
            "    x, mask = x.swapaxes(0, 1), None if mask is None else mask.T\n    if mask is None:",
            "has shape (4, 2, 2), expected (2, 4, 2)",
        ),
    ],
    "5.5": [
        ("edge_of_half = 1.3", "edge_of_half = 1.6", "the edge of the lesson's inputs"),
        ("edge_of_half = 1.3", "edge_of_half = 1.5", "take the first one"),
        ("edge_of_half = 1.3", "edge_of_half = 1.0", "look for the smallest scale"),
        ("edge_as_it_is = 1.6", "edge_as_it_is = 1.5", "lesson 1 has other inputs"),
        ("edge_as_it_is = 1.6", "edge_as_it_is = 1.8", "take the first one"),
        ("edge_of_double = 2.1", "edge_of_double = 1.6", "before you change its first step"),
        ("edge_of_double = 2.1", "edge_of_double = 2.3", "take the first one"),
        ("edge_of_double = 2.1", 'edge_of_double = "2.1"', "expected a number"),
        *think(
            "a",
            [("b", "by which influence divides"), ("c", "the same matrix"), ("d", "is not in it")],
        ),
    ],
}
