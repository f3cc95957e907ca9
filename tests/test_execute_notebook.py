"""The tool that executes lessons keeps what teaches and drops what differs by machine."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tools.execute_notebook import execute, main, overwrite_lines
from tools.notebook_rules import NOTEBOOK_METADATA


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("plain\ntext\n", "plain\ntext\n"),
        ("\r 0%\r 50%\r100%\n", "100%\n"),
        ("\r 0%\r100%\nnext\n", "100%\nnext\n"),
        ("100%\r", "100%"),
        ("", ""),
    ],
)
def test_overwrite_lines(written, shown):
    assert overwrite_lines(written) == shown


def write(path, *sources):
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    notebook.cells[0].metadata["collapsed"] = True
    nbformat.write(notebook, path)


def test_lesson_is_executed_and_cleaned(tmp_path, capsys):
    path = tmp_path / "lesson.ipynb"
    write(path, "import os\nprint(os.path.basename(os.getcwd()))\nprint('a\\rb')", "1 + 1")
    assert main([str(path)]) == 0
    notebook = nbformat.read(path, as_version=4)
    assert [cell.execution_count for cell in notebook.cells] == [1, 2]
    assert notebook.cells[0].outputs[0].text == f"{tmp_path.name}\nb\n"
    assert notebook.cells[1].outputs[0].data["text/plain"] == "2"
    assert notebook.metadata == NOTEBOOK_METADATA
    assert notebook.cells[0].metadata == {}
    assert "lesson.ipynb" in capsys.readouterr().out


def test_failing_lesson_is_left_as_it_was(tmp_path, capsys):
    path = tmp_path / "lesson.ipynb"
    write(path, "1 + 1", "undefined_name")
    before = path.read_bytes()
    assert execute(path) is False
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    assert "NameError" in capsys.readouterr().err


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b"[1]",
        b"{}",
        b'{"nbformat": 4, "nbformat_minor": 5, "cells": [{}]}',
        None,
    ],
)
def test_what_is_no_notebook_is_named_and_the_next_one_is_tried(tmp_path, capsys, content):
    bad, next_one = tmp_path / "bad.ipynb", tmp_path / "next.ipynb"
    if content is not None:
        bad.write_bytes(content)
    assert main([str(bad), str(next_one)]) == 1
    shown = capsys.readouterr().err
    assert f"{bad}: not written" in shown
    assert "expected a notebook" in shown or "is no notebook, or damaged" in shown
    assert f"{next_one}: not written" in shown
    assert content is None or bad.read_bytes() == content


def test_a_kernel_that_dies_is_a_failure_like_others(tmp_path, capsys):
    path = tmp_path / "lesson.ipynb"
    write(path, "import os\nos._exit(1)")
    before = path.read_bytes()
    assert execute(path) is False
    assert path.read_bytes() == before
    assert "Kernel died" in capsys.readouterr().err


def test_tagged_error_keeps_its_message_without_paths(tmp_path):
    path = tmp_path / "lesson.ipynb"
    notebook = new_notebook(cells=[new_code_cell("{}['key']", metadata={"tags": ["raises-exception"]})])
    nbformat.write(notebook, path)
    assert execute(path)
    (output,) = nbformat.read(path, as_version=4).cells[0].outputs
    assert (output.ename, output.evalue, output.traceback) == ("KeyError", "'key'", ["KeyError: 'key'"])
