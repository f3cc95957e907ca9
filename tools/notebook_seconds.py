"""A pytest plugin that adds up the seconds of every notebook and prints them at the end.

Cells that take long are named too: on two idle cores no cell may take more than a minute.
"""

from collections import Counter

import pytest

SLOW_CELL_S = 20

_seconds: Counter[str] = Counter()
_slow_cells: list[tuple[float, str]] = []


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
