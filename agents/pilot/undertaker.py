"""A small process beside the pilot that ends the payload's group when the pilot is gone, even after a SIGKILL.

It reads group ids from a pipe; the end of the pipe is the end of the pilot. Started before any thread is.
"""

import contextlib
import os
import signal
import sys


class Undertaker:
    """The pilot's end of the pipe."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe

    def watch(self, group: int) -> None:
        """End `group` should the pilot die from now on; 0 for none."""
        os.write(self._pipe, f"{group}\n".encode())


def start_undertaker() -> Undertaker:
    """The undertaker of this process; call before threads exist."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.close(writing)
        _watch(reading)
    os.close(reading)
    os.set_inheritable(writing, False)
    return Undertaker(writing)


def _watch(reading: int) -> None:
    """Wait for the pilot's end, then end the last group it named. Never returns."""
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        os.dup2(null, stream.fileno())
    group, text = 0, b""
    while block := os.read(reading, 4096):
        text += block
        *lines, text = text.split(b"\n")
        group = int(lines[-1]) if lines else group
    if group:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
    os._exit(0)
