"""Every exercise answers back rightly: its stub, its solution and plausible wrong answers are run.

Each is run as a student runs it: the lesson's own cell, in a namespace with nothing but what the
first cell of the section Exercises brings.
"""

import ast
import copy
import io
import json
import logging
import os
import re
import subprocess
import sys
import warnings
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import nbformat
import numpy as np
import pytest

from course_utils import exercises as course
from course_utils.exercises import judge
from course_utils.files import LOCK
from tests.wrong_answers import WRONG
from tools.exercise_cells import assigned, drift, exercise_cells, exercise_problems, setup_cell
from tools.make_solutions import class_copy, graded_copy, main, short_copy, solved_copy
from tools.notebook_rules import WIDEST_LINE

ROOT = Path(__file__).parents[1]
EXERCISES = course.exercises()
LESSONS = {
    lesson: next((ROOT / "notebooks").glob(f"{int(lesson):02}_*.ipynb"))
    for lesson in dict.fromkeys(number.split(".")[0] for number in EXERCISES)
}
NOTEBOOKS = {lesson: nbformat.read(path, as_version=4) for lesson, path in LESSONS.items()}
CELLS = {cell.number: cell for nb in NOTEBOOKS.values() for cell in exercise_cells(nb)}
SLIPS = [(number, *slip) for number, slips in WRONG.items() for slip in slips]
JUNK = [
    3,
    -1.5,
    True,
    "x",
    "",
    (),
    [],
    [[1], [2, 3]],
    {},
    np.zeros(3),
    np.zeros(()),
    np.nan,
    object(),
    int,
    np.ndarray,
]
JUNK += [lambda *a: None, lambda *a: 1, lambda *a: "x", lambda *a: [], lambda *a: a, lambda *a: 1 / 0]


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    """No test reads or writes what a student has done on this machine."""
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path))
    monkeypatch.setattr(course, "_done_now", set())
    course._hints_shown.clear()
    return tmp_path


def numbers(lesson):
    return [e for e in EXERCISES.values() if e.number.split(".")[0] == lesson]


_setups = {}


def _setup_of(lesson):
    if lesson not in _setups:
        _setups[lesson] = {}
        notebook = NOTEBOOKS[lesson]
        exec(notebook.cells[setup_cell(notebook)].source, _setups[lesson])
    return _setups[lesson]


def run(number, answer, capsys):
    """Run an answer with the check line of its lesson; return what is printed."""
    setup = _setup_of(number.split(".")[0])
    capsys.readouterr()
    exec(answer + "\n" + CELLS[number].check, dict(setup))
    shown = capsys.readouterr()
    assert not shown.err
    assert max(map(len, shown.out.splitlines())) <= course.WIDTH
    return one_line(shown.out)


def one_line(text):
    """What is printed, without the breaks between lines."""
    return " ".join(text.split())


def slipped(number, old, new):
    solution = EXERCISES[number].solution
    if old is None:
        return new
    assert old in solution, f"{number}: {old!r} is not in the solution"
    return solution.replace(old, new, 1)


@pytest.mark.parametrize("number", EXERCISES)
def test_untouched_stub_is_not_tried_yet(number, capsys):
    shown = run(number, CELLS[number].stub, capsys)
    expected = f"Exercise {number} ({EXERCISES[number].kind}) is not tried yet. Put your answer in place of"
    assert shown == f"{expected} the dots, and run the cell."


@pytest.mark.parametrize("number", EXERCISES)
def test_solution_is_right(number, capsys):
    shown = run(number, EXERCISES[number].solution, capsys)
    assert shown.startswith(f"Exercise {number} ({EXERCISES[number].kind}) is right. "), shown
    assert f"Done so far: 1 of {len(EXERCISES)} exercises" in shown


