"""Whatever a file holds, its reader answers with its one kind of error: seeded damage to every format."""

import json
import random
import zipfile

import numpy as np
import pytest

from course_utils import data, files, sources
from course_utils.data import DataError
from course_utils.reading import Reader
from tests.test_data import same, write_npz
from tests.test_reading import VOCABULARY, model, reader

CASES = 150  # damaged copies of each file
STRANGE = (b"", b"\x00", b"[" * 50_000, b"\xff" * 100, b"PK\x05\x06" + b"\xff" * 18, b"null", b"\x1f\x8b\x08")


def damaged(whole, seed=0):
    """Copies with flipped bits, pieces cut out, doubled or replaced, and files of another kind."""
    draw = random.Random(seed)
    yield from STRANGE
    for _ in range(CASES):
        content = bytearray(whole)
        at, length = draw.randrange(len(content)), draw.choice([1, 4, 60])
        kind = draw.choice(["bit", "bit", "cut", "end", "twice", "random"])
        if kind == "bit":
            content[at] ^= 1 << draw.randrange(8)
        elif kind == "cut":
            del content[at : at + length]
        elif kind == "end":
            del content[at:]
        elif kind == "twice":
            content[at:at] = content[at : at + length]
        else:
            content[at : at + length] = draw.randbytes(length)
        yield bytes(content)


def refusal(read, kind, otherwise):
    """The message of the one kind of error that is allowed; `otherwise` where the file was read."""
    try:
        read()
    except kind as error:
        return str(error)
    return otherwise


def test_the_benchmark_s_file(tmp_path):
    path = write_npz(tmp_path)
    for content in damaged(path.read_bytes()):
        path.write_bytes(content)
        assert str(path) in refusal(lambda: sources.read_keras(path), DataError, str(path))


def test_its_pickles_with_right_checksums(tmp_path):
    """Damage behind the checksum: what somebody writes who means harm."""
    path = write_npz(tmp_path)
    with np.load(path, allow_pickle=True) as trusted:
        arrays = dict(trusted)
    np.savez(tmp_path / "x.npz", x=arrays["x_train"])
    with zipfile.ZipFile(tmp_path / "x.npz") as archive:
        member = archive.read("x.npy")
    for content in damaged(member[128:], seed=1):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x_train.npy", member[:128] + content)
            for name in ("y_train", "x_test", "y_test"):
                with archive.open(f"{name}.npy", "w") as out:
                    np.save(out, arrays[name], allow_pickle=True)
        assert "imdb.npz" in refusal(lambda: sources.read_keras(path), DataError, "imdb.npz")


def test_the_word_index(tmp_path):
    write_npz(tmp_path)
    path = tmp_path / "imdb_word_index.json"
    for content in damaged(path.read_bytes(), seed=2):
        path.write_bytes(content)
        assert str(path) in refusal(lambda: sources.read_keras_words(path), DataError, str(path))


def test_the_cache_is_never_an_error(tmp_path):
    npz = write_npz(tmp_path)
    whole = data.load_reviews("keras", path=npz, cache=tmp_path / "cache")
    (cached,) = (tmp_path / "cache").glob("*.npz")
    for content in damaged(cached.read_bytes(), seed=3):
        cached.write_bytes(content)
        again = data.load_reviews("keras", path=npz, cache=tmp_path / "cache")
        assert same(whole, again)


@pytest.mark.parametrize("kind", ["deflated", "stored"])
def test_a_reader(tmp_path, kind):
    path = tmp_path / "reader"
    reader().save(path)
    if kind == "stored":
        arrays = files.read_npz(path)
        with open(path, "wb") as out:
            np.savez(out, **arrays)
    for content in damaged(path.read_bytes(), seed=4):
        path.write_bytes(content)
        assert refusal(lambda: Reader.load(path), ValueError, "reader ").startswith("reader ")


@pytest.mark.parametrize("name", ["words", "settings", "config", "record_0", "longest_0", "weight_0"])
def test_a_reader_with_nonsense_in_whole_arrays(tmp_path, name):
    path = tmp_path / "reader"
    reader().save(path)
    arrays = files.read_npz(path)
    for nonsense in (
        None,
        np.zeros(0),
        np.array("x"),
        np.array(json.dumps([{"class": "os"}])),
        np.full(3, np.nan),
    ):
        changed = {key: value for key, value in arrays.items() if key != name}
        if nonsense is not None:
            changed[name] = nonsense
        with open(path, "wb") as out:
            np.savez(out, **changed)
        assert refusal(lambda: Reader.load(path), ValueError, "reader ").startswith("reader ")


def test_a_file_that_unpacks_to_much_is_refused(tmp_path):
    path = tmp_path / "large.npz"
    np.savez_compressed(path, zeros=np.zeros(files.MAX_NPZ_BYTES // 8 + 1))
    assert path.stat().st_size < 200_000
    with pytest.raises(ValueError, match=r"large\.npz claims to hold .* bytes: expected at most"):
        files.read_npz(path)
    assert (
        len(files.read_npz(path, max_bytes=2 * files.MAX_NPZ_BYTES)["zeros"]) == files.MAX_NPZ_BYTES // 8 + 1
    )


def test_arrays_come_back_as_they_were(tmp_path):
    arrays = {
        "a": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "b": np.array("text"),
        "c": np.zeros((0, 3), np.float16),
        "d": np.array([True, False]),
    }
    np.savez(tmp_path / "a.npz", **arrays)
    for name, array in files.read_npz(tmp_path / "a.npz").items():
        np.testing.assert_array_equal(array, arrays[name])
        assert array.dtype == arrays[name].dtype
    model().save(tmp_path / "model.npz")
    assert "config" in files.read_npz(tmp_path / "model.npz")
    assert len(VOCABULARY) == 10
