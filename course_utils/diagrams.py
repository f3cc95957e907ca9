"""Boxes and arrows: the drawings of networks in the lessons, made by code."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

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


def unrolled(
    axis: Axes,
    states: Sequence[str],
    *,
    inputs: Sequence[str] = (),
    outputs: Sequence[str] = (),
    initial: str = "",
    weights: Sequence[str] = ("", "", ""),
    x: float = 1.0,
    y: float = 2.0,
    step: float = 1.6,
    rise: float = 1.3,
    fontsize: int = 16,
) -> list[tuple[float, float]]:
    """Draw a recurrent network unrolled over time: one column a step, time runs to the right.

    ``states`` holds the text in the state box of every step, such as "$h_1$"; ``inputs`` and
    ``outputs`` the texts below and above it ("" leaves a step without one). ``initial`` is the
    state before the first step; "" draws none. ``weights`` are the texts beside the arrows from
    inputs, between states and to outputs. The first state is centred at (x, y); columns are
    ``step`` apart, rows ``rise``.

    Returns the centres of the state boxes, for arrows and texts of one's own.
    """
    centres = [(x + i * step, y) for i in range(len(states))]
    if initial:
        axis.text(x - step, y, initial, ha="center", va="center", fontsize=fontsize)
        arrow(axis, (x - step + 0.3, y), (x - 0.43, y))
        axis.text(x - step / 2 - 0.1, y + 0.2, weights[1], ha="center", va="center", fontsize=fontsize)
    for i, (column, _) in enumerate(centres):
        box(axis, column, y, states[i], STATE, fontsize=fontsize)
        if i + 1 < len(centres):
            arrow(axis, (column + 0.43, y), (column + step - 0.43, y))
            axis.text(column + step / 2, y + 0.2, weights[1], ha="center", va="center", fontsize=fontsize)
        if i < len(inputs) and inputs[i]:
            box(axis, column, y - rise, inputs[i], INPUT, fontsize=fontsize)
            arrow(axis, (column, y - rise + 0.28), (column, y - 0.28), weights[0], fontsize=fontsize)
        if i < len(outputs) and outputs[i]:
            box(axis, column, y + rise, outputs[i], OUTPUT, fontsize=fontsize)
            arrow(axis, (column, y + 0.28), (column, y + rise - 0.28), weights[2], fontsize=fontsize)
    return centres


def folded(
    axis: Axes,
    *,
    state: str = "$h_t$",
    input: str = "$x_t$",
    weights: Sequence[str] = ("", ""),
    x: float = 1.0,
    y: float = 2.0,
    rise: float = 1.3,
    fontsize: int = 16,
) -> None:
    """Draw a recurrent network as a loop: the state at (x, y) has an arrow back to itself."""
    box(axis, x, y, state, STATE, fontsize=fontsize)
    box(axis, x, y - rise, input, INPUT, fontsize=fontsize)
    arrow(axis, (x, y - rise + 0.28), (x, y - 0.28), weights[0], fontsize=fontsize)
    arrow(axis, (x + 0.3, y + 0.28), (x - 0.3, y + 0.28), curve=1.7)
    axis.text(x, y + 0.95, weights[1], ha="center", va="center", fontsize=fontsize)


def matrix(
    axis: Axes,
    x: float,
    y: float,
    name: str,
    rows: int,
    columns: int,
    color: str,
    *,
    cells_per_unit: float = 32,
    fontsize: int = 16,
) -> None:
    """Draw a matrix as a rectangle to scale, centred at (x, y), its shape written below it.

    A vector is a matrix of one row; its height is drawn larger than its scale, to be seen.
    """
    width, height = columns / cells_per_unit, max(rows / cells_per_unit, 0.3)
    corner = (x - width / 2, y - height / 2)
    axis.add_patch(Rectangle(corner, width, height, facecolor=color, edgecolor="black", linewidth=1.2))
    axis.text(x, y, name, ha="center", va="center", fontsize=fontsize)
    shape = f"({rows}, {columns})" if rows > 1 else f"({columns},)"
    axis.text(x, y - height / 2 - 0.1, shape, ha="center", va="top", fontsize=fontsize - 3)


def unrolled_grid(
    axis: Axes,
    timesteps: int,
    layers: int,
    *,
    numbers: Mapping[tuple[int, int], int] | None = None,
    word: str = "",
    bottom: float = 0.0,
    title: str = "",
) -> None:
    """Draw stacked recurrent layers unrolled over time: a column a time step, counted from 1, a row a layer.

    Needs ``1.8 * timesteps + 1.0`` by ``1.4 * layers + 0.9`` units, 0.6 more in height with a title.
    ``numbers[layer, t]``, both counted from 0, is written into the boxes instead of their names,
    for instance to show the order of the work, under ``word``, which says what the numbers count;
    the weights are then left out.
    """
    across, up = 1.8, 1.4
    for layer in range(layers):
        y = bottom + 0.4 + up * (layer + 1)
        box(axis, 0.5, y, f"$h^{{({layer + 1})}}_0$", "white", width=0.8, height=0.7, fontsize=18)
        for t in range(timesteps):
            x = 2.0 + across * t
            if layer == 0:
                box(axis, x, bottom + 0.4, f"$x_{{{t + 1}}}$", INPUT, fontsize=20)
            name = f"$h^{{({layer + 1})}}_{{{t + 1}}}$"
            if numbers is not None:
                name = f"{word}\n{numbers[layer, t]}" if word else f"{numbers[layer, t]}"
            box(axis, x, y, name, STATE, fontsize=15 if word else 20, height=0.7)
            arrow(axis, (x, y - up + (0.35 if layer else 0.3)), (x, y - 0.35))
            start = x - across + 0.45 if t else 0.9
            arrow(axis, (start, y), (x - 0.45, y))
            if numbers is None:
                axis.text((start + x - 0.5) / 2, y + 0.1, f"$U^{{({layer + 1})}}$", ha="center", fontsize=16)
                axis.text(x + 0.1, y - up / 2 - 0.12, f"$W^{{({layer + 1})}}$", fontsize=16)
    axis.text(0.2, bottom + 1.4 * layers + 1.15, title, fontsize=18, va="center")


def two_readers(words: Sequence[str]) -> Figure:
    """Draw a bidirectional layer: one pass from the left, one from the right, joined per word."""
    across = 2.3
    figure, axis = canvas(across * len(words) + 1.5, 5.6)
    for t, word in enumerate(words):
        x = 2.4 + across * t
        box(axis, x, 0.4, word, INPUT, width=1.3, fontsize=18)
        ahead, back = rf"\overrightarrow{{h}}_{t + 1}", rf"\overleftarrow{{h}}_{t + 1}"
        box(axis, x - 0.45, 1.9, f"${ahead}$", STATE, width=0.8, height=0.7, fontsize=20)
        box(axis, x + 0.45, 3.4, f"${back}$", STATE, width=0.8, height=0.7, fontsize=20)
        box(axis, x, 5.0, f"$[{ahead}, {back}]$", OUTPUT, width=1.6, height=0.7, fontsize=18)
        arrow(axis, (x - 0.45, 0.7), (x - 0.45, 1.55))
        arrow(axis, (x + 0.45, 0.7), (x + 0.45, 3.05))
        arrow(axis, (x - 0.45, 2.25), (x - 0.45, 4.65))
        arrow(axis, (x + 0.45, 3.75), (x + 0.45, 4.65))
        if t:
            arrow(axis, (x - across - 0.05, 1.9), (x - 0.85, 1.9))
            arrow(axis, (x + 0.05, 3.4), (x - across + 0.85, 3.4))
    for y, text in ((0.4, "input"), (1.9, "forward"), (3.4, "backward"), (5.0, "joined")):
        axis.text(0.05, y, text, fontsize=17, va="center")
    return figure


def weights_to_scale(features: Sequence[int], units: Sequence[int]) -> Figure:
    """Draw the weights of simple recurrent layers side by side, one square unit a parameter."""
    figure, axis = plt.subplots(figsize=(12, 6.5))
    left, lowest = 0, 0
    for rows, columns in zip(features, units, strict=True):
        total = rows * columns + columns * columns + columns
        axis.text(left, -8, f"{columns} units on {rows} features:\n{total:,}", fontsize=16)
        top = 0
        for name, size in (("kernel", rows), ("recurrent_kernel", columns), ("bias", 1)):
            axis.add_patch(Rectangle((left, top), columns, size, facecolor=WEIGHT, edgecolor="black"))
            label = f"bias: {columns}" if size == 1 else f"{name}:\n{size} × {columns} = {size * columns:,}"
            axis.text(left + columns + 4, top + size / 2, label, va="center", fontsize=15)
            top += size + 3
        left, lowest = left + columns + 96, max(lowest, top)
    axis.set(xlim=(-2, left), ylim=(lowest + 2, -32), aspect="equal")
    axis.axis("off")
    return figure


def gru_cell(*, reset_after: bool) -> Figure:
    """Draw a GRU cell: the old state's lane above, the candidate's lane below, two gates between.

    With ``reset_after`` the reset gate multiplies after the recurrent product, otherwise before.
    """
    figure, axis = canvas(12.6, 6.2)
    top, middle, bottom, big, round_edge = 5.6, 3.7, 1.8, 18, 0.25
    reset_x, product_x = (4.75, 2.9) if reset_after else (3.2, 4.8)
    product, half = ("$·\\,U_h + b'_h$", 0.95) if reset_after else ("$·\\,U_h$", 0.65)
    for x, name in ((0.8, "$h_{t-1}$"), (11.8, "$h_t$")):
        box(axis, x, top, name, STATE, width=1.2, height=0.8, fontsize=22)
    box(axis, product_x, bottom, product, WEIGHT, width=2 * half, fontsize=big)
    box(axis, 6.6, bottom, "tanh", WEIGHT, width=1.2, fontsize=big)
    box(axis, 6.6, 0.4, "$x_t W_h + b_h$", INPUT, width=2.4, fontsize=big)
    for x, gate in ((reset_x, "reset $r_t$"), (8.8, "update $z_t$")):
        box(axis, x, middle, gate, OUTPUT, width=2.1, height=0.8, fontsize=big)
        axis.text(x - 1.65, middle, "$x_t,$\n$h_{t-1}$", ha="center", va="center", fontsize=16)
        arrow(axis, (x - 1.35, middle), (x - 1.0, middle))
    for x, y, sign in ((reset_x, bottom, "×"), (8.8, top, "×"), (8.8, bottom, "×"), (10.4, top, "+")):
        axis.plot(x, y, "o", markersize=30, markerfacecolor="white", markeredgecolor="black", zorder=3)
        axis.text(x, y, sign, ha="center", va="center", fontsize=22, zorder=4)
    first, second = sorted(((reset_x, round_edge), (product_x, half)))
    axis.plot([0.8, 0.8, 1.0], [top - 0.4, bottom, bottom], color="black", linestyle="-", linewidth=1.8)
    axis.plot(
        [8.8 + round_edge, 10.4, 10.4],
        [bottom, bottom, bottom + 0.2],
        color="black",
        linestyle="-",
        linewidth=1.8,
    )
    arrow(axis, (0.9, bottom), (first[0] - first[1], bottom))
    arrow(axis, (first[0] + first[1], bottom), (second[0] - second[1], bottom))
    arrow(axis, (second[0] + second[1], bottom), (6.0, bottom))
    arrow(axis, (6.6, 0.7), (6.6, bottom - 0.3))
    arrow(axis, (7.2, bottom), (8.8 - round_edge, bottom))
    axis.text(7.2, bottom - 0.4, "candidate $\\tilde{h}_t$", ha="left", va="center", fontsize=16)
    arrow(axis, (reset_x, middle - 0.4), (reset_x, bottom + round_edge), "$r_t$", fontsize=big)
    arrow(axis, (8.8, middle + 0.4), (8.8, top - round_edge), "$z_t$", fontsize=big)
    arrow(axis, (8.8, middle - 0.4), (8.8, bottom + round_edge), "$1 - z_t$", fontsize=big)
    arrow(axis, (1.4, top), (8.8 - round_edge, top), "old state", fontsize=16)
    arrow(axis, (8.8 + round_edge, top), (10.4 - round_edge, top))
    arrow(axis, (10.4, bottom + 0.1), (10.4, top - round_edge))
    arrow(axis, (10.4 + round_edge, top), (11.2, top))
    return figure


def pipeline(stages: Sequence[str], tools: Sequence[str], examples: Sequence[str]) -> Figure:
    """Draw stages in a row, the tool that leads to the next one on each arrow, an example below.

    There is one tool fewer than stages; ``examples`` has one text a stage.
    """
    step = 2.6
    figure, axis = canvas(step * len(stages), 2.8)
    for i, (stage, example) in enumerate(zip(stages, examples, strict=True)):
        x = step * (i + 0.5)
        color = OUTPUT if i == len(stages) - 1 else INPUT
        box(axis, x, 1.35, stage, color, width=1.7, height=0.9, fontsize=18)
        axis.text(x, 0.75, example, ha="center", va="top", fontsize=16)
    for i, tool in enumerate(tools):
        x = step * (i + 1)
        arrow(axis, (x - 0.42, 1.35), (x + 0.42, 1.35))
        axis.text(x, 1.95, tool, ha="center", va="bottom", fontsize=16)
    return figure


def simple_rnn_cell(features: int, units: int) -> Figure:
    """Draw what a SimpleRNNCell does in one step: input and state in, output and state out."""
    figure, axis = canvas(12, 6.4)
    axis.add_patch(Rectangle((2.5, 1.5), 6.9, 3.5, facecolor="0.96", edgecolor="black", linestyle="--"))
    axis.text(2.65, 4.65, "the cell", fontsize=17, va="center")
    box(axis, 4.3, 0.5, f"$x_t$  ({features},)", INPUT, width=2.0, fontsize=18)
    box(axis, 1.1, 3.6, f"$h_{{t-1}}$  ({units},)", STATE, width=2.0, fontsize=18)
    box(axis, 4.3, 2.2, f"kernel $W$\n({features}, {units})", WEIGHT, width=2.2, height=0.95, fontsize=16)
    box(
        axis,
        4.3,
        3.6,
        f"recurrent_kernel $U$\n({units}, {units})",
        WEIGHT,
        width=2.6,
        height=0.95,
        fontsize=16,
    )
    box(axis, 6.9, 2.2, f"bias $b$\n({units},)", WEIGHT, width=1.5, height=0.95, fontsize=16)
    box(axis, 6.9, 3.6, "+", "white", width=0.7, fontsize=22)
    box(axis, 8.5, 3.6, "tanh", "white", width=1.2, fontsize=18)
    box(axis, 10.8, 3.6, f"$h_t$  ({units},)", STATE, width=1.9, fontsize=18)
    box(axis, 8.5, 5.9, f"output = $h_t$  ({units},)", OUTPUT, width=3.0, fontsize=18)
    arrow(axis, (4.3, 0.8), (4.3, 1.73))
    arrow(axis, (2.1, 3.6), (3.0, 3.6))
    arrow(axis, (5.6, 3.6), (6.55, 3.6))
    arrow(axis, (5.4, 2.45), (6.62, 3.35))
    arrow(axis, (6.9, 2.68), (6.9, 3.3))
    arrow(axis, (7.25, 3.6), (7.9, 3.6))
    arrow(axis, (9.1, 3.6), (9.85, 3.6))
    arrow(axis, (8.5, 3.9), (8.5, 5.6))
    axis.text(10.8, 3.05, "state for the\nnext step", ha="center", va="top", fontsize=15)
    axis.text(1.1, 3.05, "state of the\nstep before", ha="center", va="top", fontsize=15)
    axis.text(5.45, 0.5, "input of this step", ha="left", va="center", fontsize=15)
    return figure


def lstm_cell() -> Figure:
    """Draw one step of an LSTM: the straight way of the memory c, and the four gates below it."""
    figure, axis = canvas(12.6, 7.2)
    memory, middle, row, bus = 6.3, 4.75, 2.9, 1.5
    columns = {"forget": 2.6, "input": 4.6, "candidate": 6.6, "output": 8.6}
    texts = {
        "forget": "forget gate\n$f = \\sigma(\\cdot)$",
        "input": "input gate\n$i = \\sigma(\\cdot)$",
        "candidate": "candidate\n$g = \\tanh(\\cdot)$",
        "output": "output gate\n$o = \\sigma(\\cdot)$",
    }

    def circle(x: float, y: float, sign: str) -> None:
        axis.plot(x, y, "o", markersize=34, markerfacecolor="white", markeredgecolor="black", zorder=3)
        axis.text(x, y - 0.02, sign, ha="center", va="center", fontsize=20, zorder=4)

    # The memory's way, drawn first and thickest.
    axis.plot(
        [1.35, 11.2],
        [memory, memory],
        color="#E69F00",
        linestyle="-",
        linewidth=7,
        solid_capstyle="butt",
        zorder=1,
    )
    box(axis, 0.8, memory, "$c_{t-1}$", STATE, width=1.2, height=0.8, fontsize=20)
    box(axis, 11.8, memory, "$c_t$", STATE, width=1.2, height=0.8, fontsize=20)
    axis.text(3.4, memory + 0.45, "the protected memory", fontsize=16, color="#8a5f00")

    # What the gates read: the input and the old output, on one line.
    box(axis, 0.8, bus, "$h_{t-1}$", OUTPUT, width=1.2, height=0.8, fontsize=20)
    box(axis, 1.6, 0.4, "$x_t$", INPUT, width=1.2, height=0.7, fontsize=20)
    axis.plot([1.4, columns["output"]], [bus, bus], color="black", linestyle="-", linewidth=1.8, zorder=1)
    axis.plot([1.6, 1.6], [0.75, bus], color="black", linestyle="-", linewidth=1.8, zorder=1)
    axis.text(2.75, bus - 0.42, "both go to all four, each with its own $W$, $U$ and $b$", fontsize=15)
    for name, x in columns.items():
        arrow(axis, (x, bus - 0.05), (x, row - 0.5))
        box(axis, x, row, texts[name], WEIGHT, width=1.8, height=1.1, fontsize=15)

    # Keep a part of the old memory, let in a part of the candidate.
    arrow(axis, (columns["forget"], row + 0.5), (columns["forget"], memory - 0.3))
    circle(columns["forget"], memory, "×")
    axis.text(columns["forget"] + 0.15, middle, "keep", fontsize=15, va="center")
    arrow(axis, (columns["input"], row + 0.5), (columns["candidate"] - 0.27, middle - 0.15), curve=-0.25)
    arrow(axis, (columns["candidate"], row + 0.5), (columns["candidate"], middle - 0.3))
    circle(columns["candidate"], middle, "×")
    arrow(axis, (columns["candidate"], middle + 0.3), (columns["candidate"], memory - 0.3))
    circle(columns["candidate"], memory, "+")
    axis.text(columns["candidate"] - 0.4, middle + 0.55, "let in", fontsize=15, ha="right", va="center")

    # Show a part of the memory.
    show = 10.2
    arrow(axis, (show, memory), (show, middle + 0.48))
    box(axis, show, middle + 0.2, "tanh", "white", width=1.2, height=0.6, fontsize=15)
    arrow(axis, (show, middle - 0.08), (show, row + 0.3))
    arrow(axis, (columns["output"] + 0.85, row), (show - 0.3, row))
    circle(show, row, "×")
    axis.text(show + 0.18, row + 0.75, "show", fontsize=15, va="center")
    axis.plot([show, show], [row - 0.3, bus], color="black", linestyle="-", linewidth=1.8, zorder=1)
    arrow(axis, (show - 0.02, bus), (11.25, bus))
    box(axis, 11.8, bus, "$h_t$", OUTPUT, width=1.2, height=0.8, fontsize=20)
    return figure


def review_reader(words: Sequence[str], layer: str = "SimpleRNN\n32 units") -> Figure:
    """Draw the sentiment classifier unrolled over some words; only the last state goes on."""
    figure, axis = canvas(2.5 * len(words) + 2.4, 4.2)
    places = [1.2 + 2.5 * i for i in range(len(words))]
    for x, word in zip(places, words, strict=True):
        box(axis, x, 0.5, word, INPUT, width=1.6, fontsize=16)
        box(axis, x, 1.75, "Embedding\n32 numbers", WEIGHT, width=1.9, height=0.9, fontsize=16)
        box(axis, x, 3.4, layer, STATE, width=1.9, height=0.9, fontsize=16)
        arrow(axis, (x, 0.8), (x, 1.3))
        arrow(axis, (x, 2.2), (x, 2.95))
        arrow(axis, (x + 0.92, 3.4), (x + 1.6, 3.4))
    box(axis, places[-1] + 2.4, 3.4, "Dense 1\nsigmoid", OUTPUT, width=1.7, height=0.9, fontsize=16)
    return figure


GRADIENT = "#D55E00"  # the colour of every arrow of the way back


def back_through_time(steps: int) -> Figure:
    """Draw an unrolled network with a loss at its end, and over it the way of the gradients back."""
    figure, axis = canvas(1.9 * steps + 3.4, 5.4)
    names = {letter: [f"${letter}_{{{t}}}$" for t in range(1, steps + 1)] for letter in "hx"}
    weights = ("W", "U", "")
    centres = unrolled(
        axis, names["h"], inputs=names["x"], initial="$h_0$", weights=weights, x=2.1, y=1.9, step=1.9
    )
    end = centres[-1][0] + 2.0
    box(axis, end, 1.9, "loss", OUTPUT, width=1.0, fontsize=16)
    arrow(axis, (end - 1.55, 1.9), (end - 0.5, 1.9))
    arrow(axis, (end, 2.2), (end - 1.5, 3.2), color=GRADIENT, curve=0.3)
    for t, (x, _) in enumerate(centres, start=1):
        axis.plot([x, x], [2.25, 3.1], color="0.6", linewidth=1.5, linestyle=":")
        box(axis, x, 3.4, f"$da_{{{t}}}$", "white", fontsize=16)
        arrow(axis, (x, 3.7), (x, 4.55), color=GRADIENT)
        if t > 1:
            arrow(axis, (x - 0.43, 3.4), (x - 1.47, 3.4), color=GRADIENT)
            axis.text(x - 0.95, 3.6, "Uᵀ", fontsize=16, ha="center", va="center")
    middle, width = (centres[0][0] + centres[-1][0]) / 2, centres[-1][0] - centres[0][0] + 1.2
    box(axis, middle, 4.9, "$dW, dU, db$: sums", WEIGHT, width=max(width, 2.6), fontsize=16)
    return figure


def chunks(length: int) -> Figure:
    """Draw two chunks of a stream, ``length`` steps each, with an answer at every step.

    The state crosses the cut between them; the gradients stay inside their chunk.
    """
    steps, step, y = 2 * length, 1.75, 2.1
    figure, axis = canvas(step * steps + 1.7, 5.2)
    names = {letter: [f"${letter}_{{{t}}}$" for t in range(1, steps + 1)] for letter in "hxz"}
    centres = unrolled(
        axis, names["h"], inputs=names["x"], outputs=names["z"], initial="$h_0$", x=2.2, y=y, step=step
    )
    for t, (x, _) in enumerate(centres):
        arrow(axis, (x + 0.18, y + 1.0), (x + 0.18, y + 0.3), color=GRADIENT)  # from the answer
        if t % length:  # from the step after it, inside a chunk
            arrow(axis, (x - 0.43, y - 0.16), (x - step + 0.43, y - 0.16), color=GRADIENT)
    cut = (centres[length - 1][0] + centres[length][0]) / 2
    axis.plot([cut, cut], [0.3, 4.0], color="black", linewidth=2, linestyle="--")
    axis.text(cut, 4.15, "cut: the state goes on as a number", fontsize=15, ha="center")
    for number, first in enumerate((0, length), start=1):
        middle = (centres[first][0] + centres[first + length - 1][0]) / 2
        axis.text(middle, 4.75, f"chunk {number}", fontsize=16, ha="center", weight="bold")
    return figure


def look_back(words: Sequence[str], weights: Sequence[float]) -> Figure:
    """Draw attention over the states of a recurrent network: one weight a state, one sum."""
    across = 2.1
    figure, axis = canvas(across * len(words) + 1.2, 5.6)
    middle = 0.9 + across * (len(words) - 1) / 2 + 0.3
    box(axis, middle, 5.0, "context $c$: the weighted sum", OUTPUT, width=5.2, height=0.8, fontsize=18)
    for t, (word, weight) in enumerate(zip(words, weights, strict=True)):
        x = 1.2 + across * t
        box(axis, x, 0.5, word, INPUT, width=1.4, fontsize=18)
        box(axis, x, 2.0, f"$h_{t + 1}$", STATE, width=1.0, height=0.8, fontsize=20)
        arrow(axis, (x, 0.8), (x, 1.6))
        if t + 1 < len(words):
            arrow(axis, (x + 0.5, 2.0), (x + across - 0.5, 2.0))
        end = middle + 0.85 * (t - (len(words) - 1) / 2)
        axis.plot([x, end], [2.4, 4.6], color="#D55E00", linestyle="-", linewidth=1 + 10 * weight, zorder=0)
        axis.text(
            x + (end - x) * 0.35,
            3.17,
            f"{weight:.2f}",
            ha="center",
            va="center",
            fontsize=17,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 2},
        )
    return figure


def transformer_block() -> Figure:
    """Draw a block of a Transformer, read from below, with the ways around its two halves."""
    figure, axis = canvas(11.5, 7.4)
    rows = (
        (0.5, "words  +  places", INPUT),
        (1.9, "multi-head self-attention", WEIGHT),
        (3.1, "add, LayerNormalization", STATE),
        (4.5, "Dense 4·d, relu, Dense d", WEIGHT),
        (5.7, "add, LayerNormalization", STATE),
        (6.9, "output", OUTPUT),
    )
    for y, text, color in rows:
        box(axis, 4.6, y, text, color, width=4.4, height=0.7, fontsize=18)
    for (low, *_), (high, *_) in pairwise(rows):
        arrow(axis, (4.6, low + 0.35), (4.6, high - 0.35))
    for low, high in ((1.15, 3.1), (3.75, 5.7)):
        axis.plot([4.6, 7.6, 7.6], [low, low, high], color="black", linestyle="-", linewidth=1.8, zorder=0)
        arrow(axis, (7.6, high), (6.85, high))
        axis.text(7.75, (low + high) / 2, "the way around\n(residual)", fontsize=16, va="center")
    axis.add_patch(Rectangle((1.6, 0.98), 8.4, 5.2, facecolor="none", edgecolor="0.4", linestyle="--"))
    axis.text(10.1, 3.5, "N times", fontsize=18, va="center")
    axis.text(0.1, 1.9, "looks at\nother words", fontsize=15, va="center")
    axis.text(0.1, 4.5, "each word\nfor itself", fontsize=15, va="center")
    return figure
