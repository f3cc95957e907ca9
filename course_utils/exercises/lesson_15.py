"""Exercises of lesson 15: shapes of many heads, a causal mask, the next word, gradients of attention."""

from typing import Any

import numpy as np

from course_utils.checks import Array
from course_utils.exercises import judge
from course_utils.exercises.judge import Exercise, Wrong


def judge_heads(weights_shape: object, output_shape: object, parameter_count: object) -> None:
    """2 reviews of 12 words, 24 features, 3 heads with key_dim 8."""
    judge.a_shape(
        "weights_shape",
        weights_shape,
        (2, 3, 12, 12),
        {
            (2, 12, 12): "that is one table for each review; here every head has a table of its own",
            (2, 3, 12, 8): "that is what the heads sum up; the weights say which word looks at which",
            (3, 12, 12): "every review of the batch has its own weights",
            (2, 12, 12, 3): "Keras puts the heads second, behind the batch",
        },
    )
    judge.a_shape(
        "output_shape",
        output_shape,
        (2, 12, 24),
        {
            (2, 24): "nothing is averaged over the words yet: each of them gets its own answer",
            (2, 12, 8): "that is the answer of one head; the last matrix joins the heads",
            (2, 3, 12, 8): "those are the answers of the heads, before the last matrix joins them",
            (
                2,
                12,
                72,
            ): "a residual must be able to add the output to the input: they have the same features",
        },
    )
    judge.a_count(
        "parameter_count",
        parameter_count,
        2400,
        {
            2304: "the matrices are in it; each projection has a bias as well",
            1800: "queries, keys and values are in it; the matrix that joins the heads is not",
            7200: "3 heads with 8 numbers each share the 24 columns of a matrix; it does not grow",
            600: "that is one projection; there are three, and one back",
        },
        "three projections of (24, 24) with a bias each, and one back",
    )


