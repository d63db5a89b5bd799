"""Any state that commands within their bounds lead to is written as rows within their bounds, and read back as it was."""

from typing import Any

import pytest

from commands.aggregates import AGGREGATES
from commands.engine.entries import Entry, Key
from commands.engine.rows import RowCodec
from commands.snapshot import MAIN
from schemas.bounds import problems_of
from schemas.catalog import CatalogEntry, messages
from schemas.types import SnapshotEnvelope
from tests.commands.in_memory import a_codec
from tests.golden.shown_states import shown
from tests.readers.test_deciders import COMMANDS, STATES, TARGETS, tell
from tests.schemas.within_bounds import a_message, an_aggregate_id, for_any_seed

SNAPSHOTS = [entry for entry in messages() if entry.role == "snapshots"]


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_any_state_that_is_reached_is_written_and_read_back(entry: CatalogEntry) -> None:
    def check(seed: int) -> None:
        culm = STATES[seed % len(STATES)]()
        targets = TARGETS.get(entry.aggregate)
        target = targets[seed % len(targets)] if targets and seed % 5 else an_aggregate_id(entry.aggregate, seed)
        tell(culm, entry, seed, target)

        for key, found in culm.store.entries():
            if found.sequence:
                is_read_back(RowCodec(culm.codec), key, found)

    for_any_seed(check, 6)


def is_read_back(rows: RowCodec, key: Key, entry: Entry) -> None:
    """The rows of the entry are within their bounds and make its state and its numbers."""
    form = AGGREGATES[key[0]].snapshot
    rows_of_state = form.rows(entry.state, {MAIN, *form.names(entry.state)})
    made = {name: message for name, message in rows_of_state if message is not None}  # None: it has no such row
    for name, message in made.items():
        assert (key, name, problems_of(message)) == (key, name, ())
    main = rows.main(key[0], entry, made.pop(MAIN), closed_parts=False)
    values = {name: rows.part(entry, message) for name, message in made.items()}

    back = rows.entry(key, {MAIN: main, **values}, {})

    assert shown(back.state) == shown(entry.state)
    assert (back.sequence, list(back.recent)) == (entry.sequence, list(entry.recent))


@pytest.mark.parametrize("entry", SNAPSHOTS, ids=lambda entry: entry.name)
def test_any_row_within_its_bounds_is_written_and_read_back(entry: CatalogEntry) -> None:
    codec = a_codec()

    def check(seed: int) -> None:
        message: Any = a_message(entry, seed)

        found = codec.decode(codec.encode(message, SnapshotEnvelope(sequence=1 + seed % 1000)))

        assert found.message == message
        assert found.envelope.sequence == 1 + seed % 1000

    for_any_seed(check, 8)
