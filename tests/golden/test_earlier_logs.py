"""The logs of earlier releases are read by this one: states fold without a bug, rows are what each release showed.

A folder holds `log.avro`, an export of a real stack (demo, prun with every ending, a merge, kills, a load with poison),
`rows.json.gz`, what its read models held, and `expected.json`, what a fold must find. A column that a later version added is not
compared. `tests/golden/make_log.py` makes them.
"""

import json
from pathlib import Path

import pytest

from tests.golden.earlier_log import EarlierLog

FOLDERS = sorted(path.parent for path in Path(__file__).parent.glob("*/log.avro"))
each_log = pytest.mark.parametrize("folder", FOLDERS, ids=[path.name for path in FOLDERS])


def test_there_are_earlier_logs() -> None:
    assert {"before_shards", "shards"} <= {path.name for path in FOLDERS}


@each_log
def test_every_state_folds_without_a_bug(folder: Path) -> None:
    earlier, expected = EarlierLog(folder), json.loads((folder / "expected.json").read_text(encoding="utf-8"))

    assert {"events": len(earlier.records()), "jobs_ended": len(earlier.jobs_ended())} == expected


@each_log
def test_rows_are_what_the_earlier_release_showed(folder: Path) -> None:
    assert sorted(set(EarlierLog(folder).differences())) == []
