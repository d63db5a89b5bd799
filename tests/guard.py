"""What tests start besides themselves: only tests that say so may, all of it bears the mark of the run, and it ends with the run.

A fixture that starts servers, browsers or agents is declared with `starts_processes`; every test that uses one, directly or
through others, gets the marker `stack`. A test without that marker may run a command and wait for its end, and nothing more: any
other start is an error that names the test, in every kind of run. So `-m "not stack"` starts nothing.
"""

import os
import subprocess
import sys
from collections.abc import Generator
from typing import Any

import pytest

from agents.harvester.systems.native_command import run_command
from tests.lane import LANE
from tests.starting import is_declared

#: It goes into the background, so that the command which starts it ends at once.
DAEMON = "supervisor.supervisord"
#: What returns only once the process has ended; the last is the harvester's own, which ends its whole process group as well.
AWAITING = (subprocess.run.__code__, subprocess.call.__code__, run_command.__code__)


class StartsUndeclared(Exception):
    """A test starts a process that outlives the call, and neither it nor its fixtures say so."""


class Starts:
    """Every start of a process by this Python, as `subprocess.Popen` and `os.posix_spawn` see it."""

    def __init__(self) -> None:
        self.test: pytest.Item | None = None
        self._start = subprocess.Popen.__init__
        self._spawn = os.posix_spawn

    def watch(self) -> None:
        """See every start from now on."""
        start, spawn, watched = self._start, self._spawn, self

        def marked(process: Any, args: Any, *rest: Any, **named: Any) -> None:
            watched.allow(args, awaited=sys._getframe(1).f_code in AWAITING)
            if LANE.taken and named.get("env") is not None:
                named["env"] = {**LANE.mark, **named["env"]}
            start(process, args, *rest, **named)

        def spawned(path: str, args: Any, env: Any, **named: Any) -> int:
            if sys._getframe(1).f_code.co_filename != subprocess.__file__:  # its own starts were seen above
                watched.allow(args, awaited=False)
            return spawn(path, args, {**LANE.mark, **env} if LANE.taken else env, **named)

        os.posix_spawn = spawned  # type: ignore[assignment]
        subprocess.Popen.__init__ = marked  # type: ignore[method-assign, assignment]

    def forget(self) -> None:
        """See no more."""
        os.posix_spawn = self._spawn
        subprocess.Popen.__init__ = self._start  # type: ignore[method-assign]

    def allow(self, args: Any, *, awaited: bool) -> None:
        """Raises StartsUndeclared when the test that runs now may not start `args`. awaited: the caller waits for its end."""
        if self.test is None or self.test.get_closest_marker("stack"):
            return
        program = " ".join(map(str, args)) if isinstance(args, (list, tuple)) else str(args)
        if awaited and DAEMON not in program:
            return
        raise StartsUndeclared(
            f"{self.test.nodeid} starts a process that is not awaited: {program[:200]!r}; "
            "expected a fixture with @starts_processes, or the marker stack"
        )


STARTS = Starts()


def pytest_configure() -> None:
    """Watch from the beginning."""
    STARTS.watch()


def pytest_unconfigure() -> None:
    """The lane is free again; what comes after the tests is not ours."""
    LANE.leave()
    STARTS.forget()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what starts processes, before `-m` chooses."""
    for item in items:
        if is_declared(item) and not item.get_closest_marker("stack"):
            item.add_marker(pytest.mark.stack)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Remember whose turn it is."""
    STARTS.test = item
    try:
        return (yield)
    finally:
        STARTS.test = None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """The first test that starts processes takes the lane."""
    if item.get_closest_marker("stack"):
        LANE.take()
