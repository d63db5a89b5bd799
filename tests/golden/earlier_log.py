"""The log of a release and what it showed, as files of `make_log`: records, the rows this version makes of them, differences."""

import gzip
import io
import json
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

import fastavro

from audit.log_export import Exported, read_file
from commands.aggregates import AGGREGATES
from projections.catalogue import PROJECTIONS
from schemas.reading import Place, Recorded
from schemas.types import EventEnvelope
from schemas.wire import message_class, own_schema
from tests.golden.shown_states import Shown, as_recorded, shown
from tests.projections.tables_in_memory import Tables

#: Tables that are views of others, or of what is not in the log of events.
NOT_FOLDED = {"attempt_job", "attempt_unit", "answer"}


class EarlierLog:
    """One folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def records(self) -> tuple[Recorded, ...]:
        """Every event of the log, in its order."""
        return _records(self.folder)

    def states(self) -> Mapping[tuple[str, str], Any]:
        """The state of each aggregate; AssertionError when numbers are missing."""
        states: dict[tuple[str, str], Any] = {}
        sequences: dict[tuple[str, str], int] = {}
        for record in self.records():
            key = (record.aggregate, record.event.aggregate_id)
            aggregate = AGGREGATES[record.aggregate]
            assert record.event.sequence == sequences.get(key, 0) + 1
            states[key] = aggregate.evolve(states.get(key) or aggregate.initial(), record.message, record.event)
            sequences[key] = record.event.sequence
        return states

    def jobs_ended(self) -> list[str]:
        """Jobs that have ended in the fold of the events."""
        return [name for (kind, name), state in self.states().items() if kind == "job" and AGGREGATES[kind].is_closed(state)]

    def differences(self) -> Iterator[str]:
        """Rows that are not what the earlier release showed, column by column, as far as both have them."""
        with gzip.open(self.folder / "rows.json.gz") as file:
            expected = json.load(file)
        known = {name: table for projection in PROJECTIONS.values() for name, table in projection.tables.items()}
        keys = {name: [str(column.name) for column in table.primary_key.columns] for name, table in known.items()}
        for name, rows in expected.items():
            if name in NOT_FOLDED or name not in keys:
                continue
            found = {tuple(str(row[key]) for key in keys[name]): row for row in self._view_rows(name)}
            if len(found) != len(rows):
                yield f"{name}: {len(found)} rows, expected {len(rows)}"
            for row in rows:
                if not all(key in row for key in keys[name]):
                    yield f"{name}: a row without its key {keys[name]}"
                    continue
                key_of_row = tuple(str(row[key]) for key in keys[name])
                if key_of_row not in found:
                    yield f"{name}: no row {key_of_row}"
                    continue
                own = found[key_of_row]
                for column in row.keys() & own.keys():
                    if _as_then(_shown(own[column]), row[column]) != row[column]:
                        yield f"{name}.{column}"

    def shown_states(self) -> dict[str, Shown]:
        """The state of each aggregate as JSON has it, by kind and id."""
        return {f"{kind} {name}": shown(state) for (kind, name), state in self.states().items()}

    def state_differences(self, changed: Collection[tuple[str, str]] = ()) -> Iterator[str]:
        """Fields of states that are not what was kept; those that a later version added are not compared.

        changed: kind and field of what a later version has otherwise.
        """
        with gzip.open(self.folder / "states.json.gz") as file:
            expected = json.load(file)
        found = self.shown_states()
        yield from (f"{name}: no state, or one too many" for name in expected.keys() ^ found.keys())
        for name in expected.keys() & found.keys():
            own, kept = as_recorded(found[name], expected[name]), expected[name]
            if not isinstance(own, dict) or not isinstance(kept, dict):
                yield from [] if own == kept else [name]
                continue
            kind = name.partition(" ")[0]
            for field in kept:
                if (kind, field) not in changed and (field not in own or own[field] != kept[field]):
                    yield f"{kind}.{field}"

    def _view_rows(self, name: str) -> list[dict[str, Any]]:
        """Rows as readers see them: the specification of a job is a row of its own, which the view joins."""
        tables = _tables(self.folder)
        if name != "job":
            return tables.all(name)
        specs = {row["job_id"]: row["spec"] for row in tables.all("job_spec")}
        return [row | {"spec": specs.get(row["job_id"])} for row in tables.all(name)]


@cache
def _records(folder: Path) -> tuple[Recorded, ...]:
    return tuple(_recorded(event) for event in read_file(folder / "log.avro"))


def _recorded(event: Exported) -> Recorded:
    """The event of a file as readers of the log take it."""
    schema = own_schema(event.name)
    raw = cast(dict[str, Any], fastavro.schemaless_reader(io.BytesIO(event.value), schema, None))
    place = Place(event.topic, event.partition, event.offset)
    return Recorded(place, message_class(event.name).from_avro(raw), EventEnvelope.from_avro(raw["envelope"]))


@cache
def _tables(folder: Path) -> Tables:
    """The read models that this version makes of the log."""
    made = Tables()
    made.take(_records(folder))
    return made


def _shown(value: Any) -> Any:
    """A value as JSON has it."""
    return json.loads(json.dumps(value, default=str))


def _as_then(found: Any, expected: Any) -> Any:
    """`found` without the members that a later version added to a document."""
    if isinstance(found, dict) and isinstance(expected, dict):
        return {name: _as_then(found[name], expected[name]) if name in found else None for name in expected}
    if isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        return [_as_then(one, kept) for one, kept in zip(found, expected, strict=True)]
    return found
