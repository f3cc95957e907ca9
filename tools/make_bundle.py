"""Pack the course into one zip file: site, reading page, decks, and the project as it is committed.

Use: python -m tools.make_bundle

It packs what lies in build/site; make bundle builds that first. The same site gives the same file: names
are sorted and dates fixed. The notebooks lie in it once; the site's download buttons lead to those of the
project.
"""

import html
import subprocess
import sys
import time
import zipfile

from tools import ROOT
from tools.make_site import LONG_AGO, SITE, VERSION

TOP = f"unrolled-{VERSION}"
BUNDLE = ROOT / "build" / f"{TOP}.zip"
ELSEWHERE = "_sources/notebooks/"  # these are in the project already
COMPRESSED = {".png", ".npz", ".epub", ".pdf", ".whl", ".zip"}
START = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Unrolled: start here</title>
<meta name="viewport" content="width=device-width">
<style>
body {{ font: 1.1rem/1.5 sans-serif; max-width: 42rem; margin: 2rem auto; padding: 0 1rem }}
</style></head>
<body><main>
<h1>Unrolled {version}</h1>
<p>Recurrent networks, from a loop in NumPy to sentiment models. Unpack the whole zip file first; then
nothing here needs a network, except the installation.</p>
<ul>
<li><a href="site/index.html">Read the course</a>: every lesson with its outputs.</li>
<li><a href="site/reading/index.html">Let a network read your sentence</a>, in this browser.</li>
{more}</ul>
<h2>Run the lessons</h2>
<p>You need Python 3.11, 3.12 or 3.13, and once a network, for about 500 MB. In a terminal, in the folder
<code>course</code>:</p>
<p>Linux and macOS: <code>make lab</code></p>
<p>Windows, in PowerShell:</p>
<pre>{windows}</pre>
</main></body></html>
"""


def windows() -> str:
    """Return the README's commands for Windows."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return readme.split("**Windows**", 1)[1].split("```")[1].strip()


def contents() -> dict[str, bytes]:
    """Return every file of the bundle by its name."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    tracked = [ROOT / name for name in listed.split("\0") if name]
    files = {f"course/{path.relative_to(ROOT).as_posix()}": path.read_bytes() for path in tracked}
    for path in SITE.rglob("*"):
        name = path.relative_to(SITE).as_posix()
        if not path.is_file() or name.startswith((ELSEWHERE, "lite/")):  # a disk cannot start JupyterLite
            continue
        content = path.read_bytes()
        if path.suffix == ".html" and name.startswith("notebooks/"):
            content = content.replace(f"../{ELSEWHERE}".encode(), b"../../course/notebooks/")
        files[f"site/{name}"] = content
    places = {
        "site/slides": "<li>Slides: <a href='site/site/take_along.html'>the list</a>.</li>\n",
        "site/book/unrolled.epub": "<li><a href='site/book/unrolled.epub'>All lessons as EPUB</a></li>\n",
        "site/book/unrolled.pdf": "<li><a href='site/book/unrolled.pdf'>All lessons as PDF</a></li>\n",
    }
    more = "".join(line for place, line in places.items() if any(name.startswith(place) for name in files))
    page = START.format(version=VERSION, more=more, windows=html.escape(windows()))
    return files | {"START_HERE.html": page.encode()}


def main() -> int:
    """Write the bundle; 1 where there is no site, or no git to say what belongs to the project."""
    began = time.perf_counter()
    if not SITE.exists():
        print("There is no build/site yet: make bundle builds it first.", file=sys.stderr)
        return 1
    try:
        files = contents()
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"git could not list the project's files, so nothing was packed: {error}", file=sys.stderr)
        return 1
    draft = BUNDLE.with_suffix(".draft")
    with zipfile.ZipFile(draft, "w") as bundle:
        for name, content in sorted(files.items()):
            packed = name.endswith(tuple(COMPRESSED))
            how = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
            entry = zipfile.ZipInfo(f"{TOP}/{name}", LONG_AGO)
            entry.external_attr = (0o755 if content.startswith(b"#!") else 0o644) << 16
            bundle.writestr(entry, content, compress_type=how)
    draft.replace(BUNDLE)
    seconds, size = time.perf_counter() - began, BUNDLE.stat().st_size
    print(f"build/{BUNDLE.name}: {len(files)} files, {size / 1e6:.0f} MB, {seconds:.0f} seconds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
