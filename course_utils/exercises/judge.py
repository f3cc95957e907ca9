"""How an answer is judged: by what it does, never by how it is written.

A judge is a function that takes the student's answers. It returns when they are right and
raises `Wrong` when they are not, with the reason in the words of the lesson. The helpers
below hold what most judges need.
"""

import copy
import dis
import math
import pickle
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

FEWEST_WORDS = 5  # of a reason
EXACT = 1e-9  # relative error of a number in full precision
ROUNDINGS = 4  # operations whose rounding a number with fewer digits may carry


class Wrong(Exception):
    """An answer is not right; the message is the reason, for the student to read."""


@dataclass(frozen=True)
class Exercise:
    """One exercise: all that does not stand in the notebook."""

    number: str  # lesson and place in it: "3.2"
    kind: Literal["Predict", "Code", "Think"]
    answers: tuple[str, ...]  # names that the student fills, in the order of `check`
    judge: Callable[..., None]  # takes the answers, raises Wrong
    hints: tuple[str, ...]  # each says more than the one before
    solution: str  # what stands in the lesson's cell in place of the stub
    why: str  # what a right answer shows; read after it


def untouched(answer: object) -> bool:
    """Return whether an answer is still the stub: dots, None, or code whose body is only dots."""
    if answer is None or answer is ...:
        return True
    if isinstance(answer, type):
        methods = [part for part in vars(answer).values() if isinstance(part, FunctionType)]
        stubs = [untouched(method) for method in methods if method.__name__ != "__init__"]
        return bool(stubs) and all(stubs)
    if not isinstance(answer, FunctionType):
        return False
    does = {step.opname for step in dis.get_instructions(answer)}
    returned = {step.argval for step in dis.get_instructions(answer) if "CONST" in step.opname}
    idle = {"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST"}
    return does <= idle and returned <= {None, ...}


def call(function: Any, **arguments: Any) -> Any:
    """Return what the student's function answers; its own error becomes a reason in one line.

    The arguments are passed by position, as copies. Raises Wrong too when the function
    changes what it was given; a random generator, which changes with every draw, is passed as it is.
    """
    name = getattr(function, "__name__", "the answer")
    if not callable(function):
        raise Wrong(
            f"the answer is {describe(function)}, expected a function: keep the line that begins with def"
        )
    generators = {key: value for key, value in arguments.items() if isinstance(value, np.random.Generator)}
    given = copy.deepcopy(arguments) | generators
    before = {key: pickle.dumps(value) for key, value in given.items() if key not in generators}
    try:
        result = function(*given.values())
    except Exception as error:
        shapes = {key: describe(value).removeprefix("an array of ") for key, value in arguments.items()}
        listed = ", ".join(f"{key}: {shape}" for key, shape in shapes.items())
        raise Wrong(
            f"{name}({', '.join(arguments)}) raised {one_line(error)} It was called with {listed}."
        ) from None
    for key in before:
        if pickle.dumps(given[key]) != before[key]:
            raise Wrong(
                f"{name} changes its argument {key} in place; make a new one instead: "
                "x = x + 1 makes a new array, x += 1 changes the one it was given"
            )
    if result is None:
        raise Wrong(f"{name} gives back None: does it end with return?")
    return result


def one_line(error: Exception) -> str:
    """Return type and first line of an error, ending in a full stop."""
    text = re.sub(r"\x1b\[\d*m|\{\{.*?\}\}", "", str(error))  # bold letters and names of graph nodes
    text = text.split("Error encountered:")[-1]  # Keras puts the cause behind these words
    lines = [line.strip() for line in text.splitlines() if line.strip()] or ["no message"]
    if lines[0].startswith("Exception encountered when calling") and len(lines) > 1:
        lines = lines[1:]  # what Keras says first tells nothing
    short = lines[0] if len(lines[0]) <= 200 else lines[0][:200] + "…"
    return f"{type(error).__name__}: {short.rstrip('.')}."


def describe(value: Any) -> str:
    """Return a few words about a value: the shape of an array, else the type."""
    is_array = hasattr(value, "shape") and hasattr(value, "dtype")  # NumPy's, Keras's or TensorFlow's
    if is_array and not isinstance(value, type):
        return f"an array of shape {tuple(value.shape)}"
    if isinstance(value, list | tuple) and len(value) > 0:
        return f"a {type(value).__name__} of {len(value)} ({describe(value[0])}, …)"
    if isinstance(value, bool | int | float):
        return repr(value)
    return f"something of type {type(value).__name__}"


def the_same(got: object, right: ArrayLike, tolerance: float = 1e-5) -> bool:
    """Return whether an answer holds these numbers, in this shape."""
    target = np.asarray(right)
    try:
        array = np.asarray(got, dtype=float)
    except (TypeError, ValueError):
        return False
    return array.shape == target.shape and np.allclose(array, target, rtol=tolerance, atol=tolerance)


