"""The layers of the course in NumPy alone: `forward` beside `backward`.

Names of arguments, meaning and weight layout are those of Keras, so that `get_weights()`
and `set_weights()` cross over in both directions. One timestep of the simplest layer is

    h_t = tanh(x_t W + h_{t-1} U + b)

with `kernel` W (features, units), `recurrent_kernel` U (units, units) and `bias` b (units,).
Arrays are (batch, timesteps, features) outside. Inside a recurrent layer time comes first and
a review is a column, (timesteps, units, batch): so every timestep and every gate is one block
of memory, and the formula reads h_t = tanh(Wᵀ x_t + Uᵀ h_{t-1} + b). What does not need the step
before is made for many timesteps at once, outside the loop, and on the second core where that
pays. Inside the loop every call counts: `np.add(a, b, c)` writes a + b into c, and `U.dot(h, c)`
writes U h into c.

`backward` takes dy, the gradient of the loss with respect to the output of the last `forward`,
leaves the gradients of the weights in `gradients` and returns dx. What both keep in memory
grows with batch x timesteps x (features + units), no faster.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass, replace
from functools import cache, partial, reduce
from itertools import chain, pairwise
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from course_utils.checks import Array as Array
from course_utils.checks import check_choice as check_choice
from course_utils.checks import check_count as check_count
from course_utils.checks import check_shape as check_shape

Mask = NDArray[np.bool_]
LARGE = 2**25  # with so many multiplications (places x features x columns) a second core pays
PARTS = 4  # then the timesteps are cut into so many parts
WIDE = 2048  # with so many numbers a step (units x batch) it pays for the second direction
A = TypeVar("A")  # whatever some work returns
B = TypeVar("B")


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


@dataclass
class Words:
    """The words of a batch, each of them once: what an Embedding hands to a recurrent layer.

    A word's product with W is the same wherever it stands, and a batch has fewer words than places.
    So, where that is faster, the layer multiplies each word once; and on the way back it first adds
    up the gradients of all places of a word, then multiplies the sum.
    """

    rows: NDArray[np.int64]  # (words,), their ids, ascending
    vectors: Array  # (words, features), or the gradient of these
    place: NDArray[np.int64]  # (timesteps, batch), which of the words stands there

    @classmethod
    def of(cls, ids: NDArray[Any], table: Array) -> "Words":
        """Look up the words of ids (batch, timesteps) in a table (all words, features)."""
        order, rows, count = side_by_side(ids.T.ravel(), len(table))
        place = np.empty(len(order), np.int64)
        place[order] = np.repeat(np.arange(len(rows)), count)
        return cls(rows, table.take(rows, axis=0), place.reshape(ids.T.shape))

    def __add__(self, other: "Words") -> "Words":
        """Add up the vectors of the same words."""
        return replace(self, vectors=self.vectors + other.vectors)

    def spread(self) -> Array:
        """Return the vector of every place, (batch, timesteps, features)."""
        return self.vectors.take(self.place, axis=0).swapaxes(0, 1)

    def sums(self, values: Array, part: slice = slice(None)) -> SparseGradient:
        """Add up by word the rows of `values`, one for each place of the timesteps `part`.

        Row i of the result belongs to word `rows[i]` of the result, counted as in `vectors`.
        """
        words, sums = sum_by_id(self.place[part].ravel(), values, len(self.rows))
        return SparseGradient(words, sums, (len(self.rows), values.shape[1]))


def sum_by_id(ids: NDArray[Any], values: Array, size: int) -> tuple[NDArray[np.int64], Array]:
    """Add up the rows of `values` that have the same id; return each id once, ascending, and the sums.

    All ids are below `size`.
    """
    order, words, count = side_by_side(ids, size)
    values = values.take(order, axis=0)
    if values.shape[1] <= 8:  # feature by feature, which is faster for few
        word = np.repeat(np.arange(len(words)), count)
        sums = np.stack([np.bincount(word, feature) for feature in values.T], axis=1)
        return words, sums.astype(values.dtype)
    # Of every word at once: the second occurrence to the first, the fourth to the third, and so
    # on; then the third to the first ...; so a word that occurs n times takes log2(n) rounds.
    first = np.cumsum(count) - count
    occurrence = np.arange(len(order)) - np.repeat(first, count)
    left, k = np.repeat(count, count) - occurrence, 1
    i = np.flatnonzero((occurrence % 2 == 0) & (left > 1))
    while i.size:
        values[i] = values.take(i, axis=0) + values.take(i + k, axis=0)
        k *= 2
        i = i[(occurrence[i] % (2 * k) == 0) & (left[i] > k)]
    return words, values.take(first, axis=0)


def side_by_side(
    ids: NDArray[Any], size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return an order in which equal ids stand side by side, each id once, and how often it occurs."""
    ids = ids.astype(np.uint16 if size <= 2**16 else np.int64)  # NumPy sorts 16 bits much faster
    order = np.argsort(ids, kind="stable")
    ascending = ids.take(order)
    # Where in this order each id stands last.
    last = np.append(np.flatnonzero(ascending[1:] != ascending[:-1]), len(ids) - 1)
    count = last + 1
    count[1:] -= count[:-1].copy()
    return order, ascending.take(last).astype(np.int64), count


