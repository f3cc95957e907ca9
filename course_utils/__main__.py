"""Check whether this machine can run the course: ``python -m course_utils``.

Every line says OK, or what is wrong and what to do. The whole output fits into a bug report.
"""

import json
import os
import platform
import re
import shutil
import site
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import metadata, util
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

from packaging.requirements import Requirement

NEEDED_DISK_GB = 1.0
KERNEL_START_S = 120
GIVEN = dict(os.environ)  # before quiet_import changes some of it
REINSTALL = "run: python -m pip install -r requirements.txt"
INSTALL = "run, in the folder of the course: python -m pip install --no-deps --no-build-isolation -e ."
REMAKE = "run, in the folder of the course: make clean, then make lab (or set it up again as README says)"


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


def check_commands() -> str:
    """The commands of this environment start this environment's Python (a moved folder breaks them)."""
    command = Path(sysconfig.get_path("scripts")) / "jupyter"
    if not command.is_file():
        return "no command jupyter beside Python (fine when hosted, and on Windows)"
    # The first line names the interpreter; where its path is long or has blanks, the second does.
    start = b"\n".join(command.read_bytes().split(b"\n")[:2]).decode(errors="replace")
    named = re.search(r"#!(/[^\n]*python[\d.]*)$|exec' \"?(/[^\"\n]*?python[\d.]*)\"?", start, re.MULTILINE)
    python = Path(next(filter(None, named.groups()))) if named else None
    elsewhere = (
        sys.prefix != sys.base_prefix and python and python.parent.resolve() != command.parent.resolve()
    )
    if python is not None and (elsewhere or not python.exists()):
        raise Problem(
            f"this environment was made for another folder and then moved, renamed or copied: "
            f"{command} starts {python}; {REMAKE}"
        )
    return f"jupyter is {command}"


def check_settings() -> str:
    """No setting of Python's own changes what a lesson shows."""
    if sys.flags.optimize:
        raise Problem(
            "Python leaves out every assert, so what lessons prove is not checked: "
            + (
                f"the variable PYTHONOPTIMIZE is set to {os.environ['PYTHONOPTIMIZE']!r}; unset it"
                if os.environ.get("PYTHONOPTIMIZE")
                else "it was started with -O; start it without"
            )
        )
    return "Python runs as it comes"


def check_versions() -> str:
    """Every package that the course declares is there in its range, and no other one before it."""
    try:
        declared = [Requirement(line) for line in metadata.requires("unrolled") or []]
    except metadata.PackageNotFoundError:
        raise Problem(f"course_utils is not installed; {INSTALL}") from None
    found = []
    for requirement in declared:
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        name = requirement.name
        version = installed(name)
        if version is None and name == "tensorflow":
            name = "tensorflow-cpu"  # the same library, half the download
            version = installed(name)
        if version is None:
            raise Problem(f"{requirement.name} is not installed; {REINSTALL}")
        if not requirement.specifier.contains(version, prereleases=True):
            raise Problem(
                f"{name} {version} is installed, expected {requirement.specifier}; {cure(home_of(name))}"
            )
        imported = imported_from(name)
        if imported is not None and not imported.is_relative_to(home_of(name).resolve()):
            raise Problem(
                f"{name} {version} is installed in {home_of(name)}, but another one stands in front "
                f"of it, {imported}; {cure(imported)}"
            )
        found.append(f"{requirement.name} {version}")
    return ", ".join(found)


def home_of(name: str) -> Path:
    """Folder that an installed package lies in."""
    return Path(str(metadata.distribution(name).locate_file("")))


def imported_from(name: str) -> Path | None:
    """File or folder that `import` would take for a package; None where that cannot be told."""
    modules = {"tensorflow-cpu": "tensorflow", "scikit-learn": "sklearn"}
    try:
        spec = util.find_spec(modules.get(name, name.replace("-", "_")))
    except (ImportError, ValueError):
        return None
    return Path(spec.origin).resolve() if spec is not None and spec.origin else None


