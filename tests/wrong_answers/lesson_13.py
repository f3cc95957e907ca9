"""Wrong answers to the exercises of lesson 13."""

from tests.wrong_answers.choices import think

LARGEST = "np.where(mask[:, :, None], states, -np.inf).max(axis=1)"
RESULT = "np.where(mask.any(axis=1)[:, None], largest, 0.0)"
MEAN = "p[team].mean(axis=0)"
JOIN = "team.append(int(np.argmin(losses)))"
LOSS = "-np.mean(np.where(labels == 1, np.log(q), np.log(1 - q)))"
BY_LOGITS = "1 / (1 + np.exp(-np.log(p[{0}] / (1 - p[{0}])).mean(axis=0)))"

WRONG = {
    "13.1": [
        ("2210 / 2500", "2190 / 2500", "that is the old model's"),
        ("2210 / 2500", "2150 / 2500", "the 60 that only the new model gets right are missing"),
        ("2210 / 2500", "0.6", "its share of the reviews on which the two differ"),
        ("2210 / 2500", "2210", "that is the number of right verdicts"),
        ("2210 / 2500", "0.9", "the 40 are reviews that the new model gets wrong"),
        ("2210 / 2500", "0.5", "those that both do, and its own"),
        ("2210 / 2500", '"0.884"', "expected a number"),
        ("20 / 2500", "60 / 2500", "40 reviews were lost as well"),
        ("20 / 2500", "100 / 2500", "opposite signs"),
        ("20 / 2500", "-20 / 2500", "new minus old"),
        ("accuracy_gain = 20 / 2500", "accuracy_gain = 20", "that is the gain in reviews"),
        ("20 / 2500", "20 / 100", "also those on which the two agree"),
        ("20 / 2500", "0.01", "new accuracy minus old accuracy"),
        ("100**0.5 / 2500", "10", "the error of the difference in reviews"),
        ("100**0.5", "20**0.5", "20 is the difference"),
        ("100**0.5 / 2500", "0.1", "as for the gain itself"),
        ("100**0.5", "2500**0.5", "is no coin"),
        ("100**0.5 / 2500", "(0.884 * 0.116 / 2500) ** 0.5", "the error of one accuracy"),
        ("100**0.5", "60**0.5", "are coins, too"),
        ("100**0.5 / 2500", "0.005", "the root of the number of reviews"),
        ("gain_error = 100**0.5 / 2500", "gain_error = ...", "Not tried yet: gain_error"),
    ],
    "13.2": [
        (LARGEST, "states.max(axis=1)", "nothing asks the mask"),
        (LARGEST, "(states * mask[:, :, None]).max(axis=1)", "0 is larger than every negative state"),
        (LARGEST, "np.where(mask[:, :, None], states, -2).max(axis=1)", "states may be lower still"),
        (LARGEST, "np.where(mask[:, :, None], states, states - 5).max(axis=1)", "and other numbers"),
        ("    largest", "    mask = ~mask\n    largest", "the mask is turned round"),
        (
            RESULT,
            "np.where(mask.any(axis=1)[:, None], (states * mask[:, :, None]).sum(axis=1) "
            "/ mask.sum(axis=1)[:, None], 0.0)",
            "this is the mean over the words",
        ),
        (
            RESULT,
            "np.array([s[m][-1] if m.any() else 0 * s[0] for s, m in zip(states, mask)])",
            "this is the last word's state",
        ),
        (LARGEST, "np.abs(states * mask[:, :, None]).max(axis=1)", "the sign is lost"),
        (RESULT, "largest", "gets -inf"),
        (
            RESULT,
            "np.where(mask.any(axis=1)[:, None], largest, states.max(axis=1))",
            "not its padding's states",
        ),
        (
            RESULT,
            "np.repeat(largest.max(axis=1)[:, None], states.shape[2], axis=1)",
            "each unit has its own",
        ),
        (LARGEST, "np.where(mask[:, :, None], states, -np.inf).max(axis=2)", "expected (4, 3)"),
        ("mask[:, :, None]", "mask", "raised"),
        (RESULT, "np.where(mask.any(axis=1)[:, None], largest, 0.0)[:, None]", "expected (4, 3)"),
        (RESULT, "np.where(mask.any(axis=1)[:, None], -largest, 0.0)", "and other numbers"),
        (
            "    largest = " + LARGEST,
            "    states[~mask] = -np.inf\n    largest = states.max(axis=1)",
            "changes its argument states in place",
        ),
    ],
    "13.3": think(
        "c",
        [
            ("a", "the two parts are about equally hard"),
            ("b", "lower the validation score as well"),
            ("d", "nobody would notice"),
        ],
    ),
    "13.4": [
        (MEAN, "p[sorted(set(team))].mean(axis=0)", "has two voices"),
        (MEAN, "p.mean(axis=0)", "all models are asked"),
        (MEAN, "p[team[0]]", "only the first of the team"),
        (MEAN, "p[team].sum(axis=0)", "this is the sum of their P"),
        (MEAN, "1.0 * (p[team].mean(axis=0) > 0.5)", "these are verdicts"),
        (MEAN, BY_LOGITS.format("team"), "the logits are averaged here"),
        (MEAN, "p[team].mean(axis=1)", "expected (7,)"),
        (MEAN, "p[team].max(axis=0)", "and other numbers"),
        (
            "            q = ",
            "            if k in team and len(team) < len(p):\n                losses.append(np.inf)\n"
            "                continue\n            q = ",
            "a model may join again",
        ),
        ("ask_team(p, [*team, k])", "p[k]", "looks at the models alone"),
        (LOSS, "np.mean((q > 0.5) != (labels == 1))", "the accuracy decides here"),
        ("ask_team(p, [*team, k])", BY_LOGITS.format("[*team, k]"), "averaged while choosing"),
        (LOSS, LOSS[1:], "the worst joins in every round"),
        ("return team\n", "return sorted(team)\n", "give them as they joined"),
        (JOIN, "team.insert(0, int(np.argmin(losses)))", "as they joined"),
        (LOSS, "-np.mean(labels * np.log(q))", "log loss would be lower"),
        ("range(rounds)", "range(rounds - 1)", "one joins in every round"),
        (JOIN, "team.append(int(np.argmin(losses)) + len(p))", "raised"),
        ("return team\n", "return [k + len(p) for k in team]\n", "names a model that does not exist"),
        ("return team\n", "return np.bincount(team, minlength=len(p)) / rounds\n", "expected the numbers of"),
        ("return team\n", "return float(losses[0])\n", "expected the numbers of"),
        ("return team\n", "return None\n", "does it end with return?"),
        (
            "    return p[team].mean(axis=0)",
            "    ...",
            "Not tried yet: ask_team",
        ),
    ],
}
