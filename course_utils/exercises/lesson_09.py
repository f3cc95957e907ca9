"""Exercises of lesson 9: counting, two kinds of luck, a fair test of gates, one file for a stranger."""

import io
import pickle
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import stdtrit

from course_utils.checks import Array
from course_utils.exercises import judge
from course_utils.exercises.judge import Exercise, Wrong
from course_utils.text import tokenize


def judge_counts(gru_count: object, lstm_count: object, model_count: object, saved_count: object) -> None:
    """Embedding 1,000 × 10, GRU 8, LSTM 5, Dense 4, Dense 1; Adam's averages saved with them."""
    judge.a_count(
        "gru_count",
        gru_count,
        480,
        {
            456: "the GRU of Keras has two biases a gate (reset_after=True); here is one",
            608: "a GRU has three sets of weights; the LSTM has four",
            152: "that is one simple cell; a GRU has three such sets, and two biases in each",
            160: "that is one of the three sets",
            640: "that is four sets, as in an LSTM; a GRU has three",
            432: "the biases are missing: two for each of the three gates",
        },
        "three times (features · units + units · units + two biases); the features are a word's 10 numbers",
    )
    judge.a_count(
        "lstm_count",
        lstm_count,
        280,
        {
            320: "it reads the 8 numbers of the GRU's states, and not the 10 of a word",
            300: "an LSTM has one bias a gate; two are the GRU's",
            210: "an LSTM has four sets of weights; the GRU has three",
            70: "that is one of the four sets",
            260: "the biases are missing, one for each of the four gates",
        },
        "four times (features · units + units · units + units); the features are the GRU's units",
    )
    judge.a_count(
        "model_count",
        model_count,
        10_789,
        {
            789: "the embedding is missing; it holds most of the numbers",
            760: "the embedding and the two Dense layers are missing",
            10_760: "the two Dense layers are missing",
            10_784: "the last layer is missing: 4 weights and a bias",
            10_785: "the Dense layer with 4 units reads the LSTM's 5 numbers: 5 · 4 weights and 4 biases",
            10_765: "the Dense layer with 4 units is missing",
        },
        "embedding 1,000 · 10, then GRU and LSTM, then 5 · 4 + 4 and 4 + 1",
    )
    judge.a_count(
        "saved_count",
        saved_count,
        32_367,
        {
            10_789: "these are the weights alone; Adam keeps running averages for each of them",
            21_578: "Adam keeps two averages for each weight: of its gradient and of the gradient's square",
        },
        "the weights, and for each weight two running averages",
    )


# seed, runs of each model, reviews, level of a, level of b: no two of the rules below judge all alike.
COMPARISONS = (
    (82, 4, 60, 1.1, 0.4),
    (175, 2, 60, 0.7, 0.2),
    (719, 4, 70, 0.6, 1.2),
    (367, 5, 60, 0.7, 0.5),
    (702, 2, 90, 0.3, 0.6),
    (510, 4, 80, 0.7, 1.3),
    (524, 3, 90, 1.2, 0.3),
    (0, 3, 60, 0.7, 0.7),
    (510, 4, 80, 1.6, 0.5),
)
OF_REVIEWS = 1.96  # errors that are judged from many reviews


def students_t(freedom: int, share: float = 0.975) -> float:
    """Return from how many errors on luck alone goes in 5 % of the cases, on both sides together."""
    return float(stdtrit(freedom, share))


def is_shown(lead: float, seeds: float, reviews: float, runs: int) -> bool:
    """The rule of exercise 9.2."""
    return bool(abs(lead) > np.hypot(students_t(2 * (runs - 1)) * seeds, OF_REVIEWS * reviews))


