"""Milliseconds for one training step: the NumPy engine beside itself before, Keras, PyTorch and JAX.

`make benchmark` runs it on an otherwise idle machine and writes course_utils/shipped/benchmark.json.
Every peer lives in a process of its own, with its own number of threads. The processes take
turns, shape by shape, and only one works at a time; in every second round the order is
reversed. A ratio compares a peer with the engine in the same round; the median over the rounds
is reported, and of every peer the better number of threads; PyTorch on one thread has a row of
its own.

The engine of an older commit is fetched from git. Before a shape is timed, the engine and JAX make
three steps from the same weights: their losses must agree.

PyTorch and JAX are needed for this script only: install them into an environment of their own (`pip
install --group benchmark` in this folder) and name its interpreter, BENCHMARK_TORCH=/path/to/python and
BENCHMARK_JAX=/path/to/python. What is missing is left out.

    python -m tools.benchmark [--rounds 5] [--shapes S4c S0] [--output FILE]

With --shapes, the other shapes' rows stay in the file, if they are of this machine and these versions.
"""

import argparse
import io
import json
import os
import platform
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tools import ROOT, SHIPPED

OUTPUT = SHIPPED / "benchmark.json"
WORDS = 10_000


@dataclass
class Shape:
    """A model, Embedding to Dense(1), and the batches it reads (dropout is left out everywhere)."""

    batch: int
    timesteps: int
    embedding: int
    cell: str
    units: tuple[int, ...]  # of each recurrent layer
    dense: tuple[int, ...] = ()  # relu layers in between
    bidirectional: bool = False
    optimizer: str = "Adam"
    steps: int = 50  # training steps a turn: fewer where a step takes long


SHAPES = {
    "S0": Shape(32, 150, 3, "LSTM", (10,)),
    "S1": Shape(128, 500, 16, "SimpleRNN", (64, 64), dense=(64,), bidirectional=True, steps=3),
    "S2b": Shape(128, 80, 100, "SimpleRNN", (64, 64), dense=(32,), steps=20),
    "S2c": Shape(128, 80, 100, "LSTM", (32, 32), dense=(32,), steps=20),
    "S3a SimpleRNN": Shape(32, 40, 128, "SimpleRNN", (32,)),
    "S3a GRU": Shape(32, 40, 128, "GRU", (32,)),
    "S3a LSTM": Shape(32, 40, 128, "LSTM", (32,)),
    "S4c": Shape(10, 500, 32, "SimpleRNN", (32,), optimizer="RMSprop"),
    "BiLSTM 64, 200 tokens": Shape(32, 200, 100, "LSTM", (64,), bidirectional=True, steps=10),
}


def make_data(shape, steps):
    """Ids (steps * batch, timesteps) that occur as words do, the rank-th word 1/rank as often."""
    rng = np.random.default_rng(0)
    chance = 1 / np.arange(1, WORDS - 3)
    size = (steps * shape.batch, shape.timesteps)
    ids = rng.choice(WORDS - 4, size=size, p=chance / chance.sum()) + 4
    return ids.astype("int32"), rng.integers(0, 2, size=len(ids)).astype("float32")


def stack(shape, module):
    """The layers of a shape, from course_utils.layers or keras.layers."""
    made = [module.Embedding(WORDS, shape.embedding)]
    for depth, units in enumerate(shape.units):
        sequences = depth < len(shape.units) - 1
        layer = getattr(module, shape.cell)(units, return_sequences=sequences)
        made.append(module.Bidirectional(layer) if shape.bidirectional else layer)
    made += [module.Dense(units, activation="relu") for units in shape.dense]
    return [*made, module.Dense(1)]


def engine_fit(shape, x, y):
    from course_utils import engine, layers

    model = engine.Sequential(stack(shape, layers), seed=0)
    model.compile(getattr(engine, shape.optimizer)())
    return lambda: model.fit(x, y, batch_size=shape.batch, seed=0, verbose=False)


