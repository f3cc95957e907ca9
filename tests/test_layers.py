"""The layers against Keras's, their gradients against differences and TensorFlow's tape."""

import copy
import pickle
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import layers
from course_utils.quiet import quiet_import

with quiet_import():
    import keras
    import tensorflow as tf

TOLERANCE = {"float32": 1e-5, "float64": 1e-10}
CELLS = ("SimpleRNN", "LSTM", "GRU")
FEW = settings(deadline=None, derandomize=True, max_examples=40)

sizes = st.integers(1, 5)
seeds = st.integers(0, 2**31)
mask_kinds = st.sampled_from(["none", "left", "right", "random", "all padding"])
cells = st.sampled_from(CELLS)


def make_mask(kind, rng, batch, timesteps):
    """Mask (batch, timesteps), or None."""
    if kind == "none":
        return None
    lengths = rng.integers(1, timesteps + 1, size=(batch, 1))
    mask = np.arange(timesteps) < lengths  # padded on the right
    if kind == "left":
        mask = mask[:, ::-1]
    elif kind != "right":
        mask = rng.random((batch, timesteps)) < 0.6
    if kind == "all padding":
        mask[rng.integers(batch)] = False
    return mask


def random_weights(layer, rng):
    return [rng.normal(0, 0.7, weight.shape) for weight in layer.weights]


def pair(name, options, dtype, bidirectional=False):
    """Build the layer of that name twice, ours and Keras's."""
    ours = getattr(layers, name)(**options, dtype=dtype)
    theirs = getattr(keras.layers, name)(**options, dtype=dtype)
    if bidirectional:
        ours = layers.Bidirectional(ours)
        theirs = keras.layers.Bidirectional(theirs, dtype=dtype)
    return ours, theirs


@FEW
@given(cells, sizes, sizes, sizes, sizes, st.booleans(), st.booleans(), mask_kinds, seeds)
def test_recurrent_layer_is_keras_layer(
    name, batch, timesteps, features, units, sequences, backwards, mask_kind, seed
):
    options = {"units": units, "return_sequences": sequences, "go_backwards": backwards}
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(batch, timesteps, features))
    mask = make_mask(mask_kind, rng, batch, timesteps)
    for dtype, tolerance in TOLERANCE.items():
        ours, theirs = pair(name, options, dtype)
        theirs.build(x.shape)
        theirs.set_weights(random_weights(theirs, rng))
        ours.set_weights(theirs.get_weights())
        y = ours(x, mask=mask)
        assert y.dtype == dtype
        np.testing.assert_allclose(y, theirs(x.astype(dtype), mask=mask), rtol=0, atol=tolerance)
        assert ours.count_params() == theirs.count_params()


@FEW
@given(cells, sizes, sizes, sizes, st.booleans(), mask_kinds, seeds)
def test_bidirectional_is_keras_layer(name, batch, timesteps, units, sequences, mask_kind, seed):
    options = {"units": units, "return_sequences": sequences}
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(batch, timesteps, 3))
    mask = make_mask(mask_kind, rng, batch, timesteps)
    for dtype, tolerance in TOLERANCE.items():
        ours, theirs = pair(name, options, dtype, bidirectional=True)
        theirs.build(x.shape)
        ours.build(3)
        ours.set_weights(random_weights(ours, rng))
        theirs.set_weights(ours.get_weights())  # this time from us to Keras
        np.testing.assert_allclose(
            ours(x, mask=mask), theirs(x.astype(dtype), mask=mask), rtol=0, atol=tolerance
        )


def make_stack(module, stack, maximum, mask_zero, activation, dtype):
    """The same layers from ours or from Keras's: a table, recurrent layers, two Dense."""
    made = [module.Embedding(5, 3, mask_zero=mask_zero, dtype=dtype)]
    for depth, (name, units, direction) in enumerate(stack):
        options = {"units": units, "return_sequences": maximum or depth < len(stack) - 1, "dtype": dtype}
        if direction == "both":
            extra = {} if module is layers else {"dtype": dtype}
            made.append(module.Bidirectional(getattr(module, name)(**options), **extra))
        else:
            made.append(getattr(module, name)(**options, go_backwards=direction == "backwards"))
    if maximum:
        made.append(module.GlobalMaxPooling1D(dtype=dtype))
    return [*made, module.Dense(3, activation=activation, dtype=dtype), module.Dense(2, dtype=dtype)]


