"""A pilot that gets no job costs the log nothing where that is known, and a job that fits is found all the same."""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.pilots.dispatch import NO_JOBS, PilotReply
from api.pilots.empty_queues import ADDS_NO_JOB, JOB_QUEUED, PLACES_MAX, EmptyQueues, covers
from schemas.queue import HoldTask, QueueEvent, ReleaseTask, WithdrawJob
from schemas.types import EmptyFor, NothingToLease, PilotOffer, QueueClass, WorkerMode
from schemas.wire import entry_of_class
from tests.api.builders import an_answer
from tests.api.queue_in_memory import PilotsInMemory
from tests.commands.builders import QUEUE, a_queue

NOTHING = PilotReply(NO_JOBS, message="no jobs in PanDA: no job waits: come again in 30 s")


def test_the_second_empty_request_is_answered_without_the_log() -> None:
    pilots = PilotsInMemory()

    assert [pilots.ask(), pilots.ask(), pilots.ask(mem=4_000, node="other")] == [NOTHING, NOTHING, NOTHING]
    assert pilots.asked == 1


def test_a_job_that_comes_is_found_by_the_next_request() -> None:
    pilots = PilotsInMemory()
    pilots.ask()
    pilots.ask()

    job_id = pilots.enqueue()

    assert pilots.ask()["PandaID"] == job_id  # type: ignore[index]


def test_a_job_that_comes_while_an_empty_answer_is_on_its_way_is_found_by_the_next_request() -> None:
    pilots = PilotsInMemory()

    def a_job_comes() -> None:
        pilots.enqueue()
        pilots.gateway.deliver()

    pilots.gateway.during.append(a_job_comes)

    assert pilots.ask() == NOTHING
    assert pilots.ask()["PandaID"] == 1  # type: ignore[index]


def test_a_reader_that_stands_still_hides_a_job_for_thirty_seconds_at_most() -> None:
    pilots = PilotsInMemory()
    pilots.ask()
    pilots.gateway.lags = True
    pilots.enqueue()

    pilots.seconds = 29.9
    assert pilots.ask() == NOTHING
    pilots.seconds = 30.0
    assert pilots.ask()["PandaID"] == 1  # type: ignore[index]


def test_an_interrupted_reader_knows_nothing() -> None:
    pilots = PilotsInMemory()
    pilots.ask()

    pilots.gateway.interrupted()
    pilots.ask()

    assert pilots.asked == 2


def test_the_first_request_of_each_worker_is_in_the_log() -> None:
    pilots = PilotsInMemory()

    for worker in ("w1", "w2", "w1", "w2", "w1"):
        assert pilots.ask(worker_id=worker) == NOTHING

    assert [(one.offer.worker_id, one.is_first_request) for one, _ in pilots.gateway.sent] == [("w1", True), ("w2", True)]


def test_a_request_that_comes_again_is_asked_of_the_log_and_has_its_job() -> None:
    pilots = PilotsInMemory()
    pilots.enqueue()
    assert pilots.ask(request_id="r1", request_is_new=True)["PandaID"] == 1  # type: ignore[index]
    assert pilots.ask(request_id="r2", request_is_new=True) == NOTHING

    assert pilots.ask(request_id="r1", request_is_new=False)["PandaID"] == 1  # type: ignore[index]
    assert pilots.ask(request_id="r1")["PandaID"] == 1  # type: ignore[index]


def test_a_new_request_with_an_id_is_answered_without_the_log() -> None:
    pilots = PilotsInMemory()
    pilots.ask()

    assert pilots.ask(request_id="r1", request_is_new=True) == NOTHING
    assert pilots.asked == 1


@pytest.mark.parametrize("odd", ["true", "True", 1, 0, None, [], {}, [True]])
def test_a_request_with_an_id_that_does_not_plainly_say_that_it_is_new_is_asked_of_the_log(odd: object) -> None:
    pilots = PilotsInMemory()
    pilots.ask()

    assert pilots.ask(request_id="r1", request_is_new=odd) == NOTHING
    assert pilots.asked == 2


