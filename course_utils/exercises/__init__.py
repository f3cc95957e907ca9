"""Exercises that answer back: `check`, `hint` and `solution` stand beside each exercise of a lesson.

The text of an exercise stands in the notebook. All else about it stands in one file a lesson
in this folder, `lesson_01.py` and so on: how it is judged, its hints and its one solution,
from which `solution`, the tests and the instructor's copies are made. `judge.py` holds what
the judges share.

In a lesson the exercises stand together, before the recap: what is fetched from memory some
time after reading stays longer (Roediger and Karpicke, 2006, "Test-enhanced learning"), the
lesson reads without stubs in between, and no later cell can depend on an answer. Answer and
check share one cell, so that a check never judges an answer that was changed and not run.

To add an exercise, write its text and its stub in the lesson, like those of lesson 1, then an
`Exercise` in `lesson_NN.py`, then five or more wrong answers in `tests/wrong_answers/lesson_NN.py`.
`tests/test_exercises.py` says what is still missing or does not fit.

Everything is printed as plain text, and nothing here ever raises: an answer that is missing
or wrong must not stop the cells below it.
"""

import importlib
import json
import os
import pkgutil
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, suppress
from pathlib import Path

import platformdirs

from course_utils.exercises import guard
from course_utils.exercises.judge import Exercise, Wrong, one_line, untouched
from course_utils.files import locked, read_json, write_whole

__all__ = ["check", "exercises", "hint", "progress", "solution", "why_wrong"]

PROGRESS_VARIABLE = "COURSE_PROGRESS"  # a folder of your own choice, or "off"
DAMAGED = "progress-damaged.json"  # what could not be read stays beside the new file
WIDTH = 100  # a notebook breaks longer lines in the middle of a word

_hints_shown: Counter[str] = Counter()
_done_now: set[str] = set()  # for machines on which nothing can be kept


def exercises() -> dict[str, Exercise]:
    """Return all exercises of the course by number, in the order of the lessons."""
    found = sorted(module.name for module in pkgutil.iter_modules(__path__))
    lessons = [importlib.import_module(f"{__name__}.{name}") for name in found if name.startswith("lesson_")]
    return {exercise.number: exercise for lesson in lessons for exercise in lesson.EXERCISES}


def check(number: str, *answers: object) -> None:
    """Print whether the answers to an exercise are right, and if not, why."""
    exercise = _find(number)
    if exercise is None:
        return
    right, verdict = _judge(exercise, answers)
    _say(verdict)
    if right:
        if problem := _remember(exercise.number):
            _say(f"{problem}. It is kept as {DAMAGED}; what was done before is not counted.")
        progress()


def why_wrong(number: str, *answers: object) -> str:
    """Return why the answers are not right, or an empty text when they are: for a grader's own cell.

    What an answer writes to standard error meanwhile (a warning, a log, a progress bar) is dropped:
    nbgrader gives no point to a cell with a line there, right or wrong.
    """
    with _nothing_on_stderr():
        right, verdict = _judge(exercises()[number], answers)
    return "" if right else verdict


@contextmanager
def _nothing_on_stderr() -> Iterator[None]:
    """Drop what is written to standard error: by name, by those who hold the stream, and from C."""
    stream = sys.stderr
    with open(os.devnull, "w", encoding="utf-8") as nowhere, ExitStack() as after:
        with suppress(OSError):  # no standard error at all
            kept = os.dup(2)
            after.callback(os.close, kept)
            after.callback(os.dup2, kept, 2)
            stream.flush()
            os.dup2(nowhere.fileno(), 2)
            after.callback(stream.flush)
        with suppress(AttributeError):  # can be done to a notebook's stream, which C does not write to
            stream.write = nowhere.write  # type: ignore[method-assign]
            after.callback(delattr, stream, "write")
        after.enter_context(redirect_stderr(nowhere))
        yield


