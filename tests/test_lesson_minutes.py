"""The minutes that a lesson prints are those that were measured, by the stated rule."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import lesson_minutes

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
RESULTS = lesson_minutes.read_results()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_printed_minutes_are_the_measured_ones(path):
    lesson = nbformat.read(path, as_version=4)
    again = f"measure it anew: make timing NB=notebooks/{path.name}"
    assert path.stem in RESULTS["lessons"], again
    found = RESULTS["lessons"][path.stem]["sections"]
    assert list(found) == list(dict.fromkeys(lesson_minutes.sections(lesson))), again
    line = lesson_minutes.minutes_line(lesson, found)
    assert any(line in cell.source for cell in lesson.cells), f"{line!r} is not in the lesson; {again}"


def test_table_of_the_teaching_page_is_the_measured_one():
    text = lesson_minutes.TEACHING.read_text(encoding="utf-8")
    assert text == lesson_minutes.with_table(text, RESULTS), "run make timing for a lesson"


def small_lesson():
    return new_notebook(
        cells=[
            new_markdown_cell("# 1 · A lesson\n\n**Minutes**: about 99 minutes to read and run. More."),
            new_markdown_cell("## Words\n\n" + "word " * 1798),
            new_code_cell("import time\n\ntime.sleep(0.3)\n" + "x = 1\n" * 13),
            new_markdown_cell("## Things\n\n*Predict: a*\n\n**Predict** b.\n\n$$ c $$\n\n|d|\n|:--|\n|e|"),
            new_code_cell("y = x", outputs=[new_output("display_data", {"image/png": "AA=="})]),
            new_markdown_cell("## Exercises\n\n### Exercise 1.1 · Predict · A\n\n" + "word " * 999),
            new_code_cell("x = 1\n" * 99),
            new_markdown_cell("### Exercise 1.2 · Code · B\n\nWorth an evening."),
            new_markdown_cell("### Exercise 1.3 · Code · C"),
        ]
    )


def test_the_rule():
    lesson = small_lesson()
    words, lines = (1800 + 14) + 12, 15 + 1
    stops = 45 + 2 * 25 + 20 + 20  # a figure, two predictions, a formula, a table
    assert lesson_minutes.reading_minutes(lesson) == pytest.approx(words / 180 + (4 * lines + stops) / 60)
    assert lesson_minutes.exercise_minutes(lesson) == 3 + 60 + 15
    timing = {"Words": 240.0}
    assert lesson_minutes.minutes(lesson, timing) == (15, 80)
    lesson_minutes.write_line(lesson, timing)
    assert lesson.cells[0].source.endswith(
        "**Minutes**: about 15 minutes to read and run (the cells alone take about 4), "
        "and about 80 for the exercises. More."
    )
    lesson_minutes.write_line(lesson, {"Words": 20.0})
    assert lesson.cells[0].source.endswith(
        "**Minutes**: about 15 minutes to read and run, and about 80 for the exercises. More."
    )


def test_a_lesson_without_the_line_is_named():
    with pytest.raises(ValueError, match="Minutes"):
        lesson_minutes.write_line(new_notebook(cells=[new_markdown_cell("# 1")]), {})


def test_sections_are_measured_and_outputs_kept(tmp_path):
    lesson = small_lesson()
    lesson.cells[2].source += "print(x)"
    found = lesson_minutes.measure(lesson, tmp_path)
    assert [len(cell.get("outputs", [])) for cell in lesson.cells] == [0, 0, 1, 0, 0, 0, 0, 0, 0]
    assert lesson.cells[2].outputs[0].text == "1\n"
    assert list(found["sections"]) == [lesson_minutes.FIRST_SECTION, "Words", "Things", "Exercises"]
    assert 0.3 <= found["sections"]["Words"] < 20 > found["sections"]["Exercises"]
    assert 20 < found["memory_mb"] < 2000


def test_a_lesson_that_fails_is_named_and_the_next_is_measured(tmp_path, monkeypatch, capsys):
    broken = tmp_path / "02_broken.ipynb"
    broken.write_text("{", encoding="utf-8")
    other = NOTEBOOKS[0]
    seen = []
    monkeypatch.setattr(lesson_minutes, "write_line", lambda lesson, sections: seen.append(sections))
    monkeypatch.setattr(lesson_minutes, "write", lambda lesson, path: seen.append(path.stem))
    monkeypatch.setattr(lesson_minutes, "write_whole", lambda path, content: None)
    assert lesson_minutes.main(["--lines", str(broken), str(other)]) == 1
    assert seen[-1] == other.stem
    assert "02_broken.ipynb: not written" in capsys.readouterr().err
