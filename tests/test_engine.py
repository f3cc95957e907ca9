"""The training engine: gradients against differences and TensorFlow, training against Keras."""

import copy
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info

from course_utils import engine, layers
from course_utils.engine import SGD, Adam, CosineDecay, RMSprop, Sequential
from course_utils.quiet import quiet_import

with quiet_import():
    import keras
    import tensorflow as tf

FEW = settings(deadline=None, derandomize=True, max_examples=40)
sizes = st.integers(1, 4)
seeds = st.integers(0, 2**31)
cells = st.sampled_from(
    [("SimpleRNN", {}), ("LSTM", {}), ("GRU", {"reset_after": True}), ("GRU", {"reset_after": False})]
)
blocks = st.tuples(cells, sizes, st.sampled_from(["plain", "backwards", "concat", "sum"]))
endings = st.sampled_from(["last state", "average", "maximum"])


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def make_layer(module, name, options, direction, **common):
    """One recurrent layer of `course_utils.layers` or `keras.layers`."""
    if direction == "backwards":
        options = options | {"go_backwards": True}
    layer = getattr(module, name)(**options, **common)
    if direction in ("concat", "sum"):
        extra = {} if module is layers else common
        layer = module.Bidirectional(layer, merge_mode=direction, **extra)
    return layer


def make_stack(module, stack, ending, mask_zero, activation, dtype):
    """The same random model from our layers or from Keras's."""
    model = [module.Embedding(5, 3, mask_zero=mask_zero, dtype=dtype)]
    for depth, ((name, options), units, direction) in enumerate(stack):
        sequences = ending != "last state" or depth < len(stack) - 1
        options = options | {"units": units, "return_sequences": sequences}
        model.append(make_layer(module, name, options, direction, dtype=dtype))
    if ending == "average":
        model.append(module.GlobalAveragePooling1D(dtype=dtype))
    if ending == "maximum":
        model.append(module.GlobalMaxPooling1D(dtype=dtype))
    model += [module.Dense(3, activation=activation, dtype=dtype), module.Dense(1, dtype=dtype)]
    return module.Sequential(model) if hasattr(module, "Sequential") else Sequential(model)


keras.layers.Sequential = keras.Sequential


def dense(gradient):
    if isinstance(gradient, layers.SparseGradient):
        return gradient.to_dense()
    return np.asarray(tf.convert_to_tensor(gradient))


def random_ids(rng, batch, timesteps):
    ids = rng.integers(0, 5, size=(batch, timesteps))
    ids[:, rng.integers(timesteps)] = 1  # no review is all padding: Keras's average would be nan
    return ids


any_stack = given(
    st.lists(blocks, min_size=1, max_size=2),
    endings,
    sizes,
    st.integers(1, 6),
    st.booleans(),
    st.sampled_from([None, "relu", "tanh", "sigmoid"]),
    seeds,
)


@FEW
@any_stack
def test_gradients_are_those_of_differences(stack, ending, batch, timesteps, mask_zero, activation, seed):
    rng = np.random.default_rng(seed)
    ids, labels = random_ids(rng, batch, timesteps), rng.integers(0, 2, size=(batch, 1)).astype(float)
    model = make_stack(layers, stack, ending, mask_zero, activation, "float64")
    model(ids)
    model.set_weights([rng.normal(0, 0.7, weight.shape) for weight in model.weights])
    model.backward(engine.binary_crossentropy(model(ids), labels)[1])
    for weight, gradient in zip(model.weights, map(dense, model.gradients), strict=True):
        direction, kept, step = rng.normal(size=weight.shape), weight.copy(), 1e-5
        losses = []
        for sign in (1, -1):
            weight[...] = kept + sign * step * direction
            losses.append(engine.binary_crossentropy(model(ids), labels)[0])
        weight[...] = kept
        slope = (losses[0] - losses[1]) / (2 * step)
        assert abs(slope - (gradient * direction).sum()) < 1e-6 * max(1, abs(slope))