def _judge(exercise: Exercise, answers: Sequence[object]) -> tuple[bool, str]:
    """Return whether the answers are right, and what to say."""
    title = f"Exercise {exercise.number} ({exercise.kind})"
    if len(answers) != len(exercise.answers):
        return False, f"{title}: check takes {', '.join(exercise.answers)}; write its line as it was."
    missing = [n for n, answer in zip(exercise.answers, answers, strict=True) if untouched(answer)]
    if len(missing) == len(answers):
        return False, f"{title} is not tried yet. Put your answer in place of the dots, and run the cell."
    if missing:
        return False, f"{title} is begun. Not tried yet: {', '.join(missing)}."
    right, notes = False, list[str]()
    try:
        with guard.watched() as notes:
            exercise.judge(*answers)
        right, verdict = True, f"{title} is right. {exercise.why}"
    except Wrong as reason:
        end = "" if str(reason).endswith((".", "?")) else "."
        verdict = f"{title} is not right yet: {reason}{end}"
    except guard.TooSlow:
        verdict = (
            f"{title} is not right yet: after {guard.SECONDS:.0f} seconds the check had no answer, and was "
            "stopped. Is there a loop that never ends, or work that grows with every call?"
        )
    except Exception as error:
        verdict = f"{title}: the check itself failed on this answer; the mistake is ours. {one_line(error)}"
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # sys.exit() and the like, which no check calls
        verdict = f"{title} is not right yet: it raised {one_line(error)}"
    return right, " ".join([verdict, *notes])


def hint(number: str) -> None:
    """Print the first hint to an exercise; called again, the next one."""
    exercise = _find(number)
    if exercise is None:
        return
    shown = min(_hints_shown[exercise.number], len(exercise.hints) - 1)
    _hints_shown[exercise.number] += 1
    more = "Call hint again for the next one." if shown + 1 < len(exercise.hints) else "This is the last one."
    _say(f"Exercise {number}, hint {shown + 1} of {len(exercise.hints)}: {exercise.hints[shown]} {more}")


def solution(number: str) -> None:
    """Print one right answer to an exercise, and why it is right."""
    exercise = _find(number)
    if exercise is not None:
        print(f"Exercise {number}, one right answer:\n\n{exercise.solution.strip()}\n")
        _say(exercise.why)


def progress() -> None:
    """Print in one line how many exercises are done, as far as this machine knows."""
    if os.environ.get(PROGRESS_VARIABLE) == "off":
        return
    everything, done = exercises(), _done()
    of_lesson = Counter(_lesson(number) for number in everything)
    begun = Counter(_lesson(number) for number in done)
    if problem := _kept()[1]:
        _say(f"{problem}: what was done before is not counted. Move it away, or delete it.")
    parts = [f"lesson {lesson}: {count} of {of_lesson[lesson]}" for lesson, count in begun.items()]
    _say("; ".join([f"Done so far: {len(done)} of {len(everything)} exercises", *parts]) + ".")


def _say(text: str) -> None:
    print(textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False))


def _lesson(number: str) -> str:
    return number.split(".")[0]


def _find(number: object) -> Exercise | None:
    everything = exercises()
    if str(number) not in everything:  # 1.1 without quotation marks is understood too
        _say(f"There is no exercise {number!r}. There are: {', '.join(everything)}.")
    return everything.get(str(number))


def _progress_file() -> Path | None:
    named = os.environ.get(PROGRESS_VARIABLE)
    if named == "off":
        return None
    with suppress(RuntimeError):  # ~somebody that this machine does not know
        folder = Path(named).expanduser() if named else platformdirs.user_data_path("unrolled")
        return folder / "progress.json"
    return None


def _kept() -> tuple[list[str], str]:
    """Return what the progress file holds, and why it cannot be read (empty if it can, or is not there)."""
    file = _progress_file()
    try:
        kept = read_json(file)["done"] if file is not None else []
        if not isinstance(kept, list) or not all(isinstance(number, str) for number in kept):
            raise TypeError
    except FileNotFoundError:
        return [], ""
    except (TypeError, KeyError, IndexError):
        return [], f"{file} holds no list of exercises"
    except (OSError, ValueError) as error:
        return [], str(error)
    return kept, ""


def _done() -> list[str]:
    """Return the numbers of the exercises that were right once; a damaged file counts as none."""
    done = _done_now | set(_kept()[0])
    return [number for number in exercises() if number in done]


def _remember(number: str) -> str:
    """Add an exercise to those that are done; of many that do so at once, none is lost.

    Returns why the file as it was could not be read, where it was moved out of the way.
    """
    _done_now.add(number)
    file, moved = _progress_file(), ""
    if file is None:
        return ""
    with suppress(OSError):  # where nothing can be written, the session still counts
        file.parent.mkdir(parents=True, exist_ok=True)
        with locked(file.parent):  # the file is read and written in one piece
            kept, problem = _kept()
            if problem and file.is_file():
                os.replace(file, file.with_name(DAMAGED))
                moved = problem
            # Exercises of a newer course stay in the list.
            later = [number for number in kept if number not in exercises()]
            write_whole(file, json.dumps({"done": _done() + later}))
    return moved