def first_weights(shape):
    """Weights for the comparison of losses, in Keras's order, drawn with NumPy alone."""
    rng, gates = np.random.default_rng(1), {"SimpleRNN": 1, "GRU": 3, "LSTM": 4}[shape.cell]
    shapes, features = [(WORDS, shape.embedding)], shape.embedding
    for units in shape.units:
        columns = gates * units
        bias = (2, columns) if shape.cell == "GRU" else (columns,)
        ways = 2 if shape.bidirectional else 1
        shapes += ways * [(features, columns), (units, columns), bias]
        features = ways * units
    for units in (*shape.dense, 1):
        shapes += [(features, units), (units,)]
        features = units
    return [(0.2 * rng.normal(size=one) / np.sqrt(one[0])).astype("float32") for one in shapes]


def engine_losses(shape, x, y):
    """The losses of one step after the other, from `first_weights`."""
    from course_utils import engine, layers

    model = engine.Sequential(stack(shape, layers))
    model.set_weights(first_weights(shape))
    model.compile(getattr(engine, shape.optimizer)())
    return [
        model.train_on_batch(x[k : k + shape.batch], y[k : k + shape.batch])["loss"]
        for k in range(0, len(x), shape.batch)
    ]


def jax_step(shape):
    """One jitted training step, with `lax.scan` over time; and the state it starts from."""
    import jax
    import jax.numpy as jnp

    def cell(a, state, U, b):
        n = U.shape[0]
        if shape.cell == "SimpleRNN":
            h = jnp.tanh(a + state[0] @ U)
            return (h,)
        if shape.cell == "LSTM":
            i, f, g, o = jnp.split(a + state[0] @ U, 4, axis=1)
            c = jax.nn.sigmoid(f) * state[1] + jax.nn.sigmoid(i) * jnp.tanh(g)
            return jax.nn.sigmoid(o) * jnp.tanh(c), c
        past = state[0] @ U + b[1]
        z, r = jnp.split(jax.nn.sigmoid(a[:, : 2 * n] + past[:, : 2 * n]), 2, axis=1)
        g = jnp.tanh(a[:, 2 * n :] + r * past[:, 2 * n :])
        return (z * state[0] + (1 - z) * g,)

    def walk(x, W, U, b, sequences):  # x (timesteps, batch, features)
        a = x @ W + (b[0] if b.ndim == 2 else b)
        zero = jnp.zeros((x.shape[1], U.shape[0]), x.dtype)

        def one(state, a_t):
            state = cell(a_t, state, U, b)
            return state, state[0] if sequences else None

        last, every = jax.lax.scan(one, (zero,) * (2 if shape.cell == "LSTM" else 1), a)
        return every if sequences else last[0]

    def loss(weights, ids, labels):
        table, *rest = weights
        y = table[ids.T]
        for depth in range(len(shape.units)):
            sequences = depth < len(shape.units) - 1
            W, U, b, *rest = rest
            ahead = walk(y, W, U, b, sequences)
            if shape.bidirectional:
                W, U, b, *rest = rest
                back = walk(y[::-1], W, U, b, sequences)
                ahead = jnp.concatenate([ahead, back[::-1] if sequences else back], axis=-1)
            y = ahead
        for _ in shape.dense:
            W, b, *rest = rest
            y = jax.nn.relu(y @ W + b)
        W, b = rest
        logits = (y @ W + b)[:, 0]
        return jnp.mean(jnp.maximum(logits, 0) - logits * labels + jnp.log1p(jnp.exp(-jnp.abs(logits))))

    def step(weights, kept, t, ids, labels):
        value, gradients = jax.value_and_grad(loss)(weights, ids, labels)
        after, rate = [], 0.001
        for w, g, (m, v) in zip(weights, gradients, kept, strict=True):
            if shape.optimizer == "RMSprop":
                v = 0.9 * v + 0.1 * g * g
                after.append((w - rate * g / jnp.sqrt(v + 1e-7), (m, v)))
            else:
                m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
                size = rate * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
                after.append((w - size * m / (jnp.sqrt(v) + 1e-7), (m, v)))
        return [w for w, _ in after], [k for _, k in after], t + 1, value

    weights = [jnp.asarray(w) for w in first_weights(shape)]
    kept = [(jnp.zeros_like(w), jnp.zeros_like(w)) for w in weights]
    return jax.jit(step, donate_argnums=(0, 1)), [weights, kept, jnp.float32(1)]


