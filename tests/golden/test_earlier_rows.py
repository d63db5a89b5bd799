"""Rows of every release make the states that they made then, so that a restart after a release needs no fold.

`rows/N.json.gz` is made by `make_rows.py` when release N is. A field of a state that a later version added is not compared; one
that it renamed or changed must be listed below, with the reason.
"""

import gzip
import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from commands.engine.rows import RowCodec
from schemas.catalog import messages
from schemas.wire import Codec
from tests.golden.make_rows import FOLDER
from tests.golden.shown_states import as_recorded, shown

RELEASES = sorted(FOLDER.glob("*.json.gz"))
#: (aggregate, field of its state) -> why a later version has another value, or none.
CHANGED: dict[tuple[str, str], str] = {
    ("worker", "live"): "a living worker is a record, with its state and its organisation in it",
    ("worker", "vos"): "the organisation of a worker is in its record",
}
#: In no aggregate's rows: the marker of a round, the end of a part above a closed row, and commands that were decided.
OF_NO_STATE = {"culm.snapshot.SnapshotMarker", "culm.snapshot.RowGone", "culm.snapshot.DecidedCommands"}
#: Far from the ids of the recorded rows, so that each is read by the schema that wrote it.
OWN_IDS_FROM = 1_000


@cache
def release(path: Path) -> dict[str, Any]:
    """Schemas and states of a release."""
    with gzip.open(path) as file:
        found: dict[str, Any] = json.load(file)
    return found


def rows_of(path: Path) -> RowCodec:
    """Reads rows of a release as a decider does: its schemas come from the registry."""
    own = {entry.full_name: number for number, entry in enumerate(messages(), start=OWN_IDS_FROM)}
    return RowCodec(Codec(own, schema_of(path)))


def schema_of(path: Path) -> Callable[[int], Mapping[str, Any]]:
    """The registry of a release: finds a schema by its id."""
    return dict(enumerate(release(path)["schemas"], start=1)).__getitem__


def restored(path: Path, state: dict[str, Any]) -> dict[str, Any]:
    """What this version makes of the rows of a state, as it was recorded then."""
    key = (state["aggregate"], state["id"])
    entry = rows_of(path).entry(key, {name: bytes.fromhex(value) for name, value in state["rows"].items()}, {})
    return {"sequence": entry.sequence, "commands": list(entry.recent), "state": shown(entry.state)}


def test_there_are_rows_of_a_release() -> None:
    assert [path.name for path in RELEASES][:1] == ["1.json.gz"]


@pytest.mark.parametrize("path", RELEASES, ids=lambda path: path.name)
def test_rows_of_a_release_make_the_states_that_they_made_then(path: Path) -> None:
    for state in release(path)["states"]:
        expected = {name: state[name] for name in ("sequence", "commands", "state")}
        found = restored(path, state)
        for field in [name for (aggregate, name) in CHANGED if aggregate == state["aggregate"]]:
            expected["state"].pop(field, None)
        assert as_recorded(found, expected) == expected, f"{state['aggregate']} {state['id']}"


@pytest.mark.parametrize("path", RELEASES, ids=lambda path: path.name)
def test_the_rows_of_a_release_are_of_every_kind_that_it_had(path: Path) -> None:
    known = Codec({}, schema_of(path))
    names = {f"{schema['namespace']}.{schema['name']}" for schema in release(path)["schemas"]}

    recorded = {known.name_of(bytes.fromhex(value)) for state in release(path)["states"] for value in state["rows"].values()}

    assert recorded == names - OF_NO_STATE


def test_the_first_release_recorded_states_of_these_aggregates() -> None:
    aggregates = {state["aggregate"] for state in release(RELEASES[0])["states"]}

    assert aggregates == {"dataset", "job", "policy", "queue", "task", "task_name", "worker"}


def test_a_recorded_state_says_what_is_in_it() -> None:
    state = next(state for state in release(RELEASES[0])["states"] if state["aggregate"] == "task_name")

    assert restored(RELEASES[0], state)["state"] == {"task_id": 1}
    assert restored(RELEASES[0], state)["sequence"] == 1
