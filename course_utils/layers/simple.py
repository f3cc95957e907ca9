"""The layers without a loop: Dense, two kinds of dropout, and the largest of all timesteps."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from course_utils.checks import Array, check_choice, check_count
from course_utils.layers.base import Layer, Mask, Names, valid_places


class Dense(Layer):
    """``y = activation(x W + b)``, for x (batch, features) or (batch, timesteps, features).

    `activation` is None or "relu".
    """

    weight_names = ("kernel", "bias")
    config_names = ("units", "activation")
    kernel: Array  # W (features, units)
    bias: Array  # b (units,)

    def __init__(self, units: int, activation: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.units, self.activation = check_count("units", units), activation
        check_choice("activation", activation, (None, "relu"))

    def weight_shapes(self, features: int) -> list[tuple[int, ...]]:
        """Return the shapes of W and b."""
        return [(features, self.units), (self.units,)]

    def forward(self, x: ArrayLike, mask: Mask | None = None, training: bool = False) -> Array:
        """Return y, shaped like x but for the last axis, which becomes `units`."""
        x = self.prepare(x, *("batch", "timesteps")[: max(np.ndim(x) - 1, 1)]).copy()
        y = x @ self.kernel + self.bias
        if self.activation is None:
            return self.keep(y, (x, None))
        return self.keep(np.maximum(y, 0), (x, y > 0))

    def backward(self, dy: ArrayLike) -> Array:
        """Return dx; relu lets a gradient through where its output is above 0."""
        da, (x, above) = self.recall(dy)
        if above is not None:
            da = da * above
        flat = da.reshape(-1, self.units)
        self.gradients = [x.reshape(len(flat), -1).T @ flat, flat.sum(axis=0)]
        return da @ self.kernel.T


class Dropout(Layer):
    """Sets a share `rate` of the numbers to zero while training; Srivastava et al. (2014).

    The others grow by 1 / (1 - rate), so that their sum stays the same on average. `noise_shape`
    is the shape of the draws, None for a size of x: with (None, None, 1) whole words drop out.
    """

    config_names: Names = ("rate", "noise_shape")

    def __init__(self, rate: float, noise_shape: Sequence[int | None] | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.rate = rate
        self.noise_shape = None if noise_shape is None else list(noise_shape)
        if not 0 <= rate < 1:
            raise ValueError(f"rate={rate}: expected 0 or more and less than 1")

    def build(self, features: int) -> None:
        """Start the random draws."""
        self._rng = np.random.default_rng(self.seed)
        self.built = True

    def draw_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape of the draws for an x of this shape."""
        wanted = [None] * len(shape) if self.noise_shape is None else self.noise_shape
        drawn = tuple(size if want is None else want for want, size in zip(wanted, shape, strict=False))
        if len(wanted) != len(shape) or any(n not in (1, size) for n, size in zip(drawn, shape, strict=True)):
            raise ValueError(
                f"noise_shape={wanted} does not go with x of shape {shape}: expected None or 1 for every axis"
            )
        return drawn

    def forward(self, x: ArrayLike, mask: Mask | None = None, training: bool = False) -> Array:
        """Return x itself, or while training x with zeros in it."""
        x = self.prepare(x, *("batch", "timesteps")[: max(np.ndim(x) - 1, 1)])
        if not training:
            return self.keep(x, self.dtype.type(1))
        kept = self._rng.random(self.draw_shape(x.shape), np.float32) >= self.rate
        factor = kept / self.dtype.type(1 - self.rate)
        return self.keep(x * factor, factor)

    def backward(self, dy: ArrayLike) -> Array:
        """Send gradients back through the numbers that were kept."""
        dy, factor = self.recall(dy)
        return np.asarray(dy * factor)


class SpatialDropout1D(Dropout):
    """Drops whole features for all timesteps, as `dropout=` of Keras's recurrent layers does.

    Gal and Ghahramani (2016), "A theoretically grounded application of dropout in RNNs".
    """

    config_names = ("rate",)

    def __init__(self, rate: float, **options: Any) -> None:
        super().__init__(rate, noise_shape=(None, 1, None), **options)


class GlobalMaxPooling1D(Layer):
    """Maximum over the timesteps that are no padding: (batch, timesteps, features) -> (batch, features).

    Keras's layer of this name reads padding too. A review that is all padding gives zeros.
    """

    def compute_mask(self, x: Array, mask: Mask | None = None) -> Mask | None:
        """Return None: no timesteps are left."""
        return None

    def forward(self, x: ArrayLike, mask: Mask | None = None, training: bool = False) -> Array:
        """Return the largest number of each feature."""
        x = self.prepare(x, "batch", "timesteps")
        valid = valid_places(mask, x)
        highest = np.where(valid, x, self.dtype.type(-np.inf)).max(axis=1)  # (batch, features)
        there = (x == highest[:, None]) & valid
        # Timesteps that tie share the gradient, as in TensorFlow.
        share = there / np.maximum(there.sum(axis=1, keepdims=True), 1).astype(self.dtype)
        return self.keep(np.where(valid.any(axis=1), highest, self.dtype.type(0)), share)

    def backward(self, dy: ArrayLike) -> Array:
        """Give dy to the timesteps at the maximum."""
        dy, share = self.recall(dy)
        return np.asarray(dy[:, None] * share)
