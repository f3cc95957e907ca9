"""Solve the pinned requirements anew: python -m tools.lock [--keep] (needs uv: pip install uv).

requirements.txt is the student's install. Each of the others adds a group of pyproject.toml to it,
and holds nothing that requirements.txt has already: so they can be installed behind it. With
--keep a version stays as it is pinned where nothing speaks against it.
"""

import re
import subprocess
import sys
from pathlib import Path

from course_utils.files import write_whole
from tools import ROOT

STUDENT = ROOT / "requirements.txt"
ADDED = ("dev", "export", "instructor", "site", "lite", "nbgrader")


def blocks(text: str) -> dict[str, str]:
    """The lines of each pin (a name may have two, for different versions of Python)."""
    found: dict[str, str] = {}
    for block in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]:
        name = re.match(r"[A-Za-z0-9._-]+", block)[0]
        found[name] = found.get(name, "") + block
    return found


def solve(output: Path, groups: tuple[str, ...], *options: str) -> None:
    command = [
        *("uv", "pip", "compile", "pyproject.toml", *(f"--group={group}" for group in groups)),
        *("--universal", "--python-version=3.11", "--generate-hashes", "--no-emit-index-url"),
        *("--no-emit-find-links", "--no-header", "--no-annotate", "--quiet", f"--output-file={output}"),
    ]
    subprocess.run([*command, *options], cwd=ROOT, check=True)


def main(arguments: list[str]) -> int:
    """Write all requirements files."""
    options = () if "--keep" in arguments else ("--upgrade",)
    solve(STUDENT, ("student",), *options)
    student = blocks(STUDENT.read_text(encoding="utf-8"))
    for group in ADDED:
        output = ROOT / f"requirements-{group}.txt"
        solve(output, ("student", group), "--constraint=requirements.txt", *options)
        added = blocks(output.read_text(encoding="utf-8"))
        write_whole(output, "".join(block for name, block in added.items() if name not in student))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
