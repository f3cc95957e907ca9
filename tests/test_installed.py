"""The course as a package without a clone: what Colab, a hub and Binder install runs what lessons read."""

import ast
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
READS = (
    "course_file(",
    "RESULTS",
    "scoreboard.runs(",
    "scoreboard.table(",
)  # how a cell reads a file of the course
SLOW = ("keras", "tensorflow")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The package as it is installed from a wheel that was built from a copy of the clone."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    options = ["--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "wheel", *options, f"--wheel-dir={folder}", "."], cwd=copied(folder), check=True)
    (wheel,) = folder.glob("*.whl")
    subprocess.run(
        [*pip, "install", "--no-deps", "--no-index", f"--target={folder / 'site'}", wheel], check=True
    )
    return folder / "site"


def copied(folder):
    """What a build needs, so that it writes nothing into the clone."""
    for name in ("pyproject.toml", "README.md", "LICENSE", "course_utils"):
        (folder / "source").mkdir(exist_ok=True)
        subprocess.run(["cp", "-R", ROOT / name, folder / "source"], check=True)
    return folder / "source"


def run(site, code):
    """Run code in an empty folder, with the installed package and nothing of the clone."""
    (site.parent / "empty").mkdir(exist_ok=True)
    environment = os.environ | {"PYTHONPATH": str(site), "MPLBACKEND": "agg"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=site.parent / "empty", env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def cells_that_read(lesson):
    """Imports of the lesson (those that are quick), and its cells that read a file of the course."""
    (path,) = (ROOT / "notebooks").glob(f"{lesson}_*.ipynb")
    cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    reading = [source for source in cells if any(mark in source for mark in READS)]
    imports = [
        ast.unparse(node)
        for source in cells
        for node in ast.parse(source).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        and not any(name in ast.unparse(node) for name in SLOW)
    ]
    return imports, reading


def test_what_lessons_read_is_there_without_a_clone(site):
    """The cells of two lessons that read data, and the best net, all in one process."""
    code = ["import course_utils; print(course_utils.__file__)"]
    for lesson in ("08", "12"):
        imports, reading = cells_that_read(lesson)
        assert reading
        code.append(f"exec({chr(10).join([*imports, *reading])!r}, {{}}); print('lesson {lesson} ran')")
    code.append("from course_utils.best import load_best; load_best()")
    first, *shown = run(site, "\n".join(code)).splitlines()
    assert Path(first).is_relative_to(site)
    assert {"lesson 08 ran", "lesson 12 ran"} < set(shown)
    assert shown[-1].startswith("best_model.npz: ")
    assert len(shown) > 10


def test_a_wheel_holds_no_tool_of_the_authors(site):
    (wheel,) = site.parent.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"course_utils"}
    for name in ("scoreboard.json", "benchmark.json", "timing.json", "minimal_pairs.csv", "best_model.npz"):
        assert f"course_utils/shipped/{name}" in names
