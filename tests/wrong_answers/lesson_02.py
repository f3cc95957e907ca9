"""Wrong answers to the exercises of lesson 2."""

from tests.wrong_answers.choices import think

SENTENCE, PADDED = "sentence_ids = [1, 4, 2, 6, 7]", "padded_ids = [0, 0, 1, 4, 2, 6, 7]"
CUT, ROWS = "cut_ids = [2, 6, 7]", "table_rows = 9"
ONE_HOT, VECTORS = "np.eye(len(table))[ids]", "vectors = one_hot @ table  # (batch, timesteps, features)"
AVERAGES = "averages = (vectors * real).sum(axis=1) / real.sum(axis=1)"
SORTED = "sorted(counts, key=lambda word: (-counts[word], word))"
KEPT = "words = words[: num_words - 4]"
IDS = "{word: rank + 3 for rank, word in enumerate(words, start=1)}"
ENCODE = "return [1] + [self.id_of.get(token, 2) for token in tokenize(text)]"
DECODE = 'return " ".join(self.word_of[i] for i in ids if i > 1)'
CUT_ROW, PADDED_ROW = "self.encode(text)[-maxlen:]", "[0] * (maxlen - len(row)) + row"

WRONG = {
    "2.1": [
        (SENTENCE, "sentence_ids = [4, 2, 6, 7]", "the start id stands in front"),
        (SENTENCE, "sentence_ids = [1, 1, 2, 3, 4]", "these are ranks"),
        (SENTENCE, "sentence_ids = [1, 4, 0, 6, 7]", "0 is padding"),
        (SENTENCE, "sentence_ids = [1, 4, 3, 6, 7]", "3 is nobody's id"),
        (SENTENCE, "sentence_ids = [1, 4, 6, 7]", "an unknown word keeps its place"),
        (SENTENCE, "sentence_ids = [1, 3, 2, 5, 6]", "ranks are counted from 1"),
        (SENTENCE, "sentence_ids = [0, 4, 2, 6, 7]", "begin with the start id; then"),
        (SENTENCE, 'sentence_ids = ["the", "plot", "was", "good"]', "that is no id"),
        (SENTENCE, "sentence_ids = 14267", "expected a list of ids"),
        (PADDED, "padded_ids = np.array([[1, 4, 2, 6, 7, 0, 0]])", "padding behind the text"),
        (PADDED, "padded_ids = np.zeros((2, 7), int)", "has shape (2, 7), expected one row of ids"),
        (PADDED, "padded_ids = [1, 4, 2, 6, 7, 0, 0]", "padding behind the text"),
        (PADDED, "padded_ids = [1, 0, 0, 4, 2, 6, 7]", "the padding stands before it"),
        (PADDED, "padded_ids = [1, 4, 2, 6, 7]", "seven ids are asked for"),
        (PADDED, "padded_ids = [0, 1, 4, 2, 6, 7]", "fill up to 7 with"),
        (CUT, "cut_ids = [1, 4, 2]", "this is cut at the end"),
        (CUT, "cut_ids = [1, 6, 7]", "nobody puts it back"),
        (CUT, "cut_ids = [4, 2, 6]", "at one side only"),
        (CUT, "cut_ids = [6, 7]", "three ids are left"),
        (ROWS, "table_rows = 5", "need rows too"),
        (ROWS, "table_rows = 8", "8 is the largest id"),
        (ROWS, "table_rows = 6", "padding is not the only special id"),
        (ROWS, "table_rows = 7", "the unused 3 has a row as well"),
        (ROWS, "table_rows = 10", "from 0 to that of the last word"),
        (ROWS, "table_rows = ...", "Not tried yet: table_rows"),
    ],
    "2.2": [
        ("return one_hot, vectors, averages", "return vectors", "expected three arrays"),
        ("    return one_hot, vectors, averages\n", "", "gives back None"),
        (ONE_HOT, "np.eye(ids.max() + 1)[ids]", "raised ValueError"),
        (
            "return one_hot, vectors, averages",
            "return np.eye(ids.max() + 1)[ids], vectors, averages",
            "as long as the table has rows",
        ),
        (
            "return one_hot, vectors, averages",
            "return np.eye(len(table))[ids - 1], vectors, averages",
            "the 1 stands one place too early",
        ),
        (
            "return one_hot, vectors",
            "return one_hot * real, vectors",
            "padding has a one-hot vector like any id",
        ),
        (
            "return one_hot, vectors",
            "return one_hot.reshape(-1, len(table)), vectors",
            "keep (batch, timesteps) in front",
        ),
        (VECTORS, "vectors = one_hot", "the array of word vectors has shape (3, 5, 11)"),
        (VECTORS, "vectors = table[ids - 1]", "the rows are taken one place too early"),
        (VECTORS, "vectors = table[np.minimum(ids + 3, len(table) - 1)]", "an id is rank + 3 already"),
        (VECTORS, "vectors = (one_hot @ table) * (ids > 0)[:, :, None]", "row 0 is a row like any other"),
        ("vectors, averages\n", "averages, averages\n", "the vector of every word goes back too"),
        (AVERAGES, "averages = vectors.mean(axis=1)", "padding is averaged in"),
        (AVERAGES, "averages = (vectors * real).mean(axis=1)", "divide by the real timesteps"),
        (AVERAGES, "averages = (vectors * real).sum(axis=1)", "this is the sum"),
        ("/ real.sum(axis=1)", "/ np.maximum(real.sum(axis=1), 2)", "one real id is divided by 2"),
        ("ids != 0", "ids > 1", "the start id is left out"),
        ("ids != 0", "(ids != 0) & (ids != 2)", "unknown words are left out"),
        ("ids != 0", "ids > 3", "start and unknown are left out"),
        (
            AVERAGES,
            "averages = np.stack([v[-n:].mean(axis=0) for v, n in zip(vectors, (ids != 0).sum(axis=1))])",
            "the last timesteps of each review",
        ),
        (
            AVERAGES,
            "averages = np.stack([v[:n].mean(axis=0) for v, n in zip(vectors, (ids != 0).sum(axis=1))])",
            "the first timesteps of each review",
        ),
        (AVERAGES, "averages = (vectors * real).sum(axis=(0, 1)) / real.sum()", "expected (3, 3), that is"),
        (AVERAGES, "averages = vectors.mean(axis=2)", "has shape (3, 5)"),
        ("(ids != 0)[:, :, None]", "(ids != 0)", "raised ValueError"),
    ],
    "2.3": think(
        "b", [("a", "its numbers are not zero"), ("c", "no layer knows"), ("d", "of each id whether it is 0")]
    ),
    "2.4": [
        (None, "MyVocabulary = 5", "expected the class itself"),
        (
            None,
            "class MyVocabulary:\n    def __init__(self, texts, num_words):\n        self.n = num_words",
            "has no method encode",
        ),
        ("num_words):", "num_words, start):", "MyVocabulary(texts, num_words) raised TypeError"),
        (ENCODE, "...", "encode gives back None: does it end with return?"),
        (
            ENCODE,
            "return [1] + [self.id_of[token] for token in tokenize(text)]",
            "encode(text) raised KeyError",
        ),
        (
            ENCODE,
            "return [self.id_of.get(token, 2) for token in tokenize(text)]",
            "the start id 1 is missing",
        ),
        (
            ENCODE,
            "return [1] + [self.id_of.get(token, 0) for token in tokenize(text)]",
            "became 0, which is pad",
        ),
        (
            ENCODE,
            "return [1] + [self.id_of[token] for token in tokenize(text) if token in self.id_of]",
            "unknown words are left out",
        ),
        (ENCODE, ENCODE.replace("tokenize(text)", "text.split()"), "the text is cut at blanks"),
        (ENCODE, "return str(self.id_of)", "expected a list of ids"),
        (ENCODE, "return [1] + tokenize(text)", "holds something that is no id"),
        (IDS, "{word: rank for rank, word in enumerate(words, start=1)}", "these are ranks"),
        (IDS, "{word: rank + 3 for rank, word in enumerate(words)}", "ranks are counted from 1"),
        (IDS, "{word: rank + 2 for rank, word in enumerate(words, start=1)}", "ranks are counted from 1"),
        (SORTED, "sorted(counts, key=lambda word: -counts[word])", "do not stand in alphabetical order"),
        (SORTED, "[word for word, _ in counts.most_common()]", "do not stand in alphabetical order"),
        (SORTED, "sorted(counts, key=lambda word: (counts[word], word))", "the rarest words came first"),
        (
            SORTED,
            "sorted(counts, key=lambda word: (counts[word], word), reverse=True)",
            "reverse=True turns the alphabet too",
        ),
        (
            f"{SORTED}\n        {KEPT}",
            "[w for w, _ in sorted(counts.most_common(num_words - 4), key=lambda pair: (-pair[1], pair[0]))]",
            "sort first, then cut",
        ),
        (
            "counts = Counter(token for text in texts for token in tokenize(text))",
            "counts = Counter(tokenize(texts[-1]))",
            "only the last of the texts",
        ),
        (
            "for token in tokenize(text))",
            "for token in text.split())",
            "the texts are cut at blanks in __init__",
        ),
        (
            None,
            """
class MyVocabulary:
    def __init__(self, texts, num_words):
        counts = Counter(word for text in texts for word in text.split())
        words = sorted(counts, key=lambda word: (-counts[word], word))[: num_words - 4]
        self.id_of = {word: rank + 4 for rank, word in enumerate(words)}

    def encode(self, text):
        return [1] + [self.id_of.get(word, 2) for word in text.split()]

    def decode(self, ids): ...

    def batch(self, texts, maxlen): ...
""",
            "all texts are cut at blanks",
        ),
        (
            "for token in tokenize(text))",
            "for token in set(tokenize(text)))",
            "counted once a text; count every token",
        ),
        (
            DECODE,
            'words = [self.word_of.get(i, i) for i in ids if i != 0][1:]\n        return " ".join(words)',
            "has no start id, so its first id is a word",
        ),
        (
            DECODE,
            'return " ".join(self.word_of[i] for i in list(ids)[3:])',
            "has no start id, so its first id is a word",
        ),
        (SORTED, "sorted(counts)", "the words stand in alphabetical order"),
        (SORTED, "list(counts)", "is [1, "),
        (KEPT, "words = words[:num_words]", "num_words counts ids"),
        (
            KEPT,
            "words = words[: num_words - 3]",
            "expected [1, 4, 2, 6, 2, 2, 5, 7, 2, 2]. The vocabulary is MyVocabulary(['The plot was",
        ),
        (KEPT, "words = words", "all words are known"),
        (
            "self.id_of = {word: rank + 3 for rank, word in enumerate(words, start=1)}",
            "MyVocabulary.id_of = {word: rank + 3 for rank, word in enumerate(words, start=1)}",
            "the ids of a vocabulary made later",
        ),
        (DECODE, 'return "".join(self.word_of[i] for i in ids if i > 1)', "put a space between"),
        (DECODE, 'return "".join(self.word_of[i] + " " for i in ids if i > 1)', "blanks at an end"),
        (DECODE, 'return " ".join(self.word_of.get(i, "[UNK]") for i in ids)', "and not unknown"),
        (
            DECODE,
            'return " ".join((self.word_of | {0: "[PAD]", 1: "[START]"})[i] for i in ids)',
            "padding and the start id are left out of the text.",
        ),
        (DECODE, 'return " ".join(self.word_of[i] for i in ids)', "decode(ids) raised KeyError"),
        (
            DECODE,
            'return " ".join(self.word_of[i] for i in ids if i > 3)',
            "an unknown word is shown as [UNK]",
        ),
        (DECODE, "return [self.word_of[i] for i in ids if i > 1]", "expected one text: join the words"),
        (
            DECODE,
            'return " ".join(self.word_of[i].upper() for i in ids if i > 1)',
            "expected 'the [UNK] bad the'",
        ),
        (PADDED_ROW, "row + [0] * (maxlen - len(row))", "the padding stands behind the text"),
        (CUT_ROW, "self.encode(text)[:maxlen]", "long texts lose their end"),
        (
            "[0] * (maxlen - len(row)) + row for row in rows",
            "(self.encode(text)[:maxlen] + [0] * maxlen)[:maxlen] for text in texts",
            "both belong in front",
        ),
        (CUT_ROW, "[1] + self.encode(text)[1:][1 - maxlen :]", "it is cut off with the beginning"),
        (
            CUT_ROW + " for text in texts]",
            "self.encode(text) for text in texts]\n        maxlen = max(map(len, rows))",
            "to the length of the longest",
        ),
        (
            "np.array([[0] * (maxlen - len(row)) + row for row in rows])",
            "rows",
            "expected one array of shape",
        ),
        (
            "np.array([[0] * (maxlen - len(row)) + row for row in rows])",
            "[[0] * (maxlen - len(row)) + row for row in rows]",
            "a list of rows, expected one array",
        ),
        (
            "np.array([[0] * (maxlen - len(row)) + row for row in rows])",
            "np.array([[0.0] * (maxlen - len(row)) + row for row in rows])",
            "numbers of type float64",
        ),
    ],
    "2.5": [
        ("0.516", "0.86", "no model can know shuffled labels"),
        ("0.516", "51.6", "so 64 % is 0.64"),
        ("0.516", '"0.5"', "expected a number"),
        ("0.516", "...", "Not tried yet: accuracy_of_nonsense"),
        ("0.64", "0.02", "for shuffled labels and the word 'boring'"),
        ("0.04", "0.83", "trained on shuffled labels; it is the last number"),
        *think("b", [("a", "the piles stand here too"), ("c", "learns single"), ("d", "here it does not")]),
    ],
}
