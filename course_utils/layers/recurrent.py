"""SimpleRNN, LSTM and GRU: each cell's `step` beside its `step_back`, and the loop that walks them.

One timestep of the simplest layer is ``h_t = tanh(x_t W + h_{t-1} U + b)``, with `kernel` W
(features, units), `recurrent_kernel` U (units, units) and `bias` b (units,). As in lesson 7, ``a_t``
is ``x_t W + b``, made for all timesteps before the loop; d in front of a name means "gradient of";
and time is the first axis inside, so that ``a[t]`` is one solid block of memory.

A new cell needs `step`, `step_back`, and `gates` or `state_names` where they differ: see SimpleRNN.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from course_utils.checks import Array, check_choice, check_count, check_numbers, check_shape
from course_utils.layers.base import Layer, Mask, Names, sigmoid, valid_places


class Recurrent(Layer):
    """What SimpleRNN, LSTM and GRU share: the loop over time, forward and back.

    x is (batch, timesteps, features). The output is the last state, (batch, units), or
    with `return_sequences` (batch, timesteps, units), in the order of reading: with
    `go_backwards` the last word comes first. A `mask` (batch, timesteps) is False at
    padding: there the state is carried on and the output repeats the one before.
    `recurrent_gain` scales the first U: Keras's `recurrent_initializer=Orthogonal(gain)`.
    `return_state` is Keras's; here it is always False.
    """

    weight_names = ("kernel", "recurrent_kernel", "bias")
    config_names: Names = ("units", "return_sequences", "return_state", "go_backwards", "recurrent_gain")
    state_names: Names = ("h",)
    gates = 1  # the kernel has gates * units columns
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
        check_choice("return_state", return_state, (False,))
        self.units, self.recurrent_gain = check_count("units", units), recurrent_gain
        self.return_sequences, self.return_state = return_sequences, return_state
        self.go_backwards = go_backwards

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

    def step(self, a: Array, *states: Array) -> tuple[list[Array], Any]:
        """Return the states after one timestep, and what `step_back` needs of it.

        a is ``x_t W + b``, (batch, gates * units); a state is (batch, units), h first.
        """
        raise NotImplementedError

    def step_back(self, d_states: list[Array], kept: Any) -> tuple[Array, Array, list[Array]]:
        """Return da, the gradient of ``h_{t-1} U``, and the gradients of the states before this timestep.

        The first two are (batch, gates * units), the others (batch, units). `d_states` are the gradients
        of the states after the timestep, `kept` is what `step` returned.
        """
        raise NotImplementedError

    def forward(
        self, x: ArrayLike, mask: Mask | None = None, training: bool = False, initial_state: Any = None
    ) -> Array:
        """Read x; `initial_state` is h, or [h, c] for an LSTM, each (batch, units).

        Raises ValueError for an x, a mask or a state that does not fit.
        """
        x = self.prepare(x, "batch", "timesteps")
        valid = self.time_first(valid_places(mask, x))  # (timesteps, batch, 1)
        states = self.first_states(initial_state, len(x))
        x = self.time_first(x).copy()  # the caller may change x before `backward` needs it
        a = self.input_sums(x)  # of all timesteps: needs no step before
        h = np.empty((len(a) + 1, *states[0].shape), self.dtype)  # h[t] is the state before step t
        h[0], steps = states[0], []
        for t, a_t in enumerate(a):
            new, kept = self.step(a_t, *states)
            # At padding, the states are carried on.
            states = [np.where(valid[t], after, before) for after, before in zip(new, states, strict=True)]
            h[t + 1] = states[0]
            steps.append(kept)
        shown = valid | (not self.zero_output_for_mask)
        if initial_state is not None:  # Keras shows zeros before the first word
            shown = np.logical_or.accumulate(valid)
        # A copy, for a view of the last state would hold on to all states.
        y = (h[1:] * shown).swapaxes(0, 1) if self.return_sequences else h[-1].copy()
        return self.keep(y, (x, h, steps, valid, shown))

    def backward(self, dy: ArrayLike) -> Array:
        """Send dy back through time; return dx."""
        dy, (x, h, steps, valid, shown) = self.recall(dy)
        dh = np.zeros_like(h[1:])  # what the output sends back to the state after every step
        if self.return_sequences:
            dh[:] = dy.swapaxes(0, 1) * shown
        else:
            dh[-1] = dy
        da = np.empty((len(x), len(dy), self.gates * self.units), self.dtype)
        d_past = np.empty_like(da)  # of h_{t-1} U
        d_states = [np.zeros_like(h[0]) for _ in self.state_names]
        for t in reversed(range(len(x))):
            d_states[0] += dh[t]
            da[t], d_past[t], d_before = self.step_back([d * valid[t] for d in d_states], steps[t])
            # What did not go into the step, at padding, goes past it.
            d_states = [d + ~valid[t] * after for d, after in zip(d_before, d_states, strict=True)]
        self.gradients = [
            under_each_other(x).T @ under_each_other(da),
            under_each_other(h[:-1]).T @ under_each_other(d_past),
            self.bias_gradient(da, d_past),
        ]
        return self.time_first((da @ self.kernel.T).swapaxes(0, 1)).swapaxes(0, 1)

    def time_first(self, array: Array) -> Array:
        """Return (batch, timesteps, ...) as (timesteps, batch, ...), in the order of reading."""
        return array.swapaxes(0, 1)[:: -1 if self.go_backwards else 1]

    def first_states(self, initial_state: Any, batch: int) -> list[Array]:
        """Return the states before the first timestep, each (batch, units)."""
        names = self.state_names
        if initial_state is None:
            return [np.zeros((batch, self.units), self.dtype) for _ in names]
        given = [initial_state] if isinstance(initial_state, np.ndarray) else list(initial_state)
        if len(given) != len(names):
            raise ValueError(
                f"initial_state has {len(given)} arrays: expected {len(names)} ({', '.join(names)})"
            )
        states = [check_numbers("initial_state", state, self.dtype) for state in given]
        for name, state in zip(names, states, strict=True):
            check_shape(f"initial_state {name}", state, (batch, self.units))
        return states

    def input_sums(self, x: Array) -> Array:
        """Return ``a = x W + b`` of all timesteps, (timesteps, batch, gates * units)."""
        a: Array = x @ self.kernel + self.bias
        return a

    def bias_gradient(self, da: Array, d_past: Array) -> Array:
        """Return db: what every timestep and every review says, added up."""
        return np.asarray(da.sum(axis=(0, 1)))


def under_each_other(array: Array) -> Array:
    """Lay all timesteps under each other: (timesteps, batch, units) -> (timesteps * batch, units)."""
    return array.reshape(-1, array.shape[-1])


class SimpleRNN(Recurrent):
    """``h_t = tanh(x_t W + h_{t-1} U + b)``; Elman (1990), "Finding structure in time"."""

    def step(self, a: Array, *states: Array) -> tuple[list[Array], Any]:
        """The formula."""
        (h_before,) = states
        h = np.tanh(a + h_before @ self.recurrent_kernel)
        return [h], h

    def step_back(self, d_states: list[Array], kept: Any) -> tuple[Array, Array, list[Array]]:
        """Through tanh: times its slope; to the step before: times U transposed."""
        (dh,), h = d_states, kept
        da = dh * (1 - h**2)
        return da, da, [da @ self.recurrent_kernel.T]


class LSTM(Recurrent):
    """Long short-term memory, gates in Keras's order i, f, c, o; Hochreiter and Schmidhuber (1997).

    ``i, f, o = sigmoid(x_t W + h_{t-1} U + b)``, each from its own columns, and ``g = tanh(...)``
    from the columns c; ``c_t = f c_{t-1} + i g``; ``h_t = o tanh(c_t)``. The forget gate's bias
    starts as 1, after Gers, Schmidhuber and Cummins (2000).
    """

    gates = 4
    state_names = ("h", "c")

    def initial_weight(self, name: str, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        """Draw Keras's defaults: the forget gate starts open."""
        weight = super().initial_weight(name, shape, rng)
        if name == "bias":
            weight[self.units : 2 * self.units] = 1
        return weight

    def step(self, a: Array, *states: Array) -> tuple[list[Array], Any]:
        """The formula."""
        h_before, c_before = states
        i, f, g, o = np.split(a + h_before @ self.recurrent_kernel, 4, axis=1)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        c = f * c_before + i * g
        tanh_c = np.tanh(c)
        return [o * tanh_c, c], (c_before, i, f, g, o, tanh_c)

    def step_back(self, d_states: list[Array], kept: Any) -> tuple[Array, Array, list[Array]]:
        """What h sends back goes to o and c; what c sends back to i, f, g and the c before."""
        (dh, dc), (c_before, i, f, g, o, tanh_c) = d_states, kept
        dc = dc + dh * o * (1 - tanh_c**2)
        da_i, da_f = dc * g * i * (1 - i), dc * c_before * f * (1 - f)  # s (1 - s), the slope of sigmoid
        da_g, da_o = dc * i * (1 - g**2), dh * tanh_c * o * (1 - o)
        da = np.concatenate([da_i, da_f, da_g, da_o], axis=1)
        return da, da, [da @ self.recurrent_kernel.T, dc * f]


