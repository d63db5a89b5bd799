"""Rows of a snapshot as records of the log, and back.

A row's key names aggregate, row and id; its value is a message of the aggregate's folder `snapshots`, in the writer's schema.
Both topics place a row by the id of its aggregate, so that the owner of a partition of the events owns its rows.
"""

from collections.abc import Mapping
from typing import Any

from commands.aggregates import AGGREGATES
from commands.engine.entries import Entry, Key, packed, unpacked
from commands.engine.errors import SnapshotUnusable
from commands.engine.records import OutputRecord
from commands.snapshot import MAIN
from schemas.catalog import CLOSED_ROWS, LIVE_ROWS
from schemas.snapshot import RowGone
from schemas.types import SnapshotEnvelope
from schemas.wire import Codec, Poison

MARKER = "marker"
#: Rows of commands that were decided on aggregates which never end: the id names shard and kind, the row's name is the page's.
DECIDED = "decided"


def key_of(key: Key, name: str) -> bytes:
    """Key of a row's record."""
    aggregate, aggregate_id = key
    return f"{aggregate} {name} {aggregate_id}".encode()


def named_by(record_key: bytes | None) -> tuple[Key, str]:
    """Aggregate and name of the row with this key; raises SnapshotUnusable for one that is no row's."""
    parts = (record_key or b"").decode(errors="replace").split(" ", 2)
    if len(parts) != 3 or (parts[0] not in AGGREGATES and parts[0] not in (MARKER, DECIDED)):
        raise SnapshotUnusable(f"a row has the key {record_key!r}, expected an aggregate, a row and an id")
    aggregate, name, aggregate_id = parts
    return (aggregate, aggregate_id), name


class RowCodec:
    """Makes and reads rows."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec

    def main(self, entry: Entry, message: Any, *, closed_parts: bool) -> bytes:
        """Value of a main row."""
        envelope = SnapshotEnvelope(sequence=entry.sequence, commands=packed(entry.recent), closed_parts=closed_parts)
        return self._codec.encode(message, envelope)

    def part(self, entry: Entry, message: Any) -> bytes:
        """Value of the row of a part."""
        return self._codec.encode(message, SnapshotEnvelope(sequence=entry.sequence))

    def gone(self, entry: Entry) -> bytes:
        """Value of the row of a part that is no more, above a closed row of it."""
        return self._codec.encode(RowGone(), SnapshotEnvelope(sequence=entry.sequence))

    def live(self, key: Key, name: str, value: bytes | None) -> OutputRecord:
        """Record of a row of a living aggregate; None ends the row."""
        return OutputRecord(LIVE_ROWS, key_of(key, name), value, placed_by=key[1])

    def closed(self, key: Key, name: str, value: bytes | None) -> OutputRecord:
        """Record of a row of a closed aggregate; None ends the row."""
        return OutputRecord(CLOSED_ROWS, key_of(key, name), value, placed_by=key[1])

    def entry(self, key: Key, live: Mapping[str, bytes] | None, closed: Mapping[str, bytes]) -> Entry:
        """The aggregate that its rows make: live ones count before closed ones.

        Raises SnapshotUnusable for rows that cannot be read or make no state of this version.
        """
        rows = {**closed, **(live or {})}
        try:
            decoded = {name: self._codec.decode(value) for name, value in rows.items()}
            messages = {name: found.message for name, found in decoded.items() if not isinstance(found.message, RowGone)}
            envelope: SnapshotEnvelope = decoded[MAIN].envelope
            state = AGGREGATES[key[0]].snapshot.restored(messages)
        except (Poison, LookupError, TypeError, ValueError, AssertionError) as problem:
            raise SnapshotUnusable(f"rows of {key[0]} {key[1]}: {type(problem).__name__}: {problem}") from problem
        parts = None if live is None else frozenset(live) - {MAIN}
        return Entry(state, envelope.sequence, unpacked(envelope.commands), 0, parts, bool(closed))

    def names_closed_parts(self, value: bytes) -> bool:
        """True when closed rows of a living aggregate must be looked up; `value` is its main row."""
        try:
            return bool(self._codec.decode(value).envelope.closed_parts)
        except Poison as problem:
            raise SnapshotUnusable(str(problem)) from problem
