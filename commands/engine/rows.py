"""Rows of a snapshot as records of the log, and back. What need not be read before it is asked for stays as it is.

A row's key names aggregate, row and id; its value is a message of the aggregate's folder `snapshots`, in the writer's schema.
Both topics place a row by the id of its aggregate, so that the owner of a partition of the events owns its rows.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from commands.aggregates import AGGREGATES
from commands.engine.entries import Entry, Key, packed, unpacked
from commands.engine.errors import SnapshotUnusable
from commands.engine.records import OutputRecord
from commands.snapshot import MAIN, PackedRow, SnapshotForm, kind_of
from schemas.catalog import CLOSED_ROWS, LIVE_ROWS
from schemas.snapshot import RowGone
from schemas.types import SnapshotEnvelope
from schemas.wire import FRAME, Codec, Poison

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
        self._read: set[bytes] = set()

    def main(self, aggregate: str, entry: Entry, message: Any, *, closed_parts: bool) -> bytes:
        """Value of a main row."""
        envelope = SnapshotEnvelope(
            sequence=entry.sequence,
            commands=packed(entry.recent),
            closed_parts=closed_parts,
            live=not AGGREGATES[aggregate].is_closed(entry.state),
        )
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
        form = AGGREGATES[key[0]].snapshot
        try:
            main = self._codec.decode(rows.pop(MAIN))
            envelope: SnapshotEnvelope = main.envelope
            messages = {MAIN: main.message}
            for name, value in rows.items():
                message = self._part_of(form, name, value)
                if not isinstance(message, RowGone):
                    messages[name] = message
            state = form.restored(messages)
        except (Poison, LookupError, TypeError, ValueError, AssertionError) as problem:
            raise SnapshotUnusable(f"rows of {key[0]} {key[1]}: {type(problem).__name__}: {problem}") from problem
        parts = None if live is None else live.keys() - {MAIN}
        return Entry(state, envelope.sequence, unpacked(envelope.commands), 0, parts, bool(closed))

    def _part_of(self, form: SnapshotForm, name: str, value: bytes) -> Any:
        """The message of a part; of a part that its state may hold unread, the beginning, if one like it was read before."""
        last = form.packed.get(kind_of(name))
        if last is not None and self._was_read(value):
            beginning = self._codec.beginning(value, last)
            if beginning is not None and beginning[last] is not None:
                return PackedRow(beginning, partial(self._message, value))
        return self._codec.decode(value).message

    def _message(self, value: bytes) -> Any:
        try:
            return self._codec.decode(value).message
        except Poison as problem:
            raise SnapshotUnusable(str(problem)) from problem

    def names_closed_parts(self, value: bytes) -> bool:
        """True when closed rows of a living aggregate must be looked up; `value` is its main row."""
        return bool(self._envelope(value)["closed_parts"])

    def may_stay_packed(self, value: bytes) -> bool:
        """True when an aggregate that has this live row alone need not be read before it is asked for.

        It was not closed, so nothing is to be done with it; no closed rows belong to it; and a row of the same schema was read
        before, so that rows which this version cannot read are found at the start.
        """
        if not self._was_read(value):
            return False
        envelope = self._envelope(value)
        return bool(envelope["live"] and not envelope["closed_parts"])

    def _was_read(self, value: bytes) -> bool:
        schema = value[: FRAME.size]
        if schema not in self._read:
            self._read.add(schema)
            return False
        return True

    def _envelope(self, value: bytes) -> dict[str, Any]:
        try:
            beginning = self._codec.beginning(value, "envelope")
            if beginning is None:
                raise Poison("a row without an envelope in front")
        except Poison as problem:
            raise SnapshotUnusable(str(problem)) from problem
        envelope: dict[str, Any] = beginning["envelope"]
        return envelope
