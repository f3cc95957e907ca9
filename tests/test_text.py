"""From text to ids and back."""

import html
import time
import unicodedata
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


PLAIN = "I don't know: a naïve, wonderful film, isn't it?"


@pytest.mark.parametrize(
    "pasted",
    [
        *(PLAIN.replace("'", sign) for sign in "’‘´`ʼ＇"),
        *(PLAIN.replace("'", name) for name in ("&#39;", "&#x27;", "&apos;", "&rsquo;", "&amp;#39;")),
        PLAIN.replace("ï", "&iuml;"),
        unicodedata.normalize("NFD", PLAIN),
        PLAIN.replace("wonderful", "won\u00adder\u00adful").replace("naïve", "na\u200bïve"),
        PLAIN.replace(" ", "\u00a0").replace("film", "film\ufe0f"),
        PLAIN.replace(" ", "&nbsp;"),
        f'<p class="best awful">{PLAIN}</p><img src=worst.png alt="dull">',
        PLAIN.replace(",", "<br />").replace("film", "<B>film</B>"),
        html.escape(f"<p>{PLAIN}</p>"),
        html.escape(html.escape(f"<p title='bad'>{PLAIN}</p>")),
    ],
)
def test_a_pasted_text_has_the_words_of_the_plain_one(pasted):
    assert tokenize(pasted) == tokenize(PLAIN)
    assert tokenize(pasted)[1] == "don't"
    vocabulary = Vocabulary.from_texts([PLAIN])
    assert vocabulary.encode(pasted).tolist() == vocabulary.encode(PLAIN).tolist()
    assert text.index_words([PLAIN, pasted])[0] == text.index_words([PLAIN])[0]


@pytest.mark.parametrize(
    ("given_text", "tokens"),
    [
        ("फिल्म अच्छी है", ["फिल्म", "अच्छी", "है"]),
        ("فِيلْم رائع", ["فِيلْم", "رائع"]),
        ("İSTANBUL", ["i̇stanbul"]),
        (
            "I <3 it <sigh>, 1 < 2 > 0; a<b and c>d",
            ["i", "3", "it", "sigh", "1", "2", "0", "a", "b", "and", "c", "d"],
        ),
        ("R&B, AT&T; &unheard;", ["r", "b", "at", "t", "unheard"]),
    ],
)
def test_what_a_person_wrote_stays(given_text, tokens):
    assert tokenize(given_text) == tokens


@given(st.text(st.characters(codec="ascii"), max_size=60).filter(lambda t: "&" not in t))
def test_escaped_texts_have_the_same_words(any_text):
    assert tokenize(html.escape(any_text)) == tokenize(any_text)


@given(st.text(st.sampled_from("aÉß' `1_-&;<>é́­"), max_size=30))
def test_ascii_is_no_special_case(any_text):
    assert [*tokenize(any_text), "é"] == tokenize(any_text + " é")


@pytest.mark.parametrize(
    "piece", ["<a ", "<a b=c ", '<a b="', "&amp;", "&", "amp;", "'", "a'", "e\u0301", "<"]
)
def test_time_grows_with_the_text_alone(piece):
    begun = time.process_time()
    tokenize("&" + piece * (300_000 // len(piece)))
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (float("nan"), r"is float \(nan\): expected a string; leave rows without a text out"),
        (None, r"is NoneType \(None\): expected a string"),
        (b"a film", r"is bytes .*turn bytes into text first, with decode\(\"utf-8\"\)"),
        (["a film"], "is list"),
    ],
)
def test_what_is_no_text_is_named_with_its_row(wrong, message):
    with pytest.raises(TypeError, match="text 1 " + message):
        Vocabulary.from_texts(["a film", wrong])
    with pytest.raises(TypeError, match="text " + message):
        Vocabulary(("a",)).encode(wrong)


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


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([4.7], "sequence 1 holds float64: expected ids, which are whole numbers"),
        ([float("nan")], "sequence 1 holds float64"),
        ([4, None], "sequence 1 holds object"),
        (["4"], "sequence 1 holds <U1"),
        ([True, False], "sequence 1 holds bool"),
        (np.array([2**33 + 4]), "ids from 8589934596 to 8589934596: expected numbers of 32 bits"),
        ([4 - 2**32], "sequence 1 holds ids from -4294967292"),
    ],
    ids=str,
)
def test_padding_refuses_what_would_silently_become_an_id(row, message):
    with pytest.raises(ValueError, match=message):
        pad_sequences([[4], row])


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "uint64", "object"])
def test_padding_takes_whole_numbers_of_every_kind(dtype):
    rows = [np.array([4, 2**7 - 1], dtype="int64").astype(dtype), [], (5,)]
    if dtype == "object":
        rows[0] = rows[0].tolist()
    assert pad_sequences(rows).tolist() == [[4, 127], [0, 0], [0, 5]]


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
