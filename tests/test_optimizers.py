"""The optimizers against Keras's: same weights, same gradients, same steps."""

import copy
import pickle

import numpy as np
import pytest

from course_utils.layers import SparseGradient
from course_utils.optimizers import SGD, Adam, CosineDecay, RMSprop, global_norm
from course_utils.quiet import quiet_import

with quiet_import():
    import keras
    import tensorflow as tf


@pytest.fixture
def rng():
    return np.random.default_rng(0)


OPTIMIZERS = [
    (SGD(0.1), keras.optimizers.SGD(0.1)),
    (RMSprop(0.01), keras.optimizers.RMSprop(0.01)),
    (Adam(0.01), keras.optimizers.Adam(0.01)),
    (Adam(0.01, global_clipnorm=0.5), keras.optimizers.Adam(0.01, global_clipnorm=0.5)),
    (Adam(0.01, weight_decay=0.1), keras.optimizers.Adam(0.01, weight_decay=0.1)),
    (
        RMSprop(CosineDecay(0.01, 80)),  # the last 20 steps stand still
        keras.optimizers.RMSprop(keras.optimizers.schedules.CosineDecay(0.01, 80)),
    ),
]


@pytest.mark.parametrize(("ours", "theirs"), OPTIMIZERS, ids=lambda optimizer: type(optimizer).__name__)
def test_optimizer_is_that_of_keras_after_100_steps(ours, theirs, rng):
    table, bias = rng.normal(size=(40, 4)).astype("float32"), rng.normal(size=4).astype("float32")
    variables = [keras.Variable(table), keras.Variable(bias)]
    for step in range(100):
        rows = np.unique(rng.integers(0, 12 if step % 20 else 40, size=4))  # most rows are rarely touched
        sparse = SparseGradient(rows, rng.normal(size=(len(rows), 4)).astype("float32"), table.shape)
        other = rng.normal(size=4).astype("float32")
        ours.apply([sparse, other], [table, bias])
        theirs.apply([tf.constant(sparse.to_dense()), tf.constant(other)], variables)
    for mine, variable in zip([table, bias], variables, strict=True):
        assert mine.dtype == "float32"
        np.testing.assert_allclose(mine, variable.numpy(), rtol=0, atol=1e-4)
    assert ours.iterations == 100


@pytest.mark.parametrize("optimizer", [SGD(0.1), RMSprop(0.1), Adam(0.1), Adam(0.1, weight_decay=0.1)])
def test_a_copy_goes_on_where_the_optimizer_was(optimizer, rng):
    weight, gradients = rng.normal(size=3), rng.normal(size=(4, 3))
    optimizer.apply([gradients[0]], [weight])
    ends = []
    for made in (pickle.loads(pickle.dumps(optimizer)), copy.deepcopy(optimizer), optimizer):
        end = weight.copy()
        for gradient in gradients[1:]:
            made.apply([gradient], [end])
        ends.append(end)
    np.testing.assert_array_equal(ends[0], ends[2])
    np.testing.assert_array_equal(ends[1], ends[2])


def test_clipping_shortens_and_turns_nothing(rng):
    gradients = [rng.normal(size=(5, 2)), SparseGradient(np.array([3]), rng.normal(size=(1, 2)), (9, 2))]
    dense = [gradients[0], gradients[1].to_dense()]
    assert global_norm(gradients) == pytest.approx(np.sqrt(sum((g**2).sum() for g in dense)))
    weights, limit = [np.zeros((5, 2)), np.zeros((9, 2))], global_norm(gradients) / 4
    before = copy.deepcopy(gradients)
    SGD(1.0, global_clipnorm=limit).apply(gradients, weights)
    for weight, gradient in zip(weights, dense, strict=True):
        np.testing.assert_allclose(weight, -gradient / 4)
    np.testing.assert_array_equal(gradients[0], before[0])  # the caller's gradients stay what they were
    np.testing.assert_array_equal(gradients[1].values, before[1].values)


# Where a word stands twice in a batch, Keras 3.15 on TensorFlow squares the parts of its gradient
# one by one before it sums them (Adam and RMSprop), instead of squaring their sum. A clipping
# norm that never clips makes Keras add up first; so comparisons of whole trainings use one.
@pytest.mark.parametrize(("clip", "expected"), [(None, 0.1**2 + 0.2**2), (1e9, 0.3**2)])
def test_how_keras_squares_the_gradient_of_a_repeated_word(clip, expected):
    """If this fails, Keras has changed: look at NEVER_CLIPS in test_engine.py again."""
    table = keras.Variable(np.zeros((2, 1), "float32"))
    optimizer = keras.optimizers.RMSprop(0.01, rho=0, global_clipnorm=clip)
    optimizer.apply([tf.IndexedSlices(tf.constant([[0.1], [0.2]]), [0, 0], [2, 1])], [table])
    velocity = next(v.numpy() for v in optimizer.variables if "velocity" in v.path)
    assert velocity[0, 0] == pytest.approx(expected)


@pytest.mark.parametrize("rate", [0, -0.1, np.nan, np.inf])
def test_a_learning_rate_must_be_above_zero(rate):
    with pytest.raises(ValueError, match=r"learning_rate=.*: expected a number above 0"):
        Adam(learning_rate=rate)
    optimizer, weight = SGD(), np.ones(2)
    optimizer.learning_rate = rate
    with pytest.raises(ValueError, match="learning_rate="):
        optimizer.apply([np.ones(2)], [weight])
    np.testing.assert_array_equal(weight, 1)


def test_other_settings_that_cannot_work_are_refused():
    with pytest.raises(ValueError, match=r"weight_decay=-1: expected a number above 0"):
        SGD(weight_decay=-1)
    with pytest.raises(
        ValueError, match=r"beta_1=0.9, beta_2=0.8: expected 0 <= beta_1 < sqrt\(beta_2\) < 1"
    ):
        Adam(beta_2=0.8)
    with pytest.raises(ValueError, match=r"decay_steps=0: expected a whole number, 1 or more"):
        CosineDecay(0.1, 0)


@pytest.mark.parametrize(
    ("gradients", "error", "message"),
    [
        ([np.ones(2), np.array([0, np.inf, 1])], FloatingPointError, "the gradients are not finite"),
        ([np.ones(2), np.ones(2)], ValueError, r"gradient has shape \(2,\): expected \(3,\)"),
        ([np.ones(2)], ValueError, "gradients has 1 arrays: expected 2, one a weight"),
    ],
)
def test_a_step_that_is_refused_changes_nothing(gradients, error, message):
    weights, optimizer = [np.ones(2), np.ones(3)], Adam(weight_decay=0.1)
    with pytest.raises(error, match=message):
        optimizer.apply(gradients, weights)
    np.testing.assert_array_equal(np.concatenate(weights), 1)
    assert optimizer.iterations == 0
