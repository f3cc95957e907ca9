"""Plausible wrong answers to every exercise, and the reason that each must get.

Most are the solution with one slip: (what stands there, what the slip puts there, words of the
reason). None in the first place: the slip is the whole answer.
"""

THINK = [
    ('choice = "{right}"', "choice = 3", "choice is 3, expected one of 'a', 'b', 'c', 'd'"),
    ('choice = "{right}"', 'choice = "e"', "choice is 'e', expected one of"),
    ("because = ", 'because = "why not"  # ', "first say why"),
    ("because = ", "because = ...  # ", "Not tried yet: because"),
]


def think(right, reasons):
    """Wrong answers to a choice: every other letter, no letter, no reason."""
    slips = [(old.format(right=right), new, reason) for old, new, reason in THINK]
    return [(f'choice = "{right}"', f'choice = "{letter}"', reason) for letter, reason in reasons] + slips


WRONG = {
    "1.1": [
        ("(5, 3)", "(3, 5)", "books write W x"),
        ("(5, 3)", "(7, 3)", "7 is the number of timesteps"),
        ("(5, 3)", "15", "one number; a shape is a tuple"),
        ("(5, 3)", '"(5, 3)"', "without quotation marks"),
        ("(5, 3)", "(5,)", "another number of sizes than it should"),
        ("(3, 3)", "(5, 3)", "that is W; U multiplies the old state"),
        ("(3, 3)", "(5, 5)", "3 numbers and not 5"),
        ("(5, 3)", "(5, 5)", "the result must have 3 numbers"),
        ("(5, 3)", "(3, 3)", "W multiplies the input, which has 5 features"),
        ("(5, 3)", "(7, 5)", "that is the whole input"),
        ("(3, 3)", "(3, 5)", "as the old one has"),
        ("27", "15", "that is W alone"),
        ("27", "28", "add up the sizes of W, U and b"),
        ("27", "24", "the bias is not"),
        ("27", "18", "U is not"),
        ("27", "189", "7 is the number of timesteps"),
        ("27", "108", "one word at a time"),
        ("27", "...", "Not tried yet: weight_count"),
    ],
    "1.2": [
        ("    return np.stack(outputs, axis=1)\n", "", "gives back None: does it end with return"),
        ("np.stack(outputs, axis=1)", "np.stack(outputs)", "time stands first"),
        ("np.stack(outputs, axis=1)", "state", "last states alone"),
        ("np.stack(outputs, axis=1)", "run", "raised NameError: name 'run' is not defined."),
        ("x[:, t] @ kernel", "x[t] @ kernel", "x[t] is review t; step t of all reviews is x[:, t]"),
        (
            "in range(x.shape[1])",
            "in range(9)",
            "run_batch(x, kernel, recurrent_kernel, bias) raised IndexError",
        ),
        ("recurrent_kernel + bias", "recurrent_kernel.T + bias", "transposed recurrent kernel"),
        ("@ kernel", "@ kernel.T", "these are the numbers of the transposed kernel"),
        ("@ kernel + state @ recurrent_kernel", "@ recurrent_kernel + state @ kernel", "changed places"),
        (" + bias)", ")", "the bias is missing"),
        ("np.tanh(", "(", "tanh is missing"),
        ("state = np.tanh(", "state[...] = np.tanh(", "changed in place"),
        ("state = np.tanh(", "state = state + np.tanh(", "replaced, not added to"),
        (
            "        state = np.tanh(",
            "        state = np.zeros((len(x), len(bias)))\n        state = np.tanh(",
            "the state is not carried on",
        ),
        ("    outputs = []\n", "    outputs = []\n    x += 0.1\n", "changes its argument x in place"),
        (
            None,
            """
def run_batch(x, kernel, recurrent_kernel, bias):
    state, reviews = np.zeros(len(bias)), []
    for review in x:
        outputs = []
        for x_t in review:
            state = np.tanh(x_t @ kernel + state @ recurrent_kernel + bias)
            outputs.append(state)
        reviews.append(np.stack(outputs))
    return np.stack(reviews)
""",
            "leaks into the next",
        ),
        (None, "run_batch = 5", "expected a function: keep the line that begins with def"),
        ("np.tanh(x", "np.sin(x", "the right shape and other numbers: at [0, 0, 0]"),
    ],
    "1.3": think("c", [("a", "from the first step on"), ("b", "one of 97 terms"), ("d", "further out")]),
    "1.4": [
        ("[[3.0]]", "[[0.0]]", "It forgets: ask what U does"),
        ("[[3.0]]", "[[0.8]]", "It forgets: ask what U does"),
        ("[[3.0]]", "[[1.0]]", "It forgets: ask what U does"),
        ("[[8.0]]", "[[2.0]]", "W is too weak"),
        ("[0.0]", "[5.0]", "It prefers one side"),
        ("[[3.0]]", "[[-3.0]]", "changes sides by itself"),
        ("[[3.0]]", "3.0", "recurrent_kernel has shape (), expected (1, 1)"),
        ("return kernel, recurrent_kernel, bias", "return kernel", "expected three arrays"),
    ],
    "3.1": [
        ("(8, 5)", "(8, 10)", "one number a unit"),
        ("(8, 5)", "(8, 30, 5)", "the cell takes one step"),
        ("(8, 5)", "(5,)", "does not drop the batch"),
        ("(8, 5)", "5", "a shape is a tuple"),
        ("(8, 30, 5)", "(8, 5)", "the last output alone"),
        ("(8, 30, 5)", "(30, 8, 5)", "batch first"),
        ("(8, 5)", "(30, 5)", "not all steps of one review"),
        ("(8, 5)", "(5, 8)", "the batch stands first, then the units"),
        ("(8, 30, 5)", "(8, 30, 10)", "that is the input; every output"),
        ("(8, 30, 5)", "(8, 5, 30)", "the timesteps stand in the middle"),
        ("80", "50", "that is the kernel alone"),
        ("80", "640", "8 is the batch"),
        ("80", "81", "add up the sizes of kernel"),
        ("80", "75", "the bias is not"),
        ("80", "55", "the recurrent kernel is not"),
        ("80", "2400", "number of timesteps"),
    ],
    "3.2": [
        ("return output, [output]", "return output", "expected two things"),
        ("return output, [output]", "return output, output", "expected a list: a cell gives [state]"),
        ("return output, [output]", "return output, states", "the list holds the old state"),
        ("return output, [output]", "return states[0], [output]", "the output is the old state"),
        ("states[0] @", "states @", "one axis too many"),
        ("@ recurrent_kernel", "@ recurrent_kernel.T", "transposed recurrent kernel"),
        ("@ kernel", "@ kernel.T", "of the transposed kernel"),
        (" + bias", "", "the bias is missing"),
        ("np.tanh(", "(", "tanh is missing"),
        (" + states[0] @ recurrent_kernel", "", "the old state is missing"),
        (
            None,
            """
def cell_step(x_t, states, weights):
    W, U, b = weights
    h = np.tanh(x_t[0] @ W + states[0][0] @ U + b)
    return h, [h]
""",
            "only the first review was read",
        ),
        ("x_t @", "x_t[0] @", "did you index the batch?"),
        (
            "kernel, recurrent_kernel, bias = ",
            "recurrent_kernel, kernel, bias = ",
            "W and U have changed places",
        ),
    ],
    "3.3": think(
        "b", [("a", "the last outputs agreed"), ("c", "no shape at all"), ("d", "does not keep it in its")]
    ),
    "3.4": [
        ("return output, [output]", "return output", "expected two things: the output, and a list"),
        ("return output, [output]", "return output, output", "and a list with the new state"),
        ("return output, [output]", "return output, states", "numbers without U"),
        ("self.state_size = units", "self.size = units", "state_size should be 3"),
        ("states[0], self.recurrent_kernel", "states[0], self.recurrent_kernel.T", "raised AttributeError"),
        (
            "states[0], self.recurrent_kernel",
            "states[0], keras.ops.transpose(self.recurrent_kernel)",
            "transposed recurrent kernel",
        ),
        (" + self.bias", "", "the bias is missing"),
        ("keras.ops.tanh(total", "(total", "tanh is missing"),
        (
            "shape=(input_shape[-1], self.units)",
            "shape=(self.units, input_shape[-1])",
            "shapes [(3, 4), (3, 3), (3,)]",
        ),
        (
            '        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")',
            "        self.bias = keras.ops.zeros(self.units)",
            "expected [(4, 3), (3, 3), (3,)]",
        ),
        ("matmul(inputs, self", "matmul(inputs[0, 0], self", "called for one step raised"),
        ("class MyCell(keras.layers.Layer)", "class MyCell", "MyCell is no layer of Keras"),
        ("keras.ops.tanh(total", "np.tanh(total", "use keras.ops in place of NumPy"),
        (None, "MyCell = keras.layers.SimpleRNNCell(3)", "expected the class itself"),
    ],
    "4.1": [
        ("40_000", "1_600", "200 is the number of timesteps"),
        ("40_000", "45_000", "a table without bias"),
        ("40_000", "40_008", "an embedding has no bias"),
        ("40_000", "5_000", "one row for each of the 5,000 words"),
        ("= 400", "= 144", "units by units, is not"),
        ("= 400", "= 416", "the features are the 8 numbers of a word vector"),
        ("540", "520", "a bias is missing in each direction"),
        ("540", "500", "twice the formula"),
        ("21", "17", "not on the one below it"),
        ("21", "22", "a dense layer has features"),
        ("= 400", "= 384", "the bias is not"),
        ("= 400", "= 208", "16 by 16"),
        ("540", "270", "one direction"),
        ("540", "380", "the 16 units of the layer below"),
        ("540", "860", "the layer below reads one way"),
        ("21", "11", "side by side"),
        ("21", "20", "the bias is not"),
        ("21", '"21"', "expected a number"),
    ],
    "4.2": [
        ("    return x\n", "", "gives back None"),
        ("return x", "return x[:, -1]", "the last outputs alone"),
        ("np.stack(states, axis=1)", "np.stack(states)", "time stands first between two levels"),
        ("in stack:", "in stack[::-1]:", "wrong order: the first of the list is the lowest"),
        ("in stack:", "in stack[:1]:", "the outputs of the lowest cell"),
        ("in stack:", "in [stack[0]] * len(stack):", "all levels use the weights of the first cell"),
        ("    return x\n", "        return x\n", "the outputs of the lowest cell"),
        (" + bias", "", "the bias is missing"),
        ("np.tanh(", "np.sin(", "the right shape and other numbers"),
        (
            "x = np.stack(states, axis=1)  # what the next cell reads\n    return x",
            "y = np.stack(states, axis=1)\n    return y",
            "every cell reads x",
        ),
        (
            None,
            """
def run_stack(x, stack):
    states = [np.zeros((len(x), len(b))) for W, U, b in stack]
    outputs = []
    for t in range(x.shape[1]):
        below = x[:, t]
        for i, (W, U, b) in enumerate(stack):
            states[i] = np.tanh(below @ W + states[i] @ U + b)
            below = states[i]
        outputs.append(states[0])
    return np.stack(outputs, axis=1)
""",
            "the outputs of the lowest cell",
        ),
        (
            None,
            """
def run_stack(x, stack):
    states, outputs = [np.zeros((len(x), len(b))) for W, U, b in stack], []
    for t in range(x.shape[1]):
        below = x[:, t]
        for i, (W, U, b) in enumerate(stack):
            below = states[i] = np.tanh(below @ W + states[i] @ U + b)
        outputs.append(below)
    return np.array(outputs)
""",
            "time stands first, (timesteps, batch, units)",
        ),
        (
            None,
            """
def run_stack(x, stack):
    h, outputs = np.zeros((len(x), len(stack[0][2]))), []
    for t in range(x.shape[1]):
        below = x[:, t]
        for W, U, b in stack:
            h = below = np.tanh(below @ W + h @ U + b)
        outputs.append(h)
    return np.stack(outputs, axis=1)
""",
            "the cells share one state",
        ),
        (
            None,
            """
def run_stack(x, stack):
    h = np.zeros((len(x), len(stack[0][2])))
    for W, U, b in stack:
        states = []
        for t in range(x.shape[1]):
            h = np.tanh(x[:, t] @ W + h @ U + b)
            states.append(h)
        x = np.stack(states, axis=1)
    return x
""",
            "a state leaks from one cell into the next",
        ),
        (
            None,
            """
kept = {}
def run_stack(x, stack):
    for i, (W, U, b) in enumerate(stack):
        h = kept.get((i, len(x), len(b)), np.zeros((len(x), len(b))))
        states = []
        for t in range(x.shape[1]):
            h = np.tanh(x[:, t] @ W + h @ U + b)
            states.append(h)
        kept[i, len(x), len(b)] = h
        x = np.stack(states, axis=1)
    return x
""",
            "when it is called a second time, has the right shape and other numbers",
        ),
    ],
    "4.3": think("b", [("a", "200 verdicts"), ("c", "expected ndim=3"), ("d", "last state alone")]),
    "4.4": [
        ("turned[:, 0]]", "turned[:, -1]]", "the backward half has read one word"),
        (
            "return np.concatenate([ahead[:, -1], turned[:, 0]], axis=-1)",
            "return x",
            "the outputs of all steps",
        ),
        ("[ahead[:, -1], turned[:, 0]]", "[turned[:, 0], ahead[:, -1]]", "backward half stands first"),
        ("read(x[:, ::-1], *backward)[:, ::-1]", "read(x, *backward)", "the backward reader reads forward"),
        ("*backward)[:, ::-1]", "*backward)", "has read one word"),
        ("*backward)", "*forward)", "the backward reader has the forward weights"),
        (
            "np.concatenate([ahead[:, -1], turned[:, 0]], axis=-1)",
            "ahead[:, -1] + turned[:, 0]",
            "the halves are added",
        ),
        ("read(x[:, ::-1], *backward)[:, ::-1]", "read(x[::-1], *backward)[::-1]", "x[::-1] the batch"),
        ("np.concatenate([ahead[:, -1], turned[:, 0]], axis=-1)", "ahead[:, -1]", "the forward reader alone"),
        (
            None,
            """
def run_both_ways(x, stack):
    def read(x, W, U, b):
        h, states = np.zeros((len(x), len(b))), []
        for t in range(x.shape[1]):
            h = np.tanh(x[:, t] @ W + h @ U + b)
            states.append(h)
        return np.stack(states, axis=1)

    for forward, backward in stack:
        x = np.concatenate([read(x, *forward), read(x, *backward)], axis=-1)
    return x[:, -1]
""",
            "both readers go forward",
        ),
        ("[ahead, turned], axis=-1", "[ahead, turned], axis=1", "raised ValueError"),
        ("[ahead, turned], axis=-1", "[ahead, turned[:, ::-1]], axis=-1", "not turned round again"),
    ],
}
