"""Import TensorFlow without the page of start-up lines that it writes."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_import() -> Iterator[None]:
    """Keep TensorFlow's start-up lines off the screen while the block imports it.

    TensorFlow writes them from C++, straight to file descriptor 2, where Python's own
    redirection does not reach. Only the import is silenced: if it fails, what was written
    is shown, and later messages appear as always. Set ``COURSE_VERBOSE=1`` before starting
    Python to see everything.

    >>> with quiet_import():
    ...     import keras  # doctest: +SKIP
    """
    if os.environ.get("COURSE_VERBOSE"):
        yield
        return
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