Rule = Callable[[float, float, float, int], bool]
RULES: dict[str, Rule] = {
    "b may be ahead, too, and by more than luck: compare the size of the lead": (
        lambda lead, *of: bool(lead > 0) and is_shown(lead, *of)
    ),
    "two errors are not enough for an error that rests on a few runs: luck alone goes so far in 18 of 100 "
    "comparisons of two seeds. Multiply the error by seeds with Student's t": (
        lambda lead, seeds, reviews, runs: bool(abs(lead) > 2 * np.hypot(seeds, reviews))
    ),
    "a lead beyond each of the two errors can still be within both together": (
        lambda lead, seeds, reviews, runs: bool(
            abs(lead) > max(students_t(2 * (runs - 1)) * seeds, OF_REVIEWS * reviews)
        )
    ),
    "added up, the two are too large: take the root of the sum of their squares": (
        lambda lead, seeds, reviews, runs: bool(
            abs(lead) > students_t(2 * (runs - 1)) * seeds + OF_REVIEWS * reviews
        )
    ),
    "one standard error is not enough: luck alone goes so far in every third comparison": (
        lambda lead, seeds, reviews, runs: bool(abs(lead) > np.hypot(seeds, reviews))
    ),
    "the luck of the reviews is left out: both errors count": (
        lambda lead, seeds, reviews, runs: bool(abs(lead) > students_t(2 * (runs - 1)) * seeds)
    ),
    "the luck of the seeds is left out: both errors count": (
        lambda lead, seeds, reviews, runs: bool(abs(lead) > OF_REVIEWS * reviews)
    ),
    "to be ahead is not enough: the lead must be larger than luck": lambda lead, *of: bool(lead > 0),
    "Student's t of the runs belongs to the error by seeds alone; the other rests on many reviews, and gets "
    "1.96": (
        lambda lead, seeds, reviews, runs: bool(
            abs(lead) > students_t(2 * (runs - 1)) * np.hypot(seeds, reviews)
        )
    ),
    "the spread is pooled over two models with runs - 1 degrees of freedom each: together 2 (runs - 1)": (
        lambda lead, seeds, reviews, runs: bool(
            abs(lead) > np.hypot(students_t(runs - 1) * seeds, OF_REVIEWS * reviews)
        )
    ),
    "either model may be ahead, so 2.5 % belong to each side: take t at 0.975": (
        lambda lead, seeds, reviews, runs: bool(
            abs(lead) > np.hypot(students_t(2 * (runs - 1), 0.95) * seeds, 1.645 * reviews)
        )
    ),
}


def judge_verdicts(seed: int, runs: int, reviews: int, *levels: float) -> tuple[Array, Array]:
    """Return for two models which reviews each of their runs judges rightly, (runs, reviews) both."""
    rng = np.random.default_rng(seed)
    easy = 1.5 * rng.normal(size=reviews)  # a review that is hard for one run is hard for all
    drift = 0.15 * rng.normal(size=(2, runs))  # some seeds are lucky
    a, b = (
        easy + rng.normal(size=(runs, reviews)) + luck[:, None] + level > 0
        for level, luck in zip(levels, drift, strict=True)
    )
    return a, b


def judge_compare(compare: Any) -> None:
    """Compare nine pairs of models; the last answer is judged over all of them."""
    said, right = [], []
    for case in COMPARISONS:
        a, b = judge_verdicts(*case)
        try:
            got = judge.call(compare, right_a=a, right_b=b)
        except Wrong as error:
            if "boolean subtract" not in str(error):
                raise
            raise Wrong(
                "NumPy does not subtract True and False (the ^ that it offers has no sign): take means "
                "first, then subtract, or make numbers of them, right_a.astype(float)"
            ) from None
        if not isinstance(got, tuple | list) or len(got) != 4:
            raise Wrong(
                f"compare gives back {judge.describe(got)}, expected four things: the lead, its two errors, "
                "and whether it is shown"
            )
        numbers = compare_numbers(got, a, b)
        if not isinstance(got[3], bool | np.bool_):
            raise Wrong(f"shown is {judge.describe(got[3])}, expected True or False")
        said.append(bool(got[3]))
        right.append(numbers)
    truth = [is_shown(*numbers) for numbers in right]
    if said == truth:
        return
    for reason, rule in RULES.items():
        if said == [rule(*numbers) for numbers in right]:
            raise Wrong(f"shown: {reason}")
    k = [one == other for one, other in zip(said, truth, strict=True)].index(False)
    lead, seeds, reviews, runs = right[k]
    raise Wrong(
        f"shown is {said[k]} for a lead of {lead:.3f} with errors of {seeds:.3f} ({runs} seeds) and "
        f"{reviews:.3f} (reviews), expected {truth[k]}"
    )