@settings(FEW, max_examples=15)
@any_stack
def test_gradients_are_those_of_tensorflow(stack, ending, batch, timesteps, mask_zero, activation, seed):
    rng = np.random.default_rng(seed)
    ids, labels = random_ids(rng, batch, timesteps), rng.integers(0, 2, size=(batch, 1)).astype(float)
    mask_zero = mask_zero and ending != "maximum"  # Keras's maximum reads padding
    for dtype, tolerance in (("float32", 1e-4), ("float64", 1e-9)):
        theirs = make_stack(keras.layers, stack, ending, mask_zero, activation, dtype)
        theirs.build(ids.shape)
        theirs.set_weights([rng.normal(0, 0.7, weight.shape) for weight in theirs.weights])
        with tf.GradientTape() as tape:
            logits = theirs(ids)
            loss = keras.losses.binary_crossentropy(labels, logits, from_logits=True)
            loss = tf.reduce_mean(loss)
        expected = tape.gradient(loss, [variable.value for variable in theirs.trainable_variables])
        ours = make_stack(layers, stack, ending, mask_zero, activation, dtype)
        ours.set_weights(theirs.get_weights())
        my_loss, dy = engine.binary_crossentropy(ours(ids), labels.astype(dtype))
        ours.backward(dy)
        assert my_loss == pytest.approx(float(loss), abs=tolerance)
        for mine, other in zip(map(dense, ours.gradients), map(dense, expected), strict=True):
            assert mine.dtype == dtype
            np.testing.assert_allclose(mine, other, rtol=tolerance, atol=tolerance)


@FEW
@given(cells, sizes, sizes, st.integers(1, 6), st.booleans(), seeds)
def test_gradient_of_x_is_that_of_differences(cell, batch, features, timesteps, masked, seed):
    rng = np.random.default_rng(seed)
    name, options = cell
    layer = getattr(layers, name)(3, return_sequences=True, dtype="float64", seed=1, **options)
    x, dy = rng.normal(size=(batch, timesteps, features)), rng.normal(size=(batch, timesteps, 3))
    mask = rng.random((batch, timesteps)) < 0.6 if masked else None
    layer(x, mask=mask)
    dx, direction = layer.backward(dy), rng.normal(size=x.shape)
    up, down = (layer(x + sign * 1e-5 * direction, mask=mask) for sign in (1, -1))
    assert ((up - down) * dy).sum() / 2e-5 == pytest.approx((dx * direction).sum(), abs=1e-6)
    if masked:
        assert not dx[~mask].any()


OPTIMIZERS = [
    (SGD(0.1), keras.optimizers.SGD(0.1)),
    (SGD(0.1, momentum=0.9), keras.optimizers.SGD(0.1, momentum=0.9)),
    (RMSprop(0.01), keras.optimizers.RMSprop(0.01)),
    (Adam(0.01), keras.optimizers.Adam(0.01)),
    (Adam(0.01, global_clipnorm=0.5), keras.optimizers.Adam(0.01, global_clipnorm=0.5)),
    (Adam(0.01, weight_decay=0.1), keras.optimizers.Adam(0.01, weight_decay=0.1)),
    (
        RMSprop(CosineDecay(0.01, 80)),  # the last 20 steps stand still
        keras.optimizers.RMSprop(keras.optimizers.schedules.CosineDecay(0.01, 80)),
    ),
]


@pytest.mark.parametrize(("ours", "theirs"), OPTIMIZERS, ids=lambda optimizer: type(optimizer).__name__)
def test_optimizer_is_that_of_keras_after_100_steps(ours, theirs, rng):
    table, bias = rng.normal(size=(40, 4)).astype("float32"), rng.normal(size=4).astype("float32")
    variables = [keras.Variable(table), keras.Variable(bias)]
    for step in range(100):
        rows = np.unique(rng.integers(0, 12 if step % 20 else 40, size=4))  # most rows are rarely touched
        sparse = layers.SparseGradient(rows, rng.normal(size=(len(rows), 4)).astype("float32"), table.shape)
        other = rng.normal(size=4).astype("float32")
        ours.apply([sparse, other], [table, bias])
        theirs.apply([tf.constant(sparse.to_dense()), tf.constant(other)], variables)
    for mine, variable in zip([table, bias], variables, strict=True):
        np.testing.assert_allclose(mine, variable.numpy(), rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    "optimizer", [SGD(0.1, momentum=0.9), RMSprop(0.01), Adam(0.01), Adam(CosineDecay(0.01, 90))]
)
def test_words_that_wait_for_their_batch_end_where_they_would_have(optimizer, rng):
    """`fit` moves the rows of a table when they are needed, `train_on_batch` all at every step."""
    ids, labels = rng.zipf(1.3, size=(300, 6)) % 200, rng.integers(0, 2, size=300)
    trained = []
    for waits in (True, False):
        model = Sequential([layers.Embedding(200, 4), layers.SimpleRNN(4), layers.Dense(1)], seed=0)
        model.compile(copy.deepcopy(optimizer))
        if waits:
            losses = model.fit(ids, labels, batch_size=5, epochs=2, seed=0, verbose=False)["loss"]
        else:
            order = np.random.default_rng(0)
            losses = [
                np.mean(
                    [
                        model.train_on_batch(ids[rows], labels[rows])["loss"]
                        for rows in engine.make_batches(ids, 5, order)
                    ]
                )
                for _ in range(2)
            ]
        trained.append([np.array(losses), *model.weights])
    for one, other in zip(*trained, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=2e-5)


