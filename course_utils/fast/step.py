"""One training step in pieces that two processes can share, each with half of the batch.

Saves: the other core, see `second`. The pieces are the same whether one process does both halves or two do
one each, so a seed gives the same numbers on any number of cores. Between two pieces everybody waits.

    wake     rows of the table that this batch holds catch up (see `update`); each half brings half of them
    run      forward and backward of half the batch, into gradients of its own
    add_up   the gradients of both halves, added over half of the weights, and their length
    update   the optimiser's work on half of the weights
    settle   instead of all that: half of the table's rows catch up, at the end of an epoch

What the pieces work on lies in three stretches of memory, which two processes may share: the weights, what
the optimiser keeps beside them, and a scratch for gradients and the batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course_utils.checks import Array
from course_utils.fast.stack import Stack, as_columns, as_rows
from course_utils.fast.update import BLOCK, WINDOW, Rule, Waiting
from course_utils.layers import Layer
from course_utils.losses import evaluate_logits
from course_utils.optimizers import Optimizer

STEP, SETTLE = ("wake", "run", "add_up", "update"), ("settle",)
GRAIN = 16  # a batch is cut at a multiple of so many reviews
MESSAGE = 4096  # bytes for the text of an error
Shapes = list[
    tuple[tuple[int, ...], Any]
]  # of arrays that lie in memory one after the other, and their dtypes


@dataclass
class Plan:
    """What both processes have to know of a training before it begins."""

    layers: list[dict[str, Any]]  # as `describe` writes them
    shapes: list[tuple[int, ...]]  # of all weights
    table: bool  # the first weight is a table of words, and x holds ids
    dtype: str
    loss: str
    optimizer: tuple[str, dict[str, Any]]  # its class and settings, without the learning rate
    numbers: int  # the most that a batch of x holds
    reviews: int  # the most in a batch

    def of_weights(self) -> Shapes:
        """Return the stretch of the weights: all but the table end to end, then the table."""
        first = int(self.table)
        flat = sum(int(np.prod(shape)) for shape in self.shapes[first:])
        return [((flat,), self.dtype), *((shape, self.dtype) for shape in self.shapes[:first])]

    def of_scratch(self) -> Shapes:
        """Return the stretch of all that is needed for one batch only."""
        (flat, *_), *table = (shape for shape, _ in self.of_weights())
        rows = table[0] if table else (0, 1)
        return [
            ((64,), "int64"), ((MESSAGE,), "uint8"), ((64,), "float64"), ((2, 3), "float64"),
            ((self.numbers,), "int32" if self.table else self.dtype), ((self.reviews,), "int64"),
            ((2, flat), self.dtype), ((2, *rows), self.dtype), ((rows[0],), "int32"),
            ((2, WINDOW + 1), "float64"),
        ]  # fmt: skip


@dataclass
class Orders:
    """What changes from step to step; it travels as numbers in the scratch."""

    kind: int = 0  # 0 a step, 1 settle
    reviews: int = 0
    width: int = 0  # timesteps
    features: int = 1  # of x; 1 for ids
    t: int = 0  # steps since the rows were last settled
    rate: float = 0.0
    size: float = 0.0  # see Rule.size
    seeds: list[int] = field(default_factory=list)  # of each dropout

    def write(self, out: Array) -> None:
        """Put the orders into the scratch."""
        numbers = [self.kind, self.reviews, self.width, self.features, self.t, self.rate, self.size]
        out[: len(numbers) + len(self.seeds)] = [*numbers, *self.seeds]

    @classmethod
    def read(cls, out: Array, dropouts: int) -> "Orders":
        """Read them there."""
        *whole, rate, size = out[:7].tolist()
        kind, reviews, width, features, t = map(int, whole)
        seeds = [int(seed) for seed in out[7 : 7 + dropouts]]
        return cls(kind, reviews, width, features, t, rate, size, seeds)


class Step:
    """The pieces of a step, over arrays that `carve` cut out of the three stretches."""

    def __init__(
        self, plan: Plan, layers: Sequence[Layer], optimizer: Optimizer, stretches: Sequence[list[Array]]
    ) -> None:
        self.plan, self.rule = plan, Rule(optimizer)
        weights, kept, scratch = stretches
        parts = len(plan.of_weights())
        self.flat, self.flat_kept = weights[0], kept[::parts]
        (self.sync, self.message, self.orders, self.scores, self.x, self.labels, self.g, self.g_rows,
         last, sums) = scratch  # fmt: skip
        self.waiting = Waiting(self.rule, weights[1], kept[1::parts], last, sums) if plan.table else None
        views, own = views_of(plan, weights), []
        for layer in layers:
            own.append(views[: len(layer.weight_names)])
            views = views[len(layer.weight_names) :]
        self.stack = Stack(layers, own)
        self.dropouts = len(self.stack.dropouts())
        self.held: dict[int, Any] = {}

    def begin(self) -> None:
        """Read what is to be done."""
        o = self.now = Orders.read(self.orders, self.dropouts)
        shape = (o.reviews, o.width) if self.plan.table else (o.reviews, o.width, o.features)
        self.batch = self.x[: int(np.prod(shape))].reshape(shape)
        self.halves = halves_of(o.reviews)
        if self.plan.table and not o.kind:
            self.rows = np.flatnonzero(np.bincount(self.batch.ravel()))

    def do(self, piece: str, ks: Sequence[int]) -> None:
        """Do one piece for these halves."""
        with np.errstate(over="ignore", invalid="ignore"):  # looked at in `refused`
            if piece == "run" and (len(ks) == 1 or self.stack.same_alone(self.halves, self.plan.dtype)):
                self.run(ks)
            elif piece == "run":
                for k in ks:
                    self.run([k])
            else:
                for k in ks:
                    getattr(self, piece)(k)

    def wake(self, k: int) -> None:
        """Bring half of this batch's rows up to now; hold what they are."""
        if self.waiting is not None:
            self.put_back(k)
            rows = self.rows[part(len(self.rows), k)]
            self.held[k] = (rows, *self.waiting.rows_of(rows, self.now.t), self.now.t)

    def put_back(self, k: int) -> None:
        """Write back what is held: of a step that broke off before its update."""
        if k in self.held and self.waiting is not None:
            self.waiting.put(*self.held.pop(k))

    def run(self, ks: Sequence[int]) -> None:
        """Forward and backward of half the batch, or of both halves in the same loops."""
        if 1 in ks and not length(self.halves[1]):
            self.scores[1], self.g[1] = 0, 0
            if self.plan.table:
                self.g_rows[1, : len(self.rows)] = 0
            ks = [k for k in ks if k == 0]
        if not ks:
            return
        start = self.halves[ks[0]].start
        halves = [slice(self.halves[k].start - start, self.halves[k].stop - start) for k in ks]
        x = self.batch[start : self.halves[ks[-1]].stop]
        self.stack.seed_dropouts(self.now.seeds)
        logits, dys = self.stack.columns(x, True, halves, ks[0]), []
        for k, half in zip(ks, halves, strict=True):
            share = length(half) / self.now.reviews
            labels = self.labels[self.halves[k]]
            scores, dy = evaluate_logits(
                np.ascontiguousarray(as_rows(logits[..., half])), labels, self.plan.loss
            )
            self.scores[k, :2] = scores["loss"] * share, scores["accuracy"] * share
            dys.append(as_columns(dy * dy.dtype.type(share)))
        self.stack.columns_back(np.concatenate(dys, axis=-1))
        for i, k in enumerate(ks):
            gradients = [
                g for twin in self.stack.twins for g in (twin.gradients[i] if twin.gradients else [])
            ]
            if self.plan.table:
                words = gradients.pop(0)
                rows = self.g_rows[k, : len(self.rows)]
                rows[:] = 0
                rows[np.searchsorted(self.rows, words.rows)] = words.values
            np.concatenate([g.ravel() for g in gradients], out=self.g[k])
        self.stack.forget()

    def add_up(self, k: int) -> None:
        """Add both halves' gradients over half of the weights; note the square of their length."""
        total = self.g[0, part(self.g.shape[1], k)]
        total += self.g[1, part(self.g.shape[1], k)]
        square = float(total @ total)
        if self.plan.table:
            mine = part(len(self.rows), k)
            total = self.g_rows[0, mine]
            total += self.g_rows[1, mine]
            square += float(total.ravel() @ total.ravel())
        self.scores[k, 2] = square

    def norm(self) -> float:
        """Return the length of all gradients laid end to end."""
        return float(np.sqrt(self.scores[0, 2] + self.scores[1, 2]))

    def refused(self) -> bool:
        """Return whether the loss or a gradient is not finite: then nothing is updated."""
        return not np.isfinite(self.scores).all()

    def update(self, k: int) -> None:
        """The optimiser's work on half of the weights."""
        now, limit, norm = self.now, self.rule.optimizer.global_clipnorm, self.norm()
        scale = self.flat.dtype.type(limit / norm if limit is not None and norm > limit else 1)
        mine = part(len(self.flat), k)
        for start in range(mine.start, mine.stop, BLOCK):
            at = slice(start, min(start + BLOCK, mine.stop))
            kept = [array[at] for array in self.flat_kept]
            self.rule.change(self.flat[at], self.g[0, at] * scale, kept, now.rate, now.size)
        if self.waiting is not None:
            (rows, w, kept, _), mine = self.held[k], part(len(self.rows), k)
            g, height = self.g_rows[0, mine], max(1, BLOCK // self.g_rows.shape[2])
            for start in range(0, len(w), height):
                at = slice(start, start + height)
                self.rule.change(w[at], g[at] * scale, [array[at] for array in kept], now.rate, now.size)
            self.held[k] = (rows, w, kept, now.t + 1)
            self.put_back(k)
            if k == 0 and self.rule.waits:
                self.waiting.note(now.t, now.rate, now.size)

    def settle(self, k: int) -> None:
        """Bring half of all rows up to now."""
        if self.waiting is not None:
            self.put_back(k)
            self.waiting.settle(part(len(self.waiting.table), k), self.now.t)


def halves_of(reviews: int) -> list[slice]:
    """Cut a batch in two, near its middle; a small one stays whole, its second half is empty.

    A loop costs hardly less for fewer columns. And libraries of matrix products treat columns in blocks:
    cut between blocks, each half comes out the same alone and in one loop with the other.
    """
    middle = reviews if reviews < 2 * GRAIN else (reviews + GRAIN) // (2 * GRAIN) * GRAIN
    return [slice(0, middle), slice(middle, reviews)]


def length(half: slice) -> int:
    """Return how many reviews a half holds."""
    return int(half.stop - half.start)


def part(size: int, k: int) -> slice:
    """Return the first or the second half of so many."""
    return slice(0, (size + 1) // 2) if k == 0 else slice((size + 1) // 2, size)


def views_of(plan: Plan, stretch: Sequence[Array]) -> list[Array]:
    """Return each weight as a view of the stretch, in the model's order."""
    views, start = list(stretch[1:]), 0
    for shape in plan.shapes[int(plan.table) :]:
        size = int(np.prod(shape))
        views.append(stretch[0][start : start + size].reshape(shape))
        start += size
    return views
