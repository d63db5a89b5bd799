"""What APIs share, in a directory that all of them see: on one machine, or mounted on several.

Guards: a file appears under its name complete, by `link` (which fails where the name is taken) or `rename` (which replaces);
no other user of the machine reads documents.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from api.shared.store import SharedKind, Space

UNFINISHED = ".upload-"


@dataclass(slots=True)
class IncomingFile:
    """A file that has no name yet."""

    file: BinaryIO
    path: Path
    folder: Path

    def finish(self, name: str, *, replaces: bool) -> bool:
        """See `Incoming`."""
        self.file.flush()
        target = self.folder / name
        if replaces:
            self.path.rename(target)
            return True
        try:
            os.link(self.path, target)
        except FileExistsError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class DirectorySpace:
    """A folder, made when it is first written to."""

    folder: Path

    def get(self, name: str) -> bytes | None:
        """See `Space`."""
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            return None

    def put(self, name: str, content: bytes) -> None:
        """See `Space`."""
        self._write(name, content, replaces=True)

    def claim(self, name: str, content: bytes) -> bytes:
        """See `Space`."""
        while not self._write(name, content, replaces=False):
            found = self.get(name)
            if found is not None:  # else it was forgotten in this very moment
                return found
        return content

    def open(self, name: str) -> BinaryIO | None:
        """See `Space`."""
        path = self._path(name)
        return path.open("rb") if path.is_file() else None

    @contextmanager
    def incoming(self) -> Iterator[IncomingFile]:
        """See `Space`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        descriptor, unfinished = tempfile.mkstemp(dir=self.folder, prefix=UNFINISHED)
        path = Path(unfinished)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield IncomingFile(file, path, self.folder)
        finally:
            path.unlink(missing_ok=True)

    def touch(self, name: str) -> bool:
        """See `Space`."""
        path = self._path(name)
        if not path.is_file():
            return False
        path.touch()
        return True

    def age_seconds(self, name: str) -> float | None:
        """See `Space`."""
        try:
            return time.time() - self._path(name).stat().st_mtime
        except FileNotFoundError:
            return None

    def forget(self, older_than_seconds: float) -> int:
        """See `Space`."""
        gone = 0
        end = time.time() - older_than_seconds
        with os.scandir(self.folder) if self.folder.is_dir() else _nothing() as entries:
            for entry in entries:
                # What another API finished or forgot between the look and this one is not there any more.
                with suppress(FileNotFoundError):
                    if entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_mtime < end:
                        Path(entry.path).unlink()
                        gone += 1
        return gone

    def within(self, name: str) -> "DirectorySpace":
        """See `Space`."""
        return DirectorySpace(self._path(name))

    def names(self) -> Iterator[str]:
        """See `Space`."""
        with os.scandir(self.folder) if self.folder.is_dir() else _nothing() as entries:
            yield from [one.name for one in entries if one.is_file() and not one.name.startswith(UNFINISHED)]

    def folders(self) -> Iterator[str]:
        """See `Space`."""
        with os.scandir(self.folder) if self.folder.is_dir() else _nothing() as entries:
            yield from [one.name for one in entries if one.is_dir(follow_symlinks=False)]

    def remove(self, name: str) -> None:
        """See `Space`."""
        self._path(name).unlink(missing_ok=True)

    def _write(self, name: str, content: bytes, *, replaces: bool) -> bool:
        self._path(name)
        with self.incoming() as incoming:
            incoming.file.write(content)
            return incoming.finish(name, replaces=replaces)

    def _path(self, name: str) -> Path:
        """Raises ValueError for a name that leads out of the folder."""
        if not name or name in (".", "..") or "/" in name or "\0" in name:
            raise ValueError(f"{name[:100]!r} is no plain file name")
        return self.folder / name


@contextmanager
def _nothing() -> Iterator[list[os.DirEntry[str]]]:
    yield []


@dataclass(frozen=True, slots=True)
class DirectoryStore:
    """A folder for each kind below `root`."""

    root: Path

    def space(self, kind: SharedKind) -> Space:
        """See `SharedStore`."""
        return DirectorySpace(self.root / kind.value)
