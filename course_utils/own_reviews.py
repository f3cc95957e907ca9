"""Your own reviews from a CSV file: ``read_reviews(path)`` reads it with care, and says what it left out.

A table of reviews comes from a spreadsheet, a web shop or a colleague. It has two columns, a text and
a label, and is seldom clean. What is read:

* encodings: UTF-8 with or without a mark in front, UTF-16 with a mark, and Windows-1252, which older
  spreadsheets write. The first three prove themselves. Windows-1252 cannot: nearly every string of
  bytes is valid in it. So it is what is left over, it is called a guess, and a file whose letters
  look like no Western language is refused;
* a comma, a semicolon or a tab between the cells;
* labels as words (positive, negative, neutral), as 0 and 1, or as stars from 1 to 5 or from 1 to 10.
  One kind for the whole column;
* rows without a text, and reviews in the middle of the scale, are left out and counted.

Everything else is an error that names the file and the row, counted as a spreadsheet counts: the
header is row 1.
"""

import csv
import io
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from course_utils.sources import DataError

__all__ = ["OwnReviews", "read_reviews"]

Kind = Literal["words", "0/1", "stars 1-5", "stars 1-10"]

MOST_BYTES = 64 << 20
LONGEST_CELL = 1 << 20  # characters: a quote that is never closed swallows the rest of the file
TEXT_NAMES = ("text", "review", "reviews", "comment", "content", "body")
LABEL_NAMES = ("label", "sentiment", "stars", "rating", "score", "class")
WORDS = {
    **dict.fromkeys(("positive", "pos", "good"), 1),
    **dict.fromkeys(("negative", "neg", "bad"), 0),
    "neutral": None,
}
# Up to the first, a review is negative; from the second on, positive; between them, neutral. The cut of
# ten stars is that of the course's reviews (Maas et al., 2011).
CUTS: dict[str, tuple[float, float]] = {"stars 1-5": (2, 4), "stars 1-10": (4, 7)}
MOST_FOREIGN = 0.3  # of all letters outside a to z: Czech and French stay below, Cyrillic has nearly all


@dataclass(frozen=True)
class OwnReviews:
    """What a file holds: row i of texts, labels and rows belongs to the same review.

    ``print`` says in three lines what was read, how it was understood and what was left out.
    """

    texts: list[str]
    labels: NDArray[np.int8]  # (reviews,), 1 = positive, 0 = negative
    rows: list[int]  # as a spreadsheet numbers them
    encoding: str
    kind: Kind  # how the labels were understood
    left_out: dict[str, int]  # reason: rows

    def __len__(self) -> int:
        return len(self.texts)

    def __str__(self) -> str:
        out = ", ".join(f"{count} {reason}" for reason, count in self.left_out.items()) or "none"
        positive = int(self.labels.sum())
        return (
            f"{len(self):,} reviews: {positive:,} positive, {len(self) - positive:,} negative\n"
            f"encoding: {self.encoding}; labels: {self.kind}\n"
            f"rows left out: {out}"
        )


