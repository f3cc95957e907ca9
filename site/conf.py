"""What Sphinx needs to know to build the site from the committed lessons (`make site`).

Nothing is written into the lessons: what a page needs besides is added in memory, as it is read.
"""

import json
import pkgutil
import re
import tomllib
import uuid
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
REPOSITORY = PYPROJECT["tool"]["unrolled"]["repository"]  # empty: no launch buttons
LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))

project = "Unrolled"
author = "The Unrolled authors"
project_copyright = author
release = version = PYPROJECT["project"]["version"]
language = "en"
root_doc = "README"
include_patterns = ["*.md", "notebooks/*.ipynb", "docs/*.md", "data/README.md", "site/*.md"]
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
]
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence"]
myst_heading_anchors = 3

nb_execution_mode = "off"
nb_merge_streams = True
nb_output_stderr = "remove"
nb_ipywidgets_js: dict[str, Any] = {}  # by default two scripts come from other hosts

autodoc_preserve_defaults = True  # a path as default would print the builder's folder
autodoc_member_order = "bysource"
autodoc_typehints = "description"
napoleon_google_docstring = True

html_theme = "sphinx_book_theme"
html_title = "Unrolled"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_favicon = "_static/favicon.svg"
mathjax_path = "tex-svg.js"
mathjax3_config = {"options": {"enableMenu": False}}
html_math_renderer = "mathjax"
html_copy_source = True
html_sourcelink_suffix = ""  # the download button then gives NN_name.ipynb
html_show_search_summary = False  # would fetch every page found, which browsers refuse from a disk
html_last_updated_fmt = None  # the same lessons give the same site
html_theme_options = {
    "use_download_button": True,
    "use_fullscreen_button": False,
    "home_page_in_toc": True,
    "navbar_persistent": [],
    "show_toc_level": 2,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
if REPOSITORY:
    html_theme_options |= {
        "repository_url": REPOSITORY,
        "path_to_docs": "",
        "use_repository_button": True,
        "launch_buttons": {
            "binderhub_url": "https://mybinder.org",
            "colab_url": "https://colab.research.google.com",
        },
    }

BOOK = tags.has("book")  # noqa: F821  # Sphinx puts it here: tools/make_book.py asks for EPUB and PDF with it
if BOOK:
    extensions = ["myst_nb", "tools.make_book"]
    include_patterns = [name for name in include_patterns if name != "site/*.md"] + ["site/glossary.md"]
    html_theme, html_theme_options, html_sidebars = "basic", {"nosidebar": True}, {"**": []}
    html_css_files = ["book.css"]
    # myst-parser has marked every section as one to leave alone, and every formula as one to draw.
    settings = "window.MathJax = {options: {ignoreHtmlClass: 'mathjax_ignore', processHtmlClass: 'math'}}"
    html_js_files = [(None, {"body": settings, "priority": 400}), "tex-svg.js"]
    html_math_renderer = "book"
    html_copy_source = html_show_sourcelink = html_use_index = html_domain_indices = False
    html_permalinks = False
    epub_basename = "unrolled"
    epub_title = "Unrolled: recurrent networks from a NumPy loop to sentiment models"
    epub_description = PYPROJECT["project"]["description"]
    epub_contributor = epub_publisher = author
    epub_uid, epub_scheme = "book", "UUID"
    epub_identifier = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_DNS, f'unrolled-{version}')}"
    epub_show_urls = "no"
    epub_use_index = False
    epub_tocdepth = 2
    epub_css_files = ["book.css"]

MORE = [
    *([] if BOOK else ["site/reading"]),
    "site/glossary",
    *([] if BOOK else ["site/reference", "site/take_along"]),
    "docs/teaching",
    "data/README",
    "CHANGELOG",
]
CONTENTS = f"""
```{{toctree}}
:caption: Lessons
:maxdepth: 1
:hidden:

{chr(10).join(f"notebooks/{name}" for name in LESSONS)}
```

```{{toctree}}
:caption: More
:maxdepth: 1
:hidden:

{chr(10).join(MORE)}
```
"""
BUILD = ROOT / "build"
FIGURE = re.compile(r"^Figure: (.+(?:\n(?!Figure: ).+)*)\n?", re.MULTILINE)
WIDGET = "In JupyterLab a slider stands here; the picture below shows one of its settings."


