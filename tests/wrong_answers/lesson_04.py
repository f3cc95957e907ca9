"""Wrong answers to the exercises of lesson 4."""

from tests.wrong_answers.choices import think

WRONG = {
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
            "something outlives the call",
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
        (
            None,
            """
def run_both_ways(x, stack):
    zeros = np.zeros((len(x), len(stack[0][0][2])))  # sized once, from the first level

    def read(x, W, U, b):
        h, states = zeros, []
        for t in range(x.shape[1]):
            h = np.tanh(x[:, t] @ W + h @ U + b)
            states.append(h)
        return np.stack(states, axis=1)

    for forward, backward in stack:
        ahead, turned = read(x, *forward), read(x[:, ::-1], *backward)[:, ::-1]
        x = np.concatenate([ahead, turned], axis=-1)
    return np.concatenate([ahead[:, -1], turned[:, 0]], axis=-1)
""",
            "raised ValueError",
        ),
        ("[ahead, turned], axis=-1", "[ahead, turned[:, ::-1]], axis=-1", "not turned round again"),
    ],
    "4.5": [
        ("= 15", "= 25", "no state can know a later word"),
        ("= 15", "= 10", "a state knows its own word"),
        ("= 15", "= 5", "what the lower one knew"),
        ("= 15", "= 14", "they form a triangle"),
        ("= 15", '= "15"', "expected a number"),
        ("= 25", "= 15", "that is one triangle"),
        ("= 25", "= 20", "the corners"),
        ("= 25", "= 24", "the upper one adds those before"),
        ('"bad"', '"the"', "if the backward layer had been turned"),
        ('"bad"', '"not"', "has a 0 there"),
        ('"bad"', '"good"', "expected one of the five words"),
        ('"bad"', "4", "expected a word"),
    ],
}
