"""Figures carry their text and one style."""

import base64
import io

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from course_utils import plots
from course_utils.exercises import WIDTH

mpl.use("agg")


@pytest.fixture
def published(monkeypatch):
    calls = []
    monkeypatch.setattr(plots, "publish_display_data", lambda data, metadata: calls.append((data, metadata)))
    return calls


def test_show_gives_picture_alternative_text_and_caption(published, capsys):
    figure, axis = plt.subplots()
    axis.plot([1, 2])
    plots.show(figure, "A line that rises from one to two.")
    ((data, metadata),) = published
    picture = plt.imread(io.BytesIO(base64.b64decode(data["image/png"])), format="png")
    assert picture.shape[:2] == (450, 900)
    assert data["text/plain"] == metadata["image/png"]["alt"] == "A line that rises from one to two."
    assert capsys.readouterr().out == "Figure: A line that rises from one to two.\n"
    assert figure.number not in plt.get_fignums()


def test_a_long_caption_is_broken_between_words(published, capsys):
    alt = "A line with left-to-right and other words " * 8
    plots.show(plt.figure(), alt)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert max(map(len, lines)) <= WIDTH
    assert " ".join(lines) == f"Figure: {alt}".strip()


def test_show_wants_a_sentence(published):
    with pytest.raises(ValueError, match="say in a sentence what the figure shows"):
        plots.show(plt.figure(), "a plot")
    plt.close("all")


def test_learning_curves_mark_the_best_epoch_of_each_measure():
    history = {
        "loss": [0.7, 0.5, 0.3],
        "val_loss": [0.6, 0.4, 0.5],
        "accuracy": [0.5, 0.7, 0.9],
        "val_accuracy": [0.6, 0.7, 0.8],
    }
    figure = plots.learning_curves(history)
    stars = [axis.lines[-1].get_xydata()[0].tolist() for axis in figure.axes]
    assert stars == [[2, 0.4], [3, 0.8]]
    assert [axis.get_ylabel() for axis in figure.axes] == ["loss", "accuracy"]
    plt.close(figure)


def test_learning_curves_without_validation():
    figure = plots.learning_curves({"loss": [1.0], "accuracy": [0.5]})
    assert [len(axis.lines) for axis in figure.axes] == [1, 1]
    plt.close(figure)


def test_heat_map_is_white_at_zero_and_writes_numbers():
    figure, axis = plt.subplots()
    plots.heat_map(axis, [[-2.0, 0.0, 1.0]], annotate=True)
    (image,) = axis.images
    assert image.get_clim() == (-2, 2)
    assert np.allclose(image.cmap(image.norm(0.0))[:3], 1, atol=0.05)
    assert [text.get_text() for text in axis.texts] == ["-2.00", "0.00", "1.00"]
    plt.close(figure)


def test_heat_map_of_zeros():
    figure, axis = plt.subplots()
    plots.heat_map(axis, np.zeros((2, 2)))
    assert axis.images[0].get_clim() == (-1, 1)
    plt.close(figure)


def test_colours_differ_in_lightness_or_line_style():
    """Lines stay apart in print without colour: by their dashes where not by lightness."""
    cycle = list(mpl.rcParams["axes.prop_cycle"])
    for i, one in enumerate(cycle):
        for other in cycle[i + 1 :]:
            lightness = [np.dot((0.2126, 0.7152, 0.0722), to_rgb(c["color"])) for c in (one, other)]
            assert one["linestyle"] != other["linestyle"] or abs(lightness[0] - lightness[1]) > 0.05


def _words(dimensions):
    rng = np.random.default_rng(0)
    groups = {
        "praise": {"great": rng.normal(size=dimensions), "superb": rng.normal(size=dimensions)},
        "blame": {"awful": rng.normal(size=dimensions)},
    }
    return groups, rng.normal(size=(40, dimensions))


def _labels(figure):
    (axis,) = figure.axes
    return [text.get_text() for text in axis.texts], [
        text.get_text() for text in axis.get_legend().get_texts()
    ]


def test_words_3d_labels_every_word_over_the_cloud():
    figure = plots.words_3d(*_words(3))
    assert _labels(figure) == (["great", "superb", "awful"], ["praise", "blame"])
    (axis,) = figure.axes
    assert [len(points.get_offsets()) for points in axis.collections] == [40, 2, 1]
    assert axis.name == "3d"
    plt.close(figure)


