"""The layers of the course in NumPy alone: `forward` beside `backward`.

Names of arguments, meaning and weight layout are those of Keras, so that
`get_weights()` and `set_weights()` cross over in both directions. One timestep
of the simplest layer is

    h_t = tanh(x_t W + h_{t-1} U + b)

with `kernel` W (features, units), `recurrent_kernel` U (units, units) and `bias` b.
Arrays are (batch, timesteps, features) outside. Inside a recurrent layer time comes
first, so that one timestep is one compact block of memory; products that do not
depend on the previous step are made for all timesteps at once, outside the loop.
`backward` takes dy, the gradient of the loss with respect to the layer's output,
leaves the gradients of the weights in `gradients` and returns dx. Memory for both
is linear in batch x timesteps x units.
"""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Array = NDArray[Any]
Mask = NDArray[np.bool_]
Shape = tuple[int | str, ...]


@dataclass
class SparseGradient:
    """Gradient of a table of which a batch touched few rows; all others are zero."""

    rows: NDArray[np.int64]  # (touched,), every row once, ascending
    values: Array  # (touched, features)
    shape: tuple[int, ...]  # of the whole table

    def to_dense(self) -> Array:
        """Return the gradient of the whole table."""
        dense = np.zeros(self.shape, self.values.dtype)
        dense[self.rows] = self.values
        return dense


def check_shape(name: str, array: Array, expected: Shape) -> None:
    """Raise ValueError unless the shape fits; a word in `expected` stands for any size from 1."""
    fits = array.ndim == len(expected) and all(
        size == want if isinstance(want, int) else size > 0
        for size, want in zip(array.shape, expected, strict=True)
    )
    if not fits:
        wanted = "(" + ", ".join(map(str, expected)) + ("," if len(expected) == 1 else "") + ")"
        hint = " with at least one of each" if 0 in array.shape else ""
        raise ValueError(f"{name} has shape {array.shape}: expected {wanted}{hint}")


def check_count(name: str, value: int) -> int:
    """Return a whole number from 1 as int; raise ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"{name}={value!r}: expected a whole number, 1 or more")
    return int(value)


def glorot_uniform(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Uniform weights that keep the variance of signals; Glorot and Bengio (2010)."""
    limit = np.sqrt(6 / sum(shape))
    return rng.uniform(-limit, limit, shape)


