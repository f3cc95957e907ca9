"""Training by the fast path: what `fit` and `train_on_batch` make their steps with.

`training(model, ...)` gives an object with `step(x, labels)` and `settle()`. A model of the course's own
layers and optimisers is trained by halves (`Halves`), in one process or two, whichever is faster. What
somebody has changed, a layer or optimiser of their own, a `gradients` of the model's, is called as it is,
once for the whole batch (`Whole`).
"""

import os
import signal
import threading
import time
import warnings
import weakref
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from statistics import median
from typing import Any

import numpy as np

from course_utils.checks import Array
from course_utils.fast import cores
from course_utils.fast.second import GoneError, Memory, carved, room, second
from course_utils.fast.stack import Stack, is_known
from course_utils.fast.step import SETTLE, STEP, Orders, Plan, Step, halves_of, length, views_of
from course_utils.fast.update import KINDS, WINDOW
from course_utils.layers import Bidirectional, Embedding, Recurrent
from course_utils.losses import evaluate_logits
from course_utils.model_files import describe

START_AFTER_S = 0.3  # a training that ends before is not worth a second process
TRY = 5  # steps that are timed in one process, and in two (after as many), before the faster makes the rest
PATIENCE_S = 5  # a second Ctrl-C after so long ends a second process that hangs
AGAIN = 100  # after so many steps the other way is tried again: the other core may have become free, or not


class Pace:
    """Which is faster, one process or two: measured, for each number of a batch."""

    def __init__(self) -> None:
        self.seconds: dict[bool, deque[float]] = {both: deque(maxlen=TRY) for both in (False, True)}
        self.steps, self.spent, self.skip = 0, 0.0, TRY

    def choose(self) -> bool:
        """Return whether two processes shall make the next step."""
        self.steps += 1
        for both in (True, False):
            if len(self.seconds[both]) < TRY:
                return both
        better = median(self.seconds[True]) < median(self.seconds[False])
        return better if self.steps % AGAIN >= TRY else not better

    def note(self, both: bool, seconds: float, numbers: int) -> None:
        """Note what a step took, and what that is for each number of the batch."""
        self.spent += seconds
        self.skip -= both and self.skip > 0
        if not (both and self.skip):
            self.seconds[both].append(seconds / numbers)


class Home:
    """Where a model's weights lie end to end; the layers' weights are views of it."""

    def __init__(self, plan: Plan, model: Any) -> None:
        self.plan, self.pace = plan, Pace()
        self.weights = Memory(plan.of_weights())
        self.views = views_of(plan, self.weights.carve(plan.of_weights()))
        places = [
            (one, name) for layer in model.layers for one in parts_of(layer) for name in one.weight_names
        ]
        for (owner, name), view in zip(places, self.views, strict=True):
            view[...] = getattr(owner, name)
            setattr(owner, name, view)
        self.optimizer: Any = None
        self.kept: list[list[Array]] = []
        weakref.finalize(self, second.rest, self.weights)

    def keep_beside(self, optimizer: Any) -> None:
        """Give what the optimiser keeps a place beside the weights."""
        now = optimizer._kept
        if (
            optimizer is self.optimizer
            and len(now) == len(self.kept)
            and all(
                a is b
                for one, other in zip(now, self.kept, strict=True)
                for a, b in zip(one, other, strict=True)
            )
        ):
            return
        shapes = self.plan.of_weights()
        self.slots = Memory(optimizer.slots * shapes)
        arrays = self.slots.carve(optimizer.slots * shapes)
        each = [views_of(self.plan, arrays[k : k + len(shapes)]) for k in range(0, len(arrays), len(shapes))]
        self.kept = [list(one) for one in zip(*each, strict=True)] or [[] for _ in self.views]
        for views, olds in zip(self.kept, now, strict=False):
            for view, old in zip(views, olds, strict=True):
                view[...] = old
        self.optimizer, optimizer._kept = optimizer, self.kept


homes: weakref.WeakKeyDictionary[Any, Home] = weakref.WeakKeyDictionary()


def leave_home() -> None:
    """In the child of a fork: give every model weights of its own, not those of the parent."""
    for model, home in list(homes.items()):
        for layer in model.layers:
            for one in parts_of(layer):
                for name in one.weight_names if one.built else ():
                    setattr(one, name, getattr(one, name).copy())
        if home.optimizer is not None:
            home.optimizer._kept = [[array.copy() for array in kept] for kept in home.optimizer._kept]
    homes.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=leave_home)


def parts_of(layer: Any) -> Sequence[Any]:
    """Return the layers that hold the weights."""
    return layer.layers if isinstance(layer, Bidirectional) else [layer]


