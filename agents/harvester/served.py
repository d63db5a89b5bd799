"""One queue as its harvester has it: the claim, the living workers, and how many more are to be started.

In: answers of Culm. Out: whether this process serves the queue, and its workers by tag. Guards: nothing is started without a
claim that Culm has answered; a worker that the log has ended is known no more.
"""

from dataclasses import dataclass

import structlog

from agents.harvester.clock import SYSTEM_CLOCK, Clock
from agents.harvester.config import ServedQueue
from agents.harvester.culm_calls import CulmCalls, QueueInTheLog
from agents.harvester.demand import Demand, DemandPoller
from agents.harvester.kill_points import reach
from agents.harvester.known_workers import INTENDED, KnownWorker

#: Of its time, a claim is renewed when so much is over.
RENEWED_AT = 0.55
STAND_BY_SECONDS, REFRESH_SECONDS, REFRESH_SECONDS_MAX = 1.0, 1.0, 30.0
#: So many times as long as the log's answer took, it is left alone, since thousands of workers are a long answer; but no longer
#: than this: an order to end a worker stands in it.
REFRESH_PAUSES, REFRESH_PAUSE_SECONDS_MAX = 20, 5.0
#: A worker that fails sooner is not worth being replaced at once.
QUICK_SECONDS, HOLD_SECONDS_MAX = 5.0, 60.0
#: Refusals that say that another one serves the queue.
NOT_OURS = frozenset({"OLD_EPOCH", "SERVICE_HELD"})
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class AskedJob:
    """A worker for which a job was asked, and until when it may be submitted (monotonic)."""

    worker: KnownWorker
    deadline: float


