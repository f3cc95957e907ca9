"""Build the slides of every lesson, look at each slide, and fail where one is not right.

Use: python -m tools.make_slides [--copies] [LESSON.ipynb …]

A deck is the lesson: the metadata `slideshow` of a cell says what becomes of it.

slide_type   slide, subslide, fragment, notes or skip, as in every tool; without it the cell goes
             on with the slide before it. So whoever opens a lesson in a slide tool sees this deck.
show         for code: "code", "output" or, of the output, "figure" alone. Without it a deck shows
             the code, and the output at the next key, as when the cell is run on the stage.
notes        for the speaker, on the cell that they are about: what to say, what to ask, the
             question that a class asks, the mistake that it makes. They are no cells of the
             lesson, because students read it too; here they become cells of type notes.

Decks go to build/slides, a folder that works from a USB stick and without a network. A contact
sheet of each goes to build/contact_sheets. With --copies, lessons for the live version (make
present) go to build/present instead.

Fails, naming the cell, where a deck breaks a rule (tools/notebook_rules.py), a slide overflows at
1280 × 720, a figure does not load or is drawn too small to be read at the back, a formula is not
rendered, or the page asks for something that is not there.
"""

import argparse
import copy
import io
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbconvert import SlidesExporter
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_raw_cell

from course_utils.plots import caption
from tools import NOTEBOOKS, ROOT
from tools import notebook_rules as rules
from tools.execute_notebook import read

HERE, BUILD = Path(__file__).parent / "slides", ROOT / "build"
WIDTH, HEIGHT = 1280, 720
SMALLEST_SCALE = (HEIGHT / 50) / (
    14 * 100 / 72
)  # labels of 14 points at 100 dots an inch: 1/50 of the height
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
RISE = {"theme": "white", "transition": "none", "slideNumber": "c/t", "center": False, "scroll": True}
BAR = re.compile(r"\d%\|.*\| *\d+/\d+ \[")  # as tqdm draws it
TITLES = {"say": "Say", "ask": "Ask", "question": "A class asks", "mistake": "A class slips"}


def deck_problems(lesson: NotebookNode, path: Path) -> list[str]:
    """What the rules of a deck say of a lesson."""
    return rules.deck_is_well_formed(lesson, path) + rules.speaker_has_notes(lesson, path)


def notes_cell(slide: list[tuple[int, NotebookNode]]) -> NotebookNode:
    """All notes of a slide, as the cell that slide tools show to the speaker."""
    written = [
        f"{title}: {cell.metadata.slideshow.notes[kind]}"
        for _, cell in slide
        for kind, title in TITLES.items()
        if kind in cell.metadata.get("slideshow", {}).get("notes", {})
    ]
    cell = new_markdown_cell("\n\n".join(written), id=f"{slide[0][1].id}-notes")
    cell.metadata["slideshow"] = {"slide_type": "notes"}
    return cell


def with_notes(lesson: NotebookNode) -> NotebookNode:
    """Return a copy with a cell of notes behind the first cell of each slide."""
    presented = copy.deepcopy(lesson)
    for slide in reversed(rules.slides(presented)):
        presented.cells.insert(slide[0][0] + 1, notes_cell(slide))
    return presented


def live_copy(lesson: NotebookNode) -> NotebookNode:
    """Return the copy that is run on the stage: with notes, and with long code folded away."""
    live = with_notes(lesson)
    live.metadata["rise"] = RISE
    for i, cell in enumerate(live.cells):
        if cell.metadata.get("slideshow", {}).get("show") in {"output", "figure"}:
            cell.metadata["jupyter"] = {"source_hidden": True}
        elif rules.slide_type(cell) == "notes":  # of Markdown jupyterlab-rise would show source and result
            live.cells[i] = new_raw_cell(cell.source, id=cell.id, metadata=cell.metadata)
    return live


def deck_copy(lesson: NotebookNode) -> NotebookNode:
    """Return what nbconvert turns into slides: code and its output apart, some lines left out."""
    deck, cells = with_notes(lesson), []
    for cell in deck.cells:
        cells.append(cell)
        slideshow = cell.metadata.get("slideshow", {})
        if cell.cell_type != "code" or rules.slide_type(cell) in {"skip", "notes"}:
            continue
        if slideshow.get("show") == "figure":
            cell.outputs = [output for output in cell.outputs if "image/png" in output.get("data", {})]
        drop_lines(cell)
        if slideshow.get("show") in {"output", "figure"}:
            hide_code(cell)
        elif slideshow.get("show") == "code":
            cell.outputs = []
        elif cell.outputs:
            output = copy.deepcopy(cell)
            hide_code(output)
            output.id, cell.outputs = f"{cell.id}-output", []
            output.metadata["slideshow"] = {"slide_type": "fragment"}
            cells.append(output)
    # Notes of a slide stand before its first fragment, so that they show from the start.
    for i in range(1, len(cells)):
        if rules.slide_type(cells[i]) == "notes" and cells[i - 1].id.endswith("-output"):
            cells[i - 1], cells[i] = cells[i], cells[i - 1]
    deck.cells = cells
    return deck


