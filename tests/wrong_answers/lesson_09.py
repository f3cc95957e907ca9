"""Wrong answers to the exercises of lesson 9."""

from tests.wrong_answers.choices import think

SHOWN = "abs(lead) > np.hypot(t * by_seeds, 1.96 * by_reviews)"
IDS = "[1, *(id_of.get(word, 2) for word in tokenize(text))][-maxlen:]"
SAVE = "    np.savez(path, *weights, words=np.array(words), maxlen=maxlen)\n"
REFUSED = """    except FileNotFoundError:
        raise
    except Exception as error:
        raise ValueError(f"{path.name} is no whole parcel: save it again") from error
"""
LOAD = """        with np.load(path, allow_pickle=False) as parcel:  # arrays only: no program can run
            words, maxlen = parcel["words"].tolist(), int(parcel["maxlen"])
            table, W, U, b, V, c = (parcel[f"arr_{i}"] for i in range(6))
"""
PICKLED = """
import pickle


def save_parcel(path, words, maxlen, weights):
    if len(words) + 4 != len(weights[0]):
        raise ValueError("words and embedding do not fit")
    path.write_bytes(pickle.dumps((words, maxlen, weights)))


def open_parcel(path):
    try:
        words, maxlen, (table, W, U, b, V, c) = pickle.loads(path.read_bytes())
    except Exception as error:
        raise ValueError(f"{path.name} is no parcel") from error

    def probability(text):
        ids = [1, *(words.index(w) + 4 if w in words else 2 for w in tokenize(text))][-maxlen:]
        h = np.zeros(len(b))
        for x in table[ids]:
            h = np.tanh(x @ W + h @ U + b)
        return 1 / (1 + np.exp(-(h @ V + c)[0]))

    return probability
"""
KEPT = """
kept = {}


def save_parcel(path, words, maxlen, weights):
    if len(words) + 4 != len(weights[0]):
        raise ValueError("words and embedding do not fit")
    path.write_text("a parcel")
    kept["parcel"] = words, maxlen, [weight.copy() for weight in weights]


def open_parcel(path):
    words, maxlen, (table, W, U, b, V, c) = kept["parcel"]

    def probability(text):
        ids = [1, *(words.index(w) + 4 if w in words else 2 for w in tokenize(text))][-maxlen:]
        h = np.zeros(len(b))
        for x in table[ids]:
            h = np.tanh(x @ W + h @ U + b)
        return 1 / (1 + np.exp(-(h @ V + c)[0]))

    return probability
"""
EVALUATED = """
def save_parcel(path, words, maxlen, weights):
    if len(words) + 4 != len(weights[0]):
        raise ValueError("words and embedding do not fit")
    path.write_text(repr((words, maxlen, [weight.tolist() for weight in weights])))


def open_parcel(path):
    try:
        words, maxlen, weights = eval(path.read_text())
        table, W, U, b, V, c = map(np.array, weights)
    except Exception as error:
        raise ValueError(f"{path.name} is no parcel") from error

    def probability(text):
        ids = [1, *(words.index(w) + 4 if w in words else 2 for w in tokenize(text))][-maxlen:]
        h = np.zeros(len(b))
        for x in table[ids]:
            h = np.tanh(x @ W + h @ U + b)
        return 1 / (1 + np.exp(-(h @ V + c)[0]))

    return probability
"""

