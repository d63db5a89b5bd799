"""The chain over the records of a partition, and the forms in which it is written down. Pure.

Each link depends on everything before it. A ledger entry is an offset with the first bytes of its link; a checkpoint holds
the whole link after so many records, the hash of the checkpoint before, and is signed.
"""

import hashlib
import json
import struct
from dataclasses import asdict, dataclass

ENTRY = struct.Struct(">Q8s")
HEAD = struct.Struct(">Qqqq")
PREFIX = 8


def first_link(topic: str, partition: int) -> bytes:
    """What the chain of a partition begins with, so that no two partitions can be exchanged."""
    return hashlib.sha256(f"culm notary 1 {topic} {partition}".encode()).digest()


def next_link(link: bytes, offset: int, timestamp: int, key: bytes | None, value: bytes | None) -> bytes:
    """The link after one more record; a missing key or value differs from an empty one."""
    sizes = (-1 if part is None else len(part) for part in (key, value))
    return hashlib.sha256(link + HEAD.pack(offset, timestamp, *sizes) + (key or b"") + (value or b"")).digest()


def entry_of(offset: int, link: bytes) -> bytes:
    """A ledger entry."""
    return ENTRY.pack(offset, link[:PREFIX])


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a chain after `records` records. link, previous: hexadecimal; previous is the `name` of the one before.

    next_offset: where the record after the last one may stand at the earliest. at: microseconds. signature: of `signed`.
    """

    topic: str
    partition: int
    records: int
    next_offset: int
    link: str
    at: int
    previous: str
    signature: str = ""

    @property
    def signed(self) -> bytes:
        """What the signature is made over."""
        fields = {name: value for name, value in asdict(self).items() if name != "signature"}
        return json.dumps(fields, sort_keys=True).encode()

    @property
    def name(self) -> str:
        """The hash by which the next checkpoint names this one."""
        return hashlib.sha256(self.signed + bytes.fromhex(self.signature)).hexdigest()

    def line(self) -> str:
        """As it stands in the file."""
        return json.dumps(asdict(self), sort_keys=True) + "\n"


def checkpoint_from(line: str) -> Checkpoint:
    """The checkpoint in a line; raises ValueError for one that was not written by `line`."""
    found = json.loads(line)
    if not isinstance(found, dict) or set(found) != set(Checkpoint.__dataclass_fields__):
        raise ValueError("not a checkpoint")
    return Checkpoint(**found)