def compare_numbers(got: Sequence[Any], a: Array, b: Array) -> tuple[float, float, float, int]:
    """Raise Wrong unless lead and both errors are right; return them and the number of runs."""
    runs, reviews = a.shape
    of_a, of_b = a.mean(axis=1), b.mean(axis=1)
    difference = a.mean(axis=0) - b.mean(axis=0)  # (reviews,)
    lead, spread_a, spread_b = difference.mean(), of_a.std(ddof=1), of_b.std(ddof=1)
    pooled = np.sqrt((spread_a**2 + spread_b**2) / 2)
    slips = {
        "the sign is turned: a's mean minus b's is below 0 where b is ahead": -lead,
        "this is the lead of the best run over the best run: luck reported as skill": of_a.max() - of_b.max(),
        "this is the lead of the first seed alone: use all runs": of_a[0] - of_b[0],
        "this is a's accuracy; take b's from it": of_a.mean(),
        "this counts reviews; a lead is a share of them": a.sum() - b.sum(),
    }
    judge.same_numbers("the lead", got[0], lead, "one number", slips)
    by_seeds = pooled * np.sqrt(2 / runs)
    slips = {
        "the spread of a few runs needs ddof=1: divide by their number less one": (
            np.sqrt((of_a.var() + of_b.var()) / runs)
        ),
        "this is the pooled spread of a single run; the error of two means has the factor √(2 / runs)": (
            pooled
        ),
        "this is the error of one mean; the lead is the difference of two": pooled / np.sqrt(runs),
        "that is the error of a difference of two single runs; each mean has more of them": (
            pooled * np.sqrt(2)
        ),
        "this is the error by reviews; the one by seeds comes first": difference.std() / np.sqrt(reviews),
        "run by run they are no pairs, one seed is no luck in common: pool the two spreads": (
            (of_a - of_b).std(ddof=1) / np.sqrt(runs)
        ),
        "this is the spread from review to review; by seeds means from run to run, mean(axis=1) first": (
            np.sqrt((a.mean(axis=0).var(ddof=1) + b.mean(axis=0).var(ddof=1)) / runs)
        ),
        "√(2/3) holds for three seeds; count the runs": pooled * np.sqrt(2 / 3),
        "pool the squares of the spreads and not the spreads: the root of the mean of the variances": (
            (spread_a + spread_b) / 2 * np.sqrt(2 / runs)
        ),
        "the spread of both models' runs in one pot holds the lead as well: each has its own mean": (
            np.concatenate([of_a, of_b]).std(ddof=1) * np.sqrt(2 / runs)
        ),
    }
    judge.same_numbers("the error by seeds", got[1], by_seeds, "one number", slips)
    by_reviews = difference.std() / np.sqrt(reviews)
    p, q = of_a.mean(), of_b.mean()
    slips = {
        "this is the spread of one review; a mean of them is known better by the root of their number": (
            difference.std()
        ),
        "this is the error for two sets of reviews; both models read the same ones, so compare review by "
        "review": np.sqrt((p * (1 - p) + q * (1 - q)) / reviews),
        "a review read by several seeds is one review: take the mean over the seeds first, axis=0": (
            (a * 1.0 - b).std() / np.sqrt(a.size)
        ),
        "the root is missing: over the root of the number of reviews": difference.std() / reviews,
        "the runs must be averaged first: a review has one difference, of two means": (
            (a * 1.0 - b).std() / np.sqrt(reviews)
        ),
        "this holds if the two are equally good, as a test of that supposes (lesson 13); asked is the spread "
        "about their mean: std": np.sqrt(np.sum(difference**2)) / reviews,
        "this is made from the first seed alone": (a[0] * 1.0 - b[0]).std() / np.sqrt(reviews),
        "divided by the root of the number of runs; it is a mean over reviews": (
            difference.std() / np.sqrt(runs)
        ),
    }
    with suppress(Wrong):  # divided by the number of reviews less one: as good
        judge.same_numbers("it", got[2], difference.std(ddof=1) / np.sqrt(reviews))
        return float(lead), float(by_seeds), float(by_reviews), runs
    judge.same_numbers("the error by reviews", got[2], by_reviews, "one number", slips)
    return float(lead), float(by_seeds), float(by_reviews), runs