def plan_of(model: Any, numbers: int, reviews: int) -> Plan | None:
    """Return what a second process would have to know; None where something is not the course's own."""
    from course_utils.engine import Sequential

    kind, own = type(model), Sequential
    same = (kind.gradients, kind.weights, kind.forward, kind.backward) == (
        own.gradients, own.weights, own.forward, own.backward,
    )  # fmt: skip
    dtypes = {layer.dtype.name for layer in model.layers}
    alike = all(is_known(one) for layer in model.layers for one in (layer, *parts_of(layer)))
    tables = [isinstance(layer, Embedding) for layer in model.layers]
    optimizer = model.optimizer
    first = tables[0] or isinstance(model.layers[0], Recurrent | Bidirectional)
    if not (
        same and alike and first and len(dtypes) == 1 and not any(tables[1:]) and type(optimizer) in KINDS
    ):
        return None
    settings = {
        one.name: getattr(optimizer, one.name)
        for one in fields(optimizer)
        if one.init and one.name != "learning_rate"
    }
    return Plan(
        [describe(layer) for layer in model.layers], [weight.shape for weight in model.weights], tables[0],
        dtypes.pop(), model.loss, (type(optimizer).__name__, settings), numbers, reviews,
    )  # fmt: skip


class Whole:
    """Steps with the whole batch at once, through the model's and the optimiser's own methods."""

    def __init__(self, model: Any) -> None:
        from course_utils.engine import Sequential

        own = (type(model).forward, type(model).backward) == (Sequential.forward, Sequential.backward)
        self.model, self.way = model, Stack(model.layers) if own else model

    def step(self, x: Array, labels: Array) -> dict[str, float]:
        """Make one step; return loss and accuracy before the update."""
        optimizer = self.model.optimizer
        with np.errstate(over="ignore", invalid="ignore"):  # checked once, at the end
            scores, dy = evaluate_logits(self.way.forward(x, training=True), labels, self.model.loss)
            check_loss(scores["loss"], optimizer)
            self.way.backward(dy)
            optimizer.apply(self.model.gradients, self.model.weights)
        return scores

    def settle(self) -> None:
        """Nothing waits here."""

    def end(self) -> None:
        """Let go of the last batch."""
        for one in [self.way] if isinstance(self.way, Stack) else self.model.layers:
            one.forget()
        for layer in self.model.layers:
            layer.gradients = []


