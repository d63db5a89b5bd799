"""The files of one partition: its ledger and its checkpoints.

In: records in order. Out: entries, flushed by `write`, and a signed checkpoint now and then. Guards: what a crash tore off
the end of a file is cut away at the next start; the chain is taken up at the last checkpoint, and every record read again
must give the entry that stands there; a record that does not is `Broken`, and nothing more is written.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.notary.chain import ENTRY, PREFIX, Checkpoint, checkpoint_from, entry_of, first_link, next_link


class Broken(RuntimeError):
    """A record differs from what was written down about it."""


class PartitionLedger:
    """Ledger and checkpoints of a partition, open for writing. `next_offset` is where reading goes on."""

    def __init__(self, folder: Path, topic: str, partition: int, key: Ed25519PrivateKey) -> None:
        self.topic, self.partition, self._key = topic, partition, key
        self._ledger_path = ledger_path(folder, topic, partition)
        self._checkpoints_path = checkpoints_path(folder, topic, partition)
        _cut_torn_line(self._checkpoints_path)
        entries = self._ledger_path.stat().st_size // ENTRY.size if self._ledger_path.exists() else 0
        last = None
        for checkpoint in read_checkpoints(self._checkpoints_path):
            last = checkpoint
        self._last = last
        self.records = last.records if last else 0
        self.link = bytes.fromhex(last.link) if last else first_link(topic, partition)
        self.next_offset = last.next_offset if last else 0
        if entries < self.records:
            raise Broken(f"the ledger of {topic}/{partition} has {entries} entries, a signed checkpoint counts {self.records}")
        # Entries beyond the checkpoint, which records that are read again must confirm.
        self._expected = list(read_entries(self._ledger_path, self.records, entries))
        self._ledger = self._ledger_path.open("r+b" if entries else "w+b")
        self._ledger.truncate(entries * ENTRY.size)
        self._ledger.seek(0, os.SEEK_END)
        self._unwritten: list[bytes] = []

    @property
    def unsigned(self) -> int:
        """Records since the last checkpoint."""
        return self.records - (self._last.records if self._last else 0)

    def add(self, offset: int, timestamp: int, key: bytes | None, value: bytes | None) -> None:
        """Take the next record; raises Broken when the ledger knows another one in its place."""
        link = next_link(self.link, offset, timestamp, key, value)
        if self._expected:
            written, prefix = self._expected.pop(0)
            if (written, prefix) != (offset, link[:PREFIX]):
                at = f"{self.topic}/{self.partition}"
                raise Broken(f"{at}: the record at {offset} is not the one that was written down at {written}")
        else:
            self._unwritten.append(entry_of(offset, link))
        self.link, self.records, self.next_offset = link, self.records + 1, offset + 1

    def write(self) -> None:
        """Hand new entries to the operating system."""
        if self._unwritten:
            self._ledger.write(b"".join(self._unwritten))
            self._ledger.flush()
            self._unwritten = []

    def sign(self, at: int) -> None:
        """Write a checkpoint, on the disk when it returns."""
        self.write()
        os.fsync(self._ledger.fileno())
        unsigned = Checkpoint(
            self.topic, self.partition, self.records, self.next_offset, self.link.hex(), at, self._last.name if self._last else ""
        )
        made = replace(unsigned, signature=self._key.sign(unsigned.signed).hex())
        with self._checkpoints_path.open("a", encoding="utf-8") as file:
            file.write(made.line())
            file.flush()
            os.fsync(file.fileno())
        self._last = made

    def close(self) -> None:
        """Close the ledger; what is not written stays unwritten."""
        self._ledger.close()


def ledger_path(folder: Path, topic: str, partition: int) -> Path:
    """The file of entries."""
    return folder / f"{topic}-{partition}.ledger"


def checkpoints_path(folder: Path, topic: str, partition: int) -> Path:
    """The file of checkpoints."""
    return folder / f"{topic}-{partition}.checkpoints.jsonl"


def read_checkpoints(path: Path) -> Iterator[Checkpoint]:
    """Checkpoints in order; raises ValueError for a line that is none."""
    if path.exists():
        with path.open(encoding="utf-8") as file:
            for line in file:
                yield checkpoint_from(line)


def read_entries(path: Path, begin: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Entries `begin` to `end` as (offset, prefix of the link)."""
    if end <= begin:
        return
    with path.open("rb") as file:
        file.seek(begin * ENTRY.size)
        for _ in range(end - begin):
            raw = file.read(ENTRY.size)
            if len(raw) < ENTRY.size:
                return
            offset, prefix = ENTRY.unpack(raw)
            yield offset, prefix


def _cut_torn_line(path: Path) -> None:
    """Cut what a crash left of a line that was not finished; it was never acted upon."""
    if not path.exists():
        return
    text = path.read_bytes()
    if text and not text.endswith(b"\n"):
        with path.open("r+b") as file:
            file.truncate(text.rfind(b"\n") + 1)
