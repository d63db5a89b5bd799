"""The log archive of a job: its directory without inputs and outputs, as one gzip tar.

Guards: only regular files, folders and links as links are packed, so many and so much of them at most; no link is followed, no
FIFO waited for. A file that cannot be read is left out, and the rest is kept.
"""

import io
import os
import stat
import tarfile
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, cast

from agents.plain_files import open_plain

FILE_BYTES_MAX = 100 * 1024 * 1024
ALL_BYTES_MAX = 1024 * 1024 * 1024
MEMBERS_MAX, DEPTH_MAX = 20_000, 50


def make_log_archive(folder: Path, target: Path, name: str, left_out: set[str], own: dict[str, bytes]) -> None:
    """Pack `folder` under `name` into the new file `target`; raises OSError.

    Files over 100 MB and those in `left_out` stay out, as does what is beyond 1 GB, 20,000 members or 50 folders within each
    other. own: the pilot's files that come first, content by name.
    """
    target.unlink(missing_ok=True)
    with tarfile.open(target, "x:gz", compresslevel=3) as archive:
        archive.addfile(_folder(name))
        for file, content in own.items():
            member = tarfile.TarInfo(f"{name}/{file}")
            member.size, member.mtime, member.mode = len(content), time.time(), 0o644
            archive.addfile(member, io.BytesIO(content))
        _pack(archive, folder, name, left_out | set(own))


def _pack(archive: tarfile.TarFile, folder: Path, name: str, left_out: set[str]) -> None:
    members = packed_bytes = 0
    waiting = [(folder, name, 0)]
    while waiting:
        place, inside, depth = waiting.pop()
        for entry in _entries(place):
            if members >= MEMBERS_MAX or packed_bytes >= ALL_BYTES_MAX:
                return
            if depth == 0 and entry.name in left_out:
                continue
            members += 1
            with suppress(OSError, ValueError):
                path, arcname = Path(entry.path), f"{inside}/{entry.name}"
                mode = entry.stat(follow_symlinks=False).st_mode
                if stat.S_ISDIR(mode):
                    archive.addfile(_folder(arcname))
                    if depth < DEPTH_MAX:
                        waiting.append((path, arcname, depth + 1))
                elif stat.S_ISLNK(mode):
                    archive.addfile(archive.gettarinfo(path, arcname))
                elif stat.S_ISREG(mode):
                    packed_bytes += _add_file(archive, path, arcname)


def _entries(place: Path) -> list["os.DirEntry[str]"]:
    """What is in a folder, by name, a bounded number; nothing of one that cannot be read."""
    found: list[os.DirEntry[str]] = []
    with suppress(OSError), os.scandir(place) as entries:
        for entry in entries:
            found.append(entry)
            if len(found) >= MEMBERS_MAX:
                break
    return sorted(found, key=lambda entry: entry.name)


def _add_file(archive: tarfile.TarFile, path: Path, arcname: str) -> int:
    """Add a regular file unless it is too large; the bytes that were packed."""
    with open_plain(path) as file:
        member = archive.gettarinfo(arcname=arcname, fileobj=file)
        if not member.isfile() or member.size > FILE_BYTES_MAX:
            return 0
        archive.addfile(member, cast(BinaryIO, _Padded(file)))
        return member.size


class _Padded:
    """Reads `file`; what it has lost since its size was taken is filled up with NUL, or the archive would be broken."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, count: int) -> bytes:
        """Exactly `count` bytes."""
        return self._file.read(count).ljust(count, b"\0")


def _folder(name: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.mode, member.mtime = tarfile.DIRTYPE, 0o755, time.time()
    return member
