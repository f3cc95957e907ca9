"""Training in NumPy: layers in a row, a loss, three optimisers and `fit`.

Names and numbers are Keras's. Two classes: the model ends in `Dense(1)`, its output is a logit, above
0 for class 1. Several: it ends in `Dense(classes)`, one logit a class (see `Sequential.compile`).
A training step is forward, loss, backward, update.
Whatever is wrong is raised before the update, so that a step that fails leaves the weights
as they were.

Memory: `fit` keeps the weights, one or two arrays of their size for the optimiser, and what the
layers need for one batch. With as many features as units, forward and backward together take at
their peak 6 numbers (SimpleRNN), 17 (GRU) or 19 (LSTM) for every review, timestep and unit;
behind an Embedding one or two more.
"""

import sys
from collections.abc import Sequence
from functools import partial
from numbers import Real
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from tqdm import tqdm

from course_utils import layers as all_layers
from course_utils.checks import Array, check_choice, check_count, check_numbers, check_shape
from course_utils.fast import cores
from course_utils.fast.cores import one_blas_thread as one_blas_thread
from course_utils.fast.side_by_side import side_by_side as side_by_side
from course_utils.fast.stack import Stack, build
from course_utils.fast.training import Interrupt, training
from course_utils.fast.update import keep_freed_memory
from course_utils.layers import Layer
from course_utils.losses import LOSSES, evaluate_logits
from course_utils.losses import binary_crossentropy as binary_crossentropy
from course_utils.losses import softmax_crossentropy as softmax_crossentropy
from course_utils.model_files import describe as describe
from course_utils.model_files import make_layer as make_layer
from course_utils.model_files import read_model, write_model
from course_utils.optimizers import SGD as SGD
from course_utils.optimizers import Adam as Adam
from course_utils.optimizers import CosineDecay as CosineDecay
from course_utils.optimizers import Gradient, Optimizer
from course_utils.optimizers import RMSprop as RMSprop
from course_utils.optimizers import global_norm as global_norm
from course_utils.text import Side, length_batches, pad_sequences

Reviews = NDArray[Any] | Sequence[ArrayLike]  # one array, or rows of ids of any length

PLACES = 2**23  # numbers of its widest layer that `predict` makes room for at a time: 32 MB


