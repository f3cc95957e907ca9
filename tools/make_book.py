"""Build the course as one file to read anywhere: an EPUB, and a PDF.

Use: python -m tools.make_book

Both come from the pages of the site, read once. In the EPUB, MathJax has made MathML of every formula,
which readers of books draw themselves. The PDF is what Chromium prints of all pages on one.
Both go to build/book: make site then links them, make bundle takes them along. They are built beside
and renamed when all is right. Where Chromium is absent the EPUB is still made, and where epubcheck is
installed the EPUB has to pass.

This module is also the Sphinx extension that the two are built with (see site/conf.py).
"""

import functools
import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

from tools import ROOT, make_slides
from tools.make_site import BUILD, LONG_AGO, incomplete

BOOK = BUILD / "book"
HERE = Path(__file__).parent / "book"
NAME = "unrolled"
WINDOW = 600_000  # milliseconds that Chromium may take to print some hundred pages


@functools.cache
def converter() -> subprocess.Popen[str]:
    """Start the process that makes MathML: a line [formula, display] in, a line of MathML out."""
    return subprocess.Popen(
        ["node", HERE / "mathml.js", make_slides.install_libraries()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


@functools.cache
def mathml(formula: str, display: bool) -> str:
    """Return a LaTeX formula as MathML; raise ValueError where MathJax cannot read it."""
    process = converter()
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps([formula, display]) + "\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line or "<merror" in line:
        raise ValueError(f"MathJax cannot read the formula {formula!r}.")
    made: str = json.loads(line)
    return made


def visit_inline(translator: Any, node: Any) -> None:
    """Write a formula inside a line."""
    from docutils.nodes import SkipNode
    from sphinx.ext.mathjax import html_visit_math

    if translator.builder.name != "epub":
        return html_visit_math(translator, node)
    translator.body.append(mathml(node.astext(), False))
    raise SkipNode


def visit_display(translator: Any, node: Any) -> None:
    """Write a formula with lines of its own."""
    from docutils.nodes import SkipNode
    from sphinx.ext.mathjax import html_visit_displaymath

    if translator.builder.name != "epub":
        return html_visit_displaymath(translator, node)
    text = node.astext().strip()
    if r"\\" in text and not text.startswith(r"\begin"):
        text = rf"\begin{{split}}{text}\end{{split}}"
    translator.body.append(translator.starttag(node, "div", CLASS="math") + mathml(text, True) + "</div>")
    raise SkipNode


def flatten_downloads(app: Any, document: Any, name: str) -> None:
    """Take the link from a file of the project: a book does not carry it."""
    from docutils.nodes import inline
    from sphinx.addnodes import download_reference

    for node in list(document.findall(download_reference)):
        node.replace_self(inline("", "", *node.children))


def setup(app: Any) -> dict[str, bool]:
    """Make Sphinx write formulas as above."""
    app.add_html_math_renderer("book", (visit_inline, None), (visit_display, None))
    app.connect("doctree-resolved", flatten_downloads)
    return {"parallel_read_safe": True}


def committed() -> str:
    """Return the second of the last commit: the same commit gives the same book."""
    command = ["git", "log", "-1", "--format=%ct"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "315532800"  # a copy without git: the first second of 1980


def sphinx(builder: str, target: Path, doctrees: Path) -> None:
    """Run Sphinx for the book; raise RuntimeError where it warns (it prints of what)."""
    environment = {"SOURCE_DATE_EPOCH": committed()} | os.environ
    command = [sys.executable, "-m", "sphinx", "-b", builder, "-q", "-W", "--keep-going", "-t", "book"]
    command += ["-c", str(ROOT / "site"), "-d", str(doctrees), str(ROOT), str(target)]
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
        raise RuntimeError("The book was not built: mend what stands above, and run it again.")


def repair(raw: Path, epub: Path) -> None:
    """Write the EPUB as its standard wants it, and always the same.

    Sphinx does not declare which pages hold MathML, links style sheets that it does not pack, and has another
    identifier in the table of contents.
    """
    with zipfile.ZipFile(raw) as source:
        names = source.namelist()
        files = {name: source.read(name) for name in names}
    manifest = files["content.opf"].decode()
    for name in names:
        if name.endswith(".xhtml") and b"<math" in files[name]:
            manifest = manifest.replace(f'href="{name}"', f'properties="mathml" href="{name}"', 1)
    files["content.opf"] = manifest.encode()
    identifier = re.search(r"<dc:identifier[^>]*>([^<]+)<", manifest)
    assert identifier
    table = re.sub(r'(name="dtb:uid" content=")[^"]*', rf"\g<1>{identifier[1]}", files["toc.ncx"].decode())
    files["toc.ncx"] = table.encode()
    for name in names:
        if name.endswith(".xhtml"):
            files[name] = tidy(files[name].decode(), name, set(names)).encode()
    with zipfile.ZipFile(epub, "w", zipfile.ZIP_DEFLATED) as target:
        for name in names:  # mimetype first, and not compressed
            how = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            target.writestr(zipfile.ZipInfo(name, LONG_AGO), files[name], compress_type=how)


def tidy(page: str, name: str, packed: set[str]) -> str:
    """Return a page without style sheets and scripts that the book does not hold."""

    def keep(match: re.Match[str]) -> str:
        wanted = os.path.normpath(Path(name).parent / match[1].split("?")[0])
        return match[0].replace(match[1], match[1].split("?")[0]) if wanted in packed else ""

    page = re.sub(r'<link rel="stylesheet"[^>]*?href="([^"]+)"[^>]*/>\n?', keep, page)
    return re.sub(r"<script\b.*?</script>\n?|<script\b[^>]*/>\n?", "", page, flags=re.DOTALL)


def check(epub: Path) -> None:
    """Have epubcheck read the book, where it is installed; raise RuntimeError where it complains."""
    jar = Path("/usr/share/java/epubcheck.jar")  # Debian's command starts it with a wrapper that may fail
    command = ["java", "-jar", str(jar)] if jar.exists() and shutil.which("java") else ["epubcheck"]
    if not shutil.which(command[0]):
        print("epubcheck was not found, so the EPUB was not checked: apt-get install epubcheck.")
        return
    done = subprocess.run([*command, epub], capture_output=True, text=True, check=False)
    found = [
        line
        for line in (done.stdout + done.stderr).splitlines()
        if line.startswith(("ERROR", "FATAL", "WARNING"))
    ]
    if done.returncode or found:
        raise RuntimeError("\n".join(["epubcheck complains of the EPUB:", *(found[:20] or [done.stderr])]))
    print("epubcheck: no error, no warning")


def print_pages(page_file: Path, pdf: Path) -> None:
    """Have Chromium print the page that holds all pages."""
    footer = (
        '<div style="width:100%;text-align:center;font:8pt sans-serif"><span class="pageNumber"></span></div>'
    )
    with make_slides.browser() as browser:
        page = browser.new_page()
        page.set_default_timeout(WINDOW)
        page.goto(page_file.as_uri())
        page.evaluate("window.MathJax?.startup?.promise")
        raw = page.evaluate("document.body.innerText").count(r"\(")
        if wrong := page.locator("mjx-merror").count() + raw:
            raise RuntimeError(f"{wrong} formulas of the PDF could not be drawn.")
        page.pdf(
            path=pdf,
            format="A4",
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=footer,
            margin={"top": "16mm", "bottom": "18mm", "left": "17mm", "right": "17mm"},
            outline=True,
            tagged=True,
        )


def build(target: Path) -> None:
    """Build both files into a new folder."""
    work = target.with_name(f"{target.name}-work")
    for folder in (target, work):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    try:
        began = time.perf_counter()
        sphinx("epub", work / "epub", work / "doctrees")
        repair(work / "epub" / f"{NAME}.epub", target / f"{NAME}.epub")
        say(target / f"{NAME}.epub", began)
        check(target / f"{NAME}.epub")
        if not any(map(shutil.which, make_slides.BROWSERS)):
            print("Chromium was not found, so there is no PDF: apt-get install chromium, and run it again.")
            return
        began = time.perf_counter()
        sphinx("singlehtml", work / "pages", work / "doctrees")
        mathjax = make_slides.install_libraries() / "mathjax" / "es5" / "tex-svg.js"
        shutil.copy(mathjax, work / "pages" / "_static")
        print_pages(work / "pages" / "README.html", target / f"{NAME}.pdf")
        say(target / f"{NAME}.pdf", began)
    finally:
        if converter.cache_info().currsize:
            converter().terminate()
        if "COURSE_KEEP" not in os.environ:
            shutil.rmtree(work, ignore_errors=True)


def say(file: Path, began: float) -> None:
    """Print how large a file is, and how long it took."""
    seconds = time.perf_counter() - began
    print(f"build/book/{file.name}: {file.stat().st_size / 1e6:.1f} MB, {seconds:.0f} seconds")


def main() -> int:
    """Build the book; 1 when a lesson is incomplete or a file is not right."""
    if incomplete():
        return 1
    draft = BUILD / "book-draft"
    try:
        build(draft)
    except (RuntimeError, ValueError) as error:
        shutil.rmtree(draft, ignore_errors=True)
        print(error, file=sys.stderr)
        return 1
    shutil.rmtree(BOOK, ignore_errors=True)
    draft.rename(BOOK)
    return 0


if __name__ == "__main__":
    sys.exit(main())
