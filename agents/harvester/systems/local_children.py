"""Processes that outlive the process that started them: made in a session of their own, and buried when they ended.

`subprocess` expects that its processes are waited for by the one that started them, and warns where they are not; workers live
on when their harvester ends.
"""

import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path


class LocalChildren:
    """Children of this process by tag."""

    def __init__(self) -> None:
        self._pids: dict[str, int] = {}
        self._codes: dict[str, int] = {}

    def start(self, tag: str, command: Sequence[str], environment: Mapping[str, str], output: Path) -> int:
        """The number of a process that runs `command` and writes to `output`; raises OSError where it cannot be started."""
        written = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        try:
            pid = os.posix_spawn(
                command[0],
                list(command),
                dict(environment),
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, written, 1),
                    (os.POSIX_SPAWN_DUP2, written, 2),
                ],
                setsid=True,
                setsigdef=(signal.SIGPIPE, signal.SIGXFSZ),  # Python ignores them
            )
        finally:
            os.close(written)
        self._pids[tag] = pid
        return pid

    def bury(self) -> None:
        """Take up the exit codes of those that ended."""
        for tag, pid in tuple(self._pids.items()):
            with suppress(ChildProcessError):  # another thread of this process waited for it: its code is lost
                ended, status = os.waitpid(pid, os.WNOHANG)
                if not ended:
                    continue
                self._codes[tag] = os.waitstatus_to_exitcode(status)
            del self._pids[tag]

    def take_code(self, tag: str) -> int | None:
        """How the process ended, -N for signal N, once; None where it lives, is another's child or was never seen to end."""
        self.bury()
        return self._codes.pop(tag, None)
