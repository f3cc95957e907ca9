"""Wrong answers to the exercises of lesson 16."""

from tests.wrong_answers.choices import think

WRONG = {
    "16.1": [
        ("bits_here = (1 + 2 + 3 + 3) / 4", "bits_here = 2", "the mean of the surprises"),
        ("bits_here = (1 + 2 + 3 + 3) / 4", "bits_here = 9", "that is their sum"),
        ("bits_here = (1 + 2 + 3 + 3) / 4", "bits_here = 3.3", "and the mean of the four"),
        ("bits_here = (1 + 2 + 3 + 3) / 4", "bits_here = 2.25 * np.log(2)", "that is in nats"),
        ("bits_here = (1 + 2 + 3 + 3) / 4", "bits_here = -2.25", "surprise is minus the logarithm"),
        ("perplexity = 2**bits_here", "perplexity = bits_here**2", "2.25 squared"),
        ("perplexity = 2**bits_here", "perplexity = np.exp(bits_here)", "bits belong to the base 2"),
        ("perplexity = 2**bits_here", "perplexity = bits_here", "those are the bits"),
        ("cold = 0.8**2 / (0.8**2 + 0.2**2)", "cold = 2 / 3", "this is temperature 2"),
        ("cold = 0.8**2 / (0.8**2 + 0.2**2)", "cold = 0.64", "divided by their sum"),
        ("cold = 0.8**2 / (0.8**2 + 0.2**2)", "cold = 0.8", "has done nothing"),
        ("cold = 0.8**2 / (0.8**2 + 0.2**2)", "cold = 0.9", "halfway to 1"),
    ],
    "16.2": [
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
        ("scores, -np.inf)", "scores, -20.0)", "for scores of hundreds"),
        ("np.exp(scores - scores.max(axis=-1, keepdims=True))", "np.exp(scores)", "for scores of hundreds"),
    ],
    "16.3": think(
        "b",
        [
            ("a", "a matter of waiting"),
            ("c", "a state of fixed size"),
            ("d", "keys and values of earlier words can be kept"),
        ],
    ),
    "16.4": [
        ("whole = 5", "whole = 4", "2.09 there"),
        ("whole = 5", "whole = 6", "2.03 there"),
        ("whole = 5", "whole = 8", "rising for some time"),
        ("whole = 5", "whole = 2.02", "a whole number from 0 to 8"),
        ("tenth = 4", "tenth = 5", "2.38 there"),
        ("tenth = 4", "tenth = 3", "still falling"),
        ("tenth = 4", "tenth = 2.5", "for a tenth of the text"),
        ("hundredth = 3", "hundredth = 2.5", "for a hundredth of the text"),
        ("hundredth = 3", "hundredth = 4", "2.88 there"),
        ("hundredth = 3", "hundredth = 2", "still falling"),
        ("hundredth = 3", "hundredth = 0", "how common each character is"),
        ("careful = 8", "careful = 3", "that was for k=5"),
        ("careful = 8", "careful = 5", "with k=50"),
        *think(
            "b",
            [
                ("a", "the same bits would come out"),
                ("c", "no number of characters"),
                ("d", "every count is kept"),
            ],
        ),
    ],
}