def test_an_optimizer_of_ones_own_trains_in_fit(rng):
    """As lesson 11 writes one: L2 in the gradient, for every word at every step."""

    class AdamL2(Adam):
        def apply(self, gradients, weights):
            dense = [g.to_dense() if isinstance(g, layers.SparseGradient) else g for g in gradients]
            super().apply([g + 0.1 * w for g, w in zip(dense, weights, strict=True)], weights)

    ids, labels = rng.integers(0, 5, size=(40, 3)), rng.integers(0, 2, size=40)
    model = Sequential([layers.Embedding(9, 4), layers.SimpleRNN(4), layers.Dense(1)], seed=0)
    model.forward(ids)
    model.compile(AdamL2(0.001))
    unused = np.abs(model.weights[0][5:]).sum()
    model.fit(ids, labels, epochs=3, verbose=False)
    assert np.abs(model.weights[0][5:]).sum() < unused


def test_an_interrupted_epoch_leaves_no_word_behind(rng):
    ids, labels = rng.integers(0, 50, size=(40, 3)), rng.integers(0, 2, size=40)
    whole, broken = (
        Sequential([layers.Embedding(50, 4), layers.SimpleRNN(4), layers.Dense(1)], seed=0) for _ in range(2)
    )
    for model in (whole, broken):
        model.compile(Adam(0.01))
    for rows in engine.make_batches(ids, 4, np.random.default_rng(0))[:5]:
        whole.train_on_batch(ids[rows], labels[rows])
    calls = []

    def stop(x, *arguments):
        calls.append(x)
        if len(calls) > 5:
            raise KeyboardInterrupt
        return layers.Dense.forward(broken.layers[2], x, *arguments)

    broken.layers[2].forward = stop
    with pytest.raises(KeyboardInterrupt):
        broken.fit(ids, labels, batch_size=4, seed=0, verbose=False)
    for one, other in zip(broken.weights, whole.weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-6)


def test_big_tables_are_updated_block_by_block_with_the_same_result(rng):
    one, many = Adam(), Adam()
    many.block = 7
    gradients = [rng.normal(size=(5, 4))]
    tables = [np.ones((5, 4)), np.ones((5, 4))]
    for _ in range(3):
        one.apply(gradients, tables[:1])
        many.apply(gradients, tables[1:])
    np.testing.assert_array_equal(*tables)


# Where a word stands twice in a batch, Keras 3.15 on TensorFlow squares the parts of its gradient
# one by one before it sums them (Adam and RMSprop), instead of squaring their sum. A clipping
# norm that never clips makes Keras add up first; so the comparisons below use one.
NEVER_CLIPS = 1e9


