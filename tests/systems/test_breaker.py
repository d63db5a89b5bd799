"""The circuit breaker of a batch system, by a driven clock."""

from collections.abc import Callable, Sequence
from pathlib import Path

from agents.harvester.systems.breaker import Breaker, answered, failed, listed
from agents.harvester.systems.contract import (
    BatchSystem,
    CancelOutcome,
    Description,
    EventSource,
    Listing,
    NativeState,
    NativeWorker,
    Refused,
    SubmitOutcome,
    Submitted,
    Unknown,
    WorkerSpec,
)
from agents.harvester.systems.guarded import GuardedSystem

SPEC = WorkerSpec("kit-w1", "KIT", 1, 300, 0, 600, Path("/bin/true"))
WORKER = NativeWorker("kit-w1", "1", NativeState.RUNNING, "RUNNING")


class Scripted:
    """A batch system that answers or not, and counts how often it was asked."""

    def __init__(self) -> None:
        self.works, self.asked = False, 0

    def describe(self) -> Description:
        return Description("scripted", True, True, 10)

    def problem(self) -> str:
        return ""

    def submit(self, specs: Sequence[WorkerSpec]) -> Sequence[SubmitOutcome]:
        self.asked += 1
        return [Submitted(spec.tag, "1", "here") if self.works else Unknown(spec.tag, "no answer") for spec in specs]

    def listing(self) -> Listing:
        self.asked += 1
        return Listing(self.works, 0.0, (), "" if self.works else "no answer")

    def cancel(self, workers: Sequence[NativeWorker]) -> Sequence[CancelOutcome]:
        self.asked += 1
        return [CancelOutcome.ORDERED if self.works else CancelOutcome.UNKNOWN for _ in workers]

    def sweep(self, is_over: Callable[[str], bool]) -> int:
        return 0

    def events(self) -> EventSource | None:
        return None


def broken_three_times(now: float) -> Breaker:
    breaker = Breaker()
    for _ in range(3):
        breaker = failed(breaker, now, "no answer")
    return breaker


def test_two_failures_in_a_row_hold_nothing_back() -> None:
    breaker = failed(failed(Breaker(), 1.0, "no answer"), 2.0, "no answer")

    assert breaker.may_order()
    assert breaker.may_list(2.0)
    assert breaker.sentence(2.0) == ""


def test_a_third_failure_holds_orders_back_and_says_why() -> None:
    breaker = broken_three_times(100.0)

    assert not breaker.may_order()
    assert not breaker.may_list(109.0)
    assert breaker.sentence(104.0) == "not asked after 3 failures in a row, next try in 6 s; the last one: no answer"


def test_after_the_pause_a_listing_may_try_and_orders_still_may_not() -> None:
    breaker = broken_three_times(100.0)

    assert breaker.may_list(110.0)
    assert not breaker.may_order()


def test_pauses_double_up_to_five_minutes() -> None:
    breaker, pauses = broken_three_times(0.0), []
    for _ in range(8):
        pauses.append(breaker.open_until)
        breaker = failed(breaker, 0.0, "no answer")

    assert pauses == [10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0, 300.0]


def test_a_complete_listing_closes_it() -> None:
    assert listed(broken_three_times(0.0)) == Breaker()


def test_an_answered_order_closes_nothing_that_is_open() -> None:
    assert answered(broken_three_times(0.0)) == broken_three_times(0.0)
    assert answered(failed(Breaker(), 0.0, "no answer")) == Breaker()


def test_what_is_held_back_does_not_reach_the_system_and_proves_nothing() -> None:
    system, now = Scripted(), [100.0]
    guarded: BatchSystem = GuardedSystem(system, lambda: now[0])
    for _ in range(3):
        guarded.listing()

    assert guarded.submit([SPEC]) == [
        Refused("kit-w1", "not asked after 3 failures in a row, next try in 10 s; the last one: no answer", permanent=False)
    ]
    assert guarded.cancel([WORKER]) == [CancelOutcome.UNKNOWN]
    assert not guarded.listing().complete
    assert system.asked == 3


def test_a_system_that_answers_again_is_used_after_one_listing() -> None:
    system, now = Scripted(), [100.0]
    guarded = GuardedSystem(system, lambda: now[0])
    for _ in range(3):
        guarded.submit([SPEC])
    system.works, now[0] = True, 111.0

    assert guarded.listing().complete
    assert guarded.submit([SPEC]) == [Submitted("kit-w1", "1", "here")]
    assert guarded.trouble == ""
