"""Exercises of lesson 13: a gain and its error, pooling with a mask, the best of forty, a team of models."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course_utils.checks import Array
from course_utils.exercises import judge
from course_utils.exercises.judge import Exercise, Wrong


def judge_gain(new_accuracy: object, accuracy_gain: object, gain_error: object) -> None:
    """2,500 reviews: both right 2,150, only the old model 40, only the new one 60, both wrong 250."""
    judge.a_count(
        "new_accuracy",
        new_accuracy,
        2210 / 2500,
        {
            2190 / 2500: "that is the old model's; the new one has its own 60, and not the 40",
            2150 / 2500: "the 60 that only the new model gets right are missing",
            60 / 100: "that is its share of the reviews on which the two differ; asked are all 2,500",
            2210: "that is the number of right verdicts; accuracy is their share",
            2250 / 2500: "the 40 are reviews that the new model gets wrong",
        },
        "how many of the 2,500 does the new model get right: those that both do, and its own",
    )
    judge.a_count(
        "accuracy_gain",
        accuracy_gain,
        20 / 2500,
        {
            60 / 2500: "40 reviews were lost as well; the gain is what is left",
            100 / 2500: "gained and lost reviews have opposite signs: 60 − 40",
            -20 / 2500: "new minus old, not old minus new",
            20: "that is the gain in reviews; a gain in accuracy is their share",
            20 / 100: "divide by all reviews, also those on which the two agree",
        },
        "new accuracy minus old accuracy",
    )
    judge.a_count(
        "gain_error",
        gain_error,
        10 / 2500,
        {
            10: "that is the error of the difference in reviews; an accuracy is a share of 2,500",
            20**0.5
            / 2500: "20 is the difference; every review on which the two differ is a coin, 40 + 60 of them",
            10 / 100: "divide by all reviews, as for the gain itself",
            2500**0.5 / 2500: "a review on which the two agree is no coin: it adds nothing to the difference",
            (0.884 * 0.116 / 2500) ** 0.5: "that is the error of one accuracy; here two models answer on the "
            "same reviews",
            60**0.5 / 2500: "the 40 reviews that were lost are coins, too",
        },
        "the root of the number of reviews on which the two differ, as a share of all reviews",
    )


def pooled(states: Array, mask: Array) -> Array:
    """Return the largest state of every unit over the words; zeros where there is no word."""
    words = np.where(mask[:, :, None], states, -np.inf).max(axis=1)
    return np.where(mask.any(axis=1, keepdims=True), words, 0)


def judge_pool(pool_max: Any) -> None:
    """States around zero, then far below it, padding anywhere; at last a review without any word."""
    for case, (batch, timesteps, units) in enumerate(((4, 6, 3), (3, 3, 3), (1, 5, 2), (3, 4, 2))):
        rng = np.random.default_rng(60 + case)
        states = rng.uniform(-1, 1, (batch, timesteps, units))
        # Negative at every word, in one case far below what a tanh can be: pooling is for any states.
        states[:, :, 0] = (-1000 if case == 1 else -1) * (1 + rng.random((batch, timesteps)))
        mask = rng.random((batch, timesteps)) < 0.7
        mask[:, 1] = True
        mask[0] = np.arange(timesteps) % 2 == 1  # padding in front, and zeros between words
        states[0, 0] = 2.0  # whatever stands at padding
        if case == 3:
            mask[1] = False
        right = pooled(states, mask)
        with np.errstate(all="ignore"):
            got = judge.call(pool_max, states=states, mask=mask)
        if case == 3:
            slips = {
                "a review that is all padding gets -inf; it should get zeros": np.where(
                    mask[:, :, None], states, -np.inf
                ).max(axis=1),
                "a review that is all padding should get zeros, not its padding's states": np.where(
                    mask.any(axis=1, keepdims=True), right, states.max(axis=1)
                ),
            }
        else:
            slips = slips_of_pooling(states, mask)
        judge.same_numbers("what pool_max gives back", got, right, "(batch, units)", slips)


def slips_of_pooling(states: Array, mask: Array) -> dict[str, Array]:
    """Return for each mistake what it leads to; every review has a word."""
    some, right = mask[:, :, None], pooled(states, mask)
    return {
        "padding takes part: nothing asks the mask": states.max(axis=1),
        "padding counts as 0, and 0 is larger than every negative state: put something there that can "
        "never be the largest": (states * some).max(axis=1),
        "padding gets a low number, and states may be lower still: below every number is -np.inf": np.where(
            some, states, -2
        ).max(axis=1),
        "the mask is turned round: it is True at a word": pooled(states, ~mask),
        "this is the mean over the words; asked is the largest": (states * some).sum(axis=1)
        / some.sum(axis=1),
        "this is the last word's state, wherever the largest stood": np.array(
            [row[m][-1] for row, m in zip(states, mask, strict=True)]
        ),
        "the sign is lost: the largest in size may be the smallest of all": np.abs(states * some).max(axis=1),
        "one largest number for the whole review; each unit has its own": np.repeat(
            right.max(axis=1, keepdims=True), states.shape[2], axis=1
        ),
    }


BEST_OF_FORTY = {
    "a": "then all forty would score higher there; but their middle, 0.893, is what the chosen one gets on "
    "the test part, so the two parts are about equally hard",
    "b": "weights that know the training reviews by heart lower the validation score as well; they do not "
    "make it higher than the test score",
    "d": "the same would happen there, and nobody would notice: the highest of forty test scores is "
    "flattered as well",
}


def log_loss(p: Array, labels: Array) -> float:
    """Return the mean of -log P(label)."""
    near = np.clip(p, 1e-7, 1 - 1e-7)
    return float(-np.mean(np.where(labels == 1, np.log(near), np.log(1 - near))))


def mean_of(p: Array, team: Sequence[int]) -> Array:
    """Return the team's P(positive): every member has one voice for each time that it was chosen."""
    return np.asarray(p[list(team)].mean(axis=0))