@pytest.mark.parametrize(("clip", "expected"), [(None, 0.1**2 + 0.2**2), (NEVER_CLIPS, 0.3**2)])
def test_how_keras_squares_the_gradient_of_a_repeated_word(clip, expected):
    """If this fails, Keras has changed: look at NEVER_CLIPS again."""
    table = keras.Variable(np.zeros((2, 1), "float32"))
    optimizer = keras.optimizers.RMSprop(0.01, rho=0, global_clipnorm=clip)
    optimizer.apply([tf.IndexedSlices(tf.constant([[0.1], [0.2]]), [0, 0], [2, 1])], [table])
    velocity = next(v.numpy() for v in optimizer.variables if "velocity" in v.path)
    assert velocity[0, 0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("cell", "direction", "optimizer"),
    [("SimpleRNN", "plain", "SGD"), ("LSTM", "plain", "Adam"), ("GRU", "concat", "RMSprop")],
)
def test_fifty_steps_of_training_follow_keras(cell, direction, optimizer, rng):
    both = []
    for module in (layers, keras.layers):
        model = [
            module.Embedding(20, 4, mask_zero=True),
            make_layer(module, cell, {"units": 5}, direction),
            module.Dense(1),
        ]
        both.append(Sequential(model, seed=1) if module is layers else keras.Sequential(model))
    ours, theirs = both
    ids = rng.integers(0, 20, size=(16, 8))
    ids[:, -1] = 1
    labels = (ids.sum(axis=1) % 2).astype("float32")
    theirs.build(ids.shape)
    ours(ids)
    theirs.set_weights(ours.get_weights())
    rate = 0.1 if optimizer == "SGD" else 0.01
    ours.compile(getattr(engine, optimizer)(rate))
    theirs.compile(
        optimizer=getattr(keras.optimizers, optimizer)(rate, global_clipnorm=NEVER_CLIPS),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
    )
    first = last = None
    for _ in range(50):
        rows = rng.permutation(16)[:12]
        theirs.reset_metrics()
        last = float(theirs.train_on_batch(ids[rows], labels[rows]))
        first = first or last
        assert ours.train_on_batch(ids[rows], labels[rows])["loss"] == pytest.approx(last, abs=1e-3)
    assert last < first  # it did learn


def small_model(dtype="float32", **options):
    model = Sequential(
        [
            layers.Embedding(10, 4, mask_zero=True, dtype=dtype),
            layers.LSTM(4, dtype=dtype),
            layers.Dense(1, dtype=dtype),
        ],
        seed=0,
    )
    model.compile(Adam(0.02, **options))
    return model


def word_task(rng, count=120):
    """Reviews of any length; class 1 where id 9 occurs."""
    reviews = [rng.integers(1, 9, size=rng.integers(1, 12)).astype("int32") for _ in range(count)]
    labels = rng.integers(0, 2, size=count)
    for review, label in zip(reviews, labels, strict=True):
        if label:
            review[rng.integers(len(review))] = 9
    return reviews, labels


def test_fit_learns_from_reviews_of_any_length_and_repeats_itself(rng, capsys):
    reviews, labels = word_task(rng)
    histories = []
    for _ in range(2):
        model = small_model()
        history = model.fit(
            reviews,
            labels,
            batch_size=16,
            epochs=12,
            validation_data=(reviews, labels),
            seed=3,
            verbose=False,
        )
        histories.append(history)
    assert histories[0] == histories[1]
    assert set(history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert {len(values) for values in history.values()} == {12}
    assert history["val_accuracy"][-1] > 0.95
    assert model.evaluate(reviews, labels)["loss"] == pytest.approx(history["val_loss"][-1], abs=1e-6)
    assert capsys.readouterr().out == ""


def test_predictions_come_in_the_order_of_the_reviews(rng):
    reviews, _ = word_task(rng, 30)
    model = small_model("float64")
    together = model.predict(reviews, batch_size=7)
    alone = np.concatenate([model.predict([review]) for review in reviews])
    assert together.shape == (30, 1)
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-12)
    padded = engine.pad_sequences(reviews, padding="post")
    np.testing.assert_allclose(model.predict(padded), alone, rtol=0, atol=1e-12)


def test_fit_shows_a_bar_on_standard_output(rng, capsys):
    model = small_model()
    model.fit(rng.integers(1, 9, size=(20, 3)), rng.integers(0, 2, size=20), batch_size=8)
    shown = capsys.readouterr()
    assert "epoch 1/1, loss" in shown.out
    assert "3/3" in shown.out
    assert shown.err == ""


