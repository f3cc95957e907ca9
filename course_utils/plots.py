"""Figures in one style: colour-blind safe, labelled, each with a text that says what it shows.

Importing this module sets the style for every figure that follows.
"""

import base64
import io
import textwrap
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import publish_display_data
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator
from matplotlib.transforms import Bbox
from mpl_toolkits.mplot3d import proj3d
from numpy.typing import ArrayLike, NDArray

from course_utils.exercises import WIDTH

# One style for every figure of a lesson, set where this module is imported. It starts from Matplotlib's
# own defaults, so that a user's matplotlibrc (a dark one, say) changes no figure.
plt.style.use(["default", "course_utils.unrolled"])

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
    print(caption(alt))


def caption(alt: str) -> str:
    """Return the sentence under a figure, in lines that a notebook does not break inside a word."""
    return textwrap.fill(f"Figure: {alt}", WIDTH, break_long_words=False, break_on_hyphens=False)


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


FLOOR = 1e-12  # below it a difference of states is mostly rounding


def fading(distances_by_name: Mapping[str, ArrayLike]) -> Figure:
    """Draw how far apart the states of two runs are, step by step, on a logarithmic scale.

    The distances have shape (timesteps,), one array a name. Zero has no place on this scale, and
    what is smaller than ``FLOOR`` is rounding: both are drawn at the edge of a grey band that says so.
    """
    figure, axis = plt.subplots(figsize=(11, 5))
    axis.axhspan(FLOOR / 30, FLOOR, color="0.85")
    steps = 1
    for name, values in distances_by_name.items():
        distances = np.asarray(values, dtype=float)
        steps = len(distances)
        axis.semilogy(np.arange(1, steps + 1), np.maximum(distances, FLOOR), label=name)
    axis.text(steps, FLOOR / 6, "nothing left, or rounding", ha="right", va="center")
    axis.set(xlabel="timestep", ylabel="distance of the states", ylim=(FLOOR / 30, None))
    axis.legend(title="weights", loc="center left", bbox_to_anchor=(1, 0.5))
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
    groups: Mapping[str, Mapping[str, ArrayLike]],
    background: ArrayLike,
    *,
    elevation: float = 15,
    turn: float = -55,
) -> Figure:
    """Draw words as labelled points in space, over a cloud of small points.

    ``groups`` names the groups; each maps words to three numbers. ``background`` has shape
    (words, 3). Raises ValueError for other shapes, and for more groups than there are markers.
    """
    _check_words(groups, background, dimensions=3)
    figure = plt.figure(figsize=(10, 8))
    axis: Any = figure.add_subplot(projection="3d", elev=elevation, azim=turn, computed_zorder=False)
    axis.set(xlabel="number 1", ylabel="number 2", zlabel="number 3")
    axis.locator_params(nbins=5)
    axis.tick_params(labelsize=12)
    _scatter_words(axis, groups, background, depthshade=False)
    figure.canvas.draw()  # fixes the projection that the labels need

    def flat(rows: ArrayLike) -> NDArray[np.float64]:
        x, y, _ = proj3d.proj_transform(*np.asarray(rows, dtype=float).T, axis.get_proj())
        return np.stack([x, y], axis=-1)

    _label_points(
        axis,
        {word: flat(point) for words in groups.values() for word, point in words.items()},
        flat(background),
    )
    return figure


def words_2d(
    groups: Mapping[str, Mapping[str, ArrayLike]],
    background: ArrayLike,
    *,
    xlabel: str = "",
    ylabel: str = "",
) -> Figure:
    """Draw words as labelled points in a plane, over a cloud of small points, shape (words, 2)."""
    _check_words(groups, background, dimensions=2)
    figure, axis = plt.subplots(figsize=(10, 6.5))
    axis.set(xlabel=xlabel, ylabel=ylabel)
    axis.margins(x=0.2, y=0.1)
    _scatter_words(axis, groups, background)
    points = {word: np.asarray(point) for words in groups.values() for word, point in words.items()}
    _label_points(axis, points, np.asarray(background))
    return figure


