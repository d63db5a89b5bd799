"""Closed aggregates on disk: a copy of their rows in the log, to be looked up by id.

In: committed rows of the topic of closed rows. Out: the rows of one aggregate. The file (SQLite) may be deleted at any time: it
is filled again from the log. Rows are kept as the log has them, in the schema that wrote them, and become today's when read.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path

import structlog

from commands.engine.entries import Key

#: How long another process on this machine may take to let go of a shard that it lost.
HELD_SECONDS_MAX = 2.0
log = structlog.get_logger()
#: Key of the aggregate, name of the row, value as the log has it (None: the row is gone).
ClosedRow = tuple[Key, str, bytes | None]


class ClosedRows:
    """The rows of closed aggregates of one shard."""

    def __init__(self, path: Path | None, held_seconds_max: float = HELD_SECONDS_MAX) -> None:
        """path: the file, or None to keep everything in memory."""
        self._file = _open(path, held_seconds_max)

    def find(self, key: Key) -> Mapping[str, bytes]:
        """Rows by name; empty for an aggregate that is not closed."""
        found = self._file.execute("SELECT name, value FROM row WHERE aggregate = ? AND id = ?", key)
        return dict(found.fetchall())

    def put(self, rows: Iterable[ClosedRow], reached: int | None = None) -> None:
        """Take rows over, in the order of the log. reached: every row before this position is in the file then."""
        last = {(*key, name): value for key, name, value in rows}
        gone = [place for place, value in last.items() if value is None]
        kept = [(*place, value) for place, value in last.items() if value is not None]
        with self._file:
            self._file.executemany("DELETE FROM row WHERE aggregate = ? AND id = ? AND name = ?", gone)
            self._file.executemany("INSERT OR REPLACE INTO row VALUES (?, ?, ?, ?)", kept)
            if reached is not None:
                self._note(reached)

    def position(self) -> int:
        """How far the log's rows are in the file; 0 when they were never read."""
        found = self._file.execute("SELECT next_offset FROM position").fetchone()
        return int(found[0]) if found else 0

    def reached(self, position: int) -> None:
        """Note that every row before this position is in the file."""
        with self._file:
            self._note(position)

    def _note(self, position: int) -> None:
        self._file.execute("DELETE FROM position")
        self._file.execute("INSERT INTO position VALUES (?)", (position,))

    def clear(self) -> None:
        """Forget everything: it is read from the log again."""
        with self._file:
            self._file.execute("DELETE FROM row")
            self._file.execute("DELETE FROM position")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class ClosedRowsOfShards:
    """The files of all shards that a decider owns, each open while it does.

    behind: shards whose files do not have all rows of the log yet, so that nothing can be said of what is in no memory. missed:
    those of them to which rows were written meanwhile.
    """

    def __init__(self, folder: Path | None, held_seconds_max: float = HELD_SECONDS_MAX) -> None:
        """folder: where they are, or None to keep everything in memory. held_seconds_max: to wait for another process."""
        self._folder = folder
        self._held_seconds_max = held_seconds_max
        self._open: dict[int, ClosedRows] = {}
        self.behind: set[int] = set()
        self.missed: set[int] = set()

    def of(self, shard: int) -> ClosedRows:
        """The file of a shard."""
        if shard not in self._open:
            path = None if self._folder is None else self._folder / f"closed-{shard}.sqlite"
            self._open[shard] = ClosedRows(path, self._held_seconds_max)
        return self._open[shard]

    def let_go(self, shards: Iterable[int]) -> None:
        """Others may have these."""
        for shard in shards:
            self.behind.discard(shard)
            self.missed.discard(shard)
            if shard in self._open:
                self._open.pop(shard).close()

    def close(self) -> None:
        """Let go of all."""
        self.let_go({*self._open, *self.behind})


def _open(path: Path | None, held_seconds_max: float) -> sqlite3.Connection:
    """The file at `path`; a private one while another process holds it."""
    file = sqlite3.connect(":memory:") if path is None else _held_alone(path, held_seconds_max)
    if file is None:
        log.warning("closed_rows_are_held_by_another_process", path=str(path))
        file = sqlite3.connect("")
    file.executescript(_TABLES)
    return file


_TABLES = """
PRAGMA synchronous = OFF;
CREATE TABLE IF NOT EXISTS row (
    aggregate TEXT, id TEXT, name TEXT, value BLOB, PRIMARY KEY (aggregate, id, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS position (next_offset INTEGER);
"""


def _held_alone(path: Path, held_seconds_max: float) -> sqlite3.Connection | None:
    """The file, locked for as long as this process lives; None while another has it.

    A decider that was stopped and replaced may continue, and would write its old states over the true ones.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(2):
        file = sqlite3.connect(path, timeout=held_seconds_max)
        try:
            file.executescript("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; BEGIN EXCLUSIVE; COMMIT;")
            file.executescript(_TABLES)
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
    raise RuntimeError(f"file of closed rows {path} cannot be made")
