"""One lesson through nbgrader, from the set that `make solutions` writes to the points: make test-nbgrader.

It runs nbgrader in an environment of its own, build/nbgrader-environment, which the Makefile makes.
"""

import csv
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from course_utils.exercises import exercises
from tools.exercise_cells import exercise_cells
from tools.make_solutions import write_nbgrader_set

ROOT = Path(__file__).parents[1]
PYTHON = ROOT / "build" / "nbgrader-environment" / "bin" / "python"
LESSON = "01_numpy_rnn_loop"
NUMBERS = [number for number in exercises() if number.startswith("1.")]
NOISE = """
import logging, os, sys, warnings
from tqdm import tqdm
logging.basicConfig()
quiet_{name} = {name}
def {name}(*arguments):
    for _ in tqdm(range(3)):
        warnings.warn("a warning")
        logging.warning("a line of a log")
        print("a line", file=sys.stderr)
    os.write(2, b"a line from C")
    return quiet_{name}(*arguments)
"""


def answered(released, answers):
    """The released lesson with an answer in place of each stub that has one."""
    for cell in exercise_cells(released):
        if cell.number in answers:
            released.cells[cell.index].source = answers[cell.number] + "\n\n" + cell.check
    return released


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nbgrader")
    write_nbgrader_set(folder)
    nbgrader(folder, "generate_assignment", LESSON)
    right = {number: exercises()[number].solution for number in NUMBERS}
    noisy = {
        number: solution + NOISE.format(name=exercises()[number].answers[0])
        for number, solution in right.items()
        if f"def {exercises()[number].answers[0]}(" in solution
    }
    assert noisy
    for name, answers in {
        "nobody": {},
        "right": right,
        "noisy": right | noisy,
        "first": {NUMBERS[0]: right[NUMBERS[0]]},
    }.items():
        place = folder / "submitted" / name / LESSON
        place.mkdir(parents=True)
        released = nbformat.read(folder / "release" / LESSON / f"{LESSON}.ipynb", as_version=4)
        nbformat.write(answered(released, answers), place / f"{LESSON}.ipynb")
    return folder


def nbgrader(folder, *command, **environment):
    environment |= {
        "PATH": f"{PYTHON.parent}{os.pathsep}{os.environ['PATH']}",  # nbgrader calls alembic by name
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_PATH": str(Path(sys.prefix) / "share" / "jupyter"),  # nbconvert's templates
    }
    done = subprocess.run(
        [PYTHON, "-m", "nbgrader", *command],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("optimize", ["", "1"])
def test_points_are_those_of_the_answers(folder, optimize):
    nbgrader(folder, "autograde", LESSON, "--force", PYTHONOPTIMIZE=optimize)
    nbgrader(folder, "export")
    with open(folder / "grades.csv", newline="", encoding="utf-8") as file:
        points = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    every = float(len(NUMBERS))
    assert points == {"nobody": 0.0, "first": 1.0, "right": every, "noisy": every}


def test_feedback_says_why(folder):
    nbgrader(folder, "generate_feedback", LESSON, "--force")
    page = (folder / "feedback" / "nobody" / LESSON / f"{LESSON}.html").read_text(encoding="utf-8")
    assert page.count("is not tried yet") >= len(NUMBERS)
