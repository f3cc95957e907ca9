"""What all layers share: weights and their first values, the exchange with Keras, checks of what comes in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from course_utils.checks import Array, check_choice, check_numbers, check_shape

Mask = NDArray[np.bool_]
Names = tuple[str, ...]


@dataclass
class SparseGradient:
    """Gradient of a table of which a batch touched few rows; that of all others is zero."""

    rows: NDArray[np.int64]  # (touched,), every row once, ascending
    values: Array  # (touched, features)
    shape: tuple[int, ...]  # of the whole table

    def to_dense(self) -> Array:
        """Return the gradient of the whole table."""
        dense = np.zeros(self.shape, self.values.dtype)
        dense[self.rows] = self.values
        return dense


def glorot_uniform(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw weights that keep the variance of signals; Glorot and Bengio (2010)."""
    limit = np.sqrt(6 / sum(shape))
    return rng.uniform(-limit, limit, shape)


def orthogonal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw weights that keep the length of vectors; Saxe, McClelland and Ganguli (2014)."""
    q, r = np.linalg.qr(rng.standard_normal((max(shape), min(shape))))
    q = q * np.sign(np.diag(r))  # makes every rotation equally likely
    return q if shape[0] >= shape[1] else q.T


def sigmoid(a: ArrayLike) -> Array:
    """Return ``1 / (1 + exp(-a))`` as ``(1 + tanh(a / 2)) / 2``, which never overflows."""
    return np.asarray(0.5 * np.tanh(0.5 * np.asarray(a)) + 0.5)


class Layer:
    """What all layers share: weights, their first values and the exchange with Keras.

    `dtype` is "float32" or "float64". `seed` fixes the first weights (and what a dropout
    draws). The weights are made at the first call, when the number of features is known,
    or by `build` or `set_weights`.
    """

    weight_names: Names = ()
    config_names: Names = ()  # arguments, also kept as attributes of that name

    def __init__(self, dtype: DTypeLike = "float32", seed: int | None = None) -> None:
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        check_choice("dtype", self.dtype.name, ("float32", "float64"))
        self.seed = seed
        self.built = False
        self.gradients: list[Array | SparseGradient] = []  # in the order of `weights`
        self.output_shape: tuple[int, ...] = ()  # of the last call
        self._kept: Any = None  # what `backward` needs of the last call

    def weight_shapes(self, features: int) -> list[tuple[int, ...]]:
        """Return the shape of every weight, in Keras's order."""
        return []

    def initial_weight(self, name: str, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        """Draw Keras's default: Glorot uniform, orthogonal for the recurrent kernel, zeros for a bias."""
        draw = {"kernel": glorot_uniform, "recurrent_kernel": orthogonal}.get(name)
        return draw(rng, shape) if draw else np.zeros(shape)

    def build(self, features: int) -> None:
        """Make the weights for inputs with this many features."""
        rng = np.random.default_rng(self.seed)
        for name, shape in zip(self.weight_names, self.weight_shapes(features), strict=True):
            setattr(self, name, self.initial_weight(name, shape, rng).astype(self.dtype, order="C"))
        self.built = True

    @property
    def weights(self) -> list[Array]:
        """The weights themselves, to be changed in place only; empty before the layer is built."""
        return [getattr(self, name) for name in self.weight_names] if self.built else []

    def get_weights(self) -> list[Array]:
        """Return copies of the weights, in Keras's order."""
        return [weight.copy() for weight in self.weights]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Take over weights, for instance from `get_weights()` of a Keras layer.

        Raises ValueError for a wrong number or shape; then nothing is changed.
        """
        names = self.weight_names
        if len(weights) != len(names):
            raise ValueError(f"weights has {len(weights)} arrays: expected {len(names)} ({', '.join(names)})")
        if not names:
            return
        new = [check_numbers(*pair, self.dtype) for pair in zip(names, weights, strict=True)]
        features = (self.weights[0] if self.built else np.atleast_1d(new[0])).shape[0]
        for name, weight, shape in zip(names, new, self.weight_shapes(features), strict=True):
            check_shape(name, weight, shape)
        if not self.built:
            self.build(features)
        for old, weight in zip(self.weights, new, strict=True):
            old[...] = weight

    def count_params(self) -> int:
        """Return how many numbers the layer learns."""
        return sum(weight.size for weight in self.weights)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make a layer like this one.

        Saved models hold these names and values, and the code of a scoreboard run is made of them
        (`System.recipe`): to rename an argument, add one or take one away, or to change a default,
        makes every stored run invalid, which costs more than an hour of training.
        """
        config = {name: getattr(self, name) for name in self.config_names}
        return config | {"dtype": self.dtype.name, "seed": self.seed}

    def compute_mask(self, x: Array, mask: Mask | None = None) -> Mask | None:
        """Return the mask (batch, timesteps) that goes with the layer's output, or None."""
        return mask

    def forward(self, x: ArrayLike, mask: Mask | None = None, training: bool = False) -> Array:
        """Return the layer's output; raise ValueError for an x or a mask that does not fit."""
        raise NotImplementedError

    def backward(self, dy: ArrayLike) -> Any:
        """Return dx for the last `forward`; leave the gradients of the weights in `gradients`.

        Raises ValueError for a dy of another shape than the last output, and where there was none.
        """
        raise NotImplementedError

    def __call__(
        self, x: ArrayLike, mask: Mask | None = None, training: bool = False, **options: Any
    ) -> Array:
        """Return the output, as `forward` does."""
        return self.forward(x, mask, training, **options)

    def prepare(self, x: ArrayLike, *axes: str) -> Array:
        """Return x in the layer's dtype, after a check of its axes; build if need be."""
        self.forget()  # if this x is refused, there is nothing to go back from
        array = check_numbers("x", x, self.dtype)
        check_shape("x", array, (*axes, self.weights[0].shape[0] if self.weights else "features"))
        if not self.built:
            self.build(array.shape[-1])
        return array

    def keep(self, y: Array, kept: Any) -> Array:
        """Note what `backward` will need of this call; return its output y."""
        self._kept, self.output_shape = kept, y.shape
        return y

    def forget(self) -> None:
        """Let go of what is kept for `backward`: the memory of a batch."""
        self._kept = None

    def recall(self, dy: ArrayLike) -> tuple[Array, Any]:
        """Return dy, after a check that it fits the last output, and what `forward` kept."""
        if self._kept is None:
            raise ValueError(f"backward of {type(self).__name__} needs a call of forward first")
        array = check_numbers("dy", dy, self.dtype)
        check_shape("dy", array, self.output_shape)
        return array, self._kept


def valid_places(mask: ArrayLike | None, x: Array) -> Mask:
    """Return True where x (batch, timesteps, features) is no padding, (batch, timesteps, 1)."""
    valid = np.ones(x.shape[:2], bool) if mask is None else np.asarray(mask, bool)
    check_shape("mask", valid, x.shape[:2])
    return valid[:, :, None]