def jax_losses(shape, x, y):
    """The losses of one step after the other, from `first_weights`."""
    step, state = jax_step(shape)
    losses = []
    for k in range(0, len(x), shape.batch):
        *state, loss = step(*state, x[k : k + shape.batch], y[k : k + shape.batch])
        losses.append(float(loss))
    return losses


def jax_fit(shape, x, y):
    step, state = jax_step(shape)

    def fit():
        for k in range(0, len(x), shape.batch):
            *state[:], loss = step(*state, x[k : k + shape.batch], y[k : k + shape.batch])
        loss.block_until_ready()

    return fit


def keras_fit(shape, x, y, jit="auto"):
    from course_utils.quiet import quiet_import

    with quiet_import():
        import keras
        import tensorflow as tf
    threads = int(os.environ["BENCHMARK_THREADS"])
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    keras.utils.set_random_seed(0)
    model = keras.Sequential(stack(shape, keras.layers))
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(optimizer=getattr(keras.optimizers, shape.optimizer)(), loss=loss, jit_compile=jit)
    return lambda: model.fit(x, y, batch_size=shape.batch, verbose=0)


def keras_jit_fit(shape, x, y):
    return keras_fit(shape, x, y, jit=True)


def torch_fit(shape, x, y):
    import torch

    threads = int(os.environ["BENCHMARK_THREADS"])
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    cell = getattr(torch.nn, {"SimpleRNN": "RNN"}.get(shape.cell, shape.cell))
    embedding = torch.nn.Embedding(WORDS, shape.embedding)
    recurrent, features = torch.nn.ModuleList(), shape.embedding
    for units in shape.units:
        recurrent.append(cell(features, units, batch_first=True, bidirectional=shape.bidirectional))
        features = units * (2 if shape.bidirectional else 1)
    head = []
    for units in shape.dense:
        head += [torch.nn.Linear(features, units), torch.nn.ReLU()]
        features = units
    head = torch.nn.Sequential(*head, torch.nn.Linear(features, 1))
    weights = [*embedding.parameters(), *recurrent.parameters(), *head.parameters()]
    optimizer = {"Adam": torch.optim.Adam, "RMSprop": torch.optim.RMSprop}[shape.optimizer](weights, lr=0.001)
    loss, ids, labels = torch.nn.BCEWithLogitsLoss(), torch.from_numpy(x).long(), torch.from_numpy(y)[:, None]

    def fit():
        for start in range(0, len(ids), shape.batch):
            a = embedding(ids[start : start + shape.batch])
            for layer in recurrent:
                a, states = layer(a)
            if shape.bidirectional:  # the backward direction ends at the first word
                last = states[0] if isinstance(states, tuple) else states
                a = torch.cat([last[-2], last[-1]], dim=1)
            else:
                a = a[:, -1]
            optimizer.zero_grad()
            loss(head(a), labels[start : start + shape.batch]).backward()
            optimizer.step()

    return fit


