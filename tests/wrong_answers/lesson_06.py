"""Wrong answers to the exercises of lesson 6."""

from tests.wrong_answers.choices import think

NEW, TURNED, BIAS = "new_state = 0.3", "turned_state = -0.3", "bias_shape = (2, 18)"
MIXTURE = "return z * h + (1 - z) * np.tanh(x_h + past)"
BEFORE = "past = (r * h) @ np.split(recurrent_kernel, 3, axis=-1)[2]"
INPUT = "np.split(x_t @ kernel + x_bias, 3, axis=-1)  # each (batch, units)"
BIASES = "x_bias, h_bias = bias if reset_after else (bias, 0)"
OF_CANDIDATE = "np.tanh(x_h + past)"

WRONG = {
    "6.1": [
        (NEW, "new_state = -0.3", "the mixture of Chung et al."),
        (NEW, "new_state = 0.4", "the candidate fills the rest"),
        (NEW, "new_state = 0.5", "only z = 1 leaves it so"),
        (NEW, "new_state = -0.1", "a part of the old state stays as well"),
        (NEW, "new_state = 0.0", "half of each"),
        (NEW, "new_state = 0.8", "keep 0.8 of the old state"),
        (NEW, 'new_state = "0.3"', "expected a number"),
        (TURNED, "turned_state = 0.3", "that is Keras's mixture"),
        (TURNED, "turned_state = -0.4", "the rest of the old state comes to it"),
        (TURNED, "turned_state = -0.5", "0.8 is the share of the candidate"),
        (BIAS, "bias_shape = (18,)", "the bias of reset_after=False"),
        (BIAS, "bias_shape = (2, 6)", "each row serves three blocks"),
        (BIAS, "bias_shape = (2, 12)", "the candidate has columns too"),
        (BIAS, "bias_shape = (2, 24)", "three blocks, not four"),
        (BIAS, "bias_shape = (3, 6)", "the rows have another meaning"),
        (BIAS, "bias_shape = (36,)", "they stand in two rows"),
        (BIAS, "bias_shape = (18, 2)", "the rows are the two biases"),
        (BIAS, "bias_shape = (2, 9)", "3 is the number of features"),
        (BIAS, "bias_shape = 18", "a shape is a tuple"),
        ("198", "180", "the default has two biases"),
        ("198", "162", "the biases are not"),
        ("198", "66", "that is one block"),
        ("198", "240", "that is an LSTM"),
        ("198", "264", "three blocks, not four"),
        ("198", "200", "the two rows of the bias"),
        ("198", "...", "Not tried yet: weight_count"),
    ],
    "6.2": [
        ("    return z * h", "    z * h", "gives back None"),
        (MIXTURE, "return (1 - z) * h + z * np.tanh(x_h + past)", "z and 1 − z have changed places"),
        (MIXTURE, "return (1 - z) * np.tanh(x_h + past)", "the old state is missing in the mixture"),
        (MIXTURE, "return z * h + np.tanh(x_h + past)", "the whole candidate is added"),
        (MIXTURE, "return np.tanh(x_h + past)", "this is the candidate"),
        (MIXTURE, "return h", "this is the old state"),
        (OF_CANDIDATE, "sigmoid(x_h + past)", "the candidate went through a sigmoid"),
        (OF_CANDIDATE, "(x_h + past)", "the candidate has no tanh"),
        (OF_CANDIDATE, "np.tanh(x_h - past)", "with reset_after=False has the right shape and other numbers"),
        ("    if reset_after:\n", "    r = 1 - r\n    if reset_after:\n", "r and 1 − r have changed places"),
        ("past = r * h_h", "past = (1 - r) * h_h", "r and 1 − r have changed places"),
        (BEFORE, "past = h_h", "the numbers with r = 1"),
        (BEFORE, "past = r * h_h", "acts on h before the product with U; here it acts after"),
        ("if reset_after:\n", "if not reset_after:\n", "here it acts after"),
        (
            MIXTURE,
            "return z * h + (1 - z) * np.tanh(x_h + past if reset_after else r * (x_h + h_h))",
            "it stands at the old state alone",
        ),
        (
            MIXTURE,
            "return z * h + (1 - z) * np.tanh(r * (x_h + h_h) if reset_after else x_h + past)",
            "it stands at the recurrent part alone",
        ),
        (MIXTURE, "return np.clip(z * h + (1 - z) * np.tanh(x_h + past), -0.99, 0.99)", "other numbers"),
        (MIXTURE, "return z * r * h + (1 - z) * np.tanh(x_h + past)", "it rules what the candidate sees"),
        (BIASES, "x_bias, h_bias = bias if reset_after else (0, 0)", "reset_after=False the bias is missing"),
        (BIASES, "x_bias = h_bias = 0", "with reset_after=False the bias is missing"),
        (
            BIASES,
            "x_bias, h_bias = (0, 0) if reset_after else (bias, 0)",
            "both rows of the bias are missing",
        ),
        (BIASES, "x_bias, h_bias = bias[0], bias[1]", "the bias has one row"),
        (BIASES, "x_bias, h_bias = bias, 0", "row 0 of the bias went to review 0"),
        (BIASES, "x_bias, h_bias = (bias[0], 0) if reset_after else (bias, 0)", "row 1 of the bias is not"),
        (BIASES, "x_bias, h_bias = (0, bias[1]) if reset_after else (bias, 0)", "row 0 of the bias is not"),
        (BIASES, "x_bias, h_bias = bias[::-1] if reset_after else (bias, 0)", "have changed places: row 0"),
        (BEFORE + "\n", "past = 0\n        z, r = sigmoid(x_z), sigmoid(x_r)\n", "the numbers without U"),
        (
            "past = r * h_h",
            "past = (r * h) @ np.split(recurrent_kernel, 3, axis=-1)[2] + np.split(h_bias, 3)[2]",
            "then the reset gate; here it acts before",
        ),
        (
            "past = r * h_h",
            "past = (r * h) @ np.split(recurrent_kernel, 3, axis=-1)[2] + r * np.split(h_bias, 3)[2]",
            "and the second bias stands under it",
        ),
        (
            "past = r * h_h",
            "past = r * (h_h - np.split(h_bias, 3)[2]) + np.split(h_bias, 3)[2]",
            "stands outside the bracket",
        ),
        ("past = r * h_h", "past = h_h", "the numbers with r = 1"),
        ("x_z, x_r, x_h =", "x_r, x_z, x_h =", "the right shape and other numbers"),
        (
            None,
            """
def my_gru_step(x_t, h, weights, reset_after):
    W, U, b = weights
    s = lambda a: 1 / (1 + np.exp(-a))
    W_r, W_z, W_h = np.split(W, 3, axis=1)
    U_r, U_z, U_h = np.split(U, 3, axis=1)
    b_r, b_z, b_h = np.split(b, 3, axis=-1)
    z, r = s(x_t @ W_z + h @ U_z + b_z), s(x_t @ W_r + h @ U_r + b_r)
    return z * h + (1 - z) * np.tanh(x_t @ W_h + (r * h) @ U_h + b_h)
""",
            "the blocks are taken for r, z, h",
        ),
        (
            None,
            """
def my_gru_step(x_t, h, weights, reset_after):
    W, U, b = weights
    s = lambda a: 1 / (1 + np.exp(-a))
    W_z, W_r, W_h = np.split(W, 3, axis=1)
    U_z, U_r, U_h = np.split(U, 3, axis=1)
    b_z, b_r, b_h = np.split(b, 3, axis=-1)
    z, r = s(x_t @ W_z + h @ U_z + b_z), s(x_t @ W_r + h @ U_r + b_r)
    return z * h + (1 - z) * np.tanh(x_t @ W_h + (r * h) @ U_h + b_h)
""",
            "row 0 of the bias went to review 0",
        ),
        (INPUT, "np.split(x_t @ kernel + x_bias, 3)", "raised ValueError"),
    ],
    "6.3": think(
        "b", [("a", "an output gate only hides"), ("c", "depends on the weights"), ("d", "each of them")]
    ),
    "6.4": [
        ("return kernel, recurrent_kernel, bias", "return kernel, recurrent_kernel", "expected three arrays"),
        (
            "return kernel, recurrent_kernel, bias",
            "return kernel.T, recurrent_kernel, bias",
            "kernel has shape (3, 2), expected (2, 3)",
        ),
        ("[[0.0, 0.0, -8.0]]", "[0.0, 0.0, -8.0]", "recurrent_kernel has shape (3,), expected (1, 3)"),
        ("[15.0, 15.0, 3.0]", "[[15.0, 15.0, 3.0], [0.0, 0.0, 0.0]]", "bias has shape (2, 3), expected (3,)"),
        ("[15.0, 15.0, 3.0]", "[np.inf, 15.0, 3.0]", "not finite"),
        ("np.array([15.0, 15.0, 3.0])", '"keep, see, on"', "bias is something of type str, expected numbers"),
        ("[15.0, 15.0, 3.0]", "[15.0, 15.0, 0.0]", "where the old state is still 0?"),
        ("[15.0, 15.0, 3.0]", "[15.0, 15.0, 9.0]", "at a press the state goes from 1.00 to"),
        ("[15.0, 15.0, 3.0]", "[2.0, 15.0, 3.0]", "without an event after the last"),
        ("[15.0, 15.0, 3.0]", "[4.0, 15.0, 3.0]", "which z keeps a state over 200 steps?"),
        ("[15.0, 15.0, 3.0]", "[15.0, -15.0, 3.0]", "z is 0.00, r 0.00, the candidate 1.00"),
        ("[15.0, 15.0, 3.0]", "[-15.0, 15.0, 3.0]", "without an event after the last first press"),
        ("[[-30.0, 0.0, 0.0], [-30", "[[30.0, 0.0, 0.0], [30", "In Keras z = 1 keeps the old state"),
        ("[-30.0, 0.0, -20.0]]", "[-30.0, 0.0, 0.0]]", "near -1, whatever the old state is"),
        ("[-30.0, 0.0, -20.0]]", "[0.0, 0.0, -20.0]]", "at a clear the state goes from"),
        ("[[0.0, 0.0, -8.0]]", "[[0.0, 0.0, 8.0]]", "at a press the state goes from 1.00 to 1.00"),
        ("[[0.0, 0.0, -8.0]]", "[[0.0, 0.0, 0.0]]", "at a press the state goes from 1.00 to 1.00"),
    ],
    "6.5": [
        ("bias_for_30 = 3", "bias_for_30 = 4", "a smaller whole bias does so already"),
        ("bias_for_30 = 3", "bias_for_30 = 2", "above 0.1 or below"),
        ("bias_for_100 = 4", "bias_for_100 = 5", "a smaller whole bias does so already"),
        ("bias_for_100 = 4", "bias_for_100 = 3", "above 0.1 or below"),
        ("bias_for_200 = 5", "bias_for_200 = 6", "a smaller whole bias does so already"),
        ("bias_for_30 = 3", "bias_for_30 = 5", "a smaller whole bias does so already"),
        ("bias_for_200 = 5", "bias_for_200 = [5]", "expected a number"),
        *think("b", [("a", "more than one step"), ("c", "changes no number"), ("d", "look alike")]),
    ],
}
