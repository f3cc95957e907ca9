"""Training in NumPy: a stack of layers, a loss, three optimisers and `fit`.

Everything carries Keras's names and gives Keras's numbers, for two classes and a model
that ends in `Dense(1)`, whose output is a logit: positive means class 1.
A training step is `forward`, loss, `backward`, update. Errors come before the update,
so that a step that fails leaves the weights as they were.
"""

import json
import sys
from collections.abc import Sequence
from functools import cache
from os import PathLike
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from threadpoolctl import ThreadpoolController
from tqdm import tqdm

from course_utils import layers as layers_module
from course_utils.layers import Array, Embedding, Layer, SparseGradient, check_count, sigmoid
from course_utils.text import Side, length_batches, pad_sequences

Gradient = Array | SparseGradient
Reviews = NDArray[Any] | Sequence[ArrayLike]  # one array of equal length, or rows of any length
BLOCK = 32_768  # numbers that an optimiser treats at a time: what the processor's cache holds


@cache
def _threads() -> ThreadpoolController:
    return ThreadpoolController()  # looking for the libraries takes a while: once is enough


def one_blas_thread() -> Any:
    """Keep matrix products on one core inside a `with` block; afterwards all is as before.

    The products of a recurrent net are small: cores that share one wait longer than they work.
    """
    return _threads().limit(limits=1, user_api="blas")


def binary_crossentropy(logits: Array, labels: Array) -> tuple[float, Array]:
    """Return the mean loss -log p(label) and its gradient, both (batch, 1) shaped inputs.

    The formula max(a, 0) - a y + log(1 + exp(-|a|)) never overflows.
    """
    losses = np.maximum(logits, 0) - logits * labels + np.log1p(np.exp(-np.abs(logits)))
    return float(losses.mean()), (sigmoid(logits) - labels) / labels.dtype.type(len(labels))


def global_norm(gradients: Sequence[Gradient]) -> float:
    """Return the length of all gradients laid end to end."""
    parts = [(g.values if isinstance(g, SparseGradient) else g).ravel() for g in gradients]
    return float(np.sqrt(sum(float(np.dot(part, part)) for part in parts)))


class Optimizer:
    """What all optimisers share: the learning rate, clipping, and room beside every weight.

    With `global_clipnorm`, gradients whose common length exceeds it are shortened to it.
    """

    slots: ClassVar[int] = 0  # arrays kept beside every weight

    def __init__(self, learning_rate: float, global_clipnorm: float | None = None) -> None:
        self.learning_rate = learning_rate
        self.global_clipnorm = global_clipnorm
        self.iterations = 0
        self._kept: list[list[Array]] = []
        self.check()

    def check(self) -> None:
        """Raise ValueError for settings that cannot work."""
        for name in ("learning_rate", "global_clipnorm"):
            value = getattr(self, name)
            if value is not None and not 0 < value < np.inf:
                raise ValueError(f"{name}={value}: expected a number above 0")

    def apply(self, gradients: Sequence[Gradient], weights: Sequence[Array]) -> None:
        """Update the weights in place; raise FloatingPointError instead if a gradient is not finite."""
        self.check()
        with np.errstate(over="ignore", invalid="ignore"):
            norm = global_norm(gradients)
        if not np.isfinite(norm):
            raise FloatingPointError(
                f"the gradients are not finite (their norm is {norm}): try a smaller learning_rate "
                f"than {self.learning_rate}, or global_clipnorm=1"
            )
        scale = 1.0 if self.global_clipnorm is None else min(1.0, self.global_clipnorm / max(norm, 1e-30))
        if not self._kept:
            self._kept = [[np.zeros_like(weight) for _ in range(self.slots)] for weight in weights]
        self.iterations += 1
        for gradient, weight, kept in zip(gradients, weights, self._kept, strict=True):
            if isinstance(gradient, SparseGradient):
                self.update(weight, gradient.rows, gradient.values * scale, *kept)
            else:
                self.update(weight, slice(None), gradient * scale, *kept)

    def update(self, weight: Array, rows: Any, g: Array, *kept: Array) -> None:
        """Change one weight; g is the gradient of weight[rows], that of all other rows is zero."""
        raise NotImplementedError


