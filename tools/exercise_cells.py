"""The exercises as they stand in a lesson: found, compared with what is registered, exchanged."""

import ast
import re
from dataclasses import dataclass

from nbformat import NotebookNode

from course_utils.exercises.judge import Exercise

HEADING = r"^### Exercise (\d+\.\d+) · (\w+) · \S"
COMMENTS = '# hint("{number}")\n# solution("{number}")'


@dataclass(frozen=True)
class ExerciseCell:
    """A cell with an exercise: the student's part, then the line of the check and its companions."""

    index: int
    number: str
    answers: tuple[str, ...]  # as the check line passes them
    stub: str
    check: str  # from the check line on


def setup_cell(notebook: NotebookNode) -> int | None:
    """Index of the cell that all exercises of a lesson need, right after the section's heading."""
    for i, cell in enumerate(notebook.cells[:-1]):
        if cell.cell_type == "markdown" and cell.source.startswith("## Exercises"):
            return i + 1
    return None


def exercise_cells(notebook: NotebookNode) -> list[ExerciseCell]:
    found = []
    for i, cell in enumerate(notebook.cells):
        match = re.search(r'^check\("([^"]*)"(.*)\)', cell.source, flags=re.MULTILINE)
        if cell.cell_type == "code" and match:
            answers = tuple(name.strip() for name in match[2].split(",") if name.strip())
            stub, check = cell.source[: match.start()], cell.source[match.start() :]
            found.append(ExerciseCell(i, match[1], answers, stub, check))
    return found


def exercise_problems(notebook: NotebookNode, exercises: list[Exercise]) -> list[str]:
    """Every registered exercise stands in its lesson once, in order, and no other does."""
    cells = exercise_cells(notebook)
    wanted = [exercise.number for exercise in exercises]
    if [cell.number for cell in cells] != wanted:
        return [f"the cells check {[cell.number for cell in cells]}, registered are {wanted}"]
    if not exercises:
        return []
    problems = []
    headings = [
        (i, *match.groups())
        for i, cell in enumerate(notebook.cells)
        if cell.cell_type == "markdown" and (match := re.search(HEADING, cell.source, flags=re.MULTILINE))
    ]
    if [heading[1:] for heading in headings] != [(e.number, e.kind) for e in exercises]:
        problems.append(f"the headings are {headings}, expected one for each exercise, with its kind")
    setup = setup_cell(notebook)
    if setup is None or "from course_utils.exercises import" not in notebook.cells[setup].source:
        problems.append("no section Exercises that begins with the import of check, hint and solution")
    elif any(cell.index < setup for cell in cells):
        problems.append("an exercise stands before the section Exercises")
    others = [
        c.source
        for i, c in enumerate(notebook.cells)
        if c.cell_type == "code" and i not in [cell.index for cell in cells]
    ]
    elsewhere = {name for source in others for name in assigned(source)}
    for cell, exercise, heading in zip(cells, exercises, headings, strict=False):
        if heading[0] != cell.index - 1:
            problems.append(f"exercise {cell.number} does not stand right under its heading")
        if cell.answers != exercise.answers:
            problems.append(f"exercise {cell.number} checks {cell.answers}, expected {exercise.answers}")
        if not cell.check.endswith(")\n" + COMMENTS.format(number=cell.number)):
            problems.append(f"exercise {cell.number} does not end with its hint and its solution")
        if taken := elsewhere & assigned(cell.stub):
            problems.append(f"exercise {cell.number} overwrites {sorted(taken)} of the lesson")
        problems += drift(cell.stub, exercise.solution, exercise.answers)
    return problems


def assigned(source: str) -> set[str]:
    """Names that a cell gives a value to."""
    tree = ast.parse(source)
    stored = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return stored | {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)}


def drift(stub: str, solution: str, answers: tuple[str, ...]) -> list[str]:
    """Where a stub and its solution no longer define the same names with the same signatures."""
    of_stub, of_solution = interface(ast.parse(stub).body), interface(ast.parse(solution).body)
    problems = []
    if of_stub != of_solution:
        problems.append(f"the stub defines {of_stub}, the solution {of_solution}")
    if not set(answers) <= set(of_solution):
        problems.append(f"the solution defines {sorted(of_solution)}, expected {answers}")
    return problems


def interface(body: list[ast.stmt]) -> dict[str, object]:
    """Name of everything that is defined, with parameters, bases and docstring."""
    found: dict[str, object] = {}
    for node in body:
        if isinstance(node, ast.Assign):
            found |= {ast.unparse(target): None for target in node.targets}
        elif isinstance(node, ast.FunctionDef):
            found[node.name] = (ast.unparse(node.args), ast.get_docstring(node))
        elif isinstance(node, ast.ClassDef):
            bases = [ast.unparse(base) for base in node.bases]
            found[node.name] = (bases, ast.get_docstring(node), interface(node.body))
    return found
