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
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import FunctionType
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from course_utils.exercises.guard import TooSlow

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

    The arguments are passed by position, as copies. Between two calls with them the function is called
    with other numbers: what it keeps from one call to the next shows. Raises Wrong where the second answer
    is another one, where a later call writes into what an earlier one gave back, and when the function
    changes what it was given. A random generator, which changes with every draw, is passed as it is, once.
    """
    a_function(function)
    name = getattr(function, "__name__", "the answer")
    once = any(callable(value) or isinstance(value, np.random.Generator) for value in arguments.values())
    if once or "seed" in arguments or not arguments:  # judges of what is drawn ask for more themselves
        return make(function, **arguments)
    _call_with_other_numbers(function, arguments)
    result = make(function, **arguments)
    try:
        kept = copy.deepcopy(result)
    except Exception:  # something that cannot be copied, such as a file; the judge says what it thinks of it
        return result
    _call_with_other_numbers(function, arguments)
    if _differ(result, kept):
        raise Wrong(
            f"a later call of {name} changes what an earlier one gave back: make new arrays and lists inside "
            "the function, at every call"
        )
    if _differ(_called(function, name, arguments), kept):
        raise Wrong(
            f"{name} gives other numbers when it is called again with the same arguments: "
            "something outlives the call; begin with fresh ones inside the function"
        )
    return result


def a_function(answer: object) -> None:
    """Raise Wrong for what is no function, nor an object that can be called like one."""
    cure = "expected a function: keep the line that begins with def"
    if isinstance(answer, type):
        raise Wrong(f"{answer.__name__} is a class, {cure}")
    if not callable(answer):
        raise Wrong(f"the answer is {describe(answer)}, {cure}")


def make(function: Any, **arguments: Any) -> Any:
    """Call once: for a class, which gives an object of its own at each call."""
    name = getattr(function, "__name__", "the answer")
    result = _called(function, name, arguments)
    if result is None:
        raise Wrong(f"{name} gives back None: does it end with return?")
    try:
        np.asarray(result)
    except (TypeError, ValueError):
        pass  # no one array, which it need not be
    except Exception as error:  # an object of the answer's own
        raise Wrong(
            f"{name} gives back {describe(result)}, and reading it raised {one_line(error)}"
        ) from None
    return result


def _call_with_other_numbers(function: Any, arguments: Mapping[str, Any]) -> None:
    """Call with arguments of the same shapes, whatever comes out."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            function(*copy.deepcopy([_moved(value) for value in arguments.values()]))
        except (KeyboardInterrupt, TooSlow):
            raise
        except BaseException:  # the call that counts raises it, too, or it is no matter
            return


def _moved(value: Any) -> Any:
    """Return a value with the numbers of its arrays, and the texts of its lists, moved on by one place."""
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return value[-1:] + value[:-1]
    if isinstance(value, list | tuple):
        return type(value)(_moved(part) for part in value)
    if isinstance(value, dict):
        return {key: _moved(part) for key, part in value.items()}
    return np.roll(value, 1) if isinstance(value, np.ndarray) else value


def _called(function: Any, name: str, arguments: Mapping[str, Any]) -> Any:
    """Call with copies of the arguments, which must be left as they are."""
    generators = {key: value for key, value in arguments.items() if isinstance(value, np.random.Generator)}
    given = copy.deepcopy(dict(arguments)) | generators
    before = {key: pickle.dumps(value) for key, value in given.items() if key not in generators}
    try:
        result = function(*given.values())
    except (KeyboardInterrupt, TooSlow):
        raise
    except BaseException as error:  # sys.exit() too
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
    return result


def _differ(a: object, b: object) -> bool:
    """Return whether two results hold other numbers or words; what holds neither counts as equal."""
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) != len(b) or any(map(_differ, a, b))
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() != b.keys() or any(_differ(a[key], b[key]) for key in a)
    if isinstance(a, str) or isinstance(b, str):
        return type(a) is type(b) and a != b
    try:
        one, other = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    except Exception:
        return False
    return one.shape != other.shape or not np.allclose(one, other, equal_nan=True)


def one_line(error: BaseException) -> str:
    """Return type and first line of an error, ending in a full stop."""
    try:
        text = str(error)
    except Exception:  # an error of the answer's own, which cannot be printed
        text = ""
    text = re.sub(r"\x1b\[\d*m|\{\{.*?\}\}", "", text)  # bold letters and names of graph nodes
    text = text.split("Error encountered:")[-1]  # Keras puts the cause behind these words
    lines = [line.strip() for line in text.splitlines() if line.strip()] or ["no message"]
    if lines[0].startswith("Exception encountered when calling") and len(lines) > 1:
        lines = lines[1:]  # what Keras says first tells nothing
    short = lines[0] if len(lines[0]) <= 200 else lines[0][:200] + "…"
    return f"{type(error).__name__}: {short.rstrip('.')}."


def describe(value: Any) -> str:
    """Return a few words about a value: the shape of an array, else the type."""
    with suppress(Exception):  # an object of the answer's own may raise anything
        if not isinstance(value, type) and hasattr(value, "dtype"):  # NumPy's, Keras's or TensorFlow's
            return f"an array of shape {tuple(value.shape)}"
    if isinstance(value, list | tuple) and len(value) > 0:
        return f"a {type(value).__name__} of {len(value)} ({describe(value[0])}, …)"
    if isinstance(value, bool | int | float):
        return repr(value)
    return f"something of type {type(value).__name__}"


def the_same(got: object, right: ArrayLike, tolerance: float = 1e-5) -> bool:
    """Return whether an answer holds these numbers, in this shape; a type with few digits may round them."""
    target = np.asarray(right)
    try:
        given = np.asarray(got)
        array = given.astype(float)
    except Exception:  # an object of the answer's own may raise anything
        return False
    if given.dtype.kind == "f":
        tolerance = max(tolerance, ROUNDINGS * float(np.finfo(given.dtype).eps))
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
    except Exception:
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
    one = a_number(got)
    if one is not None or isinstance(got, bool):
        raise Wrong(f"{what} is one number; a shape is a tuple, also with one size: ({got},)")
    sizes: Any = got
    with suppress(Exception):  # an array or a tensor of sizes, TensorFlow's own type for shapes
        if not isinstance(got, type) and (hasattr(got, "dtype") or type(got).__name__ == "TensorShape"):
            sizes = list(np.asarray(got))
    if not isinstance(sizes, tuple | list):
        raise Wrong(f"{what} is {describe(got)}, expected a tuple such as (2, 3)")
    numbers = [a_number(size) for size in sizes]
    if not all(number is not None and number[0].is_integer() for number in numbers):
        raise Wrong(f"{what} holds something that is no whole number; write a tuple such as (2, 3)")
    shape = tuple(int(number[0]) for number in numbers if number is not None)
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
    except Exception:  # an object of the answer's own may raise anything
        return None
    few_digits = array.dtype.kind == "f" and array.dtype.itemsize < 8
    return number, ROUNDINGS * float(np.finfo(array.dtype).eps) if few_digits else EXACT


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
    number = plain_number(what, got)
    if expected / factor <= number <= expected * factor:
        return
    near = sorted((abs(slip - number), slip) for slip in reasons if slip / factor <= number <= slip * factor)
    raise Wrong(f"{what} {round(number, 6):,}: {reasons[near[0][1]] if near else otherwise}")


def plain_number(what: str, got: object) -> float:
    """Return a number of any type as Python's; raises Wrong for what is none."""
    found = a_number(got)
    if found is None:
        raise Wrong(f"{what} is {describe(got)}, expected a number such as 1.5")
    return found[0]


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
