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
    "15.2": think(
        "b",
        [
            ("a", "nobody has asked yet"),
            ("c", "not one of them is an effect"),
            ("d", "this cannot come out otherwise"),
        ],
    ),
    "15.3": [
        ("near_equal = 256", "near_equal = 64", "look at the number, 0.063"),
        ("near_equal = 256", "near_equal = 16", "still above 0.06"),
        ("near_equal = 256", "near_equal = 4", "twice an equal share"),
        ("near_equal = 256", "near_equal = 1024", "at a smaller d already"),
        ("near_equal = 256", "near_equal = 0.06", "it is one of the five d"),
        ("flat_at = 0.68", "flat_at = 0.44", "for longer=2"),
        ("flat_at = 0.68", "flat_at = 0.84", "for longer=8"),
        ("flat_at = 0.68", "flat_at = 0.22", "that of the lesson"),
        ("flat_at = 0.68", "flat_at = 1", "read its height"),
        ("same_as = 16", "same_as = 4", "far lower"),
        ("same_as = 16", "same_as = 5", "for the height of your flat curve"),
        ("same_as = 16", "same_as = 64", "at 0.84"),
        ("same_as = 16", "same_as = 256", "at 0.92"),
        ("same_as = 16", "same_as = 1024", "at 0.96"),
        ("keys_needed = 80", "keys_needed = 20", "those of the lesson"),
        ("keys_needed = 80", "keys_needed = 70", "it is one of 10, 20, 40"),
        ("keys_needed = 80", "keys_needed = 40", "still 0.15"),
        ("keys_needed = 80", "keys_needed = 160", "with fewer keys already"),
        ("keys_needed = 80", "keys_needed = 320", "with fewer keys already"),
        *think(
            "c",
            [
                ("a", "no score is divided by it on that curve"),
                ("b", "20 in both"),
                ("d", "it sees how large the scores are"),
            ],
        ),
    ],
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
        (
            None,
            """
def attention_gradients(queries, keys, values, d_contexts):
    def loss(*arrays):
        scores = arrays[0] @ arrays[1].swapaxes(1, 2) / np.sqrt(keys.shape[-1])
        powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
        return np.sum(powers / powers.sum(axis=-1, keepdims=True) @ arrays[2] * d_contexts)

    gradients = []
    for k in range(3):
        arrays = [queries.copy(), keys.copy(), values.copy()]
        gradients.append(np.zeros_like(arrays[k]))
        for i in np.ndindex(arrays[k].shape):
            kept = arrays[k][i]
            arrays[k][i] = kept + 1e-5
            up = loss(*arrays)
            arrays[k][i] = kept - 1e-5
            gradients[k][i] = (up - loss(*arrays)) / 2e-5
            arrays[k][i] = kept
    return gradients
""",
            "as those of nudges are",
        ),
        ("d_scores @ keys / root,", "(d_scores @ keys / root).astype('float32'),", "stay in float64"),
    ],
}
