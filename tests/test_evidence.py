"""The rule for "shown": its numbers by hand, and its false alarms by simulation."""

import re

import numpy as np
import pytest
from scipy.special import stdtr
from scipy.stats import ttest_rel

from course_utils.evidence import Comparison, compare

REPEATS = 4_000
# A rate of 5 % over the repeats: three standard deviations of such a share.
SLACK = 3 * np.sqrt(0.05 * 0.95 / REPEATS)


def test_paired_lead_error_and_threshold_by_hand() -> None:
    # Differences 0.1, 0.3, 0.2: mean 0.2, deviation 0.1, error 0.1 / sqrt(3), Student's t 4.303.
    found = compare([0.6, 0.9, 0.7], [0.5, 0.6, 0.5])
    assert found.lead == pytest.approx(0.2)
    assert found.error == pytest.approx(0.1 / np.sqrt(3))
    assert found.needed == pytest.approx(4.3027 * found.error, rel=1e-4)
    assert not found.shown
    assert str(found) == "lead 0.200, error 0.058 (3 seeds): level, shown from 0.248"


def test_agrees_with_the_paired_t_test_of_scipy() -> None:
    rng = np.random.default_rng(0)
    for runs in range(2, 11):
        a, b = rng.normal(0.3, 1, runs), rng.normal(0, 1, runs)
        assert compare(a, b).shown == (ttest_rel(a, b).pvalue < 0.05)
        assert compare(a, b, comparisons=3).shown == (ttest_rel(a, b).pvalue < 0.05 / 3)


def test_two_errors_are_too_few() -> None:
    """The two rates that the module's docstring names."""
    rates = [2 * stdtr(runs - 1, -2) for runs in (2, 3)]
    assert np.round(rates, 2).tolist() == [0.30, 0.18]


def test_order_of_the_seeds_matters_where_runs_are_paired() -> None:
    steady = compare([0.5, 0.6, 0.7], [0.4, 0.5, 0.6])
    assert steady.error == pytest.approx(0)
    assert steady.shown
    assert compare([0.5, 0.6, 0.7], [0.6, 0.5, 0.4]).error > 0


def test_other_numbers_of_runs_are_not_paired() -> None:
    found = compare([0.5, 0.7], [0.1, 0.2, 0.3])
    assert found.error == pytest.approx(np.sqrt(0.02 / 2 + 0.01 / 3))
    assert found.needed == pytest.approx(12.706 * found.error, rel=1e-4)
    assert "(2 and 3 seeds)" in str(found)


def test_a_lead_the_other_way_is_shown_too() -> None:
    found = compare([0.50, 0.51, 0.50], [0.80, 0.80, 0.81])
    assert found.lead < 0
    assert found.shown
    assert "shown, from" in str(found)


def test_equal_scores_are_level() -> None:
    assert compare([0.5, 0.5], [0.5, 0.5]) == Comparison(0.0, 0.0, 0.0, (2, 2), 0.0, 0.0)
    assert not compare([0.5, 0.5], [0.5, 0.5]).shown


def drawn_verdicts(
    rng: np.random.Generator, runs: int, reviews: int, training: float, common: float, own: float
) -> np.ndarray:
    """Verdicts of one model: luck of a run, of a review for every run, and of a run on a review."""
    push = rng.normal(0, training, (runs, 1)) + rng.normal(0, common, (1, reviews))
    return 1 + push + rng.normal(0, own, (runs, reviews)) > 0


@pytest.mark.parametrize("runs", range(2, 11))
@pytest.mark.parametrize("comparisons", [1, 3])
def test_false_alarms_over_seeds(runs: int, comparisons: int) -> None:
    """Equal models: at most 5 % are called different, and hardly fewer (the rule is exact here)."""
    rng = np.random.default_rng([runs, comparisons])
    alarms = [
        any(
            compare(*rng.normal(0.85, 0.01, (2, runs)), comparisons=comparisons).shown
            for _ in range(comparisons)
        )
        for _ in range(REPEATS)
    ]
    assert 0.05 - SLACK - 0.003 < np.mean(alarms) < 0.05 + SLACK


@pytest.mark.parametrize(("runs_a", "runs_b"), [(2, 3), (2, 10), (3, 9), (10, 5)])
@pytest.mark.parametrize("ratio", [0.2, 1, 5])
def test_false_alarms_without_pairs(runs_a: int, runs_b: int, ratio: float) -> None:
    rng = np.random.default_rng([runs_a, runs_b, int(10 * ratio)])
    alarms = [compare(rng.normal(0, ratio, runs_a), rng.normal(0, 1, runs_b)).shown for _ in range(REPEATS)]
    assert np.mean(alarms) < 0.05 + SLACK


