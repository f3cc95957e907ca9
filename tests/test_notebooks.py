"""Every lesson keeps every rule, and every rule can be broken."""

import copy
import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import notebook_rules as rules

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def test_there_are_lessons():
    assert NOTEBOOKS


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_lesson_keeps_the_rule(path, rule):
    problems = rule(read(path), path)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_lesson_is_valid(path):
    nbformat.validate(read(path))


def test_share_of_compared_cells(capsys):
    counts = {path.name: rules.comparison_counts(read(path)) for path in NOTEBOOKS}
    with capsys.disabled():
        print("\ncode cells compared by nbval / all:")
        for name, (compared, total) in counts.items():
            print(f"  {compared:3d} / {total:3d}  {name}")
    compared, total = (sum(column) for column in zip(*counts.values(), strict=True))
    assert compared >= rules.COMPARED_SHARE * total


def on_slide(cell, slide_type="slide", **more):
    cell.metadata["slideshow"] = {"slide_type": slide_type, **more}


ALL_NOTES = dict.fromkeys(sorted(rules.NOTES), "Three words long.")


@pytest.fixture
def lesson():
    """A small lesson that keeps every rule, with a deck of three slides, the last of them a figure."""
    figure = new_output(
        "display_data",
        data={"image/png": "AA==", "text/plain": "a line that goes up and down"},
        metadata={"image/png": {"alt": "a line that goes up and down"}},
    )
    front = "# 3 · A lesson\n\nAfter this lesson you can …\n\nWhat to know before: nothing.\n\n20 minutes"
    notebook = new_notebook(
        cells=[
            new_markdown_cell(front),
            new_code_cell(
                "1 + 1", execution_count=1, outputs=[new_output("execute_result", {"text/plain": "2"})]
            ),
            new_markdown_cell("## A section\n\n[a link](test_notebooks.py)"),
            new_code_cell("show()", execution_count=2, outputs=[figure]),
            new_code_cell("print(3)", execution_count=3, outputs=[new_output("stream", text="3\n")]),
            new_markdown_cell("## Recap\n\nThe next lesson …"),
        ],
        metadata=copy.deepcopy(rules.NOTEBOOK_METADATA),
    )
    for i, kind in ((0, "slide"), (2, "slide"), (3, "subslide")):
        on_slide(notebook.cells[i], kind, notes=dict(ALL_NOTES))
    on_slide(notebook.cells[1], "fragment")
    on_slide(notebook.cells[4], "skip")
    on_slide(notebook.cells[5], "notes")
    return nbformat.from_dict(notebook)


PATH = Path(__file__).parent / "03_lesson.ipynb"


def test_slides_are_counted_as_reveal_does(lesson):
    assert [[i for i, _ in slide] for slide in rules.slides(lesson)] == [[0, 1], [2], [3]]


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_small_lesson_keeps_the_rule(lesson, rule):
    assert rule(lesson, PATH) == []


DECK_BREAKS = [
    (rules.deck_is_well_formed, lambda nb: [cell.metadata.clear() for cell in nb.cells], "no cell says"),
    (rules.deck_is_well_formed, lambda nb: on_slide(nb.cells[2], "slyde"), "cell 2 .*'slyde'"),
    (rules.deck_is_well_formed, lambda nb: on_slide(nb.cells[2], speed="fast"), "cell 2 .*speed"),
    (rules.deck_is_well_formed, lambda nb: on_slide(nb.cells[2], show="output"), "cell 2 .*'output'"),
    (rules.deck_is_well_formed, lambda nb: on_slide(nb.cells[3], show="all"), "cell 3 .*'all'"),
    (rules.deck_is_well_formed, lambda nb: nb.cells[3].update(source="x = 1\n" * 11), "cell 3 .*11 lines"),
    (
        rules.deck_is_well_formed,
        lambda nb: nb.cells.extend(one_more_slide() for _ in range(rules.MOST_SLIDES)),
        "28 slides",
    ),
    (rules.speaker_has_notes, lambda nb: on_slide(nb.cells[2]), r"slide 2 \(from cell 2\)"),
    (rules.speaker_has_notes, lambda nb: on_slide(nb.cells[2], notes={"say": ""}), "cell 2"),
    (rules.speaker_has_notes, lambda nb: on_slide(nb.cells[2], notes={"joke": "A b c."}), "cell 2 .*joke"),
    (rules.speaker_has_notes, lambda nb: on_slide(nb.cells[4], "skip", notes=ALL_NOTES), "cell 4"),
    (
        rules.speaker_has_notes,
        lambda nb: [nb.cells[i].metadata.slideshow.notes.pop("mistake") for i in (0, 2)],
        "1 notes of the kind 'mistake'",
    ),
]


def one_more_slide():
    cell = new_markdown_cell("One more.")
    on_slide(cell, notes={"say": "One more slide."})
    return cell


@pytest.mark.parametrize(("rule", "break_it", "problem"), DECK_BREAKS)
def test_each_rule_of_a_deck_can_be_broken(lesson, rule, break_it, problem):
    break_it(lesson)
    assert re.search(problem, "\n".join(rule(lesson, PATH)))


def test_long_code_may_stay_behind_its_output(lesson):
    lesson.cells[3].update(source="x = 1\n" * 11)
    lesson.cells[3].metadata.slideshow["show"] = "output"
    assert rules.deck_is_well_formed(lesson, PATH) == []


