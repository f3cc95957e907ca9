"""The table of words."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array

from course_utils.checks import Array, check_count, check_shape
from course_utils.layers.base import Layer, Mask, SparseGradient


class Embedding(Layer):
    """A table with one row of numbers for every id.

    Takes ids (batch, timesteps), returns vectors (batch, timesteps, output_dim). With
    `mask_zero` the id 0 is padding. Raises ValueError for ids outside the table.
    """

    weight_names = ("embeddings",)
    config_names = ("input_dim", "output_dim", "mask_zero")
    embeddings: Array  # (input_dim, output_dim)

    def __init__(self, input_dim: int, output_dim: int, mask_zero: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.input_dim = check_count("input_dim", input_dim)
        self.output_dim = check_count("output_dim", output_dim)
        self.mask_zero = mask_zero

    def weight_shapes(self, features: int) -> list[tuple[int, ...]]:
        """Return the shape of the table."""
        return [(self.input_dim, self.output_dim)]

    def initial_weight(self, name: str, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        """Draw small uniform numbers, as Keras does."""
        return np.asarray(rng.uniform(-0.05, 0.05, shape))

    def compute_mask(self, x: Array, mask: Mask | None = None) -> Mask | None:
        """Return True for every id but 0, where `mask_zero` asks for it."""
        return np.asarray(np.not_equal(x, 0)) if self.mask_zero else None

    def check_ids(self, ids: Array) -> None:
        """Raise ValueError for ids that the table does not have, or that are no whole numbers."""
        if not np.issubdtype(ids.dtype, np.integer):
            raise ValueError(f"ids are {ids.dtype}: expected whole numbers (int32 or int64)")
        for extreme in (ids.min(), ids.max()):
            if not 0 <= extreme < self.input_dim:
                size = self.input_dim
                raise ValueError(f"id {extreme} is not in the table of {size} rows: expected 0 to {size - 1}")

    def forward(self, x: ArrayLike, mask: Mask | None = None, training: bool = False) -> Array:
        """Look up every id."""
        self.forget()
        ids = np.array(x)  # a copy: `backward` still needs it
        check_shape("ids", ids, ("batch", "timesteps"))
        self.check_ids(ids)
        if not self.built:
            self.build(self.input_dim)
        return self.keep(self.embeddings[ids], ids)

    def backward(self, dy: ArrayLike) -> None:
        """Add up dy by id: a word that stands twice gets the sum. Ids have no gradient themselves.

        The sum is a product with a sparse matrix (words, places) that holds a 1 where a word stands.
        """
        dy, ids = self.recall(dy)
        rows, word = np.unique(ids, return_inverse=True)  # every id once; which of them stands where
        places = np.arange(ids.size)
        stands = csr_array((np.ones(ids.size, self.dtype), (word.ravel(), places)), (len(rows), ids.size))
        sums = stands @ dy.reshape(ids.size, self.output_dim)
        self.gradients = [SparseGradient(rows.astype(np.int64), sums, self.embeddings.shape)]
