"""Layers in a row, each by its fast twin where it has one; the twins share the plain layers' weights.

Saves: with columns from layer to layer (see `recurrent`), no array is turned round between them.
"""

import copy
from collections.abc import Sequence
from functools import cache
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from course_utils import layers
from course_utils.checks import Array, check_numbers, check_shape
from course_utils.fast.recurrent import FastGRU, FastLSTM, FastRecurrent, FastSimpleRNN
from course_utils.fast.words import Words, spread, words_or_places


def as_rows(columns: Array) -> Array:
    """(timesteps, features, batch) -> (batch, timesteps, features), or (features, batch) -> its transpose."""
    return columns.transpose(2, 0, 1) if columns.ndim == 3 else columns.T


def as_columns(rows: Array) -> Array:
    """The way back from `as_rows`."""
    return rows.transpose(1, 2, 0) if rows.ndim == 3 else rows.T


class FastEmbedding:
    """Looks up each word of half a batch once; leaves a SparseGradient of each half."""

    def __init__(self, layer: layers.Embedding, weights: Sequence[Array]) -> None:
        self.table = weights[0]
        self.gradients: list[Any] = []
        self._words: list[Words] = []

    def forward(self, ids: Array, mask: Array | None, halves: Sequence[slice]) -> list[Words]:
        """Take ids (batch, timesteps), which are checked before."""
        self._words, self._halves = [Words.of(ids[half], self.table) for half in halves], halves
        return self._words

    def backward(self, dy: Any, wanted: bool = False) -> None:
        """Take the gradient of each word, or columns."""
        if isinstance(dy, np.ndarray):
            flat = [dy[..., half].swapaxes(1, 2).reshape(-1, dy.shape[1]) for half in self._halves]
            dy = [words.sums(one) for words, one in zip(self._words, flat, strict=True)]
        self.gradients = [
            [layers.SparseGradient(words.rows, one, self.table.shape)]
            for words, one in zip(self._words, dy, strict=True)
        ]
        self.forget()

    def forget(self) -> None:
        """Let go of what `backward` needs."""
        self._words = []


class FastBidirectional:
    """One twin for each way."""

    def __init__(self, layer: layers.Bidirectional, weights: Sequence[Array]) -> None:
        of, n = TWINS[type(layer.layer)], len(weights) // 2
        self.layer = layer.layer
        self.ways: list[Any] = [of(layer.forward_layer, weights[:n]), of(layer.backward_layer, weights[n:])]

    def forward(self, x: Any, mask: Array | None, halves: Sequence[slice]) -> Array:
        """Read x both ways."""
        x = words_or_places(x, self.ways[0].weights[0])
        y, y_back = (way.forward(x, mask, halves) for way in self.ways)
        return np.concatenate([y, self.turned(y_back)], axis=-2)

    def backward(self, dy: Array, wanted: bool = True) -> Any:
        """Give each way its part of dy."""
        n = self.layer.units
        dx = self.ways[0].backward(dy[..., :n, :], wanted)
        dx_back = self.ways[1].backward(self.turned(dy[..., n:, :]), wanted)
        self.gradients = [a + b for a, b in zip(*(way.gradients for way in self.ways), strict=True)]
        if not wanted:
            return None
        return [a + b for a, b in zip(dx, dx_back, strict=True)] if isinstance(dx, list) else dx + dx_back

    def turned(self, y: Array) -> Array:
        """Turn outputs of the backward way round in time."""
        return y[::-1] if self.layer.return_sequences else y

    def forget(self) -> None:
        """Let go of what `backward` needs."""
        for way in self.ways:
            way.forget()


