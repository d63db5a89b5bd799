"""A batch system behind its circuit breaker: what is held back is answered at once, without asking the system.

Held back, a submission is `Refused` for now (the system certainly does not have the worker), a cancellation not known, a listing
incomplete: none of them proves what it must not.
"""

import time
from collections.abc import Callable, Sequence

from agents.harvester.systems.breaker import Breaker, answered, failed, listed
from agents.harvester.systems.contract import (
    BatchSystem,
    CancelOutcome,
    Description,
    EventSource,
    FindsHalfSubmitted,
    KeepsLastWords,
    Listing,
    NativeWorker,
    Refused,
    RetiresWorkers,
    SubmitOutcome,
    Unknown,
    WorkerSpec,
)


class GuardedSystem:
    """`system` as a BatchSystem that is left in peace while it fails. clock: seconds that only grow."""

    def __init__(self, system: BatchSystem, clock: Callable[[], float] = time.monotonic) -> None:
        self._system, self._clock = system, clock
        self._breaker = Breaker()

    @property
    def trouble(self) -> str:
        """Why the system is not asked, for the queue's page; empty while it is."""
        return self._breaker.sentence(self._clock())

    def describe(self) -> Description:
        """As the system says."""
        return self._system.describe()

    def problem(self) -> str:
        """As the system says."""
        return self._system.problem()

    def submit(self, specs: Sequence[WorkerSpec]) -> Sequence[SubmitOutcome]:
        """As the system answers; refused for now while the breaker is open."""
        if not self._breaker.may_order():
            return [Refused(spec.tag, self.trouble, permanent=False) for spec in specs]
        outcomes = self._system.submit(specs)
        self._learn([outcome.reason for outcome in outcomes if isinstance(outcome, Unknown)])
        return outcomes

    def listing(self) -> Listing:
        """As the system answers; incomplete while the breaker is open, but for one listing after each pause."""
        if not self._breaker.may_list(self._clock()):
            return Listing(False, time.time(), (), self.trouble)
        listing = self._system.listing()
        self._breaker = listed(self._breaker) if listing.complete else failed(self._breaker, self._clock(), listing.problem)
        return listing

    def cancel(self, workers: Sequence[NativeWorker]) -> Sequence[CancelOutcome]:
        """As the system answers; not known while the breaker is open."""
        if not self._breaker.may_order():
            return [CancelOutcome.UNKNOWN for _ in workers]
        outcomes = self._system.cancel(workers)
        self._learn(["a cancellation was not acknowledged"] if CancelOutcome.UNKNOWN in outcomes else [])
        return outcomes

    def sweep(self, is_over: Callable[[str], bool]) -> int:
        """As the system does."""
        return self._system.sweep(is_over)

    def events(self) -> EventSource | None:
        """As the system offers them."""
        return self._system.events()

    def last_words(self, tag: str) -> str:
        """The end of a worker's error output, at most 8 KB; empty where the plugin does not keep it."""
        return self._system.last_words(tag) if isinstance(self._system, KeepsLastWords) else ""

    def retire(self, workers: Sequence[NativeWorker]) -> None:
        """As the system does; nothing where it cannot, and while the breaker is open."""
        if isinstance(self._system, RetiresWorkers) and self._breaker.may_order():
            self._system.retire(workers)

    def half_submitted(self, workers: Sequence[NativeWorker]) -> Sequence[NativeWorker]:
        """As the system says; none where it cannot, and while the breaker is open."""
        if isinstance(self._system, FindsHalfSubmitted) and self._breaker.may_order():
            return self._system.half_submitted(workers)
        return ()

    def _learn(self, failures: Sequence[str]) -> None:
        self._breaker = failed(self._breaker, self._clock(), failures[0]) if failures else answered(self._breaker)