GATES = {
    "a": "more reviews make the luck of the reviews small; that of the seeds, and the larger size of the "
    "LSTM, "
    "stay",
    "b": "the best of five runs against one is a comparison of luck, and the LSTM is still the larger one",
    "d": "the same seed draws other weights for matrices of other shapes: the two runs share no luck",
}


class Stranger:
    """Something that runs a program when it is unpickled: here one that only says that it ran."""

    ran: bool = False

    def __reduce__(self) -> tuple[Any, ...]:
        return tell_that_it_ran, ()


def tell_that_it_ran() -> None:
    """Note that a file could run a program of its own."""
    Stranger.ran = True


def make_parcel(seed: int, words: Sequence[str], features: int, units: int) -> tuple[Any, list[Array]]:
    """Return the words and random weights of a small reader."""
    rng = np.random.default_rng(seed)
    shapes = ((len(words) + 4, features), (features, units), (units, units), (units,), (units, 1), (1,))
    return tuple(words), [rng.normal(size=shape) for shape in shapes]


def answer(words: Sequence[str], maxlen: int, weights: Sequence[Array], text: str, slip: str = "") -> float:
    """Return P(positive) of a text, or what a slip makes of it."""
    table, W, U, b, V, c = weights
    first = {"from 3": 3, "from 0": 0}.get(slip, 4)
    found = {"split": text.split(), "lower": text.lower().split()}.get(slip, tokenize(text))
    if slip == "sorted":
        words = sorted(words)
    unknown = 0 if slip == "unknown" else 2
    ids = [words.index(word) + first if word in words else unknown for word in found]
    if slip == "dropped":
        ids = [i for i in ids if i != 2]
    if slip == "after":
        ids = [1, *ids[-maxlen:]]
    elif slip == "kept":
        ids = [1, *ids[1 - maxlen :]]
    elif slip != "no start":
        ids = [1, *ids]
    if slip == "beginning":
        ids = ids[:maxlen]
    elif slip not in ("all", "after"):
        ids = ids[-maxlen:]
    h = np.zeros(len(b))
    for x in table[ids]:
        h = np.tanh(x @ W + h @ U + b)
    z = float((h @ V + c)[0])
    return z if slip == "logit" else 1 / (1 + np.exp(-z))


READING = {
    "logit": "the sigmoid is missing: these are logits",
    "no start": "the start id 1 is missing in front of the words",
    "after": "the start id belongs in front of the whole text, before it is cut: a long text loses it",
    "kept": "the start id is kept in a long text: it stands in front of the whole text, and is cut off with "
    "its beginning",
    "unknown": "a word that is not in the list has the id 2; 0 is padding",
    "sorted": "the words came back in another order: their place in the list gives them their id",
    "beginning": "these are the first ids of a long text; the network reads the last ones",
    "all": "long texts are not cut to the last maxlen ids; maxlen belongs into the parcel, too",
    "dropped": "words that are not in the list are left out; they are read as id 2, unknown",
    "from 3": "words[0] has the id 4: 0 to 3 are no words",
    "from 0": "words[0] has the id 4: 0 to 3 are no words, and here the words begin at 0",
    "split": "the text is cut at spaces alone; the tokeniser is a part of the model: tokenize(text)",
    "lower": "the text is made small and cut at spaces; the tokeniser is a part of the model: tokenize(text)",
}
TEXTS = (
    "a good film",
    "a really good film and a very good plot and not a dull scene",
    "a grand film and a bad plot",
    "GOOD film,<br />isn't it? It isn’t 'bad'.",
    "bad",
)


def judge_parcels(save_parcel: Any, open_parcel: Any) -> None:
    """Save two parcels, move them to another place, open both, read texts; then offer bad files."""
    for function in (save_parcel, open_parcel):
        judge.a_function(function)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parcels = save_two(save_parcel, folder)
        written = "open_parcel, for a file that save_parcel wrote,"
        readers = [stage(written, open_parcel, path) for path, *_ in parcels]
        for reader, (path, words, maxlen, weights) in zip(readers, parcels, strict=True):
            if reader is None:
                raise Wrong("open_parcel gives back None: does it end with return?")
            if not callable(reader):
                raise Wrong(
                    f"open_parcel gives back {judge.describe(reader)}, expected a function that takes a text"
                )
            kept = path.read_bytes()
            path.unlink()
            opened = "the opened reader, after its file was moved away,"
            stage(f"{opened} asked about {TEXTS[0]!r}", reader, TEXTS[0])
            path.write_bytes(kept)
            answers = np.array([one_answer(reader, text) for text in TEXTS])
            slips = {
                reason: np.array([answer(words, maxlen, weights, text, slip) for text in TEXTS])
                for slip, reason in READING.items()
            }
            right = np.array([answer(words, maxlen, weights, text) for text in TEXTS])
            judge.same_numbers(
                "the list of probabilities for five texts", answers, right, "one a text", slips
            )
        offer_bad_files(open_parcel, folder, parcels[0][0])
        offer_parts(open_parcel, folder, parcels[0][0])


