"""Wakes the harvester when a batch system's log file grows, by inotify: an event source without polling.

In: the path of a log that one process on this host appends to. Out: a descriptor that becomes readable. A file on a network
file system that other hosts write shows nothing here: the harvester's own interval between listings holds then.
"""

import ctypes
import os
from contextlib import suppress
from pathlib import Path

IN_MODIFY, IN_MOVED_TO, IN_CREATE = 0x2, 0x80, 0x100
BUFFER_BYTES = 1 << 16


class FileEvents:
    """Changes of one file, or of its folder while it is not there. Raises OSError when it cannot be watched."""

    def __init__(self, path: Path) -> None:
        library = ctypes.CDLL(None, use_errno=True)
        self._descriptor: int = library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._descriptor < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(path))
        watched = os.fsencode(path if path.is_file() else path.parent)
        if library.inotify_add_watch(self._descriptor, watched, IN_MODIFY | IN_MOVED_TO | IN_CREATE) < 0:
            problem = ctypes.get_errno()
            os.close(self._descriptor)
            raise OSError(problem, os.strerror(problem), str(path))

    def fileno(self) -> int:
        """Readable once the file changed."""
        return self._descriptor

    def drain(self) -> None:
        """Take all changes so far as seen."""
        with suppress(BlockingIOError):
            while os.read(self._descriptor, BUFFER_BYTES):
                pass

    def close(self) -> None:
        """Stop watching."""
        os.close(self._descriptor)
