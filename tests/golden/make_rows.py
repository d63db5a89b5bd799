"""`python -m tests.golden.make_rows N`: rows of states of release N, with what they are restored to; made once, at the release.

The states are those that the tests of aggregates lead to: each one that brings a kind of aggregate, a status, or a field with
something in it that no state before it had. Written to `rows/N.json.gz`: the schemas of the rows in the order of their ids, and
for each state its rows, its sequence, the commands that it knows, and the state itself.
"""

import gzip
import json
import sys
from collections.abc import Callable, Iterator
from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

from commands.aggregates import AGGREGATES
from commands.engine.entries import Entry, Key
from commands.engine.rows import RowCodec
from commands.snapshot import MAIN
from schemas.catalog import CATALOG, messages, self_contained
from schemas.wire import Codec
from tests.commands import (
    test_leases,
    test_long_lists,
    test_small_aggregates,
    test_task_actions,
    test_task_aside,
    test_task_merges,
    test_task_saga,
)
from tests.commands.in_memory import Culm, a_culm
from tests.golden import more_scenes
from tests.golden.shown_states import shown
from tests.sim.seeds import quiet

FOLDER = Path(__file__).parent / "rows"
SCENES = (
    test_task_saga,
    test_task_actions,
    test_task_merges,
    test_leases,
    test_small_aggregates,
    test_task_aside,
    test_long_lists,
    more_scenes,
)
NAMES = sorted(entry.full_name for entry in messages() if entry.role == "snapshots")
#: What a state has that others may lack: names of a message, a field, and for a status its value.
Feature = tuple[str, ...]


def main(release: int) -> int:
    """Number of states written; refuses to touch a release that has its rows."""
    path = FOLDER / f"{release}.json.gz"
    if path.exists():
        sys.exit(f"{path} exists; the rows of a release are never made again")
    quiet()
    rows = RowCodec(Codec({name: number for number, name in enumerate(NAMES, start=1)}, lambda number: {}))
    states = [recorded(rows, key, entry) for key, entry in chosen()]
    schemas = [self_contained(CATALOG[name]) for name in NAMES]
    text = json.dumps({"schemas": schemas, "states": states}, indent=1, sort_keys=True)
    FOLDER.mkdir(exist_ok=True)
    # Without the time, so that the same states make the same file.
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
    return len(states)


def chosen() -> Iterator[tuple[Key, Entry]]:
    """The states that show something new."""
    seen: set[Feature] = set()
    for module in SCENES:
        for name, scene in sorted(vars(module).items()):
            if name.startswith("test_") and not signature(scene).parameters:
                for key, entry in played(module, scene):
                    new = features(key, entry) - seen
                    if new:
                        seen |= new
                        yield key, entry


def played(module: ModuleType, scene: Callable[[], None]) -> Iterator[tuple[Key, Entry]]:
    """Every state with a history that a test leaves behind."""
    systems: list[Culm] = []

    def remembered(*arguments: Any, **more: Any) -> Culm:
        systems.append(a_culm(*arguments, **more))
        return systems[-1]

    with patch("tests.commands.builders.a_culm", remembered), patch.object(module, "a_culm", remembered, create=True):
        scene()
    for culm in systems:
        yield from ((key, entry) for key, entry in culm.store.entries() if entry.sequence)


def features(key: Key, entry: Entry) -> set[Feature]:
    """Fields of its rows that hold something, and its status."""
    found: set[Feature] = {(key[0], str(getattr(entry.state, "status", "")))}
    for _, message in rows_of(key, entry):
        found |= {(type(message).__name__, name) for name, value in message.to_avro().items() if value}
    return found


def rows_of(key: Key, entry: Entry) -> list[tuple[str, Any]]:
    """All rows of a state."""
    form = AGGREGATES[key[0]].snapshot
    return sorted(form.rows(entry.state, {MAIN, *form.names(entry.state)}))


def recorded(rows: RowCodec, key: Key, entry: Entry) -> dict[str, Any]:
    """A state as it is kept."""
    values = {
        name: rows.main(key[0], entry, message, closed_parts=False) if name == MAIN else rows.part(entry, message)
        for name, message in rows_of(key, entry)
    }
    return {
        "aggregate": key[0],
        "id": key[1],
        "rows": {name: value.hex() for name, value in values.items()},
        "sequence": entry.sequence,
        "commands": list(entry.recent),
        "state": shown(entry.state),
    }


if __name__ == "__main__":
    print(main(int(sys.argv[1])), "states")