def of_attention(scores: Array, values: Array) -> Array:
    """Return softmax(scores) @ values."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True) @ values)


def judge_causal(causal_attention: Any) -> None:
    """Compare with the formula on odd shapes."""
    rng = np.random.default_rng(14)
    for batch, timesteps, key_dim, features in ((2, 4, 3, 5), (1, 6, 2, 3), (3, 1, 2, 2)):
        queries, keys = (rng.normal(size=(batch, timesteps, key_dim)) for _ in range(2))
        values = rng.normal(size=(batch, timesteps, features))
        got = judge.call(causal_attention, queries=queries, keys=keys, values=values)
        bare = queries @ keys.swapaxes(1, 2)
        scores = bare / np.sqrt(key_dim)
        past = np.tril(np.ones((timesteps, timesteps), bool))
        right = of_attention(np.where(past, scores, -np.inf), values)
        slips: dict[str, Array] = {}
        if timesteps > 1:
            late = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True) * past
            wrong_way = np.where(past, scores, -np.inf)
            wrong_way = np.exp(wrong_way - scores.max()) / np.exp(wrong_way - scores.max()).sum(
                1, keepdims=True
            )
            before = np.where(np.tril(past, -1), scores, -1e9)
            slips = {
                "every word looks at all words: the future is not hidden": of_attention(scores, values),
                "the past is hidden and the future seen: turn the triangle round": of_attention(
                    np.where(past.T, scores, -np.inf), values
                ),
                "the scores are not divided by the root of key_dim": of_attention(
                    np.where(past, bare, -np.inf), values
                ),
                "the scores are divided by key_dim, not by its root": of_attention(
                    np.where(past, bare / key_dim, -np.inf), values
                ),
                "the mask came after the softmax: the weights of a word no longer sum to 1": late @ values,
                "the scores of the future were set to 0, and 0 is a score like any other: exp(0) is 1": (
                    of_attention(np.where(past, scores, 0.0), values)
                ),
                "the softmax ran over the queries: the weights of each query must sum to 1": wrong_way
                @ values,
                "a word may look at itself too; here it sees earlier words only": of_attention(
                    before, values
                ),
                "only the last word's answer came back: every word gets one": right[:, -1],
            }
        first = got[0][0] if isinstance(got, np.ndarray) and got.ndim == 3 else right
        if np.isnan(np.asarray(first, dtype=float)).all():
            raise Wrong("the first word's answer is nan: it found nothing to look at; may it look at itself?")
        judge.same_numbers("the answer", got, right, "(batch, timesteps, features)", slips)


NEXT_WORD = {
    "a": "one step in a row is a matter of waiting; the work is another count, and attention compares the "
    "new word with all 10,000 others",
    "c": "both write one word, but one of them looks at a state of fixed size and the other at all that was "
    "read",
    "d": "10,001 · 10,001 products are those of the whole table; keys and values of earlier words can be "
    "kept, and then only the new word's row is missing",
}


def loss_of(queries: Array, keys: Array, values: Array, direction: Array) -> float:
    """Return a loss whose gradient for the contexts is `direction`."""
    scores = queries @ keys.swapaxes(1, 2) / np.sqrt(keys.shape[-1])
    return float(np.sum(of_attention(scores, values) * direction))


def nudged(arrays: list[Array], place: int, direction: Array) -> Array:
    """Return the gradient for one of the arrays, by nudging each of its numbers up and down."""
    gradient = np.zeros_like(arrays[place])
    for index in np.ndindex(gradient.shape):
        sides = []
        for nudge in (1e-5, -1e-5):
            copies = [array.copy() for array in arrays]
            copies[place][index] += nudge
            sides.append(loss_of(copies[0], copies[1], copies[2], direction))
        gradient[index] = (sides[0] - sides[1]) / 2e-5
    return gradient


def judge_gradients(attention_gradients: Any) -> None:
    """Compare three gradients with finite differences."""
    rng = np.random.default_rng(15)
    for batch, asked, timesteps, key_dim, features in ((2, 3, 4, 2, 3), (1, 2, 3, 3, 2)):
        queries = rng.normal(size=(batch, asked, key_dim))
        keys = rng.normal(size=(batch, timesteps, key_dim))
        values = rng.normal(size=(batch, timesteps, features))
        d_contexts = rng.normal(size=(batch, asked, features))
        got = judge.call(
            attention_gradients, queries=queries, keys=keys, values=values, d_contexts=d_contexts
        )
        if not isinstance(got, tuple | list) or len(got) != 3:
            raise Wrong(
                f"the answer is {judge.describe(got)}, expected three arrays: d_queries, d_keys, d_values"
            )
        arrays = [queries, keys, values]
        right = [nudged(arrays, place, d_contexts) for place in range(3)]
        scores = queries @ keys.swapaxes(1, 2) / np.sqrt(key_dim)
        weights = of_attention(scores, np.broadcast_to(np.eye(timesteps), (batch, timesteps, timesteps)))
        d_weights = d_contexts @ values.swapaxes(1, 2)
        alone = weights * (1 - weights) * d_weights
        bare = weights * d_weights
        root = np.sqrt(key_dim)
        judge.same_numbers(
            "d_values",
            got[2],
            right[2],
            "(batch, timesteps, features)",
            {
                "d_values: these are the gradients of the weights; multiply by the weights instead": (
                    d_weights
                ),
                "d_values: the weights are missing, so every value gets the whole gradient": np.repeat(
                    d_contexts.sum(axis=1, keepdims=True), timesteps, axis=1
                ),
            },
            1e-4,
        )
        for name, k, other, turn in (("d_queries", 0, keys, False), ("d_keys", 1, queries, True)):
            sent = [(one.swapaxes(1, 2) if turn else one) @ other / root for one in (alone, bare, d_weights)]

            slips = {
                f"{name}: the root of key_dim is missing on the way back": right[k] * root,
                f"{name}: on the way back one divides by the root of key_dim, as on the way forward": (
                    right[k] * root * root
                ),
                f"{name}: the softmax was taken as if each weight had its own score alone, as a sigmoid "
                "has; but raising one score lowers all other weights": sent[0],
                f"{name}: the part of the softmax's gradient that all scores of a query share is missing": (
                    sent[1]
                ),
                f"{name}: the softmax is missing on the way back": sent[2],
            }
            axes = "(batch, timesteps, key_dim)" if turn else "(batch, queries, key_dim)"
            judge.same_numbers(name, got[k], right[k], axes, slips, 1e-4)


EXERCISES = (
    Exercise(
        number="15.1",
        kind="Predict",
        answers=("weights_shape", "output_shape", "parameter_count"),
        judge=judge_heads,
        hints=(
            "Every head of every review has one table: a row for each word that looks, a column for each "
            "word that is looked at.",
            "The output goes into a sum with the input, so it has its shape.",
            "3 heads of key_dim 8 are 24 columns. Each of the four matrices is (24, 24) and has a bias.",
        ),
        solution="""