class SGD(Optimizer):
    """w <- w - learning_rate g; with momentum w <- w + v, v <- momentum v - learning_rate g."""

    slots = 1

    def __init__(
        self, learning_rate: float = 0.01, momentum: float = 0.0, global_clipnorm: float | None = None
    ) -> None:
        super().__init__(learning_rate, global_clipnorm)
        self.momentum = momentum

    def update(self, weight: Array, rows: Any, g: Array, *kept: Array) -> None:
        """Change one weight."""
        if self.momentum == 0:
            weight[rows] -= self.learning_rate * g
            return
        (v,) = kept
        v *= self.momentum
        v[rows] -= self.learning_rate * g
        weight += v


class RMSprop(Optimizer):
    """w <- w - learning_rate g / sqrt(v + epsilon), v <- rho v + (1 - rho) g²; Tieleman and Hinton (2012)."""

    slots = 1

    def __init__(
        self,
        learning_rate: float = 0.001,
        rho: float = 0.9,
        epsilon: float = 1e-7,
        global_clipnorm: float | None = None,
    ) -> None:
        super().__init__(learning_rate, global_clipnorm)
        self.rho, self.epsilon = rho, epsilon

    def update(self, weight: Array, rows: Any, g: Array, *kept: Array) -> None:
        """Change one weight."""
        (v,) = kept
        v *= self.rho
        v[rows] += (1 - self.rho) * g * g
        weight[rows] -= self.learning_rate * g / np.sqrt(v[rows] + self.epsilon)


class Adam(Optimizer):
    """w <- w - a m / (sqrt(v) + epsilon), a = learning_rate sqrt(1 - beta_2^t) / (1 - beta_1^t).

    m <- beta_1 m + (1 - beta_1) g and v <- beta_2 v + (1 - beta_2) g² are running means, and
    the powers with step t make up for their start at zero; Kingma and Ba (2015). Rows that a
    batch does not touch move on too, by what m remembers.
    """

    slots = 2

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        global_clipnorm: float | None = None,
    ) -> None:
        super().__init__(learning_rate, global_clipnorm)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def update(self, weight: Array, rows: Any, g: Array, *kept: Array) -> None:
        """Change one weight, one block that fits into the cache after the other."""
        m, v = kept  # both already decayed at the end of the step before
        t = self.iterations
        rate = float(self.learning_rate * np.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t))
        m[rows] += (1 - self.beta_1) * g
        v[rows] += (1 - self.beta_2) * g * g
        flat_weight, flat_m, flat_v = weight.reshape(-1), m.reshape(-1), v.reshape(-1)
        room = np.empty(min(BLOCK, weight.size), weight.dtype)
        for start in range(0, weight.size, BLOCK):
            block = slice(start, start + BLOCK)
            m, v = flat_m[block], flat_v[block]
            step = np.sqrt(v, out=room[: len(v)])
            step += self.epsilon
            np.divide(m, step, out=step)
            step *= rate
            flat_weight[block] -= step
            m *= self.beta_1
            v *= self.beta_2


