"""Measure how long each section of a lesson runs, and write the lesson's minutes.

Use: python -m tools.lesson_minutes [--lines] NOTEBOOK…

Every lesson runs once, from a fresh kernel, on two cores of an otherwise idle machine, and its
outputs are kept, as `make execute` does: so the seconds that it prints are those of that run.
Seconds of each section and the largest memory of the kernel go to course_utils/shipped/timing.json.
The line "**Minutes**: …" of the lesson and the table of docs/teaching.md are then written anew, by
this rule (a test keeps them in step). With --lines only these are written, from what was measured
before: for a lesson whose text has changed and whose sections have not.

read and run   the seconds of all sections, 180 words of prose a minute, 4 seconds a line of code,
               45 seconds a figure, 25 a prediction (*Predict…*), 20 a formula of its own line and
               20 a table, together, rounded to 5 minutes. Exercises are not in it.
exercises      3 minutes to Predict, 5 to Think, 15 to Code, and 60 for one that says that it is
               worth an evening, together, rounded to 5 minutes.
"""

import argparse
import json
import os
import platform
import re
import sys
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from course_utils.files import read_json, write_whole
from tools import NOTEBOOKS, ROOT, SHIPPED
from tools.execute_notebook import FAILURES, clean, read, run, write

RESULTS = SHIPPED / "timing.json"
TEACHING = ROOT / "docs" / "teaching.md"
CORES = 2
WORDS_A_MINUTE, SECONDS_A_LINE = 180, 4
SECONDS_A_FIGURE, SECONDS_A_PREDICTION, SECONDS_A_FORMULA, SECONDS_A_TABLE = 45, 25, 20, 20
EXERCISE_MINUTES = {"Predict": 3, "Think": 5, "Code": 15}
EVENING_MINUTES = 60
FIRST_SECTION = "(before the first section)"
LINE = (
    r"^\*\*Minutes\*\*: about \d+ minutes to read and run"
    r"( \(the cells alone take about \d+\))?(, and about \d+ for the exercises)?"
)
MEMORY = "import resource\n\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"


def sections(lesson: NotebookNode) -> list[str]:
    """Title of the section that each cell is in."""
    title, found = FIRST_SECTION, []
    for cell in lesson.cells:
        if cell.cell_type == "markdown" and (
            headings := re.findall(r"^## +(.+)$", cell.source, flags=re.MULTILINE)
        ):
            title = headings[-1]
        found.append(title)
    return found


