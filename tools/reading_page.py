"""Write the reading page: the committed best net, ready to read in a browser.

Use: python -m tools.reading_page FOLDER

The weights go into one binary file, model.bin: a line of JSON, then float16 numbers in the order in
which site/reading/loop.js takes them. model.js holds the same bytes for browsers that open the page from a
disk, where they may load scripts and nothing else.
"""

import base64
import csv
import html
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np

from course_utils import best, text
from course_utils.files import course_file
from course_utils.layers import GRU, Bidirectional, Dense, Dropout, Embedding, GlobalMaxPooling1D, sigmoid
from course_utils.reading import Reader
from course_utils.text import INDEX_FROM, START, UNKNOWN
from tools import ROOT

PAGE = ROOT / "site" / "reading"
KINDS = 2  # so many pairs of each kind of minimal pairs can be chosen on the page
BINS = 10


def parts(reader: Reader) -> tuple[Embedding, Bidirectional, Dense]:
    """Return the layers with weights; raise ValueError for a net that the page's loop does not compute."""
    layers = [layer for layer in reader.model.layers if not isinstance(layer, Dropout)]  # type: ignore[attr-defined]
    kinds = [type(layer) for layer in layers]
    expected = [Embedding, Bidirectional, GlobalMaxPooling1D, Dense]
    if kinds != expected or not isinstance(layers[1].layer, GRU):
        raise ValueError(
            f"the net is {', '.join(kind.__name__ for kind in kinds)}: the page's loop (loop.js) reads "
            "Embedding, Bidirectional(GRU), GlobalMaxPooling1D, Dense; write the loop for this net first"
        )
    return layers[0], layers[1], layers[3]


def record(reader: Reader) -> list[list[float]]:
    """Return [from, to, reviews, positive] for each tenth of P(positive) on the kept test reviews."""
    kept = reader.records[0]
    place = np.minimum((sigmoid(kept.logits) * BINS).astype(int), BINS - 1)
    return [
        [k / BINS, (k + 1) / BINS, int(np.sum(place == k)), int(np.sum(kept.labels[place == k]))]
        for k in range(BINS)
        if np.any(place == k)
    ]


def binary(reader: Reader) -> bytes:
    """Return the file that loop.js loads."""
    table, both, dense = parts(reader)
    head: dict[str, Any] = {
        "rows": table.input_dim,
        "features": table.output_dim,
        "units": both.layer.units,
        "start": START,
        "unknown": UNKNOWN,
        "first": INDEX_FROM + 1,
        "longest": reader.maxlen or 2**31,
        "least_known": reader.least_known,
        "tag": text._TAG.pattern,  # the page cuts words as the course does
        "apostrophes": text._APOSTROPHES,
        "without_width": "".join(map(chr, text._WITHOUT_WIDTH)),
        "record": record(reader),
        "words": list(reader.vocabulary.words),
    }
    weights = [*table.weights, *both.weights, *dense.weights]
    numbers = np.concatenate([weight.ravel() for weight in weights]).astype("<f2")
    return json.dumps(head, ensure_ascii=True).encode() + b"\n" + numbers.tobytes()


def examples(pairs: Path) -> list[dict[str, Any]]:
    """Return the texts that can be chosen: our reviews, and some minimal pairs of each kind."""
    own = json.loads((PAGE / "examples.json").read_text(encoding="utf-8"))
    found = [{"title": title, "texts": [one]} for title, one in own]
    found.append({"title": "not bad and bad", "texts": ["This film is not bad.", "This film is bad."]})
    taken: dict[str, int] = {}
    with open(pairs, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            taken[row["kind"]] = taken.get(row["kind"], 0) + 1
            if taken[row["kind"]] <= KINDS:
                title = f"{row['kind']}: {row['positive']}"
                found.append({"title": title, "texts": [row["positive"], row["negative"]]})
    return found


def write(folder: Path, reader: Reader, pairs: Path) -> None:
    """Write the page and all it needs into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    content = binary(reader)
    (folder / "model.bin").write_bytes(content)
    script = f'const MODEL = "{base64.b64encode(content).decode()}";\n'
    (folder / "model.js").write_text(script, encoding="ascii")
    texts = json.dumps(examples(pairs), ensure_ascii=True)
    (folder / "examples.js").write_text(f"const EXAMPLES = {texts};\n", encoding="ascii")
    for name in ("loop.js", "page.js", "page.css"):
        shutil.copy(PAGE / name, folder)
    shutil.copy(ROOT / "site" / "_static" / "favicon.svg", folder)
    loop = html.escape((PAGE / "loop.js").read_text(encoding="utf-8"))
    page = (PAGE / "index.html").read_text(encoding="utf-8").replace("<!-- loop -->", loop)
    (folder / "index.html").write_text(page, encoding="utf-8")


def main() -> int:
    """Write the page from the committed net."""
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    write(Path(sys.argv[1]), Reader.load(best.FILE), course_file("minimal_pairs.csv"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
