"""Whether a mutant does the same as the solution: both are run on many inputs that no judge uses.

A probe takes the names that an answer defines and returns all that they give, for a comparison. It is
no judge: it gives no reasons, and it may be slow. `EQUIVALENT` are the mutants that do what is asked
although they are written otherwise, each with the reason.
"""

import copy
import itertools
import pickle
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from course_utils.text import tokenize

Names = dict[str, Any]
Probe = Callable[[Names], list[Any]]
DRAWS = 40  # of sizes and numbers


def seen(function: Any, *arguments: Any) -> Any:
    """Return what a call gives, twice in a row, and whether it left its arguments as they were."""
    generators = any(isinstance(a, np.random.Generator) or callable(a) for a in arguments)
    given = arguments if generators else copy.deepcopy(arguments)
    before = None if generators else pickle.dumps(given)
    results: list[Any] = []
    for _ in range(2):
        try:
            with np.errstate(all="ignore"):
                results.append(function(*given))
        except Exception as error:
            return type(error).__name__
        results.append(copy.deepcopy(results[-1]))  # a later call may write into the result
    return results, generators or pickle.dumps(given) == before


def alike(a: Any, b: Any) -> bool:
    """Return whether two results hold the same numbers, in the same form."""
    if isinstance(a, list | tuple):
        return isinstance(b, list | tuple) and len(a) == len(b) and all(map(alike, a, b))
    if isinstance(a, dict):
        return isinstance(b, dict) and set(a) <= set(b) and all(alike(a[key], b[key]) for key in a)
    if isinstance(a, str) or a is None:
        return type(a) is type(b) and bool(a == b)
    try:
        one, other = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    except (TypeError, ValueError):
        return False
    return one.shape == other.shape and np.allclose(one, other, rtol=1e-7, atol=1e-9, equal_nan=True)