WRONG = {
    "9.1": [
        ("480", "456", "two biases a gate (reset_after=True)"),
        ("480", "608", "the LSTM has four"),
        ("480", "152", "three such sets, and two biases"),
        ("480", "160", "that is one of the three sets"),
        ("480", "640", "that is four sets, as in an LSTM"),
        ("480", "432", "the biases are missing: two for each"),
        ("480", "481", "three times (features"),
        ("280", "320", "not the 10 of a word"),
        ("280", "300", "two are the GRU's"),
        ("280", "210", "the GRU has three"),
        ("280", "70", "that is one of the four sets"),
        ("280", "260", "one for each of the four gates"),
        ("280", "281", "four times (features"),
        ("10_789", "789", "the embedding is missing; it holds"),
        ("10_789", "760", "the embedding and the two Dense layers"),
        ("10_789", "10_760", "the two Dense layers are missing"),
        ("10_789", "10_784", "the last layer is missing"),
        ("10_789", "10_785", "reads the LSTM's 5 numbers"),
        ("10_789", "10_765", "the Dense layer with 4 units is missing"),
        ("10_789", "80_789", "embedding 1,000 · 10, then"),
        ("32_367", "10_789", "these are the weights alone"),
        ("32_367", "21_578", "two averages for each weight"),
        ("32_367", "43_156", "the weights, and for each weight two"),
        ("32_367", "...", "Not tried yet: saved_count"),
    ],
    "9.2": [
        ("return lead, by_seeds, by_reviews, abs", "return lead, by_seeds, abs", "expected four things"),
        (SHOWN, "'yes'", "expected True or False"),
        (
            "right_a.mean(axis=0) - right_b.mean(axis=0)",
            "right_b.mean(axis=0) - right_a.mean(axis=0)",
            "the sign is turned",
        ),
        (
            "lead = difference.mean()",
            "lead = right_a.mean(axis=1).max() - right_b.mean(axis=1).max()",
            "the best run",
        ),
        (
            "lead = difference.mean()",
            "lead = right_a[0].mean() - right_b[0].mean()",
            "the first seed alone: use all",
        ),
        ("lead = difference.mean()", "lead = right_a.mean()", "this is a's accuracy"),
        ("lead = difference.mean()", "lead = int(right_a.sum()) - int(right_b.sum())", "this counts reviews"),
        ("lead = difference.mean()", "lead = difference", "the lead has shape (60,)"),
        (
            "right_a.mean(axis=0) - right_b.mean(axis=0)",
            "right_a - right_b",
            "does not subtract True and False",
        ),
        ("right_a.mean(axis=0) - right_b.mean(axis=0)", "right_a - right_b[0, 0] / '2'", "raised"),
        ("(ddof=1)", "()", "the spread of a few runs needs ddof=1"),
        ("np.mean(variances) * 2 / runs", "np.mean(variances)", "the pooled spread of a single run"),
        ("np.mean(variances) * 2 / runs", "np.mean(variances) / runs", "this is the error of one mean"),
        (
            "lead, by_seeds, by_reviews, abs",
            "lead, by_reviews, by_seeds, abs",
            "the one by seeds comes first",
        ),
        (
            "np.sqrt(np.mean(variances) * 2 / runs)",
            "(right_a.mean(axis=1) - right_b.mean(axis=1)).std(ddof=1) / np.sqrt(runs)",
            "run by run they are no pairs",
        ),
        ("right.mean(axis=1).var", "right.mean(axis=0).var", "by seeds means from run to run"),
        ("difference.std() / np.sqrt(reviews)", "difference.std() / reviews", "the root is missing: over"),
        (
            "difference.std() / np.sqrt(reviews)",
            "(right_a.astype(int) - right_b.astype(int)).std() / np.sqrt(reviews)",
            "the runs must be averaged first",
        ),
        ("np.mean(variances) * 2 / runs", "np.mean(variances) * 2", "each mean has more of them"),
        ("np.mean(variances) * 2 / runs", "np.mean(variances) * 2 / 3", "√(2/3) holds for three seeds"),
        (
            "np.sqrt(np.mean(variances) * 2 / runs)",
            "np.mean(np.sqrt(variances)) * np.sqrt(2 / runs)",
            "pool the squares",
        ),
        (
            "by_seeds = np.sqrt(np.mean(variances) * 2 / runs)",
            "scores = np.concatenate([right_a, right_b]).mean(axis=1)\n"
            "    by_seeds = scores.std(ddof=1) * np.sqrt(2 / runs)",
            "in one pot holds the lead as well",
        ),
        ("difference.std() / np.sqrt(reviews)", "difference.std()", "the spread of one review"),
        (
            "difference.std() / np.sqrt(reviews)",
            "np.sqrt(sum(r.mean() * (1 - r.mean()) for r in (right_a, right_b)) / reviews)",
            "both models read the same ones",
        ),
        (
            "difference.std() / np.sqrt(reviews)",
            "(right_a.astype(int) - right_b.astype(int)).std() / np.sqrt(right_a.size)",
            "a review read by several seeds is one review",
        ),
        (
            "difference.std() / np.sqrt(reviews)",
            "(right_a[0].astype(int) - right_b[0]).std() / np.sqrt(reviews)",
            "this is made from the first seed alone",
        ),
        (
            "difference.std() / np.sqrt(reviews)",
            "difference.std() / np.sqrt(runs)",
            "it is a mean over reviews",
        ),
        ("difference.std() / np.sqrt(reviews)", "difference.var() / reviews", "the error by reviews is"),
        ("abs(lead) > np", "lead > np", "shown: b may be ahead, too"),
        (
            SHOWN,
            "abs(lead) > 2 * np.hypot(by_seeds, by_reviews)",
            "two errors are not enough for an error that rests on a few runs",
        ),
        (SHOWN, "abs(lead) > max(t * by_seeds, 1.96 * by_reviews)", "still be within both together"),
        (SHOWN, "abs(lead) > t * by_seeds + 1.96 * by_reviews", "added up, the two are too large"),
        (SHOWN, "abs(lead) > np.hypot(by_seeds, by_reviews)", "one standard error is not enough"),
        (SHOWN, "abs(lead) > t * by_seeds", "the luck of the reviews is left out"),
        (SHOWN, "abs(lead) > 1.96 * by_reviews", "the luck of the seeds is left out"),
        (SHOWN, "abs(lead) > t * np.hypot(by_seeds, by_reviews)", "the error by seeds alone"),
        ("stdtrit(2 * (runs - 1), 0.975)", "stdtrit(runs - 1, 0.975)", "together 2 (runs - 1)"),
        (
            SHOWN,
            "abs(lead) > np.hypot(stdtrit(2 * (runs - 1), 0.95) * by_seeds, 1.645 * by_reviews)",
            "2.5 % belong to each side",
        ),
        (
            "difference.std() / np.sqrt(reviews)",
            "np.sqrt(np.sum(difference**2)) / reviews",
            "the two are equally good",
        ),
        (SHOWN, "lead > 0", "to be ahead is not enough"),
        (SHOWN, "by_seeds > 0", "shown is True for a lead of"),
        (SHOWN, "False", "shown is False for a lead of"),
    ],
    "9.3": think(
        "c",
        [
            ("a", "that of the seeds, and the larger size"),
            ("b", "a comparison of luck"),
            ("d", "share no luck"),
        ],
    ),
    "9.4": [
        (None, "save_parcel, open_parcel = 3, 4", "expected a function: keep the line that begins with def"),
        (SAVE, "", "in the folder there is no file"),
        (SAVE, "    np.savez(str(path) + '.npz', *weights)\n", "in the folder there is reader1.npz.npz"),
        (
            SAVE,
            SAVE + "    (path.parent / 'words.txt').write_text(' '.join(words))\n",
            "save_parcel wrote words.txt, too: everything belongs into the one file",
        ),
        (
            SAVE,
            SAVE.replace("*weights", "weights=weights"),
            "save_parcel(path, words, maxlen, weights) raised ValueError",
        ),
        (
            "    if len(words) + 4 != rows:",
            "    if rows == 0:",
            "no error was raised: a wrong vocabulary makes no noise",
        ),
        (
            '        raise ValueError(f"{len(words)} words',
            '        raise KeyError(f"{len(words)} words',
            "should give a ValueError; it was KeyError",
        ),
        ("len(words) + 4 != rows", "len(words) != rows", "raised ValueError: 8 words need 12 rows"),
        (
            "len(words) + 4 != rows",
            "len(words) + 4 < rows",
            "4 words with an embedding of 7 rows, 3 words and 4 special ids, were saved",
        ),
        (
            "    id_of = {word",
            "    def answer(text):\n"
            "        return read_again(path)(text)\n\n"
            "    return answer\n\n\n"
            "def read_again(path):\n"
            "    with np.load(path, allow_pickle=False) as parcel:\n"
            "        words, maxlen = parcel['words'].tolist(), int(parcel['maxlen'])\n"
            "        table, W, U, b, V, c = (parcel[f'arr_{i}'] for i in range(6))\n"
            "    id_of = {word",
            "after its file was moved away",
        ),
        (
            SAVE,
            "    np.savez(path, *weights, words=words)\n",
            "for a file that save_parcel wrote, raised ValueError",
        ),
        ("    return probability", "    return 0.5", "expected a function that takes a text"),
        ("    return probability", "", "open_parcel gives back None: does it end with return"),
        ("        return 1 / (1 + ", "        1 / (1 + ", "does the inner function end with return?"),
        ("        return 1 / (1 + np.exp(-(h @ V + c)[0]))", "        return h", "expected one probability"),
        (
            "        return 1 / (1 + np.exp(-(h @ V + c)[0]))",
            '        return "positive"',
            "expected one probability",
        ),
        ("1 / (1 + np.exp(-(h @ V + c)[0]))", "(h @ V + c)[0]", "the sigmoid is missing"),
        (
            IDS,
            "[1, *[id_of.get(word, 2) for word in tokenize(text)][1 - maxlen :]]",
            "the start id is kept in",
        ),
        ("id_of.get(word, 2)", "id_of.get(word, 0)", "has the id 2; 0 is padding"),
        ("words=np.array(words)", "words=np.unique(words)", "the words came back in another order"),
        (
            "Exception as error",
            "(ValueError, OSError, EOFError, __import__('zipfile').BadZipFile) as error",
            "without its array 'words' should give a ValueError that names the file; open_parcel gave",
        ),
        (
            "    except Exception as error",
            "    except KeyError:\n"
            "        raise ValueError('an array is missing')\n"
            "    except Exception as error",
            "for a parcel without its array 'words' does not name the file",
        ),
        (
            'parcel["words"].tolist()',
            '(parcel["words"].tolist() if "words" in parcel else [])',
            "a parcel without its array 'words' was opened",
        ),
        (None, EVALUATED, "and so do eval and exec"),
        (IDS, "[id_of.get(word, 2) for word in tokenize(text)][-maxlen:]", "the start id 1 is missing"),
        (IDS, "[1, *[id_of.get(word, 2) for word in tokenize(text)][-maxlen:]]", "a long text loses it"),
        ("[-maxlen:]", "[:maxlen]", "these are the first ids of a long text"),
        ("[-maxlen:]", "", "long texts are not cut"),
        (
            IDS,
            "[1, *(id_of[word] for word in tokenize(text) if word in id_of)][-maxlen:]",
            "they are read as id 2",
        ),
        (IDS, "[1, *(id_of[word] for word in tokenize(text))][-maxlen:]", "raised KeyError: 'really'"),
        ("start=4", "start=3", "words[0] has the id 4: 0 to 3 are no words."),
        ("start=4", "start=0", "and here the words begin at 0"),
        ("tokenize(text)", "text.split()", "the text is cut at spaces alone"),
        ("tokenize(text)", "text.lower().split()", "the text is made small and cut at spaces"),
        ("np.tanh(x @ W + h @ U + b)", "np.tanh(x @ W + b)", "the list of probabilities for five texts has"),
        (None, KEPT, "the list of probabilities for five texts has"),
        (None, PICKLED, "ran a program that was in it"),
        (
            LOAD,
            LOAD.replace("allow_pickle=False", "allow_pickle=True"),
            "ran a program that was in it",
        ),
        (
            REFUSED,
            "    except KeyError:\n        raise\n",
            "does not name it: a user who reads",
        ),
        (
            REFUSED,
            "    except ValueError as error:\n"
            "        raise ValueError(f'{path.name} is no parcel') from error\n",
            "half of a parcel should give a ValueError that names the file; open_parcel gave BadZipFile",
        ),
        (REFUSED, "    except Exception:\n        return lambda text: 0.5\n", "open_parcel gave no error"),
        (
            'f"{path.name} is no whole',
            '"This is no whole',
            "does not name it: a user who reads",
        ),
    ],
}
