"""`python -m tests.reaper FOLDER PID [CONTROLLER]`: waits for the end of a test run, then ends all that it has left running.

FOLDER is the lane's, PID the process that runs the tests in it, CONTROLLER the one that hands tests out to several. However the
run ends, SIGKILL included, nothing with the mark of the lane outlives it for long. The reaper holds the lock of the lane
meanwhile, by the open file that it inherits.
"""

import os
import select
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from deploy.leftovers import end_leftovers


def main(folder: Path, pids: Sequence[int]) -> int:
    """0 once nothing of the lane runs."""
    tester, *_ = opened = [_opened(pid) for pid in pids]
    if None not in opened:
        _wait_for_one(opened)
    if tester is not None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(tester, signal.SIGKILL)  # without its controller it runs tests for no one
    end_leftovers(folder, below=True)
    return 0


def _opened(pid: int) -> int | None:
    """A file that becomes readable when the process ends; None for one that has ended."""
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def _wait_for_one(opened: Sequence[int | None]) -> None:
    ends = select.poll()
    for file in opened:
        assert file is not None
        ends.register(file, select.POLLIN)
    ends.poll()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), [int(argument) for argument in sys.argv[2:]]))