def products_fit(shape, x, y):
    """Only the matrix products of a training step, of every word in its place, on one thread.

    The engine may need less: it makes a word's products once for a batch, and uses both cores.
    """
    from course_utils.engine import one_blas_thread

    gates, batch, steps = {"SimpleRNN": 1, "GRU": 3, "LSTM": 4}[shape.cell], shape.batch, shape.timesteps
    work, features = [], shape.embedding
    for units in shape.units:
        arrays = {
            "W_T": np.ones((gates * units, features), "float32"),
            "U_T": np.ones((gates * units, units), "float32"),
            "x": np.ones((steps, features, batch), "float32"),
            "h": np.ones((units, batch), "float32"),
            "a": np.ones((gates * units, batch), "float32"),
            "flat_x": np.ones((steps * batch, features), "float32"),
            "flat_h": np.ones((units, steps * batch), "float32"),
            "flat_a": np.ones((gates * units, steps * batch), "float32"),
        }
        work += [arrays] * (2 if shape.bidirectional else 1)
        features = units * (2 if shape.bidirectional else 1)

    def fit():
        with one_blas_thread():
            for _ in range(len(x) // batch):
                for one in work:
                    np.matmul(one["W_T"], one["x"])
                    a, h, U = np.empty_like(one["a"]), np.empty_like(one["h"]), one["U_T"].T.copy()
                    for _ in range(steps):
                        np.dot(one["U_T"], one["h"], out=a)
                        np.dot(U, one["a"], out=h)
                    one["flat_x"].T @ one["flat_a"].T
                    one["flat_h"] @ one["flat_a"].T
                    one["flat_a"].T @ one["W_T"]

    return fit


# name in the results, what makes the step, numbers of threads
OLD = "a03f737"  # the commit whose engine is a peer: one path, threads beside the loop
PEERS = [
    ("engine", engine_fit, (2,)),  # sees to it itself: one thread a process, two processes where it pays
    (f"engine at {OLD}", engine_fit, (2,)),
    ("keras.fit", keras_fit, (1, 2)),
    ("keras.fit, jit_compile=True", keras_jit_fit, (1, 2)),
    ("PyTorch", torch_fit, (1, 2)),
    ("PyTorch, one thread", torch_fit, (1,)),
    ("JAX, lax.scan", jax_fit, (1, 2)),
    ("matrix products alone", products_fit, (1,)),
]
LOSSES = {"engine": engine_losses, "JAX, lax.scan": jax_losses}
ITSELF = ("engine", f"engine at {OLD}", "matrix products alone")  # these see to their threads themselves


def work(peer):
    """Answer every line on standard input, a shape and a number of steps, with milliseconds a step.

    With 0 steps, the answer is the loss of three steps from the same weights.
    """
    make, fits = next(make for name, make, _ in PEERS if name == peer), {}
    for line in sys.stdin:
        name, steps = json.loads(line)
        if not steps:
            losses = LOSSES[peer](SHAPES[name], *make_data(SHAPES[name], 3))
            print("ms", losses[-1], flush=True)
            continue
        if name not in fits:
            fits[name] = make(SHAPES[name], *make_data(SHAPES[name], steps))
            for _ in range(24 // steps + 3 if peer in ITSELF else 1):  # compiles; one process or two?
                fits[name]()
        start = time.perf_counter()
        fits[name]()
        print("ms", (time.perf_counter() - start) * 1000 / steps, flush=True)


def python_of(peer):
    """The interpreter of a peer, and the module that it must have."""
    for name, module in (("PyTorch", "torch"), ("JAX", "jax")):
        if peer.startswith(name):
            return os.environ.get(f"BENCHMARK_{module.upper()}", sys.executable), module
    return sys.executable, "numpy"


def fetched(commit, folder):
    """Put the package of a commit into a folder; return it."""
    content = subprocess.run(
        ["git", "archive", commit, "course_utils"], cwd=ROOT, capture_output=True, check=True
    )
    with tarfile.open(fileobj=io.BytesIO(content.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def start_worker(peer, threads, folder):
    """Start a process for one peer; None where its library is missing. `folder` holds the older engine."""
    python, module = python_of(peer)
    if subprocess.run([python, "-c", f"import {module}"], capture_output=True).returncode:
        print(f"{peer}: {module} is not installed: left out (see the top of tools/benchmark.py)")
        return None
    environment = os.environ | {"BENCHMARK_THREADS": str(threads), "PYTHONPATH": str(ROOT)}
    if peer not in ITSELF:
        environment |= {name: str(threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    if peer.startswith("JAX"):
        flags = "--xla_cpu_multi_thread_eigen=false" if threads == 1 else ""
        environment |= {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
    return subprocess.Popen(
        [python, "-m", "tools.benchmark", "--worker", peer],
        env=environment,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=folder if peer.endswith(OLD) else ROOT,  # where Python looks for a package first
    )


def ask(worker, shape, steps):
    """Let one worker train for some steps; return milliseconds a step."""
    worker.stdin.write(json.dumps([shape, steps]) + "\n")
    worker.stdin.flush()
    for line in worker.stdout:
        if line.startswith("ms "):
            return float(line.split()[1])
    raise RuntimeError(f"a worker ended at shape {shape}: its message stands above")


def joined(results, path, header):
    """The new rows, and those of other shapes that the file holds, if machine and versions are the same."""
    old = json.loads(path.read_text()) if path.exists() else []
    if not old or {name: old[0].get(name) for name in header} != header:
        old = []
    new = {row["shape"] for row in results}
    rows = results + [row for row in old if row["shape"] not in new]
    rows = [
        {name: value for name, value in row.items() if name not in header}
        for row in sorted(rows, key=lambda row: list(SHAPES).index(row["shape"]))
    ]
    rows[0] |= header
    return rows


def versions():
    from importlib.metadata import version

    found = {name: version(name) for name in ("numpy", "tensorflow-cpu", "keras") if _has(name)}
    found["python"] = platform.python_version()
    for python, module in (python_of("PyTorch"), python_of("JAX")):
        code = f"import {module}; print({module}.__version__)"
        shown = subprocess.run([python, "-c", code], capture_output=True, text=True).stdout.strip()
        found |= {module: shown} if shown else {}
    return found


def _has(name):
    from importlib.metadata import PackageNotFoundError, version

    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def main():
    parser = argparse.ArgumentParser(description="Compare training steps of the engine and its peers.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--shapes", nargs="+", default=list(SHAPES), choices=list(SHAPES), metavar="SHAPE")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        return work(options.worker)

    cores = os.cpu_count() or 1
    older = tempfile.TemporaryDirectory()
    fetched(OLD, older.name)
    workers = {
        (peer, threads): start_worker(peer, threads, older.name)
        for peer, _, choices in PEERS
        for threads in choices
        if threads <= cores
    }
    workers = {key: worker for key, worker in workers.items() if worker is not None}
    results = []
    for shape in options.shapes:
        steps = SHAPES[shape].steps
        times = {key: [] for key in workers}
        losses = {key: ask(worker, shape, 0) for key, worker in workers.items() if key[0] in LOSSES}
        if max(losses.values()) - min(losses.values()) > 1e-4:
            raise RuntimeError(
                f"{shape}: after three steps from the same weights the losses differ: {losses}"
            )
        for turn in range(options.rounds + 1):  # the first round warms up
            for key in list(workers)[:: -1 if turn % 2 else 1]:
                milliseconds = ask(workers[key], shape, steps)
                if turn:
                    times[key].append(milliseconds)
        engine = times["engine", 2]
        best = {}
        for (peer, threads), measured in times.items():
            ratio = statistics.median(other / own for other, own in zip(measured, engine, strict=True))
            row = {
                "shape": shape,
                "peer": peer,
                "median_ms": round(statistics.median(measured), 2),
                "ratio_to_engine": round(ratio, 2),
                "threads": threads,
                "repeats": len(measured),
            }
            if peer not in best or row["median_ms"] < best[peer]["median_ms"]:
                best[peer] = row
        for row in best.values():
            print(
                "{shape:22} {peer:28} {median_ms:9.2f} ms {ratio_to_engine:8.2f} x".format(**row), flush=True
            )
        results += best.values()
    for worker in workers.values():
        worker.stdin.close()
        worker.wait()
    older.cleanup()
    options.output.parent.mkdir(parents=True, exist_ok=True)
    header = {"machine": f"{platform.machine()}, {cores} cores", "versions": versions()}
    options.output.write_text(json.dumps(joined(results, options.output, header), indent=1) + "\n")
    return None


if __name__ == "__main__":
    main()
