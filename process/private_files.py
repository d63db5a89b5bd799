"""Files that their owner alone can read, from the first byte on: keys, tokens, passwords."""

import contextlib
import os
import tempfile
from pathlib import Path


def write_private(path: Path, content: bytes, owner: tuple[int, int] | None = None) -> None:
    """`path` holds `content` and has mode 600; a reader finds what was there before or all of it. Raises OSError.

    owner: numbers of user and group to whom it is given; the process's own where there are none.
    """
    _written_beside(path, content, owner).replace(path)


def write_private_first(path: Path, content: bytes) -> None:
    """As `write_private`, but what is at `path` already stays: of several processes the first one wins."""
    part = _written_beside(path, content)
    try:
        with contextlib.suppress(FileExistsError):
            os.link(part, path)
    finally:
        part.unlink()


def make_private(path: Path, content: bytes, *, program: bool = False) -> None:
    """`path`, which no one reads before this returns, holds `content`, and has mode 600, or 700 of a program. Raises OSError.

    For an eighth of the CPU of `write_private`: it waits for no disk, and a file that was not there is written in its place.
    """
    mode = 0o700 if program else 0o600
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    except FileExistsError:
        write_private(path, content)
        path.chmod(mode)
        return
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _written_beside(path: Path, content: bytes, owner: tuple[int, int] | None = None) -> Path:
    descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made with mode 600
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        if owner is not None:
            os.fchown(file.fileno(), *owner)
        file.flush()
        os.fsync(file.fileno())
    return Path(part)
