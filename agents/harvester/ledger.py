"""What a harvester must know after it was killed: its living pilots, and the reports that Culm has not taken yet.

Every change is on disk before the call returns; one harvester at a time holds the file.
"""

import fcntl
import json
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import structlog

Report = dict[str, Any]
log = structlog.get_logger()


class LedgerTaken(Exception):
    """Another harvester of the same queue lives."""


@dataclass(frozen=True, slots=True)
class PilotEntry:
    """A pilot; `born` is the time its process was created, which tells it from a later one with the same number."""

    pid: int
    born: float


class Ledger:
    """The file and what is in it; serves several threads."""

    def __init__(self, path: Path) -> None:
        """Take the file at `path`; raises LedgerTaken."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._lock = threading.Lock()
        self._held = path.with_suffix(".lock").open("w")
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            raise LedgerTaken(f"{path} is in use by another harvester") from problem
        self._pilots: dict[str, PilotEntry] = {}
        self._unsaid: list[Report] = []
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            self._pilots = {worker: PilotEntry(**entry) for worker, entry in found["pilots"].items()}
            self._unsaid = list(found["unsaid"])
        except FileNotFoundError:
            return
        except (ValueError, KeyError, TypeError, AttributeError) as problem:  # cut off by a crash of the host
            log.error("ledger_unreadable", path=str(path), problem=str(problem))

    @property
    def pilots(self) -> dict[str, PilotEntry]:
        """Living pilots, as far as is known, by worker id."""
        with self._lock:
            return dict(self._pilots)

    def add(self, worker_id: str, entry: PilotEntry, *reports: Report) -> None:
        """Remember a pilot that was started, and to send `reports`."""
        with self._lock:
            self._pilots[worker_id] = entry
            self._unsaid += reports
            self._write()

    def remove(self, worker_id: str, report: Report) -> None:
        """Forget a pilot that ended, and remember to say so."""
        with self._lock:
            self._pilots.pop(worker_id, None)
            self._unsaid.append(report)
            self._write()

    def first_unsaid(self) -> Report | None:
        """The oldest report that is to be sent."""
        with self._lock:
            return self._unsaid[0] if self._unsaid else None

    def said(self) -> None:
        """The oldest report was sent."""
        with self._lock:
            del self._unsaid[0]
            self._write()

    def _write(self) -> None:
        """Write all down; on a full disk the memory goes on, and the next change is written again with this one."""
        part = self._path.with_suffix(".part")
        pilots = {worker: asdict(entry) for worker, entry in self._pilots.items()}
        try:
            part.write_text(json.dumps({"pilots": pilots, "unsaid": self._unsaid}), encoding="utf-8")
            part.replace(self._path)
        except OSError as problem:
            log.error("ledger_not_written", path=str(self._path), problem=problem.strerror)
