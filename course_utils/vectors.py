"""Word vectors from counts: which words stand near which, in the training reviews alone.

A net that starts with random vectors must learn from the labels what a word means, also a word
that it meets five times. Counting asks no labels: words with the same neighbours mean similar
things. Lesson 13 builds these steps in view.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from sklearn.utils.extmath import randomized_svd

from course_utils.checks import check_count
from course_utils.text import INDEX_FROM, Ids


def count_neighbours(reviews: Sequence[Ids], num_words: int, window: int = 5) -> csr_array:
    """Count for every pair of words how often they stand near each other: (num_words, num_words).

    A neighbour at distance d counts 1/d, up to distance `window`, on both sides. Padding, start
    and unknown words are left out. Raises ValueError for ids that are not below `num_words`.
    """
    check_count("window", window)
    highest = max((int(ids.max()) for ids in reviews if len(ids)), default=0)
    if highest >= check_count("num_words", num_words):
        raise ValueError(f"id {highest} is not below num_words={num_words}: give the vocabulary's size")
    gap = np.zeros(window, np.int32)  # keeps the end of one review from the start of the next
    flat = np.concatenate([gap, *(part for ids in reviews for part in (ids, gap))])
    counts = csr_array((num_words, num_words), dtype=np.float32)
    for distance in range(1, window + 1):
        left, right = flat[:-distance], flat[distance:]
        words = (left > INDEX_FROM) & (right > INDEX_FROM)
        pairs = (left[words], right[words])
        ones = np.full(len(pairs[0]), 1 / distance, np.float32)
        counts = counts + coo_array((ones, pairs), shape=counts.shape).tocsr()
    return csr_array(counts + counts.T)


def positive_pmi(counts: csr_array) -> csr_array:
    """Return log(how much more often than by chance) where that is above 0, in the shape of counts.

    Pointwise mutual information, Church and Hanks (1990). By chance, the neighbour j stands at i in
    proportion to count_i count_j^0.75: the power takes weight from rare words, which would otherwise
    lead every list; Levy, Goldberg and Dagan (2015), "Improving distributional similarity".
    """
    cells = coo_array(counts)
    i, j = cells.coords
    totals = np.asarray(counts.sum(axis=0)).ravel()
    smoothed = totals**0.75
    information = np.log(cells.data * smoothed.sum() / (totals[i] * smoothed[j]))
    kept = information > 0
    values = information[kept].astype(np.float32)
    return csr_array((values, (i[kept], j[kept])), shape=counts.shape)


def count_vectors(
    reviews: Sequence[Ids], num_words: int, output_dim: int, window: int = 5, seed: int = 0
) -> NDArray[np.float32]:
    """Return a vector for every id, (num_words, output_dim), with standard deviation 1 over all words seen.

    The positive PMI of every word with every other is a table too wide for a net; its largest
    singular vectors keep most of it in `output_dim` numbers. Ids that were never seen near another
    word get zeros. No label is read.
    Raises ValueError if `output_dim` is not below `num_words`, or no two words stand together.
    """
    if not check_count("output_dim", output_dim) < num_words:
        raise ValueError(f"output_dim={output_dim}: expected less than num_words={num_words}")
    information = positive_pmi(count_neighbours(reviews, num_words, window))
    if not information.nnz:
        raise ValueError("no two words stand near each other: expected reviews of several known words")
    left, sizes, _ = randomized_svd(information, output_dim, n_iter=3, random_state=seed)
    vectors = left * np.sqrt(sizes)
    seen = np.diff(information.indptr) > 0
    vectors[~seen] = 0
    return np.asarray(vectors / vectors[seen].std(), np.float32)
