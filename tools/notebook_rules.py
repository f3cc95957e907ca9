"""The rules that every lesson keeps. Each rule takes a notebook and returns its problems, in words."""

import ast
import itertools
import re
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import nbformat
from nbformat import NotebookNode

IGNORED, RAISES = "nbval-ignore-output", "raises-exception"
TAGS = {IGNORED, RAISES}
CELL_KEYS = {"reason", "slideshow", "tags"}
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    # All that JupyterLab would add, so that opening a lesson does not change it. The version is one for
    # all: course_utils/saving.py keeps it where a student's Python is another.
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
        "version": "3.11.7",
    },
}
LONGEST_CELL, LONGEST_DEFINITION, WIDEST_LINE = 12, 25, 100
COMPARED_SHARE = 0.7
WITH_OUTPUT_SHARE = 0.7
MOST_WORDS, MOST_CELLS = 3_000, 105  # before the exercises
LARGEST_OUTPUT = 1_000_000  # characters, pictures included
SLIDE_TYPES = {"slide", "subslide", "fragment", "notes", "skip"}  # a cell without one goes on with the slide
SLIDE_KEYS = {"slide_type", "show", "notes"}
SHOWN = {"code", "output", "figure"}  # without it: the code, and its output at the next key
NOTES = {"say", "ask", "question", "mistake"}
MOST_SLIDES, LONGEST_CODE_ON_A_SLIDE, FEWEST_NOTES = 25, 10, 2

Rule = Callable[[NotebookNode, Path], list[str]]


def code_cells(notebook: NotebookNode) -> list[tuple[int, NotebookNode]]:
    return [(i, cell) for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]


def prose_cells(notebook: NotebookNode) -> list[tuple[int, NotebookNode]]:
    return [(i, cell) for i, cell in enumerate(notebook.cells) if cell.cell_type == "markdown"]


def tags(cell: NotebookNode) -> set[str]:
    return set(cell.metadata.get("tags", []))


def without_code(source: str) -> str:
    """Markdown without its code blocks and inline code."""
    return re.sub(r"```.*?```|`[^`\n]*`", "", source, flags=re.DOTALL)


def executed_in_order(notebook: NotebookNode, _: Path) -> list[str]:
    counts = [cell.execution_count for _, cell in code_cells(notebook)]
    if counts != list(range(1, len(counts) + 1)):
        return [f"not executed top to bottom from a fresh kernel: execution counts {counts}"]
    return []


def no_earlier_history(notebook: NotebookNode, _: Path) -> list[str]:
    """What a training returns is None before: an interrupted one leaves no curves of an earlier run."""
    problems = []
    for i, cell in code_cells(notebook):
        if "progress" not in cell.metadata.get("reason", ""):
            continue
        bound: set[str] = set()
        for statement in ast.parse(cell.source).body:
            targets = {
                node.id
                for node in ast.walk(statement)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            }
            if isinstance(statement, ast.Assign) and re.search(r"\bfit\(", ast.unparse(statement.value)):
                problems += [
                    f"cell {i}: say `{name} = None` before the training, so that one that was interrupted "
                    "leaves nothing of an earlier one behind"
                    for name in sorted(targets - bound)
                ]
            bound |= targets
    return problems


def errors_are_tagged(notebook: NotebookNode, _: Path) -> list[str]:
    problems = []
    for i, cell in code_cells(notebook):
        failed = any(output.output_type == "error" for output in cell.outputs)
        if failed and RAISES not in tags(cell):
            problems.append(f"cell {i} ends in an error and is not tagged {RAISES}")
        if not failed and RAISES in tags(cell):
            problems.append(f"cell {i} is tagged {RAISES} and raises none")
    return problems


def no_stderr(notebook: NotebookNode, _: Path) -> list[str]:
    return [
        f"cell {i} writes to stderr: {output.text[:80]!r}"
        for i, cell in code_cells(notebook)
        for output in cell.outputs
        if output.output_type == "stream" and output.name == "stderr"
    ]


def plain_python(notebook: NotebookNode, _: Path) -> list[str]:
    """No magic at all is on the allow-list: nbval passes a cell with an unknown one unseen."""
    problems = []
    for i, cell in code_cells(notebook):
        try:
            tree = ast.parse(cell.source)
        except SyntaxError as error:
            problems.append(f"cell {i} is not plain Python (a magic?): {error.text!r}")
            continue
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        if "get_ipython" in names:
            problems.append(f"cell {i} calls get_ipython, the way around the ban of magics")
        if cell.source.rstrip().endswith(";"):
            problems.append(f"cell {i} ends with a semicolon, which nbval does not honour")
    return problems