def forward(stack, ids, mask=None):
    """What the last of our layers says."""
    y = ids
    for layer in stack:
        y, mask = layer(y, mask=mask), layer.compute_mask(y, mask)
        assert type(y) is np.ndarray
    return y


def backward(stack, dy):
    """Gradients of all weights, in their order."""
    for layer in reversed(stack):
        dy = layer.backward(dy)
        assert type(dy) is np.ndarray or layer is stack[0]
    return [dense(gradient) for layer in stack for gradient in layer.gradients]


def dense(gradient):
    if isinstance(gradient, layers.SparseGradient):
        return gradient.to_dense()
    return np.asarray(tf.convert_to_tensor(gradient))


any_stack = given(
    st.lists(
        st.tuples(cells, sizes, st.sampled_from(["forwards", "backwards", "both"])), min_size=1, max_size=2
    ),
    st.booleans(),
    sizes,
    st.integers(1, 6),
    st.booleans(),
    st.sampled_from([None, "relu"]),
    seeds,
)


@FEW
@any_stack
def test_gradients_are_those_of_differences(stack, maximum, batch, timesteps, mask_zero, activation, seed):
    rng = np.random.default_rng(seed)
    ids, dy = rng.integers(0, 5, size=(batch, timesteps)), rng.normal(size=(batch, 2))
    model = make_stack(layers, stack, maximum, mask_zero, activation, "float64")
    forward(model, ids)
    weights = [weight for layer in model for weight in layer.weights]
    for weight in weights:
        weight[...] = rng.normal(0, 0.7, weight.shape)
    forward(model, ids)
    for weight, gradient in zip(weights, backward(model, dy), strict=True):
        direction, kept, step = rng.normal(size=weight.shape), weight.copy(), 1e-5
        losses = []
        for sign in (1, -1):
            weight[...] = kept + sign * step * direction
            losses.append((forward(model, ids) * dy).sum())
        weight[...] = kept
        slope = (losses[0] - losses[1]) / (2 * step)
        assert abs(slope - (gradient * direction).sum()) < 1e-6 * max(1, abs(slope))


@settings(FEW, max_examples=15)
@any_stack
def test_stack_and_gradients_are_those_of_tensorflow(
    stack, maximum, batch, timesteps, mask_zero, activation, seed
):
    rng = np.random.default_rng(seed)
    ids, dy = rng.integers(0, 5, size=(batch, timesteps)), rng.normal(size=(batch, 2))
    mask_zero = mask_zero and not maximum  # Keras's maximum reads padding
    for dtype, tolerance in (("float32", 1e-4), ("float64", 1e-9)):
        theirs = keras.Sequential(make_stack(keras.layers, stack, maximum, mask_zero, activation, dtype))
        theirs.build(ids.shape)
        theirs.set_weights([rng.normal(0, 0.7, weight.shape) for weight in theirs.weights])
        with tf.GradientTape() as tape:
            y = theirs(ids)
            loss = tf.reduce_sum(y * dy.astype(dtype))
        expected = tape.gradient(loss, [variable.value for variable in theirs.trainable_variables])
        ours = make_stack(layers, stack, maximum, mask_zero, activation, dtype)
        for mine, other in zip(ours, theirs.layers, strict=True):
            mine.set_weights(other.get_weights())
        np.testing.assert_allclose(forward(ours, ids), y, rtol=0, atol=tolerance)
        for mine, other in zip(backward(ours, dy), map(dense, expected), strict=True):
            assert mine.dtype == dtype
            np.testing.assert_allclose(mine, other, rtol=tolerance, atol=tolerance)


