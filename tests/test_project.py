"""The project's own files agree with each other, and its two commands work."""

import ast
import functools
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import tokenize
import tomllib
import urllib.error
import urllib.request
from collections import Counter
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from tools.notebook_rules import dead_links

ROOT = Path(__file__).parents[1]
PYPROJECT_TEXT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
PYPROJECT = tomllib.loads(PYPROJECT_TEXT)
LOCK_TEXT = (ROOT / "requirements.txt").read_text(encoding="utf-8")
DECLARED = PYPROJECT["project"]["dependencies"] + PYPROJECT["dependency-groups"]["student"]
ADDED = ("dev", "export", "instructor", "site", "lite", "nbgrader")
GROUPS = {name: PYPROJECT["dependency-groups"][name] for name in ADDED}
LOCKS = {name: (ROOT / f"requirements-{name}.txt").read_text(encoding="utf-8") for name in GROUPS}
LINUX = {
    "sys_platform": "linux",
    "platform_machine": "x86_64",
    "platform_system": "Linux",
    "os_name": "posix",
}
MAC = {"sys_platform": "darwin", "platform_machine": "arm64", "platform_system": "Darwin", "os_name": "posix"}
WINDOWS = {
    "sys_platform": "win32",
    "platform_machine": "AMD64",
    "platform_system": "Windows",
    "os_name": "nt",
}
PYTHONS = ["3.11", "3.12", "3.13"]


def locked(text=LOCK_TEXT):
    """Every line of a pinned file as a Requirement."""
    lines = re.findall(r"^([A-Za-z0-9].*?)\s*\\?$", text, flags=re.MULTILINE)
    return [Requirement(line) for line in lines]


def pins(platform, python):
    """Name and version of what the pinned file installs on a platform."""
    environment = platform | {"python_version": python, "python_full_version": f"{python}.1"}
    return {
        r.name: Version(str(r.specifier).removeprefix("=="))
        for r in locked()
        if r.marker is None or r.marker.evaluate(environment)
    }