def tags_have_reasons(notebook: NotebookNode, _: Path) -> list[str]:
    problems = []
    for i, cell in enumerate(notebook.cells):
        unknown = tags(cell) - TAGS
        if unknown:
            problems.append(f"cell {i} has unknown tags {sorted(unknown)}")
        if tags(cell) & TAGS and len(cell.metadata.get("reason", "").split()) < 3:
            problems.append(f"cell {i} is tagged {sorted(tags(cell))} without a reason in its metadata")
    return problems


def mostly_compared(notebook: NotebookNode, _: Path) -> list[str]:
    compared, total = comparison_counts(notebook)
    if total and compared < COMPARED_SHARE * total:
        return [f"nbval compares {compared} of {total} code cells, expected {COMPARED_SHARE:.0%} or more"]
    return []


def comparison_counts(notebook: NotebookNode) -> tuple[int, int]:
    """Code cells that nbval compares, and all code cells."""
    cells = code_cells(notebook)
    return sum(IGNORED not in tags(cell) for _, cell in cells), len(cells)


def mostly_with_output(notebook: NotebookNode, _: Path) -> list[str]:
    cells = code_cells(notebook)
    shown = sum(bool(cell.outputs) for _, cell in cells)
    if shown < WITH_OUTPUT_SHARE * len(cells):
        return [f"{shown} of {len(cells)} code cells show something, expected {WITH_OUTPUT_SHARE:.0%}"]
    return []


def lines_of_code(source: str) -> int:
    """Lines that hold code: not those that only close brackets, or only go on with a text."""
    return sum(
        bool(line.strip()) and not re.fullmatch(r"""\s*([)\]}]+|f?"[^"]*"|f?'[^']*'),?""", line)
        for line in source.splitlines()
    )


def narrow_code(notebook: NotebookNode, _: Path) -> list[str]:
    """JupyterLab cuts longer lines off where its file browser is open, on a screen of 1280 pixels."""
    return [
        f"cell {i} has a line of {len(line)} characters, at most {WIDEST_LINE}: {line.strip()[:40]!r}"
        for i, cell in code_cells(notebook)
        for line in cell.source.splitlines()
        if len(line) > WIDEST_LINE
    ]


def short_cells(notebook: NotebookNode, _: Path) -> list[str]:
    problems = []
    for i, cell in code_cells(notebook):
        lines = lines_of_code(cell.source)
        definitions = (ast.ClassDef, ast.FunctionDef)
        try:
            defines = any(isinstance(node, definitions) for node in ast.parse(cell.source).body)
        except SyntaxError:
            defines = False
        limit = LONGEST_DEFINITION if defines else LONGEST_CELL
        if lines > limit:
            problems.append(f"cell {i} has {lines} lines, at most {limit}")
    return problems


def short_enough(notebook: NotebookNode, _: Path) -> list[str]:
    """Few words and cells before the exercises: what is more belongs to another lesson, or nowhere."""
    read = list(itertools.takewhile(lambda cell: not cell.source.startswith("## Exercises"), notebook.cells))
    words = sum(len(cell.source.split()) for cell in read if cell.cell_type == "markdown")
    return [
        f"{count:,} {what} before the exercises, at most {most:,}"
        for what, count, most in (("words", words, MOST_WORDS), ("cells", len(read), MOST_CELLS))
        if count > most
    ]


def pictures_have_alt(notebook: NotebookNode, _: Path) -> list[str]:
    problems = []
    for i, cell in code_cells(notebook):
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                alt = output.metadata.get("image/png", {}).get("alt", "")
                if len(alt.split()) < 5:
                    problems.append(f"cell {i} shows a picture without alt text: use course_utils.plots.show")
    for i, cell in prose_cells(notebook):
        source = without_code(cell.source)
        if re.search(r"!\[\s*\]\(", source) or any(
            not re.search(r"""alt\s*=\s*["'][^"']""", tag) for tag in re.findall(r"<img\b[^>]*>", source)
        ):
            problems.append(f"cell {i} has a picture without alt text")
    return problems


def headings_in_order(notebook: NotebookNode, path: Path) -> list[str]:
    levels = [
        (i, len(match[1]), match[2])
        for i, cell in prose_cells(notebook)
        for match in re.finditer(r"^(#+) +(.+)$", without_code(cell.source), flags=re.MULTILINE)
    ]
    if not levels or levels[0][:2] != (0, 1):
        return ["the first cell does not begin with the title, a heading of level 1"]
    problems = []
    number = path.name.split("_")[0].lstrip("0")
    if number.isdigit() and not levels[0][2].startswith(f"{number} · "):
        problems.append(f"the title is {levels[0][2]!r}, expected it to begin with '{number} · '")
    for (_, before, _), (i, level, title) in pairwise(levels):
        if level == 1:
            problems.append(f"cell {i}: a second title, {title!r}")
        elif level > before + 1:
            problems.append(f"cell {i}: heading {title!r} skips a level")
    return problems


