"""Hostile records of every command, decided in memory: no bug meets one, and the next record is served."""

from typing import Any

import pytest

from schemas.catalog import CatalogEntry
from schemas.dataset import RegisterFiles, SubscribeContents
from schemas.policy import SetClocks, SetThrottles
from schemas.task import DropInput, ExpireInput, HoldInput, ReleaseInput
from schemas.types import AccountCap, ClockSetting, DatasetFile, ThrottleLimits, UnitRange
from tests.commands.in_memory import Culm, a_culm
from tests.hostile.draws import drawn
from tests.hostile.test_meant import COMMANDS, GROUND, IDS, answered
from tests.hostile.topics import well_formed, well_formed_record
from tests.schemas.within_bounds import MORE

EXAMPLES = 60 if MORE else 6
SEED = 7
LONG_MAX, INT_MAX = 2**63 - 1, 2**31 - 1
OF_NO_BOUNDARY = DatasetFile(lfn="f", scope="s", guid="", size_bytes=1, checksum="", endpoint="D", boundary_id=-5)
(SUBMIT,) = (entry for entry in COMMANDS if entry.name == "SubmitTask")


def bystander(culm: Culm, number: int) -> bool:
    """True when an honest submission is carried out."""
    answer = answered(culm, well_formed_record(SUBMIT, GROUND, IDS, number))
    return answer is not None and answer.accepted


@pytest.mark.slow  # thousands of messages are drawn
@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_no_hostile_command_is_met_by_a_bug_and_the_next_one_is_served(entry: CatalogEntry) -> None:
    for number, (record, odd) in enumerate(drawn(well_formed(entry, GROUND, IDS), EXAMPLES, SEED)):
        culm = a_culm()

        letters = [letter for one in (*record.before, record) for letter in letters_of(culm, one)]

        assert [letter for letter in letters if letter.error_class != "Poison"] == [], odd
        assert bystander(culm, 1_000_000 + number), odd


def letters_of(culm: Culm, record: Any) -> list[Any]:
    """Dead letters of a record and of what follows from it."""
    before = len(culm.letters)
    answered(culm, record)
    return culm.letters[before:]


@pytest.mark.parametrize(
    ("command", "key", "problem"),
    [
        (SetClocks(clocks=(ClockSetting(name="sent", seconds=INT_MAX),)), "clocks", "clocks[0].seconds: found 2147483647"),
        (SetClocks(clocks=(ClockSetting(name="sent", seconds=-1),)), "clocks", "clocks[0].seconds: found -1"),
        (SetClocks(clocks=(ClockSetting(name="sent", seconds=5),) * 2), "clocks", "clock sent is named twice"),
        (SetClocks(clocks=(ClockSetting(name="a" * 4_000, seconds=5),)), "clocks", "clocks[0].name: found 'aaa"),
        (SetThrottles(limits=(ThrottleLimits(threshold=float("nan")),), caps=()), "throttles", "limits[0].threshold: found nan"),
        (SetThrottles(limits=(ThrottleLimits(queue_limit=LONG_MAX),), caps=()), "throttles", "limits[0].queue_limit"),
        (SetThrottles(limits=(ThrottleLimits(),) * 1_001, caps=()), "throttles", "limits: found 1,001"),
        (SetThrottles(limits=(), caps=(AccountCap(jobs_max=-1),)), "throttles", "caps[0].jobs_max: found -1"),
        (SubscribeContents(task_id=LONG_MAX, chunk=LONG_MAX, position=-1), "user.hostile.data", "position: found -1"),
        (ExpireInput(seconds=-5), "7", "seconds: found -5"),
        (ReleaseInput(units=(UnitRange(first=1, last=LONG_MAX),), reason="r"), "7", "units[0].last: found 9223372036854775807"),
        (HoldInput(units=(UnitRange(first=1, last=1),) * 1_001, reason="r"), "7", "units: found 1,001 items"),
        (DropInput(units=(UnitRange(first=-3, last=1),), reason="r"), "7", "units[0].first: found -3"),
        (RegisterFiles(files=(OF_NO_BOUNDARY,)), "user.hostile.data", "files[0].boundary_id: found -5"),
    ],
    ids=lambda one: type(one).__name__ if not isinstance(one, str) else one[:30],
)
def test_an_absurd_value_is_refused_by_its_field(command: Any, key: str, problem: str) -> None:
    culm = a_culm()

    answer = culm.send(command, key, role="system")

    assert not answer.accepted
    assert problem in str(answer.message)
    assert culm.letters == []
    assert bystander(culm, 1)