def tracked_files():
    """Files that git knows: a ZIP download has no .git; a clone that is another user's is trusted here."""
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"]
    try:
        shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(
            f"only a clone can tell which files are tracked: {getattr(error, 'stderr', None) or error}"
        )
    return [ROOT / name for name in shown.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("platform", [LINUX, MAC, WINDOWS], ids=["linux", "mac", "windows"])
@pytest.mark.parametrize("python", PYTHONS)
def test_pins_satisfy_what_is_declared(platform, python):
    found = pins(platform, python)
    for line in DECLARED:
        requirement = Requirement(line)
        name = canonicalize_name(requirement.name)
        if requirement.marker and not requirement.marker.evaluate(platform | {"python_version": python}):
            continue
        if name == "tensorflow" and platform is LINUX:
            name = "tensorflow-cpu"
        assert name in found, f"{line} is declared in pyproject.toml and not pinned: run make lock"
        assert requirement.specifier.contains(found[name]), f"{name} {found[name]} is pinned, declared {line}"


@pytest.mark.parametrize(
    ("platform", "name"), [(LINUX, "tensorflow-cpu"), (MAC, "tensorflow"), (WINDOWS, "tensorflow")]
)
def test_every_platform_gets_one_tensorflow(platform, name):
    assert [p for p in pins(platform, "3.12") if p.startswith("tensorflow")] == [name]


@pytest.mark.parametrize("text", [LOCK_TEXT, *LOCKS.values()], ids=["student", *LOCKS])
def test_every_pin_is_exact_and_hashed(text):
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(locked(text))
    for block in blocks:
        requirement = Requirement(block.split("\\")[0].strip())
        assert str(requirement.specifier).startswith("=="), requirement
        assert "--hash=sha256:" in block, requirement
    assert "://" not in text


@pytest.mark.parametrize("name", GROUPS)
def test_what_authors_install_adds_to_the_students_and_nothing_else(name):
    """Every other lock pins what its group declares beyond the student's; no package is in both."""
    student, added = ({r.name: r for r in locked(text)} for text in (LOCK_TEXT, LOCKS[name]))
    assert not set(student) & set(added)
    for wanted in map(Requirement, GROUPS[name]):
        pinned = (student | added)[canonicalize_name(wanted.name)]
        assert wanted.specifier.contains(str(pinned.specifier).removeprefix("==")), "run make lock"


def test_student_installs_no_tool_of_the_authors():
    assert not {r.name for r in locked()} & {"ruff", "mypy", "pytest", "hypothesis", "codespell", "nbval"}


def test_conda_way_says_the_same():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *conda, pip = environment["dependencies"]
    python = next(Requirement(line) for line in conda if line.startswith("python"))
    assert python.specifier == SpecifierSet(PYPROJECT["project"]["requires-python"])
    assert pip == {"pip": ["-r requirements.txt"]}
    assert {Requirement(line).name for line in conda} == {"python", "pip"}


def test_supported_pythons_are_the_same_everywhere():
    wanted = SpecifierSet(PYPROJECT["project"]["requires-python"])
    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8"))
    assert workflow["jobs"]["test"]["strategy"]["matrix"]["python"] == PYTHONS
    assert [f"3.{minor}" for minor in range(20) if wanted.contains(f"3.{minor}.5")] == PYTHONS


def test_this_environment_is_the_pinned_one():
    here = [r for r in locked() + locked(LOCKS["dev"]) if r.marker is None or r.marker.evaluate()]
    for name, version in ((r.name, Version(str(r.specifier).removeprefix("=="))) for r in here):
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            pytest.fail(f"{name} {version} is pinned and not installed: run make setup")
        assert Version(installed) == version, f"{name}: installed {installed}, pinned {version}"


def test_every_dependency_has_its_reason_beside_it():
    rows = PYPROJECT_TEXT.splitlines()
    for line in [*DECLARED, *(line for lines in GROUPS.values() for line in lines)]:
        written = next(i for i, row in enumerate(rows) if row.strip().startswith(f'"{line}",'))
        beside, above = rows[written].split('",')[-1].strip(), rows[written - 1].strip()
        assert beside.startswith("#") or above.startswith("#"), f"{line} has no reason beside it"


def test_declared_override_matches_the_declared_version():
    """The lock's rule that keeps tensorflow away from tensorflow-cpu names the same range."""
    (override,) = (Requirement(line) for line in PYPROJECT["tool"]["uv"]["override-dependencies"])
    by_name = {Requirement(line).name: Requirement(line) for line in DECLARED}
    assert override.specifier == by_name["tensorflow"].specifier == by_name["tensorflow-cpu"].specifier
    for platform in (LINUX, MAC, WINDOWS):
        assert Marker(str(override.marker)).evaluate(platform) != by_name["tensorflow-cpu"].marker.evaluate(
            platform
        )


def test_no_file_carries_a_path_or_a_host_of_somebodys_machine():
    patterns = [
        r"(?<![\w.])/(?:home|root|work|Users)/" + r"\w",
        "python" + r"hosted\.org",
        "py" + r"pi\.(?:org|python)",
        "registry" + r"\.npmjs",
        "deb" + r"ian\.org",
    ]
    for path in tracked_files():
        try:
            content = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for pattern in patterns:
            match = re.search(pattern, content)
            assert not match, f"{path.relative_to(ROOT)} carries {match[0]!r}"


def test_no_large_or_generated_file_is_tracked():
    best_net = (
        ROOT / "course_utils" / "shipped" / "best_model.npz"
    )  # lesson 13 reads it; written anew only when its recipe changes
    assert best_net.stat().st_size < 6_000_000
    for path in tracked_files():
        if path == best_net:
            continue
        assert path.stat().st_size < 2_000_000, path
        assert not {".venv", "__pycache__", ".ipynb_checkpoints"} & set(path.parts), path
        assert path.suffix not in (".npz", ".keras", ".h5", ".pyc"), path


@pytest.mark.parametrize(
    "path",
    [path for folder in (".", "data", "docs") for path in sorted((ROOT / folder).glob("*.md"))],
    ids=lambda p: p.name,
)
def test_links_of_the_readmes_resolve(path):
    assert dead_links(path.read_text(encoding="utf-8"), path.parent) == []


def test_readme_lists_every_lesson():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        title = json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"]
        title = "".join(title).splitlines()[0].removeprefix("# ").split(" · ", 1)[1]
        assert f"[{title}](notebooks/{path.name})" in readme


def test_ci_calls_make_test():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.search("^make test$", script, flags=re.MULTILINE)
    assert script.rstrip().endswith("exec make test-browser")
    assert "bash .ci/run" in (ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8")


def test_no_step_takes_unpinned_code_from_the_network():
    """Actions by commit, with the right to read only; pip by version; no newest setuptools for a build."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    used = [step["uses"] for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action) for action in used)
    steps = [(ROOT / name).read_text(encoding="utf-8") for name in ("postBuild", "Makefile", ".ci/run")]
    for line in "\n".join(steps).replace("\\\n", " ").splitlines():
        if re.search(r"pip\b.* install\b", line) and not line.lstrip().startswith("#"):
            pinned = r"--require-hashes|--no-build-isolation|\bpip==\d"
            assert re.search(pinned, line), line


def test_packages_of_setuptools_are_complete():
    found = {path.parent.relative_to(ROOT) for path in (ROOT / "course_utils").rglob("*.py")}
    declared = PYPROJECT["tool"]["setuptools"]["packages"]
    assert {".".join(folder.parts) for folder in found} | {"course_utils.shipped"} == set(declared)


def fetch(address, deadline):
    """Body of a page; the server prints its address a moment before it listens."""
    while True:
        try:
            with urllib.request.urlopen(address, timeout=60) as answer:
                return answer.read().decode()
        except urllib.error.URLError as error:
            if isinstance(error, urllib.error.HTTPError) or time.monotonic() > deadline:
                raise
            time.sleep(0.2)


@pytest.mark.skipif(Path(sys.prefix) != ROOT / ".venv", reason="make lab would set up a second environment")
def test_make_lab_opens_the_first_lesson(tmp_path):
    """JupyterLab starts from the Makefile and serves the first lesson."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = f"LAB_OPTIONS=--no-browser --port={port} --IdentityProvider.token=student"
    environment = {"JUPYTER_RUNTIME_DIR": str(tmp_path), "JUPYTER_CONFIG_DIR": str(tmp_path / "config")}
    process = subprocess.Popen(
        ["make", "lab", options],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        shown = ""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and not (found := re.search(r"http://localhost:\d+/lab\S*", shown)):
            shown += process.stdout.readline()
        assert found, shown
        address = found[0].split("?")[0] + "?token=student"  # the log does not repeat a token we chose
        assert "/lab/tree/notebooks/01_numpy_rnn_loop.ipynb" in address
        assert "JupyterLab" in fetch(address, deadline)
        contents = re.sub(
            r"/lab\S*", "/api/contents/notebooks/01_numpy_rnn_loop.ipynb?token=student", address
        )
        assert json.loads(fetch(contents, deadline))["type"] == "notebook"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=60)


@pytest.mark.parametrize("module", ["plots", "diagrams", "training", "text", "quiet"])
def test_every_public_helper_is_used(module):
    """What no lesson, no other helper and no tool of ours uses is deleted."""
    source = (ROOT / "course_utils" / f"{module}.py").read_text(encoding="utf-8")
    names = [node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    unused = [n for n in names if words_of_all_code()[n] < 2]
    assert not unused


@functools.cache
def words_of_all_code():
    """How often each word stands in the code of the lessons and of the package."""
    lessons = [json.loads(p.read_text(encoding="utf-8")) for p in (ROOT / "notebooks").glob("*.ipynb")]
    code = ["".join(c["source"]) for nb in lessons for c in nb["cells"] if c["cell_type"] == "code"]
    code += [path.read_text(encoding="utf-8") for path in (ROOT / "course_utils").rglob("*.py")]
    return Counter(re.findall(r"\w+", "\n".join(code)))


def code_lines(path):
    """Lines of code without blank lines, comments and docstrings."""
    source = path.read_text(encoding="utf-8")
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in (tokenize.NAME, tokenize.NUMBER, tokenize.OP, tokenize.STRING):
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            lines -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return len(lines)


def test_readme_gives_the_lines_of_the_files_to_read():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[.*?\]\((course_utils/\S+\.py)\) \| (\d+) \|", readme, re.MULTILINE)
    assert len(rows) > 5
    for name, lines in rows:
        assert abs(code_lines(ROOT / name) - int(lines)) <= 10, f"{name}: {code_lines(ROOT / name)} lines"