def orthogonal(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Random weights that keep the length of vectors; Saxe, McClelland and Ganguli (2014)."""
    q, r = np.linalg.qr(rng.standard_normal((max(shape), min(shape))))
    q *= np.sign(np.diag(r))  # makes every rotation equally likely
    return q if shape[0] >= shape[1] else q.T


def sigmoid(a: ArrayLike) -> Array:
    """Return 1 / (1 + exp(-a)), as (1 + tanh(a / 2)) / 2, which never overflows."""
    return 0.5 * np.tanh(0.5 * np.asarray(a)) + 0.5


class Layer:
    """What all layers share: weights, their initial values and the exchange with Keras.

    `dtype` is "float32" or "float64". `seed` fixes the initial weights (and the draws
    of a dropout). The weights are made at the first call, when the number of features is
    known, or by `set_weights`.
    """

    weight_names: tuple[str, ...] = ()

    def __init__(self, dtype: DTypeLike = "float32", seed: int | None = None) -> None:
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        if self.dtype not in (np.float32, np.float64):
            raise ValueError(f"dtype={self.dtype.name}: expected float32 or float64")
        self.seed = seed
        self.built = False
        self.gradients: list[Array | SparseGradient] = []  # in the order of `weights`

    def weight_shapes(self, features: int) -> list[tuple[int, ...]]:
        """Return the shape of every weight, in Keras's order."""
        return []

    def build(self, features: int) -> None:
        """Make the weights for inputs of this many features."""
        rng = np.random.default_rng(self.seed)
        for name, shape in zip(self.weight_names, self.weight_shapes(features), strict=True):
            setattr(self, name, self.initial_weight(name, shape, rng).astype(self.dtype))
        self.built = True

    def initial_weight(self, name: str, shape: Any, rng: np.random.Generator) -> Array:
        """Return Keras's default: Glorot uniform, orthogonal for the recurrent kernel, zeros for a bias."""
        draw = {"kernel": glorot_uniform, "recurrent_kernel": orthogonal}.get(name)
        return draw(rng, shape) if draw else np.zeros(shape)

    @property
    def weights(self) -> list[Array]:
        """The weights themselves (empty before the layer is built); change them in place only."""
        return [getattr(self, name) for name in self.weight_names] if self.built else []

    def get_weights(self) -> list[Array]:
        """Return copies of the weights, in Keras's order."""
        return [weight.copy() for weight in self.weights]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Take over weights, for instance from a Keras layer's `get_weights()`.

        Raises ValueError, before anything is changed, for a wrong number or shape.
        """
        new = [np.asarray(weight, self.dtype) for weight in weights]
        if len(new) != len(self.weight_names):
            names = ", ".join(self.weight_names)
            raise ValueError(
                f"weights has {len(new)} arrays: expected {len(self.weight_names)} "
                f"for {type(self).__name__} ({names})"
            )
        if not new:
            return
        features = self.weights[0].shape[0] if self.built else new[0].shape[0] if new[0].ndim else 1
        for name, weight, shape in zip(self.weight_names, new, self.weight_shapes(features), strict=True):
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
        config = {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}
        return config | ({"dtype": self.dtype.name} if "dtype" in config else {})

    def compute_mask(self, x: Array, mask: Mask | None = None) -> Mask | None:
        """Return the mask (batch, timesteps) that goes with the layer's output, or None."""
        return mask

    def forward(self, x: ArrayLike, mask: Mask | None = None, training: bool = False) -> Array:
        """Return the layer's output."""
        raise NotImplementedError

    def backward(self, dy: ArrayLike) -> Array | None:
        """Return dx for the last `forward`, and leave the gradients of the weights in `gradients`."""
        raise NotImplementedError

    def __call__(self, x: ArrayLike, mask: Mask | None = None, training: bool = False) -> Any:
        """Return the layer's output, as a Keras layer does."""
        return self.forward(x, mask, training)

    def prepare(self, x: ArrayLike, axes: Shape) -> Array:
        """Return x as an array of the layer's dtype, after a check of its shape; build if need be."""
        array = np.asarray(x, self.dtype)
        features = self.weights[0].shape[0] if self.built and self.weights else "features"
        check_shape("x", array, (*axes, features))
        if not self.built:
            self.build(array.shape[-1])
        return array

    def check_gradient(self, dy: ArrayLike, shape: tuple[int, ...] | None) -> Array:
        """Return dy as an array, after a check that it has the shape of the last output."""
        if shape is None:
            raise ValueError(f"backward of {type(self).__name__} needs a call of forward first")
        array = np.asarray(dy, self.dtype)
        check_shape("dy", array, shape)
        return array


class Embedding(Layer):
    """A table with one row of numbers for every id.

    Takes ids (batch, timesteps), returns vectors (batch, timesteps, output_dim). With
    `mask_zero` the id 0 is padding. Raises ValueError for ids outside the table.
    """

    weight_names = ("embeddings",)
    embeddings: Array  # (input_dim, output_dim)

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        mask_zero: bool = False,
        dtype: DTypeLike = "float32",
        seed: int | None = None,
    ) -> None:
        super().__init__(dtype, seed)
        self.input_dim = check_count("input_dim", input_dim)
        self.output_dim = check_count("output_dim", output_dim)
        self.mask_zero = mask_zero
        self._ids: NDArray[np.int64] | None = None
        self.build(self.input_dim)

    def weight_shapes(self, features: int) -> list[tuple[int, ...]]:
        """Return the shape of the table."""
        return [(self.input_dim, self.output_dim)]

    def initial_weight(self, name: str, shape: Any, rng: np.random.Generator) -> Array:
        """Return small uniform numbers, as Keras does."""
        return rng.uniform(-0.05, 0.05, shape)

    def compute_mask(self, x: Array, mask: Mask | None = None) -> Mask | None:
        """Return True for every id that is not 0, where `mask_zero` asks for it."""
        is_word: Mask = np.not_equal(x, 0)
        return is_word if self.mask_zero else None

    def forward(self, x: ArrayLike, mask: Mask | None = None, training: bool = False) -> Array:
        """Look up every id: (batch, timesteps) -> (batch, timesteps, output_dim)."""
        ids = np.asarray(x)
        check_shape("ids", ids, ("batch", "timesteps"))
        if not np.issubdtype(ids.dtype, np.integer):
            raise ValueError(f"ids are {ids.dtype}: expected whole numbers (int32 or int64)")
        for extreme in (int(ids.min()), int(ids.max())):
            if not 0 <= extreme < self.input_dim:
                raise ValueError(
                    f"id {extreme} is not in the table of {self.input_dim} rows: "
                    f"expected 0 to {self.input_dim - 1}"
                )
        self._ids = np.ascontiguousarray(ids.T, dtype=np.int64)  # (timesteps, batch)
        return self.embeddings[self._ids].swapaxes(0, 1)

    def backward(self, dy: ArrayLike) -> None:
        """Add up dy (batch, timesteps, output_dim) by id; ids have no gradient themselves."""
        shape = None if self._ids is None else (*self._ids.T.shape, self.output_dim)
        dy = self.check_gradient(dy, shape)
        assert self._ids is not None
        ids = self._ids.ravel()
        order = np.argsort(ids, kind="stable")  # equal ids side by side
        rows, first = np.unique(ids[order], return_index=True)
        sorted_dy = dy.swapaxes(0, 1).reshape(-1, self.output_dim)[order]  # (timesteps * batch, output_dim)
        self.gradients = [SparseGradient(rows, np.add.reduceat(sorted_dy, first), self.embeddings.shape)]