def read_reviews(
    path: str | os.PathLike[str],
    *,
    columns: tuple[str, str] | None = None,
    kind: Kind | None = None,
    encoding: str | None = None,
) -> OwnReviews:
    """Read texts and labels from a CSV file.

    Args:
        path: the file. Its first row names the columns.
        columns: names of the column of texts and of the column of labels. Without it they are
            found by name (text, review …; label, stars …), in upper or lower case.
        kind: what the labels mean. Without it the column itself says it; numbers up to 5 are taken
            for stars from 1 to 5, so say ``kind="stars 1-10"`` if nobody gave more than five of ten.
        encoding: a name that Python knows, such as "cp1251", where the file's own is none of those
            that are tried.

    Returns an ``OwnReviews``. Raises DataError, with file, row and what to do, for a file that is
    missing or cannot be understood.
    """
    name = Path(path).name
    try:
        content, found_encoding = _decode(_read(Path(path)), encoding)
        header, records = _table(content)
        text_at, label_at = _columns(header, columns)
        filled: list[tuple[int, str, str]] = []
        left_out: Counter[str] = Counter()
        for row, cells in records:
            if not any(cell.strip() for cell in cells):
                left_out["empty"] += 1
                continue
            if len(cells) != len(header):
                raise DataError(
                    f"row {row} has {len(cells)} cells, expected {len(header)}, as in the header. "
                    "A text that holds the separator needs quotation marks around it"
                )
            text, label = cells[text_at].strip(), cells[label_at].strip()
            if not text:
                left_out["without a text"] += 1
            elif not label:
                raise DataError(
                    f"row {row} has a text and no label in the column {header[label_at]!r}. "
                    "Write one, or delete the row"
                )
            else:
                filled.append((row, text, label))
        if not filled:
            raise DataError(f"it holds no review: expected rows with a text in {header[text_at]!r}")
        chosen = kind or _kind(filled)
        texts, labels, rows = [], [], []
        for row, text, label in filled:
            value = _value(row, label, chosen)
            if value is None:
                left_out["neutral"] += 1
                continue
            texts.append(text)
            labels.append(value)
            rows.append(row)
        if not texts:
            raise DataError(f"all {left_out['neutral']} reviews are neutral: nothing is left to judge")
    except DataError as error:
        raise DataError(f"{name}: {error}.") from None
    return OwnReviews(texts, np.array(labels, np.int8), rows, found_encoding, chosen, dict(left_out))


def _read(path: Path) -> bytes:
    if not path.exists():
        raise DataError(
            f"there is no such file in {path.parent.resolve()}. Expected a CSV file; check name and folder"
        )
    if not path.is_file():
        raise DataError("it is no ordinary file; expected a CSV file")
    if (size := path.stat().st_size) > MOST_BYTES:
        raise DataError(f"it has {size:,} bytes, expected at most {MOST_BYTES:,}. Cut it into several files")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"it cannot be read ({error.strerror}); is it open in another program?") from None
    if content.startswith((b"PK\3\4", b"\xd0\xcf\x11\xe0")):
        raise DataError(
            "it is a workbook or an archive, not a CSV file. In the spreadsheet: save as CSV UTF-8"
        )
    if not content.strip():
        raise DataError("it is empty; expected a header and rows with a text and a label")
    return content


def _decode(content: bytes, encoding: str | None) -> tuple[str, str]:
    """Return the text of a file and how it was encoded."""
    if encoding is not None:
        try:
            return content.decode(encoding), f"{encoding} (as you said)"
        except (UnicodeError, LookupError) as error:
            raise DataError(f"it cannot be read as {encoding!r} ({error}). Name another encoding") from None
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return content.decode("utf-16"), "UTF-16"
        except UnicodeDecodeError:
            raise DataError("it begins like UTF-16 and is not. Save it again as CSV UTF-8") from None
    if b"\0" in content:
        raise DataError(
            f"row {_row_at(content, content.index(0))} holds a zero byte, which no text has "
            "(UTF-16 without a mark, or no text at all?). Save it again as CSV UTF-8"
        )
    marked = content.startswith(b"\xef\xbb\xbf")
    try:
        return content.decode("utf-8-sig"), "UTF-8 with a mark" if marked else "UTF-8"
    except UnicodeDecodeError as error:
        bad = error.start + 3 * marked
    readable = content.decode("utf-8", errors="ignore")
    good = sum(ord(letter) > 127 for letter in readable)
    bytes_of_good = len(readable.encode()) - len(readable) + good
    lost = sum(byte > 127 for byte in content) - bytes_of_good
    if marked or good > lost:
        raise DataError(
            f"row {_row_at(content, bad)} holds bytes that are no UTF-8, as the rest of the file is: it was "
            "cut, or put together from two files. Save it again as CSV UTF-8"
        )
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError as error:
        raise DataError(
            f"row {_row_at(content, error.start)} holds bytes that are neither UTF-8 nor Windows-1252. "
            'Save it again as CSV UTF-8, or name its encoding: encoding="cp1251"'
        ) from None
    letters = [letter for letter in text if letter.isalpha()]
    if sum(letter > "\x7f" for letter in letters) > MOST_FOREIGN * len(letters):
        raise DataError(
            f"row {_row_at(content, bad)} holds bytes that are no UTF-8, and as Windows-1252 the file would "
            "read like no Western language. Save it again as CSV UTF-8, or name its encoding: "
            'encoding="cp1251" for Cyrillic, "cp1253" for Greek'
        )
    return text, "Windows-1252 (a guess: it is not UTF-8)"