@pytest.mark.parametrize(("number", "old", "new", "reason"), SLIPS)
def test_wrong_answer_gets_its_reason(number, old, new, reason, capsys):
    shown = run(number, slipped(number, old, new), capsys)
    begun = "Not tried yet" in reason
    assert shown.startswith(f"Exercise {number} ({EXERCISES[number].kind}) is {'begun' if begun else 'not'}")
    assert reason in shown, shown


@pytest.mark.parametrize("number", EXERCISES)
def test_checking_many_times_stays_quiet(number, capfd, caplog):
    """TensorFlow, for one, warns when a check makes it trace five times."""
    for _ in range(7):
        run(number, EXERCISES[number].solution, capfd)
    assert caplog.text == ""


@pytest.mark.parametrize("number", EXERCISES)
def test_at_least_five_wrong_answers(number):
    assert len({new for _, new, reason in WRONG[number] if "Not tried yet" not in reason}) >= 5


REASONS = {
    "same_numbers": lambda *a, **k: a[4] if len(a) > 4 else k.get("slips", {}),
    "a_shape": lambda *a: a[3].values(),
    "a_count": lambda *a: [*a[3].values(), a[4]],
    "a_choice": lambda *a: a[3].values(),
}


def listening(judged, reasons, known):
    """The same judge; it writes down which reasons it could give."""

    def listen(*arguments, **options):
        known.update(reasons(*arguments, **options))
        return judged(*arguments, **options)

    return listen


def noting(raised):
    """What Wrong does when it is made: it writes down the file and the line."""

    def note(reason, *arguments):
        maker = sys._getframe(1)
        raised.add((Path(maker.f_code.co_filename).stem, maker.f_lineno))
        Exception.__init__(reason, *arguments)

    return note


def own_reasons(module):
    """The statements of a lesson's judges that raise Wrong: name of the file, and lines."""
    path = ROOT / "course_utils" / "exercises" / f"{module}.py"
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Raise) and ast.unparse(node).split("(")[0].endswith("Wrong"):
            yield {(module, line) for line in range(node.lineno, node.end_lineno + 1)}


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_reason_is_given_to_some_wrong_answer(lesson, capsys, monkeypatch):
    """A reason that no wrong answer gets may be false, and nobody would know."""
    raised = set()
    monkeypatch.setattr(judge.Wrong, "__init__", noting(raised), raising=False)
    for number in [exercise.number for exercise in numbers(lesson)]:
        known = set()
        with monkeypatch.context() as patch:
            for name, reasons in REASONS.items():
                patch.setattr(judge, name, listening(getattr(judge, name), reasons, known))
            given = [run(number, slipped(number, old, new), capsys) for old, new, _ in WRONG[number]]
        assert {reason for reason in known if one_line(reason) not in "".join(given)} == set(), number
        assert known or len(set(given)) >= 5  # a judge whose reasons are all its own, such as that of 1.4
    assert [sorted(lines) for lines in own_reasons(f"lesson_{int(lesson):02}") if not lines & raised] == []


def test_wrong_answers_belong_to_exercises():
    assert set(WRONG) == set(EXERCISES)


@pytest.mark.parametrize("number", EXERCISES)
@pytest.mark.parametrize("junk", JUNK, ids=repr)
def test_nothing_raises_and_junk_is_wrong(number, junk, capsys):
    course.check(number, *[junk] * len(EXERCISES[number].answers))
    shown = one_line(capsys.readouterr().out)
    assert "is not right yet: " in shown or "is not tried yet" in shown, shown


def test_hints_come_in_steps(capsys):
    exercise = EXERCISES["1.2"]
    for step in (1, 2, 3, 3):
        course.hint("1.2")
        shown = one_line(capsys.readouterr().out)
        assert shown.startswith(f"Exercise 1.2, hint {step} of 3: {exercise.hints[step - 1]}")
        assert ("This is the last one." in shown) == (step == 3)


@pytest.mark.parametrize("number", EXERCISES)
def test_every_exercise_has_hints_and_a_reason(number):
    exercise = EXERCISES[number]
    assert len(exercise.hints) >= 2
    assert exercise.why.endswith(".")
    assert number.split(".")[0] in LESSONS


