"""The progress bar for Keras, and batches of similar length."""

import numpy as np
import pytest

from course_utils.data import Part
from course_utils.text import pad_sequences
from course_utils.training import LengthBatches, Progress, keras


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
    return model


X = np.ones((40, 3), "float32")
Y = np.ones((40, 1), "float32")


def test_one_bar_over_all_batches_of_all_epochs(model, capsys):
    options = {"batch_size": 10, "epochs": 3, "verbose": 0, "callbacks": [Progress()]}
    model.fit(X, Y, validation_data=(X, Y), **options)
    shown, errors = capsys.readouterr()
    assert errors == ""
    assert shown.count("\n") == 1
    last = shown.split("\r")[-1]
    assert "12/12" in last
    assert "epoch=3" in last
    assert "val_accuracy=1.000" in last


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_generator_of_unknown_length(model, capsys):
    batches = ((X[:10], Y[:10]) for _ in range(5))
    model.fit(batches, shuffle=False, verbose=0, callbacks=[Progress()])
    assert "5batch" in capsys.readouterr().out


def test_one_bar_object_serves_two_fits(model, capsys):
    bar = Progress()
    for _ in range(2):
        model.fit(X, Y, batch_size=20, verbose=0, callbacks=[bar])
    lines = capsys.readouterr().out.rstrip("\n").split("\n")
    assert [line.split("\r")[-1].count("2/2") for line in lines] == [1, 1]


def part_of(lengths):
    """Reviews whose every id is the review's number + 1; the label is odd or even."""
    ids = [np.full(length, i + 1, np.int32) for i, length in enumerate(lengths)]
    labels = np.arange(len(lengths), dtype=np.float32) % 2
    return Part(ids=ids, labels=labels, texts=[], rows=np.arange(len(lengths)))


LENGTHS = np.random.default_rng(0).integers(1, 90, 103)


def reviews_of(batches):
    return [int(row[0]) - 1 for ids, _ in batches for row in ids]


@pytest.mark.parametrize("seed", [None, 0])
def test_every_review_once_with_its_label(seed):
    data = LengthBatches(part_of(LENGTHS), 10, maxlen=50, seed=seed)
    batches = [data[i] for i in range(len(data))]
    assert len(data) == 11
    assert sorted(reviews_of(batches)) == list(range(103))
    for ids, labels in batches:
        assert labels.shape == (len(ids), 1)
        np.testing.assert_array_equal(labels[:, 0], (ids[:, 0] - 1) % 2)


def test_width_is_the_longest_review_of_the_batch_and_padding_is_behind():
    data = LengthBatches(part_of(LENGTHS), 10, maxlen=50)
    for ids, _ in (data[i] for i in range(len(data))):
        kept = np.minimum(LENGTHS[ids[:, 0] - 1], 50)
        assert ids.shape[1] == kept.max()
        np.testing.assert_array_equal((ids > 0).sum(axis=1), kept)
        assert (np.diff((ids > 0).astype(int), axis=1) <= 0).all()
    assert sum(data[i][0].size for i in range(len(data))) < 1.2 * np.minimum(LENGTHS, 50).sum()


def test_the_padding_may_stand_in_front():
    ids, _ = LengthBatches(part_of([3, 2]), 2, padding="pre")[0]
    assert sorted(ids[:, 0].tolist()) == [0, 1]


def test_the_end_of_a_long_review_is_kept():
    part = Part(ids=[np.arange(1, 8)], labels=np.ones(1), texts=[], rows=np.arange(1))
    ids, labels = LengthBatches(part, 4, maxlen=3)[0]
    np.testing.assert_array_equal(ids, [[5, 6, 7]])
    np.testing.assert_array_equal(labels, [[1]])


def test_first_two_batches_have_different_widths_where_any_do():
    """Keras takes a width that batches 0 and 1 share for the width of all."""
    lengths = [5] * 30 + [9] * 10
    data = LengthBatches(part_of(lengths), 10)
    assert [data[i][0].shape[1] for i in range(4)] == [5, 9, 5, 5]
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.Embedding(50, 2), keras.layers.SimpleRNN(1)])
    model.compile("sgd", "mse")
    model.fit(data, epochs=2, verbose=0)


def test_dealt_anew_after_each_epoch_but_the_same_with_the_same_seed():
    first, second = (LengthBatches(part_of(LENGTHS), 10, seed=7) for _ in range(2))
    deals = []
    for _ in range(3):
        deals.append(reviews_of([first[i] for i in range(len(first))]))
        assert deals[-1] == reviews_of([second[i] for i in range(len(second))])
        first.on_epoch_end()
        second.on_epoch_end()
    assert deals[0] != deals[1] != deals[2] != deals[0]


def test_fit_sees_every_review_once_an_epoch():
    class Recorded(LengthBatches):
        def __getitem__(self, i):
            ids, labels = super().__getitem__(i)
            seen.append(ids[:, 0] - 1)
            return ids, labels

    seen = []
    data = Recorded(part_of(LENGTHS), 10)
    model = keras.Sequential([keras.layers.Embedding(104, 2), keras.layers.SimpleRNN(1)])
    model.compile("sgd", "mse")
    model.fit(data, epochs=3, verbose=0)
    epochs = [np.concatenate(seen[2 + 11 * epoch : 13 + 11 * epoch]) for epoch in range(3)]  # 2: Keras's look
    assert len(seen) == 2 + 3 * 11
    for epoch in epochs:
        np.testing.assert_array_equal(np.sort(epoch), np.arange(103))
    assert not np.array_equal(epochs[0], epochs[1])


def test_predictions_in_the_part_s_order():
    part = part_of(LENGTHS)
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.Embedding(104, 2, mask_zero=True), keras.layers.SimpleRNN(1)])
    data = LengthBatches(part, 10, maxlen=50, seed=None)
    for _ in range(2):  # predict ends an epoch, and the order must stay
        restored = data.restore_order(model.predict(data, verbose=0))
        np.testing.assert_allclose(restored, model.predict(pad_sequences(part.ids, 50), verbose=0), atol=1e-6)


def test_one_small_batch_is_enough():
    data = LengthBatches(part_of([3, 2]), 128)
    assert len(data) == 1
    assert data[0][0].shape == (2, 3)


def test_wrong_arguments_are_refused():
    part = part_of([3, 2])
    with pytest.raises(ValueError, match="batch_size=0: expected 1 or more"):
        LengthBatches(part, 0)
    with pytest.raises(ValueError, match="maxlen=0: expected 1 or more"):
        LengthBatches(part, 2, maxlen=0)
    with pytest.raises(ValueError, match="holds no reviews"):
        LengthBatches(part_of([]), 2)
    with pytest.raises(ValueError, match="make the batches with seed=None"):
        LengthBatches(part, 2).restore_order(np.zeros((2, 1)))
    with pytest.raises(ValueError, match=r"shape \(3, 1\): expected one a review, 2"):
        LengthBatches(part, 2, seed=None).restore_order(np.zeros((3, 1)))
