"""How `make sites` judges: what was asked, what a plugin showed and what the system's books hold."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from agents.harvester.systems.contract import NativeState, NativeWorker
from agents.harvester.systems.local_records import LocalRecord, LocalRecords, state_of
from tests.systems.kit_runs import kit_passes
from tests.systems.real_local import RealLocalAdapter
from tests.systems.sites import Tally, compared, compared_with_log
from tests.systems.through_culm import PUSH, LoggedWorker, Plan, tally_once_cleared, wasted_workers

FINISHED, RUNNING = NativeState.FINISHED, NativeState.RUNNING
SHOWN = [NativeWorker("kit-1", "1", FINISHED, "COMPLETED"), NativeWorker("kit-2", "2", FINISHED, "COMPLETED")]
ASKED = {"kit-1": 1000, "kit-2": 2000}


def test_books_that_agree_have_no_orphan_and_no_double() -> None:
    assert compared(ASKED, SHOWN, [("kit-1", 1000, FINISHED), ("kit-2", 2000, FINISHED)]) == Tally(0, 0)


def test_a_second_job_of_a_tag_is_a_double() -> None:
    books = [("kit-1", 1000, FINISHED), ("kit-1", 1000, FINISHED), ("kit-2", 2000, FINISHED)]

    assert compared(ASKED, SHOWN, books) == Tally(0, 1)


def test_a_job_that_was_not_asked_for_or_still_lives_is_an_orphan() -> None:
    books = [("kit-1", 1000, FINISHED), ("kit-2", 2000, RUNNING), ("kit-3", 1000, FINISHED)]

    assert compared(ASKED, SHOWN, books).orphans == 2


def test_another_memory_another_state_and_a_missing_job_are_named() -> None:
    assert compared(ASKED, SHOWN, [("kit-1", 1024, NativeState.FAILED)]).differences == (
        "kit-2 is in no book of the system",
        "kit-1 was given 1024 MB, asked 1000",
        "kit-1 is FINISHED by the plugin, FAILED by the system",
    )


def test_a_worker_that_the_log_has_as_failed_and_the_system_as_finished_is_named() -> None:
    workers = [("kit-1", "failed", 1000), ("kit-2", "missed", 2000)]

    differences = compared_with_log(workers, [("kit-1", 1000, FINISHED)]).differences

    assert differences == ("kit-1 is failed in the log, FINISHED by the system",)


def test_fewer_jobs_than_sizes_are_the_largest_ones() -> None:
    assert Plan(2, PUSH).memories_mb == (11_000, 20_000)


def test_a_worker_that_began_after_the_log_was_read_is_no_orphan_once_the_log_is_read_again() -> None:
    books = [("kit-1", 1000, FINISHED), ("kit-2", 2000, FINISHED)]
    readings: Iterator[list[LoggedWorker]] = iter(
        [[("kit-1", "finished", 1000)], [("kit-1", "finished", 1000), ("kit-2", "finished", 2000)]]
    )

    workers, tally = tally_once_cleared(lambda: books, lambda: next(readings), math.inf)

    assert (len(workers), tally) == (2, Tally(0, 0))


def test_what_does_not_agree_until_the_time_is_over_stays_an_orphan() -> None:
    _, tally = tally_once_cleared(lambda: [("kit-1", 1000, RUNNING)], lambda: [("kit-1", "finished", 1000)], -math.inf)

    assert tally.orphans == 1


def test_more_workers_than_two_for_each_job_and_one_of_each_class_are_named() -> None:
    assert wasted_workers(47, Plan(22)) == ()
    assert wasted_workers(48, Plan(22)) == ("48 workers were started for 22 jobs, expected 47 at most",)


@pytest.mark.parametrize(
    ("record", "state"),
    [
        (LocalRecord(pid=1, ended=True, code=0), FINISHED),
        (LocalRecord(pid=1, ended=True, code=7), NativeState.FAILED),
        (LocalRecord(pid=1, ended=True, code=-10), NativeState.FAILED),
        (LocalRecord(pid=1, ended=True, code=-10, retired=True), FINISHED),
        (LocalRecord(pid=1, ended=True, code=138, retired=True), FINISHED),
        (LocalRecord(pid=1, ended=True, code=9, retired=True), NativeState.FAILED),
    ],
)
def test_books_of_a_host_have_a_worker_that_retired_before_it_listened_as_ended_well(
    record: LocalRecord, state: NativeState, tmp_path: Path
) -> None:
    adapter = RealLocalAdapter(tmp_path, "kitx")
    records = LocalRecords(adapter.spool / ".workers")
    records.begin("kitx-q-1")
    records.write("kitx-q-1", replace(record, born=1, memory_mb=1000))

    assert adapter.books() == [("kitx-q-1", 1000, state)]
    assert state_of(record) is state


class _Runs:
    """Runs of pytest with these codes, one after the other."""

    def __init__(self, *codes: int) -> None:
        self.codes = list(codes)
        self.asked: list[list[str]] = []

    def run(self, arguments: Sequence[str]) -> int:
        self.asked.append(list(arguments))
        return self.codes.pop(0)


def test_cases_of_the_kit_that_failed_run_once_more_alone_and_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    runs = _Runs(1, 0)

    assert kit_passes(["slurm"], runs.run, lambda: ["tests/systems/test_ends.py::test_an_end[real_slurm]"]) == 0

    assert runs.asked[1][:3] == ["-q", "-n0", "tests/systems/test_ends.py::test_an_end[real_slurm]"]
    assert capsys.readouterr().out == "kit: run a second time, passed then: test_an_end[real_slurm]\n"


def test_a_case_that_fails_twice_fails_the_kit() -> None:
    assert kit_passes(["slurm"], _Runs(1, 1).run, lambda: ["tests/systems/a.py::b"]) == 1


def test_many_failures_and_a_run_that_was_cut_off_stand() -> None:
    for code, cases in ((1, ["a", "b", "c", "d"]), (2, ["a"]), (1, [])):
        runs = _Runs(code)

        assert kit_passes(["slurm"], runs.run, lambda cases=cases: cases) == code  # type: ignore[misc]
        assert len(runs.asked) == 1
