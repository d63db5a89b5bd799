"""Files and folders that a payload left, read and removed without trust: it may have put anything under any name.

In: a path in the job's directory. Out: bytes of a regular file, at most as many as were asked for; `NotPlain` for anything else:
a link (it may lead to a file that only the pilot may read), a FIFO (its reader waits for ever), a device, a socket, a directory.
"""

import os
import shutil
import stat
import subprocess
from pathlib import Path
from typing import BinaryIO

FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class NotPlain(OSError):
    """What is under the name is no regular file."""


def open_plain(path: Path) -> BinaryIO:
    """The regular file at `path`, open for reading; raises NotPlain, OSError."""
    try:
        descriptor = os.open(path, FLAGS)
    except OSError as problem:
        if is_something_else(path):
            raise NotPlain(problem.errno, f"{path.name} is no regular file") from problem
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotPlain(0, f"{path.name} is no regular file")
    return os.fdopen(descriptor, "rb")


def size_of(path: Path) -> int | None:
    """Bytes of the regular file at `path`; None when there is none, links are none. Raises OSError when it is not known."""
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def target_inside(path: Path, folder: Path) -> Path:
    """`path`, or where it leads when it is a link to something inside `folder`; raises NotPlain for a link to anything else."""
    if not path.is_symlink():
        return path
    target = Path(os.path.realpath(path))
    if not target.is_relative_to(os.path.realpath(folder)):
        raise NotPlain(0, f"{path.name} is a link out of the job's directory")
    return target


def remove_folder(folder: Path) -> None:
    """Remove `folder` with all in it, as far as that can be done; follows no link."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
    except RecursionError:  # folders within folders, a thousand and more
        subprocess.run(["rm", "-rf", "--", str(folder)], stderr=subprocess.DEVNULL, check=False)


def is_something_else(path: Path) -> bool:
    """True when there is something under the name that is no regular file."""
    try:
        return not stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def beginning_of(path: Path, count: int) -> bytes:
    """Up to the first `count` bytes; raises NotPlain, OSError."""
    with open_plain(path) as file:
        return file.read(count)


def end_of(path: Path, count: int) -> bytes:
    """Up to the last `count` bytes; raises NotPlain, OSError."""
    with open_plain(path) as file:
        size = os.fstat(file.fileno()).st_size
        file.seek(max(0, size - count))
        return file.read(count)
