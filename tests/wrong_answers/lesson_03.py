"""Wrong answers to the exercises of lesson 3."""

from tests.wrong_answers.choices import think

WRONG = {
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
        (
            "return output, [output]",
            "return output, [output, output]",
            "expected one: this cell has one state",
        ),
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
        ("(input_shape[-1], self.units), name", "(4, 3), name", "MyCell(5), built for 7 features, has"),
        ("shape=(self.units, self.units)", "shape=(3, 3)", "MyCell(5), built for 7 features, has"),
        ("shape=(self.units,), init", "shape=(3,), init", "MyCell(5), built for 7 features, has"),
        (
            "return output, [output]",
            "return keras.ops.stop_gradient(output), [output]",
            "fit moved the kernel by nothing",
        ),
        (
            "states[0], self.recurrent_kernel",
            "states[0], keras.ops.stop_gradient(self.recurrent_kernel)",
            "fit moved the recurrent kernel by nothing",
        ),
    ],
    "3.5": [
        ("15_000", "30.4", "with recurrent_scale = 1.0"),
        ("15_000", "6.95", "with 0.9"),
        ("15_000", "3.7", "the curve of relu"),
        ("15_000", "11_000_000", "with 1.2"),
        ("15_000", "1_000", "one line of the axis is ten times"),
        ("15_000", '"15,000"', "expected a number"),
        ("1.8", "1.2", "relu ends at about 4"),
        ("1.8", "1.5", "relu ends at about 7"),
        ("1.8", "2", "one of the three"),
        ("= 1.0", "= 0", "10 to the power of 0 is 1"),
        ("= 1.0", "= 35", "that is relu"),
        ("= 1.0", "= 1.8", "more than its ceiling"),
    ],
}
