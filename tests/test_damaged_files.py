"""Whatever a file holds, its reader answers with its one kind of error: seeded damage to every format."""

import itertools
import json
import os
import random
import sys
import time
import tracemalloc
import zipfile

import nbformat
import numpy as np
import pytest

from course_utils import data, exercises, files, scoreboard, sources
from course_utils.data import DataError
from course_utils.engine import Sequential
from course_utils.reading import Reader
from tests.test_data import same, write_npz
from tests.test_reading import VOCABULARY, model, reader
from tests.test_scoreboard import made_up_run
from tools import execute_notebook, lesson_minutes, make_slides, make_solutions

CASES = 150  # damaged copies of each file
STRANGE = (b"", b"\x00", b"[" * 50_000, b"\xff" * 100, b"PK\x05\x06" + b"\xff" * 18, b"null", b"\x1f\x8b\x08")


def damaged(whole, seed=0, cases=CASES):
    """Copies with flipped bits, pieces cut out, doubled or replaced, and files of another kind."""
    draw = random.Random(seed)
    yield from STRANGE
    for _ in range(cases):
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


def write_changed(path, arrays, name, nonsense):
    """Write arrays into a file, one of them replaced, or left out where it is replaced by None."""
    changed = {key: value for key, value in arrays.items() if key != name}
    if nonsense is not None:
        changed[name] = nonsense
    with open(path, "wb") as out:
        np.savez(out, **changed)


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
        write_changed(path, arrays, name, nonsense)
        assert refusal(lambda: Reader.load(path), ValueError, "reader ").startswith("reader ")


def test_a_model(tmp_path):
    path = tmp_path / "model"
    whole = model()
    whole.save(path)
    for content in damaged(path.read_bytes(), seed=5):
        path.write_bytes(content)
        assert refusal(lambda: same_weights(Sequential.load(path), whole), ValueError, "model ").startswith(
            "model "
        )


def same_weights(one, other):
    assert all(np.array_equal(a, b) for a, b in zip(one.weights, other.weights, strict=True))


@pytest.mark.parametrize("name", ["config", "weight_0"])
def test_a_model_with_nonsense_in_whole_arrays(tmp_path, name):
    path = tmp_path / "model"
    model().save(path)
    arrays = files.read_npz(path)
    for nonsense in (
        None,
        np.zeros(0),
        np.array("[" * 100_000),
        np.array(json.dumps([{"class": "os"}])),
        np.array(json.dumps([{"class": "LSTM", "units": 10**9}])),
        np.array(json.dumps([])),
        np.full(3, np.nan),
        np.zeros(arrays["weight_0"].shape, int),
    ):
        write_changed(path, arrays, name, nonsense)
        assert refusal(lambda: Sequential.load(path), ValueError, "").startswith("model holds no model")


def bomb(path, rows, dtype, layer_dtype="float32", how=zipfile.ZIP_DEFLATED):
    """A model in a small file whose one table claims so many rows of zeros, and really holds them."""
    config = [{"class": "Embedding", "input_dim": rows, "output_dim": 1, "dtype": layer_dtype}]
    with zipfile.ZipFile(path, "w", how, compresslevel=1) as archive:
        with archive.open("config.npy", "w") as out:
            np.save(out, np.array(json.dumps(config)))
        with archive.open("weight_0.npy", "w") as out:
            head = {"shape": (rows, 1), "fortran_order": False, "descr": np.dtype(dtype).str}
            np.lib.format.write_array_header_1_0(out, head)
            left = rows * np.dtype(dtype).itemsize
            while left:
                out.write(bytes(min(left, 1 << 20)))
                left -= min(left, 1 << 20)


MOST = files.MAX_NPZ_BYTES


