"""Wrong answers to the exercises of lesson 14."""

from tests.wrong_answers.choices import think

RULE = "false_alarm / (missed + false_alarm)"
TRIES = "np.unique(np.append(p, np.inf))[::-1]"
COST = "missed * np.sum(complaint & ~alarm) + false_alarm * np.sum(~complaint & alarm)"
CHOSEN = "return tries[np.argmin(costs)]"

WRONG = {
    "14.1": [
        ("80 / 100", "80", "that is the number of complaints found"),
        ("80 / 100", "80 / 575", "recall divides by the complaints"),
        ("80 / 100", "0.95", "without an alarm"),
        ("80 / 100", "80 / 10_000", "not by all reviews"),
        ("80 / 100", "0.5", "the share that is found"),
        ("80 / (80 + 495)", "0.8", "precision divides by the alarms"),
        ("80 / (80 + 495)", "0.95", "many more than the 80"),
        ("80 / (80 + 495)", "495 / 575", "the alarms that are false"),
        ("80 / (80 + 495)", "80 / 580", "of 9,900"),
        ("80 / (80 + 495)", "80 / 495", "the 80 and the 495 together"),
        ("80 / (80 + 495)", "0.3", "the share that is right"),
        ("(80 + 9_900 - 495) / 10_000", "9_485", "accuracy is their share"),
        ("(80 + 9_900 - 495) / 10_000", "0.95", "the complaints count as well"),
        ("(80 + 9_900 - 495) / 10_000", "0.99", "no alarm at all"),
        ("(80 + 9_900 - 495) / 10_000", "0.9505", "mistakes, too"),
        ("(80 + 9_900 - 495) / 10_000", "0.9405", "are right, too"),
        ("(80 + 9_900 - 495) / 10_000", "0.4", "and the others without an alarm"),
        ("its_accuracy = (80 + 9_900 - 495) / 10_000", "its_accuracy = ...", "Not tried yet: its_accuracy"),
    ],
    "14.2": [
        (TRIES, "np.unique(np.append(p, np.inf))", "take the highest"),
        (TRIES, "np.unique(p)[::-1]", "no alarm at all may be cheapest"),
        (
            COST,
            COST.replace("missed *", "X *").replace("false_alarm *", "missed *").replace("X", "false_alarm"),
            "exchanged",
        ),
        (COST, "np.sum(complaint & ~alarm) + np.sum(~complaint & alarm)", "every mistake counts 1"),
        (CHOSEN, f"return {RULE}", "the rule for honest probabilities"),
        (TRIES, "np.linspace(0, 1, 7)", "neither a value of p nor np.inf"),
        (CHOSEN, "return tries[np.argmax(costs)]", "in total"),
        (CHOSEN, "return np.argmin(costs)", "missed=5"),
        (CHOSEN, "return min(costs)", "missed=5"),
        ("p >= threshold", "p < threshold", "in total"),
        (CHOSEN, "return tries", "expected one number"),
        (CHOSEN, "return None", "does it end with return?"),
        ("alarm = p >= threshold", "alarm = p >= thresholds", "raised NameError"),
    ],
    "14.3": think(
        "b",
        [
            ("a", "is P still the share of complaints"),
            ("c", "complaints are more frequent there"),
            ("d", "precision rises"),
        ],
    ),
    "14.4": [
        ("valley = 0.06", "valley = 0.9", "the other end"),
        ("valley = 0.06", "valley = 0.5", "to the left"),
        ("valley = 0.06", "valley = 0.22", "a miss that costs 5"),
        ("valley = 0.06", "valley = 6", "as a threshold from 0 to 1"),
        ("valley = 0.06", 'valley = "0.06"', "expected a number"),
        ("valley = 0.06", "valley = ...", "Not tried yet: valley"),
        (RULE, "false_alarm / missed", "not false_alarm alone"),
        (RULE, "missed / (missed + false_alarm)", "the other class"),
        (RULE, "missed / false_alarm", "a probability is at most 1"),
        (RULE, "1 / (missed + 1)", "has a price, too"),
        (RULE, "1 / 6", "use the arguments"),
        (RULE, "0.3", "for p"),
        ("return " + RULE, RULE, "does it end with return?"),
    ],
}
