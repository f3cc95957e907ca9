"""Milliseconds for one training step: the NumPy engine beside Keras and PyTorch.

`make benchmark` runs it on an otherwise idle machine and writes course_utils/shipped/benchmark.json.
Every peer lives in a process of its own, with its own number of threads. The processes take
turns, shape by shape, and only one works at a time; in every second round the order is
reversed. A ratio compares a peer with the engine in the same round; the median over the rounds
is reported, and of every peer the better number of threads; PyTorch on one thread has a row of
its own.

PyTorch is needed for this script only: install it into an environment of its own (`pip install
--group benchmark` in this folder) and name its interpreter, BENCHMARK_TORCH=/path/to/python.
Without it PyTorch is left out.

    python -m tools.benchmark [--rounds 5] [--shapes S4c S0] [--output FILE]

With --shapes, the other shapes' rows stay in the file, if they are of this machine and these versions.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
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
PEERS = [
    ("engine", engine_fit, (2,)),  # sees to it itself: one thread in the loop, both cores where it pays
    ("keras.fit", keras_fit, (1, 2)),
    ("keras.fit, jit_compile=True", keras_jit_fit, (1, 2)),
    ("PyTorch", torch_fit, (1, 2)),
    ("PyTorch, one thread", torch_fit, (1,)),
    ("matrix products alone", products_fit, (1,)),
]


def work(peer):
    """Answer every line on standard input, a shape and a number of steps, with milliseconds a step."""
    make, fits = next(make for name, make, _ in PEERS if name == peer), {}
    for line in sys.stdin:
        name, steps = json.loads(line)
        if name not in fits:
            fits[name] = make(SHAPES[name], *make_data(SHAPES[name], steps))
            fits[name]()  # compiles, allocates
        start = time.perf_counter()
        fits[name]()
        print("ms", (time.perf_counter() - start) * 1000 / steps, flush=True)


def start_worker(peer, threads):
    """Start a process for one peer; None where PyTorch is missing."""
    is_torch = peer.startswith("PyTorch")
    python = os.environ.get("BENCHMARK_TORCH", sys.executable) if is_torch else sys.executable
    if is_torch and subprocess.run([python, "-c", "import torch"], capture_output=True).returncode:
        print("PyTorch is not installed: left out (see the top of tools/benchmark.py)")
        return None
    environment = os.environ | {"BENCHMARK_THREADS": str(threads), "PYTHONPATH": str(ROOT)}
    if peer not in ("engine", "matrix products alone"):  # these two see to it themselves
        environment |= {name: str(threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    command = [python, "-m", "tools.benchmark", "--worker", peer]
    return subprocess.Popen(
        command, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
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
    python = os.environ.get("BENCHMARK_TORCH", sys.executable)
    code = "import torch; print(torch.__version__)"
    torch = subprocess.run([python, "-c", code], capture_output=True, text=True).stdout.strip()
    return found | {"python": platform.python_version()} | ({"torch": torch} if torch else {})


def _has(name):
    from importlib.metadata import PackageNotFoundError, version

    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def main():
    parser = argparse.ArgumentParser(description="Compare training steps of the engine, Keras and PyTorch.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--shapes", nargs="+", default=list(SHAPES), choices=list(SHAPES), metavar="SHAPE")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        return work(options.worker)

    cores = os.cpu_count() or 1
    workers = {
        (peer, threads): start_worker(peer, threads)
        for peer, _, choices in PEERS
        for threads in choices
        if threads <= cores
    }
    workers = {key: worker for key, worker in workers.items() if worker is not None}
    results = []
    for shape in options.shapes:
        steps = SHAPES[shape].steps
        times = {key: [] for key in workers}
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
    options.output.parent.mkdir(parents=True, exist_ok=True)
    header = {"machine": f"{platform.machine()}, {cores} cores", "versions": versions()}
    options.output.write_text(json.dumps(joined(results, options.output, header), indent=1) + "\n")
    return None


if __name__ == "__main__":
    main()
