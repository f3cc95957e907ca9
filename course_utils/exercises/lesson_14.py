"""Exercises of lesson 14: one in a hundred, the cheapest threshold, another town, another cost."""

from typing import Any

import numpy as np

from course_utils.checks import Array
from course_utils.exercises import judge
from course_utils.exercises.judge import Exercise, Wrong


def judge_rare(its_recall: object, its_precision: object, its_accuracy: object) -> None:
    """10,000 reviews, 100 complaints, 80 found, 495 false alarms."""
    judge.a_count(
        "its_recall",
        its_recall,
        0.8,
        {
            80: "that is the number of complaints found; recall is their share",
            80 / 575: "that divides by the alarms; recall divides by the complaints",
            0.95: "that is the share of the others without an alarm",
            80 / 10_000: "divide by the complaints, not by all reviews",
        },
        "of the 100 complaints, the share that is found",
    )
    judge.a_count(
        "its_precision",
        its_precision,
        80 / 575,
        {
            0.8: "that divides by the complaints; precision divides by the alarms, false ones included",
            0.95: "5 % of the others are 495 reviews, many more than the 80 that were found",
            495 / 575: "that is the share of the alarms that are false",
            80 / 580: "5 % of the others: of 9,900, not of all 10,000",
            80 / 495: "the alarms are the 80 and the 495 together",
        },
        "of all alarms, right and false ones, the share that is right",
    )
    judge.a_count(
        "its_accuracy",
        its_accuracy,
        9485 / 10_000,
        {
            9485: "that is the number of right verdicts; accuracy is their share",
            0.95: "the complaints count as well: 80 of them are right, 20 are missed",
            0.99: "that is what no alarm at all would reach",
            0.9505: "the 20 missed complaints are mistakes, too",
            9405 / 10_000: "the 80 complaints that were found are right, too",
        },
        "right are the 80 that were found, and the others without an alarm",
    )


def total_cost(alarm: Array, complaint: Array, missed: float, false_alarm: float) -> float:
    """Return the cost of all mistakes together."""
    return float(missed * np.sum(complaint & ~alarm) + false_alarm * np.sum(~complaint & alarm))


def cheapest(
    p: Array, complaint: Array, missed: float, false_alarm: float, last: bool = True, none: bool = True
) -> float:
    """Return the cheapest threshold; the highest or lowest of equals, with or without no alarm at all."""
    tries = np.unique(np.append(p, np.inf) if none else p)
    costs = np.array([total_cost(p >= t, complaint, missed, false_alarm) for t in tries])
    places = np.flatnonzero(costs == costs.min())
    return float(tries[places[-1 if last else 0]])


def judge_cheapest(cheapest_threshold: Any) -> None:
    """Draws, a case in which no alarm is cheapest, and one in which two thresholds cost the same."""
    for case, (missed, false_alarm) in enumerate(((5, 1), (1, 1), (1, 30), (50, 1), (2, 3), (1, 1))):
        rng = np.random.default_rng(141 + case)
        complaint = rng.random(40) < 0.3
        p = np.round(1 / (1 + np.exp(-(1.5 * complaint - 1 + rng.normal(0, 1, 40)))), 2)
        if case == 2:
            complaint[p == p.max()] = False
        if case == 5:
            p, complaint = np.array([0.2, 0.9, 0.5]), np.array([True, True, False])
        right = cheapest(p, complaint, missed, false_alarm)
        got = judge.call(cheapest_threshold, p=p, complaint=complaint, missed=missed, false_alarm=false_alarm)
        found = judge.a_number(got)
        if found is None:
            raise Wrong(f"cheapest_threshold gives back {judge.describe(got)}, expected one number")
        if np.isclose(found[0], right, rtol=found[1], atol=0):
            continue
        what = f"missed={missed}, false_alarm={false_alarm}: the threshold {found[0]:g}"
        given = p, complaint
        slips = {
            "of thresholds that cost the same, take the highest": cheapest(
                *given, missed, false_alarm, last=False
            ),
            "try np.inf too: no alarm at all may be cheapest": cheapest(
                *given, missed, false_alarm, none=False
            ),
            "the costs take no part: every mistake counts 1 here": cheapest(*given, 1, 1),
            "the two costs are exchanged": cheapest(*given, false_alarm, missed),
            "that is the rule for honest probabilities; asked is what is cheapest on these reviews": (
                false_alarm / (missed + false_alarm)
            ),
        }
        for reason, slip in slips.items():
            if np.isclose(found[0], slip):
                raise Wrong(f"{what}: {reason}")
        if found[0] not in p and found[0] != np.inf:
            raise Wrong(f"{what} is neither a value of p nor np.inf")
        spent, least = (total_cost(p >= t, complaint, missed, false_alarm) for t in (found[0], right))
        raise Wrong(f"{what} costs {spent:g} in total, and {right:g} costs {least:g}")


ANOTHER_TOWN = {
    "a": "the cost has not changed; but is P still the share of complaints among such reviews?",
    "c": "complaints are more frequent there, so a review that looks the same is a complaint more often",
    "d": "with more complaints among the reviews, more of the alarms are right: precision rises",
}


