"""A model in a file: its layers as text, its weights as arrays, in the .npz format of NumPy."""

import json
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from course_utils import layers as all_layers
from course_utils.checks import Array, check_shape
from course_utils.files import MAX_NPZ_BYTES, Damaged, read_npz, write_whole
from course_utils.layers import Bidirectional, Layer

MOST_BYTES = MAX_NPZ_BYTES  # of weights, in the file and in memory: ten times the largest model of the course
MOST_TEXT = 2**20  # bytes of the text that describes the layers
LARGEST = MOST_BYTES + 2 * MOST_TEXT  # bytes of a file: with headers and names


def describe(layer: Layer) -> dict[str, Any]:
    """Return a layer's class and arguments, for JSON."""
    config = layer.get_config()
    inner = {name: describe(value) for name, value in config.items() if isinstance(value, Layer)}
    return {"class": type(layer).__name__} | config | inner


def make_layer(description: dict[str, Any]) -> Layer:
    """Return the layer that `describe` described."""
    config: dict[str, Any] = {
        name: make_layer(value) if isinstance(value, dict) else value for name, value in description.items()
    }
    kind = getattr(all_layers, config.pop("class"), None)
    if not (isinstance(kind, type) and issubclass(kind, Layer)):
        raise ValueError(f"{description['class']!r} is no layer of course_utils.layers")
    return kind(**config)


def model_arrays(layers: Sequence[Layer], dtype: DTypeLike | None = None) -> dict[str, Array]:
    """Return what goes into the file of a model; with `dtype` the weights are rounded to it.

    Raises ValueError for a model without weights, and for one that is too large to be read again.
    """
    weights = [weight for layer in layers for weight in layer.weights]
    if not weights:
        raise ValueError("the model has no weights yet: fit it, call it or set_weights first")
    check_room(sum(weight.nbytes for weight in weights))
    arrays = {f"weight_{i}": weight.astype(dtype or weight.dtype) for i, weight in enumerate(weights)}
    check_room(sum(array.nbytes for array in arrays.values()))
    return {"config": np.array(json.dumps([describe(layer) for layer in layers]))} | arrays


def write_model(path: str | PathLike[str], layers: Sequence[Layer], dtype: DTypeLike | None = None) -> None:
    """Write layers and weights whole or not at all; errors are those of `model_arrays`."""
    arrays: dict[str, Any] = model_arrays(layers, dtype)
    write_whole(path, lambda file: np.savez(file, **arrays))


def read_model(path: str | PathLike[str]) -> list[Layer]:
    """Read layers with their weights; nothing in the file is executed.

    Raises FileNotFoundError, and ValueError, with the file's name and what to do, for one that is
    damaged, that something else wrote, or that claims to hold more than any model of the course.
    """
    name = Path(path).name
    try:
        arrays = read_npz(path, LARGEST)
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} is not there: train a model and save it under this name") from None
    except Damaged as error:
        raise ValueError(f"{error}. Copy it again, or train the model and save it anew") from None
    try:
        return model_in(arrays)
    except Exception as error:  # whole arrays, and nonsense in them
        raise ValueError(
            f"{name} holds no model that can be read ({type(error).__name__}: {error!s:.200}): "
            "expected a file that Sequential.save wrote; train the model and save it anew"
        ) from None


def model_in(arrays: dict[str, Array]) -> list[Layer]:
    """Return the layers that ``config`` describes, with the arrays ``weight_0``, ``weight_1`` and so on.

    All of them are taken out of `arrays`: so no weight is in memory twice. Raises ValueError, and
    whatever else a wrong description makes Python raise.
    """
    if "config" not in arrays:
        raise ValueError("it describes no layers")
    text = arrays.pop("config")
    if text.nbytes > MOST_TEXT:
        raise ValueError(f"the layers are described in {text.nbytes:,} bytes: expected at most {MOST_TEXT:,}")
    layers = [make_layer(one) for one in json.loads(str(text))]
    taken = needed = 0
    for layer in layers:
        mine = [arrays.pop(f"weight_{taken + k}") for k in range(len(layer.weight_names))]
        taken += len(mine)
        needed += sum(array.size for array in mine) * layer.dtype.itemsize
        check_room(needed)
        take_over(layer, mine)
    if not layers or any(name.startswith("weight_") for name in arrays):
        raise ValueError("weights and layers do not go together")
    return layers


def check_room(nbytes: int) -> None:
    """Raise ValueError for more bytes of weights than a file of the course may bring into memory."""
    if nbytes > MOST_BYTES:
        raise ValueError(f"{nbytes:,} bytes of weights: a model in a file has at most {MOST_BYTES:,}")


def take_over(layer: Layer, arrays: Sequence[Array]) -> None:
    """Give a layer its weights without drawing any."""
    parts = layer.layers if isinstance(layer, Bidirectional) else [layer]
    for k, one in enumerate(parts):
        mine = arrays[k * len(one.weight_names) :][: len(one.weight_names)]
        if mine:
            shapes = one.weight_shapes(len(mine[0]))
            for name, array, shape in zip(one.weight_names, mine, shapes, strict=True):
                check_shape(name, array, shape)
                if array.dtype.kind != "f":
                    raise ValueError(f"{name} holds {array.dtype}: expected floating-point numbers")
                setattr(one, name, array.astype(one.dtype, order="C", copy=False))
            one.built = layer.built = True
