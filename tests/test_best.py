"""The best net comes from its file, and from training where the file is missing or damaged."""

import dataclasses

import numpy as np
import pytest

from course_utils import best
from course_utils.data import load_reviews
from course_utils.layers import GRU, Bidirectional, Dense, Embedding, GlobalMaxPooling1D
from course_utils.reading import Reader
from course_utils.systems import SYSTEMS, System
from tools import train_best

WORDS = 300
SMALL = System(
    "a small net",
    lesson=13,
    layers=lambda: [
        Embedding(WORDS, 4, mask_zero=True),
        Bidirectional(GRU(2, return_sequences=True)),
        GlobalMaxPooling1D(),
        Dense(1),
    ],
    maxlen=20,
    epochs=1,
    batch_size=64,
    learning_rate=1e-3,
    num_words=WORDS,
    vectors=0.3,
)


@pytest.fixture(scope="module")
def few(shared_cache):
    """300 reviews of each part."""
    reviews = load_reviews(num_words=WORDS, cache=shared_cache)
    cut = {
        name: dataclasses.replace(
            part, ids=part.ids[:300], labels=part.labels[:300], rows=part.rows[:300], texts=None
        )
        for name in ("train", "validation", "test")
        for part in [getattr(reviews, name)]
    }
    return dataclasses.replace(reviews, **cut)


@pytest.fixture
def small(monkeypatch, tmp_path, few):
    """The net that is trained instead is small, reads few reviews, and is kept in a folder of this test."""
    monkeypatch.setitem(SYSTEMS, "gru-vectors", SMALL)
    monkeypatch.setattr(best, "load_reviews", lambda *a, **k: few)
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_the_file_of_the_course_reads_reviews():
    reader = best.load_best(verbose=False)
    assert len(reader.records[-1].labels) == best.RECORDED
    short, record = reader.records
    assert (short.longest, len(short.labels)) == (best.SHORT, 8_530)
    right = (record.logits > 0) == (record.labels == 1)
    assert right.mean() > 0.907
    for text, positive in [
        ("This is one of the best films I have ever seen, a wonderful story and great actors.", True),
        ("What a waste of time. The plot is dull and the acting is awful.", False),
    ]:
        answer = reader.answer(text)
        assert (answer.logit > 0) == positive
        assert answer.interval[0] > 0.8


def test_the_file_holds_the_recipe_of_the_scoreboard():
    """The shapes of the weights are those of the system."""
    reader, system = best.load_best(verbose=False), SYSTEMS["best-one"]
    assert reader.maxlen == system.maxlen
    assert len(reader.vocabulary) == system.num_words
    shapes = []
    y, mask = np.array([[4]]), None
    for layer in system.layers():
        y, mask = layer.forward(y, mask), layer.compute_mask(y, mask)
        shapes += [weight.shape for weight in layer.weights]
    assert [weight.shape for weight in reader.model.weights] == shapes


def test_one_flipped_bit_is_refused_as_every_damage_is(tmp_path):
    content = bytearray(best.FILE.read_bytes())
    content[200_136] ^= 1
    (tmp_path / "best_model.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"best_model\.npz is damaged"):
        Reader.load(tmp_path / "best_model.npz")


@pytest.mark.parametrize("damage", [None, b"PK\x03\x04 cut off"])
def test_without_the_file_a_smaller_net_is_trained_once(small, capsys, damage):
    file = small / "best_model.npz"
    if damage is not None:
        file.write_bytes(damage)
    first = best.load_best(file)
    shown = capsys.readouterr().out
    assert "best_model.npz is not there" in shown or "best_model.npz is damaged" in shown
    assert (
        "A smaller net is trained now; git checkout, or a new installation, brings best_model.npz back."
        in shown
    )
    again = best.load_best(file)
    assert "smaller_best_model.npz: " in capsys.readouterr().out
    text = "a good film with a bad end"
    assert abs(first.answer(text).logit - again.answer(text).logit) < 0.01  # three digits are kept
    assert sorted(path.name for path in (small / "cache").iterdir()) == ["smaller_best_model.npz"]
    if damage is not None:
        assert file.read_bytes() == damage


def test_a_cache_that_cannot_be_written_costs_nothing(small, monkeypatch, capsys):
    (small / "file").write_text("")
    monkeypatch.setenv("COURSE_CACHE", str(small / "file" / "folder"))
    assert isinstance(best.load_best(small / "none.npz"), Reader)
    assert "It could not be kept for the next time" in capsys.readouterr().out


def test_training_writes_the_file(small, monkeypatch, capsys):
    monkeypatch.setattr(train_best, "FILE", small / "best_model.npz")
    monkeypatch.setattr(train_best, "load_reviews", best.load_reviews)
    monkeypatch.setitem(SYSTEMS, "best-one", SMALL)
    assert train_best.main() == 0
    assert "best_model.npz: " in capsys.readouterr().out
    assert Reader.load(small / "best_model.npz").maxlen == SMALL.maxlen
