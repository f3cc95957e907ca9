"""What every training cell with Keras needs: a progress bar that fits on one line."""

import sys
from typing import Any

from tqdm import tqdm

from course_utils.quiet import quiet_import

with quiet_import():
    import keras

__all__ = ["Progress", "keras"]


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
