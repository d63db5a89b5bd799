"""`pytest --quiet-worker`: one worker more than there are lanes, for tests that start nothing; it runs behind the lanes.

The lanes wait much of their time, for a broker or until a session ends, and tests that start nothing only compute: so these run
beside the others, in what those leave of the machine. The quiet worker is the last one. It never takes a lane; what it has not
begun when the lanes have no other work is theirs too. Since it may have to wait for a processor, its tests have more time than
the usual limit.

Only workers collect tests, so one of them leaves a file that says in which stage each group is, for the controller to share them
out by.
"""

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from deploy.stack import home_for_tests
from tests.lane import WORKER

OPTION = "--quiet-worker"
#: Number of workers of the run, as pytest-xdist tells each of them.
COUNT = "PYTEST_XDIST_WORKER_COUNT"
#: Of the stages of groups (tests/side_by_side.py): what starts nothing, what starts processes, what runs alone.
STAGES_OF_QUIET = (0,)
STAGES_OF_LANES = (1, 0, 2)
#: About a tenth of the machine while both lanes could use all of it: tests of ten seconds' patience still come to their end.
NICENESS = 5
TEST_SECONDS_MAX = 1_500
#: Processes of a session share what the session gets; it may be asked for less.
SESSION = Path("/proc/self/autogroup")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the option."""
    parser.addoption(OPTION, action="store_true", help="the last worker only takes tests that start nothing, behind the others")


def is_wanted(config: pytest.Config) -> bool:
    """True in a run that has a quiet worker."""
    return bool(config.getoption(OPTION))


def name_of_quiet(workers: int) -> str:
    """That of the last of `workers`; empty for a single one, which has to take everything."""
    return f"gw{workers - 1}" if workers > 1 else ""


def is_quiet(environ: Mapping[str, str]) -> bool:
    """True in the process that is the last worker."""
    return environ.get(WORKER) == name_of_quiet(int(environ.get(COUNT, "1")))


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Go behind the others. A session of its own, since the kernel compares sessions before it compares their processes."""
    if is_wanted(config) and is_quiet(os.environ):
        with contextlib.suppress(OSError):
            os.setsid()
            SESSION.write_text(str(NICENESS))
        os.nice(NICENESS)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """More time for each test that has no limit of its own."""
    if is_wanted(config) and is_quiet(os.environ):
        for item in items:
            if not item.get_closest_marker("timeout"):
                item.add_marker(pytest.mark.timeout(TEST_SECONDS_MAX))


def leave_stages(stages: Mapping[str, int]) -> None:
    """For the controller of this worker: the stage of each group."""
    if is_quiet(os.environ):
        file = _file_of(os.getppid())
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(stages))


def stages_left() -> dict[str, int]:
    """What the quiet worker of this controller left; asked once, when all workers have collected."""
    file = _file_of(os.getpid())
    found: dict[str, int] = json.loads(file.read_text())
    file.unlink()
    return found


def _file_of(controller: int) -> Path:
    return home_for_tests(f"stages-{controller}.json")
