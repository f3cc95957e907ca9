"""Judge the judges: every mutant of an official solution is put to its check, which must refuse it.

    python -m tools.mutate_answers            # the table, all exercises of the kind Code
    python -m tools.mutate_answers 3 5.4      # those of a lesson, one exercise; what passes is listed
    python -m tools.mutate_answers --table    # the table as Markdown

A mutant that passes and does the same as the solution (`tools.mutant_probes`) is equivalent; each
is recorded there with its reason. The others are holes in a judge.
"""

import contextlib
import io
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat

from course_utils import exercises as course
from course_utils.exercises.judge import Exercise
from tools.exercise_cells import setup_cell
from tools.mutant_operators import ACTED, Mutant, helpers, is_void, mutants
from tools.mutant_probes import EQUIVALENT, PROBES, alike

ROOT = Path(__file__).parents[1]


@dataclass
class Tally:
    """What became of the mutants of one exercise."""

    number: str
    refused: int = 0
    equivalent: list[str] = field(default_factory=list)
    passed: list[Mutant] = field(default_factory=list)  # and the probe tells it from the solution
    unrecorded: list[Mutant] = field(default_factory=list)  # passed, and the probe tells no difference
    broken: list[str] = field(default_factory=list)  # the check itself failed
    seconds: float = 0.0

    @property
    def mutants(self) -> int:
        return self.refused + len(self.equivalent) + len(self.passed) + len(self.unrecorded)

    @property
    def share(self) -> float:
        """Refused among those that are not equivalent."""
        wrong = self.mutants - len(self.equivalent)
        return self.refused / wrong if wrong else 1.0


def exercises() -> list[Exercise]:
    """Return the exercises whose answer is a function or a class: the ones that are mutated."""
    lessons = {int(path.name[:2]) for path in (ROOT / "notebooks").glob("[0-9]*.ipynb")}
    everything = course.exercises().values()
    return [e for e in everything if int(e.number.split(".")[0]) in lessons and mutants(e.solution)]


_setups: dict[str, dict[str, Any]] = {}


def setup_of(number: str) -> dict[str, Any]:
    """Return the names that the first cell of the section Exercises brings."""
    lesson = number.split(".")[0]
    if lesson not in _setups:
        (path,) = (ROOT / "notebooks").glob(f"{int(lesson):02}_*.ipynb")
        notebook = nbformat.read(path, as_version=4)
        index = setup_cell(notebook)
        assert index is not None, path
        names: dict[str, Any] = {}
        with contextlib.redirect_stdout(io.StringIO()):
            exec(notebook.cells[index].source, names)
        _setups[lesson] = names
    return _setups[lesson]


def names_of(number: str, source: str) -> dict[str, Any]:
    """Run an answer; return what it defines."""
    names = dict(setup_of(number)) | helpers()
    exec(source, names)
    return names


def judge_mutants(exercise: Exercise, chosen: Sequence[Mutant]) -> Tally:
    """Put mutants to the check of their exercise."""
    tally, begin = Tally(exercise.number), time.perf_counter()
    right: list[Any] | None = None
    setup_of(exercise.number)
    for mutant in chosen:
        try:
            names = names_of(exercise.number, mutant.source)
            answers = [names[answer] for answer in exercise.answers]
        except Exception:
            continue  # no answer at all
        ACTED.clear()
        is_right, verdict = course._judge(exercise, answers)
        if is_right and is_void(mutant):
            continue  # the solution as it is
        if not is_right:
            tally.refused += 1
            if "the mistake is ours" in verdict:
                tally.broken.append(f"{mutant.what}: {verdict}")
            continue
        recorded = EQUIVALENT.get(exercise.number, {})
        if any(mutant.what.startswith(known) for known in recorded):
            tally.equivalent.append(mutant.what)
            continue
        probe = PROBES[exercise.number]
        if right is None:
            right = probe(names_of(exercise.number, exercise.solution))
        try:
            same = alike(right, probe(names_of(exercise.number, mutant.source)))
        except Exception:
            same = False
        (tally.unrecorded if same else tally.passed).append(mutant)
    tally.seconds = time.perf_counter() - begin
    return tally


def sample(exercise: Exercise, most: int) -> list[Mutant]:
    """Return a fixed sample of the mutants of an exercise, from all parts of it."""
    everything = mutants(exercise.solution)
    return everything[:: max(1, -(-len(everything) // most))]


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    with warnings.catch_warnings(), course._nothing_on_stderr():
        warnings.simplefilter("ignore")
        yield


def main(arguments: Sequence[str]) -> int:
    wanted = [a for a in arguments if not a.startswith("-")]
    chosen = [e for e in exercises() if not wanted or e.number in wanted or e.number.split(".")[0] in wanted]
    row = "| {:8} | {:>7} | {:>7} | {:>10} | {:>6} | {:>7} | {:>7} |"
    head = row.format("exercise", "mutants", "refused", "equivalent", "passed", "share", "seconds")
    print(head + ("\n|---|--:|--:|--:|--:|--:|--:|" if "--table" in arguments else ""))
    for exercise in chosen:
        setup_of(exercise.number)
        with quietly():
            tally = judge_mutants(exercise, mutants(exercise.solution))
        wrong = tally.passed + tally.unrecorded
        share = f"{100 * tally.share:.1f} %"
        numbers = tally.mutants, tally.refused, len(tally.equivalent), len(wrong), share
        print(row.format(tally.number, *numbers, f"{tally.seconds:.1f}"), flush=True)
        if "--table" not in arguments:
            for mutant in tally.passed:
                print(f"  passes: {mutant.what}")
            for mutant in tally.unrecorded:
                print(f"  passes, and the probe finds no difference: {mutant.what}")
            for what in tally.broken:
                print(f"  breaks the check: {what}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