class GRU(Recurrent):
    """Gated recurrent unit, gates in Keras's order z, r, h; Cho et al. (2014).

    ``z, r = sigmoid(x_t W + b + h_{t-1} U + b')``, each from its own columns, and from the columns h
    ``g = tanh(x_t W + b + r (h_{t-1} U + b'))``; ``h_t = z h_{t-1} + (1 - z) g``. The bias, of shape
    (2, 3 * units), holds b and b'. This is Keras's `reset_after=True`, here the only value; lesson 6 has
    the other.
    """

    gates = 3
    config_names = (*Recurrent.config_names, "reset_after")

    def __init__(self, units: int, *, reset_after: bool = True, **options: Any) -> None:
        super().__init__(units, **options)
        check_choice("reset_after", reset_after, (True,))
        self.reset_after = reset_after

    def weight_shapes(self, features: int) -> list[tuple[int, ...]]:
        """Return the shapes of W, U, and b with b'."""
        W, U, b = super().weight_shapes(features)
        return [W, U, (2, *b)]

    def input_sums(self, x: Array) -> Array:
        """Return ``a = x W + b`` of all timesteps; b' comes in with h."""
        a: Array = x @ self.kernel + self.bias[0]
        return a

    def step(self, a: Array, *states: Array) -> tuple[list[Array], Any]:
        """The formula."""
        (h_before,) = states
        a_z, a_r, a_g = np.split(a, 3, axis=1)
        past_z, past_r, past_g = np.split(h_before @ self.recurrent_kernel + self.bias[1], 3, axis=1)
        z, r = sigmoid(a_z + past_z), sigmoid(a_r + past_r)
        g = np.tanh(a_g + r * past_g)
        return [z * h_before + (1 - z) * g], (h_before, z, r, g, past_g)

    def step_back(self, d_states: list[Array], kept: Any) -> tuple[Array, Array, list[Array]]:
        """What h sends back goes to z, g and the h before; r stands between g and the past."""
        (dh,), (h_before, z, r, g, past_g) = d_states, kept
        da_z = dh * (h_before - g) * z * (1 - z)
        da_g = dh * (1 - z) * (1 - g**2)
        da_r = da_g * past_g * r * (1 - r)
        da = np.concatenate([da_z, da_r, da_g], axis=1)
        d_past = np.concatenate([da_z, da_r, da_g * r], axis=1)
        return da, d_past, [dh * z + d_past @ self.recurrent_kernel.T]

    def bias_gradient(self, da: Array, d_past: Array) -> Array:
        """Return db and db'."""
        return np.stack([da.sum(axis=(0, 1)), d_past.sum(axis=(0, 1))])