def cure(place: Path) -> str:
    """What to do about a package that comes from a wrong place."""
    for folder in filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)):
        if place.resolve().is_relative_to(Path(folder).resolve()):
            return f"the variable PYTHONPATH brings it in ({folder}): unset PYTHONPATH"
    user = site.getusersitepackages()
    if place.resolve().is_relative_to(Path(user).resolve()):
        return f"it lies among the packages of your user ({user}): set the variable PYTHONNOUSERSITE to 1"
    if not place.resolve().is_relative_to(Path(sys.prefix).resolve()) and place.suffix == ".py":
        return f"rename or move {place}"
    return REINSTALL


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
    """Keras is as the lessons need it; a small recurrent model takes some steps and its loss falls."""
    from course_utils.quiet import quiet_import

    wanted = GIVEN.get("KERAS_BACKEND", "")
    try:
        with quiet_import():
            import keras
    except Exception as error:
        raise Problem(f"Keras does not import ({type(error).__name__}: {error}); {keras_cure()}") from error
    import numpy as np

    backend, floatx = keras.config.backend(), keras.config.floatx()
    if (backend, floatx) != ("tensorflow", "float32"):
        raise Problem(f"Keras runs on {backend} in {floatx}, expected tensorflow in float32; {keras_cure()}")
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.SimpleRNN(8), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
    x = np.random.default_rng(0).normal(size=(64, 10, 4)).astype("float32")
    y = x[:, -1, :1]
    start = time.perf_counter()
    losses = model.fit(x, y, epochs=10, verbose=0).history["loss"]
    if not losses[-1] < losses[0]:
        raise Problem(f"the loss of a small model went from {losses[0]:.3f} to {losses[-1]:.3f}; {REINSTALL}")
    set_aside = "" if wanted in ("", "tensorflow") else f"; lessons do not heed KERAS_BACKEND={wanted}"
    return (
        f"Keras runs on {backend} in {floatx}; a training step works "
        f"({time.perf_counter() - start:.1f} s, {os.cpu_count()} cores){set_aside}"
    )


def keras_cure() -> str:
    """What to do about Keras: most often a file or a variable of the user's stands behind it."""
    variables = ", ".join(f"{name}={GIVEN[name]}" for name in sorted(GIVEN) if name.startswith("KERAS_"))
    file = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras").expanduser() / "keras.json"
    found = [f"unset the variables {variables}"] if variables else []
    found += [f"rename the file {file}"] if file.exists() else []
    return " and ".join(found) or REINSTALL


IN_THE_KERNEL = """
import json, os, sys
import course_utils, numpy
profile = get_ipython().profile_dir.location
found = [os.path.join(folder, name) for folder, _, names in os.walk(profile) for name in names]
print(json.dumps({
    "prefix": sys.prefix,
    "python": sys.executable,
    "optimize": sys.flags.optimize,
    "course": os.path.dirname(course_utils.__file__),
    "numpy": numpy.__version__,
    "settings": sorted(n for n in found if n.endswith(("_config.py", "_config.json"))
                       or n.endswith((".py", ".ipy")) and os.path.basename(os.path.dirname(n)) == "startup"),
}))
"""


def check_kernel() -> str:
    """Jupyter starts a kernel in another folder, and a cell there gets this Python and this course."""
    import numpy as np

    import course_utils

    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        shown, error = run_in_a_kernel(IN_THE_KERNEL, folder)
    if error:
        raise Problem(
            f"a notebook in another folder cannot use the course ({error}); "
            + (
                INSTALL
                if "course_utils" in error
                else f"look for a file of yours that is in the way; {REMAKE}"
            )
        )
    got = json.loads(shown.strip().splitlines()[-1])
    if got["prefix"] != sys.prefix:
        raise Problem(
            f"Jupyter's kernel python3 is another Python, {got['python']}, not {sys.executable}; "
            "run: jupyter kernelspec list, and remove the one that is not of this environment"
        )
    if got["optimize"] and not sys.flags.optimize:  # otherwise it is said already
        raise Problem("the kernel leaves out every assert; take -O and PYTHONOPTIMIZE out of its kernel.json")
    mine = {"course": os.path.dirname(course_utils.__file__), "numpy": np.__version__}
    for name, value in mine.items():
        if os.path.realpath(got[name]) != os.path.realpath(value):
            raise Problem(f"a kernel gets {name} {got[name]}, this check {value}; {REMAKE}")
    heeded = f"; your own settings hold there too: {', '.join(got['settings'])}" if got["settings"] else ""
    return f"a kernel starts and runs a cell ({time.perf_counter() - start:.1f} s){heeded}"


def run_in_a_kernel(code: str, folder: str) -> tuple[str, str]:
    """Start a kernel in a folder and run one cell; return what it printed, and its error in one line."""
    try:
        from jupyter_client.manager import start_new_kernel

        manager, client = start_new_kernel(KERNEL_START_S, kernel_name="python3", cwd=folder, stderr=DEVNULL)
    except Exception as error:
        return "", f"no kernel starts: {type(error).__name__}: {str(error).splitlines()[-1]}"
    printed: list[str] = []

    def keep(message: dict[str, Any]) -> None:
        if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
            printed.append(message["content"]["text"])

    try:
        reply = client.execute_interactive(code, timeout=KERNEL_START_S, output_hook=keep)["content"]
    except TimeoutError:
        return "", f"one cell did not end within {KERNEL_START_S} s"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return "".join(printed), "" if reply["status"] == "ok" else f"{reply['ename']}: {reply['evalue']}"


CHECKS: list[Callable[[], str]] = [
    check_python,
    check_virtual_environment,
    check_commands,
    check_settings,
    check_one_tensorflow,
    check_versions,
    check_disk,
    check_reviews,
    check_tensorflow,
    check_training,
    check_kernel,
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
