"""Clocks of jobs: the table of the document is that of the code, and what a rung clock becomes."""

import re
from pathlib import Path

import pytest

from schemas.clocks import BUILT_IN, OF_TASKS, in_words
from schemas.job import ExpireJobState
from streams.timers.due import Due, command_for
from streams.timers.job_clocks import look_micros
from streams.timers.watch import HeartbeatWindow

SECOND = 1_000_000
FLOW = Path(__file__).parents[2] / "docs/flow.md"
UNITS = {"min": 60, "h": 3_600, "d": 86_400}


def rows() -> list[list[str]]:
    """Cells of the table of all clocks."""
    text = FLOW.read_text(encoding="utf-8").split("| clock | of what | length | then | runs from, until |\n", 1)[1]
    lines = text.split("\n\n", 1)[0].splitlines()[1:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_each_clock_of_a_job_stands_in_the_document_with_its_length_and_code_and_no_other_does() -> None:
    others = {"lease", "scheduled", *(clock.name for clock in OF_TASKS)}
    told = {row[0].strip("`"): row for row in rows() if row[0] not in ("not built", "none")}

    assert told.keys() == {clock.name for clock in BUILT_IN} | others
    for of_tasks in OF_TASKS:
        number, unit = told[of_tasks.name][2].split()
        assert int(number) * UNITS[unit] == of_tasks.seconds, of_tasks.name
        assert (of_tasks.priority_min or "") == _number_in(told[of_tasks.name][1]), of_tasks.name
    for clock in BUILT_IN:
        name, about, length, then, _ = told[clock.name]
        number, unit = length.split()
        assert int(number) * UNITS[unit] == clock.seconds, name
        assert re.search(rf"\b{clock.code}\b", then), name
        assert clock.name == "age" or about.startswith(clock.statuses[0]), name


def _number_in(text: str) -> int | str:
    found = re.search(r"priority from (\d+)", text)
    return int(found[1]) if found else ""


def test_each_kind_of_deadline_that_is_set_is_one_of_the_document_and_has_a_command() -> None:
    applied = (FLOW.parent.parent / "projections/deadlines/apply.py").read_text(encoding="utf-8")
    kinds = set(re.findall(r'(?:_set|_row)\(record, "(\w+)"', applied)) | set(re.findall(r'"kind": "(\w+)"', applied))
    detail = {"lease_seconds": 1, "job_id": 1, "lease_id": "l"}

    assert kinds == {"lease", "scheduled", *(clock.kind for clock in OF_TASKS)}
    for kind in kinds:
        row = Due(kind, "10000001", "", 1, 1, detail=detail)
        assert command_for(row, 10 * SECOND, HeartbeatWindow(0, 10 * SECOND, 0)) is not None, kind


def test_what_is_not_built_says_why() -> None:
    left = [row for row in rows() if row[0] == "not built"]

    assert len(left) == 5
    assert all(len(row[4].split()) >= 4 for row in left)


def test_a_rung_clock_is_a_command_to_the_job_with_what_was_seen_of_it() -> None:
    detail = {"status": "holding", "lease_id": "l1", "code": 103, "seconds": 10_800, "task_id": 10_000_001}
    row = Due("clock:holding_user", "77", "", 5 * SECOND, 9, "wlcg", detail)

    made = command_for(row, 6 * SECOND, HeartbeatWindow(None, 0, 0))

    assert made is not None
    assert made.command == ExpireJobState(
        clock="holding_user", status="holding", lease_id="l1", code=103, seconds=10_800
    )
    assert (made.envelope.aggregate_id, made.envelope.vo, made.envelope.role) == ("77", "wlcg", "system")


@pytest.mark.parametrize(
    ("seconds", "look"), [(60, 30), (1_800, 30), (3_600, 60), (10_800, 180), (172_800, 2_880), (1_814_400, 3_600)]
)
def test_a_clock_is_looked_at_after_a_sixtieth_of_its_length(seconds: int, look: int) -> None:
    assert look_micros(seconds) == look * SECOND


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(604_800, "7 days"), (86_400, "24 hours"), (172_800, "48 hours"), (5_400, "90 minutes"),
     (3_600, "1 hour"), (61, "61 seconds")],
)
def test_a_length_is_said_in_the_largest_unit_that_it_is_a_whole_number_of(seconds: int, text: str) -> None:
    assert in_words(seconds) == text
