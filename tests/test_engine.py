"""Training: against Keras, with bad input, interrupted, saved and read again."""

import copy
import subprocess
import sys

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from course_utils import engine, layers
from course_utils.engine import SGD, Adam, CosineDecay, RMSprop, Sequential
from course_utils.quiet import quiet_import

with quiet_import():
    import keras


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("optimizer", [SGD(0.1), RMSprop(0.01), Adam(0.01), Adam(CosineDecay(0.01, 90))])
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
    """L2 in the gradient, for every word at every step."""

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
    broken(ids)  # makes the weights
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


# Where a word stands twice in a batch, Keras 3.15 on TensorFlow squares the parts of its gradient
# one by one before it sums them (Adam and RMSprop), instead of squaring their sum (a test of
# test_optimizers.py shows it). A clipping norm that never clips makes Keras add up first.
NEVER_CLIPS = 1e9


def alone(module, layer):
    return layer


def both_ways(module, layer):
    return module.Bidirectional(layer)


@pytest.mark.parametrize(
    ("cell", "wrap", "optimizer"),
    [("SimpleRNN", alone, "SGD"), ("LSTM", alone, "Adam"), ("GRU", both_ways, "RMSprop")],
)
def test_fifty_steps_of_training_follow_keras(cell, wrap, optimizer, rng):
    both = []
    for module in (layers, keras.layers):
        model = [
            module.Embedding(20, 4, mask_zero=True),
            wrap(module, getattr(module, cell)(5)),
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
            lambda: with_model(lambda m: m.fit(IDS, ["0", "1"])),
            ValueError,
            "label '0' in row 0: expected 0 or 1",
        ),
        (
            lambda: with_model(lambda m: m.fit(IDS, [1, None])),
            ValueError,
            "label None in row 1: expected 0 or 1",
        ),
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


def test_a_step_with_a_rate_that_cannot_work_changes_nothing():
    model = small_model()
    model.predict(IDS)
    before = model.get_weights()
    model.optimizer.learning_rate = np.nan
    with pytest.raises(ValueError, match="learning_rate="):
        model.train_on_batch(IDS, LABELS)
    np.testing.assert_array_equal(before[1], model.weights[1])


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
            layers.Bidirectional(layers.GRU(3, return_sequences=True)),
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
    with pytest.raises(ValueError, match="Python objects"):
        Sequential.load(path)


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
    assert len(seen) == 3  # the first makes the weights
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


def test_engine_does_not_import_tensorflow():
    code = "import sys, course_utils.engine; print({'tensorflow', 'keras', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
