"""The sandbox cache: files that users upload and jobs fetch. Source: docs/reference/client.md, "The sandbox".

Guards: only the last path component of a name counts; a file is complete or not there; it is never replaced unless its name
asks for it (`.__ow__`), and then only by who wrote it first. One user uploads a bounded number of files and bytes a day and at a
time; what no job has fetched for long is deleted.
"""

import hashlib
import json
import os
import struct
import time
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from api.shared.store import Space
from schemas.characters import FILE_NAME

SANDBOX_BYTES_MAX = 768 * 1024 * 1024
OTHER_BYTES_MAX = 10 * 1024 * 1024
LOG_BYTES_MAX = 100 * 1024 * 1024
DAY_SECONDS = 24 * 3600
REMEMBERED_SECONDS = 3 * DAY_SECONDS
#: A sandbox that was neither written nor fetched for so long belongs to no task that runs.
KEPT_SECONDS = 90 * DAY_SECONDS
#: Uploads of this process between two looks for what is too old.
FORGET_EVERY = 200
#: Of one user in a day of UTC, at all APIs together; about, where two APIs take uploads of one user in the same moment.
FILES_OF_A_DAY_MAX = 10_000
BYTES_OF_A_DAY_MAX = 100 * 1024**3
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
    """Sandboxes, shared by all APIs. uploaders: who uploaded which content lately. usage: how much each uploaded in a day."""

    files: Space
    uploaders: Space
    usage: Space

    def check_quota(self, owner: str, now: float | None = None) -> None:
        """Raise NotStored when `owner` has uploaded enough today. now: seconds since 1970."""
        files, size = self._used(_usage(owner, time.time() if now is None else now))
        if files >= FILES_OF_A_DAY_MAX or size >= BYTES_OF_A_DAY_MAX:
            expected = f"expected at most {FILES_OF_A_DAY_MAX:,} files and {BYTES_OF_A_DAY_MAX:,} bytes"
            raise NotStored(f"ERROR: cannot write file: {files:,} files with {size:,} bytes were uploaded today, {expected}")

    def forget_old(self) -> int:
        """Delete what was neither written nor fetched for KEPT_SECONDS; how many files that were."""
        self.usage.forget(2 * DAY_SECONDS)
        return self.files.forget(KEPT_SECONDS) + self.uploaders.forget(KEPT_SECONDS)

    async def store(self, name: str, source: UploadSource, owner: str) -> str:
        """Name under which the bytes of `source` are kept; raises NotStored."""
        name = plain_name(name)
        replaces = name.endswith(REPLACEABLE)
        try:
            if not replaces and self.files.touch(name):
                raise NotStored(THERE_ALREADY)
            if replaces and self.uploaders.claim(_writer(name), owner.encode()) != owner.encode():
                raise NotStored(THERE_ALREADY)
            with self.files.incoming() as incoming:
                self._count(owner, await _copy(source, incoming.file, bytes_max_of(name)))
                if not incoming.finish(name, replaces=replaces):
                    raise NotStored(THERE_ALREADY)
            self._remember(name, owner)
        except OSError as problem:
            raise NotStored(f"ERROR: cannot write file: {problem.strerror}") from problem
        return name

    def find(self, owner: str, size: int, checksum: int) -> str | None:
        """Name of a file that `owner` uploaded within three days with this size and checksum."""
        entry = _entry(owner, size, checksum)
        age = self.uploaders.age_seconds(entry)
        found = self.uploaders.get(entry) if age is not None and age <= REMEMBERED_SECONDS else None
        name = found.decode() if found else None
        return name if name and self.files.age_seconds(name) is not None else None

    def touch(self, name: str) -> bool:
        """Keep a file from being cleaned up; false when it is not there."""
        return self.files.touch(plain_name(name))

    def _used(self, entry: str) -> tuple[int, int]:
        found = self.usage.get(entry)
        files, size = json.loads(found) if found else (0, 0)
        return int(files), int(size)

    def _count(self, owner: str, size: int) -> None:
        entry = _usage(owner, time.time())
        files, before = self._used(entry)
        self.usage.put(entry, json.dumps([files + 1, before + size]).encode())

    def _remember(self, name: str, owner: str) -> None:
        if ":" in name:  # the answer to a search separates host and name by it
            return
        file = self.files.open(name)
        if file is None:
            return
        with file:
            size, checksum = size_and_checksum(file)
        self.uploaders.put(_entry(owner, size, checksum), name.encode())


def _writer(name: str) -> str:
    """Where it stands who may write a replaceable file again."""
    return hashlib.sha256(f"writer of {name}".encode()).hexdigest()


def _usage(owner: str, now: float) -> str:
    """Where it stands what `owner` uploaded in the day of `now`."""
    return hashlib.sha256(f"usage of {owner} on day {int(now) // DAY_SECONDS}".encode()).hexdigest()


def _entry(owner: str, size: int, checksum: int) -> str:
    return hashlib.sha256(f"{owner}:{size}:{checksum}".encode()).hexdigest()


async def _copy(source: UploadSource, file: BinaryIO, bytes_max: int) -> int:
    """Bytes that were copied."""
    size = 0
    while block := await source.read(READ_BYTES):
        size += len(block)
        if size > bytes_max:
            raise NotStored(f"ERROR: upload failure. Exceeded size limit {size}>{bytes_max}.")
        file.write(block)
    return size


def size_and_checksum(file: BinaryIO) -> tuple[int, int]:
    """Bytes, and the first word of the last eight: for gzip the CRC-32 of its content, computed blindly as the client does."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 8))
    tail = file.read(8)
    return size, int(struct.unpack("<I", tail[:4])[0]) if len(tail) == 8 else 0