def test_what_one_organisation_was_answered_is_no_answer_to_another() -> None:
    pilots = PilotsInMemory()
    pilots.enqueue(vo="lsst", ram_mb_min=9_000)
    pilots.enqueue(vo="lsst", ram_mb_min=9_000)
    unfit = "no jobs in PanDA: 2 jobs wait, 2 need more memory than 4,000 MB: come again in 10 s"

    for _ in range(2):
        assert pilots.ask(vo="lsst", mem=4_000) == PilotReply(NO_JOBS, message=unfit)
        assert pilots.ask(mem=4_000) == NOTHING

    assert pilots.asked == 2


def test_a_job_of_another_organisation_makes_no_request_go_to_the_log() -> None:
    pilots = PilotsInMemory()
    pilots.ask()

    pilots.enqueue(vo="lsst")

    assert (pilots.ask(), pilots.asked) == (NOTHING, 1)


def test_jobs_that_are_out_of_reach_are_counted_for_smaller_pilots_as_well() -> None:
    pilots = PilotsInMemory()
    pilots.enqueue(ram_mb_min=9_000)
    unfit = "no jobs in PanDA: 1 jobs wait, 1 need more memory than 4,000 MB: come again in 10 s"

    assert [pilots.ask(mem=mem) for mem in (4_000, 3_999, 2_000)] == [PilotReply(NO_JOBS, message=unfit)] * 3
    assert pilots.asked == 1
    assert pilots.ask(mem=9_000)["PandaID"] == 1  # type: ignore[index]


def test_a_job_that_is_kept_for_a_smaller_slot_is_asked_for_each_time() -> None:
    pilots = PilotsInMemory(classes=(QueueClass(name="small", memory_mb=4_000), QueueClass(name="medium", memory_mb=8_000)))
    pilots.enqueue()

    pilots.ask(mem=8_000)
    pilots.ask(mem=8_000)
    pilots.culm.now += 30_000_000

    assert pilots.asked == 2
    assert pilots.ask(mem=8_000)["PandaID"] == 1  # type: ignore[index]


def test_a_released_task_and_new_settings_make_the_log_be_asked() -> None:
    pilots = PilotsInMemory()
    pilots.enqueue()
    pilots.culm.send(HoldTask(task_id=1), QUEUE, role="system")
    assert pilots.ask() == NOTHING

    pilots.culm.send(ReleaseTask(task_id=1), QUEUE, role="system")
    assert pilots.ask()["PandaID"] == 1  # type: ignore[index]
    assert pilots.ask() == NOTHING
    a_queue(pilots.culm, corepower=20.0)
    pilots.ask()

    assert pilots.asked == 4


def test_a_queue_that_pushes_answers_pilots_without_the_log() -> None:
    pilots = PilotsInMemory(mode=WorkerMode.PUSH, start_seconds_max=600, rss_mb_max=220_000)
    pilots.enqueue()
    pushed = "no jobs in PanDA: jobs of queue LOCAL travel with their workers (mode PUSH): come again in 30 s"

    assert [pilots.ask(), pilots.ask()] == [PilotReply(NO_JOBS, message=pushed)] * 2
    assert pilots.asked == 1


def test_every_event_of_a_queue_is_one_that_may_add_a_job_or_not() -> None:
    names = {entry_of_class(kind).full_name for kind in get_args(QueueEvent)}

    assert names - ADDS_NO_JOB == {JOB_QUEUED, "culm.queue.DispatchConfigured", "culm.queue.TaskReleased"}
    assert names >= ADDS_NO_JOB


@pytest.mark.parametrize("value", [None, b"", b"odd", b"\x00\x00\x00\xff\xff odd"])
def test_an_event_that_cannot_be_read_may_have_added_a_job(value: bytes | None) -> None:
    pilots = PilotsInMemory()
    pilots.ask()

    pilots.gateway.taken["culm.queue.events.v1"](QUEUE.encode(), value)
    pilots.ask()

    assert pilots.asked == 2


