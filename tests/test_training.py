"""The progress bar for Keras."""

import numpy as np
import pytest

from course_utils.training import Progress, keras


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
