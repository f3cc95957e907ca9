"""The quiet import silences the import, and nothing else."""

import os
import subprocess
import sys


def run(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={k: v for k, v in os.environ.items() if k != "COURSE_VERBOSE"} | environment,
        timeout=120,
    )


NOISY = (
    "import os\nfrom course_utils.quiet import quiet_import\n"
    "with quiet_import():\n    os.write(2, b'start-up line')\n{inside}\nos.write(2, b'later')"
)


def test_tensorflow_imports_without_a_line():
    done = run("from course_utils.quiet import quiet_import\nwith quiet_import():\n    import tensorflow")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_only_the_block_is_silent():
    assert run(NOISY.format(inside="")).stderr == "later"


def test_what_was_written_is_shown_when_the_import_fails():
    done = run(NOISY.format(inside="    import no_such_module"))
    assert done.returncode == 1
    assert done.stderr.startswith("start-up line")
    assert "No module named 'no_such_module'" in done.stderr


def test_way_out():
    assert run(NOISY.format(inside=""), COURSE_VERBOSE="1").stderr == "start-up linelater"


def test_users_own_log_level_stays():
    code = (
        "import os\nfrom course_utils.quiet import quiet_import\nwith quiet_import(): pass\n"
        "print(os.environ['TF_CPP_MIN_LOG_LEVEL'])"
    )
    assert run(code, TF_CPP_MIN_LOG_LEVEL="0").stdout == "0\n"


def test_works_without_standard_error():
    code = (
        "import os\nos.close(2)\nfrom course_utils.quiet import quiet_import\n"
        "with quiet_import():\n    print('in')"
    )
    assert run(code).stdout == "in\n"


def test_what_no_lesson_uses_is_not_imported_with_keras_and_can_be_imported_later():
    code = (
        "import sys\nfrom course_utils.quiet import quiet_import\nwith quiet_import():\n    import keras\n"
        "print([name for name in ('sklearn', 'pandas') if name in sys.modules])\n"
        "import sklearn.linear_model, pandas\nprint(pandas.DataFrame({'a': [1]}).shape)"
    )
    assert run(code).stdout == "[]\n(1, 1)\n"


def test_what_was_imported_before_stays_and_keras_takes_it():
    code = (
        "import pandas\nfrom course_utils.quiet import quiet_import\nwith quiet_import():\n    import keras\n"
        "net = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])\n"
        "print(net.predict(pandas.DataFrame({'a': [1.0, 2.0]}), verbose=0).shape)"
    )
    assert run(code).stdout == "(2, 1)\n"