class Sequential:
    """Layers in a row, as in Keras; masks travel along. `seed` seeds every layer without one.

    >>> from course_utils.layers import LSTM, Dense, Embedding
    >>> model = Sequential([Embedding(100, 8, mask_zero=True), LSTM(8), Dense(1)], seed=0)
    >>> model.compile(Adam(learning_rate=0.01))
    >>> history = model.fit(np.array([[4, 5], [6, 0]]), [0, 1], epochs=2, verbose=False)
    """

    def __init__(self, layers: Sequence[Layer], seed: int | None = None) -> None:
        if not layers:
            raise ValueError("layers is empty: expected at least one layer")
        self.layers = list(layers)
        self.optimizer: Optimizer | None = None
        self.loss = LOSSES[0]
        if seed is not None:
            for layer, own in zip(
                layers, np.random.default_rng(seed).integers(2**31, size=len(layers)), strict=True
            ):
                layer.seed = int(own) if layer.seed is None else layer.seed

    @property
    def weights(self) -> list[Array]:
        """All weights, layer by layer; empty before the first call."""
        return [weight for layer in self.layers for weight in layer.weights]

    @property
    def gradients(self) -> list[Gradient]:
        """The gradients of the last `backward`, in the order of `weights`."""
        return [gradient for layer in self.layers for gradient in layer.gradients]

    def count_params(self) -> int:
        """Return how many numbers the model learns."""
        return sum(weight.size for weight in self.weights)

    def get_weights(self) -> list[Array]:
        """Return copies of all weights, in Keras's order."""
        return [weight.copy() for weight in self.weights]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Take over the weights of a model with the same layers, ours or Keras's."""
        expected = sum(len(layer.weight_names) for layer in self.layers)
        if len(weights) != expected:
            raise ValueError(f"weights has {len(weights)} arrays: expected {expected}")
        rest = list(weights)
        for layer in self.layers:
            count = len(layer.weight_names)
            layer.set_weights(rest[:count])
            rest = rest[count:]

    def compile(self, optimizer: Optimizer, loss: str = "binary_crossentropy") -> None:
        """Choose the optimiser and the loss; both losses take logits.

        "binary_crossentropy": the model ends in `Dense(1)`, labels are 0 or 1. With
        "sparse_categorical_crossentropy" it ends in `Dense(classes)`, and labels are whole numbers from 0
        to classes - 1. Raises ValueError for another loss.
        """
        check_choice("loss", loss, LOSSES)
        self.optimizer, self.loss = optimizer, loss

    def check_labels(self, y: ArrayLike, count: int) -> Array:
        """Return labels as an array (count,); raise ValueError for one that the loss does not know."""
        labels = np.asarray(y)
        check_shape("y", labels, (count or "reviews",))
        classes = 2 if self.loss == LOSSES[0] else getattr(self.layers[-1], "units", np.inf)
        # Words, dates and None are no numbers: nan stands for each of them.
        numbers = (
            labels
            if labels.dtype.kind in "biuf"
            else np.array(
                [label if isinstance(label, Real | np.bool_) else np.nan for label in labels], float
            )
        )
        wrong = np.flatnonzero(~((numbers >= 0) & (numbers < classes) & (numbers % 1 == 0)))
        if wrong.size:
            whole = "0 or 1" if self.loss == LOSSES[0] else f"a whole number from 0 to {classes - 1}"
            raise ValueError(f"label {labels.tolist()[wrong[0]]!r} in row {wrong[0]}: expected {whole}")
        return numbers

    def chosen_optimizer(self) -> Optimizer:
        """Return the optimiser; raise ValueError before `compile`."""
        if self.optimizer is None:
            raise ValueError("no optimizer is chosen: call compile(Adam()) first")
        return self.optimizer

    def check_input(self, x: Reviews) -> None:
        """Raise ValueError for ids outside the table, and for numbers that are not finite."""
        rows = [x] if isinstance(x, np.ndarray) else [row for row in map(np.asarray, x) if row.size]
        flat = rows[0] if len(rows) == 1 else np.concatenate([np.zeros(0, np.int32), *rows])
        if isinstance(self.layers[0], all_layers.Embedding):
            if flat.size:
                self.layers[0].check_ids(flat)
        elif not np.isfinite(check_numbers("x", flat, self.layers[0].dtype)).all():
            raise ValueError("x holds nan or infinite numbers: expected finite ones")

    def forward(self, x: ArrayLike, training: bool = False) -> Array:
        """Return the output of the last layer for one batch."""
        y: Any = np.asarray(x)
        mask = None
        if not isinstance(self.layers[0], all_layers.Embedding):  # which checks its ids itself
            self.check_input(y)
        for layer in self.layers:
            mask_after = layer.compute_mask(y, mask)
            y, mask = layer.forward(y, mask, training), mask_after
        return np.asarray(y)

    __call__ = forward

    def backward(self, dy: Array | None) -> None:
        """Fill `gradients`, from the gradient dy of the last output."""
        for layer in reversed(self.layers):
            assert dy is not None  # only ids, the first input, have no gradient
            dy = layer.backward(dy)

    def train_on_batch(self, x: ArrayLike, y: ArrayLike) -> dict[str, float]:
        """Make one training step; return loss and accuracy before the update.

        Raises FloatingPointError if the loss or a gradient is not finite.
        """
        x = np.asarray(x)
        labels = self.check_labels(y, len(x))
        self.check_input(x)
        self.chosen_optimizer()
        if isinstance(self.layers[0], all_layers.Embedding):
            check_shape("ids", x, ("batch", "timesteps"))
        with one_blas_thread():
            build(self.layers, x)
        with Interrupt(), training(self, x.size, len(x)) as trained:
            return trained.step(x, labels)

    def fit(
        self,
        x: Reviews,
        y: ArrayLike,
        batch_size: int = 32,
        epochs: int = 1,
        validation_data: tuple[Reviews, ArrayLike] | None = None,
        patience: int | None = None,
        monitor: str = "val_loss",
        padding: Side = "pre",
        seed: int | None = None,
        verbose: bool = True,
    ) -> dict[str, list[float]]:
        """Train; return loss and accuracy of every epoch, and `val_loss` and `val_accuracy`.

        x is one array, (reviews, timesteps) or (reviews, timesteps, features), or a list of ids of
        any length: then reviews of similar length share a batch, padded on the side `padding`.
        With `patience`, training ends after so many epochs without a better `monitor`, "val_loss" or
        "val_accuracy", and the best weights come back. `seed` fixes the order of the reviews.
        """
        labels = self.check_labels(y, len(x))
        self.check_input(x)
        if patience is not None and validation_data is None:
            raise ValueError(f"patience={patience} watches {monitor}: give validation_data=(x, y)")
        check_choice("monitor", monitor, ("val_loss", "val_accuracy"))
        if validation_data is not None:
            self.check_input(validation_data[0])
            self.check_labels(validation_data[1], len(validation_data[0]))
        self.chosen_optimizer()
        keep_freed_memory()
        with one_blas_thread():
            build(self.layers, take(x, np.arange(1), padding))
        widest = x[0].size if isinstance(x, np.ndarray) else max(np.size(row) for row in x)
        history: dict[str, list[float]] = {}
        rng = np.random.default_rng(seed)
        best, best_weights, waited = -np.inf, self.get_weights() if patience is not None else [], 0
        for epoch in range(1, check_count("epochs", epochs) + 1):
            batches = make_batches(x, batch_size, rng)
            total = {"loss": 0.0, "accuracy": 0.0}
            seen = 0
            with (
                Interrupt() as interrupt,
                training(self, batch_size * widest, batch_size) as trained,
                tqdm(file=sys.stdout, total=len(batches), disable=not verbose or cores.in_a_job) as bar,
            ):
                for rows in batches:
                    scores = trained.step(take(x, rows, padding), labels[rows])
                    total = {name: total[name] + scores[name] * len(rows) for name in total}
                    seen += len(rows)
                    bar.set_description(
                        f"epoch {epoch}/{epochs}, loss {total['loss'] / seen:.4f}", refresh=False
                    )
                    bar.update()
                    if interrupt.asked:
                        break
            record = {name: value / seen for name, value in total.items()}
            if validation_data is not None:
                scores = self.evaluate(*validation_data, padding=padding)
                record |= {f"val_{name}": value for name, value in scores.items()}
            for name, value in record.items():
                history.setdefault(name, []).append(value)
            if patience is not None:
                waited, score = waited + 1, record[monitor] * (-1 if monitor == "val_loss" else 1)
                if score > best:
                    best, best_weights, waited = score, self.get_weights(), 0
                if waited >= max(patience, 1):
                    break
        if patience is not None and best_weights:
            self.set_weights(best_weights)
        return history

    def predict(self, x: Reviews, batch_size: int = 256, padding: Side = "pre") -> Array:
        """Return the output for every review, (reviews, 1 or classes): logits; `sigmoid` makes probabilities.

        Where reviews are long, fewer than `batch_size` are read at a time, to save memory.
        """
        if not isinstance(x, np.ndarray | Sequence) or not len(x):
            raise ValueError("x is empty or no array or list: expected at least one review")
        self.check_input(x)
        own = type(self).forward is not Sequential.forward
        forward = self.forward if own else partial(Stack(self.layers).forward, keep=False)
        batches = [
            rows[start : start + most]
            for rows in make_batches(x, batch_size)
            for most in [self.at_once(max(np.shape(x[i])[0] for i in rows))]
            for start in range(0, len(rows), most)
        ]
        with one_blas_thread():
            outputs = np.concatenate([forward(take(x, rows, padding)) for rows in batches])
        ordered: Array = np.empty_like(outputs)
        ordered[np.concatenate(batches)] = outputs
        return ordered

    def at_once(self, width: int) -> int:
        """Return how many reviews of so many timesteps `predict` reads at a time."""
        of_units = [
            getattr(one, "gates", 1) * getattr(one, "units", 1)
            for layer in self.layers
            for one in getattr(layer, "layers", [layer])
        ]
        return max(1, PLACES // (max(width, 1) * max(of_units)))

    def evaluate(
        self, x: Reviews, y: ArrayLike, batch_size: int = 256, padding: Side = "pre"
    ) -> dict[str, float]:
        """Return the mean loss and the accuracy over all reviews."""
        labels = self.check_labels(y, len(x))
        return evaluate_logits(self.predict(x, batch_size, padding), labels, self.loss)[0]

    def save(self, path: str | PathLike[str], dtype: DTypeLike | None = None) -> None:
        """Write layers and weights, but not the optimiser, into one .npz file, whole or not at all.

        With `dtype="float16"` the weights are rounded to three digits, and the file is half as large.
        """
        write_model(path, self.layers, dtype)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "Sequential":
        """Read a model that `save` wrote; nothing in the file is executed.

        Raises ValueError, with the file's name and what to do, for any other or damaged file.
        """
        return cls(read_model(path))


def fast(thing: Layer | Sequential) -> Stack:
    """Return the fast twin of a layer or model, for loops of one's own.

    >>> from course_utils.layers import LSTM
    >>> lstm = LSTM(4, return_sequences=True, seed=0)
    >>> fast(lstm).forward(np.zeros((2, 3, 5))).shape
    (2, 3, 4)

    It has `forward(x, mask, training)`, `backward(dy)`, `weights`, `gradients`. The weights are the layers'
    own, and the gradients stand in the layers too. `fit` and `predict` use such twins by themselves.
    """
    return Stack(thing.layers if isinstance(thing, Sequential) else [thing])


def make_batches(
    x: Reviews, batch_size: int, rng: np.random.Generator | None = None
) -> list[NDArray[np.int64]]:
    """Return the rows of every batch, in random order if `rng` is given; a list is grouped by length."""
    check_count("batch_size", batch_size)
    if not isinstance(x, np.ndarray):
        seed = None if rng is None else int(rng.integers(2**31))
        return length_batches([len(np.atleast_1d(row)) for row in x], batch_size, seed=seed)
    order = np.arange(len(x)) if rng is None else rng.permutation(len(x))
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]


def take(x: Reviews, rows: NDArray[np.int64], padding: Side = "pre") -> Array:
    """Return these reviews as one array."""
    return x[rows] if isinstance(x, np.ndarray) else pad_sequences([x[i] for i in rows], padding=padding)
