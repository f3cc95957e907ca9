"""The NumPy layers against Keras's: same weights, same inputs, same numbers."""

import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import layers
from course_utils.quiet import quiet_import

with quiet_import():
    import keras

TOLERANCE = {"float32": 1e-5, "float64": 1e-10}
CELLS = ("SimpleRNN", "LSTM", "GRU")
FEW = settings(deadline=None, derandomize=True, max_examples=40)

sizes = st.integers(1, 5)
seeds = st.integers(0, 2**31)
mask_kinds = st.sampled_from(["none", "left", "right", "random", "all padding"])
cells = st.one_of(
    st.tuples(st.sampled_from(["SimpleRNN", "LSTM"]), st.just({})),
    st.tuples(st.just("GRU"), st.fixed_dictionaries({"reset_after": st.booleans()})),
)


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
        ours = layers.Bidirectional(ours, merge_mode=bidirectional)
        theirs = keras.layers.Bidirectional(theirs, merge_mode=bidirectional, dtype=dtype)
    return ours, theirs


@FEW
@given(cells, sizes, sizes, sizes, sizes, st.booleans(), st.booleans(), mask_kinds, seeds)
def test_recurrent_layer_is_keras_layer(
    cell, batch, timesteps, features, units, sequences, backwards, mask_kind, seed
):
    name, options = cell
    options = options | {"units": units, "return_sequences": sequences, "go_backwards": backwards}
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(batch, timesteps, features))
    mask = make_mask(mask_kind, rng, batch, timesteps)
    for dtype, tolerance in TOLERANCE.items():
        ours, theirs = pair(name, options | {"return_state": True}, dtype)
        theirs.build(x.shape)
        theirs.set_weights(random_weights(theirs, rng))
        ours.set_weights(theirs.get_weights())
        mine, keras_result = ours(x, mask=mask), theirs(x.astype(dtype), mask=mask)
        for a, b in zip(mine, keras_result, strict=True):  # output and states
            assert a.dtype == dtype
            np.testing.assert_allclose(a, b, rtol=0, atol=tolerance)
        assert ours.count_params() == theirs.count_params()


@FEW
@given(cells, sizes, sizes, sizes, st.booleans(), st.sampled_from(["concat", "sum"]), mask_kinds, seeds)
def test_bidirectional_is_keras_layer(cell, batch, timesteps, units, sequences, merge, mask_kind, seed):
    name, options = cell
    options = options | {"units": units, "return_sequences": sequences, "return_state": True}
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(batch, timesteps, 3))
    mask = make_mask(mask_kind, rng, batch, timesteps)
    for dtype, tolerance in TOLERANCE.items():
        ours, theirs = pair(name, options, dtype, bidirectional=merge)
        theirs.build(x.shape)
        ours.build(3)
        ours.set_weights(random_weights(ours, rng))
        theirs.set_weights(ours.get_weights())  # this time from us to Keras
        for a, b in zip(ours(x, mask=mask), theirs(x.astype(dtype), mask=mask), strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=tolerance)


