"""What an optimiser does to weights laid end to end, and to a table of words of which few wait.

Saves: all weights but the table lie end to end in one array, so a step changes them with a dozen calls
instead of a dozen for each. And a batch touches few rows of a table. What happens to the others depends on
nothing but the number of steps, so it waits until a batch needs them: k steps after its last gradient, a
row under Adam has moved by the sum of a_s r^s m / (sqrt(v) + epsilon) for s = 1 to k, with
r = beta_1 / sqrt(beta_2), and m and v have fallen by beta_1^k and beta_2^k. (Strictly, epsilon would not
fall with v; with the usual betas that is less than one hundredth of such a move.) Weight decay has shrunk
it by the product of 1 - decay * rate meanwhile.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from course_utils.checks import Array
from course_utils.fast.recurrent import flush
from course_utils.optimizers import SGD, Adam, Optimizer, RMSprop

WINDOW = 1024  # steps after which all rows catch up, so that the lists below stay short
BLOCK = 2**15  # numbers treated at a time: what belongs to them stays in the processor's cache
KINDS = (SGD, RMSprop, Adam)  # exactly these: a subclass has an `apply` of its own


@cache
def keep_freed_memory() -> None:
    """Let Linux's allocator keep some memory that arrays give back: the next step takes it again.

    Having freed one array of nearly 32 MB, it keeps up to 64 MB instead of 128 KB (man 3 mallopt).
    """
    np.empty(2**25 - 2**16, np.uint8)


class Rule:
    """The formulas of one optimiser, in place; the learning rate of each step comes from outside."""

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer, self.decay = optimizer, optimizer.weight_decay or 0.0
        o: Any = optimizer
        self.falls = {SGD: (), RMSprop: ("rho",), Adam: ("beta_1", "beta_2")}[type(o)]
        self.powers = [getattr(o, name) ** np.arange(WINDOW + 1.0) for name in self.falls]
        self.waits = bool(self.falls or self.decay)
        self.fading = np.zeros(WINDOW)
        if isinstance(o, Adam):  # r^WINDOW, ..., r
            self.fading = (o.beta_1 / o.beta_2**0.5) ** np.arange(WINDOW, 0.0, -1)

    def size(self, rate: float, t: int) -> float:
        """Return the factor of step t: the rate, under Adam with the powers that make up for the start."""
        o = self.optimizer
        return rate * (1 - o.beta_2**t) ** 0.5 / (1 - o.beta_1**t) if isinstance(o, Adam) else rate

    def change(self, w: Array, g: Array, kept: Sequence[Array], rate: float, size: float) -> None:
        """Make one step: change w, and what is kept beside it."""
        o: Any = self.optimizer
        if self.decay:
            w *= 1 - self.decay * rate
        if not kept:
            w -= size * g
            return
        v, square = kept[-1], np.multiply(g, g)
        square *= 1 - getattr(o, self.falls[-1])
        v *= getattr(o, self.falls[-1])
        v += square
        if isinstance(o, Adam):
            m, step = kept[0], self.root(v, square)
            m *= o.beta_1
            m += (1 - o.beta_1) * g
            np.divide(m, step, step)
        else:
            step = np.add(v, o.epsilon, square)
            np.divide(g, np.sqrt(step, step), step)
        step *= size
        w -= step

    def root(self, v: Array, out: Array | None = None) -> Array:
        """Return sqrt(v) + epsilon."""
        root = np.sqrt(v, out)
        root += self.optimizer.epsilon  # type: ignore[attr-defined]
        return root

    def catch_up(self, w: Array, kept: Sequence[Array], steps: Array, owed: Array, shrunk: Array) -> None:
        """Do to rows what the steps did that they waited for; the last three say what, for each row."""
        if self.decay:
            w *= shrunk[:, None].astype(w.dtype)
        if isinstance(self.optimizer, Adam):
            step = self.root(kept[1])
            np.divide(kept[0], step, step)
            step *= owed[:, None].astype(w.dtype)
            w -= step
        for array, powers in zip(kept, self.powers, strict=True):
            array *= powers.take(steps).astype(w.dtype)[:, None]


class Waiting:
    """A table and how far its rows are. All arrays may be shared by two processes that take turns."""

    def __init__(self, rule: Rule, table: Array, kept: Sequence[Array], last: Array, sums: Array) -> None:
        self.rule, self.table, self.kept = rule, table, kept
        self.last = last  # (rows,), the step of this window up to which a row is done
        self.owed, self.shrunk = sums  # (2, WINDOW + 1), what rows that stopped there owe and shrink by

    def rows_of(self, rows: Any, t: int) -> tuple[Array, list[Array]]:
        """Bring some rows to step t; return copies of them and of what is kept beside them.

        In the table stands the new row already, for whoever looks it up. The rest follows by `put`.
        """
        w, kept = self.table.take(rows, axis=0), [array.take(rows, axis=0) for array in self.kept]
        last = self.last.take(rows)
        if self.rule.waits and (last < t).any():
            self.rule.catch_up(w, kept, t - last, self.owed.take(last), self.shrunk.take(last))
            self.table[rows] = w
        return w, kept

    def put(self, rows: Any, w: Array, kept: Sequence[Array], t: int) -> None:
        """Write such copies back, which are at step t."""
        self.table[rows] = w
        for array, new in zip(self.kept, kept, strict=True):
            array[rows] = new
        self.last[rows] = t

    def note(self, t: int, rate: float, size: float) -> None:
        """Add the step after t to what rows owe that it passes."""
        self.shrunk[: t + 1] *= 1 - self.rule.decay * rate
        self.owed[: t + 1] *= 1 - self.rule.decay * rate
        self.owed[: t + 1] += size * self.rule.fading[-(t + 1) :]
        self.owed[t + 1], self.shrunk[t + 1] = 0, 1

    def settle(self, part: slice, t: int) -> None:
        """Bring all rows of a part to step t, in blocks."""
        if not self.rule.waits:
            return
        height = max(1, BLOCK // self.table.shape[1])
        for start in range(part.start, part.stop, height):
            rows = slice(start, min(start + height, part.stop))
            last = self.last[rows]
            if (last < t).any():
                kept = [array[rows] for array in self.kept]
                owed, shrunk = self.owed.take(last), self.shrunk.take(last)
                self.rule.catch_up(self.table[rows], kept, t - last, owed, shrunk)
                for array in kept:
                    flush(array)