@pytest.mark.parametrize("runs", range(2, 11))
@pytest.mark.parametrize(
    ("training", "common", "own"),
    [(0.5, 0.1, 0.5), (0.0, 1.0, 0.5), (0.0, 0.0, 1.0), (0.2, 1.0, 1.0)],
    ids=["trainings differ", "reviews differ", "all luck is in single verdicts", "mixed"],
)
def test_false_alarms_with_verdicts(runs: int, training: float, common: float, own: float) -> None:
    """Every repeat draws other trainings and other reviews; the models are equal."""
    repeats = 1_000
    rng = np.random.default_rng([runs, int(10 * training), int(10 * common)])
    alarms = []
    for _ in range(repeats):
        a, b = (drawn_verdicts(rng, runs, 200, training, common, own) for _ in "ab")
        alarms.append(compare(a.mean(1), b.mean(1), verdicts=(a, b)).shown)
    assert np.mean(alarms) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / repeats)


def test_luck_of_reviews_alone_is_an_error_only_with_verdicts() -> None:
    """Two models that are the same in every run, and differ on some reviews."""
    rng = np.random.default_rng(0)
    a, b = (np.repeat(rng.random((1, 400)) < 0.8, 3, axis=0) for _ in "ab")
    scores = a.mean(1), b.mean(1)
    assert compare(*scores).error == 0
    found = compare(*scores, verdicts=(a, b))
    assert found.error == found.of_reviews
    assert found.of_reviews == pytest.approx(np.std(a[0].astype(float) - b[0], ddof=1) / np.sqrt(400))
    # 400 reviews and not 3 runs: Student's t is 1.97 and not 4.3.
    assert found.needed == pytest.approx(1.966 * found.error, rel=1e-3)


def test_both_sources_are_joined() -> None:
    rng = np.random.default_rng(1)
    a, b = (drawn_verdicts(rng, 3, 400, 0.3, 0.5, 0.3) for _ in "ab")
    found = compare(a.mean(1), b.mean(1), verdicts=(a, b), comparisons=2)
    alone = compare(a.mean(1), b.mean(1), comparisons=2)
    assert (alone.error, alone.of_reviews) == (alone.of_training, 0)
    assert found.of_training == pytest.approx(alone.of_training)
    assert found.of_reviews > 0
    assert found.error == pytest.approx(np.hypot(found.of_training, found.of_reviews))
    # 6.205 and 2.250: Student's t of 2 and of 399 degrees of freedom for half of 5 %.
    by_hand = np.hypot(6.205 * found.of_training, 2.250 * found.of_reviews)
    assert found.needed == pytest.approx(by_hand, rel=1e-3)


@pytest.mark.parametrize("runs", [3, 9])
@pytest.mark.parametrize("paired", [True, False])
def test_the_part_in_both_errors_is_counted_once(runs: int, paired: bool) -> None:
    """All luck in single verdicts: the true error is known, the sum of both would be √2 of it."""
    rng = np.random.default_rng(runs)
    runs_b = runs if paired else runs + 1
    squares = []
    for _ in range(200):
        a, b = (rng.random((n, 400)) < 0.8 for n in (runs, runs_b))
        squares.append(compare(a.mean(1), b.mean(1), verdicts=(a, b)).error ** 2)
    true = 0.8 * 0.2 / 400 * (1 / runs + 1 / runs_b)
    # Whatever is taken off is never taken below nothing, so a little stays.
    assert 0.9 * true < np.mean(squares) < 1.3 * true


@pytest.mark.parametrize(
    ("a", "b", "options", "message"),
    [
        ([0.5], [0.4], {}, "two runs or more"),
        (0.5, 0.4, {}, "two runs or more"),
        ([0.5, np.nan], [0.4, 0.4], {}, "a holds nan: expected finite numbers"),
        ([0.5, 0.5], [0.4, 0.4], {"comparisons": 0}, "comparisons=0"),
        ([0.5, 0.5], [0.4, 0.4], {"comparisons": True}, "comparisons=True"),
        ([0.5, 0.5], [0.5, 0.5], {"verdicts": ([[True, False]] * 2,)}, "1 arrays: expected two"),
        ([0.5, 0.5], [0.5, 0.5], {"verdicts": ([[1, 0]] * 2, [[1, 0]] * 2)}, "type int64"),
        (
            [0.5, 0.5],
            [0.5, 0.5],
            {"verdicts": ([[True, False]], [[True, False]])},
            "expected (2 runs, reviews)",
        ),
        (
            [0.5, 0.9],
            [0.5, 0.5],
            {"verdicts": ([[True, False]] * 2, [[True, False]] * 2)},
            "a says 0.900 for run 1",
        ),
        (
            [0.5, 0.5],
            [0.5, 0.5],
            {"verdicts": ([[True, False]] * 2, [[True, False] * 2] * 2)},
            "2 and 4 reviews",
        ),
    ],
)
def test_errors_say_what_is_wrong(a: object, b: object, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        compare(a, b, **options)  # type: ignore[arg-type]
