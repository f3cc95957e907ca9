"""Train every system of the scoreboard; write the results file and the tables made from it.

`make scoreboard` trains what course_utils/shipped/scoreboard.json does not hold yet: every system on
the official benchmark with three seeds (where its file is present: see data/README.md), and all but
the largest on the course's own split with one. The file is written after every run, so that a run
that is cut off loses itself only. `python -m tools.train_scoreboard --readme` writes the tables
of README.md (the best five) and data/README.md (all) anew.
"""

import argparse
import base64
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.data import DataError, Part, load_reviews
from course_utils.files import locked, write_whole
from course_utils.scoreboard import RESULTS, SEEDS, Run, calibration, runs, table
from course_utils.systems import SYSTEMS, Trained
from tools import ROOT

README, DATA_README = ROOT / "README.md", ROOT / "data" / "README.md"
TOP = 5  # rows of the README's table
# For readers who have not taken the course, where a title speaks of the row before.
PLAIN = {
    "gru-both": "GRU 32 that reads in both directions",
    "gru-max": "two-way GRU 32, largest of all states",
    "gru-vectors": "two-way GRU 32, word vectors from counts",
    "gru-average": "average of three two-way GRU 32 nets",
    "best-one": "two-way GRU 64, word vectors from counts",
    "best": "average of six two-way nets, GRU 64 and LSTM 64",
    "best-with-linear": "these six and counts of words, pairs, triples, half and half",
    "tfidf-bigrams": "weighted counts of words and pairs",
    "tfidf-bigrams-all": "weighted counts, more training reviews",
    "bag-of-words": "weighted counts of words",
    "nb-bigrams": "counts of words and pairs, naive-Bayes weights",
    "nb-trigrams": "counts of words, pairs, triples, naive-Bayes weights",
}
LENGTHS = (100, 150, 200, 300, 500)  # ids, start id included: upper ends of the groups but the last


def make_run(system: str, source: str, seed: int, verbose: bool = False) -> Run:
    """Train one system once; return what the results file keeps of it."""
    chosen = SYSTEMS[system]
    reviews = load_reviews(source, num_words=chosen.num_words)  # type: ignore[arg-type]
    trained: Trained = chosen.train(reviews, seed, verbose=verbose)
    labels = reviews.test.labels
    return {
        "system": system,
        "source": source,
        "seed": seed,
        "validation_accuracy": None
        if trained.validation is None
        else accuracy(trained.validation, reviews.validation.labels),
        "test_accuracy": accuracy(trained.test, labels),
        # Bit k: was review k of the test part judged rightly? So any two runs can be compared in pairs.
        "right": base64.b64encode(np.packbits((trained.test > 0.5) == labels).tobytes()).decode(),
        "test_loss": round(log_loss(trained.test, labels), 4),
        "parameters": trained.parameters,
        "epochs": trained.epochs,
        "seconds": round(trained.seconds, 1),
        "history": {name: [round(value, 4) for value in values] for name, values in trained.history.items()},
        "by_length": by_length(trained.test, reviews.test),
        "calibration": calibration(trained.test, labels),
        "recipe": chosen.recipe,
        "versions": {name: version(name) for name in ("numpy", "scikit-learn", "unrolled")}
        | {"python": platform.python_version()},
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
    }


