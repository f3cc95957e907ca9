"""A model in a file: its layers as text, its weights as arrays, in the .npz format of NumPy."""

import json
import zipfile
import zlib
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike

from course_utils import layers as all_layers
from course_utils.checks import Array, check_shape
from course_utils.files import write_whole
from course_utils.layers import Bidirectional, Layer

MOST_BYTES = 2**27  # of weights in a file: ten times the largest model of the course
MOST_TEXT = 2**20  # bytes of the text that describes the layers
MOST_HEAD = 2**14  # bytes before the numbers of an array


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


def write_model(path: str | PathLike[str], layers: Sequence[Layer], dtype: DTypeLike | None = None) -> None:
    """Write layers and weights whole or not at all; with `dtype` the weights are rounded to it."""
    weights = [weight for layer in layers for weight in layer.weights]
    arrays: dict[str, Any] = {
        f"weight_{i}": weight.astype(dtype or weight.dtype) for i, weight in enumerate(weights)
    }
    config = np.array(json.dumps([describe(layer) for layer in layers]))
    write_whole(path, lambda file: np.savez(file, config=config, **arrays))


def read_model(path: str | PathLike[str]) -> list[Layer]:
    """Read layers with their weights; nothing in the file is executed, nothing but them is read.

    Raises FileNotFoundError, and ValueError, with the file's name and what to do, for one that is
    damaged, that something else wrote, or that claims to hold more than any model of the course.
    """
    if not Path(path).exists():
        raise FileNotFoundError(f"{path} is not there: train a model and save it under this name")
    try:
        if not Path(path).is_file():
            raise ValueError("no ordinary file")
        with zipfile.ZipFile(path) as file:
            sizes = {one.filename: one.file_size for one in file.infolist()}
            if "config.npy" not in sizes:
                raise ValueError("holds no model")
            weights = [name for name in sizes if name.startswith("weight_")]
            if sizes["config.npy"] > MOST_TEXT or sum(sizes[name] for name in weights) > MOST_BYTES:
                raise ValueError(
                    f"more than {MOST_BYTES:,} bytes of weights: no model of this course is so large"
                )
            with file.open("config.npy") as member:
                text = read_array(member, sizes["config.npy"])
            layers = [make_layer(one) for one in json.loads(str(text))]
            rest = iter(range(len(weights)))
            for layer in layers:
                arrays = []
                for _ in layer.weight_names:
                    name = f"weight_{next(rest, 'missing')}.npy"
                    with file.open(name) as member:
                        arrays.append(read_array(member, sizes[name]))
                take_over(layer, arrays)
        if next(rest, None) is not None or not layers:
            raise ValueError("weights and layers do not go together")
    except (
        ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, NotImplementedError,
        RuntimeError, MemoryError, EOFError, zipfile.BadZipFile, zlib.error, OSError, SyntaxError,
    ) as error:  # fmt: skip
        if isinstance(error, PermissionError):
            raise
        raise ValueError(
            f"{path} holds no model that can be read ({type(error).__name__}: {str(error)[:200]}): "
            "expected a file that Sequential.save wrote; copy it again, or train the model and save it anew"
        ) from None
    return layers


def read_array(member: IO[bytes], size: int) -> Array:
    """Read one array, after a look at what it claims to be."""
    version = np.lib.format.read_magic(member)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    shape, turned, dtype = read[version](member, max_header_size=MOST_HEAD)
    if dtype.hasobject:
        raise ValueError("it holds a pickle, which could execute anything and is never read")
    claimed = dtype.itemsize
    for axis in shape:
        claimed *= axis
    if not 0 <= claimed <= size or dtype.kind not in "fU":
        raise ValueError(f"an array claims {claimed:,} bytes, there are {size:,}")
    array = np.frombuffer(member.read(claimed), dtype)
    return array.reshape(shape[::-1]).T if turned else array.reshape(shape)


def take_over(layer: Layer, arrays: Sequence[Array]) -> None:
    """Give a layer its weights without drawing any."""
    parts = layer.layers if isinstance(layer, Bidirectional) else [layer]
    for k, one in enumerate(parts):
        mine = arrays[k * len(one.weight_names) :][: len(one.weight_names)]
        if mine:
            shapes = one.weight_shapes(len(mine[0]))
            for name, array, shape in zip(one.weight_names, mine, shapes, strict=True):
                check_shape(name, array, shape)
                setattr(one, name, array.astype(one.dtype))
            one.built = layer.built = True
