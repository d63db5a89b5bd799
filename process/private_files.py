"""Files that their owner alone can read, from the first byte on: keys, tokens, passwords."""

import contextlib
import os
import tempfile
from pathlib import Path


def write_private(path: Path, content: bytes, owner: tuple[int, int] | None = None, *, lasting: bool = True) -> None:
    """`path` holds `content` and has mode 600; a reader finds what was there before or all of it. Raises OSError.

    owner: numbers of user and group to whom it is given; the process's own where there are none. lasting: it is on the disk on
    return; a file that is of no use after a crash of the machine need not wait for it.
    """
    _written_beside(path, content, owner, lasting=lasting).replace(path)


def write_private_first(path: Path, content: bytes) -> None:
    """As `write_private`, but what is at `path` already stays: of several processes the first one wins."""
    part = _written_beside(path, content)
    try:
        with contextlib.suppress(FileExistsError):
            os.link(part, path)
    finally:
        part.unlink()


def _written_beside(path: Path, content: bytes, owner: tuple[int, int] | None = None, *, lasting: bool = True) -> Path:
    descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made with mode 600
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        if owner is not None:
            os.fchown(file.fileno(), *owner)
        if lasting:
            file.flush()
            os.fsync(file.fileno())
    return Path(part)