weights_shape = (2, 3, 12, 12)
output_shape = (2, 12, 24)
parameter_count = 2400
""",
        why="4 · (24 · 24 + 24) = 2,400: neither the batch nor the number of words is in it, nor, as long as "
        "heads · key_dim stays the same, the number of heads.",
    ),
    Exercise(
        number="15.2",
        kind="Code",
        answers=("causal_attention",),
        judge=judge_causal,
        hints=(
            "Write attention as in the lesson first: scores, softmax, weighted sum. Do not forget the root "
            "of key_dim.",
            "np.tril(np.ones((timesteps, timesteps), bool)) is True where row t may look: at columns 0 to t.",
            "np.where(past, scores, -np.inf), and then the softmax over the last axis.",
        ),
        solution='''
def causal_attention(queries, keys, values):
    """Each word looks at itself and at earlier words: (batch, timesteps, features)."""
    scores = queries @ keys.swapaxes(1, 2) / np.sqrt(keys.shape[-1])  # (batch, T, T)
    past = np.tril(np.ones(scores.shape[-2:], bool))
    scores = np.where(past, scores, -np.inf)
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True) @ values
''',
        why="This is the attention inside every language model of the Transformer kind: all positions of a "
        "text are trained at once, and none can see what it has to predict.",
    ),
    Exercise(
        number="15.3",
        kind="Think",
        answers=("choice", "because"),
        judge=lambda choice, because: judge.a_choice(choice, because, "b", NEXT_WORD),
        hints=(
            "Count the products for one new word, in both networks. What does each of them look at?",
            "What can be kept from the words before, so that it need not be computed again?",
        ),
        solution="""
choice = "b"
because = "The LSTM reads one word and one state; attention compares the word with all keys."
""",
        why="Compare your reason with this one: the LSTM's state has a fixed size, so every word costs the "
        "same; attention keeps all keys and values, and the work for one more word grows in proportion to "
        "the text. What the LSTM pays for it is the narrow place.",
    ),
    Exercise(
        number="15.4",
        kind="Code",
        answers=("attention_gradients",),
        judge=judge_gradients,
        hints=(
            "Go forward first, and keep the weights. Then walk back, one line for each line of the way "
            "forward.",
            "contexts = weights @ values gives d_values = weightsᵀ @ d_contexts and d_weights = "
            "d_contexts @ valuesᵀ, for each sequence of the batch.",
            "The softmax of one query: d_scores = weights * (d_weights - the sum of weights * d_weights over "
            "the last axis).",
            "scores = queries @ keysᵀ / root gives d_queries = d_scores @ keys / root and d_keys = "
            "d_scoresᵀ @ queries / root.",
        ),
        solution='''
def attention_gradients(queries, keys, values, d_contexts):
    """Gradients for queries, keys, values, from d_contexts (batch, queries, features)."""
    root = np.sqrt(keys.shape[-1])
    scores = queries @ keys.swapaxes(1, 2) / root  # (batch, queries, timesteps)
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = powers / powers.sum(axis=-1, keepdims=True)
    d_values = weights.swapaxes(1, 2) @ d_contexts
    d_weights = d_contexts @ values.swapaxes(1, 2)
    shared = np.sum(weights * d_weights, axis=-1, keepdims=True)
    d_scores = weights * (d_weights - shared)
    return d_scores @ keys / root, d_scores.swapaxes(1, 2) @ queries / root, d_values
''',
        why="Your gradients pass the nudges of lesson 7. With them, the layers of the course and their "
        "optimizers you could train a Transformer with NumPy alone.",
    ),
)