def drop_lines(cell: NotebookNode) -> None:
    """Leave out finished progress bars, and the sentence under a figure, which is its alternative text."""
    alts = [
        output.metadata["image/png"]["alt"]
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    for output in cell.outputs:
        if output.output_type == "stream":
            for alt in alts:
                output.text = output.text.replace(caption(alt) + "\n", "")
            output.text = "".join(line for line in output.text.splitlines(True) if not BAR.search(line))
    cell.outputs = [o for o in cell.outputs if o.output_type != "stream" or o.text.strip()]


def hide_code(cell: NotebookNode) -> None:
    """Mark a cell so that nbconvert leaves its code out."""
    cell.metadata["transient"] = {"remove_source": True}


def write_deck(lesson: NotebookNode, name: str, folder: Path) -> Path:
    """Write one deck; its title is the lesson's."""
    deck = deck_copy(lesson)
    deck.metadata["title"] = lesson.cells[0].source.splitlines()[0].removeprefix("# ")
    exporter = SlidesExporter(
        extra_template_basedirs=[str(HERE)],
        template_name="deck",
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        reveal_url_prefix="libraries/reveal.js",
        reveal_theme="white",
    )
    body, _ = exporter.from_notebook_node(
        deck, resources={"deck_css": (HERE / "deck" / "deck.css").read_text(encoding="utf-8")}
    )
    path = folder / f"{name}.html"
    path.write_text(body, encoding="utf-8")
    return path


def install_libraries(wanted: Path = HERE, folder: Path = BUILD / "npm") -> Path:
    """Have npm install the packages that are pinned in one folder into another; return where they lie."""
    lock, have = wanted / "package-lock.json", folder / "node_modules" / ".package-lock.json"
    if not have.exists() or have.stat().st_mtime < lock.stat().st_mtime:
        if shutil.which("npm") is None:
            sys.exit("npm was not found: install Node.js 18 or newer, which brings npm, and try again.")
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(wanted / name, folder / name)
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, check=True)
    return folder / "node_modules"


def copy_libraries(packages: Path, folder: Path) -> None:
    """Put beside the decks what they need to work without a network, licences included."""
    for name in (
        "reveal.js/dist/reveal.js",
        "reveal.js/dist/reveal.css",
        "reveal.js/dist/theme/white.css",
        "reveal.js/dist/theme/fonts/source-sans-pro",
        "reveal.js/plugin/notes/notes.js",
        "reveal.js/LICENSE",
        "mathjax/es5/tex-svg.js",
        "mathjax/LICENSE",
    ):
        target = folder / "libraries" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (packages / name).is_dir():
            shutil.copytree(packages / name, target, dirs_exist_ok=True)
        else:
            shutil.copy(packages / name, target)


@contextmanager
def browser() -> Iterator[Any]:
    """Start the machine's Chromium, or else the one that Playwright brought."""
    from playwright.sync_api import Error, sync_playwright  # only for instructors

    found = next((place for name in BROWSERS if (place := shutil.which(name))), None)
    with sync_playwright() as playwright:
        try:
            started = playwright.chromium.launch(executable_path=found)
        except Error as error:
            sys.exit(
                f"No browser could be started ({found or 'none of ' + ', '.join(BROWSERS) + ' was found'}).\n"
                "Install one: apt-get install chromium, or .venv/bin/playwright install chromium.\n"
                f"{str(error).splitlines()[0]}"
            )
        yield started
        started.close()


@contextmanager
def opened(started: Any, deck: Path) -> Iterator[tuple[Any, list[str]]]:
    """Open a deck without a network; yield the page, and a list that fills with what it complains of."""
    context = started.new_context(viewport={"width": WIDTH, "height": HEIGHT}, offline=True)
    page, complaints = context.new_page(), []
    context.on("requestfailed", lambda request: complaints.append(f"{request.url[:90]} did not load"))
    context.on(
        "request",
        lambda request: (
            complaints.append(f"{request.url[:90]} lies outside the folder of the decks")
            if not request.url.startswith(("data:", "blob:", "about:", deck.parent.as_uri()))
            else None
        ),
    )
    page.on("console", lambda m: complaints.append(f"console: {m.text}") if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(f"console: {error}"))
    page.goto(deck.as_uri())
    page.wait_for_function("window.Reveal && Reveal.isReady()", timeout=30_000)
    yield page, complaints
    context.close()