class Bidirectional(Layer):
    """Reads forwards with one copy of `layer` and backwards with another; Schuster and Paliwal (1997).

    Both outputs are joined along the features: `merge_mode` is always "concat". With
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
        check_choice("merge_mode", merge_mode, ("concat",))
        super().__init__(**{"dtype": layer.dtype, "seed": layer.seed} | options)
        self.layer, self.merge_mode = layer, merge_mode
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

    def forward(self, x: ArrayLike, mask: Mask | None = None, training: bool = False) -> Array:
        """Read x (batch, timesteps, features) both ways."""
        x = self.prepare(x, "batch", "timesteps")
        y, y_back = (one.forward(x, mask) for one in self.layers)
        return self.keep(np.concatenate([y, self.turned(y_back)], axis=-1), True)

    def backward(self, dy: ArrayLike) -> Array:
        """Give each layer its part of dy; return the sum of what both send back."""
        dy, _ = self.recall(dy)
        dy, dy_back = np.split(dy, 2, axis=-1)
        dx = self.forward_layer.backward(dy) + self.backward_layer.backward(self.turned(dy_back))
        self.gradients = self.forward_layer.gradients + self.backward_layer.gradients
        return dx

    def turned(self, y: Array) -> Array:
        """Return outputs of the backward layer, or gradients of these, in the other order of words."""
        return y[:, ::-1] if self.layer.return_sequences else y

    def forget(self) -> None:
        """Let go of what both layers keep for `backward`."""
        super().forget()
        for one in self.layers:
            one.forget()