def other_numbers(value: Any) -> Any:
    """Return the same arguments with other numbers: what is kept by shape shows."""
    if isinstance(value, dict):
        return {key: other_numbers(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(other_numbers(part) for part in value)
    return -0.7 * value if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value


def plain(name: str, draw: Callable[[np.random.Generator], tuple[Any, ...]]) -> Probe:
    """Return the probe of one function, called with what `draw` draws."""

    def probe(names: Names) -> list[Any]:
        rng = np.random.default_rng(987)
        cases = [draw(rng) for _ in range(DRAWS)]
        return [seen(names[name], *case) for given in cases for case in (given, other_numbers(given))]

    return probe


def _sizes(rng: np.random.Generator, n: int, most: int = 6) -> list[int]:
    return [int(size) for size in rng.integers(1, most + 1, n)]


def _cell(rng: np.random.Generator, features: int, units: int, blocks: int = 1) -> list[Any]:
    return [
        rng.normal(size=size)
        for size in ((features, blocks * units), (units, blocks * units), (blocks * units,))
    ]


def _loop(rng: np.random.Generator) -> tuple[Any, ...]:
    batch, steps, features, units = _sizes(rng, 4)
    return rng.normal(size=(batch, steps, features)), *_cell(rng, features, units)


def _lookup(rng: np.random.Generator) -> tuple[Any, ...]:
    batch, steps, features, rows = _sizes(rng, 4)
    rows += 3
    ids = rng.integers(0, rows, (batch, steps))
    ids[np.arange(batch), rng.integers(0, steps, batch)] = rng.integers(1, rows, batch)
    return ids, rng.normal(size=(rows, features))


def _step(rng: np.random.Generator) -> tuple[Any, ...]:
    batch, features, units = _sizes(rng, 3)
    h = rng.normal(size=(batch, units))
    return rng.normal(size=(batch, features)), [h], _cell(rng, features, units)


def _lstm_step(rng: np.random.Generator) -> tuple[Any, ...]:
    batch, features, units = _sizes(rng, 3)
    states = list(rng.normal(size=(2, batch, units)))
    return rng.normal(size=(batch, features)), states, _cell(rng, features, units, 4)


def _lstm(rng: np.random.Generator) -> tuple[Any, ...]:
    batch, steps, features, units = _sizes(rng, 4)
    mask, states = rng.random((batch, steps)) < 0.6, list(rng.normal(size=(2, batch, units)))
    masked, going_on = rng.random(2) < 0.5
    if masked and going_on:
        mask[:, 0] = True  # what stands before the first word is not asked then
    x = rng.normal(size=(batch, steps, features))
    return x, _cell(rng, features, units, 4), mask if masked else None, states if going_on else None


def _stack(rng: np.random.Generator) -> tuple[Any, ...]:
    batch, steps, *sizes = _sizes(rng, 3 + int(rng.integers(1, 4)))
    stack = [_cell(rng, a, b) for a, b in itertools.pairwise(sizes)]
    return rng.normal(size=(batch, steps, sizes[0])), stack


def _both_ways(rng: np.random.Generator) -> tuple[Any, ...]:
    batch, steps, first, *sizes = _sizes(rng, 3 + int(rng.integers(1, 4)))
    stack, features = [], first
    for units in sizes:
        stack.append((_cell(rng, features, units), _cell(rng, features, units)))
        features = 2 * units
    return rng.normal(size=(batch, steps, first)), stack


def _gru_step(rng: np.random.Generator) -> tuple[Any, ...]:
    batch, features, units = _sizes(rng, 3)
    after = bool(rng.random() < 0.5)
    kernel, recurrent_kernel, bias = _cell(rng, features, units, 3)
    if after:
        bias = rng.normal(size=(2, 3 * units))
    h = rng.normal(size=(batch, units)) * rng.choice([0.3, 1, 5])
    return rng.normal(size=(batch, features)), h, [kernel, recurrent_kernel, bias], after


def _adam(rng: np.random.Generator) -> tuple[Any, ...]:
    shape = tuple(_sizes(rng, int(rng.integers(1, 4)), 4))
    weight, gradient, m = rng.normal(size=(3, *shape))
    gradient[..., 0] = 0
    v = rng.uniform(size=shape)
    if rng.random() < 0.3:
        m, v = 0 * m, 0 * v
    options = (rng.uniform(0.001, 1), rng.uniform(0.3, 0.95), rng.uniform(0.3, 0.999))
    return weight, gradient, m, v, int(rng.integers(1, 50)), *options[: int(rng.integers(0, 4))]


def _way_back(rng: np.random.Generator) -> tuple[Any, ...]:
    batch, steps, words, features, units = _sizes(rng, 5, 4)
    W, U, b = _cell(rng, features, units)
    weights = {
        "embeddings": rng.normal(size=(words, features)),
        "kernel": W,
        "recurrent_kernel": U,
        "bias": b,
        "dense_kernel": rng.normal(size=(units, 1)) * rng.choice([1, 1e4]),
        "dense_bias": rng.normal(size=1),
    }
    return weights, rng.integers(0, words, (batch, steps)), rng.integers(0, 2, (batch, 1)) * 1.0


def _switch(names: Names) -> list[Any]:
    """Return for many sequences whether the last state of exercise 1.4 has the right sign."""
    W, U, b = (np.asarray(weight, dtype=float) for weight in names["switch_weights"]())
    rng, right = np.random.default_rng(14), []
    for _ in range(60):
        x = rng.choice([-1, 0, 1], rng.integers(1, 40), p=[0.2, 0.6, 0.2])
        x = np.concatenate([rng.choice([-1, 1], 1), x, np.zeros(rng.integers(0, 200))])
        h = np.zeros(1)
        for number in x:
            h = np.tanh(number * W[0] + h @ U + b)
        right.append(h.item() * x[np.flatnonzero(x)[-1]] > 0.5)
    return [W.shape, U.shape, b.shape, *right]


def _toggle(names: Names) -> list[Any]:
    """Return for many runs whether the light of exercise 6.4 is right at every step."""
    kernel, recurrent_kernel, bias = (np.asarray(weight, dtype=float) for weight in names["toggle_weights"]())
    rng, right = np.random.default_rng(64), []
    for _ in range(8):
        events = [
            e for k in rng.choice(3, 20, p=[0.2, 0.5, 0.3]) for e in [k, *[0] * rng.choice([0, 0, 1, 200])]
        ]
        h, light, good = 0.0, None, True
        for event in events:
            x = np.array([event == 1, event == 2], float)
            z, r, candidate = x @ kernel + bias
            u = recurrent_kernel[0]
            z, r = 1 / (1 + np.exp(-np.array([z + h * u[0], r + h * u[1]])))
            h = z * h + (1 - z) * np.tanh(candidate + r * h * u[2])
            if event:
                light = event == 1 and not light
            good &= light is None or (h > 0.5 if light else h < -0.5)
        right.append(bool(good))
    return right


WORDS = [
    "the film",
    "film was",
    "good",
    "bad",
    "plot",
    "it's",
    "can't",
    "and so",
    "film,",
    "Good!",
    "--",
    "8 10",
]


def _texts(rng: np.random.Generator, n: int) -> list[str]:
    return [" ".join(rng.choice(WORDS, rng.integers(1, 12))) for _ in range(n)]


def _vocabulary(names: Names) -> list[Any]:
    rng, results = np.random.default_rng(24), []
    for _ in range(DRAWS):
        texts, size = _texts(rng, int(rng.integers(1, 5))), int(rng.integers(4, 20))
        known = len({token for text in texts for token in tokenize(text)})
        top = min(known, size - 4) + 4
        ids = [0] * int(rng.integers(0, 3)) + [1] * int(rng.integers(0, 2))
        ids += [int(i) for i in rng.choice([2, *range(4, top)], rng.integers(0, 6))]
        try:
            mine = names["MyVocabulary"](texts, size)
        except Exception as error:
            results.append(type(error).__name__)
            continue
        results += [seen(mine.encode, text) for text in _texts(rng, 2)]
        results += [seen(mine.decode, ids), seen(mine.decode, np.array(ids, dtype=int))]
        results.append(seen(mine.batch, _texts(rng, int(rng.integers(1, 4))), int(rng.integers(1, 9))))
    return results


def _keras_cell(names: Names) -> list[Any]:
    import keras

    results: list[Any] = []
    for units, features, batch in ((2, 6, 3), (6, 1, 1), (1, 3, 2), (4, 4, 5)):
        rng = np.random.default_rng(units)
        try:
            cell = names["MyCell"](units)
            cell.build((None, features))
            shapes = [tuple(w.shape) for w in cell.trainable_weights]
            cell.set_weights([rng.normal(size=shape) for shape in shapes])
            x = rng.normal(size=(batch, 5, features)).astype("float32")
            layer = keras.layers.RNN(cell, return_sequences=True, return_state=True)
            results += [shapes, [np.asarray(part).round(4) for part in layer(x)]]
            model = keras.Sequential([keras.layers.RNN(cell)])
            model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=True)
            model.fit(x, rng.normal(size=(batch, units)), epochs=2, shuffle=False, verbose=0)
            results.append([np.asarray(weight).round(3) for weight in cell.get_weights()])
        except Exception as error:
            results.append(type(error).__name__)
    return results


def _scored(rng: np.random.Generator) -> tuple[Any, ...]:
    n = int(rng.integers(1, 30))
    p = rng.choice([0.0, 0.5, 1.0, 0.3, *rng.random(4)], (n, 1))
    return p, rng.integers(0, 2, n) * (1 if rng.random() < 0.5 else 1.0)


def _by_hand(names: Names) -> list[Any]:
    results: list[Any] = []
    rng = np.random.default_rng(84)
    for _ in range(20):
        n, held, size, epochs = (int(rng.integers(1, k)) for k in (30, 20, 9, 8))
        calls: list[Any] = []

        def step(x: Any, y: Any, calls: list[Any] = calls, sign: int = 1) -> float:
            calls.append((sign, x[:, 0].tolist(), y.tolist()))
            return float(sign * x.mean() + y.mean())

        def test(x: Any, y: Any, step: Any = step) -> float:
            return step(x, y, sign=-1)

        train = np.arange(2 * n).reshape(n, 2) * 1.0, rng.integers(0, 2, n)
        validation = np.arange(held, 0, -1)[:, None] * 2.0, rng.integers(0, 2, held)
        seed = int(rng.integers(1000))
        try:
            results.append(names["fit_by_hand"](step, test, train, validation, size, epochs, seed))
        except Exception as error:
            results.append(type(error).__name__)
        results.append(calls)
    return results


def _compared(rng: np.random.Generator) -> tuple[Any, ...]:
    runs, reviews = int(rng.integers(2, 6)), int(rng.integers(2, 40))
    a, b = rng.random((2, runs, reviews)) < rng.uniform(0.2, 0.9, (2, 1, 1))
    return a, b


def _parcel(names: Names) -> list[Any]:
    results: list[Any] = []
    rng = np.random.default_rng(94)
    for k in range(8):
        words = sorted({token for text in _texts(rng, 2) for token in tokenize(text)})
        features, units = _sizes(rng, 2)
        weights = [rng.normal(size=(len(words) + 4, features)), *_cell(rng, features, units)]
        weights += [rng.normal(size=(units, 1)), rng.normal(size=1)]
        extra = (0, 0, 1, -1)[k % 4]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "a.npz"
            given = words + ["more"] * extra if extra >= 0 else words[:-1]
            results.append(seen(names["save_parcel"], path, given, int(rng.integers(1, 9)), weights))
            try:
                answer = names["open_parcel"](path)
                path.unlink()
                results += [seen(answer, text) for text in _texts(rng, 5)]
            except Exception as error:
                results.append(type(error).__name__)
            for bad in (b"", b"no zip", b"PK\x03\x04" + bytes(50)):
                path.write_bytes(bad)
                try:
                    results.append(type(names["open_parcel"](path)).__name__)
                except Exception as error:
                    results.append([type(error).__name__, path.name in str(error)])
    return results


def _dropped(names: Names) -> list[Any]:
    results: list[Any] = []
    rng = np.random.default_rng(102)
    for k in range(DRAWS):
        x, rate = rng.normal(size=_sizes(rng, 3)), float(rng.uniform(0, 0.9))
        before = x.copy()
        try:
            got = names["spatial_dropout"](x, rate, np.random.default_rng(k), bool(k % 3))
        except Exception as error:
            got = type(error).__name__
        results.append([got, np.array_equal(x, before)])
    return results


def _head(rng: np.random.Generator) -> tuple[Any, ...]:
    n, held, features = (int(rng.integers(1, k)) for k in (20, 20, 5))
    x, x_held = rng.normal(size=(n, features)), rng.normal(size=(held, features))
    y, y_held = rng.integers(0, 2, n) * 1.0, rng.integers(0, 2, held) * 1.0
    patience, epochs = int(rng.integers(1, 6)), int(rng.integers(1, 40))
    return x, y, x_held, y_held, rng.choice([0, 0.1, 0.01]), rng.uniform(0.1, 5), patience, epochs


def _read_on(names: Names) -> list[Any]:
    results: list[Any] = []
    rng = np.random.default_rng(112)
    for k in range(DRAWS):
        batch, steps, features, units = _sizes(rng, 4)
        cells = 1 + k % 2

        kernel = rng.normal(size=(features, units))

        def cell(x: Any, states: Any, W: Any = kernel, n: int = cells) -> Any:
            new = [np.tanh(x @ W + (i + 1) * s) for i, s in enumerate(states)]
            return new[0], new[:n]

        states = list(rng.normal(size=(cells, batch, units)))
        mask, x = rng.random((batch, steps)) < 0.6, rng.normal(size=(batch, steps, features))
        results.append(seen(names["read_on"], x, mask, states, cell))
    return results


def _by_length(names: Names) -> list[Any]:
    results: list[Any] = []
    rng = np.random.default_rng(114)
    for k in range(DRAWS):
        lengths = rng.integers(1, 12, int(rng.integers(1, 30)))
        room = int(rng.integers(1, 40))
        results.append(seen(names["batches_by_length"], lengths, room, k))
        ids = [rng.integers(1, 99, n) for n in lengths]
        results.append(seen(names["answer_all"], lambda rows: np.asarray(rows).sum(axis=1) % 7, ids, room))
    return results


def _scoring(name: str, most: int) -> Probe:
    def probe(names: Names) -> list[Any]:
        results: list[Any] = []
        rng = np.random.default_rng(12)
        for _ in range(20):
            ids = rng.integers(1, 50, int(rng.integers(1, most)))
            last = [int(rng.integers(1, 9))] if name == "trace_by_cutting" else []
            asked: list[Any] = []

            def score(pieces: Any, asked: list[Any] = asked) -> Any:
                asked += [list(p) for p in pieces]
                return np.array([np.sin(np.dot(p, np.arange(1, len(p) + 1))) + len(p) for p in pieces])

            results.append(seen(names[name], score, ids, *last))
        return results

    return probe


def _pooled(rng: np.random.Generator) -> tuple[Any, ...]:
    batch, steps, units = _sizes(rng, 3)
    return rng.normal(size=(batch, steps, units)) - rng.choice([0, 60]), rng.random((batch, steps)) < 0.6


def _team(names: Names) -> list[Any]:
    results: list[Any] = []
    rng = np.random.default_rng(134)
    for _ in range(DRAWS):
        p = rng.random((int(rng.integers(1, 8)), int(rng.integers(1, 20)))).round(int(rng.choice([0, 9])))
        labels = rng.integers(0, 2, p.shape[1])
        team = list(rng.integers(0, len(p), int(rng.integers(1, 6))))
        results.append(seen(names["ask_team"], p, team))
        results.append(seen(names["choose_team"], p, labels, int(rng.integers(1, 6))))
    return results


def _threshold(rng: np.random.Generator) -> tuple[Any, ...]:
    n = int(rng.integers(1, 20))
    p = rng.random(n).round(int(rng.integers(1, 3)))
    return p, rng.random(n) < 0.3, int(rng.integers(1, 20)), int(rng.integers(1, 5))


def _attention(rng: np.random.Generator) -> tuple[Any, ...]:
    batch, steps, features, size = _sizes(rng, 4)
    queries, keys = rng.normal(size=(2, batch, steps, features)) * rng.choice([1, 30])
    return queries, keys, rng.normal(size=(batch, steps, size))


def _attention_back(rng: np.random.Generator) -> tuple[Any, ...]:
    batch, asked, steps, features, size = _sizes(rng, 5)
    queries, keys = rng.normal(size=(batch, asked, features)), rng.normal(size=(batch, steps, features))
    return queries, keys, rng.normal(size=(batch, steps, size)), rng.normal(size=(batch, asked, size))


PROBES: dict[str, Probe] = {
    "1.2": plain("run_batch", _loop),
    "1.4": _switch,
    "2.2": plain("look_up", _lookup),
    "2.4": _vocabulary,
    "3.2": plain("cell_step", _step),
    "3.4": _keras_cell,
    "4.2": plain("run_stack", _stack),
    "4.4": plain("run_both_ways", _both_ways),
    "5.2": plain("my_lstm_step", _lstm_step),
    "5.4": plain("my_lstm", _lstm),
    "6.2": plain("my_gru_step", _gru_step),
    "6.4": _toggle,
    "7.2": plain("adam_step", _adam),
    "7.5": plain("mean_gradients", _way_back),
    "8.2": plain("score", _scored),
    "8.4": _by_hand,
    "9.2": plain("compare", _compared),
    "9.4": _parcel,
    "10.2": _dropped,
    "10.4": plain("fit_head", _head),
    "11.2": _read_on,
    "11.4": _by_length,
    "12.2": _scoring("trace_by_cutting", 12),
    "12.4": _scoring("fair_shares", 5),
    "13.2": plain("pool_max", _pooled),
    "13.4": _team,
    "14.2": plain("cheapest_threshold", _threshold),
    "14.4": plain("alarm_from", lambda rng: tuple(rng.uniform(0.1, 30, 2))),
    "16.2": plain("causal_attention", _attention),
    "15.4": plain("attention_gradients", _attention_back),
}

# Exercise, then the change as `make judges` names it, or the beginning of it, and why it is right as well.
SUM = "the two may change places"
LAST = "the last of two axes is axis 1"
ONE_ROW = "zeros in one row fit beside every review"
AS_LONG = "it has as many columns or rows as the bias has numbers"
NO_NEGATIVE = "no id is negative"
OTHER_WEIGHTS = "many weights make a switch; these do, too"
EQUIVALENT: dict[str, dict[str, str]] = {
    "1.2": {"4:22: len(x) → 1": ONE_ROW, "4:34: bias → recurrent_kernel": AS_LONG},
    "1.4": {f"{line}:": OTHER_WEIGHTS for line in (4, 5, 6)},
    "2.2": {"6:12: ids != 0 → ids > 0": NO_NEGATIVE},
    "2.4": {
        "5:4: __init__: texts reversed": "the order of the texts does not count",
        "10:23: {i: word for word, i in self.id_of.items()} |": "no word has the id 2",
    },
    "3.2": {
        "2:0: cell_step: states reversed": "there is one state",
        "5:43: 0 → -1": "there is one state",
    },
    "4.2": {"5:22: len(x) → 1": ONE_ROW, "5:34: bias → recurrent_kernel": AS_LONG},
    "4.4": {
        "6:30: len(x) → 1": ONE_ROW,
        "6:42: bias → recurrent_kernel": AS_LONG,
        "16:61: -1 → 1": LAST,
    },
    "5.4": {
        "11:15: np.ones(x.shape[:2], dtype=bool) → np.ones(x.shape[:2])": "np.where takes 1.0 for True",
        "13:35: len(x) → 1": ONE_ROW,
        "13:62: len(x) → 1": ONE_ROW,
        "13:39: x → mask": "the mask has as many reviews",
        "13:66: x → mask": "the mask has as many reviews",
        "16:19: x → mask": "the mask has as many timesteps",
    },
    "6.2": {f"{place}: -1 → 1": LAST for place in ("10:60", "11:68", "16:60")},
    "7.2": {f"7:76: 1e-07 → {tiny}": "any tiny number will do" for tiny in ("2e-07", "5e-08")},
    "7.5": {
        "2:0: mean_gradients: h outlives the call": "every state is written anew, the first stays zero",
        "7:44: b → V": AS_LONG,
        "7:44: b → U": AS_LONG,
        "12:19: np.logaddexp(0, z) →": SUM,
        "15:12: dz @ V.T → dz * V.T": "a column times a row is the same with both signs",
        "18:26: share → dz": ONE_ROW,
    },
    "8.2": {
        "4:25: 0 → -1": "there is one column",
        "5:37: labels == 1 → labels >= 1": "labels are 0 and 1",
        "8:71: labels → p": "all have as many reviews",
    },
    "8.4": {
        "7:34: order → y": "x, y and the order have as many reviews",
        "10:27: order → y": "x, y and the order have as many reviews",
        "14:4: for … in range(epochs)[::-1]": "the number of the epoch is not used",
        "15:45: 0 →": "x and y have as many reviews",
        "17:44: 0 →": "x and y have as many reviews",
    },
    "9.2": {
        "5:0: compare: right_a reversed": "the order of the runs does not count",
        "5:0: compare: right_b reversed": "the order of the runs does not count",
        "5:0: compare: fails_on_ones": "there are two runs and two reviews or more",
        "7:20: right_a → right_b": "both have the same shape",
        "10:61: (right_a, right_b) →": SUM,
        "14:39: abs(lead) > np.hypot(t * by_seeds, 1.96 * by_reviews) → abs(lead) >=": "no lead equals it",
        "14:51: np.hypot(t * by_seeds, 1.96 * by_reviews) → np.hypot(1.96": SUM,
    },
    "11.2": {"4:19: x → mask": "the mask has as many timesteps"},
    "11.4": {
        "6:18: np.argsort(lengths[order], kind='stable') → np.argsort(": "equals are mixed anyway",
        "9:20: 1 → 0": "the first batch is empty at the beginning only",
        "12:12: np.array(batches[i]) → batches[i]": "a list of row numbers chooses the same rows",
        "17:14: np.zeros(len(ids)) → np.ones(len(ids))": "every place gets its answer",
        "18:4: for … in batches_by_length(": "the order of the batches does not count here",
        "18:91: 0 →": "the order of the batches does not count here",
    },
    "13.4": {
        "2:0: ask_team: team reversed": "a mean does not know an order",
        "10:4: for … in range(rounds)[::-1]": "the number of the round is not used",
        "13:36: [*team, k] → [k, *team]": "a mean does not know an order",
        "13:49: 1e-07 →": "so little does not change the choice",
        "13:59: 1e-07 →": "so little does not change the choice",
        "14:27: np.mean(np.where(labels == 1, np.log(q), np.log(1 - q))) → np.su": "sums have the same order",
        "14:44: labels == 1 → labels >= 1": "labels are 0 and 1",
        "15:20: int(np.argmin(losses)) → np.argmin(losses)": "a whole number of NumPy is one, too",
    },
    "6.4": {f"{line}:": OTHER_WEIGHTS for line in (4, 5, 6)},
}
