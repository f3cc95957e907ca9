"""What turns gradients into steps: SGD, RMSprop and Adam, with Keras's names and numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from course_utils.checks import Array, check_count
from course_utils.layers import SparseGradient, flush

Gradient = Array | SparseGradient


def global_norm(gradients: Sequence[Gradient]) -> float:
    """Return the length of all gradients laid end to end."""
    parts = [(g.values if isinstance(g, SparseGradient) else g).ravel() for g in gradients]
    return float(np.sqrt(sum(float(part @ part) for part in parts)))


@dataclass
class CosineDecay:
    """A learning rate that falls along a cosine, from its first value to 0 at `decay_steps`.

    As Keras's schedule of this name; Loshchilov and Hutter (2017), "SGDR".
    """

    initial_learning_rate: float
    decay_steps: int

    def __post_init__(self) -> None:
        check_count("decay_steps", self.decay_steps)

    def __call__(self, step: int) -> float:
        """Return the learning rate of a step, counted from 0."""
        share = min(step / self.decay_steps, 1.0)
        return float(self.initial_learning_rate * 0.5 * (1 + np.cos(np.pi * share)))


@dataclass
class Optimizer:
    """What all optimisers share: the learning rate, clipping, and arrays kept beside every weight.

    `learning_rate` is a number, or a function of the step, such as CosineDecay. With
    `global_clipnorm`, gradients that are longer together are shortened to this length. With
    `weight_decay` every step first takes this share, times the learning rate, off every weight;
    Loshchilov and Hutter (2019), "Decoupled weight decay regularization".

    A batch touches few rows of a table of words. What happens to the others depends on nothing but
    the number of steps, so it can wait until a batch needs them: while `lazy` is True, `apply`
    leaves them behind, and `catch_up` brings them to where they belong.
    """

    learning_rate: float | Callable[[int], float]
    global_clipnorm: float | None = field(default=None, kw_only=True)
    weight_decay: float | None = field(default=None, kw_only=True)
    iterations: int = field(default=0, init=False)
    lazy: bool = field(default=False, init=False, repr=False)
    _kept: list[list[Array]] = field(default_factory=list, init=False, repr=False)
    slots: ClassVar[int] = 1  # arrays kept beside every weight
    block: ClassVar[int] = 2**17  # numbers treated at a time

    def __post_init__(self) -> None:
        self.check()

    def check(self) -> None:
        """Raise ValueError for settings that cannot work."""
        for name in ("learning_rate", "global_clipnorm", "weight_decay"):
            value = getattr(self, name)
            if value is not None and not callable(value) and not 0 < value < np.inf:
                raise ValueError(f"{name}={value}: expected a number above 0")

    def rate(self) -> float:
        """Return the learning rate of the next step, or of the one that is being made."""
        return self.learning_rate(self.iterations) if callable(self.learning_rate) else self.learning_rate

    def apply(self, gradients: Sequence[Gradient], weights: Sequence[Array]) -> None:
        """Update the weights in place; raise FloatingPointError instead if a gradient is not finite."""
        self.check()
        norm = global_norm(gradients)
        if not np.isfinite(norm):
            raise FloatingPointError(
                f"the gradients are not finite (their norm is {norm}): try global_clipnorm=1, "
                f"or a learning_rate below {self.rate():.3g}"
            )
        if self.global_clipnorm is not None and norm > self.global_clipnorm:
            gradients = [scaled(gradient, self.global_clipnorm / norm) for gradient in gradients]
        if not self._kept:
            self._kept = [self.keep(*pair) for pair in zip(weights, gradients, strict=True)]
        rate = self.rate()
        self.iterations += 1
        for gradient, weight, kept in zip(gradients, weights, self._kept, strict=True):
            if self.weight_decay is not None:
                weight *= 1 - self.weight_decay * rate
            if isinstance(gradient, SparseGradient):
                for part in self.parts(gradient.values):
                    self.update(weight, gradient.rows[part], gradient.values[part], rate, *kept)
            else:
                for part in self.parts(gradient):
                    self.update(weight, part, gradient[part], rate, *kept)
            if self.iterations % 64 == 0:
                for array in kept[: self.slots]:
                    flush(array)  # what decays ends among the slow numbers
        self.end_step(rate)
        if not self.lazy:
            self.catch_up(weights)

    def end_step(self, rate: float) -> None:
        """Note what `catch_up` will need of this step."""

    def parts(self, array: Array) -> list[slice]:
        """Return the rows of an array in pieces that stay in the processor's cache."""
        height = max(1, self.block // max(1, array[:1].size))
        return [slice(start, start + height) for start in range(0, len(array), height)]

    def keep(self, weight: Array, gradient: Gradient) -> list[Array]:
        """Return the arrays kept beside one weight; of a table also the step of each row's last gradient."""
        slots = [np.zeros_like(weight) for _ in range(self.slots)]
        return [*slots, np.zeros(len(weight), np.int64)] if isinstance(gradient, SparseGradient) else slots

    def steps_since(self, rows: Any, last: Array | None = None) -> Any:
        """Return the steps since the last gradient of each row, as a column, and note that one is here."""
        if last is None:
            return 1
        steps = self.iterations - last[rows, None]
        last[rows] = self.iterations
        return steps

    def catch_up(self, weights: Sequence[Array], ids: Array | None = None) -> None:
        """Bring the rows of these ids, or all, to the present step, where `apply` left them behind."""

    def update(self, weight: Array, rows: Any, g: Array, rate: float, *kept: Any) -> None:
        """Change one weight; g is the gradient of weight[rows], that of all other rows is zero."""
        raise NotImplementedError


@dataclass
class SGD(Optimizer):
    """w <- w - learning_rate g; with momentum v <- momentum v - learning_rate g, w <- w + v."""

    learning_rate: float | Callable[[int], float] = 0.01
    momentum: float = 0.0

    def apply(self, gradients: Sequence[Gradient], weights: Sequence[Array]) -> None:
        """Update the weights in place; raise FloatingPointError instead if a gradient is not finite."""
        if self.momentum:  # moves every row at every step
            gradients = [g.to_dense() if isinstance(g, SparseGradient) else g for g in gradients]
        super().apply(gradients, weights)

    def update(self, weight: Array, rows: Any, g: Array, rate: float, *kept: Any) -> None:
        """Change one weight."""
        if self.momentum:
            v = kept[0]
            v[rows] = self.momentum * v[rows] - rate * g
            weight[rows] += v[rows]
        else:
            weight[rows] -= rate * g


@dataclass
class RMSprop(Optimizer):
    """w <- w - learning_rate g / sqrt(v + epsilon), v <- rho v + (1 - rho) g²; Tieleman and Hinton (2012)."""

    learning_rate: float | Callable[[int], float] = 0.001
    rho: float = 0.9
    epsilon: float = 1e-7

    def update(self, weight: Array, rows: Any, g: Array, rate: float, *kept: Any) -> None:
        """Change one weight."""
        v, *last = kept
        new = rows_of(v, rows) * power(self.rho, self.steps_since(rows, *last), v)
        new += square(g, 1 - self.rho)
        v[rows] = new
        step = new + self.epsilon
        np.divide(g, np.sqrt(step, step), step)
        step *= rate
        weight[rows] = np.subtract(rows_of(weight, rows), step, step)


@dataclass
class Adam(Optimizer):
    """w <- w - a m / (sqrt(v) + epsilon), a = learning_rate sqrt(1 - beta_2^t) / (1 - beta_1^t).

    m <- beta_1 m + (1 - beta_1) g and v <- beta_2 v + (1 - beta_2) g² are running means, and
    the powers with step t make up for their start at zero; Kingma and Ba (2015). Words that a
    batch does not hold move on too, by what m remembers: k steps after its last gradient a row moves
    by a r^k m / (sqrt(v) + epsilon), r = beta_1 / sqrt(beta_2). (Strictly, epsilon would not fall
    with v; with the usual betas that is less than one hundredth of such a move.) For every step s,
    `_moves` holds the sum of a r^k since then.
    """

    learning_rate: float | Callable[[int], float] = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7
    _moves: Array = field(default_factory=lambda: np.zeros(1), init=False, repr=False)
    _fading: Array = field(init=False, repr=False)  # r^k, down to r^1
    slots: ClassVar[int] = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        powers = (self.beta_1 / np.sqrt(self.beta_2)) ** np.arange(1, 100_000)
        self._fading = powers[: np.count_nonzero(powers > 1e-12) + 1][::-1]

    def check(self) -> None:
        """Raise ValueError for settings that cannot work."""
        super().check()
        if not 0 <= self.beta_1**2 < self.beta_2 < 1:
            raise ValueError(
                f"beta_1={self.beta_1}, beta_2={self.beta_2}: expected 0 <= beta_1 < sqrt(beta_2) < 1"
            )

    def end_step(self, rate: float) -> None:
        """Add this step's move to the sums of all steps before it."""
        recent = self._moves[-len(self._fading) :]  # what is older does not move any more
        recent += self.step_size(rate) * self._fading[-len(recent) :]
        self._moves = np.append(self._moves, 0.0)

    def step_size(self, rate: float) -> float:
        """Return a, the learning rate with the powers of this step."""
        t = self.iterations
        return float(rate * np.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t))

    def keep(self, weight: Array, gradient: Gradient) -> list[Array]:
        """Return m and v; of a table also each row's last step, and how much of `_moves` it has made."""
        kept = super().keep(weight, gradient)
        return [*kept, np.zeros(len(weight))] if len(kept) > self.slots else kept

    def catch_up(self, weights: Sequence[Array], ids: Array | None = None) -> None:
        """Bring the rows of these ids, or all, to the present step, where `apply` left them behind."""
        rows = None if ids is None else np.flatnonzero(np.bincount(ids.ravel()))  # every id once
        for weight, (m, v, *table) in zip(weights, self._kept, strict=False):
            if not table:
                continue
            last, made = table
            parts = self.parts(weight if rows is None else weight[: len(rows)])
            for part in parts if rows is None else [rows[part] for part in parts]:
                owed = self._moves[last[part]] - made[part]
                if owed.any():
                    made[part] += owed
                    step = self.direction(rows_of(m, part), rows_of(v, part))
                    step *= owed[:, None].astype(weight.dtype)
                    weight[part] = np.subtract(rows_of(weight, part), step, step)

    def direction(self, m: Array, v: Array) -> Array:
        """Return m / (sqrt(v) + epsilon)."""
        step = np.sqrt(v)
        step += self.epsilon
        return np.divide(m, step, step)

    def update(self, weight: Array, rows: Any, g: Array, rate: float, *kept: Any) -> None:
        """Change one weight; rows of a table have caught up before."""
        m, v, *table = kept
        steps = self.steps_since(rows, *table[:1])
        for made in table[1:]:
            made[rows] = 0
        new_m = rows_of(m, rows) * power(self.beta_1, steps, m)
        new_m += (1 - self.beta_1) * g
        new_v = rows_of(v, rows) * power(self.beta_2, steps, v)
        new_v += square(g, 1 - self.beta_2)
        m[rows], v[rows] = new_m, new_v
        step = self.direction(new_m, new_v)
        step *= self.step_size(rate)
        weight[rows] = np.subtract(rows_of(weight, rows), step, step)


def rows_of(array: Array, rows: Any) -> Array:
    """Return these rows, a view of a slice; of a list `array[rows]` would take twice as long."""
    return array[rows] if isinstance(rows, slice) else array.take(rows, axis=0)


def scaled(gradient: Gradient, scale: float) -> Gradient:
    """Return a gradient times a number."""
    if isinstance(gradient, SparseGradient):
        return replace(gradient, values=gradient.values * scale)
    return gradient * scale


def square(g: Array, share: float) -> Array:
    """Return this share of g²."""
    squares = g * g
    squares *= share
    return squares


def power(base: float, exponents: Any, like: Array) -> Any:
    """Return base to these powers, in the dtype of `like`."""
    return base**exponents if isinstance(exponents, int) else np.power(base, exponents).astype(like.dtype)
