"""Build the site from the committed lessons: pages, search, reference, and the page where the net reads.

Use: python -m tools.make_site

Needs npm (for MathJax). The site goes to build/site and needs no server and no network: open its index.html.
It is built beside and renamed when all is right, so a site is never half built. What `make slides`,
`make book` and `make lite` have put into build/ is taken along and linked.
"""

import json
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

from course_utils import best
from course_utils.files import course_file
from course_utils.reading import Reader
from tools import NOTEBOOKS, ROOT, make_slides, reading_page

BUILD = ROOT / "build"
SITE = BUILD / "site"
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip file can hold
LARGE = {".map"}  # endings of what no reader needs


def problems(notebooks: list[Path]) -> list[str]:
    """Say what would make a page incomplete: cells without outputs, pictures without a text."""
    found = []
    for path in notebooks:
        cells = [c for c in json.loads(path.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]
        unrun = sum(cell["execution_count"] is None for cell in cells if "".join(cell["source"]).strip())
        if unrun:
            found.append(
                f"{path.name}: {unrun} cells were never executed: make execute NB=notebooks/{path.name}"
            )
        for cell in cells:
            found += [
                f"{path.name}, cell {cell['id']}: a picture without alternative text: use plots.show"
                for output in cell["outputs"]
                if "image/png" in output.get("data", {})
                and not output["metadata"].get("image/png", {}).get("alt")
            ]
    return found


def build(target: Path) -> None:
    """Build everything into a new folder; raise RuntimeError where Sphinx warns (it prints of what)."""
    mathjax = make_slides.install_libraries() / "mathjax" / "es5" / "tex-svg.js"
    doctrees = target.with_name(f"{target.name}-doctrees")
    for folder in (target, doctrees):  # pages that were read before would hide their warnings
        shutil.rmtree(folder, ignore_errors=True)
    sphinx = [sys.executable, "-m", "sphinx", "-b", "html", "-q", "-W", "--keep-going"]
    done = subprocess.run([*sphinx, "-c", ROOT / "site", "-d", doctrees, ROOT, target], check=False)
    shutil.rmtree(doctrees, ignore_errors=True)
    if done.returncode:
        shutil.rmtree(target, ignore_errors=True)
        raise RuntimeError(
            "The site was not built: mend what stands above, and run it again. The site before is as it was."
        )
    shutil.copy(mathjax, target / "_static")
    shutil.copy(target / "README.html", target / "index.html")
    reading_page.write(target / "reading", Reader.load(best.FILE), course_file("minimal_pairs.csv"))
    for name in ("slides", "book", "lite"):
        if (BUILD / name).exists():
            shutil.copytree(BUILD / name, target / name)
    for path in sorted(target.rglob("*")):
        if path.suffix in LARGE or path.name in {".buildinfo", "objects.inv"}:
            path.unlink()


def incomplete() -> bool:
    """Say whether a lesson has gaps, after printing them."""
    found = problems(sorted(NOTEBOOKS.glob("*.ipynb")))
    if found:
        print(*found, sep="\n", file=sys.stderr)
    return bool(found)


def main() -> int:
    """Build the site; 1 when a lesson is incomplete."""
    if incomplete():
        return 1
    began = time.perf_counter()
    draft = BUILD / "site-draft"
    try:
        build(draft)
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    shutil.rmtree(SITE, ignore_errors=True)
    draft.rename(SITE)
    size = sum(path.stat().st_size for path in SITE.rglob("*") if path.is_file())
    pages = len(list(SITE.rglob("*.html")))
    seconds = time.perf_counter() - began
    print(f"build/site/index.html: {pages} pages, {size / 1e6:.0f} MB, {seconds:.0f} seconds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
