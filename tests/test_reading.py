"""Reading a typed review: the trace against the cut text, and an answer to whatever is typed."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import layers
from course_utils.engine import Sequential
from course_utils.files import read_npz
from course_utils.layers import LSTM, Bidirectional, Dense, Embedding, GlobalMaxPooling1D, sigmoid
from course_utils.reading import Answer, Reader, TrackRecord
from course_utils.text import START, Vocabulary

FEW = settings(deadline=None, derandomize=True, max_examples=40)
VOCABULARY = Vocabulary(("a", "film", "fine", "not", "good", "und"))
RECORD = TrackRecord(np.array([-2.0, -1.0, 1.0, 2.0]), np.array([0, 1, 1, 1]))


def model(*after, mask_zero=True):
    """A small model with random weights, large enough for verdicts that differ."""
    made = Sequential([Embedding(10, 3, mask_zero=mask_zero), *after, Dense(1)], seed=0)
    made.forward(np.array([[1]]))
    made.set_weights([5 * weight for weight in made.get_weights()])
    return made


MODELS = {
    "one way": model(LSTM(4)),
    "both ways": model(Bidirectional(LSTM(2))),
    "all states": model(layers.GRU(3, return_sequences=True), GlobalMaxPooling1D()),
}
texts = st.lists(st.sampled_from([*VOCABULARY.words, "unheard", "🙂", "!"]), max_size=12).map(" ".join)
names = st.sampled_from(list(MODELS))
lengths = st.none() | st.integers(1, 8)


def reader(name="one way", **options):
    return Reader(MODELS[name], VOCABULARY, **{"records": (RECORD,)} | options)


@FEW
@given(st.text() | texts, names, lengths)
def test_the_trace_is_what_the_model_says_of_the_cut_text(text, name, maxlen):
    reads = reader(name, maxlen=maxlen)
    ids = reads.ids(text)
    words, trace = reads.words_and_trace(text)
    assert len(words) == len(trace) == np.sum(ids != START)
    skipped = len(ids) - len(words)
    for t in range(len(words)):
        alone = MODELS[name].predict([ids[: skipped + t + 1]])
        np.testing.assert_allclose(trace[t], sigmoid(alone[0, 0]), atol=1e-5)
        assert VOCABULARY.id_of(words[t]) == ids[skipped + t]


@FEW
@given(st.text() | texts, names, lengths)
def test_the_trace_ends_with_the_answer(text, name, maxlen):
    reads = reader(name, maxlen=maxlen, least_known=0)
    answer, (words, trace) = reads.answer(text), reads.words_and_trace(text)
    assert answer.read == len(words)
    if len(words):
        np.testing.assert_allclose(answer.probability, trace[-1], atol=1e-5)
        assert str(answer).startswith("Positive" if answer.logit > 0 else "Negative")
    else:
        assert answer.probability is None


@pytest.mark.parametrize("text", ["", "  \n", "🙂 🙂", "?! …", "<br />"])
def test_no_word_no_verdict(text):
    shown = str(reader().answer(text))
    assert shown == "No verdict: there is no word in this text, so there is nothing to read."
    assert reader().words_and_trace(text)[0] == []


def test_too_little_known():
    shown = str(reader().answer("Der Film war gut, und wie!"))
    assert shown == "No verdict, too little is known (another language?). words: 6, read: 6, known: 2."
    assert reader().answer("这部电影很好").logit is None
    seven_of_ten = "a film a film a film a x y z"
    assert reader().answer(seven_of_ten).logit is not None
    assert reader().answer(seven_of_ten + " z").logit is None


def test_ten_thousand_words():
    answer = reader(maxlen=200).answer("a fine film not " * 2_500)
    assert (answer.words, answer.read, answer.known) == (10_000, 200, 200)
    assert str(answer).endswith("). words: 10,000, read: 200, known: 200.")
    assert len(reader(maxlen=200).words_and_trace("a fine " * 5_000)[0]) == 200


def test_a_long_trace_is_read_in_parts():
    text = "a fine film not " * 100
    words, trace = reader().words_and_trace(text)
    assert words == text.split()
    np.testing.assert_allclose(trace[-1], reader().answer(text).probability, atol=1e-5)
    np.testing.assert_allclose(
        trace[:50], reader().words_and_trace(text[: len(text) // 2])[1][:50], atol=1e-5
    )


def test_how_much_is_known_counts_the_words_that_are_read():
    assert reader(maxlen=3).answer("unheard " * 50 + "a fine film").known == 3
    assert reader(maxlen=2).answer("a fine film " * 50 + "unheard unheard").logit is None


def test_right_among_nearest_looks_at_the_same_side():
    assert RECORD.right_among_nearest(1.1) == (1, 1)  # the text at 1: at 2 it is too far away
    assert RECORD.right_among_nearest(-1.1) == (0, 1)
    assert TrackRecord([1.0, 1.2, 1.3], [1, 0, 0]).right_among_nearest(0.9, 1) == (1, 1)
    assert TrackRecord([1.0], [1]).right_among_nearest(-1.0) == (0, 0)
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, 4000)
    kind = TrackRecord(logits, rng.random(4000) < sigmoid(logits - 1))  # it calls too much positive
    for logit in (-2.0, -0.7, 0.01, 0.7, 2.0):
        right, of = kind.right_among_nearest(logit)
        true = sigmoid(logit - 1) if logit > 0 else sigmoid(1 - logit)
        low, high = Answer(1, 1, 1, logit, right, of).interval
        assert of > 100
        assert low - 0.05 < true < high + 0.05


def test_a_verdict_surer_than_all_known_ones_is_compared_with_the_surest():
    record = TrackRecord(np.linspace(0, 4, 1000), np.ones(1000))
    right, of = record.right_among_nearest(9.0)
    assert right == of >= 50


def test_an_interval_is_shown():
    assert Answer(5, 5, 5, 1.0, 405, 500).interval == pytest.approx((0.7733, 0.8420), abs=1e-4)
    assert "such verdicts were right 405 times in 500 (77% to 84%)." in str(Answer(5, 5, 5, 1.0, 405, 500))
    assert Answer(5, 5, 5, 1.0, 3, 3).interval[0] < 0.5
    assert Answer(5, 5, 5, 1.0).interval == (0, 1)


@FEW
@given(st.lists(st.text() | texts, max_size=5), names, lengths)
def test_answers_are_the_single_answers(some, name, maxlen):
    reads = reader(name, maxlen=maxlen)
    for text, answer in zip(some, reads.answers(some), strict=True):
        alone = reads.answer(text)
        assert (answer.words, answer.read, answer.known) == (alone.words, alone.read, alone.known)
        assert (answer.logit is None) == (alone.logit is None)
        if answer.logit is not None:
            assert answer.logit == pytest.approx(alone.logit, abs=1e-4)


def test_many_texts_are_looked_at_one_by_one():
    with pytest.raises(TypeError, match=r"row 1: text is float \(nan\): expected one string"):
        reader().answers(["a film", float("nan")])
    with pytest.raises(TypeError, match="texts is one string"):
        reader().answers("a film")
    assert [answer.words for answer in reader().answers(["", "a film"])] == [0, 2]


def test_a_model_of_keras_is_refused_at_once():
    from course_utils.training import keras

    layers_of_it = [
        keras.layers.Embedding(10, 2, mask_zero=True),
        keras.layers.LSTM(2),
        keras.layers.Dense(1),
    ]
    with pytest.raises(TypeError, match=r"is a model of Keras.*pads them behind"):
        Reader(keras.Sequential([keras.Input((None,)), *layers_of_it]), VOCABULARY)


def test_the_first_record_that_speaks_for_the_length_is_asked():
    either = [-9.0, -3.0, -1.0, -0.1, 0.1, 1.0, 3.0, 9.0]
    short, long = TrackRecord(either, [1] * 8, longest=4), TrackRecord(either * 2, [1] * 16)
    assert reader(records=(short, long)).answer("a fine film").of > 0
    assert (
        reader(records=(short, long)).answer("a not fine film").of
        == reader(records=(long,)).answer("a not fine film").of
    )
    assert "how sure: not measured." in str(reader(records=(short,)).answer("a not fine film"))


def test_what_cannot_be_asked_is_refused():
    with pytest.raises(TypeError, match=r"text is list .*: expected one string"):
        reader().answer(["a film"])
    with pytest.raises(ValueError, match="maxlen=0: expected 1 or more"):
        reader(maxlen=0)
    with pytest.raises(ValueError, match="mask_zero=True"):
        Reader(model(LSTM(4), mask_zero=False), VOCABULARY)
    with pytest.raises(ValueError, match="a table of 10 ids, the vocabulary 5"):
        Reader(MODELS["one way"], Vocabulary(("film",)))
    with pytest.raises(ValueError, match="expected one of each a text"):
        TrackRecord(np.zeros((4, 1)), np.zeros(4))
    with pytest.raises(ValueError, match="something else than 0 and 1"):
        TrackRecord(np.zeros(2), np.array([-1, 1]))


class Mean:
    """Two models that answer together."""

    def predict(self, x):
        return (MODELS["one way"].predict(x) + MODELS["both ways"].predict(x)) / 2


def test_a_model_is_whatever_predicts(tmp_path):
    together = Reader(Mean(), VOCABULARY, records=(RECORD,))
    words, trace = together.words_and_trace("a fine film")
    answer = together.answer("a fine film")
    assert words == ["a", "fine", "film"]
    assert answer == Answer(3, 3, 3, answer.logit, *RECORD.right_among_nearest(answer.logit))
    np.testing.assert_allclose(trace[-1], answer.probability, atol=1e-6)
    with pytest.raises(TypeError, match="model is Mean: only a Sequential can be saved"):
        together.save(tmp_path / "reader")


@pytest.mark.parametrize("options", [{}, {"maxlen": 5, "least_known": 0.25}, {"records": ()}], ids=str)
def test_a_saved_reader_reads_as_before(tmp_path, options):
    short = TrackRecord(np.array([0.5, 1.0]), np.array([0, 1]), longest=4)
    before = reader(**{"records": (short, RECORD)} | options)
    before.save(tmp_path / "reader")
    after = Reader.load(tmp_path / "reader")
    assert after.vocabulary.words == VOCABULARY.words
    assert after.maxlen == before.maxlen
    for text in ("a fine film", "not a good film und not a fine film", "x y film", ""):
        assert after.answer(text) == before.answer(text)
        assert after.words_and_trace(text)[1].tolist() == before.words_and_trace(text)[1].tolist()


def test_a_file_that_is_no_reader_is_refused(tmp_path):
    file = tmp_path / "reader"
    with pytest.raises(FileNotFoundError, match="reader is not there: train"):
        Reader.load(file)
    reader().save(file)
    whole = file.read_bytes()
    for part in (b"", b"text", whole[: len(whole) // 2], whole[:-5]):
        file.write_bytes(part)
        with pytest.raises(ValueError, match=r"reader is damaged, cut short .* Copy it again"):
            Reader.load(file)
    MODELS["one way"].save(file)
    with pytest.raises(ValueError, match=r"holds no reader but a model alone, .*Sequential.load"):
        Reader.load(file)
    with open(file, "wb") as out:
        np.savez(out, x_train=np.zeros(3), y_train=np.zeros(3))
    with pytest.raises(ValueError, match="no model of the course, but x_train, y_train: expected a file"):
        Reader.load(file)


@pytest.mark.parametrize("missing", ["words", "settings", "longest_0", "weight_1"])
def test_a_reader_says_what_it_lacks(tmp_path, missing):
    file = tmp_path / "reader"
    reader().save(file)
    arrays = read_npz(file)
    del arrays[missing]
    with open(file, "wb") as out:
        np.savez(out, **arrays)
    with pytest.raises(ValueError, match=f"reader is a reader without {missing}: expected"):
        Reader.load(file)


def test_a_reader_with_the_words_of_another_model_says_so(tmp_path):
    file = tmp_path / "reader"
    reader().save(file)
    arrays = read_npz(file)
    arrays["words"] = np.frombuffer("\n".join(VOCABULARY.words[:-1]).encode(), np.uint8)
    with open(file, "wb") as out:
        np.savez(out, **arrays)
    rows = len(VOCABULARY)
    with pytest.raises(ValueError, match=f"words of another model: {rows - 1} ids .* has {rows} rows"):
        Reader.load(file)


def test_saving_keeps_the_older_file_when_it_fails(tmp_path, monkeypatch):
    file = tmp_path / "reader"
    reader().save(file)
    whole = file.read_bytes()

    def half(out, **arrays):
        out.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("course_utils.reading.np.savez_compressed", half)
    with pytest.raises(OSError, match="No space left"):
        reader().save(file)
    assert file.read_bytes() == whole
    assert [path.name for path in tmp_path.iterdir()] == ["reader"]


def test_a_reader_of_another_tokenizer_is_named(tmp_path, monkeypatch):
    reader().save(tmp_path / "reader")
    with warnings.catch_warnings(action="error"):
        Reader.load(tmp_path / "reader")
    monkeypatch.setattr("course_utils.reading.tokenize", lambda text: text.split())
    with pytest.warns(UserWarning, match="reader was saved by a course that cuts texts into other words"):
        Reader.load(tmp_path / "reader")
