"""The two losses, each beside its gradient: of one logit for two classes, of a logit a class for several."""

import numpy as np

from course_utils.checks import Array
from course_utils.layers.base import sigmoid


def binary_crossentropy(logits: Array, labels: Array) -> tuple[float, Array]:
    """Return the mean of -log p(label) and its gradient; both arguments are (batch, 1).

    Written as ``max(a, 0) - a y + log(1 + exp(-|a|))``, which never overflows.
    """
    losses = np.maximum(logits, 0) - logits * labels + np.log1p(np.exp(-np.abs(logits)))
    return float(losses.sum() / len(losses)), (sigmoid(logits) - labels) / labels.dtype.type(len(labels))


def softmax_crossentropy(logits: Array, labels: Array) -> tuple[float, Array]:
    """Return the mean of -log p(label) and its gradient; logits (batch, classes), labels (batch,).

    p = softmax(logits), made from differences to the largest logit, which never overflow.
    """
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows, count = np.arange(len(labels)), labels.dtype.type(len(labels))
    gradient = np.exp(log_p)
    gradient[rows, labels] -= 1
    return float(-log_p[rows, labels].sum() / count), gradient / logits.dtype.type(count)


LOSSES = ("binary_crossentropy", "sparse_categorical_crossentropy")


def evaluate_logits(logits: Array, labels: Array, loss: str = LOSSES[0]) -> tuple[dict[str, float], Array]:
    """Return loss and accuracy of logits (batch, 1 or classes) against labels (batch,), and the gradient."""
    binary = loss == LOSSES[0]
    if logits.ndim != 2 or len(logits) != len(labels) or (logits.shape[1] == 1) != binary:
        wanted, end = (1, "Dense(1)") if binary else ("classes", "Dense(classes)")
        raise ValueError(
            f"the output has shape {logits.shape}: expected ({len(labels)}, {wanted}); end with {end}"
        )
    if binary:
        column = labels[:, None].astype(logits.dtype)
        value, dy = binary_crossentropy(logits, column)
        right = np.count_nonzero((logits > 0) == column)
    else:
        value, dy = softmax_crossentropy(logits, labels.astype(np.int64))
        right = np.count_nonzero(logits.argmax(axis=1) == labels)
    return {"loss": value, "accuracy": float(right / len(labels))}, dy