def objectives_and_recap(notebook: NotebookNode, _: Path) -> list[str]:
    prose = "\n".join(cell.source for _, cell in prose_cells(notebook))
    wanted = {
        "After this lesson you can": "After this lesson you can" in prose,
        "What to know before": re.search(r"what to know before", prose, re.IGNORECASE),
        "minutes": re.search(r"\bminutes\b", prose),
        "## Recap": re.search(r"^## Recap", prose, re.MULTILINE),
        "the next lesson": re.search(r"next lesson|end of the course", prose, re.IGNORECASE),
    }
    return [f"the prose lacks {name!r}" for name, found in wanted.items() if not found]


def links_resolve(notebook: NotebookNode, path: Path) -> list[str]:
    return [
        f"cell {i}: {problem}"
        for i, cell in prose_cells(notebook)
        for problem in dead_links(cell.source, path.parent)
    ]


def lesson_links_say_the_title(notebook: NotebookNode, path: Path) -> list[str]:
    """A link whose text begins with a lesson's number gives that lesson's title."""
    problems = []
    for i, cell in prose_cells(notebook):
        for text, target in re.findall(r"\[(\d+ · [^\]]*)\]\(([^)#]+\.ipynb)", cell.source):
            file = path.parent / target
            if file.exists():
                title = nbformat.read(file, as_version=4).cells[0].source.splitlines()[0].removeprefix("# ")
                if text != title:
                    problems.append(f"cell {i} calls {target} {text!r}, but its title is {title!r}")
    return problems


def dead_links(source: str, folder: Path) -> list[str]:
    """Links of a Markdown text to files that are not there."""
    targets = re.findall(r"\]\(<?([^)\s>]+)[^)]*\)", without_code(source))
    targets += re.findall(r"""(?:href|src)\s*=\s*["']([^"']+)["']""", without_code(source))
    dead = []
    for target in targets:
        if re.match(r"[a-z]+:", target) or target.startswith("#"):
            continue
        if not (folder / target.split("#")[0]).exists():
            dead.append(f"the link to {target} leads nowhere")
    return dead


def clean_metadata(notebook: NotebookNode, _: Path) -> list[str]:
    problems = []
    if notebook.metadata != NOTEBOOK_METADATA:
        problems.append(f"the notebook's metadata is {dict(notebook.metadata)}, expected {NOTEBOOK_METADATA}")
    ids = [cell.get("id") for cell in notebook.cells]
    if None in ids or len(set(ids)) != len(ids):
        problems.append("cells lack ids, or share one")
    for i, cell in enumerate(notebook.cells):
        unknown = set(cell.metadata) - CELL_KEYS
        if unknown:
            problems.append(f"cell {i} has metadata {sorted(unknown)}, expected only {sorted(CELL_KEYS)}")
        if cell.get("attachments"):
            problems.append(f"cell {i} has attachments")
    return problems


def portable_outputs(notebook: NotebookNode, _: Path) -> list[str]:
    """No path of one machine, no address of an object, nothing huge."""
    problems = []
    for i, cell in code_cells(notebook):
        texts = [output.get("text", "") for output in cell.outputs]
        texts += [str(output.get("data", {}).get("text/plain", "")) for output in cell.outputs]
        texts += ["\n".join(output.get("traceback", [])) for output in cell.outputs]
        joined = "\n".join(texts)
        if re.search(r"\b0x[0-9a-f]{6,}", joined):
            problems.append(f"cell {i} shows an object's address")
        if re.search(r"(?<![\w.])/(home|root|tmp|Users|work)/", joined) or re.search(r"\b[A-Z]:\\", joined):
            problems.append(f"cell {i} shows a path of one machine")
        if len(str(cell.outputs)) > LARGEST_OUTPUT:
            problems.append(f"cell {i} has more than {LARGEST_OUTPUT:,} characters of output")
    return problems


def not_empty(notebook: NotebookNode, _: Path) -> list[str]:
    return [f"cell {i} is empty" for i, cell in enumerate(notebook.cells) if not cell.source.strip()]


def has_deck(notebook: NotebookNode) -> bool:
    """Whether any cell says what it is in a slide show."""
    return any("slideshow" in cell.metadata for cell in notebook.cells)


