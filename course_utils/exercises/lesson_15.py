"""Exercises of lesson 15: shapes of many heads, what weights say, the root of d, gradients of attention."""

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


PICTURE = {
    "a": "another training may repeat the weight; whether the word moved the verdict, nobody has asked yet",
    "c": "these are more weights, of more reviews; not one of them is an effect",
    "d": "the softmax makes every set of weights sum to 1, whatever they do; this cannot come out otherwise",
}


def judge_roots(
    near_equal: object, flat_at: object, same_as: object, keys_needed: object, choice: object, because: object
) -> None:
    """What the curves of the largest weight show; measured with the lesson's own function."""
    judge.a_count(
        "near_equal",
        near_equal,
        256,
        {
            4: "there the curve of d is at twice an equal share: dividing by 4 is too little to flatten it",
            16: "near, but this curve is still above 0.06 there",
            64: "very near: look at the number, 0.063, and not at the picture",
            1024: "it is below 0.06 there, and at a smaller d already",
        },
        "it is one of the five d; find the curve of the divisor d, and where it falls below 0.06",
    )
    judge.a_number_about(
        "flat_at",
        flat_at,
        0.68,
        1.03,
        {
            0.44: "this is the height for longer=2",
            0.84: "this is the height for longer=8",
            0.22: "this is the height for longer=1, that of the lesson",
        },
        "with longer=4 and the divisor √d the curve is flat, too; read its height, a number between 0 and 1",
    )
    judge.a_count(
        "same_as",
        same_as,
        16,
        {
            4: "there the curve that is not divided is far lower, at 0.41",
            64: "there it is higher, at 0.84",
            256: "there it is higher, at 0.92",
            1024: "there it is higher, at 0.96",
        },
        "it is one of the five d; look on the curve of divisor 1 for the height of your flat curve",
    )
    judge.a_count(
        "keys_needed",
        keys_needed,
        80,
        {
            20: "with 20 keys, those of the lesson, it is 0.22",
            40: "with 40 keys the largest weight is still 0.15",
            160: "it is below 0.1 there, and with fewer keys already",
            320: "it is below 0.1 there, and with fewer keys already",
        },
        "it is one of 10, 20, 40, 80, 160, 320, for d = 64 and the divisor √d",
    )
    judge.a_choice(choice, because, "c", LONGER)


LONGER = {
    "a": "d = 16 has a root of 4, but no score is divided by it on that curve; what do both do to a score?",
    "b": "the number of keys is 20 in both; it is the scores that are the same",
    "d": "a softmax has no memory of what it was divided by, but it sees how large the scores are",
}


NEAR, EXACT = 1e-4, 1e-12  # nudged numbers come near; those of formulas in float64 are exact to rounding


def gradients_of(queries: Array, keys: Array, values: Array, d_contexts: Array) -> list[Array]:
    """Return the right gradients, by the formulas; tests hold them against nudges."""
    root = np.sqrt(keys.shape[-1])
    scores = queries @ keys.swapaxes(1, 2) / root
    weights = of_attention(scores, np.broadcast_to(np.eye(keys.shape[1]), (len(keys), *(keys.shape[1],) * 2)))
    d_weights = d_contexts @ values.swapaxes(1, 2)
    d_scores = weights * (d_weights - np.sum(weights * d_weights, axis=-1, keepdims=True))
    return [
        d_scores @ keys / root,
        d_scores.swapaxes(1, 2) @ queries / root,
        weights.swapaxes(1, 2) @ d_contexts,
    ]


def judge_gradients(attention_gradients: Any) -> None:
    """Compare three gradients with the formulas; nudged ones are told apart by their last digits."""
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
        right = gradients_of(queries, keys, values, d_contexts)
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
            NEAR,
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
            judge.same_numbers(name, got[k], right[k], axes, slips, NEAR)
        off = max(
            np.abs(np.asarray(one, dtype=float) - other).max() for one, other in zip(got, right, strict=True)
        )
        if off > EXACT:
            raise Wrong(
                f"the gradients are right to {off:.0e} only, as those of nudges are (or those in float32): "
                "find the formulas, and stay in float64; then the last digits fit too"
            )


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
        kind="Think",
        answers=("choice", "because"),
        judge=lambda choice, because: judge.a_choice(choice, because, "b", PICTURE),
        hints=(
            "The claim is about what the word did to the verdict. What would be otherwise if it did nothing?",
            "A weight says how states were mixed. What measured an effect, in lesson 12 and here?",
        ),
        solution="""
choice = "b"
because = "Leaving words out measures effects, and another word may move the logit more."
""",
        why="Compare your reason with this one: the claim says that the word did something, so the word "
        "must be "
        "taken away, and the claim is refuted if the logit hardly moves, or moves more for other words. "
        "All other tests look at weights once more.",
    ),
    Exercise(
        number="15.3",
        kind="Code",
        answers=("near_equal", "flat_at", "same_as", "keys_needed", "choice", "because"),
        judge=judge_roots,
        hints=(
            "Run the five lines in a new cell of their own. The curve of the divisor d is the lowest.",
            "For flat_at and same_as draw one more curve, largest_weight(d, np.sqrt(d), longer=4), into the "
            "same picture.",
            "For keys_needed: largest_weight(64, 8, keys=n) for the six numbers of keys.",
        ),
        solution="""
near_equal = 256
flat_at = 0.68
same_as = 16
keys_needed = 80
choice = "c"
because = "Four times as long makes scores four times as large: their spread at d = 16."
""",
        why="Dividing by d makes the scores ever smaller, and attention a mean. With the root it stays as "
        "hard "
        "as it was, whatever d is; and a training that wants it harder makes the queries longer. More keys "
        "share the same 1 among more.",
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