def logit_mean_of(p: Array, team: Sequence[int]) -> Array:
    """Return the P that belongs to the mean of the logits."""
    near = np.clip(p[list(team)], 1e-7, 1 - 1e-7)
    return np.asarray(1 / (1 + np.exp(-np.log(near / (1 - near)).mean(axis=0))))


def team_of(
    p: Array,
    labels: Array,
    rounds: int,
    mean: Callable[[Array, Sequence[int]], Array] = mean_of,
    score: Callable[[Array, Array], float] = log_loss,
    once: bool = False,
    alone: bool = False,
) -> list[int]:
    """Return the members in the order in which they were chosen."""
    team: list[int] = []
    for _ in range(rounds):
        free = [k for k in range(len(p)) if not (once and k in team)] or list(range(len(p)))
        scores = {k: score(mean(p, [k] if alone else [*team, k]), labels) for k in free}
        team.append(min(scores, key=lambda k: scores[k]))
    return team


def errors(p: Array, labels: Array) -> float:
    """Return the share of wrong verdicts."""
    return float(np.mean((p > 0.5) != (labels == 1)))


def draw_models(rng: np.random.Generator, models: int, reviews: int) -> tuple[Array, Array]:
    """Return P(positive) of models that err in different places, and the labels."""
    labels = (np.arange(reviews) % 2).astype(float)
    strength = rng.uniform(0.3, 1.8, (models, 1))
    logits = strength * (2 * labels - 1) + rng.normal(0, 1.6, (models, reviews))
    return 1 / (1 + np.exp(-logits)), labels


def judge_team(ask_team: Any, choose_team: Any) -> None:
    """First asks for a given team, then lets teams be chosen among different models."""
    rng = np.random.default_rng(64)
    for models, reviews, team in ((4, 7, [2, 0, 2]), (3, 1, [1]), (5, 6, [4, 4, 4, 0, 1])):
        p, _ = draw_models(rng, models, reviews)
        got = judge.call(ask_team, p=p, team=team)
        slips = {
            "a member that was chosen twice has two voices": mean_of(p, sorted(set(team))),
            "all models are asked; only the team has a voice": p.mean(axis=0),
            "only the first of the team is asked": p[team[0]],
            "this is the sum of their P; asked is the mean": p[team].sum(axis=0),
            "these are verdicts, 0 or 1; asked is P(positive)": (mean_of(p, team) > 0.5).astype(float),
            "the logits are averaged here; average P itself": logit_mean_of(p, team),
        }
        judge.same_numbers("what ask_team gives back", got, mean_of(p, team), "(reviews,)", slips)
    for models, reviews, rounds in ((5, 40, 6), (4, 30, 5), (6, 50, 8), (1, 10, 2), (3, 12, 1)):
        p, labels = draw_models(rng, models, reviews)
        got = judge.call(choose_team, p=p, labels=labels, rounds=rounds)
        compare_teams(got, p, labels, rounds)
    p, labels = draw_models(rng, 6, 50)
    sure = (p > 0.5) * 1.0  # each model is wrong somewhere, and certain
    worst = np.argsort([-log_loss(q, labels) for q in sure])  # so the best stand last
    for given, right, rounds in ((p[::-1], labels, 8), (sure[worst], labels, 3), (p[:, :1], labels[:1], 2)):
        with np.errstate(all="ignore"):
            got = judge.call(choose_team, p=given, labels=right, rounds=rounds)
        compare_teams(got, given, right, rounds)