class Sequential:
    """Layers one after the other, as in Keras; masks travel along.

    `seed` gives every layer without a seed of its own one. Example:

    >>> model = Sequential([layers_module.Embedding(100, 8, mask_zero=True), layers_module.LSTM(8),
    ...                     layers_module.Dense(1)], seed=0)
    >>> model.compile(Adam(learning_rate=0.01))
    >>> history = model.fit(np.array([[4, 5], [6, 0]]), np.array([0, 1]), epochs=2, verbose=False)
    """

    def __init__(self, layers: Sequence[Layer], seed: int | None = None) -> None:
        if not layers:
            raise ValueError("layers is empty: expected at least one layer")
        self.layers = list(layers)
        self.optimizer: Optimizer | None = None
        for layer, own_seed in zip(
            layers, np.random.default_rng(seed).integers(2**31, size=len(layers)), strict=True
        ):
            if seed is not None and layer.seed is None:
                layer.seed = int(own_seed)

    @property
    def weights(self) -> list[Array]:
        """All weights, layer by layer (empty before the first call)."""
        return [weight for layer in self.layers for weight in layer.weights]

    @property
    def gradients(self) -> list[Gradient]:
        """The gradients of the last `backward`, in the order of `weights`."""
        return [gradient for layer in self.layers for gradient in layer.gradients]

    def count_params(self) -> int:
        """Return how many numbers the model learns."""
        return sum(layer.count_params() for layer in self.layers)

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

    def compile(self, optimizer: Optimizer) -> None:
        """Choose the optimiser; the loss is always binary cross-entropy from logits."""
        self.optimizer = optimizer

    def forward(self, x: ArrayLike, training: bool = False) -> Array:
        """Return the output of the last layer for one batch."""
        y = np.asarray(x)
        if y.dtype.kind == "f" and not np.isfinite(y).all():
            raise ValueError("x holds numbers that are not finite (nan or inf): expected finite ones")
        mask = None
        for layer in self.layers:
            output = layer.forward(y, mask, training)
            y, mask = output, layer.compute_mask(y, mask)
        return y

    __call__ = forward

    def backward(self, dy: Array) -> None:
        """Fill `gradients`, from the gradient dy of the last output."""
        for layer in reversed(self.layers):
            dx = layer.backward(dy)
            if dx is not None:
                dy = dx

    def train_on_batch(self, x: ArrayLike, y: ArrayLike) -> dict[str, float]:
        """Make one training step; return the loss and accuracy before the update."""
        labels = check_labels(y, len(np.asarray(x)))
        with one_blas_thread():
            return self._step(x, labels)

    def _step(self, x: ArrayLike, labels: Array) -> dict[str, float]:
        if self.optimizer is None:
            raise ValueError("no optimizer chosen: call compile(Adam()) first")
        self.optimizer.check()
        with np.errstate(over="ignore", invalid="ignore"):  # looked at once, below
            logits = self.forward(x, training=True)
            result, dy = score(logits, labels)
            if not np.isfinite(result["loss"]):
                raise FloatingPointError(
                    f"the loss is {result['loss']} at step {self.optimizer.iterations + 1}: try a smaller "
                    f"learning_rate than {self.optimizer.learning_rate}, or global_clipnorm=1"
                )
            self.backward(dy)
            self.optimizer.apply(self.gradients, self.weights)
        return result

    def fit(
        self,
        x: Reviews,
        y: ArrayLike,
        batch_size: int = 32,
        epochs: int = 1,
        validation_data: tuple[Reviews, ArrayLike] | None = None,
        patience: int | None = None,
        padding: Side = "pre",
        seed: int | None = None,
        verbose: bool = True,
    ) -> dict[str, list[float]]:
        """Train; return loss and accuracy of every epoch, with `val_` in front those of `validation_data`.

        x is one array, (reviews, timesteps) or (reviews, timesteps, features), or a list of ids of
        any length: then reviews of similar length share a batch, padded on the side `padding`.
        With `patience` training ends after so many epochs without a lower validation loss, and
        the best weights come back. `seed` fixes the order of the reviews.
        """
        labels = check_labels(y, len(x))
        for reviews in (x, validation_data[0]) if validation_data else (x,):
            self._check_ids(reviews)
        if patience is not None and validation_data is None:
            raise ValueError(f"patience={patience} watches the validation loss: give validation_data=(x, y)")
        history: dict[str, list[float]] = {}
        rng = np.random.default_rng(seed)
        best, best_weights, waited = np.inf, self.get_weights(), 0
        for epoch in range(1, check_count("epochs", epochs) + 1):
            batches = make_batches(x, batch_size, rng)
            sums = dict.fromkeys(("loss", "accuracy"), 0.0)
            with one_blas_thread(), _bar(batches, f"epoch {epoch}/{epochs}", verbose) as bar:
                for done, rows in enumerate(bar, start=1):
                    for name, value in self._step(take(x, rows, padding), labels[rows]).items():
                        sums[name] += value * len(rows)
                    bar.set_postfix_str(f"loss {sums['loss'] / (done * batch_size):.4f}", refresh=False)
            record = {name: total / len(labels) for name, total in sums.items()}
            if validation_data is not None:
                scores = self.evaluate(*validation_data, padding=padding)
                record |= {f"val_{name}": value for name, value in scores.items()}
            for name, value in record.items():
                history.setdefault(name, []).append(value)
            if patience is None:
                continue
            if record["val_loss"] < best:
                best, best_weights, waited = record["val_loss"], self.get_weights(), 0
            else:
                waited += 1
            if waited >= max(patience, 1):
                break
        if patience is not None:
            self.set_weights(best_weights)
        return history

    def predict(self, x: Reviews, batch_size: int = 256, padding: Side = "pre") -> Array:
        """Return the model's output for every review, (reviews, 1): logits. `sigmoid` makes probabilities."""
        if not len(x):
            raise ValueError("x is empty: expected at least one review")
        self._check_ids(x)
        with one_blas_thread():
            batches = make_batches(x, batch_size)
            outputs = np.concatenate([self.forward(take(x, rows, padding)) for rows in batches])
        order = np.argsort(np.concatenate(batches))
        return np.asarray(outputs[order])

    def evaluate(
        self, x: Reviews, y: ArrayLike, batch_size: int = 256, padding: Side = "pre"
    ) -> dict[str, float]:
        """Return the mean loss and the accuracy over all reviews."""
        labels = check_labels(y, len(x))
        return score(self.predict(x, batch_size, padding), labels)[0]

    def _check_ids(self, x: Reviews) -> None:
        if isinstance(self.layers[0], Embedding):
            self.layers[0].check_ids(x if isinstance(x, np.ndarray) else np.concatenate([*x]))

    def save(self, path: str | PathLike[str]) -> None:
        """Write layers and weights into one .npz file, without the optimiser's state."""
        if not self.weights:
            raise ValueError("the model has no weights yet: call it, fit it or set_weights first")
        config = json.dumps([_describe(layer) for layer in self.layers])
        arrays = {f"weight_{i}": weight for i, weight in enumerate(self.weights)}
        with open(path, "wb") as file:
            np.savez(file, config=np.array(config), **arrays)  # type: ignore[arg-type]

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "Sequential":
        """Read a model that `save` wrote; nothing in the file is executed."""
        with np.load(path, allow_pickle=False) as file:
            if "config" not in file:
                raise ValueError(f"{path} holds no model: expected a file that Sequential.save wrote")
            model = cls([_make(description) for description in json.loads(str(file["config"]))])
            model.set_weights([file[f"weight_{i}"] for i in range(len(file.files) - 1)])
        return model


