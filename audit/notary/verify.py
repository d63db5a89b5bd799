"""The log held against what was written down about it: names the first record of each partition that does not belong.

In: the log, and the ledgers, checkpoints and key of the notary's folder. Out: one `PartitionProof` for each partition.
Guards: the first record that was altered or is missing is named by its offset; nothing is repaired or written here.
"""

from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.notary.chain import ENTRY, PREFIX, Checkpoint, first_link, next_link
from audit.notary.keys import is_signed, public_key
from audit.notary.ledger import checkpoints_path, ledger_path, read_checkpoints, read_entries
from audit.notary.reading import EventLog, Partition, Raw


@dataclass(slots=True)
class PartitionProof:
    """Of one partition: what was held against each other, and the first thing that does not belong (None: all does)."""

    place: str
    records: int = 0
    checkpoints: int = 0
    not_written_down: int = 0
    broken: str | None = None


@dataclass(slots=True)
class _Reader:
    """Walks along a partition's ledger with its records."""

    place: Partition
    entries: list[tuple[int, bytes]]
    checkpoints: dict[int, Checkpoint]
    link: bytes
    proof: PartitionProof
    suspect: tuple[int, bytes] | None = None
    count: int = field(default=0)

    def see(self, raw: Raw) -> None:
        """Hold the next record against its entry."""
        if self.proof.broken is not None:
            return
        if self.count >= len(self.entries):
            self.proof.not_written_down += 1
            return
        offset, prefix = self.entries[self.count]
        at = f"{self.place[0]}/{self.place[1]}"
        if raw.offset != offset:
            missing = raw.offset > offset
            what = f"the record at {offset} is missing" if missing else f"the record at {raw.offset} was never written down"
            self.proof.broken = f"{at}: {what}"
            return
        self.link = next_link(self.link, raw.offset, raw.timestamp, raw.key, raw.value)
        self.count += 1
        self.proof.records += 1
        if self.link[:PREFIX] != prefix:
            self._mismatch(at, offset)
            return
        if self.suspect is not None:
            self.proof.broken = f"{at}: the ledger's entry for {self.suspect[0]} was altered; the record itself belongs"
            return
        checkpoint = self.checkpoints.get(self.count)
        if checkpoint is not None:
            self.proof.checkpoints += 1
            if checkpoint.link != self.link.hex():
                self.proof.broken = f"{at}: the records up to {offset} are not those that were signed"

    def _mismatch(self, at: str, offset: int) -> None:
        """A record or its entry was altered: the entry after it tells which."""
        if self.suspect is not None or self.count == len(self.entries):
            first = self.suspect[0] if self.suspect is not None else offset
            self.proof.broken = f"{at}: the record at {first} was altered"
        else:
            self.suspect = (offset, self.link)

    def end(self, unreadable: str | None) -> None:
        """The partition has no more records."""
        if self.proof.broken is not None:
            return
        at = f"{self.place[0]}/{self.place[1]}"
        if self.suspect is not None:
            self.proof.broken = f"{at}: the record at {self.suspect[0]} was altered"
        elif self.count < len(self.entries):
            why = f" ({unreadable})" if unreadable else ""
            self.proof.broken = f"{at}: the record at {self.entries[self.count][0]} is missing{why}"
        elif unreadable:
            self.proof.broken = f"{at}: what follows {self.count} records cannot be read: {unreadable}"


def verify(kafka: str, folder: Path) -> list[PartitionProof]:
    """A verdict per partition; raises FileNotFoundError when nothing was ever written down, KafkaException."""
    key = public_key(folder / "key")
    events = EventLog(kafka, wait_ms=50, check_crcs=True)
    try:
        places = events.partitions()
        readers = {place: _opened(folder, place, key) for place in places}
        ends = {place: events.end(place) for place in places}
        events.assign({place: 0 for place in places if ends[place] and readers[place].proof.broken is None})
        open_places = {place for place in places if ends[place] and readers[place].proof.broken is None}
        while open_places - events.at_end - events.unreadable.keys():
            for raw in events.read(10.0):
                readers[raw.place].see(raw)
        for place, reader in readers.items():
            reader.end(events.unreadable.get(place))
        return [reader.proof for reader in readers.values()]
    finally:
        events.close()


def _opened(folder: Path, place: Partition, key: Ed25519PublicKey) -> _Reader:
    """The ledger and checkpoints of a partition, checked among themselves."""
    path = ledger_path(folder, *place)
    size = path.stat().st_size if path.exists() else 0
    entries = list(read_entries(path, 0, size // ENTRY.size))
    reader = _Reader(place, entries, {}, first_link(*place), PartitionProof(f"{place[0]}/{place[1]}"))
    at, previous = reader.proof.place, ""
    try:
        for checkpoint in read_checkpoints(checkpoints_path(folder, *place)):
            if not is_signed(key, checkpoint.signature, checkpoint.signed) or (checkpoint.topic, checkpoint.partition) != place:
                reader.proof.broken = f"{at}: the checkpoint after {checkpoint.records} records was not signed by the notary"
                return reader
            if checkpoint.previous != previous:
                reader.proof.broken = f"{at}: a checkpoint before the one after {checkpoint.records} records is missing"
                return reader
            previous = checkpoint.name
            reader.checkpoints[checkpoint.records] = checkpoint
            if checkpoint.records > len(entries):
                reader.proof.broken = f"{at}: the ledger ends after {len(entries)} entries, {checkpoint.records} were signed"
                return reader
    except ValueError as problem:
        reader.proof.broken = f"{at}: a line of the checkpoints cannot be read: {problem}"
    return reader