def read_source(app: Sphinx, name: str, content: list[str]) -> None:
    """Add to a page, as it is read, what only the site needs."""
    if name == root_doc:
        content[0] = with_shortcuts(content[0]) + CONTENTS
    elif name == "site/reference":
        content[0] += "".join(map(reference, modules()))
    elif name == "site/take_along":
        content[0] += "".join([files_to_take(), decks(), in_the_browser()])
    elif name.startswith("notebooks/"):
        content[0] = json.dumps(lesson_for_site(json.loads(content[0]), name.removeprefix("notebooks/")))


def with_shortcuts(readme: str) -> str:
    """Return the README with links, below its first paragraph, to what a visitor can do at once."""
    if BOOK:
        return readme
    links = (
        "[Lesson 1](notebooks/01_numpy_rnn_loop.ipynb) · [a network reads your sentence](site/reading.md) · "
        "[EPUB, PDF, slides, lesson 1 in this browser](site/take_along.md) · [glossary](site/glossary.md)"
    )
    first, rest = readme.split("\n\n![", 1)
    return f"{first}\n\n{links}\n\n![{rest}"


def title(name: str) -> str:
    """Return the title of a lesson."""
    lesson = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
    return "".join(lesson["cells"][0]["source"]).splitlines()[0].removeprefix("# ")


def file_link(path: str, text: str) -> str:
    """Return a link to a file that is put into the site behind Sphinx's back."""
    return f'<a href="../{path}">{text}</a>'


def files_to_take() -> str:
    """Return the part about whole books, with what was built of it."""
    what = {"unrolled.epub": "EPUB, for readers of books and phones", "unrolled.pdf": "PDF, for paper"}
    there = {name: BUILD / "book" / name for name in what if (BUILD / "book" / name).exists()}
    lines = [
        f"- {file_link(f'book/{name}', what[name])}: {path.stat().st_size / 1e6:.0f} MB\n"
        for name, path in there.items()
    ]
    text = "\n## All lessons in one file\n\n" + "".join(lines)
    if len(lines) < len(what):
        text += "\nWhat is missing here is made by `make book`, in the project's folder.\n"
    return f"{text}\nEach lesson's page has a button that downloads its notebook.\n"


def decks() -> str:
    """Return the list of the decks that were built."""
    there = [name for name in LESSONS if (BUILD / "slides" / f"{name}.html").exists()]
    lines = [f"- {file_link(f'slides/{name}.html', title(name))}\n" for name in there]
    says = "The key S shows the speaker's notes; `?print-pdf` behind the address makes pages to print.\n\n"
    return "\n## Slides\n\n" + (
        says + "".join(lines) if lines else "They are made by `make slides`, in the project's folder.\n"
    )


def in_the_browser() -> str:
    """Return what a reader should know before lesson 1 starts in the browser."""
    text = "\n## Run lesson 1 here, without installing anything\n\n"
    place = BUILD / "lite" / "download.json"
    if not place.exists():
        return f"{text}It is made by `make lite`, in the project's folder.\n"
    said = json.loads(place.read_text(encoding="utf-8"))
    own, shell = said["own"] / 1e6, (said["all"] - said["own"]) / 1e6
    text += (
        "Lesson 1, up to its section on Keras, can run in your browser, in JupyterLite. It starts only on\n"
        "a page that a server sends, not from a disk. **A click on the link below downloads**, from this\n"
        f"site, at most {own:.0f} MB of Python and its packages, and at most {shell:.0f} MB of JupyterLite;\n"
        "your browser keeps most of it.\n"
    )
    if said["outside"]:
        host = said["outside"][0].split("/")[2]
        names = [address.rsplit("/", 1)[1].split("-")[0] for address in said["outside"]]
        text += (
            f"Besides, from `{host}`, where the makers of Pyodide keep them: {', '.join(names)}\n"
            "(compiled packages, fetched when a cell imports them; their size is not known here). That host\n"
            "then sees your address.\n"
        )
    address = "lite/notebooks/index.html?path=01_numpy_rnn_loop.ipynb"
    return f"{text}\n{file_link(address, 'Download that, and start lesson 1')}\n"


def modules() -> list[str]:
    """Return the modules of the package that hold something to call, exercises' parcels left out."""
    found = pkgutil.walk_packages([str(ROOT / "course_utils")], "course_utils.")
    return sorted(
        name
        for _, name, package in found
        if not package and not re.search(r"__main__|\.exercises\.lesson_", name)
    )


def reference(module: str) -> str:
    """Return the part of the reference that is about one module."""
    return f"\n## {module}\n\n```{{eval-rst}}\n.. automodule:: {module}\n   :members:\n```\n"


