"""Exercises of lesson 3: shapes around a cell, one step, a lost state, a cell for Keras, a larger U."""

from typing import Any

import numpy as np

from course_utils.checks import Array
from course_utils.exercises import judge
from course_utils.exercises.judge import Exercise, Wrong


def judge_shapes(output_shape: object, all_outputs_shape: object, parameter_count: object) -> None:
    """8 reviews of 30 words, 10 features, 5 units."""
    judge.a_shape(
        "output_shape",
        output_shape,
        (8, 5),
        {
            (8, 10): "that is the input of one step; the output has one number a unit",
            (8, 30, 5): "that is what a layer gives for all steps; the cell takes one step",
            (30, 5): "a cell takes one step of all reviews, not all steps of one review",
            (5,): "one row for each review of the batch: a cell does not drop the batch",
            (5, 8): "the batch stands first, then the units",
        },
    )
    judge.a_shape(
        "all_outputs_shape",
        all_outputs_shape,
        (8, 30, 5),
        {
            (8, 5): "that is the last output alone; return_sequences=True gives the output of every step",
            (30, 8, 5): "Keras puts the batch first, then the timesteps",
            (8, 30, 10): "that is the input; every output has one number a unit",
            (8, 5, 30): "the timesteps stand in the middle, the units last",
        },
    )
    judge.a_count(
        "parameter_count",
        parameter_count,
        80,
        {
            75: "the kernel and the recurrent kernel are in it; the bias is not",
            55: "the kernel and the bias are in it; the recurrent kernel is not",
            50: "that is the kernel alone",
            2400: "30 is the number of timesteps; one cell serves them all with the same weights",
            640: "8 is the batch; all reviews are read with the same weights",
        },
        "add up the sizes of kernel, recurrent kernel and bias",
    )


def judge_step(cell_step: Any) -> None:
    """Compare one step with the formula, then three steps in a row."""
    rng = np.random.default_rng(3)
    for batch, features, units in ((3, 3, 3), (2, 4, 3), (2, 4, 3), (1, 5, 2), (4, 1, 1)):
        x_t, h = rng.normal(size=(batch, features)), rng.uniform(-1, 1, (batch, units))
        W, U, b = (rng.normal(size=shape) for shape in ((features, units), (units, units), (units,)))
        got = judge.call(cell_step, x_t=x_t, states=[h], weights=[W, U, b])
        if not isinstance(got, tuple | list) or len(got) != 2:
            raise Wrong(
                f"the step gives back {judge.describe(got)}, expected two things, as a cell of Keras does: "
                "the output and the list of states"
            )
        output, states = got
        right = np.tanh(x_t @ W + h @ U + b)
        slips = {
            "the old state is missing: these are the numbers without U": np.tanh(x_t @ W + b),
            "the bias is missing": np.tanh(x_t @ W + h @ U),
            "tanh is missing: these are the numbers of the bare sum": x_t @ W + h @ U + b,
            "these are the numbers of the transposed recurrent kernel": np.tanh(x_t @ W + h @ U.T + b),
            "the output is the old state: the step must make a new one": h,
            "only the first review was read: did you index the batch?": right[0],
            "every review gets the input of the first one: did you index the batch?": (
                np.tanh(x_t[0] @ W + h @ U + b)
            ),
            "there is one axis too many: the old state is states[0], and not the list": right[None],
        }
        if features == units:
            slips["these are the numbers of the transposed kernel"] = np.tanh(x_t @ W.T + h @ U + b)
            slips["W and U have changed places: the order is kernel, recurrent kernel, bias"] = np.tanh(
                x_t @ U + h @ W + b
            )
        judge.same_numbers("the output", output, right, "(batch, units)", slips)
        if not isinstance(states, list):
            raise Wrong(f"the new state is {judge.describe(states)}, expected a list: a cell gives [state]")
        if len(states) != 1:
            raise Wrong(
                f"the list of states holds {len(states)} items, expected one: this cell has one state"
            )
        judge.same_numbers(
            "the new state",
            states[0],
            right,
            "(batch, units)",
            {"the list holds the old state: the next step would start again where this one did": h},
        )


LOST_STATE = {
    "a": "in this lesson the last outputs agreed although the state had been lost: with loud inputs the "
    "cell forgets what it held at the cut",
    "c": "a lost state changes no shape at all",
    "d": "equal weights say nothing about the state: a cell does not keep it in its weights",
}