@FEW
@given(cells, sizes, sizes, st.integers(1, 6), st.booleans(), st.booleans(), seeds)
def test_gradient_of_x_is_that_of_differences(name, batch, features, timesteps, masked, both, seed):
    rng = np.random.default_rng(seed)
    layer = getattr(layers, name)(3, return_sequences=True, dtype="float64", seed=1)
    layer = layers.Bidirectional(layer) if both else layer
    x, dy = rng.normal(size=(batch, timesteps, features)), rng.normal(size=(batch, timesteps, 3 + 3 * both))
    mask = rng.random((batch, timesteps)) < 0.6 if masked else None
    layer(x, mask=mask)
    dx, direction = layer.backward(dy), rng.normal(size=x.shape)
    up, down = (layer(x + sign * 1e-5 * direction, mask=mask) for sign in (1, -1))
    assert ((up - down) * dy).sum() / 2e-5 == pytest.approx((dx * direction).sum(), abs=1e-6)
    if masked:
        assert not dx[~mask].any()


def test_a_cell_of_ones_own_needs_a_step_and_its_way_back(rng):
    class Leaky(layers.SimpleRNN):
        """Keeps half of the state before, as h_t = (h_{t-1} + tanh(x_t W + h_{t-1} U + b)) / 2."""

        def step(self, a, *states):
            (new,), h = super().step(a, *states)
            return [(states[0] + new) / 2], h

        def step_back(self, d_states, kept):
            da, d_past, (d_before,) = super().step_back([d_states[0] / 2], kept)
            return da, d_past, [d_before + d_states[0] / 2]

    layer = layers.Bidirectional(Leaky(3, return_sequences=True, dtype="float64", seed=1))
    x, dy, mask = rng.normal(size=(2, 6, 4)), rng.normal(size=(2, 6, 6)), rng.random((2, 6)) < 0.7
    layer(x, mask=mask)
    dx, gradients, direction = layer.backward(dy), layer.gradients, rng.normal(size=x.shape)
    up, down = (layer(x + sign * 1e-5 * direction, mask=mask) for sign in (1, -1))
    assert ((up - down) * dy).sum() / 2e-5 == pytest.approx((dx * direction).sum(), abs=1e-7)
    for weight, gradient in zip(layer.weights, gradients, strict=True):
        kept, direction = weight.copy(), rng.normal(size=weight.shape)
        losses = []
        for sign in (1, -1):
            weight[...] = kept + sign * 1e-5 * direction
            losses.append((layer(x, mask=mask) * dy).sum())
        weight[...] = kept
        assert (losses[0] - losses[1]) / 2e-5 == pytest.approx((gradient * direction).sum(), abs=1e-7)


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("mask_kind", ["none", "left", "random"])
def test_initial_state_is_that_of_keras(name, mask_kind, rng):
    mask = make_mask(mask_kind, rng, 3, 5)
    x = rng.normal(size=(3, 5, 2))
    ours, theirs = pair(name, {"units": 4, "return_sequences": True}, "float64")
    start = [rng.normal(size=(3, 4)) for _ in ours.state_names]
    theirs.build(x.shape)
    ours.set_weights(theirs.get_weights())
    expected = theirs(x, mask=mask, initial_state=start)
    np.testing.assert_allclose(ours(x, mask=mask, initial_state=start), expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", ["SimpleRNN", "GRU"])
def test_two_chunks_with_carried_state_are_one_whole(name, rng):
    layer = getattr(layers, name)(4, return_sequences=True, dtype="float64", seed=1)
    x = rng.normal(size=(3, 6, 2))
    whole, first = layer(x), layer(x[:, :2])
    second = layer(x[:, 2:], initial_state=first[:, -1])
    np.testing.assert_array_equal(np.concatenate([first, second], axis=1), whole)


@pytest.mark.parametrize("name", CELLS)
def test_padding_with_a_mask_changes_nothing(name, rng):
    layer = getattr(layers, name)(4, seed=1)
    x = rng.normal(size=(1, 3, 2))
    bare = layer(x)
    for before, after in ((2, 0), (0, 2), (1, 3)):
        padded = np.pad(x, ((0, 0), (before, after), (0, 0)), constant_values=9)
        mask = np.zeros((1, 3 + before + after), bool)
        mask[:, before : before + 3] = True
        np.testing.assert_allclose(layer(padded, mask=mask), bare, rtol=0, atol=1e-7)


@pytest.mark.parametrize(
    ("layer", "features", "count"),
    [
        (layers.SimpleRNN(32), 32, 2_080),
        (layers.LSTM(10), 3, 560),
        (layers.GRU(5), 4, 165),
        (layers.Bidirectional(layers.SimpleRNN(64)), 16, 10_368),
        (layers.Bidirectional(layers.SimpleRNN(64)), 128, 24_704),
        (layers.Embedding(10_000, 32), 1, 320_000),
        (layers.Dense(1), 32, 33),
    ],
)
def test_parameter_counts_of_the_course(layer, features, count):
    layer.build(features)
    assert layer.count_params() == count == sum(weight.size for weight in layer.get_weights())


def test_initial_weights_follow_keras():
    rnn, lstm, table = layers.SimpleRNN(40, seed=3), layers.LSTM(7, seed=3), layers.Embedding(50, 60, seed=3)
    for layer, features in ((rnn, 20), (lstm, 5), (table, 1)):
        layer.build(features)
    kernel, recurrent, bias = rnn.weights
    limit = np.sqrt(6 / 60)
    assert limit * 0.9 < np.abs(kernel).max() <= limit
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(40), atol=1e-5)
    np.testing.assert_array_equal(bias, 0)
    np.testing.assert_allclose(lstm.recurrent_kernel @ lstm.recurrent_kernel.T, np.eye(7), atol=1e-5)
    np.testing.assert_array_equal(lstm.bias.reshape(4, 7), np.repeat([[0], [1], [0], [0]], 7, axis=1))
    assert 0.045 < np.abs(table.embeddings).max() <= 0.05