def _check_words(
    groups: Mapping[str, Mapping[str, ArrayLike]], background: ArrayLike, dimensions: int
) -> None:
    """Raise ValueError where matplotlib would draw something else, or fewer groups, without a word."""
    if len(groups) > len(_WORD_STYLES):
        raise ValueError(f"{len(groups)} groups of words: expected at most {len(_WORD_STYLES)}")
    shape = np.shape(background)
    if len(shape) != 2 or shape[1] != dimensions:
        raise ValueError(f"background has shape {shape}: expected (words, {dimensions})")
    for words in groups.values():
        for word, point in words.items():
            if np.shape(point) != (dimensions,):
                raise ValueError(f"{word!r} has shape {np.shape(point)}: expected ({dimensions},)")


def _scatter_words(
    axis: Any, groups: Mapping[str, Mapping[str, ArrayLike]], background: ArrayLike, **options: Any
) -> None:
    axis.scatter(*np.asarray(background).T, s=5, color="0.6", alpha=0.4, linewidth=0)
    for (name, words), (marker, color) in zip(groups.items(), _WORD_STYLES, strict=False):
        points = np.array(list(words.values()))  # (words, dimensions)
        axis.scatter(*points.T, s=90, marker=marker, color=color, label=name, zorder=3, **options)
    axis.legend(loc="upper left")


def _label_points(axis: Axes, points: Mapping[str, NDArray[Any]], background: NDArray[Any]) -> None:
    """Write each word near its point, where no other label, marker or crowd of points is."""
    canvas: Any = axis.figure.canvas
    canvas.draw()  # fixes the place of the axes
    crowd = axis.transData.transform(background)
    centres = {word: axis.transData.transform(point) for word, point in points.items()}
    taken = [Bbox([centre - 8, centre + 8]) for centre in centres.values()]
    angles = np.deg2rad(np.arange(0, 360, 15))
    for word, centre in centres.items():
        label = axis.annotate(
            word,
            xy=tuple(points[word]),
            xytext=(0, 0),
            textcoords="offset pixels",
            ha="center",
            va="center",
            fontsize=15,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": "0.3", "linewidth": 0.8},
        )
        label.set_in_layout(False)
        size = np.array(label.get_window_extent(canvas.get_renderer()).size)
        for distance, angle in product((10, 25, 45, 70, 100, 135, 175), angles):
            offset = (distance + size / 2) * (np.cos(angle), np.sin(angle))
            place = Bbox([centre + offset - size / 2 - 2, centre + offset + size / 2 + 2])
            outside = min(place.min) < 0 or np.any(np.array(place.max) > axis.figure.bbox.max)
            crowded = np.sum(np.all((crowd > place.min) & (crowd < place.max), axis=1)) > 2
            if not outside and not crowded and place.count_overlaps(taken) == 0:
                label.set_position(tuple(offset))
                taken.append(place)
                break


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
    axis.yaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set_title(title, pad=24)
    axis.grid(visible=False)
    axis.figure.colorbar(image, ax=axis)


def dropout_masks(masks_by_name: Mapping[str, ArrayLike], batches: int) -> Figure:
    """Draw dropout masks side by side: a row a time step, a column a feature, black = dropped.

    Each entry of ``masks_by_name`` has shape (batches * timesteps, features), 0 where a feature
    was dropped; lines part the batches.
    """
    figure, axes = plt.subplots(1, len(masks_by_name), figsize=(13, 4.6), sharey=True)
    for axis, (name, values) in zip(np.atleast_1d(axes), masks_by_name.items(), strict=True):
        dropped = np.asarray(values) == 0
        axis.imshow(dropped, cmap="Greys", vmin=0, vmax=1.25, aspect="auto")
        rows, columns = dropped.shape
        timesteps = rows // batches
        axis.set(title=name, xlabel="feature", xticks=[])
        axis.set_yticks(
            range(rows), [f"batch {i // timesteps + 1}, t = {i % timesteps + 1}" for i in range(rows)]
        )
        axis.set_xticks(np.arange(columns + 1) - 0.5, minor=True)
        axis.set_yticks(np.arange(rows + 1) - 0.5, minor=True)
        axis.grid(visible=False)
        axis.grid(which="minor", color="0.8", linestyle="-", linewidth=1, alpha=1)
        axis.tick_params(which="minor", length=0)
        for batch in range(1, batches):
            axis.axhline(batch * timesteps - 0.5, color="C5", linestyle="-", linewidth=4)
    return figure