class QueueService:
    """The service of one queue. epoch: 0 while another one serves it. known: its living workers, by tag."""

    def __init__(
        self, queue: ServedQueue, calls: CulmCalls, demand: DemandPoller, service_seconds: int, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self.queue, self.demand = queue, demand
        self.known: dict[str, KnownWorker] = {}
        self.epoch = 0
        #: Workers were absent from the last listing that was reported.
        self.had_absent = False
        self.excess_since: float | None = None
        #: Questions for jobs that were not answered so far, by worker id.
        self.asked: dict[str, AskedJob] = {}
        self._calls, self._seconds, self._clock = calls, service_seconds, clock
        self._over: set[str] = set()
        #: Workers of whose intent it is not known where it stands in the log.
        self._unlogged: list[KnownWorker] = []
        self._sequence = 0
        #: The log was read under a claim that no other harvester can have ended before this moment (monotonic).
        self._sure_until, self._has_read = 0.0, False
        self._again_at = self._renew_at = self._refreshed_at = self._hold_until = 0.0
        self._failures, self._said, self._refresh_seconds = 0, "", REFRESH_SECONDS
        self._asks_not_until, self._asks_not_while = 0.0, Demand()

    @property
    def name(self) -> str:
        """Of the queue."""
        return self.queue.name

    def keep(self) -> None:
        """Have the claim, or go on with it, and know what the log knows; raises CallFailed."""
        now = self._clock.monotonic()
        if now < self._again_at:
            return
        if not self.epoch:
            self._again_at = now + STAND_BY_SECONDS
            self._take_up()
        elif now >= self._renew_at:
            self._claim(self.epoch)
        elif now >= self._refreshed_at + (self._refresh_seconds if self._is_news() else REFRESH_SECONDS_MAX):
            self._refresh(self._calls.living(self.name, self._sequence))
            reach("refresh.after")
            took = self._clock.monotonic() - now
            self._refresh_seconds = min(max(REFRESH_SECONDS, REFRESH_PAUSES * took), REFRESH_PAUSE_SECONDS_MAX)

    def seconds_to_next(self) -> float:
        """Until `keep` has something to do, at most."""
        now = self._clock.monotonic()
        if not self.epoch:
            return max(0.0, self._again_at - now)
        refresh = self._refreshed_at + (self._refresh_seconds if self._is_news() else REFRESH_SECONDS_MAX)
        due = [self._renew_at, refresh, *([self._hold_until] if self._hold_until > now else [])]
        return max(0.0, min(due) - now)

    def release(self) -> None:
        """Let another harvester have the queue at once; raises CallFailed."""
        if self.epoch:
            self._calls.claim(self.name, self.epoch, 1)

    def saw(self, sequence: int) -> None:
        """The decider of workers said this number: the next look at the log must show that event and all before it."""
        self._sequence = max(self._sequence, sequence)
        if sequence:
            for worker in self._unlogged:
                worker.logged_by = self._sequence if worker.logged_by is None else worker.logged_by
            self._unlogged.clear()

    def look_again(self) -> None:
        """The log may have ended workers by now."""
        self._refreshed_at = 0.0

    def lost(self, reason: str) -> None:
        """Another one serves the queue."""
        log.warning("service_lost", queue=self.name, epoch=self.epoch, reason=reason)
        self.epoch, self.known, self._over, self.asked = 0, {}, set(), {}
        self._has_read = False

    def add(self, worker: KnownWorker, sequence: int | None = None) -> None:
        """A worker was intended. sequence: of its intent among the events of the queue's workers, or later, where it is known."""
        worker.since, worker.logged_by = self._clock.monotonic(), sequence
        self.known[worker.tag] = worker
        if sequence is None:
            self._unlogged.append(worker)

    def over(self, worker: KnownWorker) -> None:
        """A worker ended, and the report of it is kept."""
        self.known.pop(worker.tag, None)
        self._over.add(worker.tag)

    @property
    def untold(self) -> frozenset[str]:
        """Tags of workers that ended, of which the log does not show it yet."""
        return frozenset(self._over)

    @property
    def is_informed(self) -> bool:
        """This process knows which workers of the queue live: it has read the log, and no other one can have begun any since."""
        return bool(self.epoch) and self._has_read and self._clock.monotonic() < self._sure_until

    def is_over(self, tag: str, since: float = 0.0) -> bool:
        """Whether a worker has ended for certain, by the log as it was read after `since` (monotonic), or was never to be."""
        is_open = tag in self.known or tag in self._over or tag.partition("-")[2] in self.asked
        return self.is_informed and self._refreshed_at > since and not is_open

    def hold(self) -> None:
        """Start nothing for a while: workers fail as soon as they start, or are refused."""
        self._failures += 1
        seconds = min(2.0 ** (self._failures - 1), HOLD_SECONDS_MAX)
        self._hold_until = self._clock.monotonic() + seconds
        log.warning("pilots_fail_at_once", queue=self.name, failures=self._failures, pause_seconds=seconds)

    def goes_well(self) -> None:
        """A worker ended well."""
        self._failures = 0

    def no_jobs(self, seconds: float) -> None:
        """No job is to be had for a worker: ask again when the demand has changed, or after `seconds`."""
        self._asks_not_until, self._asks_not_while = self._clock.monotonic() + seconds, self.demand.demand

    @property
    def may_ask(self) -> bool:
        """Another question for a job may have another answer."""
        return self.demand.demand != self._asks_not_while or self._clock.monotonic() >= self._asks_not_until

    @property
    def is_held(self) -> bool:
        """Nothing is to be started now."""
        return self._clock.monotonic() < self._hold_until

    def _is_news(self) -> bool:
        return self.demand.demand.sequence > self._sequence

    def _take_up(self) -> None:
        found = self._calls.living(self.name, self._sequence)
        is_own = (found.harvester_id, found.instance) == (self._calls.harvester_id, self._calls.instance)
        reach("claim.before")
        if not self._claim(found.epoch if is_own and found.epoch else found.epoch + 1):
            return
        self._refresh(self._calls.living(self.name, self._sequence))
        reach("living.after")
        log.info("queue_served", queue=self.name, epoch=self.epoch, workers=len(self.known))

    def _claim(self, epoch: int) -> bool:
        began = self._clock.monotonic()
        answer = self._calls.claim(self.name, epoch, self._seconds)
        reach("claim.after")
        self.saw(answer.sequence)
        if answer.accepted:
            self.epoch, self._said = epoch, ""
            self._renew_at = self._clock.monotonic() + self._seconds * RENEWED_AT
            # A claim that has more than half of its time left is answered without being made longer.
            self._sure_until = began + self._seconds / 2
            return True
        if self.epoch:
            self.lost(answer.message)
        elif answer.message != self._said:
            log.info("queue_not_served", queue=self.name, reason=answer.reason, problem=answer.message[:200])
            self._said = answer.message
        return False

    def _refresh(self, found: QueueInTheLog) -> None:
        self._refreshed_at = self._clock.monotonic()
        self._sequence = max(self._sequence, found.sequence)
        if found.epoch != self.epoch:
            self.lost(f"epoch {found.epoch} has begun")
            return
        self._has_read = True
        for tag, row in found.workers.items():
            if tag in self._over:
                continue
            worker = self.known.get(tag)
            if worker is None:
                is_intended = row.state == INTENDED
                worker = KnownWorker(row.worker_id, tag, self.name, row.state, bool(row.batch_id), is_intended, True)
                worker.class_name, worker.since, worker.is_bound = row.class_name, self._clock.monotonic(), row.is_bound
                self.known[tag] = worker
            worker.logged_by = found.sequence if worker.logged_by is None else worker.logged_by
            if row.cancel_ordered and worker.cancel_why is None:
                worker.cancel_why = row.cancel_why
        for tag in self.known.keys() - found.workers.keys():
            # The answer that gave a job does not say where the intent of its worker stands.
            logged_by = self.known[tag].logged_by
            if logged_by is not None and logged_by <= found.sequence:
                del self.known[tag]
        self._over &= found.workers.keys()
