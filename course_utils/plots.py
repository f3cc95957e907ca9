"""Figures in one style: colour-blind safe, labelled, each with a text that says what it shows.

Importing this module sets the style for every figure that follows.
"""

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import publish_display_data
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d import proj3d
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
        after.set(title=f"{share:.0%} beyond ±0.99", xlim=(-1.05, 1.05))
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


# How groups of words look in a scatter plot: marker and colour both tell them apart.
_WORD_STYLES = (("^", "C0"), ("s", "C5"), ("o", "black"), ("D", "C3"))


def words_3d(
    groups: Mapping[str, Mapping[str, Sequence[float]]],
    background: ArrayLike,
    *,
    elevation: float = 18,
    turn: float = -60,
) -> Figure:
    """Draw words as points in space, over a cloud of small points.

    ``groups`` names the groups; each maps words to three numbers. ``background`` has shape
    (words, 3). The labels stand in two columns at the sides, where they cannot overlap.
    """
    figure = plt.figure(figsize=(11, 7.5))
    axis: Any = figure.add_subplot(projection="3d", elev=elevation, azim=turn)
    axis.scatter(*np.asarray(background).T, s=4, color="0.6", alpha=0.3, linewidth=0)
    for (name, words), (marker, color) in zip(groups.items(), _WORD_STYLES, strict=False):
        points = np.array(list(words.values()))  # (words, 3)
        axis.scatter(*points.T, s=90, marker=marker, color=color, label=name, depthshade=False)
    axis.set(xlabel="number 1", ylabel="number 2", zlabel="number 3")
    axis.locator_params(nbins=5)
    axis.tick_params(labelsize=11)
    axis.legend(loc="upper left", bbox_to_anchor=(-0.32, 1.0))
    points_of = {word: np.asarray(point) for words in groups.values() for word, point in words.items()}
    flat = {word: proj3d.proj_transform(*point, axis.get_proj())[:2] for word, point in points_of.items()}
    _labels_at_the_sides(axis, flat)
    return figure


def words_2d(groups: Mapping[str, Mapping[str, Sequence[float]]], background: ArrayLike) -> Figure:
    """Draw words as points in a plane, over a cloud of small points, shape (words, 2)."""
    figure, axis = plt.subplots(figsize=(11, 7))
    axis.scatter(*np.asarray(background).T, s=5, color="0.6", alpha=0.4, linewidth=0)
    for (name, words), (marker, color) in zip(groups.items(), _WORD_STYLES, strict=False):
        points = np.array(list(words.values()))  # (words, 2)
        axis.scatter(*points.T, s=90, marker=marker, color=color, label=name, zorder=3)
    axis.legend(loc="lower right")
    flat = {word: tuple(point) for words in groups.values() for word, point in words.items()}
    _labels_at_the_sides(axis, flat)
    return figure


def _labels_at_the_sides(axis: Axes, points: Mapping[str, Sequence[float]]) -> None:
    """Label points, every other one (by height) on the left, with a thin line to its point."""
    by_height = sorted(points, key=lambda word: points[word][1])
    for column, x, side in ((by_height[::2], 0.06, "right"), (by_height[1::2], 0.94, "left")):
        for i, word in enumerate(column):
            axis.annotate(
                word,
                xy=tuple(points[word]),  # type: ignore[arg-type]
                xytext=(x, (i + 0.5) / len(column)),
                textcoords="axes fraction",
                ha=side,
                va="center",
                fontsize=15,
                annotation_clip=False,
                arrowprops={"arrowstyle": "-", "color": "0.3", "linewidth": 0.8},
            )


def units_over_time(
    axis: Axes, values: ArrayLike, *, title: str = "", marked: Sequence[int] = (), signed: bool = False
) -> None:
    """Draw the units of one sequence as rows of colours; time runs to the right.

    ``values`` has shape (timesteps, units). Gates run from 0 to 1; ``signed`` values, such as
    states, from -1 to 1. A triangle stands above every ``marked`` time step.
    """
    rows = np.asarray(values, dtype=float).T
    colors = {"cmap": DIVERGING, "vmin": -1.0} if signed else {"cmap": "cividis", "vmin": 0.0}
    image = axis.imshow(rows, vmax=1.0, aspect="auto", interpolation="nearest", **colors)  # type: ignore[arg-type]
    axis.plot(list(marked), [-1.0] * len(marked), "kv", markersize=9, clip_on=False)
    axis.set(ylabel="unit", ylim=(len(rows) - 0.5, -0.5), xlim=(-0.5, rows.shape[1] - 0.5))
    axis.set_title(title, pad=16)
    axis.grid(visible=False)
    axis.figure.colorbar(image, ax=axis)