@pytest.mark.parametrize("number", EXERCISES)
def test_solution_is_printed_as_it_is_checked(number, capsys):
    course.solution(number)
    assert EXERCISES[number].solution.strip() in capsys.readouterr().out


@pytest.mark.parametrize("call", [course.check, course.hint, course.solution])
def test_unknown_number(call, capsys):
    call("9.99")
    assert capsys.readouterr().out.startswith("There is no exercise '9.99'. There are: 1.1, 1.2,")


def test_number_without_quotation_marks(own_progress, capsys):
    course.check(1.1, (5, 3), (3, 3), 27)
    assert "Exercise 1.1 (Predict) is right." in capsys.readouterr().out
    assert json.loads((own_progress / "progress.json").read_text()) == {"done": ["1.1"]}


def test_check_line_that_was_changed(capsys):
    course.check("1.2")
    assert (
        capsys.readouterr().out == "Exercise 1.2 (Code): check takes run_batch; write its line as it was.\n"
    )


def test_a_broken_judge_is_called_our_mistake(capsys, monkeypatch):
    broken = copy.copy(EXERCISES["1.2"])
    object.__setattr__(broken, "judge", lambda answer: 1 / 0)
    monkeypatch.setattr(course, "exercises", lambda: {"1.2": broken})
    course.check("1.2", 5)
    assert "the mistake is ours. ZeroDivisionError: division by zero." in one_line(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("body", "idle"),
    [
        ("...", True),
        ("pass", True),
        ("return ...", True),
        ("return None", True),
        ("'doc'", True),
        ("'doc'\n ...", True),
        ("return 0", False),
        ("return x", False),
        ("y = x", False),
        ("x.append(1)", False),
    ],
)
def test_untouched(body, idle):
    namespace = {}
    exec(
        f"def f(x):\n {body}\nclass C:\n def __init__(self): self.a = 1\n def call(self, x):\n  {body}",
        namespace,
    )
    assert judge.untouched(namespace["f"]) == judge.untouched(namespace["C"]) == idle


# Progress


def done(capsys):
    capsys.readouterr()
    course.progress()
    return one_line(capsys.readouterr().out)


def test_progress_outlives_the_session(own_progress, capsys, monkeypatch):
    total = len(EXERCISES)
    assert done(capsys) == f"Done so far: 0 of {total} exercises."
    for number in ("1.1", "3.1", "1.1"):
        run(number, EXERCISES[number].solution, capsys)
    monkeypatch.setattr(course, "_done_now", set())
    of_1, of_3 = len(numbers("1")), len(numbers("3"))
    assert (
        done(capsys) == f"Done so far: 2 of {total} exercises; lesson 1: 1 of {of_1}; lesson 3: 1 of {of_3}."
    )
    assert {path.name for path in own_progress.iterdir()} == {"progress.json", LOCK}


def test_damaged_progress_is_named_and_kept(own_progress, capsys):
    path = own_progress / "progress.json"
    path.write_bytes(b'{"done": ["1.1", "2.')
    assert done(capsys).startswith(f"{path} is damaged")
    shown = run("3.1", EXERCISES["3.1"].solution, capsys)
    assert f"{path} is damaged" in shown
    assert "It is kept as progress-damaged.json; what was done before is not counted." in shown
    assert json.loads(path.read_text()) == {"done": ["3.1"]}
    assert (own_progress / "progress-damaged.json").read_bytes() == b'{"done": ["1.1", "2.'
    assert "damaged" not in run("1.1", EXERCISES["1.1"].solution, capsys)


def test_exercises_of_a_newer_course_stay_done(own_progress, capsys):
    (own_progress / "progress.json").write_text('{"done": ["99.1", "1.2"]}')
    run("1.1", EXERCISES["1.1"].solution, capsys)
    assert json.loads((own_progress / "progress.json").read_text()) == {"done": ["1.1", "1.2", "99.1"]}


