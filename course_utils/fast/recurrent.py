"""The loops over time of SimpleRNN, LSTM and GRU, without a new array in them.

Saves: in a loop every call counts. `np.add(a, b, c)` writes a + b into c and `U.dot(h, c)` writes U h into
c, so no step makes an array; whatever does not need the step before is made for all steps at once; one
tanh serves all gates, sigmoid(a) being tanh(a / 2) / 2 + 1/2 with the half in the weights.

Arrays are columns here: (timesteps, features, batch), a review is a column. So every step and every gate
is one block of memory, and the formula reads h_t = tanh(Wᵀ x_t + Uᵀ h_{t-1} + b).

Gradients of weights are added up half a batch at a time (`halves`, slices of the columns): then it makes no
difference to a single bit whether one process does both halves or two do one each.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from course_utils.checks import Array
from course_utils.fast.words import X, words_or_places
from course_utils.layers import Recurrent

FLUSH_EVERY = 16  # steps of the way back between two looks for slow numbers


def flush(array: Array) -> None:
    """Set numbers to zero that are so small that processors are very slow with them.

    Gradients that vanish end among these "subnormal" numbers. The limit, about 1e-31 in
    float32, is far below what a sum of gradients can feel.
    """
    array[np.abs(array) < np.finfo(array.dtype).tiny / np.finfo(array.dtype).eps] = 0


def laid_flat(array: Array, half: slice) -> Array:
    """Lay half of (timesteps, units, batch) one timestep below the other: (timesteps * half, units)."""
    return array[..., half].swapaxes(1, 2).reshape(-1, array.shape[1])


class FastRecurrent:
    """What the three cells share: all that happens outside the loop."""

    halved: tuple[float, ...] = (1.0,)  # 1/2 for each gate that ends in a sigmoid

    def __init__(self, layer: Recurrent, weights: Sequence[Array]) -> None:
        self.layer, self.weights = layer, list(weights)
        self.gradients: list[list[Array]] = []  # of each half: of W, U and b
        self._x: X | None = None
        self._inside: Any = None  # what a cell keeps for its way back

    def input_weights(self) -> tuple[Array, Array, Array]:
        """Return W, b (gates * units, 1), and U transposed, halved where a sigmoid follows."""
        (W, U, b), n = self.weights, self.layer.units
        scale = np.repeat(np.array(self.halved, W.dtype), n)
        if b.ndim == 2:  # GRU: where r does not come between, b' is part of b
            b = b[0] + np.where(scale < 1, b[1], W.dtype.type(0))
        return W * scale, (b * scale)[:, None], np.ascontiguousarray((U * scale).T)

    def loop(self, a: Array, h: Array, U_T: Array) -> None:
        """Walk forward: step t reads a[t] and h[t], the state before it, and writes h[t + 1]."""
        raise NotImplementedError

    def loop_back(self, dh: Array) -> tuple[Array, Array]:
        """Walk back; return the gradients of Uᵀ h_{t-1} and of Wᵀ x_t, all (timesteps, gates * units, batch).

        dh[t] is the gradient of h[t]. With `return_sequences` it starts with what the output
        sends back, and step t adds what itself sends back. Without, only dh[-1] holds a gradient.
        """
        raise NotImplementedError

    def forward(self, x: X, mask: Array | None, halves: Sequence[slice]) -> Array:
        """Read x; `mask` (timesteps, batch). Return the states, or the last one (units, batch)."""
        x = words_or_places(x, self.weights[0])
        self._order = slice(None, None, -1 if self.layer.go_backwards else 1)
        self._x, self._halves = x, halves
        W, b, U_T = self.input_weights()
        if isinstance(x, list):
            steps, batch = len(x[0].place), halves[-1].stop
            a = np.empty((steps, len(b), batch), W.dtype)
            for words, half in zip(x, halves, strict=True):
                of_words = words.vectors @ W + b.T
                a[..., half] = of_words.take(words.place[self._order], axis=0).swapaxes(1, 2)
        else:
            a = np.matmul(W.T, x[self._order])
            a += b
        skipped = None if mask is None or mask.all() else ~mask[self._order]
        self._skip = [None] * len(a) if skipped is None else [one if one.any() else None for one in skipped]
        h = np.empty((len(a) + 1, self.layer.units, a.shape[2]), a.dtype)
        h[0] = 0
        self._h = h
        self.loop(a, h, U_T)
        if not self.layer.return_sequences:
            return np.asarray(h[-1])
        self._hidden = skipped if self.layer.zero_output_for_mask else None
        return h[1:] if self._hidden is None else np.where(self._hidden[:, None], h.dtype.type(0), h[1:])

    def backward(self, dy: Array, wanted: bool = True) -> Any:
        """Send dy back through time; return dx, of words the gradient of each; None unless it is wanted."""
        x, h, halves, W = self._x, self._h, self._halves, self.weights[0]
        assert x is not None
        dh = np.empty_like(h)
        if self.layer.return_sequences:
            dh[0] = 0
            dh[1:] = dy
            if self._hidden is not None:
                np.copyto(dh[1:], 0, where=self._hidden[:, None])
        else:
            dh[-1] = dy
        d_past, da = self.loop_back(dh)
        self.gradients, dx = [], []
        for k, half in enumerate(halves):
            past = laid_flat(d_past, half)
            flat = past if da is d_past else laid_flat(da, half)
            if isinstance(x, list):
                total = x[k].sums(flat, self._order)
                dW = x[k].vectors.T @ total
                dx.append(total @ W.T if wanted else None)
            else:
                dW = laid_flat(x[self._order], half).T @ flat
            ones = np.ones(len(flat), flat.dtype)  # a sum of rows as a product, which is faster
            db = ones @ flat if da is d_past else np.stack([ones @ flat, ones @ past])
            self.gradients.append([dW, laid_flat(h[:-1], half).T @ past, db])
        self.forget()
        if not wanted or isinstance(x, list):
            return dx
        return np.matmul(W, da)[self._order]

    def forget(self) -> None:
        """Let go of what `backward` needs."""
        self._x = self._h = self._inside = None  # type: ignore[assignment]

    def where_skipped(self, value: float, *arrays: Array) -> None:
        """Write `value` into (timesteps, ..., batch) where a review skipped a step."""
        for t, skip in enumerate(self._skip):
            if skip is not None:
                for array in arrays:
                    np.copyto(array[t], value, where=skip)

    def way_back(self, dh: Array, *arrays: Array) -> Iterator[Any]:
        """Yield what the arrays hold at each step, from the last to the first, and dh after and before it."""
        steps = zip(*(array[::-1] for array in (*arrays, dh[1:], dh[:-1])), self._skip[::-1], strict=True)
        for t, step in enumerate(steps):
            if t % FLUSH_EVERY == 0:
                flush(step[-3])
            yield step


class FastSimpleRNN(FastRecurrent):
    """h_t = tanh(a_t + Uᵀ h_{t-1})."""

    def loop(self, a: Array, h: Array, U_T: Array) -> None:
        """Fill h."""
        h_before = h[0]
        for a_t, h_t, skip in zip(a, h[1:], self._skip, strict=True):
            U_T.dot(h_before, h_t)
            np.add(h_t, a_t, h_t)
            np.tanh(h_t, h_t)
            if skip is not None:
                np.copyto(h_t, h_before, where=skip)
            h_before = h_t

    def loop_back(self, dh: Array) -> tuple[Array, Array]:
        """da_t = dh_t (1 - h_t²); h_{t-1} receives U da_t."""
        sequences, U, step = self.layer.return_sequences, self.weights[1], np.empty_like(dh[0])
        da = np.multiply(self._h[1:], self._h[1:])
        np.subtract(1, da, da)
        self.where_skipped(0, da)
        for da_t, dh_t, dh_before, skip in self.way_back(dh, da):
            np.multiply(da_t, dh_t, da_t)
            back = step if sequences else dh_before
            U.dot(da_t, back)
            if skip is not None:  # a skipped step hands the gradient on unchanged
                np.copyto(back, dh_t, where=skip)
            if sequences:
                np.add(dh_before, step, dh_before)
        return da, da


class FastLSTM(FastRecurrent):
    """i, f, g, o from a_t + Uᵀ h_{t-1};  c_t = f c_{t-1} + i g;  h_t = o tanh(c_t)."""

    halved = (0.5, 0.5, 1.0, 0.5)

    def loop(self, a: Array, h: Array, U_T: Array) -> None:
        """Fill the gates (in place of a), c and h."""
        i, f, g, o = np.split(a, 4, axis=1)  # each (timesteps, units, batch)
        scale = np.repeat(np.array(self.halved, a.dtype), h.shape[1])[:, None] * np.ones_like(a[0])
        shift = 1 - scale
        c, tanh_c = np.empty_like(h), np.empty_like(h[1:])
        c[0] = 0
        self._inside = a.reshape(len(a), 4, *h.shape[1:]), c, tanh_c
        step, i_g = np.empty_like(a[0]), np.empty_like(h[0])
        for a_t, i_t, f_t, g_t, o_t, h_before, h_t, c_before, c_t, tanh_c_t, skip in zip(
            a, i, f, g, o, h[:-1], h[1:], c[:-1], c[1:], tanh_c, self._skip, strict=True
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

    def loop_back(self, dh: Array) -> tuple[Array, Array]:
        """c_t receives dh_t o (1 - tanh² c_t); dc_t goes on to i, f, g, and as f dc_t to c_{t-1}."""
        (gates, c, tanh_c), U, sequences = self._inside, self.weights[1], self.layer.return_sequences
        i, f, g, o = gates.swapaxes(0, 1)  # each (timesteps, units, batch)
        da = np.multiply(gates, gates)
        for k, (top, factor) in enumerate(((i, g), (f, c[:-1]), (da.dtype.type(1), i), (o, tanh_c))):
            np.subtract(top, da[:, k], da[:, k])  # s - s² for sigmoid, 1 - g² for tanh
            da[:, k] *= factor
        to_c = np.multiply(tanh_c, tanh_c)
        np.subtract(1, to_c, to_c)
        to_c *= o
        flat = da.reshape(len(da), -1, da.shape[3])
        self.where_skipped(0, flat, to_c)
        self.where_skipped(1, f)
        step, dc = np.empty_like(dh[0]), np.zeros_like(dh[0])
        for flat_t, da_ifg, da_o, to_c_t, f_t, dh_t, dh_before, skip in self.way_back(
            dh, flat, da[:, :3], da[:, 3], to_c, f
        ):
            np.multiply(to_c_t, dh_t, to_c_t)
            np.add(dc, to_c_t, dc)
            np.multiply(da_ifg, dc, da_ifg)
            np.multiply(da_o, dh_t, da_o)
            np.multiply(dc, f_t, dc)
            back = step if sequences else dh_before
            U.dot(flat_t, back)
            if skip is not None:
                np.copyto(back, dh_t, where=skip)
            if sequences:
                np.add(dh_before, step, dh_before)
        return flat, flat


class FastGRU(FastRecurrent):
    """z, r from a_t + Uᵀ h_{t-1};  g = tanh(a_t + r (Uᵀ h_{t-1} + b'));  h_t = z h_{t-1} + (1 - z) g."""

    halved = (0.5, 0.5, 1.0)

    def loop(self, a: Array, h: Array, U_T: Array) -> None:
        """Fill the gates (in place of a), h, and what r lets through."""
        n, batch = h.shape[1:]
        z_r, z, r, g = a[:, : 2 * n], a[:, :n], a[:, n : 2 * n], a[:, 2 * n :]
        b_inner = np.repeat(self.weights[2][1, 2 * n :, None], batch, axis=1)
        inner = np.empty_like(h[1:])
        self._inside = a, inner
        step, past, half = np.empty_like(a[0]), np.empty_like(h[0]), np.full_like(z_r[0], 0.5)
        step_zr, step_g = step[: 2 * n], step[2 * n :]
        for z_r_t, z_t, r_t, g_t, h_before, h_t, inner_t, skip in zip(
            z_r, z, r, g, h[:-1], h[1:], inner, self._skip, strict=True
        ):
            U_T.dot(h_before, step)
            np.add(step_g, b_inner, inner_t)
            np.add(z_r_t, step_zr, z_r_t)
            np.tanh(z_r_t, z_r_t)
            np.multiply(z_r_t, half, z_r_t)
            np.add(z_r_t, half, z_r_t)
            np.multiply(r_t, inner_t, past)
            np.add(g_t, past, g_t)
            np.tanh(g_t, g_t)
            np.subtract(h_before, g_t, past)
            np.multiply(past, z_t, past)
            np.add(g_t, past, h_t)  # g + z (h_{t-1} - g) = z h_{t-1} + (1 - z) g
            if skip is not None:
                np.copyto(h_t, h_before, where=skip)

    def loop_back(self, dh: Array) -> tuple[Array, Array]:
        """da_t = dh_t times the slope of each gate; h_{t-1} also receives z dh_t directly."""
        (gates, inner), U, sequences = self._inside, self.weights[1], self.layer.return_sequences
        z, r, g = np.split(gates, 3, axis=1)  # each (timesteps, units, batch)
        d_past = np.multiply(gates, gates)
        np.subtract(gates, d_past, d_past)  # s - s², the slope of sigmoid
        of_z, of_r, of_g = np.split(d_past, 3, axis=1)
        of_z *= self._h[:-1] - g
        to_g = np.multiply(g, g)
        np.subtract(1, to_g, to_g)
        to_g *= 1 - z
        of_r *= to_g * inner
        np.multiply(to_g, r, of_g)
        self.where_skipped(0, d_past, to_g)
        self.where_skipped(1, z)
        step, by_gate = np.empty_like(dh[0]), d_past.reshape(len(d_past), 3, *dh.shape[1:])
        for d_past_t, by_gate_t, z_t, dh_t, dh_before, _ in self.way_back(dh, d_past, by_gate, z):
            np.multiply(by_gate_t, dh_t, by_gate_t)
            back = step if sequences else dh_before
            U.dot(d_past_t, back)
            if sequences:
                np.add(dh_before, step, dh_before)
            np.multiply(dh_t, z_t, step)
            np.add(dh_before, step, dh_before)
        da = d_past.copy()
        np.multiply(dh[1:], to_g, da[:, 2 * self.layer.units :])
        return d_past, da
