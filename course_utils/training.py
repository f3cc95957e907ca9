"""What training with Keras needs: batches of similar length, a progress bar that fits on one line."""

import sys
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from tqdm import tqdm

from course_utils.data import Part
from course_utils.quiet import quiet_import
from course_utils.text import Side, length_batches, pad_sequences

with quiet_import():
    import keras

__all__ = ["LengthBatches", "Progress", "keras"]


class Progress(keras.callbacks.Callback):  # type: ignore[misc]
    """One bar over all batches of all epochs, with the newest scores behind it.

    >>> model.fit(x, y, verbose=0, callbacks=[Progress()])  # doctest: +SKIP

    Keras's own bar prints a line an epoch and rewrites it at every batch, which fills a
    saved notebook; tqdm's Keras callback draws two bars with cursor movements that a
    notebook's text output does not know.
    """

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Open the bar; the number of batches is known unless the data come from a generator."""
        steps, epochs = self.params.get("steps"), self.params["epochs"]
        total = steps * epochs if steps else None
        # position=0: a bar that an interrupted training left open does not push this one down.
        self._bar: Any = tqdm(
            total=total, unit="batch", file=sys.stdout, ncols=100, mininterval=0.5, position=0
        )

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Move on by one batch."""
        self._bar.update(1)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Show the epoch's scores behind the bar."""
        scores = {name: f"{value:.3f}" for name, value in (logs or {}).items() if "accuracy" in name}
        self._bar.set_postfix(epoch=epoch + 1, **scores)

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Close the bar."""
        self._bar.close()


class LengthBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches of reviews of similar length, each padded to its own longest review.

    Lesson 8 builds it. Arguments: a part of the reviews; reviews in a batch; how many ids of
    a review to keep, counted from its end; a seed; the side of the padding. It is "post", behind,
    because Keras's fast kernels on a GPU refuse a mask in front. ``data[i]`` gives ids (batch, timesteps)
    and labels (batch, 1); an epoch holds every review once.

    With a seed the reviews are dealt anew after each epoch. With ``seed=None`` they stay where
    they are, for predictions: ``data.restore_order(model.predict(data))``.

    Batch 0 is the narrowest and batch 1 the widest: Keras looks at these two before training,
    and takes a width that they share for the width of all. Raises ValueError.
    """

    def __init__(
        self,
        part: Part,
        batch_size: int,
        *,
        maxlen: int = 500,
        seed: int | None = 0,
        padding: Side = "post",
    ) -> None:
        super().__init__()
        if maxlen < 1:
            raise ValueError(f"maxlen={maxlen}: expected 1 or more timesteps")
        if len(part) == 0:
            raise ValueError("part holds no reviews: expected 1 or more")
        self.ids, self.labels = [ids[-maxlen:] for ids in part.ids], np.asarray(part.labels)
        self.lengths = np.array([len(ids) for ids in self.ids])
        self.batch_size, self.seed, self.padding = batch_size, seed, padding
        self._deal()

    def _deal(self) -> None:
        batches = length_batches(self.lengths, self.batch_size, seed=self.seed)
        self.batches = sorted(batches, key=lambda batch: int(self.lengths[batch].max()))
        self.batches.insert(1, self.batches.pop())

    def on_epoch_end(self) -> None:
        """Deal the reviews anew; Keras calls this after each epoch."""
        if self.seed is not None:
            self.seed += 1
            self._deal()

    def __len__(self) -> int:
        """How many batches an epoch has."""
        return len(self.batches)

    def __getitem__(self, i: int) -> tuple[NDArray[np.int32], NDArray[Any]]:
        """Ids, shape (batch, timesteps), and labels, shape (batch, 1), of batch ``i``."""
        batch = self.batches[i]
        return pad_sequences([self.ids[j] for j in batch], padding=self.padding), self.labels[batch, None]

    def restore_order(self, predictions: ArrayLike) -> NDArray[Any]:
        """Put predictions, one a review as ``predict`` returns them, into the part's order."""
        if self.seed is not None:
            raise ValueError(
                f"seed={self.seed}: the reviews were dealt anew after predicting; "
                "make the batches with seed=None"
            )
        array = np.asarray(predictions)
        if array.shape[:1] != self.lengths.shape:
            raise ValueError(
                f"predictions has shape {array.shape}: expected one a review, {len(self.lengths)}"
            )
        restored = np.empty_like(array)
        restored[np.concatenate(self.batches)] = array
        return restored