@pytest.mark.parametrize("monitor", ["val_loss", "val_accuracy"])
def test_patience_ends_training_and_brings_the_best_weights_back(monitor, rng):
    x, y = rng.integers(1, 10, size=(40, 5)), rng.integers(0, 2, size=40)  # nothing to learn: it overfits
    new_x, new_y = rng.integers(1, 10, size=(40, 5)), rng.integers(0, 2, size=40)
    model = small_model()
    watch = {"validation_data": (new_x, new_y), "patience": 3, "monitor": monitor}
    history = model.fit(x, y, epochs=60, seed=0, verbose=False, **watch)
    best = int({"val_loss": np.argmin, "val_accuracy": np.argmax}[monitor](history[monitor]))
    assert len(history["val_loss"]) == best + 1 + 3 < 60
    assert model.evaluate(new_x, new_y)["loss"] == pytest.approx(history["val_loss"][best], abs=1e-7)


IDS, LABELS = np.array([[1, 2], [3, 0]]), np.array([0, 1])
NUMBERS = np.zeros((2, 3, 4), "float32")


def bad_numbers(value):
    x = NUMBERS.copy()
    x[1, 2, 3] = value
    model = Sequential([layers.GRU(2), layers.Dense(1)], seed=0)
    model(NUMBERS)
    model.compile(SGD())
    return model, lambda: model.fit(x, LABELS, verbose=False)


def with_model(call, **options):
    model = small_model(**options)
    model(IDS)
    return model, lambda: call(model)


