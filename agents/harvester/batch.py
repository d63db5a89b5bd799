"""One batch system with the queues that use it: its listing against what is known, and what follows.

In: listings. Out: reports, what Culm must learn of workers that are not there, cancellations. Guards: a worker of a queue that
another harvester serves is not touched; what lives without a living worker in the log is ended, once that has been so for a
while. What is not known is kept: files are removed, and strays ended, only where the log was read, and a whole listing
shows nothing else.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import structlog

from agents.harvester.clock import SYSTEM_CLOCK, Clock
from agents.harvester.config import HarvesterConfig
from agents.harvester.culm_calls import CulmCalls
from agents.harvester.fingerprints.match import STDERR_LENGTH_MAX, Evidence, fingerprint_of
from agents.harvester.fingerprints.shipped import shipped_table
from agents.harvester.kill_points import reach
from agents.harvester.known_workers import Compared, KnownWorker, compare, excess_of
from agents.harvester.reporting import Reporting
from agents.harvester.served import NOT_OURS, QUICK_SECONDS, QueueService
from agents.harvester.systems.contract import (
    BatchSystem,
    FindsHalfSubmitted,
    KeepsLastWords,
    Listing,
    NativeState,
    NativeWorker,
    RetiresWorkers,
)

#: So long something may live of which the log has no living worker: its pilot has said that it ends, and ends.
STRAY_SECONDS = 60.0
ABSENT_MAX = 1_000
SWEEP_SECONDS = 600.0
FROZEN_LOOK_SECONDS = 1.0
IDLE_LOOK_SECONDS = 60.0
#: So many times as long as a listing took, it is left alone even if something happens: thousands are a long answer.
LOOK_PAUSES = 5
#: So many workers of an earlier process are looked at after one listing.
CHECKED_MAX = 50
HALF_SUBMITTED = "it was submitted in part: its harvester was killed meanwhile"
log = structlog.get_logger()


class ServedSystem:
    """A batch system and the services of its queues."""

    def __init__(
        self,
        name: str,
        system: BatchSystem,
        services: Sequence[QueueService],
        config: HarvesterConfig,
        calls: CulmCalls,
        reporting: Reporting,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self.name, self.system, self.services = name, system, services
        self._config, self._calls, self._reporting, self._clock = config, calls, reporting, clock
        self._strays: dict[str, float] = {}
        #: Workers whose end was not yet reported to Culm, by tag.
        self._untold: set[str] = set()
        self._look_at = self._sweep_at = self._rests_until = 0.0
        self._living: dict[str, NativeWorker] = {}
        self._by_slug = {service.queue.slug: service for service in services}
        self._own_tag = re.compile(rf"{config.stack}-(?P<slug>{'|'.join(map(re.escape, self._by_slug))})-[0-9a-f]{{12}}")

    @property
    def known(self) -> dict[str, KnownWorker]:
        """Living workers of all its queues, by tag."""
        return {tag: worker for service in self.services for tag, worker in service.known.items()}

    @property
    def living(self) -> list[NativeWorker]:
        """What lives there and is known, by the last listing."""
        return list(self._living.values())

    def hurry(self) -> None:
        """Something may have changed."""
        self._look_at = 0.0

    def seconds_to_next(self) -> float:
        """Until the next listing is due."""
        return max(0.0, max(self._look_at, self._rests_until) - self._clock.monotonic())

    def look(self, at_once: bool = False) -> None:
        """Compare a listing with what is known, if it is time; raises CallFailed when absences cannot be reported."""
        began = self._clock.monotonic()
        if not at_once and began < max(self._look_at, self._rests_until):
            return
        self._look_at = began + self._pause_seconds()
        reach("listing.before")
        listing = self._listing()
        reach("listing.after")
        self._rests_until = self._clock.monotonic() + LOOK_PAUSES * (self._clock.monotonic() - began)
        if not listing.complete:
            log.warning("listing_not_complete", system=self.name, problem=listing.problem[:300])
        known = self.known
        found = compare(known, listing, self._config.harvester_id, self._cause_of)
        self._living = found.living
        for queue, reports in found.reports.items():
            self._reporting.tell(queue, *reports)
        self._end(found)
        self._cancel([*found.twice, *self._old_strays(found.strays)], "it is there twice or in no log")
        if listing.complete:
            self._sweep(listing)
            self._tell_absences(found, listing)
        self._withdraw_half_submitted()

    def cancel_ordered(self) -> None:
        """Pass orders on to the batch system, again and again until the worker is gone."""
        due = [self._living[tag] for tag, worker in self.known.items() if worker.cancel_why is not None and tag in self._living]
        self._cancel(due, "")

    def retire_excess(self, service: QueueService) -> None:
        """Workers that stay too many: those that wait are withdrawn, those that run take no more jobs. Raises CallFailed.

        In a queue that pushes these are all that ask for jobs; a worker that has its job is too many in none.
        """
        excess: list[KnownWorker] = []
        wanted = {size.name: size.wanted for size in service.demand.demand.classes if not service.demand.demand.pushes}
        for name in {worker.class_name for worker in service.known.values()}:
            excess += excess_of((one for one in service.known.values() if one.class_name == name), wanted.get(name, 0))
        if not excess or not service.epoch or not service.demand.demand.is_known:
            service.excess_since = None
            return
        if service.excess_since is None:
            service.excess_since = self._clock.monotonic()
        if self._clock.monotonic() - service.excess_since < self._config.patience_seconds:
            return
        for worker in excess:
            self._retire(service, worker)
        service.excess_since = None

    def end_all(self, why: str) -> None:
        """Order the end of everything that lives here, and of what may."""
        for worker in self.known.values():
            worker.cancel_why = worker.cancel_why or why
        self._cancel(self.living, "")

    def _pause_seconds(self) -> float:
        if not any(service.known or service.untold or service.demand.demand.wanted for service in self.services):
            return IDLE_LOOK_SECONDS
        return min(self._config.poll_seconds, FROZEN_LOOK_SECONDS) if self.name == "local" else self._config.poll_seconds

    def _listing(self) -> Listing:
        began_at = self._clock.wall()
        try:
            return self.system.listing()
        except Exception as problem:  # a plugin that breaks proves nothing
            log.exception("plugin_broke", system=self.name)
            return Listing(False, began_at, problem=f"the plugin broke: {type(problem).__name__}")

    def _cause_of(self, native: NativeWorker) -> str:
        """The fingerprint of a bad end; of a text in no row a number, so that no secret of the text leaves this host."""
        stderr = self._last_words(native.tag)
        evidence = Evidence(
            native.state.value, native.native_state, native.reason, native.exit_code, native.signal, stderr
        )
        found = fingerprint_of(evidence, shipped_table())
        log.info("worker_ended_badly", tag=native.tag, fingerprint=found.name, action=found.action.value)
        return found.name

    def _last_words(self, tag: str) -> str:
        if not isinstance(self.system, KeepsLastWords):
            return ""
        try:
            return str(self.system.last_words(tag))[-STDERR_LENGTH_MAX:]
        except Exception:  # a plugin that breaks keeps no end from being told
            log.exception("plugin_broke", system=self.name)
            return ""

    def _end(self, found: Compared) -> None:
        by_name = {service.name: service for service in self.services}
        for worker, native in found.ended:
            service = by_name[worker.queue]
            service.over(worker)
            log.info("pilot_ended", worker_id=worker.worker_id, state=worker.state, exit_code=native.exit_code)
            if native.state is NativeState.FAILED and self._clock.monotonic() - worker.since < QUICK_SECONDS:
                service.hold()
            elif native.state is NativeState.FINISHED:
                service.goes_well()
        for queue, adopted in found.adopted.items():
            log.info("pilot_adopted", queue=queue, workers=adopted[:100])

    def _old_strays(self, strays: Iterable[NativeWorker]) -> list[NativeWorker]:
        """What has lived long enough without a worker in the log, which was read since, in queues that this process serves."""
        now, ours = self._clock.monotonic(), {one.tag: one for one in strays if self._service_of(one.tag) is not None}
        self._strays = {tag: self._strays.get(tag, now) for tag in ours}
        return [ours[tag] for tag, since in self._strays.items() if now - since > STRAY_SECONDS and self._is_over(tag, since)]

    def _service_of(self, tag: str) -> QueueService | None:
        """The service of the queue that a worker is of; None of another harvester's."""
        found = self._own_tag.fullmatch(tag)
        return self._by_slug[found["slug"]] if found else None

    def _is_over(self, tag: str, since: float = 0.0) -> bool:
        """Whether the log has no living worker of this tag, as it was read after `since` (monotonic)."""
        service = self._service_of(tag)
        return service is not None and service.is_over(tag, since)

    def _cancel(self, workers: Sequence[NativeWorker], why: str) -> None:
        if not workers:
            return
        if why:
            log.warning("workers_cancelled", system=self.name, tags=[worker.tag for worker in workers][:100], why=why)
        reach("cancel.before")
        with self._unharmed():  # it is ordered again after the next listing
            self.system.cancel(workers)
        reach("cancel.after")

    @contextmanager
    def _unharmed(self) -> Iterator[None]:
        """A plugin that breaks costs what it was to do, and no other queue anything."""
        try:
            yield
        except Exception:
            log.exception("plugin_broke", system=self.name)

    def _retire(self, service: QueueService, worker: KnownWorker) -> None:
        native = self._living.get(worker.tag)
        if native is None:
            return
        if worker.state == "running":
            worker.is_leaving = True
            with self._unharmed():
                if self.system.describe().retires and isinstance(self.system, RetiresWorkers):
                    log.info("pilot_retired", worker_id=worker.worker_id)
                    self.system.retire([native])
            return
        self._withdraw(service, worker, "more workers than are wanted")

    def _withdraw_half_submitted(self) -> None:
        """Workers that wait, which this process did not submit: those that can never start are taken back. Raises CallFailed."""
        due = {
            worker.tag: (service, worker)
            for service in self.services
            for worker in service.known.values()
            if service.epoch and not worker.is_whole and worker.cancel_why is None and self._waits(worker.tag)
        }
        tags = list(due)[:CHECKED_MAX]
        half: set[str] = set()
        if isinstance(self.system, FindsHalfSubmitted):
            with self._unharmed():
                half = {native.tag for native in self.system.half_submitted([self._living[tag] for tag in tags])}
        for tag in tags:
            service, worker = due[tag]
            if tag in half:
                self._withdraw(service, worker, HALF_SUBMITTED)
            worker.is_whole = True

    def _waits(self, tag: str) -> bool:
        native = self._living.get(tag)
        return native is not None and native.state in (NativeState.PENDING, NativeState.HELD)

    def _withdraw(self, service: QueueService, worker: KnownWorker, why: str) -> None:
        """Have Culm know that a worker that waits will be cancelled, and why; one that runs or ended by then is left alone.

        Raises CallFailed.
        """
        reach("withdraw.before")
        answer = self._calls.withdraw(service.name, worker.worker_id, why)
        reach("withdraw.after")
        service.saw(answer.sequence)
        if not answer.accepted:
            log.info("worker_not_withdrawn", worker_id=worker.worker_id, reason=answer.reason)
            service.look_again()
            self.hurry()
            return
        worker.cancel_why = why

    def _sweep(self, listing: Listing) -> None:
        """Have removed what workers left, once ends were reported, and now and then. listing: a whole one, of this moment."""
        if not any(service.is_informed for service in self.services):
            return
        untold = {tag for service in self.services for tag in service.untold}
        has_ends, self._untold = bool(self._untold - untold), untold
        if not has_ends and self._clock.monotonic() < self._sweep_at:
            return
        self._sweep_at = self._clock.monotonic() + SWEEP_SECONDS
        lives = {native.tag for native in listing.workers if not native.state.is_end}
        reach("sweep.before")
        with self._unharmed():
            self.system.sweep(lambda tag: tag not in lives and self._is_over(tag))
        reach("sweep.after")

    def _tell_absences(self, found: Compared, listing: Listing) -> None:
        began_seconds_ago = max(0, int(self._clock.wall() - listing.began_at) + 1)
        for service in self.services:
            absent = sorted(found.absent.get(service.name, ()))[:ABSENT_MAX]
            adopted = len(found.adopted.get(service.name, ()))
            if not service.epoch or not (absent or service.had_absent or adopted):
                continue
            compared = {
                "began_seconds_ago": began_seconds_ago,
                "seen": found.seen.get(service.name, 0),
                "adopted": adopted,
                "absent": absent,
            }
            reach("reconcile.before")
            answer = self._calls.reconcile(service.name, service.epoch, compared)
            reach("reconcile.after")
            service.saw(answer.sequence)
            if service.had_absent and absent:
                service.look_again()
            service.had_absent = bool(absent)
            if answer.reason in NOT_OURS:
                service.lost(answer.message)


def by_system(services: Iterable[QueueService]) -> Mapping[str, list[QueueService]]:
    """Services by the name of their batch system."""
    found: dict[str, list[QueueService]] = {}
    for service in services:
        found.setdefault(service.queue.system, []).append(service)
    return found