def lesson_for_site(lesson: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a lesson whose pictures keep their alternative text, with captions right under them."""
    cells: list[dict[str, Any]] = []
    terms = dict(glossary_terms())
    for cell in lesson["cells"]:
        if cell["cell_type"] != "code":
            cells.append(cell | {"source": link_terms("".join(cell["source"]), terms)})
        else:
            cells += code_cells(cell)
    if links := lesson_links(name):
        cells.insert(1, {"cell_type": "markdown", "id": "links", "metadata": {}, "source": links})
    return lesson | {"cells": cells}


def lesson_links(name: str) -> str:
    """Return the line below a lesson's title: its deck, where it was built, and its notebook."""
    if BOOK:
        return ""
    links = [f'<a href="../_sources/notebooks/{name}.ipynb" download>This notebook, to download</a>']
    if (BUILD / "slides" / f"{name}.html").exists():
        links.append(f'<a href="../slides/{name}.html">Its slides</a>')
    return " · ".join(links)


def code_cells(cell: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a code cell, cut behind each picture: the page takes one alternative text a cell."""
    outputs: list[dict[str, Any]] = []
    captions: list[str] = []
    for output in cell["outputs"]:
        if output.get("name") == "stdout":
            text = "".join(output["text"])
            captions += [" ".join(caption.split()) for caption in FIGURE.findall(text)]
            if (rest := FIGURE.sub("", text)).strip():
                outputs.append(output | {"text": rest})
        elif "application/vnd.jupyter.widget-view+json" in output.get("data", {}):
            outputs.append(
                {"output_type": "display_data", "metadata": {}, "data": {"text/markdown": f"*{WIDGET}*"}}
            )
        else:
            outputs.append(output)
    made = [cell | {"outputs": [], "metadata": dict(cell["metadata"])}]
    waiting = iter(captions)
    for output in outputs:
        if "image/png" in output.get("data", {}):
            if any("image/png" in earlier.get("data", {}) for earlier in made[-1]["outputs"]):
                made.append(
                    cell
                    | {
                        "outputs": [],
                        "source": "",
                        "metadata": {"tags": ["remove-input"]},
                        "id": f"{cell['id']}-{len(made)}",
                    }
                )
            alt = output.get("metadata", {}).get("image/png", {}).get("alt", "")
            made[-1]["metadata"]["mystnb"] = {"image": {"alt": alt}}
            made[-1]["outputs"].append(output)
            if caption := next(waiting, None):
                made[-1]["outputs"].append(
                    {"output_type": "display_data", "metadata": {}, "data": {"text/markdown": f"*{caption}*"}}
                )
        else:
            made[-1]["outputs"].append(output)
    return made


def glossary_terms() -> list[tuple[str, re.Pattern[str]]]:
    """Return each entry of the glossary by its first word, and what finds it in a text.

    An entry is one or more terms, a line each, above an indented explanation.
    """
    text = (ROOT / "site" / "glossary.md").read_text(encoding="utf-8").split("{glossary}\n", 1)[1]
    entries = [block.split("\n  ")[0].splitlines() for block in text.split(":::")[0].split("\n\n")]
    entries = [lines for lines in entries if lines]
    entries.sort(key=lambda lines: len(lines[0]), reverse=True)  # "recurrent kernel" before "kernel"
    return [
        (lines[0], re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, lines))})s?(?![\w-])", re.IGNORECASE))
        for lines in entries
    ]


# Where no link may be put: fenced code, formulas, code spans, links, headings, tables, HTML.
FORBIDDEN = re.compile(
    r"```.*?```|\$\$.*?\$\$|\$[^$\n]+\$|`[^`\n]+`|!?\[[^\]]*\]\([^)]*\)|\{term\}`[^`]*`|^#.*$|^\|.*$|<[^>\n]+>",
    re.MULTILINE | re.DOTALL,
)


def link_terms(source: str, terms: dict[str, re.Pattern[str]]) -> str:
    """Link the first use of each term that is still in `terms`, and take it out of there."""
    for term, pattern in list(terms.items()):
        closed = [match.span() for match in FORBIDDEN.finditer(source)]
        for match in pattern.finditer(source):
            if not any(start < match.end() and match.start() < end for start, end in closed):
                source = f"{source[: match.start()]}{{term}}`{match[0]} <{term}>`{source[match.end() :]}"
                del terms[term]
                break
    return source


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect what is above with Sphinx."""
    app.connect("source-read", read_source)
    return {"parallel_read_safe": True}