def accuracy(probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Return the share of reviews on the right side of 1/2."""
    return round(float(np.mean((np.asarray(probabilities) > 0.5) == (np.asarray(labels) == 1))), 4)


def log_loss(probabilities: NDArray[Any], labels: NDArray[Any]) -> float:
    """Return the mean of -log P(label)."""
    right = np.where(labels == 1, probabilities, 1 - probabilities)
    return float(-np.log(np.maximum(right.astype("float64"), 1e-12)).mean())


def by_length(probabilities: NDArray[Any], part: Part) -> list[dict[str, int | None]]:
    """Count right and wrong verdicts of both classes for groups of reviews of similar length."""
    lengths = np.array([len(ids) for ids in part.ids])
    group = np.searchsorted(LENGTHS, lengths)
    verdict, label = probabilities > 0.5, part.labels == 1
    counts = []
    for k, longest in enumerate([*LENGTHS, None]):
        here = group == k
        counts.append(
            {
                "longest": longest,
                "true_positive": int(np.sum(here & verdict & label)),
                "false_negative": int(np.sum(here & ~verdict & label)),
                "true_negative": int(np.sum(here & ~verdict & ~label)),
                "false_positive": int(np.sum(here & verdict & ~label)),
            }
        )
    return counts


def missing(
    found: Sequence[Run], systems: Sequence[str], sources: Sequence[str]
) -> list[tuple[str, str, int]]:
    """Return what is still to be trained: (system, source, seed), all with the first seed first."""
    have = {(run["system"], run["source"], run["seed"], run["recipe"]) for run in found}
    wanted = [
        (seed, system, source)
        for source in sources
        for system in systems
        if source == "keras" or not getattr(SYSTEMS[system], "official_only", False)
        for seed in (SEEDS[source] if SYSTEMS[system].needs_seed else (0,))
    ]
    return [
        (system, source, seed)
        for seed, system, source in sorted(wanted, key=lambda one: one[0])
        if (system, source, seed, SYSTEMS[system].recipe) not in have
    ]


def current(path: Path = RESULTS) -> list[Run]:
    """Return the runs that count: those of a system that exists, trained as it is trained now."""
    found = runs(path=path) if path.exists() else []
    return [r for r in found if r["system"] in SYSTEMS and r["recipe"] == SYSTEMS[r["system"]].recipe]


def save(found: Sequence[Run], path: Path = RESULTS) -> None:
    """Write all runs, in a fixed order; a reader sees the old file or the new one, never half of it."""
    names, sources = list(SYSTEMS), list(SEEDS)
    ordered = sorted(found, key=lambda r: (names.index(r["system"]), sources.index(r["source"]), r["seed"]))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, "[\n" + ",\n".join(json.dumps(run) for run in ordered) + "\n]\n")


def add(run: Run, path: Path = RESULTS) -> list[Run]:
    """Put one run into the file, which another process may be adding to; return all that it then holds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path.parent):
        others = [r for r in current(path) if any(r[key] != run[key] for key in ("system", "source", "seed"))]
        found = [*others, run]
        save(found, path)
    return found


def train_missing(
    systems: Sequence[str], sources: Sequence[str], jobs: int = 1, path: Path = RESULTS
) -> list[Run]:
    """Train what the results file lacks, `jobs` runs at a time; write the file after each run."""
    found = current(path)
    todo, start = missing(found, systems, sources), time.monotonic()
    print(f"{len(found)} runs are done, {len(todo)} to train, {jobs} at a time", flush=True)
    # Fresh processes (spawn): they share no threads with this one.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        futures = {pool.submit(make_run, *one): one for one in todo}
        try:
            for k, future in enumerate(as_completed(futures), start=1):
                run = future.result()
                found = add(run, path)
                print(
                    f"{k:3d}/{len(todo)}  {(time.monotonic() - start) / 60:5.1f} min  {run['system']:18s} "
                    f"{run['source']:14s} seed {run['seed']}: validation {run['validation_accuracy']}, "
                    f"test {run['test_accuracy']}, {run['seconds']:.0f} s",
                    flush=True,
                )
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)  # what is not begun yet waits for the next call
            raise
    return found


def plain_name(system: str) -> str:
    """What a system is, in words that need no lesson."""
    return PLAIN.get(system, SYSTEMS[system].title)


def best_five(path: Path = RESULTS) -> str:
    """A Markdown table of the systems with the best mean accuracy on the official test half."""
    tested: dict[str, list[float]] = {}
    for run in runs(source="keras", path=path):
        tested.setdefault(run["system"], []).append(run["test_accuracy"])
    ranked = sorted(tested, key=lambda name: -statistics.mean(tested[name]))[:TOP]
    rows = ["| model | right on the official test reviews |", "|---|--:|"]
    return "\n".join(
        rows + [f"| {plain_name(n)} | {100 * statistics.mean(tested[n]):.1f} % |" for n in ranked]
    )


def write_table(page: Path, content: str) -> None:
    """Put a table between the two marks of a page."""
    text = page.read_text(encoding="utf-8")
    before, rest = text.split("<!-- scoreboard -->\n")
    _, after = rest.split("<!-- end of scoreboard -->")
    write_whole(page, f"{before}<!-- scoreboard -->\n{content}\n<!-- end of scoreboard -->{after}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, or write the tables; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.train_scoreboard", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument(
        "--systems", nargs="+", choices=list(SYSTEMS), default=list(SYSTEMS), metavar="SYSTEM"
    )
    parser.add_argument("--sources", nargs="+", choices=list(SEEDS), default=list(SEEDS))
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="runs at a time (default: one a core)"
    )
    parser.add_argument("--readme", action="store_true", help="only write the tables of the READMEs")
    options = parser.parse_args(arguments)
    if not options.readme:
        if "keras" in options.sources:
            try:
                load_reviews("keras")
            except DataError as error:
                print(f"The official benchmark is left out: {error}")
                options.sources.remove("keras")
        train_missing(options.systems, options.sources, options.jobs)
    write_table(README, best_five())
    write_table(DATA_README, table())
    print(table())
    return 0


if __name__ == "__main__":
    sys.exit(main())