class FastDropout:
    """Draws columns; each half has a stream of its own, fixed by the number `seed` and the half."""

    def __init__(self, layer: layers.Dropout, weights: Sequence[Array]) -> None:
        self.layer = layer
        self.gradients: list[Any] = []
        self.seed: int | None = None  # None: not training

    def forward(self, x: Array, mask: Array | None, halves: Sequence[slice], first: int = 0) -> Array:
        """Return x, or while training x with zeros in it; `first` is the number of the first half."""
        self._factor: Array | None = None
        if self.seed is None:
            return x
        factors = []
        for k, half in enumerate(halves, start=first):
            shape = self.layer.draw_shape(as_rows(x[..., half]).shape)
            drawn = np.random.default_rng([self.seed, k]).random((*shape[1:], shape[0]), np.float32)
            factors.append((drawn >= self.layer.rate) / x.dtype.type(1 - self.layer.rate))
        self._factor = (
            factors[0]
            if len(factors) == 1
            else np.concatenate(
                [
                    np.broadcast_to(f, (*f.shape[:-1], x[..., half].shape[-1]))
                    for f, half in zip(factors, halves, strict=True)
                ],
                axis=-1,
            )
        )
        return x * self._factor

    def backward(self, dy: Array, wanted: bool = True) -> Array:
        """Send gradients back through the numbers that were kept."""
        return dy if self._factor is None else dy * self._factor

    def forget(self) -> None:
        """Let go of what `backward` needs."""
        self._factor = None


class FastMaxPooling:
    """The largest of all timesteps, over the first axis."""

    def __init__(self, layer: layers.GlobalMaxPooling1D, weights: Sequence[Array]) -> None:
        self.gradients: list[Any] = []
        self._there: Any = None

    def forward(self, x: Array, mask: Array | None, halves: Sequence[slice]) -> Array:
        """(timesteps, features, batch) -> (features, batch)."""
        zero = x.dtype.type(0)
        if mask is None or mask.all():
            y = x.max(axis=0)
            self._there = x == y
        else:
            y = np.where(mask[:, None], x, x.dtype.type(-np.inf)).max(axis=0)
            self._there = (x == y) & mask[:, None]
            y = np.where(mask.any(axis=0), y, zero)
        return np.asarray(y)

    def backward(self, dy: Array, wanted: bool = True) -> Array:
        """Give dy to the timesteps at the maximum; those that tie share it."""
        count = np.maximum(self._there.sum(axis=0), 1).astype(dy.dtype)
        dx: Array = self._there * (dy / count)
        self.forget()
        return dx

    def forget(self) -> None:
        """Let go of what `backward` needs."""
        self._there = None


class Itself:
    """A layer without a twin: a copy of the plain layer for each half, on the same weights."""

    def __init__(self, layer: layers.Layer, weights: Sequence[Array]) -> None:
        self.layer, self.weights = layer, weights
        self.training = False
        self._copies: list[layers.Layer] = []

    def forward(self, x: Any, mask: Array | None, halves: Sequence[slice]) -> Array:
        """Take rows out of the columns, and make columns of what comes."""
        self._halves, self._copies, ys = halves, [], []
        for half in halves:
            one = self.layer
            if type(one) is layers.Dense and is_known(one):
                one = copy.copy(one)
                one.built = True
                for name, weight in zip(one.weight_names, self.weights, strict=True):
                    setattr(one, name, weight)
            rows = x[half] if x.dtype.kind in "iu" else np.ascontiguousarray(as_rows(x[..., half]))
            ys.append(as_columns(one.forward(rows, None if mask is None else mask[:, half].T, self.training)))
            self._copies.append(one)
        return ys[0] if len(ys) == 1 else np.concatenate(ys, axis=-1)

    def backward(self, dy: Array, wanted: bool = True) -> Any:
        """Ask each copy."""
        dxs = [
            one.backward(np.ascontiguousarray(as_rows(dy[..., half])))
            for one, half in zip(self._copies, self._halves, strict=True)
        ]
        self.gradients = [one.gradients for one in self._copies]
        self.forget()
        if not wanted or dxs[0] is None:
            return None
        return np.concatenate([as_columns(dx) for dx in dxs], axis=-1)

    def forget(self) -> None:
        """Let go of what `backward` needs."""
        self._copies = []


