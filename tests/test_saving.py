"""A lesson that JupyterLab opened and saved is the file that it was, with any version of Python."""

import asyncio

import nbformat
import pytest
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from nbformat.v4 import new_code_cell, new_notebook

from tools.notebook_rules import NOTEBOOK_METADATA


def manager(folder):
    return AsyncLargeFileManager(root_dir=str(folder), pre_save_hook="course_utils.saving.keep_language_info")


def save(folder, name, notebook):
    model = {"type": "notebook", "format": "json", "content": notebook}
    asyncio.run(manager(folder).save(model, name))


@pytest.fixture
def lesson():
    cells = [new_code_cell("1 + 1", id="one")]
    return nbformat.from_dict(new_notebook(cells=cells, metadata=NOTEBOOK_METADATA))


def test_a_lesson_that_was_only_opened_stays_as_it_was(tmp_path, lesson):
    file = tmp_path / "lesson.ipynb"
    nbformat.write(lesson, file)
    before = file.read_bytes()
    lesson.metadata["language_info"] = {**lesson.metadata["language_info"], "version": "3.13.1"}
    save(tmp_path, file.name, lesson)
    assert file.read_bytes() == before


def test_work_is_saved(tmp_path, lesson):
    file = tmp_path / "lesson.ipynb"
    nbformat.write(lesson, file)
    lesson.cells[0].source = "2 + 2"
    save(tmp_path, file.name, lesson)
    assert nbformat.read(file, as_version=4).cells[0].source == "2 + 2"


@pytest.mark.parametrize("before", [None, "no notebook", "[]", "{}"])
def test_a_new_or_damaged_file_is_saved_as_it_comes(tmp_path, lesson, before):
    if before is not None:
        (tmp_path / "new.ipynb").write_text(before)
    save(tmp_path, "new.ipynb", lesson)
    assert nbformat.read(tmp_path / "new.ipynb", as_version=4).metadata == NOTEBOOK_METADATA


def test_other_files_are_left_alone(tmp_path):
    model = {"type": "file", "format": "text", "content": "words"}
    asyncio.run(manager(tmp_path).save(model, "notes.txt"))
    assert (tmp_path / "notes.txt").read_text() == "words"