def judge_cell(MyCell: Any) -> None:
    """Put cells of two sizes into Keras's loop, beside Keras's own with the same weights; then train one."""
    import keras

    if not isinstance(MyCell, type):
        raise Wrong(f"MyCell is {judge.describe(MyCell)}, expected the class itself, without calling it")
    if not issubclass(MyCell, keras.layers.Layer):
        raise Wrong("MyCell is no layer of Keras: keep the line class MyCell(keras.layers.Layer)")
    for units, features in ((3, 4), (5, 7)):
        judge_one_size(MyCell, units, features)
    symbols = keras.Input((4,)), [keras.Input((3,))]
    stage("MyCell(3) called with symbols, as fit does it,", stage("MyCell(3)", MyCell, 3), *symbols)
    x = np.random.default_rng(6).normal(size=(8, 6, 4)).astype("float32")
    trained = stage("MyCell(3)", MyCell, 3)
    model = keras.Sequential([keras.layers.RNN(trained), keras.layers.Dense(1)])
    # Without a graph: TensorFlow warns whoever makes a new one at every check.
    model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=True)
    model.build((None, 6, 4))
    before = trained.get_weights()
    stage("fit of a model with RNN(MyCell(3))", model.fit, x, x[:, -1, :1], verbose=0)
    for name, old, new in zip(WEIGHTS, before, trained.get_weights(), strict=True):
        if np.array_equal(old, new):
            raise Wrong(
                f"fit moved the {name} by nothing: no gradient reaches it. Does stop_gradient, "
                "or a way through NumPy, stand between it and the output?"
            )


WEIGHTS = ("kernel", "recurrent kernel", "bias")


def judge_one_size(MyCell: type, units: int, features: int) -> None:
    """Compare all outputs of a cell of this size with those of Keras's own."""
    import keras

    name = f"MyCell({units})"
    x = np.random.default_rng(4).normal(size=(2, 6, features)).astype("float32")
    cell = stage(name, MyCell, units)
    state_size = getattr(cell, "state_size", None)
    if state_size not in (units, [units], (units,)):
        raise Wrong(f"{name}.state_size should be {units}: Keras makes the first state of zeros from it")
    stage(f"{name}.build((None, {features}))", cell.build, (None, features))
    shapes = [tuple(weight.shape) for weight in cell.trainable_weights]
    expected = [(features, units), (units, units), (units,)]
    if shapes != expected:
        raise Wrong(
            f"{name}, built for {features} features, has trainable weights of shapes {shapes}, expected "
            f"{expected}: make kernel, recurrent kernel, bias in build, in this order, with self.add_weight"
        )
    zeros = np.zeros((2, units), "float32")
    one_step = stage(f"{name} called for one step", cell, x[:, 0], [zeros])
    if not (
        isinstance(one_step, tuple | list) and len(one_step) == 2 and isinstance(one_step[1], tuple | list)
    ):
        raise Wrong(
            f"call gives back {judge.describe(one_step)}, expected two things: the output, and a list with "
            "the new state"
        )
    layer = stage(f"keras.layers.RNN({name})", keras.layers.RNN, cell, return_sequences=True)
    own = keras.layers.SimpleRNN(units, return_sequences=True)
    own.build((None, None, features))
    rng = np.random.default_rng(5)
    W, U, b = weights = [rng.normal(size=shape).astype("float32") for shape in shapes]
    own.set_weights(weights)
    cell.set_weights(weights)
    got = stage(f"RNN({name}) on an input of shape {x.shape}", layer, x)
    slips = {
        "these are the numbers without U: use states[0], and hand the new state on in a list, [output]": (
            states_of(x, W, 0 * U, b)
        ),
        "the bias is missing": states_of(x, W, U, 0 * b),
        "these are the numbers of the transposed recurrent kernel": states_of(x, W, U.T, b),
        "tanh is missing: these are the numbers of the bare sums": states_of(x, W, U, b, activation=None),
    }
    axes = "(batch, timesteps, units)"
    judge.same_numbers(f"the output of RNN({name})", got, own(x), axes, slips, 1e-4)
    one = stage(f"RNN({name}) on one review", layer, x[:1])
    judge.same_numbers("the output for one review", one, own(x[:1]), axes, {}, 1e-4)


def states_of(x: Array, W: Array, U: Array, b: Array, activation: Any = np.tanh) -> Array:
    """Return all states of a batch, (batch, timesteps, units)."""
    h, states = np.zeros((len(x), len(b))), []
    for t in range(x.shape[1]):
        total = x[:, t] @ W + h @ U + b
        h = activation(total) if activation else total
        states.append(h)
    return np.stack(states, axis=1)


def stage(what: str, function: Any, *arguments: Any, **options: Any) -> Any:
    """Call Keras with the student's cell; an error becomes a reason in one line."""
    try:
        return function(*arguments, **options)
    except Exception as error:
        cure = " In call, use keras.ops in place of NumPy." if "symbolic" in str(error) else ""
        raise Wrong(f"{what} raised {judge.one_line(error)}{cure}") from None


