"""The words of a batch, each of them once.

Saves: a word's product with W is the same wherever it stands, and a batch has fewer words than places. So a
recurrent layer behind an Embedding multiplies each word once; and on the way back it first adds up the
gradients of all places of a word, then multiplies the sum.
"""

import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

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
        stands = copy.copy(one_in_each_column(len(values), values.dtype.name))
        stands.indices = self.place[order].ravel()
        return np.asarray(stands @ values)[: len(self.rows)]


@lru_cache(16)
def one_in_each_column(size: int, dtype: str) -> Any:
    """Return a sparse matrix (size, size) with a 1 in each column; to make one costs more than to use it."""
    ends = np.arange(size + 1, dtype=np.int32)
    return csc_array((np.ones(size, dtype), np.zeros(size, np.int32), ends), (size, size))


X = Array | list[Words]  # what a recurrent layer reads: columns, or the words of each half


def spread(words: list[Words]) -> Array:
    """Return the vectors of all places of both halves, (timesteps, features, batch)."""
    return np.concatenate([one.spread() for one in words], axis=-1)


def words_or_places(x: X, W: Array) -> X:
    """Return x, or the vectors of all places where these are faster for W (features, columns)."""
    return spread(x) if isinstance(x, list) and WORDS_PAY * len(W) < W.shape[1] else x
