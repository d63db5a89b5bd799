"""The logs of earlier releases are read by this one: states fold without a bug, rows are what each release showed.

A folder holds `log.avro`, an export of a real stack (demo, prun with every ending, a merge, kills, a load with poison),
`rows.json.gz`, what its read models held, `states.json.gz`, the states of its deciders, and `expected.json`, what a fold must
find. A column or field that a later version added is not compared. The states of the first two logs are those that the version of
30 November 2026 made of them, not those of the release itself. `tests/golden/make_log.py` makes them.
"""

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.golden.earlier_log import EarlierLog

FOLDERS = sorted(path.parent for path in Path(__file__).parent.glob("*/log.avro"))
#: Kind and field of a state -> why a later version has another value, or none.
CHANGED: dict[tuple[str, str], str] = {}
each_log = pytest.mark.parametrize("folder", FOLDERS, ids=[path.name for path in FOLDERS])


def read(path: Path) -> Any:
    """What a file of a log holds."""
    with gzip.open(path) as file:
        return json.load(file)


def write(path: Path, content: Any) -> None:
    """Replace a file of a log."""
    path.write_bytes(gzip.compress(json.dumps(content).encode(), mtime=0))


def test_there_are_earlier_logs() -> None:
    assert {"before_shards", "shards"} <= {path.name for path in FOLDERS}


@each_log
def test_every_state_folds_without_a_bug(folder: Path) -> None:
    earlier, expected = EarlierLog(folder), json.loads((folder / "expected.json").read_text(encoding="utf-8"))

    assert {"events": len(earlier.records()), "jobs_ended": len(earlier.jobs_ended())} == expected


@each_log
def test_every_state_is_what_it_was(folder: Path) -> None:
    assert sorted(set(EarlierLog(folder).state_differences(CHANGED))) == []


def test_a_row_or_a_state_that_is_missing_or_another_is_named(tmp_path: Path) -> None:
    (folder,) = (path for path in FOLDERS if path.name == "before_shards")
    earlier = EarlierLog(Path(shutil.copytree(folder, tmp_path / "log")))
    rows, states = read(earlier.folder / "rows.json.gz"), read(earlier.folder / "states.json.gz")
    rows["task"][0]["task_id"] = 7
    job = next(name for name in states if name.startswith("job "))
    states["job 7"] = states.pop(job)
    task = next(name for name in states if name.startswith("task "))
    states[task]["priority"] = -1
    write(earlier.folder / "rows.json.gz", rows)
    write(earlier.folder / "states.json.gz", states)

    assert list(earlier.differences()) == ["task: no row ('7',)"]
    assert sorted(earlier.state_differences()) == sorted(
        [f"{job}: no state, or one too many", "job 7: no state, or one too many", "task.priority"]
    )
    assert list(earlier.state_differences([("task", "priority")])) != list(earlier.state_differences())


@each_log
def test_rows_are_what_the_earlier_release_showed(folder: Path) -> None:
    assert sorted(set(EarlierLog(folder).differences())) == []
