"""One way to write a file: the older one or the new one, whole, whatever happens in between."""

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from course_utils import files
from course_utils.files import DRAFT, course_file, locked, write_whole


@pytest.mark.parametrize("content", ["né\n", "né\n".encode(), lambda file: file.write("né\n".encode())])
def test_text_bytes_and_a_function_are_written(tmp_path, content):
    path = tmp_path / "file"
    path.write_text("older")
    write_whole(path, content)
    assert path.read_bytes() == "né\n".encode()
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt, ValueError])
def test_an_error_leaves_the_older_file_and_no_draft(tmp_path, error):
    path = tmp_path / "file"
    path.write_text("older")

    def fails(file):
        file.write(b"half")
        raise error

    with pytest.raises(error if isinstance(error, type) else OSError):
        write_whole(path, fails)
    assert path.read_text() == "older"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_the_mode_is_that_of_any_new_file(tmp_path, umask):
    before = os.umask(umask)
    try:
        write_whole(tmp_path / "file", "text")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o666 & ~umask


def test_only_our_own_old_drafts_are_removed(tmp_path):
    ours, fresh = tmp_path / f"{DRAFT}{'a' * 16}", tmp_path / f"{DRAFT}{'b' * 16}"
    theirs = [tmp_path / "thesis.tmp", tmp_path / f"{DRAFT}mine", tmp_path / ".unrolled-notes"]
    for path in (ours, fresh, *theirs):
        path.write_text("text")
    for path in (ours, *theirs):
        os.utime(path, (time.time() - 2 * files.LEFT_OVER_S,) * 2)
    write_whole(tmp_path / "file", "text")
    assert not ours.exists()
    assert all(path.exists() for path in (fresh, *theirs))


def test_a_link_is_replaced_and_what_it_points_to_stays(tmp_path):
    (tmp_path / "target").write_text("theirs")
    (tmp_path / "link").symlink_to("target")
    write_whole(tmp_path / "link", "ours")
    assert (tmp_path / "target").read_text() == "theirs"
    assert (tmp_path / "link").read_text() == "ours"
    assert not (tmp_path / "link").is_symlink()


def test_errors_name_the_file_that_was_asked_for(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        write_whole(tmp_path / "nowhere" / "file", "text")
    assert error.value.filename == str(tmp_path / "nowhere" / "file")
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", Path(os.devnull)):
        with pytest.raises(OSError, match="no ordinary file"):
            write_whole(path, "text")


KILLS = """
import os, random, signal, sys, time
from pathlib import Path
from course_utils.files import write_whole
path, contents, rng = Path(sys.argv[1]), [bytes([k]) * 300_000 for k in range(2)], random.Random(0)
write_whole(path, contents[0])
for _ in range(40):
    writer = os.fork()
    if writer == 0:
        while True:
            for content in contents:
                write_whole(path, content)
    time.sleep(rng.uniform(0, 0.03))
    os.kill(writer, signal.SIGKILL)
    os.waitpid(writer, 0)
    assert path.read_bytes() in contents, len(path.read_bytes())
"""
FULL_DISK = """
import resource, signal, sys
from course_utils.files import write_whole
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000))
try:
    write_whole(sys.argv[1], bytes(9_000))
except OSError:
    sys.exit(3)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that can fork")
def test_a_kill_at_any_moment_leaves_the_older_or_the_newer_file(tmp_path):
    subprocess.run([sys.executable, "-c", KILLS, str(tmp_path / "file")], check=True, timeout=120)
    left = [path for path in tmp_path.iterdir() if path.name != "file"]
    assert all(path.name.startswith(DRAFT) for path in left)
    for path in left:
        os.utime(path, (0, 0))
    write_whole(tmp_path / "file", "text")
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of Unix")
def test_a_full_disk_leaves_the_older_file(tmp_path):
    (tmp_path / "file").write_text("older")
    done = subprocess.run([sys.executable, "-c", FULL_DISK, str(tmp_path / "file")], check=False)
    assert done.returncode == 3
    assert (tmp_path / "file").read_text() == "older"
    assert os.listdir(tmp_path) == ["file"]


def test_files_of_the_course_are_found():
    for name in ("scoreboard.json", "benchmark.json", "timing.json", "minimal_pairs.csv", "best_model.npz"):
        assert course_file(name).is_file()
    for name in ("no.json", "", ".."):
        with pytest.raises(FileNotFoundError, match=r"scoreboard\.json"):
            course_file(name)


def test_a_lock_that_another_keeps_is_not_waited_for_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LOCK_WAIT_S", 0.05)
    with locked(tmp_path), pytest.raises(TimeoutError, match=r"keeps .* locked"), locked(tmp_path):
        pass
    with locked(tmp_path):
        pass
