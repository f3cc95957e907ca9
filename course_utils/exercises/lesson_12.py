"""Exercises of lesson 12: wins and readings, a trace by cutting, a fair test, shares that add up."""

from collections.abc import Callable, Sequence
from itertools import combinations, permutations
from math import comb, factorial
from typing import Any

import numpy as np

from course_utils.exercises import judge
from course_utils.exercises.judge import Exercise
from course_utils.layers import Array, sigmoid

Score = Callable[[Sequence[Any]], Array]


def judge_counts(wins_of_eight: object, wins_of_bag: object, readings: object) -> None:
    """Eight margins with two ties; 30 pairs in another order; a text of start id and 12 words."""
    judge.a_count(
        "wins_of_eight",
        wins_of_eight,
        4,
        {
            3: "the two ties are missing: each of them is half a win",
            5: "a tie is half a win, not a whole one",
            2: "these are the ties; the margins above 0 are wins too",
        },
        "count the margins above 0, then add one half for each margin of exactly 0",
    )
    judge.a_count(
        "wins_of_bag",
        wins_of_bag,
        15,
        {
            0: "it loses none either: equal scores are half a win each",
            30: "it cannot tell the two sentences of a pair apart, so it wins none for certain",
        },
        "the same words in another order have the same counts, so both sentences get the same score",
    )
    judge.a_count(
        "readings",
        readings,
        13,
        {
            12: "with each word left out once; to see a fall you also need the reading with nothing left out",
            2: "that is gradient × input, one pass forward and one backward",
            1: "one reading gives one logit; how far it falls without a word takes another reading",
            14: "that leaves out the start id as well, as the lesson's function does; only the words are "
            "asked for",
            144: "each reading is one call for a whole text, however long",
        },
        "one reading for each word that is left out, and the one that they are compared with",
    )