def _row_at(content: bytes, place: int) -> int:
    """Row of a byte, where no cell holds a line break; else a little too high."""
    return len(re.findall(rb"\r\n|\r|\n", content[:place])) + 1


def _table(content: str) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """Return the header, and the rows with their numbers."""
    first = content.lstrip("\r\n").splitlines()[0]
    separator = max(",;\t", key=first.count)
    rows = _rows(content, separator)
    for _, cells in rows:
        if any(cell.strip() for cell in cells):
            return [cell.strip() for cell in cells], rows
    raise DataError("it holds separators and nothing else; expected a header and rows")


def _rows(content: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    limit = csv.field_size_limit(LONGEST_CELL)
    row = 0
    try:
        # newline="": a line break inside quotation marks stays as it is
        for cells in csv.reader(io.StringIO(content, newline=""), delimiter=separator, strict=True):
            row += 1
            yield row, cells
    except csv.Error as error:
        raise DataError(
            f"row {row + 1} is no row of a CSV file ({error}): is a quotation mark open, or not doubled "
            'inside a text? Write "" for " within quotation marks'
        ) from None
    finally:
        csv.field_size_limit(limit)


def _columns(header: Sequence[str], columns: tuple[str, str] | None) -> tuple[int, int]:
    """Return which cells hold the text and the label."""
    places = []
    for what, known, wanted in zip(
        ("texts", "labels"), (TEXT_NAMES, LABEL_NAMES), columns or (None, None), strict=True
    ):
        names = known if wanted is None else (wanted.lower(),)
        found = [i for i, name in enumerate(header) if name.lower() in names]
        if len(found) != 1:
            raise DataError(
                f"row 1, the header, names {', '.join(map(repr, header))}: {len(found) or 'none'} of them "
                f"could be the column of {what}, expected one called {' or '.join(names)}. Rename it or give "
                'columns=("name of the texts", "name of the labels")'
            )
        places.append(found[0])
    return places[0], places[1]


def _number(label: str) -> float | None:
    """Return a label as a number: 4, 3.5 and 3,5 are; None for what is none."""
    return float(label.replace(",", ".")) if re.fullmatch(r"\d{1,3}([.,]\d{1,3})?", label) else None


def _kind(filled: Sequence[tuple[int, str, str]]) -> Kind:
    """Return what the labels of a column mean, from all of them together."""
    if _number(filled[0][2]) is None:
        return "words"
    for row, _, label in filled:
        if _number(label) is None:
            raise DataError(
                f"row {row} has the label {label[:40]!r}: expected a number, as the first label is one. "
                "Mend the row"
            )
    numbers = {_number(label) for _, _, label in filled}
    if numbers == {1.0}:
        raise DataError(
            "all labels are 1: that may be the 1 of 0 and 1, or one star. "
            'Say which: kind="0/1", kind="stars 1-5" or kind="stars 1-10"'
        )
    if numbers <= {0.0, 1.0}:
        return "0/1"
    return "stars 1-5" if all(n is not None and n <= 5 for n in numbers) else "stars 1-10"


def _value(row: int, label: str, kind: Kind) -> int | None:
    """Return 1 for positive, 0 for negative, None for neutral."""
    if kind == "words":
        if label.lower() in WORDS:
            return WORDS[label.lower()]
        expected = "positive, negative or neutral, as the first label is a word"
    elif kind == "0/1":
        if label in {"0", "1", "0.0", "1.0"}:
            return int(float(label))
        expected = "0 or 1"
    elif kind in CUTS:
        most = int(kind.rpartition("-")[2])
        number, (low, high) = _number(label), CUTS[kind]
        if number is not None and 1 <= number <= most:
            return 0 if number <= low else 1 if number >= high else None
        expected = f"a number of stars from 1 to {most}"
    else:
        raise DataError(f"kind={kind!r}: expected one of 'words', '0/1', {', '.join(map(repr, CUTS))}")
    raise DataError(
        f"row {row} has the label {label[:40]!r}: expected {expected}. Mend the row, or say what the labels "
        "mean with kind="
    )