def walk(page: Any) -> Iterator[int]:
    """Go through all slides with every fragment shown; yield their numbers, from 1."""
    places = page.evaluate(
        "Reveal.getSlides().map(s => [...Object.values(Reveal.getIndices(s)).slice(0, 2),"
        " s.querySelectorAll('.fragment').length - 1])"
    )
    for number, (column, row, last) in enumerate(places, start=1):
        page.evaluate("place => Reveal.slide(...place)", [column, row, last])
        yield number


def look_at(started: Any, deck: Path, lesson: NotebookNode, sheet: Path | None = None) -> list[str]:
    """Walk a deck in the browser; return its problems, and draw its contact sheet."""
    index = {cell.id: i for i, cell in enumerate(lesson.cells)}
    problems, pictures = [], []
    look = (HERE / "look.js").read_text(encoding="utf-8")
    with opened(started, deck) as (page, complaints):
        for number in walk(page):
            for cell, text in page.evaluate(look, [WIDTH, HEIGHT, SMALLEST_SCALE]):
                place = f"cell {index.get(cell.removesuffix('-output'), '?')}"
                problems.append(f"slide {number}, {place}: {text}")
            if sheet:
                pictures.append(page.screenshot())
        problems += complaints
    if sheet:
        draw_sheet(pictures, sheet)
    return problems


def draw_sheet(pictures: list[bytes], sheet: Path, columns: int = 3, width: int = 640) -> None:
    """Put the pictures of all slides side by side into one."""
    from PIL import Image  # comes with matplotlib

    height = width * HEIGHT // WIDTH
    rows = -(-len(pictures) // columns)
    whole = Image.new("RGB", (columns * (width + 8), rows * (height + 8)), "black")
    for i, picture in enumerate(pictures):
        small = Image.open(io.BytesIO(picture)).resize((width, height))
        whole.paste(small, (i % columns * (width + 8), i // columns * (height + 8)))
    sheet.parent.mkdir(parents=True, exist_ok=True)
    whole.save(sheet)


def read_lessons(paths: list[Path]) -> tuple[dict[Path, NotebookNode], dict[str, list[str]]]:
    """Return the lessons that have a deck, and the problems of all."""
    lessons, problems = {}, {}
    for path in paths:
        try:
            lesson = read(path)
            problems[path.stem] = deck_problems(lesson, path)
            if rules.has_deck(lesson):
                deck_copy(lesson)
                lessons[path] = lesson
        except ValueError as error:
            problems[path.stem] = [str(error)]
        except Exception as error:  # any metadata is a notebook's
            reason = f"{type(error).__name__}: {error}"
            problems[path.stem] = [
                f"{path}: no slides can be made of it ({reason:.200}); compare another lesson"
            ]
    return lessons, problems


def write_copies(lessons: dict[Path, NotebookNode], folder: Path) -> None:
    """Write the lessons for the live version; those that are there already are written anew."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "rise.css", folder)
    for path, lesson in lessons.items():
        nbformat.write(live_copy(lesson), folder / path.name)
        print(f"{folder.name}/{path.name}: {len(rules.slides(lesson))} slides")


def main(arguments: list[str] | None = None) -> int:
    """Build what is asked for; 1 when anything is not right."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", type=Path, default=sorted(NOTEBOOKS.glob("*.ipynb")))
    parser.add_argument("--copies", action="store_true", help="write the lessons for make present instead")
    parsed = parser.parse_args(arguments)
    lessons, problems = read_lessons(parsed.lessons)
    if parsed.copies:
        write_copies(lessons, BUILD / "present")
    else:
        folder = BUILD / "slides"
        folder.mkdir(parents=True, exist_ok=True)
        copy_libraries(install_libraries(), folder)
        decks = {path: write_deck(lesson, path.stem, folder) for path, lesson in lessons.items()}
        with browser() as started:
            for path, lesson in lessons.items():
                sheet = BUILD / "contact_sheets" / f"{path.stem}.png"
                problems[path.stem] += look_at(started, decks[path], lesson, sheet)
                print(f"build/slides/{path.stem}.html: {len(rules.slides(lesson))} slides")
    for name, found in problems.items():
        for problem in found:
            print(f"{name}: {problem}", file=sys.stderr)
    return 1 if any(problems.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