def reading_minutes(lesson: NotebookNode) -> float:
    """Minutes to read prose and code, and to stop at what takes longer; exercises left out."""
    words = seconds = 0
    for cell, section in zip(lesson.cells, sections(lesson), strict=True):
        if section == "Exercises":
            continue
        if cell.cell_type == "markdown":
            words += len(cell.source.split())
            seconds += SECONDS_A_PREDICTION * len(re.findall(r"\*Predict\b", cell.source))
            seconds += SECONDS_A_FORMULA * (cell.source.count("$$") // 2)
            seconds += SECONDS_A_TABLE * len(re.findall(r"^\|[-:| ]+\|$", cell.source, flags=re.MULTILINE))
        else:
            seconds += SECONDS_A_LINE * sum(bool(line.strip()) for line in cell.source.splitlines())
            seconds += SECONDS_A_FIGURE * sum("image/png" in o.get("data", {}) for o in cell.outputs)
    return words / WORDS_A_MINUTE + seconds / 60


def exercise_minutes(lesson: NotebookNode) -> float:
    """Minutes for the exercises, by their kinds."""
    found = [
        EVENING_MINUTES if "worth an evening" in cell.source.lower() else EXERCISE_MINUTES[match[1]]
        for cell in lesson.cells
        if cell.cell_type == "markdown"
        and (match := re.search(r"^### Exercise \S+ · (\w+)", cell.source, re.M))
    ]
    return sum(found)


def minutes(lesson: NotebookNode, timing: dict[str, float]) -> tuple[int, int]:
    """Printed minutes: to read and run, and for the exercises."""
    read_and_run = reading_minutes(lesson) + sum(timing.values()) / 60
    return 5 * max(1, round(read_and_run / 5)), 5 * round(exercise_minutes(lesson) / 5)


def minutes_line(lesson: NotebookNode, timing: dict[str, float]) -> str:
    """How the lesson's line of minutes must begin."""
    read_and_run, exercises = minutes(lesson, timing)
    cells = round(sum(timing.values()) / 60)
    alone = f" (the cells alone take about {cells})" if cells else ""
    more = f", and about {exercises} for the exercises" if exercises else ""
    return f"**Minutes**: about {read_and_run} minutes to read and run{alone}{more}"


def measure(lesson: NotebookNode, folder: Path) -> dict[str, object]:
    """Run a lesson in place; return the seconds of each section, and the kernel's largest memory in MB."""
    titles = sections(lesson)
    lesson.cells.append(new_code_cell(MEMORY))
    seconds = run(lesson, folder)
    unit = 1024 if sys.platform == "darwin" else 1  # bytes there, kilobytes elsewhere
    memory = int(lesson.cells.pop().outputs[0].text) / 1024 / unit
    clean(lesson)
    by_section = dict.fromkeys(titles, 0.0)
    for title, value in zip(titles, seconds, strict=False):
        by_section[title] += value
    return {
        "sections": {title: round(value, 1) for title, value in by_section.items()},
        "memory_mb": round(memory),
    }


def read_results() -> dict[str, dict[str, dict]]:
    """What has been measured so far. Raises ValueError for a damaged file."""
    try:
        results = read_json(RESULTS)
        if all(
            sum(found["sections"].values()) + found["memory_mb"] >= 0 for found in results["lessons"].values()
        ):
            return results
        raise ValueError("seconds below 0")
    except FileNotFoundError:
        return {"lessons": {}}
    except Exception as error:
        reason = "" if str(RESULTS) in str(error) else f"{RESULTS} is damaged, "
        raise ValueError(f"{reason}{error}: get it back with git checkout") from None


def write_line(lesson: NotebookNode, timing: dict[str, float]) -> None:
    """Put the minutes into the lesson."""
    for cell in lesson.cells:
        if cell.cell_type == "markdown" and re.search(LINE, cell.source, flags=re.MULTILINE):
            cell.source = re.sub(LINE, minutes_line(lesson, timing), cell.source, flags=re.MULTILINE)
            return
    raise ValueError("no cell has a line '**Minutes**: about … minutes to read and run'")


def table(results: dict[str, dict[str, dict]]) -> str:
    """Minutes and memory of all measured lessons, in Markdown."""
    rows = ["| lesson | read and run | exercises | its cells alone | memory |", "|---|--:|--:|--:|--:|"]
    for name, found in sorted(results["lessons"].items()):
        lesson = read(NOTEBOOKS / f"{name}.ipynb")
        title = lesson.cells[0].source.splitlines()[0].removeprefix("# ")
        read_and_run, exercises = minutes(lesson, found["sections"])
        alone = sum(found["sections"].values()) / 60
        memory = f"{found['memory_mb']:,} MB"
        rows.append(f"| {title} | {read_and_run} min | {exercises} min | {alone:.1f} min | {memory} |")
    return "\n".join(rows)


def with_table(text: str, results: dict[str, dict[str, dict]]) -> str:
    """Return the page with the table between its two marks."""
    begin, end = "<!-- timing -->\n", "<!-- end of timing -->"
    before, rest = text.split(begin)
    return before + begin + table(results) + "\n" + end + rest.split(end)[1]


def main(arguments: list[str] | None = None) -> int:
    """Measure the lessons named on the command line; 1 where one failed, after all others."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="+", type=Path)
    parser.add_argument("--lines", action="store_true", help="measure nothing, write the minutes only")
    options = parser.parse_args(arguments)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    failed = 0
    for path in options.notebooks:
        try:
            results = read_results()
            lesson = read(path)
            if options.lines and path.stem not in results["lessons"]:
                raise ValueError("it was never measured: leave out --lines")
            found = results["lessons"][path.stem] if options.lines else measure(lesson, path.parent)
            results["lessons"] = dict(sorted((results["lessons"] | {path.stem: found}).items()))
            write_line(lesson, found["sections"])
            write(lesson, path)
        except FAILURES as error:
            print(f"{path}: not written\n{error}", file=sys.stderr)
            failed = 1
            continue
        if not options.lines:
            results["machine"] = f"{platform.system()} {platform.machine()}, {CORES} cores"
            write_whole(RESULTS, json.dumps(results, indent=1, ensure_ascii=False) + "\n")
        write_whole(TEACHING, with_table(TEACHING.read_text(encoding="utf-8"), results))
        seconds = sum(found["sections"].values())
        print(f"{path.stem}: {seconds:.0f} s, {found['memory_mb']:,} MB")
    return failed


if __name__ == "__main__":
    sys.exit(main())