TWINS: dict[type, Any] = {
    layers.Embedding: FastEmbedding,
    layers.SimpleRNN: FastSimpleRNN,
    layers.LSTM: FastLSTM,
    layers.GRU: FastGRU,
    layers.Bidirectional: FastBidirectional,
    layers.Dropout: FastDropout,
    layers.SpatialDropout1D: FastDropout,
    layers.GlobalMaxPooling1D: FastMaxPooling,
}
KNOWN = (*TWINS, layers.Dense)


def twin_of(layer: layers.Layer, weights: Sequence[Array]) -> Any:
    """Return the twin of a layer, or `Itself`: of a subclass, and where somebody replaced its methods."""
    inner = layer.layer if isinstance(layer, layers.Bidirectional) else layer
    known = is_known(layer) and is_known(inner)
    return (TWINS.get(type(layer), Itself) if known else Itself)(layer, weights)


def build(stack: Sequence[layers.Layer], x: Array) -> None:
    """Let layers that have no weights yet make them, by reading the first row of x."""
    if not all(layer.built for layer in stack):
        y: Any = x[:1]
        for layer in stack:
            y = layer.forward(y)
            layer.forget()


def is_known(layer: layers.Layer) -> bool:
    """Return whether this is a layer of the course itself: no subclass, no method replaced."""
    own = [value for value in vars(layer).values() if callable(value) and not isinstance(value, layers.Layer)]
    return type(layer) in KNOWN and not own


@cache
def columns_are_alike(shape: tuple[int, int], middle: int, batch: int, dtype: str) -> bool:
    """Return whether a product's columns are the same, to the last bit, for half the columns and for all.

    That depends on the library of matrix products; for all we know it is so, but nothing promises it.
    """
    rng = np.random.default_rng(0)
    for weight in (rng.normal(size=shape).astype(dtype), rng.normal(size=shape[::-1]).astype(dtype)):
        x = rng.normal(size=(1, weight.shape[1], batch)).astype(dtype)
        parts = [np.ascontiguousarray(x[..., :middle]), np.ascontiguousarray(x[..., middle:])]
        for product in (np.matmul, lambda one, other: one.dot(other[0])[None]):
            alone = [np.tanh(product(weight, part)) for part in parts if part.size]
            if (np.concatenate(alone, axis=-1) != np.tanh(product(weight, x))).any():
                return False
    return True


