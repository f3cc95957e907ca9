"""Import TensorFlow and Keras quietly, and with the settings that the lessons were written with."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext


@contextmanager
def quiet_import() -> Iterator[None]:
    """Keep TensorFlow's start-up lines off the screen while the block imports it, and Keras as it comes.

    TensorFlow writes them from C++, straight to file descriptor 2, where Python's own
    redirection does not reach. Only the import is silenced: if it fails, what was written
    is shown, and later messages appear as always. Set ``COURSE_VERBOSE=1`` before starting
    Python to see everything.

    A user's settings of Keras (the file keras.json, KERAS_BACKEND and others) would change what a
    lesson shows: after the block Keras runs on TensorFlow, in float32, as it does without any.

    Keras would import scikit-learn and pandas, too, for its wrappers and for DataFrames: a quarter of its
    time and 80 MB, which no lesson uses. Who needs them there imports them before the block.

    >>> with quiet_import():
    ...     import keras  # doctest: +SKIP
    """
    first = "keras" not in sys.modules
    os.environ["KERAS_BACKEND"] = "tensorflow"  # Keras reads it once, when it is imported
    quiet = nullcontext() if os.environ.get("COURSE_VERBOSE") else _start_up_lines_kept_back()
    with quiet, _hidden("sklearn", "pandas") if first else nullcontext():
        yield
    if first and "keras" in sys.modules:  # later, what a lesson has set is meant
        config = sys.modules["keras"].config
        config.set_floatx("float32")
        config.set_epsilon(1e-7)
        config.set_image_data_format("channels_last")
        config.set_max_epochs(None)
        config.set_max_steps_per_epoch(None)


@contextmanager
def _hidden(*names: str) -> Iterator[None]:
    """Let an import of these packages fail in the block, unless they are imported already."""
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None: Python's own mark for this
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


@contextmanager
def _start_up_lines_kept_back() -> Iterator[None]:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # the same rounding on every CPU brand
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # no standard error at all, as under pythonw
        yield
        return
    with tempfile.TemporaryFile() as captured:
        try:
            os.dup2(captured.fileno(), 2)
            yield
        except BaseException:
            sys.stderr.flush()
            os.dup2(kept, 2)
            captured.seek(0)
            sys.stderr.write(captured.read().decode(errors="replace"))
            raise
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
