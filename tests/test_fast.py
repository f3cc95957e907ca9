"""The fast path: the same numbers as the plain layers, and each trick is really taken."""

import copy
import functools
import io
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info

from course_utils import engine, layers
from course_utils.engine import Adam, Sequential, fast, side_by_side
from course_utils.fast import cores, recurrent, stack, step, training, update, words
from course_utils.fast.second import second
from course_utils.losses import softmax_crossentropy

ROOT = Path(__file__).parents[1]


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


FEW = settings(deadline=None, derandomize=True, max_examples=40)
sizes = st.integers(1, 4)


def a_model(
    cell, seed, *, bidirectional=False, sequences=False, mask=False, dtype="float64", features=3, drop=0.0
):
    """A small model for ids below 6, with the layers of the lessons."""
    layer = getattr(layers, cell)(3, return_sequences=sequences, dtype=dtype)
    stack = [
        layers.Embedding(6, features, mask_zero=mask, dtype=dtype),
        *([layers.SpatialDropout1D(drop, dtype=dtype)] if drop else []),
        layers.Bidirectional(layer) if bidirectional else layer,
        *([layers.GlobalMaxPooling1D(dtype=dtype)] if sequences else []),
        layers.Dense(3, activation="relu", dtype=dtype),
        layers.Dense(1, dtype=dtype),
    ]
    return Sequential(stack, seed=seed)


def dense(gradients):
    return [g.to_dense() if isinstance(g, layers.SparseGradient) else g for g in gradients]


@FEW
@given(
    st.sampled_from(["SimpleRNN", "LSTM", "GRU"]),
    sizes,
    st.integers(1, 9),
    st.integers(1, 9),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.integers(0, 2**31),
)
def test_fast_layers_are_the_plain_ones(cell, batch, timesteps, features, both_ways, sequences, mask, seed):
    """With few features places are multiplied, with many each word once."""
    rng = np.random.default_rng(seed)
    model = a_model(cell, 0, bidirectional=both_ways, sequences=sequences, mask=mask, features=features)
    ids = rng.integers(0, 6, size=(batch, timesteps))
    model(ids)
    model.set_weights([rng.normal(0, 0.7, weight.shape) for weight in model.weights])
    twin, y = fast(model), model(ids)
    dy = rng.normal(size=y.shape)
    model.backward(dy)
    plain = [y, *dense(model.gradients)]
    quick = [twin.forward(ids, training=True)]
    twin.backward(dy)
    for one, other in zip(plain, [*quick, *dense(twin.gradients)], strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)


@pytest.mark.parametrize("cell", ["SimpleRNN", "LSTM", "GRU"])
def test_the_twin_of_a_layer_alone_sends_dx_back(cell):
    rng = np.random.default_rng(0)
    layer, x = (
        getattr(layers, cell)(4, return_sequences=True, dtype="float64", seed=0),
        rng.normal(size=(3, 5, 2)),
    )
    mask, dy = rng.random((3, 5)) < 0.6, rng.normal(size=(3, 5, 4))
    y = layer(x, mask)
    dx, gradients = layer.backward(dy), layer.gradients
    twin = fast(layer)
    np.testing.assert_allclose(twin.forward(x, mask), y, rtol=0, atol=1e-12)
    np.testing.assert_allclose(twin.backward(dy, wanted=True), dx, rtol=0, atol=1e-12)
    for one, other in zip(gradients, twin.gradients, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)
    assert twin.weights[0] is layer.kernel


def counted(monkeypatch, owner, name):
    """Count the calls of a function."""
    calls, whole = [], getattr(owner, name)
    monkeypatch.setattr(owner, name, lambda *given, **named: (calls.append(given), whole(*given, **named))[1])
    return calls


def fitted(optimizer="Adam", batch=40, drop=0.0, cell="GRU", epochs=2, **settings_of):
    """Train a small model; return loss of the epochs and weights."""
    rng = np.random.default_rng(0)
    ids, labels = rng.integers(0, 6, size=(230, 5)), rng.integers(0, 2, size=230)
    model = a_model(cell, 1, dtype="float32", features=8, sequences=True, drop=drop)
    model.compile(getattr(engine, optimizer)(0.01, **settings_of))
    history = model.fit(ids, labels, batch_size=batch, epochs=epochs, seed=0, verbose=False)
    return [np.array(history["loss"]), *model.get_weights()]