def test_the_memory_is_bounded() -> None:
    known = EmptyQueues(codec=None, clock=lambda: 0.0)  # type: ignore[arg-type]
    offer = PilotOffer(pilot="p")
    empty = an_answer(nothing_to_lease=NothingToLease(empty_for=EmptyFor.ORGANISATION, again_seconds=30), message="none")

    for number in range(PLACES_MAX + 1):
        known.end(known.begin(f"Q{number}", "wlcg"), offer, empty)

    assert known.found("Q0", "wlcg", offer) is None
    assert known.found("Q1", "wlcg", offer) == "none"
    assert known.places == PLACES_MAX


@pytest.mark.parametrize(
    ("wide", "narrow", "is_covered"),
    [
        ({}, {"memory_mb": 1, "cores": 1, "disk_mb": 1, "walltime_seconds": 1, "owner": "a", "task_id": 1}, True),
        ({"memory_mb": 4}, {"memory_mb": 5}, False),
        ({"memory_mb": 4}, {}, False),
        ({"cores": 1}, {"cores": 8}, False),
        ({"owner": "a"}, {}, False),
        ({"owner": "a"}, {"owner": "b"}, False),
        ({"task_id": 1}, {"task_id": 2}, False),
        ({"resource_type": "SCORE"}, {}, False),
        ({"label": "user"}, {"label": "managed"}, False),
    ],
)
def test_an_offer_covers_those_that_no_other_job_fits(wide: dict[str, Any], narrow: dict[str, Any], is_covered: bool) -> None:
    assert covers(PilotOffer(pilot="p", **wide), PilotOffer(pilot="q", **narrow)) is is_covered


ORGANISATIONS, LABELS = st.sampled_from(["wlcg", "lsst"]), st.sampled_from(["user", "managed"])
MEGABYTES, CORES = st.sampled_from([0, 1_000, 2_000, 2_100, 4_000, 9_000]), st.sampled_from([0, 1, 8])
STEPS = st.one_of(
    st.tuples(st.just("job"), st.integers(1, 3), ORGANISATIONS, MEGABYTES, st.sampled_from([1, 8]), LABELS),
    st.tuples(st.sampled_from(["hold", "release"]), st.integers(1, 3)),
    st.tuples(st.just("withdraw"), st.integers(1, 10)),
    st.tuples(st.just("later"), st.integers(1, 40)),
    st.tuples(st.just("classes"), st.booleans()),
    st.tuples(
        st.just("ask"), st.sampled_from(["ann", "bob", "eve"]), ORGANISATIONS, MEGABYTES, CORES,
        st.sampled_from(["user", "managed", "unified", "self"]), st.sampled_from([0, 0, 1, 2]),
    ),
)  # fmt: skip
CLASSES = (QueueClass(name="small", memory_mb=2_000), QueueClass(name="large", memory_mb=9_000, cores=8))


@given(st.lists(STEPS, max_size=40))
def test_no_request_that_a_job_fits_is_answered_without_the_log(steps: list[tuple[Any, ...]]) -> None:
    pilots = PilotsInMemory()
    owners = {1: "ann", 2: "bob", 3: "ann"}
    for step in steps:
        match step:
            case ("job", task, vo, memory, cores, label):
                pilots.enqueue(
                    task_id=task, vo=vo, ram_mb_min=memory, core_count=cores, label=label, owner=owners[task]
                )
            case ("hold" | "release" as verb, task):
                pilots.culm.send((HoldTask if verb == "hold" else ReleaseTask)(task_id=task), QUEUE, role="system")
            case ("withdraw", job_id):
                pilots.culm.send(WithdrawJob(job_id=job_id, reason="gone"), QUEUE, role="system")
            case ("later", seconds):
                pilots.seconds += seconds
                pilots.culm.now += seconds * 1_000_000
            case ("classes", has_classes):
                a_queue(pilots.culm, classes=CLASSES if has_classes else ())
            case ("ask", subject, vo, memory, cores, label, task):
                body = {"mem": memory, "n_cores": cores, "prodSourceLabel": label, "taskID": task}
                before = pilots.asked
                pilots.ask(vo=vo, subject=subject, **body)
                if pilots.asked == before:
                    said = pilots.would_be_answered(vo=vo, subject=subject, **body)
                    assert (said.accepted, said.reason) == (False, "NO_JOBS"), f"{step} has {said.leased}"
