"""Figures in one style: colour-blind safe, labelled, each with a text that says what it shows.

Importing this module sets the style for every figure that follows.
"""

import base64
import io
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import publish_display_data
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

# One style for every figure of a lesson, set where this module is imported.
plt.style.use("course_utils.unrolled")

# Diverging map for values around zero: blue to red through white, never red/green.
DIVERGING = "RdBu_r"


def show(figure: Figure, alt: str) -> None:
    """Show a figure as a picture, with a sentence under it that says what it shows.

    The sentence is also the picture's alternative text, for screen readers and for places
    where pictures do not load.
    """
    if len(alt.split()) < 5:
        raise ValueError(f"alt={alt!r} is too short: say in a sentence what the figure shows")
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    plt.close(figure)  # otherwise the notebook would show it a second time
    publish_display_data(
        {"image/png": base64.b64encode(picture.getvalue()).decode(), "text/plain": alt},
        {"image/png": {"alt": alt}},
    )
    print(f"Figure: {alt}")


def learning_curves(history: Mapping[str, Sequence[float]], metric: str = "accuracy") -> Figure:
    """Draw loss and a metric by epoch, training beside validation, the best epoch marked.

    ``history`` is the dict of a Keras History, with ``val_`` entries for validation.
    """
    figure, axes = plt.subplots(1, 2, figsize=(11, 4.5))
    for axis, name in zip(axes, ("loss", metric), strict=True):
        _curves(axis, history, name)
    return figure


def _curves(axis: Axes, history: Mapping[str, Sequence[float]], name: str) -> None:
    epochs = np.arange(1, len(history[name]) + 1)
    axis.plot(epochs, history[name], marker="o", label="training")
    held_out = history.get(f"val_{name}")
    if held_out is not None:
        axis.plot(epochs, held_out, marker="s", label="validation")
        best = int(np.argmin(held_out) if name == "loss" else np.argmax(held_out))
        axis.plot(epochs[best], held_out[best], "k*", markersize=18, label=f"best epoch: {best + 1}")
    axis.set(xlabel="epoch", ylabel=name, xticks=epochs[:: max(1, len(epochs) // 10)])
    axis.legend()


def heat_map(
    axis: Axes,
    values: ArrayLike,
    *,
    title: str = "",
    xlabel: str = "",
    ylabel: str = "",
    limit: float | None = None,
    annotate: bool = False,
) -> None:
    """Draw a matrix as colours around zero, white for 0, with a colour bar.

    ``values`` has shape (rows, columns). ``limit`` is the value of the darkest colour
    (default: the largest size in the matrix); ``annotate`` writes the numbers in.
    """
    matrix = np.atleast_2d(np.asarray(values, dtype=float))
    bound = limit or float(np.abs(matrix).max()) or 1.0
    image = axis.imshow(matrix, cmap=DIVERGING, vmin=-bound, vmax=bound, aspect="auto")
    axis.set(title=title, xlabel=xlabel, ylabel=ylabel)
    axis.grid(visible=False)
    axis.figure.colorbar(image, ax=axis)
    if annotate:
        for (row, column), value in np.ndenumerate(matrix):
            dark = abs(value) > 0.6 * bound
            axis.text(column, row, f"{value:.2f}", ha="center", va="center", color="w" if dark else "k")


def saturation(totals_by_name: Mapping[str, ArrayLike]) -> Figure:
    """Draw histograms of the sums before tanh (left) and of the values after it (right).

    One row for each entry of ``totals_by_name``; the totals may have any shape. The grey bands
    mark where tanh is flat: values beyond 0.99 in size.
    """
    rows = len(totals_by_name)
    figure, axes = plt.subplots(rows, 2, figsize=(11, 0.8 + 2.6 * rows), squeeze=False)
    flat = float(np.arctanh(0.99))
    for (before, after), (name, totals) in zip(axes, totals_by_name.items(), strict=True):
        values = np.ravel(np.asarray(totals, dtype=float))
        shares = np.full(values.shape, 1 / values.size)
        reach = max(4.0, float(np.abs(values).max()))
        before.axvspan(flat, reach, color="0.85")
        before.axvspan(-reach, -flat, color="0.85")
        before.hist(values, bins=60, weights=shares)
        before.set(title=name, xlim=(-reach, reach), ylabel="share")
        after.hist(np.tanh(values), bins=np.linspace(-1, 1, 41), weights=shares, color="C1")
        share = float(np.mean(np.abs(np.tanh(values)) > 0.99))
        after.set(title=f"{share:.0%} beyond 0.99", xlim=(-1.05, 1.05), ylim=(0, 1.05))
    axes[-1, 0].set_xlabel("sum before tanh (grey: tanh is flat)")
    axes[-1, 1].set_xlabel("value after tanh")
    return figure


def yes_no(
    axis: Axes, values: ArrayLike, *, labels: Sequence[str], title: str = "", xlabel: str = ""
) -> None:
    """Draw a square matrix of zeros and ones, the ones filled and marked; ``labels`` name both sides."""
    matrix = np.asarray(values, dtype=int)
    axis.imshow(matrix, cmap="cividis", vmin=-0.25, vmax=1.1)
    for (row, column), value in np.ndenumerate(matrix):
        axis.text(column, row, str(value), ha="center", va="center", color="k" if value else "w", fontsize=18)
    axis.set(title=title, xlabel=xlabel, xticks=range(len(labels)), yticks=range(len(labels)))
    axis.set_xticklabels(labels)
    axis.set_yticklabels(labels)
    axis.grid(visible=False)
