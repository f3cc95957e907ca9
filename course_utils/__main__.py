"""Check whether this machine can run the course: ``python -m course_utils``.

Every line says OK, or what is wrong and what to do. The whole output fits into a bug report.
"""

import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import metadata

from packaging.requirements import Requirement

NEEDED_DISK_GB = 1.0
REINSTALL = "run: python -m pip install -r requirements.txt"


class Problem(Exception):
    """A check failed; the message says what was found and what to do."""


def check_python() -> str:
    """Python is one of the versions that TensorFlow has builds for."""
    found = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        raise Problem(f"{found}: TensorFlow needs Python 3.11, 3.12 or 3.13; install one and set up again")
    return found


def check_virtual_environment() -> str:
    """The course runs in an environment of its own (a hosted notebook may do without)."""
    return (
        "virtual environment"
        if sys.prefix != sys.base_prefix
        else "no virtual environment (fine when hosted)"
    )


def check_versions() -> str:
    """Every package that the course declares is installed in the declared range."""
    try:
        declared = [Requirement(line) for line in metadata.requires("unrolled") or []]
    except metadata.PackageNotFoundError:
        raise Problem("course_utils is not installed; run: python -m pip install --no-deps -e .") from None
    found = []
    for requirement in declared:
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        version = installed(requirement.name)
        if version is None and requirement.name == "tensorflow":
            version = installed("tensorflow-cpu")  # the same library, half the download
        if version is None:
            raise Problem(f"{requirement.name} is not installed; {REINSTALL}")
        if not requirement.specifier.contains(version, prereleases=True):
            raise Problem(
                f"{requirement.name} {version} is installed, expected {requirement.specifier}; {REINSTALL}"
            )
        found.append(f"{requirement.name} {version}")
    return ", ".join(found)


def installed(name: str) -> str | None:
    """Version of an installed package, or None."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def check_one_tensorflow() -> str:
    """Only one of tensorflow and tensorflow-cpu is there: they overwrite each other's files."""
    if installed("tensorflow") and installed("tensorflow-cpu"):
        raise Problem(
            "tensorflow and tensorflow-cpu are both installed and break each other; run: "
            "python -m pip uninstall tensorflow tensorflow-cpu, then " + REINSTALL
        )
    return "one TensorFlow"


def check_disk() -> str:
    """There is room for the cache and for models that lessons save."""
    free = shutil.disk_usage(tempfile.gettempdir()).free / 1e9
    if free < NEEDED_DISK_GB:
        raise Problem(
            f"{free:.1f} GB of disk are free, expected {NEEDED_DISK_GB:.0f} GB or more; make some room"
        )
    return f"{free:.0f} GB of disk free"


def check_reviews() -> str:
    """The reviews load."""
    from course_utils.data import DataError, load_reviews

    start = time.perf_counter()
    try:
        reviews = load_reviews(num_words=10_000)
    except DataError as error:
        raise Problem(str(error)) from error
    seconds = time.perf_counter() - start
    if reviews.cache.startswith("off"):
        raise Problem(
            f"the reviews load, but every time anew ({seconds:.1f} s): the cache cannot be written "
            f"({reviews.cache.removeprefix('off: ')}); set COURSE_CACHE to a folder that can be written"
        )
    return f"{reviews} ({seconds:.1f} s, cache {reviews.cache})"


def check_tensorflow() -> str:
    """TensorFlow imports."""
    from course_utils.quiet import quiet_import

    start = time.perf_counter()
    try:
        with quiet_import():
            import tensorflow as tf
    except Exception as error:
        raise Problem(f"TensorFlow does not import ({type(error).__name__}: {error}); {REINSTALL}") from error
    devices = ", ".join(sorted({device.device_type for device in tf.config.list_physical_devices()}))
    return f"TensorFlow {tf.__version__} imports in {time.perf_counter() - start:.1f} s, devices: {devices}"


def check_training() -> str:
    """A small recurrent model takes some training steps and its loss falls."""
    import keras
    import numpy as np

    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.SimpleRNN(8), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
    x = np.random.default_rng(0).normal(size=(64, 10, 4)).astype("float32")
    y = x[:, -1, :1]
    start = time.perf_counter()
    losses = model.fit(x, y, epochs=10, verbose=0).history["loss"]
    if not losses[-1] < losses[0]:
        raise Problem(f"the loss of a small model went from {losses[0]:.3f} to {losses[-1]:.3f}; {REINSTALL}")
    return f"a training step works ({time.perf_counter() - start:.1f} s, {os.cpu_count()} cores)"


CHECKS: list[Callable[[], str]] = [
    check_python,
    check_virtual_environment,
    check_one_tensorflow,
    check_versions,
    check_disk,
    check_reviews,
    check_tensorflow,
    check_training,
]


def report(checks: list[Callable[[], str]]) -> Iterator[tuple[bool, str]]:
    """Run the checks; yield for each whether it passed, and its line."""
    for check in checks:
        try:
            yield True, f"OK       {check()}"
        except Problem as problem:
            yield False, f"PROBLEM  {problem}"
        except Exception as error:  # a report with a gap is worth more than a traceback
            yield False, f"PROBLEM  {check.__name__} failed: {type(error).__name__}: {error}; {REINSTALL}"


def main() -> int:
    """Print the report; 0 when everything is well, 1 otherwise."""
    passed = []
    for well, line in report(CHECKS):
        print(line, flush=True)
        passed.append(well)
    print("The course can run." if all(passed) else "Mend the lines marked PROBLEM, from top to bottom.")
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