class Halves:
    """Steps in two halves, which one process makes or two, whichever is faster; the numbers are the same."""

    def __init__(self, model: Any, plan: Plan) -> None:
        self.model, self.plan, self.optimizer = model, plan, model.optimizer
        home = homes.get(model)
        if (
            home is None
            or home.plan.shapes != plan.shapes
            or any(a is not b for a, b in zip(home.views, model.weights, strict=True))
        ):
            home = homes[model] = Home(plan, model)
        self.home = home
        home.keep_beside(self.optimizer)
        self.alone = not second.lock.acquire(blocking=False)
        try:
            scratch = None if self.alone else second.scratch
            shapes = plan.of_scratch()
            if scratch is None or scratch.size < sum(room(*one) for one in shapes):
                scratch = Memory(shapes)
                if not self.alone:
                    second.rest()
                    second.scratch = scratch
            self.memories = [home.weights, home.slots, scratch]
            stretches = carved(plan, self.memories)
            self.inner = Step(plan, model.layers, self.optimizer, stretches)
            self.usable = not self.alone and all(memory.map is not None for memory in self.memories)
            self.orders, self.t = Orders(), 0
            self.reset()
        except BaseException:
            if not self.alone:
                second.lock.release()
            raise

    def reset(self) -> None:
        """All rows are where they belong: begin to count anew."""
        self.t = 0
        if self.inner.waiting is not None:
            waiting = self.inner.waiting
            waiting.last[:], waiting.owed[0], waiting.shrunk[0] = 0, 0, 1

    def both(self) -> bool:
        """Return whether the second process is there; start it where that is worth while."""
        if not self.usable or cores.cores() < 2:
            return False
        if second.process is None:
            if self.home.pace.spent < START_AFTER_S:
                return False
            try:
                second.start()
            except OSError:
                self.usable = False
                return False
        second.attach(self.plan, self.memories, self.inner.sync)
        return second.ready()

    def step(self, x: Array, labels: Array) -> dict[str, float]:
        """Make one step; return loss and accuracy before the update."""
        optimizer, inner = self.optimizer, self.inner
        optimizer.check()
        if self.t == WINDOW:
            self.settle()
        rate = optimizer.rate()
        seeds = inner.stack.draw_seeds()
        features = 1 if self.plan.table else x.shape[2]
        size = inner.rule.size(rate, optimizer.iterations + 1)
        self.orders = Orders(0, len(x), x.shape[1], features, self.t, rate, size, seeds)
        inner.x[: x.size] = x.ravel()
        inner.labels[: len(labels)] = labels
        both = length(halves_of(len(x))[1]) > 0 and self.both() and self.home.pace.choose()
        start = time.perf_counter()
        self.make(STEP, both)
        if length(halves_of(len(x))[1]):
            self.home.pace.note(both, time.perf_counter() - start, x.size)
        self.t += 1
        optimizer.iterations += 1
        loss, accuracy, _ = inner.scores.sum(axis=0).tolist()
        return {"loss": loss, "accuracy": accuracy}

    def settle(self) -> None:
        """Bring all rows of the table to where they belong."""
        if self.t:
            self.orders = Orders(1, t=self.t)
            self.make(SETTLE, self.both())
            self.reset()

    def make(self, pieces: Sequence[str], both: bool) -> None:
        """Make all pieces of a step; raise what is wrong before anything is updated."""
        inner = self.inner
        self.orders.write(inner.orders)
        inner.message[0] = 0
        inner.begin()
        both = both and self.meet()
        for piece in pieces:
            try:
                inner.do(piece, [0] if both else [0, 1])
            except BaseException:
                if both and second.meeting is not None:
                    second.meeting.fail()
                    self.meet()
                raise
            if both and not self.meet():
                both = False
                inner.do(piece, [1])  # if it was cut short, a part of one step may be made twice
            if piece in ("run", "add_up") and inner.refused():
                check_loss(float(inner.scores[:, 0].sum()), self.optimizer)
                self.optimizer.shortening([np.array([inner.norm()])])  # raises

    def meet(self) -> bool:
        """Wait for the second process; return False if it has ended, and then train on without it."""
        assert second.meeting is not None
        try:
            if not second.meeting.meet():
                text = inner_text(self.inner.message)
                if text:
                    raise RuntimeError(f"half of the step failed in the second process:\n{text}")
        except GoneError:
            code = second.end()
            self.usable = False
            warnings.warn(
                f"the second process has ended (exit code {code}, -9: it was killed, perhaps because memory "
                "ran out): this training goes on in one process, with the same numbers",
                RuntimeWarning,
                stacklevel=2,
            )
            return False
        return True

    def end(self) -> None:
        """Let go of the last batch and of the second process."""
        self.inner.stack.forget()
        for layer in self.model.layers:
            layer.gradients = []
        if not self.alone:
            self.alone = True
            second.lock.release()


def inner_text(message: Array) -> str:
    """Return the text of an error that the second process left."""
    raw = message.tobytes()
    return raw[: raw.index(0)].decode(errors="replace") if 0 in raw else ""


def check_loss(loss: float, optimizer: Any) -> None:
    """Raise FloatingPointError if the loss is not finite."""
    if not np.isfinite(loss):
        raise FloatingPointError(
            f"the loss is {loss} at step {optimizer.iterations + 1}: try "
            f"global_clipnorm=1, or a learning_rate below {optimizer.rate():.3g}"
        )


@contextmanager
def training(model: Any, numbers: int, reviews: int) -> Iterator[Whole | Halves]:
    """Give what makes the steps of a built model; at the end all rows are where they belong."""
    plan = plan_of(model, numbers, reviews)
    one: Whole | Halves = Whole(model) if plan is None else Halves(model, plan)
    try:
        with cores.one_blas_thread():
            try:
                yield one
            finally:
                one.settle()
    finally:
        one.end()


class Interrupt:
    """Ctrl-C waits, inside a `with` block, until a step is whole: `asked` says that it has come.

    At the end of the block it is raised, as KeyboardInterrupt or whatever the program makes of it.
    """

    def __enter__(self) -> "Interrupt":
        self.asked, self._handler = False, None
        if threading.current_thread() is threading.main_thread():
            handler = signal.getsignal(signal.SIGINT)
            if callable(handler):
                self._handler = handler
                signal.signal(signal.SIGINT, self._note)
        return self

    def _note(self, number: int, frame: Any) -> None:
        if not self.asked:
            self.asked, self._since = True, time.monotonic()
        elif time.monotonic() - self._since > PATIENCE_S and second.process is not None:
            second.process.kill()  # it hangs: the step ends without it

    def __exit__(self, *error: object) -> None:
        if self._handler is not None:
            signal.signal(signal.SIGINT, self._handler)
            if self.asked:
                self._handler(signal.SIGINT, None)
