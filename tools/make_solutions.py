"""Write the instructor's copies of the lessons: solved ones, a class set, and a set for nbgrader.

Use: python -m tools.make_solutions [--short] [FOLDER]

FOLDER is build by default, which git ignores; the copies go to FOLDER/solutions, FOLDER/class
and FOLDER/nbgrader.

A solved copy holds the one solution that `course_utils.exercises` has of every exercise, with
the output of its check; all else, outputs too, is the lesson's. So nbval can run it
(make test-solutions), as long as the lessons themselves take. With --short a copy holds only
the lesson's title and its solved section Exercises, which needs no other cell; these copies go
to FOLDER/solutions-short, nothing else is written, and nbval runs them in seconds: make test
does so every time. The class set does not mention solution(). It is no lock: whoever opens
course_utils finds the solutions there.

The set for nbgrader holds the title and the exercises of the class set, with a locked test cell,
worth one point, behind every exercise: they need no other cell, and a class is graded in minutes.
A warning, a log or a progress bar of an answer costs no point. Students need nothing for it. Install
nbgrader (tried: 0.9.6) into an environment that has the course, activate it, and in FOLDER/nbgrader,
for lesson 1:

    nbgrader generate_assignment 01_numpy_rnn_loop   # to release/, for the students
    nbgrader autograde 01_numpy_rnn_loop             # what lies in submitted/NAME/01_numpy_rnn_loop/
    nbgrader generate_feedback 01_numpy_rnn_loop     # to feedback/: a page with points and reasons
    nbgrader export                                  # to grades.csv; 0 also where autograde has failed
"""

import argparse
import copy
import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from unittest import mock

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output

from course_utils.exercises import PROGRESS_VARIABLE, exercises
from tools import NOTEBOOKS, ROOT
from tools.execute_notebook import read
from tools.exercise_cells import exercise_cells, setup_cell

NBGRADER = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False}
NBGRADER_CONFIG = """\
import os

import course_utils  # where it is missing nbgrader stops here, and gives nobody 0 points for that

os.environ["COURSE_PROGRESS"] = "off"  # the students' answers are not the grader's own
c = get_config()
c.CourseDirectory.course_id = "unrolled"
c.ExecutePreprocessor.timeout = 600  # seconds for a cell, and for its output: a busy machine takes its time
c.ExecutePreprocessor.iopub_timeout = 60
# nbgrader's own list without ClearSolutions: no solution stands in these copies.
steps = "IncludeHeaderFooter LockCells ClearOutput CheckCellMetadata ComputeChecksums SaveCells".split()
c.GenerateAssignment.preprocessors = [f"nbgrader.preprocessors.{step}" for step in steps]
"""


@contextmanager
def of_lesson(path: Path) -> Iterator[NotebookNode]:
    """Give a lesson to a block. Raises ValueError, with the file's name, where the block fails on it."""
    lesson = read(path)
    try:
        yield lesson
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise ValueError(
            f"{path}: no copy can be made of it ({reason:.200}); is it a whole lesson?"
        ) from error


def shown_by(source: str, namespace: dict[str, object]) -> list[NotebookNode]:
    """Run a cell; return its outputs as a notebook stores them."""
    printed = io.StringIO()
    with redirect_stdout(printed), mock.patch.dict(os.environ, {PROGRESS_VARIABLE: "off"}):
        exec(source, namespace)
    return [new_output("stream", name="stdout", text=printed.getvalue())] if printed.getvalue() else []


def solved_copy(lesson: NotebookNode) -> NotebookNode:
    """Return the lesson with every stub replaced by its solution, and with what the check then says."""
    solved, known = copy.deepcopy(lesson), exercises()
    setup = setup_cell(solved)
    if setup is None:
        return solved
    namespace: dict[str, object] = {}
    shown_by(solved.cells[setup].source, namespace)
    for found in exercise_cells(lesson):
        solution = known[found.number].solution.strip()
        blank = "\n\n\n" if "\n\n\n" in found.stub else "\n\n"  # as the formatter wants it
        cell = solved.cells[found.index]
        cell.source = solution + blank + found.check
        cell.outputs = shown_by(cell.source, namespace)
    return solved