def test_a_folder_that_nobody_knows_costs_nothing(own_progress, capsys, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", "~nobody-has-this-name/folder")
    assert "Done so far: 1 of" in run("1.1", EXERCISES["1.1"].solution, capsys)


def test_progress_that_cannot_be_written(own_progress, capsys, monkeypatch):
    (own_progress / "file").write_text("")
    monkeypatch.setenv("COURSE_PROGRESS", str(own_progress / "file" / "folder"))
    assert "Done so far: 1 of" in run("1.1", EXERCISES["1.1"].solution, capsys)


THIRTY_AT_ONCE = """
import os
import re
from course_utils import exercises as course
numbers = list(course.exercises())[:30]
wait, go = os.pipe()
for number in numbers:
    if os.fork() == 0:
        os.close(go)
        os.read(wait, 1)  # until all are there
        course._remember(number)
        os._exit(0)
os.close(go)
assert [os.wait()[1] for _ in numbers] == [0] * 30
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that can fork")
def test_progress_of_thirty_at_once_loses_nothing(own_progress):
    subprocess.run([sys.executable, "-c", THIRTY_AT_ONCE], check=True)
    assert json.loads((own_progress / "progress.json").read_text())["done"] == list(EXERCISES)[:30]


def test_progress_can_be_off(own_progress, capsys, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", "off")
    assert "Done so far" not in run("1.1", EXERCISES["1.1"].solution, capsys)
    assert done(capsys) == ""
    assert not list(own_progress.iterdir())


# The lessons and the registered exercises


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_lesson_and_registered_exercises_agree(path):
    lesson = str(int(path.name.split("_")[0]))
    assert exercise_problems(nbformat.read(path, as_version=4), numbers(lesson)) == []


@pytest.mark.parametrize("lesson", LESSONS)
def test_no_lesson_takes_the_names_that_exercises_need(lesson):
    """A lesson's own `check` would stand in the way of whoever does an exercise right after its section."""
    sources = [cell.source for cell in NOTEBOOKS[lesson].cells if cell.cell_type == "code"]
    assert {name for source in sources for name in assigned(source)}.isdisjoint(course.__all__)


def edit(index, old, new):
    def change(notebook, cells):
        source = notebook.cells[cells[index].index].source
        assert old in source
        notebook.cells[cells[index].index].source = source.replace(old, new)

    return change


def first_code_cell(source):
    return lambda nb, cells: next(c for c in nb.cells if c.cell_type == "code").update(source=source)


@pytest.mark.parametrize(
    "change",
    [
        lambda nb, cells: nb.cells.pop(cells[1].index),
        lambda nb, cells: nb.cells.append(nb.cells[cells[1].index]),
        lambda nb, cells: nb.cells.insert(cells[1].index, nb.cells[0]),
        lambda nb, cells: nb.cells.pop(setup_cell(nb)),
        lambda nb, cells: nb.cells[cells[1].index - 1].update(source="### Exercise 1.2 · Think · The loop"),
        first_code_cell("kernel_shape = 5"),
        edit(0, "kernel_shape, recurrent_kernel_shape,", "recurrent_kernel_shape, kernel_shape,"),
        edit(1, "x, kernel,", "x, W,"),
        edit(1, '# hint("1.2")', ""),
        edit(2, '# solution("1.3")', '# solution("1.2")'),
        edit(3, "(1, 1)", "(2, 2)"),
    ],
)
def test_each_disagreement_is_found(change):
    notebook = copy.deepcopy(NOTEBOOKS["1"])
    change(notebook, exercise_cells(notebook))
    assert exercise_problems(notebook, numbers("1"))


def test_unregistered_exercise_is_found():
    assert exercise_problems(NOTEBOOKS["1"], [])


def test_drift_inside_a_class():
    stub = "class A(B):\n def call(self, x): ..."
    assert drift(stub, stub.replace("x", "inputs"), ("A",))
    assert drift(stub, stub.replace("...", "return x"), ("A",)) == []


@pytest.mark.parametrize("number", EXERCISES)
def test_solutions_keep_the_style(number):
    name = "notebooks/solution.py"  # as wide as a lesson
    command = [sys.executable, "-m", "ruff", "format", "--check", "--stdin-filename", name, "-"]
    source = EXERCISES[number].solution.strip() + "\n"
    assert subprocess.run(command, input=source, text=True, cwd=ROOT, check=False).returncode == 0
    assert max(map(len, source.splitlines())) <= WIDEST_LINE


# The instructor's copies


@pytest.mark.parametrize("lesson", LESSONS)
def test_solved_copy(lesson):
    solved = solved_copy(NOTEBOOKS[lesson])
    nbformat.validate(solved)
    cells = exercise_cells(solved)
    assert len(solved.cells) == len(NOTEBOOKS[lesson].cells)
    assert len(cells) == len(numbers(lesson))
    for cell in cells:
        assert EXERCISES[cell.number].solution.strip() in cell.stub
        (output,) = solved.cells[cell.index].outputs
        assert one_line(output.text).startswith(
            f"Exercise {cell.number} ({EXERCISES[cell.number].kind}) is right."
        )
        assert "Done so far" not in output.text


@pytest.mark.parametrize("lesson", LESSONS)
def test_short_copy_is_title_and_solved_exercises(lesson):
    short, whole = short_copy(NOTEBOOKS[lesson]), solved_copy(NOTEBOOKS[lesson])
    nbformat.validate(short)
    assert short.cells[0].source == whole.cells[0].source
    assert short.cells[1].source.startswith("## Exercises")
    assert short.cells[2].source == whole.cells[setup_cell(whole)].source
    solved = [whole.cells[cell.index] for cell in exercise_cells(whole)]
    cells = [short.cells[cell.index] for cell in exercise_cells(short)]
    assert [(c.source, c.outputs) for c in cells] == [(c.source, c.outputs) for c in solved]
    assert [c.execution_count for c in cells] == list(range(2, len(solved) + 2))
    assert short.cells[-1] == cells[-1]


def test_short_copies_are_written_anew(tmp_path, capsys):
    folder = tmp_path / "solutions-short"
    folder.mkdir()
    (folder / "00_gone.ipynb").write_text("a lesson that has another name now")
    assert main(["--short", str(tmp_path)]) == 0
    assert sorted(folder.iterdir()) == [folder / path.name for path in sorted(LESSONS.values())]
    assert list(tmp_path.iterdir()) == [folder]
    assert capsys.readouterr().out == f"{folder}: {len(LESSONS)} lessons\n"


def test_no_short_copy_without_exercises():
    lesson = copy.deepcopy(NOTEBOOKS["1"])
    lesson.cells = lesson.cells[:3]
    with pytest.raises(ValueError, match="no section Exercises"):
        short_copy(lesson)


@pytest.mark.parametrize("lesson", LESSONS)
def test_class_copy_has_no_solution(lesson):
    handed_out = class_copy(NOTEBOOKS[lesson])
    nbformat.validate(handed_out)
    first = setup_cell(handed_out)
    shown = str([(cell.source, cell.get("outputs")) for cell in handed_out.cells[first - 1 :]])
    assert "check(" in shown
    assert "hint(" in shown
    assert "solution" not in shown


@pytest.mark.parametrize("lesson", LESSONS)
def test_copy_for_nbgrader(lesson):
    graded = graded_copy(NOTEBOOKS[lesson])
    nbformat.validate(graded)
    marked = [cell.metadata["nbgrader"] for cell in graded.cells if "nbgrader" in cell.metadata]
    assert len({mark["grade_id"] for mark in marked}) == len(marked) == 2 * len(numbers(lesson))
    assert sum(mark.get("points", 0) for mark in marked) == len(numbers(lesson))
    for answer, test in pairwise(graded.cells):
        if test.metadata.get("nbgrader", {}).get("grade"):
            assert answer.metadata["nbgrader"]["solution"]
            namespace = dict(vars(course))
            with pytest.raises(AssertionError, match="is not tried yet"):
                exec(stub_of(answer) + "\n" + test.source, namespace)


def stub_of(cell):
    imports = "import keras\n" if "keras." in cell.source else ""
    return imports + cell.source.split("check(")[0]


def test_why_wrong():
    assert course.why_wrong("1.1", (5, 3), (3, 3), 27) == ""
    assert "the bias is not" in course.why_wrong("1.1", (5, 3), (3, 3), 24)


class NotebookStream(io.StringIO):
    """A stream as a kernel has it: an object of Python's, beside file descriptor 2."""


@pytest.mark.filterwarnings("ignore:a warning")
def test_a_grader_sees_nothing_of_what_an_answer_writes_to_stderr(monkeypatch, capfd):
    stream = NotebookStream()
    monkeypatch.setattr(sys, "stderr", stream)
    log = logging.getLogger("test of a noisy answer")
    log.addHandler(logging.StreamHandler(stream))
    namespace = dict(_setup_of("1"))
    exec(EXERCISES["1.2"].solution, namespace)
    noise = []

    def run_batch(*arguments):
        noise.append(1)
        warnings.warn("a warning", stacklevel=1)
        log.warning("a line of a log")
        print("a progress bar", file=sys.stderr)
        os.write(2, b"a line from C")
        return namespace["run_batch"](*arguments)

    assert course.why_wrong("1.2", run_batch) == ""
    assert noise
    assert stream.getvalue() == capfd.readouterr().err == ""
    print("heard", file=stream)
    os.write(2, b"heard")
    assert (stream.getvalue(), capfd.readouterr().err) == ("heard\n", "heard")


@pytest.mark.parametrize(
    "kind", [float, np.float64, np.float32, np.float16, np.longdouble, np.array, np.asarray], ids=str
)
def test_a_number_of_every_type_is_right(kind):
    judge.a_count("share", kind(0.884), 0.884, {0.882: "slip"}, "count again")
    with pytest.raises(judge.Wrong, match=r"share 0\.\d+: slip"):
        judge.a_count("share", kind(0.854), 0.884, {0.854: "slip"}, "count again")


def numbers_of(exercise):
    """The answers of the solution, where some are fractions and all are plain values; else nothing."""
    plain = re.fullmatch(r"(\s*\w+ = .+\n)+", exercise.solution)
    values = {}
    if plain:
        with suppress(Exception):
            exec(exercise.solution, {"np": np}, values)
    answers = [values.get(name) for name in exercise.answers]
    return answers if any(isinstance(value, float) for value in answers) else []


@pytest.mark.parametrize("kind", [np.float32, np.asarray])
@pytest.mark.parametrize("number", [number for number in EXERCISES if numbers_of(EXERCISES[number])])
def test_every_exercise_takes_a_number_of_another_type(number, kind):
    answers = [kind(value) if isinstance(value, float) else value for value in numbers_of(EXERCISES[number])]
    assert course.why_wrong(number, *answers) == ""


def test_a_scalar_of_tensorflow_is_a_number():
    from course_utils.quiet import quiet_import

    with quiet_import():
        import tensorflow as tf
    for number in (tf.constant(0.884), tf.Variable(0.884), tf.constant(0.884, "float64")):
        judge.a_count("share", number, 0.884, {}, "count again")
    judge.a_count("units", tf.constant(7), 7, {}, "count again")


@pytest.mark.parametrize(
    "wrong", ["7", True, None, [7], np.array([7]), np.array(True), np.array("7")], ids=str
)
def test_what_is_no_number_is_refused(wrong):
    with pytest.raises(judge.Wrong, match="expected a number"):
        judge.a_count("units", wrong, 7, {}, "count again")