def save_two(save_parcel: Any, folder: Path) -> list[tuple[Any, ...]]:
    """Return where two saved parcels lie, far from where they were written, and what is in them."""
    home, away = folder / "home", folder / "away"
    home.mkdir()
    away.mkdir()
    parcels = []
    lists = ((4, "the a good film it isn't bad plot"), (3, "film and good is not the"))
    for seed, (maxlen, words) in enumerate(lists, start=1):
        listed, weights = make_parcel(90 + seed, words.split(), 1 + seed, 4 - seed)
        given = [weight.copy() for weight in weights]
        path = home / f"reader{seed}.npz"
        stage("save_parcel(path, words, maxlen, weights)", save_parcel, path, listed, maxlen, given)
        if not path.is_file():
            there = ", ".join(sorted(file.name for file in home.iterdir())) or "no file"
            raise Wrong(f"save_parcel should write the file {path.name}; in the folder there is {there}")
        for weight in given:
            weight[...] = 0  # what was not written is lost now
        parcels.append((away / f"moved{seed}.npz", listed, maxlen, weights))
    others = sorted(file.name for file in home.iterdir() if file.name not in ("reader1.npz", "reader2.npz"))
    if others:
        raise Wrong(
            f"save_parcel wrote {', '.join(others)}, too: everything belongs into the one file, because two "
            "files can be parted"
        )
    for seed, (path, *_) in enumerate(parcels, start=1):
        (home / f"reader{seed}.npz").rename(path)
    words, weights = make_parcel(93, ["the", "good", "bad"], 2, 2)
    for listed in (words[:-1], (*words, "dull")):
        save_misfit(save_parcel, folder / "wrong.npz", listed, weights)
    return parcels


def save_misfit(save_parcel: Any, path: Path, words: Sequence[str], weights: list[Array]) -> None:
    """Raise Wrong unless too few and too many words are refused with a ValueError."""
    what = f"{len(words)} words with an embedding of 7 rows"
    try:
        save_parcel(path, words, 5, weights)
    except ValueError:
        return
    except Exception as error:
        raise Wrong(f"{what} should give a ValueError; it was {judge.one_line(error)}") from None
    raise Wrong(
        f"{what}, 3 words and 4 special ids, were saved, and no error was raised: a wrong vocabulary makes "
        "no noise later"
    )


def one_answer(reader: Any, text: str) -> float:
    """Return the number that the reader gives for a text."""
    got = stage(f"the opened reader, asked about {text[:12]!r}…,", reader, text)
    if got is None:
        raise Wrong("the opened reader gives back None: does the inner function end with return?")
    try:
        numbers = np.asarray(got, dtype=float).ravel()
    except (TypeError, ValueError):
        numbers = np.zeros(0)
    if numbers.size != 1:
        raise Wrong(f"the opened reader gives back {judge.describe(got)}, expected one probability")
    return float(numbers[0])


SCRIPT = b"__import__('course_utils.exercises.lesson_09').exercises.lesson_09.tell_that_it_ran()"


