"""A user's own settings: those that change what a lesson shows are set aside, the others are named."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

import course_utils.__main__ as check

ROOT = Path(__file__).parents[1]
DARK = "figure.facecolor: black\naxes.facecolor: black\ntext.color: white\nsavefig.transparent: True\n"
LIGHT = "rcParams[name] for name in ('figure.facecolor', 'text.color', 'savefig.transparent')]"
CELLS = {  # what a short lesson shows without any setting; that Keras does too is said by the check, below
    "from matplotlib import rcParams\n\nfrom course_utils import plots\n\n"
    f"print(plots.__name__, [{LIGHT})": "course_utils.plots ['white', 'black', False]\n",
    "2 + 3\nprint('one line')": "one line\n",
    "print('é’')": "é’\n",
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """Every setting that was found to change a lesson, all at once; the variables that bring them."""
    folder = tmp_path_factory.mktemp("settings")
    files = {
        "keras/keras.json": json.dumps({"floatx": "float64", "epsilon": 0.1, "backend": "theano"}),
        "matplotlib/matplotlibrc": DARK,
        "ipython/profile_default/ipython_config.py": 'c.InteractiveShell.ast_node_interactivity = "all"',
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(text)
    return {
        "KERAS_HOME": str(folder / "keras"),
        "KERAS_BACKEND": "jax",
        "KERAS_MAX_EPOCHS": "1",
        "TF_USE_LEGACY_KERAS": "1",
        "MATPLOTLIBRC": str(folder / "matplotlib"),
        "MPLBACKEND": "TkAgg",
        "IPYTHONDIR": str(folder / "ipython"),
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
    }


def run(*command, **environment):
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | {"COURSE_PROGRESS": "off"} | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )


def test_a_lesson_shows_the_same_under_all_settings(settings, tmp_path):
    cells = [
        new_code_cell(code, execution_count=i, outputs=[new_output("stream", text=text)])
        for i, (code, text) in enumerate(CELLS.items(), start=1)
    ]
    nbformat.write(new_notebook(cells=cells), tmp_path / "lesson.ipynb")
    nbval = ("-m", "pytest", "-c", "tests/nbval.ini", "--rootdir", ".", "--nbval-current-env")
    done = run(*nbval, str(tmp_path / "lesson.ipynb"), PYTHONOPTIMIZE="1", **settings)
    assert done.returncode == 0, done.stdout
    assert f"{len(CELLS)} passed" in done.stdout


def test_the_check_says_what_a_lesson_gets_under_all_settings(settings):
    done = run("-m", "course_utils", **settings)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout
    assert done.stderr == ""
    assert len(lines) == len(check.CHECKS) + 1
    assert all(shown.startswith("OK ") for shown in lines[:-1])
    assert lines[-1] == "The course can run."
    assert "Keras runs on tensorflow in float32" in done.stdout
    assert "lessons do not heed KERAS_BACKEND=jax" in done.stdout
    assert "ipython_config.py" in done.stdout  # in JupyterLab the user's own settings of IPython hold


def problem(function, **environment):
    """The line of one check in a process of its own."""
    code = f"import course_utils.__main__ as c; print(next(c.report([c.{function}]))[1])"
    return run("-c", code, **environment).stdout


def test_asserts_that_are_left_out_are_named():
    assert "PYTHONOPTIMIZE is set to '1'; unset it" in problem("check_settings", PYTHONOPTIMIZE="1")


def test_a_package_that_pythonpath_brings_is_named(tmp_path):
    (tmp_path / "threadpoolctl.py").write_text("")
    shown = problem("check_versions", PYTHONPATH=str(tmp_path))
    assert f"another one stands in front of it, {tmp_path / 'threadpoolctl.py'}" in shown
    assert shown.rstrip().endswith(f"PYTHONPATH brings it in ({tmp_path}): unset PYTHONPATH")
    (tmp_path / "threadpoolctl-1.0.dist-info").mkdir()
    (tmp_path / "threadpoolctl-1.0.dist-info" / "METADATA").write_text("Name: threadpoolctl\nVersion: 1.0\n")
    shown = problem("check_versions", PYTHONPATH=str(tmp_path))
    assert "threadpoolctl 1.0 is installed, expected" in shown
    assert shown.rstrip().endswith("unset PYTHONPATH")


def test_a_file_of_the_users_own_in_front_of_a_package_is_named(tmp_path):
    (tmp_path / "tqdm.py").write_text("")
    code = f"import os, sys; sys.path.insert(0, {str(tmp_path)!r}); import course_utils.__main__ as c"
    shown = run("-c", f"{code}; print(next(c.report([c.check_versions]))[1])").stdout
    assert shown.rstrip().endswith(f"rename or move {tmp_path / 'tqdm.py'}")


@pytest.mark.parametrize(
    "start",
    [
        "#!/nowhere/.venv/bin/python",
        '#!/bin/sh\n\'\'\'exec\' "/no where/.venv/bin/python" "$0" "$@"',
        f"#!{shutil.which('python3', path=os.defpath) or '/usr/bin/python'}",
    ],
)
def test_an_environment_that_was_moved_is_named(monkeypatch, tmp_path, start):
    (tmp_path / "jupyter").write_text(f"{start}\nimport sys\n")
    monkeypatch.setattr(check.sysconfig, "get_path", lambda _: str(tmp_path))
    ((well, shown),) = check.report([check.check_commands])
    assert not well
    assert "moved, renamed or copied" in shown
    assert shown.endswith(check.REMAKE)


def test_a_kernel_of_another_python_is_named(tmp_path):
    kernel = tmp_path / "kernels" / "python3"
    kernel.mkdir(parents=True)
    other = tmp_path / "other" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "other"], check=True)
    spec = {"argv": [str(other), "-m", "ipykernel_launcher", "-f", "{connection_file}"], "display_name": "x"}
    (kernel / "kernel.json").write_text(json.dumps(spec | {"language": "python"}))
    assert "a notebook in another folder cannot use the course" in problem(
        "check_kernel", JUPYTER_PATH=str(tmp_path), JUPYTER_PREFER_ENV_PATH="0"
    )


def test_a_kernel_that_does_not_find_the_course_is_named(monkeypatch):
    error = "ModuleNotFoundError: No module named 'course_utils'"
    monkeypatch.setattr(check, "run_in_a_kernel", lambda *_: ("", error))
    ((_, shown),) = check.report([check.check_kernel])
    assert shown.endswith(check.INSTALL)
