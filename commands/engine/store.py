"""Aggregate states: live ones in memory, closed ones in a file beside, all of it a cache of the event log.

The file (SQLite) is snapshot and cold store in one: evicted aggregates, and at every snapshot all that changed, together with
the log positions they stand at. It may be deleted at any time; a file made by other code is ignored. Invariant: an entry in
the file is never older than the positions in it, so replaying from those positions repeats nothing (`sequence` decides).
"""

import hashlib
import pickle
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from commands import undo
from commands.undo import UndoQueue

BATCHES_BEFORE_EVICTION = 100
log = structlog.get_logger()

Key = tuple[str, str]
Positions = dict[tuple[str, int], int]


@dataclass(slots=True)
class Entry:
    """An aggregate with what the loop knows about it. `recent` are ids of the last commands that led to events, in order."""

    state: Any
    sequence: int = 0
    recent: UndoQueue[str, None] = field(default_factory=UndoQueue)
    batch: int = 0

    def remember(self, command_id: str, most: int) -> None:
        """Keep `command_id` among the last `most`."""
        self.recent[command_id] = None
        if len(self.recent) > most:
            del self.recent[next(iter(self.recent))]


def fingerprint(folders: Iterable[Path]) -> str:
    """A hash of the code that made the states; other code starts from the log."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


class StateStore:
    """Entries by (aggregate, id)."""

    def __init__(self, path: Path | None, version: str, initial: Mapping[str, Callable[[], Any]]) -> None:
        """path: the file, or None to keep everything in memory. version: `fingerprint` of today's code."""
        self._initial = initial
        self._version = version
        self._hot: dict[Key, Entry] = {}
        self._dirty: set[Key] = set()
        self._closing: deque[tuple[Key, int]] = deque()
        self._file = _open(path, version)
        self._has_cold = self._file.execute("SELECT 1 FROM state LIMIT 1").fetchone() is not None
        self.batch = 0
        self.writer_epoch = 0

    def get(self, aggregate: str, aggregate_id: str) -> Entry:
        """The entry, from memory or file; a new one for an aggregate without history."""
        key = (aggregate, aggregate_id)
        entry = self._hot.get(key)
        if entry is None:
            entry = self._thaw(key) or Entry(self._initial[aggregate]())
            self._hot[key] = entry
            undo.note(self._hot.pop, key, None)
        return entry

    def touched(self, aggregate: str, aggregate_id: str, entry: Entry, *, closed: bool) -> None:
        """Note that events were applied to `entry`."""
        key = (aggregate, aggregate_id)
        entry.batch = self.batch
        self._dirty.add(key)
        if closed:
            self._closing.append((key, self.batch))
            undo.note(self._closing.pop)

    def forget_untouched(self, aggregate: str, aggregate_id: str) -> None:
        """Drop an entry without history, so that questions about what does not exist cost no memory."""
        entry = self._hot.get((aggregate, aggregate_id))
        if entry is not None and entry.sequence == 0:
            del self._hot[(aggregate, aggregate_id)]

    def committed(self) -> None:
        """A batch is in the log: closed aggregates that rested for long enough leave memory."""
        undo.forget()
        self.batch += 1
        rows = []
        while self._closing and self._closing[0][1] + BATCHES_BEFORE_EVICTION < self.batch:
            key, batch = self._closing.popleft()
            entry = self._hot.get(key)
            if entry is not None and entry.batch == batch:
                rows.append((*key, pickle.dumps(entry, pickle.HIGHEST_PROTOCOL)))
                del self._hot[key]
                self._dirty.discard(key)
        if rows:
            self._has_cold = True
            with self._file:
                self._file.executemany("INSERT OR REPLACE INTO state VALUES (?, ?, ?)", rows)

    def snapshot(self, positions: Positions) -> int:
        """Number of entries written: all that changed since the last snapshot, with the positions they stand at."""
        rows = [
            (*key, pickle.dumps(self._hot[key], pickle.HIGHEST_PROTOCOL)) for key in self._dirty if key in self._hot
        ]
        with self._file:
            self._file.executemany("INSERT OR REPLACE INTO state VALUES (?, ?, ?)", rows)
            self._file.execute("DELETE FROM position")
            self._file.executemany(
                "INSERT INTO position VALUES (?, ?, ?)", [(*place, offset) for place, offset in positions.items()]
            )
            self._file.execute("INSERT OR REPLACE INTO meta VALUES ('writer_epoch', ?)", (str(self.writer_epoch),))
        self._dirty.clear()
        self._has_cold = self._has_cold or bool(rows)
        return len(rows)

    def positions(self) -> Positions:
        """Where the snapshot stands; empty when there is none."""
        rows = self._file.execute("SELECT topic, partition, next_offset FROM position")
        return {(topic, partition): offset for topic, partition, offset in rows}

    def reload(self) -> None:
        """Back to the snapshot; what was in memory is forgotten."""
        undo.forget()
        self._hot.clear()
        self._dirty.clear()
        self._closing.clear()
        found = self._file.execute("SELECT value FROM meta WHERE name = 'writer_epoch'").fetchone()
        self.writer_epoch = int(found[0]) if found else 0

    def hot_count(self) -> int:
        """Aggregates in memory."""
        return len(self._hot)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _thaw(self, key: Key) -> Entry | None:
        if not self._has_cold:
            return None
        found = self._file.execute("SELECT entry FROM state WHERE aggregate = ? AND id = ?", key).fetchone()
        if found is None:
            return None
        entry = pickle.loads(found[0])
        assert isinstance(entry, Entry)
        return entry


def _open(path: Path | None, version: str) -> sqlite3.Connection:
    """The file at `path`, emptied unless it was made by the same code; a private one while another process holds it."""
    file = sqlite3.connect(":memory:") if path is None else _held_alone(path, version)
    if file is None:
        log.warning("state_file_is_held_by_another_process", path=str(path))
        file = sqlite3.connect("")
    file.executescript(
        """
        PRAGMA synchronous = OFF;
        CREATE TABLE IF NOT EXISTS state (aggregate TEXT, id TEXT, entry BLOB, PRIMARY KEY (aggregate, id)) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS position (topic TEXT, partition INTEGER, next_offset INTEGER);
        CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT);
        """
    )
    with file:
        file.execute("INSERT OR REPLACE INTO meta VALUES ('fingerprint', ?)", (version,))
    return file


def _held_alone(path: Path, version: str) -> sqlite3.Connection | None:
    """The file, locked for as long as this process lives; None while another has it: a decider that was stopped and
    replaced may wake, and would write what it believes over what is true."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(2):
        file = sqlite3.connect(path, timeout=0)
        try:
            file.executescript("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; BEGIN EXCLUSIVE; COMMIT;")
            if _is_usable(file, version):
                return file
        except sqlite3.OperationalError as problem:
            if "locked" in str(problem):
                file.close()
                return None
        except sqlite3.DatabaseError:
            pass
        file.close()
        for part in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
            part.unlink(missing_ok=True)
    raise RuntimeError(f"state file {path} cannot be made")


def _is_usable(file: sqlite3.Connection, version: str) -> bool:
    """True for an empty file, and for an intact one that was made by the same code."""
    if file.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
        return True
    intact = file.execute("PRAGMA quick_check").fetchone() == ("ok",)
    found = file.execute("SELECT value FROM meta WHERE name = 'fingerprint'").fetchone()
    return bool(intact and found == (version,))
