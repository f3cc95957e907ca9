"""From text to ids and back."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils import text
from course_utils.text import Vocabulary, length_batches, pad_sequences, tokenize

some_ids = st.lists(st.lists(st.integers(1, 99), max_size=12), min_size=1, max_size=6)
sides = st.sampled_from(["pre", "post"])


@pytest.mark.parametrize(
    ("given_text", "tokens"),
    [
        ("It's GREAT!<br />Really.", ["it's", "great", "really"]),
        ("a<br>b<BR/>c", ["a", "b", "c"]),
        ("don’t 'quote' rock'n'roll", ["don't", "quote", "rock'n'roll"]),
        ("10/10, would re-watch", ["10", "10", "would", "re", "watch"]),
        ("Amélie snake_case 電影", ["amélie", "snake", "case", "電影"]),
        ("!!! 😀 ...", []),
        ("", []),
    ],
)
def test_tokenize(given_text, tokens):
    assert tokenize(given_text) == tokens


@given(st.text())
def test_tokens_survive_a_second_pass(any_text):
    tokens = tokenize(any_text)
    assert tokenize(" ".join(tokens)) == tokens


@given(st.text().filter(tokenize))
def test_decode_gives_back_the_words_with_spaces(any_text):
    vocabulary = Vocabulary.from_texts([any_text])
    ids = vocabulary.encode(any_text)
    assert vocabulary.decode(ids) == " ".join(tokenize(any_text))
    assert ids[0] == text.START
    assert ids[1:].min() > text.INDEX_FROM
    assert ids.dtype == np.int32


@given(st.lists(st.text("abc ", min_size=1), min_size=1).filter(lambda ts: any(map(tokenize, ts))))
def test_words_stand_by_frequency_then_alphabet(texts):
    words = Vocabulary.from_texts(texts).words
    counts = {word: sum(tokenize(t).count(word) for t in texts) for word in words}
    assert set(words) == {token for t in texts for token in tokenize(t)}
    assert list(words) == sorted(words, key=lambda word: (-counts[word], word))


def test_num_words_counts_ids_as_keras_does():
    vocabulary = Vocabulary.from_texts(["c c c b b a"], num_words=6)
    assert vocabulary.words == ("c", "b")
    assert len(vocabulary) == 6
    assert vocabulary.encode("a b c").tolist() == [text.START, text.UNKNOWN, 5, 4]
    assert vocabulary.id_of("c") == 4
    assert "c" in vocabulary
    assert "a" not in vocabulary


def test_special_ids_can_be_shown():
    vocabulary = Vocabulary(("good",))
    assert vocabulary.decode([0, 1, 4, 2], show_special=True) == "[PAD] [START] good [UNK]"
    assert vocabulary.decode([0, 1, 4, 2]) == "good [UNK]"


@pytest.mark.parametrize("ids", [[5], [-1], [3], [4, 99]])
def test_decode_refuses_ids_it_does_not_have(ids):
    with pytest.raises(
        ValueError, match=rf"id {ids[-1]} is not in the vocabulary: expected 0, 1, 2 or 4 to 4"
    ):
        Vocabulary(("good",)).decode(ids)


def test_decode_refuses_batches_and_fractions():
    with pytest.raises(ValueError, match=r"ids of one review.*not shape \(1, 2\)"):
        Vocabulary(("good",)).decode([[1, 4]])
    with pytest.raises(ValueError, match="whole numbers, not float64"):
        Vocabulary(("good",)).decode([1.0])


@pytest.mark.parametrize("empty", ["", "  ", "...", "😀"])
def test_encode_refuses_a_text_without_words(empty):
    with pytest.raises(ValueError, match="no word found in"):
        Vocabulary(("good",)).encode(empty)


@pytest.mark.parametrize("num_words", [3, 0, -5])
def test_num_words_leaves_room_for_words(num_words):
    with pytest.raises(ValueError, match=f"num_words={num_words} leaves no id for a word"):
        Vocabulary.from_texts(["a"], num_words)


def test_a_vocabulary_lists_a_word_once():
    with pytest.raises(ValueError, match="some words stand in it twice"):
        Vocabulary(("a", "b", "a"))


def test_from_texts_refuses_a_bare_string():
    with pytest.raises(TypeError, match="give a list of texts"):
        Vocabulary.from_texts("one text")


@given(some_ids, st.none() | st.integers(1, 15), sides, sides)
def test_padding_equals_keras(sequences, maxlen, padding, truncating):
    from course_utils.quiet import quiet_import

    with quiet_import():
        from keras.utils import pad_sequences as keras_pad

    options = {"maxlen": maxlen, "padding": padding, "truncating": truncating}
    ours = pad_sequences(sequences, **options)
    np.testing.assert_array_equal(ours, keras_pad(sequences, **options))
    assert ours.dtype == np.int32


def test_padding_cuts_and_fills_at_the_front_by_default():
    assert pad_sequences([[4], [5, 6, 7, 8]], maxlen=3).tolist() == [[0, 0, 4], [6, 7, 8]]
    assert pad_sequences([]).shape == (0, 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"padding": "left"}, "padding='left': expected \"pre\""),
        ({"truncating": "end"}, "truncating='end': expected \"pre\""),
        ({"maxlen": 0}, "maxlen=0: expected 1 or more"),
    ],
)
def test_padding_refuses_odd_options(options, message):
    with pytest.raises(ValueError, match=message):
        pad_sequences([[4]], **options)


def test_padding_refuses_nested_reviews():
    with pytest.raises(ValueError, match=r"sequence 1 has shape \(1, 2\)"):
        pad_sequences([[4], [[5, 6]]])


@given(st.lists(st.integers(0, 50), max_size=60), st.integers(1, 9), st.none() | st.integers(0, 2**32 - 1))
def test_length_batches_hold_every_review_once_and_group_lengths(lengths, batch_size, seed):
    batches = length_batches(lengths, batch_size, seed=seed)
    together = np.concatenate([np.zeros(0, int), *batches])
    assert sorted(together.tolist()) == list(range(len(lengths)))
    assert all(len(batch) <= batch_size for batch in batches)
    assert sum(len(batch) < batch_size for batch in batches) <= 1
    # Ordered by length, no batch reaches into the next: that is what saves the padding.
    spans = sorted((min(lengths[i] for i in b), max(lengths[i] for i in b)) for b in batches)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))


def test_length_batches_change_with_the_seed_only():
    lengths = np.arange(100) % 7
    same, again, other = (length_batches(lengths, 8, seed=s) for s in (1, 1, 2))
    assert all((a == b).all() for a, b in zip(same, again, strict=True))
    assert any((a[:4] != b[:4]).any() for a, b in zip(same, other, strict=True))


def test_length_batches_refuse_odd_input():
    with pytest.raises(ValueError, match="batch_size=0"):
        length_batches([1, 2], 0)
    with pytest.raises(ValueError, match=r"lengths has shape \(1, 2\)"):
        length_batches([[1, 2]], 4)