class Recurrent(Layer):
    """What SimpleRNN, LSTM and GRU share: all that happens outside the loop over time.

    x is (batch, timesteps, features). The output is (batch, units), the last state, or
    with `return_sequences` (batch, timesteps, units), in the order of reading: for
    `go_backwards` the last word comes first. A `mask` (batch, timesteps) is False at
    padding: there the state is carried on and the output repeats the one before.
    With `return_state` a call returns [output, h] or, from an LSTM, [output, h, c].
    `states` holds the last states of the last call. After `backward`, `state_gradients`
    (timesteps + 1, batch, units) holds the gradient of h before each step and after the last.
    """

    weight_names = ("kernel", "recurrent_kernel", "bias")
    gates: ClassVar[int] = 1  # the kernel has gates * units columns
    state_names: ClassVar[tuple[str, ...]] = ("h",)
    kernel: Array  # W (features, gates * units)
    recurrent_kernel: Array  # U (units, gates * units)
    bias: Array  # b (gates * units,)

    def __init__(
        self,
        units: int,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        dtype: DTypeLike = "float32",
        seed: int | None = None,
    ) -> None:
        super().__init__(dtype, seed)
        self.units = check_count("units", units)
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.zero_output_for_mask = False  # Bidirectional asks for zeros at masked steps
        self.states: list[Array] = []
        self.state_gradients: Array | None = None
        self._shape: tuple[int, ...] | None = None  # of the last output

    def weight_shapes(self, features: int) -> list[tuple[int, ...]]:
        """Return the shapes of W, U and b."""
        columns = self.gates * self.units
        return [(features, columns), (self.units, columns), (columns,)]

    def compute_mask(self, x: Array, mask: Mask | None = None) -> Mask | None:
        """Return the mask where the output still has timesteps, as Keras does."""
        return mask if self.return_sequences else None

    def unroll(self, a: Array, h: Array, first: list[Any]) -> list[Array]:
        """Walk forward through time, from the states `first`; return the last states.

        a[t] is x_t W + b (batch, gates * units); h[t] (batch, units) is the state before
        step t, so that step t reads h[t] and writes h[t + 1].
        """
        raise NotImplementedError

    def unroll_back(self, dh: Array) -> Array:
        """Walk back through time and return da, the gradient of a.

        dh[t] (batch, units), the gradient of h[t], holds what the output sends back;
        each step adds what the step itself sends back.
        """
        raise NotImplementedError

    def __call__(
        self,
        x: ArrayLike,
        mask: Mask | None = None,
        training: bool = False,
        initial_state: Array | Sequence[Array] | None = None,
    ) -> Any:
        """Return the output, or a list of output and states with `return_state`."""
        y = self.forward(x, mask, training, initial_state)
        return [y, *self.states] if self.return_state else y

    def forward(
        self,
        x: ArrayLike,
        mask: Mask | None = None,
        training: bool = False,
        initial_state: Array | Sequence[Array] | None = None,
    ) -> Array:
        """Read (batch, timesteps, features); `initial_state` takes h, or [h, c], each (batch, units)."""
        x = self.prepare(x, ("batch", "timesteps"))
        batch, timesteps, features = x.shape
        first = self._first_states(initial_state, batch)
        self._order = slice(None, None, -1 if self.go_backwards else 1)
        self._x = np.ascontiguousarray(x.swapaxes(0, 1)[self._order]).reshape(-1, features)
        self._skip: list[Mask | None] = [None] * timesteps  # rows that skip step t: (batch, 1)
        self._hidden: Mask | None = None  # outputs shown as zero: (timesteps, batch, 1)
        if mask is not None:
            mask = np.asarray(mask, bool)
            check_shape("mask", mask, (batch, timesteps))
            skipped = ~mask.T[self._order, :, None]  # (timesteps, batch, 1)
            self._skip = [rows if rows.any() else None for rows in skipped]
            if self.return_sequences and self.zero_output_for_mask:
                self._hidden = skipped
            elif initial_state is not None:  # Keras shows zeros before the first valid step
                self._hidden = np.logical_and.accumulate(skipped)
        self._h = np.empty((timesteps + 1, batch, self.units), self.dtype)
        self._h[0] = first[0]
        a = self._x @ self.kernel  # x_t W for all timesteps in one product
        a += self.bias if self.bias.ndim == 1 else self.bias[0]
        self.states = self.unroll(a.reshape(timesteps, batch, -1), self._h, first)
        y = self._h[1:]
        if self._hidden is not None:
            y = np.where(self._hidden, self.dtype.type(0), y)
        self._shape = (batch, timesteps, self.units) if self.return_sequences else (batch, self.units)
        return y.swapaxes(0, 1) if self.return_sequences else y[-1].copy()

    def _first_states(self, initial_state: Array | Sequence[Array] | None, batch: int) -> list[Any]:
        if initial_state is None:
            return [0] * len(self.state_names)
        given = [initial_state] if isinstance(initial_state, np.ndarray) else list(initial_state)
        if len(given) != len(self.state_names):
            raise ValueError(
                f"initial_state has {len(given)} arrays: expected {len(self.state_names)} "
                f"({', '.join(self.state_names)})"
            )
        for name, state in zip(self.state_names, given, strict=True):
            check_shape(f"initial_state {name}", np.asarray(state), (batch, self.units))
        return given

    def backward(self, dy: ArrayLike) -> Array:
        """Send dy, shaped like the output, back through time; return dx, shaped like x."""
        dy = self.check_gradient(dy, self._shape)
        dh = np.zeros_like(self._h)  # (timesteps + 1, batch, units)
        if self.return_sequences:
            dh[1:] = dy.swapaxes(0, 1)
        else:
            dh[-1] = dy
        if self._hidden is not None:
            np.copyto(dh[1:], 0, where=self._hidden)
        da = self.unroll_back(dh)  # (timesteps, batch, gates * units)
        self.state_gradients = dh
        flat = da.reshape(len(self._x), -1)  # (timesteps * batch, gates * units)
        self.gradients = [self._x.T @ flat, *self.recurrent_gradients(flat)]
        dx = (flat @ self.kernel.T).reshape(*da.shape[:2], -1)
        return dx[self._order].swapaxes(0, 1)

    def recurrent_gradients(self, da: Array) -> list[Array]:
        """Return the gradients of U and b: one product and one sum over all timesteps."""
        return [self._h[:-1].reshape(len(da), -1).T @ da, da.sum(axis=0)]

    def where_skipped(self, value: float, array: Array) -> Array:
        """Write `value` where a row skipped a step, into (timesteps, batch, ...); return the array."""
        for t, skip in enumerate(self._skip):
            if skip is not None:
                array[t, skip[:, 0]] = value
        return array


