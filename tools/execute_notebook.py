"""Run lessons from a fresh kernel and keep their outputs.

Use: python -m tools.execute_notebook NOTEBOOK…

A lesson is written back, whole, only when it ran to its end. What changes from machine to machine for
no reason (the version of Python, overwritten progress-bar lines) is left out, so that a diff
shows what changed. Seconds of the slow cells are printed.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from warnings import catch_warnings

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from course_utils.files import write_whole
from tools.notebook_rules import NOTEBOOK_METADATA

CELL_LIMIT_S = 600
LONGEST = 8 << 20  # bytes of a notebook: the longest lesson, with its figures, has 1.3 million
MOST_MARKS = 50_000  # brackets and commas of a notebook: each costs memory and time, a long figure neither
# What ends the run of one lesson: a damaged file, a cell that fails or takes too long, a kernel that dies.
FAILURES = (ValueError, CellExecutionError, CellTimeoutError, DeadKernelError)


def overwrite_lines(text: str) -> str:
    """Keep what a terminal shows after carriage returns: the last state of a progress bar."""
    lines = text.split("\n")
    shown = [[state for state in line.split("\r") if state.strip()] or [""] for line in lines]
    return "\n".join(states[-1] for states in shown)


def clean(notebook: nbformat.NotebookNode) -> None:
    """Drop run-dependent metadata and merge the pieces in which a stream arrived."""
    notebook.metadata = nbformat.from_dict(NOTEBOOK_METADATA)
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict(
            {
                key: cell.metadata[key]
                for key in sorted(cell.metadata)
                if key in ("reason", "slideshow", "tags")
            }
        )
        if cell.cell_type != "code":
            continue
        merged: list[nbformat.NotebookNode] = []
        for output in cell.outputs:
            if (
                merged
                and output.output_type == "stream" == merged[-1].output_type
                and merged[-1].name == output.name
            ):
                merged[-1].text += output.text
            else:
                merged.append(output)
        for output in merged:
            if output.output_type == "error":
                # The full traceback is mostly the library's files, at paths of this machine.
                output.traceback = [f"{output.ename}: {output.evalue}"]
            elif output.output_type == "stream":
                output.text = overwrite_lines(output.text)
        cell.outputs = merged


def kernel_environment(folder: str) -> dict[str, str]:
    """The variables of a kernel that obeys no IPython settings of the user's, and skips no assert.

    `folder` is an empty one, in which IPython finds no settings and keeps its history.
    """
    kept = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONOPTIMIZE", "PYTHONSTARTUP")
    }
    return kept | {"IPYTHONDIR": folder}


def run(notebook: nbformat.NotebookNode, folder: Path) -> list[float]:
    """Run all cells in a fresh kernel, in place; return the seconds of each (0 for prose)."""
    begun, seconds = 0.0, [0.0] * len(notebook.cells)

    def start(cell: nbformat.NotebookNode, cell_index: int) -> None:
        nonlocal begun
        begun = time.perf_counter()

    def end(cell: nbformat.NotebookNode, cell_index: int, execute_reply: object) -> None:
        seconds[cell_index] = time.perf_counter() - begun

    with TemporaryDirectory() as settings:
        NotebookClient(
            notebook,
            timeout=CELL_LIMIT_S,
            kernel_name="python3",
            resources={"metadata": {"path": str(folder)}},
            record_timing=False,
            on_cell_execute=start,
            on_cell_executed=end,
        ).execute(env=kernel_environment(settings))
    return seconds


def read(path: Path) -> nbformat.NotebookNode:
    """Read a notebook. Raises ValueError, with the file's name, for whatever is not one."""
    if not path.exists():
        raise ValueError(f"{path} is not there: expected a notebook")
    if not path.is_file():
        raise ValueError(f"{path} is no ordinary file: expected a notebook")
    if (size := path.stat().st_size) > LONGEST:
        raise ValueError(f"{path} is {size:,} bytes long: expected a notebook of at most {LONGEST:,}")
    try:
        content = path.read_bytes()
        if (marks := sum(map(content.count, (b"[", b"{", b",")))) > MOST_MARKS:
            raise ValueError(f"{marks:,} brackets and commas: no notebook of this course has so many")
        with catch_warnings(action="ignore"):  # of nbformat, about what it mends
            notebook = nbformat.reads(content.decode(), as_version=4)
            nbformat.validate(notebook)
    except Exception as error:  # nbformat lets every mistake of the file through as it comes
        reason = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        raise ValueError(f"{path} is no notebook, or damaged ({reason[:200]})") from None
    return notebook


def write(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Write a notebook, whole or not at all."""
    write_whole(path, nbformat.writes(notebook) + "\n")


def execute(path: Path) -> bool:
    """Execute one notebook in place; False, and no change, when it cannot be read or a cell fails."""
    begin = time.perf_counter()
    try:
        notebook = read(path)
        seconds = run(notebook, path.parent)
    except FAILURES as error:
        print(f"{path}: not written\n{error}", file=sys.stderr)
        return False
    clean(notebook)
    write(notebook, path)
    print(f"{path}: {time.perf_counter() - begin:.1f} s")
    for index, value in enumerate(seconds):
        if value > 3:
            first_line = notebook.cells[index].source.splitlines()[0]
            print(f"  cell {index}: {value:5.1f} s  {first_line[:70]}")
    return True


def main(arguments: list[str] | None = None) -> int:
    """Execute the notebooks named on the command line; 1 when any failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="+", type=Path)
    results = [execute(path) for path in parser.parse_args(arguments).notebooks]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
