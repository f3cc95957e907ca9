"""Write the instructor's copies of the lessons: solved ones, and a class set without solutions.

Use: python tests/make_solutions.py [FOLDER]

FOLDER is build by default, which git ignores; the copies go to FOLDER/solutions and
FOLDER/class. A solved copy holds the one solution that `course_utils.exercises` has of every
exercise, with the output of its check; all else, outputs too, is the lesson's. So nbval can
run it: python -m pytest -c tests/nbval.ini --rootdir . --nbval-current-env build/solutions
with COURSE_PROGRESS=off in the environment, or the solved exercises count as your own.
"""

import argparse
import copy
import io
import os
import re
import sys
from contextlib import redirect_stdout
from pathlib import Path
from unittest import mock

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # so that it also starts as a script

from course_utils.exercises import PROGRESS_VARIABLE, exercises  # noqa: E402
from tests.exercise_cells import exercise_cells, setup_cell  # noqa: E402


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
                output.text = re.sub(r"^solution .*\n", "", output.get("text", ""), flags=re.MULTILINE)
        else:
            cell.source = re.sub(r" With `solution`[^.]*\.", "", cell.source)
    return handed_out


def main(arguments: list[str] | None = None) -> int:
    """Write both sets."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "build")
    folder = parser.parse_args(arguments).folder
    for name, make in (("solutions", solved_copy), ("class", class_copy)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
            nbformat.write(make(nbformat.read(path, as_version=4)), folder / name / path.name)
        print(f"{folder / name}: {len(list((folder / name).glob('*.ipynb')))} lessons")
    return 0


if __name__ == "__main__":
    sys.exit(main())