@pytest.mark.parametrize(
    ("rows", "dtype", "layer_dtype", "how", "message"),
    [
        (MOST // 4, "float32", "float32", zipfile.ZIP_DEFLATED, None),
        (MOST // 2, "float16", "float32", zipfile.ZIP_DEFLATED, "268,435,456 bytes of weights"),
        (MOST // 4 + 10**6, "float32", "float32", zipfile.ZIP_DEFLATED, "claims to hold"),
        (10**6, "float32", "float64", zipfile.ZIP_LZMA, "packed in another way"),
        (10**6, "float32", "float64", zipfile.ZIP_BZIP2, "packed in another way"),
    ],
)
def test_a_model_takes_two_seconds_and_300_mb_whatever_it_claims(
    tmp_path, rows, dtype, layer_dtype, how, message
):
    bomb(tmp_path / "model.npz", rows, dtype, layer_dtype, how)
    assert (tmp_path / "model.npz").stat().st_size < 2_000_000
    assert cost_within_limits(lambda: Sequential.load(tmp_path / "model.npz"), message)


def cost_within_limits(read, message):
    """Whether reading takes less than 2 s of the processor and 300 MB, and answers as expected."""
    tracemalloc.start()
    begin = time.process_time()
    try:
        answer = refusal(read, ValueError, None)
        seconds, (_, most) = time.process_time() - begin, tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (message is None) == (answer is None), answer
    assert message is None or message in answer
    return seconds < 2 and most < 300e6


def test_what_is_no_ordinary_file_or_endless_is_refused_at_once(tmp_path):
    readers = (Sequential.load, Reader.load, lambda path: scoreboard.runs(path=path), execute_notebook.read)
    endless, pipe = tmp_path / "endless", tmp_path / "pipe"
    endless.touch()
    os.truncate(endless, 1 << 40)  # takes no room on the disk
    os.mkfifo(pipe)
    for read, path in itertools.product(readers, (endless, pipe, tmp_path)):
        message = "bytes long" if path == endless else "no ordinary file"
        assert cost_within_limits(lambda path=path, read=read: read(path), message)


def test_a_model_that_could_not_be_read_again_is_not_saved(tmp_path, monkeypatch):
    monkeypatch.setattr("course_utils.model_files.MOST_BYTES", 100)
    for save in (model().save, reader().save):
        with pytest.raises(ValueError, match="bytes of weights: a model in a file has at most 100"):
            save(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_the_results_of_the_scoreboard(tmp_path):
    path = tmp_path / "scoreboard.json"
    path.write_text(json.dumps([made_up_run("S0", "keras", seed) for seed in range(3)]))
    strange = [b"{}", b"[1]", b"[[]]", b'[{"system": "S0"}]', b"5", b'"' + b"x" * 5_000_000 + b'"']
    for content in itertools.chain(damaged(path.read_bytes(), seed=6), strange):
        path.write_bytes(content)
        shown = refusal(lambda: scoreboard.table(path=path), ValueError, str(path))
        assert shown.startswith(str(path))
        assert shown == str(path) or "git checkout" in shown


def test_the_progress_of_a_student(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path))
    monkeypatch.setattr(exercises, "_done_now", set())
    path = tmp_path / "progress.json"
    done = list(exercises.exercises())[:5]
    strange = [b"[]", b'{"done": 5}', b'{"done": [["1.1"]]}', b'{"done": {"1.1": 2}}', b"[" * 5_000_000]
    for content in itertools.chain(damaged(json.dumps({"done": done}).encode(), seed=7), strange):
        path.write_bytes(content)
        exercises.progress()
        shown = " ".join(capsys.readouterr().out.split())
        assert "Done so far: " in shown
        assert shown.startswith((str(path), "Done so far: "))
        if "is not counted" in shown:
            exercises._remember("1.1")
            assert (tmp_path / exercises.DAMAGED).read_bytes() == content
            exercises._done_now.clear()
    path.unlink()
    os.mkfifo(path)
    exercises._remember("1.1")  # a pipe is not waited for
    exercises.progress()
    assert "no ordinary file" in capsys.readouterr().out


def damaged_cells(notebook, draw):
    """The same notebook with some value somewhere in it replaced by another one."""
    notebook = json.loads(json.dumps(notebook))
    place = notebook
    while True:
        keys = list(place) if isinstance(place, dict) else range(len(place))
        key = draw.choice(list(keys))
        if isinstance(place[key], dict | list) and place[key] and draw.random() < 0.9:
            place = place[key]
            continue
        place[key] = draw.choice([None, 5, "", "text", [], {}, [1], {"a": 1}, "slide", ["a", "b"], -1, True])
        return json.dumps(notebook).encode()


def test_notebooks_that_are_handed_to_the_tools(tmp_path, monkeypatch, capsys):
    """Each tool names the file, or reads it: nothing else comes out, and the file stays as it was."""
    path = tmp_path / "01_numpy_rnn_loop.ipynb"
    whole = exercise_lesson()
    draw = random.Random(8)
    monkeypatch.setattr(execute_notebook, "run", lambda notebook, folder: [0.0] * len(notebook.cells))
    monkeypatch.setattr(execute_notebook, "write", lambda notebook, path: nbformat.writes(notebook))
    monkeypatch.setattr(lesson_minutes, "write", lambda notebook, path: nbformat.writes(notebook))
    monkeypatch.setattr(lesson_minutes, "with_table", lambda page, results: page)
    monkeypatch.setattr(lesson_minutes, "write_whole", lambda path, content: None)
    monkeypatch.setattr(make_solutions, "NOTEBOOKS", tmp_path)
    tools = (
        lambda: execute_notebook.main([str(path)]),
        lambda: lesson_minutes.main(["--lines", str(path)]),
        lambda: make_solutions.main(["--short", str(tmp_path / "build")]),
        lambda: slides_of(path),
    )
    cells = [damaged_cells(whole, draw) for _ in range(60)]
    for content in itertools.chain(damaged(json.dumps(whole).encode(), seed=8, cases=40), cells):
        path.write_bytes(content)
        for k, tool in enumerate(tools):
            status = tool()
            shown = capsys.readouterr().err
            assert status in (0, 1)
            assert (status == 0 and not shown) or path.stem in shown, (k, content, shown)
            assert path.read_bytes() == content


def slides_of(path):
    lessons, problems = make_slides.read_lessons([path])
    for lesson in lessons.values():
        make_slides.live_copy(lesson)
    for name, found in problems.items():
        for problem in found:
            print(f"{name}: {problem}", file=sys.stderr)
    return int(any(problems.values()))


def exercise_lesson():
    """A small lesson with a deck, a line of minutes and two exercises."""
    (first,) = make_solutions.NOTEBOOKS.glob("01_*.ipynb")
    lesson = execute_notebook.read(first)
    kept = [cell for cell in lesson.cells if cell.cell_type == "code" and "check(" in cell.source][:2]
    start = make_solutions.setup_cell(lesson)
    lesson.cells = [*lesson.cells[:4], *lesson.cells[start - 1 : start + 1], *kept]
    return lesson


def test_a_file_that_unpacks_to_much_is_refused(tmp_path):
    path = tmp_path / "large.npz"
    np.savez_compressed(path, zeros=np.zeros(10**6))
    assert path.stat().st_size < 20_000
    with pytest.raises(ValueError, match=r"large\.npz claims to hold .* bytes: expected at most 1,000,000"):
        files.read_npz(path, max_bytes=10**6)
    assert len(files.read_npz(path, max_bytes=10**7)["zeros"]) == 10**6


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