def slide_type(cell: NotebookNode) -> str:
    """What the cell is in a slide show; "-" where it goes on with the slide before it."""
    return cell.metadata.get("slideshow", {}).get("slide_type", "-")


def slides(notebook: NotebookNode) -> list[list[tuple[int, NotebookNode]]]:
    """The cells of each slide and subslide, without what is skipped and without cells of notes."""
    found: list[list[tuple[int, NotebookNode]]] = []
    for i, cell in enumerate(notebook.cells if has_deck(notebook) else []):
        if slide_type(cell) in {"skip", "notes"}:
            continue
        if slide_type(cell) in {"slide", "subslide"} or not found:
            found.append([])
        found[-1].append((i, cell))
    return found


def deck_is_well_formed(notebook: NotebookNode, _: Path) -> list[str]:
    """Slide types that the tools know, few slides, short code. How they look is seen by make slides."""
    if not has_deck(notebook):
        return ["no cell says what it is in a slide show: docs/teaching.md tells how to give a lesson a deck"]
    problems = []
    for i, cell in enumerate(notebook.cells):
        slideshow = cell.metadata.get("slideshow", {})
        unknown = set(slideshow) - SLIDE_KEYS
        if unknown:
            problems.append(f"cell {i} has slideshow keys {sorted(unknown)}, expected {sorted(SLIDE_KEYS)}")
        if "slide_type" in slideshow and slideshow["slide_type"] not in SLIDE_TYPES:
            problems.append(
                f"cell {i} has the unknown slide type {slideshow['slide_type']!r}, "
                f"expected one of {sorted(SLIDE_TYPES)}"
            )
        if "show" in slideshow and (slideshow["show"] not in SHOWN or cell.cell_type != "code"):
            problems.append(f"cell {i} shows {slideshow['show']!r}: only for code, one of {sorted(SHOWN)}")
        if slideshow.get("show") == "figure" and not any(
            "image/png" in output.get("data", {}) for output in cell.get("outputs", [])
        ):
            problems.append(f"cell {i} shows a figure, and has none")
    for number, slide in enumerate(slides(notebook), start=1):
        for i, cell in slide:
            lines = len([line for line in cell.source.splitlines() if line.strip()])
            shown = cell.cell_type == "code" and cell.metadata.get("slideshow", {}).get("show") not in {
                "output",
                "figure",
            }
            if shown and lines > LONGEST_CODE_ON_A_SLIDE:
                problems.append(
                    f"cell {i} puts {lines} lines of code on slide {number}, "
                    f"at most {LONGEST_CODE_ON_A_SLIDE}: shorten it, or show only its output"
                )
    if len(slides(notebook)) > MOST_SLIDES:
        problems.append(f"the deck has {len(slides(notebook))} slides, at most {MOST_SLIDES}")
    return problems


def speaker_has_notes(notebook: NotebookNode, _: Path) -> list[str]:
    """Every slide says what to say; every deck what to ask, what a class asks and where it errs."""
    problems, kinds = [], Counter[str]()
    for i, cell in enumerate(notebook.cells):
        notes = cell.metadata.get("slideshow", {}).get("notes", {})
        kinds.update(list(notes))
        if set(notes) - NOTES or any(len(str(text).split()) < 3 for text in notes.values()):
            problems.append(f"cell {i} has notes {dict(notes)}, expected sentences under {sorted(NOTES)}")
        if notes and slide_type(cell) in {"skip", "notes"}:
            problems.append(f"cell {i} has notes, but is on no slide: put them on a cell that is")
    for number, slide in enumerate(slides(notebook), start=1):
        if not any("say" in cell.metadata.get("slideshow", {}).get("notes", {}) for _, cell in slide):
            problems.append(f"slide {number} (from cell {slide[0][0]}) has no note that says what to say")
    if has_deck(notebook):
        problems += [
            f"the deck has {kinds[kind]} notes of the kind {kind!r}, at least {FEWEST_NOTES}"
            for kind in sorted(NOTES)
            if kinds[kind] < FEWEST_NOTES
        ]
    return problems


RULES: list[Rule] = [
    executed_in_order,
    no_earlier_history,
    errors_are_tagged,
    no_stderr,
    plain_python,
    tags_have_reasons,
    mostly_compared,
    mostly_with_output,
    narrow_code,
    short_cells,
    short_enough,
    pictures_have_alt,
    headings_in_order,
    objectives_and_recap,
    links_resolve,
    lesson_links_say_the_title,
    clean_metadata,
    portable_outputs,
    not_empty,
    deck_is_well_formed,
    speaker_has_notes,
]