def accuracy_by_distance(
    scores_by_name: Mapping[str, Mapping[tuple[int, int], float]], *, chance: float
) -> Figure:
    """Draw accuracy against distance: a hollow marker for each network, a line through the means.

    Each entry maps (distance, seed) to an accuracy. Markers of one distance stand side by side.
    """
    figure, axis = plt.subplots(figsize=(10, 5.5))
    distances = sorted({distance for scores in scores_by_name.values() for distance, _ in scores})
    for k, (name, scores) in enumerate(scores_by_name.items()):
        means = [
            np.mean([value for (d, _), value in scores.items() if d == distance]) for distance in distances
        ]
        axis.plot(distances, means, color=f"C{k}", marker="os^D"[k], markersize=9, label=name)
        x = [distance + 3 * (k - 1) for distance, _ in scores]
        axis.plot(
            x,
            list(scores.values()),
            "os^D"[k],
            color=f"C{k}",
            linestyle="none",
            markersize=9,
            fillstyle="none",
        )
    axis.axhline(chance, color="black", linewidth=1, linestyle=":", label="guessing")
    axis.set(xlabel="distance (steps)", ylabel="accuracy", ylim=(0, 1.08), xticks=distances)
    figure.legend(loc="outside upper center", ncols=4, fontsize=13)
    return figure


def accuracy_by_seconds(runs: Sequence[Mapping[str, Any]], marked: Sequence[str] = ()) -> Figure:
    """Draw test accuracy against training time, a point for each system: the mean over its runs.

    ``runs`` come from ``scoreboard.runs``; ``marked`` are the systems to be seen first. Systems
    that need no training time (the majority class) are left out.
    """
    figure, axis = plt.subplots(figsize=(11, 6))
    by_system: dict[str, list[Mapping[str, Any]]] = {}
    for run in runs:
        if run["seconds"]:
            by_system.setdefault(run["system"], []).append(run)
    if not by_system:
        raise ValueError("runs is empty: expected runs of at least one system")
    points = {}
    for name, own in by_system.items():
        points[name] = np.array([[run["seconds"], run["test_accuracy"]] for run in own]).mean(axis=0)
        color, marker = ("C5", "D") if name in marked else ("C0", "o")
        axis.plot(*points[name], marker, color=color, markersize=11)
        low_high = np.array([run["test_accuracy"] for run in own])
        axis.vlines(points[name][0], low_high.min(), low_high.max(), color=color, linewidth=2)
    seconds, accuracies = np.array(list(points.values())).T
    height = np.ptp(accuracies)
    axis.set(xscale="log", xlim=(seconds.min() / 1.7, seconds.max() * 1.7))
    axis.set(ylim=(accuracies.min() - 0.12 * height, accuracies.max() + 0.12 * height))
    axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.xaxis.set_major_formatter("{x:g}")
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set(xlabel="seconds of training (logarithmic)", ylabel="test accuracy")
    _label_points(axis, points, background=np.empty((0, 2)))
    return figure


