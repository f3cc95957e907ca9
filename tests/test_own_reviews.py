"""The loader of a student's own file: what it reads, what it leaves out, and what it says."""

import csv

import numpy as np
import pytest

from course_utils.own_reviews import read_reviews
from course_utils.sources import DataError


@pytest.fixture
def file(tmp_path):
    def write(content, encoding="utf-8"):
        path = tmp_path / "mine.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write


CAFE = "text,label\nCafé “naïve” – très bien,positive\nbad,negative\n"


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8 with a mark"),
        ("utf-16", "UTF-16"),
        ("cp1252", "Windows-1252 (a guess: it is not UTF-8)"),
    ],
)
def test_encodings_give_the_same_texts(file, encoding, said):
    mine = read_reviews(file(CAFE, encoding))
    assert mine.texts == ["Café “naïve” – très bien", "bad"]
    assert mine.labels.tolist() == [1, 0]
    assert mine.rows == [2, 3]
    assert mine.encoding == said


def test_a_named_encoding_is_taken(file):
    mine = read_reviews(file("text,label\nХороший фильм,1\nПлохо,0\n", "cp1251"), encoding="cp1251")
    assert mine.texts == ["Хороший фильм", "Плохо"]


@pytest.mark.parametrize(
    ("labels", "kind", "values", "left_out"),
    [
        (["positive", "Negative", " POS ", "neutral"], "words", [1, 0, 1], {"neutral": 1}),
        (["0", "1", "1"], "0/1", [0, 1, 1], {}),
        (["1", "2", "3", "4", "5"], "stars 1-5", [0, 0, 1, 1], {"neutral": 1}),
        (["1", "4", "5", "6", "7", "10"], "stars 1-10", [0, 0, 1, 1], {"neutral": 2}),
        (["2.5", "3,5", "4"], "stars 1-5", [1], {"neutral": 2}),
    ],
)
def test_kinds_of_labels(file, labels, kind, values, left_out):
    rows = "\n".join(f'a film;"{label}"' for label in labels)
    mine = read_reviews(file(f"Review;Stars\n{rows}\n"))
    assert (mine.kind, mine.labels.tolist(), mine.left_out) == (kind, values, left_out)
    assert mine.labels.dtype == np.int8


def test_the_kind_can_be_said(file):
    path = file("text,stars\na,1\nb,5\nc,4\n")
    assert read_reviews(path).labels.tolist() == [0, 1, 1]
    assert read_reviews(path, kind="stars 1-10").labels.tolist() == [0, 0]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_line_breaks_and_empty_rows(file, separator):
    content = '\r\nid|text|label\r\n1|"one{0} two\r\nthree ""four"""|1\r\n\r\n||\r\n2|  |1\r\n3|no|0\r\n'
    mine = read_reviews(file(content.replace("|", separator).format(separator)))
    assert mine.texts == [f'one{separator} two\r\nthree "four"', "no"]
    assert mine.rows == [3, 7]
    assert mine.left_out == {"empty": 2, "without a text": 1}
    assert "rows left out: 2 empty, 1 without a text" in str(mine)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b" \n\n", "it is empty"),
        (b"PK\3\4...", "save as CSV UTF-8"),
        ("text,label\n", "it holds no review"),
        (",,\n,,\n", "separators and nothing else"),
        ("id,what\n1,2\n", "expected one called text or review"),
        ("text,review,label\na,b,1\n", "2 of them could be the column of texts"),
        ("text,label\ngood, but long,1\n", "row 2 has 3 cells, expected 2"),
        ("text,label\nfine,1\nwell\n", "row 3 has 1 cells, expected 2"),
        ("text,label\nfine,1\nwell,\n", "row 3 has a text and no label"),
        ('text,label\nfine,1\n"never closed,0\n', "row 3 is no row of a CSV file"),
        ("text,label\nfine,1\nwell,0\nodd,maybe\n", "row 4 has the label 'maybe': expected a number"),
        ("text,label\nfine,positive\nodd,1\n", "row 3 has the label '1': expected positive"),
        ("text,stars\nfine,7\nodd,11\n", "row 3 has the label '11': expected a number of stars from 1 to 10"),
        ("text,stars\nfine,4\nodd,0\n", "row 3 has the label '0': expected a number of stars from 1 to 5"),
        ("text,label\na,1\nb,1\n", "all labels are 1"),
        ("text,stars\na,3\nb,3\n", "all 2 reviews are neutral"),
        (b"text,label\na,1\nb\0,0\n", "row 3 holds a zero byte"),
        (
            "text,label\ncafé naïve,1\nélan,0\n".encode() + b"d\xe9j\xe0,1\n",
            "row 4 holds bytes that are no UTF-8",
        ),
        (b"\xef\xbb\xbftext,label\nd\xe9j,1\n", "row 2 holds bytes that are no UTF-8"),
        (b"text,label\nok,1\n\x81\x8d,0\n", "row 3 holds bytes that are neither UTF-8 nor Windows-1252"),
        ("text,label\nХороший фильм,1\n".encode("cp1251"), "no Western language"),
        (b"\xff\xfea", "begins like UTF-16"),
    ],
)
def test_errors_name_the_file_the_row_and_what_to_do(file, content, reason):
    with pytest.raises(DataError) as error:
        read_reviews(file(content))
    assert str(error.value).startswith("mine.csv: ")
    assert reason in str(error.value)


def test_other_errors(file, tmp_path):
    with pytest.raises(DataError, match="there is no such file"):
        read_reviews(tmp_path / "other.csv")
    with pytest.raises(DataError, match="no ordinary file"):
        read_reviews(tmp_path)
    path = file("text,label\na,1\nb,0\n")
    with pytest.raises(DataError, match="expected one called words"):
        read_reviews(path, columns=("Words", "label"))
    with pytest.raises(DataError, match="kind='stars'"):
        read_reviews(path, kind="stars")
    for encoding in ("ascii8", "utf-16"):
        with pytest.raises(DataError, match=encoding):
            read_reviews(path, encoding=encoding)


def test_other_columns_and_the_limit_of_csv_stay(file):
    before = csv.field_size_limit()
    long = "word " * 40_000  # longer than the limit of Python's csv
    mine = read_reviews(file(f"Words,Text\n{long},1\nb,0\n"), columns=("words", "TEXT"))
    assert len(mine) == 2
    assert csv.field_size_limit() == before
