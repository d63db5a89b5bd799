"""A broker's segment files, as an intruder with access to the disk would alter them: batches of format 2, checksums corrected."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aiokafka.record.util import calc_crc32c_py

#: Of a batch: base offset, length of what follows, leader epoch, magic, checksum; the checksum covers what comes after it.
HEAD = struct.Struct(">qiibI")
CHECKED_FROM = HEAD.size
LENGTH_FROM = 12


@dataclass(frozen=True)
class Batch:
    """Where a batch begins and ends in its file."""

    begin: int
    end: int


def segments(folder: Path, topic: str, partition: int) -> list[Path]:
    """The segment files of a partition, oldest first."""
    return sorted((folder / f"{topic}-{partition}").glob("*.log"))


def batches(data: bytes) -> Iterator[Batch]:
    """All batches of a segment."""
    place = 0
    while place + HEAD.size <= len(data):
        length = HEAD.unpack_from(data, place)[1]
        if length <= 0:
            return
        yield Batch(place, place + LENGTH_FROM + length)
        place += LENGTH_FROM + length


def alter(path: Path, old: bytes, new: bytes) -> None:
    """Replace `old`, which stands once in the file, by `new` of the same length, and correct the checksum of its batch."""
    assert len(old) == len(new), "offsets and lengths stay as they are"
    data = bytearray(path.read_bytes())
    place = data.find(old)
    assert place >= 0, f"{old!r} does not stand in {path}"
    data[place : place + len(old)] = new
    found = next(batch for batch in batches(bytes(data)) if batch.begin <= place < batch.end)
    checksum = calc_crc32c_py(bytes(data[found.begin + CHECKED_FROM : found.end]))
    struct.pack_into(">I", data, found.begin + HEAD.size - 4, checksum)
    path.write_bytes(bytes(data))


def cut_last_batch(path: Path) -> None:
    """Take the last batch out of a segment."""
    data = path.read_bytes().rstrip(b"\0")
    *_, last = batches(data)
    path.write_bytes(data[: last.begin])