def other_arrays(**arrays: Any) -> bytes:
    """Return what stands in an .npz file with these arrays."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=True, **arrays)
    return file.getvalue()


def offer_parts(open_parcel: Any, folder: Path, parcel: Path) -> None:
    """Raise Wrong if a parcel that lacks an array is opened and then reads in another way, or not at all."""
    arrays: dict[str, Array] = {}
    with suppress(Exception), np.load(parcel, allow_pickle=False) as saved:  # it may have another format
        arrays = {name: saved[name] for name in saved.files}
    for missing in arrays:
        part = folder / "part.npz"
        part.write_bytes(other_arrays(**{name: arrays[name] for name in arrays if name != missing}))
        what = f"a parcel without its array {missing!r}"
        try:
            reader = open_parcel(part)
        except ValueError as error:
            if part.name not in str(error):
                raise Wrong(f"the ValueError for {what} does not name the file, {part.name}") from None
            continue
        except Exception as error:
            raise Wrong(
                f"{what} should give a ValueError that names the file; open_parcel gave "
                f"{judge.one_line(error).rstrip('.')}"
            ) from None
        whole = open_parcel(parcel)
        try:
            same = all(one_answer(reader, text) == one_answer(whole, text) for text in TEXTS)
        except Wrong:
            same = False
        if not same:
            raise Wrong(f"{what} was opened without an error: refuse it when it is opened")


def offer_bad_files(open_parcel: Any, folder: Path, parcel: Path) -> None:
    """Raise Wrong unless foreign files are refused clearly, and none of them can run a program."""
    program = b""
    whole = parcel.read_bytes()
    with suppress(Exception):  # the parcel may have a format of its own
        with np.load(parcel, allow_pickle=False) as saved:
            programs: dict[str, Any] = {name: np.array([Stranger()], dtype=object) for name in saved.files}
        program = other_arrays(**programs)
    files = {
        "program.npz": pickle.dumps(Stranger()),
        "programs.npz": program,
        "script.npz": SCRIPT,
        "holiday.npz": b"a picture of the beach",
        "half.npz": whole[: len(whole) // 2],
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
        Stranger.ran = False
        what = "half of a parcel" if name == "half.npz" else "a file that is no parcel"
        try:
            open_parcel(folder / name)
        except ValueError as error:
            said = str(error)
        except Exception as error:
            said = ""
            kind = judge.one_line(error)
        else:
            said = kind = "no error"
        if Stranger.ran:
            raise Wrong(
                "opening a stranger's file ran a program that was in it: pickle does that, also within "
                "np.load "
                "with allow_pickle=True, and so do eval and exec. A parcel needs only arrays and text"
            )
        if said in ("", "no error"):
            raise Wrong(
                f"{what} should give a ValueError that names the file; open_parcel gave {kind.rstrip('.')}"
            )
        if name not in said:
            raise Wrong(
                f"the ValueError for {what} does not name it: a user who reads {said[:60]!r} does not know "
                f"which file is meant, expected {name} in it"
            )


def stage(what: str, function: Any, *arguments: Any) -> Any:
    """Call the student's function; its error becomes a reason in one line."""
    try:
        with np.errstate(all="ignore"):
            return function(*arguments)
    except Exception as error:
        cause = (
            f" ({judge.one_line(error.__cause__).rstrip('.')})"
            if isinstance(error.__cause__, Exception)
            else ""
        )
        raise Wrong(f"{what} raised {judge.one_line(error)}{cause}") from None


