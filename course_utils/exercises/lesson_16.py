"""Exercises of lesson 16: bits and temperature, a causal mask, the next word, how much text a count needs."""

from typing import Any

import numpy as np

from course_utils.checks import Array
from course_utils.exercises import judge
from course_utils.exercises.judge import Exercise, Wrong
from course_utils.exercises.lesson_15 import of_attention


def judge_bits(bits_here: object, perplexity: object, cold: object) -> None:
    """P = 1/2, 1/4, 1/8, 1/8 for the characters that came; then 0.8 and 0.2 at temperature 0.5."""
    judge.a_count(
        "bits_here",
        bits_here,
        2.25,
        {
            2: "that is the surprise of the mean probability, one quarter; take the mean of the surprises",
            9: "that is their sum; bits per character is the mean",
            2.25
            * np.log(2): "that is in nats, with the natural logarithm; bits take the logarithm to the base 2",
            -2.25: "surprise is minus the logarithm: no model is better than 0 bits",
        },
        "minus the logarithm to the base 2 of each probability, and the mean of the four",
    )
    judge.a_number_about(
        "perplexity",
        perplexity,
        2**2.25,
        1.005,
        {
            5.0625: "that is 2.25 squared; it is 2 to the power of 2.25",
            np.exp(2.25): "that is e to the power of the bits; bits belong to the base 2",
            4: "that would be 2 bits",
            2.25: "those are the bits; perplexity is 2 to their power",
        },
        "2 to the power of the bits",
    )
    judge.a_number_about(
        "cold",
        cold,
        16 / 17,
        1.002,
        {
            2 / 3: "this is temperature 2: the likely one became less likely",
            0.64: "0.8 squared; the two squares must be divided by their sum",
            0.8: "the temperature has done nothing; dividing the logits by one half doubles them",
            0.9: "halfway to 1 by eye; dividing the logits by one half squares the probabilities, before "
            "they "
            "are made to sum to 1",
        },
        "dividing the logits by 0.5 doubles them: each probability is squared, then both are divided by "
        "their "
        "sum",
    )


SIGHTINGS = {
    "a": "the same bits would come out for any k then; compare the two curves at context 5",
    "c": "k is no number of characters: all contexts are still asked, from the shortest on",
    "d": "every count is kept, and nothing is read twice; what changes is how much a count must say",
}


def judge_counts(
    whole: object, tenth: object, hundredth: object, careful: object, choice: object, because: object
) -> None:
    """Where the curves of bits against context are lowest; measured with the lesson's own function."""
    text: dict[float, str] = {
        0: "there the model knows only how common each character is",
        8: "that is the longest context; its curve has been rising for some time",
    }
    judge.a_count(
        "whole",
        whole,
        5,
        text
        | {
            4: "very near: 2.09 there, and one context does better",
            6: "very near: 2.03 there, and one context does better",
        },
        "the lowest point of the curve for all the text, with k=5: a whole number from 0 to 8",
    )
    judge.a_count(
        "tenth",
        tenth,
        4,
        text | {5: "very near: it is 2.38 there; read the numbers", 3: "there it is still falling"},
        "the lowest point of the curve for a tenth of the text, with k=5: a whole number from 0 to 8",
    )
    judge.a_count(
        "hundredth",
        hundredth,
        3,
        text | {4: "very near: it is 2.88 there; read the numbers", 2: "there it is still falling"},
        "the lowest point of the curve for a hundredth of the text, with k=5: a whole number from 0 to 8",
    )
    judge.a_count(
        "careful",
        careful,
        8,
        {3: "that was for k=5; draw the curve of a hundredth again, with k=50"},
        "the lowest point of the curve for a hundredth of the text, with k=50: a whole number from 0 to 8",
    )
    judge.a_choice(choice, because, "b", SIGHTINGS)


def judge_causal(causal_attention: Any) -> None:
    """Compare with the formula on odd shapes."""
    rng = np.random.default_rng(14)
    # Scores of hundreds, too: a large number in place of infinity, or a bare exp, then shows.
    for batch, timesteps, key_dim, features, size in (
        (2, 4, 3, 5, 1),
        (1, 6, 2, 3, 1),
        (3, 1, 2, 2, 1),
        (2, 5, 3, 2, 40),
    ):
        queries, keys = (size * rng.normal(size=(batch, timesteps, key_dim)) for _ in range(2))
        values = rng.normal(size=(batch, timesteps, features))
        got = judge.call(causal_attention, queries=queries, keys=keys, values=values)
        bare = queries @ keys.swapaxes(1, 2)
        scores = bare / np.sqrt(key_dim)
        past = np.tril(np.ones((timesteps, timesteps), bool))
        right = of_attention(np.where(past, scores, -np.inf), values)
        slips: dict[str, Array] = {}
        if timesteps > 1 and size == 1:
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
        if size > 1 and not judge.the_same(got, right):
            raise Wrong(
                "right for small scores, and not for scores of hundreds: hide the future with -np.inf, "
                "and take "
                "the largest score away before np.exp, so that nothing overflows"
            )
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


EXERCISES = (
    Exercise(
        number="16.1",
        kind="Predict",
        answers=("bits_here", "perplexity", "cold"),
        judge=judge_bits,
        hints=(
            "The surprise of a probability of 1/8 is 3 bits, for 2 to the power of 3 is 8.",
            "Bits per character is the mean of the four surprises; perplexity is 2 to its power.",
            "Logits are logarithms of probabilities, up to a constant. Twice the logarithm is the "
            "logarithm of "
            "the square.",
        ),
        solution="""
bits_here = (1 + 2 + 3 + 3) / 4
perplexity = 2**bits_here
cold = 0.8**2 / (0.8**2 + 0.2**2)
""",
        why="2.25 bits, a perplexity of about 4.8, and 16/17, about 0.94: cold writing makes a 4 to 1 bet "
        "a 16 "
        "to 1 bet. At temperature 1 the model writes as it has learned.",
    ),
    Exercise(
        number="16.2",
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
        number="16.3",
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
        number="16.4",
        kind="Code",
        answers=("whole", "tenth", "hundredth", "careful", "choice", "because"),
        judge=judge_counts,
        hints=(
            "Run the lines in a new cell of their own (they count for about half a minute). Print the "
            "numbers "
            "as well: two points of a curve may lie close together.",
            "np.argmin(values) is the context of the lowest point.",
            "For careful: count_bits(train_numbers[: len(train_numbers) // 100], held_numbers, k=50, "
            "deepest=8).",
        ),
        solution="""
whole = 5
tenth = 4
hundredth = 3
careful = 8
choice = "b"
because = "With k = 50 a context seen once or twice changes next to nothing, so it does no harm."
""",
        why="Less text, shorter contexts: a long one that was seen once speaks of one review only. Mixed in "
        "with care it does no harm, and still helps a little. This is overfitting (lesson 10), in a model "
        "that "
        "has no gradient at all.",
    ),
)
