"""In a real browser: every page of the site, and the page on which the best net reads.

Run by `make test-browser`; needs npm, Chromium and what `make site` installs.
"""

import json
import re
import tomllib
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest

from course_utils import best
from course_utils.layers import sigmoid
from course_utils.reading import Reader
from course_utils.sources import read_movie_reviews
from course_utils.text import tokenize
from tools import NOTEBOOKS, ROOT, make_book, make_bundle, make_site, make_slides, reading_page

LESSONS = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
PAGES = [
    "index",
    *(f"notebooks/{name}" for name in LESSONS),
    "docs/teaching",
    "data/README",
    "site/glossary",
    "site/reference",
    "site/reading",
    "site/take_along",
    "CHANGELOG",
    "reading/index",
]
ALSO_DARK = ["index", f"notebooks/{LESSONS[3]}", f"notebooks/{LESSONS[6]}", "site/reference", "reading/index"]
DESK, PHONE = (1280, 900), (390, 844)
AXE = "axe.run(document, {resultTypes: ['violations'], preload: false})"
READY = "document.getElementById('status').textContent === 'Ready.'"


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The site as `make site` builds it."""
    target = tmp_path_factory.mktemp("site") / "site"
    make_site.build(target)
    return target


@pytest.fixture(scope="session")
def browser():
    with make_slides.browser() as started:
        yield started


@pytest.fixture
def open_page(browser, site):
    """Open a page from the disk, without a network; at the end nothing may have gone wrong."""
    contexts, complaints = [], []

    def open_page(name, size=DESK, scheme="light"):
        context = browser.new_context(
            viewport=dict(zip(("width", "height"), size, strict=True)),
            color_scheme=scheme,
            offline=True,
            bypass_csp=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith(("data:", "blob:", "about:", site.as_uri()))
                else complaints.append(f"asks for {request.url[:90]}")
            ),
        )
        page.on("requestfailed", lambda request: complaints.append(f"{request.url[:90]} did not load"))
        page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
        page.goto(f"{site.as_uri()}/{name}")
        page.wait_for_load_state("load")
        page.evaluate("window.MathJax?.startup?.promise")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def axe_violations(page):
    page.add_script_tag(path=make_slides.BUILD / "npm" / "node_modules" / "axe-core" / "axe.min.js")
    return [
        f"{violation['id']}: {violation['nodes'][0]['html'][:120]}"
        for violation in page.evaluate(AXE)["violations"]
    ]


@pytest.mark.parametrize(
    ("name", "size", "scheme"),
    [(name, DESK, "light") for name in PAGES] + [(name, PHONE, "dark") for name in ALSO_DARK],
)
def test_page(name, size, scheme, open_page):
    """Asks nobody, can be read by everybody, fits the screen, and shows no raw formula."""
    page = open_page(f"{name}.html", size, scheme)
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    text = page.locator("main").inner_text()
    assert len(text) > 200
    assert "\\(" not in text
    assert "$$" not in text
    assert page.locator("mjx-merror").count() == 0
    pictures = page.locator("main img").evaluate_all(
        "all => all.map(image => [image.alt.trim().length > 3, image.complete && image.naturalWidth > 0])"
    )
    assert all(alt and loaded for alt, loaded in pictures), pictures


@pytest.mark.parametrize(
    ("words", "page_found"),
    [("vanish", "notebooks/07"), ("reset_after", "notebooks/06"), ("Adam", "site/glossary")],
)
def test_search_finds(words, page_found, open_page):
    page = open_page(f"search.html?q={words}")
    page.wait_for_selector("ul.search li a")
    assert page_found in " ".join(
        page.locator("ul.search li a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    )


def test_lessons_are_there_to_download_and_go_on_to_each_other(open_page, site):
    for before, after in pairwise(LESSONS):
        page = (site / "notebooks" / f"{before}.html").read_text(encoding="utf-8")
        assert re.search(rf'class="right-next"\s+href="{after}.html"', page)
        notebook = json.loads(
            (site / "_sources" / "notebooks" / f"{before}.ipynb").read_text(encoding="utf-8")
        )
        assert notebook["cells"]


def test_every_term_of_the_glossary_is_used_in_a_lesson(site):
    pages = " ".join((site / "notebooks" / f"{name}.html").read_text(encoding="utf-8") for name in LESSONS)
    glossary = (site / "site" / "glossary.html").read_text(encoding="utf-8")
    anchors = [piece.split('"')[0] for piece in glossary.split('<dt id="term-')[1:]]
    assert len(anchors) > 50
    linked = [anchor for anchor in anchors if f"glossary.html#term-{anchor}" in pages]
    assert len(linked) >= 60, set(anchors) - set(linked)


def test_launch_buttons_wait_for_an_address(site):
    """The repository's address stands in one place, and is empty until there is one."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    page = (site / "notebooks" / f"{LESSONS[0]}.html").read_text(encoding="utf-8")
    for host in ("mybinder.org", "colab.research.google.com"):
        assert (host in page) == bool(project["tool"]["unrolled"]["repository"])


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_links_its_notebook_and_its_deck(name, site):
    page = (site / "notebooks" / f"{name}.html").read_text(encoding="utf-8")
    assert f'href="../_sources/notebooks/{name}.ipynb" download' in page
    deck = f"slides/{name}.html"
    assert (f'href="../{deck}"' in page) == (site / deck).exists()