class SimpleRNN(Recurrent):
    """h_t = tanh(x_t W + h_{t-1} U + b); Elman (1990), "Finding structure in time"."""

    def unroll(self, a: Array, h: Array, first: list[Any]) -> list[Array]:
        """Fill h, one timestep after the other."""
        U, step = self.recurrent_kernel, np.empty_like(h[0])
        for t, skip in enumerate(self._skip):
            np.dot(h[t], U, out=step)
            step += a[t]
            np.tanh(step, out=h[t + 1])
            if skip is not None:
                np.copyto(h[t + 1], h[t], where=skip)
        return [h[-1].copy()]

    def unroll_back(self, dh: Array) -> Array:
        """da_t = dh_t (1 - h_t²); h_{t-1} receives da_t Uᵀ."""
        slope = self.where_skipped(0, 1 - self._h[1:] ** 2)  # of tanh
        da = slope  # each slope is used once: da_t takes its place
        U_T, step = np.ascontiguousarray(self.recurrent_kernel.T), np.empty_like(dh[0])
        for t in reversed(range(len(da))):
            da[t] *= dh[t + 1]
            np.dot(da[t], U_T, out=step)
            if self._skip[t] is not None:  # a skipped step hands the gradient on unchanged
                np.copyto(step, dh[t + 1], where=self._skip[t])
            dh[t] += step
        return da


