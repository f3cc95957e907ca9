"""The best net of the course, ready to read: from its file, or trained where the file is missing.

    print(load_best().answer("A fine film."))

The file best_model.npz holds one of the nets that stand on the scoreboard as "best", trained on the
official training half, with its track record on reviews of the official test half.
`python -m tools.train_best` trains it anew.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from course_utils.data import Reviews, cache_folder, load_reviews
from course_utils.files import SHIPPED
from course_utils.reading import Reader, TrackRecord
from course_utils.sources import read_snippets
from course_utils.systems import SYSTEMS, System

FILE = SHIPPED / "best_model.npz"
RECORDED = 5_000  # test reviews in the track record
SHORT = 50  # ids: up to this length a text is compared with single sentences


def load_best(file: Path = FILE, verbose: bool = True) -> Reader:
    """Return the best net; where its file is missing or damaged, train a smaller one, about a minute.

    The smaller one learns from the course's own reviews and is kept in the cache folder.
    """
    kept = cache_folder() / "smaller_best_model.npz"
    for place in (file, kept):
        try:
            reader = Reader.load(place)
        except (FileNotFoundError, ValueError) as error:
            if verbose:
                print(error)
            continue
        if verbose:
            print(f"{place.name}: {describe(reader)}")
        return reader
    if verbose:
        print(f"A smaller net is trained now; git checkout, or a new installation, brings {file.name} back.")
    system = SYSTEMS["gru-vectors"]
    assert isinstance(system, System)
    reviews = load_reviews(num_words=system.num_words)
    reader = train_reader(system, reviews, reviews, verbose=verbose)
    try:
        write(reader, kept)
    except OSError as error:
        if verbose:
            print(f"It could not be kept for the next time: {error}")
    return reader


def describe(reader: Reader) -> str:
    """Return in one line what a reader holds."""
    numbers = sum(weight.size for weight in getattr(reader.model, "weights", []))
    record = reader.records[-1]
    right = float(np.mean((record.logits > 0) == (record.labels == 1)))
    return (
        f"{numbers:,} weights, {len(reader.vocabulary.words):,} words; "
        f"right on {right:.1%} of {len(record.labels):,} reviews it was not trained on"
    )


def train_reader(system: System, reviews: Reviews, held_out: Reviews, verbose: bool = True) -> Reader:
    """Train one net on `reviews`; its track records are what it says of texts it was not trained on.

    The first is of single sentences and speaks for short texts, the second of the test part of `held_out`.
    """
    model, _ = system.fit(reviews, seed=0, verbose=verbose)
    some = np.random.default_rng(0).permutation(len(held_out.test))[:RECORDED]
    ids = system.cut(held_out.test)
    record = TrackRecord(model.predict([ids[i] for i in some])[:, 0], held_out.test.labels[some])
    reader = Reader(model, reviews.vocabulary, system.maxlen, (record,))
    return replace(reader, records=(of_sentences(reader), record))


def of_sentences(reader: Reader) -> TrackRecord:
    """Return what a reader says of the critics' sentences: whole reviews promise too much for short texts."""
    texts, labels = read_snippets()
    return TrackRecord(reader.model.predict([reader.ids(text) for text in texts])[:, 0], labels, SHORT)


def write(reader: Reader, file: Path) -> None:
    """Write a reader; whoever opens the file sees the old one or the new one, never half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    reader.save(file, dtype="float16")
