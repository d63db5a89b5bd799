"""Reports that Culm has not taken yet, in a file, in their order.

Every report is on disk (fsync) before the call returns; that it was taken need not be, since it may be sent twice. A line is a
checksum and JSON; what a crash of the host left half written at the end is cut off. One process holds the file at a time.
"""

import fcntl
import json
import os
import threading
import zlib
from collections import deque
from io import FileIO
from itertools import islice
from pathlib import Path
from typing import Any

import structlog

from agents.harvester.kill_points import reach

Report = dict[str, Any]
#: Taken reports stay in the file until so many bytes are in it, and twice as many as when it was last written.
COMPACT_BYTES = 1 << 20
SAID = "said"
log = structlog.get_logger()


class JournalTaken(Exception):
    """Another harvester with the same folder lives."""


class ReportJournal:
    """The file and what is in it; serves several threads."""

    def __init__(self, path: Path) -> None:
        """Take the file at `path`; raises JournalTaken, OSError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path, self._lock = path, threading.Lock()
        self._held = path.with_suffix(".lock").open("w")
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            self._held.close()
            raise JournalTaken(f"{path} is in use by another harvester") from problem
        self._unsaid = deque((report, len(_line(report))) for report in _unsaid_in(path))
        self._file = self._rewritten()

    def close(self) -> None:
        """Let another harvester have it."""
        self._file.close()
        self._held.close()

    def __len__(self) -> int:
        return len(self._unsaid)

    def add(self, *reports: Report) -> None:
        """Keep `reports` to be sent; raises OSError when the disk does not take them, and then holds them in memory alone."""
        lines = [_line(report) for report in reports]
        with self._lock:
            self._unsaid += zip(reports, map(len, lines), strict=True)
            self._write(b"".join(lines))
            os.fsync(self._file.fileno())

    def first(self, count: int = 1, bytes_max: int = 0) -> list[Report]:
        """The oldest reports that are to be sent, in their order: one, and more of them up to `count` in `bytes_max` together."""
        with self._lock:
            found: list[Report] = []
            left = bytes_max
            for report, size in islice(self._unsaid, count):
                left -= size
                if found and left < 0:
                    break
                found.append(report)
            return found

    def said(self, count: int = 1) -> None:
        """The `count` oldest reports were taken."""
        with self._lock:
            for _ in range(count):
                self._unsaid.popleft()
            try:
                if self._file.tell() > max(COMPACT_BYTES, 2 * self._least):
                    before, self._file = self._file, self._rewritten()
                    before.close()
                else:
                    self._write(_line({SAID: count}))
            except OSError as problem:  # it is sent again by the next harvester, which is harmless
                log.error("journal_not_written", path=str(self._path), problem=problem.strerror)

    def _write(self, text: bytes) -> None:
        before = self._file.tell()
        try:
            for part in (text[: len(text) // 2], text[len(text) // 2 :]):
                self._file.write(part)
                reach("report.half")
        except OSError:
            os.ftruncate(self._file.fileno(), before)
            raise

    def _rewritten(self) -> FileIO:
        """The file with nothing but what is unsaid, open for more."""
        part = self._path.with_suffix(".part")
        with part.open("wb") as file:
            file.write(b"".join(_line(report) for report, _ in self._unsaid))
            file.flush()
            os.fsync(file.fileno())
            self._least = file.tell()
        part.replace(self._path)
        return self._path.open("ab", buffering=0)


def _line(entry: Report) -> bytes:
    text = json.dumps(entry, separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _whole(found: object) -> int:
    return found if isinstance(found, int) and found > 0 else 1


def _unsaid_in(path: Path) -> list[Report]:
    """What is to be sent still; everything from the first line on that is not whole is left out."""
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return []
    found: list[Report] = []
    for number, line in enumerate(lines):
        checksum, _, text = line.rstrip(b"\n").partition(b" ")
        try:
            whole = line.endswith(b"\n") and int(checksum, 16) == zlib.crc32(text)
            entry = json.loads(text) if whole else None
        except ValueError:
            entry = None
        if not isinstance(entry, dict):
            log.warning("journal_torn", path=str(path), line=number + 1, lines=len(lines))
            break
        if SAID in entry:
            del found[: _whole(entry[SAID])]
        else:
            found.append(entry)
    return found
