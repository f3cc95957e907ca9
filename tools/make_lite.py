"""Build JupyterLite with the part of lesson 1 that needs no Keras: it runs in a visitor's browser.

Use: python -m tools.make_lite   (make lite sets up what it needs)

Pyodide, which is Python for the browser, and all packages in pure Python go into the folder itself.
NumPy, Matplotlib and three packages below it are compiled, and no registry has them: the browser fetches
them from Pyodide's own place, with Pyodide's hashes, when a cell imports them. Where COURSE_PYODIDE names
a folder with those wheels, they go into the folder too, and nothing is fetched from elsewhere.

It goes to build/lite, renamed when all is right; make site takes it along. Browsers start it from a
server only.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tools import NOTEBOOKS, ROOT, make_slides

BUILD = ROOT / "build"
LITE, ENVIRONMENT = BUILD / "lite", BUILD / "lite-environment"
HERE = Path(__file__).parent / "lite"
LESSON = "01_numpy_rnn_loop"
END = "## The same numbers from Keras"
KERNEL = ("micropip", "ipython", "jedi", "comm")  # what the kernel loads before a first cell
USED = ("numpy", "matplotlib", "threadpoolctl")  # what the lesson imports, besides the course
LAST = """## Here the part for the browser ends

What follows compares these numbers with Keras, which no browser runs, and reads real reviews. The whole
lesson is on the [site](../../notebooks/01_numpy_rnn_loop.html); to run it, install the course."""


def part_of_lesson() -> dict[str, Any]:
    """Return lesson 1 up to its section on Keras, without outputs."""
    lesson: dict[str, Any] = json.loads((NOTEBOOKS / f"{LESSON}.ipynb").read_text(encoding="utf-8"))
    heads = ["".join(cell["source"]).startswith(END) for cell in lesson["cells"]]
    if True not in heads:
        raise RuntimeError(f"{LESSON}.ipynb has no heading {END!r}: name its new one in tools/make_lite.py.")
    cells = lesson["cells"][: heads.index(True)]
    for cell in cells:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    cells.append({"cell_type": "markdown", "id": "browser-end", "metadata": {}, "source": LAST})
    kernel = {"display_name": "Python (Pyodide)", "language": "python", "name": "python"}
    return lesson | {"cells": cells, "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}}}


def needed(packages: dict[str, Any], names: tuple[str, ...]) -> list[str]:
    """Return the names of packages and of all that they need, as the lock spells them."""
    found: list[str] = []
    waiting = list(names)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name not in found:
            found.append(name)
            waiting += packages[name]["depends"]
    return sorted(found)


def entry(name: str, wheel: Path, depends: list[str], imports: list[str]) -> dict[str, Any]:
    """Return what the lock says of one wheel that lies in the folder."""
    return {
        "name": name,
        "version": wheel.name.split("-")[1],
        "file_name": wheel.name,
        "install_dir": "site",
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "package_type": "package",
        "imports": imports,
        "depends": depends,
        "unvendored_tests": False,
    }


def complete_lock(folder: Path, given: Path | None) -> list[str]:
    """Write the lock for what lies in the folder; return the addresses that are outside it."""
    path = folder / "pyodide-lock.json"
    lock = json.loads(path.read_text(encoding="utf-8"))
    version = json.loads((HERE / "package.json").read_text(encoding="utf-8"))["dependencies"]["pyodide"]
    wheels = {
        re.sub(r"[-_.]+", "-", wheel.name.split("-")[0]).lower(): wheel for wheel in folder.glob("*.whl")
    }
    packages = lock["packages"]
    packages["comm"] = entry("comm", wheels["comm"], ["traitlets"], ["comm"])
    packages["unrolled"] = entry("unrolled", wheels["unrolled"], ["ipython", *USED], ["course_utils"])
    kept = {name: packages[name] for name in needed(packages, (*KERNEL, "unrolled"))}
    outside = []
    for name, package in kept.items():
        if name in wheels:
            package |= {
                "file_name": wheels[name].name,
                "sha256": hashlib.sha256(wheels[name].read_bytes()).hexdigest(),
            }
        elif given and (given / package["file_name"]).exists():
            shutil.copy(given / package["file_name"], folder)  # Pyodide checks its hash when it loads it
        else:
            package["file_name"] = f"https://cdn.jsdelivr.net/pyodide/v{version}/full/{package['file_name']}"
            outside.append(package["file_name"])
    path.write_text(json.dumps(lock | {"packages": kept}, sort_keys=True), encoding="utf-8")
    return sorted(outside)


def download(folder: Path, packages: Path) -> None:
    """Put into the folder Pyodide from npm, and the pure wheels by their hashes from pip."""
    for name in (
        "pyodide.asm.mjs",
        "pyodide.asm.wasm",
        "pyodide.js",
        "pyodide.mjs",
        "pyodide-lock.json",
        "python_stdlib.zip",
    ):
        shutil.copy(packages / "pyodide" / name, folder)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    wheels = ["--no-deps", "--only-binary=:all:", "--python-version=3.14", "--require-hashes"]
    subprocess.run([*pip, "download", *wheels, "-d", folder, "-r", HERE / "wheels.txt"], check=True)
    with tempfile.TemporaryDirectory() as work:  # what lay in build/ before would come along
        settings = Path(work) / "setup.cfg"
        settings.write_text(
            f"[build]\nbuild_base = {work}/build\n[egg_info]\negg_base = {work}\n", encoding="utf-8"
        )
        subprocess.run(
            [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", folder, ROOT],
            env=os.environ | {"DIST_EXTRA_CONFIG": str(settings)},
            check=True,
        )


def build(target: Path, given: Path | None = None) -> None:
    """Build everything into a new folder."""
    command = ENVIRONMENT / "bin" / "jupyter-lite"
    if not command.exists():
        raise RuntimeError("JupyterLite is not installed: use make lite, which installs it into build/.")
    packages = make_slides.install_libraries(HERE, BUILD / "npm-lite")
    shutil.rmtree(target, ignore_errors=True)
    with (
        tempfile.TemporaryDirectory() as work
    ):  # a second build in one folder would forget where Pyodide lies
        pyodide, files = Path(work) / "static" / "pyodide", Path(work) / "files"
        pyodide.mkdir(parents=True)
        files.mkdir()
        download(pyodide, packages)
        outside = complete_lock(pyodide, given)
        (files / f"{LESSON}.ipynb").write_text(json.dumps(part_of_lesson(), indent=1), encoding="utf-8")
        options = [
            "--contents=files",
            "--apps=notebooks",
            "--apps=tree",
            "--no-sourcemaps",
            "--no-libarchive",
        ]
        done = subprocess.run(
            [command, "build", *options, f"--output-dir={target}"],
            cwd=work,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"JupyterLite was not built:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    settings = (target / "jupyter-lite.json").read_text(encoding="utf-8")
    if "./static/pyodide/pyodide" not in settings:
        raise RuntimeError("JupyterLite would fetch Pyodide from another host: it was not built.")
    own = target / "static" / "pyodide"
    said = {"own": size(own), "all": size(target), "outside": outside}
    (target / "download.json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


def size(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def main() -> int:
    """Build it; 1 when something is absent."""
    given = os.environ.get("COURSE_PYODIDE")
    draft = BUILD / "lite-draft"
    try:
        build(draft, Path(given) if given else None)
    except (RuntimeError, subprocess.CalledProcessError) as error:
        shutil.rmtree(draft, ignore_errors=True)
        print(error, file=sys.stderr)
        return 1
    shutil.rmtree(LITE, ignore_errors=True)
    draft.rename(LITE)
    said = json.loads((LITE / "download.json").read_text(encoding="utf-8"))
    outside = len(said["outside"])
    print(f"build/lite: {said['all'] / 1e6:.0f} MB; fetched from elsewhere when used: {outside} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
