"""The minimal pairs: every pair keeps the promise of its columns."""

import csv
import re
from collections import Counter

import pytest

from course_utils.data import load_reviews
from course_utils.files import course_file
from course_utils.text import tokenize
from tools import ROOT

KINDS = {"negation", "contrast", "intensifier", "irony", "comparison"}

with open(course_file("minimal_pairs.csv"), newline="", encoding="utf-8") as file:
    PAIRS = list(csv.DictReader(file))


def number(pair):
    return pair["pair"]


def test_there_are_enough_of_each_kind():
    assert len(PAIRS) >= 120
    counts = Counter(pair["kind"] for pair in PAIRS)
    assert set(counts) == KINDS
    assert min(counts.values()) >= 15
    assert max(counts.values()) <= 2 * min(counts.values())


def test_the_readme_gives_the_count():
    assert f"| {len(PAIRS)} pairs" in (ROOT / "data" / "README.md").read_text(encoding="utf-8")


def test_the_deciding_clause_comes_first_about_as_often_as_last():
    """Else "the last clause wins" would look like understanding."""
    contrast = [pair["positive"] for pair in PAIRS if pair["kind"] == "contrast"]
    first = [text for text in contrast if re.search(" (although|though|despite) ", text)]
    last = [text for text in contrast if re.search(" but |^(Although|Though|Despite) ", text)]
    assert sorted(first + last) == sorted(contrast)
    assert len(first) >= 25
    readme = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    assert f"In {len(last)}\nof them the deciding clause comes last" in readme
    assert f"in {len(first)} it comes first" in readme


def test_every_row_is_whole_and_numbered():
    assert [pair["pair"] for pair in PAIRS] == [str(i) for i in range(1, len(PAIRS) + 1)]
    assert all(set(pair) == {"pair", "kind", "change", "positive", "negative"} for pair in PAIRS)
    assert {pair["change"] for pair in PAIRS} == {"word", "order"}


@pytest.mark.parametrize("pair", PAIRS, ids=number)
def test_pair_differs_in_one_word_or_in_order(pair):
    first, second = tokenize(pair["positive"]), tokenize(pair["negative"])
    assert len(first) == len(second) <= 20
    if pair["change"] == "word":
        assert sum(a != b for a, b in zip(first, second, strict=True)) == 1
    else:
        assert Counter(first) == Counter(second)
        assert first != second


def test_no_sentence_stands_there_twice():
    sentences = Counter(tuple(tokenize(pair[side])) for pair in PAIRS for side in ("positive", "negative"))
    assert [" ".join(words) for words, count in sentences.items() if count > 1] == []


def test_the_reviews_know_the_words():
    vocabulary = load_reviews(num_words=10_000).vocabulary
    words = {word for pair in PAIRS for side in ("positive", "negative") for word in tokenize(pair[side])}
    assert {word for word in words if word not in vocabulary} == set()


def test_sentences_read_as_sentences():
    for pair in PAIRS:
        for side in ("positive", "negative"):
            assert pair[side][0].isupper()
            assert pair[side].endswith(".")
            assert pair[side] == pair[side].strip()