def test_seed_fixes_the_weights_and_the_two_directions_differ():
    first, again, other = (layers.Bidirectional(layers.GRU(3, seed=seed)) for seed in (1, 1, 2))
    for layer in (first, again, other):
        layer.build(2)
    np.testing.assert_array_equal(first.weights[0], again.weights[0])
    assert not np.allclose(first.weights[0], other.weights[0])
    assert not np.allclose(first.weights[0], first.weights[3])


def test_recurrent_gain_scales_the_first_recurrent_kernel_alone():
    plain, half = (layers.LSTM(4, recurrent_gain=gain, seed=1) for gain in (1, 0.5))
    for layer in (plain, half):
        layer(np.zeros((1, 2, 3)))
    np.testing.assert_allclose(half.recurrent_kernel, plain.recurrent_kernel / 2)
    np.testing.assert_array_equal(half.kernel, plain.kernel)
    np.testing.assert_array_equal(half.bias, plain.bias)


def one_of_each(seed=0):
    """Every kind of layer, made for 3 features."""
    return [
        *(getattr(layers, name)(4, seed=seed, return_sequences=True) for name in CELLS),
        layers.Bidirectional(layers.GRU(4, seed=seed)),
        layers.Dense(2, activation="relu", seed=seed),
        layers.Dropout(0.5, seed=seed),
        layers.GlobalMaxPooling1D(),
    ]


@pytest.mark.parametrize("layer", one_of_each(), ids=lambda layer: type(layer).__name__)
@pytest.mark.parametrize("batch", [1, 2])  # one review lies in memory as its timesteps do
def test_what_changes_after_forward_changes_no_gradient(layer, batch, rng):
    """Neither the x that was given nor the y that came out."""
    x, results = rng.normal(size=(batch, 5, 3)).astype("float32"), []
    for changes in (False, True):
        given_x = x.copy()
        y = layer(given_x, mask=np.ones((batch, 5), bool))
        assert y.base is None or y.base.size == y.size  # holds on to nothing else
        dy = np.ones_like(y)
        if changes:
            given_x[...] = 7
            y[...] = 7
        results.append([layer.backward(dy), *layer.gradients])
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)