def cut(lesson: NotebookNode) -> NotebookNode:
    """Keep the title and the section Exercises, up to the last exercise: they need no other cell."""
    setup = setup_cell(lesson)
    if setup is None:
        raise ValueError("no section Exercises: expected a lesson that has one")
    last = exercise_cells(lesson)[-1].index
    title = next(c for c in lesson.cells if c.cell_type == "markdown" and c.source.startswith("# "))
    lesson.cells = [title, *lesson.cells[setup - 1 : last + 1]]
    return lesson


def short_copy(lesson: NotebookNode) -> NotebookNode:
    """Return the title and the exercises of the solved copy."""
    short = cut(solved_copy(lesson))
    for count, cell in enumerate((c for c in short.cells if c.cell_type == "code"), start=1):
        cell.execution_count = count
    return short


def class_copy(lesson: NotebookNode) -> NotebookNode:
    """Return the lesson without any mention of solution(); hints and checks stay."""
    handed_out = copy.deepcopy(lesson)
    setup = setup_cell(handed_out)
    if setup is None:
        return handed_out
    for cell in handed_out.cells[setup - 1 :]:
        if cell.cell_type == "code":
            cell.source = re.sub(r'\n# solution\("[^"]*"\)|, solution\b', "", cell.source)
            for output in cell.outputs:
                if "text" in output:
                    output.text = re.sub(r"^solution .*\n", "", output.text, flags=re.MULTILINE)
        else:
            cell.source = re.sub(r" With `solution`[^.]*\.", "", cell.source)
    return handed_out


def graded_copy(lesson: NotebookNode) -> NotebookNode:
    """Return the exercises of the class copy, marked for nbgrader, with a test cell behind each.

    What decides a point is no `assert`: under PYTHONOPTIMIZE nothing would be asserted.
    """
    graded = cut(class_copy(lesson))
    for found in reversed(exercise_cells(graded)):
        name = found.number.replace(".", "-")
        graded.cells[found.index].metadata["nbgrader"] = NBGRADER | {
            "grade_id": f"answer-{name}",
            "solution": True,
        }
        test = new_code_cell(
            "from course_utils.exercises import why_wrong\n\n"
            f'reason = why_wrong("{found.number}", {", ".join(found.answers)})\n'
            "if reason:\n    raise AssertionError(reason)"
        )
        test.metadata["nbgrader"] = NBGRADER | {
            "grade_id": f"test-{name}",
            "grade": True,
            "locked": True,
            "points": 1,
        }
        graded.cells.insert(found.index + 1, test)
    return graded


def write_nbgrader_set(folder: Path) -> None:
    """Write source/LESSON/LESSON.ipynb for every lesson with exercises, and the settings."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nbgrader_config.py").write_text(NBGRADER_CONFIG, encoding="utf-8")
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        with of_lesson(path) as lesson:
            if exercise_cells(lesson):
                (folder / "source" / path.stem).mkdir(parents=True, exist_ok=True)
                nbformat.write(graded_copy(lesson), folder / "source" / path.stem / path.name)


def write_short_set(folder: Path) -> None:
    """Write the short solved copy of every lesson with exercises; copies of an earlier time go."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.ipynb"):
        path.unlink()
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        with of_lesson(path) as lesson:
            if exercise_cells(lesson):
                nbformat.write(short_copy(lesson), folder / path.name)


def main(arguments: list[str] | None = None) -> int:
    """Write all sets, or the short one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "build")
    parser.add_argument("--short", action="store_true", help="only titles and exercises, solved, for nbval")
    options = parser.parse_args(arguments)
    try:
        write_sets(options.folder, options.short)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def write_sets(folder: Path, short: bool) -> None:
    """Write the short set, or all others; say how many lessons are in each. Raises ValueError."""
    if short:
        write_short_set(folder / "solutions-short")
        written = len(list((folder / "solutions-short").glob("*.ipynb")))
        print(f"{folder / 'solutions-short'}: {written} lessons")
        return
    for name, make in (("solutions", solved_copy), ("class", class_copy)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for path in sorted(NOTEBOOKS.glob("*.ipynb")):
            with of_lesson(path) as lesson:
                nbformat.write(make(lesson), folder / name / path.name)
        print(f"{folder / name}: {len(list((folder / name).glob('*.ipynb')))} lessons")
    write_nbgrader_set(folder / "nbgrader")
    print(f"{folder / 'nbgrader'}: {len(list((folder / 'nbgrader').glob('source/*/*.ipynb')))} lessons")


if __name__ == "__main__":
    sys.exit(main())