class Listener:
    """A reader with random weights: ids to one logit a piece. Order counts, every id, and a bias."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.table = rng.normal(size=(30, 3))
        self.recurrent = rng.normal(size=(3, 3)) / 2
        self.output = 2 * rng.normal(size=3)

    def logit(self, ids: Array) -> float:
        """Read one piece from the left; an empty one leaves the state at zero."""
        h = np.zeros(3)
        for place in ids:
            h = np.tanh(self.table[place] + h @ self.recurrent)
        return float(h @ self.output + 0.3 * len(ids) / (1 + len(ids)) - 0.6)

    def __call__(self, pieces: Any) -> Array:
        """Return one logit for each piece, (pieces,)."""
        if isinstance(pieces, np.ndarray) and pieces.ndim < 2:
            raise ValueError("score takes a list of pieces, each an array of ids: to read one, write [piece]")
        read = []
        for piece in pieces:
            ids = np.asarray(piece)
            if ids.ndim != 1:
                raise ValueError(f"a piece has shape {ids.shape}: expected a flat array of ids")
            read.append(self.logit(ids.astype(int)))
        return np.array(read)


def judge_trace(trace_by_cutting: Any) -> None:
    """Texts shorter and longer than what the reader reads; one of a single word."""
    for seed, (count, last) in enumerate(((6, 4), (5, 5), (3, 8), (1, 2), (9, 1))):
        score = Listener(40 + seed)
        ids = np.random.default_rng(seed).permutation(30)[:count]
        pieces = [ids[max(0, end - last) : end] for end in range(1, count + 1)]
        logits = score(pieces)
        whole = ids[-last:]
        slips: dict[str, Any] = {
            "these are logits; the sigmoid makes them probabilities": logits,
            "each value is one word late: the piece for word t must hold word t, ids[: t + 1]": sigmoid(
                score([ids[max(0, end - last) : end] for end in range(count)])
            ),
            "this is one verdict, after the last word; there is one after every word": sigmoid(
                score([whole])
            ),
            "the pieces are the ends of the text; what stands before a word is what has been read": sigmoid(
                score([ids[start:][-last:] for start in range(count)])
            ),
            "these are P(negative): look at the sign in the sigmoid": sigmoid(-logits),
            "each word is read alone; the piece for word t holds the words before it, too": sigmoid(
                score([ids[[t]] for t in range(count)])
            ),
            "the first slices begin at a negative place, and Python counts it from the end: begin at "
            "max(0, t + 1 - last)": sigmoid(score([ids[end - last : end] for end in range(1, count + 1)])),
            "short pieces are filled up with zeros; give each as it is": sigmoid(
                score([np.pad(piece, (last - len(piece), 0)) for piece in pieces])
            ),
        }
        if count > last:
            slips["the pieces are longer than `last`: this reader reads only the last ids of each"] = sigmoid(
                score([ids[:end] for end in range(1, count + 1)])
            )
            slips["the text is cut to its last ids first; each piece must be cut on its own"] = sigmoid(
                score([whole[:end] for end in range(1, len(whole) + 1)])
            )
            slips[
                "long pieces hold one id too many: `last` ids that end with word t begin at t + 1 - last"
            ] = sigmoid(score([ids[max(0, t - last) : t + 1] for t in range(count)]))
            slips["of each piece the first ids are kept; the reader reads the last ones"] = sigmoid(
                score([ids[:end][:last] for end in range(1, count + 1)])
            )
        got = judge.call(trace_by_cutting, score=score, ids=ids, last=last)
        judge.same_numbers("the trace", got, sigmoid(logits), "one probability a word", slips)


FAIR_TEST = {
    "a": 'that is more of the same: a model for which "not" is only a bad sign wins them all as well',
    "c": "longer sentences are harder for every model; which rule it follows stays hidden",
    "d": "a second seed shows whether the wins are luck, and not what they come from",
}


def marginal(score: Score, ids: Array, word: int, others: Sequence[int]) -> float:
    """Return by how much a word raises the logit when it joins others, all in the order of the text."""
    before, after = ids[sorted(others)], ids[sorted([*others, word])]
    ahead, behind = score([after, before])
    return float(ahead - behind)


def shares(score: Score, ids: Array, weight: Callable[[int, int], float]) -> Array:
    """Return the weighted mean of what each word adds to every set of the others."""
    words = range(len(ids))
    found = np.zeros(len(ids))
    for word in words:
        rest = [other for other in words if other != word]
        for size in range(len(rest) + 1):
            for others in combinations(rest, size):
                found[word] += weight(size, len(ids)) * marginal(score, ids, word, others)
    return found


def fair_weight(size: int, count: int) -> float:
    """Return the share of all orders in which a word comes right after this set."""
    return 1 / (count * comb(count - 1, size))


def judge_shares(fair_shares: Any) -> None:
    """Texts of one to four words; the shares add up to what the whole text changes."""
    for seed, count in enumerate((3, 4, 2, 1)):
        score = Listener(60 + seed)
        ids = np.random.default_rng(seed).permutation(30)[:count]
        if count == 4:
            ids[3] = ids[0]  # one word stands in the text twice
        right = shares(score, ids, fair_weight)
        leave_one_out = score([ids])[0] - score([np.delete(ids, k) for k in range(count)])
        nothing = score([ids[:0]])[0]
        alone = score([ids[[k]] for k in range(count)]) - nothing
        in_order = np.diff(score([ids[:end] for end in range(count + 1)]))
        backwards = np.diff(score([ids[start:] for start in range(count, -1, -1)]))[::-1]
        slips: dict[str, Any] = {
            "these are the falls when one word is left out of the whole text: the words around it count too, "
            "in every smaller set": leave_one_out,
            "these are the words alone: let each join every set of the others": alone,
            "that is one order, from the left; average over all orders": in_order,
            "that is one order, from the right; average over all orders": backwards,
            "every set of the others has the same weight here; every order must have it": shares(
                score, ids, lambda size, count: 0.5 ** (count - 1)
            ),
            "that is the sum over all orders; divide by how many there are": right * factorial(count),
            "the signs are turned round: a word that raises the logit has a positive share": -right,
        }
        slips |= slips_of_joining(score, ids)
        slips["an empty text has a logit, too, and it is not 0: score([ids[:0]])"] = right + nothing / count
        slips["these are shares of the probability; score gives logits: take them as they are"] = shares(
            in_probability(score), ids, fair_weight
        )
        got = judge.call(fair_shares, score=score, ids=ids)
        if adds_up(got, right):
            slips[
                "the shares add up as they should, and yet they are not fair: an order is missing or comes "
                "twice, or a gain goes to the wrong place"
            ] = got
        judge.same_numbers("the array of shares", got, right, "one a word", slips)


def in_probability(score: Score) -> Score:
    """Return the score that says P(positive) instead of its logit."""
    return lambda pieces: sigmoid(score(pieces))


def adds_up(got: Any, right: Array) -> bool:
    """Return whether there is a share for every word, and they have the right sum."""
    try:
        found = np.asarray(got, dtype=float)
    except (TypeError, ValueError):
        return False
    return found.shape == right.shape and bool(np.isclose(found.sum(), right.sum()))


def slips_of_joining(score: Score, ids: Array) -> dict[str, Array]:
    """Return for each mistake on the way through all orders the shares that it leads to."""
    by_joining, by_id, to_places, since_nothing, by_word, with_zeros = np.zeros((6, len(ids)))
    orders = [list(order) for order in permutations(range(len(ids)))]
    for order in orders:
        joined = [order[:end] for end in range(len(ids) + 1)]
        logits = score([ids[sorted(places)] for places in joined])
        by_joining[order] += np.diff(score([ids[places] for places in joined]))
        by_id[order] += np.diff(score([np.sort(ids[places]) for places in joined]))
        with_zeros[order] += np.diff(score([[i * (k in at) for k, i in enumerate(ids)] for at in joined]))
        to_places += np.diff(logits)
        since_nothing[order] += logits[1:] - logits[0]
        by_word[order] += np.diff(score([ids[np.isin(ids, ids[places])] for places in joined]))
    found = {
        "the pieces hold the words in the order in which they joined; sort them into the text's": by_joining,
        "a word that has not joined is read as 0; leave it out of the piece": with_zeros,
        "the ids themselves are sorted; sort the places of the words": by_id,
        "what the k-th word to join gains goes to word k of the text; it belongs to word order[k]": to_places,
        "every gain is counted from the empty text; count it from those who joined before": since_nothing,
    }
    if len(set(ids.tolist())) < len(ids):
        found["one word stands in the text twice: each of its places has a share of its own"] = np.array(
            [by_word[ids == i].sum() for i in ids]
        )
    return {reason: total / len(orders) for reason, total in found.items()}


EXERCISES = (
    Exercise(
        number="12.1",
        kind="Predict",
        answers=("wins_of_eight", "wins_of_bag", "readings"),
        judge=judge_counts,
        hints=(
            "A margin is the score of the kinder sentence minus that of the other.",
            "A margin above 0 is a win; a margin of exactly 0 is half a win. What are the margins of a bag "
            "of words when only the order differs?",
            "Leave one out compares: the logit with everything, and the logit without each word.",
        ),
        solution="""