def test_ids_that_change_after_forward_change_no_gradient():
    table, ids = layers.Embedding(5, 2), np.array([[1, 2]])
    y = table(ids)
    ids[:] = 4
    table.backward(np.ones_like(y))
    np.testing.assert_array_equal(table.gradients[0].rows, [1, 2])


@settings(FEW, max_examples=20)
@given(sizes, sizes, sizes, st.integers(1, 70_000), seeds)
def test_gradient_of_a_table_is_added_up_by_id(batch, timesteps, features, table_size, seed):
    rng = np.random.default_rng(seed)
    table = layers.Embedding(table_size, features, dtype="float64")
    ids = rng.integers(max(0, table_size - 4), table_size, size=(batch, timesteps))
    dy = rng.normal(size=table(ids).shape)
    table.backward(dy)
    expected = np.zeros((table_size, features))
    np.add.at(expected, ids, dy)
    np.testing.assert_allclose(table.gradients[0].to_dense(), expected, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(table.gradients[0].rows, np.unique(ids))


@pytest.mark.parametrize("name", CELLS)
def test_an_interrupt_on_the_way_leaves_a_layer_that_can_be_copied_and_used(name, rng, monkeypatch):
    layer, other = (getattr(layers, name)(4, seed=0, return_sequences=True) for _ in range(2))
    x = rng.normal(size=(2, 5, 3)).astype("float32")
    dy, calls = np.ones((2, 5, 4), "float32"), []

    def there_and_back(layer):
        layer(x)
        return [layer.backward(dy), *layer.gradients]

    expected = there_and_back(other)
    for way in ("step", "step_back"):
        usual = getattr(layer, way)

        def stop(*arguments, usual=usual):
            calls.append(arguments)
            if len(calls) % 3 == 0:
                raise KeyboardInterrupt
            return usual(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(layer, way, stop)
            with pytest.raises(KeyboardInterrupt):
                there_and_back(layer)
        for copied in (pickle.loads(pickle.dumps(layer)), copy.deepcopy(layer), layer):
            for one, want in zip(there_and_back(copied), expected, strict=True):
                np.testing.assert_array_equal(one, want)


@pytest.mark.parametrize("layer", one_of_each(), ids=lambda layer: type(layer).__name__)
def test_a_copy_goes_back_by_itself(layer, rng):
    x = rng.normal(size=(2, 5, 3)).astype("float32")
    dy = np.ones_like(layer(x, training=True))
    copies = [pickle.loads(pickle.dumps(layer)), copy.deepcopy(layer)]
    dx = layer.backward(dy)
    for copied in copies:
        np.testing.assert_array_equal(copied.backward(dy), dx)
        np.testing.assert_array_equal(copied(x), layer(x))
        for one, other in zip(copied.gradients, layer.gradients, strict=True):
            np.testing.assert_array_equal(one, other)
        assert not any(np.shares_memory(*both) for both in zip(copied.weights, layer.weights, strict=True))


@pytest.mark.parametrize("layer", one_of_each(), ids=lambda layer: type(layer).__name__)
def test_a_layer_that_forgets_holds_its_weights_alone(layer, rng):
    x = rng.normal(size=(20, 50, 3)).astype("float32")
    dy = np.ones_like(layer(x))
    layer.forget()
    assert len(pickle.dumps(layer)) < 10_000
    with pytest.raises(ValueError, match=f"backward of {type(layer).__name__} needs a call of forward first"):
        layer.backward(dy)


def test_an_input_that_was_refused_is_not_gone_back_from(rng):
    layer = layers.LSTM(3)
    y = layer(rng.normal(size=(2, 4, 3)))
    with pytest.raises(ValueError, match="initial_state has 1 arrays"):
        layer.forward(rng.normal(size=(2, 4, 3)), initial_state=np.zeros((2, 3)))
    with pytest.raises(ValueError, match="needs a call of forward first"):
        layer.backward(np.ones_like(y))


@pytest.mark.parametrize("cell", CELLS)
def test_memory_grows_with_batch_timesteps_and_units_and_no_faster(cell):
    def peak(batch, timesteps, units):
        layer = getattr(layers, cell)(units, return_sequences=True, seed=0)
        layer.build(units)
        x = dy = np.ones((batch, timesteps, units), "float32")
        tracemalloc.start()
        layer(x)
        layer.backward(dy)
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size / (batch * timesteps * units)

    assert max(peak(48, 60, 32), peak(16, 180, 32), peak(16, 60, 96)) < 1.15 * peak(16, 60, 32)


def test_dropout_works_in_training_only_and_keeps_the_mean(rng):
    x = np.ones((50, 40, 20), "float32")
    for layer in (layers.Dropout(0.4, seed=1), layers.SpatialDropout1D(0.4, seed=1)):
        np.testing.assert_array_equal(layer(x), x)
        y = layer(x, training=True)
        assert y.dtype == "float32"
        assert set(np.unique(y)) == {np.float32(0), np.float32(1) / np.float32(0.6)}
        assert y.mean() == pytest.approx(1, abs=0.06)
        np.testing.assert_array_equal(layer.backward(x), y)
    assert (y == y[:, :1]).all()  # whole features
    y = layers.Dropout(0.4, noise_shape=(None, None, 1), seed=1)(x, training=True)
    assert (y == y[:, :, :1]).all()  # whole words
    assert y[0, :, 0].min() == 0 < y[0, :, 0].max()
    with pytest.raises(ValueError, match=r"noise_shape=\[None, 3, 1\] does not go with x of shape"):
        layers.Dropout(0.4, noise_shape=(None, 3, 1))(x, training=True)
    with pytest.raises(ValueError, match="rate=1: expected 0 or more and less than 1"):
        layers.Dropout(1)


def test_pooling_leaves_padding_out_and_ties_share(rng):
    x = rng.normal(size=(3, 4, 2)) - 5
    mask = np.array([[1, 1, 0, 0], [0, 1, 1, 1], [0, 0, 0, 0]], bool)
    x[1, 1:3] = -1
    layer = layers.GlobalMaxPooling1D(dtype="float64")
    y = layer(x, mask=mask)
    for row in range(2):
        np.testing.assert_array_equal(y[row], x[row, mask[row]].max(axis=0))
    assert not y[2].any()
    dx = layer.backward(np.ones((3, 2)))
    assert not dx[~mask].any()
    np.testing.assert_array_equal(dx.sum(axis=1)[:2], 1)
    np.testing.assert_array_equal(dx[1, 1:3], 0.5)


def test_get_weights_gives_copies():
    layer = layers.Dense(2)
    layer.build(3)
    layer.get_weights()[0][:] = 7
    assert not (layer.kernel == 7).any()


def test_numpy_layers_do_not_import_tensorflow():
    code = "import sys, course_utils.layers; print({'tensorflow', 'keras'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


X = np.zeros((2, 3, 4), "float32")


def built(layer):
    layer.build(4)
    return layer


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: layers.LSTM(3)(X[0]), r"x has shape \(3, 4\): expected \(batch, timesteps, features\)"),
        (
            lambda: built(layers.GRU(3))(X[:, :, :2]),
            r"x has shape \(2, 3, 2\): expected \(batch, timesteps, 4\)",
        ),
        (lambda: layers.GRU(3)(X[:0]), r"x has shape \(0, 3, 4\): .* at least one"),
        (lambda: layers.SimpleRNN(3)(X[:, :0]), r"x has shape \(2, 0, 4\): .* at least one"),
        (lambda: layers.SimpleRNN(3)(X, mask=np.ones((2, 4))), r"mask has shape \(2, 4\): expected \(2, 3\)"),
        (
            lambda: layers.LSTM(3)(X, initial_state=np.zeros((2, 3))),
            r"initial_state has 1 arrays: expected 2 \(h, c\)",
        ),
        (
            lambda: layers.SimpleRNN(3)(X, initial_state=np.zeros((1, 3))),
            r"initial_state h has shape \(1, 3\): expected \(2, 3\)",
        ),
        (
            lambda: built(layers.GRU(2)).set_weights([np.zeros((4, 6)), np.zeros((2, 6)), np.zeros(6)]),
            r"bias has shape \(6,\): expected \(2, 6\)",
        ),
        (
            lambda: layers.SimpleRNN(2).set_weights([np.zeros((4, 2)), np.zeros((4, 2)), np.zeros(2)]),
            r"recurrent_kernel has shape \(4, 2\): expected \(2, 2\)",
        ),
        (
            lambda: layers.Bidirectional(layers.LSTM(2)).set_weights([np.zeros((4, 8))] * 3),
            r"weights has 3 arrays: expected 6 \(forward kernel, ",
        ),
        (
            lambda: layers.Embedding(9, 2)(np.array([[1, 9]])),
            r"id 9 is not in the table of 9 rows: expected 0 to 8",
        ),
        (lambda: layers.Embedding(9, 2)(np.array([[-1]])), r"id -1 is not in the table of 9 rows"),
        (
            lambda: layers.Embedding(9, 2)(np.array([1])),
            r"ids has shape \(1,\): expected \(batch, timesteps\)",
        ),
        (lambda: layers.Embedding(9, 2)(np.array([[1.0]])), r"ids are float64: expected whole numbers"),
        (lambda: built(layers.Dense(2))(X[0, :, :3]), r"x has shape \(3, 3\): expected \(batch, 4\)"),
        (lambda: layers.LSTM(0), r"units=0: expected a whole number, 1 or more"),
        (lambda: layers.Embedding(2.5, 1), r"input_dim=2.5: expected a whole number"),
        (
            lambda: layers.Dense(2, activation="softplus"),
            r"activation='softplus': expected one of None, 'relu'$",
        ),
        (
            lambda: layers.Bidirectional(layers.Dense(2)),
            r"layer is a Dense .*: expected a SimpleRNN, LSTM or GRU",
        ),
        (
            lambda: layers.Bidirectional(layers.GRU(2), merge_mode="sum"),
            r"merge_mode='sum': expected 'concat'",
        ),
        (lambda: layers.GRU(2, reset_after=False), r"reset_after=False: expected True"),
        (lambda: layers.LSTM(2, return_state=True), r"return_state=True: expected False"),
        (
            lambda: layers.Bidirectional(layers.GRU(2, go_backwards=True)),
            r"layer is a GRU that reads backwards",
        ),
        (lambda: layers.GRU(2, dtype="int32"), r"dtype='int32': expected one of 'float32', 'float64'"),
        (lambda: layers.Dense(1)([[None, 1.0]]), r"x holds object: expected numbers"),
        (lambda: layers.LSTM(3)(np.full((1, 2, 4), "1")), r"x holds <U1: expected numbers"),
        (lambda: layers.GRU(3)(np.full((1, 2, 4), 1e39)), r"x holds numbers that are too large for float32"),
        (
            lambda: layers.Dense(1).set_weights([[[1e39]], [0]]),
            r"kernel holds numbers that are too large for float32",
        ),
        (lambda: layers.GRU(2).backward(X), r"backward of GRU needs a call of forward first"),
    ],
)
def test_errors_name_the_argument_the_given_and_the_expected(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_refused_set_weights_changes_nothing():
    layer = built(layers.SimpleRNN(2, seed=0))
    before = layer.get_weights()
    with pytest.raises(ValueError, match="bias has shape"):
        layer.set_weights([np.ones((4, 2)), np.ones((2, 2)), np.ones(3)])
    for old, new in zip(before, layer.weights, strict=True):
        np.testing.assert_array_equal(old, new)


def test_every_name_stands_in_the_package():
    for name in layers.__all__:
        assert hasattr(layers, name)


@pytest.fixture
def rng():
    return np.random.default_rng(0)