def test_the_bundle_starts_with_links_that_lead_somewhere(site, monkeypatch):
    monkeypatch.setattr(make_bundle, "SITE", site)
    files = make_bundle.contents()
    start = files["START_HERE.html"].decode()
    links = re.findall(r"href=['\"]([^'\"]+)", start)
    assert len(links) >= 2
    assert not set(links) - set(files)
    assert "requirements.txt" in start
    assert "course/requirements.txt" in files
    page = files[f"site/notebooks/{LESSONS[0]}.html"].decode()
    assert f'href="../../course/notebooks/{LESSONS[0]}.ipynb"' in page
    assert not [name for name in files if name.startswith("site/_sources/notebooks/")]


@pytest.mark.parametrize("formula", [r"\tilde h_t", r"a < b \; \& \; c", r"\begin{bmatrix}1\\2\end{bmatrix}"])
def test_a_formula_in_the_book_is_well_formed(formula):
    made = ElementTree.fromstring(make_book.mathml(formula, True))
    assert made.tag == "{http://www.w3.org/1998/Math/MathML}math"


def test_a_formula_that_cannot_be_read_is_named():
    with pytest.raises(ValueError, match="frac"):
        make_book.mathml(r"\frac{1", False)


# What becomes of texts as people paste them; the reader answers them all.
ODD = [
    "",
    "?!",
    "good " * 10_000,
    "Une comédie très drôle, nai\u0308ve et tendre.",
    "यह फ़िल्म बहुत अच्छी है",
    "<p class='best'>I don&#39;t like it&hellip;</p>",
    "A won\u00adder\u00adful film, isn´t it? 😀",
]


@pytest.fixture
def reading(open_page):
    page = open_page("reading/index.html")
    page.wait_for_function(READY)
    return page


@pytest.fixture(scope="session")
def reader():
    return Reader.load(best.FILE)


def test_page_reads_as_the_course_does(reading, reader):
    """The same words, and the same logits within 1e-4, on 200 reviews of any length."""
    reviews, _ = read_movie_reviews()
    texts = [*reviews[:: len(reviews) // 200][:200], *ODD]
    read = """texts => texts.map(text => {
        const found = encode(text, model);
        let last = null;
        for (const logit of read(found.ids, model)) last = logit;
        return [tokenize(text, model), found.ids, last];
    })"""
    for text, (words, ids, logit) in zip(texts, reading.evaluate(read, texts), strict=True):
        assert words == tokenize(text)
        assert ids == reader.ids(text).tolist()
        if ids:
            assert logit == pytest.approx(reader.model.predict([reader.ids(text)])[0, 0], abs=1e-4)


def test_page_says_after_every_word_what_the_course_says(reading, reader):
    text = "It was a slow start, and then a wonderful, wonderful film."
    words, trace = reader.words_and_trace(text)
    logits = reading.evaluate("text => [...read(encode(text, model).ids, model)]", text)
    np.testing.assert_allclose(sigmoid(np.array(logits[-len(words) :])), trace, atol=1e-5)


@pytest.mark.parametrize("text", ODD)
def test_page_answers_every_text(text, reading, reader):
    reading.fill("#text", text)
    reading.click("button[type=submit]")
    reading.wait_for_function(
        "document.getElementById('status').textContent.startsWith('Read in')", timeout=60_000
    )
    shown, answer = reading.inner_text("#results"), reader.answer(text)
    if answer.logit is None:
        assert "No verdict" in shown
    else:
        assert f"P(positive) = {answer.probability:.2f}" in shown
    if answer.words:
        assert f"words: {answer.words:,}, read: {answer.read:,}, known: {answer.known:,}" in shown


def test_page_compares_two_texts_with_the_keyboard_alone(reading):
    reading.focus("#example")
    chosen = reading.locator("#example option", has_text="not bad and bad").get_attribute("value")
    reading.select_option("#example", chosen)
    reading.wait_for_function("document.getElementById('status').textContent.startsWith('Read in')")
    assert reading.locator("#results section").count() == 2
    reading.focus("#text")
    reading.keyboard.press("Tab")  # the other text
    reading.keyboard.type("Now it is another film.")
    reading.keyboard.press("Tab")  # the button
    reading.keyboard.press("Enter")
    reading.wait_for_selector("#results section:nth-child(2) .words span:has-text('another')")


def test_a_net_of_another_kind_is_refused(reader):
    class Other:
        layers = reader.model.layers[:1]

    class OtherReader:
        model = Other()

    with pytest.raises(ValueError, match="write the loop for this net"):
        reading_page.parts(OtherReader())


def test_a_lesson_without_outputs_is_named(tmp_path):
    lesson = json.loads(next(NOTEBOOKS.glob("01*.ipynb")).read_text(encoding="utf-8"))
    next(cell for cell in lesson["cells"] if cell["cell_type"] == "code")["execution_count"] = None
    path = tmp_path / "01_new.ipynb"
    path.write_text(json.dumps(lesson), encoding="utf-8")
    assert make_site.problems([path]) == [
        "01_new.ipynb: 1 cells were never executed: make execute NB=notebooks/01_new.ipynb"
    ]
