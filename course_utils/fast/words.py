"""The words of a batch, each of them once.

Saves: a word's product with W is the same wherever it stands, and a batch has fewer words than places. So a
recurrent layer behind an Embedding multiplies each word once; and on the way back it first adds up the
gradients of all places of a word, then multiplies the sum.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from course_utils.checks import Array

WORDS_PAY = 3  # measured: with more than so many times as many columns as features, places are faster


@dataclass
class Words:
    """What an Embedding hands to a recurrent layer of half a batch."""

    rows: NDArray[np.int64]  # (words,), their ids, ascending
    vectors: Array  # (words, features)
    place: NDArray[np.int32]  # (timesteps, batch), which of the words stands there

    @classmethod
    def of(cls, ids: NDArray[np.int32], table: Array) -> "Words":
        """Look up the words of ids (batch, timesteps) in a table (all words, features)."""
        rows = np.flatnonzero(np.bincount(ids.ravel(), minlength=len(table)))
        number = np.empty(len(table), np.int32)
        number[rows] = np.arange(len(rows))
        return cls(rows, table.take(rows, axis=0), number.take(ids.T))

    def spread(self) -> Array:
        """Return the vector of every place, (timesteps, features, batch)."""
        return np.ascontiguousarray(self.vectors.take(self.place, axis=0).swapaxes(1, 2))

    def sums(self, values: Array, order: slice = slice(None)) -> Array:
        """Add up by word values (timesteps * batch, columns) of all places; return (words, columns).

        The sum is a product with a sparse matrix (words, places) that holds a 1 where a word stands.
        """
        place = self.place[order].ravel()
        ones, ends = np.ones(len(place), values.dtype), np.arange(len(place) + 1, dtype=np.int32)
        stands = csc_array((ones, place, ends), (len(self.rows), len(place)))
        return np.asarray(stands @ values)


X = Array | list[Words]  # what a recurrent layer reads: columns, or the words of each half


def spread(words: list[Words]) -> Array:
    """Return the vectors of all places of both halves, (timesteps, features, batch)."""
    return np.concatenate([one.spread() for one in words], axis=-1)


def words_or_places(x: X, W: Array) -> X:
    """Return x, or the vectors of all places where these are faster for W (features, columns)."""
    return spread(x) if isinstance(x, list) and WORDS_PAY * len(W) < W.shape[1] else x
