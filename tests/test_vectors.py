"""Word vectors from counts, against the definition written as loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.data import load_reviews
from course_utils.text import INDEX_FROM
from course_utils.vectors import count_neighbours, count_vectors, positive_pmi

REVIEWS = st.lists(st.lists(st.integers(0, 11), max_size=9), max_size=5)


def arrays(rows):
    return [np.array(row, np.int32) for row in rows]


def counted_in_loops(rows, num_words, window):
    counts = np.zeros((num_words, num_words))
    for row in rows:
        for i, a in enumerate(row):
            for j, b in enumerate(row):
                if 0 < abs(i - j) <= window and min(a, b) > INDEX_FROM:
                    counts[a, b] += 1 / abs(i - j)
    return counts


@given(rows=REVIEWS, window=st.integers(1, 6))
def test_neighbours_are_those_of_the_loops(rows, window):
    counts = count_neighbours(arrays(rows), 12, window).toarray()
    np.testing.assert_allclose(counts, counted_in_loops(rows, 12, window), rtol=1e-5)


@given(rows=REVIEWS)
def test_positive_pmi_is_the_formula(rows):
    counts = count_neighbours(arrays(rows), 12, 2)
    c = counts.toarray().astype(float)
    smoothed = c.sum(axis=0) ** 0.75
    with np.errstate(divide="ignore", invalid="ignore"):
        by_chance = c.sum(axis=1, keepdims=True) * smoothed / smoothed.sum()
        expected = np.where(c > 0, np.maximum(np.log(c / by_chance), 0), 0)
    np.testing.assert_allclose(positive_pmi(counts).toarray(), expected, rtol=1e-4, atol=1e-5)


@settings(max_examples=20)
@given(st.integers(0, 1000))
def test_words_with_the_same_neighbours_have_the_same_vector(seed):
    """4 and 5 always stand between the same words; 6 never does."""
    rng = np.random.default_rng(seed)
    rows = [[8, w, 9] for w in (4, 5)] + [[10, 6, 11], [10, 7, 11]]
    rows = [rows[k] for k in rng.permutation(4)]
    vectors = count_vectors(arrays(rows), 12, 3, window=1)
    np.testing.assert_allclose(vectors[4], vectors[5], atol=1e-3)
    assert np.linalg.norm(vectors[4] - vectors[6]) > 0.5


def test_scale_seed_and_unseen_words():
    rng = np.random.default_rng(0)
    reviews = [rng.integers(4, 40, 30).astype(np.int32) for _ in range(20)]
    vectors = count_vectors(reviews, 50, 8)
    assert vectors.shape == (50, 8)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors[4:40].std(), 1, rtol=1e-5)
    assert not vectors[:4].any()
    assert not vectors[40:].any()
    np.testing.assert_array_equal(vectors, count_vectors(reviews, 50, 8))


def test_labels_are_not_needed_to_tell_praise_from_blame():
    """On the course's own reviews, neighbours of opinion words are opinion words."""
    reviews = load_reviews(num_words=5_000)
    vectors = count_vectors(reviews.train.ids[:4_000], 5_000, 32)
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)

    def similarity(a, b):
        return unit[reviews.vocabulary.id_of(a)] @ unit[reviews.vocabulary.id_of(b)]

    assert similarity("terrible", "awful") > similarity("terrible", "director") + 0.2
    assert similarity("wonderful", "great") > similarity("wonderful", "director") + 0.2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_words": 5}, "id 7 is not below num_words=5: give the vocabulary's size"),
        ({"window": 0}, "window=0: expected a whole number, 1 or more"),
        ({"output_dim": 9}, "output_dim=9: expected less than num_words=9"),
        ({"output_dim": 0}, "output_dim=0: expected a whole number"),
        ({"reviews": []}, "no two words stand near each other"),
        ({"reviews": [np.array([1, 4], np.int32)]}, "no two words stand near each other"),
    ],
)
def test_bad_input_is_told(change, message):
    good = {"reviews": arrays([[4, 5, 6], [4, 7]]), "num_words": 9, "output_dim": 2}
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        count_vectors(**good | change)
