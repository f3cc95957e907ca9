"""Wrong answers to the exercises of lesson 15."""

from tests.wrong_answers.choices import think

WRONG = {
    "15.1": [
        ("(2, 3, 12, 12)", "(2, 12, 12)", "one table for each review"),
        ("(2, 3, 12, 12)", "(2, 3, 12, 8)", "what the heads sum up"),
        ("(2, 3, 12, 12)", "(3, 12, 12)", "its own weights"),
        ("(2, 3, 12, 12)", "(2, 12, 12, 3)", "heads second"),
        ("(2, 12, 24)", "(2, 24)", "nothing is averaged"),
        ("(2, 12, 24)", "(2, 12, 8)", "the answer of one head"),
        ("(2, 12, 24)", "(2, 3, 12, 8)", "before the last matrix"),
        ("(2, 12, 24)", "(2, 12, 72)", "the same features"),
        ("2400", "2304", "each projection has a bias"),
        ("2400", "1800", "joins the heads is not"),
        ("2400", "7200", "share the 24 columns"),
        ("2400", "600", "one projection; there are three"),
        ("2400", "2401", "three projections of (24, 24)"),
    ],
    "15.2": [
        ("np.where(past, scores, -np.inf)", "scores", "the future is not hidden"),
        ("np.tril(", "np.triu(", "turn the triangle round"),
        (" / np.sqrt(keys.shape[-1])", "", "not divided by the root"),
        ("np.sqrt(keys.shape[-1])", "keys.shape[-1]", "not by its root"),
        ("scores, -np.inf)", "scores, 0.0)", "0 is a score like any other"),
        (
            None,
            """
def causal_attention(queries, keys, values):
    scores = queries @ keys.swapaxes(1, 2) / np.sqrt(keys.shape[-1])
    powers = np.exp(scores) * np.tril(np.ones(scores.shape[-2:]))
    return powers / powers.sum(axis=1, keepdims=True) @ values
""",
            "ran over the queries",
        ),
        ("scores.shape[-2:], bool))", "scores.shape[-2:], bool), -1)", "found nothing to look at"),
        (
            None,
            """
def causal_attention(queries, keys, values):
    scores = queries @ keys.swapaxes(1, 2) / np.sqrt(keys.shape[-1])
    scores = np.where(np.tril(np.ones(scores.shape[-2:]), -1) == 1, scores, -1e9)
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True) @ values
""",
            "a word may look at itself too",
        ),
        ("keepdims=True) @ values", "keepdims=True)", "expected (2, 4, 5), that is (batch, timesteps"),
        (
            None,
            """
def causal_attention(queries, keys, values):
    scores = queries @ keys.swapaxes(1, 2) / np.sqrt(keys.shape[-1])
    powers = np.exp(scores)
    weights = powers / powers.sum(axis=-1, keepdims=True)
    return np.tril(weights) @ values
""",
            "the mask came after the softmax",
        ),
        ("@ values", "@ values[..., :1]", "has shape (2, 4, 1)"),
        (
            "    return powers / powers.sum(axis=-1, keepdims=True) @ values",
            "    return (powers / powers.sum(axis=-1, keepdims=True) @ values)[:, -1]",
            "only the last word's answer",
        ),
        ("keys.swapaxes(1, 2)", "keys.T", "raised ValueError"),
    ],
    "15.3": think(
        "b",
        [
            ("a", "a matter of waiting"),
            ("c", "a state of fixed size"),
            ("d", "keys and values of earlier words can be kept"),
        ],
    ),
    "15.4": [
        (
            "return d_scores @ keys / root,",
            "return d_scores @ keys,",
            "d_queries: the root of key_dim is missing",
        ),
        ("@ queries / root", "@ queries", "d_keys: the root of key_dim is missing"),
        (
            "return d_scores @ keys / root,",
            "return d_scores @ keys * root,",
            "d_queries: on the way back one divides",
        ),
        ("@ queries / root", "@ queries * root", "d_keys: on the way back one divides"),
        (
            "weights * (d_weights - shared)",
            "weights * d_weights",
            "d_queries: the part of the softmax's gradient",
        ),
        ("weights * (d_weights - shared)", "weights * (1 - weights) * d_weights", "as a sigmoid has"),
        ("weights * (d_weights - shared)", "d_weights", "d_queries: the softmax is missing on the way back"),
        (
            "weights.swapaxes(1, 2) @ d_contexts",
            "d_contexts @ values.swapaxes(1, 2)",
            "gradients of the weights",
        ),
        (
            "weights.swapaxes(1, 2) @ d_contexts",
            "np.ones_like(weights).swapaxes(1, 2) @ d_contexts",
            "the weights are missing",
        ),
        (", d_values\n", "\n", "expected three arrays"),
        (
            "d_scores.swapaxes(1, 2) @ queries / root",
            "(weights * d_weights).swapaxes(1, 2) @ queries / root",
            "d_keys: the part of the softmax's gradient",
        ),
        (
            "d_scores.swapaxes(1, 2) @ queries / root",
            "(weights * (1 - weights) * d_weights).swapaxes(1, 2) @ queries / root",
            "d_keys: the softmax was taken as if",
        ),
        (
            "d_scores.swapaxes(1, 2) @ queries / root",
            "d_weights.swapaxes(1, 2) @ queries / root",
            "d_keys: the softmax is missing on the way back",
        ),
        ("axis=-1, keepdims=True)\n    d_scores", "axis=1, keepdims=True)\n    d_scores", "other numbers"),
        ("d_scores.swapaxes(1, 2) @ queries", "d_scores @ queries", "raised ValueError"),
    ],
}
