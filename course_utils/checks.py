"""Checks of arguments: an error names the argument, what was given and what was expected."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]


def check_shape(name: str, array: Array, expected: Sequence[int | str]) -> None:
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
    """Return a whole number from 1; raise ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"{name}={value!r}: expected a whole number, 1 or more")
    return int(value)


def check_choice(name: str, value: object, choices: tuple[object, ...]) -> None:
    """Raise ValueError unless the value is one of the choices."""
    if value not in choices:
        one_of = "one of " if len(choices) > 1 else ""
        raise ValueError(f"{name}={value!r}: expected {one_of}{', '.join(map(repr, choices))}")


def check_numbers(name: str, value: ArrayLike, dtype: np.dtype[Any]) -> Array:
    """Return numbers as an array of this dtype; raise ValueError for other things, and for too large ones."""
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} holds {array.dtype}: expected numbers")
    try:
        with np.errstate(over="raise"):
            return array.astype(dtype, copy=False)
    except FloatingPointError:
        raise ValueError(f"{name} holds numbers that are too large for {dtype}: scale them first") from None