def score(logits: Array, labels: Array) -> tuple[dict[str, float], Array]:
    """Return loss and accuracy, and the gradient of the loss, for a model's output."""
    if logits.shape != (len(labels), 1):
        raise ValueError(
            f"the model's output has shape {logits.shape}: expected ({len(labels)}, 1); end with Dense(1)"
        )
    column = labels[:, None].astype(logits.dtype)
    loss, dy = binary_crossentropy(logits, column)
    return {"loss": loss, "accuracy": float(((logits > 0) == column).mean())}, dy


def check_labels(y: ArrayLike, count: int) -> Array:
    """Return labels as an array (count,); raise ValueError unless all are 0 or 1."""
    labels = np.asarray(y)
    layers_module.check_shape("y", labels, (count or "reviews",))
    wrong = np.flatnonzero((labels != 0) & (labels != 1))
    if wrong.size:
        raise ValueError(f"label {labels[wrong[0]]} at row {wrong[0]}: expected 0 or 1")
    return labels


def make_batches(
    x: Reviews, batch_size: int, rng: np.random.Generator | None = None
) -> list[NDArray[np.int64]]:
    """Return the rows of each batch, in random order with `rng`; rows of any length are grouped by length."""
    check_count("batch_size", batch_size)
    if not isinstance(x, np.ndarray):
        seed = None if rng is None else int(rng.integers(2**31))
        return length_batches([np.size(row) for row in x], batch_size, seed=seed)
    order = np.arange(len(x)) if rng is None else rng.permutation(len(x))
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]


def take(x: Reviews, rows: NDArray[np.int64], padding: Side = "pre") -> Array:
    """Return some reviews as one array."""
    return x[rows] if isinstance(x, np.ndarray) else pad_sequences([x[i] for i in rows], padding=padding)


def _bar(batches: Sequence[Any], title: str, verbose: bool) -> "tqdm[Any]":
    return tqdm(batches, title, file=sys.stdout, disable=not verbose)


def _describe(layer: Layer) -> dict[str, Any]:
    config = layer.get_config().items()
    return {"class": type(layer).__name__} | {
        key: _describe(value) if isinstance(value, Layer) else value for key, value in config
    }


def _make(description: dict[str, Any]) -> Layer:
    name = description.pop("class")
    kind = getattr(layers_module, name, None)
    if not (isinstance(kind, type) and issubclass(kind, Layer)):
        raise ValueError(f"the file names a layer {name!r}, which course_utils.layers does not have")
    config: dict[str, Any] = {
        key: _make(value) if isinstance(value, dict) else value for key, value in description.items()
    }
    return kind(**config)