def tag(cell, *names, reason=None):
    cell.metadata["tags"] = list(names)
    if reason:
        cell.metadata["reason"] = reason


FIT = "history = model.fit(x).history"

BREAKS = [
    (rules.executed_in_order, lambda nb: nb.cells[3].update(execution_count=None)),
    (rules.executed_in_order, lambda nb: nb.cells[3].update(execution_count=7)),
    (
        rules.errors_are_tagged,
        lambda nb: nb.cells[1].outputs.append(new_output("error", ename="E", evalue="", traceback=[])),
    ),
    (rules.errors_are_tagged, lambda nb: tag(nb.cells[1], rules.RAISES)),
    (
        rules.no_earlier_history,
        lambda nb: [tag(nb.cells[1], rules.IGNORED, reason="progress bar"), nb.cells[1].update(source=FIT)],
    ),
    (rules.narrow_code, lambda nb: nb.cells[1].update(source="x" * 101)),
    (rules.no_stderr, lambda nb: nb.cells[1].outputs.append(new_output("stream", name="stderr", text="W"))),
    (rules.plain_python, lambda nb: nb.cells[1].update(source="%matplotlib inline")),
    (rules.plain_python, lambda nb: nb.cells[1].update(source="%%time\n1 + 1")),
    (rules.plain_python, lambda nb: nb.cells[1].update(source="!ls")),
    (rules.plain_python, lambda nb: nb.cells[1].update(source="get_ipython().system('ls')")),
    (rules.plain_python, lambda nb: nb.cells[1].update(source="plt.plot(x);")),
    (rules.tags_have_reasons, lambda nb: tag(nb.cells[1], rules.IGNORED)),
    (rules.tags_have_reasons, lambda nb: tag(nb.cells[1], "nbval-skip", reason="it is too slow")),
    (rules.mostly_compared, lambda nb: [tag(nb.cells[i], rules.IGNORED) for i in (1, 3)]),
    (rules.mostly_with_output, lambda nb: [nb.cells[i].update(outputs=[]) for i in (1, 3)]),
    (rules.short_cells, lambda nb: nb.cells[1].update(source="x = 1\n" * 13)),
    (rules.short_cells, lambda nb: nb.cells[1].update(source="def f():\n" + "    x = 1\n" * 25)),
    (rules.short_enough, lambda nb: nb.cells[2].update(source="word " * 3_001)),
    (rules.short_enough, lambda nb: nb.cells.extend(new_markdown_cell("A cell.") for _ in range(105))),
    (rules.pictures_have_alt, lambda nb: nb.cells[3].outputs[0].update(metadata={})),
    (rules.pictures_have_alt, lambda nb: nb.cells[2].update(source="![](a.png)")),
    (rules.pictures_have_alt, lambda nb: nb.cells[2].update(source='<img src="a.png">')),
    (rules.headings_in_order, lambda nb: nb.cells[0].update(source="## 3 · A lesson")),
    (rules.headings_in_order, lambda nb: nb.cells[0].update(source="# 4 · A lesson")),
    (rules.headings_in_order, lambda nb: nb.cells[2].update(source="# Another title")),
    (rules.headings_in_order, lambda nb: nb.cells[2].update(source="### Too deep")),
    (rules.objectives_and_recap, lambda nb: nb.cells[-1].update(source="## End\n\nThe next lesson …")),
    (rules.objectives_and_recap, lambda nb: nb.cells[0].update(source="# 3 · A lesson")),
    (rules.links_resolve, lambda nb: nb.cells[2].update(source="[a link](nowhere.ipynb#top)")),
    (rules.links_resolve, lambda nb: nb.cells[2].update(source='<a href="nowhere.ipynb">x</a>')),
    (
        rules.lesson_links_say_the_title,
        lambda nb: nb.cells[2].update(source="[1 · Another name](../notebooks/01_numpy_rnn_loop.ipynb)"),
    ),
    (rules.clean_metadata, lambda nb: nb.metadata.update(widgets={})),
    (rules.clean_metadata, lambda nb: nb.cells[1].metadata.update(collapsed=True)),
    (rules.clean_metadata, lambda nb: nb.cells[1].update(id=nb.cells[2].id)),
    (rules.portable_outputs, lambda nb: nb.cells[4].outputs[0].update(text="<A at 0x7f00deadbeef>")),
    (rules.portable_outputs, lambda nb: nb.cells[4].outputs[0].update(text="/" + "home/me/x")),
    (rules.portable_outputs, lambda nb: nb.cells[4].outputs[0].update(text="x" * 1_000_001)),
    (rules.not_empty, lambda nb: nb.cells[4].update(source=" ")),
]


@pytest.mark.parametrize(("rule", "break_it"), BREAKS)
def test_each_rule_can_be_broken(lesson, rule, break_it):
    break_it(lesson)
    assert rule(lesson, PATH)


def test_lines_that_only_close_brackets_or_go_on_with_a_text_are_no_code():
    assert rules.lines_of_code('f(\n    x,\n    "a text "\n    f"that goes {on}",\n)\n\n') == 2


def test_a_history_that_was_emptied_is_no_problem(lesson):
    tag(lesson.cells[1], rules.IGNORED, reason="progress bar")
    lesson.cells[1].update(source="history = None\n" + FIT)
    assert rules.no_earlier_history(lesson, PATH) == []


def test_every_rule_is_broken_once():
    assert {rule for rule, *_ in BREAKS + DECK_BREAKS} == set(rules.RULES)
