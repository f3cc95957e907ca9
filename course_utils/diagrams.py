"""Boxes and arrows: the drawings of networks in the lessons, made by code."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from course_utils import plots  # noqa: F401  (sets the style)

# One colour a role, in every drawing of the course; the text in the box names the role as well.
INPUT, STATE, OUTPUT, WEIGHT = "#cfe3f1", "#fbe3b5", "#c4e6da", "#f0d9e6"


def canvas(width: float, height: float, *, inches_per_unit: float = 1.0) -> tuple[Figure, Axes]:
    """Make an empty drawing, ``width`` by ``height`` units, with (0, 0) at the lower left."""
    figure, axis = plt.subplots(figsize=(width * inches_per_unit, height * inches_per_unit))
    axis.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    axis.axis("off")
    return figure, axis


def box(
    axis: Axes,
    x: float,
    y: float,
    text: str,
    color: str = STATE,
    *,
    width: float = 0.9,
    height: float = 0.6,
    fontsize: int = 14,
) -> None:
    """Draw a rounded box centred at (x, y) with a text in it."""
    axis.add_patch(
        FancyBboxPatch(
            (x - width / 2 + 0.05, y - height / 2 + 0.05),
            width - 0.1,
            height - 0.1,
            boxstyle="round,pad=0.05",
            facecolor=color,
            edgecolor="black",
            linewidth=1.2,
        )
    )
    axis.text(x, y, text, ha="center", va="center", fontsize=fontsize)


def arrow(
    axis: Axes,
    start: Sequence[float],
    end: Sequence[float],
    text: str = "",
    *,
    color: str = "black",
    curve: float = 0.0,
    fontsize: int = 12,
) -> None:
    """Draw an arrow from (x, y) to (x, y) with an optional text beside its middle."""
    axis.annotate(
        "",
        xy=tuple(end),  # type: ignore[arg-type]
        xytext=tuple(start),  # type: ignore[arg-type]
        arrowprops={
            "arrowstyle": "-|>",
            "color": color,
            "linewidth": 1.8,
            "connectionstyle": f"arc3,rad={curve}",
        },
    )
    if text:
        x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
        axis.text(x + 0.08, y + 0.08, text, fontsize=fontsize, color=color)
