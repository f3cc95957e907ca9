"""In a real browser: every deck, the live version of one, and JupyterLab with the first lesson.

Run by `make test-browser`; needs npm, Chromium and what `make slides` installs.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import nullcontext
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import make_slides
from tools import notebook_rules as rules

ROOT = Path(__file__).parents[1]

LESSONS = {
    path.stem: nbformat.read(path, as_version=4) for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
}
FIRST = "01_numpy_rnn_loop"


@pytest.fixture(scope="session")
def packages():
    return make_slides.install_libraries()


@pytest.fixture(scope="session")
def folder(tmp_path_factory, packages):
    """A folder as it goes on a USB stick."""
    folder = tmp_path_factory.mktemp("slides")
    make_slides.copy_libraries(packages, folder)
    return folder


@pytest.fixture(scope="session")
def browser():
    with make_slides.browser() as started:
        yield started


# Without preload, which asks the network for style sheets that are there already.
AXE = """what => axe.run(what === 'slide' ? Reveal.getCurrentSlide() : document,
    {resultTypes: ['violations'], preload: false})"""


@pytest.mark.parametrize("name", LESSONS)
def test_deck(name, folder, browser, packages):
    """Opens without a network; every slide fits and is readable by a screen reader; the notes open."""
    lesson = LESSONS[name]
    deck = make_slides.write_deck(lesson, name, folder)
    assert make_slides.look_at(browser, deck, lesson) == []
    with make_slides.opened(browser, deck) as (page, complaints):
        page.add_script_tag(path=packages / "axe-core" / "axe.min.js")
        serious, walked = [], 0
        for number in make_slides.walk(page):
            walked = number
            found = page.evaluate(AXE, "slide")
            serious += [
                f"slide {number}: {violation['id']} in {[node['html'][:120] for node in violation['nodes']]}"
                for violation in found["violations"]
                if violation["impact"] in {"serious", "critical"}
            ]
        assert walked == len(rules.slides(lesson))
        assert not serious, "\n".join(serious)
        found = page.evaluate(AXE, "page")
        assert [v["id"] for v in found["violations"] if v["impact"] in {"serious", "critical"}] == []
        formulas = [cell for s in rules.slides(lesson) for _, cell in s if "$" in cell.source]
        assert page.locator("mjx-container").count() >= len(formulas) > 0
        page.evaluate("Reveal.slide(0, 0)")
        with page.expect_popup() as popup:
            page.keyboard.press("s")
        speaker = popup.value
        speaker.wait_for_function("document.querySelector('.speaker-controls-notes .value').innerText.trim()")
        shown = speaker.locator(".speaker-controls-notes .value").inner_text()
        assert shown.startswith("Say:")
        assert lesson.cells[0].metadata.slideshow.notes.say.split(".")[0] in shown
        assert re.match(r"\d", speaker.locator(".speaker-controls-time").inner_text().split("\n")[-1])
        assert complaints == []


NOTE = {"say": "Something to say."}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def small_lesson(*cells):
    """A lesson of one slide for each cell."""
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
        cell.metadata["slideshow"] = {"slide_type": "slide", "notes": NOTE}
    return new_notebook(cells=[*cells])


def figure(png):
    cell = new_code_cell("show()", outputs=[new_output("display_data", {"image/png": png})])
    cell.outputs[0].metadata = {"image/png": {"alt": "nothing"}}
    return cell


TITLE = new_markdown_cell("# 1 · A lesson")
TALL = "# 1 · A lesson\n\n" + "\n\n".join(["One line after the other."] * 20)
BAD = {
    "tall text": (new_markdown_cell(TALL), "slide 2, cell 1: overflows the slide"),
    "long line": (new_code_cell("x" * 200), "slide 2, cell 1: overflows the slide"),
    "broken figure": (figure("bm90IGEgcGljdHVyZQ=="), "slide 2, cell 1: has a broken figure"),
    "bad formula": (
        new_markdown_cell(r"$\nosuchcommand$"),
        "slide 2, cell 1: has a formula that cannot be rendered",
    ),
    "picture that is not there": (new_markdown_cell("![a drawing](nowhere.png)"), "nowhere.png"),
    "picture from the network": (
        new_markdown_cell("![a drawing](https://example.org/a.png)"),
        "example.org/a.png lies outside the folder",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_on_a_slide_is_named(name, folder, browser):
    cell, problem = BAD[name]
    lesson = small_lesson(new_markdown_cell("# 1 · A lesson"), cell)
    deck = make_slides.write_deck(lesson, "bad", folder)
    assert problem in "\n".join(make_slides.look_at(browser, deck, lesson))


def test_a_figure_that_is_too_small_is_named(folder, browser):
    lesson = small_lesson(new_markdown_cell("# 1 · A lesson"), tall_figure())
    deck = make_slides.write_deck(lesson, "bad", folder)
    (problem,) = make_slides.look_at(browser, deck, lesson)
    assert "cell 1: has a figure at" in problem


def tall_figure():
    from base64 import b64encode
    from io import BytesIO

    from PIL import Image

    picture = BytesIO()
    Image.new("RGB", (600, 1400)).save(picture, "png")
    return figure(b64encode(picture.getvalue()).decode())


def test_make_slides_fails_and_says_why(tmp_path, monkeypatch, capsys, browser, packages):
    """The command, on one lesson without notes and with an unknown type, and on one without a deck."""
    monkeypatch.setattr(make_slides, "BUILD", tmp_path)
    monkeypatch.setattr(make_slides, "browser", lambda: nullcontext(browser))
    monkeypatch.setattr(make_slides, "install_libraries", lambda: packages)
    lesson = small_lesson(new_markdown_cell("# 1 · A lesson"), new_markdown_cell("Text."))
    lesson.cells[1].metadata["slideshow"] = {"slide_type": "slyde"}
    del lesson.cells[0].metadata["slideshow"]["notes"]
    nbformat.write(lesson, tmp_path / "bad.ipynb")
    nbformat.write(new_notebook(cells=[new_markdown_cell("# 2 · Another")]), tmp_path / "none.ipynb")
    assert make_slides.main([str(tmp_path / "bad.ipynb"), str(tmp_path / "none.ipynb")]) == 1
    printed = capsys.readouterr()
    assert "none: no cell says what it is in a slide show" in printed.err
    assert "bad: cell 1 has the unknown slide type 'slyde'" in printed.err
    assert "bad: slide 1 (from cell 0) has no note" in printed.err


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory):
    """JupyterLab in a folder with the live copy of the first lesson and the lesson itself; its address."""
    folder = tmp_path_factory.mktemp("jupyter")
    shutil.copy(ROOT / "notebooks" / f"{FIRST}.ipynb", folder)
    make_slides.write_copies({ROOT / "notebooks" / f"{FIRST}.ipynb": LESSONS[FIRST]}, folder / "present")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {name: str(folder / name) for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR")}
    environment["COURSE_PROGRESS"] = "off"
    log = (folder / "log").open("w")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", f"--port={port}"),
            *(f"--ServerApp.root_dir={folder}", "--IdentityProvider.token=stage"),
            "--LabApp.expose_app_in_browser=True",  # so that Run All can be waited for
        ],
        env=os.environ | environment,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    address = f"http://localhost:{port}"
    deadline = time.monotonic() + 180
    try:
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{address}/api", timeout=10).close()
                break
            except OSError:
                time.sleep(0.5)
        yield address, folder
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=60)
        log.close()


def test_live_deck_runs_a_cell(jupyter, browser):
    """The live version shows the slides of the lesson, runs code on the stage, and has the notes."""
    address, _ = jupyter
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.goto(f"{address}/rise/present/{FIRST}.ipynb?token=stage")
    page.wait_for_selector(".reveal section.present", timeout=120_000)
    page.wait_for_selector("aside.notes", state="attached")
    assert page.locator("aside.notes").count() == len(rules.slides(LESSONS[FIRST]))
    assert page.locator("aside.notes").first.text_content().count("Say:") == 1
    page.keyboard.press("Space")
    cell = page.locator(".reveal section.present .jp-CodeCell").first
    cell.wait_for(timeout=30_000)
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.type("print(21 + 21, 'on the stage')")
    page.keyboard.press("Shift+Enter")
    cell.locator(".jp-OutputArea").get_by_text("42 on the stage").wait_for(timeout=120_000)
    context.close()


def test_jupyterlab_runs_the_first_lesson(jupyter, browser):
    """Run All ends; every cell has run, and none has failed but those that are meant to."""
    address, folder = jupyter
    path = folder / f"{FIRST}.ipynb"
    lesson = nbformat.read(path, as_version=4)
    for cell in (code := [cell for cell in lesson.cells if cell.cell_type == "code"]):
        cell.execution_count, cell.outputs = None, []
    nbformat.write(lesson, path)
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.goto(f"{address}/lab/tree/{FIRST}.ipynb?token=stage")
    page.wait_for_selector(".jp-NotebookPanel .jp-CodeCell", timeout=180_000)
    page.wait_for_function("jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel", timeout=120_000)
    page.evaluate("jupyterapp.shell.currentWidget.sessionContext.ready")
    page.set_default_timeout(300_000)
    # The command ends at the first error, also one that is meant to be; the cells behind it run on.
    page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
    cells = "[...jupyterapp.shell.currentWidget.content.model.cells]"
    page.wait_for_function(f"{cells}.every(cell => cell.type !== 'code' || cell.executionCount)")
    page.wait_for_function("jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'")
    page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    done = nbformat.read(path, as_version=4)
    counts = [cell.execution_count for cell in done.cells if cell.cell_type == "code"]
    context.close()
    assert counts == list(range(1, len(code) + 1))
    failed = [
        cell.id for cell in done.cells if any(o.output_type == "error" for o in cell.get("outputs", []))
    ]
    assert failed == [cell.id for cell in done.cells if rules.RAISES in rules.tags(cell)]
