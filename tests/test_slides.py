"""What becomes of a lesson's cells on slides; tests/browser_tests.py looks at the slides themselves."""

import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_utils.plots import caption
from tools import make_slides
from tools import notebook_rules as rules

ROOT = Path(__file__).parents[1]

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


ALT = "A line that rises from one to two, " * 4


def cell(make, source, slide_type=None, **more):
    made = make(source)
    if slide_type or more:
        made.metadata["slideshow"] = ({"slide_type": slide_type} if slide_type else {}) | more
    return made


@pytest.fixture
def lesson():
    """Three slides: a title, code with its output, a figure; and a cell that no slide has."""
    note = {"say": "Say it aloud.", "mistake": "They mix it up."}
    cells = [
        cell(new_markdown_cell, "# 1 · A lesson", "slide", notes={"say": "Good morning, everybody."}),
        cell(new_code_cell, "secret", "skip"),
        cell(new_code_cell, "1 + 1", "slide", notes=note),
        cell(
            new_code_cell,
            "show()",
            "subslide",
            show="figure",
            notes={"ask": "What is this?", "say": "A b c."},
        ),
        cell(new_markdown_cell, "One more line.", notes={"say": "And one more."}),
        cell(new_code_cell, "x = 1", "fragment", show="code"),
    ]
    cells[2].outputs = [new_output("execute_result", {"text/plain": "2"})]
    cells[3].outputs = [
        new_output("stream", text="loss 0.5\n"),
        new_output("display_data", {"image/png": "AA=="}, metadata={"image/png": {"alt": ALT}}),
        new_output("stream", text=caption(ALT) + "\n"),
    ]
    cells[5].outputs = [new_output("stream", text="never seen\n")]
    return nbformat.from_dict(new_notebook(cells=cells))


def shape(notebook):
    """Slide type and source of every cell that is shown."""
    return [(rules.slide_type(c), c.source) for c in notebook.cells if rules.slide_type(c) != "skip"]


def test_notes_follow_the_first_cell_of_their_slide(lesson):
    before = nbformat.writes(lesson)
    noted = make_slides.with_notes(lesson)
    assert nbformat.writes(lesson) == before
    assert [kind for kind, _ in shape(noted)] == [
        *("slide", "notes", "slide", "notes", "subslide", "notes", "-", "fragment")
    ]
    notes = [c.source for c in noted.cells if rules.slide_type(c) == "notes"]
    assert notes[1] == "Say: Say it aloud.\n\nA class slips: They mix it up."
    assert notes[2] == "Say: A b c.\n\nAsk: What is this?\n\nSay: And one more."


def test_output_comes_at_the_next_key(lesson):
    deck = make_slides.deck_copy(lesson)
    assert shape(deck)[2:5] == [("slide", "1 + 1"), ("notes", shape(deck)[3][1]), ("fragment", "1 + 1")]
    code, output = (c for c in deck.cells if c.source == "1 + 1")
    assert not code.outputs
    assert output.outputs
    assert output.metadata.transient.remove_source


def test_only_the_figure_or_only_the_code_is_shown(lesson):
    deck = make_slides.deck_copy(lesson)
    figure = next(c for c in deck.cells if c.source == "show()")
    assert ["image/png" in o.get("data", {}) for o in figure.outputs] == [True]
    assert figure.metadata.transient.remove_source
    code = next(c for c in deck.cells if c.source == "x = 1")
    assert not code.outputs
    assert "transient" not in code.metadata


def test_captions_and_progress_bars_are_left_out_and_other_lines_stay(lesson):
    cell = lesson.cells[3]
    cell.metadata.slideshow.show = "output"
    bar = "epoch 1/1, loss 0.4434: 100%|██████████| 547/547 [00:22<00:00, 24.23it/s]\n"
    cell.outputs[0].text = bar + cell.outputs[0].text + "50%| a half |\n"
    figure = next(c for c in make_slides.deck_copy(lesson).cells if c.source == "show()")
    assert [o.get("text") for o in figure.outputs] == ["loss 0.5\n50%| a half |\n", None]


def test_live_copy_keeps_every_cell_and_folds_long_code(lesson):
    live = make_slides.live_copy(lesson)
    assert [c.source for c in live.cells if rules.slide_type(c) != "notes"] == [
        c.source for c in lesson.cells
    ]
    folded = [c.source for c in live.cells if c.metadata.get("jupyter", {}).get("source_hidden")]
    assert folded == ["show()"]


def test_a_lesson_without_a_deck_is_a_problem(tmp_path, lesson):
    nbformat.write(lesson, tmp_path / "with.ipynb")
    nbformat.write(new_notebook(cells=[new_markdown_cell("# 2")]), tmp_path / "without.ipynb")
    found, problems = make_slides.read_lessons(sorted(tmp_path.glob("*.ipynb")))
    assert [path.stem for path in found] == ["with"]
    assert "slide 2" not in "".join(problems["with"])
    assert "no cell says what it is in a slide show" in "".join(problems["without"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_lesson_becomes_a_deck(path, tmp_path):
    lesson = nbformat.read(path, as_version=4)
    page = make_slides.write_deck(lesson, path.stem, tmp_path).read_text(encoding="utf-8")
    assert page.count('class="notes"') == len(rules.slides(lesson))
    assert not re.findall(r"""(?:src|<link[^>]* href)="(?:https?:)?//""", page)
    assert 'alt=""' not in page
