"""The fast path: the same numbers as the plain layers, and each trick is really taken."""

import functools
import os
import signal
import subprocess
import threading
import time

import numpy as np
import pytest

from course_utils import layers
from course_utils.engine import Adam, Sequential, side_by_side, softmax_crossentropy
from course_utils.fast import cores


def train(seed, classes=3):
    """One small training, as a lesson's job does it."""
    rng = np.random.default_rng(0)
    x = rng.integers(1, 50, size=(60, 7))
    model = Sequential([layers.Embedding(50, 8), layers.GRU(8), layers.Dense(classes)], seed=seed)
    model.compile(Adam(0.02), loss="sparse_categorical_crossentropy")
    print("training", seed)
    return model.fit(x, x[:, 0] % classes, epochs=8, seed=seed), model


def jobs():
    return [functools.partial(train, seed) for seed in range(3)]


def processes():
    """The processes whose parent we are."""
    shown = subprocess.run(
        ["ps", "-o", "pid,args", "--ppid", str(os.getpid())], capture_output=True, text=True
    )
    return [line for line in shown.stdout.splitlines()[1:] if "side_by_side" in line]


def test_jobs_give_the_same_side_by_side_and_one_after_the_other(monkeypatch, capsys):
    monkeypatch.setattr(cores, "cores", lambda: 2)
    together = side_by_side(jobs())
    printed = capsys.readouterr().out
    monkeypatch.setattr(cores, "cores", lambda: 1)
    alone = side_by_side(jobs())
    assert printed.endswith("training 0\ntraining 1\ntraining 2\n")
    assert "3/3" in printed
    assert capsys.readouterr().out.endswith("training 0\ntraining 1\ntraining 2\n")
    for (history, model), (other_history, other_model) in zip(together, alone, strict=True):
        assert history == other_history
        for one, other in zip(model.weights, other_model.weights, strict=True):
            np.testing.assert_array_equal(one, other)
    assert together[0][0]["loss"][-1] < together[0][0]["loss"][0]
    assert not processes()


def test_a_job_that_cannot_travel_runs_here(monkeypatch):
    monkeypatch.setattr(cores, "cores", lambda: 2)
    lock = threading.Lock()
    assert side_by_side([lambda: bool(lock.locked()), os.getpid], verbose=False) == [False, os.getpid()]


def fail():
    raise KeyError("no such word")


class Odd(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


def fail_oddly():
    raise Odd(1, 2)


@pytest.mark.parametrize("count", [1, 2])
def test_an_error_in_a_job_comes_back_and_ends_the_others(count, monkeypatch):
    monkeypatch.setattr(cores, "cores", lambda: count)
    start = time.monotonic()
    with pytest.raises(KeyError, match="no such word") as caught:
        side_by_side([fail, functools.partial(time.sleep, 60)], verbose=False)
    assert "in job 0 of side_by_side" in caught.value.__notes__[0]
    assert time.monotonic() - start < 30
    with pytest.raises((Odd, RuntimeError), match="1 and 2"):
        side_by_side([fail_oddly] * 2, verbose=False)
    assert not cores.in_a_job
    assert not processes()


def test_a_job_that_is_killed_is_named(monkeypatch):
    monkeypatch.setattr(cores, "cores", lambda: 2)
    kill = functools.partial(os.kill, 0, signal.SIGKILL)  # 0: the process group, which the job has alone
    with pytest.raises(RuntimeError, match=r"job 1 of side_by_side .* ended without a result"):
        side_by_side([functools.partial(time.sleep, 60), kill], verbose=False)
    assert not processes()


def test_ctrl_c_ends_all_jobs(monkeypatch):
    monkeypatch.setattr(cores, "cores", lambda: 2)
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        side_by_side([functools.partial(time.sleep, 60)] * 3, verbose=False)
    assert not processes()


def test_softmax_crossentropy_is_its_formula_and_its_gradient_that_of_differences():
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(5, 4)), rng.integers(0, 4, size=5)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    loss, gradient = softmax_crossentropy(logits, labels)
    assert loss == pytest.approx(-np.log(p[np.arange(5), labels]).mean())
    direction = rng.normal(size=logits.shape)
    up, down = (softmax_crossentropy(logits + sign * 1e-6 * direction, labels)[0] for sign in (1, -1))
    assert (up - down) / 2e-6 == pytest.approx((gradient * direction).sum())
    assert softmax_crossentropy(1e4 * logits, labels)[0] < np.inf


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m, x: m.compile(Adam(), loss="mse"), "loss='mse': expected one of 'binary_crossentropy', "),
        (
            lambda m, x: m.fit(x, [0, 3], verbose=False),
            "label 3 in row 1: expected a whole number from 0 to 2",
        ),
        (lambda m, x: m.fit(x, [0.5, 1], verbose=False), "label 0.5 in row 0: expected a whole number"),
        (lambda m, x: (m.compile(Adam()), m.fit(x, [0, 1])), r"the output has shape \(2, 3\): .* Dense\(1\)"),
    ],
)
def test_several_classes_are_checked(call, message):
    model, x = Sequential([layers.SimpleRNN(2), layers.Dense(3)]), np.zeros((2, 3, 4), "float32")
    model.compile(Adam(), loss="sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match=message):
        call(model, x)
