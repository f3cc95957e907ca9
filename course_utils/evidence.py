"""When one model may be called better than another: the one rule that every lesson uses.

Scores move by luck, from two sources. Each *training* starts at other weights and sees the
batches in another order: run it again with another seed, and the score is another one. And the
*reviews* that score it are a sample: other 2,500 reviews would have given another score.

``compare`` puts the lead of one model beside its error. A lead is *shown* when it is larger than
Student's t times that error: 12.7 errors with two runs, 4.3 with three, 3.2 with four, because a
spread that is judged from few runs is itself uncertain. A rule such as "more than two errors"
calls equal models different in 30 of 100 cases with two seeds, and in 18 with three. The reviews'
share of the error is judged from many reviews, and gets Student's t of theirs, which is 2.0.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

__all__ = ["FALSE_ALARMS", "Comparison", "compare"]

FALSE_ALARMS = 0.05  # how often equal models may be called different, over all comparisons together
ROUNDED = 0.001  # scores may be given with three digits; their verdicts must agree within that


@dataclass(frozen=True)
class Comparison:
    """What a comparison of two models found; print it for one line.

    ``lead``: mean score of the first minus mean score of the second. ``error``: the standard
    error of that lead, the root of the squares of its two sources: ``of_training``, the spread over
    the runs, and ``of_reviews``, what the choice of the reviews adds (0 without verdicts).
    ``needed``: the size from which a lead counts as shown. ``runs``: how many runs each of the two
    has.
    """

    lead: float
    error: float
    needed: float
    runs: tuple[int, int]
    of_training: float
    of_reviews: float

    @property
    def shown(self) -> bool:
        """Whether the lead, in either direction, is larger than luck makes it."""
        return abs(self.lead) > self.needed

    def __str__(self) -> str:
        """Such as ``lead 0.012, error 0.006 (3 seeds): level, shown from 0.026``."""
        runs = f"{self.runs[0]}" if self.runs[0] == self.runs[1] else f"{self.runs[0]} and {self.runs[1]}"
        verdict = "shown," if self.shown else "level, shown"
        return (
            f"lead {self.lead:.3f}, error {self.error:.3f} ({runs} seeds): {verdict} from {self.needed:.3f}"
        )


def compare(
    a: ArrayLike,
    b: ArrayLike,
    *,
    verdicts: tuple[ArrayLike, ArrayLike] | None = None,
    comparisons: int = 1,
) -> Comparison:
    """Compare the scores of two models.

    Args:
        a: scores of the first model, one a run (seed), shape (runs,); two runs or more.
        b: scores of the second. As many runs as ``a`` are paired, place by place: give them in
            the same order of seeds. Another number of runs is compared without pairs.
        verdicts: which verdicts were right, for the first and for the second model: two arrays of
            True and False, shape (runs, reviews), the same reviews in the same order. With them
            the error counts the luck of the reviews as well; without them the answer holds for
            these reviews only.
        comparisons: how many comparisons are made. The 5 % are shared out over them (Bonferroni);
            the best of four compared with the fifth is four comparisons.

    The error without verdicts is the standard error over the runs: the standard deviation of the
    differences over the square root of their number, or, without pairs, the root of the sum of both
    squared errors. Student's t then has runs − 1 degrees of freedom (of the model with fewer runs).

    With verdicts there are two sources, and adding both errors would count a part twice. Call a
    difference on one review in one run d. Its mean over the *reviews* of a run moves from run to
    run because trainings differ, and because each run is lucky on other reviews. Its mean over the
    *runs* moves from review to review because the models differ there in every run, and once more
    because each run is lucky on other reviews. That last part is in both. It is measured by
    what is left of d without the means of its run and of its review, and taken off once, from the
    error by reviews (analysis of variance with two random factors).

    Each source then has a t of its own, runs − 1 and reviews − 1 degrees of freedom, and
    ``needed`` is the root of the squares of both products (Banerjee, 1960, "Approximate confidence
    interval for linear functions of means of k populations when the population variances are not
    equal": never more false alarms than asked for). Without verdicts it is t times the error.

    Returns a ``Comparison``. Raises ValueError for fewer than two runs, for values that are no
    finite numbers, and for verdicts that do not fit the scores.

    >>> print(compare([0.860, 0.850, 0.855], [0.840, 0.846, 0.843]))
    lead 0.012, error 0.005 (3 seeds): level, shown from 0.020
    """
    if isinstance(comparisons, bool) or not isinstance(comparisons, int) or comparisons < 1:
        raise ValueError(f"comparisons={comparisons!r}: expected a whole number, 1 or more")
    scores = [_scores(name, values) for name, values in (("a", a), ("b", b))]
    paired = len(scores[0]) == len(scores[1])
    fewest = min(len(x) for x in scores)
    if verdicts is None:
        of_training = float(np.sqrt(sum(x.var(ddof=1) / len(x) for x in _differences(scores, paired))))
        of_reviews = needed_for_reviews = 0.0
    else:
        parts = _differences(_right(verdicts, scores), paired)
        of_training, of_reviews = _two_sources(parts)
        needed_for_reviews = _student(parts[0].shape[1], comparisons) * of_reviews
    return Comparison(
        lead=float(scores[0].mean() - scores[1].mean()),
        error=float(np.hypot(of_training, of_reviews)),
        needed=float(np.hypot(_student(fewest, comparisons) * of_training, needed_for_reviews)),
        runs=(len(scores[0]), len(scores[1])),
        of_training=of_training,
        of_reviews=of_reviews,
    )


def _student(count: int, comparisons: int) -> float:
    """Student's t, two-sided, for a spread that is judged from ``count`` values."""
    return float(stdtrit(count - 1, 1 - FALSE_ALARMS / (2 * comparisons)))


def _differences(arrays: Sequence[NDArray[np.float64]], paired: bool) -> list[NDArray[np.float64]]:
    """One array of differences run by run, or both arrays with opposite signs."""
    return [arrays[0] - arrays[1]] if paired else [arrays[0], -arrays[1]]


def _two_sources(parts: Sequence[NDArray[np.float64]]) -> tuple[float, float]:
    """Error by the runs, and what the reviews add to it; each part has shape (runs, reviews)."""
    reviews = parts[0].shape[1]
    by_runs = sum(part.mean(axis=1).var(ddof=1) / len(part) for part in parts)
    by_reviews = sum(part.mean(axis=0) for part in parts).var(ddof=1) / reviews
    in_both = 0.0
    for part in parts:
        rest = part - part.mean(axis=1, keepdims=True) - part.mean(axis=0) + part.mean()
        in_both += np.sum(rest**2) / ((len(part) - 1) * (reviews - 1)) / part.size
    return float(np.sqrt(by_runs)), float(np.sqrt(max(0.0, by_reviews - in_both)))


def _scores(name: str, values: ArrayLike) -> NDArray[np.float64]:
    scores = np.asarray(values, dtype=np.float64)
    if scores.ndim != 1 or len(scores) < 2:
        raise ValueError(
            f"{name} has shape {scores.shape}: expected (runs,) with two runs or more; "
            "one run has no spread, so train with another seed"
        )
    if not np.isfinite(scores).all():
        raise ValueError(f"{name} holds {scores[~np.isfinite(scores)][0]}: expected finite numbers")
    return scores


def _right(
    verdicts: tuple[ArrayLike, ArrayLike], scores: Sequence[NDArray[np.float64]]
) -> list[NDArray[np.float64]]:
    """Check the verdicts against the scores; return them as 0.0 and 1.0."""
    if len(verdicts) != 2:
        raise ValueError(f"verdicts holds {len(verdicts)} arrays: expected two, one a model")
    right = []
    for name, given, of_runs in zip("ab", verdicts, scores, strict=True):
        array = np.asarray(given)
        if array.dtype != np.bool_ or array.ndim != 2 or len(array) != len(of_runs) or array.shape[1] < 2:
            raise ValueError(
                f"the verdicts of {name} have shape {array.shape} and type {array.dtype}: expected "
                f"({len(of_runs)} runs, reviews) of True where the verdict was right, False elsewhere"
            )
        shares = array.mean(axis=1)
        run = int(np.abs(shares - of_runs).argmax())
        if abs(shares[run] - of_runs[run]) > ROUNDED:
            raise ValueError(
                f"{name} says {of_runs[run]:.3f} for run {run}, and its verdicts are right in "
                f"{shares[run]:.3f}: give scores and verdicts of the same runs and reviews"
            )
        right.append(array.astype(np.float64))
    if right[0].shape[1] != right[1].shape[1]:
        raise ValueError(
            f"the verdicts are about {right[0].shape[1]} and {right[1].shape[1]} reviews: "
            "expected the same reviews for both models"
        )
    return right
