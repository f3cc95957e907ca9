"""What all tests share: one cache for the whole run, and the benchmark file where there is one."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples in every run, and no time limit for one: these machines are shared.
settings.register_profile("course", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("course")


@pytest.fixture(scope="session")
def imdb_npz() -> Path:
    """A local copy of the official benchmark, named by COURSE_IMDB; tests skip without it."""
    named = os.environ.get("COURSE_IMDB", "")
    if not named or not Path(named).is_file():
        pytest.skip("COURSE_IMDB names no copy of the IMDB benchmark (imdb.npz)")
    return Path(named)


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory) -> Path:
    """A cache folder that all tests of a run share, so that the reviews are parsed once."""
    return tmp_path_factory.mktemp("cache")