def test_words_are_multiplied_once_and_places_give_the_same(monkeypatch):
    read, choose = [], words.words_or_places

    def noted(x, W):
        read.append(choose(x, W))
        return read[-1]

    monkeypatch.setattr(recurrent, "words_or_places", noted)
    once = fitted()
    assert {type(x) for x in read} == {list}
    read.clear()
    monkeypatch.setattr(words, "WORDS_PAY", 0)
    for one, other in zip(once, fitted(), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=2e-5)
    assert {type(x) for x in read} == {np.ndarray}


@pytest.mark.parametrize(
    "options",
    [
        {"optimizer": "RMSprop"},
        {"optimizer": "Adam"},
        {"optimizer": "Adam", "weight_decay": 0.1},
        {"optimizer": "SGD", "weight_decay": 0.1},
    ],
    ids=str,
)
def test_rows_wait_and_end_where_they_would_have(options, monkeypatch):
    """Against the plain optimiser, which `fit` uses for a subclass."""
    rng = np.random.default_rng(0)
    ids, labels, trained = rng.zipf(1.3, size=(300, 6)) % 200, rng.integers(0, 2, size=300), []
    calls = counted(monkeypatch, update.Rule, "catch_up")
    monkeypatch.setattr(update, "WINDOW", 50)
    monkeypatch.setattr(training, "WINDOW", 50)
    monkeypatch.setattr(step, "WINDOW", 50)
    for waits in (True, False):
        model = Sequential([layers.Embedding(200, 4), layers.SimpleRNN(4), layers.Dense(1)], seed=0)
        kind = getattr(engine, options["optimizer"])
        own = kind if waits else type("Own", (kind,), {})
        model.compile(own(0.01, weight_decay=options.get("weight_decay"), global_clipnorm=0.5))
        history = model.fit(ids, labels, batch_size=5, epochs=2, seed=0, verbose=False)
        assert bool(calls) == waits
        calls.clear()
        trained.append([np.array(history["loss"]), *model.weights])
    for one, other in zip(*trained, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=2e-5)


@pytest.fixture
def second_process(monkeypatch):
    """Two cores, a second process from the first step on, and used whenever it is ready."""
    monkeypatch.setattr(cores, "cores", lambda: 2)
    monkeypatch.setattr(training, "START_AFTER_S", 0)
    monkeypatch.setattr(training.Pace, "choose", lambda self: True)
    if second.process is None:
        second.start()
    whole = training.Halves.both

    def wait(self):
        end = time.monotonic() + 20
        while cores.cores() > 1 and self.usable and not whole(self) and time.monotonic() < end:
            time.sleep(0.005)
        return whole(self)

    monkeypatch.setattr(training.Halves, "both", wait)
    yield second
    second.end()