class LSTM(Recurrent):
    """Long short-term memory, gates in Keras's order i, f, c, o; Hochreiter and Schmidhuber (1997).

    i, f, o = sigmoid(x_t W + h_{t-1} U + b), each from its own columns, and g = tanh(...)
    from the columns c;  c_t = f c_{t-1} + i g;  h_t = o tanh(c_t). The forget gate's bias
    starts as 1, after Gers, Schmidhuber and Cummins (2000).
    """

    gates = 4
    state_names = ("h", "c")

    def initial_weight(self, name: str, shape: Any, rng: np.random.Generator) -> Array:
        """Return Keras's defaults: the forget gate starts open."""
        weight = super().initial_weight(name, shape, rng)
        if name == "bias":
            weight[self.units : 2 * self.units] = 1
        return weight

    def unroll(self, a: Array, h: Array, first: list[Any]) -> list[Array]:
        """Fill the gates (in place of a), c and h."""
        n = self.units
        # sigmoid(a) = tanh(a / 2) / 2 + 1/2, so one tanh serves all four gates.
        scale = np.full_like(a[0], 0.5)  # (batch, 4 * units)
        scale[:, 2 * n : 3 * n] = 1
        shift = 1 - scale
        U, step = self.recurrent_kernel * scale[0], np.empty_like(a[0])
        a *= scale
        self._gates, self._c, self._tanh_c = a, np.empty_like(h), np.empty_like(h[1:])
        c, tanh_c, product = self._c, self._tanh_c, np.empty_like(h[0])
        c[0] = first[1]
        for t, skip in enumerate(self._skip):
            gates = a[t]
            np.dot(h[t], U, out=step)
            gates += step
            np.tanh(gates, out=gates)
            gates *= scale
            gates += shift
            i, f, g, o = (gates[:, k * n : (k + 1) * n] for k in range(4))  # each (batch, units)
            np.multiply(f, c[t], out=c[t + 1])
            np.multiply(i, g, out=product)
            c[t + 1] += product
            np.tanh(c[t + 1], out=tanh_c[t])
            np.multiply(o, tanh_c[t], out=h[t + 1])
            if skip is not None:
                np.copyto(c[t + 1], c[t], where=skip)
                np.copyto(h[t + 1], h[t], where=skip)
        return [h[-1].copy(), c[-1].copy()]

    def unroll_back(self, dh: Array) -> Array:
        """dc_t gets dh_t o (1 - tanh² c_t) and sends it through i, f, g; c_{t-1} receives f dc_t."""
        timesteps, batch, n = self._tanh_c.shape
        i, f, g, o = (self._gates[..., k * n : (k + 1) * n] for k in range(4))
        # All slopes before the loop: of c_t by the gates i, f and g, of h_t by o and by c_t.
        slope = np.empty((timesteps, batch, 4, n), self.dtype)
        slope[:, :, 0] = g * i * (1 - i)
        slope[:, :, 1] = self._c[:-1] * f * (1 - f)
        slope[:, :, 2] = i * (1 - g * g)
        slope[:, :, 3] = self._tanh_c * o * (1 - o)
        da = self.where_skipped(0, slope)  # each slope is used once: da_t takes its place
        to_c = self.where_skipped(0, o * (1 - self._tanh_c**2))
        keep = self.where_skipped(1, f.copy())
        U_T, step, dc = (
            np.ascontiguousarray(self.recurrent_kernel.T),
            np.empty_like(dh[0]),
            np.zeros_like(dh[0]),
        )
        for t in reversed(range(timesteps)):
            to_c[t] *= dh[t + 1]
            dc += to_c[t]
            da[t, :, :3] *= dc[:, None]
            da[t, :, 3] *= dh[t + 1]
            dc *= keep[t]
            np.dot(da[t].reshape(batch, -1), U_T, out=step)
            if self._skip[t] is not None:  # a skipped step hands the gradient on unchanged
                np.copyto(step, dh[t + 1], where=self._skip[t])
            dh[t] += step
        return da.reshape(timesteps, batch, -1)