class Stack:
    """The twins of layers in a row: `forward` and `backward` as of the layers, some times faster.

    Takes and gives what the layers do: ids (batch, timesteps) or numbers (batch, timesteps, features).
    `weights` are the layers' own arrays; `gradients` are theirs too, after `backward`.
    """

    def __init__(
        self, stack: Sequence[layers.Layer], weights: Sequence[Sequence[Array]] | None = None
    ) -> None:
        self.layers = list(stack)
        self._on: list[Array] = []  # the arrays that the twins work on
        self.twins: list[Any] = []
        if weights is not None:
            self.make_twins(weights)

    def make_twins(self, weights: Sequence[Sequence[Array]]) -> None:
        """Make the twins on these arrays."""
        self._on = [weight for of_layer in weights for weight in of_layer]
        self.twins = [twin_of(*pair) for pair in zip(self.layers, weights, strict=True)]

    def same_alone(self, halves: Sequence[slice], dtype: str) -> bool:
        """Return whether each half comes out the same, to the last bit, in one loop or alone."""
        ways = [way for twin in self.twins for way in getattr(twin, "ways", [twin])]
        if halves[1].start == halves[1].stop:
            return True
        shapes = {
            weight.shape for way in ways if isinstance(way, FastRecurrent) for weight in way.weights[:2]
        }
        return all(columns_are_alike(shape, halves[0].stop, halves[1].stop, dtype) for shape in shapes)

    @property
    def weights(self) -> list[Array]:
        """The layers' own weights."""
        return [weight for layer in self.layers for weight in layer.weights]

    @property
    def gradients(self) -> list[Any]:
        """The gradients of the last `backward`, in the order of `weights`."""
        return [gradient for layer in self.layers for gradient in layer.gradients]

    def columns(
        self,
        x: Array,
        training: bool,
        halves: Sequence[slice],
        first: int = 0,
        mask: Any = None,
        keep: bool = True,
    ) -> Array:
        """Go through the twins; return columns. Without `keep`, nothing stays for a way back."""
        y: Any = x if x.dtype.kind in "iu" else as_columns(x)
        for layer, twin, after in zip(self.layers, self.twins, [*self.twins[1:], None], strict=True):
            if isinstance(twin, FastEmbedding):
                mask_after = layer.compute_mask(x)
                mask_after = None if mask_after is None else mask_after.T
            elif isinstance(twin, Itself):
                twin.training = training
                mask_after = layer.compute_mask(
                    as_rows(y) if y.dtype.kind == "f" else y, None if mask is None else mask.T
                )
                mask_after = None if mask_after is None else mask_after.T
            else:
                mask_after = layer.compute_mask(y, mask)
            y = (
                twin.forward(y, mask, halves, first)
                if isinstance(twin, FastDropout)
                else twin.forward(y, mask, halves)
            )
            if isinstance(twin, FastEmbedding) and not isinstance(after, FastRecurrent | FastBidirectional):
                y = spread(y)
            mask = mask_after
            if not keep:
                twin.forget()
        return np.asarray(y)

    def columns_back(self, dy: Any, wanted: bool = False) -> Any:
        """Go back through the twins, which then hold the gradients of each half; return dx if wanted."""
        for k, twin in reversed(list(enumerate(self.twins))):
            dy = twin.backward(dy, k > 0 or wanted)
        return dy

    def dropouts(self) -> list[FastDropout]:
        """Return the twins that draw."""
        return [twin for twin in self.twins if isinstance(twin, FastDropout)]

    def seed_dropouts(self, seeds: Sequence[int]) -> None:
        """Give each dropout the number that fixes its draws; without numbers they let all pass."""
        for k, twin in enumerate(self.dropouts()):
            twin.seed = seeds[k] if seeds else None

    def draw_seeds(self) -> list[int]:
        """Draw such numbers, from the layers' own streams."""
        return [int(twin.layer._rng.integers(2**53)) for twin in self.dropouts()]

    def forward(self, x: ArrayLike, mask: Any = None, training: bool = False, keep: bool = True) -> Array:
        """Return the output of the last layer for one batch; without `keep` there is no way back from it."""
        x = np.asarray(x)
        if isinstance(self.layers[0], layers.Embedding):
            check_shape("ids", x, ("batch", "timesteps"))
            self.layers[0].check_ids(x)
        else:
            x = check_numbers("x", x, self.layers[0].dtype)
        build(self.layers, x)
        if not self.twins or any(a is not b for a, b in zip_longest(self._on, self.weights)):
            self.make_twins([layer.weights for layer in self.layers])
        self.seed_dropouts(self.draw_seeds() if training else [])
        mask = None if mask is None else np.asarray(mask, bool).T
        return as_rows(self.columns(x, training, [slice(0, len(x))], mask=mask, keep=keep))

    __call__ = forward

    def backward(self, dy: ArrayLike, wanted: bool = False) -> Any:
        """Leave the gradients in the layers, from the gradient dy of the last output; return dx if wanted."""
        dx = self.columns_back(as_columns(np.asarray(dy, self.layers[-1].dtype)), wanted)
        for layer, twin in zip(self.layers, self.twins, strict=True):
            layer.gradients = twin.gradients[0] if twin.gradients else []
        return as_rows(dx) if isinstance(dx, np.ndarray) else None

    def forget(self) -> None:
        """Let go of what `backward` needs."""
        for twin in self.twins:
            twin.forget()