def exploding():
    model = small_model()
    model(IDS)
    model.weights[-1][...] = np.inf
    return model, lambda: model.train_on_batch(IDS, LABELS)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: bad_numbers(np.nan), ValueError, "x holds nan or infinite numbers"),
        (lambda: bad_numbers(np.inf), ValueError, "x holds nan or infinite numbers"),
        (
            lambda: with_model(lambda m: m.fit(np.array([[1, 2], [3, 10]]), LABELS, batch_size=1)),
            ValueError,
            "id 10 is not in the table of 10 rows: expected 0 to 9",
        ),
        (
            lambda: with_model(lambda m: m.fit([[1], [2, -4]], LABELS)),
            ValueError,
            "id -4 is not in the table",
        ),
        (lambda: with_model(lambda m: m.fit(IDS[:0], LABELS[:0])), ValueError, r"y has shape \(0,\)"),
        (lambda: with_model(lambda m: m.train_on_batch(IDS[:0], [])), ValueError, r"y has shape \(0,\)"),
        (
            lambda: with_model(lambda m: m.train_on_batch(IDS[:, :0], LABELS)),
            ValueError,
            r"ids has shape \(2, 0\)",
        ),
        (lambda: with_model(lambda m: m.predict([])), ValueError, "x is empty"),
        (lambda: with_model(lambda m: m.fit(IDS, [0, 2])), ValueError, "label 2 in row 1: expected 0 or 1"),
        (
            lambda: with_model(lambda m: m.fit(IDS, [np.nan, 1])),
            ValueError,
            "label nan in row 0: expected 0 or 1",
        ),
        (
            lambda: with_model(lambda m: m.fit(IDS, [0, 1, 1])),
            ValueError,
            r"y has shape \(3,\): expected \(2,\)",
        ),
        (lambda: with_model(lambda m: m.fit(IDS, LABELS, epochs=0)), ValueError, "epochs=0: expected"),
        (
            lambda: with_model(lambda m: m.fit(IDS, LABELS, batch_size=0)),
            ValueError,
            "batch_size=0: expected",
        ),
        (lambda: with_model(lambda m: m.fit(IDS, LABELS, patience=1)), ValueError, "give validation_data"),
        (
            lambda: with_model(
                lambda m: m.fit(IDS, LABELS, patience=1, monitor="loss", validation_data=(IDS, LABELS))
            ),
            ValueError,
            "monitor='loss': expected one of 'val_loss', 'val_accuracy'",
        ),
        (
            lambda: with_model(lambda m: m.fit(IDS, LABELS, validation_data=(IDS, [1, 5]))),
            ValueError,
            "label 5 in row 1",
        ),
        (
            lambda: with_model(lambda m: m.set_weights([NUMBERS])),
            ValueError,
            "weights has 1 arrays: expected 6",
        ),
        (exploding, FloatingPointError, "the loss is (nan|inf) at step 1: try"),
    ],
)
def test_bad_input_is_named_and_the_weights_stay(make, error, message):
    model, call = make()
    before = model.get_weights()
    with pytest.raises(error, match=message):
        call()
    for old, new in zip(before, model.weights, strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("rate", [0, -0.1, np.nan, np.inf])
def test_a_learning_rate_must_be_above_zero(rate):
    with pytest.raises(ValueError, match=r"learning_rate=.*: expected a number above 0"):
        Adam(learning_rate=rate)
    model = small_model()
    model.predict(IDS)
    before = model.get_weights()
    model.optimizer.learning_rate = rate
    with pytest.raises(ValueError, match="learning_rate="):
        model.train_on_batch(IDS, LABELS)
    np.testing.assert_array_equal(before[1], model.weights[1])


def test_other_settings_that_cannot_work_are_refused():
    with pytest.raises(ValueError, match=r"weight_decay=-1: expected a number above 0"):
        SGD(weight_decay=-1)
    with pytest.raises(
        ValueError, match=r"beta_1=0.9, beta_2=0.8: expected 0 <= beta_1 < sqrt\(beta_2\) < 1"
    ):
        Adam(beta_2=0.8)
    with pytest.raises(ValueError, match=r"decay_steps=0: expected a whole number, 1 or more"):
        CosineDecay(0.1, 0)


def test_gradients_that_are_not_finite_are_refused():
    weight = np.ones(3)
    with pytest.raises(FloatingPointError, match="the gradients are not finite"):
        Adam().apply([np.array([0, np.inf, 1])], [weight])
    np.testing.assert_array_equal(weight, 1)


def test_other_misuse_is_explained(tmp_path):
    with pytest.raises(ValueError, match="layers is empty"):
        Sequential([])
    with pytest.raises(ValueError, match=r"call compile\(Adam\(\)\) first"):
        Sequential([layers.Embedding(3, 2), layers.SimpleRNN(2), layers.Dense(1)]).train_on_batch(
            IDS % 3, LABELS
        )
    wide = Sequential([layers.Embedding(5, 2), layers.SimpleRNN(2), layers.Dense(2)])
    wide.compile(Adam())
    with pytest.raises(
        ValueError, match=r"the output has shape \(2, 2\): expected \(2, 1\); end with Dense\(1\)"
    ):
        wide.train_on_batch(IDS, LABELS)
    with pytest.raises(ValueError, match="no weights yet"):
        small_model().save(tmp_path / "model.npz")


def test_save_and_load_bring_back_the_model_without_pickle(tmp_path, rng):
    model = Sequential(
        [
            layers.Embedding(10, 4, mask_zero=True),
            layers.SpatialDropout1D(0.2),
            layers.Bidirectional(layers.GRU(3, reset_after=False, return_sequences=True), merge_mode="sum"),
            layers.SimpleRNN(3, go_backwards=True, return_sequences=True),
            layers.GlobalMaxPooling1D(),
            layers.Dropout(0.5, noise_shape=(None, 1)),
            layers.Dense(4, activation="relu"),
            layers.Dense(1),
        ],
        seed=5,
    )
    ids = rng.integers(0, 10, size=(6, 5))
    expected = model.predict(ids)
    path = tmp_path / "model.npz"
    model.save(path)
    again = Sequential.load(path)
    np.testing.assert_array_equal(again.predict(ids), expected)
    assert [layer.get_config() for layer in again.layers[3:]] == [
        layer.get_config() for layer in model.layers[3:]
    ]
    model.save(tmp_path / "half.npz", dtype="float16")
    half = Sequential.load(tmp_path / "half.npz")
    assert all(weight.dtype == np.float32 for weight in half.weights)
    np.testing.assert_allclose(half.predict(ids), expected, atol=5e-3)
    assert (tmp_path / "half.npz").stat().st_size < path.stat().st_size
    with np.load(path, allow_pickle=False) as file:
        assert all(array.dtype.kind in "fU" for array in file.values())
    np.savez(path, other=np.ones(3))
    with pytest.raises(ValueError, match="holds no model"):
        Sequential.load(path)
    np.savez(path, config=np.array('[{"class": "Layer2"}]'))
    with pytest.raises(ValueError, match="'Layer2' is no layer"):
        Sequential.load(path)
    np.savez(path, config=np.array([object()]))
    with pytest.raises(ValueError, match="pickle"):
        Sequential.load(path)


def test_dropout_works_in_training_only_and_keeps_the_mean(rng):
    x = np.ones((50, 40, 20), "float32")
    for layer in (layers.Dropout(0.4, seed=1), layers.SpatialDropout1D(0.4, seed=1)):
        assert layer(x) is x
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


def test_pooling_leaves_padding_out(rng):
    x = rng.normal(size=(3, 4, 2)) - 5
    mask = np.array([[1, 1, 0, 0], [0, 1, 1, 1], [0, 0, 0, 0]], bool)
    mean, high = layers.GlobalAveragePooling1D(dtype="float64"), layers.GlobalMaxPooling1D(dtype="float64")
    for row in range(2):
        np.testing.assert_allclose(mean(x, mask=mask)[row], x[row, mask[row]].mean(axis=0))
        np.testing.assert_allclose(high(x, mask=mask)[row], x[row, mask[row]].max(axis=0))
    for layer in (mean, high):
        assert not layer(x, mask=mask)[2].any()
        dx = layer.backward(np.ones((3, 2)))
        assert not dx[~mask].any()
        np.testing.assert_allclose(dx.sum(axis=1)[:2], 1)


def test_products_use_one_thread_inside_and_all_is_as_before_after():
    def blas():
        return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]

    before, seen = blas(), []
    model = small_model()
    model.layers[2].prepare = lambda *arguments: (
        seen.append(blas()) or layers.Dense.prepare(model.layers[2], *arguments)
    )
    model.fit(IDS, LABELS, verbose=False)
    model.predict(IDS)
    assert len(seen) == 2
    assert {threads for one in seen for threads in one} == {1}
    assert blas() == before