class GRU(Recurrent):
    """Gated recurrent unit, gates in Keras's order z, r, h; Cho et al. (2014).

    z, r = sigmoid(x_t W + h_{t-1} U + b), each from its own columns, and from the columns h
    reset_after=False:  g = tanh(x_t W + b + (r h_{t-1}) U), the formula of the paper,
    reset_after=True:   g = tanh(x_t W + b + r (h_{t-1} U + b')), with bias (2, 3 * units) = b, b';
    h_t = z h_{t-1} + (1 - z) g.
    """

    gates = 3

    def __init__(
        self,
        units: int,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        reset_after: bool = True,
        dtype: DTypeLike = "float32",
        seed: int | None = None,
    ) -> None:
        super().__init__(units, return_sequences, return_state, go_backwards, dtype, seed)
        self.reset_after = reset_after

    def weight_shapes(self, features: int) -> list[tuple[int, ...]]:
        """Return the shapes of W, U and b; `reset_after` has a second row of biases, b'."""
        W, U, b = super().weight_shapes(features)
        return [W, U, (2, *b) if self.reset_after else b]

    def unroll(self, a: Array, h: Array, first: list[Any]) -> list[Array]:
        """Fill the gates (in place of a) and h."""
        n = self.units
        U_zr, U_h = (np.ascontiguousarray(part) for part in np.split(self.recurrent_kernel, [2 * n], axis=1))
        if self.reset_after:
            a[..., : 2 * n] += self.bias[1, : 2 * n]
        self._gates, self._inner = a, np.empty_like(h[1:])
        step, past = np.empty_like(a[0, :, : 2 * n]), np.empty_like(h[0])
        for t, skip in enumerate(self._skip):
            zr, g, inner = a[t, :, : 2 * n], a[t, :, 2 * n :], self._inner[t]
            np.dot(h[t], U_zr, out=step)
            step += zr
            step *= 0.5  # sigmoid(a) = tanh(a / 2) / 2 + 1/2
            np.tanh(step, out=step)
            step *= 0.5
            np.add(step, 0.5, out=zr)
            z, r = zr[:, :n], zr[:, n:]  # each (batch, units)
            if self.reset_after:
                np.dot(h[t], U_h, out=inner)
                inner += self.bias[1, 2 * n :]
                np.multiply(r, inner, out=past)
            else:
                np.multiply(r, h[t], out=inner)
                np.dot(inner, U_h, out=past)
            g += past
            np.tanh(g, out=g)
            np.subtract(h[t], g, out=past)
            past *= z
            np.add(g, past, out=h[t + 1])  # g + z (h_{t-1} - g) = z h_{t-1} + (1 - z) g
            if skip is not None:
                np.copyto(h[t + 1], h[t], where=skip)
        return [h[-1].copy()]

    def unroll_back(self, dh: Array) -> Array:
        """da_t = dh_t times the slope of each gate; h_{t-1} also receives z dh_t directly."""
        timesteps, batch, n = self._inner.shape
        z, r, g = (self._gates[..., k * n : (k + 1) * n] for k in range(3))
        past = self._h[:-1]
        # All slopes before the loop. r reaches g through inner, or inner is r h_{t-1} itself.
        slope = np.empty((timesteps, batch, 3, n), self.dtype)
        slope[:, :, 0] = (past - g) * z * (1 - z)
        to_g = self.where_skipped(0, (1 - z) * (1 - g * g))
        slope[:, :, 1] = (to_g * self._inner if self.reset_after else past) * r * (1 - r)
        slope[:, :, 2] = to_g * r if self.reset_after else to_g
        da = self.where_skipped(0, slope)  # each slope is used once: da_t takes its place
        keep = self.where_skipped(1, z.copy())
        U_T, step = np.ascontiguousarray(self.recurrent_kernel.T), np.empty_like(dh[0])
        for t in reversed(range(timesteps)):
            if self.reset_after:
                da[t] *= dh[t + 1, :, None]
                np.dot(da[t].reshape(batch, -1), U_T, out=step)
            else:
                da[t, :, ::2] *= dh[t + 1, :, None]
                inner = da[t, :, 2] @ U_T[2 * n :]  # gradient of r h_{t-1}
                da[t, :, 1] *= inner
                np.dot(da[t, :, :2].reshape(batch, -1), U_T[: 2 * n], out=step)
                step += r[t] * inner
            dh[t] += step
            np.multiply(dh[t + 1], keep[t], out=step)
            dh[t] += step
        if self.reset_after:  # so far the third gate held the gradient of h_{t-1} U + b'
            self._inner_gradient = da.reshape(timesteps * batch, -1).copy()
            np.multiply(dh[1:], to_g, out=da[:, :, 2])
        return da.reshape(timesteps, batch, -1)

    def recurrent_gradients(self, da: Array) -> list[Array]:
        """Return the gradients of U and b (or of b and b')."""
        past, n = self._h[:-1].reshape(len(da), -1), 2 * self.units
        if self.reset_after:
            inner = self._inner_gradient
            return [past.T @ inner, np.stack([da.sum(axis=0), inner.sum(axis=0)])]
        reset_past = self._inner.reshape(len(da), -1)  # r h_{t-1}
        return [np.hstack([past.T @ da[:, :n], reset_past.T @ da[:, n:]]), da.sum(axis=0)]