def test_words_2d_labels_every_word_over_the_cloud():
    groups, background = _words(2)
    figure = plots.words_2d(groups, background, xlabel="score", ylabel="share")
    assert _labels(figure) == (["great", "superb", "awful"], ["praise", "blame"])
    (axis,) = figure.axes
    assert [len(points.get_offsets()) for points in axis.collections] == [40, 2, 1]
    assert np.allclose(axis.collections[2].get_offsets()[0], groups["blame"]["awful"])
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("score", "share")
    plt.close(figure)


def test_labels_of_words_at_one_place_do_not_overlap():
    figure = plots.words_2d({"same": {"one": (0, 0), "two": (0, 0), "three": (0.01, 0)}}, [(1, 1), (-1, -1)])
    (axis,) = figure.axes
    renderer = figure.canvas.get_renderer()
    boxes = [Text.get_window_extent(text, renderer) for text in axis.texts]
    for i, box in enumerate(boxes):
        assert box.count_overlaps(boxes[i + 1 :]) == 0
    plt.close(figure)


@pytest.mark.parametrize(("draw", "dimensions"), [(plots.words_3d, 3), (plots.words_2d, 2)])
def test_words_want_points_of_the_right_size(draw, dimensions):
    other = 5 - dimensions
    groups, background = _words(dimensions)
    with pytest.raises(
        ValueError, match=rf"background has shape \(40, {other}\): expected \(words, {dimensions}\)"
    ):
        draw(groups, _words(other)[1])
    with pytest.raises(ValueError, match=rf"'great' has shape \({other},\): expected \({dimensions},\)"):
        draw(_words(other)[0], background)
    with pytest.raises(ValueError, match="5 groups of words: expected at most 4"):
        draw(dict.fromkeys("abcde", groups["blame"]), background)


def some_run(system, seconds, accuracy):
    group = {"true_positive": 3, "false_negative": 1, "true_negative": 2, "false_positive": 2}
    return {
        "system": system,
        "seconds": seconds,
        "test_accuracy": accuracy,
        "by_length": [{"longest": 100, **group}, {"longest": None, **group}],
        "calibration": [
            {"reviews": 5, "mean_probability": 0.2, "share_positive": 0.4},
            {"reviews": 3, "mean_probability": 0.7, "share_positive": 0.9},
        ],
    }


def test_accuracy_by_seconds_has_a_labelled_point_for_each_system():
    runs = [
        some_run("S0", 10, 0.8),
        some_run("S0", 20, 0.9),
        some_run("S1", 90, 0.7),
        some_run("none", 0, 0.5),
    ]
    figure = plots.accuracy_by_seconds(runs, marked=["S1"])
    (axis,) = figure.axes
    np.testing.assert_allclose([line.get_xydata()[0] for line in axis.lines], [[15, 0.85], [90, 0.7]])
    assert len({line.get_color() for line in axis.lines}) == 2
    assert {text.get_text() for text in axis.texts} == {"S0", "S1"}
    plt.close(figure)


def test_calibration_draws_the_diagonal_and_each_model():
    figure = plots.calibration({"one": some_run("S0", 1, 0.5), "two": some_run("S1", 1, 0.5)})
    (axis,) = figure.axes
    assert [line.get_label() for line in axis.lines] == ["calibrated", "one", "two"]
    np.testing.assert_allclose(axis.lines[1].get_xydata(), [[0.2, 0.4], [0.7, 0.9]])
    plt.close(figure)


def test_lines_stand_over_labelled_places_and_can_be_told_apart():
    figure, axis = plt.subplots()
    plots.lines(axis, [1, 10, 400], {"praise": [0.9, 0.9, 0.5], "blame": [0.1, 0.2, 0.5]}, xlabel="zeros")
    assert [text.get_text() for text in axis.get_xticklabels()] == ["1", "10", "400"]
    assert [line.get_xdata().tolist() for line in axis.lines] == [[0, 1, 2]] * 2
    assert len({(line.get_marker(), line.get_linestyle()) for line in axis.lines}) == 2
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["praise", "blame"]
    with pytest.raises(ValueError, match=r"'praise' has shape \(2,\): expected \(3,\)"):
        plots.lines(axis, "abc", {"praise": [1, 2]})
    plt.close(figure)


