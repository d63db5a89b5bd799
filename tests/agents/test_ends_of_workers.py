"""The harvester tells the fingerprint of a bad end, with the worker's last words where the plugin keeps them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agents.harvester.batch import ServedSystem
from agents.harvester.known_workers import KnownWorker
from agents.harvester.systems.contract import (
    BatchSystem,
    CancelOutcome,
    Description,
    EventSource,
    Listing,
    NativeState,
    NativeWorker,
    SubmitOutcome,
    WorkerSpec,
)
from agents.harvester.systems.guarded import GuardedSystem
from agents.harvester.systems.local import LocalProcesses

TAG = "kit-q-0123456789ab"


class Ends:
    """A batch system with one worker that failed."""

    def __init__(self) -> None:
        self.retired: list[str] = []

    def describe(self) -> Description:
        return Description("ends", True, True, 10)

    def problem(self) -> str:
        return ""

    def submit(self, specs: Sequence[WorkerSpec]) -> Sequence[SubmitOutcome]:
        return []

    def listing(self) -> Listing:
        return Listing(True, 1.0, (NativeWorker(TAG, "7", NativeState.FAILED, "FAILED", exit_code=3),))

    def cancel(self, workers: Sequence[NativeWorker]) -> Sequence[CancelOutcome]:
        return []

    def sweep(self, is_over: Callable[[str], bool]) -> int:
        return 0

    def events(self) -> EventSource | None:
        return None


class EndsWithWords(Ends):
    """It keeps what the worker wrote, and can retire workers."""

    def __init__(self, words: str | None) -> None:
        super().__init__()
        self.words = words

    def last_words(self, tag: str) -> str:
        if self.words is None:
            raise RuntimeError("the spool is gone")
        return self.words

    def describe(self) -> Description:
        return replace(super().describe(), retires=True)

    def retire(self, workers: Sequence[NativeWorker]) -> None:
        self.retired += [worker.tag for worker in workers]


def told_of(system: BatchSystem) -> dict[str, Any]:
    """The report of the end of the one worker of `system`."""
    worker = KnownWorker("q-0123456789ab", TAG, "Q", "running", is_submitted=True)
    over: list[KnownWorker] = []
    service = SimpleNamespace(
        name="Q",
        epoch=0,
        known={TAG: worker},
        untold=frozenset(),
        is_informed=False,
        queue=SimpleNamespace(slug="q"),
        over=over.append,
        hold=lambda: None,
    )
    config = SimpleNamespace(stack="kit", harvester_id="h", poll_seconds=5.0)
    told: list[dict[str, Any]] = []
    reporting = SimpleNamespace(tell=lambda queue, *reports: told.extend(reports))
    made = ServedSystem("ends", system, [cast(Any, service)], cast(Any, config), cast(Any, None), cast(Any, reporting))
    service.demand = SimpleNamespace(demand=SimpleNamespace(wanted=0))
    made.look(at_once=True)
    (report,) = told
    assert over == [worker]
    return report


def test_last_words_give_an_end_its_class() -> None:
    words = "starting\nslurmstepd: error: Detected 1 oom-kill event(s) in StepId=7.batch\n"

    assert told_of(GuardedSystem(EndsWithWords(words)))["fingerprint"] == "out-of-memory"


def test_ends_in_no_table_are_grouped_by_their_text_and_the_text_is_not_told() -> None:
    one = told_of(GuardedSystem(EndsWithWords("token s3cret of worker 17 refused")))
    other = told_of(GuardedSystem(EndsWithWords("token s3cret of worker 4242 refused")))

    assert one["fingerprint"] == other["fingerprint"]
    assert one["fingerprint"].startswith("unknown-")
    assert "s3cret" not in str(one)


@pytest.mark.parametrize("system", [Ends(), EndsWithWords(None), EndsWithWords("\ud800" * 100_000)])
def test_a_plugin_without_words_that_breaks_or_that_says_too_much_keeps_no_end_from_being_told(system: Ends) -> None:
    report = told_of(GuardedSystem(system))

    assert report["state"] == "failed"
    assert report["fingerprint"].startswith("unknown-")


def test_the_guard_passes_on_that_workers_shall_retire_unless_the_system_is_left_in_peace() -> None:
    system = EndsWithWords("")
    guarded = GuardedSystem(system)
    worker = NativeWorker(TAG, "7", NativeState.RUNNING, "RUNNING")

    guarded.retire([worker])
    GuardedSystem(Ends()).retire([worker])

    assert system.retired == [TAG]


def test_a_process_of_this_host_leaves_its_output_as_last_words(tmp_path: Path) -> None:
    local = LocalProcesses("kit", {}, tmp_path)
    (tmp_path / TAG).mkdir()
    (tmp_path / TAG / "pilot.log").write_text("x" * 10_000 + "\nlast line\n")

    assert local.last_words(TAG)[-10:] == "last line\n"
    assert len(local.last_words(TAG)) == 8192
    assert local.last_words("kit-none") == ""
    assert local.last_words("other-../../etc") == ""
