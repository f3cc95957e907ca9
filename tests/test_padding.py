"""No masked batch of the course has its padding in front: the fast kernels of a GPU refuse it.

Keras gives a masked LSTM or GRU to them only where every row has its words first and then its padding, and
none is padding alone. Nothing of this can be seen on a machine without a GPU, so the batches are looked at.
"""

import ast
import json
import re
from pathlib import Path

import numpy as np
import pytest

from course_utils import attention
from course_utils.data import Part, Reviews
from course_utils.systems import SYSTEMS, KerasSystem
from course_utils.text import Vocabulary
from course_utils.training import LengthBatches

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
IN_FRONT = {  # cells of lessons with a masked LSTM or GRU of Keras, and why they may pad in front
    "95394e5a": "compares both sides, with and without a mask",
    "708aceee": "compares both sides in a Bidirectional layer, called eagerly: there Keras falls back",
    "8615a021": "shows which batches fit a GPU",
    "fbbd725d": "compares both sides on the NumPy engine",
    "678b75bd": "draws a batch, gives it to no model",
    "68d0d09f": "trains the NumPy engine",
    "ae30e843": "compares both sides in a model of Keras, called eagerly",
    "37588f14": "calls the model eagerly",
    "eee474e7": "compares both sides in a layer with use_cudnn=False",
}


def fits_a_gpu(ids):
    mask = np.asarray(ids) != 0
    words = mask.sum(axis=1, keepdims=True)
    return bool(np.all(mask == (np.arange(mask.shape[1]) < words)) and np.all(words > 0))


@pytest.fixture
def part():
    rng = np.random.default_rng(0)
    ids = [rng.integers(4, 50, size=n).astype("int32") for n in rng.integers(1, 90, size=200)]
    return Part(ids, rng.integers(0, 2, size=200).astype("float32"), None, np.arange(200))


@pytest.mark.parametrize("seed", [None, 0])
def test_batches_of_similar_length_are_padded_behind(part, seed):
    batches = LengthBatches(part, 16, maxlen=40, seed=seed)
    for _ in range(2):
        assert all(fits_a_gpu(batches[i][0]) for i in range(len(batches)))
        batches.on_epoch_end()
    assert not all(fits_a_gpu(b[0]) for b in LengthBatches(part, 16, maxlen=40, padding="pre"))


def test_what_a_system_of_keras_gives_its_model(part, monkeypatch):
    """All that fit and predict get, for every system that trains with Keras."""
    seen = []

    class Model:
        def __init__(self, **_):
            self.history = {}

        def compile(self, *_, **__):
            pass

        def count_params(self):
            return 1

        def fit(self, x, *_, validation_data=None, **__):
            seen.extend(
                x[i][0] for data in (x, validation_data) if data is not None for i in range(len(data))
            )
            return self

        def predict(self, x, **_):
            seen.extend(x[i][0] for i in range(len(x)))
            return np.zeros((sum(len(x[i][0]) for i in range(len(x))), 1))

    reviews = Reviews(part, part, part, Vocabulary(tuple("abcdefghij")), "made up", "off")
    systems = [system for system in SYSTEMS.values() if isinstance(system, KerasSystem)]
    assert systems
    for system in systems:
        monkeypatch.setattr(attention, system.model, Model)
        system.train(reviews, 0, verbose=False)
    assert seen
    assert all(map(fits_a_gpu, seen))


def code_cells(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return {cell["id"]: "".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"}


def pads_in_front(source):
    """Whether a cell calls a helper that pads in front, as far as its source tells."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        side = next((word.value for word in node.keywords if word.arg == "padding"), None)
        behind = isinstance(side, ast.Constant) and side.value == "post"
        if (name == "pad_sequences" and not behind) or (name == "LengthBatches" and side and not behind):
            return True
        if (
            name == "pad"
            and len(node.args) > 1
            and re.search(r"\(([1-9]\d*|[a-z].*), 0\)", ast.unparse(node.args[1]))
        ):
            return True
    return False


def test_the_source_tells_the_side():
    for source in ("pad_sequences(x)", "pad_sequences(x, 4, padding=side)", "np.pad(x, ((0, 0), (40, 0)))"):
        assert pads_in_front(source)
    for source in ('pad_sequences(x, padding="post")', "np.pad(x, (0, 9))", "LengthBatches(part, 3)"):
        assert not pads_in_front(source)


def test_no_lesson_gives_a_masked_kernel_padding_in_front():
    """Lessons with a masked LSTM or GRU of Keras; the exceptions are listed with their reason."""
    found, looked_at = set(), []
    for path in NOTEBOOKS:
        cells = code_cells(path)
        everything = "\n".join(cells.values())
        if re.search(r"layers\.(LSTM|GRU)\(", everything) and "mask_zero=True" in everything:
            looked_at.append(path.stem[:2])
            found |= {cell for cell, source in cells.items() if pads_in_front(source)}
    assert {"09", "11", "13"} <= set(looked_at)
    assert found - set(IN_FRONT) == set(), "pad behind (padding='post'), or say here why not"