def glorot_uniform(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw weights that keep the variance of signals; Glorot and Bengio (2010)."""
    limit = np.sqrt(6 / sum(shape))
    return rng.uniform(-limit, limit, shape)


def orthogonal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw weights that keep the length of vectors; Saxe, McClelland and Ganguli (2014)."""
    q, r = np.linalg.qr(rng.standard_normal((max(shape), min(shape))))
    q *= np.sign(np.diag(r))  # makes every rotation equally likely
    return q if shape[0] >= shape[1] else q.T


def sigmoid(a: ArrayLike) -> Array:
    """Return 1 / (1 + exp(-a)) as (1 + tanh(a / 2)) / 2, which never overflows."""
    return np.asarray(0.5 * np.tanh(0.5 * np.asarray(a)) + 0.5)


def flush(array: Array) -> None:
    """Set numbers to zero that are so small that processors are very slow with them.

    Gradients that vanish end among these "subnormal" numbers. The limit, about 1e-31 in
    float32, is far below what a sum of gradients can feel.
    """
    array[np.abs(array) < _smallest(array.dtype)] = 0


@cache
def _smallest(dtype: np.dtype[Any]) -> Any:
    return np.finfo(dtype).tiny / np.finfo(dtype).eps


class Layer:
    """What all layers share: weights, their first values and the exchange with Keras.

    `dtype` is "float32" or "float64". `seed` fixes the first weights (and what a dropout
    draws). The weights are made at the first call, when the number of features is known,
    or by `build` or `set_weights`.
    """

    weight_names: tuple[str, ...] = ()
    config_names: tuple[str, ...] = ()  # arguments, also kept as attributes of that name
    return_state = False

    def __init__(self, dtype: DTypeLike = "float32", seed: int | None = None) -> None:
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        check_choice("dtype", self.dtype.name, ("float32", "float64"))
        self.seed = seed
        self.built = False
        self.gradients: list[Array | SparseGradient] = []  # in the order of `weights`
        self.states: list[Array] = []  # last states of the last call, of a recurrent layer
        self.output_shape: tuple[int, ...] | None = None  # of the last call

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
        names, new = self.weight_names, [np.asarray(weight, self.dtype) for weight in weights]
        if len(new) != len(names):
            raise ValueError(f"weights has {len(new)} arrays: expected {len(names)} ({', '.join(names)})")
        if not names:
            return
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
        """Return the arguments that make a layer like this one."""
        config = {name: getattr(self, name) for name in self.config_names}
        return config | {"dtype": self.dtype.name, "seed": self.seed}

    def compute_mask(self, x: Array, mask: Mask | None = None) -> Mask | None:
        """Return the mask (batch, timesteps) that goes with the layer's output, or None."""
        return mask

    def forward(self, x: ArrayLike, mask: Mask | None = None, training: bool = False) -> Array:
        """Return the layer's output."""
        raise NotImplementedError

    def backward(self, dy: Any) -> Any:
        """Return dx for the last `forward`; leave the gradients of the weights in `gradients`."""
        raise NotImplementedError

    def __call__(self, x: ArrayLike, mask: Mask | None = None, training: bool = False, **options: Any) -> Any:
        """Return the output, or with `return_state` a list of output and states, as Keras does."""
        y = self.forward(x, mask, training, **options)
        return [y, *self.states] if self.return_state else y

    def prepare(self, x: ArrayLike, *axes: str) -> Array:
        """Return x in the layer's dtype, after a check of its shape (*axes, features); build if need be."""
        array = np.asarray(x, self.dtype)
        check_shape("x", array, (*axes, self.weights[0].shape[0] if self.weights else "features"))
        if not self.built:
            self.build(array.shape[-1])
        return array

    def check_gradient(self, dy: ArrayLike) -> Array:
        """Return dy in the layer's dtype, after a check that it has the shape of the last output."""
        if self.output_shape is None:
            raise ValueError(f"backward of {type(self).__name__} needs a call of forward first")
        array = np.asarray(dy, self.dtype)
        check_shape("dy", array, self.output_shape)
        return array


class Embedding(Layer):
    """A table with one row of numbers for every id.

    Takes ids (batch, timesteps), returns vectors (batch, timesteps, output_dim). With
    `mask_zero` the id 0 is padding. Raises ValueError for ids outside the table.
    """

    weight_names = ("embeddings",)
    config_names = ("input_dim", "output_dim", "mask_zero")
    embeddings: Array  # (input_dim, output_dim)

    def __init__(self, input_dim: int, output_dim: int, mask_zero: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.input_dim = check_count("input_dim", input_dim)
        self.output_dim = check_count("output_dim", output_dim)
        self.mask_zero = mask_zero

    def weight_shapes(self, features: int) -> list[tuple[int, ...]]:
        """Return the shape of the table."""
        return [(self.input_dim, self.output_dim)]

    def initial_weight(self, name: str, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        """Draw small uniform numbers, as Keras does."""
        return np.asarray(rng.uniform(-0.05, 0.05, shape))

    def compute_mask(self, x: Array, mask: Mask | None = None) -> Mask | None:
        """Return True for every id but 0, where `mask_zero` asks for it."""
        return np.asarray(np.not_equal(x, 0)) if self.mask_zero else None

    def check_ids(self, ids: Array) -> None:
        """Raise ValueError for ids that the table does not have, or that are no whole numbers."""
        if not np.issubdtype(ids.dtype, np.integer):
            raise ValueError(f"ids are {ids.dtype}: expected whole numbers (int32 or int64)")
        for extreme in (ids.min(), ids.max()):
            if not 0 <= extreme < self.input_dim:
                size = self.input_dim
                raise ValueError(f"id {extreme} is not in the table of {size} rows: expected 0 to {size - 1}")

    def forward(self, x: ArrayLike, mask: Mask | None = None, training: bool = False) -> Array:
        """Look up every id."""
        self._ids = self.prepare_ids(x)
        return self.embeddings.take(self._ids.T, axis=0).swapaxes(0, 1)  # timesteps first in memory

    def look_up(self, x: ArrayLike) -> Words:
        """Look up every different id once."""
        self._ids = self.prepare_ids(x)
        return Words.of(self._ids, self.embeddings)

    def prepare_ids(self, x: ArrayLike) -> NDArray[Any]:
        """Return ids (batch, timesteps) after a check; make the table if need be."""
        ids = np.array(x)  # a copy: `backward` still needs it
        check_shape("ids", ids, ("batch", "timesteps"))
        self.check_ids(ids)
        if not self.built:
            self.build(self.input_dim)
        self.output_shape = (*ids.shape, self.output_dim)
        return ids

    def backward(self, dy: "ArrayLike | Words") -> None:
        """Add up dy by id, unless that is done; ids have no gradient themselves."""
        if isinstance(dy, Words):
            rows, values = dy.rows, np.asarray(dy.vectors, self.dtype)
        else:
            places = self.check_gradient(dy).swapaxes(0, 1).reshape(-1, self.output_dim)
            rows, values = sum_by_id(self._ids.T.ravel(), places, self.input_dim)
        self.gradients = [SparseGradient(rows, values, self.embeddings.shape)]


@cache
def _second_core() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1)


class Task(Generic[A]):
    """Work for the second core where that `pays`; else it is done at once.

    NumPy lets other threads work while it computes. Handing work over takes some microseconds:
    it pays for large arrays only (see LARGE). Work that the second core has not begun when its
    result is needed is done by the first core.
    """

    def __init__(self, work: Callable[[], A], pays: bool) -> None:
        self._work = work
        self._future: Future[A] | None = None
        if pays:  # the context holds NumPy's error settings
            self._future = _second_core().submit(copy_context().run, work)
        else:
            self._result = work()

    def result(self) -> A:
        """Wait for the result, or do the work here."""
        if self._future is not None:
            self._result = self._work() if self._future.cancel() else self._future.result()
            self._future = None
        return self._result

    def give_up(self) -> None:
        """Wait until the work writes nothing any more."""
        if self._future is not None and not self._future.cancel():
            wait([self._future])


def both(first: Callable[[], A], second: Callable[[], B], pays: bool) -> tuple[A, B]:
    """Call two functions, at the same time where that `pays` and the second core is free."""
    other = Task(second, pays)
    try:
        return first(), other.result()
    finally:
        other.give_up()  # if the first fails, the other must not write into what is given up


def for_each(parts: Sequence[slice], work: Callable[[slice], A]) -> list[Task[A]]:
    """Make a task of every part; the second core takes them in this order, if there are several."""
    return [Task(partial(work, part), pays=len(parts) > 1) for part in parts]


class Recurrent(Layer):
    """What SimpleRNN, LSTM and GRU share: all that happens outside the loop over time.

    x is (batch, timesteps, features). The output is the last state, (batch, units), or
    with `return_sequences` (batch, timesteps, units), in the order of reading: with
    `go_backwards` the last word comes first. A `mask` (batch, timesteps) is False at
    padding: there the state is carried on and the output repeats the one before.
    With `return_state` a call returns [output, h], or [output, h, c] from an LSTM.
    `recurrent_gain` scales the first U: Keras's `recurrent_initializer=Orthogonal(gain)`.
    After `backward`, `state_gradients` (timesteps + 1, units, batch) holds the gradient of
    the first state h and of that after every step.

    `forward` is `read`, which needs no order, then `walk`, step by step; `backward` is `walk_back`,
    step by step, then `finish`. If there is much to do (see LARGE), the steps are cut into parts.
    While the first core walks through one part, the second prepares Wᵀ x_t + b of later parts. On
    the way back it prepares the `slopes` of earlier parts, and makes the products of parts that are
    done (`follow`).
    """

    weight_names = ("kernel", "recurrent_kernel", "bias")
    config_names: tuple[str, ...] = (
        "units",
        "return_sequences",
        "return_state",
        "go_backwards",
        "recurrent_gain",
    )
    state_names: tuple[str, ...] = ("h",)
    gates = 1  # the kernel has gates * units columns
    halves: tuple[float, ...] = (1.0,)  # 1/2 for each gate that ends in a sigmoid
    zero_output_for_mask = False  # Bidirectional asks for zeros at masked steps
    kernel: Array  # W (features, gates * units)
    recurrent_kernel: Array  # U (units, gates * units)
    bias: Array  # b (gates * units,)

    def __init__(
        self,
        units: int,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        recurrent_gain: float = 1.0,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.units = check_count("units", units)
        self.recurrent_gain = recurrent_gain
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        # Tasks for the second core, one for each part of the steps.
        self._reading: list[Task[None]] = []
        self._sloping: list[Task[None]] = []
        self._following: list[Task[list[Array]]] = []

    def weight_shapes(self, features: int) -> list[tuple[int, ...]]:
        """Return the shapes of W, U and b."""
        columns = self.gates * self.units
        return [(features, columns), (self.units, columns), (columns,)]

    def initial_weight(self, name: str, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        """Draw Keras's defaults, with the gain asked for."""
        weight = super().initial_weight(name, shape, rng)
        return weight * self.recurrent_gain if name == "recurrent_kernel" else weight

    def compute_mask(self, x: Array, mask: Mask | None = None) -> Mask | None:
        """Return the mask where the output still has timesteps, as Keras does."""
        return mask if self.return_sequences else None

    def gate_scale(self) -> Array:
        """Return 1/2 for columns that end in a sigmoid, 1 for those that end in tanh, (gates * units,).

        sigmoid(a) = tanh(a / 2) / 2 + 1/2: with the half in the weights, one tanh serves all gates.
        """
        return np.repeat(np.array(self.halves, self.dtype), self.units)

    def input_weights(self) -> tuple[Array, Array]:
        """Return the W and b that make a."""
        return self.kernel, self.bias

    def unroll(self, a: Array, h: Array, first: list[Any]) -> list[Array]:
        """Walk forward through time, from the states `first`; return the last states.

        Step t reads a[t] = Wᵀ x_t + b (gates * units, batch) and h[t] (units, batch), the
        state before it, and writes h[t + 1].
        """
        raise NotImplementedError

    def slopes(self, part: slice) -> None:
        """Fill da (timesteps, gates * units, batch) with slopes that need no gradient, of these steps.

        How fast the state changes with each number of a_t. Each slope is used once: then da_t, the
        gradient of a_t, takes its place.
        """
        raise NotImplementedError

    def unroll_back(self, dh: Array) -> None:
        """Walk back through time, along `steps_back`, and turn slopes into da, the gradient of a.

        dh[t] is the gradient of h[t]. With `return_sequences` it starts with what the output
        sends back, and step t adds what itself sends back from dh[t + 1] to dh[t]. Without, only
        dh[-1] holds a gradient, and step t writes dh[t].
        """
        raise NotImplementedError

    def forward(
        self,
        x: ArrayLike | Words,
        mask: Mask | None = None,
        training: bool = False,
        initial_state: Any = None,
    ) -> Array:
        """Read x; `initial_state` is h, or [h, c] for an LSTM, each (batch, units)."""
        return self.walk(self.read(x, mask, initial_state))

    def words_or_places(self, x: ArrayLike | Words) -> ArrayLike | Words:
        """Return x, or the vectors of all places where that is faster than words, or words do not fit."""
        if isinstance(x, Words):
            features, columns = x.vectors.shape[1], self.gates * self.units
            # To add up a word's gradients takes longer for many columns; 3 is measured.
            if 3 * features < columns or (self.built and features != len(self.kernel)):
                return x.spread()
        return x

    def settle(self) -> None:
        """Give up what is left over where a step broke off: it must not write into the next one."""
        tasks: list[Task[Any]] = [*self._reading, *self._sloping, *self._following]
        for task in tasks:
            task.give_up()
        self._reading, self._sloping, self._following = [], [], []

    def _first_states(self, initial_state: Any, batch: int) -> list[Any]:
        """Return the states before the first step, each (units, batch) or 0."""
        names = self.state_names
        if initial_state is None:
            return [0] * len(names)
        given = [initial_state] if isinstance(initial_state, np.ndarray) else list(initial_state)
        if len(given) != len(names):
            raise ValueError(
                f"initial_state has {len(given)} arrays: expected {len(names)} ({', '.join(names)})"
            )
        for name, state in zip(names, given, strict=True):
            check_shape(f"initial_state {name}", np.asarray(state), (batch, self.units))
        return [np.asarray(state).T for state in given]

    def read(self, x: ArrayLike | Words, mask: Mask | None = None, initial_state: Any = None) -> Array:
        """Take x in: return a = Wᵀ x + b of all timesteps, (timesteps, gates * units, batch)."""
        self.settle()
        self.output_shape = None  # if this x is refused, there is nothing to go back from
        x = self.words_or_places(x)
        self._order = slice(None, None, -1 if self.go_backwards else 1)
        self._words: Words | None = None
        if isinstance(x, Words):
            self._words = x = replace(x, place=x.place[self._order])
            self._x = self.prepare(x.vectors, "words")
            timesteps, batch = x.place.shape
        else:
            x = self.prepare(x, "batch", "timesteps")
            self._x = x.swapaxes(0, 1)[self._order]  # (timesteps, batch, features)
            timesteps, batch = self._x.shape[:2]
        self._first = self._first_states(initial_state, batch)
        self._skip: list[Mask | None] = [None] * timesteps  # reviews that skip step t: (batch,)
        self._hidden: Mask | None = None  # outputs shown as zero: (timesteps, 1, batch)
        if mask is not None:
            check_shape("mask", np.asarray(mask), (batch, timesteps))
            skipped = ~np.asarray(mask, bool).T[self._order]  # (timesteps, batch)
            self._skip = [reviews if reviews.any() else None for reviews in skipped]
            if self.return_sequences and self.zero_output_for_mask:
                self._hidden = skipped[:, None]
            elif initial_state is not None:  # Keras shows zeros before the first valid step
                self._hidden = np.logical_and.accumulate(skipped)[:, None]
        self._masked = any(skip is not None for skip in self._skip)
        W, b = self.input_weights()
        a = np.empty((timesteps, len(b), batch), self.dtype)
        count = min(PARTS, timesteps) if a.size * len(W) > LARGE else 1
        self._parts = [slice(*ends) for ends in pairwise(timesteps * k // count for k in range(count + 1))]
        if isinstance(x, Words):
            of_words, place = self._x @ W + b, x.place

        def fill(part: slice) -> None:
            if isinstance(x, Words):
                a[part] = of_words.take(place[part], axis=0).swapaxes(1, 2)
            else:
                np.matmul(W.T, self._x[part].swapaxes(1, 2), out=a[part])
                a[part] += b[:, None]

        self._reading = for_each(self._parts, fill)
        return a

    def walk(self, a: Array) -> Array:
        """Go through time; return the output."""
        timesteps, _, batch = a.shape
        self._h = np.empty((timesteps + 1, self.units, batch), self.dtype)
        self._h[0] = self._first[0]
        self.states = [state.T.copy() for state in self.unroll(a, self._h, self._first)]
        self._reading = []
        y = self._h[1:]
        if self._hidden is not None:
            y = np.where(self._hidden, self.dtype.type(0), y)
        y = y.transpose(2, 0, 1) if self.return_sequences else y[-1].T.copy()
        y.flags.writeable = not self.return_sequences  # `backward` still needs the states behind y
        self.output_shape = y.shape
        return y

    def steps_forward(self, *arrays: Any) -> Iterator[Any]:
        """Yield what the arrays hold at each step."""

        def parts() -> Iterator[Any]:
            for part, task in zip(self._parts, self._reading, strict=True):
                task.result()
                yield zip(*(array[part] for array in arrays), strict=True)

        return chain.from_iterable(parts())

    def backward(self, dy: ArrayLike) -> Array | Words:
        """Send dy back through time; return dx."""
        self.walk_back(dy)
        return self.finish()

    def walk_back(self, dy: ArrayLike) -> None:
        """Go back through time, from the gradient of the last states to that of the first."""
        dy = self.check_gradient(dy)
        self.settle()
        timesteps, _, batch = self._h[1:].shape
        dh = np.empty_like(self._h)
        if self.return_sequences:
            dh[0] = 0
            dh[1:] = dy.transpose(1, 2, 0)
        else:
            dh[-1] = dy.T
        if self._hidden is not None:
            np.copyto(dh[1:], 0, where=self._hidden)
        self.state_gradients = dh
        features = self._x.shape[-1] if self._words is None else 0  # of words, `finish` makes the gradient
        self._dx = np.empty((timesteps, batch, features), self.dtype)
        self._da = np.empty((timesteps, self.gates * self.units, batch), self.dtype)
        self.unroll_back(dh)

    def steps_back(self, *arrays: Any) -> Iterator[Any]:
        """Yield t and what the arrays hold at step t, from the last step to the first."""

        def parts() -> Iterator[Any]:
            self._sloping = for_each(self._parts[::-1], self.slopes)
            for part, task in zip(self._parts[::-1], self._sloping, strict=True):
                task.result()
                steps = reversed(range(part.start, part.stop))
                yield zip(steps, *(array[part][::-1] for array in arrays), strict=True)
                self._following.append(Task(partial(self.follow, part), pays=len(self._parts) > 1))

        return chain.from_iterable(parts())

    def follow(self, part: slice) -> list[Array]:
        """Return what these timesteps add to the gradients of W, U and b; fill their part of dx.

        Where x is words, the first is da itself, (timesteps * batch, gates * units). (To add it up by
        word takes many short calls of NumPy; those would hold up the loop on the other core.)
        """
        da = flat(self._da[part])
        gradients = self.recurrent_gradients(part, da)
        if self._words is not None:
            return [da, *gradients]
        x = np.ascontiguousarray(self._x[part]).reshape(len(da), -1)
        np.matmul(da, self.kernel.T, out=self._dx[part].reshape(x.shape))
        return [x.T @ da, *gradients]

    def finish(self) -> Array | Words:
        """Leave the gradients of the weights; return dx."""
        # Asked for from the last to the first: so what the second core has not begun is done here.
        # The loop went backwards: now the results stand in the order of the parts.
        first, *others = zip(*[task.result() for task in reversed(self._following)], strict=True)
        dx, words = self._dx, self._words
        self._dx = self._da = np.empty(0)
        self._sloping, self._following = [], []
        self.gradients = [reduce(np.add, of_parts) for of_parts in others]
        if words is None:
            self.gradients.insert(0, reduce(np.add, first))
            return dx[self._order].swapaxes(0, 1)
        sums = [words.sums(da, part) for da, part in zip(first, self._parts, strict=True)]
        total = sums[0].values if len(sums) == 1 else np.zeros(sums[0].shape, self.dtype)
        for of_part in sums if len(sums) > 1 else []:
            total[of_part.rows] += of_part.values
        pays = total.size * len(self.kernel) > LARGE
        dW, vectors = both(lambda: self._x.T @ total, lambda: total @ self.kernel.T, pays)
        self.gradients.insert(0, dW)
        return replace(words, vectors=vectors)

    def recurrent_gradients(self, part: slice, da: Array) -> list[Array]:
        """Return what some timesteps add to the gradients of U and b: one product and one sum."""
        return [flat(self._h[:-1][part]).T @ da, sum_of_rows(da)]

    def where_skipped(self, value: float, array: Array, part: slice) -> None:
        """Write `value` into the steps `part` of (timesteps, ..., batch) where a review skipped one."""
        if self._masked:
            for row, skip in zip(array[part], self._skip[part], strict=True):
                if skip is not None:
                    np.copyto(row, value, where=skip)


def flat(array: Array) -> Array:
    """Lay all timesteps one below the other: (timesteps, units, batch) -> (timesteps * batch, units)."""
    return array.swapaxes(1, 2).reshape(-1, array.shape[1])


def sum_of_rows(array: Array) -> Array:
    """Return array.sum(axis=0), as a product, which is faster."""
    return np.asarray(np.ones(len(array), array.dtype) @ array)


class SimpleRNN(Recurrent):
    """h_t = tanh(x_t W + h_{t-1} U + b); Elman (1990), "Finding structure in time"."""

    def unroll(self, a: Array, h: Array, first: list[Any]) -> list[Array]:
        """Fill h, one timestep after the other."""
        U_T, step = np.ascontiguousarray(self.recurrent_kernel.T), np.empty_like(h[0])
        h_before = h[0]
        for a_t, h_t, skip in self.steps_forward(a, h[1:], self._skip):
            U_T.dot(h_before, step)
            np.add(step, a_t, step)
            np.tanh(step, h_t)
            if skip is not None:
                np.copyto(h_t, h_before, where=skip)
            h_before = h_t
        return [h[-1]]

    def slopes(self, part: slice) -> None:
        """1 - h_t², the slope of tanh."""
        h, slope = self._h[1:][part], self._da[part]
        np.multiply(h, h, out=slope)
        np.subtract(1, slope, out=slope)
        self.where_skipped(0, self._da, part)

    def unroll_back(self, dh: Array) -> None:
        """da_t = dh_t (1 - h_t²); h_{t-1} receives U da_t."""
        U, step = self.recurrent_kernel, np.empty_like(dh[0])
        for t, da_t, dh_t, dh_before, skip in self.steps_back(self._da, dh[1:], dh[:-1], self._skip):
            if t % 16 == 0:
                flush(dh_t)
            np.multiply(da_t, dh_t, da_t)
            back = step if self.return_sequences else dh_before
            U.dot(da_t, back)
            if skip is not None:  # a skipped step hands the gradient on unchanged
                np.copyto(back, dh_t, where=skip)
            if self.return_sequences:
                np.add(dh_before, step, dh_before)


class LSTM(Recurrent):
    """Long short-term memory, gates in Keras's order i, f, c, o; Hochreiter and Schmidhuber (1997).

    i, f, o = sigmoid(x_t W + h_{t-1} U + b), each from its own columns, and g = tanh(...)
    from the columns c;  c_t = f c_{t-1} + i g;  h_t = o tanh(c_t). The forget gate's bias
    starts as 1, after Gers, Schmidhuber and Cummins (2000).
    """

    gates = 4
    halves = (0.5, 0.5, 1.0, 0.5)
    state_names = ("h", "c")

    def initial_weight(self, name: str, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        """Draw Keras's defaults: the forget gate starts open."""
        weight = super().initial_weight(name, shape, rng)
        if name == "bias":
            weight[self.units : 2 * self.units] = 1
        return weight

    def input_weights(self) -> tuple[Array, Array]:
        """Return W and b, halved where a sigmoid follows."""
        return self.kernel * self.gate_scale(), self.bias * self.gate_scale()

    def unroll(self, a: Array, h: Array, first: list[Any]) -> list[Array]:
        """Fill the gates (in place of a), c and h."""
        n, batch = self.units, a.shape[2]
        i, f, g, o = np.split(a, 4, axis=1)  # each (timesteps, units, batch)
        scale = np.repeat(self.gate_scale()[:, None], batch, axis=1)
        shift = 1 - scale
        U_T = np.ascontiguousarray((self.recurrent_kernel * self.gate_scale()).T)
        c, tanh_c = np.empty_like(h), np.empty_like(h[1:])
        c[0] = first[1]
        self._gates, self._c, self._tanh_c = a.reshape(-1, 4, n, batch), c, tanh_c
        step, i_g = np.empty_like(a[0]), np.empty_like(h[0])
        for a_t, i_t, f_t, g_t, o_t, h_before, h_t, c_before, c_t, tanh_c_t, skip in self.steps_forward(
            a, i, f, g, o, h[:-1], h[1:], c[:-1], c[1:], tanh_c, self._skip
        ):
            U_T.dot(h_before, step)
            np.add(a_t, step, a_t)
            np.tanh(a_t, a_t)
            np.multiply(a_t, scale, a_t)
            np.add(a_t, shift, a_t)
            np.multiply(f_t, c_before, c_t)
            np.multiply(i_t, g_t, i_g)
            np.add(c_t, i_g, c_t)
            np.tanh(c_t, tanh_c_t)
            np.multiply(o_t, tanh_c_t, h_t)
            if skip is not None:
                np.copyto(c_t, c_before, where=skip)
                np.copyto(h_t, h_before, where=skip)
        return [h[-1], c[-1]]

    def slopes(self, part: slice) -> None:
        """How c_t changes with the columns i, f and g of a_t, and h_t with o; in `_to_c`, h_t with c_t."""
        gates, c, tanh_c, to_c = self._gates[part], self._c[:-1][part], self._tanh_c[part], self._to_c[part]
        i, f, g, o = gates.swapaxes(0, 1)  # each (timesteps, units, batch)
        slope, one = self._da[part].reshape(gates.shape), self.dtype.type(1)
        np.multiply(gates, gates, out=slope)
        for k, (top, factor) in enumerate(((i, g), (f, c), (one, i), (o, tanh_c))):
            np.subtract(top, slope[:, k], out=slope[:, k])  # s - s² for sigmoid, 1 - g² for tanh
            slope[:, k] *= factor
        np.multiply(tanh_c, tanh_c, out=to_c)
        np.subtract(1, to_c, out=to_c)
        to_c *= o
        self.where_skipped(0, self._da, part)
        self.where_skipped(0, self._to_c, part)

    def unroll_back(self, dh: Array) -> None:
        """c_t receives dh_t o (1 - tanh² c_t); dc_t goes on to i, f, g, and as f dc_t to c_{t-1}."""
        da, f = self._da.reshape(self._gates.shape), self._gates[:, 1]
        self._to_c = np.empty_like(self._tanh_c)
        self.where_skipped(1, f, slice(None))
        U, step, dc = self.recurrent_kernel, np.empty_like(dh[0]), np.zeros_like(dh[0])
        for t, da_t, da_ifg, da_o, to_c_t, f_t, dh_t, dh_before, skip in self.steps_back(
            self._da, da[:, :3], da[:, 3], self._to_c, f, dh[1:], dh[:-1], self._skip
        ):
            if t % 16 == 0:
                flush(dh_t)
                flush(dc)
            np.multiply(to_c_t, dh_t, to_c_t)
            np.add(dc, to_c_t, dc)
            np.multiply(da_ifg, dc, da_ifg)
            np.multiply(da_o, dh_t, da_o)
            np.multiply(dc, f_t, dc)
            back = step if self.return_sequences else dh_before
            U.dot(da_t, back)
            if skip is not None:  # a skipped step hands the gradient on unchanged
                np.copyto(back, dh_t, where=skip)
            if self.return_sequences:
                np.add(dh_before, step, dh_before)


class GRU(Recurrent):
    """Gated recurrent unit, gates in Keras's order z, r, h; Cho et al. (2014).

    z, r = sigmoid(x_t W + h_{t-1} U + b), each from its own columns, and from the columns h
    reset_after=False:  g = tanh(x_t W + b + (r h_{t-1}) U), the formula of the paper,
    reset_after=True:   g = tanh(x_t W + b + r (h_{t-1} U + b')), with bias (2, 3 * units) = b, b';
    h_t = z h_{t-1} + (1 - z) g.
    """

    gates = 3
    halves = (0.5, 0.5, 1.0)
    config_names = (*Recurrent.config_names, "reset_after")

    def __init__(self, units: int, *, reset_after: bool = True, **options: Any) -> None:
        super().__init__(units, **options)
        self.reset_after = reset_after

    def weight_shapes(self, features: int) -> list[tuple[int, ...]]:
        """Return the shapes of W, U and b; `reset_after` has a second row of biases, b'."""
        W, U, b = super().weight_shapes(features)
        return [W, U, (2, *b) if self.reset_after else b]

    def input_weights(self) -> tuple[Array, Array]:
        """Return W and b, halved where a sigmoid follows; where r does not come between, b' is part of b."""
        scale, b = self.gate_scale(), self.bias
        if self.reset_after:
            b = self.bias[0] + np.where(scale < 1, self.bias[1], 0)
        return self.kernel * scale, b * scale

    def unroll(self, a: Array, h: Array, first: list[Any]) -> list[Array]:
        """Fill the gates (in place of a) and h."""
        n, batch = self.units, a.shape[2]
        z_r, z, r, g = a[:, : 2 * n], a[:, :n], a[:, n : 2 * n], a[:, 2 * n :]
        U_T = np.ascontiguousarray((self.recurrent_kernel * self.gate_scale()).T)
        U_zr, U_g = np.split(U_T, [2 * n])  # transposed too
        if self.reset_after:
            b_inner = np.repeat(self.bias[1, 2 * n :, None], batch, axis=1)  # (units, batch)
        inner = np.empty_like(h[1:])  # h_{t-1} U + b', or r h_{t-1}
        self._gates, self._inner = a, inner
        step, past, half = np.empty_like(a[0]), np.empty_like(h[0]), np.full_like(z_r[0], 0.5)
        step_zr, step_g = np.split(step, [2 * n])
        for z_r_t, z_t, r_t, g_t, h_before, h_t, inner_t, skip in self.steps_forward(
            z_r, z, r, g, h[:-1], h[1:], inner, self._skip
        ):
            if self.reset_after:
                U_T.dot(h_before, step)
                np.add(step_g, b_inner, inner_t)
            else:
                U_zr.dot(h_before, step_zr)
            np.add(z_r_t, step_zr, z_r_t)
            np.tanh(z_r_t, z_r_t)
            np.multiply(z_r_t, half, z_r_t)
            np.add(z_r_t, half, z_r_t)
            if self.reset_after:
                np.multiply(r_t, inner_t, past)
            else:
                np.multiply(r_t, h_before, inner_t)
                U_g.dot(inner_t, past)
            np.add(g_t, past, g_t)
            np.tanh(g_t, g_t)
            np.subtract(h_before, g_t, past)
            np.multiply(past, z_t, past)
            np.add(g_t, past, h_t)  # g + z (h_{t-1} - g) = z h_{t-1} + (1 - z) g
            if skip is not None:
                np.copyto(h_t, h_before, where=skip)
        return [h[-1]]

    def slopes(self, part: slice) -> None:
        """How h_t changes with each column of a_t; in `_to_g`, with what stands inside the tanh of g.

        With `reset_after`, the columns h stand for h_{t-1} U + b', which r lets through. Without, r
        acts on h_{t-1} before the product with U: the rest of its slope needs dh_t (see da_t[1]).
        """
        gates, past, inner, to_g = self._gates[part], self._h[:-1][part], self._inner[part], self._to_g[part]
        z, r, g = np.split(gates, 3, axis=1)  # each (timesteps, units, batch)
        of_z, of_r, of_g = np.split(self._da[part], 3, axis=1)
        np.multiply(gates, gates, out=self._da[part])
        np.subtract(gates, self._da[part], out=self._da[part])  # s - s², the slope of sigmoid
        of_z *= past - g
        np.multiply(g, g, out=to_g)
        np.subtract(1, to_g, out=to_g)
        to_g *= 1 - z
        of_r *= to_g * inner if self.reset_after else past
        of_g[...] = to_g * r if self.reset_after else to_g
        self.where_skipped(0, self._to_g, part)
        self.where_skipped(0, self._da, part)

    def unroll_back(self, dh: Array) -> None:
        """da_t = dh_t times the slope of each gate; h_{t-1} also receives z dh_t directly."""
        timesteps, n, batch = self._inner.shape
        da, z, r = self._da.reshape(timesteps, 3, n, batch), self._gates[:, :n], self._gates[:, n : 2 * n]
        self._to_g = np.empty_like(self._inner)
        self.where_skipped(1, z, slice(None))
        U, step = self.recurrent_kernel, np.empty_like(dh[0])
        for t, da_t, flat_da_t, z_t, r_t, dh_t, dh_before in self.steps_back(
            da, self._da, z, r, dh[1:], dh[:-1]
        ):
            if t % 16 == 0:
                flush(dh_t)
            back = step if self.return_sequences else dh_before
            if self.reset_after:
                np.multiply(da_t, dh_t, da_t)
                U.dot(flat_da_t, back)
            else:
                da_t[::2] *= dh_t
                d_inner = U[:, 2 * n :] @ da_t[2]
                da_t[1] *= d_inner
                U[:, : 2 * n].dot(flat_da_t[: 2 * n], back)
                back += r_t * d_inner
            if self.return_sequences:
                np.add(dh_before, step, dh_before)
            np.multiply(dh_t, z_t, step)
            np.add(dh_before, step, dh_before)

    def recurrent_gradients(self, part: slice, da: Array) -> list[Array]:
        """Return what some timesteps add to the gradients of U and b (or b and b')."""
        past, n = flat(self._h[:-1][part]), 2 * self.units
        if not self.reset_after:
            dU = np.concatenate([past.T @ da[:, :n], flat(self._inner[part]).T @ da[:, n:]], axis=1)
            return [dU, sum_of_rows(da)]
        dU, db_inner = past.T @ da, sum_of_rows(da)
        # So far the third gate held the gradient of h_{t-1} U + b'; now that of x_t W + b.
        da[:, n:] = flat(self.state_gradients[1:][part] * self._to_g[part])
        return [dU, np.stack([sum_of_rows(da), db_inner])]


class Bidirectional(Layer):
    """Reads forwards with one copy of `layer` and backwards with another; Schuster and Paliwal (1997).

    Both outputs are joined along the features (`merge_mode` "concat") or added ("sum"). With
    `return_sequences` the backward outputs are turned round first, so that position t holds
    both views of word t, and masked positions hold zeros. Weights: forward, then backward.
    """

    config_names = ("layer", "merge_mode")

    def __init__(self, layer: Recurrent, merge_mode: str = "concat", **options: Any) -> None:
        if not isinstance(layer, Recurrent) or layer.go_backwards:
            raise ValueError(
                f"layer is a {type(layer).__name__} that reads backwards or keeps no state: "
                "expected a SimpleRNN, LSTM or GRU that reads forwards"
            )
        check_choice("merge_mode", merge_mode, ("concat", "sum"))
        super().__init__(**{"dtype": layer.dtype, "seed": layer.seed} | options)
        self.layer, self.merge_mode, self.return_state = layer, merge_mode, layer.return_state
        config = layer.get_config() | {"dtype": self.dtype}
        self.forward_layer = type(layer)(**config)
        self.backward_layer = type(layer)(**config | {"go_backwards": True})
        self.layers = (self.forward_layer, self.backward_layer)
        for one in self.layers:
            one.zero_output_for_mask = True
        self.weight_names = tuple(
            f"{way} {name}" for way in ("forward", "backward") for name in layer.weight_names
        )

    def weight_shapes(self, features: int) -> list[tuple[int, ...]]:
        """Return the shapes of both layers' weights."""
        return 2 * self.layer.weight_shapes(features)

    def build(self, features: int) -> None:
        """Make the weights of both layers, different ones from one seed."""
        seeds = np.random.default_rng(self.seed).integers(2**31, size=2).tolist()
        for one, seed in zip(self.layers, seeds, strict=True):
            one.seed = seed
            one.build(features)
        self.built = True

    @property
    def weights(self) -> list[Array]:
        """The weights of the forward layer, then those of the backward layer."""
        return self.forward_layer.weights + self.backward_layer.weights

    def compute_mask(self, x: Array, mask: Mask | None = None) -> Mask | None:
        """Return the mask where the output still has timesteps."""
        return self.layer.compute_mask(x, mask)

    def forward(self, x: ArrayLike | Words, mask: Mask | None = None, training: bool = False) -> Array:
        """Read x (batch, timesteps, features) both ways."""
        x = self.forward_layer.words_or_places(x)
        if isinstance(x, Words):
            self.prepare(x.vectors, "words")
            batch = x.place.shape[1]
        else:
            x = self.prepare(x, "batch", "timesteps")
            batch = len(x)
        y, a = both(
            lambda: self.forward_layer.forward(x, mask),
            lambda: self.backward_layer.read(x, mask),
            pays=batch * self.layer.units >= WIDE,
        )
        y_back = self.backward_layer.walk(a)
        self.states = self.forward_layer.states + self.backward_layer.states
        if self.layer.return_sequences:
            y_back = y_back[:, ::-1]
        # Transposed while they are joined: so one unit of all reviews stays one block of memory.
        y = np.concatenate([y.T, y_back.T]).T if self.merge_mode == "concat" else y + y_back
        self.output_shape = y.shape
        return y

    def backward(self, dy: ArrayLike) -> Array | Words:
        """Give each layer its part of dy; return the sum of what both send back."""
        dy = dy_back = self.check_gradient(dy)
        if self.merge_mode == "concat":
            dy, dy_back = dy[..., : self.layer.units], dy[..., self.layer.units :]
        if self.layer.return_sequences:
            dy_back = dy_back[:, ::-1]
        self.forward_layer.walk_back(dy)
        self.backward_layer.walk_back(dy_back)
        pays = len(dy) * self.layer.units >= WIDE
        dx, dx_back = both(self.forward_layer.finish, self.backward_layer.finish, pays)
        self.gradients = self.forward_layer.gradients + self.backward_layer.gradients
        return dx + dx_back


class Dense(Layer):
    """y = activation(x W + b), for x (batch, features) or (batch, timesteps, features).

    `activation` is None, "relu", "tanh" or "sigmoid".
    """

    weight_names = ("kernel", "bias")
    config_names = ("units", "activation")
    kernel: Array  # W (features, units)
    bias: Array  # b (units,)

    def __init__(self, units: int, activation: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.units, self.activation = check_count("units", units), activation
        check_choice("activation", activation, (None, "relu", "tanh", "sigmoid"))

    def weight_shapes(self, features: int) -> list[tuple[int, ...]]:
        """Return the shapes of W and b."""
        return [(features, self.units), (self.units,)]

    def forward(self, x: ArrayLike, mask: Mask | None = None, training: bool = False) -> Array:
        """Return y, shaped like x but for the last axis, which becomes `units`."""
        self._x = self.prepare(x, *("batch", "timesteps")[: max(np.ndim(x) - 1, 1)])
        y = self._x @ self.kernel + self.bias
        if self.activation == "relu":
            y = np.maximum(y, 0)
        elif self.activation is not None:
            y = np.tanh(y) if self.activation == "tanh" else sigmoid(y)
        self._y, self.output_shape = y, y.shape
        return y

    def backward(self, dy: ArrayLike) -> Array:
        """Return dx; the slope of every activation can be told from y."""
        da = self.check_gradient(dy)
        if self.activation == "relu":
            da = da * (self._y > 0)
        elif self.activation is not None:
            da = da * (1 - self._y**2 if self.activation == "tanh" else self._y * (1 - self._y))
        flat = da.reshape(-1, self.units)
        self.gradients = [self._x.reshape(len(flat), -1).T @ flat, flat.sum(axis=0)]
        return da @ self.kernel.T


class Dropout(Layer):
    """Sets a share `rate` of the numbers to zero while training; Srivastava et al. (2014).

    The others grow by 1 / (1 - rate), so that their sum stays the same on average. `noise_shape`
    is the shape of the draws, None for a size of x: with (None, None, 1) whole words drop out.
    """

    config_names: tuple[str, ...] = ("rate", "noise_shape")

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
        if self.noise_shape is None:
            return shape
        fits = len(self.noise_shape) == len(shape) and all(
            want in (None, 1, size) for want, size in zip(self.noise_shape, shape, strict=True)
        )
        if not fits:
            raise ValueError(
                f"noise_shape={self.noise_shape} does not go with x of shape {shape}: "
                "expected None or 1 for every axis"
            )
        return tuple(
            size if want is None else want for want, size in zip(self.noise_shape, shape, strict=True)
        )

    def forward(self, x: ArrayLike, mask: Mask | None = None, training: bool = False) -> Array:
        """Return x itself, or while training x with zeros in it."""
        x = self.prepare(x, *("batch", "timesteps")[: max(np.ndim(x) - 1, 1)])
        self.output_shape = x.shape
        self._factor = self.dtype.type(1)
        if training:
            kept = self._rng.random(self.draw_shape(x.shape), np.float32) >= self.rate
            self._factor = kept / self.dtype.type(1 - self.rate)
        return x * self._factor if training else x

    def backward(self, dy: ArrayLike) -> Array:
        """Send gradients back through the numbers that were kept."""
        return np.asarray(self.check_gradient(dy) * self._factor)


class SpatialDropout1D(Dropout):
    """Drops whole features for all timesteps, as `dropout=` of Keras's recurrent layers does.

    Gal and Ghahramani (2016), "A theoretically grounded application of dropout in RNNs".
    """

    config_names = ("rate",)

    def __init__(self, rate: float, **options: Any) -> None:
        super().__init__(rate, noise_shape=(None, 1, None), **options)


class GlobalAveragePooling1D(Layer):
    """Mean over the timesteps that are no padding: (batch, timesteps, features) -> (batch, features).

    A review that is all padding gives zeros (in Keras: nan).
    """

    def compute_mask(self, x: Array, mask: Mask | None = None) -> Mask | None:
        """Return None: no timesteps are left."""
        return None

    def forward(self, x: ArrayLike, mask: Mask | None = None, training: bool = False) -> Array:
        """Return what is left of x without its timesteps."""
        x = self.prepare(x, "batch", "timesteps")
        valid = np.ones(x.shape[:2], bool) if mask is None else np.asarray(mask, bool)
        check_shape("mask", valid, x.shape[:2])
        # The share of every number in the output: (batch, timesteps, features or 1).
        self._share = self.shares(x, valid[:, :, None])
        y: Array = (x * self._share).sum(axis=1)
        self.output_shape = y.shape
        return y

    def shares(self, x: Array, valid: Mask) -> Array:
        """Return the share of every timestep in the mean."""
        count = np.maximum(valid.sum(axis=1, keepdims=True), 1)
        return np.asarray(valid * (1 / count).astype(self.dtype))

    def backward(self, dy: ArrayLike) -> Array:
        """Give every timestep its share of dy."""
        return np.asarray(self.check_gradient(dy)[:, None] * self._share)


class GlobalMaxPooling1D(GlobalAveragePooling1D):
    """Maximum over the timesteps that are no padding: (batch, timesteps, features) -> (batch, features).

    Keras's layer of this name reads padding too. A review that is all padding gives zeros.
    """

    def shares(self, x: Array, valid: Mask) -> Array:
        """Return 1 at the maximum of every feature; timesteps that tie share it, as in TensorFlow."""
        highest = np.where(valid, x, self.dtype.type(-np.inf)).max(axis=1, keepdims=True)
        return super().shares(x, (x == highest) & valid)