def same_numbers(
    what: str,
    got: object,
    expected: ArrayLike,
    axes: str = "",
    slips: Mapping[str, ArrayLike] | None = None,
    tolerance: float = 1e-5,
) -> None:
    """Raise Wrong unless `got` holds the expected numbers.

    Arguments: `what` names the array; `axes` says what its axes are; `slips` gives for a
    reason the numbers that this mistake leads to.
    """
    right = np.asarray(expected)
    try:
        array = np.asarray(got, dtype=float)
    except (TypeError, ValueError):
        raise Wrong(f"{what} is {describe(got)}, expected one array of shape {right.shape}") from None

    if the_same(array, right, tolerance):
        return
    for reason, slip in (slips or {}).items():
        if the_same(array, slip, tolerance):
            raise Wrong(reason)
    if array.shape != right.shape:
        meaning = f", that is {axes}" if axes else ""
        raise Wrong(f"{what} has shape {array.shape}, expected {right.shape}{meaning}")
    if not np.isfinite(array).all():
        raise Wrong(f"{what} holds numbers that are not finite (nan or inf)")
    far = np.abs(array - right) > tolerance * (1 + np.abs(right))
    first = tuple(int(i) for i in np.argwhere(far)[0])
    digits = 3 if abs(array[first] - right[first]) > 0.002 else 6  # they must look different
    if not first:
        raise Wrong(f"{what} is {float(array):.{digits}f}, expected {float(right):.{digits}f}")
    raise Wrong(
        f"{what} has the right shape and other numbers: at {list(first)} it holds {array[first]:.{digits}f}, "
        f"expected {right[first]:.{digits}f}"
    )


def a_shape(
    what: str, got: object, expected: tuple[int, ...], reasons: Mapping[tuple[int, ...], str]
) -> None:
    """Raise Wrong unless `got` is the expected shape, which no reason gives away."""
    if isinstance(got, str):
        raise Wrong(f"{what} is text; write a shape without quotation marks, for example (2, 3)")
    if isinstance(got, bool | int | float):
        raise Wrong(f"{what} is one number; a shape is a tuple, also with one size: ({got},)")
    if not isinstance(got, tuple | list):
        raise Wrong(f"{what} is {describe(got)}, expected a tuple such as (2, 3)")
    if not all(isinstance(size, int | np.integer) for size in got):
        raise Wrong(f"{what} holds something that is no whole number; write a tuple such as (2, 3)")
    shape = tuple(got)
    if shape == expected:
        return
    if shape in reasons:
        raise Wrong(f"{what} {shape}: {reasons[shape]}")
    if len(shape) != len(expected):
        raise Wrong(
            f"{what} {shape} has another number of sizes than it should: name what each of them counts"
        )
    raise Wrong(f"{what} {shape}: the number of sizes is right; check what each of them counts")


def a_number(got: Any) -> tuple[float, float] | None:
    """Return a number and the relative error that its type allows, or None for what is no number.

    A number is Python's or NumPy's of every width, an array without axes, a scalar of TensorFlow.
    """
    if isinstance(got, str | bytes | bool | list | tuple | dict) or got is None:
        return None
    try:
        array = np.asarray(got)
        if array.shape != () or array.dtype.kind not in "iufO" or isinstance(array[()], bool | str):
            return None
        number = float(array)
    except (TypeError, ValueError, OverflowError):
        return None
    few_digits = array.dtype.kind == "f" and array.dtype.itemsize < 8
    return number, ROUNDINGS * float(np.finfo(array.dtype).eps) if few_digits else EXACT


def as_number(what: str, got: object, such: str = "") -> float:
    """Return a number of any type as Python's; raise Wrong for what is none."""
    found = a_number(got)
    if found is None:
        raise Wrong(f"{what} is {describe(got)}, expected a number{such}")
    return found[0]


def a_count(what: str, got: object, expected: float, reasons: Mapping[float, str], otherwise: str) -> None:
    """Raise Wrong unless `got` is the expected number, which no reason gives away."""
    found = a_number(got)
    if found is None:
        raise Wrong(f"{what} is {describe(got)}, expected a number")
    number, allowed = found

    def near(value: float) -> bool:
        return math.isclose(number, value, rel_tol=allowed, abs_tol=1e-9)

    if near(expected):
        return
    slips = [reason for slip, reason in reasons.items() if near(slip)]
    raise Wrong(f"{what} {round(number, 6):,}: {[*slips, otherwise][0]}")


def a_number_about(
    what: str, got: object, expected: float, factor: float, reasons: Mapping[float, str], otherwise: str
) -> None:
    """Raise Wrong unless `got` is within this factor of the expected number: for what a figure shows."""
    number = as_number(what, got)
    if expected / factor <= number <= expected * factor:
        return
    near = sorted((abs(slip - number), slip) for slip in reasons if slip / factor <= number <= slip * factor)
    raise Wrong(f"{what} {round(number, 6):,}: {reasons[near[0][1]] if near else otherwise}")


def a_choice(choice: object, because: object, right: str, reasons: Mapping[str, str]) -> None:
    """Raise Wrong unless a reason is given and the right letter chosen.

    The reason comes first: whoever has to write it down does not guess.
    """
    letters = sorted([*reasons, right])
    if not isinstance(because, str) or len(because.split()) < FEWEST_WORDS:
        raise Wrong(f"first say why: because is text of {FEWEST_WORDS} words or more; then the choice counts")
    letter = choice.strip().lower() if isinstance(choice, str) else choice
    if not isinstance(letter, str) or letter not in letters:
        raise Wrong(f"choice is {choice!r}, expected one of {', '.join(map(repr, letters))}")
    if letter != right:
        raise Wrong(f"{letter}: {reasons[letter]}")
