"""A worker of pytest-xdist tells its controller what counts: the call of each test, what went wrong, and what took long.

A test is reported three times, before, in and after its call; each report is taken apart, sent, put together and looked at, a
third of a millisecond of CPU in all. Of a setup and a teardown that went well and took no time the controller makes nothing.
"""

from typing import Any

import pytest

#: `--durations` of `make test` shows what takes longer.
SECONDS_SHOWN = 1.0


def is_counted(report: pytest.TestReport) -> bool:
    """Whether the controller needs the report."""
    return report.when == "call" or not report.passed or report.duration > SECONDS_SHOWN


def pytest_sessionstart(session: pytest.Session) -> None:
    """In a worker, let what talks to the controller pass over the others. Where pytest-xdist has no such part, all are sent."""
    plugins = session.config.pluginmanager
    for talker in plugins.get_plugins():
        if type(talker).__name__ == "WorkerInteractor":
            plugins.unregister(talker)
            _passing_over(talker)
            plugins.register(talker)
            break


def _passing_over(talker: Any) -> None:
    send = talker.pytest_runtest_logreport

    def counted(report: pytest.TestReport) -> None:
        if is_counted(report):
            send(report)

    talker.pytest_runtest_logreport = counted