wins_of_eight = 4
wins_of_bag = 15
readings = 13
""",
        why="3 margins above 0 and 2 ties make 4 wins; 30 ties make 15; 12 texts with one word less, and the "
        "whole one, make 13 readings.",
    ),
    Exercise(
        number="12.2",
        kind="Code",
        answers=("trace_by_cutting",),
        judge=judge_trace,
        hints=(
            "The value at word t is what the reader says about the text that ends there: about ids[: t + 1].",
            "Of a piece that is longer than last, the reader reads the last ids: piece[-last:].",
            "Put all pieces into one list and call score once; then the sigmoid, 1 / (1 + np.exp(-logits)).",
        ),
        solution='''
def trace_by_cutting(score, ids, last):
    """P(positive) after every word: (timesteps,)."""
    pieces = [ids[: t + 1][-last:] for t in range(len(ids))]
    return 1 / (1 + np.exp(-score(pieces)))
''',
        why="It looks at no state, so it works for every model: for one that reads backwards, for an average "
        "of two, for a bag of words.",
    ),
    Exercise(
        number="12.3",
        kind="Think",
        answers=("choice", "because"),
        judge=lambda choice, because: judge.a_choice(choice, because, "b", FAIR_TEST),
        hints=(
            "Think of the cheapest rule that wins all of these pairs. Which words does it look at?",
            'The cheapest rule: "not" is a bad sign, wherever it stands. On which pairs is this rule wrong?',
        ),
        solution="""
choice = "b"
because = "There the kinder sentence holds the not, so a model for which not is a bad sign loses."
""",
        why="Compare your reason with this one: a test separates two explanations only where they answer "
        "differently, as the pairs decided first did in the lesson.",
    ),
    Exercise(
        number="12.4",
        kind="Code",
        answers=("fair_shares",),
        judge=judge_shares,
        hints=(
            "Do two words, a and b, on paper. In the order a, b the share of a is score(a) - score(nothing); "
            "in the order b, a it is score(a b) - score(b). The fair share of a is the mean of the two.",
            "itertools.permutations(range(len(ids))) gives all orders. In each, the words that have joined "
            "must be read in the order of the text: ids[sorted(joined)].",
            "In one order: before = ids[sorted(order[:k])], after = ids[sorted(order[: k + 1])]; add the "
            "score of after minus that of before to the share of word order[k]. At the end divide by the "
            "number of orders.",
        ),
        solution='''
from itertools import permutations


def fair_shares(score, ids):
    """The share of every word in the logit, mean over all orders of joining: (timesteps,)."""
    shares = np.zeros(len(ids))
    orders = list(permutations(range(len(ids))))
    for order in orders:
        pieces = [ids[sorted(order[:k])] for k in range(len(ids) + 1)]  # nothing, ..., all
        shares[list(order)] += np.diff(score(pieces))
    return shares / len(orders)
''',
        why="All shares add up to the logit of the whole text minus that of the empty one: in every order "
        "the gains do. Two words that say the same share what leave one out denies to both. The price is the "
        "number of orders; for real texts one draws some at random.",
    ),
)