EXERCISES = (
    Exercise(
        number="9.1",
        kind="Predict",
        answers=("gru_count", "lstm_count", "model_count", "saved_count"),
        judge=judge_counts,
        hints=(
            "Write beside each layer what it reads and what it hands on: 10, 8, 5, 4, 1.",
            "A GRU has three sets, an LSTM four. A set is features · units + units · units, and one bias a "
            "unit; in Keras's GRU two.",
            "Adam keeps two numbers beside each weight.",
        ),
        solution="""
gru_count = 480
lstm_count = 280
model_count = 10_789
saved_count = 32_367
""",
        why="10,000 + 480 + 280 + 24 + 5 = 10,789, and three times that with Adam's averages: a file from "
        "which "
        "training can go on is about three times as large as one for a user.",
    ),
    Exercise(
        number="9.2",
        kind="Code",
        answers=("compare",),
        judge=judge_compare,
        hints=(
            "right_a.mean(axis=1) is the accuracy of every run; right_a.mean(axis=0) says for each review "
            "which "
            "share of the runs was right.",
            "By seeds: pool the variances (ddof=1) of the two rows of accuracies, take the root, times "
            "√(2 / runs).",
            "By reviews: the standard deviation of right_a.mean(axis=0) − right_b.mean(axis=0), over the "
            "root of "
            "the number of reviews.",
            "Shown: abs(lead) > np.hypot(t · by_seeds, 1.96 · by_reviews), with t = stdtrit(2 * (runs - 1), "
            "0.975) from scipy.special.",
        ),
        solution='''
from scipy.special import stdtrit


def compare(right_a, right_b):
    """Lead of a over b, its error by seeds, its error by reviews, and whether the lead is shown."""
    runs, reviews = right_a.shape
    difference = right_a.mean(axis=0) - right_b.mean(axis=0)  # (reviews,)
    lead = difference.mean()
    variances = [right.mean(axis=1).var(ddof=1) for right in (right_a, right_b)]
    by_seeds = np.sqrt(np.mean(variances) * 2 / runs)
    by_reviews = difference.std() / np.sqrt(reviews)
    t = stdtrit(2 * (runs - 1), 0.975)  # 4.3 for two runs of each, 2.8 for three, 2.3 for five
    return lead, by_seeds, by_reviews, abs(lead) > np.hypot(t * by_seeds, 1.96 * by_reviews)
''',
        why="Run it on your next comparison before you believe it: this lesson's order of GRU and LSTM does "
        "not survive it. Both errors hold the luck of one run on one review, so together they are a little "
        "too large, to the safe side; course_utils.evidence.compare counts it once.",
    ),
    Exercise(
        number="9.3",
        kind="Think",
        answers=("choice", "because"),
        judge=lambda choice, because: judge.a_choice(choice, because, "c", GATES),
        hints=(
            "Which two explanations other than the gates has the 0.7 points?",
            "One is luck. The other can be read off the parameter counts.",
        ),
        solution="""
choice = "c"
because = "Several seeds show the luck, and a SimpleRNN of the same size has no gates to thank."
""",
        why="Compare your reason with this one: only there is luck measured for both, and only there does "
        "the "
        "opponent differ in the gates and not in its size.",
    ),
    Exercise(
        number="9.4",
        kind="Code",
        answers=("save_parcel", "open_parcel"),
        judge=judge_parcels,
        hints=(
            "np.savez(path, *weights, words=np.array(words), maxlen=maxlen) writes named arrays into one "
            "file; "
            "the weights are called arr_0, arr_1, … in it. First compare len(words) + 4 with the embedding.",
            "np.load(path) opens it: file['words'].tolist(), int(file['maxlen']), file['arr_0']. Read "
            "everything "
            "before the file is closed, then define an inner function that takes a text, and return it.",
            "The inner function: ids = [1, *(id of each word in tokenize(text), or 2)][-maxlen:], then the "
            "loop "
            "of lesson 1 over table[ids], then the sigmoid of h @ V + c.",
            "Bad files make np.load raise errors of several kinds. Catch Exception, and raise "
            "ValueError(f'{path.name} …') from error; let FileNotFoundError pass. Leave allow_pickle as it "
            "is.",
        ),
        solution='''
def save_parcel(path, words, maxlen, weights):
    """Write one file for a stranger; ValueError if words and embedding do not fit."""
    rows = len(weights[0])
    if len(words) + 4 != rows:
        raise ValueError(f"{len(words)} words need {len(words) + 4} rows, expected {rows}")
    np.savez(path, *weights, words=np.array(words), maxlen=maxlen)


def open_parcel(path):
    """A function from a text to P(positive); ValueError names a file that is no parcel."""
    try:
        with np.load(path, allow_pickle=False) as parcel:  # arrays only: no program can run
            words, maxlen = parcel["words"].tolist(), int(parcel["maxlen"])
            table, W, U, b, V, c = (parcel[f"arr_{i}"] for i in range(6))
    except FileNotFoundError:
        raise
    except Exception as error:
        raise ValueError(f"{path.name} is no whole parcel: save it again") from error
    id_of = {word: i for i, word in enumerate(words, start=4)}

    def probability(text):
        ids = [1, *(id_of.get(word, 2) for word in tokenize(text))][-maxlen:]
        h = np.zeros(len(b))
        for x in table[ids]:
            h = np.tanh(x @ W + h @ U + b)
        return 1 / (1 + np.exp(-(h @ V + c)[0]))

    return probability
''',
        why="The file travelled, its words and its rule went with it, and nothing in it can run. Only the "
        "tokeniser stayed behind, in the course's package; whoever reads the parcel needs that, too.",
    ),
)
