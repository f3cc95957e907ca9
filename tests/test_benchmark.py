"""The benchmark compares like with like, and its committed results are whole."""

import json

import numpy as np
import pytest

from course_utils import layers
from course_utils.quiet import quiet_import
from tools import benchmark

with quiet_import():
    import keras


@pytest.mark.parametrize("name", benchmark.SHAPES)
def test_engine_and_keras_train_the_same_model(name):
    shape = benchmark.SHAPES[name]
    x, y = benchmark.make_data(shape, steps=1)
    assert x.shape == (shape.batch, shape.timesteps)
    assert set(np.unique(y)) <= {0, 1}
    ours, theirs = benchmark.stack(shape, layers), keras.Sequential(benchmark.stack(shape, keras.layers))
    theirs.build(x.shape)
    out = x[:2, :3]
    for layer in ours:
        out = layer(out)
    assert sum(layer.count_params() for layer in ours) == theirs.count_params()
    for layer, other in zip(ours, theirs.layers, strict=True):
        layer.set_weights(other.get_weights())
    out = x[:2, :9]
    for layer in ours:
        out = layer(out)
    np.testing.assert_allclose(out, theirs(x[:2, :9]), rtol=0, atol=1e-4)


@pytest.mark.parametrize("make", [benchmark.engine_fit, benchmark.products_fit])
def test_a_step_of_every_numpy_peer_runs(make):
    shape = benchmark.SHAPES["S0"]
    make(shape, *benchmark.make_data(shape, steps=1))()


def test_committed_results_hold_every_shape_and_peer():
    rows = json.loads(benchmark.OUTPUT.read_text())
    peers = [name for name, _, _ in benchmark.PEERS]
    assert [(row["shape"], row["peer"]) for row in rows] == [(s, p) for s in benchmark.SHAPES for p in peers]
    assert {"versions", "machine"} <= set(rows[0])
    assert rows[0]["versions"]["torch"].startswith("2.13.0")
    milliseconds = {(row["shape"], row["peer"]): row["median_ms"] for row in rows}
    for row in rows:
        ratio = row["median_ms"] / milliseconds[row["shape"], "engine"]
        # The ratio is the median over rounds, not the ratio of medians: the two are close.
        assert ratio == pytest.approx(row["ratio_to_engine"], rel=0.3)
        assert row["threads"] in (1, 2)
        assert row["repeats"] >= 5


def test_some_shapes_can_be_measured_anew(tmp_path):
    header = {"machine": "m", "versions": {"numpy": "2"}}
    file = tmp_path / "results.json"
    s1, s4c, s4c_again = (
        {"shape": shape, "median_ms": ms} for shape, ms in (("S1", 1), ("S4c", 2), ("S4c", 3))
    )
    file.write_text(json.dumps([s1 | header, s4c]))
    assert benchmark.joined([s4c_again], file, header) == [s1 | header, s4c_again]
    assert benchmark.joined([s4c_again], file, header | {"machine": "another"}) == [
        s4c_again | header | {"machine": "another"}
    ]
    file.unlink()
    assert benchmark.joined([s1, s4c], file, header) == [s1 | header, s4c]