def judge_scale(without_activation: object, relu_scale: object, tanh_ends_at: object) -> None:
    """What the lesson's figure shows with U times 1.1 (15,100 without an activation) and times 1.8."""
    judge.a_number_about(
        "without_activation",
        without_activation,
        15_100,
        2.0,
        {
            30.4: "that is the figure of the lesson, with recurrent_scale = 1.0",
            7: "that is with 0.9, which turns U down",
            3.7: "that is the curve of relu",
            1e7: "that is with 1.2",
        },
        "read the highest curve at its right end; one line of the axis is ten times the line below it",
    )
    judge.a_count(
        "relu_scale",
        relu_scale,
        1.8,
        {
            1.2: "relu ends at about 4 there; the curve that leaves is the one without an activation",
            1.5: "relu ends at about 7 there, still below 20",
        },
        "it is one of the three: 1.2, 1.5 or 1.8",
    )
    judge.a_number_about(
        "tanh_ends_at",
        tanh_ends_at,
        1.0,
        1.1,
        {0: "on a logarithmic axis 10 to the power of 0 is 1", 35: "that is relu"},
        "tanh cannot give more than its ceiling, whatever U is",
    )


EXERCISES = (
    Exercise(
        number="3.1",
        kind="Predict",
        answers=("output_shape", "all_outputs_shape", "parameter_count"),
        judge=judge_shapes,
        hints=(
            "A cell takes step t of all reviews, (batch, features). The layer takes all steps.",
            "The batch always stands first; features become units; a layer keeps the timesteps between them.",
            "The parameters are features · units + units · units + units.",
        ),
        solution="""
output_shape = (8, 5)
all_outputs_shape = (8, 30, 5)
parameter_count = 80
""",
        why="10 · 5 + 5 · 5 + 5 = 80: neither the 8 reviews nor the 30 words are in it.",
    ),
    Exercise(
        number="3.2",
        kind="Code",
        answers=("cell_step",),
        judge=judge_step,
        hints=(
            "Take the list of weights apart first, then the list of states: it holds one array.",
            "kernel, recurrent_kernel, bias = weights, and the old state is states[0].",
            "output = np.tanh(x_t @ kernel + states[0] @ recurrent_kernel + bias), and then: return output, "
            "[output].",
        ),
        solution='''
def cell_step(x_t, states, weights):
    """One step: (batch, features) and a list of states -> the output and a new list of states."""
    kernel, recurrent_kernel, bias = weights
    output = np.tanh(x_t @ kernel + states[0] @ recurrent_kernel + bias)  # (batch, units)
    return output, [output]
''',
        why="Output and new state are the same array here; the LSTM's list will hold a second one.",
    ),
    Exercise(
        number="3.3",
        kind="Think",
        answers=("choice", "because"),
        judge=lambda choice, because: judge.a_choice(choice, because, "b", LOST_STATE),
        hints=(
            "Where in the sequence is the mistake largest? Look again at the two lines of that section.",
            "Which of the four tests would have failed where the state was forgotten?",
        ),
        solution="""
choice = "b"
because = "A lost state shows at the first steps after the cut; later the cell has forgotten."
""",
        why="Compare your reason with this one: what was lost fades step by step, so only a comparison of "
        "all outputs, those just after the cut among them, must see it.",
    ),
    Exercise(
        number="3.4",
        kind="Code",
        answers=("MyCell",),
        judge=judge_cell,
        hints=(
            "Keras calls build once, with the shape of one step's input, (batch, features), and call at each "
            "step.",
            'In build: self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel"). '
            "Make the other two weights in the same way, in Keras's order.",
            "In call use keras.ops, which also works on symbols: keras.ops.tanh(keras.ops.matmul(inputs, "
            "self.kernel) + ...). Give back output, [output].",
        ),
        solution='''
class MyCell(keras.layers.Layer):
    """A simple recurrent cell that keras.layers.RNN can move through time."""

    def __init__(self, units):
        super().__init__()
        self.units = units
        self.state_size = units  # RNN makes its zeros from this

    def build(self, input_shape):
        """Make kernel, recurrent kernel and bias for inputs of shape (batch, features)."""
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.recurrent_kernel = self.add_weight(
            shape=(self.units, self.units), initializer="orthogonal", name="recurrent_kernel"
        )
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, inputs, states):
        """One step: (batch, features) and a list of states -> the output and a new list."""
        total = keras.ops.matmul(inputs, self.kernel) + self.bias
        output = keras.ops.tanh(total + keras.ops.matmul(states[0], self.recurrent_kernel))
        return output, [output]
''',
        why="RNN(MyCell(3)) gives the numbers of SimpleRNN(3), and it trains: the library's cell is no more "
        "than this. Every new kind of memory begins with a cell like yours.",
    ),
    Exercise(
        number="3.5",
        kind="Code",
        answers=("without_activation", "relu_scale", "tanh_ends_at"),
        judge=judge_scale,
        hints=(
            "Change the first line of that cell, run it and the figure after it, and look at the right ends.",
            "The first cell also prints where each curve ends: without an activation in five digits.",
            "relu drops about half of the numbers at each step, so U must be well above 1 to make it grow.",
        ),
        solution="""
without_activation = 15_000
relu_scale = 1.8
tanh_ends_at = 1.0
""",
        why="Without an activation the curve is nearly straight on this axis: every step multiplies by about "
        "the same number. relu throws away about half of the numbers at each step, so it stands a larger U "
        "before it grows. tanh stands any U: no state is larger than 1.",
    ),
)