def test_an_embedding_or_a_cell_of_ones_own_is_called_as_it_is():
    """Sequential hands words, each once, only to layers whose `forward` knows them."""

    class Twice(layers.Embedding):
        def forward(self, x, mask=None, training=False):
            return 2 * super().forward(x, mask, training)

    class Half(layers.SimpleRNN):
        def forward(self, x, mask=None, training=False, initial_state=None):
            return super().forward(np.asarray(x) / 2, mask, training, initial_state)

    ids = np.array([[1, 2, 3], [3, 3, 0]])
    plain = Sequential([layers.Embedding(4, 3, seed=0), layers.SimpleRNN(3, seed=0), layers.Dense(1, seed=0)])
    own = Sequential([Twice(4, 3, seed=0), Half(3, seed=0), layers.Dense(1, seed=0)])
    cell = Sequential([layers.Embedding(4, 3, seed=0), Half(3, seed=0), layers.Dense(1, seed=0)])
    np.testing.assert_allclose(own(ids), plain(ids), rtol=1e-6)
    assert not np.allclose(cell(ids), plain(ids))


@pytest.mark.parametrize(("cell", "numbers"), [("SimpleRNN", 6), ("GRU", 17), ("LSTM", 19)])
def test_memory_is_what_the_engine_says_and_grows_no_faster(cell, numbers):
    def peak(batch, timesteps, units):
        layer = getattr(layers, cell)(units, return_sequences=True, seed=0)
        layer.build(units)
        x = dy = np.ones((batch, timesteps, units), "float32")
        tracemalloc.start()
        layer(x)
        layer.backward(dy)
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size / (4 * batch * timesteps * units)

    for size in ((16, 100, 32), (48, 100, 32), (16, 300, 32), (16, 100, 96)):
        assert peak(*size) < numbers * 1.15


def test_gradients_that_vanish_do_not_end_in_slow_numbers():
    layer = layers.SimpleRNN(4, seed=0)
    layer.build(2)
    layer.recurrent_kernel *= 0.2
    layer(np.ones((2, 200, 2)))
    layer.backward(np.ones((2, 4)))
    size = np.abs(layer.state_gradients)
    assert size[0].max() == 0
    assert size[-1].min() == 1
    assert not ((size > 0) & (size < np.finfo("float32").tiny)).any()


def test_engine_does_not_import_tensorflow():
    code = "import sys, course_utils.engine; print({'tensorflow', 'keras', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
