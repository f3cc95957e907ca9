"""Figures carry their text and one style."""

import base64
import io

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from course_utils import plots

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
