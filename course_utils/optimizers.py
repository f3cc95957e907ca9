"""What turns gradients into steps, as lesson 7 writes it: SGD, RMSprop and Adam, and a rate that falls.

Names and numbers are Keras's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from course_utils.checks import Array, check_count, check_shape
from course_utils.layers.base import SparseGradient

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

    A word that stands several times in a batch has one gradient, the sum of its places. (Keras on
    TensorFlow squares each place's part alone in Adam and RMSprop, unless it clips: other numbers.)
    """

    learning_rate: float | Callable[[int], float]
    global_clipnorm: float | None = field(default=None, kw_only=True)
    weight_decay: float | None = field(default=None, kw_only=True)
    iterations: int = field(default=0, init=False)  # steps made
    _kept: list[list[Array]] = field(default_factory=list, init=False, repr=False)  # for every weight
    slots: ClassVar[int] = 0  # how many arrays that is, each shaped like the weight

    def __post_init__(self) -> None:
        self.check()

    def check(self) -> None:
        """Raise ValueError for settings that cannot work."""
        for name in ("learning_rate", "global_clipnorm", "weight_decay"):
            value = getattr(self, name)
            if value is not None and not callable(value) and not 0 < value < np.inf:
                raise ValueError(f"{name}={value}: expected a number above 0")

    def rate(self) -> float:
        """Return the learning rate of the next step."""
        return self.learning_rate(self.iterations) if callable(self.learning_rate) else self.learning_rate

    def shortening(self, gradients: Sequence[Gradient]) -> float:
        """Return what clipping multiplies all gradients by; raise FloatingPointError if one is not finite."""
        norm = global_norm(gradients)
        if not np.isfinite(norm):
            raise FloatingPointError(
                f"the gradients are not finite (their norm is {norm}): try global_clipnorm=1, "
                f"or a learning_rate below {self.rate():.3g}"
            )
        limit = self.global_clipnorm
        return 1.0 if limit is None or norm <= limit else limit / norm

    def apply(self, gradients: Sequence[Gradient], weights: Sequence[Array]) -> None:
        """Make one step: change the weights in place.

        Whatever is wrong is raised before: ValueError for settings that cannot work or gradients that do
        not fit, FloatingPointError for gradients that are not finite.
        """
        self.check()
        if len(gradients) != len(weights):
            raise ValueError(f"gradients has {len(gradients)} arrays: expected {len(weights)}, one a weight")
        whole = [g.to_dense() if isinstance(g, SparseGradient) else g for g in gradients]
        for gradient, weight in zip(whole, weights, strict=True):
            check_shape("gradient", gradient, weight.shape)
        scale, rate = self.shortening(whole), self.rate()
        if not self._kept:
            self._kept = [[np.zeros_like(weight) for _ in range(self.slots)] for weight in weights]
        self.iterations += 1
        for gradient, weight, kept in zip(whole, weights, self._kept, strict=True):
            if self.weight_decay is not None:
                weight *= 1 - self.weight_decay * rate
            self.update(weight, scale * gradient, rate, *kept)

    def update(self, weight: Array, g: Array, rate: float, *kept: Array) -> None:
        """Change one weight in place, and what is kept beside it; g is its gradient."""
        raise NotImplementedError


@dataclass
class SGD(Optimizer):
    """``w <- w - learning_rate g``."""

    learning_rate: float | Callable[[int], float] = 0.01

    def update(self, weight: Array, g: Array, rate: float, *kept: Array) -> None:
        """Change one weight."""
        weight -= rate * g


@dataclass
class RMSprop(Optimizer):
    """``w <- w - learning_rate g / sqrt(v + epsilon)``; Tieleman and Hinton (2012).

    ``v <- rho v + (1 - rho) g²`` is a running mean.
    """

    learning_rate: float | Callable[[int], float] = 0.001
    rho: float = 0.9
    epsilon: float = 1e-7
    slots: ClassVar[int] = 1

    def update(self, weight: Array, g: Array, rate: float, *kept: Array) -> None:
        """Change one weight, and v."""
        (v,) = kept
        v += (1 - self.rho) * (g**2 - v)
        weight -= rate * g / np.sqrt(v + self.epsilon)


@dataclass
class Adam(Optimizer):
    """``w <- w - a m / (sqrt(v) + epsilon)``; Kingma and Ba (2015).

    ``m <- beta_1 m + (1 - beta_1) g`` and ``v <- beta_2 v + (1 - beta_2) g²`` are running means, and
    the powers in ``a = learning_rate sqrt(1 - beta_2^t) / (1 - beta_1^t)``, with step t, make up for their
    start at zero.
    """

    learning_rate: float | Callable[[int], float] = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7
    slots: ClassVar[int] = 2

    def check(self) -> None:
        """Raise ValueError for settings that cannot work."""
        super().check()
        if not 0 <= self.beta_1**2 < self.beta_2 < 1:
            raise ValueError(
                f"beta_1={self.beta_1}, beta_2={self.beta_2}: expected 0 <= beta_1 < sqrt(beta_2) < 1"
            )

    def update(self, weight: Array, g: Array, rate: float, *kept: Array) -> None:
        """Change one weight, m and v."""
        (m, v), t = kept, self.iterations
        m += (1 - self.beta_1) * (g - m)
        v += (1 - self.beta_2) * (g**2 - v)
        # ** 0.5 and not np.sqrt: a Python float leaves float32 arrays float32.
        step_size = rate * (1 - self.beta_2**t) ** 0.5 / (1 - self.beta_1**t)
        weight -= step_size * m / (np.sqrt(v) + self.epsilon)