class Bidirectional(Layer):
    """Reads forwards with one copy of `layer` and backwards with another; Schuster and Paliwal (1997).

    Both outputs are joined along the features (`merge_mode` "concat") or added ("sum"). With
    `return_sequences` the backward outputs are turned round first, so that position t holds
    both views of word t, and masked positions hold zeros. Weights: forward, then backward.
    """

    def __init__(self, layer: Recurrent, merge_mode: str = "concat") -> None:
        if not isinstance(layer, Recurrent):
            raise ValueError(f"layer is a {type(layer).__name__}: expected SimpleRNN, LSTM or GRU")
        if layer.go_backwards:
            raise ValueError("layer has go_backwards=True: expected a layer that reads forwards")
        if merge_mode not in ("concat", "sum"):
            raise ValueError(f'merge_mode={merge_mode!r}: expected "concat" or "sum"')
        super().__init__(layer.dtype, layer.seed)
        self.layer = layer
        self.merge_mode = merge_mode
        config = layer.get_config()
        self.forward_layer = type(layer)(**config)
        self.backward_layer = type(layer)(**config | {"go_backwards": True})
        self.layers = (self.forward_layer, self.backward_layer)
        for one in self.layers:
            one.zero_output_for_mask = True
        self.weight_names = tuple(
            f"{way} {name}" for way in ("forward", "backward") for name in layer.weight_names
        )
        self.states: list[Array] = []

    def weight_shapes(self, features: int) -> list[tuple[int, ...]]:
        """Return the shapes of both layers' weights."""
        return 2 * self.layer.weight_shapes(features)

    def build(self, features: int) -> None:
        """Make the weights of both layers, different ones from one seed."""
        for one, seed in zip(
            self.layers, np.random.default_rng(self.seed).integers(2**31, size=2), strict=True
        ):
            one.seed = int(seed)
            one.build(features)
        self.built = True

    @property
    def weights(self) -> list[Array]:
        """The weights of the forward layer, then those of the backward layer."""
        return self.forward_layer.weights + self.backward_layer.weights

    def compute_mask(self, x: Array, mask: Mask | None = None) -> Mask | None:
        """Return the mask where the output still has timesteps."""
        return self.layer.compute_mask(x, mask)

    def __call__(self, x: ArrayLike, mask: Mask | None = None, training: bool = False) -> Any:
        """Return the output, or with `return_state` a list: output, forward states, backward states."""
        y = self.forward(x, mask, training)
        return [y, *self.states] if self.layer.return_state else y

    def forward(self, x: ArrayLike, mask: Mask | None = None, training: bool = False) -> Array:
        """Read x (batch, timesteps, features) both ways."""
        x = self.prepare(x, ("batch", "timesteps"))
        y, y_back = (one.forward(x, mask, training) for one in self.layers)
        self.states = self.forward_layer.states + self.backward_layer.states
        if self.layer.return_sequences:
            y_back = y_back[:, ::-1]
        return np.concatenate([y, y_back], axis=-1) if self.merge_mode == "concat" else y + y_back

    def backward(self, dy: ArrayLike) -> Array:
        """Give each layer its part of dy; return the sum of what they send back."""
        dy = np.asarray(dy, self.dtype)
        dy_back = dy
        if self.merge_mode == "concat":
            dy, dy_back = dy[..., : self.layer.units], dy[..., self.layer.units :]
        if self.layer.return_sequences:
            dy_back = dy_back[:, ::-1]
        dx = self.forward_layer.backward(dy) + self.backward_layer.backward(dy_back)
        self.gradients = self.forward_layer.gradients + self.backward_layer.gradients
        return dx


class Dense(Layer):
    """y = activation(x W + b), for x (batch, features) or (batch, timesteps, features).

    `activation` is None, "relu", "tanh" or "sigmoid".
    """

    weight_names = ("kernel", "bias")
    kernel: Array  # W (features, units)
    bias: Array  # b (units,)

    def __init__(
        self, units: int, activation: str | None = None, dtype: DTypeLike = "float32", seed: int | None = None
    ) -> None:
        super().__init__(dtype, seed)
        if activation not in (None, "relu", "tanh", "sigmoid"):
            raise ValueError(f'activation={activation!r}: expected None, "relu", "tanh" or "sigmoid"')
        self.units = check_count("units", units)
        self.activation = activation
        self._y: Array | None = None

    def weight_shapes(self, features: int) -> list[tuple[int, ...]]:
        """Return the shapes of W and b."""
        return [(features, self.units), (self.units,)]

    def forward(self, x: ArrayLike, mask: Mask | None = None, training: bool = False) -> Array:
        """Return y, shaped like x but for the last axis, which becomes `units`."""
        self._x = self.prepare(x, ("batch", "timesteps")[: np.ndim(x) - 1] or ("batch",))
        y = self._x @ self.kernel + self.bias
        if self.activation == "relu":
            y = np.maximum(y, 0)
        elif self.activation is not None:
            y = np.tanh(y) if self.activation == "tanh" else sigmoid(y)
        self._y = y
        return y

    def backward(self, dy: ArrayLike) -> Array:
        """Return dx; the slope of each activation is written with its own output y."""
        y = self._y
        da = self.check_gradient(dy, None if y is None else y.shape)
        assert y is not None
        if self.activation == "relu":
            da = da * (y > 0)
        elif self.activation is not None:
            da = da * ((1 - y * y) if self.activation == "tanh" else y * (1 - y))
        flat = da.reshape(-1, self.units)
        self.gradients = [self._x.reshape(len(flat), -1).T @ flat, flat.sum(axis=0)]
        return da @ self.kernel.T


