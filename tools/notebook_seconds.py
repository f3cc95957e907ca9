"""A pytest plugin for nbval: kernels that no setting of a user's reaches, and the seconds of every notebook.

Cells that take long are named too: on two idle cores no cell may take more than a minute.
"""

import os
from collections import Counter
from tempfile import TemporaryDirectory

import pytest

from tools.execute_notebook import kernel_environment

SLOW_CELL_S = 20

_seconds: Counter[str] = Counter()
_slow_cells: list[tuple[float, str]] = []


def pytest_configure(config: pytest.Config) -> None:
    folder = TemporaryDirectory()
    config.add_cleanup(folder.cleanup)
    wanted = kernel_environment(folder.name)
    for name in set(os.environ) - set(wanted):
        del os.environ[name]
    os.environ.update(wanted)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if ".ipynb" in report.nodeid:
        _seconds[report.nodeid.split("::")[0]] += report.duration
        if report.duration > SLOW_CELL_S:
            _slow_cells.append((report.duration, report.nodeid))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section("seconds per notebook")
    for name, seconds in sorted(_seconds.items()):
        terminalreporter.write_line(f"{seconds:7.1f} s  {name}")
    terminalreporter.write_line(f"{sum(_seconds.values()):7.1f} s  all notebooks")
    for seconds, name in sorted(_slow_cells, reverse=True):
        terminalreporter.write_line(f"{seconds:7.1f} s  one cell: {name}")
