"""Accidents of another provisioning system, replayed against the demand of Culm: the real function and the real decider in turn.

Issues of github.com/glideinWMS/glideinwms: #282, one request drained a pool; #520, the pilots asked for were shown as 0 at a
limit; #332 and #405, idle cores that no waiting job could use were counted as enough; #443, pilots asked for without a job.
Beside them a queue that flaps, and figures of the living that are old.
"""

from collections.abc import Mapping

from schemas.types import ClassLoad, QueueSettings, QueueStatus, WorkerState
from schemas.worker import ReportWorker, WantWorkers, WorkersHeldBack, WorkersWanted
from streams.facts.snapshot import QueueFacts, Wanted
from streams.provisioning.demand import demands
from tests.commands.in_memory import a_culm
from tests.streams.builders import a_class, a_queue, an_envelope

Q = "Q1"
SECOND = 1_000_000


class Pool:
    """A queue with living pilots: figures are looked at, and the decider gets what follows."""

    def __init__(self, living: int, **settings: object) -> None:
        self.settings: QueueSettings = a_queue(Q, pilots_max=1_000, **settings).settings  # type: ignore[arg-type]  # as they come
        self.culm = a_culm()
        self._asked(living, ())
        self.enter(living)

    @property
    def living(self) -> int:
        """Pilots that the log has alive."""
        return len(self.culm.state("worker", Q).live)

    @property
    def wanted(self) -> int:
        """Pilots that harvesters are asked to keep alive."""
        return int(self.culm.state("worker", Q).wanted)

    @property
    def by_class(self) -> dict[str, int]:
        """The same by class."""
        return {one.name: one.wanted for one in self.culm.state("worker", Q).classes}

    def look(
        self, waiting: int, leased: int, *, pilots: int | None = None, loads: Mapping[str, tuple[int, int]] | None = None
    ) -> list[str]:
        """The events that follow from these figures. pilots: that live by them, as many as do if not given. loads: by class."""
        classes = tuple(ClassLoad(name=name, waiting=one, leased=two) for name, (one, two) in (loads or {}).items())
        facts = QueueFacts(self.settings, waiting, leased, self.living if pilots is None else pilots, classes)
        workers = self.culm.state("worker", Q)
        envelope = self.culm.events[-1][1] if self.culm.events else an_envelope(Q)
        known = {one.name: one for one in workers.classes}
        before = Wanted(workers.wanted, envelope.event_id, envelope, known, workers.held.at if workers.held else 0)
        began = len(self.culm.events)
        for _, _, made in demands({Q: facts}, {Q: before} if self.culm.events else {}, {Q: envelope}, self.culm.now):
            self.culm.send(made.command, Q, role="system", actor="culm-provisioning")
        return self.culm.names(began)

    def ask(self, number: int) -> list[str]:
        """The events that follow when something else asks for a number."""
        began = len(self.culm.events)
        self._asked(number, ("by mistake",))
        return self.culm.names(began)

    def enter(self, number: int) -> None:
        """So many more pilots live."""
        for name in range(self.living, self.living + number):
            report = ReportWorker(worker_id=f"w{name}", harvester_id="h", state=WorkerState.RUNNING)
            self.culm.send(report, Q, role="pilot")

    def passes(self, seconds: int) -> None:
        """Time goes by."""
        self.culm.now += seconds * SECOND

    def _asked(self, number: int, why: tuple[str, ...]) -> None:
        order = WantWorkers(wanted=number, reason=" ".join(why), evaluated_at=self.culm.now)
        self.culm.send(order, Q, role="system", actor="someone")


def test_one_request_that_would_drain_the_pool_is_held_back_and_taken_back() -> None:
    pool = Pool(200)

    assert pool.ask(0) == ["WorkersHeldBack"]
    held = pool.culm.last(WorkersHeldBack)
    assert (held.asked, held.wanted, held.live, held.removed, held.confirm_seconds) == (0, 200, 200, 200, 60)
    pool.passes(59)
    assert pool.look(waiting=0, leased=200) == []
    pool.passes(1)
    assert pool.look(waiting=0, leased=200) == ["WorkersWanted"]
    pool.passes(3_600)
    assert pool.ask(0) == ["WorkersHeldBack"]
    assert pool.wanted == 200


def test_a_request_that_is_repeated_for_a_minute_is_believed_and_the_next_look_at_the_figures_corrects_it() -> None:
    pool = Pool(200)

    told = pool.ask(0)
    for _ in range(3):
        pool.passes(20)
        told += pool.ask(0)

    assert told == ["WorkersHeldBack", "WorkersWanted"]
    assert pool.wanted == 0
    assert pool.look(waiting=150, leased=50) == ["WorkersWanted"]
    assert pool.wanted == 200