def judge_cost(valley: object, alarm_from: Any) -> None:
    """The figure with a miss that costs 20, and the rule for any two costs."""
    judge.a_number_about(
        "valley",
        valley,
        0.06,
        3.0,
        {
            0.95: "that is the other end: a miss is dear now, so alarms begin early",
            0.5: "a miss costs 20 times a false alarm: the valley moves away from the middle, to the left",
            0.25: "the valley of a miss that costs 5 lies about there; run the cell with 20, and the "
            "next two",
        },
        "read where the curves are lowest, as a threshold from 0 to 1",
    )
    for missed, false_alarm in ((5, 1), (20, 1), (1, 1), (2, 6)):
        got = judge.call(alarm_from, missed=missed, false_alarm=false_alarm)
        judge.a_count(
            f"alarm_from({missed}, {false_alarm})",
            got,
            false_alarm / (missed + false_alarm),
            {
                false_alarm / missed: "silence costs missed · p, an alarm costs false_alarm · (1 − p), not "
                "false_alarm alone",
                missed
                / (missed + false_alarm): "that is the probability of the other class: a dear miss means "
                "that alarms begin early",
                missed
                / false_alarm: "a probability is at most 1; begin with missed · p = false_alarm · (1 − p)",
                1 / (missed + 1): "the false alarm has a price, too; here it is not 1",
                1 / 6: "that holds for 5 and 1; use the arguments",
            },
            "solve missed · p = false_alarm · (1 − p) for p",
        )


EXERCISES = (
    Exercise(
        number="14.1",
        kind="Predict",
        answers=("its_recall", "its_precision", "its_accuracy"),
        judge=judge_rare,
        hints=(
            "Make a table of four numbers: complaints found and missed, others with and without an alarm.",
            "5 % of 9,900 are 495 false alarms.",
            "Recall is 80 of 100; precision is 80 of 80 + 495; right are 80 + 9,900 − 495 verdicts.",
        ),
        solution="""
its_recall = 80 / 100
its_precision = 80 / (80 + 495)
its_accuracy = (80 + 9_900 - 495) / 10_000
""",
        why="A recall of 0.80, and only 14 of 100 alarms are right: where a class is rare, a small "
        "share of the "
        "others is many. The accuracy, 0.9485, is lower than the 0.99 of a program that never raises an "
        "alarm.",
    ),
    Exercise(
        number="14.2",
        kind="Code",
        answers=("cheapest_threshold",),
        judge=judge_cheapest,
        hints=(
            "np.unique(np.append(p, np.inf)) gives all thresholds to try, the lowest first.",
            "For a threshold t the alarms are p >= t; count complaint & ~alarm and ~complaint & alarm.",
            "np.argmin takes the first of equals, which is the lowest; turn the order of the thresholds "
            "round "
            "with [::-1].",
        ),
        solution='''
def cheapest_threshold(p, complaint, missed, false_alarm):
    """The threshold with the lowest total cost: a number."""
    tries = np.unique(np.append(p, np.inf))[::-1]
    costs = []
    for threshold in tries:
        alarm = p >= threshold
        costs.append(missed * np.sum(complaint & ~alarm) + false_alarm * np.sum(~complaint & alarm))
    return tries[np.argmin(costs)]
''',
        why="Between two values of p nothing changes, so these thresholds are all that there are. The "
        "cost that "
        "belongs to the best of them is flattered, as it was chosen for being low: other reviews tell "
        "the price.",
    ),
    Exercise(
        number="14.3",
        kind="Think",
        answers=("choice", "because"),
        judge=lambda choice, because: judge.a_choice(choice, because, "b", ANOTHER_TOWN),
        hints=(
            "Think of all reviews that get P = 0.2 at home: two in ten are complaints. How many are it "
            "there?",
            "For every fine review of this look there are nine times as many complaints as before, "
            "against fine ones.",
        ),
        solution="""
choice = "b"
because = "Complaints are more frequent there, so the same review is one more often."
""",
        why="Compare your reason with this one: the odds of a complaint are nine times higher there for "
        "every "
        "review. P = 0.1 of home should read 0.5. The rule p > 1/6 stays right, the probabilities do "
        "not: multiply "
        "their odds by nine, or measure anew.",
    ),
    Exercise(
        number="14.4",
        kind="Code",
        answers=("valley", "alarm_from"),
        judge=judge_cost,
        hints=(
            "Change the 5 to 20, run that cell and the cell with the figure, and look where the curves "
            "are lowest.",
            "Silence costs missed with probability p; an alarm costs false_alarm with probability 1 − p.",
            "At the threshold both are equal: missed · p = false_alarm · (1 − p).",
        ),
        solution='''
valley = 0.06


def alarm_from(missed, false_alarm):
    """The probability from which an alarm costs less than silence."""
    return false_alarm / (missed + false_alarm)
''',
        why="The rule says 1/21 = 0.048 for 20 and 1. The figure is ragged there, with 138 complaints "
        "to choose "
        "by: it says the same as far as it can, and the rule needs no search.",
    ),
)