@settings(FEW, max_examples=20)
@given(
    st.lists(st.tuples(cells, sizes, st.booleans(), st.booleans()), min_size=1, max_size=3),
    sizes,
    sizes,
    st.booleans(),
    seeds,
)
def test_stack_is_keras_model(stack, batch, timesteps, mask_zero, seed):
    rng = np.random.default_rng(seed)
    ids = rng.integers(0, 4, size=(batch, timesteps))  # a quarter is 0: padding anywhere, whole rows too
    for dtype, tolerance in TOLERANCE.items():
        both = [pair("Embedding", {"input_dim": 4, "output_dim": 3, "mask_zero": mask_zero}, dtype)]
        for depth, ((name, options), units, backwards, bidirectional) in enumerate(stack):
            last = depth == len(stack) - 1
            options = options | {"units": units, "return_sequences": not last}
            if not bidirectional:
                options["go_backwards"] = backwards
            both.append(pair(name, options, dtype, "concat" if bidirectional else False))
        both.append(pair("Dense", {"units": 2, "activation": "tanh"}, dtype))
        model = keras.Sequential([theirs for _, theirs in both])
        model.build(ids.shape)
        model.set_weights([rng.normal(0, 0.7, weight.shape) for weight in model.weights])
        y, mask = ids, None
        for ours, theirs in both:
            ours.set_weights(theirs.get_weights())
            y, mask = ours(y, mask=mask), ours.compute_mask(y, mask)
        np.testing.assert_allclose(y, model(ids), rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("mask_kind", ["none", "left", "random"])
def test_initial_state_is_that_of_keras(name, mask_kind, rng):
    mask = make_mask(mask_kind, rng, 3, 5)
    x = rng.normal(size=(3, 5, 2))
    ours, theirs = pair(name, {"units": 4, "return_sequences": True, "return_state": True}, "float64")
    start = [rng.normal(size=(3, 4)) for _ in ours.state_names]
    theirs.build(x.shape)
    ours.set_weights(theirs.get_weights())
    expected = theirs(x, mask=mask, initial_state=start)
    for a, b in zip(ours(x, mask=mask, initial_state=start), expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", CELLS)
def test_two_chunks_with_carried_state_are_one_whole(name, rng):
    layer = getattr(layers, name)(4, return_sequences=True, return_state=True, dtype="float64", seed=1)
    x = rng.normal(size=(3, 6, 2))
    whole, *last = layer(x)
    first, *state = layer(x[:, :2])
    second, *end = layer(x[:, 2:], initial_state=state if len(state) > 1 else state[0])
    np.testing.assert_array_equal(np.concatenate([first, second], axis=1), whole)
    np.testing.assert_array_equal(end, last)


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
        (layers.GRU(5, reset_after=False), 4, 150),
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


@pytest.mark.parametrize("name", CELLS)
def test_two_directions_that_work_at_the_same_time_are_keras_layer(name, rng):
    ours, theirs = pair(name, {"units": 32}, "float64", bidirectional="concat")
    x, mask = rng.normal(size=(70, 5, 3)), make_mask("left", rng, 70, 5)
    theirs.build(x.shape)
    theirs.set_weights(random_weights(theirs, rng))
    ours.set_weights(theirs.get_weights())
    np.testing.assert_allclose(ours(x, mask=mask), theirs(x, mask=mask), rtol=0, atol=1e-10)
    dy = rng.normal(size=(70, 64))
    dx, whole = ours.backward(dy), ours.gradients
    parts = [ours.forward_layer.backward(dy[:, :32]), ours.backward_layer.backward(dy[:, 32:])]
    np.testing.assert_array_equal(dx, parts[0] + parts[1])
    for one, other in zip(whole, ours.forward_layer.gradients + ours.backward_layer.gradients, strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_error_in_the_second_direction_is_not_lost():
    def fail():
        raise ValueError("from the other core")

    with pytest.raises(ValueError, match="from the other core"):
        layers.both(lambda: np.zeros(1), fail, pays=True)


def test_the_second_core_is_not_waited_for_by_itself():
    """Work for both cores inside such work: the second core is busy, so it is done where it is."""

    def two():
        return layers.both(lambda: 1, lambda: 2, pays=True)

    assert layers.both(two, two, pays=True) == ((1, 2), (1, 2))


def test_an_error_waits_for_what_the_other_core_still_writes():
    begun, written = threading.Event(), []

    def slow():
        begun.set()
        time.sleep(0.2)
        written.append("done")

    with pytest.raises(ZeroDivisionError):
        layers.both(lambda: begun.wait(10) and 1 / 0, slow, pays=True)
    assert written == ["done"]
    assert layers.both(lambda: 1, lambda: 2, pays=True) == (1, 2)


@pytest.mark.parametrize("name", CELLS)
def test_large_products_on_both_cores_give_the_same(name, rng, monkeypatch):
    results = []
    for large in (0, np.inf):
        monkeypatch.setattr(layers, "LARGE", large)
        layer, _ = pair(name, {"units": 3, "return_sequences": True}, "float64")
        layer.seed = 0
        draw = np.random.default_rng(1)
        y = layer(draw.normal(size=(4, 7, 5)), mask=draw.random((4, 7)) > 0.3)
        results.append([y, layer.backward(draw.normal(size=y.shape)), *layer.gradients])
    for one, other in zip(*results, strict=True):  # in parts, sums have another order
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)


@pytest.mark.parametrize("parts", [1, 2, 3, 7, 9])
def test_the_second_core_ahead_of_the_loop_and_behind_it_misses_no_step(parts, rng, monkeypatch):
    """However many steps the second core gets at once; a slow one changes nothing either."""
    layer, ids = layers.LSTM(3, seed=0, dtype="float64"), rng.integers(0, 20, size=(4, 7))
    words = layers.Embedding(20, 5, dtype="float64").look_up(ids)
    results = []
    for large, slow in ((np.inf, False), (0, False), (0, True)):
        monkeypatch.setattr(layers, "LARGE", large)
        monkeypatch.setattr(layers, "PARTS", parts)
        if slow:
            follow = layer.follow
            monkeypatch.setattr(
                layer, "follow", lambda *part, follow=follow: (time.sleep(0.01), follow(*part))[1]
            )
        y = layer.forward(words)
        results.append([y, layer.backward(np.ones_like(y)).vectors, *layer.gradients])
    for ones in zip(*results, strict=True):
        np.testing.assert_allclose(ones[1], ones[0], rtol=0, atol=1e-12)
        np.testing.assert_allclose(ones[2], ones[0], rtol=0, atol=1e-12)


@pytest.mark.parametrize("broken", ["slopes", "follow"])
def test_an_error_beside_the_loop_is_not_lost_and_leaves_nothing_behind(broken, rng, monkeypatch):
    monkeypatch.setattr(layers, "LARGE", 0)
    layer, other = layers.LSTM(3, seed=0), layers.LSTM(3, seed=0)
    x = rng.normal(size=(2, 8, 3))
    y = layer(x)
    ways = iter([None, ValueError("from the other core")])
    work = getattr(layer, broken)

    def fail(*part):
        if error := next(ways, None):
            raise error
        time.sleep(0.01)  # what comes after the error is still at work when the next step begins
        return work(*part)

    with monkeypatch.context() as patch:
        patch.setattr(layer, broken, fail)
        with pytest.raises(ValueError, match="from the other core"):
            layer.backward(np.ones_like(y))
    for one in (layer, other):
        one.backward(np.ones_like(one(x)))
    for a, b in zip(layer.gradients, other.gradients, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_task_is_done_once_or_given_up():
    done = []
    for pays in (True, False):
        task = layers.Task(lambda: done.append("once"), pays)
        task.result(), task.result()
    assert done == ["once", "once"]
    busy = layers.Task(lambda: time.sleep(0.2), pays=True)
    waiting = layers.Task(lambda: done.append("never"), pays=True)
    waiting.give_up()
    busy.give_up()
    layers.Task(lambda: None, pays=True).result()
    assert done == ["once", "once"]


@pytest.mark.parametrize("name", CELLS)
def test_a_step_that_broke_off_leaves_the_next_backward_right(name, rng, monkeypatch):
    """Ctrl-C in the loop, while the second core is at work; then `backward` again, without `forward`."""
    monkeypatch.setattr(layers, "LARGE", 0)
    layer, other = (getattr(layers, name)(3, seed=0, return_sequences=True) for _ in range(2))
    x = rng.normal(size=(2, 20, 3))  # the loop flushes at t = 16, in the first part that it walks back
    y, slopes = layer(x), layer.slopes

    def slow(part):
        time.sleep(0.05)
        slopes(part)

    def break_off(array):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(layer, "slopes", slow)
        patch.setattr(layers, "flush", break_off)
        with pytest.raises(KeyboardInterrupt):
            layer.backward(np.ones_like(y))
    # At t = 0, most of the loop is done: what is left of the first try could do most harm.
    flushes = 2 if name == "LSTM" else 1  # it flushes dc too
    calls = iter([0.0] * flushes + [0.3] * flushes)
    with monkeypatch.context() as patch:
        patch.setattr(layers, "flush", lambda array: time.sleep(next(calls)))
        dx = layer.backward(np.ones_like(y))
    other(x)
    np.testing.assert_array_equal(dx, other.backward(np.ones_like(y)))
    for a, b in zip(layer.gradients, other.gradients, strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_input_that_was_refused_is_not_gone_back_from(rng):
    layer = layers.LSTM(3)
    y = layer(rng.normal(size=(2, 4, 3)))
    with pytest.raises(ValueError, match="initial_state has 1 arrays"):
        layer.forward(rng.normal(size=(2, 4, 3)), initial_state=np.zeros((2, 3)))
    with pytest.raises(ValueError, match="needs a call of forward first"):
        layer.backward(np.ones_like(y))


def test_words_that_do_not_fit_are_refused_like_their_vectors(rng):
    words = layers.Embedding(9, 5).look_up(np.array([[1, 2, 1]]))
    for layer in (layers.LSTM(3), layers.Bidirectional(layers.LSTM(3))):
        layer(rng.normal(size=(2, 4, 4)))
        with pytest.raises(ValueError, match=r"x has shape \(1, 3, 5\): expected \(batch, timesteps, 4\)"):
            layer.forward(words)


@pytest.mark.parametrize("cell", CELLS)
def test_two_directions_on_two_cores_read_words_too(cell, rng, monkeypatch):
    ids, results = rng.integers(0, 40, size=(4, 9)), []
    for large, wide in ((np.inf, np.inf), (0, 0)):
        monkeypatch.setattr(layers, "LARGE", large)
        monkeypatch.setattr(layers, "WIDE", wide)
        table = layers.Embedding(40, 6, seed=0, dtype="float64")
        both_ways = layers.Bidirectional(getattr(layers, cell)(3, seed=0, dtype="float64"))
        y = both_ways.forward(table.look_up(ids), ids > 4)
        table.backward(both_ways.backward(np.ones_like(y)))
        results.append([y, table.gradients[0].to_dense(), *both_ways.gradients])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)


@settings(FEW, max_examples=20)
@given(sizes, sizes, st.integers(1, 12), st.integers(1, 70_000), seeds)
def test_words_are_found_and_added_up(batch, timesteps, features, table_size, seed):
    """In 16 bits or more, with few features or many: as NumPy's slow ways do it."""
    rng = np.random.default_rng(seed)
    ids = rng.integers(max(0, table_size - 4), table_size, size=(batch, timesteps))
    table = rng.normal(size=(table_size, features))
    words = layers.Words.of(ids, table)
    np.testing.assert_array_equal(words.rows, np.unique(ids))
    np.testing.assert_array_equal(words.spread(), table[ids])
    values = rng.normal(size=(batch, timesteps, features))
    expected = np.zeros_like(table)
    np.add.at(expected, ids, values)
    sums = words.sums(values.swapaxes(0, 1).reshape(-1, features)).to_dense()
    np.testing.assert_allclose(sums, expected[words.rows], rtol=0, atol=1e-12)


def test_ids_that_change_after_forward_change_no_gradient():
    table, ids = layers.Embedding(5, 2), np.array([[1, 2]])
    y = table(ids)
    ids[:] = 4
    table.backward(np.ones_like(y))
    np.testing.assert_array_equal(table.gradients[0].rows, [1, 2])


@FEW
@given(
    cells,
    sizes,
    sizes,
    st.integers(1, 9),
    sizes,
    st.sampled_from([None, "concat", "sum"]),
    st.booleans(),
    st.booleans(),
    mask_kinds,
    seeds,
)
def test_each_word_once_gives_the_same_as_each_place(
    cell, batch, timesteps, features, units, merge, sequences, backwards, mask_kind, seed
):
    """A recurrent layer that gets the words of an Embedding, and one that gets their vectors."""
    name, options = cell
    rng = np.random.default_rng(seed)
    options = options | {
        "units": units,
        "return_sequences": sequences,
        "go_backwards": backwards and not merge,
    }
    layer = getattr(layers, name)(**options, dtype="float64", seed=1)
    layer = layers.Bidirectional(layer, merge_mode=merge) if merge else layer
    table, ids = layers.Embedding(6, features, dtype="float64"), rng.integers(0, 6, size=(batch, timesteps))
    mask, results = make_mask(mask_kind, rng, batch, timesteps), []
    dy = None
    for look_up in (table.look_up, table.forward):
        y = layer.forward(look_up(ids), mask)
        dy = rng.normal(size=y.shape) if dy is None else dy
        table.backward(layer.backward(dy))
        results.append([y, table.gradients[0].to_dense(), *layer.gradients])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)


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
            r"activation='softplus': expected one of None, 'relu'",
        ),
        (
            lambda: layers.Bidirectional(layers.Dense(2)),
            r"layer is a Dense .*: expected a SimpleRNN, LSTM or GRU",
        ),
        (lambda: layers.Bidirectional(layers.GRU(2), merge_mode="mul"), r"merge_mode='mul': expected"),
        (
            lambda: layers.Bidirectional(layers.GRU(2, go_backwards=True)),
            r"layer is a GRU that reads backwards",
        ),
        (lambda: layers.GRU(2, dtype="int32"), r"dtype='int32': expected one of 'float32', 'float64'"),
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


@pytest.fixture
def rng():
    return np.random.default_rng(0)