OPTIONS = [
    {"optimizer": "SGD"},
    {"optimizer": "RMSprop", "drop": 0.3},
    {"global_clipnorm": 0.05, "weight_decay": 0.1, "drop": 0.3},
    {"cell": "LSTM", "batch": 33},
    {"cell": "SimpleRNN", "batch": 230},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_two_processes_and_one_give_the_same_bits(options, second_process, monkeypatch):
    meetings = counted(monkeypatch, training.Halves, "meet")
    two = fitted(**options)
    assert len(meetings) > 10
    monkeypatch.setattr(cores, "cores", lambda: 1)
    for one, other in zip(two, fitted(**options), strict=True):
        np.testing.assert_array_equal(one, other)


def test_halves_one_after_the_other_give_the_same_bits_as_in_one_loop(monkeypatch):
    monkeypatch.setattr(cores, "cores", lambda: 1)
    together = fitted()
    monkeypatch.setattr(stack.Stack, "same_alone", lambda *_: False)
    for one, other in zip(together, fitted(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_killed_process_is_told_of_and_the_training_goes_on(second_process, monkeypatch):
    expected = fitted(epochs=3)
    steps, make = [], training.Halves.make

    def kill(self, *given):
        steps.append(given)
        if len(steps) == 4:
            second.process.kill()
            second.process.wait()
        return make(self, *given)

    monkeypatch.setattr(training.Halves, "make", kill)
    with pytest.warns(RuntimeWarning, match=r"the second process has ended \(exit code -9"):
        killed = fitted(epochs=3)
    for one, other in zip(expected, killed, strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_error_in_the_second_process_comes_with_its_text(second_process, monkeypatch):
    rng = np.random.default_rng(0)
    model = a_model("GRU", 1, dtype="float32")
    model.compile(Adam())
    ids, labels = rng.integers(0, 6, size=(64, 5)), rng.integers(0, 2, size=64)
    model.train_on_batch(ids, labels)
    before = model.get_weights()
    write = step.Orders.write

    def too_many(self, out):
        write(self, out)
        out[1] = 10**6  # reviews: more than there are

    with monkeypatch.context() as patch:
        patch.setattr(step.Orders, "write", too_many)
        patch.setattr(step.Step, "begin", lambda self, whole=step.Step.begin: None)
        with pytest.raises(RuntimeError, match=r"(?s)failed in the second process:.*Error"):
            model.train_on_batch(ids, labels)
    for one, other in zip(before, model.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    model.train_on_batch(ids, labels)


def test_ctrl_c_at_any_moment_leaves_everything_usable(second_process):
    rng = np.random.default_rng(0)
    ids, labels = rng.integers(0, 50, size=(400, 6)), rng.integers(0, 2, size=400)
    model = Sequential([layers.Embedding(50, 4), layers.GRU(4), layers.Dense(1)], seed=0)
    model.compile(Adam(0.01))
    for _ in range(12):
        threading.Timer(rng.uniform(0.001, 0.1), os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            model.fit(ids, labels, batch_size=40, epochs=10_000, verbose=False)
        assert all(np.isfinite(weight).all() for weight in model.weights)
        copy.deepcopy(model).predict(ids[:2])
        pickle.loads(pickle.dumps(model)).fit(ids, labels, verbose=False)
    assert second_process.process.poll() is None
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_child_of_a_fork_has_weights_of_its_own():
    model = a_model("GRU", 1, dtype="float32")
    model.compile(Adam())
    ids, labels = np.ones((40, 5), int), np.arange(40) % 2
    model.fit(ids, labels, verbose=False)
    before = model.get_weights()
    child = os.fork()
    if not child:
        model.fit(ids, labels, verbose=False)
        os._exit(0 if any((a != b).any() for a, b in zip(before, model.weights, strict=True)) else 1)
    assert os.waitpid(child, 0)[1] == 0
    for one, other in zip(before, model.weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_no_process_is_left_when_this_one_is_killed():
    code = """
import os, signal, numpy as np
from course_utils.fast import cores, training
from course_utils.fast.second import second
from tests.test_fast import a_model
from course_utils.engine import Adam
cores.cores, training.START_AFTER_S = lambda: 2, 0
model = a_model("GRU", 1, dtype="float32")
model.compile(Adam())
ids, labels = np.ones((640, 5), int), np.arange(640) % 2
while not second.ready():
    model.fit(ids, labels, verbose=False)
print(second.process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    pid = int(done.stdout)
    for _ in range(100):
        if not os.path.exists(f"/proc/{pid}"):
            break
        time.sleep(0.05)
    else:
        pytest.fail(f"process {pid} is left")


def test_two_threads_that_train_leave_numpy_as_it_was():
    def blas():
        return [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]

    before, results = blas(), {}
    threads = [
        threading.Thread(target=lambda k=k: results.update({k: fitted(epochs=1 + k)}), name=str(k))
        for k in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert blas() == before
    for k, result in results.items():
        for one, other in zip(result, fitted(epochs=1 + k), strict=True):
            np.testing.assert_array_equal(one, other)


def held(thing):
    """Bytes of all arrays that a pickle of the layers would hold."""
    return len(pickle.dumps(thing))


def test_a_model_keeps_nothing_of_the_last_batch():
    rng = np.random.default_rng(0)
    ids, labels = rng.integers(1, 500, size=(64, 100)), rng.integers(0, 2, size=64)
    model = Sequential(
        [
            layers.Embedding(500, 16),
            layers.Bidirectional(layers.GRU(16, return_sequences=True)),
            layers.GlobalMaxPooling1D(),
            layers.Dense(1),
        ],
        seed=0,
    )
    model.compile(Adam())
    for use in (
        lambda: model.fit(ids, labels, verbose=False),
        lambda: model.predict(ids),
        lambda: model.evaluate(ids, labels),
        lambda: model.train_on_batch(ids, labels),
    ):
        use()
        assert held(model.layers) < 1.2 * sum(weight.nbytes for weight in model.weights)


def test_predict_reads_long_reviews_in_smaller_batches(monkeypatch):
    model = a_model("GRU", 0)
    ids = np.random.default_rng(0).integers(0, 6, size=(30, 9))
    whole, calls = model.predict(ids), counted(monkeypatch, stack.Stack, "forward")
    monkeypatch.setattr(engine, "PLACES", 9 * 9 * 7)
    np.testing.assert_allclose(model.predict(ids), whole, rtol=0, atol=1e-12)
    assert [len(given[1]) for given in calls] == [7, 7, 7, 7, 2]


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([np.array([2**33 + 4])], "is not in the table of 6 rows"),
        ([[4 - 2**32]], "is not in the table"),
        ([[4.7]], "ids are float64"),
        (None, "x is empty or no array or list"),
        (np.float32(3), "x is empty or no array or list"),
    ],
)
def test_predict_checks_lists_as_arrays_are_checked(ids, message):
    with pytest.raises(ValueError, match=message):
        a_model("GRU", 0).predict(ids)


def test_an_empty_review_is_padding_in_fit_and_predict():
    model = a_model("GRU", 0, mask=True)
    model.compile(Adam())
    model.fit([[4], []], [0, 1], verbose=False)
    assert model.predict([[4], []]).shape == (2, 1)


def damaged_files():
    """Names and contents that `load` must refuse, made from a whole file."""
    whole = io.BytesIO()
    weights = {f"weight_{i}": w for i, w in enumerate(a_model("GRU", 0).weights)}
    np.savez(whole, config=np.array("[]"), **weights)
    whole = whole.getvalue()
    rng = np.random.default_rng(0)
    yield "empty", b""
    yield "text", b"not a model"
    yield "half", whole[: len(whole) // 2]
    for k in range(30):
        flipped = bytearray(whole)
        flipped[int(rng.integers(len(whole)))] ^= 1 << int(rng.integers(8))
        yield f"bit {k}", bytes(flipped)
    for name, config in (
        ("a dictionary", "{}"),
        ("deep", "[" * 100_000),
        ("numbers", "[1]"),
        ("an unknown argument", '[{"class": "Dense", "units": 1, "colour": 3}]'),
        ("large", '[{"class": "Dense", "units": 1000000000}]'),
    ):
        file = io.BytesIO()
        np.savez(file, config=np.array(config), weight_0=np.ones((2, 2)), weight_1=np.ones(2))
        yield name, file.getvalue()
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("config.npy", "weight_0.npy"):
            head = io.BytesIO()
            claim = {"descr": "<f4", "fortran_order": False, "shape": (2**40,)}
            np.lib.format.write_array_header_1_0(head, claim)
            archive.writestr(name, head.getvalue() + bytes(10_000))
    yield "a claim", bomb.getvalue()


FOREIGN = r"model\.npz holds no model that can be read .*Sequential\.save wrote"
DAMAGED = (
    r"model\.npz is damaged, cut short or not an \.npz file .*Copy it again, or train the model and save it"
)
CLAIM = r"model\.npz holds an array of shape \(1099511627776,\) in 10,128 bytes, which cannot be"


def expected(name):
    """What is said of each: a flipped bit may hit the archive or what is in it."""
    if name.startswith("bit"):
        return f"{DAMAGED}|{FOREIGN}"
    return {"empty": DAMAGED, "text": DAMAGED, "half": DAMAGED, "a claim": CLAIM}.get(name, FOREIGN)


@pytest.mark.parametrize(("name", "content"), [pytest.param(*one, id=one[0]) for one in damaged_files()])
def test_a_damaged_or_foreign_file_is_one_error_that_names_it(name, content, tmp_path):
    path = tmp_path / "model.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=expected(name)):
        Sequential.load(path)


def test_a_model_is_saved_whole_and_read_without_drawing(tmp_path):
    model = a_model("LSTM", 3, bidirectional=True, sequences=True)
    model(np.ones((2, 3), int))
    model.save(tmp_path / "model.npz")
    again = Sequential.load(tmp_path / "model.npz")
    for one, other in zip(model.weights, again.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(FileNotFoundError, match="is not there"):
        Sequential.load(tmp_path / "other.npz")
    with pytest.raises(ValueError, match="no ordinary file"):
        Sequential.load(tmp_path)
