"""Who descends from this process, and how none of them outlives it.

Linux only: a *subreaper* inherits descendants whose parents died, so that nothing a payload starts can slip away, not
even with a session of its own; a *parent-death signal* ends a process whose parent was killed.
"""

import ctypes
import os
import signal
import time
from contextlib import suppress

import psutil

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 1, 4, 36
LOOK_SECONDS = 0.01
_libc = ctypes.CDLL(None, use_errno=True)


def adopt_orphans() -> None:
    """Make this process the one to whom orphaned descendants fall."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def close_memory() -> None:
    """Let no other process of the same user read this one's memory; it leaves no core either."""
    _prctl(PR_SET_DUMPABLE, 0)


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when `parent`, who started it, is gone; it may be gone already."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def descendants() -> list[psutil.Process]:
    """Children of this process, their children and so on; those that wait to be buried are included."""
    return psutil.Process().children(recursive=True)


def signal_descendants(number: signal.Signals) -> None:
    """Send `number` to every descendant, those that are born meanwhile included when it is SIGSTOP or SIGKILL."""
    signalled: set[int] = set()
    while new := [process for process in descendants() if process.pid not in signalled]:
        for process in new:
            signalled.add(process.pid)
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)


def bury_orphans(child: int) -> float:
    """Bury descendants that fell to this process and ended, not `child`; returns their CPU seconds."""
    cpu = 0.0
    while True:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return cpu
        if ended is None or ended.si_pid in (0, child):
            return cpu
        _, _, usage = os.wait4(ended.si_pid, 0)
        cpu += usage.ru_utime + usage.ru_stime


def end_descendants(seconds: float) -> float:
    """Kill and bury every descendant; returns the CPU seconds of those buried here.

    Gives up after `seconds`: a process in an uninterruptible wait cannot be killed.
    """
    cpu, end = 0.0, time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            pid, _, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:  # no child is left
            break
        if pid:
            cpu += usage.ru_utime + usage.ru_stime
        else:
            signal_descendants(signal.SIGKILL)
            time.sleep(LOOK_SECONDS)
    return cpu


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option})")