def compare_teams(got: Any, p: Array, labels: Array, rounds: int) -> None:
    """Raise Wrong unless the team is the one that grows by the lowest loss."""
    try:
        team = [int(k) for k in got]
        whole = bool(np.all(np.asarray(got, dtype=float) == team)) and np.ndim(got) == 1
    except (TypeError, ValueError):
        team, whole = [], False
    if not whole:
        raise Wrong(
            f"choose_team gives back {judge.describe(got)}, expected the numbers of the chosen models, one a "
            "round"
        )
    if len(team) != rounds:
        raise Wrong(f"after {rounds} rounds the team has {len(team)} members: one joins in every round")
    if not all(0 <= k < len(p) for k in team):
        raise Wrong(
            f"the team {team} names a model that does not exist: they have the numbers 0 to {len(p) - 1}"
        )
    right = team_of(p, labels, rounds)
    if team == right:
        return
    for reason, slip in (
        ("a model may join again, and so get a second voice", team_of(p, labels, rounds, once=True)),
        (
            "every round looks at the models alone; what counts is the team with the new member",
            team_of(p, labels, rounds, alone=True),
        ),
        (
            "the accuracy decides here; few reviews change sides, so it hardly moves: take the log loss",
            team_of(p, labels, rounds, score=errors),
        ),
        (
            "the logits are averaged while choosing; average P, as ask_team does",
            team_of(p, labels, rounds, mean=logit_mean_of),
        ),
        (
            "the worst joins in every round: the lowest loss is wanted",
            team_of(p, labels, rounds, score=lambda q, y: -log_loss(q, y)),
        ),
    ):
        if team == slip:
            raise Wrong(reason)
    if sorted(team) == sorted(right):
        raise Wrong(f"the members {team} are right, and not their order: give them as they joined")
    k = next(i for i, (a, b) in enumerate(zip(team, right, strict=True)) if a != b)
    raise Wrong(
        f"in round {k + 1} model {team[k]} joins {team[:k]}; with model {right[k]} the team's log loss "
        "would be lower"
    )


EXERCISES = (
    Exercise(
        number="13.1",
        kind="Predict",
        answers=("new_accuracy", "accuracy_gain", "gain_error"),
        judge=judge_gain,
        hints=(
            "The new model is right on the reviews that both get right, and on its own 60.",
            "60 reviews were gained and 40 lost, of 2,500.",
            "Each of the 40 + 60 reviews on which they differ is a coin: the root of their number, divided "
            "by 2,500.",
        ),
        solution="""
new_accuracy = 2210 / 2500
accuracy_gain = 20 / 2500
gain_error = 100**0.5 / 2500
""",
        why='0.884, a gain of 0.008 with an error of 0.004: two errors, so "perhaps". The error of a single '
        "accuracy, 0.006, would have hidden that: the 2,400 reviews on which the two agree are no coins.",
    ),
    Exercise(
        number="13.2",
        kind="Code",
        answers=("pool_max",),
        judge=judge_pool,
        hints=(
            "Two steps: make sure that padding can never be the largest; then take the maximum over the "
            "timesteps.",
            "np.where(mask[:, :, None], states, -np.inf) has the third axis that the units need.",
            "A review without words is now -inf everywhere. mask.any(axis=1) says which reviews have a word.",
        ),
        solution='''
def pool_max(states, mask):
    """The largest state of every unit: (batch, timesteps, units) -> (batch, units)."""
    largest = np.where(mask[:, :, None], states, -np.inf).max(axis=1)
    return np.where(mask.any(axis=1)[:, None], largest, 0.0)
''',
        why="This is the engine's GlobalMaxPooling1D. Zeros at padding look harmless, as nothing is added to "
        "a sum by them; in a maximum they win against every negative state.",
    ),
    Exercise(
        number="13.3",
        kind="Think",
        answers=("choice", "because"),
        judge=lambda choice, because: judge.a_choice(choice, because, "c", BEST_OF_FORTY),
        hints=(
            "Suppose that all forty settings were equally good. What would the highest of their forty scores "
            "look like?",
            "What does the middle of the forty say about how hard the validation part is?",
        ),
        solution="""
choice = "c"
because = "It was chosen for its high score, and the luck in that does not come again."
""",
        why="Compare your reason with this one: of forty noisy scores the highest is mostly one that was "
        "lucky. The validation part may choose; the same number cannot also judge. That is what the test "
        "part is kept for, and why it is opened once.",
    ),
    Exercise(
        number="13.4",
        kind="Code",
        answers=("ask_team", "choose_team"),
        judge=judge_team,
        hints=(
            "ask_team first: p[team] has a row for every voice, also when a model is named twice; then the "
            "mean over the rows.",
            "The log loss of a team: q = ask_team(p, team), then the mean of -log(q) where the label is 1 "
            "and of -log(1 - q) where it is 0.",
            "In each round, for every model k the loss of the team [*team, k]; append the k with the lowest. "
            "np.argmin gives the first of equals.",
        ),
        solution='''
def ask_team(p, team):
    """P(positive) of a team, one voice for each time that a model was chosen: (reviews,)."""
    return p[team].mean(axis=0)


def choose_team(p, labels, rounds):
    """The models as they join: p (models, reviews) -> a list of `rounds` numbers."""
    team = []
    for _ in range(rounds):
        losses = []
        for k in range(len(p)):
            q = np.clip(ask_team(p, [*team, k]), 1e-7, 1 - 1e-7)
            losses.append(-np.mean(np.where(labels == 1, np.log(q), np.log(1 - q))))
        team.append(int(np.argmin(losses)))
    return team
''',
        why="Ensemble selection, by Rich Caruana and colleagues (2004). A good team is not the list of the "
        "best models: a weaker one that errs elsewhere may join before a second strong one. The team was "
        "chosen on the validation part, so its validation score is flattered: ask the test part, once.",
    ),
)
