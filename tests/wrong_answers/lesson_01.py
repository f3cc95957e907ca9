"""Wrong answers to the exercises of lesson 1."""

from tests.wrong_answers.choices import think

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
        (
            None,
            """
left = {}


def run_batch(x, kernel, recurrent_kernel, bias):
    state, outputs = left.get(x.shape, np.zeros((len(x), len(bias)))), []
    for t in range(x.shape[1]):
        state = np.tanh(x[:, t] @ kernel + state @ recurrent_kernel + bias)
        outputs.append(state)
    left[x.shape] = state
    return np.stack(outputs, axis=1)
""",
            "something outlives the call",
        ),
        (None, "run_batch = 5", "expected a function: keep the line that begins with def"),
        ("np.tanh(x", "np.sin(x", "the right shape and other numbers: at [0, 0, 0]"),
    ],
    "1.3": think("c", [("a", "from the first step on"), ("b", "one of 97 terms"), ("d", "further out")]),
    "1.4": [
        ("[[3.0]]", "[[0.0]]", "It was there and forgets: ask what U does"),
        ("[[3.0]]", "[[0.8]]", "It was there and forgets: ask what U does"),
        ("[[3.0]]", "[[1.0]]", "It was there and forgets: ask what U does"),
        ("[[8.0]]", "[[2.0]]", "W is too weak to turn over what U holds"),
        ("[[8.0]]", "[[3.0]]", "W is too weak to turn over what U holds"),
        ("[[8.0]]", "[[2.9]]", "W is too weak to turn over what U holds"),
        ("[[8.0]]", "[[3.2]]", "W is too weak to turn over what U holds"),
        ("[[8.0]]", "[[-8.0]]", "look at the signs of W, U and b"),
        ("[0.0]", "[5.0]", "It prefers one side"),
        ("[[3.0]]", "[[-3.0]]", "changes sides by itself"),
        ("[[3.0]]", "3.0", "recurrent_kernel has shape (), expected (1, 1)"),
        ("return kernel, recurrent_kernel, bias", "return kernel", "expected three arrays"),
    ],
    "1.5": [
        ("edge_of_small = 1.05", "edge_of_small = 1.5", "that is the edge of the lesson's own inputs"),
        ("edge_of_small = 1.05", "edge_of_small = 0.5", "with all inputs divided by ten; the black line"),
        ("edge_of_small = 1.05", 'edge_of_small = "1.05"', "expected a number such as 1.5"),
        ("edge_of_large = 2.2", "edge_of_large = 1.6", "with all inputs three times as large"),
        ("edge_of_large = 2.2", "edge_of_large = 3.0", "three times as large; the black line is at 1"),
        ("edge_of_large = 2.2", "edge_of_large = ...", "Not tried yet: edge_of_large"),
        *think(
            "b", [("a", "the change is the same"), ("c", "its size is not in it"), ("d", "the inputs meet W")]
        ),
    ],
}
