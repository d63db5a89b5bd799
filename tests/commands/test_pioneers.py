"""Three workers in a row that end before they ask for work close their queue; the first that asks opens it."""

from typing import Any

from commands.snapshot import MAIN
from commands.worker.snapshot import SNAPSHOT
from schemas.queue import ConfigureDispatch, LeaseJob
from schemas.types import PilotOffer, QueueSettings, WorkerState
from schemas.worker import CancelWorker, QueueHealthy, QueueUnhealthy, ReconcileWorkers
from tests.commands.builders import QUEUE
from tests.commands.in_memory import Culm
from tests.commands.test_workers import a_served_queue, intend, report

MINUTE = 60_000_000
NO_FOLDER = "no-shared-folder"


def a_queue() -> Culm:
    """A queue that is configured and served."""
    culm = a_served_queue()
    settings = QueueSettings(name=QUEUE, site="SITE")
    assert culm.send(ConfigureDispatch(settings=settings), QUEUE, role="system").accepted
    return culm


def ends_early(culm: Culm, worker_id: str, fingerprint: str = NO_FOLDER, state: WorkerState = WorkerState.FAILED) -> Any:
    """The events of the end of a worker that was intended and did not ask."""
    intend(culm, worker_id)
    return report(culm, state, worker_id, fingerprint=fingerprint).event_types


def ask(culm: Culm, worker_id: str, **by: Any) -> Any:
    """The answer to a pilot's request for a job."""
    offer = PilotOffer(pilot=worker_id, node="n", memory_mb=4000, label="user", worker_id=worker_id)
    return culm.send(LeaseJob(offer=offer, is_first_request=True), QUEUE, role="pilot", **by)


def closed() -> Culm:
    """A queue that three early ends closed."""
    culm = a_queue()
    for name in ("a", "b", "c"):
        ends_early(culm, name)
    return culm


def test_three_early_ends_in_one_way_close_the_queue() -> None:
    culm = a_queue()

    assert ends_early(culm, "a") == ("WorkerEnded",)
    assert ends_early(culm, "b") == ("WorkerEnded",)
    assert ends_early(culm, "c") == ("WorkerEnded", "QueueUnhealthy")

    event = culm.last(QueueUnhealthy)
    assert (event.worker_id, event.fingerprint, event.ended, event.probes) == ("c", NO_FOLDER, 3, 0)
    assert event.probe_at == culm.now + 5 * MINUTE


def test_another_way_begins_a_row_of_its_own_and_an_unknown_one_is_no_news() -> None:
    culm = a_queue()

    told = [ends_early(culm, name, kind) for name, kind in (("a", "x"), ("b", "x"), ("c", "y"), ("d", ""), ("e", "x"))]

    assert told == [("WorkerEnded",)] * 5


def test_a_request_for_work_is_one_event_a_worker_also_when_there_is_no_job() -> None:
    culm = a_queue()
    intend(culm, "w")

    assert ask(culm, "w").reason == "NO_JOBS"
    assert ask(culm, "w").reason == "NO_JOBS"

    assert culm.names().count("WorkerAsked") == 1
    assert culm.state("worker", QUEUE).live["w"].has_asked


def test_a_worker_that_asked_in_between_begins_the_row_again_and_its_own_end_says_nothing() -> None:
    culm = a_queue()
    ends_early(culm, "a")
    ends_early(culm, "b")
    intend(culm, "w")
    ask(culm, "w")

    assert report(culm, WorkerState.FAILED, "w", fingerprint=NO_FOLDER).event_types == ("WorkerEnded",)
    assert ends_early(culm, "c") == ("WorkerEnded",)


def test_workers_whose_end_was_ordered_or_that_are_foreign_do_not_count() -> None:
    culm = a_queue()
    ends_early(culm, "a")
    ends_early(culm, "b")

    intend(culm, "ordered")
    culm.send(CancelWorker(worker_id="ordered", why="too many"), QUEUE, role="operator")
    assert report(culm, WorkerState.CANCELLED, "ordered", fingerprint=NO_FOLDER).event_types == ("WorkerEnded",)
    foreign = report(culm, WorkerState.FAILED, "f", harvester_id="other", fingerprint=NO_FOLDER)
    assert foreign.event_types == ("WorkerEnded",)


def test_a_worker_of_another_organisation_is_not_marked() -> None:
    culm = a_queue()
    intend(culm, "w")

    ask(culm, "w", vo="other")

    assert not culm.state("worker", QUEUE).live["w"].has_asked


def test_tries_are_5_10_20_40_60_and_60_minutes_apart() -> None:
    culm, pauses = closed(), []
    for number in range(6):
        event = culm.last(QueueUnhealthy)
        pauses.append((event.probe_at - culm.now) // MINUTE)
        culm.now = event.probe_at
        assert ends_early(culm, f"probe{number}", "other-way") == ("WorkerEnded", "QueueUnhealthy")

    assert pauses == [5, 10, 20, 40, 60, 60]
    event = culm.last(QueueUnhealthy)
    assert (event.fingerprint, event.ended, event.probes) == ("other-way", 9, 6)


def test_what_is_left_of_the_time_before_puts_no_try_off() -> None:
    culm = closed()
    culm.now += 4 * MINUTE

    assert ends_early(culm, "late") == ("WorkerEnded",)


def test_a_try_that_never_reached_the_batch_system_or_vanished_puts_the_next_one_off() -> None:
    culm = closed()
    culm.now += 5 * MINUTE
    assert ends_early(culm, "missed", "", WorkerState.MISSED) == ("WorkerEnded", "QueueUnhealthy")
    assert culm.last(QueueUnhealthy).fingerprint == NO_FOLDER

    culm.now += 10 * MINUTE
    intend(culm, "lost")
    report(culm, WorkerState.RUNNING, "lost")
    for _ in range(2):
        culm.now += MINUTE
        command = ReconcileWorkers(harvester_id="h1", epoch=1, began_seconds_ago=0, absent=("lost",))
        events = culm.send(command, QUEUE, role="pilot").event_types
    assert events == ("WorkersReconciled", "WorkerEnded", "QueueUnhealthy")


def test_the_first_worker_that_asks_opens_the_queue() -> None:
    culm = closed()
    culm.now += 5 * MINUTE
    intend(culm, "probe")

    ask(culm, "probe")

    assert culm.names()[-2:] == ["WorkerAsked", "QueueHealthy"]
    assert culm.last(QueueHealthy).worker_id == "probe"
    assert ends_early(culm, "d") == ("WorkerEnded",)


def test_a_restart_changes_nothing_of_it() -> None:
    culm = closed()
    intend(culm, "w")
    ask(culm, "w")
    for name in ("d", "e", "f"):
        ends_early(culm, name)
    workers = culm.state("worker", QUEUE)

    rows = dict(SNAPSHOT.rows(workers, {MAIN, *SNAPSHOT.names(workers)}))

    again = SNAPSHOT.restored(rows)
    assert again.early == workers.early
    assert again.early.is_closed
    assert again.live["w"] == workers.live["w"]