def calibration(runs_by_name: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Draw the share of positive reviews against P(positive): a calibrated model stays on the diagonal.

    Each run comes from ``scoreboard.runs``; a larger marker stands for more reviews.
    """
    figure, axis = plt.subplots(figsize=(7.5, 6.5))
    axis.plot([0, 1], [0, 1], color="black", linewidth=1, linestyle=":", label="calibrated")
    for k, (name, run) in enumerate(runs_by_name.items()):
        bins = run["calibration"]
        x, y = [one["mean_probability"] for one in bins], [one["share_positive"] for one in bins]
        reviews = np.array([one["reviews"] for one in bins])
        axis.plot(x, y, color=f"C{k}", label=name)
        axis.scatter(x, y, 30 + 400 * reviews / reviews.sum(), color=f"C{k}", marker="os^Dv"[k % 5])
    axis.set(xlabel="P(positive), mean of the group", ylabel="share that is positive")
    axis.legend()
    return figure


def lines(
    axis: Axes,
    labels: Sequence[object],
    values_by_name: Mapping[str, ArrayLike],
    *,
    title: str = "",
    xlabel: str = "",
    ylabel: str = "",
) -> None:
    """Draw a line for each name over places with equal distance, one place a label.

    Each entry of ``values_by_name`` has shape (labels,). Marker, line style and colour tell the
    lines apart. Raises ValueError for another number of values.
    """
    places = np.arange(len(labels))
    for k, (name, values) in enumerate(values_by_name.items()):
        if np.shape(values) != (len(labels),):
            raise ValueError(f"{name!r} has shape {np.shape(values)}: expected ({len(labels)},), one a label")
        style = {"color": f"C{k}", "marker": "os^Dv"[k % 5], "linestyle": ("-", "--", "-.", ":")[k % 4]}
        axis.plot(places, np.asarray(values), label=name, **style)  # type: ignore[arg-type]
    axis.set_xticks(places, [str(label) for label in labels])
    axis.set(title=title, xlabel=xlabel, ylabel=ylabel)
    if len(values_by_name) > 1:
        axis.legend()


def by_seed(
    axis: Axes,
    scores_by_name: Mapping[str, ArrayLike],
    *,
    reference: str | None = None,
    xlabel: str = "",
    title: str = "",
) -> None:
    """Draw one row for each name: a hollow circle for every seed, a thick stroke at their mean.

    Each entry has shape (seeds,). A grey band spans the seeds of the ``reference``, so that what
    lies outside it can be seen at a glance. The first name stands on top.
    """
    for row, scores in enumerate(scores_by_name.values()):
        values = np.asarray(scores, dtype=float)
        axis.plot(values, np.full(len(values), row), "o", color="C0", fillstyle="none", markersize=10)
        axis.plot([values.mean()] * 2, [row - 0.32, row + 0.32], "-", color="C5", linewidth=4)
    if reference is not None:
        band = np.asarray(scores_by_name[reference], dtype=float)
        axis.axvspan(band.min(), band.max(), color="0.85", zorder=0)
    axis.set_yticks(range(len(scores_by_name)), list(scores_by_name))
    axis.set(xlabel=xlabel, title=title, ylim=(len(scores_by_name) - 0.5, -0.5))
    axis.grid(visible=False, axis="y")


def words_in_color(
    words: Sequence[str],
    values_by_title: Mapping[str, ArrayLike],
    *,
    low: float,
    high: float,
    number: str = "{:.2f}",
    columns: int = 84,
) -> Figure:
    """Draw a text with a field of colour behind every word, and its number below it.

    Each entry of ``values_by_title`` holds one value a word, shape (words,), and draws the text once
    more. Colours run from ``low`` (blue) over white to ``high`` (red). A word whose value is nan stays
    grey and without a number: it has not been read. A line holds ``columns`` characters.
    """
    width_of = [max(len(word), len(number.format(high))) + 2 for word in words]
    places: list[tuple[int, int]] = []  # (line, column) of every word
    line = column = 0
    for width in width_of:
        if column and column + width > columns:
            line, column = line + 1, 0
        places.append((line, column))
        column += width
    panels, lines = len(values_by_title), line + 1
    figure, axes = plt.subplots(
        panels, 1, figsize=(0.13 * columns, panels * (0.72 * lines + 0.5)), squeeze=False
    )
    colors = plt.get_cmap(DIVERGING)
    for axis, (title, values) in zip(axes[:, 0], values_by_title.items(), strict=True):
        axis.set(xlim=(0, columns), ylim=(lines, 0), title=title)
        axis.axis("off")
        for word, width, (y, x), value in zip(words, width_of, places, np.ravel(values), strict=True):
            middle = x + (width - 0.5) / 2
            if np.isnan(value):
                axis.text(middle, y + 0.32, word, ha="center", va="center", family="monospace", color="0.55")
                continue
            share = float(np.clip((value - low) / (high - low), 0, 1))
            axis.add_patch(
                Rectangle((x, y + 0.05), width - 0.5, 0.55, facecolor=colors(share), edgecolor="0.7")
            )
            ink = "white" if abs(share - 0.5) > 0.3 else "black"
            axis.text(middle, y + 0.32, word, ha="center", va="center", family="monospace", color=ink)
            axis.text(middle, y + 0.78, number.format(value), ha="center", va="center", fontsize=12)
    return figure


def curves(axis: Axes, x: ArrayLike, values_by_name: Mapping[str, ArrayLike], **settings: Any) -> None:
    """Draw named curves over the same x, each with a marker of its own, and a legend.

    ``settings`` go to the axis, such as ``xlabel="epoch"``.
    """
    places = np.asarray(x)
    every = max(1, len(places) // 12)
    for k, (name, values) in enumerate(values_by_name.items()):
        axis.plot(places, np.asarray(values), marker="os^DvPX"[k % 7], markevery=every, label=name)
    axis.set(**settings)
    axis.legend()


def alignment(
    axis: Axes,
    weights: ArrayLike,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    title: str = "",
    xlabel: str = "",
    ylabel: str = "",
) -> None:
    """Draw weights of attention, shape (rows, columns), from 0 (dark) to the largest (bright).

    ``rows`` and ``columns`` name them. Raises ValueError for another number of names.
    """
    table = np.asarray(weights, dtype=float)
    if table.shape != (len(rows), len(columns)):
        raise ValueError(f"weights has shape {table.shape}: expected ({len(rows)}, {len(columns)})")
    image = axis.imshow(table, vmin=0, cmap="cividis", aspect="auto")
    axis.set_xticks(range(len(columns)), columns, rotation=90 if max(map(len, columns)) > 1 else 0)
    axis.set_yticks(range(len(rows)), rows)
    axis.set(title=title, xlabel=xlabel, ylabel=ylabel)
    axis.grid(visible=False)
    axis.figure.colorbar(image, ax=axis)


def means_by_unit(
    axis: Axes, samples_by_name: Mapping[str, ArrayLike], background: ArrayLike, *, ylabel: str = ""
) -> None:
    """Draw the mean of every unit in two or three samples, with three standard errors up and down.

    Each entry has shape (samples, units), and so has ``background``: a grey band spans its mean and
    one standard deviation up and down, unit by unit.
    """
    everything = np.asarray(background, dtype=float)
    units = np.arange(everything.shape[1])
    middle, width = everything.mean(axis=0), everything.std(axis=0)
    axis.bar(units, 2 * width, 0.9, middle - width, color="0.85", label="all words")
    shifts = 0.3 * (np.arange(len(samples_by_name)) - (len(samples_by_name) - 1) / 2)
    for k, (name, samples) in enumerate(samples_by_name.items()):
        values = np.asarray(samples, dtype=float)
        errors = 3 * values.std(axis=0) / np.sqrt(len(values))
        place = units + shifts[k]
        axis.errorbar(place, values.mean(axis=0), errors, fmt="os^"[k], markersize=6, label=name)
    axis.set(xlabel="unit", ylabel=ylabel, xlim=(-0.7, len(units) - 0.3))
    axis.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))


def cost_by_length(lengths: Sequence[int], seconds_by_name: Mapping[str, ArrayLike]) -> Figure:
    """Draw seconds against length, both axes logarithmic, with grey guides of slope 1 and slope 2.

    Each entry of ``seconds_by_name`` has shape (lengths,).
    """
    figure, axis = plt.subplots(figsize=(10, 5.5))
    measured = {name: 1000 * np.asarray(seconds, dtype=float) for name, seconds in seconds_by_name.items()}
    longest, lowest = np.asarray(lengths)[-1], min(values.min() for values in measured.values())
    share = np.asarray(lengths) / longest
    for slope, style in ((1, ":"), (2, "-.")):
        guide = max(values[-1] for values in measured.values()) * share**slope
        seen = guide > 0.6 * lowest
        axis.loglog(np.asarray(lengths)[seen], guide[seen], color="0.6", linestyle=style)
        axis.annotate(
            f"slope {slope}",
            (np.asarray(lengths)[seen][0], guide[seen][0]),
            (-8, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            color="0.35",
        )
    for (name, values), marker in zip(measured.items(), "os^Dv", strict=False):
        axis.loglog(lengths, values, marker=marker, label=name)
    axis.set_xticks(lengths, [f"{length:,}" for length in lengths])
    axis.minorticks_off()
    axis.margins(x=0.15)
    axis.set(xlabel="timesteps (logarithmic)", ylabel="milliseconds (logarithmic)")
    axis.legend()
    return figure
