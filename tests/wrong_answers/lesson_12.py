"""Wrong answers to the exercises of lesson 12."""

from tests.wrong_answers.choices import think

WRONG = {
    "12.1": [
        ("wins_of_eight = 4", "wins_of_eight = 3", "the two ties are missing"),
        ("wins_of_eight = 4", "wins_of_eight = 5", "a tie is half a win, not a whole one"),
        ("wins_of_eight = 4", "wins_of_eight = 2", "these are the ties"),
        ("wins_of_eight = 4", "wins_of_eight = 8", "count the margins above 0"),
        ("wins_of_eight = 4", 'wins_of_eight = "4"', "expected a number"),
        ("15", "0", "it loses none either"),
        ("15", "30", "cannot tell the two sentences"),
        ("15", "20", "the same words in another order have the same counts"),
        ("13", "12", "the reading with nothing left out"),
        ("13", "2", "that is gradient × input"),
        ("13", "1", "takes another reading"),
        ("13", "14", "that leaves out the start id as well"),
        ("13", "144", "one call for a whole text"),
        ("13", "24", "one reading for each word that is left out"),
    ],
    "12.2": [
        ("return 1 / (1 + np.exp(-score(pieces)))", "return score(pieces)", "these are logits"),
        ("[: t + 1]", "[:t]", "each value is one word late"),
        ("[-last:] for", " for", "the pieces are longer than `last`"),
        ("ids[: t + 1][-last:]", "ids[t:][-last:]", "the pieces are the ends of the text"),
        ("ids[: t + 1][-last:]", "ids[: t + 1][:last]", "of each piece the first ids are kept"),
        (
            "    pieces = [ids[: t + 1][-last:] for t in range(len(ids))]",
            "    ids = ids[-last:]\n    pieces = [ids[: t + 1] for t in range(len(ids))]",
            "the text is cut to its last ids first",
        ),
        (
            "    pieces = [ids[: t + 1][-last:] for t in range(len(ids))]",
            "    pieces = [ids[-last:]]",
            "one verdict",
        ),
        ("np.exp(-score(pieces))", "np.exp(score(pieces))", "these are P(negative)"),
        ("1 / (1 + np.exp(-score(pieces)))", "np.tanh(score(pieces))", "the right shape and other numbers"),
        ("ids[: t + 1][-last:]", "ids[t : t + 1]", "each word is read alone"),
        ("ids[: t + 1][-last:]", "ids[t + 1 - last : t + 1]", "Python counts it from the end"),
        (
            "score(pieces)",
            "score([np.pad(piece, (last - len(piece), 0)) for piece in pieces])",
            "filled up with zeros",
        ),
        ("range(len(ids))", "range(1, len(ids))", "has shape"),
        ("score(pieces)", "score(ids)", "to read one, write [piece]"),
        ("score(pieces)", "score([pieces])", "raised ValueError"),
        ("    return 1", "    1", "gives back None"),
        (
            None,
            """
def trace_by_cutting(score, ids, last):
    pieces = [ids[max(0, t - last) : t + 1] for t in range(len(ids))]
    return 1 / (1 + np.exp(-score(pieces)))
""",
            "hold one id too many",
        ),
    ],
    "12.3": think(
        "b", [("a", "more of the same"), ("c", "which rule it follows"), ("d", "whether the wins are luck")]
    ),
    "12.4": [
        (" / len(orders)", "", "that is the sum over all orders"),
        ("np.diff(score(pieces))", "-np.diff(score(pieces))", "the signs are turned round"),
        ("ids[sorted(order[:k])]", "ids[list(order[:k])]", "in the order in which they joined"),
        ("ids[sorted(order[:k])]", "ids * np.isin(range(len(ids)), order[:k])", "leave it out of the piece"),
        ("ids[sorted(order[:k])]", "np.sort(ids[list(order[:k])])", "sort the places of the words"),
        ("shares[list(order)] +=", "shares +=", "it belongs to word order[k]"),
        (
            "        shares[list(order)] += np.diff(score(pieces))",
            "        logits = score(pieces)\n        shares[list(order)] += logits[1:] - logits[0]",
            "count it from those who joined before",
        ),
        (
            "np.diff(score(pieces))",
            "np.diff(np.append(0, score(pieces[1:])))",
            "an empty text has a logit, too",
        ),
        ("np.diff(score(pieces))", "np.diff(1 / (1 + np.exp(-score(pieces))))", "shares of the probability"),
        (
            "list(permutations(range(len(ids))))",
            "list(permutations(range(len(ids))))[1:]",
            "the shares add up as they should",
        ),
        (
            None,
            """
from itertools import permutations


def fair_shares(score, ids):
    shares = dict.fromkeys(ids.tolist(), 0)
    orders = list(permutations(ids.tolist()))
    for order in orders:
        for k, word in enumerate(order):
            before, after = (ids[np.isin(ids, order[:end])] for end in (k, k + 1))
            shares[word] += (score([after])[0] - score([before])[0]) / len(orders)
    return np.array([shares[word] for word in ids.tolist()])
""",
            "one word stands in the text twice",
        ),
        ("list(permutations(range(len(ids))))", "[range(len(ids))]", "that is one order, from the left"),
        (
            "list(permutations(range(len(ids))))",
            "[range(len(ids))[::-1]]",
            "that is one order, from the right",
        ),
        ("range(len(ids) + 1)]", "range(len(ids))]", "raised ValueError"),
        ("    return shares / len(orders)", "    shares / len(orders)", "gives back None"),
        (
            None,
            """
def fair_shares(score, ids):
    return score([ids])[0] - score([np.delete(ids, k) for k in range(len(ids))])
""",
            "when one word is left out of the whole text",
        ),
        (
            None,
            """
def fair_shares(score, ids):
    return score([ids[k : k + 1] for k in range(len(ids))]) - score([ids[:0]])[0]
""",
            "these are the words alone",
        ),
        (
            None,
            """
from itertools import combinations


def fair_shares(score, ids):
    shares = np.zeros(len(ids))
    for word in range(len(ids)):
        rest = [k for k in range(len(ids)) if k != word]
        sets = [list(s) for size in range(len(ids)) for s in combinations(rest, size)]
        with_it = score([ids[sorted([*s, word])] for s in sets])
        shares[word] = np.mean(with_it - score([ids[s] for s in sets]))
    return shares
""",
            "every set of the others has the same weight here",
        ),
        (
            None,
            """
def fair_shares(score, ids):
    if len(ids) == 3:
        return np.zeros(3)
    ids[0] = 5
""",
            "the right shape and other numbers",
        ),
    ],
}