def test_an_idle_count_that_is_wrongly_0_costs_a_tenth_and_comes_back_at_once() -> None:
    pool = Pool(200)

    wanted = []
    for waiting, leased in ((150, 50), (0, 0), (0, 0), (0, 0), (150, 50)):
        pool.look(waiting, leased)
        wanted.append(pool.wanted)
        pool.passes(5)

    assert wanted == [200, 180, 180, 180, 200]
    assert "WorkersHeldBack" not in pool.culm.names()


def test_an_idle_count_that_is_0_at_a_limit_of_pending_pilots_is_no_end_of_the_demand() -> None:
    pool = Pool(10, pending_max=5)

    pool.look(waiting=300, leased=10)

    assert pool.wanted == 15
    (terms,) = pool.culm.last(WorkersWanted).classes
    assert (terms.waiting, terms.running, terms.cut_by_pending_max) == (300, 10, 295)


def test_stale_figures_of_the_living_cannot_remove_them() -> None:
    pool = Pool(200)

    told = pool.look(waiting=0, leased=3, pilots=4)

    held = pool.culm.last(WorkersHeldBack)
    assert (told, held.asked, held.wanted, held.live, held.removed) == (["WorkersHeldBack"], 3, 200, 200, 197)
    pool.passes(30)
    assert pool.look(waiting=150, leased=50) == []
    pool.passes(30)
    assert pool.look(waiting=150, leased=50) == ["WorkersWanted"]
    assert pool.wanted == 200


def test_a_queue_that_flaps_gives_up_a_tenth_and_no_more() -> None:
    pool = Pool(200)
    pool.look(waiting=120, leased=80)

    wanted = []
    for status in (QueueStatus.OFFLINE, QueueStatus.ONLINE) * 3:
        pool.settings = a_queue(Q, pilots_max=1_000, status=status).settings
        pool.look(waiting=120, leased=80)
        wanted.append(pool.wanted)
        pool.passes(30)

    assert wanted == [180, 200] * 3
    assert "WorkersHeldBack" not in pool.culm.names()


def test_a_queue_that_stays_offline_gives_up_the_idle_by_tenths_and_keeps_those_at_work() -> None:
    pool = Pool(50)
    pool.look(waiting=30, leased=20)
    pool.settings = a_queue(Q, pilots_max=1_000, status=QueueStatus.OFFLINE).settings

    wanted = []
    for _ in range(8):
        pool.look(waiting=30, leased=20)
        wanted.append(pool.wanted)
        for name in list(pool.culm.state("worker", Q).live)[pool.wanted :]:
            end = ReportWorker(worker_id=name, harvester_id="h", state=WorkerState.CANCELLED)
            pool.culm.send(end, Q, role="pilot")
        pool.passes(10)

    assert wanted == [45, 40, 35, 30, 25, 20, 20, 20]


def test_idle_slots_that_are_too_small_for_the_jobs_that_wait_are_not_counted_for_them() -> None:
    classes = (a_class("small", 2_500, pilots_max=100), a_class("large", 6_000, pilots_max=50))
    pool = Pool(0, classes=classes)
    pool.look(40, 0, loads={"small": (40, 0), "large": (0, 0)})
    pool.enter(40)

    pool.look(12_000, 0, loads={"small": (0, 0), "large": (12_000, 0)})

    # The bound on what is given up is on the sum of all classes: the 40 idle ones may go at once, as 50 others come.
    assert pool.by_class == {"small": 0, "large": 50}
    large = next(one for one in pool.culm.last(WorkersWanted).classes if one.name == "large")
    assert (large.waiting, large.cut_by_pilots_max, large.memory_mb) == (12_000, 11_950, 6_000)


def test_jobs_that_fit_no_slot_raise_no_demand() -> None:
    classes = (a_class("small", 2_500, pilots_max=100), a_class("large", 6_000, pilots_max=50))
    pool = Pool(0, classes=classes)

    pool.look(32_000, 0, loads={"small": (0, 0), "large": (0, 0), "": (32_000, 0)})

    assert (pool.by_class, pool.wanted) == ({"small": 0, "large": 0}, 0)


def test_no_pilots_are_asked_for_when_the_last_job_has_ended() -> None:
    pool = Pool(0)

    wanted = []
    for waiting, leased in ((3, 0), (0, 3), (0, 0), (0, 0)):
        pool.look(waiting, leased)
        wanted.append(pool.wanted)
        pool.passes(10)

    assert wanted == [3, 3, 0, 0]