def test_words_in_color_give_every_word_a_field_and_its_number():
    words = ["a", "wonderful", "film", "really"]
    values = {"first": [0.0, 0.5, 1.0, np.nan], "second": [0.2, 0.3, 0.4, 0.5]}
    figure = plots.words_in_color(words, values, low=0, high=1, columns=24)
    first, second = figure.axes
    texts = [text.get_text() for text in first.texts]
    assert [text for text in texts if text in words] == words
    assert [text for text in texts if text not in words] == ["0.00", "0.50", "1.00"]
    reds = [patch.get_facecolor()[0] - patch.get_facecolor()[2] for patch in first.patches]
    assert reds[0] < -0.2 < abs(reds[1]) < 0.1 < 0.2 < reds[2]
    assert (first.get_title(), second.get_title()) == ("first", "second")
    assert len(second.patches) == len(words)
    figure.canvas.draw()
    boxes = [patch.get_window_extent() for patch in second.patches]
    assert all(box.count_overlaps(boxes) == 1 for box in boxes)
    assert max(box.x1 for box in boxes) <= figure.bbox.x1
    plt.close(figure)


def test_by_seed_draws_a_row_for_each_name():
    figure, axis = plt.subplots()
    plots.by_seed(axis, {"one": [0.1, 0.2, 0.6], "two": [0.4, 0.5]}, reference="two", xlabel="accuracy")
    assert [label.get_text() for label in axis.get_yticklabels()] == ["one", "two"]
    circles, mean, *_ = axis.lines
    assert np.allclose(circles.get_xdata(), [0.1, 0.2, 0.6])
    assert np.allclose(mean.get_xdata(), 0.3)
    (band,) = axis.patches
    assert (band.get_x(), band.get_x() + band.get_width()) == (0.4, 0.5)
    plt.close(figure)


def test_curves_gives_every_line_a_marker_of_its_own():
    figure, axis = plt.subplots()
    plots.curves(axis, range(40), {"up": np.arange(40), "down": -np.arange(40)}, xlabel="epoch")
    assert len({line.get_marker() for line in axis.lines}) == 2
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["up", "down"]
    assert axis.get_xlabel() == "epoch"
    plt.close(figure)


def test_alignment_names_rows_and_columns():
    figure, axis = plots.plt.subplots()
    plots.alignment(axis, [[0.9, 0.1, 0.0], [0.0, 0.2, 0.8]], ["c", "a"], ["a", "b", "c"], xlabel="read")
    assert [text.get_text() for text in axis.get_yticklabels()] == ["c", "a"]
    assert axis.get_xlabel() == "read"
    with pytest.raises(ValueError, match=r"weights has shape \(2, 2\): expected \(2, 3\)"):
        plots.alignment(axis, np.eye(2), ["c", "a"], ["a", "b", "c"])
    plots.plt.close(figure)


def test_cost_by_length_draws_guides_of_slope_one_and_two():
    figure = plots.cost_by_length([10, 20, 40], {"linear": [1, 2, 4], "square": [0.5, 2, 8]})
    (axis,) = figure.axes
    slopes = [
        np.log(line.get_ydata()[-1] / line.get_ydata()[0])
        / np.log(line.get_xdata()[-1] / line.get_xdata()[0])
        for line in axis.lines
    ]
    np.testing.assert_allclose(slopes, [1, 2, 1, 2])
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["linear", "square"]
    plots.plt.close(figure)


def test_means_by_unit_draws_three_errors_and_the_band():
    figure, axis = plots.plt.subplots()
    rng = np.random.default_rng(0)
    background, sample = rng.normal(size=(50, 4)), rng.normal(size=(9, 4))
    plots.means_by_unit(axis, {"not": sample, "also": sample + 1}, background, ylabel="gate")
    bands, *drawn = axis.containers
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["all words", "not", "also"]
    np.testing.assert_allclose([bar.get_y() for bar in bands], background.mean(0) - background.std(0))
    np.testing.assert_allclose([bar.get_height() for bar in bands], 2 * background.std(0))
    middle, _, (strokes,) = drawn[0].lines
    np.testing.assert_allclose(middle.get_ydata(), sample.mean(axis=0))
    half = [np.ptp(stroke[:, 1]) / 2 for stroke in strokes.get_segments()]
    np.testing.assert_allclose(half, 3 * sample.std(axis=0) / 3)
    plots.plt.close(figure)


def test_units_are_numbered_in_whole_numbers():
    figure, axis = plots.plt.subplots(figsize=(7, 4))
    plots.units_over_time(axis, np.zeros((5, 16)))
    shown = [tick for tick in axis.get_yticks() if -0.5 <= tick <= 15.5]
    plots.plt.close(figure)
    assert len(shown) > 2
    assert all(tick == int(tick) for tick in shown)
