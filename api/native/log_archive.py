"""Texts inside a job's log archive, a gzip tar that its pilot made.

In: the archive. Out: its list of files, and the end of one. Guards: it is read as a stream up to a limit, however much it claims
to hold, and never unpacked to disk.
"""

import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from api.http.errors import BadRequest, Gone

#: So much is unpacked at most, and so many files are listed.
UNPACKED_BYTES_MAX, MEMBERS_MAX = 256 * 1024 * 1024, 500


def members(archive: Path) -> list[dict[str, Any]]:
    """Name and size of each file, by name; raises Gone, BadRequest."""
    found: list[dict[str, Any]] = []
    for name, member, _ in _walk(archive):
        found.append({"name": name, "size_bytes": member.size})
        if len(found) == MEMBERS_MAX:
            break
    return sorted(found, key=lambda one: str(one["name"]))


def tail(archive: Path, wanted: str, count: int) -> bytes | None:
    """The last `count` bytes of the file `wanted`, None when it is not there; raises Gone, BadRequest."""
    for name, _, content in _walk(archive):
        if name == wanted:
            kept = b""
            while part := content.read(1 << 16):
                kept = (kept + part)[-count:]
            return kept
    return None


def _walk(archive: Path) -> Iterator[tuple[str, tarfile.TarInfo, IO[bytes]]]:
    """(name without the archive's own folder, member, content) of each regular file; raises Gone for what is no archive."""
    try:
        with archive.open("rb") as raw, gzip.GzipFile(fileobj=raw) as unpacked:
            source = io.BufferedReader(_Limited(cast(IO[bytes], unpacked)), 1 << 16)
            with tarfile.open(fileobj=source, mode="r|") as tar:
                for member in tar:
                    if member.isreg() and (content := tar.extractfile(member)) is not None:
                        yield member.name.partition("/")[2] or member.name, member, content
    except (OSError, EOFError, zlib.error, tarfile.TarError) as problem:
        raise Gone(f"the log archive cannot be read: {problem}") from problem


class _Limited(io.RawIOBase):
    """Reads what `source` has until it is too much; raises BadRequest then."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source, self._left = source, UNPACKED_BYTES_MAX

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = self._source.read(min(len(buffer), 1 << 20))
        self._left -= len(part)
        if self._left < 0:
            raise BadRequest(f"the log archive unpacks to more than {UNPACKED_BYTES_MAX:,} bytes; download it")
        buffer[: len(part)] = part
        return len(part)
