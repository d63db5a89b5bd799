"""The sandbox cache: files that users upload and jobs fetch. Source: docs/reference/client.md, "The sandbox".

Guards: only the last path component of a name counts; a file is complete or not there; it is never replaced unless its name
asks for it (`.__ow__`).
"""

import hashlib
import os
import struct
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from schemas.characters import FILE_NAME

SANDBOX_BYTES_MAX = 768 * 1024 * 1024
OTHER_BYTES_MAX = 10 * 1024 * 1024
LOG_BYTES_MAX = 100 * 1024 * 1024
REMEMBERED_SECONDS = 3 * 24 * 3600
READ_BYTES = 1 << 20
#: A name that ends in this may be written again.
REPLACEABLE = ".__ow__"
NAME_LENGTH_MAX = 200
THERE_ALREADY = "ERROR: cannot overwrite file"


class UploadSource(Protocol):
    """Where the bytes of an upload come from."""

    async def read(self, size: int = ..., /) -> bytes:
        """The next bytes, empty at the end."""
        ...


class NotStored(ValueError):
    """The upload was not taken; the message is the answer's."""


def plain_name(name: str) -> str:
    """The last path component; raises NotStored when it is no name that is safe in a shell, a URL and a folder."""
    plain = name.replace("\\", "/").rsplit("/", 1)[-1].strip()
    if not plain or plain.startswith("_") or len(plain) > NAME_LENGTH_MAX or not FILE_NAME.takes(plain):
        raise NotStored(f"ERROR: cannot write file: {plain[:60]!a} is no file name, expected {FILE_NAME.expected}")
    return plain


def bytes_max_of(name: str) -> int:
    """The largest size for a file of this name."""
    if name.startswith("sources."):
        return SANDBOX_BYTES_MAX
    return LOG_BYTES_MAX if name.endswith(".out") else OTHER_BYTES_MAX


@dataclass(frozen=True, slots=True)
class SandboxCache:
    """The folder of sandboxes. An index beside it knows who uploaded which content lately."""

    folder: Path

    async def store(self, name: str, source: UploadSource, owner: str) -> str:
        """Name under which the bytes of `source` are kept; raises NotStored."""
        name = plain_name(name)
        target = self.folder / name
        try:
            if target.exists() and not name.endswith(REPLACEABLE):
                target.touch()
                raise NotStored(THERE_ALREADY)
            self.folder.mkdir(parents=True, exist_ok=True)
            descriptor, unfinished = tempfile.mkstemp(dir=self.folder, prefix=".upload-")
            try:
                with os.fdopen(descriptor, "wb") as file:
                    await _copy(source, file, bytes_max_of(name))
                _put_in_place(Path(unfinished), target)
            finally:
                _discard(unfinished)
            self._remember(target, owner)
        except OSError as problem:
            raise NotStored(f"ERROR: cannot write file: {problem.strerror}") from problem
        return name

    def find(self, owner: str, size: int, checksum: int) -> str | None:
        """Name of a file that `owner` uploaded within three days with this size and checksum."""
        entry = self._entry(owner, size, checksum)
        if not entry.exists() or time.time() - entry.stat().st_mtime > REMEMBERED_SECONDS:
            return None
        name = entry.read_text(encoding="utf-8")
        return name if (self.folder / name).is_file() else None

    def touch(self, name: str) -> bool:
        """Keep a file from being cleaned up; false when it is not there."""
        path = self.folder / plain_name(name)
        if not path.is_file():
            return False
        path.touch()
        return True

    def _remember(self, path: Path, owner: str) -> None:
        if ":" in path.name:  # the answer to a search separates host and name by it
            return
        entry = self._entry(owner, path.stat().st_size, gzip_checksum(path))
        entry.parent.mkdir(exist_ok=True)
        entry.write_text(path.name, encoding="utf-8")

    def _entry(self, owner: str, size: int, checksum: int) -> Path:
        digest = hashlib.sha256(f"{owner}:{size}:{checksum}".encode()).hexdigest()
        return self.folder / ".index" / digest


async def _copy(source: UploadSource, file: BinaryIO, bytes_max: int) -> None:
    size = 0
    while block := await source.read(READ_BYTES):
        size += len(block)
        if size > bytes_max:
            raise NotStored(f"ERROR: upload failure. Exceeded size limit {size}>{bytes_max}.")
        file.write(block)


def _put_in_place(unfinished: Path, target: Path) -> None:
    """Give the complete file its name; of two uploads under one name the first wins."""
    unfinished.chmod(0o644)
    if target.name.endswith(REPLACEABLE):
        unfinished.rename(target)
        return
    try:
        os.link(unfinished, target)
    except FileExistsError as problem:
        raise NotStored(THERE_ALREADY) from problem


def _discard(unfinished: str) -> None:
    Path(unfinished).unlink(missing_ok=True)


def gzip_checksum(path: Path) -> int:
    """The first word of the last eight bytes: for gzip the CRC-32 of its content, computed blindly as the client does."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 8))
        tail = file.read(8)
    return int(struct.unpack("<I", tail[:4])[0]) if len(tail) == 8 else 0