class Dropout(Layer):
    """Sets a share `rate` of the numbers to zero while training; Srivastava et al. (2014).

    The others grow by 1 / (1 - rate), so that the sum stays the same on average.
    """

    def __init__(self, rate: float, dtype: DTypeLike = "float32", seed: int | None = None) -> None:
        super().__init__(dtype, seed)
        if not 0 <= rate < 1:
            raise ValueError(f"rate={rate}: expected 0 or more and less than 1")
        self.rate = rate
        self._factor: Array | None = None
        self._shape: tuple[int, ...] | None = None

    def build(self, features: int) -> None:
        """Start the random draws."""
        self._rng = np.random.default_rng(self.seed)
        self.built = True

    def draw_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return how many draws are made: one for every number."""
        return shape

    def forward(self, x: ArrayLike, mask: Mask | None = None, training: bool = False) -> Array:
        """Return x itself, or while training x with zeros in it."""
        x = self.prepare(x, ("batch", "timesteps")[: np.ndim(x) - 1] or ("batch",))
        self._shape, self._factor = x.shape, None
        if not training or self.rate == 0:
            return x
        kept = self._rng.random(self.draw_shape(x.shape), np.float32) >= self.rate
        self._factor = kept * self.dtype.type(1 / (1 - self.rate))
        return x * self._factor

    def backward(self, dy: ArrayLike) -> Array:
        """Send gradients through the numbers that were kept."""
        dy = self.check_gradient(dy, self._shape)
        return dy if self._factor is None else dy * self._factor


class SpatialDropout1D(Dropout):
    """Drops whole features for all timesteps, as `dropout=` of Keras's SimpleRNN does.

    Gal and Ghahramani (2016), "A theoretically grounded application of dropout in RNNs".
    """

    def draw_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return (batch, 1, features): one draw for all timesteps."""
        check_shape("x", np.empty(shape), ("batch", "timesteps", "features"))
        return (shape[0], 1, shape[2])


class GlobalAveragePooling1D(Layer):
    """Mean over the timesteps that are no padding: (batch, timesteps, features) -> (batch, features).

    A row that is all padding gives zeros (Keras: NaN).
    """

    _share: Array | None = None  # of each timestep in the mean (batch, timesteps, 1)

    def compute_mask(self, x: Array, mask: Mask | None = None) -> Mask | None:
        """Return None: no timesteps are left."""
        return None

    def forward(self, x: ArrayLike, mask: Mask | None = None, training: bool = False) -> Array:
        """Return the mean over time."""
        x = self.prepare(x, ("batch", "timesteps"))
        valid = np.ones(x.shape[:2], bool) if mask is None else np.asarray(mask, bool)
        check_shape("mask", valid, x.shape[:2])
        count = np.maximum(valid.sum(axis=1, keepdims=True), 1)
        self._share = (valid / count).astype(self.dtype)[:, :, None]
        self._shape = (x.shape[0], x.shape[2])
        return (x * self._share).sum(axis=1)

    def backward(self, dy: ArrayLike) -> Array:
        """Give every timestep its share of dy (batch, features)."""
        dy = self.check_gradient(dy, None if self._share is None else self._shape)
        return np.asarray(dy[:, None] * self._share)


class GlobalMaxPooling1D(Layer):
    """Maximum over the timesteps that are no padding: (batch, timesteps, features) -> (batch, features).

    Keras's layer of this name reads padding too. A row that is all padding gives zeros.
    """

    _share: Array | None = None  # 1 at the largest value (batch, timesteps, features), less where several tie

    def compute_mask(self, x: Array, mask: Mask | None = None) -> Mask | None:
        """Return None: no timesteps are left."""
        return None

    def forward(self, x: ArrayLike, mask: Mask | None = None, training: bool = False) -> Array:
        """Return the maximum over time."""
        x = self.prepare(x, ("batch", "timesteps"))
        valid = np.ones(x.shape[:2], bool) if mask is None else np.asarray(mask, bool)
        check_shape("mask", valid, x.shape[:2])
        y = np.where(valid[:, :, None], x, -np.inf).max(axis=1)
        largest = (x == y[:, None]) & valid[:, :, None]
        self._share = largest / np.maximum(largest.sum(axis=1, keepdims=True), 1)
        self._shape = y.shape
        return np.where(valid.any(axis=1, keepdims=True), y, 0).astype(self.dtype)

    def backward(self, dy: ArrayLike) -> Array:
        """Give dy (batch, features) to the largest values; ties share it, as in TensorFlow."""
        dy = self.check_gradient(dy, None if self._share is None else self._shape)
        return (dy[:, None] * self._share).astype(self.dtype)
